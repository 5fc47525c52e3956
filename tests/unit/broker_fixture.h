#ifndef KTXN_TESTS_BROKER_FIXTURE_H
#define KTXN_TESTS_BROKER_FIXTURE_H

/* One broker against ports without a network, and calls that remember what became of them. */

#include "net_fixture.h"

#define CALLS 128

struct probe {
  struct ktxn__call call;
  int written, ended;
  enum ktxn__call_fate fate;
  int order; /* the how manyeth call to end */
  int32_t value;
  bool refuse_to_encode;
  const void *splice;
  size_t splice_size;
  struct bench *bench;
  struct probe *again; /* sent from done() */
};

struct bench {
  struct net *net;
  struct ktxn__broker_settings settings;
  struct ktxn__broker *broker;
  struct probe probes[CALLS];
  size_t probe_count;
  int ended;
  int64_t now_us;
  int went_down, told_versions, rebootstraps;
  bool down_ready;
};


static inline void on_versions(void *ctx, struct ktxn__broker *broker, int64_t now_us) {
  (void)broker, (void)now_us;
  ((struct bench *)ctx)->told_versions++;
}

static inline void on_down(void *ctx, struct ktxn__broker *broker, bool ready, int64_t now_us) {
  (void)broker, (void)now_us;
  ((struct bench *)ctx)->went_down++;
  ((struct bench *)ctx)->down_ready = ready;
}

static inline void on_rebootstrap(void *ctx, struct ktxn__broker *broker, int64_t now_us) {
  (void)broker, (void)now_us;
  ((struct bench *)ctx)->rebootstraps++;
}

static inline int setup(void **state) {
  struct bench *bench = calloc(1, sizeof *bench);
  assert_non_null(bench);
  bench->net = net_new();
  bench->now_us = 1000000;
  bench->settings = (struct ktxn__broker_settings){.client_id = "tester",
                                                   .software_name = "ktxn",
                                                   .software_version = "1",
                                                   .in_flight_max = 5,
                                                   .request_timeout_ms = 30000,
                                                   .reconnect_backoff_ms = 50,
                                                   .reconnect_backoff_max_ms = 1000,
                                                   .setup_timeout_ms = 10000,
                                                   .setup_timeout_max_ms = 30000,
                                                   .idle_max_ms = 540000};
  const struct ktxn__broker_hooks hooks = {.ctx = bench, .versions = on_versions, .down = on_down, .rebootstrap = on_rebootstrap};
  bench->broker = ktxn__broker_new(&bench->net->ports, &bench->settings, &hooks, 3, 7, "kafka", 9092);
  assert_non_null(bench->broker);
  *state = bench;
  return 0;
}

static inline int teardown(void **state) {
  struct bench *bench = *state;
  ktxn__broker_free(bench->broker, bench->now_us);
  for (size_t i = 0; i < bench->probe_count; i++) {
    assert_int_equal(bench->probes[i].ended, 1);
  }
  net_free(bench->net);
  free(bench);
  return 0;
}

static inline bool probe_encode(struct ktxn__call *call, int16_t version, struct ktxn__call_body *body) {
  struct probe *probe = (struct probe *)(void *)call;
  (void)version;
  ktxn__writer_i32(ktxn__call_body_writer(body), probe->value);
  if (probe->splice_size > 0) {
    assert_true(ktxn__call_body_splice(body, probe->splice, probe->splice_size));
    ktxn__writer_i32(ktxn__call_body_writer(body), ~probe->value);
  }
  return !probe->refuse_to_encode;
}

static inline void probe_written(struct ktxn__call *call) {
  struct probe *probe = (struct probe *)(void *)call;
  assert_int_equal(probe->ended, 0);
  probe->written++;
}

static inline void send_probe(struct bench *bench, struct probe *probe);

static inline void probe_done(struct ktxn__call *call, enum ktxn__call_fate fate, struct ktxn__reader *body, int64_t now_us) {
  struct probe *probe = (struct probe *)(void *)call;
  (void)now_us;
  probe->ended++;
  probe->fate = fate;
  probe->order = ++probe->bench->ended;
  assert_int_equal(body != NULL, fate == KTXN__CALL_ANSWERED);
  if (body != NULL) {
    int32_t throttle = ktxn__reader_i32(body);
    int16_t value = ktxn__reader_i16(body);
    if (body->failed) {
      ktxn__call_malformed(call);
    } else {
      assert_true(throttle >= 0);
      assert_int_equal(value, probe->value);
    }
  }
  if (probe->again != NULL) {
    send_probe(probe->bench, probe->again);
    probe->again = NULL;
  }
}

