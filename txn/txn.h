#ifndef KTXN_TXN_TXN_H
#define KTXN_TXN_TXN_H

/*
 * The transaction manager: a pure state machine. It owns the producer id and epoch, sequence numbers, the books on
 * what is in flight, what is registered at the coordinator, and what is owed after a request of unknown fate. It knows
 * no strings, sockets or clocks: partitions and groups are small dense numbers of the caller's, batches are the
 * caller's handles, time is an argument in microseconds of a monotonic clock that never goes back.
 *
 * Three kinds of call: *feed* (commands, answers, batch results), *pull* (the next request to send, the next report)
 * and *ask* (const; may this be sent, until when is there nothing to do). No callbacks, so no re-entrancy. After any
 * feed call, pull requests and reports until there are none.
 *
 * All state lies in one block without pointers, so that memcpy copies a state. A block has room for a number of
 * partitions and groups; ktxn__txn_move() takes a larger one between two calls.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktxn/error.h"

struct ktxn__txn;

#define KTXN__TXN_NODE_NONE (-1)
#define KTXN__TXN_IN_FLIGHT_MAX 5 /* KIP-98: the broker remembers five batches per producer and partition */

/** Java's nine states (KIP-98, KIP-360, KIP-939). */
enum ktxn__txn_state {
  KTXN__TXN_UNINITIALIZED,
  KTXN__TXN_INITIALIZING,
  KTXN__TXN_READY,
  KTXN__TXN_IN_TRANSACTION,
  KTXN__TXN_PREPARED,
  KTXN__TXN_COMMITTING,
  KTXN__TXN_ABORTING,
  KTXN__TXN_ABORTABLE_ERROR,
  KTXN__TXN_FATAL_ERROR
};

/** Every kind of request whose answer has a row in the error table. */
enum ktxn__txn_api {
  KTXN__TXN_API_FIND_TXN,   /* FindCoordinator, key type transaction */
  KTXN__TXN_API_FIND_GROUP, /* FindCoordinator, key type group */
  KTXN__TXN_API_INIT,       /* InitProducerId: pid -1 = first, else a bump */
  KTXN__TXN_API_ADD_PARTITIONS,
  KTXN__TXN_API_ADD_OFFSETS,
  KTXN__TXN_API_OFFSET_COMMIT,
  KTXN__TXN_API_END,
  KTXN__TXN_API_DESCRIBE,
  KTXN__TXN_API_PRODUCE,
  KTXN__TXN_API_COUNT
};

struct ktxn__txn_config {
  bool transactional;             /* false: idempotent only */
  bool pacing;                    /* V2: ask for completion before the first write; V1: repeat what came too early soon */
  uint8_t in_flight_max;          /* 1 to KTXN__TXN_IN_FLIGHT_MAX, per partition */
  int64_t retry_backoff_us;       /* first wait after a retriable answer */
  int64_t retry_backoff_max_us;
  int64_t transaction_timeout_us; /* transaction.timeout.ms: tells a broker's timeout from a successor */
  int64_t gone_after_us;          /* a partition that its coordinator has not known for so long is taken for deleted */
  uint64_t seed;                  /* for the jitter of waits */
};

/** Why, for the message that the caller writes. Code 0 = no error. */
struct ktxn__txn_error {
  int code;                    /* enum ktxn_code */
  enum ktxn_class error_class; /* ABORT, RECREATE, CONFIG */
  int16_t broker_code;         /* 0 = none */
  enum ktxn__txn_api api;      /* whose answer; meaningful with a broker code */
  int32_t partition;           /* the caller's number, -1 = none */
  int32_t group;               /* the caller's number, -1 = none */
  enum ktxn_outcome outcome;   /* of the transaction it ended; NONE while the transaction is open */
};

/* ---- life ------------------------------------------------------------------------------------------------------ */

/** Bytes of a block with room for that many partitions and groups. */
size_t ktxn__txn_size(uint32_t partitions, uint32_t groups);

/** Makes a manager in `block` (8-byte aligned, ktxn__txn_size() bytes, the caller's until it stops using it). */
struct ktxn__txn *ktxn__txn_init(void *block, uint32_t partitions, uint32_t groups,
                                 const struct ktxn__txn_config *config);

