#include "engine_fixture.h"
#include "sdk/engine/counts.h"

#include "sdk/engine/sender_state.h"

static char id[] = "tx";

static struct world *open_world(char *transactional_id) {
  static struct world world;
  world_init(&world, transactional_id);
  assert_true(world_open(&world));
  return &world;
}

static struct world *begun_world(void) {
  struct world *world = open_world(id);
  ktxn_error error;
  assert_int_equal(world_do(world, KTXN__OP_INIT).code, 0);
  assert_int_equal(ktxn__accumulator_begin(world->acc, &error), 0);
  return world;
}

static void a_transaction_is_committed(void **state) {
  (void)state;
  struct world *world = begun_world();
  enum ktxn_outcome outcome;
  ktxn_identity identity;
  assert_int_equal(world_send(world, "t", 0, "a"), KTXN__APPEND_DONE);
  assert_int_equal(world_send(world, "t", 1, "b"), KTXN__APPEND_DONE);
  assert_true(ktxn__sender_outcome(world->sender, 1, &outcome));
  assert_int_equal(outcome, KTXN_OUTCOME_NONE);
  ktxn_error error = world_end(world, true);
  assert_int_equal(error.code, 0);
  assert_int_equal(error.outcome, KTXN_OUTCOME_COMMITTED);
  assert_true(world->committed);
  assert_true(ktxn__sender_outcome(world->sender, 1, &outcome));
  assert_int_equal(outcome, KTXN_OUTCOME_COMMITTED);
  assert_false(ktxn__sender_outcome(world->sender, 2, &outcome));
  ktxn__sender_identity(world->sender, &identity);
  assert_int_equal(identity.producer_id, 4711);
  assert_int_equal(identity.producer_epoch, 1);
  world_close_all(world);
}

/* What the owner of an operation finds counted at the moment when it is told the end. */
struct told {
  struct ktxn__sender *sender;
  struct ktxn__counts counts;
  bool done;
};

static void on_told(struct ktxn__op *op) {
  struct told *told = op->owner;
  ktxn__sender_counts(told->sender, &told->counts);
  told->done = true;
}

static void whoever_is_told_of_an_end_finds_it_counted(void **state) {
  (void)state;
  struct world *world = begun_world();
  struct told told = {.sender = world->sender};
  ktxn_error error;
  assert_int_equal(world_send(world, "t", 0, "a"), KTXN__APPEND_DONE);
  assert_int_equal(ktxn__accumulator_end(world->acc, true, &error), 0);
  struct ktxn__op op = {.type = KTXN__OP_COMMIT, .done = on_told, .owner = &told};
  ktxn__sender_submit(world->sender, &op, world->now_us);
  world_run(world, &told.done, 10000000);
  assert_true(told.done);
  assert_int_equal(told.counts.committed, 1);
  assert_int_equal(told.counts.records_delivered, 1);
  world_close_all(world);
}

static void an_empty_transaction_needs_no_request(void **state) {
  (void)state;
  struct world *world = begun_world();
  assert_int_equal(world_end(world, true).outcome, KTXN_OUTCOME_COMMITTED);
  assert_int_equal(world->asked_for[KTXN__API_END_TXN], 0);
  world_close_all(world);
}

static void a_failed_batch_makes_the_commit_fail_and_abort_mends_it(void **state) {
  (void)state;
  struct world *world = begun_world();
  world->error[KTXN__API_PRODUCE] = KTXN_E_INVALID_RECORD;
  assert_int_equal(world_send(world, "t", 0, "a"), KTXN__APPEND_DONE);
  ktxn_error error = world_end(world, true);
  assert_int_equal(error.code, KTXN_E_INVALID_RECORD);
  assert_int_equal(error.error_class, KTXN_CLASS_ABORT);
  assert_int_equal(error.outcome, KTXN_OUTCOME_NOT_COMMITTED);
  assert_non_null(strstr(error.message, "t-0"));
  assert_non_null(strstr(error.message, "127.0.0.1:9092"));
  assert_int_equal(world_end(world, false).code, 0);
  assert_int_equal(ktxn__accumulator_gate(world->acc, NULL, NULL), KTXN__GATE_READY);
  world_close_all(world);
}

