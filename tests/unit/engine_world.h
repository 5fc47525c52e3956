#ifndef KTXN_TESTS_UNIT_ENGINE_WORLD_H
#define KTXN_TESTS_UNIT_ENGINE_WORLD_H

/* The world of engine_fixture.h, and the one broker in it: requests in, answers out. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/mem.h"
#include "sdk/config.h"
#include "sdk/engine/accumulator.h"
#include "sdk/engine/engine.h"
#include "sdk/engine/op.h"
#include "sdk/engine/ports.h"
#include "sdk/engine/sender.h"
#include "sdk/wire/api.h"
#include "sdk/wire/cursor.h"

#define WORLD_BYTES 32768
#define WORLD_CONNS 4
#define WORLD_APIS 66

struct world_conn {
  uint32_t id; /* 0 = free */
  bool connected;
  uint8_t in[WORLD_BYTES]; /* from the engine, not answered yet */
  size_t in_size;
  uint8_t out[WORLD_BYTES]; /* to the engine, not delivered yet */
  size_t out_size;
  bool blocked; /* dribble: until the next writable event */
  bool broken; /* the broker closes it when what is in `out` has been delivered */
};

/* What happens once to the connection of one request: see test_fate.c. */
struct world_fault {
  int16_t api;
  unsigned nth;   /* the nth request of that API, from 1; 0 = none */
  bool answer;    /* the request is served, and its answer cut; else the request is cut */
  size_t at;      /* bytes that pass before the connection is closed */
  size_t size;    /* of the frame that it met; 0 = none yet */
};

struct world {
  struct ktxn__ports ports;
  struct ktxn__mem mem;  /* the engine's: may be made to fail */
  struct ktxn__mem own;  /* the world's */
  struct ktxn__settings settings;
  struct ktxn__bootstrap_server server;
  struct ktxn__engine *engine;
  struct ktxn__accumulator *acc;
  struct ktxn__sender *sender;
  int64_t now_us;
  int64_t deadline_us;
  uint64_t random;

  struct world_conn conns[WORLD_CONNS]; /* one to the address of bootstrap.servers, one to the node */
  uint32_t tokens[WORLD_CONNS];         /* names being looked up; 0 = none */

  bool refuse;               /* connections are refused */
  bool silent;               /* requests are taken and never answered */
  int16_t error[WORLD_APIS]; /* answered once, then 0 again */
  unsigned asked_for[WORLD_APIS];
  unsigned connects;
  unsigned partitions; /* in the last AddPartitionsToTxn or TxnOffsetCommit */
  bool committed;
  bool gone;
  unsigned failures; /* hooks */

  struct world_fault fault;
  bool dribble; /* one byte at a time both ways */
  void (*produced)(struct world *world, int32_t partition, const struct ktxn__bytes *batch);
};

/* ---- the broker: requests in, answers out ------------------------------------------------------------------------------ */

static inline int16_t world_code(struct world *world, int16_t api) {
  int16_t code = world->error[api];
  world->error[api] = 0;
  return code;
}

static inline void world_string(struct ktxn__writer *writer, const char *text) {
  ktxn__writer_string(writer, ktxn__str(text));
}

static inline void world_versions(struct ktxn__writer *writer, int16_t version) {
  static const int16_t rows[][3] = {
      {KTXN__API_PRODUCE, 3, 7},           {KTXN__API_METADATA, 1, 7},          {KTXN__API_FIND_COORDINATOR, 1, 1},
      {KTXN__API_API_VERSIONS, 0, 2},      {KTXN__API_INIT_PRODUCER_ID, 0, 4},  {KTXN__API_ADD_PARTITIONS_TO_TXN, 0, 1},
      {KTXN__API_ADD_OFFSETS_TO_TXN, 0, 1}, {KTXN__API_END_TXN, 0, 1},          {KTXN__API_TXN_OFFSET_COMMIT, 0, 2},
  };
  bool known = version <= 2;
  ktxn__writer_i16(writer, known ? 0 : 35);
  ktxn__writer_array(writer, sizeof rows / sizeof rows[0]);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    for (int j = 0; j < 3; j++) {
      ktxn__writer_i16(writer, rows[i][j]);
    }
  }
  if (known && version >= 1) {
    ktxn__writer_i32(writer, 0);
  }
}

