#ifndef KTXN_ENGINE_GATE_H
#define KTXN_ENGINE_GATE_H

/*
 * The send gate of one producer: which transaction is open, and why sending is refused. A plain struct without a lock;
 * the accumulator keeps it under its own.
 *
 *   gate        send says                            begin says            entered by
 *   UNINIT      USAGE: init first                    USAGE                 new (transactional); sender, when an init failed
 *   READY       USAGE: begin first                   0 -> OPEN             sender: init done, transaction ended
 *   OPEN        taken                                USAGE: one is open    begin; new (not transactional: stays so)
 *   COMMITTING  RETRY, KTXN_E_CONFLICT               RETRY, CONFLICT       end(commit)
 *   ABORTING    RETRY, KTXN_E_CONFLICT               RETRY, CONFLICT       end(abort)
 *   ABORTABLE   ABORT with the cause                 USAGE: abort first    fail(), sender
 *   FATAL       the first fatal error                the same              sender
 *   CLOSED      RECREATE, KTXN_E_CLOSED              the same              close()
 */

#include <stdbool.h>
#include <stdint.h>

#include "ktxn/error.h"

enum ktxn__gate {
  KTXN__GATE_UNINIT,
  KTXN__GATE_READY,
  KTXN__GATE_OPEN,
  KTXN__GATE_COMMITTING,
  KTXN__GATE_ABORTING,
  KTXN__GATE_ABORTABLE,
  KTXN__GATE_FATAL,
  KTXN__GATE_CLOSED
};

struct ktxn__gate_keeper {
  enum ktxn__gate gate;
  bool transactional;
  int64_t ordinal;     /* of the last begin; 0 = none */
  ktxn_error error;    /* ABORTABLE and FATAL: why */
  ktxn_error failure;  /* `failed`: as it was told */
  bool failed;         /* the application's part failed in this transaction; the sender has not seen it yet */
};

void ktxn__gate_init(struct ktxn__gate_keeper *keeper, bool transactional);

/** What send says while the gate isn't OPEN. Returns error->code. `error` must not be NULL, here and below. */
int ktxn__gate_refuse(const struct ktxn__gate_keeper *keeper, ktxn_error *error);

/** READY -> OPEN with the next ordinal; else a code. */
int ktxn__gate_begin(struct ktxn__gate_keeper *keeper, ktxn_error *error);

/** OPEN -> COMMITTING, OPEN or ABORTABLE -> ABORTING; else a code. */
int ktxn__gate_end(struct ktxn__gate_keeper *keeper, bool commit, ktxn_error *error);

/** OPEN -> ABORTABLE because of the application's part; true if that happened. Nothing without transactions. */
bool ktxn__gate_fail(struct ktxn__gate_keeper *keeper, const ktxn_error *cause);

/** The sender's word: UNINIT, READY, ABORTABLE or FATAL; see ktxn__accumulator_set_gate(). */
void ktxn__gate_set(struct ktxn__gate_keeper *keeper, enum ktxn__gate gate, const ktxn_error *error);

void ktxn__gate_close(struct ktxn__gate_keeper *keeper);

#endif
