/* Made by sdk/devbroker/regenerate from Kafka's message definitions; don't edit. */

#include "sdk/devbroker/messages/records.h"

#include "sdk/devbroker/messages/rows.h"

static const struct ktxn__schema_field msg_produce_request_partition_data_rows[] = {
    KTXN__FIELD(msg_produce_request_partition_data, index, I32, 0, 13),
    KTXN__FIELD(msg_produce_request_partition_data, records, BYTES, 0, 13, .null_since = KTXN__SINCE(0)),
};
KTXN__STRUCT(msg_produce_request_partition_data, "PartitionProduceData");

static const struct ktxn__schema_field msg_produce_request_topic_data_rows[] = {
    KTXN__FIELD(msg_produce_request_topic_data, name, STRING, 0, 12),
    KTXN__FIELD(msg_produce_request_topic_data, topic_id, UUID, 13, 13),
    KTXN__ARRAY(msg_produce_request_topic_data, partition_data, ARRAY_STRUCT, 0, 13,
                .of = &msg_produce_request_partition_data),
};
KTXN__STRUCT(msg_produce_request_topic_data, "TopicProduceData");

static const struct ktxn__schema_field msg_produce_request_rows[] = {
    KTXN__FIELD(msg_produce_request, transactional_id, STRING, 3, 13, .null_since = KTXN__SINCE(3), .fallback = -1),
    KTXN__FIELD(msg_produce_request, acks, I16, 0, 13),
    KTXN__FIELD(msg_produce_request, timeout_ms, I32, 0, 13),
    KTXN__ARRAY(msg_produce_request, topic_data, ARRAY_STRUCT, 0, 13, .of = &msg_produce_request_topic_data),
};
KTXN__MESSAGE(msg_produce_request, "ProduceRequestData");

static const struct ktxn__schema_field msg_produce_response_record_error_rows[] = {
    KTXN__FIELD(msg_produce_response_record_error, batch_index, I32, 8, 13),
    KTXN__FIELD(msg_produce_response_record_error, batch_index_error_message, STRING, 8, 13, .null_since = KTXN__SINCE(8),
                .fallback = -1),
};
KTXN__STRUCT(msg_produce_response_record_error, "BatchIndexAndErrorMessage");

static const struct ktxn__schema_field msg_produce_response_current_leader_rows[] = {
    KTXN__FIELD(msg_produce_response_current_leader, leader_id, I32, 10, 13, .fallback = -1),
    KTXN__FIELD(msg_produce_response_current_leader, leader_epoch, I32, 10, 13, .fallback = -1),
};
KTXN__STRUCT(msg_produce_response_current_leader, "LeaderIdAndEpoch");

static const struct ktxn__schema_field msg_produce_response_partition_response_rows[] = {
    KTXN__FIELD(msg_produce_response_partition_response, index, I32, 0, 13),
    KTXN__FIELD(msg_produce_response_partition_response, error_code, I16, 0, 13),
    KTXN__FIELD(msg_produce_response_partition_response, base_offset, I64, 0, 13),
    KTXN__FIELD(msg_produce_response_partition_response, log_append_time_ms, I64, 2, 13, .fallback = -1),
    KTXN__FIELD(msg_produce_response_partition_response, log_start_offset, I64, 5, 13, .fallback = -1),
    KTXN__ARRAY(msg_produce_response_partition_response, record_errors, ARRAY_STRUCT, 8, 13,
                .of = &msg_produce_response_record_error),
    KTXN__FIELD(msg_produce_response_partition_response, error_message, STRING, 8, 13, .null_since = KTXN__SINCE(8),
                .fallback = -1),
    KTXN__FIELD(msg_produce_response_partition_response, current_leader, STRUCT, 10, 13, .tag = KTXN__TAG(0),
                .of = &msg_produce_response_current_leader),
};
KTXN__STRUCT(msg_produce_response_partition_response, "PartitionProduceResponse");

