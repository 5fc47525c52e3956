#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sim/case.h"
#include "tests/sim/places.h"
#include "tests/sim/shrink.h"
#include "tests/sim/world.h"

/*
 * ktxn-sim: attacks the production client with every fault, in virtual time, from one seed.
 *
 *   ktxn-sim [--seed N] [--runs N | --transactions N | --seconds N] [--trace] [--shrink [--save FILE]] [--verbose]
 *   ktxn-sim --sweep | --pairs | --alloc [--trace]
 *   ktxn-sim --hostile ...
 *   ktxn-sim --play FILE [--trace]                 a run that was written by --shrink --save FILE
 *   ktxn-sim ... --print-places | --places FILE    where the runs have come to; FILE names the places that must be reached
 *
 * Each run has a seed of its own: the first is N (default 1), then N + 1 and so on. The first violation ends the program
 * with 1, after it has printed the options of that run and the command that repeats it. --sweep: nothing is drawn; each
 * fault hits each request of a canonical workload, or with --pairs each two of them; --alloc: each allocation fails.
 * --hostile: what nodes say is spoilt on the way (hostile.c).
 */

struct arguments {
  uint64_t seed, runs, transactions;
  double seconds;
  bool trace, shrink, verbose, sweep, pairs, alloc, hostile, print_places;
  const char *places, *save, *play;
};

static double now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool parse_number(char **argv, int *i, const char *name, uint64_t *value) {
  if (strcmp(argv[*i], name) != 0 || argv[*i + 1] == NULL) {
    return false;
  }
  char *end;
  *value = strtoull(argv[++*i], &end, 0);
  return *end == '\0';
}

static bool parse_text(char **argv, int *i, const char *name, const char **value) {
  if (strcmp(argv[*i], name) != 0 || argv[*i + 1] == NULL) {
    return false;
  }
  *value = argv[++*i];
  return true;
}

static bool parse_one(int *i, char **argv, struct arguments *a) {
  uint64_t seconds = 0;
  if (strcmp(argv[*i], "--trace") == 0) {
    return a->trace = true;
  }
  if (strcmp(argv[*i], "--sweep") == 0) {
    return a->sweep = true;
  }
  if (strcmp(argv[*i], "--print-places") == 0) {
    return a->print_places = true;
  }
  if (parse_text(argv, i, "--places", &a->places) || parse_text(argv, i, "--save", &a->save) ||
      parse_text(argv, i, "--play", &a->play)) {
    return true;
  }
  if (strcmp(argv[*i], "--pairs") == 0) {
    return a->sweep = a->pairs = true;
  }
  if (strcmp(argv[*i], "--alloc") == 0) {
    return a->sweep = a->alloc = true;
  }
  if (strcmp(argv[*i], "--hostile") == 0) {
    return a->hostile = true;
  }
  if (strcmp(argv[*i], "--shrink") == 0) {
    return a->shrink = true;
  }
  if (strcmp(argv[*i], "--verbose") == 0) {
    return a->verbose = true;
  }
  if (parse_number(argv, i, "--seconds", &seconds)) {
    a->seconds = (double)seconds;
    return true;
  }
  return parse_number(argv, i, "--seed", &a->seed) || parse_number(argv, i, "--runs", &a->runs) ||
         parse_number(argv, i, "--transactions", &a->transactions);
}

static bool parse(int argc, char **argv, struct arguments *a) {
  *a = (struct arguments){.seed = 1};
  for (int i = 1; i < argc; i++) {
    if (!parse_one(&i, argv, a)) {
      return false;
    }
  }
  if (a->runs == 0 && a->transactions == 0 && a->seconds == 0) {
    a->runs = 1;
  }
  return true;
}

static bool enough(const struct arguments *a, const struct sim_stats *stats, double began_s) {
  return (a->runs > 0 && stats->runs >= a->runs) || (a->transactions > 0 && stats->transactions >= a->transactions) ||
         (a->seconds > 0 && now_s() - began_s >= a->seconds);
}