static void a_failure_that_nobody_waits_for_is_told_by_the_hook(void **state) {
  (void)state;
  struct world *world = begun_world();
  world->error[KTXN__API_PRODUCE] = KTXN_E_INVALID_RECORD;
  assert_int_equal(world_send(world, "t", 0, "a"), KTXN__APPEND_DONE);
  world_run(world, NULL, 1000000);
  assert_int_equal(world->failures, 1);
  assert_int_equal(ktxn__accumulator_gate(world->acc, NULL, NULL), KTXN__GATE_ABORTABLE);
  world_close_all(world);
}

static void retriable_answers_are_retried(void **state) {
  (void)state;
  struct world *world = begun_world();
  world->error[KTXN__API_PRODUCE] = KTXN_E_NOT_LEADER_OR_FOLLOWER;
  world->error[KTXN__API_ADD_PARTITIONS_TO_TXN] = KTXN_E_COORDINATOR_LOAD_IN_PROGRESS;
  world->error[KTXN__API_END_TXN] = KTXN_E_CONCURRENT_TRANSACTIONS;
  assert_int_equal(world_send(world, "t", 0, "a"), KTXN__APPEND_DONE);
  assert_int_equal(world_end(world, true).outcome, KTXN_OUTCOME_COMMITTED);
  assert_int_equal(world->asked_for[KTXN__API_PRODUCE], 2);
  assert_int_equal(world->asked_for[KTXN__API_ADD_PARTITIONS_TO_TXN], 2);
  assert_int_equal(world->asked_for[KTXN__API_END_TXN], 2);
  world_close_all(world);
}

static void offsets_that_were_taken_are_not_sent_again(void **state) {
  (void)state;
  struct world *world = begun_world();
  bool done = false;
  ktxn_offset offsets[] = {{"in", 0, 5, -1, NULL}, {"other", 3, 7, -1, "m"}, {"in", 1, 6, -1, NULL}};
  ktxn_group group = {"g", -1, NULL, NULL};
  struct ktxn__op op = {.type = KTXN__OP_OFFSETS,
                        .offsets = offsets,
                        .offset_count = 3,
                        .group = &group,
                        .done = world_done,
                        .owner = &done};
  world->error[KTXN__API_TXN_OFFSET_COMMIT] = KTXN_E_COORDINATOR_LOAD_IN_PROGRESS;
  ktxn__sender_submit(world->sender, &op, world->now_us);
  assert_true(world_run(world, &done, 60000000));
  assert_int_equal(op.error.code, 0);
  assert_int_equal(world->asked_for[KTXN__API_ADD_OFFSETS_TO_TXN], 1);
  assert_int_equal(world->asked_for[KTXN__API_TXN_OFFSET_COMMIT], 2);
  assert_int_equal(world->partitions, 1); /* of three, one had failed */
  assert_int_equal(world_end(world, true).outcome, KTXN_OUTCOME_COMMITTED);
  world_close_all(world);
}

