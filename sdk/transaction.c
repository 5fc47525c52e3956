/*
 * The transactional calls, blocking and asynchronous. One of them at a time is under way (the producer's slot); the rules
 * of who may do what meanwhile are in claim().
 */
#include <string.h>

#include "ktxn/producer.h"
#include "sdk/engine/accumulator.h"
#include "sdk/engine/sender.h"
#include "sdk/error.h"
#include "sdk/job.h"
#include "sdk/producer.h"

#define TOPIC_MAX 249 /* Kafka's limit of a topic's name, in bytes */

/* What a call is, and what it was called with. */
struct call {
  const char *name;
  enum ktxn__op_type type;
  enum ktxn_event_type event;
  const ktxn_offset *offsets;
  size_t offset_count;
  const ktxn_group *group;
};

static const char *const names[] = {
    [KTXN__OP_INIT] = "ktxn_init_transactions",
    [KTXN__OP_COMMIT] = "ktxn_commit_transaction",
    [KTXN__OP_ABORT] = "ktxn_abort_transaction",
    [KTXN__OP_OFFSETS] = "ktxn_send_offsets_to_transaction",
};

static struct call call_of(enum ktxn__op_type type, enum ktxn_event_type event) {
  return (struct call){.name = names[type], .type = type, .event = event};
}

/* ---- who may start what; the client's lock is held ------------------------------------------------------------------ */

/* `name` can't run because of what is in the slot. */
static int conflict(const ktxn_producer *producer, const char *name, ktxn_error *error) {
  const struct ktxn__job *job = producer->slot;
  /* After a fatal error every call says that one, not what was under way. */
  if (ktxn__accumulator_gate(producer->accumulator, NULL, error) == KTXN__GATE_FATAL) {
    return error->code;
  }
  return ktxn__error_set(error, KTXN_E_CONFLICT, KTXN_CLASS_RETRY,
                         "%s(): %s() is in progress, or its end has not been collected: %s first", name,
                         names[job->op->type],
                         job->follow == KTXN__JOB_ASYNC ? "take its event" : "call it again until it ends");
}

static int other_offsets(ktxn_error *error) {
  return ktxn__error_set(error, KTXN_E_CONFLICT, KTXN_CLASS_RETRY,
                         "%s() with other offsets or another group is in progress: repeat that one until it ends",
                         names[KTXN__OP_OFFSETS]);
}

static int busy(const ktxn_producer *producer, const struct call *call, ktxn_error *error) {
  return ktxn__error_set(error, KTXN_E_BUSY, KTXN_CLASS_RETRY, "%s() is in progress already: %s", call->name,
                         producer->slot->follow == KTXN__JOB_ASYNC ? "an event will tell its end"
                                                                   : "another thread waits for its end");
}

/*
 * May `call` go on? 0 with a slot: it resumes that job. 0 without: it may start one. The one call that may displace
 * another is abort: offsets that nobody waits for are given up with the transaction.
 */
static int claim(ktxn_producer *producer, const struct call *call, ktxn_error *error) {
  struct ktxn__job *job = producer->slot;
  if (!job) {
    return 0;
  }
  if (call->type == KTXN__OP_ABORT && job->op->type == KTXN__OP_OFFSETS && job->follow != KTXN__JOB_WAITED) {
    producer->slot = NULL;
    if (job->follow == KTXN__JOB_IDLE) {
      ktxn__job_abandon(job);
    }
    return 0;
  }
  if (job->op->type != call->type) {
    return conflict(producer, call->name, error);
  }
  if (job->follow != KTXN__JOB_IDLE) {
    return busy(producer, call, error);
  }
  bool same = call->type != KTXN__OP_OFFSETS ||
              ktxn__op_same_offsets(job->op, call->offsets, call->offset_count, call->group);
  return same ? 0 : other_offsets(error);
}

