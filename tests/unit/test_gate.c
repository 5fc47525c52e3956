#include "tests/unit/accumulator_fixture.h"

#include "sdk/engine/gate.h"

static struct ktxn__gate_keeper keeper_at(enum ktxn__gate gate) {
  struct ktxn__gate_keeper keeper;
  ktxn_error cause;
  ktxn__gate_init(&keeper, true);
  keeper.gate = gate;
  keeper.ordinal = 3;
  ktxn__error_set(&cause, KTXN_E_RECORD_TOO_LARGE, KTXN_CLASS_ABORT, "the cause");
  keeper.error = cause;
  keeper.error.fatal = gate == KTXN__GATE_FATAL;
  keeper.error.error_class = gate == KTXN__GATE_FATAL ? KTXN_CLASS_RECREATE : KTXN_CLASS_ABORT;
  return keeper;
}

/* I03, I04, I05: every gate, every call of the application. Code 0 = it opens or closes the gate. */
static void test_I05_every_gate_and_call(void **state) {
  (void)state;
  static const struct {
    enum ktxn__gate gate;
    int send, begin, commit, abort; /* codes */
    enum ktxn_class send_class, begin_class, commit_class, abort_class;
  } rows[] = {
      {KTXN__GATE_UNINIT, KTXN_E_STATE, KTXN_E_STATE, KTXN_E_STATE, KTXN_E_STATE, KTXN_CLASS_USAGE, KTXN_CLASS_USAGE,
       KTXN_CLASS_USAGE, KTXN_CLASS_USAGE},
      {KTXN__GATE_READY, KTXN_E_STATE, 0, KTXN_E_STATE, KTXN_E_STATE, KTXN_CLASS_USAGE, KTXN_CLASS_NONE,
       KTXN_CLASS_USAGE, KTXN_CLASS_USAGE},
      {KTXN__GATE_OPEN, KTXN_E_STATE, KTXN_E_STATE, 0, 0, KTXN_CLASS_USAGE, KTXN_CLASS_USAGE, KTXN_CLASS_NONE,
       KTXN_CLASS_NONE},
      {KTXN__GATE_COMMITTING, KTXN_E_CONFLICT, KTXN_E_CONFLICT, KTXN_E_CONFLICT, KTXN_E_CONFLICT, KTXN_CLASS_RETRY,
       KTXN_CLASS_RETRY, KTXN_CLASS_RETRY, KTXN_CLASS_RETRY},
      {KTXN__GATE_ABORTING, KTXN_E_CONFLICT, KTXN_E_CONFLICT, KTXN_E_CONFLICT, KTXN_E_CONFLICT, KTXN_CLASS_RETRY,
       KTXN_CLASS_RETRY, KTXN_CLASS_RETRY, KTXN_CLASS_RETRY},
      {KTXN__GATE_ABORTABLE, KTXN_E_RECORD_TOO_LARGE, KTXN_E_STATE, KTXN_E_RECORD_TOO_LARGE, 0, KTXN_CLASS_ABORT,
       KTXN_CLASS_USAGE, KTXN_CLASS_ABORT, KTXN_CLASS_NONE},
      {KTXN__GATE_FATAL, KTXN_E_RECORD_TOO_LARGE, KTXN_E_RECORD_TOO_LARGE, KTXN_E_RECORD_TOO_LARGE,
       KTXN_E_RECORD_TOO_LARGE, KTXN_CLASS_RECREATE, KTXN_CLASS_RECREATE, KTXN_CLASS_RECREATE, KTXN_CLASS_RECREATE},
      {KTXN__GATE_CLOSED, KTXN_E_CLOSED, KTXN_E_CLOSED, KTXN_E_CLOSED, KTXN_E_CLOSED, KTXN_CLASS_RECREATE,
       KTXN_CLASS_RECREATE, KTXN_CLASS_RECREATE, KTXN_CLASS_RECREATE},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    ktxn_error error = {.code = 0};
    struct ktxn__gate_keeper keeper = keeper_at(rows[i].gate);
    assert_int_equal(keeper.gate, rows[i].gate);
    if (rows[i].gate != KTXN__GATE_OPEN) {
      assert_int_equal(ktxn__gate_refuse(&keeper, &error), rows[i].send);
      assert_int_equal(error.error_class, rows[i].send_class);
    }
    error = (ktxn_error){.code = 0};
    assert_int_equal(ktxn__gate_begin(&keeper, &error), rows[i].begin);
    assert_int_equal(error.error_class, rows[i].begin_class);
    assert_int_equal(keeper.gate, rows[i].begin == 0 ? KTXN__GATE_OPEN : rows[i].gate);
    assert_int_equal(keeper.ordinal, rows[i].begin == 0 ? 4 : 3);

    keeper = keeper_at(rows[i].gate);
    error = (ktxn_error){.code = 0};
    assert_int_equal(ktxn__gate_end(&keeper, true, &error), rows[i].commit);
    assert_int_equal(error.error_class, rows[i].commit_class);
    assert_int_equal(keeper.gate, rows[i].commit == 0 ? KTXN__GATE_COMMITTING : rows[i].gate);
    if (rows[i].gate == KTXN__GATE_ABORTABLE) {
      assert_int_equal(error.outcome, KTXN_OUTCOME_NOT_COMMITTED);
    }

    keeper = keeper_at(rows[i].gate);
    error = (ktxn_error){.code = 0};
    assert_int_equal(ktxn__gate_end(&keeper, false, &error), rows[i].abort);
    assert_int_equal(error.error_class, rows[i].abort_class);
    assert_int_equal(keeper.gate, rows[i].abort == 0 ? KTXN__GATE_ABORTING : rows[i].gate);
  }
}

