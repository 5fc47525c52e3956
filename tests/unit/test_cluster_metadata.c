/* Topics: when metadata is asked for, and what its answers change. */

#include "cluster_fixture.h"

static struct ktxn__topic *want(struct bench *bench, const char *name) {
  struct ktxn__topic *topic = ktxn__cluster_want_topic(bench->cluster, name, bench->now_us);
  assert_non_null(topic);
  (void)settle(bench);
  return topic;
}

static void a_wanted_topic_is_asked_for_and_learned(void **state) {
  struct bench *bench = *state;
  assert_int_equal(ktxn__cluster_run(bench->cluster, bench->now_us), INT64_MAX);
  assert_int_equal(bench->net->lookup_count, 0);
  struct model_topic *orders = model_topic(&bench->model, "orders", 4);
  orders->partitions[3].leader = -1;
  orders->partitions[3].error_code = 5;
  uint64_t version = ktxn__cluster_version(bench->cluster);
  struct ktxn__topic *topic = want(bench, "orders");
  assert_true(bench->model.auto_creation);
  assert_int_equal(topic->answers, 1);
  assert_int_equal(topic->error_code, 0);
  assert_int_equal(topic->partition_count, 4);
  assert_int_equal(topic->id[15], 1);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(topic->partitions[i].leader, i + 1);
    assert_int_equal(topic->partitions[i].leader_epoch, 10);
  }
  assert_int_equal(topic->partitions[3].leader, -1);
  assert_int_equal(topic->partitions[3].error_code, 5);
  assert_true(ktxn__cluster_version(bench->cluster) > version);
  assert_string_equal(ktxn__cluster_id(bench->cluster), "cluster-one");
  assert_ptr_equal(want(bench, "orders"), topic);
  assert_int_equal(bench->model.metadata_requests, 1);
}

static void names_that_no_topic_can_have(void **state) {
  struct bench *bench = *state;
  char name[251];
  memset(name, 'a', sizeof name);
  name[250] = '\0';
  assert_null(ktxn__cluster_want_topic(bench->cluster, name, bench->now_us));
  name[249] = '\0';
  assert_non_null(ktxn__cluster_want_topic(bench->cluster, name, bench->now_us));
  assert_null(ktxn__cluster_want_topic(bench->cluster, "", bench->now_us));
}

static void new_topics_are_asked_for_alone(void **state) {
  struct bench *bench = *state;
  model_topic(&bench->model, "a", 1);
  model_topic(&bench->model, "b", 1);
  model_topic(&bench->model, "c", 1);
  (void)want(bench, "a");
  (void)ktxn__cluster_want_topic(bench->cluster, "b", bench->now_us);
  struct ktxn__topic *c = want(bench, "c");
  assert_int_equal(bench->model.metadata_requests, 2);
  assert_int_equal(bench->model.asked_count, 2);
  assert_false(model_asked(&bench->model, "a"));
  assert_int_equal(c->partition_count, 1);
}

static void one_request_is_in_flight_and_newcomers_go_next(void **state) {
  struct bench *bench = *state;
  model_topic(&bench->model, "a", 1);
  model_topic(&bench->model, "b", 1);
  bench->model.silent = true;
  struct ktxn__topic *a = want(bench, "a");
  struct ktxn__topic *b = want(bench, "b");
  ktxn__cluster_refresh(bench->cluster, bench->now_us);
  later(bench, 1000);
  assert_int_equal(bench->model.metadata_requests, 1);
  bench->model.silent = false;
  answer_metadata(bench, bench->held_conn, &bench->held);
  (void)settle(bench);
  assert_int_equal(a->answers, 2);
  assert_int_equal(b->answers, 1);
  assert_int_equal(bench->model.metadata_requests, 2);
}

