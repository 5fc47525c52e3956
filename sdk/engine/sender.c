#include "sdk/engine/sender.h"

#include <string.h>

#include "sdk/config.h"
#include "sdk/engine/sender_state.h"
#include "sdk/error.h"

/* Life of a sender, and the order in which a run does things. */

#define PARTITIONS_FIRST 4
#define GROUPS_FIRST 1

/* Longer than the metadata of a broker that works lag; an abort after which a topic is deleted takes so long. */
#define GONE_AFTER_US INT64_C(10000000)

struct ktxn__mem *ktxn__sender_mem(const struct ktxn__sender *sender) {
  return sender->ports->mem;
}

/* ---- life ------------------------------------------------------------------------------------------------------------ */

static struct ktxn__txn *make_txn(struct ktxn__sender *sender, uint64_t seed) {
  const struct ktxn__settings *settings = sender->settings;
  struct ktxn__txn_config config = {
      .transactional = sender->transactional,
      .pacing = settings->transaction_pacing,
      .in_flight_max = (uint8_t)settings->in_flight_max,
      .retry_backoff_us = settings->retry_backoff_ms * 1000,
      .retry_backoff_max_us = settings->retry_backoff_max_ms * 1000,
      .transaction_timeout_us = settings->transaction_timeout_ms * 1000,
      .gone_after_us = GONE_AFTER_US,
      .seed = seed,
  };
  void *block = ktxn__alloc(ktxn__sender_mem(sender), ktxn__txn_size(PARTITIONS_FIRST, GROUPS_FIRST));
  return block == NULL ? NULL : ktxn__txn_init(block, PARTITIONS_FIRST, GROUPS_FIRST, &config);
}

struct ktxn__sender *ktxn__sender_new(struct ktxn__engine *engine, const struct ktxn__settings *settings,
                                      struct ktxn__accumulator *accumulator, const struct ktxn__sender_hooks *hooks) {
  const struct ktxn__ports *ports = ktxn__engine_ports(engine);
  struct ktxn__sender *sender = ktxn__calloc(ports->mem, 1, sizeof *sender);
  if (sender == NULL) {
    return NULL;
  }
  ktxn__list_init(&sender->link);
  sender->engine = engine;
  sender->ports = ports;
  sender->settings = settings;
  sender->acc = accumulator;
  sender->cluster = ktxn__engine_cluster(engine);
  sender->hooks = *hooks;
  sender->transactional = settings->transactional_id != NULL;
  sender->missing = KTXN__TXN_API_COUNT;
  sender->mirror.identity = (ktxn_identity){-1, -1, 0};
  sender->paced_since_us = -1;
  sender->mirror.lock = ports->lock_new(ports->ctx);
  sender->txn = make_txn(sender, ktxn__accumulator_seed(accumulator));
  if (sender->mirror.lock == NULL || sender->txn == NULL) {
    ktxn__sender_destroy(sender);
    return NULL;
  }
  return sender;
}

void ktxn__sender_destroy(struct ktxn__sender *sender) {
  struct ktxn__mem *mem = ktxn__sender_mem(sender);
  for (uint32_t i = 0; i < sender->group_count; i++) {
    ktxn__free(mem, sender->groups[i]);
  }
  ktxn__sender_offsets_end(sender);
  ktxn__sender_offsets_forget(sender);
  ktxn__free(mem, sender->offsets.doubts);
  ktxn__free(mem, sender->groups);
  ktxn__free(mem, sender->topics);
  ktxn__free(mem, sender->leaders);
  ktxn__free(mem, sender->txn);
  if (sender->mirror.lock != NULL) {
    sender->ports->lock_free(sender->ports->ctx, sender->mirror.lock);
  }
  ktxn__free(mem, sender);
}

void ktxn__sender_free(struct ktxn__sender *sender) {
  ktxn__sender_destroy(sender);
}

void ktxn__sender_attach(struct ktxn__sender *sender, int64_t now_us) {
  (void)now_us;
  sender->attached = true;
  sender->dirty = true;
  sender->slot = ktxn__engine_next_slot(sender->engine);
  ktxn__engine_add(sender->engine, sender);
}

void ktxn__sender_release(struct ktxn__sender *sender, int64_t now_us) {
  if (!sender->forced) {
    ktxn_error error;
    ktxn__error_set(&error, KTXN_E_CLOSED, KTXN_CLASS_RECREATE, "%s", ktxn_code_text(KTXN_E_CLOSED));
    ktxn__sender_force(sender, now_us, &error);
    ktxn__sender_finish_op(sender, sender->close, &error);
    sender->close = NULL;
  }
  ktxn__sender_drop_topics(sender, now_us);
  sender->released = true;
  sender->dirty = true;
}

