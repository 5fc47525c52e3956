#include "tests/unit/accumulator_fixture.h"

/* What the callbacks saw. */
struct seen {
  struct fixture *f;
  uint32_t count;
  int64_t offsets[64];
  int64_t timestamps[64];
  int32_t partitions[64];
  int codes[64];
  char message[KTXN_ERROR_MESSAGE_MAX];
  int nested; /* what serving inside a callback said */
};

static void note(const ktxn_delivery *delivery, void *opaque) {
  struct seen *seen = opaque;
  uint32_t i = seen->count++;
  assert_true(i < 64);
  seen->offsets[i] = delivery->offset;
  seen->timestamps[i] = delivery->timestamp_ms;
  seen->partitions[i] = delivery->partition;
  seen->codes[i] = delivery->error->code;
  assert_string_equal(delivery->topic, "orders");
  memcpy(seen->message, delivery->error->message, sizeof seen->message);
}

static void start(struct fixture *f, struct seen *seen) {
  fixture_start(f, &FIXTURE_CONFIG);
  fixture_topic(f, "orders", 2);
  (void)fixture_begin(f);
  memset(seen, 0, sizeof *seen);
  seen->f = f;
}

static struct ktxn__batch *take_all_of(struct fixture *f) {
  ktxn__accumulator_flush(f->acc);
  (void)fixture_collect(f, 1);
  f->notes = 0;
  return fixture_take(f);
}

static void test_each_record_once_with_its_offset(void **state) {
  (void)state;
  struct fixture f;
  struct seen seen;
  start(&f, &seen);
  struct ktxn__delivery *delivery = ktxn__accumulator_delivery(f.acc);
  for (int i = 0; i < 5; i++) { /* the first and the fourth have no callback */
    f.wall_ms = 100 + i;
    (void)fixture_send(&f, "orders", 1, 10, i % 3 == 0 ? NULL : note, &seen);
  }
  ktxn__accumulator_complete(f.acc, take_all_of(&f), 40, -1);
  assert_int_equal(f.notes, 1);
  assert_true(ktxn__delivery_pending(delivery));
  assert_false(ktxn__delivery_idle(delivery));
  assert_int_equal(ktxn__delivery_serve(delivery, 100), 3);
  static const int64_t offsets[] = {41, 42, 44}, timestamps[] = {101, 102, 104};
  assert_int_equal(seen.count, 3);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(seen.offsets[i], offsets[i]);
    assert_int_equal(seen.timestamps[i], timestamps[i]);
    assert_int_equal(seen.partitions[i], 1);
    assert_int_equal(seen.codes[i], 0);
  }
  assert_true(ktxn__delivery_idle(delivery));
  assert_int_equal(ktxn__delivery_serve(delivery, 100), 0);
  fixture_stop(&f);
}

static void test_unknown_offset_and_append_time(void **state) {
  (void)state;
  struct fixture f;
  struct seen seen;
  start(&f, &seen);
  (void)fixture_send(&f, "orders", 0, 10, note, &seen);
  (void)fixture_send(&f, "orders", 0, 10, note, &seen);
  ktxn__accumulator_complete(f.acc, take_all_of(&f), -1, 12345);
  assert_int_equal(ktxn__delivery_serve(ktxn__accumulator_delivery(f.acc), 100), 2);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(seen.offsets[i], -1);
    assert_int_equal(seen.timestamps[i], 12345);
  }
  fixture_stop(&f);
}

static void test_a_limit_stops_inside_a_batch(void **state) {
  (void)state;
  struct fixture f;
  struct seen seen;
  start(&f, &seen);
  struct ktxn__delivery *delivery = ktxn__accumulator_delivery(f.acc);
  for (int i = 0; i < 5; i++) {
    (void)fixture_send(&f, "orders", 0, 10, note, &seen);
  }
  ktxn__accumulator_complete(f.acc, take_all_of(&f), 0, -1);
  (void)fixture_send(&f, "orders", 0, 10, note, &seen);
  assert_int_equal(ktxn__delivery_serve(delivery, 2), 2);
  ktxn__accumulator_complete(f.acc, take_all_of(&f), 5, -1);
  assert_int_equal(ktxn__delivery_serve(delivery, 2), 2);
  assert_int_equal(ktxn__delivery_serve(delivery, 0), 0);
  assert_int_equal(ktxn__delivery_serve(delivery, 9), 2);
  for (int i = 0; i < 6; i++) {
    assert_int_equal(seen.offsets[i], i);
  }
  fixture_stop(&f);
}

