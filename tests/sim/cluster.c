#include <stdio.h>
#include <string.h>

#include "tests/sim/places.h"
#include "tests/sim/world.h"

/* The modelled cluster, what happens to requests at its nodes, and what happens to the nodes. */

/* A broker looks for timeouts every ten seconds, and gives up writing what it found after a timeout more. */
enum { ASLEEP_LEAST_US = 12000000, ASLEEP_MOST_US = 30000000, SHUT_MOST_US = 3000000 };

enum repair { REPAIR_NODE_UP, REPAIR_HEAL, REPAIR_THAW, REPAIR_SHOW, REPAIR_RESUME, REPAIR_LEADER, REPAIR_WEDGED, REPAIR_MEMORY };

struct ktxn__str sim_topic(int32_t topic) {
  static const char *const names[SIM_TOPICS] = {"topic", "other"};
  return ktxn__str(names[topic]);
}

static bool bad(struct sim_world *world, enum sim_stream stream, uint32_t chance) {
  return !world->healed && sim_chance(&world->choices, stream, chance);
}

/* ---- hooks ----------------------------------------------------------------------------------------------------------- */

static int64_t hook_delay(void *ctx, enum ktxn__model_delay delay, int32_t node) {
  struct sim_world *world = ctx;
  const struct sim_options *o = &world->options;
  (void)node;
  int64_t most_us = delay == KTXN__MODEL_DELAY_MARKER ? o->marker_us : delay == KTXN__MODEL_DELAY_LOAD ? o->load_us : o->append_us;
  return sim_span(&world->choices, SIM_BROKER, most_us / 8, most_us);
}

static bool hook_choose(void *ctx, enum ktxn__model_choice choice, int32_t node) {
  struct sim_world *world = ctx;
  (void)node;
  if (choice == KTXN__MODEL_CHOICE_TWICE) {
    return world->options.marker_twice && bad(world, SIM_BROKER, 100000);
  }
  return sim_choose(&world->choices, SIM_BROKER, 2) == 0;
}

static void hook_seen(void *ctx, const struct ktxn__model_seen *seen) { sim_oracle_seen(ctx, seen); }

/* Errors that a healthy cluster may give for a while; what would end a producer for good is not among them. */
static const struct {
  int16_t api;
  int16_t codes[8];
  uint32_t count;
} errors[] = {{KTXN__MODEL_PRODUCE, {3, 5, 6, 7, 19, 20, 56, 2}, 8},
              {KTXN__MODEL_INIT_PRODUCER_ID, {14, 15, 16, 51}, 4},
              {KTXN__MODEL_ADD_PARTITIONS_TO_TXN, {14, 15, 16, 51}, 4},
              {KTXN__MODEL_ADD_OFFSETS_TO_TXN, {14, 15, 16, 51}, 4},
              {KTXN__MODEL_END_TXN, {14, 15, 16, 51, -1, 7}, 6},
              {KTXN__MODEL_FIND_COORDINATOR, {15, 14}, 2},
              {KTXN__MODEL_TXN_OFFSET_COMMIT, {14, 15, 16, 7, 3, 51}, 6},
              {KTXN__MODEL_DESCRIBE_TRANSACTIONS, {14, 15, 16}, 3}};

int16_t sim_error(int16_t api, uint32_t i) {
  for (size_t row = 0; row < sizeof errors / sizeof errors[0]; row++) {
    if (errors[row].api == api) {
      return errors[row].codes[i % errors[row].count];
    }
  }
  return 0;
}

static int16_t draw_code(struct sim_world *world, int16_t api) { return sim_error(api, sim_choose(&world->choices, SIM_BROKER, 24)); }

static void strike_later(struct sim_world *world, enum sim_around around, int32_t node, int64_t after_us) {
  sim_schedule(world, world->now_us + after_us, SIM_EVENT_STRIKE, around, (uint32_t)node);
}

