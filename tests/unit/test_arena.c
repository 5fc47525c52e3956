#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/arena.h"

static void what_it_gives_is_zeroed_aligned_and_apart(void **state) {
  (void)state;
  struct ktxn__arena arena;
  ktxn__arena_init(&arena, ktxn__mem_default(), 1 << 20);
  for (size_t round = 0; round < 3; round++) {
    uint8_t *before = NULL;
    for (size_t size = 1; size < 400; size++) {
      uint8_t *block = ktxn__arena_alloc(&arena, size);
      assert_int_equal((uintptr_t)block % KTXN__MEM_ALIGN, 0);
      assert_true(before == NULL || before[0] == 0xff);
      for (size_t i = 0; i < size; i++) {
        assert_int_equal(block[i], 0);
      }
      memset(block, 0xff, size);
      before = block;
    }
    ktxn__arena_reset(&arena);
  }
  ktxn__arena_free(&arena);
}

static void the_maximum_holds_over_all_chunks(void **state) {
  (void)state;
  struct ktxn__mem mem;
  struct ktxn__arena arena;
  ktxn__mem_init(&mem, 0);
  ktxn__arena_init(&arena, &mem, 10000);
  size_t got = 0;
  while (ktxn__arena_alloc(&arena, 1000) != NULL) {
    got += 1000;
  }
  assert_true(got >= 8000 && got <= 10000);
  assert_true(arena.total <= 10000);
  assert_null(ktxn__arena_alloc(&arena, 10001));
  assert_null(ktxn__arena_alloc(&arena, SIZE_MAX));
  assert_null(ktxn__arena_array(&arena, SIZE_MAX / 2, 4));
  ktxn__arena_free(&arena);
  assert_int_equal(ktxn__mem_used(&mem), 0);
}

static void a_steady_state_allocates_nothing(void **state) {
  (void)state;
  struct ktxn__mem mem;
  struct ktxn__arena arena;
  ktxn__mem_init(&mem, 0);
  ktxn__arena_init(&arena, &mem, 1 << 20);
  assert_int_equal(ktxn__mem_used(&mem), 0);
  assert_non_null(ktxn__arena_alloc(&arena, 3000));
  size_t used = ktxn__mem_used(&mem);
  assert_non_null(ktxn__arena_alloc(&arena, 30000));
  ktxn__arena_reset(&arena);
  assert_int_equal(ktxn__mem_used(&mem), used);
  ktxn__mem_fail(&mem, 1, true);
  for (int i = 0; i < 100; i++) {
    assert_non_null(ktxn__arena_alloc(&arena, 3000));
    ktxn__arena_reset(&arena);
  }
  assert_null(ktxn__arena_alloc(&arena, 5000));
  ktxn__arena_free(&arena);
  assert_int_equal(ktxn__mem_used(&mem), 0);
}

static void it_can_be_used_again_after_free(void **state) {
  (void)state;
  struct ktxn__arena arena;
  ktxn__arena_init(&arena, ktxn__mem_default(), 5000);
  ktxn__arena_reset(&arena);
  assert_non_null(ktxn__arena_alloc(&arena, 0));
  ktxn__arena_free(&arena);
  assert_int_equal(arena.total, 0);
  assert_non_null(ktxn__arena_alloc(&arena, 5000 / KTXN__MEM_ALIGN * KTXN__MEM_ALIGN));
  ktxn__arena_free(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_it_gives_is_zeroed_aligned_and_apart),
      cmocka_unit_test(the_maximum_holds_over_all_chunks),
      cmocka_unit_test(a_steady_state_allocates_nothing),
      cmocka_unit_test(it_can_be_used_again_after_free),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
