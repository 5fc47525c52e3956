#include "sdk/devbroker/model_topic.h"

#include <string.h>

#include "sdk/devbroker/model_state.h"

struct ktxn__model_name *ktxn__model_name_find(const struct ktxn__model *model, struct ktxn__str text) {
  struct ktxn__model_name *name = ktxn__model_map_get(&model->topics.names_by_hash, ktxn__model_hash(text));
  while (name != NULL && !ktxn__str_equal(name->text, text)) {
    name = name->same_hash;
  }
  return name;
}

static bool enlist(struct ktxn__model *model, struct ktxn__model_name *name) {
  struct ktxn__model_topics *topics = &model->topics;
  uint64_t hash = ktxn__model_hash(name->text);
  struct ktxn__model_name *first = ktxn__model_map_get(&topics->names_by_hash, hash);
  if (!ktxn__model_grow(&model->memory, &topics->names, &topics->name_capacity, topics->name_count + 1, sizeof name)) {
    return false;
  }
  if (first != NULL) {
    name->same_hash = first->same_hash;
    first->same_hash = name;
  } else if (!ktxn__model_map_add(&model->memory, &topics->names_by_hash, hash, name)) {
    return false;
  }
  name->number = topics->name_count;
  topics->names[topics->name_count++] = name;
  return true;
}

struct ktxn__model_name *ktxn__model_name_intern(struct ktxn__model *model, struct ktxn__str text) {
  struct ktxn__model_name *name = ktxn__model_name_find(model, text);
  if (name != NULL) {
    return name;
  }
  name = ktxn__model_get(&model->memory, sizeof *name);
  return name != NULL && ktxn__model_copy_str(&model->memory, text, &name->text) && enlist(model, name) ? name : NULL;
}

/* Not random, as everything here: "ktxn", the number from 1 up, and the cluster's own bytes. */
static struct ktxn__model_uuid id_of(int32_t number) {
  struct ktxn__model_uuid id = {.bytes = {'k', 't', 'x', 'n', 0, 0, 0x40, 0, 0x80}};
  for (int i = 0; i < 4; i++) {
    id.bytes[12 + i] = (uint8_t)((uint32_t)(number + 1) >> (24 - 8 * i));
  }
  return id;
}

struct ktxn__model_topic *ktxn__model_topic_by_id(const struct ktxn__model *model, const struct ktxn__model_uuid *id) {
  uint32_t number = 0;
  for (int i = 0; i < 4; i++) {
    number = number << 8 | id->bytes[12 + i];
  }
  if (number == 0 || number > (uint32_t)model->topics.count) {
    return NULL;
  }
  struct ktxn__model_topic *topic = model->topics.list[number - 1];
  return !topic->deleted && memcmp(topic->id.bytes, id->bytes, sizeof id->bytes) == 0 ? topic : NULL;
}

static bool legal(struct ktxn__str name) {
  if (name.len <= 0 || name.len > KTXN__MODEL_NAME_MAX || ktxn__str_equal(name, KTXN__STR(".")) ||
      ktxn__str_equal(name, KTXN__STR(".."))) {
    return false;
  }
  for (int32_t i = 0; i < name.len; i++) {
    char c = name.data[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '.' && c != '_' && c != '-') {
      return false;
    }
  }
  return true;
}

static struct ktxn__model_topic *new_topic(struct ktxn__model *model, struct ktxn__model_name *name, bool internal) {
  struct ktxn__model_topics *topics = &model->topics;
  if (!ktxn__model_grow(&model->memory, &topics->list, &topics->capacity, topics->count + 1, sizeof *topics->list)) {
    return NULL;
  }
  struct ktxn__model_topic *topic = ktxn__model_get(&model->memory, sizeof *topic);
  if (topic != NULL) {
    topic->name = name;
    topic->number = topics->count;
    topic->id = id_of(topics->count);
    topic->internal = internal;
    topic->max_message_bytes = model->config.message_max_bytes;
    topics->list[topics->count++] = topic;
  }
  return topic;
}

