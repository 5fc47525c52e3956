/** Nodes that are cut off and answer out of their memory, and what survives when leaders and coordinators move. */

#include "model_fixture.h"

static struct ktxn__model_config three_nodes(enum ktxn__model_release release, int16_t level) {
  struct ktxn__model_config config = small_config();
  config.nodes = 3;
  config.release = release;
  config.transaction_version = level;
  config.delay_us[KTXN__MODEL_DELAY_APPEND] = 300;
  config.delay_us[KTXN__MODEL_DELAY_MARKER] = 500;
  config.delay_us[KTXN__MODEL_DELAY_LOAD] = 50000;
  return config;
}

/* Everything on node 0; clients may use another one. */
static struct world cluster(int16_t level) {
  struct world world = world_with(three_nodes(level >= 2 ? KTXN__MODEL_4_4 : KTXN__MODEL_3_9, level), level >= 2);
  for (int32_t i = 0; i < 3; i++) {
    assert_true(ktxn__model_move_txn(world.model, 0, i, 0));
    assert_true(ktxn__model_move_group(world.model, 0, i, 0));
  }
  for (int32_t i = 0; i < 2; i++) {
    assert_true(ktxn__model_move_leader(world.model, 0, KTXN__STR(TOPIC), i, 2));
  }
  pass(&world, SECOND_US);
  return world;
}

static int32_t part(const struct world *world) {
  return ktxn__model_txn_partition(world->model, KTXN__STR(ID));
}

/* Requests for coordinators go to `node`, those for leaders to node 2. */
static struct identity at(struct world *world, int32_t node, struct identity (*how)(struct world *, struct identity, bool),
                          struct identity me, bool commit) {
  world->node = node;
  return how(world, me, commit);
}

static void write_txn(struct world *world, int32_t coordinator, struct identity me, int32_t sequence) {
  if (!world->v2) {
    world->node = coordinator;
    assert_int_equal(add_partition(world, me, 0), 0);
  }
  world->node = 2;
  assert_int_equal(produce(world, me, sequence), 0);
}

static struct identity run_txn(struct world *world, int32_t coordinator, struct identity me, int32_t sequence, bool commit) {
  write_txn(world, coordinator, me, sequence);
  struct identity next = at(world, coordinator, end_txn, me, commit);
  assert_int_equal(next.code, 0);
  pass(world, SECOND_US);
  return world->v2 ? next : me;
}

/* Node 0 is cut off; node 1 coordinates from now on. */
static void fail_over(struct world *world) {
  assert_true(ktxn__model_node_cut(world->model, world->now_us, 0, true));
  assert_true(ktxn__model_move_txn(world->model, world->now_us, part(world), 1));
  for (int32_t i = 0; i < 3; i++) {
    assert_true(ktxn__model_move_group(world->model, world->now_us, i, 1));
  }
  pass(world, SECOND_US);
}

static void v1_commit_of_a_transaction_before(void **state) {
  (void)state;
  struct world world = cluster(0);
  struct identity me = run_txn(&world, 0, init(&world), 0, true);
  fail_over(&world);
  write_txn(&world, 1, me, 1); /* N is open at node 1 */
  assert_int_equal(at(&world, 0, end_txn, me, true).code, 0);
  assert_int_equal(describe(&world).code, 0);
  world.node = 1;
  assert_string_equal(describe(&world).state, "Ongoing");
  end_world(&world);
}

static void v1_abort_of_a_transaction_before(void **state) {
  (void)state;
  struct world world = cluster(0);
  struct identity me = run_txn(&world, 0, init(&world), 0, false);
  fail_over(&world);
  run_txn(&world, 1, me, 1, true);
  assert_int_equal(at(&world, 0, end_txn, me, true).code, KTXN__MODEL_INVALID_TXN_STATE);
  end_world(&world);
}

static void v2_commit_of_a_transaction_before(void **state) {
  (void)state;
  struct world world = cluster(2);
  struct identity me = run_txn(&world, 0, init(&world), 0, true);
  fail_over(&world);
  run_txn(&world, 1, me, 0, true);
  assert_int_equal(at(&world, 0, end_txn, me, true).code, KTXN__MODEL_INVALID_TXN_STATE);
  end_world(&world);
}

