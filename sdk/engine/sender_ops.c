#include <string.h>

#include "sdk/base/log.h"
#include "sdk/config.h"
#include "sdk/engine/sender_state.h"
#include "sdk/error.h"

/* Operations of the application: fed to the transaction manager, ended by its reports. */

bool ktxn__sender_has_op(const struct ktxn__sender *sender) {
  return sender->init != NULL || sender->end != NULL || sender->offsets.op != NULL || sender->close != NULL;
}

void ktxn__sender_finish_op(struct ktxn__sender *sender, struct ktxn__op *op, const ktxn_error *error) {
  if (op == NULL) {
    return;
  }
  op->next = NULL;
  op->ordinal = op->type == KTXN__OP_INIT ? 0 : sender->ordinal;
  op->error = *error;
  ktxn__sender_publish(sender);
  op->done(op);
}

static struct ktxn__op *take(struct ktxn__op **slot) {
  struct ktxn__op *op = *slot;
  *slot = NULL;
  return op;
}

static void succeed(struct ktxn__sender *sender, struct ktxn__op *op, enum ktxn_outcome outcome) {
  ktxn_error none;
  ktxn__error_clear(&none);
  none.outcome = outcome;
  ktxn__sender_finish_op(sender, op, &none);
}

/* ---- submit -------------------------------------------------------------------------------------------------------- */

static void closed_error(ktxn_error *error) {
  ktxn__error_set(error, KTXN_E_CLOSED, KTXN_CLASS_RECREATE, "%s", ktxn_code_text(KTXN_E_CLOSED));
}

static void refuse(struct ktxn__sender *sender, struct ktxn__op *op) {
  ktxn_error error;
  ktxn__error_set(&error, KTXN_E_BUSY, KTXN_CLASS_RETRY, "%s; call again", ktxn_code_text(KTXN_E_BUSY));
  ktxn__sender_finish_op(sender, op, &error);
}

static void put(struct ktxn__sender *sender, struct ktxn__op **slot, struct ktxn__op *op) {
  if (*slot != NULL) {
    refuse(sender, op);
  } else {
    *slot = op;
  }
}

static void push_flush(struct ktxn__sender *sender, struct ktxn__op *op) {
  op->next = NULL;
  op->mark = ktxn__accumulator_flush(sender->acc);
  if (sender->flush_last == NULL) {
    sender->flush_first = op;
  } else {
    sender->flush_last->next = op;
  }
  sender->flush_last = op;
}

void ktxn__sender_submit(struct ktxn__sender *sender, struct ktxn__op *op, int64_t now_us) {
  (void)now_us;
  sender->dirty = true;
  if (sender->forced) { /* it met the close that has ended all others */
    ktxn_error closed;
    closed_error(&closed);
    ktxn__sender_finish_op(sender, op, &closed);
    return;
  }
  switch (op->type) {
    case KTXN__OP_INIT:
      put(sender, &sender->init, op);
      return;
    case KTXN__OP_COMMIT:
    case KTXN__OP_ABORT:
      sender->end_fed = sender->end != NULL && sender->end_fed;
      put(sender, &sender->end, op);
      return;
    case KTXN__OP_OFFSETS:
      put(sender, &sender->offsets.op, op);
      return;
    case KTXN__OP_CLOSE:
      put(sender, &sender->close, op);
      return;
    case KTXN__OP_FLUSH:
      push_flush(sender, op);
      return;
  }
}

/* ---- begin --------------------------------------------------------------------------------------------------------- */

/* Why the transaction must be aborted, in the words of the gate: what this call says and later ones is the same. */
static void abort_cause(struct ktxn__sender *sender, ktxn_error *error) {
  if (ktxn__accumulator_gate(sender->acc, NULL, error) != KTXN__GATE_ABORTABLE) {
    *error = sender->abort_error;
  }
  error->outcome = KTXN_OUTCOME_NOT_COMMITTED;
}

/* The manager refused a command: because of the error that it has, or because the application has it out of order. */
static void fail_refused(struct ktxn__sender *sender, struct ktxn__op *op, int code) {
  ktxn_error error;
  enum ktxn__txn_state state = ktxn__txn_state(sender->txn);
  if (state == KTXN__TXN_FATAL_ERROR) {
    error = sender->fatal_error;
    bool ends = op->type == KTXN__OP_COMMIT || op->type == KTXN__OP_ABORT;
    if (ends && error.outcome == KTXN_OUTCOME_NONE) {
      error.outcome = KTXN_OUTCOME_NOT_COMMITTED; /* the manager has not heard of that transaction */
    }
  } else if (state == KTXN__TXN_ABORTABLE_ERROR && sender->abort_error.code != 0) {
    abort_cause(sender, &error);
  } else {
    ktxn__error_set(&error, code, KTXN_CLASS_USAGE, "%s (the producer's state is %s)", ktxn_code_text(code),
                    ktxn__txn_state_name(state));
  }
  ktxn__sender_finish_op(sender, op, &error);
}

