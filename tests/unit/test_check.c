#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/check.h"

struct seen {
  int count;
  const char *what;
  int line;
};

static void note(void *ctx, const char *what, const char *file, int line) {
  struct seen *seen = ctx;
  seen->count++;
  seen->what = what;
  seen->line = line;
  assert_non_null(strstr(file, "test_check.c"));
}

static void a_failed_check_calls_its_hook_and_goes_on(void **state) {
  (void)state;
  struct seen seen = {0};
  const struct ktxn__check_hook hook = {note, &seen};
  int number = 3;
  assert_true(KTXN__CHECK(number == 3, &hook));
  assert_int_equal(seen.count, 0);
  assert_false(KTXN__CHECK(number == 4, &hook));
  assert_int_equal(seen.count, 1);
  assert_string_equal(seen.what, "number == 4");
  assert_int_equal(seen.line, __LINE__ - 3);
}

static void a_check_without_a_hook_calls_the_default_one(void **state) {
  (void)state;
  struct seen seen = {0};
  assert_false(KTXN__CHECK(false, NULL)); /* nobody to call: nothing happens */
  ktxn__check_default((struct ktxn__check_hook){note, &seen});
  const struct ktxn__check_hook empty = {NULL, NULL};
  assert_false(KTXN__CHECK(false, NULL));
  assert_false(KTXN__CHECK(false, &empty));
  ktxn__check_default(empty);
  assert_int_equal(seen.count, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_failed_check_calls_its_hook_and_goes_on),
      cmocka_unit_test(a_check_without_a_hook_calls_the_default_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