int16_t ktxn__model_topic_create(struct ktxn__model *model, struct ktxn__str text, int32_t partitions, bool internal,
                                 struct ktxn__model_topic **made) {
  if (!legal(text)) {
    return KTXN__MODEL_INVALID_TOPIC;
  }
  if (partitions <= 0 || partitions > KTXN__MODEL_PARTITIONS_MAX) {
    return KTXN__MODEL_INVALID_PARTITIONS;
  }
  struct ktxn__model_name *name = ktxn__model_name_intern(model, text);
  if (name == NULL) {
    return KTXN__MODEL_KAFKA_STORAGE_ERROR;
  }
  if (name->topic != NULL) {
    return KTXN__MODEL_TOPIC_ALREADY_EXISTS;
  }
  struct ktxn__model_topic *topic = new_topic(model, name, internal);
  if (topic == NULL) {
    return KTXN__MODEL_KAFKA_STORAGE_ERROR;
  }
  int16_t code = ktxn__model_topic_extend(model, topic, partitions);
  if (code != KTXN__MODEL_NONE) {
    topic->deleted = true;
    return code;
  }
  name->topic = topic;
  name->hidden = false;
  *made = topic;
  return KTXN__MODEL_NONE;
}

static int32_t first_leader(const struct ktxn__model *model, const struct ktxn__model_topic *topic, int32_t index) {
  for (int32_t i = 0; i < model->config.nodes; i++) {
    int32_t node = (topic->number + index + i) % model->config.nodes;
    if (model->nodes[node].up) {
      return node;
    }
  }
  return -1;
}

static struct ktxn__model_partition *new_partition(struct ktxn__model *model, struct ktxn__model_topic *topic, int32_t index) {
  struct ktxn__model_partition *partition = ktxn__model_get(&model->memory, sizeof *partition);
  if (partition != NULL) {
    partition->topic = topic;
    partition->index = index;
    partition->leader = first_leader(model, topic, index);
    ktxn__model_log_init(&partition->log, topic->internal);
  }
  return partition;
}

int16_t ktxn__model_topic_extend(struct ktxn__model *model, struct ktxn__model_topic *topic, int32_t partitions) {
  if (partitions <= topic->partition_count || partitions > KTXN__MODEL_PARTITIONS_MAX) {
    return KTXN__MODEL_INVALID_PARTITIONS;
  }
  if (!ktxn__model_grow(&model->memory, &topic->partitions, &topic->partition_capacity, partitions, sizeof *topic->partitions)) {
    return KTXN__MODEL_KAFKA_STORAGE_ERROR;
  }
  int32_t count = topic->partition_count;
  while (count < partitions) {
    topic->partitions[count] = new_partition(model, topic, count);
    if (topic->partitions[count] == NULL) {
      return KTXN__MODEL_KAFKA_STORAGE_ERROR;
    }
    count++;
  }
  topic->partition_count = count;
  return KTXN__MODEL_NONE;
}

static bool pictured(const struct ktxn__model *model) {
  for (int32_t i = 0; i < model->config.nodes; i++) {
    if (model->nodes[i].view != NULL) {
      return true;
    }
  }
  return false;
}

static void forget(struct ktxn__model *model, struct ktxn__model_topic *topic) {
  topic->forgotten = true;
  for (int32_t i = 0; i < topic->partition_count; i++) {
    ktxn__model_log_forget_producers(&model->memory, &topic->partitions[i]->log);
  }
}

void ktxn__model_topics_forget(struct ktxn__model *model) {
  for (int32_t i = 0; i < model->topics.count && !pictured(model); i++) {
    if (model->topics.list[i]->deleted && !model->topics.list[i]->forgotten) {
      forget(model, model->topics.list[i]);
    }
  }
}

void ktxn__model_topic_delete(struct ktxn__model *model, struct ktxn__model_topic *topic) {
  topic->deleted = true;
  topic->name->topic = NULL;
  for (int32_t i = 0; i < topic->partition_count; i++) {
    struct ktxn__model_partition *partition = topic->partitions[i];
    ktxn__model_event_clear(&model->events, &partition->log.replication);
    ktxn__model_replica_lost(model, partition, KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION);
  }
  ktxn__model_topics_forget(model);
}

struct ktxn__model_partition *ktxn__model_topic_partition(const struct ktxn__model_topic *topic, int32_t index) {
  return topic == NULL || index < 0 || index >= topic->partition_count ? NULL : topic->partitions[index];
}

struct ktxn__model_name *ktxn__model_place_name(const struct ktxn__model *model, uint64_t place) {
  return model->topics.names[place >> 32];
}

struct ktxn__model_partition *ktxn__model_place_find(const struct ktxn__model *model, uint64_t place) {
  return ktxn__model_topic_partition(ktxn__model_place_name(model, place)->topic, ktxn__model_place_partition(place));
}
