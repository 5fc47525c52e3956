#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "txn/error.h"
#include "txn/txn.h"

/*
 * Every answer to every request in every situation in which it can be sent: both protocols, both ends, what is owed behind an
 * end, a fence that is looked into. Whatever a broker answers, the manager keeps its invariants, comes to something (a
 * request, a wait, a report, an error), and calls nothing committed that a broker has not committed.
 */

enum { PARTITIONS = 2, GROUPS = 1 };

struct manager {
  uint64_t block[2048];
  struct ktxn__txn *txn;
  struct ktxn__txn_request request;
  int64_t now_us;
  bool v2;
};

static void start(struct manager *m, bool v2) {
  const struct ktxn__txn_config config = {.transactional = true,
                                          .pacing = true,
                                          .in_flight_max = 5,
                                          .retry_backoff_us = 100000,
                                          .retry_backoff_max_us = 1000000,
                                          .transaction_timeout_us = 5000000,
                                          .seed = 1};
  assert_true(ktxn__txn_size(PARTITIONS, GROUPS) <= sizeof m->block);
  m->txn = ktxn__txn_init(m->block, PARTITIONS, GROUPS, &config);
  m->now_us = 1000000;
  m->v2 = v2;
  ktxn__txn_set_features(m->txn, v2 ? 2 : 0, v2);
}

static void check(struct manager *m) {
  const char *broken = ktxn__txn_check(m->txn);
  if (broken != NULL) fail_msg("%s to %s: %s", ktxn__txn_state_name(ktxn__txn_state(m->txn)), ktxn__txn_api_name(m->request.api), broken);
}

/* Waits as long as the manager wants to. False: it has nothing to send. */
static bool next(struct manager *m) {
  int64_t deadline_us = ktxn__txn_deadline_us(m->txn);
  if (deadline_us == INT64_MAX) return false;
  if (deadline_us > m->now_us) m->now_us = deadline_us;
  return ktxn__txn_next_request(m->txn, m->now_us, &m->request);
}

static const int16_t good_codes[PARTITIONS] = {0, 0};

static void answer(struct manager *m, int16_t code, enum ktxn__txn_look look, int16_t epoch) {
  int16_t codes[PARTITIONS] = {code, code};
  bool parts = m->request.api == KTXN__TXN_API_ADD_PARTITIONS || m->request.api == KTXN__TXN_API_OFFSET_COMMIT;
  bool ends_by_5 = m->request.api == KTXN__TXN_API_END && m->request.version_min == 5;
  struct ktxn__txn_result result = {.id = m->request.id,
                                    .fate = KTXN__TXN_ANSWERED,
                                    .code = parts ? 0 : code,
                                    .version = ends_by_5 ? 5 : 3,
                                    .node = m->request.node < 0 ? 1 : m->request.node,
                                    .producer_id = 7,
                                    .producer_epoch = epoch,
                                    .look = look,
                                    .codes = parts ? codes : good_codes,
                                    .code_count = !parts ? 0 : m->request.partition_count > 0 ? m->request.partition_count : 1};
  ktxn__txn_on_result(m->txn, m->now_us, &result);
  check(m);
}

static int16_t epoch_of(const struct manager *m) {
  int64_t producer_id;
  int16_t epoch;
  int protocol;
  ktxn__txn_identity(m->txn, &producer_id, &epoch, &protocol);
  return epoch;
}

static void lose(struct manager *m, enum ktxn__txn_fate fate) {
  struct ktxn__txn_result result = {.id = m->request.id, .fate = fate, .version = 3, .node = m->request.node, .producer_id = -1};
  ktxn__txn_on_result(m->txn, m->now_us, &result);
  check(m);
}

/* Answers well until the request of that kind is to be sent. False: it never comes. */
static bool until(struct manager *m, enum ktxn__txn_api api) {
  for (int i = 0; i < 20 && next(m); i++) {
    if (m->request.api == api) return true;
    bool init = m->request.api == KTXN__TXN_API_INIT;
    bool end = m->request.api == KTXN__TXN_API_END;
    int16_t epoch = epoch_of(m);
    answer(m, 0, m->request.commit ? KTXN__TXN_LOOK_COMPLETE_COMMIT : KTXN__TXN_LOOK_COMPLETE_ABORT,
           (int16_t)(epoch + (init || end ? 1 : 0)));
  }
  return false;
}

static void drain_reports(struct manager *m) {
  struct ktxn__txn_report report;
  while (ktxn__txn_next_report(m->txn, &report)) {
  }
}

static void init(struct manager *m) {
  ktxn__txn_start(m->txn, m->now_us);
  until(m, KTXN__TXN_API_COUNT);
  drain_reports(m);
}