static const struct ktxn__schema_field msg_produce_response_response_rows[] = {
    KTXN__FIELD(msg_produce_response_response, name, STRING, 0, 12),
    KTXN__FIELD(msg_produce_response_response, topic_id, UUID, 13, 13),
    KTXN__ARRAY(msg_produce_response_response, partition_responses, ARRAY_STRUCT, 0, 13,
                .of = &msg_produce_response_partition_response),
};
KTXN__STRUCT(msg_produce_response_response, "TopicProduceResponse");

static const struct ktxn__schema_field msg_produce_response_node_endpoint_rows[] = {
    KTXN__FIELD(msg_produce_response_node_endpoint, node_id, I32, 10, 13),
    KTXN__FIELD(msg_produce_response_node_endpoint, host, STRING, 10, 13),
    KTXN__FIELD(msg_produce_response_node_endpoint, port, I32, 10, 13),
    KTXN__FIELD(msg_produce_response_node_endpoint, rack, STRING, 10, 13, .null_since = KTXN__SINCE(10), .fallback = -1),
};
KTXN__STRUCT(msg_produce_response_node_endpoint, "NodeEndpoint");

static const struct ktxn__schema_field msg_produce_response_rows[] = {
    KTXN__ARRAY(msg_produce_response, responses, ARRAY_STRUCT, 0, 13, .of = &msg_produce_response_response),
    KTXN__FIELD(msg_produce_response, throttle_time_ms, I32, 1, 13),
    KTXN__ARRAY(msg_produce_response, node_endpoints, ARRAY_STRUCT, 10, 13, .tag = KTXN__TAG(0),
                .of = &msg_produce_response_node_endpoint),
};
KTXN__MESSAGE(msg_produce_response, "ProduceResponseData");

static const struct ktxn__schema_field msg_fetch_request_replica_state_rows[] = {
    KTXN__FIELD(msg_fetch_request_replica_state, replica_id, I32, 15, 18, .fallback = -1),
    KTXN__FIELD(msg_fetch_request_replica_state, replica_epoch, I64, 15, 18, .fallback = -1),
};
KTXN__STRUCT(msg_fetch_request_replica_state, "ReplicaState");

static const struct ktxn__schema_field msg_fetch_request_partition_rows[] = {
    KTXN__FIELD(msg_fetch_request_partition, partition, I32, 0, 18),
    KTXN__FIELD(msg_fetch_request_partition, current_leader_epoch, I32, 9, 18, .fallback = -1),
    KTXN__FIELD(msg_fetch_request_partition, fetch_offset, I64, 0, 18),
    KTXN__FIELD(msg_fetch_request_partition, last_fetched_epoch, I32, 12, 18, .fallback = -1),
    KTXN__FIELD(msg_fetch_request_partition, log_start_offset, I64, 5, 18, .fallback = -1),
    KTXN__FIELD(msg_fetch_request_partition, partition_max_bytes, I32, 0, 18),
    KTXN__FIELD(msg_fetch_request_partition, replica_directory_id, UUID, 17, 18, .tag = KTXN__TAG(0)),
    KTXN__FIELD(msg_fetch_request_partition, high_watermark, I64, 18, 18, .tag = KTXN__TAG(1), .fallback = INT64_MAX),
};
KTXN__STRUCT(msg_fetch_request_partition, "FetchPartition");

static const struct ktxn__schema_field msg_fetch_request_topic_rows[] = {
    KTXN__FIELD(msg_fetch_request_topic, topic, STRING, 0, 12),
    KTXN__FIELD(msg_fetch_request_topic, topic_id, UUID, 13, 18),
    KTXN__ARRAY(msg_fetch_request_topic, partitions, ARRAY_STRUCT, 0, 18, .of = &msg_fetch_request_partition),
};
KTXN__STRUCT(msg_fetch_request_topic, "FetchTopic");