/* A successor of a coordinator that is cut off can't be reached any more, when something begins behind an end or a bump. */
static void send_back(struct sim_world *world, int32_t node, bool turn, bool at_once) {
  if (world->usurper == node && (turn || at_once) && world->now_us >= world->asleep_until_us && bad(world, SIM_FAULT, 500000)) {
    int64_t after_us = at_once ? 0 : sim_span(&world->choices, SIM_FAULT, 100, 50000);
    world->usurper = sim_choose(&world->choices, SIM_FAULT, 2) == 0 ? -1 : node;
    strike_later(world, SIM_AROUND_SHUT, node, after_us);
  }
}

/* Another instance starts while one asks for the end of a transaction, or for what is owed behind it; or the coordinators change hands,
 * in the middle of what one is asked for or when that is done. */
static void strike_around(struct sim_world *world, int32_t node, const struct ktxn__model_request *request) {
  bool bump = request->api == KTXN__MODEL_INIT_PRODUCER_ID && request->init_producer_id.producer_id >= 0;
  bool end = request->api == KTXN__MODEL_END_TXN || request->api == KTXN__MODEL_DESCRIBE_TRANSACTIONS;
  bool sweep = request->api == KTXN__MODEL_ADD_PARTITIONS_TO_TXN || request->api == KTXN__MODEL_ADD_OFFSETS_TO_TXN;
  bool write = request->api == KTXN__MODEL_PRODUCE || request->api == KTXN__MODEL_TXN_OFFSET_COMMIT;
  bool asked = bump || end || sweep;
  if (asked && bad(world, SIM_FAULT, world->options.meddle)) {
    strike_later(world, SIM_AROUND_MEDDLE, node, 0);
  }
  bool look = request->api == KTXN__MODEL_DESCRIBE_TRANSACTIONS && world->options.asleep > 0;
  bool awake = world->now_us >= world->asleep_until_us;
  bool tires = world->options.level_change > 0 ? request->api == KTXN__MODEL_END_TXN : bump;
  if (tires && world->usurper == node && awake && bad(world, SIM_FAULT, world->options.asleep)) {
    bool at_once = sim_choose(&world->choices, SIM_FAULT, 2) == 0;
    strike_later(world, SIM_AROUND_SLEEP, node, at_once ? 0 : sim_span(&world->choices, SIM_FAULT, 100, 10000));
  }
  if (request->api == KTXN__MODEL_PRODUCE && world->back_from >= 0 && awake && world->options.level_change > 0) {
    strike_later(world, SIM_AROUND_BACK, world->back_from, sim_span(&world->choices, SIM_FAULT, 100, 5000));
    world->back_from = -1;
  }
  send_back(world, node, request->api == KTXN__MODEL_END_TXN || bump, look);
  if ((asked || write) && awake && bad(world, SIM_FAULT, world->options.usurped)) {
    bool at_once = sim_choose(&world->choices, SIM_FAULT, 2) == 0;
    strike_later(world, SIM_AROUND_USURP, 0, at_once ? 0 : sim_span(&world->choices, SIM_FAULT, 100, 300000));
  }
}

/* Protocol 1: a client that has slept behind a bump asks the node that has given it to register something, and that is lost; the
 * coordinator before acknowledges it out of its memory, and can't be reached any more either. */
static void lose_registration(struct sim_world *world, int32_t node, const struct ktxn__model_request *request,
                              struct ktxn__model_fate *fate) {
  bool registers = request->api == KTXN__MODEL_ADD_PARTITIONS_TO_TXN || request->api == KTXN__MODEL_ADD_OFFSETS_TO_TXN;
  bool kept = world->options.held > 0 && request->api == KTXN__MODEL_ADD_PARTITIONS_TO_TXN; /* what comes behind it is lost then */
  if (!registers || kept || world->options.asleep == 0 || world->options.level_change > 0 || world->now_us < world->asleep_until_us) {
    return;
  }
  if (world->back_from == node) {
    world->back_from = -1;
    world->back_to = true;
    fate->lost = fate->close = true;
    strike_later(world, SIM_AROUND_LOST, node, 0);
  } else if (world->back_to && world->node_cut[node]) {
    world->back_to = false;
    fate->close = true;
    world->shut_until_us[node] = world->now_us + SHUT_MOST_US;
  }
}

