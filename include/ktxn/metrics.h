#ifndef KTXN_METRICS_H
#define KTXN_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "ktxn/client.h"
#include "ktxn/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One number of a producer. All strings are static; names don't change between versions. docs/METRICS.md lists them. */
typedef struct ktxn_metric {
  const char *name; /**< such as "txn-committed-total" */
  const char *unit; /**< "records", "bytes", "us", ...: what `value` counts */
  const char *text; /**< what it tells, a sentence */
  uint64_t value;   /**< since the producer was made; never goes down */
} ktxn_metric;

/**
 * Writes the first `max` metrics of a producer to `metrics`, always in the same order, and returns how many there are
 * (which may be more than `max`; the next version may have more). They belong together: all are of one moment, and what
 * an init, send-offsets, commit, abort, flush or close has done is in them when that call has returned or its event is
 * there. What only send and begin have done comes a moment later.
 * `producer`: NULL = only names, units and texts, every value 0. `metrics`: may be NULL if `max` is 0.
 * Any thread, also inside a delivery callback. Never blocks longer than it takes to copy the numbers.
 */
KTXN_API size_t ktxn_metrics(const ktxn_producer *producer, ktxn_metric *metrics, size_t max);

/** The value of one metric by its name, as above; 0 if there is none of that name, or `producer` is NULL. */
KTXN_API uint64_t ktxn_metric_value(const ktxn_producer *producer, const char *name);

#ifdef __cplusplus
}
#endif

#endif
