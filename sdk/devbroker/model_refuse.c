/** What an injected error looks like: the same code in each place of an answer that can hold one. */

#include "sdk/devbroker/model_state.h"

struct refusal {
  struct ktxn__model *model;
  struct ktxn__model_ticket *ticket;
  const struct ktxn__model_request *request;
  int16_t code;
};

static void *array(const struct refusal *refusal, int32_t count, size_t size) {
  return ktxn__model_answer_array(refusal->model, refusal->ticket, count, size);
}

static struct ktxn__str text(const struct refusal *refusal, struct ktxn__str str) {
  return ktxn__model_answer_str(refusal->model, refusal->ticket, str);
}

static struct ktxn__model_topic_ref ref(const struct refusal *refusal, struct ktxn__model_topic_ref topic) {
  return ktxn__model_answer_ref(refusal->model, refusal->ticket, topic);
}

static bool able(const struct refusal *refusal) {
  return !refusal->ticket->starved;
}

static void refuse_produce(const struct refusal *refusal) {
  const struct ktxn__model_produce *ask = &refusal->request->produce;
  struct ktxn__model_produced_topic *out = array(refusal, ask->topic_count, sizeof *out);
  refusal->ticket->answer.produce.topics = out;
  refusal->ticket->answer.produce.topic_count = ask->topic_count;
  refusal->ticket->answer.silent = ask->acks == 0;
  refusal->ticket->answer.close = ask->acks == 0;
  for (int32_t i = 0; i < ask->topic_count && able(refusal); i++) {
    out[i].topic = ref(refusal, ask->topics[i].topic);
    out[i].partitions = array(refusal, ask->topics[i].partition_count, sizeof *out[i].partitions);
    out[i].partition_count = ask->topics[i].partition_count;
    for (int32_t j = 0; j < out[i].partition_count && able(refusal); j++) {
      out[i].partitions[j] = (struct ktxn__model_produced){.index = ask->topics[i].partitions[j].index,
                                                           .code = refusal->code,
                                                           .base_offset = -1,
                                                           .log_start_offset = -1,
                                                           .leader_id = -1,
                                                           .leader_epoch = -1};
    }
  }
}

static void refuse_fetch(const struct refusal *refusal) {
  const struct ktxn__model_fetch *ask = &refusal->request->fetch;
  struct ktxn__model_fetched_topic *out = array(refusal, ask->topic_count, sizeof *out);
  refusal->ticket->answer.fetch.topics = out;
  refusal->ticket->answer.fetch.topic_count = ask->topic_count;
  for (int32_t i = 0; i < ask->topic_count && able(refusal); i++) {
    out[i].topic = ref(refusal, ask->topics[i].topic);
    out[i].partitions = array(refusal, ask->topics[i].partition_count, sizeof *out[i].partitions);
    out[i].partition_count = ask->topics[i].partition_count;
    for (int32_t j = 0; j < out[i].partition_count && able(refusal); j++) {
      out[i].partitions[j] = (struct ktxn__model_fetched){.index = ask->topics[i].partitions[j].index,
                                                          .code = refusal->code,
                                                          .high_watermark = -1,
                                                          .last_stable_offset = -1,
                                                          .log_start_offset = -1,
                                                          .leader_id = -1,
                                                          .leader_epoch = -1,
                                                          .aborted_count = -1};
    }
  }
}

static struct ktxn__model_listed_topic *listed(const struct refusal *refusal, int32_t count) {
  struct ktxn__model_listed_topic *out = array(refusal, count, sizeof *out);
  refusal->ticket->answer.list_offsets.topics = out;
  refusal->ticket->answer.list_offsets.topic_count = count;
  return out;
}

static void list_one(const struct refusal *refusal, struct ktxn__model_listed_offset *out, int32_t index) {
  *out = (struct ktxn__model_listed_offset){
      .index = index, .code = refusal->code, .leader_epoch = -1, .timestamp_ms = -1, .offset = -1};
}

