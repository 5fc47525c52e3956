#include <stdio.h>
#include <string.h>

#include "tests/sim/places.h"
#include "tests/sim/world.h"
#include "txn/txn.h"

/* One incarnation of a producer: the production objects on the world's ports. */

/* What the manager's own checks find is a breach, though the producer ends in order: txn/README.md. */
static const char *what_broke;

void ktxn__txn_hook(const char *what) { what_broke = what; }

static void check_hook(struct sim_client *client) {
  if (what_broke != NULL) {
    sim_violate(client->world, "contract: client %d: the manager's own check failed: %s", (int)client->index, what_broke);
  }
  what_broke = NULL;
}

static void on_failed(void *owner, int64_t ordinal, const ktxn_error *error) {
  struct sim_client *client = owner;
  (void)ordinal;
  client->woken = true;
  if (error->fatal) {
    client->wire.fatal_us = client->wire.fatal_us < 0 ? client->world->now_us : client->wire.fatal_us;
  }
}

static void on_gone(void *owner) { ((struct sim_client *)owner)->gone = true; }

static void on_log(void *ctx, enum ktxn__log_level level, const char *line) {
  struct sim_client *client = ctx;
  (void)level;
  sim_tell(client->world, "client %d: %s", client->index, line);
}

static void fill_settings(struct sim_client *client) {
  static char client_id[] = "sim";
  static char host[] = "127.0.0.1";
  const struct sim_options *o = &client->world->options;
  for (int32_t i = 0; i < o->nodes; i++) {
    client->servers[i] = (struct ktxn__bootstrap_server){host, (uint16_t)(9000 + i)};
  }
  client->settings = (struct ktxn__settings){
      .bootstrap = {client->servers, (size_t)o->nodes},
      .client_id = client_id,
      .transactional_id = client->tid,
      .transaction_timeout_ms = o->transaction_timeout_ms,
      .transaction_pacing = o->pacing,
      .in_flight_max = 5,
      .retries = INT32_MAX,
      .delivery_timeout_ms = o->delivery_timeout_ms,
      .request_timeout_ms = o->request_timeout_ms,
      .linger_ms = o->linger_ms,
      .max_block_ms = 60000,
      .batch_bytes = o->batch_bytes,
      .buffer_bytes = 1 << 16,
      .request_bytes_max = 1 << 20,
      .retry_backoff_ms = o->backoff_ms,
      .retry_backoff_max_ms = o->backoff_ms * 10,
      .reconnect_backoff_ms = 50,
      .reconnect_backoff_max_ms = 1000,
      .connection_setup_timeout_ms = 2000,
      .connection_setup_timeout_max_ms = 5000,
      .connections_idle_max_ms = 540000,
      .connections_per_broker = 1,
      .metadata_age_max_ms = 300000,
      .metadata_idle_max_ms = 300000,
  };
}

static bool make_engine(struct sim_client *client) {
  const struct ktxn__settings *settings = &client->settings;
  struct ktxn__accumulator_config config = {
      .transactional = true,
      .batch_size = (size_t)settings->batch_bytes,
      .buffer_memory = (size_t)settings->buffer_bytes,
      .max_request_size = (size_t)settings->request_bytes_max,
      .linger_us = settings->linger_ms * 1000,
      .delivery_timeout_us = settings->delivery_timeout_ms * 1000,
      .seed = sim_random(&client->world->choices),
  };
  struct ktxn__sender_hooks hooks = {on_failed, on_gone, client};
  client->engine = ktxn__engine_new(&client->ports, settings);
  client->acc = ktxn__accumulator_new(&client->ports, client, &config);
  client->sender = ktxn__sender_new(client->engine, settings, client->acc, &hooks);
  return client->sender != NULL;
}

int64_t sim_client_now(const struct sim_client *client) {
  int64_t now_us = client->world->now_us;
  return now_us + client->skew_us + now_us / 1000 * client->drift_ppm / 1000;
}

/* The first moment at which its clock shows that. */
static int64_t world_time(const struct sim_client *client, int64_t at_us) {
  if (at_us == INT64_MAX) {
    return INT64_MAX;
  }
  int64_t ahead_us = at_us - sim_client_now(client); /* a drift makes it up to a thousandth more or less: looked at again then */
  return client->world->now_us + (ahead_us > 0 ? ahead_us : 0);
}

/* Monotonic clocks begin anywhere and go by up to a thousandth too fast or too slowly. */
static void set_clock(struct sim_client *client) {
  struct sim_choices *choices = &client->world->choices;
  if (client->world->options.clocks) {
    client->skew_us = sim_span(choices, SIM_APP, 0, INT64_C(100000000000000));
    client->drift_ppm = (int64_t)sim_choose(choices, SIM_APP, 2001) - 1000;
  }
}