static const struct ktxn__schema_field msg_fetch_request_forgotten_topics_data_rows[] = {
    KTXN__FIELD(msg_fetch_request_forgotten_topics_data, topic, STRING, 7, 12),
    KTXN__FIELD(msg_fetch_request_forgotten_topics_data, topic_id, UUID, 13, 18),
    KTXN__ARRAY(msg_fetch_request_forgotten_topics_data, partitions, ARRAY_I32, 7, 18),
};
KTXN__STRUCT(msg_fetch_request_forgotten_topics_data, "ForgottenTopic");

static const struct ktxn__schema_field msg_fetch_request_rows[] = {
    KTXN__FIELD(msg_fetch_request, cluster_id, STRING, 12, 18, .null_since = KTXN__SINCE(12), .tag = KTXN__TAG(0),
                .fallback = -1),
    KTXN__FIELD(msg_fetch_request, replica_id, I32, 0, 14, .fallback = -1),
    KTXN__FIELD(msg_fetch_request, replica_state, STRUCT, 15, 18, .tag = KTXN__TAG(1),
                .of = &msg_fetch_request_replica_state),
    KTXN__FIELD(msg_fetch_request, max_wait_ms, I32, 0, 18),
    KTXN__FIELD(msg_fetch_request, min_bytes, I32, 0, 18),
    KTXN__FIELD(msg_fetch_request, max_bytes, I32, 3, 18, .fallback = INT32_MAX),
    KTXN__FIELD(msg_fetch_request, isolation_level, I8, 4, 18),
    KTXN__FIELD(msg_fetch_request, session_id, I32, 7, 18),
    KTXN__FIELD(msg_fetch_request, session_epoch, I32, 7, 18, .fallback = -1),
    KTXN__ARRAY(msg_fetch_request, topics, ARRAY_STRUCT, 0, 18, .of = &msg_fetch_request_topic),
    KTXN__ARRAY(msg_fetch_request, forgotten_topics_data, ARRAY_STRUCT, 7, 18,
                .of = &msg_fetch_request_forgotten_topics_data),
    KTXN__FIELD(msg_fetch_request, rack_id, STRING, 11, 18),
};
KTXN__MESSAGE(msg_fetch_request, "FetchRequestData");

static const struct ktxn__schema_field msg_fetch_response_diverging_epoch_rows[] = {
    KTXN__FIELD(msg_fetch_response_diverging_epoch, epoch, I32, 12, 18, .fallback = -1),
    KTXN__FIELD(msg_fetch_response_diverging_epoch, end_offset, I64, 12, 18, .fallback = -1),
};
KTXN__STRUCT(msg_fetch_response_diverging_epoch, "EpochEndOffset");

static const struct ktxn__schema_field msg_fetch_response_current_leader_rows[] = {
    KTXN__FIELD(msg_fetch_response_current_leader, leader_id, I32, 12, 18, .fallback = -1),
    KTXN__FIELD(msg_fetch_response_current_leader, leader_epoch, I32, 12, 18, .fallback = -1),
};
KTXN__STRUCT(msg_fetch_response_current_leader, "LeaderIdAndEpoch");

static const struct ktxn__schema_field msg_fetch_response_snapshot_id_rows[] = {
    KTXN__FIELD(msg_fetch_response_snapshot_id, end_offset, I64, 0, 18, .fallback = -1),
    KTXN__FIELD(msg_fetch_response_snapshot_id, epoch, I32, 0, 18, .fallback = -1),
};
KTXN__STRUCT(msg_fetch_response_snapshot_id, "SnapshotId");

static const struct ktxn__schema_field msg_fetch_response_aborted_transaction_rows[] = {
    KTXN__FIELD(msg_fetch_response_aborted_transaction, producer_id, I64, 4, 18),
    KTXN__FIELD(msg_fetch_response_aborted_transaction, first_offset, I64, 4, 18),
};
KTXN__STRUCT(msg_fetch_response_aborted_transaction, "AbortedTransaction");