/* An authorizer that has changed its mind, or a coordinator that asks for an abort. */
static int16_t refusal(struct sim_world *world, int16_t api) {
  static const int16_t codes[] = {30, 120, 53};
  if (api != KTXN__MODEL_END_TXN || !bad(world, SIM_BROKER, world->options.refused)) {
    return 0;
  }
  return codes[sim_choose(&world->choices, SIM_BROKER, 3)];
}

static void hook_fate(void *ctx, int32_t node, const struct ktxn__model_request *request, struct ktxn__model_fate *fate) {
  struct sim_world *world = ctx;
  const struct sim_options *o = &world->options;
  world->stats->requests++;
  world->requests++;
  if (world->sweep.on) {
    sim_strike(world, node, request->api, fate);
    return;
  }
  strike_around(world, node, request);
  sim_held_note(world, node, request);
  fate->code = refusal(world, request->api);
  if (fate->code == 0 && bad(world, SIM_BROKER, o->answer_code)) {
    fate->code = draw_code(world, request->api);
  }
  fate->lost = bad(world, SIM_BROKER, o->answer_lost);
  fate->mute = bad(world, SIM_BROKER, o->answer_mute);
  fate->close = (fate->lost || fate->mute) && sim_choose(&world->choices, SIM_BROKER, 2) == 0;
  if (bad(world, SIM_BROKER, o->answer_late)) {
    int64_t late_us = sim_span(&world->choices, SIM_BROKER, 100, o->request_timeout_ms * 2000);
    fate->after_us = late_us;
  }
  lose_registration(world, node, request, fate);
  if (bad(world, SIM_BROKER, o->throttled)) {
    sim_places_fault(SIM_FAULT_THROTTLE);
    fate->throttle_ms = (int32_t)sim_span(&world->choices, SIM_BROKER, 1, 5000);
  }
}

bool sim_cluster_start(struct sim_world *world) {
  const struct sim_options *o = &world->options;
  struct ktxn__model_config config = ktxn__model_config_default();
  config.nodes = o->nodes;
  config.cluster_id = "simulated";
  config.release = o->release;
  config.transaction_version = o->level;
  config.verification = o->verification;
  config.auto_create_topics = false;
  config.txn_partitions = 3;
  config.group_partitions = 3;
  config.scan_us = 1000000;
  config.first_epoch = o->first_epoch;
  struct ktxn__model_hooks hooks = {world, hook_delay, hook_choose, hook_seen, hook_fate};
  world->model = ktxn__model_new(&world->mem, &config, &hooks);
  struct ktxn__front_config front = {
      .mem = &world->mem, .model = world->model, .cluster_id = ktxn__str("simulated"), .nodes = o->nodes, .tag = sim_letter_tag};
  world->front = world->model == NULL ? NULL : ktxn__front_new(&front);
  if (world->front == NULL) {
    return false;
  }
  for (int32_t node = 0; node < o->nodes; node++) {
    ktxn__front_set_address(world->front, node, ktxn__str("127.0.0.1"), 9000 + node);
    world->node_up[node] = true;
    world->node_cut[node] = false;
    world->shut_until_us[node] = 0;
  }
  world->asleep_until_us = 0;
  world->back_from = -1;
  world->back_to = false;
  world->usurper = -1;
  return ktxn__model_create_topic(world->model, world->now_us, sim_topic(0), o->partitions);
}

/* ---- what happens to nodes and processes ----------------------------------------------------------------------------- */

static uint32_t pick(struct sim_world *world, uint32_t n) { return sim_choose(&world->choices, SIM_FAULT, n); }

static int32_t any_node(struct sim_world *world) { return (int32_t)pick(world, (uint32_t)world->options.nodes); }

static void later(struct sim_world *world, enum repair repair, int32_t argument, int64_t least_us, int64_t most_us) {
  int64_t after_us = sim_span(&world->choices, SIM_FAULT, least_us, most_us);
  sim_schedule(world, world->now_us + after_us, SIM_EVENT_REPAIR, repair, (uint32_t)argument);
}

static void fault_leader(struct sim_world *world) {
  int32_t partition = (int32_t)pick(world, (uint32_t)world->options.partitions);
  int32_t node = any_node(world);
  sim_tell(world, "partition %d moves to node %d", (int)partition, (int)node);
  ktxn__model_move_leader(world->model, world->now_us, sim_topic(0), partition, node);
}

