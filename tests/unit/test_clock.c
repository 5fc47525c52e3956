#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <time.h>

#include "sdk/os/clock.h"
#include "sdk/os/entropy.h"

static void the_monotonic_clock_never_goes_back(void **state) {
  (void)state;
  int64_t before = ktxn__clock_mono_us();
  for (int i = 0; i < 10000; i++) {
    int64_t now = ktxn__clock_mono_us();
    assert_true(now >= before);
    before = now;
  }
}

static void the_monotonic_clock_counts_microseconds(void **state) {
  (void)state;
  struct timespec before;
  struct timespec after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  int64_t now_us = ktxn__clock_mono_us();
  clock_gettime(CLOCK_MONOTONIC, &after);
  assert_true(now_us >= before.tv_sec * 1000000 + before.tv_nsec / 1000);
  assert_true(now_us <= after.tv_sec * 1000000 + after.tv_nsec / 1000);
}

static void the_wall_clocks_agree(void **state) {
  (void)state;
  time_t before = time(NULL);
  int64_t fine = ktxn__clock_wall_ms();
  int64_t coarse = ktxn__clock_wall_coarse_ms();
  time_t after = time(NULL);
  assert_true(fine / 1000 >= before - 1 && fine / 1000 <= after + 1);
  assert_true(coarse >= fine - 1000 && coarse / 1000 <= after + 1);
}

static void seeds_differ(void **state) {
  (void)state;
  assert_true(ktxn__entropy_seed() != ktxn__entropy_seed());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_monotonic_clock_never_goes_back),
      cmocka_unit_test(the_monotonic_clock_counts_microseconds),
      cmocka_unit_test(the_wall_clocks_agree),
      cmocka_unit_test(seeds_differ),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
