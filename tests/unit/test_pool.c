#include "tests/unit/accumulator_fixture.h"

#include "sdk/engine/pool.h"

#define BATCH sizeof(struct ktxn__batch)
#define NOTE sizeof(struct ktxn__batch_note)

static void give(struct ktxn__pool *pool, struct ktxn__batch *batch) {
  ktxn__pool_give_data(pool, batch);
  ktxn__pool_give_batch(pool, batch);
}

static void test_the_budget_holds_and_buffers_are_reused(void **state) {
  (void)state;
  struct ktxn__mem mem;
  struct ktxn__pool pool;
  struct ktxn__batch *batches[4];
  ktxn__mem_init(&mem, 0);
  ktxn__pool_init(&pool, &mem, 4 * (BATCH + 1000), 1000);
  assert_int_equal(ktxn__mem_used(&mem), 0); /* nothing before it is needed */
  for (int i = 0; i < 4; i++) {
    batches[i] = ktxn__pool_take(&pool, 10);
    assert_non_null(batches[i]);
    assert_int_equal(batches[i]->capacity, 1000);
    memset(batches[i]->data, 1, 1000);
  }
  assert_null(ktxn__pool_take(&pool, 10));
  assert_false(pool.out_of_memory);
  assert_int_equal(ktxn__pool_available(&pool), 0);
  assert_false(ktxn__pool_grow_notes(&pool, batches[0]));
  uint8_t *data = batches[3]->data;
  give(&pool, batches[3]);
  batches[3] = ktxn__pool_take(&pool, 1000);
  assert_ptr_equal(batches[3]->data, data);
  assert_int_equal(ktxn__mem_used(&mem), 4 * (BATCH + 1000));
  for (int i = 0; i < 4; i++) {
    give(&pool, batches[i]);
  }
  assert_int_equal(ktxn__pool_available(&pool), pool.budget);
  ktxn__pool_trim(&pool);
  assert_int_equal(ktxn__mem_used(&mem), 0);
  assert_int_equal(pool.allocated, 0);
}

static void test_a_large_one_takes_the_place_of_idle_ones(void **state) {
  (void)state;
  struct ktxn__mem mem;
  struct ktxn__pool pool;
  struct ktxn__batch *batches[4];
  ktxn__mem_init(&mem, 0);
  ktxn__pool_init(&pool, &mem, 4 * (BATCH + 1000), 1000);
  for (int i = 0; i < 4; i++) {
    batches[i] = ktxn__pool_take(&pool, 10);
  }
  for (int i = 0; i < 3; i++) {
    give(&pool, batches[i]);
  }
  struct ktxn__batch *large = ktxn__pool_take(&pool, 3000);
  assert_non_null(large);
  assert_int_equal(large->capacity, 3000);
  assert_true(ktxn__mem_used(&mem) <= pool.budget);
  assert_null(ktxn__pool_take(&pool, 3000));
  give(&pool, large);
  give(&pool, batches[3]);
  ktxn__pool_trim(&pool);
  assert_int_equal(ktxn__mem_used(&mem), 0);
}

static void test_notes_stay_with_the_struct(void **state) {
  (void)state;
  struct ktxn__mem mem;
  struct ktxn__pool pool;
  ktxn__mem_init(&mem, 0);
  ktxn__pool_init(&pool, &mem, 100000, 1000);
  struct ktxn__batch *batch = ktxn__pool_take(&pool, 10);
  assert_int_equal(batch->note_room, 0);
  assert_true(ktxn__pool_grow_notes(&pool, batch));
  uint32_t room = batch->note_room;
  assert_true(ktxn__pool_grow_notes(&pool, batch));
  assert_int_equal(batch->note_room, 2 * room);
  assert_int_equal(pool.allocated, BATCH + 1000 + 2 * room * NOTE);
  give(&pool, batch);
  batch = ktxn__pool_take(&pool, 10);
  assert_int_equal(batch->note_room, 2 * room);
  assert_int_equal(batch->note_count, 0);
  give(&pool, batch);
  ktxn__pool_trim(&pool);
  assert_int_equal(ktxn__mem_used(&mem), 0);
}

