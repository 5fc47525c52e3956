/** What members and operators ask of a group: SyncGroup, Heartbeat, LeaveGroup, DescribeGroups, ListGroups, DeleteGroups. */

#include <string.h>

#include "sdk/devbroker/model_state.h"

static int16_t find(struct ktxn__model *model, const struct ktxn__model_ticket *ticket, struct ktxn__str group_id,
                    struct ktxn__model_group **group) {
  return group_id.len <= 0 ? KTXN__MODEL_INVALID_GROUP_ID : ktxn__model_group_find(model, ticket->node, group_id, group);
}

static int16_t check(const struct ktxn__model_group *group, struct ktxn__str member_id, struct ktxn__str instance_id,
                     int32_t generation) {
  int16_t code = group == NULL ? KTXN__MODEL_UNKNOWN_MEMBER_ID : ktxn__model_group_check(group, member_id, instance_id);
  return code == KTXN__MODEL_NONE && generation != group->generation ? KTXN__MODEL_ILLEGAL_GENERATION : code;
}

/* ---- SyncGroup ---- */

static void refuse_sync(struct ktxn__model *model, struct ktxn__model_ticket *ticket, int16_t code) {
  ticket->answer.sync_group =
      (struct ktxn__model_synced){.code = code, .protocol_type = KTXN__STR_NULL, .protocol_name = KTXN__STR_NULL};
  ktxn__model_ticket_done(model, ticket);
}

static void abandon_sync(struct ktxn__model *model, struct ktxn__model_ticket *ticket) {
  struct ktxn__model_group_member *member = ticket->work;
  (void)model;
  member->syncing = NULL;
}

static bool assign(struct ktxn__model *model, struct ktxn__model_group_member *member, const struct ktxn__model_sync_group *ask) {
  ktxn__model_put(&model->memory, member->assignment.data, (size_t)member->assignment.size);
  member->assignment = (struct ktxn__model_bytes){.size = 0};
  for (int32_t i = 0; i < ask->assignment_count; i++) {
    const struct ktxn__model_assignment *from = &ask->assignments[i];
    if (from->size <= 0 || !ktxn__str_equal(from->member_id, member->id)) {
      continue;
    }
    uint8_t *copy = ktxn__model_get_raw(&model->memory, (size_t)from->size);
    if (copy == NULL) {
      return false;
    }
    memcpy(copy, from->bytes, (size_t)from->size);
    member->assignment = (struct ktxn__model_bytes){.data = copy, .size = from->size};
    return true;
  }
  return true;
}

static void distribute(struct ktxn__model *model, struct ktxn__model_group *group, const struct ktxn__model_sync_group *ask) {
  const struct ktxn__list *list = &group->members;
  for (struct ktxn__list *link = ktxn__list_first(list); link != NULL; link = ktxn__list_next(list, link)) {
    assign(model, KTXN__LIST_OF(link, struct ktxn__model_group_member, link), ask);
  }
  group->state = KTXN__MODEL_GROUP_STABLE;
  for (struct ktxn__list *link = ktxn__list_first(list); link != NULL; link = ktxn__list_next(list, link)) {
    ktxn__model_group_answer_sync(model, KTXN__LIST_OF(link, struct ktxn__model_group_member, link), KTXN__MODEL_NONE);
  }
}

static int16_t check_sync(const struct ktxn__model_group *group, const struct ktxn__model_sync_group *ask) {
  int16_t code = check(group, ask->member_id, ask->instance_id, ask->generation);
  if (code != KTXN__MODEL_NONE) {
    return code;
  }
  bool type = ktxn__str_null(ask->protocol_type) || ktxn__str_equal(ask->protocol_type, group->protocol_type);
  bool name = ktxn__str_null(ask->protocol_name) || ktxn__str_equal(ask->protocol_name, group->protocol);
  if (!type || !name) {
    return KTXN__MODEL_INCONSISTENT_GROUP_PROTOCOL;
  }
  return group->state == KTXN__MODEL_GROUP_PREPARING ? KTXN__MODEL_REBALANCE_IN_PROGRESS : KTXN__MODEL_NONE;
}

void ktxn__model_on_sync_group(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                               const struct ktxn__model_request *request) {
  const struct ktxn__model_sync_group *ask = &request->sync_group;
  struct ktxn__model_group *group;
  int16_t code = find(model, ticket, ask->group_id, &group);
  if (code == KTXN__MODEL_NONE && ktxn__model_group_stale(model, ticket->node)) {
    code = KTXN__MODEL_COORDINATOR_NOT_AVAILABLE;
  }
  code = code == KTXN__MODEL_NONE ? check_sync(group, ask) : code;
  if (code != KTXN__MODEL_NONE) {
    refuse_sync(model, ticket, code);
    return;
  }
  struct ktxn__model_group_member *member = ktxn__model_group_member(group, ask->member_id);
  ktxn__model_group_answer_sync(model, member, KTXN__MODEL_REBALANCE_IN_PROGRESS);
  member->syncing = ticket;
  ticket->work = member;
  ticket->abandon = abandon_sync;
  if (group->state == KTXN__MODEL_GROUP_STABLE) {
    ktxn__model_group_answer_sync(model, member, KTXN__MODEL_NONE);
  } else if (group->leader == member) {
    distribute(model, group, ask);
  }
}

