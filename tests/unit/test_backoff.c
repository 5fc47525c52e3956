#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/backoff.h"

static void it_doubles_within_the_jitter(void **state) {
  (void)state;
  int64_t expected = 100;
  for (uint32_t attempts = 0; attempts < 4; attempts++, expected *= 2) {
    assert_int_equal(ktxn__backoff(100, 10000, attempts, 0), expected * 8 / 10);
    int64_t highest = ktxn__backoff(100, 10000, attempts, UINT64_MAX);
    assert_true(highest >= expected * 12 / 10 - 1 && highest <= expected * 12 / 10);
    int64_t middle = ktxn__backoff(100, 10000, attempts, UINT64_C(1) << 63);
    assert_int_equal(middle, expected);
  }
}

static void it_never_passes_the_maximum(void **state) {
  (void)state;
  assert_int_equal(ktxn__backoff(100, 1000, 5, UINT64_MAX), 1000);
  assert_int_equal(ktxn__backoff(100, 1000, UINT32_MAX, UINT64_MAX), 1000);
  assert_int_equal(ktxn__backoff(100, 1000, UINT32_MAX, 0), 800);
  assert_int_equal(ktxn__backoff(100, INT64_MAX, 200, UINT64_MAX), INT64_MAX);
}

static void without_room_to_grow_it_is_the_maximum(void **state) {
  (void)state;
  assert_int_equal(ktxn__backoff(100, 100, 3, 0), 100);
  assert_int_equal(ktxn__backoff(100, 50, 0, 0), 50);
  assert_int_equal(ktxn__backoff(0, 0, 9, 0), 0);
  assert_int_equal(ktxn__backoff(0, 100, 9, 0), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_doubles_within_the_jitter),
      cmocka_unit_test(it_never_passes_the_maximum),
      cmocka_unit_test(without_room_to_grow_it_is_the_maximum),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
