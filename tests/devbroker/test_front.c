/* The front: byte streams of clients against the model, without a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "sdk/base/random.h"
#include "sdk/devbroker/control.h"
#include "sdk/devbroker/front.h"
#include "sdk/devbroker/model_control.h"
#include "sdk/devbroker/model_look.h"
#include "sdk/devbroker/offer.h"

#define SECOND 1000000LL

struct fixture {
  struct ktxn__mem mem;
  struct ktxn__model *model;
  struct ktxn__front *front;
  struct ktxn__control control;
  struct ktxn__arena arena; /* of decoded responses */
  int64_t now;
};

static int begin(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  ktxn__mem_init(&f->mem, 0);
  ktxn__arena_init(&f->arena, &f->mem, 1 << 20);
  struct ktxn__model_config config = ktxn__model_config_default();
  config.nodes = 2;
  config.cluster_id = "cluster";
  f->model = ktxn__model_new(&f->mem, &config, NULL);
  assert_non_null(f->model);
  const struct ktxn__front_config front = {
      .mem = &f->mem, .model = f->model, .cluster_id = KTXN__STR("cluster"), .nodes = 2};
  f->front = ktxn__front_new(&front);
  ktxn__front_set_address(f->front, 0, KTXN__STR("127.0.0.1"), 9092);
  ktxn__front_set_address(f->front, 1, KTXN__STR("127.0.0.1"), 9093);
  f->control = (struct ktxn__control){.model = f->model, .front = f->front, .nodes = 2};
  *state = f;
  return 0;
}

static int end(void **state) {
  struct fixture *f = *state;
  ktxn__front_free(f->front);
  ktxn__model_free(f->model);
  ktxn__arena_free(&f->arena);
  assert_int_equal(ktxn__mem_used(&f->mem), 0);
  free(f);
  return 0;
}

/* -- a client */

struct frame {
  uint8_t bytes[4096];
  size_t size;
};

static void put(struct frame *frame, const void *data, size_t size) {
  assert_true(frame->size + size <= sizeof frame->bytes);
  memcpy(frame->bytes + frame->size, data, size);
  frame->size += size;
}

/* A request of the codec's own making: tests of the bytes themselves are in test_schema.c. */
static struct frame request(struct fixture *f, int16_t key, int16_t version, int32_t correlation, const void *message) {
  const struct ktxn__msg_api *api = ktxn__msg_api(key);
  struct frame frame = {.size = 4};
  struct ktxn__buffer body;
  ktxn__buffer_init(&body, &f->mem, 4096);
  assert_true(ktxn__schema_encode(api->request, ktxn__msg_api_form(api, version), message, &body));
  const uint8_t head[] = {0, (uint8_t)key, 0, (uint8_t)version, 0, 0, 0, (uint8_t)correlation, 0, 1, 't'};
  put(&frame, head, sizeof head);
  if (version >= api->flexible) {
    put(&frame, "", 1);
  }
  put(&frame, body.data, body.size);
  ktxn__buffer_free(&body);
  frame.bytes[2] = (uint8_t)((frame.size - 4) >> 8);
  frame.bytes[3] = (uint8_t)(frame.size - 4);
  return frame;
}

static struct frame versions(struct fixture *f, int16_t version, int32_t correlation) {
  struct ktxn__msg_api_versions_request message;
  ktxn__schema_init(&ktxn__msg_api_versions_request, &message);
  message.client_software_name = KTXN__STR("test");
  message.client_software_version = KTXN__STR("1.0");
  return request(f, KTXN__MSG_API_VERSIONS, version, correlation, &message);
}

static void feed(struct fixture *f, struct ktxn__front_link *link, const struct frame *frame) {
  ktxn__front_feed(link, f->now, (struct ktxn__span){.data = frame->bytes, .size = frame->size});
  ktxn__front_run(f->front, f->now);
}

