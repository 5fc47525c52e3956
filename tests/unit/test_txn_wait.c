#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "txn/txn.h"

/* How long the manager waits before it asks again: what it is told, and the times that it gives. */

enum { PARTITIONS = 1, GROUPS = 1, MS = 1000 };

struct manager {
  uint64_t block[512];
  struct ktxn__txn *txn;
  struct ktxn__txn_request request;
  int64_t now_us;
};

void ktxn__txn_hook(const char *what) { fail_msg("%s", what); }

static void start(struct manager *m, bool pacing) {
  const struct ktxn__txn_config config = {.transactional = true,
                                          .pacing = pacing,
                                          .in_flight_max = 5,
                                          .retry_backoff_us = 100 * MS,
                                          .retry_backoff_max_us = 1000 * MS,
                                          .transaction_timeout_us = 60000 * MS,
                                          .gone_after_us = 10000 * MS,
                                          .seed = 1};
  assert_true(ktxn__txn_size(PARTITIONS, GROUPS) <= sizeof m->block);
  m->txn = ktxn__txn_init(m->block, PARTITIONS, GROUPS, &config);
  m->now_us = 1000000;
  ktxn__txn_start(m->txn, m->now_us);
}

static void ask(struct manager *m, enum ktxn__txn_api api) {
  assert_true(ktxn__txn_next_request(m->txn, m->now_us, &m->request));
  assert_int_equal(m->request.api, api);
}

static void answer(struct manager *m, int16_t code) {
  const struct ktxn__txn_result result = {.id = m->request.id,
                                          .fate = KTXN__TXN_ANSWERED,
                                          .code = m->request.partition_count > 0 ? 0 : code,
                                          .version = 3,
                                          .node = 1,
                                          .producer_id = 7,
                                          .producer_epoch = 0,
                                          .codes = &code,
                                          .code_count = m->request.partition_count};
  ktxn__txn_on_result(m->txn, m->now_us, &result);
}

/* Until when it waits; not a moment earlier does it ask. */
static int64_t wait_us(struct manager *m) {
  struct ktxn__txn_request none;
  int64_t at_us = ktxn__txn_deadline_us(m->txn);
  int64_t waits_us = at_us - m->now_us;
  assert_true(waits_us > 0);
  assert_false(ktxn__txn_next_request(m->txn, at_us - 1, &none));
  m->now_us = at_us;
  return waits_us;
}

static void found(struct manager *m) {
  ask(m, KTXN__TXN_API_FIND_TXN);
  answer(m, 0);
}

/* KIP-580: doubled each time, a fifth more or less, up to the most; and from the beginning once something went well. */
static void a_retry_waits_longer_each_time(void **state) {
  (void)state;
  struct manager m;
  start(&m, false);
  found(&m);
  for (int64_t usual_us = 100 * MS, i = 0; i < 8; i++, usual_us = usual_us * 2 > 1000 * MS ? 1000 * MS : usual_us * 2) {
    ask(&m, KTXN__TXN_API_INIT);
    answer(&m, KTXN_E_COORDINATOR_LOAD_IN_PROGRESS);
    int64_t most_us = usual_us * 6 / 5 < 1000 * MS ? usual_us * 6 / 5 : 1000 * MS;
    assert_in_range(wait_us(&m), usual_us * 4 / 5, most_us + 1);
  }
  ask(&m, KTXN__TXN_API_INIT);
  answer(&m, 0);
  assert_int_equal(ktxn__txn_begin(m.txn, m.now_us), 0);
  assert_int_equal(ktxn__txn_add_partition(m.txn, m.now_us, 0), 0);
  ask(&m, KTXN__TXN_API_ADD_PARTITIONS);
  answer(&m, KTXN_E_COORDINATOR_LOAD_IN_PROGRESS);
  assert_in_range(wait_us(&m), 80 * MS, 120 * MS);
}

static void begin_with_51(struct manager *m, bool pacing) {
  start(m, pacing);
  found(m);
  ask(m, KTXN__TXN_API_INIT);
  answer(m, 0);
  assert_int_equal(ktxn__txn_begin(m->txn, m->now_us), 0);
  assert_int_equal(ktxn__txn_add_partition(m->txn, m->now_us, 0), 0);
  ask(m, KTXN__TXN_API_ADD_PARTITIONS);
  answer(m, KTXN_E_CONCURRENT_TRANSACTIONS);
}

/* KAFKA-5477: what Java waits behind a transaction that is being completed. */
static void a_51_waits_20_ms_without_pacing(void **state) {
  (void)state;
  struct manager m;
  begin_with_51(&m, false);
  for (int i = 0; i < 5; i++) {
    assert_int_equal(wait_us(&m), 20 * MS);
    ask(&m, KTXN__TXN_API_ADD_PARTITIONS);
    answer(&m, KTXN_E_CONCURRENT_TRANSACTIONS);
  }
}

static void a_51_waits_in_growing_steps_with_pacing(void **state) {
  (void)state;
  struct manager m;
  begin_with_51(&m, true);
  int64_t last_us = 99;
  for (int i = 0; i < 20; i++) {
    int64_t now_us = wait_us(&m);
    assert_in_range(now_us, last_us + (last_us < 20 * MS), 20 * MS);
    last_us = now_us;
    ask(&m, KTXN__TXN_API_ADD_PARTITIONS);
    answer(&m, KTXN_E_CONCURRENT_TRANSACTIONS);
  }
  assert_int_equal(last_us, 20 * MS);
}

/* Only what comes first behind an end has a reason to hurry. */
static void a_51_to_init_waits_as_any_retry(void **state) {
  (void)state;
  struct manager m;
  start(&m, true);
  found(&m);
  ask(&m, KTXN__TXN_API_INIT);
  answer(&m, KTXN_E_CONCURRENT_TRANSACTIONS);
  assert_in_range(wait_us(&m), 80 * MS, 120 * MS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_retry_waits_longer_each_time),
      cmocka_unit_test(a_51_waits_20_ms_without_pacing),
      cmocka_unit_test(a_51_waits_in_growing_steps_with_pacing),
      cmocka_unit_test(a_51_to_init_waits_as_any_retry),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