bool ktxn__sender_let_go(struct ktxn__sender *sender) {
  if (!sender->released || sender->calls_out > 0) {
    return false;
  }
  struct ktxn__sender_hooks hooks = sender->hooks;
  ktxn__list_remove(&sender->link);
  ktxn__sender_destroy(sender);
  if (hooks.gone != NULL) {
    hooks.gone(hooks.owner);
  }
  return true;
}

/* ---- growing --------------------------------------------------------------------------------------------------------- */

static uint32_t grown(uint32_t room, uint32_t wanted) {
  while (room < wanted) {
    room *= 2;
  }
  return room;
}

bool ktxn__sender_grow(struct ktxn__sender *sender, uint32_t partitions, uint32_t groups) {
  uint32_t partition_room = grown(ktxn__txn_partition_room(sender->txn), partitions);
  uint32_t group_room = grown(ktxn__txn_group_room(sender->txn), groups);
  if (partition_room == ktxn__txn_partition_room(sender->txn) && group_room == ktxn__txn_group_room(sender->txn)) {
    return true;
  }
  void *block = ktxn__alloc(ktxn__sender_mem(sender), ktxn__txn_size(partition_room, group_room));
  if (block == NULL) {
    return false;
  }
  struct ktxn__txn *old = sender->txn;
  sender->txn = ktxn__txn_move(old, block, partition_room, group_room);
  ktxn__free(ktxn__sender_mem(sender), old);
  return true;
}

/* ---- the run --------------------------------------------------------------------------------------------------------- */

void ktxn__sender_observe(struct ktxn__sender *sender, int64_t now_us) {
  struct ktxn__txn_report report;
  /* The gate first: whoever is told of an end finds the gate as the end leaves it. */
  ktxn__sender_tell_gate(sender);
  ktxn__sender_mirror_identity(sender);
  ktxn__sender_count_pacing(sender, now_us);
  while (ktxn__txn_next_report(sender->txn, &report)) {
    ktxn__sender_take_report(sender, now_us, &report);
  }
}

void ktxn__sender_force(struct ktxn__sender *sender, int64_t now_us, const ktxn_error *error) {
  sender->forced = true;
  ktxn__sender_fail_ops(sender, error);
  struct ktxn__batch *next = ktxn__accumulator_next_live(sender->acc, NULL);
  while (next != NULL) {
    struct ktxn__batch *batch = next;
    next = ktxn__accumulator_next_live(sender->acc, batch);
    if (batch->sequenced) {
      ktxn__txn_batch_give_up(sender->txn, now_us, batch->queue->part, batch->handle, error->code);
    }
    ktxn__accumulator_fail_batch(sender->acc, batch, error);
  }
  if (sender->txn_call.held) {
    sender->txn_call.held = false;
    sender->txn_call.active = false;
  }
  ktxn__sender_observe(sender, now_us);
}

static int64_t earlier(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static int64_t next_run(struct ktxn__sender *sender, int64_t now_us) {
  int64_t at_us = earlier(ktxn__accumulator_deadline_us(sender->acc, now_us), sender->wait_us);
  if (sender->txn_call.held) {
    at_us = earlier(at_us, sender->txn_call.held_until_us);
  }
  at_us = earlier(at_us, ktxn__txn_deadline_us(sender->txn));
  if (sender->close != NULL) {
    at_us = earlier(at_us, sender->close->deadline_us);
  }
  if (!sender->transactional && ktxn__txn_state(sender->txn) == KTXN__TXN_UNINITIALIZED &&
      ktxn__accumulator_next_live(sender->acc, NULL) != NULL) {
    at_us = earlier(at_us, sender->start_at_us);
  }
  /* Never at once: what could be done has been done, so a time that has come must not make the engine spin. */
  return at_us > now_us ? at_us : now_us + 1000;
}

int64_t ktxn__sender_run(struct ktxn__sender *sender, int64_t now_us) {
  sender->dirty = false;
  sender->wait_us = INT64_MAX;
  if (sender->forced) {
    return INT64_MAX;
  }
  ktxn__sender_take_in(sender, now_us);
  ktxn__sender_observe(sender, now_us);
  ktxn__sender_start_if_needed(sender, now_us);
  ktxn__sender_begin_ops(sender, now_us);
  ktxn__sender_expire(sender, now_us);
  ktxn__sender_pull(sender, now_us);
  ktxn__sender_drain(sender, now_us);
  ktxn__sender_pull(sender, now_us);
  ktxn__sender_end_ops(sender, now_us);
  ktxn__sender_publish(sender);
  return sender->forced ? INT64_MAX : next_run(sender, now_us);
}
