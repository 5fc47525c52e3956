/** InitProducerId (KIP-98, KIP-360, KIP-890), and the broker's own aborts. */

#include "sdk/devbroker/model_state.h"

#define EXHAUSTED (KTXN__MODEL_EPOCH_LAST - 1)

int64_t ktxn__model_new_producer_id(struct ktxn__model *model, int32_t node) {
  struct ktxn__model_node *owner = &model->nodes[node];
  if (owner->next_producer_id == owner->end_producer_id) {
    owner->next_producer_id = model->next_producer_block;
    owner->end_producer_id = owner->next_producer_id + 1000;
    model->next_producer_block = owner->end_producer_id;
  }
  return owner->next_producer_id++;
}

static void answer(struct ktxn__model *model, struct ktxn__model_ticket *ticket, int16_t code, int64_t id, int16_t epoch) {
  if (ticket == NULL) {
    return;
  }
  bool old = ticket->answer.version < 4 && code == KTXN__MODEL_PRODUCER_FENCED;
  ticket->answer.code = old ? KTXN__MODEL_INVALID_PRODUCER_EPOCH : code;
  ticket->answer.identity = (struct ktxn__model_identity){.code = ticket->answer.code, .producer_id = id, .producer_epoch = epoch};
  ktxn__model_ticket_done(model, ticket);
}

static void refuse(struct ktxn__model *model, struct ktxn__model_ticket *ticket, int16_t code) {
  answer(model, ticket, code, -1, code == KTXN__MODEL_NONE ? 0 : -1);
}

static void initialized(struct ktxn__model *model, struct ktxn__model_record *record, int16_t code) {
  if (code != KTXN__MODEL_NONE) {
    refuse(model, record->ticket, code);
  } else {
    answer(model, record->ticket, code, record->value.producer_id, record->value.producer_epoch);
  }
}

static void fenced(struct ktxn__model *model, struct ktxn__model_record *record, int16_t code) {
  if (code == KTXN__MODEL_NONE) {
    ktxn__model_txn_mark(model, record->txn, record->node);
  }
  refuse(model, record->ticket, code == KTXN__MODEL_NONE ? KTXN__MODEL_CONCURRENT_TRANSACTIONS : code);
}

/* The epoch that the abort is recorded with. V2 of 4.0 fences and ends, and raises it twice (KAFKA-19367). */
static void raise(struct ktxn__model *model, const struct ktxn__model_desk *desk, struct ktxn__model_txn_value *value) {
  bool v2 = ktxn__model_level(model, desk->node) >= 2;
  int16_t epoch = value->producer_epoch;
  int16_t bumped = (int16_t)(desk->txn->failed_fence ? epoch : epoch + 1);
  value->v2 = v2;
  value->producer_epoch = bumped;
  value->last_epoch = -1;
  if (!v2) {
    return;
  }
  if (ktxn__model_node_traits(model, desk->node)->keeps_epoch_on_timeout || bumped == KTXN__MODEL_EPOCH_LAST) {
    value->last_epoch = (int16_t)(bumped - 1);
  } else {
    value->last_epoch = bumped;
    value->producer_epoch = (int16_t)(bumped + 1);
  }
  if (bumped == KTXN__MODEL_EPOCH_LAST && !ktxn__model_has_defect(model, desk->node, KTXN__MODEL_K20090)) {
    value->next_producer_id = ktxn__model_new_producer_id(model, desk->node);
  }
}

