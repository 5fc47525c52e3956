/* The public calls where no broker answers: arguments, states, deadlines, and what is left behind. */
#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ktxn/ktxn.h"
#include "sdk/base/mem.h"
#include "sdk/client.h"
#include "sdk/os/clock.h"
#include "sdk/os/thread.h"

#define NOBODY "127.0.0.1:1" /* the connection is refused at once */

static ktxn_config *config_with(const char *transactional_id, const char *key, const char *value) {
  ktxn_config *config = ktxn_config_new();
  assert_non_null(config);
  assert_int_equal(ktxn_config_set(config, "bootstrap.servers", NOBODY, NULL), 0);
  ktxn_config_set_log(config, KTXN_LOG_ERROR, NULL, NULL);
  if (transactional_id) {
    assert_int_equal(ktxn_config_set(config, "transactional.id", transactional_id, NULL), 0);
  }
  if (key) {
    assert_int_equal(ktxn_config_set(config, key, value, NULL), 0);
  }
  return config;
}

static ktxn_producer *producer_with(const char *transactional_id, const char *key, const char *value) {
  ktxn_config *config = config_with(transactional_id, key, value);
  ktxn_error error;
  ktxn_producer *producer = ktxn_producer_new(config, &error);
  ktxn_config_free(config);
  assert_non_null(producer);
  return producer;
}

static ktxn_record record_to(const char *topic) {
  ktxn_record record = KTXN_RECORD_INIT;
  record.topic = topic;
  record.value = "v";
  record.value_size = 1;
  return record;
}

static int64_t now_ms(void) {
  return ktxn__clock_mono_us() / 1000;
}

static void expect(const ktxn_error *error, int code, enum ktxn_class error_class) {
  if (error->code != code || error->error_class != error_class) {
    print_error("%s/%s: %s\n", ktxn_code_name(error->code), ktxn_class_name(error->error_class), error->message);
  }
  assert_int_equal(error->code, code);
  assert_int_equal(error->error_class, error_class);
  assert_true(error->message[0] != '\0');
}

static int body_of_nothing(ktxn_producer *producer, void *opaque, ktxn_error *error) {
  (void)producer;
  (void)opaque;
  (void)error;
  return 0;
}

/* ---- I09: NULL everywhere ------------------------------------------------------------------------------------------- */

#define REFUSES(expression)                                   \
  do {                                                        \
    memset(&error, 0x5a, sizeof error);                       \
    assert_int_equal((expression), KTXN_E_INVALID_ARGUMENT);  \
    expect(&error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE); \
  } while (0)

static void I09_a_null_handle_is_usage(void **state) {
  (void)state;
  ktxn_error error;
  ktxn_record record = record_to("t");
  ktxn_group group = {.group_id = "g", .generation = -1};
  int32_t count;
  enum ktxn_outcome outcome;
  REFUSES(ktxn_init_transactions(NULL, 0, &error));
  REFUSES(ktxn_begin_transaction(NULL, &error));
  REFUSES(ktxn_send(NULL, &record, NULL, NULL, &error));
  REFUSES(ktxn_send_offsets_to_transaction(NULL, NULL, 0, &group, 0, &error));
  REFUSES(ktxn_commit_transaction(NULL, 0, &error));
  REFUSES(ktxn_abort_transaction(NULL, 0, &error));
  REFUSES(ktxn_transaction_outcome(NULL, 1, &outcome, &error));
  REFUSES(ktxn_flush(NULL, 0, &error));
  REFUSES(ktxn_close(NULL, 0, &error));
  REFUSES(ktxn_init_transactions_async(NULL, NULL, &error));
  REFUSES(ktxn_send_offsets_to_transaction_async(NULL, NULL, 0, &group, NULL, &error));
  REFUSES(ktxn_commit_transaction_async(NULL, NULL, &error));
  REFUSES(ktxn_abort_transaction_async(NULL, NULL, &error));
  REFUSES(ktxn_flush_async(NULL, NULL, &error));
  REFUSES(ktxn_partitions_for(NULL, "t", &count, 0, &error));
  REFUSES(ktxn_run_transaction(NULL, body_of_nothing, NULL, NULL, 0, &error));
  REFUSES(ktxn_client_close(NULL, 0, &error));
  assert_null(ktxn_producer_new(NULL, &error));
  expect(&error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE);
  assert_null(ktxn_client_new(NULL, &error));
  expect(&error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE);
  assert_null(ktxn_producer_new_on(NULL, NULL, &error));
  expect(&error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE);
  assert_null(ktxn_producer_client(NULL));
  assert_int_equal(ktxn_transaction_ordinal(NULL), 0);
  assert_int_equal(ktxn_poll(NULL, NULL, 0, 0), -1);
  assert_int_equal(ktxn_fd(NULL), -1);
  ktxn_free(NULL);
  ktxn_producer_identity(NULL, NULL);
  ktxn_identity identity;
  ktxn_producer_identity(NULL, &identity);
  assert_int_equal(identity.producer_id, -1);
}

