#include "sdk/base/random.h"

uint64_t ktxn__random_next(struct ktxn__random *random) {
  random->state += 0x9e3779b97f4a7c15U;
  uint64_t z = random->state;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
  z = (z ^ z >> 27) * 0x94d049bb133111ebU;
  return z ^ z >> 31;
}

uint64_t ktxn__random_below(struct ktxn__random *random, uint64_t bound) {
  if (bound == 0) {
    return 0;
  }
  /* The lowest values, which would make the first residues likelier, are thrown away. */
  uint64_t low = (0 - bound) % bound;
  uint64_t value = ktxn__random_next(random);
  while (value < low) {
    value = ktxn__random_next(random);
  }
  return value % bound;
}

double ktxn__random_unit(struct ktxn__random *random) {
  return (double)(ktxn__random_next(random) >> 11) * 0x1p-53;
}
