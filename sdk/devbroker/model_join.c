/** JoinGroup (KIP-345, KIP-394, KIP-814). */

#include <stdio.h>
#include <string.h>

#include "sdk/devbroker/model_state.h"

void ktxn__model_group_drop_protocols(struct ktxn__model *model, struct ktxn__model_group_member *member) {
  for (int32_t i = 0; i < member->protocol_count; i++) {
    ktxn__model_put_str(&model->memory, member->protocols[i].name);
    ktxn__model_put(&model->memory, member->protocols[i].metadata.data, (size_t)member->protocols[i].metadata.size);
  }
  ktxn__model_put(&model->memory, member->protocols, (size_t)member->protocol_room * sizeof *member->protocols);
  member->protocols = NULL;
  member->protocol_count = 0;
  member->protocol_room = 0;
}

static bool copy_bytes(struct ktxn__model *model, const uint8_t *from, int32_t size, struct ktxn__model_bytes *to) {
  *to = (struct ktxn__model_bytes){.size = 0};
  if (size <= 0) {
    return true;
  }
  to->data = ktxn__model_get_raw(&model->memory, (size_t)size);
  if (to->data != NULL) {
    memcpy(to->data, from, (size_t)size);
    to->size = size;
  }
  return to->data != NULL;
}

static bool set_protocols(struct ktxn__model *model, struct ktxn__model_group_member *member,
                          const struct ktxn__model_join_group *ask) {
  ktxn__model_group_drop_protocols(model, member);
  member->protocols = ktxn__model_get(&model->memory, (size_t)ask->protocol_count * sizeof *member->protocols);
  if (member->protocols == NULL) {
    return false;
  }
  member->protocol_room = ask->protocol_count;
  for (int32_t i = 0; i < ask->protocol_count; i++) {
    struct ktxn__model_group_protocol *to = &member->protocols[member->protocol_count];
    if (!ktxn__model_copy_str(&model->memory, ask->protocols[i].name, &to->name)) {
      return false;
    }
    member->protocol_count++;
    if (!copy_bytes(model, ask->protocols[i].metadata, ask->protocols[i].metadata_size, &to->metadata)) {
      return false;
    }
  }
  return true;
}

static bool same_protocols(const struct ktxn__model_group_member *member, const struct ktxn__model_join_group *ask) {
  if (member->protocol_count != ask->protocol_count) {
    return false;
  }
  for (int32_t i = 0; i < ask->protocol_count; i++) {
    const struct ktxn__model_group_protocol *known = &member->protocols[i];
    const struct ktxn__model_protocol *asked = &ask->protocols[i];
    if (!ktxn__str_equal(known->name, asked->name) || known->metadata.size != asked->metadata_size ||
        (asked->metadata_size > 0 && memcmp(known->metadata.data, asked->metadata, (size_t)asked->metadata_size) != 0)) {
      return false;
    }
  }
  return true;
}

static void refuse(struct ktxn__model *model, struct ktxn__model_ticket *ticket, struct ktxn__str member_id, int16_t code) {
  ticket->answer.join_group = (struct ktxn__model_joined){.code = code,
                                                          .generation = -1,
                                                          .protocol_type = KTXN__STR_NULL,
                                                          .protocol_name = KTXN__STR_NULL,
                                                          .leader = KTXN__STR(""),
                                                          .member_id = ktxn__model_answer_str(model, ticket, member_id)};
  ktxn__model_ticket_done(model, ticket);
}

/* The request waits with the member; one that waits there already is an older copy. */
static void abandon(struct ktxn__model *model, struct ktxn__model_ticket *ticket) {
  struct ktxn__model_group_member *member = ticket->work;
  (void)model;
  member->joining = NULL;
}

static void wait_with(struct ktxn__model *model, struct ktxn__model_group_member *member, struct ktxn__model_ticket *ticket) {
  ktxn__model_group_answer_join(model, member, KTXN__MODEL_REBALANCE_IN_PROGRESS);
  member->joining = ticket;
  ticket->work = member;
  ticket->abandon = abandon;
}

/* ---- members ---- */

static struct ktxn__str make_id(struct ktxn__model_group *group, struct ktxn__str base, char *text, size_t size) {
  uint64_t hash = ktxn__model_hash(group->id);
  uint64_t number = ++group->next_member;
  int length = snprintf(text, size, "%.*s-%08x-%04x-4%03x-8000-%012llx", base.len > 64 ? 64 : base.len < 0 ? 0 : base.len,
                        base.len <= 0 ? "" : base.data, (unsigned)(hash >> 32), (unsigned)(hash >> 16 & 0xffff),
                        (unsigned)(hash & 0xfff), (unsigned long long)number);
  return (struct ktxn__str){.data = text, .len = length};
}

