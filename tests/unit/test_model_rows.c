/** What Apache Kafka 2.8, 3.9 and 4.4 answered to raw requests, row by row, against the model. */

#include "model_fixture.h"

static void settle(struct world *world) {
  pass(world, SECOND_US);
}

static int by(const struct world *world, int v1, int v2) {
  return world->v2 ? v2 : v1;
}

/* The identity that the next transaction has. */
static struct identity after(struct world *world, struct identity me, bool commit) {
  struct identity next = end_txn(world, me, commit);
  assert_int_equal(next.code, 0);
  settle(world);
  return world->v2 ? next : me;
}

static struct identity with_epoch(struct identity me, int epoch) {
  me.epoch = (int16_t)epoch;
  return me;
}

static void expect_end(struct world *world, struct identity me, bool commit, int code) {
  assert_int_equal(end_txn(world, me, commit).code, code);
}

static void expect_init(struct world *world, int64_t id, int epoch, int code, int new_epoch) {
  struct identity got = init_as(world, id, (int16_t)epoch);
  assert_int_equal(got.code, code);
  if (code == 0) {
    assert_int_equal(got.epoch, new_epoch);
  }
}

/* 51 while the broker aborts, then what it comes to. */
static void expect_init_after_abort(struct world *world, int64_t id, int epoch, int code, int new_epoch) {
  expect_init(world, id, epoch, KTXN__MODEL_CONCURRENT_TRANSACTIONS, 0);
  settle(world);
  expect_init(world, id, epoch, code, new_epoch);
}

static void expect_state(struct world *world, const char *state, int epoch) {
  struct described got = describe(world);
  assert_int_equal(got.code, 0);
  assert_string_equal(got.state, state);
  assert_int_equal(got.epoch, epoch);
}

static struct identity begun(struct world *world) {
  struct identity me = init(world);
  assert_int_equal(me.code, 0);
  open_txn(world, me, 0);
  return me;
}

static struct identity timed_out(struct world *world) {
  struct identity me = begun(world);
  pass(world, 50 * SECOND_US);
  expect_state(world, "CompleteAbort", me.epoch + 1);
  return me;
}

static void reload(struct world *world) {
  int32_t part = ktxn__model_txn_partition(world->model, KTXN__STR(ID));
  assert_true(ktxn__model_move_txn(world->model, world->now_us, part, -1));
  assert_true(ktxn__model_move_txn(world->model, world->now_us, part, 0));
  settle(world);
}

/* ---- the rows ---- */

static void same_commit_again(struct world *world) {
  struct identity me = begun(world);
  struct identity next = after(world, me, true);
  struct identity again = end_txn(world, me, true);
  assert_int_equal(again.code, 0);
  assert_int_equal(again.id, me.id);
  assert_int_equal(again.epoch, next.epoch);
}

static void abort_after_commit(struct world *world) {
  struct identity me = begun(world);
  after(world, me, true);
  expect_end(world, me, false, KTXN__MODEL_INVALID_TXN_STATE);
}

static void again_after_abort(struct world *world) {
  struct identity me = begun(world);
  after(world, me, false);
  expect_end(world, me, false, 0);
  expect_end(world, me, true, KTXN__MODEL_INVALID_TXN_STATE);
}

static void commit_before_markers(struct world *world) {
  struct identity me = begun(world);
  expect_end(world, me, true, 0);
  expect_end(world, me, true, KTXN__MODEL_CONCURRENT_TRANSACTIONS);
  settle(world);
  expect_end(world, me, true, 0);
}

static void nothing_written(struct world *world) {
  struct identity me = init(world);
  expect_end(world, me, true, KTXN__MODEL_INVALID_TXN_STATE);
  struct identity got = end_txn(world, me, false);
  assert_int_equal(got.code, by(world, KTXN__MODEL_INVALID_TXN_STATE, 0));
  if (world->v2) {
    assert_int_equal(got.epoch, me.epoch + 1);
  }
}

static void timeout_produce(struct world *world) {
  struct identity me = timed_out(world);
  assert_int_equal(produce(world, me, 1), KTXN__MODEL_INVALID_PRODUCER_EPOCH);
}

static void timeout_commit(struct world *world) {
  struct identity me = timed_out(world);
  expect_end(world, me, true, by(world, KTXN__MODEL_PRODUCER_FENCED, KTXN__MODEL_INVALID_TXN_STATE));
}

