#ifndef KTXN_ENGINE_ACCUMULATOR_H
#define KTXN_ENGINE_ACCUMULATOR_H

/*
 * The accumulator of one producer: the send gate, the queues of all partitions, and the memory of buffer.memory.
 *
 * Threads. Functions are of two kinds, and each says which: *any thread* takes the lock itself; *I/O thread* belongs to
 * the thread that runs the engine and takes the lock only where it touches what is shared. The lock is one port lock
 * (ports->lock); it is held for a bounded, short time, never while a port other than wall_ms is called and never while
 * a callback runs. No function blocks. The order of locks: this one, then the delivery's.
 *
 * The gate (gate.h) decides under the lock, with each record, whether it belongs to the open transaction; so a record
 * is either refused or in this transaction, with no hand-off. begin gives the transaction its ordinal, from 1. The
 * sender learns of a begin by the ordinal that ktxn__accumulator_collect() shows, at its next run and before anything
 * else of that transaction.
 *
 * Full: a record that finds no memory gets NO_ROOM, everything queued becomes sendable at once, and ports->notify() is
 * called when a useful amount is free again. Topics not known yet get NO_TOPIC; ports->notify() tells when there is
 * news of the topic. The waiting itself, bounded by max.block.ms, is the caller's.
 *
 * Waking the I/O thread (ports->wake): only when a batch becomes sendable, or starts to linger while no other does, or
 * something of the gate or a new topic has to be looked at, and never twice before the next collect.
 *
 * What is ready. A partition is ready when it has a full batch, an open batch whose linger.ms is over (others, past half
 * of it, go along in the same request) or that a flush, a commit, a close or a lack of memory has told to go, or a batch
 * to be sent again. The I/O thread walks the ready queues, asks the transaction manager, and takes batches.
 * A batch stays open, and goes on filling, until it is taken: a slow broker makes larger batches.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktxn/error.h"
#include "ktxn/record.h"
#include "sdk/engine/batch.h"
#include "sdk/engine/delivery.h"
#include "sdk/engine/gate.h"

struct ktxn__accumulator;
struct ktxn__counts;
struct ktxn__ports;

/** Its own settings, so that tests and the simulator need no configuration. Sizes in bytes. */
struct ktxn__accumulator_config {
  bool transactional;
  bool ignore_keys;             /* partitioner.ignore.keys */
  bool adaptive;                /* partitioner.adaptive.partitioning.enable */
  size_t batch_size;            /* batch.size; 0 = one record for each batch */
  size_t buffer_memory;         /* buffer.memory */
  size_t max_request_size;      /* max.request.size */
  int64_t linger_us;            /* linger.ms */
  int64_t delivery_timeout_us;  /* delivery.timeout.ms */
  uint64_t seed;                /* for the sticky partitioner, and for the jitter of the sender's waits */
};

#define KTXN__ACCUMULATOR_TOPICS_MAX 65536u      /* topics that one producer may write to in its life */
#define KTXN__ACCUMULATOR_PARTITIONS_MAX 200000u /* partitions, likewise */

/* ---- life: one thread, nobody else uses it ------------------------------------------------------------------------- */

/**
 * `ports` must live longer; `producer` is what ports->notify() gets. NULL: out of memory. Starts in UNINIT, or in OPEN
 * if not transactional.
 */
struct ktxn__accumulator *ktxn__accumulator_new(const struct ktxn__ports *ports, void *producer,
                                                const struct ktxn__accumulator_config *config);

/** Everything must have been completed, unpinned and served, or never will be: callbacks not run yet are dropped. */
void ktxn__accumulator_free(struct ktxn__accumulator *acc);

/** `seed` of its configuration. */
uint64_t ktxn__accumulator_seed(const struct ktxn__accumulator *acc);

/** The delivery list of this producer; lives as long as the accumulator. */
struct ktxn__delivery *ktxn__accumulator_delivery(struct ktxn__accumulator *acc);

/* ---- the application's side: any thread ---------------------------------------------------------------------------- */

