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

/* Nothing is open at the new epoch: done, but for a copy of a sweep's request that is still under way. */
static void sweep_over(struct ktxn__txn *txn) {
  if (txn->tainted)
    txn->debt = KTXN__TXN_DEBT_LOOK; /* once more */
  else
    rotate_or_pay(txn);
}

static void sweep_next(struct ktxn__txn *txn) {
  ktxn__txn_wait_none(txn);
  if (txn->sweep_partitions > 0 && txn->debt <= KTXN__TXN_DEBT_SWEEP_ADD)
    txn->debt = KTXN__TXN_DEBT_SWEEP_ADD;
  else if (txn->sweep_groups > 0)
    txn->debt = KTXN__TXN_DEBT_SWEEP_GROUP;
  else if (txn->swept)
    txn->debt = KTXN__TXN_DEBT_SWEEP_END;
  else
    sweep_over(txn);
}

/* At once; but where it has been answered 51, and the looks show nothing, the waits go on growing. */
static void bump(struct ktxn__txn *txn) {
  int64_t pace_us = txn->pace_us;
  txn->debt = KTXN__TXN_DEBT_BUMP;
  ktxn__txn_wait_none(txn);
  txn->pace_us = pace_us;
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

/* The answer of our bump was lost, and this is what it would have made; beyond the last epoch, a new producer id. */
static bool may_be_own_bump(const struct ktxn__txn *txn, const struct ktxn__txn_result *look) {
  if (!txn->bump_ambiguous || look->look != KTXN__TXN_LOOK_EMPTY) return false;
  if (look->producer_id == txn->producer_id) return look->producer_epoch == txn->producer_epoch + 1;
  return txn->producer_epoch >= KTXN__TXN_EPOCH_LAST && look->producer_epoch == 0;
}

/* Brokers before 3.0 have no look. If a registration of the open transaction may have been taken, a bump would fence ourselves: the
 * transaction is aborted first. */
static void unseen(struct ktxn__txn *txn) {
  if (!txn->maybe || txn->acked) { /* an end needs one that was acknowledged: that transaction is over */
    bump(txn);
    return;
  }
  txn->debt = KTXN__TXN_DEBT_NONE;
  ktxn__txn_wait_none(txn);
  ktxn__txn_moved(txn);
}

void ktxn__txn_debt_looked(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                           const struct ktxn__txn_result *result) {
  if (result->fate == KTXN__TXN_UNSUPPORTED) {
    unseen(txn);
    return;
  }
  if (ktxn__txn_lost(txn, now_us, slot->node, result)) {
    ktxn__txn_fatal(txn, ktxn__txn_cause(KTXN_E_INVALID_PRODUCER_ID_MAPPING, KTXN_CLASS_RECREATE, result->code,
                                         KTXN__TXN_API_DESCRIBE));
    return;
  }
  if (result->fate != KTXN__TXN_ANSWERED || result->code != 0) {
    ktxn__txn_refind(txn, now_us, result->fate == KTXN__TXN_UNSENT ? KTXN__TXN_NODE_NONE : slot->node);
    return;
  }
  bool same_id = result->producer_id == txn->producer_id;
  if (same_id && result->producer_epoch == txn->producer_epoch) {
    looked_ours(txn, now_us, result->look);
  } else if (ktxn__txn_behind(txn, result)) {
    ktxn__txn_refind(txn, now_us, slot->node); /* it is behind */
  } else if (may_be_own_bump(txn, result)) {
    bump(txn);
  } else {
    ktxn__txn_fenced(txn, 0, KTXN__TXN_API_DESCRIBE);
  }
}

/* What was asked of the transaction that is open, and not acknowledged, was asked at the epoch before. */
static void forget_asked(struct ktxn__txn *txn) {
  if (txn->acked) return;
  txn->maybe = false;
  txn->registered_us = -1;
}

static void bump_answered(struct ktxn__txn *txn, const struct ktxn__txn_result *result) {
  ktxn__txn_adopt(txn, result->producer_id, result->producer_epoch, result->node);
  if (txn->state == KTXN__TXN_FATAL_ERROR) return;
  forget_asked(txn);
  if (txn->debt == KTXN__TXN_DEBT_ROTATE) {
    paid(txn);
    return;
  }
  /* What the sweep opens is aborted, by whatever copy of its end. */
  txn->last_commit = false;
  txn->swept = false;
  sweep_next(txn);
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
      ktxn__txn_refind_after(txn, now_us, slot, result->fate);
      return;
    default:
      break;
  }
  /* 47, 90: another producer, or a coordinator that reloaded between two copies of the bump: the two look alike. */
  if (result->code == KTXN_E_INVALID_PRODUCER_EPOCH || result->code == KTXN_E_PRODUCER_FENCED)
    ktxn__txn_fenced(txn, result->code, KTXN__TXN_API_INIT);
  else
    ktxn__txn_fatal_code(txn, result->code, KTXN__TXN_API_INIT);
}

