#include "sdk/devbroker/batch.h"

#include <string.h>

#include "sdk/base/crc32c.h"

enum {
  CORRUPT_MESSAGE = 2,
  UNSUPPORTED_COMPRESSION_TYPE = 76,
  INVALID_RECORD = 87,

  /* where the fields of a batch are */
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
  AT_COUNT = 57,
  AT_RECORDS = 61,

  COMPRESSION = 0x07,
  TRANSACTIONAL = 0x10,
  CONTROL = 0x20,
  ZSTD = 4,
  ZSTD_SINCE = 7 /* version of Produce */
};

static uint64_t get(const uint8_t *at, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; i++) {
    value = value << 8 | at[i];
  }
  return value;
}

static void put(uint8_t *at, size_t size, uint64_t value) {
  for (size_t i = size; i > 0; i--) {
    at[i - 1] = (uint8_t)value;
    value >>= 8;
  }
}

/* -- records, where they aren't compressed */

struct cursor {
  const uint8_t *at;
  const uint8_t *end;
  bool ok;
};

static int64_t varlong(struct cursor *cursor) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && cursor->at < cursor->end; shift += 7) {
    const uint8_t byte = *cursor->at++;
    value |= (uint64_t)(byte & 0x7fU) << shift;
    if ((byte & 0x80U) == 0) {
      return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
    }
  }
  cursor->ok = false;
  return 0;
}

static void skip(struct cursor *cursor, int64_t size, int64_t least) {
  if (!cursor->ok || size < least || size > cursor->end - cursor->at) {
    cursor->ok = false;
    return;
  }
  cursor->at += size > 0 ? size : 0;
}

static void headers(struct cursor *cursor) {
  const int64_t count = varlong(cursor);
  cursor->ok = cursor->ok && count >= 0;
  for (int64_t i = 0; i < count && cursor->ok; i++) {
    skip(cursor, varlong(cursor), 0);
    skip(cursor, varlong(cursor), -1);
  }
}

/* One record: its offset is its place in the batch, and it ends where its length says. */
static bool record(struct cursor *cursor, int32_t number) {
  const int64_t size = varlong(cursor);
  struct cursor inner = *cursor;
  skip(cursor, size, 0);
  if (!cursor->ok) {
    return false;
  }
  inner.end = cursor->at;
  skip(&inner, 1, 0); /* attributes: none are known */
  (void)varlong(&inner);
  inner.ok = inner.ok && varlong(&inner) == number;
  skip(&inner, varlong(&inner), -1);
  skip(&inner, varlong(&inner), -1);
  headers(&inner);
  return inner.ok && inner.at == inner.end;
}

static bool records_are_whole(const uint8_t *batch, uint32_t size, int32_t count) {
  struct cursor cursor = {.at = batch + AT_RECORDS, .end = batch + size, .ok = true};
  for (int32_t i = 0; i < count; i++) {
    if (!record(&cursor, i)) {
      return false;
    }
  }
  return cursor.at == cursor.end;
}

/* -- the batch */

/* Sizes and checksum; 0 when they are right. */
static int16_t frame_code(const uint8_t *at, size_t size) {
  if (size < AT_RECORDS) {
    return size == 0 ? INVALID_RECORD : CORRUPT_MESSAGE;
  }
  if (at[AT_MAGIC] != 2) {
    return INVALID_RECORD;
  }
  const int32_t length = (int32_t)get(at + AT_LENGTH, 4);
  if (length < AT_RECORDS - AT_LEADER_EPOCH || (size_t)length > size - AT_LEADER_EPOCH) {
    return CORRUPT_MESSAGE;
  }
  if ((size_t)length < size - AT_LEADER_EPOCH) {
    return INVALID_RECORD; /* more than one batch */
  }
  const uint32_t crc = (uint32_t)get(at + AT_CRC, 4);
  return crc == ktxn__crc32c(0, at + AT_ATTRIBUTES, size - AT_ATTRIBUTES) ? 0 : CORRUPT_MESSAGE;
}

