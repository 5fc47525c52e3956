#include <string.h>

#include "sdk/devbroker/schema_parts.h"

/* After the first mistake everything reads as zero and nothing moves, so that callers ask once, at the end. */
struct reader {
  const uint8_t *at;
  const uint8_t *end;
  struct ktxn__schema_form form;
  struct ktxn__arena *arena;
  enum ktxn__schema_result result;
};

static size_t left(const struct reader *reader) {
  return (size_t)(reader->end - reader->at);
}

static void fail(struct reader *reader, enum ktxn__schema_result result) {
  if (reader->result == KTXN__SCHEMA_OK) {
    reader->result = result;
  }
  reader->at = reader->end;
}

static const uint8_t *take(struct reader *reader, size_t size) {
  const uint8_t *at = reader->at;
  if (left(reader) < size) {
    fail(reader, KTXN__SCHEMA_MALFORMED);
    return NULL;
  }
  reader->at += size;
  return at;
}

static uint64_t big_endian(struct reader *reader, size_t size) {
  const uint8_t *at = take(reader, size);
  uint64_t value = 0;
  for (size_t i = 0; at != NULL && i < size; i++) {
    value = value << 8 | at[i];
  }
  return value;
}

/* Base-128, low bits first; a fifth byte has room for four bits. */
static uint32_t uvarint(struct reader *reader) {
  uint32_t value = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    const uint8_t *byte = take(reader, 1);
    if (byte == NULL) {
      return 0;
    }
    value |= (uint32_t)(*byte & 0x7fU) << shift;
    if ((*byte & 0x80U) == 0) {
      if (shift == 28 && *byte > 0x0fU) {
        break;
      }
      return value;
    }
  }
  fail(reader, KTXN__SCHEMA_MALFORMED);
  return 0;
}

/* A length or count in either form; -1 = null. Below -1 and above INT32_MAX are mistakes. */
static int64_t length(struct reader *reader, size_t plain_size, bool nullable) {
  int64_t value;
  if (reader->form.flexible) {
    value = (int64_t)uvarint(reader) - 1;
  } else if (plain_size == 2) {
    value = (int16_t)big_endian(reader, 2);
  } else {
    value = (int32_t)big_endian(reader, 4);
  }
  if (value < (nullable ? -1 : 0) || value > INT32_MAX) {
    fail(reader, KTXN__SCHEMA_MALFORMED);
    return 0;
  }
  return value;
}

static struct ktxn__str string(struct reader *reader, bool nullable) {
  int64_t size = length(reader, 2, nullable);
  if (size < 0) {
    return KTXN__STR_NULL;
  }
  const uint8_t *at = take(reader, (size_t)size);
  return at == NULL ? KTXN__STR("") : (struct ktxn__str){.data = (const char *)at, .len = (int32_t)size};
}

static struct ktxn__span bytes(struct reader *reader, bool nullable) {
  int64_t size = length(reader, 4, nullable);
  if (size < 0) {
    return (struct ktxn__span){.data = NULL};
  }
  const uint8_t *at = take(reader, (size_t)size);
  return (struct ktxn__span){.data = at == NULL ? (const uint8_t *)"" : at, .size = at == NULL ? 0 : (size_t)size};
}

static void read_struct(struct reader *reader, const struct ktxn__schema *schema, void *message);

static void read_item(struct reader *reader, const struct ktxn__schema_field *row, void *item) {
  switch (row->kind) {
    case KTXN__SCHEMA_ARRAY_I32: *(int32_t *)item = (int32_t)big_endian(reader, 4); break;
    case KTXN__SCHEMA_ARRAY_I64: *(int64_t *)item = (int64_t)big_endian(reader, 8); break;
    case KTXN__SCHEMA_ARRAY_STRING: *(struct ktxn__str *)item = string(reader, false); break;
    default: read_struct(reader, row->of, item); break;
  }
}

static size_t item_size(const struct ktxn__schema_field *row) {
  switch (row->kind) {
    case KTXN__SCHEMA_ARRAY_I32: return sizeof(int32_t);
    case KTXN__SCHEMA_ARRAY_I64: return sizeof(int64_t);
    case KTXN__SCHEMA_ARRAY_STRING: return sizeof(struct ktxn__str);
    default: return row->of->size;
  }
}

/* Every element takes at least one byte, so that a count without bytes behind it allocates nothing. */
static void read_array(struct reader *reader, const struct ktxn__schema_field *row, void *message) {
  int64_t count = length(reader, 4, ktxn__schema_nullable(row, reader->form));
  if (count > KTXN__SCHEMA_ARRAY_MAX || (count > 0 && (uint64_t)count > left(reader))) {
    fail(reader, KTXN__SCHEMA_MALFORMED);
    count = 0;
  }
  char *items = NULL;
  if (count > 0) {
    items = ktxn__arena_array(reader->arena, (size_t)count, item_size(row));
    if (items == NULL) {
      fail(reader, KTXN__SCHEMA_STARVED);
      count = 0;
    }
  }
  for (int64_t i = 0; i < count && reader->result == KTXN__SCHEMA_OK; i++) {
    read_item(reader, row, items + (size_t)i * item_size(row));
  }
  memcpy((char *)message + row->at, &items, sizeof items);
  *(int32_t *)(void *)((char *)message + row->count_at) = (int32_t)count;
}

