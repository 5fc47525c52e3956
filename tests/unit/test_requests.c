/* Every request encoder, byte for byte against what Kafka's own classes write; the cases are those of Requests.java. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "sdk/wire/add_offsets_to_txn.h"
#include "sdk/wire/add_partitions_to_txn.h"
#include "sdk/wire/api.h"
#include "sdk/wire/api_versions.h"
#include "sdk/wire/describe_transactions.h"
#include "sdk/wire/end_txn.h"
#include "sdk/wire/find_coordinator.h"
#include "sdk/wire/init_producer_id.h"
#include "sdk/wire/metadata.h"
#include "sdk/wire/produce.h"
#include "sdk/wire/txn_offset_commit.h"

static const struct ktxn__uuid id_a = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
static const struct ktxn__uuid id_b = {
    {255, 255, 255, 255, 255, 255, 255, 254, 255, 255, 255, 255, 255, 255, 255, 253}};

/* 200 times the letter x. */
static struct ktxn__str long_name(void) {
  static char letters[200];
  memset(letters, 'x', sizeof letters);
  return (struct ktxn__str){.data = letters, .len = sizeof letters};
}

static bool is(const char *name, const char *other) {
  return strcmp(name, other) == 0;
}

static void encode_api_versions(struct ktxn__writer *writer, int16_t version, const char *name) {
  bool pinned = is(name, "pinned");
  const struct ktxn__api_versions_request request = {
      .software_name = KTXN__STR("ktxn"),
      .software_version = KTXN__STR("0.1.0"),
      .cluster_id = pinned ? KTXN__STR("kR2d-cluster") : KTXN__STR_NULL,
      .node_id = pinned ? 7 : -1,
  };
  ktxn__api_versions_request_encode(writer, version, &request);
}

static void encode_metadata(struct ktxn__writer *writer, int16_t version, const char *name) {
  const struct ktxn__metadata_request_topic names[] = {{.name = KTXN__STR("orders")}, {.name = KTXN__STR("")}};
  const struct ktxn__metadata_request_topic ids[] = {{.name = KTXN__STR_NULL, .id = id_a},
                                                     {.name = KTXN__STR("orders")}};
  bool by_name = is(name, "names");
  struct ktxn__metadata_request request = {.allow_auto_topic_creation = !by_name || version < 4};
  request.topics = by_name ? names : ids;
  request.topic_count = by_name || is(name, "ids") ? 2 : is(name, "none") ? 0 : -1;
  ktxn__metadata_request_encode(writer, version, &request);
}

static void encode_find_coordinator(struct ktxn__writer *writer, int16_t version, const char *name) {
  struct ktxn__find_coordinator_request request = {.key = KTXN__STR("")};
  if (is(name, "group")) {
    request.key = KTXN__STR("group-1");
  } else if (is(name, "transaction")) {
    request.key = KTXN__STR("txn-1");
    request.key_type = KTXN__FIND_COORDINATOR_TRANSACTION;
  }
  ktxn__find_coordinator_request_encode(writer, version, &request);
}

static void encode_init_producer_id(struct ktxn__writer *writer, int16_t version, const char *name) {
  struct ktxn__init_producer_id_request request = {.producer_id = -1, .producer_epoch = -1};
  if (is(name, "idempotent")) {
    request.transactional_id = KTXN__STR_NULL;
    request.transaction_timeout_ms = INT32_MAX;
  } else if (is(name, "first")) {
    request.transactional_id = KTXN__STR("txn-1");
    request.transaction_timeout_ms = 60000;
  } else {
    request = (struct ktxn__init_producer_id_request){long_name(), 1, 1234567890123, 32766};
  }
  ktxn__init_producer_id_request_encode(writer, version, &request);
}

static void encode_add_partitions(struct ktxn__writer *writer, int16_t version, const char *name) {
  static const int32_t partitions[] = {0, 1, INT32_MAX};
  const struct ktxn__add_partitions_to_txn_request_topic topics[] = {
      {.name = KTXN__STR("orders"), .partitions = partitions, .partition_count = 3}, {.name = long_name()}};
  const struct ktxn__add_partitions_to_txn_request request = {
      .transactional_id = KTXN__STR("txn-1"),
      .producer_id = 4000,
      .producer_epoch = 3,
      .topics = topics,
      .topic_count = is(name, "two") ? 2 : 0,
  };
  ktxn__add_partitions_to_txn_request_encode(writer, version, &request);
}

