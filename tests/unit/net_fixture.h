#ifndef KTXN_TESTS_NET_FIXTURE_H
#define KTXN_TESTS_NET_FIXTURE_H

/*
 * Ports without a network: what is connected, resolved and written is kept for the test to look at; the test feeds the
 * events by hand. Requests are taken apart, and answers put together, here.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/buffer.h"
#include "sdk/base/log.h"
#include "sdk/base/mem.h"
#include "sdk/base/random.h"
#include "sdk/engine/broker.h"
#include "sdk/engine/call.h"
#include "sdk/engine/ports.h"
#include "sdk/wire/api.h"
#include "sdk/wire/cursor.h"
#include "sdk/wire/header.h"

#define NET_CONNS 256
#define MS INT64_C(1000)

struct net_conn {
  uint32_t id;
  bool open;
  struct ktxn__address address;
  char host[300];
  struct ktxn__buffer out; /* written and not taken by the test */
  size_t writes;           /* calls of writev() */
  int64_t room;            /* bytes that are taken before it blocks; -1 = all */
  bool broken;             /* writev() fails */
};

struct net_lookup {
  uint32_t token;
  char host[300];
  uint16_t port;
};

struct net {
  struct ktxn__mem mem;
  struct ktxn__log log;
  struct ktxn__ports ports;
  struct ktxn__random random;
  struct net_conn conns[NET_CONNS];
  size_t conn_count; /* ever opened */
  struct net_lookup lookups[NET_CONNS];
  size_t lookup_count;
  int refuse; /* what connect() returns */
};

static inline int64_t net_wall_ms(void *ctx) {
  (void)ctx;
  return 1;
}

static inline uint64_t net_random(void *ctx) {
  return ktxn__random_next(&((struct net *)ctx)->random);
}

static inline struct net_conn *net_find(struct net *net, uint32_t id) {
  for (size_t i = net->conn_count; i > 0; i--) {
    if (net->conns[i - 1].id == id) {
      return &net->conns[i - 1];
    }
  }
  fail_msg("no connection %u", id);
  return NULL;
}

static inline int net_connect(void *ctx, uint32_t id, const struct ktxn__address *address, const char *host) {
  struct net *net = ctx;
  if (net->refuse != 0) {
    return net->refuse;
  }
  assert_true(net->conn_count < NET_CONNS);
  assert_int_not_equal(id, 0);
  struct net_conn *conn = &net->conns[net->conn_count++];
  *conn = (struct net_conn){.id = id, .open = true, .address = *address, .room = -1};
  ktxn__buffer_init(&conn->out, ktxn__mem_default(), SIZE_MAX / 2);
  (void)snprintf(conn->host, sizeof conn->host, "%s", host);
  return 0;
}

static inline int64_t net_writev(void *ctx, uint32_t id, const struct ktxn__span *spans, size_t count) {
  struct net_conn *conn = net_find(ctx, id);
  int64_t taken = 0;
  assert_true(conn->open);
  assert_in_range(count, 1, KTXN__PORTS_SPANS_MAX);
  conn->writes++;
  if (conn->broken) {
    return -1;
  }
  for (size_t i = 0; i < count; i++) {
    assert_int_not_equal(spans[i].size, 0);
    size_t size = spans[i].size;
    if (conn->room >= 0 && (int64_t)size > conn->room) {
      size = (size_t)conn->room;
    }
    assert_true(ktxn__buffer_append(&conn->out, spans[i].data, size));
    conn->room -= conn->room >= 0 ? (int64_t)size : 0;
    taken += (int64_t)size;
  }
  return taken;
}

static inline void net_close(void *ctx, uint32_t id) {
  struct net_conn *conn = net_find(ctx, id);
  assert_true(conn->open);
  conn->open = false;
}

