/** OffsetCommit and TxnOffsetCommit (KIP-98, KIP-447, KIP-890). */

#include "sdk/devbroker/model_pending.h"
#include "sdk/devbroker/model_state.h"

#define COMMIT_TIMEOUT_US 5000000 /* offsets.commit.timeout.ms */

struct commit {
  struct ktxn__model_question question; /* of a transaction's first offsets here */
  struct ktxn__model_event event;       /* until it is replicated */
  struct ktxn__model_ticket *ticket;
  struct ktxn__str group_id;
  struct ktxn__str transactional_id; /* null = no transaction */
  int64_t producer_id;
  int16_t producer_epoch;
  int32_t part;
  bool verified;
  uint64_t guard;
  uint64_t place; /* of the group's partition, for the question */
  int16_t code;   /* of the question */
  struct ktxn__model_offset_write *writes;
  struct ktxn__model_partition_code **codes; /* where the answer for each is */
  int32_t count;
  int32_t capacity;
};

static void commit_free(struct ktxn__model *model, struct commit *commit) {
  ktxn__model_drop_question(model, &commit->question);
  ktxn__model_event_clear(&model->events, &commit->event);
  for (int32_t i = 0; i < commit->count; i++) {
    ktxn__model_put_str(&model->memory, commit->writes[i].metadata);
  }
  ktxn__model_put(&model->memory, commit->writes, (size_t)commit->capacity * sizeof *commit->writes);
  ktxn__model_put(&model->memory, commit->codes, (size_t)commit->capacity * sizeof *commit->codes);
  ktxn__model_put_str(&model->memory, commit->group_id);
  ktxn__model_put_str(&model->memory, commit->transactional_id);
  ktxn__model_put(&model->memory, commit, sizeof *commit);
}

static void abandon(struct ktxn__model *model, struct ktxn__model_ticket *ticket) {
  commit_free(model, ticket->work);
}

static void finish(struct ktxn__model *model, struct commit *commit, int16_t code) {
  struct ktxn__model_ticket *ticket = commit->ticket;
  for (int32_t i = 0; i < commit->count; i++) {
    if (commit->codes[i]->code == KTXN__MODEL_NONE) {
      commit->codes[i]->code = code;
    }
  }
  commit_free(model, commit);
  ktxn__model_ticket_done(model, ticket);
}

/* ---- the request's offsets, and the answer's places for their codes ---- */

static int16_t check_offset(const struct ktxn__model *model, const struct ktxn__model_topic *topic, int16_t code,
                            const struct ktxn__model_offset_partition *from) {
  if (code != KTXN__MODEL_NONE) {
    return code;
  }
  if (ktxn__model_topic_partition(topic, from->index) == NULL) {
    return KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION;
  }
  return from->metadata.len > model->config.offset_metadata_max_bytes ? KTXN__MODEL_OFFSET_METADATA_TOO_LARGE : KTXN__MODEL_NONE;
}

static void take_offset(struct ktxn__model *model, struct commit *commit, const struct ktxn__model_topic *topic,
                        const struct ktxn__model_offset_partition *from, struct ktxn__model_partition_code *to) {
  struct ktxn__model_offset_write *write = &commit->writes[commit->count];
  *write = (struct ktxn__model_offset_write){.place = ktxn__model_place(topic->name, from->index),
                                             .topic_number = topic->number,
                                             .offset = from->offset,
                                             .leader_epoch = from->leader_epoch};
  if (!ktxn__model_copy_str(&model->memory, from->metadata, &write->metadata)) {
    to->code = KTXN__MODEL_KAFKA_STORAGE_ERROR;
    write->metadata = KTXN__STR_NULL;
    return;
  }
  commit->codes[commit->count++] = to;
}

