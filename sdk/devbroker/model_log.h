#ifndef KTXN_DEVBROKER_MODEL_LOG_H
#define KTXN_DEVBROKER_MODEL_LOG_H

/*
 * The log of one partition, as its leader has it: batches and markers, what producers have written, how much of it is
 * replicated (high watermark) and how much of that is decided (last stable offset), and which transactions were aborted.
 * Replication itself is model_replica's.
 */

#include "sdk/devbroker/model_event.h"
#include "sdk/devbroker/model_map.h"
#include "sdk/devbroker/model_producer.h"

/** A transaction that has ended in this log. */
struct ktxn__model_ended {
  int64_t producer_id;
  int64_t first_offset;
  int64_t last_offset; /* of the marker */
  int64_t last_stable; /* the last stable offset once it had ended */
};

struct ktxn__model_log {
  struct ktxn__model_entry **entries;
  int32_t entry_count;
  int32_t entry_capacity;
  bool forgets; /* an internal topic's: state without entries */
  int64_t start;
  int64_t end;
  int64_t high_watermark;
  int64_t last_stable;
  bool regressed; /* the last stable offset went back: a defect of the model */

  struct ktxn__model_map by_id;
  struct ktxn__model_producer **producers; /* in the order of their first batch */
  int32_t producer_count;
  int32_t producer_capacity;
  struct ktxn__list open;           /* producers with an open transaction, the oldest first */
  struct ktxn__model_ended *ending; /* markers that are not replicated yet: their transactions still hold readers back */
  int32_t ending_count;
  int32_t ending_capacity;
  struct ktxn__model_ended *aborted; /* by last_offset */
  int32_t aborted_count;
  int32_t aborted_capacity;

  struct ktxn__list waiters; /* who waits for the watermarks to move (model_replica.h) */
  struct ktxn__model_event replication;
  int64_t replicating; /* the offset that the event will bring the high watermark to */
};

void ktxn__model_log_init(struct ktxn__model_log *log, bool forgets);

/** NULL when nothing is known about the id. */
struct ktxn__model_producer *ktxn__model_log_producer(const struct ktxn__model_log *log, int64_t producer_id);
/** Made when it isn't there. NULL: no memory. */
struct ktxn__model_producer *ktxn__model_log_introduce(struct ktxn__model_memory *memory, struct ktxn__model_log *log,
                                                       int64_t producer_id);

/** A batch at the end of the log; its bytes are copied. NULL: no memory, nothing has changed. */
struct ktxn__model_entry *ktxn__model_log_append(struct ktxn__model_memory *memory, struct ktxn__model_log *log,
                                                 const struct ktxn__model_batch *batch, int32_t leader_epoch, uint64_t tag);

struct ktxn__model_entry *ktxn__model_log_append_marker(struct ktxn__model_memory *memory, struct ktxn__model_log *log,
                                                        const struct ktxn__model_entry *marker);

/** Everything below `offset` is replicated. False: nothing moved. */
bool ktxn__model_log_replicated(struct ktxn__model_log *log, int64_t offset);

/** What isn't replicated is gone, and what it had done to the producers. False: no memory. */
bool ktxn__model_log_truncate(struct ktxn__model_memory *memory, struct ktxn__model_log *log);
void ktxn__model_log_trim(struct ktxn__model_log *log, int64_t offset);
void ktxn__model_log_expire(struct ktxn__model_memory *memory, struct ktxn__model_log *log, int64_t before_ms);
/** Also those with open transactions: of a log that nobody asks any more, or that is read again. */
void ktxn__model_log_forget_producers(struct ktxn__model_memory *memory, struct ktxn__model_log *log);

/** The index of the entry that holds `offset`, or of the first behind it; entry_count at the end. */
int32_t ktxn__model_log_find(const struct ktxn__model_log *log, int64_t offset);

/** The transactions that a reader of [from, to) must leave out: the first index, and how far to look. */
int32_t ktxn__model_log_find_aborted(const struct ktxn__model_log *log, int64_t from);

#endif
