#include "txn/txn.h"

#include <string.h>

#include "txn/state.h"

/* The block, and the application's commands. */

static size_t partitions_offset(void) { return (sizeof(struct ktxn__txn) + 7u) & ~(size_t)7u; }

static size_t groups_offset(uint32_t partitions) {
  return partitions_offset() + partitions * sizeof(struct ktxn__txn_partition);
}

static size_t asked_offset(uint32_t partitions, uint32_t groups) {
  return groups_offset(partitions) + groups * sizeof(struct ktxn__txn_group);
}

size_t ktxn__txn_size(uint32_t partitions, uint32_t groups) {
  return asked_offset(partitions, groups) + partitions * sizeof(uint32_t);
}

const struct ktxn__txn_partition *ktxn__txn_partition_at(const struct ktxn__txn *txn, uint32_t partition) {
  const unsigned char *base = (const unsigned char *)txn;
  return (const struct ktxn__txn_partition *)(const void *)(base + partitions_offset()) + partition;
}

struct ktxn__txn_partition *ktxn__txn_partition(struct ktxn__txn *txn, uint32_t partition) {
  unsigned char *base = (unsigned char *)txn;
  return (struct ktxn__txn_partition *)(void *)(base + partitions_offset()) + partition;
}

const struct ktxn__txn_group *ktxn__txn_group_at(const struct ktxn__txn *txn, uint32_t group) {
  const unsigned char *base = (const unsigned char *)txn;
  return (const struct ktxn__txn_group *)(const void *)(base + groups_offset(txn->partition_room)) + group;
}

struct ktxn__txn_group *ktxn__txn_group(struct ktxn__txn *txn, uint32_t group) {
  unsigned char *base = (unsigned char *)txn;
  return (struct ktxn__txn_group *)(void *)(base + groups_offset(txn->partition_room)) + group;
}

uint32_t *ktxn__txn_asked(struct ktxn__txn *txn) {
  unsigned char *base = (unsigned char *)txn;
  return (uint32_t *)(void *)(base + asked_offset(txn->partition_room, txn->group_room));
}

uint32_t ktxn__txn_partition_room(const struct ktxn__txn *txn) { return txn->partition_room; }
uint32_t ktxn__txn_group_room(const struct ktxn__txn *txn) { return txn->group_room; }

static void init_partitions(struct ktxn__txn *txn, uint32_t first) {
  for (uint32_t i = first; i < txn->partition_room; i++) {
    struct ktxn__txn_partition *partition = ktxn__txn_partition(txn, i);
    memset(partition, 0, sizeof *partition);
    partition->ordinal = -1;
    partition->producer_id = -1;
    partition->producer_epoch = -1;
    partition->node = KTXN__TXN_NODE_NONE;
  }
}

static void init_groups(struct ktxn__txn *txn, uint32_t first) {
  for (uint32_t i = first; i < txn->group_room; i++) {
    struct ktxn__txn_group *group = ktxn__txn_group(txn, i);
    memset(group, 0, sizeof *group);
    group->ordinal = -1;
    group->node = KTXN__TXN_NODE_NONE;
    group->avoid = KTXN__TXN_NODE_NONE;
  }
}

struct ktxn__txn *ktxn__txn_init(void *block, uint32_t partitions, uint32_t groups,
                                 const struct ktxn__txn_config *config) {
  struct ktxn__txn *txn = block;
  memset(block, 0, ktxn__txn_size(partitions, groups));
  txn->config = *config;
  txn->partition_room = partitions;
  txn->group_room = groups;
  txn->producer_id = -1;
  txn->former_id = -1;
  txn->producer_epoch = -1;
  txn->level = -1;
  txn->anchor = KTXN__TXN_NODE_NONE;
  txn->coordinator = KTXN__TXN_NODE_NONE;
  txn->avoid = KTXN__TXN_NODE_NONE;
  txn->acked_node = KTXN__TXN_NODE_NONE;
  txn->registered_us = -1;
  txn->heard_us = -1;
  txn->missing_us = -1;
  txn->busy_us = -1;
  txn->offsets_group = -1;
  txn->paced_since_us = -1;
  txn->random = config->seed;
  init_partitions(txn, 0);
  init_groups(txn, 0);
  return txn;
}

