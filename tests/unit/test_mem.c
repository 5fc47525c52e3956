#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/mem.h"

static void blocks_are_counted_and_aligned(void **state) {
  (void)state;
  struct ktxn__mem mem;
  ktxn__mem_init(&mem, 0);
  char *a = ktxn__alloc(&mem, 100);
  char *b = ktxn__calloc(&mem, 3, 7);
  assert_int_equal((uintptr_t)a % KTXN__MEM_ALIGN, 0);
  assert_int_equal((uintptr_t)b % KTXN__MEM_ALIGN, 0);
  assert_int_equal(ktxn__mem_used(&mem), 121);
  for (int i = 0; i < 21; i++) {
    assert_int_equal(b[i], 0);
  }
  a = ktxn__realloc(&mem, a, 10);
  assert_int_equal(ktxn__mem_used(&mem), 31);
  a = ktxn__realloc(&mem, a, 50);
  assert_int_equal(ktxn__mem_used(&mem), 71);
  ktxn__free(&mem, a);
  ktxn__free(&mem, b);
  ktxn__free(&mem, NULL);
  assert_int_equal(ktxn__mem_used(&mem), 0);
  assert_int_equal(atomic_load(&mem.used_blocks), 0);
}

static void a_size_of_zero_is_a_block(void **state) {
  (void)state;
  struct ktxn__mem mem;
  ktxn__mem_init(&mem, 0);
  void *block = ktxn__alloc(&mem, 0);
  assert_non_null(block);
  ktxn__free(&mem, block);
  assert_int_equal(atomic_load(&mem.used_blocks), 0);
}

static void the_limit_holds(void **state) {
  (void)state;
  struct ktxn__mem mem;
  ktxn__mem_init(&mem, 100);
  char *a = ktxn__alloc(&mem, 60);
  assert_non_null(a);
  assert_null(ktxn__alloc(&mem, 41));
  char *b = ktxn__alloc(&mem, 40);
  assert_non_null(b);
  a[0] = 'x';
  assert_null(ktxn__realloc(&mem, a, 61));
  assert_int_equal(a[0], 'x');
  ktxn__free(&mem, b);
  a = ktxn__realloc(&mem, a, 100);
  assert_int_equal(ktxn__mem_used(&mem), 100);
  ktxn__free(&mem, a);
  assert_int_equal(ktxn__mem_used(&mem), 0);
}

static void sizes_that_overflow_are_refused(void **state) {
  (void)state;
  struct ktxn__mem mem;
  ktxn__mem_init(&mem, 0);
  assert_null(ktxn__calloc(&mem, SIZE_MAX / 2, 3));
  assert_null(ktxn__alloc(&mem, SIZE_MAX - 4));
  assert_int_equal(ktxn__mem_used(&mem), 0);
}

/* Which of ten allocations fail, as bits. */
static unsigned failures(struct ktxn__mem *mem) {
  unsigned failed = 0;
  for (unsigned i = 0; i < 10; i++) {
    void *block = i % 2 == 0 ? ktxn__alloc(mem, 8) : ktxn__realloc(mem, NULL, 8);
    failed |= block == NULL ? 1U << i : 0;
    ktxn__free(mem, block);
  }
  return failed;
}

static void the_chosen_allocation_fails(void **state) {
  (void)state;
  struct ktxn__mem mem;
  ktxn__mem_init(&mem, 0);
  assert_int_equal(failures(&mem), 0);
  ktxn__mem_fail(&mem, 3, false);
  assert_int_equal(failures(&mem), 1 << 2);
  ktxn__mem_fail(&mem, 4, true);
  assert_int_equal(failures(&mem), 0x3ff & ~7);
  assert_int_equal(failures(&mem), 0x3ff);
  ktxn__mem_fail(&mem, 0, false);
  assert_int_equal(failures(&mem), 0);
  assert_int_equal(ktxn__mem_used(&mem), 0);
}

static void *refuse_alloc(void *ctx, size_t size) {
  (void)ctx;
  (void)size;
  return NULL;
}

static void *refuse_realloc(void *ctx, void *block, size_t size) {
  (void)block;
  return refuse_alloc(ctx, size);
}

static void what_the_system_refuses_is_not_counted(void **state) {
  (void)state;
  struct ktxn__mem mem;
  ktxn__mem_init(&mem, 1000);
  void *block = ktxn__alloc(&mem, 100);
  mem.alloc = refuse_alloc;
  mem.realloc = refuse_realloc;
  assert_null(ktxn__alloc(&mem, 10));
  assert_null(ktxn__realloc(&mem, block, 200));
  assert_null(ktxn__realloc(&mem, block, 50));
  assert_int_equal(ktxn__mem_used(&mem), 100);
  ktxn__free(&mem, block);
  assert_int_equal(ktxn__mem_used(&mem), 0);
}

static void strings_are_copied(void **state) {
  (void)state;
  char *copy = ktxn__strdup(ktxn__mem_default(), "text");
  assert_string_equal(copy, "text");
  ktxn__free(ktxn__mem_default(), copy);
  assert_null(ktxn__strdup(ktxn__mem_default(), NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_are_counted_and_aligned), cmocka_unit_test(a_size_of_zero_is_a_block),
      cmocka_unit_test(the_limit_holds),                cmocka_unit_test(sizes_that_overflow_are_refused),
      cmocka_unit_test(the_chosen_allocation_fails),    cmocka_unit_test(strings_are_copied),
      cmocka_unit_test(what_the_system_refuses_is_not_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