/* Within a transaction the last copy to arrive wins: what an unanswered copy may still write is not contradicted. */
static void offsets_that_contradict_a_lost_copy_are_refused(void **state) {
  (void)state;
  struct world *world = begun_world();
  bool done = false;
  ktxn_offset offset = {"in", 0, 100, -1, NULL};
  ktxn_group group = {"g", -1, NULL, NULL};
  struct ktxn__op op = {.type = KTXN__OP_OFFSETS,
                        .offsets = &offset,
                        .offset_count = 1,
                        .group = &group,
                        .done = world_done,
                        .owner = &done};
  world->error[KTXN__API_TXN_OFFSET_COMMIT] = KTXN_E_REQUEST_TIMED_OUT;
  ktxn__sender_submit(world->sender, &op, world->now_us);
  assert_true(world_run(world, &done, 60000000));
  assert_int_equal(op.error.code, 0);
  offset.offset = 200;
  done = false;
  ktxn__sender_submit(world->sender, &op, world->now_us);
  assert_true(world_run(world, &done, 60000000));
  assert_int_equal(op.error.error_class, KTXN_CLASS_ABORT);
  assert_non_null(strstr(op.error.message, "in-0"));
  assert_int_equal(world_end(world, false).code, 0);
  world_close_all(world);
}

/* ---- rest -------------------------------------------------------------------------------------------------------------- */

static unsigned all_requests(const struct world *world) {
  unsigned sum = world->connects;
  for (size_t i = 0; i < WORLD_APIS; i++) {
    sum += world->asked_for[i];
  }
  return sum;
}

static void runs_without_events_send_nothing(struct world *world) {
  unsigned before = all_requests(world);
  for (int i = 0; i < 100; i++) {
    assert_true(ktxn__engine_run(world->engine, world->now_us) > world->now_us);
    world_answer_all(world);
  }
  assert_int_equal(all_requests(world), before);
}

static void an_idle_engine_rests(void **state) {
  (void)state;
  struct world *world = begun_world();
  world_run(world, NULL, 1000000);
  runs_without_events_send_nothing(world);
  world_close_all(world);
}

static void an_engine_that_waits_for_an_answer_rests(void **state) {
  (void)state;
  struct world *world = begun_world();
  assert_int_equal(world_send(world, "t", 0, "a"), KTXN__APPEND_DONE);
  world_run(world, NULL, 1000000);
  world->silent = true;
  for (int i = 0; i < 30; i++) {
    assert_int_equal(world_send(world, "t", 0, "more"), KTXN__APPEND_DONE);
  }
  world_run(world, NULL, 1000000);
  runs_without_events_send_nothing(world);
  assert_true(ktxn__engine_run(world->engine, world->now_us) > world->now_us + 1000000);
  world->silent = false;
  world_close_all(world);
}

static void an_engine_without_a_broker_rests(void **state) {
  (void)state;
  struct world *world = open_world(id);
  bool done = false;
  struct ktxn__op op = {.type = KTXN__OP_INIT, .done = world_done, .owner = &done};
  char trouble[256];
  world->refuse = true;
  ktxn__sender_submit(world->sender, &op, world->now_us);
  assert_false(world_run(world, &done, 60000000));
  /* reconnect.backoff.max.ms is a second: about one attempt a second, not thousands */
  assert_in_range(world->connects, 30, 200);
  runs_without_events_send_nothing(world);
  ktxn__sender_trouble(world->sender, trouble, sizeof trouble);
  assert_non_null(strstr(trouble, "127.0.0.1:9092"));
  world->refuse = false;
  assert_true(world_run(world, &done, 60000000));
  assert_int_equal(op.error.code, 0);
  world_close_all(world);
}

/* ---- close, expiry ------------------------------------------------------------------------------------------------------- */

static void close_aborts_an_open_transaction(void **state) {
  (void)state;
  struct world *world = begun_world();
  assert_int_equal(world_send(world, "t", 0, "a"), KTXN__APPEND_DONE);
  world_run(world, NULL, 1000000);
  ktxn__accumulator_close(world->acc);
  assert_int_equal(world_do(world, KTXN__OP_CLOSE).code, 0);
  assert_int_equal(world->asked_for[KTXN__API_END_TXN], 1);
  assert_false(world->committed);
  world_close_all(world);
}