int32_t sim_client_start(struct sim_world *world, int32_t id, bool last) {
  if (world->client_count >= (last ? SIM_CLIENTS : SIM_CLIENTS - SIM_PROOFS)) {
    world->stats->exhausted++;
    return -1;
  }
  int32_t index = world->client_count++;
  struct sim_client *client = &world->clients[index];
  memset(client, 0, sizeof *client);
  client->world = world;
  client->index = index;
  client->id = id;
  client->ready_us = -1;
  client->txn = -1;
  client->ordinal = -1;
  client->deadline_us = INT64_MAX;
  sim_wire_start(&client->wire);
  snprintf(client->tid, sizeof client->tid, "id-%d", (int)id);
  ktxn__mem_init(&client->mem, 0);
  client->log = (struct ktxn__log){world->trace ? KTXN__LOG_DEBUG : KTXN__LOG_OFF, world->trace ? on_log : NULL, client};
  sim_net_ports(client);
  set_clock(client);
  fill_settings(client);
  if (!make_engine(client)) {
    sim_violate(world, "resources: a client could not be made");
    return -1;
  }
  client->alive = true;
  world->owner[id] = index;
  ktxn__sender_attach(client->sender, sim_client_now(client));
  sim_tell(world, "client %d starts with %s", (int)index, client->tid);
  sim_app_start(client, last);
  if (world->sweep.alloc > 0 && index == 0) {
    sim_cluster_starve(world, index, world->sweep.alloc, world->sweep.alloc_on);
  }
  sim_client_soon(client);
  return index;
}

void sim_client_soon(struct sim_client *client) {
  struct sim_world *world = client->world;
  if (client->alive && client->deadline_us > world->now_us) {
    client->deadline_us = world->now_us;
    sim_schedule(world, world->now_us, SIM_EVENT_CLIENT, (uint32_t)client->index, 0);
  }
}

/* buffer.memory is 64 KiB; all else of a client with five brokers and two topics takes less than that again. */
static void check_memory(struct sim_client *client) {
  enum { MOST = 1 << 18 };
  size_t used = ktxn__mem_used(&client->mem);
  if (used > MOST && client->world->options.hostile == 0) {
    sim_violate(client->world, "S11: client %d holds %zu bytes", (int)client->index, used);
  }
}

/* Never back: a monotonic clock does not do that. */
static void jump(struct sim_client *client) {
  struct sim_world *world = client->world;
  if (!world->healed && sim_chance(&world->choices, SIM_APP, world->options.jumps)) {
    int64_t ahead_us = sim_span(&world->choices, SIM_APP, 1000, 600000000);
    sim_places_fault(SIM_FAULT_JUMP);
    sim_tell(world, "the clock of client %d is %lld us ahead", (int)client->index, (long long)ahead_us);
    client->skew_us += ahead_us;
    client->jumped_us += ahead_us;
  }
}

/* The application and the engine in turns, until neither has anything to do in this moment. */
void sim_client_run(struct sim_world *world, int32_t index) {
  struct sim_client *client = &world->clients[index];
  if (!client->alive || client->deadline_us > world->now_us) {
    return;
  }
  client->deadline_us = INT64_MAX;
  if (client->paused) {
    client->deadline_us = world->now_us + 50000;
    sim_schedule(world, client->deadline_us, SIM_EVENT_CLIENT, (uint32_t)index, 0);
    return;
  }
  jump(client);
  int64_t next_us = INT64_MAX;
  int turns = 0;
  do {
    client->woken = false;
    next_us = world_time(client, ktxn__engine_run(client->engine, sim_client_now(client)));
    sim_app_step(client);
    if (!client->alive) {
      return;
    }
    if (++turns > 1000) {
      sim_violate(world, "liveness: client %d has work without end in one moment", (int)index);
      return;
    }
  } while (client->woken);
  int64_t app_us = sim_app_deadline(client);
  next_us = app_us < next_us ? app_us : next_us;
  check_memory(client);
  check_hook(client);
  if (next_us != INT64_MAX) {
    client->deadline_us = next_us > world->now_us ? next_us : world->now_us + 1;
    sim_schedule(world, client->deadline_us, SIM_EVENT_CLIENT, (uint32_t)index, 0);
  }
}

/* Leaders that ask nobody: a batch that was given up and comes after the abort, of which nothing sweeps the log any more, is part of
 * what the successor commits there (docs/TRANSACTIONS.md, what no client can promise). The abort has not returned by then. */
void sim_client_note_unswept(struct sim_world *world, const struct sim_client *client) {
  bool asks = world->options.verification || (world->options.level >= 2 && world->options.level_change == 0);
  bool aborting = client->txn >= 0 && client->step == SIM_STEP_ABORT;
  if (aborting && !asks) {
    world->txns[client->txn].unswept = true;
  }
  bool offset = client->wire.offset_lost || (aborting && client->wire.offset_owed);
  world->loose[client->id] = world->loose[client->id] || (offset && !asks);
}

/* The process is gone; what it has handed to the network is not. */
void sim_client_kill(struct sim_world *world, int32_t index) {
  struct sim_client *client = &world->clients[index];
  if (!client->alive) {
    return;
  }
  sim_client_note_unswept(world, client);
  client->dying = true;
  if (world->sweep.alloc > 0 && index == 0) {
    world->stats->allocations += world->sweep.alloc - 1 - (uint64_t)atomic_load(&client->mem.fail_after);
    ktxn__mem_fail(&client->mem, 0, false);
  }
  ktxn__sender_release(client->sender, sim_client_now(client));
  ktxn__engine_free(client->engine);
  if (!client->gone) {
    sim_violate(world, "resources: client %d was freed and its sender has not let go", (int)index);
  }
  ktxn__accumulator_free(client->acc);
  if (ktxn__mem_used(&client->mem) != 0) {
    sim_violate(world, "S11: client %d left %zu bytes", (int)index, ktxn__mem_used(&client->mem));
  }
  if (sim_net_left_open(world, index) > 0) {
    sim_violate(world, "S11: client %d left %u connections open", (int)index, sim_net_left_open(world, index));
  }
  client->alive = false;
}
