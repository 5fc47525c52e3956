/* Made by sdk/devbroker/regenerate from Kafka's message definitions; don't edit. */

#include "sdk/devbroker/messages/cluster.h"

#include "sdk/devbroker/messages/rows.h"

static const struct ktxn__schema_field msg_api_versions_request_rows[] = {
    KTXN__FIELD(msg_api_versions_request, client_software_name, STRING, 3, 5),
    KTXN__FIELD(msg_api_versions_request, client_software_version, STRING, 3, 5),
    KTXN__FIELD(msg_api_versions_request, cluster_id, STRING, 5, 5, .null_since = KTXN__SINCE(5), .fallback = -1),
    KTXN__FIELD(msg_api_versions_request, node_id, I32, 5, 5, .fallback = -1),
};
KTXN__MESSAGE(msg_api_versions_request, "ApiVersionsRequestData");

static const struct ktxn__schema_field msg_api_versions_response_api_key_rows[] = {
    KTXN__FIELD(msg_api_versions_response_api_key, api_key, I16, 0, 5),
    KTXN__FIELD(msg_api_versions_response_api_key, min_version, I16, 0, 5),
    KTXN__FIELD(msg_api_versions_response_api_key, max_version, I16, 0, 5),
};
KTXN__STRUCT(msg_api_versions_response_api_key, "ApiVersion");

static const struct ktxn__schema_field msg_api_versions_response_supported_feature_rows[] = {
    KTXN__FIELD(msg_api_versions_response_supported_feature, name, STRING, 3, 5),
    KTXN__FIELD(msg_api_versions_response_supported_feature, min_version, I16, 3, 5),
    KTXN__FIELD(msg_api_versions_response_supported_feature, max_version, I16, 3, 5),
};
KTXN__STRUCT(msg_api_versions_response_supported_feature, "SupportedFeatureKey");

static const struct ktxn__schema_field msg_api_versions_response_finalized_feature_rows[] = {
    KTXN__FIELD(msg_api_versions_response_finalized_feature, name, STRING, 3, 5),
    KTXN__FIELD(msg_api_versions_response_finalized_feature, max_version_level, I16, 3, 5),
    KTXN__FIELD(msg_api_versions_response_finalized_feature, min_version_level, I16, 3, 5),
};
KTXN__STRUCT(msg_api_versions_response_finalized_feature, "FinalizedFeatureKey");

static const struct ktxn__schema_field msg_api_versions_response_rows[] = {
    KTXN__FIELD(msg_api_versions_response, error_code, I16, 0, 5),
    KTXN__ARRAY(msg_api_versions_response, api_keys, ARRAY_STRUCT, 0, 5, .of = &msg_api_versions_response_api_key),
    KTXN__FIELD(msg_api_versions_response, throttle_time_ms, I32, 1, 5),
    KTXN__ARRAY(msg_api_versions_response, supported_features, ARRAY_STRUCT, 3, 5, .tag = KTXN__TAG(0),
                .of = &msg_api_versions_response_supported_feature),
    KTXN__FIELD(msg_api_versions_response, finalized_features_epoch, I64, 3, 5, .tag = KTXN__TAG(1), .fallback = -1),
    KTXN__ARRAY(msg_api_versions_response, finalized_features, ARRAY_STRUCT, 3, 5, .tag = KTXN__TAG(2),
                .of = &msg_api_versions_response_finalized_feature),
    KTXN__FIELD(msg_api_versions_response, zk_migration_ready, BOOL, 3, 5, .tag = KTXN__TAG(3)),
};
KTXN__MESSAGE(msg_api_versions_response, "ApiVersionsResponseData");

static const struct ktxn__schema_field msg_metadata_request_topic_rows[] = {
    KTXN__FIELD(msg_metadata_request_topic, topic_id, UUID, 10, 13),
    KTXN__FIELD(msg_metadata_request_topic, name, STRING, 0, 13, .null_since = KTXN__SINCE(10)),
};
KTXN__STRUCT(msg_metadata_request_topic, "MetadataRequestTopic");

static const struct ktxn__schema_field msg_metadata_request_rows[] = {
    KTXN__ARRAY(msg_metadata_request, topics, ARRAY_STRUCT, 0, 13, .null_since = KTXN__SINCE(1),
                .of = &msg_metadata_request_topic),
    KTXN__FIELD(msg_metadata_request, allow_auto_topic_creation, BOOL, 4, 13, .fallback = 1),
    KTXN__FIELD(msg_metadata_request, include_cluster_authorized_operations, BOOL, 8, 10),
    KTXN__FIELD(msg_metadata_request, include_topic_authorized_operations, BOOL, 8, 13),
};
KTXN__MESSAGE(msg_metadata_request, "MetadataRequestData");

static const struct ktxn__schema_field msg_metadata_response_broker_rows[] = {
    KTXN__FIELD(msg_metadata_response_broker, node_id, I32, 0, 13),
    KTXN__FIELD(msg_metadata_response_broker, host, STRING, 0, 13),
    KTXN__FIELD(msg_metadata_response_broker, port, I32, 0, 13),
    KTXN__FIELD(msg_metadata_response_broker, rack, STRING, 1, 13, .null_since = KTXN__SINCE(1), .fallback = -1),
};
KTXN__STRUCT(msg_metadata_response_broker, "MetadataResponseBroker");

