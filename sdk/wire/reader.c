#include "sdk/wire/reader.h"

#include "sdk/wire/endian.h"

bool ktxn__reader_fail(struct ktxn__reader *reader) {
  reader->failed = true;
  return false;
}

const uint8_t *ktxn__reader_take(struct ktxn__reader *reader, size_t size) {
  if (reader->failed || size > ktxn__reader_left(reader)) {
    reader->failed = true;
    return NULL;
  }
  const uint8_t *at = reader->at;
  reader->at += size;
  return at;
}

int8_t ktxn__reader_i8(struct ktxn__reader *reader) {
  const uint8_t *at = ktxn__reader_take(reader, 1);
  return at == NULL ? 0 : (int8_t)*at;
}

bool ktxn__reader_bool(struct ktxn__reader *reader) {
  return ktxn__reader_i8(reader) != 0; /* Kafka protocol: any value but 0 is true */
}

int16_t ktxn__reader_i16(struct ktxn__reader *reader) {
  const uint8_t *at = ktxn__reader_take(reader, 2);
  return at == NULL ? 0 : (int16_t)ktxn__endian_get16(at);
}

uint32_t ktxn__reader_u32(struct ktxn__reader *reader) {
  const uint8_t *at = ktxn__reader_take(reader, 4);
  return at == NULL ? 0 : ktxn__endian_get32(at);
}

int32_t ktxn__reader_i32(struct ktxn__reader *reader) {
  return (int32_t)ktxn__reader_u32(reader);
}

int64_t ktxn__reader_i64(struct ktxn__reader *reader) {
  const uint8_t *at = ktxn__reader_take(reader, 8);
  return at == NULL ? 0 : (int64_t)ktxn__endian_get64(at);
}

struct ktxn__uuid ktxn__reader_uuid(struct ktxn__reader *reader) {
  struct ktxn__uuid uuid = {{0}};
  const uint8_t *at = ktxn__reader_take(reader, sizeof uuid.bytes);
  if (at != NULL) {
    memcpy(uuid.bytes, at, sizeof uuid.bytes);
  }
  return uuid;
}

/* Up to `bits` bits. Set bits above them, or a continuation where there can't be one, are an error. */
static uint64_t base128(struct ktxn__reader *reader, unsigned bits) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < bits; shift += 7) {
    const uint8_t *at = ktxn__reader_take(reader, 1);
    if (at == NULL) {
      return 0;
    }
    uint64_t part = *at & 0x7fU;
    if (bits - shift < 7 && part >> (bits - shift) != 0) {
      break;
    }
    value |= part << shift;
    if ((*at & 0x80U) == 0) {
      return value;
    }
  }
  ktxn__reader_fail(reader);
  return 0;
}

uint32_t ktxn__reader_uvarint(struct ktxn__reader *reader) {
  return (uint32_t)base128(reader, 32);
}

int32_t ktxn__reader_varint(struct ktxn__reader *reader) {
  uint32_t zigzag = (uint32_t)base128(reader, 32);
  return (int32_t)(zigzag >> 1 ^ (zigzag & 1 ? UINT32_MAX : 0));
}

int64_t ktxn__reader_varlong(struct ktxn__reader *reader) {
  uint64_t zigzag = base128(reader, 64);
  return (int64_t)(zigzag >> 1 ^ (zigzag & 1 ? UINT64_MAX : 0));
}

/* A compact length is one more than the length; 0 means null. */
static int32_t compact_length(struct ktxn__reader *reader) {
  uint32_t value = ktxn__reader_uvarint(reader);
  if (value > (uint32_t)INT32_MAX + 1) {
    ktxn__reader_fail(reader);
    return -1;
  }
  return (int32_t)((int64_t)value - 1);
}

/* Null is -1; below that is an error. */
static int32_t checked_length(struct ktxn__reader *reader, int32_t length) {
  if (length < -1) {
    ktxn__reader_fail(reader);
  }
  return reader->failed ? -1 : length;
}

static struct ktxn__bytes take_bytes(struct ktxn__reader *reader, int32_t length) {
  length = checked_length(reader, length);
  const uint8_t *data = length < 0 ? NULL : ktxn__reader_take(reader, (size_t)length);
  return (struct ktxn__bytes){.data = data, .len = data == NULL ? -1 : length};
}

