#include "sdk/base/murmur2.h"

#define SEED 0x9747b28cU
#define FACTOR 0x5bd1e995U

static uint32_t little_endian(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t mix_tail(uint32_t hash, const uint8_t *at, size_t size) {
  if (size == 0) {
    return hash;
  }
  for (size_t i = size; i-- > 0;) {
    hash ^= (uint32_t)at[i] << (8 * i);
  }
  return hash * FACTOR;
}

uint32_t ktxn__murmur2(const void *data, size_t size) {
  const uint8_t *at = data;
  uint32_t hash = SEED ^ (uint32_t)size;
  size_t left = size;
  for (; left >= 4; left -= 4, at += 4) {
    uint32_t word = little_endian(at) * FACTOR;
    word ^= word >> 24;
    hash = hash * FACTOR ^ word * FACTOR;
  }
  hash = mix_tail(hash, at, left);
  hash ^= hash >> 13;
  hash *= FACTOR;
  return hash ^ hash >> 15;
}
