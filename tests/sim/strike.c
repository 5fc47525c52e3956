#include "tests/sim/world.h"

/* Faults that are chosen, not drawn: one request of the canonical workload, and what happens to it or around it. */

enum { LATE_US = 2500000 }; /* the request's timeout is over by then, the transaction's is not */

static void lost(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)world, (void)node, (void)api;
  fate->lost = true;
}

static void lost_and_closed(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)world, (void)node, (void)api;
  fate->lost = true;
  fate->close = true;
}

static void mute(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)world, (void)node, (void)api;
  fate->mute = true;
}

static void mute_and_closed(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)world, (void)node, (void)api;
  fate->mute = true;
  fate->close = true;
}

static void closed_behind(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)world, (void)node, (void)api;
  fate->close = true;
}

static void late(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)world, (void)node, (void)api;
  fate->after_us = LATE_US;
}

static void slow(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)world, (void)node, (void)api;
  fate->after_us = 700000;
}

static void throttled(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)world, (void)node, (void)api;
  fate->throttle_ms = 800;
}

static void first_code(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)world, (void)node;
  fate->code = sim_error(api, 0);
}

static void second_code(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)world, (void)node;
  fate->code = sim_error(api, 1);
}

static void third_code(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)world, (void)node;
  fate->code = sim_error(api, 2);
}

static void fourth_code(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)world, (void)node;
  fate->code = sim_error(api, 3);
}

static void fifth_code(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)world, (void)node;
  fate->code = sim_error(api, 4);
}

static void sixth_code(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)world, (void)node;
  fate->code = sim_error(api, 5);
}

/* What happens around the request happens a moment later: a node can't be taken away inside of its own hook. */
static void leaders_move(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)node, (void)api, (void)fate;
  sim_schedule(world, world->now_us, SIM_EVENT_STRIKE, SIM_AROUND_LEADERS, (uint32_t)node);
}

static void coordinators_move(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)api, (void)fate;
  sim_schedule(world, world->now_us, SIM_EVENT_STRIKE, SIM_AROUND_COORDINATORS, (uint32_t)node);
}

static void node_goes_down(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)api, (void)fate;
  sim_schedule(world, world->now_us, SIM_EVENT_STRIKE, SIM_AROUND_DOWN, (uint32_t)node);
}

static void process_is_killed(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  (void)api, (void)fate;
  sim_schedule(world, world->now_us, SIM_EVENT_STRIKE, SIM_AROUND_KILL, (uint32_t)node);
}

static const struct {
  const char *name;
  void (*apply)(struct sim_world *, int32_t, int16_t, struct ktxn__model_fate *);
} kinds[SIM_STRIKES] = {
    {"not applied, not answered", lost},
    {"not applied, the connection closed", lost_and_closed},
    {"applied, not answered", mute},
    {"applied, the connection closed", mute_and_closed},
    {"answered, the connection closed", closed_behind},
    {"answered after the request's timeout", late},
    {"answered just within the request's timeout", slow},
    {"throttled", throttled},
    {"its first error", first_code},
    {"its second error", second_code},
    {"its third error", third_code},
    {"its fourth error", fourth_code},
    {"its fifth error", fifth_code},
    {"its sixth error", sixth_code},
    {"the partitions' leaders move", leaders_move},
    {"the coordinators move", coordinators_move},
    {"the node goes down", node_goes_down},
    {"the process is killed", process_is_killed},
};

const char *sim_strike_name(uint32_t kind) { return kinds[kind].name; }

void sim_strike(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate) {
  for (int i = 0; i < 2; i++) {
    const struct sim_strike *strike = &world->sweep.strikes[i];
    if (strike->at == world->requests && !world->healed) {
      sim_tell(world, "strike: request %u (API %d): %s", strike->at, api, kinds[strike->kind].name);
      kinds[strike->kind].apply(world, node, api, fate);
    }
  }
}
