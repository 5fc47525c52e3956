#include <stdio.h>
#include <string.h>

#include "sdk/base/backoff.h"
#include "sdk/base/log.h"
#include "sdk/config.h"
#include "sdk/engine/sender_state.h"
#include "sdk/error.h"

/* Between the gate, which application threads move, and the transaction manager, which is this thread's. */

/* ---- in: what the application did -------------------------------------------------------------------------------- */

static void take_begin(struct ktxn__sender *sender, int64_t ordinal, int64_t now_us) {
  if (ordinal == sender->ordinal) {
    return;
  }
  sender->ordinal = ordinal;
  sender->abort_error.code = 0;
  sender->counts.begun++;
  ktxn__sender_offsets_forget(sender);
  /* The gate opens only when the manager was READY, and it can leave that for FATAL alone. */
  if (ktxn__txn_state(sender->txn) == KTXN__TXN_FATAL_ERROR) {
    ktxn__sender_set_outcome(sender, ordinal, KTXN_OUTCOME_NOT_COMMITTED);
    return;
  }
  ktxn__sender_set_outcome(sender, ordinal, KTXN_OUTCOME_NONE);
  if (ktxn__txn_begin(sender->txn, now_us) != 0) {
    ktxn__txn_break(sender->txn, now_us);
  }
}

/* Room in the manager's block for a partition's number; a transaction without it can't be right. */
static void take_joined(struct ktxn__sender *sender, int64_t now_us) {
  struct ktxn__queue *queue;
  while ((queue = ktxn__accumulator_next_joined(sender->acc)) != NULL) {
    if (queue->topic_index < sender->topic_count) {
      sender->topics[queue->topic_index].joined = sender->ordinal;
      sender->topics[queue->topic_index].part = queue->part;
    }
    if (ktxn__sender_grow(sender, queue->part + 1, 0)) {
      ktxn__txn_add_partition(sender->txn, now_us, queue->part);
    } else if (sender->transactional) {
      ktxn__txn_fail(sender->txn, now_us, KTXN_E_OUT_OF_MEMORY, -1);
    }
  }
}

static void take_failure(struct ktxn__sender *sender, const ktxn_error *failure, int64_t now_us) {
  if (ktxn__txn_state(sender->txn) != KTXN__TXN_IN_TRANSACTION) {
    return;
  }
  if (sender->abort_error.code == 0) {
    sender->abort_error = *failure;
    sender->abort_error.error_class = KTXN_CLASS_ABORT;
    sender->abort_error.outcome = KTXN_OUTCOME_NOT_COMMITTED;
  }
  ktxn__txn_fail(sender->txn, now_us, failure->code, -1);
  /* Whoever made it fail has been told, and the gate is abortable already. */
  sender->seen_state = (uint8_t)ktxn__txn_state(sender->txn);
  sender->seen_code = ktxn__txn_error(sender->txn)->code;
}

void ktxn__sender_tell_features(struct ktxn__sender *sender) {
  ktxn__txn_set_features(sender->txn, ktxn__cluster_transaction_version(sender->cluster), !sender->lacks_v2);
}

void ktxn__sender_take_in(struct ktxn__sender *sender, int64_t now_us) {
  struct ktxn__accumulator_view view;
  ktxn__accumulator_collect(sender->acc, now_us, &view);
  ktxn__sender_sync_topics(sender, view.topic_count, now_us);
  if (sender->features_epoch != ktxn__cluster_features_epoch(sender->cluster)) {
    /* Brokers have been upgraded or gone back: what one lacked before says nothing now. */
    sender->features_epoch = ktxn__cluster_features_epoch(sender->cluster);
    sender->lacks_v2 = false;
  }
  /* The level counts from the next begin on, which may be in this very run. */
  ktxn__sender_tell_features(sender);
  if (sender->transactional) {
    take_begin(sender, view.ordinal, now_us);
  }
  take_joined(sender, now_us);
  if (view.failed) {
    take_failure(sender, &view.failure, now_us);
  }
  ktxn__txn_set_queued(sender->txn, view.queued);
}

/* ---- an idempotent producer gets its id when it needs one ---------------------------------------------------------- */

void ktxn__sender_start_if_needed(struct ktxn__sender *sender, int64_t now_us) {
  if (sender->transactional || ktxn__txn_state(sender->txn) != KTXN__TXN_UNINITIALIZED ||
      now_us < sender->start_at_us || ktxn__accumulator_next_live(sender->acc, NULL) == NULL) {
    return;
  }
  sender->start_at_us = now_us + ktxn__backoff(sender->settings->retry_backoff_ms * 1000,
                                               sender->settings->retry_backoff_max_ms * 1000, sender->start_attempts,
                                               sender->ports->random(sender->ports->ctx));
  sender->start_attempts++;
  ktxn__txn_start(sender->txn, now_us);
}

