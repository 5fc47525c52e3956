/** Registration: AddPartitionsToTxn, AddOffsetsToTxn, and what leaders and group coordinators ask (KIP-890). */

#include "sdk/devbroker/model_state.h"

#define BEGIN (-2) /* no error: a record is to be written */

static bool has_all(const struct ktxn__model_txn *txn, const uint64_t *places, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    if (!ktxn__model_txn_has(txn, places[i])) {
      return false;
    }
  }
  return true;
}

static int16_t check_identity(const struct ktxn__model_txn *txn, int64_t producer_id, int16_t producer_epoch) {
  if (txn == NULL || txn->now.producer_id != producer_id) {
    return KTXN__MODEL_INVALID_PRODUCER_ID_MAPPING;
  }
  return txn->now.producer_epoch == producer_epoch ? KTXN__MODEL_NONE : KTXN__MODEL_PRODUCER_FENCED;
}

/* With V2 the caller may have a producer id already that the end under way will bring. */
static bool change_first(const struct ktxn__model *model, int32_t node) {
  return ktxn__model_node_traits(model, node)->change_first && !ktxn__model_has_defect(model, node, KTXN__MODEL_K18660);
}

static int16_t judge(const struct ktxn__model *model, const struct ktxn__model_desk *desk, int64_t producer_id, int16_t producer_epoch,
                     const uint64_t *places, int32_t count) {
  const struct ktxn__model_txn *txn = desk->txn;
  int16_t code = check_identity(txn, producer_id, producer_epoch);
  if (txn != NULL && ktxn__model_txn_changes(txn) && (code == KTXN__MODEL_NONE || change_first(model, desk->node))) {
    return KTXN__MODEL_CONCURRENT_TRANSACTIONS;
  }
  if (code != KTXN__MODEL_NONE) {
    return code;
  }
  return txn->now.state == KTXN__MODEL_ONGOING && has_all(txn, places, count) ? KTXN__MODEL_NONE : BEGIN;
}

/* What is registered already is acknowledged without an append: a stale coordinator does that, too. */
static int16_t add(struct ktxn__model *model, const struct ktxn__model_desk *desk, struct ktxn__model_write *write,
                   struct ktxn__model_record **record) {
  struct ktxn__model_txn_value value = desk->txn->now;
  if (value.state != KTXN__MODEL_ONGOING) {
    value.start_ms = ktxn__model_wall_ms(model);
  }
  value.state = KTXN__MODEL_ONGOING;
  write->value = &value;
  *record = ktxn__model_txn_write(model, desk, write);
  return *record == NULL ? KTXN__MODEL_KAFKA_STORAGE_ERROR : BEGIN;
}

static int16_t older(int16_t code, int16_t version) {
  return version < 2 && code == KTXN__MODEL_PRODUCER_FENCED ? KTXN__MODEL_INVALID_PRODUCER_EPOCH : code;
}

/* ---- AddPartitionsToTxn ---- */

static void answer_partitions(struct ktxn__model *model, struct ktxn__model_ticket *ticket, int16_t code) {
  struct ktxn__model_coded_topics *topics = &ticket->answer.add_partitions;
  for (int32_t i = 0; i < topics->topic_count && !ticket->starved; i++) {
    for (int32_t j = 0; j < topics->topics[i].partition_count; j++) {
      topics->topics[i].partitions[j].code = older(code, ticket->answer.version);
    }
  }
  ktxn__model_ticket_done(model, ticket);
}

static void partitions_added(struct ktxn__model *model, struct ktxn__model_record *record, int16_t code) {
  answer_partitions(model, record->ticket, code);
}

