#include "tests/sim/shrink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/case.h"

/*
 * Shrinking: the run as lists of choices, in which spans are made mild (0) or taken out, as long as a violation of the same
 * invariant stays. At most RUNS_MAX runs.
 */

#define RUNS_MAX 5000

struct shrinker {
  struct sim_world *world;
  char kind[8]; /* the invariant: what stands before the colon */
  int runs;
};

static bool still_fails(struct shrinker *s) {
  s->runs++;
  sim_choices_play(&s->world->choices);
  return !sim_world_run(s->world) && strncmp(s->world->violation, s->kind, strlen(s->kind)) == 0;
}

static void copy_list(struct sim_list *to, const struct sim_list *from) {
  if (to->room < from->count) {
    to->values = realloc(to->values, from->count * sizeof *to->values);
    to->room = from->count;
  }
  memcpy(to->values, from->values, from->count * sizeof *to->values);
  to->count = from->count;
}

static void make_mild(struct sim_list *list, size_t at, size_t size) { memset(list->values + at, 0, size * sizeof *list->values); }

static void take_out(struct sim_list *list, size_t at, size_t size) {
  memmove(list->values + at, list->values + at + size, (list->count - at - size) * sizeof *list->values);
  list->count -= size;
}

static bool all_mild(const struct sim_list *list, size_t at, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if (list->values[at + i] != 0) {
      return false;
    }
  }
  return true;
}

/* One pass over one list with spans of one size. True: something was gained. */
static bool pass(struct shrinker *s, struct sim_list *list, size_t size, void (*change)(struct sim_list *, size_t, size_t)) {
  struct sim_list before = {NULL, 0, 0};
  bool gained = false;
  for (size_t at = 0; at + size <= list->count && s->runs < RUNS_MAX;) {
    if (change == make_mild && all_mild(list, at, size)) {
      at += size;
      continue;
    }
    copy_list(&before, list);
    change(list, at, size);
    if (still_fails(s)) {
      gained = true;
      at += change == make_mild ? size : 0;
    } else {
      copy_list(list, &before);
      at += size;
    }
  }
  free(before.values);
  return gained;
}

static bool pass_all(struct shrinker *s, size_t size) {
  bool gained = false;
  for (int stream = SIM_STREAMS - 1; stream > SIM_OPTIONS; stream--) {
    struct sim_list *list = &s->world->choices.lists[stream];
    gained = pass(s, list, size, make_mild) || gained;
    gained = pass(s, list, size, take_out) || gained;
  }
  return pass(s, &s->world->choices.lists[SIM_OPTIONS], 1, make_mild) || gained;
}

void sim_shrink(struct sim_world *world, uint64_t seed, const char *save) {
  struct shrinker s = {.world = world};
  bool trace = world->trace;
  snprintf(s.kind, sizeof s.kind, "%.*s", (int)strcspn(world->violation, ":"), world->violation);
  world->trace = false;
  sim_choices_seed(&world->choices, seed);
  world->choices.recording = true;
  sim_world_run(world);
  if (!still_fails(&s)) {
    printf("the recorded run does not fail in the same way\n");
    return;
  }
  for (size_t size = 4096; size > 0 && s.runs < RUNS_MAX; size = size > 1 ? size / 4 : 0) {
    while (pass_all(&s, size) && size > 1 && s.runs < RUNS_MAX) {
    }
  }
  world->trace = true;
  still_fails(&s);
  world->trace = trace;
  printf("shrunk in %d runs: %s\n", s.runs, world->violation);
  sim_options_print(&world->options);
  if (save != NULL && !sim_case_write(save, &world->choices, world->violation, world->hostile)) {
    perror(save);
  } else if (save != NULL) {
    printf("again: ktxn-sim --play %s --trace\nIn tests/sim/cases/ it is a test.\n", save);
  }
}
