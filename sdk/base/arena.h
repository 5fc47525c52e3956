#ifndef KTXN_BASE_ARENA_H
#define KTXN_BASE_ARENA_H

/*
 * A bump allocator for things that die together, such as the arrays of one decoded response. It has a maximum. A reset
 * keeps the first chunk, so that a steady state allocates nothing.
 */

#include <stddef.h>
#include <stdint.h>

#include "sdk/base/mem.h"

struct ktxn__arena_chunk;

struct ktxn__arena {
  struct ktxn__mem *mem;
  struct ktxn__arena_chunk *first;
  struct ktxn__arena_chunk *last;
  size_t max;   /* bytes over all chunks */
  size_t total; /* bytes of all chunks that exist */
};

/** Allocates nothing yet. */
void ktxn__arena_init(struct ktxn__arena *arena, struct ktxn__mem *mem, size_t max);
void ktxn__arena_free(struct ktxn__arena *arena);

/** Everything that came from it is gone; the first chunk stays for the next use. */
void ktxn__arena_reset(struct ktxn__arena *arena);

/** Zeroed, aligned for any type. NULL at the maximum or out of memory. A size of 0 gives a pointer, too. */
void *ktxn__arena_alloc(struct ktxn__arena *arena, size_t size);

/** The same for an array; safe against overflow. */
void *ktxn__arena_array(struct ktxn__arena *arena, size_t count, size_t size);

#endif
