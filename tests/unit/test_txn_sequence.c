#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "txn/state.h"
#include "txn/txn.h"

/*
 * Sequences under every trouble at random, against a log with a broker's rules: it knows the last five batches of an epoch,
 * takes what comes next and nothing else, and says that a batch is too large before it looks at anything. Copies are
 * lost, answered wrongly after they were taken, or late by any time. Each record has a number; whatever happens, the log
 * has them in order, none twice, each that was reported as written, and a sequence never stands for two of them (but
 * when no copy of the first can be taken any more). Starts anywhere, also right before the wrap at 2^31.
 */

enum { COPIES = 64, BATCHES = 64, LOG = 4096, STEPS = 400, RUNS = 3000, WINDOW = 5, NODE = 1 };

/* Records first to first + count - 1, as they are sent. */
struct copy {
  uint32_t handle;
  int32_t first, count;
  int16_t epoch;
  int32_t sequence;
  bool lost; /* the client was told that no answer comes */
};

enum step { FREE, QUEUED, SENT, RETRY };

struct batch {
  uint32_t handle;
  int32_t first, count;
  int16_t epoch;
  int32_t sequence;
  enum step step;
  bool sequenced, ever_sent;
};

static struct run {
  struct ktxn__txn *txn;
  uint64_t block[512];
  uint64_t random;
  bool transactional;
  int32_t limit; /* records that the log takes in a batch */

  struct copy copies[COPIES]; /* on their way */
  int copy_count;
  struct batch batches[BATCHES]; /* in order; those that have their fate leave */
  int batch_count;
  uint32_t handles;
  int32_t records;

  int32_t taken[LOG]; /* the log: record numbers */
  int taken_count;
  int16_t epoch; /* of the log's producer state */
  struct copy known[WINDOW];
  int known_count;
  int32_t next;
  bool written[LOG * 4]; /* reported as written */
  int splits, resets, failures;
} run;