/* ---- batches that can't wait any longer --------------------------------------------------------------------------- */

static void expire_one(struct ktxn__sender *sender, struct ktxn__batch *batch, int64_t now_us) {
  ktxn_error error;
  ktxn__sender_explain_expiry(sender, batch, &error);
  if (sender->transactional && sender->abort_error.code == 0) {
    sender->abort_error = error;
  }
  if (batch->sequenced) {
    ktxn__txn_batch_give_up(sender->txn, now_us, batch->queue->part, batch->handle, KTXN_E_DELIVERY_TIMED_OUT);
  } else if (sender->transactional) {
    ktxn__txn_fail(sender->txn, now_us, KTXN_E_DELIVERY_TIMED_OUT, (int32_t)batch->queue->part);
  }
  ktxn__accumulator_fail_batch(sender->acc, batch, &error);
}

/* Batches that have their sequence, wait to be sent again, and never will be. */
static void give_up_doomed(struct ktxn__sender *sender, int64_t now_us) {
  struct ktxn__batch *next = ktxn__accumulator_next_live(sender->acc, NULL);
  while (next != NULL) {
    struct ktxn__batch *batch = next;
    next = ktxn__accumulator_next_live(sender->acc, batch);
    if (!batch->sequenced || batch->step != KTXN__BATCH_RETRY) {
      continue;
    }
    int code = ktxn__txn_doomed(sender->txn, batch->queue->part, batch->handle);
    if (code != 0) {
      ktxn_error error;
      ktxn__sender_explain_batch(sender, batch, code, 0, NULL, &error);
      ktxn__txn_batch_give_up(sender->txn, now_us, batch->queue->part, batch->handle, code);
      ktxn__accumulator_fail_batch(sender->acc, batch, &error);
    }
  }
}

static void drop_error(const struct ktxn__sender *sender, int code, ktxn_error *error) {
  if (ktxn__txn_state(sender->txn) == KTXN__TXN_FATAL_ERROR && sender->fatal_error.code != 0) {
    *error = sender->fatal_error;
  } else {
    ktxn__error_set(error, code, ktxn__sender_class(sender, code), "not sent: %s%s%.150s", ktxn_code_text(code),
                    sender->abort_error.code == 0 ? "" : ", because: ",
                    sender->abort_error.code == 0 ? "" : sender->abort_error.message);
  }
}

void ktxn__sender_expire(struct ktxn__sender *sender, int64_t now_us) {
  struct ktxn__batch *batch;
  while ((batch = ktxn__accumulator_expired(sender->acc, now_us)) != NULL) {
    expire_one(sender, batch, now_us);
  }
  ktxn__sender_observe(sender, now_us);
  int code = ktxn__txn_drop_queued(sender->txn);
  if (code != 0) {
    ktxn_error error;
    drop_error(sender, code, &error);
    ktxn__accumulator_fail_queued(sender->acc, &error);
    give_up_doomed(sender, now_us);
    ktxn__sender_observe(sender, now_us);
  }
  ktxn__txn_set_queued(sender->txn, ktxn__accumulator_queued(sender->acc));
}

/* ---- out: what the transaction manager says ------------------------------------------------------------------------ */

/*
 * While it is being found out who moved the epoch, the gate stays as it is: a commit waits for the answer, and what
 * the gate then refuses with is that answer and not the question.
 */
static bool asking_who(const struct ktxn__sender *sender) {
  return ktxn__txn_error(sender->txn)->code == KTXN_E_INVALID_PRODUCER_EPOCH && ktxn__txn_owes(sender->txn);
}

static void tell_abortable(struct ktxn__sender *sender) {
  const struct ktxn__txn_error *cause = ktxn__txn_error(sender->txn);
  if (asking_who(sender)) {
    return;
  }
  sender->counts.aborted_by_broker += cause->code == KTXN_E_ABORTED_BY_BROKER ? 1 : 0;
  if (sender->abort_error.code == 0) {
    ktxn__sender_explain(sender, cause, &sender->abort_error);
  }
  sender->abort_error.outcome = KTXN_OUTCOME_NOT_COMMITTED;
  ktxn__accumulator_set_gate(sender->acc, KTXN__GATE_ABORTABLE, &sender->abort_error);
  ktxn__log(sender->ports->log, KTXN__LOG_WARN, "the transaction has failed: %s", sender->abort_error.message);
  if (!ktxn__sender_has_op(sender) && sender->hooks.failed != NULL) {
    ktxn__sender_publish(sender);
    sender->hooks.failed(sender->hooks.owner, sender->ordinal, &sender->abort_error);
  }
}

