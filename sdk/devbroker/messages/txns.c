/* Made by sdk/devbroker/regenerate from Kafka's message definitions; don't edit. */

#include "sdk/devbroker/messages/txns.h"

#include "sdk/devbroker/messages/rows.h"

static const struct ktxn__schema_field msg_init_producer_id_request_rows[] = {
    KTXN__FIELD(msg_init_producer_id_request, transactional_id, STRING, 0, 6, .null_since = KTXN__SINCE(0)),
    KTXN__FIELD(msg_init_producer_id_request, transaction_timeout_ms, I32, 0, 6),
    KTXN__FIELD(msg_init_producer_id_request, producer_id, I64, 3, 6, .fallback = -1),
    KTXN__FIELD(msg_init_producer_id_request, producer_epoch, I16, 3, 6, .fallback = -1),
    KTXN__FIELD(msg_init_producer_id_request, enable2_pc, BOOL, 6, 6),
    KTXN__FIELD(msg_init_producer_id_request, keep_prepared_txn, BOOL, 6, 6),
};
KTXN__MESSAGE(msg_init_producer_id_request, "InitProducerIdRequestData");

static const struct ktxn__schema_field msg_init_producer_id_response_rows[] = {
    KTXN__FIELD(msg_init_producer_id_response, throttle_time_ms, I32, 0, 6),
    KTXN__FIELD(msg_init_producer_id_response, error_code, I16, 0, 6),
    KTXN__FIELD(msg_init_producer_id_response, producer_id, I64, 0, 6, .fallback = -1),
    KTXN__FIELD(msg_init_producer_id_response, producer_epoch, I16, 0, 6),
    KTXN__FIELD(msg_init_producer_id_response, ongoing_txn_producer_id, I64, 6, 6, .fallback = -1),
    KTXN__FIELD(msg_init_producer_id_response, ongoing_txn_producer_epoch, I16, 6, 6, .fallback = -1),
};
KTXN__MESSAGE(msg_init_producer_id_response, "InitProducerIdResponseData");

static const struct ktxn__schema_field msg_add_partitions_to_txn_request_topic_rows[] = {
    KTXN__FIELD(msg_add_partitions_to_txn_request_topic, name, STRING, 0, 5),
    KTXN__ARRAY(msg_add_partitions_to_txn_request_topic, partitions, ARRAY_I32, 0, 5),
};
KTXN__STRUCT(msg_add_partitions_to_txn_request_topic, "AddPartitionsToTxnTopic");

static const struct ktxn__schema_field msg_add_partitions_to_txn_request_transaction_rows[] = {
    KTXN__FIELD(msg_add_partitions_to_txn_request_transaction, transactional_id, STRING, 4, 5),
    KTXN__FIELD(msg_add_partitions_to_txn_request_transaction, producer_id, I64, 4, 5),
    KTXN__FIELD(msg_add_partitions_to_txn_request_transaction, producer_epoch, I16, 4, 5),
    KTXN__FIELD(msg_add_partitions_to_txn_request_transaction, verify_only, BOOL, 4, 5),
    KTXN__ARRAY(msg_add_partitions_to_txn_request_transaction, topics, ARRAY_STRUCT, 4, 5,
                .of = &msg_add_partitions_to_txn_request_topic),
};
KTXN__STRUCT(msg_add_partitions_to_txn_request_transaction, "AddPartitionsToTxnTransaction");

static const struct ktxn__schema_field msg_add_partitions_to_txn_request_rows[] = {
    KTXN__ARRAY(msg_add_partitions_to_txn_request, transactions, ARRAY_STRUCT, 4, 5,
                .of = &msg_add_partitions_to_txn_request_transaction),
    KTXN__FIELD(msg_add_partitions_to_txn_request, v3_and_below_transactional_id, STRING, 0, 3),
    KTXN__FIELD(msg_add_partitions_to_txn_request, v3_and_below_producer_id, I64, 0, 3),
    KTXN__FIELD(msg_add_partitions_to_txn_request, v3_and_below_producer_epoch, I16, 0, 3),
    KTXN__ARRAY(msg_add_partitions_to_txn_request, v3_and_below_topics, ARRAY_STRUCT, 0, 3,
                .of = &msg_add_partitions_to_txn_request_topic),
};
KTXN__MESSAGE(msg_add_partitions_to_txn_request, "AddPartitionsToTxnRequestData");

