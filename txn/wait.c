#include "txn/state.h"

/* Waits between requests: exponential with jitter (KIP-580), and short ones while a transaction is being completed. */

static uint64_t next_random(struct ktxn__txn *txn) {
  /* splitmix64 */
  uint64_t z = (txn->random += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* 0.8 to 1.2 of `us` */
static int64_t jitter(struct ktxn__txn *txn, int64_t us) {
  if (us <= 1) return us;
  int64_t span = us * 2 / 5 + 1;
  return us - us / 5 + (int64_t)(next_random(txn) % (uint64_t)span);
}

void ktxn__txn_wait_none(struct ktxn__txn *txn) {
  txn->retry_at_us = 0;
  txn->pace_us = 0;
  txn->attempts = 0;
}

void ktxn__txn_wait_backoff(struct ktxn__txn *txn, int64_t now_us) {
  int64_t max_us = txn->config.retry_backoff_max_us;
  int64_t wait_us = txn->config.retry_backoff_us;
  for (uint32_t i = 0; i < txn->attempts; i++) wait_us *= 2;
  if (wait_us < max_us) txn->attempts++;
  wait_us = jitter(txn, wait_us);
  if (wait_us > max_us) wait_us = max_us;
  txn->retry_at_us = now_us + wait_us;
}

void ktxn__txn_wait_paced(struct ktxn__txn *txn, int64_t now_us, int64_t first_us, int64_t max_us) {
  txn->pace_us = txn->pace_us == 0 ? first_us : txn->pace_us + txn->pace_us / 2;
  if (txn->pace_us > max_us) txn->pace_us = max_us;
  txn->retry_at_us = now_us + txn->pace_us;
}

void ktxn__txn_refind(struct ktxn__txn *txn, int64_t now_us, int32_t avoid) {
  txn->coordinator = KTXN__TXN_NODE_NONE;
  txn->avoid = avoid;
  ktxn__txn_wait_backoff(txn, now_us);
}

/* A node that does not answer may be one that is cut off from its cluster: asked for the coordinator it names itself. */
void ktxn__txn_refind_after(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                            enum ktxn__txn_fate fate) {
  ktxn__txn_refind(txn, now_us, fate == KTXN__TXN_LOST ? slot->node : KTXN__TXN_NODE_NONE);
}

static bool says_busy(const struct ktxn__txn_result *result) {
  if (result->fate != KTXN__TXN_ANSWERED) return false;
  bool busy = result->code == KTXN_E_CONCURRENT_TRANSACTIONS;
  for (uint32_t i = 0; i < result->code_count; i++) busy = busy || result->codes[i] == KTXN_E_CONCURRENT_TRANSACTIONS;
  return busy || result->look == KTXN__TXN_LOOK_PREPARE_COMMIT || result->look == KTXN__TXN_LOOK_PREPARE_ABORT;
}

/* A coordinator that is cut off can't finish what it has begun, and says so until the transaction's timeout has passed
 * or for ever: from time to time the coordinator is asked for through another broker. */
void ktxn__txn_note_busy(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                         const struct ktxn__txn_result *result) {
  if (slot->api == KTXN__TXN_API_FIND_TXN || slot->api == KTXN__TXN_API_FIND_GROUP) return;
  if (!says_busy(result)) {
    txn->busy_us = -1;
    return;
  }
  if (txn->busy_us < 0) txn->busy_us = now_us;
  if (now_us - txn->busy_us < txn->config.retry_backoff_max_us) return;
  txn->busy_us = now_us;
  if (slot->api == KTXN__TXN_API_OFFSET_COMMIT) {
    struct ktxn__txn_group *group = ktxn__txn_group(txn, (uint32_t)slot->group);
    group->node = KTXN__TXN_NODE_NONE;
    group->avoid = slot->node;
  } else {
    txn->coordinator = KTXN__TXN_NODE_NONE;
    txn->avoid = slot->node;
  }
}