static uint32_t dice(uint32_t sides) {
  uint64_t z = (run.random += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  return (uint32_t)((z ^ (z >> 31)) >> 32) % sides;
}

static int32_t behind(int32_t sequence, int32_t count) {
  return (int32_t)(((uint32_t)sequence + (uint32_t)count) & INT32_MAX);
}

/* ---- the log ----------------------------------------------------------------------------------------------------------- */

static void append(const struct copy *copy) {
  for (int32_t i = 0; i < copy->count; i++) {
    assert_true(run.taken_count == 0 || run.taken[run.taken_count - 1] < copy->first + i); /* in order, none twice */
    assert_true(run.taken_count < LOG);
    run.taken[run.taken_count++] = copy->first + i;
  }
  if (run.known_count == WINDOW) {
    memmove(run.known, run.known + 1, (WINDOW - 1) * sizeof run.known[0]);
    run.known_count--;
  }
  run.known[run.known_count++] = *copy;
  run.next = behind(copy->sequence, copy->count);
}

static int16_t offer(const struct copy *copy) {
  if (copy->count > run.limit) return KTXN_E_MESSAGE_TOO_LARGE;
  if (copy->epoch < run.epoch) return KTXN_E_INVALID_PRODUCER_EPOCH;
  if (run.epoch < 0) run.next = copy->sequence; /* a log that has nothing of a producer takes any first sequence */
  if (copy->epoch > run.epoch) {
    if (run.epoch >= 0 && copy->sequence != 0) return KTXN_E_OUT_OF_ORDER_SEQUENCE_NUMBER;
    run.next = run.epoch < 0 ? run.next : 0;
    run.epoch = copy->epoch;
    run.known_count = 0;
  }
  for (int i = 0; i < run.known_count; i++)
    if (run.known[i].sequence == copy->sequence && run.known[i].count == copy->count) {
      assert_int_equal(run.known[i].first, copy->first); /* or a new batch would be taken for an old one */
      return 0;
    }
  if (copy->sequence != run.next) return KTXN_E_OUT_OF_ORDER_SEQUENCE_NUMBER;
  append(copy);
  return 0;
}

/* ---- the client -------------------------------------------------------------------------------------------------------- */

static struct batch *batch_of(uint32_t handle) {
  for (int i = 0; i < run.batch_count; i++)
    if (run.batches[i].handle == handle) return &run.batches[i];
  return NULL;
}

static void leave(struct batch *batch) {
  int index = (int)(batch - run.batches);
  memmove(batch, batch + 1, (size_t)(run.batch_count - index - 1) * sizeof *batch);
  run.batch_count--;
}

static struct batch *insert(int index) {
  assert_true(run.batch_count < BATCHES);
  memmove(&run.batches[index + 1], &run.batches[index], (size_t)(run.batch_count - index) * sizeof run.batches[0]);
  run.batch_count++;
  run.batches[index] = (struct batch){.handle = ++run.handles};
  return &run.batches[index];
}

/* A sequence stands for other records than before only if no copy that says otherwise can be taken, or has been. */
static void check_reuse(const struct batch *batch) {
  for (int i = 0; i < run.copy_count + run.known_count; i++) {
    const struct copy *copy = i < run.copy_count ? &run.copies[i] : &run.known[i - run.copy_count];
    if (copy->epoch != batch->epoch) continue;
    for (int32_t k = 0; k < copy->count; k++)
      for (int32_t m = 0; m < batch->count; m++)
        if (behind(copy->sequence, k) == behind(batch->sequence, m))
          assert_int_equal(copy->first + k, batch->first + m);
  }
}

static void send(struct batch *batch) {
  check_reuse(batch);
  assert_true(run.copy_count < COPIES);
  batch->step = SENT;
  batch->ever_sent = true;
  run.copies[run.copy_count++] =
      (struct copy){batch->handle, batch->first, batch->count, batch->epoch, batch->sequence, false};
}

static void send_new(void) {
  if (run.copy_count > COPIES / 2 || run.taken_count > LOG - 200 || !ktxn__txn_may_send(run.txn, 0, NODE)) return;
  struct batch *batch = NULL;
  for (int i = 0; i < run.batch_count && batch == NULL; i++) {
    if (run.batches[i].step == RETRY && run.batches[i].sequenced) return; /* what has its sequence goes first */
    if (run.batches[i].step == QUEUED) batch = &run.batches[i];
  }
  if (batch == NULL) {
    batch = insert(run.batch_count);
    batch->first = run.records;
    batch->count = (int32_t)dice(8) + 1;
    run.records += batch->count;
  }
  struct ktxn__txn_stamp stamp;
  ktxn__txn_assign(run.txn, 0, 0, NODE, batch->handle, (uint32_t)batch->count, &stamp);
  batch->epoch = stamp.producer_epoch;
  batch->sequence = stamp.base_sequence;
  batch->sequenced = true;
  send(batch);
}

static void send_again(void) {
  for (int i = 0; i < run.batch_count; i++) {
    struct batch *batch = &run.batches[i];
    if (batch->step != RETRY || !ktxn__txn_may_resend(run.txn, 0, NODE, batch->handle)) continue;
    ktxn__txn_resend(run.txn, 0, 0, NODE, batch->handle);
    send(batch);
    return;
  }
}

static void split(struct batch *batch) {
  int index = (int)(batch - run.batches);
  int32_t keep = 1 + (int32_t)dice((uint32_t)batch->count - 1), moved = batch->count - keep;
  struct batch *rest = index + 1 < run.batch_count ? batch + 1 : NULL;
  if (rest == NULL || rest->ever_sent || !rest->sequenced) {
    rest = insert(index + 1);
    batch = &run.batches[index];
    rest->first = batch->first + batch->count;
  }
  rest->first -= moved;
  rest->count += moved;
  rest->epoch = batch->epoch;
  rest->sequenced = true;
  rest->step = RETRY;
  batch->count = keep;
  batch->step = RETRY;
  ktxn__txn_split(run.txn, 0, 0, batch->handle, (uint32_t)keep, rest->handle, &rest->sequence);
  assert_int_equal(rest->sequence, behind(batch->sequence, keep));
  run.splits++;
}

static void take_verdict(uint32_t handle, enum ktxn__txn_verdict verdict) {
  struct batch *batch = batch_of(handle);
  if (verdict == KTXN__TXN_IGNORE) return;
  assert_non_null(batch);
  switch (verdict) {
    case KTXN__TXN_DONE:
      for (int32_t i = 0; i < batch->count; i++) run.written[batch->first + i] = true;
      leave(batch);
      return;
    case KTXN__TXN_SPLIT:
      split(batch);
      return;
    case KTXN__TXN_RESET:
      batch->sequenced = false;
      batch->step = QUEUED;
      run.resets++;
      return;
    case KTXN__TXN_FAILED:
      run.failures++;
      leave(batch);
      return;
    default:
      batch->step = RETRY;
      return;
  }
}

static void feed(uint32_t handle, enum ktxn__txn_fate fate, int16_t code) {
  struct ktxn__txn_batch_result result = {fate, code, 0, 0};
  int failure = 0;
  take_verdict(handle, ktxn__txn_batch_result(run.txn, 0, 0, handle, &result, &failure));
  assert_null(ktxn__txn_check(run.txn));
}

/* ---- what happens ------------------------------------------------------------------------------------------------------ */

/* Of copies that the client still waits for, a connection delivers the oldest first; others come whenever they like. */
static int pick_copy(void) {
  int index = (int)dice((uint32_t)run.copy_count);
  if (run.copies[index].lost) return index;
  for (index = 0; run.copies[index].lost; index++) {
  }
  return index;
}

static struct copy take_copy(int index) {
  struct copy copy = run.copies[index];
  memmove(&run.copies[index], &run.copies[index + 1], (size_t)(run.copy_count - index - 1) * sizeof copy);
  run.copy_count--;
  return copy;
}

static void arrive(void) {
  static const int16_t refusals[] = {19, 6, 2, 51, 5, 9, 87}, taken[] = {7, 20, 6, 3, 56};
  if (run.copy_count == 0) return;
  struct copy copy = take_copy(pick_copy());
  if (copy.lost) {
    (void)offer(&copy);
    return;
  }
  uint32_t chance = dice(20);
  if (chance < 3) {
    feed(copy.handle, KTXN__TXN_ANSWERED, refusals[dice(dice(10) == 0 ? 7 : 6)]);
  } else if (chance < 6) {
    int16_t code = offer(&copy);
    feed(copy.handle, KTXN__TXN_ANSWERED, code == 0 ? taken[dice(5)] : code);
  } else if (chance < 8) {
    (void)offer(&copy);
    feed(copy.handle, KTXN__TXN_LOST, 0);
  } else {
    feed(copy.handle, KTXN__TXN_ANSWERED, offer(&copy));
  }
}

/* The connection ends: what is under way may come late, or never. */
static void disconnect(void) {
  for (int i = 0; i < run.copy_count; i++) {
    struct copy *copy = &run.copies[i];
    if (copy->lost) continue;
    copy->lost = true;
    uint32_t handle = copy->handle;
    if (dice(3) == 0) {
      (void)take_copy(i--);
      feed(handle, dice(2) == 0 ? KTXN__TXN_UNSENT : KTXN__TXN_LOST, 0);
    } else {
      feed(handle, KTXN__TXN_LOST, 0);
    }
  }
}

static void give_up(void) {
  if (run.batch_count == 0 || !run.batches[0].sequenced) return;
  uint32_t handle = run.batches[0].handle;
  ktxn__txn_batch_give_up(run.txn, 0, 0, handle, KTXN_E_DELIVERY_TIMED_OUT);
  leave(&run.batches[0]);
  run.failures++;
  assert_null(ktxn__txn_check(run.txn));
}

/* Answers whatever the manager asks for as a healthy coordinator does. */
static void coordinate(void) {
  struct ktxn__txn_request request;
  struct ktxn__txn_report report;
  while (ktxn__txn_next_request(run.txn, 0, &request)) {
    struct ktxn__txn_result result = {.id = request.id, .node = NODE, .version = 5};
    static const int16_t none[1] = {0};
    result.codes = none;
    result.code_count = request.partition_count;
    result.producer_id = 7;
    result.producer_epoch = (int16_t)(request.producer_epoch + 1);
    ktxn__txn_on_result(run.txn, 0, &result);
  }
  while (ktxn__txn_next_report(run.txn, &report)) {
  }
}

/* V2: the end moves the epoch, and its marker carries that into the log. */
static void end_transaction(void) {
  bool commit = ktxn__txn_state(run.txn) == KTXN__TXN_IN_TRANSACTION;
  int64_t id;
  int protocol;
  if (commit && (run.batch_count > 0 || dice(4) > 0)) return;
  assert_int_equal(commit ? ktxn__txn_commit(run.txn, 0) : ktxn__txn_abort(run.txn, 0), 0);
  while (run.batch_count > 0) {
    /* an abort gives up whatever waits; what is on its way runs to its end */
    struct batch *batch = &run.batches[0];
    if (batch->step == SENT) {
      disconnect();
    } else {
      if (batch->sequenced) ktxn__txn_batch_give_up(run.txn, 0, 0, batch->handle, KTXN_E_TRANSACTION_ABORTED);
      leave(batch);
    }
  }
  coordinate();
  assert_int_equal(ktxn__txn_state(run.txn), KTXN__TXN_READY);
  ktxn__txn_identity(run.txn, &id, &run.epoch, &protocol);
  run.known_count = 0;
  run.next = 0;
  assert_int_equal(ktxn__txn_begin(run.txn, 0), 0);
  assert_int_equal(ktxn__txn_add_partition(run.txn, 0, 0), 0);
}

static void start(uint64_t seed, bool transactional) {
  struct ktxn__txn_config config = {transactional, false, (uint8_t)(1 + seed % 5), 1000, 1000, 60000000, 10000000, seed};
  memset(&run, 0, sizeof run);
  run.random = seed;
  run.transactional = transactional;
  run.limit = 1 + (int32_t)dice(9);
  run.epoch = -1;
  assert_true(ktxn__txn_size(1, 1) <= sizeof run.block);
  run.txn = ktxn__txn_init(run.block, 1, 1, &config);
  ktxn__txn_set_features(run.txn, 2, true);
  assert_int_equal(ktxn__txn_start(run.txn, 0), 0);
  coordinate();
  if (transactional) {
    assert_int_equal(ktxn__txn_begin(run.txn, 0), 0);
    assert_int_equal(ktxn__txn_add_partition(run.txn, 0, 0), 0);
  }
}

/* The first batch is acknowledged; then everybody forgets nearly 2^31 sequences in a row. */
static void jump(void) {
  send_new();
  for (int i = 0; i < 40 && run.batch_count > 0; i++) {
    while (run.copy_count > 0) {
      struct copy copy = take_copy(0);
      feed(copy.handle, KTXN__TXN_ANSWERED, offer(&copy));
    }
    send_again();
  }
  if (run.batch_count > 0 || ktxn__txn_state(run.txn) == KTXN__TXN_ABORTABLE_ERROR) return;
  run.next = INT32_MAX - (int32_t)dice(12);
  run.known_count = 0;
  ktxn__txn_partition(run.txn, 0)->next_sequence = run.next;
}

static void step(void) {
  uint32_t chance = dice(100);
  if (chance < 30)
    send_new();
  else if (chance < 55)
    send_again();
  else if (chance < 94)
    arrive();
  else if (chance < 98)
    disconnect();
  else if (chance < 99)
    give_up();
  if (run.transactional && (chance == 99 || ktxn__txn_state(run.txn) == KTXN__TXN_ABORTABLE_ERROR)) end_transaction();
  if (!run.transactional && ktxn__txn_state(run.txn) == KTXN__TXN_UNINITIALIZED) assert_true(false);
}

static void check_end(void) {
  int at = 0;
  for (int32_t record = 0; record < run.records; record++) {
    while (at < run.taken_count && run.taken[at] < record) at++;
    bool is_there = at < run.taken_count && run.taken[at] == record;
    assert_true(is_there || !run.written[record]);
  }
}

static void storms(bool transactional) {
  int splits = 0, resets = 0, failures = 0, taken = 0;
  for (uint64_t seed = 1; seed <= RUNS; seed++) {
    start(seed, transactional);
    if (seed % 2 == 0) jump();
    for (int i = 0; i < STEPS; i++) step();
    check_end();
    splits += run.splits;
    resets += run.resets;
    failures += run.failures;
    taken += run.taken_count;
  }
  printf("%d records in logs, %d splits, %d under a new epoch, %d batches failed\n", taken, splits, resets, failures);
  assert_true(taken > RUNS * 20 && splits > RUNS / 2 && failures > RUNS / 10);
  assert_true(transactional || resets > RUNS / 10);
}

static void test_E10_E13_L01_storm_in_transactions(void **state) {
  (void)state;
  storms(true);
}

static void test_E10_E13_L01_storm_without_transactions(void **state) {
  (void)state;
  storms(false);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_E10_E13_L01_storm_in_transactions),
      cmocka_unit_test(test_E10_E13_L01_storm_without_transactions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
