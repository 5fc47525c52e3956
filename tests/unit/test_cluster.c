/* Nodes: how a cluster is found, whom it asks, what it does when brokers go, move, or turn out to be others. */

#include "cluster_fixture.h"

static struct ktxn__topic *learn(struct bench *bench) {
  model_topic(&bench->model, "orders", 3);
  struct ktxn__topic *topic = ktxn__cluster_want_topic(bench->cluster, "orders", bench->now_us);
  (void)settle(bench);
  assert_int_equal(topic->partition_count, 3);
  return topic;
}

static struct ktxn__broker *ready(struct bench *bench, int32_t node) {
  struct ktxn__broker *broker = ktxn__cluster_broker(bench->cluster, node, 0);
  assert_non_null(broker);
  ktxn__broker_want(broker, bench->now_us);
  (void)settle(bench);
  assert_true(ktxn__broker_ready(broker));
  return broker;
}

static void nodes_are_known_once_metadata_has_named_them(void **state) {
  struct bench *bench = *state;
  assert_null(ktxn__cluster_broker(bench->cluster, 1, 0));
  assert_non_null(ktxn__cluster_broker(bench->cluster, -1, 0));
  (void)learn(bench);
  struct ktxn__broker *broker = ktxn__cluster_broker(bench->cluster, 2, 0);
  assert_string_equal(ktxn__broker_name(broker), "n2:9092");
  assert_int_equal(ktxn__broker_node(broker), 2);
  assert_ptr_equal(ktxn__cluster_broker(bench->cluster, 2, 0), broker);
  assert_ptr_not_equal(ktxn__cluster_broker(bench->cluster, 2, 1), broker);
  assert_null(ktxn__cluster_broker(bench->cluster, 2, KTXN__CLUSTER_SLOTS_MAX));
  assert_null(ktxn__cluster_broker(bench->cluster, 4, 0));
}

static void a_dead_bootstrap_server_is_passed_over(void **state) {
  struct bench *bench = *state;
  model_topic(&bench->model, "orders", 3);
  bench->model.down[0] = "s2";
  for (int i = 0; i < 8; i++) { /* whichever comes first */
    struct ktxn__topic *topic = ktxn__cluster_want_topic(bench->cluster, "orders", bench->now_us);
    later(bench, 500);
    assert_int_equal(topic->partition_count, 3);
    ktxn__cluster_free(bench->cluster, bench->now_us);
    bench->cluster = ktxn__cluster_new(&bench->net->ports, &bench->settings);
    assert_non_null(bench->cluster);
  }
}

static void a_silent_bootstrap_server_costs_seconds_not_the_setup_timeout(void **state) {
  struct bench *bench = *state;
  model_topic(&bench->model, "orders", 3);
  struct ktxn__topic *topic = ktxn__cluster_want_topic(bench->cluster, "orders", bench->now_us);
  (void)ktxn__cluster_run(bench->cluster, bench->now_us);
  bench->lookups_done = bench->net->lookup_count; /* whoever was chosen never answers */
  assert_int_equal(bench->lookups_done, 1);
  later(bench, 2500);
  assert_int_equal(topic->partition_count, 3);
}

static void when_nobody_can_be_reached_the_text_says_who_and_why(void **state) {
  struct bench *bench = *state;
  expect_trouble(bench, "");
  bench->model.down[0] = "s1";
  bench->model.down[1] = "s2";
  (void)ktxn__cluster_want_topic(bench->cluster, "orders", bench->now_us);
  later(bench, 3000);
  expect_trouble(bench, "no broker of bootstrap.servers=s1:9092,s2:9092 could be reached: s");
  expect_trouble(bench, ":9092: Connection refused");
  /* attempts are bounded: each of the two at most every 800 ms in the long run */
  size_t before = bench->net->lookup_count;
  later(bench, 30000);
  assert_in_range(bench->net->lookup_count - before, 25, 80);
  char text[20];
  ktxn__cluster_trouble(bench->cluster, text, sizeof text);
  assert_string_equal(text, "no broker of bootst");
  bench->model.down[0] = NULL;
  later(bench, 3000);
  expect_trouble(bench, "s2:9092: Connection refused");
}

