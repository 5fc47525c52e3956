#include "sdk/engine/pool.h"

#include <string.h>

#include "sdk/base/mem.h"
#include "sdk/engine/batch.h"

#if defined(__SANITIZE_ADDRESS__) /* the sanitizer's own interface */
void __asan_poison_memory_region(const volatile void *at, size_t size);
void __asan_unpoison_memory_region(const volatile void *at, size_t size);
#endif

/* A buffer while nobody uses it. */
struct ktxn__pool_buffer {
  struct ktxn__pool_buffer *next;
};

#define FIRST_NOTES 32u

void ktxn__pool_init(struct ktxn__pool *pool, struct ktxn__mem *mem, size_t budget, size_t buffer_size) {
  *pool = (struct ktxn__pool){.mem = mem, .budget = budget};
  pool->buffer_size = buffer_size < sizeof(struct ktxn__pool_buffer) ? 0 : buffer_size;
  ktxn__list_init(&pool->batches);
}

static void release(struct ktxn__pool *pool, void *block, size_t size) {
  ktxn__free(pool->mem, block);
  pool->allocated -= size;
}

static bool drop_idle_buffer(struct ktxn__pool *pool) {
  struct ktxn__pool_buffer *buffer = pool->buffers;
  if (buffer == NULL) {
    return false;
  }
  pool->buffers = buffer->next;
  pool->idle -= pool->buffer_size;
  release(pool, buffer, pool->buffer_size);
  return true;
}

static size_t batch_bytes(const struct ktxn__batch *batch) {
  return sizeof *batch + batch->note_room * sizeof *batch->notes;
}

static void free_batch(struct ktxn__pool *pool, struct ktxn__batch *batch) {
  size_t bytes = batch_bytes(batch);
  ktxn__free(pool->mem, batch->notes);
  release(pool, batch, bytes);
}

static bool drop_idle_batch(struct ktxn__pool *pool) {
  struct ktxn__list *link = ktxn__list_pop(&pool->batches);
  if (link == NULL) {
    return false;
  }
  struct ktxn__batch *batch = KTXN__LIST_OF(link, struct ktxn__batch, link);
  pool->idle -= batch_bytes(batch);
  free_batch(pool, batch);
  return true;
}

/* Room for `size` more bytes within the budget; what is idle goes first. */
static bool make_room(struct ktxn__pool *pool, size_t size) {
  if (size > ktxn__pool_available(pool)) {
    return false;
  }
  while (size > pool->budget - pool->allocated && (drop_idle_buffer(pool) || drop_idle_batch(pool))) {
  }
  return size <= pool->budget - pool->allocated;
}

/* Whose a batch was says nothing once it is given back: with AddressSanitizer, reading it then is an error. */
static void hide_queue(struct ktxn__batch *batch, bool hidden) {
#if defined(__SANITIZE_ADDRESS__)
  void (*mark)(const volatile void *, size_t) = hidden ? __asan_poison_memory_region : __asan_unpoison_memory_region;
  mark(&batch->queue, sizeof batch->queue);
#else
  (void)batch;
  (void)hidden;
#endif
}

static void *allocate(struct ktxn__pool *pool, size_t size) {
  pool->out_of_memory = false;
  if (!make_room(pool, size)) {
    return NULL;
  }
  void *block = ktxn__alloc(pool->mem, size);
  pool->out_of_memory = block == NULL;
  pool->allocated += block == NULL ? 0 : size;
  return block;
}

static uint8_t *take_buffer(struct ktxn__pool *pool, size_t size) {
  struct ktxn__pool_buffer *buffer = pool->buffers;
  if (size == pool->buffer_size && buffer != NULL) {
    pool->buffers = buffer->next;
    pool->idle -= size;
    return (uint8_t *)buffer;
  }
  return allocate(pool, size);
}

static void clear(struct ktxn__batch *batch) {
  struct ktxn__batch_note *notes = batch->notes;
  uint32_t room = batch->note_room;
  memset(batch, 0, sizeof *batch);
  batch->notes = notes;
  batch->note_room = room;
  ktxn__list_init(&batch->link);
  ktxn__list_init(&batch->live);
}

