/** EndTxn: up to version 4 as ever, from version 5 with an epoch for each transaction (KIP-890). */

#include "sdk/devbroker/model_state.h"

#define EXHAUSTED (KTXN__MODEL_EPOCH_LAST - 1)
#define BEGIN (-2) /* no error: the end is to be prepared */

static void answer(struct ktxn__model *model, struct ktxn__model_ticket *ticket, int16_t code, int64_t id, int16_t epoch) {
  bool old = ticket->answer.version < 2 && code == KTXN__MODEL_PRODUCER_FENCED;
  ticket->answer.code = old ? KTXN__MODEL_INVALID_PRODUCER_EPOCH : code;
  ticket->answer.identity = (struct ktxn__model_identity){.code = ticket->answer.code, .producer_id = id, .producer_epoch = epoch};
  ktxn__model_ticket_done(model, ticket);
}

static void prepared(struct ktxn__model *model, struct ktxn__model_record *record, int16_t code) {
  const struct ktxn__model_txn_value *value = &record->value;
  if (code != KTXN__MODEL_NONE) {
    answer(model, record->ticket, code, -1, -1);
    return;
  }
  bool rotates = value->next_producer_id >= 0;
  answer(model, record->ticket, code, rotates ? value->next_producer_id : value->producer_id,
         rotates ? 0 : value->producer_epoch);
  ktxn__model_txn_mark(model, record->txn, record->node);
}

static int16_t prepare(struct ktxn__model *model, const struct ktxn__model_desk *desk, bool v2, bool commit,
                       struct ktxn__model_ticket *ticket) {
  struct ktxn__model_txn *txn = desk->txn;
  if (v2 && ktxn__model_level(model, desk->node) == 0) {
    return ktxn__model_txn_wedge(txn);
  }
  struct ktxn__model_txn_value value = txn->now;
  value.state = commit ? KTXN__MODEL_PREPARE_COMMIT : KTXN__MODEL_PREPARE_ABORT;
  value.v2 = v2;
  value.next_producer_id = -1;
  if (value.start_ms < 0) {
    value.start_ms = ktxn__model_wall_ms(model);
  }
  if (v2) {
    if (value.producer_epoch >= EXHAUSTED) {
      value.next_producer_id = ktxn__model_new_producer_id(model, desk->node);
    }
    value.last_epoch = value.producer_epoch;
    value.producer_epoch = (int16_t)(value.producer_epoch + (value.producer_epoch < KTXN__MODEL_EPOCH_LAST));
  }
  struct ktxn__model_write write = {.value = &value, .done = prepared, .ticket = ticket};
  return ktxn__model_txn_write(model, desk, &write) == NULL ? KTXN__MODEL_KAFKA_STORAGE_ERROR : BEGIN;
}

enum column { ABORT_RETRY, ABORT_CURRENT, COMMIT_RETRY, COMMIT_CURRENT };

#define F KTXN__MODEL_PRODUCER_FENCED
#define S KTXN__MODEL_INVALID_TXN_STATE
#define C KTXN__MODEL_CONCURRENT_TRANSACTIONS

/* KIP-890: what an end at the current epoch, or at the one before it (a repeated request), means in each state that lasts. */
static const int16_t table[][4] = {
    [KTXN__MODEL_EMPTY] = {F, BEGIN, F, S},
    [KTXN__MODEL_ONGOING] = {F, BEGIN, F, BEGIN},
    [KTXN__MODEL_COMPLETE_COMMIT] = {S, BEGIN, KTXN__MODEL_NONE, S},
    [KTXN__MODEL_COMPLETE_ABORT] = {KTXN__MODEL_NONE, BEGIN, F, S},
};

static int16_t judge_v2(struct ktxn__model *model, const struct ktxn__model_desk *desk, const struct ktxn__model_end_txn *ask) {
  const struct ktxn__model_txn_value *now = &desk->txn->now;
  bool late_defect = ktxn__model_has_defect(model, desk->node, KTXN__MODEL_K18660);
  if (ktxn__model_txn_changes(desk->txn) && !late_defect) {
    return C;
  }
  bool overflow = now->previous_producer_id == ask->producer_id && ask->producer_id != now->producer_id &&
                  ask->producer_epoch == EXHAUSTED && now->producer_epoch == 0;
  if (ask->producer_id != now->producer_id && !overflow) {
    return KTXN__MODEL_INVALID_PRODUCER_ID_MAPPING;
  }
  bool current = !overflow && ask->producer_epoch == now->producer_epoch;
  bool retry = overflow || now->producer_epoch == ask->producer_epoch + 1;
  if (!current && !retry) {
    return F;
  }
  if (ktxn__model_txn_changes(desk->txn)) {
    return retry || now->state == KTXN__MODEL_ONGOING ? C : F;
  }
  if (now->state == KTXN__MODEL_COMPLETE_ABORT && retry && ask->committed &&
      ktxn__model_has_defect(model, desk->node, KTXN__MODEL_K20785)) {
    return S;
  }
  return table[now->state][ask->committed ? (retry ? COMMIT_RETRY : COMMIT_CURRENT) : (retry ? ABORT_RETRY : ABORT_CURRENT)];
}

static int16_t judge_v1(const struct ktxn__model_desk *desk, const struct ktxn__model_end_txn *ask) {
  const struct ktxn__model_txn_value *now = &desk->txn->now;
  if (ask->producer_id != now->producer_id) {
    return KTXN__MODEL_INVALID_PRODUCER_ID_MAPPING;
  }
  if (ask->producer_epoch != now->producer_epoch) {
    return F;
  }
  if (ktxn__model_txn_changes(desk->txn)) {
    return C;
  }
  switch (now->state) {
    case KTXN__MODEL_ONGOING:
      return BEGIN;
    case KTXN__MODEL_COMPLETE_COMMIT:
      return ask->committed ? KTXN__MODEL_NONE : S;
    case KTXN__MODEL_COMPLETE_ABORT:
      return ask->committed ? S : KTXN__MODEL_NONE;
    default:
      return S;
  }
}

#undef F
#undef S
#undef C

void ktxn__model_on_end_txn(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_request *request) {
  const struct ktxn__model_end_txn *ask = &request->end_txn;
  bool v2 = request->version >= 5;
  struct ktxn__model_desk desk;
  int16_t code = ask->transactional_id.len <= 0 ? KTXN__MODEL_INVALID_REQUEST
                                                : ktxn__model_txn_find(model, ticket->node, ask->transactional_id, &desk);
  if (code == KTXN__MODEL_NONE && desk.txn == NULL) {
    code = KTXN__MODEL_INVALID_PRODUCER_ID_MAPPING;
  }
  if (code == KTXN__MODEL_NONE) {
    code = v2 ? judge_v2(model, &desk, ask) : judge_v1(&desk, ask);
    code = code == BEGIN ? prepare(model, &desk, v2, ask->committed, ticket) : code;
    if (code == KTXN__MODEL_NONE) {
      answer(model, ticket, code, desk.txn->now.producer_id, desk.txn->now.producer_epoch);
    }
  }
  if (code != BEGIN && code != KTXN__MODEL_NONE) {
    answer(model, ticket, code, -1, -1);
  }
}
