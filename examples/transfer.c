/*
 * Consume, transform, produce, exactly once: a librdkafka consumer (source.c) feeds a ktxn producer, and the consumer's
 * offsets are part of the producer's transaction. Whatever is killed or cut off, each input record is in the output once.
 *
 *   transfer BOOTSTRAP INPUT_TOPIC OUTPUT_TOPIC GROUP TRANSACTIONAL_ID [OPTION...]
 *
 * Run as many as there are input partitions, each with a TRANSACTIONAL_ID of its own that it keeps over restarts.
 *
 * Why it is right:
 *   - The group's offsets and the output become visible together, because they are in one transaction.
 *   - A transaction that doesn't commit is aborted, and the consumer goes back to the group's committed offsets.
 *   - The broker checks the group's generation and member with the offsets (KIP-447), so a copier that has lost its
 *     partitions can't commit; here that is an error of class ABORT like any other.
 *   - Partitions are given back only after the open transaction has been aborted.
 *   - A restarted copier calls ktxn_init_transactions() before it reads: what its predecessor left open is aborted.
 */
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "source.h"

#define CALL_MS 10000      /* one call */
#define PATIENCE_MS 120000 /* the same call repeated while it says RETRY */
#define LINGER_MS 200      /* a transaction is committed at the latest after this time */

struct transfer {
  const char *bootstrap, *input, *output, *group, *transactional_id;
  int batch;
  int64_t idle_exit_ms; /* 0 = run until a signal */
  bool upper, keep_partition;
  ktxn_config *config; /* the producer's */

  struct source *source;
  ktxn_producer *producer;
  const rd_kafka_message_t *message; /* being sent */

  bool open;     /* a transaction is open */
  bool recreate; /* the producer is finished, another one is needed */
  bool rewind;   /* the source is ahead of what is committed */
  int records;   /* in the open transaction */
  int64_t opened_ms, reported_ms, rewind_ms;
  long copied, commits, aborts;
  bool failed;
};

static volatile sig_atomic_t stop_requested;

static void on_signal(int number) {
  (void)number;
  stop_requested = 1;
}

static void give_up(struct transfer *t, const char *what, const char *why) {
  fprintf(stderr, "transfer: %s: %s\n", what, why);
  t->failed = true;
}

/* ---- the calls that may have to be repeated ---- */

static int call_init(struct transfer *t, ktxn_error *error) {
  return ktxn_init_transactions(t->producer, CALL_MS, error);
}

static int call_begin(struct transfer *t, ktxn_error *error) { return ktxn_begin_transaction(t->producer, error); }

static int call_abort(struct transfer *t, ktxn_error *error) {
  return ktxn_abort_transaction(t->producer, CALL_MS, error);
}

static int call_commit(struct transfer *t, ktxn_error *error) {
  return ktxn_commit_transaction(t->producer, CALL_MS, error);
}

/* The group is taken at the moment of the offsets, so that the broker sees whether they belong together. */
static int call_send_offsets(struct transfer *t, ktxn_error *error) {
  size_t count;
  ktxn_group group;
  const ktxn_offset *offsets = source_offsets(t->source, &count);
  int code = source_group(t->source, &group, error);
  return code ? code : ktxn_send_offsets_to_transaction(t->producer, offsets, count, &group, CALL_MS, error);
}

static size_t take_headers(const rd_kafka_headers_t *theirs, ktxn_header *headers, size_t count) {
  for (size_t i = 0; i < count; i++) {
    rd_kafka_header_get_all(theirs, i, &headers[i].key, &headers[i].value, &headers[i].value_size);
    headers[i].key_size = strlen(headers[i].key);
  }
  return count;
}

/* RETRY from send: there is no room in the producer's buffer yet. */
static int call_send(struct transfer *t, ktxn_error *error) {
  const rd_kafka_message_t *message = t->message;
  rd_kafka_headers_t *theirs = NULL;
  size_t count = rd_kafka_message_headers(message, &theirs) ? 0 : rd_kafka_header_cnt(theirs);
  ktxn_header *headers = calloc(count + 1, sizeof *headers);
  if (!headers) {
    give_up(t, "memory", "none left");
    *error = (ktxn_error){.code = KTXN_E_OUT_OF_MEMORY, .error_class = KTXN_CLASS_CONFIG};
    return error->code;
  }
  ktxn_record record = KTXN_RECORD_INIT;
  record.topic = t->output;
  record.partition = t->keep_partition ? message->partition : KTXN_PARTITION_ANY;
  record.timestamp_ms = rd_kafka_message_timestamp(message, NULL);
  record.key = message->key;
  record.key_size = message->key_len;
  record.value = message->payload;
  record.value_size = message->len;
  record.headers = headers;
  record.header_count = take_headers(theirs, headers, count);
  int code = ktxn_send(t->producer, &record, NULL, NULL, error);
  free(headers);
  return code;
}

