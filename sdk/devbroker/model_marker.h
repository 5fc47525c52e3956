#ifndef KTXN_DEVBROKER_MODEL_MARKER_H
#define KTXN_DEVBROKER_MODEL_MARKER_H

/** A marker on its way from a coordinator to one partition: late, perhaps twice, again until it is written. */

#include "sdk/devbroker/model_replica.h"
#include "sdk/devbroker/model_txn.h"

#define KTXN__MODEL_MARKER_RETRY_US 10000

struct ktxn__model_marker_way {
  struct ktxn__model_event event;
  struct ktxn__model_waiter waiter; /* until it is replicated */
  struct ktxn__model_txn *txn;
  uint64_t marking; /* the round that it belongs to */
  bool copy;        /* a second one, which counts for nothing */
  uint64_t place;
  int32_t node; /* the coordinator */
  int64_t producer_id;
  int16_t producer_epoch;
  int32_t coordinator_epoch;
  bool committed;
  bool v2;
};

/** Writes one marker now. 0, 6, 47, 52, 56. */
int16_t ktxn__model_marker_write(struct ktxn__model *model, struct ktxn__model_partition *partition,
                                 const struct ktxn__model_entry *marker, bool strict, uint64_t tag);

#endif
