#include "sdk/base/heap.h"

#define FIRST_CAPACITY 16U

void ktxn__heap_init(struct ktxn__heap *heap, struct ktxn__mem *mem) {
  *heap = (struct ktxn__heap){.mem = mem};
}

void ktxn__heap_free(struct ktxn__heap *heap) {
  ktxn__free(heap->mem, heap->entries);
  *heap = (struct ktxn__heap){.mem = heap->mem};
}

bool ktxn__heap_reserve(struct ktxn__heap *heap, uint32_t count) {
  if (count <= heap->capacity) {
    return true;
  }
  if (count > UINT32_MAX / 4) {
    return false;
  }
  uint32_t capacity = heap->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : heap->capacity;
  while (capacity < count) {
    capacity *= 2;
  }
  struct ktxn__heap_entry *entries = ktxn__realloc(heap->mem, heap->entries, capacity * sizeof *entries);
  if (entries == NULL) {
    return false;
  }
  heap->entries = entries;
  heap->capacity = capacity;
  return true;
}

static void put(struct ktxn__heap *heap, uint32_t at, struct ktxn__heap_entry entry) {
  heap->entries[at] = entry;
  *entry.place = at;
}

static void sift_up(struct ktxn__heap *heap, uint32_t at, struct ktxn__heap_entry entry) {
  while (at > 0 && heap->entries[(at - 1) / 2].key > entry.key) {
    put(heap, at, heap->entries[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
  put(heap, at, entry);
}

static void sift_down(struct ktxn__heap *heap, uint32_t at, struct ktxn__heap_entry entry) {
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child + 1 < heap->count && heap->entries[child + 1].key < heap->entries[child].key) {
      child++;
    }
    if (child >= heap->count || heap->entries[child].key >= entry.key) {
      break;
    }
    put(heap, at, heap->entries[child]);
    at = child;
  }
  put(heap, at, entry);
}

static void settle(struct ktxn__heap *heap, uint32_t at, struct ktxn__heap_entry entry) {
  if (at > 0 && heap->entries[(at - 1) / 2].key > entry.key) {
    sift_up(heap, at, entry);
  } else {
    sift_down(heap, at, entry);
  }
}

bool ktxn__heap_push(struct ktxn__heap *heap, int64_t key, void *value, uint32_t *place) {
  if (!ktxn__heap_reserve(heap, heap->count + 1)) {
    return false;
  }
  heap->count++;
  sift_up(heap, heap->count - 1, (struct ktxn__heap_entry){.key = key, .value = value, .place = place});
  return true;
}

void *ktxn__heap_pop(struct ktxn__heap *heap) {
  if (heap->count == 0) {
    return NULL;
  }
  void *value = heap->entries[0].value;
  ktxn__heap_remove(heap, heap->entries[0].place);
  return value;
}

void ktxn__heap_remove(struct ktxn__heap *heap, uint32_t *place) {
  uint32_t at = *place;
  if (at == KTXN__HEAP_NOWHERE) {
    return;
  }
  *place = KTXN__HEAP_NOWHERE;
  heap->count--;
  if (at != heap->count) {
    settle(heap, at, heap->entries[heap->count]);
  }
}

void ktxn__heap_change(struct ktxn__heap *heap, uint32_t *place, int64_t key) {
  if (*place == KTXN__HEAP_NOWHERE) {
    return;
  }
  struct ktxn__heap_entry entry = heap->entries[*place];
  entry.key = key;
  settle(heap, *place, entry);
}
