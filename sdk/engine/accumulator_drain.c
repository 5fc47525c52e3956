#include "sdk/engine/accumulator_state.h"
#include "sdk/wire/record_batch.h"

/* The I/O thread's side: what is ready, taking and giving back. */

static struct ktxn__queue *queue_of_ready(struct ktxn__list *link) {
  return link == NULL ? NULL : KTXN__LIST_OF(link, struct ktxn__queue, ready_link);
}

static struct ktxn__batch *batch_of_live(struct ktxn__list *link) {
  return link == NULL ? NULL : KTXN__LIST_OF(link, struct ktxn__batch, live);
}

/* ---- collect: what became ready ------------------------------------------------------------------------------------- */

/*
 * Gives batches that are new to this thread their time of creation. Application threads have no monotonic clock to
 * read; the coarse wall clock tells how long ago it was, and the last collect bounds it, should that clock have jumped.
 */
static void see_new(struct ktxn__accumulator *acc, int64_t now_us) {
  if (acc->unseen == NULL) {
    return;
  }
  int64_t wall_ms = acc->ports->wall_ms(acc->ports->ctx);
  for (struct ktxn__batch *batch = acc->unseen; batch != NULL;
       batch = batch_of_live(ktxn__list_next(&acc->live, &batch->live))) {
    int64_t age_us = wall_ms > batch->created_wall_ms ? (wall_ms - batch->created_wall_ms) * 1000 : 0;
    int64_t age_max_us = now_us - acc->seen_us;
    batch->created_us = now_us - (age_us < age_max_us ? age_us : age_max_us);
    batch->deadline_us = batch->created_us + acc->config.delivery_timeout_us;
  }
  acc->unseen = NULL;
}

/* Under the lock. */
static void make_ready(struct ktxn__accumulator *acc, struct ktxn__queue *queue) {
  if (ktxn__list_empty(&queue->ready_link)) {
    ktxn__list_push_back(&acc->ready, &queue->ready_link);
  }
}

/*
 * Open batches that may go now. The first one whose linger is over takes those along that are past half of it: fewer
 * requests, and nobody waits longer. The list is in the order of numbers and of times, so that the first that stays ends
 * the walk.
 */
static void end_lingers(struct ktxn__accumulator *acc, int64_t now_us) {
  int64_t linger_us = acc->config.linger_us;
  struct ktxn__list *link;
  while ((link = ktxn__list_first(&acc->lingering)) != NULL) {
    struct ktxn__queue *queue = KTXN__LIST_OF(link, struct ktxn__queue, linger_link);
    bool sent_on = queue->open->number <= acc->send_through;
    if (!sent_on && queue->open->created_us + linger_us > now_us) {
      return;
    }
    linger_us = sent_on ? linger_us : acc->config.linger_us / 2;
    queue->due = true;
    ktxn__list_remove(link);
    make_ready(acc, queue);
  }
}

static bool has_work(const struct ktxn__queue *queue) {
  return !ktxn__list_empty(&queue->retries) || !ktxn__list_empty(&queue->sealed) || (queue->open != NULL && queue->due);
}

/* What was failed meanwhile is ready no more: who appends to a ready queue wakes nobody. */
static void collect_woken(struct ktxn__accumulator *acc) {
  struct ktxn__list *link;
  while ((link = ktxn__list_pop(&acc->woken)) != NULL) {
    struct ktxn__queue *queue = KTXN__LIST_OF(link, struct ktxn__queue, woken_link);
    if (has_work(queue)) {
      make_ready(acc, queue);
    }
  }
}

/* Everything idle for long goes back to the system: a producer that pauses is small. */
static void trim(struct ktxn__accumulator *acc, int64_t now_us) {
  if (!ktxn__list_empty(&acc->live) || acc->pool.idle == 0) {
    acc->idle_since_us = -1;
  } else if (acc->idle_since_us < 0) {
    acc->idle_since_us = now_us;
  } else if (now_us - acc->idle_since_us >= KTXN__ACCUMULATOR_IDLE_US) {
    ktxn__pool_trim(&acc->pool);
    acc->idle_since_us = -1;
  }
}

static void fill_view(struct ktxn__accumulator *acc, struct ktxn__accumulator_view *view) {
  view->gate = acc->gate.gate;
  view->ordinal = acc->gate.ordinal;
  view->closing = acc->closing;
  view->topic_count = acc->topics.count;
  view->queued = acc->queued;
  view->failed = acc->gate.failed;
  if (acc->gate.failed) {
    view->failure = acc->gate.failure;
    acc->gate.failed = false;
  }
}

void ktxn__accumulator_collect(struct ktxn__accumulator *acc, int64_t now_us, struct ktxn__accumulator_view *view) {
  ktxn__accumulator_lock(acc);
  acc->wake_pending = false;
  see_new(acc, now_us);
  end_lingers(acc, now_us);
  collect_woken(acc);
  ktxn__list_splice_back(&acc->joined_seen, &acc->joined);
  trim(acc, now_us);
  fill_view(acc, view);
  ktxn__accumulator_unlock(acc);
  acc->seen_us = now_us;
}

