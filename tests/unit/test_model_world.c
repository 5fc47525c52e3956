/** The cluster around logs and coordinators: topics, metadata, releases, faults. */

#include "model_fixture.h"

struct topic_look {
  int16_t code;
  int32_t partitions;
  int32_t leader;
  struct ktxn__model_uuid id;
};

static struct topic_look metadata(struct world *world, int32_t node, const char *name, bool may_make) {
  struct ktxn__model_topic_ref ref = {.name = ktxn__str(name)};
  struct ktxn__model_request request = {
      .api = KTXN__MODEL_METADATA,
      .version = 12,
      .metadata = {.topics = &ref, .topic_count = 1, .allow_auto_topic_creation = may_make}};
  world->node = node;
  struct ktxn__model_answer *answer = call(world, &request);
  const struct ktxn__model_metadata_topic *topic = &answer->metadata.topics[0];
  struct topic_look out = {.code = topic->code, .partitions = topic->partition_count, .leader = -1, .id = topic->id};
  if (topic->partition_count > 0) {
    out.leader = topic->partitions[0].leader;
  }
  ktxn__model_release(world->model, answer);
  return out;
}

static int32_t count_brokers(struct world *world, int32_t *controller) {
  struct ktxn__model_request request = {.api = KTXN__MODEL_DESCRIBE_CLUSTER};
  struct ktxn__model_answer *answer = call(world, &request);
  int32_t count = answer->metadata.broker_count;
  *controller = answer->metadata.controller;
  assert_true(ktxn__str_equal(answer->metadata.cluster_id, KTXN__STR("ktxn-devbroker-cluster")));
  ktxn__model_release(world->model, answer);
  return count;
}

static struct world nodes(int32_t count) {
  struct ktxn__model_config config = small_config();
  config.nodes = count;
  return world_with(config, true);
}

static void topics_come_and_go(void **state) {
  (void)state;
  struct world world = nodes(1);
  struct topic_look first = metadata(&world, 0, TOPIC, false);
  assert_int_equal(first.code, 0);
  assert_int_equal(first.partitions, 2);
  assert_int_equal(metadata(&world, 0, "none", false).code, KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION);
  assert_int_equal(metadata(&world, 0, "a b", true).code, KTXN__MODEL_INVALID_TOPIC);
  assert_int_equal(metadata(&world, 0, "made", true).code, KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION);
  assert_int_equal(metadata(&world, 0, "made", false).code, 0);
  assert_true(ktxn__model_add_partitions(world.model, 0, KTXN__STR(TOPIC), 5));
  assert_false(ktxn__model_add_partitions(world.model, 0, KTXN__STR(TOPIC), 5));
  assert_int_equal(metadata(&world, 0, TOPIC, false).partitions, 5);
  assert_true(ktxn__model_delete_topic(world.model, 0, KTXN__STR(TOPIC)));
  assert_int_equal(metadata(&world, 0, TOPIC, false).code, KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION);
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR(TOPIC), 1));
  assert_memory_not_equal(metadata(&world, 0, TOPIC, false).id.bytes, first.id.bytes, 16);
  assert_int_equal(ktxn__model_topics(world.model), 2);
  assert_true(ktxn__str_equal(ktxn__model_topic_name(world.model, 0), KTXN__STR("made")));
  assert_true(ktxn__str_null(ktxn__model_topic_name(world.model, 2)));
  end_world(&world);
}

static int16_t produce_by_id(struct world *world, struct ktxn__model_uuid id) {
  struct producing request;
  producing(&request, world, (struct identity){.id = -1, .epoch = -1}, 0, -1, 1);
  request.partition.batch.transactional = false;
  request.request.version = 13;
  request.topic.topic = (struct ktxn__model_topic_ref){.by_id = true, .id = id, .name = KTXN__STR_NULL};
  return produced(world, call(world, &request.request), NULL);
}

static void an_id_names_one_topic_only(void **state) {
  (void)state;
  struct world world = nodes(1);
  struct ktxn__model_uuid id = metadata(&world, 0, TOPIC, false).id;
  assert_int_equal(produce_by_id(&world, id), 0);
  assert_true(ktxn__model_delete_topic(world.model, 0, KTXN__STR(TOPIC)));
  assert_int_equal(produce_by_id(&world, id), KTXN__MODEL_UNKNOWN_TOPIC_ID);
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR(TOPIC), 1));
  assert_int_equal(produce_by_id(&world, id), KTXN__MODEL_UNKNOWN_TOPIC_ID);
  assert_int_equal(produce_by_id(&world, metadata(&world, 0, TOPIC, false).id), 0);
  end_world(&world);
}