static void encode_add_offsets(struct ktxn__writer *writer, int16_t version, const char *name) {
  const struct ktxn__add_offsets_to_txn_request plain = {KTXN__STR("txn-1"), 4000, 3, KTXN__STR("group-1")};
  const struct ktxn__add_offsets_to_txn_request empty = {KTXN__STR(""), -1, -1, KTXN__STR("")};
  ktxn__add_offsets_to_txn_request_encode(writer, version, is(name, "plain") ? &plain : &empty);
}

static struct ktxn__txn_offset_commit_request commit_request(void) {
  return (struct ktxn__txn_offset_commit_request){
      .transactional_id = KTXN__STR("txn-1"),
      .group_id = KTXN__STR("group-1"),
      .producer_id = 4000,
      .producer_epoch = 3,
      .generation_id = -1,
      .member_id = KTXN__STR_NULL,
      .group_instance_id = KTXN__STR_NULL,
  };
}

static void encode_txn_offset_commit(struct ktxn__writer *writer, int16_t version, const char *name) {
  const struct ktxn__txn_offset_commit_request_partition partitions[] = {
      {.index = 0, .offset = 42, .metadata = KTXN__STR_NULL, .leader_epoch = version < 2 ? -1 : 9},
      {.index = 7, .offset = INT64_C(1) << 40, .metadata = KTXN__STR("m"), .leader_epoch = -1}};
  const struct ktxn__txn_offset_commit_request_topic topics[] = {
      {.name = KTXN__STR("orders"), .id = id_a, .partitions = partitions, .partition_count = 2},
      {.name = long_name(), .id = id_b}};
  struct ktxn__txn_offset_commit_request request = commit_request();
  request.topics = topics;
  if (is(name, "plain")) {
    request.topic_count = 2;
  } else {
    request.generation_id = 5;
    request.member_id = KTXN__STR("member-1");
  }
  if (is(name, "instance")) {
    request.group_instance_id = KTXN__STR("instance-1");
  }
  ktxn__txn_offset_commit_request_encode(writer, version, &request);
}

static void encode_end_txn(struct ktxn__writer *writer, int16_t version, const char *name) {
  const struct ktxn__end_txn_request commit = {KTXN__STR("txn-1"), 4000, 3, true};
  const struct ktxn__end_txn_request abort = {long_name(), INT64_MAX, INT16_MAX, false};
  ktxn__end_txn_request_encode(writer, version, is(name, "commit") ? &commit : &abort);
}

/* Writes one partition and holds the sizes against what was written. */
static void encode_partition(struct ktxn__writer *writer, int16_t version, int32_t index, const void *records,
                             int32_t size) {
  size_t before = ktxn__writer_position(writer);
  ktxn__produce_request_partition_head(writer, index, size);
  ktxn__writer_raw(writer, records, (size_t)size);
  ktxn__produce_request_partition_tail(writer);
  assert_int_equal(ktxn__writer_position(writer) - before,
                   ktxn__produce_request_partition_size(version, size) + (size_t)size);
}

static void encode_topics(struct ktxn__writer *writer, int16_t version, bool plain) {
  static const uint8_t zeroes[200];
  static const uint8_t three[] = {1, 2, 3};
  const struct ktxn__produce_request_topic orders = {KTXN__STR("orders"), id_a, plain ? 2 : 1};
  const struct ktxn__produce_request_topic other = {long_name(), id_b, 0};
  ktxn__produce_request_topic_head(writer, version, &orders);
  encode_partition(writer, version, 0, zeroes, plain ? 200 : 0);
  if (plain) {
    encode_partition(writer, version, 5, three, 3);
  }
  ktxn__produce_request_topic_tail(writer);
  if (plain) {
    size_t before = ktxn__writer_position(writer);
    ktxn__produce_request_topic_head(writer, version, &other);
    ktxn__produce_request_topic_tail(writer);
    assert_int_equal(ktxn__writer_position(writer) - before, ktxn__produce_request_topic_size(version, &other));
  }
}