static const struct ktxn__schema_field msg_add_partitions_to_txn_response_partition_result_rows[] = {
    KTXN__FIELD(msg_add_partitions_to_txn_response_partition_result, partition_index, I32, 0, 5),
    KTXN__FIELD(msg_add_partitions_to_txn_response_partition_result, partition_error_code, I16, 0, 5),
};
KTXN__STRUCT(msg_add_partitions_to_txn_response_partition_result, "AddPartitionsToTxnPartitionResult");

static const struct ktxn__schema_field msg_add_partitions_to_txn_response_topic_result_rows[] = {
    KTXN__FIELD(msg_add_partitions_to_txn_response_topic_result, name, STRING, 0, 5),
    KTXN__ARRAY(msg_add_partitions_to_txn_response_topic_result, results_by_partition, ARRAY_STRUCT, 0, 5,
                .of = &msg_add_partitions_to_txn_response_partition_result),
};
KTXN__STRUCT(msg_add_partitions_to_txn_response_topic_result, "AddPartitionsToTxnTopicResult");

static const struct ktxn__schema_field msg_add_partitions_to_txn_response_results_by_transaction_rows[] = {
    KTXN__FIELD(msg_add_partitions_to_txn_response_results_by_transaction, transactional_id, STRING, 4, 5),
    KTXN__ARRAY(msg_add_partitions_to_txn_response_results_by_transaction, topic_results, ARRAY_STRUCT, 4, 5,
                .of = &msg_add_partitions_to_txn_response_topic_result),
};
KTXN__STRUCT(msg_add_partitions_to_txn_response_results_by_transaction, "AddPartitionsToTxnResult");

static const struct ktxn__schema_field msg_add_partitions_to_txn_response_rows[] = {
    KTXN__FIELD(msg_add_partitions_to_txn_response, throttle_time_ms, I32, 0, 5),
    KTXN__FIELD(msg_add_partitions_to_txn_response, error_code, I16, 4, 5),
    KTXN__ARRAY(msg_add_partitions_to_txn_response, results_by_transaction, ARRAY_STRUCT, 4, 5,
                .of = &msg_add_partitions_to_txn_response_results_by_transaction),
    KTXN__ARRAY(msg_add_partitions_to_txn_response, results_by_topic_v3_and_below, ARRAY_STRUCT, 0, 3,
                .of = &msg_add_partitions_to_txn_response_topic_result),
};
KTXN__MESSAGE(msg_add_partitions_to_txn_response, "AddPartitionsToTxnResponseData");

static const struct ktxn__schema_field msg_add_offsets_to_txn_request_rows[] = {
    KTXN__FIELD(msg_add_offsets_to_txn_request, transactional_id, STRING, 0, 4),
    KTXN__FIELD(msg_add_offsets_to_txn_request, producer_id, I64, 0, 4),
    KTXN__FIELD(msg_add_offsets_to_txn_request, producer_epoch, I16, 0, 4),
    KTXN__FIELD(msg_add_offsets_to_txn_request, group_id, STRING, 0, 4),
};
KTXN__MESSAGE(msg_add_offsets_to_txn_request, "AddOffsetsToTxnRequestData");

static const struct ktxn__schema_field msg_add_offsets_to_txn_response_rows[] = {
    KTXN__FIELD(msg_add_offsets_to_txn_response, throttle_time_ms, I32, 0, 4),
    KTXN__FIELD(msg_add_offsets_to_txn_response, error_code, I16, 0, 4),
};
KTXN__MESSAGE(msg_add_offsets_to_txn_response, "AddOffsetsToTxnResponseData");

static const struct ktxn__schema_field msg_end_txn_request_rows[] = {
    KTXN__FIELD(msg_end_txn_request, transactional_id, STRING, 0, 5),
    KTXN__FIELD(msg_end_txn_request, producer_id, I64, 0, 5),
    KTXN__FIELD(msg_end_txn_request, producer_epoch, I16, 0, 5),
    KTXN__FIELD(msg_end_txn_request, committed, BOOL, 0, 5),
};
KTXN__MESSAGE(msg_end_txn_request, "EndTxnRequestData");

