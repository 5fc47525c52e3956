#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "sdk/wire/record_batch.h"

#define BATCH_MAX 65536
#define HEADERS_MAX 8

static size_t unhex(const char *hex, uint8_t *out) {
  size_t size = strlen(hex) / 2;
  for (size_t i = 0; i < size; i++) {
    out[i] = (uint8_t)(golden_digit(hex[2 * i]) << 4 | golden_digit(hex[2 * i + 1]));
  }
  return size;
}

/* Two records of a transaction: pid 4000, epoch 7, sequence 42, times 1700000000000 and 5 ms later. */
static const char vector_hex[] =
    "000000000000000000000049ffffffff02513722cf0010000000010000018bcfe568000000018bcfe568050000000000000fa00007"
    "0000002a0000000214000000046b300476300018000a02010476310202680278";

static size_t write_vector(uint8_t *batch) {
  const ktxn_header header = {"h", 1, "x", 1};
  const ktxn_record first = {.key = "k0", .key_size = 2, .value = "v0", .value_size = 2};
  const ktxn_record second = {.value = "v1", .value_size = 2, .headers = &header, .header_count = 1};
  size_t size = ktxn__record_batch_init(batch);
  size += ktxn__record_write(batch + size, 0, 0, &first);
  size += ktxn__record_write(batch + size, 5, 1, &second);
  ktxn__record_batch_close(batch, size, 2, 1700000000000, 1700000000005, 0);
  return size;
}

static void the_known_vector_is_written_byte_for_byte(void **state) {
  (void)state;
  uint8_t expected[128];
  uint8_t batch[128];
  memset(batch, 0xee, sizeof batch);
  size_t size = write_vector(batch);
  assert_int_equal(size, unhex(vector_hex, expected));
  ktxn__record_batch_stamp(batch, size, 4000, 7, 42, true);
  assert_memory_equal(batch, expected, size);
}

static void another_identity_can_be_stamped_over(void **state) {
  (void)state;
  uint8_t expected[128];
  uint8_t batch[128];
  size_t size = write_vector(batch);
  unhex(vector_hex, expected);
  ktxn__record_batch_stamp(batch, size, 5, 6, 7, false);
  struct ktxn__reader reader;
  struct ktxn__record_batch read;
  ktxn__reader_init(&reader, batch, size);
  assert_true(ktxn__record_batch_read(&reader, &read));
  assert_true(read.crc_right);
  assert_int_equal(read.producer_id, 5);
  assert_int_equal(read.producer_epoch, 6);
  assert_int_equal(read.base_sequence, 7);
  assert_int_equal(read.attributes, 0);
  ktxn__record_batch_stamp(batch, size, 4000, 7, 42, true);
  assert_memory_equal(batch, expected, size);
}

static void a_batch_without_an_identity_says_so(void **state) {
  (void)state;
  uint8_t batch[128];
  size_t size = write_vector(batch);
  ktxn__record_batch_stamp(batch, size, -1, -1, -1, false);
  struct ktxn__reader reader;
  struct ktxn__record_batch read;
  ktxn__reader_init(&reader, batch, size);
  assert_true(ktxn__record_batch_read(&reader, &read));
  assert_int_equal(read.producer_id, -1);
  assert_int_equal(read.producer_epoch, -1);
  assert_int_equal(read.base_sequence, -1);
  assert_int_equal(ktxn__reader_left(&reader), 0);
}

