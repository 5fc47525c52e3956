#include "txn/state.h"

/*
 * A log or the coordinator has seen a newer epoch than ours: the broker's transaction timeout, or another producer
 * with our transactional.id. Told apart by an end that only the first lets through; never by InitProducerId, which
 * would abort and fence a live successor.
 */

/* That many nodes may be behind before it is believed that nothing is open. */
enum { NOTHING_OPEN_MAX = 4 };

/* Since when is it known? A look that takes it for nobody's work forgets that again. */
void ktxn__txn_fence_heard(struct ktxn__txn *txn, int64_t now_us) {
  if (txn->heard_us < 0) txn->heard_us = now_us;
}

void ktxn__txn_fence_enter(struct ktxn__txn *txn, int64_t now_us, int16_t broker_code, uint8_t api) {
  if (txn->fence != KTXN__TXN_FENCE_NONE || !ktxn__txn_in_transaction(txn)) return;
  ktxn__txn_fence_heard(txn, now_us);
  txn->nothing_open = 0;
  txn->fence = KTXN__TXN_FENCE_LOOK;
  /* Sends are refused from now on; commit waits for the answer, which becomes its error. */
  if (txn->state == KTXN__TXN_IN_TRANSACTION)
    ktxn__txn_abortable(txn, ktxn__txn_cause(KTXN_E_INVALID_PRODUCER_EPOCH, KTXN_CLASS_ABORT, broker_code, api));
}

/* The answer replaces the question; a commit or offsets that waited for it end with it. */
static void found(struct ktxn__txn *txn, struct ktxn__txn_error error) {
  txn->fence = KTXN__TXN_FENCE_NONE;
  if (txn->state == KTXN__TXN_ABORTABLE_ERROR) txn->error = error;
  ktxn__txn_abortable(txn, error);
}

/* Nobody moved it: an ordinary abort follows. */
static void nobody(struct ktxn__txn *txn, int16_t broker_code) {
  txn->heard_us = -1;
  found(txn, ktxn__txn_cause(KTXN_E_INVALID_PRODUCER_EPOCH, KTXN_CLASS_ABORT, broker_code, KTXN__TXN_API_PRODUCE));
}

/* What was heard of before about the whole timeout had passed can only be a successor on its way; two producers that
 * both "go on" would starve each other. */
static bool timeout_passed(const struct ktxn__txn *txn) {
  int64_t timeout_us = txn->config.transaction_timeout_us;
  int64_t least_us = timeout_us - 1000000 > timeout_us / 2 ? timeout_us - 1000000 : timeout_us / 2;
  return txn->heard_us - txn->registered_us >= least_us;
}

/* Was it registered, so that a timeout can have ended it? What another node than the anchor has acknowledged, repeated before an end,
 * may be its memory of a transaction before. It counts for that node alone, and only where it shows what a timeout leaves. */
static bool was_registered(const struct ktxn__txn *txn, const struct ktxn__txn_result *look) {
  if (txn->anchored) return true;
  bool aborted = look->look == KTXN__TXN_LOOK_PREPARE_ABORT || look->look == KTXN__TXN_LOOK_COMPLETE_ABORT;
  return txn->acked && txn->acked_node == look->node && look->fate == KTXN__TXN_ANSWERED && look->code == 0 && aborted;
}

/* With a commit of unknown fate it doesn't come to this: see counts_v1(). */
static bool v1_may_probe(const struct ktxn__txn *txn, const struct ktxn__txn_result *look) {
  return txn->mode == 1 && was_registered(txn, look) && !txn->abort_ambiguous && timeout_passed(txn);
}

static void moved(struct ktxn__txn *txn, int16_t broker_code, const struct ktxn__txn_result *look) {
  if (!ktxn__txn_ends_by_v5(txn) && !v1_may_probe(txn, look)) {
    ktxn__txn_fenced(txn, broker_code, KTXN__TXN_API_END);
    return;
  }
  txn->fence = KTXN__TXN_FENCE_END;
  ktxn__txn_wait_none(txn);
}