/* One acknowledged batch in partition 0. */
static void write_one(struct manager *m) {
  struct ktxn__txn_stamp stamp;
  int code;
  ktxn__txn_begin(m->txn, m->now_us);
  ktxn__txn_add_partition(m->txn, m->now_us, 0);
  until(m, KTXN__TXN_API_COUNT);
  assert_true(ktxn__txn_may_send(m->txn, 0, 1));
  ktxn__txn_assign(m->txn, m->now_us, 0, 1, 1, 1, &stamp);
  const struct ktxn__txn_batch_result written = {.fate = KTXN__TXN_ANSWERED, .log_start_offset = -1};
  assert_int_equal(ktxn__txn_batch_result(m->txn, m->now_us, 0, 1, &written, &code), KTXN__TXN_DONE);
}

/* ---- situations: each ends with the request pulled that is to be answered; false: it does not exist in this protocol --- */

static bool at_find(struct manager *m) {
  ktxn__txn_start(m->txn, m->now_us);
  return until(m, KTXN__TXN_API_FIND_TXN);
}

static bool at_init(struct manager *m) {
  ktxn__txn_start(m->txn, m->now_us);
  return until(m, KTXN__TXN_API_INIT);
}

static bool at_register(struct manager *m) {
  init(m);
  ktxn__txn_begin(m->txn, m->now_us);
  ktxn__txn_add_partition(m->txn, m->now_us, 0);
  ktxn__txn_add_partition(m->txn, m->now_us, 1);
  return until(m, KTXN__TXN_API_ADD_PARTITIONS);
}

static bool at_offsets(struct manager *m, enum ktxn__txn_api api) {
  init(m);
  ktxn__txn_begin(m->txn, m->now_us);
  ktxn__txn_send_offsets(m->txn, m->now_us, 0);
  return until(m, api);
}

static bool at_add_offsets(struct manager *m) { return at_offsets(m, KTXN__TXN_API_ADD_OFFSETS); }
static bool at_find_group(struct manager *m) { return at_offsets(m, KTXN__TXN_API_FIND_GROUP); }
static bool at_offset_commit(struct manager *m) { return at_offsets(m, KTXN__TXN_API_OFFSET_COMMIT); }

static bool at_commit(struct manager *m) {
  init(m);
  write_one(m);
  ktxn__txn_commit(m->txn, m->now_us);
  return until(m, KTXN__TXN_API_END);
}

static bool at_abort(struct manager *m) {
  init(m);
  write_one(m);
  ktxn__txn_abort(m->txn, m->now_us);
  return until(m, KTXN__TXN_API_END);
}

static bool again(struct manager *m, bool (*at)(struct manager *), enum ktxn__txn_api api) {
  if (!at(m)) return false;
  lose(m, KTXN__TXN_LOST);
  return until(m, api);
}

static bool at_commit_again(struct manager *m) { return again(m, at_commit, KTXN__TXN_API_END); }
static bool at_abort_again(struct manager *m) { return again(m, at_abort, KTXN__TXN_API_END); }
static bool at_find_behind_commit(struct manager *m) { return again(m, at_commit, KTXN__TXN_API_FIND_TXN); }

/* Nothing is known to be registered: one registration is repeated before the end. */
static bool at_repeat(struct manager *m) {
  struct ktxn__txn_stamp stamp;
  if (!m->v2) {
    if (!at_register(m)) return false;
    lose(m, KTXN__TXN_LOST);
  } else {
    init(m);
    ktxn__txn_begin(m->txn, m->now_us);
    ktxn__txn_add_partition(m->txn, m->now_us, 0);
    ktxn__txn_assign(m->txn, m->now_us, 0, 1, 1, 1, &stamp);
    ktxn__txn_batch_give_up(m->txn, m->now_us, 0, 1, KTXN_E_DELIVERY_TIMED_OUT);
  }
  ktxn__txn_abort(m->txn, m->now_us);
  return until(m, KTXN__TXN_API_ADD_PARTITIONS);
}

static bool at_repeat_group(struct manager *m) {
  if (!at_offsets(m, m->v2 ? KTXN__TXN_API_OFFSET_COMMIT : KTXN__TXN_API_ADD_OFFSETS)) return false;
  lose(m, KTXN__TXN_LOST);
  ktxn__txn_abort(m->txn, m->now_us);
  return until(m, KTXN__TXN_API_ADD_OFFSETS);
}

/* A batch was given up: look, bump, sweep. */
static bool at_debt(struct manager *m, enum ktxn__txn_api api) {
  struct ktxn__txn_stamp stamp;
  if (m->v2) return false;
  init(m);
  write_one(m);
  ktxn__txn_assign(m->txn, m->now_us, 0, 1, 2, 1, &stamp);
  ktxn__txn_batch_give_up(m->txn, m->now_us, 0, 2, KTXN_E_DELIVERY_TIMED_OUT);
  ktxn__txn_abort(m->txn, m->now_us);
  return until(m, KTXN__TXN_API_END) && (answer(m, 0, KTXN__TXN_LOOK_UNKNOWN, 0), until(m, api));
}