static void fault_no_leader(struct sim_world *world) {
  int32_t partition = (int32_t)pick(world, (uint32_t)world->options.partitions);
  sim_tell(world, "partition %d has no leader", (int)partition);
  ktxn__model_move_leader(world->model, world->now_us, sim_topic(0), partition, -1);
  later(world, REPAIR_LEADER, partition, 1000, 20000000);
}

static void move_txn(struct sim_world *world, int32_t node) {
  sim_tell(world, "transaction coordinators move to node %d", (int)node);
  for (int32_t i = 0; i < 3; i++) {
    ktxn__model_move_txn(world->model, world->now_us, i, node);
  }
}

static void move_group(struct sim_world *world, int32_t node) {
  sim_tell(world, "group coordinators move to node %d", (int)node);
  for (int32_t i = 0; i < 3; i++) {
    ktxn__model_move_group(world->model, world->now_us, i, node);
  }
}

static void move_coordinators(struct sim_world *world, int32_t node) {
  move_txn(world, node);
  move_group(world, node);
}

static void move_leaders(struct sim_world *world, int32_t node) {
  for (int32_t i = 0; i < world->options.partitions; i++) {
    ktxn__model_move_leader(world->model, world->now_us, sim_topic(0), i, node);
  }
}

static void fault_txn(struct sim_world *world) { move_txn(world, any_node(world)); }
static void fault_group(struct sim_world *world) { move_group(world, any_node(world)); }

static int32_t nodes_well(const struct sim_world *world) {
  int32_t count = 0;
  for (int32_t i = 0; i < world->options.nodes; i++) {
    count += world->node_up[i] && !world->node_cut[i];
  }
  return count;
}

static void take_down(struct sim_world *world, int32_t node) {
  bool failover = nodes_well(world) > 1;
  sim_tell(world, "node %d goes down%s", (int)node, failover ? "" : ", it was the last");
  world->node_up[node] = false;
  ktxn__model_node_down(world->model, world->now_us, node, failover);
  sim_net_drop_node(world, node);
  later(world, REPAIR_NODE_UP, node, 1000, 60000000);
}

static void fault_down(struct sim_world *world) {
  int32_t node = any_node(world);
  if (world->node_up[node] && !world->node_cut[node]) {
    take_down(world, node);
  }
}

static bool is_well(const struct sim_world *world, int32_t node) { return world->node_up[node] && !world->node_cut[node]; }

static void cut_off(struct sim_world *world, int32_t node, int64_t least_us) {
  sim_tell(world, "node %d is cut off", (int)node);
  world->node_cut[node] = true;
  ktxn__model_node_cut(world->model, world->now_us, node, true);
  later(world, REPAIR_HEAL, node, least_us, 60000000);
}

static void fault_cut(struct sim_world *world) {
  int32_t node = any_node(world);
  if (!is_well(world, node) || nodes_well(world) < 2) {
    return;
  }
  cut_off(world, node, 1000);
  /* The cluster goes on elsewhere, sooner or later. */
  int32_t other = (node + 1) % world->options.nodes;
  if (is_well(world, other)) {
    move_coordinators(world, other);
    move_leaders(world, other);
  }
}

static void set_level(struct sim_world *world, int16_t level) {
  sim_tell(world, "transaction.version is %d now", level);
  ktxn__model_set_transaction_version(world->model, level);
}

static bool fault_level(struct sim_world *world) {
  static const int16_t levels[] = {2, 1, 0};
  if (world->now_us < world->asleep_until_us || !bad(world, SIM_FAULT, world->options.level_change)) {
    return false;
  }
  set_level(world, levels[pick(world, 3)]);
  return true;
}

static int32_t coordinator(struct sim_world *world) {
  char tid[16];
  struct ktxn__model_txn_look look;
  snprintf(tid, sizeof tid, "id-%u", pick(world, (uint32_t)world->options.ids));
  return ktxn__model_txn_look(world->model, ktxn__str(tid), &look) ? look.coordinator : -1;
}

