#ifndef KTXN_TESTS_UNIT_ENGINE_FIXTURE_H
#define KTXN_TESTS_UNIT_ENGINE_FIXTURE_H

/*
 * An engine in a world without threads and without real time: one producer, and one broker at 127.0.0.1:9092 that
 * speaks old versions (Kafka 2.5's InitProducerId, older ones else), answers everything well, and counts what it was
 * asked. Each InitProducerId raises the epoch. Time stands
 * still until nothing is left to do, then jumps to the engine's deadline.
 */

#include "engine_world.h"

/* ---- ports ------------------------------------------------------------------------------------------------------------- */

static inline int64_t world_wall_ms(void *ctx) {
  return 1700000000000 + ((struct world *)ctx)->now_us / 1000;
}

static inline uint64_t world_random(void *ctx) {
  struct world *world = ctx;
  world->random = world->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return world->random;
}

static inline struct world_conn *world_conn(struct world *world, uint32_t id) {
  for (size_t i = 0; i < WORLD_CONNS; i++) {
    if (world->conns[i].id == id) {
      return &world->conns[i];
    }
  }
  return NULL;
}

static inline int world_connect(void *ctx, uint32_t id, const struct ktxn__address *address, const char *host) {
  struct world *world = ctx;
  (void)address;
  (void)host;
  world->connects++;
  if (world->refuse) {
    return -111;
  }
  struct world_conn *conn = world_conn(world, 0);
  assert_non_null(conn);
  *conn = (struct world_conn){.id = id};
  return 0;
}

/* A frame that begins in what was just written, if it is the one that is to be cut; how many bytes of all were taken. */
static inline int64_t world_cut_request(struct world *world, struct world_conn *conn, size_t before) {
  struct world_fault *fault = &world->fault;
  for (size_t at = 0; conn->in_size - at >= 6;) {
    struct ktxn__reader reader;
    ktxn__reader_init(&reader, conn->in + at, 6);
    size_t size = (size_t)ktxn__reader_i32(&reader) + 4;
    bool met = at >= before && ktxn__reader_i16(&reader) == fault->api && fault->nth > 0 && !fault->answer;
    if (met && fault->nth-- == 1) {
      fault->size = size;
      if (fault->at < size) {
        conn->broken = true;
        conn->in_size = at + fault->at < conn->in_size ? at + fault->at : conn->in_size;
        break;
      }
    }
    at += size < conn->in_size - at ? size : conn->in_size - at;
  }
  return (int64_t)(conn->in_size - before);
}

static inline int64_t world_write_byte(struct world_conn *conn, const struct ktxn__span *span) {
  if (conn->blocked || span->size == 0) {
    return 0;
  }
  conn->blocked = true;
  conn->in[conn->in_size++] = *(const uint8_t *)span->data;
  return 1;
}

static inline int64_t world_writev(void *ctx, uint32_t id, const struct ktxn__span *spans, size_t count) {
  struct world *world = ctx;
  struct world_conn *conn = world_conn(ctx, id);
  int64_t taken = 0;
  assert_true(conn != NULL && conn->connected);
  if (conn->broken) {
    return 0;
  }
  if (world->dribble) {
    return world_write_byte(conn, &spans[0]);
  }
  size_t before = conn->in_size;
  for (size_t i = 0; i < count; i++) {
    assert_true(conn->in_size + spans[i].size <= sizeof conn->in);
    memcpy(conn->in + conn->in_size, spans[i].data, spans[i].size);
    conn->in_size += spans[i].size;
    taken += (int64_t)spans[i].size;
  }
  return world->fault.nth == 0 ? taken : world_cut_request(world, conn, before);
}

static inline void world_close(void *ctx, uint32_t id) {
  struct world_conn *conn = world_conn(ctx, id);
  assert_non_null(conn);
  conn->id = 0;
}

static inline void world_resolve(void *ctx, uint32_t token, const char *host, uint16_t port) {
  struct world *world = ctx;
  (void)host;
  (void)port;
  for (size_t i = 0; i < WORLD_CONNS; i++) {
    if (world->tokens[i] == 0) {
      world->tokens[i] = token;
      return;
    }
  }
  fail_msg("too many names");
}