/* Deleted in the middle of a transaction, and made anew: the transaction ends all the same. */
static void a_transaction_outlives_a_topic(void **state) {
  (void)state;
  struct world world = nodes(1);
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  assert_true(ktxn__model_delete_topic(world.model, 0, KTXN__STR(TOPIC)));
  me = end_txn(&world, me, true);
  assert_int_equal(me.code, 0);
  assert_string_equal(describe(&world).state, "CompleteCommit");
  assert_int_equal(produce(&world, me, 0), KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION);
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR(TOPIC), 1));
  open_txn(&world, me, 0);
  assert_int_equal(end_txn(&world, me, true).code, 0);
  assert_true(visible(&world, 0));
  end_world(&world);
}

static void a_hidden_topic_comes_back_as_it_was(void **state) {
  (void)state;
  struct world world = nodes(1);
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  assert_true(ktxn__model_hide_topic(world.model, KTXN__STR(TOPIC), true));
  assert_int_equal(metadata(&world, 0, TOPIC, false).code, KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION);
  assert_int_equal(produce(&world, me, 1), KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION);
  assert_true(ktxn__model_hide_topic(world.model, KTXN__STR(TOPIC), false));
  assert_int_equal(produce(&world, me, 1), 0);
  end_world(&world);
}

static void a_node_that_lags_describes_yesterday(void **state) {
  (void)state;
  struct world world = nodes(3);
  int32_t leader = metadata(&world, 0, TOPIC, false).leader;
  assert_true(ktxn__model_node_freeze(world.model, 1, true));
  assert_true(ktxn__model_move_leader(world.model, 0, KTXN__STR(TOPIC), 0, (leader + 1) % 3));
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR("new"), 1));
  assert_int_equal(metadata(&world, 0, TOPIC, false).leader, (leader + 1) % 3);
  assert_int_equal(metadata(&world, 1, TOPIC, false).leader, leader);
  assert_int_equal(metadata(&world, 1, "new", true).code, KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION);
  assert_true(ktxn__model_node_freeze(world.model, 1, false));
  assert_int_equal(metadata(&world, 1, TOPIC, false).leader, (leader + 1) % 3);
  assert_int_equal(metadata(&world, 1, "new", false).code, 0);
  end_world(&world);
}

static void who_isnt_the_leader_says_who_is(void **state) {
  (void)state;
  struct world world = nodes(3);
  assert_true(ktxn__model_move_leader(world.model, 0, KTXN__STR(TOPIC), 0, 2));
  world.node = 0;
  struct producing request;
  struct ktxn__model_answer *answer =
      call(&world, producing(&request, &world, (struct identity){.id = 1}, 0, 0, 1));
  assert_int_equal(answer->produce.topics[0].partitions[0].code, KTXN__MODEL_NOT_LEADER_OR_FOLLOWER);
  assert_int_equal(answer->produce.topics[0].partitions[0].leader_id, 2);
  ktxn__model_release(world.model, answer);
  end_world(&world);
}

static void dead_nodes_are_not_listed(void **state) {
  (void)state;
  struct world world = nodes(3);
  int32_t controller;
  assert_int_equal(count_brokers(&world, &controller), 3);
  assert_int_equal(controller, 0);
  assert_true(ktxn__model_node_down(world.model, 0, 0, true));
  assert_false(ktxn__model_node_down(world.model, 0, 0, true));
  world.node = 1;
  assert_int_equal(count_brokers(&world, &controller), 2);
  assert_int_equal(controller, 1);
  end_world(&world);
}

