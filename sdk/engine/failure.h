#ifndef KTXN_ENGINE_FAILURE_H
#define KTXN_ENGINE_FAILURE_H

/*
 * An error that many batches share: an abort fails thousands of them for one reason, and a ktxn_error is larger than a
 * small record. Counted; the count is protected by whatever protects the batches (the accumulator's lock).
 */

#include <stdbool.h>
#include <stdint.h>

#include "ktxn/error.h"

struct ktxn__mem;

struct ktxn__failure {
  uint32_t refs;
  ktxn_error error;
};

/** With one reference; NULL: out of memory. */
struct ktxn__failure *ktxn__failure_new(struct ktxn__mem *mem, const ktxn_error *error);

bool ktxn__failure_same(const struct ktxn__failure *failure, const ktxn_error *error);

/** Drops one reference. NULL is allowed. */
void ktxn__failure_drop(struct ktxn__mem *mem, struct ktxn__failure *failure);

#endif