static void refuse_list_offsets(const struct refusal *refusal) {
  const struct ktxn__model_list_offsets *ask = &refusal->request->list_offsets;
  struct ktxn__model_listed_topic *out = listed(refusal, ask->topic_count);
  for (int32_t i = 0; i < ask->topic_count && able(refusal); i++) {
    out[i].name = text(refusal, ask->topics[i].name);
    out[i].partitions = array(refusal, ask->topics[i].partition_count, sizeof *out[i].partitions);
    out[i].partition_count = ask->topics[i].partition_count;
    for (int32_t j = 0; j < out[i].partition_count && able(refusal); j++) {
      list_one(refusal, &out[i].partitions[j], ask->topics[i].partitions[j].index);
    }
  }
}

static void refuse_leader_epoch(const struct refusal *refusal) {
  const struct ktxn__model_offset_for_leader_epoch *ask = &refusal->request->offset_for_leader_epoch;
  struct ktxn__model_listed_topic *out = listed(refusal, ask->topic_count);
  for (int32_t i = 0; i < ask->topic_count && able(refusal); i++) {
    out[i].name = text(refusal, ask->topics[i].name);
    out[i].partitions = array(refusal, ask->topics[i].partition_count, sizeof *out[i].partitions);
    out[i].partition_count = ask->topics[i].partition_count;
    for (int32_t j = 0; j < out[i].partition_count && able(refusal); j++) {
      list_one(refusal, &out[i].partitions[j], ask->topics[i].partitions[j].index);
    }
  }
}

/* The brokers are listed all the same: an error of Metadata is the topics'. */
static void refuse_metadata(const struct refusal *refusal) {
  const struct ktxn__model_metadata *ask = &refusal->request->metadata;
  ktxn__model_show_cluster(refusal->model, refusal->ticket);
  int32_t count = ask->topic_count < 0 ? 0 : ask->topic_count;
  struct ktxn__model_metadata_answer *out = &refusal->ticket->answer.metadata;
  out->topics = array(refusal, count, sizeof *out->topics);
  out->topic_count = count;
  for (int32_t i = 0; i < count && able(refusal); i++) {
    out->topics[i].code = refusal->code;
    out->topics[i].name = text(refusal, ask->topics[i].name);
    out->topics[i].id = ask->topics[i].id;
  }
}

static struct ktxn__model_coded_topic *coded(const struct refusal *refusal, int32_t count) {
  struct ktxn__model_coded_topics *out = &refusal->ticket->answer.add_partitions; /* the same struct in both answers */
  out->topics = array(refusal, count, sizeof *out->topics);
  out->topic_count = count;
  return out->topics;
}

static void refuse_offsets(const struct refusal *refusal) {
  const struct ktxn__model_offset_commit *ask = &refusal->request->offset_commit;
  struct ktxn__model_coded_topic *out = coded(refusal, ask->topic_count);
  for (int32_t i = 0; i < ask->topic_count && able(refusal); i++) {
    out[i].topic = ref(refusal, ask->topics[i].topic);
    out[i].partitions = array(refusal, ask->topics[i].partition_count, sizeof *out[i].partitions);
    out[i].partition_count = ask->topics[i].partition_count;
    for (int32_t j = 0; j < out[i].partition_count && able(refusal); j++) {
      out[i].partitions[j] =
          (struct ktxn__model_partition_code){.index = ask->topics[i].partitions[j].index, .code = refusal->code};
    }
  }
}

static void refuse_add_partitions(const struct refusal *refusal) {
  const struct ktxn__model_add_partitions *ask = &refusal->request->add_partitions;
  struct ktxn__model_coded_topic *out = coded(refusal, ask->topic_count);
  for (int32_t i = 0; i < ask->topic_count && able(refusal); i++) {
    out[i].topic = ref(refusal, ask->topics[i].topic);
    out[i].partitions = array(refusal, ask->topics[i].partition_count, sizeof *out[i].partitions);
    out[i].partition_count = ask->topics[i].partition_count;
    for (int32_t j = 0; j < out[i].partition_count && able(refusal); j++) {
      out[i].partitions[j] = (struct ktxn__model_partition_code){.index = ask->topics[i].partitions[j], .code = refusal->code};
    }
  }
}

