#ifndef KTXN_DEVBROKER_MESSAGES_RECORDS_H
#define KTXN_DEVBROKER_MESSAGES_RECORDS_H

/* Made by sdk/devbroker/regenerate from Kafka's message definitions; don't edit. */

#include "sdk/devbroker/schema.h"

struct ktxn__msg_produce_request_partition_data {
  int32_t index;
  struct ktxn__span records;
};

struct ktxn__msg_produce_request_topic_data {
  struct ktxn__str name;
  struct ktxn__msg_uuid topic_id;
  struct ktxn__msg_produce_request_partition_data *partition_data;
  int32_t partition_data_count;
};

struct ktxn__msg_produce_request {
  struct ktxn__str transactional_id;
  int16_t acks;
  int32_t timeout_ms;
  struct ktxn__msg_produce_request_topic_data *topic_data;
  int32_t topic_data_count;
};

extern const struct ktxn__schema ktxn__msg_produce_request;

struct ktxn__msg_produce_response_record_error {
  int32_t batch_index;
  struct ktxn__str batch_index_error_message;
};

struct ktxn__msg_produce_response_current_leader {
  int32_t leader_id;
  int32_t leader_epoch;
};

struct ktxn__msg_produce_response_partition_response {
  int32_t index;
  int16_t error_code;
  int64_t base_offset;
  int64_t log_append_time_ms;
  int64_t log_start_offset;
  struct ktxn__msg_produce_response_record_error *record_errors;
  int32_t record_errors_count;
  struct ktxn__str error_message;
  struct ktxn__msg_produce_response_current_leader current_leader;
};

struct ktxn__msg_produce_response_response {
  struct ktxn__str name;
  struct ktxn__msg_uuid topic_id;
  struct ktxn__msg_produce_response_partition_response *partition_responses;
  int32_t partition_responses_count;
};

struct ktxn__msg_produce_response_node_endpoint {
  int32_t node_id;
  struct ktxn__str host;
  int32_t port;
  struct ktxn__str rack;
};

struct ktxn__msg_produce_response {
  struct ktxn__msg_produce_response_response *responses;
  int32_t responses_count;
  int32_t throttle_time_ms;
  struct ktxn__msg_produce_response_node_endpoint *node_endpoints;
  int32_t node_endpoints_count;
};

extern const struct ktxn__schema ktxn__msg_produce_response;

struct ktxn__msg_fetch_request_replica_state {
  int32_t replica_id;
  int64_t replica_epoch;
};

struct ktxn__msg_fetch_request_partition {
  int32_t partition;
  int32_t current_leader_epoch;
  int64_t fetch_offset;
  int32_t last_fetched_epoch;
  int64_t log_start_offset;
  int32_t partition_max_bytes;
  struct ktxn__msg_uuid replica_directory_id;
  int64_t high_watermark;
};

