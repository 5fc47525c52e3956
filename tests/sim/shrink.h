#ifndef KTXN_TESTS_SIM_SHRINK_H
#define KTXN_TESTS_SIM_SHRINK_H

#include "tests/sim/world.h"

/** Looks for a shorter story with a violation of the same kind, and tells the shortest that it finds; `save` is NULL, or the file
 * that becomes a test of it (case.h). */
void sim_shrink(struct sim_world *world, uint64_t seed, const char *save);

#endif
