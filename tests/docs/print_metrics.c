/* Prints docs/METRICS.md from the table of metrics. */
#include <stdio.h>

#include "ktxn/metrics.h"

enum { METRICS_MAX = 100 };

int main(void) {
  static ktxn_metric metrics[METRICS_MAX];
  size_t count = ktxn_metrics(NULL, metrics, METRICS_MAX);
  printf("# Metrics\n\n"
         "What a producer counts, from its start on; no number ever goes down. `ktxn_metrics()` gives all of them at one\n"
         "moment, `ktxn_metric_value()` one by its name (`include/ktxn/metrics.h`). A shared client has no numbers of its\n"
         "own: add up its producers'.\n\n"
         "This page is printed from the table in `sdk/engine/counts.h` by `print_metrics`, and a test compares the two.\n\n"
         "| name | counts | what |\n| --- | --- | --- |\n");
  for (size_t i = 0; i < count && i < METRICS_MAX; i++) {
    printf("| `%s` | %s | %s |\n", metrics[i].name, metrics[i].unit, metrics[i].text);
  }
  printf("\nThe last four count how often a limit that no client can remove (docs/TRANSACTIONS.md, \"What no client can\n"
         "promise\") was come near to. One of these limits leaves no trace: a successor that takes over just before our\n"
         "own abort on V2 makes an abort that looks like any other.\n");
  return 0;
}