static void features_are_those_of_the_release(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  struct ktxn__model_request request = {.api = KTXN__MODEL_API_VERSIONS, .version = 4};
  struct ktxn__model_answer *answer = call(&world, &request);
  int64_t epoch = answer->features.epoch;
  assert_int_equal(answer->features.transaction_version, 2);
  ktxn__model_release(world.model, answer);
  assert_true(ktxn__model_set_transaction_version(world.model, 1));
  assert_false(ktxn__model_set_transaction_version(world.model, 3));
  answer = call(&world, &request);
  assert_int_equal(answer->features.transaction_version, 1);
  assert_true(answer->features.epoch > epoch);
  ktxn__model_release(world.model, answer);
  assert_true(ktxn__model_node_release(world.model, 0, KTXN__MODEL_3_9));
  answer = call(&world, &request);
  assert_int_equal(answer->features.transaction_version, 0);
  ktxn__model_release(world.model, answer);
  assert_int_equal(ktxn__model_release_named("4.2"), KTXN__MODEL_4_2);
  assert_int_equal(ktxn__model_release_named("9.9"), KTXN__MODEL_RELEASES);
  end_world(&world);
}

/* ---- faults ---- */

static void faults_happen_to_the_requests_that_they_name(void **state) {
  (void)state;
  struct world world = nodes(1);
  struct ktxn__model_fault fault = {
      .node = -1, .api = KTXN__MODEL_INIT_PRODUCER_ID, .skip = 1, .count = 2, .fate = {.code = KTXN__MODEL_NOT_COORDINATOR}};
  assert_true(ktxn__model_add_fault(world.model, &fault));
  struct identity me = init(&world);
  assert_int_equal(me.code, 0);
  open_txn(&world, me, 0);
  assert_int_equal(init(&world).code, KTXN__MODEL_NOT_COORDINATOR);
  assert_int_equal(init(&world).code, KTXN__MODEL_NOT_COORDINATOR);
  assert_string_equal(describe(&world).state, "Ongoing"); /* not applied */
  assert_int_equal(init(&world).code, KTXN__MODEL_CONCURRENT_TRANSACTIONS);
  end_world(&world);
}

static void a_fault_can_lose_the_request_or_the_answer(void **state) {
  (void)state;
  struct world world = nodes(1);
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  struct ktxn__model_request request = end_request(5, me.id, me.epoch, true);
  struct ktxn__model_fault fault = {.node = 0, .api = KTXN__MODEL_END_TXN, .count = 1, .fate = {.lost = true, .close = true}};
  assert_true(ktxn__model_add_fault(world.model, &fault));
  struct ktxn__model_answer *answer = call(&world, &request);
  assert_true(answer->silent);
  assert_true(answer->close);
  ktxn__model_release(world.model, answer);
  assert_string_equal(describe(&world).state, "Ongoing");
  fault.fate = (struct ktxn__model_fate){.mute = true};
  assert_true(ktxn__model_add_fault(world.model, &fault));
  answer = call(&world, &request);
  assert_true(answer->silent);
  assert_false(answer->close);
  ktxn__model_release(world.model, answer);
  assert_string_equal(describe(&world).state, "CompleteCommit");
  end_world(&world);
}

static void answers_can_be_late_and_throttled(void **state) {
  (void)state;
  struct world world = nodes(1);
  struct ktxn__model_fault fault = {.node = -1, .api = -1, .count = 1, .fate = {.after_us = 7000}};
  assert_true(ktxn__model_add_fault(world.model, &fault));
  assert_true(ktxn__model_set_throttle(world.model, -1, KTXN__MODEL_INIT_PRODUCER_ID, 123));
  struct ktxn__model_request request = init_request(-1, -1);
  struct ktxn__model_answer *answer = call(&world, &request);
  assert_int_equal(world.now_us, 7000);
  assert_int_equal(answer->throttle_ms, 123);
  ktxn__model_release(world.model, answer);
  assert_true(ktxn__model_set_throttle(world.model, 0, -1, 0));
  answer = call(&world, &request);
  assert_int_equal(answer->throttle_ms, 0);
  ktxn__model_release(world.model, answer);
  assert_false(ktxn__model_set_throttle(world.model, 1, -1, 0));
  end_world(&world);
}

