#include <stdlib.h>
#include <string.h>

#include "tests/sim/places.h"
#include "tests/sim/world.h"

/*
 * A TxnOffsetCommit that the network holds up on purpose, on its way to the successor of a coordinator that is cut off, until another
 * transaction registers its group there: what comes late by chance (net.c) comes between two transactions too rarely.
 */

enum { FRAME_HEAD = 6, RELEASE_MOST_US = 20000 };

static bool is_offset_commit(const uint8_t *frame, size_t size) {
  return size > FRAME_HEAD && frame[4] == 0 && frame[5] == KTXN__MODEL_TXN_OFFSET_COMMIT;
}

bool sim_held_keeps(const struct sim_world *world, uint32_t conn) { return world->held.bytes != NULL && world->held.conn == conn; }

bool sim_held_take(struct sim_world *world, uint32_t conn, const uint8_t *bytes, size_t size) {
  if (sim_held_keeps(world, conn)) {
    return true; /* what comes behind it on the same connection never arrives */
  }
  if (world->options.held == 0 || world->healed || world->held.bytes != NULL || world->conns[conn].node != world->usurper ||
      !is_offset_commit(bytes, size) || !sim_chance(&world->choices, SIM_NET, world->options.held)) {
    return false;
  }
  sim_tell(world, "a TxnOffsetCommit to node %d is held up", (int)world->conns[conn].node);
  world->held = (struct sim_held){.bytes = malloc(size), .size = size, .conn = conn};
  memcpy(world->held.bytes, bytes, size);
  return true;
}

void sim_held_drop(struct sim_world *world) {
  free(world->held.bytes);
  world->held.bytes = NULL;
}

void sim_held_note(struct sim_world *world, int32_t node, const struct ktxn__model_request *request) {
  if (world->held.bytes == NULL || request->api != KTXN__MODEL_ADD_OFFSETS_TO_TXN || world->conns[world->held.conn].node != node ||
      sim_choose(&world->choices, SIM_NET, 2) == 0) {
    return;
  }
  int64_t after_us = sim_span(&world->choices, SIM_NET, 100, RELEASE_MOST_US);
  sim_schedule(world, world->now_us + after_us, SIM_EVENT_STRIKE, SIM_AROUND_RELEASE, (uint32_t)node);
}

void sim_held_release(struct sim_world *world) {
  if (world->held.bytes == NULL) {
    return;
  }
  struct sim_held held = world->held;
  world->held.bytes = NULL;
  struct ktxn__front_link *link = world->conns[held.conn].link;
  if (link != NULL && world->node_up[world->conns[held.conn].node]) {
    sim_tell(world, "the TxnOffsetCommit that was held up arrives");
    sim_places_fault(SIM_FAULT_HELD);
    ktxn__front_feed(link, world->now_us, (struct ktxn__span){held.bytes, held.size});
  }
  free(held.bytes);
}
