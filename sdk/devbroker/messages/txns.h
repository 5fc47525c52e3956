#ifndef KTXN_DEVBROKER_MESSAGES_TXNS_H
#define KTXN_DEVBROKER_MESSAGES_TXNS_H

/* Made by sdk/devbroker/regenerate from Kafka's message definitions; don't edit. */

#include "sdk/devbroker/schema.h"

struct ktxn__msg_init_producer_id_request {
  struct ktxn__str transactional_id;
  int32_t transaction_timeout_ms;
  int64_t producer_id;
  int16_t producer_epoch;
  bool enable2_pc;
  bool keep_prepared_txn;
};

extern const struct ktxn__schema ktxn__msg_init_producer_id_request;

struct ktxn__msg_init_producer_id_response {
  int32_t throttle_time_ms;
  int16_t error_code;
  int64_t producer_id;
  int16_t producer_epoch;
  int64_t ongoing_txn_producer_id;
  int16_t ongoing_txn_producer_epoch;
};

extern const struct ktxn__schema ktxn__msg_init_producer_id_response;

struct ktxn__msg_add_partitions_to_txn_request_topic {
  struct ktxn__str name;
  int32_t *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_add_partitions_to_txn_request_transaction {
  struct ktxn__str transactional_id;
  int64_t producer_id;
  int16_t producer_epoch;
  bool verify_only;
  struct ktxn__msg_add_partitions_to_txn_request_topic *topics;
  int32_t topics_count;
};

struct ktxn__msg_add_partitions_to_txn_request {
  struct ktxn__msg_add_partitions_to_txn_request_transaction *transactions;
  int32_t transactions_count;
  struct ktxn__str v3_and_below_transactional_id;
  int64_t v3_and_below_producer_id;
  int16_t v3_and_below_producer_epoch;
  struct ktxn__msg_add_partitions_to_txn_request_topic *v3_and_below_topics;
  int32_t v3_and_below_topics_count;
};

extern const struct ktxn__schema ktxn__msg_add_partitions_to_txn_request;

struct ktxn__msg_add_partitions_to_txn_response_partition_result {
  int32_t partition_index;
  int16_t partition_error_code;
};

struct ktxn__msg_add_partitions_to_txn_response_topic_result {
  struct ktxn__str name;
  struct ktxn__msg_add_partitions_to_txn_response_partition_result *results_by_partition;
  int32_t results_by_partition_count;
};

struct ktxn__msg_add_partitions_to_txn_response_results_by_transaction {
  struct ktxn__str transactional_id;
  struct ktxn__msg_add_partitions_to_txn_response_topic_result *topic_results;
  int32_t topic_results_count;
};

struct ktxn__msg_add_partitions_to_txn_response {
  int32_t throttle_time_ms;
  int16_t error_code;
  struct ktxn__msg_add_partitions_to_txn_response_results_by_transaction *results_by_transaction;
  int32_t results_by_transaction_count;
  struct ktxn__msg_add_partitions_to_txn_response_topic_result *results_by_topic_v3_and_below;
  int32_t results_by_topic_v3_and_below_count;
};

extern const struct ktxn__schema ktxn__msg_add_partitions_to_txn_response;

struct ktxn__msg_add_offsets_to_txn_request {
  struct ktxn__str transactional_id;
  int64_t producer_id;
  int16_t producer_epoch;
  struct ktxn__str group_id;
};

extern const struct ktxn__schema ktxn__msg_add_offsets_to_txn_request;

struct ktxn__msg_add_offsets_to_txn_response {
  int32_t throttle_time_ms;
  int16_t error_code;
};

extern const struct ktxn__schema ktxn__msg_add_offsets_to_txn_response;

struct ktxn__msg_end_txn_request {
  struct ktxn__str transactional_id;
  int64_t producer_id;
  int16_t producer_epoch;
  bool committed;
};

extern const struct ktxn__schema ktxn__msg_end_txn_request;

struct ktxn__msg_end_txn_response {
  int32_t throttle_time_ms;
  int16_t error_code;
  int64_t producer_id;
  int16_t producer_epoch;
};

extern const struct ktxn__schema ktxn__msg_end_txn_response;

struct ktxn__msg_txn_offset_commit_request_partition {
  int32_t partition_index;
  int64_t committed_offset;
  int32_t committed_leader_epoch;
  struct ktxn__str committed_metadata;
};

struct ktxn__msg_txn_offset_commit_request_topic {
  struct ktxn__str name;
  struct ktxn__msg_uuid topic_id;
  struct ktxn__msg_txn_offset_commit_request_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_txn_offset_commit_request {
  struct ktxn__str transactional_id;
  struct ktxn__str group_id;
  int64_t producer_id;
  int16_t producer_epoch;
  int32_t generation_id_or_member_epoch;
  struct ktxn__str member_id;
  struct ktxn__str group_instance_id;
  struct ktxn__msg_txn_offset_commit_request_topic *topics;
  int32_t topics_count;
};

extern const struct ktxn__schema ktxn__msg_txn_offset_commit_request;

struct ktxn__msg_txn_offset_commit_response_partition {
  int32_t partition_index;
  int16_t error_code;
};

struct ktxn__msg_txn_offset_commit_response_topic {
  struct ktxn__str name;
  struct ktxn__msg_uuid topic_id;
  struct ktxn__msg_txn_offset_commit_response_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_txn_offset_commit_response {
  int32_t throttle_time_ms;
  struct ktxn__msg_txn_offset_commit_response_topic *topics;
  int32_t topics_count;
};

extern const struct ktxn__schema ktxn__msg_txn_offset_commit_response;

struct ktxn__msg_write_txn_markers_request_topic {
  struct ktxn__str name;
  int32_t *partition_indexes;
  int32_t partition_indexes_count;
};

struct ktxn__msg_write_txn_markers_request_marker {
  int64_t producer_id;
  int16_t producer_epoch;
  bool transaction_result;
  struct ktxn__msg_write_txn_markers_request_topic *topics;
  int32_t topics_count;
  int32_t coordinator_epoch;
  int8_t transaction_version;
};

struct ktxn__msg_write_txn_markers_request {
  struct ktxn__msg_write_txn_markers_request_marker *markers;
  int32_t markers_count;
};

extern const struct ktxn__schema ktxn__msg_write_txn_markers_request;

struct ktxn__msg_write_txn_markers_response_partition {
  int32_t partition_index;
  int16_t error_code;
};

struct ktxn__msg_write_txn_markers_response_topic {
  struct ktxn__str name;
  struct ktxn__msg_write_txn_markers_response_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_write_txn_markers_response_marker {
  int64_t producer_id;
  struct ktxn__msg_write_txn_markers_response_topic *topics;
  int32_t topics_count;
};

struct ktxn__msg_write_txn_markers_response {
  struct ktxn__msg_write_txn_markers_response_marker *markers;
  int32_t markers_count;
};

extern const struct ktxn__schema ktxn__msg_write_txn_markers_response;

struct ktxn__msg_describe_transactions_request {
  struct ktxn__str *transactional_ids;
  int32_t transactional_ids_count;
};

extern const struct ktxn__schema ktxn__msg_describe_transactions_request;

struct ktxn__msg_describe_transactions_response_topic {
  struct ktxn__str topic;
  int32_t *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_describe_transactions_response_transaction_state {
  int16_t error_code;
  struct ktxn__str transactional_id;
  struct ktxn__str transaction_state;
  int32_t transaction_timeout_ms;
  int64_t transaction_start_time_ms;
  int64_t producer_id;
  int16_t producer_epoch;
  struct ktxn__msg_describe_transactions_response_topic *topics;
  int32_t topics_count;
};

struct ktxn__msg_describe_transactions_response {
  int32_t throttle_time_ms;
  struct ktxn__msg_describe_transactions_response_transaction_state *transaction_states;
  int32_t transaction_states_count;
};

extern const struct ktxn__schema ktxn__msg_describe_transactions_response;

struct ktxn__msg_list_transactions_request {
  struct ktxn__str *state_filters;
  int32_t state_filters_count;
  int64_t *producer_id_filters;
  int32_t producer_id_filters_count;
  int64_t duration_filter;
  struct ktxn__str transactional_id_pattern;
};

extern const struct ktxn__schema ktxn__msg_list_transactions_request;

struct ktxn__msg_list_transactions_response_transaction_state {
  struct ktxn__str transactional_id;
  int64_t producer_id;
  struct ktxn__str transaction_state;
};

struct ktxn__msg_list_transactions_response {
  int32_t throttle_time_ms;
  int16_t error_code;
  struct ktxn__str *unknown_state_filters;
  int32_t unknown_state_filters_count;
  struct ktxn__msg_list_transactions_response_transaction_state *transaction_states;
  int32_t transaction_states_count;
};

extern const struct ktxn__schema ktxn__msg_list_transactions_response;

#endif
