#include "sdk/driver.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sdk/base/log.h"
#include "sdk/base/mem.h"
#include "sdk/base/random.h"
#include "sdk/config.h"
#include "sdk/engine/engine.h"
#include "sdk/engine/ports.h"
#include "sdk/error.h"
#include "sdk/net/poller.h"
#include "sdk/os/clock.h"
#include "sdk/os/entropy.h"
#include "sdk/os/thread.h"
#include "sdk/sockets.h"

#define WAKE_KEY 0 /* no connection has this number */
#define READ_SIZE (64 * 1024)
#define READS_PER_EVENT 4 /* so that one talkative connection can't starve the others */

struct ktxn__driver {
  struct ktxn__mem *mem;
  struct ktxn__log *log;
  struct ktxn__driver_hooks hooks;
  struct ktxn__ports ports;
  char error_text[64];
  struct ktxn__engine *engine;
  struct ktxn__helper *helper;
  struct ktxn__mailbox mailbox;

  /*
   * Waking. `pending` says that something wants the engine to run; `asleep` that the I/O thread is about to wait or
   * waits. The thread sets asleep and then looks at pending; who wakes sets pending and then looks at asleep; both in the
   * one order of sequentially consistent operations, so at least one of them sees the other's. The descriptor is written
   * at most once for each sleep.
   */
  atomic_bool pending;
  atomic_bool asleep;
  int wake_fd;

  /* the I/O thread's */
  struct ktxn__poller *poller;
  struct ktxn__sockets sockets;
  struct ktxn__random random;
  uint8_t *buffer; /* READ_SIZE bytes */
  bool stopping;
  struct ktxn__mail stop;
  struct ktxn__thread thread;
};

static struct ktxn__driver *of_stop(struct ktxn__mail *mail) {
  return (struct ktxn__driver *)(void *)((char *)mail - offsetof(struct ktxn__driver, stop));
}

/* ---- ports ------------------------------------------------------------------------------------------------------- */

static int64_t port_wall_ms(void *ctx) {
  (void)ctx;
  return ktxn__clock_wall_coarse_ms();
}

static uint64_t port_random(void *ctx) {
  struct ktxn__driver *driver = ctx;
  return ktxn__random_next(&driver->random);
}

static int port_connect(void *ctx, uint32_t conn, const struct ktxn__address *address, const char *host) {
  struct ktxn__driver *driver = ctx;
  (void)host;
  return ktxn__sockets_connect(&driver->sockets, conn, address);
}

static const char *port_error_text(void *ctx, int error) {
  struct ktxn__driver *driver = ctx;
  return ktxn__tcp_why(error, driver->error_text, sizeof driver->error_text);
}

static int64_t port_writev(void *ctx, uint32_t conn, const struct ktxn__span *spans, size_t count) {
  struct ktxn__driver *driver = ctx;
  return ktxn__sockets_writev(&driver->sockets, conn, spans, count);
}

static void port_close(void *ctx, uint32_t conn) {
  struct ktxn__driver *driver = ctx;
  ktxn__sockets_close(&driver->sockets, conn);
}

static void port_resolve(void *ctx, uint32_t token, const char *host, uint16_t port) {
  struct ktxn__driver *driver = ctx;
  ktxn__helper_resolve(driver->helper, token, host, port);
}

static void *port_lock_new(void *ctx) {
  struct ktxn__driver *driver = ctx;
  struct ktxn__mutex *mutex = ktxn__alloc(driver->mem, sizeof *mutex);
  if (mutex && !ktxn__mutex_init(mutex)) {
    ktxn__free(driver->mem, mutex);
    return NULL;
  }
  return mutex;
}

static void port_lock(void *lock) {
  ktxn__mutex_lock(lock);
}

static void port_unlock(void *lock) {
  ktxn__mutex_unlock(lock);
}

static void port_lock_free(void *ctx, void *lock) {
  struct ktxn__driver *driver = ctx;
  if (lock) {
    ktxn__mutex_destroy(lock);
    ktxn__free(driver->mem, lock);
  }
}

static void port_wake(void *ctx) {
  struct ktxn__driver *driver = ctx;
  atomic_store(&driver->pending, true);
  if (atomic_load(&driver->asleep) && atomic_exchange(&driver->asleep, false)) {
    uint64_t one = 1;
    ssize_t written = write(driver->wake_fd, &one, sizeof one); /* can't block or fail: the counter is far from full */
    (void)written;
  }
}

static void port_notify(void *ctx, void *producer) {
  struct ktxn__driver *driver = ctx;
  driver->hooks.notify(driver->hooks.owner, producer);
}

