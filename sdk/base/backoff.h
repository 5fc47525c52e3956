#ifndef KTXN_BASE_BACKOFF_H
#define KTXN_BASE_BACKOFF_H

/** KIP-580: waits that double with each attempt, spread by a fifth, never above the maximum. */

#include <stdint.h>

/**
 * min(max, initial * 2^attempts * jitter), jitter in [0.8, 1.2) taken from `random`, any 64 random bits. Constant max
 * when max <= initial. `attempts` counts from 0.
 */
int64_t ktxn__backoff(int64_t initial, int64_t max, uint32_t attempts, uint64_t random);

#endif
