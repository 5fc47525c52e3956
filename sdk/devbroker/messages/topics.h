#ifndef KTXN_DEVBROKER_MESSAGES_TOPICS_H
#define KTXN_DEVBROKER_MESSAGES_TOPICS_H

/* Made by sdk/devbroker/regenerate from Kafka's message definitions; don't edit. */

#include "sdk/devbroker/schema.h"

struct ktxn__msg_create_topics_request_assignment {
  int32_t partition_index;
  int32_t *broker_ids;
  int32_t broker_ids_count;
};

struct ktxn__msg_create_topics_request_config {
  struct ktxn__str name;
  struct ktxn__str value;
};

struct ktxn__msg_create_topics_request_topic {
  struct ktxn__str name;
  int32_t num_partitions;
  int16_t replication_factor;
  struct ktxn__msg_create_topics_request_assignment *assignments;
  int32_t assignments_count;
  struct ktxn__msg_create_topics_request_config *configs;
  int32_t configs_count;
};

struct ktxn__msg_create_topics_request {
  struct ktxn__msg_create_topics_request_topic *topics;
  int32_t topics_count;
  int32_t timeout_ms;
  bool validate_only;
};

extern const struct ktxn__schema ktxn__msg_create_topics_request;

struct ktxn__msg_create_topics_response_config {
  struct ktxn__str name;
  struct ktxn__str value;
  bool read_only;
  int8_t config_source;
  bool is_sensitive;
};

struct ktxn__msg_create_topics_response_topic {
  struct ktxn__str name;
  struct ktxn__msg_uuid topic_id;
  int16_t error_code;
  struct ktxn__str error_message;
  int16_t topic_config_error_code;
  int32_t num_partitions;
  int16_t replication_factor;
  struct ktxn__msg_create_topics_response_config *configs;
  int32_t configs_count;
};

struct ktxn__msg_create_topics_response {
  int32_t throttle_time_ms;
  struct ktxn__msg_create_topics_response_topic *topics;
  int32_t topics_count;
};

extern const struct ktxn__schema ktxn__msg_create_topics_response;

struct ktxn__msg_delete_topics_request_topic {
  struct ktxn__str name;
  struct ktxn__msg_uuid topic_id;
};

struct ktxn__msg_delete_topics_request {
  struct ktxn__msg_delete_topics_request_topic *topics;
  int32_t topics_count;
  struct ktxn__str *topic_names;
  int32_t topic_names_count;
  int32_t timeout_ms;
};

extern const struct ktxn__schema ktxn__msg_delete_topics_request;

struct ktxn__msg_delete_topics_response_response {
  struct ktxn__str name;
  struct ktxn__msg_uuid topic_id;
  int16_t error_code;
  struct ktxn__str error_message;
};

struct ktxn__msg_delete_topics_response {
  int32_t throttle_time_ms;
  struct ktxn__msg_delete_topics_response_response *responses;
  int32_t responses_count;
};

extern const struct ktxn__schema ktxn__msg_delete_topics_response;

struct ktxn__msg_create_partitions_request_assignment {
  int32_t *broker_ids;
  int32_t broker_ids_count;
};

struct ktxn__msg_create_partitions_request_topic {
  struct ktxn__str name;
  int32_t count;
  struct ktxn__msg_create_partitions_request_assignment *assignments;
  int32_t assignments_count;
};

struct ktxn__msg_create_partitions_request {
  struct ktxn__msg_create_partitions_request_topic *topics;
  int32_t topics_count;
  int32_t timeout_ms;
  bool validate_only;
};

extern const struct ktxn__schema ktxn__msg_create_partitions_request;

struct ktxn__msg_create_partitions_response_result {
  struct ktxn__str name;
  int16_t error_code;
  struct ktxn__str error_message;
};

struct ktxn__msg_create_partitions_response {
  int32_t throttle_time_ms;
  struct ktxn__msg_create_partitions_response_result *results;
  int32_t results_count;
};

extern const struct ktxn__schema ktxn__msg_create_partitions_response;

struct ktxn__msg_describe_configs_request_resource {
  int8_t resource_type;
  struct ktxn__str resource_name;
  struct ktxn__str *configuration_keys;
  int32_t configuration_keys_count;
};

struct ktxn__msg_describe_configs_request {
  struct ktxn__msg_describe_configs_request_resource *resources;
  int32_t resources_count;
  bool include_synonyms;
  bool include_documentation;
};

extern const struct ktxn__schema ktxn__msg_describe_configs_request;

struct ktxn__msg_describe_configs_response_synonym {
  struct ktxn__str name;
  struct ktxn__str value;
  int8_t source;
};

struct ktxn__msg_describe_configs_response_config {
  struct ktxn__str name;
  struct ktxn__str value;
  bool read_only;
  int8_t config_source;
  bool is_sensitive;
  struct ktxn__msg_describe_configs_response_synonym *synonyms;
  int32_t synonyms_count;
  int8_t config_type;
  struct ktxn__str documentation;
};

struct ktxn__msg_describe_configs_response_result {
  int16_t error_code;
  struct ktxn__str error_message;
  int8_t resource_type;
  struct ktxn__str resource_name;
  struct ktxn__msg_describe_configs_response_config *configs;
  int32_t configs_count;
};

struct ktxn__msg_describe_configs_response {
  int32_t throttle_time_ms;
  struct ktxn__msg_describe_configs_response_result *results;
  int32_t results_count;
};

extern const struct ktxn__schema ktxn__msg_describe_configs_response;

#endif
