#ifndef KTXN_TESTS_MIX_H
#define KTXN_TESTS_MIX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** A fingerprint that takes in some memory: for telling states and stories apart, the same on every machine of one byte order. */
static inline uint64_t mix(uint64_t hash, const void *memory, size_t size) {
  const unsigned char *bytes = memory;
  while (size > 0) {
    uint64_t word = 0;
    size_t part = size < sizeof word ? size : sizeof word;
    memcpy(&word, bytes, part);
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 29;
    bytes += part;
    size -= part;
  }
  return hash;
}

#endif