static void v1_registration_of_a_transaction_before(void **state) {
  (void)state;
  struct world world = cluster(0);
  struct identity me = init(&world);
  write_txn(&world, 0, me, 0);
  fail_over(&world);
  assert_int_equal(at(&world, 1, end_txn, me, true).code, 0);
  pass(&world, SECOND_US);
  world.node = 0;
  assert_int_equal(add_partition(&world, me, 0), 0);
  world.node = 1;
  assert_string_equal(describe(&world).state, "CompleteCommit");
  end_world(&world);
}

static void an_older_epoch(void **state) {
  (void)state;
  struct world world = cluster(0);
  struct identity me = init(&world);
  fail_over(&world);
  world.node = 1;
  struct identity next = init_as(&world, me.id, me.epoch);
  assert_int_equal(next.code, 0);
  world.node = 0;
  assert_int_equal(add_partition(&world, next, 0), KTXN__MODEL_PRODUCER_FENCED);
  assert_int_equal(describe(&world).epoch, me.epoch);
  end_world(&world);
}

static void an_older_offset(void **state) {
  (void)state;
  struct world world = cluster(2);
  struct identity me = init(&world);
  int16_t code;
  assert_int_equal(commit_offset(&world, me, 100), 0);
  me = at(&world, 0, end_txn, me, true);
  pass(&world, SECOND_US);
  fail_over(&world);
  world.node = 1;
  assert_int_equal(commit_offset(&world, me, 200), 0);
  assert_int_equal(end_txn(&world, me, true).code, 0);
  pass(&world, SECOND_US);
  assert_int_equal(fetch_offset(&world, &code), 200);
  world.node = 0;
  assert_int_equal(fetch_offset(&world, &code), 100);
  assert_int_equal(code, 0);
  end_world(&world);
}

/* Offsets can't be written there: the request waits for offsets.commit.timeout.ms. */
static void offsets_at_a_stale_node_block(void **state) {
  (void)state;
  struct world world = cluster(2);
  struct identity me = init(&world);
  fail_over(&world);
  world.node = 0;
  int64_t sent_us = world.now_us;
  assert_int_equal(commit_offset(&world, me, 100), KTXN__MODEL_COORDINATOR_NOT_AVAILABLE);
  assert_int_equal(world.now_us - sent_us, 5 * SECOND_US);
  end_world(&world);
}

static int32_t find_coordinator(struct world *world, int32_t node) {
  struct ktxn__str key = KTXN__STR(ID);
  struct ktxn__model_request request = {.api = KTXN__MODEL_FIND_COORDINATOR,
                                        .version = 4,
                                        .find_coordinator = {.key_type = 1, .keys = &key, .key_count = 1}};
  world->node = node;
  struct ktxn__model_answer *answer = call(world, &request);
  assert_int_equal(answer->find_coordinator.coordinators[0].code, 0);
  int32_t found = answer->find_coordinator.coordinators[0].node;
  ktxn__model_release(world->model, answer);
  return found;
}

static void a_stale_node_names_itself(void **state) {
  (void)state;
  struct world world = cluster(0);
  fail_over(&world);
  assert_int_equal(find_coordinator(&world, 0), 0);
  assert_int_equal(find_coordinator(&world, 1), 1);
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 0, false));
  assert_int_equal(find_coordinator(&world, 0), 1);
  end_world(&world);
}

/* What needs an append waits for the transaction's timeout, and the id is busy meanwhile. */
static void an_append_at_a_stale_node_blocks(void **state) {
  (void)state;
  struct world world = cluster(0);
  struct identity me = init(&world);
  fail_over(&world);
  world.node = 0;
  struct adding request;
  int64_t sent_us = world.now_us;
  submit(&world, adding(&request, me, TOPIC, 0));
  assert_null(ktxn__model_take(world.model));
  assert_int_equal(add_partition(&world, me, 1), KTXN__MODEL_CONCURRENT_TRANSACTIONS);
  struct ktxn__model_answer *answer = await(&world);
  assert_non_null(answer);
  assert_int_equal(answer->add_partitions.topics[0].partitions[0].code, KTXN__MODEL_COORDINATOR_NOT_AVAILABLE);
  assert_int_equal(world.now_us - sent_us, 30 * SECOND_US);
  ktxn__model_release(world.model, answer);
  end_world(&world);
}

/* At the transaction's timeout (30 s) it fences what it holds open. It can't write that, and gives up when the timeout has passed once
 * more; then it remembers the epoch, acknowledges at it what is registered already, and does not raise it again. */