static inline struct probe *new_probe(struct bench *bench) {
  assert_true(bench->probe_count < CALLS);
  struct probe *probe = &bench->probes[bench->probe_count++];
  probe->bench = bench;
  probe->value = (int32_t)bench->probe_count;
  probe->call = (struct ktxn__call){.api = KTXN__API_END_TXN,
                                    .version_min = 0,
                                    .version_max = 5,
                                    .deadline_us = bench->now_us + 30000 * MS,
                                    .encode = probe_encode,
                                    .written = probe_written,
                                    .done = probe_done};
  return probe;
}

static inline void send_probe(struct bench *bench, struct probe *probe) {
  int before = bench->ended;
  ktxn__broker_send(bench->broker, &probe->call, bench->now_us);
  assert_int_equal(bench->ended, before);
}

static inline struct probe *send_new(struct bench *bench) {
  struct probe *probe = new_probe(bench);
  send_probe(bench, probe);
  return probe;
}

static inline int64_t run(struct bench *bench) {
  int64_t due_us = ktxn__broker_run(bench->broker, bench->now_us);
  assert_true(due_us > bench->now_us);
  return due_us;
}

/* Runs until nothing is due at this time any more. */
static inline void settle(struct bench *bench) {
  for (int i = 0; i < 20; i++) {
    if (run(bench) > bench->now_us + 1) {
      return;
    }
    bench->now_us++;
  }
  fail_msg("it never comes to rest");
}

static inline void later(struct bench *bench, int64_t ms) {
  bench->now_us += ms * MS;
  settle(bench);
}

static inline void resolved(struct bench *bench, size_t count) {
  struct ktxn__address addresses[20];
  for (size_t i = 0; i < count; i++) {
    addresses[i] = net_address((uint8_t)(i + 1), net_last_lookup(bench->net)->port);
  }
  ktxn__broker_on_resolved(bench->broker, net_last_lookup(bench->net)->token, addresses, count,
                           count == 0 ? "no such host" : NULL, bench->now_us);
  settle(bench);
}

static inline struct net_conn *connected(struct bench *bench) {
  struct net_conn *conn = net_last(bench->net);
  ktxn__broker_on_connected(bench->broker, conn->id, bench->now_us);
  settle(bench);
  return conn;
}

static inline void feed(struct bench *bench, struct net_conn *conn, const void *data, size_t size) {
  /* a copy of exactly this size, so that a sanitizer sees every byte read beyond */
  uint8_t *copy = malloc(size > 0 ? size : 1);
  assert_non_null(copy);
  memcpy(copy, data, size);
  ktxn__broker_on_received(bench->broker, conn->id, copy, size, bench->now_us);
  free(copy);
  settle(bench);
}

static inline void feed_answer(struct bench *bench, struct net_conn *conn, struct net_answer *answer) {
  feed(bench, conn, answer->buffer.data, answer->buffer.size);
  ktxn__buffer_free(&answer->buffer);
}

static inline void answer_versions(struct bench *bench, struct net_conn *conn, const struct net_versions *versions) {
  struct net_request request = net_expect(conn, KTXN__API_API_VERSIONS);
  struct net_answer answer = net_answer_versions(&request, versions, request.version);
  feed_answer(bench, conn, &answer);
}

static inline struct net_conn *open_up(struct bench *bench) {
  ktxn__broker_want(bench->broker, bench->now_us);
  settle(bench);
  resolved(bench, 1);
  struct net_conn *conn = connected(bench);
  struct net_versions versions = net_versions_v2();
  versions.versions_max = 5;
  answer_versions(bench, conn, &versions);
  assert_true(ktxn__broker_ready(bench->broker));
  return conn;
}

static inline struct net_answer answer_to(const struct net_request *request, int32_t throttle_ms) {
  struct net_answer answer;
  struct ktxn__reader reader;
  ktxn__reader_init(&reader, request->body, request->size);
  net_answer_begin(&answer, request);
  ktxn__writer_i32(&answer.writer, throttle_ms);
  ktxn__writer_i16(&answer.writer, (int16_t)ktxn__reader_i32(&reader));
  net_answer_end(&answer);
  return answer;
}

static inline void answer_next(struct bench *bench, struct net_conn *conn, int32_t throttle_ms) {
  struct net_request request = net_expect(conn, KTXN__API_END_TXN);
  struct net_answer answer = answer_to(&request, throttle_ms);
  feed_answer(bench, conn, &answer);
}

static inline void expect_why(struct bench *bench, const char *words) {
  if (strstr(ktxn__broker_why(bench->broker), words) == NULL) {
    fail_msg("\"%s\" lacks \"%s\"", ktxn__broker_why(bench->broker), words);
  }
}

static inline void expect_down(struct bench *bench, const char *words) {
  assert_int_equal(ktxn__broker_state(bench->broker), KTXN__BROKER_DOWN);
  expect_why(bench, words);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
