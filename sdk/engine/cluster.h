#ifndef KTXN_ENGINE_CLUSTER_H
#define KTXN_ENGINE_CLUSTER_H

/*
 * What is known about a Kafka cluster, and the connections to it: nodes, topics, leaders, features.
 *
 * Everything is for the I/O thread. Brokers and the cluster's own texts live as long as the cluster; topics as long as
 * somebody holds them. State changes only inside the events, ktxn__cluster_run() and the functions that say so; calls'
 * done() runs only inside the first two.
 *
 * Bounds: KTXN__CLUSTER_NODES_MAX nodes and KTXN__CLUSTER_TOPICS_MAX topics; a topic has at most
 * KTXN__CLUSTER_PARTITIONS_MAX partitions. What a broker names beyond that is ignored. One metadata request is in flight
 * at a time; after a failure, or an answer that left something open, the next waits for the retry backoff (KIP-580).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/engine/broker.h"

struct ktxn__cluster;
struct ktxn__ports;

#define KTXN__CLUSTER_NODES_MAX 4096
#define KTXN__CLUSTER_TOPICS_MAX 100000
#define KTXN__CLUSTER_PARTITIONS_MAX 200000
/* connections.per.broker, twice: from KTXN__CLUSTER_SLOT_RECORDS on they carry records. A broker serves one request of a
 * connection at a time, and a Produce may have to wait for replicas: nothing else waits behind it. */
#define KTXN__CLUSTER_SLOT_RECORDS 8
#define KTXN__CLUSTER_SLOTS_MAX 16

/** One entry of bootstrap.servers. */
struct ktxn__cluster_seed {
  const char *host;
  uint16_t port;
};

/** Whoever makes a cluster fills this in and keeps it, and what it points to, alive and unchanged. */
struct ktxn__cluster_settings {
  struct ktxn__broker_settings broker;
  const struct ktxn__cluster_seed *seeds; /* at least one */
  size_t seed_count;
  int64_t retry_backoff_ms, retry_backoff_max_ms;
  int64_t metadata_age_max_ms;
  int64_t metadata_idle_max_ms;
  int64_t rebootstrap_trigger_ms; /* KIP-1102: metadata.recovery.rebootstrap.trigger.ms, default 300000 */
  bool cluster_check;             /* KIP-1242: metadata.cluster.check.enable, default true */
};

struct ktxn__topic_partition {
  int32_t leader;       /* node id; -1 = none known now */
  int32_t leader_epoch; /* -1 = the broker is too old to tell */
  int16_t error_code;   /* Kafka's code for this partition, 0 = none */
};

/** Owned and changed by the cluster alone. */
struct ktxn__topic {
  const char *name;
  uint8_t id[16];     /* all zero = none (KIP-516); another id than before = the topic was made anew */
  int16_t error_code; /* of the last answer about it; partitions and id are the last good ones then. 0 = none */
  uint32_t answers;   /* how many answers have told something about it; 0 = nothing is known yet */
  uint32_t version;   /* grows with each change of anything above or of the partitions */
  uint32_t partition_count; /* 0 = not known (yet) */
  const struct ktxn__topic_partition *partitions; /* by index; moves when `version` grows */
};

/** NULL when memory is short. Connects to nothing yet: that begins when a topic is wanted or a broker is used. */
struct ktxn__cluster *ktxn__cluster_new(const struct ktxn__ports *ports,
                                        const struct ktxn__cluster_settings *settings);

/** Closes all connections; every call ends first. NULL is allowed. Topics that are still held are gone too. */
void ktxn__cluster_free(struct ktxn__cluster *cluster, int64_t now_us);

/** Writes what was sent, connects, times out, asks for metadata. Returns when it wants to run again: a time after
 * now_us, or INT64_MAX. */
int64_t ktxn__cluster_run(struct ktxn__cluster *cluster, int64_t now_us);

/* ---- topics ------------------------------------------------------------------------------------------------------ */

/**
 * Takes hold of a topic by its name (1 to 249 bytes; copied) and has metadata asked for it. Held topics that are touched
 * at least every metadata_idle_max_ms are kept fresh. NULL when memory is short or there are too many topics.
 * Metadata requests create missing topics where the brokers allow that (allow_auto_topic_creation).
 */
struct ktxn__topic *ktxn__cluster_want_topic(struct ktxn__cluster *cluster, const char *name, int64_t now_us);

/** "Still in use". */
void ktxn__cluster_touch_topic(struct ktxn__cluster *cluster, struct ktxn__topic *topic, int64_t now_us);

/** Lets go of what ktxn__cluster_want_topic() returned, once for each time. */
void ktxn__cluster_drop_topic(struct ktxn__cluster *cluster, struct ktxn__topic *topic, int64_t now_us);