static const struct ktxn__schema_field msg_fetch_response_partition_rows[] = {
    KTXN__FIELD(msg_fetch_response_partition, partition_index, I32, 0, 18),
    KTXN__FIELD(msg_fetch_response_partition, error_code, I16, 0, 18),
    KTXN__FIELD(msg_fetch_response_partition, high_watermark, I64, 0, 18),
    KTXN__FIELD(msg_fetch_response_partition, last_stable_offset, I64, 4, 18, .fallback = -1),
    KTXN__FIELD(msg_fetch_response_partition, log_start_offset, I64, 5, 18, .fallback = -1),
    KTXN__FIELD(msg_fetch_response_partition, diverging_epoch, STRUCT, 12, 18, .tag = KTXN__TAG(0),
                .of = &msg_fetch_response_diverging_epoch),
    KTXN__FIELD(msg_fetch_response_partition, current_leader, STRUCT, 12, 18, .tag = KTXN__TAG(1),
                .of = &msg_fetch_response_current_leader),
    KTXN__FIELD(msg_fetch_response_partition, snapshot_id, STRUCT, 12, 18, .tag = KTXN__TAG(2),
                .of = &msg_fetch_response_snapshot_id),
    KTXN__ARRAY(msg_fetch_response_partition, aborted_transactions, ARRAY_STRUCT, 4, 18, .null_since = KTXN__SINCE(4),
                .of = &msg_fetch_response_aborted_transaction),
    KTXN__FIELD(msg_fetch_response_partition, preferred_read_replica, I32, 11, 18, .fallback = -1),
    KTXN__FIELD(msg_fetch_response_partition, records, BYTES, 0, 18, .null_since = KTXN__SINCE(0)),
};
KTXN__STRUCT(msg_fetch_response_partition, "PartitionData");

static const struct ktxn__schema_field msg_fetch_response_response_rows[] = {
    KTXN__FIELD(msg_fetch_response_response, topic, STRING, 0, 12),
    KTXN__FIELD(msg_fetch_response_response, topic_id, UUID, 13, 18),
    KTXN__ARRAY(msg_fetch_response_response, partitions, ARRAY_STRUCT, 0, 18, .of = &msg_fetch_response_partition),
};
KTXN__STRUCT(msg_fetch_response_response, "FetchableTopicResponse");

static const struct ktxn__schema_field msg_fetch_response_node_endpoint_rows[] = {
    KTXN__FIELD(msg_fetch_response_node_endpoint, node_id, I32, 16, 18),
    KTXN__FIELD(msg_fetch_response_node_endpoint, host, STRING, 16, 18),
    KTXN__FIELD(msg_fetch_response_node_endpoint, port, I32, 16, 18),
    KTXN__FIELD(msg_fetch_response_node_endpoint, rack, STRING, 16, 18, .null_since = KTXN__SINCE(16), .fallback = -1),
};
KTXN__STRUCT(msg_fetch_response_node_endpoint, "NodeEndpoint");

static const struct ktxn__schema_field msg_fetch_response_rows[] = {
    KTXN__FIELD(msg_fetch_response, throttle_time_ms, I32, 1, 18),
    KTXN__FIELD(msg_fetch_response, error_code, I16, 7, 18),
    KTXN__FIELD(msg_fetch_response, session_id, I32, 7, 18),
    KTXN__ARRAY(msg_fetch_response, responses, ARRAY_STRUCT, 0, 18, .of = &msg_fetch_response_response),
    KTXN__ARRAY(msg_fetch_response, node_endpoints, ARRAY_STRUCT, 16, 18, .tag = KTXN__TAG(0),
                .of = &msg_fetch_response_node_endpoint),
};
KTXN__MESSAGE(msg_fetch_response, "FetchResponseData");

static const struct ktxn__schema_field msg_list_offsets_request_partition_rows[] = {
    KTXN__FIELD(msg_list_offsets_request_partition, partition_index, I32, 0, 11),
    KTXN__FIELD(msg_list_offsets_request_partition, current_leader_epoch, I32, 4, 11, .fallback = -1),
    KTXN__FIELD(msg_list_offsets_request_partition, timestamp, I64, 0, 11),
};
KTXN__STRUCT(msg_list_offsets_request_partition, "ListOffsetsPartition");