static void I09_null_arguments_are_usage(void **state) {
  (void)state;
  ktxn_error error;
  ktxn_producer *producer = producer_with("x", NULL, NULL);
  ktxn_record record = record_to(NULL);
  ktxn_group group = {.group_id = NULL, .generation = -1};
  ktxn_group good = {.group_id = "g", .generation = -1};
  ktxn_offset offset = {.topic = NULL, .partition = 0, .offset = 1, .leader_epoch = -1};
  int32_t count;
  REFUSES(ktxn_send(producer, NULL, NULL, NULL, &error));
  REFUSES(ktxn_send(producer, &record, NULL, NULL, &error));
  REFUSES(ktxn_send_offsets_to_transaction(producer, NULL, 0, NULL, 0, &error));
  REFUSES(ktxn_send_offsets_to_transaction(producer, NULL, 0, &group, 0, &error));
  REFUSES(ktxn_send_offsets_to_transaction(producer, NULL, 1, &good, 0, &error));
  REFUSES(ktxn_send_offsets_to_transaction(producer, &offset, 1, &good, 0, &error));
  offset.topic = "t";
  offset.offset = -1;
  REFUSES(ktxn_send_offsets_to_transaction_async(producer, &offset, 1, &good, NULL, &error));
  REFUSES(ktxn_partitions_for(producer, NULL, &count, 0, &error));
  REFUSES(ktxn_partitions_for(producer, "t", NULL, 0, &error));
  REFUSES(ktxn_transaction_outcome(producer, 1, NULL, &error));
  REFUSES(ktxn_run_transaction(producer, NULL, NULL, NULL, 0, &error));
  REFUSES(ktxn_commit_transaction(producer, -2, &error));
  REFUSES(ktxn_close(producer, -2, &error));
  assert_int_equal(ktxn_poll(ktxn_producer_client(producer), NULL, 1, 0), -1);
  /* and an error that nobody wants is not written */
  assert_int_equal(ktxn_send(producer, NULL, NULL, NULL, NULL), KTXN_E_INVALID_ARGUMENT);
  assert_int_equal(ktxn_begin_transaction(producer, NULL), KTXN_E_STATE);
  assert_int_equal(ktxn_commit_transaction(producer, 0, NULL), KTXN_E_STATE);
  ktxn_free(producer);
}

/* ---- states --------------------------------------------------------------------------------------------------------- */

struct calls {
  int begin, send, offsets, commit, abort, commit_async, abort_async, offsets_async, run;
};

