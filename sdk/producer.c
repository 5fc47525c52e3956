#include "sdk/producer.h"

#include <limits.h>

#include "sdk/base/log.h"
#include "sdk/base/mem.h"
#include "sdk/driver.h"
#include "sdk/engine/accumulator.h"
#include "sdk/engine/sender.h"
#include "sdk/error.h"
#include "sdk/job.h"
#include "sdk/os/clock.h"
#include "sdk/os/entropy.h"

#define SERVE_MAX 4096 /* callbacks of one producer before ktxn_poll() looks at the others */
#define TROUBLE_MAX 200

/* How deep this thread is inside delivery callbacks. */
static _Thread_local int callback_depth;

/* ---- arguments ----------------------------------------------------------------------------------------------------- */

int ktxn__producer_check(const ktxn_producer *producer, const char *call, ktxn_error *error) {
  if (!producer) {
    return ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE, "%s(): producer is NULL", call);
  }
  ktxn__error_clear(error);
  return 0;
}

bool ktxn__producer_in_callback(void) {
  return callback_depth > 0;
}

int ktxn__producer_check_blocking(const ktxn_producer *producer, const char *call, int timeout_ms, ktxn_error *error) {
  if (ktxn__producer_check(producer, call, error) != 0) {
    return KTXN_E_INVALID_ARGUMENT;
  }
  if (timeout_ms < -1) {
    return ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE,
                           "%s(): timeout_ms=%d: allowed are 0 and more, and -1 for max.block.ms", call, timeout_ms);
  }
  if (ktxn__producer_in_callback()) {
    return ktxn__error_set(error, KTXN_E_STATE, KTXN_CLASS_USAGE,
                           "%s() may block and cannot be called from a delivery callback", call);
  }
  return 0;
}

int ktxn__producer_check_transactional(const ktxn_producer *producer, const char *call, ktxn_error *error) {
  if (producer->settings.transactional_id) {
    return 0;
  }
  return ktxn__error_set(error, KTXN_E_NOT_CONFIGURED, KTXN_CLASS_USAGE,
                         "%s(): this producer has no transactions: transactional.id is not set", call);
}

int64_t ktxn__producer_deadline_us(const ktxn_producer *producer, int timeout_ms) {
  int64_t ms = timeout_ms < 0 ? producer->settings.max_block_ms : timeout_ms;
  return ktxn__clock_mono_us() + ms * 1000;
}

/* ---- waiting ------------------------------------------------------------------------------------------------------- */

void ktxn__producer_news(ktxn_producer *producer) {
  producer->news++;
  if (producer->sleepers > 0) {
    ktxn__cond_broadcast(&producer->changed);
  }
}

void ktxn__producer_notified(ktxn_producer *producer) {
  ktxn__producer_news(producer); /* a thread that still serves callbacks keeps ktxn_free() waiting, and must hear of it */
  if (producer->freed) {
    return;
  }
  if (ktxn__list_empty(&producer->ready_link) &&
      ktxn__delivery_pending(ktxn__accumulator_delivery(producer->accumulator))) {
    ktxn__list_push_back(&producer->client->ready, &producer->ready_link);
  }
  if (producer->room_wanted) {
    producer->room_wanted = false;
    ktxn__client_tell(producer->client, &producer->room);
  }
  ktxn__client_settle(producer->client);
}

uint64_t ktxn__producer_look(ktxn_producer *producer) {
  ktxn__mutex_lock(&producer->client->lock);
  uint64_t news = producer->news;
  ktxn__mutex_unlock(&producer->client->lock);
  return news;
}

static bool wait_locked(ktxn_producer *producer, uint64_t seen, int64_t deadline_us) {
  bool in_time = true;
  producer->sleepers++;
  while (producer->news == seen && in_time) {
    in_time = ktxn__cond_wait_until(&producer->changed, &producer->client->lock, deadline_us);
  }
  producer->sleepers--;
  return producer->news != seen;
}

bool ktxn__producer_wait(ktxn_producer *producer, uint64_t seen, int64_t deadline_us) {
  ktxn__mutex_lock(&producer->client->lock);
  bool changed = wait_locked(producer, seen, deadline_us);
  ktxn__mutex_unlock(&producer->client->lock);
  return changed;
}

/* No lock held. Returns what ktxn__delivery_serve() says. */
static int serve(ktxn_producer *producer, size_t max) {
  callback_depth++;
  int ran = ktxn__delivery_serve(ktxn__accumulator_delivery(producer->accumulator), max);
  callback_depth--;
  return ran;
}

/* The lock is held: takes the producer off the list of ready ones if nothing is left to run. */
static void settle(ktxn_producer *producer) {
  if (!ktxn__delivery_pending(ktxn__accumulator_delivery(producer->accumulator))) {
    ktxn__list_remove(&producer->ready_link);
    ktxn__client_settle(producer->client);
  }
}

