#ifndef KTXN_WIRE_ENDIAN_H
#define KTXN_WIRE_ENDIAN_H

/** Big-endian numbers at any address. */

#include <stdint.h>

static inline uint16_t ktxn__endian_get16(const uint8_t *at) {
  return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t ktxn__endian_get32(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline uint64_t ktxn__endian_get64(const uint8_t *at) {
  return (uint64_t)ktxn__endian_get32(at) << 32 | ktxn__endian_get32(at + 4);
}

static inline void ktxn__endian_put16(uint8_t *at, uint16_t value) {
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

static inline void ktxn__endian_put32(uint8_t *at, uint32_t value) {
  ktxn__endian_put16(at, (uint16_t)(value >> 16));
  ktxn__endian_put16(at + 2, (uint16_t)value);
}

static inline void ktxn__endian_put64(uint8_t *at, uint64_t value) {
  ktxn__endian_put32(at, (uint32_t)(value >> 32));
  ktxn__endian_put32(at + 4, (uint32_t)value);
}

#endif
