#include <string.h>

#include "explore/world.h"

/* What may happen next, and what it does. What is ordinary comes first: a world in which only that happens must end. */

enum kind {
  /* ordinary, in the order in which they happen if nothing goes wrong */
  MARKER,
  EXPIRE,
  SUCCESSOR,
  SUCCESSOR_ABORT,
  FIND_STALE,
  FIND_HOME,
  ANSWER,
  BATCH,
  SEND,
  COMMIT,
  ABORT,
  /* may happen at any time, or never */
  LATE,
  LEARN,
  UNBLOCK,
  BROKER_TIMEOUT,
  /* faults: so many in all */
  LOSE,
  DELAY,
  LOSE_BATCH,
  DELAY_BATCH,
  FAILOVER,
  CUT_OFF,
  TIME,
  ABORT_BY_BROKER,
  TAKE_OVER,
  REFUSE,
  DELETE
};

enum memory { KNOWS_NOTHING, KNOWS_THE_EPOCH_BEFORE, HAS_FAILED_TO_FENCE };

int events_faults(struct event event) { return event.kind >= LOSE ? 1 : 0; }

struct list {
  struct event *events;
  int count;
};

static void add(struct list *list, enum kind kind, int arg) {
  list->events[list->count++] = (struct event){(uint8_t)kind, (uint8_t)arg};
}

static uint8_t other(uint8_t node) { return (uint8_t)(3 - node); }

/* ---- the list ------------------------------------------------------------------------------------------------------ */

static void list_request(const struct world *world, struct list *list) {
  const struct message *m = &world->request;
  if (!m->used) return;
  if (m->api != KTXN__TXN_API_FIND_TXN) {
    add(list, ANSWER, 0);
    return;
  }
  /* A node that is cut off names itself. */
  if (world->stale && m->node != other(world->home)) add(list, FIND_STALE, 0);
  add(list, FIND_HOME, 0);
}

static void list_application(const struct state *state, struct list *list) {
  const struct world *world = &state->world;
  switch (ktxn__txn_state(manager_of(state))) {
    case KTXN__TXN_READY:
      if (world->ordinal >= scope.txns) return;
      add(list, SEND, 0);
      if (world->gone == 0) add(list, SEND, 1);
      return;
    case KTXN__TXN_IN_TRANSACTION:
      if (!(world->sent & 2) && world->gone == 0) add(list, SEND, 1);
      add(list, COMMIT, 0);
      add(list, ABORT, 0);
      return;
    case KTXN__TXN_ABORTABLE_ERROR:
      add(list, ABORT, 0);
      return;
    default:
      return;
  }
}

static void list_successor(const struct world *world, struct list *list) {
  if (world->successor == SUCCESSOR_NONE || world->successor == SUCCESSOR_DONE) return;
  if (coordinator_preparing(&world->truth)) return;
  add(list, SUCCESSOR, 0);
  if (world->successor == SUCCESSOR_ENDS) add(list, SUCCESSOR_ABORT, 0);
}

static bool late_room(const struct world *world) { return !world->late[LATE_MAX - 1].used; }

static void list_faults_request(const struct world *world, struct list *list) {
  const struct message *m = &world->request;
  if (!m->used || m->api == KTXN__TXN_API_FIND_TXN) return;
  bool look = m->api == KTXN__TXN_API_DESCRIBE;
  if (m->node == world->home || look) add(list, LOSE, 0);
  if (!look && m->node == world->home && late_room(world)) add(list, DELAY, 0);
  if (m->api == KTXN__TXN_API_END && m->commit && m->node == world->home) add(list, REFUSE, 0);
}

static bool young(const struct state *state) {
  int64_t registered_us = manager_of(state)->registered_us;
  return ktxn__txn_in_transaction(manager_of(state)) && registered_us >= 0 &&
         state->now_us - registered_us < timeout_us();
}

static void list_faults(const struct state *state, struct list *list) {
  const struct world *world = &state->world;
  bool ongoing = world->truth.state == KTXN__TXN_LOOK_ONGOING;
  list_faults_request(world, list);
  for (int part = 0; part < PARTS; part++) {
    if (!world->batches[part].used) continue;
    add(list, LOSE_BATCH, part);
    if (late_room(world)) add(list, DELAY_BATCH, part);
  }
  add(list, FAILOVER, 0);
  if (world->ordinal == 0 && !world->stale && world->home == 1) {
    if (!scope.elapsed) add(list, CUT_OFF, KNOWS_NOTHING); /* what nobody has known for the timeout counts as unknown */
    add(list, CUT_OFF, KNOWS_THE_EPOCH_BEFORE);
    add(list, CUT_OFF, HAS_FAILED_TO_FENCE);
  }
  if (scope.elapsed && ongoing) add(list, ABORT_BY_BROKER, 0);
  if (!scope.elapsed && ((ongoing && !world->truth.old) || young(state))) add(list, TIME, 0);
  if (world->successor == SUCCESSOR_NONE && world->ordinal > 0) add(list, TAKE_OVER, 0);
  if (world->gone == 0 && world->registered > 0) add(list, DELETE, 1);
}