static void read_field(struct reader *reader, const struct ktxn__schema_field *row, void *message) {
  void *member = (char *)message + row->at;
  const bool nullable = ktxn__schema_nullable(row, reader->form);
  switch (row->kind) {
    case KTXN__SCHEMA_BOOL: *(bool *)member = big_endian(reader, 1) != 0; break;
    case KTXN__SCHEMA_I8: *(int8_t *)member = (int8_t)big_endian(reader, 1); break;
    case KTXN__SCHEMA_I16: *(int16_t *)member = (int16_t)big_endian(reader, 2); break;
    case KTXN__SCHEMA_I32: *(int32_t *)member = (int32_t)big_endian(reader, 4); break;
    case KTXN__SCHEMA_I64: *(int64_t *)member = (int64_t)big_endian(reader, 8); break;
    case KTXN__SCHEMA_STRING: *(struct ktxn__str *)member = string(reader, nullable); break;
    case KTXN__SCHEMA_BYTES: *(struct ktxn__span *)member = bytes(reader, nullable); break;
    case KTXN__SCHEMA_STRUCT: read_struct(reader, row->of, member); break;
    case KTXN__SCHEMA_UUID: {
      const uint8_t *at = take(reader, sizeof(struct ktxn__msg_uuid));
      if (at != NULL) {
        memcpy(member, at, sizeof(struct ktxn__msg_uuid));
      }
      break;
    }
    default: read_array(reader, row, message); break;
  }
}

static const struct ktxn__schema_field *tagged(const struct reader *reader, const struct ktxn__schema *schema,
                                               uint32_t tag) {
  for (uint16_t i = 0; i < schema->count; i++) {
    const struct ktxn__schema_field *row = &schema->fields[i];
    if (row->tag != 0 && KTXN__TAG(tag) == row->tag && ktxn__schema_carried(row, reader->form)) {
      return row;
    }
  }
  return NULL;
}

/* A field that isn't known is skipped, and so is what a known one has left over (KIP-482). */
static void read_tagged(struct reader *reader, const struct ktxn__schema *schema, void *message, uint32_t tag) {
  const uint32_t size = uvarint(reader);
  const uint8_t *at = take(reader, size);
  const struct ktxn__schema_field *row = at == NULL ? NULL : tagged(reader, schema, tag);
  if (row == NULL) {
    return;
  }
  struct reader inner = *reader;
  inner.at = at;
  inner.end = at + size;
  read_field(&inner, row, message);
  if (inner.result != KTXN__SCHEMA_OK) {
    fail(reader, inner.result);
  }
}

static void read_tags(struct reader *reader, const struct ktxn__schema *schema, void *message) {
  const uint32_t count = uvarint(reader);
  int64_t last = -1;
  if (count > KTXN__SCHEMA_TAGS_MAX) {
    fail(reader, KTXN__SCHEMA_MALFORMED);
  }
  for (uint32_t i = 0; i < count && reader->result == KTXN__SCHEMA_OK; i++) {
    const uint32_t tag = uvarint(reader);
    if ((int64_t)tag <= last) {
      fail(reader, KTXN__SCHEMA_MALFORMED);
      return;
    }
    last = tag;
    read_tagged(reader, schema, message, tag);
  }
}

static void read_struct(struct reader *reader, const struct ktxn__schema *schema, void *message) {
  for (uint16_t i = 0; i < schema->count; i++) {
    const struct ktxn__schema_field *row = &schema->fields[i];
    if (row->tag == 0 && ktxn__schema_carried(row, reader->form)) {
      read_field(reader, row, message);
    } else {
      ktxn__schema_init_field(row, message);
    }
  }
  if (reader->form.flexible) {
    read_tags(reader, schema, message);
  }
}

enum ktxn__schema_result ktxn__schema_decode(const struct ktxn__schema *schema, struct ktxn__schema_form form,
                                             struct ktxn__span data, struct ktxn__arena *arena, void *message,
                                             size_t *used) {
  struct reader reader = {.at = data.data, .form = form, .arena = arena, .result = KTXN__SCHEMA_OK};
  reader.end = data.size == 0 ? reader.at : reader.at + data.size;
  ktxn__schema_init(schema, message);
  read_struct(&reader, schema, message);
  *used = (size_t)(reader.at - (const uint8_t *)data.data);
  return reader.result;
}
