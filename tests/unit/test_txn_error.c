#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "txn/error.h"

/* Only these say "it worked"; every other answer, known or not, must never be taken for success (O10). */
static bool may_be_ok(enum ktxn__txn_column column, int code) {
  bool produce = column == KTXN__TXN_COLUMN_PRODUCE || column == KTXN__TXN_COLUMN_PRODUCE_IDEMPOTENT;
  if (code == KTXN_E_OK) return true;
  if (code == KTXN_E_DUPLICATE_SEQUENCE_NUMBER) return produce;
  return code == KTXN_E_TRANSACTIONAL_ID_NOT_FOUND && column == KTXN__TXN_COLUMN_DESCRIBE;
}

static void test_O10_no_code_but_zero_is_success(void **state) {
  (void)state;
  for (int column = 0; column < KTXN__TXN_COLUMN_COUNT; column++)
    for (int code = INT16_MIN; code <= INT16_MAX; code++)
      for (int v2 = 0; v2 <= 1; v2++)
        assert_int_equal(ktxn__txn_action((enum ktxn__txn_column)column, v2, code) == KTXN__TXN_OK,
                         may_be_ok((enum ktxn__txn_column)column, code));
}

#define BIT(action) (1u << KTXN__TXN_##action)
#define ASKED_AGAIN (BIT(OK) | BIT(AGAIN) | BIT(ELSEWHERE))

/* What the handler of each request knows how to do. A cell outside of it would be taken for something else. */
static const unsigned handled[KTXN__TXN_COLUMN_COUNT] = {
    [KTXN__TXN_COLUMN_FIND_TXN] = BIT(OK) | BIT(AGAIN) | BIT(ABORTABLE) | BIT(FATAL),
    [KTXN__TXN_COLUMN_FIND_GROUP] = BIT(OK) | BIT(AGAIN) | BIT(ABORTABLE) | BIT(FATAL),
    [KTXN__TXN_COLUMN_INIT] = ASKED_AGAIN | BIT(PACED) | BIT(RETURN) | BIT(FATAL),
    [KTXN__TXN_COLUMN_ADD_PARTITIONS] =
        ASKED_AGAIN | BIT(PACED) | BIT(SUSPECT) | BIT(RESTART) | BIT(ABORTABLE) | BIT(FATAL),
    [KTXN__TXN_COLUMN_ADD_OFFSETS] =
        ASKED_AGAIN | BIT(PACED) | BIT(SUSPECT) | BIT(RESTART) | BIT(ABORTABLE) | BIT(FATAL),
    [KTXN__TXN_COLUMN_OFFSET_COMMIT] = ASKED_AGAIN | BIT(FENCE) | BIT(FEATURES) | BIT(ABORTABLE) | BIT(FATAL),
    [KTXN__TXN_COLUMN_COMMIT] = ASKED_AGAIN | BIT(PACED) | BIT(SAME) | BIT(SUSPECT) | BIT(FEATURES) | BIT(RESTART) |
                                BIT(ABORTABLE) | BIT(FATAL),
    [KTXN__TXN_COLUMN_ABORT] =
        ASKED_AGAIN | BIT(PACED) | BIT(SAME) | BIT(SUSPECT) | BIT(FEATURES) | BIT(RESTART) | BIT(FATAL),
    [KTXN__TXN_COLUMN_DESCRIBE] = ASKED_AGAIN,
    [KTXN__TXN_COLUMN_PRODUCE] = ASKED_AGAIN | BIT(SEQUENCE) | BIT(FORGOTTEN) | BIT(FENCE) | BIT(FEATURES) |
                                 BIT(ABORTABLE) | BIT(TOO_LARGE) | BIT(FATAL),
    [KTXN__TXN_COLUMN_PRODUCE_IDEMPOTENT] = ASKED_AGAIN | BIT(TOO_LARGE) | BIT(SEQUENCE) | BIT(FORGOTTEN) | BIT(REFUSED) | BIT(FATAL),
};

static void test_every_cell_is_handled(void **state) {
  (void)state;
  for (int column = 0; column < KTXN__TXN_COLUMN_COUNT; column++)
    for (int code = INT16_MIN; code <= INT16_MAX; code++)
      for (int v2 = 0; v2 <= 1; v2++)
        assert_true(handled[column] & 1u << ktxn__txn_action((enum ktxn__txn_column)column, v2, code));
}

/* An abort that could fail in an abortable way would be asked for again and again (KAFKA-19250). */
static void test_abort_is_never_abortable(void **state) {
  (void)state;
  for (int code = INT16_MIN; code <= INT16_MAX; code++)
    assert_int_not_equal(ktxn__txn_action(KTXN__TXN_COLUMN_ABORT, false, code), KTXN__TXN_ABORTABLE);
}

