#ifndef KTXN_DEVBROKER_BATCH_H
#define KTXN_DEVBROKER_BATCH_H

/** Record batches of format 2: what the model must know of one that comes in, and the bytes of those that go out. */

#include "sdk/base/span.h"
#include "sdk/devbroker/model_answer.h"

/**
 * Reads the records of one partition of a Produce request, as a broker checks them: one batch, its length, magic, checksum,
 * and, where it isn't compressed, every record in it. What is wrong becomes `code` of `out`: 2 (corrupt), 87 (invalid
 * record), 76 (compression that the version of the request doesn't have).
 */
void ktxn__batch_read(struct ktxn__span records, int16_t produce_version, struct ktxn__model_batch *out);

/** Writes entry->size bytes, as a reader gets them. */
void ktxn__batch_write(const struct ktxn__model_entry *entry, uint8_t *out);

#endif