int events_list(const struct state *state, struct event *events) {
  const struct world *world = &state->world;
  struct list list = {events, 0};
  for (int part = 0; part < PARTS; part++)
    if (coordinator_preparing(&world->truth) && (world->truth.unmarked & (1u << part))) add(&list, MARKER, part);
  for (int part = 0; part < PARTS; part++)
    if (world->gone & (world->queued | world->waiting) & (1u << part)) add(&list, EXPIRE, part);
  if (world->stale && world->tired) add(&list, LEARN, 0);
  list_successor(world, &list); /* before ours: what it has open does not last */
  list_request(world, &list);
  for (int part = 0; part < PARTS; part++)
    if (world->batches[part].used) add(&list, BATCH, part);
  list_application(state, &list);
  for (int i = 0; i < LATE_MAX; i++)
    if (world->late[i].used) add(&list, LATE, i);
  if (world->stale && !world->tired) add(&list, LEARN, 0);
  if (world->stale && world->memory.blocked) add(&list, UNBLOCK, 0);
  if (world->truth.state == KTXN__TXN_LOOK_ONGOING && world->truth.old) add(&list, BROKER_TIMEOUT, 0);
  if (world->faults > 0) list_faults(state, &list);
  return list.count;
}

bool events_over(const struct state *state) {
  const struct world *world = &state->world;
  bool done = ktxn__txn_state(manager_of(state)) == KTXN__TXN_FATAL_ERROR || world->ordinal >= scope.txns;
  return done && client_quiet(state) && !coordinator_preparing(&world->truth) &&
         (world->successor == SUCCESSOR_NONE || world->successor == SUCCESSOR_DONE);
}

/* ---- requests ------------------------------------------------------------------------------------------------------ */

/* This copy's fate is unknown to the client from here on. */
static void note_lost(struct world *world, const struct message *m) {
  if (m->api == KTXN__TXN_API_END && m->purpose == KTXN__TXN_FOR_TRANSACTION) {
    world->lost_end[m->ordinal] = true;
    if (m->commit) world->lost_commit[m->ordinal] = true;
  }
  if (m->api == KTXN__TXN_API_INIT) world->lost_bump = true;
}

static void at_home(struct state *state, const struct message *m, struct reply *reply) {
  struct world *world = &state->world;
  coordinator_handle(&world->truth, m, world->gone, reply);
  judge_applied(state, m, reply, m->late);
}

/* False: the request hangs in an append that will never be. */
static bool at_memory(struct world *world, const struct message *m, struct reply *reply) {
  struct coordinator copy = world->memory;
  coordinator_handle(&copy, m, world->gone, reply);
  /* 51 may be true, so nobody looks elsewhere for it; it lasts no longer than the node is cut off. */
  bool looks = m->api == KTXN__TXN_API_DESCRIBE && coordinator_preparing(&copy);
  if (reply->code == KTXN_E_CONCURRENT_TRANSACTIONS || looks) world->tired = true;
  if (!reply->appended) return true;
  world->memory.blocked = true;
  return false;
}

static void answer(struct state *state) {
  struct world *world = &state->world;
  struct message m = world->request;
  struct reply reply = {0};
  tell_message("answered: ", &m);
  if (scope.no_look && m.api == KTXN__TXN_API_DESCRIBE) {
    tell("      there is no such request\n");
    client_answer(state, KTXN__TXN_UNSUPPORTED, NULL, m.node);
    return;
  }
  if (m.node == world->home) {
    at_home(state, &m, &reply);
  } else if (!world->stale) {
    reply.code = KTXN_E_NOT_COORDINATOR;
    for (int i = 0; i < PARTS; i++) reply.codes[i] = reply.code;
  } else if (!at_memory(world, &m, &reply)) {
    tell("      node %d is cut off: no answer\n", m.node);
    note_lost(world, &m);
    client_answer(state, KTXN__TXN_LOST, NULL, m.node);
    return;
  }
  tell("      with %d", reply.code);
  if (m.api != KTXN__TXN_API_ADD_PARTITIONS && reply.code == 0) tell(", epoch %d", reply.epoch);
  if (m.api == KTXN__TXN_API_DESCRIBE) tell(", state %d", reply.look);
  tell("%s\n", m.node != world->home && world->stale ? " out of its memory" : "");
  if (reply.code == KTXN_E_NOT_COORDINATOR) note_lost(world, &m); /* brokers say so after an append, too */
  judge_answer(state, &m, &reply);
  client_answer(state, KTXN__TXN_ANSWERED, &reply, m.node);
}

