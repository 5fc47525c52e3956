#ifndef KTXN_TESTS_GOLDEN_DECODERS_H
#define KTXN_TESTS_GOLDEN_DECODERS_H

/*
 * Every response decoder behind one signature. What was decoded is printed in the words of Kafka's own message classes,
 * so that it can be compared with what they print; fields that we don't keep stand there with their defaults.
 */

#include "golden/text.h"
#include "sdk/wire/add_offsets_to_txn.h"
#include "sdk/wire/add_partitions_to_txn.h"
#include "sdk/wire/api.h"
#include "sdk/wire/api_versions.h"
#include "sdk/wire/describe_transactions.h"
#include "sdk/wire/end_txn.h"
#include "sdk/wire/find_coordinator.h"
#include "sdk/wire/init_producer_id.h"
#include "sdk/wire/metadata.h"
#include "sdk/wire/produce.h"
#include "sdk/wire/txn_offset_commit.h"

struct decoder {
  const char *name; /* of the golden file */
  int16_t key;
  bool (*decode)(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version, struct text *text);
};

static inline void print_features(struct text *text, const char *field, const struct ktxn__api_versions_feature *features,
                                  int32_t count, bool finalized) {
  text_list(text, field);
  for (int32_t i = 0; i < count; i++) {
    text_open(text, finalized ? "FinalizedFeatureKey" : "SupportedFeatureKey");
    text_str(text, "name", features[i].name);
    if (finalized) {
      text_number(text, "maxVersionLevel", features[i].version_max);
      text_number(text, "minVersionLevel", features[i].version_min);
    } else {
      text_number(text, "minVersion", features[i].version_min);
      text_number(text, "maxVersion", features[i].version_max);
    }
    text_close(text);
  }
  text_list_end(text);
}

static inline bool decode_api_versions(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                       struct text *text) {
  struct ktxn__api_versions_response response;
  if (!ktxn__api_versions_response_decode(reader, arena, version, &response)) {
    return false;
  }
  text_open(text, "ApiVersionsResponseData");
  text_number(text, "errorCode", response.error_code);
  text_list(text, "apiKeys");
  for (int32_t i = 0; i < response.key_count; i++) {
    text_open(text, "ApiVersion");
    text_number(text, "apiKey", response.keys[i].key);
    text_number(text, "minVersion", response.keys[i].version_min);
    text_number(text, "maxVersion", response.keys[i].version_max);
    text_close(text);
  }
  text_list_end(text);
  text_number(text, "throttleTimeMs", response.throttle_time_ms);
  print_features(text, "supportedFeatures", response.supported, response.supported_count, false);
  text_number(text, "finalizedFeaturesEpoch", response.finalized_epoch);
  print_features(text, "finalizedFeatures", response.finalized, response.finalized_count, true);
  text_bool(text, "zkMigrationReady", response.zk_migration_ready);
  text_close(text);
  return true;
}

static inline void print_metadata_topic(struct text *text, const struct ktxn__metadata_topic *topic) {
  text_open(text, "MetadataResponseTopic");
  text_number(text, "errorCode", topic->error_code);
  text_str(text, "name", topic->name);
  text_uuid(text, "topicId", &topic->id);
  text_bool(text, "isInternal", topic->internal);
  text_list(text, "partitions");
  for (int32_t i = 0; i < topic->partition_count; i++) {
    const struct ktxn__metadata_partition *partition = &topic->partitions[i];
    text_open(text, "MetadataResponsePartition");
    text_number(text, "errorCode", partition->error_code);
    text_number(text, "partitionIndex", partition->index);
    text_number(text, "leaderId", partition->leader_id);
    text_number(text, "leaderEpoch", partition->leader_epoch);
    text_numbers(text, "replicaNodes", partition->replicas, partition->replica_count);
    text_numbers(text, "isrNodes", partition->isr, partition->isr_count);
    text_numbers(text, "offlineReplicas", partition->offline, partition->offline_count);
    text_close(text);
  }
  text_list_end(text);
  text_number(text, "topicAuthorizedOperations", topic->authorized_operations);
  text_close(text);
}

