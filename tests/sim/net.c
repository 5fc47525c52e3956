#include <stdlib.h>
#include <string.h>

#include "tests/sim/places.h"
#include "tests/sim/world.h"

/*
 * Byte streams between engines and nodes. A stream keeps its order; between two streams anything may overtake anything. What
 * a client has handed over may arrive after it has closed: that is how late copies come about.
 */

static bool bad(struct sim_world *world, enum sim_stream stream, uint32_t chance) {
  return !world->healed && sim_chance(&world->choices, stream, chance);
}

static int64_t delay_us(struct sim_world *world) {
  return sim_span(&world->choices, SIM_NET, world->options.delay_us / 4, world->options.delay_us);
}

static struct sim_conn *conn_of(struct sim_client *client, uint32_t id, uint32_t *index) {
  struct sim_world *world = client->world;
  for (uint32_t i = world->conn_count; i-- > 0;) {
    if (world->conns[i].client == client->index && world->conns[i].id == id) {
      *index = i;
      return &world->conns[i];
    }
  }
  return NULL;
}

/* ---- ports ----------------------------------------------------------------------------------------------------------- */

/* Wall clocks are set, forwards and backwards. */
static int64_t port_wall_ms(void *ctx) {
  struct sim_client *client = ctx;
  struct sim_world *world = client->world;
  if (world->options.clocks && bad(world, SIM_NET, 1000)) {
    sim_places_fault(SIM_FAULT_WALL);
    client->wall_ms = sim_span(&world->choices, SIM_NET, 0, INT64_C(1000000000000)) - 500000000000;
  }
  return 1700000000000 + client->wall_ms + world->now_us / 1000;
}

static uint64_t port_random(void *ctx) { return sim_random(&((struct sim_client *)ctx)->world->choices); }

/* How long nothing comes of a connection: often longer than its setup may take. */
static int64_t hang_us(struct sim_world *world, bool nobody) {
  bool silent = nobody && sim_choose(&world->choices, SIM_NET, 2) == 1; /* or somebody refuses it */
  if (!silent && !bad(world, SIM_NET, world->options.net_hang)) {
    return 0;
  }
  sim_places_fault(SIM_FAULT_HANG);
  return sim_span(&world->choices, SIM_NET, 1000000, 60000000);
}

static int port_connect(void *ctx, uint32_t id, const struct ktxn__address *address, const char *host) {
  struct sim_client *client = ctx;
  struct sim_world *world = client->world;
  (void)host;
  if (client->dying) {
    return -111;
  }
  if (world->conn_count == SIM_CONNS) {
    sim_violate(world, "liveness: more than %d connections in one run", SIM_CONNS);
    return -24;
  }
  uint32_t index = world->conn_count++;
  world->conns[index] = (struct sim_conn){
      .id = id, .client = client->index, .node = sim_address_node(address), .connecting = true, .world = world};
  world->conns[index].nobody = !sim_address_right(world, address);
  int64_t after_us = hang_us(world, world->conns[index].nobody);
  after_us += delay_us(world);
  sim_schedule(world, world->now_us + after_us, SIM_EVENT_CONNECT, index, 0);
  return 0;
}

/* How late these bytes are: in half of the cases until the client has long given up on the connection. */
static int64_t held_us(struct sim_world *world) {
  if (!bad(world, SIM_NET, world->options.net_hold)) {
    return 0;
  }
  world->stats->late++;
  return sim_span(&world->choices, SIM_NET, 1000, SIM_HELD_MOST_US);
}

/* How long they take on a line that is not fast. */
static int64_t line_us(struct sim_world *world, size_t size) {
  if (world->options.net_rate == 0) {
    return 0;
  }
  sim_places_fault(SIM_FAULT_RATE);
  return (int64_t)size * 1000000 / world->options.net_rate;
}

static void send_bytes(struct sim_world *world, uint32_t index, enum sim_event_type type, int64_t *last_us, int64_t more_us,
                    const uint8_t *bytes, size_t size) {
  int64_t at_us = world->now_us + delay_us(world) + more_us;
  at_us = (at_us > *last_us ? at_us : *last_us) + line_us(world, size);
  if (size > 1 && bad(world, SIM_NET, world->options.net_pieces)) {
    size_t first = 1 + sim_choose(&world->choices, SIM_NET, (uint32_t)size - 1);
    sim_schedule_bytes(world, at_us, type, index, bytes, first);
    at_us += delay_us(world);
    bytes += first;
    size -= first;
  }
  sim_schedule_bytes(world, at_us, type, index, bytes, size);
  *last_us = at_us;
}

