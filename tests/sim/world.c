#include "tests/sim/world.h"

#include "tests/mix.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Virtual time: a heap of events, and the course of one run. */

#define EVENTS_MAX 2000000        /* of one run: more is work without end */
#define SETTLE_US INT64_C(900000000) /* after the last fault everything must have come to its end */

/* S1 to S7 and the contract: they ask what the logs hold, which a hostile cluster makes meaningless. */
static bool is_of_outcomes(const char *format) {
  return (format[0] == 'S' && format[1] >= '1' && format[1] <= '7' && format[2] == ':') || strncmp(format, "contract", 8) == 0;
}

void sim_violate(struct sim_world *world, const char *format, ...) {
  va_list arguments;
  if (world->violated || (world->options.hostile > 0 && is_of_outcomes(format))) {
    return;
  }
  world->violated = true;
  va_start(arguments, format);
  vsnprintf(world->violation, sizeof world->violation, format, arguments);
  va_end(arguments);
  sim_tell(world, "VIOLATION: %s", world->violation);
}

void sim_tell(struct sim_world *world, const char *format, ...) {
  va_list arguments;
  if (!world->trace) {
    return;
  }
  printf("%12.6f  ", (double)world->now_us / 1e6);
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
}

/* ---- the heap -------------------------------------------------------------------------------------------------------- */

static bool before(const struct sim_event *a, const struct sim_event *b) {
  return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void push(struct sim_world *world, struct sim_event event) {
  if (world->heap_count == world->heap_room) {
    world->heap_room = world->heap_room == 0 ? 1024 : world->heap_room * 2;
    world->heap = realloc(world->heap, world->heap_room * sizeof *world->heap);
    if (world->heap == NULL) {
      abort();
    }
  }
  world->order++;
  size_t at = world->heap_count++;
  for (; at > 0 && before(&event, &world->heap[(at - 1) / 2]); at = (at - 1) / 2) {
    world->heap[at] = world->heap[(at - 1) / 2];
  }
  world->heap[at] = event;
}

static struct sim_event pop(struct sim_world *world) {
  struct sim_event first = world->heap[0];
  struct sim_event last = world->heap[--world->heap_count];
  size_t at = 0;
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= world->heap_count) {
      break;
    }
    child += child + 1 < world->heap_count && before(&world->heap[child + 1], &world->heap[child]);
    if (!before(&world->heap[child], &last)) {
      break;
    }
    world->heap[at] = world->heap[child];
    at = child;
  }
  if (world->heap_count > 0) {
    world->heap[at] = last;
  }
  return first;
}

void sim_schedule(struct sim_world *world, int64_t at_us, enum sim_event_type type, uint32_t a, uint32_t b) {
  push(world, (struct sim_event){at_us, world->order, world->order, type, a, b, NULL, 0});
}

static uint8_t *copy_of(const uint8_t *bytes, size_t size) {
  uint8_t *copy = malloc(size + 1);
  if (copy == NULL) {
    abort();
  }
  memcpy(copy, bytes, size);
  return copy;
}

void sim_schedule_bytes(struct sim_world *world, int64_t at_us, enum sim_event_type type, uint32_t a, const uint8_t *bytes,
                        size_t size) {
  push(world, (struct sim_event){at_us, world->order, world->order, type, a, 0, copy_of(bytes, size), size});
}

void sim_schedule_again(struct sim_world *world, int64_t at_us, const struct sim_event *event) {
  uint8_t *bytes = event->bytes == NULL ? NULL : copy_of(event->bytes, event->size);
  push(world, (struct sim_event){at_us, world->order, event->born, event->type, event->a, event->b, bytes, event->size});
}

/* ---- a run ----------------------------------------------------------------------------------------------------------- */

static void on_front(struct sim_world *world) {
  if (world->front_us <= world->now_us) {
    sim_net_pump(world);
  }
}

/* Of a cluster in which nothing happens by itself, only the end. */
static int64_t next_fault_us(const struct sim_world *world) {
  const struct sim_options *o = &world->options;
  bool any = o->cluster_fault > 0 || o->process_fault > 0 || o->level_change > 0 || o->no_memory > 0;
  return any ? world->now_us + o->fault_period_us : o->heal_us;
}