static inline bool decode_metadata(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                   struct text *text) {
  struct ktxn__metadata_response response;
  if (!ktxn__metadata_response_decode(reader, arena, version, &response)) {
    return false;
  }
  text_open(text, "MetadataResponseData");
  text_number(text, "throttleTimeMs", response.throttle_time_ms);
  text_list(text, "brokers");
  for (int32_t i = 0; i < response.broker_count; i++) {
    text_open(text, "MetadataResponseBroker");
    text_number(text, "nodeId", response.brokers[i].node_id);
    text_str(text, "host", response.brokers[i].host);
    text_number(text, "port", response.brokers[i].port);
    text_str(text, "rack", response.brokers[i].rack);
    text_close(text);
  }
  text_list_end(text);
  text_str(text, "clusterId", response.cluster_id);
  text_number(text, "controllerId", response.controller_id);
  text_list(text, "topics");
  for (int32_t i = 0; i < response.topic_count; i++) {
    print_metadata_topic(text, &response.topics[i]);
  }
  text_list_end(text);
  text_number(text, "clusterAuthorizedOperations", INT32_MIN);
  text_number(text, "errorCode", response.error_code);
  text_close(text);
  return true;
}

static inline void print_coordinator(struct text *text, const struct ktxn__find_coordinator_coordinator *found) {
  text_open(text, "Coordinator");
  text_str(text, "key", found->key);
  text_number(text, "nodeId", found->node_id);
  text_str(text, "host", found->host);
  text_number(text, "port", found->port);
  text_number(text, "errorCode", found->error_code);
  text_str(text, "errorMessage", found->error_message);
  text_close(text);
}

/* Kafka's class has the fields of both forms; those of the other one keep their defaults. */
static inline bool decode_find_coordinator(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                           struct text *text) {
  struct ktxn__find_coordinator_response response;
  if (!ktxn__find_coordinator_response_decode(reader, arena, version, &response)) {
    return false;
  }
  struct ktxn__find_coordinator_coordinator none = {.host = KTXN__STR(""), .error_message = KTXN__STR("")};
  struct ktxn__find_coordinator_coordinator one = version < 4 ? response.coordinators[0] : none;
  text_open(text, "FindCoordinatorResponseData");
  text_number(text, "throttleTimeMs", response.throttle_time_ms);
  text_number(text, "errorCode", one.error_code);
  text_str(text, "errorMessage", version < 1 ? KTXN__STR("") : one.error_message);
  text_number(text, "nodeId", one.node_id);
  text_str(text, "host", one.host);
  text_number(text, "port", one.port);
  text_list(text, "coordinators");
  for (int32_t i = 0; version >= 4 && i < response.coordinator_count; i++) {
    print_coordinator(text, &response.coordinators[i]);
  }
  text_list_end(text);
  text_close(text);
  return true;
}

static inline bool decode_init_producer_id(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                           struct text *text) {
  struct ktxn__init_producer_id_response response;
  if (!ktxn__init_producer_id_response_decode(reader, arena, version, &response)) {
    return false;
  }
  text_open(text, "InitProducerIdResponseData");
  text_number(text, "throttleTimeMs", response.throttle_time_ms);
  text_number(text, "errorCode", response.error_code);
  text_number(text, "producerId", response.producer_id);
  text_number(text, "producerEpoch", response.producer_epoch);
  text_number(text, "ongoingTxnProducerId", -1);
  text_number(text, "ongoingTxnProducerEpoch", -1);
  text_close(text);
  return true;
}