static const struct ktxn__schema_field msg_list_offsets_request_topic_rows[] = {
    KTXN__FIELD(msg_list_offsets_request_topic, name, STRING, 0, 11),
    KTXN__ARRAY(msg_list_offsets_request_topic, partitions, ARRAY_STRUCT, 0, 11, .of = &msg_list_offsets_request_partition),
};
KTXN__STRUCT(msg_list_offsets_request_topic, "ListOffsetsTopic");

static const struct ktxn__schema_field msg_list_offsets_request_rows[] = {
    KTXN__FIELD(msg_list_offsets_request, replica_id, I32, 0, 11),
    KTXN__FIELD(msg_list_offsets_request, isolation_level, I8, 2, 11),
    KTXN__ARRAY(msg_list_offsets_request, topics, ARRAY_STRUCT, 0, 11, .of = &msg_list_offsets_request_topic),
    KTXN__FIELD(msg_list_offsets_request, timeout_ms, I32, 10, 11),
};
KTXN__MESSAGE(msg_list_offsets_request, "ListOffsetsRequestData");

static const struct ktxn__schema_field msg_list_offsets_response_partition_rows[] = {
    KTXN__FIELD(msg_list_offsets_response_partition, partition_index, I32, 0, 11),
    KTXN__FIELD(msg_list_offsets_response_partition, error_code, I16, 0, 11),
    KTXN__FIELD(msg_list_offsets_response_partition, timestamp, I64, 1, 11, .fallback = -1),
    KTXN__FIELD(msg_list_offsets_response_partition, offset, I64, 1, 11, .fallback = -1),
    KTXN__FIELD(msg_list_offsets_response_partition, leader_epoch, I32, 4, 11, .fallback = -1),
};
KTXN__STRUCT(msg_list_offsets_response_partition, "ListOffsetsPartitionResponse");

static const struct ktxn__schema_field msg_list_offsets_response_topic_rows[] = {
    KTXN__FIELD(msg_list_offsets_response_topic, name, STRING, 0, 11),
    KTXN__ARRAY(msg_list_offsets_response_topic, partitions, ARRAY_STRUCT, 0, 11,
                .of = &msg_list_offsets_response_partition),
};
KTXN__STRUCT(msg_list_offsets_response_topic, "ListOffsetsTopicResponse");

static const struct ktxn__schema_field msg_list_offsets_response_rows[] = {
    KTXN__FIELD(msg_list_offsets_response, throttle_time_ms, I32, 2, 11),
    KTXN__ARRAY(msg_list_offsets_response, topics, ARRAY_STRUCT, 0, 11, .of = &msg_list_offsets_response_topic),
};
KTXN__MESSAGE(msg_list_offsets_response, "ListOffsetsResponseData");

static const struct ktxn__schema_field msg_offset_for_leader_epoch_request_partition_rows[] = {
    KTXN__FIELD(msg_offset_for_leader_epoch_request_partition, partition, I32, 0, 4),
    KTXN__FIELD(msg_offset_for_leader_epoch_request_partition, current_leader_epoch, I32, 2, 4, .fallback = -1),
    KTXN__FIELD(msg_offset_for_leader_epoch_request_partition, leader_epoch, I32, 0, 4),
};
KTXN__STRUCT(msg_offset_for_leader_epoch_request_partition, "OffsetForLeaderPartition");

static const struct ktxn__schema_field msg_offset_for_leader_epoch_request_topic_rows[] = {
    KTXN__FIELD(msg_offset_for_leader_epoch_request_topic, topic, STRING, 0, 4),
    KTXN__ARRAY(msg_offset_for_leader_epoch_request_topic, partitions, ARRAY_STRUCT, 0, 4,
                .of = &msg_offset_for_leader_epoch_request_partition),
};
KTXN__STRUCT(msg_offset_for_leader_epoch_request_topic, "OffsetForLeaderTopic");

