#ifndef KTXN_TESTS_SIM_WIRE_H
#define KTXN_TESTS_SIM_WIRE_H

/*
 * S8: the rules of the wire, judged by the bytes that one incarnation sends, read with the broker's codec. What it may send
 * depends on which requests were answered, never on what is in a log.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/span.h"

enum {
  SIM_WIRE_CALLS = 128,  /* requests without an answer on open connections */
  SIM_WIRE_BATCHES = 256, /* that are remembered for their retries */
  SIM_WIRE_LOGS = 64,
  SIM_WIRE_WINDOW = 5,
  SIM_WIRE_APIS = 128, /* Kafka's API keys are below */
  SIM_WIRE_BURST = 64, /* requests of one API that may come without a pause while nothing gets on */
  SIM_WIRE_BODY = 512 /* bytes of an answer that are read; what is longer counts as not understood */
};

/* A request that has left, and whose answer may still come. */
struct sim_wire_call {
  bool used;
  uint32_t conn;
  int32_t node;
  int32_t correlation;
  int16_t api;
  int16_t version;
  int64_t producer_id;
  int16_t producer_epoch;
  uint32_t partitions; /* a bit for each */
};

/* How much more often than once in each retry.backoff.ms an API was asked since the producer got on last: in time that it should
 * have waited. */
struct sim_wire_rate {
  int64_t at_us;
  int64_t over_us;
};

/* What the last DescribeTransactions showed, as long as nothing that may change it has left since. */
struct sim_wire_look {
  bool fresh;
  bool ended; /* nothing is open, and no end is under way */
  bool ongoing; /* a transaction is open */
  bool empty;
  int32_t node;
  int64_t producer_id;
  int16_t producer_epoch;
};

struct sim_wire_batch {
  int64_t producer_id;
  int16_t producer_epoch;
  int32_t partition;
  int32_t base_sequence;
  int32_t count;
  uint64_t hash;
  bool taken; /* some copy is in a log */
  int64_t sent_us;
  int32_t soon; /* how often it was sent again before half of a backoff was over, less those since that waited */
};

/* Where the sequence of a producer id and epoch stands in a partition. */
struct sim_wire_log {
  int64_t producer_id;
  int16_t producer_epoch;
  int32_t partition;
  int32_t next;
};

struct sim_wire {
  struct sim_wire_call calls[SIM_WIRE_CALLS];
  struct sim_wire_batch batches[SIM_WIRE_BATCHES];
  uint32_t batch_count; /* ever: the newest are kept */
  struct sim_wire_log logs[SIM_WIRE_LOGS];
  uint32_t log_count;
  int64_t producer_id; /* of the newest batch */
  int16_t producer_epoch;
  uint32_t registered; /* partitions whose registration was acknowledged since the last end, under this identity: */
  bool group;          /* the same for offsets */
  uint32_t acked_nodes; /* a bit for each node that has acknowledged a registration since an end was, under this identity */
  bool over; /* an end was acknowledged, or follows a look that showed it, and nothing has left since that registers or writes */
  int64_t registered_id;
  int16_t registered_epoch;
  int64_t v5_id; /* under which identity an end by version 5 has left */
  int16_t v5_epoch;
  bool asked_behind_v5; /* and whether a registration was asked for since, under the same one */
  bool ended;          /* an end has left since the last write: */
  int64_t ended_us;    /* when */
  bool wrote_v1, wrote_v2; /* by which requests the open transaction was written, under this epoch: */
  int16_t wrote_epoch;
  struct sim_wire_look look;
  int64_t bumped_id; /* the identity with which a new one was asked for last */
  int16_t bumped_epoch;
  int32_t bumped_node;
  bool offset_lost;    /* an offset commit has had no answer, and no end under a later identity was answered since */
  int16_t offset_epoch;
  bool offset_owed;    /* and none by a node that had taken its group under that identity */
  int32_t joined_node; /* where a group was taken last, and under which epoch */
  int16_t joined_epoch;
  struct sim_wire_rate rates[SIM_WIRE_APIS];
  int64_t fatal_us;    /* when the producer ended; -1 = it has not */
};

struct sim_world;
struct sim_client;
struct ktxn__model_seen;

void sim_wire_start(struct sim_wire *wire);
/** These bytes are offered to that connection, and the first `taken` of them leave. */
void sim_wire_sent(struct sim_world *world, struct sim_client *client, uint32_t conn, const uint8_t *bytes, size_t size, size_t taken);
/** That answer, without its correlation id, is handed to the client. */
void sim_wire_answered(struct sim_world *world, struct sim_client *client, uint32_t conn, int32_t correlation, struct ktxn__span body);
/** No answer comes on that connection any more. */
void sim_wire_closed(struct sim_client *client, uint32_t conn);
/** A batch is in a log. */
void sim_wire_taken(struct sim_world *world, const struct ktxn__model_seen *seen, const uint8_t *bytes, size_t size);

#endif