static inline bool decode_add_partitions(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                         struct text *text) {
  struct ktxn__add_partitions_to_txn_response response;
  if (!ktxn__add_partitions_to_txn_response_decode(reader, arena, version, &response)) {
    return false;
  }
  text_open(text, "AddPartitionsToTxnResponseData");
  text_number(text, "throttleTimeMs", response.throttle_time_ms);
  text_number(text, "errorCode", 0);
  text_list(text, "resultsByTransaction");
  text_list_end(text);
  text_list(text, "resultsByTopicV3AndBelow");
  for (int32_t i = 0; i < response.topic_count; i++) {
    text_open(text, "AddPartitionsToTxnTopicResult");
    text_str(text, "name", response.topics[i].name);
    text_list(text, "resultsByPartition");
    for (int32_t j = 0; j < response.topics[i].partition_count; j++) {
      text_open(text, "AddPartitionsToTxnPartitionResult");
      text_number(text, "partitionIndex", response.topics[i].partitions[j].index);
      text_number(text, "partitionErrorCode", response.topics[i].partitions[j].error_code);
      text_close(text);
    }
    text_list_end(text);
    text_close(text);
  }
  text_list_end(text);
  text_close(text);
  return true;
}

static inline bool decode_add_offsets(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                      struct text *text) {
  struct ktxn__add_offsets_to_txn_response response;
  if (!ktxn__add_offsets_to_txn_response_decode(reader, arena, version, &response)) {
    return false;
  }
  text_open(text, "AddOffsetsToTxnResponseData");
  text_number(text, "throttleTimeMs", response.throttle_time_ms);
  text_number(text, "errorCode", response.error_code);
  text_close(text);
  return true;
}

static inline bool decode_txn_offset_commit(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                            struct text *text) {
  struct ktxn__txn_offset_commit_response response;
  if (!ktxn__txn_offset_commit_response_decode(reader, arena, version, &response)) {
    return false;
  }
  text_open(text, "TxnOffsetCommitResponseData");
  text_number(text, "throttleTimeMs", response.throttle_time_ms);
  text_list(text, "topics");
  for (int32_t i = 0; i < response.topic_count; i++) {
    text_open(text, "TxnOffsetCommitResponseTopic");
    text_str(text, "name", version < 6 ? response.topics[i].name : KTXN__STR(""));
    text_uuid(text, "topicId", &response.topics[i].id);
    text_list(text, "partitions");
    for (int32_t j = 0; j < response.topics[i].partition_count; j++) {
      text_open(text, "TxnOffsetCommitResponsePartition");
      text_number(text, "partitionIndex", response.topics[i].partitions[j].index);
      text_number(text, "errorCode", response.topics[i].partitions[j].error_code);
      text_close(text);
    }
    text_list_end(text);
    text_close(text);
  }
  text_list_end(text);
  text_close(text);
  return true;
}

static inline bool decode_end_txn(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                  struct text *text) {
  struct ktxn__end_txn_response response;
  if (!ktxn__end_txn_response_decode(reader, arena, version, &response)) {
    return false;
  }
  text_open(text, "EndTxnResponseData");
  text_number(text, "throttleTimeMs", response.throttle_time_ms);
  text_number(text, "errorCode", response.error_code);
  text_number(text, "producerId", response.producer_id);
  text_number(text, "producerEpoch", response.producer_epoch);
  text_close(text);
  return true;
}

static inline void print_produce_partition(struct text *text, const struct ktxn__produce_partition *partition) {
  text_open(text, "PartitionProduceResponse");
  text_number(text, "index", partition->index);
  text_number(text, "errorCode", partition->error_code);
  text_number(text, "baseOffset", partition->base_offset);
  text_number(text, "logAppendTimeMs", partition->log_append_time_ms);
  text_number(text, "logStartOffset", partition->log_start_offset);
  text_list(text, "recordErrors");
  for (int32_t i = 0; i < partition->record_error_count; i++) {
    text_open(text, "BatchIndexAndErrorMessage");
    text_number(text, "batchIndex", partition->record_errors[i].batch_index);
    text_str(text, "batchIndexErrorMessage", partition->record_errors[i].message);
    text_close(text);
  }
  text_list_end(text);
  text_str(text, "errorMessage", partition->error_message);
  text_field(text, "currentLeader");
  text_open(text, "LeaderIdAndEpoch");
  text_number(text, "leaderId", partition->leader_id);
  text_number(text, "leaderEpoch", partition->leader_epoch);
  text_close(text);
  text_close(text);
}