/* One pass over all that is queued. False: another thread is serving, and was not finished at the deadline. */
static bool serve_pass(ktxn_producer *producer, int64_t deadline_us) {
  for (;;) {
    uint64_t seen = ktxn__producer_look(producer);
    if (serve(producer, SIZE_MAX) != KTXN__DELIVERY_BUSY) {
      ktxn__mutex_lock(&producer->client->lock);
      settle(producer);
      ktxn__mutex_unlock(&producer->client->lock);
      return true;
    }
    if (!ktxn__producer_wait(producer, seen, deadline_us)) {
      return false;
    }
  }
}

void ktxn__producer_serve_all(ktxn_producer *producer) {
  serve_pass(producer, INT64_MAX);
}

void ktxn__producer_serve_ready(ktxn_producer *producer) {
  ktxn_client *client = producer->client;
  producer->pins++;
  ktxn__mutex_unlock(&client->lock);
  int ran = serve(producer, SERVE_MAX);
  ktxn__mutex_lock(&client->lock);
  /* When another thread serves, its end is notified, and what is left then comes back to the list. */
  if (ran != KTXN__DELIVERY_BUSY && ktxn__list_empty(&producer->ready_link) &&
      ktxn__delivery_pending(ktxn__accumulator_delivery(producer->accumulator))) {
    ktxn__list_push_back(&client->ready, &producer->ready_link);
  }
  ktxn__producer_unpin(producer);
}

void ktxn__producer_unpin(ktxn_producer *producer) {
  if (--producer->pins == 0) {
    ktxn__producer_news(producer);
  }
}

/* Is the job over? Else the news seen so far. */
static bool look_at(ktxn_producer *producer, const struct ktxn__job *job, uint64_t *seen) {
  ktxn__mutex_lock(&producer->client->lock);
  bool done = job->done;
  *seen = producer->news;
  ktxn__mutex_unlock(&producer->client->lock);
  return done;
}

static bool wait_done(ktxn_producer *producer, const struct ktxn__job *job, int64_t deadline_us, bool serving) {
  uint64_t seen;
  while (!look_at(producer, job, &seen)) {
    bool served = serving && serve(producer, SERVE_MAX) > 0;
    bool in_time = served ? ktxn__clock_mono_us() < deadline_us : ktxn__producer_wait(producer, seen, deadline_us);
    if (!in_time) {
      return look_at(producer, job, &seen);
    }
  }
  return true;
}

bool ktxn__producer_await(ktxn_producer *producer, struct ktxn__job *job, int64_t deadline_us, bool serving) {
  bool done = wait_done(producer, job, deadline_us, serving);
  if (done && serving) {
    done = serve_pass(producer, deadline_us);
  }
  if (!done) {
    ktxn__mutex_lock(&producer->client->lock);
    ktxn__job_leave(job);
    ktxn__mutex_unlock(&producer->client->lock);
  }
  return done;
}

int ktxn__producer_timed_out(ktxn_producer *producer, const char *call, ktxn_error *error) {
  char trouble[TROUBLE_MAX] = "";
  ktxn__sender_trouble(producer->sender, trouble, sizeof trouble);
  return ktxn__error_set(error, KTXN_E_TIMED_OUT, KTXN_CLASS_RETRY,
                         "%s() timed out and goes on in the background: call it again%s%s",
                         call, trouble[0] ? "; " : "", trouble);
}

/* ---- what the I/O thread tells -------------------------------------------------------------------------------------- */

void ktxn__producer_collected(ktxn_producer *producer, struct ktxn__job *job) {
  if (producer->slot == job) {
    producer->slot = NULL;
  }
  if (job->op->type == KTXN__OP_FLUSH) {
    producer->flushes--;
  }
  ktxn__job_free(job);
}

/* The transaction or the producer failed while no call was there to say so. The first failure of a transaction stays; a fatal one, or
 * a later transaction's, is told in place of one that nobody has taken. */
static void on_failed(void *owner, int64_t ordinal, const ktxn_error *error) {
  ktxn_producer *producer = owner;
  ktxn__mutex_lock(&producer->client->lock);
  bool first = ktxn__list_empty(&producer->failed.link) || ordinal > producer->failed.event.ordinal;
  if (!producer->freed && (first || error->fatal)) {
    producer->failed.event.ordinal = ordinal;
    producer->failed.event.error = *error;
    ktxn__client_tell(producer->client, &producer->failed);
  }
  ktxn__mutex_unlock(&producer->client->lock);
}

static void free_parts(ktxn_producer *producer) {
  struct ktxn__mem *mem = producer->client->mem;
  ktxn__job_free(producer->close_job);
  if (producer->accumulator) {
    ktxn__accumulator_free(producer->accumulator);
  }
  ktxn__settings_free(&producer->settings);
  ktxn__cond_destroy(&producer->changed);
  ktxn__free(mem, producer);
}