static void close_ends_by_force_at_its_deadline(void **state) {
  (void)state;
  struct world *world = open_world(NULL);
  bool done = false;
  struct ktxn__op flush = {.type = KTXN__OP_FLUSH, .done = world_done, .owner = &done};
  assert_int_equal(world_send(world, "t", 0, "a"), KTXN__APPEND_DONE);
  world->silent = true;
  ktxn__sender_submit(world->sender, &flush, world->now_us);
  ktxn__accumulator_close(world->acc);
  int64_t before_us = world->now_us;
  ktxn_error error = world_do(world, KTXN__OP_CLOSE);
  assert_int_equal(error.code, KTXN_E_TIMED_OUT);
  assert_int_equal(error.error_class, KTXN_CLASS_RECREATE);
  assert_int_equal(world->now_us - before_us, 10000000);
  assert_true(done);
  assert_int_equal(flush.error.code, KTXN_E_CLOSED);
  world_close_all(world);
}

static void close_by_force_knows_what_became_of_the_transaction(void **state) {
  (void)state;
  struct world *world = begun_world();
  enum ktxn_outcome outcome;
  bool done = false;
  ktxn_error error;
  struct ktxn__op commit = {.type = KTXN__OP_COMMIT, .done = world_done, .owner = &done};
  assert_int_equal(world_send(world, "t", 0, "a"), KTXN__APPEND_DONE);
  assert_int_equal(world_do(world, KTXN__OP_FLUSH).code, 0);
  world->silent = true;
  assert_int_equal(ktxn__accumulator_end(world->acc, true, &error), 0);
  ktxn__sender_submit(world->sender, &commit, world->now_us);
  world_run(world, NULL, 1000);
  ktxn__accumulator_close(world->acc);
  assert_int_equal(world_do(world, KTXN__OP_CLOSE).code, KTXN_E_TIMED_OUT);
  assert_true(done);
  assert_int_equal(commit.error.code, KTXN_E_CLOSED);
  assert_int_equal(commit.error.outcome, KTXN_OUTCOME_IN_DOUBT); /* EndTxn(commit) has left */
  assert_true(ktxn__sender_outcome(world->sender, 1, &outcome));
  assert_int_equal(outcome, KTXN_OUTCOME_IN_DOUBT);
  world_close_all(world);
}

/* What is owed for the transaction before can end the producer when the next one has just been begun. */
static void a_transaction_that_begins_as_the_producer_ends_is_not_committed(void **state) {
  (void)state;
  struct world *world = begun_world();
  enum ktxn_outcome outcome;
  ktxn_error error;
  ktxn__txn_break(world->sender->txn, world->now_us);
  world_run(world, NULL, 1000000);
  assert_int_equal(ktxn__accumulator_end(world->acc, true, &error), KTXN_E_INTERNAL);
  assert_true(error.fatal);
  assert_int_equal(error.outcome, KTXN_OUTCOME_NOT_COMMITTED);
  assert_true(ktxn__sender_outcome(world->sender, 1, &outcome));
  assert_int_equal(outcome, KTXN_OUTCOME_NOT_COMMITTED);
  world_close_all(world);
}

static void a_commit_that_meets_a_producer_that_has_ended_is_not_committed(void **state) {
  (void)state;
  struct world *world = begun_world();
  ktxn__txn_break(world->sender->txn, world->now_us);
  ktxn_error error = world_end(world, true);
  assert_int_equal(error.code, KTXN_E_INTERNAL);
  assert_int_equal(error.outcome, KTXN_OUTCOME_NOT_COMMITTED);
  world_close_all(world);
}

static void an_idempotent_producer_takes_its_id_when_it_needs_one(void **state) {
  (void)state;
  struct world *world = open_world(NULL);
  world_run(world, NULL, 1000000);
  assert_int_equal(world->asked_for[KTXN__API_INIT_PRODUCER_ID], 0);
  world->error[KTXN__API_INIT_PRODUCER_ID] = KTXN_E_COORDINATOR_LOAD_IN_PROGRESS;
  assert_int_equal(world_send(world, "t", 0, "a"), KTXN__APPEND_DONE);
  assert_int_equal(world_do(world, KTXN__OP_FLUSH).code, 0);
  assert_int_equal(world->asked_for[KTXN__API_INIT_PRODUCER_ID], 2);
  assert_int_equal(world->asked_for[KTXN__API_PRODUCE], 1);
  world_close_all(world);
}