static void old_metadata_is_refreshed_for_the_topics_in_use(void **state) {
  struct bench *bench = *state;
  model_topic(&bench->model, "a", 1);
  model_topic(&bench->model, "b", 1);
  struct ktxn__topic *a = want(bench, "a");
  struct ktxn__topic *b = want(bench, "b");
  later(bench, 299000);
  assert_int_equal(bench->model.metadata_requests, 2);
  ktxn__cluster_touch_topic(bench->cluster, b, bench->now_us);
  later(bench, 1100);
  assert_int_equal(bench->model.metadata_requests, 3);
  assert_int_equal(bench->model.asked_count, 1);
  assert_true(model_asked(&bench->model, "b"));
  /* a was left alone for metadata.max.idle.ms; when it is used again it is asked for at once */
  ktxn__cluster_touch_topic(bench->cluster, a, bench->now_us);
  (void)settle(bench);
  assert_int_equal(bench->model.metadata_requests, 4);
  assert_true(model_asked(&bench->model, "a"));
}

static void what_nobody_holds_is_forgotten(void **state) {
  struct bench *bench = *state;
  model_topic(&bench->model, "a", 1);
  struct ktxn__topic *a = want(bench, "a");
  assert_ptr_equal(want(bench, "a"), a);
  ktxn__cluster_drop_topic(bench->cluster, a, bench->now_us);
  ktxn__cluster_drop_topic(bench->cluster, a, bench->now_us);
  later(bench, 300100);
  assert_int_equal(bench->model.asked_count, 0);
  /* also between the request and its answer */
  bench->model.silent = true;
  a = want(bench, "a");
  assert_int_equal(bench->model.asked_count, 1);
  ktxn__cluster_drop_topic(bench->cluster, a, bench->now_us);
  answer_metadata(bench, bench->held_conn, &bench->held);
  (void)settle(bench);
}

static void an_unknown_topic_is_asked_again_with_backoff(void **state) {
  struct bench *bench = *state;
  struct model_topic *model = model_topic(&bench->model, "a", 0);
  static const int16_t codes[] = {3, 5, -1, 9999, 100};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    model->error_code = codes[i];
    model->left_out = i == 0; /* not mentioned at all is the same */
    model->partition_count = 0;
    struct ktxn__topic *topic = want(bench, "a");
    assert_int_equal(topic->error_code, codes[i]);
    int before = bench->model.metadata_requests;
    later(bench, 10000);
    /* 100 ms, doubling, up to 1 s: about 3 + 9 */
    assert_in_range(bench->model.metadata_requests - before, 9, 16);
    ktxn__cluster_ask_topic(bench->cluster, topic, bench->now_us);
    before = bench->model.metadata_requests;
    (void)settle(bench);
    assert_int_equal(bench->model.metadata_requests, before);
    model->left_out = false;
    model->error_code = 0;
    model->partition_count = 1;
    later(bench, 1200);
    assert_int_equal(topic->error_code, 0);
    assert_int_equal(topic->partition_count, 1);
    before = bench->model.metadata_requests;
    later(bench, 10000);
    assert_int_equal(bench->model.metadata_requests, before);
    ktxn__cluster_drop_topic(bench->cluster, topic, bench->now_us);
  }
}

static void an_unknown_topic_that_nobody_uses_is_left_alone(void **state) {
  struct bench *bench = *state;
  model_topic(&bench->model, "a", 0)->error_code = 3;
  (void)want(bench, "a");
  later(bench, 301000);
  int before = bench->model.metadata_requests;
  later(bench, 100000);
  assert_int_equal(bench->model.metadata_requests, before);
}

static void errors_that_last_are_told_and_not_asked_again(void **state) {
  struct bench *bench = *state;
  static const int16_t codes[] = {17, 29};
  struct model_topic *model = model_topic(&bench->model, "a", 0);
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    model->error_code = codes[i];
    struct ktxn__topic *topic = want(bench, "a");
    uint32_t answers = topic->answers;
    assert_int_equal(topic->error_code, codes[i]);
    int before = bench->model.metadata_requests;
    later(bench, 5000);
    assert_int_equal(bench->model.metadata_requests, before);
    /* whoever wants it once more asks once more: it may have been permitted */
    (void)want(bench, "a");
    assert_int_equal(bench->model.metadata_requests, before + 1);
    assert_int_equal(topic->answers, answers + 1);
    ktxn__cluster_drop_topic(bench->cluster, topic, bench->now_us);
    ktxn__cluster_drop_topic(bench->cluster, topic, bench->now_us);
  }
}

