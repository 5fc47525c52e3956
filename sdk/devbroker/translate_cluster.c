#include <stdlib.h>

#include "sdk/devbroker/translate_parts.h"

enum { COORDINATORS_BY_LIST = 4, METADATA_NULL_IS_ALL = 1, DELETE_BY_ID = 6 };

/* -- Metadata, DescribeCluster */

static bool has_id(struct ktxn__msg_uuid id) {
  static const struct ktxn__msg_uuid none;
  return memcmp(&id, &none, sizeof none) != 0;
}

/* A name, or an id without a name (KIP-516). */
static void metadata(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_metadata_request *request = translate->request;
  struct ktxn__model_topic_ref *topics = ktxn__translate_make(translate, request->topics_count, sizeof *topics);
  const bool all = translate->version < METADATA_NULL_IS_ALL ? request->topics_count <= 0 : request->topics_count < 0;
  out->metadata =
      (struct ktxn__model_metadata){.topics = topics,
                                    .topic_count = all ? -1 : ktxn__translate_count(topics, request->topics_count),
                                    .allow_auto_topic_creation = request->allow_auto_topic_creation};
  for (int32_t i = 0; i < out->metadata.topic_count; i++) {
    topics[i].name = request->topics[i].name;
    topics[i].id = ktxn__translate_id_in(request->topics[i].topic_id);
    topics[i].by_id = ktxn__str_null(topics[i].name) && has_id(request->topics[i].topic_id);
  }
}

static void described_metadata_partition(struct ktxn__translate *translate,
                                         const struct ktxn__model_metadata_partition *from,
                                         struct ktxn__msg_metadata_response_partition *to) {
  *to = (struct ktxn__msg_metadata_response_partition){.error_code = from->code,
                                                       .partition_index = from->index,
                                                       .leader_id = from->leader,
                                                       .leader_epoch = from->leader_epoch};
  to->replica_nodes = ktxn__translate_numbers(translate, from->replicas, from->replica_count);
  to->replica_nodes_count = ktxn__translate_count(to->replica_nodes, from->replica_count);
  to->isr_nodes = ktxn__translate_numbers(translate, from->isr, from->isr_count);
  to->isr_nodes_count = ktxn__translate_count(to->isr_nodes, from->isr_count);
}

static void described_metadata_topic(struct ktxn__translate *translate, const struct ktxn__model_metadata_topic *from,
                                     struct ktxn__msg_metadata_response_topic *to) {
  *to = (struct ktxn__msg_metadata_response_topic){.error_code = from->code,
                                                   .name = from->name,
                                                   .topic_id = ktxn__translate_id_out(from->id),
                                                   .is_internal = from->internal,
                                                   .topic_authorized_operations = INT32_MIN};
  to->partitions = ktxn__translate_make(translate, from->partition_count, sizeof *to->partitions);
  to->partitions_count = ktxn__translate_count(to->partitions, from->partition_count);
  for (int32_t i = 0; i < to->partitions_count; i++) {
    described_metadata_partition(translate, &from->partitions[i], &to->partitions[i]);
  }
}

static void described_metadata(struct ktxn__translate *translate, const struct ktxn__model_answer *answer,
                               void *message) {
  struct ktxn__msg_metadata_response *response = message;
  const struct ktxn__model_metadata_answer *from = &answer->metadata;
  response->throttle_time_ms = answer->throttle_ms;
  response->cluster_id = from->cluster_id;
  response->controller_id = from->controller;
  response->brokers = ktxn__translate_make(translate, from->broker_count, sizeof *response->brokers);
  response->brokers_count = ktxn__translate_count(response->brokers, from->broker_count);
  for (int32_t i = 0; i < response->brokers_count; i++) {
    const struct ktxn__translate_address address = ktxn__translate_node(translate, from->brokers[i].node);
    response->brokers[i] = (struct ktxn__msg_metadata_response_broker){
        .node_id = from->brokers[i].node, .host = address.host, .port = address.port, .rack = KTXN__STR_NULL};
  }
  response->topics = ktxn__translate_make(translate, from->topic_count, sizeof *response->topics);
  response->topics_count = ktxn__translate_count(response->topics, from->topic_count);
  for (int32_t i = 0; i < response->topics_count; i++) {
    described_metadata_topic(translate, &from->topics[i], &response->topics[i]);
  }
}