static void begin_init(struct ktxn__sender *sender, int64_t now_us) {
  if (sender->init == NULL || ktxn__txn_state(sender->txn) == KTXN__TXN_INITIALIZING) {
    return;
  }
  int code = ktxn__txn_start(sender->txn, now_us);
  if (code != 0) {
    fail_refused(sender, take(&sender->init), code);
  }
}

static uint32_t group_number(const struct ktxn__sender *sender, const char *name) {
  uint32_t i = 0;
  while (i < sender->group_count && strcmp(sender->groups[i], name) != 0) {
    i++;
  }
  return i;
}

/* A group keeps its number for the producer's life. */
static bool number_group(struct ktxn__sender *sender, const char *name, uint32_t *number) {
  struct ktxn__mem *mem = ktxn__sender_mem(sender);
  *number = group_number(sender, name);
  if (*number < sender->group_count) {
    return true;
  }
  char **groups = ktxn__realloc(mem, sender->groups, (sender->group_count + 1) * sizeof *groups);
  if (groups == NULL) {
    return false;
  }
  sender->groups = groups;
  char *copy = ktxn__strdup(mem, name);
  if (copy == NULL || !ktxn__sender_grow(sender, 0, *number + 1)) {
    ktxn__free(mem, copy);
    return false;
  }
  groups[sender->group_count++] = copy;
  return true;
}

static void fail_offsets(struct ktxn__sender *sender, const ktxn_error *error) {
  struct ktxn__op *op = take(&sender->offsets.op);
  ktxn__sender_offsets_end(sender);
  ktxn__sender_finish_op(sender, op, error);
}

/* Who moved the epoch is being found out, and becomes the error of what is called meanwhile. */
static bool is_asking(const struct ktxn__sender *sender) {
  return ktxn__txn_error(sender->txn)->code == KTXN_E_INVALID_PRODUCER_EPOCH && ktxn__txn_owes(sender->txn) &&
         ktxn__txn_state(sender->txn) == KTXN__TXN_ABORTABLE_ERROR;
}

static void begin_offsets(struct ktxn__sender *sender, int64_t now_us) {
  struct ktxn__sender_offsets *offsets = &sender->offsets;
  ktxn_error error;
  if (offsets->op == NULL || offsets->fed || is_asking(sender)) {
    return;
  }
  if (offsets->op->offset_count == 0) {
    succeed(sender, take(&offsets->op), KTXN_OUTCOME_NONE);
    return;
  }
  ktxn__error_set(&error, KTXN_E_OUT_OF_MEMORY, KTXN_CLASS_RETRY, "%s", ktxn_code_text(KTXN_E_OUT_OF_MEMORY));
  if (!number_group(sender, offsets->op->group->group_id, &offsets->group) ||
      !ktxn__sender_offsets_begin(sender, offsets->op, &error)) {
    if (error.error_class == KTXN_CLASS_ABORT && sender->abort_error.code == 0) {
      sender->abort_error = error;
      ktxn__txn_fail(sender->txn, now_us, error.code, -1);
    }
    fail_offsets(sender, &error);
    return;
  }
  int code = ktxn__txn_send_offsets(sender->txn, now_us, offsets->group);
  if (code == 0) {
    offsets->fed = true;
    return;
  }
  struct ktxn__op *op = take(&offsets->op);
  ktxn__sender_offsets_end(sender);
  fail_refused(sender, op, code);
}

/* Offsets that the manager has not heard of go with their transaction: the next one must not get them. */
static void give_offsets_up(struct ktxn__sender *sender) {
  if (sender->offsets.op == NULL || sender->offsets.fed) {
    return;
  }
  ktxn_error error;
  ktxn__error_set(&error, KTXN_E_TRANSACTION_ABORTED, KTXN_CLASS_ABORT, "%s", ktxn_code_text(KTXN_E_TRANSACTION_ABORTED));
  fail_offsets(sender, &error);
}