/* What every transactional call but init says now. */
static struct calls call_all(ktxn_producer *producer) {
  ktxn_record record = record_to("t");
  ktxn_offset offset = {.topic = "t", .partition = 0, .offset = 1, .leader_epoch = -1};
  ktxn_group group = {.group_id = "g", .generation = -1};
  return (struct calls){
      .begin = ktxn_begin_transaction(producer, NULL),
      .send = ktxn_send(producer, &record, NULL, NULL, NULL),
      .offsets = ktxn_send_offsets_to_transaction(producer, &offset, 1, &group, 0, NULL),
      .commit = ktxn_commit_transaction(producer, 0, NULL),
      .abort = ktxn_abort_transaction(producer, 0, NULL),
      .commit_async = ktxn_commit_transaction_async(producer, NULL, NULL),
      .abort_async = ktxn_abort_transaction_async(producer, NULL, NULL),
      .offsets_async = ktxn_send_offsets_to_transaction_async(producer, &offset, 1, &group, NULL, NULL),
      .run = ktxn_run_transaction(producer, body_of_nothing, NULL, NULL, 0, NULL),
  };
}

static void expect_all(const struct calls *calls, int code, int send_code) {
  assert_int_equal(calls->begin, code);
  assert_int_equal(calls->send, send_code);
  assert_int_equal(calls->offsets, code);
  assert_int_equal(calls->commit, code);
  assert_int_equal(calls->abort, code);
  assert_int_equal(calls->commit_async, code);
  assert_int_equal(calls->abort_async, code);
  assert_int_equal(calls->offsets_async, code);
  assert_int_equal(calls->run, code);
}

static void A02_without_a_transactional_id_there_are_no_transactions(void **state) {
  (void)state;
  ktxn_producer *producer = producer_with(NULL, NULL, NULL);
  ktxn_error error;
  int64_t began_ms = now_ms();
  assert_int_equal(ktxn_init_transactions(producer, 5000, &error), KTXN_E_NOT_CONFIGURED);
  expect(&error, KTXN_E_NOT_CONFIGURED, KTXN_CLASS_USAGE);
  assert_non_null(strstr(error.message, "transactional.id"));
  assert_int_equal(ktxn_begin_transaction(producer, NULL), KTXN_E_NOT_CONFIGURED);
  assert_int_equal(ktxn_commit_transaction(producer, 5000, NULL), KTXN_E_NOT_CONFIGURED);
  assert_int_equal(ktxn_abort_transaction_async(producer, NULL, NULL), KTXN_E_NOT_CONFIGURED);
  assert_true(now_ms() - began_ms < 2000);
  ktxn_free(producer);
}

/* I01, I03, I05, G28: before init every transactional call is refused on the spot, and nothing changes. */
static void I01_before_init_every_call_is_usage(void **state) {
  (void)state;
  ktxn_producer *producer = producer_with("x", NULL, NULL);
  struct calls calls = call_all(producer);
  expect_all(&calls, KTXN_E_STATE, KTXN_E_STATE);
  assert_int_equal(ktxn_transaction_ordinal(producer), 0);
  enum ktxn_outcome outcome;
  assert_int_equal(ktxn_transaction_outcome(producer, 1, &outcome, NULL), KTXN_E_INVALID_ARGUMENT);
  ktxn_identity identity;
  ktxn_producer_identity(producer, &identity);
  assert_int_equal(identity.producer_id, -1);
  ktxn_free(producer);
}

static void J12_after_close_every_call_says_closed(void **state) {
  (void)state;
  ktxn_producer *producer = producer_with("x", NULL, NULL);
  assert_int_equal(ktxn_close(producer, 1000, NULL), 0);
  assert_int_equal(ktxn_close(producer, 1000, NULL), 0);
  struct calls calls = call_all(producer);
  expect_all(&calls, KTXN_E_CLOSED, KTXN_E_CLOSED);
  int32_t count;
  assert_int_equal(ktxn_init_transactions(producer, 1000, NULL), KTXN_E_CLOSED);
  assert_int_equal(ktxn_flush(producer, 1000, NULL), KTXN_E_CLOSED);
  assert_int_equal(ktxn_flush_async(producer, NULL, NULL), KTXN_E_CLOSED);
  assert_int_equal(ktxn_partitions_for(producer, "t", &count, 1000, NULL), KTXN_E_CLOSED);
  ktxn_free(producer);
}

/* ---- an unreachable cluster ------------------------------------------------------------------------------------------- */

