/* Made by sdk/devbroker/regenerate from Kafka's message definitions; don't edit. */

#include "sdk/devbroker/messages/groups.h"

#include "sdk/devbroker/messages/rows.h"

static const struct ktxn__schema_field msg_join_group_request_protocol_rows[] = {
    KTXN__FIELD(msg_join_group_request_protocol, name, STRING, 0, 9),
    KTXN__FIELD(msg_join_group_request_protocol, metadata, BYTES, 0, 9),
};
KTXN__STRUCT(msg_join_group_request_protocol, "JoinGroupRequestProtocol");

static const struct ktxn__schema_field msg_join_group_request_rows[] = {
    KTXN__FIELD(msg_join_group_request, group_id, STRING, 0, 9),
    KTXN__FIELD(msg_join_group_request, session_timeout_ms, I32, 0, 9),
    KTXN__FIELD(msg_join_group_request, rebalance_timeout_ms, I32, 1, 9, .fallback = -1),
    KTXN__FIELD(msg_join_group_request, member_id, STRING, 0, 9),
    KTXN__FIELD(msg_join_group_request, group_instance_id, STRING, 5, 9, .null_since = KTXN__SINCE(5), .fallback = -1),
    KTXN__FIELD(msg_join_group_request, protocol_type, STRING, 0, 9),
    KTXN__ARRAY(msg_join_group_request, protocols, ARRAY_STRUCT, 0, 9, .of = &msg_join_group_request_protocol),
    KTXN__FIELD(msg_join_group_request, reason, STRING, 8, 9, .null_since = KTXN__SINCE(8), .fallback = -1),
};
KTXN__MESSAGE(msg_join_group_request, "JoinGroupRequestData");

static const struct ktxn__schema_field msg_join_group_response_member_rows[] = {
    KTXN__FIELD(msg_join_group_response_member, member_id, STRING, 0, 9),
    KTXN__FIELD(msg_join_group_response_member, group_instance_id, STRING, 5, 9, .null_since = KTXN__SINCE(5),
                .fallback = -1),
    KTXN__FIELD(msg_join_group_response_member, metadata, BYTES, 0, 9),
};
KTXN__STRUCT(msg_join_group_response_member, "JoinGroupResponseMember");

static const struct ktxn__schema_field msg_join_group_response_rows[] = {
    KTXN__FIELD(msg_join_group_response, throttle_time_ms, I32, 2, 9),
    KTXN__FIELD(msg_join_group_response, error_code, I16, 0, 9),
    KTXN__FIELD(msg_join_group_response, generation_id, I32, 0, 9, .fallback = -1),
    KTXN__FIELD(msg_join_group_response, protocol_type, STRING, 7, 9, .null_since = KTXN__SINCE(7), .fallback = -1),
    KTXN__FIELD(msg_join_group_response, protocol_name, STRING, 0, 9, .null_since = KTXN__SINCE(7)),
    KTXN__FIELD(msg_join_group_response, leader, STRING, 0, 9),
    KTXN__FIELD(msg_join_group_response, skip_assignment, BOOL, 9, 9),
    KTXN__FIELD(msg_join_group_response, member_id, STRING, 0, 9),
    KTXN__ARRAY(msg_join_group_response, members, ARRAY_STRUCT, 0, 9, .of = &msg_join_group_response_member),
};
KTXN__MESSAGE(msg_join_group_response, "JoinGroupResponseData");

static const struct ktxn__schema_field msg_sync_group_request_assignment_rows[] = {
    KTXN__FIELD(msg_sync_group_request_assignment, member_id, STRING, 0, 5),
    KTXN__FIELD(msg_sync_group_request_assignment, assignment, BYTES, 0, 5),
};
KTXN__STRUCT(msg_sync_group_request_assignment, "SyncGroupRequestAssignment");

static const struct ktxn__schema_field msg_sync_group_request_rows[] = {
    KTXN__FIELD(msg_sync_group_request, group_id, STRING, 0, 5),
    KTXN__FIELD(msg_sync_group_request, generation_id, I32, 0, 5),
    KTXN__FIELD(msg_sync_group_request, member_id, STRING, 0, 5),
    KTXN__FIELD(msg_sync_group_request, group_instance_id, STRING, 3, 5, .null_since = KTXN__SINCE(3), .fallback = -1),
    KTXN__FIELD(msg_sync_group_request, protocol_type, STRING, 5, 5, .null_since = KTXN__SINCE(5), .fallback = -1),
    KTXN__FIELD(msg_sync_group_request, protocol_name, STRING, 5, 5, .null_since = KTXN__SINCE(5), .fallback = -1),
    KTXN__ARRAY(msg_sync_group_request, assignments, ARRAY_STRUCT, 0, 5, .of = &msg_sync_group_request_assignment),
};
KTXN__MESSAGE(msg_sync_group_request, "SyncGroupRequestData");

