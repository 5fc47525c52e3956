#include "tests/unit/accumulator_fixture.h"

#include <stdio.h>

#include "sdk/wire/record_batch.h"

static struct ktxn__accumulator_config config_with(size_t batch_size, int64_t linger_us) {
  struct ktxn__accumulator_config config = FIXTURE_CONFIG;
  config.batch_size = batch_size;
  config.linger_us = linger_us;
  return config;
}

static void complete_all(struct fixture *f) {
  for (struct ktxn__batch *batch; (batch = fixture_take(f)) != NULL;) {
    ktxn__accumulator_complete(f->acc, batch, 0, -1);
  }
}

/* ---- topics ------------------------------------------------------------------------------------------------------- */

static void test_a_new_topic_is_asked_for_once(void **state) {
  (void)state;
  struct fixture f;
  fixture_start(&f, &FIXTURE_CONFIG);
  (void)fixture_begin(&f);
  assert_int_equal(fixture_send(&f, "orders", -1, 10, NULL, NULL), KTXN__APPEND_NO_TOPIC);
  assert_int_equal(fixture_send(&f, "orders", -1, 10, NULL, NULL), KTXN__APPEND_NO_TOPIC);
  assert_int_equal(f.wakes, 1);
  struct ktxn__accumulator_view view = fixture_collect(&f, 1000);
  assert_int_equal(view.topic_count, 1);
  assert_string_equal(ktxn__accumulator_topic_name(f.acc, 0), "orders");
  assert_int_equal(ktxn__accumulator_topic_interest(f.acc, 0), KTXN__TOPIC_REFRESH);
  assert_int_equal(ktxn__accumulator_topic_interest(f.acc, 0), KTXN__TOPIC_IDLE);
  static const int32_t leaders[] = {1, -1};
  assert_true(ktxn__accumulator_set_topic(f.acc, 0, 2, leaders));
  assert_int_equal(f.notes, 1);
  assert_int_equal(fixture_send(&f, "orders", -1, 10, NULL, NULL), KTXN__APPEND_DONE);
  assert_int_equal(ktxn__accumulator_topic_interest(f.acc, 0), KTXN__TOPIC_USED);
  fixture_stop(&f);
}

static void test_no_memory_for_a_topic_is_no_news(void **state) {
  (void)state;
  struct fixture f;
  static const int32_t leaders[] = {1, 2};
  fixture_start(&f, &FIXTURE_CONFIG);
  (void)fixture_begin(&f);
  assert_int_equal(fixture_send(&f, "orders", -1, 10, NULL, NULL), KTXN__APPEND_NO_TOPIC);
  (void)fixture_collect(&f, 1000);
  ktxn__mem_fail(&f.mem, 1, true);
  assert_false(ktxn__accumulator_set_topic(f.acc, 0, 2, leaders));
  assert_int_equal(f.notes, 0); /* who waits would ask again at once, and so on */
  ktxn__mem_fail(&f.mem, 0, false);
  assert_true(ktxn__accumulator_set_topic(f.acc, 0, 2, leaders));
  assert_int_equal(f.notes, 1);
  fixture_stop(&f);
}

static void test_a_refused_topic_refuses_records(void **state) {
  (void)state;
  struct fixture f;
  fixture_start(&f, &FIXTURE_CONFIG);
  (void)fixture_begin(&f);
  (void)fixture_send(&f, "secret", -1, 10, NULL, NULL);
  (void)fixture_collect(&f, 1000);
  ktxn_error why, cause;
  ktxn__error_set(&why, KTXN_E_TOPIC_AUTHORIZATION_FAILED, KTXN_CLASS_CONFIG, "not authorized for topic secret");
  ktxn__accumulator_set_topic_error(f.acc, 0, &why, false);
  assert_int_equal(fixture_send(&f, "secret", -1, 10, NULL, NULL), KTXN__APPEND_NO_TOPIC);
  assert_true(ktxn__accumulator_topic_cause(f.acc, "secret", &cause));
  assert_int_equal(cause.code, KTXN_E_TOPIC_AUTHORIZATION_FAILED);
  ktxn__accumulator_set_topic_error(f.acc, 0, &why, true);
  assert_int_equal(fixture_send(&f, "secret", -1, 10, NULL, NULL), KTXN__APPEND_REFUSED);
  assert_int_equal(f.error.code, KTXN_E_TOPIC_AUTHORIZATION_FAILED);
  assert_int_equal(ktxn__accumulator_gate(f.acc, NULL, NULL), KTXN__GATE_ABORTABLE);
  assert_int_equal(ktxn__accumulator_topic_interest(f.acc, 0), KTXN__TOPIC_REFRESH);
  fixture_stop(&f);
}

