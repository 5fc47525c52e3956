/** The transaction coordinator: rotation of producer ids, defects that brokers had, questions, markers, and pace. */

#include "model_fixture.h"

/* ---- the end of a producer id ---- */

/* A V2 producer at `epoch`: an epoch takes a few requests, so that 32767 of them are no burden. */
static struct identity at_epoch(struct world *world, int16_t epoch) {
  struct identity me = init(world);
  while (me.epoch < epoch) {
    struct identity next = init_as(world, me.id, me.epoch);
    assert_int_equal(next.code, 0);
    assert_int_equal(next.id, me.id);
    me = next;
  }
  return me;
}

static void v2_rotates_at_the_last_epoch(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  struct identity me = at_epoch(&world, INT16_MAX - 1);
  open_txn(&world, me, 0);
  struct identity next = end_txn(&world, me, true);
  assert_int_equal(next.code, 0);
  assert_int_not_equal(next.id, me.id);
  assert_int_equal(next.epoch, 0);
  struct identity again = end_txn(&world, me, true); /* its answer was lost */
  assert_int_equal(again.code, 0);
  assert_int_equal(again.id, next.id);
  assert_int_equal(again.epoch, 0);
  assert_int_equal(end_txn(&world, me, false).code, KTXN__MODEL_INVALID_TXN_STATE);
  struct identity by_init = init_as(&world, me.id, me.epoch);
  assert_int_equal(by_init.code, 0);
  assert_int_equal(by_init.id, next.id);
  open_txn(&world, next, 0);
  assert_int_equal(end_txn(&world, next, true).code, 0);
  assert_true(visible(&world, 0));
  assert_true(visible(&world, 2));
  end_world(&world);
}

static void reload(struct world *world) {
  int32_t part = ktxn__model_txn_partition(world->model, KTXN__STR(ID));
  assert_true(ktxn__model_move_txn(world->model, world->now_us, part, -1));
  assert_true(ktxn__model_move_txn(world->model, world->now_us, part, 0));
}

static int16_t retry_after_reload(enum ktxn__model_release release) {
  struct world world = world_of(release, 2);
  struct identity me = at_epoch(&world, INT16_MAX - 1);
  open_txn(&world, me, 0);
  struct identity next = end_txn(&world, me, true);
  reload(&world);
  struct identity again = end_txn(&world, me, true);
  if (again.code == 0) {
    assert_int_equal(again.id, next.id);
  }
  assert_int_equal(init_as(&world, me.id, me.epoch).code, KTXN__MODEL_PRODUCER_FENCED);
  end_world(&world);
  return again.code;
}

static void a_reload_forgets_the_producer_id_before_on_older_brokers(void **state) {
  (void)state;
  assert_int_equal(retry_after_reload(KTXN__MODEL_4_4), 0);
  assert_int_equal(retry_after_reload(KTXN__MODEL_4_2), KTXN__MODEL_INVALID_PRODUCER_ID_MAPPING);
}

static void v1_rotates_by_init(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_3_9, 0);
  struct identity me = at_epoch(&world, INT16_MAX - 1);
  struct identity next = init_as(&world, me.id, me.epoch);
  assert_int_equal(next.code, 0);
  assert_int_not_equal(next.id, me.id);
  assert_int_equal(next.epoch, 0);
  assert_int_equal(end_txn(&world, me, false).code, KTXN__MODEL_INVALID_PRODUCER_ID_MAPPING);
  end_world(&world);
}

/* 32767 is reached by fencing alone; what is open there can't be fenced or timed out. */
static void v1_at_32767_nothing_can_end_it(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_2_8, 0);
  struct identity me = at_epoch(&world, INT16_MAX - 1);
  open_txn(&world, me, 0);
  pass(&world, 60 * SECOND_US);
  struct described at = describe(&world);
  assert_int_equal(at.epoch, INT16_MAX);
  struct identity last = me;
  last.epoch = INT16_MAX;
  open_txn(&world, last, 0);
  pass(&world, 60 * SECOND_US);
  assert_string_equal(describe(&world).state, "Ongoing");
  assert_int_equal(init(&world).code, KTXN__MODEL_UNKNOWN_SERVER_ERROR);
  end_world(&world);
}

