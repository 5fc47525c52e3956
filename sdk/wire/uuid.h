#ifndef KTXN_WIRE_UUID_H
#define KTXN_WIRE_UUID_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/** A topic id. All zero = no id. */
struct ktxn__uuid {
  uint8_t bytes[16];
};

static inline bool ktxn__uuid_equal(const struct ktxn__uuid *a, const struct ktxn__uuid *b) {
  return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static inline bool ktxn__uuid_zero(const struct ktxn__uuid *uuid) {
  static const struct ktxn__uuid zero = {{0}};
  return ktxn__uuid_equal(uuid, &zero);
}

#endif
