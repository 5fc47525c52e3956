#include "sdk/wire/record_batch.h"
#include "tests/unit/accumulator_fixture.h"

/* Records at the edges of what a record can be: what is appended is what the batch holds, byte for byte. */

enum { HEADERS = 10000 };

static void start(struct fixture *f) {
  struct ktxn__accumulator_config config = FIXTURE_CONFIG;
  config.buffer_memory = 1024 * 1024;
  config.max_request_size = 512 * 1024;
  config.batch_size = 512 * 1024;
  fixture_start(f, &config);
  fixture_topic(f, "orders", 1);
  (void)fixture_begin(f);
}

static void append(struct fixture *f, ktxn_record record) {
  record.topic = "orders";
  record.partition = 0;
  assert_int_equal(ktxn__accumulator_append(f->acc, &record, NULL, NULL, &f->error), KTXN__APPEND_DONE);
}

static struct ktxn__batch *take(struct fixture *f, struct ktxn__record_batch *read) {
  struct ktxn__reader reader;
  (void)ktxn__accumulator_flush(f->acc);
  (void)fixture_collect(f, 1);
  struct ktxn__batch *batch = fixture_take(f);
  ktxn__record_batch_stamp(batch->data, batch->size, 7, 0, 0, true);
  ktxn__reader_init(&reader, batch->data, batch->size);
  assert_true(ktxn__record_batch_read(&reader, read) && read->crc_right);
  return batch;
}

static void stop(struct fixture *f, struct ktxn__batch *batch) {
  ktxn__accumulator_complete(f->acc, batch, 0, -1);
  fixture_stop(f);
}

static void expect(const struct ktxn__bytes *got, const char *data, int32_t size) {
  assert_int_equal(got->len, size);
  if (size > 0) {
    assert_memory_equal(got->data, data, (size_t)size);
  }
}

static void test_E26_null_and_empty_are_not_the_same(void **state) {
  (void)state;
  struct fixture f;
  struct ktxn__record_batch read;
  struct ktxn__record_batch_record got;
  struct ktxn__record_batch_header header;
  const ktxn_header headers[] = {{"", 0, NULL, 0}, {"a", 1, "", 0}, {NULL, 0, "\0x", 2}};
  start(&f);
  ktxn_record record = KTXN_RECORD_INIT;
  append(&f, record); /* null key, null value */
  record.key = "";
  record.value = "";
  append(&f, record);
  record.key = "\0\0";
  record.key_size = 2;
  record.headers = headers;
  record.header_count = 3;
  append(&f, record);
  struct ktxn__batch *batch = take(&f, &read);
  assert_true(ktxn__record_batch_next(&read, &got));
  expect(&got.key, NULL, -1);
  expect(&got.value, NULL, -1);
  assert_true(ktxn__record_batch_next(&read, &got));
  expect(&got.key, "", 0);
  expect(&got.value, "", 0);
  assert_true(ktxn__record_batch_next(&read, &got));
  expect(&got.key, "\0\0", 2);
  assert_int_equal(got.header_count, 3);
  static const struct {
    int32_t key, value;
  } sizes[] = {{0, -1}, {1, 0}, {0, 2}};
  for (size_t i = 0; i < 3; i++) {
    assert_true(ktxn__record_batch_next_header(&got, &header));
    assert_int_equal(header.key.len, sizes[i].key);
    assert_int_equal(header.value.len, sizes[i].value);
  }
  assert_memory_equal(header.value.data, "\0x", 2);
  stop(&f, batch);
}

static void test_E26_ten_thousand_headers(void **state) {
  (void)state;
  static ktxn_header headers[HEADERS];
  static char values[HEADERS];
  struct fixture f;
  struct ktxn__record_batch read;
  struct ktxn__record_batch_record got;
  struct ktxn__record_batch_header header;
  for (int i = 0; i < HEADERS; i++) {
    values[i] = (char)i;
    headers[i] = (ktxn_header){"h", 1, &values[i], 1};
  }
  start(&f);
  ktxn_record record = KTXN_RECORD_INIT;
  record.headers = headers;
  record.header_count = HEADERS;
  append(&f, record);
  struct ktxn__batch *batch = take(&f, &read);
  assert_true(ktxn__record_batch_next(&read, &got));
  assert_int_equal(got.header_count, HEADERS);
  for (int i = 0; i < HEADERS; i++) {
    assert_true(ktxn__record_batch_next_header(&got, &header));
    expect(&header.value, &values[i], 1);
  }
  assert_false(ktxn__record_batch_next(&read, &got));
  assert_false(read.records.failed);
  stop(&f, batch);
}

static void test_E26_a_topic_without_a_name(void **state) {
  (void)state;
  struct fixture f;
  start(&f);
  ktxn_record record = KTXN_RECORD_INIT;
  record.topic = "";
  assert_int_equal(ktxn__accumulator_append(f.acc, &record, NULL, NULL, &f.error), KTXN__APPEND_REFUSED);
  assert_int_equal(f.error.error_class, KTXN_CLASS_USAGE);
  assert_int_equal(ktxn__accumulator_gate(f.acc, NULL, NULL), KTXN__GATE_OPEN); /* nothing has changed */
  fixture_stop(&f);
}

static void test_L06_timestamps_from_0_to_the_last(void **state) {
  (void)state;
  static const int64_t times[] = {0, INT64_MAX, 0, 1, KTXN_TIMESTAMP_NOW, INT64_MAX - 1};
  struct fixture f;
  struct ktxn__record_batch read;
  struct ktxn__record_batch_record got;
  start(&f);
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    ktxn_record record = KTXN_RECORD_INIT;
    record.timestamp_ms = times[i];
    append(&f, record);
  }
  struct ktxn__batch *batch = take(&f, &read);
  assert_int_equal(read.max_timestamp_ms, INT64_MAX);
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    assert_true(ktxn__record_batch_next(&read, &got));
    assert_int_equal(got.timestamp_ms, times[i] == KTXN_TIMESTAMP_NOW ? f.wall_ms : times[i]);
  }
  stop(&f, batch);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_E26_null_and_empty_are_not_the_same),
      cmocka_unit_test(test_E26_ten_thousand_headers),
      cmocka_unit_test(test_E26_a_topic_without_a_name),
      cmocka_unit_test(test_L06_timestamps_from_0_to_the_last),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
