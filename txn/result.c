#include "txn/state.h"

/* Results of coordinator requests: what every copy taints, then what its answer means. */

/* A byte of this copy may have left, and its answer is missing or neither 0 nor definite. What that does to the epoch
 * is_tainting() says. */
static void note_ambiguous(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot) {
  switch (slot->api) {
    case KTXN__TXN_API_INIT:
      if (slot->producer_id >= 0) txn->bump_ambiguous = true;
      return;
    case KTXN__TXN_API_ADD_PARTITIONS:
    case KTXN__TXN_API_ADD_OFFSETS:
      if (slot->purpose != KTXN__TXN_FOR_DEBT) txn->maybe = true;
      return;
    case KTXN__TXN_API_OFFSET_COMMIT:
      ktxn__txn_mark_sweep_group(txn, ktxn__txn_group(txn, (uint32_t)slot->group));
      return;
    case KTXN__TXN_API_END:
      if (slot->purpose == KTXN__TXN_FOR_FENCE) {
        txn->probe_ambiguous = true;
        return;
      }
      if (slot->purpose != KTXN__TXN_FOR_TRANSACTION) return;
      txn->commit_ambiguous = txn->commit_ambiguous || slot->commit;
      txn->abort_ambiguous = txn->abort_ambiguous || !slot->commit;
      return;
    default:
      return;
  }
}

static bool is_ambiguous(const struct ktxn__txn_slot *slot, const struct ktxn__txn_result *result, int16_t code) {
  if (result->fate == KTXN__TXN_LOST) return true;
  if (result->fate != KTXN__TXN_ANSWERED || code == 0) return false;
  /* InitProducerId answered 51 may have fenced first. */
  if (slot->api == KTXN__TXN_API_INIT && code == KTXN_E_CONCURRENT_TRANSACTIONS) return true;
  return !ktxn__txn_definite(code);
}

static enum ktxn__txn_action action_of(const struct ktxn__txn_slot *slot, int16_t code) {
  return ktxn__txn_action(ktxn__txn_column((enum ktxn__txn_api)slot->api, slot->commit), slot->v2, code);
}

/* How much an action matters when the parts of one answer differ: the most serious decides. */
static int weight(enum ktxn__txn_action action) {
  static const uint8_t weights[] = {
      [KTXN__TXN_OK] = 0,        [KTXN__TXN_AGAIN] = 2,     [KTXN__TXN_ELSEWHERE] = 3, [KTXN__TXN_PACED] = 1,
      [KTXN__TXN_SAME] = 3,      [KTXN__TXN_ABORTABLE] = 5, [KTXN__TXN_RESTART] = 6,   [KTXN__TXN_RETURN] = 5,
      [KTXN__TXN_FATAL] = 9,     [KTXN__TXN_SUSPECT] = 8,   [KTXN__TXN_FENCE] = 8,     [KTXN__TXN_FEATURES] = 7,
      [KTXN__TXN_SEQUENCE] = 5,  [KTXN__TXN_FORGOTTEN] = 5, [KTXN__TXN_REFUSED] = 5,   [KTXN__TXN_TOO_LARGE] = 5};
  return weights[action];
}

/* The index of the code that decides; code_count = none (all well). */
static uint32_t decisive(const struct ktxn__txn_slot *slot, const struct ktxn__txn_result *result) {
  uint32_t worst = result->code_count;
  int worst_weight = 0;
  for (uint32_t i = 0; i < result->code_count; i++) {
    int w = weight(action_of(slot, result->codes[i]));
    /* 55 only says that another part failed. */
    if (result->codes[i] == KTXN_E_OPERATION_NOT_ATTEMPTED) w = 1;
    if (w <= worst_weight) continue;
    worst = i;
    worst_weight = w;
  }
  return worst;
}

