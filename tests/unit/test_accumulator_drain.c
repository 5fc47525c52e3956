#include "tests/unit/accumulator_fixture.h"

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

static ktxn_error some_error(int code) {
  ktxn_error error;
  ktxn__error_set(&error, code, KTXN_CLASS_ABORT, "test");
  return error;
}

/* ---- readiness -------------------------------------------------------------------------------------------------------- */

static void test_linger(void **state) {
  (void)state;
  struct fixture f;
  fixture_start(&f, &FIXTURE_CONFIG);
  fixture_topic(&f, "orders", 4);
  (void)fixture_begin(&f);
  (void)fixture_collect(&f, 1000000);
  assert_int_equal(fixture_send(&f, "orders", 0, 10, NULL, NULL), KTXN__APPEND_DONE);
  assert_int_equal(f.wakes, 1); /* so that the I/O thread plans the end of the linger */
  (void)fixture_collect(&f, 1000000);
  f.wall_ms += 1;
  assert_int_equal(fixture_send(&f, "orders", 1, 10, NULL, NULL), KTXN__APPEND_DONE);
  f.wall_ms += 3;
  assert_int_equal(fixture_send(&f, "orders", 2, 10, NULL, NULL), KTXN__APPEND_DONE);
  assert_int_equal(fixture_send(&f, "orders", 0, 10, NULL, NULL), KTXN__APPEND_DONE);
  assert_int_equal(f.wakes, 1); /* it is going to look in time */
  assert_int_equal(ktxn__accumulator_deadline_us(f.acc, 1000000), 1005000);
  (void)fixture_collect(&f, 1004000);
  assert_null(fixture_take(&f));
  (void)fixture_collect(&f, 1005000);
  struct ktxn__batch *first = fixture_take(&f);
  assert_int_equal(first->queue->partition, 0);
  assert_int_equal(first->count, 2);
  assert_int_equal(first->created_us, 1000000);
  struct ktxn__batch *second = fixture_take(&f); /* past half of its linger: goes along */
  assert_int_equal(second->queue->partition, 1);
  assert_null(fixture_take(&f));
  assert_int_equal(ktxn__accumulator_deadline_us(f.acc, 1005000), 1009000);
  (void)fixture_collect(&f, 1009000);
  assert_int_equal(fixture_take(&f)->queue->partition, 2);
  assert_null(ktxn__accumulator_next_ready(f.acc, NULL));
  assert_int_equal(ktxn__accumulator_deadline_us(f.acc, 1009000), 1000000 + FIXTURE_CONFIG.delivery_timeout_us);
  fixture_stop(&f);
}

static void test_no_linger_is_due_at_once_and_still_fills(void **state) {
  (void)state;
  struct fixture f;
  struct ktxn__accumulator_config config = config_with(1024, 0);
  fixture_start(&f, &config);
  fixture_topic(&f, "orders", 1);
  (void)fixture_begin(&f);
  assert_int_equal(fixture_send(&f, "orders", 0, 10, NULL, NULL), KTXN__APPEND_DONE);
  assert_int_equal(fixture_send(&f, "orders", 0, 10, NULL, NULL), KTXN__APPEND_DONE);
  assert_int_equal(f.wakes, 1);
  (void)fixture_collect(&f, 1);
  assert_int_equal(fixture_send(&f, "orders", 0, 10, NULL, NULL), KTXN__APPEND_DONE); /* not taken yet */
  assert_int_equal(f.wakes, 1); /* it knows */
  struct ktxn__batch *batch = fixture_take(&f);
  assert_int_equal(batch->count, 3);
  assert_null(ktxn__accumulator_next_ready(f.acc, NULL));
  assert_int_equal(fixture_send(&f, "orders", 0, 10, NULL, NULL), KTXN__APPEND_DONE);
  assert_int_equal(f.wakes, 2);
  ktxn__accumulator_complete(f.acc, batch, 0, -1);
  fixture_stop(&f);
}

