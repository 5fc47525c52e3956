/*
 * Handing over records, and what waits for them: flush, and the number of a topic's partitions. The accumulator takes
 * records without blocking; the waiting around it is here, and so is what a wait that came to nothing means.
 */
#include <inttypes.h>
#include <stdio.h>

#include "ktxn/producer.h"
#include "sdk/engine/accumulator.h"
#include "sdk/engine/sender.h"
#include "sdk/error.h"
#include "sdk/job.h"
#include "sdk/producer.h"

#define CAUSE_MAX 200

static int give(ktxn_error *to, const ktxn_error *from) {
  if (to) {
    *to = *from;
  }
  return from->code;
}

/* ---- send ------------------------------------------------------------------------------------------------------------ */

struct offer {
  ktxn_producer *producer;
  const ktxn_record *record;
  ktxn_delivery_cb cb;
  void *opaque;
  ktxn_error *error; /* not NULL */
};

static enum ktxn__append append(const struct offer *offer) {
  return ktxn__accumulator_append(offer->producer->accumulator, offer->record, offer->cb, offer->opaque, offer->error);
}

static void want_room(ktxn_producer *producer) {
  ktxn__mutex_lock(&producer->client->lock);
  producer->room_wanted = true;
  ktxn__mutex_unlock(&producer->client->lock);
}

/* Asks once more after the wish for an event is noted, so that room which came in between is not missed. The wish is not taken
 * back then: it may be another thread's too. */
static enum ktxn__append append_or_wish(const struct offer *offer) {
  want_room(offer->producer);
  enum ktxn__append result = append(offer);
  if (result == KTXN__APPEND_DONE || result == KTXN__APPEND_REFUSED) {
    return result;
  }
  ktxn__error_set(offer->error, KTXN_E_WOULD_BLOCK, KTXN_CLASS_RETRY,
                  result == KTXN__APPEND_NO_ROOM
                      ? "buffer.memory is used up: send it again after the event KTXN_EVENT_ROOM"
                      : "topic '%s' has no metadata yet: send it again after the event KTXN_EVENT_ROOM",
                  offer->record->topic);
  return result;
}

/* The broker's answer, or what keeps us from getting one; "" = not known. */
static void describe(ktxn_producer *producer, char *text, size_t size) {
  text[0] = '\0';
  ktxn__sender_trouble(producer->sender, text, size);
}

/* A topic that the brokers don't know when the time is over is the caller's to create; all else may cure itself. */
static void no_metadata(ktxn_producer *producer, const char *topic, int64_t waited_ms, ktxn_error *error) {
  ktxn_error cause = {0};
  if (!ktxn__accumulator_topic_cause(producer->accumulator, topic, &cause)) {
    describe(producer, cause.message, CAUSE_MAX);
  }
  if (cause.broker_code == KTXN_E_UNKNOWN_TOPIC_OR_PARTITION) {
    ktxn__error_set(error, KTXN_E_UNKNOWN_TOPIC_OR_PARTITION, KTXN_CLASS_CONFIG, "%s (waited %" PRId64 " ms)",
                    cause.message, waited_ms);
  } else {
    ktxn__error_set(error, KTXN_E_METADATA_TIMED_OUT, KTXN_CLASS_RETRY,
                    "no metadata of topic %.80s within %" PRId64 " ms%s%s", topic, waited_ms,
                    cause.message[0] ? ": " : "", cause.message);
  }
  error->broker_code = cause.broker_code;
}

static void no_room(ktxn_producer *producer, ktxn_error *error) {
  if (ktxn__delivery_pending(ktxn__accumulator_delivery(producer->accumulator))) {
    ktxn__error_set(error, KTXN_E_BUFFER_FULL, KTXN_CLASS_RETRY,
                    "buffer.memory=%" PRId64 " is used up, and delivery callbacks that have not run hold a part of it: "
                    "call ktxn_poll() now and then",
                    producer->settings.buffer_bytes);
    return;
  }
  char trouble[CAUSE_MAX];
  describe(producer, trouble, sizeof trouble);
  ktxn__error_set(error, KTXN_E_BUFFER_FULL, KTXN_CLASS_RETRY,
                  "buffer.memory=%" PRId64 " is used up and no room came within max.block.ms=%" PRId64 "%s%s",
                  producer->settings.buffer_bytes, producer->settings.max_block_ms, trouble[0] ? ": " : "", trouble);
}

