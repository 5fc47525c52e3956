/* ktxn_run_transaction(): the loop that every user of transactions would write, by error class. */
#include "ktxn/producer.h"
#include "sdk/base/backoff.h"
#include "sdk/engine/accumulator.h"
#include "sdk/error.h"
#include "sdk/os/clock.h"
#include "sdk/os/entropy.h"
#include "sdk/producer.h"

struct run {
  ktxn_producer *producer;
  ktxn_transaction_body body;
  void (*rewind)(ktxn_producer *producer, void *opaque);
  void *opaque;
  int64_t deadline_us;
  uint32_t attempts;
};

static int left_ms(const struct run *run) {
  int64_t left_us = run->deadline_us - ktxn__clock_mono_us();
  int64_t left = left_us <= 0 ? 0 : (left_us + 999) / 1000;
  return left > INT32_MAX ? INT32_MAX : (int)left;
}

/* Between two attempts, so that a transaction which fails at once doesn't spin. False, at once: the time would be over then. */
static bool pause_between(struct run *run) {
  const struct ktxn__settings *settings = &run->producer->settings;
  int64_t wait_us = ktxn__backoff(settings->retry_backoff_ms * 1000, settings->retry_backoff_max_ms * 1000,
                                  run->attempts++, ktxn__entropy_seed());
  int64_t until_us = ktxn__clock_mono_us() + wait_us;
  if (until_us >= run->deadline_us) {
    return false;
  }
  while (ktxn__producer_wait(run->producer, ktxn__producer_look(run->producer), until_us)) {
  }
  return true;
}

/* The blocking calls resume by themselves within the time that is left; a short timeout is the loop's own. */
static int resume(struct run *run, int (*call)(ktxn_producer *, int, ktxn_error *), ktxn_error *error) {
  int code;
  do {
    code = call(run->producer, left_ms(run), error);
  } while (code == KTXN_E_TIMED_OUT && ktxn__clock_mono_us() < run->deadline_us);
  return code;
}

/* Aborts after `cause`; the cause is what the caller hears, unless the abort itself failed. */
static int give_up(struct run *run, const ktxn_error *cause, ktxn_error *error) {
  ktxn_error failed;
  int code = resume(run, ktxn_abort_transaction, &failed);
  *error = code == 0 ? *cause : failed;
  if (code == 0) {
    error->outcome = KTXN_OUTCOME_NOT_COMMITTED;
    if (run->rewind) {
      run->rewind(run->producer, run->opaque);
    }
  }
  return code;
}

/* Did the attempt fail in a way that another attempt may cure? */
static bool is_curable(const ktxn_error *error) {
  return error->error_class == KTXN_CLASS_ABORT || error->error_class == KTXN_CLASS_RETRY;
}

/* A body that fails without filling the error in has its code kept. */
static int run_body(struct run *run, ktxn_error *error) {
  ktxn__error_clear(error);
  int code = run->body(run->producer, run->opaque, error);
  if (code != 0 && error->code == 0) {
    ktxn__error_set(error, code, KTXN_CLASS_NONE, "the transaction's body returned %d", code);
  }
  return code;
}

/* One attempt. 0 = committed. `*aborted`: it was aborted, so that another may follow. */
static int attempt(struct run *run, ktxn_error *error, bool *aborted) {
  *aborted = false;
  int code = ktxn_begin_transaction(run->producer, error);
  if (code != 0) {
    return code;
  }
  code = run_body(run, error);
  bool ended = false;
  if (code == 0) {
    code = resume(run, ktxn_commit_transaction, error);
    ended = error->error_class != KTXN_CLASS_ABORT;
  }
  if (code == 0 || ended || error->error_class == KTXN_CLASS_RECREATE) {
    return code;
  }
  ktxn_error cause = *error;
  *aborted = give_up(run, &cause, error) == 0;
  return *aborted ? code : error->code;
}

static int check(const ktxn_producer *producer, ktxn_transaction_body body, int timeout_ms, ktxn_error *error) {
  const char *name = "ktxn_run_transaction";
  int code = ktxn__producer_check_blocking(producer, name, timeout_ms, error);
  code = code ? code : ktxn__producer_check_transactional(producer, name, error);
  if (code == 0 && !body) {
    return ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE, "%s(): body is NULL", name);
  }
  return code;
}

int ktxn_run_transaction(ktxn_producer *producer, ktxn_transaction_body body,
                         void (*rewind)(ktxn_producer *producer, void *opaque), void *opaque, int timeout_ms,
                         ktxn_error *error) {
  int code = check(producer, body, timeout_ms, error);
  if (code != 0) {
    return code;
  }
  ktxn_error own;
  ktxn_error *result = error ? error : &own;
  struct run run = {.producer = producer,
                    .body = body,
                    .rewind = rewind,
                    .opaque = opaque,
                    .deadline_us = ktxn__producer_deadline_us(producer, timeout_ms)};
  bool aborted;
  do {
    code = attempt(&run, result, &aborted);
  } while (code != 0 && aborted && is_curable(result) && pause_between(&run));
  return code;
}
