/*
 * What appending one record costs an application thread, without a network: one thread appends into the accumulator and
 * now and then plays the I/O thread (takes, stamps and completes what is ready). Prints nanoseconds of CPU time for each
 * record, with the draining and without. bench_append [records]
 */

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sdk/base/mem.h"
#include "sdk/engine/accumulator.h"
#include "sdk/engine/ports.h"
#include "sdk/wire/record_batch.h"

static int64_t wall_ms(void *ctx) {
  struct timespec now;
  (void)ctx;
  (void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *lock_new(void *ctx) {
  pthread_mutex_t *mutex = malloc(sizeof *mutex);
  (void)ctx;
  if (mutex != NULL) {
    (void)pthread_mutex_init(mutex, NULL);
  }
  return mutex;
}

static void lock(void *mutex) {
  (void)pthread_mutex_lock(mutex);
}

static void unlock(void *mutex) {
  (void)pthread_mutex_unlock(mutex);
}

static void lock_free(void *ctx, void *mutex) {
  (void)ctx;
  free(mutex);
}

static void wake(void *ctx) {
  (void)ctx;
}

static void notify(void *ctx, void *producer) {
  (void)ctx;
  (void)producer;
}

static int64_t cpu_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static uint64_t delivered;

static void on_delivery(const ktxn_delivery *delivery, void *opaque) {
  (void)opaque;
  delivered += delivery->error->code == 0;
}

/* One turn of the I/O thread; returns the CPU time that it took. */
static int64_t drain(struct ktxn__accumulator *acc, int64_t now_us) {
  struct ktxn__accumulator_view view;
  int64_t start = cpu_ns();
  ktxn__accumulator_collect(acc, now_us, &view);
  struct ktxn__queue *queue = ktxn__accumulator_next_ready(acc, NULL);
  while (queue != NULL) {
    struct ktxn__queue *next = ktxn__accumulator_next_ready(acc, queue);
    for (struct ktxn__batch *batch; (batch = ktxn__accumulator_take_new(acc, queue, SIZE_MAX)) != NULL;) {
      ktxn__record_batch_stamp(batch->data, batch->size, 1, 0, 0, false);
      ktxn__accumulator_complete(acc, batch, 0, -1);
    }
    queue = next;
  }
  (void)ktxn__delivery_serve(ktxn__accumulator_delivery(acc), SIZE_MAX);
  return cpu_ns() - start;
}

struct kind {
  const char *name;
  size_t key_size;
  size_t value_size;
  bool callback;
};

static void run(const struct ktxn__ports *ports, const struct kind *kind, uint64_t records) {
  static const char value[2048];
  static const struct ktxn__accumulator_config config = {.adaptive = true,
                                                         .batch_size = 16384,
                                                         .buffer_memory = 33554432,
                                                         .max_request_size = 1048576,
                                                         .linger_us = 5000,
                                                         .delivery_timeout_us = 120000000,
                                                         .seed = 1};
  struct ktxn__accumulator *acc = ktxn__accumulator_new(ports, NULL, &config);
  struct ktxn__accumulator_view view;
  int32_t leaders[12] = {0};
  int32_t count;
  ktxn_error error;
  uint64_t key = 0;
  int64_t drain_ns = 0, fastest = INT64_MAX, all = 0;
  (void)ktxn__accumulator_partitions_for(acc, "bench", &count, &error);
  ktxn__accumulator_collect(acc, 1, &view);
  (void)ktxn__accumulator_set_topic(acc, 0, 12, leaders);
  ktxn_record record = KTXN_RECORD_INIT;
  record.topic = "bench";
  record.value = value;
  record.value_size = kind->value_size;
  record.key = kind->key_size == 0 ? NULL : &key;
  record.key_size = kind->key_size;
  for (int round = 0; round < 10; round++) {
    int64_t start = cpu_ns(), drained = 0;
    for (uint64_t i = 0; i < records; i++) {
      key++;
      if (ktxn__accumulator_append(acc, &record, kind->callback ? on_delivery : NULL, acc, &error) !=
          KTXN__APPEND_DONE) {
        (void)fprintf(stderr, "not appended: %s\n", error.message);
        exit(1);
      }
      if (i % 10000 == 0) {
        drained += drain(acc, (int64_t)i);
      }
    }
    int64_t took = cpu_ns() - start - drained;
    all += took;
    drain_ns += drained;
    fastest = took < fastest ? took : fastest;
  }
  (void)printf("%-28s append %6.1f ns (best %6.1f)  drain, CRC, callbacks %6.1f ns\n", kind->name,
               (double)all / 10 / (double)records, (double)fastest / (double)records,
               (double)drain_ns / 10 / (double)records);
  ktxn__accumulator_free(acc);
}

int main(int argc, char **argv) {
  static const struct kind kinds[] = {{"10 B", 0, 10, true},
                                      {"100 B", 0, 100, true},
                                      {"100 B, no callback", 0, 100, false},
                                      {"100 B, 8 B key", 8, 100, true},
                                      {"1 KiB", 0, 1024, true}};
  uint64_t records = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
  const struct ktxn__ports ports = {.mem = ktxn__mem_default(),
                                    .wall_ms = wall_ms,
                                    .lock_new = lock_new,
                                    .lock = lock,
                                    .unlock = unlock,
                                    .lock_free = lock_free,
                                    .wake = wake,
                                    .notify = notify};
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    run(&ports, &kinds[i], records);
  }
  return 0;
}