static void a_timeout_at_a_stale_node_raises_the_epoch(void **state) {
  (void)state;
  struct world world = cluster(0);
  struct identity me = init(&world);
  struct identity raised = {0, me.id, (int16_t)(me.epoch + 1)};
  write_txn(&world, 0, me, 0);
  fail_over(&world);
  assert_int_equal(at(&world, 1, end_txn, me, true).code, 0);
  world.node = 0;
  assert_int_equal(add_partition(&world, me, 0), 0);
  pass(&world, 45 * SECOND_US);
  assert_int_equal(add_partition(&world, raised, 0), KTXN__MODEL_CONCURRENT_TRANSACTIONS);
  pass(&world, 26 * SECOND_US);
  for (int32_t again = 0; again < 2; again++) {
    assert_string_equal(describe(&world).state, "Ongoing");
    assert_int_equal(describe(&world).epoch, raised.epoch);
    pass(&world, 40 * SECOND_US);
  }
  world.node = 1;
  assert_string_equal(describe(&world).state, "CompleteCommit");
  assert_int_equal(describe(&world).epoch, me.epoch);
  end_world(&world);
}

static void healing_ends_what_was_blocked(void **state) {
  (void)state;
  struct world world = cluster(0);
  struct identity me = init(&world);
  fail_over(&world);
  world.node = 0;
  struct adding request;
  submit(&world, adding(&request, me, TOPIC, 0));
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 0, false));
  struct ktxn__model_answer *answer = await(&world);
  assert_non_null(answer);
  assert_int_equal(answer->add_partitions.topics[0].partitions[0].code, KTXN__MODEL_NOT_COORDINATOR);
  ktxn__model_release(world.model, answer);
  assert_int_equal(add_partition(&world, me, 0), KTXN__MODEL_NOT_COORDINATOR);
  world.node = 1;
  assert_string_equal(describe(&world).state, "Empty");
  end_world(&world);
}

/* Cut off, but nobody took over: what was blocked goes on. */
static void healing_without_a_move_goes_on(void **state) {
  (void)state;
  struct world world = cluster(0);
  struct identity me = init(&world);
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 0, true));
  struct adding request;
  submit(&world, adding(&request, me, TOPIC, 0));
  pass(&world, SECOND_US);
  assert_null(ktxn__model_take(world.model));
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 0, false));
  struct ktxn__model_answer *answer = await(&world);
  assert_non_null(answer);
  assert_int_equal(answer->add_partitions.topics[0].partitions[0].code, 0);
  ktxn__model_release(world.model, answer);
  end_world(&world);
}

/* ---- moves ---- */

struct choices {
  bool keep_record;
  bool keep_batch;
};

static bool choose(void *ctx, enum ktxn__model_choice choice, int32_t node) {
  (void)node;
  const struct choices *choices = ctx;
  return choice == KTXN__MODEL_CHOICE_KEEP_RECORD ? choices->keep_record
                                                  : choice == KTXN__MODEL_CHOICE_KEEP_BATCH && choices->keep_batch;
}

/* The move comes while a record is on its way: the caller is told 16 in both cases. */
static void record_in_flight(bool kept, const char *state) {
  struct choices choices = {.keep_record = kept};
  struct ktxn__model_config config = three_nodes(KTXN__MODEL_4_4, 2);
  struct ktxn__model_hooks hooks = {.ctx = &choices, .choose = choose};
  struct world world = {.model = ktxn__model_new(ktxn__mem_default(), &config, &hooks), .v2 = true};
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR(TOPIC), 1));
  ktxn__model_move_txn(world.model, 0, part(&world), 0);
  ktxn__model_move_leader(world.model, 0, KTXN__STR(TOPIC), 0, 0);
  pass(&world, SECOND_US);
  struct identity me = init(&world);
  assert_int_equal(produce(&world, me, 0), 0);
  struct ktxn__model_request request = end_request(5, me.id, me.epoch, true);
  submit(&world, &request);
  assert_true(ktxn__model_move_txn(world.model, world.now_us, part(&world), 1));
  assert_int_equal(identity_of(&world, await(&world)).code, KTXN__MODEL_NOT_COORDINATOR);
  world.node = 1;
  assert_int_equal(describe(&world).code, KTXN__MODEL_COORDINATOR_LOAD_IN_PROGRESS);
  pass(&world, SECOND_US);
  assert_string_equal(describe(&world).state, state);
  world.node = 0;
  assert_int_equal(visible(&world, 0), kept);
  end_world(&world);
}