static void A03_init_against_nobody_is_resumable_and_keeps_its_deadline(void **state) {
  (void)state;
  ktxn_producer *producer = producer_with("x", "max.block.ms", "300");
  const int timeouts_ms[] = {200, 400, -1};
  for (size_t i = 0; i < sizeof timeouts_ms / sizeof timeouts_ms[0]; i++) {
    int wanted_ms = timeouts_ms[i] < 0 ? 300 : timeouts_ms[i];
    ktxn_error error;
    int64_t began_ms = now_ms();
    assert_int_equal(ktxn_init_transactions(producer, timeouts_ms[i], &error), KTXN_E_TIMED_OUT);
    int64_t took_ms = now_ms() - began_ms;
    expect(&error, KTXN_E_TIMED_OUT, KTXN_CLASS_RETRY);
    assert_non_null(strstr(error.message, NOBODY));
    assert_true(took_ms >= wanted_ms - 1 && took_ms < wanted_ms + 2000);
    struct calls calls = call_all(producer);
    expect_all(&calls, KTXN_E_CONFLICT, KTXN_E_STATE);
  }
  ktxn_free(producer);
}

/* A04: thousands of short calls are one operation. */
static void A04_short_inits_resume_one_operation(void **state) {
  (void)state;
  ktxn_producer *producer = producer_with("x", NULL, NULL);
  for (int i = 0; i < 500; i++) {
    assert_int_equal(ktxn_init_transactions(producer, 1, NULL), KTXN_E_TIMED_OUT);
    assert_int_equal(ktxn_begin_transaction(producer, NULL), KTXN_E_CONFLICT);
  }
  assert_int_equal(ktxn_close(producer, 100, NULL), 0);
  /* The operation ended with the producer; the same call still learns it. */
  assert_int_equal(ktxn_init_transactions(producer, 1000, NULL), KTXN_E_CLOSED);
  ktxn_free(producer);
}

static void *init_slowly(void *ctx) {
  ktxn_error error;
  ktxn_init_transactions(ctx, 1500, &error);
  assert_int_equal(error.code, KTXN_E_TIMED_OUT);
  return NULL;
}

static void I02_a_second_thread_is_told_busy_or_conflict_at_once(void **state) {
  (void)state;
  ktxn_producer *producer = producer_with("x", NULL, NULL);
  struct ktxn__thread thread;
  assert_true(ktxn__thread_start(&thread, "init", init_slowly, producer));
  ktxn_error error;
  while (ktxn_begin_transaction(producer, &error) != KTXN_E_CONFLICT) {
    usleep(1000); /* until the other thread is inside its call */
  }
  expect(&error, KTXN_E_CONFLICT, KTXN_CLASS_RETRY);
  int64_t began_ms = now_ms();
  assert_int_equal(ktxn_init_transactions(producer, 1500, &error), KTXN_E_BUSY);
  expect(&error, KTXN_E_BUSY, KTXN_CLASS_RETRY);
  assert_int_equal(ktxn_init_transactions_async(producer, NULL, &error), KTXN_E_BUSY);
  struct calls calls = call_all(producer);
  assert_true(now_ms() - began_ms < 1000);
  expect_all(&calls, KTXN_E_CONFLICT, KTXN_E_STATE);
  ktxn__thread_join(&thread);
  ktxn_free(producer);
}

static void a_send_without_metadata_names_the_cluster_and_keeps_max_block_ms(void **state) {
  (void)state;
  ktxn_producer *producer = producer_with(NULL, "max.block.ms", "300");
  ktxn_record record = record_to("orders");
  ktxn_error error;
  int64_t began_ms = now_ms();
  assert_int_equal(ktxn_send(producer, &record, NULL, NULL, &error), KTXN_E_METADATA_TIMED_OUT);
  int64_t took_ms = now_ms() - began_ms;
  expect(&error, KTXN_E_METADATA_TIMED_OUT, KTXN_CLASS_RETRY);
  assert_non_null(strstr(error.message, "orders"));
  assert_non_null(strstr(error.message, NOBODY));
  assert_true(took_ms >= 299 && took_ms < 2300);
  int32_t count;
  assert_int_equal(ktxn_partitions_for(producer, "orders", &count, 50, &error), KTXN_E_METADATA_TIMED_OUT);
  assert_int_equal(ktxn_flush(producer, 1000, &error), 0); /* nothing was taken */
  ktxn_free(producer);
}