static void test_names_that_no_topic_can_have(void **state) {
  (void)state;
  static char longest[256];
  struct fixture f;
  fixture_start(&f, &FIXTURE_CONFIG);
  (void)fixture_begin(&f);
  memset(longest, 'x', 250);
  const char *names[] = {"", ".", "..", "a b", "a/b", "caf\xc3\xa9", longest};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    assert_int_equal(fixture_send(&f, names[i], -1, 10, NULL, NULL), KTXN__APPEND_REFUSED);
    assert_int_equal(f.error.error_class, KTXN_CLASS_USAGE);
  }
  longest[249] = '\0';
  assert_int_equal(fixture_send(&f, longest, -1, 10, NULL, NULL), KTXN__APPEND_NO_TOPIC);
  assert_int_equal(ktxn__accumulator_gate(f.acc, NULL, NULL), KTXN__GATE_OPEN);
  fixture_stop(&f);
}

/* A count can be out of date: metadata is read once more before the record is refused. */
static void test_partition_beyond_the_count(void **state) {
  (void)state;
  struct fixture f;
  fixture_start(&f, &FIXTURE_CONFIG);
  fixture_topic(&f, "orders", 3);
  (void)fixture_begin(&f);
  assert_int_equal(fixture_send(&f, "orders", 3, 10, NULL, NULL), KTXN__APPEND_NO_TOPIC);
  assert_int_equal(ktxn__accumulator_topic_interest(f.acc, 0), KTXN__TOPIC_REFRESH);
  assert_int_equal(fixture_send(&f, "orders", 2, 10, NULL, NULL), KTXN__APPEND_DONE);
  fixture_topic(&f, "orders", 4);
  assert_int_equal(fixture_send(&f, "orders", 3, 10, NULL, NULL), KTXN__APPEND_DONE);
  fixture_topic(&f, "orders", 4); /* nobody complained before this answer */
  assert_int_equal(fixture_send(&f, "orders", 7, 10, NULL, NULL), KTXN__APPEND_NO_TOPIC);
  fixture_topic(&f, "orders", 4);
  assert_int_equal(fixture_send(&f, "orders", 7, 10, NULL, NULL), KTXN__APPEND_REFUSED);
  assert_int_equal(f.error.error_class, KTXN_CLASS_CONFIG);
  assert_string_equal(f.error.message,
                      "topic orders has no partition 7: it has 4, numbered from 0; the transaction must be aborted");
  assert_int_equal(ktxn__accumulator_gate(f.acc, NULL, NULL), KTXN__GATE_ABORTABLE);
  fixture_stop(&f);
}

/* The table grows, and every topic keeps its index, name and queues. */
static void test_many_topics(void **state) {
  (void)state;
  struct fixture f;
  struct ktxn__accumulator_config config = config_with(0, 0);
  char name[32];
  config.buffer_memory = 1024 * 1024;
  fixture_start(&f, &config);
  (void)fixture_begin(&f);
  for (uint32_t i = 0; i < 500; i++) {
    int32_t leader = 0;
    (void)snprintf(name, sizeof name, "topic-%u", i);
    assert_int_equal(fixture_send(&f, name, -1, 1, NULL, NULL), KTXN__APPEND_NO_TOPIC);
    assert_true(ktxn__accumulator_set_topic(f.acc, i, 1, &leader));
    assert_int_equal(fixture_send(&f, name, -1, 1, NULL, NULL), KTXN__APPEND_DONE);
  }
  assert_int_equal(fixture_collect(&f, 1).topic_count, 500);
  for (uint32_t i = 0; i < 500; i++) {
    (void)snprintf(name, sizeof name, "topic-%u", i);
    assert_string_equal(ktxn__accumulator_topic_name(f.acc, i), name);
    struct ktxn__batch *batch = fixture_take(&f);
    assert_string_equal(batch->queue->topic, name);
    assert_int_equal(batch->queue->topic_index, i);
    ktxn__accumulator_complete(f.acc, batch, 0, -1);
  }
  fixture_stop(&f);
}

/* ---- what is refused ------------------------------------------------------------------------------------------------ */

