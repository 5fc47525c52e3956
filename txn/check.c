#include "txn/state.h"

/* The invariants of txn/README.md, by number. */

struct sums {
  uint32_t flights;
  uint32_t on_wire;
  uint32_t pending;
  uint32_t swept;
};

static int32_t after(int32_t sequence, uint32_t records) {
  return (int32_t)(((uint32_t)sequence + records) & INT32_MAX);
}

/* A batch behind one that may be in the log can have been acknowledged; nothing else leaves a hole before the epoch is
 * tainted. */
static bool in_order(const struct ktxn__txn *txn, const struct ktxn__txn_partition *partition) {
  if (!txn->config.transactional) return true; /* a given-up batch leaves a hole that is closed by the next epoch */
  for (uint8_t i = 0; i + 1 < partition->count; i++) {
    const struct ktxn__txn_flight *flight = &partition->flights[i];
    uint32_t hole = ((uint32_t)flight[1].base_sequence - (uint32_t)after(flight->base_sequence, flight->records)) & INT32_MAX;
    if (hole >= UINT32_C(1) << 30) return false;
    if (hole > 0 && !flight->overtaken && !txn->tainted) return false;
  }
  return true;
}

static const char *check_partitions(const struct ktxn__txn *txn, struct sums *sums) {
  for (uint32_t i = 0; i < txn->partition_room; i++) {
    const struct ktxn__txn_partition *partition = ktxn__txn_partition_at(txn, i);
    if (partition->count > KTXN__TXN_FLIGHTS_MAX) return "I1: more than five batches in the books of a partition";
    if (!in_order(txn, partition)) return "I2: the sequences in the books have a hole";
    sums->flights += partition->count;
    for (uint8_t f = 0; f < partition->count; f++) sums->on_wire += partition->flights[f].on_wire ? 1 : 0;
    bool pending = partition->ordinal == txn->ordinal && partition->registration == KTXN__TXN_REG_PENDING;
    sums->pending += pending ? 1 : 0;
    sums->swept += partition->sweep ? 1 : 0;
  }
  return NULL;
}

/* What is under way has what it needs; behind a FATAL error nothing is. */
static const char *check_ends(const struct ktxn__txn *txn) {
  if (txn->held && (txn->state != KTXN__TXN_ABORTING || txn->debt == KTXN__TXN_DEBT_NONE))
    return "I8: a held end that is no abort, or owes nothing";
  if (txn->committed && txn->state != KTXN__TXN_COMMITTING) return "I11: a proven commit outside COMMITTING";
  if (txn->offsets_group >= 0 && txn->state != KTXN__TXN_IN_TRANSACTION && txn->fence == KTXN__TXN_FENCE_NONE)
    return "I12: offsets outside a transaction";
  return NULL;
}

static const char *check_state(const struct ktxn__txn *txn) {
  bool failed = txn->state == KTXN__TXN_FATAL_ERROR || txn->state == KTXN__TXN_ABORTABLE_ERROR;
  if (failed && txn->error.code == 0) return "I4: an error state without an error";
  if (txn->state == KTXN__TXN_COMMITTING && txn->op != KTXN__TXN_OP_COMMIT) return "I5: COMMITTING without a commit";
  if (txn->state == KTXN__TXN_ABORTING && txn->op != KTXN__TXN_OP_ABORT) return "I5: ABORTING without an abort";
  if (txn->state == KTXN__TXN_READY && txn->producer_id < 0) return "I6: READY without a producer id";
  if (txn->state == KTXN__TXN_READY && txn->config.transactional && txn->flights > 0)
    return "I7: READY with batches in the books";
  if (txn->acked && !txn->maybe) return "I9: registered, and certainly not registered";
  if (txn->acked && txn->registered_us < 0) return "I10: registered, and nothing has left";
  if (txn->state != KTXN__TXN_FATAL_ERROR) return check_ends(txn);
  return NULL;
}

const char *ktxn__txn_check(const struct ktxn__txn *txn) {
  struct sums sums = {0, 0, 0, 0};
  const char *broken = check_partitions(txn, &sums);
  if (broken != NULL) return broken;
  if (sums.flights != txn->flights || sums.on_wire != txn->on_wire || sums.swept != txn->sweep_partitions)
    return "I3: the totals do not match the books";
  if (ktxn__txn_in_transaction(txn) && sums.pending != txn->pending) return "I3: the pending total does not match";
  return check_state(txn);
}
