/* Whom a broker serves in which order, and what every end of a connection means for calls. */

#include "broker_fixture.h"

/* ---- the order of calls -------------------------------------------------------------------------------------------- */

static void calls_are_pipelined_up_to_the_limit_in_order(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  assert_true(ktxn__broker_writable(bench->broker, bench->now_us));
  for (int i = 0; i < 8; i++) {
    send_new(bench);
  }
  assert_false(ktxn__broker_writable(bench->broker, bench->now_us));
  size_t writes = conn->writes;
  settle(bench);
  assert_int_equal(conn->writes, writes + 1); /* all of them in one system call */
  assert_int_equal(ktxn__broker_in_flight(bench->broker), 5);
  assert_int_equal(ktxn__broker_waiting(bench->broker), 3);
  for (int i = 0; i < 8; i++) {
    answer_next(bench, conn, 0);
    assert_int_equal(bench->probes[i].order, i + 1);
    assert_int_equal(bench->probes[i].fate, KTXN__CALL_ANSWERED);
  }
}

static void spliced_bytes_are_written_in_place_of_copies(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  static uint8_t records[3000];
  memset(records, 0xab, sizeof records);
  struct probe *probe = new_probe(bench);
  probe->splice = records;
  probe->splice_size = sizeof records;
  send_probe(bench, probe);
  settle(bench);
  assert_int_equal(probe->written, 1);
  struct net_request request = net_expect(conn, KTXN__API_END_TXN);
  assert_int_equal(request.size, 4 + sizeof records + 4);
  assert_memory_equal(request.body + 4, records, sizeof records);
  assert_int_equal(request.body[3], 1);
  assert_int_equal(request.body[4 + sizeof records + 3], 0xfe);
  struct net_answer answer = answer_to(&request, 0);
  feed_answer(bench, conn, &answer);
}

static void a_body_that_is_refused_leaves_no_trace(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  struct probe *probe = new_probe(bench);
  probe->refuse_to_encode = true;
  send_probe(bench, probe);
  struct probe *next = send_new(bench);
  settle(bench);
  assert_int_equal(probe->fate, KTXN__CALL_UNSENT);
  assert_int_equal(probe->call.version, -1);
  answer_next(bench, conn, 0);
  assert_int_equal(next->fate, KTXN__CALL_ANSWERED);
}

static void done_may_send_again(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  struct probe *probe = send_new(bench);
  probe->again = new_probe(bench);
  settle(bench);
  answer_next(bench, conn, 0);
  answer_next(bench, conn, 0);
  assert_int_equal(bench->probes[1].fate, KTXN__CALL_ANSWERED);
}

static void the_queue_is_bounded(void **state) {
  struct bench *bench = *state;
  struct probe *many = calloc(KTXN__BROKER_QUEUE_MAX + 2, sizeof *many);
  assert_non_null(many);
  for (size_t i = 0; i < KTXN__BROKER_QUEUE_MAX + 2; i++) {
    many[i].bench = bench;
    many[i].call = (struct ktxn__call){.api = KTXN__API_END_TXN, .version_max = 5, .deadline_us = INT64_MAX,
                                       .encode = probe_encode, .done = probe_done};
    ktxn__broker_send(bench->broker, &many[i].call, bench->now_us);
  }
  settle(bench);
  assert_int_equal(bench->ended, 2);
  assert_int_equal(many[KTXN__BROKER_QUEUE_MAX].fate, KTXN__CALL_UNSENT);
  assert_int_equal(many[KTXN__BROKER_QUEUE_MAX + 1].fate, KTXN__CALL_UNSENT);
  resolved(bench, 0);
  assert_int_equal(bench->ended, KTXN__BROKER_QUEUE_MAX + 2);
  free(many);
}

/* ---- ends ---------------------------------------------------------------------------------------------------------- */

static void waiting_ends_at_the_deadline(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  for (int i = 0; i < 6; i++) {
    send_new(bench);
  }
  struct probe *late = new_probe(bench);
  late->call.deadline_us = bench->now_us + 1000 * MS;
  send_probe(bench, late);
  settle(bench);
  later(bench, 999);
  assert_int_equal(late->ended, 0);
  later(bench, 1);
  assert_int_equal(late->fate, KTXN__CALL_UNSENT);
  assert_true(conn->open);
  assert_int_equal(bench->ended, 1);
}

static void an_answer_that_does_not_come_closes_the_connection(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  for (int i = 0; i < 7; i++) {
    struct probe *probe = new_probe(bench);
    probe->call.deadline_us = INT64_MAX;
    send_probe(bench, probe);
  }
  settle(bench);
  later(bench, 29998);
  assert_int_equal(bench->ended, 0);
  later(bench, 10);
  assert_false(conn->open);
  /* what the broker may have seen is LOST, what it can't have seen is UNSENT */
  for (int i = 0; i < 7; i++) {
    assert_int_equal(bench->probes[i].fate, i < 5 ? KTXN__CALL_LOST : KTXN__CALL_UNSENT);
    assert_int_equal(bench->probes[i].order, i + 1);
  }
  expect_down(bench, "no answer to EndTxn within 30000 ms (request.timeout.ms)");
}

