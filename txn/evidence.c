#include "txn/state.h"

/*
 * A coordinator that is cut off from its cluster goes on answering out of its memory, so "your epoch is not mine"
 * (47, 49, 90; 48 to a V2 commit) proves nothing by itself. It counts when a look at that same node shows a higher
 * epoch or another producer id; else the node is behind, and the right one is asked for through another broker.
 */

void ktxn__txn_suspect(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot, int16_t code) {
  txn->suspect = (struct ktxn__txn_suspect){true, code, *slot};
}

static void fatal(struct ktxn__txn *txn, int16_t code, uint8_t api) {
  if (code == KTXN_E_INVALID_PRODUCER_ID_MAPPING)
    ktxn__txn_fatal_code(txn, code, api);
  else
    ktxn__txn_fenced(txn, code, api);
}

static bool shows_next_epoch(const struct ktxn__txn *txn, const struct ktxn__txn_result *look) {
  return look->fate == KTXN__TXN_ANSWERED && look->code == 0 && look->producer_id == txn->producer_id &&
         look->producer_epoch == txn->producer_epoch + 1;
}

/* V1, some copy of the commit may have arrived. A fence or timeout of an open transaction leaves only abort states at
 * the next epoch; anything else there means that ours had ended before, and only commits of it were sent. */
static bool proves_commit(const struct ktxn__txn *txn, const struct ktxn__txn_result *look) {
  return shows_next_epoch(txn, look) &&
         (look->look == KTXN__TXN_LOOK_EMPTY || look->look == KTXN__TXN_LOOK_PREPARE_COMMIT ||
          look->look == KTXN__TXN_LOOK_COMPLETE_COMMIT);
}

/* Ongoing at the next epoch is a successor's transaction, so that ours has ended, or ours itself in the moment in which a
 * fence has raised the epoch in the coordinator's memory and its abort is not in the log yet. Neither lasts, but in the
 * memory of a node that is cut off. */
static bool may_change(const struct ktxn__txn *txn, const struct ktxn__txn_slot *slot, const struct ktxn__txn_result *look) {
  bool v1 = slot->api == KTXN__TXN_API_END ? !slot->v2 : !ktxn__txn_ends_by_v5(txn);
  return v1 && slot->purpose != KTXN__TXN_FOR_DEBT && slot->purpose != KTXN__TXN_FOR_FENCE && txn->commit_ambiguous &&
         shows_next_epoch(txn, look) && look->look == KTXN__TXN_LOOK_ONGOING;
}

static void counts_v1(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot, int16_t code,
                      const struct ktxn__txn_result *look) {
  bool mapping = code == KTXN_E_INVALID_PRODUCER_ID_MAPPING;
  if (txn->commit_ambiguous && !mapping && proves_commit(txn, look)) txn->committed = true;
  if (txn->commit_ambiguous || mapping)
    fatal(txn, code, slot->api); /* in doubt, if it is not known to be committed */
  else
    ktxn__txn_fence_enter(txn, now_us, code, slot->api);
}

static void counts_v2(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot, int16_t code) {
  bool commit = slot->api == KTXN__TXN_API_END && slot->commit;
  if (commit && code != KTXN_E_INVALID_PRODUCER_ID_MAPPING) {
    /* KIP-890: an abort at our epoch is answered 0 only if the broker's timeout ended it, 48 if it is committed. */
    ktxn__txn_fence_heard(txn, now_us);
    txn->fence = KTXN__TXN_FENCE_END;
    ktxn__txn_wait_none(txn);
    return;
  }
  fatal(txn, code, slot->api);
}

static void counts(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot, int16_t code,
                   const struct ktxn__txn_result *look) {
  if (slot->purpose == KTXN__TXN_FOR_DEBT || slot->purpose == KTXN__TXN_FOR_FENCE)
    fatal(txn, code, slot->api);
  else if (slot->api == KTXN__TXN_API_END ? slot->v2 : ktxn__txn_ends_by_v5(txn))
    counts_v2(txn, now_us, slot, code);
  else
    counts_v1(txn, now_us, slot, code, look);
}

