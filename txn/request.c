#include <string.h>

#include "txn/state.h"

/*
 * Which request goes next. One at a time (KIP-98: coordinator requests of one producer must not overtake each other);
 * the functions below are asked in their order, the first that has something decides.
 */

struct plan {
  uint8_t api;
  uint8_t purpose;
  bool commit;
  int16_t producer_epoch;
  int16_t version_min;
  int16_t version_max;
  int32_t node;
  int32_t group;
};

enum step { STEP_PASS, STEP_SEND, STEP_WAIT };

static enum step send(struct plan *plan, enum ktxn__txn_api api, enum ktxn__txn_purpose purpose, int32_t node) {
  plan->api = (uint8_t)api;
  plan->purpose = (uint8_t)purpose;
  plan->node = node;
  return STEP_SEND;
}

/* To the transaction coordinator, or first find it. */
static enum step send_coordinator(const struct ktxn__txn *txn, struct plan *plan, enum ktxn__txn_api api,
                                  enum ktxn__txn_purpose purpose) {
  if (txn->coordinator == KTXN__TXN_NODE_NONE)
    return send(plan, KTXN__TXN_API_FIND_TXN, purpose, KTXN__TXN_NODE_NONE);
  return send(plan, api, purpose, txn->coordinator);
}

static enum step send_end(const struct ktxn__txn *txn, struct plan *plan, enum ktxn__txn_purpose purpose, bool commit,
                          bool v5) {
  plan->commit = commit;
  plan->version_min = v5 ? 5 : 0;
  plan->version_max = v5 ? 5 : 4;
  return send_coordinator(txn, plan, KTXN__TXN_API_END, purpose);
}

/* KIP-890: version 5 only for what began in V2, and not once the cluster is known to be at level 0, which would wedge
 * the transactional id. */
bool ktxn__txn_ends_by_v5(const struct ktxn__txn *txn) { return txn->mode == 2 && txn->level != 0 && !txn->no_v5; }

static enum step step_init(const struct ktxn__txn *txn, struct plan *plan) {
  if (txn->state != KTXN__TXN_INITIALIZING) return STEP_PASS;
  if (!txn->config.transactional)
    return send(plan, KTXN__TXN_API_INIT, KTXN__TXN_FOR_TRANSACTION, KTXN__TXN_NODE_NONE);
  return send_coordinator(txn, plan, KTXN__TXN_API_INIT, KTXN__TXN_FOR_TRANSACTION);
}

static enum step step_evidence(const struct ktxn__txn *txn, struct plan *plan) {
  if (!txn->suspect.active) return STEP_PASS;
  return send(plan, KTXN__TXN_API_DESCRIBE, KTXN__TXN_FOR_EVIDENCE, txn->suspect.slot.node);
}

/* Of a predecessor's transaction a node that is cut off may speak out of its memory, at our epoch too; but for the anchor, which has
 * given us that epoch. */
static bool acked_elsewhere(const struct ktxn__txn *txn) {
  return txn->acked_node != KTXN__TXN_NODE_NONE && txn->acked_node != txn->coordinator && txn->acked_node != txn->anchor;
}

/* KIP-890: before an end by version 5 the coordinator must have taken something of this epoch, or the end could be
 * taken for a successor's. */
static bool v2_unproven(const struct ktxn__txn *txn) {
  return ktxn__txn_ends_by_v5(txn) && txn->registered_us >= 0 && (!txn->acked || acked_elsewhere(txn));
}

/* A partition, or else a group, that this transaction has asked to be registered and that is still there; -1 = none. */
static int32_t repeatable_partition(const struct ktxn__txn *txn) {
  for (uint32_t i = 0; i < txn->partition_room; i++) {
    const struct ktxn__txn_partition *partition = ktxn__txn_partition_at(txn, i);
    bool tried = partition->ordinal == txn->ordinal && (txn->mode == 2 || partition->tried);
    if (tried && !partition->gone) return (int32_t)i;
  }
  return -1;
}

static int32_t repeatable_group(const struct ktxn__txn *txn) {
  for (uint32_t i = 0; i < txn->group_room; i++) {
    const struct ktxn__txn_group *group = ktxn__txn_group_at(txn, i);
    if (group->ordinal == txn->ordinal && group->tried && !group->gone) return (int32_t)i;
  }
  return -1;
}

