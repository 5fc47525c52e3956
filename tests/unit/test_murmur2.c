#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "sdk/base/murmur2.h"

static void the_known_vectors_are_right(void **state) {
  (void)state;
  static const struct {
    const char *key;
    int32_t hash;
  } vectors[] = {
      {"21", -973932308},
      {"foobar", -790332482},
      {"a-little-bit-long-string", -985981536},
      {"a-little-bit-longer-string", -1486304829},
      {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
      {"abc", 479470107},
      {"", 275646681},
  };
  for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
    assert_int_equal((int32_t)ktxn__murmur2(vectors[i].key, strlen(vectors[i].key)), vectors[i].hash);
  }
}

static void check_hash(const struct golden_case *golden, void *ctx) {
  (void)ctx;
  assert_int_equal((int32_t)ktxn__murmur2(golden->bytes, golden->size), atoi(golden->name));
}

static void it_agrees_with_java(void **state) {
  (void)state;
  assert_int_equal(golden_each("murmur2", "hash", check_hash, NULL), 200);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_known_vectors_are_right),
      cmocka_unit_test(it_agrees_with_java),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
