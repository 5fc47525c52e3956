#include "sdk/engine/delivery.h"

#include "sdk/engine/accumulator_state.h"
#include "sdk/engine/failure.h"
#include "sdk/error.h"

bool ktxn__delivery_init(struct ktxn__delivery *delivery, struct ktxn__accumulator *acc) {
  delivery->acc = acc;
  ktxn__list_init(&delivery->batches);
  delivery->lock = acc->ports->lock_new(acc->ports->ctx);
  return delivery->lock != NULL;
}

void ktxn__delivery_clear(struct ktxn__delivery *delivery) {
  if (delivery->lock != NULL) {
    delivery->acc->ports->lock_free(delivery->acc->ports->ctx, delivery->lock);
    delivery->lock = NULL;
  }
}

static void notify(const struct ktxn__delivery *delivery) {
  const struct ktxn__ports *ports = delivery->acc->ports;
  ports->notify(ports->ctx, delivery->acc->producer);
}

bool ktxn__delivery_push(struct ktxn__delivery *delivery, struct ktxn__batch *batch) {
  const struct ktxn__ports *ports = delivery->acc->ports;
  ports->lock(delivery->lock);
  bool first = ktxn__list_empty(&delivery->batches);
  ktxn__list_push_back(&delivery->batches, &batch->link);
  ports->unlock(delivery->lock);
  return first;
}

/* What the callbacks of a failed batch see. Without memory for the whole error the code and its class are left. */
static const ktxn_error *failure_of(const struct ktxn__batch *batch, ktxn_error *space) {
  if (batch->failure != NULL) {
    return &batch->failure->error;
  }
  ktxn__error_set(space, batch->code, KTXN_CLASS_ABORT, "the record was not written (no memory for the reason)");
  return space;
}

/* Runs up to `max` callbacks of one batch; true: it has none left. */
static bool serve_batch(struct ktxn__batch *batch, size_t max, size_t *ran) {
  ktxn_error space;
  ktxn__error_clear(&space);
  ktxn_delivery report = {.topic = batch->queue->topic,
                          .partition = batch->queue->partition,
                          .error = batch->code == 0 ? &space : failure_of(batch, &space)};
  for (; batch->note_next < batch->note_count && *ran < max; batch->note_next++) {
    const struct ktxn__batch_note *note = &batch->notes[batch->note_next];
    if (note->cb == NULL) {
      continue;
    }
    report.offset = batch->base_offset < 0 ? -1 : batch->base_offset + batch->note_next;
    report.timestamp_ms = batch->append_timestamp_ms >= 0 ? batch->append_timestamp_ms : note->timestamp_ms;
    note->cb(&report, note->opaque);
    ++*ran;
  }
  return batch->note_next == batch->note_count;
}

static void release_all(struct ktxn__delivery *delivery, struct ktxn__list *served) {
  struct ktxn__accumulator *acc = delivery->acc;
  struct ktxn__list *link;
  bool room = false;
  ktxn__accumulator_lock(acc);
  while ((link = ktxn__list_pop(served)) != NULL) {
    struct ktxn__batch *batch = KTXN__LIST_OF(link, struct ktxn__batch, link);
    batch->unserved = false;
    room = ktxn__accumulator_let_go(acc, batch) || room;
  }
  ktxn__accumulator_unlock(acc);
  if (room) {
    notify(delivery);
  }
}

/* Takes everything that is queued, unless somebody else is at it. */
static bool begin_serving(struct ktxn__delivery *delivery, struct ktxn__list *taken) {
  const struct ktxn__ports *ports = delivery->acc->ports;
  ktxn__list_init(taken);
  ports->lock(delivery->lock);
  bool mine = !delivery->serving;
  if (mine) {
    delivery->serving = true;
    ktxn__list_splice_back(taken, &delivery->batches);
  } else {
    delivery->awaited = true;
  }
  ports->unlock(delivery->lock);
  return mine;
}

/* What was not served goes back in front of what has come meanwhile. */
static void end_serving(struct ktxn__delivery *delivery, struct ktxn__list *rest) {
  const struct ktxn__ports *ports = delivery->acc->ports;
  ports->lock(delivery->lock);
  ktxn__list_splice_back(rest, &delivery->batches);
  ktxn__list_splice_back(&delivery->batches, rest);
  delivery->serving = false;
  bool tell = delivery->awaited || !ktxn__list_empty(&delivery->batches);
  delivery->awaited = false;
  ports->unlock(delivery->lock);
  if (tell) {
    notify(delivery);
  }
}

int ktxn__delivery_serve(struct ktxn__delivery *delivery, size_t max) {
  struct ktxn__list taken;
  if (!begin_serving(delivery, &taken)) {
    return KTXN__DELIVERY_BUSY;
  }
  struct ktxn__list served;
  ktxn__list_init(&served);
  size_t limit = max < INT32_MAX ? max : INT32_MAX;
  size_t ran = 0;
  for (struct ktxn__list *link; ran < limit && (link = ktxn__list_first(&taken)) != NULL;) {
    if (!serve_batch(KTXN__LIST_OF(link, struct ktxn__batch, link), limit, &ran)) {
      break;
    }
    ktxn__list_remove(link);
    ktxn__list_push_back(&served, link);
  }
  if (!ktxn__list_empty(&served)) {
    release_all(delivery, &served);
  }
  end_serving(delivery, &taken);
  return (int)ran;
}

bool ktxn__delivery_idle(struct ktxn__delivery *delivery) {
  const struct ktxn__ports *ports = delivery->acc->ports;
  ports->lock(delivery->lock);
  bool idle = !delivery->serving && ktxn__list_empty(&delivery->batches);
  ports->unlock(delivery->lock);
  return idle;
}

bool ktxn__delivery_pending(struct ktxn__delivery *delivery) {
  const struct ktxn__ports *ports = delivery->acc->ports;
  ports->lock(delivery->lock);
  bool pending = !ktxn__list_empty(&delivery->batches);
  ports->unlock(delivery->lock);
  return pending;
}