static void on_gone(void *owner) {
  free_parts(owner);
}

/* ---- making one ------------------------------------------------------------------------------------------------------ */

static void run_attach(struct ktxn__mail *mail, int64_t now_us) {
  ktxn_producer *producer = (ktxn_producer *)(void *)((char *)mail - offsetof(ktxn_producer, attach));
  ktxn__sender_attach(producer->sender, now_us);
}

static void run_release(struct ktxn__mail *mail, int64_t now_us) {
  ktxn_producer *producer = (ktxn_producer *)(void *)((char *)mail - offsetof(ktxn_producer, release));
  ktxn__sender_release(producer->sender, now_us);
}

static struct ktxn__accumulator *new_accumulator(ktxn_producer *producer) {
  const struct ktxn__settings *settings = &producer->settings;
  struct ktxn__accumulator_config config = {
      .transactional = settings->transactional_id != NULL,
      .ignore_keys = settings->partitioner_ignore_keys,
      .adaptive = settings->partitioner_adaptive,
      .batch_size = (size_t)settings->batch_bytes,
      .buffer_memory = (size_t)settings->buffer_bytes,
      .max_request_size = (size_t)settings->request_bytes_max,
      .linger_us = settings->linger_ms * 1000,
      .delivery_timeout_us = settings->delivery_timeout_ms * 1000,
      .seed = ktxn__entropy_seed(),
  };
  return ktxn__accumulator_new(ktxn__driver_ports(producer->client->driver), producer, &config);
}

static bool make_parts(ktxn_producer *producer) {
  producer->accumulator = new_accumulator(producer);
  if (!producer->accumulator) {
    return false;
  }
  struct ktxn__sender_hooks hooks = {.failed = on_failed, .gone = on_gone, .owner = producer};
  producer->close_job = ktxn__job_new(producer, KTXN__OP_CLOSE);
  if (!producer->close_job) {
    return false;
  }
  producer->sender = ktxn__sender_new(ktxn__driver_engine(producer->client->driver), &producer->settings,
                                      producer->accumulator, &hooks);
  return producer->sender != NULL;
}

static ktxn_producer *allocate(ktxn_client *client) {
  ktxn_producer *producer = ktxn__calloc(client->mem, 1, sizeof *producer);
  if (producer && !ktxn__cond_init(&producer->changed)) {
    ktxn__free(client->mem, producer);
    return NULL;
  }
  if (producer) {
    producer->client = client;
    producer->attach.run = run_attach;
    producer->release.run = run_release;
    producer->room.event = (ktxn_event){.type = KTXN_EVENT_ROOM, .producer = producer};
    producer->failed.event = (ktxn_event){.type = KTXN_EVENT_ERROR, .producer = producer};
    ktxn__list_init(&producer->link);
    ktxn__list_init(&producer->ready_link);
    ktxn__list_init(&producer->jobs);
    ktxn__list_init(&producer->room.link);
    ktxn__list_init(&producer->failed.link);
  }
  return producer;
}

static void no_memory(ktxn_error *error) {
  ktxn__error_set(error, KTXN_E_OUT_OF_MEMORY, KTXN_CLASS_RETRY, "cannot make the producer: out of memory");
}

/* `settings` becomes the producer's. */
static ktxn_producer *make(ktxn_client *client, struct ktxn__settings *settings, ktxn_error *error) {
  ktxn_producer *producer = allocate(client);
  if (!producer) {
    ktxn__settings_free(settings);
    no_memory(error);
    return NULL;
  }
  producer->settings = *settings;
  if (!make_parts(producer)) {
    free_parts(producer);
    no_memory(error);
    return NULL;
  }
  ktxn__mutex_lock(&client->lock);
  ktxn__list_push_back(&client->producers, &producer->link);
  ktxn__mutex_unlock(&client->lock);
  ktxn__driver_post(client->driver, &producer->attach);
  return producer;
}

ktxn_producer *ktxn_producer_new(const ktxn_config *config, ktxn_error *error) {
  ktxn__error_clear(error);
  struct ktxn__settings settings;
  ktxn_client *client = config ? ktxn__client_new(config, NULL, error) : NULL;
  if (!client) {
    if (!config) {
      ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE, "ktxn_producer_new(): config is NULL");
    }
    return NULL;
  }
  ktxn_producer *producer = NULL;
  if (ktxn__config_check(config, &settings, error) == 0) {
    producer = make(client, &settings, error);
  }
  if (!producer) {
    ktxn__client_free(client);
    return NULL;
  }
  producer->private_client = true;
  return producer;
}

