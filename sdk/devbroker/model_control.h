#ifndef KTXN_DEVBROKER_MODEL_CONTROL_H
#define KTXN_DEVBROKER_MODEL_CONTROL_H

/*
 * What the operator of a cluster, or fate, does to it. Each call takes effect at once; `now` as in ktxn__model_submit().
 * False: no such node, topic or partition, or out of memory; then nothing has changed.
 */

#include "sdk/devbroker/model.h"

/** Topics. The first leader of partition p is node (topic's number + p) % nodes, or the next one that is up. */
bool ktxn__model_create_topic(struct ktxn__model *model, int64_t now, struct ktxn__str name, int32_t partitions);
bool ktxn__model_delete_topic(struct ktxn__model *model, int64_t now, struct ktxn__str name);
bool ktxn__model_add_partitions(struct ktxn__model *model, int64_t now, struct ktxn__str name, int32_t partitions);

/**
 * For a while the nodes' metadata doesn't have the topic, although it and its logs are there; or has it again. Requests
 * that name it are answered as if it didn't exist.
 */
bool ktxn__model_hide_topic(struct ktxn__model *model, struct ktxn__str name, bool hidden);

/** Moves leadership. To -1: nobody leads. Batches that nobody has acknowledged may be lost (see the choices). */
bool ktxn__model_move_leader(struct ktxn__model *model, int64_t now, struct ktxn__str topic, int32_t partition, int32_t node);
bool ktxn__model_move_txn(struct ktxn__model *model, int64_t now, int32_t partition, int32_t node);
bool ktxn__model_move_group(struct ktxn__model *model, int64_t now, int32_t partition, int32_t node);

/** The partition of the internal topic that an id or a group belongs to. */
int32_t ktxn__model_txn_partition(const struct ktxn__model *model, struct ktxn__str transactional_id);
int32_t ktxn__model_group_partition(const struct ktxn__model *model, struct ktxn__str group_id);

/**
 * Down: what the node has in memory is gone, its requests under way are not answered, no request reaches it. What it led
 * moves to the next node that is up, when `failover`; else nobody leads it. Up: it leads what nobody leads.
 */
bool ktxn__model_node_down(struct ktxn__model *model, int64_t now, int32_t node, bool failover);
bool ktxn__model_node_up(struct ktxn__model *model, int64_t now, int32_t node);
bool ktxn__model_node_is_up(const struct ktxn__model *model, int32_t node);

/**
 * Cut off from the controller and the other nodes: it believes what it knows now, leads what it led as far as it can see,
 * and answers out of its memory, while the cluster may move all of it elsewhere. What needs an append waits. Healed: it
 * learns what has changed, and gives up what has moved.
 */
bool ktxn__model_node_cut(struct ktxn__model *model, int64_t now, int32_t node, bool cut);

/** Only its metadata lags behind: it describes the cluster as it is now until it is thawed. */
bool ktxn__model_node_freeze(struct ktxn__model *model, int32_t node, bool frozen);

bool ktxn__model_node_release(struct ktxn__model *model, int32_t node, enum ktxn__model_release release);
enum ktxn__model_release ktxn__model_node_release_of(const struct ktxn__model *model, int32_t node);

/** Switches defects of all nodes: the bits in `mask` take the value that they have in `defects`. */
void ktxn__model_set_defects(struct ktxn__model *model, uint32_t mask, uint32_t defects);

/** transaction.version, finalized. Open transactions stay open. */
bool ktxn__model_set_transaction_version(struct ktxn__model *model, int16_t level);
void ktxn__model_set_verification(struct ktxn__model *model, bool on);

/** From now on this takes so long, where no hook decides. False: less than nothing. */
bool ktxn__model_set_delay(struct ktxn__model *model, enum ktxn__model_delay delay, int64_t delay_us);

/** Every answer of `node` (-1 = of all) to `api` (-1 = to all) says to wait for so long; 0 = no longer. */
bool ktxn__model_set_throttle(struct ktxn__model *model, int32_t node, int16_t api, int32_t throttle_ms);

/** The next `count` records of transaction coordinators fail for want of replicas, which their clients are told as 15. */
void ktxn__model_fail_appends(struct ktxn__model *model, int32_t count);

/** Forgets producers in logs that were not used for `idle_ms` and have no open transaction (producer.id.expiration.ms). */
void ktxn__model_expire_producers(struct ktxn__model *model, int64_t now, int64_t idle_ms);

/** From now on the model may hold so many bytes, in answers and all: at the limit requests fail, or connections close. */
void ktxn__model_limit(struct ktxn__model *model, size_t bytes);

/** Batches below `offset` are no longer there (retention, DeleteRecords). */
bool ktxn__model_trim(struct ktxn__model *model, struct ktxn__str topic, int32_t partition, int64_t offset);

/** The table of faults: what happens to the next `count` requests that match, after `skip` of them. */
struct ktxn__model_fault {
  int32_t node; /* -1 = any */
  int16_t api;  /* -1 = any */
  int32_t skip;
  int32_t count;
  struct ktxn__model_fate fate;
};
#define KTXN__MODEL_FAULTS 64 /* at most at one time */

/** The first that matches applies. False: the table is full. */
bool ktxn__model_add_fault(struct ktxn__model *model, const struct ktxn__model_fault *fault);
void ktxn__model_clear_faults(struct ktxn__model *model);
bool ktxn__model_has_faults(const struct ktxn__model *model);

#endif
