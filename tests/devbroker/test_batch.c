/* Record batches: what is read of one that comes in, what is wrong with others, the bytes of a marker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "sdk/base/crc32c.h"
#include "sdk/devbroker/batch.h"

/* Two records, transactional, pid 4000, epoch 7, sequence 42; key k0 value v0; no key, value v1, header h=x. */
static const char vector[] =
    "000000000000000000000049ffffffff02513722cf0010000000010000018bcfe568000000018bcfe568050000000000000fa000070000002a0000"
    "000214000000046b300476300018000a02010476310202680278";

struct fixture {
  uint8_t bytes[256];
  size_t size;
};

static void load(struct fixture *f) {
  char text[sizeof vector];
  memcpy(text, vector, sizeof vector);
  f->size = golden_unhex(text);
  memcpy(f->bytes, text, f->size);
}

static void seal(struct fixture *f) {
  uint32_t crc = ktxn__crc32c(0, f->bytes + 21, f->size - 21);
  for (unsigned i = 0; i < 4; i++) {
    f->bytes[17 + i] = (uint8_t)(crc >> (24 - 8 * i));
  }
}

static struct ktxn__model_batch read_batch(const struct fixture *f, int16_t version) {
  /* a copy of the exact size: one byte of over-read shows */
  uint8_t *copy = malloc(f->size == 0 ? 1 : f->size);
  memcpy(copy, f->bytes, f->size);
  struct ktxn__model_batch batch;
  ktxn__batch_read((struct ktxn__span){.data = copy, .size = f->size}, version, &batch);
  free(copy);
  return batch;
}

static void test_what_is_read(void **state) {
  (void)state;
  struct fixture f;
  load(&f);
  const struct ktxn__model_batch batch = read_batch(&f, 9);
  assert_int_equal(batch.code, 0);
  assert_int_equal(batch.size, f.size);
  assert_true(batch.transactional);
  assert_false(batch.control);
  assert_int_equal(batch.producer_id, 4000);
  assert_int_equal(batch.producer_epoch, 7);
  assert_int_equal(batch.base_sequence, 42);
  assert_int_equal(batch.record_count, 2);
  assert_int_equal(batch.max_timestamp_ms, 1700000000005);
}

static void test_what_is_wrong(void **state) {
  (void)state;
  static const struct {
    size_t at;
    uint8_t value;
    bool sealed; /* with the checksum that belongs to it */
    int16_t code;
  } rows[] = {
      {80, 0xff, false, 2},  {17, 0x00, false, 2},   {16, 1, true, 87},      {11, 0x48, true, 87},   {11, 0x4a, true, 2},
      {60, 3, true, 87},     {60, 0, true, 87},      {26, 2, true, 87},      {53, 0x80, true, 87},   {61, 0x16, true, 87},
      {65, 0x01, true, 87},  {64, 0x02, true, 87},   {22, 0x17, true, 87},   {22, 0x14, true, 76},   {22, 0x11, true, 0},
      {80, 0x04, true, 87},  {81, 0x01, true, 87},  {83, 0x01, true, 87},  {83, 0x7f, true, 87},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct fixture f;
    load(&f);
    f.bytes[rows[i].at] = rows[i].value;
    if (rows[i].sealed) {
      seal(&f);
    }
    print_message("byte %zu = %02x\n", rows[i].at, rows[i].value);
    assert_int_equal(read_batch(&f, 6).code, rows[i].code);
  }
}

/* zstd came with version 7 of Produce (KIP-110). */
static void test_zstd_by_version(void **state) {
  (void)state;
  struct fixture f;
  load(&f);
  f.bytes[22] = 0x14;
  seal(&f);
  assert_int_equal(read_batch(&f, 7).code, 0);
}

static void test_cut_and_doubled(void **state) {
  (void)state;
  struct fixture f;
  load(&f);
  const size_t whole = f.size;
  for (f.size = 0; f.size < whole; f.size++) {
    assert_int_not_equal(read_batch(&f, 9).code, 0);
  }
  memcpy(f.bytes + whole, f.bytes, whole);
  f.size = 2 * whole;
  assert_int_equal(read_batch(&f, 9).code, 87);
  struct ktxn__model_batch batch;
  ktxn__batch_read((struct ktxn__span){.data = NULL}, 9, &batch);
  assert_int_equal(batch.code, 87);
}

/* As Kafka writes it: a commit of coordinator epoch 3 (KIP-98). */
static void test_marker(void **state) {
  (void)state;
  const struct ktxn__model_entry entry = {.base_offset = 5, .last_offset = 5, .leader_epoch = 2, .marker = true,
                                          .committed = true, .size = KTXN__MODEL_MARKER_SIZE, .producer_id = 4000,
                                          .producer_epoch = 8, .coordinator_epoch = 3, .max_timestamp_ms = 1700000000000};
  struct fixture f = {.size = KTXN__MODEL_MARKER_SIZE};
  ktxn__batch_write(&entry, f.bytes);
  const struct ktxn__model_batch batch = read_batch(&f, 9);
  /* a control batch has no sequence, so that no client may send it; all else is in order */
  assert_int_equal(batch.code, 87);
  assert_true(batch.control);
  assert_true(batch.transactional);
  assert_int_equal(batch.producer_epoch, 8);
  static const uint8_t record[] = {0x20, 0, 0, 0, 8, 0, 0, 0, 1, 0x0c, 0, 0, 0, 0, 0, 3, 0};
  assert_memory_equal(f.bytes + 61, record, sizeof record);
  assert_int_equal(f.bytes[7], 5);
  assert_int_equal(f.bytes[15], 2);
}

/* A batch goes out as it came, but for what the broker assigns. */
static void test_batch_goes_out(void **state) {
  (void)state;
  struct fixture f;
  load(&f);
  struct fixture out = {.size = f.size};
  const struct ktxn__model_entry entry = {.base_offset = 77, .leader_epoch = 4, .bytes = f.bytes, .size = (uint32_t)f.size};
  ktxn__batch_write(&entry, out.bytes);
  assert_int_equal(out.bytes[7], 77);
  assert_int_equal(out.bytes[15], 4);
  assert_memory_equal(out.bytes + 16, f.bytes + 16, f.size - 16);
  assert_int_equal(read_batch(&out, 9).code, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_read),    cmocka_unit_test(test_what_is_wrong), cmocka_unit_test(test_zstd_by_version),
      cmocka_unit_test(test_cut_and_doubled), cmocka_unit_test(test_marker),        cmocka_unit_test(test_batch_goes_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