ktxn_producer *ktxn_producer_new_on(ktxn_client *client, const ktxn_config *config, ktxn_error *error) {
  ktxn__error_clear(error);
  if (!client || !config) {
    ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE, "ktxn_producer_new_on(): %s is NULL",
                    client ? "config" : "client");
    return NULL;
  }
  struct ktxn__settings settings;
  return ktxn__config_check_shared(config, &settings, error) == 0 ? make(client, &settings, error) : NULL;
}

ktxn_client *ktxn_producer_client(ktxn_producer *producer) {
  return producer ? producer->client : NULL;
}

/* ---- ending one ------------------------------------------------------------------------------------------------------ */

/* The engine ends the job at its deadline, so that this waits no longer than that. */
static int run_close(ktxn_producer *producer, int64_t deadline_us, ktxn_error *error) {
  struct ktxn__job *job = producer->close_job;
  job->op->deadline_us = deadline_us;
  ktxn__accumulator_close(producer->accumulator);
  ktxn__mutex_lock(&producer->client->lock);
  ktxn__job_start(job);
  ktxn__mutex_unlock(&producer->client->lock);
  ktxn__producer_await(producer, job, INT64_MAX, true);
  if (error && job->op->error.code != 0) {
    *error = job->op->error;
  }
  return job->op->error.code;
}

/* True: this thread closes. False: another one has, or (`*closed` is false) is at it and was not finished at the deadline. */
static bool begin_close(ktxn_producer *producer, int64_t deadline_us, bool *closed) {
  ktxn__mutex_lock(&producer->client->lock);
  bool in_time = true;
  while (producer->closing && in_time) {
    in_time = wait_locked(producer, producer->news, deadline_us);
  }
  bool mine = !producer->closing && !producer->closed;
  producer->closing = producer->closing || mine;
  *closed = producer->closed;
  ktxn__mutex_unlock(&producer->client->lock);
  return mine;
}

static void end_close(ktxn_producer *producer) {
  ktxn__mutex_lock(&producer->client->lock);
  producer->closing = false;
  producer->closed = true;
  ktxn__producer_news(producer);
  ktxn__mutex_unlock(&producer->client->lock);
}

int ktxn_close(ktxn_producer *producer, int timeout_ms, ktxn_error *error) {
  int code = ktxn__producer_check_blocking(producer, "ktxn_close", timeout_ms, error);
  if (code != 0) {
    return code;
  }
  int64_t deadline_us = ktxn__producer_deadline_us(producer, timeout_ms);
  bool closed;
  if (!begin_close(producer, deadline_us, &closed)) {
    return closed ? 0
                  : ktxn__error_set(error, KTXN_E_TIMED_OUT, KTXN_CLASS_RECREATE,
                                    "ktxn_close(): another thread closes this producer, and was not finished in time");
  }
  code = run_close(producer, deadline_us, error);
  end_close(producer);
  return code;
}

/* Takes the producer out of everything that other threads reach it through. The lock is held. */
static void detach(ktxn_producer *producer) {
  producer->freed = true;
  ktxn__list_remove(&producer->close_job->link);
  ktxn__list_remove(&producer->link);
  ktxn__list_remove(&producer->ready_link);
  ktxn__list_remove(&producer->room.link);
  ktxn__list_remove(&producer->failed.link);
  for (struct ktxn__list *link = ktxn__list_first(&producer->jobs), *next; link; link = next) {
    next = ktxn__list_next(&producer->jobs, link);
    struct ktxn__job *job = KTXN__LIST_OF(link, struct ktxn__job, link);
    ktxn__list_remove(&job->notice.link);
    ktxn__job_abandon(job);
  }
  ktxn__client_settle(producer->client);
  while (producer->pins > 0) {
    wait_locked(producer, producer->news, INT64_MAX);
  }
}

void ktxn_free(ktxn_producer *producer) {
  if (!producer) {
    return;
  }
  ktxn_client *client = producer->client;
  if (ktxn__producer_in_callback()) {
    ktxn__log(&client->log, KTXN__LOG_ERROR, "ktxn_free() was called from a delivery callback: nothing was freed");
    return;
  }
  ktxn_close(producer, 0, NULL);
  bool private_client = producer->private_client;
  ktxn__mutex_lock(&client->lock);
  detach(producer);
  ktxn__mutex_unlock(&client->lock);
  ktxn__driver_post(client->driver, &producer->release); /* it may be gone when this returns */
  if (private_client) {
    ktxn__client_free(client);
  }
}

/* ---- questions ------------------------------------------------------------------------------------------------------- */

void ktxn_producer_identity(const ktxn_producer *producer, ktxn_identity *identity) {
  if (!identity) {
    return;
  }
  *identity = (ktxn_identity){.producer_id = -1, .producer_epoch = -1};
  if (producer) {
    ktxn__sender_identity(producer->sender, identity);
  }
}