/* One direction of a connection is cut, and neither side hears of it. */
static bool is_lost(struct sim_world *world, struct sim_conn *conn, enum sim_event_type type) {
  bool *deaf = type == SIM_EVENT_TO_NODE ? &conn->deaf_node : &conn->deaf_client;
  if (!*deaf && bad(world, SIM_NET, world->options.net_deaf)) {
    sim_places_fault(SIM_FAULT_DEAF);
    *deaf = true;
  }
  return *deaf;
}

/* What a node says may be spoilt; what a client says never is. */
static void send_on(struct sim_world *world, uint32_t index, enum sim_event_type type, int64_t *last_us, int64_t more_us,
                    const uint8_t *bytes, size_t size) {
  if (is_lost(world, &world->conns[index], type)) {
    return;
  }
  if (type != SIM_EVENT_TO_CLIENT || !bad(world, SIM_NET, world->options.hostile)) {
    send_bytes(world, index, type, last_us, more_us, bytes, size);
    return;
  }
  uint8_t *spoilt = sim_hostile(world, bytes, &size);
  send_bytes(world, index, type, last_us, more_us, spoilt, size);
  free(spoilt);
}

/* How many of them a full send buffer takes. */
static size_t room_for(struct sim_world *world, struct sim_conn *conn, uint32_t index, size_t size) {
  if (size == 0 || !bad(world, SIM_NET, world->options.net_short)) {
    return size;
  }
  sim_places_fault(SIM_FAULT_SHORT);
  conn->blocked = true;
  conn->full_us = conn->full ? conn->full_us : world->now_us;
  size = sim_choose(&world->choices, SIM_NET, (uint32_t)size);
  sim_schedule(world, world->now_us + delay_us(world), SIM_EVENT_WRITABLE, index, 0);
  return size;
}

static int64_t port_writev(void *ctx, uint32_t id, const struct ktxn__span *spans, size_t count) {
  struct sim_client *client = ctx;
  struct sim_world *world = client->world;
  uint32_t index = 0;
  struct sim_conn *conn = conn_of(client, id, &index);
  size_t size = 0;
  if (client->dying || conn == NULL) {
    return -1;
  }
  if (conn->blocked) {
    sim_violate(world, "contract: client %d writes to a connection that is full", (int)client->index);
  }
  for (size_t i = 0; i < count; i++) {
    size += spans[i].size;
  }
  uint8_t *all = malloc(size + 1);
  size = 0;
  for (size_t i = 0; i < count; i++) {
    memcpy(all + size, spans[i].data, spans[i].size);
    size += spans[i].size;
  }
  bool broken = bad(world, SIM_NET, world->options.net_cut); /* nothing has left, which the client can't know */
  size_t taken = broken ? size : room_for(world, conn, index, size);
  sim_wire_sent(world, client, index, all, size, taken);
  conn->full = conn->blocked;
  if (!broken && taken > 0) {
    send_on(world, index, SIM_EVENT_TO_NODE, &conn->to_node_us, held_us(world), all, taken);
  }
  free(all);
  return broken ? -1 : (int64_t)taken;
}

static void close_client_side(struct sim_world *world, struct sim_conn *conn, uint32_t index) {
  conn->id = 0;
  conn->blocked = false;
  sim_wire_closed(&world->clients[conn->client], index);
  int64_t at_us = conn->to_node_us > world->now_us ? conn->to_node_us : world->now_us;
  sim_schedule(world, at_us, SIM_EVENT_CLIENT_CLOSED, index, 0);
}

static void port_close(void *ctx, uint32_t id) {
  struct sim_client *client = ctx;
  uint32_t index = 0;
  struct sim_conn *conn = conn_of(client, id, &index);
  if (conn != NULL) {
    close_client_side(client->world, conn, index);
  }
}

static void *port_lock_new(void *ctx) { return ktxn__alloc(&((struct sim_client *)ctx)->mem, 1); }
static void port_lock(void *lock) { (void)lock; }
static void port_lock_free(void *ctx, void *lock) { ktxn__free(&((struct sim_client *)ctx)->mem, lock); }
static void port_wake(void *ctx) { ((struct sim_client *)ctx)->woken = true; }

static void port_notify(void *ctx, void *producer) {
  (void)producer;
  ((struct sim_client *)ctx)->woken = true;
  ((struct sim_client *)ctx)->blocked = false;
}

