#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "sdk/base/str.h"

static void null_and_empty_differ(void **state) {
  (void)state;
  assert_true(ktxn__str_null(ktxn__str(NULL)));
  assert_true(ktxn__str_null(KTXN__STR_NULL));
  assert_false(ktxn__str_null(ktxn__str("")));
  assert_true(ktxn__str_equal(KTXN__STR_NULL, ktxn__str(NULL)));
  assert_false(ktxn__str_equal(KTXN__STR_NULL, KTXN__STR("")));
  assert_true(ktxn__str_equal(KTXN__STR("abc"), ktxn__str("abc")));
  assert_false(ktxn__str_equal(KTXN__STR("abc"), KTXN__STR("abd")));
  assert_false(ktxn__str_equal(KTXN__STR("abc"), KTXN__STR("ab")));
}

static void copies_are_cut_to_fit(void **state) {
  (void)state;
  char out[4];
  ktxn__str_copy(KTXN__STR("abcdef"), out, sizeof out);
  assert_string_equal(out, "abc");
  ktxn__str_copy(KTXN__STR("ab"), out, sizeof out);
  assert_string_equal(out, "ab");
  ktxn__str_copy(KTXN__STR_NULL, out, 1);
  assert_string_equal(out, "");
}

static void it_prints(void **state) {
  (void)state;
  char out[16];
  snprintf(out, sizeof out, "<%.*s%.*s>", KTXN__STR_ARG(KTXN__STR("abc")), KTXN__STR_ARG(KTXN__STR_NULL));
  assert_string_equal(out, "<abc>");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(null_and_empty_differ),
      cmocka_unit_test(copies_are_cut_to_fit),
      cmocka_unit_test(it_prints),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