/* A record that is missing from the transaction must not be committed around: it can only be aborted now. */
static void fail_transaction(ktxn_producer *producer, ktxn_error *error) {
  ktxn__accumulator_fail(producer->accumulator, error);
  if (ktxn__accumulator_gate(producer->accumulator, NULL, NULL) == KTXN__GATE_ABORTABLE) {
    ktxn_error plain = *error;
    ktxn__error_set(error, plain.code, plain.error_class, "the transaction must be aborted: %s", plain.message);
    error->broker_code = plain.broker_code;
  }
}

static enum ktxn__append append_waiting(const struct offer *offer, int64_t deadline_us) {
  for (;;) {
    uint64_t seen = ktxn__producer_look(offer->producer);
    enum ktxn__append result = append(offer);
    if (result == KTXN__APPEND_DONE || result == KTXN__APPEND_REFUSED) {
      return result;
    }
    if (!ktxn__producer_wait(offer->producer, seen, deadline_us)) {
      return append(offer); /* who waits is not told of little room (accumulator_fate.c) */
    }
  }
}

static int send_slowly(const struct offer *offer) {
  ktxn_producer *producer = offer->producer;
  enum ktxn__append result;
  if (producer->settings.max_block_ms == 0 || ktxn__producer_in_callback()) {
    result = append_or_wish(offer);
    return result == KTXN__APPEND_DONE ? 0 : offer->error->code;
  }
  result = append_waiting(offer, ktxn__producer_deadline_us(producer, -1));
  if (result == KTXN__APPEND_DONE) {
    return 0;
  }
  if (result == KTXN__APPEND_REFUSED) {
    return offer->error->code;
  }
  if (result == KTXN__APPEND_NO_ROOM) {
    no_room(producer, offer->error);
  } else {
    no_metadata(producer, offer->record->topic, producer->settings.max_block_ms, offer->error);
  }
  fail_transaction(producer, offer->error);
  return offer->error->code;
}

/* Clearing the whole struct would be a part of what a record costs. */
static int sent(ktxn_error *error) {
  if (error) {
    error->code = 0;
    error->error_class = KTXN_CLASS_NONE;
    error->broker_code = 0;
    error->fatal = false;
    error->outcome = KTXN_OUTCOME_NONE;
    error->message[0] = '\0';
  }
  return 0;
}

int ktxn_send(ktxn_producer *producer, const ktxn_record *record, ktxn_delivery_cb cb, void *opaque,
              ktxn_error *error) {
  if (!producer || !record || !record->topic) {
    return ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE,
                           "ktxn_send(): producer, record or the record's topic is NULL");
  }
  ktxn_error own;
  struct offer offer = {producer, record, cb, opaque, error ? error : &own};
  enum ktxn__append result = append(&offer);
  if (result == KTXN__APPEND_DONE) {
    return sent(error);
  }
  if (result == KTXN__APPEND_REFUSED) {
    return offer.error->code;
  }
  return send_slowly(&offer) == 0 ? sent(error) : offer.error->code;
}

/* ---- partitions ------------------------------------------------------------------------------------------------------ */

static enum ktxn__append wait_for_topic(ktxn_producer *producer, const char *topic, int32_t *count, int64_t deadline_us,
                                        ktxn_error *error) {
  for (;;) {
    uint64_t seen = ktxn__producer_look(producer);
    enum ktxn__append result = ktxn__accumulator_partitions_for(producer->accumulator, topic, count, error);
    if (result != KTXN__APPEND_NO_TOPIC || !ktxn__producer_wait(producer, seen, deadline_us)) {
      return result;
    }
  }
}

int ktxn_partitions_for(ktxn_producer *producer, const char *topic, int32_t *count, int timeout_ms,
                        ktxn_error *error) {
  const char *name = "ktxn_partitions_for";
  int code = ktxn__producer_check_blocking(producer, name, timeout_ms, error);
  if (code != 0) {
    return code;
  }
  if (!topic || !count) {
    return ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE, "%s(): topic or count is NULL", name);
  }
  ktxn_error result = {0};
  int64_t deadline_us = ktxn__producer_deadline_us(producer, timeout_ms);
  enum ktxn__append answer = wait_for_topic(producer, topic, count, deadline_us, &result);
  if (answer == KTXN__APPEND_DONE) {
    return 0;
  }
  if (answer == KTXN__APPEND_NO_TOPIC) {
    no_metadata(producer, topic, timeout_ms < 0 ? producer->settings.max_block_ms : timeout_ms, &result);
  }
  return give(error, &result);
}

/* ---- flush ----------------------------------------------------------------------------------------------------------- */