static void a_record_on_its_way_survives(void **state) {
  (void)state;
  record_in_flight(true, "CompleteCommit");
}

static void a_record_on_its_way_is_lost(void **state) {
  (void)state;
  record_in_flight(false, "Ongoing");
}

/* The first record of an id is lost: nobody ever knew it. */
static void an_id_whose_first_record_is_lost(void **state) {
  (void)state;
  struct choices choices = {.keep_record = false};
  struct ktxn__model_config config = three_nodes(KTXN__MODEL_4_4, 2);
  struct ktxn__model_hooks hooks = {.ctx = &choices, .choose = choose};
  struct world world = {.model = ktxn__model_new(ktxn__mem_default(), &config, &hooks), .v2 = true};
  world.node = ktxn__model_txn_leader(world.model, part(&world));
  struct ktxn__model_request request = init_request(-1, -1);
  submit(&world, &request);
  int32_t next = (world.node + 1) % 3;
  assert_true(ktxn__model_move_txn(world.model, world.now_us, part(&world), next));
  assert_int_equal(identity_of(&world, await(&world)).code, KTXN__MODEL_NOT_COORDINATOR);
  pass(&world, SECOND_US);
  world.node = next;
  assert_int_equal(describe(&world).code, KTXN__MODEL_TRANSACTIONAL_ID_NOT_FOUND);
  end_world(&world);
}

/* The node is cut off while its record is on its way: the new coordinator may have it, the old one never learns. */
static void record_cut_off(bool kept, const char *state) {
  struct choices choices = {.keep_record = kept};
  struct ktxn__model_config config = three_nodes(KTXN__MODEL_3_9, 0);
  struct ktxn__model_hooks hooks = {.ctx = &choices, .choose = choose};
  struct world world = {.model = ktxn__model_new(ktxn__mem_default(), &config, &hooks)};
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR(TOPIC), 1));
  ktxn__model_move_txn(world.model, 0, part(&world), 0);
  pass(&world, SECOND_US);
  struct identity me = init(&world);
  struct adding request;
  submit(&world, adding(&request, me, TOPIC, 0));
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 0, true));
  assert_true(ktxn__model_move_txn(world.model, world.now_us, part(&world), 1));
  pass(&world, SECOND_US);
  assert_null(ktxn__model_take(world.model));
  world.node = 1;
  assert_string_equal(describe(&world).state, state);
  world.node = 0;
  assert_string_equal(describe(&world).state, "Empty");
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 0, false));
  struct ktxn__model_answer *answer = await(&world);
  assert_non_null(answer);
  assert_int_equal(answer->add_partitions.topics[0].partitions[0].code, KTXN__MODEL_NOT_COORDINATOR);
  ktxn__model_release(world.model, answer);
  world.node = 1;
  pass(&world, 60 * SECOND_US);
  assert_string_equal(describe(&world).state, kept ? "CompleteAbort" : "Empty");
  end_world(&world);
}

static void a_record_whose_node_is_cut_off(void **state) {
  (void)state;
  record_cut_off(true, "Ongoing");
  record_cut_off(false, "Empty");
}

/* What a node begins to write when it is cut off already reaches nobody. */
static void a_record_that_never_left(void **state) {
  (void)state;
  struct choices choices = {.keep_record = true};
  struct ktxn__model_config config = three_nodes(KTXN__MODEL_3_9, 0);
  struct ktxn__model_hooks hooks = {.ctx = &choices, .choose = choose};
  struct world world = {.model = ktxn__model_new(ktxn__mem_default(), &config, &hooks)};
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR(TOPIC), 1));
  ktxn__model_move_txn(world.model, 0, part(&world), 0);
  pass(&world, SECOND_US);
  struct identity me = init(&world);
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 0, true));
  struct adding request;
  submit(&world, adding(&request, me, TOPIC, 0));
  assert_true(ktxn__model_move_txn(world.model, world.now_us, part(&world), 1));
  pass(&world, SECOND_US);
  world.node = 1;
  assert_string_equal(describe(&world).state, "Empty");
  end_world(&world);
}