void ktxn__txn_fence_looked(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                            const struct ktxn__txn_result *result) {
  int16_t broker_code = txn->error.broker_code != 0 ? txn->error.broker_code : (int16_t)KTXN_E_INVALID_PRODUCER_EPOCH;
  bool lost = ktxn__txn_lost(txn, now_us, slot->node, result);
  if (result->fate == KTXN__TXN_UNSUPPORTED || lost) { /* before Kafka 3.0 there is no look */
    moved(txn, broker_code, result);
    return;
  }
  if (result->fate != KTXN__TXN_ANSWERED || result->code != 0) {
    ktxn__txn_refind(txn, now_us, slot->node);
    return;
  }
  bool ours = result->producer_id == txn->producer_id && result->producer_epoch == txn->producer_epoch;
  bool behind = ktxn__txn_behind(txn, result);
  /* What has been acknowledged is open, or this node does not know of it; but not each that is asked. */
  bool nothing = ours && txn->acked && result->look != KTXN__TXN_LOOK_ONGOING;
  if (nothing && txn->nothing_open++ < NOTHING_OPEN_MAX) behind = true;
  if (behind)
    ktxn__txn_refind(txn, now_us, slot->node);
  else if (ours)
    nobody(txn, broker_code);
  else
    moved(txn, broker_code, result);
}

/* The end was let through: the broker's timeout had aborted the transaction, and nobody has taken over. */
static void timed_out(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot,
                      const struct ktxn__txn_result *result) {
  bool in_time = timeout_passed(txn);
  bool tainted = txn->probe_ambiguous;
  txn->probe_ambiguous = false;
  if (slot->v2) {
    ktxn__txn_adopt(txn, result->producer_id, result->producer_epoch, result->node);
    ktxn__txn_pace_stop(txn);
  } else {
    ktxn__txn_adopt(txn, slot->producer_id, slot->producer_epoch, result->node);
    /* A late copy of the question would end half of the next transaction. */
    txn->tainted = tainted;
  }
  /* The timeout's own markers carry the new epoch into every log that was registered. */
  ktxn__txn_clear_sweep(txn);
  txn->commit_ambiguous = false; /* no copy of it was taken, and none can be any more */
  if (!in_time) {
    ktxn__txn_fenced(txn, 0, KTXN__TXN_API_END);
    return;
  }
  txn->ended = true;
  found(txn, ktxn__txn_cause(KTXN_E_ABORTED_BY_BROKER, KTXN_CLASS_ABORT, (int16_t)KTXN_E_INVALID_PRODUCER_EPOCH,
                             KTXN__TXN_API_END));
}

/* 48 to the question. V2: only a completed commit of ours answers so. */
static void other_state(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot) {
  if (!slot->v2 || !txn->commit_sent) {
    ktxn__txn_fenced(txn, KTXN_E_INVALID_TXN_STATE, KTXN__TXN_API_END);
    return;
  }
  txn->fence = KTXN__TXN_FENCE_NONE; /* the commit again, for the identity */
  if (txn->committed)
    ktxn__txn_wait_backoff(txn, now_us);
  else
    ktxn__txn_wait_none(txn);
  txn->committed = true;
}

void ktxn__txn_fence_ended(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                           const struct ktxn__txn_result *result, enum ktxn__txn_action action) {
  if (result->fate == KTXN__TXN_ANSWERED && result->code == KTXN_E_INVALID_TXN_STATE) {
    other_state(txn, now_us, slot);
    return;
  }
  switch (action) {
    case KTXN__TXN_OK:
      timed_out(txn, slot, result);
      return;
    case KTXN__TXN_PACED:
    case KTXN__TXN_AGAIN:
      ktxn__txn_wait_backoff(txn, now_us);
      return;
    case KTXN__TXN_SAME:
    case KTXN__TXN_ELSEWHERE:
      ktxn__txn_refind_after(txn, now_us, slot, result->fate);
      return;
    case KTXN__TXN_SUSPECT:
      ktxn__txn_suspect(txn, slot, result->code);
      return;
    default:
      ktxn__txn_fatal_code(txn, result->code, KTXN__TXN_API_END);
      return;
  }
}