/* Each request, with as little in it as there can be, takes an error. */
static void every_request_can_be_refused(void **state) {
  (void)state;
  struct world world = nodes(1);
  for (int16_t api = 0; api < KTXN__MODEL_APIS; api++) {
    struct ktxn__model_request request = {.api = api};
    struct ktxn__model_fault fault = {.node = -1, .api = -1, .count = 1, .fate = {.code = KTXN__MODEL_REQUEST_TIMED_OUT}};
    assert_true(ktxn__model_add_fault(world.model, &fault));
    if (ktxn__model_submit(world.model, 0, 0, &request, &world) != 0) {
      struct ktxn__model_answer *answer = await(&world);
      assert_non_null(answer);
      assert_ptr_equal(answer->opaque, &world);
      assert_int_equal(answer->code, KTXN__MODEL_REQUEST_TIMED_OUT);
      ktxn__model_release(world.model, answer);
    }
    ktxn__model_clear_faults(world.model);
  }
  end_world(&world);
}

static void an_error_stands_in_each_partition(void **state) {
  (void)state;
  struct world world = nodes(1);
  struct identity me = init(&world);
  struct ktxn__model_fault fault = {.node = -1, .api = -1, .count = 1, .fate = {.code = KTXN__MODEL_REQUEST_TIMED_OUT}};
  assert_true(ktxn__model_add_fault(world.model, &fault));
  assert_int_equal(produce(&world, me, 0), KTXN__MODEL_REQUEST_TIMED_OUT);
  assert_true(ktxn__model_add_fault(world.model, &fault));
  assert_int_equal(add_partition(&world, me, 0), KTXN__MODEL_REQUEST_TIMED_OUT);
  assert_true(ktxn__model_add_fault(world.model, &fault));
  assert_int_equal(commit_offset(&world, me, 0), KTXN__MODEL_REQUEST_TIMED_OUT);
  assert_true(ktxn__model_add_fault(world.model, &fault));
  assert_int_equal(describe(&world).code, KTXN__MODEL_REQUEST_TIMED_OUT);
  end_world(&world);
}

static void records_of_coordinators_can_fail(void **state) {
  (void)state;
  struct world world = nodes(1);
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  ktxn__model_fail_appends(world.model, 1);
  assert_int_equal(end_txn(&world, me, true).code, KTXN__MODEL_COORDINATOR_NOT_AVAILABLE);
  assert_string_equal(describe(&world).state, "Ongoing");
  assert_int_equal(end_txn(&world, me, true).code, 0);
  end_world(&world);
}

/* A fence whose record failed isn't raised again by the next attempt, and the old epoch is locked out all the same. */
static void a_failed_fence_is_not_raised_twice(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_3_9, 0);
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  ktxn__model_fail_appends(world.model, 1);
  assert_int_equal(init(&world).code, KTXN__MODEL_COORDINATOR_NOT_AVAILABLE);
  assert_int_equal(end_txn(&world, me, true).code, KTXN__MODEL_PRODUCER_FENCED);
  assert_int_equal(init(&world).code, KTXN__MODEL_CONCURRENT_TRANSACTIONS);
  struct identity next = init(&world);
  assert_int_equal(next.code, 0);
  assert_int_equal(next.epoch, me.epoch + 2);
  end_world(&world);
}

static void a_reset_is_a_new_world(void **state) {
  (void)state;
  struct world world = nodes(1);
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  struct ktxn__model_config config = small_config();
  size_t used = ktxn__model_memory_used(world.model);
  assert_true(ktxn__model_reset(world.model, &config, NULL));
  assert_true(ktxn__model_memory_used(world.model) < used);
  world.now_us = 0;
  assert_int_equal(ktxn__model_topics(world.model), 0);
  assert_int_equal(describe(&world).code, KTXN__MODEL_TRANSACTIONAL_ID_NOT_FOUND);
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR(TOPIC), 1));
  assert_int_equal(init(&world).id, me.id);
  end_world(&world);
}

static void nonsense_makes_no_model(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.nodes = 0;
  assert_null(ktxn__model_new(ktxn__mem_default(), &config, NULL));
  config = small_config();
  config.memory_max = 1000;
  assert_null(ktxn__model_new(ktxn__mem_default(), &config, NULL));
}

static void all_topics_are_listed(void **state) {
  (void)state;
  struct world world = nodes(2);
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR("another"), 3));
  struct ktxn__model_request request = {.api = KTXN__MODEL_METADATA, .version = 12, .metadata = {.topic_count = -1}};
  struct ktxn__model_answer *answer = call(&world, &request);
  int32_t internal = 0, partitions = 0;
  for (int32_t i = 0; i < answer->metadata.topic_count; i++) {
    const struct ktxn__model_metadata_topic *topic = &answer->metadata.topics[i];
    internal += topic->internal;
    partitions += topic->internal ? 0 : topic->partition_count;
    assert_int_equal(topic->partitions[0].replica_count, 2);
  }
  assert_int_equal(answer->metadata.topic_count, 4);
  assert_int_equal(internal, 2);
  assert_int_equal(partitions, 5);
  ktxn__model_release(world.model, answer);
  end_world(&world);
}

