/* The topics of a cluster: who holds them, when to ask for them, what an answer changes. */

#include <string.h>

#include "sdk/base/backoff.h"
#include "sdk/base/murmur2.h"
#include "sdk/engine/cluster_parts.h"
#include "sdk/wire/metadata.h"

#define BUCKETS_FIRST 64
#define NAME_MAX_BYTES 249 /* Kafka's limit for topic names */

/* Kafka's error codes for topics. */
#define UNKNOWN_TOPIC_OR_PARTITION 3
#define INVALID_TOPIC 17
#define TOPIC_AUTHORIZATION_FAILED 29

/* ---- the table --------------------------------------------------------------------------------------------------- */

void ktxn__cluster_topics_init(struct ktxn__cluster *cluster) {
  ktxn__list_init(&cluster->topics.all);
}

static struct ktxn__cluster_topic *entry_of(struct ktxn__topic *topic) {
  return KTXN__LIST_OF(topic, struct ktxn__cluster_topic, topic);
}

static struct ktxn__cluster_topic **bucket(const struct ktxn__cluster_topics *topics, uint32_t hash) {
  return &topics->buckets[hash & (topics->bucket_count - 1)];
}

struct ktxn__cluster_topic *ktxn__cluster_topics_find(const struct ktxn__cluster *cluster, struct ktxn__str name) {
  if (cluster->topics.bucket_count == 0 || name.len <= 0) {
    return NULL;
  }
  uint32_t hash = ktxn__murmur2(name.data, (size_t)name.len);
  struct ktxn__cluster_topic *topic = *bucket(&cluster->topics, hash);
  while (topic != NULL && !(topic->hash == hash && ktxn__str_equal(ktxn__str(topic->topic.name), name))) {
    topic = topic->chain;
  }
  return topic;
}

static void link_entry(struct ktxn__cluster_topics *topics, struct ktxn__cluster_topic *topic) {
  struct ktxn__cluster_topic **head = bucket(topics, topic->hash);
  topic->chain = *head;
  *head = topic;
}

/* Room for one more; as many buckets as topics. */
static bool grow(struct ktxn__cluster *cluster) {
  struct ktxn__cluster_topics *topics = &cluster->topics;
  if (topics->count < topics->bucket_count) {
    return true;
  }
  uint32_t count = topics->bucket_count == 0 ? BUCKETS_FIRST : topics->bucket_count * 2;
  struct ktxn__cluster_topic **buckets = ktxn__calloc(cluster->ports->mem, count, sizeof *buckets);
  if (buckets == NULL) {
    return false;
  }
  ktxn__free(cluster->ports->mem, topics->buckets);
  topics->buckets = buckets;
  topics->bucket_count = count;
  for (struct ktxn__list *at = ktxn__list_first(&topics->all); at != NULL; at = ktxn__list_next(&topics->all, at)) {
    link_entry(topics, KTXN__LIST_OF(at, struct ktxn__cluster_topic, link));
  }
  return true;
}

static struct ktxn__cluster_topic *add(struct ktxn__cluster *cluster, const char *name, size_t size) {
  if (cluster->topics.count >= KTXN__CLUSTER_TOPICS_MAX || !grow(cluster)) {
    return NULL;
  }
  struct ktxn__cluster_topic *topic = ktxn__calloc(cluster->ports->mem, 1, sizeof *topic + size + 1);
  if (topic == NULL) {
    return NULL;
  }
  char *copy = (char *)(topic + 1);
  memcpy(copy, name, size);
  topic->topic.name = copy;
  topic->hash = ktxn__murmur2(name, size);
  topic->ask_at_us = INT64_MAX;
  link_entry(&cluster->topics, topic);
  ktxn__list_push_back(&cluster->topics.all, &topic->link);
  cluster->topics.count++;
  return topic;
}

static void remove_entry(struct ktxn__cluster *cluster, struct ktxn__cluster_topic *topic) {
  struct ktxn__cluster_topic **at = bucket(&cluster->topics, topic->hash);
  while (*at != topic) {
    at = &(*at)->chain;
  }
  *at = topic->chain;
  ktxn__list_remove(&topic->link);
  cluster->topics.count--;
  ktxn__free(cluster->ports->mem, topic->partitions);
  ktxn__free(cluster->ports->mem, topic);
}

void ktxn__cluster_topics_free(struct ktxn__cluster *cluster) {
  struct ktxn__list *link;
  while ((link = ktxn__list_first(&cluster->topics.all)) != NULL) {
    remove_entry(cluster, KTXN__LIST_OF(link, struct ktxn__cluster_topic, link));
  }
  ktxn__free(cluster->ports->mem, cluster->topics.buckets);
}

/* ---- interest ---------------------------------------------------------------------------------------------------- */

bool ktxn__cluster_topics_in_use(const struct ktxn__cluster *cluster, const struct ktxn__cluster_topic *topic,
                                 int64_t now_us) {
  return now_us - topic->used_us < cluster->settings->metadata_idle_max_ms * 1000;
}

