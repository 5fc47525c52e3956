#include <stdio.h>

#include "sdk/wire/record_batch.h"
#include "tests/unit/accumulator_fixture.h"

/* Batches that are divided because their broker finds them too large. */

enum { RECORDS = 300 };

static const int64_t BASE_MS = 1700000000000;

struct seen {
  unsigned ran;
  int64_t offsets[RECORDS];
};

static struct seen seen;
static char tags[RECORDS]; /* their addresses tell the callbacks apart */

static void delivered(const ktxn_delivery *report, void *opaque) {
  assert_int_equal((char *)opaque - tags, seen.ran);
  seen.offsets[seen.ran++] = report->offset;
}

/* Record i: value "i" and i + some dots, a header, timestamps that go up and down. */
static void send(struct fixture *f, int i, bool noted) {
  char value[64];
  ktxn_header header = {.key = "h", .key_size = 1, .value = "v", .value_size = 1};
  ktxn_record record = KTXN_RECORD_INIT;
  record.topic = "orders";
  record.partition = 0;
  record.value = value;
  record.value_size = (size_t)snprintf(value, sizeof value, "%d%.*s", i, i % 20, "....................");
  record.headers = &header;
  record.header_count = 1;
  record.timestamp_ms = BASE_MS + (i % 7) * 1000;
  assert_int_equal(ktxn__accumulator_append(f->acc, &record, noted ? delivered : NULL, &tags[i], &f->error),
                   KTXN__APPEND_DONE);
}

static struct ktxn__batch *filled(struct fixture *f, bool noted) {
  struct ktxn__accumulator_config config = FIXTURE_CONFIG;
  config.batch_size = 64 * 1024;
  config.buffer_memory = 128 * 1024;
  config.max_request_size = 64 * 1024;
  memset(&seen, 0, sizeof seen);
  fixture_start(f, &config);
  fixture_topic(f, "orders", 1);
  (void)fixture_begin(f);
  for (int i = 0; i < RECORDS; i++) {
    send(f, i, noted);
  }
  (void)ktxn__accumulator_flush(f->acc);
  (void)fixture_collect(f, 1000);
  struct ktxn__batch *batch = fixture_take(f);
  batch->sequenced = true;
  batch->attempts = 1;
  return batch;
}

/* Holds a batch against the records from `first` on. */
static void check(const struct ktxn__batch *batch, uint32_t first) {
  struct ktxn__reader reader;
  struct ktxn__record_batch found;
  struct ktxn__record_batch_record record;
  int64_t max_ms = 0;
  ktxn__reader_init(&reader, batch->data, batch->size);
  assert_true(ktxn__record_batch_read(&reader, &found));
  assert_int_equal(ktxn__reader_left(&reader), 0);
  assert_int_equal(found.count, batch->count);
  for (uint32_t i = 0; i < batch->count; i++) {
    char value[64];
    int size = snprintf(value, sizeof value, "%u%.*s", first + i, (int)((first + i) % 20), "....................");
    assert_true(ktxn__record_batch_next(&found, &record));
    assert_int_equal(record.offset_delta, i);
    assert_int_equal(record.timestamp_ms, BASE_MS + (first + i) % 7 * 1000);
    assert_int_equal(record.value.len, size);
    assert_memory_equal(record.value.data, value, (size_t)size);
    assert_int_equal(record.header_count, 1);
    max_ms = record.timestamp_ms > max_ms ? record.timestamp_ms : max_ms;
  }
  assert_int_equal(ktxn__reader_left(&found.records), 0);
  assert_int_equal(found.max_timestamp_ms, max_ms);
  assert_int_equal(batch->first, first);
}

static void test_E13_both_parts_are_whole_batches(void **state) {
  (void)state;
  struct fixture f;
  struct ktxn__batch *batch = filled(&f, true);
  size_t size = batch->size;
  uint64_t mark = ktxn__accumulator_flush(f.acc);
  struct ktxn__batch *rest = ktxn__accumulator_split(f.acc, batch);
  assert_int_equal(batch->count + rest->count, RECORDS);
  assert_in_range(batch->size, size / 3, size * 2 / 3);
  check(batch, 0);
  check(rest, batch->count);
  assert_true(rest->sequenced && rest->handle != batch->handle && rest->handle != 0);
  assert_int_equal(rest->deadline_us, batch->deadline_us);
  /* given back in any order, the first part comes first */
  ktxn__accumulator_requeue(f.acc, rest, 0, false);
  ktxn__accumulator_requeue(f.acc, batch, 0, false);
  assert_ptr_equal(ktxn__batch_first_retry(batch->queue), batch);
  assert_ptr_equal(ktxn__batch_next_retry(batch), rest);
  assert_int_equal(ktxn__accumulator_queued(f.acc), 0);
  ktxn__accumulator_take_retry(f.acc, batch);
  uint32_t count = batch->count;
  ktxn__accumulator_complete(f.acc, batch, 1000, -1);
  assert_false(ktxn__accumulator_flushed(f.acc, mark)); /* a flush waits for the parts as well */
  ktxn__accumulator_take_retry(f.acc, rest);
  ktxn__accumulator_complete(f.acc, rest, 5000, -1);
  assert_true(ktxn__accumulator_flushed(f.acc, mark));
  assert_int_equal(ktxn__delivery_serve(ktxn__accumulator_delivery(f.acc), SIZE_MAX), RECORDS);
  assert_int_equal(seen.offsets[count - 1], 1000 + count - 1);
  assert_int_equal(seen.offsets[count], 5000);
  fixture_stop(&f);
}