static const struct ktxn__schema_field msg_end_txn_response_rows[] = {
    KTXN__FIELD(msg_end_txn_response, throttle_time_ms, I32, 0, 5),
    KTXN__FIELD(msg_end_txn_response, error_code, I16, 0, 5),
    KTXN__FIELD(msg_end_txn_response, producer_id, I64, 5, 5, .fallback = -1),
    KTXN__FIELD(msg_end_txn_response, producer_epoch, I16, 5, 5, .fallback = -1),
};
KTXN__MESSAGE(msg_end_txn_response, "EndTxnResponseData");

static const struct ktxn__schema_field msg_txn_offset_commit_request_partition_rows[] = {
    KTXN__FIELD(msg_txn_offset_commit_request_partition, partition_index, I32, 0, 6),
    KTXN__FIELD(msg_txn_offset_commit_request_partition, committed_offset, I64, 0, 6),
    KTXN__FIELD(msg_txn_offset_commit_request_partition, committed_leader_epoch, I32, 2, 6, .fallback = -1),
    KTXN__FIELD(msg_txn_offset_commit_request_partition, committed_metadata, STRING, 0, 6, .null_since = KTXN__SINCE(0)),
};
KTXN__STRUCT(msg_txn_offset_commit_request_partition, "TxnOffsetCommitRequestPartition");

static const struct ktxn__schema_field msg_txn_offset_commit_request_topic_rows[] = {
    KTXN__FIELD(msg_txn_offset_commit_request_topic, name, STRING, 0, 5),
    KTXN__FIELD(msg_txn_offset_commit_request_topic, topic_id, UUID, 6, 6),
    KTXN__ARRAY(msg_txn_offset_commit_request_topic, partitions, ARRAY_STRUCT, 0, 6,
                .of = &msg_txn_offset_commit_request_partition),
};
KTXN__STRUCT(msg_txn_offset_commit_request_topic, "TxnOffsetCommitRequestTopic");

static const struct ktxn__schema_field msg_txn_offset_commit_request_rows[] = {
    KTXN__FIELD(msg_txn_offset_commit_request, transactional_id, STRING, 0, 6),
    KTXN__FIELD(msg_txn_offset_commit_request, group_id, STRING, 0, 6),
    KTXN__FIELD(msg_txn_offset_commit_request, producer_id, I64, 0, 6),
    KTXN__FIELD(msg_txn_offset_commit_request, producer_epoch, I16, 0, 6),
    KTXN__FIELD(msg_txn_offset_commit_request, generation_id_or_member_epoch, I32, 3, 6, .fallback = -1),
    KTXN__FIELD(msg_txn_offset_commit_request, member_id, STRING, 3, 6),
    KTXN__FIELD(msg_txn_offset_commit_request, group_instance_id, STRING, 3, 6, .null_since = KTXN__SINCE(3),
                .fallback = -1),
    KTXN__ARRAY(msg_txn_offset_commit_request, topics, ARRAY_STRUCT, 0, 6, .of = &msg_txn_offset_commit_request_topic),
};
KTXN__MESSAGE(msg_txn_offset_commit_request, "TxnOffsetCommitRequestData");

static const struct ktxn__schema_field msg_txn_offset_commit_response_partition_rows[] = {
    KTXN__FIELD(msg_txn_offset_commit_response_partition, partition_index, I32, 0, 6),
    KTXN__FIELD(msg_txn_offset_commit_response_partition, error_code, I16, 0, 6),
};
KTXN__STRUCT(msg_txn_offset_commit_response_partition, "TxnOffsetCommitResponsePartition");

static const struct ktxn__schema_field msg_txn_offset_commit_response_topic_rows[] = {
    KTXN__FIELD(msg_txn_offset_commit_response_topic, name, STRING, 0, 5),
    KTXN__FIELD(msg_txn_offset_commit_response_topic, topic_id, UUID, 6, 6),
    KTXN__ARRAY(msg_txn_offset_commit_response_topic, partitions, ARRAY_STRUCT, 0, 6,
                .of = &msg_txn_offset_commit_response_partition),
};
KTXN__STRUCT(msg_txn_offset_commit_response_topic, "TxnOffsetCommitResponseTopic");

