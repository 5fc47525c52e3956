/** The round of the classic group protocol: all join, one assigns, all get their part (KIP-345 for static members). */

#include "sdk/devbroker/model_state.h"

static struct ktxn__model_group_member *first_member(const struct ktxn__model_group *group) {
  struct ktxn__list *link = ktxn__list_first(&group->members);
  return link == NULL ? NULL : KTXN__LIST_OF(link, struct ktxn__model_group_member, link);
}

static struct ktxn__model_group_member *next_member(const struct ktxn__model_group_member *member) {
  struct ktxn__list *link = ktxn__list_next(&member->group->members, &member->link);
  return link == NULL ? NULL : KTXN__LIST_OF(link, struct ktxn__model_group_member, link);
}

/* ---- answers ---- */

static const struct ktxn__model_group_protocol *protocol_of(const struct ktxn__model_group_member *member, struct ktxn__str name) {
  for (int32_t i = 0; i < member->protocol_count; i++) {
    if (ktxn__str_equal(member->protocols[i].name, name)) {
      return &member->protocols[i];
    }
  }
  return NULL;
}

static void list_members(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_group *group) {
  struct ktxn__model_joined *out = &ticket->answer.join_group;
  out->members = ktxn__model_answer_array(model, ticket, group->member_count, sizeof *out->members);
  for (struct ktxn__model_group_member *member = first_member(group); member != NULL && !ticket->starved;
       member = next_member(member)) {
    const struct ktxn__model_group_protocol *protocol = protocol_of(member, group->protocol);
    struct ktxn__model_member *to = &out->members[out->member_count++];
    to->member_id = ktxn__model_answer_str(model, ticket, member->id);
    to->instance_id = ktxn__model_answer_str(model, ticket, member->instance_id);
    if (protocol != NULL) {
      to->metadata = ktxn__model_answer_bytes(model, ticket, protocol->metadata.data, protocol->metadata.size);
      to->metadata_size = protocol->metadata.size;
    }
  }
}

static void fill_join(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_group_member *member,
                      int16_t code) {
  const struct ktxn__model_group *group = member->group;
  struct ktxn__model_joined *out = &ticket->answer.join_group;
  *out = (struct ktxn__model_joined){.code = code, .generation = -1, .protocol_type = KTXN__STR_NULL, .protocol_name = KTXN__STR_NULL};
  out->leader = KTXN__STR("");
  out->member_id = ktxn__model_answer_str(model, ticket, member->id);
  if (code == KTXN__MODEL_NONE) {
    out->generation = group->generation;
    out->protocol_type = ktxn__model_answer_str(model, ticket, group->protocol_type);
    out->protocol_name = ktxn__model_answer_str(model, ticket, group->protocol);
    out->leader = ktxn__model_answer_str(model, ticket, group->leader->id);
  }
}

static struct ktxn__model_ticket *take_joining(struct ktxn__model *model, struct ktxn__model_group_member *member) {
  struct ktxn__model_ticket *ticket = member->joining;
  member->joining = NULL;
  if (ticket != NULL) {
    ktxn__model_group_touch(model, member);
  }
  return ticket;
}

void ktxn__model_group_answer_join(struct ktxn__model *model, struct ktxn__model_group_member *member, int16_t code) {
  struct ktxn__model_ticket *ticket = take_joining(model, member);
  if (ticket == NULL) {
    return;
  }
  fill_join(model, ticket, member, code);
  if (code == KTXN__MODEL_NONE && member->group->leader == member) {
    list_members(model, ticket, member->group);
  }
  ktxn__model_ticket_done(model, ticket);
}

/* KIP-814: a leader that is back has nothing to assign. Before version 9 it is told of a leader that is nobody. */
void ktxn__model_group_answer_return(struct ktxn__model *model, struct ktxn__model_group_member *member, struct ktxn__str old_id) {
  struct ktxn__model_ticket *ticket = take_joining(model, member);
  fill_join(model, ticket, member, KTXN__MODEL_NONE);
  bool leads = member->group->leader == member;
  if (leads && ticket->answer.version >= 9) {
    ticket->answer.join_group.skip_assignment = true;
    list_members(model, ticket, member->group);
  } else if (leads) {
    ticket->answer.join_group.leader = ktxn__model_answer_str(model, ticket, old_id);
  }
  ktxn__model_ticket_done(model, ticket);
}

void ktxn__model_group_answer_sync(struct ktxn__model *model, struct ktxn__model_group_member *member, int16_t code) {
  struct ktxn__model_ticket *ticket = member->syncing;
  if (ticket == NULL) {
    return;
  }
  member->syncing = NULL;
  struct ktxn__model_synced *out = &ticket->answer.sync_group;
  *out = (struct ktxn__model_synced){.code = code, .protocol_type = KTXN__STR_NULL, .protocol_name = KTXN__STR_NULL};
  if (code == KTXN__MODEL_NONE) {
    out->protocol_type = ktxn__model_answer_str(model, ticket, member->group->protocol_type);
    out->protocol_name = ktxn__model_answer_str(model, ticket, member->group->protocol);
    out->assignment = ktxn__model_answer_bytes(model, ticket, member->assignment.data, member->assignment.size);
    out->assignment_size = member->assignment.size;
  }
  ktxn__model_group_touch(model, member);
  ktxn__model_ticket_done(model, ticket);
}

/* ---- sessions ---- */

static void expired(struct ktxn__model *model, struct ktxn__model_event *event) {
  struct ktxn__model_group_member *member = KTXN__LIST_OF(event, struct ktxn__model_group_member, session);
  if (member->joining != NULL || member->syncing != NULL) {
    ktxn__model_group_touch(model, member);
  } else if (member->invited) {
    ktxn__list_remove(&member->link);
    ktxn__model_group_member_free(model, member);
  } else {
    ktxn__model_group_remove(model, member);
  }
}