static const struct ktxn__schema_field msg_sync_group_response_rows[] = {
    KTXN__FIELD(msg_sync_group_response, throttle_time_ms, I32, 1, 5),
    KTXN__FIELD(msg_sync_group_response, error_code, I16, 0, 5),
    KTXN__FIELD(msg_sync_group_response, protocol_type, STRING, 5, 5, .null_since = KTXN__SINCE(5), .fallback = -1),
    KTXN__FIELD(msg_sync_group_response, protocol_name, STRING, 5, 5, .null_since = KTXN__SINCE(5), .fallback = -1),
    KTXN__FIELD(msg_sync_group_response, assignment, BYTES, 0, 5),
};
KTXN__MESSAGE(msg_sync_group_response, "SyncGroupResponseData");

static const struct ktxn__schema_field msg_heartbeat_request_rows[] = {
    KTXN__FIELD(msg_heartbeat_request, group_id, STRING, 0, 4),
    KTXN__FIELD(msg_heartbeat_request, generation_id, I32, 0, 4),
    KTXN__FIELD(msg_heartbeat_request, member_id, STRING, 0, 4),
    KTXN__FIELD(msg_heartbeat_request, group_instance_id, STRING, 3, 4, .null_since = KTXN__SINCE(3), .fallback = -1),
};
KTXN__MESSAGE(msg_heartbeat_request, "HeartbeatRequestData");

static const struct ktxn__schema_field msg_heartbeat_response_rows[] = {
    KTXN__FIELD(msg_heartbeat_response, throttle_time_ms, I32, 1, 4),
    KTXN__FIELD(msg_heartbeat_response, error_code, I16, 0, 4),
};
KTXN__MESSAGE(msg_heartbeat_response, "HeartbeatResponseData");

static const struct ktxn__schema_field msg_leave_group_request_member_rows[] = {
    KTXN__FIELD(msg_leave_group_request_member, member_id, STRING, 3, 5),
    KTXN__FIELD(msg_leave_group_request_member, group_instance_id, STRING, 3, 5, .null_since = KTXN__SINCE(3),
                .fallback = -1),
    KTXN__FIELD(msg_leave_group_request_member, reason, STRING, 5, 5, .null_since = KTXN__SINCE(5), .fallback = -1),
};
KTXN__STRUCT(msg_leave_group_request_member, "MemberIdentity");

static const struct ktxn__schema_field msg_leave_group_request_rows[] = {
    KTXN__FIELD(msg_leave_group_request, group_id, STRING, 0, 5),
    KTXN__FIELD(msg_leave_group_request, member_id, STRING, 0, 2),
    KTXN__ARRAY(msg_leave_group_request, members, ARRAY_STRUCT, 3, 5, .of = &msg_leave_group_request_member),
};
KTXN__MESSAGE(msg_leave_group_request, "LeaveGroupRequestData");

static const struct ktxn__schema_field msg_leave_group_response_member_rows[] = {
    KTXN__FIELD(msg_leave_group_response_member, member_id, STRING, 3, 5),
    KTXN__FIELD(msg_leave_group_response_member, group_instance_id, STRING, 3, 5, .null_since = KTXN__SINCE(3)),
    KTXN__FIELD(msg_leave_group_response_member, error_code, I16, 3, 5),
};
KTXN__STRUCT(msg_leave_group_response_member, "MemberResponse");

static const struct ktxn__schema_field msg_leave_group_response_rows[] = {
    KTXN__FIELD(msg_leave_group_response, throttle_time_ms, I32, 1, 5),
    KTXN__FIELD(msg_leave_group_response, error_code, I16, 0, 5),
    KTXN__ARRAY(msg_leave_group_response, members, ARRAY_STRUCT, 3, 5, .of = &msg_leave_group_response_member),
};
KTXN__MESSAGE(msg_leave_group_response, "LeaveGroupResponseData");

static const struct ktxn__schema_field msg_describe_groups_request_rows[] = {
    KTXN__ARRAY(msg_describe_groups_request, groups, ARRAY_STRING, 0, 6),
    KTXN__FIELD(msg_describe_groups_request, include_authorized_operations, BOOL, 3, 6),
};
KTXN__MESSAGE(msg_describe_groups_request, "DescribeGroupsRequestData");