void sim_net_ports(struct sim_client *client) {
  client->ports = (struct ktxn__ports){
      .ctx = client,
      .mem = &client->mem,
      .log = &client->log,
      .wall_ms = port_wall_ms,
      .random = port_random,
      .connect = port_connect,
      .writev = port_writev,
      .close = port_close,
      .resolve = sim_address_resolve,
      .lock_new = port_lock_new,
      .lock = port_lock,
      .unlock = port_lock,
      .lock_free = port_lock_free,
      .wake = port_wake,
      .notify = port_notify,
  };
}

/* ---- events ---------------------------------------------------------------------------------------------------------- */

static struct sim_client *client_of(struct sim_world *world, const struct sim_conn *conn) {
  struct sim_client *client = &world->clients[conn->client];
  return client->alive && conn->id != 0 ? client : NULL;
}

static void tell_closed(struct sim_world *world, struct sim_conn *conn, const char *why) {
  struct sim_client *client = client_of(world, conn);
  uint32_t id = conn->id;
  if (client != NULL) {
    conn->id = 0;
    sim_wire_closed(client, (uint32_t)(conn - world->conns));
    ktxn__engine_closed(client->engine, id, why, sim_client_now(client));
    sim_client_soon(client);
  }
}

static bool is_paused(const struct sim_world *world, const struct sim_conn *conn) {
  return world->clients[conn->client].alive && world->clients[conn->client].paused;
}

/* A paused process still has its kernel: what was under way arrives when it wakes up. */
static bool sleeps(struct sim_world *world, const struct sim_conn *conn, enum sim_event_type type, uint32_t index) {
  if (!is_paused(world, conn)) {
    return false;
  }
  sim_schedule(world, world->now_us + 50000, type, index, 0);
  return true;
}

/* The same for what a stream brings, its end among it: what comes behind something that waits, waits behind it. */
static bool waits(struct sim_world *world, const struct sim_event *event) {
  struct sim_conn *conn = &world->conns[event->a];
  bool waited = event->order != event->born;
  conn->waiting -= waited;
  if (!is_paused(world, conn) && (waited || conn->waiting == 0)) {
    return false;
  }
  if (is_paused(world, conn) && conn->wakes_us <= world->now_us) {
    conn->wakes_us = world->now_us + 50000;
  }
  conn->waiting++;
  sim_schedule_again(world, conn->wakes_us, event);
  return true;
}

void sim_net_connect(struct sim_world *world, uint32_t index) {
  struct sim_conn *conn = &world->conns[index];
  if (!conn->connecting || sleeps(world, conn, SIM_EVENT_CONNECT, index)) {
    return;
  }
  conn->connecting = false;
  struct sim_client *client = client_of(world, conn);
  if (client == NULL) {
    return;
  }
  bool up = !conn->nobody && world->node_up[conn->node];
  bool shut = up && !world->healed && world->now_us < world->shut_until_us[conn->node];
  if (!up || shut || bad(world, SIM_NET, world->options.refuse)) {
    tell_closed(world, conn, "Connection refused");
    return;
  }
  conn->link = ktxn__front_open(world->front, conn->node, "127.0.0.1", conn);
  ktxn__engine_connected(client->engine, conn->id, sim_client_now(client));
  sim_client_soon(client);
}

static void drop_link(struct sim_conn *conn) {
  if (conn->link != NULL) {
    ktxn__front_close(conn->link);
    conn->link = NULL;
  }
}

void sim_net_to_node(struct sim_world *world, uint32_t index, const uint8_t *bytes, size_t size) {
  struct sim_conn *conn = &world->conns[index];
  if (conn->link == NULL || sim_held_take(world, index, bytes, size)) {
    return;
  }
  if (bad(world, SIM_NET, world->options.net_cut)) {
    drop_link(conn);
    sim_schedule(world, world->now_us + delay_us(world), SIM_EVENT_NODE_CLOSED, index, 0);
    return;
  }
  ktxn__front_feed(conn->link, world->now_us, (struct ktxn__span){bytes, size});
  sim_net_pump(world);
}

