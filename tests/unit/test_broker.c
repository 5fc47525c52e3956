/* How a broker connects, learns versions, idles and moves. */

#include "broker_fixture.h"

/* ---- connecting ---------------------------------------------------------------------------------------------------- */

static void a_call_connects_and_is_answered(void **state) {
  struct bench *bench = *state;
  assert_int_equal(run(bench), INT64_MAX);
  assert_int_equal(bench->net->lookup_count, 0);
  struct probe *probe = send_new(bench);
  settle(bench);
  assert_string_equal(net_last_lookup(bench->net)->host, "kafka");
  assert_int_equal(net_last_lookup(bench->net)->port, 9092);
  resolved(bench, 1);
  assert_string_equal(net_last(bench->net)->host, "kafka");
  struct net_conn *conn = connected(bench);
  /* KIP-511: nothing but ApiVersions before its answer */
  struct net_request request = net_expect(conn, KTXN__API_API_VERSIONS);
  assert_int_equal(request.version, 5);
  assert_string_equal(request.client_id, "tester");
  net_expect_nothing(conn);
  struct net_versions versions = net_versions_v2();
  struct net_answer answer = net_answer_versions(&request, &versions, request.version);
  feed_answer(bench, conn, &answer);
  assert_int_equal(bench->told_versions, 1);
  assert_int_equal(probe->written, 1);
  assert_int_equal(probe->call.version, 5);
  answer_next(bench, conn, 0);
  assert_int_equal(probe->fate, KTXN__CALL_ANSWERED);
  assert_int_equal(ktxn__broker_in_flight(bench->broker), 0);
  assert_string_equal(ktxn__broker_why(bench->broker), "");
}

static void names_that_do_not_resolve_end_calls_unsent(void **state) {
  struct bench *bench = *state;
  struct probe *probe = send_new(bench);
  settle(bench);
  resolved(bench, 0);
  assert_int_equal(probe->fate, KTXN__CALL_UNSENT);
  expect_down(bench, "kafka:9092: the name can't be resolved: no such host");
  assert_true(ktxn__broker_failing(bench->broker));
  assert_int_equal(bench->went_down, 1);
  assert_false(bench->down_ready);
}

static void a_resolver_that_never_answers_is_given_up_and_its_late_answer_ignored(void **state) {
  struct bench *bench = *state;
  struct probe *probe = send_new(bench);
  settle(bench);
  uint32_t token = net_last_lookup(bench->net)->token;
  later(bench, 7900);
  assert_int_equal(probe->ended, 0);
  later(bench, 4200); /* 10 s, a fifth more at most */
  assert_int_equal(probe->fate, KTXN__CALL_UNSENT);
  expect_down(bench, "not resolved");
  struct ktxn__address address = net_address(1, 9092);
  ktxn__broker_on_resolved(bench->broker, token, &address, 1, NULL, bench->now_us);
  settle(bench);
  assert_int_equal(bench->net->conn_count, 0);
  /* also while the next one is under way */
  later(bench, 100);
  ktxn__broker_want(bench->broker, bench->now_us);
  settle(bench);
  assert_int_not_equal(net_last_lookup(bench->net)->token, token);
  ktxn__broker_on_resolved(bench->broker, token, &address, 1, NULL, bench->now_us);
  settle(bench);
  assert_int_equal(bench->net->conn_count, 0);
}

static void every_address_has_its_turn_within_the_setup_timeout(void **state) {
  struct bench *bench = *state;
  struct probe *probe = send_new(bench);
  settle(bench);
  resolved(bench, 3);
  int64_t begin_us = bench->now_us;
  assert_int_equal(net_last(bench->net)->address.bytes[3], 1);
  /* the first says nothing: a share of the time later the second is tried */
  while (bench->net->conn_count == 1) {
    later(bench, 100);
    assert_true(bench->now_us - begin_us < 6000 * MS);
  }
  assert_false(bench->net->conns[0].open);
  assert_int_equal(net_last(bench->net)->address.bytes[3], 2);
  /* the second refuses */
  struct net_conn *conn = net_last(bench->net);
  conn->open = false;
  ktxn__broker_on_closed(bench->broker, conn->id, "Connection refused", bench->now_us);
  settle(bench);
  assert_int_equal(net_last(bench->net)->address.bytes[3], 3);
  assert_int_equal(probe->ended, 0);
  /* the third works */
  conn = connected(bench);
  struct net_versions versions = net_versions_v2();
  versions.versions_max = 5;
  answer_versions(bench, conn, &versions);
  answer_next(bench, conn, 0);
  assert_int_equal(probe->fate, KTXN__CALL_ANSWERED);
}

