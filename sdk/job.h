#ifndef KTXN_SDK_JOB_H
#define KTXN_SDK_JOB_H

/*
 * An operation of the engine together with the call that asked for it: who waits for it, and what becomes of its result.
 *
 *   WAITED     a thread is inside the blocking call
 *   IDLE       the blocking call timed out; the same call takes it up again, even when it has ended meanwhile. An event
 *              tells an outcome that became known in between, and leaves the result for the call
 *   ASYNC      an event tells its end
 *   ABANDONED  nobody will ask any more: it is freed when it ends
 */

#include <stdbool.h>

#include "ktxn/producer.h"
#include "sdk/base/list.h"
#include "sdk/client.h"
#include "sdk/engine/op.h"
#include "sdk/mailbox.h"

enum ktxn__job_follow { KTXN__JOB_WAITED, KTXN__JOB_IDLE, KTXN__JOB_ASYNC, KTXN__JOB_ABANDONED };

struct ktxn__job {
  struct ktxn__mail mail;
  ktxn_producer *producer;
  struct ktxn__op *op;

  /* under the client's lock */
  struct ktxn__list link; /* in the producer's list of jobs */
  enum ktxn__job_follow follow;
  bool done;         /* the result in `op` may be read */
  bool outcome_told; /* by an event of its own, which comes once */
  struct ktxn__notice notice;
};

/** NULL when memory is short. */
struct ktxn__job *ktxn__job_new(ktxn_producer *producer, enum ktxn__op_type type);

/** It was never started, or its operation is over. */
void ktxn__job_free(struct ktxn__job *job);

/* ---- the client's lock is held ------------------------------------------------------------------------------------- */

/** Hands the operation to the I/O thread. */
void ktxn__job_start(struct ktxn__job *job);

/** From now on an event with `opaque` tells its end; at once if it is over. */
void ktxn__job_announce(struct ktxn__job *job, enum ktxn_event_type type, void *opaque);

/** The blocking call's time is over. If the result settles what became of the transaction, an event tells that. */
void ktxn__job_leave(struct ktxn__job *job);

/** Nobody asks for the result any more. */
void ktxn__job_abandon(struct ktxn__job *job);

#endif