static void timeout_abort(struct world *world) {
  struct identity me = timed_out(world);
  struct identity next = end_txn(world, me, false);
  assert_int_equal(next.code, by(world, KTXN__MODEL_PRODUCER_FENCED, 0));
  if (world->v2) {
    assert_int_equal(next.epoch, me.epoch + 1);
    expect_end(world, me, false, 0);
    assert_int_equal(produce(world, next, 0), 0);
  }
}

static void timeout_add(struct world *world) {
  struct identity me = timed_out(world);
  assert_int_equal(add_partition(world, me, 0), KTXN__MODEL_PRODUCER_FENCED);
}

static void timeout_init(struct world *world) {
  struct identity me = timed_out(world);
  expect_init(world, me.id, me.epoch, by(world, KTXN__MODEL_PRODUCER_FENCED, 0), me.epoch + 1);
}

static void timeout_probe(struct world *world) {
  struct identity me = timed_out(world);
  struct identity next = with_epoch(me, me.epoch + 1);
  world->v2 = false; /* requests of V1, on a cluster of either level */
  expect_end(world, next, false, 0);
  open_txn(world, next, 0);
  expect_end(world, next, true, 0);
}

static void timeout_init_above(struct world *world) {
  struct identity me = timed_out(world);
  expect_init(world, me.id, me.epoch + 1, 0, me.epoch + 2);
}

static void successor(struct world *world) {
  struct identity me = begun(world);
  expect_init_after_abort(world, -1, -1, 0, me.epoch + 2);
  assert_int_equal(produce(world, me, 1), KTXN__MODEL_INVALID_PRODUCER_EPOCH);
  expect_end(world, me, true, KTXN__MODEL_PRODUCER_FENCED);
  expect_end(world, me, false, KTXN__MODEL_PRODUCER_FENCED);
  expect_init(world, me.id, me.epoch, KTXN__MODEL_PRODUCER_FENCED, 0);
}

static struct identity successor_open(struct world *world, struct identity me) {
  struct identity next = with_epoch(me, me.epoch + 2);
  expect_init_after_abort(world, -1, -1, 0, next.epoch);
  open_txn(world, next, 0);
  return next;
}

static void expect_killed(struct world *world, struct identity victim) {
  assert_int_equal(produce(world, victim, 1), KTXN__MODEL_INVALID_PRODUCER_EPOCH);
  struct described got = describe(world);
  assert_string_equal(got.state, "CompleteAbort");
  assert_int_equal(got.epoch, victim.epoch + 1);
}

static void old_init_kills_successor(struct world *world) {
  struct identity me = begun(world);
  struct identity next = successor_open(world, me);
  expect_init_after_abort(world, me.id, me.epoch + 1, KTXN__MODEL_PRODUCER_FENCED, 0);
  expect_killed(world, next);
}

static void old_probe_leaves_successor(struct world *world) {
  struct identity me = begun(world);
  struct identity next = successor_open(world, me);
  assert_int_equal(end_as(world, 3, me.id, (int16_t)(me.epoch + 1), false).code, KTXN__MODEL_PRODUCER_FENCED);
  expect_state(world, "Ongoing", next.epoch);
  expect_end(world, next, true, 0);
}

static void old_bump_kills_successor(struct world *world) {
  struct identity me = after(world, begun(world), true);
  expect_init(world, -1, -1, 0, me.epoch + 1);
  struct identity next = with_epoch(me, me.epoch + 1);
  open_txn(world, next, 0);
  expect_init_after_abort(world, me.id, me.epoch, KTXN__MODEL_PRODUCER_FENCED, 0);
  expect_killed(world, next);
}

static void late_own_init(struct world *world) {
  struct identity me = after(world, begun(world), true);
  expect_init(world, me.id, me.epoch, 0, me.epoch + 1);
  struct identity next = with_epoch(me, me.epoch + 1);
  open_txn(world, next, 0);
  expect_init(world, me.id, me.epoch, KTXN__MODEL_CONCURRENT_TRANSACTIONS, 0);
  settle(world);
  expect_killed(world, next);
}