static void fatal(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot, int16_t code) {
  struct ktxn__txn_error error = ktxn__txn_cause(code, ktxn__txn_class(KTXN__TXN_FATAL, code), code, slot->api);
  error.group = slot->api == KTXN__TXN_API_ADD_PARTITIONS ? -1 : slot->group;
  if (code == KTXN_E_INVALID_PRODUCER_EPOCH || code == KTXN_E_PRODUCER_FENCED)
    ktxn__txn_fenced(txn, code, slot->api);
  else
    ktxn__txn_fatal(txn, error);
}

static void unsupported(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot) {
  ktxn__txn_fatal(txn, ktxn__txn_cause(KTXN_E_UNSUPPORTED_VERSION, KTXN_CLASS_CONFIG, 0, slot->api));
}

static void abortable(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot, int16_t code, int32_t partition) {
  struct ktxn__txn_error error = ktxn__txn_cause(code, KTXN_CLASS_ABORT, code, slot->api);
  error.partition = partition;
  error.group = slot->api == KTXN__TXN_API_ADD_PARTITIONS ? -1 : slot->group;
  ktxn__txn_abortable(txn, error);
}

/* May the transaction still fail because of this? Not once a commit has left, and not what is owed behind its end. */
static bool may_fail(const struct ktxn__txn *txn) {
  return txn->state == KTXN__TXN_IN_TRANSACTION || (txn->state == KTXN__TXN_COMMITTING && !txn->commit_sent);
}

/* ---- FindCoordinator ------------------------------------------------------------------------------------------------ */

/* Another broker was asked once. If it does not know, a node that may be cut off is better than none. */
static void avoid_none(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot) {
  if (slot->api == KTXN__TXN_API_FIND_GROUP)
    ktxn__txn_group(txn, (uint32_t)slot->group)->avoid = KTXN__TXN_NODE_NONE;
  else
    txn->avoid = KTXN__TXN_NODE_NONE;
}

static void found(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot, int32_t node) {
  if (slot->api == KTXN__TXN_API_FIND_GROUP)
    ktxn__txn_group(txn, (uint32_t)slot->group)->node = node;
  else
    txn->coordinator = node;
}

static void on_find(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                    const struct ktxn__txn_result *result) {
  if (result->fate == KTXN__TXN_UNSUPPORTED) {
    unsupported(txn, slot);
    return;
  }
  avoid_none(txn, slot);
  if (result->fate != KTXN__TXN_ANSWERED) {
    ktxn__txn_wait_backoff(txn, now_us);
    return;
  }
  enum ktxn__txn_action action = action_of(slot, result->code);
  if (action == KTXN__TXN_OK) {
    found(txn, slot, result->node);
  } else if (action == KTXN__TXN_AGAIN || (action == KTXN__TXN_ABORTABLE && !may_fail(txn))) {
    ktxn__txn_wait_backoff(txn, now_us);
  } else if (action == KTXN__TXN_ABORTABLE) {
    abortable(txn, slot, result->code, -1);
  } else {
    fatal(txn, slot, result->code);
  }
}

/* ---- InitProducerId --------------------------------------------------------------------------------------------------- */

static void initialized(struct ktxn__txn *txn, const struct ktxn__txn_result *result) {
  ktxn__txn_adopt(txn, result->producer_id, result->producer_epoch, result->node);
  if (txn->state == KTXN__TXN_FATAL_ERROR) return;
  ktxn__txn_wait_none(txn);
  ktxn__txn_enter(txn, KTXN__TXN_READY);
  uint8_t op = txn->op;
  txn->op = KTXN__TXN_OP_NONE;
  ktxn__txn_report(txn, op, KTXN_OUTCOME_NONE, ktxn__txn_cause(0, KTXN_CLASS_NONE, 0, 0));
}

static void on_first_init(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                          const struct ktxn__txn_result *result, enum ktxn__txn_action action) {
  switch (action) {
    case KTXN__TXN_OK:
      initialized(txn, result);
      return;
    case KTXN__TXN_AGAIN:
    case KTXN__TXN_PACED: /* a predecessor's transaction is being aborted (KIP-98) */
      ktxn__txn_wait_backoff(txn, now_us);
      return;
    case KTXN__TXN_ELSEWHERE:
      ktxn__txn_refind_after(txn, now_us, slot, result->fate);
      return;
    case KTXN__TXN_RETURN:
      ktxn__txn_uninitialize(
          txn, ktxn__txn_cause(result->code, ktxn__txn_class(action, result->code), result->code, slot->api));
      return;
    default:
      fatal(txn, slot, result->code);
      return;
  }
}

