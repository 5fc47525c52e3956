/* Made by sdk/devbroker/regenerate from Kafka's message definitions; don't edit. */

#include "sdk/devbroker/messages/topics.h"

#include "sdk/devbroker/messages/rows.h"

static const struct ktxn__schema_field msg_create_topics_request_assignment_rows[] = {
    KTXN__FIELD(msg_create_topics_request_assignment, partition_index, I32, 0, 7),
    KTXN__ARRAY(msg_create_topics_request_assignment, broker_ids, ARRAY_I32, 0, 7),
};
KTXN__STRUCT(msg_create_topics_request_assignment, "CreatableReplicaAssignment");

static const struct ktxn__schema_field msg_create_topics_request_config_rows[] = {
    KTXN__FIELD(msg_create_topics_request_config, name, STRING, 0, 7),
    KTXN__FIELD(msg_create_topics_request_config, value, STRING, 0, 7, .null_since = KTXN__SINCE(0)),
};
KTXN__STRUCT(msg_create_topics_request_config, "CreatableTopicConfig");

static const struct ktxn__schema_field msg_create_topics_request_topic_rows[] = {
    KTXN__FIELD(msg_create_topics_request_topic, name, STRING, 0, 7),
    KTXN__FIELD(msg_create_topics_request_topic, num_partitions, I32, 0, 7),
    KTXN__FIELD(msg_create_topics_request_topic, replication_factor, I16, 0, 7),
    KTXN__ARRAY(msg_create_topics_request_topic, assignments, ARRAY_STRUCT, 0, 7,
                .of = &msg_create_topics_request_assignment),
    KTXN__ARRAY(msg_create_topics_request_topic, configs, ARRAY_STRUCT, 0, 7, .of = &msg_create_topics_request_config),
};
KTXN__STRUCT(msg_create_topics_request_topic, "CreatableTopic");

static const struct ktxn__schema_field msg_create_topics_request_rows[] = {
    KTXN__ARRAY(msg_create_topics_request, topics, ARRAY_STRUCT, 0, 7, .of = &msg_create_topics_request_topic),
    KTXN__FIELD(msg_create_topics_request, timeout_ms, I32, 0, 7, .fallback = 60000),
    KTXN__FIELD(msg_create_topics_request, validate_only, BOOL, 1, 7),
};
KTXN__MESSAGE(msg_create_topics_request, "CreateTopicsRequestData");

static const struct ktxn__schema_field msg_create_topics_response_config_rows[] = {
    KTXN__FIELD(msg_create_topics_response_config, name, STRING, 5, 7),
    KTXN__FIELD(msg_create_topics_response_config, value, STRING, 5, 7, .null_since = KTXN__SINCE(5)),
    KTXN__FIELD(msg_create_topics_response_config, read_only, BOOL, 5, 7),
    KTXN__FIELD(msg_create_topics_response_config, config_source, I8, 5, 7, .fallback = -1),
    KTXN__FIELD(msg_create_topics_response_config, is_sensitive, BOOL, 5, 7),
};
KTXN__STRUCT(msg_create_topics_response_config, "CreatableTopicConfigs");

static const struct ktxn__schema_field msg_create_topics_response_topic_rows[] = {
    KTXN__FIELD(msg_create_topics_response_topic, name, STRING, 0, 7),
    KTXN__FIELD(msg_create_topics_response_topic, topic_id, UUID, 7, 7),
    KTXN__FIELD(msg_create_topics_response_topic, error_code, I16, 0, 7),
    KTXN__FIELD(msg_create_topics_response_topic, error_message, STRING, 1, 7, .null_since = KTXN__SINCE(0)),
    KTXN__FIELD(msg_create_topics_response_topic, topic_config_error_code, I16, 5, 7, .tag = KTXN__TAG(0)),
    KTXN__FIELD(msg_create_topics_response_topic, num_partitions, I32, 5, 7, .fallback = -1),
    KTXN__FIELD(msg_create_topics_response_topic, replication_factor, I16, 5, 7, .fallback = -1),
    KTXN__ARRAY(msg_create_topics_response_topic, configs, ARRAY_STRUCT, 5, 7, .null_since = KTXN__SINCE(5),
                .of = &msg_create_topics_response_config),
};
KTXN__STRUCT(msg_create_topics_response_topic, "CreatableTopicResult");