static int open_init(ktxn_producer *producer, ktxn_error *error) {
  enum ktxn__gate gate = ktxn__accumulator_gate(producer->accumulator, NULL, error);
  if (gate == KTXN__GATE_UNINIT) {
    return 0;
  }
  if (gate == KTXN__GATE_FATAL || gate == KTXN__GATE_CLOSED) {
    return error->code;
  }
  return ktxn__error_set(error, KTXN_E_STATE, KTXN_CLASS_USAGE,
                         "ktxn_init_transactions() has succeeded already: it is called once");
}

static int open_offsets(ktxn_producer *producer, ktxn_error *error) {
  enum ktxn__gate gate = ktxn__accumulator_gate(producer->accumulator, NULL, error);
  return gate == KTXN__GATE_OPEN ? 0 : error->code;
}

/* Does the producer's state allow the call? Commit and abort close the gate here, before the I/O thread hears of them. */
static int open(ktxn_producer *producer, const struct call *call, ktxn_error *error) {
  if (call->type == KTXN__OP_INIT) {
    return open_init(producer, error);
  }
  if (call->type == KTXN__OP_OFFSETS) {
    return open_offsets(producer, error);
  }
  return ktxn__accumulator_end(producer->accumulator, call->type == KTXN__OP_COMMIT, error);
}

/* ---- starting -------------------------------------------------------------------------------------------------------- */

static int no_memory(const struct call *call, ktxn_error *error) {
  return ktxn__error_set(error, KTXN_E_OUT_OF_MEMORY, KTXN_CLASS_RETRY,
                         "%s(): out of memory; nothing has changed, call it again", call->name);
}

static struct ktxn__job *make_job(ktxn_producer *producer, const struct call *call) {
  struct ktxn__job *job = ktxn__job_new(producer, call->type);
  if (job && call->type == KTXN__OP_OFFSETS &&
      !ktxn__op_set_offsets(producer->client->mem, job->op, call->offsets, call->offset_count, call->group)) {
    ktxn__job_free(job);
    return NULL;
  }
  return job;
}

/* The client's lock is held. Afterwards the slot has a job, or the error is set and nothing has changed. */
static int start(ktxn_producer *producer, const struct call *call, ktxn_error *error) {
  struct ktxn__job *job = make_job(producer, call);
  if (!job) {
    return no_memory(call, error);
  }
  int code = open(producer, call, error);
  if (code != 0) {
    ktxn__job_free(job);
    return code;
  }
  producer->slot = job;
  ktxn__job_start(job);
  return 0;
}

/* An empty list of offsets is a success wherever a list would be taken, and needs no request. */
static bool is_nothing(const struct call *call) {
  return call->type == KTXN__OP_OFFSETS && call->offset_count == 0;
}

static int enter(ktxn_producer *producer, const struct call *call, ktxn_error *error) {
  int code = claim(producer, call, error);
  if (code != 0 || producer->slot) {
    return code;
  }
  return is_nothing(call) ? open_offsets(producer, error) : start(producer, call, error);
}

static void copy_error(ktxn_error *to, const ktxn_error *from) {
  if (to) {
    *to = *from;
  }
}

static int collect(ktxn_producer *producer, struct ktxn__job *job, ktxn_error *error) {
  int code = job->op->error.code;
  copy_error(error, &job->op->error);
  ktxn__mutex_lock(&producer->client->lock);
  if (producer->slot == job) {
    producer->slot = NULL;
  }
  ktxn__job_free(job);
  ktxn__client_settle(producer->client); /* the event of its outcome may have waited */
  ktxn__mutex_unlock(&producer->client->lock);
  return code;
}

static int block(ktxn_producer *producer, const struct call *call, int timeout_ms, ktxn_error *error) {
  int64_t deadline_us = ktxn__producer_deadline_us(producer, timeout_ms);
  ktxn_error refusal = {0};
  ktxn__mutex_lock(&producer->client->lock);
  int code = enter(producer, call, &refusal);
  struct ktxn__job *job = code == 0 ? producer->slot : NULL;
  if (job) {
    job->follow = KTXN__JOB_WAITED;
  }
  ktxn__mutex_unlock(&producer->client->lock);
  if (!job) {
    copy_error(error, &refusal);
    return code;
  }
  bool serving = call->type == KTXN__OP_COMMIT || call->type == KTXN__OP_ABORT;
  if (!ktxn__producer_await(producer, job, deadline_us, serving)) {
    return ktxn__producer_timed_out(producer, call->name, error);
  }
  return collect(producer, job, error);
}

