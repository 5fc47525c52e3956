/** The transaction coordinator changes hands: what was only in memory is gone, what is in the log is loaded (KIP-98). */

#include <string.h>

#include "sdk/devbroker/model_state.h"

static void loaded(struct ktxn__model *model, struct ktxn__model_event *event) {
  struct ktxn__model_txn_part *part = KTXN__LIST_OF(event, struct ktxn__model_txn_part, load);
  int32_t node = model->txns.topic->partitions[part->index]->leader;
  for (int32_t i = 0; i < part->count; i++) {
    struct ktxn__model_txn *txn = part->list[i];
    if (txn->now.state == KTXN__MODEL_PREPARE_COMMIT || txn->now.state == KTXN__MODEL_PREPARE_ABORT) {
      ktxn__model_txn_mark(model, txn, node);
    } else if (txn->now.state == KTXN__MODEL_ONGOING) {
      ktxn__model_txn_watch(model);
    }
  }
}

static void load(struct ktxn__model *model, struct ktxn__model_txn_part *part, int32_t node) {
  ktxn__model_event_clear(&model->events, &part->load);
  if (node < 0) {
    return;
  }
  int64_t delay = ktxn__model_delay(model, KTXN__MODEL_DELAY_LOAD, node);
  if (delay <= 0) {
    loaded(model, &part->load);
  } else {
    ktxn__model_later(model, &part->load, delay, loaded);
  }
}

/* What the log gives back: neither the epoch before (KIP-360) nor, on releases with that defect, the other producer ids. */
static struct ktxn__model_txn_value remembered(const struct ktxn__model *model, const struct ktxn__model_txn *txn, int32_t node) {
  struct ktxn__model_txn_value value = txn->durable;
  value.last_epoch = -1;
  if (node >= 0 && (!ktxn__model_node_traits(model, node)->features || ktxn__model_has_defect(model, node, KTXN__MODEL_K20310))) {
    value.previous_producer_id = -1;
    value.next_producer_id = -1;
  }
  return value;
}

/* A record that was on its way to the replicas may have reached them. */
static bool survives(struct ktxn__model *model, const struct ktxn__model_txn *txn, int32_t node) {
  return txn->record != NULL && txn->record->sent && ktxn__model_choose(model, KTXN__MODEL_CHOICE_KEEP_RECORD, node);
}

static void settle_record(struct ktxn__model *model, struct ktxn__model_txn *txn, int32_t node) {
  bool kept = survives(model, txn, node);
  if (txn->record != NULL) {
    ktxn__model_record_settle(model, txn->record, kept, KTXN__MODEL_NOT_COORDINATOR);
  }
}

static void reload(struct ktxn__model *model, struct ktxn__model_txn *txn, int32_t node) {
  txn->now = remembered(model, txn, node);
  txn->pending = false;
  txn->wedged = false;
  txn->failed_fence = false;
  txn->marking++;
}

/* An id whose first record isn't in the log was never there. */
static void reload_part(struct ktxn__model *model, struct ktxn__model_txn_part *part, int32_t from, int32_t to) {
  int32_t count = part->count;
  part->count = 0;
  for (int32_t i = 0; i < count; i++) {
    settle_record(model, part->list[i], from);
  }
  ktxn__model_map_clear(&part->by_hash);
  for (int32_t i = 0; i < count; i++) {
    struct ktxn__model_txn *txn = part->list[i];
    if (txn->is_durable) {
      reload(model, txn, to);
      ktxn__model_txn_enlist(model, part, txn);
    }
  }
}

static bool copy_places(struct ktxn__model *model, struct ktxn__model_txn *to, const struct ktxn__model_txn *from) {
  if (!ktxn__model_grow(&model->memory, &to->places, &to->place_capacity, from->place_count, sizeof *to->places)) {
    return false;
  }
  for (int32_t i = 0; i < from->place_count; i++) {
    if (!ktxn__model_map_add(&model->memory, &to->by_place, from->places[i], to)) {
      return false;
    }
    to->places[to->place_count++] = from->places[i];
  }
  return true;
}