static void test_failures_carry_the_error(void **state) {
  (void)state;
  struct fixture f;
  struct seen seen;
  start(&f, &seen);
  (void)fixture_send(&f, "orders", 0, 10, note, &seen);
  (void)fixture_send(&f, "orders", 1, 10, note, &seen);
  (void)fixture_send(&f, "orders", 1, 10, note, &seen);
  ktxn_error error;
  ktxn__error_set(&error, KTXN_E_TRANSACTION_ABORTED, KTXN_CLASS_ABORT, "the reason");
  size_t before = ktxn__mem_used(&f.mem);
  assert_int_equal(ktxn__accumulator_fail_queued(f.acc, &error), 2);
  assert_true(ktxn__mem_used(&f.mem) - before < 2 * sizeof error); /* kept once for both batches */
  assert_int_equal(ktxn__delivery_serve(ktxn__accumulator_delivery(f.acc), 100), 3);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(seen.codes[i], KTXN_E_TRANSACTION_ABORTED);
    assert_int_equal(seen.offsets[i], -1);
  }
  assert_string_equal(seen.message, "the reason");
  fixture_stop(&f);
}

static void test_a_failure_without_memory_keeps_its_code(void **state) {
  (void)state;
  struct fixture f;
  struct seen seen;
  start(&f, &seen);
  (void)fixture_send(&f, "orders", 0, 10, note, &seen);
  ktxn_error error;
  ktxn__error_set(&error, KTXN_E_DELIVERY_TIMED_OUT, KTXN_CLASS_ABORT, "the reason");
  ktxn__mem_fail(&f.mem, 1, true);
  ktxn__accumulator_fail_batch(f.acc, take_all_of(&f), &error);
  ktxn__mem_fail(&f.mem, 0, false);
  assert_int_equal(ktxn__delivery_serve(ktxn__accumulator_delivery(f.acc), 100), 1);
  assert_int_equal(seen.codes[0], KTXN_E_DELIVERY_TIMED_OUT);
  fixture_stop(&f);
}

static void send_again(const ktxn_delivery *delivery, void *opaque) {
  struct seen *seen = opaque;
  note(delivery, opaque);
  seen->nested = ktxn__delivery_serve(ktxn__accumulator_delivery(seen->f->acc), 100);
  if (seen->count < 3) {
    assert_int_equal(fixture_send(seen->f, "orders", 0, 10, send_again, seen), KTXN__APPEND_DONE);
  }
}

static void test_a_callback_may_send_but_not_serve(void **state) {
  (void)state;
  struct fixture f;
  struct seen seen;
  start(&f, &seen);
  (void)fixture_send(&f, "orders", 0, 10, send_again, &seen);
  for (uint32_t i = 1; i <= 3; i++) {
    ktxn__accumulator_complete(f.acc, take_all_of(&f), i, -1);
    assert_int_equal(ktxn__delivery_serve(ktxn__accumulator_delivery(f.acc), 100), 1);
    assert_int_equal(seen.count, i);
    assert_int_equal(seen.nested, KTXN__DELIVERY_BUSY);
    assert_int_equal(f.notes, 2); /* for the report, and for the one that was told to come back */
  }
  fixture_stop(&f);
}

static void test_batches_without_callbacks_are_not_delivered(void **state) {
  (void)state;
  struct fixture f;
  struct seen seen;
  start(&f, &seen);
  (void)fixture_send(&f, "orders", 0, 10, NULL, NULL);
  ktxn__accumulator_complete(f.acc, take_all_of(&f), 0, -1);
  assert_int_equal(f.notes, 0);
  assert_false(ktxn__delivery_pending(ktxn__accumulator_delivery(f.acc)));
  size_t available, total;
  ktxn__accumulator_memory(f.acc, &available, &total);
  assert_int_equal(available, total);
  fixture_stop(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_record_once_with_its_offset),
      cmocka_unit_test(test_unknown_offset_and_append_time),
      cmocka_unit_test(test_a_limit_stops_inside_a_batch),
      cmocka_unit_test(test_failures_carry_the_error),
      cmocka_unit_test(test_a_failure_without_memory_keeps_its_code),
      cmocka_unit_test(test_a_callback_may_send_but_not_serve),
      cmocka_unit_test(test_batches_without_callbacks_are_not_delivered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
