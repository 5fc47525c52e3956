#include "sdk/wire/record_batch.h"

#include <string.h>

#include "sdk/base/crc32c.h"
#include "sdk/wire/endian.h"

/* Where the fields of a batch are. */
enum {
  AT_LENGTH = 8,
  AT_LEADER_EPOCH = 12,
  AT_MAGIC = 16,
  AT_CRC = 17,
  AT_ATTRIBUTES = 21,
  AT_LAST_OFFSET_DELTA = 23,
  AT_BASE_TIMESTAMP = 27,
  AT_MAX_TIMESTAMP = 35,
  AT_PRODUCER_ID = 43,
  AT_PRODUCER_EPOCH = 51,
  AT_BASE_SEQUENCE = 53,
  AT_COUNT = 57
};

#define MAGIC 2
#define LENGTH_END 12 /* the length counts what comes behind it */
#define RECORD_MIN 7  /* length, attributes, two deltas, two lengths, header count */
#define HEADER_MIN 2

size_t ktxn__record_batch_init(uint8_t *at) {
  memset(at, 0, KTXN__RECORD_BATCH_HEAD);
  return KTXN__RECORD_BATCH_HEAD;
}

void ktxn__record_batch_close(uint8_t *at, size_t size, int32_t count, int64_t base_timestamp_ms,
                              int64_t max_timestamp_ms, int16_t attributes) {
  memset(at, 0, KTXN__RECORD_BATCH_HEAD); /* the base offset is the broker's to assign */
  ktxn__endian_put32(at + AT_LENGTH, (uint32_t)(size - LENGTH_END));
  ktxn__endian_put32(at + AT_LEADER_EPOCH, UINT32_MAX);
  at[AT_MAGIC] = MAGIC;
  ktxn__endian_put16(at + AT_ATTRIBUTES, (uint16_t)attributes);
  ktxn__endian_put32(at + AT_LAST_OFFSET_DELTA, (uint32_t)(count - 1));
  ktxn__endian_put64(at + AT_BASE_TIMESTAMP, (uint64_t)base_timestamp_ms);
  ktxn__endian_put64(at + AT_MAX_TIMESTAMP, (uint64_t)max_timestamp_ms);
  ktxn__endian_put64(at + AT_PRODUCER_ID, UINT64_MAX);
  ktxn__endian_put16(at + AT_PRODUCER_EPOCH, UINT16_MAX);
  ktxn__endian_put32(at + AT_BASE_SEQUENCE, UINT32_MAX);
  ktxn__endian_put32(at + AT_COUNT, (uint32_t)count);
}

void ktxn__record_batch_stamp(uint8_t *at, size_t size, int64_t producer_id, int16_t producer_epoch,
                              int32_t base_sequence, bool transactional) {
  unsigned attributes = ktxn__endian_get16(at + AT_ATTRIBUTES) & ~(unsigned)KTXN__RECORD_BATCH_TRANSACTIONAL;
  attributes |= transactional ? KTXN__RECORD_BATCH_TRANSACTIONAL : 0;
  ktxn__endian_put16(at + AT_ATTRIBUTES, (uint16_t)attributes);
  ktxn__endian_put64(at + AT_PRODUCER_ID, (uint64_t)producer_id);
  ktxn__endian_put16(at + AT_PRODUCER_EPOCH, (uint16_t)producer_epoch);
  ktxn__endian_put32(at + AT_BASE_SEQUENCE, (uint32_t)base_sequence);
  ktxn__endian_put32(at + AT_CRC, ktxn__crc32c(0, at + AT_ATTRIBUTES, size - AT_ATTRIBUTES));
}

/* Java and the broker count offsets from 0 up to here, so the count is one more than a number that must fit. */
static bool plausible(const struct ktxn__record_batch *batch, const uint8_t *at) {
  int64_t last_delta = (int32_t)ktxn__endian_get32(at + AT_LAST_OFFSET_DELTA);
  return at[AT_MAGIC] == MAGIC && batch->count >= 0 && last_delta >= (int64_t)batch->count - 1;
}