void ktxn__model_group_touch(struct ktxn__model *model, struct ktxn__model_group_member *member) {
  ktxn__model_later(model, &member->session, (int64_t)member->session_timeout_ms * 1000, expired);
}

void ktxn__model_group_member_free(struct ktxn__model *model, struct ktxn__model_group_member *member) {
  ktxn__model_event_clear(&model->events, &member->session);
  ktxn__model_group_drop_protocols(model, member);
  ktxn__model_put(&model->memory, member->assignment.data, (size_t)member->assignment.size);
  ktxn__model_put_str(&model->memory, member->id);
  ktxn__model_put_str(&model->memory, member->instance_id);
  ktxn__model_put_str(&model->memory, member->client_id);
  ktxn__model_put_str(&model->memory, member->client_host);
  ktxn__model_put(&model->memory, member, sizeof *member);
}

static void detach(struct ktxn__model *model, struct ktxn__model_group_member *member) {
  struct ktxn__model_group *group = member->group;
  ktxn__model_group_answer_join(model, member, KTXN__MODEL_UNKNOWN_MEMBER_ID);
  ktxn__model_group_answer_sync(model, member, KTXN__MODEL_UNKNOWN_MEMBER_ID);
  ktxn__list_remove(&member->link);
  group->member_count--;
  group->leader = group->leader == member ? first_member(group) : group->leader;
  ktxn__model_group_member_free(model, member);
}

void ktxn__model_group_remove(struct ktxn__model *model, struct ktxn__model_group_member *member) {
  struct ktxn__model_group *group = member->group;
  detach(model, member);
  if (group->state == KTXN__MODEL_GROUP_PREPARING) {
    ktxn__model_group_try_complete(model, group);
  } else {
    ktxn__model_group_prepare(model, group);
  }
}

/* ---- the round ---- */

static bool all_know(const struct ktxn__model_group *group, struct ktxn__str protocol) {
  for (struct ktxn__model_group_member *member = first_member(group); member != NULL; member = next_member(member)) {
    if (protocol_of(member, protocol) == NULL) {
      return false;
    }
  }
  return true;
}

/* The leader's favourite among those that everybody knows. */
static struct ktxn__str choose_protocol(const struct ktxn__model_group *group) {
  for (int32_t i = 0; i < group->leader->protocol_count; i++) {
    if (all_know(group, group->leader->protocols[i].name)) {
      return group->leader->protocols[i].name;
    }
  }
  return KTXN__STR_NULL;
}

static void drop_absent(struct ktxn__model *model, struct ktxn__model_group *group) {
  struct ktxn__model_group_member *member = first_member(group);
  while (member != NULL) {
    struct ktxn__model_group_member *next = next_member(member);
    if (member->joining == NULL && ktxn__str_null(member->instance_id)) {
      detach(model, member);
    }
    member = next;
  }
}

static void complete(struct ktxn__model *model, struct ktxn__model_group *group) {
  ktxn__model_event_clear(&model->events, &group->rebalance);
  drop_absent(model, group);
  group->generation++;
  ktxn__model_put_str(&model->memory, group->protocol);
  group->protocol = KTXN__STR_NULL;
  if (group->member_count == 0) {
    group->state = KTXN__MODEL_GROUP_EMPTY;
    group->leader = NULL;
    return;
  }
  group->leader = group->leader == NULL || group->leader->joining == NULL ? first_member(group) : group->leader;
  ktxn__model_copy_str(&model->memory, choose_protocol(group), &group->protocol);
  group->state = KTXN__MODEL_GROUP_COMPLETING;
  for (struct ktxn__model_group_member *member = first_member(group); member != NULL; member = next_member(member)) {
    ktxn__model_group_answer_join(model, member, KTXN__MODEL_NONE);
  }
}

static void round_over(struct ktxn__model *model, struct ktxn__model_event *event) {
  struct ktxn__model_group *group = KTXN__LIST_OF(event, struct ktxn__model_group, rebalance);
  group->gathering = false;
  complete(model, group);
}

void ktxn__model_group_try_complete(struct ktxn__model *model, struct ktxn__model_group *group) {
  if (group->state != KTXN__MODEL_GROUP_PREPARING || group->gathering) {
    return;
  }
  for (struct ktxn__model_group_member *member = first_member(group); member != NULL; member = next_member(member)) {
    if (member->joining == NULL) {
      return;
    }
  }
  complete(model, group);
}

static int64_t longest_us(const struct ktxn__model_group *group) {
  int64_t longest = 0;
  for (struct ktxn__model_group_member *member = first_member(group); member != NULL; member = next_member(member)) {
    longest = member->rebalance_timeout_ms > longest ? member->rebalance_timeout_ms : longest;
  }
  return longest * 1000;
}

/* A group that was empty waits a little for others to come (group.initial.rebalance.delay.ms). */
void ktxn__model_group_prepare(struct ktxn__model *model, struct ktxn__model_group *group) {
  bool was_empty = group->state == KTXN__MODEL_GROUP_EMPTY;
  for (struct ktxn__model_group_member *member = first_member(group); member != NULL; member = next_member(member)) {
    ktxn__model_group_answer_sync(model, member, KTXN__MODEL_REBALANCE_IN_PROGRESS);
  }
  group->state = KTXN__MODEL_GROUP_PREPARING;
  group->gathering = was_empty && model->config.rebalance_delay_us > 0;
  ktxn__model_later(model, &group->rebalance, group->gathering ? model->config.rebalance_delay_us : longest_us(group), round_over);
  ktxn__model_group_try_complete(model, group);
}
