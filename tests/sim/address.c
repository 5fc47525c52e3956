#include "tests/sim/places.h"
#include "tests/sim/world.h"

/*
 * Names and what they point to. Each node lives at one of a few addresses, and may come back at another. A name is late or not there,
 * tells of addresses where nobody is any more, or of those alone.
 */

enum { HOMES = 3, HOME_BITS = 2, PORT_FIRST = 9000, NAMED_MOST = 3 };

static bool bad(struct sim_world *world, uint32_t chance) { return !world->healed && sim_chance(&world->choices, SIM_NET, chance); }

void sim_address_move(struct sim_world *world, int32_t node) {
  if (bad(world, world->options.addresses > 0 ? 500000 : 0)) {
    sim_places_fault(SIM_FAULT_MOVED);
    world->home[node] = (world->home[node] + 1) % HOMES;
    sim_tell(world, "node %d has another address", (int)node);
  }
}

bool sim_address_right(const struct sim_world *world, const struct ktxn__address *address) {
  int32_t node = address->port - PORT_FIRST;
  return node >= 0 && node < world->options.nodes && address->bytes[3] == 1 + world->home[node];
}

int32_t sim_address_node(const struct ktxn__address *address) { return address->port - PORT_FIRST; }

/* The addresses of an answer, two bits each, from 1, the first in the lowest. */
static uint32_t before(uint32_t named, uint32_t home) { return named << HOME_BITS | (home + 1); }

/* The node's own, or others with it in front, behind them, or not among them. */
static uint32_t draw_named(struct sim_world *world, uint32_t home) {
  if (!bad(world, world->options.addresses)) {
    return before(0, home);
  }
  sim_places_fault(SIM_FAULT_ADDRESSES);
  uint32_t place = sim_choose(&world->choices, SIM_NET, 3);
  uint32_t others = 1 + sim_choose(&world->choices, SIM_NET, HOMES - 1);
  uint32_t named = place == 1 ? before(0, home) : 0;
  for (uint32_t i = 1; i <= others; i++) {
    named = before(named, (home + i) % HOMES);
  }
  return place == 0 ? before(named, home) : named;
}

void sim_address_resolve(void *ctx, uint32_t token, const char *host, uint16_t port) {
  struct sim_client *client = ctx;
  struct sim_world *world = client->world;
  (void)host;
  if (client->dying) {
    return;
  }
  bool late = bad(world, world->options.no_name);
  int64_t after_us = late ? sim_span(&world->choices, SIM_NET, 1000, 30000000) : 1;
  bool none = late && sim_choose(&world->choices, SIM_NET, 2) == 1;
  if (none) {
    sim_places_fault(SIM_FAULT_NO_NAME);
  }
  int32_t node = port - PORT_FIRST; /* a hostile node may have named any */
  uint32_t named = none ? 0 : draw_named(world, node >= 0 && node < world->options.nodes ? world->home[node] : 0);
  sim_schedule(world, world->now_us + after_us, SIM_EVENT_RESOLVED, (uint32_t)client->index | (uint32_t)port << 8 | named << 24, token);
}

void sim_address_resolved(struct sim_world *world, uint32_t a, uint32_t token) {
  struct sim_client *client = &world->clients[a & 255];
  struct ktxn__address addresses[NAMED_MOST];
  uint32_t count = 0;
  for (uint32_t named = a >> 24; named != 0; named >>= HOME_BITS) {
    uint8_t last = (uint8_t)(named & ((1 << HOME_BITS) - 1));
    addresses[count++] = (struct ktxn__address){.family = 4, .bytes = {127, 0, 0, last}, .port = (uint16_t)(a >> 8)};
  }
  if (client->alive) {
    const char *why = count == 0 ? "Name or service not known" : NULL;
    ktxn__engine_resolved(client->engine, token, addresses, count, why, sim_client_now(client));
    sim_client_soon(client);
  }
}