static const struct ktxn__schema_field msg_offset_for_leader_epoch_request_rows[] = {
    KTXN__FIELD(msg_offset_for_leader_epoch_request, replica_id, I32, 3, 4, .fallback = -2),
    KTXN__ARRAY(msg_offset_for_leader_epoch_request, topics, ARRAY_STRUCT, 0, 4,
                .of = &msg_offset_for_leader_epoch_request_topic),
};
KTXN__MESSAGE(msg_offset_for_leader_epoch_request, "OffsetForLeaderEpochRequestData");

static const struct ktxn__schema_field msg_offset_for_leader_epoch_response_partition_rows[] = {
    KTXN__FIELD(msg_offset_for_leader_epoch_response_partition, error_code, I16, 0, 4),
    KTXN__FIELD(msg_offset_for_leader_epoch_response_partition, partition, I32, 0, 4),
    KTXN__FIELD(msg_offset_for_leader_epoch_response_partition, leader_epoch, I32, 1, 4, .fallback = -1),
    KTXN__FIELD(msg_offset_for_leader_epoch_response_partition, end_offset, I64, 0, 4, .fallback = -1),
};
KTXN__STRUCT(msg_offset_for_leader_epoch_response_partition, "EpochEndOffset");

static const struct ktxn__schema_field msg_offset_for_leader_epoch_response_topic_rows[] = {
    KTXN__FIELD(msg_offset_for_leader_epoch_response_topic, topic, STRING, 0, 4),
    KTXN__ARRAY(msg_offset_for_leader_epoch_response_topic, partitions, ARRAY_STRUCT, 0, 4,
                .of = &msg_offset_for_leader_epoch_response_partition),
};
KTXN__STRUCT(msg_offset_for_leader_epoch_response_topic, "OffsetForLeaderTopicResult");

static const struct ktxn__schema_field msg_offset_for_leader_epoch_response_rows[] = {
    KTXN__FIELD(msg_offset_for_leader_epoch_response, throttle_time_ms, I32, 2, 4),
    KTXN__ARRAY(msg_offset_for_leader_epoch_response, topics, ARRAY_STRUCT, 0, 4,
                .of = &msg_offset_for_leader_epoch_response_topic),
};
KTXN__MESSAGE(msg_offset_for_leader_epoch_response, "OffsetForLeaderEpochResponseData");

static const struct ktxn__schema_field msg_describe_producers_request_topic_rows[] = {
    KTXN__FIELD(msg_describe_producers_request_topic, name, STRING, 0, 0),
    KTXN__ARRAY(msg_describe_producers_request_topic, partition_indexes, ARRAY_I32, 0, 0),
};
KTXN__STRUCT(msg_describe_producers_request_topic, "TopicRequest");

static const struct ktxn__schema_field msg_describe_producers_request_rows[] = {
    KTXN__ARRAY(msg_describe_producers_request, topics, ARRAY_STRUCT, 0, 0, .of = &msg_describe_producers_request_topic),
};
KTXN__MESSAGE(msg_describe_producers_request, "DescribeProducersRequestData");

static const struct ktxn__schema_field msg_describe_producers_response_active_producer_rows[] = {
    KTXN__FIELD(msg_describe_producers_response_active_producer, producer_id, I64, 0, 0),
    KTXN__FIELD(msg_describe_producers_response_active_producer, producer_epoch, I32, 0, 0),
    KTXN__FIELD(msg_describe_producers_response_active_producer, last_sequence, I32, 0, 0, .fallback = -1),
    KTXN__FIELD(msg_describe_producers_response_active_producer, last_timestamp, I64, 0, 0, .fallback = -1),
    KTXN__FIELD(msg_describe_producers_response_active_producer, coordinator_epoch, I32, 0, 0),
    KTXN__FIELD(msg_describe_producers_response_active_producer, current_txn_start_offset, I64, 0, 0, .fallback = -1),
};
KTXN__STRUCT(msg_describe_producers_response_active_producer, "ProducerState");