/* Prepared at the old coordinator, whose markers never arrived: the new one sends them, with its own epoch. */
static void the_new_coordinator_sends_the_markers(void **state) {
  (void)state;
  struct ktxn__model_config config = three_nodes(KTXN__MODEL_4_4, 2);
  config.delay_us[KTXN__MODEL_DELAY_MARKER] = 5 * SECOND_US;
  struct world world = world_with(config, true);
  world.node = 0;
  for (int32_t i = 0; i < 3; i++) {
    ktxn__model_move_txn(world.model, 0, i, 0);
  }
  ktxn__model_move_leader(world.model, 0, KTXN__STR(TOPIC), 0, 0);
  pass(&world, SECOND_US);
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  assert_int_equal(end_txn(&world, me, true).code, 0);
  assert_true(ktxn__model_move_txn(world.model, world.now_us, part(&world), 1));
  pass(&world, 2 * SECOND_US);
  assert_false(visible(&world, 0));
  pass(&world, 10 * SECOND_US);
  assert_true(visible(&world, 0));
  const struct ktxn__model_entry *marker = ktxn__model_log_entry(world.model, KTXN__STR(TOPIC), 0, 1);
  assert_true(marker->marker);
  world.node = 1;
  assert_string_equal(describe(&world).state, "CompleteCommit");
  end_world(&world);
}

static void unacknowledged_batch(bool kept) {
  struct choices choices = {.keep_batch = kept};
  struct ktxn__model_config config = three_nodes(KTXN__MODEL_4_4, 2);
  config.delay_us[KTXN__MODEL_DELAY_REPLICA] = SECOND_US;
  config.txn_partitions = 1;
  struct ktxn__model_hooks hooks = {.ctx = &choices, .choose = choose};
  struct world world = {.model = ktxn__model_new(ktxn__mem_default(), &config, &hooks), .v2 = true};
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR(TOPIC), 1));
  assert_true(ktxn__model_move_txn(world.model, 0, 0, 0));
  assert_true(ktxn__model_move_leader(world.model, 0, KTXN__STR(TOPIC), 0, 0));
  pass(&world, SECOND_US);
  struct identity me = init(&world);
  assert_int_equal(produce(&world, me, 0), 0);
  struct producing second;
  submit(&world, producing(&second, &world, me, 0, 1, 1));
  pass(&world, 10000);
  assert_true(ktxn__model_move_leader(world.model, world.now_us, KTXN__STR(TOPIC), 0, 1));
  assert_int_equal(produced(&world, await(&world), NULL), KTXN__MODEL_NOT_LEADER_OR_FOLLOWER);
  struct ktxn__model_log_ends ends;
  assert_true(ktxn__model_log_ends(world.model, KTXN__STR(TOPIC), 0, &ends));
  assert_int_equal(ends.end, kept ? 2 : 1);
  world.node = 1;
  int64_t offset = -1; /* the same batch again is the first or a duplicate, in either case at offset 1 */
  assert_int_equal(produced(&world, call(&world, &second.request), &offset), 0);
  assert_int_equal(offset, 1);
  end_world(&world);
}

static void a_batch_that_nobody_acknowledged_survives(void **state) {
  (void)state;
  unacknowledged_batch(true);
}

static void a_batch_that_nobody_acknowledged_is_lost(void **state) {
  (void)state;
  unacknowledged_batch(false);
}

/* ---- leaders that are cut off ---- */

static void a_stale_leader_acknowledges_nothing(void **state) {
  (void)state;
  struct world world = cluster(2);
  struct identity me = run_txn(&world, 0, init(&world), 0, true);
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 2, true));
  assert_true(ktxn__model_move_leader(world.model, world.now_us, KTXN__STR(TOPIC), 0, 1));
  world.node = 2;
  struct producing request;
  producing(&request, &world, (struct identity){.id = -1, .epoch = -1}, 0, -1, 1);
  request.partition.batch.transactional = false;
  request.request.produce.transactional_id = KTXN__STR_NULL;
  int64_t sent_us = world.now_us;
  assert_int_equal(produced(&world, call(&world, &request.request), NULL), KTXN__MODEL_REQUEST_TIMED_OUT);
  assert_int_equal(world.now_us - sent_us, 30 * SECOND_US);
  world.node = 1;
  me.code = 0;
  assert_int_equal(produce(&world, me, 0), 0);
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 2, false));
  world.node = 2;
  assert_int_equal(produced(&world, call(&world, &request.request), NULL), KTXN__MODEL_NOT_LEADER_OR_FOLLOWER);
  end_world(&world);
}