static void nothing(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  (void)translate;
  (void)out;
}

static void described_cluster(struct ktxn__translate *translate, const struct ktxn__model_answer *answer,
                              void *message) {
  struct ktxn__msg_describe_cluster_response *response = message;
  const struct ktxn__model_metadata_answer *from = &answer->metadata;
  response->throttle_time_ms = answer->throttle_ms;
  response->error_code = answer->code;
  response->cluster_id = from->cluster_id;
  response->controller_id = from->controller;
  response->brokers = ktxn__translate_make(translate, from->broker_count, sizeof *response->brokers);
  response->brokers_count = ktxn__translate_count(response->brokers, from->broker_count);
  for (int32_t i = 0; i < response->brokers_count; i++) {
    const struct ktxn__translate_address address = ktxn__translate_node(translate, from->brokers[i].node);
    response->brokers[i] = (struct ktxn__msg_describe_cluster_response_broker){.broker_id = from->brokers[i].node,
                                                                               .host = address.host,
                                                                               .port = address.port,
                                                                               .rack = KTXN__STR_NULL,
                                                                               .is_fenced = from->brokers[i].fenced};
  }
}

/* -- FindCoordinator: one key, or from version 4 on several (KIP-699) */

static void find_coordinator(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_find_coordinator_request *request = translate->request;
  const bool list = translate->version >= COORDINATORS_BY_LIST;
  out->find_coordinator =
      (struct ktxn__model_find_coordinator){.key_type = request->key_type,
                                            .keys = list ? request->coordinator_keys : &request->key,
                                            .key_count = list ? request->coordinator_keys_count : 1};
}

static void found(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_find_coordinator_response *response = message;
  const int32_t count = answer->find_coordinator.coordinator_count;
  response->throttle_time_ms = answer->throttle_ms;
  response->coordinators = ktxn__translate_make(translate, count, sizeof *response->coordinators);
  response->coordinators_count = ktxn__translate_count(response->coordinators, count);
  for (int32_t i = 0; i < response->coordinators_count; i++) {
    const struct ktxn__model_coordinator *from = &answer->find_coordinator.coordinators[i];
    const struct ktxn__translate_address address = ktxn__translate_node(translate, from->node);
    response->coordinators[i] =
        (struct ktxn__msg_find_coordinator_response_coordinator){.key = from->key,
                                                                 .node_id = from->node,
                                                                 .host = address.host,
                                                                 .port = address.port,
                                                                 .error_code = from->code,
                                                                 .error_message = KTXN__STR_NULL};
  }
  if (response->coordinators_count > 0) { /* what the older versions say */
    response->error_code = response->coordinators[0].error_code;
    response->node_id = response->coordinators[0].node_id;
    response->host = response->coordinators[0].host;
    response->port = response->coordinators[0].port;
  }
}

/* -- topics */

/* The one setting of a topic that the model has. */
static int32_t max_message_bytes(const struct ktxn__msg_create_topics_request_topic *from) {
  for (int32_t i = 0; i < from->configs_count; i++) {
    char text[16];
    if (ktxn__str_equal(from->configs[i].name, KTXN__STR("max.message.bytes"))) {
      ktxn__str_copy(from->configs[i].value, text, sizeof text);
      long bytes = strtol(text, NULL, 10);
      return bytes > 0 && bytes <= INT32_MAX ? (int32_t)bytes : 0;
    }
  }
  return 0;
}

static void create_topics(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_create_topics_request *request = translate->request;
  struct ktxn__model_create_topic *topics = ktxn__translate_make(translate, request->topics_count, sizeof *topics);
  out->create_topics =
      (struct ktxn__model_create_topics){.topics = topics,
                                         .validate_only = request->validate_only,
                                         .topic_count = ktxn__translate_count(topics, request->topics_count)};
  for (int32_t i = 0; i < out->create_topics.topic_count; i++) {
    const struct ktxn__msg_create_topics_request_topic *from = &request->topics[i];
    topics[i] = (struct ktxn__model_create_topic){.name = from->name,
                                                  .partition_count = from->num_partitions,
                                                  .replication_factor = from->replication_factor,
                                                  .max_message_bytes = max_message_bytes(from),
                                                  .assigned_count = from->assignments_count};
  }
}

