#ifndef KTXN_SDK_PRODUCER_H
#define KTXN_SDK_PRODUCER_H

/*
 * One producer as the application sees it: an accumulator and a sender, and the calls that are under way. Records go
 * straight into the accumulator. Everything else is a job (job.h) that the I/O thread works on while the calling thread
 * waits, serving delivery callbacks meanwhile.
 *
 * Of the transactional calls one at a time is under way, from its start until its result has been collected: the slot.
 *
 * Memory. The application's hold ends with ktxn_free(); the I/O thread's with the sender's gone(), which comes after the
 * last request on the wire is settled and frees everything. No lock is needed to free: nobody knows the producer then.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktxn/producer.h"
#include "sdk/base/list.h"
#include "sdk/client.h"
#include "sdk/config.h"
#include "sdk/engine/op.h"
#include "sdk/mailbox.h"
#include "sdk/os/thread.h"

struct ktxn__accumulator;
struct ktxn__job;
struct ktxn__sender;

/** ktxn_flush_async() calls of one producer whose events have not been taken, at most. */
#define KTXN__PRODUCER_FLUSHES_MAX 64

struct ktxn_producer {
  ktxn_client *client;
  bool private_client;
  struct ktxn__settings settings;
  struct ktxn__accumulator *accumulator;
  struct ktxn__sender *sender;
  struct ktxn__mail attach;
  struct ktxn__mail release;
  struct ktxn__job *close_job; /* made with the producer: closing needs no memory */
  struct ktxn__cond changed;   /* with the client's lock; broadcast when `news` grows */

  /* under the client's lock */
  struct ktxn__list link;       /* among the client's producers */
  struct ktxn__list ready_link; /* among those with callbacks to run */
  struct ktxn__list jobs;
  uint64_t news;     /* grows whenever something changes that a call may wait for */
  uint32_t sleepers; /* threads that wait for news */
  uint32_t pins;     /* threads that are inside ktxn_poll() with it */
  uint32_t flushes;  /* asynchronous ones */
  struct ktxn__job *slot;
  bool room_wanted; /* a send said "would block" */
  bool closing;     /* a thread is inside ktxn_close() */
  bool closed;
  bool freed; /* by the application: nothing is told any more */
  struct ktxn__notice room;
  struct ktxn__notice failed;
};

/* ---- checks of arguments; they set the error and return its code, 0 = fine ------------------------------------------ */

/** `call` is the function's name. Refuses NULL. */
int ktxn__producer_check(const ktxn_producer *producer, const char *call, ktxn_error *error);

/** And, for one that may block: a bad timeout, and a call from inside a delivery callback. */
int ktxn__producer_check_blocking(const ktxn_producer *producer, const char *call, int timeout_ms, ktxn_error *error);

/** And without a transactional.id. */
int ktxn__producer_check_transactional(const ktxn_producer *producer, const char *call, ktxn_error *error);

/** Is this thread inside a delivery callback? */
bool ktxn__producer_in_callback(void);

/** The absolute time at which a call with this timeout ends; -1 = max.block.ms. */
int64_t ktxn__producer_deadline_us(const ktxn_producer *producer, int timeout_ms);

/* ---- waiting -------------------------------------------------------------------------------------------------------- */

/** Any thread, no lock held: the present count of news, to be taken before looking at what is waited for. */
uint64_t ktxn__producer_look(ktxn_producer *producer);

/** Waits until there is news since `seen`. False: the time has come. No lock held. */
bool ktxn__producer_wait(ktxn_producer *producer, uint64_t seen, int64_t deadline_us);

/**
 * Waits for a job (follow WAITED), running callbacks on this thread if `serve`; then all callbacks that were queued when
 * it ended have run, here or on another thread. True: it is done, and is the caller's. False: the time came first; the
 * job is IDLE. No lock held.
 */
bool ktxn__producer_await(ktxn_producer *producer, struct ktxn__job *job, int64_t deadline_us, bool serve);

/** The error of a call whose time ran out. */
int ktxn__producer_timed_out(ktxn_producer *producer, const char *call, ktxn_error *error);

/** Runs every callback that is queued now, and waits for those that another thread is running. No lock held. */
void ktxn__producer_serve_all(ktxn_producer *producer);

/* ---- the client's lock is held -------------------------------------------------------------------------------------- */

/** Wakes who waits. */
void ktxn__producer_news(ktxn_producer *producer);

/** ports->notify(): callbacks, room, or news of a topic. */
void ktxn__producer_notified(ktxn_producer *producer);

/** The event of this job has been taken. */
void ktxn__producer_collected(ktxn_producer *producer, struct ktxn__job *job);

/** Runs what is queued; drops the lock meanwhile. */
void ktxn__producer_serve_ready(ktxn_producer *producer);

/** Ends a hold that kept ktxn_free() waiting. */
void ktxn__producer_unpin(ktxn_producer *producer);

#endif
