#include "tests/unit/accumulator_fixture.h"

#include <sched.h>

#include "sdk/wire/record_batch.h"

/*
 * Threads that append while one drains and one opens and closes transactions. Every record carries the ordinal that its
 * thread last saw, and its sender learns whether it was taken; what is drained must be exactly what was taken, each in
 * the transaction that it was taken into, in order per partition and thread.
 */

enum { APPENDERS = 8, PARTITIONS = 6, TRANSACTIONS = 40, PER_TRANSACTION = 4000 };

struct stamp {
  uint32_t thread;
  uint32_t number; /* of the record, counted by its thread over the taken ones */
};

struct shared {
  struct fixture f;
  atomic_bool stop;          /* appenders */
  atomic_bool stop_io;
  atomic_uint taken;         /* of all transactions */
  atomic_uint called;        /* callbacks */
  atomic_uint drained[TRANSACTIONS + 2]; /* records by the ordinal of their batch */
  uint32_t next[APPENDERS][PARTITIONS];  /* I/O thread: the next number expected */
  atomic_uint disorder;
  atomic_uint stray; /* drained in another transaction than the open one */
};

static void called(const ktxn_delivery *delivery, void *opaque) {
  (void)delivery;
  ((struct shared *)opaque)->called++;
}

struct appender {
  struct shared *shared;
  uint32_t thread;
  pthread_t id;
};

static void *append(void *opaque) {
  struct appender *me = opaque;
  struct shared *shared = me->shared;
  uint32_t numbers[PARTITIONS] = {0};
  for (uint32_t i = me->thread; !shared->stop; i++) {
    uint32_t partition = i % PARTITIONS;
    struct stamp stamp = {me->thread, numbers[partition]};
    ktxn_record record = KTXN_RECORD_INIT;
    ktxn_error error;
    record.topic = "orders";
    record.partition = (int32_t)partition;
    record.value = &stamp;
    record.value_size = sizeof stamp;
    enum ktxn__append result =
        ktxn__accumulator_append(shared->f.acc, &record, i % 2 == 0 ? called : NULL, shared, &error);
    if (result == KTXN__APPEND_DONE) {
      numbers[partition]++;
      shared->taken++;
    } else {
      assert_true(result == KTXN__APPEND_NO_ROOM || error.code == KTXN_E_CONFLICT || error.code == KTXN_E_STATE);
      (void)sched_yield();
    }
  }
  return NULL;
}

static void check_records(struct shared *shared, const struct ktxn__batch *batch) {
  struct ktxn__reader reader;
  struct ktxn__record_batch read;
  struct ktxn__record_batch_record record;
  uint32_t count = 0;
  ktxn__record_batch_stamp(batch->data, batch->size, 1, 0, 0, true);
  ktxn__reader_init(&reader, batch->data, batch->size);
  assert_true(ktxn__record_batch_read(&reader, &read));
  assert_true(read.crc_right);
  while (ktxn__record_batch_next(&read, &record)) {
    struct stamp stamp;
    memcpy(&stamp, record.value.data, sizeof stamp);
    uint32_t *next = &shared->next[stamp.thread][batch->queue->partition];
    shared->disorder += stamp.number != *next;
    *next = stamp.number + 1;
    count++;
  }
  assert_int_equal(count, batch->count);
  shared->drained[batch->ordinal] += count;
}

static void *drain(void *opaque) {
  struct shared *shared = opaque;
  struct fixture *f = &shared->f;
  for (int64_t now_us = 1; !shared->stop_io; now_us += 100) {
    struct ktxn__accumulator_view view;
    ktxn__accumulator_collect(f->acc, now_us, &view);
    for (struct ktxn__batch *batch; (batch = fixture_take(f)) != NULL;) {
      shared->stray += batch->ordinal != view.ordinal;
      ktxn__accumulator_pin(f->acc, batch);
      check_records(shared, batch);
      if (batch->number % 7 == 0 && batch->attempts++ == 0) {
        ktxn__accumulator_requeue(f->acc, batch, 0, false);
        ktxn__accumulator_take_retry(f->acc, batch);
      }
      ktxn__accumulator_complete(f->acc, batch, 5, -1);
      ktxn__accumulator_unpin(f->acc, batch);
    }
    (void)ktxn__accumulator_deadline_us(f->acc, now_us);
    (void)sched_yield();
  }
  return NULL;
}

static void wait_for_taken(struct shared *shared, uint32_t count) {
  while (shared->taken < count) {
    (void)ktxn__delivery_serve(ktxn__accumulator_delivery(shared->f.acc), 1000);
    (void)sched_yield();
  }
}

static void wait_for_flush(struct shared *shared) {
  struct ktxn__accumulator *acc = shared->f.acc;
  uint64_t mark = ktxn__accumulator_flush(acc);
  while (!ktxn__accumulator_flushed(acc, mark)) {
    (void)sched_yield();
  }
  (void)ktxn__delivery_serve(ktxn__accumulator_delivery(acc), SIZE_MAX);
  assert_true(ktxn__delivery_idle(ktxn__accumulator_delivery(acc)));
}