/* Takes the first response off the output. Returns its correlation id; -1 = there is none. */
static int32_t take(struct fixture *f, struct ktxn__front_link *link, int16_t key, int16_t version, void *message) {
  const struct ktxn__span output = ktxn__front_output(link);
  const uint8_t *at = output.data;
  if (output.size < 8) {
    return -1;
  }
  const struct ktxn__msg_api *api = ktxn__msg_api(key);
  const size_t size = (size_t)at[2] << 8 | at[3];
  const size_t head = version >= api->flexible && key != KTXN__MSG_API_VERSIONS ? 5 : 4;
  size_t used = 0;
  const int32_t correlation = at[7];
  assert_true(output.size >= size + 4);
  assert_int_equal(ktxn__schema_decode(api->response, ktxn__msg_api_form(api, version),
                                       (struct ktxn__span){.data = at + 4 + head, .size = size - head}, &f->arena, message,
                                       &used), KTXN__SCHEMA_OK);
  assert_int_equal(used, size - head);
  ktxn__front_sent(link, f->now, size + 4);
  return correlation;
}

static struct ktxn__front_link *connect_to(struct fixture *f, int32_t node) {
  struct ktxn__front_link *link = ktxn__front_open(f->front, node, "127.0.0.1", NULL);
  assert_non_null(link);
  return link;
}

static void do_line(struct fixture *f, const char *line) {
  struct ktxn__buffer reply;
  ktxn__buffer_init(&reply, &f->mem, 4096);
  const bool good = ktxn__control_run(&f->control, f->now, line, &reply);
  if (!good) {
    print_error("%s: %.*s\n", line, (int)reply.size, (const char *)reply.data);
  }
  assert_true(good);
  ktxn__buffer_free(&reply);
}

/* -- ApiVersions */

static void test_versions(void **state) {
  struct fixture *f = *state;
  struct ktxn__front_link *link = connect_to(f, 0);
  struct ktxn__msg_api_versions_response response;
  const struct frame frame = versions(f, 4, 7);
  feed(f, link, &frame);
  assert_int_equal(take(f, link, KTXN__MSG_API_VERSIONS, 4, &response), 7);
  assert_int_equal(response.error_code, 0);
  assert_true(response.api_keys_count > 25);
  assert_true(response.finalized_features_epoch >= 0);
  assert_int_equal(response.finalized_features_count, 2);
  assert_true(ktxn__str_equal(response.finalized_features[1].name, KTXN__STR("transaction.version")));
  assert_int_equal(response.finalized_features[1].max_version_level, 2);
}

/* KIP-511: answered in version 0, with ApiVersions alone. */
static void test_unknown_version_of_versions(void **state) {
  struct fixture *f = *state;
  struct ktxn__front_link *link = connect_to(f, 0);
  struct ktxn__msg_api_versions_response response;
  struct frame frame = versions(f, 5, 1);
  frame.bytes[7] = 9;
  feed(f, link, &frame);
  assert_int_equal(take(f, link, KTXN__MSG_API_VERSIONS, 0, &response), 1);
  assert_int_equal(response.error_code, 35);
  assert_int_equal(response.api_keys_count, 1);
  assert_int_equal(response.api_keys[0].max_version, 5);
  assert_false(ktxn__front_broken(link));
}

/* KIP-1242: cluster and node, both or neither. KIP-511: names without odd characters. */
static void test_versions_checks(void **state) {
  static const struct {
    const char *name;
    const char *cluster;
    int32_t node;
    int16_t code;
  } rows[] = {
      {"test", "cluster", 0, 0}, {"test", "cluster", 1, 129}, {"test", "other", 0, 129}, {"test", "cluster", -1, 42},
      {"test", NULL, 0, 42},     {"a_b", NULL, -1, 42},       {"", NULL, -1, 42},        {"-a", NULL, -1, 42},
      {"a-.b", NULL, -1, 0},
  };
  struct fixture *f = *state;
  struct ktxn__front_link *link = connect_to(f, 0);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ktxn__msg_api_versions_response response;
    const struct ktxn__msg_api_versions_request message = {.client_software_name = ktxn__str(rows[i].name),
                                                           .client_software_version = KTXN__STR("1"),
                                                           .cluster_id = ktxn__str(rows[i].cluster),
                                                           .node_id = rows[i].node};
    const struct frame frame = request(f, KTXN__MSG_API_VERSIONS, 5, 1, &message);
    feed(f, link, &frame);
    assert_int_equal(take(f, link, KTXN__MSG_API_VERSIONS, 5, &response), 1);
    assert_int_equal(response.error_code, rows[i].code);
  }
}