static void on_init(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                    const struct ktxn__txn_result *result) {
  enum ktxn__txn_action action = action_of(slot, result->code);
  if (result->fate == KTXN__TXN_UNSUPPORTED) {
    unsupported(txn, slot);
    return;
  }
  if (result->fate != KTXN__TXN_ANSWERED) action = KTXN__TXN_ELSEWHERE;
  if (slot->purpose == KTXN__TXN_FOR_DEBT)
    ktxn__txn_debt_bumped(txn, now_us, slot, result, action);
  else
    on_first_init(txn, now_us, slot, result, action);
}

/* ---- AddPartitionsToTxn, AddOffsetsToTxn ---------------------------------------------------------------------------- */

static void registered(struct ktxn__txn *txn, int64_t now_us, int32_t node) {
  if (!txn->acked && txn->mode == 1) ktxn__txn_pace_complete(txn, now_us, txn->paced_since_us >= 0);
  txn->acked = true;
  txn->maybe = true;
  txn->anchored = txn->anchored || node == txn->anchor;
  txn->acked_node = node;
}

/* Each partition of the request by its own code; what was not taken is asked for again. */
static void book_partitions(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_result *result,
                            bool answered) {
  for (uint32_t i = 0; i < txn->asked_count; i++) {
    struct ktxn__txn_partition *partition = ktxn__txn_partition(txn, ktxn__txn_asked(txn)[i]);
    if (answered && i < result->code_count && result->codes[i] == 0) {
      partition->registration = KTXN__TXN_REG_DONE;
      registered(txn, now_us, result->node);
    } else {
      partition->registration = KTXN__TXN_REG_NONE;
      ktxn__txn_set_pending(txn, partition);
    }
  }
}

static void group_registered(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot, int32_t node) {
  ktxn__txn_group(txn, (uint32_t)slot->group)->registration = KTXN__TXN_REG_DONE;
  registered(txn, now_us, node);
}

/* The coordinator is busy with our last end, or with what this transaction asked for before. */
static void refused_51(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot) {
  if (slot->purpose != KTXN__TXN_FOR_TRANSACTION)
    ktxn__txn_pace_repeat(txn, now_us);
  else if (txn->acked)
    ktxn__txn_wait_backoff(txn, now_us); /* only what comes first behind an end has a reason to hurry (KAFKA-5477) */
  else
    ktxn__txn_pace_refused(txn, now_us);
}

static void register_failed(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot, int16_t code,
                            int32_t partition, enum ktxn__txn_action action) {
  switch (action) {
    case KTXN__TXN_PACED:
      refused_51(txn, now_us, slot);
      return;
    case KTXN__TXN_AGAIN:
      ktxn__txn_wait_backoff(txn, now_us);
      return;
    case KTXN__TXN_ELSEWHERE:
      ktxn__txn_refind(txn, now_us, KTXN__TXN_NODE_NONE);
      return;
    case KTXN__TXN_SUSPECT:
      ktxn__txn_suspect(txn, slot, code);
      return;
    case KTXN__TXN_RESTART:
    case KTXN__TXN_ABORTABLE:
      abortable(txn, slot, code, partition);
      return;
    default:
      fatal(txn, slot, code);
      return;
  }
}

/* Nothing is left whose registration could show that the transaction is ours to end. V2: then an end is not sent, it could
 * be taken for a successor's. */
static void unproven(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot, int16_t code) {
  if (ktxn__txn_ends_by_v5(txn))
    ktxn__txn_fenced(txn, code, slot->api);
  else
    ktxn__txn_fatal(txn, ktxn__txn_cause(code, KTXN_CLASS_RECREATE, code, slot->api));
}