static inline void world_metadata(struct world *world, struct ktxn__reader *reader, struct ktxn__writer *writer) {
  int32_t topics = ktxn__reader_array_nullable(reader, 2);
  ktxn__writer_i32(writer, 0);
  ktxn__writer_array(writer, 1);
  ktxn__writer_i32(writer, 1);
  world_string(writer, "127.0.0.1");
  ktxn__writer_i32(writer, 9092);
  ktxn__writer_string_nullable(writer, KTXN__STR_NULL);
  world_string(writer, "cluster");
  ktxn__writer_i32(writer, 1);
  ktxn__writer_array(writer, topics < 0 ? 0 : topics);
  for (int32_t i = 0; i < topics; i++) {
    int16_t code = world->error[KTXN__API_METADATA];
    ktxn__writer_i16(writer, code);
    ktxn__writer_string(writer, ktxn__reader_string(reader));
    ktxn__writer_bool(writer, false);
    ktxn__writer_array(writer, code == 0 ? 2 : 0);
    for (int32_t partition = 0; code == 0 && partition < 2; partition++) {
      const int32_t nodes[] = {1};
      ktxn__writer_i16(writer, 0);
      ktxn__writer_i32(writer, partition);
      ktxn__writer_i32(writer, 1);
      ktxn__writer_i32(writer, 0);
      ktxn__writer_i32_array(writer, nodes, 1);
      ktxn__writer_i32_array(writer, nodes, 1);
      ktxn__writer_i32_array(writer, nodes, 0);
    }
  }
}

static inline void world_coordinator(struct ktxn__writer *writer, int16_t code) {
  ktxn__writer_i32(writer, 0);
  ktxn__writer_i16(writer, code);
  ktxn__writer_string_nullable(writer, KTXN__STR_NULL);
  ktxn__writer_i32(writer, code == 0 ? 1 : -1);
  world_string(writer, code == 0 ? "127.0.0.1" : "");
  ktxn__writer_i32(writer, code == 0 ? 9092 : -1);
}

/* AddPartitionsToTxn and TxnOffsetCommit: the same topics and partitions back, the first with the code. */
static inline void world_codes(struct world *world, struct ktxn__reader *reader, struct ktxn__writer *writer,
                               bool offsets, int16_t code) {
  world->partitions = 0;
  ktxn__reader_string(reader);
  if (offsets) {
    ktxn__reader_string(reader);
  }
  ktxn__reader_i64(reader);
  ktxn__reader_i16(reader);
  int32_t topics = ktxn__reader_array(reader, 2);
  ktxn__writer_i32(writer, 0);
  ktxn__writer_array(writer, topics);
  for (int32_t i = 0; i < topics; i++) {
    ktxn__writer_string(writer, ktxn__reader_string(reader));
    int32_t partitions = ktxn__reader_array(reader, 4);
    ktxn__writer_array(writer, partitions);
    for (int32_t j = 0; j < partitions; j++) {
      ktxn__writer_i32(writer, ktxn__reader_i32(reader));
      ktxn__writer_i16(writer, world->partitions++ == 0 ? code : 0);
      if (offsets) {
        ktxn__reader_i64(reader);
        ktxn__reader_i32(reader);
        ktxn__reader_string_nullable(reader);
      }
    }
  }
}

static inline void world_produce(struct world *world, struct ktxn__reader *reader, struct ktxn__writer *writer,
                                 int16_t code) {
  ktxn__reader_string_nullable(reader);
  ktxn__reader_i16(reader);
  ktxn__reader_i32(reader);
  int32_t topics = ktxn__reader_array(reader, 2);
  ktxn__writer_array(writer, topics);
  for (int32_t i = 0; i < topics; i++) {
    ktxn__writer_string(writer, ktxn__reader_string(reader));
    int32_t partitions = ktxn__reader_array(reader, 4);
    ktxn__writer_array(writer, partitions);
    for (int32_t j = 0; j < partitions; j++) {
      int32_t partition = ktxn__reader_i32(reader);
      struct ktxn__bytes batch = ktxn__reader_bytes(reader);
      if (world->produced != NULL && code == 0) {
        world->produced(world, partition, &batch);
      }
      ktxn__writer_i32(writer, partition);
      ktxn__writer_i16(writer, code);
      ktxn__writer_i64(writer, code == 0 ? 100 : -1);
      ktxn__writer_i64(writer, -1);
      ktxn__writer_i64(writer, 0);
    }
  }
  ktxn__writer_i32(writer, 0);
}