static void test_without_transactions_it_stays_open(void **state) {
  (void)state;
  struct ktxn__gate_keeper keeper;
  ktxn_error error;
  ktxn__gate_init(&keeper, false);
  assert_int_equal(ktxn__gate_begin(&keeper, &error), KTXN_E_NOT_CONFIGURED);
  assert_int_equal(error.error_class, KTXN_CLASS_USAGE);
  assert_int_equal(ktxn__gate_end(&keeper, true, &error), KTXN_E_NOT_CONFIGURED);
  ktxn__error_set(&error, KTXN_E_BUFFER_FULL, KTXN_CLASS_RETRY, "full");
  assert_false(ktxn__gate_fail(&keeper, &error));
  ktxn__gate_set(&keeper, KTXN__GATE_ABORTABLE, &error);
  ktxn__gate_set(&keeper, KTXN__GATE_READY, NULL);
  assert_int_equal(keeper.gate, KTXN__GATE_OPEN);
  ktxn__gate_set(&keeper, KTXN__GATE_FATAL, &error);
  assert_int_equal(keeper.gate, KTXN__GATE_FATAL);
}

static void test_the_first_fatal_error_is_kept(void **state) {
  (void)state;
  struct ktxn__gate_keeper keeper = keeper_at(KTXN__GATE_OPEN);
  ktxn_error error;
  ktxn__error_set(&error, KTXN_E_FENCED, KTXN_CLASS_RECREATE, "first");
  ktxn__gate_set(&keeper, KTXN__GATE_FATAL, &error);
  ktxn__error_set(&error, KTXN_E_INTERNAL, KTXN_CLASS_RECREATE, "second");
  ktxn__gate_set(&keeper, KTXN__GATE_FATAL, &error);
  ktxn__gate_set(&keeper, KTXN__GATE_READY, NULL);
  assert_int_equal(ktxn__gate_refuse(&keeper, &error), KTXN_E_FENCED);
  assert_true(error.fatal);
  assert_string_equal(error.message, "first");
  ktxn__gate_close(&keeper);
  ktxn__gate_set(&keeper, KTXN__GATE_READY, NULL);
  assert_int_equal(ktxn__gate_refuse(&keeper, &error), KTXN_E_CLOSED);
}

