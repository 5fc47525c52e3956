#include <string.h>

#include "sdk/base/mem.h"
#include "sdk/engine/accumulator_state.h"
#include "sdk/wire/record_batch.h"

/*
 * A batch that its broker finds too large goes on in two. The first half stays where it is; the records behind it are
 * written into a batch of their own, in front of what an earlier split of the same batch left there and nobody has sent.
 * The broker's limit isn't known, so the halving ends when it is satisfied, or at a single record.
 */

struct cut {
  uint32_t count; /* records that stay */
  size_t size;    /* bytes that stay, head included */
  int64_t max_timestamp_ms;
};

static void read_batch(const struct ktxn__batch *batch, struct ktxn__record_batch *records) {
  struct ktxn__reader reader;
  ktxn__reader_init(&reader, batch->data, batch->size);
  (void)ktxn__record_batch_read(&reader, records);
}

/* Half of the bytes, at least one record and not the last. */
static struct cut find_cut(const struct ktxn__batch *batch) {
  struct cut cut = {0, KTXN__RECORD_BATCH_HEAD, INT64_MIN};
  struct ktxn__record_batch records;
  struct ktxn__record_batch_record record;
  read_batch(batch, &records);
  while (cut.count + 1 < batch->count && cut.size <= batch->size / 2 && ktxn__record_batch_next(&records, &record)) {
    cut.count++;
    cut.size += record.size;
    cut.max_timestamp_ms = record.timestamp_ms > cut.max_timestamp_ms ? record.timestamp_ms : cut.max_timestamp_ms;
  }
  return cut;
}

/* Adds the records of `from` behind its first `skip` to a batch that has room for them and the same base timestamp. */
static void add_records(struct ktxn__batch *to, const struct ktxn__batch *from, uint32_t skip) {
  struct ktxn__record_batch records;
  struct ktxn__record_batch_record record;
  read_batch(from, &records);
  for (uint32_t i = 0; ktxn__record_batch_next(&records, &record); i++) {
    if (i < skip) {
      continue;
    }
    const uint8_t *bytes = records.records.at - record.size;
    to->size += ktxn__record_renumber(to->data + to->size, bytes, record.size, (int32_t)to->count);
    to->count++;
    if (record.timestamp_ms > to->max_timestamp_ms) {
      to->max_timestamp_ms = record.timestamp_ms;
    }
  }
}

/* What stays of `batch` gets lower numbers, which take no more bytes; those of `behind` grow. */
static size_t size_max(const struct ktxn__batch *batch, const struct cut *cut, const struct ktxn__batch *behind) {
  size_t size = KTXN__RECORD_BATCH_HEAD + batch->size - cut->size;
  return behind == NULL ? size : size + behind->size + (size_t)behind->count * KTXN__RECORD_RENUMBER_MAX;
}

static void add_notes(struct ktxn__batch *to, const struct ktxn__batch *from, uint32_t skip) {
  if (from->note_count > skip) {
    memcpy(to->notes + to->note_count, from->notes + skip, (from->note_count - skip) * sizeof *to->notes);
    to->note_count += from->note_count - skip;
  }
}

static void copy_books(struct ktxn__batch *to, const struct ktxn__batch *from) {
  to->queue = from->queue;
  to->number = from->number;
  to->ordinal = from->ordinal;
  to->base_timestamp_ms = from->base_timestamp_ms;
  to->max_timestamp_ms = INT64_MIN;
  to->sequenced = from->sequenced;
  to->leader_epoch = from->leader_epoch;
  to->base_sequence = -1;
  to->producer_id = from->producer_id;
  to->producer_epoch = from->producer_epoch;
  to->created_wall_ms = from->created_wall_ms;
  to->created_us = from->created_us;
  to->deadline_us = from->deadline_us;
  to->base_offset = -1;
  to->append_timestamp_ms = -1;
}

/* The part behind `batch` that an earlier split left and nobody has sent; NULL = none. Under the lock. */
static struct ktxn__batch *unsent_part(const struct ktxn__accumulator *acc, const struct ktxn__batch *batch) {
  struct ktxn__list *link = ktxn__list_next(&acc->live, &batch->live);
  struct ktxn__batch *next = link == NULL ? NULL : KTXN__LIST_OF(link, struct ktxn__batch, live);
  bool part = next != NULL && next->number == batch->number && next->step == KTXN__BATCH_RETRY && next->sequenced &&
              next->attempts == 0;
  return part ? next : NULL;
}

/* All records behind the cut, those of `behind` included, in a batch that is not in any list yet. */
static struct ktxn__batch *make_rest(struct ktxn__accumulator *acc, const struct ktxn__batch *batch,
                                     const struct cut *cut, const struct ktxn__batch *behind) {
  size_t size = size_max(batch, cut, behind);
  uint32_t notes = batch->note_count == 0 ? 0 : batch->count - cut->count + (behind == NULL ? 0 : behind->count);
  struct ktxn__batch *rest = ktxn__pool_take_outside(&acc->pool, size, notes);
  if (rest == NULL) {
    return NULL;
  }
  copy_books(rest, batch);
  rest->size = ktxn__record_batch_init(rest->data);
  rest->first = batch->first + cut->count;
  add_records(rest, batch, cut->count);
  add_notes(rest, batch, cut->count);
  if (behind != NULL) {
    add_records(rest, behind, 0);
    add_notes(rest, behind, 0);
  }
  ktxn__record_batch_close(rest->data, rest->size, (int32_t)rest->count, rest->base_timestamp_ms, rest->max_timestamp_ms, 0);
  return rest;
}

static void shorten(struct ktxn__batch *batch, const struct cut *cut) {
  batch->count = cut->count;
  batch->size = cut->size;
  batch->max_timestamp_ms = cut->max_timestamp_ms;
  batch->note_count = batch->note_count > cut->count ? cut->count : batch->note_count;
  batch->attempts = 0;
  ktxn__record_batch_close(batch->data, batch->size, (int32_t)batch->count, batch->base_timestamp_ms,
                           batch->max_timestamp_ms, 0);
}

/* Under the lock. `behind` is absorbed by `rest`, which takes its handle and its place. */
static void enter_rest(struct ktxn__accumulator *acc, struct ktxn__batch *batch, struct ktxn__batch *rest,
                       struct ktxn__batch *behind) {
  if (behind != NULL) {
    rest->handle = behind->handle;
    ktxn__accumulator_unqueue(acc, behind);
    ktxn__list_remove(&behind->live);
    ktxn__pool_give_data(&acc->pool, behind);
    ktxn__pool_give_batch(&acc->pool, behind);
  } else {
    rest->handle = ktxn__accumulator_new_handle(acc);
  }
  rest->step = KTXN__BATCH_TAKEN;
  ktxn__list_push_front(&batch->live, &rest->live);
}

struct ktxn__batch *ktxn__accumulator_split(struct ktxn__accumulator *acc, struct ktxn__batch *batch) {
  struct cut cut = find_cut(batch);
  if (cut.count == 0) {
    return NULL;
  }
  ktxn__accumulator_lock(acc);
  struct ktxn__batch *behind = unsent_part(acc, batch);
  struct ktxn__batch *rest = make_rest(acc, batch, &cut, behind);
  if (rest != NULL) {
    enter_rest(acc, batch, rest, behind);
    shorten(batch, &cut);
  }
  ktxn__accumulator_unlock(acc);
  return rest;
}
