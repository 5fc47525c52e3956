#ifndef KTXN_DEVBROKER_MODEL_LOOK_H
#define KTXN_DEVBROKER_MODEL_LOOK_H

/*
 * The truth, for those who judge: what is in the logs, whatever any node believes. Pointers are valid until the model is
 * called again.
 */

#include "sdk/devbroker/model.h"

enum ktxn__model_txn_state {
  KTXN__MODEL_EMPTY,
  KTXN__MODEL_ONGOING,
  KTXN__MODEL_PREPARE_COMMIT,
  KTXN__MODEL_PREPARE_ABORT,
  KTXN__MODEL_COMPLETE_COMMIT,
  KTXN__MODEL_COMPLETE_ABORT,
  KTXN__MODEL_DEAD,
  KTXN__MODEL_PREPARE_EPOCH_FENCE,
};

/** As in DescribeTransactions: "PrepareCommit". */
const char *ktxn__model_txn_state_name(enum ktxn__model_txn_state state);

int32_t ktxn__model_topics(const struct ktxn__model *model);
/** The i-th topic in the order in which they were made; deleted ones are not counted. Null when there is none. */
struct ktxn__str ktxn__model_topic_name(const struct ktxn__model *model, int32_t i);
/** 0 = no such topic. */
int32_t ktxn__model_partitions(const struct ktxn__model *model, struct ktxn__str topic);

struct ktxn__model_log_ends {
  int64_t start;
  int64_t end;
  int64_t high_watermark;
  int64_t last_stable;
  int32_t leader;
  int32_t leader_epoch;
};
bool ktxn__model_log_ends(const struct ktxn__model *model, struct ktxn__str topic, int32_t partition,
                          struct ktxn__model_log_ends *ends);

/** The entry that holds `offset`, or the first behind it; NULL at the end. */
const struct ktxn__model_entry *ktxn__model_log_entry(const struct ktxn__model *model, struct ktxn__str topic, int32_t partition,
                                                      int64_t offset);

/** The nodes that coordinate, by partitions of the internal topics (model_control.h has which); -1 = none. */
int32_t ktxn__model_txn_leader(const struct ktxn__model *model, int32_t partition);
int32_t ktxn__model_group_leader(const struct ktxn__model *model, int32_t partition);

struct ktxn__model_txn_look {
  enum ktxn__model_txn_state state;
  int64_t producer_id;
  int16_t producer_epoch;
  int32_t partitions; /* registered */
  int32_t coordinator; /* node; -1 = none */
};
/** The last record of an id in the coordinators' log. False: none. */
bool ktxn__model_txn_look(const struct ktxn__model *model, struct ktxn__str transactional_id, struct ktxn__model_txn_look *look);

struct ktxn__model_offset_look {
  int64_t offset; /* committed; -1 = none */
  bool pending;   /* an open transaction has written one */
};
bool ktxn__model_offset_look(const struct ktxn__model *model, struct ktxn__str group_id, struct ktxn__str topic, int32_t partition,
                             struct ktxn__model_offset_look *look);

size_t ktxn__model_memory_used(const struct ktxn__model *model);

/**
 * Every promise that the model makes about itself: watermarks are in order and never went back, open transactions of a log
 * agree with its producers, pending offsets belong to transactions. Calls the check hook (sdk/base/check.h); false: broken.
 */
bool ktxn__model_check(const struct ktxn__model *model);

#endif
