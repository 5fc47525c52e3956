#include "sdk/client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sdk/base/mem.h"
#include "sdk/driver.h"
#include "sdk/error.h"
#include "sdk/job.h"
#include "sdk/os/clock.h"
#include "sdk/producer.h"

_Static_assert((int)KTXN__LOG_ERROR == (int)KTXN_LOG_ERROR && (int)KTXN__LOG_DEBUG == (int)KTXN_LOG_DEBUG,
               "the public log levels are the internal ones");

/* ---- log ---------------------------------------------------------------------------------------------------------- */

static void write_log(void *ctx, enum ktxn__log_level level, const char *line) {
  ktxn_client *client = ctx;
  ktxn__mutex_lock(&client->log_lock);
  client->settings.log_cb((enum ktxn_log_level)level, line, client->settings.log_opaque);
  ktxn__mutex_unlock(&client->log_lock);
}

static void set_log(ktxn_client *client) {
  client->log.level = client->settings.log_cb ? (enum ktxn__log_level)client->settings.log_level : KTXN__LOG_OFF;
  client->log.write = write_log;
  client->log.ctx = client;
}

/* ---- the descriptor ----------------------------------------------------------------------------------------------- */

static void arm(ktxn_client *client) {
  uint64_t one = 1;
  ssize_t size = write(client->fd, &one, sizeof one); /* can't block: the counter is 0 */
  client->armed = size == (ssize_t)sizeof one;
}

static void disarm(ktxn_client *client) {
  uint64_t count;
  ssize_t size = read(client->fd, &count, sizeof count);
  (void)size;
  client->armed = false;
}

void ktxn__client_settle(ktxn_client *client) {
  bool wanted = !ktxn__list_empty(&client->notices) || !ktxn__list_empty(&client->ready);
  if (wanted && !client->armed) {
    arm(client);
  } else if (!wanted && client->armed) {
    disarm(client);
  }
}

void ktxn__client_tell(ktxn_client *client, struct ktxn__notice *notice) {
  if (ktxn__list_empty(&notice->link)) {
    ktxn__list_push_back(&client->notices, &notice->link);
    ktxn__client_settle(client);
  }
}

/* On any thread: something of a producer has changed that somebody may wait for. */
static void notify(void *owner, void *producer) {
  ktxn_client *client = owner;
  ktxn__mutex_lock(&client->lock);
  ktxn__producer_notified(producer);
  ktxn__mutex_unlock(&client->lock);
}

/* ---- life --------------------------------------------------------------------------------------------------------- */

static bool init_locks(ktxn_client *client) {
  if (!ktxn__mutex_init(&client->lock)) {
    return false;
  }
  if (!ktxn__mutex_init(&client->log_lock)) {
    ktxn__mutex_destroy(&client->lock);
    return false;
  }
  return true;
}

/* From a client whose settings are parsed; what is made here is undone on failure. */
static bool start(ktxn_client *client, ktxn__helper_lookup lookup, ktxn_error *error) {
  if (!init_locks(client)) {
    ktxn__error_set(error, KTXN_E_SYSTEM, KTXN_CLASS_RETRY, "cannot make the client: no resource for a mutex");
    return false;
  }
  client->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (client->fd >= 0) {
    struct ktxn__driver_hooks hooks = {.notify = notify, .owner = client, .lookup = lookup};
    client->driver = ktxn__driver_new(client->mem, &client->log, &client->settings, &hooks, error);
  } else {
    ktxn__error_set(error, KTXN_E_SYSTEM, KTXN_CLASS_RETRY,
                    "cannot make the client: no descriptor for an eventfd (errno %d); look at ulimit -n", errno);
  }
  if (!client->driver) {
    if (client->fd >= 0) {
      close(client->fd);
    }
    ktxn__mutex_destroy(&client->log_lock);
    ktxn__mutex_destroy(&client->lock);
  }
  return client->driver != NULL;
}

ktxn_client *ktxn__client_new(const ktxn_config *config, ktxn__helper_lookup lookup, ktxn_error *error) {
  struct ktxn__mem *mem = ktxn__mem_default();
  ktxn_client *client = ktxn__calloc(mem, 1, sizeof *client);
  if (!client) {
    ktxn__error_set(error, KTXN_E_OUT_OF_MEMORY, KTXN_CLASS_RETRY, "cannot make the client: out of memory");
    return NULL;
  }
  client->mem = mem;
  ktxn__list_init(&client->producers);
  ktxn__list_init(&client->ready);
  ktxn__list_init(&client->notices);
  if (ktxn__config_check(config, &client->settings, error) != 0) {
    ktxn__free(mem, client);
    return NULL;
  }
  set_log(client);
  if (!start(client, lookup, error)) {
    ktxn__settings_free(&client->settings);
    ktxn__free(mem, client);
    return NULL;
  }
  return client;
}