static void test_allocation_failures(void **state) {
  (void)state;
  struct ktxn__mem mem;
  struct ktxn__pool pool;
  ktxn__mem_init(&mem, 0);
  ktxn__pool_init(&pool, &mem, 100000, 1000);
  for (uint32_t k = 1; k <= 2; k++) {
    ktxn__mem_fail(&mem, k, false);
    assert_null(ktxn__pool_take(&pool, 10));
    assert_true(pool.out_of_memory);
    ktxn__pool_trim(&pool);
    assert_int_equal(pool.allocated, 0);
    assert_int_equal(pool.idle, 0);
  }
  struct ktxn__batch *batch = ktxn__pool_take(&pool, 10);
  ktxn__mem_fail(&mem, 1, false);
  assert_false(ktxn__pool_grow_notes(&pool, batch));
  assert_true(pool.out_of_memory);
  give(&pool, batch);
  ktxn__pool_trim(&pool);
  assert_int_equal(ktxn__mem_used(&mem), 0);
}

/* ---- the accumulator's use of it ------------------------------------------------------------------------------------ */

static void count(const ktxn_delivery *delivery, void *opaque) {
  (void)delivery;
  ++*(uint32_t *)opaque;
}

static uint32_t fill(struct fixture *f, ktxn_delivery_cb cb, void *opaque) {
  uint32_t sent = 0;
  enum ktxn__append result;
  while ((result = fixture_send(f, "orders", -1, 100, cb, opaque)) == KTXN__APPEND_DONE) {
    sent++;
  }
  assert_int_equal(result, KTXN__APPEND_NO_ROOM);
  return sent;
}

static void test_M04_full_says_so_and_tells_when_there_is_room(void **state) {
  (void)state;
  struct fixture f;
  fixture_start(&f, &FIXTURE_CONFIG);
  fixture_topic(&f, "orders", 3);
  (void)fixture_begin(&f);
  uint32_t sent = fill(&f, NULL, NULL);
  assert_in_range(sent, 350, 600);
  assert_int_equal(ktxn__accumulator_gate(f.acc, NULL, NULL), KTXN__GATE_OPEN); /* unchanged */
  assert_true(ktxn__mem_used(&f.mem) < FIXTURE_CONFIG.buffer_memory + 8192);
  (void)fixture_collect(&f, 1);
  assert_int_equal(f.notes, 0);
  uint32_t records = 0, batches = 0, notified_at = 0;
  for (struct ktxn__batch *batch; (batch = fixture_take(&f)) != NULL; batches++) {
    records += batch->count;
    ktxn__accumulator_complete(f.acc, batch, 0, -1);
    notified_at = notified_at == 0 && f.notes > 0 ? batches + 1 : notified_at;
  }
  assert_int_equal(records, sent); /* everything was made ready, the last, open ones too */
  assert_int_equal(f.notes, 1);
  assert_in_range(notified_at, 2, batches / 4); /* not for each batch */
  assert_int_equal(fixture_send(&f, "orders", -1, 100, NULL, NULL), KTXN__APPEND_DONE);
  fixture_stop(&f);
}

/* What is kept for callbacks counts until they have run. */
static void test_callbacks_that_nobody_serves_fill_the_memory(void **state) {
  (void)state;
  struct fixture f;
  uint32_t served = 0, sent = 0, more;
  fixture_start(&f, &FIXTURE_CONFIG);
  fixture_topic(&f, "orders", 3);
  (void)fixture_begin(&f);
  do {
    more = fill(&f, count, &served);
    sent += more;
    (void)fixture_collect(&f, 1);
    for (struct ktxn__batch *batch; (batch = fixture_take(&f)) != NULL;) {
      ktxn__accumulator_complete(f.acc, batch, 0, -1);
    }
  } while (more > 0);
  assert_true(ktxn__mem_used(&f.mem) < FIXTURE_CONFIG.buffer_memory + 8192);
  f.notes = 0;
  assert_int_equal(ktxn__delivery_serve(ktxn__accumulator_delivery(f.acc), SIZE_MAX), sent);
  assert_int_equal(served, sent);
  assert_int_equal(f.notes, 1); /* there is room */
  assert_true(fill(&f, NULL, NULL) > 100);
  fixture_stop(&f);
}