struct ktxn__bytes ktxn__reader_bytes_nullable(struct ktxn__reader *reader) {
  return take_bytes(reader, reader->flexible ? compact_length(reader) : ktxn__reader_i32(reader));
}

struct ktxn__bytes ktxn__reader_bytes(struct ktxn__reader *reader) {
  struct ktxn__bytes bytes = ktxn__reader_bytes_nullable(reader);
  if (bytes.len < 0) {
    ktxn__reader_fail(reader);
  }
  return bytes;
}

struct ktxn__str ktxn__reader_string_nullable(struct ktxn__reader *reader) {
  struct ktxn__bytes bytes = take_bytes(reader, reader->flexible ? compact_length(reader) : ktxn__reader_i16(reader));
  return (struct ktxn__str){.data = (const char *)bytes.data, .len = bytes.len};
}

struct ktxn__str ktxn__reader_string(struct ktxn__reader *reader) {
  struct ktxn__str str = ktxn__reader_string_nullable(reader);
  if (str.len < 0) {
    ktxn__reader_fail(reader);
  }
  return str;
}

int32_t ktxn__reader_array_nullable(struct ktxn__reader *reader, size_t element_min) {
  int32_t count = checked_length(reader, reader->flexible ? compact_length(reader) : ktxn__reader_i32(reader));
  /* Nothing may be allocated for elements that can't be there. */
  if (count > KTXN__READER_ARRAY_MAX || (count > 0 && (size_t)count > ktxn__reader_left(reader) / element_min)) {
    ktxn__reader_fail(reader);
    return -1;
  }
  return count;
}

int32_t ktxn__reader_array(struct ktxn__reader *reader, size_t element_min) {
  int32_t count = ktxn__reader_array_nullable(reader, element_min);
  if (count < 0) {
    ktxn__reader_fail(reader);
    return 0;
  }
  return count;
}

void *ktxn__reader_array_of(struct ktxn__reader *reader, struct ktxn__arena *arena, size_t element_min, size_t size,
                            int32_t *count) {
  *count = ktxn__reader_array(reader, element_min);
  if (reader->failed) {
    return NULL;
  }
  void *elements = ktxn__arena_array(arena, (size_t)*count, size);
  if (elements == NULL) {
    reader->failed = true;
    reader->starved = true;
    *count = 0;
  }
  return elements;
}

int32_t *ktxn__reader_i32_array(struct ktxn__reader *reader, struct ktxn__arena *arena, int32_t *count) {
  int32_t *values = ktxn__reader_array_of(reader, arena, sizeof *values, sizeof *values, count);
  for (int32_t i = 0; i < *count; i++) {
    values[i] = ktxn__reader_i32(reader);
  }
  return values;
}

void ktxn__reader_tags_begin(struct ktxn__reader *reader, struct ktxn__reader_tags *tags) {
  *tags = (struct ktxn__reader_tags){.first = true};
  if (!reader->flexible) {
    return;
  }
  tags->left = ktxn__reader_uvarint(reader);
  if (tags->left > KTXN__READER_TAGS_MAX) {
    ktxn__reader_fail(reader);
  }
}

static bool take_field(struct ktxn__reader *reader, struct ktxn__reader_tags *tags) {
  uint32_t tag = ktxn__reader_uvarint(reader);
  uint32_t size = ktxn__reader_uvarint(reader);
  if (!tags->first && tag <= tags->tag) {
    return ktxn__reader_fail(reader);
  }
  const uint8_t *data = ktxn__reader_take(reader, size);
  if (data == NULL) {
    return false;
  }
  tags->first = false;
  tags->tag = tag;
  ktxn__reader_init(&tags->field, data, size);
  tags->field.flexible = true;
  return true;
}

bool ktxn__reader_tags_next(struct ktxn__reader *reader, struct ktxn__reader_tags *tags) {
  if (tags->field.failed) {
    reader->failed = true;
    reader->starved = tags->field.starved;
  }
  if (reader->failed || tags->left == 0) {
    return false;
  }
  tags->left--;
  return take_field(reader, tags);
}

void ktxn__reader_tags(struct ktxn__reader *reader) {
  struct ktxn__reader_tags tags;
  ktxn__reader_tags_begin(reader, &tags);
  while (ktxn__reader_tags_next(reader, &tags)) {
  }
}