static void on_fault(struct sim_world *world) {
  if (world->healed) {
    return;
  }
  if (world->now_us >= world->options.heal_us) {
    sim_cluster_heal(world);
    return;
  }
  if (sim_cluster_fault(world)) {
    sim_net_pump(world);
  }
  sim_schedule(world, next_fault_us(world), SIM_EVENT_FAULT, 0, 0);
}

/* What happens, when, to whom, with which bytes: two runs of a seed must agree in all of it. */
static void watch(struct sim_world *world, const struct sim_event *event) {
  uint64_t words[3] = {(uint64_t)event->at_us, (uint64_t)event->type << 32 | event->a, (uint64_t)event->b << 32 | event->size};
  world->hash = mix(mix(world->hash, words, sizeof words), event->bytes, event->size);
}

static void handle(struct sim_world *world, const struct sim_event *event) {
  watch(world, event);
  switch (event->type) {
    case SIM_EVENT_CONNECT:
      sim_net_connect(world, event->a);
      return;
    case SIM_EVENT_TO_NODE:
      sim_net_to_node(world, event->a, event->bytes, event->size);
      return;
    case SIM_EVENT_TO_CLIENT:
      sim_net_to_client(world, event);
      return;
    case SIM_EVENT_CLIENT_CLOSED:
      sim_net_client_closed(world, event->a);
      return;
    case SIM_EVENT_NODE_CLOSED:
      sim_net_node_closed(world, event);
      return;
    case SIM_EVENT_RESOLVED:
      sim_address_resolved(world, event->a, event->b);
      return;
    case SIM_EVENT_WRITABLE:
      sim_net_writable(world, event->a);
      return;
    case SIM_EVENT_CLIENT:
      sim_client_run(world, (int32_t)event->a);
      return;
    case SIM_EVENT_FRONT:
      on_front(world);
      return;
    case SIM_EVENT_FAULT:
      on_fault(world);
      return;
    case SIM_EVENT_STRIKE:
      sim_cluster_around(world, event->a, (int32_t)event->b);
      return;
    case SIM_EVENT_REPAIR:
      sim_cluster_repair(world, event->a, event->b);
      return;
  }
}

static bool anybody(const struct sim_world *world) {
  for (int32_t i = 0; i < world->client_count; i++) {
    if (world->clients[i].alive) {
      return true;
    }
  }
  return false;
}

/* Runs until no client is left, or until the cluster has been well for long enough. */
static void run_events(struct sim_world *world, int64_t limit_us) {
  uint64_t events = 0;
  while (world->heap_count > 0 && !world->violated && anybody(world)) {
    struct sim_event event = pop(world);
    world->now_us = event.at_us > world->now_us ? event.at_us : world->now_us;
    if (world->now_us > limit_us || ++events > EVENTS_MAX) {
      sim_violate(world, "liveness: not at its end %s", events > EVENTS_MAX ? "after two million events" : "in time");
    }
    handle(world, &event);
    free(event.bytes);
  }
  world->stats->events += events;
}

static void name_the_stuck(struct sim_world *world) {
  size_t used = strlen(world->violation);
  for (int32_t i = 0; i < world->client_count; i++) {
    const struct sim_client *client = &world->clients[i];
    if (client->alive && used + 40 < sizeof world->violation) {
      used += (size_t)snprintf(world->violation + used, sizeof world->violation - used, "; client %d at step %d", (int)i, client->step);
    }
  }
}

/* What is still under way: bytes that were held, markers, transactions that nobody ends, those of late bytes too. */
static void settle(struct sim_world *world) {
  int64_t end_us = world->now_us + SIM_HELD_MOST_US + world->options.transaction_timeout_ms * 2000 + 30000000;
  sim_net_pump(world);
  while (world->heap_count > 0 && world->heap[0].at_us <= end_us && !world->violated) {
    struct sim_event event = pop(world);
    world->now_us = event.at_us > world->now_us ? event.at_us : world->now_us;
    handle(world, &event);
    free(event.bytes);
  }
}

