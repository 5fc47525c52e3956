#include "sdk/devbroker/model_memory.h"

#include <stdalign.h>
#include <string.h>

/* A piece that has been given back is out of bounds where the sanitizer watches. */
#if defined(__SANITIZE_ADDRESS__)
#define WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED 1
#endif
#endif
#ifdef WATCHED
void __asan_poison_memory_region(const volatile void *at, size_t size);
void __asan_unpoison_memory_region(const volatile void *at, size_t size);
#define LOCK_AWAY(at, size) __asan_poison_memory_region(at, size)
#define OPEN_UP(at, size) __asan_unpoison_memory_region(at, size)
#else
#define LOCK_AWAY(at, size) (void)0
#define OPEN_UP(at, size) (void)0
#endif

#define CHUNK_BYTES ((size_t)1 << 18)
#define PIECE_MIN ((size_t)16)

struct ktxn__model_chunk {
  alignas(KTXN__MEM_ALIGN) struct ktxn__model_chunk *next;
  size_t capacity;
  size_t used;
};

struct ktxn__model_piece {
  struct ktxn__model_piece *next;
};

void ktxn__model_memory_init(struct ktxn__model_memory *memory, struct ktxn__mem *mem, size_t max) {
  *memory = (struct ktxn__model_memory){.mem = mem, .max = max, .used_max = max};
}

void ktxn__model_memory_free(struct ktxn__model_memory *memory) {
  while (memory->first != NULL) {
    struct ktxn__model_chunk *next = memory->first->next;
    OPEN_UP(memory->first + 1, memory->first->capacity);
    ktxn__free(memory->mem, memory->first);
    memory->first = next;
  }
  memory->current = NULL;
  memory->total = 0;
}

void ktxn__model_memory_reset(struct ktxn__model_memory *memory, size_t max) {
  memory->max = max;
  memory->used_max = max;
  memory->current = memory->first;
  memory->used = 0;
  memset(memory->free, 0, sizeof memory->free);
  for (struct ktxn__model_chunk *chunk = memory->first; chunk != NULL; chunk = chunk->next) {
    chunk->used = 0;
    OPEN_UP(chunk + 1, chunk->capacity);
  }
}

/* Four sizes for each power of two: at most a quarter is wasted. `*size` becomes the size of the class. */
static int class_of(size_t *size) {
  size_t want = *size < PIECE_MIN ? PIECE_MIN : *size;
  int shift = 0;
  while ((PIECE_MIN << (shift + 1)) <= want) {
    shift++;
  }
  size_t base = PIECE_MIN << shift;
  size_t step = base / 4 < PIECE_MIN ? PIECE_MIN : base / 4;
  size_t steps = (want - base + step - 1) / step;
  *size = base + steps * step;
  return shift * 4 + (int)(steps == 4 ? 4 : steps * step * 4 / base);
}

static struct ktxn__model_chunk *new_chunk(struct ktxn__model_memory *memory, size_t size) {
  size_t capacity = size > CHUNK_BYTES ? size : CHUNK_BYTES;
  if (capacity > memory->max - memory->total) {
    return NULL;
  }
  struct ktxn__model_chunk *chunk = ktxn__alloc(memory->mem, sizeof *chunk + capacity);
  if (chunk == NULL) {
    return NULL;
  }
  *chunk = (struct ktxn__model_chunk){.capacity = capacity};
  memory->total += capacity;
  return chunk;
}

/* The next chunk with room: one that a reset has kept, or a new one behind the current. */
static struct ktxn__model_chunk *next_chunk(struct ktxn__model_memory *memory, size_t size) {
  struct ktxn__model_chunk *current = memory->current;
  struct ktxn__model_chunk *kept = current == NULL ? NULL : current->next;
  if (kept != NULL && kept->capacity >= size) {
    kept->used = 0;
    return memory->current = kept;
  }
  struct ktxn__model_chunk *chunk = memory->total > memory->max ? NULL : new_chunk(memory, size);
  if (chunk == NULL) {
    return NULL;
  }
  chunk->next = kept;
  if (current == NULL) {
    memory->first = chunk;
  } else {
    current->next = chunk;
  }
  return memory->current = chunk;
}

void *ktxn__model_get_raw(struct ktxn__model_memory *memory, size_t size) {
  if (size > memory->max) {
    return NULL;
  }
  int class = class_of(&size);
  struct ktxn__model_piece *piece = memory->free[class];
  if (memory->used > memory->used_max || size > memory->used_max - memory->used) {
    return NULL;
  }
  if (piece != NULL) {
    OPEN_UP(piece, size);
    memory->free[class] = piece->next;
    memory->used += size;
    return piece;
  }
  struct ktxn__model_chunk *chunk = memory->current;
  if (chunk == NULL || size > chunk->capacity - chunk->used) {
    chunk = next_chunk(memory, size);
  }
  if (chunk == NULL) {
    return NULL;
  }
  uint8_t *at = (uint8_t *)(chunk + 1) + chunk->used;
  chunk->used += size;
  memory->used += size;
  return at;
}

void *ktxn__model_get(struct ktxn__model_memory *memory, size_t size) {
  void *piece = ktxn__model_get_raw(memory, size);
  if (piece != NULL) {
    memset(piece, 0, size);
  }
  return piece;
}

void ktxn__model_put(struct ktxn__model_memory *memory, void *piece, size_t size) {
  if (piece == NULL) {
    return;
  }
  int class = class_of(&size);
  struct ktxn__model_piece *freed = piece;
  freed->next = memory->free[class];
  memory->free[class] = freed;
  memory->used -= size;
  LOCK_AWAY(freed, size);
}

bool ktxn__model_grow(struct ktxn__model_memory *memory, void *array, int32_t *capacity, int32_t need, size_t item) {
  if (need <= *capacity) {
    return true;
  }
  int32_t larger = *capacity < 4 ? 4 : *capacity > INT32_MAX / 2 ? INT32_MAX : *capacity * 2;
  larger = larger < need ? need : larger;
  void *fresh = ktxn__model_get(memory, (size_t)larger * item);
  if (fresh == NULL) {
    return false;
  }
  void *old;
  memcpy(&old, array, sizeof old); /* `array` is the address of a pointer of any type */
  if (old != NULL) {
    memcpy(fresh, old, (size_t)*capacity * item);
    ktxn__model_put(memory, old, (size_t)*capacity * item);
  }
  memcpy(array, &fresh, sizeof fresh);
  *capacity = larger;
  return true;
}

bool ktxn__model_copy_str(struct ktxn__model_memory *memory, struct ktxn__str from, struct ktxn__str *to) {
  *to = from;
  if (from.len <= 0) {
    to->data = from.len == 0 ? "" : NULL;
    return true;
  }
  char *copy = ktxn__model_get_raw(memory, (size_t)from.len);
  if (copy == NULL) {
    *to = KTXN__STR_NULL; /* never what is another's */
    return false;
  }
  memcpy(copy, from.data, (size_t)from.len);
  to->data = copy;
  return true;
}

void ktxn__model_put_str(struct ktxn__model_memory *memory, struct ktxn__str str) {
  if (str.len > 0) {
    char *data;
    memcpy(&data, &str.data, sizeof data);
    ktxn__model_put(memory, data, (size_t)str.len);
  }
}