/** Moves to a larger block and returns the new address; the old block may then be freed. */
struct ktxn__txn *ktxn__txn_move(const struct ktxn__txn *txn, void *block, uint32_t partitions, uint32_t groups);

/** Partition and group numbers must be below these. */
uint32_t ktxn__txn_partition_room(const struct ktxn__txn *txn);
uint32_t ktxn__txn_group_room(const struct ktxn__txn *txn);

/* ---- feed: commands. 0, or a code; a refused command has changed nothing ---------------------------------------- */

/** Transactional: ktxn_init_transactions(). Idempotent: called by the sender when it needs a producer id. */
int ktxn__txn_start(struct ktxn__txn *txn, int64_t now_us);
int ktxn__txn_begin(struct ktxn__txn *txn, int64_t now_us);

/** The first record of this transaction for `partition` was accepted. Idempotent: allowed, does nothing. */
int ktxn__txn_add_partition(struct ktxn__txn *txn, int64_t now_us, uint32_t partition);

/** Offsets for a group; one such operation at a time. The offsets themselves stay with the caller. */
int ktxn__txn_send_offsets(struct ktxn__txn *txn, int64_t now_us, uint32_t group);
int ktxn__txn_commit(struct ktxn__txn *txn, int64_t now_us);

/** Legal in IN_TRANSACTION and ABORTABLE_ERROR; it gives up an offsets operation that is under way. */
int ktxn__txn_abort(struct ktxn__txn *txn, int64_t now_us);

/**
 * The application's part failed (send refused a record, an unsent batch expired): the transaction becomes abortable. Once
 * a commit has left it changes nothing: what was accepted before the commit was in the logs by then.
 */
void ktxn__txn_fail(struct ktxn__txn *txn, int64_t now_us, int code, int32_t partition);

/** Something in the caller's books is broken: FATAL, KTXN_E_INTERNAL. */
void ktxn__txn_break(struct ktxn__txn *txn, int64_t now_us);

/** The number of batches that the accumulator holds without a sequence (queued or open). Say it before each pull. */
void ktxn__txn_set_queued(struct ktxn__txn *txn, uint32_t batches);

/**
 * What the cluster can do now: `level` of the finalized transaction.version (-1 = not known), and whether every broker
 * used has the versions that Transactions V2 needs (Produce 12, EndTxn 5, TxnOffsetCommit 5). Takes effect with the
 * next transaction (KIP-890: never inside one).
 */
void ktxn__txn_set_features(struct ktxn__txn *txn, int level, bool v2_usable);

/* ---- feed: batches ---------------------------------------------------------------------------------------------- */

/** What is stamped into a batch when it is first drained (and into every retry of it, unchanged). */
struct ktxn__txn_stamp {
  int64_t producer_id;
  int16_t producer_epoch;
  int32_t base_sequence;
};

/** How a request copy ended. */
enum ktxn__txn_fate {
  KTXN__TXN_ANSWERED,   /* `code` is the answer */
  KTXN__TXN_UNSENT,     /* no byte of it left this process */
  KTXN__TXN_LOST,       /* bytes may have left; no answer will be seen */
  KTXN__TXN_UNSUPPORTED /* not sent: the node has no usable version of it */
};

/** What the caller does with a batch. */
enum ktxn__txn_verdict {
  KTXN__TXN_DONE,    /* written: report success */
  KTXN__TXN_RETRY,   /* send it again, identical, when ktxn__txn_may_resend() lets it; after a backoff */
  KTXN__TXN_REFRESH, /* the same, and refresh the partition's metadata first */
  KTXN__TXN_RESET,   /* put it back into the queue without a sequence (idempotent only) */
  KTXN__TXN_SPLIT,   /* too large, and in no log: divide it by ktxn__txn_split(), then the same as RETRY */
  KTXN__TXN_FAILED,  /* report the failure `code` */
  KTXN__TXN_IGNORE   /* not in the books any more (it was given up earlier) */
};

struct ktxn__txn_batch_result {
  enum ktxn__txn_fate fate;
  int16_t code;             /* broker's, with ANSWERED */
  int64_t base_offset;      /* with code 0 */
  int64_t log_start_offset; /* -1 = not told */
};

/**
 * Takes the next sequence for a new batch of `records` on `partition` (ktxn__txn_may_send() must be true) and puts it
 * into the books under `handle` (not 0, unique among the partition's batches). It counts as on the wire to `node`.
 */