static void metadata_is_asked_for_even_when_no_topic_is_wanted(void **state) {
  struct bench *bench = *state;
  ktxn__broker_want(ktxn__cluster_least_loaded(bench->cluster, KTXN__CLUSTER_NO_NODE, bench->now_us), bench->now_us);
  (void)settle(bench);
  assert_int_equal(bench->model.metadata_requests, 1);
  assert_int_equal(bench->model.asked_count, 0);
  assert_string_equal(ktxn__cluster_id(bench->cluster), "cluster-one");
}

static void any_broker_is_one_that_is_ready_and_free(void **state) {
  struct bench *bench = *state;
  (void)learn(bench);
  struct ktxn__broker *second = ready(bench, 2);
  for (int i = 0; i < 10; i++) {
    assert_ptr_equal(ktxn__cluster_least_loaded(bench->cluster, KTXN__CLUSTER_NO_NODE, bench->now_us), second);
  }
  struct ktxn__broker *other = ktxn__cluster_least_loaded(bench->cluster, 2, bench->now_us);
  assert_non_null(other);
  assert_int_not_equal(ktxn__broker_node(other), 2);
  assert_true(ktxn__broker_node(other) > 0); /* bootstrap servers are not asked while nodes are known */
  struct ktxn__broker *third = ready(bench, 3);
  bench->model.silent = true;
  later(bench, 200);
  ktxn__cluster_refresh(bench->cluster, bench->now_us);
  (void)settle(bench);
  bool at_second = ktxn__broker_in_flight(second) > 0;
  assert_ptr_equal(ktxn__cluster_least_loaded(bench->cluster, KTXN__CLUSTER_NO_NODE, bench->now_us),
                   at_second ? third : second);
}

static void a_broker_that_lets_others_wait_is_passed_over(void **state) {
  struct bench *bench = *state;
  (void)learn(bench);
  struct ktxn__broker *second = ready(bench, 2);
  bench->model.silent = true;
  later(bench, 200);
  ktxn__cluster_refresh(bench->cluster, bench->now_us);
  (void)settle(bench);
  assert_int_equal(ktxn__broker_in_flight(second), 1);
  assert_ptr_equal(ktxn__cluster_least_loaded(bench->cluster, KTXN__CLUSTER_NO_NODE, bench->now_us), second);
  later(bench, 1100);
  assert_true(ktxn__broker_awaited_us(second, bench->now_us) > 1000 * MS);
  assert_ptr_not_equal(ktxn__cluster_least_loaded(bench->cluster, KTXN__CLUSTER_NO_NODE, bench->now_us), second);
}

static void the_only_broker_is_taken_though_it_should_be_avoided(void **state) {
  struct bench *bench = *state;
  bench->model.node_count = 1;
  (void)learn(bench);
  struct ktxn__broker *only = ktxn__cluster_least_loaded(bench->cluster, 1, bench->now_us);
  assert_non_null(only);
  assert_int_equal(ktxn__broker_node(only), 1);
}