enum ktxn__append {
  KTXN__APPEND_DONE,    /* taken: its callback, if any, will run exactly once */
  KTXN__APPEND_NO_ROOM, /* buffer.memory is used up; nothing changed. Wait for notify and call again */
  KTXN__APPEND_NO_TOPIC, /* no metadata yet (asked for by this call); nothing changed. Wait for notify and call again */
  KTXN__APPEND_REFUSED  /* `error` says why. Class CONFIG in an open transaction: this call has made it abortable */
};

/**
 * Takes one record: copies it into the batch of its partition. `error` must not be NULL; it is written with REFUSED
 * only. REFUSED by the gate (table above), for an argument (USAGE), or for the data (CONFIG: too large for
 * max.request.size or buffer.memory, partition out of the topic's range, topic refused by the broker).
 */
enum ktxn__append ktxn__accumulator_append(struct ktxn__accumulator *acc, const ktxn_record *record,
                                           ktxn_delivery_cb cb, void *opaque, ktxn_error *error);

/** READY -> OPEN and the next ordinal; 0, or the code of `error` (which must not be NULL). Does not wake anybody. */
int ktxn__accumulator_begin(struct ktxn__accumulator *acc, ktxn_error *error);

/**
 * Closes the gate: OPEN -> COMMITTING (everything queued becomes sendable), or OPEN or ABORTABLE -> ABORTING. No record
 * is added to the transaction after this. 0, or the code of `error`, which must not be NULL; nothing has changed then:
 * USAGE (nothing open), ABORT (commit of an abortable transaction: the cause, outcome not committed), RETRY with
 * KTXN_E_CONFLICT (an end is in progress: the caller, who knows which, resumes it), RECREATE. The caller then submits
 * the operation to the sender.
 */
int ktxn__accumulator_end(struct ktxn__accumulator *acc, bool commit, ktxn_error *error);

/**
 * The application's part of the open transaction failed (a send that timed out waiting): OPEN -> ABORTABLE at once.
 * Later calls get `cause` as class ABORT; the sender finds the failure in its next view. In any other gate, and
 * without transactions, nothing happens. (Refusals of class CONFIG by append have done this already.)
 */
void ktxn__accumulator_fail(struct ktxn__accumulator *acc, const ktxn_error *cause);

/** Refuses everything from now on and makes all that is queued sendable. May be called again. */
void ktxn__accumulator_close(struct ktxn__accumulator *acc);

/** The gate; with it the ordinal of the last begin and why it refuses (either may be NULL). */
enum ktxn__gate ktxn__accumulator_gate(struct ktxn__accumulator *acc, int64_t *ordinal, ktxn_error *error);

/**
 * How many partitions a topic has: DONE, NO_TOPIC (asked for; wait for notify) or REFUSED (the broker refuses it, or the
 * name is not valid). Open in every gate but CLOSED and FATAL.
 */
enum ktxn__append ktxn__accumulator_partitions_for(struct ktxn__accumulator *acc, const char *topic, int32_t *count,
                                                   ktxn_error *error);

/**
 * Why there is no metadata of the topic yet, if the sender said so: true and `error` is set (the cause of a timeout);
 * false: nothing is known.
 */
bool ktxn__accumulator_topic_cause(struct ktxn__accumulator *acc, const char *topic, ktxn_error *error);

/** Makes all that is queued sendable. Returns a mark for ktxn__accumulator_flushed(). */
uint64_t ktxn__accumulator_flush(struct ktxn__accumulator *acc);

/** Has every record handed over before the mark was taken got its fate? (Its callback may still have to be served.) */
bool ktxn__accumulator_flushed(struct ktxn__accumulator *acc, uint64_t mark);

/** Bytes of buffer.memory that are free now, and in all. */
void ktxn__accumulator_memory(struct ktxn__accumulator *acc, size_t *available, size_t *total);

/* ---- the sender's side: I/O thread --------------------------------------------------------------------------------- */

