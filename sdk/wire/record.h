#ifndef KTXN_WIRE_RECORD_H
#define KTXN_WIRE_RECORD_H

/*
 * Writes one record of a record batch v2. This runs once for every record that the application sends: it is inline,
 * allocates nothing and checks no room. The caller asks ktxn__record_size_max() first.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ktxn/record.h"

/* Length 5, attributes 1, timestamp delta 10, offset delta 5, key length 5, value length 5, header count 5. */
#define KTXN__RECORD_OVERHEAD_MAX 36
#define KTXN__RECORD_HEADER_OVERHEAD_MAX 10 /* key length 5, value length 5 */

static inline size_t ktxn__record_field_size(const void *data, size_t size) {
  return data == NULL ? 0 : size;
}

/** The bytes that the headers add at most; SIZE_MAX when a record can't hold so much. */
size_t ktxn__record_headers_size_max(const ktxn_header *headers, size_t count);

/** An upper bound of what the record will take; SIZE_MAX when it is more than any record can have (INT32_MAX). */
static inline size_t ktxn__record_size_max(const ktxn_record *record) {
  size_t key_size = ktxn__record_field_size(record->key, record->key_size);
  size_t value_size = ktxn__record_field_size(record->value, record->value_size);
  size_t headers_size = record->header_count == 0
                            ? 0
                            : ktxn__record_headers_size_max(record->headers, record->header_count);
  if ((key_size | value_size | headers_size) > INT32_MAX) {
    return SIZE_MAX;
  }
  size_t size = KTXN__RECORD_OVERHEAD_MAX + key_size + value_size + headers_size;
  return size > INT32_MAX ? SIZE_MAX : size;
}

/* Signed numbers in records are zigzag: 0, -1, 1, -2 become 0, 1, 2, 3. */
static inline uint64_t ktxn__record_zigzag(int64_t value) {
  return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

/** Seven bits a byte: 64 bits take 10 bytes. */
static inline size_t ktxn__record_varint_size(uint64_t zigzag) {
  size_t bits = 64 - (size_t)__builtin_clzll(zigzag | 1);
  return (bits * 9 + 64) / 64;
}

static inline uint8_t *ktxn__record_put_varint(uint8_t *at, uint64_t zigzag) {
  while (zigzag >= 0x80) {
    *at++ = (uint8_t)(zigzag | 0x80);
    zigzag >>= 7;
  }
  *at++ = (uint8_t)zigzag;
  return at;
}

/* A length in front of bytes; -1 for null. */
static inline uint64_t ktxn__record_length(const void *data, size_t size) {
  return data == NULL ? 1 : (uint64_t)size << 1;
}

static inline size_t ktxn__record_put_size(const void *data, size_t size) {
  return ktxn__record_varint_size(ktxn__record_length(data, size)) + ktxn__record_field_size(data, size);
}

static inline uint8_t *ktxn__record_put(uint8_t *at, const void *data, size_t size) {
  at = ktxn__record_put_varint(at, ktxn__record_length(data, size));
  if (data == NULL || size == 0) {
    return at;
  }
  memcpy(at, data, size);
  return at + size;
}

/** What the headers take, exactly, and writing them; without their count. */
size_t ktxn__record_headers_size(const ktxn_header *headers, size_t count);
uint8_t *ktxn__record_put_headers(uint8_t *at, const ktxn_header *headers, size_t count);

/* What a record may grow by when its offset delta changes: that number's four bytes more, and one of its length's. */
#define KTXN__RECORD_RENUMBER_MAX 5

/** Copies a record of `size` bytes that ktxn__record_write() wrote, with another offset delta. Returns its size now. */
size_t ktxn__record_renumber(uint8_t *to, const uint8_t *record, size_t size, int32_t offset_delta);

/** The size of the record without its own length. */
static inline size_t ktxn__record_body_size(const ktxn_record *record, int64_t timestamp_delta, int32_t offset_delta) {
  size_t size = 1 + ktxn__record_varint_size(ktxn__record_zigzag(timestamp_delta)) +
                ktxn__record_varint_size(ktxn__record_zigzag(offset_delta)) +
                ktxn__record_put_size(record->key, record->key_size) +
                ktxn__record_put_size(record->value, record->value_size) +
                ktxn__record_varint_size((uint64_t)record->header_count << 1);
  return record->header_count == 0 ? size : size + ktxn__record_headers_size(record->headers, record->header_count);
}

/**
 * Writes key, value and headers of `record` (its topic, partition and timestamp play no part) and returns how many bytes
 * that took: at most ktxn__record_size_max(). The deltas are against the batch's base timestamp and first record.
 */
static inline size_t ktxn__record_write(uint8_t *at, int64_t timestamp_delta, int32_t offset_delta,
                                        const ktxn_record *record) {
  uint8_t *start = at;
  at = ktxn__record_put_varint(at, (uint64_t)ktxn__record_body_size(record, timestamp_delta, offset_delta) << 1);
  *at++ = 0; /* attributes: none exist */
  at = ktxn__record_put_varint(at, ktxn__record_zigzag(timestamp_delta));
  at = ktxn__record_put_varint(at, ktxn__record_zigzag(offset_delta));
  at = ktxn__record_put(at, record->key, record->key_size);
  at = ktxn__record_put(at, record->value, record->value_size);
  at = ktxn__record_put_varint(at, (uint64_t)record->header_count << 1);
  if (record->header_count > 0) {
    at = ktxn__record_put_headers(at, record->headers, record->header_count);
  }
  return (size_t)(at - start);
}

#endif