static void an_attempt_ends_when_all_addresses_have_failed(void **state) {
  struct bench *bench = *state;
  struct probe *probe = send_new(bench);
  settle(bench);
  bench->net->refuse = -111;
  resolved(bench, 2);
  assert_int_equal(probe->fate, KTXN__CALL_UNSENT);
  expect_down(bench, "111");
}

static void more_addresses_than_fit_are_dropped(void **state) {
  struct bench *bench = *state;
  ktxn__broker_want(bench->broker, bench->now_us);
  settle(bench);
  resolved(bench, 20);
  for (size_t i = 0; i < KTXN__PORTS_ADDRESSES_MAX; i++) {
    struct net_conn *conn = net_last(bench->net);
    conn->open = false;
    ktxn__broker_on_closed(bench->broker, conn->id, "Connection refused", bench->now_us);
    settle(bench);
  }
  assert_int_equal(bench->net->conn_count, KTXN__PORTS_ADDRESSES_MAX);
  expect_down(bench, "kafka:9092: Connection refused");
}

static void attempts_back_off_and_look_the_name_up_each_time(void **state) {
  struct bench *bench = *state;
  int64_t waits_ms[12];
  for (size_t i = 0; i < 12; i++) {
    size_t lookups = bench->net->lookup_count;
    int64_t begin_us = bench->now_us;
    struct probe *probe = send_new(bench);
    settle(bench);
    while (bench->net->lookup_count == lookups) {
      bench->now_us += MS;
      settle(bench);
    }
    waits_ms[i] = (bench->now_us - begin_us) / MS;
    resolved(bench, 0);
    assert_int_equal(probe->fate, KTXN__CALL_UNSENT);
    assert_true(ktxn__broker_backing_off(bench->broker, bench->now_us));
  }
  assert_true(waits_ms[0] == 0);
  /* KIP-580: 50 ms, doubling, up to 1 s; each a fifth more or less */
  for (size_t i = 1; i < 12; i++) {
    int64_t exact_ms = i < 6 ? INT64_C(50) << (i - 1) : 1000;
    assert_in_range(waits_ms[i], exact_ms * 8 / 10 - 1, exact_ms * 12 / 10 + 1);
  }
}

static void a_success_forgets_the_failures(void **state) {
  struct bench *bench = *state;
  for (int i = 0; i < 6; i++) {
    ktxn__broker_want(bench->broker, bench->now_us);
    settle(bench);
    resolved(bench, 0);
    later(bench, 1300);
  }
  struct net_conn *conn = open_up(bench);
  assert_false(ktxn__broker_failing(bench->broker));
  conn->open = false;
  ktxn__broker_on_closed(bench->broker, conn->id, "reset", bench->now_us);
  settle(bench);
  assert_true(ktxn__broker_backoff_until(bench->broker) <= bench->now_us + 60 * MS);
  assert_false(ktxn__broker_failing(bench->broker));
  assert_true(bench->down_ready);
}

static void count_line(void *ctx, enum ktxn__log_level level, const char *line) {
  int *lines = ctx;
  *lines += level <= KTXN__LOG_WARN && strstr(line, "Connection refused") != NULL;
}

static void a_broker_that_is_away_is_told_to_the_log_now_and_again(void **state) {
  struct bench *bench = *state;
  int lines = 0;
  bench->net->log = (struct ktxn__log){.level = KTXN__LOG_DEBUG, .write = count_line, .ctx = &lines};
  for (int i = 0; i < 40; i++) { /* for 48 s */
    ktxn__broker_want(bench->broker, bench->now_us);
    settle(bench);
    resolved(bench, 1);
    struct net_conn *conn = net_last(bench->net);
    conn->open = false;
    ktxn__broker_on_closed(bench->broker, conn->id, "Connection refused", bench->now_us);
    assert_int_equal(lines, 1 + i / 9);
    later(bench, 1201);
  }
  bench->net->log.level = KTXN__LOG_OFF;
}