void ktxn__cluster_topics_plan(struct ktxn__cluster *cluster, struct ktxn__cluster_topic *topic, int64_t at_us) {
  topic->ask_at_us = ktxn__cluster_earlier(topic->ask_at_us, at_us);
  cluster->ask_at_us = ktxn__cluster_earlier(cluster->ask_at_us, topic->ask_at_us);
}

/* The earliest time at which asking again makes sense. */
static int64_t not_before(const struct ktxn__cluster *cluster, const struct ktxn__cluster_topic *topic) {
  if (topic->topic.answers == 0) {
    return INT64_MIN;
  }
  const struct ktxn__cluster_settings *settings = cluster->settings;
  uint32_t attempts = topic->tries == 0 ? 0 : topic->tries - 1;
  int64_t wait_ms = ktxn__backoff(settings->retry_backoff_ms, settings->retry_backoff_max_ms, attempts,
                                  cluster->ports->random(cluster->ports->ctx));
  return topic->answered_us + wait_ms * 1000;
}

static int64_t later(int64_t a, int64_t b) {
  return a > b ? a : b;
}

void ktxn__cluster_ask_topic(struct ktxn__cluster *cluster, struct ktxn__topic *topic, int64_t now_us) {
  struct ktxn__cluster_topic *entry = entry_of(topic);
  if (entry->ask_at_us == INT64_MAX) {
    ktxn__cluster_topics_plan(cluster, entry, later(now_us, not_before(cluster, entry)));
  }
}

void ktxn__cluster_touch_topic(struct ktxn__cluster *cluster, struct ktxn__topic *topic, int64_t now_us) {
  struct ktxn__cluster_topic *entry = entry_of(topic);
  bool stale = !ktxn__cluster_topics_in_use(cluster, entry, now_us);
  entry->used_us = now_us;
  if (stale) {
    ktxn__cluster_topics_plan(cluster, entry, now_us);
  }
}

struct ktxn__topic *ktxn__cluster_want_topic(struct ktxn__cluster *cluster, const char *name, int64_t now_us) {
  size_t size = strnlen(name, NAME_MAX_BYTES + 1);
  if (size == 0 || size > NAME_MAX_BYTES) {
    return NULL;
  }
  struct ktxn__cluster_topic *topic = ktxn__cluster_topics_find(cluster, ktxn__str(name));
  if (topic == NULL) {
    topic = add(cluster, name, size);
    if (topic == NULL) {
      return NULL;
    }
    topic->used_us = now_us;
  }
  topic->holds++;
  ktxn__cluster_touch_topic(cluster, &topic->topic, now_us);
  if (topic->topic.answers == 0 || topic->topic.error_code != 0) {
    ktxn__cluster_ask_topic(cluster, &topic->topic, now_us);
  }
  return &topic->topic;
}