static void test_a_full_batch_is_ready_and_wakes_once(void **state) {
  (void)state;
  struct fixture f;
  fixture_start(&f, &FIXTURE_CONFIG);
  fixture_topic(&f, "orders", 1);
  (void)fixture_begin(&f);
  for (int i = 0; i < 40; i++) {
    assert_int_equal(fixture_send(&f, "orders", -1, 100, NULL, NULL), KTXN__APPEND_DONE);
  }
  assert_int_equal(f.wakes, 1);
  struct ktxn__accumulator_view view = fixture_collect(&f, 1);
  uint32_t records = 0;
  for (struct ktxn__batch *batch; (batch = fixture_take(&f)) != NULL;) {
    assert_true(batch->size <= 1024 && batch->size > 900);
    records += batch->count;
    view.queued--;
    ktxn__accumulator_complete(f.acc, batch, 0, -1);
  }
  assert_int_equal(view.queued, 1); /* the open one lingers */
  assert_in_range(records, 30, 39);
  assert_int_equal(ktxn__accumulator_queued(f.acc), 1);
  fixture_stop(&f);
}

static void test_a_commit_makes_everything_ready(void **state) {
  (void)state;
  struct fixture f;
  fixture_start(&f, &FIXTURE_CONFIG);
  fixture_topic(&f, "orders", 4);
  (void)fixture_begin(&f);
  for (int32_t i = 0; i < 4; i++) {
    assert_int_equal(fixture_send(&f, "orders", i, 10, NULL, NULL), KTXN__APPEND_DONE);
  }
  assert_int_equal(ktxn__accumulator_end(f.acc, true, &f.error), 0);
  assert_int_equal(fixture_collect(&f, 1).queued, 4);
  for (int i = 0; i < 4; i++) {
    struct ktxn__batch *batch = fixture_take(&f);
    assert_non_null(batch);
    ktxn__accumulator_complete(f.acc, batch, 0, -1);
  }
  assert_int_equal(ktxn__accumulator_queued(f.acc), 0);
  fixture_stop(&f);
}

static void test_flush_waits_for_what_was_there(void **state) {
  (void)state;
  struct fixture f;
  fixture_start(&f, &FIXTURE_CONFIG);
  fixture_topic(&f, "orders", 2);
  (void)fixture_begin(&f);
  assert_true(ktxn__accumulator_flushed(f.acc, ktxn__accumulator_flush(f.acc)));
  assert_int_equal(fixture_send(&f, "orders", 0, 10, NULL, NULL), KTXN__APPEND_DONE);
  uint64_t mark = ktxn__accumulator_flush(f.acc);
  assert_int_equal(fixture_send(&f, "orders", 1, 10, NULL, NULL), KTXN__APPEND_DONE); /* not part of it */
  (void)fixture_collect(&f, 1);
  struct ktxn__batch *batch = fixture_take(&f);
  assert_int_equal(batch->queue->partition, 0);
  assert_null(fixture_take(&f));
  assert_false(ktxn__accumulator_flushed(f.acc, mark));
  ktxn__accumulator_complete(f.acc, batch, 0, -1);
  assert_true(ktxn__accumulator_flushed(f.acc, mark));
  fixture_stop(&f);
}

static void test_no_partition_starves(void **state) {
  (void)state;
  struct fixture f;
  struct ktxn__accumulator_config config = config_with(0, 0);
  fixture_start(&f, &config);
  fixture_topic(&f, "orders", 4);
  (void)fixture_begin(&f);
  for (int round = 0; round < 3; round++) {
    for (int32_t i = 0; i < 4; i++) {
      assert_int_equal(fixture_send(&f, "orders", i, 10, NULL, NULL), KTXN__APPEND_DONE);
    }
  }
  for (int i = 0; i < 12; i++) { /* one batch at a time: everybody's first, then everybody's second */
    (void)fixture_collect(&f, i);
    struct ktxn__batch *batch = fixture_take(&f);
    assert_int_equal(batch->queue->partition, i % 4);
    assert_int_equal(batch->count, 1);
    ktxn__accumulator_complete(f.acc, batch, 0, -1);
  }
  fixture_stop(&f);
}

/* ---- retries ----------------------------------------------------------------------------------------------------------- */

