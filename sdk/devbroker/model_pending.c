#include "sdk/devbroker/model_pending.h"

#include "sdk/devbroker/model_state.h"

struct ktxn__model_offset *ktxn__model_offset_intern(struct ktxn__model *model, struct ktxn__model_group *group, uint64_t place) {
  struct ktxn__model_offset *offset = ktxn__model_map_get(&group->offsets_by_place, place);
  if (offset != NULL) {
    return offset;
  }
  if (!ktxn__model_grow(&model->memory, &group->offsets, &group->offset_capacity, group->offset_count + 1, sizeof offset)) {
    return NULL;
  }
  offset = ktxn__model_get(&model->memory, sizeof *offset);
  if (offset == NULL || !ktxn__model_map_add(&model->memory, &group->offsets_by_place, place, offset)) {
    return NULL;
  }
  *offset = (struct ktxn__model_offset){
      .number = ++model->groups.next_offset, .place = place, .offset = -1, .leader_epoch = -1, .metadata = KTXN__STR("")};
  group->offsets[group->offset_count++] = offset;
  return offset;
}

static void tell(struct ktxn__model *model, const struct ktxn__model_group *group, const struct ktxn__model_offset_write *write,
                 int64_t producer_id, bool committed, uint64_t tag) {
  struct ktxn__model_seen seen = {.sight = KTXN__MODEL_SAW_OFFSET,
                                  .node = model->groups.topic->partitions[group->part]->leader,
                                  .tag = tag,
                                  .name = group->id,
                                  .topic = ktxn__model_place_name(model, write->place)->text,
                                  .partition = ktxn__model_place_partition(write->place),
                                  .offset = write->offset,
                                  .producer_id = producer_id,
                                  .transactional = producer_id >= 0,
                                  .committed = committed};
  ktxn__model_tell(model, &seen);
}

/* Takes over the metadata. */
static void set(struct ktxn__model *model, struct ktxn__model_offset *offset, struct ktxn__model_offset_write *write) {
  ktxn__model_put_str(&model->memory, offset->metadata);
  offset->offset = write->offset;
  offset->leader_epoch = write->leader_epoch;
  offset->metadata = write->metadata;
  offset->topic_number = write->topic_number;
  offset->order = write->order;
  write->metadata = KTXN__STR_NULL;
}

bool ktxn__model_offset_commit(struct ktxn__model *model, struct ktxn__model_group *group, struct ktxn__model_offset_write *write,
                               uint64_t tag) {
  struct ktxn__model_offset *offset = ktxn__model_offset_intern(model, group, write->place);
  if (offset == NULL) {
    return false;
  }
  write->order = ++model->groups.next_offset;
  tell(model, group, write, -1, true, tag);
  set(model, offset, write);
  return true;
}

static struct ktxn__model_pending_txn *pending_of(struct ktxn__model *model, struct ktxn__model_group_part *part,
                                                  int64_t producer_id) {
  struct ktxn__model_pending_txn *pending = ktxn__model_map_get(&part->pending_by_producer, (uint64_t)producer_id);
  if (pending != NULL) {
    return pending;
  }
  pending = ktxn__model_get(&model->memory, sizeof *pending);
  if (pending == NULL || !ktxn__model_map_add(&model->memory, &part->pending_by_producer, (uint64_t)producer_id, pending)) {
    ktxn__model_put(&model->memory, pending, sizeof *pending);
    return NULL;
  }
  ktxn__list_init(&pending->offsets);
  return pending;
}

static struct ktxn__model_pending_offset *pend(struct ktxn__model *model, struct ktxn__model_pending_txn *pending,
                                               struct ktxn__model_group *group, struct ktxn__model_offset *offset) {
  struct ktxn__model_pending_offset *known = ktxn__model_map_get(&pending->by_number, offset->number);
  if (known != NULL) {
    return known;
  }
  known = ktxn__model_get(&model->memory, sizeof *known);
  if (known == NULL || !ktxn__model_map_add(&model->memory, &pending->by_number, offset->number, known)) {
    ktxn__model_put(&model->memory, known, sizeof *known);
    return NULL;
  }
  known->group = group;
  known->offset = offset;
  known->write.metadata = KTXN__STR_NULL;
  offset->pending_count++;
  ktxn__list_push_back(&pending->offsets, &known->link);
  return known;
}

bool ktxn__model_offset_pend(struct ktxn__model *model, struct ktxn__model_group *group, struct ktxn__model_offset_write *write,
                             int64_t producer_id, uint64_t tag) {
  struct ktxn__model_offset *offset = ktxn__model_offset_intern(model, group, write->place);
  struct ktxn__model_pending_txn *pending = pending_of(model, &model->groups.parts[group->part], producer_id);
  struct ktxn__model_pending_offset *known = offset == NULL || pending == NULL ? NULL : pend(model, pending, group, offset);
  if (known == NULL) {
    return false;
  }
  write->order = ++model->groups.next_offset;
  tell(model, group, write, producer_id, false, tag);
  ktxn__model_put_str(&model->memory, known->write.metadata);
  known->write = *write; /* the last arrival wins */
  write->metadata = KTXN__STR_NULL;
  return true;
}

static void end_offset(struct ktxn__model *model, struct ktxn__model_pending_offset *pending, int64_t producer_id, bool committed) {
  struct ktxn__model_offset *offset = pending->offset;
  offset->pending_count--;
  if (committed) {
    tell(model, pending->group, &pending->write, producer_id, true, 0);
  }
  if (committed && pending->write.order > offset->order) {
    set(model, offset, &pending->write);
  }
  ktxn__model_put_str(&model->memory, pending->write.metadata);
  ktxn__model_put(&model->memory, pending, sizeof *pending);
}

void ktxn__model_offsets_end(struct ktxn__model *model, int32_t part, int64_t producer_id, bool committed) {
  struct ktxn__model_map *map = &model->groups.parts[part].pending_by_producer;
  struct ktxn__model_pending_txn *pending = ktxn__model_map_get(map, (uint64_t)producer_id);
  if (pending == NULL) {
    return;
  }
  for (struct ktxn__list *link = ktxn__list_pop(&pending->offsets); link != NULL; link = ktxn__list_pop(&pending->offsets)) {
    end_offset(model, KTXN__LIST_OF(link, struct ktxn__model_pending_offset, link), producer_id, committed);
  }
  ktxn__model_map_remove(map, (uint64_t)producer_id);
  ktxn__model_put(&model->memory, pending->by_number.slots, pending->by_number.capacity * sizeof *pending->by_number.slots);
  ktxn__model_put(&model->memory, pending, sizeof *pending);
}