/* -- streams */

static struct frame metadata(struct fixture *f, int32_t correlation) {
  struct ktxn__msg_metadata_request message;
  ktxn__schema_init(&ktxn__msg_metadata_request, &message);
  message.topics_count = -1;
  return request(f, KTXN__MSG_METADATA, 12, correlation, &message);
}

static int32_t partitions_of(const struct ktxn__msg_metadata_response *response, struct ktxn__str name) {
  for (int32_t i = 0; i < response->topics_count; i++) {
    if (ktxn__str_equal(response->topics[i].name, name)) {
      return response->topics[i].partitions_count;
    }
  }
  return -1;
}

/* Requests come in pieces of any size, several of them behind each other, and are answered in order. */
static void test_pieces(void **state) {
  struct fixture *f = *state;
  do_line(f, "topic create t partitions=3");
  for (size_t piece = 1; piece < 40; piece++) {
    struct ktxn__front_link *link = connect_to(f, 1);
    struct frame all = {.size = 0};
    for (int32_t i = 1; i <= 5; i++) {
      const struct frame each = metadata(f, i);
      put(&all, each.bytes, each.size);
    }
    for (size_t at = 0; at < all.size; at += piece) {
      const size_t size = all.size - at < piece ? all.size - at : piece;
      ktxn__front_feed(link, f->now, (struct ktxn__span){.data = all.bytes + at, .size = size});
      ktxn__front_run(f->front, f->now);
    }
    for (int32_t i = 1; i <= 5; i++) {
      struct ktxn__msg_metadata_response response;
      assert_int_equal(take(f, link, KTXN__MSG_METADATA, 12, &response), i);
      assert_int_equal(response.brokers_count, 2);
      assert_int_equal(response.brokers[1].port, 9093);
      assert_int_equal(partitions_of(&response, KTXN__STR("t")), 3);
      ktxn__arena_reset(&f->arena);
    }
    ktxn__front_close(link);
  }
}

/* What no broker would take ends the connection, and nothing else. */
static void test_refused_frames(void **state) {
  static const struct {
    size_t at;
    uint8_t value;
  } rows[] = {{0, 0x7f}, {0, 0x80}, {5, 99}, {7, 50}, {13, 200}, {3, 2}};
  struct fixture *f = *state;
  struct ktxn__front_link *other = connect_to(f, 0);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ktxn__front_link *link = connect_to(f, 0);
    struct frame frame = metadata(f, 1);
    frame.bytes[rows[i].at] = rows[i].value;
    feed(f, link, &frame);
    assert_true(ktxn__front_broken(link));
    assert_int_equal(ktxn__front_output(link).size, 0);
    ktxn__front_close(link);
  }
  struct ktxn__msg_metadata_response response;
  const struct frame frame = metadata(f, 1);
  feed(f, other, &frame);
  assert_int_equal(take(f, other, KTXN__MSG_METADATA, 12, &response), 1);
}

/* Any bytes at all: the link breaks or goes on, and no memory is lost. */
static void test_hostile_bytes(void **state) {
  struct fixture *f = *state;
  struct ktxn__random random;
  ktxn__random_seed(&random, 1);
  for (int round = 0; round < 3000; round++) {
    struct ktxn__front_link *link = connect_to(f, 0);
    struct frame frame = round % 2 == 0 ? metadata(f, 1) : versions(f, 4, 1);
    frame.bytes[5] = (uint8_t)ktxn__random_below(&random, 70);
    frame.bytes[7] = (uint8_t)ktxn__random_below(&random, 14);
    for (uint64_t i = ktxn__random_below(&random, 6); i > 0; i--) {
      frame.bytes[8 + ktxn__random_below(&random, frame.size - 8)] = (uint8_t)ktxn__random_next(&random);
    }
    feed(f, link, &frame);
    ktxn__front_close(link);
  }
  assert_true(ktxn__model_check(f->model));
}