void ktxn__cluster_drop_topic(struct ktxn__cluster *cluster, struct ktxn__topic *topic, int64_t now_us) {
  (void)now_us;
  struct ktxn__cluster_topic *entry = entry_of(topic);
  if (--entry->holds == 0) {
    remove_entry(cluster, entry);
  }
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static void changed(struct ktxn__cluster *cluster, struct ktxn__cluster_topic *topic) {
  topic->topic.version++;
  cluster->version++;
}

/* A known number of partitions doesn't shrink while the topic is the same one: that would be an old answer. */
static uint32_t new_count(const struct ktxn__cluster_topic *topic, const struct ktxn__metadata_topic *in, bool anew) {
  uint32_t count = in->partition_count < KTXN__CLUSTER_PARTITIONS_MAX ? (uint32_t)in->partition_count
                                                                     : KTXN__CLUSTER_PARTITIONS_MAX;
  static const uint8_t none[sizeof topic->topic.id] = {0};
  bool same = !anew && memcmp(topic->topic.id, none, sizeof none) != 0;
  return same && count < topic->topic.partition_count ? topic->topic.partition_count : count;
}

static bool resize(struct ktxn__cluster *cluster, struct ktxn__cluster_topic *topic, uint32_t count) {
  if (count == topic->topic.partition_count) {
    return true;
  }
  struct ktxn__topic_partition *partitions =
      ktxn__realloc(cluster->ports->mem, topic->partitions, count * sizeof *partitions);
  if (partitions == NULL) {
    return false;
  }
  for (uint32_t i = topic->topic.partition_count; i < count; i++) {
    partitions[i] = (struct ktxn__topic_partition){.leader = -1, .leader_epoch = -1};
  }
  topic->partitions = partitions;
  topic->topic.partitions = partitions;
  topic->topic.partition_count = count;
  changed(cluster, topic);
  return true;
}

static void apply_partition(struct ktxn__cluster *cluster, struct ktxn__cluster_topic *topic,
                            const struct ktxn__metadata_partition *in) {
  if (in->index < 0 || (uint32_t)in->index >= topic->topic.partition_count) {
    return;
  }
  struct ktxn__topic_partition *partition = &topic->partitions[in->index];
  /* KIP-320: brokers lag behind each other; a lower leader epoch is an older truth. */
  if (in->leader_epoch >= 0 && in->leader_epoch < partition->leader_epoch) {
    return;
  }
  int32_t leader = in->leader_id < 0 ? -1 : in->leader_id;
  int32_t epoch = in->leader_epoch < 0 ? -1 : in->leader_epoch;
  if (partition->leader != leader || partition->leader_epoch != epoch || partition->error_code != in->error_code) {
    *partition =
        (struct ktxn__topic_partition){.leader = leader, .leader_epoch = epoch, .error_code = in->error_code};
    changed(cluster, topic);
  }
}

/* Takes the id over; true = the topic was deleted and made anew (KIP-516). */
static bool apply_id(struct ktxn__cluster *cluster, struct ktxn__cluster_topic *topic,
                     const struct ktxn__metadata_topic *in) {
  static const struct ktxn__uuid none = {{0}};
  if (ktxn__uuid_zero(&in->id) || memcmp(topic->topic.id, in->id.bytes, sizeof in->id.bytes) == 0) {
    return false;
  }
  bool anew = memcmp(topic->topic.id, none.bytes, sizeof none.bytes) != 0;
  memcpy(topic->topic.id, in->id.bytes, sizeof in->id.bytes);
  changed(cluster, topic);
  return anew;
}

static bool apply_partitions(struct ktxn__cluster *cluster, struct ktxn__cluster_topic *topic,
                             const struct ktxn__metadata_topic *in) {
  if (in->partition_count <= 0) {
    return false;
  }
  bool anew = apply_id(cluster, topic, in);
  uint32_t count = new_count(topic, in, anew);
  if (!resize(cluster, topic, count)) {
    return false;
  }
  for (uint32_t i = 0; anew && i < count; i++) {
    topic->partitions[i] = (struct ktxn__topic_partition){.leader = -1, .leader_epoch = -1};
  }
  for (int32_t i = 0; i < in->partition_count; i++) {
    apply_partition(cluster, topic, &in->partitions[i]);
  }
  return true;
}

static bool leaderless(const struct ktxn__cluster_topic *topic) {
  for (uint32_t i = 0; i < topic->topic.partition_count; i++) {
    if (topic->partitions[i].leader < 0) {
      return true;
    }
  }
  return false;
}

void ktxn__cluster_topics_apply(struct ktxn__cluster *cluster, struct ktxn__cluster_topic *topic,
                                const struct ktxn__metadata_topic *in, int64_t now_us) {
  int16_t error = in == NULL ? UNKNOWN_TOPIC_OR_PARTITION : in->error_code;
  bool whole = error == 0 && apply_partitions(cluster, topic, in);
  if (topic->topic.error_code != error) {
    topic->topic.error_code = error;
    changed(cluster, topic);
  }
  topic->topic.answers++;
  topic->answered_us = now_us;
  topic->ask_at_us = INT64_MAX;
  topic->tries = whole && !leaderless(topic) ? 0 : topic->tries + 1;
  /* These two don't go away by themselves; a leader's absence is asked about by whoever has something for it. */
  bool lasting = error == INVALID_TOPIC || error == TOPIC_AUTHORIZATION_FAILED;
  if (!whole && !lasting && ktxn__cluster_topics_in_use(cluster, topic, now_us)) {
    ktxn__cluster_topics_plan(cluster, topic, not_before(cluster, topic));
  }
}

/* ---- hints ------------------------------------------------------------------------------------------------------- */

static bool take_hint(struct ktxn__cluster *cluster, struct ktxn__cluster_topic *topic, uint32_t index, int32_t leader,
                      int32_t leader_epoch, const struct ktxn__cluster_endpoint *endpoint, int64_t now_us) {
  if (leader < 0 || leader_epoch < 0 || index >= topic->topic.partition_count ||
      leader_epoch <= topic->partitions[index].leader_epoch) {
    return false;
  }
  bool told = endpoint != NULL && endpoint->node == leader && ktxn__cluster_learn_node(cluster, endpoint, now_us);
  if (!told && ktxn__cluster_nodes_find(cluster, leader) == NULL) {
    return false;
  }
  topic->partitions[index] = (struct ktxn__topic_partition){.leader = leader, .leader_epoch = leader_epoch};
  changed(cluster, topic);
  return true;
}

bool ktxn__cluster_hint_leader(struct ktxn__cluster *cluster, struct ktxn__topic *topic, uint32_t partition,
                               int32_t leader, int32_t leader_epoch, const struct ktxn__cluster_endpoint *endpoint,
                               int64_t now_us) {
  ktxn__cluster_ask_topic(cluster, topic, now_us);
  return take_hint(cluster, entry_of(topic), partition, leader, leader_epoch, endpoint, now_us);
}