static const struct ktxn__schema_field msg_metadata_response_partition_rows[] = {
    KTXN__FIELD(msg_metadata_response_partition, error_code, I16, 0, 13),
    KTXN__FIELD(msg_metadata_response_partition, partition_index, I32, 0, 13),
    KTXN__FIELD(msg_metadata_response_partition, leader_id, I32, 0, 13),
    KTXN__FIELD(msg_metadata_response_partition, leader_epoch, I32, 7, 13, .fallback = -1),
    KTXN__ARRAY(msg_metadata_response_partition, replica_nodes, ARRAY_I32, 0, 13),
    KTXN__ARRAY(msg_metadata_response_partition, isr_nodes, ARRAY_I32, 0, 13),
    KTXN__ARRAY(msg_metadata_response_partition, offline_replicas, ARRAY_I32, 5, 13),
};
KTXN__STRUCT(msg_metadata_response_partition, "MetadataResponsePartition");

static const struct ktxn__schema_field msg_metadata_response_topic_rows[] = {
    KTXN__FIELD(msg_metadata_response_topic, error_code, I16, 0, 13),
    KTXN__FIELD(msg_metadata_response_topic, name, STRING, 0, 13, .null_since = KTXN__SINCE(12)),
    KTXN__FIELD(msg_metadata_response_topic, topic_id, UUID, 10, 13),
    KTXN__FIELD(msg_metadata_response_topic, is_internal, BOOL, 1, 13),
    KTXN__ARRAY(msg_metadata_response_topic, partitions, ARRAY_STRUCT, 0, 13, .of = &msg_metadata_response_partition),
    KTXN__FIELD(msg_metadata_response_topic, topic_authorized_operations, I32, 8, 13, .fallback = INT32_MIN),
};
KTXN__STRUCT(msg_metadata_response_topic, "MetadataResponseTopic");

static const struct ktxn__schema_field msg_metadata_response_rows[] = {
    KTXN__FIELD(msg_metadata_response, throttle_time_ms, I32, 3, 13),
    KTXN__ARRAY(msg_metadata_response, brokers, ARRAY_STRUCT, 0, 13, .of = &msg_metadata_response_broker),
    KTXN__FIELD(msg_metadata_response, cluster_id, STRING, 2, 13, .null_since = KTXN__SINCE(2), .fallback = -1),
    KTXN__FIELD(msg_metadata_response, controller_id, I32, 1, 13, .fallback = -1),
    KTXN__ARRAY(msg_metadata_response, topics, ARRAY_STRUCT, 0, 13, .of = &msg_metadata_response_topic),
    KTXN__FIELD(msg_metadata_response, cluster_authorized_operations, I32, 8, 10, .fallback = INT32_MIN),
    KTXN__FIELD(msg_metadata_response, error_code, I16, 13, 13),
};
KTXN__MESSAGE(msg_metadata_response, "MetadataResponseData");

static const struct ktxn__schema_field msg_find_coordinator_request_rows[] = {
    KTXN__FIELD(msg_find_coordinator_request, key, STRING, 0, 3),
    KTXN__FIELD(msg_find_coordinator_request, key_type, I8, 1, 6),
    KTXN__ARRAY(msg_find_coordinator_request, coordinator_keys, ARRAY_STRING, 4, 6),
};
KTXN__MESSAGE(msg_find_coordinator_request, "FindCoordinatorRequestData");

static const struct ktxn__schema_field msg_find_coordinator_response_coordinator_rows[] = {
    KTXN__FIELD(msg_find_coordinator_response_coordinator, key, STRING, 4, 6),
    KTXN__FIELD(msg_find_coordinator_response_coordinator, node_id, I32, 4, 6),
    KTXN__FIELD(msg_find_coordinator_response_coordinator, host, STRING, 4, 6),
    KTXN__FIELD(msg_find_coordinator_response_coordinator, port, I32, 4, 6),
    KTXN__FIELD(msg_find_coordinator_response_coordinator, error_code, I16, 4, 6),
    KTXN__FIELD(msg_find_coordinator_response_coordinator, error_message, STRING, 4, 6, .null_since = KTXN__SINCE(4)),
};
KTXN__STRUCT(msg_find_coordinator_response_coordinator, "Coordinator");

static const struct ktxn__schema_field msg_find_coordinator_response_rows[] = {
    KTXN__FIELD(msg_find_coordinator_response, throttle_time_ms, I32, 1, 6),
    KTXN__FIELD(msg_find_coordinator_response, error_code, I16, 0, 3),
    KTXN__FIELD(msg_find_coordinator_response, error_message, STRING, 1, 3, .null_since = KTXN__SINCE(1)),
    KTXN__FIELD(msg_find_coordinator_response, node_id, I32, 0, 3),
    KTXN__FIELD(msg_find_coordinator_response, host, STRING, 0, 3),
    KTXN__FIELD(msg_find_coordinator_response, port, I32, 0, 3),
    KTXN__ARRAY(msg_find_coordinator_response, coordinators, ARRAY_STRUCT, 4, 6,
                .of = &msg_find_coordinator_response_coordinator),
};
KTXN__MESSAGE(msg_find_coordinator_response, "FindCoordinatorResponseData");

