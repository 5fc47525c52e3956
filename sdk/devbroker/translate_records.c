#include "sdk/devbroker/batch.h"
#include "sdk/devbroker/translate_parts.h"

enum { BY_ID_PRODUCE = 13, BY_ID_FETCH = 13, FETCH_SESSION_ID_NOT_FOUND = 70 };

/* -- Produce */

static const struct ktxn__model_produce_partition *produce_partitions(
    struct ktxn__translate *translate, const struct ktxn__msg_produce_request_topic_data *topic) {
  struct ktxn__model_produce_partition *made =
      ktxn__translate_make(translate, topic->partition_data_count, sizeof *made);
  for (int32_t i = 0; i < ktxn__translate_count(made, topic->partition_data_count); i++) {
    made[i].index = topic->partition_data[i].index;
    ktxn__batch_read(topic->partition_data[i].records, translate->version, &made[i].batch);
  }
  return made;
}

static void produce(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_produce_request *request = translate->request;
  struct ktxn__model_produce_topic *topics = ktxn__translate_make(translate, request->topic_data_count, sizeof *topics);
  const int32_t count = ktxn__translate_count(topics, request->topic_data_count);
  for (int32_t i = 0; i < count; i++) {
    const struct ktxn__msg_produce_request_topic_data *from = &request->topic_data[i];
    topics[i].topic = ktxn__translate_topic(translate, BY_ID_PRODUCE, from->name, from->topic_id);
    topics[i].partitions = produce_partitions(translate, from);
    topics[i].partition_count = ktxn__translate_count(topics[i].partitions, from->partition_data_count);
  }
  out->produce = (struct ktxn__model_produce){.transactional_id = request->transactional_id,
                                              .acks = request->acks,
                                              .timeout_ms = request->timeout_ms,
                                              .topics = topics,
                                              .topic_count = count};
}

/* Returns whether one of them hints at another leader. */
static bool produced_partitions(struct ktxn__translate *translate, const struct ktxn__model_produced_topic *from,
                                struct ktxn__msg_produce_response_response *to) {
  to->partition_responses = ktxn__translate_make(translate, from->partition_count, sizeof *to->partition_responses);
  to->partition_responses_count = ktxn__translate_count(to->partition_responses, from->partition_count);
  bool hint = false;
  for (int32_t i = 0; i < to->partition_responses_count; i++) {
    const struct ktxn__model_produced *p = &from->partitions[i];
    to->partition_responses[i] = (struct ktxn__msg_produce_response_partition_response){
        .index = p->index,
        .error_code = p->code,
        .base_offset = p->base_offset,
        .log_append_time_ms = -1,
        .log_start_offset = p->log_start_offset,
        .error_message = KTXN__STR_NULL,
        .current_leader = {.leader_id = p->leader_id, .leader_epoch = p->leader_id < 0 ? -1 : p->leader_epoch}};
    hint = hint || p->leader_id >= 0;
  }
  return hint;
}

/* With a hint at another leader come the endpoints, every node's (KIP-951). */
static void produce_endpoints(struct ktxn__translate *translate, struct ktxn__msg_produce_response *response) {
  struct ktxn__msg_produce_response_node_endpoint *made =
      ktxn__translate_make(translate, translate->address_count, sizeof *made);
  response->node_endpoints = made;
  response->node_endpoints_count = ktxn__translate_count(made, translate->address_count);
  for (int32_t node = 0; node < response->node_endpoints_count; node++) {
    const struct ktxn__translate_address address = translate->addresses[node];
    made[node] = (struct ktxn__msg_produce_response_node_endpoint){
        .node_id = node, .host = address.host, .port = address.port, .rack = KTXN__STR_NULL};
  }
}

static void produced(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_produce_response *response = message;
  response->throttle_time_ms = answer->throttle_ms;
  response->responses = ktxn__translate_make(translate, answer->produce.topic_count, sizeof *response->responses);
  response->responses_count = ktxn__translate_count(response->responses, answer->produce.topic_count);
  bool hint = false;
  for (int32_t i = 0; i < response->responses_count; i++) {
    const struct ktxn__model_produced_topic *topic = &answer->produce.topics[i];
    response->responses[i].name = topic->topic.name;
    response->responses[i].topic_id = ktxn__translate_id_out(topic->topic.id);
    hint = produced_partitions(translate, topic, &response->responses[i]) || hint;
  }
  if (hint) {
    produce_endpoints(translate, response);
  }
}

/* -- Fetch */