/* One transaction: opened, written to by everybody, closed; nothing may be added to it afterwards. */
static void run_transaction(struct shared *shared) {
  struct ktxn__accumulator *acc = shared->f.acc;
  int64_t ordinal;
  uint32_t before = shared->taken;
  ktxn_error error;
  ktxn__accumulator_set_gate(acc, KTXN__GATE_READY, NULL);
  assert_int_equal(ktxn__accumulator_begin(acc, &error), 0);
  wait_for_taken(shared, before + PER_TRANSACTION);
  assert_int_equal(ktxn__accumulator_end(acc, true, &error), 0);
  assert_int_equal(ktxn__accumulator_gate(acc, &ordinal, NULL), KTXN__GATE_COMMITTING);
  wait_for_flush(shared);
  assert_int_equal(ktxn__accumulator_queued(acc), 0);
  uint32_t drained = shared->drained[ordinal];
  assert_true(drained >= PER_TRANSACTION);
  wait_for_flush(shared);
  assert_int_equal(shared->drained[ordinal], drained);
}

static void test_I11_each_record_refused_or_in_this_transaction(void **state) {
  (void)state;
  static struct shared shared;
  struct appender appenders[APPENDERS];
  pthread_t io;
  fixture_start(&shared.f, &FIXTURE_CONFIG);
  fixture_topic(&shared.f, "orders", PARTITIONS);
  assert_int_equal(pthread_create(&io, NULL, drain, &shared), 0);
  for (uint32_t i = 0; i < APPENDERS; i++) {
    appenders[i] = (struct appender){.shared = &shared, .thread = i};
    assert_int_equal(pthread_create(&appenders[i].id, NULL, append, &appenders[i]), 0);
  }
  for (int i = 0; i < TRANSACTIONS; i++) {
    run_transaction(&shared);
  }
  shared.stop = true;
  for (uint32_t i = 0; i < APPENDERS; i++) {
    (void)pthread_join(appenders[i].id, NULL);
  }
  shared.stop_io = true;
  (void)pthread_join(io, NULL);
  uint32_t drained = 0;
  for (int i = 0; i <= TRANSACTIONS; i++) {
    drained += shared.drained[i];
  }
  assert_int_equal(drained, shared.taken);
  assert_int_equal(shared.drained[0], 0);
  assert_int_equal(shared.disorder, 0);
  assert_int_equal(shared.stray, 0);
  assert_true(shared.called > shared.taken / 4);
  fixture_stop(&shared.f);
}

/* ---- delivery: several threads serve, one is at it at a time, in order ------------------------------------------------ */

struct served {
  struct fixture f;
  atomic_bool stop;
  atomic_int inside; /* threads that run callbacks */
  uint32_t next;     /* only ever touched inside a callback */
  uint32_t disorder;
};

static void in_order(const ktxn_delivery *delivery, void *opaque) {
  struct served *served = opaque;
  served->disorder += ++served->inside != 1;
  served->disorder += delivery->offset != served->next++;
  served->inside--;
}

static void *serve(void *opaque) {
  struct served *served = opaque;
  while (!served->stop) {
    (void)ktxn__delivery_serve(ktxn__accumulator_delivery(served->f.acc), 3);
    (void)sched_yield();
  }
  return NULL;
}

static void test_I08_callbacks_run_once_and_in_order(void **state) {
  (void)state;
  static struct served served;
  pthread_t threads[3];
  enum { RECORDS = 20000 };
  fixture_start(&served.f, &FIXTURE_CONFIG);
  fixture_topic(&served.f, "orders", 1);
  (void)fixture_begin(&served.f);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, serve, &served), 0);
  }
  int64_t offset = 0;
  for (int sent = 0; sent < RECORDS;) {
    sent += fixture_send(&served.f, "orders", 0, 20, in_order, &served) == KTXN__APPEND_DONE;
    if (sent % 10 == 0 || sent == RECORDS) {
      ktxn__accumulator_flush(served.f.acc);
    }
    (void)fixture_collect(&served.f, sent);
    for (struct ktxn__batch *batch; (batch = fixture_take(&served.f)) != NULL;) {
      int64_t count = batch->count;
      ktxn__accumulator_complete(served.f.acc, batch, offset, -1);
      offset += count;
    }
  }
  while (!ktxn__delivery_idle(ktxn__accumulator_delivery(served.f.acc))) {
    (void)sched_yield();
  }
  served.stop = true;
  for (int i = 0; i < 3; i++) {
    (void)pthread_join(threads[i], NULL);
  }
  assert_int_equal(served.next, RECORDS);
  assert_int_equal(served.disorder, 0);
  fixture_stop(&served.f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_I11_each_record_refused_or_in_this_transaction),
      cmocka_unit_test(test_I08_callbacks_run_once_and_in_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
