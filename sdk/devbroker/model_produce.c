/** Produce: verification or registration with the coordinator (KIP-890), append, and the wait for replication. */

#include <string.h>

#include "sdk/devbroker/model_state.h"

#define IMPLICIT_VERSION 12 /* from which on a Produce registers its partitions itself */

struct produce;

struct part {
  struct ktxn__model_waiter waiter;
  struct produce *produce;
  struct ktxn__model_partition *partition; /* NULL: answered already */
  struct ktxn__model_produced *out;
  struct ktxn__model_batch batch;
  uint64_t guard;
  int32_t asked; /* its place in the question; -1 = it needs none */
  bool waits;
};

struct produce {
  struct ktxn__model_question question;
  struct ktxn__model_event retry;
  struct ktxn__model_event timeout;
  struct ktxn__model_ticket *ticket;
  struct ktxn__str transactional_id;
  int16_t acks;
  int64_t timeout_us;
  int64_t asked_us; /* when the coordinator was asked first */
  uint8_t *bytes;   /* of all batches, while they wait for the coordinator */
  size_t size;
  uint64_t *places;
  int16_t *codes;
  int32_t asked_count;
  struct part *parts;
  int32_t count;
  int32_t waiting; /* parts, and one for the loop that appends them */
};

static void produce_free(struct ktxn__model *model, struct produce *produce) {
  ktxn__model_drop_question(model, &produce->question);
  ktxn__model_event_clear(&model->events, &produce->retry);
  ktxn__model_event_clear(&model->events, &produce->timeout);
  for (int32_t i = 0; i < produce->count; i++) {
    ktxn__list_remove(&produce->parts[i].waiter.link);
  }
  size_t room = (size_t)produce->count;
  ktxn__model_put(&model->memory, produce->parts, room * sizeof *produce->parts);
  ktxn__model_put(&model->memory, produce->places, room * sizeof *produce->places);
  ktxn__model_put(&model->memory, produce->codes, room * sizeof *produce->codes);
  ktxn__model_put(&model->memory, produce->bytes, produce->size);
  ktxn__model_put_str(&model->memory, produce->transactional_id);
  ktxn__model_put(&model->memory, produce, sizeof *produce);
}

static void abandon(struct ktxn__model *model, struct ktxn__model_ticket *ticket) {
  produce_free(model, ticket->work);
}

/* With acks=0 there is no answer; an error closes the connection. */
static void finish(struct ktxn__model *model, struct produce *produce) {
  struct ktxn__model_ticket *ticket = produce->ticket;
  if (produce->acks == 0) {
    ticket->answer.silent = true;
    for (int32_t i = 0; i < produce->count; i++) {
      ticket->answer.close = ticket->answer.close || produce->parts[i].out->code != KTXN__MODEL_NONE;
    }
  }
  produce_free(model, produce);
  ktxn__model_ticket_done(model, ticket);
}

static void release(struct ktxn__model *model, struct produce *produce) {
  if (--produce->waiting == 0) {
    finish(model, produce);
  }
}

static void fail(struct ktxn__model *model, struct part *part, int16_t code) {
  part->out->code = code;
  part->out->base_offset = -1;
  if (code == KTXN__MODEL_NOT_LEADER_OR_FOLLOWER) { /* KIP-951 */
    struct ktxn__model_seen_partition seen = ktxn__model_node_partition(model, part->produce->ticket->node, part->partition);
    part->out->leader_id = seen.leader;
    part->out->leader_epoch = seen.leader_epoch;
  }
}

/* ---- waiting for replication ---- */

static void settled(struct ktxn__model *model, struct part *part, int16_t code) {
  part->waits = false;
  if (code != KTXN__MODEL_NONE) {
    fail(model, part, code);
  }
  release(model, part->produce);
}

static void woken(struct ktxn__model *model, struct ktxn__model_waiter *waiter, int16_t code) {
  settled(model, KTXN__LIST_OF(waiter, struct part, waiter), code);
}

static void wait_for(struct part *part, int64_t offset) {
  part->waits = true;
  part->produce->waiting++;
  part->waiter.need = offset;
  part->waiter.node = part->produce->ticket->node;
  part->waiter.woken = woken;
  ktxn__model_replica_wait(part->partition, &part->waiter);
}