static const struct ktxn__model_fetch_partition *fetch_partitions(struct ktxn__translate *translate,
                                                                  const struct ktxn__msg_fetch_request_topic *topic) {
  struct ktxn__model_fetch_partition *made = ktxn__translate_make(translate, topic->partitions_count, sizeof *made);
  for (int32_t i = 0; i < ktxn__translate_count(made, topic->partitions_count); i++) {
    const struct ktxn__msg_fetch_request_partition *from = &topic->partitions[i];
    made[i] = (struct ktxn__model_fetch_partition){.index = from->partition,
                                                   .current_leader_epoch = from->current_leader_epoch,
                                                   .fetch_offset = from->fetch_offset,
                                                   .max_bytes = from->partition_max_bytes};
  }
  return made;
}

/* There are no sessions: whoever asks for one is given none and sends whole requests (KIP-227); who believes to have one is
 * told that it isn't there. */
static bool in_session(const struct ktxn__translate *translate) {
  const struct ktxn__msg_fetch_request *request = translate->request;
  return request->session_id != 0;
}

static void fetch(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_fetch_request *request = translate->request;
  const int32_t wanted = in_session(translate) ? 0 : request->topics_count;
  struct ktxn__model_fetch_topic *topics = ktxn__translate_make(translate, wanted, sizeof *topics);
  const int32_t count = ktxn__translate_count(topics, wanted);
  for (int32_t i = 0; i < count; i++) {
    const struct ktxn__msg_fetch_request_topic *from = &request->topics[i];
    topics[i].topic = ktxn__translate_topic(translate, BY_ID_FETCH, from->topic, from->topic_id);
    topics[i].partitions = fetch_partitions(translate, from);
    topics[i].partition_count = ktxn__translate_count(topics[i].partitions, from->partitions_count);
  }
  out->fetch = (struct ktxn__model_fetch){.max_wait_ms = in_session(translate) ? 0 : request->max_wait_ms,
                                          .min_bytes = request->min_bytes,
                                          .max_bytes = request->max_bytes,
                                          .read_committed = request->isolation_level == 1,
                                          .topics = topics,
                                          .topic_count = count};
}

static struct ktxn__span records_of(struct ktxn__translate *translate, const struct ktxn__model_fetched *from) {
  size_t size = 0;
  for (int32_t i = 0; i < from->entry_count; i++) {
    size += from->entries[i]->size;
  }
  uint8_t *out = size > INT32_MAX ? NULL : ktxn__translate_make(translate, (int32_t)size, 1);
  if (out == NULL) {
    return ktxn__translate_bytes(NULL, 0);
  }
  size_t at = 0;
  for (int32_t i = 0; i < from->entry_count; i++) {
    ktxn__batch_write(from->entries[i], out + at);
    at += from->entries[i]->size;
  }
  return (struct ktxn__span){.data = out, .size = size};
}

static struct ktxn__msg_fetch_response_aborted_transaction *aborted_of(struct ktxn__translate *translate,
                                                                       const struct ktxn__model_fetched *from) {
  struct ktxn__msg_fetch_response_aborted_transaction *made =
      ktxn__translate_make(translate, from->aborted_count, sizeof *made);
  for (int32_t i = 0; i < ktxn__translate_count(made, from->aborted_count); i++) {
    made[i].producer_id = from->aborted[i].producer_id;
    made[i].first_offset = from->aborted[i].first_offset;
  }
  return made;
}

static void fetched_partition(struct ktxn__translate *translate, const struct ktxn__model_fetched *from,
                              struct ktxn__msg_fetch_response_partition *to) {
  *to = (struct ktxn__msg_fetch_response_partition){
      .partition_index = from->index,
      .error_code = from->code,
      .high_watermark = from->high_watermark,
      .last_stable_offset = from->last_stable_offset,
      .log_start_offset = from->log_start_offset,
      .diverging_epoch = {.epoch = -1, .end_offset = -1},
      .snapshot_id = {.end_offset = -1, .epoch = -1},
      .current_leader = {.leader_id = from->leader_id, .leader_epoch = from->leader_id < 0 ? -1 : from->leader_epoch},
      .aborted_transactions_count = from->aborted_count,
      .preferred_read_replica = -1};
  to->aborted_transactions = aborted_of(translate, from);
  to->records = records_of(translate, from);
}

static void fetch_endpoints(struct ktxn__translate *translate, struct ktxn__msg_fetch_response *response) {
  struct ktxn__msg_fetch_response_node_endpoint *made =
      ktxn__translate_make(translate, translate->address_count, sizeof *made);
  response->node_endpoints = made;
  response->node_endpoints_count = ktxn__translate_count(made, translate->address_count);
  for (int32_t node = 0; node < response->node_endpoints_count; node++) {
    const struct ktxn__translate_address address = translate->addresses[node];
    made[node] = (struct ktxn__msg_fetch_response_node_endpoint){
        .node_id = node, .host = address.host, .port = address.port, .rack = KTXN__STR_NULL};
  }
}