static const struct ktxn__schema_field msg_txn_offset_commit_response_rows[] = {
    KTXN__FIELD(msg_txn_offset_commit_response, throttle_time_ms, I32, 0, 6),
    KTXN__ARRAY(msg_txn_offset_commit_response, topics, ARRAY_STRUCT, 0, 6, .of = &msg_txn_offset_commit_response_topic),
};
KTXN__MESSAGE(msg_txn_offset_commit_response, "TxnOffsetCommitResponseData");

static const struct ktxn__schema_field msg_write_txn_markers_request_topic_rows[] = {
    KTXN__FIELD(msg_write_txn_markers_request_topic, name, STRING, 0, 2),
    KTXN__ARRAY(msg_write_txn_markers_request_topic, partition_indexes, ARRAY_I32, 0, 2),
};
KTXN__STRUCT(msg_write_txn_markers_request_topic, "WritableTxnMarkerTopic");

static const struct ktxn__schema_field msg_write_txn_markers_request_marker_rows[] = {
    KTXN__FIELD(msg_write_txn_markers_request_marker, producer_id, I64, 0, 2),
    KTXN__FIELD(msg_write_txn_markers_request_marker, producer_epoch, I16, 0, 2),
    KTXN__FIELD(msg_write_txn_markers_request_marker, transaction_result, BOOL, 0, 2),
    KTXN__ARRAY(msg_write_txn_markers_request_marker, topics, ARRAY_STRUCT, 0, 2,
                .of = &msg_write_txn_markers_request_topic),
    KTXN__FIELD(msg_write_txn_markers_request_marker, coordinator_epoch, I32, 0, 2),
    KTXN__FIELD(msg_write_txn_markers_request_marker, transaction_version, I8, 2, 2),
};
KTXN__STRUCT(msg_write_txn_markers_request_marker, "WritableTxnMarker");

static const struct ktxn__schema_field msg_write_txn_markers_request_rows[] = {
    KTXN__ARRAY(msg_write_txn_markers_request, markers, ARRAY_STRUCT, 0, 2, .of = &msg_write_txn_markers_request_marker),
};
KTXN__MESSAGE(msg_write_txn_markers_request, "WriteTxnMarkersRequestData");

static const struct ktxn__schema_field msg_write_txn_markers_response_partition_rows[] = {
    KTXN__FIELD(msg_write_txn_markers_response_partition, partition_index, I32, 0, 2),
    KTXN__FIELD(msg_write_txn_markers_response_partition, error_code, I16, 0, 2),
};
KTXN__STRUCT(msg_write_txn_markers_response_partition, "WritableTxnMarkerPartitionResult");

static const struct ktxn__schema_field msg_write_txn_markers_response_topic_rows[] = {
    KTXN__FIELD(msg_write_txn_markers_response_topic, name, STRING, 0, 2),
    KTXN__ARRAY(msg_write_txn_markers_response_topic, partitions, ARRAY_STRUCT, 0, 2,
                .of = &msg_write_txn_markers_response_partition),
};
KTXN__STRUCT(msg_write_txn_markers_response_topic, "WritableTxnMarkerTopicResult");

static const struct ktxn__schema_field msg_write_txn_markers_response_marker_rows[] = {
    KTXN__FIELD(msg_write_txn_markers_response_marker, producer_id, I64, 0, 2),
    KTXN__ARRAY(msg_write_txn_markers_response_marker, topics, ARRAY_STRUCT, 0, 2,
                .of = &msg_write_txn_markers_response_topic),
};
KTXN__STRUCT(msg_write_txn_markers_response_marker, "WritableTxnMarkerResult");

static const struct ktxn__schema_field msg_write_txn_markers_response_rows[] = {
    KTXN__ARRAY(msg_write_txn_markers_response, markers, ARRAY_STRUCT, 0, 2, .of = &msg_write_txn_markers_response_marker),
};
KTXN__MESSAGE(msg_write_txn_markers_response, "WriteTxnMarkersResponseData");

