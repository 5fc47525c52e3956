#ifndef KTXN_ENGINE_POOL_H
#define KTXN_ENGINE_POOL_H

/*
 * The memory of one producer's batches, at most buffer.memory in all: structs, buffers, and what is kept for callbacks.
 * Buffers of batch.size and structs (with their notes) are kept when they are given back and handed out again, last in
 * first out, so that the steady state allocates nothing; ktxn__pool_trim() gives them back to the system. Nothing is
 * allocated before it is needed. No lock: the accumulator calls it under its own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/list.h"

struct ktxn__batch;
struct ktxn__mem;

struct ktxn__pool {
  struct ktxn__mem *mem;
  size_t budget;
  size_t buffer_size; /* of a pooled buffer; 0 = none are pooled */
  size_t allocated;   /* bytes held from the system, never above the budget */
  size_t idle;        /* of these, kept for the next batch */
  struct ktxn__pool_buffer *buffers;
  struct ktxn__list batches;
  bool out_of_memory; /* the last refusal was the system's, not the budget's */
};

void ktxn__pool_init(struct ktxn__pool *pool, struct ktxn__mem *mem, size_t budget, size_t buffer_size);

/** A batch whose `data` has room for `size` bytes (`capacity` says how many it has); all else in it is zero but the
 * notes that it brings along. NULL: no room, or out of memory. */
struct ktxn__batch *ktxn__pool_take(struct ktxn__pool *pool, size_t size);

/**
 * The same with room for `notes`, but outside of the budget and not kept when it is given back: for what is divided while
 * all of the budget may be in use.
 */
struct ktxn__batch *ktxn__pool_take_outside(struct ktxn__pool *pool, size_t size, uint32_t notes);

/** Gives the buffer back; the batch has no `data` afterwards. */
void ktxn__pool_give_data(struct ktxn__pool *pool, struct ktxn__batch *batch);

/** Gives the struct back, notes included; its data was given back before, and it is in no list. */
void ktxn__pool_give_batch(struct ktxn__pool *pool, struct ktxn__batch *batch);

/** Makes room for more notes: twice as many, at least a few. False: no room, or out of memory; nothing changed. */
bool ktxn__pool_grow_notes(struct ktxn__pool *pool, struct ktxn__batch *batch);

/** The largest batch that the budget could ever hold, in bytes of data. */
size_t ktxn__pool_largest(const struct ktxn__pool *pool);

/** Bytes that are free: never allocated, or idle. */
size_t ktxn__pool_available(const struct ktxn__pool *pool);

/** Gives everything idle back to the system. */
void ktxn__pool_trim(struct ktxn__pool *pool);

#endif