static void test_retries_keep_the_order_and_go_first(void **state) {
  (void)state;
  struct fixture f;
  struct ktxn__accumulator_config config = config_with(0, 0);
  fixture_start(&f, &config);
  fixture_topic(&f, "orders", 1);
  (void)fixture_begin(&f);
  struct ktxn__batch *batches[3];
  for (int i = 0; i < 4; i++) {
    assert_int_equal(fixture_send(&f, "orders", 0, 10, NULL, NULL), KTXN__APPEND_DONE);
  }
  (void)fixture_collect(&f, 1);
  for (int i = 0; i < 3; i++) {
    batches[i] = fixture_take(&f);
    batches[i]->sequenced = true;
  }
  assert_int_equal(ktxn__accumulator_queued(f.acc), 1);
  ktxn__accumulator_requeue(f.acc, batches[1], 300, false);
  ktxn__accumulator_requeue(f.acc, batches[2], 500, false);
  ktxn__accumulator_requeue(f.acc, batches[0], 700, false);
  struct ktxn__queue *queue = ktxn__accumulator_next_ready(f.acc, NULL);
  assert_ptr_equal(ktxn__batch_first_retry(queue), batches[0]);
  assert_ptr_equal(ktxn__batch_next_retry(batches[0]), batches[1]);
  assert_ptr_equal(ktxn__batch_next_retry(batches[1]), batches[2]);
  assert_null(ktxn__batch_next_retry(batches[2]));
  assert_null(ktxn__accumulator_take_new(f.acc, queue, SIZE_MAX));
  assert_int_equal(ktxn__accumulator_queued(f.acc), 1);
  assert_int_equal(ktxn__accumulator_deadline_us(f.acc, 10), 700);
  ktxn__accumulator_take_retry(f.acc, batches[0]);
  ktxn__accumulator_requeue(f.acc, batches[0], 0, true); /* loses its sequence */
  assert_false(batches[0]->sequenced);
  assert_int_equal(ktxn__accumulator_queued(f.acc), 2);
  ktxn_error error = some_error(KTXN_E_TRANSACTION_ABORTED);
  assert_int_equal(ktxn__accumulator_fail_queued(f.acc, &error), 2);
  assert_int_equal(ktxn__accumulator_queued(f.acc), 0);
  for (int i = 1; i < 3; i++) {
    ktxn__accumulator_take_retry(f.acc, batches[i]);
    ktxn__accumulator_complete(f.acc, batches[i], i, -1);
  }
  assert_null(ktxn__accumulator_next_ready(f.acc, NULL));
  fixture_stop(&f);
}

/* What was woken and fails before it is collected is not ready: the next record wakes the I/O thread again. */
static void test_what_failed_before_it_was_collected_is_not_ready(void **state) {
  (void)state;
  struct fixture f;
  struct ktxn__accumulator_config config = config_with(1024, 0);
  fixture_start(&f, &config);
  fixture_topic(&f, "orders", 1);
  (void)fixture_begin(&f);
  ktxn_error error = some_error(KTXN_E_TRANSACTION_ABORTED);
  assert_int_equal(fixture_send(&f, "orders", 0, 10, NULL, NULL), KTXN__APPEND_DONE);
  assert_int_equal(f.wakes, 1);
  assert_int_equal(ktxn__accumulator_fail_queued(f.acc, &error), 1);
  (void)fixture_collect(&f, 1);
  assert_null(ktxn__accumulator_next_ready(f.acc, NULL));
  assert_int_equal(fixture_send(&f, "orders", 0, 10, NULL, NULL), KTXN__APPEND_DONE);
  assert_int_equal(f.wakes, 2);
  fixture_stop(&f);
}

/* ---- expiry -------------------------------------------------------------------------------------------------------------- */