static void take_topic(struct ktxn__model *model, struct commit *commit, const struct ktxn__model_offset_topic *from,
                       struct ktxn__model_coded_topic *to) {
  struct ktxn__model_topic *topic;
  int16_t code = ktxn__model_node_resolve(model, commit->ticket->node, &from->topic, &topic);
  to->topic = ktxn__model_answer_ref(model, commit->ticket, from->topic);
  to->partitions = ktxn__model_answer_array(model, commit->ticket, from->partition_count, sizeof *to->partitions);
  to->partition_count = from->partition_count;
  for (int32_t i = 0; i < from->partition_count && !commit->ticket->starved; i++) {
    to->partitions[i].index = from->partitions[i].index;
    to->partitions[i].code = check_offset(model, topic, code, &from->partitions[i]);
    if (to->partitions[i].code == KTXN__MODEL_NONE) {
      take_offset(model, commit, topic, &from->partitions[i], &to->partitions[i]);
    }
  }
}

static bool take(struct ktxn__model *model, struct commit *commit, const struct ktxn__model_offset_commit *ask) {
  int32_t total = 0;
  for (int32_t i = 0; i < ask->topic_count; i++) {
    total += ask->topics[i].partition_count;
  }
  int32_t none = 0;
  if (!ktxn__model_grow(&model->memory, &commit->writes, &commit->capacity, total, sizeof *commit->writes) ||
      !ktxn__model_grow(&model->memory, &commit->codes, &none, commit->capacity, sizeof *commit->codes)) {
    return false;
  }
  struct ktxn__model_coded_topics *out = &commit->ticket->answer.offset_commit;
  out->topics = ktxn__model_answer_array(model, commit->ticket, ask->topic_count, sizeof *out->topics);
  out->topic_count = ask->topic_count;
  for (int32_t i = 0; i < ask->topic_count && !commit->ticket->starved; i++) {
    take_topic(model, commit, &ask->topics[i], &out->topics[i]);
  }
  return !commit->ticket->starved;
}

static struct commit *new_commit(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                 const struct ktxn__model_offset_commit *ask, bool transactional) {
  struct commit *commit = ktxn__model_get(&model->memory, sizeof *commit);
  if (commit == NULL) {
    return NULL;
  }
  commit->ticket = ticket;
  commit->producer_id = transactional ? ask->producer_id : -1;
  commit->producer_epoch = ask->producer_epoch;
  commit->part = ktxn__model_group_partition(model, ask->group_id);
  commit->place = ktxn__model_place(model->groups.topic->name, commit->part);
  commit->group_id = KTXN__STR_NULL;
  commit->transactional_id = KTXN__STR_NULL;
  if (!ktxn__model_copy_str(&model->memory, ask->group_id, &commit->group_id) ||
      (transactional && !ktxn__model_copy_str(&model->memory, ask->transactional_id, &commit->transactional_id)) ||
      !take(model, commit, ask)) {
    commit_free(model, commit);
    return NULL;
  }
  ticket->work = commit;
  ticket->abandon = abandon;
  return commit;
}

static void starve(struct ktxn__model *model, struct ktxn__model_ticket *ticket) {
  ticket->starved = true;
  ktxn__model_ticket_done(model, ticket);
}

/* ---- who may commit ---- */

static bool anonymous(const struct ktxn__model_offset_commit *ask) {
  return ask->generation < 0 && ask->member_id.len <= 0 && ktxn__str_null(ask->instance_id);
}

static int16_t check_member(const struct ktxn__model_group *group, const struct ktxn__model_offset_commit *ask) {
  int16_t code = ktxn__model_group_check(group, ask->member_id, ask->instance_id);
  if (code == KTXN__MODEL_NONE && ask->generation != group->generation) {
    return KTXN__MODEL_ILLEGAL_GENERATION;
  }
  return code;
}

/* KIP-447: who says nothing is not fenced; who says something must be right. A rebalance is no obstacle. */
static int16_t check_txn(const struct ktxn__model_group *group, const struct ktxn__model_offset_commit *ask, int16_t version) {
  if (group == NULL) {
    bool accepted = ask->generation < 0;
    return accepted ? KTXN__MODEL_NONE : version >= 6 ? KTXN__MODEL_GROUP_ID_NOT_FOUND : KTXN__MODEL_ILLEGAL_GENERATION;
  }
  if (anonymous(ask) || (ask->generation < 0 && group->state == KTXN__MODEL_GROUP_EMPTY)) {
    return KTXN__MODEL_NONE;
  }
  return check_member(group, ask);
}

