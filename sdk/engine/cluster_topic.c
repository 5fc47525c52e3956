#include <string.h>

#include "ktxn/error.h"
#include "sdk/base/mem.h"
#include "sdk/engine/cluster_state.h"

/* Topics: who holds them, and what answers tell about them. */

static struct ktxn__entry *entry_of(struct ktxn__topic *topic) { return (struct ktxn__entry *)(void *)topic; }

static struct ktxn__entry *find(const struct ktxn__cluster *cluster, const char *name) {
  for (size_t i = 0; i < cluster->topic_count; i++)
    if (strcmp(cluster->topics[i]->name, name) == 0) return cluster->topics[i];
  return NULL;
}

static struct ktxn__entry *add(struct ktxn__cluster *cluster, const char *name) {
  size_t length = strlen(name);
  if (cluster->topic_count >= KTXN__CLUSTER_TOPICS_MAX || length == 0 ||
      length >= sizeof((struct ktxn__entry *)NULL)->name)
    return NULL;
  if (!ktxn__cluster_grow(cluster, (void **)&cluster->topics, &cluster->topic_room, cluster->topic_count,
                          sizeof *cluster->topics))
    return NULL;
  struct ktxn__entry *entry = ktxn__calloc(cluster->ports->mem, 1, sizeof *entry);
  if (entry == NULL) return NULL;
  memcpy(entry->name, name, length + 1);
  entry->topic.name = entry->name;
  entry->answered_us = -1;
  cluster->topics[cluster->topic_count++] = entry;
  return entry;
}

struct ktxn__topic *ktxn__cluster_want_topic(struct ktxn__cluster *cluster, const char *name, int64_t now_us) {
  struct ktxn__entry *entry = find(cluster, name);
  if (entry == NULL) entry = add(cluster, name);
  if (entry == NULL) return NULL;
  entry->holders++;
  entry->touched_us = now_us;
  if (entry->topic.answers == 0) {
    entry->ask = true;
    ktxn__cluster_metadata_soon(cluster, now_us);
  }
  return &entry->topic;
}

bool ktxn__cluster_topic_in_use(const struct ktxn__cluster *cluster, const struct ktxn__entry *entry, int64_t now_us) {
  return now_us - entry->touched_us <= cluster->settings->metadata_idle_max_ms * 1000;
}

void ktxn__cluster_touch_topic(struct ktxn__cluster *cluster, struct ktxn__topic *topic, int64_t now_us) {
  struct ktxn__entry *entry = entry_of(topic);
  /* It was left alone for so long that what is known may be old. */
  if (!ktxn__cluster_topic_in_use(cluster, entry, now_us)) ktxn__cluster_ask_topic(cluster, topic, now_us);
  entry->touched_us = now_us;
}

void ktxn__cluster_drop_topic(struct ktxn__cluster *cluster, struct ktxn__topic *topic, int64_t now_us) {
  struct ktxn__entry *entry = entry_of(topic);
  (void)now_us;
  if (--entry->holders > 0) return;
  for (size_t i = 0; i < cluster->topic_count; i++) {
    if (cluster->topics[i] != entry) continue;
    cluster->topics[i] = cluster->topics[--cluster->topic_count];
    break;
  }
  ktxn__free(cluster->ports->mem, entry->partitions);
  ktxn__free(cluster->ports->mem, entry);
}

void ktxn__cluster_ask_topic(struct ktxn__cluster *cluster, struct ktxn__topic *topic, int64_t now_us) {
  struct ktxn__entry *entry = entry_of(topic);
  if (entry->ask) return;
  entry->ask = true;
  ktxn__cluster_metadata_soon(cluster, now_us);
}

static bool again(int16_t code) {
  switch (code) {
    case KTXN_E_UNKNOWN_TOPIC_OR_PARTITION:
    case KTXN_E_LEADER_NOT_AVAILABLE:
    case KTXN_E_NOT_LEADER_OR_FOLLOWER:
    case KTXN_E_LISTENER_NOT_FOUND:
    case KTXN_E_UNKNOWN_TOPIC_ID:
      return true;
    default:
      return false;
  }
}