static void test_J01_J03_expiry_oldest_first(void **state) {
  (void)state;
  struct fixture f;
  fixture_start(&f, &FIXTURE_CONFIG);
  fixture_topic(&f, "orders", 4);
  (void)fixture_begin(&f);
  (void)fixture_collect(&f, 1000);
  for (int32_t i = 0; i < 4; i++) {
    assert_int_equal(fixture_send(&f, "orders", i, 10, NULL, NULL), KTXN__APPEND_DONE);
  }
  (void)fixture_collect(&f, 1000);
  assert_int_equal(fixture_send(&f, "orders", 0, 10, NULL, NULL), KTXN__APPEND_DONE);
  int64_t expiry = 1000 + FIXTURE_CONFIG.delivery_timeout_us;
  assert_null(ktxn__accumulator_expired(f.acc, expiry - 1));
  (void)fixture_collect(&f, 6000);
  struct ktxn__batch *taken = fixture_take(&f); /* one is in flight */
  ktxn__accumulator_pin(f.acc, taken);
  ktxn_error error = some_error(KTXN_E_DELIVERY_TIMED_OUT);
  for (int32_t i = 0; i < 4; i++) {
    struct ktxn__batch *expired = ktxn__accumulator_expired(f.acc, expiry);
    assert_non_null(expired);
    assert_int_equal(expired->queue->partition, i);
    ktxn__accumulator_fail_batch(f.acc, expired, &error);
  }
  assert_null(ktxn__accumulator_expired(f.acc, expiry));
  assert_int_equal(ktxn__accumulator_queued(f.acc), 0);
  assert_null(ktxn__accumulator_next_ready(f.acc, NULL));
  assert_non_null(taken->data); /* the socket may have it */
  assert_int_equal(taken->step, KTXN__BATCH_DONE);
  ktxn__accumulator_unpin(f.acc, taken);
  fixture_stop(&f);
}

/* The wall clock tells how old a batch is when the I/O thread first sees it; a jump of that clock does no harm. */
static void test_creation_time_survives_clock_jumps(void **state) {
  (void)state;
  static const int64_t jumps_ms[] = {-1000000, 0, 2, 1000000};
  static const int64_t created_us[] = {20000, 20000, 18000, 10000};
  for (int i = 0; i < 4; i++) {
    struct fixture f;
    fixture_start(&f, &FIXTURE_CONFIG);
    fixture_topic(&f, "orders", 1);
    (void)fixture_begin(&f);
    (void)fixture_collect(&f, 10000);
    assert_int_equal(fixture_send(&f, "orders", 0, 10, NULL, NULL), KTXN__APPEND_DONE);
    f.wall_ms += jumps_ms[i];
    (void)fixture_collect(&f, 20000);
    assert_int_equal(ktxn__accumulator_next_live(f.acc, NULL)->created_us, created_us[i]);
    fixture_stop(&f);
  }
}

/* ---- joining ----------------------------------------------------------------------------------------------------------------- */

static void test_partitions_join_each_transaction_once(void **state) {
  (void)state;
  struct fixture f;
  struct ktxn__accumulator_config config = config_with(0, 0);
  fixture_start(&f, &config);
  fixture_topic(&f, "orders", 3);
  for (int64_t transaction = 1; transaction <= 3; transaction++) {
    assert_int_equal(fixture_begin(&f), transaction);
    for (int i = 0; i < 4; i++) {
      assert_int_equal(fixture_send(&f, "orders", 2, 10, NULL, NULL), KTXN__APPEND_DONE);
      assert_int_equal(fixture_send(&f, "orders", 0, 10, NULL, NULL), KTXN__APPEND_DONE);
    }
    assert_int_equal(fixture_collect(&f, transaction).ordinal, transaction);
    struct ktxn__queue *first = ktxn__accumulator_next_joined(f.acc);
    struct ktxn__queue *second = ktxn__accumulator_next_joined(f.acc);
    assert_int_equal(first->partition, 2);
    assert_int_equal(first->part, 0);
    assert_int_equal(second->partition, 0);
    assert_int_equal(second->part, 1);
    assert_ptr_equal(ktxn__accumulator_queue(f.acc, 1), second);
    assert_null(ktxn__accumulator_next_joined(f.acc));
    assert_int_equal(ktxn__accumulator_end(f.acc, true, &f.error), 0);
    complete_all(&f);
  }
  assert_int_equal(ktxn__accumulator_part_count(f.acc), 2);
  assert_null(ktxn__accumulator_queue(f.acc, 2));
  fixture_stop(&f);
}