static struct ktxn__batch *take_batch(struct ktxn__pool *pool) {
  struct ktxn__list *link = ktxn__list_pop(&pool->batches);
  struct ktxn__batch *batch;
  if (link != NULL) {
    batch = KTXN__LIST_OF(link, struct ktxn__batch, link);
    hide_queue(batch, false);
    pool->idle -= batch_bytes(batch);
  } else {
    batch = allocate(pool, sizeof *batch);
    if (batch == NULL) {
      return NULL;
    }
    batch->notes = NULL;
    batch->note_room = 0;
  }
  clear(batch);
  return batch;
}

struct ktxn__batch *ktxn__pool_take(struct ktxn__pool *pool, size_t size) {
  struct ktxn__batch *batch = take_batch(pool);
  if (batch == NULL) {
    return NULL;
  }
  size_t capacity = size <= pool->buffer_size ? pool->buffer_size : size;
  batch->data = take_buffer(pool, capacity);
  if (batch->data == NULL) {
    ktxn__pool_give_batch(pool, batch);
    return NULL;
  }
  batch->capacity = capacity;
  return batch;
}

static void free_outside(struct ktxn__pool *pool, struct ktxn__batch *batch) {
  ktxn__free(pool->mem, batch->data);
  ktxn__free(pool->mem, batch->notes);
  ktxn__free(pool->mem, batch);
}

struct ktxn__batch *ktxn__pool_take_outside(struct ktxn__pool *pool, size_t size, uint32_t notes) {
  struct ktxn__batch *batch = ktxn__calloc(pool->mem, 1, sizeof *batch);
  if (batch == NULL) {
    return NULL;
  }
  clear(batch);
  batch->outside = true;
  batch->capacity = size;
  batch->data = ktxn__alloc(pool->mem, size);
  batch->notes = notes == 0 ? NULL : ktxn__alloc(pool->mem, notes * sizeof *batch->notes);
  batch->note_room = notes;
  if (batch->data == NULL || (notes != 0 && batch->notes == NULL)) {
    free_outside(pool, batch);
    return NULL;
  }
  return batch;
}

void ktxn__pool_give_data(struct ktxn__pool *pool, struct ktxn__batch *batch) {
  if (batch->data == NULL) {
    return;
  }
  if (batch->outside) {
    ktxn__free(pool->mem, batch->data);
  } else if (batch->capacity == pool->buffer_size) {
    struct ktxn__pool_buffer *buffer = (struct ktxn__pool_buffer *)(void *)batch->data;
    buffer->next = pool->buffers;
    pool->buffers = buffer;
    pool->idle += batch->capacity;
  } else {
    release(pool, batch->data, batch->capacity);
  }
  batch->data = NULL;
  batch->capacity = 0;
}

void ktxn__pool_give_batch(struct ktxn__pool *pool, struct ktxn__batch *batch) {
  if (batch->outside) {
    free_outside(pool, batch);
    return;
  }
  hide_queue(batch, true);
  ktxn__list_push_front(&pool->batches, &batch->link);
  pool->idle += batch_bytes(batch);
}

bool ktxn__pool_grow_notes(struct ktxn__pool *pool, struct ktxn__batch *batch) {
  uint32_t more = batch->note_room == 0 ? FIRST_NOTES : batch->note_room;
  size_t bytes = more * sizeof *batch->notes;
  pool->out_of_memory = false;
  if (batch->note_room > UINT32_MAX / 2 || !make_room(pool, bytes)) {
    return false;
  }
  void *notes = ktxn__realloc(pool->mem, batch->notes, batch->note_room * sizeof *batch->notes + bytes);
  if (notes == NULL) {
    pool->out_of_memory = true;
    return false;
  }
  batch->notes = notes;
  batch->note_room += more;
  pool->allocated += bytes;
  return true;
}

size_t ktxn__pool_largest(const struct ktxn__pool *pool) {
  size_t fixed = sizeof(struct ktxn__batch) + FIRST_NOTES * sizeof(struct ktxn__batch_note);
  return pool->budget < fixed ? 0 : pool->budget - fixed;
}

size_t ktxn__pool_available(const struct ktxn__pool *pool) {
  return pool->budget - pool->allocated + pool->idle;
}

void ktxn__pool_trim(struct ktxn__pool *pool) {
  while (drop_idle_buffer(pool) || drop_idle_batch(pool)) {
  }
}
