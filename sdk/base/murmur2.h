#ifndef KTXN_BASE_MURMUR2_H
#define KTXN_BASE_MURMUR2_H

/** The hash by which Java's producer spreads keys over partitions; ours must agree with it for ever. */

#include <stddef.h>
#include <stdint.h>

uint32_t ktxn__murmur2(const void *data, size_t size);

#endif