static struct ktxn__model_group_member *new_member(struct ktxn__model *model, struct ktxn__model_group *group,
                                                   const struct ktxn__model_join_group *ask) {
  char text[160];
  struct ktxn__str base = ktxn__str_null(ask->instance_id) ? ask->client_id : ask->instance_id;
  struct ktxn__str id = make_id(group, base, text, sizeof text);
  struct ktxn__model_group_member *member = ktxn__model_get(&model->memory, sizeof *member);
  if (member == NULL) {
    return NULL;
  }
  ktxn__list_init(&member->link);
  member->group = group;
  member->session_timeout_ms = ask->session_timeout_ms;
  member->rebalance_timeout_ms = ask->rebalance_timeout_ms < 0 ? ask->session_timeout_ms : ask->rebalance_timeout_ms;
  if (!ktxn__model_copy_str(&model->memory, id, &member->id) ||
      !ktxn__model_copy_str(&model->memory, ask->instance_id, &member->instance_id) ||
      !ktxn__model_copy_str(&model->memory, ask->client_id, &member->client_id) ||
      !ktxn__model_copy_str(&model->memory, ask->client_host, &member->client_host) || !set_protocols(model, member, ask)) {
    return NULL; /* memory is at its end: what little there is stays out */
  }
  return member;
}

static bool set_type(struct ktxn__model *model, struct ktxn__model_group *group, struct ktxn__str type) {
  if (group->member_count > 0 || ktxn__str_equal(group->protocol_type, type)) {
    return true;
  }
  ktxn__model_put_str(&model->memory, group->protocol_type);
  return ktxn__model_copy_str(&model->memory, type, &group->protocol_type);
}

static void enter(struct ktxn__model *model, struct ktxn__model_group *group, struct ktxn__model_group_member *member,
                  struct ktxn__model_ticket *ticket) {
  member->invited = false;
  ktxn__list_remove(&member->link);
  ktxn__list_push_back(&group->members, &member->link);
  group->member_count++;
  group->leader = group->leader == NULL ? member : group->leader;
  wait_with(model, member, ticket);
  ktxn__model_group_touch(model, member);
  if (group->state == KTXN__MODEL_GROUP_PREPARING) {
    ktxn__model_group_try_complete(model, group);
  } else {
    ktxn__model_group_prepare(model, group);
  }
}

/* KIP-394: a member without an id is told one first, so that a lost answer leaves nobody behind. */
static void invite(struct ktxn__model *model, struct ktxn__model_group *group, struct ktxn__model_group_member *member,
                   struct ktxn__model_ticket *ticket) {
  member->invited = true;
  ktxn__list_push_back(&group->invited, &member->link);
  ktxn__model_group_touch(model, member);
  refuse(model, ticket, member->id, KTXN__MODEL_MEMBER_ID_REQUIRED);
}

/* KIP-345: a static member that comes back gets a new id and its old place, without a new round when nothing has changed. */
static void replace(struct ktxn__model *model, struct ktxn__model_group_member *member, const struct ktxn__model_join_group *ask,
                    struct ktxn__model_ticket *ticket) {
  char text[160];
  struct ktxn__model_group *group = member->group;
  struct ktxn__str id;
  bool same = same_protocols(member, ask);
  if (!ktxn__model_copy_str(&model->memory, make_id(group, ask->instance_id, text, sizeof text), &id) ||
      (!same && !set_protocols(model, member, ask))) {
    refuse(model, ticket, KTXN__STR(""), KTXN__MODEL_UNKNOWN_SERVER_ERROR);
    return;
  }
  ktxn__model_group_answer_join(model, member, KTXN__MODEL_FENCED_INSTANCE_ID);
  ktxn__model_group_answer_sync(model, member, KTXN__MODEL_FENCED_INSTANCE_ID);
  struct ktxn__str old_id = member->id;
  member->id = id;
  wait_with(model, member, ticket);
  if (group->state == KTXN__MODEL_GROUP_STABLE && same) {
    ktxn__model_group_answer_return(model, member, old_id);
  } else if (group->state == KTXN__MODEL_GROUP_PREPARING) {
    ktxn__model_group_try_complete(model, group);
  } else {
    ktxn__model_group_prepare(model, group);
  }
  ktxn__model_put_str(&model->memory, old_id);
}

static void rejoin(struct ktxn__model *model, struct ktxn__model_group_member *member, const struct ktxn__model_join_group *ask,
                   struct ktxn__model_ticket *ticket) {
  struct ktxn__model_group *group = member->group;
  bool same = same_protocols(member, ask);
  if (!same && !set_protocols(model, member, ask)) {
    refuse(model, ticket, ask->member_id, KTXN__MODEL_UNKNOWN_SERVER_ERROR);
    return;
  }
  wait_with(model, member, ticket);
  bool settled = group->state == KTXN__MODEL_GROUP_COMPLETING ||
                 (group->state == KTXN__MODEL_GROUP_STABLE && group->leader != member);
  if (group->state == KTXN__MODEL_GROUP_PREPARING) {
    ktxn__model_group_try_complete(model, group);
  } else if (same && settled) {
    ktxn__model_group_answer_join(model, member, KTXN__MODEL_NONE);
  } else {
    ktxn__model_group_prepare(model, group);
  }
}