/* -- faults */

static void test_delay(void **state) {
  struct fixture *f = *state;
  struct ktxn__front_link *link = connect_to(f, 0);
  struct ktxn__msg_metadata_response response;
  do_line(f, "fault Metadata skip=1 count=1 delay=50");
  const struct frame first = metadata(f, 1);
  const struct frame second = metadata(f, 2);
  const struct frame third = metadata(f, 3);
  feed(f, link, &first);
  feed(f, link, &second);
  feed(f, link, &third);
  assert_int_equal(take(f, link, KTXN__MSG_METADATA, 12, &response), 1);
  assert_int_equal(take(f, link, KTXN__MSG_METADATA, 12, &response), -1);
  assert_int_equal(ktxn__front_deadline(f->front), f->now + 50000);
  f->now += 50000;
  ktxn__front_run(f->front, f->now);
  assert_int_equal(take(f, link, KTXN__MSG_METADATA, 12, &response), 2);
  assert_int_equal(take(f, link, KTXN__MSG_METADATA, 12, &response), 3);
}

/* What is delayed or throttled is not read on without end, and is read again afterwards. */
static void wants_again_after(struct fixture *f, struct ktxn__front_link *link, int32_t us) {
  const struct frame more = metadata(f, 2);
  int32_t fed = 0;
  for (; fed < 100000 && ktxn__front_wants(link); fed++) {
    feed(f, link, &more);
  }
  assert_in_range(fed, 1, 99999);
  f->now += us;
  for (int i = 0; i < 200 && !ktxn__front_wants(link); i++) {
    ktxn__front_run(f->front, f->now);
    ktxn__front_sent(link, f->now, ktxn__front_output(link).size);
  }
  assert_true(ktxn__front_wants(link));
}

static void test_backpressure(void **state) {
  struct fixture *f = *state;
  struct ktxn__front_link *link = connect_to(f, 0);
  const struct frame first = metadata(f, 1);
  do_line(f, "fault Metadata count=1 delay=50");
  feed(f, link, &first);
  wants_again_after(f, link, 50000);
  do_line(f, "throttle Metadata 200");
  feed(f, link, &first);
  do_line(f, "throttle Metadata 0");
  wants_again_after(f, link, 200000);
}

/* A part of a request that is larger than what may wait. */
static void test_a_large_request_is_read_on(void **state) {
  struct fixture *f = *state;
  struct ktxn__front_link *link = connect_to(f, 0);
  static const uint8_t head[] = {0, 16, 0, 0};
  static uint8_t body[65536];
  ktxn__front_feed(link, f->now, (struct ktxn__span){.data = head, .size = sizeof head});
  for (int i = 0; i < 10; i++) {
    assert_true(ktxn__front_wants(link));
    ktxn__front_feed(link, f->now, (struct ktxn__span){.data = body, .size = sizeof body});
  }
  assert_true(ktxn__front_wants(link));
}

/* KIP-219: the answer comes at once; what the client sends all the same waits. */
static void test_throttle(void **state) {
  struct fixture *f = *state;
  struct ktxn__front_link *link = connect_to(f, 0);
  struct ktxn__msg_metadata_response response;
  do_line(f, "throttle Metadata 200");
  const struct frame first = metadata(f, 1);
  const struct frame second = metadata(f, 2);
  feed(f, link, &first);
  assert_int_equal(take(f, link, KTXN__MSG_METADATA, 12, &response), 1);
  assert_int_equal(response.throttle_time_ms, 200);
  feed(f, link, &second);
  assert_int_equal(take(f, link, KTXN__MSG_METADATA, 12, &response), -1);
  f->now += 200000;
  ktxn__front_run(f->front, f->now);
  assert_int_equal(take(f, link, KTXN__MSG_METADATA, 12, &response), 2);
}

