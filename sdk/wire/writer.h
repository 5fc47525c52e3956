#ifndef KTXN_WIRE_WRITER_H
#define KTXN_WIRE_WRITER_H

/*
 * Writes Kafka's primitive types into a bounded buffer. An error (the buffer's maximum, no memory, or something that
 * the version can't express) sticks: nothing is written any more, and an encoder's caller asks once, at the end.
 * `flexible` as in the reader.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/buffer.h"
#include "sdk/base/str.h"
#include "sdk/wire/uuid.h"

struct ktxn__writer {
  struct ktxn__buffer *buffer;
  bool flexible;
  bool failed;
};

/** Writes behind what the buffer holds. */
static inline void ktxn__writer_init(struct ktxn__writer *writer, struct ktxn__buffer *buffer) {
  writer->buffer = buffer;
  writer->flexible = false;
  writer->failed = false;
}

/** Where the next byte goes, counted from the start of the buffer. */
static inline size_t ktxn__writer_position(const struct ktxn__writer *writer) {
  return writer->buffer->size;
}

void ktxn__writer_bool(struct ktxn__writer *writer, bool value);
void ktxn__writer_i8(struct ktxn__writer *writer, int8_t value);
void ktxn__writer_i16(struct ktxn__writer *writer, int16_t value);
void ktxn__writer_i32(struct ktxn__writer *writer, int32_t value);
void ktxn__writer_i64(struct ktxn__writer *writer, int64_t value);
void ktxn__writer_uuid(struct ktxn__writer *writer, const struct ktxn__uuid *uuid);
void ktxn__writer_uvarint(struct ktxn__writer *writer, uint32_t value);
void ktxn__writer_raw(struct ktxn__writer *writer, const void *data, size_t size);

/** Writes over four bytes that are there already. */
void ktxn__writer_i32_at(struct ktxn__writer *writer, size_t position, int32_t value);

/** A null string fails where it isn't nullable; so does one of more than 32767 bytes, Kafka's limit for strings. */
void ktxn__writer_string(struct ktxn__writer *writer, struct ktxn__str value);
void ktxn__writer_string_nullable(struct ktxn__writer *writer, struct ktxn__str value);

/** The i16 form whatever the version: the client id of request headers. */
void ktxn__writer_string_plain(struct ktxn__writer *writer, struct ktxn__str value);

/** The length in front of records or bytes that follow by another way; -1 = null. */
void ktxn__writer_bytes_length(struct ktxn__writer *writer, int32_t size);

/** The count in front of an array's elements; -1 = null. More than a million, Kafka's limit since 4.4, fails. */
void ktxn__writer_array(struct ktxn__writer *writer, int32_t count);
void ktxn__writer_i32_array(struct ktxn__writer *writer, const int32_t *values, int32_t count);

/** The end of a struct without tagged fields; nothing in a version that isn't flexible. */
void ktxn__writer_tags(struct ktxn__writer *writer);

/** Marks it failed. */
static inline void ktxn__writer_fail(struct ktxn__writer *writer) {
  writer->failed = true;
}

/** How many bytes ktxn__writer_uvarint() takes. */
static inline size_t ktxn__writer_uvarint_size(uint32_t value) {
  return value < 1U << 7 ? 1 : value < 1U << 14 ? 2 : value < 1U << 21 ? 3 : value < 1U << 28 ? 4 : 5;
}

#endif
