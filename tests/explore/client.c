#include <string.h>

#include "explore/world.h"

/* What the engine does around the manager: sends what it asks for, at once; drops what it says is lost. */

/* No waits: any order of events is explored anyway. */
static struct ktxn__txn_config make_config(void) {
  return (struct ktxn__txn_config){.transactional = true,
                                   .pacing = scope.paced,
                                   .in_flight_max = 5,
                                   .retry_backoff_max_us = PATIENCE_US,
                                   .transaction_timeout_us = timeout_us(),
                                   .seed = 1};
}

void ktxn__txn_hook(const char *what) { judge(BREACH_BROKEN, "the manager's own check failed: %s", what); }

static int32_t leader(uint8_t part) { return 10 + part; }

/* What is owed belongs to the last transaction that has registered anything; its ends may end whatever is over. */
static uint8_t over(const struct state *state) {
  const struct world *world = &state->world;
  uint8_t tags = TAG_SWEEP;
  for (uint8_t t = 1; t <= world->ordinal; t++)
    if (world->reported[t] != NO_OUTCOME || (t == world->ordinal && manager_of(state)->held)) tags |= TAG(t);
  return tags;
}

static uint8_t who(const struct state *state, const struct message *m) {
  if (m->purpose != KTXN__TXN_FOR_DEBT) return TAG(state->world.ordinal);
  return m->api == KTXN__TXN_API_END ? over(state) : TAG_SWEEP;
}

static void put_request(struct state *state, const struct ktxn__txn_request *request) {
  struct world *world = &state->world;
  const struct ktxn__txn_slot *slot = &manager(state)->slot;
  struct message *m = &world->request;
  *m = (struct message){0};
  m->used = true;
  m->api = (uint8_t)request->api;
  m->purpose = slot->purpose;
  m->node = (uint8_t)(request->api == KTXN__TXN_API_FIND_TXN ? request->avoid_node : request->node);
  m->commit = request->commit;
  m->v2 = request->api == KTXN__TXN_API_END && request->version_max >= 5;
  m->pid = request->producer_id < 0 ? NO_PID : (uint8_t)request->producer_id;
  m->epoch = request->producer_epoch;
  m->ordinal = slot->purpose == KTXN__TXN_FOR_DEBT ? world->registered : world->ordinal;
  m->who = who(state, m);
  for (uint32_t i = 0; i < request->partition_count; i++)
    m->parts |= (uint8_t)(1u << ktxn__txn_request_partition(manager(state), i));
  state->request_id = request->id;
  tell_message("      sends ", m);
  judge_request(state, m);
}

static void put_batch(struct state *state, uint8_t part, const struct ktxn__txn_stamp *stamp) {
  struct world *world = &state->world;
  struct message *m = &world->batches[part];
  *m = (struct message){.used = true, .api = KTXN__TXN_API_PRODUCE, .part = part, .parts = (uint8_t)(1u << part)};
  m->v2 = manager(state)->mode == 2;
  m->pid = (uint8_t)stamp->producer_id;
  m->epoch = stamp->producer_epoch;
  m->sequence = (int16_t)stamp->base_sequence;
  m->ordinal = world->ordinal;
  m->who = TAG(world->ordinal);
  tell_message("      sends ", m);
}

static uint8_t count(uint8_t parts) { return (uint8_t)((parts & 1) + (parts >> 1 & 1)); }

static void send_new(struct state *state, uint8_t part) {
  struct world *world = &state->world;
  struct ktxn__txn_stamp stamp;
  if (!(world->queued & (1u << part)) || !ktxn__txn_may_send(manager(state), part, leader(part))) return;
  if (world->batches[part].used) return;
  ktxn__txn_assign(manager(state), state->now_us, part, leader(part), world->ordinal, 1, &stamp);
  if (judge_breach != BREACH_NONE) return;
  world->queued &= (uint8_t)~(1u << part);
  put_batch(state, part, &stamp);
  judge_stamp(state, part, &stamp);
}

static void send_again(struct state *state, uint8_t part) {
  struct world *world = &state->world;
  if (!(world->waiting & (1u << part))) return;
  if (!ktxn__txn_may_resend(manager(state), part, leader(part), world->ordinal)) return;
  const struct ktxn__txn_partition *books = ktxn__txn_partition_at(manager(state), part);
  struct ktxn__txn_stamp stamp = {books->producer_id, books->producer_epoch, books->flights[0].base_sequence};
  ktxn__txn_resend(manager(state), state->now_us, part, leader(part), world->ordinal);
  world->waiting &= (uint8_t)~(1u << part);
  put_batch(state, part, &stamp);
}

static void drop(struct state *state) {
  struct world *world = &state->world;
  if (world->queued != 0 && ktxn__txn_drop_queued(manager(state)) != 0) world->queued = 0;
  for (uint8_t part = 0; part < PARTS; part++) {
    if (!(world->waiting & (1u << part))) continue;
    int code = ktxn__txn_doomed(manager(state), part, world->ordinal);
    if (code == 0) continue;
    tell("      gives up its batch for partition %d\n", part);
    world->waiting &= (uint8_t)~(1u << part);
    ktxn__txn_batch_give_up(manager(state), state->now_us, part, world->ordinal, code);
  }
}

static void take_reports(struct state *state) {
  struct ktxn__txn_report report;
  while (ktxn__txn_next_report(manager(state), &report)) judge_report(state, &report);
}