static void refuse_offset_fetch(const struct refusal *refusal) {
  const struct ktxn__model_offset_fetch *ask = &refusal->request->offset_fetch;
  struct ktxn__model_fetched_group *out = array(refusal, ask->group_count, sizeof *out);
  refusal->ticket->answer.offset_fetch.groups = out;
  refusal->ticket->answer.offset_fetch.group_count = ask->group_count;
  for (int32_t i = 0; i < ask->group_count && able(refusal); i++) {
    out[i].group_id = text(refusal, ask->groups[i].group_id);
    out[i].code = refusal->code;
  }
}

static void refuse_find_coordinator(const struct refusal *refusal) {
  const struct ktxn__model_find_coordinator *ask = &refusal->request->find_coordinator;
  struct ktxn__model_coordinator *out = array(refusal, ask->key_count, sizeof *out);
  refusal->ticket->answer.find_coordinator.coordinators = out;
  refusal->ticket->answer.find_coordinator.coordinator_count = ask->key_count;
  for (int32_t i = 0; i < ask->key_count && able(refusal); i++) {
    out[i] = (struct ktxn__model_coordinator){.key = text(refusal, ask->keys[i]), .code = refusal->code, .node = -1};
  }
}

static void refuse_join(const struct refusal *refusal) {
  refusal->ticket->answer.join_group = (struct ktxn__model_joined){.code = refusal->code,
                                                                   .generation = -1,
                                                                   .protocol_type = KTXN__STR_NULL,
                                                                   .protocol_name = KTXN__STR_NULL,
                                                                   .leader = KTXN__STR(""),
                                                                   .member_id = text(refusal, refusal->request->join_group.member_id)};
}

static void refuse_sync(const struct refusal *refusal) {
  refusal->ticket->answer.sync_group =
      (struct ktxn__model_synced){.code = refusal->code, .protocol_type = KTXN__STR_NULL, .protocol_name = KTXN__STR_NULL};
}

static void refuse_leave(const struct refusal *refusal) {
  refusal->ticket->answer.leave_group.code = refusal->code;
}

static void refuse_describe_groups(const struct refusal *refusal) {
  int32_t count = refusal->request->names.name_count;
  struct ktxn__model_described_group *out = array(refusal, count, sizeof *out);
  refusal->ticket->answer.describe_groups.groups = out;
  refusal->ticket->answer.describe_groups.group_count = count;
  for (int32_t i = 0; i < count && able(refusal); i++) {
    out[i] = (struct ktxn__model_described_group){.code = refusal->code,
                                                  .group_id = text(refusal, refusal->request->names.names[i]),
                                                  .state = KTXN__STR(""),
                                                  .protocol_type = KTXN__STR(""),
                                                  .protocol = KTXN__STR("")};
  }
}

static void refuse_describe_transactions(const struct refusal *refusal) {
  int32_t count = refusal->request->names.name_count;
  struct ktxn__model_described_transaction *out = array(refusal, count, sizeof *out);
  refusal->ticket->answer.describe_transactions.transactions = out;
  refusal->ticket->answer.describe_transactions.transaction_count = count;
  for (int32_t i = 0; i < count && able(refusal); i++) {
    out[i] = (struct ktxn__model_described_transaction){.code = refusal->code,
                                                        .transactional_id = text(refusal, refusal->request->names.names[i]),
                                                        .state = KTXN__STR(""),
                                                        .start_ms = -1,
                                                        .producer_id = -1,
                                                        .producer_epoch = -1};
  }
}