static void M04_with_max_block_0_send_never_waits(void **state) {
  (void)state;
  ktxn_producer *producer = producer_with(NULL, "max.block.ms", "0");
  ktxn_record record = record_to("orders");
  ktxn_error error;
  assert_int_equal(ktxn_send(producer, &record, NULL, NULL, &error), KTXN_E_WOULD_BLOCK);
  expect(&error, KTXN_E_WOULD_BLOCK, KTXN_CLASS_RETRY);
  ktxn_free(producer);
}

/* J10, P01: the name resolves, the address refuses, or the resolver hangs: close keeps its deadline. */
static void J10_close_keeps_its_deadline(void **state) {
  (void)state;
  ktxn_producer *producer = producer_with("x", NULL, NULL);
  assert_int_equal(ktxn_init_transactions(producer, 50, NULL), KTXN_E_TIMED_OUT);
  int64_t began_ms = now_ms();
  ktxn_close(producer, 300, NULL);
  ktxn_free(producer);
  assert_true(now_ms() - began_ms < 2300);
}

static struct {
  struct ktxn__mutex lock;
  struct ktxn__cond changed;
  bool open;
  int inside, left;
} resolver;

static void stuck_lookup(const char *host, uint16_t port, struct ktxn__helper_answer *answer) {
  (void)host;
  (void)port;
  (void)answer;
  ktxn__mutex_lock(&resolver.lock);
  resolver.inside++;
  while (!resolver.open) {
    ktxn__cond_wait(&resolver.changed, &resolver.lock);
  }
  resolver.left++;
  ktxn__cond_broadcast(&resolver.changed);
  ktxn__mutex_unlock(&resolver.lock);
}

static void P01_a_stuck_resolver_holds_up_neither_calls_nor_close(void **state) {
  (void)state;
  assert_true(ktxn__mutex_init(&resolver.lock) && ktxn__cond_init(&resolver.changed));
  ktxn_config *config = config_with("x", "bootstrap.servers", "stuck.example:9092");
  ktxn_client *client = ktxn__client_new(config, stuck_lookup, NULL);
  assert_non_null(client);
  ktxn_producer *producer = ktxn_producer_new_on(client, config, NULL);
  assert_non_null(producer);
  assert_int_equal(ktxn_init_transactions(producer, 200, NULL), KTXN_E_TIMED_OUT);
  int64_t began_ms = now_ms();
  ktxn_close(producer, 200, NULL);
  ktxn_free(producer);
  assert_int_equal(ktxn_client_close(client, 0, NULL), 0);
  assert_true(now_ms() - began_ms < 2200);
  ktxn__mutex_lock(&resolver.lock);
  resolver.open = true;
  ktxn__cond_broadcast(&resolver.changed);
  while (resolver.left < resolver.inside) {
    ktxn__cond_wait(&resolver.changed, &resolver.lock);
  }
  ktxn__mutex_unlock(&resolver.lock);
  ktxn_config_free(config);
}

/* ---- events ----------------------------------------------------------------------------------------------------------- */

static bool readable(ktxn_client *client, int wait_ms) {
  struct pollfd fd = {.fd = ktxn_fd(client), .events = POLLIN};
  return poll(&fd, 1, wait_ms) == 1;
}