static void a_known_topic_keeps_its_partitions_through_errors(void **state) {
  struct bench *bench = *state;
  struct model_topic *model = model_topic(&bench->model, "a", 2);
  struct ktxn__topic *topic = want(bench, "a");
  model->error_code = 3;
  model->partition_count = 0;
  later(bench, 200);
  ktxn__cluster_ask_topic(bench->cluster, topic, bench->now_us);
  (void)settle(bench);
  assert_int_equal(topic->error_code, 3);
  assert_int_equal(topic->partition_count, 2);
  assert_int_equal(topic->partitions[1].leader, 2);
}

static void refresh(struct bench *bench) {
  later(bench, 1500);
  int before = bench->model.metadata_requests;
  ktxn__cluster_refresh(bench->cluster, bench->now_us);
  (void)settle(bench);
  assert_int_equal(bench->model.metadata_requests, before + 1);
}

static void older_leader_epochs_are_not_believed(void **state) {
  struct bench *bench = *state;
  struct model_topic *model = model_topic(&bench->model, "a", 1);
  struct ktxn__topic *topic = want(bench, "a");
  uint32_t version = topic->version;
  refresh(bench);
  assert_int_equal(topic->version, version); /* the same again is no change */
  model->partitions[0] = (struct model_partition){.leader = 2, .epoch = 9};
  refresh(bench);
  assert_int_equal(topic->partitions[0].leader, 1);
  assert_int_equal(topic->version, version);
  model->partitions[0] = (struct model_partition){.leader = 3, .epoch = 11};
  refresh(bench);
  assert_int_equal(topic->partitions[0].leader, 3);
  assert_int_equal(topic->partitions[0].leader_epoch, 11);
  assert_true(topic->version > version);
  model->partitions[0] = (struct model_partition){.leader = -1, .epoch = 11, .error_code = 5};
  refresh(bench);
  assert_int_equal(topic->partitions[0].leader, -1);
}

static void a_topic_made_anew_starts_from_nothing(void **state) {
  struct bench *bench = *state;
  struct model_topic *model = model_topic(&bench->model, "a", 3);
  struct ktxn__topic *topic = want(bench, "a");
  model->id = 77;
  model->partition_count = 1;
  model->partitions[0] = (struct model_partition){.leader = 2, .epoch = 0};
  refresh(bench);
  assert_int_equal(topic->id[15], 77);
  assert_int_equal(topic->partition_count, 1);
  assert_int_equal(topic->partitions[0].leader, 2);
  assert_int_equal(topic->partitions[0].leader_epoch, 0);
}

static void partitions_are_added_and_never_vanish(void **state) {
  struct bench *bench = *state;
  struct model_topic *model = model_topic(&bench->model, "a", 3);
  struct ktxn__topic *topic = want(bench, "a");
  model->partition_count = 6;
  for (int i = 3; i < 6; i++) {
    model->partitions[i] = (struct model_partition){.index = i, .leader = 1, .epoch = 0};
  }
  refresh(bench);
  assert_int_equal(topic->partition_count, 6);
  assert_int_equal(topic->partitions[5].leader, 1);
  model->partition_count = 3; /* a broker that lags */
  refresh(bench);
  assert_int_equal(topic->partition_count, 6);
  assert_int_equal(topic->partitions[5].leader, 1);
}

static void a_missing_leader_is_asked_about_at_a_bounded_rate(void **state) {
  struct bench *bench = *state;
  struct model_topic *model = model_topic(&bench->model, "a", 1);
  model->partitions[0].leader = -1;
  struct ktxn__topic *topic = want(bench, "a");
  int before = bench->model.metadata_requests;
  later(bench, 5000);
  assert_int_equal(bench->model.metadata_requests, before); /* nobody has anything for it */
  for (int i = 0; i < 2000; i++) {
    ktxn__cluster_ask_topic(bench->cluster, topic, bench->now_us);
    later(bench, 10);
  }
  assert_in_range(bench->model.metadata_requests - before, 15, 35);
  model->partitions[0] = (struct model_partition){.leader = 2, .epoch = 11};
  later(bench, 1200);
  ktxn__cluster_ask_topic(bench->cluster, topic, bench->now_us);
  (void)settle(bench);
  assert_int_equal(topic->partitions[0].leader, 2);
}