static void test_what_ends_something_has_a_class(void **state) {
  static const enum ktxn__txn_action ends[] = {KTXN__TXN_ABORTABLE, KTXN__TXN_RESTART, KTXN__TXN_RETURN,
                                               KTXN__TXN_FATAL,     KTXN__TXN_FENCE,   KTXN__TXN_REFUSED};
  (void)state;
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
    for (int code = INT16_MIN; code <= INT16_MAX; code++)
      assert_int_not_equal(ktxn__txn_class(ends[i], code), KTXN_CLASS_NONE);
  assert_int_equal(ktxn__txn_class(KTXN__TXN_FATAL, 53), KTXN_CLASS_CONFIG);
  assert_int_equal(ktxn__txn_class(KTXN__TXN_FATAL, 49), KTXN_CLASS_RECREATE);
  assert_int_equal(ktxn__txn_class(KTXN__TXN_AGAIN, 14), KTXN_CLASS_NONE);
}

/* A request of unknown fate may act on the next transaction of the same epoch; a question can't. */
static void test_what_taints_the_epoch(void **state) {
  (void)state;
  for (int code = INT16_MIN; code <= INT16_MAX; code++) {
    bool ambiguous = code != 0 && !ktxn__txn_definite(code);
    bool forgotten = code == KTXN_E_UNKNOWN_PRODUCER_ID;
    assert_int_equal(ktxn__txn_taints(KTXN__TXN_COLUMN_ADD_PARTITIONS, code), ambiguous || forgotten);
    assert_int_equal(ktxn__txn_taints(KTXN__TXN_COLUMN_ADD_OFFSETS, code), ambiguous || forgotten);
    assert_int_equal(ktxn__txn_taints(KTXN__TXN_COLUMN_COMMIT, code), ambiguous || forgotten);
    assert_int_equal(ktxn__txn_taints(KTXN__TXN_COLUMN_ABORT, code), ambiguous || forgotten);
    assert_int_equal(ktxn__txn_taints(KTXN__TXN_COLUMN_OFFSET_COMMIT, code), ambiguous);
    assert_false(ktxn__txn_taints(KTXN__TXN_COLUMN_FIND_TXN, code));
    assert_false(ktxn__txn_taints(KTXN__TXN_COLUMN_INIT, code));
    assert_false(ktxn__txn_taints(KTXN__TXN_COLUMN_DESCRIBE, code));
  }
}

static void test_an_unknown_code_to_an_end_is_asked_again(void **state) {
  (void)state;
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_COMMIT, false, 9999), KTXN__TXN_SAME);
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_ABORT, false, -32768), KTXN__TXN_SAME);
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_COMMIT, false, KTXN_E_UNKNOWN_SERVER_ERROR), KTXN__TXN_SAME);
}

/* What may have taken effect must never be in the list of answers that changed nothing. */
static void test_ambiguous_codes_are_not_definite(void **state) {
  static const int codes[] = {-1, 7, 14, 15, 16, 35, 9999, 0};
  (void)state;
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) assert_false(ktxn__txn_definite(codes[i]));
}

static void test_only_abort_of_its_kind_is_fatal(void **state) {
  (void)state;
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_COMMIT, false, KTXN_E_TRANSACTION_ABORTABLE), KTXN__TXN_ABORTABLE);
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_ABORT, false, KTXN_E_TRANSACTION_ABORTABLE), KTXN__TXN_FATAL);
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_COMMIT, false, KTXN_E_GROUP_AUTHORIZATION_FAILED), KTXN__TXN_ABORTABLE);
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_ABORT, false, KTXN_E_GROUP_AUTHORIZATION_FAILED), KTXN__TXN_FATAL);
}

static void test_A09_authorization_at_init_returns(void **state) {
  (void)state;
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_INIT, false, 53), KTXN__TXN_RETURN);
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_INIT, false, 31), KTXN__TXN_RETURN);
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_COMMIT, false, 53), KTXN__TXN_FATAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_O10_no_code_but_zero_is_success),
      cmocka_unit_test(test_an_unknown_code_to_an_end_is_asked_again),
      cmocka_unit_test(test_ambiguous_codes_are_not_definite),
      cmocka_unit_test(test_only_abort_of_its_kind_is_fatal),
      cmocka_unit_test(test_A09_authorization_at_init_returns),
      cmocka_unit_test(test_every_cell_is_handled),
      cmocka_unit_test(test_abort_is_never_abortable),
      cmocka_unit_test(test_what_ends_something_has_a_class),
      cmocka_unit_test(test_what_taints_the_epoch),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
