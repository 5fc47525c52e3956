#include "sdk/devbroker/model.h"

#include <string.h>

#include "sdk/devbroker/model_state.h"

struct ktxn__model_config ktxn__model_config_default(void) {
  return (struct ktxn__model_config){
      .nodes = 1,
      .release = KTXN__MODEL_4_4,
      .transaction_version = 2,
      .verification = true,
      .auto_create_topics = true,
      .default_partitions = 1,
      .txn_partitions = 50,
      .group_partitions = 50,
      .cluster_id = "ktxn-devbroker-cluster",
      .wall_ms = INT64_C(1700000000000),
      .scan_us = 10 * 1000000,
      .retry_us = 20 * 1000,
      .retry_max_us = 100 * 1000,
      .rebalance_delay_us = 0,
      .transaction_max_timeout_ms = 900000,
      .message_max_bytes = 1048588,
      .offset_metadata_max_bytes = 4096,
      .memory_max = (size_t)1 << 30,
  };
}

static bool sensible(const struct ktxn__model_config *config) {
  return config->nodes > 0 && config->nodes <= KTXN__MODEL_NODES && (int)config->release >= 0 &&
         config->release < KTXN__MODEL_RELEASES && config->transaction_version >= 0 && config->transaction_version <= 2 &&
         config->default_partitions > 0 && config->txn_partitions > 0 && config->group_partitions > 0 &&
         config->txn_partitions <= KTXN__MODEL_PARTITIONS_MAX && config->group_partitions <= KTXN__MODEL_PARTITIONS_MAX &&
         config->cluster_id != NULL && config->scan_us > 0 && config->retry_us > 0;
}

static bool build(struct ktxn__model *model) {
  ktxn__list_init(&model->tickets.under_way);
  ktxn__list_init(&model->tickets.ready);
  for (int32_t i = 0; i < model->config.nodes; i++) {
    model->nodes[i].up = true;
    model->nodes[i].release = model->config.release;
  }
  model->next_producer_block = 1000;
  return ktxn__model_copy_str(&model->memory, ktxn__str(model->config.cluster_id), &model->cluster_id) &&
         ktxn__model_txns_start(model) && ktxn__model_groups_start(model);
}

bool ktxn__model_reset(struct ktxn__model *model, const struct ktxn__model_config *config, const struct ktxn__model_hooks *hooks) {
  if (!sensible(config)) {
    return false;
  }
  struct ktxn__mem *mem = model->mem;
  struct ktxn__model_memory memory = model->memory;
  memset(model, 0, sizeof *model);
  model->mem = mem;
  model->memory = memory;
  model->config = *config;
  if (hooks != NULL) {
    model->hooks = *hooks;
  }
  ktxn__model_memory_reset(&model->memory, config->memory_max);
  return build(model);
}

struct ktxn__model *ktxn__model_new(struct ktxn__mem *mem, const struct ktxn__model_config *config,
                                    const struct ktxn__model_hooks *hooks) {
  struct ktxn__model *model = ktxn__calloc(mem, 1, sizeof *model);
  if (model == NULL) {
    return NULL;
  }
  model->mem = mem;
  ktxn__model_memory_init(&model->memory, mem, config->memory_max);
  if (!ktxn__model_reset(model, config, hooks)) {
    ktxn__model_free(model);
    return NULL;
  }
  return model;
}

void ktxn__model_free(struct ktxn__model *model) {
  if (model != NULL) {
    ktxn__model_memory_free(&model->memory);
    ktxn__free(model->mem, model);
  }
}

int64_t ktxn__model_delay(struct ktxn__model *model, enum ktxn__model_delay delay, int32_t node) {
  return model->hooks.delay_us == NULL ? model->config.delay_us[delay] : model->hooks.delay_us(model->hooks.ctx, delay, node);
}

bool ktxn__model_choose(struct ktxn__model *model, enum ktxn__model_choice choice, int32_t node) {
  return model->hooks.choose == NULL ? choice != KTXN__MODEL_CHOICE_TWICE : model->hooks.choose(model->hooks.ctx, choice, node);
}

void ktxn__model_tell(struct ktxn__model *model, const struct ktxn__model_seen *seen) {
  if (model->hooks.seen != NULL) {
    model->hooks.seen(model->hooks.ctx, seen);
  }
}

/* ---- requests ---- */

typedef void (*handler)(struct ktxn__model *, struct ktxn__model_ticket *, const struct ktxn__model_request *);