/* Lays out the answer, and collects what is asked for. Returns how many there are; `*missing`: any that doesn't exist. */
static int32_t lay_out(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_add_partitions *ask,
                       uint64_t *places, bool *missing) {
  struct ktxn__model_coded_topics *out = &ticket->answer.add_partitions;
  int32_t count = 0;
  out->topics = ktxn__model_answer_array(model, ticket, ask->topic_count, sizeof *out->topics);
  out->topic_count = ask->topic_count;
  for (int32_t i = 0; i < ask->topic_count && !ticket->starved; i++) {
    const struct ktxn__model_topic_partitions *from = &ask->topics[i];
    struct ktxn__model_coded_topic *to = &out->topics[i];
    struct ktxn__model_topic *topic;
    ktxn__model_node_resolve(model, ticket->node, &from->topic, &topic);
    to->topic = ktxn__model_answer_ref(model, ticket, from->topic);
    to->partitions = ktxn__model_answer_array(model, ticket, from->partition_count, sizeof *to->partitions);
    to->partition_count = from->partition_count;
    for (int32_t j = 0; j < from->partition_count && !ticket->starved; j++) {
      bool known = ktxn__model_topic_partition(topic, from->partitions[j]) != NULL;
      *missing = *missing || !known;
      to->partitions[j].index = from->partitions[j];
      to->partitions[j].code = known ? KTXN__MODEL_OPERATION_NOT_ATTEMPTED : KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION;
      if (known) {
        places[count++] = ktxn__model_place(topic->name, from->partitions[j]);
      }
    }
  }
  return count;
}

static int32_t count_partitions(const struct ktxn__model_topic_partitions *topics, int32_t count) {
  int32_t total = 0;
  for (int32_t i = 0; i < count; i++) {
    total += topics[i].partition_count;
  }
  return total;
}

void ktxn__model_on_add_partitions(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                   const struct ktxn__model_request *request) {
  const struct ktxn__model_add_partitions *ask = &request->add_partitions;
  uint64_t *places =
      ktxn__model_answer_array(model, ticket, count_partitions(ask->topics, ask->topic_count), sizeof *places);
  bool missing = false;
  int32_t count = ticket->starved ? 0 : lay_out(model, ticket, ask, places, &missing);
  if (missing || ticket->starved) { /* all or nothing: the others say that nothing was attempted */
    ktxn__model_ticket_done(model, ticket);
    return;
  }
  struct ktxn__model_desk desk;
  struct ktxn__model_record *record;
  int16_t code = ask->transactional_id.len <= 0 ? KTXN__MODEL_INVALID_REQUEST
                                                : ktxn__model_txn_find(model, ticket->node, ask->transactional_id, &desk);
  if (code == KTXN__MODEL_NONE) {
    code = judge(model, &desk, ask->producer_id, ask->producer_epoch, places, count);
  }
  if (code == BEGIN) {
    struct ktxn__model_write write = {.places = places, .place_count = count, .done = partitions_added, .ticket = ticket};
    code = add(model, &desk, &write, &record);
  }
  if (code != BEGIN) {
    answer_partitions(model, ticket, code);
  }
}

/* ---- AddOffsetsToTxn ---- */

static void offsets_added(struct ktxn__model *model, struct ktxn__model_record *record, int16_t code) {
  record->ticket->answer.code = older(code, record->ticket->answer.version);
  ktxn__model_ticket_done(model, record->ticket);
}

void ktxn__model_on_add_offsets(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                const struct ktxn__model_request *request) {
  const struct ktxn__model_add_offsets *ask = &request->add_offsets;
  uint64_t place = ktxn__model_place(model->groups.topic->name, ktxn__model_group_partition(model, ask->group_id));
  struct ktxn__model_desk desk;
  struct ktxn__model_record *record;
  int16_t code = ask->transactional_id.len <= 0 ? KTXN__MODEL_INVALID_REQUEST
                                                : ktxn__model_txn_find(model, ticket->node, ask->transactional_id, &desk);
  if (code == KTXN__MODEL_NONE) {
    code = judge(model, &desk, ask->producer_id, ask->producer_epoch, &place, 1);
  }
  if (code == BEGIN) {
    struct ktxn__model_write write = {.places = &place, .place_count = 1, .done = offsets_added, .ticket = ticket};
    code = add(model, &desk, &write, &record);
  }
  if (code != BEGIN) {
    ticket->answer.code = older(code, ticket->answer.version);
    ktxn__model_ticket_done(model, ticket);
  }
}