static const struct ktxn__schema_field msg_create_topics_response_rows[] = {
    KTXN__FIELD(msg_create_topics_response, throttle_time_ms, I32, 2, 7),
    KTXN__ARRAY(msg_create_topics_response, topics, ARRAY_STRUCT, 0, 7, .of = &msg_create_topics_response_topic),
};
KTXN__MESSAGE(msg_create_topics_response, "CreateTopicsResponseData");

static const struct ktxn__schema_field msg_delete_topics_request_topic_rows[] = {
    KTXN__FIELD(msg_delete_topics_request_topic, name, STRING, 6, 6, .null_since = KTXN__SINCE(6), .fallback = -1),
    KTXN__FIELD(msg_delete_topics_request_topic, topic_id, UUID, 6, 6),
};
KTXN__STRUCT(msg_delete_topics_request_topic, "DeleteTopicState");

static const struct ktxn__schema_field msg_delete_topics_request_rows[] = {
    KTXN__ARRAY(msg_delete_topics_request, topics, ARRAY_STRUCT, 6, 6, .of = &msg_delete_topics_request_topic),
    KTXN__ARRAY(msg_delete_topics_request, topic_names, ARRAY_STRING, 0, 5),
    KTXN__FIELD(msg_delete_topics_request, timeout_ms, I32, 0, 6),
};
KTXN__MESSAGE(msg_delete_topics_request, "DeleteTopicsRequestData");

static const struct ktxn__schema_field msg_delete_topics_response_response_rows[] = {
    KTXN__FIELD(msg_delete_topics_response_response, name, STRING, 0, 6, .null_since = KTXN__SINCE(6)),
    KTXN__FIELD(msg_delete_topics_response_response, topic_id, UUID, 6, 6),
    KTXN__FIELD(msg_delete_topics_response_response, error_code, I16, 0, 6),
    KTXN__FIELD(msg_delete_topics_response_response, error_message, STRING, 5, 6, .null_since = KTXN__SINCE(5),
                .fallback = -1),
};
KTXN__STRUCT(msg_delete_topics_response_response, "DeletableTopicResult");

static const struct ktxn__schema_field msg_delete_topics_response_rows[] = {
    KTXN__FIELD(msg_delete_topics_response, throttle_time_ms, I32, 1, 6),
    KTXN__ARRAY(msg_delete_topics_response, responses, ARRAY_STRUCT, 0, 6, .of = &msg_delete_topics_response_response),
};
KTXN__MESSAGE(msg_delete_topics_response, "DeleteTopicsResponseData");

static const struct ktxn__schema_field msg_create_partitions_request_assignment_rows[] = {
    KTXN__ARRAY(msg_create_partitions_request_assignment, broker_ids, ARRAY_I32, 0, 3),
};
KTXN__STRUCT(msg_create_partitions_request_assignment, "CreatePartitionsAssignment");

static const struct ktxn__schema_field msg_create_partitions_request_topic_rows[] = {
    KTXN__FIELD(msg_create_partitions_request_topic, name, STRING, 0, 3),
    KTXN__FIELD(msg_create_partitions_request_topic, count, I32, 0, 3),
    KTXN__ARRAY(msg_create_partitions_request_topic, assignments, ARRAY_STRUCT, 0, 3, .null_since = KTXN__SINCE(0),
                .of = &msg_create_partitions_request_assignment),
};
KTXN__STRUCT(msg_create_partitions_request_topic, "CreatePartitionsTopic");

static const struct ktxn__schema_field msg_create_partitions_request_rows[] = {
    KTXN__ARRAY(msg_create_partitions_request, topics, ARRAY_STRUCT, 0, 3, .of = &msg_create_partitions_request_topic),
    KTXN__FIELD(msg_create_partitions_request, timeout_ms, I32, 0, 3),
    KTXN__FIELD(msg_create_partitions_request, validate_only, BOOL, 0, 3),
};
KTXN__MESSAGE(msg_create_partitions_request, "CreatePartitionsRequestData");

static const struct ktxn__schema_field msg_create_partitions_response_result_rows[] = {
    KTXN__FIELD(msg_create_partitions_response_result, name, STRING, 0, 3),
    KTXN__FIELD(msg_create_partitions_response_result, error_code, I16, 0, 3),
    KTXN__FIELD(msg_create_partitions_response_result, error_message, STRING, 0, 3, .null_since = KTXN__SINCE(0),
                .fallback = -1),
};
KTXN__STRUCT(msg_create_partitions_response_result, "CreatePartitionsTopicResult");