static void timed_out(struct ktxn__model *model, struct ktxn__model_event *event) {
  struct produce *produce = KTXN__LIST_OF(event, struct produce, timeout);
  produce->waiting++;
  for (int32_t i = 0; i < produce->count; i++) {
    struct part *part = &produce->parts[i];
    if (part->waits) {
      ktxn__list_remove(&part->waiter.link);
      settled(model, part, KTXN__MODEL_REQUEST_TIMED_OUT);
    }
  }
  release(model, produce);
}

/* ---- appending ---- */

static void tell(struct ktxn__model *model, const struct part *part, int64_t base, int64_t last, bool duplicate) {
  struct ktxn__model_seen seen = {.sight = KTXN__MODEL_SAW_APPEND,
                                  .node = part->produce->ticket->node,
                                  .tag = part->produce->ticket->tag,
                                  .name = part->partition->topic->name->text,
                                  .partition = part->partition->index,
                                  .offset = base,
                                  .last_offset = last,
                                  .producer_id = part->batch.producer_id,
                                  .producer_epoch = part->batch.producer_epoch,
                                  .base_sequence = part->batch.base_sequence,
                                  .transactional = part->batch.transactional,
                                  .duplicate = duplicate};
  ktxn__model_tell(model, &seen);
}

static void placed(struct ktxn__model *model, struct part *part, int64_t base, int64_t last, bool duplicate) {
  part->out->base_offset = base;
  part->out->log_start_offset = part->partition->log.start;
  tell(model, part, base, last, duplicate);
  if (part->produce->acks == -1 && last >= part->partition->log.high_watermark) {
    wait_for(part, last + 1);
  }
}

static bool implicit(const struct produce *produce) {
  return produce->ticket->answer.version >= IMPLICIT_VERSION;
}

static bool verifies(const struct ktxn__model *model, const struct produce *produce) {
  return implicit(produce) || (model->config.verification && ktxn__model_node_traits(model, produce->ticket->node)->verifies);
}

static int16_t admit(const struct ktxn__model *model, const struct part *part, const struct ktxn__model_producer *producer) {
  struct ktxn__model_admission how = {.client = true,
                                      .verifies = verifies(model, part->produce),
                                      .must_start = implicit(part->produce) && part->batch.transactional,
                                      .guard = part->guard,
                                      .by_epoch = ktxn__model_node_traits(model, part->produce->ticket->node)->ongoing_by_epoch};
  return part->batch.producer_id < 0 ? KTXN__MODEL_NONE : ktxn__model_producer_admit(producer, &part->batch, &how);
}

static void append(struct ktxn__model *model, struct part *part) {
  struct ktxn__model_log *log = &part->partition->log;
  struct ktxn__model_producer *producer =
      part->batch.producer_id < 0 ? NULL : ktxn__model_log_producer(log, part->batch.producer_id);
  const struct ktxn__model_window *known = producer == NULL ? NULL : ktxn__model_producer_duplicate(producer, &part->batch);
  if (known != NULL) {
    placed(model, part, known->base_offset, known->last_offset, true);
    return;
  }
  int16_t code = admit(model, part, producer);
  if (code != KTXN__MODEL_NONE) {
    fail(model, part, code);
    return;
  }
  const struct ktxn__model_entry *entry =
      ktxn__model_log_append(&model->memory, log, &part->batch, part->partition->leader_epoch, part->produce->ticket->tag);
  if (entry == NULL) {
    fail(model, part, KTXN__MODEL_KAFKA_STORAGE_ERROR);
    return;
  }
  placed(model, part, entry->base_offset, entry->last_offset, false);
  ktxn__model_replica_appended(model, part->partition);
}

/* Its topic was deleted meanwhile, and the node knows. */
static bool is_gone(const struct ktxn__model *model, const struct part *part) {
  return part->partition->topic->deleted && model->nodes[part->produce->ticket->node].view == NULL;
}

/* What nobody will ever replicate: without acks=-1 it is acknowledged all the same, at an offset of that leader's own log. */
static void append_stale(struct ktxn__model *model, struct part *part) {
  if (part->produce->acks == -1) {
    wait_for(part, KTXN__MODEL_NEVER);
    return;
  }
  part->out->base_offset =
      ktxn__model_node_append(model, part->produce->ticket->node, part->partition, part->batch.record_count);
  part->out->log_start_offset = part->partition->log.start;
}

