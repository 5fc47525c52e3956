#ifndef KTXN_TESTS_SIM_WIRE_H
#define KTXN_TESTS_SIM_WIRE_H

/*
 * S8: the rules of the wire, judged by the bytes that one incarnation sends, read with the broker's codec. What it may send
 * depends on which requests were answered, never on what is in a log.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  SIM_WIRE_CALLS = 128,  /* requests without an answer on open connections */
  SIM_WIRE_BATCHES = 256, /* that are remembered for their retries */
  SIM_WIRE_LOGS = 64,
  SIM_WIRE_WINDOW = 5
};

/* A request that has left, and whose answer may still come. */
struct sim_wire_call {
  bool used;
  uint32_t conn;
  int32_t correlation;
  int16_t api;
  int64_t producer_id;
  int16_t producer_epoch;
  uint32_t partitions; /* a bit for each */
};

struct sim_wire_batch {
  int64_t producer_id;
  int16_t producer_epoch;
  int32_t partition;
  int32_t base_sequence;
  int32_t count;
  uint64_t hash;
  bool taken; /* some copy is in a log */
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
  uint32_t registered; /* partitions that a registration was answered for, since the last end */
  bool group;          /* the same for offsets */
  bool offset_lost;    /* an offset commit has had no answer, and no end under a later identity was answered since */
  int16_t offset_epoch;
  int64_t fatal_us;    /* when the producer ended; -1 = it has not */
};

struct sim_world;
struct sim_client;
struct ktxn__model_seen;

void sim_wire_start(struct sim_wire *wire);
/** These bytes, whole requests, leave on that connection. */
void sim_wire_sent(struct sim_world *world, struct sim_client *client, uint32_t conn, const uint8_t *bytes, size_t size);
/** An answer has been handed to the client, or no answer comes on that connection any more. */
void sim_wire_answered(struct sim_client *client, uint32_t conn, int32_t correlation);
void sim_wire_closed(struct sim_client *client, uint32_t conn);
/** A batch is in a log. */
void sim_wire_taken(struct sim_world *world, const struct ktxn__model_seen *seen, const uint8_t *bytes, size_t size);

#endif