static void check_too_large(size_t size, const char *setting, size_t batch_size, size_t buffer_memory) {
  struct fixture f;
  struct ktxn__accumulator_config config = config_with(batch_size, 0);
  config.buffer_memory = buffer_memory;
  fixture_start(&f, &config);
  fixture_topic(&f, "orders", 1);
  (void)fixture_begin(&f);
  assert_int_equal(fixture_send(&f, "orders", -1, size, NULL, NULL), KTXN__APPEND_REFUSED);
  assert_int_equal(f.error.code, KTXN_E_RECORD_TOO_LARGE);
  assert_int_equal(f.error.error_class, KTXN_CLASS_CONFIG);
  assert_non_null(strstr(f.error.message, setting));
  struct ktxn__accumulator_view view = fixture_collect(&f, 1);
  assert_int_equal(view.gate, KTXN__GATE_ABORTABLE);
  assert_true(view.failed);
  assert_int_equal(view.failure.code, KTXN_E_RECORD_TOO_LARGE);
  assert_int_equal(view.queued, 0);
  assert_false(fixture_collect(&f, 2).failed); /* told once */
  assert_int_equal(fixture_send(&f, "orders", -1, 1, NULL, NULL), KTXN__APPEND_REFUSED);
  assert_int_equal(f.error.code, KTXN_E_RECORD_TOO_LARGE);
  assert_int_equal(f.error.error_class, KTXN_CLASS_ABORT);
  fixture_stop(&f);
}

static void test_E16_record_above_the_local_maximum(void **state) {
  (void)state;
  check_too_large(8192, "max.request.size=8192", 1024, 65536);
  check_too_large(7000, "buffer.memory=6000", 1024, 6000);
  struct fixture f;
  struct ktxn__accumulator_config config = config_with(1024, 0);
  config.transactional = false;
  fixture_start(&f, &config);
  fixture_topic(&f, "orders", 1);
  assert_int_equal(fixture_send(&f, "orders", -1, 9000, NULL, NULL), KTXN__APPEND_REFUSED);
  assert_int_equal(f.error.error_class, KTXN_CLASS_CONFIG);
  assert_null(strstr(f.error.message, "transaction"));
  assert_int_equal(fixture_send(&f, "orders", -1, 10, NULL, NULL), KTXN__APPEND_DONE); /* nothing changed */
  fixture_stop(&f);
}

/* Java counts 61 bytes for the batch and 21 for the record besides what key, value and headers take. */
static void test_the_limit_is_javas(void **state) {
  (void)state;
  struct fixture f;
  fixture_start(&f, &FIXTURE_CONFIG);
  fixture_topic(&f, "orders", 1);
  (void)fixture_begin(&f);
  size_t most = 8 * 1024 - 61 - 21 - 1 /* no key */ - 2 /* size of the value */ - 1 /* no headers */;
  assert_int_equal(fixture_send(&f, "orders", -1, most, NULL, NULL), KTXN__APPEND_DONE);
  assert_int_equal(fixture_send(&f, "orders", -1, most + 1, NULL, NULL), KTXN__APPEND_REFUSED);
  assert_non_null(strstr(f.error.message, "takes 8193 bytes"));
  fixture_stop(&f);
}

static void test_arguments(void **state) {
  (void)state;
  struct fixture f;
  fixture_start(&f, &FIXTURE_CONFIG);
  fixture_topic(&f, "orders", 1);
  (void)fixture_begin(&f);
  const ktxn_header bad_header = {NULL, 1, NULL, 0};
  ktxn_record records[7];
  for (int i = 0; i < 7; i++) {
    records[i] = (ktxn_record)KTXN_RECORD_INIT;
    records[i].topic = "orders";
  }
  records[0].topic = NULL;
  records[1].partition = -2;
  records[2].timestamp_ms = -2;
  records[3].value_size = 1;
  records[4].key_size = 1;
  records[5].header_count = 1;
  records[6].header_count = 1;
  records[6].headers = &bad_header;
  for (int i = 0; i < 7; i++) {
    ktxn_error error = {.code = 0};
    assert_int_equal(ktxn__accumulator_append(f.acc, &records[i], NULL, NULL, &error), KTXN__APPEND_REFUSED);
    assert_int_equal(error.code, KTXN_E_INVALID_ARGUMENT);
    assert_int_equal(error.error_class, KTXN_CLASS_USAGE);
  }
  assert_int_equal(ktxn__accumulator_append(f.acc, NULL, NULL, NULL, &f.error), KTXN__APPEND_REFUSED);
  assert_int_equal(ktxn__accumulator_gate(f.acc, NULL, NULL), KTXN__GATE_OPEN);
  records[3].value_size = SIZE_MAX;
  records[3].value = "x";
  assert_int_equal(ktxn__accumulator_append(f.acc, &records[3], NULL, NULL, &f.error), KTXN__APPEND_REFUSED);
  assert_int_equal(f.error.code, KTXN_E_RECORD_TOO_LARGE);
  fixture_stop(&f);
}