static void timeout_then_successor(struct world *world) {
  struct identity me = timed_out(world);
  expect_init(world, -1, -1, 0, me.epoch + 2);
  expect_end(world, me, false, KTXN__MODEL_PRODUCER_FENCED);
  expect_init(world, me.id, me.epoch, KTXN__MODEL_PRODUCER_FENCED, 0);
}

static void own_open_init(struct world *world) {
  struct identity me = begun(world);
  expect_init_after_abort(world, me.id, me.epoch, by(world, KTXN__MODEL_PRODUCER_FENCED, 0), me.epoch + 1);
  expect_state(world, by(world, 0, 1) ? "Empty" : "CompleteAbort", me.epoch + 1);
}

static void init_again(struct world *world) {
  struct identity me = after(world, begun(world), true);
  expect_init(world, me.id, me.epoch, 0, me.epoch + 1);
  expect_init(world, me.id, me.epoch, 0, me.epoch + 1);
}

static void init_again_after_reload(struct world *world) {
  struct identity me = after(world, begun(world), true);
  expect_init(world, me.id, me.epoch, 0, me.epoch + 1);
  reload(world);
  expect_init(world, me.id, me.epoch, KTXN__MODEL_PRODUCER_FENCED, 0);
}

static void end_again_after_reload(struct world *world) {
  struct identity me = begun(world);
  struct identity next = after(world, me, true);
  reload(world);
  struct identity again = end_txn(world, me, true);
  assert_int_equal(again.code, 0);
  assert_int_equal(again.id, next.id);
  assert_int_equal(again.epoch, next.epoch);
}

static void resumed(struct world *world) {
  struct identity me = begun(world);
  settle(world);
  struct identity next = end_txn(world, me, true);
  assert_int_equal(next.code, 0);
  assert_int_equal(next.epoch, by(world, me.epoch, me.epoch + 1));
  settle(world);
  assert_true(visible(world, 0));
}

/* The old end, late, while the next transaction has written one record behind the old one's marker. */
static void late_end(struct world *world, bool commit) {
  struct identity me = begun(world);
  struct identity next = after(world, me, commit);
  open_txn(world, next, by(world, 1, 0));
  expect_end(world, me, commit, by(world, 0, KTXN__MODEL_PRODUCER_FENCED));
  settle(world);
  if (world->v2) {
    expect_state(world, "Ongoing", next.epoch);
  } else {
    expect_state(world, commit ? "CompleteCommit" : "CompleteAbort", me.epoch);
    assert_int_equal(visible(world, 2), commit);
  }
}

static void late_commit(struct world *world) {
  late_end(world, true);
}

static void late_abort(struct world *world) {
  late_end(world, false);
}

static void late_batch(struct world *world) {
  struct identity me = begun(world);
  after(world, me, true);
  assert_int_equal(produce(world, me, 1), by(world, KTXN__MODEL_INVALID_TXN_STATE, KTXN__MODEL_INVALID_PRODUCER_EPOCH));
}

static void unverified_late_batch(struct world *world) {
  struct identity me = begun(world);
  after(world, me, true);
  assert_int_equal(produce(world, me, 1), 0);
  settle(world);
  struct ktxn__model_log_ends ends;
  assert_true(ktxn__model_log_ends(world->model, KTXN__STR(TOPIC), 0, &ends));
  assert_true(ends.last_stable < ends.high_watermark);
}

static void late_offset(struct world *world) {
  struct identity me = begun(world);
  struct identity next = after(world, me, false);
  assert_int_equal(commit_offset(world, me, 100), by(world, KTXN__MODEL_INVALID_TXN_STATE, KTXN__MODEL_INVALID_PRODUCER_EPOCH));
  expect_init(world, next.id, next.epoch, 0, next.epoch + 1);
  assert_int_equal(commit_offset(world, next, 100), KTXN__MODEL_INVALID_PRODUCER_EPOCH);
}

static struct identity aborted_and_bumped(struct world *world) {
  struct identity me = init(world);
  open_txn(world, me, 0);
  assert_int_equal(add_offsets(world, me), 0);
  assert_int_equal(commit_offset(world, me, 50), 0);
  after(world, me, false);
  expect_init(world, me.id, me.epoch, 0, me.epoch + 1);
  return me;
}