static int16_t check_plain(const struct ktxn__model_group *group, const struct ktxn__model_offset_commit *ask) {
  if (group == NULL) {
    return ask->generation < 0 ? KTXN__MODEL_NONE : KTXN__MODEL_ILLEGAL_GENERATION;
  }
  if (ask->generation < 0 && group->state == KTXN__MODEL_GROUP_EMPTY) {
    return KTXN__MODEL_NONE;
  }
  int16_t code = check_member(group, ask);
  return code == KTXN__MODEL_NONE && group->state == KTXN__MODEL_GROUP_COMPLETING ? KTXN__MODEL_REBALANCE_IN_PROGRESS : code;
}

/* ---- writing ---- */

static void replicated(struct ktxn__model *model, struct ktxn__model_event *event) {
  finish(model, KTXN__LIST_OF(event, struct commit, event), KTXN__MODEL_NONE);
}

static void blocked(struct ktxn__model *model, struct ktxn__model_event *event) {
  finish(model, KTXN__LIST_OF(event, struct commit, event), KTXN__MODEL_COORDINATOR_NOT_AVAILABLE);
}

static int16_t append_txn(struct ktxn__model *model, struct commit *commit) {
  struct ktxn__model_log *log = &model->groups.topic->partitions[commit->part]->log;
  struct ktxn__model_batch batch = {.transactional = true,
                                    .producer_id = commit->producer_id,
                                    .producer_epoch = commit->producer_epoch,
                                    .base_sequence = -1,
                                    .record_count = 1,
                                    .max_timestamp_ms = ktxn__model_wall_ms(model)};
  struct ktxn__model_admission how = {.verifies = commit->verified,
                                      .guard = commit->guard,
                                      .by_epoch = ktxn__model_node_traits(model, commit->ticket->node)->ongoing_by_epoch};
  int16_t code = ktxn__model_producer_admit(ktxn__model_log_producer(log, commit->producer_id), &batch, &how);
  if (code == KTXN__MODEL_NONE) {
    struct ktxn__model_entry *entry = ktxn__model_log_append(&model->memory, log, &batch, 0, commit->ticket->tag);
    if (entry == NULL) {
      return KTXN__MODEL_KAFKA_STORAGE_ERROR;
    }
    ktxn__model_put(&model->memory, entry, sizeof *entry); /* this log keeps none */
    ktxn__model_replica_appended(model, model->groups.topic->partitions[commit->part]);
  }
  return code;
}

/* The group may have moved while the transaction coordinator was asked, or the node may have been cut off. */
static bool writable(struct ktxn__model *model, struct commit *commit) {
  int32_t node = commit->ticket->node;
  if (!ktxn__model_node_leads(model, node, model->groups.topic->partitions[commit->part])) {
    finish(model, commit, KTXN__MODEL_NOT_COORDINATOR);
    return false;
  }
  if (ktxn__model_group_stale(model, node)) {
    ktxn__model_later(model, &commit->event, COMMIT_TIMEOUT_US, blocked);
    return false;
  }
  return true;
}

static void write(struct ktxn__model *model, struct commit *commit) {
  if (!writable(model, commit)) {
    return;
  }
  struct ktxn__model_group *group = ktxn__model_group_of(&model->groups.parts[commit->part], commit->group_id);
  group = group == NULL ? ktxn__model_group_make(model, commit->group_id) : group;
  int16_t code = group == NULL ? KTXN__MODEL_KAFKA_STORAGE_ERROR : KTXN__MODEL_NONE;
  if (code == KTXN__MODEL_NONE && commit->producer_id >= 0) {
    code = append_txn(model, commit);
  }
  for (int32_t i = 0; i < commit->count && code == KTXN__MODEL_NONE; i++) {
    bool done = commit->producer_id >= 0
                    ? ktxn__model_offset_pend(model, group, &commit->writes[i], commit->producer_id, commit->ticket->tag)
                    : ktxn__model_offset_commit(model, group, &commit->writes[i], commit->ticket->tag);
    code = done ? KTXN__MODEL_NONE : KTXN__MODEL_KAFKA_STORAGE_ERROR;
  }
  if (code != KTXN__MODEL_NONE) {
    finish(model, commit, code);
  } else {
    ktxn__model_later(model, &commit->event, ktxn__model_delay(model, KTXN__MODEL_DELAY_APPEND, commit->ticket->node), replicated);
  }
}

