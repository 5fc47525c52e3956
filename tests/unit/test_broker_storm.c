/* Anything at any time: whatever the network does, every call ends once, with a fate that can be true. */

#include "broker_fixture.h"

#define CALLS_MAX 400
#define SEEDS 60
#define STEPS 1500

struct drop {
  struct ktxn__call call;
  int ended;
  bool written;
  size_t splice_size;
};

static bool encode(struct ktxn__call *call, int16_t version, struct ktxn__call_body *body) {
  const struct drop *drop = (struct drop *)(void *)call;
  (void)version;
  ktxn__writer_i32(ktxn__call_body_writer(body), 1);
  return ktxn__call_body_splice(body, "some bytes", drop->splice_size);
}

static void written(struct ktxn__call *call) {
  struct drop *drop = (struct drop *)(void *)call;
  assert_false(drop->written);
  assert_int_equal(drop->ended, 0);
  drop->written = true;
}

static void done(struct ktxn__call *call, enum ktxn__call_fate fate, struct ktxn__reader *body, int64_t now_us) {
  struct drop *drop = (struct drop *)(void *)call;
  (void)now_us;
  drop->ended++;
  assert_int_equal(drop->ended, 1);
  assert_int_equal(body != NULL, fate == KTXN__CALL_ANSWERED);
  /* nothing that the kernel has wholly can be unsent, and nothing unwritten can be answered */
  assert_false(drop->written && (fate == KTXN__CALL_UNSENT || fate == KTXN__CALL_UNSUPPORTED));
  assert_false(!drop->written && fate == KTXN__CALL_ANSWERED);
  if (body != NULL) {
    (void)ktxn__reader_i32(body);
    (void)ktxn__reader_i16(body);
    if (body->failed) {
      ktxn__call_malformed(call);
    }
  }
}

/* What a broker might answer: the right thing, something cut, somebody else's, garbage. */
static void answer(struct bench *bench, struct net_conn *conn, struct ktxn__random *random) {
  struct net_request request;
  if (!net_take(conn, &request)) {
    return;
  }
  struct net_versions versions = net_versions_v2();
  versions.versions_max = (int16_t)ktxn__random_below(random, 6);
  versions.error_code = ktxn__random_below(random, 10) == 0 ? 35 : 0;
  struct net_answer answer = request.api == KTXN__API_API_VERSIONS
                                 ? net_answer_versions(&request, &versions, request.version)
                                 : answer_to(&request, (int32_t)ktxn__random_below(random, 3) * 20);
  size_t size = answer.buffer.size;
  uint64_t kind = ktxn__random_below(random, 30);
  if (kind == 0) {
    answer.buffer.data[ktxn__random_below(random, size)] ^= (uint8_t)(1 + ktxn__random_below(random, 255));
  } else if (kind == 1) {
    size = ktxn__random_below(random, size);
  }
  for (size_t at = 0; at < size && conn->open;) {
    size_t piece = 1 + ktxn__random_below(random, size - at);
    ktxn__broker_on_received(bench->broker, conn->id, answer.buffer.data + at, piece, bench->now_us);
    at += piece;
  }
  ktxn__buffer_free(&answer.buffer);
}

static void resolve(struct bench *bench, struct ktxn__random *random) {
  struct ktxn__address addresses[3] = {net_address(1, 1), net_address(2, 1), net_address(3, 1)};
  if (bench->net->lookup_count > 0) {
    const struct net_lookup *lookup = net_last_lookup(bench->net);
    ktxn__broker_on_resolved(bench->broker, lookup->token, addresses, ktxn__random_below(random, 4), NULL,
                             bench->now_us);
  }
}

static void network(struct bench *bench, struct ktxn__random *random) {
  struct net_conn *conn = bench->net->conn_count == 0 ? NULL : net_last(bench->net);
  uint64_t kind = ktxn__random_below(random, 12);
  if (conn == NULL || !conn->open || kind == 0) {
    resolve(bench, random);
  } else if (kind == 1 && ktxn__random_below(random, 4) == 0) {
    conn->open = false;
    ktxn__broker_on_closed(bench->broker, conn->id, NULL, bench->now_us);
  } else if (kind < 4) {
    ktxn__broker_on_connected(bench->broker, conn->id, bench->now_us);
  } else if (kind < 6) {
    conn->room = ktxn__random_below(random, 2) == 0 ? -1 : (int64_t)ktxn__random_below(random, 60);
    conn->broken = ktxn__random_below(random, 40) == 0;
    ktxn__broker_on_writable(bench->broker, conn->id, bench->now_us);
  } else {
    answer(bench, conn, random);
  }
}

static void application(struct bench *bench, struct drop *calls, size_t *used, struct ktxn__random *random) {
  static const char *const hosts[] = {"a", "b", "kafka"};
  uint64_t kind = ktxn__random_below(random, 40);
  if (kind == 0) {
    ktxn__broker_drop(bench->broker, "a storm");
  } else if (kind == 1) {
    ktxn__broker_move(bench->broker, hosts[ktxn__random_below(random, 3)], 9092, bench->now_us);
  } else if (kind == 2) {
    ktxn__broker_ask_versions(bench->broker, bench->now_us);
  } else if (kind == 3) {
    ktxn__mem_fail(&bench->net->mem, 1 + (uint32_t)ktxn__random_below(random, 4), false);
  } else if (kind < 20 && *used < CALLS_MAX) {
    struct drop *drop = &calls[(*used)++];
    drop->call = (struct ktxn__call){.api = KTXN__API_END_TXN, .version_max = 5, .encode = encode, .written = written,
                                     .done = done};
    drop->call.deadline_us = bench->now_us + (int64_t)ktxn__random_below(random, 2000) * MS;
    drop->splice_size = ktxn__random_below(random, 11);
    ktxn__broker_send(bench->broker, &drop->call, bench->now_us);
  }
}

static void storm(uint64_t seed, int *ready) {
  void *state = NULL;
  assert_int_equal(setup(&state), 0);
  struct bench *bench = state;
  struct drop *calls = calloc(CALLS_MAX, sizeof *calls);
  assert_non_null(calls);
  struct ktxn__random random;
  ktxn__random_seed(&random, seed);
  size_t used = 0;
  /* the last place is for what the last step may open */
  for (int i = 0; i < STEPS && bench->net->conn_count < NET_CONNS - 4 && bench->net->lookup_count < NET_CONNS - 1; i++) {
    application(bench, calls, &used, &random);
    network(bench, &random);
    bench->now_us += (int64_t)ktxn__random_below(&random, 30) * MS;
    (void)run(bench);
  }
  ktxn__mem_fail(&bench->net->mem, 0, false);
  *ready += bench->told_versions;
  assert_int_equal(teardown(&state), 0);
  for (size_t i = 0; i < used; i++) {
    assert_int_equal(calls[i].ended, 1);
  }
  free(calls);
}

static void a_storm_of_events_loses_no_call(void **state) {
  int ready = 0;
  (void)state;
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    storm(seed, &ready);
  }
  assert_true(ready > SEEDS * 5); /* it got somewhere */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_storm_of_events_loses_no_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