void ktxn__txn_assign(struct ktxn__txn *txn, int64_t now_us, uint32_t partition, int32_t node, uint32_t handle,
                      uint32_t records, struct ktxn__txn_stamp *stamp);

/** A batch that has its stamp goes out again (ktxn__txn_may_resend() must be true). */
void ktxn__txn_resend(struct ktxn__txn *txn, int64_t now_us, uint32_t partition, int32_t node, uint32_t handle);

/** The fate of one copy; once for each assign and resend. `*code` = what to report with FAILED. */
enum ktxn__txn_verdict ktxn__txn_batch_result(struct ktxn__txn *txn, int64_t now_us, uint32_t partition,
                                              uint32_t handle, const struct ktxn__txn_batch_result *result, int *code);

/**
 * After SPLIT, before anything else of that partition is fed: the batch keeps its handle and its first `records` records,
 * at least one and not all. The others follow in the sequence, in a batch that has never been sent: under `rest`, a new
 * handle, or that of the never sent batch that already follows, which they are put in front of. The sequences of
 * whatever is in flight behind don't change. `rest_sequence` (may be NULL): what that batch is to be stamped with.
 */
void ktxn__txn_split(struct ktxn__txn *txn, int64_t now_us, uint32_t partition, uint32_t handle, uint32_t records,
                     uint32_t rest, int32_t *rest_sequence);

/** The caller stops trying (delivery.timeout.ms, abort). A copy may still be on the wire: its result will be ignored. */
void ktxn__txn_batch_give_up(struct ktxn__txn *txn, int64_t now_us, uint32_t partition, uint32_t handle, int code);

/* ---- pull: requests ---------------------------------------------------------------------------------------------- */

/** At most one at a time: pull gives nothing until the result of the last one has been fed. */
struct ktxn__txn_request {
  uint32_t id;              /* to be given back with the result */
  enum ktxn__txn_api api;
  int32_t node;             /* where to; NODE_NONE = any broker (FindCoordinator, idempotent InitProducerId) */
  int32_t avoid_node;       /* FindCoordinator: ask another broker than this one if there is one; NONE = no matter */
  int64_t producer_id;
  int16_t producer_epoch;
  int16_t version_max;      /* never a higher version than this */
  int16_t version_min;      /* never a lower one: UNSUPPORTED then */
  bool commit;              /* END */
  bool probe;               /* DESCRIBE, FIND_TXN: for pacing alone */
  int32_t group;            /* FIND_GROUP, ADD_OFFSETS, OFFSET_COMMIT */
  uint32_t partition_count; /* ADD_PARTITIONS: how many; each by ktxn__txn_request_partition() */
};

bool ktxn__txn_next_request(struct ktxn__txn *txn, int64_t now_us, struct ktxn__txn_request *request);

/** The i-th partition of the ADD_PARTITIONS request that was pulled last. */
uint32_t ktxn__txn_request_partition(const struct ktxn__txn *txn, uint32_t index);

/** States of DescribeTransactions (KIP-664). */
enum ktxn__txn_look {
  KTXN__TXN_LOOK_UNKNOWN,
  KTXN__TXN_LOOK_EMPTY,
  KTXN__TXN_LOOK_ONGOING,
  KTXN__TXN_LOOK_PREPARE_COMMIT,
  KTXN__TXN_LOOK_PREPARE_ABORT,
  KTXN__TXN_LOOK_COMPLETE_COMMIT,
  KTXN__TXN_LOOK_COMPLETE_ABORT,
  KTXN__TXN_LOOK_DEAD,
  KTXN__TXN_LOOK_EPOCH_FENCE
};

struct ktxn__txn_result {
  uint32_t id;
  enum ktxn__txn_fate fate;
  int16_t code;             /* ANSWERED: the top-level code; 0 where the answer has codes per partition only */
  int16_t version;          /* the version that was sent */
  int32_t node;             /* who was asked; FIND_*: the coordinator that was named (with code 0) */
  int64_t producer_id;      /* INIT, END 5, DESCRIBE */
  int16_t producer_epoch;
  enum ktxn__txn_look look; /* DESCRIBE */
  const int16_t *codes;     /* ADD_PARTITIONS: one for each partition of the request, in its order; OFFSET_COMMIT: one
                               for each offset that was in the request */
  uint32_t code_count;
};