/* What the coordinator's answer becomes on its way to the client. */
static int16_t translate(int16_t code, int16_t version) {
  switch (code) {
    case KTXN__MODEL_PRODUCER_FENCED:
      return KTXN__MODEL_INVALID_PRODUCER_EPOCH;
    case KTXN__MODEL_TRANSACTION_ABORTABLE:
      return version >= 4 ? code : KTXN__MODEL_INVALID_TXN_STATE;
    case KTXN__MODEL_NETWORK_EXCEPTION:
      return KTXN__MODEL_COORDINATOR_LOAD_IN_PROGRESS;
    default:
      return code;
  }
}

static void answered(struct ktxn__model *model, struct ktxn__model_question *question) {
  struct commit *commit = KTXN__LIST_OF(question, struct commit, question);
  if (commit->code != KTXN__MODEL_NONE) {
    finish(model, commit, translate(commit->code, commit->ticket->answer.version));
  } else {
    write(model, commit);
  }
}

static void ask_coordinator(struct ktxn__model *model, struct commit *commit, bool add) {
  struct ktxn__model_log *log = &model->groups.topic->partitions[commit->part]->log;
  struct ktxn__model_producer *producer = ktxn__model_log_introduce(&model->memory, log, commit->producer_id);
  if (producer == NULL) {
    finish(model, commit, KTXN__MODEL_KAFKA_STORAGE_ERROR);
    return;
  }
  commit->verified = true;
  commit->guard = producer->guard != 0 ? producer->guard : ++model->next_guard;
  producer->guard = commit->guard;
  producer->lowest_sequence = INT32_MAX;
  commit->question = (struct ktxn__model_question){.from = commit->ticket->node,
                                                   .id = commit->transactional_id,
                                                   .producer_id = commit->producer_id,
                                                   .producer_epoch = commit->producer_epoch,
                                                   .verify = !add,
                                                   .places = &commit->place,
                                                   .codes = &commit->code,
                                                   .count = 1,
                                                   .answered = answered,
                                                   .tag = commit->ticket->tag};
  ktxn__model_ask(model, &commit->question);
}

static bool must_ask(const struct ktxn__model *model, const struct commit *commit, bool add) {
  const struct ktxn__model_producer *producer =
      ktxn__model_log_producer(&model->groups.topic->partitions[commit->part]->log, commit->producer_id);
  const struct ktxn__model_traits *traits = ktxn__model_node_traits(model, commit->ticket->node);
  bool ongoing = ktxn__model_producer_ongoing(producer, commit->producer_epoch, traits->ongoing_by_epoch);
  return !ongoing && (add || (model->config.verification && traits->verifies_offsets));
}

static void commit_offsets(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_offset_commit *ask,
                           bool transactional) {
  struct commit *commit = new_commit(model, ticket, ask, transactional);
  if (commit == NULL) {
    starve(model, ticket);
    return;
  }
  struct ktxn__model_group *group;
  bool add = transactional && ticket->answer.version >= 5;
  int16_t code = ktxn__model_group_find(model, ticket->node, ask->group_id, &group);
  if (code == KTXN__MODEL_NONE) {
    code = transactional ? check_txn(group, ask, ticket->answer.version) : check_plain(group, ask);
  }
  if (code != KTXN__MODEL_NONE || commit->count == 0) {
    finish(model, commit, code);
  } else if (transactional && !ktxn__model_group_stale(model, ticket->node) && must_ask(model, commit, add)) {
    ask_coordinator(model, commit, add);
  } else {
    write(model, commit);
  }
}

void ktxn__model_on_offset_commit(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                  const struct ktxn__model_request *request) {
  commit_offsets(model, ticket, &request->offset_commit, false);
}

void ktxn__model_on_txn_offset_commit(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                      const struct ktxn__model_request *request) {
  commit_offsets(model, ticket, &request->offset_commit, true);
}
