#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/random.h"

/* The first numbers of splitmix64 from the seed 1234567, as its author publishes them. */
static void it_is_splitmix64(void **state) {
  (void)state;
  struct ktxn__random random;
  ktxn__random_seed(&random, 1234567);
  assert_true(ktxn__random_next(&random) == UINT64_C(6457827717110365317));
  assert_true(ktxn__random_next(&random) == UINT64_C(3203168211198807973));
}

static void bounded_numbers_are_even(void **state) {
  (void)state;
  struct ktxn__random random;
  int counts[7] = {0};
  ktxn__random_seed(&random, 1);
  for (int i = 0; i < 70000; i++) {
    counts[ktxn__random_below(&random, 7)]++;
  }
  for (int i = 0; i < 7; i++) {
    assert_in_range(counts[i], 9500, 10500);
  }
  assert_int_equal(ktxn__random_below(&random, 1), 0);
  assert_int_equal(ktxn__random_below(&random, 0), 0);
  assert_true(ktxn__random_below(&random, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
}

static void units_lie_between_0_and_1(void **state) {
  (void)state;
  struct ktxn__random random;
  double sum = 0;
  ktxn__random_seed(&random, 99);
  for (int i = 0; i < 10000; i++) {
    double unit = ktxn__random_unit(&random);
    assert_true(unit >= 0 && unit < 1);
    sum += unit;
  }
  assert_true(sum > 4800 && sum < 5200);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_splitmix64),
      cmocka_unit_test(bounded_numbers_are_even),
      cmocka_unit_test(units_lie_between_0_and_1),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
