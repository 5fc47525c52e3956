#ifndef KTXN_ENGINE_SENDER_H
#define KTXN_ENGINE_SENDER_H

/*
 * One producer's part on the I/O thread: it owns the transaction manager, turns its requests into calls, drains the
 * accumulator into Produce requests and tells the ends of operations. Application threads reach it through the
 * accumulator's gate, through operations, and through the `any thread` functions below.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktxn/producer.h"

struct ktxn__accumulator;
struct ktxn__counts;
struct ktxn__engine;
struct ktxn__op;
struct ktxn__sender;
struct ktxn__settings;

/** What the sender tells its owner; both run on the I/O thread and must not call into the sender or the engine. */
struct ktxn__sender_hooks {
  /* The transaction became abortable or the producer fatal, and no operation of the owner's was there to carry it. */
  void (*failed)(void *owner, int64_t ordinal, const ktxn_error *error);
  /* After ktxn__sender_release(): the sender is freed and touches neither the accumulator nor the owner any more. */
  void (*gone)(void *owner);
  void *owner;
};

/**
 * Makes a sender for a producer; any thread, it touches nothing of the engine yet. `settings` and `accumulator` must
 * live until gone(). NULL when memory is short.
 */
struct ktxn__sender *ktxn__sender_new(struct ktxn__engine *engine, const struct ktxn__settings *settings,
                                      struct ktxn__accumulator *accumulator, const struct ktxn__sender_hooks *hooks);

/** Only for one that was never attached; else ktxn__sender_release(). */
void ktxn__sender_free(struct ktxn__sender *sender);

/* ---- I/O thread -------------------------------------------------------------------------------------------------- */

/** From here on ktxn__engine_run() runs it. */
void ktxn__sender_attach(struct ktxn__sender *sender, int64_t now_us);

/**
 * Hands an operation over; ktxn__engine_run() works on it next. At most one each of INIT, COMMIT, ABORT, OFFSETS and
 * CLOSE at a time is the caller's duty; any number of FLUSH. An ABORT ends an OFFSETS that is under way.
 */
void ktxn__sender_submit(struct ktxn__sender *sender, struct ktxn__op *op, int64_t now_us);

/**
 * The owner is done with it (after CLOSE has ended, or at once: then everything is failed with KTXN_E_CLOSED first). Its
 * memory, and that of the accumulator, is in use until requests on the wire are settled: gone() tells.
 */
void ktxn__sender_release(struct ktxn__sender *sender, int64_t now_us);

/* ---- any thread -------------------------------------------------------------------------------------------------- */

void ktxn__sender_identity(struct ktxn__sender *sender, ktxn_identity *identity);

/** What was counted up to the end of the last operation that was told. */
void ktxn__sender_counts(struct ktxn__sender *sender, struct ktxn__counts *counts);

/** Offsets in one operation, at most. */
#define KTXN__SENDER_OFFSETS_MAX 1000000u

/** How many transactions are remembered; a power of two. */
#define KTXN__SENDER_OUTCOMES 64

/** What is known of a transaction; false = never begun, or forgotten. OUTCOME_NONE = still open or ending. */
bool ktxn__sender_outcome(struct ktxn__sender *sender, int64_t ordinal, enum ktxn_outcome *outcome);

/** What the sender is waiting for that does not go well (for the message of a call that timed out); "" = nothing. */
void ktxn__sender_trouble(struct ktxn__sender *sender, char *text, size_t size);

#endif