static void encode_produce(struct ktxn__writer *writer, int16_t version, const char *name) {
  const struct ktxn__produce_request plain = {KTXN__STR("txn-1"), -1, 30000, 2};
  const struct ktxn__produce_request idempotent = {KTXN__STR_NULL, 1, 30000, 1};
  const struct ktxn__produce_request none = {KTXN__STR(""), 0, 30000, 0};
  const struct ktxn__produce_request *request =
      is(name, "plain") ? &plain : is(name, "idempotent") ? &idempotent : &none;
  ktxn__produce_request_head(writer, version, request);
  if (request->topic_count > 0) {
    encode_topics(writer, version, request == &plain);
  }
  ktxn__produce_request_tail(writer);
  if (request->topic_count == 0) {
    assert_int_equal(ktxn__writer_position(writer), ktxn__produce_request_size(version, request));
  }
}

static void encode_describe_transactions(struct ktxn__writer *writer, int16_t version, const char *name) {
  const struct ktxn__str one[] = {KTXN__STR("txn-1")};
  const struct ktxn__str two[] = {KTXN__STR(""), long_name()};
  const struct ktxn__describe_transactions_request request = {
      .transactional_ids = is(name, "one") ? one : two,
      .transactional_id_count = is(name, "one") ? 1 : is(name, "two") ? 2 : 0,
  };
  ktxn__describe_transactions_request_encode(writer, version, &request);
}

static const struct encoder {
  const char *name;
  int16_t key;
  void (*encode)(struct ktxn__writer *writer, int16_t version, const char *name);
} encoders[] = {
    {"api_versions", KTXN__API_API_VERSIONS, encode_api_versions},
    {"metadata", KTXN__API_METADATA, encode_metadata},
    {"find_coordinator", KTXN__API_FIND_COORDINATOR, encode_find_coordinator},
    {"init_producer_id", KTXN__API_INIT_PRODUCER_ID, encode_init_producer_id},
    {"add_partitions_to_txn", KTXN__API_ADD_PARTITIONS_TO_TXN, encode_add_partitions},
    {"add_offsets_to_txn", KTXN__API_ADD_OFFSETS_TO_TXN, encode_add_offsets},
    {"txn_offset_commit", KTXN__API_TXN_OFFSET_COMMIT, encode_txn_offset_commit},
    {"end_txn", KTXN__API_END_TXN, encode_end_txn},
    {"produce", KTXN__API_PRODUCE, encode_produce},
    {"describe_transactions", KTXN__API_DESCRIBE_TRANSACTIONS, encode_describe_transactions},
};

#define ENCODER_COUNT (sizeof encoders / sizeof encoders[0])

struct visit {
  const struct encoder *encoder;
  uint32_t versions;
};

static void check_bytes(const struct golden_case *golden, void *ctx) {
  struct visit *visit = ctx;
  struct ktxn__buffer buffer;
  struct ktxn__writer writer;
  ktxn__buffer_init(&buffer, ktxn__mem_default(), 4096);
  ktxn__writer_init(&writer, &buffer);
  visit->encoder->encode(&writer, golden->version, golden->name);
  bool same = buffer.size == golden->size &&
              (buffer.size == 0 || memcmp(buffer.data, golden->bytes, golden->size) == 0);
  if (writer.failed || !same) {
    fail_msg("%s v%d %s: other bytes than Kafka's", visit->encoder->name, golden->version, golden->name);
  }
  visit->versions |= 1U << golden->version;
  ktxn__buffer_free(&buffer);
}

static void requests_are_written_as_kafka_writes_them(void **state) {
  (void)state;
  for (size_t i = 0; i < ENCODER_COUNT; i++) {
    struct visit ctx = {.encoder = &encoders[i]};
    const struct ktxn__api *api = ktxn__api_find(encoders[i].key);
    assert_true(golden_each(encoders[i].name, "request", check_bytes, &ctx) > 0);
    assert_int_equal(ctx.versions, (2U << api->version_max) - (1U << api->version_min));
  }
}

/* At every size of the buffer below what is needed, the writer fails and says so. */
static void check_limits(const struct golden_case *golden, void *ctx) {
  const struct encoder *encoder = ((struct visit *)ctx)->encoder;
  if (encoder->encode == encode_produce) {
    return; /* it compares sizes on its way; check_bytes covers its pieces */
  }
  for (size_t max = 0; max < golden->size; max++) {
    struct ktxn__buffer buffer;
    struct ktxn__writer writer;
    ktxn__buffer_init(&buffer, ktxn__mem_default(), max);
    ktxn__writer_init(&writer, &buffer);
    encoder->encode(&writer, golden->version, golden->name);
    assert_true(writer.failed);
    assert_true(buffer.size <= max);
    ktxn__buffer_free(&buffer);
  }
}

