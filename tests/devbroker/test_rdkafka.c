/* librdkafka, an outside party, on an embedded broker in the same process: what its producers and consumers need. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>

#include "ktxn/devbroker.h"

#define PATIENCE_MS 30000

struct fixture {
  ktxn_devbroker *broker;
};

static ktxn_devbroker *start(const char *release, int level) {
  ktxn_devbroker_options options = KTXN_DEVBROKER_OPTIONS_INIT;
  ktxn_devbroker_error error;
  options.release = release;
  options.transaction_version = level;
  options.nodes = 2;
  ktxn_devbroker *broker = ktxn_devbroker_start(&options, &error);
  if (broker == NULL) {
    fail_msg("%s", error.message);
  }
  return broker;
}

static int begin(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  f->broker = start(NULL, -1);
  *state = f;
  return 0;
}

static int end(void **state) {
  struct fixture *f = *state;
  ktxn_devbroker_stop(f->broker);
  free(f);
  return 0;
}

static void topic(struct fixture *f, const char *name, int partitions) {
  ktxn_devbroker_error error;
  if (ktxn_devbroker_create_topic(f->broker, name, partitions, &error) != 0) {
    fail_msg("%s", error.message);
  }
}

/* -- librdkafka */

static rd_kafka_t *client(struct fixture *f, rd_kafka_type_t type, const char *const settings[][2], size_t count) {
  char text[512];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  assert_int_equal(rd_kafka_conf_set(conf, "bootstrap.servers", ktxn_devbroker_bootstrap(f->broker), text, sizeof text), 0);
  assert_int_equal(rd_kafka_conf_set(conf, "log_level", "3", text, sizeof text), 0);
  for (size_t i = 0; i < count; i++) {
    if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof text) != RD_KAFKA_CONF_OK) {
      fail_msg("%s", text);
    }
  }
  rd_kafka_t *made = rd_kafka_new(type, conf, text, sizeof text);
  if (made == NULL) {
    fail_msg("%s", text);
  }
  return made;
}

static rd_kafka_t *producer(struct fixture *f, const char *transactional_id, const char *codec) {
  const char *const settings[][2] = {
      {"enable.idempotence", "true"}, {"linger.ms", "0"}, {"compression.codec", codec}, {"transactional.id", transactional_id}};
  return client(f, RD_KAFKA_PRODUCER, settings, transactional_id == NULL ? 3 : 4);
}

static rd_kafka_t *consumer(struct fixture *f, const char *group, const char *assignor) {
  const char *const settings[][2] = {{"group.id", group},
                                     {"auto.offset.reset", "earliest"},
                                     {"isolation.level", "read_committed"},
                                     {"enable.auto.commit", "false"},
                                     {"fetch.wait.max.ms", "20"},
                                     {"heartbeat.interval.ms", "100"},
                                     {"partition.assignment.strategy", assignor},
                                     {"check.crcs", "true"}};
  rd_kafka_t *made = client(f, RD_KAFKA_CONSUMER, settings, sizeof settings / sizeof settings[0]);
  rd_kafka_poll_set_consumer(made);
  return made;
}

static void subscribe(rd_kafka_t *reader, const char *name) {
  rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, name, RD_KAFKA_PARTITION_UA);
  assert_int_equal(rd_kafka_subscribe(reader, topics), 0);
  rd_kafka_topic_partition_list_destroy(topics);
}

static void good(rd_kafka_error_t *error) {
  if (error != NULL) {
    fail_msg("%s: %s", rd_kafka_error_name(error), rd_kafka_error_string(error));
  }
}

static void send_value(rd_kafka_t *writer, const char *name, int32_t partition, const char *value) {
  rd_kafka_topic_t *to = rd_kafka_topic_new(writer, name, NULL);
  assert_int_equal(rd_kafka_produce(to, partition, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)value, strlen(value), NULL, 0, NULL),
                   0);
  rd_kafka_topic_destroy(to);
}

/* Reads until `count` records have come, and puts their values behind each other, sorted as they come. */
static void read_values(rd_kafka_t *reader, int count, char *out, size_t size) {
  out[0] = '\0';
  for (int waited_ms = 0; count > 0 && waited_ms < PATIENCE_MS; waited_ms += 100) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 100);
    if (message != NULL && message->err == 0) {
      size_t at = strlen(out);
      (void)snprintf(out + at, size - at, "%.*s ", (int)message->len, (const char *)message->payload);
      count--;
    }
    if (message != NULL) {
      rd_kafka_message_destroy(message);
    }
  }
  assert_int_equal(count, 0);
}

static void finish_reader(rd_kafka_t *reader) {
  rd_kafka_consumer_close(reader);
  rd_kafka_destroy(reader);
}

/* -- tests */

static void test_every_codec(void **state) {
  static const char *const codecs[] = {"none", "gzip", "snappy", "lz4", "zstd"};
  struct fixture *f = *state;
  char values[256];
  topic(f, "codecs", 1);
  for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
    rd_kafka_t *writer = producer(f, NULL, codecs[i]);
    send_value(writer, "codecs", 0, codecs[i]);
    assert_int_equal(rd_kafka_flush(writer, PATIENCE_MS), 0);
    rd_kafka_destroy(writer);
  }
  rd_kafka_t *reader = consumer(f, "codecs-reader", "range");
  subscribe(reader, "codecs");
  read_values(reader, 5, values, sizeof values);
  assert_string_equal(values, "none gzip snappy lz4 zstd ");
  finish_reader(reader);
}