static struct frame init_producer_id(struct fixture *f, const char *id, int32_t correlation) {
  struct ktxn__msg_init_producer_id_request message;
  ktxn__schema_init(&ktxn__msg_init_producer_id_request, &message);
  message.transactional_id = ktxn__str(id);
  message.transaction_timeout_ms = 60000;
  return request(f, KTXN__MSG_INIT_PRODUCER_ID, 4, correlation, &message);
}

static void run_for(struct fixture *f, int64_t us) {
  for (int i = 0; i < 1000; i++) {
    const int64_t deadline = ktxn__front_deadline(f->front);
    if (deadline > f->now + us) {
      break;
    }
    us -= deadline > f->now ? deadline - f->now : 0;
    f->now = deadline > f->now ? deadline : f->now;
    ktxn__front_run(f->front, f->now);
  }
}

static int32_t coordinator_of(struct fixture *f, const char *id) {
  struct ktxn__model_txn_look look;
  return ktxn__model_txn_look(f->model, ktxn__str(id), &look) ? look.coordinator : -1;
}

/* Done and not answered; not done and not answered; refused. Asked at both nodes: one of them is the coordinator. */
static void test_lost_answers(void **state) {
  static const struct {
    const char *fault;
    bool done;
    bool closed;
  } rows[] = {
      {"fault InitProducerId count=2 drop=after", true, false},   {"fault InitProducerId count=2 drop=before", false, false},
      {"fault InitProducerId count=2 close=after", true, true},   {"fault InitProducerId count=2 close=before", false, true},
      {"fault InitProducerId count=2 error=COORDINATOR_NOT_AVAILABLE close=answered", false, true},
  };
  struct fixture *f = *state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char id[16];
    (void)snprintf(id, sizeof id, "id-%zu", i);
    struct ktxn__front_link *links[2] = {connect_to(f, 0), connect_to(f, 1)};
    do_line(f, rows[i].fault);
    for (int node = 0; node < 2; node++) {
      const struct frame frame = init_producer_id(f, id, 1);
      feed(f, links[node], &frame);
    }
    run_for(f, 2 * SECOND);
    assert_int_equal(coordinator_of(f, id) >= 0, rows[i].done);
    for (int node = 0; node < 2; node++) {
      struct ktxn__msg_init_producer_id_response response;
      assert_int_equal(ktxn__front_broken(links[node]), rows[i].closed);
      if (strstr(rows[i].fault, "error=") != NULL) {
        assert_int_equal(take(f, links[node], KTXN__MSG_INIT_PRODUCER_ID, 4, &response), 1);
        assert_int_equal(response.error_code, 15);
      } else {
        assert_int_equal(ktxn__front_output(links[node]).size, 0);
      }
      ktxn__front_close(links[node]);
    }
    do_line(f, "faults clear");
  }
}

/* A request goes on when its connection is gone. */
static void test_closed_link(void **state) {
  struct fixture *f = *state;
  struct ktxn__front_link *links[2] = {connect_to(f, 0), connect_to(f, 1)};
  for (int node = 0; node < 2; node++) {
    const struct frame frame = init_producer_id(f, "gone", 1);
    feed(f, links[node], &frame);
    ktxn__front_close(links[node]);
  }
  run_for(f, 2 * SECOND);
  assert_true(coordinator_of(f, "gone") >= 0);
}

/* -- every request that a release takes, as Kafka's classes fill it: the answer can be read to its last byte */

struct sweep {
  struct fixture *f;
  enum ktxn__model_release release;
  const char *fault; /* NULL = none */
  int answered;
};

static void feed_bytes(struct fixture *f, struct ktxn__front_link *link, const void *bytes, size_t size) {
  ktxn__front_feed(link, f->now, (struct ktxn__span){.data = bytes, .size = size});
}