/* ---- defects that brokers had ---- */

static int16_t commit_after_timeout(uint32_t defects) {
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  ktxn__model_set_defects(world.model, KTXN__MODEL_K20785, defects);
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  pass(&world, 60 * SECOND_US);
  int16_t code = end_txn(&world, me, true).code;
  end_world(&world);
  return code;
}

static void k20785_the_word_for_a_commit_after_a_timeout(void **state) {
  (void)state;
  assert_int_equal(commit_after_timeout(KTXN__MODEL_K20785), KTXN__MODEL_INVALID_TXN_STATE);
  assert_int_equal(commit_after_timeout(0), KTXN__MODEL_PRODUCER_FENCED);
}

static void k18654_no_retry_in_the_broker(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.delay_us[KTXN__MODEL_DELAY_MARKER] = 500;
  struct world world = world_with(config, true);
  ktxn__model_set_defects(world.model, KTXN__MODEL_K18654, KTXN__MODEL_K18654);
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  me = end_txn(&world, me, true);
  assert_int_equal(produce(&world, me, 0), KTXN__MODEL_CONCURRENT_TRANSACTIONS);
  end_world(&world);
}

/* The end that rotates is answered before it is complete: the new identity meets a coordinator that has the old one. */
static int16_t new_identity_too_early(uint32_t defects) {
  struct ktxn__model_config config = small_config();
  config.delay_us[KTXN__MODEL_DELAY_MARKER] = 500;
  config.delay_us[KTXN__MODEL_DELAY_APPEND] = 500;
  struct world world = world_with(config, true);
  ktxn__model_set_defects(world.model, KTXN__MODEL_K18660, defects);
  struct identity me = at_epoch(&world, INT16_MAX - 1);
  open_txn(&world, me, 0);
  struct identity next = end_txn(&world, me, true);
  pass(&world, 600); /* the marker is written, completion is on its way */
  int16_t code = end_txn(&world, next, false).code;
  end_world(&world);
  return code;
}

static void k18660_a_new_identity_is_not_fenced(void **state) {
  (void)state;
  assert_int_equal(new_identity_too_early(0), KTXN__MODEL_CONCURRENT_TRANSACTIONS);
  assert_int_equal(new_identity_too_early(KTXN__MODEL_K18660), KTXN__MODEL_INVALID_PRODUCER_ID_MAPPING);
}

static struct identity abort_by_broker_at_the_end(uint32_t defects) {
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  ktxn__model_set_defects(world.model, KTXN__MODEL_K20090, defects);
  struct identity me = at_epoch(&world, INT16_MAX - 1);
  open_txn(&world, me, 0);
  pass(&world, 60 * SECOND_US);
  struct identity next = end_txn(&world, me, false);
  assert_int_equal(next.code, 0);
  end_world(&world);
  return next;
}

static void k20090_an_abort_by_the_broker_at_the_last_epoch(void **state) {
  (void)state;
  assert_int_equal(abort_by_broker_at_the_end(0).epoch, 0);
  assert_int_equal(abort_by_broker_at_the_end(KTXN__MODEL_K20090).epoch, INT16_MAX);
}

/* 4.0 raised the epoch twice: its own abort looks like a fence (KAFKA-19367). */
static void an_abort_by_the_broker_of_4_0_looks_like_a_fence(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_0, 2);
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  pass(&world, 60 * SECOND_US);
  assert_int_equal(describe(&world).epoch, me.epoch + 2);
  assert_int_equal(end_txn(&world, me, false).code, KTXN__MODEL_PRODUCER_FENCED);
  end_world(&world);
}

/* ---- other questions about transactions ---- */

