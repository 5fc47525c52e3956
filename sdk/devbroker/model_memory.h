#ifndef KTXN_DEVBROKER_MODEL_MEMORY_H
#define KTXN_DEVBROKER_MODEL_MEMORY_H

/*
 * The memory of one model: pieces cut from large chunks, reused by size, all gone in one go. A reset keeps the chunks, so
 * that a world that is built again and again asks the system for nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/mem.h"
#include "sdk/base/str.h"

#define KTXN__MODEL_MEMORY_CLASSES 160

struct ktxn__model_chunk;
struct ktxn__model_piece;

struct ktxn__model_memory {
  struct ktxn__mem *mem;
  struct ktxn__model_chunk *first;
  struct ktxn__model_chunk *current;
  size_t max;   /* bytes of all chunks */
  size_t total; /* bytes of the chunks that exist */
  size_t used;  /* bytes of the pieces that are out */
  size_t used_max;
  struct ktxn__model_piece *free[KTXN__MODEL_MEMORY_CLASSES];
};

void ktxn__model_memory_init(struct ktxn__model_memory *memory, struct ktxn__mem *mem, size_t max);
void ktxn__model_memory_free(struct ktxn__model_memory *memory);

/** Every piece is gone. */
void ktxn__model_memory_reset(struct ktxn__model_memory *memory, size_t max);

/** Zeroed and aligned for any type. NULL at the maximum or out of memory. */
void *ktxn__model_get(struct ktxn__model_memory *memory, size_t size);
/** The same, with bytes of no particular value. */
void *ktxn__model_get_raw(struct ktxn__model_memory *memory, size_t size);
/** `size` as it was asked for. NULL is allowed. */
void ktxn__model_put(struct ktxn__model_memory *memory, void *piece, size_t size);

/**
 * Makes room for `need` items in an array that grows by doubling; `*capacity` is in items. False: no memory, the array is as
 * it was.
 */
bool ktxn__model_grow(struct ktxn__model_memory *memory, void *array, int32_t *capacity, int32_t need, size_t item);

/** A copy that the model owns. False: no memory. Null stays null. */
bool ktxn__model_copy_str(struct ktxn__model_memory *memory, struct ktxn__str from, struct ktxn__str *to);
void ktxn__model_put_str(struct ktxn__model_memory *memory, struct ktxn__str str);

#endif