/* A wait of pacing is over at once: what happens meanwhile may as well happen before or after. */
static void pass_wait(struct state *state) {
  int64_t at_us = ktxn__txn_deadline_us(manager_of(state));
  bool waits = scope.paced && !manager_of(state)->slot.active && at_us != INT64_MAX && at_us > state->now_us;
  if (waits) state->now_us = at_us;
}

void client_run(struct state *state) {
  struct world *world = &state->world;
  struct ktxn__txn_request request;
  drop(state);
  ktxn__txn_set_queued(manager(state), count(world->queued));
  for (uint8_t part = 0; part < PARTS; part++) {
    if (world->gone & (1u << part)) continue; /* not in the metadata any more */
    send_again(state, part);
    send_new(state, part);
  }
  ktxn__txn_set_queued(manager(state), count(world->queued));
  pass_wait(state);
  if (ktxn__txn_next_request(manager(state), state->now_us, &request)) put_request(state, &request);
  take_reports(state);
}

void client_answer(struct state *state, enum ktxn__txn_fate fate, const struct reply *reply, int32_t node) {
  struct message m = state->world.request;
  struct ktxn__txn_result result = {.id = state->request_id, .fate = fate, .node = node, .producer_id = -1};
  state->world.request = (struct message){0};
  result.version = m.v2 ? 5 : 3;
  if (reply != NULL && fate == KTXN__TXN_ANSWERED) {
    result.code = m.api == KTXN__TXN_API_ADD_PARTITIONS ? 0 : reply->code;
    result.producer_id = reply->pid;
    result.producer_epoch = reply->epoch;
    result.look = (enum ktxn__txn_look)reply->look;
  }
  int16_t codes[PARTS];
  for (int i = 0; m.api == KTXN__TXN_API_ADD_PARTITIONS && i < PARTS; i++)
    if (m.parts & (1u << i)) codes[result.code_count++] = reply == NULL ? 0 : reply->codes[i];
  result.codes = codes;
  ktxn__txn_on_result(manager(state), state->now_us, &result);
  take_reports(state);
}

void client_batch(struct state *state, uint8_t part, enum ktxn__txn_fate fate, int16_t code) {
  struct world *world = &state->world;
  struct ktxn__txn_batch_result result = {fate, code, 0, 0};
  uint32_t handle = world->batches[part].ordinal;
  int failure;
  world->batches[part] = (struct message){0};
  enum ktxn__txn_verdict verdict =
      ktxn__txn_batch_result(manager(state), state->now_us, part, handle, &result, &failure);
  if (verdict == KTXN__TXN_DONE) world->acked |= (uint8_t)(1u << part);
  if (verdict == KTXN__TXN_RETRY || verdict == KTXN__TXN_REFRESH) world->waiting |= (uint8_t)(1u << part);
  if (verdict == KTXN__TXN_RESET) judge(BREACH_BROKEN, "a transactional batch was reset");
  take_reports(state);
}

static void begin(struct state *state) {
  struct world *world = &state->world;
  if (ktxn__txn_begin(manager(state), state->now_us) != 0) judge(BREACH_BROKEN, "begin was refused in READY");
  world->ordinal++;
  world->sent = 0;
  world->acked = 0;
}

void client_send(struct state *state, uint8_t part) {
  struct world *world = &state->world;
  if (ktxn__txn_state(manager(state)) == KTXN__TXN_READY) begin(state);
  if (ktxn__txn_add_partition(manager(state), state->now_us, part) != 0) judge(BREACH_BROKEN, "a record was refused");
  world->sent |= (uint8_t)(1u << part);
  world->queued |= (uint8_t)(1u << part);
}

void client_end(struct state *state, bool commit) {
  int code = commit ? ktxn__txn_commit(manager(state), state->now_us) : ktxn__txn_abort(manager(state), state->now_us);
  if (code != 0) judge(BREACH_BROKEN, "%s was refused with %d", commit ? "commit" : "abort", code);
  take_reports(state);
}

/* Nothing on its way, nothing owed: it waits for the application. */
bool client_quiet(const struct state *state) {
  const struct world *world = &state->world;
  bool out = world->request.used;
  for (int i = 0; i < PARTS; i++) out = out || world->batches[i].used;
  if (ktxn__txn_state(manager_of(state)) == KTXN__TXN_FATAL_ERROR) return !out;
  return !out && !ktxn__txn_owes(manager_of(state)) && !ktxn__txn_in_transaction(manager_of(state));
}

/* As after an InitProducerId that node 1 has answered. */
void client_start(struct state *state) {
  struct ktxn__txn_request request;
  struct ktxn__txn_config config = make_config();
  struct ktxn__txn *txn = ktxn__txn_init(state->block, PARTS, 0, &config);
  ktxn__txn_set_features(txn, scope.v2 ? 2 : 1, scope.v2);
  ktxn__txn_start(txn, 0);
  ktxn__txn_next_request(txn, 0, &request);
  struct ktxn__txn_result result = {.id = request.id, .fate = KTXN__TXN_ANSWERED, .node = 1};
  ktxn__txn_on_result(txn, 0, &result);
  ktxn__txn_next_request(txn, 0, &request);
  result.id = request.id;
  result.producer_id = 0;
  result.producer_epoch = scope.epoch;
  ktxn__txn_on_result(txn, 0, &result);
  struct ktxn__txn_report report;
  while (ktxn__txn_next_report(txn, &report)) continue;
}
