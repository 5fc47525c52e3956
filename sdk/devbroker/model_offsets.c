#include "sdk/devbroker/model_offsets.h"

#include "sdk/devbroker/model_state.h"

static const struct ktxn__model_offset *stale_offset(const struct ktxn__model_stale_group *stale, struct ktxn__str group_id,
                                                     uint64_t place) {
  for (int32_t i = 0; i < stale->count; i++) {
    if (stale->offsets[i].place == place && ktxn__str_equal(stale->offsets[i].group_id, group_id)) {
      return &stale->offsets[i].offset;
    }
  }
  return NULL;
}

const struct ktxn__model_offset *ktxn__model_offsets_seen(const struct ktxn__model *model, int32_t node,
                                                          const struct ktxn__model_group *group, struct ktxn__str group_id,
                                                          uint64_t place) {
  struct ktxn__model_stale_group *const *stale = model->nodes[node].stale_groups;
  int32_t part = ktxn__model_group_partition(model, group_id);
  if (stale != NULL && stale[part] != NULL) {
    return stale_offset(stale[part], group_id, place);
  }
  return group == NULL ? NULL : ktxn__model_map_get(&group->offsets_by_place, place);
}

static int32_t count_offsets(const struct ktxn__model_group_part *part) {
  int32_t count = 0;
  for (int32_t i = 0; i < part->count; i++) {
    count += part->list[i]->offset_count;
  }
  return count;
}

static bool copy_group(struct ktxn__model *model, const struct ktxn__model_group *group, struct ktxn__model_stale_group *stale) {
  for (int32_t i = 0; i < group->offset_count; i++) {
    struct ktxn__model_stale_offset *row = &stale->offsets[stale->count];
    row->group_id = group->id;
    row->place = group->offsets[i]->place;
    row->offset = *group->offsets[i];
    if (!ktxn__model_copy_str(&model->memory, group->offsets[i]->metadata, &row->offset.metadata)) {
      return false;
    }
    stale->count++;
  }
  return true;
}

bool ktxn__model_offsets_keep(struct ktxn__model *model, int32_t index, int32_t node) {
  struct ktxn__model_node *owner = &model->nodes[node];
  const struct ktxn__model_group_part *part = &model->groups.parts[index];
  if (owner->stale_groups == NULL) {
    owner->stale_groups = ktxn__model_get(&model->memory, (size_t)model->config.group_partitions * sizeof *owner->stale_groups);
  }
  struct ktxn__model_stale_group *stale = ktxn__model_get(&model->memory, sizeof *stale);
  int32_t count = count_offsets(part);
  if (owner->stale_groups == NULL || stale == NULL) {
    return false;
  }
  stale->offsets = count == 0 ? NULL : ktxn__model_get(&model->memory, (size_t)count * sizeof *stale->offsets);
  owner->stale_groups[index] = stale;
  bool room = count == 0 || stale->offsets != NULL;
  for (int32_t i = 0; i < part->count && room; i++) {
    room = copy_group(model, part->list[i], stale);
  }
  return room;
}

/* The memory of the copies goes with the model: a node is cut off seldom. */
void ktxn__model_offsets_forget(struct ktxn__model *model, int32_t node) {
  struct ktxn__model_stale_group **stale = model->nodes[node].stale_groups;
  for (int32_t i = 0; stale != NULL && i < model->config.group_partitions; i++) {
    stale[i] = NULL;
  }
}

bool ktxn__model_offset_look(const struct ktxn__model *model, struct ktxn__str group_id, struct ktxn__str topic, int32_t partition,
                             struct ktxn__model_offset_look *look) {
  *look = (struct ktxn__model_offset_look){.offset = -1};
  const struct ktxn__model_name *name = ktxn__model_name_find(model, topic);
  const struct ktxn__model_group *group =
      ktxn__model_group_of(&model->groups.parts[ktxn__model_group_partition(model, group_id)], group_id);
  if (name == NULL || group == NULL) {
    return false;
  }
  const struct ktxn__model_offset *offset =
      ktxn__model_map_get(&group->offsets_by_place, ktxn__model_place(name, partition));
  if (offset == NULL) {
    return false;
  }
  *look = (struct ktxn__model_offset_look){.offset = offset->offset, .pending = offset->pending_count > 0};
  return true;
}