static int16_t init_code(struct world *world, struct ktxn__model_init_producer_id ask) {
  struct ktxn__model_request request = {.api = KTXN__MODEL_INIT_PRODUCER_ID, .version = 6, .init_producer_id = ask};
  return identity_of(world, call(world, &request)).code;
}

/* The coordinator looks every ten seconds for what has lasted longer than its timeout: as long is not longer. */
static void a_timeout_must_be_over(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  assert_int_equal(produce(&world, init(&world), 0), 0);
  pass(&world, 30 * SECOND_US);
  assert_string_equal(describe(&world).state, "Ongoing");
  pass(&world, 10 * SECOND_US);
  assert_string_equal(describe(&world).state, "CompleteAbort");
  end_world(&world);
}

static void init_is_judged(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  struct ktxn__model_init_producer_id ask = {
      .transactional_id = KTXN__STR(ID), .transaction_timeout_ms = 1000, .producer_id = -1, .producer_epoch = -1};
  assert_int_equal(init_code(&world, ask), 0);
  ask.transaction_timeout_ms = 900000;
  assert_int_equal(init_code(&world, ask), 0);
  ask.transaction_timeout_ms = 900001;
  assert_int_equal(init_code(&world, ask), KTXN__MODEL_INVALID_TRANSACTION_TIMEOUT);
  ask.transaction_timeout_ms = 1000;
  ask.producer_id = 5;
  assert_int_equal(init_code(&world, ask), KTXN__MODEL_INVALID_REQUEST);
  ask.producer_epoch = 0; /* of a producer id that it never had */
  assert_int_equal(init_code(&world, ask), KTXN__MODEL_PRODUCER_FENCED);
  ask.producer_id = -1;
  ask.producer_epoch = -1;
  ask.keep_prepared_txn = true;
  assert_int_equal(init_code(&world, ask), KTXN__MODEL_UNSUPPORTED_VERSION);
  ask.keep_prepared_txn = false;
  ask.transactional_id = KTXN__STR("");
  assert_int_equal(init_code(&world, ask), KTXN__MODEL_INVALID_REQUEST);
  ask.transactional_id = KTXN__STR_NULL;
  assert_int_equal(init_code(&world, ask), 0);
  end_world(&world);
}

static void older_requests_know_older_codes(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_2_5, 0);
  struct identity me = init(&world);
  assert_int_equal(end_as(&world, 1, me.id, (int16_t)(me.epoch + 3), true).code, KTXN__MODEL_INVALID_PRODUCER_EPOCH);
  assert_int_equal(end_as(&world, 2, me.id, (int16_t)(me.epoch + 3), true).code, KTXN__MODEL_PRODUCER_FENCED);
  struct ktxn__model_request request = init_request(me.id, (int16_t)(me.epoch + 3));
  request.version = 3;
  assert_int_equal(identity_of(&world, call(&world, &request)).code, KTXN__MODEL_INVALID_PRODUCER_EPOCH);
  end_world(&world);
}

static void registration_is_all_or_nothing(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_3_9, 0);
  struct identity me = init(&world);
  int32_t partitions[] = {0, 9};
  struct adding request;
  adding(&request, me, TOPIC, 0);
  request.topic.partitions = partitions;
  request.topic.partition_count = 2;
  struct ktxn__model_answer *answer = call(&world, &request.request);
  assert_int_equal(answer->add_partitions.topics[0].partitions[0].code, KTXN__MODEL_OPERATION_NOT_ATTEMPTED);
  assert_int_equal(answer->add_partitions.topics[0].partitions[1].code, KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION);
  ktxn__model_release(world.model, answer);
  assert_string_equal(describe(&world).state, "Empty");
  end_world(&world);
}