static void test_an_idle_producer_gives_its_buffers_back(void **state) {
  (void)state;
  struct fixture f;
  fixture_start(&f, &FIXTURE_CONFIG);
  assert_true(ktxn__mem_used(&f.mem) < 4096);
  fixture_topic(&f, "orders", 3);
  (void)fixture_begin(&f);
  (void)fill(&f, NULL, NULL);
  (void)fixture_collect(&f, 1);
  for (struct ktxn__batch *batch; (batch = fixture_take(&f)) != NULL;) {
    ktxn__accumulator_complete(f.acc, batch, 0, -1);
  }
  (void)fixture_collect(&f, 1000000);
  int64_t when_us = ktxn__accumulator_deadline_us(f.acc, 1000000);
  assert_int_equal(when_us, 11000000);
  assert_true(ktxn__mem_used(&f.mem) > 60000);
  (void)fixture_collect(&f, when_us);
  assert_true(ktxn__mem_used(&f.mem) < 8192);
  assert_int_equal(ktxn__accumulator_deadline_us(f.acc, when_us), INT64_MAX);
  fixture_stop(&f);
}

/* The k-th allocation fails, for every k: refused or taken, never lost, never leaked. */
static void test_every_allocation_may_fail(void **state) {
  (void)state;
  for (uint32_t k = 1; k <= 24; k++) {
    struct fixture f;
    uint32_t served = 0, taken = 0;
    fixture_start(&f, &FIXTURE_CONFIG);
    (void)fixture_begin(&f);
    ktxn__mem_fail(&f.mem, k, false);
    for (int i = 0; i < 60; i++) {
      enum ktxn__append result = fixture_send(&f, "orders", i % 3, 40, count, &served);
      if (result == KTXN__APPEND_NO_TOPIC) {
        int32_t leaders[3] = {0, 0, 0};
        (void)fixture_collect(&f, 1);
        (void)ktxn__accumulator_set_topic(f.acc, 0, 3, leaders);
      } else if (result == KTXN__APPEND_REFUSED) {
        assert_int_equal(f.error.code, KTXN_E_OUT_OF_MEMORY);
        ktxn__accumulator_set_gate(f.acc, KTXN__GATE_READY, NULL); /* as after an abort */
        assert_int_equal(ktxn__accumulator_begin(f.acc, &f.error), 0);
      } else {
        assert_int_equal(result, KTXN__APPEND_DONE);
        taken++;
      }
    }
    ktxn__mem_fail(&f.mem, 0, false);
    ktxn__accumulator_flush(f.acc);
    (void)fixture_collect(&f, 1);
    for (struct ktxn__batch *batch; (batch = fixture_take(&f)) != NULL;) {
      ktxn__accumulator_complete(f.acc, batch, 0, -1);
    }
    assert_int_equal(ktxn__delivery_serve(ktxn__accumulator_delivery(f.acc), SIZE_MAX), taken);
    assert_int_equal(served, taken);
    fixture_stop(&f);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_budget_holds_and_buffers_are_reused),
      cmocka_unit_test(test_a_large_one_takes_the_place_of_idle_ones),
      cmocka_unit_test(test_notes_stay_with_the_struct),
      cmocka_unit_test(test_allocation_failures),
      cmocka_unit_test(test_M04_full_says_so_and_tells_when_there_is_room),
      cmocka_unit_test(test_callbacks_that_nobody_serves_fill_the_memory),
      cmocka_unit_test(test_an_idle_producer_gives_its_buffers_back),
      cmocka_unit_test(test_every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