static void want_connects_without_a_call_and_not_during_the_backoff(void **state) {
  struct bench *bench = *state;
  ktxn__broker_want(bench->broker, bench->now_us);
  settle(bench);
  resolved(bench, 0);
  ktxn__broker_want(bench->broker, bench->now_us);
  settle(bench);
  assert_int_equal(bench->net->lookup_count, 1);
  later(bench, 61);
  assert_int_equal(bench->net->lookup_count, 1);
  ktxn__broker_want(bench->broker, bench->now_us);
  settle(bench);
  assert_int_equal(bench->net->lookup_count, 2);
}

/* ---- versions ------------------------------------------------------------------------------------------------------ */

static void an_unknown_api_versions_version_is_asked_again_lower(void **state) {
  struct bench *bench = *state;
  struct probe *probe = send_new(bench);
  settle(bench);
  resolved(bench, 1);
  struct net_conn *conn = connected(bench);
  struct net_request request = net_expect(conn, KTXN__API_API_VERSIONS);
  /* KIP-511: error 35 in the form of v0, listing ApiVersions alone */
  struct net_versions versions = net_versions_v2();
  versions.error_code = 35;
  versions.versions_max = 3;
  struct net_answer answer = net_answer_versions(&request, &versions, 0);
  feed_answer(bench, conn, &answer);
  assert_false(ktxn__broker_ready(bench->broker));
  assert_int_equal(probe->ended, 0);
  request = net_expect(conn, KTXN__API_API_VERSIONS);
  assert_int_equal(request.version, 3);
  versions.error_code = 0;
  answer = net_answer_versions(&request, &versions, 3);
  feed_answer(bench, conn, &answer);
  assert_true(ktxn__broker_ready(bench->broker));
  answer_next(bench, conn, 0);
  assert_int_equal(ktxn__broker_features(bench->broker).transaction_version, 2);
}

static void a_broker_that_refuses_api_versions_for_ever_is_left(void **state) {
  struct bench *bench = *state;
  struct probe *probe = send_new(bench);
  settle(bench);
  resolved(bench, 1);
  struct net_conn *conn = connected(bench);
  struct net_versions versions = net_versions_v2();
  versions.error_code = 35;
  versions.versions_max = 5;
  for (int rounds = 0; conn->open; rounds++) {
    assert_true(rounds < 6);
    struct net_request request = net_expect(conn, KTXN__API_API_VERSIONS);
    struct net_answer answer = net_answer_versions(&request, &versions, 0);
    feed_answer(bench, conn, &answer);
  }
  assert_int_equal(probe->fate, KTXN__CALL_UNSENT);
  expect_down(bench, "refused ApiVersions");
}

static void a_broker_that_hangs_up_on_unknown_versions_is_asked_lower_ones_in_time(void **state) {
  struct bench *bench = *state;
  bool lower = false;
  for (int i = 0; i < 4; i++) {
    ktxn__broker_want(bench->broker, bench->now_us);
    settle(bench);
    resolved(bench, 1);
    struct net_conn *conn = connected(bench);
    struct net_request request = net_expect(conn, KTXN__API_API_VERSIONS);
    if (request.version == 3) {
      lower = true;
      struct net_versions versions = net_versions_v2();
      versions.versions_max = 5; /* it says more than was asked: that is asked for, too */
      struct net_answer answer = net_answer_versions(&request, &versions, 3);
      feed_answer(bench, conn, &answer);
      assert_false(ktxn__broker_ready(bench->broker));
      assert_int_equal(net_expect(conn, KTXN__API_API_VERSIONS).version, 5);
      break;
    }
    conn->open = false;
    ktxn__broker_on_closed(bench->broker, conn->id, "closed by the peer", bench->now_us);
    settle(bench);
    expect_down(bench, "before ApiVersions was answered; is it a plaintext Kafka listener");
    later(bench, 1300);
  }
  assert_true(lower);
}

static void calls_get_the_highest_common_version(void **state) {
  struct bench *bench = *state;
  assert_int_equal(ktxn__broker_version(bench->broker, KTXN__API_END_TXN, 0, 5), -1);
  (void)open_up(bench);
  assert_int_equal(ktxn__broker_version(bench->broker, KTXN__API_END_TXN, 0, 3), 3);
  assert_int_equal(ktxn__broker_version(bench->broker, KTXN__API_END_TXN, 0, INT16_MAX), 5);
  assert_int_equal(ktxn__broker_version(bench->broker, KTXN__API_END_TXN, 6, 7), -1);
  assert_int_equal(ktxn__broker_version(bench->broker, KTXN__API_INIT_PRODUCER_ID, 0, 5), -1);
  assert_int_equal(ktxn__broker_version(bench->broker, -1, 0, 5), -1);
  assert_int_equal(ktxn__broker_version(bench->broker, 9999, 0, 5), -1);
  struct probe *probe = new_probe(bench);
  probe->call.api = KTXN__API_INIT_PRODUCER_ID;
  send_probe(bench, probe);
  settle(bench);
  assert_int_equal(probe->fate, KTXN__CALL_UNSUPPORTED);
  net_expect_nothing(net_last(bench->net));
}

