/** What releases of Kafka do differently, one difference at a time. */

#include "model_fixture.h"

/* A change is under way, and the epoch is old: which of the two is told? */
static int16_t old_epoch_in_a_change(enum ktxn__model_release release, bool registers) {
  struct ktxn__model_config config = slow_config(release, 0, true);
  struct world world = world_with(config, false);
  struct identity me = init(&world);
  struct identity next = init_as(&world, me.id, me.epoch);
  struct adding request;
  submit(&world, adding(&request, next, TOPIC, 0));
  int16_t code = 0;
  if (registers) {
    code = add_partition(&world, me, 1);
  } else {
    code = end_as(&world, 3, me.id, me.epoch, true).code;
  }
  end_world(&world);
  return code;
}

static void from_4_0_on_a_registration_looks_at_a_change_first(void **state) {
  (void)state;
  assert_int_equal(old_epoch_in_a_change(KTXN__MODEL_3_9, true), KTXN__MODEL_PRODUCER_FENCED);
  assert_int_equal(old_epoch_in_a_change(KTXN__MODEL_4_0, true), KTXN__MODEL_CONCURRENT_TRANSACTIONS);
  assert_int_equal(old_epoch_in_a_change(KTXN__MODEL_4_4, true), KTXN__MODEL_CONCURRENT_TRANSACTIONS);
  assert_int_equal(old_epoch_in_a_change(KTXN__MODEL_3_9, false), KTXN__MODEL_PRODUCER_FENCED);
  assert_int_equal(old_epoch_in_a_change(KTXN__MODEL_4_4, false), KTXN__MODEL_PRODUCER_FENCED);
}

static int16_t unregistered(enum ktxn__model_release release) {
  struct world world = world_of(release, 0);
  struct identity me = init(&world);
  int16_t code = produce(&world, me, 0);
  end_world(&world);
  return code;
}

static void from_3_6_on_leaders_verify(void **state) {
  (void)state;
  for (enum ktxn__model_release release = KTXN__MODEL_2_5; release < KTXN__MODEL_RELEASES; release++) {
    assert_int_equal(unregistered(release), release < KTXN__MODEL_3_6 ? 0 : KTXN__MODEL_INVALID_TXN_STATE);
  }
}

static int16_t late_offsets(enum ktxn__model_release release) {
  struct world world = world_of(release, 0);
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  assert_int_equal(end_txn(&world, me, false).code, 0);
  int16_t code = commit_offset(&world, me, 5);
  ktxn__model_free(world.model); /* where it was taken, it hangs */
  return code;
}

static void later_on_group_coordinators_do_too(void **state) {
  (void)state;
  for (enum ktxn__model_release release = KTXN__MODEL_2_5; release < KTXN__MODEL_RELEASES; release++) {
    assert_int_equal(late_offsets(release), release < KTXN__MODEL_3_9 ? 0 : KTXN__MODEL_INVALID_TXN_STATE);
  }
}

static bool twice(void *ctx, enum ktxn__model_choice choice, int32_t node) {
  (void)ctx;
  (void)node;
  return choice == KTXN__MODEL_CHOICE_TWICE;
}

/* KIP-1228: the second copy of a marker of V2 is no marker. */
static int64_t end_after_two_markers(enum ktxn__model_release release, int16_t level) {
  struct ktxn__model_config config = slow_config(release, level, true);
  struct ktxn__model_hooks hooks = {.choose = twice};
  struct world world = {.model = ktxn__model_new(ktxn__mem_default(), &config, &hooks), .v2 = level == 2};
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR(TOPIC), 1));
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  assert_int_equal(end_txn(&world, me, true).code, 0);
  pass(&world, SECOND_US);
  struct ktxn__model_log_ends ends;
  assert_true(ktxn__model_log_ends(world.model, KTXN__STR(TOPIC), 0, &ends));
  end_world(&world);
  return ends.end;
}

static void markers_of_v2_raise_the_epoch_from_4_2_on(void **state) {
  (void)state;
  assert_int_equal(end_after_two_markers(KTXN__MODEL_4_0, 2), 3);
  assert_int_equal(end_after_two_markers(KTXN__MODEL_4_2, 2), 2);
  assert_int_equal(end_after_two_markers(KTXN__MODEL_4_4, 2), 2);
  assert_int_equal(end_after_two_markers(KTXN__MODEL_4_4, 1), 3);
}

static int16_t level_at(struct world *world, int32_t node) {
  struct ktxn__model_request request = {.api = KTXN__MODEL_API_VERSIONS, .version = 4};
  world->node = node;
  struct ktxn__model_answer *answer = call(world, &request);
  int16_t level = answer->features.transaction_version;
  ktxn__model_release(world->model, answer);
  return level;
}

static void a_node_that_lags_has_the_level_of_yesterday(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.nodes = 2;
  struct world world = world_with(config, true);
  assert_true(ktxn__model_node_freeze(world.model, 1, true));
  assert_true(ktxn__model_set_transaction_version(world.model, 1));
  assert_int_equal(level_at(&world, 0), 1);
  assert_int_equal(level_at(&world, 1), 2);
  assert_true(ktxn__model_node_freeze(world.model, 1, false));
  assert_int_equal(level_at(&world, 1), 1);
  end_world(&world);
}

static void internal_topics_stay(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  struct ktxn__model_topic_ref ref = {.name = KTXN__STR("__consumer_offsets")};
  struct ktxn__model_request request = {
      .api = KTXN__MODEL_DELETE_TOPICS, .version = 6, .delete_topics = {.topics = &ref, .topic_count = 1}};
  struct ktxn__model_answer *answer = call(&world, &request);
  assert_int_equal(answer->named.names[0].code, KTXN__MODEL_INVALID_TOPIC);
  ktxn__model_release(world.model, answer);
  end_world(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(from_4_0_on_a_registration_looks_at_a_change_first),
      cmocka_unit_test(from_3_6_on_leaders_verify),
      cmocka_unit_test(later_on_group_coordinators_do_too),
      cmocka_unit_test(markers_of_v2_raise_the_epoch_from_4_2_on),
      cmocka_unit_test(a_node_that_lags_has_the_level_of_yesterday),
      cmocka_unit_test(internal_topics_stay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
