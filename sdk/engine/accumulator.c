#include "sdk/engine/accumulator.h"

#include <string.h>

#include "sdk/base/mem.h"
#include "sdk/engine/accumulator_state.h"
#include "sdk/engine/failure.h"
#include "sdk/error.h"
#include "sdk/wire/record_batch.h"

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

static void init_lists(struct ktxn__accumulator *acc) {
  ktxn__list_init(&acc->live);
  ktxn__list_init(&acc->lingering);
  ktxn__list_init(&acc->woken);
  ktxn__list_init(&acc->joined);
  ktxn__list_init(&acc->ready);
  ktxn__list_init(&acc->joined_seen);
}

struct ktxn__accumulator *ktxn__accumulator_new(const struct ktxn__ports *ports, void *producer,
                                                const struct ktxn__accumulator_config *config) {
  struct ktxn__accumulator *acc = ktxn__calloc(ports->mem, 1, sizeof *acc);
  if (acc == NULL) {
    return NULL;
  }
  acc->ports = ports;
  acc->producer = producer;
  acc->config = *config;
  acc->idle_since_us = -1;
  init_lists(acc);
  ktxn__random_seed(&acc->random, config->seed);
  ktxn__gate_init(&acc->gate, config->transactional);
  ktxn__topics_init(&acc->topics, ports->mem);
  ktxn__pool_init(&acc->pool, ports->mem, config->buffer_memory, 0);
  acc->batch_limit = smaller(config->batch_size, smaller(config->max_request_size, ktxn__pool_largest(&acc->pool)));
  acc->pool.buffer_size = acc->batch_limit;
  acc->lock = ports->lock_new(ports->ctx);
  if (acc->lock == NULL || !ktxn__delivery_init(&acc->delivery, acc)) {
    ktxn__accumulator_free(acc);
    return NULL;
  }
  return acc;
}

static void drop_batch(struct ktxn__accumulator *acc, struct ktxn__batch *batch) {
  batch->step = KTXN__BATCH_DONE;
  batch->pins = 0;
  batch->unserved = false;
  ktxn__list_remove(&batch->link);
  (void)ktxn__accumulator_let_go(acc, batch);
}

void ktxn__accumulator_free(struct ktxn__accumulator *acc) {
  if (acc == NULL) {
    return;
  }
  struct ktxn__list *link;
  while ((link = ktxn__list_pop(&acc->live)) != NULL) {
    drop_batch(acc, KTXN__LIST_OF(link, struct ktxn__batch, live));
  }
  while (acc->delivery.lock != NULL && (link = ktxn__list_pop(&acc->delivery.batches)) != NULL) {
    drop_batch(acc, KTXN__LIST_OF(link, struct ktxn__batch, link));
  }
  ktxn__delivery_clear(&acc->delivery);
  ktxn__pool_trim(&acc->pool);
  ktxn__topics_clear(&acc->topics);
  ktxn__failure_drop(acc->ports->mem, acc->failure);
  if (acc->lock != NULL) {
    acc->ports->lock_free(acc->ports->ctx, acc->lock);
  }
  ktxn__free(acc->ports->mem, acc);
}

uint64_t ktxn__accumulator_seed(const struct ktxn__accumulator *acc) { return acc->config.seed; }

struct ktxn__delivery *ktxn__accumulator_delivery(struct ktxn__accumulator *acc) {
  return &acc->delivery;
}

void ktxn__accumulator_unlock_wake(struct ktxn__accumulator *acc, bool wake) {
  wake = wake && !acc->wake_pending;
  acc->wake_pending = acc->wake_pending || wake;
  ktxn__accumulator_unlock(acc);
  if (wake) {
    acc->ports->wake(acc->ports->ctx);
  }
}

void ktxn__accumulator_send_all(struct ktxn__accumulator *acc) {
  acc->send_through = acc->last_number;
}

/* ---- commands of the application -------------------------------------------------------------------------------- */

int ktxn__accumulator_begin(struct ktxn__accumulator *acc, ktxn_error *error) {
  ktxn__accumulator_lock(acc);
  int code = ktxn__gate_begin(&acc->gate, error);
  ktxn__accumulator_unlock(acc);
  return code;
}

int ktxn__accumulator_end(struct ktxn__accumulator *acc, bool commit, ktxn_error *error) {
  ktxn__accumulator_lock(acc);
  int code = ktxn__gate_end(&acc->gate, commit, error);
  if (code == 0 && commit) {
    ktxn__accumulator_send_all(acc);
  }
  ktxn__accumulator_unlock(acc);
  return code;
}

void ktxn__accumulator_fail(struct ktxn__accumulator *acc, const ktxn_error *cause) {
  ktxn__accumulator_lock(acc);
  bool failed = ktxn__gate_fail(&acc->gate, cause);
  ktxn__accumulator_unlock_wake(acc, failed);
}

void ktxn__accumulator_close(struct ktxn__accumulator *acc) {
  ktxn__accumulator_lock(acc);
  bool first = !acc->closing;
  acc->closing = true;
  ktxn__gate_close(&acc->gate);
  ktxn__accumulator_send_all(acc);
  ktxn__accumulator_unlock_wake(acc, first);
  if (first) {
    /* whoever waits for room or for a topic finds the gate closed */
    acc->ports->notify(acc->ports->ctx, acc->producer);
  }
}

enum ktxn__gate ktxn__accumulator_gate(struct ktxn__accumulator *acc, int64_t *ordinal, ktxn_error *error) {
  ktxn__accumulator_lock(acc);
  enum ktxn__gate gate = acc->gate.gate;
  if (ordinal != NULL) {
    *ordinal = acc->gate.ordinal;
  }
  if (error != NULL && gate == KTXN__GATE_OPEN) {
    ktxn__error_clear(error);
  } else if (error != NULL) {
    (void)ktxn__gate_refuse(&acc->gate, error);
  }
  ktxn__accumulator_unlock(acc);
  return gate;
}

uint64_t ktxn__accumulator_flush(struct ktxn__accumulator *acc) {
  ktxn__accumulator_lock(acc);
  ktxn__accumulator_send_all(acc);
  uint64_t mark = acc->last_number;
  ktxn__accumulator_unlock_wake(acc, !ktxn__list_empty(&acc->live));
  return mark;
}

bool ktxn__accumulator_flushed(struct ktxn__accumulator *acc, uint64_t mark) {
  ktxn__accumulator_lock(acc);
  struct ktxn__list *link = ktxn__list_first(&acc->live);
  bool flushed = link == NULL || KTXN__LIST_OF(link, struct ktxn__batch, live)->number > mark;
  ktxn__accumulator_unlock(acc);
  return flushed;
}

void ktxn__accumulator_memory(struct ktxn__accumulator *acc, size_t *available, size_t *total) {
  ktxn__accumulator_lock(acc);
  *available = ktxn__pool_available(&acc->pool);
  *total = acc->pool.budget;
  ktxn__accumulator_unlock(acc);
}
