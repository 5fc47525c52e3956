/** Committed offsets, and those of transactions that are open (KIP-447). */

#include "model_fixture.h"

static struct world one_node(void) {
  return world_of(KTXN__MODEL_4_4, 2);
}

static void pending_offsets_wait_for_the_end(void **state) {
  (void)state;
  struct world world = one_node();
  struct identity me = init(&world);
  int16_t code;
  assert_int_equal(fetch_offset(&world, &code), -1);
  assert_int_equal(code, 0);
  assert_int_equal(commit_offset(&world, me, 5), 0);
  fetch_offset(&world, &code);
  assert_int_equal(code, KTXN__MODEL_UNSTABLE_OFFSET_COMMIT);
  me = end_txn(&world, me, true);
  assert_int_equal(fetch_offset(&world, &code), 5);
  assert_int_equal(commit_offset(&world, me, 9), 0);
  assert_int_equal(fetch_offset_if(&world, false, &code), 5); /* who doesn't ask for a stable one gets what there was */
  assert_int_equal(code, 0);
  assert_int_equal(end_txn(&world, me, false).code, 0);
  assert_int_equal(fetch_offset(&world, &code), 5);
  assert_int_equal(code, 0);
  struct ktxn__model_offset_look look;
  assert_true(ktxn__model_offset_look(world.model, KTXN__STR(GROUP), KTXN__STR(TOPIC), 0, &look));
  assert_int_equal(look.offset, 5);
  assert_false(look.pending);
  end_world(&world);
}

/* A consumer's own commit that comes later than the transaction's is not undone by its marker. */
static void the_younger_commit_stays(void **state) {
  (void)state;
  struct world world = one_node();
  struct identity me = init(&world);
  int16_t code;
  assert_int_equal(commit_offset(&world, me, 5), 0);
  struct committing plain;
  committing(&plain, &world, me, 7);
  plain.request.api = KTXN__MODEL_OFFSET_COMMIT;
  ktxn__model_release(world.model, call(&world, &plain.request));
  assert_int_equal(end_txn(&world, me, true).code, 0);
  assert_int_equal(fetch_offset(&world, &code), 7);
  end_world(&world);
}

static void bad_offsets_stand_beside_good_ones(void **state) {
  (void)state;
  struct world world = one_node();
  struct identity me = init(&world);
  char text[5000];
  memset(text, 'x', sizeof text);
  struct ktxn__model_offset_partition partitions[] = {
      {.index = 0, .offset = 1, .metadata = KTXN__STR("")},
      {.index = 7, .offset = 1, .metadata = KTXN__STR("")},
      {.index = 1, .offset = 1, .metadata = {.data = text, .len = sizeof text}},
  };
  struct ktxn__model_offset_topic topics[] = {
      {.topic = {.name = KTXN__STR(TOPIC)}, .partitions = partitions, .partition_count = 3},
      {.topic = {.by_id = true, .name = KTXN__STR_NULL, .id = {{9}}}, .partitions = partitions, .partition_count = 1},
  };
  struct committing request;
  committing(&request, &world, me, 1);
  request.request.version = 6;
  request.request.offset_commit.topics = topics;
  request.request.offset_commit.topic_count = 2;
  struct ktxn__model_answer *answer = call(&world, &request.request);
  const struct ktxn__model_coded_topic *out = answer->offset_commit.topics;
  assert_int_equal(out[0].partitions[0].code, 0);
  assert_int_equal(out[0].partitions[1].code, KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION);
  assert_int_equal(out[0].partitions[2].code, KTXN__MODEL_OFFSET_METADATA_TOO_LARGE);
  assert_int_equal(out[1].partitions[0].code, KTXN__MODEL_UNKNOWN_TOPIC_ID);
  ktxn__model_release(world.model, answer);
  end_world(&world);
}