static void run_transactions(struct fixture *f, const char *name) {
  char values[256];
  rd_kafka_t *writer = producer(f, name, "none");
  good(rd_kafka_init_transactions(writer, PATIENCE_MS));
  static const struct {
    const char *value;
    bool commit;
  } transactions[] = {{"one", true}, {"two", false}, {"three", true}, {"four", false}, {"five", true}};
  for (size_t i = 0; i < sizeof transactions / sizeof transactions[0]; i++) {
    good(rd_kafka_begin_transaction(writer));
    send_value(writer, name, 0, transactions[i].value);
    send_value(writer, name, 1, transactions[i].value);
    assert_int_equal(rd_kafka_flush(writer, PATIENCE_MS), 0);
    good(transactions[i].commit ? rd_kafka_commit_transaction(writer, PATIENCE_MS)
                                : rd_kafka_abort_transaction(writer, PATIENCE_MS));
  }
  rd_kafka_destroy(writer);
  rd_kafka_t *reader = consumer(f, name, "range");
  subscribe(reader, name);
  read_values(reader, 6, values, sizeof values);
  assert_null(strstr(values, "two"));
  assert_null(strstr(values, "four"));
  finish_reader(reader);
}

static void test_transactions(void **state) {
  struct fixture *f = *state;
  topic(f, "transactions", 2);
  run_transactions(f, "transactions");
}

/* Releases of every kind, with the level that they start with. */
static void test_transactions_on_releases(void **state) {
  static const char *const releases[] = {"2.5", "3.3", "3.9", "4.0"};
  (void)state;
  for (size_t i = 0; i < sizeof releases / sizeof releases[0]; i++) {
    struct fixture f = {.broker = start(releases[i], -1)};
    print_message("release %s\n", releases[i]);
    topic(&f, "transactions", 2);
    run_transactions(&f, "transactions");
    ktxn_devbroker_stop(f.broker);
  }
}

/* A second instance of the id: the first is fenced, and what it had open is aborted. */
static void test_fencing(void **state) {
  struct fixture *f = *state;
  char values[64];
  topic(f, "fencing", 1);
  rd_kafka_t *first = producer(f, "fenced", "none");
  good(rd_kafka_init_transactions(first, PATIENCE_MS));
  good(rd_kafka_begin_transaction(first));
  send_value(first, "fencing", 0, "lost");
  assert_int_equal(rd_kafka_flush(first, PATIENCE_MS), 0);
  rd_kafka_t *second = producer(f, "fenced", "none");
  good(rd_kafka_init_transactions(second, PATIENCE_MS));
  rd_kafka_error_t *error = rd_kafka_commit_transaction(first, PATIENCE_MS);
  assert_non_null(error);
  assert_true(rd_kafka_error_is_fatal(error));
  rd_kafka_error_destroy(error);
  good(rd_kafka_begin_transaction(second));
  send_value(second, "fencing", 0, "kept");
  good(rd_kafka_commit_transaction(second, PATIENCE_MS));
  rd_kafka_destroy(first);
  rd_kafka_destroy(second);
  rd_kafka_t *reader = consumer(f, "fencing-reader", "range");
  subscribe(reader, "fencing");
  read_values(reader, 1, values, sizeof values);
  assert_string_equal(values, "kept ");
  finish_reader(reader);
}

/* Offsets in a transaction: what an aborted one said is not where the group goes on. */
static void test_offsets_in_transactions(void **state) {
  struct fixture *f = *state;
  char values[64];
  topic(f, "input", 1);
  rd_kafka_t *writer = producer(f, "copier", "none");
  good(rd_kafka_init_transactions(writer, PATIENCE_MS));
  good(rd_kafka_begin_transaction(writer));
  for (const char *value = "abcd"; *value != '\0'; value++) {
    const char text[] = {*value, '\0'};
    send_value(writer, "input", 0, text);
  }
  good(rd_kafka_commit_transaction(writer, PATIENCE_MS));
  rd_kafka_t *reader = consumer(f, "copiers", "range");
  subscribe(reader, "input");
  read_values(reader, 4, values, sizeof values);
  for (int64_t offset = 2; offset <= 4; offset += 2) {
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(reader);
    rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(offsets, "input", 0)->offset = offset;
    good(rd_kafka_begin_transaction(writer));
    good(rd_kafka_send_offsets_to_transaction(writer, offsets, group, PATIENCE_MS));
    good(offset == 2 ? rd_kafka_commit_transaction(writer, PATIENCE_MS) : rd_kafka_abort_transaction(writer, PATIENCE_MS));
    rd_kafka_topic_partition_list_destroy(offsets);
    rd_kafka_consumer_group_metadata_destroy(group);
  }
  finish_reader(reader);
  reader = consumer(f, "copiers", "range");
  subscribe(reader, "input");
  read_values(reader, 2, values, sizeof values);
  assert_string_equal(values, "c d ");
  finish_reader(reader);
  rd_kafka_destroy(writer);
}

