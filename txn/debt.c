#include "txn/state.h"

/*
 * What a V1 transaction leaves behind when a copy of one of its requests has an unknown fate: all transactions of an
 * epoch look alike to the coordinator, so a late copy would act on the next one. In order: look until the end is
 * complete, bump the epoch by InitProducerId (KIP-360), sweep the logs that the bump does not reach, and take a new
 * producer id before the epoch runs out. Nothing of the next transaction is registered before it is done.
 */

void ktxn__txn_debt_start(struct ktxn__txn *txn) {
  txn->debt = KTXN__TXN_DEBT_LOOK;
  ktxn__txn_wait_none(txn);
}

static void paid(struct ktxn__txn *txn) {
  txn->debt = KTXN__TXN_DEBT_NONE;
  ktxn__txn_wait_none(txn);
  if (txn->held) ktxn__txn_settle(txn, false);
}

static void rotate_or_pay(struct ktxn__txn *txn) {
  /* Only a sweep is registered at the last epoch; a transaction open beyond it could not be fenced or timed out. */
  if (txn->producer_epoch >= KTXN__TXN_EPOCH_LAST)
    txn->debt = KTXN__TXN_DEBT_ROTATE;
  else
    paid(txn);
}

static void sweep_next(struct ktxn__txn *txn, bool registered) {
  ktxn__txn_wait_none(txn);
  if (txn->sweep_partitions > 0 && txn->debt < KTXN__TXN_DEBT_SWEEP_ADD)
    txn->debt = KTXN__TXN_DEBT_SWEEP_ADD;
  else if (txn->sweep_groups > 0)
    txn->debt = KTXN__TXN_DEBT_SWEEP_GROUP;
  else if (registered)
    txn->debt = KTXN__TXN_DEBT_SWEEP_END;
  else
    rotate_or_pay(txn);
}

static void bump(struct ktxn__txn *txn) {
  txn->debt = KTXN__TXN_DEBT_BUMP;
  ktxn__txn_wait_none(txn);
}

static void looked_ours(struct ktxn__txn *txn, int64_t now_us, enum ktxn__txn_look look) {
  switch (look) {
    case KTXN__TXN_LOOK_ONGOING:
      /* A late registration has opened an empty transaction at our epoch: the last end closes it. */
      txn->debt = KTXN__TXN_DEBT_GHOST;
      ktxn__txn_wait_none(txn);
      return;
    case KTXN__TXN_LOOK_EMPTY:
    case KTXN__TXN_LOOK_COMPLETE_COMMIT:
    case KTXN__TXN_LOOK_COMPLETE_ABORT:
      bump(txn);
      return;
    default:
      ktxn__txn_wait_paced(txn, now_us, 1000, txn->config.retry_backoff_us);
      return;
  }
}

void ktxn__txn_debt_looked(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                           const struct ktxn__txn_result *result) {
  if (result->fate == KTXN__TXN_UNSUPPORTED) {
    bump(txn);
    return;
  }
  if (result->fate != KTXN__TXN_ANSWERED || result->code != 0) {
    ktxn__txn_refind(txn, now_us, result->fate == KTXN__TXN_ANSWERED ? slot->node : KTXN__TXN_NODE_NONE);
    return;
  }
  bool same_id = result->producer_id == txn->producer_id;
  if (same_id && result->producer_epoch == txn->producer_epoch) {
    looked_ours(txn, now_us, result->look);
  } else if (same_id && result->producer_epoch < txn->producer_epoch) {
    ktxn__txn_refind(txn, now_us, slot->node); /* it is behind */
  } else if (same_id && txn->bump_ambiguous && result->look == KTXN__TXN_LOOK_EMPTY &&
             result->producer_epoch == txn->producer_epoch + 1) {
    bump(txn); /* it may be our own bump, whose answer was lost */
  } else {
    ktxn__txn_fenced(txn, 0, KTXN__TXN_API_DESCRIBE);
  }
}

static void bump_answered(struct ktxn__txn *txn, const struct ktxn__txn_result *result) {
  ktxn__txn_adopt(txn, result->producer_id, result->producer_epoch, result->node);
  if (txn->state == KTXN__TXN_FATAL_ERROR) return;
  if (txn->debt == KTXN__TXN_DEBT_ROTATE)
    paid(txn);
  else
    sweep_next(txn, false);
}

void ktxn__txn_debt_bumped(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                           const struct ktxn__txn_result *result, enum ktxn__txn_action action) {
  switch (action) {
    case KTXN__TXN_OK:
      bump_answered(txn, result);
      return;
    case KTXN__TXN_PACED:
      txn->debt = KTXN__TXN_DEBT_LOOK;
      ktxn__txn_wait_paced(txn, now_us, 1000, txn->config.retry_backoff_us);
      return;
    case KTXN__TXN_AGAIN:
      ktxn__txn_wait_backoff(txn, now_us);
      return;
    case KTXN__TXN_ELSEWHERE:
      /* Another node must first show what it holds. */
      txn->debt = KTXN__TXN_DEBT_LOOK;
      ktxn__txn_refind(txn, now_us, KTXN__TXN_NODE_NONE);
      return;
    default:
      break;
  }
  (void)slot;
  /* 47, 90: another producer, or a coordinator that reloaded between two copies of the bump: the two look alike. */
  if (result->code == KTXN_E_INVALID_PRODUCER_EPOCH || result->code == KTXN_E_PRODUCER_FENCED)
    ktxn__txn_fenced(txn, result->code, KTXN__TXN_API_INIT);
  else
    ktxn__txn_fatal(txn, ktxn__txn_cause(result->code, ktxn__txn_fatal_class(result->code), result->code,
                                         KTXN__TXN_API_INIT));
}

void ktxn__txn_debt_registered(struct ktxn__txn *txn, int64_t now_us) {
  (void)now_us;
  txn->epoch_used = true;
  if (txn->debt == KTXN__TXN_DEBT_SWEEP_ADD) {
    txn->debt = KTXN__TXN_DEBT_SWEEP_GROUP;
    sweep_next(txn, true);
    return;
  }
  for (uint32_t i = 0; i < txn->group_room; i++) {
    struct ktxn__txn_group *group = ktxn__txn_group(txn, i);
    if (!group->sweep || (int32_t)i != txn->slot.group) continue;
    group->sweep = false;
    txn->sweep_groups--;
  }
  sweep_next(txn, true);
}

void ktxn__txn_debt_swept(struct ktxn__txn *txn, int64_t now_us, int32_t node) {
  (void)now_us;
  ktxn__txn_clear_sweep(txn);
  txn->epoch_used = true;
  txn->anchor = node;
  txn->last_commit = false;
  ktxn__txn_wait_none(txn);
  if (txn->tainted)
    txn->debt = KTXN__TXN_DEBT_LOOK; /* a copy of a sweep's request is under way: once more */
  else
    rotate_or_pay(txn);
}
