#ifndef KTXN_ENGINE_CLUSTER_STATE_H
#define KTXN_ENGINE_CLUSTER_STATE_H

/* What the cluster's own files share: cluster.c (nodes, events), cluster_topic.c, cluster_metadata.c. */

#include "sdk/base/arena.h"
#include "sdk/engine/call.h"
#include "sdk/engine/cluster.h"
#include "sdk/engine/ports.h"
#include "sdk/wire/metadata.h"

#define KTXN__CLUSTER_ARENA_BYTES ((size_t)64 << 20)

struct ktxn__node {
  int32_t id; /* negative: an entry of bootstrap.servers */
  uint16_t port;
  bool listed; /* in the last metadata, or a bootstrap entry */
  char host[KTXN__BROKER_HOST_MAX + 1];
  struct ktxn__broker *slots[KTXN__CLUSTER_SLOTS_MAX];
};

struct ktxn__entry {
  struct ktxn__topic topic; /* first, so that a topic is its entry */
  struct ktxn__topic_partition *partitions;
  uint32_t holders;
  bool ask;   /* to be in the next request */
  bool asked; /* is in the request on its way */
  int64_t touched_us;
  int64_t answered_us;
  char name[250];
};

struct ktxn__cluster {
  const struct ktxn__ports *ports;
  const struct ktxn__cluster_settings *settings;
  struct ktxn__broker_hooks hooks;
  struct ktxn__node **nodes;
  size_t node_count, node_room;
  struct ktxn__broker **brokers; /* by number - 1 */
  size_t broker_count, broker_room;
  struct ktxn__entry **topics;
  size_t topic_count, topic_room;
  uint64_t version;
  char *id;
  bool replaced;
  int64_t features_epoch;
  int16_t transaction_version;

  /* metadata */
  struct ktxn__call call;
  bool calling;
  bool all; /* every topic in use, and the nodes */
  bool asked_all;
  uint32_t attempts;
  int64_t next_us;    /* not before */
  int64_t success_us; /* of the last answer; -1 = none */
  struct ktxn__arena arena;
  struct ktxn__metadata_request_topic *names; /* of the request on its way */
  size_t names_room;
};

bool ktxn__cluster_grow(struct ktxn__cluster *cluster, void **array, size_t *room, size_t count, size_t size);
struct ktxn__node *ktxn__cluster_node(struct ktxn__cluster *cluster, int32_t id);
bool ktxn__cluster_set_node(struct ktxn__cluster *cluster, int32_t id, const char *host, size_t host_size, int32_t port,
                            int64_t now_us);
bool ktxn__cluster_topic_in_use(const struct ktxn__cluster *cluster, const struct ktxn__entry *entry, int64_t now_us);
void ktxn__cluster_take_topic(struct ktxn__cluster *cluster, struct ktxn__entry *entry,
                              const struct ktxn__metadata_topic *answer, int64_t now_us);
int64_t ktxn__cluster_metadata_run(struct ktxn__cluster *cluster, int64_t now_us);
void ktxn__cluster_metadata_soon(struct ktxn__cluster *cluster, int64_t now_us);

#endif
