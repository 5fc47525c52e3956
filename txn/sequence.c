#include "txn/state.h"

/* Sequence numbers and the books on batches (KIP-98, KIP-360). */

/* Sequences are 31 bits and wrap to 0. */
static int32_t sequence_after(int32_t sequence, uint32_t records) {
  return (int32_t)(((uint32_t)sequence + records) & INT32_MAX);
}

/* Of two sequences in use at the same time: does `sequence` come behind `other`? */
static bool is_behind(int32_t sequence, int32_t other) {
  uint32_t distance = ((uint32_t)sequence - (uint32_t)other) & INT32_MAX;
  return distance != 0 && distance < (UINT32_C(1) << 30);
}

void ktxn__txn_touch(struct ktxn__txn *txn, struct ktxn__txn_partition *partition) {
  bool other = partition->producer_id != txn->producer_id;
  /* A new epoch starts at sequence 0 on every partition (KIP-360), once what the old one has there is settled. */
  bool old = other || partition->producer_epoch != txn->producer_epoch;
  if (old && ktxn__txn_ensure(txn, partition->count == 0, "a new epoch with batches of the old one in the books")) {
    partition->proven = partition->proven && !other;
    partition->producer_id = txn->producer_id;
    partition->producer_epoch = txn->producer_epoch;
    partition->next_sequence = 0;
    partition->gap = false;
    partition->unresolved = false;
  }
  if (partition->ordinal != txn->ordinal) {
    partition->ordinal = txn->ordinal;
    partition->registration = KTXN__TXN_REG_NONE;
    partition->tried = false;
    partition->gone = false;
  }
}

void ktxn__txn_touch_group(struct ktxn__txn *txn, struct ktxn__txn_group *group) {
  if (group->ordinal == txn->ordinal) return;
  group->ordinal = txn->ordinal;
  group->registration = KTXN__TXN_REG_NONE;
  group->tried = false;
  group->gone = false;
}

void ktxn__txn_mark_sweep(struct ktxn__txn *txn, struct ktxn__txn_partition *partition) {
  if (partition->sweep) return;
  partition->sweep = true;
  partition->unknown_us = -1;
  txn->sweep_partitions++;
}

void ktxn__txn_mark_sweep_group(struct ktxn__txn *txn, struct ktxn__txn_group *group) {
  if (group->sweep) return;
  group->sweep = true;
  txn->sweep_groups++;
}

void ktxn__txn_clear_sweep(struct ktxn__txn *txn) {
  uint32_t partitions = txn->sweep_partitions > 0 ? txn->partition_room : 0;
  uint32_t groups = txn->sweep_groups > 0 ? txn->group_room : 0;
  for (uint32_t i = 0; i < partitions; i++) ktxn__txn_partition(txn, i)->sweep = false;
  for (uint32_t i = 0; i < groups; i++) ktxn__txn_group(txn, i)->sweep = false;
  txn->sweep_partitions = 0;
  txn->sweep_groups = 0;
}

void ktxn__txn_set_pending(struct ktxn__txn *txn, struct ktxn__txn_partition *partition) {
  partition->registration = KTXN__TXN_REG_PENDING;
  txn->pending++;
}

bool ktxn__txn_registers(const struct ktxn__txn *txn) { return txn->mode == 1 || txn->level == 0; }

void ktxn__txn_registering(struct ktxn__txn *txn, int64_t now_us) {
  if (txn->registered_us < 0) txn->registered_us = now_us;
}

/* The place of a batch in the books; `count`: it isn't there. */
static uint8_t place_of(const struct ktxn__txn_partition *partition, uint32_t handle) {
  uint8_t place = 0;
  while (place < partition->count && partition->flights[place].handle != handle) place++;
  return place;
}

static struct ktxn__txn_flight *flight_of(struct ktxn__txn_partition *partition, uint32_t handle) {
  uint8_t place = place_of(partition, handle);
  return place < partition->count ? &partition->flights[place] : NULL;
}

static uint8_t on_wire(const struct ktxn__txn_partition *partition) {
  uint8_t count = 0;
  for (uint8_t i = 0; i < partition->count; i++)
    if (partition->flights[i].on_wire) count++;
  return count;
}

static void landed(struct ktxn__txn *txn, struct ktxn__txn_flight *flight) {
  if (!flight->on_wire) return;
  flight->on_wire = false;
  txn->on_wire--;
}