struct ktxn__txn *ktxn__txn_move(const struct ktxn__txn *from, void *block, uint32_t partitions, uint32_t groups) {
  struct ktxn__txn *txn = block;
  const unsigned char *old = (const unsigned char *)from;
  memset(block, 0, ktxn__txn_size(partitions, groups));
  *txn = *from;
  txn->partition_room = partitions;
  txn->group_room = groups;
  memcpy(ktxn__txn_partition(txn, 0), ktxn__txn_partition_at(from, 0),
         from->partition_room * sizeof(struct ktxn__txn_partition));
  memcpy(ktxn__txn_group(txn, 0), ktxn__txn_group_at(from, 0), from->group_room * sizeof(struct ktxn__txn_group));
  memcpy(ktxn__txn_asked(txn), old + asked_offset(from->partition_room, from->group_room),
         from->partition_room * sizeof(uint32_t));
  init_partitions(txn, from->partition_room);
  init_groups(txn, from->group_room);
  return txn;
}

/* ---- commands ---------------------------------------------------------------------------------------------------- */

static int refusal(const struct ktxn__txn *txn) {
  if (txn->state == KTXN__TXN_FATAL_ERROR) return txn->error.code;
  if (txn->op != KTXN__TXN_OP_NONE || txn->offsets_group >= 0) return KTXN_E_CONFLICT;
  if (txn->state == KTXN__TXN_ABORTABLE_ERROR) return txn->error.code;
  return KTXN_E_STATE;
}

int ktxn__txn_start(struct ktxn__txn *txn, int64_t now_us) {
  if (txn->state != KTXN__TXN_UNINITIALIZED) return refusal(txn);
  ktxn__txn_enter(txn, KTXN__TXN_INITIALIZING);
  txn->error = ktxn__txn_cause(0, KTXN_CLASS_NONE, 0, 0);
  txn->op = KTXN__TXN_OP_INIT;
  if (txn->retry_at_us < now_us) ktxn__txn_wait_none(txn);
  return 0;
}

/* KIP-890: by the finalized level and the versions of the brokers used, both. */
static uint8_t next_mode(const struct ktxn__txn *txn) { return txn->v2_usable && txn->level >= 2 ? 2 : 1; }

static void forget_transaction(struct ktxn__txn *txn) {
  txn->ordinal++;
  txn->registered_us = -1;
  txn->heard_us = -1;
  txn->acked = false;
  txn->maybe = false;
  txn->anchored = false;
  txn->acked_node = KTXN__TXN_NODE_NONE;
  txn->commit_sent = false;
  txn->commit_ambiguous = false;
  txn->abort_ambiguous = false;
  txn->ended = false;
  txn->committed = false;
  txn->missing_us = -1;
  txn->no_v5 = false;
  txn->paced_since_us = -1;
  txn->pending = 0;
}

static void choose_mode(struct ktxn__txn *txn) {
  uint8_t mode = next_mode(txn);
  /* KIP-890: V2 rests on an epoch of its own for each transaction. What was ended by an older EndTxn, whatever it began in,
   * has left this one to its logs until the markers are there: what is written now would be theirs. */
  if (mode == 2 && txn->epoch_used) {
    txn->tainted = true;
    if (txn->debt == KTXN__TXN_DEBT_NONE) ktxn__txn_debt_start(txn);
  }
  /* A transaction at the last epoch could be neither fenced nor timed out by a V1 coordinator. The one behind it is never a
   * client's: the markers of its end could not have a higher one. An end gives it where the broker itself aborted at the last
   * epoch while the level was lower. */
  if (txn->producer_epoch >= KTXN__TXN_EPOCH_LAST + (mode == 2) && txn->debt == KTXN__TXN_DEBT_NONE)
    txn->debt = KTXN__TXN_DEBT_ROTATE;
  txn->mode = mode;
}

int ktxn__txn_begin(struct ktxn__txn *txn, int64_t now_us) {
  if (!txn->config.transactional || txn->state != KTXN__TXN_READY) return refusal(txn);
  forget_transaction(txn);
  ktxn__txn_enter(txn, KTXN__TXN_IN_TRANSACTION);
  choose_mode(txn);
  ktxn__txn_advance(txn, now_us);
  return 0;
}

int ktxn__txn_add_partition(struct ktxn__txn *txn, int64_t now_us, uint32_t number) {
  if (!txn->config.transactional) return 0;
  if (txn->state != KTXN__TXN_IN_TRANSACTION && txn->state != KTXN__TXN_COMMITTING) return refusal(txn);
  struct ktxn__txn_partition *partition = ktxn__txn_partition(txn, number);
  ktxn__txn_touch(txn, partition);
  if (ktxn__txn_registers(txn) && partition->registration == KTXN__TXN_REG_NONE) ktxn__txn_set_pending(txn, partition);
  ktxn__txn_advance(txn, now_us);
  return 0;
}

int ktxn__txn_send_offsets(struct ktxn__txn *txn, int64_t now_us, uint32_t group) {
  if (!txn->config.transactional || txn->state != KTXN__TXN_IN_TRANSACTION) return refusal(txn);
  if (txn->offsets_group >= 0) return KTXN_E_BUSY;
  ktxn__txn_touch_group(txn, ktxn__txn_group(txn, group));
  txn->offsets_group = (int32_t)group;
  ktxn__txn_advance(txn, now_us);
  return 0;
}

