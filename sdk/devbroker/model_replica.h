#ifndef KTXN_DEVBROKER_MODEL_REPLICA_H
#define KTXN_DEVBROKER_MODEL_REPLICA_H

/** Replication: what is appended is on all replicas some time later, and who waits for that learns it. */

#include "sdk/devbroker/model_topic.h"

struct ktxn__model_waiter;

/** What no high watermark reaches: for a batch of a leader that others have replaced without its knowledge. */
#define KTXN__MODEL_NEVER INT64_MAX

/** `code`: 0 = the high watermark or the last stable offset has moved; 3, 6 = this leader is none any more. */
typedef void (*ktxn__model_woken)(struct ktxn__model *model, struct ktxn__model_waiter *waiter, int16_t code);

/** Embedded in what waits; taken out of the list before it is woken. */
struct ktxn__model_waiter {
  struct ktxn__list link;
  int64_t need; /* the high watermark that it waits for; -1 = any progress, KTXN__MODEL_NEVER */
  int32_t node; /* where it waits */
  bool follows; /* it hears of the next leader although that node doesn't: another broker that asks again there */
  ktxn__model_woken woken;
};

void ktxn__model_replica_wait(struct ktxn__model_partition *partition, struct ktxn__model_waiter *waiter);

/** Something was appended, or a leader is back that has something to replicate. */
void ktxn__model_replica_appended(struct ktxn__model *model, struct ktxn__model_partition *partition);

/** The partition's leader changes, or goes with its topic: what isn't replicated is kept or lost, waiters are told `code`. */
void ktxn__model_replica_lost(struct ktxn__model *model, struct ktxn__model_partition *partition, int16_t code);
void ktxn__model_replica_move(struct ktxn__model *model, struct ktxn__model_partition *partition, int32_t leader);

/** `node` is no longer cut off: it replicates what it leads, and learns what it doesn't lead any more. */
void ktxn__model_replica_healed(struct ktxn__model *model, struct ktxn__model_partition *partition, int32_t node);

#endif
