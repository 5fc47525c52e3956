#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "sdk/base/random.h"
#include "sdk/engine/sender_sort.h"

static bool smaller(const void *ctx, uint32_t a, uint32_t b) {
  const uint32_t *keys = ctx;
  return keys[a] < keys[b];
}

static void sorts_any_order_and_keeps_every_number(void **state) {
  (void)state;
  struct ktxn__random random;
  ktxn__random_seed(&random, 7);
  uint32_t keys[300];
  uint32_t values[300];
  for (uint32_t count = 0; count <= 300; count++) {
    bool seen[300] = {false};
    for (uint32_t i = 0; i < count; i++) {
      keys[i] = (uint32_t)ktxn__random_below(&random, count / 2 + 1);
      values[i] = i;
    }
    ktxn__sender_sort(values, count, smaller, keys);
    for (uint32_t i = 0; i < count; i++) {
      assert_false(seen[values[i]]);
      seen[values[i]] = true;
      assert_true(i == 0 || keys[values[i - 1]] <= keys[values[i]]);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(sorts_any_order_and_keeps_every_number)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