void ktxn__txn_on_result(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_result *result);

/* ---- pull: reports ----------------------------------------------------------------------------------------------- */

enum ktxn__txn_op {
  KTXN__TXN_OP_NONE,
  KTXN__TXN_OP_INIT,
  KTXN__TXN_OP_OFFSETS,
  KTXN__TXN_OP_COMMIT,
  KTXN__TXN_OP_ABORT
};

/** The end of an operation. error.code 0 = success (and outcome says committed or not committed for an end). */
struct ktxn__txn_report {
  enum ktxn__txn_op op;
  bool fatal;
  enum ktxn_outcome outcome;
  struct ktxn__txn_error error;
};

bool ktxn__txn_next_report(struct ktxn__txn *txn, struct ktxn__txn_report *report);

/* ---- ask --------------------------------------------------------------------------------------------------------- */

enum ktxn__txn_state ktxn__txn_state(const struct ktxn__txn *txn);

/** The error of ABORTABLE_ERROR or FATAL_ERROR (code 0 otherwise), or why the last init went back to UNINITIALIZED. */
const struct ktxn__txn_error *ktxn__txn_error(const struct ktxn__txn *txn);

/** When to pull again even if nothing is fed; INT64_MAX = never. */
int64_t ktxn__txn_deadline_us(const struct ktxn__txn *txn);

/** May a new batch (without sequence) of `partition` go to `node` now? */
bool ktxn__txn_may_send(const struct ktxn__txn *txn, uint32_t partition, int32_t node);

/** May this batch, which has its stamp and came back as RETRY, go out again to `node` now (its turn in the order)? */
bool ktxn__txn_may_resend(const struct ktxn__txn *txn, uint32_t partition, int32_t node, uint32_t handle);

/** Must this batch, which came back as RETRY, be given up (the transaction ends without it)? Code to report, or 0. */
int ktxn__txn_doomed(const struct ktxn__txn *txn, uint32_t partition, uint32_t handle);

/** Must every batch without a sequence be failed now (abortable, aborting, fatal)? The code to report, or 0. */
int ktxn__txn_drop_queued(const struct ktxn__txn *txn);

/** The highest Produce version that batches drained now may use (KIP-890: 11 in a V1 transaction). */
int16_t ktxn__txn_produce_version_max(const struct ktxn__txn *txn);

/** The lowest one (12 in a V2 transaction: registration is implicit from there). */
int16_t ktxn__txn_produce_version_min(const struct ktxn__txn *txn);

/** Identity in use: producer id (-1 = none), epoch, protocol (1, 2; 0 = none yet). */
void ktxn__txn_identity(const struct ktxn__txn *txn, int64_t *producer_id, int16_t *producer_epoch, int *protocol);

/** How many batches of a partition are in the books (on the wire or to be sent again). */
uint32_t ktxn__txn_in_flight(const struct ktxn__txn *txn, uint32_t partition);

/** Is something owed (bump, sweep) or a fence being looked into, so that gathered records wait? For logs. */
bool ktxn__txn_owes(const struct ktxn__txn *txn);

/**
 * What is known of the open transaction if nothing more of it is sent or heard (NONE: none is open). `left`: the request
 * that was pulled last and has no result yet may have left.
 */
enum ktxn_outcome ktxn__txn_outcome(const struct ktxn__txn *txn, bool left);

/** Since when records or offsets wait for the previous transaction to be complete; -1 = they don't. For metrics. */
int64_t ktxn__txn_paced_since_us(const struct ktxn__txn *txn);

/** NULL, or the text of the first invariant (txn/README.md) that does not hold. */
const char *ktxn__txn_check(const struct ktxn__txn *txn);

/**
 * Did a coordinator that answers so certainly change nothing? Codes that brokers also give after their log took the
 * change (-1, 7, 14, 15, 16, 35) and unknown codes are not definite; 0 is not asked.
 */
bool ktxn__txn_definite(int code);

/** For traces and logs; static strings. */
const char *ktxn__txn_state_name(enum ktxn__txn_state state);
const char *ktxn__txn_api_name(enum ktxn__txn_api api);

/**
 * Provided by whoever links txn/: called when a check inside it fails, before the producer becomes FATAL. It returns;
 * a library never ends its user's process. A test may bring its own.
 */
void ktxn__txn_hook(const char *what);

#endif