/* Clients don't compute it, but who reads Kafka's own tools expects ids where Java's hash puts them. */
static void ids_have_javas_partitions(void **state) {
  (void)state;
  struct ktxn__model_config config = ktxn__model_config_default();
  struct world world = world_with(config, true);
  assert_int_equal(ktxn__model_txn_partition(world.model, KTXN__STR("abc")), 96354 % 50);
  assert_int_equal(ktxn__model_group_partition(world.model, KTXN__STR("polygenelubricants")), 0); /* hash is INT_MIN */
  end_world(&world);
}

static void a_topic_has_a_limit_of_its_own(void **state) {
  (void)state;
  struct world world = nodes(1);
  struct ktxn__model_create_topic topic = {
      .name = KTXN__STR("small"), .partition_count = 1, .replication_factor = -1, .max_message_bytes = 20};
  struct ktxn__model_request request = {
      .api = KTXN__MODEL_CREATE_TOPICS, .version = 7, .create_topics = {.topics = &topic, .topic_count = 1}};
  const int16_t expected[] = {0, KTXN__MODEL_TOPIC_ALREADY_EXISTS};
  for (int i = 0; i < 2; i++) {
    struct ktxn__model_answer *answer = call(&world, &request);
    assert_int_equal(answer->named.names[0].code, expected[i]);
    ktxn__model_release(world.model, answer);
  }
  struct producing batch;
  producing(&batch, &world, (struct identity){.id = -1, .epoch = -1}, 0, -1, 1);
  batch.partition.batch.transactional = false;
  assert_int_equal(produced(&world, call(&world, &batch.request), NULL), 0);
  batch.topic.topic.name = KTXN__STR("small");
  assert_int_equal(produced(&world, call(&world, &batch.request), NULL), KTXN__MODEL_MESSAGE_TOO_LARGE);
  end_world(&world);
}

static void a_topic_is_deleted_once(void **state) {
  (void)state;
  struct world world = nodes(1);
  struct ktxn__model_topic_ref ref = {.by_id = true, .name = KTXN__STR_NULL, .id = metadata(&world, 0, TOPIC, false).id};
  struct ktxn__model_request request = {
      .api = KTXN__MODEL_DELETE_TOPICS, .version = 6, .delete_topics = {.topics = &ref, .topic_count = 1}};
  const int16_t expected[] = {0, KTXN__MODEL_UNKNOWN_TOPIC_ID};
  for (int i = 0; i < 2; i++) {
    struct ktxn__model_answer *answer = call(&world, &request);
    assert_int_equal(answer->named.names[0].code, expected[i]);
    ktxn__model_release(world.model, answer);
  }
  end_world(&world);
}

static int16_t named_code(struct world *world, const struct ktxn__model_request *request) {
  struct ktxn__model_answer *answer = call(world, request);
  int16_t code = answer->named.names[0].code;
  ktxn__model_release(world->model, answer);
  return code;
}

static void topics_are_made_by_request(void **state) {
  (void)state;
  struct world world = nodes(3);
  struct ktxn__model_create_topic topic = {.name = KTXN__STR("asked"), .partition_count = 2, .replication_factor = 4};
  struct ktxn__model_request request = {
      .api = KTXN__MODEL_CREATE_TOPICS,
      .version = 7,
      .create_topics = {.topics = &topic, .topic_count = 1, .validate_only = true}};
  assert_int_equal(named_code(&world, &request), KTXN__MODEL_INVALID_REPLICATION_FACTOR);
  topic.replication_factor = 3;
  assert_int_equal(named_code(&world, &request), 0);
  assert_int_equal(ktxn__model_partitions(world.model, KTXN__STR("asked")), 0); /* only checked */
  request.create_topics.validate_only = false;
  assert_int_equal(named_code(&world, &request), 0);
  assert_int_equal(ktxn__model_partitions(world.model, KTXN__STR("asked")), 2);
  request.create_topics.validate_only = true;
  assert_int_equal(named_code(&world, &request), KTXN__MODEL_TOPIC_ALREADY_EXISTS);
  assert_true(ktxn__model_node_cut(world.model, 0, 0, true));
  assert_int_equal(named_code(&world, &request), KTXN__MODEL_REQUEST_TIMED_OUT); /* it can't ask the controller */
  end_world(&world);
}