static void unverified_batch_becomes_visible(struct world *world) {
  struct identity me = aborted_and_bumped(world);
  struct identity next = with_epoch(me, me.epoch + 1);
  int64_t late = -1;
  assert_int_equal(produce_at(world, me, 0, 1, &late), 0);
  open_txn(world, next, 0);
  expect_end(world, next, true, 0);
  settle(world);
  assert_true(visible(world, late));
}

static void unverified_offset_blocks(struct world *world) {
  struct identity me = aborted_and_bumped(world);
  struct identity next = with_epoch(me, me.epoch + 1);
  int16_t code;
  assert_int_equal(commit_offset(world, me, 77), 0);
  settle(world);
  fetch_offset(world, &code);
  assert_int_equal(code, KTXN__MODEL_UNSTABLE_OFFSET_COMMIT);
  assert_int_equal(add_offsets(world, next), 0);
  expect_end(world, next, false, 0);
  settle(world);
  assert_int_equal(fetch_offset(world, &code), -1);
  assert_int_equal(code, 0);
}

static void sweep(struct world *world) {
  struct identity me = aborted_and_bumped(world);
  struct identity next = with_epoch(me, me.epoch + 1);
  int64_t late = -1;
  int16_t code;
  assert_int_equal(produce_at(world, me, 0, 1, &late), 0);
  assert_int_equal(add_partition(world, next, 0), 0);
  assert_int_equal(add_offsets(world, next), 0);
  expect_end(world, next, false, 0);
  settle(world);
  assert_int_equal(produce(world, me, 2), KTXN__MODEL_INVALID_PRODUCER_EPOCH);
  assert_int_equal(commit_offset(world, me, 78), KTXN__MODEL_INVALID_PRODUCER_EPOCH);
  open_txn(world, next, 0);
  expect_end(world, next, true, 0);
  settle(world);
  assert_false(visible(world, late));
  assert_int_equal(fetch_offset(world, &code), -1);
  assert_int_equal(code, 0);
}

static void first_sequence(struct world *world) {
  struct identity me = init(world);
  assert_int_equal(world->v2 ? 0 : add_partition(world, me, 0), 0);
  assert_int_equal(produce(world, me, 5), by(world, 0, KTXN__MODEL_OUT_OF_ORDER_SEQUENCE_NUMBER));
  if (!world->v2) {
    assert_int_equal(produce(world, me, 0), KTXN__MODEL_OUT_OF_ORDER_SEQUENCE_NUMBER);
  }
}

static void batch_twice(struct world *world) {
  struct identity me = begun(world);
  int64_t offset = -1;
  assert_int_equal(produce_at(world, me, 0, 0, &offset), 0);
  assert_int_equal(offset, 0);
}

static void unregistered(struct world *world) {
  struct identity me = init(world);
  assert_int_equal(produce(world, me, 0), by(world, KTXN__MODEL_INVALID_TXN_STATE, 0));
}

static void wrong_identity(struct world *world) {
  struct identity me = begun(world);
  struct identity other = me;
  other.id += 7;
  expect_end(world, other, true, KTXN__MODEL_INVALID_PRODUCER_ID_MAPPING);
  expect_end(world, with_epoch(me, me.epoch + 1), true, KTXN__MODEL_PRODUCER_FENCED);
  struct ktxn__model_request request = end_request(world->v2 ? 5 : 3, me.id, me.epoch, true);
  request.end_txn.transactional_id = KTXN__STR("nobody knows it");
  assert_int_equal(identity_of(world, call(world, &request)).code, KTXN__MODEL_INVALID_PRODUCER_ID_MAPPING);
}

static void adopting_a_successor(struct world *world) {
  struct identity me = init(world);
  expect_init(world, -1, -1, 0, me.epoch + 1);
  struct identity next = with_epoch(me, me.epoch + 1);
  world->v2 = false;
  open_txn(world, next, 0);
  expect_end(world, next, false, 0);
  settle(world);
  world->v2 = true;
  assert_int_equal(produce(world, me, 0), KTXN__MODEL_INVALID_PRODUCER_EPOCH);
  struct identity adopted = end_txn(world, me, false);
  assert_int_equal(adopted.code, 0);
  assert_int_equal(adopted.epoch, next.epoch);
  struct ktxn__model_log_ends before, behind;
  assert_true(ktxn__model_log_ends(world->model, KTXN__STR(TOPIC), 0, &before));
  assert_int_equal(produce(world, adopted, 0), 0);
  assert_true(ktxn__model_log_ends(world->model, KTXN__STR(TOPIC), 0, &behind));
  assert_int_equal(before.end, behind.end);
}