/* Idempotent only: the producer moves to the next epoch by itself; each partition follows when its books are empty. */
static void bump_local(struct ktxn__txn *txn) {
  if (txn->producer_epoch < KTXN__TXN_EPOCH_LAST) {
    txn->producer_epoch++;
    return;
  }
  /* The epoch is exhausted: a new producer id is needed. */
  txn->producer_id = -1;
  txn->producer_epoch = -1;
  if (txn->state == KTXN__TXN_READY) ktxn__txn_enter(txn, KTXN__TXN_UNINITIALIZED);
}

/* Does the partition still stand where the producer does, so that a new hole needs a new epoch? */
static bool current(const struct ktxn__txn *txn, const struct ktxn__txn_partition *partition) {
  return partition->producer_id == txn->producer_id && partition->producer_epoch == txn->producer_epoch;
}

static void open_gap(struct ktxn__txn *txn, struct ktxn__txn_partition *partition) {
  if (!partition->gap && current(txn, partition)) bump_local(txn);
  partition->gap = true;
}

static void remove_flight(struct ktxn__txn *txn, struct ktxn__txn_partition *partition,
                          struct ktxn__txn_flight *flight) {
  landed(txn, flight);
  uint8_t index = (uint8_t)(flight - partition->flights);
  for (uint8_t i = 0; i < index; i++) partition->flights[i].overtaken++;
  for (uint8_t i = index; i + 1 < partition->count; i++) partition->flights[i] = partition->flights[i + 1];
  partition->count--;
  txn->flights--;
  /* A given-up batch that nothing after it proved written: whether it is in the log will never be known. */
  if (partition->count == 0 && partition->unresolved) open_gap(txn, partition);
}

static bool epoch_open(const struct ktxn__txn *txn) {
  return txn->debt == KTXN__TXN_DEBT_NONE && txn->fence == KTXN__TXN_FENCE_NONE && !txn->suspect.active;
}

static bool state_sends(const struct ktxn__txn *txn) {
  if (!txn->config.transactional) return txn->state == KTXN__TXN_READY;
  return txn->state == KTXN__TXN_IN_TRANSACTION || txn->state == KTXN__TXN_COMMITTING;
}

static bool registered(const struct ktxn__txn *txn, const struct ktxn__txn_partition *partition) {
  if (!txn->config.transactional) return true;
  /* KIP-890: on V2 the partition's leader registers it before it appends. V1: no byte before the acknowledgement. */
  if (!ktxn__txn_registers(txn)) return !txn->settling;
  return partition->ordinal == txn->ordinal && partition->registration == KTXN__TXN_REG_DONE;
}

/* KIP-98: the log knows the last five batches again, no more. Whatever may be in it already must stay among them until it
 * is acknowledged, also when batches behind it have been acknowledged meanwhile. */
static bool in_window(const struct ktxn__txn *txn, const struct ktxn__txn_partition *partition) {
  return partition->count + partition->flights[0].overtaken < txn->config.in_flight_max;
}

bool ktxn__txn_may_send(const struct ktxn__txn *txn, uint32_t number, int32_t node) {
  const struct ktxn__txn_partition *partition = ktxn__txn_partition_at(txn, number);
  if (!state_sends(txn) || !epoch_open(txn) || !registered(txn, partition)) return false;
  if (partition->count == 0) return true;
  /* A log that has nothing of a producer id takes any first sequence. Were the first batch refused for a passing reason
   * with others behind it in flight, these would be taken, and the first never again: it goes alone. */
  if (!partition->proven) return false;
  /* KIP-360: no batch of a new epoch, which a gap leads to, while the old one has some in flight there. One leader at a
   * time; what failed goes first. */
  return current(txn, partition) && !partition->unresolved && partition->node == node &&
         in_window(txn, partition) && on_wire(partition) == partition->count;
}

bool ktxn__txn_may_resend(const struct ktxn__txn *txn, uint32_t number, int32_t node, uint32_t handle) {
  const struct ktxn__txn_partition *partition = ktxn__txn_partition_at(txn, number);
  if (txn->state == KTXN__TXN_FATAL_ERROR || txn->fence != KTXN__TXN_FENCE_NONE) return false;
  /* At level 0 nobody registers it with the write, and in a failed transaction nobody does any more: a log that does not ask
   * would hold it open for ever. */
  if (txn->mode == 2 && ktxn__txn_registers(txn) && !registered(txn, partition)) return false;
  if (partition->count == 0 || partition->flights[0].handle != handle || partition->flights[0].on_wire) return false;
  return on_wire(partition) == 0 || partition->node == node;
}

