#include "tests/sim/choice.h"

#include <stdlib.h>

static uint64_t splitmix(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

void sim_choices_seed(struct sim_choices *choices, uint64_t seed) {
  uint64_t state = seed;
  choices->seed = seed;
  for (int i = 0; i < SIM_STREAMS; i++) {
    choices->state[i] = splitmix(&state);
    choices->lists[i].count = 0;
    choices->at[i] = 0;
  }
  choices->client_state = splitmix(&state);
  choices->playing = false;
}

void sim_choices_play(struct sim_choices *choices) {
  uint64_t state = choices->seed;
  for (int i = 0; i < SIM_STREAMS; i++) {
    splitmix(&state);
    choices->at[i] = 0;
  }
  choices->client_state = splitmix(&state);
  choices->recording = false;
  choices->playing = true;
}

void sim_choices_free(struct sim_choices *choices) {
  for (int i = 0; i < SIM_STREAMS; i++) {
    free(choices->lists[i].values);
    choices->lists[i] = (struct sim_list){NULL, 0, 0};
  }
}

static void record(struct sim_list *list, uint32_t value) {
  if (list->count == list->room) {
    list->room = list->room == 0 ? 1024 : list->room * 2;
    list->values = realloc(list->values, list->room * sizeof *list->values);
    if (list->values == NULL) {
      abort();
    }
  }
  list->values[list->count++] = value;
}

static uint32_t played(struct sim_choices *choices, enum sim_stream stream) {
  const struct sim_list *list = &choices->lists[stream];
  size_t at = choices->at[stream]++;
  return at < list->count ? list->values[at] : 0;
}

uint32_t sim_choose(struct sim_choices *choices, enum sim_stream stream, uint32_t n) {
  if (choices->playing) {
    return n == 0 ? 0 : played(choices, stream) % n;
  }
  uint32_t value = n <= 1 ? 0 : (uint32_t)((splitmix(&choices->state[stream]) >> 32) * n >> 32);
  if (choices->recording) {
    record(&choices->lists[stream], value);
  }
  return value;
}

bool sim_chance(struct sim_choices *choices, enum sim_stream stream, uint32_t per_million) {
  return per_million > 0 && sim_choose(choices, stream, 1000000) >= 1000000 - per_million;
}

int64_t sim_span(struct sim_choices *choices, enum sim_stream stream, int64_t low, int64_t high) {
  uint32_t doublings = 0;
  while (high > low && doublings < 40 && (low + 1) << (doublings + 1) <= high) {
    doublings++;
  }
  uint32_t steps = sim_choose(choices, stream, doublings * 8 + 1);
  int64_t base = (low + 1) << (steps / 8);
  int64_t value = base + base * (int64_t)(steps % 8) / 8 - 1;
  return value > high ? high : value;
}

uint64_t sim_random(struct sim_choices *choices) { return splitmix(&choices->client_state); }
