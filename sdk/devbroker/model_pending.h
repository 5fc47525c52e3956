#ifndef KTXN_DEVBROKER_MODEL_PENDING_H
#define KTXN_DEVBROKER_MODEL_PENDING_H

/** Offsets on their way into a group: at once, or when the transaction that wrote them is committed. */

#include "sdk/devbroker/model_offsets.h"

struct ktxn__model_offset_write {
  uint64_t place;
  int32_t topic_number;
  int64_t offset;
  int32_t leader_epoch;
  struct ktxn__str metadata; /* the model's own copy; null once it has been taken over */
  uint64_t order;
};

struct ktxn__model_pending_offset {
  struct ktxn__list link;
  const struct ktxn__model_group *group;
  struct ktxn__model_offset *offset;
  struct ktxn__model_offset_write write;
};

struct ktxn__model_pending_txn {
  struct ktxn__list offsets;
  struct ktxn__model_map by_number;
};

/** Made when it isn't there. NULL: no memory. */
struct ktxn__model_offset *ktxn__model_offset_intern(struct ktxn__model *model, struct ktxn__model_group *group, uint64_t place);

/** False: no memory. */
bool ktxn__model_offset_commit(struct ktxn__model *model, struct ktxn__model_group *group, struct ktxn__model_offset_write *write,
                               uint64_t tag);
bool ktxn__model_offset_pend(struct ktxn__model *model, struct ktxn__model_group *group, struct ktxn__model_offset_write *write,
                             int64_t producer_id, uint64_t tag);

/** A marker has come to a partition of the internal topic. */
void ktxn__model_offsets_end(struct ktxn__model *model, int32_t part, int64_t producer_id, bool committed);

#endif