static inline void print_produce_topic(struct text *text, int16_t version, const struct ktxn__produce_topic *topic) {
  text_open(text, "TopicProduceResponse");
  text_str(text, "name", version < 13 ? topic->name : KTXN__STR(""));
  text_uuid(text, "topicId", &topic->id);
  text_list(text, "partitionResponses");
  for (int32_t i = 0; i < topic->partition_count; i++) {
    print_produce_partition(text, &topic->partitions[i]);
  }
  text_list_end(text);
  text_close(text);
}

static inline bool decode_produce(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                  struct text *text) {
  struct ktxn__produce_response response;
  if (!ktxn__produce_response_decode(reader, arena, version, &response)) {
    return false;
  }
  text_open(text, "ProduceResponseData");
  text_list(text, "responses");
  for (int32_t i = 0; i < response.topic_count; i++) {
    print_produce_topic(text, version, &response.topics[i]);
  }
  text_list_end(text);
  text_number(text, "throttleTimeMs", response.throttle_time_ms);
  text_list(text, "nodeEndpoints");
  for (int32_t i = 0; i < response.node_count; i++) {
    text_open(text, "NodeEndpoint");
    text_number(text, "nodeId", response.nodes[i].node_id);
    text_str(text, "host", response.nodes[i].host);
    text_number(text, "port", response.nodes[i].port);
    text_str(text, "rack", response.nodes[i].rack);
    text_close(text);
  }
  text_list_end(text);
  text_close(text);
  return true;
}

static inline void print_transaction(struct text *text,
                                     const struct ktxn__describe_transactions_transaction *transaction) {
  text_open(text, "TransactionState");
  text_number(text, "errorCode", transaction->error_code);
  text_str(text, "transactionalId", transaction->transactional_id);
  text_str(text, "transactionState", transaction->state);
  text_number(text, "transactionTimeoutMs", transaction->timeout_ms);
  text_number(text, "transactionStartTimeMs", transaction->start_time_ms);
  text_number(text, "producerId", transaction->producer_id);
  text_number(text, "producerEpoch", transaction->producer_epoch);
  text_list(text, "topics");
  for (int32_t i = 0; i < transaction->topic_count; i++) {
    text_open(text, "TopicData");
    text_str(text, "topic", transaction->topics[i].name);
    text_numbers(text, "partitions", transaction->topics[i].partitions, transaction->topics[i].partition_count);
    text_close(text);
  }
  text_list_end(text);
  text_close(text);
}

static inline bool decode_describe_transactions(struct ktxn__reader *reader, struct ktxn__arena *arena,
                                                int16_t version, struct text *text) {
  struct ktxn__describe_transactions_response response;
  if (!ktxn__describe_transactions_response_decode(reader, arena, version, &response)) {
    return false;
  }
  text_open(text, "DescribeTransactionsResponseData");
  text_number(text, "throttleTimeMs", response.throttle_time_ms);
  text_list(text, "transactionStates");
  for (int32_t i = 0; i < response.transaction_count; i++) {
    print_transaction(text, &response.transactions[i]);
  }
  text_list_end(text);
  text_close(text);
  return true;
}

static const struct decoder decoders[] = {
    {"api_versions", KTXN__API_API_VERSIONS, decode_api_versions},
    {"metadata", KTXN__API_METADATA, decode_metadata},
    {"find_coordinator", KTXN__API_FIND_COORDINATOR, decode_find_coordinator},
    {"init_producer_id", KTXN__API_INIT_PRODUCER_ID, decode_init_producer_id},
    {"add_partitions_to_txn", KTXN__API_ADD_PARTITIONS_TO_TXN, decode_add_partitions},
    {"add_offsets_to_txn", KTXN__API_ADD_OFFSETS_TO_TXN, decode_add_offsets},
    {"txn_offset_commit", KTXN__API_TXN_OFFSET_COMMIT, decode_txn_offset_commit},
    {"end_txn", KTXN__API_END_TXN, decode_end_txn},
    {"produce", KTXN__API_PRODUCE, decode_produce},
    {"describe_transactions", KTXN__API_DESCRIBE_TRANSACTIONS, decode_describe_transactions},
};

#define DECODER_COUNT (sizeof decoders / sizeof decoders[0])

#endif