/* Its clients lose their connections, and for a while they get none. */
static void shut_out(struct sim_world *world, int32_t node) {
  world->shut_until_us[node] = world->now_us + sim_span(&world->choices, SIM_FAULT, 1000, SHUT_MOST_US);
  sim_tell(world, "node %d can't be reached", (int)node);
  sim_net_drop_node(world, node);
}

/* So long that a broker's timeout passes on both sides, and what it could not write for it is given up, where that is soon. */
static int64_t cut_least_us(const struct sim_world *world) {
  if (world->options.asleep > 0) {
    return ASLEEP_MOST_US;
  }
  int64_t timeouts_us = world->options.transaction_timeout_ms * 3000;
  return timeouts_us <= 30000000 ? timeouts_us : 1000000;
}

/* The coordinator is none any more, and may not know, as it is cut off; or only its clients don't reach it. Where it is cut off, its
 * successor may be the next that can't be reached, so that clients come back: see strike_around(). */
static void usurp(struct sim_world *world) {
  int32_t node = coordinator(world);
  int32_t other = (node + 1 + (int32_t)pick(world, (uint32_t)world->options.nodes - 1)) % world->options.nodes;
  uint32_t kind = pick(world, 4);
  if (node < 0 || world->healed || (kind < 3 && !is_well(world, other))) {
    return;
  }
  if (kind <= 1 && is_well(world, node)) {
    cut_off(world, node, cut_least_us(world));
    world->usurper = other;
    move_leaders(world, other);
  }
  if (kind <= 2) {
    move_coordinators(world, other);
  }
  if (kind != 1) {
    shut_out(world, node);
  }
  if (fault_level(world)) { /* and somebody hears of it */
    sim_net_drop_node(world, any_node(world));
  }
}

static void fault_freeze(struct sim_world *world) {
  int32_t node = any_node(world);
  ktxn__model_node_freeze(world->model, node, true);
  later(world, REPAIR_THAW, node, 1000, 30000000);
}

/* Metadata lag, but never so long that a client may take the topic for deleted (docs/TRANSACTIONS.md, what no client can
 * promise), and never again so soon that it may think so. */
static void fault_hide(struct sim_world *world) {
  enum { HIDDEN_MOST_US = 5000000, SHOWN_LEAST_US = 10000000 };
  if (world->now_us < world->hide_from_us) {
    return;
  }
  world->hide_from_us = world->now_us + HIDDEN_MOST_US + SHOWN_LEAST_US;
  ktxn__model_hide_topic(world->model, sim_topic(0), true);
  later(world, REPAIR_SHOW, 0, 1000, HIDDEN_MOST_US);
}

static int32_t any_client(struct sim_world *world) {
  int32_t id = (int32_t)pick(world, (uint32_t)world->options.ids);
  int32_t client = world->owner[id];
  return client >= 0 && world->clients[client].alive ? client : -1;
}

void sim_cluster_starve(struct sim_world *world, int32_t client, uint32_t at, bool on) {
  sim_tell(world, "client %d: allocation %u from now fails%s", (int)client, at, on ? ", and what follows" : "");
  world->stats->starved++;
  ktxn__mem_fail(&world->clients[client].mem, at, on);
  if (on) {
    sim_schedule(world, world->now_us + 1000000, SIM_EVENT_REPAIR, REPAIR_MEMORY, (uint32_t)client);
  }
}

static void fault_memory(struct sim_world *world) {
  int32_t client = any_client(world);
  if (client >= 0 && bad(world, SIM_FAULT, world->options.no_memory)) {
    uint32_t at = 1 + pick(world, 60); /* one choice after the other: the order of arguments is the compiler's */
    sim_cluster_starve(world, client, at, pick(world, 2) == 1);
  }
}

static void cluster_fault(struct sim_world *world) {
  static void (*const kinds[])(struct sim_world *) = {fault_leader, fault_txn,  fault_group, fault_down,
                                                      fault_cut,    fault_freeze, fault_hide, fault_no_leader};
  enum { KINDS = sizeof kinds / sizeof kinds[0] };
  uint32_t kind = pick(world, KINDS);
  while ((world->options.fault_kinds & 1u << kind) == 0) {
    kind = (kind + 1) % KINDS;
  }
  world->stats->faults++;
  kinds[kind](world);
}