uint32_t ktxn__accumulator_queued(struct ktxn__accumulator *acc) {
  ktxn__accumulator_lock(acc);
  uint32_t queued = acc->queued;
  ktxn__accumulator_unlock(acc);
  return queued;
}

struct ktxn__queue *ktxn__accumulator_next_joined(struct ktxn__accumulator *acc) {
  ktxn__accumulator_lock(acc);
  struct ktxn__list *link = ktxn__list_pop(&acc->joined_seen);
  ktxn__accumulator_unlock(acc);
  return link == NULL ? NULL : KTXN__LIST_OF(link, struct ktxn__queue, joined_link);
}

struct ktxn__queue *ktxn__accumulator_queue(struct ktxn__accumulator *acc, uint32_t part) {
  ktxn__accumulator_lock(acc);
  struct ktxn__queue *queue = part < acc->topics.part_count ? acc->topics.parts[part] : NULL;
  ktxn__accumulator_unlock(acc);
  return queue;
}

uint32_t ktxn__accumulator_part_count(struct ktxn__accumulator *acc) {
  ktxn__accumulator_lock(acc);
  uint32_t count = acc->topics.part_count;
  ktxn__accumulator_unlock(acc);
  return count;
}

/* ---- taking ---------------------------------------------------------------------------------------------------------- */

/* The walk is to begin at ready_start: the list is turned so that it is the first. */
static void turn_ready(struct ktxn__accumulator *acc) {
  struct ktxn__queue *start = acc->ready_start;
  acc->ready_start = NULL;
  if (start != NULL && !ktxn__list_empty(&start->ready_link)) {
    ktxn__accumulator_lock(acc);
    ktxn__list_remove(&acc->ready);
    ktxn__list_push_back(&start->ready_link, &acc->ready);
    ktxn__accumulator_unlock(acc);
  }
}

struct ktxn__queue *ktxn__accumulator_next_ready(struct ktxn__accumulator *acc, const struct ktxn__queue *queue) {
  if (queue != NULL) {
    return queue_of_ready(ktxn__list_next(&acc->ready, &queue->ready_link));
  }
  turn_ready(acc);
  return queue_of_ready(ktxn__list_first(&acc->ready));
}

/* Under the lock. */
static void settle(struct ktxn__accumulator *acc, struct ktxn__queue *queue) {
  if (has_work(queue)) {
    return;
  }
  if (acc->ready_start == queue) {
    acc->ready_start = queue_of_ready(ktxn__list_next(&acc->ready, &queue->ready_link));
  }
  ktxn__list_remove(&queue->ready_link);
}

static struct ktxn__batch *head_new(struct ktxn__queue *queue, size_t room) {
  struct ktxn__list *link = ktxn__list_first(&queue->sealed);
  if (link != NULL) {
    struct ktxn__batch *batch = KTXN__LIST_OF(link, struct ktxn__batch, link);
    return batch->size <= room ? batch : NULL;
  }
  struct ktxn__batch *open = queue->open;
  if (open == NULL || !queue->due || open->size > room) {
    return NULL;
  }
  ktxn__accumulator_seal(queue);
  return open;
}

/* Under the lock: the batch leaves its queue without a sequence. */
static void unqueue_new(struct ktxn__accumulator *acc, struct ktxn__batch *batch) {
  ktxn__list_remove(&batch->link);
  batch->queued = false;
  acc->queued--;
  batch->queue->length--;
}

static struct ktxn__batch *take_locked(struct ktxn__accumulator *acc, struct ktxn__queue *queue, size_t room) {
  struct ktxn__batch *batch = head_new(queue, room);
  if (batch == NULL) {
    return NULL;
  }
  unqueue_new(acc, batch);
  batch->step = KTXN__BATCH_TAKEN;
  acc->ready_start = queue_of_ready(ktxn__list_next(&acc->ready, &queue->ready_link));
  settle(acc, queue);
  return batch;
}

struct ktxn__batch *ktxn__accumulator_take_new(struct ktxn__accumulator *acc, struct ktxn__queue *queue, size_t room) {
  if (!ktxn__list_empty(&queue->retries)) {
    return NULL;
  }
  ktxn__accumulator_lock(acc);
  struct ktxn__batch *batch = take_locked(acc, queue, room);
  ktxn__accumulator_unlock(acc);
  if (batch != NULL) {
    ktxn__record_batch_close(batch->data, batch->size, (int32_t)batch->count, batch->base_timestamp_ms,
                             batch->max_timestamp_ms, 0);
  }
  return batch;
}

/* Under the lock. */
static void unqueue_retry(struct ktxn__accumulator *acc, struct ktxn__batch *batch) {
  ktxn__list_remove(&batch->link);
  acc->retrying--;
  acc->queued -= batch->queued ? 1 : 0;
  batch->queued = false;
  batch->queue->length--;
}

