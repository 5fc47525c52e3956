#include "sdk/devbroker/model_log.h"

#include <string.h>

void ktxn__model_log_init(struct ktxn__model_log *log, bool forgets) {
  *log = (struct ktxn__model_log){.forgets = forgets};
  ktxn__list_init(&log->open);
  ktxn__list_init(&log->waiters);
}

struct ktxn__model_producer *ktxn__model_log_producer(const struct ktxn__model_log *log, int64_t producer_id) {
  return ktxn__model_map_get(&log->by_id, (uint64_t)producer_id);
}

struct ktxn__model_producer *ktxn__model_log_introduce(struct ktxn__model_memory *memory, struct ktxn__model_log *log,
                                                       int64_t producer_id) {
  struct ktxn__model_producer *producer = ktxn__model_log_producer(log, producer_id);
  if (producer != NULL) {
    return producer;
  }
  if (!ktxn__model_grow(memory, &log->producers, &log->producer_capacity, log->producer_count + 1,
                        sizeof(struct ktxn__model_producer *))) {
    return NULL;
  }
  producer = ktxn__model_get(memory, sizeof *producer);
  if (producer == NULL || !ktxn__model_map_add(memory, &log->by_id, (uint64_t)producer_id, producer)) {
    ktxn__model_put(memory, producer, sizeof *producer);
    return NULL;
  }
  *producer = (struct ktxn__model_producer){.id = producer_id, .epoch = -1, .coordinator_epoch = -1, .txn_first = -1};
  ktxn__list_init(&producer->open);
  log->producers[log->producer_count++] = producer;
  return producer;
}

static int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* What isn't decided, or is decided by a marker that may still be lost, holds readers back. */
static void settle(struct ktxn__model_log *log) {
  int64_t stable = log->high_watermark;
  struct ktxn__list *oldest = ktxn__list_first(&log->open);
  if (oldest != NULL) {
    stable = smaller(stable, KTXN__LIST_OF(oldest, struct ktxn__model_producer, open)->txn_first);
  }
  for (int32_t i = 0; i < log->ending_count; i++) {
    stable = smaller(stable, log->ending[i].first_offset);
  }
  log->regressed = log->regressed || stable < log->last_stable;
  log->last_stable = stable;
}

/* The ends below the high watermark are final. */
static void finish(struct ktxn__model_log *log) {
  int32_t kept = 0;
  for (int32_t i = 0; i < log->ending_count; i++) {
    if (log->ending[i].last_offset >= log->high_watermark) {
      log->ending[kept++] = log->ending[i];
    }
  }
  log->ending_count = kept;
}

static bool make_room(struct ktxn__model_memory *memory, struct ktxn__model_log *log) {
  return (log->forgets || ktxn__model_grow(memory, &log->entries, &log->entry_capacity, log->entry_count + 1,
                                           sizeof(struct ktxn__model_entry *))) &&
         ktxn__model_grow(memory, &log->ending, &log->ending_capacity, log->ending_count + 1, sizeof *log->ending) &&
         ktxn__model_grow(memory, &log->aborted, &log->aborted_capacity, log->aborted_count + 1, sizeof *log->aborted);
}

/* Where the last stable offset will be once this transaction's marker is replicated: how far a reader has to look. */
static int64_t stable_behind(const struct ktxn__model_log *log, int64_t marker_offset) {
  struct ktxn__list *oldest = ktxn__list_first(&log->open);
  return oldest == NULL ? marker_offset + 1
                        : smaller(marker_offset + 1, KTXN__LIST_OF(oldest, struct ktxn__model_producer, open)->txn_first);
}

static void end_transaction(struct ktxn__model_log *log, struct ktxn__model_producer *producer, const struct ktxn__model_entry *marker) {
  if (producer->txn_first < 0) {
    return;
  }
  ktxn__list_remove(&producer->open);
  struct ktxn__model_ended ended = {.producer_id = producer->id,
                                    .first_offset = producer->txn_first,
                                    .last_offset = marker->base_offset,
                                    .last_stable = stable_behind(log, marker->base_offset)};
  log->ending[log->ending_count++] = ended;
  if (!marker->committed) {
    log->aborted[log->aborted_count++] = ended;
  }
}

/* Room must have been made. */
static void note(struct ktxn__model_log *log, struct ktxn__model_producer *producer, const struct ktxn__model_entry *entry) {
  if (producer == NULL) {
    return;
  }
  if (entry->marker) {
    end_transaction(log, producer, entry);
  }
  bool was_open = producer->txn_first >= 0;
  ktxn__model_producer_note(producer, entry);
  if (!was_open && producer->txn_first >= 0) {
    ktxn__list_push_back(&log->open, &producer->open);
  }
}