static void the_descriptor_is_readable_while_an_event_waits(void **state) {
  (void)state;
  ktxn_producer *producer = producer_with(NULL, NULL, NULL);
  ktxn_client *client = ktxn_producer_client(producer);
  ktxn_event event;
  assert_false(readable(client, 0));
  assert_int_equal(ktxn_poll(client, &event, 1, 0), 0);
  int marks[2];
  assert_int_equal(ktxn_flush_async(producer, &marks[0], NULL), 0);
  assert_int_equal(ktxn_flush_async(producer, &marks[1], NULL), 0);
  for (int i = 0; i < 2; i++) {
    assert_true(readable(client, 10000));
    assert_int_equal(ktxn_poll(client, NULL, 0, 10000), 0); /* takes none, so that it stays readable */
    assert_true(readable(client, 0));
    assert_int_equal(ktxn_poll(client, &event, 1, 10000), 1);
    assert_int_equal(event.type, KTXN_EVENT_FLUSH);
    assert_ptr_equal(event.producer, producer);
    assert_ptr_equal(event.opaque, &marks[i]);
    assert_int_equal(event.error.code, 0);
  }
  assert_false(readable(client, 0));
  ktxn_free(producer);
}

static void an_async_init_holds_the_slot_until_its_event_is_taken(void **state) {
  (void)state;
  ktxn_producer *producer = producer_with("x", NULL, NULL);
  ktxn_client *client = ktxn_producer_client(producer);
  assert_int_equal(ktxn_init_transactions_async(producer, producer, NULL), 0);
  assert_int_equal(ktxn_init_transactions(producer, 0, NULL), KTXN_E_BUSY);
  assert_int_equal(ktxn_begin_transaction(producer, NULL), KTXN_E_CONFLICT);
  assert_int_equal(ktxn_close(producer, 100, NULL), 0);
  ktxn_event event;
  assert_int_equal(ktxn_poll(client, &event, 1, 10000), 1);
  assert_int_equal(event.type, KTXN_EVENT_INIT);
  assert_ptr_equal(event.opaque, producer);
  assert_int_equal(event.error.code, KTXN_E_CLOSED);
  assert_int_equal(ktxn_begin_transaction(producer, NULL), KTXN_E_CLOSED);
  ktxn_free(producer);
}

/* What nobody collects is freed with the producer, and its event goes with it. */
static void an_event_does_not_outlive_its_producer(void **state) {
  (void)state;
  ktxn_config *config = config_with("x", NULL, NULL);
  ktxn_client *client = ktxn_client_new(config, NULL);
  assert_non_null(client);
  ktxn_producer *producer = ktxn_producer_new_on(client, config, NULL);
  ktxn_producer *other = ktxn_producer_new_on(client, config, NULL);
  assert_int_equal(ktxn_flush_async(producer, NULL, NULL), 0);
  assert_true(readable(client, 10000));
  assert_int_equal(ktxn_init_transactions_async(producer, NULL, NULL), 0);
  ktxn_free(producer);
  assert_false(readable(client, 0));
  ktxn_error error;
  assert_int_equal(ktxn_client_close(client, 0, &error), KTXN_E_STATE);
  expect(&error, KTXN_E_STATE, KTXN_CLASS_USAGE);
  ktxn_free(other);
  assert_int_equal(ktxn_client_close(client, 0, &error), 0);
  ktxn_config_free(config);
}

static void flushes_under_way_are_bounded(void **state) {
  (void)state;
  ktxn_producer *producer = producer_with(NULL, NULL, NULL);
  for (int i = 0; i < 64; i++) {
    assert_int_equal(ktxn_flush_async(producer, NULL, NULL), 0);
  }
  ktxn_error error;
  assert_int_equal(ktxn_flush_async(producer, NULL, &error), KTXN_E_BUSY);
  expect(&error, KTXN_E_BUSY, KTXN_CLASS_RETRY);
  ktxn_event events[64];
  for (int taken = 0; taken < 64;) {
    taken += ktxn_poll(ktxn_producer_client(producer), events, 64, 10000);
  }
  assert_int_equal(ktxn_flush_async(producer, NULL, NULL), 0);
  ktxn_free(producer);
}

/* ---- what is left behind ----------------------------------------------------------------------------------------------- */

static int entries_of(const char *path) {
  DIR *directory = opendir(path);
  assert_non_null(directory);
  int count = 0;
  while (readdir(directory)) {
    count++;
  }
  closedir(directory);
  return count;
}