static void find(struct state *state, uint8_t node) {
  struct message m = state->world.request;
  struct reply reply = {0};
  tell("FindCoordinator: node %d%s\n", node, node == state->world.home ? "" : ", which is cut off and names itself");
  client_answer(state, KTXN__TXN_ANSWERED, &reply, node);
  (void)m;
}

static void lose(struct state *state) {
  struct world *world = &state->world;
  struct message m = world->request;
  struct reply reply;
  tell_message("ANSWER LOST: ", &m);
  if (m.api != KTXN__TXN_API_DESCRIBE) at_home(state, &m, &reply);
  note_lost(world, &m);
  client_answer(state, KTXN__TXN_LOST, NULL, m.node);
}

static void put_late(struct world *world, const struct message *m) {
  int free = 0;
  while (world->late[free].used) free++;
  world->late[free] = *m;
  world->late[free].late = true;
}

static void delay(struct state *state) {
  struct world *world = &state->world;
  struct message m = world->request;
  tell_message("DELAYED: ", &m);
  put_late(world, &m);
  note_lost(world, &m);
  client_answer(state, KTXN__TXN_LOST, NULL, m.node);
}

static void refuse(struct state *state) {
  struct message m = state->world.request;
  struct reply reply = {.code = KTXN_E_TRANSACTION_ABORTABLE};
  tell_message("REFUSED with 120: ", &m);
  if (state->world.lost_commit[m.ordinal]) state->world.limits |= LIMIT_REFUSED;
  client_answer(state, KTXN__TXN_ANSWERED, &reply, m.node);
}

static void late(struct state *state, int index) {
  struct world *world = &state->world;
  struct message m = world->late[index];
  struct reply reply = {0};
  for (int i = index; i + 1 < LATE_MAX; i++) world->late[i] = world->late[i + 1];
  world->late[LATE_MAX - 1] = (struct message){0};
  tell_message("a late copy arrives: ", &m);
  if (m.api == KTXN__TXN_API_PRODUCE)
    reply.code = partition_produce(state, &m);
  else if (m.node == world->home)
    at_home(state, &m, &reply);
  else
    reply.code = KTXN_E_NOT_COORDINATOR;
  tell("      %s\n", reply.code == 0 ? "taken" : "refused");
  if (reply.appended && world->look_age == LOOK_FRESH) world->look_age = LOOK_OLD;
}

/* ---- batches ------------------------------------------------------------------------------------------------------- */

static void batch(struct state *state, uint8_t part, bool heard) {
  struct message m = state->world.batches[part];
  int16_t code = partition_produce(state, &m);
  tell_message(heard ? "answered: " : "ANSWER LOST: ", &m);
  tell("      with %d\n", code);
  if (heard && code == KTXN_E_INVALID_PRODUCER_EPOCH) judge_fence_seen(state);
  client_batch(state, part, heard ? KTXN__TXN_ANSWERED : KTXN__TXN_LOST, heard ? code : 0);
}

static void delay_batch(struct state *state, uint8_t part) {
  struct message m = state->world.batches[part];
  tell_message("DELAYED: ", &m);
  put_late(&state->world, &m);
  client_batch(state, part, KTXN__TXN_LOST, 0);
}

static void expire(struct state *state, uint8_t part) {
  struct world *world = &state->world;
  uint8_t bit = (uint8_t)(1u << part);
  tell("the batch for partition %d expires\n", part);
  if (world->queued & bit)
    ktxn__txn_fail(manager(state), state->now_us, KTXN_E_DELIVERY_TIMED_OUT, part);
  else
    ktxn__txn_batch_give_up(manager(state), state->now_us, part, world->ordinal, KTXN_E_DELIVERY_TIMED_OUT);
  world->queued &= (uint8_t)~bit;
  world->waiting &= (uint8_t)~bit;
}

/* ---- the successor -------------------------------------------------------------------------------------------------- */