int ktxn__txn_commit(struct ktxn__txn *txn, int64_t now_us) {
  if (txn->state != KTXN__TXN_IN_TRANSACTION || txn->offsets_group >= 0) return refusal(txn);
  ktxn__txn_enter(txn, KTXN__TXN_COMMITTING);
  txn->op = KTXN__TXN_OP_COMMIT;
  ktxn__txn_advance(txn, now_us);
  return 0;
}

int ktxn__txn_abort(struct ktxn__txn *txn, int64_t now_us) {
  if (txn->state != KTXN__TXN_IN_TRANSACTION && txn->state != KTXN__TXN_ABORTABLE_ERROR) return refusal(txn);
  ktxn__txn_report_offsets(txn, ktxn__txn_cause(KTXN_E_TRANSACTION_ABORTED, KTXN_CLASS_ABORT, 0, 0));
  ktxn__txn_enter(txn, KTXN__TXN_ABORTING);
  txn->error = ktxn__txn_cause(0, KTXN_CLASS_NONE, 0, 0);
  txn->op = KTXN__TXN_OP_ABORT;
  ktxn__txn_advance(txn, now_us);
  return 0;
}

void ktxn__txn_fail(struct ktxn__txn *txn, int64_t now_us, int code, int32_t partition) {
  struct ktxn__txn_error error = ktxn__txn_cause(code, KTXN_CLASS_ABORT, 0, 0);
  error.partition = partition;
  if (!txn->commit_sent) ktxn__txn_abortable(txn, error);
  ktxn__txn_advance(txn, now_us);
}

void ktxn__txn_set_queued(struct ktxn__txn *txn, uint32_t batches) { txn->queued = batches; }

/* The leaders don't register them any more; a coordinator takes those that it has already for done. */
static void register_all(struct ktxn__txn *txn) {
  for (uint32_t i = 0; i < txn->partition_room; i++) {
    struct ktxn__txn_partition *partition = ktxn__txn_partition(txn, i);
    bool ours = partition->ordinal == txn->ordinal && partition->registration == KTXN__TXN_REG_NONE;
    if (ours) ktxn__txn_set_pending(txn, partition);
  }
}

void ktxn__txn_set_features(struct ktxn__txn *txn, int level, bool v2_usable) {
  txn->level = level;
  txn->v2_usable = v2_usable;
  bool begun = txn->state == KTXN__TXN_IN_TRANSACTION || txn->state == KTXN__TXN_COMMITTING;
  if (!begun || txn->mode != 2) return;
  /* Where nothing has left this may as well be a V1 transaction. */
  if (txn->registered_us < 0 && next_mode(txn) == 1) choose_mode(txn);
  /* What a commit that has left did not hold is not asked for again: a refusal of it would tell nothing of the commit. */
  if (ktxn__txn_registers(txn) && !txn->commit_sent) register_all(txn);
}

/* ---- ask --------------------------------------------------------------------------------------------------------- */

enum ktxn__txn_state ktxn__txn_state(const struct ktxn__txn *txn) { return (enum ktxn__txn_state)txn->state; }
const struct ktxn__txn_error *ktxn__txn_error(const struct ktxn__txn *txn) { return &txn->error; }

int16_t ktxn__txn_produce_version_max(const struct ktxn__txn *txn) {
  return txn->config.transactional && ktxn__txn_registers(txn) ? 11 : 13;
}

int16_t ktxn__txn_produce_version_min(const struct ktxn__txn *txn) {
  return txn->config.transactional && !ktxn__txn_registers(txn) ? 12 : 3;
}

void ktxn__txn_identity(const struct ktxn__txn *txn, int64_t *producer_id, int16_t *producer_epoch, int *protocol) {
  *producer_id = txn->producer_id;
  *producer_epoch = txn->producer_epoch;
  *protocol = 0;
  if (txn->config.transactional && txn->producer_id >= 0)
    *protocol = ktxn__txn_in_transaction(txn) ? txn->mode : next_mode(txn);
}

bool ktxn__txn_owes(const struct ktxn__txn *txn) {
  return txn->debt != KTXN__TXN_DEBT_NONE || txn->fence != KTXN__TXN_FENCE_NONE || txn->suspect.active;
}

bool ktxn__txn_next_report(struct ktxn__txn *txn, struct ktxn__txn_report *report) {
  if (txn->report_count == 0) return false;
  *report = txn->reports[0];
  txn->report_count--;
  for (uint32_t i = 0; i < txn->report_count; i++) txn->reports[i] = txn->reports[i + 1];
  return true;
}