int16_t ktxn__model_txn_fence(struct ktxn__model *model, const struct ktxn__model_desk *desk, struct ktxn__model_ticket *ticket) {
  struct ktxn__model_txn *txn = desk->txn;
  if (txn->now.producer_epoch == KTXN__MODEL_EPOCH_LAST && !txn->failed_fence) {
    return KTXN__MODEL_UNKNOWN_SERVER_ERROR; /* there is no higher epoch: nothing can end this transaction */
  }
  struct ktxn__model_txn_value value = txn->now;
  value.state = KTXN__MODEL_PREPARE_ABORT;
  raise(model, desk, &value);
  struct ktxn__model_write write = {.value = &value, .done = fenced, .ticket = ticket};
  struct ktxn__model_record *record = ktxn__model_txn_write(model, desk, &write);
  if (record == NULL) {
    return KTXN__MODEL_KAFKA_STORAGE_ERROR;
  }
  record->fence = true;
  txn->now.producer_epoch = value.producer_epoch; /* at once: the old one is locked out whether or not the record lands */
  txn->now.last_epoch = value.last_epoch;
  return KTXN__MODEL_NONE;
}

/* The caller's identity is the current one, or the one before an answer that it may not have got. */
static bool may_bump(const struct ktxn__model_txn_value *now, const struct ktxn__model_init_producer_id *ask) {
  return ask->producer_id < 0 || now->producer_epoch < 0 || ask->producer_id == now->producer_id ||
         (ask->producer_id == now->previous_producer_id && ask->producer_epoch >= EXHAUSTED);
}

static int16_t rotate(struct ktxn__model *model, int32_t node, const struct ktxn__model_init_producer_id *ask,
                      struct ktxn__model_txn_value *value) {
  value->last_epoch = ask->producer_id >= 0 ? value->producer_epoch : -1;
  value->producer_id = ktxn__model_new_producer_id(model, node);
  value->producer_epoch = 0;
  return KTXN__MODEL_NONE;
}

/* The epoch that the caller gets: one more, or once more the one that it has been given before. */
static int16_t bump(struct ktxn__model *model, int32_t node, const struct ktxn__model_init_producer_id *ask,
                    struct ktxn__model_txn_value *value) {
  bool expects = ask->producer_id >= 0;
  bool current = !expects || value->producer_epoch < 0 || ask->producer_epoch == value->producer_epoch;
  if (value->producer_epoch < 0) {
    value->producer_epoch = (int16_t)(model->config.first_epoch - 1);
  }
  if (value->producer_epoch >= EXHAUSTED && (!expects || ask->producer_epoch == value->producer_epoch)) {
    return rotate(model, node, ask, value);
  }
  if (current) {
    value->last_epoch = expects ? value->producer_epoch : -1;
    value->producer_epoch = (int16_t)(value->producer_epoch + 1);
    return KTXN__MODEL_NONE;
  }
  return ask->producer_epoch == value->last_epoch ? KTXN__MODEL_NONE : KTXN__MODEL_PRODUCER_FENCED;
}

static int16_t begin(struct ktxn__model *model, const struct ktxn__model_desk *desk, const struct ktxn__model_init_producer_id *ask,
                     struct ktxn__model_ticket *ticket) {
  struct ktxn__model_txn *txn = desk->txn;
  if (ktxn__model_txn_changes(txn)) {
    return KTXN__MODEL_CONCURRENT_TRANSACTIONS;
  }
  if (!may_bump(&txn->now, ask)) {
    return KTXN__MODEL_PRODUCER_FENCED;
  }
  if (txn->now.state == KTXN__MODEL_ONGOING) {
    return ktxn__model_txn_fence(model, desk, ticket);
  }
  struct ktxn__model_txn_value value = txn->now;
  value.previous_producer_id = value.producer_id;
  int16_t code = bump(model, desk->node, ask, &value);
  if (code != KTXN__MODEL_NONE) {
    return code;
  }
  value.state = KTXN__MODEL_EMPTY;
  value.timeout_ms = ask->transaction_timeout_ms;
  value.start_ms = -1;
  value.v2 = false;
  struct ktxn__model_write write = {.value = &value, .done = initialized, .ticket = ticket};
  return ktxn__model_txn_write(model, desk, &write) == NULL ? KTXN__MODEL_KAFKA_STORAGE_ERROR : KTXN__MODEL_NONE;
}

