/*
 * Walks all orders of events around the transaction manager.
 *
 *   ktxn-explore SCOPE [--faults N] [--states N] [--txns N] [--brief 1]
 *   ktxn-explore --list
 *
 * Ends with 0 if every state that was reached is right, with 1 and the shortest story if one is not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore/world.h"

static const struct scope scopes[] = {
    {.name = "v1", .about = "V1, leaders verify", .epoch = 5, .txns = 2},
    {.name = "v1-unverified", .about = "V1, leaders do not verify", .unverified = true, .epoch = 5, .txns = 2},
    {.name = "v1-elapsed", .about = "V1, its timeout has always passed", .elapsed = true, .epoch = 5, .txns = 2},
    {.name = "v1-old", .about = "V1, not verified, no look", .unverified = true, .no_look = true, .epoch = 5, .txns = 2},
    {.name = "v1-last-epochs", .about = "V1, not verified, the epoch runs out", .unverified = true, .epoch = 32765, .txns = 2},
    {.name = "v2", .about = "V2", .v2 = true, .epoch = 5, .txns = 2},
    {.name = "v2-paced", .about = "V2, paced", .v2 = true, .paced = true, .epoch = 5, .txns = 2},
    {.name = "v2-mixed", .about = "V2, the successor speaks V1", .v2 = true, .v1_successor = true, .epoch = 5, .txns = 2},
};

struct scope scope;

static bool pick(const char *name) {
  for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
    if (strcmp(scopes[i].name, name) != 0) continue;
    scope = scopes[i];
    return true;
  }
  return false;
}

static int list(void) {
  for (size_t i = 0; i < sizeof scopes / sizeof scopes[0]; i++) printf("%-16s %s\n", scopes[i].name, scopes[i].about);
  return 0;
}

static int usage(void) {
  fprintf(stderr, "usage: ktxn-explore SCOPE [--faults N] [--states N] [--txns N] [--brief 1] | --list\n");
  return 2;
}

int main(int argc, char **argv) {
  struct search_limits limits = {.faults = 2, .states = UINT64_MAX};
  if (argc == 2 && strcmp(argv[1], "--list") == 0) return list();
  if (argc < 2 || argc % 2 != 0 || !pick(argv[1])) return usage();
  for (int i = 2; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--faults") == 0)
      limits.faults = (uint8_t)atoi(argv[i + 1]);
    else if (strcmp(argv[i], "--states") == 0)
      limits.states = strtoull(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--brief") == 0)
      limits.brief = atoi(argv[i + 1]) != 0;
    else if (strcmp(argv[i], "--txns") == 0)
      scope.txns = (uint8_t)atoi(argv[i + 1]);
    else
      return usage();
  }
  if (scope.txns < 1 || scope.txns > TXNS_MAX || ktxn__txn_size(PARTS, 0) > sizeof(uint64_t) * BLOCK_WORDS) return usage();
  return search_run(&limits) ? 0 : 1;
}