/* The record as the application would have given it. Empty things keep a pointer, for NULL is null. */
static size_t rewrite(uint8_t *at, const struct ktxn__record_batch *batch, struct ktxn__record_batch_record *read) {
  ktxn_header headers[HEADERS_MAX];
  ktxn_record record = {.key = read->key.data, .value = read->value.data, .headers = headers};
  record.key_size = record.key == NULL ? 99 : (size_t)read->key.len;
  record.value_size = record.value == NULL ? 99 : (size_t)read->value.len;
  record.header_count = (size_t)read->header_count;
  assert_in_range(read->header_count, 0, HEADERS_MAX);
  for (int32_t i = 0; i < read->header_count; i++) {
    struct ktxn__record_batch_header header;
    assert_true(ktxn__record_batch_next_header(read, &header));
    headers[i] = (ktxn_header){header.key.data, (size_t)header.key.len, header.value.data,
                               header.value.data == NULL ? 99 : (size_t)header.value.len};
  }
  assert_int_equal(ktxn__reader_left(&read->headers), 0);
  size_t size = ktxn__record_write(at, read->timestamp_ms - batch->base_timestamp_ms, read->offset_delta, &record);
  assert_int_equal(size, read->size);
  assert_true(size <= ktxn__record_size_max(&record));
  return size;
}

/* Reads Kafka's batch and writes it again: the same bytes. */
static void check_round_trip(const struct golden_case *golden, void *ctx) {
  (void)ctx;
  static uint8_t again[BATCH_MAX];
  struct ktxn__reader reader;
  struct ktxn__record_batch batch;
  struct ktxn__record_batch_record record;
  ktxn__reader_init(&reader, golden->bytes, golden->size);
  assert_true(ktxn__record_batch_read(&reader, &batch));
  assert_true(batch.crc_right);
  size_t size = ktxn__record_batch_init(again);
  int32_t count = 0;
  for (; ktxn__record_batch_next(&batch, &record); count++) {
    assert_int_equal(record.offset_delta, count);
    size += rewrite(again + size, &batch, &record);
  }
  assert_false(batch.records.failed);
  assert_int_equal(count, batch.count);
  ktxn__record_batch_close(again, size, count, batch.base_timestamp_ms, batch.max_timestamp_ms, 0);
  ktxn__record_batch_stamp(again, size, batch.producer_id, batch.producer_epoch, batch.base_sequence,
                           (batch.attributes & KTXN__RECORD_BATCH_TRANSACTIONAL) != 0);
  assert_int_equal(size, golden->size);
  assert_memory_equal(again, golden->bytes, size);
}

static void batches_of_kafkas_own_are_read_and_written_the_same(void **state) {
  (void)state;
  assert_int_equal(golden_each("record_batch", "batch", check_round_trip, NULL), 6);
}

/* Reads everything there is to read; true when all of it was well-formed. */
static bool readable(const uint8_t *bytes, size_t size) {
  struct ktxn__reader reader;
  struct ktxn__record_batch batch;
  struct ktxn__record_batch_record record;
  struct ktxn__record_batch_header header;
  ktxn__reader_init(&reader, bytes, size);
  if (!ktxn__record_batch_read(&reader, &batch)) {
    return false;
  }
  bool good = batch.crc_right;
  while (ktxn__record_batch_next(&batch, &record)) {
    for (int32_t i = 0; i < record.header_count && good; i++) {
      good = ktxn__record_batch_next_header(&record, &header);
    }
  }
  return good && !batch.records.failed;
}

static void O06_a_batch_cut_at_any_byte_is_refused(void **state) {
  (void)state;
  uint8_t batch[128];
  size_t size = unhex(vector_hex, batch);
  assert_true(readable(batch, size));
  for (size_t cut = 0; cut < size; cut++) {
    uint8_t *exact = malloc(cut + 1); /* no byte more, so that the address sanitizer sees a step too far */
    memcpy(exact + 1, batch, cut);
    assert_false(readable(exact + 1, cut));
    free(exact);
  }
}

static void any_changed_byte_is_noticed(void **state) {
  (void)state;
  uint8_t batch[128];
  size_t size = unhex(vector_hex, batch);
  for (size_t at = 0; at < size; at++) {
    bool outside = at < 8 || (at >= 12 && at < 16); /* base offset and leader epoch: the broker's, not in the CRC */
    for (unsigned bit = 0; bit < 8; bit++) {
      batch[at] = (uint8_t)(batch[at] ^ 1U << bit);
      assert_int_equal(readable(batch, size), outside);
      batch[at] = (uint8_t)(batch[at] ^ 1U << bit);
    }
  }
}