static void transactions_are_described_and_listed(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  struct identity me = init(&world);
  assert_int_equal(produce_at(&world, me, 0, 0, NULL), 0);
  assert_int_equal(produce_at(&world, me, 1, 0, NULL), 0);
  assert_int_equal(commit_offset(&world, me, 1), 0);
  struct ktxn__str name = KTXN__STR(ID);
  struct ktxn__model_request request = {.api = KTXN__MODEL_DESCRIBE_TRANSACTIONS, .names = {.names = &name, .name_count = 1}};
  struct ktxn__model_answer *answer = call(&world, &request);
  const struct ktxn__model_described_transaction *out = &answer->describe_transactions.transactions[0];
  assert_int_equal(out->topic_count, 2);
  assert_true(ktxn__str_equal(out->topics[0].topic.name, KTXN__STR(TOPIC)));
  assert_int_equal(out->topics[0].partition_count, 2);
  assert_int_equal(out->topics[0].partitions[1], 1);
  assert_true(ktxn__str_equal(out->topics[1].topic.name, KTXN__STR("__consumer_offsets")));
  ktxn__model_release(world.model, answer);

  struct ktxn__str filters[] = {KTXN__STR("Ongoing"), KTXN__STR("Sleeping")};
  request = (struct ktxn__model_request){
      .api = KTXN__MODEL_LIST_TRANSACTIONS,
      .list_transactions = {.state_filters = filters, .state_filter_count = 2, .duration_filter_ms = -1}};
  answer = call(&world, &request);
  assert_int_equal(answer->list_transactions.transaction_count, 1);
  assert_int_equal(answer->list_transactions.unknown_filter_count, 1);
  ktxn__model_release(world.model, answer);
  request.list_transactions.duration_filter_ms = 60000;
  answer = call(&world, &request);
  assert_int_equal(answer->list_transactions.transaction_count, 0);
  ktxn__model_release(world.model, answer);

  int32_t partition = 0;
  struct ktxn__model_topic_partitions topic = {.topic = {.name = KTXN__STR(TOPIC)}, .partitions = &partition, .partition_count = 1};
  request = (struct ktxn__model_request){.api = KTXN__MODEL_DESCRIBE_PRODUCERS,
                                         .describe_producers = {.topics = &topic, .topic_count = 1}};
  answer = call(&world, &request);
  const struct ktxn__model_described_partition *producers = &answer->describe_producers.topics[0].partitions[0];
  assert_int_equal(producers->producer_count, 1);
  assert_int_equal(producers->producers[0].producer_id, me.id);
  assert_int_equal(producers->producers[0].txn_start_offset, 0);
  ktxn__model_release(world.model, answer);
  end_world(&world);
}

/* KIP-664: a transaction that hangs is ended by hand. */
static void a_hanging_transaction_is_ended_by_hand(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.release = KTXN__MODEL_3_9;
  config.verification = false;
  struct world world = world_with(config, false);
  struct identity me = init(&world);
  assert_int_equal(produce(&world, me, 0), 0); /* no coordinator knows of it */
  int32_t partition = 0;
  struct ktxn__model_topic_partitions topic = {.topic = {.name = KTXN__STR(TOPIC)}, .partitions = &partition, .partition_count = 1};
  struct ktxn__model_marker marker = {
      .producer_id = me.id, .producer_epoch = me.epoch, .topics = &topic, .topic_count = 1};
  struct ktxn__model_request request = {
      .api = KTXN__MODEL_WRITE_TXN_MARKERS, .version = 1, .write_markers = {.markers = &marker, .marker_count = 1}};
  struct ktxn__model_answer *answer = call(&world, &request);
  assert_int_equal(answer->write_markers.markers[0].topics[0].partitions[0].code, 0);
  ktxn__model_release(world.model, answer);
  struct ktxn__model_log_ends ends;
  assert_true(ktxn__model_log_ends(world.model, KTXN__STR(TOPIC), 0, &ends));
  assert_int_equal(ends.last_stable, 2);
  end_world(&world);
}

/* Two partitions in one transaction over two nodes, with markers of which each may come twice. */
static bool twice(void *ctx, enum ktxn__model_choice choice, int32_t node) {
  (void)ctx;
  (void)node;
  return choice == KTXN__MODEL_CHOICE_TWICE;
}

