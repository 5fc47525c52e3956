#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "txn/state.h"

/*
 * The checks of txn/: each invariant is broken in a copy of a block, and the check tells which one it is; each thing that the
 * code makes sure of is made untrue, and the producer is FATAL with KTXN_E_INTERNAL, and goes on answering.
 */

enum { PARTITIONS = 2, GROUPS = 2 };

struct manager {
  uint64_t block[1024];
  struct ktxn__txn *txn;
  struct ktxn__txn_request request;
};

static const char *failed_check;
static int failed_checks;

void ktxn__txn_hook(const char *what) {
  failed_check = what;
  failed_checks++;
}

static int setup(void **state) {
  (void)state;
  failed_check = "";
  failed_checks = 0;
  return 0;
}

static void start(struct manager *m, bool transactional) {
  const struct ktxn__txn_config config = {.transactional = transactional,
                                          .in_flight_max = 5,
                                          .retry_backoff_us = 1,
                                          .retry_backoff_max_us = 1,
                                          .transaction_timeout_us = 1000000,
                                          .seed = 1};
  assert_true(ktxn__txn_size(PARTITIONS, GROUPS) <= sizeof m->block);
  m->txn = ktxn__txn_init(m->block, PARTITIONS, GROUPS, &config);
}

/* Time goes on with each request, so that nothing is waited for. */
static void ask(struct manager *m, enum ktxn__txn_api api) {
  static int64_t now_us;
  now_us += 1000;
  assert_true(ktxn__txn_next_request(m->txn, now_us, &m->request));
  assert_int_equal(m->request.api, api);
}

static void answer(struct manager *m, int64_t producer_id, int16_t epoch) {
  static const int16_t codes[PARTITIONS] = {0, 0};
  struct ktxn__txn_result result = {.id = m->request.id,
                                    .fate = KTXN__TXN_ANSWERED,
                                    .version = (int16_t)(m->request.version_min == 5 ? 5 : 3),
                                    .node = 1,
                                    .producer_id = producer_id,
                                    .producer_epoch = epoch,
                                    .codes = codes,
                                    .code_count = m->request.partition_count};
  ktxn__txn_on_result(m->txn, 1, &result);
}

static void ready(struct manager *m) {
  struct ktxn__txn_report report;
  start(m, true);
  ktxn__txn_start(m->txn, 1);
  ask(m, KTXN__TXN_API_FIND_TXN);
  answer(m, 0, 0);
  ask(m, KTXN__TXN_API_INIT);
  answer(m, 7, 3);
  assert_true(ktxn__txn_next_report(m->txn, &report));
}

static void assign(struct manager *m, uint32_t handle) {
  struct ktxn__txn_stamp stamp;
  ktxn__txn_assign(m->txn, 1, 0, 1, handle, 10, &stamp);
}

static enum ktxn__txn_verdict got(struct manager *m, uint32_t handle, int16_t code) {
  const struct ktxn__txn_batch_result result = {.fate = KTXN__TXN_ANSWERED, .code = code, .log_start_offset = -1};
  int why;
  return ktxn__txn_batch_result(m->txn, 1, 0, handle, &result, &why);
}

/* In a V1 transaction, with one batch acknowledged and three in flight on partition 0. */
static void in_flight(struct manager *m) {
  ready(m);
  ktxn__txn_begin(m->txn, 1);
  ktxn__txn_add_partition(m->txn, 1, 0);
  ask(m, KTXN__TXN_API_ADD_PARTITIONS);
  answer(m, 0, 0);
  assign(m, 1);
  assert_int_equal(got(m, 1, 0), KTXN__TXN_DONE);
  for (uint32_t handle = 2; handle <= 4; handle++) assign(m, handle);
  assert_null(ktxn__txn_check(m->txn));
}

/* ---- the invariants ------------------------------------------------------------------------------------------------------ */

static struct ktxn__txn_flight *second(struct ktxn__txn *txn) { return &ktxn__txn_partition(txn, 0)->flights[1]; }

static void no_batches(struct ktxn__txn *txn) {
  ktxn__txn_partition(txn, 0)->count = 0;
  txn->flights = 0;
  txn->on_wire = 0;
}

static void too_many(struct ktxn__txn *txn) { ktxn__txn_partition(txn, 0)->count = KTXN__TXN_FLIGHTS_MAX + 1; }
static void hole(struct ktxn__txn *txn) { second(txn)->base_sequence++; }
static void backwards(struct ktxn__txn *txn) { second(txn)->base_sequence--; }
static void wrong_flights(struct ktxn__txn *txn) { txn->flights++; }
static void wrong_on_wire(struct ktxn__txn *txn) { txn->on_wire--; }
static void wrong_sweep(struct ktxn__txn *txn) { txn->sweep_partitions++; }
static void wrong_pending(struct ktxn__txn *txn) { txn->pending++; }
static void fatal_without(struct ktxn__txn *txn) { txn->state = KTXN__TXN_FATAL_ERROR; }
static void abortable_without(struct ktxn__txn *txn) { txn->state = KTXN__TXN_ABORTABLE_ERROR; }
static void no_commit(struct ktxn__txn *txn) { txn->state = KTXN__TXN_COMMITTING; }
static void no_abort(struct ktxn__txn *txn) { txn->state = KTXN__TXN_ABORTING; }
static void ready_with_batches(struct ktxn__txn *txn) { txn->state = KTXN__TXN_READY; }