/* Nothing to wait for: the event is there at once. */
static int announce_nothing(ktxn_producer *producer, const struct call *call, void *opaque, ktxn_error *error) {
  struct ktxn__job *job = ktxn__job_new(producer, call->type);
  if (!job) {
    return no_memory(call, error);
  }
  job->done = true;
  job->op->ordinal = ktxn_transaction_ordinal(producer);
  ktxn__list_push_back(&producer->jobs, &job->link);
  producer->slot = job;
  ktxn__job_announce(job, call->event, opaque);
  return 0;
}

static int announce(ktxn_producer *producer, const struct call *call, void *opaque, ktxn_error *error) {
  ktxn_error refusal = {0};
  ktxn__mutex_lock(&producer->client->lock);
  int code = enter(producer, call, &refusal);
  if (code == 0 && producer->slot) {
    ktxn__job_announce(producer->slot, call->event, opaque);
  } else if (code == 0) {
    code = announce_nothing(producer, call, opaque, &refusal);
  }
  ktxn__mutex_unlock(&producer->client->lock);
  if (code != 0) {
    copy_error(error, &refusal);
  }
  return code;
}

/* ---- the public calls ------------------------------------------------------------------------------------------------ */

static int run_blocking(ktxn_producer *producer, const struct call *call, int timeout_ms, ktxn_error *error) {
  int code = ktxn__producer_check_blocking(producer, call->name, timeout_ms, error);
  code = code ? code : ktxn__producer_check_transactional(producer, call->name, error);
  return code ? code : block(producer, call, timeout_ms, error);
}

static int run_async(ktxn_producer *producer, const struct call *call, void *opaque, ktxn_error *error) {
  int code = ktxn__producer_check(producer, call->name, error);
  code = code ? code : ktxn__producer_check_transactional(producer, call->name, error);
  return code ? code : announce(producer, call, opaque, error);
}

int ktxn_init_transactions(ktxn_producer *producer, int timeout_ms, ktxn_error *error) {
  struct call call = call_of(KTXN__OP_INIT, KTXN_EVENT_INIT);
  return run_blocking(producer, &call, timeout_ms, error);
}

int ktxn_init_transactions_async(ktxn_producer *producer, void *opaque, ktxn_error *error) {
  struct call call = call_of(KTXN__OP_INIT, KTXN_EVENT_INIT);
  return run_async(producer, &call, opaque, error);
}

int ktxn_commit_transaction(ktxn_producer *producer, int timeout_ms, ktxn_error *error) {
  struct call call = call_of(KTXN__OP_COMMIT, KTXN_EVENT_COMMIT);
  return run_blocking(producer, &call, timeout_ms, error);
}

int ktxn_commit_transaction_async(ktxn_producer *producer, void *opaque, ktxn_error *error) {
  struct call call = call_of(KTXN__OP_COMMIT, KTXN_EVENT_COMMIT);
  return run_async(producer, &call, opaque, error);
}

int ktxn_abort_transaction(ktxn_producer *producer, int timeout_ms, ktxn_error *error) {
  struct call call = call_of(KTXN__OP_ABORT, KTXN_EVENT_ABORT);
  return run_blocking(producer, &call, timeout_ms, error);
}

int ktxn_abort_transaction_async(ktxn_producer *producer, void *opaque, ktxn_error *error) {
  struct call call = call_of(KTXN__OP_ABORT, KTXN_EVENT_ABORT);
  return run_async(producer, &call, opaque, error);
}

static int bad_offsets(const char *what, ktxn_error *error) {
  return ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE, "ktxn_send_offsets_to_transaction(): %s",
                         what);
}

