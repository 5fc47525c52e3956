/*
 * Runs a trace: a transaction manager's life, one event a line, every outcome checked. The invariants are checked after
 * every line. "#" starts a comment; "== title" starts anew with a fresh manager.
 *
 *   config KEY=N ...              before the first event: transactional=0|1 pacing=0|1 timeout_ms=N backoff_ms=N
 *   set level=N v2=yes|no         features of the cluster
 *   app CALL [ARG] = RESULT       init, begin, commit, abort, add P, offsets G, fail CODE; RESULT: ok or a code's name
 *   out NAME [-> NODE|any] [K=V]  the next request must be this; K: pid epoch commit group max min parts (p,p,...) avoid
 *   out none                      there must be no request now
 *   in RESULT [K=V ...]           the answer to the last request: ok, a code's name, lost, unsent, unsupported;
 *                                 K: node pid epoch look version codes (name,name,...)
 *   time +Nms | +Nus              the clock moves
 *   queued N                      batches without a sequence in the accumulator
 *   send P HANDLE N [-> NODE] = EPOCH/SEQUENCE     a new batch of N records
 *   resend P HANDLE [-> NODE]
 *   got P HANDLE RESULT = VERDICT done, retry, refresh, reset, split, failed, ignore
 *   split P HANDLE N REST = SEQUENCE   the first N records stay, the others go to the batch REST
 *   giveup P HANDLE CODE
 *   ask may_send P [-> NODE] | may_resend P HANDLE | doomed P HANDLE | drop | state | owes | epoch | error |
 *       outcome | paced | deadline = VALUE
 *   report OP RESULT OUTCOME [fatal] | report none
 *   repeat N ... end              what is between, N times
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "txn/txn.h"

enum { PARTITIONS = 8, GROUPS = 4, WORDS = 24, LINE = 512 };

struct trace {
  struct ktxn__txn *txn;
  struct ktxn__txn_config config;
  struct ktxn__txn_request request;
  int64_t now_us;
  uint64_t block[4096];
  const char *file;
  FILE *source;
  int line;
  char text[LINE];
  char *words[WORDS];
  int count;
  int events;
  uint32_t repeats; /* that are left, this one included */
  int repeat_line;
  long repeat_at;
};

static void fail(const struct trace *t, const char *what, const char *got) {
  fprintf(stderr, "%s:%d: %s: got %s\n    %s\n", t->file, t->line, what, got, t->text);
  exit(1);
}

static const struct {
  const char *name;
  int code;
} codes[] = {
#define CODE_ROW(name, number, text) {#name, number},
    KTXN_CODE_MAP(CODE_ROW)
#undef CODE_ROW
};

static int code_of(const struct trace *t, const char *word) {
  if (strcmp(word, "ok") == 0) return 0;
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
    if (strcmp(codes[i].name, word) == 0) return codes[i].code;
  if (isdigit((unsigned char)word[0]) || word[0] == '-') return atoi(word);
  fail(t, "no such code", word);
  return 0;
}

static const char *name_of(int code) {
  static char number[16];
  if (code == 0) return "ok";
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
    if (codes[i].code == code) return codes[i].name;
  snprintf(number, sizeof number, "%d", code);
  return number;
}

static void split(struct trace *t, char *line) {
  t->count = 0;
  for (char *word = strtok(line, " \t\n"); word != NULL && t->count < WORDS; word = strtok(NULL, " \t\n"))
    t->words[t->count++] = word;
}

/* The value of "key=value", or NULL. */
static const char *value(const struct trace *t, const char *key) {
  size_t size = strlen(key);
  for (int i = 1; i < t->count; i++)
    if (strncmp(t->words[i], key, size) == 0 && t->words[i][size] == '=') return t->words[i] + size + 1;
  return NULL;
}

static long number(const struct trace *t, const char *key, long otherwise) {
  const char *text = value(t, key);
  return text == NULL ? otherwise : strtol(text, NULL, 10);
}

/* The word behind a separator ("=" or "->"), or `otherwise`. */
static const char *behind(const struct trace *t, const char *separator, const char *otherwise) {
  for (int i = 1; i + 1 < t->count; i++)
    if (strcmp(t->words[i], separator) == 0) return t->words[i + 1];
  return otherwise;
}

static uint32_t arg(const struct trace *t, int index) {
  if (index >= t->count) fail(t, "an argument is missing", "nothing");
  return (uint32_t)strtoul(t->words[index], NULL, 10);
}

static void same(const struct trace *t, const char *what, const char *want, const char *got) {
  if (strcmp(want, got) != 0) fail(t, what, got);
}

