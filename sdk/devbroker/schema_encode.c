#include <string.h>

#include "sdk/devbroker/schema_parts.h"

/* The first failure sticks in `ok`; what is written after it is lost. */
struct writer {
  struct ktxn__buffer *out;
  struct ktxn__schema_form form;
  bool ok;
};

static uint8_t *room(struct writer *writer, size_t size) {
  uint8_t *at = writer->ok ? ktxn__buffer_extend(writer->out, size) : NULL;
  writer->ok = at != NULL;
  return at;
}

static void big_endian(struct writer *writer, uint64_t value, size_t size) {
  uint8_t *at = room(writer, size);
  for (size_t i = size; at != NULL && i > 0; i--) {
    at[i - 1] = (uint8_t)value;
    value >>= 8;
  }
}

static size_t put_uvarint(uint8_t *at, uint32_t value) {
  size_t size = 0;
  for (; value > 0x7fU; value >>= 7) {
    at[size++] = (uint8_t)(value | 0x80U);
  }
  at[size++] = (uint8_t)value;
  return size;
}

static void raw(struct writer *writer, const void *data, size_t size) {
  uint8_t *at = size == 0 ? NULL : room(writer, size);
  if (at != NULL) {
    memcpy(at, data, size);
  }
}

static void uvarint(struct writer *writer, uint32_t value) {
  uint8_t text[5];
  raw(writer, text, put_uvarint(text, value));
}

/* -1 = null. */
static void length(struct writer *writer, int64_t value, size_t plain_size) {
  if (writer->form.flexible) {
    uvarint(writer, (uint32_t)(value + 1));
  } else if (plain_size == 2 && value > INT16_MAX) {
    writer->ok = false;
  } else {
    big_endian(writer, (uint64_t)value, plain_size);
  }
}

static void string(struct writer *writer, struct ktxn__str value, bool nullable) {
  length(writer, value.len < 0 && !nullable ? 0 : value.len, 2);
  raw(writer, value.data, value.len < 0 ? 0 : (size_t)value.len);
}

static void bytes(struct writer *writer, struct ktxn__span value, bool nullable) {
  if (value.size > INT32_MAX) {
    writer->ok = false;
    return;
  }
  length(writer, value.data == NULL && nullable ? -1 : (int64_t)value.size, 4);
  raw(writer, value.data, value.size);
}

static void write_struct(struct writer *writer, const struct ktxn__schema *schema, const void *message);

static void write_items(struct writer *writer, const struct ktxn__schema_field *row, const char *items, int32_t count) {
  for (int32_t i = 0; i < count && writer->ok; i++) {
    switch (row->kind) {
      case KTXN__SCHEMA_ARRAY_I32: big_endian(writer, (uint32_t)((const int32_t *)(const void *)items)[i], 4); break;
      case KTXN__SCHEMA_ARRAY_I64: big_endian(writer, (uint64_t)((const int64_t *)(const void *)items)[i], 8); break;
      case KTXN__SCHEMA_ARRAY_STRING: string(writer, ((const struct ktxn__str *)(const void *)items)[i], false); break;
      default: write_struct(writer, row->of, items + (size_t)i * row->of->size); break;
    }
  }
}

static const char *items_of(const struct ktxn__schema_field *row, const void *message) {
  const char *items; /* the pointers are of many types: bytes are moved, not values */
  memcpy(&items, (const char *)message + row->at, sizeof items);
  return items;
}

static void write_array(struct writer *writer, const struct ktxn__schema_field *row, const void *message) {
  int32_t count = ktxn__schema_count(row, message);
  if (count < 0 && !ktxn__schema_nullable(row, writer->form)) {
    count = 0;
  }
  length(writer, count, 4);
  write_items(writer, row, items_of(row, message), count);
}