/* ---- Heartbeat ---- */

void ktxn__model_on_heartbeat(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                              const struct ktxn__model_request *request) {
  const struct ktxn__model_heartbeat *ask = &request->heartbeat;
  struct ktxn__model_group *group;
  int16_t code = find(model, ticket, ask->group_id, &group);
  code = code == KTXN__MODEL_NONE ? check(group, ask->member_id, ask->instance_id, ask->generation) : code;
  if (code == KTXN__MODEL_NONE) {
    if (!ktxn__model_group_stale(model, ticket->node)) { /* else it is another coordinator's session by now */
      ktxn__model_group_touch(model, ktxn__model_group_member(group, ask->member_id));
    }
    code = group->state == KTXN__MODEL_GROUP_PREPARING ? KTXN__MODEL_REBALANCE_IN_PROGRESS : KTXN__MODEL_NONE;
  }
  ticket->answer.code = code;
  ktxn__model_ticket_done(model, ticket);
}

/* ---- LeaveGroup ---- */

static int16_t leave(struct ktxn__model *model, struct ktxn__model_group *group, const struct ktxn__model_leave_member *who) {
  struct ktxn__model_group_member *invited = group == NULL ? NULL : ktxn__model_group_invited(group, who->member_id);
  if (invited != NULL) {
    ktxn__list_remove(&invited->link);
    ktxn__model_group_member_free(model, invited);
    return KTXN__MODEL_NONE;
  }
  if (group == NULL) {
    return KTXN__MODEL_UNKNOWN_MEMBER_ID;
  }
  struct ktxn__model_group_member *member =
      ktxn__str_null(who->instance_id) ? ktxn__model_group_member(group, who->member_id)
                                       : ktxn__model_group_instance(group, who->instance_id);
  if (member == NULL) {
    return KTXN__MODEL_UNKNOWN_MEMBER_ID;
  }
  if (!ktxn__str_null(who->instance_id) && who->member_id.len > 0 && !ktxn__str_equal(who->member_id, member->id)) {
    return KTXN__MODEL_FENCED_INSTANCE_ID;
  }
  ktxn__model_group_remove(model, member);
  return KTXN__MODEL_NONE;
}

void ktxn__model_on_leave_group(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                const struct ktxn__model_request *request) {
  const struct ktxn__model_leave_group *ask = &request->leave_group;
  struct ktxn__model_left *out = &ticket->answer.leave_group;
  struct ktxn__model_group *group;
  out->code = find(model, ticket, ask->group_id, &group);
  if (out->code == KTXN__MODEL_NONE && ktxn__model_group_stale(model, ticket->node)) {
    out->code = KTXN__MODEL_COORDINATOR_NOT_AVAILABLE;
  }
  out->members = out->code == KTXN__MODEL_NONE ? ktxn__model_answer_array(model, ticket, ask->member_count, sizeof *out->members) : NULL;
  out->member_count = out->members == NULL ? 0 : ask->member_count;
  for (int32_t i = 0; i < out->member_count; i++) {
    out->members[i].member_id = ktxn__model_answer_str(model, ticket, ask->members[i].member_id);
    out->members[i].instance_id = ktxn__model_answer_str(model, ticket, ask->members[i].instance_id);
    out->members[i].code = leave(model, group, &ask->members[i]);
  }
  if (ticket->answer.version < 3 && out->member_count == 1) {
    out->code = out->members[0].code;
  }
  ktxn__model_ticket_done(model, ticket);
}

/* ---- DescribeGroups, ListGroups, DeleteGroups ---- */

static void describe_member(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_group *group,
                            const struct ktxn__model_group_member *from, struct ktxn__model_member *to) {
  to->member_id = ktxn__model_answer_str(model, ticket, from->id);
  to->instance_id = ktxn__model_answer_str(model, ticket, from->instance_id);
  to->client_id = ktxn__model_answer_str(model, ticket, from->client_id);
  to->client_host = ktxn__model_answer_str(model, ticket, from->client_host);
  if (group->state != KTXN__MODEL_GROUP_STABLE) {
    return;
  }
  to->assignment = ktxn__model_answer_bytes(model, ticket, from->assignment.data, from->assignment.size);
  to->assignment_size = from->assignment.size;
  for (int32_t i = 0; i < from->protocol_count; i++) {
    if (ktxn__str_equal(from->protocols[i].name, group->protocol)) {
      to->metadata = ktxn__model_answer_bytes(model, ticket, from->protocols[i].metadata.data, from->protocols[i].metadata.size);
      to->metadata_size = from->protocols[i].metadata.size;
    }
  }
}

