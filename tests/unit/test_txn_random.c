#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "txn/txn.h"

/*
 * Random lives of the manager: an application, an accumulator and brokers that do anything that they may do, in any order,
 * and answer anything at all. After each step the invariants hold; a commit is reported only if a broker may have said so.
 */

enum { PARTITIONS = 3, GROUPS = 2, FLIGHTS = 12, LIVES = 3000, STEPS = 400 };

struct flight {
  uint32_t handle; /* 0 = free */
  uint32_t partition;
  uint32_t records;
  bool on_wire;
  bool again; /* came back, to be sent again */
  uint32_t part_of; /* the batch that it was cut off, as long as it has never been sent; 0 = none */
};

struct life {
  uint64_t block[2][4096];
  int turn;
  struct ktxn__txn *txn;
  struct ktxn__txn_request request;
  bool asked;
  int64_t now_us;
  uint64_t random;
  uint32_t handles;
  struct flight flights[FLIGHTS];
  bool transactional;
  int16_t epoch; /* what the coordinator would say */
  int64_t producer_id;
  uint32_t queued; /* batches of records that were accepted, without a sequence yet */
  uint32_t kindness; /* of the brokers, in percent: more than that many answers are good */
  bool left; /* something of the transaction */
  bool may_be_committed; /* a commit was answered 0, or a look may have shown it */
};

