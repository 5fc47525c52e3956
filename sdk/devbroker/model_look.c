#include "sdk/devbroker/model_look.h"

#include "sdk/devbroker/model_state.h"

static const struct ktxn__model_topic *topic_at(const struct ktxn__model *model, int32_t wanted) {
  for (int32_t i = 0; i < model->topics.count; i++) {
    const struct ktxn__model_topic *topic = model->topics.list[i];
    if (!topic->deleted && !topic->internal && wanted-- == 0) {
      return topic;
    }
  }
  return NULL;
}

int32_t ktxn__model_topics(const struct ktxn__model *model) {
  int32_t count = 0;
  for (int32_t i = 0; i < model->topics.count; i++) {
    count += !model->topics.list[i]->deleted && !model->topics.list[i]->internal;
  }
  return count;
}

struct ktxn__str ktxn__model_topic_name(const struct ktxn__model *model, int32_t i) {
  const struct ktxn__model_topic *topic = topic_at(model, i);
  return topic == NULL ? KTXN__STR_NULL : topic->name->text;
}

static const struct ktxn__model_partition *partition_of(const struct ktxn__model *model, struct ktxn__str topic, int32_t partition) {
  const struct ktxn__model_name *name = ktxn__model_name_find(model, topic);
  return name == NULL ? NULL : ktxn__model_topic_partition(name->topic, partition);
}

int32_t ktxn__model_partitions(const struct ktxn__model *model, struct ktxn__str topic) {
  const struct ktxn__model_partition *first = partition_of(model, topic, 0);
  return first == NULL ? 0 : first->topic->partition_count;
}

bool ktxn__model_log_ends(const struct ktxn__model *model, struct ktxn__str topic, int32_t partition,
                          struct ktxn__model_log_ends *ends) {
  const struct ktxn__model_partition *found = partition_of(model, topic, partition);
  if (found == NULL) {
    return false;
  }
  *ends = (struct ktxn__model_log_ends){.start = found->log.start,
                                        .end = found->log.end,
                                        .high_watermark = found->log.high_watermark,
                                        .last_stable = found->log.last_stable,
                                        .leader = found->leader,
                                        .leader_epoch = found->leader_epoch};
  return true;
}

const struct ktxn__model_entry *ktxn__model_log_entry(const struct ktxn__model *model, struct ktxn__str topic, int32_t partition,
                                                      int64_t offset) {
  const struct ktxn__model_partition *found = partition_of(model, topic, partition);
  if (found == NULL) {
    return NULL;
  }
  int32_t i = ktxn__model_log_find(&found->log, offset);
  return i < found->log.entry_count ? found->log.entries[i] : NULL;
}

int32_t ktxn__model_txn_leader(const struct ktxn__model *model, int32_t partition) {
  const struct ktxn__model_partition *found = ktxn__model_topic_partition(model->txns.topic, partition);
  return found == NULL ? -1 : found->leader;
}

int32_t ktxn__model_group_leader(const struct ktxn__model *model, int32_t partition) {
  const struct ktxn__model_partition *found = ktxn__model_topic_partition(model->groups.topic, partition);
  return found == NULL ? -1 : found->leader;
}

size_t ktxn__model_memory_used(const struct ktxn__model *model) {
  return model->memory.used;
}
