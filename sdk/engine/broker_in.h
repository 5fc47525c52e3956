#ifndef KTXN_ENGINE_BROKER_IN_H
#define KTXN_ENGINE_BROKER_IN_H

/*
 * Cuts received bytes into frames. A frame that arrives in one piece is read where it lies; only the pieces of one that
 * doesn't are copied together, into a buffer that grows as they arrive, never beyond twice of what has arrived.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/buffer.h"

struct ktxn__broker_in {
  struct ktxn__buffer buffer; /* the beginning of a frame, its length included */
};

enum ktxn__broker_in_result {
  KTXN__BROKER_IN_OK,
  KTXN__BROKER_IN_STOPPED,   /* the frame function said so; the bytes behind that frame are gone */
  KTXN__BROKER_IN_BAD_LENGTH, /* see ktxn__broker_in_length(); nothing was allocated for it */
  KTXN__BROKER_IN_NO_MEMORY
};

/** `frame` without its length, valid during the call; false = stop. */
struct ktxn__broker_in_sink {
  void *ctx;
  bool (*frame)(void *ctx, const uint8_t *frame, size_t size);
};

void ktxn__broker_in_init(struct ktxn__broker_in *in, struct ktxn__mem *mem);
/** For a new connection: forgets what is there, and keeps no memory. */
void ktxn__broker_in_clear(struct ktxn__broker_in *in);

enum ktxn__broker_in_result ktxn__broker_in_take(struct ktxn__broker_in *in, const void *data, size_t size,
                                                 const struct ktxn__broker_in_sink *sink);

/** After BAD_LENGTH: the four bytes that were meant to be a length. */
const uint8_t *ktxn__broker_in_length(const struct ktxn__broker_in *in);

#endif
