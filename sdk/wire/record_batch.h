#ifndef KTXN_WIRE_RECORD_BATCH_H
#define KTXN_WIRE_RECORD_BATCH_H

/*
 * Record batch v2 (magic 2). Records are written straight into the batch's memory; the head in front of them is filled
 * in when the batch closes, and who sends it (producer id, epoch, sequence) and the CRC when it is about to leave, again
 * before a retry under another identity.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/str.h"
#include "sdk/wire/reader.h"
#include "sdk/wire/record.h"

#define KTXN__RECORD_BATCH_HEAD 61 /* bytes in front of the first record */

#define KTXN__RECORD_BATCH_CODEC 0x07
#define KTXN__RECORD_BATCH_LOG_APPEND_TIME 0x08
#define KTXN__RECORD_BATCH_TRANSACTIONAL 0x10
#define KTXN__RECORD_BATCH_CONTROL 0x20

/** Zeroes the head; the first record goes to at + KTXN__RECORD_BATCH_HEAD, which is what it returns. */
size_t ktxn__record_batch_init(uint8_t *at);

/**
 * Fills in the head of a batch of `size` bytes in all, head included. `attributes`: the codec. The identity is "none"
 * and the CRC missing until ktxn__record_batch_stamp().
 */
void ktxn__record_batch_close(uint8_t *at, size_t size, int32_t count, int64_t base_timestamp_ms,
                              int64_t max_timestamp_ms, int16_t attributes);

/** Writes the identity and then the CRC over everything from the attributes on. Any number of times. */
void ktxn__record_batch_stamp(uint8_t *at, size_t size, int64_t producer_id, int16_t producer_epoch,
                              int32_t base_sequence, bool transactional);

/** A batch as it was found. */
struct ktxn__record_batch {
  int64_t base_offset;
  int32_t leader_epoch;
  int16_t attributes;
  int16_t producer_epoch;
  int64_t base_timestamp_ms;
  int64_t max_timestamp_ms;
  int64_t producer_id;
  int32_t base_sequence;
  int32_t count;
  uint32_t crc;
  bool crc_right;
  struct ktxn__reader records; /* for ktxn__record_batch_next(), unless the codec says that they are compressed */
  int32_t read;                /* how many records have been read */
};

struct ktxn__record_batch_header {
  struct ktxn__str key;
  struct ktxn__bytes value;
};

struct ktxn__record_batch_record {
  int64_t timestamp_ms;
  int64_t offset; /* base offset + offset delta */
  int32_t offset_delta;
  struct ktxn__bytes key;
  struct ktxn__bytes value;
  int32_t header_count;
  struct ktxn__reader headers; /* for ktxn__record_batch_next_header() */
  size_t size;                 /* of the whole record, its length included */
};

/** Reads the head of one batch and moves the reader behind the batch. False: malformed. A wrong CRC is only told. */
bool ktxn__record_batch_read(struct ktxn__reader *reader, struct ktxn__record_batch *batch);

/** The next record. False at the end, or when it is malformed: batch->records.failed says which. */
bool ktxn__record_batch_next(struct ktxn__record_batch *batch, struct ktxn__record_batch_record *record);

/** The next header of a record: call it header_count times. False: malformed. */
bool ktxn__record_batch_next_header(struct ktxn__record_batch_record *record, struct ktxn__record_batch_header *header);

#endif
