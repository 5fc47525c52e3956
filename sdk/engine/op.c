#include "sdk/engine/op.h"

#include <string.h>

#include "sdk/base/mem.h"

struct ktxn__op *ktxn__op_new(struct ktxn__mem *mem, enum ktxn__op_type type) {
  struct ktxn__op *op = ktxn__calloc(mem, 1, sizeof *op);
  if (op == NULL) {
    return NULL;
  }
  op->type = type;
  op->deadline_us = INT64_MAX;
  return op;
}

void ktxn__op_free(struct ktxn__mem *mem, struct ktxn__op *op) {
  if (op == NULL) {
    return;
  }
  ktxn__free(mem, op->copy);
  ktxn__free(mem, op);
}

/* The copy is one block: the group, the offsets, then the strings. */

static size_t text_size(const char *text) {
  return text == NULL ? 0 : strlen(text) + 1;
}

static size_t copy_size(const ktxn_offset *offsets, size_t count, const ktxn_group *group) {
  size_t size = sizeof *group + count * sizeof *offsets;
  size += text_size(group->group_id) + text_size(group->member_id) + text_size(group->group_instance_id);
  for (size_t i = 0; i < count; i++) {
    size += text_size(offsets[i].topic) + text_size(offsets[i].metadata);
  }
  return size;
}

static const char *copy_text(char **at, const char *text) {
  if (text == NULL) {
    return NULL;
  }
  char *copy = *at;
  size_t size = strlen(text) + 1;
  memcpy(copy, text, size);
  *at += size;
  return copy;
}

bool ktxn__op_set_offsets(struct ktxn__mem *mem, struct ktxn__op *op, const ktxn_offset *offsets, size_t count,
                          const ktxn_group *group) {
  if (count > (SIZE_MAX / 4) / sizeof *offsets) {
    return false;
  }
  char *block = ktxn__alloc(mem, copy_size(offsets, count, group));
  if (block == NULL) {
    return false;
  }
  ktxn_group *group_copy = (ktxn_group *)(void *)block;
  ktxn_offset *offset_copy = (ktxn_offset *)(void *)(group_copy + 1);
  char *at = (char *)(offset_copy + count);
  *group_copy = *group;
  group_copy->group_id = copy_text(&at, group->group_id);
  group_copy->member_id = copy_text(&at, group->member_id);
  group_copy->group_instance_id = copy_text(&at, group->group_instance_id);
  for (size_t i = 0; i < count; i++) {
    offset_copy[i] = offsets[i];
    offset_copy[i].topic = copy_text(&at, offsets[i].topic);
    offset_copy[i].metadata = copy_text(&at, offsets[i].metadata);
  }
  ktxn__free(mem, op->copy);
  op->copy = block;
  op->group = group_copy;
  op->offsets = offset_copy;
  op->offset_count = count;
  return true;
}

static bool same_text(const char *a, const char *b) {
  return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_offset(const ktxn_offset *a, const ktxn_offset *b) {
  return same_text(a->topic, b->topic) && a->partition == b->partition && a->offset == b->offset &&
         a->leader_epoch == b->leader_epoch && same_text(a->metadata, b->metadata);
}

static bool same_group(const ktxn_group *a, const ktxn_group *b) {
  return same_text(a->group_id, b->group_id) && a->generation == b->generation &&
         same_text(a->member_id, b->member_id) && same_text(a->group_instance_id, b->group_instance_id);
}

bool ktxn__op_same_offsets(const struct ktxn__op *op, const ktxn_offset *offsets, size_t count,
                           const ktxn_group *group) {
  if (op->offset_count != count || op->group == NULL || !same_group(op->group, group)) {
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    if (!same_offset(&op->offsets[i], &offsets[i])) {
      return false;
    }
  }
  return true;
}
