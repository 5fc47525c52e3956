#include "txn/state.h"

bool ktxn__txn_in_transaction(const struct ktxn__txn *txn) {
  return txn->state == KTXN__TXN_IN_TRANSACTION || txn->state == KTXN__TXN_COMMITTING ||
         txn->state == KTXN__TXN_ABORTING || txn->state == KTXN__TXN_ABORTABLE_ERROR;
}

struct ktxn__txn_error ktxn__txn_cause(int code, enum ktxn_class error_class, int16_t broker_code, uint8_t api) {
  struct ktxn__txn_error error = {code, error_class, broker_code, (enum ktxn__txn_api)api, -1, -1, KTXN_OUTCOME_NONE};
  return error;
}

#define BIT(state) (1u << (state))

/* For each state, those it may be entered from. */
static const uint16_t from[] = {
    [KTXN__TXN_UNINITIALIZED] = BIT(KTXN__TXN_INITIALIZING) | BIT(KTXN__TXN_READY),
    [KTXN__TXN_INITIALIZING] = BIT(KTXN__TXN_UNINITIALIZED),
    [KTXN__TXN_READY] = BIT(KTXN__TXN_INITIALIZING) | BIT(KTXN__TXN_COMMITTING) | BIT(KTXN__TXN_ABORTING),
    [KTXN__TXN_IN_TRANSACTION] = BIT(KTXN__TXN_READY),
    [KTXN__TXN_PREPARED] = 0,
    [KTXN__TXN_COMMITTING] = BIT(KTXN__TXN_IN_TRANSACTION),
    [KTXN__TXN_ABORTING] = BIT(KTXN__TXN_IN_TRANSACTION) | BIT(KTXN__TXN_ABORTABLE_ERROR),
    [KTXN__TXN_ABORTABLE_ERROR] = BIT(KTXN__TXN_IN_TRANSACTION) | BIT(KTXN__TXN_COMMITTING),
    [KTXN__TXN_FATAL_ERROR] = 0xffff,
};

void ktxn__txn_enter(struct ktxn__txn *txn, enum ktxn__txn_state state) {
  if (!ktxn__txn_ensure(txn, (from[state] & BIT(txn->state)) != 0, "illegal transition")) return;
  txn->state = (uint8_t)state;
}

void ktxn__txn_report(struct ktxn__txn *txn, uint8_t op, enum ktxn_outcome outcome, struct ktxn__txn_error error) {
  if (op == KTXN__TXN_OP_NONE) return;
  if (!ktxn__txn_ensure(txn, txn->report_count < KTXN__TXN_REPORTS, "reports are not collected")) return;
  struct ktxn__txn_report *report = &txn->reports[txn->report_count++];
  report->op = (enum ktxn__txn_op)op;
  report->fatal = txn->state == KTXN__TXN_FATAL_ERROR;
  report->outcome = outcome;
  report->error = error;
  report->error.outcome = outcome;
}

void ktxn__txn_report_offsets(struct ktxn__txn *txn, struct ktxn__txn_error error) {
  if (txn->offsets_group < 0) return;
  txn->offsets_group = -1;
  ktxn__txn_report(txn, KTXN__TXN_OP_OFFSETS, KTXN_OUTCOME_NONE, error);
}

static bool end_under_way(const struct ktxn__txn *txn, bool commit) {
  return txn->slot.active && txn->slot.api == KTXN__TXN_API_END && txn->slot.commit == commit &&
         txn->slot.purpose == KTXN__TXN_FOR_TRANSACTION;
}

/* V1: between EndTxn(abort) and the acknowledged sweep a late batch of the transaction may be opened again by whoever has
 * fenced us, and committed. */
static bool unswept(const struct ktxn__txn *txn, bool left) {
  bool owed = txn->sweep_partitions + txn->sweep_groups > 0 && !ktxn__txn_ends_by_v5(txn);
  return txn->held || (owed && (txn->abort_ambiguous || (left && end_under_way(txn, false))));
}

enum ktxn_outcome ktxn__txn_outcome(const struct ktxn__txn *txn, bool left) {
  if (!ktxn__txn_in_transaction(txn)) return KTXN_OUTCOME_NONE;
  if (txn->committed) return KTXN_OUTCOME_COMMITTED;
  bool doubt = txn->commit_ambiguous || (left && end_under_way(txn, true)) || unswept(txn, left);
  return doubt ? KTXN_OUTCOME_IN_DOUBT : KTXN_OUTCOME_NOT_COMMITTED;
}

/* The commit is proven; only the identity to go on with can't be had any more. */
static void end_committed(struct ktxn__txn *txn, struct ktxn__txn_error error) {
  error.error_class = KTXN_CLASS_RECREATE;
  ktxn__txn_fatal(txn, error);
}