static void created_topics(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_create_topics_response *response = message;
  response->throttle_time_ms = answer->throttle_ms;
  response->topics = ktxn__translate_make(translate, answer->named.name_count, sizeof *response->topics);
  response->topics_count = ktxn__translate_count(response->topics, answer->named.name_count);
  for (int32_t i = 0; i < response->topics_count; i++) {
    const struct ktxn__model_named_code *from = &answer->named.names[i];
    response->topics[i] = (struct ktxn__msg_create_topics_response_topic){
        .name = from->name,
        .topic_id = ktxn__translate_id_out(from->id),
        .error_code = from->code,
        .error_message = KTXN__STR_NULL,
        .num_partitions = from->code == 0 ? from->partition_count : -1,
        .replication_factor = from->code == 0 ? from->replication_factor : (int16_t)-1};
  }
}

static void delete_topics(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_delete_topics_request *request = translate->request;
  const bool by_struct = translate->version >= DELETE_BY_ID;
  const int32_t wanted = by_struct ? request->topics_count : request->topic_names_count;
  struct ktxn__model_topic_ref *topics = ktxn__translate_make(translate, wanted, sizeof *topics);
  out->delete_topics =
      (struct ktxn__model_delete_topics){.topics = topics, .topic_count = ktxn__translate_count(topics, wanted)};
  for (int32_t i = 0; i < out->delete_topics.topic_count; i++) {
    topics[i].name = by_struct ? request->topics[i].name : request->topic_names[i];
    topics[i].by_id = ktxn__str_null(topics[i].name);
    if (by_struct) {
      topics[i].id = ktxn__translate_id_in(request->topics[i].topic_id);
    }
  }
}

static void deleted_topics(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_delete_topics_response *response = message;
  response->throttle_time_ms = answer->throttle_ms;
  response->responses = ktxn__translate_make(translate, answer->named.name_count, sizeof *response->responses);
  response->responses_count = ktxn__translate_count(response->responses, answer->named.name_count);
  for (int32_t i = 0; i < response->responses_count; i++) {
    const struct ktxn__model_named_code *from = &answer->named.names[i];
    response->responses[i] =
        (struct ktxn__msg_delete_topics_response_response){.name = from->name,
                                                           .topic_id = ktxn__translate_id_out(from->id),
                                                           .error_code = from->code,
                                                           .error_message = KTXN__STR_NULL};
  }
}

static void create_partitions(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_create_partitions_request *request = translate->request;
  struct ktxn__model_create_partitions_topic *topics =
      ktxn__translate_make(translate, request->topics_count, sizeof *topics);
  out->create_partitions =
      (struct ktxn__model_create_partitions){.topics = topics,
                                             .topic_count = ktxn__translate_count(topics, request->topics_count),
                                             .validate_only = request->validate_only};
  for (int32_t i = 0; i < out->create_partitions.topic_count; i++) {
    topics[i].name = request->topics[i].name;
    topics[i].partition_count = request->topics[i].count;
  }
}

static void created_partitions(struct ktxn__translate *translate, const struct ktxn__model_answer *answer,
                               void *message) {
  struct ktxn__msg_create_partitions_response *response = message;
  response->throttle_time_ms = answer->throttle_ms;
  response->results = ktxn__translate_make(translate, answer->named.name_count, sizeof *response->results);
  response->results_count = ktxn__translate_count(response->results, answer->named.name_count);
  for (int32_t i = 0; i < response->results_count; i++) {
    response->results[i] =
        (struct ktxn__msg_create_partitions_response_result){.name = answer->named.names[i].name,
                                                             .error_code = answer->named.names[i].code,
                                                             .error_message = KTXN__STR_NULL};
  }
}

const struct ktxn__translate_row ktxn__translate_cluster[KTXN__MSG_KEY_MAX + 1] = {
    [KTXN__MSG_METADATA] = {metadata, described_metadata},
    [KTXN__MSG_DESCRIBE_CLUSTER] = {nothing, described_cluster},
    [KTXN__MSG_FIND_COORDINATOR] = {find_coordinator, found},
    [KTXN__MSG_CREATE_TOPICS] = {create_topics, created_topics},
    [KTXN__MSG_DELETE_TOPICS] = {delete_topics, deleted_topics},
    [KTXN__MSG_CREATE_PARTITIONS] = {create_partitions, created_partitions},
};
