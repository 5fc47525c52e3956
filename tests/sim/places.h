#ifndef KTXN_TESTS_SIM_PLACES_H
#define KTXN_TESTS_SIM_PLACES_H

/*
 * Named places of the transaction manager that runs have come to: which answer to which request, for what, in which protocol;
 * which step from one state to another; which verdict over a batch. And what the network did.
 * A long run that doesn't come to a place where others have been shows that the simulator has gone blind there.
 */

#include <stdbool.h>

/** What the network and the clocks do, for which the manager has no place. */
enum sim_fault {
  SIM_FAULT_SHORT,
  SIM_FAULT_HANG,
  SIM_FAULT_NO_NAME,
  SIM_FAULT_WALL,
  SIM_FAULT_ADDRESSES,
  SIM_FAULT_MOVED,
  SIM_FAULT_DEAF,
  SIM_FAULT_RATE,
  SIM_FAULT_JUMP,
  SIM_FAULT_PAUSE,
  SIM_FAULT_THROTTLE,
  SIM_FAULT_SLEEP,
  SIM_FAULT_HELD
};

/** That has happened. */
void sim_places_fault(enum sim_fault fault);
/** Writes each place and how often it was reached, sorted by name. */
void sim_places_print(void);
/** False: a place of that file (a name a line, # begins a comment) was not reached; each such is printed. */
bool sim_places_check(const char *path);

#endif