static void strange_partitions_are_contained(void **state) {
  struct bench *bench = *state;
  struct model_topic *model = model_topic(&bench->model, "a", 3);
  model->partitions[0].index = -1;
  model->partitions[1].index = INT32_MAX;
  model->partitions[2] = (struct model_partition){.index = 2, .leader = INT32_MIN, .epoch = INT32_MIN};
  struct ktxn__topic *topic = want(bench, "a");
  assert_int_equal(topic->partition_count, 3);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(topic->partitions[i].leader, -1);
    assert_int_equal(topic->partitions[i].leader_epoch, -1);
  }
}

static void no_partitions_is_no_answer(void **state) {
  struct bench *bench = *state;
  struct model_topic *model = model_topic(&bench->model, "a", 0);
  struct ktxn__topic *topic = want(bench, "a");
  assert_int_equal(topic->partition_count, 0);
  model->partition_count = 1;
  model->partitions[0] = (struct model_partition){.leader = 1, .epoch = 0};
  later(bench, 1000);
  assert_int_equal(topic->partition_count, 1);
}

static void leaders_in_produce_answers_are_taken(void **state) {
  struct bench *bench = *state;
  model_topic(&bench->model, "a", 2);
  struct ktxn__topic *topic = want(bench, "a");
  const struct ktxn__cluster_endpoint there = {8, "n8", 9092};
  int64_t now_us = bench->now_us;
  uint32_t version = topic->version;
  /* KIP-951: newer, with both numbers, and the node known or named */
  assert_false(ktxn__cluster_hint_leader(bench->cluster, topic, 0, 2, 10, NULL, now_us));
  assert_false(ktxn__cluster_hint_leader(bench->cluster, topic, 0, -1, 11, NULL, now_us));
  assert_false(ktxn__cluster_hint_leader(bench->cluster, topic, 0, 2, -1, NULL, now_us));
  assert_false(ktxn__cluster_hint_leader(bench->cluster, topic, 2, 2, 11, NULL, now_us));
  assert_false(ktxn__cluster_hint_leader(bench->cluster, topic, 0, 8, 11, NULL, now_us));
  assert_int_equal(topic->version, version);
  assert_true(ktxn__cluster_hint_leader(bench->cluster, topic, 0, 2, 11, NULL, now_us));
  assert_true(ktxn__cluster_hint_leader(bench->cluster, topic, 1, 8, 11, &there, now_us));
  assert_int_equal(topic->partitions[0].leader, 2);
  assert_int_equal(topic->partitions[1].leader, 8);
  assert_true(topic->version > version);
  assert_non_null(ktxn__cluster_broker(bench->cluster, 8, 0));
  /* and a refresh follows, whose older truth is not believed */
  int before = bench->model.metadata_requests;
  later(bench, 200);
  assert_int_equal(bench->model.metadata_requests, before + 1);
  assert_int_equal(topic->partitions[1].leader, 8);
}

static void answers_that_say_nothing_are_asked_again(void **state) {
  struct bench *bench = *state;
  model_topic(&bench->model, "a", 1);
  bench->model.node_count = 0;
  struct ktxn__topic *topic = want(bench, "a");
  assert_int_equal(topic->answers, 0);
  later(bench, 3000);
  assert_in_range(bench->model.metadata_requests, 4, 10);
  bench->model.node_count = 3;
  later(bench, 1300);
  assert_int_equal(topic->answers, 1);
}