static void a_throttle_mutes_only_the_broker_that_said_so(void **state) {
  struct bench *bench = *state;
  (void)learn(bench);
  struct ktxn__broker *first = ready(bench, 1);
  struct ktxn__broker *second = ready(bench, 2);
  struct ktxn__broker *beside[] = {ktxn__cluster_broker(bench->cluster, 1, 1), ktxn__cluster_broker(bench->cluster, 2, 1)};
  bench->model.throttle_ms = 5000;
  later(bench, 200);
  ktxn__cluster_refresh(bench->cluster, bench->now_us);
  (void)settle(bench);
  bench->model.throttle_ms = 0;
  bool at_first = ktxn__broker_muted_until(first) > bench->now_us;
  assert_true(at_first != (ktxn__broker_muted_until(second) > bench->now_us));
  struct ktxn__broker *muted = at_first ? first : second;
  struct ktxn__broker *free_one = at_first ? second : first;
  assert_false(ktxn__broker_writable(muted, bench->now_us));
  assert_true(ktxn__broker_writable(free_one, bench->now_us));
  /* and each connection to it, also one that is made now */
  struct ktxn__broker *fresh =
      ktxn__cluster_broker(bench->cluster, ktxn__broker_node(muted), KTXN__CLUSTER_SLOT_RECORDS);
  assert_int_equal(ktxn__broker_muted_until(beside[at_first ? 0 : 1]), ktxn__broker_muted_until(muted));
  assert_int_equal(ktxn__broker_muted_until(fresh), ktxn__broker_muted_until(muted));
  assert_int_equal(ktxn__broker_muted_until(beside[at_first ? 1 : 0]), 0);
  for (int i = 0; i < 10; i++) {
    assert_ptr_not_equal(ktxn__cluster_least_loaded(bench->cluster, KTXN__CLUSTER_NO_NODE, bench->now_us), muted);
  }
  later(bench, 5000);
  assert_true(ktxn__broker_writable(muted, bench->now_us));
}

static void a_broken_connection_has_metadata_refreshed(void **state) {
  struct bench *bench = *state;
  struct ktxn__topic *topic = learn(bench);
  (void)ready(bench, 1);
  later(bench, 200);
  bench->model.topics[0].partitions[0] = (struct model_partition){.leader = 3, .epoch = 11};
  int before = bench->model.metadata_requests;
  break_connections(bench, "n1");
  later(bench, 200);
  assert_int_equal(bench->model.metadata_requests, before + 1);
  assert_int_equal(topic->partitions[0].leader, 3);
}

static void a_node_that_moves_is_followed(void **state) {
  struct bench *bench = *state;
  (void)learn(bench);
  struct ktxn__broker *broker = ready(bench, 1);
  struct net_conn *conn = net_last(bench->net);
  bench->model.nodes[0].host = "elsewhere";
  later(bench, 200);
  ktxn__cluster_refresh(bench->cluster, bench->now_us);
  (void)settle(bench);
  assert_string_equal(ktxn__broker_name(broker), "elsewhere:9092");
  assert_false(conn->open);
  assert_ptr_equal(ready(bench, 1), broker);
  assert_string_equal(net_last(bench->net)->host, "elsewhere");
}

static void the_same_address_under_another_id_is_another_node(void **state) {
  struct bench *bench = *state;
  (void)learn(bench);
  struct ktxn__broker *old = ready(bench, 1);
  bench->model.nodes[0].id = 9;
  later(bench, 200);
  ktxn__cluster_refresh(bench->cluster, bench->now_us);
  (void)settle(bench);
  struct ktxn__broker *now = ready(bench, 9);
  assert_ptr_not_equal(now, old);
  assert_string_equal(ktxn__broker_name(now), "n1:9092");
  for (int i = 0; i < 10; i++) {
    struct ktxn__broker *any = ktxn__cluster_least_loaded(bench->cluster, KTXN__CLUSTER_NO_NODE, bench->now_us);
    assert_ptr_not_equal(any, old);
  }
}

