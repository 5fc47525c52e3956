/* Peers that send what no Kafka broker would. */

#include "broker_fixture.h"

static void impossible_frame_lengths_close_at_once(void **state) {
  struct bench *bench = *state;
  static const struct {
    const char *bytes;
    const char *words;
  } lengths[] = {
      {"\xff\xff\xff\xff", "a frame of -1 bytes"},
      {"\0\0\0\0", "a frame of 0 bytes"},
      {"\0\0\0\3", "a frame of 3 bytes"},
      {"\x7f\xff\xff\xff", "a frame of 2147483647 bytes"},
      {"\x06\x40\0\1", "a frame of 104857601 bytes"},
      {"HTTP", "HTTP"},
      {"\x15\x03\x03\0", "TLS"},
      {"SSH-", "SSH"},
      {"220 ", "SMTP"},
  };
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    for (int pieces = 0; pieces < 2; pieces++) {
      struct net_conn *conn = open_up(bench);
      struct probe *probe = send_new(bench);
      settle(bench);
      size_t used = ktxn__mem_used(&bench->net->mem);
      if (pieces == 0) {
        feed(bench, conn, lengths[i].bytes, 4);
      } else {
        feed(bench, conn, lengths[i].bytes, 2);
        feed(bench, conn, lengths[i].bytes + 2, 2);
      }
      assert_true(ktxn__mem_used(&bench->net->mem) <= used);
      assert_int_equal(probe->fate, KTXN__CALL_LOST);
      assert_false(conn->open);
      expect_down(bench, lengths[i].words);
      later(bench, 2000);
    }
  }
}

static void a_large_frame_takes_no_more_memory_than_has_arrived(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  send_new(bench);
  settle(bench);
  size_t used = ktxn__mem_used(&bench->net->mem);
  feed(bench, conn, "\x06\0\0\0", 4); /* 96 MiB to come */
  static uint8_t bytes[10000];
  for (size_t i = 1; i < 20; i++) {
    feed(bench, conn, bytes, sizeof bytes);
    assert_true(ktxn__mem_used(&bench->net->mem) <= used + 2 * (i + 1) * sizeof bytes);
  }
}

static void an_answer_to_nobody_closes(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  feed(bench, conn, "\0\0\0\x08\0\0\0\x09\0\0\0\0", 12);
  assert_false(conn->open);
  expect_down(bench, "a request that was not sent (correlation id 9)");
}

static void a_wrong_correlation_id_completes_nobody(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  struct probe *first = send_new(bench);
  struct probe *second = send_new(bench);
  settle(bench);
  (void)net_expect(conn, KTXN__API_END_TXN);
  struct net_request request = net_expect(conn, KTXN__API_END_TXN);
  struct net_answer answer = answer_to(&request, 0); /* the second before the first */
  feed_answer(bench, conn, &answer);
  assert_int_equal(first->fate, KTXN__CALL_LOST);
  assert_int_equal(second->fate, KTXN__CALL_LOST);
  expect_down(bench, "correlation id 2 instead of 1");
}

static void an_answer_twice_completes_nobody_else(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  struct probe *first = send_new(bench);
  struct probe *second = send_new(bench);
  settle(bench);
  struct net_request request = net_expect(conn, KTXN__API_END_TXN);
  struct net_answer answer = answer_to(&request, 0);
  struct net_answer twice = answer_to(&request, 0);
  feed_answer(bench, conn, &answer);
  feed_answer(bench, conn, &twice);
  assert_int_equal(first->fate, KTXN__CALL_ANSWERED);
  assert_int_equal(second->fate, KTXN__CALL_LOST);
  assert_false(conn->open);
}

static void an_answer_before_its_request_is_whole_completes_nobody(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  conn->room = 10;
  struct probe *probe = send_new(bench);
  settle(bench);
  feed(bench, conn, "\0\0\0\x0a\0\0\0\1\0\0\0\0\0\1", 14);
  assert_int_equal(probe->fate, KTXN__CALL_LOST);
  assert_false(conn->open);
}

static void answers_of_an_earlier_connection_are_ignored(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  uint32_t old = conn->id;
  send_new(bench);
  settle(bench);
  struct net_request request = net_expect(conn, KTXN__API_END_TXN);
  struct net_answer answer = answer_to(&request, 0);
  later(bench, 30001);
  later(bench, 100);
  (void)open_up(bench);
  struct probe *probe = send_new(bench);
  settle(bench);
  ktxn__broker_on_received(bench->broker, old, answer.buffer.data, answer.buffer.size, bench->now_us);
  ktxn__broker_on_closed(bench->broker, old, "late", bench->now_us);
  settle(bench);
  ktxn__buffer_free(&answer.buffer);
  assert_int_equal(probe->ended, 0);
  assert_true(ktxn__broker_ready(bench->broker));
}

static void a_malformed_body_drops_the_connection(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  struct probe *first = send_new(bench);
  struct probe *second = send_new(bench);
  settle(bench);
  struct net_request request = net_expect(conn, KTXN__API_END_TXN);
  struct net_answer answer;
  net_answer_begin(&answer, &request);
  net_answer_end(&answer);
  feed_answer(bench, conn, &answer);
  assert_int_equal(first->fate, KTXN__CALL_ANSWERED);
  assert_int_equal(second->fate, KTXN__CALL_LOST);
  expect_down(bench, "its answer to EndTxn v5 is malformed");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(impossible_frame_lengths_close_at_once),
      TEST(a_large_frame_takes_no_more_memory_than_has_arrived),
      TEST(an_answer_to_nobody_closes),
      TEST(a_wrong_correlation_id_completes_nobody),
      TEST(an_answer_twice_completes_nobody_else),
      TEST(an_answer_before_its_request_is_whole_completes_nobody),
      TEST(answers_of_an_earlier_connection_are_ignored),
      TEST(a_malformed_body_drops_the_connection),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