/* One record of the given body with everything around it right, the CRC included. */
static bool body_readable(const uint8_t *body, size_t size) {
  uint8_t batch[128];
  size_t at = ktxn__record_batch_init(batch);
  batch[at++] = (uint8_t)(size << 1);
  memcpy(batch + at, body, size);
  at += size;
  ktxn__record_batch_close(batch, at, 1, 0, 0, 0);
  ktxn__record_batch_stamp(batch, at, 1, 2, 3, true);
  return readable(batch, at);
}

static void O04_hostile_lengths_in_a_record_are_refused(void **state) {
  (void)state;
  static const uint8_t body[] = {0, 0, 0, 2, 'k', 2, 'v', 2, 2, 'h', 1};
  static const struct {
    size_t at;
    uint8_t values[4]; /* below null, or more than there is */
  } lengths[] = {{3, {3, 127, 16, 126}}, {5, {3, 127, 12, 126}}, {7, {1, 127, 4, 126}}, {8, {1, 3, 6, 126}}};
  assert_true(body_readable(body, sizeof body));
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    for (size_t j = 0; j < 4; j++) {
      uint8_t hostile[sizeof body];
      memcpy(hostile, body, sizeof body);
      hostile[lengths[i].at] = lengths[i].values[j];
      if (body_readable(hostile, sizeof hostile)) {
        fail_msg("taken with %d at %zu", lengths[i].values[j], lengths[i].at);
      }
    }
  }
}

static void the_upper_bound_is_never_exceeded(void **state) {
  (void)state;
  static uint8_t out[200000];
  static const size_t sizes[] = {0, 1, 63, 64, 8191, 8192, 100000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    static uint8_t bytes[100000];
    const ktxn_header headers[] = {{"", 0, NULL, 5}, {(char *)bytes, 64, bytes, 8192}};
    ktxn_record record = {.key = bytes, .key_size = sizes[i] / 2, .value = bytes, .value_size = sizes[i]};
    record.headers = headers;
    record.header_count = i % 3;
    size_t size = ktxn__record_write(out, INT64_MIN, INT32_MAX, &record);
    assert_true(size <= ktxn__record_size_max(&record));
    assert_true(size + 20 + 20 > ktxn__record_size_max(&record));
  }
}

static void impossible_sizes_are_told(void **state) {
  (void)state;
  ktxn_header headers[2] = {{"k", 1, "v", 1}, {"k", 1, "v", 1}};
  ktxn_record record = {.key = "k", .key_size = SIZE_MAX, .headers = headers};
  assert_true(ktxn__record_size_max(&record) == SIZE_MAX);
  record.key = NULL;
  assert_int_equal(ktxn__record_size_max(&record), KTXN__RECORD_OVERHEAD_MAX);
  record.value = "v";
  record.value_size = INT32_MAX - KTXN__RECORD_OVERHEAD_MAX;
  assert_int_equal(ktxn__record_size_max(&record), INT32_MAX);
  record.value_size++;
  assert_true(ktxn__record_size_max(&record) == SIZE_MAX);
  record.value_size = 0;
  record.header_count = 2;
  headers[1].key_size = INT32_MAX;
  assert_true(ktxn__record_size_max(&record) == SIZE_MAX);
  headers[1].key_size = (size_t)INT32_MAX + 1;
  assert_true(ktxn__record_size_max(&record) == SIZE_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_known_vector_is_written_byte_for_byte),
      cmocka_unit_test(another_identity_can_be_stamped_over),
      cmocka_unit_test(a_batch_without_an_identity_says_so),
      cmocka_unit_test(batches_of_kafkas_own_are_read_and_written_the_same),
      cmocka_unit_test(O06_a_batch_cut_at_any_byte_is_refused),
      cmocka_unit_test(any_changed_byte_is_noticed),
      cmocka_unit_test(O04_hostile_lengths_in_a_record_are_refused),
      cmocka_unit_test(the_upper_bound_is_never_exceeded),
      cmocka_unit_test(impossible_sizes_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
