#include "sdk/devbroker/model_node.h"

#include "sdk/devbroker/model_state.h"

static struct ktxn__model_seen_partition truth(const struct ktxn__model_partition *partition) {
  return (struct ktxn__model_seen_partition){.leader = partition->leader,
                                             .leader_epoch = partition->leader_epoch,
                                             .high_watermark = partition->log.high_watermark,
                                             .last_stable = partition->log.last_stable,
                                             .end = partition->log.end};
}

static bool take_topic(struct ktxn__model *model, const struct ktxn__model_name *name, struct ktxn__model_seen_topic *seen) {
  const struct ktxn__model_topic *topic = name->topic;
  *seen = (struct ktxn__model_seen_topic){.topic = name->topic, .hidden = name->hidden};
  if (topic == NULL) {
    return true;
  }
  seen->partitions = ktxn__model_get(&model->memory, (size_t)topic->partition_count * sizeof *seen->partitions);
  if (seen->partitions == NULL) {
    return false;
  }
  seen->partition_count = topic->partition_count;
  for (int32_t i = 0; i < topic->partition_count; i++) {
    const struct ktxn__model_partition *partition = topic->partitions[i];
    seen->partitions[i] = truth(partition);
  }
  return true;
}

struct ktxn__model_view *ktxn__model_view_take(struct ktxn__model *model) {
  struct ktxn__model_view *view = ktxn__model_get(&model->memory, sizeof *view);
  if (view == NULL) {
    return NULL;
  }
  int32_t count = model->topics.name_count;
  view->topics = count == 0 ? NULL : ktxn__model_get(&model->memory, (size_t)count * sizeof *view->topics);
  if (count > 0 && view->topics == NULL) {
    ktxn__model_view_free(model, view);
    return NULL;
  }
  view->count = count;
  view->features =
      (struct ktxn__model_features){.epoch = model->feature_epoch, .transaction_version = model->config.transaction_version};
  for (int32_t i = 0; i < count; i++) {
    if (!take_topic(model, model->topics.names[i], &view->topics[i])) {
      ktxn__model_view_free(model, view);
      return NULL;
    }
  }
  for (int32_t i = 0; i < model->config.nodes; i++) {
    view->up |= model->nodes[i].up ? UINT32_C(1) << i : 0;
  }
  return view;
}

void ktxn__model_view_free(struct ktxn__model *model, struct ktxn__model_view *view) {
  if (view == NULL) {
    return;
  }
  for (int32_t i = 0; i < view->count; i++) {
    ktxn__model_put(&model->memory, view->topics[i].partitions,
                    (size_t)view->topics[i].partition_count * sizeof *view->topics[i].partitions);
  }
  ktxn__model_put(&model->memory, view->topics, (size_t)view->count * sizeof *view->topics);
  ktxn__model_put(&model->memory, view, sizeof *view);
}

static const struct ktxn__model_seen_topic *seen_topic(const struct ktxn__model *model, int32_t node,
                                                       const struct ktxn__model_name *name) {
  static const struct ktxn__model_seen_topic nothing = {.topic = NULL};
  const struct ktxn__model_view *view = model->nodes[node].view;
  return name->number < view->count ? &view->topics[name->number] : &nothing;
}

struct ktxn__model_topic *ktxn__model_node_topic(const struct ktxn__model *model, int32_t node, const struct ktxn__model_name *name) {
  if (name == NULL) {
    return NULL;
  }
  if (model->nodes[node].view == NULL) {
    return name->hidden ? NULL : name->topic;
  }
  const struct ktxn__model_seen_topic *seen = seen_topic(model, node, name);
  return seen->hidden ? NULL : seen->topic;
}

int16_t ktxn__model_node_resolve(const struct ktxn__model *model, int32_t node, const struct ktxn__model_topic_ref *ref,
                                 struct ktxn__model_topic **topic) {
  if (!ref->by_id) {
    *topic = ktxn__model_node_topic(model, node, ktxn__model_name_find(model, ref->name));
    return *topic == NULL ? KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION : KTXN__MODEL_NONE;
  }
  struct ktxn__model_topic *found = ktxn__model_topic_by_id(model, &ref->id);
  *topic = found != NULL && ktxn__model_node_topic(model, node, found->name) == found ? found : NULL;
  return *topic == NULL ? KTXN__MODEL_UNKNOWN_TOPIC_ID : KTXN__MODEL_NONE;
}

int32_t ktxn__model_node_partitions(const struct ktxn__model *model, int32_t node, const struct ktxn__model_topic *topic) {
  return model->nodes[node].view == NULL ? topic->partition_count : seen_topic(model, node, topic->name)->partition_count;
}

struct ktxn__model_seen_partition ktxn__model_node_partition(const struct ktxn__model *model, int32_t node,
                                                             const struct ktxn__model_partition *partition) {
  if (model->nodes[node].view != NULL) {
    const struct ktxn__model_seen_topic *seen = seen_topic(model, node, partition->topic->name);
    if (seen->topic == partition->topic && partition->index < seen->partition_count) {
      return seen->partitions[partition->index];
    }
  }
  return truth(partition);
}

struct ktxn__model_seen_partition ktxn__model_node_acting(const struct ktxn__model *model, int32_t node,
                                                          const struct ktxn__model_partition *partition) {
  return model->nodes[node].cut ? ktxn__model_node_partition(model, node, partition) : truth(partition);
}

/* What a lagging node leads it knows well: leadership comes to it by another way than what it tells clients. */
bool ktxn__model_node_leads(const struct ktxn__model *model, int32_t node, const struct ktxn__model_partition *partition) {
  return ktxn__model_node_acting(model, node, partition).leader == node;
}

bool ktxn__model_node_stale(const struct ktxn__model *model, int32_t node, const struct ktxn__model_partition *partition) {
  return partition->leader != node && ktxn__model_node_leads(model, node, partition);
}

int64_t ktxn__model_node_append(struct ktxn__model *model, int32_t node, const struct ktxn__model_partition *partition,
                                int32_t records) {
  struct ktxn__model_seen_topic *seen = &model->nodes[node].view->topics[partition->topic->name->number];
  int64_t base = seen->partitions[partition->index].end;
  seen->partitions[partition->index].end += records;
  return base;
}

bool ktxn__model_node_sees_up(const struct ktxn__model *model, int32_t node, int32_t other) {
  const struct ktxn__model_view *view = model->nodes[node].view;
  return view == NULL ? model->nodes[other].up : (view->up >> other & 1) != 0;
}