static void malformed_answers_drop_the_connection_and_another_is_asked(void **state) {
  struct bench *bench = *state;
  model_topic(&bench->model, "a", 1);
  bench->model.malformed = true;
  struct ktxn__topic *topic = want(bench, "a");
  assert_int_equal(bench->model.metadata_requests, 1);
  assert_false(bench->net->conns[0].open);
  expect_trouble(bench, "its answer to Metadata v13 is malformed");
  bench->model.malformed = false;
  later(bench, 200);
  assert_int_equal(topic->answers, 1);
}

static void many_topics(void **state) {
  struct bench *bench = *state;
  enum { COUNT = 5000 };
  static struct ktxn__topic *topics[COUNT];
  bench->model.silent = true;
  for (int i = 0; i < COUNT; i++) {
    char name[32];
    (void)snprintf(name, sizeof name, "topic-%d", i);
    topics[i] = ktxn__cluster_want_topic(bench->cluster, name, bench->now_us);
    assert_non_null(topics[i]);
    assert_string_equal(topics[i]->name, name);
  }
  for (int i = COUNT - 1; i >= 0; i -= 2) {
    ktxn__cluster_drop_topic(bench->cluster, topics[i], bench->now_us);
  }
  for (int i = 0; i < COUNT; i += 2) {
    assert_ptr_equal(ktxn__cluster_want_topic(bench->cluster, topics[i]->name, bench->now_us), topics[i]);
  }
}

static void every_failing_allocation_is_survived(void **state) {
  struct bench *bench = *state;
  model_topic(&bench->model, "a", 3);
  struct ktxn__topic *topic = NULL;
  for (uint32_t k = 1; k < 60; k++) {
    ktxn__mem_fail(&bench->net->mem, k, false);
    topic = topic != NULL ? topic : ktxn__cluster_want_topic(bench->cluster, "a", bench->now_us);
    ktxn__cluster_refresh(bench->cluster, bench->now_us);
    later(bench, 700);
    break_connections(bench, "s1");
    break_connections(bench, "n1");
    later(bench, 700);
  }
  ktxn__mem_fail(&bench->net->mem, 0, false);
  later(bench, 3000);
  assert_non_null(topic);
  assert_int_equal(topic->partition_count, 3);
}

/* Not asked again at once, which would keep the thread busy for as long as memory is short. */
static void no_memory_for_a_connection_is_waited_out(void **state) {
  struct bench *bench = *state;
  model_topic(&bench->model, "a", 3);
  struct ktxn__topic *topic = ktxn__cluster_want_topic(bench->cluster, "a", bench->now_us);
  ktxn__mem_fail(&bench->net->mem, 1, true);
  later(bench, 500);
  assert_int_equal(topic->partition_count, 0);
  ktxn__mem_fail(&bench->net->mem, 0, false);
  later(bench, 3000);
  assert_int_equal(topic->partition_count, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_wanted_topic_is_asked_for_and_learned),
      TEST(names_that_no_topic_can_have),
      TEST(new_topics_are_asked_for_alone),
      TEST(one_request_is_in_flight_and_newcomers_go_next),
      TEST(old_metadata_is_refreshed_for_the_topics_in_use),
      TEST(what_nobody_holds_is_forgotten),
      TEST(an_unknown_topic_is_asked_again_with_backoff),
      TEST(an_unknown_topic_that_nobody_uses_is_left_alone),
      TEST(errors_that_last_are_told_and_not_asked_again),
      TEST(a_known_topic_keeps_its_partitions_through_errors),
      TEST(older_leader_epochs_are_not_believed),
      TEST(a_topic_made_anew_starts_from_nothing),
      TEST(partitions_are_added_and_never_vanish),
      TEST(a_missing_leader_is_asked_about_at_a_bounded_rate),
      TEST(strange_partitions_are_contained),
      TEST(no_partitions_is_no_answer),
      TEST(leaders_in_produce_answers_are_taken),
      TEST(answers_that_say_nothing_are_asked_again),
      TEST(malformed_answers_drop_the_connection_and_another_is_asked),
      TEST(many_topics),
      TEST(every_failing_allocation_is_survived),
      TEST(no_memory_for_a_connection_is_waited_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