static void markers_may_come_twice(void **state) {
  (void)state;
  for (int16_t level = 1; level <= 2; level++) {
    struct ktxn__model_config config = small_config();
    config.transaction_version = level;
    config.delay_us[KTXN__MODEL_DELAY_MARKER] = 500;
    struct ktxn__model_hooks hooks = {.choose = twice};
    struct world world = {.model = ktxn__model_new(ktxn__mem_default(), &config, &hooks), .v2 = level == 2};
    assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR(TOPIC), 2));
    struct identity me = init(&world);
    for (int i = 0; i < 5; i++) {
      open_txn(&world, me, world.v2 ? 0 : i);
      struct identity next = end_txn(&world, me, i % 2 == 0);
      assert_int_equal(next.code, 0);
      me = world.v2 ? next : me;
      pass(&world, SECOND_US);
      assert_true(visible(&world, 0));
    }
    end_world(&world);
  }
}

static struct identity begun(struct world *world) {
  struct identity me = init(world);
  open_txn(world, me, 0);
  return me;
}

/* ---- small transactions: what they wait for ---- */

static void the_next_produce_of_v2_meets_the_brokers_retry_loop(void **state) {
  (void)state;
  struct world world = world_with(slow_config(KTXN__MODEL_4_4, 2, true), true);
  struct identity me = begun(&world);
  struct identity next = end_txn(&world, me, true);
  int64_t sent_us = world.now_us;
  assert_int_equal(produce(&world, next, 0), 0);
  assert_in_range(world.now_us - sent_us, 20000, 22000);
  end_world(&world);
}

static void after_completion_it_waits_for_nothing(void **state) {
  (void)state;
  struct world world = world_with(slow_config(KTXN__MODEL_4_4, 2, true), true);
  struct identity me = begun(&world);
  struct identity next = end_txn(&world, me, true);
  for (int i = 0; i < 100 && strcmp(describe(&world).state, "CompleteCommit") != 0; i++) {
    pass(&world, 100);
  }
  int64_t sent_us = world.now_us;
  assert_int_equal(produce(&world, next, 0), 0);
  assert_in_range(world.now_us - sent_us, 1, 2000);
  end_world(&world);
}

static void the_retry_loop_ends_with_51(void **state) {
  (void)state;
  struct ktxn__model_config config = slow_config(KTXN__MODEL_4_4, 2, true);
  config.delay_us[KTXN__MODEL_DELAY_MARKER] = 10 * SECOND_US;
  struct world world = world_with(config, true);
  struct identity me = begun(&world);
  struct identity next = end_txn(&world, me, true);
  int64_t sent_us = world.now_us;
  assert_int_equal(produce(&world, next, 0), KTXN__MODEL_CONCURRENT_TRANSACTIONS);
  assert_in_range(world.now_us - sent_us, 80000, 110000);
  end_world(&world);
}

static void on_v1_the_registration_is_told_at_once(void **state) {
  (void)state;
  struct world world = world_with(slow_config(KTXN__MODEL_3_9, 0, true), false);
  struct identity me = begun(&world);
  assert_int_equal(end_txn(&world, me, true).code, 0);
  int64_t sent_us = world.now_us;
  assert_int_equal(add_partition(&world, me, 0), KTXN__MODEL_CONCURRENT_TRANSACTIONS);
  assert_int_equal(world.now_us, sent_us);
  pass(&world, SECOND_US);
  assert_int_equal(add_partition(&world, me, 0), 0);
  end_world(&world);
}

/* EndTxn 5 at the current epoch and at the one before, in each state of the coordinator (KIP-890). */
struct end_row {
  const char *state;
  int16_t abort_retry, abort_current, commit_retry, commit_current;
};