/* RETRY means: the same call again. It goes on in the background, nothing is done twice. */
static int resume(struct transfer *t, int (*call)(struct transfer *, ktxn_error *), ktxn_error *error) {
  static const struct timespec moment = {.tv_nsec = 5000000};
  int64_t deadline_ms = now_ms() + PATIENCE_MS;
  int code = call(t, error);
  while (code && error->error_class == KTXN_CLASS_RETRY && now_ms() < deadline_ms) {
    nanosleep(&moment, NULL);
    code = call(t, error);
  }
  return code;
}

/* ---- what an error means ---- */

static bool is_fenced(const ktxn_error *error) {
  return error->code == KTXN_E_FENCED || error->code == KTXN_E_PRODUCER_FENCED ||
         error->broker_code == KTXN_E_PRODUCER_FENCED;
}

static void forget_records(struct transfer *t) {
  t->open = false;
  t->records = 0;
}

static void want_rewind(struct transfer *t) {
  t->rewind = true;
  t->rewind_ms = now_ms();
}

static void on_failure(struct transfer *t, const char *what, const ktxn_error *error);

static void abort_open(struct transfer *t) {
  ktxn_error error;
  if (!t->open) {
    return;
  }
  want_rewind(t);
  forget_records(t);
  t->aborts++;
  if (resume(t, call_abort, &error)) {
    on_failure(t, "abort", &error);
  }
}

/* The class alone decides what to do; code and message are for people. */
static void on_failure(struct transfer *t, const char *what, const ktxn_error *error) {
  fprintf(stderr, "transfer: %s: %s, %s: %s\n", what, ktxn_class_name(error->error_class), ktxn_code_name(error->code),
          error->message);
  switch (error->error_class) {
    case KTXN_CLASS_ABORT:
      abort_open(t);
      break;
    case KTXN_CLASS_RECREATE:
      /* Also where the outcome is in doubt: the committed offsets are part of the transaction, so they tell. */
      forget_records(t);
      want_rewind(t);
      t->recreate = true;
      if (is_fenced(error)) {
        give_up(t, t->transactional_id, "another copier with this transactional id runs");
      }
      break;
    case KTXN_CLASS_RETRY: /* for too long; nothing but the same call would be answered */
      forget_records(t);
      give_up(t, what, "no end in sight; a restart goes on from the committed offsets");
      break;
    default: /* something that only a person can mend */
      give_up(t, what, "ending; a restart goes on from the committed offsets");
      break;
  }
}

/* ---- the producer ---- */

static bool open_producer(struct transfer *t) {
  ktxn_error error;
  t->producer = ktxn_producer_new(t->config, &error);
  if (!t->producer) {
    give_up(t, "producer", error.message);
  } else if (resume(t, call_init, &error)) {
    on_failure(t, "init", &error);
  }
  return !t->failed;
}

static void close_producer(struct transfer *t) {
  if (t->producer) {
    ktxn_close(t->producer, CALL_MS, NULL);
    ktxn_free(t->producer);
    t->producer = NULL;
  }
}

static void recreate_producer(struct transfer *t) {
  t->recreate = false;
  close_producer(t);
  open_producer(t);
}

/* ---- the transaction ---- */

static bool begin(struct transfer *t) {
  ktxn_error error;
  if (!t->open) {
    if (resume(t, call_begin, &error)) {
      want_rewind(t);
      on_failure(t, "begin", &error);
      return false;
    }
    t->open = true;
    t->opened_ms = now_ms();
  }
  return true;
}

static void commit_open(struct transfer *t) {
  ktxn_error error;
  if (resume(t, call_send_offsets, &error)) {
    on_failure(t, "offsets", &error);
    return;
  }
  if (resume(t, call_commit, &error)) {
    on_failure(t, "commit", &error);
    return;
  }
  source_committed(t->source);
  t->copied += t->records;
  t->commits++;
  forget_records(t);
}

static void transform(const struct transfer *t, char *value, size_t size) {
  for (size_t i = 0; t->upper && i < size; i++) {
    value[i] = (char)toupper((unsigned char)value[i]);
  }
}

static void copy(struct transfer *t, const rd_kafka_message_t *message) {
  ktxn_error error;
  if (!begin(t)) {
    return;
  }
  transform(t, message->payload, message->len);
  t->message = message;
  t->records++;
  if (resume(t, call_send, &error)) {
    on_failure(t, "send", &error);
  } else if (t->records >= t->batch) {
    commit_open(t);
  }
}

/* ---- the loop ---- */

static void report(struct transfer *t, int64_t every_ms) {
  if (now_ms() - t->reported_ms >= every_ms) {
    t->reported_ms = now_ms();
    fprintf(stderr, "transfer: %ld records in %ld transactions, %ld aborted\n", t->copied, t->commits, t->aborts);
  }
}

/* While a rewind fails the source is polled all the same: it may have to hear that its partitions are gone. */
static void mend(struct transfer *t) {
  if (t->recreate) {
    recreate_producer(t);
  }
  if (t->rewind && !t->failed) {
    t->rewind = !source_rewind(t->source);
    if (t->rewind && now_ms() - t->rewind_ms > PATIENCE_MS) {
      give_up(t, "rewind", "the source could not be put back; a restart goes on from the committed offsets");
    }
  }
}