void ktxn__accumulator_take_retry(struct ktxn__accumulator *acc, struct ktxn__batch *batch) {
  ktxn__accumulator_lock(acc);
  unqueue_retry(acc, batch);
  batch->step = KTXN__BATCH_TAKEN;
  acc->ready_start = queue_of_ready(ktxn__list_next(&acc->ready, &batch->queue->ready_link));
  settle(acc, batch->queue);
  ktxn__accumulator_unlock(acc);
}

static bool created_before(const struct ktxn__batch *a, const struct ktxn__batch *b) {
  return a->number != b->number ? a->number < b->number : a->first < b->first;
}

/* In the order of creation, which is that of sequences within a partition; nearly always at one of the ends. */
static void insert_retry(struct ktxn__batch *batch) {
  struct ktxn__list *retries = &batch->queue->retries;
  struct ktxn__list *at = retries->prev;
  while (at != retries && created_before(batch, KTXN__LIST_OF(at, struct ktxn__batch, link))) {
    at = at->prev;
  }
  ktxn__list_push_front(at, &batch->link);
}

void ktxn__accumulator_requeue(struct ktxn__accumulator *acc, struct ktxn__batch *batch, int64_t retry_at_us,
                               bool reset) {
  ktxn__accumulator_lock(acc);
  batch->step = KTXN__BATCH_RETRY;
  batch->retry_at_us = retry_at_us;
  batch->sequenced = batch->sequenced && !reset;
  batch->queued = !batch->sequenced;
  acc->queued += batch->queued ? 1 : 0;
  acc->retrying++;
  batch->queue->length++;
  insert_retry(batch);
  make_ready(acc, batch->queue);
  ktxn__accumulator_unlock(acc);
}

void ktxn__accumulator_unqueue(struct ktxn__accumulator *acc, struct ktxn__batch *batch) {
  struct ktxn__queue *queue = batch->queue;
  if (batch->step == KTXN__BATCH_OPEN) {
    ktxn__accumulator_seal(queue);
  }
  if (batch->step == KTXN__BATCH_SEALED) {
    unqueue_new(acc, batch);
  } else if (batch->step == KTXN__BATCH_RETRY) {
    unqueue_retry(acc, batch);
  }
  settle(acc, queue);
}

/* ---- time ------------------------------------------------------------------------------------------------------------- */

static int64_t earlier(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* What is unseen has woken this thread, or lingers behind something that is seen. Under the lock, like the next two. */
static int64_t linger_deadline_us(const struct ktxn__accumulator *acc) {
  struct ktxn__list *link = ktxn__list_first(&acc->lingering);
  const struct ktxn__batch *open = link == NULL ? NULL : KTXN__LIST_OF(link, struct ktxn__queue, linger_link)->open;
  return open == NULL || open->created_us == 0 ? INT64_MAX : open->created_us + acc->config.linger_us;
}

static int64_t expiry_us(const struct ktxn__accumulator *acc) {
  const struct ktxn__batch *oldest = batch_of_live(ktxn__list_first(&acc->live));
  return oldest == NULL || oldest->created_us == 0 ? INT64_MAX : oldest->deadline_us;
}

static int64_t retry_us(const struct ktxn__accumulator *acc, int64_t now_us) {
  int64_t first_us = INT64_MAX;
  struct ktxn__queue *queue = acc->retrying == 0 ? NULL : queue_of_ready(ktxn__list_first(&acc->ready));
  for (; queue != NULL; queue = queue_of_ready(ktxn__list_next(&acc->ready, &queue->ready_link))) {
    const struct ktxn__batch *batch = ktxn__batch_first_retry(queue);
    if (batch != NULL && batch->retry_at_us > now_us) {
      first_us = earlier(first_us, batch->retry_at_us);
    }
  }
  return first_us;
}

int64_t ktxn__accumulator_deadline_us(struct ktxn__accumulator *acc, int64_t now_us) {
  ktxn__accumulator_lock(acc);
  int64_t deadline_us = earlier(linger_deadline_us(acc), earlier(expiry_us(acc), retry_us(acc, now_us)));
  if (acc->idle_since_us >= 0) {
    deadline_us = earlier(deadline_us, acc->idle_since_us + KTXN__ACCUMULATOR_IDLE_US);
  }
  ktxn__accumulator_unlock(acc);
  return deadline_us;
}

struct ktxn__batch *ktxn__accumulator_expired(struct ktxn__accumulator *acc, int64_t now_us) {
  ktxn__accumulator_lock(acc);
  struct ktxn__batch *oldest = batch_of_live(ktxn__list_first(&acc->live));
  bool expired = oldest != NULL && oldest->created_us != 0 && oldest->deadline_us <= now_us;
  ktxn__accumulator_unlock(acc);
  return expired ? oldest : NULL;
}

struct ktxn__batch *ktxn__accumulator_next_live(struct ktxn__accumulator *acc, const struct ktxn__batch *batch) {
  ktxn__accumulator_lock(acc);
  struct ktxn__list *link =
      batch == NULL ? ktxn__list_first(&acc->live) : ktxn__list_next(&acc->live, &batch->live);
  ktxn__accumulator_unlock(acc);
  return batch_of_live(link);
}
