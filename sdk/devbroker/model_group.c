#include "sdk/devbroker/model_group.h"

#include "sdk/devbroker/model_state.h"

bool ktxn__model_groups_start(struct ktxn__model *model) {
  int32_t count = model->config.group_partitions;
  struct ktxn__model_groups *groups = &model->groups;
  groups->parts = ktxn__model_get(&model->memory, (size_t)count * sizeof *groups->parts);
  return groups->parts != NULL &&
         ktxn__model_topic_create(model, KTXN__MODEL_OFFSETS_TOPIC, count, true, &groups->topic) == KTXN__MODEL_NONE;
}

bool ktxn__model_groups_loading(const struct ktxn__model *model, int32_t part) {
  return ktxn__model_event_is_set(&model->groups.parts[part].load);
}

struct ktxn__model_group *ktxn__model_group_of(const struct ktxn__model_group_part *part, struct ktxn__str id) {
  struct ktxn__model_group *group = ktxn__model_map_get(&part->by_hash, ktxn__model_hash(id));
  while (group != NULL && !ktxn__str_equal(group->id, id)) {
    group = group->same_hash;
  }
  return group == NULL || group->deleted ? NULL : group;
}

int16_t ktxn__model_group_find(struct ktxn__model *model, int32_t node, struct ktxn__str id, struct ktxn__model_group **group) {
  *group = NULL;
  int32_t part = ktxn__model_group_partition(model, id);
  if (ktxn__str_null(id)) {
    return KTXN__MODEL_INVALID_GROUP_ID;
  }
  if (!ktxn__model_node_leads(model, node, model->groups.topic->partitions[part])) {
    return KTXN__MODEL_NOT_COORDINATOR;
  }
  if (ktxn__model_groups_loading(model, part) && !ktxn__model_group_stale(model, node)) {
    return KTXN__MODEL_COORDINATOR_LOAD_IN_PROGRESS;
  }
  *group = ktxn__model_group_of(&model->groups.parts[part], id);
  return KTXN__MODEL_NONE;
}

bool ktxn__model_group_stale(const struct ktxn__model *model, int32_t node) {
  return model->nodes[node].cut;
}

static bool enlist(struct ktxn__model *model, struct ktxn__model_group_part *part, struct ktxn__model_group *group) {
  uint64_t hash = ktxn__model_hash(group->id);
  struct ktxn__model_group *first = ktxn__model_map_get(&part->by_hash, hash);
  if (!ktxn__model_grow(&model->memory, &part->list, &part->capacity, part->count + 1, sizeof group)) {
    return false;
  }
  if (first != NULL) {
    group->same_hash = first->same_hash;
    first->same_hash = group;
  } else if (!ktxn__model_map_add(&model->memory, &part->by_hash, hash, group)) {
    return false;
  }
  part->list[part->count++] = group;
  return true;
}

static struct ktxn__model_group *deleted_one(const struct ktxn__model_group_part *part, struct ktxn__str id) {
  struct ktxn__model_group *group = ktxn__model_map_get(&part->by_hash, ktxn__model_hash(id));
  while (group != NULL && !ktxn__str_equal(group->id, id)) {
    group = group->same_hash;
  }
  return group;
}

struct ktxn__model_group *ktxn__model_group_make(struct ktxn__model *model, struct ktxn__str id) {
  int32_t index = ktxn__model_group_partition(model, id);
  struct ktxn__model_group_part *part = &model->groups.parts[index];
  struct ktxn__model_group *group = deleted_one(part, id);
  if (group != NULL) {
    group->deleted = false;
    return group;
  }
  group = ktxn__model_get(&model->memory, sizeof *group);
  if (group == NULL || !ktxn__model_copy_str(&model->memory, id, &group->id)) {
    return NULL;
  }
  group->part = index;
  group->protocol_type = KTXN__STR_NULL;
  group->protocol = KTXN__STR_NULL;
  ktxn__list_init(&group->members);
  ktxn__list_init(&group->invited);
  return enlist(model, part, group) ? group : NULL;
}

