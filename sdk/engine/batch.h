#ifndef KTXN_ENGINE_BATCH_H
#define KTXN_ENGINE_BATCH_H

/*
 * One batch of records for one partition, and the queue of one partition. Both belong to an accumulator (accumulator.h,
 * which also says what the lock covers); nobody else makes or frees them.
 *
 * Life of a batch:
 *
 *   OPEN ----> SEALED ----> TAKEN ----> DONE ----> (recycled)
 *     \__________________/   ^  |
 *          take_new          |  v
 *                           RETRY
 *
 *   OPEN    the last batch of its queue; application threads add records under the lock
 *   SEALED  full, or closed for another reason; nobody adds to it any more
 *   TAKEN   the sender has it: it is being sent, or waits for its answer
 *   RETRY   given back by the sender; waits in its queue, ahead of every batch that has no sequence yet
 *   DONE    its fate is known; its callbacks wait to be run or have run
 *
 * `data` begins with room for the batch header, followed by the records. From TAKEN on the bytes are the sender's to
 * stamp (identity, sequence, CRC: sdk/wire/record_batch.h); a batch that is sent again keeps the same bytes.
 *
 * A pin says that a call refers to the batch: its bytes may be with the socket, or its answer may still come. The
 * memory returns to the pool only when the batch is DONE *and* no pin is left (a buffer reused while the socket still
 * has it would put records into the wrong topic, because the CRC doesn't cover the topic's name), and the struct only
 * when its callbacks have run as well. So a sender that pinned a batch may look at it until it unpins it, also if the
 * batch expired meanwhile.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktxn/record.h"
#include "sdk/base/list.h"

enum ktxn__batch_step {
  KTXN__BATCH_OPEN,
  KTXN__BATCH_SEALED,
  KTXN__BATCH_TAKEN,
  KTXN__BATCH_RETRY,
  KTXN__BATCH_DONE
};

struct ktxn__batch;
struct ktxn__failure; /* failure.h */

/** What is kept for the callback of one record. */
struct ktxn__batch_note {
  ktxn_delivery_cb cb; /* NULL = this record has none */
  void *opaque;
  int64_t timestamp_ms;
};

/**
 * The queue of one partition. It is made at the partition's first record, and its address, `part` included, stays valid
 * and unchanged for the accumulator's life, whatever happens to the topic.
 */
struct ktxn__queue {
  /* constant: any thread, no lock */
  const char *topic;    /* the accumulator's copy of the name */
  uint32_t topic_index; /* within the accumulator, from 0 */
  int32_t partition;    /* within the topic */
  uint32_t part;        /* dense number of (topic, partition) within the accumulator, from 0, for the transaction manager */

  /* the I/O thread's: no lock */
  struct ktxn__list retries; /* RETRY batches by `link`, in the order of their creation, which is that of sequences */
  void *owner;               /* free for the sender's own use; NULL at first */

  /* changed by the I/O thread under the lock: it reads them without */
  struct ktxn__list ready_link; /* among the ready ones */

  /* under the lock */
  struct ktxn__list sealed; /* batches by `link` */
  struct ktxn__batch *open;
  struct ktxn__list linger_link; /* among those with an open batch that isn't due, oldest batch first */
  struct ktxn__list woken_link;  /* among those that the I/O thread has to look at */
  struct ktxn__list joined_link; /* among those that joined the transaction */
  int64_t joined_ordinal;        /* the last transaction that had a record for it; -1 = none yet */
  uint32_t length;               /* batches that wait in it: the load that the partitioner sees */
  bool due;                      /* the open batch may go although it is not full */
};

struct ktxn__batch {
  /* constant from creation */
  struct ktxn__queue *queue;
  uint64_t number;  /* position in the order of creation, from 1; never used again but for parts of a batch */
  uint32_t first;   /* what a split batch lost in front: parts have one number, and this for their order */
  uint32_t handle;  /* never 0, unique among the batches that the accumulator has */
  bool outside;     /* its memory is not the pool's */
  int64_t ordinal;  /* the transaction it belongs to; 0 without transactions */

  /* under the lock while OPEN, constant while SEALED, the sender's from TAKEN on */
  uint8_t *data;
  size_t size;     /* bytes used, the header included */
  size_t capacity; /* bytes of `data` */
  uint32_t count;  /* records */
  int64_t base_timestamp_ms;
  int64_t max_timestamp_ms;

  /* the I/O thread's: no lock. The sender keeps its books here; the accumulator only resets them at creation */
  bool sequenced;            /* has its identity and sequence, and keeps them (ktxn__accumulator_requeue() may reset) */
  uint32_t attempts;         /* how often it was sent */
  int64_t retry_at_us;       /* RETRY: not before; 0 = at once */
  int32_t leader_epoch;      /* of the leader that the last attempt went to; -1 = none yet */
  int32_t base_sequence;     /* for messages and checks; -1 without one */
  int64_t producer_id;       /* stamped into it; -1 = none */
  int16_t producer_epoch;

  /* the accumulator's own, mostly under the lock */
  enum ktxn__batch_step step; /* changed by the I/O thread and, until TAKEN, by application threads; under the lock */
  int64_t created_wall_ms;
  int64_t created_us;  /* 0 until the I/O thread has seen it */
  int64_t deadline_us; /* created_us + delivery.timeout.ms */
  uint32_t pins;
  bool queued;   /* counts among those without a sequence that wait in a queue */
  bool unserved; /* callbacks still to run */
  struct ktxn__list link; /* in a queue's list, the delivery list, or the free list */
  struct ktxn__list live; /* among all that are not DONE, in the order of their numbers */

  /* notes: allocated when the first record with a callback comes, kept with the struct when it is recycled */
  struct ktxn__batch_note *notes;
  uint32_t note_room;
  uint32_t note_count; /* 0 = no record has a callback, else equal to `count` */
  uint32_t note_next;  /* the next one to serve */

  /* the fate, set when DONE */
  int64_t base_offset;         /* -1 = not known */
  int64_t append_timestamp_ms; /* the broker's, -1 = the records' own count */
  int code;                    /* 0 = written */
  struct ktxn__failure *failure; /* NULL = written, or only the code is known (no memory for the text) */
};

/** The first batch of a queue that waits to be sent again, and the one behind it; NULL = no more. I/O thread. */
struct ktxn__batch *ktxn__batch_first_retry(const struct ktxn__queue *queue);
struct ktxn__batch *ktxn__batch_next_retry(const struct ktxn__batch *batch);

#endif