static inline void net_resolve(void *ctx, uint32_t token, const char *host, uint16_t port) {
  struct net *net = ctx;
  assert_true(net->lookup_count < NET_CONNS);
  struct net_lookup *lookup = &net->lookups[net->lookup_count++];
  *lookup = (struct net_lookup){.token = token, .port = port};
  (void)snprintf(lookup->host, sizeof lookup->host, "%s", host);
}

static inline struct net *net_new(void) {
  struct net *net = calloc(1, sizeof *net);
  assert_non_null(net);
  ktxn__mem_init(&net->mem, 0);
  ktxn__random_seed(&net->random, 7);
  net->log.level = KTXN__LOG_OFF;
  net->ports = (struct ktxn__ports){.ctx = net,
                                    .mem = &net->mem,
                                    .log = &net->log,
                                    .wall_ms = net_wall_ms,
                                    .random = net_random,
                                    .connect = net_connect,
                                    .writev = net_writev,
                                    .close = net_close,
                                    .resolve = net_resolve};
  return net;
}

/* Everything must have been closed and freed by whoever used the ports. */
static inline void net_free(struct net *net) {
  assert_int_equal(ktxn__mem_used(&net->mem), 0);
  for (size_t i = 0; i < net->conn_count; i++) {
    assert_false(net->conns[i].open);
    ktxn__buffer_free(&net->conns[i].out);
  }
  free(net);
}

static inline struct net_conn *net_last(struct net *net) {
  assert_true(net->conn_count > 0);
  return &net->conns[net->conn_count - 1];
}

static inline struct net_lookup *net_last_lookup(struct net *net) {
  assert_true(net->lookup_count > 0);
  return &net->lookups[net->lookup_count - 1];
}

static inline struct ktxn__address net_address(uint8_t last, uint16_t port) {
  return (struct ktxn__address){.family = 4, .bytes = {127, 0, 0, last}, .port = port};
}

/* ---- requests ---------------------------------------------------------------------------------------------------- */

struct net_request {
  int16_t api, version;
  int32_t correlation_id;
  char client_id[64];
  uint8_t body[4096];
  size_t size; /* of the body */
};

static inline size_t net_frame_size(const struct net_conn *conn) {
  size_t length = 0;
  if (conn->out.size < 4 || !ktxn__header_frame_length(conn->out.data, INT32_MAX, &length)) {
    return 0;
  }
  return conn->out.size >= 4 + length ? 4 + length : 0;
}

/* Takes the next whole request off; false = there is none. */
static inline bool net_take(struct net_conn *conn, struct net_request *request) {
  size_t size = net_frame_size(conn);
  if (size == 0) {
    return false;
  }
  struct ktxn__reader reader;
  ktxn__reader_init(&reader, conn->out.data + 4, size - 4);
  request->api = ktxn__reader_i16(&reader);
  request->version = ktxn__reader_i16(&reader);
  request->correlation_id = ktxn__reader_i32(&reader);
  ktxn__str_copy(ktxn__reader_string_nullable(&reader), request->client_id, sizeof request->client_id);
  reader.flexible = ktxn__api_flexible(request->api, request->version);
  ktxn__reader_tags(&reader);
  assert_false(reader.failed);
  request->size = ktxn__reader_left(&reader);
  assert_true(request->size <= sizeof request->body);
  memcpy(request->body, reader.at, request->size);
  ktxn__buffer_drop(&conn->out, size);
  return true;
}

static inline struct net_request net_expect(struct net_conn *conn, int16_t api) {
  struct net_request request = {.api = -1};
  assert_true(net_take(conn, &request));
  assert_int_equal(request.api, api);
  return request;
}

