#ifndef KTXN_BASE_HEAP_H
#define KTXN_BASE_HEAP_H

/*
 * A binary min-heap of (key, value), for timers. Each value has a place, a uint32_t of its owner's, that the heap keeps
 * up to date, so that any entry can be moved or removed in O(log n).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/mem.h"

#define KTXN__HEAP_NOWHERE UINT32_MAX /* the place of what is in no heap */

struct ktxn__heap_entry {
  int64_t key;
  void *value;
  uint32_t *place;
};

struct ktxn__heap {
  struct ktxn__heap_entry *entries;
  uint32_t count;
  uint32_t capacity;
  struct ktxn__mem *mem;
};

void ktxn__heap_init(struct ktxn__heap *heap, struct ktxn__mem *mem);
void ktxn__heap_free(struct ktxn__heap *heap);

/** Makes room for `count` entries in all, so that as many pushes can't fail. */
bool ktxn__heap_reserve(struct ktxn__heap *heap, uint32_t count);

/** `*place` must be KTXN__HEAP_NOWHERE and stay where it is while the entry is in the heap. False: out of memory. */
bool ktxn__heap_push(struct ktxn__heap *heap, int64_t key, void *value, uint32_t *place);

/** The entry with the smallest key; NULL when empty. Valid until the next call. */
static inline const struct ktxn__heap_entry *ktxn__heap_first(const struct ktxn__heap *heap) {
  return heap->count == 0 ? NULL : &heap->entries[0];
}

/** Takes the first entry off and returns its value; NULL when empty. */
void *ktxn__heap_pop(struct ktxn__heap *heap);

/** Both do nothing when `*place` is KTXN__HEAP_NOWHERE. */
void ktxn__heap_remove(struct ktxn__heap *heap, uint32_t *place);
void ktxn__heap_change(struct ktxn__heap *heap, uint32_t *place, int64_t key);

#endif
