#include "sdk/engine/sender_sort.h"

/* A heap sort: qsort() may allocate, and the engine allocates only from the memory that it was handed. */

static void swap(uint32_t *a, uint32_t *b) {
  uint32_t c = *a;
  *a = *b;
  *b = c;
}

static void sink(uint32_t *values, uint32_t at, uint32_t count, ktxn__sender_before before, const void *ctx) {
  for (;;) {
    uint32_t last = at;
    uint32_t child = 2 * at + 1;
    if (child < count && before(ctx, values[last], values[child])) {
      last = child;
    }
    if (child + 1 < count && before(ctx, values[last], values[child + 1])) {
      last = child + 1;
    }
    if (last == at) {
      return;
    }
    swap(&values[at], &values[last]);
    at = last;
  }
}

void ktxn__sender_sort(uint32_t *values, uint32_t count, ktxn__sender_before before, const void *ctx) {
  for (uint32_t i = count / 2; i > 0; i--) {
    sink(values, i - 1, count, before, ctx);
  }
  for (uint32_t left = count; left > 1; left--) {
    swap(&values[0], &values[left - 1]);
    sink(values, 0, left - 1, before, ctx);
  }
}