static void last_arrival_wins(struct world *world) {
  struct identity me = init(world);
  int16_t code;
  assert_int_equal(world->v2 ? 0 : add_offsets(world, me), 0);
  assert_int_equal(commit_offset(world, me, 100), 0);
  assert_int_equal(commit_offset(world, me, 200), 0);
  assert_int_equal(commit_offset(world, me, 100), 0);
  after(world, me, true);
  assert_int_equal(fetch_offset(world, &code), 100);
  assert_int_equal(code, 0);
}

static void downgraded_end_of_v1(struct world *world) {
  struct identity me = begun(world);
  assert_true(ktxn__model_set_transaction_version(world->model, 0));
  assert_int_equal(end_as(world, 3, me.id, me.epoch, true).code, 0);
  settle(world);
  expect_state(world, "CompleteCommit", me.epoch);
}

static void expect_wedged(struct world *world, struct identity me) {
  assert_int_equal(end_as(world, 5, me.id, me.epoch, true).code, KTXN__MODEL_UNSUPPORTED_VERSION);
  settle(world);
  assert_int_equal(end_as(world, 5, me.id, me.epoch, true).code, KTXN__MODEL_CONCURRENT_TRANSACTIONS);
  assert_int_equal(end_as(world, 3, me.id, me.epoch, true).code, KTXN__MODEL_CONCURRENT_TRANSACTIONS);
  expect_init(world, -1, -1, KTXN__MODEL_CONCURRENT_TRANSACTIONS, 0);
  pass(world, 60 * SECOND_US);
  expect_state(world, "Ongoing", me.epoch);
  reload(world);
  pass(world, 60 * SECOND_US);
  expect_state(world, "CompleteAbort", me.epoch + 1);
}

static void downgraded_end_of_v2(struct world *world) {
  struct identity me = begun(world);
  assert_true(ktxn__model_set_transaction_version(world->model, 0));
  expect_wedged(world, me);
}

static void end_of_v2_at_level_0(struct world *world) {
  expect_wedged(world, begun(world));
}

static void produce_of_v2_at_level_0(struct world *world) {
  struct identity me = init(world);
  world->v2 = true;
  assert_int_equal(produce(world, me, 0), KTXN__MODEL_UNSUPPORTED_VERSION);
  expect_state(world, "Empty", me.epoch);
  expect_init(world, -1, -1, KTXN__MODEL_CONCURRENT_TRANSACTIONS, 0);
  reload(world);
  expect_init(world, -1, -1, 0, me.epoch + 1);
}

static void bumps_of_v2_at_level_1(struct world *world) {
  struct identity me = init(world);
  world->v2 = true;
  open_txn(world, me, 0);
  assert_int_equal(after(world, me, true).epoch, me.epoch + 1);
}

enum worlds {
  V1 = 1,          /* 3.9; 4.4 at level 0 and 1; requests of V1 */
  V2 = 2,          /* 4.4 at level 2, requests of V2 */
  UNVERIFIED = 4,  /* 2.8; 3.9 with verification off */
  LEVEL_0 = 8,     /* 4.4 at level 0 */
  LEVEL_1 = 16,    /* 4.4 at level 1 */
};

