#ifndef KTXN_BASE_CRC32C_H
#define KTXN_BASE_CRC32C_H

/** CRC-32C (Castagnoli), as record batches carry it. `crc` is 0 for the first piece, then what the last call gave. */

#include <stddef.h>
#include <stdint.h>

uint32_t ktxn__crc32c(uint32_t crc, const void *data, size_t size);

/** The table-driven one that ktxn__crc32c() falls back to; here so that tests can hold the two against each other. */
uint32_t ktxn__crc32c_portable(uint32_t crc, const void *data, size_t size);

#endif