static int check_offsets(const ktxn_offset *offsets, size_t count, const ktxn_group *group, ktxn_error *error) {
  if (!group || !group->group_id || !group->group_id[0]) {
    return bad_offsets("group or its group_id is NULL or empty", error);
  }
  if (!offsets && count > 0) {
    return bad_offsets("offsets is NULL", error);
  }
  if (count > KTXN__SENDER_OFFSETS_MAX) {
    return bad_offsets("more than 1000000 offsets", error);
  }
  for (size_t i = 0; i < count; i++) {
    size_t length = offsets[i].topic ? strnlen(offsets[i].topic, TOPIC_MAX + 1) : 0;
    if (length == 0 || length > TOPIC_MAX) {
      return bad_offsets("an offset's topic is NULL, empty or longer than 249 bytes", error);
    }
    if (offsets[i].partition < 0 || offsets[i].offset < 0) {
      return bad_offsets("an offset's partition or offset is negative", error);
    }
  }
  return 0;
}

static struct call offsets_call(const ktxn_offset *offsets, size_t count, const ktxn_group *group) {
  struct call call = call_of(KTXN__OP_OFFSETS, KTXN_EVENT_SEND_OFFSETS);
  call.offsets = offsets;
  call.offset_count = count;
  call.group = group;
  return call;
}

int ktxn_send_offsets_to_transaction(ktxn_producer *producer, const ktxn_offset *offsets, size_t count,
                                     const ktxn_group *group, int timeout_ms, ktxn_error *error) {
  int code = check_offsets(offsets, count, group, error);
  struct call call = offsets_call(offsets, count, group);
  return code ? code : run_blocking(producer, &call, timeout_ms, error);
}

int ktxn_send_offsets_to_transaction_async(ktxn_producer *producer, const ktxn_offset *offsets, size_t count,
                                           const ktxn_group *group, void *opaque, ktxn_error *error) {
  int code = check_offsets(offsets, count, group, error);
  struct call call = offsets_call(offsets, count, group);
  return code ? code : run_async(producer, &call, opaque, error);
}

int ktxn_begin_transaction(ktxn_producer *producer, ktxn_error *error) {
  const char *name = "ktxn_begin_transaction";
  int code = ktxn__producer_check(producer, name, error);
  code = code ? code : ktxn__producer_check_transactional(producer, name, error);
  if (code != 0) {
    return code;
  }
  ktxn_error refusal = {0};
  ktxn__mutex_lock(&producer->client->lock);
  code = producer->slot ? conflict(producer, name, &refusal)
                        : ktxn__accumulator_begin(producer->accumulator, &refusal);
  ktxn__mutex_unlock(&producer->client->lock);
  if (code != 0) {
    copy_error(error, &refusal);
  }
  return code;
}

int64_t ktxn_transaction_ordinal(const ktxn_producer *producer) {
  int64_t ordinal = 0;
  if (producer) {
    ktxn__accumulator_gate(producer->accumulator, &ordinal, NULL);
  }
  return ordinal;
}

int ktxn_transaction_outcome(ktxn_producer *producer, int64_t ordinal, enum ktxn_outcome *outcome, ktxn_error *error) {
  const char *name = "ktxn_transaction_outcome";
  int code = ktxn__producer_check(producer, name, error);
  code = code ? code : ktxn__producer_check_transactional(producer, name, error);
  if (code != 0) {
    return code;
  }
  if (!outcome) {
    return ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE, "%s(): outcome is NULL", name);
  }
  if (ktxn__sender_outcome(producer->sender, ordinal, outcome)) {
    return 0;
  }
  int64_t last = ktxn_transaction_ordinal(producer);
  if (ordinal > 0 && ordinal == last) {
    *outcome = KTXN_OUTCOME_NONE; /* begun, but the I/O thread hasn't looked yet */
    return 0;
  }
  return ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE,
                         "%s(): no transaction %lld is remembered; the last %d are, and the last begun is %lld", name,
                         (long long)ordinal, KTXN__SENDER_OUTCOMES, (long long)last);
}