bool ktxn__txn_repeatable(const struct ktxn__txn *txn) {
  return repeatable_partition(txn) >= 0 || repeatable_group(txn) >= 0;
}

/* One registration of this transaction once more. */
static enum step step_repeat(const struct ktxn__txn *txn, struct plan *plan) {
  int32_t partition = repeatable_partition(txn);
  int32_t number = partition >= 0 ? partition : repeatable_group(txn);
  enum ktxn__txn_api api = partition >= 0 ? KTXN__TXN_API_ADD_PARTITIONS : KTXN__TXN_API_ADD_OFFSETS;
  plan->version_max = 3;
  enum step step = send_coordinator(txn, plan, api, KTXN__TXN_FOR_REPEAT);
  if (plan->api == api) plan->group = number; /* of a partition: see take_partitions() */
  return step;
}

static enum step step_fence(const struct ktxn__txn *txn, struct plan *plan) {
  if (txn->fence == KTXN__TXN_FENCE_NONE) return STEP_PASS;
  if (txn->on_wire > 0) return STEP_WAIT;
  if (txn->fence == KTXN__TXN_FENCE_LOOK)
    return send_coordinator(txn, plan, KTXN__TXN_API_DESCRIBE, KTXN__TXN_FOR_FENCE);
  if (v2_unproven(txn)) return step_repeat(txn, plan);
  if (ktxn__txn_ends_by_v5(txn)) return send_end(txn, plan, KTXN__TXN_FOR_FENCE, false, true);
  /* V1: a broker's timeout leaves the transaction aborted at epoch + 1, and nobody's; a successor is beyond that. */
  plan->producer_epoch = (int16_t)(txn->producer_epoch + 1);
  return send_end(txn, plan, KTXN__TXN_FOR_FENCE, false, false);
}

static enum step step_debt(const struct ktxn__txn *txn, struct plan *plan) {
  switch (txn->debt) {
    case KTXN__TXN_DEBT_LOOK:
      return send_coordinator(txn, plan, KTXN__TXN_API_DESCRIBE, KTXN__TXN_FOR_DEBT);
    case KTXN__TXN_DEBT_GHOST:
      return send_end(txn, plan, KTXN__TXN_FOR_DEBT, txn->last_commit, false);
    case KTXN__TXN_DEBT_BUMP:
    case KTXN__TXN_DEBT_ROTATE:
      plan->version_min = 3; /* KIP-360: earlier versions carry no producer id and epoch */
      return send_coordinator(txn, plan, KTXN__TXN_API_INIT, KTXN__TXN_FOR_DEBT);
    case KTXN__TXN_DEBT_SWEEP_ADD:
      plan->version_max = 3;
      return send_coordinator(txn, plan, KTXN__TXN_API_ADD_PARTITIONS, KTXN__TXN_FOR_DEBT);
    case KTXN__TXN_DEBT_SWEEP_GROUP:
      for (uint32_t i = 0; i < txn->group_room; i++)
        if (ktxn__txn_group_at(txn, i)->sweep) plan->group = (int32_t)i;
      return send_coordinator(txn, plan, KTXN__TXN_API_ADD_OFFSETS, KTXN__TXN_FOR_DEBT);
    case KTXN__TXN_DEBT_SWEEP_END:
      return send_end(txn, plan, KTXN__TXN_FOR_DEBT, false, false);
    default:
      return STEP_PASS;
  }
}

static bool working(const struct ktxn__txn *txn) {
  return txn->state == KTXN__TXN_IN_TRANSACTION || txn->state == KTXN__TXN_COMMITTING;
}

static enum step step_register(const struct ktxn__txn *txn, struct plan *plan) {
  if (!working(txn) || txn->pending == 0) return STEP_PASS;
  plan->version_max = 3; /* KIP-890: from version 4 it is a broker's request */
  return send_coordinator(txn, plan, KTXN__TXN_API_ADD_PARTITIONS, KTXN__TXN_FOR_TRANSACTION);
}

/* V2: the end was answered before its markers were written; until then the first write of the next transaction would
 * wait inside the broker far longer than this question takes. */
static enum step step_pace(const struct ktxn__txn *txn, struct plan *plan) {
  if (!working(txn) || txn->mode != 2 || !txn->settling) return STEP_PASS;
  if (txn->queued == 0 && txn->offsets_group < 0) return STEP_PASS;
  return send_coordinator(txn, plan, KTXN__TXN_API_DESCRIBE, KTXN__TXN_FOR_PACE);
}