/* ---- partitions ------------------------------------------------------------------------------------------------------------------ */

static void test_sticky_partition_stays_for_a_batch(void **state) {
  (void)state;
  struct fixture f;
  struct ktxn__accumulator_config config = config_with(1024, 5000);
  config.buffer_memory = 1024 * 1024;
  fixture_start(&f, &config);
  fixture_topic(&f, "orders", 8);
  (void)fixture_begin(&f);
  for (int i = 0; i < 2000; i++) {
    assert_int_equal(fixture_send(&f, "orders", -1, 100, NULL, NULL), KTXN__APPEND_DONE);
  }
  (void)fixture_collect(&f, 1);
  uint32_t batches = 0, per_partition[8] = {0};
  for (struct ktxn__batch *batch; (batch = fixture_take(&f)) != NULL;) {
    assert_true(batch->size > 900);
    per_partition[batch->queue->partition]++;
    batches++;
    ktxn__accumulator_complete(f.acc, batch, 0, -1);
  }
  assert_in_range(batches, 220, 260);
  for (int i = 0; i < 8; i++) {
    assert_in_range(per_partition[i], batches / 16, batches / 4);
  }
  fixture_stop(&f);
}

static void test_sticky_partition_leaves_small_batches_after_a_while(void **state) {
  (void)state;
  struct fixture f;
  struct ktxn__accumulator_config config = config_with(1024, 0);
  fixture_start(&f, &config);
  fixture_topic(&f, "orders", 64);
  (void)fixture_begin(&f);
  int32_t first = -1;
  int stayed = 0;
  for (int i = 0; i < 100; i++) {
    assert_int_equal(fixture_send(&f, "orders", -1, 100, NULL, NULL), KTXN__APPEND_DONE);
    (void)fixture_collect(&f, i);
    struct ktxn__batch *batch = fixture_take(&f);
    first = i == 0 ? batch->queue->partition : first;
    stayed += batch->queue->partition == first;
    ktxn__accumulator_complete(f.acc, batch, 0, -1);
  }
  assert_in_range(stayed, 6, 20);
  fixture_stop(&f);
}

static void test_keys_have_their_partition(void **state) {
  (void)state;
  struct fixture f;
  struct ktxn__accumulator_config config = config_with(0, 0);
  fixture_start(&f, &config);
  fixture_topic(&f, "orders", 12);
  (void)fixture_begin(&f);
  ktxn_record record = KTXN_RECORD_INIT;
  record.topic = "orders";
  record.key = "foobar";
  record.key_size = 6;
  assert_int_equal(ktxn__accumulator_append(f.acc, &record, NULL, NULL, &f.error), KTXN__APPEND_DONE);
  (void)fixture_collect(&f, 1);
  struct ktxn__batch *batch = fixture_take(&f);
  assert_int_equal(batch->queue->partition, (-790332482 & 0x7fffffff) % 12);
  ktxn__accumulator_complete(f.acc, batch, 0, -1);
  fixture_stop(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_linger),
      cmocka_unit_test(test_no_linger_is_due_at_once_and_still_fills),
      cmocka_unit_test(test_a_full_batch_is_ready_and_wakes_once),
      cmocka_unit_test(test_a_commit_makes_everything_ready),
      cmocka_unit_test(test_flush_waits_for_what_was_there),
      cmocka_unit_test(test_no_partition_starves),
      cmocka_unit_test(test_retries_keep_the_order_and_go_first),
      cmocka_unit_test(test_what_failed_before_it_was_collected_is_not_ready),
      cmocka_unit_test(test_J01_J03_expiry_oldest_first),
      cmocka_unit_test(test_creation_time_survives_clock_jumps),
      cmocka_unit_test(test_partitions_join_each_transaction_once),
      cmocka_unit_test(test_sticky_partition_stays_for_a_batch),
      cmocka_unit_test(test_sticky_partition_leaves_small_batches_after_a_while),
      cmocka_unit_test(test_keys_have_their_partition),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
