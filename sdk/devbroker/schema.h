#ifndef KTXN_DEVBROKER_SCHEMA_H
#define KTXN_DEVBROKER_SCHEMA_H

/*
 * The broker's own codec. A schema is a table that tells where each field of a C struct stands on the wire, and in which
 * versions; one interpreter decodes and encodes them all. It shares nothing with sdk/wire/, so that a mistake that the
 * client's codec makes can't hide. The tables in messages/ are made from Kafka's message definitions by `regenerate`.
 *
 * How fields look in C: strings are struct ktxn__str (length -1 = null), bytes and records struct ktxn__span (data NULL =
 * null), ids struct ktxn__msg_uuid, arrays a pointer and a count (-1 = null) beside it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/arena.h"
#include "sdk/base/buffer.h"
#include "sdk/base/span.h"
#include "sdk/base/str.h"

/* Kafka's own limits since 4.4. */
#define KTXN__SCHEMA_ARRAY_MAX 1000000
#define KTXN__SCHEMA_TAGS_MAX 10000

struct ktxn__msg_uuid {
  uint8_t bytes[16];
};

enum ktxn__schema_kind {
  KTXN__SCHEMA_BOOL,
  KTXN__SCHEMA_I8,
  KTXN__SCHEMA_I16,
  KTXN__SCHEMA_I32,
  KTXN__SCHEMA_I64,
  KTXN__SCHEMA_UUID,
  KTXN__SCHEMA_STRING,
  KTXN__SCHEMA_BYTES,
  KTXN__SCHEMA_STRUCT, /* a struct inside of its parent */
  KTXN__SCHEMA_ARRAY_I32,
  KTXN__SCHEMA_ARRAY_I64,
  KTXN__SCHEMA_ARRAY_STRING,
  KTXN__SCHEMA_ARRAY_STRUCT
};

struct ktxn__schema;

struct ktxn__schema_field {
  const char *name;
  uint16_t at;       /* offset of the member */
  uint16_t count_at; /* of an array: offset of its count */
  uint8_t kind;      /* enum ktxn__schema_kind */
  uint8_t first;     /* versions that carry it */
  uint8_t last;
  uint8_t null_since; /* KTXN__SINCE(version from which it may be null); 0 = never */
  uint8_t tag;        /* KTXN__TAG(n) of a tagged field; 0 = positional */
  int64_t fallback;   /* what it is where it isn't on the wire; -1 of a string or an array = null */
  const struct ktxn__schema *of; /* of structs */
};

#define KTXN__SINCE(version) ((version) + 1)
#define KTXN__TAG(number) ((number) + 1)

/** One struct. A message is a struct, too. */
struct ktxn__schema {
  const char *name; /* as Kafka calls it */
  const struct ktxn__schema_field *fields;
  uint16_t count;
  uint16_t size; /* of the C struct */
};

/** How a message is laid out at one version. */
struct ktxn__schema_form {
  uint8_t version;
  bool flexible; /* compact lengths, tagged fields (KIP-482) */
};

enum ktxn__schema_result {
  KTXN__SCHEMA_OK = 0,
  KTXN__SCHEMA_MALFORMED, /* the bytes are not such a message */
  KTXN__SCHEMA_STARVED    /* no memory, or the maximum of the arena or the buffer is reached */
};

/** Sets a zeroed or used struct to its defaults. */
void ktxn__schema_init(const struct ktxn__schema *schema, void *message);

/** An array of `count` structs with their defaults; NULL when the arena gives nothing. */
void *ktxn__schema_array(const struct ktxn__schema *schema, struct ktxn__arena *arena, size_t count);

/**
 * Reads one message from the front of `data`; hostile bytes are welcome. Strings and bytes point into `data`, arrays come
 * from `arena`. `*used` is how many bytes it took.
 */
enum ktxn__schema_result ktxn__schema_decode(const struct ktxn__schema *schema, struct ktxn__schema_form form,
                                             struct ktxn__span data, struct ktxn__arena *arena, void *message, size_t *used);

/**
 * Writes it behind what is in `out`. A field that the version doesn't have is left out, whatever it says; a null where
 * null isn't allowed is written as empty. False: out of memory, or `out` is at its maximum.
 */
bool ktxn__schema_encode(const struct ktxn__schema *schema, struct ktxn__schema_form form, const void *message,
                         struct ktxn__buffer *out);

#endif