void ktxn__txn_assign(struct ktxn__txn *txn, int64_t now_us, uint32_t number, int32_t node, uint32_t handle,
                      uint32_t records, struct ktxn__txn_stamp *stamp) {
  struct ktxn__txn_partition *partition = ktxn__txn_partition(txn, number);
  *stamp = (struct ktxn__txn_stamp){-1, -1, -1};
  if (!ktxn__txn_ensure(txn, ktxn__txn_may_send(txn, number, node), "a batch was sent that must not be")) return;
  ktxn__txn_touch(txn, partition);
  if (txn->mode == 2) ktxn__txn_registering(txn, now_us);
  partition->flights[partition->count++] =
      (struct ktxn__txn_flight){handle, records, partition->next_sequence, true, false, 0};
  *stamp =
      (struct ktxn__txn_stamp){partition->producer_id, partition->producer_epoch, partition->next_sequence};
  partition->next_sequence = sequence_after(partition->next_sequence, records);
  partition->node = node;
  txn->flights++;
  txn->on_wire++;
}

void ktxn__txn_resend(struct ktxn__txn *txn, int64_t now_us, uint32_t number, int32_t node, uint32_t handle) {
  (void)now_us;
  struct ktxn__txn_partition *partition = ktxn__txn_partition(txn, number);
  struct ktxn__txn_flight *flight = flight_of(partition, handle);
  if (!ktxn__txn_ensure(txn, flight != NULL && !flight->on_wire, "a batch was sent twice")) return;
  flight->on_wire = true;
  txn->on_wire++;
  partition->node = node;
}

/* ---- the fate of a copy ------------------------------------------------------------------------------------------ */

static enum ktxn__txn_verdict acknowledged(struct ktxn__txn *txn, struct ktxn__txn_partition *partition,
                                           struct ktxn__txn_flight *flight) {
  /* KIP-890: a batch that was taken proves that its registration was. */
  if (txn->mode == 2) {
    txn->acked = true;
    txn->maybe = true;
  }
  partition->proven = true;
  /* It could follow only because the given-up one before it is in the log. */
  if (is_behind(flight->base_sequence, partition->unresolved_sequence)) partition->unresolved = false;
  remove_flight(txn, partition, flight);
  return KTXN__TXN_DONE;
}

/* The transaction can't contain this batch any more. */
static enum ktxn__txn_verdict lost_from_transaction(struct ktxn__txn *txn, struct ktxn__txn_partition *partition,
                                                    struct ktxn__txn_flight *flight) {
  /* A hole in the sequence: on V1 the next transaction needs another epoch. */
  txn->tainted = true;
  if (flight->ambiguous) ktxn__txn_mark_sweep(txn, partition);
  remove_flight(txn, partition, flight);
  return KTXN__TXN_FAILED;
}

static int32_t number_of(struct ktxn__txn *txn, const struct ktxn__txn_partition *partition) {
  return (int32_t)(partition - ktxn__txn_partition(txn, 0));
}

static enum ktxn__txn_verdict fail_transaction(struct ktxn__txn *txn, struct ktxn__txn_partition *partition,
                                               struct ktxn__txn_flight *flight, int16_t code, bool fatal) {
  enum ktxn__txn_verdict verdict = lost_from_transaction(txn, partition, flight);
  struct ktxn__txn_error error = ktxn__txn_cause(code, ktxn__txn_class(fatal ? KTXN__TXN_FATAL : KTXN__TXN_ABORTABLE, code), code,
                                                 KTXN__TXN_API_PRODUCE);
  error.partition = number_of(txn, partition);
  if (fatal)
    ktxn__txn_fatal(txn, error);
  else
    ktxn__txn_abortable(txn, error);
  return verdict;
}

static void mark_unresolved(struct ktxn__txn_partition *partition, const struct ktxn__txn_flight *flight) {
  if (!partition->unresolved || is_behind(flight->base_sequence, partition->unresolved_sequence))
    partition->unresolved_sequence = flight->base_sequence;
  partition->unresolved = true;
}

