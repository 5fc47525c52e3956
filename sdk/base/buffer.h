#ifndef KTXN_BASE_BUFFER_H
#define KTXN_BASE_BUFFER_H

/** A byte buffer that grows up to a maximum that it is born with. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/mem.h"

struct ktxn__buffer {
  uint8_t *data;
  size_t size;
  size_t capacity;
  size_t max;
  struct ktxn__mem *mem;
};

/** Allocates nothing yet. */
void ktxn__buffer_init(struct ktxn__buffer *buffer, struct ktxn__mem *mem, size_t max);
void ktxn__buffer_free(struct ktxn__buffer *buffer);

/** Empties it and keeps its memory. */
static inline void ktxn__buffer_clear(struct ktxn__buffer *buffer) {
  buffer->size = 0;
}

/** Makes room for `more` bytes behind what is there. False at the maximum or out of memory; the content stays. */
bool ktxn__buffer_reserve(struct ktxn__buffer *buffer, size_t more);

/** Adds `more` bytes whose content is the caller's to write, and returns where they start; NULL as reserve fails. */
uint8_t *ktxn__buffer_extend(struct ktxn__buffer *buffer, size_t more);

bool ktxn__buffer_append(struct ktxn__buffer *buffer, const void *data, size_t size);

/** Takes `count` bytes (all, if there are fewer) off the front. */
void ktxn__buffer_drop(struct ktxn__buffer *buffer, size_t count);

#endif