static void restart(struct trace *t) {
  if (ktxn__txn_size(PARTITIONS, GROUPS) > sizeof t->block) fail(t, "block too small", "");
  t->config = (struct ktxn__txn_config){true, false, 5, 100000, 1000000, 60000000, 10000000, 1};
  t->now_us = 1000000;
  t->txn = NULL;
  memset(&t->request, 0, sizeof t->request);
}

static void on_config(struct trace *t) {
  t->config.transactional = number(t, "transactional", 1) != 0;
  t->config.pacing = number(t, "pacing", 0) != 0;
  t->config.transaction_timeout_us = number(t, "timeout_ms", 60000) * 1000;
  t->config.retry_backoff_us = number(t, "backoff_ms", 100) * 1000;
}

static void on_set(struct trace *t) {
  const char *v2 = value(t, "v2");
  ktxn__txn_set_features(t->txn, (int)number(t, "level", -1), v2 != NULL && strcmp(v2, "yes") == 0);
}

static int call(struct trace *t, const char *name) {
  if (strcmp(name, "init") == 0) return ktxn__txn_start(t->txn, t->now_us);
  if (strcmp(name, "begin") == 0) return ktxn__txn_begin(t->txn, t->now_us);
  if (strcmp(name, "commit") == 0) return ktxn__txn_commit(t->txn, t->now_us);
  if (strcmp(name, "abort") == 0) return ktxn__txn_abort(t->txn, t->now_us);
  if (strcmp(name, "add") == 0) return ktxn__txn_add_partition(t->txn, t->now_us, arg(t, 2));
  if (strcmp(name, "offsets") == 0) return ktxn__txn_send_offsets(t->txn, t->now_us, arg(t, 2));
  if (strcmp(name, "fail") != 0) fail(t, "no such call", name);
  ktxn__txn_fail(t->txn, t->now_us, code_of(t, t->words[2]), -1);
  return 0;
}

static void on_app(struct trace *t) { same(t, "result", behind(t, "=", "ok"), name_of(call(t, t->words[1]))); }

static void expect_number(const struct trace *t, const char *key, int64_t got) {
  char text[32];
  const char *want = value(t, key);
  if (want == NULL) return;
  snprintf(text, sizeof text, "%lld", (long long)got);
  if (strcmp(want, text) != 0) {
    char message[64];
    snprintf(message, sizeof message, "%s=%s", key, text);
    fail(t, "request differs", message);
  }
}

static void expect_parts(struct trace *t) {
  char text[128] = "";
  const char *want = value(t, "parts");
  if (want == NULL) return;
  for (uint32_t i = 0; i < t->request.partition_count; i++) {
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s%u", i ? "," : "", ktxn__txn_request_partition(t->txn, i));
  }
  same(t, "partitions", want, text);
}

static void on_out(struct trace *t) {
  struct ktxn__txn_request request;
  bool any = ktxn__txn_next_request(t->txn, t->now_us, &request);
  same(t, "request", t->words[1], any ? ktxn__txn_api_name(request.api) : "none");
  if (!any) return;
  t->request = request;
  char node[16] = "any";
  if (request.node != KTXN__TXN_NODE_NONE) snprintf(node, sizeof node, "%d", request.node);
  same(t, "node", behind(t, "->", node), node);
  expect_number(t, "pid", request.producer_id);
  expect_number(t, "epoch", request.producer_epoch);
  expect_number(t, "group", request.group);
  expect_number(t, "max", request.version_max);
  expect_number(t, "min", request.version_min);
  expect_number(t, "avoid", request.avoid_node);
  expect_number(t, "commit", request.commit ? 1 : 0);
  expect_parts(t);
}

static enum ktxn__txn_fate fate_of(const char *word) {
  if (strcmp(word, "lost") == 0) return KTXN__TXN_LOST;
  if (strcmp(word, "unsent") == 0) return KTXN__TXN_UNSENT;
  if (strcmp(word, "unsupported") == 0) return KTXN__TXN_UNSUPPORTED;
  return KTXN__TXN_ANSWERED;
}

static enum ktxn__txn_look look_of(const struct trace *t, const char *word) {
  static const char *const names[] = {"Unknown",      "Empty",          "Ongoing",       "PrepareCommit", "PrepareAbort",
                                      "CompleteCommit", "CompleteAbort", "Dead", "PrepareEpochFence"};
  if (word == NULL) return KTXN__TXN_LOOK_UNKNOWN;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (strcmp(names[i], word) == 0) return (enum ktxn__txn_look)i;
  fail(t, "no such look", word);
  return KTXN__TXN_LOOK_UNKNOWN;
}

static uint32_t list_of_codes(struct trace *t, int16_t *list, uint32_t most) {
  const char *text = value(t, "codes");
  char copy[LINE];
  uint32_t count = 0;
  if (text == NULL) return 0;
  snprintf(copy, sizeof copy, "%s", text);
  for (char *word = strtok(copy, ","); word != NULL && count < most; word = strtok(NULL, ","))
    list[count++] = (int16_t)code_of(t, word);
  return count;
}