/* A batch waits for its replicas when the leader is cut off and replaced: nobody tells its client. */
static void a_stale_leader_does_not_learn_of_the_move(void **state) {
  (void)state;
  struct ktxn__model_config config = three_nodes(KTXN__MODEL_4_4, 2);
  config.delay_us[KTXN__MODEL_DELAY_REPLICA] = SECOND_US;
  struct world world = world_with(config, true);
  assert_true(ktxn__model_move_leader(world.model, 0, KTXN__STR(TOPIC), 0, 2));
  world.node = 2;
  struct producing request;
  producing(&request, &world, (struct identity){.id = -1, .epoch = -1}, 0, -1, 1);
  request.partition.batch.transactional = false;
  submit(&world, &request.request);
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 2, true));
  assert_true(ktxn__model_move_leader(world.model, world.now_us, KTXN__STR(TOPIC), 0, 1));
  assert_null(ktxn__model_take(world.model));
  assert_int_equal(produced(&world, await(&world), NULL), KTXN__MODEL_REQUEST_TIMED_OUT);
  assert_int_equal(world.now_us, 30 * SECOND_US);
  end_world(&world);
}

/* What waits at the old leader was lost with the move. That the new leader's log is as long again acknowledges nothing. */
static void a_stale_leader_does_not_acknowledge_others_batches(void **state) {
  (void)state;
  struct choices choices = {.keep_batch = false};
  struct ktxn__model_config config = three_nodes(KTXN__MODEL_4_4, 2);
  config.delay_us[KTXN__MODEL_DELAY_REPLICA] = SECOND_US;
  struct ktxn__model_hooks hooks = {.ctx = &choices, .choose = choose};
  struct world world = {.model = ktxn__model_new(ktxn__mem_default(), &config, &hooks), .v2 = true};
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR(TOPIC), 1));
  assert_true(ktxn__model_move_leader(world.model, 0, KTXN__STR(TOPIC), 0, 2));
  world.node = 2;
  struct producing request;
  producing(&request, &world, (struct identity){.id = -1, .epoch = -1}, 0, -1, 1);
  request.partition.batch.transactional = false;
  submit(&world, &request.request);
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 2, true));
  assert_true(ktxn__model_move_leader(world.model, world.now_us, KTXN__STR(TOPIC), 0, 1));
  world.node = 1;
  int64_t offset = -1;
  assert_int_equal(produced(&world, call(&world, &request.request), &offset), 0);
  assert_int_equal(offset, 0);
  pass(&world, SECOND_US);
  assert_null(ktxn__model_take(world.model));
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 2, false));
  assert_int_equal(produced(&world, await(&world), NULL), KTXN__MODEL_NOT_LEADER_OR_FOLLOWER);
  end_world(&world);
}

/* The marker waits at a leader that is cut off and replaced: the coordinator writes it at the new one. */
static void a_marker_goes_to_the_leader_that_is_reached(void **state) {
  (void)state;
  struct choices choices = {.keep_batch = true};
  struct ktxn__model_config config = three_nodes(KTXN__MODEL_4_4, 2);
  config.delay_us[KTXN__MODEL_DELAY_REPLICA] = 100;
  struct ktxn__model_hooks hooks = {.ctx = &choices, .choose = choose};
  struct world world = {.model = ktxn__model_new(ktxn__mem_default(), &config, &hooks), .v2 = true};
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR(TOPIC), 1));
  assert_true(ktxn__model_move_leader(world.model, 0, KTXN__STR(TOPIC), 0, 2));
  assert_true(ktxn__model_move_txn(world.model, 0, part(&world), 0));
  pass(&world, SECOND_US);
  struct identity me = init(&world);
  write_txn(&world, 0, me, 0);
  assert_int_equal(at(&world, 0, end_txn, me, true).code, 0);
  pass(&world, 550); /* the marker is in the log of node 2, and on no other one */
  assert_string_equal(describe(&world).state, "PrepareCommit");
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 2, true));
  assert_true(ktxn__model_move_leader(world.model, world.now_us, KTXN__STR(TOPIC), 0, 1));
  pass(&world, SECOND_US);
  assert_string_equal(describe(&world).state, "CompleteCommit");
  end_world(&world);
}