static void features_without_an_epoch_mean_level_0_only_for_old_brokers(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  struct net_versions versions = net_versions_v2();
  versions.versions_max = 5;
  versions.epoch = -1;
  versions.transaction_version = 0;
  ktxn__broker_ask_versions(bench->broker, bench->now_us);
  settle(bench);
  answer_versions(bench, conn, &versions);
  assert_int_equal(bench->told_versions, 2);
  assert_int_equal(ktxn__broker_features(bench->broker).transaction_version, -1);
  versions.end_txn_max = 3;
  ktxn__broker_ask_versions(bench->broker, bench->now_us);
  settle(bench);
  answer_versions(bench, conn, &versions);
  assert_int_equal(ktxn__broker_features(bench->broker).transaction_version, 0);
  assert_int_equal(ktxn__broker_version(bench->broker, KTXN__API_END_TXN, 0, 5), 3);
}

static void the_identity_of_a_known_node_is_checked(void **state) {
  struct bench *bench = *state;
  ktxn__broker_expect_cluster(bench->broker, "cluster-one");
  ktxn__broker_want(bench->broker, bench->now_us);
  settle(bench);
  resolved(bench, 1);
  struct net_conn *conn = connected(bench);
  struct net_request request = net_expect(conn, KTXN__API_API_VERSIONS);
  /* KIP-1242: software name and version, then cluster id and node id, compact; 7 is this broker's node */
  const uint8_t identity[] = "\x0c" "cluster-one\0\0\0\x07";
  assert_memory_equal(request.body + 5 + 2, identity, sizeof identity - 1);
  struct net_versions versions = net_versions_v2();
  versions.error_code = 129;
  struct net_answer answer = net_answer_versions(&request, &versions, 5);
  feed_answer(bench, conn, &answer);
  assert_int_equal(bench->rebootstraps, 1);
  expect_down(bench, "REBOOTSTRAP_REQUIRED");
}

/* ---- throttling, idling, moving ------------------------------------------------------------------------------------ */

static void a_throttle_mutes_and_gives_more_time(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  send_new(bench);
  send_new(bench);
  settle(bench);
  answer_next(bench, conn, 5000);
  assert_false(ktxn__broker_writable(bench->broker, bench->now_us));
  struct probe *third = send_new(bench);
  settle(bench);
  (void)net_expect(conn, KTXN__API_END_TXN);
  later(bench, 4900);
  net_expect_nothing(conn);
  assert_int_equal(run(bench), ktxn__broker_muted_until(bench->broker));
  later(bench, 101);
  assert_int_equal(third->written, 1);
  (void)net_expect(conn, KTXN__API_END_TXN);
  /* the one in flight during the throttle has its 30 s and the 5 s */
  later(bench, 29000);
  assert_true(conn->open);
  later(bench, 1100);
  assert_false(conn->open);
}

static void a_throttle_of_an_old_version_was_kept_by_the_broker(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  struct probe *probe = new_probe(bench);
  probe->call.version_max = 0; /* KIP-219: EndTxn from v1 on */
  send_probe(bench, probe);
  settle(bench);
  answer_next(bench, conn, 5000);
  assert_true(ktxn__broker_writable(bench->broker, bench->now_us));
}

static void an_absurd_throttle_is_cut(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  send_new(bench);
  settle(bench);
  answer_next(bench, conn, INT32_MAX);
  assert_true(ktxn__broker_muted_until(bench->broker) <= bench->now_us + KTXN__BROKER_MUTE_MAX_MS * MS);
}

static void an_idle_connection_is_closed_quietly(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  later(bench, 539990);
  assert_true(conn->open);
  later(bench, 20);
  assert_false(conn->open);
  assert_int_equal(bench->went_down, 0);
  assert_false(ktxn__broker_backing_off(bench->broker, bench->now_us));
  assert_string_equal(ktxn__broker_why(bench->broker), "");
}