static enum ktxn__txn_verdict fail_idempotent(struct ktxn__txn *txn, struct ktxn__txn_partition *partition,
                                              struct ktxn__txn_flight *flight, int16_t code, bool fatal) {
  if (flight->ambiguous)
    mark_unresolved(partition, flight);
  else
    open_gap(txn, partition);
  if (fatal) {
    struct ktxn__txn_error error =
        ktxn__txn_cause(code, ktxn__txn_class(KTXN__TXN_FATAL, code), code, KTXN__TXN_API_PRODUCE);
    error.partition = number_of(txn, partition);
    ktxn__txn_fatal(txn, error);
  }
  remove_flight(txn, partition, flight);
  return KTXN__TXN_FAILED;
}

/* Idempotent: the log refuses the sequence, so the records go again under the next epoch. Not if an early copy could still
 * be taken, behind a late copy of a given-up batch: they would be there twice. */
static enum ktxn__txn_verdict start_anew(struct ktxn__txn *txn, struct ktxn__txn_partition *partition,
                                         struct ktxn__txn_flight *flight, int16_t code) {
  if (flight->ambiguous && partition->unresolved) return fail_idempotent(txn, partition, flight, code, false);
  open_gap(txn, partition);
  remove_flight(txn, partition, flight);
  return KTXN__TXN_RESET;
}

/* 45: the log expects another sequence. Behind a batch that is to be retried that is natural. */
static enum ktxn__txn_verdict out_of_order(struct ktxn__txn *txn, struct ktxn__txn_partition *partition,
                                           struct ktxn__txn_flight *flight, int *code) {
  bool head = flight == &partition->flights[0];
  if (!head && !partition->gap) return KTXN__TXN_RETRY;
  *code = KTXN_E_OUT_OF_ORDER_SEQUENCE_NUMBER;
  if (txn->config.transactional)
    return fail_transaction(txn, partition, flight, KTXN_E_OUT_OF_ORDER_SEQUENCE_NUMBER, false);
  return start_anew(txn, partition, flight, KTXN_E_OUT_OF_ORDER_SEQUENCE_NUMBER);
}

static enum ktxn__txn_verdict forgotten(struct ktxn__txn *txn, struct ktxn__txn_partition *partition,
                                        struct ktxn__txn_flight *flight, const struct ktxn__txn_batch_result *result,
                                        int *code) {
  if (result->log_start_offset < 0) return KTXN__TXN_RETRY;
  *code = KTXN_E_UNKNOWN_PRODUCER_ID;
  if (txn->config.transactional)
    return fail_transaction(txn, partition, flight, KTXN_E_UNKNOWN_PRODUCER_ID, false);
  return start_anew(txn, partition, flight, KTXN_E_UNKNOWN_PRODUCER_ID);
}

static enum ktxn__txn_verdict retriable(struct ktxn__txn *txn, struct ktxn__txn_partition *partition,
                                        struct ktxn__txn_flight *flight, bool refresh) {
  if (partition->gap && !flight->ambiguous) {
    remove_flight(txn, partition, flight);
    return KTXN__TXN_RESET;
  }
  return refresh ? KTXN__TXN_REFRESH : KTXN__TXN_RETRY;
}

static enum ktxn__txn_verdict fence_batch(struct ktxn__txn *txn, int64_t now_us,
                                          struct ktxn__txn_partition *partition,
                                          struct ktxn__txn_flight *flight, int16_t broker_code) {
  enum ktxn__txn_verdict verdict = lost_from_transaction(txn, partition, flight);
  ktxn__txn_fence_enter(txn, now_us, broker_code, KTXN__TXN_API_PRODUCE);
  return verdict;
}

static enum ktxn__txn_verdict refused(struct ktxn__txn *txn, struct ktxn__txn_partition *partition,
                                      struct ktxn__txn_flight *flight, int16_t code, bool fatal) {
  return txn->config.transactional ? fail_transaction(txn, partition, flight, code, fatal)
                                   : fail_idempotent(txn, partition, flight, code, fatal);
}

/*
 * 10, before anything is appended: no copy of the batch is in a log and all are answered, so that its sequences may
 * stand for other bytes. One at a time and the first: the log expects it, and refuses what is in flight behind it.
 */