static const struct ktxn__schema_field msg_describe_transactions_request_rows[] = {
    KTXN__ARRAY(msg_describe_transactions_request, transactional_ids, ARRAY_STRING, 0, 0),
};
KTXN__MESSAGE(msg_describe_transactions_request, "DescribeTransactionsRequestData");

static const struct ktxn__schema_field msg_describe_transactions_response_topic_rows[] = {
    KTXN__FIELD(msg_describe_transactions_response_topic, topic, STRING, 0, 0),
    KTXN__ARRAY(msg_describe_transactions_response_topic, partitions, ARRAY_I32, 0, 0),
};
KTXN__STRUCT(msg_describe_transactions_response_topic, "TopicData");

static const struct ktxn__schema_field msg_describe_transactions_response_transaction_state_rows[] = {
    KTXN__FIELD(msg_describe_transactions_response_transaction_state, error_code, I16, 0, 0),
    KTXN__FIELD(msg_describe_transactions_response_transaction_state, transactional_id, STRING, 0, 0),
    KTXN__FIELD(msg_describe_transactions_response_transaction_state, transaction_state, STRING, 0, 0),
    KTXN__FIELD(msg_describe_transactions_response_transaction_state, transaction_timeout_ms, I32, 0, 0),
    KTXN__FIELD(msg_describe_transactions_response_transaction_state, transaction_start_time_ms, I64, 0, 0),
    KTXN__FIELD(msg_describe_transactions_response_transaction_state, producer_id, I64, 0, 0),
    KTXN__FIELD(msg_describe_transactions_response_transaction_state, producer_epoch, I16, 0, 0),
    KTXN__ARRAY(msg_describe_transactions_response_transaction_state, topics, ARRAY_STRUCT, 0, 0,
                .of = &msg_describe_transactions_response_topic),
};
KTXN__STRUCT(msg_describe_transactions_response_transaction_state, "TransactionState");

static const struct ktxn__schema_field msg_describe_transactions_response_rows[] = {
    KTXN__FIELD(msg_describe_transactions_response, throttle_time_ms, I32, 0, 0),
    KTXN__ARRAY(msg_describe_transactions_response, transaction_states, ARRAY_STRUCT, 0, 0,
                .of = &msg_describe_transactions_response_transaction_state),
};
KTXN__MESSAGE(msg_describe_transactions_response, "DescribeTransactionsResponseData");

static const struct ktxn__schema_field msg_list_transactions_request_rows[] = {
    KTXN__ARRAY(msg_list_transactions_request, state_filters, ARRAY_STRING, 0, 2),
    KTXN__ARRAY(msg_list_transactions_request, producer_id_filters, ARRAY_I64, 0, 2),
    KTXN__FIELD(msg_list_transactions_request, duration_filter, I64, 1, 2, .fallback = -1),
    KTXN__FIELD(msg_list_transactions_request, transactional_id_pattern, STRING, 2, 2, .null_since = KTXN__SINCE(2),
                .fallback = -1),
};
KTXN__MESSAGE(msg_list_transactions_request, "ListTransactionsRequestData");

static const struct ktxn__schema_field msg_list_transactions_response_transaction_state_rows[] = {
    KTXN__FIELD(msg_list_transactions_response_transaction_state, transactional_id, STRING, 0, 2),
    KTXN__FIELD(msg_list_transactions_response_transaction_state, producer_id, I64, 0, 2),
    KTXN__FIELD(msg_list_transactions_response_transaction_state, transaction_state, STRING, 0, 2),
};
KTXN__STRUCT(msg_list_transactions_response_transaction_state, "TransactionState");

static const struct ktxn__schema_field msg_list_transactions_response_rows[] = {
    KTXN__FIELD(msg_list_transactions_response, throttle_time_ms, I32, 0, 2),
    KTXN__FIELD(msg_list_transactions_response, error_code, I16, 0, 2),
    KTXN__ARRAY(msg_list_transactions_response, unknown_state_filters, ARRAY_STRING, 0, 2),
    KTXN__ARRAY(msg_list_transactions_response, transaction_states, ARRAY_STRUCT, 0, 2,
                .of = &msg_list_transactions_response_transaction_state),
};
KTXN__MESSAGE(msg_list_transactions_response, "ListTransactionsResponseData");