static void a_moved_node_is_left_when_its_answers_are_here(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  struct probe *first = send_new(bench);
  settle(bench);
  ktxn__broker_move(bench->broker, "fe80::1", 9093, bench->now_us);
  assert_string_equal(ktxn__broker_name(bench->broker), "[fe80::1]:9093");
  struct probe *second = send_new(bench);
  settle(bench);
  assert_true(conn->open);
  answer_next(bench, conn, 0);
  net_expect_nothing(conn);
  assert_int_equal(first->fate, KTXN__CALL_ANSWERED);
  assert_false(conn->open);
  assert_int_equal(second->ended, 0);
  assert_string_equal(net_last_lookup(bench->net)->host, "fe80::1");
  assert_int_equal(net_last_lookup(bench->net)->port, 9093);
  resolved(bench, 1);
  conn = connected(bench);
  struct net_versions versions = net_versions_v2();
  versions.versions_max = 5;
  answer_versions(bench, conn, &versions);
  answer_next(bench, conn, 0);
  assert_int_equal(second->fate, KTXN__CALL_ANSWERED);
}

static void a_node_that_moves_while_it_is_being_connected(void **state) {
  struct bench *bench = *state;
  struct probe *probe = send_new(bench);
  settle(bench);
  resolved(bench, 1);
  struct net_conn *conn = connected(bench);
  ktxn__broker_move(bench->broker, "other", 9092, bench->now_us);
  settle(bench);
  assert_false(conn->open);
  assert_int_equal(probe->ended, 0);
  assert_string_equal(net_last_lookup(bench->net)->host, "other");
}

static void every_failing_allocation_is_survived(void **state) {
  struct bench *bench = *state;
  for (uint32_t k = 1; k < 30; k++) {
    ktxn__mem_fail(&bench->net->mem, k, true);
    struct probe *probe = send_new(bench);
    settle(bench);
    if (ktxn__broker_state(bench->broker) == KTXN__BROKER_RESOLVING) {
      resolved(bench, 1);
      struct net_conn *conn = connected(bench);
      struct net_request request;
      while (conn->open && net_take(conn, &request)) {
        struct net_versions versions = net_versions_v2();
        versions.versions_max = 5;
        struct net_answer answer = request.api == KTXN__API_API_VERSIONS ? net_answer_versions(&request, &versions, 5)
                                                                        : answer_to(&request, 0);
        feed(bench, conn, answer.buffer.data, 7); /* so that it needs a buffer */
        if (conn->open) {
          feed(bench, conn, answer.buffer.data + 7, answer.buffer.size - 7);
        }
        ktxn__buffer_free(&answer.buffer);
      }
    }
    ktxn__mem_fail(&bench->net->mem, 0, false);
    assert_int_equal(probe->ended, 1);
    ktxn__broker_drop(bench->broker, "next");
    settle(bench);
    later(bench, 2000);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_call_connects_and_is_answered),
      TEST(names_that_do_not_resolve_end_calls_unsent),
      TEST(a_resolver_that_never_answers_is_given_up_and_its_late_answer_ignored),
      TEST(every_address_has_its_turn_within_the_setup_timeout),
      TEST(an_attempt_ends_when_all_addresses_have_failed),
      TEST(more_addresses_than_fit_are_dropped),
      TEST(attempts_back_off_and_look_the_name_up_each_time),
      TEST(a_success_forgets_the_failures),
      TEST(a_broker_that_is_away_is_told_to_the_log_now_and_again),
      TEST(want_connects_without_a_call_and_not_during_the_backoff),
      TEST(an_unknown_api_versions_version_is_asked_again_lower),
      TEST(a_broker_that_refuses_api_versions_for_ever_is_left),
      TEST(a_broker_that_hangs_up_on_unknown_versions_is_asked_lower_ones_in_time),
      TEST(calls_get_the_highest_common_version),
      TEST(features_without_an_epoch_mean_level_0_only_for_old_brokers),
      TEST(the_identity_of_a_known_node_is_checked),
      TEST(a_throttle_mutes_and_gives_more_time),
      TEST(a_throttle_of_an_old_version_was_kept_by_the_broker),
      TEST(an_absurd_throttle_is_cut),
      TEST(an_idle_connection_is_closed_quietly),
      TEST(a_moved_node_is_left_when_its_answers_are_here),
      TEST(a_node_that_moves_while_it_is_being_connected),
      TEST(every_failing_allocation_is_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