static void test_a_failure_becomes_class_abort_with_its_code(void **state) {
  (void)state;
  struct ktxn__gate_keeper keeper = keeper_at(KTXN__GATE_OPEN);
  ktxn_error cause, error;
  ktxn__error_set(&cause, KTXN_E_BUFFER_FULL, KTXN_CLASS_RETRY, "no room");
  assert_true(ktxn__gate_fail(&keeper, &cause));
  assert_true(keeper.failed);
  assert_int_equal(keeper.failure.error_class, KTXN_CLASS_RETRY);
  assert_int_equal(ktxn__gate_refuse(&keeper, &error), KTXN_E_BUFFER_FULL);
  assert_int_equal(error.error_class, KTXN_CLASS_ABORT);
  assert_string_equal(error.message, "transaction 3 must be aborted: no room");
  assert_false(ktxn__gate_fail(&keeper, &cause)); /* the first one stays */
}

/* A batch that fails while the application aborts, or after the end, must not undo what the application did. */
static void test_the_senders_abortable_counts_only_before_an_abort(void **state) {
  (void)state;
  static const enum ktxn__gate from[] = {KTXN__GATE_READY, KTXN__GATE_OPEN, KTXN__GATE_COMMITTING, KTXN__GATE_ABORTING};
  static const enum ktxn__gate to[] = {KTXN__GATE_READY, KTXN__GATE_ABORTABLE, KTXN__GATE_ABORTABLE,
                                       KTXN__GATE_ABORTING};
  for (int i = 0; i < 4; i++) {
    struct ktxn__gate_keeper keeper = keeper_at(from[i]);
    ktxn_error error;
    ktxn__error_set(&error, KTXN_E_DELIVERY_TIMED_OUT, KTXN_CLASS_ABORT, "late");
    ktxn__gate_set(&keeper, KTXN__GATE_ABORTABLE, &error);
    assert_int_equal(keeper.gate, to[i]);
  }
}

/* Begun, and no commit asked for: whatever made the producer fatal, nothing of it was committed. A call that had asked for
 * an end brings what is known itself. */
static void test_fatal_while_open_is_not_committed(void **state) {
  (void)state;
  static const struct {
    enum ktxn__gate from;
    enum ktxn_outcome outcome;
  } rows[] = {{KTXN__GATE_UNINIT, KTXN_OUTCOME_NONE},           {KTXN__GATE_READY, KTXN_OUTCOME_NONE},
              {KTXN__GATE_OPEN, KTXN_OUTCOME_NOT_COMMITTED},    {KTXN__GATE_ABORTABLE, KTXN_OUTCOME_NOT_COMMITTED},
              {KTXN__GATE_COMMITTING, KTXN_OUTCOME_NONE},       {KTXN__GATE_ABORTING, KTXN_OUTCOME_NONE}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ktxn__gate_keeper keeper = keeper_at(rows[i].from);
    ktxn_error error;
    ktxn__error_set(&error, KTXN_E_FENCED, KTXN_CLASS_RECREATE, "fenced");
    ktxn__gate_set(&keeper, KTXN__GATE_FATAL, &error);
    assert_int_equal(ktxn__gate_end(&keeper, true, &error), KTXN_E_FENCED);
    assert_int_equal(error.outcome, rows[i].outcome);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_I05_every_gate_and_call),
      cmocka_unit_test(test_without_transactions_it_stays_open),
      cmocka_unit_test(test_the_first_fatal_error_is_kept),
      cmocka_unit_test(test_fatal_while_open_is_not_committed),
      cmocka_unit_test(test_a_failure_becomes_class_abort_with_its_code),
      cmocka_unit_test(test_the_senders_abortable_counts_only_before_an_abort),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
