#ifndef KTXN_TESTS_SIM_CHOICE_H
#define KTXN_TESTS_SIM_CHOICE_H

/*
 * Every decision of a simulated run. A seed makes them, one stream for each purpose, so that a run with one fault less keeps
 * the others. A run can be recorded as lists of choices and played from them: 0 is always the mildest choice, and a list
 * that has come to its end goes on with 0, so that shorter lists make shorter stories.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sim_stream {
  SIM_OPTIONS, /* what kind of run this is */
  SIM_NET,     /* delays, cuts, pieces */
  SIM_BROKER,  /* what becomes of a request at a node, how long things take there */
  SIM_APP,     /* what the application does */
  SIM_FAULT,   /* what happens to nodes and processes */
  SIM_STREAMS
};

struct sim_list {
  uint32_t *values;
  size_t count;
  size_t room;
};

struct sim_choices {
  uint64_t seed;
  uint64_t state[SIM_STREAMS];
  uint64_t client_state; /* the clients' own random numbers; not choices */
  bool recording;
  bool playing;
  struct sim_list lists[SIM_STREAMS];
  size_t at[SIM_STREAMS];
};

void sim_choices_seed(struct sim_choices *choices, uint64_t seed);
/** Plays what `choices` has recorded, from its beginning. */
void sim_choices_play(struct sim_choices *choices);
void sim_choices_free(struct sim_choices *choices);

/** 0 to n - 1. */
uint32_t sim_choose(struct sim_choices *choices, enum sim_stream stream, uint32_t n);
/** True `per_million` times in a million; false is the mild choice. */
bool sim_chance(struct sim_choices *choices, enum sim_stream stream, uint32_t per_million);
/** From `low` to about `high`, small ones as likely as large ones; `low` is the mild choice. */
int64_t sim_span(struct sim_choices *choices, enum sim_stream stream, int64_t low, int64_t high);
/** For the clients. */
uint64_t sim_random(struct sim_choices *choices);

#endif
