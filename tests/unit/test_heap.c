#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/heap.h"
#include "sdk/base/random.h"

#define COUNT 500

struct timer {
  int64_t key;
  uint32_t place;
};

static struct timer timers[COUNT];

static int64_t smallest(void) {
  int64_t found = INT64_MAX;
  for (int i = 0; i < COUNT; i++) {
    if (timers[i].place != KTXN__HEAP_NOWHERE && timers[i].key < found) {
      found = timers[i].key;
    }
  }
  return found;
}

static void push(struct ktxn__heap *heap, struct timer *timer, int64_t key) {
  timer->key = key;
  assert_true(ktxn__heap_push(heap, key, timer, &timer->place));
}

/* One random change, mirrored in the array. */
static void change(struct ktxn__heap *heap, struct ktxn__random *random) {
  struct timer *timer = &timers[ktxn__random_below(random, COUNT)];
  int64_t key = (int64_t)ktxn__random_below(random, 100) - 50;
  switch (ktxn__random_below(random, 4)) {
    case 0:
      ktxn__heap_remove(heap, &timer->place);
      assert_int_equal(timer->place, KTXN__HEAP_NOWHERE);
      break;
    case 1:
      if (timer->place != KTXN__HEAP_NOWHERE) {
        timer->key = key;
      }
      ktxn__heap_change(heap, &timer->place, key);
      break;
    default:
      if (timer->place == KTXN__HEAP_NOWHERE) {
        push(heap, timer, key);
      }
  }
}

static void the_first_is_always_the_smallest(void **state) {
  (void)state;
  struct ktxn__heap heap;
  struct ktxn__random random;
  ktxn__heap_init(&heap, ktxn__mem_default());
  ktxn__random_seed(&random, 7);
  for (int i = 0; i < COUNT; i++) {
    timers[i].place = KTXN__HEAP_NOWHERE;
  }
  for (int i = 0; i < 20000; i++) {
    change(&heap, &random);
    const struct ktxn__heap_entry *first = ktxn__heap_first(&heap);
    assert_int_equal(first == NULL ? INT64_MAX : first->key, smallest());
  }
  int64_t before = INT64_MIN;
  for (struct timer *timer = ktxn__heap_pop(&heap); timer != NULL; timer = ktxn__heap_pop(&heap)) {
    assert_true(timer->key >= before);
    assert_int_equal(timer->place, KTXN__HEAP_NOWHERE);
    before = timer->key;
  }
  assert_int_equal(smallest(), INT64_MAX);
  ktxn__heap_free(&heap);
}

static void reserved_room_cannot_fail(void **state) {
  (void)state;
  struct ktxn__mem mem;
  struct ktxn__heap heap;
  ktxn__mem_init(&mem, 0);
  ktxn__heap_init(&heap, &mem);
  assert_true(ktxn__heap_reserve(&heap, 100));
  ktxn__mem_fail(&mem, 1, true);
  for (int i = 0; i < 100; i++) {
    timers[i].place = KTXN__HEAP_NOWHERE;
    push(&heap, &timers[i], i);
  }
  while (heap.count < heap.capacity) {
    push(&heap, &timers[heap.count], 5);
  }
  timers[COUNT - 1].place = KTXN__HEAP_NOWHERE;
  assert_false(ktxn__heap_push(&heap, 1, &timers[COUNT - 1], &timers[COUNT - 1].place));
  assert_int_equal(timers[COUNT - 1].place, KTXN__HEAP_NOWHERE);
  ktxn__heap_free(&heap);
  assert_int_equal(ktxn__mem_used(&mem), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_is_always_the_smallest),
      cmocka_unit_test(reserved_room_cannot_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