static void refused(struct world *world, int code) {
  tell("      refused with %d\n", code);
  if ((world->limits & (LIMIT_LATE_INIT | LIMIT_GAP)) == 0) judge(BREACH_HARM, "the successor is refused with %d", code);
  world->successor = SUCCESSOR_DONE;
}

static void successor_init(struct state *state) {
  struct world *world = &state->world;
  struct message m = {.api = KTXN__TXN_API_INIT, .pid = NO_PID};
  struct reply reply;
  bool early = !world->truth.old && !scope.elapsed;
  coordinator_handle(&world->truth, &m, 0, &reply);
  tell("the successor's InitProducerId: %d\n", reply.code);
  world->limits |= LIMIT_SUCCESSOR;
  if (reply.fenced && early && (reply.ended & TAG(world->ordinal))) {
    world->limits |= LIMIT_EARLY_FENCE;
    world->saw_fence = false;
  }
  if (reply.ended != 0) judge_ended(state, reply.ended, false);
  if (reply.code != 0) return;
  world->successor = SUCCESSOR_WRITES;
  world->successor_pid = reply.pid;
  world->successor_epoch = reply.epoch;
}

static void successor_write(struct state *state) {
  struct world *world = &state->world;
  bool v2 = scope.v2 && !scope.v1_successor;
  struct message m = {.v2 = v2, .parts = 1, .pid = world->successor_pid, .epoch = world->successor_epoch};
  struct reply reply;
  m.who = TAG_SUCCESSOR;
  tell("the successor writes\n");
  if (!v2) {
    m.api = KTXN__TXN_API_ADD_PARTITIONS;
    coordinator_handle(&world->truth, &m, 0, &reply);
    if (reply.code != 0) {
      refused(world, reply.code);
      return;
    }
  }
  m.api = KTXN__TXN_API_PRODUCE;
  int16_t code = partition_produce(state, &m);
  if (code != 0) {
    refused(world, code);
    return;
  }
  if (!(world->logs[0].producers[m.pid].open & TAG_SUCCESSOR)) judge(BREACH_HARM, "the successor's record was dropped");
  world->successor = SUCCESSOR_ENDS;
}

static void successor_end(struct state *state, bool commit) {
  struct world *world = &state->world;
  struct message m = {.api = KTXN__TXN_API_END, .commit = commit, .pid = world->successor_pid};
  struct reply reply;
  m.v2 = scope.v2 && !scope.v1_successor;
  m.epoch = world->successor_epoch;
  coordinator_handle(&world->truth, &m, 0, &reply);
  tell("the successor's EndTxn (%s): %d\n", commit ? "commit" : "abort", reply.code);
  if (reply.code != 0 || !(reply.ended & TAG_SUCCESSOR)) {
    refused(world, reply.code);
    return;
  }
  judge_ended(state, reply.ended, commit);
  world->successor = SUCCESSOR_DONE;
}

static void successor(struct state *state, bool commit) {
  struct world *world = &state->world;
  if (world->look_age == LOOK_FRESH) world->look_age = LOOK_OLD;
  if (world->successor == SUCCESSOR_INIT)
    successor_init(state);
  else if (world->successor == SUCCESSOR_WRITES)
    successor_write(state);
  else
    successor_end(state, commit);
}

/* ---- the cluster ----------------------------------------------------------------------------------------------------- */

/* Another node becomes the coordinator; the old one does not notice and goes on answering. */
static void failover(struct world *world) {
  world->memory = world->truth;
  world->memory.owners = 0;
  world->memory.old = false;
  world->home = other(world->home);
  world->stale = true;
  world->tired = false;
  world->truth.last_epoch = -1;
  if (coordinator_preparing(&world->truth)) world->truth.unmarked = world->truth.parts;
  if (world->lost_bump) world->limits |= LIMIT_RELOAD;
  if (world->look_age == LOOK_FRESH) world->look_age = LOOK_OLD;
  tell("FAILOVER: node %d is the coordinator; node %d is cut off and does not know\n", world->home, other(world->home));
}

static void learn(struct world *world) {
  tell("node %d learns that it is not the coordinator\n", other(world->home));
  world->stale = false;
  world->tired = false;
  world->memory = (struct coordinator){0};
}

/* From before our own init: the other node has never heard of the id, or remembers an older epoch; or a predecessor's transaction is
 * open there, and a fence that could not be written has raised the epoch in its memory to the one that is ours now. */
