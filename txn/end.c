#include "txn/state.h"

/*
 * The end of a transaction, top to bottom: what must have happened before EndTxn leaves (advance), what its answer
 * proves (on_end), and what is true afterwards (settle).
 */

void ktxn__txn_adopt(struct ktxn__txn *txn, int64_t producer_id, int16_t producer_epoch, int32_t node) {
  if (!ktxn__txn_ensure(txn, producer_id >= 0 && producer_epoch >= 0, "an identity without a producer id")) return;
  if (!ktxn__txn_ensure(txn, producer_id != txn->producer_id || producer_epoch >= txn->producer_epoch,
                        "the epoch went back"))
    return;
  if (producer_id != txn->producer_id) txn->former_id = txn->producer_id;
  txn->producer_id = producer_id;
  txn->producer_epoch = producer_epoch;
  txn->anchor = node;
  txn->epoch_used = false;
  txn->tainted = false;
  txn->bump_ambiguous = false;
}

/* The transaction is over; READY, and what is owed is paid behind the call. */
void ktxn__txn_settle(struct ktxn__txn *txn, bool committed) {
  uint8_t op = txn->op;
  bool sweep = txn->sweep_partitions + txn->sweep_groups > 0;
  /* After an abort with something given up, a late copy could still be opened and committed by the next transaction
   * until the sweep's markers are there; the application must not be told "aborted" before. (One that was never at the
   * coordinator has nothing to sweep: what is owed then is of the transaction before it.) */
  if (!committed && sweep && txn->maybe) {
    txn->held = true;
    return;
  }
  txn->held = false;
  txn->committed = false;
  txn->pending = 0;
  txn->op = KTXN__TXN_OP_NONE;
  txn->error = ktxn__txn_cause(0, KTXN_CLASS_NONE, 0, 0);
  ktxn__txn_enter(txn, KTXN__TXN_READY);
  ktxn__txn_report(txn, op, committed ? KTXN_OUTCOME_COMMITTED : KTXN_OUTCOME_NOT_COMMITTED, txn->error);
}

/* V1: the end was acknowledged by `node`. */
static void ended_v1(struct ktxn__txn *txn, int32_t node) {
  txn->epoch_used = true;
  /* Another coordinator than the one that holds the epoch's history: from here on only a bump makes sure. */
  if (txn->anchor != node) txn->tainted = true;
  txn->anchor = node;
}

static void ended(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                  const struct ktxn__txn_result *result) {
  ktxn__txn_wait_none(txn);
  txn->last_commit = slot->commit;
  if (slot->commit) txn->committed = true; /* whatever is wrong with the identity that the answer carries */
  ktxn__txn_pace_ended(txn, now_us, result->version);
  if (result->version >= 5) {
    /* KIP-890: the answer carries the identity to go on with; markers with the new epoch reach every log that was
     * registered, so that nothing late of the old one is taken. */
    ktxn__txn_adopt(txn, result->producer_id, result->producer_epoch, result->node);
    ktxn__txn_clear_sweep(txn);
  } else {
    ended_v1(txn, result->node);
  }
  if (txn->state == KTXN__TXN_FATAL_ERROR) return;
  if (txn->tainted) ktxn__txn_debt_start(txn);
  ktxn__txn_settle(txn, slot->commit);
}

/* 30, 59, 120 and the like to a commit: it did not happen, if no other copy of it may have. */
static void commit_refused(struct ktxn__txn *txn, int16_t code) {
  struct ktxn__txn_error error = ktxn__txn_cause(code, KTXN_CLASS_ABORT, code, KTXN__TXN_API_END);
  if (txn->commit_ambiguous) {
    error.error_class = KTXN_CLASS_RECREATE;
    ktxn__txn_fatal(txn, error);
  } else {
    ktxn__txn_abortable(txn, error);
  }
}

/* The coordinator does not know the producer id: nothing of it is open, and the next transaction needs a new epoch. */
static void abort_forgotten(struct ktxn__txn *txn, int32_t node) {
  txn->last_commit = false;
  ended_v1(txn, node);
  ktxn__txn_debt_start(txn);
  ktxn__txn_settle(txn, false);
}

static void end_refused(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot, const struct ktxn__txn_result *result) {
  if (slot->commit)
    commit_refused(txn, result->code);
  else
    abort_forgotten(txn, result->node);
}

