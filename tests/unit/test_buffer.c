#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/buffer.h"

static void it_grows_up_to_its_maximum(void **state) {
  (void)state;
  struct ktxn__buffer buffer;
  ktxn__buffer_init(&buffer, ktxn__mem_default(), 1000);
  assert_null(buffer.data);
  for (int i = 0; i < 100; i++) {
    assert_true(ktxn__buffer_append(&buffer, "0123456789", 10));
  }
  assert_int_equal(buffer.size, 1000);
  assert_false(ktxn__buffer_append(&buffer, "x", 1));
  assert_null(ktxn__buffer_extend(&buffer, SIZE_MAX));
  assert_int_equal(buffer.size, 1000);
  assert_memory_equal(buffer.data + 990, "0123456789", 10);
  ktxn__buffer_free(&buffer);
}

static void the_front_can_be_dropped(void **state) {
  (void)state;
  struct ktxn__buffer buffer;
  ktxn__buffer_init(&buffer, ktxn__mem_default(), 100);
  assert_true(ktxn__buffer_append(&buffer, "abcdef", 6));
  ktxn__buffer_drop(&buffer, 2);
  assert_int_equal(buffer.size, 4);
  assert_memory_equal(buffer.data, "cdef", 4);
  ktxn__buffer_drop(&buffer, 5);
  assert_int_equal(buffer.size, 0);
  ktxn__buffer_free(&buffer);
}

static void clearing_keeps_the_memory(void **state) {
  (void)state;
  struct ktxn__mem mem;
  struct ktxn__buffer buffer;
  ktxn__mem_init(&mem, 0);
  ktxn__buffer_init(&buffer, &mem, 4096);
  assert_non_null(ktxn__buffer_extend(&buffer, 3000));
  size_t used = ktxn__mem_used(&mem);
  assert_true(used >= 3000 && used <= 4096);
  ktxn__buffer_clear(&buffer);
  ktxn__mem_fail(&mem, 1, true);
  assert_non_null(ktxn__buffer_extend(&buffer, 3000));
  assert_int_equal(ktxn__mem_used(&mem), used);
  ktxn__buffer_free(&buffer);
  assert_int_equal(ktxn__mem_used(&mem), 0);
}

static void out_of_memory_leaves_the_content(void **state) {
  (void)state;
  struct ktxn__mem mem;
  struct ktxn__buffer buffer;
  ktxn__mem_init(&mem, 0);
  ktxn__buffer_init(&buffer, &mem, 100000);
  assert_true(ktxn__buffer_append(&buffer, "abc", 3));
  ktxn__mem_fail(&mem, 1, true);
  assert_false(ktxn__buffer_reserve(&buffer, 50000));
  assert_int_equal(buffer.size, 3);
  assert_memory_equal(buffer.data, "abc", 3);
  ktxn__buffer_free(&buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_grows_up_to_its_maximum),
      cmocka_unit_test(the_front_can_be_dropped),
      cmocka_unit_test(clearing_keeps_the_memory),
      cmocka_unit_test(out_of_memory_leaves_the_content),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
