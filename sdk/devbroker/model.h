#ifndef KTXN_DEVBROKER_MODEL_H
#define KTXN_DEVBROKER_MODEL_H

/*
 * A Kafka cluster of one or several nodes as a state machine: requests in, answers out, time as an argument. It has no
 * clock, no thread, no socket and no randomness: what may vary is asked of the hooks. The same calls give the same answers
 * and the same memory layout has no influence on them. Not thread-safe: one model, one thread.
 *
 *     submit()  a request reaches a node; it is applied now or later
 *     take()    the next answer that is ready; release() when it has been written
 *     step()    everything that was due until now happens: appends end, markers arrive, transactions and sessions time out
 *     deadline  when step() has something to do again
 *
 * Answers come in the order in which they are ready, not in the order of the requests. A connection of Kafka handles one
 * request at a time: who plays the connection submits its next one when the answer to the one before has been taken.
 * Work goes on when the connection is gone: ktxn__model_forget() drops the answer alone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/mem.h"
#include "sdk/devbroker/model_answer.h"
#include "sdk/devbroker/model_release.h"
#include "sdk/devbroker/model_request.h"

#define KTXN__MODEL_NODES 16          /* at most; node ids are 0 to nodes - 1 */
#define KTXN__MODEL_NEVER INT64_MAX

struct ktxn__model;

/** What takes time. */
enum ktxn__model_delay {
  KTXN__MODEL_DELAY_APPEND,   /* a coordinator's record until it is replicated */
  KTXN__MODEL_DELAY_REPLICA,  /* a batch until it is replicated: until then acks=all waits and no reader sees it */
  KTXN__MODEL_DELAY_MARKER,   /* a marker on its way to one partition */
  KTXN__MODEL_DELAY_VERIFY,   /* a leader's question to the coordinator */
  KTXN__MODEL_DELAY_LOAD,     /* a coordinator's partition after it has moved here */
  KTXN__MODEL_DELAYS,
};

/** What may happen or not. */
enum ktxn__model_choice {
  KTXN__MODEL_CHOICE_KEEP_RECORD, /* coordinator moves: a record on its way survives, though its caller is told 16 */
  KTXN__MODEL_CHOICE_KEEP_BATCH,  /* leader moves: batches that no one has acknowledged survive */
  KTXN__MODEL_CHOICE_TWICE,       /* a marker is delivered a second time */
  KTXN__MODEL_CHOICES,
};

/** What an observer can be told. */
enum ktxn__model_sight {
  KTXN__MODEL_SAW_APPEND,     /* a batch is in a log: topic, partition, offset, identity */
  KTXN__MODEL_SAW_MARKER,     /* a marker is in a log: the same, and `committed` */
  KTXN__MODEL_SAW_RECORD,     /* a coordinator's record is in its log: id, identity, state */
  KTXN__MODEL_SAW_OFFSET,     /* an offset is pending, and once more when its transaction is `committed`; or committed at once */
  KTXN__MODEL_SAW_TRUNCATION, /* batches from `offset` on are gone: nobody was told that they are there */
};

struct ktxn__model_seen {
  enum ktxn__model_sight sight;
  int32_t node;
  uint64_t tag; /* of the request that caused it; 0 = the cluster itself */
  struct ktxn__str name;  /* topic, transactional id or group */
  struct ktxn__str topic; /* of an offset */
  int32_t partition;
  int64_t offset;
  int64_t last_offset;
  int64_t producer_id;
  int16_t producer_epoch;
  int32_t base_sequence;
  int8_t state; /* enum ktxn__model_txn_state */
  bool transactional;
  bool committed;
  bool duplicate; /* nothing was appended: it was there already, at `offset` */
};

