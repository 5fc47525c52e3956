#ifndef KTXN_DEVBROKER_MESSAGES_ROWS_H
#define KTXN_DEVBROKER_MESSAGES_ROWS_H

/** How the tables of this folder are written. The last arguments of a row are the last version and what else is to say. */

#include "sdk/devbroker/schema.h"

#define KTXN__FIELD(owner, member, what, from, ...)                                                            \
  {                                                                                                            \
    .name = #member, .at = offsetof(struct ktxn__##owner, member), .kind = KTXN__SCHEMA_##what, .first = from, \
    .last = __VA_ARGS__                                                                                        \
  }

#define KTXN__ARRAY(owner, member, what, from, ...)                                                         \
  {                                                                                                         \
    .name = #member, .at = offsetof(struct ktxn__##owner, member),                                          \
    .count_at = offsetof(struct ktxn__##owner, member##_count), .kind = KTXN__SCHEMA_##what, .first = from, \
    .last = __VA_ARGS__                                                                                     \
  }

#define KTXN__ROWS_OF(owner, text)                                                               \
  {                                                                                              \
    .name = text, .fields = owner##_rows, .count = sizeof owner##_rows / sizeof owner##_rows[0], \
    .size = sizeof(struct ktxn__##owner)                                                         \
  }

/* A struct within a message; a message; a message without fields. */
#define KTXN__STRUCT(owner, text) static const struct ktxn__schema owner = KTXN__ROWS_OF(owner, text)
#define KTXN__MESSAGE(owner, text) const struct ktxn__schema ktxn__##owner = KTXN__ROWS_OF(owner, text)
#define KTXN__MESSAGE_EMPTY(owner, text) \
  const struct ktxn__schema ktxn__##owner = {.name = text, .size = sizeof(struct ktxn__##owner)}

#endif