/** One consistent look at what is shared, taken once at the start of a run. */
struct ktxn__accumulator_view {
  enum ktxn__gate gate;
  int64_t ordinal;      /* of the last begin; 0 = none */
  bool failed;          /* ktxn__accumulator_fail(), or a refusal, hit this transaction since the last view: feed it to
                           the transaction manager with `failure.code` */
  bool closing;         /* ktxn__accumulator_close() was called */
  uint32_t topic_count; /* topics with an index below it exist; names of new ones: ktxn__accumulator_topic_name() */
  uint32_t queued;      /* batches without a sequence that wait in a queue, open ones included */
  ktxn_error failure;   /* with `failed` */
};

/** Start of a run: moves to the I/O thread's lists what became ready or joined since the last one. */
void ktxn__accumulator_collect(struct ktxn__accumulator *acc, int64_t now_us, struct ktxn__accumulator_view *view);

/** The number of queued batches without a sequence now (for ktxn__txn_set_queued() before each pull). */
uint32_t ktxn__accumulator_queued(struct ktxn__accumulator *acc);

/**
 * The next partition that got its first record of the present transaction (without transactions: its first record),
 * each once; NULL = no more. Tell the transaction manager before walking the ready queues.
 */
struct ktxn__queue *ktxn__accumulator_next_joined(struct ktxn__accumulator *acc);

/** The queue with that dense number; NULL if there is none. */
struct ktxn__queue *ktxn__accumulator_queue(struct ktxn__accumulator *acc, uint32_t part);

/** How many dense numbers there are. */
uint32_t ktxn__accumulator_part_count(struct ktxn__accumulator *acc);

/**
 * Walks the ready queues: NULL gives the first. Get the next one *before* taking from this one. The walk begins behind
 * the queue that was served last, so that no partition starves. A queue that can't send now simply stays ready.
 */
struct ktxn__queue *ktxn__accumulator_next_ready(struct ktxn__accumulator *acc, const struct ktxn__queue *queue);

/**
 * The next batch without a sequence of a ready queue: its oldest full one, or the open one if it is due (it is closed
 * by this). NULL if there is none, if it has more than `room` bytes, or while a batch of this queue waits to be sent
 * again (it must go first). The batch is TAKEN, not pinned, and not `sequenced` until the sender says so.
 */
struct ktxn__batch *ktxn__accumulator_take_new(struct ktxn__accumulator *acc, struct ktxn__queue *queue, size_t room);

/** Takes a batch out of queue->retries (normally its first), whatever its retry_at_us. It is TAKEN again. */
void ktxn__accumulator_take_retry(struct ktxn__accumulator *acc, struct ktxn__batch *batch);

/**
 * Gives a TAKEN batch back, to be sent again from `retry_at_us` on. It keeps its place in the order. `reset`: it loses
 * its sequence (`sequenced` becomes false, it counts as queued again).
 */
void ktxn__accumulator_requeue(struct ktxn__accumulator *acc, struct ktxn__batch *batch, int64_t retry_at_us, bool reset);

/** A call refers to the batch's bytes, or to the batch. */
void ktxn__accumulator_pin(struct ktxn__accumulator *acc, struct ktxn__batch *batch);

/**
 * The call is done with it: never touch the batch after the last unpin once it has its fate. Call it in the call's
 * done(), after the result was dealt with.
 */
void ktxn__accumulator_unpin(struct ktxn__accumulator *acc, struct ktxn__batch *batch);

/**
 * Divides a TAKEN batch of several records that was too large for its broker: about half of its bytes stay. The others
 * follow in the batch that is returned, TAKEN as well, with the same deadline and `sequenced` as this one is; it has
 * absorbed, handle included, what an earlier split had put behind this batch, if that has never been sent. Both need a
 * stamp. NULL: no memory, nothing changed. The memory is not of buffer.memory, which is often full just then, but about
 * what the first batch took there.
 */
struct ktxn__batch *ktxn__accumulator_split(struct ktxn__accumulator *acc, struct ktxn__batch *batch);