static struct ktxn__model_group_member *find_in(const struct ktxn__list *list, struct ktxn__str id) {
  for (struct ktxn__list *link = ktxn__list_first(list); link != NULL; link = ktxn__list_next(list, link)) {
    struct ktxn__model_group_member *member = KTXN__LIST_OF(link, struct ktxn__model_group_member, link);
    if (ktxn__str_equal(member->id, id)) {
      return member;
    }
  }
  return NULL;
}

struct ktxn__model_group_member *ktxn__model_group_member(const struct ktxn__model_group *group, struct ktxn__str id) {
  return find_in(&group->members, id);
}

struct ktxn__model_group_member *ktxn__model_group_invited(const struct ktxn__model_group *group, struct ktxn__str id) {
  return find_in(&group->invited, id);
}

struct ktxn__model_group_member *ktxn__model_group_instance(const struct ktxn__model_group *group, struct ktxn__str instance_id) {
  const struct ktxn__list *list = &group->members;
  for (struct ktxn__list *link = ktxn__list_first(list); link != NULL; link = ktxn__list_next(list, link)) {
    struct ktxn__model_group_member *member = KTXN__LIST_OF(link, struct ktxn__model_group_member, link);
    if (!ktxn__str_null(member->instance_id) && ktxn__str_equal(member->instance_id, instance_id)) {
      return member;
    }
  }
  return NULL;
}

int16_t ktxn__model_group_check(const struct ktxn__model_group *group, struct ktxn__str member_id, struct ktxn__str instance_id) {
  if (!ktxn__str_null(instance_id)) {
    const struct ktxn__model_group_member *owner = ktxn__model_group_instance(group, instance_id);
    if (owner == NULL) {
      return KTXN__MODEL_UNKNOWN_MEMBER_ID;
    }
    return ktxn__str_equal(owner->id, member_id) ? KTXN__MODEL_NONE : KTXN__MODEL_FENCED_INSTANCE_ID;
  }
  return ktxn__model_group_member(group, member_id) == NULL ? KTXN__MODEL_UNKNOWN_MEMBER_ID : KTXN__MODEL_NONE;
}

const char *ktxn__model_group_state_name(const struct ktxn__model_group *group) {
  static const char *const names[] = {"Empty", "PreparingRebalance", "CompletingRebalance", "Stable"};
  return names[group->state];
}

/* Who waits at the old coordinator is sent away; the members are in the log and have a new session to come back in. */
static void move_group(struct ktxn__model *model, struct ktxn__model_group *group) {
  for (struct ktxn__list *link = ktxn__list_first(&group->members); link != NULL; link = ktxn__list_next(&group->members, link)) {
    struct ktxn__model_group_member *member = KTXN__LIST_OF(link, struct ktxn__model_group_member, link);
    ktxn__model_group_answer_join(model, member, KTXN__MODEL_NOT_COORDINATOR);
    ktxn__model_group_answer_sync(model, member, KTXN__MODEL_NOT_COORDINATOR);
    ktxn__model_group_touch(model, member);
  }
}

static void loaded(struct ktxn__model *model, struct ktxn__model_event *event) {
  (void)model;
  (void)event;
}

void ktxn__model_group_moved(struct ktxn__model *model, int32_t index, int32_t from, int32_t to) {
  struct ktxn__model_group_part *part = &model->groups.parts[index];
  if (from >= 0 && model->nodes[from].up && model->nodes[from].cut) {
    ktxn__model_offsets_keep(model, index, from);
  }
  for (int32_t i = 0; i < part->count; i++) {
    move_group(model, part->list[i]);
  }
  ktxn__model_event_clear(&model->events, &part->load);
  int64_t delay = to < 0 ? 0 : ktxn__model_delay(model, KTXN__MODEL_DELAY_LOAD, to);
  if (delay > 0) {
    ktxn__model_later(model, &part->load, delay, loaded);
  }
}