struct ktxn__msg_fetch_request_topic {
  struct ktxn__str topic;
  struct ktxn__msg_uuid topic_id;
  struct ktxn__msg_fetch_request_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_fetch_request_forgotten_topics_data {
  struct ktxn__str topic;
  struct ktxn__msg_uuid topic_id;
  int32_t *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_fetch_request {
  struct ktxn__str cluster_id;
  int32_t replica_id;
  struct ktxn__msg_fetch_request_replica_state replica_state;
  int32_t max_wait_ms;
  int32_t min_bytes;
  int32_t max_bytes;
  int8_t isolation_level;
  int32_t session_id;
  int32_t session_epoch;
  struct ktxn__msg_fetch_request_topic *topics;
  int32_t topics_count;
  struct ktxn__msg_fetch_request_forgotten_topics_data *forgotten_topics_data;
  int32_t forgotten_topics_data_count;
  struct ktxn__str rack_id;
};

extern const struct ktxn__schema ktxn__msg_fetch_request;

struct ktxn__msg_fetch_response_diverging_epoch {
  int32_t epoch;
  int64_t end_offset;
};

struct ktxn__msg_fetch_response_current_leader {
  int32_t leader_id;
  int32_t leader_epoch;
};

struct ktxn__msg_fetch_response_snapshot_id {
  int64_t end_offset;
  int32_t epoch;
};

struct ktxn__msg_fetch_response_aborted_transaction {
  int64_t producer_id;
  int64_t first_offset;
};

struct ktxn__msg_fetch_response_partition {
  int32_t partition_index;
  int16_t error_code;
  int64_t high_watermark;
  int64_t last_stable_offset;
  int64_t log_start_offset;
  struct ktxn__msg_fetch_response_diverging_epoch diverging_epoch;
  struct ktxn__msg_fetch_response_current_leader current_leader;
  struct ktxn__msg_fetch_response_snapshot_id snapshot_id;
  struct ktxn__msg_fetch_response_aborted_transaction *aborted_transactions;
  int32_t aborted_transactions_count;
  int32_t preferred_read_replica;
  struct ktxn__span records;
};

struct ktxn__msg_fetch_response_response {
  struct ktxn__str topic;
  struct ktxn__msg_uuid topic_id;
  struct ktxn__msg_fetch_response_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_fetch_response_node_endpoint {
  int32_t node_id;
  struct ktxn__str host;
  int32_t port;
  struct ktxn__str rack;
};

struct ktxn__msg_fetch_response {
  int32_t throttle_time_ms;
  int16_t error_code;
  int32_t session_id;
  struct ktxn__msg_fetch_response_response *responses;
  int32_t responses_count;
  struct ktxn__msg_fetch_response_node_endpoint *node_endpoints;
  int32_t node_endpoints_count;
};

extern const struct ktxn__schema ktxn__msg_fetch_response;

struct ktxn__msg_list_offsets_request_partition {
  int32_t partition_index;
  int32_t current_leader_epoch;
  int64_t timestamp;
};

struct ktxn__msg_list_offsets_request_topic {
  struct ktxn__str name;
  struct ktxn__msg_list_offsets_request_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_list_offsets_request {
  int32_t replica_id;
  int8_t isolation_level;
  struct ktxn__msg_list_offsets_request_topic *topics;
  int32_t topics_count;
  int32_t timeout_ms;
};

extern const struct ktxn__schema ktxn__msg_list_offsets_request;

struct ktxn__msg_list_offsets_response_partition {
  int32_t partition_index;
  int16_t error_code;
  int64_t timestamp;
  int64_t offset;
  int32_t leader_epoch;
};

struct ktxn__msg_list_offsets_response_topic {
  struct ktxn__str name;
  struct ktxn__msg_list_offsets_response_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_list_offsets_response {
  int32_t throttle_time_ms;
  struct ktxn__msg_list_offsets_response_topic *topics;
  int32_t topics_count;
};

extern const struct ktxn__schema ktxn__msg_list_offsets_response;

struct ktxn__msg_offset_for_leader_epoch_request_partition {
  int32_t partition;
  int32_t current_leader_epoch;
  int32_t leader_epoch;
};

struct ktxn__msg_offset_for_leader_epoch_request_topic {
  struct ktxn__str topic;
  struct ktxn__msg_offset_for_leader_epoch_request_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_offset_for_leader_epoch_request {
  int32_t replica_id;
  struct ktxn__msg_offset_for_leader_epoch_request_topic *topics;
  int32_t topics_count;
};

extern const struct ktxn__schema ktxn__msg_offset_for_leader_epoch_request;

struct ktxn__msg_offset_for_leader_epoch_response_partition {
  int16_t error_code;
  int32_t partition;
  int32_t leader_epoch;
  int64_t end_offset;
};

struct ktxn__msg_offset_for_leader_epoch_response_topic {
  struct ktxn__str topic;
  struct ktxn__msg_offset_for_leader_epoch_response_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_offset_for_leader_epoch_response {
  int32_t throttle_time_ms;
  struct ktxn__msg_offset_for_leader_epoch_response_topic *topics;
  int32_t topics_count;
};

extern const struct ktxn__schema ktxn__msg_offset_for_leader_epoch_response;

struct ktxn__msg_describe_producers_request_topic {
  struct ktxn__str name;
  int32_t *partition_indexes;
  int32_t partition_indexes_count;
};

struct ktxn__msg_describe_producers_request {
  struct ktxn__msg_describe_producers_request_topic *topics;
  int32_t topics_count;
};

extern const struct ktxn__schema ktxn__msg_describe_producers_request;

struct ktxn__msg_describe_producers_response_active_producer {
  int64_t producer_id;
  int32_t producer_epoch;
  int32_t last_sequence;
  int64_t last_timestamp;
  int32_t coordinator_epoch;
  int64_t current_txn_start_offset;
};

struct ktxn__msg_describe_producers_response_partition {
  int32_t partition_index;
  int16_t error_code;
  struct ktxn__str error_message;
  struct ktxn__msg_describe_producers_response_active_producer *active_producers;
  int32_t active_producers_count;
};

struct ktxn__msg_describe_producers_response_topic {
  struct ktxn__str name;
  struct ktxn__msg_describe_producers_response_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_describe_producers_response {
  int32_t throttle_time_ms;
  struct ktxn__msg_describe_producers_response_topic *topics;
  int32_t topics_count;
};

extern const struct ktxn__schema ktxn__msg_describe_producers_response;

struct ktxn__msg_delete_records_request_partition {
  int32_t partition_index;
  int64_t offset;
};

struct ktxn__msg_delete_records_request_topic {
  struct ktxn__str name;
  struct ktxn__msg_delete_records_request_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_delete_records_request {
  struct ktxn__msg_delete_records_request_topic *topics;
  int32_t topics_count;
  int32_t timeout_ms;
};

extern const struct ktxn__schema ktxn__msg_delete_records_request;

struct ktxn__msg_delete_records_response_partition {
  int32_t partition_index;
  int64_t low_watermark;
  int16_t error_code;
};

struct ktxn__msg_delete_records_response_topic {
  struct ktxn__str name;
  struct ktxn__msg_delete_records_response_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_delete_records_response {
  int32_t throttle_time_ms;
  struct ktxn__msg_delete_records_response_topic *topics;
  int32_t topics_count;
};

extern const struct ktxn__schema ktxn__msg_delete_records_response;

#endif
