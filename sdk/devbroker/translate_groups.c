#include <strings.h>

#include "sdk/devbroker/translate_parts.h"

enum { LEAVE_BY_LIST = 3, AUTHORIZED_UNKNOWN = INT32_MIN };

static void join_group(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_join_group_request *request = translate->request;
  struct ktxn__model_protocol *protocols = ktxn__translate_make(translate, request->protocols_count, sizeof *protocols);
  const int32_t count = ktxn__translate_count(protocols, request->protocols_count);
  for (int32_t i = 0; i < count; i++) {
    protocols[i].name = request->protocols[i].name;
    protocols[i].metadata = request->protocols[i].metadata.data;
    protocols[i].metadata_size = (int32_t)request->protocols[i].metadata.size;
  }
  out->join_group = (struct ktxn__model_join_group){.group_id = request->group_id,
                                                    .session_timeout_ms = request->session_timeout_ms,
                                                    .rebalance_timeout_ms = request->rebalance_timeout_ms,
                                                    .member_id = request->member_id,
                                                    .instance_id = request->group_instance_id,
                                                    .protocol_type = request->protocol_type,
                                                    .protocols = protocols,
                                                    .protocol_count = count,
                                                    .client_id = translate->client_id,
                                                    .client_host = translate->client_host};
}

static void joined(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_join_group_response *response = message;
  const struct ktxn__model_joined *from = &answer->join_group;
  *response = (struct ktxn__msg_join_group_response){.throttle_time_ms = answer->throttle_ms,
                                                     .error_code = from->code,
                                                     .generation_id = from->generation,
                                                     .protocol_type = from->protocol_type,
                                                     .protocol_name = from->protocol_name,
                                                     .leader = from->leader,
                                                     .skip_assignment = from->skip_assignment,
                                                     .member_id = from->member_id};
  response->members = ktxn__translate_make(translate, from->member_count, sizeof *response->members);
  response->members_count = ktxn__translate_count(response->members, from->member_count);
  for (int32_t i = 0; i < response->members_count; i++) {
    response->members[i] = (struct ktxn__msg_join_group_response_member){
        .member_id = from->members[i].member_id,
        .group_instance_id = from->members[i].instance_id,
        .metadata = ktxn__translate_bytes(from->members[i].metadata, from->members[i].metadata_size)};
  }
}

static void sync_group(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_sync_group_request *request = translate->request;
  struct ktxn__model_assignment *assignments =
      ktxn__translate_make(translate, request->assignments_count, sizeof *assignments);
  const int32_t count = ktxn__translate_count(assignments, request->assignments_count);
  for (int32_t i = 0; i < count; i++) {
    assignments[i].member_id = request->assignments[i].member_id;
    assignments[i].bytes = request->assignments[i].assignment.data;
    assignments[i].size = (int32_t)request->assignments[i].assignment.size;
  }
  out->sync_group = (struct ktxn__model_sync_group){.group_id = request->group_id,
                                                    .generation = request->generation_id,
                                                    .member_id = request->member_id,
                                                    .instance_id = request->group_instance_id,
                                                    .protocol_type = request->protocol_type,
                                                    .protocol_name = request->protocol_name,
                                                    .assignments = assignments,
                                                    .assignment_count = count};
}

static void synced(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_sync_group_response *response = message;
  (void)translate;
  response->throttle_time_ms = answer->throttle_ms;
  response->error_code = answer->sync_group.code;
  response->protocol_type = answer->sync_group.protocol_type;
  response->protocol_name = answer->sync_group.protocol_name;
  response->assignment = ktxn__translate_bytes(answer->sync_group.assignment, answer->sync_group.assignment_size);
}

static void heartbeat(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_heartbeat_request *request = translate->request;
  out->heartbeat = (struct ktxn__model_heartbeat){.group_id = request->group_id,
                                                  .generation = request->generation_id,
                                                  .member_id = request->member_id,
                                                  .instance_id = request->group_instance_id};
}

static void beaten(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_heartbeat_response *response = message;
  (void)translate;
  response->throttle_time_ms = answer->throttle_ms;
  response->error_code = answer->code;
}

/* -- LeaveGroup: one member, or a list of them (KIP-345) */

static void leave_group(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_leave_group_request *request = translate->request;
  const bool list = translate->version >= LEAVE_BY_LIST;
  const int32_t wanted = list ? request->members_count : 1;
  struct ktxn__model_leave_member *members = ktxn__translate_make(translate, wanted, sizeof *members);
  out->leave_group = (struct ktxn__model_leave_group){
      .group_id = request->group_id, .members = members, .member_count = ktxn__translate_count(members, wanted)};
  for (int32_t i = 0; i < out->leave_group.member_count; i++) {
    members[i].member_id = list ? request->members[i].member_id : request->member_id;
    members[i].instance_id = list ? request->members[i].group_instance_id : KTXN__STR_NULL;
  }
}

static void left(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_leave_group_response *response = message;
  const struct ktxn__model_left *from = &answer->leave_group;
  response->throttle_time_ms = answer->throttle_ms;
  response->error_code = from->code;
  if (translate->version < LEAVE_BY_LIST && from->code == 0 && from->member_count > 0) {
    response->error_code = from->members[0].code;
  }
  response->members = ktxn__translate_make(translate, from->member_count, sizeof *response->members);
  response->members_count = ktxn__translate_count(response->members, from->member_count);
  for (int32_t i = 0; i < response->members_count; i++) {
    response->members[i].member_id = from->members[i].member_id;
    response->members[i].group_instance_id = from->members[i].instance_id;
    response->members[i].error_code = from->members[i].code;
  }
}

