#include <stdio.h>

#include "tests/sim/world.h"

/*
 * Every single fault at every request of the canonical workload, in both protocols, with and without aborts; or every pair of
 * faults, which takes hours.
 */

enum { SEED = 7 };

static bool run_one(struct sim_world *world) {
  sim_choices_seed(&world->choices, SEED);
  if (sim_world_run(world)) {
    return true;
  }
  printf("sweep, protocol %d%s: %s\n", world->sweep.v2 ? 2 : 1, world->sweep.aborts ? ", with aborts" : "", world->violation);
  for (int i = 0; i < 2; i++) {
    if (world->sweep.strikes[i].at > 0) {
      printf("  request %u: %s\n", world->sweep.strikes[i].at, sim_strike_name(world->sweep.strikes[i].kind));
    }
  }
  return false;
}

/* How many requests the workload has when nothing happens. */
static uint32_t count_requests(struct sim_world *world) {
  world->sweep.strikes[0] = world->sweep.strikes[1] = (struct sim_strike){0, 0};
  return run_one(world) ? world->requests : 0;
}

static bool second_strikes(struct sim_world *world, uint32_t requests) {
  for (uint32_t at = world->sweep.strikes[0].at + 1; at <= requests; at++) {
    for (uint32_t kind = 0; kind < SIM_STRIKES; kind++) {
      world->sweep.strikes[1] = (struct sim_strike){at, kind};
      if (!run_one(world)) {
        return false;
      }
    }
  }
  return true;
}

static bool first_strikes(struct sim_world *world, bool pairs) {
  uint32_t requests = count_requests(world);
  for (uint32_t at = 1; at <= requests; at++) {
    for (uint32_t kind = 0; kind < SIM_STRIKES; kind++) {
      world->sweep.strikes[0] = (struct sim_strike){at, kind};
      world->sweep.strikes[1] = (struct sim_strike){0, 0};
      if (pairs ? !second_strikes(world, requests) : !run_one(world)) {
        return false;
      }
    }
  }
  printf("protocol %d%s: %u requests, %d faults at each\n", world->sweep.v2 ? 2 : 1, world->sweep.aborts ? ", with aborts" : "", requests,
         SIM_STRIKES);
  return requests > 0;
}

/* How many allocations the first client makes when none fails. */
static uint32_t count_allocations(struct sim_world *world) {
  enum { MANY = 1000000 };
  uint64_t before = world->stats->allocations;
  world->sweep.alloc = MANY;
  world->sweep.alloc_on = false;
  return run_one(world) ? (uint32_t)(world->stats->allocations - before) : 0;
}

bool sim_sweep_alloc(struct sim_world *world) {
  world->sweep.on = true;
  for (int i = 0; i < 4; i++) {
    world->sweep.v2 = i & 1;
    world->sweep.aborts = i & 2;
    uint32_t count = count_allocations(world);
    for (uint32_t at = 1; at <= count; at++) {
      world->sweep.alloc = at;
      for (int on = 0; on < 2; on++) {
        world->sweep.alloc_on = on;
        if (!run_one(world)) {
          printf("  allocation %u%s\n", at, on ? " and what follows" : "");
          return false;
        }
      }
    }
    printf("protocol %d%s: %u allocations\n", world->sweep.v2 ? 2 : 1, world->sweep.aborts ? ", with aborts" : "", count);
  }
  return true;
}

bool sim_sweep_run(struct sim_world *world, bool pairs) {
  world->sweep.on = true;
  for (int i = 0; i < 4; i++) {
    world->sweep.v2 = i & 1;
    world->sweep.aborts = i & 2;
    if (!first_strikes(world, pairs)) {
      return false;
    }
  }
  return true;
}
