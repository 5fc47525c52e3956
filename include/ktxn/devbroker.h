#ifndef KTXN_DEVBROKER_H
#define KTXN_DEVBROKER_H

/*
 * A Kafka cluster inside your process, for tests, demos and quick starts: libktxn-devbroker. Real TCP on the loopback
 * interface, started in milliseconds; Kafka clients and tools work against it unchanged: producers, idempotent and
 * transactional (KIP-98, KIP-890), consumers of the classic group protocol, read_committed. It can play releases from 2.5 to
 * 4.4, has several nodes if wanted, and does on demand what real clusters do now and then: errors, delays, lost answers,
 * closed connections, moved leaders and coordinators, nodes that go down.
 *
 * It is no place for data that matters: one thread, one process, no replication, no authentication. In production run
 * Apache Kafka.
 *
 * This library stands alone: it doesn't need libktxn, and ktxn/ktxn.h doesn't include this header. The program
 * `ktxn-devbroker` does the same from the command line. See docs/DEVBROKER.md.
 *
 * All functions may be called from any thread; those that change the cluster wait for its thread, for milliseconds. Errors
 * come as -1 (or NULL) with a text.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktxn/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A running cluster. */
typedef struct ktxn_devbroker ktxn_devbroker;

/** The text of an error; cut to fit. */
typedef struct ktxn_devbroker_error {
  char message[256];
} ktxn_devbroker_error;

/** What kind of cluster. Begin with KTXN_DEVBROKER_OPTIONS_INIT and change what you need. */
typedef struct ktxn_devbroker_options {
  const char *host;         /**< numeric address to listen on; NULL = "127.0.0.1". There is no authentication of any kind */
  const char *advertised_host; /**< what clients are told to connect to; NULL = as `host` */
  int port;                 /**< of node 0, further nodes take the next ones; 0 = any free ones */
  int control_port;         /**< for `ktxn-devbroker ctl`, always on 127.0.0.1; 0 = any free one, -1 = none */
  int nodes;                /**< 1 to 16 */
  const char *release;      /**< of Kafka: "2.5", "2.8", "3.3", "3.6", "3.9", "4.0", "4.2", "4.4"; NULL = the newest */
  int transaction_version;  /**< finalized level, 0 to 2; -1 = what a new cluster of the release has */
  const char *directory;    /**< where the cluster lives across restarts; made if need be; NULL = in memory alone */
  int default_partitions;   /**< of topics that are made on demand */
  bool auto_create_topics;  /**< a topic is made when a client asks for it */
  bool fast_timers;         /**< rebalances don't wait for more members, timed-out transactions are looked for every 100 ms
                                 instead of every 10 s */
  size_t memory_max;        /**< bytes for the cluster's data, beyond which produce requests are refused; 0 = 1 GiB */
  void (*log)(void *log_ctx, const char *line); /**< what a broker would log; on the cluster's thread, so that it
                                                     must not call the cluster; may be NULL */
  void *log_ctx;
} ktxn_devbroker_options;

/** One node of the newest release in memory, topics made on demand with one partition, any free ports, no control port. */
#define KTXN_DEVBROKER_OPTIONS_INIT                                                                        \
  {                                                                                                        \
    NULL, NULL, 0, -1, 1, NULL, -1, NULL, 1, true, true, 0, NULL, NULL                                     \
  }

/**
 * Starts a cluster. It is ready when this returns.
 * @param options read before it returns; NULL = KTXN_DEVBROKER_OPTIONS_INIT.
 * @param error gets the reason of a failure; may be NULL.
 * @return the cluster, yours until ktxn_devbroker_stop(); NULL: a wrong option, a port in use, a directory that can't be used or
 * belongs to another kind of cluster, or out of memory, descriptors or threads.
 */
KTXN_API ktxn_devbroker *ktxn_devbroker_start(const ktxn_devbroker_options *options, ktxn_devbroker_error *error);

/** Ends it: closes every connection, waits for its thread, frees everything. NULL is allowed. */
KTXN_API void ktxn_devbroker_stop(ktxn_devbroker *broker);

/** Blocks until somebody has sent the control line "stop", or the cluster has failed. Then stop it. */
KTXN_API void ktxn_devbroker_wait(ktxn_devbroker *broker);

/** "host:port,host:port": what a client's bootstrap.servers is set to. Valid until the cluster is stopped. */
KTXN_API const char *ktxn_devbroker_bootstrap(const ktxn_devbroker *broker);

