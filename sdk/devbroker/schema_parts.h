#ifndef KTXN_DEVBROKER_SCHEMA_PARTS_H
#define KTXN_DEVBROKER_SCHEMA_PARTS_H

/** What the two halves of the interpreter share. */

#include "sdk/devbroker/schema.h"

static inline bool ktxn__schema_is_array(uint8_t kind) {
  return kind >= KTXN__SCHEMA_ARRAY_I32;
}

static inline int32_t ktxn__schema_count(const struct ktxn__schema_field *row, const void *message) {
  return *(const int32_t *)(const void *)((const char *)message + row->count_at);
}

static inline bool ktxn__schema_carried(const struct ktxn__schema_field *row, struct ktxn__schema_form form) {
  return form.version >= row->first && form.version <= row->last;
}

static inline bool ktxn__schema_nullable(const struct ktxn__schema_field *row, struct ktxn__schema_form form) {
  return row->null_since != 0 && form.version + 1 >= row->null_since;
}

/** Sets one field to what it is where it isn't on the wire. */
void ktxn__schema_init_field(const struct ktxn__schema_field *row, void *message);

#endif