/* KIP-890: the same command by the older version, never 5 again in this transaction. */
static void features_changed(struct ktxn__txn *txn, int64_t now_us) {
  txn->no_v5 = true;
  ktxn__txn_wait_backoff(txn, now_us);
}

void ktxn__txn_on_end(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                      const struct ktxn__txn_result *result, enum ktxn__txn_action action) {
  switch (action) {
    case KTXN__TXN_OK:
      ended(txn, now_us, slot, result);
      return;
    case KTXN__TXN_PACED:
      ktxn__txn_wait_paced(txn, now_us, 1000, txn->config.retry_backoff_us);
      return;
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
    case KTXN__TXN_FEATURES:
      features_changed(txn, now_us);
      return;
    case KTXN__TXN_RESTART:
    case KTXN__TXN_ABORTABLE:
      end_refused(txn, slot, result);
      return;
    default:
      ktxn__txn_fatal_code(txn, result->code, KTXN__TXN_API_END);
      return;
  }
}

/* ---- what happens without an answer ------------------------------------------------------------------------------ */

void ktxn__txn_moved(struct ktxn__txn *txn) {
  ktxn__txn_abortable(txn, ktxn__txn_cause(KTXN_E_NOT_COORDINATOR, KTXN_CLASS_ABORT, 0, KTXN__TXN_API_FIND_TXN));
}

/* V1: a registration counts only from the node that acknowledged the epoch, or its last end: another may still hold an older
 * transaction open, and acknowledges what that holds out of its memory, at this epoch too. For the first of an epoch as well:
 * a fence that a node could not write, for whoever asked or at the transaction's timeout, has raised the epoch that it
 * remembers (hasFailedEpochFence), and the same one may have been given to us elsewhere since. */
static void follow_anchor(struct ktxn__txn *txn) {
  bool registers = txn->pending > 0 || txn->offsets_group >= 0;
  if (!ktxn__txn_registers(txn) || txn->debt != KTXN__TXN_DEBT_NONE || !registers) return;
  if (txn->fence != KTXN__TXN_FENCE_NONE || txn->slot.active) return;
  if (txn->state != KTXN__TXN_IN_TRANSACTION && txn->state != KTXN__TXN_COMMITTING) return;
  if (txn->coordinator == KTXN__TXN_NODE_NONE || txn->coordinator == txn->anchor) return;
  txn->tainted = true;
  if (txn->mode == 1 && !txn->acked)
    ktxn__txn_debt_start(txn); /* no more than registrations has left: bump there, and that is the anchor */
  else
    ktxn__txn_moved(txn);
}

/* Nothing of the transaction can be at the coordinator: it ends here. */
static bool ends_here(const struct ktxn__txn *txn) {
  if (txn->ended) return true;
  return txn->mode == 2 ? txn->registered_us < 0 : !txn->maybe;
}

static void end_here(struct ktxn__txn *txn) {
  bool commit = txn->state == KTXN__TXN_COMMITTING;
  if (commit && txn->pending > 0) return;
  if (txn->flights > 0 || txn->queued > 0 || txn->slot.active || txn->held) return;
  if (txn->fence != KTXN__TXN_FENCE_NONE || txn->suspect.active || !ends_here(txn)) return;
  /* A given-up batch of a transaction that was never registered can't be opened by a later one either: on V1 nothing
   * is sent before the registration is acknowledged, on V2 the epoch of a registered one moves. */
  if (txn->tainted && txn->debt == KTXN__TXN_DEBT_NONE) ktxn__txn_debt_start(txn);
  ktxn__txn_settle(txn, commit);
}

/* The cluster was taken back to the older ends while it was being found out who moved the epoch: the question by
 * version 5 must not be asked any more, and none of the older ones tells. */
static void stop_asking(struct ktxn__txn *txn) {
  bool asking = txn->fence == KTXN__TXN_FENCE_END && !txn->slot.active;
  if (asking && txn->mode == 2 && !ktxn__txn_ends_by_v5(txn))
    ktxn__txn_fenced(txn, txn->error.broker_code, KTXN__TXN_API_END);
}

void ktxn__txn_advance(struct ktxn__txn *txn, int64_t now_us) {
  ktxn__txn_pace_advance(txn, now_us);
  stop_asking(txn);
  follow_anchor(txn);
  ktxn__txn_debt_follow(txn);
  if (txn->state == KTXN__TXN_COMMITTING || txn->state == KTXN__TXN_ABORTING) end_here(txn);
}
