#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/crc32c.h"
#include "sdk/base/random.h"

static void the_check_value_is_right(void **state) {
  (void)state;
  assert_int_equal(ktxn__crc32c(0, "123456789", 9), 0xe3069283);
  assert_int_equal(ktxn__crc32c_portable(0, "123456789", 9), 0xe3069283);
  assert_int_equal(ktxn__crc32c(0, "", 0), 0);
  assert_int_equal(ktxn__crc32c_portable(0, "", 0), 0);
}

/* The vectors of RFC 3720, B.4: 32 bytes each. */
static void the_vectors_of_iscsi_are_right(void **state) {
  (void)state;
  uint8_t bytes[32];
  memset(bytes, 0, sizeof bytes);
  assert_int_equal(ktxn__crc32c_portable(0, bytes, 32), 0x8a9136aa);
  memset(bytes, 0xff, sizeof bytes);
  assert_int_equal(ktxn__crc32c_portable(0, bytes, 32), 0x62a8ab43);
  for (int i = 0; i < 32; i++) {
    bytes[i] = (uint8_t)i;
  }
  assert_int_equal(ktxn__crc32c_portable(0, bytes, 32), 0x46dd794e);
}

/* Every size and alignment up to a few words, and pieces joined. With ISA-L these are two programs for one sum. */
static void both_ways_agree(void **state) {
  (void)state;
  static uint8_t bytes[5000];
  struct ktxn__random random;
  ktxn__random_seed(&random, 3);
  for (size_t i = 0; i < sizeof bytes; i++) {
    bytes[i] = (uint8_t)ktxn__random_next(&random);
  }
  for (size_t start = 0; start < 16; start++) {
    for (size_t size = 0; size < 300; size++) {
      assert_int_equal(ktxn__crc32c(0, bytes + start, size), ktxn__crc32c_portable(0, bytes + start, size));
    }
  }
  uint32_t whole = ktxn__crc32c(0, bytes, sizeof bytes);
  for (size_t cut = 0; cut <= sizeof bytes; cut += 7) {
    assert_int_equal(ktxn__crc32c(ktxn__crc32c_portable(0, bytes, cut), bytes + cut, sizeof bytes - cut), whole);
    assert_int_equal(ktxn__crc32c_portable(ktxn__crc32c(0, bytes, cut), bytes + cut, sizeof bytes - cut), whole);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_check_value_is_right),
      cmocka_unit_test(the_vectors_of_iscsi_are_right),
      cmocka_unit_test(both_ways_agree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