/** What becomes of one request. All zero = nothing out of the ordinary. */
struct ktxn__model_fate {
  int16_t code;          /* != 0: not applied, answered with this error wherever the answer has room for one */
  bool lost;             /* not applied, not answered */
  bool mute;             /* applied, not answered */
  bool close;            /* the connection is closed afterwards, or instead of the answer with lost or mute */
  int32_t throttle_ms;
  int64_t after_us;      /* answered later. To be applied later, it is submitted later. */
};

/**
 * All are optional; NULL = the delays of the configuration, all is kept and nothing comes twice, no observer, the table of
 * faults. A hook must not call the model.
 */
struct ktxn__model_hooks {
  void *ctx;
  int64_t (*delay_us)(void *ctx, enum ktxn__model_delay delay, int32_t node);
  bool (*choose)(void *ctx, enum ktxn__model_choice choice, int32_t node);
  void (*seen)(void *ctx, const struct ktxn__model_seen *seen);
  void (*fate)(void *ctx, int32_t node, const struct ktxn__model_request *request, struct ktxn__model_fate *fate);
};

struct ktxn__model_config {
  int32_t nodes;
  enum ktxn__model_release release;
  int16_t transaction_version;     /* finalized; needs a release with features */
  bool verification;               /* transaction.partition.verification.enable; needs a release that has it */
  bool auto_create_topics;
  int32_t default_partitions;
  int32_t txn_partitions;          /* of __transaction_state */
  int32_t group_partitions;        /* of __consumer_offsets */
  const char *cluster_id;
  int64_t wall_ms;                 /* what the wall clock says when `now` is 0 */
  int64_t delay_us[KTXN__MODEL_DELAYS];
  int64_t scan_us;                 /* transaction.abort.timed.out.transaction.cleanup.interval.ms */
  int64_t retry_us;                /* add.partitions.to.txn.retry.backoff.ms */
  int64_t retry_max_us;            /* add.partitions.to.txn.retry.backoff.max.ms */
  int64_t rebalance_delay_us;      /* group.initial.rebalance.delay.ms */
  int32_t transaction_max_timeout_ms;
  int16_t first_epoch;             /* that a new transactional id is given: one that has been in use for long already */
  int32_t message_max_bytes;
  int32_t offset_metadata_max_bytes;
  size_t memory_max;               /* bytes that the model may hold; at the limit requests are answered 56 */
};

/** Apache Kafka's defaults: one node of release 4.4 at level 2, verification on, topics made on demand. */
struct ktxn__model_config ktxn__model_config_default(void);

/** NULL: out of memory, or a configuration that makes no sense. `mem` must outlive the model. */
struct ktxn__model *ktxn__model_new(struct ktxn__mem *mem, const struct ktxn__model_config *config,
                                    const struct ktxn__model_hooks *hooks);
void ktxn__model_free(struct ktxn__model *model);

/** A new cluster in the memory of the old one: no topic, no answer, no ticket of before exists. False: out of memory. */
bool ktxn__model_reset(struct ktxn__model *model, const struct ktxn__model_config *config, const struct ktxn__model_hooks *hooks);

/**
 * A request reaches `node` at `now` (microseconds, never less than in the call before). Returns its ticket, from 1 up; 0 when
 * the node is down or memory is short: the connection breaks.
 */
uint64_t ktxn__model_submit(struct ktxn__model *model, int32_t node, int64_t now, const struct ktxn__model_request *request,
                            void *opaque);

/** The next answer; NULL when none is ready. It belongs to the caller until ktxn__model_release(). */
struct ktxn__model_answer *ktxn__model_take(struct ktxn__model *model);
void ktxn__model_release(struct ktxn__model *model, struct ktxn__model_answer *answer);

/** Nobody waits for this answer any more. What the request does, it goes on doing. */
void ktxn__model_forget(struct ktxn__model *model, uint64_t ticket);

/** KTXN__MODEL_NEVER: nothing will happen by itself. */
int64_t ktxn__model_deadline(const struct ktxn__model *model);
void ktxn__model_step(struct ktxn__model *model, int64_t now);

#endif