static bool at_look(struct manager *m) { return at_debt(m, KTXN__TXN_API_DESCRIBE); }
static bool at_bump(struct manager *m) { return at_debt(m, KTXN__TXN_API_INIT); }
static bool at_sweep(struct manager *m) { return at_debt(m, KTXN__TXN_API_ADD_PARTITIONS); }

static bool at_sweep_end(struct manager *m) {
  return at_sweep(m) && (answer(m, 0, KTXN__TXN_LOOK_UNKNOWN, 0), until(m, KTXN__TXN_API_END));
}

static bool at_sweep_group(struct manager *m) {
  if (m->v2 || !at_offset_commit(m)) return false;
  lose(m, KTXN__TXN_LOST);
  ktxn__txn_abort(m->txn, m->now_us);
  return until(m, KTXN__TXN_API_END) && (answer(m, 0, KTXN__TXN_LOOK_UNKNOWN, 0), until(m, KTXN__TXN_API_ADD_OFFSETS));
}

static bool at_ghost(struct manager *m) {
  if (!at_look(m)) return false;
  answer(m, 0, KTXN__TXN_LOOK_ONGOING, epoch_of(m));
  return until(m, KTXN__TXN_API_END);
}

/* The epoch has moved, and it is not known who moved it. */
static bool at_moved(struct manager *m) {
  struct ktxn__txn_stamp stamp;
  int code;
  init(m);
  write_one(m);
  m->now_us += 6000000;
  ktxn__txn_assign(m->txn, m->now_us, 0, 1, 2, 1, &stamp);
  const struct ktxn__txn_batch_result moved = {
      .fate = KTXN__TXN_ANSWERED, .code = KTXN_E_INVALID_PRODUCER_EPOCH, .log_start_offset = -1};
  ktxn__txn_batch_result(m->txn, m->now_us, 0, 2, &moved, &code);
  return until(m, KTXN__TXN_API_DESCRIBE);
}

static bool at_question(struct manager *m) {
  if (!at_moved(m)) return false;
  answer(m, 0, KTXN__TXN_LOOK_COMPLETE_ABORT, (int16_t)(epoch_of(m) + 1));
  return until(m, KTXN__TXN_API_END);
}

static bool at_pace(struct manager *m) {
  if (!m->v2 || !at_commit(m)) return false;
  answer(m, 0, KTXN__TXN_LOOK_UNKNOWN, (int16_t)(epoch_of(m) + 1));
  drain_reports(m);
  ktxn__txn_begin(m->txn, m->now_us);
  ktxn__txn_add_partition(m->txn, m->now_us, 0);
  ktxn__txn_set_queued(m->txn, 1);
  return until(m, KTXN__TXN_API_DESCRIBE);
}

/* An answer said that the epoch is not ours: a look at that node. */
static bool at_evidence(struct manager *m, bool (*at)(struct manager *)) {
  if (!at(m)) return false;
  answer(m, KTXN_E_PRODUCER_FENCED, KTXN__TXN_LOOK_UNKNOWN, 0);
  return until(m, KTXN__TXN_API_DESCRIBE);
}

static bool at_evidence_commit(struct manager *m) { return at_evidence(m, at_commit); }
static bool at_evidence_commit_again(struct manager *m) { return at_evidence(m, at_commit_again); }
static bool at_evidence_abort(struct manager *m) { return at_evidence(m, at_abort); }
static bool at_evidence_register(struct manager *m) { return at_evidence(m, at_register); }
static bool at_evidence_sweep(struct manager *m) { return at_evidence(m, at_sweep); }

static bool (*const situations[])(struct manager *) = {
    at_find,      at_init,         at_register,     at_add_offsets, at_find_group,       at_offset_commit,
    at_commit,    at_abort,        at_commit_again, at_abort_again, at_find_behind_commit, at_repeat,
    at_repeat_group, at_look,      at_bump,         at_sweep,       at_sweep_end,        at_sweep_group,
    at_ghost,     at_moved,        at_question,     at_pace,        at_evidence_commit,  at_evidence_commit_again,
    at_evidence_abort, at_evidence_register, at_evidence_sweep,
};
enum { SITUATIONS = sizeof situations / sizeof situations[0] };

/* ---- what must hold afterwards ----------------------------------------------------------------------------------------- */

static bool ends_in_error(const struct manager *m) {
  enum ktxn__txn_state state = ktxn__txn_state(m->txn);
  return state == KTXN__TXN_FATAL_ERROR || state == KTXN__TXN_ABORTABLE_ERROR || state == KTXN__TXN_UNINITIALIZED;
}