/** 0 = it has none. */
KTXN_API int ktxn_devbroker_control_port(const ktxn_devbroker *broker);

/**
 * Does what a control line says: the language of `ktxn-devbroker ctl`, which "help" and docs/DEVBROKER.md list. The functions
 * below are shorthands of its most used lines.
 * @param line without a newline, at most 1023 bytes.
 * @param reply gets "ok", perhaps with what was asked, or "error" and why, cut to `size` bytes; may be NULL.
 * @return 0, or -1 when the reply is an error.
 */
KTXN_API int ktxn_devbroker_command(ktxn_devbroker *broker, const char *line, char *reply, size_t size);

/** Makes a topic with so many partitions. -1: it exists, or can't be made. */
KTXN_API int ktxn_devbroker_create_topic(ktxn_devbroker *broker, const char *topic, int partitions,
                                         ktxn_devbroker_error *error);

/** What becomes of a request that is neither refused nor answered in peace. */
typedef enum ktxn_devbroker_fate {
  KTXN_DEVBROKER_ANSWERED = 0,     /**< done and answered */
  KTXN_DEVBROKER_DROP_BEFORE = 1,  /**< not done, not answered */
  KTXN_DEVBROKER_DROP_AFTER = 2,   /**< done, not answered */
  KTXN_DEVBROKER_CLOSE_BEFORE = 3, /**< not done; the connection is closed instead of an answer */
  KTXN_DEVBROKER_CLOSE_AFTER = 4,  /**< done; the connection is closed instead of an answer */
  KTXN_DEVBROKER_CLOSE_ANSWERED = 5 /**< done and answered; then the connection is closed */
} ktxn_devbroker_fate;

/** A fault. Begin with KTXN_DEVBROKER_FAULT_INIT. */
typedef struct ktxn_devbroker_fault {
  const char *request; /**< Kafka's name of it, such as "EndTxn"; NULL = any */
  int node;            /**< -1 = any */
  int skip;            /**< so many matching requests pass first */
  int count;           /**< so many are hit */
  int error;           /**< != 0: it isn't done, and answered with this error code of Kafka */
  int delay_ms;        /**< done so much later */
  int late_ms;         /**< done at once, answered so much later */
  ktxn_devbroker_fate fate;
} ktxn_devbroker_fault;

/** The next request of any kind, at any node. */
#define KTXN_DEVBROKER_FAULT_INIT                         \
  {                                                       \
    NULL, -1, 0, 1, 0, 0, 0, KTXN_DEVBROKER_ANSWERED      \
  }

/** Adds a fault; of several that match a request the first applies. -1: no such request or node, no effect asked for, or 64 are
 * waiting already. */
KTXN_API int ktxn_devbroker_add_fault(ktxn_devbroker *broker, const ktxn_devbroker_fault *fault, ktxn_devbroker_error *error);

/** Takes all faults away that have not hit yet. */
KTXN_API int ktxn_devbroker_clear_faults(ktxn_devbroker *broker, ktxn_devbroker_error *error);

/** Makes `node` the leader of a partition; -1: nobody leads it. */
KTXN_API int ktxn_devbroker_move_leader(ktxn_devbroker *broker, const char *topic, int partition, int node,
                                        ktxn_devbroker_error *error);

/** Moves the coordinator of a transactional id, or of a group. */
KTXN_API int ktxn_devbroker_move_transaction(ktxn_devbroker *broker, const char *transactional_id, int node,
                                             ktxn_devbroker_error *error);
KTXN_API int ktxn_devbroker_move_group(ktxn_devbroker *broker, const char *group_id, int node, ktxn_devbroker_error *error);

/** Takes a node down, with its port and connections; what it led moves to others. */
KTXN_API int ktxn_devbroker_node_down(ktxn_devbroker *broker, int node, ktxn_devbroker_error *error);

/** Starts it again, on the same port. */
KTXN_API int ktxn_devbroker_node_up(ktxn_devbroker *broker, int node, ktxn_devbroker_error *error);

/** Changes the finalized level of the feature transaction.version (KIP-890), 0 to 2. -1: the release doesn't have it. */
KTXN_API int ktxn_devbroker_set_transaction_version(ktxn_devbroker *broker, int level, ktxn_devbroker_error *error);

#ifdef __cplusplus
}
#endif

#endif