static const struct ktxn__schema_field msg_describe_producers_response_partition_rows[] = {
    KTXN__FIELD(msg_describe_producers_response_partition, partition_index, I32, 0, 0),
    KTXN__FIELD(msg_describe_producers_response_partition, error_code, I16, 0, 0),
    KTXN__FIELD(msg_describe_producers_response_partition, error_message, STRING, 0, 0, .null_since = KTXN__SINCE(0),
                .fallback = -1),
    KTXN__ARRAY(msg_describe_producers_response_partition, active_producers, ARRAY_STRUCT, 0, 0,
                .of = &msg_describe_producers_response_active_producer),
};
KTXN__STRUCT(msg_describe_producers_response_partition, "PartitionResponse");

static const struct ktxn__schema_field msg_describe_producers_response_topic_rows[] = {
    KTXN__FIELD(msg_describe_producers_response_topic, name, STRING, 0, 0),
    KTXN__ARRAY(msg_describe_producers_response_topic, partitions, ARRAY_STRUCT, 0, 0,
                .of = &msg_describe_producers_response_partition),
};
KTXN__STRUCT(msg_describe_producers_response_topic, "TopicResponse");

static const struct ktxn__schema_field msg_describe_producers_response_rows[] = {
    KTXN__FIELD(msg_describe_producers_response, throttle_time_ms, I32, 0, 0),
    KTXN__ARRAY(msg_describe_producers_response, topics, ARRAY_STRUCT, 0, 0, .of = &msg_describe_producers_response_topic),
};
KTXN__MESSAGE(msg_describe_producers_response, "DescribeProducersResponseData");

static const struct ktxn__schema_field msg_delete_records_request_partition_rows[] = {
    KTXN__FIELD(msg_delete_records_request_partition, partition_index, I32, 0, 2),
    KTXN__FIELD(msg_delete_records_request_partition, offset, I64, 0, 2),
};
KTXN__STRUCT(msg_delete_records_request_partition, "DeleteRecordsPartition");

static const struct ktxn__schema_field msg_delete_records_request_topic_rows[] = {
    KTXN__FIELD(msg_delete_records_request_topic, name, STRING, 0, 2),
    KTXN__ARRAY(msg_delete_records_request_topic, partitions, ARRAY_STRUCT, 0, 2,
                .of = &msg_delete_records_request_partition),
};
KTXN__STRUCT(msg_delete_records_request_topic, "DeleteRecordsTopic");

static const struct ktxn__schema_field msg_delete_records_request_rows[] = {
    KTXN__ARRAY(msg_delete_records_request, topics, ARRAY_STRUCT, 0, 2, .of = &msg_delete_records_request_topic),
    KTXN__FIELD(msg_delete_records_request, timeout_ms, I32, 0, 2),
};
KTXN__MESSAGE(msg_delete_records_request, "DeleteRecordsRequestData");

static const struct ktxn__schema_field msg_delete_records_response_partition_rows[] = {
    KTXN__FIELD(msg_delete_records_response_partition, partition_index, I32, 0, 2),
    KTXN__FIELD(msg_delete_records_response_partition, low_watermark, I64, 0, 2),
    KTXN__FIELD(msg_delete_records_response_partition, error_code, I16, 0, 2),
};
KTXN__STRUCT(msg_delete_records_response_partition, "DeleteRecordsPartitionResult");

static const struct ktxn__schema_field msg_delete_records_response_topic_rows[] = {
    KTXN__FIELD(msg_delete_records_response_topic, name, STRING, 0, 2),
    KTXN__ARRAY(msg_delete_records_response_topic, partitions, ARRAY_STRUCT, 0, 2,
                .of = &msg_delete_records_response_partition),
};
KTXN__STRUCT(msg_delete_records_response_topic, "DeleteRecordsTopicResult");

static const struct ktxn__schema_field msg_delete_records_response_rows[] = {
    KTXN__FIELD(msg_delete_records_response, throttle_time_ms, I32, 0, 2),
    KTXN__ARRAY(msg_delete_records_response, topics, ARRAY_STRUCT, 0, 2, .of = &msg_delete_records_response_topic),
};
KTXN__MESSAGE(msg_delete_records_response, "DeleteRecordsResponseData");