static inline void *world_lock_new(void *ctx) {
  return ktxn__alloc(&((struct world *)ctx)->mem, 1);
}
static inline void world_lock(void *lock) {
  (void)lock;
}
static inline void world_lock_free(void *ctx, void *lock) {
  ktxn__free(&((struct world *)ctx)->mem, lock);
}
static inline void world_wake(void *ctx) {
  (void)ctx;
}
static inline void world_notify(void *ctx, void *producer) {
  (void)ctx;
  (void)producer;
}

/* ---- life -------------------------------------------------------------------------------------------------------------- */

static inline void world_gone(void *owner) {
  ((struct world *)owner)->gone = true;
}

static inline void world_failed(void *owner, int64_t ordinal, const ktxn_error *error) {
  (void)ordinal;
  assert_int_not_equal(error->code, 0);
  ((struct world *)owner)->failures++;
}

static inline void world_settings(struct world *world, char *transactional_id) {
  static char host[] = "127.0.0.1";
  static char client_id[] = "client";
  world->server = (struct ktxn__bootstrap_server){host, 9092};
  world->settings = (struct ktxn__settings){
      .bootstrap = {&world->server, 1},
      .client_id = client_id,
      .transactional_id = transactional_id,
      .transaction_timeout_ms = 60000,
      .in_flight_max = 5,
      .retries = INT32_MAX,
      .delivery_timeout_ms = 120000,
      .request_timeout_ms = 30000,
      .max_block_ms = 60000,
      .batch_bytes = 1024,
      .buffer_bytes = 65536,
      .request_bytes_max = 1048576,
      .retry_backoff_ms = 100,
      .retry_backoff_max_ms = 1000,
      .reconnect_backoff_ms = 50,
      .reconnect_backoff_max_ms = 1000,
      .connection_setup_timeout_ms = 10000,
      .connection_setup_timeout_max_ms = 30000,
      .connections_idle_max_ms = 540000,
      .connections_per_broker = 1,
      .metadata_age_max_ms = 300000,
      .metadata_idle_max_ms = 300000,
  };
}

static inline void world_ports(struct world *world) {
  world->ports = (struct ktxn__ports){
      .ctx = world,
      .mem = &world->mem,
      .wall_ms = world_wall_ms,
      .random = world_random,
      .connect = world_connect,
      .writev = world_writev,
      .close = world_close,
      .resolve = world_resolve,
      .lock_new = world_lock_new,
      .lock = world_lock,
      .unlock = world_lock,
      .lock_free = world_lock_free,
      .wake = world_wake,
      .notify = world_notify,
  };
}

/* Everything but the engine; then world_open(). */
static inline void world_init(struct world *world, char *transactional_id) {
  memset(world, 0, sizeof *world);
  ktxn__mem_init(&world->mem, 0);
  ktxn__mem_init(&world->own, 0);
  world->now_us = 1000000;
  world_settings(world, transactional_id);
  world_ports(world);
}

static inline bool world_open(struct world *world) {
  struct ktxn__accumulator_config config = {
      .transactional = world->settings.transactional_id != NULL,
      .batch_size = (size_t)world->settings.batch_bytes,
      .buffer_memory = (size_t)world->settings.buffer_bytes,
      .max_request_size = (size_t)world->settings.request_bytes_max,
      .linger_us = world->settings.linger_ms * 1000,
      .delivery_timeout_us = world->settings.delivery_timeout_ms * 1000,
  };
  struct ktxn__sender_hooks hooks = {world_failed, world_gone, world};
  world->engine = ktxn__engine_new(&world->ports, &world->settings);
  world->acc = ktxn__accumulator_new(&world->ports, world, &config);
  if (world->engine != NULL && world->acc != NULL) {
    world->sender = ktxn__sender_new(world->engine, &world->settings, world->acc, &hooks);
  }
  if (world->sender == NULL) {
    return false;
  }
  ktxn__sender_attach(world->sender, world->now_us);
  return true;
}

/* Nothing may be left of the engine's memory. */
static inline void world_close_all(struct world *world) {
  if (world->sender != NULL) {
    ktxn__sender_release(world->sender, world->now_us);
  }
  ktxn__engine_free(world->engine);
  assert_true(world->sender == NULL || world->gone);
  if (world->acc != NULL) {
    ktxn__accumulator_free(world->acc);
  }
  assert_int_equal(ktxn__mem_used(&world->mem), 0);
  assert_int_equal(ktxn__mem_used(&world->own), 0);
}

/* ---- time -------------------------------------------------------------------------------------------------------------- */