/** Written (TAKEN or RETRY -> DONE). `base_offset` and `append_timestamp_ms` as the broker says; -1 = not known. */
void ktxn__accumulator_complete(struct ktxn__accumulator *acc, struct ktxn__batch *batch, int64_t base_offset,
                                int64_t append_timestamp_ms);

/**
 * Failed, in any step but DONE. Callbacks get a copy of `error`. If the batch had a sequence, the transaction manager
 * must have been told before (ktxn__txn_batch_give_up()) or have said so itself.
 */
void ktxn__accumulator_fail_batch(struct ktxn__accumulator *acc, struct ktxn__batch *batch, const ktxn_error *error);

/** Fails every batch that waits in a queue without a sequence (OPEN, SEALED, and RETRY after a reset). How many. */
uint32_t ktxn__accumulator_fail_queued(struct ktxn__accumulator *acc, const ktxn_error *error);

/**
 * The oldest batch whose delivery.timeout.ms is over, NULL = none. The sender must give it its fate
 * (ktxn__accumulator_fail_batch()) before it asks again.
 */
struct ktxn__batch *ktxn__accumulator_expired(struct ktxn__accumulator *acc, int64_t now_us);

/** The first batch that has no fate yet, and the next one; for a forced end. NULL = no more. Get the next one first. */
struct ktxn__batch *ktxn__accumulator_next_live(struct ktxn__accumulator *acc, const struct ktxn__batch *batch);

/**
 * When something of this accumulator becomes due by itself: a linger, a retry, an expiry. INT64_MAX = never. What is
 * ready already is not counted: the sender, who left it, knows what it waits for.
 */
int64_t ktxn__accumulator_deadline_us(struct ktxn__accumulator *acc, int64_t now_us);

/**
 * Sets the gate: UNINIT, READY, ABORTABLE or FATAL. ABORTABLE is ignored unless OPEN or COMMITTING, FATAL keeps the first
 * fatal error, and nothing reopens CLOSED. `error` (with ABORTABLE and FATAL) is what refused calls say; ABORTABLE turns
 * its class into ABORT. READY and UNINIT need none.
 */
void ktxn__accumulator_set_gate(struct ktxn__accumulator *acc, enum ktxn__gate gate, const ktxn_error *error);

/** Sets what the accumulator counts: records, bytes and batches that have their fate. */
void ktxn__accumulator_counts(struct ktxn__accumulator *acc, struct ktxn__counts *counts);

/* ---- topics: I/O thread --------------------------------------------------------------------------------------------- */

/** Name of a topic, the accumulator's copy, valid for its life; index below view.topic_count. */
const char *ktxn__accumulator_topic_name(struct ktxn__accumulator *acc, uint32_t topic);

/**
 * What the application wants of this topic's metadata since the last call: USED = it was written to (keeps it from being
 * forgotten), REFRESH = it is new, or a record named a partition beyond the known ones.
 */
enum ktxn__topic_interest { KTXN__TOPIC_IDLE, KTXN__TOPIC_USED, KTXN__TOPIC_REFRESH };
enum ktxn__topic_interest ktxn__accumulator_topic_interest(struct ktxn__accumulator *acc, uint32_t topic);

/**
 * Fresh metadata: the topic has that many partitions (at least 1), `leaders[i]` is the node of partition i, -1 = none.
 * Call it after every metadata answer that covers the topic, also if nothing changed: whoever waits is notified.
 * False: out of memory, nothing changed, nobody is notified; call it again a little later.
 */
bool ktxn__accumulator_set_topic(struct ktxn__accumulator *acc, uint32_t topic, uint32_t partition_count,
                                 const int32_t *leaders);

/**
 * The topic has no usable metadata. `refuse`: records for it are refused with `error` (class CONFIG: not authorized,
 * not a valid name) until set_topic says otherwise; else they wait, and `error` is the cause of a timeout.
 */
void ktxn__accumulator_set_topic_error(struct ktxn__accumulator *acc, uint32_t topic, const ktxn_error *error,
                                       bool refuse);

#endif
