#ifndef KTXN_TESTS_BENCH_PHASES_H
#define KTXN_TESTS_BENCH_PHASES_H

/*
 * Where the time of a transaction goes, by the library's debug log; only with KTXN_BENCH_PHASES=1, for it costs time
 * itself. The phases of a cycle, each from the end of the one before:
 *
 *   register   until the last end was complete (V2), the partition was registered (V1)
 *   produce    until the broker had acknowledged the record
 *   end        until EndTxn was answered
 *   return     until commit had returned
 */

#include "ktxn/ktxn.h"

void phases_open(ktxn_config *config);
/** What is told begins here. */
void phases_mark(void);
void phases_begin(void);
void phases_end(void);
/** Members of a JSON object, each after ", ": p50 and p99 of each phase in microseconds. */
void phases_print(void);

#endif
