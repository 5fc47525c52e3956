#ifndef KTXN_DEVBROKER_MODEL_OFFSETS_H
#define KTXN_DEVBROKER_MODEL_OFFSETS_H

/** Committed offsets, and those that open transactions have written (KIP-98, KIP-447). */

#include "sdk/devbroker/model_group.h"
#include "sdk/devbroker/model_txn.h"

struct ktxn__model_offset {
  uint64_t number;
  uint64_t place;
  int32_t topic_number; /* of the topic that bore the name then */
  int64_t offset;       /* -1 = none committed */
  int32_t leader_epoch;
  struct ktxn__str metadata;
  uint64_t order; /* of the commit that wrote it */
  int32_t pending_count;
};

/** What a group coordinator remembers that is cut off: the offsets of one partition. */
struct ktxn__model_stale_offset {
  struct ktxn__str group_id;
  uint64_t place;
  struct ktxn__model_offset offset;
};

struct ktxn__model_stale_group {
  struct ktxn__model_stale_offset *offsets;
  int32_t count;
};

/** The offset as the node has it; NULL: none. */
const struct ktxn__model_offset *ktxn__model_offsets_seen(const struct ktxn__model *model, int32_t node,
                                                          const struct ktxn__model_group *group, struct ktxn__str group_id,
                                                          uint64_t place);

/** A node that is cut off keeps a copy of what it coordinated. False: no memory. */
bool ktxn__model_offsets_keep(struct ktxn__model *model, int32_t part, int32_t node);
void ktxn__model_offsets_forget(struct ktxn__model *model, int32_t node);

#endif