static enum step step_offsets(const struct ktxn__txn *txn, struct plan *plan) {
  if (txn->offsets_group < 0) return STEP_PASS;
  const struct ktxn__txn_group *group = ktxn__txn_group_at(txn, (uint32_t)txn->offsets_group);
  plan->group = txn->offsets_group;
  if (ktxn__txn_registers(txn) && group->registration != KTXN__TXN_REG_DONE)
    return send_coordinator(txn, plan, KTXN__TXN_API_ADD_OFFSETS, KTXN__TXN_FOR_TRANSACTION);
  if (group->node == KTXN__TXN_NODE_NONE)
    return send(plan, KTXN__TXN_API_FIND_GROUP, KTXN__TXN_FOR_TRANSACTION, KTXN__TXN_NODE_NONE);
  plan->version_min = ktxn__txn_registers(txn) ? 0 : 5;
  plan->version_max = ktxn__txn_registers(txn) ? 4 : 6;
  return send(plan, KTXN__TXN_API_OFFSET_COMMIT, KTXN__TXN_FOR_TRANSACTION, group->node);
}

/* By the older versions: the coordinator that is to end the transaction must have acknowledged a registration of it, or
 * its answer could speak of the transaction before. */
static bool v1_unproven(const struct ktxn__txn *txn) {
  return !ktxn__txn_ends_by_v5(txn) && (!txn->acked || txn->acked_node != txn->coordinator);
}

static enum step step_end(const struct ktxn__txn *txn, struct plan *plan) {
  if (txn->state != KTXN__TXN_COMMITTING && txn->state != KTXN__TXN_ABORTING) return STEP_PASS;
  if (txn->flights > 0 || txn->queued > 0) return STEP_WAIT;
  if (txn->coordinator == KTXN__TXN_NODE_NONE)
    return send(plan, KTXN__TXN_API_FIND_TXN, KTXN__TXN_FOR_TRANSACTION, KTXN__TXN_NODE_NONE);
  if (v1_unproven(txn) || v2_unproven(txn)) return step_repeat(txn, plan);
  return send_end(txn, plan, KTXN__TXN_FOR_TRANSACTION, txn->state == KTXN__TXN_COMMITTING, ktxn__txn_ends_by_v5(txn));
}

typedef enum step (*step_fn)(const struct ktxn__txn *, struct plan *);

static const step_fn steps[] = {step_init,  step_evidence, step_fence,   step_debt,
                                step_register, step_pace,     step_offsets, step_end};

static bool choose(const struct ktxn__txn *txn, struct plan *plan) {
  if (txn->state == KTXN__TXN_FATAL_ERROR || txn->state == KTXN__TXN_UNINITIALIZED || txn->slot.active) return false;
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    *plan = (struct plan){0, 0, false, txn->producer_epoch, 0, INT16_MAX, KTXN__TXN_NODE_NONE, -1};
    enum step step = steps[i](txn, plan);
    if (step != STEP_PASS) return step == STEP_SEND;
  }
  return false;
}

int64_t ktxn__txn_deadline_us(const struct ktxn__txn *txn) {
  struct plan plan;
  return choose(txn, &plan) ? txn->retry_at_us : ktxn__txn_pace_deadline_us(txn);
}

/* ---- taking a request ---------------------------------------------------------------------------------------------- */

static void take_pending(struct ktxn__txn *txn) {
  for (uint32_t i = 0; i < txn->partition_room; i++) {
    struct ktxn__txn_partition *partition = ktxn__txn_partition(txn, i);
    if (partition->ordinal != txn->ordinal || partition->registration != KTXN__TXN_REG_PENDING) continue;
    partition->registration = KTXN__TXN_REG_ASKED;
    partition->tried = true;
    txn->pending--;
    ktxn__txn_asked(txn)[txn->asked_count++] = i;
  }
}

static void take_swept(struct ktxn__txn *txn) {
  for (uint32_t i = 0; i < txn->partition_room; i++)
    if (ktxn__txn_partition(txn, i)->sweep) ktxn__txn_asked(txn)[txn->asked_count++] = i;
}