static struct ktxn__str name_at(const struct ktxn__model_request *request, int32_t i) {
  switch (request->api) {
    case KTXN__MODEL_CREATE_TOPICS:
      return request->create_topics.topics[i].name;
    case KTXN__MODEL_DELETE_TOPICS:
      return request->delete_topics.topics[i].name;
    case KTXN__MODEL_CREATE_PARTITIONS:
      return request->create_partitions.topics[i].name;
    default:
      return request->names.names[i];
  }
}

static int32_t name_count(const struct ktxn__model_request *request) {
  switch (request->api) {
    case KTXN__MODEL_CREATE_TOPICS:
      return request->create_topics.topic_count;
    case KTXN__MODEL_DELETE_TOPICS:
      return request->delete_topics.topic_count;
    case KTXN__MODEL_CREATE_PARTITIONS:
      return request->create_partitions.topic_count;
    default:
      return request->names.name_count;
  }
}

static void refuse_named(const struct refusal *refusal) {
  int32_t count = name_count(refusal->request);
  struct ktxn__model_named_code *out = array(refusal, count, sizeof *out);
  refusal->ticket->answer.named.names = out;
  refusal->ticket->answer.named.name_count = count;
  for (int32_t i = 0; i < count && able(refusal); i++) {
    out[i].code = refusal->code;
    out[i].name = text(refusal, name_at(refusal->request, i));
    out[i].partition_count = -1;
    out[i].replication_factor = -1;
  }
}

static void refuse_identity(const struct refusal *refusal) {
  refusal->ticket->answer.identity =
      (struct ktxn__model_identity){.code = refusal->code, .producer_id = -1, .producer_epoch = -1};
}

static void refuse_top(const struct refusal *refusal) {
  (void)refusal; /* the code of the whole answer is all that there is */
}

static void (*const table[KTXN__MODEL_APIS])(const struct refusal *) = {
    [KTXN__MODEL_PRODUCE] = refuse_produce,
    [KTXN__MODEL_FETCH] = refuse_fetch,
    [KTXN__MODEL_LIST_OFFSETS] = refuse_list_offsets,
    [KTXN__MODEL_OFFSET_FOR_LEADER_EPOCH] = refuse_leader_epoch,
    [KTXN__MODEL_METADATA] = refuse_metadata,
    [KTXN__MODEL_OFFSET_COMMIT] = refuse_offsets,
    [KTXN__MODEL_TXN_OFFSET_COMMIT] = refuse_offsets,
    [KTXN__MODEL_ADD_PARTITIONS_TO_TXN] = refuse_add_partitions,
    [KTXN__MODEL_OFFSET_FETCH] = refuse_offset_fetch,
    [KTXN__MODEL_FIND_COORDINATOR] = refuse_find_coordinator,
    [KTXN__MODEL_JOIN_GROUP] = refuse_join,
    [KTXN__MODEL_SYNC_GROUP] = refuse_sync,
    [KTXN__MODEL_LEAVE_GROUP] = refuse_leave,
    [KTXN__MODEL_DESCRIBE_GROUPS] = refuse_describe_groups,
    [KTXN__MODEL_DESCRIBE_TRANSACTIONS] = refuse_describe_transactions,
    [KTXN__MODEL_CREATE_TOPICS] = refuse_named,
    [KTXN__MODEL_DELETE_TOPICS] = refuse_named,
    [KTXN__MODEL_CREATE_PARTITIONS] = refuse_named,
    [KTXN__MODEL_DELETE_GROUPS] = refuse_named,
    [KTXN__MODEL_INIT_PRODUCER_ID] = refuse_identity,
    [KTXN__MODEL_END_TXN] = refuse_identity,
};

void ktxn__model_refuse(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_request *request,
                        int16_t code) {
  struct refusal refusal = {.model = model, .ticket = ticket, .request = request, .code = code};
  bool known = request->api >= 0 && request->api < KTXN__MODEL_APIS && table[request->api] != NULL;
  ticket->answer.code = code;
  (known ? table[request->api] : refuse_top)(&refusal);
  ktxn__model_ticket_done(model, ticket);
}
