#include "sdk/devbroker/schema_parts.h"

#include <string.h>

static void init_number(const struct ktxn__schema_field *row, void *member) {
  switch (row->kind) {
    case KTXN__SCHEMA_BOOL: *(bool *)member = row->fallback != 0; break;
    case KTXN__SCHEMA_I8: *(int8_t *)member = (int8_t)row->fallback; break;
    case KTXN__SCHEMA_I16: *(int16_t *)member = (int16_t)row->fallback; break;
    case KTXN__SCHEMA_I32: *(int32_t *)member = (int32_t)row->fallback; break;
    default: *(int64_t *)member = row->fallback; break;
  }
}

static void init_array(const struct ktxn__schema_field *row, void *message) {
  void *const nothing = NULL; /* the pointers are of many types: bytes are moved, not values */
  memcpy((char *)message + row->at, &nothing, sizeof nothing);
  *(int32_t *)(void *)((char *)message + row->count_at) = (int32_t)row->fallback;
}

void ktxn__schema_init_field(const struct ktxn__schema_field *row, void *message) {
  void *member = (char *)message + row->at;
  switch (row->kind) {
    case KTXN__SCHEMA_UUID: memset(member, 0, sizeof(struct ktxn__msg_uuid)); break;
    case KTXN__SCHEMA_BYTES: *(struct ktxn__span *)member = (struct ktxn__span){.data = NULL}; break;
    case KTXN__SCHEMA_STRING: *(struct ktxn__str *)member = row->fallback < 0 ? KTXN__STR_NULL : KTXN__STR(""); break;
    case KTXN__SCHEMA_STRUCT: ktxn__schema_init(row->of, member); break;
    default: (ktxn__schema_is_array(row->kind) ? init_array(row, message) : init_number(row, member));
  }
}

void ktxn__schema_init(const struct ktxn__schema *schema, void *message) {
  for (uint16_t i = 0; i < schema->count; i++) {
    ktxn__schema_init_field(&schema->fields[i], message);
  }
}

void *ktxn__schema_array(const struct ktxn__schema *schema, struct ktxn__arena *arena, size_t count) {
  char *items = ktxn__arena_array(arena, count, schema->size);
  for (size_t i = 0; items != NULL && i < count; i++) {
    ktxn__schema_init(schema, items + i * schema->size);
  }
  return items;
}