static void on_in(struct trace *t) {
  int16_t list[PARTITIONS] = {0};
  struct ktxn__txn_result result = {.id = t->request.id, .fate = fate_of(t->words[1])};
  bool answered = result.fate == KTXN__TXN_ANSWERED;
  bool find = t->request.api == KTXN__TXN_API_FIND_TXN || t->request.api == KTXN__TXN_API_FIND_GROUP;
  bool parts = t->request.api == KTXN__TXN_API_ADD_PARTITIONS || t->request.api == KTXN__TXN_API_OFFSET_COMMIT;
  result.code = (int16_t)(answered ? code_of(t, t->words[1]) : 0);
  result.version = (int16_t)number(t, "version", t->request.version_max == 5 ? 5 : 3);
  result.node = (int32_t)number(t, "node", find ? 1 : t->request.node);
  result.producer_id = number(t, "pid", (long)t->request.producer_id);
  result.producer_epoch = (int16_t)number(t, "epoch", t->request.producer_epoch);
  result.look = look_of(t, value(t, "look"));
  result.codes = list;
  result.code_count = list_of_codes(t, list, PARTITIONS);
  if (answered && parts && result.code_count == 0) { /* the same for each */
    result.code_count = t->request.api == KTXN__TXN_API_ADD_PARTITIONS ? t->request.partition_count : 1;
    for (uint32_t i = 0; i < result.code_count; i++) list[i] = result.code;
    result.code = 0;
  }
  ktxn__txn_on_result(t->txn, t->now_us, &result);
}

static void on_time(struct trace *t) {
  char *end;
  long long amount = strtoll(t->words[1] + 1, &end, 10);
  t->now_us += strcmp(end, "us") == 0 ? amount : strcmp(end, "ms") == 0 ? amount * 1000 : amount * 1000000;
}

static void on_repeat(struct trace *t) {
  t->repeats = arg(t, 1);
  t->repeat_line = t->line;
  t->repeat_at = ftell(t->source);
}

static void on_end(struct trace *t) {
  if (t->repeats == 0) fail(t, "nothing to repeat", "end");
  t->repeats--;
  if (t->repeats == 0) return;
  t->line = t->repeat_line;
  if (fseek(t->source, t->repeat_at, SEEK_SET) != 0) fail(t, "can't go back", "end");
}

static void on_queued(struct trace *t) { ktxn__txn_set_queued(t->txn, arg(t, 1)); }

static int32_t to_node(const struct trace *t) { return (int32_t)strtol(behind(t, "->", "1"), NULL, 10); }

static void on_send(struct trace *t) {
  struct ktxn__txn_stamp stamp;
  char text[32];
  if (!ktxn__txn_may_send(t->txn, arg(t, 1), to_node(t))) fail(t, "may not be sent", "no");
  ktxn__txn_assign(t->txn, t->now_us, arg(t, 1), to_node(t), arg(t, 2), arg(t, 3), &stamp);
  snprintf(text, sizeof text, "%d/%d", stamp.producer_epoch, stamp.base_sequence);
  same(t, "stamp", behind(t, "=", text), text);
}

static void on_resend(struct trace *t) {
  if (!ktxn__txn_may_resend(t->txn, arg(t, 1), to_node(t), arg(t, 2))) fail(t, "may not be sent again", "no");
  ktxn__txn_resend(t->txn, t->now_us, arg(t, 1), to_node(t), arg(t, 2));
}

static void on_got(struct trace *t) {
  static const char *const verdicts[] = {"done", "retry", "refresh", "reset", "split", "failed", "ignore"};
  struct ktxn__txn_batch_result result = {fate_of(t->words[3]), 0, 0, 0};
  int code;
  if (result.fate == KTXN__TXN_ANSWERED) result.code = (int16_t)code_of(t, t->words[3]);
  enum ktxn__txn_verdict verdict =
      ktxn__txn_batch_result(t->txn, t->now_us, arg(t, 1), arg(t, 2), &result, &code);
  same(t, "verdict", behind(t, "=", ""), verdicts[verdict]);
}

static void on_split(struct trace *t) {
  char text[16];
  int32_t sequence = -1;
  ktxn__txn_split(t->txn, t->now_us, arg(t, 1), arg(t, 2), arg(t, 3), arg(t, 4), &sequence);
  snprintf(text, sizeof text, "%d", sequence);
  same(t, "sequence of the rest", behind(t, "=", text), text);
}

static void on_giveup(struct trace *t) {
  ktxn__txn_batch_give_up(t->txn, t->now_us, arg(t, 1), arg(t, 2), code_of(t, t->words[3]));
}