static void test_E14_halved_down_to_one_record_with_one_rest(void **state) {
  (void)state;
  struct fixture f;
  struct ktxn__batch *batch = filled(&f, true);
  uint32_t handle = 0;
  int halvings = 0;
  while (batch->count > 1) {
    struct ktxn__batch *rest = ktxn__accumulator_split(f.acc, batch);
    assert_int_equal(batch->count + rest->count, RECORDS); /* what was behind is in it */
    assert_true(handle == 0 || rest->handle == handle);
    handle = rest->handle;
    check(batch, 0);
    check(rest, batch->count);
    ktxn__accumulator_requeue(f.acc, rest, 0, false);
    assert_ptr_equal(ktxn__accumulator_next_live(f.acc, batch), rest);
    assert_null(ktxn__accumulator_next_live(f.acc, rest));
    halvings++;
  }
  assert_in_range(halvings, 7, 10);
  ktxn_error error;
  ktxn__error_set(&error, KTXN_E_MESSAGE_TOO_LARGE, KTXN_CLASS_ABORT, "test");
  ktxn__accumulator_fail_batch(f.acc, batch, &error);
  struct ktxn__batch *rest = ktxn__accumulator_next_live(f.acc, NULL);
  ktxn__accumulator_fail_batch(f.acc, rest, &error);
  assert_int_equal(ktxn__delivery_serve(ktxn__accumulator_delivery(f.acc), SIZE_MAX), RECORDS);
  fixture_stop(&f);
}

/* A part that has been sent has its own fate: nothing is put in front of it any more. */
static void test_E13_a_part_that_was_sent_does_not_grow(void **state) {
  (void)state;
  struct fixture f;
  struct ktxn__batch *batch = filled(&f, false);
  struct ktxn__batch *sent = ktxn__accumulator_split(f.acc, batch);
  sent->attempts = 1;
  ktxn__accumulator_requeue(f.acc, sent, 0, false);
  uint32_t count = sent->count;
  struct ktxn__batch *rest = ktxn__accumulator_split(f.acc, batch);
  assert_int_equal(sent->count, count);
  assert_int_equal(batch->count + rest->count + count, RECORDS);
  assert_ptr_equal(ktxn__accumulator_next_live(f.acc, batch), rest);
  check(rest, batch->count);
  ktxn__accumulator_complete(f.acc, batch, 0, -1);
  ktxn__accumulator_complete(f.acc, rest, 0, -1);
  ktxn__accumulator_complete(f.acc, sent, 0, -1);
  assert_int_equal(seen.ran, 0);
  fixture_stop(&f);
}

/* The k-th allocation fails, for every k: nothing has changed, and the next try works. */
static void test_E13_without_memory_nothing_changes(void **state) {
  (void)state;
  struct fixture f;
  struct ktxn__batch *batch = filled(&f, true);
  uint32_t k = 0;
  struct ktxn__batch *rest = NULL;
  while (rest == NULL) {
    ktxn__mem_fail(&f.mem, ++k, false);
    rest = ktxn__accumulator_split(f.acc, batch);
    ktxn__mem_fail(&f.mem, 0, false);
    assert_int_equal(rest == NULL ? RECORDS : batch->count + rest->count, RECORDS);
    check(batch, 0);
  }
  assert_int_equal(k, 4); /* struct, bytes, notes */
  ktxn__accumulator_complete(f.acc, batch, 0, -1);
  ktxn__accumulator_complete(f.acc, rest, 0, -1);
  fixture_stop(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_E13_both_parts_are_whole_batches),
      cmocka_unit_test(test_E14_halved_down_to_one_record_with_one_rest),
      cmocka_unit_test(test_E13_a_part_that_was_sent_does_not_grow),
      cmocka_unit_test(test_E13_without_memory_nothing_changes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