static void cycle(int kind) {
  ktxn_producer *producer = producer_with(kind % 2 ? "x" : NULL, "max.block.ms", "1");
  ktxn_record record = record_to("t");
  if (kind % 4 < 2) {
    ktxn_send(producer, &record, NULL, NULL, NULL);
    ktxn_init_transactions(producer, 0, NULL);
  }
  if (kind % 3 == 0) {
    ktxn_close(producer, 1, NULL);
  }
  ktxn_free(producer);
}

/* I12, P21: threads, descriptors and memory are back to where they were. */
static void I12_making_and_freeing_producers_leaves_nothing(void **state) {
  (void)state;
  cycle(0);
  int descriptors = entries_of("/proc/self/fd");
  int threads = entries_of("/proc/self/task");
  size_t blocks = atomic_load(&ktxn__mem_default()->used_blocks);
  for (int i = 0; i < 200; i++) {
    cycle(i);
  }
  assert_int_equal(entries_of("/proc/self/fd"), descriptors);
  assert_int_equal(entries_of("/proc/self/task"), threads);
  assert_int_equal(atomic_load(&ktxn__mem_default()->used_blocks), blocks);
}

/* P22: a hundred producers on one client cost two threads. */
static void P22_producers_share_the_threads_of_their_client(void **state) {
  (void)state;
  int threads = entries_of("/proc/self/task");
  ktxn_config *config = config_with(NULL, NULL, NULL);
  ktxn_client *client = ktxn_client_new(config, NULL);
  ktxn_producer *producers[100];
  for (int i = 0; i < 100; i++) {
    producers[i] = ktxn_producer_new_on(client, config, NULL);
    assert_non_null(producers[i]);
  }
  assert_int_equal(entries_of("/proc/self/task"), threads + 2);
  for (int i = 0; i < 100; i++) {
    ktxn_free(producers[i]);
  }
  assert_int_equal(ktxn_client_close(client, -1, NULL), 0);
  ktxn_config_free(config);
}

static void *close_it(void *ctx) {
  assert_int_equal(ktxn_close(ctx, 2000, NULL), 0);
  return NULL;
}

static void J12_close_from_several_threads(void **state) {
  (void)state;
  ktxn_producer *producer = producer_with("x", NULL, NULL);
  ktxn_init_transactions(producer, 0, NULL);
  struct ktxn__thread threads[4];
  for (int i = 0; i < 4; i++) {
    assert_true(ktxn__thread_start(&threads[i], "close", close_it, producer));
  }
  for (int i = 0; i < 4; i++) {
    ktxn__thread_join(&threads[i]);
  }
  ktxn_free(producer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(I09_a_null_handle_is_usage),
      cmocka_unit_test(I09_null_arguments_are_usage),
      cmocka_unit_test(A02_without_a_transactional_id_there_are_no_transactions),
      cmocka_unit_test(I01_before_init_every_call_is_usage),
      cmocka_unit_test(J12_after_close_every_call_says_closed),
      cmocka_unit_test(A03_init_against_nobody_is_resumable_and_keeps_its_deadline),
      cmocka_unit_test(A04_short_inits_resume_one_operation),
      cmocka_unit_test(I02_a_second_thread_is_told_busy_or_conflict_at_once),
      cmocka_unit_test(a_send_without_metadata_names_the_cluster_and_keeps_max_block_ms),
      cmocka_unit_test(M04_with_max_block_0_send_never_waits),
      cmocka_unit_test(J10_close_keeps_its_deadline),
      cmocka_unit_test(P01_a_stuck_resolver_holds_up_neither_calls_nor_close),
      cmocka_unit_test(the_descriptor_is_readable_while_an_event_waits),
      cmocka_unit_test(an_async_init_holds_the_slot_until_its_event_is_taken),
      cmocka_unit_test(an_event_does_not_outlive_its_producer),
      cmocka_unit_test(flushes_under_way_are_bounded),
      cmocka_unit_test(I12_making_and_freeing_producers_leaves_nothing),
      cmocka_unit_test(P22_producers_share_the_threads_of_their_client),
      cmocka_unit_test(J12_close_from_several_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