static int16_t check(const struct ktxn__model *model, const struct ktxn__model_init_producer_id *ask) {
  if (ask->transactional_id.len == 0 || (ask->producer_id < 0) != (ask->producer_epoch < 0)) {
    return KTXN__MODEL_INVALID_REQUEST;
  }
  if (ask->keep_prepared_txn) {
    return KTXN__MODEL_UNSUPPORTED_VERSION;
  }
  if (ask->enable_2pc) {
    return KTXN__MODEL_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
  }
  bool legal = ask->transaction_timeout_ms > 0 && ask->transaction_timeout_ms <= model->config.transaction_max_timeout_ms;
  return legal ? KTXN__MODEL_NONE : KTXN__MODEL_INVALID_TRANSACTION_TIMEOUT;
}

void ktxn__model_on_init_producer_id(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                     const struct ktxn__model_request *request) {
  const struct ktxn__model_init_producer_id *ask = &request->init_producer_id;
  if (ktxn__str_null(ask->transactional_id)) {
    answer(model, ticket, KTXN__MODEL_NONE, ktxn__model_new_producer_id(model, ticket->node), 0);
    return;
  }
  struct ktxn__model_desk desk;
  int16_t code = check(model, ask);
  if (code == KTXN__MODEL_NONE) {
    code = ktxn__model_txn_find(model, ticket->node, ask->transactional_id, &desk);
  }
  if (code == KTXN__MODEL_NONE && desk.txn == NULL && !ktxn__model_txn_make(model, &desk, ask->transactional_id)) {
    code = KTXN__MODEL_KAFKA_STORAGE_ERROR;
  }
  if (code == KTXN__MODEL_NONE) {
    code = begin(model, &desk, ask, ticket);
  }
  if (code != KTXN__MODEL_NONE) {
    refuse(model, ticket, code);
  }
}

/* Every coordinator looks through its ids at the same moments. One that is cut off can't write what it fences with, and remembers the
 * epoch all the same (hasFailedEpochFence). */
static bool scan_part(struct ktxn__model *model, int32_t node, struct ktxn__model_txn_part *part) {
  struct ktxn__model_desk desk = {.node = node, .part = part, .partition = model->txns.topic->partitions[part->index]};
  bool able = node >= 0 && model->nodes[node].up && !ktxn__model_event_is_set(&part->load);
  bool open = false;
  for (int32_t i = 0; i < part->count; i++) {
    struct ktxn__model_txn *txn = part->list[i];
    if (txn->now.state != KTXN__MODEL_ONGOING) {
      continue;
    }
    open = true;
    desk.txn = txn;
    if (able && !txn->pending && ktxn__model_wall_ms(model) > txn->now.start_ms + txn->now.timeout_ms) {
      ktxn__model_txn_fence(model, &desk, NULL);
    }
  }
  return open;
}

/* What the nodes that are cut off took with them when others became coordinators. */
static bool scan_stale(struct ktxn__model *model, int32_t node) {
  struct ktxn__model_txn_part **stale = model->nodes[node].stale_txn;
  bool open = false;
  for (int32_t i = 0; stale != NULL && i < model->config.txn_partitions; i++) {
    open = (stale[i] != NULL && scan_part(model, node, stale[i])) || open;
  }
  return open;
}

static void scan(struct ktxn__model *model, struct ktxn__model_event *event) {
  (void)event;
  bool open = false;
  for (int32_t i = 0; i < model->config.txn_partitions; i++) {
    open = scan_part(model, model->txns.topic->partitions[i]->leader, model->txns.parts[i]) || open;
  }
  for (int32_t node = 0; node < model->config.nodes; node++) {
    open = scan_stale(model, node) || open;
  }
  if (open) {
    ktxn__model_txn_watch(model);
  }
}

void ktxn__model_txn_watch(struct ktxn__model *model) {
  if (!ktxn__model_event_is_set(&model->txns.scan)) {
    ktxn__model_later(model, &model->txns.scan, model->config.scan_us - model->now_us % model->config.scan_us, scan);
  }
}
