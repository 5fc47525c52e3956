#include "sdk/engine/gate.h"

#include "sdk/error.h"

void ktxn__gate_init(struct ktxn__gate_keeper *keeper, bool transactional) {
  *keeper = (struct ktxn__gate_keeper){.gate = transactional ? KTXN__GATE_UNINIT : KTXN__GATE_OPEN,
                                       .transactional = transactional};
}

static int conflict(const struct ktxn__gate_keeper *keeper, ktxn_error *error) {
  return ktxn__error_set(error, KTXN_E_CONFLICT, KTXN_CLASS_RETRY,
                         "transaction %lld is being %s: wait for the end of that call", (long long)keeper->ordinal,
                         keeper->gate == KTXN__GATE_COMMITTING ? "committed" : "aborted");
}

static int closed(ktxn_error *error) {
  return ktxn__error_set(error, KTXN_E_CLOSED, KTXN_CLASS_RECREATE, "the producer is closed: make a new one");
}

static int stored(const struct ktxn__gate_keeper *keeper, ktxn_error *error) {
  *error = keeper->error;
  return error->code;
}

static int not_initialised(ktxn_error *error) {
  return ktxn__error_set(error, KTXN_E_STATE, KTXN_CLASS_USAGE,
                         "transactions are not initialised: call ktxn_init_transactions() first");
}

static int not_configured(ktxn_error *error) {
  return ktxn__error_set(error, KTXN_E_NOT_CONFIGURED, KTXN_CLASS_USAGE,
                         "transactional.id is not set, so that this producer has no transactions");
}

static int none_open(ktxn_error *error) {
  return ktxn__error_set(error, KTXN_E_STATE, KTXN_CLASS_USAGE,
                         "no transaction is open: call ktxn_begin_transaction() first");
}

int ktxn__gate_refuse(const struct ktxn__gate_keeper *keeper, ktxn_error *error) {
  switch (keeper->gate) {
    case KTXN__GATE_UNINIT:
      return not_initialised(error);
    case KTXN__GATE_COMMITTING:
    case KTXN__GATE_ABORTING:
      return conflict(keeper, error);
    case KTXN__GATE_ABORTABLE:
    case KTXN__GATE_FATAL:
      return stored(keeper, error);
    case KTXN__GATE_CLOSED:
      return closed(error);
    case KTXN__GATE_READY:
    case KTXN__GATE_OPEN:
      break;
  }
  return none_open(error);
}

int ktxn__gate_begin(struct ktxn__gate_keeper *keeper, ktxn_error *error) {
  if (keeper->gate == KTXN__GATE_READY) {
    keeper->gate = KTXN__GATE_OPEN;
    keeper->ordinal++;
    keeper->failed = false;
    return 0;
  }
  if (!keeper->transactional && keeper->gate == KTXN__GATE_OPEN) {
    return not_configured(error);
  }
  if (keeper->gate == KTXN__GATE_OPEN || keeper->gate == KTXN__GATE_ABORTABLE) {
    return ktxn__error_set(error, KTXN_E_STATE, KTXN_CLASS_USAGE, "transaction %lld is still open: %s",
                           (long long)keeper->ordinal,
                           keeper->gate == KTXN__GATE_OPEN ? "commit or abort it first" : "it has failed, abort it first");
  }
  return ktxn__gate_refuse(keeper, error);
}

static int refuse_commit(const struct ktxn__gate_keeper *keeper, ktxn_error *error) {
  (void)stored(keeper, error);
  error->outcome = KTXN_OUTCOME_NOT_COMMITTED;
  return error->code;
}

int ktxn__gate_end(struct ktxn__gate_keeper *keeper, bool commit, ktxn_error *error) {
  bool open = keeper->gate == KTXN__GATE_OPEN;
  if (open && !keeper->transactional) {
    return not_configured(error);
  }
  if (open || (keeper->gate == KTXN__GATE_ABORTABLE && !commit)) {
    keeper->gate = commit ? KTXN__GATE_COMMITTING : KTXN__GATE_ABORTING;
    return 0;
  }
  return keeper->gate == KTXN__GATE_ABORTABLE ? refuse_commit(keeper, error) : ktxn__gate_refuse(keeper, error);
}

static void make_abortable(struct ktxn__gate_keeper *keeper, const ktxn_error *cause) {
  keeper->gate = KTXN__GATE_ABORTABLE;
  if (cause->error_class == KTXN_CLASS_ABORT) {
    keeper->error = *cause; /* it says already what to do */
    keeper->error.outcome = KTXN_OUTCOME_NONE;
    return;
  }
  ktxn__error_set(&keeper->error, cause->code, KTXN_CLASS_ABORT, "transaction %lld must be aborted: %s",
                  (long long)keeper->ordinal, cause->message);
  keeper->error.broker_code = cause->broker_code;
}

bool ktxn__gate_fail(struct ktxn__gate_keeper *keeper, const ktxn_error *cause) {
  if (!keeper->transactional || keeper->gate != KTXN__GATE_OPEN) {
    return false;
  }
  make_abortable(keeper, cause);
  keeper->failure = *cause;
  keeper->failed = true;
  return true;
}

static void make_fatal(struct ktxn__gate_keeper *keeper, const ktxn_error *error) {
  bool open = keeper->transactional && (keeper->gate == KTXN__GATE_OPEN || keeper->gate == KTXN__GATE_ABORTABLE);
  keeper->gate = KTXN__GATE_FATAL;
  keeper->error = *error;
  keeper->error.fatal = true;
  /* Begun since the I/O thread last looked: nobody has asked for its commit. */
  if (open && error->outcome == KTXN_OUTCOME_NONE) {
    keeper->error.outcome = KTXN_OUTCOME_NOT_COMMITTED;
  }
}

void ktxn__gate_set(struct ktxn__gate_keeper *keeper, enum ktxn__gate gate, const ktxn_error *error) {
  if (keeper->gate == KTXN__GATE_CLOSED || keeper->gate == KTXN__GATE_FATAL) {
    return;
  }
  if (gate == KTXN__GATE_FATAL) {
    make_fatal(keeper, error);
  } else if (!keeper->transactional) {
    return;
  } else if (gate == KTXN__GATE_ABORTABLE) {
    if (keeper->gate == KTXN__GATE_OPEN || keeper->gate == KTXN__GATE_COMMITTING) {
      make_abortable(keeper, error);
    }
  } else {
    keeper->gate = gate;
  }
}

void ktxn__gate_close(struct ktxn__gate_keeper *keeper) {
  keeper->gate = KTXN__GATE_CLOSED;
}