/* A leader that others have replaced without its knowledge appends to a log that will be cut off. */
static void append_part(struct ktxn__model *model, struct part *part) {
  if (part->out->code != KTXN__MODEL_NONE) {
    return;
  }
  int32_t node = part->produce->ticket->node;
  if (is_gone(model, part)) {
    fail(model, part, KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION);
  } else if (!ktxn__model_node_leads(model, node, part->partition)) {
    fail(model, part, KTXN__MODEL_NOT_LEADER_OR_FOLLOWER);
  } else if (ktxn__model_node_stale(model, node, part->partition)) {
    append_stale(model, part);
  } else {
    append(model, part);
  }
}

static void append_all(struct ktxn__model *model, struct produce *produce) {
  produce->waiting = 1;
  for (int32_t i = 0; i < produce->count; i++) {
    append_part(model, &produce->parts[i]);
  }
  if (produce->waiting > 1) {
    ktxn__model_later(model, &produce->timeout, produce->timeout_us, timed_out);
  }
  release(model, produce);
}

/* ---- the coordinator is asked ---- */

/* Older clients don't know the coordinator's errors: they get such as make them do the right thing (KIP-890). */
static int16_t translate(int16_t code, int16_t version) {
  switch (code) {
    case KTXN__MODEL_PRODUCER_FENCED:
      return KTXN__MODEL_INVALID_PRODUCER_EPOCH;
    case KTXN__MODEL_TRANSACTION_ABORTABLE:
      return version >= 11 ? code : KTXN__MODEL_INVALID_TXN_STATE;
    case KTXN__MODEL_CONCURRENT_TRANSACTIONS:
      return version >= IMPLICIT_VERSION ? code : KTXN__MODEL_NOT_ENOUGH_REPLICAS;
    case KTXN__MODEL_NETWORK_EXCEPTION:
    case KTXN__MODEL_COORDINATOR_LOAD_IN_PROGRESS:
    case KTXN__MODEL_COORDINATOR_NOT_AVAILABLE:
    case KTXN__MODEL_NOT_COORDINATOR:
      return KTXN__MODEL_NOT_ENOUGH_REPLICAS;
    default:
      return code;
  }
}

static bool concurrent(const struct produce *produce) {
  for (int32_t i = 0; i < produce->asked_count; i++) {
    if (produce->codes[i] == KTXN__MODEL_CONCURRENT_TRANSACTIONS) {
      return true;
    }
  }
  return false;
}

/* The question has a name: its answer is worth nothing once the transaction that it was about has ended. */
static bool name_question(struct ktxn__model *model, struct part *part) {
  struct ktxn__model_producer *producer =
      ktxn__model_log_introduce(&model->memory, &part->partition->log, part->batch.producer_id);
  if (producer == NULL) {
    return false;
  }
  int32_t sequence = part->batch.base_sequence;
  int16_t epoch = part->batch.producer_epoch;
  if (epoch < producer->epoch) {
    part->guard = 0; /* it is refused, whatever the answer is, and must not be in the way of what is open */
    return true;
  }
  /* With a newer epoch the sequences begin anew. */
  bool anew = producer->guard == 0 || epoch > producer->guard_epoch;
  if (anew || (epoch == producer->guard_epoch && sequence < producer->lowest_sequence)) {
    producer->lowest_sequence = sequence;
  }
  producer->guard_epoch = anew ? epoch : producer->guard_epoch;
  producer->guard = producer->guard == 0 ? ++model->next_guard : producer->guard;
  part->guard = producer->guard;
  return true;
}

static void ask_again(struct ktxn__model *model, struct ktxn__model_event *event) {
  struct produce *produce = KTXN__LIST_OF(event, struct produce, retry);
  /* A marker that came meanwhile has made the question's name worthless: each try has one of its own. */
  for (int32_t i = 0; i < produce->count; i++) {
    if (produce->parts[i].asked >= 0 && !is_gone(model, &produce->parts[i])) {
      name_question(model, &produce->parts[i]);
    }
  }
  ktxn__model_ask(model, &produce->question);
}

/* The transaction before is not complete yet: the broker itself tries again for a while before it bothers the client. */
static bool retries(struct ktxn__model *model, struct produce *produce) {
  int64_t limit = model->config.retry_max_us < produce->timeout_us ? model->config.retry_max_us : produce->timeout_us;
  bool may = implicit(produce) && concurrent(produce) &&
             !ktxn__model_has_defect(model, produce->ticket->node, KTXN__MODEL_K18654) &&
             model->now_us + model->config.retry_us <= produce->asked_us + limit;
  return may && ktxn__model_later(model, &produce->retry, model->config.retry_us, ask_again);
}