/* Nothing is left hanging: there is something to send (perhaps after a wait), or an error, or the application's turn. */
static void must_come_to_something(struct manager *m, bool *committed) {
  struct ktxn__txn_report report;
  bool any = false;
  *committed = false;
  while (ktxn__txn_next_report(m->txn, &report)) {
    any = true;
    *committed = *committed || report.outcome == KTXN_OUTCOME_COMMITTED;
    assert_true(report.error.code != 0 || report.op != KTXN__TXN_OP_COMMIT || report.outcome == KTXN_OUTCOME_COMMITTED);
    assert_true(report.outcome != KTXN_OUTCOME_COMMITTED || report.op == KTXN__TXN_OP_COMMIT);
  }
  enum ktxn__txn_state state = ktxn__txn_state(m->txn);
  bool our_turn = state == KTXN__TXN_READY || state == KTXN__TXN_IN_TRANSACTION;
  assert_true(any || our_turn || ends_in_error(m) || ktxn__txn_deadline_us(m->txn) < INT64_MAX);
}

static void try_code(bool (*at)(struct manager *), bool v2, int16_t code, enum ktxn__txn_look look, int epochs) {
  struct manager m;
  bool committed;
  start(&m, v2);
  if (!at(&m)) return;
  bool asks_commit = m.request.api == KTXN__TXN_API_END && m.request.commit;
  answer(&m, code, look, (int16_t)(m.request.producer_epoch + epochs));
  must_come_to_something(&m, &committed);
  /* Without code 0 to a commit there is no commit, but by what a look proves. */
  assert_true(!committed || (asks_commit && code == 0) || m.request.api == KTXN__TXN_API_DESCRIBE);
}

static void test_every_code_in_every_situation(void **state) {
  (void)state;
  for (int i = 0; i < SITUATIONS; i++)
    for (int v2 = 0; v2 <= 1; v2++)
      for (int16_t code = -2; code <= 135; code++) try_code(situations[i], v2, code, KTXN__TXN_LOOK_UNKNOWN, 1);
}

static void test_every_look_in_every_situation(void **state) {
  (void)state;
  for (int i = 0; i < SITUATIONS; i++)
    for (int v2 = 0; v2 <= 1; v2++)
      for (int look = KTXN__TXN_LOOK_UNKNOWN; look <= KTXN__TXN_LOOK_EPOCH_FENCE; look++)
        for (int epochs = -1; epochs <= 2; epochs++) try_code(situations[i], v2, 0, (enum ktxn__txn_look)look, epochs);
}

static void test_no_answer_in_every_situation(void **state) {
  static const enum ktxn__txn_fate fates[] = {KTXN__TXN_UNSENT, KTXN__TXN_LOST, KTXN__TXN_UNSUPPORTED};
  (void)state;
  for (int i = 0; i < SITUATIONS; i++)
    for (int v2 = 0; v2 <= 1; v2++)
      for (size_t f = 0; f < sizeof fates / sizeof fates[0]; f++) {
        struct manager m;
        bool committed;
        start(&m, v2);
        if (!situations[i](&m)) continue;
        lose(&m, fates[f]);
        must_come_to_something(&m, &committed);
        assert_false(committed);
      }
}

/* A code of every number goes through the whole life of a transaction and out of it: no state is a trap. */
static void test_the_producer_goes_on_or_ends(void **state) {
  (void)state;
  for (int i = 0; i < SITUATIONS; i++)
    for (int v2 = 0; v2 <= 1; v2++)
      for (int16_t code = -2; code <= 135; code++) {
        struct manager m;
        start(&m, v2);
        if (!situations[i](&m)) continue;
        answer(&m, code, KTXN__TXN_LOOK_COMPLETE_ABORT, (int16_t)(m.request.producer_epoch + 1));
        ktxn__txn_set_queued(m.txn, 0);
        until(&m, KTXN__TXN_API_COUNT);
        if (ktxn__txn_state(m.txn) == KTXN__TXN_ABORTABLE_ERROR || ktxn__txn_state(m.txn) == KTXN__TXN_IN_TRANSACTION)
          ktxn__txn_abort(m.txn, m.now_us);
        until(&m, KTXN__TXN_API_COUNT);
        enum ktxn__txn_state end = ktxn__txn_state(m.txn);
        assert_true(end == KTXN__TXN_READY || end == KTXN__TXN_FATAL_ERROR || end == KTXN__TXN_UNINITIALIZED);
      }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_code_in_every_situation),
      cmocka_unit_test(test_every_look_in_every_situation),
      cmocka_unit_test(test_no_answer_in_every_situation),
      cmocka_unit_test(test_the_producer_goes_on_or_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