static void step(struct transfer *t) {
  mend(t);
  rd_kafka_message_t *message = source_poll(t->source, t->open ? LINGER_MS / 4 : LINGER_MS);
  if (message) {
    /* What comes while a rewind is owed is only noted: it will be read again. */
    if (!source_note(t->source, message)) {
      t->failed = true;
    } else if (!t->rewind && !t->recreate && !t->failed) {
      copy(t, message);
    }
    rd_kafka_message_destroy(message);
  }
  if (t->open && now_ms() - t->opened_ms >= LINGER_MS) {
    commit_open(t);
  }
  report(t, 1000);
}

static bool is_over(const struct transfer *t) {
  bool settled = !t->open && !t->rewind && !t->recreate;
  return settled && t->idle_exit_ms > 0 && source_is_over(t->source, t->idle_exit_ms);
}

static void run(struct transfer *t) {
  while (!t->failed && !stop_requested && !is_over(t)) {
    step(t);
    t->failed = t->failed || source_has_failed(t->source);
  }
  if (t->open && !t->failed) {
    commit_open(t);
  }
  abort_open(t);
}

static void on_revoke(void *opaque) { abort_open(opaque); }

static bool open_source(struct transfer *t) {
  t->source = source_new(&(struct source_options){.bootstrap = t->bootstrap,
                                                  .topic = t->input,
                                                  .group = t->group,
                                                  .instance = t->transactional_id,
                                                  .revoke = on_revoke,
                                                  .opaque = t});
  t->failed = !t->source;
  return t->source;
}

static int usage(void) {
  fprintf(stderr, "usage: transfer BOOTSTRAP INPUT_TOPIC OUTPUT_TOPIC GROUP TRANSACTIONAL_ID\n"
                  "         [--batch RECORDS]      records in a transaction (750)\n"
                  "         [--idle-exit-ms N]     end when the input is read and nothing came for so long (never)\n"
                  "         [--set KEY=VALUE]      a setting of the producer\n"
                  "         [--upper]              transform values to upper case\n"
                  "         [--keep-partition]     a record goes to the partition number it came from (by key)\n");
  return 2;
}

static bool set(struct transfer *t, const char *key, const char *value) {
  ktxn_error error;
  if (ktxn_config_set(t->config, key, value, &error)) {
    fprintf(stderr, "transfer: %s\n", error.message);
    return false;
  }
  return true;
}

static bool set_pair(struct transfer *t, char *pair) {
  char *value = strchr(pair, '=');
  if (!value) {
    return false;
  }
  *value = '\0';
  return set(t, pair, value + 1);
}

/* Returns how many arguments the option took; 0 = it is not one. */
static int parse_option(struct transfer *t, char **option, int left) {
  if (strcmp(*option, "--upper") == 0) {
    t->upper = true;
    return 1;
  }
  if (strcmp(*option, "--keep-partition") == 0) {
    t->keep_partition = true;
    return 1;
  }
  if (strcmp(*option, "--set") == 0 && left > 1) {
    return set_pair(t, option[1]) ? 2 : 0;
  }
  if (strcmp(*option, "--batch") == 0 && left > 1) {
    t->batch = atoi(option[1]);
    return t->batch > 0 ? 2 : 0;
  }
  if (strcmp(*option, "--idle-exit-ms") == 0 && left > 1) {
    t->idle_exit_ms = atol(option[1]);
    return t->idle_exit_ms > 0 ? 2 : 0;
  }
  return 0;
}

static bool parse(struct transfer *t, int argc, char **argv) {
  *t = (struct transfer){0};
  if (argc < 6) {
    return false;
  }
  *t = (struct transfer){.bootstrap = argv[1],
                         .input = argv[2],
                         .output = argv[3],
                         .group = argv[4],
                         .transactional_id = argv[5],
                         .batch = 750,
                         .config = ktxn_config_new()};
  if (!t->config || !set(t, "bootstrap.servers", t->bootstrap) || !set(t, "transactional.id", t->transactional_id)) {
    return false;
  }
  for (int i = 6; i < argc;) {
    int used = parse_option(t, argv + i, argc - i);
    if (!used) {
      return false;
    }
    i += used;
  }
  return true;
}

static void catch_signals(void) {
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

int main(int argc, char **argv) {
  struct transfer t;
  if (!parse(&t, argc, argv)) {
    ktxn_config_free(t.config);
    return usage();
  }
  catch_signals();
  /* The producer first: its init ends what a predecessor left open, before the group's offsets are read. */
  if (open_producer(&t) && open_source(&t)) {
    run(&t);
  }
  report(&t, 0);
  source_free(t.source);
  close_producer(&t);
  ktxn_config_free(t.config);
  return t.failed ? 1 : 0;
}