/* A sweep is registered by the anchor alone, as a transaction is: what another node remembers as open at this epoch it acknowledges
 * without writing it, and the log would not be swept. Where the coordinator is another one: what may be open there is ended first, then
 * look, bump, and sweep there. But not at the last epoch: the bump would give another producer id, which does not reach the log. */
void ktxn__txn_debt_follow(struct ktxn__txn *txn) {
  if (txn->debt != KTXN__TXN_DEBT_SWEEP_ADD && txn->debt != KTXN__TXN_DEBT_SWEEP_GROUP) return;
  if (txn->producer_epoch >= KTXN__TXN_EPOCH_LAST) return;
  if (txn->slot.active || txn->coordinator == KTXN__TXN_NODE_NONE || txn->coordinator == txn->anchor) return;
  txn->debt = KTXN__TXN_DEBT_GHOST;
  ktxn__txn_wait_none(txn);
}

/* The coordinator has registered the swept partitions, or the group of this request. */
void ktxn__txn_debt_registered(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot) {
  txn->swept = true;
  txn->epoch_used = true;
  if (txn->debt == KTXN__TXN_DEBT_SWEEP_GROUP) {
    ktxn__txn_group(txn, (uint32_t)slot->group)->sweep = false;
    txn->sweep_groups--;
  }
  txn->debt = KTXN__TXN_DEBT_SWEEP_GROUP;
  sweep_next(txn);
}

/* A clock that jumps, or a process that was stopped between two answers, tells nothing of the coordinator: of what lies between two
 * answers a tenth of the limit counts at most, so that ten of them must have come. */
static int64_t unknown_for_us(const struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_partition *partition) {
  int64_t passed_us = now_us - partition->unknown_at_us;
  int64_t most_us = txn->config.gone_after_us / 10;
  return partition->unknown_us < 0 ? 0 : partition->unknown_us + (passed_us < most_us ? passed_us : most_us);
}

/* One of the swept partitions, by the coordinator's answer for it. False: it is gone, and with it what was given up there. */
static bool still_there(const struct ktxn__txn *txn, int64_t now_us, struct ktxn__txn_partition *partition, int16_t code) {
  bool known = code != KTXN_E_UNKNOWN_TOPIC_OR_PARTITION;
  partition->unknown_us = known ? -1 : unknown_for_us(txn, now_us, partition);
  partition->unknown_at_us = now_us;
  return known || partition->unknown_us < txn->config.gone_after_us;
}

/* Partitions were deleted, or the coordinator's metadata lag: then a late batch in one that was left out would be part of the
 * next transaction, or hang. Only what stays unknown for long is left out; the others are asked for again, all at once. */
void ktxn__txn_debt_unknown(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_result *result) {
  uint32_t before = txn->sweep_partitions;
  for (uint32_t i = 0; i < txn->asked_count; i++) {
    struct ktxn__txn_partition *partition = ktxn__txn_partition(txn, ktxn__txn_asked(txn)[i]);
    partition->sweep = still_there(txn, now_us, partition, i < result->code_count ? result->codes[i] : result->code);
    if (!partition->sweep) txn->sweep_partitions--;
  }
  if (txn->sweep_partitions < before)
    sweep_next(txn);
  else
    ktxn__txn_wait_backoff(txn, now_us);
}

/* The sweep's end reached a node that has no transaction at our epoch: not the one that has registered the sweep. */
void ktxn__txn_debt_astray(struct ktxn__txn *txn, int64_t now_us, int32_t node) {
  ktxn__txn_debt_start(txn);
  ktxn__txn_refind(txn, now_us, node);
}

void ktxn__txn_debt_swept(struct ktxn__txn *txn, int32_t node) {
  ktxn__txn_clear_sweep(txn);
  txn->epoch_used = true;
  txn->anchor = node;
  txn->last_commit = false;
  txn->swept = false;
  ktxn__txn_wait_none(txn);
  sweep_over(txn);
}