static void fetched(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_fetch_response *response = message;
  response->throttle_time_ms = answer->throttle_ms;
  response->error_code = in_session(translate) ? FETCH_SESSION_ID_NOT_FOUND : answer->code;
  response->responses = ktxn__translate_make(translate, answer->fetch.topic_count, sizeof *response->responses);
  response->responses_count = ktxn__translate_count(response->responses, answer->fetch.topic_count);
  bool hint = false;
  for (int32_t i = 0; i < response->responses_count; i++) {
    const struct ktxn__model_fetched_topic *from = &answer->fetch.topics[i];
    struct ktxn__msg_fetch_response_response *to = &response->responses[i];
    to->topic = from->topic.name;
    to->topic_id = ktxn__translate_id_out(from->topic.id);
    to->partitions = ktxn__translate_make(translate, from->partition_count, sizeof *to->partitions);
    to->partitions_count = ktxn__translate_count(to->partitions, from->partition_count);
    for (int32_t j = 0; j < to->partitions_count; j++) {
      fetched_partition(translate, &from->partitions[j], &to->partitions[j]);
      hint = hint || from->partitions[j].leader_id >= 0;
    }
  }
  if (hint) {
    fetch_endpoints(translate, response);
  }
}

/* -- ListOffsets, OffsetForLeaderEpoch */

static const struct ktxn__model_list_offsets_partition *list_partitions(
    struct ktxn__translate *translate, const struct ktxn__msg_list_offsets_request_topic *topic) {
  struct ktxn__model_list_offsets_partition *made =
      ktxn__translate_make(translate, topic->partitions_count, sizeof *made);
  for (int32_t i = 0; i < ktxn__translate_count(made, topic->partitions_count); i++) {
    made[i].index = topic->partitions[i].partition_index;
    made[i].current_leader_epoch = topic->partitions[i].current_leader_epoch;
    made[i].timestamp_ms = topic->partitions[i].timestamp;
  }
  return made;
}

static void list_offsets(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_list_offsets_request *request = translate->request;
  struct ktxn__model_list_offsets_topic *topics =
      ktxn__translate_make(translate, request->topics_count, sizeof *topics);
  const int32_t count = ktxn__translate_count(topics, request->topics_count);
  for (int32_t i = 0; i < count; i++) {
    topics[i].name = request->topics[i].name;
    topics[i].partitions = list_partitions(translate, &request->topics[i]);
    topics[i].partition_count = ktxn__translate_count(topics[i].partitions, request->topics[i].partitions_count);
  }
  out->list_offsets = (struct ktxn__model_list_offsets){
      .read_committed = request->isolation_level == 1, .topics = topics, .topic_count = count};
}

static void listed(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_list_offsets_response *response = message;
  response->throttle_time_ms = answer->throttle_ms;
  response->topics = ktxn__translate_make(translate, answer->list_offsets.topic_count, sizeof *response->topics);
  response->topics_count = ktxn__translate_count(response->topics, answer->list_offsets.topic_count);
  for (int32_t i = 0; i < response->topics_count; i++) {
    const struct ktxn__model_listed_topic *from = &answer->list_offsets.topics[i];
    struct ktxn__msg_list_offsets_response_topic *to = &response->topics[i];
    to->name = from->name;
    to->partitions = ktxn__translate_make(translate, from->partition_count, sizeof *to->partitions);
    to->partitions_count = ktxn__translate_count(to->partitions, from->partition_count);
    for (int32_t j = 0; j < to->partitions_count; j++) {
      const struct ktxn__model_listed_offset *p = &from->partitions[j];
      to->partitions[j] = (struct ktxn__msg_list_offsets_response_partition){.partition_index = p->index,
                                                                             .error_code = p->code,
                                                                             .timestamp = p->timestamp_ms,
                                                                             .offset = p->offset,
                                                                             .leader_epoch = p->leader_epoch};
    }
  }
}

static const struct ktxn__model_epoch_partition *epoch_partitions(
    struct ktxn__translate *translate, const struct ktxn__msg_offset_for_leader_epoch_request_topic *topic) {
  struct ktxn__model_epoch_partition *made = ktxn__translate_make(translate, topic->partitions_count, sizeof *made);
  for (int32_t i = 0; i < ktxn__translate_count(made, topic->partitions_count); i++) {
    made[i].index = topic->partitions[i].partition;
    made[i].current_leader_epoch = topic->partitions[i].current_leader_epoch;
    made[i].leader_epoch = topic->partitions[i].leader_epoch;
  }
  return made;
}

static void offset_for_leader_epoch(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_offset_for_leader_epoch_request *request = translate->request;
  struct ktxn__model_epoch_topic *topics = ktxn__translate_make(translate, request->topics_count, sizeof *topics);
  const int32_t count = ktxn__translate_count(topics, request->topics_count);
  for (int32_t i = 0; i < count; i++) {
    topics[i].name = request->topics[i].topic;
    topics[i].partitions = epoch_partitions(translate, &request->topics[i]);
    topics[i].partition_count = ktxn__translate_count(topics[i].partitions, request->topics[i].partitions_count);
  }
  out->offset_for_leader_epoch = (struct ktxn__model_offset_for_leader_epoch){.topics = topics, .topic_count = count};
}

