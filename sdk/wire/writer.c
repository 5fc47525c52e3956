#include "sdk/wire/writer.h"

#include "sdk/wire/endian.h"

#define ARRAY_MAX 1000000 /* what Kafka takes since 4.4 */

static uint8_t *extend(struct ktxn__writer *writer, size_t size) {
  uint8_t *at = writer->failed ? NULL : ktxn__buffer_extend(writer->buffer, size);
  if (at == NULL) {
    writer->failed = true;
  }
  return at;
}

void ktxn__writer_i8(struct ktxn__writer *writer, int8_t value) {
  uint8_t *at = extend(writer, 1);
  if (at != NULL) {
    *at = (uint8_t)value;
  }
}

void ktxn__writer_bool(struct ktxn__writer *writer, bool value) {
  ktxn__writer_i8(writer, value ? 1 : 0);
}

void ktxn__writer_i16(struct ktxn__writer *writer, int16_t value) {
  uint8_t *at = extend(writer, 2);
  if (at != NULL) {
    ktxn__endian_put16(at, (uint16_t)value);
  }
}

void ktxn__writer_i32(struct ktxn__writer *writer, int32_t value) {
  uint8_t *at = extend(writer, 4);
  if (at != NULL) {
    ktxn__endian_put32(at, (uint32_t)value);
  }
}

void ktxn__writer_i64(struct ktxn__writer *writer, int64_t value) {
  uint8_t *at = extend(writer, 8);
  if (at != NULL) {
    ktxn__endian_put64(at, (uint64_t)value);
  }
}

void ktxn__writer_i32_at(struct ktxn__writer *writer, size_t position, int32_t value) {
  if (writer->failed || writer->buffer->size < 4 || position > writer->buffer->size - 4) {
    writer->failed = true;
    return;
  }
  ktxn__endian_put32(writer->buffer->data + position, (uint32_t)value);
}

void ktxn__writer_raw(struct ktxn__writer *writer, const void *data, size_t size) {
  if (writer->failed || !ktxn__buffer_append(writer->buffer, data, size)) {
    writer->failed = true;
  }
}

void ktxn__writer_uuid(struct ktxn__writer *writer, const struct ktxn__uuid *uuid) {
  ktxn__writer_raw(writer, uuid->bytes, sizeof uuid->bytes);
}

void ktxn__writer_uvarint(struct ktxn__writer *writer, uint32_t value) {
  uint8_t bytes[5];
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) {
    bytes[size++] = (uint8_t)(value | 0x80);
  }
  bytes[size++] = (uint8_t)value;
  ktxn__writer_raw(writer, bytes, size);
}

/* A compact length is one more than the length; null, -1, becomes 0. */
static void compact_length(struct ktxn__writer *writer, int32_t length) {
  ktxn__writer_uvarint(writer, (uint32_t)length + 1);
}

void ktxn__writer_string_plain(struct ktxn__writer *writer, struct ktxn__str value) {
  if (value.len > INT16_MAX) {
    writer->failed = true;
    return;
  }
  ktxn__writer_i16(writer, (int16_t)(value.len < 0 ? -1 : value.len));
  ktxn__writer_raw(writer, value.data, value.len < 0 ? 0 : (size_t)value.len);
}

void ktxn__writer_string_nullable(struct ktxn__writer *writer, struct ktxn__str value) {
  if (!writer->flexible || value.len > INT16_MAX) {
    ktxn__writer_string_plain(writer, value);
    return;
  }
  compact_length(writer, value.len < 0 ? -1 : value.len);
  ktxn__writer_raw(writer, value.data, value.len < 0 ? 0 : (size_t)value.len);
}

void ktxn__writer_string(struct ktxn__writer *writer, struct ktxn__str value) {
  if (value.len < 0) {
    writer->failed = true;
    return;
  }
  ktxn__writer_string_nullable(writer, value);
}

void ktxn__writer_bytes_length(struct ktxn__writer *writer, int32_t size) {
  if (size < -1) {
    writer->failed = true;
  } else if (writer->flexible) {
    compact_length(writer, size);
  } else {
    ktxn__writer_i32(writer, size);
  }
}

void ktxn__writer_array(struct ktxn__writer *writer, int32_t count) {
  if (count > ARRAY_MAX) {
    writer->failed = true;
    return;
  }
  ktxn__writer_bytes_length(writer, count); /* counts have the same form as the lengths of bytes */
}

void ktxn__writer_i32_array(struct ktxn__writer *writer, const int32_t *values, int32_t count) {
  ktxn__writer_array(writer, count);
  for (int32_t i = 0; i < count && !writer->failed; i++) {
    ktxn__writer_i32(writer, values[i]);
  }
}

void ktxn__writer_tags(struct ktxn__writer *writer) {
  if (writer->flexible) {
    ktxn__writer_uvarint(writer, 0);
  }
}
