#ifndef KTXN_WIRE_READER_H
#define KTXN_WIRE_READER_H

/*
 * Reads Kafka's primitive types from bytes that may be hostile. An error sticks: after it every read gives 0 or null and
 * moves nothing, so that a decoder reads on and asks once, at the end. Strings and bytes point into what is read.
 *
 * `flexible` chooses between the plain and the compact forms of lengths, and whether structs end with tagged fields
 * (KIP-482). A decoder sets it from the version of its message.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/arena.h"
#include "sdk/base/str.h"
#include "sdk/wire/uuid.h"

/* Kafka's own limits since 4.4. */
#define KTXN__READER_ARRAY_MAX 1000000
#define KTXN__READER_TAGS_MAX 10000

struct ktxn__reader {
  const uint8_t *at;
  const uint8_t *end;
  bool flexible;
  bool failed;
  bool starved; /* it failed because an arena gave no memory; the bytes may be fine */
};

/** Borrowed bytes. Length -1 = null. */
struct ktxn__bytes {
  const uint8_t *data;
  int32_t len;
};

static inline void ktxn__reader_init(struct ktxn__reader *reader, const void *data, size_t size) {
  reader->at = data;
  reader->end = size == 0 ? data : (const uint8_t *)data + size;
  reader->flexible = false;
  reader->failed = false;
  reader->starved = false;
}

/** Bytes not read yet; after a body, what a newer broker put behind it. */
static inline size_t ktxn__reader_left(const struct ktxn__reader *reader) {
  return (size_t)(reader->end - reader->at);
}

/** Marks it failed. Returns false, for `return ktxn__reader_fail(reader);`. */
bool ktxn__reader_fail(struct ktxn__reader *reader);

bool ktxn__reader_bool(struct ktxn__reader *reader);
int8_t ktxn__reader_i8(struct ktxn__reader *reader);
int16_t ktxn__reader_i16(struct ktxn__reader *reader);
int32_t ktxn__reader_i32(struct ktxn__reader *reader);
uint32_t ktxn__reader_u32(struct ktxn__reader *reader);
int64_t ktxn__reader_i64(struct ktxn__reader *reader);
struct ktxn__uuid ktxn__reader_uuid(struct ktxn__reader *reader);

/** Base-128; more than 32 bits are an error. */
uint32_t ktxn__reader_uvarint(struct ktxn__reader *reader);

/** Zigzag, as records have them. */
int32_t ktxn__reader_varint(struct ktxn__reader *reader);
int64_t ktxn__reader_varlong(struct ktxn__reader *reader);

/** Without `_nullable`, null is an error. A null string or array of bytes has length -1. */
struct ktxn__str ktxn__reader_string(struct ktxn__reader *reader);
struct ktxn__str ktxn__reader_string_nullable(struct ktxn__reader *reader);
struct ktxn__bytes ktxn__reader_bytes(struct ktxn__reader *reader);
struct ktxn__bytes ktxn__reader_bytes_nullable(struct ktxn__reader *reader);

/** `size` bytes as they are; NULL when there are not so many. */
const uint8_t *ktxn__reader_take(struct ktxn__reader *reader, size_t size);

/**
 * The count of an array whose elements take at least `element_min` (1 or more) bytes each. A count above
 * KTXN__READER_ARRAY_MAX, or one that the bytes left can't hold, is an error before anything is allocated. The nullable
 * one gives -1 for null.
 */
int32_t ktxn__reader_array(struct ktxn__reader *reader, size_t element_min);
int32_t ktxn__reader_array_nullable(struct ktxn__reader *reader, size_t element_min);

/** The count as above (not nullable), and zeroed room for as many elements of `size` bytes. NULL = failed. */
void *ktxn__reader_array_of(struct ktxn__reader *reader, struct ktxn__arena *arena, size_t element_min, size_t size,
                            int32_t *count);

/** A whole array of i32. NULL = failed. */
int32_t *ktxn__reader_i32_array(struct ktxn__reader *reader, struct ktxn__arena *arena, int32_t *count);

/*
 * The tagged fields at the end of a struct; nothing in a version that isn't flexible.
 *
 *   ktxn__reader_tags_begin(reader, &tags);
 *   while (ktxn__reader_tags_next(reader, &tags)) {
 *     if (tags.tag == 0) { leader_id = ktxn__reader_i32(&tags.field); }
 *   }
 *
 * `field` ends where the field does. If it fails, so does the reader at the next call. What is left of it is skipped.
 * Tags must ascend, as KIP-482 has it, so none comes twice.
 */
struct ktxn__reader_tags {
  uint32_t left;
  bool first;
  uint32_t tag;
  struct ktxn__reader field;
};

void ktxn__reader_tags_begin(struct ktxn__reader *reader, struct ktxn__reader_tags *tags);
bool ktxn__reader_tags_next(struct ktxn__reader *reader, struct ktxn__reader_tags *tags);

/** Skips them all. */
void ktxn__reader_tags(struct ktxn__reader *reader);

#endif