static void epoch_ends(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_offset_for_leader_epoch_response *response = message;
  response->throttle_time_ms = answer->throttle_ms;
  response->topics = ktxn__translate_make(translate, answer->list_offsets.topic_count, sizeof *response->topics);
  response->topics_count = ktxn__translate_count(response->topics, answer->list_offsets.topic_count);
  for (int32_t i = 0; i < response->topics_count; i++) {
    const struct ktxn__model_listed_topic *from = &answer->list_offsets.topics[i];
    struct ktxn__msg_offset_for_leader_epoch_response_topic *to = &response->topics[i];
    to->topic = from->name;
    to->partitions = ktxn__translate_make(translate, from->partition_count, sizeof *to->partitions);
    to->partitions_count = ktxn__translate_count(to->partitions, from->partition_count);
    for (int32_t j = 0; j < to->partitions_count; j++) {
      const struct ktxn__model_listed_offset *p = &from->partitions[j];
      to->partitions[j] = (struct ktxn__msg_offset_for_leader_epoch_response_partition){
          .error_code = p->code, .partition = p->index, .leader_epoch = p->leader_epoch, .end_offset = p->offset};
    }
  }
}

/* -- DescribeProducers */

static void describe_producers(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_describe_producers_request *request = translate->request;
  struct ktxn__model_topic_partitions *topics = ktxn__translate_make(translate, request->topics_count, sizeof *topics);
  const int32_t count = ktxn__translate_count(topics, request->topics_count);
  for (int32_t i = 0; i < count; i++) {
    topics[i].topic.name = request->topics[i].name;
    topics[i].partitions = request->topics[i].partition_indexes;
    topics[i].partition_count = request->topics[i].partition_indexes_count;
  }
  out->describe_producers = (struct ktxn__model_describe_producers){.topics = topics, .topic_count = count};
}

static void described_partition(struct ktxn__translate *translate, const struct ktxn__model_described_partition *from,
                                struct ktxn__msg_describe_producers_response_partition *to) {
  *to = (struct ktxn__msg_describe_producers_response_partition){
      .partition_index = from->index, .error_code = from->code, .error_message = KTXN__STR_NULL};
  to->active_producers = ktxn__translate_make(translate, from->producer_count, sizeof *to->active_producers);
  to->active_producers_count = ktxn__translate_count(to->active_producers, from->producer_count);
  for (int32_t i = 0; i < to->active_producers_count; i++) {
    const struct ktxn__model_active_producer *p = &from->producers[i];
    to->active_producers[i] =
        (struct ktxn__msg_describe_producers_response_active_producer){.producer_id = p->producer_id,
                                                                       .producer_epoch = p->producer_epoch,
                                                                       .last_sequence = p->last_sequence,
                                                                       .last_timestamp = p->last_timestamp_ms,
                                                                       .coordinator_epoch = p->coordinator_epoch,
                                                                       .current_txn_start_offset = p->txn_start_offset};
  }
}

static void described_producers(struct ktxn__translate *translate, const struct ktxn__model_answer *answer,
                                void *message) {
  struct ktxn__msg_describe_producers_response *response = message;
  response->throttle_time_ms = answer->throttle_ms;
  response->topics = ktxn__translate_make(translate, answer->describe_producers.topic_count, sizeof *response->topics);
  response->topics_count = ktxn__translate_count(response->topics, answer->describe_producers.topic_count);
  for (int32_t i = 0; i < response->topics_count; i++) {
    const struct ktxn__model_described_topic *from = &answer->describe_producers.topics[i];
    struct ktxn__msg_describe_producers_response_topic *to = &response->topics[i];
    to->name = from->name;
    to->partitions = ktxn__translate_make(translate, from->partition_count, sizeof *to->partitions);
    to->partitions_count = ktxn__translate_count(to->partitions, from->partition_count);
    for (int32_t j = 0; j < to->partitions_count; j++) {
      described_partition(translate, &from->partitions[j], &to->partitions[j]);
    }
  }
}

const struct ktxn__translate_row ktxn__translate_records[KTXN__MSG_KEY_MAX + 1] = {
    [KTXN__MSG_PRODUCE] = {produce, produced},
    [KTXN__MSG_FETCH] = {fetch, fetched},
    [KTXN__MSG_LIST_OFFSETS] = {list_offsets, listed},
    [KTXN__MSG_OFFSET_FOR_LEADER_EPOCH] = {offset_for_leader_epoch, epoch_ends},
    [KTXN__MSG_DESCRIBE_PRODUCERS] = {describe_producers, described_producers},
};
