#include "sdk/devbroker/model_txn.h"

#include <string.h>

#include "sdk/devbroker/model_state.h"

static struct ktxn__model_txn_part *new_part(struct ktxn__model *model, int32_t index) {
  struct ktxn__model_txn_part *part = ktxn__model_get(&model->memory, sizeof *part);
  if (part != NULL) {
    part->index = index;
  }
  return part;
}

bool ktxn__model_txns_start(struct ktxn__model *model) {
  int32_t count = model->config.txn_partitions;
  struct ktxn__model_txns *txns = &model->txns;
  txns->parts = ktxn__model_get(&model->memory, (size_t)count * sizeof *txns->parts);
  if (txns->parts == NULL || ktxn__model_topic_create(model, KTXN__MODEL_TXN_TOPIC, count, true, &txns->topic) != KTXN__MODEL_NONE) {
    return false;
  }
  for (int32_t i = 0; i < count; i++) {
    txns->parts[i] = new_part(model, i);
    if (txns->parts[i] == NULL) {
      return false;
    }
  }
  return true;
}

struct ktxn__model_txn *ktxn__model_txn_of(const struct ktxn__model_txn_part *part, struct ktxn__str id) {
  struct ktxn__model_txn *txn = ktxn__model_map_get(&part->by_hash, ktxn__model_hash(id));
  while (txn != NULL && !ktxn__str_equal(txn->id, id)) {
    txn = txn->same_hash;
  }
  return txn;
}

/* What the node has in memory: the coordinator's own, or, cut off, what it was before others took over. */
static struct ktxn__model_txn_part *part_at(struct ktxn__model *model, int32_t node, int32_t index) {
  struct ktxn__model_txn_part **stale = model->nodes[node].stale_txn;
  return stale != NULL && stale[index] != NULL ? stale[index] : model->txns.parts[index];
}

int16_t ktxn__model_txn_find(struct ktxn__model *model, int32_t node, struct ktxn__str id, struct ktxn__model_desk *desk) {
  int32_t index = ktxn__model_txn_partition(model, id);
  *desk = (struct ktxn__model_desk){.node = node, .partition = model->txns.topic->partitions[index]};
  if (!ktxn__model_node_leads(model, node, desk->partition)) {
    return KTXN__MODEL_NOT_COORDINATOR;
  }
  desk->part = part_at(model, node, index);
  if (ktxn__model_event_is_set(&desk->part->load)) {
    return KTXN__MODEL_COORDINATOR_LOAD_IN_PROGRESS;
  }
  desk->txn = ktxn__model_txn_of(desk->part, id);
  return KTXN__MODEL_NONE;
}

bool ktxn__model_txn_enlist(struct ktxn__model *model, struct ktxn__model_txn_part *part, struct ktxn__model_txn *txn) {
  uint64_t hash = ktxn__model_hash(txn->id);
  struct ktxn__model_txn *first = ktxn__model_map_get(&part->by_hash, hash);
  if (!ktxn__model_grow(&model->memory, &part->list, &part->capacity, part->count + 1, sizeof txn)) {
    return false;
  }
  txn->same_hash = NULL;
  if (first != NULL) {
    txn->same_hash = first->same_hash;
    first->same_hash = txn;
  } else if (!ktxn__model_map_add(&model->memory, &part->by_hash, hash, txn)) {
    return false;
  }
  part->list[part->count++] = txn;
  return true;
}

bool ktxn__model_txn_make(struct ktxn__model *model, struct ktxn__model_desk *desk, struct ktxn__str id) {
  struct ktxn__model_txn *txn = ktxn__model_get(&model->memory, sizeof *txn);
  if (txn == NULL || !ktxn__model_copy_str(&model->memory, id, &txn->id)) {
    return false;
  }
  txn->part = desk->part->index;
  txn->now = (struct ktxn__model_txn_value){.producer_id = ktxn__model_new_producer_id(model, desk->node),
                                            .previous_producer_id = -1,
                                            .next_producer_id = -1,
                                            .producer_epoch = -1,
                                            .last_epoch = -1,
                                            .start_ms = -1,
                                            .update_ms = ktxn__model_wall_ms(model)};
  desk->txn = txn;
  return ktxn__model_txn_enlist(model, desk->part, txn);
}

bool ktxn__model_txn_has(const struct ktxn__model_txn *txn, uint64_t place) {
  return ktxn__model_map_get(&txn->by_place, place) != NULL;
}

bool ktxn__model_txn_ending(const struct ktxn__model_txn *txn) {
  return txn->now.state == KTXN__MODEL_PREPARE_COMMIT || txn->now.state == KTXN__MODEL_PREPARE_ABORT;
}

bool ktxn__model_txn_changes(const struct ktxn__model_txn *txn) { return txn->pending || ktxn__model_txn_ending(txn); }

static void record_free(struct ktxn__model *model, struct ktxn__model_record *record) {
  ktxn__model_put(&model->memory, record->added, (size_t)record->added_count * sizeof *record->added);
  ktxn__model_put(&model->memory, record, sizeof *record);
}

