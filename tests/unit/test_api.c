#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/wire/api.h"

static void the_highest_common_version_is_chosen(void **state) {
  (void)state;
  assert_int_equal(ktxn__api_choose(KTXN__API_PRODUCE, 0, 20, INT16_MAX), 13);
  assert_int_equal(ktxn__api_choose(KTXN__API_PRODUCE, 0, 7, INT16_MAX), 7);
  assert_int_equal(ktxn__api_choose(KTXN__API_PRODUCE, 3, 13, 11), 11);
  assert_int_equal(ktxn__api_choose(KTXN__API_END_TXN, 0, 5, 4), 4);
  assert_int_equal(ktxn__api_choose(KTXN__API_ADD_PARTITIONS_TO_TXN, 0, 5, INT16_MAX), 3);
  assert_int_equal(ktxn__api_choose(KTXN__API_INIT_PRODUCER_ID, 0, 6, INT16_MAX), 5);
  assert_int_equal(ktxn__api_choose(KTXN__API_METADATA, 0, 0, INT16_MAX), 0);
}

static void O12_nothing_is_chosen_where_nothing_is_common(void **state) {
  (void)state;
  assert_int_equal(ktxn__api_choose(KTXN__API_PRODUCE, 0, 2, INT16_MAX), -1);
  assert_int_equal(ktxn__api_choose(KTXN__API_PRODUCE, 14, 15, INT16_MAX), -1);
  assert_int_equal(ktxn__api_choose(KTXN__API_PRODUCE, 12, 13, 11), -1);
  assert_int_equal(ktxn__api_choose(KTXN__API_END_TXN, 4, 3, INT16_MAX), -1);
  assert_int_equal(ktxn__api_choose(KTXN__API_END_TXN, 0, -1, INT16_MAX), -1);
  assert_int_equal(ktxn__api_choose(KTXN__API_END_TXN, INT16_MIN, INT16_MIN, INT16_MAX), -1);
  assert_int_equal(ktxn__api_choose(1, 0, 99, INT16_MAX), -1);
}

static void the_first_flexible_versions_are_kafkas(void **state) {
  (void)state;
  static const struct {
    int16_t key;
    int16_t first;
  } flexible[] = {{0, 9}, {3, 9}, {10, 3}, {18, 3}, {22, 2}, {24, 3}, {25, 3}, {26, 3}, {28, 3}, {65, 0}};
  for (size_t i = 0; i < sizeof flexible / sizeof flexible[0]; i++) {
    assert_false(ktxn__api_flexible(flexible[i].key, (int16_t)(flexible[i].first - 1)));
    assert_true(ktxn__api_flexible(flexible[i].key, flexible[i].first));
  }
  assert_false(ktxn__api_flexible(1, 12));
}

/* KIP-219: below these versions the broker has waited already, and the client must not wait again. */
static void the_first_throttling_versions_are_kafkas(void **state) {
  (void)state;
  static const struct {
    int16_t key;
    int16_t first;
  } throttling[] = {{0, 6}, {3, 6}, {10, 2}, {18, 2}, {22, 1}, {24, 1}, {25, 1}, {26, 1}, {28, 1}, {65, 0}};
  for (size_t i = 0; i < sizeof throttling / sizeof throttling[0]; i++) {
    assert_false(ktxn__api_throttles(throttling[i].key, (int16_t)(throttling[i].first - 1)));
    assert_true(ktxn__api_throttles(throttling[i].key, throttling[i].first));
  }
}

static void apis_have_names(void **state) {
  (void)state;
  assert_string_equal(ktxn__api_name(KTXN__API_TXN_OFFSET_COMMIT), "TxnOffsetCommit");
  assert_string_equal(ktxn__api_name(1), "unknown request");
  assert_null(ktxn__api_find(1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_highest_common_version_is_chosen),
      cmocka_unit_test(O12_nothing_is_chosen_where_nothing_is_common),
      cmocka_unit_test(the_first_flexible_versions_are_kafkas),
      cmocka_unit_test(the_first_throttling_versions_are_kafkas),
      cmocka_unit_test(apis_have_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