static void fill_ports(struct ktxn__driver *driver) {
  driver->ports = (struct ktxn__ports){
      .ctx = driver,
      .mem = driver->mem,
      .log = driver->log,
      .wall_ms = port_wall_ms,
      .random = port_random,
      .connect = port_connect,
      .error_text = port_error_text,
      .writev = port_writev,
      .close = port_close,
      .resolve = port_resolve,
      .lock_new = port_lock_new,
      .lock = port_lock,
      .unlock = port_unlock,
      .lock_free = port_lock_free,
      .wake = port_wake,
      .notify = port_notify,
  };
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static void tell_closed(struct ktxn__driver *driver, uint32_t conn, int error, int64_t now_us) {
  char text[128];
  const char *why = error == -EPIPE ? "closed by the peer" : ktxn__tcp_why(error, text, sizeof text);
  ktxn__sockets_close(&driver->sockets, conn);
  ktxn__engine_closed(driver->engine, conn, why, now_us);
}

static void finish_connect(struct ktxn__driver *driver, struct ktxn__socket *socket, int64_t now_us) {
  uint32_t conn = socket->conn;
  int error = ktxn__tcp_connected(socket->fd);
  if (error == -EINPROGRESS) {
    return;
  }
  socket->connecting = false;
  if (error == 0 && !ktxn__sockets_watch(&driver->sockets, socket, KTXN__POLLER_READ)) {
    error = -ENOMEM;
  }
  if (error == 0) {
    ktxn__engine_connected(driver->engine, conn, now_us);
  } else {
    tell_closed(driver, conn, error, now_us);
  }
}

static void read_some(struct ktxn__driver *driver, uint32_t conn, int64_t now_us) {
  for (int i = 0; i < READS_PER_EVENT; i++) {
    struct ktxn__socket *socket = ktxn__sockets_find(&driver->sockets, conn);
    if (!socket) {
      return; /* the engine closed it because of what it just received */
    }
    int64_t size = ktxn__tcp_read(socket->fd, driver->buffer, READ_SIZE);
    if (size < 0) {
      tell_closed(driver, conn, (int)size, now_us);
      return;
    }
    if (size > 0) {
      ktxn__engine_received(driver->engine, conn, driver->buffer, (size_t)size, now_us);
    }
    if (size < READ_SIZE) {
      return;
    }
  }
}

static void became_writable(struct ktxn__driver *driver, struct ktxn__socket *socket, int64_t now_us) {
  uint32_t conn = socket->conn;
  if (!(socket->interest & KTXN__POLLER_WRITE)) {
    return;
  }
  if (ktxn__sockets_watch(&driver->sockets, socket, KTXN__POLLER_READ)) {
    ktxn__engine_writable(driver->engine, conn, now_us);
  } else {
    tell_closed(driver, conn, -ENOMEM, now_us);
  }
}

static void on_ready(struct ktxn__driver *driver, const struct ktxn__poller_event *event, int64_t now_us) {
  struct ktxn__socket *socket = ktxn__sockets_find(&driver->sockets, event->key);
  if (!socket) {
    return;
  }
  if (socket->connecting) {
    finish_connect(driver, socket, now_us);
    return;
  }
  if (event->ready & KTXN__POLLER_WRITE) {
    became_writable(driver, socket, now_us);
  }
  if (event->ready & (KTXN__POLLER_READ | KTXN__POLLER_BROKEN)) {
    read_some(driver, event->key, now_us);
  }
}

static void take_answers(struct ktxn__driver *driver, int64_t now_us) {
  struct ktxn__helper_answer answer;
  while (ktxn__helper_take(driver->helper, &answer)) {
    ktxn__engine_resolved(driver->engine, answer.token, answer.addresses, answer.count, answer.why, now_us);
  }
}

static void drain_wake_fd(struct ktxn__driver *driver) {
  uint64_t count;
  ssize_t size = read(driver->wake_fd, &count, sizeof count);
  (void)size;
}

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

static void sleep_until(struct ktxn__driver *driver, int64_t deadline_us) {
  struct ktxn__poller_event events[KTXN__POLLER_EVENTS_MAX];
  int64_t now_us = ktxn__clock_mono_us();
  int64_t timeout_us = deadline_us == INT64_MAX ? -1 : deadline_us > now_us ? deadline_us - now_us : 0;
  atomic_store(&driver->asleep, true);
  if (atomic_load(&driver->pending)) {
    timeout_us = 0;
  }
  int count = ktxn__poller_wait(driver->poller, events, KTXN__POLLER_EVENTS_MAX, timeout_us);
  atomic_store(&driver->asleep, false);
  now_us = ktxn__clock_mono_us();
  for (int i = 0; i < count; i++) {
    if (events[i].key == WAKE_KEY) {
      drain_wake_fd(driver);
    } else {
      on_ready(driver, &events[i], now_us);
    }
  }
}

static void run_loop(struct ktxn__driver *driver) {
  while (!driver->stopping) {
    atomic_store(&driver->pending, false); /* before looking, so that what comes later is seen by the next look */
    int64_t now_us = ktxn__clock_mono_us();
    take_answers(driver, now_us);
    ktxn__mailbox_run(&driver->mailbox, now_us);
    int64_t deadline_us = ktxn__engine_run(driver->engine, now_us);
    if (!driver->stopping) {
      sleep_until(driver, deadline_us);
    }
  }
}

/* The engine ends on the thread that ran it: the ends of its senders are told from there as always. */
static void *io_thread(void *ctx) {
  struct ktxn__driver *driver = ctx;
  ktxn__thread_exact_timers(); /* waits of pacing are as short as 100 us */
  run_loop(driver);
  ktxn__mailbox_run(&driver->mailbox, ktxn__clock_mono_us());
  ktxn__engine_free(driver->engine);
  driver->engine = NULL;
  return NULL;
}

static void run_stop(struct ktxn__mail *mail, int64_t now_us) {
  (void)now_us;
  of_stop(mail)->stopping = true;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static bool open_poller(struct ktxn__driver *driver, const struct ktxn__settings *settings, int *error) {
  driver->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (driver->wake_fd < 0) {
    *error = -errno;
    return false;
  }
  driver->poller = ktxn__poller_new(driver->mem, error);
  if (!driver->poller) {
    return false;
  }
  struct ktxn__tcp_options options = {.send_buffer_bytes = (int)settings->send_buffer_bytes,
                                      .receive_buffer_bytes = (int)settings->receive_buffer_bytes};
  ktxn__sockets_init(&driver->sockets, driver->mem, driver->poller, &options);
  *error = ktxn__poller_add(driver->poller, driver->wake_fd, WAKE_KEY, KTXN__POLLER_READ);
  return *error == 0;
}

static void free_parts(struct ktxn__driver *driver) {
  ktxn__helper_stop(driver->helper);
  ktxn__engine_free(driver->engine);
  ktxn__sockets_free(&driver->sockets);
  ktxn__poller_free(driver->poller);
  if (driver->wake_fd >= 0) {
    close(driver->wake_fd);
  }
  ktxn__mailbox_destroy(&driver->mailbox);
  ktxn__free(driver->mem, driver->buffer);
  ktxn__free(driver->mem, driver);
}

static int fail(ktxn_error *error, int code, const char *what, int system_error) {
  char text[128];
  if (system_error == 0) {
    return ktxn__error_set(error, code, KTXN_CLASS_RETRY, "cannot make the client: %s", what);
  }
  return ktxn__error_set(error, code, KTXN_CLASS_RETRY, "cannot make the client: %s: %s", what,
                         ktxn__tcp_why(system_error, text, sizeof text));
}

static bool start_engine(struct ktxn__driver *driver, const struct ktxn__settings *settings, ktxn_error *error) {
  fill_ports(driver);
  driver->engine = ktxn__engine_new(&driver->ports, settings);
  driver->buffer = ktxn__alloc(driver->mem, READ_SIZE);
  if (!driver->engine || !driver->buffer) {
    fail(error, KTXN_E_OUT_OF_MEMORY, "out of memory", 0);
    return false;
  }
  return true;
}

static bool start_threads(struct ktxn__driver *driver, ktxn_error *error) {
  driver->helper = ktxn__helper_new(port_wake, driver, driver->hooks.lookup);
  if (!driver->helper || !ktxn__thread_start(&driver->thread, "ktxn-io", io_thread, driver)) {
    fail(error, KTXN_E_NO_RESOURCE_FOR_THREAD, "no memory or no resource for a thread; look at ulimit -u", 0);
    return false;
  }
  return true;
}

struct ktxn__driver *ktxn__driver_new(struct ktxn__mem *mem, struct ktxn__log *log,
                                      const struct ktxn__settings *settings, const struct ktxn__driver_hooks *hooks,
                                      ktxn_error *error) {
  struct ktxn__driver *driver = ktxn__calloc(mem, 1, sizeof *driver);
  if (!driver) {
    fail(error, KTXN_E_OUT_OF_MEMORY, "out of memory", 0);
    return NULL;
  }
  driver->mem = mem;
  driver->log = log;
  driver->hooks = *hooks;
  driver->stop.run = run_stop;
  driver->wake_fd = -1;
  ktxn__random_seed(&driver->random, ktxn__entropy_seed());
  if (!ktxn__mailbox_init(&driver->mailbox)) {
    ktxn__free(mem, driver);
    fail(error, KTXN_E_SYSTEM, "no resource for a mutex", 0);
    return NULL;
  }
  int system_error = 0;
  bool open = open_poller(driver, settings, &system_error);
  if (!open) {
    fail(error, KTXN_E_SYSTEM, "no descriptor for epoll or eventfd; look at ulimit -n", system_error);
  }
  if (!open || !start_engine(driver, settings, error) || !start_threads(driver, error)) {
    free_parts(driver);
    return NULL;
  }
  return driver;
}

void ktxn__driver_post(struct ktxn__driver *driver, struct ktxn__mail *mail) {
  ktxn__mailbox_post(&driver->mailbox, mail);
  port_wake(driver);
}

struct ktxn__engine *ktxn__driver_engine(struct ktxn__driver *driver) {
  return driver->engine;
}

const struct ktxn__ports *ktxn__driver_ports(const struct ktxn__driver *driver) {
  return &driver->ports;
}

void ktxn__driver_free(struct ktxn__driver *driver) {
  if (!driver) {
    return;
  }
  ktxn__driver_post(driver, &driver->stop);
  ktxn__thread_join(&driver->thread);
  free_parts(driver);
}