static int assigned(rd_kafka_t *reader) {
  rd_kafka_topic_partition_list_t *partitions = NULL;
  assert_int_equal(rd_kafka_assignment(reader, &partitions), 0);
  int count = partitions->cnt;
  rd_kafka_topic_partition_list_destroy(partitions);
  return count;
}

/* Polls both until they have as many partitions as they should. */
static void await_assignment(rd_kafka_t *const readers[2], int first, int second) {
  for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += 20) {
    for (int i = 0; i < 2; i++) {
      rd_kafka_message_t *message = readers[i] == NULL ? NULL : rd_kafka_consumer_poll(readers[i], 10);
      if (message != NULL) {
        rd_kafka_message_destroy(message);
      }
    }
    if (assigned(readers[0]) == first && (readers[1] == NULL || assigned(readers[1]) == second)) {
      return;
    }
  }
  fail_msg("wanted %d and %d partitions, have %d and %d", first, second, assigned(readers[0]),
           readers[1] == NULL ? 0 : assigned(readers[1]));
}

/* librdkafka 2.0 doesn't leave the group when a cooperative consumer is closed that still has partitions. */
static void leave(rd_kafka_t *reader) {
  assert_int_equal(rd_kafka_unsubscribe(reader), 0);
  for (int waited_ms = 0; assigned(reader) > 0 && waited_ms < PATIENCE_MS; waited_ms += 10) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(reader, 10);
    if (message != NULL) {
      rd_kafka_message_destroy(message);
    }
  }
  finish_reader(reader);
}

/* One member has all, a second one takes half, and gives it back when it leaves. */
static void rebalance(struct fixture *f, const char *name, const char *assignor) {
  topic(f, name, 4);
  rd_kafka_t *readers[2] = {consumer(f, name, assignor), NULL};
  subscribe(readers[0], name);
  await_assignment(readers, 4, 0);
  readers[1] = consumer(f, name, assignor);
  subscribe(readers[1], name);
  await_assignment(readers, 2, 2);
  leave(readers[1]);
  readers[1] = NULL;
  await_assignment(readers, 4, 0);
  finish_reader(readers[0]);
}

static void test_eager_rebalances(void **state) {
  rebalance(*state, "eager", "range");
}

/* KIP-429 */
static void test_cooperative_rebalances(void **state) {
  rebalance(*state, "cooperative", "cooperative-sticky");
}

/* What happens in clusters happens to librdkafka, too: it must get through. */
static void test_through_faults(void **state) {
  static const char *const lines[] = {
      "fault Produce count=2 error=NOT_LEADER_OR_FOLLOWER", "fault EndTxn error=COORDINATOR_LOAD_IN_PROGRESS",
      "fault AddPartitionsToTxn error=CONCURRENT_TRANSACTIONS count=3", "fault Produce close=after",
      "fault AddPartitionsToTxn close=before", "fault EndTxn delay=50", "fault Produce late=50",
  };
  struct fixture *f = *state;
  char values[512];
  topic(f, "faults", 1);
  rd_kafka_t *writer = producer(f, "faults", "none");
  good(rd_kafka_init_transactions(writer, PATIENCE_MS));
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    assert_int_equal(ktxn_devbroker_command(f->broker, lines[i], NULL, 0), 0);
    good(rd_kafka_begin_transaction(writer));
    send_value(writer, "faults", 0, "x");
    good(rd_kafka_commit_transaction(writer, PATIENCE_MS));
    assert_int_equal(ktxn_devbroker_clear_faults(f->broker, NULL), 0);
  }
  for (int node = 0; node < 2; node++) {
    ktxn_devbroker_error error;
    assert_int_equal(ktxn_devbroker_move_transaction(f->broker, "faults", node, &error), 0);
    assert_int_equal(ktxn_devbroker_move_leader(f->broker, "faults", 0, node, &error), 0);
    good(rd_kafka_begin_transaction(writer));
    send_value(writer, "faults", 0, "y");
    good(rd_kafka_commit_transaction(writer, PATIENCE_MS));
  }
  rd_kafka_destroy(writer);
  rd_kafka_t *reader = consumer(f, "faults-reader", "range");
  subscribe(reader, "faults");
  read_values(reader, 9, values, sizeof values);
  assert_string_equal(values, "x x x x x x x y y ");
  finish_reader(reader);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_every_codec, begin, end),
      cmocka_unit_test_setup_teardown(test_transactions, begin, end),
      cmocka_unit_test(test_transactions_on_releases),
      cmocka_unit_test_setup_teardown(test_fencing, begin, end),
      cmocka_unit_test_setup_teardown(test_offsets_in_transactions, begin, end),
      cmocka_unit_test_setup_teardown(test_eager_rebalances, begin, end),
      cmocka_unit_test_setup_teardown(test_cooperative_rebalances, begin, end),
      cmocka_unit_test_setup_teardown(test_through_faults, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
