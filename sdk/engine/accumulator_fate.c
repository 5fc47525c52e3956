#include "sdk/engine/accumulator_state.h"
#include "sdk/engine/counts.h"
#include "sdk/engine/failure.h"

/* How batches end: pins, fates, and what returns to the pool when. */

static struct ktxn__batch *batch_of_live(struct ktxn__list *link) {
  return link == NULL ? NULL : KTXN__LIST_OF(link, struct ktxn__batch, live);
}

static void unlock_notify(struct ktxn__accumulator *acc, bool tell) {
  ktxn__accumulator_unlock(acc);
  if (tell) {
    acc->ports->notify(acc->ports->ctx, acc->producer);
  }
}

/*
 * Waiters are told when there is room for a good number of batches, so that they don't wake up for each; but at the
 * latest when nothing is under way that could make more room.
 */
static bool room_news(struct ktxn__accumulator *acc) {
  size_t available = ktxn__pool_available(&acc->pool);
  if (acc->room_wanted == 0 || available < acc->room_wanted) {
    return false;
  }
  if (available < acc->pool.budget / 8 && !ktxn__list_empty(&acc->live)) {
    return false;
  }
  acc->room_wanted = 0;
  return true;
}

bool ktxn__accumulator_let_go(struct ktxn__accumulator *acc, struct ktxn__batch *batch) {
  if (batch->step != KTXN__BATCH_DONE || batch->pins != 0) {
    return false;
  }
  ktxn__pool_give_data(&acc->pool, batch);
  if (!batch->unserved) {
    ktxn__failure_drop(acc->ports->mem, batch->failure);
    batch->failure = NULL;
    ktxn__pool_give_batch(&acc->pool, batch);
  }
  return room_news(acc);
}

void ktxn__accumulator_pin(struct ktxn__accumulator *acc, struct ktxn__batch *batch) {
  ktxn__accumulator_lock(acc);
  batch->pins++;
  ktxn__accumulator_unlock(acc);
}

void ktxn__accumulator_unpin(struct ktxn__accumulator *acc, struct ktxn__batch *batch) {
  ktxn__accumulator_lock(acc);
  batch->pins--;
  unlock_notify(acc, ktxn__accumulator_let_go(acc, batch));
}

/* Under the lock. */
static void end_life(struct ktxn__accumulator *acc, struct ktxn__batch *batch) {
  ktxn__accumulator_unqueue(acc, batch);
  if (acc->unseen == batch) {
    acc->unseen = batch_of_live(ktxn__list_next(&acc->live, &batch->live));
  }
  ktxn__list_remove(&batch->live);
  batch->step = KTXN__BATCH_DONE;
  batch->unserved = batch->note_count > 0;
}

/* Under the lock. The same error for thousands of batches is kept once. */
static void set_failure(struct ktxn__accumulator *acc, struct ktxn__batch *batch, const ktxn_error *error) {
  batch->code = error->code;
  if (batch->note_count == 0) {
    return;
  }
  if (acc->failure == NULL || !ktxn__failure_same(acc->failure, error)) {
    ktxn__failure_drop(acc->ports->mem, acc->failure);
    acc->failure = ktxn__failure_new(acc->ports->mem, error);
  }
  batch->failure = acc->failure;
  if (acc->failure != NULL) {
    acc->failure->refs++;
  }
}

/* Under the lock. */
static void count(struct ktxn__accumulator *acc, const struct ktxn__batch *batch, bool written) {
  if (!written) {
    acc->records_failed += batch->count;
    return;
  }
  acc->records_delivered += batch->count;
  acc->bytes_delivered += batch->size;
  acc->batches_delivered++;
}

void ktxn__accumulator_counts(struct ktxn__accumulator *acc, struct ktxn__counts *counts) {
  ktxn__accumulator_lock(acc);
  counts->records_delivered = acc->records_delivered;
  counts->records_failed = acc->records_failed;
  counts->bytes_delivered = acc->bytes_delivered;
  counts->batches_delivered = acc->batches_delivered;
  ktxn__accumulator_unlock(acc);
}

/*
 * Under the lock; `error` NULL = written. The report is queued before the batch can be seen to be gone: who finds that a
 * flush has ended finds all of its callbacks waiting. True: the application is to be notified.
 */
static bool finish(struct ktxn__accumulator *acc, struct ktxn__batch *batch, const ktxn_error *error) {
  end_life(acc, batch);
  count(acc, batch, error == NULL);
  if (error != NULL) {
    set_failure(acc, batch, error);
  }
  bool news = batch->unserved && ktxn__delivery_push(&acc->delivery, batch);
  return ktxn__accumulator_let_go(acc, batch) || news;
}

void ktxn__accumulator_complete(struct ktxn__accumulator *acc, struct ktxn__batch *batch, int64_t base_offset,
                                int64_t append_timestamp_ms) {
  ktxn__accumulator_lock(acc);
  batch->base_offset = base_offset;
  batch->append_timestamp_ms = append_timestamp_ms;
  unlock_notify(acc, finish(acc, batch, NULL));
}

void ktxn__accumulator_fail_batch(struct ktxn__accumulator *acc, struct ktxn__batch *batch, const ktxn_error *error) {
  ktxn__accumulator_lock(acc);
  unlock_notify(acc, finish(acc, batch, error));
}

uint32_t ktxn__accumulator_fail_queued(struct ktxn__accumulator *acc, const ktxn_error *error) {
  uint32_t failed = 0;
  bool news = false;
  ktxn__accumulator_lock(acc);
  struct ktxn__batch *batch = batch_of_live(ktxn__list_first(&acc->live));
  while (batch != NULL && acc->queued > 0) {
    struct ktxn__batch *next = batch_of_live(ktxn__list_next(&acc->live, &batch->live));
    if (batch->queued) {
      news = finish(acc, batch, error) || news;
      failed++;
    }
    batch = next;
  }
  unlock_notify(acc, news);
  return failed;
}
