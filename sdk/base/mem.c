#include "sdk/base/mem.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Sits before every block; as large as the alignment, so that the block behind it is aligned. */
struct prefix {
  alignas(KTXN__MEM_ALIGN) size_t size;
};

_Static_assert(sizeof(struct prefix) == KTXN__MEM_ALIGN, "the prefix keeps the alignment of what follows");

static void *system_alloc(void *ctx, size_t size) {
  (void)ctx;
  return malloc(size);
}

static void *system_realloc(void *ctx, void *block, size_t size) {
  (void)ctx;
  return realloc(block, size);
}

static void system_free(void *ctx, void *block) {
  (void)ctx;
  free(block);
}

static struct ktxn__mem default_mem = {
    .alloc = system_alloc, .realloc = system_realloc, .free = system_free, .fail_after = -1};

struct ktxn__mem *ktxn__mem_default(void) {
  return &default_mem;
}

void ktxn__mem_init(struct ktxn__mem *mem, size_t limit_bytes) {
  mem->alloc = system_alloc;
  mem->realloc = system_realloc;
  mem->free = system_free;
  mem->ctx = NULL;
  mem->limit_bytes = limit_bytes;
  atomic_init(&mem->used_bytes, 0);
  atomic_init(&mem->used_blocks, 0);
  atomic_init(&mem->fail_after, -1);
  atomic_init(&mem->fail_on, false);
}

void ktxn__mem_fail(struct ktxn__mem *mem, uint32_t k, bool and_on) {
  atomic_store(&mem->fail_on, and_on);
  atomic_store(&mem->fail_after, (long long)k - 1);
}

size_t ktxn__mem_used(struct ktxn__mem *mem) {
  return atomic_load(&mem->used_bytes);
}

static bool must_fail(struct ktxn__mem *mem) {
  long long left = atomic_load_explicit(&mem->fail_after, memory_order_relaxed);
  while (left >= 0) {
    if (left == 0 && atomic_load(&mem->fail_on)) {
      return true;
    }
    if (atomic_compare_exchange_weak(&mem->fail_after, &left, left - 1)) {
      return left == 0;
    }
  }
  return false;
}

/* Counts the bytes before they are taken, so that two threads can't pass the limit together. */
static bool charge(struct ktxn__mem *mem, size_t size) {
  size_t before = atomic_fetch_add_explicit(&mem->used_bytes, size, memory_order_relaxed);
  if (mem->limit_bytes != 0 && (before > mem->limit_bytes || size > mem->limit_bytes - before)) {
    atomic_fetch_sub_explicit(&mem->used_bytes, size, memory_order_relaxed);
    return false;
  }
  return true;
}

static void discharge(struct ktxn__mem *mem, size_t size) {
  atomic_fetch_sub_explicit(&mem->used_bytes, size, memory_order_relaxed);
}

void *ktxn__alloc(struct ktxn__mem *mem, size_t size) {
  if (size > SIZE_MAX / 2 || must_fail(mem) || !charge(mem, size)) {
    return NULL;
  }
  struct prefix *prefix = mem->alloc(mem->ctx, sizeof *prefix + size);
  if (prefix == NULL) {
    discharge(mem, size);
    return NULL;
  }
  prefix->size = size;
  atomic_fetch_add_explicit(&mem->used_blocks, 1, memory_order_relaxed);
  return prefix + 1;
}

void *ktxn__calloc(struct ktxn__mem *mem, size_t count, size_t size) {
  if (size != 0 && count > SIZE_MAX / size) {
    return NULL;
  }
  void *block = ktxn__alloc(mem, count * size);
  if (block != NULL) {
    memset(block, 0, count * size);
  }
  return block;
}

void *ktxn__realloc(struct ktxn__mem *mem, void *block, size_t size) {
  if (block == NULL) {
    return ktxn__alloc(mem, size);
  }
  struct prefix *prefix = (struct prefix *)block - 1;
  size_t old_size = prefix->size;
  size_t growth = size > old_size ? size - old_size : 0;
  if (size > SIZE_MAX / 2 || must_fail(mem) || !charge(mem, growth)) {
    return NULL;
  }
  struct prefix *moved = mem->realloc(mem->ctx, prefix, sizeof *moved + size);
  if (moved == NULL) {
    discharge(mem, growth);
    return NULL;
  }
  discharge(mem, size < old_size ? old_size - size : 0);
  moved->size = size;
  return moved + 1;
}

void ktxn__free(struct ktxn__mem *mem, void *block) {
  if (block == NULL) {
    return;
  }
  struct prefix *prefix = (struct prefix *)block - 1;
  discharge(mem, prefix->size);
  atomic_fetch_sub_explicit(&mem->used_blocks, 1, memory_order_relaxed);
  mem->free(mem->ctx, prefix);
}

char *ktxn__strdup(struct ktxn__mem *mem, const char *text) {
  if (text == NULL) {
    return NULL;
  }
  size_t size = strlen(text) + 1;
  char *copy = ktxn__alloc(mem, size);
  if (copy != NULL) {
    memcpy(copy, text, size);
  }
  return copy;
}
