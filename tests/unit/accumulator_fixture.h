#ifndef KTXN_TESTS_UNIT_ACCUMULATOR_FIXTURE_H
#define KTXN_TESTS_UNIT_ACCUMULATOR_FIXTURE_H

/* Ports without a network: real mutexes, a settable wall clock, and counters of what was asked for. */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/mem.h"
#include "sdk/engine/accumulator.h"
#include "sdk/engine/ports.h"
#include "sdk/error.h"

struct fixture {
  struct ktxn__ports ports;
  struct ktxn__mem mem;
  _Atomic int64_t wall_ms;
  atomic_uint wakes;
  atomic_uint notes;
  struct ktxn__accumulator *acc;
  ktxn_error error; /* of the last refused send() */
};

static inline int64_t fixture_wall_ms(void *ctx) {
  return ((struct fixture *)ctx)->wall_ms;
}

static inline void *fixture_lock_new(void *ctx) {
  (void)ctx;
  pthread_mutex_t *mutex = malloc(sizeof *mutex);
  if (mutex != NULL) {
    (void)pthread_mutex_init(mutex, NULL);
  }
  return mutex;
}

static inline void fixture_lock(void *lock) {
  (void)pthread_mutex_lock(lock);
}

static inline void fixture_unlock(void *lock) {
  (void)pthread_mutex_unlock(lock);
}

static inline void fixture_lock_free(void *ctx, void *lock) {
  (void)ctx;
  (void)pthread_mutex_destroy(lock);
  free(lock);
}

static inline void fixture_wake(void *ctx) {
  ((struct fixture *)ctx)->wakes++;
}

static inline void fixture_notify(void *ctx, void *producer) {
  assert_ptr_equal(ctx, producer);
  ((struct fixture *)ctx)->notes++;
}

static const struct ktxn__accumulator_config FIXTURE_CONFIG = {.transactional = true,
                                                               .adaptive = true,
                                                               .batch_size = 1024,
                                                               .buffer_memory = 64 * 1024,
                                                               .max_request_size = 8 * 1024,
                                                               .linger_us = 5000,
                                                               .delivery_timeout_us = 1000000,
                                                               .seed = 7};

static inline void fixture_start(struct fixture *f, const struct ktxn__accumulator_config *config) {
  memset(f, 0, sizeof *f);
  ktxn__mem_init(&f->mem, 0);
  f->wall_ms = 1700000000000;
  f->ports = (struct ktxn__ports){.ctx = f,
                                  .mem = &f->mem,
                                  .wall_ms = fixture_wall_ms,
                                  .lock_new = fixture_lock_new,
                                  .lock = fixture_lock,
                                  .unlock = fixture_unlock,
                                  .lock_free = fixture_lock_free,
                                  .wake = fixture_wake,
                                  .notify = fixture_notify};
  f->acc = ktxn__accumulator_new(&f->ports, f, config);
  assert_non_null(f->acc);
}

static inline void fixture_stop(struct fixture *f) {
  ktxn__accumulator_free(f->acc);
  assert_int_equal(ktxn__mem_used(&f->mem), 0);
}

/** Hands the accumulator metadata of a topic that it has asked for. */
static inline void fixture_topic(struct fixture *f, const char *name, uint32_t partitions) {
  int32_t leaders[64];
  assert_in_range(partitions, 1, 64);
  for (uint32_t i = 0; i < partitions; i++) {
    leaders[i] = (int32_t)i % 3;
  }
  int32_t count;
  ktxn_error error;
  assert_int_not_equal(ktxn__accumulator_partitions_for(f->acc, name, &count, &error), KTXN__APPEND_REFUSED);
  struct ktxn__accumulator_view view;
  ktxn__accumulator_collect(f->acc, 0, &view);
  for (uint32_t i = 0; i < view.topic_count; i++) {
    if (strcmp(ktxn__accumulator_topic_name(f->acc, i), name) == 0) {
      (void)ktxn__accumulator_topic_interest(f->acc, i);
      assert_true(ktxn__accumulator_set_topic(f->acc, i, partitions, leaders));
    }
  }
  f->wakes = 0;
  f->notes = 0;
}

/** As the sender does after an init, and as the application then does. */
static inline int64_t fixture_begin(struct fixture *f) {
  int64_t ordinal;
  ktxn__accumulator_set_gate(f->acc, KTXN__GATE_READY, NULL);
  assert_int_equal(ktxn__accumulator_begin(f->acc, &f->error), 0);
  (void)ktxn__accumulator_gate(f->acc, &ordinal, NULL);
  f->notes = 0;
  return ordinal;
}

static inline enum ktxn__append fixture_send(struct fixture *f, const char *topic, int32_t partition, size_t size,
                                             ktxn_delivery_cb cb, void *opaque) {
  static const char bytes[16384];
  assert_true(size <= sizeof bytes);
  ktxn_record record = KTXN_RECORD_INIT;
  record.topic = topic;
  record.partition = partition;
  record.value = bytes;
  record.value_size = size;
  return ktxn__accumulator_append(f->acc, &record, cb, opaque, &f->error);
}

static inline struct ktxn__accumulator_view fixture_collect(struct fixture *f, int64_t now_us) {
  struct ktxn__accumulator_view view;
  ktxn__accumulator_collect(f->acc, now_us, &view);
  return view;
}

/** The next new batch of any ready queue; NULL = none. */
static inline struct ktxn__batch *fixture_take(struct fixture *f) {
  struct ktxn__batch *batch = NULL;
  struct ktxn__queue *queue = ktxn__accumulator_next_ready(f->acc, NULL);
  while (queue != NULL && batch == NULL) {
    struct ktxn__queue *next = ktxn__accumulator_next_ready(f->acc, queue);
    batch = ktxn__accumulator_take_new(f->acc, queue, SIZE_MAX);
    queue = next;
  }
  return batch;
}

#endif