/* A transaction for each id, in a cluster that is well: whatever happened before, it must come through; and where nothing is late any
 * more, by the first producer. */
static void prove(struct sim_world *world, bool settled) {
  bool first = settled && world->options.level_change == 0 && world->options.hostile == 0;
  memset(world->proved, 0, sizeof world->proved);
  for (int32_t id = 0; id < world->options.ids && !world->violated; id++) {
    int32_t before = world->client_count;
    sim_client_start(world, id, true);
    run_events(world, world->now_us + SETTLE_US);
    if (!world->proved[id] && !world->violated) {
      sim_violate(world, "liveness: no transaction of id-%d comes through in a healthy cluster", (int)id);
    }
    if (first && world->client_count - before > 1 && !world->violated) {
      sim_violate(world, "liveness: the first producer of id-%d in a healthy cluster ends", (int)id);
    }
  }
}

static void clear(struct sim_world *world) {
  for (int32_t i = 0; i < world->client_count; i++) {
    sim_client_kill(world, i);
  }
  while (world->heap_count > 0) {
    struct sim_event event = pop(world);
    free(event.bytes);
  }
  sim_held_drop(world);
  ktxn__front_free(world->front);
  ktxn__model_free(world->model);
  world->front = NULL;
  world->model = NULL;
}

static void begin(struct sim_world *world) {
  world->now_us = 0;
  world->order = 0;
  world->healed = false;
  world->violated = false;
  world->violation[0] = '\0';
  world->conn_count = 0;
  world->client_count = 0;
  world->txn_count = 0;
  world->pid_count = 0;
  memset(world->aborted_us, 0xff, sizeof world->aborted_us);
  world->letter_count = 0;
  world->front_us = INT64_MAX;
  world->hide_from_us = 0;
  world->hash = UINT64_C(0xcbf29ce484222325);
  memset(world->home, 0, sizeof world->home);
  memset(world->newest, 0, sizeof world->newest);
  memset(world->loose, 0, sizeof world->loose);
  memset(world->next_offset, 0, sizeof world->next_offset);
  world->requests = 0;
  if (world->sweep.on) {
    sim_options_canonical(&world->sweep, &world->options);
  } else {
    sim_options_draw(&world->choices, &world->options);
    world->options.hostile = world->hostile ? 1000 + sim_choose(&world->choices, SIM_OPTIONS, 100000) : 0;
  }
  for (int32_t id = 0; id < SIM_IDS; id++) {
    world->owner[id] = -1;
    world->ids_left[id] = world->options.transactions;
  }
}

bool sim_world_run(struct sim_world *world) {
  begin(world);
  if (!sim_cluster_start(world)) {
    sim_violate(world, "resources: no cluster");
    return false;
  }
  for (int32_t id = 0; id < world->options.ids; id++) {
    sim_client_start(world, id, false);
  }
  sim_schedule(world, next_fault_us(world), SIM_EVENT_FAULT, 0, 0);
  run_events(world, world->options.heal_us + SETTLE_US);
  if (!world->healed && !world->violated) {
    sim_cluster_heal(world);
  }
  if (world->options.net_hold > 0) {
    prove(world, false);
  }
  settle(world);
  prove(world, true);
  settle(world);
  if (world->violated) {
    name_the_stuck(world);
  } else {
    sim_oracle_judge(world);
  }
  world->stats->runs++;
  bool well = !world->violated;
  clear(world);
  return well && !world->violated;
}

struct sim_world *sim_world_new(struct sim_stats *stats) {
  struct sim_world *world = calloc(1, sizeof *world);
  world->clients = calloc(SIM_CLIENTS, sizeof *world->clients);
  world->txns = calloc(SIM_TXNS, sizeof *world->txns);
  if (world->clients == NULL || world->txns == NULL) {
    abort();
  }
  world->stats = stats;
  ktxn__mem_init(&world->mem, 0);
  ktxn__arena_init(&world->wire_arena, &world->mem, 1 << 20);
  return world;
}

void sim_world_free(struct sim_world *world) {
  ktxn__arena_free(&world->wire_arena);
  free(world->heap);
  free(world->clients);
  free(world->txns);
  sim_choices_free(&world->choices);
  free(world);
}