static int begin_abort(struct ktxn__sender *sender, int64_t now_us) {
  int code = ktxn__txn_abort(sender->txn, now_us);
  if (code == 0) {
    give_offsets_up(sender);
  }
  return code;
}

static void begin_end(struct ktxn__sender *sender, int64_t now_us) {
  if (sender->end == NULL || sender->end_fed) {
    return;
  }
  bool commit = sender->end->type == KTXN__OP_COMMIT;
  if (commit && is_asking(sender)) {
    return;
  }
  int code = commit ? ktxn__txn_commit(sender->txn, now_us) : begin_abort(sender, now_us);
  if (code == 0) {
    sender->end_fed = true;
  } else if (code != KTXN_E_CONFLICT && code != KTXN_E_BUSY) {
    ktxn__sender_tell_gate(sender);
    if (ktxn__txn_state(sender->txn) == KTXN__TXN_ABORTABLE_ERROR) {
      ktxn__accumulator_set_gate(sender->acc, KTXN__GATE_ABORTABLE, &sender->abort_error);
    }
    fail_refused(sender, take(&sender->end), code);
  }
}

void ktxn__sender_begin_ops(struct ktxn__sender *sender, int64_t now_us) {
  begin_init(sender, now_us);
  begin_offsets(sender, now_us);
  begin_end(sender, now_us);
}

/* ---- reports ------------------------------------------------------------------------------------------------------- */

static void report_init(struct ktxn__sender *sender, const struct ktxn__txn_report *report) {
  ktxn_error error;
  if (report->error.code == 0) {
    sender->start_attempts = 0;
    ktxn__sender_set_trouble(sender, "");
    if (sender->transactional) {
      ktxn__accumulator_set_gate(sender->acc, KTXN__GATE_READY, NULL);
    }
    succeed(sender, take(&sender->init), KTXN_OUTCOME_NONE);
    return;
  }
  ktxn__sender_explain(sender, &report->error, &error);
  if (!sender->transactional) {
    /* KIP-98: without a producer id nothing can be sent; the next record asks for one again. */
    ktxn__log(sender->ports->log, KTXN__LOG_WARN, "no producer id: %s", error.message);
    ktxn__accumulator_fail_queued(sender->acc, &error);
  }
  ktxn__sender_finish_op(sender, take(&sender->init), report->fatal ? &sender->fatal_error : &error);
}

static void report_offsets(struct ktxn__sender *sender, const struct ktxn__txn_report *report) {
  ktxn_error error;
  ktxn__error_clear(&error);
  if (report->error.code != 0) {
    ktxn__sender_explain(sender, &report->error, &error);
  } else {
    ktxn__sender_set_trouble(sender, "");
  }
  fail_offsets(sender, report->fatal ? &sender->fatal_error : &error);
}

static void report_end(struct ktxn__sender *sender, const struct ktxn__txn_report *report) {
  struct ktxn__op *op = take(&sender->end);
  sender->end_fed = false;
  sender->own_abort = false;
  ktxn__sender_set_outcome(sender, sender->ordinal, report->outcome);
  sender->counts.sweeps_cut += report->op == KTXN__TXN_OP_ABORT && report->outcome == KTXN_OUTCOME_IN_DOUBT ? 1 : 0;
  if (report->error.code == 0) {
    ktxn__sender_set_trouble(sender, "");
    ktxn__sender_offsets_forget(sender);
    ktxn__accumulator_set_gate(sender->acc, KTXN__GATE_READY, NULL);
    succeed(sender, op, report->outcome);
    return;
  }
  ktxn_error error;
  if (report->fatal) {
    error = sender->fatal_error;
  } else if (sender->abort_error.code != 0) {
    abort_cause(sender, &error);
  } else {
    ktxn__sender_explain(sender, &report->error, &error);
  }
  error.outcome = report->outcome;
  ktxn__sender_finish_op(sender, op, &error);
}

void ktxn__sender_take_report(struct ktxn__sender *sender, int64_t now_us, const struct ktxn__txn_report *report) {
  (void)now_us;
  switch (report->op) {
    case KTXN__TXN_OP_INIT:
      report_init(sender, report);
      return;
    case KTXN__TXN_OP_OFFSETS:
      report_offsets(sender, report);
      return;
    case KTXN__TXN_OP_COMMIT:
    case KTXN__TXN_OP_ABORT:
      report_end(sender, report);
      return;
    case KTXN__TXN_OP_NONE:
      return;
  }
}

/* ---- flush, close -------------------------------------------------------------------------------------------------- */