static const struct ktxn__schema_field msg_create_partitions_response_rows[] = {
    KTXN__FIELD(msg_create_partitions_response, throttle_time_ms, I32, 0, 3),
    KTXN__ARRAY(msg_create_partitions_response, results, ARRAY_STRUCT, 0, 3, .of = &msg_create_partitions_response_result),
};
KTXN__MESSAGE(msg_create_partitions_response, "CreatePartitionsResponseData");

static const struct ktxn__schema_field msg_describe_configs_request_resource_rows[] = {
    KTXN__FIELD(msg_describe_configs_request_resource, resource_type, I8, 0, 4),
    KTXN__FIELD(msg_describe_configs_request_resource, resource_name, STRING, 0, 4),
    KTXN__ARRAY(msg_describe_configs_request_resource, configuration_keys, ARRAY_STRING, 0, 4,
                .null_since = KTXN__SINCE(0)),
};
KTXN__STRUCT(msg_describe_configs_request_resource, "DescribeConfigsResource");

static const struct ktxn__schema_field msg_describe_configs_request_rows[] = {
    KTXN__ARRAY(msg_describe_configs_request, resources, ARRAY_STRUCT, 0, 4, .of = &msg_describe_configs_request_resource),
    KTXN__FIELD(msg_describe_configs_request, include_synonyms, BOOL, 1, 4),
    KTXN__FIELD(msg_describe_configs_request, include_documentation, BOOL, 3, 4),
};
KTXN__MESSAGE(msg_describe_configs_request, "DescribeConfigsRequestData");

static const struct ktxn__schema_field msg_describe_configs_response_synonym_rows[] = {
    KTXN__FIELD(msg_describe_configs_response_synonym, name, STRING, 1, 4),
    KTXN__FIELD(msg_describe_configs_response_synonym, value, STRING, 1, 4, .null_since = KTXN__SINCE(0)),
    KTXN__FIELD(msg_describe_configs_response_synonym, source, I8, 1, 4),
};
KTXN__STRUCT(msg_describe_configs_response_synonym, "DescribeConfigsSynonym");

static const struct ktxn__schema_field msg_describe_configs_response_config_rows[] = {
    KTXN__FIELD(msg_describe_configs_response_config, name, STRING, 0, 4),
    KTXN__FIELD(msg_describe_configs_response_config, value, STRING, 0, 4, .null_since = KTXN__SINCE(0)),
    KTXN__FIELD(msg_describe_configs_response_config, read_only, BOOL, 0, 4),
    KTXN__FIELD(msg_describe_configs_response_config, config_source, I8, 1, 4, .fallback = -1),
    KTXN__FIELD(msg_describe_configs_response_config, is_sensitive, BOOL, 0, 4),
    KTXN__ARRAY(msg_describe_configs_response_config, synonyms, ARRAY_STRUCT, 1, 4,
                .of = &msg_describe_configs_response_synonym),
    KTXN__FIELD(msg_describe_configs_response_config, config_type, I8, 3, 4),
    KTXN__FIELD(msg_describe_configs_response_config, documentation, STRING, 3, 4, .null_since = KTXN__SINCE(0)),
};
KTXN__STRUCT(msg_describe_configs_response_config, "DescribeConfigsResourceResult");

static const struct ktxn__schema_field msg_describe_configs_response_result_rows[] = {
    KTXN__FIELD(msg_describe_configs_response_result, error_code, I16, 0, 4),
    KTXN__FIELD(msg_describe_configs_response_result, error_message, STRING, 0, 4, .null_since = KTXN__SINCE(0)),
    KTXN__FIELD(msg_describe_configs_response_result, resource_type, I8, 0, 4),
    KTXN__FIELD(msg_describe_configs_response_result, resource_name, STRING, 0, 4),
    KTXN__ARRAY(msg_describe_configs_response_result, configs, ARRAY_STRUCT, 0, 4,
                .of = &msg_describe_configs_response_config),
};
KTXN__STRUCT(msg_describe_configs_response_result, "DescribeConfigsResult");

static const struct ktxn__schema_field msg_describe_configs_response_rows[] = {
    KTXN__FIELD(msg_describe_configs_response, throttle_time_ms, I32, 0, 4),
    KTXN__ARRAY(msg_describe_configs_response, results, ARRAY_STRUCT, 0, 4, .of = &msg_describe_configs_response_result),
};
KTXN__MESSAGE(msg_describe_configs_response, "DescribeConfigsResponseData");