/* A flush that timed out goes on; the next call takes it up first, so that they don't pile up. The lock is held. */
static struct ktxn__job *take_idle(ktxn_producer *producer) {
  for (struct ktxn__list *link = ktxn__list_first(&producer->jobs); link;
       link = ktxn__list_next(&producer->jobs, link)) {
    struct ktxn__job *job = KTXN__LIST_OF(link, struct ktxn__job, link);
    if (job->op->type == KTXN__OP_FLUSH && job->follow == KTXN__JOB_IDLE) {
      job->follow = KTXN__JOB_WAITED;
      return job;
    }
  }
  return NULL;
}

/* NULL when memory is short. `*old` says that it began before this call. */
static struct ktxn__job *take_flush(ktxn_producer *producer, bool may_be_old, bool *old) {
  ktxn__mutex_lock(&producer->client->lock);
  struct ktxn__job *job = may_be_old ? take_idle(producer) : NULL;
  *old = job != NULL;
  if (!job) {
    job = ktxn__job_new(producer, KTXN__OP_FLUSH);
    if (job) {
      ktxn__job_start(job);
    }
  }
  ktxn__mutex_unlock(&producer->client->lock);
  return job;
}

static void drop_flush(ktxn_producer *producer, struct ktxn__job *job) {
  ktxn__mutex_lock(&producer->client->lock);
  ktxn__job_free(job);
  ktxn__mutex_unlock(&producer->client->lock);
}

static int flush_no_memory(ktxn_error *error) {
  return ktxn__error_set(error, KTXN_E_OUT_OF_MEMORY, KTXN_CLASS_RETRY, "ktxn_flush(): out of memory; call it again");
}

/*
 * Is the producer past flushing? A fatal error that comes during a flush is no failure of it: every record has its fate.
 * One that was there before is what every call says, this one after the callbacks have run.
 */
static int ended_before(ktxn_producer *producer, ktxn_error *error) {
  ktxn_error why = {0};
  enum ktxn__gate gate = ktxn__accumulator_gate(producer->accumulator, NULL, &why);
  if (gate == KTXN__GATE_FATAL) {
    ktxn__producer_serve_all(producer);
  }
  return gate == KTXN__GATE_FATAL || gate == KTXN__GATE_CLOSED ? give(error, &why) : 0;
}

int ktxn_flush(ktxn_producer *producer, int timeout_ms, ktxn_error *error) {
  ktxn_error ended = {0};
  int code = ktxn__producer_check_blocking(producer, "ktxn_flush", timeout_ms, error);
  code = code ? code : ended_before(producer, error);
  if (code != 0) {
    return code;
  }
  int64_t deadline_us = ktxn__producer_deadline_us(producer, timeout_ms);
  bool old = true;
  while (old) {
    struct ktxn__job *job = take_flush(producer, old, &old);
    if (!job) {
      return flush_no_memory(error);
    }
    if (!ktxn__producer_await(producer, job, deadline_us, true)) {
      return ktxn__producer_timed_out(producer, "ktxn_flush", error);
    }
    ended = job->op->error;
    drop_flush(producer, job);
  }
  return give(error, &ended);
}

int ktxn_flush_async(ktxn_producer *producer, void *opaque, ktxn_error *error) {
  int code = ktxn__producer_check(producer, "ktxn_flush_async", error);
  if (code != 0) {
    return code;
  }
  ktxn_error ended = {0};
  enum ktxn__gate gate = ktxn__accumulator_gate(producer->accumulator, NULL, &ended);
  if (gate == KTXN__GATE_FATAL || gate == KTXN__GATE_CLOSED) {
    return give(error, &ended);
  }
  struct ktxn__job *job = ktxn__job_new(producer, KTXN__OP_FLUSH);
  if (!job) {
    return flush_no_memory(error);
  }
  ktxn__mutex_lock(&producer->client->lock);
  bool full = producer->flushes >= KTXN__PRODUCER_FLUSHES_MAX;
  if (full) {
    ktxn__job_free(job);
  } else {
    producer->flushes++;
    ktxn__job_announce(job, KTXN_EVENT_FLUSH, opaque);
    ktxn__job_start(job);
  }
  ktxn__mutex_unlock(&producer->client->lock);
  return full ? ktxn__error_set(error, KTXN_E_BUSY, KTXN_CLASS_RETRY,
                                "%d flushes are under way, or their events have not been taken: call ktxn_poll()",
                                KTXN__PRODUCER_FLUSHES_MAX)
              : 0;
}
