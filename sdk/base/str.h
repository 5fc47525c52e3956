#ifndef KTXN_BASE_STR_H
#define KTXN_BASE_STR_H

/** A borrowed string: a pointer and a length, not ended by a zero byte. Length -1 = null. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ktxn__str {
  const char *data;
  int32_t len;
};

#define KTXN__STR_NULL ((struct ktxn__str){.data = NULL, .len = -1})
#define KTXN__STR(literal) ((struct ktxn__str){.data = "" literal, .len = (int32_t)(sizeof(literal) - 1)})

/** Of a C string; NULL gives null. Longer than INT32_MAX gives null, too: Kafka has no such strings. */
static inline struct ktxn__str ktxn__str(const char *text) {
  size_t size = text == NULL ? SIZE_MAX : strlen(text);
  return size > INT32_MAX ? KTXN__STR_NULL : (struct ktxn__str){.data = text, .len = (int32_t)size};
}

static inline bool ktxn__str_null(struct ktxn__str str) {
  return str.len < 0;
}

/** Null equals only null. */
static inline bool ktxn__str_equal(struct ktxn__str a, struct ktxn__str b) {
  return a.len == b.len && (a.len <= 0 || memcmp(a.data, b.data, (size_t)a.len) == 0);
}

/** For printf("%.*s"): KTXN__STR_ARG(str). A null prints as nothing. */
#define KTXN__STR_ARG(str) ((str).len < 0 ? 0 : (int)(str).len), ((str).len < 0 ? "" : (str).data)

/** Copies into `out` as a C string, cut to fit. Null gives "". `size` is at least 1. */
static inline void ktxn__str_copy(struct ktxn__str str, char *out, size_t size) {
  size_t length = str.len < 0 ? 0 : (size_t)str.len;
  length = length < size ? length : size - 1;
  if (length > 0) {
    memcpy(out, str.data, length);
  }
  out[length] = '\0';
}

#endif