/* From now on, or "never". */
static const char *deadline(const struct trace *t) {
  static char text[32];
  int64_t at_us = ktxn__txn_deadline_us(t->txn);
  snprintf(text, sizeof text, "%lldus", (long long)(at_us - t->now_us));
  return at_us == INT64_MAX ? "never" : text;
}

static const char *const outcomes[] = {"none", "committed", "not_committed", "in_doubt"};

static const char *answer(struct trace *t) {
  static char text[32];
  const char *what = t->words[1];
  int64_t id;
  int16_t epoch;
  int protocol;
  if (strcmp(what, "may_send") == 0) return ktxn__txn_may_send(t->txn, arg(t, 2), to_node(t)) ? "yes" : "no";
  if (strcmp(what, "may_resend") == 0)
    return ktxn__txn_may_resend(t->txn, arg(t, 2), to_node(t), arg(t, 3)) ? "yes" : "no";
  if (strcmp(what, "doomed") == 0) return ktxn__txn_doomed(t->txn, arg(t, 2), arg(t, 3)) != 0 ? "yes" : "no";
  if (strcmp(what, "drop") == 0) return ktxn__txn_drop_queued(t->txn) != 0 ? "yes" : "no";
  if (strcmp(what, "state") == 0) return ktxn__txn_state_name(ktxn__txn_state(t->txn));
  if (strcmp(what, "owes") == 0) return ktxn__txn_owes(t->txn) ? "yes" : "no";
  if (strcmp(what, "paced") == 0) return ktxn__txn_paced_since_us(t->txn) >= 0 ? "yes" : "no";
  if (strcmp(what, "outcome") == 0) return outcomes[ktxn__txn_outcome(t->txn, true)];
  if (strcmp(what, "deadline") == 0) return deadline(t);
  if (strcmp(what, "error") == 0) return name_of(ktxn__txn_error(t->txn)->code);
  if (strcmp(what, "epoch") != 0) fail(t, "no such question", what);
  ktxn__txn_identity(t->txn, &id, &epoch, &protocol);
  snprintf(text, sizeof text, "%lld/%d", (long long)id, epoch);
  return text;
}

static void on_ask(struct trace *t) { same(t, "answer", behind(t, "=", ""), answer(t)); }

static void on_report(struct trace *t) {
  static const char *const ops[] = {"none", "init", "offsets", "commit", "abort"};
  struct ktxn__txn_report report;
  bool any = ktxn__txn_next_report(t->txn, &report);
  same(t, "report", t->words[1], any ? ops[report.op] : "none");
  if (!any) return;
  same(t, "result", t->words[2], name_of(report.error.code));
  same(t, "outcome", t->words[3], outcomes[report.outcome]);
  same(t, "fatal", t->count > 4 ? t->words[4] : "", report.fatal ? "fatal" : "");
}

static const struct {
  const char *verb;
  void (*run)(struct trace *);
} verbs[] = {{"set", on_set},   {"app", on_app},       {"out", on_out}, {"in", on_in},         {"time", on_time},
             {"send", on_send}, {"resend", on_resend}, {"got", on_got}, {"giveup", on_giveup}, {"ask", on_ask},
             {"report", on_report}, {"queued", on_queued}, {"split", on_split}, {"repeat", on_repeat}, {"end", on_end}};

static void run_line(struct trace *t) {
  if (strcmp(t->words[0], "==") == 0) {
    restart(t);
    return;
  }
  if (strcmp(t->words[0], "config") == 0) {
    on_config(t);
    return;
  }
  if (t->txn == NULL) t->txn = ktxn__txn_init(t->block, PARTITIONS, GROUPS, &t->config);
  for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
    if (strcmp(verbs[i].verb, t->words[0]) != 0) continue;
    verbs[i].run(t);
    t->events++;
    const char *broken = ktxn__txn_check(t->txn);
    if (broken != NULL) fail(t, "invariant", broken);
    return;
  }
  fail(t, "no such verb", t->words[0]);
}

int main(int argc, char **argv) {
  static struct trace t;
  char line[LINE];
  t.source = argc == 2 ? fopen(argv[1], "r") : NULL;
  if (t.source == NULL) {
    fprintf(stderr, "usage: ktxn-trace FILE.trace\n");
    return 2;
  }
  t.file = argv[1];
  restart(&t);
  while (fgets(line, sizeof line, t.source) != NULL) {
    t.line++;
    line[strcspn(line, "\n#")] = '\0';
    snprintf(t.text, sizeof t.text, "%s", line);
    split(&t, line);
    if (t.count > 0) run_line(&t);
  }
  fclose(t.source);
  printf("%s: %d events\n", argv[1], t.events);
  return t.events > 0 ? 0 : 1;
}