static const struct {
  const char *text;
  int worlds;
  void (*run)(struct world *world);
} rows[] = {
    {"commit completed: the same commit again", V1 | V2, same_commit_again},
    {"commit completed: abort with the old epoch", V1 | V2, abort_after_commit},
    {"abort completed: abort again, commit", V1 | V2, again_after_abort},
    {"commit answered, markers not yet written: the same commit", V1 | V2, commit_before_markers},
    {"nothing written: commit, abort", V1 | V2, nothing_written},
    {"broker timeout: Produce(e)", V1 | V2, timeout_produce},
    {"broker timeout: EndTxn(commit, e)", V1 | V2, timeout_commit},
    {"broker timeout: EndTxn(abort, e)", V1 | V2, timeout_abort},
    {"broker timeout: AddPartitionsToTxn(e)", V1, timeout_add},
    {"broker timeout: InitProducerId(pid, e)", V1 | V2, timeout_init},
    {"broker timeout: EndTxn <= 4 (abort, e+1)", V1 | V2, timeout_probe},
    {"broker timeout: InitProducerId(pid, e+1)", V1 | V2, timeout_init_above},
    {"a successor's InitProducerId, transaction open", V1 | V2, successor},
    {"successor open at e+2: the old one's InitProducerId(pid, e+1)", V1 | V2, old_init_kills_successor},
    {"successor open at e+2: the old one's EndTxn <= 4 (abort, e+1)", V1 | V2, old_probe_leaves_successor},
    {"successor open at e+1: the old one's InitProducerId(pid, e)", V1 | V2, old_bump_kills_successor},
    {"next transaction open: a late copy of our own InitProducerId(pid, e)", V1 | V2, late_own_init},
    {"timeout, then a successor", V1 | V2, timeout_then_successor},
    {"own transaction open: InitProducerId(pid, e)", V1 | V2, own_open_init},
    {"any completed: InitProducerId(pid, e), then the same again", V1 | V2, init_again},
    {"the same, the coordinator reloaded in between", V1 | V2, init_again_after_reload},
    {"coordinator restarted: EndTxn repeated", V2, end_again_after_reload},
    {"crash, new connection, no init: EndTxn(commit, e)", V1 | V2, resumed},
    {"next transaction has written: the old commit, late", V1 | V2, late_commit},
    {"next transaction has written: the old abort, late", V1 | V2, late_abort},
    {"commit completed: a late batch", V1 | V2, late_batch},
    {"abort completed, and a bump: late offsets", V1 | V2, late_offset},
    {"commit completed, verification off: a late batch", UNVERIFIED, unverified_late_batch},
    {"abort and bump, verification off: a late batch becomes visible", UNVERIFIED, unverified_batch_becomes_visible},
    {"abort and bump, verification off: a late TxnOffsetCommit blocks", UNVERIFIED, unverified_offset_blocks},
    {"abort, bump and sweep, verification off", UNVERIFIED, sweep},
    {"first batch with sequence 5", V1 | V2, first_sequence},
    {"the same batch twice", V1 | V2, batch_twice},
    {"Produce without AddPartitionsToTxn", V1 | V2, unregistered},
    {"EndTxn with another producer id, id, epoch", V1 | V2, wrong_identity},
    {"nothing registered, a successor that spoke V1: EndTxn 5 adopts it", V2, adopting_a_successor},
    {"offsets: the last arrival wins", V1 | V2, last_arrival_wins},
    {"open at level 2, taken to 0: EndTxn 3", V2, downgraded_end_of_v1},
    {"open at level 2, taken to 0: EndTxn 5", V2, downgraded_end_of_v2},
    {"level 0: EndTxn 5", LEVEL_0, end_of_v2_at_level_0},
    {"level 0: Produce 12", LEVEL_0, produce_of_v2_at_level_0},
    {"level 1: Produce 12, EndTxn 5", LEVEL_1, bumps_of_v2_at_level_1},
};

static const struct {
  const char *text;
  int worlds;
  enum ktxn__model_release release;
  int16_t level;
  bool verification;
  bool v2;
} brokers[] = {
    {"3.9", V1, KTXN__MODEL_3_9, 0, true, false},
    {"4.4 at level 0", V1 | LEVEL_0, KTXN__MODEL_4_4, 0, true, false},
    {"4.4 at level 1", V1 | LEVEL_1, KTXN__MODEL_4_4, 1, true, false},
    {"4.4 at level 2", V2, KTXN__MODEL_4_4, 2, true, true},
    {"4.2 at level 2", V2, KTXN__MODEL_4_2, 2, true, true},
    {"2.8", UNVERIFIED, KTXN__MODEL_2_8, 0, true, false},
    {"3.9, verification off", UNVERIFIED, KTXN__MODEL_3_9, 0, false, false},
};

static void every_row_comes_out(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    for (size_t j = 0; j < sizeof brokers / sizeof brokers[0]; j++) {
      if ((rows[i].worlds & brokers[j].worlds) == 0) {
        continue;
      }
      print_message("%s: %s\n", brokers[j].text, rows[i].text);
      struct ktxn__model_config config = slow_config(brokers[j].release, brokers[j].level, brokers[j].verification);
      struct world world = world_with(config, brokers[j].v2);
      rows[i].run(&world);
      end_world(&world);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_row_comes_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