static bool record_add(struct ktxn__model *model, struct ktxn__model_record *record, const uint64_t *places, int32_t count) {
  if (count == 0) {
    return true;
  }
  record->added = ktxn__model_get_raw(&model->memory, (size_t)count * sizeof *record->added);
  if (record->added == NULL) {
    return false;
  }
  memcpy(record->added, places, (size_t)count * sizeof *places);
  record->added_count = count;
  return true;
}

static void register_places(struct ktxn__model *model, struct ktxn__model_txn *txn, const uint64_t *places, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    if (ktxn__model_txn_has(txn, places[i])) {
      continue;
    }
    if (ktxn__model_grow(&model->memory, &txn->places, &txn->place_capacity, txn->place_count + 1, sizeof *txn->places) &&
        ktxn__model_map_add(&model->memory, &txn->by_place, places[i], txn)) {
      txn->places[txn->place_count++] = places[i];
    }
  }
}

static void tell(struct ktxn__model *model, const struct ktxn__model_record *record) {
  const struct ktxn__model_txn_value *value = &record->value;
  struct ktxn__model_seen seen = {.sight = KTXN__MODEL_SAW_RECORD,
                                  .node = record->node,
                                  .tag = record->tag,
                                  .name = record->txn->id,
                                  .partition = record->txn->part,
                                  .producer_id = value->producer_id,
                                  .producer_epoch = value->producer_epoch,
                                  .state = (int8_t)value->state,
                                  .committed = value->state == KTXN__MODEL_PREPARE_COMMIT || value->state == KTXN__MODEL_COMPLETE_COMMIT};
  ktxn__model_tell(model, &seen);
}

void ktxn__model_record_apply(struct ktxn__model *model, const struct ktxn__model_record *record, struct ktxn__model_txn *txn) {
  enum ktxn__model_txn_state state = record->value.state;
  txn->now = record->value;
  txn->durable = record->value;
  txn->is_durable = true;
  if (state == KTXN__MODEL_COMPLETE_COMMIT || state == KTXN__MODEL_COMPLETE_ABORT) {
    txn->place_count = 0;
    ktxn__model_map_clear(&txn->by_place);
    txn->failed_fence = false;
  }
  register_places(model, txn, record->added, record->added_count);
  if (state == KTXN__MODEL_ONGOING) {
    ktxn__model_txn_watch(model);
  }
  tell(model, record);
}

void ktxn__model_record_settle(struct ktxn__model *model, struct ktxn__model_record *record, bool kept, int16_t code) {
  ktxn__model_event_clear(&model->events, &record->event);
  record->txn->record = NULL;
  record->txn->pending = false;
  if (kept) {
    ktxn__model_record_apply(model, record, record->txn);
  } else if (record->fence) {
    record->txn->failed_fence = true;
  }
  record->done(model, record, code);
  record_free(model, record);
}

static void appended(struct ktxn__model *model, struct ktxn__model_event *event) {
  struct ktxn__model_record *record = KTXN__LIST_OF(event, struct ktxn__model_record, event);
  bool fails = record->blocked || model->failing_appends > 0;
  model->failing_appends -= !record->blocked && fails;
  ktxn__model_record_settle(model, record, !fails, fails ? KTXN__MODEL_COORDINATOR_NOT_AVAILABLE : KTXN__MODEL_NONE);
}

/* A node that is cut off can't replicate: the append gives up after the transaction's own timeout. */
static bool start(struct ktxn__model *model, struct ktxn__model_record *record) {
  record->blocked = model->nodes[record->node].cut;
  record->sent = record->sent || !record->blocked;
  int64_t delay = record->blocked ? (int64_t)record->value.timeout_ms * 1000
                                  : ktxn__model_delay(model, KTXN__MODEL_DELAY_APPEND, record->node);
  return ktxn__model_later(model, &record->event, delay, appended);
}

void ktxn__model_record_block(struct ktxn__model *model, struct ktxn__model_record *record) {
  if (!record->blocked) {
    start(model, record);
  }
}

void ktxn__model_record_unblock(struct ktxn__model *model, struct ktxn__model_record *record) {
  if (record->blocked) {
    start(model, record);
  }
}

struct ktxn__model_record *ktxn__model_txn_write(struct ktxn__model *model, const struct ktxn__model_desk *desk,
                                                 const struct ktxn__model_write *write) {
  struct ktxn__model_record *record = ktxn__model_get(&model->memory, sizeof *record);
  if (record == NULL) {
    return NULL;
  }
  *record = (struct ktxn__model_record){.txn = desk->txn,
                                        .value = *write->value,
                                        .node = desk->node,
                                        .done = write->done,
                                        .ticket = write->ticket,
                                        .tag = write->ticket == NULL ? 0 : write->ticket->tag};
  record->value.update_ms = ktxn__model_wall_ms(model);
  if (!record_add(model, record, write->places, write->place_count) || !start(model, record)) {
    record_free(model, record);
    return NULL;
  }
  desk->txn->record = record;
  desk->txn->pending = true;
  return record;
}

int16_t ktxn__model_txn_wedge(struct ktxn__model_txn *txn) {
  txn->pending = true;
  txn->wedged = true;
  return KTXN__MODEL_UNSUPPORTED_VERSION;
}