/* The second call has less time than the first one, and both share a connection. */
static void an_answer_has_the_time_of_its_call(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  send_new(bench);
  struct probe *hasty = new_probe(bench);
  hasty->call.answer_us = 2000 * MS;
  send_probe(bench, hasty);
  settle(bench);
  assert_true(run(bench) <= bench->now_us + 2000 * MS);
  later(bench, 1999);
  assert_true(conn->open);
  assert_int_equal(bench->ended, 0);
  later(bench, 10);
  assert_false(conn->open);
  assert_int_equal(hasty->fate, KTXN__CALL_LOST);
  expect_down(bench, "no answer to EndTxn within 2000 ms (what transaction.timeout.ms leaves)");
}

static void an_answer_has_the_request_timeout_at_most(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  struct probe *patient = new_probe(bench);
  patient->call.answer_us = 60000 * MS;
  send_probe(bench, patient);
  settle(bench);
  later(bench, 29998);
  assert_true(conn->open);
  assert_in_range(ktxn__broker_awaited_us(bench->broker, bench->now_us), 29998 * MS, 29999 * MS);
  later(bench, 10);
  assert_false(conn->open);
  expect_down(bench, "no answer to EndTxn within 30000 ms (request.timeout.ms)");
}

static void an_answer_that_drips_is_covered_by_the_timeout(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  struct probe *probe = send_new(bench);
  settle(bench);
  struct net_request request = net_expect(conn, KTXN__API_END_TXN);
  struct net_answer answer = answer_to(&request, 0);
  for (size_t i = 0; conn->open && i < answer.buffer.size - 1; i++) {
    feed(bench, conn, answer.buffer.data + i, 1);
    later(bench, 3000);
  }
  ktxn__buffer_free(&answer.buffer);
  assert_false(conn->open);
  assert_int_equal(probe->fate, KTXN__CALL_LOST);
}

/* The request is 24 bytes or so; the peer vanishes after each number of them. */
static void a_connection_that_breaks_after_k_bytes(void **state) {
  struct bench *bench = *state;
  for (int64_t k = 0; k < 40; k++) {
    struct net_conn *conn = open_up(bench);
    conn->room = k;
    struct probe *first = send_new(bench);
    struct probe *second = send_new(bench);
    settle(bench);
    size_t each = 0;
    if (conn->out.size >= 4) {
      each = 4 + conn->out.data[3];
    }
    conn->open = false;
    ktxn__broker_on_closed(bench->broker, conn->id, "reset", bench->now_us);
    settle(bench);
    assert_int_equal(first->fate, k == 0 ? KTXN__CALL_UNSENT : KTXN__CALL_LOST);
    bool second_begun = each > 0 && (size_t)k > each;
    assert_int_equal(second->fate, second_begun ? KTXN__CALL_LOST : KTXN__CALL_UNSENT);
    assert_int_equal(first->written, each > 0 && (size_t)k >= each);
    assert_true(first->order < second->order);
    later(bench, 2000);
  }
}

static void a_write_that_fails_took_nothing(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  conn->broken = true;
  struct probe *probe = send_new(bench);
  settle(bench);
  assert_int_equal(probe->fate, KTXN__CALL_UNSENT);
  assert_false(conn->open);
  expect_down(bench, "broke while");
}

static void one_byte_at_a_time_changes_nothing(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  conn->room = 0;
  struct probe *first = new_probe(bench);
  first->splice = "spliced bytes";
  first->splice_size = 13;
  send_probe(bench, first);
  struct probe *second = send_new(bench);
  settle(bench);
  /* blocked: it doesn't try again before it is told to, whatever comes up */
  size_t writes = conn->writes;
  struct probe *third = send_new(bench);
  settle(bench);
  assert_int_equal(conn->writes, writes);
  struct net_request requests[3];
  size_t taken = 0;
  for (int i = 0; taken < 3; i++) {
    assert_true(i < 300);
    conn->room = 1;
    ktxn__broker_on_writable(bench->broker, conn->id, bench->now_us);
    settle(bench);
    taken += net_take(conn, &requests[taken]) ? 1 : 0;
  }
  assert_int_equal(requests[0].size, 4 + 13 + 4);
  assert_memory_equal(requests[0].body + 4, "spliced bytes", 13);
  assert_memory_equal(requests[0].body + 4 + 13, "\xff\xff\xff\xfe", 4);
  for (size_t n = 0; n < 3; n++) {
    struct net_answer answer = answer_to(&requests[n], 0);
    for (size_t i = 0; i < answer.buffer.size; i++) {
      assert_int_equal(bench->ended, n);
      feed(bench, conn, answer.buffer.data + i, 1);
    }
    ktxn__buffer_free(&answer.buffer);
  }
  assert_int_equal(first->fate, KTXN__CALL_ANSWERED);
  assert_int_equal(second->fate, KTXN__CALL_ANSWERED);
  assert_int_equal(third->fate, KTXN__CALL_ANSWERED);
}