static void when_all_known_brokers_are_gone_bootstrap_servers_are_looked_up_anew(void **state) {
  struct bench *bench = *state;
  struct ktxn__topic *topic = learn(bench);
  (void)ready(bench, 1);
  break_connections(bench, "s1");
  break_connections(bench, "s2");
  static const char *const hosts[] = {"n1", "n2", "n3"};
  for (size_t i = 0; i < 3; i++) {
    bench->model.down[i] = hosts[i];
    bench->model.nodes[i] = (struct model_node){.id = 11 + (int32_t)i, .host = "m", .port = 9000 + (int32_t)i};
    bench->model.topics[0].partitions[i] =
        (struct model_partition){.index = (int32_t)i, .leader = 11 + (int32_t)i, .epoch = 12};
  }
  size_t lookups = bench->net->lookup_count;
  break_connections(bench, "n1");
  later(bench, 3000);
  assert_true(looked_up_since(bench, lookups, "s1") || looked_up_since(bench, lookups, "s2"));
  assert_int_equal(topic->partitions[0].leader, 11);
  assert_non_null(ktxn__cluster_broker(bench->cluster, 11, 0));
  assert_int_equal(ktxn__cluster_replaced(bench->cluster), false);
}

static void one_dead_node_of_three_is_no_reason_to_start_over(void **state) {
  struct bench *bench = *state;
  (void)learn(bench);
  bench->model.down[0] = "n1";
  size_t lookups = bench->net->lookup_count;
  for (int i = 0; i < 20; i++) {
    ktxn__broker_want(ktxn__cluster_broker(bench->cluster, 1, 0), bench->now_us);
    ktxn__cluster_refresh(bench->cluster, bench->now_us);
    later(bench, 500);
  }
  assert_false(looked_up_since(bench, lookups, "s1"));
  assert_false(looked_up_since(bench, lookups, "s2"));
  expect_trouble(bench, "n1:9092: Connection refused");
}

static void no_metadata_for_too_long_starts_over(void **state) {
  struct bench *bench = *state;
  struct ktxn__topic *topic = learn(bench);
  bench->model.silent = true; /* they connect, and never answer */
  later(bench, 200);
  size_t lookups = bench->net->lookup_count;
  ktxn__cluster_refresh(bench->cluster, bench->now_us);
  for (int i = 0; i < 12 && !looked_up_since(bench, lookups, "s1") && !looked_up_since(bench, lookups, "s2"); i++) {
    later(bench, 30000);
    ktxn__cluster_touch_topic(bench->cluster, topic, bench->now_us);
  }
  assert_true(looked_up_since(bench, lookups, "s1") || looked_up_since(bench, lookups, "s2"));
  bench->model.silent = false;
  uint32_t answers = topic->answers;
  later(bench, 65000);
  assert_true(topic->answers > answers);
}

static void metadata_may_ask_to_start_over(void **state) {
  struct bench *bench = *state;
  struct ktxn__topic *topic = learn(bench);
  (void)ready(bench, 1);
  later(bench, 200);
  bench->model.error_code = 129;
  size_t conns = bench->net->conn_count; /* and as many look-ups */
  ktxn__cluster_refresh(bench->cluster, bench->now_us);
  int before = bench->model.metadata_requests;
  later(bench, 10000);
  for (size_t i = 0; i < conns; i++) {
    assert_false(bench->net->conns[i].open);
  }
  assert_true(looked_up_since(bench, conns, "s1") || looked_up_since(bench, conns, "s2"));
  assert_in_range(bench->model.metadata_requests - before, 5, 40); /* bounded, whatever it says */
  bench->model.error_code = 0;
  uint32_t answers = topic->answers;
  later(bench, 3000);
  assert_true(topic->answers > answers);
}

static void another_cluster_is_noticed(void **state) {
  struct bench *bench = *state;
  (void)learn(bench);
  later(bench, 200);
  bench->model.cluster_id = "cluster-two";
  assert_false(ktxn__cluster_replaced(bench->cluster));
  ktxn__cluster_refresh(bench->cluster, bench->now_us);
  (void)settle(bench);
  assert_true(ktxn__cluster_replaced(bench->cluster));
  assert_string_equal(ktxn__cluster_id(bench->cluster), "cluster-one");
}

