#ifndef KTXN_DEVBROKER_MODEL_PRODUCER_H
#define KTXN_DEVBROKER_MODEL_PRODUCER_H

/*
 * What the log of a partition knows about one producer id (KIP-98, KIP-360, KIP-890): its epoch, its last five batches, its
 * open transaction, and the question to the coordinator that is under way.
 */

#include "sdk/base/list.h"
#include "sdk/devbroker/model_answer.h"
#include "sdk/devbroker/model_code.h"

#define KTXN__MODEL_WINDOW 5

struct ktxn__model_window {
  int32_t first_sequence;
  int32_t last_sequence;
  int64_t base_offset;
  int64_t last_offset;
};

struct ktxn__model_producer {
  int64_t id;
  int16_t epoch; /* -1 = nothing is known */
  int32_t coordinator_epoch;
  int64_t last_ms;
  int64_t txn_first; /* offset where its transaction begins; -1 = none is open */
  uint8_t window_count;
  uint8_t window_next; /* where the next batch goes */
  struct ktxn__model_window window[KTXN__MODEL_WINDOW];
  uint64_t guard;          /* the question under way; 0 = none */
  int32_t lowest_sequence; /* of the newest epoch that a question was asked for since then */
  int16_t guard_epoch;     /* that epoch */
  struct ktxn__list open;  /* in the log's list of open transactions */
};

/** How a batch comes to a log. */
struct ktxn__model_admission {
  bool client;         /* sequences count; else it comes from a coordinator, which has none */
  bool verifies;       /* a transaction's first batch needs an answered question */
  bool must_start;     /* and sequence 0, when nothing is known about the producer (transactions V2) */
  uint64_t guard;      /* of that question; 0 = there was none */
  bool by_epoch;       /* the open transaction is the batch's own only if it has its epoch */
};

/** The sequence of the last of `count` records from `first` on: 0 follows INT32_MAX. */
int32_t ktxn__model_sequence_last(int32_t first, int32_t count);

/** A remembered batch of the same epoch and sequences; NULL = none. */
const struct ktxn__model_window *ktxn__model_producer_duplicate(const struct ktxn__model_producer *producer,
                                                                const struct ktxn__model_batch *batch);

/** Does the log take a batch of that epoch for part of the transaction that it has open? `producer` may be NULL. */
bool ktxn__model_producer_ongoing(const struct ktxn__model_producer *producer, int16_t epoch, bool by_epoch);

/** 0, 45, 47 or 48. `producer` is NULL when the log has never heard of it. */
int16_t ktxn__model_producer_admit(const struct ktxn__model_producer *producer, const struct ktxn__model_batch *batch,
                                   const struct ktxn__model_admission *how);

void ktxn__model_producer_note(struct ktxn__model_producer *producer, const struct ktxn__model_entry *entry);

/** 0, 47 or 52: may this marker be written? `strict`: only one of a higher epoch (transactions V2, KIP-1228). */
int16_t ktxn__model_producer_admit_marker(const struct ktxn__model_producer *producer, int16_t epoch, int32_t coordinator_epoch,
                                          bool strict);

#endif