static void write_field(struct writer *writer, const struct ktxn__schema_field *row, const void *message) {
  const void *member = (const char *)message + row->at;
  const bool nullable = ktxn__schema_nullable(row, writer->form);
  switch (row->kind) {
    case KTXN__SCHEMA_BOOL: big_endian(writer, *(const bool *)member, 1); break;
    case KTXN__SCHEMA_I8: big_endian(writer, (uint8_t)(*(const int8_t *)member), 1); break;
    case KTXN__SCHEMA_I16: big_endian(writer, (uint16_t)(*(const int16_t *)member), 2); break;
    case KTXN__SCHEMA_I32: big_endian(writer, (uint32_t)(*(const int32_t *)member), 4); break;
    case KTXN__SCHEMA_I64: big_endian(writer, (uint64_t)(*(const int64_t *)member), 8); break;
    case KTXN__SCHEMA_UUID: raw(writer, member, sizeof(struct ktxn__msg_uuid)); break;
    case KTXN__SCHEMA_STRING: string(writer, *(const struct ktxn__str *)member, nullable); break;
    case KTXN__SCHEMA_BYTES: bytes(writer, *(const struct ktxn__span *)member, nullable); break;
    case KTXN__SCHEMA_STRUCT: write_struct(writer, row->of, member); break;
    default: write_array(writer, row, message); break;
  }
}

static bool is_fallback(const struct ktxn__schema_field *row, const void *message);

static bool is_fallback_struct(const struct ktxn__schema *schema, const void *message) {
  for (uint16_t i = 0; i < schema->count; i++) {
    if (!is_fallback(&schema->fields[i], message)) {
      return false;
    }
  }
  return true;
}

/* A tagged field that says what its absence says stays away (KIP-482). */
static bool is_fallback(const struct ktxn__schema_field *row, const void *message) {
  static const struct ktxn__msg_uuid no_id;
  const void *member = (const char *)message + row->at;
  switch (row->kind) {
    case KTXN__SCHEMA_BOOL: return *(const bool *)member == (row->fallback != 0);
    case KTXN__SCHEMA_I8: return *(const int8_t *)member == row->fallback;
    case KTXN__SCHEMA_I16: return *(const int16_t *)member == row->fallback;
    case KTXN__SCHEMA_I32: return *(const int32_t *)member == row->fallback;
    case KTXN__SCHEMA_I64: return *(const int64_t *)member == row->fallback;
    case KTXN__SCHEMA_UUID: return memcmp(member, &no_id, sizeof no_id) == 0;
    case KTXN__SCHEMA_STRING: return ((const struct ktxn__str *)member)->len == row->fallback;
    case KTXN__SCHEMA_BYTES: return ((const struct ktxn__span *)member)->data == NULL;
    case KTXN__SCHEMA_STRUCT: return is_fallback_struct(row->of, member);
    default: return ktxn__schema_count(row, message) == row->fallback;
  }
}

/* The size stands in front of the payload and is known behind it: the payload moves up by the bytes that the size takes. */
static void write_tagged(struct writer *writer, const struct ktxn__schema_field *row, const void *message) {
  uvarint(writer, row->tag - 1U);
  const size_t start = writer->out->size;
  write_field(writer, row, message);
  const size_t size = writer->out->size - start;
  uint8_t text[5];
  const size_t shift = put_uvarint(text, (uint32_t)size);
  if (room(writer, shift) != NULL) {
    uint8_t *at = writer->out->data + start;
    memmove(at + shift, at, size);
    memcpy(at, text, shift);
  }
}

static bool is_there(const struct writer *writer, const struct ktxn__schema_field *row, const void *message) {
  return row->tag != 0 && ktxn__schema_carried(row, writer->form) && !is_fallback(row, message);
}

/* The rows of tagged fields stand in the order of their tags. */
static void write_tags(struct writer *writer, const struct ktxn__schema *schema, const void *message) {
  uint32_t count = 0;
  for (uint16_t i = 0; i < schema->count; i++) {
    count += is_there(writer, &schema->fields[i], message);
  }
  uvarint(writer, count);
  for (uint16_t i = 0; count > 0 && i < schema->count; i++) {
    if (is_there(writer, &schema->fields[i], message)) {
      write_tagged(writer, &schema->fields[i], message);
    }
  }
}

static void write_struct(struct writer *writer, const struct ktxn__schema *schema, const void *message) {
  for (uint16_t i = 0; i < schema->count; i++) {
    const struct ktxn__schema_field *row = &schema->fields[i];
    if (row->tag == 0 && ktxn__schema_carried(row, writer->form)) {
      write_field(writer, row, message);
    }
  }
  if (writer->form.flexible) {
    write_tags(writer, schema, message);
  }
}

bool ktxn__schema_encode(const struct ktxn__schema *schema, struct ktxn__schema_form form, const void *message,
                         struct ktxn__buffer *out) {
  struct writer writer = {.out = out, .form = form, .ok = true};
  write_struct(&writer, schema, message);
  return writer.ok;
}
