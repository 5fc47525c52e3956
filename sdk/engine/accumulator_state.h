#ifndef KTXN_ENGINE_ACCUMULATOR_STATE_H
#define KTXN_ENGINE_ACCUMULATOR_STATE_H

/* The accumulator's inside, for the files accumulator*.c and delivery.c only. */

#include "sdk/base/random.h"
#include "sdk/engine/accumulator.h"
#include "sdk/engine/pool.h"
#include "sdk/engine/ports.h"
#include "sdk/engine/topics.h"

struct ktxn__delivery {
  struct ktxn__accumulator *acc;
  void *lock;
  struct ktxn__list batches; /* under the lock, by `link` */
  bool serving;              /* under the lock; who set it runs callbacks without the lock */
  bool awaited;              /* under the lock: somebody was told BUSY */
};

struct ktxn__accumulator {
  /* constant */
  const struct ktxn__ports *ports;
  void *lock;
  void *producer;
  struct ktxn__accumulator_config config;
  size_t batch_limit; /* bytes of an ordinary batch: batch.size, if the other limits allow so much */
  struct ktxn__delivery delivery;

  /* under the lock */
  struct ktxn__gate_keeper gate;
  struct ktxn__pool pool;
  struct ktxn__topics topics;
  struct ktxn__random random;
  struct ktxn__list live;      /* batches that are not DONE, by `live`, in the order of their numbers */
  struct ktxn__list lingering; /* queues with an open batch that isn't due, oldest batch first */
  struct ktxn__list woken;     /* queues that became ready since the last collect */
  struct ktxn__list joined;    /* queues that joined the transaction since the last collect */
  struct ktxn__batch *unseen;  /* the first live batch that the I/O thread has not given a time yet; NULL = none */
  struct ktxn__failure *failure; /* the last one, for sharing */
  uint64_t records_delivered, records_failed, bytes_delivered, batches_delivered;
  uint64_t last_number;
  uint64_t send_through; /* batches up to this number may go though neither full nor lingered */
  uint32_t queued;       /* batches without a sequence that wait in a queue */
  uint32_t retrying;     /* batches in the queues' `retries` */
  size_t room_wanted;    /* bytes that somebody didn't get since the last notify; 0 = nobody */
  bool topic_wanted;     /* somebody was told NO_TOPIC since the last notify */
  bool wake_pending;     /* the I/O thread has been woken and has not collected since */
  bool closing;

  /* the I/O thread's; `ready` is changed under the lock */
  struct ktxn__list ready;         /* queues by `ready_link` */
  struct ktxn__list joined_seen;   /* collected ones, for ktxn__accumulator_next_joined() */
  struct ktxn__queue *ready_start; /* where the next walk begins; NULL = anywhere */
  int64_t seen_us;                 /* time of the last collect */
  int64_t idle_since_us;           /* no batch has been alive since; -1 = some are */
};

/** An idle producer keeps its buffers this long for the next burst. */
#define KTXN__ACCUMULATOR_IDLE_US INT64_C(10000000)

static inline void ktxn__accumulator_lock(struct ktxn__accumulator *acc) {
  acc->ports->lock(acc->lock);
}

static inline void ktxn__accumulator_unlock(struct ktxn__accumulator *acc) {
  acc->ports->unlock(acc->lock);
}

/** Unlocks, and then wakes the I/O thread if `wake` and that was not done since its last collect. */
void ktxn__accumulator_unlock_wake(struct ktxn__accumulator *acc, bool wake);

/** All that is queued may go from now on. Under the lock. */
void ktxn__accumulator_send_all(struct ktxn__accumulator *acc);

/** The open batch of a queue is closed and waits to be taken. Under the lock. */
void ktxn__accumulator_seal(struct ktxn__queue *queue);

/**
 * Gives back what a batch doesn't need any more. Under the lock. True: somebody waits for room and there is some now;
 * call ports->notify() after unlocking.
 */
bool ktxn__accumulator_let_go(struct ktxn__accumulator *acc, struct ktxn__batch *batch);

/** A handle that no batch has had for long. Under the lock. */
uint32_t ktxn__accumulator_new_handle(struct ktxn__accumulator *acc);

/**
 * The topic of that name. DONE: it has partitions. NO_TOPIC: its metadata is asked for; REFUSED: `error` says why; the
 * I/O thread is to be woken with either. Under the lock.
 */
enum ktxn__append ktxn__accumulator_find_topic(struct ktxn__accumulator *acc, const char *name,
                                               struct ktxn__topics_entry **found, ktxn_error *error);

/** Asks for fresh metadata of a topic. NO_TOPIC. Under the lock. */
enum ktxn__append ktxn__accumulator_ask_topic(struct ktxn__accumulator *acc, struct ktxn__topics_entry *entry);

/** Takes a batch out of whichever list of its queue it is in. Under the lock. I/O thread. */
void ktxn__accumulator_unqueue(struct ktxn__accumulator *acc, struct ktxn__batch *batch);

/** To the end of the delivery list. Under the accumulator's lock. True: it was empty; notify after unlocking. */
bool ktxn__delivery_push(struct ktxn__delivery *delivery, struct ktxn__batch *batch);

bool ktxn__delivery_init(struct ktxn__delivery *delivery, struct ktxn__accumulator *acc);
void ktxn__delivery_clear(struct ktxn__delivery *delivery);

#endif