static uint32_t roll(struct life *l, uint32_t n) {
  uint64_t z = (l->random += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (uint32_t)((z ^ (z >> 31)) >> 32) % n;
}

/* What happened last, for a life that goes wrong. */
static char story[24][128];
static unsigned told;

__attribute__((format(printf, 2, 3))) static void tell(const struct life *l, const char *format, ...) {
  char *line = story[told++ % 24];
  va_list arguments;
  int size = snprintf(line, sizeof story[0], "%9lld %-15s ", (long long)l->now_us, ktxn__txn_state_name(ktxn__txn_state(l->txn)));
  va_start(arguments, format);
  vsnprintf(line + size, sizeof story[0] - (size_t)size, format, arguments);
  va_end(arguments);
}

static void tell_all(void) {
  for (unsigned i = told > 24 ? told - 24 : 0; i < told; i++) print_message("%s\n", story[i % 24]);
}

/* The check that failed inside the manager. */
static const char *what_broke = "";

void ktxn__txn_hook(const char *what) { what_broke = what; }

static void must_hold(const struct life *l) {
  const char *broken = ktxn__txn_check(l->txn);
  if (broken == NULL && ktxn__txn_error(l->txn)->code == KTXN_E_INTERNAL) broken = what_broke;
  if (broken != NULL) tell_all();
  if (broken != NULL) fail_msg("%s: %s", ktxn__txn_state_name(ktxn__txn_state(l->txn)), broken);
}

static void begin_life(struct life *l, uint64_t seed, bool transactional) {
  memset(l, 0, sizeof *l);
  l->random = seed;
  l->transactional = transactional;
  struct ktxn__txn_config config = {.transactional = transactional,
                                    .pacing = roll(l, 2) == 0,
                                    .in_flight_max = (uint8_t)(1 + roll(l, 5)),
                                    .retry_backoff_us = 1 + (int64_t)roll(l, 2) * 100000,
                                    .retry_backoff_max_us = 1000000,
                                    .transaction_timeout_us = 3000000,
                                    .seed = seed};
  assert_true(ktxn__txn_size(PARTITIONS, GROUPS) <= sizeof l->block[0]);
  l->txn = ktxn__txn_init(l->block[0], 1, 1, &config);
  l->now_us = 1000;
  l->producer_id = 7;
  l->kindness = roll(l, 4) * 32;
  l->epoch = roll(l, 8) == 0 ? 32765 : 0;
  ktxn__txn_set_features(l->txn, (int)roll(l, 4) - 1, roll(l, 3) != 0);
}

/* ---- the application --------------------------------------------------------------------------------------------------- */

/* A record is accepted only while the transaction is open, so that nothing new comes once its end was asked for. */
static void write_record(struct life *l) {
  bool open = !l->transactional || ktxn__txn_state(l->txn) == KTXN__TXN_IN_TRANSACTION;
  if (!open || l->queued > 3) return;
  if (ktxn__txn_add_partition(l->txn, l->now_us, roll(l, ktxn__txn_partition_room(l->txn))) == 0) l->queued++;
}

static void app_step(struct life *l) {
  uint32_t what = roll(l, 10);
  tell(l, "application %u", what);
  switch (what) {
    case 0:
      ktxn__txn_start(l->txn, l->now_us);
      return;
    case 1:
      if (ktxn__txn_begin(l->txn, l->now_us) == 0) l->may_be_committed = l->left = false;
      return;
    case 2:
    case 3:
      write_record(l);
      return;
    case 4:
      ktxn__txn_send_offsets(l->txn, l->now_us, roll(l, ktxn__txn_group_room(l->txn)));
      return;
    case 5:
      ktxn__txn_commit(l->txn, l->now_us);
      return;
    case 6:
      ktxn__txn_abort(l->txn, l->now_us);
      return;
    case 7:
      if (roll(l, 20) == 0) ktxn__txn_fail(l->txn, l->now_us, KTXN_E_BUFFER_FULL, 0);
      return;
    case 8:
      if (roll(l, 10) == 0) ktxn__txn_set_features(l->txn, (int)roll(l, 4) - 1, roll(l, 3) != 0);
      return;
    default:
      if (roll(l, 30) == 0) {
        l->turn = !l->turn;
        l->txn = ktxn__txn_move(l->txn, l->block[l->turn], PARTITIONS, GROUPS);
      }
      return;
  }
}

/* ---- the accumulator ----------------------------------------------------------------------------------------------------- */

static struct flight *free_flight(struct life *l) {
  for (int i = 0; i < FLIGHTS; i++)
    if (l->flights[i].handle == 0) return &l->flights[i];
  return NULL;
}

static void send_new(struct life *l) {
  struct flight *flight = free_flight(l);
  struct ktxn__txn_stamp stamp;
  uint32_t partition = roll(l, ktxn__txn_partition_room(l->txn));
  int32_t node = 1 + (int32_t)roll(l, 2);
  if (l->queued == 0 || flight == NULL || !ktxn__txn_may_send(l->txn, partition, node)) return;
  l->queued--;
  l->left = true;
  *flight = (struct flight){++l->handles, partition, 1 + roll(l, 4), true, false, 0};
  tell(l, "send %u to %u", flight->handle, partition);
  ktxn__txn_assign(l->txn, l->now_us, partition, node, flight->handle, flight->records, &stamp);
}

static void send_again(struct life *l, struct flight *flight) {
  int32_t node = 1 + (int32_t)roll(l, 2);
  int code = ktxn__txn_doomed(l->txn, flight->partition, flight->handle);
  tell(l, "again %u, doomed %d", flight->handle, code);
  if (code != 0) {
    ktxn__txn_batch_give_up(l->txn, l->now_us, flight->partition, flight->handle, code);
    flight->handle = 0;
  } else if (ktxn__txn_may_resend(l->txn, flight->partition, node, flight->handle)) {
    ktxn__txn_resend(l->txn, l->now_us, flight->partition, node, flight->handle);
    flight->on_wire = true;
    flight->again = false;
    flight->part_of = 0;
  }
}

/* What was cut off this batch before and has never been sent, or else room for a new part. */
static struct flight *part_behind(struct life *l, const struct flight *flight) {
  for (int i = 0; i < FLIGHTS; i++)
    if (l->flights[i].handle != 0 && l->flights[i].part_of == flight->handle) return &l->flights[i];
  return free_flight(l);
}

/* The batch becomes two, or its memory is short and it fails. */
static void divide(struct life *l, struct flight *flight) {
  struct flight *rest = part_behind(l, flight);
  if (rest == NULL || flight->records < 2) {
    ktxn__txn_batch_give_up(l->txn, l->now_us, flight->partition, flight->handle, KTXN_E_MESSAGE_TOO_LARGE);
    flight->handle = 0;
    return;
  }
  uint32_t stays = 1 + roll(l, flight->records - 1);
  uint32_t more = flight->records - stays;
  if (rest->handle == 0)
    *rest = (struct flight){++l->handles, flight->partition, more, false, true, flight->handle};
  else
    rest->records += more;
  ktxn__txn_split(l->txn, l->now_us, flight->partition, flight->handle, stays, rest->handle, NULL);
  flight->records = stays;
  flight->again = true;
}

static int16_t any_code(struct life *l) {
  static const int16_t usual[] = {0, 0, 0, 0, 0, 0, 3, 6, 7, 10, 14, 15, 16, 19, 20, 45, 46, 47, 48, 51, 59, 90, 35, 120, -1};
  if (roll(l, 100) < l->kindness) return 0;
  return roll(l, 40) == 0 ? (int16_t)((int)roll(l, 140) - 2) : usual[roll(l, sizeof usual / sizeof usual[0])];
}

static void batch_answer(struct life *l, struct flight *flight) {
  int code;
  struct ktxn__txn_batch_result result = {.fate = roll(l, 5) != 0 ? KTXN__TXN_ANSWERED : (enum ktxn__txn_fate)roll(l, 3),
                                          .code = any_code(l),
                                          .log_start_offset = (int64_t)roll(l, 2) - 1};
  if (roll(l, 200) == 0) result.fate = KTXN__TXN_UNSUPPORTED;
  enum ktxn__txn_verdict verdict =
      ktxn__txn_batch_result(l->txn, l->now_us, flight->partition, flight->handle, &result, &code);
  tell(l, "batch %u: fate %d code %d verdict %d", flight->handle, result.fate, result.code, verdict);
  flight->on_wire = false;
  switch (verdict) {
    case KTXN__TXN_RETRY:
    case KTXN__TXN_REFRESH:
      flight->again = true;
      return;
    case KTXN__TXN_SPLIT:
      divide(l, flight);
      return;
    case KTXN__TXN_FAILED:
      assert_int_not_equal(code, 0);
      break;
    default:
      break;
  }
  flight->handle = 0;
}

static void batch_step(struct life *l) {
  struct flight *flight = &l->flights[roll(l, FLIGHTS)];
  if (flight->handle == 0)
    send_new(l);
  else if (roll(l, 60) == 0) {
    tell(l, "give up %u", flight->handle);
    ktxn__txn_batch_give_up(l->txn, l->now_us, flight->partition, flight->handle, KTXN_E_DELIVERY_TIMED_OUT);
    flight->handle = 0;
  } else if (flight->on_wire)
    batch_answer(l, flight);
  else if (flight->again)
    send_again(l, flight);
}

/* ---- the coordinator ----------------------------------------------------------------------------------------------------- */

static void identity_of(struct life *l, struct ktxn__txn_result *result, bool ended_by_5) {
  if (result->code != 0) return;
  if (l->request.api == KTXN__TXN_API_INIT || ended_by_5) {
    l->epoch = l->epoch < l->request.producer_epoch ? l->request.producer_epoch : l->epoch;
    if (l->epoch >= 32766) {
      l->producer_id++;
      l->epoch = -1;
    }
    l->epoch++;
  }
  result->producer_id = l->producer_id;
  result->producer_epoch = l->epoch;
  if (l->request.api == KTXN__TXN_API_DESCRIBE && roll(l, 3) == 0)
    result->producer_epoch = (int16_t)(l->epoch + (int)roll(l, 3) - 1);
}

static void answer(struct life *l) {
  int16_t codes[PARTITIONS];
  bool parts = l->request.api == KTXN__TXN_API_ADD_PARTITIONS || l->request.api == KTXN__TXN_API_OFFSET_COMMIT;
  bool ended_by_5 = l->request.api == KTXN__TXN_API_END && l->request.version_min == 5;
  int16_t code = any_code(l);
  for (int i = 0; i < PARTITIONS; i++) codes[i] = roll(l, 4) == 0 ? any_code(l) : code;
  struct ktxn__txn_result result = {.id = l->request.id,
                                    .fate = KTXN__TXN_ANSWERED,
                                    .code = parts ? 0 : code,
                                    .version = ended_by_5 ? 5 : 3,
                                    .node = l->request.node < 0 || roll(l, 20) == 0 ? 1 + (int32_t)roll(l, 3) : l->request.node,
                                    .producer_id = -1,
                                    .producer_epoch = -1,
                                    .look = (enum ktxn__txn_look)roll(l, 9),
                                    .codes = codes,
                                    .code_count = !parts                           ? 0
                                                  : l->request.partition_count > 0 ? l->request.partition_count
                                                                                   : 1 + roll(l, 2)};
  if (l->request.api == KTXN__TXN_API_DESCRIBE && roll(l, 10) == 0) result.code = KTXN_E_TRANSACTIONAL_ID_NOT_FOUND;
  identity_of(l, &result, ended_by_5);
  if (result.code == 0 && ((l->request.api == KTXN__TXN_API_END && l->request.commit) || l->request.api == KTXN__TXN_API_DESCRIBE))
    l->may_be_committed = true;
  if (l->request.api == KTXN__TXN_API_END && code == KTXN_E_INVALID_TXN_STATE) l->may_be_committed = true;
  tell(l, "%s: %d (%d), look %d, node %d, pid %lld epoch %d", ktxn__txn_api_name(l->request.api), result.code, codes[0], result.look,
       result.node, (long long)result.producer_id, result.producer_epoch);
  ktxn__txn_on_result(l->txn, l->now_us, &result);
}

static void no_answer(struct life *l) {
  enum ktxn__txn_fate fate = roll(l, 100) == 0 ? KTXN__TXN_UNSUPPORTED : roll(l, 2) == 0 ? KTXN__TXN_LOST : KTXN__TXN_UNSENT;
  struct ktxn__txn_result result = {
      .id = l->request.id, .fate = fate, .version = 3, .node = l->request.node, .producer_id = -1, .producer_epoch = -1};
  tell(l, "%s: fate %d", ktxn__txn_api_name(l->request.api), fate);
  ktxn__txn_on_result(l->txn, l->now_us, &result);
}

static bool is_of_transaction(enum ktxn__txn_api api) {
  return api == KTXN__TXN_API_ADD_PARTITIONS || api == KTXN__TXN_API_ADD_OFFSETS || api == KTXN__TXN_API_OFFSET_COMMIT;
}

static void coordinator_step(struct life *l) {
  if (!l->asked) {
    int64_t deadline_us = ktxn__txn_deadline_us(l->txn);
    if (deadline_us != INT64_MAX && deadline_us > l->now_us && roll(l, 2) == 0) l->now_us = deadline_us;
    l->queued = ktxn__txn_drop_queued(l->txn) != 0 ? 0 : l->queued;
    ktxn__txn_set_queued(l->txn, l->queued);
    l->asked = ktxn__txn_next_request(l->txn, l->now_us, &l->request);
    l->left = l->left || (l->asked && is_of_transaction(l->request.api));
  } else if (roll(l, 4) != 0) {
    l->asked = false;
    roll(l, 8) == 0 ? no_answer(l) : answer(l);
  }
}

static void collect_reports(struct life *l) {
  struct ktxn__txn_report report;
  while (ktxn__txn_next_report(l->txn, &report)) {
    bool committed = report.outcome == KTXN_OUTCOME_COMMITTED;
    assert_true(!committed || (report.op == KTXN__TXN_OP_COMMIT && l->transactional));
    /* Without an answer that may prove it only that is committed of which nothing has left. */
    assert_true(!committed || l->may_be_committed || !l->left);
    assert_int_equal(report.fatal, ktxn__txn_state(l->txn) == KTXN__TXN_FATAL_ERROR && report.error.code != 0);
  }
}

static void live(struct life *l) {
  for (int i = 0; i < STEPS; i++) {
    uint32_t what = roll(l, 16);
    l->now_us += roll(l, 8) == 0 ? roll(l, 400000) : 0;
    if (what < 4)
      app_step(l);
    else if (what < 10)
      batch_step(l);
    else
      coordinator_step(l);
    must_hold(l);
    collect_reports(l);
    (void)ktxn__txn_outcome(l->txn, l->asked);
    (void)ktxn__txn_drop_queued(l->txn);
    (void)ktxn__txn_in_flight(l->txn, 0);
    assert_true(ktxn__txn_produce_version_max(l->txn) >= ktxn__txn_produce_version_min(l->txn));
  }
}

static void test_transactional_lives(void **state) {
  static struct life life;
  (void)state;
  for (uint64_t seed = 1; seed <= LIVES; seed++) {
    begin_life(&life, seed, true);
    live(&life);
  }
}

static void test_idempotent_lives(void **state) {
  static struct life life;
  (void)state;
  for (uint64_t seed = 1; seed <= LIVES; seed++) {
    begin_life(&life, seed, false);
    live(&life);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_transactional_lives),
      cmocka_unit_test(test_idempotent_lives),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