void ktxn__txn_abortable(struct ktxn__txn *txn, struct ktxn__txn_error error) {
  if (txn->committed) {
    end_committed(txn, error);
    return;
  }
  error.error_class = KTXN_CLASS_ABORT;
  /* A commit that met a newer epoch ends with what is found out about that, not with a batch that failed meanwhile. */
  if (txn->fence != KTXN__TXN_FENCE_NONE && txn->state == KTXN__TXN_COMMITTING) return;
  bool refused = txn->state != KTXN__TXN_COMMITTING || !txn->commit_ambiguous;
  if (!ktxn__txn_ensure(txn, refused, "a commit of unknown fate was called not committed")) return;
  if (txn->state == KTXN__TXN_IN_TRANSACTION || txn->state == KTXN__TXN_COMMITTING) {
    uint8_t op = txn->op;
    txn->op = KTXN__TXN_OP_NONE;
    ktxn__txn_enter(txn, KTXN__TXN_ABORTABLE_ERROR);
    txn->error = error;
    /* Nothing was committed: the commit was not sent, or each of its copies was definitely refused. */
    ktxn__txn_report(txn, op, KTXN_OUTCOME_NOT_COMMITTED, error);
  }
  /* While ABORTING it makes no difference: the abort goes on. Offsets wait for the answer to who moved the epoch, too. */
  if (txn->fence == KTXN__TXN_FENCE_NONE) ktxn__txn_report_offsets(txn, error);
}

static void fatal_outcome(struct ktxn__txn *txn, struct ktxn__txn_error error, enum ktxn_outcome outcome) {
  if (txn->state == KTXN__TXN_FATAL_ERROR) return;
  uint8_t op = txn->op;
  txn->op = KTXN__TXN_OP_NONE;
  error.outcome = outcome;
  txn->state = KTXN__TXN_FATAL_ERROR;
  txn->error = error;
  txn->debt = KTXN__TXN_DEBT_NONE;
  txn->fence = KTXN__TXN_FENCE_NONE;
  txn->suspect.active = false;
  ktxn__txn_report(txn, op, outcome, error);
  ktxn__txn_report_offsets(txn, error);
}

void ktxn__txn_fatal(struct ktxn__txn *txn, struct ktxn__txn_error error) {
  if (txn->committed) ktxn__txn_settle(txn, true);
  fatal_outcome(txn, error, ktxn__txn_outcome(txn, true));
}

void ktxn__txn_fatal_code(struct ktxn__txn *txn, int16_t code, uint8_t api) {
  ktxn__txn_fatal(txn, ktxn__txn_cause(code, ktxn__txn_class(KTXN__TXN_FATAL, code), code, api));
}

void ktxn__txn_fenced(struct ktxn__txn *txn, int16_t broker_code, uint8_t api) {
  ktxn__txn_fatal(txn, ktxn__txn_cause(KTXN_E_FENCED, KTXN_CLASS_RECREATE, broker_code, api));
}

void ktxn__txn_uninitialize(struct ktxn__txn *txn, struct ktxn__txn_error error) {
  uint8_t op = txn->op;
  txn->op = KTXN__TXN_OP_NONE;
  ktxn__txn_enter(txn, KTXN__TXN_UNINITIALIZED);
  txn->error = error;
  ktxn__txn_report(txn, op, KTXN_OUTCOME_NONE, error);
}

bool ktxn__txn_ensure(struct ktxn__txn *txn, bool holds, const char *what) {
  if (holds) return true;
  ktxn__txn_hook(what);
  /* Straight to FATAL without the report list, which may be what is broken. */
  if (txn->state != KTXN__TXN_FATAL_ERROR) {
    enum ktxn_outcome outcome = ktxn__txn_outcome(txn, true);
    txn->report_count = 0;
    fatal_outcome(txn, ktxn__txn_cause(KTXN_E_INTERNAL, KTXN_CLASS_RECREATE, 0, 0), outcome);
  }
  return false;
}

void ktxn__txn_break(struct ktxn__txn *txn, int64_t now_us) {
  (void)now_us;
  ktxn__txn_ensure(txn, false, "the caller's books are broken");
}

const char *ktxn__txn_state_name(enum ktxn__txn_state state) {
  static const char *const names[] = {"UNINITIALIZED", "INITIALIZING", "READY",           "IN_TRANSACTION", "PREPARED",
                                      "COMMITTING",    "ABORTING",     "ABORTABLE_ERROR", "FATAL_ERROR"};
  return names[state];
}

const char *ktxn__txn_api_name(enum ktxn__txn_api api) {
  static const char *const names[KTXN__TXN_API_COUNT] = {
      "FindCoordinator(transaction)", "FindCoordinator(group)", "InitProducerId",       "AddPartitionsToTxn",
      "AddOffsetsToTxn",              "TxnOffsetCommit",        "EndTxn",               "DescribeTransactions",
      "Produce"};
  return names[api];
}