static struct world in_state(const char *state, struct identity *before) {
  bool prepared = strncmp(state, "Prepare", 7) == 0;
  bool commit = strstr(state, "Commit") != NULL;
  struct ktxn__model_config config = small_config();
  config.delay_us[KTXN__MODEL_DELAY_MARKER] = prepared ? 60 * SECOND_US : 0;
  struct world world = world_with(config, true);
  *before = init(&world);
  if (prepared) {
    open_txn(&world, *before, 0);
    assert_int_equal(end_txn(&world, *before, commit).code, 0);
    return world;
  }
  struct identity now = init_as(&world, before->id, before->epoch);
  if (strcmp(state, "Ongoing") == 0) {
    open_txn(&world, now, 0);
  } else if (strcmp(state, "Empty") != 0) {
    world.v2 = false;
    open_txn(&world, now, 0);
    assert_int_equal(end_txn(&world, now, commit).code, 0);
    world.v2 = true;
  }
  return world;
}

static void ends_of_v2_by_state(void **state) {
  (void)state;
  static const struct end_row rows[] = {
      {"Empty", 90, 0, 90, 48},         {"Ongoing", 90, 0, 90, 0},        {"PrepareCommit", 51, 51, 51, 51},
      {"PrepareAbort", 51, 51, 51, 51}, {"CompleteCommit", 48, 0, 0, 48}, {"CompleteAbort", 0, 0, 48, 48},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const int16_t expected[] = {rows[i].abort_retry, rows[i].abort_current, rows[i].commit_retry, rows[i].commit_current};
    for (int j = 0; j < 4; j++) {
      struct identity before;
      struct world world = in_state(rows[i].state, &before);
      assert_string_equal(describe(&world).state, rows[i].state);
      bool retry = j % 2 == 0;
      struct identity got = end_as(&world, 5, before.id, (int16_t)(before.epoch + !retry), j >= 2);
      assert_int_equal(got.code, expected[j]);
      if (got.code == 0) {
        assert_int_equal(got.epoch, before.epoch + (retry ? 1 : 2));
      }
      end_world(&world);
    }
  }
}

/* The end is decided and not complete: what an end, a registration and InitProducerId are told, under the epoch of `n` more than
 * the one that the transaction had (tests/kafka/test_marking.py asks Apache Kafka the same). */
static void everything_waits_for_the_markers(void **state) {
  (void)state;
  static const struct {
    enum ktxn__model_release release;
    int16_t level;
    int16_t end[4], add[4]; /* for n = -1 to 2 */
  } rows[] = {{KTXN__MODEL_4_4, 2, {51, 51, 51, 51}, {51, 51, 51, 51}},
              {KTXN__MODEL_4_4, 1, {90, 51, 90, 90}, {51, 51, 51, 51}},
              {KTXN__MODEL_3_9, 0, {90, 51, 90, 90}, {90, 51, 90, 90}}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ktxn__model_config config = small_config();
    config.release = rows[i].release;
    config.transaction_version = rows[i].level;
    config.delay_us[KTXN__MODEL_DELAY_MARKER] = 60 * SECOND_US;
    struct world world = world_with(config, rows[i].level == 2);
    struct identity me = init(&world);
    me = init_as(&world, me.id, me.epoch);
    open_txn(&world, me, 0);
    assert_int_equal(end_txn(&world, me, true).code, 0);
    for (int n = -1; n <= 2; n++) {
      struct identity who = {.id = me.id, .epoch = (int16_t)(me.epoch + n)};
      assert_int_equal(end_txn(&world, who, true).code, rows[i].end[n + 1]);
      assert_int_equal(end_txn(&world, who, false).code, rows[i].end[n + 1]);
      assert_int_equal(add_partition(&world, who, 1), rows[i].add[n + 1]);
      assert_int_equal(init_as(&world, who.id, who.epoch).code, KTXN__MODEL_CONCURRENT_TRANSACTIONS);
    }
    assert_int_equal(init(&world).code, KTXN__MODEL_CONCURRENT_TRANSACTIONS);
    assert_string_equal(describe(&world).state, "PrepareCommit");
    end_world(&world);
  }
}