static void a_request_that_finds_no_room_fails(void **state) {
  (void)state;
  for (size_t i = 0; i < ENCODER_COUNT; i++) {
    struct visit ctx = {.encoder = &encoders[i]};
    golden_each(encoders[i].name, "request", check_limits, &ctx);
  }
}

struct sink {
  struct ktxn__buffer buffer;
  struct ktxn__writer writer;
};

static struct ktxn__writer *open_sink(struct sink *sink) {
  ktxn__buffer_init(&sink->buffer, ktxn__mem_default(), 4096);
  ktxn__writer_init(&sink->writer, &sink->buffer);
  return &sink->writer;
}

static void assert_refused(struct sink *sink) {
  assert_true(sink->writer.failed);
  ktxn__buffer_free(&sink->buffer);
}

static void a_bump_is_refused_below_v3(void **state) {
  (void)state;
  const struct ktxn__init_producer_id_request bump = {KTXN__STR("txn-1"), 1, 4000, 3};
  for (int16_t version = 0; version < 3; version++) {
    struct sink sink;
    ktxn__init_producer_id_request_encode(open_sink(&sink), version, &bump);
    assert_refused(&sink);
  }
}

static void group_membership_is_refused_below_v3(void **state) {
  (void)state;
  for (int field = 0; field < 3; field++) {
    struct ktxn__txn_offset_commit_request request = commit_request();
    request.generation_id = field == 0 ? 0 : -1;
    request.member_id = field == 1 ? KTXN__STR("m") : KTXN__STR("");
    request.group_instance_id = field == 2 ? KTXN__STR("") : KTXN__STR_NULL;
    struct sink sink;
    ktxn__txn_offset_commit_request_encode(open_sink(&sink), 2, &request);
    assert_refused(&sink);
  }
}

static void a_topic_without_an_id_is_refused_where_ids_are_used(void **state) {
  (void)state;
  const struct ktxn__txn_offset_commit_request_topic topic = {.name = KTXN__STR("orders")};
  struct ktxn__txn_offset_commit_request request = commit_request();
  request.topics = &topic;
  request.topic_count = 1;
  struct sink sink;
  ktxn__txn_offset_commit_request_encode(open_sink(&sink), 6, &request);
  assert_refused(&sink);

  const struct ktxn__produce_request_topic produced = {.name = KTXN__STR("orders")};
  ktxn__produce_request_topic_head(open_sink(&sink), 13, &produced);
  assert_refused(&sink);
  const struct ktxn__produce_request_topic nameless = {.name = KTXN__STR_NULL, .id = id_a};
  ktxn__produce_request_topic_head(open_sink(&sink), 12, &nameless);
  assert_refused(&sink);
}

static void a_transaction_coordinator_is_refused_in_v0(void **state) {
  (void)state;
  const struct ktxn__find_coordinator_request request = {KTXN__STR("txn-1"), KTXN__FIND_COORDINATOR_TRANSACTION};
  struct sink sink;
  ktxn__find_coordinator_request_encode(open_sink(&sink), 0, &request);
  assert_refused(&sink);
}

static void metadata_refuses_what_a_version_cannot_say(void **state) {
  (void)state;
  struct sink sink;
  const struct ktxn__metadata_request none = {.topic_count = 0};
  ktxn__metadata_request_encode(open_sink(&sink), 0, &none);
  assert_refused(&sink);
  const struct ktxn__metadata_request_topic by_id = {.name = KTXN__STR_NULL, .id = id_a};
  const struct ktxn__metadata_request request = {.topics = &by_id, .topic_count = 1};
  ktxn__metadata_request_encode(open_sink(&sink), 11, &request);
  assert_refused(&sink);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(requests_are_written_as_kafka_writes_them),
      cmocka_unit_test(a_request_that_finds_no_room_fails),
      cmocka_unit_test(a_bump_is_refused_below_v3),
      cmocka_unit_test(group_membership_is_refused_below_v3),
      cmocka_unit_test(a_topic_without_an_id_is_refused_where_ids_are_used),
      cmocka_unit_test(a_transaction_coordinator_is_refused_in_v0),
      cmocka_unit_test(metadata_refuses_what_a_version_cannot_say),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
