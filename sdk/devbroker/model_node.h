#ifndef KTXN_DEVBROKER_MODEL_NODE_H
#define KTXN_DEVBROKER_MODEL_NODE_H

/*
 * One node, and what it believes. A healthy node sees the cluster as it is; one that lags has a picture of its metadata;
 * one that is cut off has a picture of everything and goes on leading what it led.
 */

#include "sdk/devbroker/model_topic.h"

struct ktxn__model_seen_partition {
  int32_t leader;
  int32_t leader_epoch;
  int64_t high_watermark;
  int64_t last_stable;
  int64_t end; /* with what the node has appended since, for itself alone */
};

struct ktxn__model_seen_topic {
  struct ktxn__model_topic *topic; /* NULL = none of this name */
  bool hidden;
  struct ktxn__model_seen_partition *partitions;
  int32_t partition_count;
};

/** A picture of the cluster, by the numbers of names. */
struct ktxn__model_view {
  struct ktxn__model_seen_topic *topics;
  int32_t count;
  uint32_t up; /* a bit for each node */
  struct ktxn__model_features features;
};

struct ktxn__model_txn_part;
struct ktxn__model_stale_group;

struct ktxn__model_node {
  bool up;
  bool cut;
  bool frozen;
  enum ktxn__model_release release;
  struct ktxn__model_view *view; /* while it is cut or frozen */
  int64_t next_producer_id;      /* of the block that it has */
  int64_t end_producer_id;
  struct ktxn__model_txn_part **stale_txn; /* by partition: what a cut node remembers of coordinators that have moved */
  struct ktxn__model_stale_group **stale_groups;
};

/** NULL: no memory; the node keeps the picture that it has. */
struct ktxn__model_view *ktxn__model_view_take(struct ktxn__model *model);
void ktxn__model_view_free(struct ktxn__model *model, struct ktxn__model_view *view);

/** The topic of this name as the node's metadata has it; NULL: none, or hidden. */
struct ktxn__model_topic *ktxn__model_node_topic(const struct ktxn__model *model, int32_t node, const struct ktxn__model_name *name);

/** What `ref` names, as the node's metadata has it: 0, 3 or 100. */
int16_t ktxn__model_node_resolve(const struct ktxn__model *model, int32_t node, const struct ktxn__model_topic_ref *ref,
                                 struct ktxn__model_topic **topic);

/** How many partitions the node's metadata has, and who leads one. */
int32_t ktxn__model_node_partitions(const struct ktxn__model *model, int32_t node, const struct ktxn__model_topic *topic);
struct ktxn__model_seen_partition ktxn__model_node_partition(const struct ktxn__model *model, int32_t node,
                                                             const struct ktxn__model_partition *partition);

/** The same for one that the node leads: only one that is cut off goes by its picture. */
struct ktxn__model_seen_partition ktxn__model_node_acting(const struct ktxn__model *model, int32_t node,
                                                          const struct ktxn__model_partition *partition);

/** The node acts as this partition's leader, rightly or not. */
bool ktxn__model_node_leads(const struct ktxn__model *model, int32_t node, const struct ktxn__model_partition *partition);
/** It does, but the cluster has another one by now. */
bool ktxn__model_node_stale(const struct ktxn__model *model, int32_t node, const struct ktxn__model_partition *partition);
/** What such a leader appends goes into its picture alone; the first offset. */
int64_t ktxn__model_node_append(struct ktxn__model *model, int32_t node, const struct ktxn__model_partition *partition,
                                int32_t records);

bool ktxn__model_node_sees_up(const struct ktxn__model *model, int32_t node, int32_t other);

static inline bool ktxn__model_node_is(const struct ktxn__model_config *config, int32_t node) {
  return node >= 0 && node < config->nodes;
}

#endif