static void answered(struct ktxn__model *model, struct ktxn__model_question *question) {
  struct produce *produce = KTXN__LIST_OF(question, struct produce, question);
  if (retries(model, produce)) {
    return;
  }
  for (int32_t i = 0; i < produce->count; i++) {
    struct part *part = &produce->parts[i];
    if (part->asked >= 0 && produce->codes[part->asked] != KTXN__MODEL_NONE) {
      fail(model, part, translate(produce->codes[part->asked], produce->ticket->answer.version));
    }
  }
  append_all(model, produce);
}

static bool needs_question(const struct ktxn__model *model, const struct part *part) {
  if (part->out->code != KTXN__MODEL_NONE || !part->batch.transactional || part->batch.producer_id < 0 ||
      !verifies(model, part->produce)) {
    return false;
  }
  const struct ktxn__model_producer *producer = ktxn__model_log_producer(&part->partition->log, part->batch.producer_id);
  return !ktxn__model_producer_ongoing(producer, part->batch.producer_epoch,
                                       ktxn__model_node_traits(model, part->produce->ticket->node)->ongoing_by_epoch);
}

static bool note_question(struct ktxn__model *model, struct part *part) {
  if (!name_question(model, part)) {
    return false;
  }
  part->asked = part->produce->asked_count;
  part->produce->places[part->produce->asked_count++] = ktxn__model_place(part->partition->topic->name, part->partition->index);
  return true;
}

static bool keep_bytes(struct ktxn__model *model, struct produce *produce) {
  for (int32_t i = 0; i < produce->count; i++) {
    produce->size += produce->parts[i].out->code == KTXN__MODEL_NONE ? produce->parts[i].batch.size : 0;
  }
  produce->bytes = ktxn__model_get_raw(&model->memory, produce->size);
  uint8_t *at = produce->bytes;
  for (int32_t i = 0; i < produce->count && at != NULL; i++) {
    struct ktxn__model_batch *batch = &produce->parts[i].batch;
    if (produce->parts[i].out->code == KTXN__MODEL_NONE) {
      memcpy(at, batch->bytes, batch->size);
      batch->bytes = at;
      at += batch->size;
    }
  }
  return produce->bytes != NULL;
}

static bool ask(struct ktxn__model *model, struct produce *produce) {
  const struct part *first = NULL;
  for (int32_t i = 0; i < produce->count; i++) {
    struct part *part = &produce->parts[i];
    if (needs_question(model, part)) {
      first = first == NULL ? part : first;
      if (!note_question(model, part)) {
        return false;
      }
    }
  }
  if (first == NULL) {
    append_all(model, produce);
    return true;
  }
  if (!keep_bytes(model, produce)) {
    return false;
  }
  produce->asked_us = model->now_us;
  produce->question = (struct ktxn__model_question){.from = produce->ticket->node,
                                                    .id = produce->transactional_id,
                                                    .producer_id = first->batch.producer_id,
                                                    .producer_epoch = first->batch.producer_epoch,
                                                    .verify = !implicit(produce),
                                                    .places = produce->places,
                                                    .codes = produce->codes,
                                                    .count = produce->asked_count,
                                                    .answered = answered,
                                                    .tag = produce->ticket->tag};
  ktxn__model_ask(model, &produce->question);
  return true;
}

/* ---- the request ---- */

static int16_t check_batch(const struct produce *produce, const struct ktxn__model_topic *topic, const struct ktxn__model_batch *batch) {
  if (batch->code != KTXN__MODEL_NONE) {
    return batch->code;
  }
  if (batch->control || batch->record_count <= 0 || (batch->transactional && batch->producer_id < 0)) {
    return KTXN__MODEL_INVALID_RECORD;
  }
  if ((int64_t)batch->size > topic->max_message_bytes) {
    return KTXN__MODEL_MESSAGE_TOO_LARGE;
  }
  if (batch->transactional && ktxn__str_null(produce->transactional_id)) {
    return KTXN__MODEL_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
  }
  return KTXN__MODEL_NONE;
}