/* A registration of the transaction repeated before its end: 3, 29, 30 pass on to another partition or group. */
static void on_repeat(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                      const struct ktxn__txn_result *result, int16_t code) {
  bool partition = slot->api == KTXN__TXN_API_ADD_PARTITIONS;
  enum ktxn__txn_action action = action_of(slot, code);
  if (action == KTXN__TXN_OK) {
    registered(txn, now_us, result->node);
    ktxn__txn_wait_none(txn);
  } else if (code == KTXN_E_UNKNOWN_TOPIC_OR_PARTITION || code == KTXN_E_TOPIC_AUTHORIZATION_FAILED ||
             code == KTXN_E_GROUP_AUTHORIZATION_FAILED) {
    if (partition)
      ktxn__txn_partition(txn, ktxn__txn_asked(txn)[0])->gone = true;
    else
      ktxn__txn_group(txn, (uint32_t)slot->group)->gone = true;
    if (!ktxn__txn_repeatable(txn)) unproven(txn, slot, code);
  } else if (action == KTXN__TXN_ABORTABLE || action == KTXN__TXN_RESTART) {
    ktxn__txn_refind(txn, now_us, KTXN__TXN_NODE_NONE);
  } else {
    register_failed(txn, now_us, slot, code, -1, action);
  }
}

static void on_sweep_register(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                              const struct ktxn__txn_result *result, int16_t code) {
  enum ktxn__txn_action action = action_of(slot, code);
  bool partitions = slot->api == KTXN__TXN_API_ADD_PARTITIONS;
  if (action == KTXN__TXN_OK) {
    ktxn__txn_debt_registered(txn, slot);
  } else if (partitions && code == KTXN_E_UNKNOWN_TOPIC_OR_PARTITION) {
    ktxn__txn_debt_unknown(txn, now_us, result);
  } else if (action == KTXN__TXN_ABORTABLE || action == KTXN__TXN_RESTART) {
    fatal(txn, slot, code);
  } else {
    register_failed(txn, now_us, slot, code, -1, action);
  }
}

static void register_answered(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                              const struct ktxn__txn_result *result) {
  uint32_t index = decisive(slot, result);
  bool told = index < result->code_count;
  int16_t code = told ? result->codes[index] : result->code;
  if (slot->purpose == KTXN__TXN_FOR_REPEAT) {
    on_repeat(txn, now_us, slot, result, code);
  } else if (slot->purpose == KTXN__TXN_FOR_DEBT) {
    on_sweep_register(txn, now_us, slot, result, code);
  } else if (code != 0) {
    register_failed(txn, now_us, slot, code, told ? (int32_t)ktxn__txn_asked(txn)[index] : -1, action_of(slot, code));
  } else {
    if (slot->api == KTXN__TXN_API_ADD_OFFSETS) group_registered(txn, now_us, slot, result->node);
    ktxn__txn_wait_none(txn);
  }
}

static void on_register(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                        const struct ktxn__txn_result *result) {
  bool normal = slot->purpose == KTXN__TXN_FOR_TRANSACTION;
  bool answered = result->fate == KTXN__TXN_ANSWERED;
  if (result->fate == KTXN__TXN_UNSUPPORTED) {
    unsupported(txn, slot);
    return;
  }
  if (normal && slot->api == KTXN__TXN_API_ADD_PARTITIONS) book_partitions(txn, now_us, result, answered);
  /* Not a byte of the first registration left: the transaction is as it was before it. */
  if (normal && txn->mode == 1 && result->fate == KTXN__TXN_UNSENT && !txn->maybe) txn->registered_us = -1;
  if (answered)
    register_answered(txn, now_us, slot, result);
  else
    ktxn__txn_refind_after(txn, now_us, slot, result->fate);
}

/* ---- TxnOffsetCommit -------------------------------------------------------------------------------------------------- */