static int16_t content_code(const uint8_t *at, uint32_t size, int16_t produce_version,
                            const struct ktxn__model_batch *batch) {
  const unsigned compression = at[AT_ATTRIBUTES + 1] & COMPRESSION;
  const int32_t last_delta = (int32_t)get(at + AT_LAST_OFFSET_DELTA, 4);
  if (compression == ZSTD && produce_version < ZSTD_SINCE) {
    return UNSUPPORTED_COMPRESSION_TYPE;
  }
  if (compression > ZSTD || batch->record_count < 1 || last_delta != batch->record_count - 1 ||
      (batch->producer_id >= 0 && batch->base_sequence < 0)) {
    return INVALID_RECORD;
  }
  return compression != 0 || records_are_whole(at, size, batch->record_count) ? 0 : INVALID_RECORD;
}

void ktxn__batch_read(struct ktxn__span records, int16_t produce_version, struct ktxn__model_batch *out) {
  const uint8_t *at = records.data;
  *out = (struct ktxn__model_batch){.bytes = at, .size = (uint32_t)records.size, .producer_id = -1};
  out->code = frame_code(at, records.data == NULL ? 0 : records.size);
  if (out->code != 0) {
    return;
  }
  out->transactional = (at[AT_ATTRIBUTES + 1] & TRANSACTIONAL) != 0;
  out->control = (at[AT_ATTRIBUTES + 1] & CONTROL) != 0;
  out->producer_id = (int64_t)get(at + AT_PRODUCER_ID, 8);
  out->producer_epoch = (int16_t)get(at + AT_PRODUCER_EPOCH, 2);
  out->base_sequence = (int32_t)get(at + AT_BASE_SEQUENCE, 4);
  out->record_count = (int32_t)get(at + AT_COUNT, 4);
  out->max_timestamp_ms = (int64_t)get(at + AT_MAX_TIMESTAMP, 8);
  out->code = content_code(at, out->size, produce_version, out);
}

/* A control record: key version 0 and type, value version 0 and the coordinator's epoch (KIP-98). */
static void write_control_record(const struct ktxn__model_entry *entry, uint8_t *at) {
  static const uint8_t frame[] = {0x20, 0, 0, 0, 0x08, 0, 0, 0, 0, 0x0c, 0, 0, 0, 0, 0, 0, 0};
  memcpy(at, frame, sizeof frame);
  at[8] = entry->committed ? 1 : 0;
  put(at + 12, 4, (uint32_t)entry->coordinator_epoch);
}

static void write_marker(const struct ktxn__model_entry *entry, uint8_t *out) {
  memset(out, 0, AT_RECORDS);
  put(out + AT_LENGTH, 4, KTXN__MODEL_MARKER_SIZE - AT_LEADER_EPOCH);
  out[AT_MAGIC] = 2;
  out[AT_ATTRIBUTES + 1] = TRANSACTIONAL | CONTROL;
  put(out + AT_BASE_TIMESTAMP, 8, (uint64_t)entry->max_timestamp_ms);
  put(out + AT_MAX_TIMESTAMP, 8, (uint64_t)entry->max_timestamp_ms);
  put(out + AT_PRODUCER_ID, 8, (uint64_t)entry->producer_id);
  put(out + AT_PRODUCER_EPOCH, 2, (uint16_t)entry->producer_epoch);
  put(out + AT_BASE_SEQUENCE, 4, UINT32_MAX);
  put(out + AT_COUNT, 4, 1);
  write_control_record(entry, out + AT_RECORDS);
  put(out + AT_CRC, 4, ktxn__crc32c(0, out + AT_ATTRIBUTES, KTXN__MODEL_MARKER_SIZE - AT_ATTRIBUTES));
}

/* Base offset and leader epoch stand before the checksum's range: a broker sets them without another look at the rest. */
void ktxn__batch_write(const struct ktxn__model_entry *entry, uint8_t *out) {
  if (entry->marker) {
    write_marker(entry, out);
  } else {
    memcpy(out, entry->bytes, entry->size);
  }
  put(out, 8, (uint64_t)entry->base_offset);
  put(out + AT_LEADER_EPOCH, 4, (uint32_t)entry->leader_epoch);
}