static bool room(struct ktxn__cluster *cluster, struct ktxn__entry *entry, uint32_t count) {
  if (count <= entry->topic.partition_count) return true;
  if (count > KTXN__CLUSTER_PARTITIONS_MAX) return false;
  struct ktxn__topic_partition *grown =
      ktxn__realloc(cluster->ports->mem, entry->partitions, count * sizeof *entry->partitions);
  if (grown == NULL) return false;
  for (uint32_t i = entry->topic.partition_count; i < count; i++)
    grown[i] = (struct ktxn__topic_partition){-1, -1, 0};
  entry->partitions = grown;
  entry->topic.partitions = grown;
  entry->topic.partition_count = count;
  return true;
}

/* True if something is still open about it. */
static bool take_partition(struct ktxn__entry *entry, const struct ktxn__metadata_partition *answer, bool remade) {
  if (answer->index < 0 || (uint32_t)answer->index >= entry->topic.partition_count) return false;
  struct ktxn__topic_partition *partition = &entry->partitions[answer->index];
  /* A broker that lags must not send us back to an older leader. */
  bool older = !remade && answer->leader_epoch >= 0 && answer->leader_epoch < partition->leader_epoch;
  if (older) return true;
  partition->error_code = answer->error_code;
  partition->leader = answer->leader_id;
  partition->leader_epoch = answer->leader_epoch;
  return partition->leader < 0;
}

static uint32_t count_of(const struct ktxn__metadata_topic *answer) {
  int32_t most = 0;
  for (int32_t i = 0; i < answer->partition_count; i++)
    if (answer->partitions[i].index >= most) most = answer->partitions[i].index + 1;
  /* Indices are dense; what claims otherwise is not believed. */
  return most <= answer->partition_count ? (uint32_t)most : (uint32_t)answer->partition_count;
}

void ktxn__cluster_take_topic(struct ktxn__cluster *cluster, struct ktxn__entry *entry,
                              const struct ktxn__metadata_topic *answer, int64_t now_us) {
  struct ktxn__topic *topic = &entry->topic;
  entry->answered_us = now_us;
  topic->answers++;
  topic->version++;
  cluster->version++;
  topic->error_code = answer->error_code;
  entry->ask = again(answer->error_code);
  if (answer->error_code != 0 || answer->partition_count <= 0) return;
  bool remade = memcmp(topic->id, answer->id.bytes, sizeof topic->id) != 0;
  memcpy(topic->id, answer->id.bytes, sizeof topic->id);
  if (!room(cluster, entry, count_of(answer))) {
    entry->ask = true;
    return;
  }
  for (int32_t i = 0; i < answer->partition_count; i++)
    if (take_partition(entry, &answer->partitions[i], remade)) entry->ask = true;
}

bool ktxn__cluster_hint_leader(struct ktxn__cluster *cluster, struct ktxn__topic *topic, uint32_t number,
                               int32_t leader, int32_t leader_epoch, const struct ktxn__cluster_endpoint *endpoint,
                               int64_t now_us) {
  ktxn__cluster_ask_topic(cluster, topic, now_us);
  if (leader < 0 || leader_epoch < 0 || number >= topic->partition_count) return false;
  struct ktxn__topic_partition *partition = &entry_of(topic)->partitions[number];
  if (leader_epoch <= partition->leader_epoch) return false;
  if (endpoint != NULL && endpoint->node == leader) ktxn__cluster_learn_node(cluster, endpoint, now_us);
  if (ktxn__cluster_node(cluster, leader) == NULL) return false;
  partition->leader = leader;
  partition->leader_epoch = leader_epoch;
  topic->version++;
  cluster->version++;
  return true;
}