static void a_leader_that_is_cut_off_goes_on_when_it_is_back(void **state) {
  (void)state;
  struct world world = cluster(2);
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 2, true));
  world.node = 2;
  struct producing request;
  producing(&request, &world, (struct identity){.id = -1, .epoch = -1}, 0, -1, 1);
  request.partition.batch.transactional = false;
  submit(&world, &request.request);
  pass(&world, SECOND_US);
  assert_null(ktxn__model_take(world.model));
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 2, false));
  int64_t offset = -1;
  assert_int_equal(produced(&world, await(&world), &offset), 0);
  assert_int_equal(offset, 0);
  end_world(&world);
}

/* A coordinator that is cut off wrote a marker into its own log; the topic goes meanwhile, and with it the need for a marker. */
static void a_marker_of_a_deleted_topic_is_let_go(void **state) {
  (void)state;
  struct ktxn__model_config config = three_nodes(KTXN__MODEL_4_4, 2);
  config.delay_us[KTXN__MODEL_DELAY_REPLICA] = 100;
  struct world world = world_with(config, true);
  assert_true(ktxn__model_move_leader(world.model, 0, KTXN__STR(TOPIC), 0, 2));
  assert_true(ktxn__model_move_txn(world.model, 0, part(&world), 2));
  pass(&world, SECOND_US);
  world.node = 2;
  struct identity me = init(&world);
  write_txn(&world, 2, me, 0);
  assert_int_equal(at(&world, 2, end_txn, me, true).code, 0);
  pass(&world, 550); /* the marker is in the log of node 2, and on no other one */
  assert_string_equal(describe(&world).state, "PrepareCommit");
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 2, true));
  assert_true(ktxn__model_delete_topic(world.model, world.now_us, KTXN__STR(TOPIC)));
  pass(&world, SECOND_US);
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 2, false));
  pass(&world, SECOND_US);
  assert_string_equal(describe(&world).state, "CompleteCommit");
  end_world(&world);
}

/* acks=1 asks no replica: a leader that is cut off and replaced answers at once, and what it has acknowledged is lost. */
static void a_stale_leader_answers_acks_1_at_once(void **state) {
  (void)state;
  struct world world = cluster(2);
  assert_true(ktxn__model_move_leader(world.model, 0, KTXN__STR(TOPIC), 0, 2));
  world.node = 2;
  struct producing request;
  producing(&request, &world, (struct identity){.id = -1, .epoch = -1}, 0, -1, 3);
  request.partition.batch.transactional = false;
  request.request.produce.transactional_id = KTXN__STR_NULL;
  int64_t offset = -1;
  assert_int_equal(produced(&world, call(&world, &request.request), &offset), 0);
  int64_t end = offset + 3;
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 2, true));
  assert_true(ktxn__model_move_leader(world.model, world.now_us, KTXN__STR(TOPIC), 0, 1));
  int64_t sent_us = world.now_us;
  for (int16_t acks = 0; acks <= 1; acks++) {
    request.request.produce.acks = acks;
    struct ktxn__model_answer *answer = call(&world, &request.request);
    assert_int_equal(answer->silent, acks == 0);
    assert_int_equal(produced(&world, answer, &offset), 0);
    assert_int_equal(offset, end + 3 * acks); /* each gets offsets of its own in that leader's log */
  }
  assert_int_equal(world.now_us, sent_us);
  struct ktxn__model_log_ends ends;
  assert_true(ktxn__model_log_ends(world.model, KTXN__STR(TOPIC), 0, &ends));
  assert_int_equal(ends.end, end);
  end_world(&world);
}

/* ---- nodes that die ---- */

static void a_dead_node_answers_nothing_and_others_take_over(void **state) {
  (void)state;
  struct world world = cluster(2);
  struct identity me = init(&world);
  write_txn(&world, 0, me, 0);
  struct ktxn__model_request request = end_request(5, me.id, me.epoch, true);
  world.node = 0;
  submit(&world, &request);
  assert_true(ktxn__model_node_down(world.model, world.now_us, 0, true));
  pass(&world, SECOND_US);
  assert_null(ktxn__model_take(world.model));
  assert_int_equal(ktxn__model_submit(world.model, 0, world.now_us, &request, NULL), 0);
  assert_int_equal(find_coordinator(&world, 2), 1);
  struct identity next = at(&world, 1, end_txn, me, true);
  assert_int_equal(next.code, 0);
  assert_int_equal(next.epoch, me.epoch + 1);
  assert_true(ktxn__model_node_up(world.model, world.now_us, 0));
  assert_int_equal(find_coordinator(&world, 0), 1);
  end_world(&world);
}

