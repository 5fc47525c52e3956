#ifndef KTXN_ENGINE_DELIVERY_H
#define KTXN_ENGINE_DELIVERY_H

/*
 * The delivery reports of one producer: batches whose fate is known and that have callbacks to run, oldest fate first.
 *
 * Filled by the I/O thread (through ktxn__accumulator_complete() and _fail_batch(): nobody else pushes), served by
 * application threads. It has a lock of its own, which is never held while a callback runs, so that a callback may call
 * ktxn_send(). Order: batches of one partition get their fate in the order of their sequences, and only one thread
 * serves at a time; so callbacks of one partition run in the order of sending, each exactly once.
 *
 * Full: it can't be. Its batches are bounded by buffer.memory, because what is kept for callbacks is charged there
 * until they have run: an application that gives callbacks and never serves them sees "no room" in the end.
 * Empty to not empty: ports->notify() is called once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktxn/record.h"

struct ktxn__batch;
struct ktxn__delivery;

/** Another thread (or this one, further down its stack) is running callbacks. */
#define KTXN__DELIVERY_BUSY (-1)

/**
 * Runs up to `max` callbacks on this thread. Returns how many ran, or KTXN__DELIVERY_BUSY: another thread is serving;
 * ports->notify() is called when it has finished. Any application thread, not the I/O thread. Runs to the end of what
 * was there; does not wait.
 */
int ktxn__delivery_serve(struct ktxn__delivery *delivery, size_t max);

/** Is nothing queued and nobody serving? A commit may return only then. Any thread. */
bool ktxn__delivery_idle(struct ktxn__delivery *delivery);

/** Is something queued? Any thread. */
bool ktxn__delivery_pending(struct ktxn__delivery *delivery);

#endif