bool ktxn__record_batch_read(struct ktxn__reader *reader, struct ktxn__record_batch *batch) {
  *batch = (struct ktxn__record_batch){0};
  struct ktxn__reader ahead = *reader;
  ktxn__reader_i64(&ahead);
  int32_t length = ktxn__reader_i32(&ahead);
  if (ahead.failed || length < KTXN__RECORD_BATCH_HEAD - LENGTH_END) {
    return ktxn__reader_fail(reader);
  }
  size_t size = (size_t)length + LENGTH_END;
  const uint8_t *at = ktxn__reader_take(reader, size);
  if (at == NULL) {
    return false;
  }
  batch->base_offset = (int64_t)ktxn__endian_get64(at);
  batch->leader_epoch = (int32_t)ktxn__endian_get32(at + AT_LEADER_EPOCH);
  batch->attributes = (int16_t)ktxn__endian_get16(at + AT_ATTRIBUTES);
  batch->base_timestamp_ms = (int64_t)ktxn__endian_get64(at + AT_BASE_TIMESTAMP);
  batch->max_timestamp_ms = (int64_t)ktxn__endian_get64(at + AT_MAX_TIMESTAMP);
  batch->producer_id = (int64_t)ktxn__endian_get64(at + AT_PRODUCER_ID);
  batch->producer_epoch = (int16_t)ktxn__endian_get16(at + AT_PRODUCER_EPOCH);
  batch->base_sequence = (int32_t)ktxn__endian_get32(at + AT_BASE_SEQUENCE);
  batch->count = (int32_t)ktxn__endian_get32(at + AT_COUNT);
  batch->crc = ktxn__endian_get32(at + AT_CRC);
  batch->crc_right = batch->crc == ktxn__crc32c(0, at + AT_ATTRIBUTES, size - AT_ATTRIBUTES);
  ktxn__reader_init(&batch->records, at + KTXN__RECORD_BATCH_HEAD, size - KTXN__RECORD_BATCH_HEAD);
  return plausible(batch, at) || ktxn__reader_fail(reader);
}

/* Lengths in records are zigzag numbers; -1 is null. */
static struct ktxn__bytes take_field(struct ktxn__reader *reader) {
  int32_t length = ktxn__reader_varint(reader);
  if (length < -1) {
    ktxn__reader_fail(reader);
  }
  const uint8_t *data = length < 0 ? NULL : ktxn__reader_take(reader, (size_t)length);
  return (struct ktxn__bytes){.data = data, .len = data == NULL ? -1 : length};
}

/* Wraps instead of overflowing: both numbers come from outside. */
static int64_t add(int64_t a, int64_t b) {
  return (int64_t)((uint64_t)a + (uint64_t)b);
}

static void read_body(const struct ktxn__record_batch *batch, struct ktxn__reader *body,
                      struct ktxn__record_batch_record *record) {
  ktxn__reader_i8(body);
  record->timestamp_ms = add(batch->base_timestamp_ms, ktxn__reader_varlong(body));
  record->offset_delta = ktxn__reader_varint(body);
  record->offset = add(batch->base_offset, record->offset_delta);
  record->key = take_field(body);
  record->value = take_field(body);
  record->header_count = ktxn__reader_varint(body);
  if (record->header_count < 0 || (size_t)record->header_count > ktxn__reader_left(body) / HEADER_MIN) {
    ktxn__reader_fail(body);
  }
  record->headers = *body;
}

bool ktxn__record_batch_next(struct ktxn__record_batch *batch, struct ktxn__record_batch_record *record) {
  *record = (struct ktxn__record_batch_record){0};
  if (batch->read == batch->count || batch->records.failed) {
    return false;
  }
  const uint8_t *start = batch->records.at;
  int32_t length = ktxn__reader_varint(&batch->records);
  const uint8_t *data = length < RECORD_MIN - 1 ? NULL : ktxn__reader_take(&batch->records, (size_t)length);
  if (data == NULL) {
    return ktxn__reader_fail(&batch->records);
  }
  struct ktxn__reader body;
  ktxn__reader_init(&body, data, (size_t)length);
  read_body(batch, &body, record);
  if (body.failed) {
    return ktxn__reader_fail(&batch->records);
  }
  record->size = (size_t)(batch->records.at - start);
  batch->read++;
  return true;
}

bool ktxn__record_batch_next_header(struct ktxn__record_batch_record *record,
                                    struct ktxn__record_batch_header *header) {
  struct ktxn__bytes key = take_field(&record->headers);
  header->key = (struct ktxn__str){.data = (const char *)key.data, .len = key.len};
  header->value = take_field(&record->headers);
  return !record->headers.failed && key.len >= 0;
}