/* -- what tools ask */

static void describe_groups(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_describe_groups_request *request = translate->request;
  out->names = (struct ktxn__model_names){.names = request->groups, .name_count = request->groups_count};
}

static void described_group(struct ktxn__translate *translate, const struct ktxn__model_described_group *from,
                            struct ktxn__msg_describe_groups_response_group *to) {
  *to = (struct ktxn__msg_describe_groups_response_group){.error_code = from->code,
                                                          .error_message = KTXN__STR_NULL,
                                                          .group_id = from->group_id,
                                                          .group_state = from->state,
                                                          .protocol_type = from->protocol_type,
                                                          .protocol_data = from->protocol,
                                                          .authorized_operations = AUTHORIZED_UNKNOWN};
  to->members = ktxn__translate_make(translate, from->member_count, sizeof *to->members);
  to->members_count = ktxn__translate_count(to->members, from->member_count);
  for (int32_t i = 0; i < to->members_count; i++) {
    const struct ktxn__model_member *member = &from->members[i];
    to->members[i] = (struct ktxn__msg_describe_groups_response_member){
        .member_id = member->member_id,
        .group_instance_id = member->instance_id,
        .client_id = member->client_id,
        .client_host = member->client_host,
        .member_metadata = ktxn__translate_bytes(member->metadata, member->metadata_size),
        .member_assignment = ktxn__translate_bytes(member->assignment, member->assignment_size)};
  }
}

static void described_groups(struct ktxn__translate *translate, const struct ktxn__model_answer *answer,
                             void *message) {
  struct ktxn__msg_describe_groups_response *response = message;
  response->throttle_time_ms = answer->throttle_ms;
  response->groups = ktxn__translate_make(translate, answer->describe_groups.group_count, sizeof *response->groups);
  response->groups_count = ktxn__translate_count(response->groups, answer->describe_groups.group_count);
  for (int32_t i = 0; i < response->groups_count; i++) {
    described_group(translate, &answer->describe_groups.groups[i], &response->groups[i]);
  }
}

static void list_groups(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_list_groups_request *request = translate->request;
  out->list_groups =
      (struct ktxn__model_list_groups){.states = request->states_filter, .state_count = request->states_filter_count};
}

/* All groups here are of the classic protocol (KIP-848). */
static bool wants_classic(const struct ktxn__msg_list_groups_request *request) {
  bool wanted = request->types_filter_count <= 0;
  for (int32_t i = 0; i < request->types_filter_count && !wanted; i++) {
    const struct ktxn__str type = request->types_filter[i];
    wanted = type.len == 7 && strncasecmp(type.data, "classic", 7) == 0;
  }
  return wanted;
}

static void listed_groups(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_list_groups_response *response = message;
  const int32_t count = wants_classic(translate->request) ? answer->list_groups.group_count : 0;
  response->throttle_time_ms = answer->throttle_ms;
  response->error_code = answer->code;
  response->groups = ktxn__translate_make(translate, count, sizeof *response->groups);
  response->groups_count = ktxn__translate_count(response->groups, count);
  for (int32_t i = 0; i < response->groups_count; i++) {
    const struct ktxn__model_listed_group *from = &answer->list_groups.groups[i];
    response->groups[i] = (struct ktxn__msg_list_groups_response_group){.group_id = from->group_id,
                                                                        .protocol_type = from->protocol_type,
                                                                        .group_state = from->state,
                                                                        .group_type = KTXN__STR("classic")};
  }
}

static void delete_groups(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_delete_groups_request *request = translate->request;
  out->names = (struct ktxn__model_names){.names = request->groups_names, .name_count = request->groups_names_count};
}

static void deleted_groups(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_delete_groups_response *response = message;
  response->throttle_time_ms = answer->throttle_ms;
  response->results = ktxn__translate_make(translate, answer->named.name_count, sizeof *response->results);
  response->results_count = ktxn__translate_count(response->results, answer->named.name_count);
  for (int32_t i = 0; i < response->results_count; i++) {
    response->results[i] = (struct ktxn__msg_delete_groups_response_result){.group_id = answer->named.names[i].name,
                                                                            .error_code = answer->named.names[i].code,
                                                                            .error_message = KTXN__STR_NULL};
  }
}

const struct ktxn__translate_row ktxn__translate_groups[KTXN__MSG_KEY_MAX + 1] = {
    [KTXN__MSG_JOIN_GROUP] = {join_group, joined},
    [KTXN__MSG_SYNC_GROUP] = {sync_group, synced},
    [KTXN__MSG_HEARTBEAT] = {heartbeat, beaten},
    [KTXN__MSG_LEAVE_GROUP] = {leave_group, left},
    [KTXN__MSG_DESCRIBE_GROUPS] = {describe_groups, described_groups},
    [KTXN__MSG_LIST_GROUPS] = {list_groups, listed_groups},
    [KTXN__MSG_DELETE_GROUPS] = {delete_groups, deleted_groups},
};
