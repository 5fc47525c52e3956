#include "txn/state.h"

/*
 * Pacing: the previous transaction may still be on its way to complete when the next one wants to begin at the broker.
 * V2: its end was answered before the markers were written, and a write that comes too early waits inside the broker
 * for 20 ms or more; so the coordinator is asked (DescribeTransactions) until the end is complete, and records gather
 * meanwhile. V1: the first registration is answered 51 until then, and is repeated. Both ask one at a time, in steps
 * that grow from a sixteenth of the time that this coordinator was seen to need.
 *
 * Nothing here decides more than when a request leaves: what is not known to be incomplete is not waited for.
 */

enum {
  STEP_MIN_US = 100,
  STEP_MAX_US = 5000,      /* V2: a probe costs a broker little */
  REPEAT_US = 300,         /* what is owed or repeated behind an end that is being completed: nothing was learnt of it */
  REFUSED_MAX_US = 20000,  /* V1: what Java waits each time (KAFKA-5477) */
  PROBES_MAX = 24,         /* then the write goes as it would without pacing */
  PACED_MAX_US = 100000,   /* likewise */
  SETTLED_AFTER_US = 1000000 /* an end so long past is complete: followers have fetched since then */
};

/* The last end was answered. `version` of EndTxn: from 5 on its markers may still be missing (KIP-890). */
void ktxn__txn_pace_ended(struct ktxn__txn *txn, int64_t now_us, int16_t version) {
  txn->ended_us = now_us;
  txn->settling = txn->config.pacing && version >= 5;
  txn->probes = 0;
  txn->paced_since_us = -1;
}

/* Records or offsets wait for the last end from now on. */
void ktxn__txn_pace_begin(struct ktxn__txn *txn, int64_t now_us) {
  if (txn->paced_since_us < 0) txn->paced_since_us = now_us;
}

void ktxn__txn_pace_stop(struct ktxn__txn *txn) {
  txn->settling = false;
  txn->paced_since_us = -1;
}

static void wait(struct ktxn__txn *txn, int64_t now_us, int64_t max_us) {
  int64_t first_us = txn->need_us / 16;
  ktxn__txn_wait_paced(txn, now_us, first_us < STEP_MIN_US ? STEP_MIN_US : first_us, max_us);
}

/* One slow end must not slow down the next ones: up by at most twice as much, down by a quarter. */
static void learn(struct ktxn__txn *txn, int64_t took_us) {
  if (took_us > txn->need_us) {
    int64_t most_us = 2 * txn->need_us + 2 * STEP_MIN_US;
    txn->need_us = took_us < most_us ? took_us : most_us;
  } else {
    txn->need_us -= (txn->need_us - took_us) / 4;
  }
}

/* The last end is complete. That it took long tells something only if it was seen incomplete before. */
void ktxn__txn_pace_complete(struct ktxn__txn *txn, int64_t now_us, bool waited) {
  int64_t took_us = now_us - txn->ended_us;
  if (txn->config.pacing && (waited || took_us < txn->need_us)) learn(txn, took_us);
  ktxn__txn_pace_stop(txn);
}

/* The longest wait behind a 51. */
static int64_t refused_us(const struct ktxn__txn *txn) {
  return txn->config.retry_backoff_us < REFUSED_MAX_US ? txn->config.retry_backoff_us : REFUSED_MAX_US;
}

/* V1: the first registration of a transaction was answered 51. */
void ktxn__txn_pace_refused(struct ktxn__txn *txn, int64_t now_us) {
  ktxn__txn_pace_begin(txn, now_us);
  if (txn->config.pacing)
    wait(txn, now_us, refused_us(txn));
  else
    txn->retry_at_us = now_us + refused_us(txn);
}

/* A registration that is repeated before an end, or a sweep's, was answered 51. */
void ktxn__txn_pace_repeat(struct ktxn__txn *txn, int64_t now_us) {
  ktxn__txn_wait_paced(txn, now_us, REPEAT_US, refused_us(txn));
}

static bool incomplete(const struct ktxn__txn_result *result) {
  return result->fate == KTXN__TXN_ANSWERED && result->code == 0 &&
         (result->look == KTXN__TXN_LOOK_PREPARE_COMMIT || result->look == KTXN__TXN_LOOK_PREPARE_ABORT);
}

static bool complete(const struct ktxn__txn_result *result) {
  return result->fate == KTXN__TXN_ANSWERED && result->code == 0 &&
         (result->look == KTXN__TXN_LOOK_COMPLETE_COMMIT || result->look == KTXN__TXN_LOOK_COMPLETE_ABORT);
}

/* It is silent, or says that another node is the coordinator: what follows need not find that out again. */
static bool elsewhere(const struct ktxn__txn_result *result) {
  if (result->fate != KTXN__TXN_ANSWERED) return result->fate == KTXN__TXN_LOST;
  return ktxn__txn_action(KTXN__TXN_COLUMN_DESCRIBE, true, result->code) == KTXN__TXN_ELSEWHERE;
}

/* V2: the answer to a probe. */
void ktxn__txn_pace_looked(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                           const struct ktxn__txn_result *result) {
  if (txn->settling && incomplete(result)) {
    wait(txn, now_us, STEP_MAX_US);
    return;
  }
  if (txn->settling && complete(result)) ktxn__txn_pace_complete(txn, now_us, txn->probes > 1);
  ktxn__txn_pace_stop(txn);
  if (elsewhere(result))
    ktxn__txn_refind_after(txn, now_us, slot, result->fate);
  else
    ktxn__txn_wait_none(txn);
}

static int64_t limit_us(const struct ktxn__txn *txn) {
  return txn->paced_since_us < 0 ? txn->ended_us + SETTLED_AFTER_US : txn->paced_since_us + PACED_MAX_US;
}

/* V2: enough is enough, also while a probe is on its way to a coordinator that doesn't answer. */
void ktxn__txn_pace_advance(struct ktxn__txn *txn, int64_t now_us) {
  if (!txn->settling) return;
  bool asking = txn->slot.active && txn->slot.purpose == KTXN__TXN_FOR_PACE;
  if (now_us >= limit_us(txn) || (txn->probes >= PROBES_MAX && !asking)) ktxn__txn_pace_stop(txn);
}

/* While a probe is under way: until when records wait for its answer. */
int64_t ktxn__txn_pace_deadline_us(const struct ktxn__txn *txn) {
  bool asking = txn->settling && txn->slot.active && txn->slot.purpose == KTXN__TXN_FOR_PACE;
  return asking ? limit_us(txn) : INT64_MAX;
}

int64_t ktxn__txn_paced_since_us(const struct ktxn__txn *txn) {
  bool open = txn->state == KTXN__TXN_IN_TRANSACTION || txn->state == KTXN__TXN_COMMITTING;
  return open ? txn->paced_since_us : -1;
}
