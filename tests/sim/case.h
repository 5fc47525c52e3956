#ifndef KTXN_TESTS_SIM_CASE_H
#define KTXN_TESTS_SIM_CASE_H

/*
 * One run as a file: the lists of its choices, as text. Those in cases/ are played by ctest: each was a violation once.
 *
 *   ktxn-sim case
 *   # S1: what it has shown
 *   seed 12 hostile 0
 *   list 0 0x5 7 12       five mild choices, then 7 and 12; one line for each stream
 */

#include "tests/sim/choice.h"

/** False: the file can't be written. */
bool sim_case_write(const char *path, const struct sim_choices *choices, const char *violation, bool hostile);
/** False: it can't be read, or is no such file; said on stderr. Then `choices` is empty, otherwise ready to be played. */
bool sim_case_read(const char *path, struct sim_choices *choices, bool *hostile);

#endif