/* NULL: the id was never in the log, or no memory. */
static struct ktxn__model_txn *copy_txn(struct ktxn__model *model, const struct ktxn__model_txn *from, int32_t old, int32_t node) {
  bool kept = survives(model, from, old);
  struct ktxn__model_txn *to = from->is_durable || kept ? ktxn__model_get(&model->memory, sizeof *to) : NULL;
  if (to == NULL || !copy_places(model, to, from)) {
    return NULL;
  }
  to->id = from->id;
  to->part = from->part;
  to->durable = from->durable;
  to->is_durable = from->is_durable;
  if (kept) {
    ktxn__model_record_apply(model, from->record, to);
  }
  to->now = remembered(model, to, node);
  return to;
}

/* The node that is cut off keeps its memory; the new coordinator starts from what the log has. */
static bool split(struct ktxn__model *model, int32_t index, int32_t from, int32_t to) {
  struct ktxn__model_node *node = &model->nodes[from];
  size_t size = (size_t)model->config.txn_partitions * sizeof *node->stale_txn;
  struct ktxn__model_txn_part *fresh = ktxn__model_get(&model->memory, sizeof *fresh);
  node->stale_txn = node->stale_txn == NULL ? ktxn__model_get(&model->memory, size) : node->stale_txn;
  if (fresh == NULL || node->stale_txn == NULL) {
    return false;
  }
  struct ktxn__model_txn_part *old = model->txns.parts[index];
  ktxn__model_event_clear(&model->events, &old->load); /* it has loaded what it ever will */
  fresh->index = index;
  for (int32_t i = 0; i < old->count; i++) {
    struct ktxn__model_txn *txn = copy_txn(model, old->list[i], from, to);
    if (txn != NULL) {
      ktxn__model_txn_enlist(model, fresh, txn);
    }
  }
  node->stale_txn[index] = old;
  model->txns.parts[index] = fresh;
  return true;
}

void ktxn__model_txn_moved(struct ktxn__model *model, int32_t part, int32_t from, int32_t to) {
  bool deaf = from >= 0 && model->nodes[from].up && model->nodes[from].cut;
  if (!deaf || !split(model, part, from, to)) {
    reload_part(model, model->txns.parts[part], from, to);
  }
  load(model, model->txns.parts[part], to);
}

static void give_up(struct ktxn__model *model, struct ktxn__model_txn_part *part) {
  ktxn__model_event_clear(&model->events, &part->load);
  for (int32_t i = 0; i < part->count; i++) {
    struct ktxn__model_txn *txn = part->list[i];
    txn->marking++;
    if (txn->record != NULL) {
      ktxn__model_record_settle(model, txn->record, false, KTXN__MODEL_NOT_COORDINATOR);
    }
  }
}

void ktxn__model_txn_cut(struct ktxn__model *model, int32_t node) {
  for (int32_t i = 0; i < model->config.txn_partitions; i++) {
    const struct ktxn__model_txn_part *part = model->txns.parts[i];
    for (int32_t j = 0; j < part->count && model->txns.topic->partitions[i]->leader == node; j++) {
      if (part->list[j]->record != NULL) {
        ktxn__model_record_block(model, part->list[j]->record);
      }
    }
  }
}

static void go_on(struct ktxn__model *model, const struct ktxn__model_txn_part *part) {
  for (int32_t i = 0; i < part->count; i++) {
    if (part->list[i]->record != NULL) {
      ktxn__model_record_unblock(model, part->list[i]->record);
    }
  }
}

void ktxn__model_txn_healed(struct ktxn__model *model, int32_t node) {
  struct ktxn__model_txn_part **stale = model->nodes[node].stale_txn;
  for (int32_t i = 0; i < model->config.txn_partitions; i++) {
    if (stale != NULL && stale[i] != NULL) {
      struct ktxn__model_txn_part *part = stale[i];
      stale[i] = NULL;
      give_up(model, part);
    } else if (model->txns.topic->partitions[i]->leader == node) {
      go_on(model, model->txns.parts[i]);
    }
  }
}