static void no_id(struct ktxn__txn *txn) {
  no_batches(txn);
  txn->state = KTXN__TXN_READY;
  txn->producer_id = -1;
}

static void held_open(struct ktxn__txn *txn) {
  txn->held = true;
  txn->debt = KTXN__TXN_DEBT_LOOK;
}

static void held_for_nothing(struct ktxn__txn *txn) {
  txn->state = KTXN__TXN_ABORTING;
  txn->op = KTXN__TXN_OP_ABORT;
  txn->held = true;
}

static void certainly_not(struct ktxn__txn *txn) { txn->maybe = false; }
static void never_left(struct ktxn__txn *txn) { txn->registered_us = -1; }
static void committed_open(struct ktxn__txn *txn) { txn->committed = true; }

static void offsets_outside(struct ktxn__txn *txn) {
  no_batches(txn);
  txn->state = KTXN__TXN_READY;
  txn->offsets_group = 1;
}

static const struct {
  void (*breaks)(struct ktxn__txn *);
  const char *told;
} invariants[] = {{too_many, "I1: "},         {hole, "I2: "},
                  {backwards, "I2: "},        {wrong_flights, "I3: the totals"},
                  {wrong_on_wire, "I3: the totals"}, {wrong_sweep, "I3: the totals"},
                  {wrong_pending, "I3: the pending"}, {fatal_without, "I4: "},
                  {abortable_without, "I4: "}, {no_commit, "I5: COMMITTING"},
                  {no_abort, "I5: ABORTING"}, {no_id, "I6: "},
                  {ready_with_batches, "I7: "}, {held_open, "I8: "},
                  {held_for_nothing, "I8: "}, {certainly_not, "I9: "},
                  {never_left, "I10: "},      {committed_open, "I11: "},
                  {offsets_outside, "I12: "}};

static void test_each_broken_invariant_is_told(void **state) {
  (void)state;
  struct manager whole;
  in_flight(&whole);
  for (size_t i = 0; i < sizeof invariants / sizeof invariants[0]; i++) {
    struct manager copy;
    memcpy(copy.block, whole.block, sizeof copy.block);
    copy.txn = (struct ktxn__txn *)(void *)copy.block;
    invariants[i].breaks(copy.txn);
    const char *told = ktxn__txn_check(copy.txn);
    assert_non_null(told);
    assert_memory_equal(told, invariants[i].told, strlen(invariants[i].told));
  }
}

static void test_a_hole_behind_an_overtaken_batch_or_in_a_tainted_epoch_is_none(void **state) {
  (void)state;
  struct manager m;
  in_flight(&m);
  assert_int_equal(got(&m, 3, 0), KTXN__TXN_DONE);
  assert_null(ktxn__txn_check(m.txn));
  ktxn__txn_partition(m.txn, 0)->flights[0].overtaken = 0;
  assert_non_null(ktxn__txn_check(m.txn));
  m.txn->tainted = true;
  assert_null(ktxn__txn_check(m.txn));
}

/* ---- what the code makes sure of ------------------------------------------------------------------------------------------- */

/* The check failed once, with that text; the producer is FATAL, says so, and does nothing more. */
static void must_be_broken(struct manager *m, const char *what) {
  struct ktxn__txn_request request;
  assert_string_equal(failed_check, what);
  assert_int_equal(failed_checks, 1);
  assert_int_equal(ktxn__txn_state(m->txn), KTXN__TXN_FATAL_ERROR);
  assert_int_equal(ktxn__txn_error(m->txn)->code, KTXN_E_INTERNAL);
  assert_int_equal(ktxn__txn_error(m->txn)->error_class, KTXN_CLASS_RECREATE);
  assert_int_equal(ktxn__txn_begin(m->txn, 1), KTXN_E_INTERNAL);
  assert_int_equal(ktxn__txn_abort(m->txn, 1), KTXN_E_INTERNAL);
  assert_false(ktxn__txn_next_request(m->txn, INT64_MAX / 2, &request));
}