static void a_lone_node_comes_back_with_what_its_logs_have(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  assert_true(ktxn__model_node_down(world.model, world.now_us, 0, false));
  pass(&world, SECOND_US);
  assert_true(ktxn__model_node_up(world.model, world.now_us, 0));
  assert_int_equal(end_txn(&world, me, true).code, 0);
  pass(&world, SECOND_US);
  assert_true(visible(&world, 0));
  end_world(&world);
}

/* A waiting request of each kind, and then the node dies: nothing may be left of them. */
static void what_waits_dies_with_its_node(void **state) {
  (void)state;
  struct ktxn__model_config config = three_nodes(KTXN__MODEL_4_4, 2);
  config.delay_us[KTXN__MODEL_DELAY_REPLICA] = SECOND_US;
  config.delay_us[KTXN__MODEL_DELAY_VERIFY] = SECOND_US;
  struct world world = world_with(config, true);
  for (int32_t i = 0; i < 3; i++) {
    ktxn__model_move_txn(world.model, 0, i, 0);
    ktxn__model_move_group(world.model, 0, i, 0);
  }
  ktxn__model_move_leader(world.model, 0, KTXN__STR(TOPIC), 0, 0);
  pass(&world, SECOND_US);
  struct identity me = init(&world);
  struct producing produces;
  submit(&world, producing(&produces, &world, me, 0, 0, 1));
  struct committing commits;
  submit(&world, committing(&commits, &world, me, 5));
  struct ktxn__model_fetch_partition partition = {.current_leader_epoch = -1, .max_bytes = 100};
  struct ktxn__model_fetch_topic topic = {.topic = {.name = KTXN__STR(TOPIC)}, .partitions = &partition, .partition_count = 1};
  struct ktxn__model_request fetch = {
      .api = KTXN__MODEL_FETCH,
      .version = 12,
      .fetch = {.max_wait_ms = 60000, .min_bytes = 1, .max_bytes = 100, .topics = &topic, .topic_count = 1}};
  submit(&world, &fetch);
  assert_true(ktxn__model_node_down(world.model, world.now_us, 0, true));
  pass(&world, 100 * SECOND_US);
  assert_null(ktxn__model_take(world.model));
  end_world(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(v1_commit_of_a_transaction_before),
      cmocka_unit_test(v1_abort_of_a_transaction_before),
      cmocka_unit_test(v2_commit_of_a_transaction_before),
      cmocka_unit_test(v1_registration_of_a_transaction_before),
      cmocka_unit_test(an_older_epoch),
      cmocka_unit_test(an_older_offset),
      cmocka_unit_test(offsets_at_a_stale_node_block),
      cmocka_unit_test(a_stale_node_names_itself),
      cmocka_unit_test(an_append_at_a_stale_node_blocks),
      cmocka_unit_test(a_timeout_at_a_stale_node_raises_the_epoch),
      cmocka_unit_test(healing_ends_what_was_blocked),
      cmocka_unit_test(healing_without_a_move_goes_on),
      cmocka_unit_test(a_record_on_its_way_survives),
      cmocka_unit_test(a_record_on_its_way_is_lost),
      cmocka_unit_test(an_id_whose_first_record_is_lost),
      cmocka_unit_test(a_record_whose_node_is_cut_off),
      cmocka_unit_test(the_new_coordinator_sends_the_markers),
      cmocka_unit_test(a_batch_that_nobody_acknowledged_survives),
      cmocka_unit_test(a_batch_that_nobody_acknowledged_is_lost),
      cmocka_unit_test(a_record_that_never_left),
      cmocka_unit_test(a_stale_leader_acknowledges_nothing),
      cmocka_unit_test(a_stale_leader_does_not_learn_of_the_move),
      cmocka_unit_test(a_stale_leader_does_not_acknowledge_others_batches),
      cmocka_unit_test(a_marker_goes_to_the_leader_that_is_reached),
      cmocka_unit_test(a_leader_that_is_cut_off_goes_on_when_it_is_back),
      cmocka_unit_test(a_marker_of_a_deleted_topic_is_let_go),
      cmocka_unit_test(a_stale_leader_answers_acks_1_at_once),
      cmocka_unit_test(a_dead_node_answers_nothing_and_others_take_over),
      cmocka_unit_test(a_lone_node_comes_back_with_what_its_logs_have),
      cmocka_unit_test(what_waits_dies_with_its_node),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