static enum ktxn__txn_verdict too_large(struct ktxn__txn *txn, struct ktxn__txn_partition *partition,
                                        struct ktxn__txn_flight *flight, int16_t code) {
  if (flight->records == 1 || flight->ambiguous || !state_sends(txn)) return refused(txn, partition, flight, code, false);
  if (flight == &partition->flights[0] && !partition->gap) return KTXN__TXN_SPLIT;
  return retriable(txn, partition, flight, false);
}

/* The broker refuses the version: on V2 the cluster's features have changed under us; the transaction is aborted with
 * the older EndTxn and the next one runs in the mode that is known then. */
static enum ktxn__txn_verdict version_refused(struct ktxn__txn *txn, struct ktxn__txn_partition *partition,
                                              struct ktxn__txn_flight *flight) {
  bool v2 = txn->mode == 2;
  if (v2) txn->no_v5 = true;
  return refused(txn, partition, flight, KTXN_E_UNSUPPORTED_VERSION, !v2);
}

static enum ktxn__txn_verdict judge(struct ktxn__txn *txn, int64_t now_us,
                                    struct ktxn__txn_partition *partition,
                                    struct ktxn__txn_flight *flight, const struct ktxn__txn_batch_result *result,
                                    int *code) {
  enum ktxn__txn_column column =
      txn->config.transactional ? KTXN__TXN_COLUMN_PRODUCE : KTXN__TXN_COLUMN_PRODUCE_IDEMPOTENT;
  enum ktxn__txn_action action = ktxn__txn_action(column, txn->mode == 2, result->code);
  *code = result->code;
  switch (action) {
    case KTXN__TXN_OK:
      *code = 0;
      return acknowledged(txn, partition, flight);
    case KTXN__TXN_AGAIN:
      return retriable(txn, partition, flight, false);
    case KTXN__TXN_ELSEWHERE:
      return retriable(txn, partition, flight, true);
    case KTXN__TXN_SEQUENCE:
      return out_of_order(txn, partition, flight, code);
    case KTXN__TXN_FORGOTTEN:
      return forgotten(txn, partition, flight, result, code);
    case KTXN__TXN_TOO_LARGE:
      return too_large(txn, partition, flight, result->code);
    case KTXN__TXN_FENCE:
      return fence_batch(txn, now_us, partition, flight, result->code);
    case KTXN__TXN_FEATURES:
      return version_refused(txn, partition, flight);
    default:
      return refused(txn, partition, flight, result->code, action == KTXN__TXN_FATAL);
  }
}

/* KIP-890: a V2 write registers its partition, and where its fate is unknown (a leader says 19 for its coordinator's log, too) so is
 * the registration's. An end of V2 moves the epoch; an older one would leave it to a late copy. */
static void note_registration(struct ktxn__txn *txn, const struct ktxn__txn_batch_result *result) {
  bool answered = result->fate == KTXN__TXN_ANSWERED;
  bool unsure = answered && (ktxn__txn_possibly_written(result->code) || result->code == KTXN_E_NOT_ENOUGH_REPLICAS);
  if (txn->mode == 2 && (unsure || result->fate == KTXN__TXN_LOST)) txn->tainted = true;
}

enum ktxn__txn_verdict ktxn__txn_batch_result(struct ktxn__txn *txn, int64_t now_us, uint32_t number, uint32_t handle,
                                              const struct ktxn__txn_batch_result *result, int *code) {
  struct ktxn__txn_partition *partition = ktxn__txn_partition(txn, number);
  struct ktxn__txn_flight *flight = flight_of(partition, handle);
  enum ktxn__txn_verdict verdict;
  *code = 0;
  if (flight == NULL) return KTXN__TXN_IGNORE;
  landed(txn, flight);
  note_registration(txn, result);
  if (result->fate == KTXN__TXN_LOST || (result->fate == KTXN__TXN_ANSWERED && ktxn__txn_possibly_written(result->code)))
    flight->ambiguous = true;
  switch (result->fate) {
    case KTXN__TXN_ANSWERED:
      verdict = judge(txn, now_us, partition, flight, result, code);
      break;
    case KTXN__TXN_UNSUPPORTED:
      *code = KTXN_E_UNSUPPORTED_VERSION;
      verdict = version_refused(txn, partition, flight);
      break;
    default:
      verdict = retriable(txn, partition, flight, true);
      break;
  }
  ktxn__txn_advance(txn, now_us);
  return verdict;
}