static uint32_t big_endian(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Which answers are complete with these bytes: they count before the client acts on them. */
static void keep_body(struct sim_conn *conn, const uint8_t *bytes, uint32_t size) {
  uint32_t room = (uint32_t)sizeof conn->body - conn->body_size;
  memcpy(conn->body + conn->body_size, bytes, size < room ? size : room);
  conn->body_size += size < room ? size : room;
}

static void count_answers(struct sim_client *client, struct sim_conn *conn, uint32_t index, const uint8_t *bytes, size_t size) {
  while (size > 0) {
    uint32_t room = conn->head_size < 8 ? 8 - conn->head_size : conn->body_left;
    uint32_t part = size < room ? (uint32_t)size : room;
    if (conn->head_size < 8) {
      memcpy(conn->head + conn->head_size, bytes, part);
      conn->head_size += part;
      conn->body_left = conn->head_size == 8 ? big_endian(conn->head) - 4 : 0;
      conn->body_size = 0;
    } else {
      conn->body_left -= part;
      keep_body(conn, bytes, part);
    }
    bytes += part;
    size -= part;
    if (conn->head_size == 8 && conn->body_left == 0) {
      struct ktxn__span body = {conn->body, conn->body_size};
      int32_t correlation = (int32_t)big_endian(conn->head + 4);
      if (correlation == conn->expected) { /* or the client drops the connection, and what has come with it */
        sim_wire_answered(client->world, client, index, correlation, body);
        conn->expected++;
      }
      conn->head_size = 0;
    }
  }
}

void sim_net_to_client(struct sim_world *world, const struct sim_event *event) {
  struct sim_conn *conn = &world->conns[event->a];
  if (waits(world, event)) {
    return;
  }
  struct sim_client *client = client_of(world, conn);
  if (client != NULL) {
    if (event->born < conn->came) {
      sim_violate(world, "model: bytes of a stream overtake others");
    }
    conn->came = event->born;
    if (world->options.hostile == 0) {
      count_answers(client, conn, event->a, event->bytes, event->size);
    }
    ktxn__engine_received(client->engine, conn->id, event->bytes, event->size, sim_client_now(client));
    sim_client_soon(client);
  }
}

void sim_net_client_closed(struct sim_world *world, uint32_t index) {
  if (!world->conns[index].deaf_node && !sim_held_keeps(world, index)) {
    drop_link(&world->conns[index]);
  }
}

void sim_net_node_closed(struct sim_world *world, const struct sim_event *event) {
  struct sim_conn *conn = &world->conns[event->a];
  if (!waits(world, event) && !conn->deaf_client) {
    tell_closed(world, conn, "Connection reset by peer");
  }
}

void sim_net_writable(struct sim_world *world, uint32_t index) {
  struct sim_conn *conn = &world->conns[index];
  struct sim_client *client = client_of(world, conn);
  if (!conn->blocked || sleeps(world, conn, SIM_EVENT_WRITABLE, index) || client == NULL) {
    return;
  }
  conn->blocked = false;
  ktxn__engine_writable(client->engine, conn->id, sim_client_now(client));
  sim_client_soon(client);
}

uint32_t sim_net_left_open(const struct sim_world *world, int32_t client) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < world->conn_count; i++) {
    count += world->conns[i].client == client && world->conns[i].id != 0;
  }
  return count;
}

void sim_net_drop_node(struct sim_world *world, int32_t node) {
  for (uint32_t i = 0; i < world->conn_count; i++) {
    struct sim_conn *conn = &world->conns[i];
    if (conn->node == node && conn->link != NULL) {
      if (!sim_held_keeps(world, i)) {
        drop_link(conn);
      }
      sim_schedule(world, world->now_us + delay_us(world), SIM_EVENT_NODE_CLOSED, i, 0);
    }
  }
}

static void pump_link(struct sim_world *world, struct ktxn__front_link *link) {
  struct sim_conn *conn = ktxn__front_opaque(link);
  uint32_t index = (uint32_t)(conn - world->conns);
  struct ktxn__span out = ktxn__front_output(link);
  while (out.size > 0) {
    send_on(world, index, SIM_EVENT_TO_CLIENT, &conn->to_client_us, 0, out.data, out.size);
    ktxn__front_sent(link, world->now_us, out.size);
    out = ktxn__front_output(link);
  }
  if (ktxn__front_broken(link)) {
    int64_t at_us = conn->to_client_us > world->now_us ? conn->to_client_us : world->now_us;
    drop_link(conn);
    sim_schedule(world, at_us, SIM_EVENT_NODE_CLOSED, index, 0);
  }
}

void sim_net_pump(struct sim_world *world) {
  struct ktxn__front_link *link;
  ktxn__front_run(world->front, world->now_us);
  while ((link = ktxn__front_changed(world->front)) != NULL) {
    pump_link(world, link);
  }
  int64_t deadline_us = ktxn__front_deadline(world->front);
  if (deadline_us < world->front_us || world->front_us <= world->now_us) {
    world->front_us = deadline_us;
    if (deadline_us != KTXN__MODEL_NEVER) {
      sim_schedule(world, deadline_us > world->now_us ? deadline_us : world->now_us + 1, SIM_EVENT_FRONT, 0, 0);
    }
  }
}
