#ifndef KTXN_ENGINE_CLUSTER_PARTS_H
#define KTXN_ENGINE_CLUSTER_PARTS_H

/*
 * The inside of a cluster, for cluster*.c alone:
 *   cluster.c           life, events, run, features, texts
 *   cluster_nodes.c     nodes and their brokers; which broker to ask
 *   cluster_topics.c    the table of topics; what an answer changes in one
 *   cluster_metadata.c  when to ask for metadata, and the asking
 */

#include "sdk/base/arena.h"
#include "sdk/base/list.h"
#include "sdk/base/mem.h"
#include "sdk/base/str.h"
#include "sdk/engine/call.h"
#include "sdk/engine/cluster.h"
#include "sdk/engine/ports.h"

struct ktxn__metadata_response;
struct ktxn__metadata_topic;

/** An entry of bootstrap.servers (its id is negative) or a node of the cluster. */
struct ktxn__cluster_node {
  int32_t id;
  bool listed; /* the last metadata named it */
  uint16_t port;
  char *host;
  struct ktxn__broker *slots[KTXN__CLUSTER_SLOTS_MAX]; /* NULL = not used so far */
};

struct ktxn__cluster_topic {
  struct ktxn__topic topic; /* first: a handle is the address of this */
  struct ktxn__topic_partition *partitions;
  struct ktxn__list link; /* of all topics */
  struct ktxn__cluster_topic *chain;
  uint32_t hash;
  uint32_t holds;
  uint32_t tries;     /* answers in a row that left something open */
  int64_t used_us;    /* wanted or touched last */
  int64_t answered_us;
  int64_t ask_at_us;  /* INT64_MAX = nothing to ask */
  bool asked;         /* by the request in flight */
  bool told;          /* by the answer that is being read */
};

struct ktxn__cluster_topics {
  struct ktxn__list all;
  struct ktxn__cluster_topic **buckets; /* a power of two of them */
  uint32_t bucket_count;
  uint32_t count;
};

struct ktxn__cluster {
  const struct ktxn__ports *ports;
  const struct ktxn__cluster_settings *settings;
  uint64_t version;

  struct ktxn__cluster_node **nodes; /* by id */
  size_t node_count, node_capacity;
  struct ktxn__broker **brokers; /* by number - 1 */
  size_t broker_count, broker_capacity;
  bool anybody; /* somebody asked for any broker and there was none */

  struct ktxn__cluster_topics topics;

  struct ktxn__call call; /* Metadata; on its way while `asking` */
  bool asking;
  bool asking_full;
  int64_t asked_us;      /* when it was sent */
  int64_t full_at_us;    /* of the next full request; INT64_MAX = none */
  int64_t full_us;       /* when the last one was sent; INT64_MIN / 2 = never */
  int64_t versions_us;   /* when all brokers were last asked for their versions, or the first metadata */
  int64_t ask_at_us;     /* no topic's is earlier */
  int64_t not_before_us; /* backoff after a failure */
  int64_t trying_us;     /* since when metadata is wanted in vain; INT64_MAX = it isn't */
  uint32_t attempts;     /* failures in a row */
  bool known;            /* there has been an answer */
  bool rebootstrap;      /* wanted, by an answer that said so */
  struct ktxn__arena arena;

  char *id;
  bool replaced;
  struct ktxn__broker_features features;
};

static inline int64_t ktxn__cluster_earlier(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* cluster_nodes.c */
bool ktxn__cluster_nodes_init(struct ktxn__cluster *cluster);
void ktxn__cluster_nodes_free(struct ktxn__cluster *cluster, int64_t now_us);
struct ktxn__cluster_node *ktxn__cluster_nodes_find(const struct ktxn__cluster *cluster, int32_t id);
/** Adds the node or gives it this address; NULL = impossible. `host` may be longer than its use: it is copied. */
struct ktxn__cluster_node *ktxn__cluster_nodes_learn(struct ktxn__cluster *cluster, int32_t id, struct ktxn__str host,
                                                     int32_t port, int64_t now_us);
/** None is listed from here on, so that the bootstrap servers are asked. */
void ktxn__cluster_nodes_unlist(struct ktxn__cluster *cluster);
/** KIP-219: no connection to the node takes a request before that. */
void ktxn__cluster_nodes_mute(struct ktxn__cluster *cluster, int32_t id, int64_t until_us);
/** Are nodes listed, and has the last attempt to reach each of them failed? */
bool ktxn__cluster_nodes_gone(const struct ktxn__cluster *cluster);
/** When the first candidate of ktxn__cluster_least_loaded() comes out of its backoff. */
int64_t ktxn__cluster_nodes_usable_at(const struct ktxn__cluster *cluster);

/* cluster_topics.c */
void ktxn__cluster_topics_init(struct ktxn__cluster *cluster);
void ktxn__cluster_topics_free(struct ktxn__cluster *cluster);
struct ktxn__cluster_topic *ktxn__cluster_topics_find(const struct ktxn__cluster *cluster, struct ktxn__str name);
bool ktxn__cluster_topics_in_use(const struct ktxn__cluster *cluster, const struct ktxn__cluster_topic *topic,
                                 int64_t now_us);
/** Takes in what metadata said; `in` NULL = it didn't mention the topic. */
void ktxn__cluster_topics_apply(struct ktxn__cluster *cluster, struct ktxn__cluster_topic *topic,
                                const struct ktxn__metadata_topic *in, int64_t now_us);
/** Plans to ask for it at a time. */
void ktxn__cluster_topics_plan(struct ktxn__cluster *cluster, struct ktxn__cluster_topic *topic, int64_t at_us);

/* cluster_metadata.c */
void ktxn__cluster_metadata_init(struct ktxn__cluster *cluster);
/** Asks if it is time to. */
void ktxn__cluster_metadata_run(struct ktxn__cluster *cluster, int64_t now_us);
/** When it wants to run again. */
int64_t ktxn__cluster_metadata_due(const struct ktxn__cluster *cluster);

/* cluster.c */
void ktxn__cluster_adopt(struct ktxn__cluster *cluster, struct ktxn__broker *broker);
struct ktxn__broker_hooks ktxn__cluster_hooks(struct ktxn__cluster *cluster);
/** Forgets the nodes and starts from bootstrap.servers again (KIP-899), with `close` on new connections; `why` is logged. */
void ktxn__cluster_rebootstrap(struct ktxn__cluster *cluster, const char *why, bool close, int64_t now_us);
/** The answer named this cluster. */
void ktxn__cluster_identify(struct ktxn__cluster *cluster, struct ktxn__str id);

#endif