static void take_partitions(struct ktxn__txn *txn, const struct plan *plan) {
  txn->asked_count = 0;
  if (plan->api != KTXN__TXN_API_ADD_PARTITIONS) return;
  if (plan->purpose == KTXN__TXN_FOR_TRANSACTION) take_pending(txn);
  if (plan->purpose == KTXN__TXN_FOR_DEBT) take_swept(txn);
  if (plan->purpose == KTXN__TXN_FOR_REPEAT) ktxn__txn_asked(txn)[txn->asked_count++] = (uint32_t)plan->group;
}

/* What leaves from here on may have registered something, or ended it. */
static void note_leaving(struct ktxn__txn *txn, const struct plan *plan, int64_t now_us) {
  bool registers = plan->api == KTXN__TXN_API_ADD_PARTITIONS || plan->api == KTXN__TXN_API_ADD_OFFSETS ||
                   (plan->api == KTXN__TXN_API_OFFSET_COMMIT && txn->mode == 2);
  if (registers && plan->purpose != KTXN__TXN_FOR_DEBT) ktxn__txn_registering(txn, now_us);
  if (registers && plan->purpose != KTXN__TXN_FOR_DEBT && plan->group >= 0 &&
      plan->api != KTXN__TXN_API_ADD_PARTITIONS)
    ktxn__txn_group(txn, (uint32_t)plan->group)->tried = true;
  if (plan->api == KTXN__TXN_API_END && plan->purpose == KTXN__TXN_FOR_TRANSACTION) {
    txn->commit_sent = txn->commit_sent || plan->commit;
    /* An older end leaves the epoch as it is, where version 5 would not find its own: no way back, whatever the level. */
    txn->no_v5 = txn->no_v5 || plan->version_min < 5;
  }
  if (plan->purpose == KTXN__TXN_FOR_PACE) {
    txn->probes++;
    ktxn__txn_pace_begin(txn, now_us);
  }
}

static bool is_v2(const struct ktxn__txn *txn, const struct plan *plan) {
  return plan->api == KTXN__TXN_API_END ? plan->version_min == 5 : txn->mode == 2;
}

static int32_t avoided(const struct ktxn__txn *txn, const struct plan *plan) {
  if (plan->api == KTXN__TXN_API_FIND_TXN) return txn->avoid;
  if (plan->api == KTXN__TXN_API_FIND_GROUP) return ktxn__txn_group_at(txn, (uint32_t)plan->group)->avoid;
  return KTXN__TXN_NODE_NONE;
}

static void fill(struct ktxn__txn *txn, const struct plan *plan, struct ktxn__txn_request *request) {
  bool first = plan->api == KTXN__TXN_API_INIT && plan->purpose != KTXN__TXN_FOR_DEBT;
  *request = (struct ktxn__txn_request){
      .id = ++txn->next_id,
      .api = (enum ktxn__txn_api)plan->api,
      .node = plan->node,
      .avoid_node = avoided(txn, plan),
      .producer_id = first ? -1 : txn->producer_id,
      .producer_epoch = first ? -1 : plan->producer_epoch,
      .version_max = plan->version_max,
      .version_min = plan->version_min,
      .commit = plan->commit,
      .probe = plan->purpose == KTXN__TXN_FOR_PACE,
      .group = plan->api == KTXN__TXN_API_ADD_PARTITIONS ? -1 : plan->group,
      .partition_count = txn->asked_count,
  };
}

bool ktxn__txn_next_request(struct ktxn__txn *txn, int64_t now_us, struct ktxn__txn_request *request) {
  struct plan plan;
  ktxn__txn_advance(txn, now_us);
  if (now_us < txn->retry_at_us || !choose(txn, &plan)) return false;
  take_partitions(txn, &plan);
  note_leaving(txn, &plan, now_us);
  fill(txn, &plan, request);
  txn->slot = (struct ktxn__txn_slot){true,
                                      plan.commit,
                                      is_v2(txn, &plan),
                                      plan.api,
                                      plan.purpose,
                                      request->producer_epoch,
                                      plan.node,
                                      plan.group,
                                      request->id,
                                      request->producer_id};
  return true;
}

uint32_t ktxn__txn_request_partition(const struct ktxn__txn *txn, uint32_t index) {
  const unsigned char *base = (const unsigned char *)txn;
  size_t offset = ktxn__txn_size(txn->partition_room, txn->group_room) - txn->partition_room * sizeof(uint32_t);
  return ((const uint32_t *)(const void *)(base + offset))[index];
}