static void cut_off(struct world *world, enum memory memory) {
  static const char *const says[] = {"has never heard of the id", "remembers the epoch before ours",
                                     "has a predecessor's transaction open at our epoch"};
  world->stale = true;
  world->memory = (struct coordinator){0};
  if (memory != KNOWS_NOTHING) world->memory = world->truth;
  if (memory == KNOWS_THE_EPOCH_BEFORE) {
    world->memory.epoch = (int16_t)(world->truth.epoch - 1);
    world->memory.state = KTXN__TXN_LOOK_COMPLETE_COMMIT;
  }
  if (memory == HAS_FAILED_TO_FENCE) {
    world->memory.state = KTXN__TXN_LOOK_ONGOING;
    world->memory.parts = (1u << PARTS) - 1;
  }
  tell("CUT OFF: node 2 %s, and names itself\n", says[memory]);
}

static void broker_timeout(struct state *state) {
  struct world *world = &state->world;
  struct reply reply = {0};
  bool ours = world->truth.owners == TAG(world->ordinal) && world->decision[world->ordinal] == NO_OUTCOME;
  tell("the broker's timeout aborts the transaction\n");
  coordinator_time_out(&world->truth, &reply);
  judge_ended(state, reply.ended, false);
  world->limits |= ours ? LIMIT_TIMEOUT : LIMIT_GAP;
  if (world->look_age == LOOK_FRESH) world->look_age = LOOK_OLD;
}

static void time_passes(struct state *state) {
  tell("TIME: the transaction's timeout passes\n");
  state->now_us += timeout_us();
  /* Within that time others would have been asked, who know the id. */
  if (manager(state)->missing_us >= 0) manager(state)->missing_us = state->now_us;
  if (state->world.truth.state == KTXN__TXN_LOOK_ONGOING) state->world.truth.old = true;
}

/* ---- */

static void happen(struct state *state, struct event event) {
  struct world *world = &state->world;
  switch (event.kind) {
    case MARKER:
      tell("the marker is written to partition %d\n", event.arg);
      partition_marker(state, event.arg);
      return;
    case EXPIRE: expire(state, event.arg); return;
    case FIND_STALE: find(state, other(world->home)); return;
    case FIND_HOME: find(state, world->home); return;
    case ANSWER: answer(state); return;
    case BATCH: batch(state, event.arg, true); return;
    case SEND:
      tell("the application writes to partition %d\n", event.arg);
      client_send(state, event.arg);
      return;
    case COMMIT:
    case ABORT:
      tell("the application calls %s\n", event.kind == COMMIT ? "commit" : "abort");
      client_end(state, event.kind == COMMIT);
      return;
    case SUCCESSOR: successor(state, true); return;
    case SUCCESSOR_ABORT: successor(state, false); return;
    case LATE: late(state, event.arg); return;
    case LEARN: learn(world); return;
    case UNBLOCK:
      tell("node %d gives up the append that hung\n", other(world->home));
      world->memory.blocked = false;
      return;
    case BROKER_TIMEOUT:
    case ABORT_BY_BROKER: broker_timeout(state); return;
    case LOSE: lose(state); return;
    case DELAY: delay(state); return;
    case LOSE_BATCH: batch(state, event.arg, false); return;
    case DELAY_BATCH: delay_batch(state, event.arg); return;
    case FAILOVER: failover(world); return;
    case CUT_OFF: cut_off(world, (enum memory)event.arg); return;
    case TIME: time_passes(state); return;
    case TAKE_OVER:
      tell("TAKE-OVER: a successor starts\n");
      world->successor = SUCCESSOR_INIT;
      return;
    case REFUSE: refuse(state); return;
    default:
      tell("DELETED: partition %d\n", event.arg);
      world->gone |= (uint8_t)(1u << event.arg);
      world->limits |= LIMIT_GONE;
      return;
  }
}

void events_apply(struct state *state, struct event event) {
  judge_breach = BREACH_NONE;
  state->world.faults = (uint8_t)(state->world.faults - events_faults(event));
  happen(state, event);
  client_run(state);
  judge_state(state);
  if (ktxn__txn_state(manager(state)) == KTXN__TXN_FATAL_ERROR) state->world.fatal = true;
}

void events_start(struct state *state, uint8_t faults) {
  memset(state, 0, sizeof *state);
  client_start(state);
  state->world.home = 1;
  state->world.faults = faults;
  state->world.truth.known = true;
  state->world.truth.state = KTXN__TXN_LOOK_EMPTY;
  state->world.truth.epoch = scope.epoch;
  state->world.truth.last_epoch = -1;
  for (int i = 0; i < PARTS; i++) state->world.used_epoch[i] = -1;
}
