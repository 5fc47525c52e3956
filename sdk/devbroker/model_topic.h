#ifndef KTXN_DEVBROKER_MODEL_TOPIC_H
#define KTXN_DEVBROKER_MODEL_TOPIC_H

/*
 * Topics and their partitions as they really are. A name outlives the topics that bear it: transactions and offsets know
 * partitions by name, logs belong to a topic.
 */

#include "sdk/devbroker/model.h"
#include "sdk/devbroker/model_log.h"

#define KTXN__MODEL_PARTITIONS_MAX 10000 /* of one topic */
#define KTXN__MODEL_NAME_MAX 249         /* of a topic, in bytes */

struct ktxn__model_topic;

struct ktxn__model_name {
  struct ktxn__str text;
  int32_t number;
  bool hidden;
  struct ktxn__model_topic *topic;    /* that bears it now; NULL = none */
  struct ktxn__model_name *same_hash; /* chain in the map of names */
};

struct ktxn__model_partition {
  struct ktxn__model_topic *topic;
  int32_t index;
  int32_t leader; /* -1 = none */
  int32_t leader_epoch;
  struct ktxn__model_log log;
};

struct ktxn__model_topic {
  struct ktxn__model_name *name;
  struct ktxn__model_uuid id;
  int32_t number;
  bool internal;
  bool deleted;
  bool forgotten; /* and its producers are, too */
  int32_t max_message_bytes;
  struct ktxn__model_partition **partitions;
  int32_t partition_count;
  int32_t partition_capacity;
};

/** All topics that there ever were, by their numbers, and all names. */
struct ktxn__model_topics {
  struct ktxn__model_map names_by_hash;
  struct ktxn__model_name **names;
  int32_t name_count;
  int32_t name_capacity;
  struct ktxn__model_topic **list;
  int32_t count;
  int32_t capacity;
};

/** NULL when there never was one. */
struct ktxn__model_name *ktxn__model_name_find(const struct ktxn__model *model, struct ktxn__str text);
/** Made when it isn't there. NULL: no memory. */
struct ktxn__model_name *ktxn__model_name_intern(struct ktxn__model *model, struct ktxn__str text);

/** NULL: no such topic. Ids are made from the topic's number. */
struct ktxn__model_topic *ktxn__model_topic_by_id(const struct ktxn__model *model, const struct ktxn__model_uuid *id);

/** 0, 17, 36, 37, or 56 without memory. */
int16_t ktxn__model_topic_create(struct ktxn__model *model, struct ktxn__str name, int32_t partitions, bool internal,
                                 struct ktxn__model_topic **made);
int16_t ktxn__model_topic_extend(struct ktxn__model *model, struct ktxn__model_topic *topic, int32_t partitions);
void ktxn__model_topic_delete(struct ktxn__model *model, struct ktxn__model_topic *topic);
/** The producers of deleted topics, unless a node has a picture in which the topic may still be. */
void ktxn__model_topics_forget(struct ktxn__model *model);

/** NULL: out of range. */
struct ktxn__model_partition *ktxn__model_topic_partition(const struct ktxn__model_topic *topic, int32_t index);

/** A partition of a topic by name, for transactions and offsets: one number for both. */
static inline uint64_t ktxn__model_place(const struct ktxn__model_name *name, int32_t partition) {
  return (uint64_t)(uint32_t)name->number << 32 | (uint32_t)partition;
}
static inline int32_t ktxn__model_place_partition(uint64_t place) {
  return (int32_t)(uint32_t)place;
}
struct ktxn__model_name *ktxn__model_place_name(const struct ktxn__model *model, uint64_t place);
/** Of the topic that bears the name now; NULL when there is none such. */
struct ktxn__model_partition *ktxn__model_place_find(const struct ktxn__model *model, uint64_t place);

#endif
