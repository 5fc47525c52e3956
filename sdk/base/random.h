#ifndef KTXN_BASE_RANDOM_H
#define KTXN_BASE_RANDOM_H

/** A small deterministic generator (splitmix64): the same seed gives the same numbers. Not for secrets. */

#include <stdint.h>

struct ktxn__random {
  uint64_t state;
};

static inline void ktxn__random_seed(struct ktxn__random *random, uint64_t seed) {
  random->state = seed;
}

uint64_t ktxn__random_next(struct ktxn__random *random);

/** Uniform in [0, bound); 0 when bound is 0. */
uint64_t ktxn__random_below(struct ktxn__random *random, uint64_t bound);

/** Uniform in [0, 1). */
double ktxn__random_unit(struct ktxn__random *random);

#endif