static void all_offsets_of_a_group(void **state) {
  (void)state;
  struct world world = one_node();
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR("other"), 1));
  struct identity me = init(&world);
  struct committing request;
  for (int i = 0; i < 3; i++) {
    committing(&request, &world, me, 10 + i);
    request.request.api = KTXN__MODEL_OFFSET_COMMIT;
    request.topic.topic.name = i < 2 ? KTXN__STR(TOPIC) : KTXN__STR("other");
    request.partition.index = i < 2 ? i : 0;
    ktxn__model_release(world.model, call(&world, &request.request));
  }
  struct ktxn__model_offset_fetch_group group = {.group_id = KTXN__STR(GROUP), .topic_count = -1};
  struct ktxn__model_request fetch = {
      .api = KTXN__MODEL_OFFSET_FETCH, .version = 8, .offset_fetch = {.groups = &group, .group_count = 1}};
  struct ktxn__model_answer *answer = call(&world, &fetch);
  const struct ktxn__model_fetched_group *out = &answer->offset_fetch.groups[0];
  assert_int_equal(out->topic_count, 2);
  assert_int_equal(out->topics[0].partition_count, 2);
  assert_int_equal(out->topics[0].partitions[1].offset, 11);
  assert_int_equal(out->topics[1].partitions[0].offset, 12);
  ktxn__model_release(world.model, answer);
  end_world(&world);
}

/* By its name a topic that was made anew has the old one's offsets, by its id it hasn't. */
static void offsets_of_a_topic_that_was_made_anew(void **state) {
  (void)state;
  struct world world = one_node();
  struct committing request;
  committing(&request, &world, init(&world), 5);
  request.request.api = KTXN__MODEL_OFFSET_COMMIT;
  ktxn__model_release(world.model, call(&world, &request.request));
  assert_true(ktxn__model_delete_topic(world.model, 0, KTXN__STR(TOPIC)));
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR(TOPIC), 1));
  int16_t code;
  assert_int_equal(fetch_offset(&world, &code), 5);
  struct ktxn__model_topic_ref ref = {.name = KTXN__STR(TOPIC)};
  struct ktxn__model_request metadata = {
      .api = KTXN__MODEL_METADATA, .version = 12, .metadata = {.topics = &ref, .topic_count = 1}};
  struct ktxn__model_answer *answer = call(&world, &metadata);
  ref = (struct ktxn__model_topic_ref){.by_id = true, .name = KTXN__STR_NULL, .id = answer->metadata.topics[0].id};
  ktxn__model_release(world.model, answer);
  int32_t partition = 0;
  struct ktxn__model_topic_partitions topic = {.topic = ref, .partitions = &partition, .partition_count = 1};
  struct ktxn__model_offset_fetch_group group = {.group_id = KTXN__STR(GROUP), .topics = &topic, .topic_count = 1};
  struct ktxn__model_request fetch = {
      .api = KTXN__MODEL_OFFSET_FETCH, .version = 10, .offset_fetch = {.groups = &group, .group_count = 1}};
  answer = call(&world, &fetch);
  assert_int_equal(answer->offset_fetch.groups[0].topics[0].partitions[0].code, 0);
  assert_int_equal(answer->offset_fetch.groups[0].topics[0].partitions[0].offset, -1);
  ktxn__model_release(world.model, answer);
  end_world(&world);
}

/* The group moves while the transaction coordinator is asked: the node that asked may not write any more. */
static void offsets_whose_group_has_moved(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.nodes = 2;
  config.delay_us[KTXN__MODEL_DELAY_VERIFY] = 1000;
  struct world world = world_with(config, true);
  int32_t group = ktxn__model_group_partition(world.model, KTXN__STR(GROUP));
  for (int32_t i = 0; i < 3; i++) {
    ktxn__model_move_txn(world.model, 0, i, 0);
    ktxn__model_move_group(world.model, 0, i, 0);
  }
  struct identity me = init(&world);
  struct committing request;
  submit(&world, committing(&request, &world, me, 5));
  assert_true(ktxn__model_move_group(world.model, world.now_us, group, 1));
  struct ktxn__model_answer *answer = await(&world);
  assert_int_equal(answer->offset_commit.topics[0].partitions[0].code, KTXN__MODEL_NOT_COORDINATOR);
  ktxn__model_release(world.model, answer);
  struct ktxn__model_offset_look look;
  assert_false(ktxn__model_offset_look(world.model, KTXN__STR(GROUP), KTXN__STR(TOPIC), 0, &look));
  world.node = 1;
  assert_int_equal(commit_offset(&world, me, 5), 0);
  end_world(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pending_offsets_wait_for_the_end),
      cmocka_unit_test(the_younger_commit_stays),
      cmocka_unit_test(bad_offsets_stand_beside_good_ones),
      cmocka_unit_test(all_offsets_of_a_group),
      cmocka_unit_test(offsets_of_a_topic_that_was_made_anew),
      cmocka_unit_test(offsets_whose_group_has_moved),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