static void describe(struct ktxn__model *model, struct ktxn__model_ticket *ticket, struct ktxn__str id,
                     struct ktxn__model_described_group *out) {
  struct ktxn__model_group *group;
  out->group_id = ktxn__model_answer_str(model, ticket, id);
  out->protocol_type = KTXN__STR("");
  out->protocol = KTXN__STR("");
  out->state = KTXN__STR("Dead");
  out->code = find(model, ticket, id, &group);
  if (out->code != KTXN__MODEL_NONE || group == NULL) {
    out->code = out->code == KTXN__MODEL_NONE && ticket->answer.version >= 6 ? KTXN__MODEL_GROUP_ID_NOT_FOUND : out->code;
    return;
  }
  out->state = ktxn__str(ktxn__model_group_state_name(group));
  if (!ktxn__str_null(group->protocol_type)) {
    out->protocol_type = ktxn__model_answer_str(model, ticket, group->protocol_type);
  }
  if (!ktxn__str_null(group->protocol)) {
    out->protocol = ktxn__model_answer_str(model, ticket, group->protocol);
  }
  out->members = ktxn__model_answer_array(model, ticket, group->member_count, sizeof *out->members);
  const struct ktxn__list *list = &group->members;
  for (struct ktxn__list *link = ktxn__list_first(list); link != NULL && !ticket->starved; link = ktxn__list_next(list, link)) {
    describe_member(model, ticket, group, KTXN__LIST_OF(link, struct ktxn__model_group_member, link),
                    &out->members[out->member_count++]);
  }
}

void ktxn__model_on_describe_groups(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                    const struct ktxn__model_request *request) {
  int32_t count = request->names.name_count;
  struct ktxn__model_described_group *out = ktxn__model_answer_array(model, ticket, count, sizeof *out);
  ticket->answer.describe_groups.groups = out;
  ticket->answer.describe_groups.group_count = count;
  for (int32_t i = 0; i < count && !ticket->starved; i++) {
    describe(model, ticket, request->names.names[i], &out[i]);
  }
  ktxn__model_ticket_done(model, ticket);
}

static bool wanted(const struct ktxn__model_group *group, const struct ktxn__model_list_groups *ask) {
  bool any = ask->state_count == 0;
  for (int32_t i = 0; i < ask->state_count; i++) {
    any = any || ktxn__str_equal(ask->states[i], ktxn__str(ktxn__model_group_state_name(group)));
  }
  return any && !group->deleted;
}

void ktxn__model_on_list_groups(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                const struct ktxn__model_request *request) {
  int32_t total = 0;
  for (int32_t i = 0; i < model->config.group_partitions; i++) {
    total += model->groups.parts[i].count;
  }
  struct ktxn__model_listed_group *out = ktxn__model_answer_array(model, ticket, total, sizeof *out);
  int32_t count = 0;
  for (int32_t i = 0; i < model->config.group_partitions && !ticket->starved; i++) {
    const struct ktxn__model_group_part *part = &model->groups.parts[i];
    bool led = ktxn__model_node_leads(model, ticket->node, model->groups.topic->partitions[i]);
    for (int32_t j = 0; led && j < part->count; j++) {
      if (wanted(part->list[j], &request->list_groups)) {
        struct ktxn__str type = part->list[j]->protocol_type;
        out[count++] = (struct ktxn__model_listed_group){
            .group_id = part->list[j]->id,
            .protocol_type = ktxn__str_null(type) ? KTXN__STR("") : ktxn__model_answer_str(model, ticket, type),
            .state = ktxn__str(ktxn__model_group_state_name(part->list[j]))};
      }
    }
  }
  ticket->answer.list_groups.groups = out;
  ticket->answer.list_groups.group_count = count;
  ktxn__model_ticket_done(model, ticket);
}

static bool has_pending(const struct ktxn__model_group *group) {
  for (int32_t i = 0; i < group->offset_count; i++) {
    if (group->offsets[i]->pending_count > 0) {
      return true;
    }
  }
  return false;
}

static int16_t delete_group(struct ktxn__model *model, const struct ktxn__model_ticket *ticket, struct ktxn__str id) {
  struct ktxn__model_group *group;
  int16_t code = find(model, ticket, id, &group);
  if (code != KTXN__MODEL_NONE) {
    return code;
  }
  if (group == NULL) {
    return KTXN__MODEL_GROUP_ID_NOT_FOUND;
  }
  if (group->state != KTXN__MODEL_GROUP_EMPTY || has_pending(group)) {
    return KTXN__MODEL_NON_EMPTY_GROUP;
  }
  group->deleted = true;
  for (int32_t i = 0; i < group->offset_count; i++) {
    group->offsets[i]->offset = -1;
  }
  return KTXN__MODEL_NONE;
}

void ktxn__model_on_delete_groups(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                  const struct ktxn__model_request *request) {
  int32_t count = request->names.name_count;
  struct ktxn__model_named_code *out = ktxn__model_answer_array(model, ticket, count, sizeof *out);
  ticket->answer.named.names = out;
  ticket->answer.named.name_count = count;
  for (int32_t i = 0; i < count && !ticket->starved; i++) {
    out[i].name = ktxn__model_answer_str(model, ticket, request->names.names[i]);
    out[i].code = delete_group(model, ticket, request->names.names[i]);
  }
  ktxn__model_ticket_done(model, ticket);
}
