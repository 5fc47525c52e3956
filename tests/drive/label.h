#ifndef TESTS_DRIVE_LABEL_H
#define TESTS_DRIVE_LABEL_H

/*
 * A label goes with each record as the opaque of its delivery callback. Labels live until the program ends, so that a
 * callback that runs twice shows as two deliveries instead of as damaged memory.
 */

#include "ktxn/record.h"
#include "tests/drive/answer.h"

/* NULL when memory is short. */
void *label_new(const char *text, size_t size);

/* The delivery callback: notes what became of the record. Any thread. */
void label_delivered(const ktxn_delivery *delivery, void *label);

/* One line for each delivery since the last call; returns how many. */
unsigned label_report(struct answer *answer);

void label_free_all(void);

#endif