static void test_an_identity_without_a_producer_id(void **state) {
  (void)state;
  struct manager m;
  struct ktxn__txn_report report;
  start(&m, true);
  ktxn__txn_start(m.txn, 1);
  ask(&m, KTXN__TXN_API_FIND_TXN);
  answer(&m, 0, 0);
  ask(&m, KTXN__TXN_API_INIT);
  answer(&m, -1, 0);
  must_be_broken(&m, "an identity without a producer id");
  assert_true(ktxn__txn_next_report(m.txn, &report));
  assert_int_equal(report.op, KTXN__TXN_OP_INIT);
  assert_int_equal(report.error.code, KTXN_E_INTERNAL);
  assert_true(report.fatal);
}

static void test_an_epoch_that_goes_back(void **state) {
  (void)state;
  struct manager m;
  struct ktxn__txn_report report;
  ready(&m);
  ktxn__txn_set_features(m.txn, 2, true);
  ktxn__txn_begin(m.txn, 1);
  ktxn__txn_add_partition(m.txn, 1, 0);
  assign(&m, 1);
  got(&m, 1, 0);
  ktxn__txn_commit(m.txn, 1);
  ask(&m, KTXN__TXN_API_END);
  answer(&m, 7, 2);
  must_be_broken(&m, "the epoch went back");
  assert_true(ktxn__txn_next_report(m.txn, &report));
  assert_int_equal(report.op, KTXN__TXN_OP_COMMIT);
  assert_int_equal(report.error.code, KTXN_E_INTERNAL);
  assert_int_equal(report.outcome, KTXN_OUTCOME_COMMITTED); /* which the answer has proven nevertheless */
}

static void test_an_illegal_transition(void **state) {
  (void)state;
  struct manager m;
  ready(&m);
  ktxn__txn_enter(m.txn, KTXN__TXN_COMMITTING);
  must_be_broken(&m, "illegal transition");
}

static void test_reports_that_nobody_collects(void **state) {
  (void)state;
  struct manager m;
  in_flight(&m);
  for (int i = 0; i <= KTXN__TXN_REPORTS; i++)
    ktxn__txn_report(m.txn, KTXN__TXN_OP_OFFSETS, KTXN_OUTCOME_NONE, ktxn__txn_cause(0, KTXN_CLASS_NONE, 0, 0));
  must_be_broken(&m, "reports are not collected");
}

static void test_a_commit_of_unknown_fate_is_never_called_not_committed(void **state) {
  (void)state;
  struct manager m;
  struct ktxn__txn_report report;
  in_flight(&m);
  for (uint32_t handle = 2; handle <= 4; handle++) got(&m, handle, 0);
  ktxn__txn_commit(m.txn, 1);
  ask(&m, KTXN__TXN_API_END);
  const struct ktxn__txn_result lost = {.id = m.request.id, .fate = KTXN__TXN_LOST, .node = 1};
  ktxn__txn_on_result(m.txn, 1, &lost);
  ktxn__txn_abortable(m.txn, ktxn__txn_cause(KTXN_E_GROUP_AUTHORIZATION_FAILED, KTXN_CLASS_ABORT, 30, KTXN__TXN_API_END));
  must_be_broken(&m, "a commit of unknown fate was called not committed");
  assert_true(ktxn__txn_next_report(m.txn, &report));
  assert_int_equal(report.op, KTXN__TXN_OP_COMMIT);
  assert_int_equal(report.outcome, KTXN_OUTCOME_IN_DOUBT);
}

static void test_a_batch_that_must_not_be_sent(void **state) {
  (void)state;
  struct manager m;
  struct ktxn__txn_stamp stamp;
  ready(&m);
  ktxn__txn_assign(m.txn, 1, 0, 1, 1, 10, &stamp);
  must_be_broken(&m, "a batch was sent that must not be");
  assert_int_equal(stamp.producer_id, -1);
  assert_int_equal(ktxn__txn_in_flight(m.txn, 0), 0);
}

static void test_a_batch_that_is_sent_twice_or_unknown(void **state) {
  struct manager m;
  in_flight(&m);
  ktxn__txn_resend(m.txn, 1, 0, 1, 2);
  must_be_broken(&m, "a batch was sent twice");
  setup(state);
  in_flight(&m);
  ktxn__txn_resend(m.txn, 1, 0, 1, 99);
  must_be_broken(&m, "a batch was sent twice");
}

static void test_a_new_epoch_with_batches_of_the_old_one(void **state) {
  (void)state;
  struct manager m;
  in_flight(&m);
  m.txn->producer_epoch++;
  ktxn__txn_add_partition(m.txn, 1, 0);
  must_be_broken(&m, "a new epoch with batches of the old one in the books");
}

static void split(struct manager *m, uint32_t handle, uint32_t records, uint32_t rest) {
  ktxn__txn_split(m->txn, 1, 0, handle, records, rest, NULL);
}

/* Batch 2 came back as too large; 3 and 4 are in flight behind it. */
static void to_be_split(struct manager *m) {
  setup(NULL);
  in_flight(m);
  assert_int_equal(got(m, 2, KTXN_E_MESSAGE_TOO_LARGE), KTXN__TXN_SPLIT);
}

