#include "sdk/base/crc32c.h"

#ifdef KTXN_HAVE_ISAL
#include <limits.h>

#include <isa-l/crc.h>
#endif

/*
 * Slice-by-8: slices[k][b] is the CRC (polynomial 0x82f63b78, Castagnoli's with its bits reversed) of byte b followed by
 * k zero bytes, so that eight look-ups, none of which waits for another, take in eight bytes. A CRC is linear: the entry
 * of a byte is the exclusive or of the entries of its bits, so eight numbers give a whole row.
 */
#define BIT(byte, bit, entry) ((byte) >> (bit)&1U ? (entry) : 0U)
#define ENTRY(n, a, b, c, d, e, f, g, h) \
  (BIT(n, 0, a) ^ BIT(n, 1, b) ^ BIT(n, 2, c) ^ BIT(n, 3, d) ^ BIT(n, 4, e) ^ BIT(n, 5, f) ^ BIT(n, 6, g) ^ BIT(n, 7, h))
#define FOUR(n, ...) \
  ENTRY(n, __VA_ARGS__), ENTRY(n + 1U, __VA_ARGS__), ENTRY(n + 2U, __VA_ARGS__), ENTRY(n + 3U, __VA_ARGS__)
#define SIXTEEN(n, ...) \
  FOUR(n, __VA_ARGS__), FOUR(n + 4U, __VA_ARGS__), FOUR(n + 8U, __VA_ARGS__), FOUR(n + 12U, __VA_ARGS__)
#define SIXTY_FOUR(n, ...) \
  SIXTEEN(n, __VA_ARGS__), SIXTEEN(n + 16U, __VA_ARGS__), SIXTEEN(n + 32U, __VA_ARGS__), SIXTEEN(n + 48U, __VA_ARGS__)
#define SLICE(...)                                                                     \
  {                                                                                    \
    SIXTY_FOUR(0U, __VA_ARGS__), SIXTY_FOUR(64U, __VA_ARGS__),                         \
        SIXTY_FOUR(128U, __VA_ARGS__), SIXTY_FOUR(192U, __VA_ARGS__)                   \
  }

static const uint32_t slices[8][256] = {
    SLICE(0xf26b8303U, 0xe13b70f7U, 0xc79a971fU, 0x8ad958cfU, 0x105ec76fU, 0x20bd8edeU, 0x417b1dbcU, 0x82f63b78U),
    SLICE(0x13a29877U, 0x274530eeU, 0x4e8a61dcU, 0x9d14c3b8U, 0x3fc5f181U, 0x7f8be302U, 0xff17c604U, 0xfbc3faf9U),
    SLICE(0xa541927eU, 0x4f6f520dU, 0x9edea41aU, 0x38513ec5U, 0x70a27d8aU, 0xe144fb14U, 0xc76580d9U, 0x8b277743U),
    SLICE(0xdd45aab8U, 0xbf672381U, 0x7b2231f3U, 0xf64463e6U, 0xe964b13dU, 0xd725148bU, 0xaba65fe7U, 0x52a0c93fU),
    SLICE(0x38116facU, 0x7022df58U, 0xe045beb0U, 0xc5670b91U, 0x8f2261d3U, 0x1ba8b557U, 0x37516aaeU, 0x6ea2d55cU),
    SLICE(0xef306b19U, 0xdb8ca0c3U, 0xb2f53777U, 0x6006181fU, 0xc00c303eU, 0x85f4168dU, 0x0e045bebU, 0x1c08b7d6U),
    SLICE(0x68032cc8U, 0xd0065990U, 0xa5e0c5d1U, 0x4e2dfd53U, 0x9c5bfaa6U, 0x3d5b83bdU, 0x7ab7077aU, 0xf56e0ef4U),
    SLICE(0x493c7d27U, 0x9278fa4eU, 0x211d826dU, 0x423b04daU, 0x847609b4U, 0x0d006599U, 0x1a00cb32U, 0x34019664U),
};

static uint32_t take_byte(uint32_t crc, uint8_t byte) {
  return crc >> 8 ^ slices[0][(crc ^ byte) & 0xff];
}

static uint32_t word(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t take_eight(uint32_t crc, const uint8_t *at) {
  uint32_t low = crc ^ word(at);
  uint32_t high = word(at + 4);
  return slices[7][low & 0xff] ^ slices[6][low >> 8 & 0xff] ^ slices[5][low >> 16 & 0xff] ^ slices[4][low >> 24] ^
         slices[3][high & 0xff] ^ slices[2][high >> 8 & 0xff] ^ slices[1][high >> 16 & 0xff] ^ slices[0][high >> 24];
}

uint32_t ktxn__crc32c_portable(uint32_t crc, const void *data, size_t size) {
  const uint8_t *at = data;
  crc = ~crc;
  for (; size >= 8; size -= 8, at += 8) {
    crc = take_eight(crc, at);
  }
  for (; size > 0; size--, at++) {
    crc = take_byte(crc, *at);
  }
  return ~crc;
}

#ifdef KTXN_HAVE_ISAL
uint32_t ktxn__crc32c(uint32_t crc, const void *data, size_t size) {
  unsigned char *at = (unsigned char *)data; /* ISA-L only reads it */
  crc = ~crc;
  while (size > 0) {
    int piece = size > INT_MAX ? INT_MAX : (int)size;
    crc = crc32_iscsi(at, piece, crc);
    at += piece;
    size -= (size_t)piece;
  }
  return ~crc;
}
#else
uint32_t ktxn__crc32c(uint32_t crc, const void *data, size_t size) {
  return ktxn__crc32c_portable(crc, data, size);
}
#endif
