#include "tests/bench/phases.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CYCLES_MAX 200000

enum phase { REGISTER, PRODUCE, END, RETURN, PHASES };

static const char *const names[PHASES] = {"register", "produce", "end", "return"};

static const struct {
  const char *text;
  enum phase phase;
} lines[] = {{"DescribeTransactions to ", REGISTER},
             {"AddPartitionsToTxn to ", REGISTER},
             {"Produce to ", PRODUCE},
             {"EndTxn to ", END}};

static bool wanted;
static int64_t begun_us;
static _Atomic int64_t seen_us[PHASES]; /* when the phase's last answer came; 0 = none in this cycle */
static int64_t *took_us[PHASES];
static size_t count;

static int64_t now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void on_log(enum ktxn_log_level level, const char *text, void *opaque) {
  (void)opaque;
  if (level <= KTXN_LOG_WARN) {
    (void)fprintf(stderr, "%s\n", text);
  }
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    if (strncmp(text, lines[i].text, strlen(lines[i].text)) == 0) {
      atomic_store(&seen_us[lines[i].phase], now_us());
    }
  }
}

void phases_open(ktxn_config *config) {
  const char *word = getenv("KTXN_BENCH_PHASES");
  wanted = word != NULL && strcmp(word, "1") == 0;
  for (int i = 0; wanted && i < PHASES; i++) {
    took_us[i] = calloc(CYCLES_MAX, sizeof(int64_t));
    wanted = took_us[i] != NULL;
  }
  if (wanted) {
    ktxn_config_set_log(config, KTXN_LOG_DEBUG, on_log, NULL);
  }
}

void phases_mark(void) {
  count = 0;
}

void phases_begin(void) {
  for (int i = 0; i < PHASES; i++) {
    atomic_store(&seen_us[i], 0);
  }
  begun_us = now_us();
}

void phases_end(void) {
  int64_t from_us = begun_us;
  if (!wanted || count == CYCLES_MAX) {
    return;
  }
  atomic_store(&seen_us[RETURN], now_us());
  for (int i = 0; i < PHASES; i++) {
    int64_t at_us = atomic_load(&seen_us[i]);
    took_us[i][count] = at_us > from_us ? at_us - from_us : 0;
    from_us = at_us > from_us ? at_us : from_us;
  }
  count++;
}

static int compare(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return left < right ? -1 : left > right;
}

void phases_print(void) {
  for (int i = 0; wanted && count > 0 && i < PHASES; i++) {
    qsort(took_us[i], count, sizeof *took_us[i], compare);
    (void)printf(", \"%s_p50_us\": %" PRId64 ", \"%s_p99_us\": %" PRId64, names[i], took_us[i][count / 2], names[i],
                 took_us[i][count * 99 / 100]);
  }
}
