#ifndef KTXN_TESTS_SIM_PLACES_H
#define KTXN_TESTS_SIM_PLACES_H

/*
 * Named places of the transaction manager that runs have come to: which answer to which request, for what, in which protocol;
 * which step from one state to another; which verdict over a batch. A long run that doesn't come to a place where others have
 * been shows that the simulator has gone blind there.
 */

#include <stdbool.h>

/** Writes each place and how often it was reached, sorted by name. */
void sim_places_print(void);
/** False: a place of that file (a name a line, # begins a comment) was not reached; each such is printed. */
bool sim_places_check(const char *path);

#endif