static void test_a_batch_that_must_not_be_split(void **state) {
  static const char what[] = "a batch was split that must not be";
  struct manager m;
  (void)state;
  to_be_split(&m);
  split(&m, 3, 5, 9); /* another one than the first */
  must_be_broken(&m, what);
  to_be_split(&m);
  split(&m, 2, 0, 9); /* nothing stays */
  must_be_broken(&m, what);
  to_be_split(&m);
  split(&m, 2, 10, 9); /* everything stays */
  must_be_broken(&m, what);
  to_be_split(&m);
  ktxn__txn_resend(m.txn, 1, 0, 1, 2);
  split(&m, 2, 5, 9); /* on the wire */
  must_be_broken(&m, what);
  to_be_split(&m);
  ktxn__txn_partition(m.txn, 0)->flights[0].ambiguous = true;
  split(&m, 2, 5, 9); /* perhaps in a log */
  must_be_broken(&m, what);
  to_be_split(&m);
  ktxn__txn_split(m.txn, 1, 1, 2, 5, 9, NULL); /* nothing there */
  must_be_broken(&m, what);
}

static void test_a_part_of_a_batch_that_has_been_sent(void **state) {
  static const char what[] = "a part of a split batch has been sent before its turn";
  struct manager m;
  (void)state;
  to_be_split(&m);
  split(&m, 2, 5, 3); /* that one is on the wire */
  must_be_broken(&m, what);
  to_be_split(&m);
  split(&m, 2, 5, 9);
  assert_int_equal(failed_checks, 0);
  ktxn__txn_partition(m.txn, 0)->flights[1].ambiguous = true;
  split(&m, 2, 2, 9);
  must_be_broken(&m, what);
  to_be_split(&m);
  for (uint32_t rest = 9; failed_checks == 0 && rest < 20; rest++) split(&m, 2, 20 - rest - 2, rest); /* ever new parts */
  must_be_broken(&m, what);
  assert_int_equal(ktxn__txn_in_flight(m.txn, 0), KTXN__TXN_FLIGHTS_MAX);
}

static void test_the_books_of_the_caller(void **state) {
  (void)state;
  struct manager m;
  in_flight(&m);
  ktxn__txn_break(m.txn, 1);
  must_be_broken(&m, "the caller's books are broken");
}

static void test_the_first_error_stays(void **state) {
  (void)state;
  struct manager m;
  in_flight(&m);
  ktxn__txn_fenced(m.txn, KTXN_E_PRODUCER_FENCED, KTXN__TXN_API_END);
  ktxn__txn_break(m.txn, 1);
  assert_int_equal(failed_checks, 1);
  assert_int_equal(ktxn__txn_error(m.txn)->code, KTXN_E_FENCED);
}

/* ---- results that nobody waits for --------------------------------------------------------------------------------------- */

static void test_the_result_of_another_request_is_nobodys(void **state) {
  (void)state;
  struct manager m;
  start(&m, true);
  ktxn__txn_start(m.txn, 1);
  ask(&m, KTXN__TXN_API_FIND_TXN);
  m.request.id++;
  answer(&m, 0, 0);
  assert_int_equal(ktxn__txn_deadline_us(m.txn), INT64_MAX); /* it still waits for its own */
  m.request.id--;
  answer(&m, 0, 0);
  ask(&m, KTXN__TXN_API_INIT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(test_each_broken_invariant_is_told, setup),
      cmocka_unit_test_setup(test_a_hole_behind_an_overtaken_batch_or_in_a_tainted_epoch_is_none, setup),
      cmocka_unit_test_setup(test_an_identity_without_a_producer_id, setup),
      cmocka_unit_test_setup(test_an_epoch_that_goes_back, setup),
      cmocka_unit_test_setup(test_an_illegal_transition, setup),
      cmocka_unit_test_setup(test_reports_that_nobody_collects, setup),
      cmocka_unit_test_setup(test_a_commit_of_unknown_fate_is_never_called_not_committed, setup),
      cmocka_unit_test_setup(test_a_batch_that_must_not_be_sent, setup),
      cmocka_unit_test_setup(test_a_batch_that_is_sent_twice_or_unknown, setup),
      cmocka_unit_test_setup(test_a_new_epoch_with_batches_of_the_old_one, setup),
      cmocka_unit_test_setup(test_a_batch_that_must_not_be_split, setup),
      cmocka_unit_test_setup(test_a_part_of_a_batch_that_has_been_sent, setup),
      cmocka_unit_test_setup(test_the_books_of_the_caller, setup),
      cmocka_unit_test_setup(test_the_first_error_stays, setup),
      cmocka_unit_test_setup(test_the_result_of_another_request_is_nobodys, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
