#ifndef KTXN_TESTS_SIM_SHRINK_H
#define KTXN_TESTS_SIM_SHRINK_H

#include "tests/sim/world.h"

/** Looks for a shorter story with a violation of the same kind, and tells the shortest that it finds. */
void sim_shrink(struct sim_world *world, uint64_t seed);

#endif