static const struct ktxn__schema_field msg_describe_groups_response_member_rows[] = {
    KTXN__FIELD(msg_describe_groups_response_member, member_id, STRING, 0, 6),
    KTXN__FIELD(msg_describe_groups_response_member, group_instance_id, STRING, 4, 6, .null_since = KTXN__SINCE(4),
                .fallback = -1),
    KTXN__FIELD(msg_describe_groups_response_member, client_id, STRING, 0, 6),
    KTXN__FIELD(msg_describe_groups_response_member, client_host, STRING, 0, 6),
    KTXN__FIELD(msg_describe_groups_response_member, member_metadata, BYTES, 0, 6),
    KTXN__FIELD(msg_describe_groups_response_member, member_assignment, BYTES, 0, 6),
};
KTXN__STRUCT(msg_describe_groups_response_member, "DescribedGroupMember");

static const struct ktxn__schema_field msg_describe_groups_response_group_rows[] = {
    KTXN__FIELD(msg_describe_groups_response_group, error_code, I16, 0, 6),
    KTXN__FIELD(msg_describe_groups_response_group, error_message, STRING, 6, 6, .null_since = KTXN__SINCE(6),
                .fallback = -1),
    KTXN__FIELD(msg_describe_groups_response_group, group_id, STRING, 0, 6),
    KTXN__FIELD(msg_describe_groups_response_group, group_state, STRING, 0, 6),
    KTXN__FIELD(msg_describe_groups_response_group, protocol_type, STRING, 0, 6),
    KTXN__FIELD(msg_describe_groups_response_group, protocol_data, STRING, 0, 6),
    KTXN__ARRAY(msg_describe_groups_response_group, members, ARRAY_STRUCT, 0, 6,
                .of = &msg_describe_groups_response_member),
    KTXN__FIELD(msg_describe_groups_response_group, authorized_operations, I32, 3, 6, .fallback = INT32_MIN),
};
KTXN__STRUCT(msg_describe_groups_response_group, "DescribedGroup");

static const struct ktxn__schema_field msg_describe_groups_response_rows[] = {
    KTXN__FIELD(msg_describe_groups_response, throttle_time_ms, I32, 1, 6),
    KTXN__ARRAY(msg_describe_groups_response, groups, ARRAY_STRUCT, 0, 6, .of = &msg_describe_groups_response_group),
};
KTXN__MESSAGE(msg_describe_groups_response, "DescribeGroupsResponseData");

static const struct ktxn__schema_field msg_list_groups_request_rows[] = {
    KTXN__ARRAY(msg_list_groups_request, states_filter, ARRAY_STRING, 4, 5),
    KTXN__ARRAY(msg_list_groups_request, types_filter, ARRAY_STRING, 5, 5),
};
KTXN__MESSAGE(msg_list_groups_request, "ListGroupsRequestData");

static const struct ktxn__schema_field msg_list_groups_response_group_rows[] = {
    KTXN__FIELD(msg_list_groups_response_group, group_id, STRING, 0, 5),
    KTXN__FIELD(msg_list_groups_response_group, protocol_type, STRING, 0, 5),
    KTXN__FIELD(msg_list_groups_response_group, group_state, STRING, 4, 5),
    KTXN__FIELD(msg_list_groups_response_group, group_type, STRING, 5, 5),
};
KTXN__STRUCT(msg_list_groups_response_group, "ListedGroup");

static const struct ktxn__schema_field msg_list_groups_response_rows[] = {
    KTXN__FIELD(msg_list_groups_response, throttle_time_ms, I32, 1, 5),
    KTXN__FIELD(msg_list_groups_response, error_code, I16, 0, 5),
    KTXN__ARRAY(msg_list_groups_response, groups, ARRAY_STRUCT, 0, 5, .of = &msg_list_groups_response_group),
};
KTXN__MESSAGE(msg_list_groups_response, "ListGroupsResponseData");

static const struct ktxn__schema_field msg_delete_groups_request_rows[] = {
    KTXN__ARRAY(msg_delete_groups_request, groups_names, ARRAY_STRING, 0, 3),
};
KTXN__MESSAGE(msg_delete_groups_request, "DeleteGroupsRequestData");

static const struct ktxn__schema_field msg_delete_groups_response_result_rows[] = {
    KTXN__FIELD(msg_delete_groups_response_result, group_id, STRING, 0, 3),
    KTXN__FIELD(msg_delete_groups_response_result, error_code, I16, 0, 3),
    KTXN__FIELD(msg_delete_groups_response_result, error_message, STRING, 3, 3, .null_since = KTXN__SINCE(3),
                .fallback = -1),
};
KTXN__STRUCT(msg_delete_groups_response_result, "DeletableGroupResult");

static const struct ktxn__schema_field msg_delete_groups_response_rows[] = {
    KTXN__FIELD(msg_delete_groups_response, throttle_time_ms, I32, 0, 3),
    KTXN__ARRAY(msg_delete_groups_response, results, ARRAY_STRUCT, 0, 3, .of = &msg_delete_groups_response_result),
};
KTXN__MESSAGE(msg_delete_groups_response, "DeleteGroupsResponseData");
