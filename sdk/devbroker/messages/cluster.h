#ifndef KTXN_DEVBROKER_MESSAGES_CLUSTER_H
#define KTXN_DEVBROKER_MESSAGES_CLUSTER_H

/* Made by sdk/devbroker/regenerate from Kafka's message definitions; don't edit. */

#include "sdk/devbroker/schema.h"

struct ktxn__msg_api_versions_request {
  struct ktxn__str client_software_name;
  struct ktxn__str client_software_version;
  struct ktxn__str cluster_id;
  int32_t node_id;
};

extern const struct ktxn__schema ktxn__msg_api_versions_request;

struct ktxn__msg_api_versions_response_api_key {
  int16_t api_key;
  int16_t min_version;
  int16_t max_version;
};

struct ktxn__msg_api_versions_response_supported_feature {
  struct ktxn__str name;
  int16_t min_version;
  int16_t max_version;
};

struct ktxn__msg_api_versions_response_finalized_feature {
  struct ktxn__str name;
  int16_t max_version_level;
  int16_t min_version_level;
};

struct ktxn__msg_api_versions_response {
  int16_t error_code;
  struct ktxn__msg_api_versions_response_api_key *api_keys;
  int32_t api_keys_count;
  int32_t throttle_time_ms;
  struct ktxn__msg_api_versions_response_supported_feature *supported_features;
  int32_t supported_features_count;
  int64_t finalized_features_epoch;
  struct ktxn__msg_api_versions_response_finalized_feature *finalized_features;
  int32_t finalized_features_count;
  bool zk_migration_ready;
};

extern const struct ktxn__schema ktxn__msg_api_versions_response;

struct ktxn__msg_metadata_request_topic {
  struct ktxn__msg_uuid topic_id;
  struct ktxn__str name;
};

struct ktxn__msg_metadata_request {
  struct ktxn__msg_metadata_request_topic *topics;
  int32_t topics_count;
  bool allow_auto_topic_creation;
  bool include_cluster_authorized_operations;
  bool include_topic_authorized_operations;
};

extern const struct ktxn__schema ktxn__msg_metadata_request;

struct ktxn__msg_metadata_response_broker {
  int32_t node_id;
  struct ktxn__str host;
  int32_t port;
  struct ktxn__str rack;
};

struct ktxn__msg_metadata_response_partition {
  int16_t error_code;
  int32_t partition_index;
  int32_t leader_id;
  int32_t leader_epoch;
  int32_t *replica_nodes;
  int32_t replica_nodes_count;
  int32_t *isr_nodes;
  int32_t isr_nodes_count;
  int32_t *offline_replicas;
  int32_t offline_replicas_count;
};

struct ktxn__msg_metadata_response_topic {
  int16_t error_code;
  struct ktxn__str name;
  struct ktxn__msg_uuid topic_id;
  bool is_internal;
  struct ktxn__msg_metadata_response_partition *partitions;
  int32_t partitions_count;
  int32_t topic_authorized_operations;
};

struct ktxn__msg_metadata_response {
  int32_t throttle_time_ms;
  struct ktxn__msg_metadata_response_broker *brokers;
  int32_t brokers_count;
  struct ktxn__str cluster_id;
  int32_t controller_id;
  struct ktxn__msg_metadata_response_topic *topics;
  int32_t topics_count;
  int32_t cluster_authorized_operations;
  int16_t error_code;
};

extern const struct ktxn__schema ktxn__msg_metadata_response;

struct ktxn__msg_find_coordinator_request {
  struct ktxn__str key;
  int8_t key_type;
  struct ktxn__str *coordinator_keys;
  int32_t coordinator_keys_count;
};

extern const struct ktxn__schema ktxn__msg_find_coordinator_request;

struct ktxn__msg_find_coordinator_response_coordinator {
  struct ktxn__str key;
  int32_t node_id;
  struct ktxn__str host;
  int32_t port;
  int16_t error_code;
  struct ktxn__str error_message;
};

struct ktxn__msg_find_coordinator_response {
  int32_t throttle_time_ms;
  int16_t error_code;
  struct ktxn__str error_message;
  int32_t node_id;
  struct ktxn__str host;
  int32_t port;
  struct ktxn__msg_find_coordinator_response_coordinator *coordinators;
  int32_t coordinators_count;
};

extern const struct ktxn__schema ktxn__msg_find_coordinator_response;

struct ktxn__msg_describe_cluster_request {
  bool include_cluster_authorized_operations;
  int8_t endpoint_type;
  bool include_fenced_brokers;
};

extern const struct ktxn__schema ktxn__msg_describe_cluster_request;

struct ktxn__msg_describe_cluster_response_broker {
  int32_t broker_id;
  struct ktxn__str host;
  int32_t port;
  struct ktxn__str rack;
  bool is_fenced;
};

struct ktxn__msg_describe_cluster_response {
  int32_t throttle_time_ms;
  int16_t error_code;
  struct ktxn__str error_message;
  int8_t endpoint_type;
  struct ktxn__str cluster_id;
  int32_t controller_id;
  struct ktxn__msg_describe_cluster_response_broker *brokers;
  int32_t brokers_count;
  int32_t cluster_authorized_operations;
};

extern const struct ktxn__schema ktxn__msg_describe_cluster_response;

struct ktxn__msg_update_features_request_feature_update {
  struct ktxn__str feature;
  int16_t max_version_level;
  bool allow_downgrade;
  int8_t upgrade_type;
};

struct ktxn__msg_update_features_request {
  int32_t timeout_ms;
  struct ktxn__msg_update_features_request_feature_update *feature_updates;
  int32_t feature_updates_count;
  bool validate_only;
};

extern const struct ktxn__schema ktxn__msg_update_features_request;

struct ktxn__msg_update_features_response_result {
  struct ktxn__str feature;
  int16_t error_code;
  struct ktxn__str error_message;
};

struct ktxn__msg_update_features_response {
  int32_t throttle_time_ms;
  int16_t error_code;
  struct ktxn__str error_message;
  struct ktxn__msg_update_features_response_result *results;
  int32_t results_count;
};

extern const struct ktxn__schema ktxn__msg_update_features_response;

#endif