static inline bool world_deliver_name(struct world *world) {
  for (size_t i = 0; i < WORLD_CONNS; i++) {
    uint32_t token = world->tokens[i];
    if (token != 0) {
      const struct ktxn__address address = {.family = 4, .bytes = {127, 0, 0, 1}, .port = 9092};
      world->tokens[i] = 0;
      ktxn__engine_resolved(world->engine, token, &address, 1, NULL, world->now_us);
      return true;
    }
  }
  return false;
}

static inline bool world_deliver_to(struct world *world, struct world_conn *conn) {
  if (conn->id != 0 && !conn->connected) {
    conn->connected = true;
    ktxn__engine_connected(world->engine, conn->id, world->now_us);
    return true;
  }
  world_answer_conn(world, conn);
  if (conn->id != 0 && conn->broken && conn->out_size == 0) {
    uint32_t id = conn->id;
    conn->id = 0;
    ktxn__engine_closed(world->engine, id, "the broker has closed it", world->now_us);
    return true;
  }
  if (conn->id != 0 && conn->blocked) {
    conn->blocked = false;
    ktxn__engine_writable(world->engine, conn->id, world->now_us);
    return true;
  }
  if (conn->id == 0 || conn->out_size == 0) {
    return false;
  }
  uint8_t bytes[WORLD_BYTES];
  size_t size = world->dribble ? 1 : conn->out_size;
  memcpy(bytes, conn->out, size);
  conn->out_size -= size;
  memmove(conn->out, conn->out + size, conn->out_size);
  ktxn__engine_received(world->engine, conn->id, bytes, size, world->now_us);
  return true;
}

/* One event, if there is any. */
static inline bool world_deliver(struct world *world) {
  bool any = world_deliver_name(world);
  for (size_t i = 0; i < WORLD_CONNS && !any; i++) {
    any = world_deliver_to(world, &world->conns[i]);
  }
  return any;
}

/* Runs until `*stop` or until `limit_us` has passed; a NULL stop = only the time. True: it stopped by itself. */
static inline bool world_run(struct world *world, const bool *stop, int64_t limit_us) {
  int64_t end_us = world->now_us + limit_us;
  int idle = 0;
  for (int step = 0; step < 200000; step++) {
    world->deadline_us = ktxn__engine_run(world->engine, world->now_us);
    assert_true(world->deadline_us > world->now_us);
    if (stop != NULL && *stop) {
      return true;
    }
    if (world_deliver(world)) {
      assert_true(++idle < (world->dribble ? 100000 : 1000)); /* events without end, in no time */
      continue;
    }
    idle = 0;
    if (world->now_us >= end_us) {
      return false;
    }
    world->now_us = world->deadline_us < end_us ? world->deadline_us : end_us;
  }
  fail_msg("the engine does not come to rest");
  return false;
}

/* ---- operations -------------------------------------------------------------------------------------------------------- */

static inline void world_done(struct ktxn__op *op) {
  *(bool *)op->owner = true;
}

/* Runs one operation to its end, within a minute of the world's time. */
static inline ktxn_error world_do(struct world *world, enum ktxn__op_type type) {
  bool done = false;
  struct ktxn__op op = {.type = type, .deadline_us = world->now_us + 10000000, .done = world_done, .owner = &done};
  op.error.code = KTXN_E_TIMED_OUT;
  ktxn__sender_submit(world->sender, &op, world->now_us);
  assert_true(world_run(world, &done, 600000000));
  return op.error;
}

static inline enum ktxn__append world_send(struct world *world, const char *topic, int32_t partition, const char *value) {
  ktxn_record record = KTXN_RECORD_INIT;
  ktxn_error error;
  record.topic = topic;
  record.partition = partition;
  record.value = value;
  record.value_size = strlen(value);
  enum ktxn__append append = ktxn__accumulator_append(world->acc, &record, NULL, NULL, &error);
  for (int i = 0; i < 10 && append == KTXN__APPEND_NO_TOPIC; i++) {
    world_run(world, NULL, 200000);
    append = ktxn__accumulator_append(world->acc, &record, NULL, NULL, &error);
  }
  return append;
}

static inline ktxn_error world_end(struct world *world, bool commit) {
  ktxn_error error;
  memset(&error, 0, sizeof error);
  if (ktxn__accumulator_end(world->acc, commit, &error) != 0) {
    return error;
  }
  return world_do(world, commit ? KTXN__OP_COMMIT : KTXN__OP_ABORT);
}

#endif