/* A process is killed, or it is only paused and wakes up when another has taken its place. */
static void fault_process(struct sim_world *world) {
  int32_t index = any_client(world);
  if (index < 0 || world->clients[index].last) {
    return;
  }
  int32_t id = world->clients[index].id;
  world->stats->killed++;
  if (bad(world, SIM_FAULT, world->options.zombies)) {
    sim_tell(world, "client %d sleeps", (int)index);
    world->clients[index].paused = pick(world, 4) != 3; /* or goes on beside its successor */
    later(world, REPAIR_RESUME, index, 1000, world->options.transaction_timeout_ms * 3000);
  } else {
    sim_tell(world, "client %d is killed", (int)index);
    sim_client_kill(world, index);
  }
  if (world->clients[index].alive && pick(world, 4) == 0) {
    return; /* nobody takes its place */
  }
  sim_client_start(world, id, false);
}

/* For so long that the broker's timeout has raised the epoch in the memory of the coordinator before, which has given up writing
 * it; nothing else changes, so that the coordinator is the same when it wakes up. Meanwhile another takes its place, which speaks the
 * protocol of level 1; or where leaders ask nobody it is alone, and the level falls when its next transaction has written. */
static void sleep_long(struct sim_world *world) {
  int32_t index = any_client(world);
  if (index < 0 || world->clients[index].last || world->healed || world->now_us < world->asleep_until_us) {
    return;
  }
  sim_tell(world, "client %d sleeps for long", (int)index);
  sim_places_fault(SIM_FAULT_SLEEP);
  world->stats->killed++;
  world->clients[index].paused = true;
  int64_t after_us = sim_span(&world->choices, SIM_FAULT, ASLEEP_LEAST_US, ASLEEP_MOST_US);
  sim_schedule(world, world->now_us + after_us, SIM_EVENT_REPAIR, REPAIR_RESUME, (uint32_t)index);
  world->asleep_until_us = world->now_us + after_us;
  bool mixed = world->options.level_change > 0;
  bool alone = mixed ? !world->options.verification : sim_choose(&world->choices, SIM_FAULT, 2) == 0;
  world->back_from = alone || !mixed ? world->usurper : -1;
  if (alone) {
    return;
  }
  if (mixed) {
    set_level(world, 1);
  }
  sim_client_start(world, world->clients[index].id, false);
}

bool sim_cluster_fault(struct sim_world *world) {
  bool cluster = bad(world, SIM_FAULT, world->options.cluster_fault);
  if (cluster) {
    cluster_fault(world);
  }
  bool process = bad(world, SIM_FAULT, world->options.process_fault);
  if (process) {
    fault_process(world);
  }
  bool level = fault_level(world);
  fault_memory(world);
  return cluster || process || level;
}

void sim_cluster_around(struct sim_world *world, uint32_t around, int32_t node) {
  int32_t next = (node + 1) % world->options.nodes;
  if (around == SIM_AROUND_LEADERS) {
    move_leaders(world, next);
  }
  if (around == SIM_AROUND_COORDINATORS) {
    move_coordinators(world, next);
  }
  if (around == SIM_AROUND_DOWN && world->node_up[node]) {
    take_down(world, node);
  }
  if (around == SIM_AROUND_KILL && any_client(world) >= 0) {
    sim_client_kill(world, any_client(world));
    sim_client_start(world, 0, false);
  }
  if (around == SIM_AROUND_MEDDLE && !world->healed) {
    fault_process(world);
  }
  if (around == SIM_AROUND_USURP) {
    usurp(world);
  }
  if (around == SIM_AROUND_SHUT && !world->healed) {
    shut_out(world, node);
  }
  if (around == SIM_AROUND_LOST && !world->healed) {
    shut_out(world, node);
    world->shut_until_us[node] += world->options.transaction_timeout_ms * 1000;
  }
  if (around == SIM_AROUND_SLEEP) {
    sleep_long(world);
  }
  if (around == SIM_AROUND_RELEASE) {
    sim_held_release(world);
  }
  if (around == SIM_AROUND_BACK && !world->healed) {
    set_level(world, 0);
    shut_out(world, node);
  }
  sim_net_pump(world);
}