/* A marker without a transaction still teaches the log the epoch; KIP-890's protection lives on it. */
static struct ktxn__model_entry *place(struct ktxn__model_memory *memory, struct ktxn__model_log *log,
                                       const struct ktxn__model_entry *like, const uint8_t *bytes, int32_t records) {
  struct ktxn__model_producer *producer =
      like->producer_id < 0 ? NULL : ktxn__model_log_introduce(memory, log, like->producer_id);
  if ((like->producer_id >= 0 && producer == NULL) || !make_room(memory, log)) {
    return NULL;
  }
  size_t copied = bytes == NULL ? 0 : like->size;
  struct ktxn__model_entry *entry = ktxn__model_get_raw(memory, sizeof *entry + copied);
  if (entry == NULL) {
    return NULL;
  }
  *entry = *like;
  entry->base_offset = log->end;
  entry->last_offset = log->end + records - 1;
  if (bytes != NULL) {
    memcpy(entry + 1, bytes, copied);
    entry->bytes = (const uint8_t *)(entry + 1);
  }
  log->end += records;
  if (!log->forgets) {
    log->entries[log->entry_count++] = entry;
  }
  note(log, producer, entry);
  settle(log);
  return entry;
}

struct ktxn__model_entry *ktxn__model_log_append(struct ktxn__model_memory *memory, struct ktxn__model_log *log,
                                                 const struct ktxn__model_batch *batch, int32_t leader_epoch, uint64_t tag) {
  struct ktxn__model_entry like = {
      .leader_epoch = leader_epoch,
      .size = batch->size,
      .max_timestamp_ms = batch->max_timestamp_ms,
      .producer_id = batch->producer_id,
      .base_sequence = batch->base_sequence,
      .coordinator_epoch = -1,
      .producer_epoch = batch->producer_epoch,
      .transactional = batch->transactional,
      .tag = tag,
  };
  return place(memory, log, &like, batch->bytes, batch->record_count);
}

struct ktxn__model_entry *ktxn__model_log_append_marker(struct ktxn__model_memory *memory, struct ktxn__model_log *log,
                                                        const struct ktxn__model_entry *marker) {
  return place(memory, log, marker, NULL, 1);
}

bool ktxn__model_log_replicated(struct ktxn__model_log *log, int64_t offset) {
  if (offset <= log->high_watermark) {
    return false;
  }
  log->high_watermark = offset;
  finish(log);
  settle(log);
  return true;
}

void ktxn__model_log_forget_producers(struct ktxn__model_memory *memory, struct ktxn__model_log *log) {
  for (int32_t i = 0; i < log->producer_count; i++) {
    ktxn__model_put(memory, log->producers[i], sizeof *log->producers[i]);
  }
  log->producer_count = 0;
  ktxn__model_map_clear(&log->by_id);
  ktxn__list_init(&log->open);
  log->ending_count = 0;
  log->aborted_count = 0;
}

static bool replay(struct ktxn__model_memory *memory, struct ktxn__model_log *log) {
  for (int32_t i = 0; i < log->entry_count; i++) {
    struct ktxn__model_entry *entry = log->entries[i];
    struct ktxn__model_producer *producer =
        entry->producer_id < 0 ? NULL : ktxn__model_log_introduce(memory, log, entry->producer_id);
    if ((entry->producer_id >= 0 && producer == NULL) || !make_room(memory, log)) {
      return false;
    }
    note(log, producer, entry);
    finish(log);
  }
  return true;
}

bool ktxn__model_log_truncate(struct ktxn__model_memory *memory, struct ktxn__model_log *log) {
  int32_t keep = log->entry_count;
  while (keep > 0 && log->entries[keep - 1]->last_offset >= log->high_watermark) {
    struct ktxn__model_entry *gone = log->entries[--keep];
    ktxn__model_put(memory, gone, sizeof *gone + (gone->bytes == NULL ? 0 : gone->size));
  }
  log->entry_count = keep;
  log->end = log->high_watermark;
  ktxn__model_log_forget_producers(memory, log);
  bool done = replay(memory, log);
  settle(log);
  return done;
}

void ktxn__model_log_trim(struct ktxn__model_log *log, int64_t offset) {
  offset = smaller(offset, log->high_watermark);
  log->start = offset > log->start ? offset : log->start;
}

void ktxn__model_log_expire(struct ktxn__model_memory *memory, struct ktxn__model_log *log, int64_t before_ms) {
  int32_t kept = 0;
  for (int32_t i = 0; i < log->producer_count; i++) {
    struct ktxn__model_producer *producer = log->producers[i];
    if (producer->txn_first < 0 && producer->last_ms < before_ms) {
      ktxn__model_map_remove(&log->by_id, (uint64_t)producer->id);
      ktxn__model_put(memory, producer, sizeof *producer);
    } else {
      log->producers[kept++] = producer;
    }
  }
  log->producer_count = kept;
}

int32_t ktxn__model_log_find(const struct ktxn__model_log *log, int64_t offset) {
  int32_t low = 0;
  int32_t high = log->entry_count;
  while (low < high) {
    int32_t middle = low + (high - low) / 2;
    if (log->entries[middle]->last_offset < offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

int32_t ktxn__model_log_find_aborted(const struct ktxn__model_log *log, int64_t from) {
  int32_t low = 0;
  int32_t high = log->aborted_count;
  while (low < high) {
    int32_t middle = low + (high - low) / 2;
    if (log->aborted[middle].last_offset < from) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
