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
      assert_int_equal(ktxn__txn_action((enum ktxn__txn_column)column, code) == KTXN__TXN_OK,
                       may_be_ok((enum ktxn__txn_column)column, code));
}

static void test_an_unknown_code_to_an_end_is_asked_again(void **state) {
  (void)state;
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_COMMIT, 9999), KTXN__TXN_SAME);
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_ABORT, -32768), KTXN__TXN_SAME);
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_COMMIT, KTXN_E_UNKNOWN_SERVER_ERROR), KTXN__TXN_SAME);
}

/* What may have taken effect must never be in the list of answers that changed nothing. */
static void test_ambiguous_codes_are_not_definite(void **state) {
  static const int codes[] = {-1, 7, 14, 15, 16, 35, 9999, 0};
  (void)state;
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) assert_false(ktxn__txn_definite(codes[i]));
}

static void test_only_abort_of_its_kind_is_fatal(void **state) {
  (void)state;
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_COMMIT, KTXN_E_TRANSACTION_ABORTABLE), KTXN__TXN_ABORTABLE);
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_ABORT, KTXN_E_TRANSACTION_ABORTABLE), KTXN__TXN_FATAL);
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_COMMIT, KTXN_E_GROUP_AUTHORIZATION_FAILED), KTXN__TXN_ABORTABLE);
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_ABORT, KTXN_E_GROUP_AUTHORIZATION_FAILED), KTXN__TXN_FATAL);
}

static void test_A09_authorization_at_init_returns(void **state) {
  (void)state;
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_INIT, 53), KTXN__TXN_RETURN);
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_INIT, 31), KTXN__TXN_RETURN);
  assert_int_equal(ktxn__txn_action(KTXN__TXN_COLUMN_COMMIT, 53), KTXN__TXN_FATAL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_O10_no_code_but_zero_is_success),
      cmocka_unit_test(test_an_unknown_code_to_an_end_is_asked_again),
      cmocka_unit_test(test_ambiguous_codes_are_not_definite),
      cmocka_unit_test(test_only_abort_of_its_kind_is_fatal),
      cmocka_unit_test(test_A09_authorization_at_init_returns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