static void offsets_failed(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot, int16_t code) {
  struct ktxn__txn_group *group = ktxn__txn_group(txn, (uint32_t)slot->group);
  switch (action_of(slot, code)) {
    case KTXN__TXN_ELSEWHERE:
      group->node = KTXN__TXN_NODE_NONE;
      ktxn__txn_wait_backoff(txn, now_us);
      return;
    case KTXN__TXN_AGAIN:
    case KTXN__TXN_PACED:
      ktxn__txn_wait_backoff(txn, now_us);
      return;
    case KTXN__TXN_FENCE:
      ktxn__txn_fence_enter(txn, now_us, code, slot->api);
      return;
    case KTXN__TXN_FEATURES:
      txn->no_v5 = true;
      abortable(txn, slot, code, -1);
      return;
    case KTXN__TXN_FATAL:
      fatal(txn, slot, code);
      return;
    default:
      abortable(txn, slot, code, -1);
      return;
  }
}

/* V2: a group's coordinator that lacks the version; the next transaction runs in V1. */
static void offsets_unsupported(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot) {
  if (txn->mode != 2)
    unsupported(txn, slot);
  else
    ktxn__txn_abortable(txn, ktxn__txn_cause(KTXN_E_UNSUPPORTED_VERSION, KTXN_CLASS_ABORT, 0, slot->api));
}

static void on_offsets(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                       const struct ktxn__txn_result *result) {
  struct ktxn__txn_group *group = ktxn__txn_group(txn, (uint32_t)slot->group);
  if (result->fate == KTXN__TXN_UNSUPPORTED) {
    offsets_unsupported(txn, slot);
    return;
  }
  if (result->fate != KTXN__TXN_ANSWERED) {
    if (result->fate == KTXN__TXN_LOST) group->avoid = group->node;
    group->node = KTXN__TXN_NODE_NONE;
    ktxn__txn_wait_backoff(txn, now_us);
    return;
  }
  /* KIP-890: what was taken is registered, at the coordinator that the group's knows. It need not be ours: that one has acknowledged
   * nothing by this, which an older end would lean on. */
  for (uint32_t i = 0; i < result->code_count; i++)
    if (result->codes[i] == 0 && !ktxn__txn_registers(txn)) txn->acked = txn->maybe = true;
  uint32_t index = decisive(slot, result);
  int16_t code = index < result->code_count ? result->codes[index] : result->code;
  if (code != 0) {
    offsets_failed(txn, now_us, slot, code);
    return;
  }
  ktxn__txn_wait_none(txn);
  ktxn__txn_report_offsets(txn, ktxn__txn_cause(0, KTXN_CLASS_NONE, 0, 0));
}

/* ---- EndTxn, DescribeTransactions -------------------------------------------------------------------------------------- */

static void on_sweep_end(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                         const struct ktxn__txn_result *result, enum ktxn__txn_action action) {
  if (action == KTXN__TXN_OK && txn->debt == KTXN__TXN_DEBT_GHOST)
    ktxn__txn_debt_start(txn);
  else if (action == KTXN__TXN_OK)
    ktxn__txn_debt_swept(txn, result->node);
  else if (action == KTXN__TXN_PACED || action == KTXN__TXN_AGAIN)
    ktxn__txn_wait_backoff(txn, now_us);
  else if (action == KTXN__TXN_SAME || action == KTXN__TXN_ELSEWHERE)
    ktxn__txn_refind_after(txn, now_us, slot, result->fate);
  else if (txn->debt == KTXN__TXN_DEBT_GHOST)
    ktxn__txn_debt_start(txn); /* closed by somebody else, or never there but in a memory: look again */
  else if (action == KTXN__TXN_SUSPECT)
    ktxn__txn_suspect(txn, slot, result->code);
  else if (result->code == KTXN_E_INVALID_TXN_STATE)
    ktxn__txn_debt_astray(txn, now_us, slot->node);
  else
    fatal(txn, slot, result->code);
}

