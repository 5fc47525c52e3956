#include "sdk/devbroker/server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "sdk/devbroker/model_control.h"
#include "sdk/devbroker/server_parts.h"
#include "sdk/net/tcp.h"
#include "sdk/os/clock.h"

enum { SCRATCH = 256 * 1024, REPLY_MAX = KTXN__CONTROL_REPLY_MAX };

static bool fail(char *why, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static bool fail(char *why, size_t size, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(why, size, format, arguments);
  va_end(arguments);
  return false;
}

/* -- the thread */

/* A step is noted when something is due: nothing happens in the others. */
static void run_front(struct ktxn__server *server) {
  ktxn__server_tick(server);
  const struct ktxn__journal_entry step = {.kind = KTXN__JOURNAL_STEP, .now = server->now};
  if (server->journal != NULL && ktxn__model_deadline(server->model) <= server->now) {
    server->control.stop = !ktxn__journal_append(server->journal, &step) || server->control.stop;
  }
  ktxn__front_run(server->front, server->now);
  ktxn__server_flush(server);
}

static int64_t patience_us(const struct ktxn__server *server) {
  int64_t deadline = ktxn__front_deadline(server->front);
  if (server->deaf && server->listen_us < deadline) {
    deadline = server->listen_us;
  }
  const int64_t now = ktxn__clock_mono_us() - server->start_us;
  return deadline == KTXN__MODEL_NEVER ? -1 : deadline <= now ? 0 : deadline - now;
}

static void turn(struct ktxn__server *server) {
  struct ktxn__poller_event events[KTXN__POLLER_EVENTS_MAX];
  int count = ktxn__poller_wait(server->poller, events, KTXN__POLLER_EVENTS_MAX, patience_us(server));
  if (count < 0) {
    ktxn__log(server->config.log, KTXN__LOG_ERROR, "waiting failed: %s; the broker ends", strerror(-count));
    server->control.stop = true;
  }
  run_front(server);
  ktxn__server_listen_again(server);
  for (int i = 0; i < count; i++) {
    struct ktxn__server_slot *slot = ktxn__server_slot_of(server, events[i].key);
    if (slot != NULL) {
      ktxn__server_event(server, slot, events[i].ready);
    }
  }
  run_front(server);
}

static void *run(void *ctx) {
  struct ktxn__server *server = ctx;
  while (!server->control.stop) {
    turn(server);
  }
  ktxn__mutex_lock(&server->mailbox.mutex);
  server->mailbox.over = true;
  ktxn__cond_broadcast(&server->mailbox.changed);
  ktxn__mutex_unlock(&server->mailbox.mutex);
  return NULL;
}

/* -- what other threads do */

static void wake(struct ktxn__server *server) {
  const uint64_t one = 1;
  (void)!write(server->wake_fd, &one, sizeof one);
}

/* With the lock held. */
static bool exchange(struct ktxn__server *server, const char *line, char *reply, size_t size) {
  struct ktxn__server_mailbox *mailbox = &server->mailbox;
  ktxn__buffer_clear(&mailbox->reply);
  mailbox->line = line;
  mailbox->done = false;
  wake(server);
  while (!mailbox->done && !mailbox->over) {
    ktxn__cond_wait(&mailbox->changed, &mailbox->mutex);
  }
  mailbox->line = NULL;
  const struct ktxn__str text = {.data = (const char *)mailbox->reply.data, .len = (int32_t)mailbox->reply.size};
  ktxn__str_copy(mailbox->done ? text : KTXN__STR("error the broker has ended"), reply, size);
  return mailbox->done && mailbox->good;
}

bool ktxn__server_command(struct ktxn__server *server, const char *line, char *reply, size_t size) {
  struct ktxn__server_mailbox *mailbox = &server->mailbox;
  ktxn__mutex_lock(&mailbox->mutex);
  while (mailbox->taken) {
    ktxn__cond_wait(&mailbox->changed, &mailbox->mutex);
  }
  mailbox->taken = true;
  bool good = exchange(server, line, reply, size);
  mailbox->taken = false;
  ktxn__cond_broadcast(&mailbox->changed);
  ktxn__mutex_unlock(&mailbox->mutex);
  return good;
}

void ktxn__server_wait(struct ktxn__server *server) {
  ktxn__mutex_lock(&server->mailbox.mutex);
  while (!server->mailbox.over) {
    ktxn__cond_wait(&server->mailbox.changed, &server->mailbox.mutex);
  }
  ktxn__mutex_unlock(&server->mailbox.mutex);
}

const char *ktxn__server_bootstrap(const struct ktxn__server *server) {
  return server->bootstrap;
}

int32_t ktxn__server_control_port(const struct ktxn__server *server) {
  return server->control_port;
}

/* -- life */

static bool record(void *ctx, int64_t now, int32_t node, struct ktxn__span frame) {
  struct ktxn__server *server = ctx;
  const struct ktxn__journal_entry entry = {.kind = KTXN__JOURNAL_REQUEST, .node = node, .now = now, .bytes = frame};
  const bool written = server->journal == NULL || ktxn__journal_append(server->journal, &entry);
  if (!written) {
    ktxn__log(server->config.log, KTXN__LOG_ERROR, "the journal can't be written or is full; the broker ends");
    server->control.stop = true;
  }
  return written;
}

static int node_changed(void *ctx, int32_t node) {
  struct ktxn__server *server = ctx;
  int error = server->slots == NULL ? 0 : ktxn__server_follow_node(server, node);
  if (error != 0) {
    ktxn__log(server->config.log, KTXN__LOG_ERROR, "node %d can't listen on port %u again", node, server->ports[node]);
  }
  return error;
}

static bool make_model(struct ktxn__server *server, char *why, size_t size) {
  struct ktxn__front_config config = {.mem = server->mem,
                                      .cluster_id = ktxn__str(server->config.model.cluster_id),
                                      .nodes = server->config.model.nodes,
                                      .log = server->config.log,
                                      .record = record,
                                      .record_ctx = server};
  server->model = ktxn__model_new(server->mem, &server->config.model, NULL);
  config.model = server->model;
  server->front = server->model == NULL ? NULL : ktxn__front_new(&config);
  server->control = (struct ktxn__control){.model = server->model,
                                           .front = server->front,
                                           .node_changed = node_changed,
                                           .ctx = server,
                                           .nodes = server->config.model.nodes};
  return server->front != NULL ||
         fail(why, size, "the cluster can't be made: out of memory, or settings that don't go together");
}

/* -- the directory */

static bool replay_one(struct ktxn__server *server, const struct ktxn__journal_entry *entry) {
  struct ktxn__buffer nowhere;
  bool good = true;
  server->now = entry->now;
  switch (entry->kind) {
    case KTXN__JOURNAL_REQUEST: good = ktxn__front_replay(server->front, entry->now, entry->node, entry->bytes); break;
    case KTXN__JOURNAL_STEP: ktxn__front_run(server->front, entry->now); break;
    case KTXN__JOURNAL_LINE:
      ktxn__buffer_init(&nowhere, server->mem, REPLY_MAX);
      (void)ktxn__control_run(&server->control, entry->now, entry->bytes.data, &nowhere);
      ktxn__buffer_free(&nowhere);
      break;
    default: good = false; break;
  }
  return good;
}

static bool replay(struct ktxn__server *server, char *why, size_t size) {
  struct ktxn__journal *journal = server->journal;
  struct ktxn__journal_entry entry;
  int there;
  server->journal = NULL; /* what is replayed isn't written again */
  while ((there = ktxn__journal_next(journal, &entry)) > 0) {
    if (!replay_one(server, &entry)) {
      ktxn__log(server->config.log, KTXN__LOG_WARN, "an entry of the journal has no effect any more");
    }
  }
  server->journal = journal;
  return there == 0 || fail(why, size, "the journal can't be read");
}

/* The time of the model goes on where it was, at least as far as the clock on the wall has gone. */
static void set_start(struct ktxn__server *server) {
  const int64_t gone_us = (ktxn__clock_wall_ms() - server->config.model.wall_ms) * 1000;
  const int64_t now = gone_us > server->now ? gone_us : server->now;
  server->start_us = ktxn__clock_mono_us() - now;
  server->now = now;
}

/* What it is made with decides what a replay makes of the journal: timeouts, rebalances, what there is room for. */
static bool open_journal(struct ktxn__server *server, char *why, size_t size) {
  const struct ktxn__model_config *model = &server->config.model;
  char identity[256];
  if (server->config.directory == NULL) {
    return true;
  }
  (void)snprintf(identity, sizeof identity,
                 "%d nodes of release %s, transaction.version %d, partitions %d, auto-create %d, timers of %lld and %lld ms, "
                 "%zu bytes, %s",
                 model->nodes, ktxn__model_traits(model->release)->name, model->transaction_version,
                 model->default_partitions, model->auto_create_topics, (long long)(model->scan_us / 1000),
                 (long long)(model->rebalance_delay_us / 1000), model->memory_max, model->cluster_id);
  server->journal = ktxn__journal_open(server->mem, server->config.directory, identity, model->wall_ms, why, size);
  if (server->journal == NULL) {
    return false;
  }
  server->config.model.wall_ms = ktxn__journal_wall_ms(server->journal);
  return true;
}

/* -- start */

static bool make_sockets(struct ktxn__server *server, char *why, size_t size) {
  int error = 0;
  server->scratch = ktxn__alloc(server->mem, SCRATCH);
  server->poller = ktxn__poller_new(server->mem, &error);
  if (server->poller == NULL || server->scratch == NULL || !ktxn__server_slots_init(server)) {
    return fail(why, size, "out of memory or descriptors");
  }
  server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (server->wake_fd < 0 || ktxn__server_slot_add(server, KTXN__SERVER_WAKE, server->wake_fd, -1) == NULL) {
    return fail(why, size, "out of descriptors");
  }
  if (ktxn__tcp_parse(server->host, 0, &server->address) != 0) {
    return fail(why, size, "'%s' is not a numeric address", server->host);
  }
  for (int32_t node = 0; node < server->config.model.nodes; node++) {
    server->ports[node] = (uint16_t)(server->config.port == 0 ? 0 : server->config.port + node);
    error = ktxn__server_follow_node(server, node);
    if (error != 0) {
      return fail(why, size, "can't listen on %s port %u: %s", server->host, server->ports[node], strerror(-error));
    }
  }
  error = ktxn__server_listen_control(server);
  return error == 0 ||
         fail(why, size, "can't listen on control port %d: %s", server->config.control_port, strerror(-error));
}

static bool make_bootstrap(struct ktxn__server *server) {
  const bool v6 = strchr(server->advertised, ':') != NULL;
  const size_t size = (size_t)server->config.model.nodes * (strlen(server->advertised) + 10);
  server->bootstrap = ktxn__calloc(server->mem, 1, size);
  size_t at = 0;
  for (int32_t node = 0; server->bootstrap != NULL && node < server->config.model.nodes; node++) {
    at += (size_t)snprintf(server->bootstrap + at, size - at, "%s%s%s%s:%u", node == 0 ? "" : ",", v6 ? "[" : "",
                           server->advertised, v6 ? "]" : "", server->ports[node]);
  }
  return server->bootstrap != NULL;
}

static bool start(struct ktxn__server *server, char *why, size_t size) {
  if (!open_journal(server, why, size) || !make_model(server, why, size)) {
    return false;
  }
  if (server->journal != NULL && !replay(server, why, size)) {
    return false;
  }
  set_start(server);
  if (!make_sockets(server, why, size)) {
    return false;
  }
  return (make_bootstrap(server) && ktxn__thread_start(&server->thread, "ktxn-devbroker", run, server)) ||
         fail(why, size, "out of memory or threads");
}

static void destroy(struct ktxn__server *server) {
  ktxn__server_slots_free(server);
  ktxn__front_free(server->front);
  ktxn__model_free(server->model);
  ktxn__journal_close(server->journal);
  ktxn__poller_free(server->poller);
  ktxn__free(server->mem, server->scratch);
  ktxn__free(server->mem, server->bootstrap);
  ktxn__buffer_free(&server->mailbox.reply);
  ktxn__cond_destroy(&server->mailbox.changed);
  ktxn__mutex_destroy(&server->mailbox.mutex);
  ktxn__free(server->mem, server);
}

struct ktxn__server *ktxn__server_start(const struct ktxn__server_config *config, char *why, size_t why_size) {
  struct ktxn__server *server = ktxn__calloc(config->mem, 1, sizeof *server);
  if (server == NULL || !ktxn__mutex_init(&server->mailbox.mutex)) {
    (void)fail(why, why_size, "out of memory");
    ktxn__free(config->mem, server);
    return NULL;
  }
  if (!ktxn__cond_init(&server->mailbox.changed)) {
    (void)fail(why, why_size, "out of memory");
    ktxn__mutex_destroy(&server->mailbox.mutex);
    ktxn__free(config->mem, server);
    return NULL;
  }
  server->mem = config->mem;
  server->config = *config;
  server->wake_fd = -1;
  ktxn__buffer_init(&server->mailbox.reply, server->mem, REPLY_MAX);
  ktxn__str_copy(ktxn__str(config->host), server->host, sizeof server->host);
  ktxn__str_copy(ktxn__str(config->advertised_host == NULL ? config->host : config->advertised_host),
                 server->advertised, sizeof server->advertised);
  if (!start(server, why, why_size)) {
    destroy(server);
    return NULL;
  }
  return server;
}

void ktxn__server_end(struct ktxn__server *server) {
  if (server == NULL) {
    return;
  }
  ktxn__mutex_lock(&server->mailbox.mutex);
  server->mailbox.ending = true;
  ktxn__mutex_unlock(&server->mailbox.mutex);
  wake(server);
  ktxn__thread_join(&server->thread);
  destroy(server);
}
