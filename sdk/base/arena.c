#include "sdk/base/arena.h"

#include <stdalign.h>
#include <string.h>

#define CHUNK_CAPACITY ((size_t)4096)

struct ktxn__arena_chunk {
  alignas(KTXN__MEM_ALIGN) struct ktxn__arena_chunk *next;
  size_t capacity;
  size_t used;
};

void ktxn__arena_init(struct ktxn__arena *arena, struct ktxn__mem *mem, size_t max) {
  *arena = (struct ktxn__arena){.mem = mem, .max = max};
}

static void free_chunks(struct ktxn__arena *arena, struct ktxn__arena_chunk *chunk) {
  while (chunk != NULL) {
    struct ktxn__arena_chunk *next = chunk->next;
    arena->total -= chunk->capacity;
    ktxn__free(arena->mem, chunk);
    chunk = next;
  }
}

void ktxn__arena_free(struct ktxn__arena *arena) {
  free_chunks(arena, arena->first);
  arena->first = NULL;
  arena->last = NULL;
}

void ktxn__arena_reset(struct ktxn__arena *arena) {
  if (arena->first == NULL) {
    return;
  }
  free_chunks(arena, arena->first->next);
  arena->first->next = NULL;
  arena->first->used = 0;
  arena->last = arena->first;
}

/* Chunks grow with what there is already, so that a large response takes few of them. */
static struct ktxn__arena_chunk *add_chunk(struct ktxn__arena *arena, size_t size) {
  size_t left = arena->max - arena->total;
  if (size > left) {
    return NULL;
  }
  size_t capacity = arena->total > CHUNK_CAPACITY ? arena->total : CHUNK_CAPACITY;
  capacity = capacity > size ? capacity : size;
  capacity = capacity < left ? capacity : left;
  struct ktxn__arena_chunk *chunk = ktxn__alloc(arena->mem, sizeof *chunk + capacity);
  if (chunk == NULL) {
    return NULL;
  }
  *chunk = (struct ktxn__arena_chunk){.capacity = capacity};
  if (arena->last == NULL) {
    arena->first = chunk;
  } else {
    arena->last->next = chunk;
  }
  arena->last = chunk;
  arena->total += capacity;
  return chunk;
}

void *ktxn__arena_alloc(struct ktxn__arena *arena, size_t size) {
  if (size > SIZE_MAX / 2) {
    return NULL;
  }
  size = (size + KTXN__MEM_ALIGN - 1) / KTXN__MEM_ALIGN * KTXN__MEM_ALIGN;
  struct ktxn__arena_chunk *chunk = arena->last;
  if (chunk == NULL || size > chunk->capacity - chunk->used) {
    chunk = add_chunk(arena, size);
  }
  if (chunk == NULL) {
    return NULL;
  }
  uint8_t *at = (uint8_t *)(chunk + 1) + chunk->used;
  chunk->used += size;
  memset(at, 0, size);
  return at;
}

void *ktxn__arena_array(struct ktxn__arena *arena, size_t count, size_t size) {
  if (size != 0 && count > SIZE_MAX / size) {
    return NULL;
  }
  return ktxn__arena_alloc(arena, count * size);
}