static enum ktxn__txn_action end_action(const struct ktxn__txn_slot *slot, const struct ktxn__txn_result *result) {
  if (result->fate == KTXN__TXN_UNSUPPORTED) return KTXN__TXN_FEATURES;
  return result->fate == KTXN__TXN_ANSWERED ? action_of(slot, result->code) : KTXN__TXN_ELSEWHERE;
}

static void on_end(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                   const struct ktxn__txn_result *result) {
  bool older = slot->v2 && slot->purpose == KTXN__TXN_FOR_TRANSACTION; /* KIP-890: there is another version to try */
  if (result->fate == KTXN__TXN_UNSUPPORTED && !older) {
    unsupported(txn, slot);
    return;
  }
  enum ktxn__txn_action action = end_action(slot, result);
  if (slot->purpose == KTXN__TXN_FOR_FENCE)
    ktxn__txn_fence_ended(txn, now_us, slot, result, action);
  else if (slot->purpose == KTXN__TXN_FOR_DEBT)
    on_sweep_end(txn, now_us, slot, result, action);
  else
    ktxn__txn_on_end(txn, now_us, slot, result, action);
}

static void on_describe(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                        const struct ktxn__txn_result *result) {
  switch (slot->purpose) {
    case KTXN__TXN_FOR_EVIDENCE:
      ktxn__txn_suspect_looked(txn, now_us, slot, result);
      return;
    case KTXN__TXN_FOR_FENCE:
      ktxn__txn_fence_looked(txn, now_us, slot, result);
      return;
    case KTXN__TXN_FOR_DEBT:
      ktxn__txn_debt_looked(txn, now_us, slot, result);
      return;
    default:
      ktxn__txn_pace_looked(txn, now_us, slot, result);
      return;
  }
}

typedef void (*handler)(struct ktxn__txn *, int64_t, const struct ktxn__txn_slot *, const struct ktxn__txn_result *);

static const handler handlers[KTXN__TXN_API_COUNT] = {
    [KTXN__TXN_API_FIND_TXN] = on_find,          [KTXN__TXN_API_FIND_GROUP] = on_find,
    [KTXN__TXN_API_INIT] = on_init,              [KTXN__TXN_API_ADD_PARTITIONS] = on_register,
    [KTXN__TXN_API_ADD_OFFSETS] = on_register,   [KTXN__TXN_API_OFFSET_COMMIT] = on_offsets,
    [KTXN__TXN_API_END] = on_end,                [KTXN__TXN_API_DESCRIBE] = on_describe,
};

static bool is_tainting(const struct ktxn__txn_slot *slot, const struct ktxn__txn_result *result, int16_t code) {
  enum ktxn__txn_column column = ktxn__txn_column((enum ktxn__txn_api)slot->api, slot->commit);
  if (slot->purpose == KTXN__TXN_FOR_FENCE) return false; /* it taints the epoch that it asks for: see timed_out() */
  if (result->fate == KTXN__TXN_LOST) return ktxn__txn_taints(column, KTXN_E_UNKNOWN_SERVER_ERROR);
  return result->fate == KTXN__TXN_ANSWERED && ktxn__txn_taints(column, code);
}

static void note(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot, const struct ktxn__txn_result *result,
                 int16_t code) {
  if (is_ambiguous(slot, result, code)) note_ambiguous(txn, slot);
  if (is_tainting(slot, result, code)) txn->tainted = true;
}

static void note_all(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot, const struct ktxn__txn_result *result) {
  note(txn, slot, result, result->code);
  for (uint32_t i = 0; result->fate == KTXN__TXN_ANSWERED && i < result->code_count; i++)
    note(txn, slot, result, result->codes[i]);
}

void ktxn__txn_on_result(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_result *result) {
  if (!txn->slot.active || txn->slot.id != result->id) return;
  struct ktxn__txn_slot slot = txn->slot;
  txn->slot.active = false;
  note_all(txn, &slot, result);
  if (txn->state == KTXN__TXN_FATAL_ERROR) return;
  handlers[slot.api](txn, now_us, &slot, result);
  ktxn__txn_note_busy(txn, now_us, &slot, result);
  ktxn__txn_advance(txn, now_us);
}