/* ---- questions of brokers ---- */

static void reply(struct ktxn__model *model, struct ktxn__model_question *question, int16_t code) {
  for (int32_t i = 0; i < question->count; i++) {
    question->codes[i] = code;
  }
  question->answered(model, question);
}

static void place_added(struct ktxn__model *model, struct ktxn__model_record *record, int16_t code) {
  struct ktxn__model_question *question = record->work;
  if (question != NULL) {
    question->record = NULL;
    reply(model, question, code);
  }
}

static int16_t look(const struct ktxn__model_txn *txn, struct ktxn__model_question *question) {
  int16_t code = check_identity(txn, question->producer_id, question->producer_epoch);
  if (code == KTXN__MODEL_NONE && ktxn__model_txn_ending(txn)) {
    code = KTXN__MODEL_CONCURRENT_TRANSACTIONS;
  }
  for (int32_t i = 0; i < question->count; i++) {
    bool in = code == KTXN__MODEL_NONE && ktxn__model_txn_has(txn, question->places[i]);
    question->codes[i] = code != KTXN__MODEL_NONE ? code : in ? KTXN__MODEL_NONE : KTXN__MODEL_TRANSACTION_ABORTABLE;
  }
  return BEGIN;
}

static int16_t enter(struct ktxn__model *model, const struct ktxn__model_desk *desk, struct ktxn__model_question *question) {
  int16_t code = judge(model, desk, question->producer_id, question->producer_epoch, question->places, question->count);
  if (code != BEGIN) {
    return code;
  }
  if (ktxn__model_level(model, desk->node) == 0) {
    return ktxn__model_txn_wedge(desk->txn);
  }
  struct ktxn__model_write write = {.places = question->places, .place_count = question->count, .done = place_added};
  code = add(model, desk, &write, &question->record);
  if (question->record != NULL) {
    question->record->work = question;
    question->record->tag = question->tag;
  }
  return code;
}

/* Reaches the coordinator that the asking node knows; 13 where it can't be reached. */
static void arrive(struct ktxn__model *model, struct ktxn__model_event *event) {
  struct ktxn__model_question *question = KTXN__LIST_OF(event, struct ktxn__model_question, event);
  struct ktxn__model_partition *partition =
      model->txns.topic->partitions[ktxn__model_txn_partition(model, question->id)];
  int32_t node = ktxn__model_node_partition(model, question->from, partition).leader;
  struct ktxn__model_desk desk;
  bool reached = node >= 0 && model->nodes[node].up &&
                 (node == question->from || (!model->nodes[node].cut && !model->nodes[question->from].cut));
  int16_t code = reached ? ktxn__model_txn_find(model, node, question->id, &desk) : KTXN__MODEL_NETWORK_EXCEPTION;
  if (code != KTXN__MODEL_NONE) {
    reply(model, question, code);
    return;
  }
  if (question->verify) {
    look(desk.txn, question);
    question->answered(model, question);
    return;
  }
  code = enter(model, &desk, question);
  if (code != BEGIN) {
    reply(model, question, code);
  }
}

void ktxn__model_ask(struct ktxn__model *model, struct ktxn__model_question *question) {
  ktxn__model_later(model, &question->event, ktxn__model_delay(model, KTXN__MODEL_DELAY_VERIFY, question->from), arrive);
}

void ktxn__model_drop_question(struct ktxn__model *model, struct ktxn__model_question *question) {
  ktxn__model_event_clear(&model->events, &question->event);
  if (question->record != NULL) {
    question->record->work = NULL;
    question->record = NULL;
  }
}