/* The end that rotates is answered before it is complete: a registration under the new producer id has to wait, too. */
static void a_new_identity_registers_too_early(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.delay_us[KTXN__MODEL_DELAY_MARKER] = 500000;
  config.first_epoch = INT16_MAX - 1;
  struct world world = world_with(config, true);
  struct identity me = init(&world);
  assert_int_equal(me.epoch, INT16_MAX - 1);
  open_txn(&world, me, 0);
  struct identity next = end_txn(&world, me, true);
  assert_int_not_equal(next.id, me.id);
  assert_int_equal(add_partition(&world, next, 0), KTXN__MODEL_CONCURRENT_TRANSACTIONS);
  pass(&world, SECOND_US);
  assert_int_equal(add_partition(&world, next, 0), 0);
  end_world(&world);
}

/* Cut off while it loads, and replaced: it ends nothing out of what it had begun to read. */
static void a_coordinator_that_is_cut_off_while_it_loads(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.nodes = 3;
  config.delay_us[KTXN__MODEL_DELAY_LOAD] = SECOND_US;
  config.delay_us[KTXN__MODEL_DELAY_MARKER] = SECOND_US;
  struct world world = world_with(config, true);
  int32_t part = ktxn__model_txn_partition(world.model, KTXN__STR(ID));
  ktxn__model_move_txn(world.model, 0, part, 0);
  ktxn__model_move_leader(world.model, 0, KTXN__STR(TOPIC), 0, 0);
  pass(&world, 2 * SECOND_US);
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  assert_int_equal(end_txn(&world, me, true).code, 0);
  assert_true(ktxn__model_move_txn(world.model, world.now_us, part, 1));
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 1, true));
  assert_true(ktxn__model_move_txn(world.model, world.now_us, part, 2));
  pass(&world, 10 * SECOND_US);
  world.node = 1;
  assert_string_equal(describe(&world).state, "PrepareCommit");
  world.node = 2;
  assert_string_equal(describe(&world).state, "CompleteCommit");
  world.node = 0;
  assert_true(visible(&world, 0));
  end_world(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(v2_rotates_at_the_last_epoch),
      cmocka_unit_test(a_timeout_must_be_over),
      cmocka_unit_test(a_reload_forgets_the_producer_id_before_on_older_brokers),
      cmocka_unit_test(v1_rotates_by_init),
      cmocka_unit_test(v1_at_32767_nothing_can_end_it),
      cmocka_unit_test(k20785_the_word_for_a_commit_after_a_timeout),
      cmocka_unit_test(k18654_no_retry_in_the_broker),
      cmocka_unit_test(k18660_a_new_identity_is_not_fenced),
      cmocka_unit_test(k20090_an_abort_by_the_broker_at_the_last_epoch),
      cmocka_unit_test(an_abort_by_the_broker_of_4_0_looks_like_a_fence),
      cmocka_unit_test(init_is_judged),
      cmocka_unit_test(older_requests_know_older_codes),
      cmocka_unit_test(registration_is_all_or_nothing),
      cmocka_unit_test(transactions_are_described_and_listed),
      cmocka_unit_test(a_hanging_transaction_is_ended_by_hand),
      cmocka_unit_test(markers_may_come_twice),
      cmocka_unit_test(the_next_produce_of_v2_meets_the_brokers_retry_loop),
      cmocka_unit_test(after_completion_it_waits_for_nothing),
      cmocka_unit_test(the_retry_loop_ends_with_51),
      cmocka_unit_test(on_v1_the_registration_is_told_at_once),
      cmocka_unit_test(ends_of_v2_by_state),
      cmocka_unit_test(everything_waits_for_the_markers),
      cmocka_unit_test(a_new_identity_registers_too_early),
      cmocka_unit_test(a_coordinator_that_is_cut_off_while_it_loads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