static const struct ktxn__schema_field msg_describe_cluster_request_rows[] = {
    KTXN__FIELD(msg_describe_cluster_request, include_cluster_authorized_operations, BOOL, 0, 2),
    KTXN__FIELD(msg_describe_cluster_request, endpoint_type, I8, 1, 2, .fallback = 1),
    KTXN__FIELD(msg_describe_cluster_request, include_fenced_brokers, BOOL, 2, 2),
};
KTXN__MESSAGE(msg_describe_cluster_request, "DescribeClusterRequestData");

static const struct ktxn__schema_field msg_describe_cluster_response_broker_rows[] = {
    KTXN__FIELD(msg_describe_cluster_response_broker, broker_id, I32, 0, 2),
    KTXN__FIELD(msg_describe_cluster_response_broker, host, STRING, 0, 2),
    KTXN__FIELD(msg_describe_cluster_response_broker, port, I32, 0, 2),
    KTXN__FIELD(msg_describe_cluster_response_broker, rack, STRING, 0, 2, .null_since = KTXN__SINCE(0), .fallback = -1),
    KTXN__FIELD(msg_describe_cluster_response_broker, is_fenced, BOOL, 2, 2),
};
KTXN__STRUCT(msg_describe_cluster_response_broker, "DescribeClusterBroker");

static const struct ktxn__schema_field msg_describe_cluster_response_rows[] = {
    KTXN__FIELD(msg_describe_cluster_response, throttle_time_ms, I32, 0, 2),
    KTXN__FIELD(msg_describe_cluster_response, error_code, I16, 0, 2),
    KTXN__FIELD(msg_describe_cluster_response, error_message, STRING, 0, 2, .null_since = KTXN__SINCE(0), .fallback = -1),
    KTXN__FIELD(msg_describe_cluster_response, endpoint_type, I8, 1, 2, .fallback = 1),
    KTXN__FIELD(msg_describe_cluster_response, cluster_id, STRING, 0, 2),
    KTXN__FIELD(msg_describe_cluster_response, controller_id, I32, 0, 2, .fallback = -1),
    KTXN__ARRAY(msg_describe_cluster_response, brokers, ARRAY_STRUCT, 0, 2, .of = &msg_describe_cluster_response_broker),
    KTXN__FIELD(msg_describe_cluster_response, cluster_authorized_operations, I32, 0, 2, .fallback = INT32_MIN),
};
KTXN__MESSAGE(msg_describe_cluster_response, "DescribeClusterResponseData");

static const struct ktxn__schema_field msg_update_features_request_feature_update_rows[] = {
    KTXN__FIELD(msg_update_features_request_feature_update, feature, STRING, 0, 2),
    KTXN__FIELD(msg_update_features_request_feature_update, max_version_level, I16, 0, 2),
    KTXN__FIELD(msg_update_features_request_feature_update, allow_downgrade, BOOL, 0, 0),
    KTXN__FIELD(msg_update_features_request_feature_update, upgrade_type, I8, 1, 2, .fallback = 1),
};
KTXN__STRUCT(msg_update_features_request_feature_update, "FeatureUpdateKey");

static const struct ktxn__schema_field msg_update_features_request_rows[] = {
    KTXN__FIELD(msg_update_features_request, timeout_ms, I32, 0, 2, .fallback = 60000),
    KTXN__ARRAY(msg_update_features_request, feature_updates, ARRAY_STRUCT, 0, 2,
                .of = &msg_update_features_request_feature_update),
    KTXN__FIELD(msg_update_features_request, validate_only, BOOL, 1, 2),
};
KTXN__MESSAGE(msg_update_features_request, "UpdateFeaturesRequestData");

static const struct ktxn__schema_field msg_update_features_response_result_rows[] = {
    KTXN__FIELD(msg_update_features_response_result, feature, STRING, 0, 2),
    KTXN__FIELD(msg_update_features_response_result, error_code, I16, 0, 2),
    KTXN__FIELD(msg_update_features_response_result, error_message, STRING, 0, 2, .null_since = KTXN__SINCE(0)),
};
KTXN__STRUCT(msg_update_features_response_result, "UpdatableFeatureResult");

static const struct ktxn__schema_field msg_update_features_response_rows[] = {
    KTXN__FIELD(msg_update_features_response, throttle_time_ms, I32, 0, 2),
    KTXN__FIELD(msg_update_features_response, error_code, I16, 0, 2),
    KTXN__FIELD(msg_update_features_response, error_message, STRING, 0, 2, .null_since = KTXN__SINCE(0)),
    KTXN__ARRAY(msg_update_features_response, results, ARRAY_STRUCT, 0, 1, .of = &msg_update_features_response_result),
};
KTXN__MESSAGE(msg_update_features_response, "UpdateFeaturesResponseData");
