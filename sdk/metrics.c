#include "ktxn/metrics.h"

#include <string.h>

#include "sdk/engine/counts.h"
#include "sdk/engine/sender.h"
#include "sdk/producer.h"

struct row {
  const char *name, *unit, *text;
  size_t offset;
};

static const struct row rows[] = {
#define ROW(field, name, unit, text) {name, unit, text, offsetof(struct ktxn__counts, field)},
    KTXN__COUNTS(ROW)
#undef ROW
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])

static uint64_t value_of(const struct ktxn__counts *counts, const struct row *row) {
  uint64_t value;
  memcpy(&value, (const char *)counts + row->offset, sizeof value);
  return value;
}

static void read_counts(const ktxn_producer *producer, struct ktxn__counts *counts) {
  *counts = (struct ktxn__counts){0};
  if (producer) {
    ktxn__sender_counts(producer->sender, counts);
  }
}

size_t ktxn_metrics(const ktxn_producer *producer, ktxn_metric *metrics, size_t max) {
  struct ktxn__counts counts;
  read_counts(producer, &counts);
  for (size_t i = 0; i < ROW_COUNT && i < max; i++) {
    metrics[i] = (ktxn_metric){rows[i].name, rows[i].unit, rows[i].text, value_of(&counts, &rows[i])};
  }
  return ROW_COUNT;
}

uint64_t ktxn_metric_value(const ktxn_producer *producer, const char *name) {
  struct ktxn__counts counts;
  read_counts(producer, &counts);
  for (size_t i = 0; name && i < ROW_COUNT; i++) {
    if (strcmp(rows[i].name, name) == 0) {
      return value_of(&counts, &rows[i]);
    }
  }
  return 0;
}