static void the_highest_feature_epoch_counts(void **state) {
  struct bench *bench = *state;
  assert_int_equal(ktxn__cluster_transaction_version(bench->cluster), -1);
  bench->model.versions.epoch = 5;
  bench->model.versions.transaction_version = 1;
  (void)learn(bench);
  assert_int_equal(ktxn__cluster_transaction_version(bench->cluster), 1);
  bench->model.versions.epoch = 6;
  bench->model.versions.transaction_version = 2;
  uint64_t version = ktxn__cluster_version(bench->cluster);
  (void)ready(bench, 1);
  assert_int_equal(ktxn__cluster_transaction_version(bench->cluster), 2);
  assert_int_equal(ktxn__cluster_features_epoch(bench->cluster), 6);
  assert_true(ktxn__cluster_version(bench->cluster) > version);
  bench->model.versions.epoch = 5; /* a broker that lags */
  bench->model.versions.transaction_version = 1;
  (void)ready(bench, 2);
  assert_int_equal(ktxn__cluster_transaction_version(bench->cluster), 2);
  bench->model.versions.epoch = -1; /* one that doesn't know yet */
  bench->model.versions.transaction_version = 0;
  (void)ready(bench, 3);
  assert_int_equal(ktxn__cluster_transaction_version(bench->cluster), 2);
  /* set back, and told without a new connection */
  bench->model.versions.epoch = 7;
  ktxn__cluster_ask_versions(bench->cluster, bench->now_us);
  (void)settle(bench);
  assert_int_equal(ktxn__cluster_transaction_version(bench->cluster), 0);
}

/* Nothing tells a client of a change but what it asks for, and metadata is often fresh for other reasons. */
static void features_are_asked_for_now_and_then(void **state) {
  struct bench *bench = *state;
  bench->model.versions.epoch = 5;
  bench->model.versions.transaction_version = 2;
  (void)learn(bench);
  (void)ready(bench, 1);
  bench->model.versions.epoch = 6;
  bench->model.versions.transaction_version = 1;
  for (int i = 0; i < 29; i++) {
    ktxn__cluster_refresh(bench->cluster, bench->now_us);
    later(bench, 10000);
  }
  assert_int_equal(ktxn__cluster_transaction_version(bench->cluster), 2);
  for (int i = 0; i < 2; i++) {
    ktxn__cluster_refresh(bench->cluster, bench->now_us);
    later(bench, 10000);
  }
  assert_int_equal(ktxn__cluster_transaction_version(bench->cluster), 1);
}

static void brokers_before_finalized_features_are_level_0(void **state) {
  struct bench *bench = *state;
  bench->model.versions.epoch = -1;
  bench->model.versions.transaction_version = 0;
  bench->model.versions.end_txn_max = 1;
  (void)learn(bench);
  assert_int_equal(ktxn__cluster_transaction_version(bench->cluster), 0);
}

static void coordinators_may_be_nodes_that_metadata_has_not_named(void **state) {
  struct bench *bench = *state;
  static const struct ktxn__cluster_endpoint bad[] = {{-1, "x", 1}, {5, "", 1}, {5, "x", 0}, {5, "x", 65536}, {5, "x", -1}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_false(ktxn__cluster_learn_node(bench->cluster, &bad[i], bench->now_us));
  }
  char host[300];
  memset(host, 'h', sizeof host);
  host[256] = '\0';
  const struct ktxn__cluster_endpoint too_long = {5, host, 1};
  assert_false(ktxn__cluster_learn_node(bench->cluster, &too_long, bench->now_us));
  assert_null(ktxn__cluster_broker(bench->cluster, 5, 0));
  const struct ktxn__cluster_endpoint good = {5, "x", 65535};
  assert_true(ktxn__cluster_learn_node(bench->cluster, &good, bench->now_us));
  assert_string_equal(ktxn__broker_name(ktxn__cluster_broker(bench->cluster, 5, 0)), "x:65535");
  const struct ktxn__cluster_endpoint moved = {5, "y", 1};
  assert_true(ktxn__cluster_learn_node(bench->cluster, &moved, bench->now_us));
  assert_string_equal(ktxn__broker_name(ktxn__cluster_broker(bench->cluster, 5, 0)), "y:1");
}