/**
 * Something about this topic is wrong or missing (an error, no leader, a partition beyond the last): ask again, at once
 * if the last answer is older than the retry backoff. Errors that may go away by themselves are asked again anyway.
 */
void ktxn__cluster_ask_topic(struct ktxn__cluster *cluster, struct ktxn__topic *topic, int64_t now_us);

/** The same for all topics in use, the nodes included. */
void ktxn__cluster_refresh(struct ktxn__cluster *cluster, int64_t now_us);

/** A node's address as a response told it. `host` is copied. */
struct ktxn__cluster_endpoint {
  int32_t node;
  const char *host;
  int32_t port;
};

/**
 * KIP-951: a Produce response said who leads the partition now. `endpoint` may be NULL. Taken if both numbers are not
 * negative, the epoch is newer than the known one, and the node is known or given: true then, and a retry needs no
 * backoff. A refresh is asked for in any case.
 */
bool ktxn__cluster_hint_leader(struct ktxn__cluster *cluster, struct ktxn__topic *topic, uint32_t partition,
                               int32_t leader, int32_t leader_epoch, const struct ktxn__cluster_endpoint *endpoint,
                               int64_t now_us);

/** Grows with each change of any topic, of the nodes or the features, and when a connection became ready or broke. */
uint64_t ktxn__cluster_version(const struct ktxn__cluster *cluster);

/* ---- nodes ------------------------------------------------------------------------------------------------------- */

/** The connection number `slot` (the caller's, modulo connections.per.broker; for records KTXN__CLUSTER_SLOT_RECORDS more) to a
 * node; not connected unless used. NULL = no such node is known, or memory is short. */
struct ktxn__broker *ktxn__cluster_broker(struct ktxn__cluster *cluster, int32_t node, uint32_t slot);

/**
 * Any broker will do: a ready one that doesn't let others wait, with the fewest calls, else one that is being connected,
 * else the one tried longest ago; never one that is backing off, nor `avoid_node` (KTXN__CLUSTER_NO_NODE = none) unless it is the only one. Slot 0.
 * NULL = none can be used now: ask again after the next event or run (the cluster sees to it that there is one).
 */
#define KTXN__CLUSTER_NO_NODE INT32_MIN
struct ktxn__broker *ktxn__cluster_least_loaded(struct ktxn__cluster *cluster, int32_t avoid_node, int64_t now_us);

/** FindCoordinator named a node: from here on ktxn__cluster_broker() knows it (there). False when that is impossible: a negative
 * id, a bad port or host, memory short. */
bool ktxn__cluster_learn_node(struct ktxn__cluster *cluster, const struct ktxn__cluster_endpoint *endpoint,
                              int64_t now_us);

/** The cluster's id; NULL until metadata has told it. The text lives as long as the cluster. If it ever becomes another
 * one, ktxn__cluster_replaced() is true: producer ids and sequences mean nothing there. */
const char *ktxn__cluster_id(const struct ktxn__cluster *cluster);
bool ktxn__cluster_replaced(const struct ktxn__cluster *cluster);

/** The finalized level of transaction.version by the highest feature epoch that any broker has told; -1 = unknown.
 * Brokers that know no finalized features at all (before 2.7) count as 0. */
int16_t ktxn__cluster_transaction_version(const struct ktxn__cluster *cluster);
int64_t ktxn__cluster_features_epoch(const struct ktxn__cluster *cluster);

/** Asks every ready broker for its ApiVersions again. */
void ktxn__cluster_ask_versions(struct ktxn__cluster *cluster, int64_t now_us);

/** Why nothing works: "no broker of bootstrap.servers=127.0.0.1:1 could be reached: 127.0.0.1:1: Connection refused", or
 * what ails the connections now; "" if nothing does. Cut to `size`. */
void ktxn__cluster_trouble(const struct ktxn__cluster *cluster, char *text, size_t size);

/* ---- events, from whoever owns the ports ------------------------------------------------------------------------- */

void ktxn__cluster_on_connected(struct ktxn__cluster *cluster, uint32_t conn, int64_t now_us);
void ktxn__cluster_on_received(struct ktxn__cluster *cluster, uint32_t conn, const void *data, size_t size,
                               int64_t now_us);
void ktxn__cluster_on_writable(struct ktxn__cluster *cluster, uint32_t conn, int64_t now_us);
void ktxn__cluster_on_closed(struct ktxn__cluster *cluster, uint32_t conn, const char *why, int64_t now_us);
void ktxn__cluster_on_resolved(struct ktxn__cluster *cluster, uint32_t token, const struct ktxn__address *addresses,
                               size_t count, const char *why, int64_t now_us);

#endif