/* Room for a part that has never been sent behind the first batch, or that part if it is there already. */
static struct ktxn__txn_flight *part_behind(struct ktxn__txn *txn, struct ktxn__txn_partition *partition,
                                            uint32_t handle) {
  struct ktxn__txn_flight *flights = partition->flights;
  bool there = partition->count > 1 && flights[1].handle == handle;
  bool right = there ? !flights[1].on_wire && !flights[1].ambiguous : partition->count < KTXN__TXN_FLIGHTS_MAX;
  if (!ktxn__txn_ensure(txn, right, "a part of a split batch has been sent before its turn")) return NULL;
  if (there) return &flights[1];
  for (uint8_t i = partition->count; i > 1; i--) flights[i] = flights[i - 1];
  partition->count++;
  txn->flights++;
  flights[1] = (struct ktxn__txn_flight){handle, 0, 0, false, false, flights[0].overtaken};
  return &flights[1];
}

void ktxn__txn_split(struct ktxn__txn *txn, int64_t now_us, uint32_t number, uint32_t handle, uint32_t records,
                     uint32_t rest, int32_t *rest_sequence) {
  struct ktxn__txn_partition *partition = ktxn__txn_partition(txn, number);
  struct ktxn__txn_flight *head = &partition->flights[0];
  (void)now_us;
  bool right = partition->count > 0 && head->handle == handle && !head->on_wire && !head->ambiguous && records > 0 &&
               records < head->records;
  if (!ktxn__txn_ensure(txn, right, "a batch was split that must not be")) return;
  struct ktxn__txn_flight *part = part_behind(txn, partition, rest);
  if (part == NULL) return;
  part->base_sequence = sequence_after(head->base_sequence, records);
  part->records += head->records - records;
  head->records = records;
  if (rest_sequence != NULL) *rest_sequence = part->base_sequence;
}

void ktxn__txn_batch_give_up(struct ktxn__txn *txn, int64_t now_us, uint32_t number, uint32_t handle, int code) {
  struct ktxn__txn_partition *partition = ktxn__txn_partition(txn, number);
  struct ktxn__txn_flight *flight = flight_of(partition, handle);
  if (flight == NULL) return;
  if (flight->on_wire) flight->ambiguous = true;
  if (txn->config.transactional) {
    lost_from_transaction(txn, partition, flight);
    struct ktxn__txn_error error = ktxn__txn_cause(code, KTXN_CLASS_ABORT, 0, KTXN__TXN_API_PRODUCE);
    error.partition = (int32_t)number;
    ktxn__txn_abortable(txn, error);
  } else {
    fail_idempotent(txn, partition, flight, 0, false);
  }
  ktxn__txn_advance(txn, now_us);
}

int ktxn__txn_doomed(const struct ktxn__txn *txn, uint32_t number, uint32_t handle) {
  const struct ktxn__txn_partition *partition = ktxn__txn_partition_at(txn, number);
  uint8_t place = place_of(partition, handle);
  const struct ktxn__txn_flight *flight = &partition->flights[place];
  if (place == partition->count || flight->on_wire) return 0;
  if (txn->state == KTXN__TXN_FATAL_ERROR) return txn->error.code;
  if (!txn->config.transactional) return 0;
  /* The epoch is gone, or the application is aborting: trying on can't help. What may be in a log is then swept (V1)
   * or dead by its epoch (V2). */
  if (txn->fence != KTXN__TXN_FENCE_NONE || txn->state == KTXN__TXN_ABORTING) return KTXN_E_TRANSACTION_ABORTED;
  /* Before the application aborts, only what is certainly not in a log is failed. */
  if (txn->state == KTXN__TXN_ABORTABLE_ERROR && !flight->ambiguous) return KTXN_E_TRANSACTION_ABORTED;
  return 0;
}

int ktxn__txn_drop_queued(const struct ktxn__txn *txn) {
  switch (txn->state) {
    case KTXN__TXN_FATAL_ERROR:
      return txn->error.code;
    case KTXN__TXN_ABORTABLE_ERROR:
    case KTXN__TXN_ABORTING:
      return KTXN_E_TRANSACTION_ABORTED;
    default:
      return txn->fence != KTXN__TXN_FENCE_NONE ? KTXN_E_TRANSACTION_ABORTED : 0;
  }
}

uint32_t ktxn__txn_in_flight(const struct ktxn__txn *txn, uint32_t number) {
  return ktxn__txn_partition_at(txn, number)->count;
}