static void nodes_that_can_not_be_are_left_out(void **state) {
  struct bench *bench = *state;
  bench->model.nodes[0].id = -7;
  bench->model.nodes[1].port = 70000;
  bench->model.node_count = 4;
  bench->model.nodes[3] = (struct model_node){.id = 4, .host = "", .port = 9092};
  (void)learn(bench);
  assert_null(ktxn__cluster_broker(bench->cluster, -7, 0));
  assert_null(ktxn__cluster_broker(bench->cluster, 2, 0));
  assert_null(ktxn__cluster_broker(bench->cluster, 4, 0));
  assert_non_null(ktxn__cluster_broker(bench->cluster, 3, 0));
}

static void events_for_nobody_are_ignored(void **state) {
  struct bench *bench = *state;
  (void)learn(bench);
  static const uint32_t ids[] = {0, 1, 5, KTXN__BROKER_NUMBER_MAX, UINT32_MAX};
  struct ktxn__address address = net_address(1, 1);
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    ktxn__cluster_on_connected(bench->cluster, ids[i], bench->now_us);
    ktxn__cluster_on_received(bench->cluster, ids[i], "\0\0\0\4\0\0\0\0", 8, bench->now_us);
    ktxn__cluster_on_writable(bench->cluster, ids[i], bench->now_us);
    ktxn__cluster_on_closed(bench->cluster, ids[i], NULL, bench->now_us);
    ktxn__cluster_on_resolved(bench->cluster, ids[i], &address, 1, NULL, bench->now_us);
  }
  (void)settle(bench);
  assert_true(net_last(bench->net)->open);
}

static void an_idle_cluster_sleeps(void **state) {
  struct bench *bench = *state;
  struct ktxn__topic *topic = learn(bench);
  int runs = 0;
  int64_t end_us = bench->now_us + 3600000 * MS;
  while (bench->now_us < end_us) {
    bench->now_us = settle(bench);
    ktxn__cluster_touch_topic(bench->cluster, topic, bench->now_us);
    runs++;
  }
  /* one refresh each five minutes, and little else */
  assert_in_range(bench->model.metadata_requests, 12, 16);
  assert_in_range(runs, 12, 60);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(nodes_are_known_once_metadata_has_named_them),
      TEST(a_dead_bootstrap_server_is_passed_over),
      TEST(a_silent_bootstrap_server_costs_seconds_not_the_setup_timeout),
      TEST(when_nobody_can_be_reached_the_text_says_who_and_why),
      TEST(metadata_is_asked_for_even_when_no_topic_is_wanted),
      TEST(any_broker_is_one_that_is_ready_and_free),
      TEST(a_broker_that_lets_others_wait_is_passed_over),
      TEST(the_only_broker_is_taken_though_it_should_be_avoided),
      TEST(a_throttle_mutes_only_the_broker_that_said_so),
      TEST(a_broken_connection_has_metadata_refreshed),
      TEST(a_node_that_moves_is_followed),
      TEST(the_same_address_under_another_id_is_another_node),
      TEST(when_all_known_brokers_are_gone_bootstrap_servers_are_looked_up_anew),
      TEST(one_dead_node_of_three_is_no_reason_to_start_over),
      TEST(no_metadata_for_too_long_starts_over),
      TEST(metadata_may_ask_to_start_over),
      TEST(another_cluster_is_noticed),
      TEST(the_highest_feature_epoch_counts),
      TEST(brokers_before_finalized_features_are_level_0),
      TEST(features_are_asked_for_now_and_then),
      TEST(coordinators_may_be_nodes_that_metadata_has_not_named),
      TEST(nodes_that_can_not_be_are_left_out),
      TEST(events_for_nobody_are_ignored),
      TEST(an_idle_cluster_sleeps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