/* ---- the request ---- */

static bool compatible(const struct ktxn__model_group *group, const struct ktxn__model_join_group *ask) {
  if (ask->protocol_count <= 0 || ask->protocol_type.len <= 0) {
    return false;
  }
  if (group->member_count == 0) {
    return true;
  }
  bool common = false;
  for (int32_t i = 0; i < ask->protocol_count; i++) {
    bool known_by_all = true;
    const struct ktxn__list *list = &group->members;
    for (struct ktxn__list *link = ktxn__list_first(list); link != NULL; link = ktxn__list_next(list, link)) {
      const struct ktxn__model_group_member *member = KTXN__LIST_OF(link, struct ktxn__model_group_member, link);
      bool knows = false;
      for (int32_t j = 0; j < member->protocol_count; j++) {
        knows = knows || ktxn__str_equal(member->protocols[j].name, ask->protocols[i].name);
      }
      known_by_all = known_by_all && knows;
    }
    common = common || known_by_all;
  }
  return common && ktxn__str_equal(group->protocol_type, ask->protocol_type);
}

static void join_anew(struct ktxn__model *model, struct ktxn__model_group *group, const struct ktxn__model_join_group *ask,
                      struct ktxn__model_ticket *ticket) {
  struct ktxn__model_group_member *owner =
      ktxn__str_null(ask->instance_id) ? NULL : ktxn__model_group_instance(group, ask->instance_id);
  if (owner != NULL) {
    replace(model, owner, ask, ticket);
    return;
  }
  if (group->member_count >= KTXN__MODEL_MEMBERS_MAX) {
    refuse(model, ticket, KTXN__STR(""), KTXN__MODEL_GROUP_MAX_SIZE_REACHED);
    return;
  }
  struct ktxn__model_group_member *member = new_member(model, group, ask);
  if (member == NULL) {
    refuse(model, ticket, KTXN__STR(""), KTXN__MODEL_UNKNOWN_SERVER_ERROR);
  } else if (ticket->answer.version >= 4 && ktxn__str_null(ask->instance_id)) {
    invite(model, group, member, ticket);
  } else {
    enter(model, group, member, ticket);
  }
}

static void join_again(struct ktxn__model *model, struct ktxn__model_group *group, const struct ktxn__model_join_group *ask,
                       struct ktxn__model_ticket *ticket) {
  struct ktxn__model_group_member *invited = ktxn__model_group_invited(group, ask->member_id);
  if (invited != NULL) {
    enter(model, group, invited, ticket);
    return;
  }
  int16_t code = ktxn__model_group_check(group, ask->member_id, ask->instance_id);
  if (code != KTXN__MODEL_NONE) {
    refuse(model, ticket, ask->member_id, code);
  } else {
    rejoin(model, ktxn__model_group_member(group, ask->member_id), ask, ticket);
  }
}

void ktxn__model_on_join_group(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                               const struct ktxn__model_request *request) {
  const struct ktxn__model_join_group *ask = &request->join_group;
  struct ktxn__model_group *group;
  int16_t code = ask->group_id.len <= 0 ? KTXN__MODEL_INVALID_GROUP_ID
                                        : ktxn__model_group_find(model, ticket->node, ask->group_id, &group);
  if (code == KTXN__MODEL_NONE && ktxn__model_group_stale(model, ticket->node)) {
    code = KTXN__MODEL_COORDINATOR_NOT_AVAILABLE;
  }
  if (code == KTXN__MODEL_NONE && ask->session_timeout_ms <= 0) {
    code = KTXN__MODEL_INVALID_SESSION_TIMEOUT;
  }
  bool anew = ask->member_id.len <= 0;
  if (code == KTXN__MODEL_NONE && group == NULL) {
    group = anew ? ktxn__model_group_make(model, ask->group_id) : NULL;
    code = group != NULL ? KTXN__MODEL_NONE : anew ? KTXN__MODEL_UNKNOWN_SERVER_ERROR : KTXN__MODEL_UNKNOWN_MEMBER_ID;
  }
  if (code == KTXN__MODEL_NONE && (!compatible(group, ask) || !set_type(model, group, ask->protocol_type))) {
    code = KTXN__MODEL_INCONSISTENT_GROUP_PROTOCOL;
  }
  if (code != KTXN__MODEL_NONE) {
    refuse(model, ticket, ask->member_id, code);
  } else if (anew) {
    join_anew(model, group, ask, ticket);
  } else {
    join_again(model, group, ask, ticket);
  }
}