static struct ktxn__op *pop_flush(struct ktxn__sender *sender) {
  struct ktxn__op *op = sender->flush_first;
  sender->flush_first = op->next;
  if (sender->flush_first == NULL) {
    sender->flush_last = NULL;
  }
  return op;
}

/* What became of the transaction that a forced end leaves behind. A request that waits for its turn stays here: encode()
 * refuses it. */
static enum ktxn_outcome abandoned(const struct ktxn__sender *sender) {
  const struct ktxn__sender_txn_call *txn_call = &sender->txn_call;
  return ktxn__txn_outcome(sender->txn, txn_call->active && !txn_call->held && txn_call->call.version >= 0);
}

/* All but a close, which says more than that. */
void ktxn__sender_fail_ops(struct ktxn__sender *sender, const ktxn_error *error) {
  ktxn_error end = *error;
  /* What a forced end leaves open is aborted by the broker when its timeout has passed. */
  end.outcome = abandoned(sender);
  if (end.outcome != KTXN_OUTCOME_NONE) {
    ktxn__sender_set_outcome(sender, sender->ordinal, end.outcome);
  }
  ktxn__sender_finish_op(sender, take(&sender->init), error);
  if (sender->offsets.op != NULL) {
    fail_offsets(sender, error);
  }
  ktxn__sender_finish_op(sender, take(&sender->end), &end);
  while (sender->flush_first != NULL) {
    ktxn__sender_finish_op(sender, pop_flush(sender), error);
  }
}

/* Closing does not wait for an id, and ends what nobody will commit any more. */
static void wind_up(struct ktxn__sender *sender, int64_t now_us) {
  enum ktxn__txn_state state = ktxn__txn_state(sender->txn);
  if (sender->init != NULL) {
    ktxn_error error;
    closed_error(&error);
    ktxn__sender_finish_op(sender, take(&sender->init), &error);
  }
  bool open = state == KTXN__TXN_IN_TRANSACTION || state == KTXN__TXN_ABORTABLE_ERROR;
  if (open && sender->end == NULL && !sender->own_abort) {
    sender->own_abort = begin_abort(sender, now_us) == 0;
    ktxn__sender_observe(sender, now_us);
  }
}

static bool wound_up(const struct ktxn__sender *sender) {
  enum ktxn__txn_state state = ktxn__txn_state(sender->txn);
  return sender->end == NULL && sender->offsets.op == NULL && sender->flush_first == NULL &&
         state != KTXN__TXN_IN_TRANSACTION && state != KTXN__TXN_COMMITTING && state != KTXN__TXN_ABORTING &&
         state != KTXN__TXN_ABORTABLE_ERROR && ktxn__accumulator_next_live(sender->acc, NULL) == NULL;
}

static void close_by_force(struct ktxn__sender *sender, int64_t now_us) {
  ktxn_error closed;
  ktxn_error error;
  enum ktxn_outcome outcome = abandoned(sender);
  closed_error(&closed);
  ktxn__error_set(&error, KTXN_E_TIMED_OUT, KTXN_CLASS_RECREATE,
                  "closed by force: its time ran out before everything was sent and settled%s%.120s",
                  sender->mirror.trouble[0] == '\0' ? "" : "; ", sender->mirror.trouble);
  error.outcome = outcome;
  ktxn__sender_force(sender, now_us, &closed);
  ktxn__sender_finish_op(sender, take(&sender->close), &error);
}

static void work_on_close(struct ktxn__sender *sender, int64_t now_us) {
  if (sender->close == NULL) {
    return;
  }
  wind_up(sender, now_us);
  bool late = now_us >= sender->close->deadline_us;
  if (wound_up(sender)) {
    /* What is owed to the coordinator (bump, sweep) is worth the time that is left, but not a failure. */
    if (late || !ktxn__txn_owes(sender->txn) || ktxn__txn_state(sender->txn) == KTXN__TXN_FATAL_ERROR) {
      sender->forced = true;
      succeed(sender, take(&sender->close), KTXN_OUTCOME_NONE);
    }
  } else if (late) {
    close_by_force(sender, now_us);
  }
}

void ktxn__sender_end_ops(struct ktxn__sender *sender, int64_t now_us) {
  while (sender->flush_first != NULL && ktxn__accumulator_flushed(sender->acc, sender->flush_first->mark)) {
    succeed(sender, pop_flush(sender), KTXN_OUTCOME_NONE);
  }
  work_on_close(sender, now_us);
}