static void several_answers_in_one_piece(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  for (int i = 0; i < 5; i++) {
    send_new(bench);
  }
  settle(bench);
  struct ktxn__buffer all;
  ktxn__buffer_init(&all, ktxn__mem_default(), 4096);
  for (int i = 0; i < 5; i++) {
    struct net_request request = net_expect(conn, KTXN__API_END_TXN);
    struct net_answer answer = answer_to(&request, 0);
    assert_true(ktxn__buffer_append(&all, answer.buffer.data, answer.buffer.size));
    ktxn__buffer_free(&answer.buffer);
  }
  /* all but the last three bytes, then those */
  feed(bench, conn, all.data, all.size - 3);
  assert_int_equal(bench->ended, 4);
  feed(bench, conn, all.data + all.size - 3, 3);
  assert_int_equal(bench->ended, 5);
  ktxn__buffer_free(&all);
}

static void a_large_answer_leaves_no_large_buffer(void **state) {
  struct bench *bench = *state;
  struct net_conn *conn = open_up(bench);
  struct probe *probe = send_new(bench);
  settle(bench);
  size_t used = ktxn__mem_used(&bench->net->mem);
  struct net_request request = net_expect(conn, KTXN__API_END_TXN);
  struct net_answer answer;
  static uint8_t rest[300000]; /* bytes behind the body are ignored */
  net_answer_begin(&answer, &request);
  ktxn__writer_i32(&answer.writer, 0);
  ktxn__writer_i16(&answer.writer, (int16_t)probe->value);
  ktxn__writer_raw(&answer.writer, rest, sizeof rest);
  net_answer_end(&answer);
  feed(bench, conn, answer.buffer.data, 200000);
  assert_true(ktxn__mem_used(&bench->net->mem) >= used + 200000);
  feed(bench, conn, answer.buffer.data + 200000, answer.buffer.size - 200000);
  ktxn__buffer_free(&answer.buffer);
  assert_int_equal(probe->fate, KTXN__CALL_ANSWERED);
  assert_true(ktxn__mem_used(&bench->net->mem) <= used + 65536);
}

static void an_answer_cut_at_every_byte_is_lost(void **state) {
  struct bench *bench = *state;
  for (size_t cut = 0;; cut++) {
    struct net_conn *conn = open_up(bench);
    struct probe *probe = send_new(bench);
    settle(bench);
    struct net_request request = net_expect(conn, KTXN__API_END_TXN);
    struct net_answer answer = answer_to(&request, 0);
    bool whole = cut == answer.buffer.size;
    feed(bench, conn, answer.buffer.data, cut);
    ktxn__buffer_free(&answer.buffer);
    conn->open = false;
    ktxn__broker_on_closed(bench->broker, conn->id, NULL, bench->now_us);
    settle(bench);
    assert_int_equal(probe->fate, whole ? KTXN__CALL_ANSWERED : KTXN__CALL_LOST);
    later(bench, 2000);
    if (whole) {
      return;
    }
  }
}

static void the_client_closes(void **state) {
  struct bench *bench = *state;
  (void)open_up(bench);
  struct probe *sent = send_new(bench);
  settle(bench);
  struct probe *waiting = send_new(bench);
  ktxn__broker_free(bench->broker, bench->now_us);
  bench->broker = NULL;
  assert_int_equal(sent->fate, KTXN__CALL_LOST);
  assert_int_equal(waiting->fate, KTXN__CALL_UNSENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(calls_are_pipelined_up_to_the_limit_in_order),
      TEST(spliced_bytes_are_written_in_place_of_copies),
      TEST(a_body_that_is_refused_leaves_no_trace),
      TEST(done_may_send_again),
      TEST(the_queue_is_bounded),
      TEST(waiting_ends_at_the_deadline),
      TEST(an_answer_that_does_not_come_closes_the_connection),
      TEST(an_answer_has_the_time_of_its_call),
      TEST(an_answer_has_the_request_timeout_at_most),
      TEST(an_answer_that_drips_is_covered_by_the_timeout),
      TEST(a_connection_that_breaks_after_k_bytes),
      TEST(a_write_that_fails_took_nothing),
      TEST(one_byte_at_a_time_changes_nothing),
      TEST(several_answers_in_one_piece),
      TEST(a_large_answer_leaves_no_large_buffer),
      TEST(an_answer_cut_at_every_byte_is_lost),
      TEST(the_client_closes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