static const handler handlers[KTXN__MODEL_APIS] = {
    [KTXN__MODEL_PRODUCE] = ktxn__model_on_produce,
    [KTXN__MODEL_FETCH] = ktxn__model_on_fetch,
    [KTXN__MODEL_LIST_OFFSETS] = ktxn__model_on_list_offsets,
    [KTXN__MODEL_METADATA] = ktxn__model_on_metadata,
    [KTXN__MODEL_OFFSET_COMMIT] = ktxn__model_on_offset_commit,
    [KTXN__MODEL_OFFSET_FETCH] = ktxn__model_on_offset_fetch,
    [KTXN__MODEL_FIND_COORDINATOR] = ktxn__model_on_find_coordinator,
    [KTXN__MODEL_JOIN_GROUP] = ktxn__model_on_join_group,
    [KTXN__MODEL_HEARTBEAT] = ktxn__model_on_heartbeat,
    [KTXN__MODEL_LEAVE_GROUP] = ktxn__model_on_leave_group,
    [KTXN__MODEL_SYNC_GROUP] = ktxn__model_on_sync_group,
    [KTXN__MODEL_DESCRIBE_GROUPS] = ktxn__model_on_describe_groups,
    [KTXN__MODEL_LIST_GROUPS] = ktxn__model_on_list_groups,
    [KTXN__MODEL_API_VERSIONS] = ktxn__model_on_api_versions,
    [KTXN__MODEL_CREATE_TOPICS] = ktxn__model_on_create_topics,
    [KTXN__MODEL_DELETE_TOPICS] = ktxn__model_on_delete_topics,
    [KTXN__MODEL_INIT_PRODUCER_ID] = ktxn__model_on_init_producer_id,
    [KTXN__MODEL_OFFSET_FOR_LEADER_EPOCH] = ktxn__model_on_leader_epoch,
    [KTXN__MODEL_ADD_PARTITIONS_TO_TXN] = ktxn__model_on_add_partitions,
    [KTXN__MODEL_ADD_OFFSETS_TO_TXN] = ktxn__model_on_add_offsets,
    [KTXN__MODEL_END_TXN] = ktxn__model_on_end_txn,
    [KTXN__MODEL_WRITE_TXN_MARKERS] = ktxn__model_on_write_markers,
    [KTXN__MODEL_TXN_OFFSET_COMMIT] = ktxn__model_on_txn_offset_commit,
    [KTXN__MODEL_CREATE_PARTITIONS] = ktxn__model_on_create_partitions,
    [KTXN__MODEL_DELETE_GROUPS] = ktxn__model_on_delete_groups,
    [KTXN__MODEL_DESCRIBE_CLUSTER] = ktxn__model_on_describe_cluster,
    [KTXN__MODEL_DESCRIBE_PRODUCERS] = ktxn__model_on_describe_producers,
    [KTXN__MODEL_DESCRIBE_TRANSACTIONS] = ktxn__model_on_describe_transactions,
    [KTXN__MODEL_LIST_TRANSACTIONS] = ktxn__model_on_list_transactions,
};

static handler handler_of(int16_t api) {
  return api >= 0 && api < KTXN__MODEL_APIS ? handlers[api] : NULL;
}

uint64_t ktxn__model_submit(struct ktxn__model *model, int32_t node, int64_t now, const struct ktxn__model_request *request,
                            void *opaque) {
  ktxn__model_step(model, now);
  if (!ktxn__model_node_is_up(model, node) || handler_of(request->api) == NULL) {
    return 0;
  }
  struct ktxn__model_ticket *ticket = ktxn__model_ticket_new(model, node, request, opaque);
  if (ticket == NULL) {
    return 0;
  }
  uint64_t id = ticket->answer.ticket;
  ticket->fate = ktxn__model_fate_of(model, node, request);
  if (ticket->fate.lost) {
    ktxn__model_ticket_done(model, ticket);
  } else if (ticket->fate.code != KTXN__MODEL_NONE) {
    ktxn__model_refuse(model, ticket, request, ticket->fate.code);
  } else {
    handler_of(request->api)(model, ticket, request);
  }
  ktxn__model_step(model, now);
  return id;
}

struct ktxn__model_answer *ktxn__model_take(struct ktxn__model *model) {
  struct ktxn__list *link = ktxn__list_pop(&model->tickets.ready);
  return link == NULL ? NULL : &KTXN__LIST_OF(link, struct ktxn__model_ticket, link)->answer;
}

void ktxn__model_release(struct ktxn__model *model, struct ktxn__model_answer *answer) {
  ktxn__model_ticket_free(model, KTXN__LIST_OF(answer, struct ktxn__model_ticket, answer));
}

void ktxn__model_forget(struct ktxn__model *model, uint64_t id) {
  struct ktxn__model_ticket *ticket = ktxn__model_map_get(&model->tickets.by_id, id);
  if (ticket == NULL) {
    return;
  }
  if (!ticket->ready) {
    ticket->forgotten = true;
  } else if (!ktxn__list_empty(&ticket->link)) { /* taken ones are the caller's to release */
    ktxn__model_ticket_free(model, ticket);
  }
}

int64_t ktxn__model_deadline(const struct ktxn__model *model) {
  return model->events.count == 0 ? KTXN__MODEL_NEVER : model->events.heap[0]->due_us;
}

/* Each event happens at its own time, even when the caller comes late. */
void ktxn__model_step(struct ktxn__model *model, int64_t now) {
  for (struct ktxn__model_event *event = ktxn__model_event_due(&model->events, now); event != NULL;
       event = ktxn__model_event_due(&model->events, now)) {
    if (event->due_us > model->now_us) {
      model->now_us = event->due_us;
    }
    event->fire(model, event);
  }
  if (now > model->now_us) {
    model->now_us = now;
  }
}
