#ifndef KTXN_DEVBROKER_MESSAGES_GROUPS_H
#define KTXN_DEVBROKER_MESSAGES_GROUPS_H

/* Made by sdk/devbroker/regenerate from Kafka's message definitions; don't edit. */

#include "sdk/devbroker/schema.h"

struct ktxn__msg_join_group_request_protocol {
  struct ktxn__str name;
  struct ktxn__span metadata;
};

struct ktxn__msg_join_group_request {
  struct ktxn__str group_id;
  int32_t session_timeout_ms;
  int32_t rebalance_timeout_ms;
  struct ktxn__str member_id;
  struct ktxn__str group_instance_id;
  struct ktxn__str protocol_type;
  struct ktxn__msg_join_group_request_protocol *protocols;
  int32_t protocols_count;
  struct ktxn__str reason;
};

extern const struct ktxn__schema ktxn__msg_join_group_request;

struct ktxn__msg_join_group_response_member {
  struct ktxn__str member_id;
  struct ktxn__str group_instance_id;
  struct ktxn__span metadata;
};

struct ktxn__msg_join_group_response {
  int32_t throttle_time_ms;
  int16_t error_code;
  int32_t generation_id;
  struct ktxn__str protocol_type;
  struct ktxn__str protocol_name;
  struct ktxn__str leader;
  bool skip_assignment;
  struct ktxn__str member_id;
  struct ktxn__msg_join_group_response_member *members;
  int32_t members_count;
};

extern const struct ktxn__schema ktxn__msg_join_group_response;

struct ktxn__msg_sync_group_request_assignment {
  struct ktxn__str member_id;
  struct ktxn__span assignment;
};

struct ktxn__msg_sync_group_request {
  struct ktxn__str group_id;
  int32_t generation_id;
  struct ktxn__str member_id;
  struct ktxn__str group_instance_id;
  struct ktxn__str protocol_type;
  struct ktxn__str protocol_name;
  struct ktxn__msg_sync_group_request_assignment *assignments;
  int32_t assignments_count;
};

extern const struct ktxn__schema ktxn__msg_sync_group_request;

struct ktxn__msg_sync_group_response {
  int32_t throttle_time_ms;
  int16_t error_code;
  struct ktxn__str protocol_type;
  struct ktxn__str protocol_name;
  struct ktxn__span assignment;
};

extern const struct ktxn__schema ktxn__msg_sync_group_response;

struct ktxn__msg_heartbeat_request {
  struct ktxn__str group_id;
  int32_t generation_id;
  struct ktxn__str member_id;
  struct ktxn__str group_instance_id;
};

extern const struct ktxn__schema ktxn__msg_heartbeat_request;

struct ktxn__msg_heartbeat_response {
  int32_t throttle_time_ms;
  int16_t error_code;
};

extern const struct ktxn__schema ktxn__msg_heartbeat_response;

struct ktxn__msg_leave_group_request_member {
  struct ktxn__str member_id;
  struct ktxn__str group_instance_id;
  struct ktxn__str reason;
};

struct ktxn__msg_leave_group_request {
  struct ktxn__str group_id;
  struct ktxn__str member_id;
  struct ktxn__msg_leave_group_request_member *members;
  int32_t members_count;
};

extern const struct ktxn__schema ktxn__msg_leave_group_request;

struct ktxn__msg_leave_group_response_member {
  struct ktxn__str member_id;
  struct ktxn__str group_instance_id;
  int16_t error_code;
};

struct ktxn__msg_leave_group_response {
  int32_t throttle_time_ms;
  int16_t error_code;
  struct ktxn__msg_leave_group_response_member *members;
  int32_t members_count;
};

extern const struct ktxn__schema ktxn__msg_leave_group_response;

struct ktxn__msg_describe_groups_request {
  struct ktxn__str *groups;
  int32_t groups_count;
  bool include_authorized_operations;
};

extern const struct ktxn__schema ktxn__msg_describe_groups_request;

struct ktxn__msg_describe_groups_response_member {
  struct ktxn__str member_id;
  struct ktxn__str group_instance_id;
  struct ktxn__str client_id;
  struct ktxn__str client_host;
  struct ktxn__span member_metadata;
  struct ktxn__span member_assignment;
};

struct ktxn__msg_describe_groups_response_group {
  int16_t error_code;
  struct ktxn__str error_message;
  struct ktxn__str group_id;
  struct ktxn__str group_state;
  struct ktxn__str protocol_type;
  struct ktxn__str protocol_data;
  struct ktxn__msg_describe_groups_response_member *members;
  int32_t members_count;
  int32_t authorized_operations;
};

struct ktxn__msg_describe_groups_response {
  int32_t throttle_time_ms;
  struct ktxn__msg_describe_groups_response_group *groups;
  int32_t groups_count;
};

extern const struct ktxn__schema ktxn__msg_describe_groups_response;

struct ktxn__msg_list_groups_request {
  struct ktxn__str *states_filter;
  int32_t states_filter_count;
  struct ktxn__str *types_filter;
  int32_t types_filter_count;
};

extern const struct ktxn__schema ktxn__msg_list_groups_request;

struct ktxn__msg_list_groups_response_group {
  struct ktxn__str group_id;
  struct ktxn__str protocol_type;
  struct ktxn__str group_state;
  struct ktxn__str group_type;
};

struct ktxn__msg_list_groups_response {
  int32_t throttle_time_ms;
  int16_t error_code;
  struct ktxn__msg_list_groups_response_group *groups;
  int32_t groups_count;
};

extern const struct ktxn__schema ktxn__msg_list_groups_response;

struct ktxn__msg_delete_groups_request {
  struct ktxn__str *groups_names;
  int32_t groups_names_count;
};

extern const struct ktxn__schema ktxn__msg_delete_groups_request;

struct ktxn__msg_delete_groups_response_result {
  struct ktxn__str group_id;
  int16_t error_code;
  struct ktxn__str error_message;
};

struct ktxn__msg_delete_groups_response {
  int32_t throttle_time_ms;
  struct ktxn__msg_delete_groups_response_result *results;
  int32_t results_count;
};

extern const struct ktxn__schema ktxn__msg_delete_groups_response;

#endif