static void partitions_are_added_by_request(void **state) {
  (void)state;
  struct world world = nodes(1);
  struct ktxn__model_create_partitions_topic topic = {.name = KTXN__STR(TOPIC), .partition_count = 2};
  struct ktxn__model_request request = {
      .api = KTXN__MODEL_CREATE_PARTITIONS, .version = 3, .create_partitions = {.topics = &topic, .topic_count = 1}};
  assert_int_equal(named_code(&world, &request), KTXN__MODEL_INVALID_PARTITIONS);
  topic.partition_count = 4;
  request.create_partitions.validate_only = true;
  assert_int_equal(named_code(&world, &request), 0);
  assert_int_equal(ktxn__model_partitions(world.model, KTXN__STR(TOPIC)), 2);
  request.create_partitions.validate_only = false;
  assert_int_equal(named_code(&world, &request), 0);
  assert_int_equal(ktxn__model_partitions(world.model, KTXN__STR(TOPIC)), 4);
  topic.name = KTXN__STR("none");
  assert_int_equal(named_code(&world, &request), KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION);
  topic.name = KTXN__STR("__transaction_state");
  assert_int_equal(named_code(&world, &request), KTXN__MODEL_INVALID_TOPIC);
  end_world(&world);
}

/* A simulation decides the fate of each request itself. */
static void refuse_every_init(void *ctx, int32_t node, const struct ktxn__model_request *request, struct ktxn__model_fate *fate) {
  int *asked = ctx;
  (void)node;
  ++*asked;
  fate->code = request->api == KTXN__MODEL_INIT_PRODUCER_ID ? KTXN__MODEL_NOT_COORDINATOR : KTXN__MODEL_NONE;
}

static void fate_can_be_a_hook(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  int asked = 0;
  struct ktxn__model_hooks hooks = {.ctx = &asked, .fate = refuse_every_init};
  struct world world = {.model = ktxn__model_new(ktxn__mem_default(), &config, &hooks), .v2 = true};
  assert_int_equal(init(&world).code, KTXN__MODEL_NOT_COORDINATOR);
  assert_int_equal(describe(&world).code, KTXN__MODEL_TRANSACTIONAL_ID_NOT_FOUND);
  assert_int_equal(asked, 2);
  end_world(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(topics_come_and_go),
      cmocka_unit_test(an_id_names_one_topic_only),
      cmocka_unit_test(a_transaction_outlives_a_topic),
      cmocka_unit_test(a_hidden_topic_comes_back_as_it_was),
      cmocka_unit_test(a_node_that_lags_describes_yesterday),
      cmocka_unit_test(who_isnt_the_leader_says_who_is),
      cmocka_unit_test(dead_nodes_are_not_listed),
      cmocka_unit_test(features_are_those_of_the_release),
      cmocka_unit_test(faults_happen_to_the_requests_that_they_name),
      cmocka_unit_test(a_fault_can_lose_the_request_or_the_answer),
      cmocka_unit_test(answers_can_be_late_and_throttled),
      cmocka_unit_test(every_request_can_be_refused),
      cmocka_unit_test(an_error_stands_in_each_partition),
      cmocka_unit_test(records_of_coordinators_can_fail),
      cmocka_unit_test(a_failed_fence_is_not_raised_twice),
      cmocka_unit_test(a_reset_is_a_new_world),
      cmocka_unit_test(nonsense_makes_no_model),
      cmocka_unit_test(all_topics_are_listed),
      cmocka_unit_test(ids_have_javas_partitions),
      cmocka_unit_test(a_topic_has_a_limit_of_its_own),
      cmocka_unit_test(a_topic_is_deleted_once),
      cmocka_unit_test(topics_are_made_by_request),
      cmocka_unit_test(partitions_are_added_by_request),
      cmocka_unit_test(fate_can_be_a_hook),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