void ktxn__client_free(ktxn_client *client) {
  ktxn__driver_free(client->driver);
  close(client->fd);
  ktxn__mutex_destroy(&client->log_lock);
  ktxn__mutex_destroy(&client->lock);
  ktxn__settings_free(&client->settings);
  ktxn__free(client->mem, client);
}

ktxn_client *ktxn_client_new(const ktxn_config *config, ktxn_error *error) {
  ktxn__error_clear(error);
  if (!config) {
    ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE, "ktxn_client_new(): config is NULL");
    return NULL;
  }
  return ktxn__client_new(config, NULL, error);
}

int ktxn_client_close(ktxn_client *client, int timeout_ms, ktxn_error *error) {
  ktxn__error_clear(error);
  if (!client || timeout_ms < -1) {
    return ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE,
                           "ktxn_client_close(): client is NULL, or timeout_ms is below -1");
  }
  if (ktxn__producer_in_callback()) {
    return ktxn__error_set(error, KTXN_E_STATE, KTXN_CLASS_USAGE,
                           "ktxn_client_close() cannot be called from a delivery callback");
  }
  ktxn__mutex_lock(&client->lock);
  bool used = !ktxn__list_empty(&client->producers);
  ktxn__mutex_unlock(&client->lock);
  if (used) {
    return ktxn__error_set(error, KTXN_E_STATE, KTXN_CLASS_USAGE,
                           "the client still has producers: call ktxn_free() on each of them first");
  }
  ktxn__client_free(client); /* waits for no peer and no resolver, so that it needs no deadline */
  return 0;
}

int ktxn_fd(ktxn_client *client) {
  return client ? client->fd : -1;
}

/* ---- poll --------------------------------------------------------------------------------------------------------- */

/* The lock is held. Takes the first event out; its producer is pinned until release_event(). */
static bool take_event(ktxn_client *client, ktxn_event *event) {
  struct ktxn__list *link = ktxn__list_pop(&client->notices);
  if (!link) {
    return false;
  }
  struct ktxn__notice *notice = KTXN__LIST_OF(link, struct ktxn__notice, link);
  *event = notice->event;
  event->producer->pins++;
  if (notice->job) {
    ktxn__producer_collected(event->producer, notice->job);
  }
  return true;
}

static size_t take_events(ktxn_client *client, ktxn_event *events, size_t max) {
  size_t count = 0;
  ktxn__mutex_lock(&client->lock);
  while (count < max && count < INT_MAX && take_event(client, &events[count])) {
    count++;
  }
  ktxn__mutex_unlock(&client->lock);
  return count;
}

/*
 * Callbacks of a transaction come before the event that tells its end: the events were taken first, so whatever was
 * queued ahead of them is run here.
 */
static void release_events(ktxn_client *client, const ktxn_event *events, size_t count) {
  for (size_t i = 0; i < count; i++) {
    ktxn__producer_serve_all(events[i].producer);
    ktxn__mutex_lock(&client->lock);
    ktxn__producer_unpin(events[i].producer);
    ktxn__mutex_unlock(&client->lock);
  }
}

/* Serves each producer that was ready when it began, once. True if there was one. */
static bool serve_ready(ktxn_client *client) {
  struct ktxn__list round;
  ktxn__list_init(&round);
  ktxn__mutex_lock(&client->lock);
  ktxn__list_splice_back(&round, &client->ready);
  bool any = !ktxn__list_empty(&round);
  struct ktxn__list *link;
  while ((link = ktxn__list_pop(&round))) {
    ktxn__producer_serve_ready(KTXN__LIST_OF(link, ktxn_producer, ready_link));
  }
  ktxn__client_settle(client);
  ktxn__mutex_unlock(&client->lock);
  return any;
}

static bool events_wait(ktxn_client *client) {
  ktxn__mutex_lock(&client->lock);
  bool waiting = !ktxn__list_empty(&client->notices);
  ktxn__mutex_unlock(&client->lock);
  return waiting;
}

/* Ends early when a signal interrupts it. */
static void wait_readable(ktxn_client *client, int64_t deadline_us) {
  int64_t left_us = deadline_us - ktxn__clock_mono_us();
  int64_t left_ms = left_us <= 0 ? 0 : (left_us + 999) / 1000;
  struct pollfd fd = {.fd = client->fd, .events = POLLIN};
  poll(&fd, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms);
}

int ktxn_poll(ktxn_client *client, ktxn_event *events, size_t max, int timeout_ms) {
  if (!client || (!events && max > 0) || timeout_ms < -1 || ktxn__producer_in_callback()) {
    return -1;
  }
  int64_t wait_ms = timeout_ms < 0 ? client->settings.max_block_ms : timeout_ms;
  int64_t deadline_us = ktxn__clock_mono_us() + wait_ms * 1000;
  for (;;) {
    size_t count = take_events(client, events, max);
    release_events(client, events, count);
    bool served = serve_ready(client);
    if (count > 0 || served || (max == 0 && events_wait(client)) || ktxn__clock_mono_us() >= deadline_us) {
      return (int)count;
    }
    wait_readable(client, deadline_us);
  }
}
