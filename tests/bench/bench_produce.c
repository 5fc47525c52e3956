/*
 * One measured run of a producer against a broker:
 *
 *   bench_produce_... BOOTSTRAP TOPIC records COUNT VALUE-SIZE KEY-SIZE
 *   bench_produce_... BOOTSTRAP TOPIC paced COUNT VALUE-SIZE KEY-SIZE RECORDS-A-SECOND
 *   bench_produce_... BOOTSTRAP TOPIC transactions COUNT VALUE-SIZE KEY-SIZE RECORDS-IN-EACH [MILLISECONDS]
 *
 * Prints one line of JSON. CPU is that of the whole process, from the first measured record until the last one is
 * acknowledged; start, metadata and a first record (or some transactions) come before. Transactions end after COUNT of
 * them or when the time is over, whichever comes first; "cycle" is begin, send and commit, "commit" the last of these.
 * KTXN_BENCH_SET="key=value" is one more setting for ktxn; with KTXN_BENCH_PHASES=1 it tells where cycles wait (phases.h).
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/bench/client.h"

#define VALUE_MAX (1024 * 1024)
#define COUNT_MAX 1000000000
#define WARM_UP_TRANSACTIONS 20

struct run {
  const char *mode;
  uint64_t count;
  size_t value_size;
  size_t key_size;
  uint64_t rate; /* paced: records a second; transactions: records in each */
  int64_t limit_us; /* transactions: no new one after this; 0 = none */
};

/* What each transaction took. */
struct times {
  uint64_t count;
  int64_t *cycle_us;
  int64_t *commit_us;
};

void client_fail(const char *what, const char *why) {
  (void)fprintf(stderr, "bench: %s: %s\n", what, why);
  exit(1);
}

static int64_t now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t micros(struct timeval time) {
  return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

static int64_t cpu_us(void) {
  struct rusage usage;
  (void)getrusage(RUSAGE_SELF, &usage);
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

static char value[VALUE_MAX];
static uint64_t sent;

static void send_one(const struct run *run) {
  uint64_t key = sent++;
  client_send(run->key_size == 0 ? NULL : &key, run->key_size, value, run->value_size);
}

static void send_records(const struct run *run) {
  for (uint64_t i = 0; i < run->count; i++) {
    send_one(run);
  }
  client_flush();
}

/* In steps of a millisecond. */
static void send_paced(const struct run *run) {
  int64_t start = now_us();
  for (uint64_t i = 0; i < run->count;) {
    uint64_t due = (uint64_t)(now_us() - start) * run->rate / 1000000;
    for (; i < due && i < run->count; i++) {
      send_one(run);
    }
    const struct timespec pause = {0, 1000000};
    (void)nanosleep(&pause, NULL);
  }
  client_flush();
}

static void transact(const struct run *run, int64_t *cycle_us, int64_t *commit_us) {
  int64_t start = now_us();
  client_begin();
  for (uint64_t i = 0; i < run->rate; i++) {
    send_one(run);
  }
  int64_t ending = now_us();
  client_commit();
  int64_t end = now_us();
  *cycle_us = end - start;
  *commit_us = end - ending;
}

static int compare(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return left < right ? -1 : left > right;
}

static void send_transactions(const struct run *run, struct times *times) {
  int64_t start = now_us();
  while (times->count < run->count && (run->limit_us == 0 || now_us() - start < run->limit_us)) {
    transact(run, &times->cycle_us[times->count], &times->commit_us[times->count]);
    times->count++;
  }
}

static void print_times(const char *name, int64_t *took_us, uint64_t count) {
  qsort(took_us, count, sizeof *took_us, compare);
  (void)printf(", \"%s_p50_us\": %" PRId64 ", \"%s_p99_us\": %" PRId64 ", \"%s_max_us\": %" PRId64, name,
               took_us[count / 2], name, took_us[count * 99 / 100], name, took_us[count - 1]);
}

static void warm_up(const struct run *run, bool transactional) {
  if (!transactional) {
    send_one(run);
    client_flush();
    return;
  }
  for (int i = 0; i < WARM_UP_TRANSACTIONS; i++) {
    int64_t unused[2];
    transact(run, &unused[0], &unused[1]);
  }
}

static void work(const struct run *run, bool transactional, struct times *times) {
  if (transactional) {
    send_transactions(run, times);
  } else if (run->rate != 0) {
    send_paced(run);
  } else {
    send_records(run);
  }
}

static void measure(const struct run *run, bool transactional) {
  uint64_t room = transactional ? run->count : 1;
  struct times times = {0, calloc(room, sizeof(int64_t)), calloc(room, sizeof(int64_t))};
  if (times.cycle_us == NULL || times.commit_us == NULL) {
    client_fail("memory", "none");
  }
  warm_up(run, transactional);
  client_mark();
  uint64_t before = sent;
  int64_t wall = now_us(), cpu = cpu_us();
  work(run, transactional, &times);
  wall = now_us() - wall;
  cpu = cpu_us() - cpu;
  if (client_failed != 0 || client_delivered != sent) {
    client_fail("delivery", "not every record was acknowledged");
  }
  (void)printf("{\"version\": \"%s\", \"records\": %" PRIu64 ", \"sent\": %" PRIu64 ", \"transactions\": %" PRIu64
               ", \"wall_us\": %" PRId64 ", \"cpu_us\": %" PRId64,
               client_version(), sent - before, sent, times.count, wall, cpu);
  if (times.count > 0) {
    print_times("cycle", times.cycle_us, times.count);
    print_times("commit", times.commit_us, times.count);
  }
  client_print_more(times.count);
  (void)printf("}\n");
  free(times.cycle_us);
  free(times.commit_us);
}

int main(int argc, char **argv) {
  if (argc < 7) {
    client_fail("usage", "BOOTSTRAP TOPIC records|paced|transactions COUNT VALUE-SIZE KEY-SIZE [RATE|RECORDS [MS]]");
  }
  struct run run = {.mode = argv[3],
                    .count = strtoull(argv[4], NULL, 10),
                    .value_size = strtoull(argv[5], NULL, 10),
                    .key_size = strtoull(argv[6], NULL, 10),
                    .rate = argc > 7 ? strtoull(argv[7], NULL, 10) : 0,
                    .limit_us = argc > 8 ? (int64_t)strtoull(argv[8], NULL, 10) * 1000 : 0};
  if (run.count == 0 || run.count > COUNT_MAX || run.value_size > VALUE_MAX || run.key_size > sizeof(uint64_t)) {
    client_fail("usage", "COUNT is 1 to 1000000000, VALUE-SIZE at most 1 MiB, KEY-SIZE at most 8");
  }
  bool transactional = strcmp(run.mode, "transactions") == 0;
  char id[64];
  (void)snprintf(id, sizeof id, "bench-%s", argv[2]);
  const struct client_options options = {
      .bootstrap = argv[1], .topic = argv[2], .transactional_id = transactional ? id : NULL};
  for (size_t i = 0; i < sizeof value; i++) {
    value[i] = (char)('a' + i % 26);
  }
  client_open(&options);
  measure(&run, transactional);
  client_close();
  return 0;
}