static int16_t check_part(const struct ktxn__model *model, struct part *part, const struct ktxn__model_topic *topic, int16_t code) {
  int32_t node = part->produce->ticket->node;
  if (part->produce->acks < -1 || part->produce->acks > 1) {
    return KTXN__MODEL_INVALID_REQUIRED_ACKS;
  }
  if (code != KTXN__MODEL_NONE) {
    return code;
  }
  if (topic->internal) {
    return KTXN__MODEL_INVALID_TOPIC;
  }
  if (part->out->index >= ktxn__model_node_partitions(model, node, topic) || part->partition == NULL) {
    return KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION;
  }
  if (!ktxn__model_node_leads(model, node, part->partition)) {
    return KTXN__MODEL_NOT_LEADER_OR_FOLLOWER;
  }
  return check_batch(part->produce, topic, &part->batch);
}

static void take_topic(struct ktxn__model *model, struct produce *produce, const struct ktxn__model_produce_topic *from,
                       struct ktxn__model_produced_topic *to) {
  struct ktxn__model_topic *topic;
  int16_t code = ktxn__model_node_resolve(model, produce->ticket->node, &from->topic, &topic);
  to->topic = ktxn__model_answer_ref(model, produce->ticket, from->topic);
  to->partitions = ktxn__model_answer_array(model, produce->ticket, from->partition_count, sizeof *to->partitions);
  to->partition_count = from->partition_count;
  for (int32_t i = 0; i < from->partition_count && !produce->ticket->starved; i++) {
    struct part *part = &produce->parts[produce->count++];
    ktxn__list_init(&part->waiter.link);
    part->produce = produce;
    part->out = &to->partitions[i];
    part->batch = from->partitions[i].batch;
    part->asked = -1;
    *part->out = (struct ktxn__model_produced){
        .index = from->partitions[i].index, .base_offset = -1, .log_start_offset = -1, .leader_id = -1, .leader_epoch = -1};
    part->partition = ktxn__model_topic_partition(topic, part->out->index);
    int16_t found = check_part(model, part, topic, code);
    if (found != KTXN__MODEL_NONE) {
      fail(model, part, found);
    }
  }
}

static int32_t count_parts(const struct ktxn__model_produce *ask) {
  int32_t total = 0;
  for (int32_t i = 0; i < ask->topic_count; i++) {
    total += ask->topics[i].partition_count;
  }
  return total;
}

static bool make_room(struct ktxn__model *model, struct produce *produce, int32_t total) {
  size_t room = (size_t)total;
  produce->parts = ktxn__model_get(&model->memory, room * sizeof *produce->parts);
  produce->places = ktxn__model_get(&model->memory, room * sizeof *produce->places);
  produce->codes = ktxn__model_get(&model->memory, room * sizeof *produce->codes);
  return produce->parts != NULL && produce->places != NULL && produce->codes != NULL;
}

static struct produce *new_produce(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_produce *ask) {
  struct produce *produce = ktxn__model_get(&model->memory, sizeof *produce);
  if (produce == NULL) {
    return NULL;
  }
  produce->ticket = ticket;
  produce->acks = ask->acks;
  produce->timeout_us = (int64_t)(ask->timeout_ms < 0 ? 0 : ask->timeout_ms) * 1000;
  if (!ktxn__model_copy_str(&model->memory, ask->transactional_id, &produce->transactional_id) ||
      !make_room(model, produce, count_parts(ask))) {
    return NULL; /* memory is at its end: what little there is stays out */
  }
  ticket->work = produce;
  ticket->abandon = abandon;
  return produce;
}

void ktxn__model_on_produce(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_request *request) {
  const struct ktxn__model_produce *in = &request->produce;
  struct ktxn__model_produced_topic *topics = ktxn__model_answer_array(model, ticket, in->topic_count, sizeof *topics);
  struct produce *produce = ticket->starved ? NULL : new_produce(model, ticket, in);
  ticket->answer.produce.topics = topics;
  ticket->answer.produce.topic_count = in->topic_count;
  for (int32_t i = 0; i < in->topic_count && produce != NULL && !ticket->starved; i++) {
    take_topic(model, produce, &in->topics[i], &topics[i]);
  }
  if (produce == NULL || ticket->starved || !ask(model, produce)) {
    if (produce != NULL) {
      produce_free(model, produce);
    }
    ticket->starved = true;
    ktxn__model_ticket_done(model, ticket);
  }
}