static void an_expired_batch_fails_though_a_copy_is_on_its_way(void **state) {
  (void)state;
  struct world *world = begun_world();
  world->silent = false;
  assert_int_equal(world_send(world, "t", 0, "a"), KTXN__APPEND_DONE);
  world_run(world, NULL, 1000000);
  world->silent = true;
  assert_int_equal(world_send(world, "t", 0, "b"), KTXN__APPEND_DONE);
  ktxn_error error = world_end(world, true);
  assert_int_equal(error.code, KTXN_E_DELIVERY_TIMED_OUT);
  assert_int_equal(error.error_class, KTXN_CLASS_ABORT);
  world->silent = false;
  assert_int_equal(world_end(world, false).code, 0);
  world_close_all(world);
}

/* ---- memory ---------------------------------------------------------------------------------------------------------------- */

/* Whatever allocation fails: nothing crashes, nothing leaks, nothing hangs, and no outcome is made up. */
static void live_a_life(struct world *world) {
  ktxn_error error;
  if (!world_open(world) || world_do(world, KTXN__OP_INIT).code != 0 ||
      ktxn__accumulator_begin(world->acc, &error) != 0) {
    return;
  }
  (void)world_send(world, "t", 0, "a");
  (void)world_send(world, "t", 1, "b");
  error = world_end(world, true);
  if (error.outcome == KTXN_OUTCOME_COMMITTED && world->asked_for[KTXN__API_PRODUCE] > 0) {
    assert_true(world->committed);
  } else if (error.error_class == KTXN_CLASS_ABORT) {
    assert_int_equal(world_end(world, false).code, 0);
  }
}

static void any_failing_allocation_is_survived(void **state) {
  (void)state;
  static struct world world;
  for (uint32_t k = 1; k < 400; k++) {
    world_init(&world, id);
    ktxn__mem_fail(&world.mem, k, false);
    live_a_life(&world);
    ktxn__mem_fail(&world.mem, 0, false);
    if (world.sender == NULL && world.engine == NULL) {
      assert_true(k < 50);
    }
    world_close_all(&world);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_transaction_is_committed),
      cmocka_unit_test(whoever_is_told_of_an_end_finds_it_counted),
    cmocka_unit_test(an_empty_transaction_needs_no_request),
      cmocka_unit_test(a_failed_batch_makes_the_commit_fail_and_abort_mends_it),
      cmocka_unit_test(a_failure_that_nobody_waits_for_is_told_by_the_hook),
      cmocka_unit_test(retriable_answers_are_retried),
      cmocka_unit_test(offsets_that_were_taken_are_not_sent_again),
      cmocka_unit_test(offsets_that_contradict_a_lost_copy_are_refused),
      cmocka_unit_test(an_idle_engine_rests),
      cmocka_unit_test(an_engine_that_waits_for_an_answer_rests),
      cmocka_unit_test(an_engine_without_a_broker_rests),
      cmocka_unit_test(close_aborts_an_open_transaction),
      cmocka_unit_test(close_ends_by_force_at_its_deadline),
      cmocka_unit_test(close_by_force_knows_what_became_of_the_transaction),
      cmocka_unit_test(a_transaction_that_begins_as_the_producer_ends_is_not_committed),
      cmocka_unit_test(a_commit_that_meets_a_producer_that_has_ended_is_not_committed),
      cmocka_unit_test(an_idempotent_producer_takes_its_id_when_it_needs_one),
      cmocka_unit_test(an_expired_batch_fails_though_a_copy_is_on_its_way),
      cmocka_unit_test(any_failing_allocation_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