static void tell_fatal(struct ktxn__sender *sender) {
  const struct ktxn__txn_error *cause = ktxn__txn_error(sender->txn);
  ktxn__sender_explain(sender, cause, &sender->fatal_error);
  if (cause->outcome != KTXN_OUTCOME_NONE) {
    ktxn__sender_set_outcome(sender, sender->ordinal, cause->outcome);
  }
  ktxn__accumulator_set_gate(sender->acc, KTXN__GATE_FATAL, &sender->fatal_error);
  ktxn__log(sender->ports->log, KTXN__LOG_ERROR, "the producer is unusable: %s", sender->fatal_error.message);
  if (!ktxn__sender_has_op(sender) && sender->hooks.failed != NULL) {
    ktxn__sender_publish(sender);
    sender->hooks.failed(sender->hooks.owner, sender->ordinal, &sender->fatal_error);
  }
}

void ktxn__sender_tell_gate(struct ktxn__sender *sender) {
  enum ktxn__txn_state state = ktxn__txn_state(sender->txn);
  int code = ktxn__txn_error(sender->txn)->code;
  if (state == KTXN__TXN_ABORTABLE_ERROR && asking_who(sender)) {
    return; /* seen when the answer is there */
  }
  if (sender->seen_state == (uint8_t)state && sender->seen_code == code) {
    return;
  }
  ktxn__log(sender->ports->log, KTXN__LOG_DEBUG, "transaction state %s -> %s",
            ktxn__txn_state_name((enum ktxn__txn_state)sender->seen_state), ktxn__txn_state_name(state));
  sender->seen_state = (uint8_t)state;
  sender->seen_code = code;
  if (state == KTXN__TXN_ABORTABLE_ERROR) {
    tell_abortable(sender);
  } else if (state == KTXN__TXN_FATAL_ERROR) {
    tell_fatal(sender);
  }
}

/* ---- the mirror ---------------------------------------------------------------------------------------------------- */

static void lock(struct ktxn__sender *sender) {
  sender->ports->lock(sender->mirror.lock);
}

static void unlock(struct ktxn__sender *sender) {
  sender->ports->unlock(sender->mirror.lock);
}

void ktxn__sender_set_outcome(struct ktxn__sender *sender, int64_t ordinal, enum ktxn_outcome outcome) {
  if (ordinal <= 0) {
    return;
  }
  lock(sender);
  size_t i = (size_t)ordinal % KTXN__SENDER_OUTCOMES;
  bool known = sender->mirror.outcomes[i].ordinal == ordinal;
  ktxn__sender_count_outcome(sender, known ? sender->mirror.outcomes[i].outcome : KTXN_OUTCOME_NONE, outcome);
  sender->mirror.outcomes[i].ordinal = ordinal;
  sender->mirror.outcomes[i].outcome = outcome;
  if (sender->mirror.last_ordinal < ordinal) {
    sender->mirror.last_ordinal = ordinal;
  }
  unlock(sender);
}

bool ktxn__sender_outcome(struct ktxn__sender *sender, int64_t ordinal, enum ktxn_outcome *outcome) {
  int64_t begun = 0;
  ktxn__accumulator_gate(sender->acc, &begun, NULL);
  if (ordinal <= 0 || ordinal > begun) {
    return false;
  }
  lock(sender);
  size_t i = (size_t)ordinal % KTXN__SENDER_OUTCOMES;
  bool kept = sender->mirror.outcomes[i].ordinal == ordinal;
  bool unseen = ordinal > sender->mirror.last_ordinal; /* begun, and this thread has not run since */
  *outcome = kept ? sender->mirror.outcomes[i].outcome : KTXN_OUTCOME_NONE;
  unlock(sender);
  return kept || unseen;
}

void ktxn__sender_set_trouble(struct ktxn__sender *sender, const char *text) {
  if (strcmp(sender->mirror.trouble, text) == 0) {
    return;
  }
  lock(sender);
  snprintf(sender->mirror.trouble, sizeof sender->mirror.trouble, "%s", text);
  unlock(sender);
}

void ktxn__sender_trouble(struct ktxn__sender *sender, char *text, size_t size) {
  lock(sender);
  snprintf(text, size, "%s", sender->mirror.trouble);
  unlock(sender);
}

void ktxn__sender_mirror_identity(struct ktxn__sender *sender) {
  ktxn_identity now;
  ktxn__txn_identity(sender->txn, &now.producer_id, &now.producer_epoch, &now.protocol);
  const ktxn_identity *told = &sender->mirror.identity;
  if (told->producer_id == now.producer_id && told->producer_epoch == now.producer_epoch &&
      told->protocol == now.protocol) {
    return;
  }
  lock(sender);
  sender->mirror.identity = now;
  unlock(sender);
}

void ktxn__sender_identity(struct ktxn__sender *sender, ktxn_identity *identity) {
  lock(sender);
  *identity = sender->mirror.identity;
  unlock(sender);
}