static inline void world_body(struct world *world, int16_t api, int16_t version, struct ktxn__reader *reader,
                              struct ktxn__writer *writer) {
  switch (api) {
    case KTXN__API_API_VERSIONS:
      world_versions(writer, version);
      return;
    case KTXN__API_METADATA:
      world_metadata(world, reader, writer);
      return;
    case KTXN__API_FIND_COORDINATOR:
      world_coordinator(writer, world_code(world, api));
      return;
    case KTXN__API_ADD_PARTITIONS_TO_TXN:
    case KTXN__API_TXN_OFFSET_COMMIT:
      world_codes(world, reader, writer, api == KTXN__API_TXN_OFFSET_COMMIT, world_code(world, api));
      return;
    case KTXN__API_PRODUCE:
      world_produce(world, reader, writer, world_code(world, api));
      return;
    default:
      break;
  }
  if (api == KTXN__API_END_TXN) {
    ktxn__reader_string(reader);
    ktxn__reader_i64(reader);
    ktxn__reader_i16(reader);
    world->committed = ktxn__reader_bool(reader);
  }
  ktxn__writer_i32(writer, 0);
  ktxn__writer_i16(writer, world_code(world, api));
  if (api == KTXN__API_INIT_PRODUCER_ID) {
    ktxn__writer_i64(writer, 4711);
    ktxn__writer_i16(writer, (int16_t)world->asked_for[api]);
    ktxn__writer_tags(writer);
  }
}

static inline void world_cut_answer(struct world *world, struct world_conn *conn, int16_t api, size_t size) {
  struct world_fault *fault = &world->fault;
  if (fault->nth == 0 || !fault->answer || fault->api != api || fault->nth-- > 1) {
    return;
  }
  fault->size = size;
  if (fault->at < size) {
    conn->out_size -= size - fault->at;
    conn->broken = true;
  }
}

static inline void world_answer(struct world *world, struct world_conn *conn, const uint8_t *frame, size_t size) {
  struct ktxn__reader reader;
  struct ktxn__writer writer;
  struct ktxn__buffer buffer;
  ktxn__reader_init(&reader, frame, size);
  int16_t api = ktxn__reader_i16(&reader);
  int16_t version = ktxn__reader_i16(&reader);
  int32_t correlation = ktxn__reader_i32(&reader);
  ktxn__reader_string_nullable(&reader);
  assert_true(api >= 0 && api < WORLD_APIS);
  world->asked_for[api]++;
  if (world->silent) {
    return;
  }
  ktxn__buffer_init(&buffer, &world->own, WORLD_BYTES);
  ktxn__writer_init(&writer, &buffer);
  ktxn__writer_i32(&writer, 0);
  ktxn__writer_i32(&writer, correlation);
  writer.flexible = api == KTXN__API_INIT_PRODUCER_ID && version >= 2;
  ktxn__writer_tags(&writer);
  world_body(world, api, version, &reader, &writer);
  assert_false(writer.failed || (reader.failed && api != KTXN__API_API_VERSIONS));
  ktxn__writer_i32_at(&writer, 0, (int32_t)buffer.size - 4);
  assert_true(conn->out_size + buffer.size <= sizeof conn->out);
  memcpy(conn->out + conn->out_size, buffer.data, buffer.size);
  conn->out_size += buffer.size;
  world_cut_answer(world, conn, api, buffer.size);
  ktxn__buffer_free(&buffer);
}

static inline void world_answer_conn(struct world *world, struct world_conn *conn) {
  size_t at = 0;
  while (!conn->broken && conn->in_size - at >= 4) {
    struct ktxn__reader reader;
    ktxn__reader_init(&reader, conn->in + at, 4);
    size_t size = (size_t)ktxn__reader_i32(&reader);
    if (conn->in_size - at - 4 < size) {
      break;
    }
    world_answer(world, conn, conn->in + at + 4, size);
    at += 4 + size;
  }
  memmove(conn->in, conn->in + at, conn->in_size - at);
  conn->in_size -= at;
}

static inline void world_answer_all(struct world *world) {
  for (size_t i = 0; i < WORLD_CONNS; i++) {
    world_answer_conn(world, &world->conns[i]);
  }
}

#endif