static void feed_golden(struct fixture *f, struct ktxn__front_link *link, int16_t key, const struct golden_case *golden) {
  const bool flexible = golden->version >= ktxn__msg_api(key)->flexible;
  const size_t size = 11 + flexible + golden->size;
  const uint8_t head[] = {0, 0, (uint8_t)(size >> 8), (uint8_t)size, 0, (uint8_t)key, 0, (uint8_t)golden->version,
                          0, 0, 0, 1, 0, 1, 't', 0};
  feed_bytes(f, link, head, 15 + flexible);
  feed_bytes(f, link, golden->bytes, golden->size);
  ktxn__front_run(f->front, f->now);
}

static void check_answer(const struct golden_case *golden, void *ctx) {
  struct sweep *sweep = ctx;
  struct fixture *f = sweep->f;
  const int16_t key = (int16_t)atoi(golden->name);
  if (!ktxn__offer_takes(sweep->release, key, golden->version)) {
    return;
  }
  struct ktxn__front_link *link = connect_to(f, 0);
  if (sweep->fault != NULL) {
    do_line(f, sweep->fault);
  }
  feed_golden(f, link, key, golden);
  run_for(f, 30 * SECOND);
  /* a producer that wants no answer hears of an error by the end of its connection */
  const bool unasked = key == KTXN__MSG_PRODUCE && strcmp(golden->name, "0/bare") == 0;
  assert_int_equal(ktxn__front_broken(link), unasked && sweep->fault != NULL);
  if (ktxn__front_output(link).size > 0) {
    void *response = calloc(1, ktxn__msg_api(key)->response->size);
    assert_int_equal(take(f, link, key, golden->version, response), 1);
    assert_int_equal(ktxn__front_output(link).size, 0);
    free(response);
    ktxn__arena_reset(&f->arena);
    sweep->answered++;
  }
  ktxn__front_close(link);
  if (sweep->fault != NULL) {
    do_line(f, "faults clear");
  }
}

static void sweep_releases(struct fixture *f, const char *fault) {
  for (int release = 0; release < KTXN__MODEL_RELEASES; release++) {
    struct sweep sweep = {.f = f, .release = (enum ktxn__model_release)release, .fault = fault};
    assert_true(ktxn__model_node_release(f->model, 0, sweep.release));
    assert_true(golden_each("messages", "request", check_answer, &sweep) > 0);
    /* only a produce that wants no answer, and a group's member that waits for others, get none */
    print_message("release %s: %d answers\n", ktxn__model_traits(sweep.release)->name, sweep.answered);
    assert_true(sweep.answered > 170);
  }
  assert_true(ktxn__model_check(f->model));
}

static void test_every_request_is_answered(void **state) {
  do_line(*state, "topic create s1 partitions=2");
  sweep_releases(*state, NULL);
}

static void test_every_request_is_refused(void **state) {
  do_line(*state, "topic create s1 partitions=2");
  sweep_releases(*state, "fault any error=REQUEST_TIMED_OUT");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_versions, begin, end),
      cmocka_unit_test_setup_teardown(test_unknown_version_of_versions, begin, end),
      cmocka_unit_test_setup_teardown(test_versions_checks, begin, end),
      cmocka_unit_test_setup_teardown(test_pieces, begin, end),
      cmocka_unit_test_setup_teardown(test_refused_frames, begin, end),
      cmocka_unit_test_setup_teardown(test_hostile_bytes, begin, end),
      cmocka_unit_test_setup_teardown(test_delay, begin, end),
      cmocka_unit_test_setup_teardown(test_backpressure, begin, end),
      cmocka_unit_test_setup_teardown(test_a_large_request_is_read_on, begin, end),
      cmocka_unit_test_setup_teardown(test_throttle, begin, end),
      cmocka_unit_test_setup_teardown(test_lost_answers, begin, end),
      cmocka_unit_test_setup_teardown(test_closed_link, begin, end),
      cmocka_unit_test_setup_teardown(test_every_request_is_answered, begin, end),
      cmocka_unit_test_setup_teardown(test_every_request_is_refused, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