static void test_I03_refused_outside_a_transaction(void **state) {
  (void)state;
  struct fixture f;
  ktxn_error error;
  fixture_start(&f, &FIXTURE_CONFIG);
  fixture_topic(&f, "orders", 1);
  assert_int_equal(fixture_send(&f, "orders", -1, 1, NULL, NULL), KTXN__APPEND_REFUSED);
  assert_int_equal(f.error.error_class, KTXN_CLASS_USAGE);
  (void)fixture_begin(&f);
  assert_int_equal(fixture_send(&f, "orders", -1, 1, NULL, NULL), KTXN__APPEND_DONE);
  assert_int_equal(ktxn__accumulator_end(f.acc, true, &error), 0);
  assert_int_equal(fixture_send(&f, "orders", -1, 1, NULL, NULL), KTXN__APPEND_REFUSED);
  assert_int_equal(f.error.code, KTXN_E_CONFLICT);
  assert_int_equal(fixture_collect(&f, 1).queued, 1);
  complete_all(&f);
  ktxn__accumulator_close(f.acc);
  assert_true(fixture_collect(&f, 2).closing);
  assert_int_equal(fixture_send(&f, "orders", -1, 1, NULL, NULL), KTXN__APPEND_REFUSED);
  assert_int_equal(f.error.code, KTXN_E_CLOSED);
  fixture_stop(&f);
}

/* ---- bytes ----------------------------------------------------------------------------------------------------------- */

static void test_records_are_in_the_batch(void **state) {
  (void)state;
  struct fixture f;
  fixture_start(&f, &FIXTURE_CONFIG);
  fixture_topic(&f, "orders", 5);
  (void)fixture_begin(&f);
  const ktxn_header header = {"h", 1, NULL, 0};
  ktxn_record record = KTXN_RECORD_INIT;
  record.topic = "orders";
  record.partition = 2;
  record.timestamp_ms = 5000;
  record.key = "key";
  record.key_size = 3;
  record.value = "value";
  record.value_size = 5;
  assert_int_equal(ktxn__accumulator_append(f.acc, &record, NULL, NULL, &f.error), KTXN__APPEND_DONE);
  record.timestamp_ms = 4000; /* earlier than the first */
  record.key = NULL;
  record.key_size = 0;
  record.headers = &header;
  record.header_count = 1;
  assert_int_equal(ktxn__accumulator_append(f.acc, &record, NULL, NULL, &f.error), KTXN__APPEND_DONE);
  record.timestamp_ms = KTXN_TIMESTAMP_NOW;
  record.value = NULL;
  record.value_size = 0;
  assert_int_equal(ktxn__accumulator_append(f.acc, &record, NULL, NULL, &f.error), KTXN__APPEND_DONE);
  ktxn__accumulator_flush(f.acc);
  (void)fixture_collect(&f, 1);
  struct ktxn__batch *batch = fixture_take(&f);
  assert_non_null(batch);
  assert_int_equal(batch->queue->partition, 2);
  assert_int_equal(batch->count, 3);
  ktxn__record_batch_stamp(batch->data, batch->size, 77, 3, 9, true);

  struct ktxn__reader reader;
  struct ktxn__record_batch read;
  struct ktxn__record_batch_record got;
  ktxn__reader_init(&reader, batch->data, batch->size);
  assert_true(ktxn__record_batch_read(&reader, &read));
  assert_true(read.crc_right);
  assert_int_equal(read.count, 3);
  assert_int_equal(read.base_timestamp_ms, 5000);
  assert_int_equal(read.max_timestamp_ms, f.wall_ms);
  assert_int_equal(read.base_sequence, 9);
  assert_true(ktxn__record_batch_next(&read, &got));
  assert_int_equal(got.key.len, 3);
  assert_memory_equal(got.value.data, "value", 5);
  assert_true(ktxn__record_batch_next(&read, &got));
  assert_int_equal(got.timestamp_ms, 4000);
  assert_int_equal(got.header_count, 1);
  assert_null(got.key.data);
  assert_true(ktxn__record_batch_next(&read, &got));
  assert_int_equal(got.timestamp_ms, f.wall_ms);
  assert_null(got.value.data);
  assert_false(ktxn__record_batch_next(&read, &got));
  assert_false(read.records.failed);
  ktxn__accumulator_complete(f.acc, batch, 0, -1);
  fixture_stop(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_new_topic_is_asked_for_once),
      cmocka_unit_test(test_no_memory_for_a_topic_is_no_news),
      cmocka_unit_test(test_a_refused_topic_refuses_records),
      cmocka_unit_test(test_names_that_no_topic_can_have),
      cmocka_unit_test(test_partition_beyond_the_count),
      cmocka_unit_test(test_many_topics),
      cmocka_unit_test(test_E16_record_above_the_local_maximum),
      cmocka_unit_test(test_the_limit_is_javas),
      cmocka_unit_test(test_arguments),
      cmocka_unit_test(test_I03_refused_outside_a_transaction),
      cmocka_unit_test(test_records_are_in_the_batch),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