static inline void net_expect_nothing(struct net_conn *conn) {
  assert_int_equal(conn->out.size, 0);
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

struct net_answer {
  struct ktxn__buffer buffer;
  struct ktxn__writer writer;
};

/* Begins the answer to a request: frame and header; the caller writes the body. */
static inline void net_answer_begin(struct net_answer *answer, const struct net_request *request) {
  bool flexible = ktxn__api_flexible(request->api, request->version);
  ktxn__buffer_init(&answer->buffer, ktxn__mem_default(), SIZE_MAX / 2);
  ktxn__writer_init(&answer->writer, &answer->buffer);
  (void)ktxn__header_frame_begin(&answer->writer);
  ktxn__writer_i32(&answer->writer, request->correlation_id);
  /* ApiVersions answers have header v0 whatever the version (KIP-511) */
  answer->writer.flexible = flexible && request->api != KTXN__API_API_VERSIONS;
  ktxn__writer_tags(&answer->writer);
  answer->writer.flexible = flexible;
}

static inline void net_answer_end(struct net_answer *answer) {
  ktxn__header_frame_end(&answer->writer, 0, 0);
  assert_false(answer->writer.failed);
}

struct net_versions {
  int16_t error_code;
  int16_t end_txn_max;
  int16_t metadata_max;
  int16_t versions_max; /* of ApiVersions */
  int16_t produce_min;
  int32_t throttle_ms;
  int64_t epoch; /* of the finalized features */
  int16_t transaction_version; /* 0 = not finalized */
};

static inline struct net_versions net_versions_v2(void) {
  return (struct net_versions){.end_txn_max = 5, .metadata_max = 13, .versions_max = 4, .epoch = 9,
                               .transaction_version = 2};
}

static inline void net_write_key(struct ktxn__writer *writer, int16_t key, int16_t min, int16_t max) {
  ktxn__writer_i16(writer, key);
  ktxn__writer_i16(writer, min);
  ktxn__writer_i16(writer, max);
  ktxn__writer_tags(writer);
}

static inline void net_write_features(struct ktxn__writer *writer, const struct net_versions *versions) {
  struct ktxn__buffer field;
  struct ktxn__writer inner;
  ktxn__buffer_init(&field, ktxn__mem_default(), 4096);
  ktxn__writer_init(&inner, &field);
  inner.flexible = true;
  ktxn__writer_array(&inner, 1);
  ktxn__writer_string(&inner, KTXN__STR("transaction.version"));
  ktxn__writer_i16(&inner, versions->transaction_version);
  ktxn__writer_i16(&inner, 0);
  ktxn__writer_tags(&inner);
  ktxn__writer_uvarint(writer, versions->transaction_version > 0 ? 2 : 1);
  ktxn__writer_uvarint(writer, 1);
  ktxn__writer_uvarint(writer, 8);
  ktxn__writer_i64(writer, versions->epoch);
  if (versions->transaction_version > 0) {
    ktxn__writer_uvarint(writer, 2);
    ktxn__writer_uvarint(writer, (uint32_t)field.size);
    ktxn__writer_raw(writer, field.data, field.size);
  }
  ktxn__buffer_free(&field);
}

/* `version` is the form of the body: not the request's when the broker doesn't know that one. */
static inline struct net_answer net_answer_versions(const struct net_request *request,
                                                    const struct net_versions *versions, int16_t version) {
  struct net_answer answer;
  net_answer_begin(&answer, request);
  struct ktxn__writer *writer = &answer.writer;
  writer->flexible = version >= 3;
  ktxn__writer_i16(writer, versions->error_code);
  ktxn__writer_array(writer, versions->error_code == 35 ? 1 : 5);
  net_write_key(writer, KTXN__API_API_VERSIONS, 0, versions->versions_max);
  if (versions->error_code != 35) {
    net_write_key(writer, KTXN__API_PRODUCE, versions->produce_min, 12);
    net_write_key(writer, KTXN__API_METADATA, 0, versions->metadata_max);
    net_write_key(writer, KTXN__API_END_TXN, 0, versions->end_txn_max);
    net_write_key(writer, KTXN__API_FIND_COORDINATOR, 0, 6);
  }
  if (version >= 1) {
    ktxn__writer_i32(writer, versions->throttle_ms);
  }
  if (version >= 3) {
    net_write_features(writer, versions);
  }
  net_answer_end(&answer);
  return answer;
}

#endif