/* V2: an abort of ours may itself have moved the epoch by one. */
static bool may_be_own_abort(const struct ktxn__txn_slot *slot, const struct ktxn__txn_result *look) {
  bool abort = slot->api == KTXN__TXN_API_END && slot->v2 && !slot->commit;
  bool ending = look->look == KTXN__TXN_LOOK_PREPARE_ABORT || look->look == KTXN__TXN_LOOK_PREPARE_COMMIT ||
                look->look == KTXN__TXN_LOOK_COMPLETE_ABORT || look->look == KTXN__TXN_LOOK_COMPLETE_COMMIT;
  return abort && ending && look->producer_id == slot->producer_id &&
         look->producer_epoch == slot->producer_epoch + 1;
}

/* A memory from before our epoch, or from before the producer id that we have now. */
bool ktxn__txn_behind(const struct ktxn__txn *txn, const struct ktxn__txn_result *look) {
  if (look->producer_id == txn->producer_id) return look->producer_epoch < txn->producer_epoch;
  return look->producer_id == txn->former_id;
}

/* Coordinators before 4.3 forget the producer id that an end has given when they load their log anew before it is complete
 * (KAFKA-20310). What they show then, others never have: the former one behind its last epoch, and nothing open. */
static bool forgotten(const struct ktxn__txn *txn, const struct ktxn__txn_result *look) {
  return look->producer_id == txn->former_id && look->producer_epoch > KTXN__TXN_EPOCH_LAST &&
         (look->look == KTXN__TXN_LOOK_COMPLETE_COMMIT || look->look == KTXN__TXN_LOOK_COMPLETE_ABORT);
}

static bool unknown(const struct ktxn__txn *txn, const struct ktxn__txn_result *look) {
  return look->code == KTXN_E_TRANSACTIONAL_ID_NOT_FOUND || (look->code == 0 && forgotten(txn, look));
}

/* Each look is asked for this. The node that held the id before would know it. If for the whole of the transaction's timeout nobody
 * who was asked knew it, its coordinator has lost it (transactional.id.expiration.ms). */
bool ktxn__txn_lost(struct ktxn__txn *txn, int64_t now_us, int32_t node, const struct ktxn__txn_result *look) {
  if (look->fate != KTXN__TXN_ANSWERED) return false;
  if (!unknown(txn, look)) {
    if (look->code == 0) txn->missing_us = -1;
    return false;
  }
  if (txn->missing_us < 0) txn->missing_us = now_us;
  return node == txn->anchor || now_us - txn->missing_us >= txn->config.transaction_timeout_us;
}

static bool look_proves(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_suspect *suspect,
                        const struct ktxn__txn_result *look) {
  const struct ktxn__txn_slot *slot = &suspect->slot;
  if (look->fate == KTXN__TXN_UNSUPPORTED) return true; /* before Kafka 3.0 there is no look; the worst is a needless end */
  if (ktxn__txn_lost(txn, now_us, slot->node, look)) return true;
  if (look->fate != KTXN__TXN_ANSWERED || look->code != 0) return false;
  if (may_be_own_abort(slot, look)) return false;
  if (ktxn__txn_behind(txn, look)) return false;
  if (look->producer_id != slot->producer_id) return true;
  /* "Not your producer id" from a node that now holds ours: it has learned since, and is asked again. */
  return suspect->code != KTXN_E_INVALID_PRODUCER_ID_MAPPING && look->producer_epoch > slot->producer_epoch;
}

void ktxn__txn_suspect_looked(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                              const struct ktxn__txn_result *result) {
  struct ktxn__txn_suspect suspect = txn->suspect;
  (void)slot;
  txn->suspect.active = false;
  if (!may_change(txn, &suspect.slot, result) && look_proves(txn, now_us, &suspect, result)) {
    ktxn__txn_wait_none(txn);
    counts(txn, now_us, &suspect.slot, suspect.code, result);
    return;
  }
  ktxn__txn_refind(txn, now_us, suspect.slot.node);
}