static void node_back(struct sim_world *world, int32_t node) {
  if (!world->node_up[node]) {
    sim_tell(world, "node %d comes back", (int)node);
    world->node_up[node] = true;
    sim_address_move(world, node);
    ktxn__model_node_up(world->model, world->now_us, node);
  }
}

static void node_heal(struct sim_world *world, int32_t node) {
  if (world->node_cut[node]) {
    sim_tell(world, "node %d is connected again", (int)node);
    world->node_cut[node] = false;
    ktxn__model_node_cut(world->model, world->now_us, node, false);
  }
}

static int32_t some_well_node(const struct sim_world *world) {
  for (int32_t i = 0; i < world->options.nodes; i++) {
    if (world->node_up[i] && !world->node_cut[i]) {
      return i;
    }
  }
  return -1;
}

/* What nobody leads is led again. */
static void lead(struct sim_world *world) {
  int32_t node = some_well_node(world);
  for (int32_t i = 0; i < world->options.partitions && node >= 0; i++) {
    struct ktxn__model_log_ends ends;
    bool led = ktxn__model_log_ends(world->model, sim_topic(0), i, &ends) && ends.leader >= 0 && ends.leader < world->options.nodes;
    if (!led || !world->node_up[ends.leader]) {
      ktxn__model_move_leader(world->model, world->now_us, sim_topic(0), i, node);
    }
  }
}

static void spread_coordinators(struct sim_world *world) {
  for (int32_t i = 0; i < 3; i++) {
    ktxn__model_move_txn(world->model, world->now_us, i, i % world->options.nodes);
    ktxn__model_move_group(world->model, world->now_us, i, i % world->options.nodes);
  }
}

/* An EndTxn 5 that met a cluster at level 0 wedges its id until the coordinator has read its log again. */
static void unwedge(struct sim_world *world) {
  for (int32_t node = 0; node < world->options.nodes && world->options.level_change > 0; node++) {
    ktxn__model_node_down(world->model, world->now_us, node, false);
    sim_net_drop_node(world, node);
    ktxn__model_node_up(world->model, world->now_us, node);
  }
  spread_coordinators(world);
}

void sim_cluster_repair(struct sim_world *world, uint32_t kind, uint32_t argument) {
  switch (kind) {
    case REPAIR_NODE_UP:
      node_back(world, (int32_t)argument);
      break;
    case REPAIR_HEAL:
      node_heal(world, (int32_t)argument);
      break;
    case REPAIR_THAW:
      ktxn__model_node_freeze(world->model, (int32_t)argument, false);
      break;
    case REPAIR_SHOW:
      ktxn__model_hide_topic(world->model, sim_topic(0), false);
      break;
    case REPAIR_RESUME:
      if (world->clients[argument].paused) {
        sim_tell(world, "client %u wakes up", argument);
        world->clients[argument].paused = false;
      }
      break;
    case REPAIR_WEDGED:
      unwedge(world);
      break;
    case REPAIR_MEMORY:
      ktxn__mem_fail(&world->clients[argument].mem, 0, false);
      break;
    default:
      break;
  }
  lead(world);
  sim_net_pump(world);
}

void sim_cluster_heal(struct sim_world *world) {
  sim_tell(world, "everything is well from here on");
  world->healed = true;
  world->healed_us = world->now_us;
  for (int32_t node = 0; node < world->options.nodes; node++) {
    node_back(world, node);
    node_heal(world, node);
    ktxn__model_node_freeze(world->model, node, false);
  }
  ktxn__model_hide_topic(world->model, sim_topic(0), false);
  unwedge(world);
  for (int64_t after_us = 5000000; after_us < 100000000 && world->options.level_change > 0; after_us *= 3) {
    sim_schedule(world, world->now_us + after_us, SIM_EVENT_REPAIR, REPAIR_WEDGED, 0);
  }
  lead(world);
  for (int32_t i = 0; i < world->client_count; i++) {
    world->clients[i].paused = false;
    ktxn__mem_fail(&world->clients[i].mem, 0, false);
  }
  sim_net_pump(world);
}
