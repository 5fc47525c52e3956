#ifndef KTXN_DEVBROKER_MODEL_STATE_H
#define KTXN_DEVBROKER_MODEL_STATE_H

/** The model as a whole, for the files that make it up. Everything here is theirs alone. */

#include "sdk/devbroker/model.h"
#include "sdk/devbroker/model_code.h"
#include "sdk/devbroker/model_control.h"
#include "sdk/devbroker/model_fault.h"
#include "sdk/devbroker/model_group.h"
#include "sdk/devbroker/model_node.h"
#include "sdk/devbroker/model_offsets.h"
#include "sdk/devbroker/model_replica.h"
#include "sdk/devbroker/model_ticket.h"
#include "sdk/devbroker/model_topic.h"
#include "sdk/devbroker/model_txn.h"

#define KTXN__MODEL_TXN_TOPIC KTXN__STR("__transaction_state")
#define KTXN__MODEL_OFFSETS_TOPIC KTXN__STR("__consumer_offsets")

struct ktxn__model {
  struct ktxn__mem *mem;
  struct ktxn__model_memory memory;
  struct ktxn__model_config config;
  struct ktxn__model_hooks hooks;
  struct ktxn__str cluster_id;
  int64_t now_us;
  struct ktxn__model_events events;
  struct ktxn__model_tickets tickets;
  struct ktxn__model_topics topics;
  struct ktxn__model_node nodes[KTXN__MODEL_NODES];
  struct ktxn__model_faults faults;
  uint32_t defects_mask; /* which defects were switched by hand, and how */
  uint32_t defects;
  int64_t feature_epoch;
  int64_t next_producer_block;
  uint64_t next_guard; /* names a leader's question to a coordinator */
  int32_t failing_appends; /* how many more coordinators' records fail */
  struct ktxn__model_txns txns;
  struct ktxn__model_groups groups;
};

/** The virtual wall clock. */
static inline int64_t ktxn__model_wall_ms(const struct ktxn__model *model) {
  return model->config.wall_ms + model->now_us / 1000;
}

/** Calls `fire` in `delay_us`, before the current call ends if that is 0. False: no memory. */
static inline bool ktxn__model_later(struct ktxn__model *model, struct ktxn__model_event *event, int64_t delay_us,
                                     ktxn__model_fire fire) {
  return ktxn__model_event_set(&model->memory, &model->events, event, model->now_us + (delay_us < 0 ? 0 : delay_us), fire);
}

/** The hooks, or what stands for them. */
int64_t ktxn__model_delay(struct ktxn__model *model, enum ktxn__model_delay delay, int32_t node);
bool ktxn__model_choose(struct ktxn__model *model, enum ktxn__model_choice choice, int32_t node);
void ktxn__model_tell(struct ktxn__model *model, const struct ktxn__model_seen *seen);

static inline const struct ktxn__model_traits *ktxn__model_node_traits(const struct ktxn__model *model, int32_t node) {
  return ktxn__model_traits(model->nodes[node].release);
}

static inline bool ktxn__model_has_defect(const struct ktxn__model *model, int32_t node, enum ktxn__model_defect defect) {
  uint32_t on = (model->defects_mask & defect) != 0 ? model->defects : ktxn__model_node_traits(model, node)->defects;
  return (on & defect) != 0;
}

/** The finalized level as this node acts on it: a release without features has none. */
static inline int16_t ktxn__model_level(const struct ktxn__model *model, int32_t node) {
  return ktxn__model_node_traits(model, node)->features ? model->config.transaction_version : 0;
}

/** The next producer id of the node's block; a new block when it is used up. */
int64_t ktxn__model_new_producer_id(struct ktxn__model *model, int32_t node);

/** The nodes and the cluster's name, in an answer that has room for them. */
void ktxn__model_show_cluster(struct ktxn__model *model, struct ktxn__model_ticket *ticket);

/** One function for each request: it fills ticket->answer and finishes the ticket, now or later. */
void ktxn__model_on_produce(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_request *request);
void ktxn__model_on_fetch(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_request *request);
void ktxn__model_on_list_offsets(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                 const struct ktxn__model_request *request);
void ktxn__model_on_leader_epoch(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                 const struct ktxn__model_request *request);
void ktxn__model_on_metadata(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_request *request);
void ktxn__model_on_describe_cluster(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                     const struct ktxn__model_request *request);
void ktxn__model_on_api_versions(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                 const struct ktxn__model_request *request);
void ktxn__model_on_create_topics(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                  const struct ktxn__model_request *request);
void ktxn__model_on_delete_topics(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                  const struct ktxn__model_request *request);
void ktxn__model_on_create_partitions(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                      const struct ktxn__model_request *request);
void ktxn__model_on_find_coordinator(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                     const struct ktxn__model_request *request);
void ktxn__model_on_init_producer_id(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                     const struct ktxn__model_request *request);
void ktxn__model_on_add_partitions(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                   const struct ktxn__model_request *request);
void ktxn__model_on_add_offsets(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                const struct ktxn__model_request *request);
void ktxn__model_on_end_txn(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_request *request);
void ktxn__model_on_write_markers(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                  const struct ktxn__model_request *request);
void ktxn__model_on_describe_transactions(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                          const struct ktxn__model_request *request);
void ktxn__model_on_list_transactions(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                      const struct ktxn__model_request *request);
void ktxn__model_on_describe_producers(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                       const struct ktxn__model_request *request);
void ktxn__model_on_offset_commit(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                  const struct ktxn__model_request *request);
void ktxn__model_on_txn_offset_commit(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                      const struct ktxn__model_request *request);
void ktxn__model_on_offset_fetch(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                 const struct ktxn__model_request *request);
void ktxn__model_on_join_group(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                               const struct ktxn__model_request *request);
void ktxn__model_on_sync_group(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                               const struct ktxn__model_request *request);
void ktxn__model_on_heartbeat(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                              const struct ktxn__model_request *request);
void ktxn__model_on_leave_group(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                const struct ktxn__model_request *request);
void ktxn__model_on_describe_groups(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                    const struct ktxn__model_request *request);
void ktxn__model_on_list_groups(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                const struct ktxn__model_request *request);
void ktxn__model_on_delete_groups(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                  const struct ktxn__model_request *request);

#endif