static void print_stats(const struct sim_stats *s, double seconds) {
  printf("%llu runs, %llu transactions (%.0f a second): %llu committed, %llu not, %llu in doubt, %llu never told\n",
         (unsigned long long)s->runs, (unsigned long long)s->transactions, (double)s->transactions / seconds,
         (unsigned long long)s->committed, (unsigned long long)s->aborted, (unsigned long long)s->in_doubt,
         (unsigned long long)s->unknown);
  printf("%llu events, %llu requests, %llu faults of the cluster, %llu of processes, %llu late writes, %llu producers ended\n",
         (unsigned long long)s->events, (unsigned long long)s->requests, (unsigned long long)s->faults,
         (unsigned long long)s->killed, (unsigned long long)s->late, (unsigned long long)s->fatal);
  printf("%llu answers spoilt, %llu times no memory; not judged: %llu limits of protocol 1, %llu processes for which a run had no room\n",
         (unsigned long long)s->spoilt, (unsigned long long)s->starved, (unsigned long long)s->limits,
         (unsigned long long)s->exhausted);
}

/* One run in a hundred is done twice, and must be the same in everything that happens. */
static bool runs_alike(struct sim_world *world, uint64_t seed) {
  uint64_t hash = world->hash;
  struct sim_stats kept = *world->stats;
  sim_choices_seed(&world->choices, seed);
  bool well = sim_world_run(world);
  *world->stats = kept;
  if (well && world->hash != hash) {
    snprintf(world->violation, sizeof world->violation, "determinism: the same seed ran %016llx, then %016llx",
             (unsigned long long)hash, (unsigned long long)world->hash);
    return false;
  }
  return well;
}

static void print_violation(struct sim_world *world, uint64_t seed) {
  printf("seed %llu: %s\n", (unsigned long long)seed, world->violation);
  sim_options_print(&world->options);
  printf("again: ktxn-sim --seed %llu%s --trace\n", (unsigned long long)seed, world->hostile ? " --hostile" : "");
}

/* A run out of a file: 0 it is well, 1 it is not, 2 it can't be read. */
static int play(struct sim_world *world, const char *path) {
  if (!sim_case_read(path, &world->choices, &world->hostile)) {
    return 2;
  }
  sim_choices_play(&world->choices);
  bool well = sim_world_run(world);
  printf("%s: %s\n", path, well ? "well" : world->violation);
  sim_options_print(&world->options);
  return well ? 0 : 1;
}

int main(int argc, char **argv) {
  struct arguments a;
  if (!parse(argc, argv, &a)) {
    fprintf(stderr, "usage: ktxn-sim [--seed N] [--runs N | --transactions N | --seconds N] [--sweep | --pairs | --alloc]\n"
                    "                [--hostile] [--trace] [--shrink [--save FILE]] [--verbose]\n"
                    "                [--play FILE] [--print-places | --places FILE]\n");
    return 2;
  }
  struct sim_stats stats = {0};
  struct sim_world *world = sim_world_new(&stats);
  double began_s = now_s();
  bool well = true;
  world->trace = a.trace;
  world->hostile = a.hostile;
  if (a.play != NULL) {
    int code = play(world, a.play);
    sim_world_free(world);
    return code;
  }
  well = !a.sweep || (a.alloc ? sim_sweep_alloc(world) : sim_sweep_run(world, a.pairs));
  for (uint64_t seed = a.seed; !a.sweep && well && !enough(&a, &stats, began_s); seed++) {
    sim_choices_seed(&world->choices, seed);
    well = sim_world_run(world);
    well = well && (seed % 100 != 0 || runs_alike(world, seed));
    if (a.verbose) {
      printf("seed %llu: %016llx\n", (unsigned long long)seed, (unsigned long long)world->hash);
    }
    if (!well) {
      print_violation(world, seed);
    }
    if (!well && a.shrink) {
      sim_shrink(world, seed, a.save);
    }
  }
  print_stats(&stats, now_s() - began_s);
  if (a.print_places) {
    sim_places_print();
  }
  well = (a.places == NULL || sim_places_check(a.places)) && well;
  sim_world_free(world);
  return well ? 0 : 1;
}
