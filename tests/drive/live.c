/*
 * ktxn-live BOOTSTRAP CASE: one use of the public API that needs C, against a running cluster with the topic "t". Prints
 * what went wrong and ends with 1, or ends with 0.
 */
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktxn/ktxn.h"

#define WAIT_MS 20000

static const char *bootstrap;

static void fail(const char *what, const ktxn_error *error, int line) {
  printf("line %d: %s", line, what);
  if (error && error->code != 0) {
    printf(": %s(%d) %s: %s", ktxn_code_name(error->code), error->code, ktxn_class_name(error->error_class),
           error->message);
  }
  printf("\n");
  exit(1);
}

#define MUST(condition) ((condition) ? (void)0 : fail(#condition, NULL, __LINE__))
#define DO(call) ((call) == 0 ? (void)0 : fail(#call, &error, __LINE__))
/* The call is refused with that code. */
#define REFUSED(call, expected) ((call) == (expected) ? (void)0 : fail(#call, &error, __LINE__))

static ktxn_error error; /* of the main thread's calls */

static ktxn_config *config_of(const char *const settings[][2], size_t count) {
  ktxn_config *config = ktxn_config_new();
  MUST(config);
  DO(ktxn_config_set(config, "bootstrap.servers", bootstrap, &error));
  for (size_t i = 0; i < count; i++) {
    DO(ktxn_config_set(config, settings[i][0], settings[i][1], &error));
  }
  return config;
}

static ktxn_producer *producer_of(const char *const settings[][2], size_t count) {
  ktxn_config *config = config_of(settings, count);
  ktxn_producer *producer = ktxn_producer_new(config, &error);
  ktxn_config_free(config);
  if (!producer) {
    fail("ktxn_producer_new", &error, __LINE__);
  }
  return producer;
}

#define PRODUCER(...) \
  producer_of((const char *const[][2]){__VA_ARGS__}, sizeof(const char *const[][2]){__VA_ARGS__} / sizeof(char *[2]))

static ktxn_record record_of(const void *value, size_t size) {
  ktxn_record record = KTXN_RECORD_INIT;
  record.topic = "t";
  record.value = value;
  record.value_size = size;
  return record;
}

static void end(ktxn_producer *producer) {
  DO(ktxn_close(producer, WAIT_MS, &error));
  ktxn_free(producer);
}

/* What callbacks have told. */
static atomic_int written, lost;

static void count_it(const ktxn_delivery *delivery, void *opaque) {
  (void)opaque;
  if (delivery->error->code == 0) {
    written++;
  } else {
    lost++;
  }
}

static bool readable(ktxn_client *client, int wait_ms) {
  struct pollfd fd = {.fd = ktxn_fd(client), .events = POLLIN};
  return poll(&fd, 1, wait_ms) == 1;
}

/* Waits by the descriptor alone for the next event, which must be of that type and a success. */
static ktxn_event expect_event(ktxn_producer *producer, enum ktxn_event_type type) {
  ktxn_client *client = ktxn_producer_client(producer);
  ktxn_event event;
  int taken;
  do {
    MUST(readable(client, WAIT_MS));
    taken = ktxn_poll(client, &event, 1, 0);
    MUST(taken >= 0);
  } while (taken == 0);
  if (event.type != type || event.error.code != 0) {
    printf("event %d, wanted %d\n", (int)event.type, (int)type);
    fail("event", &event.error, __LINE__);
  }
  MUST(event.producer == producer);
  return event;
}

#define ASYNC_RECORDS 5000 /* more than one ktxn_poll() serves for a producer if it need not */

static void case_async(void) {
  ktxn_producer *producer = PRODUCER({"transactional.id", "live-async"});
  ktxn_record record = record_of("v", 1);
  ktxn_offset offset = {.topic = "t", .partition = 0, .offset = 5, .leader_epoch = -1};
  ktxn_group group = {.group_id = "g", .generation = -1};
  int mark;
  DO(ktxn_init_transactions_async(producer, &mark, &error));
  MUST(expect_event(producer, KTXN_EVENT_INIT).opaque == &mark);
  for (int i = 1; i <= 3; i++) {
    DO(ktxn_begin_transaction(producer, &error));
    for (int n = 0; n < ASYNC_RECORDS; n++) {
      DO(ktxn_send(producer, &record, count_it, NULL, &error));
    }
    DO(ktxn_send_offsets_to_transaction_async(producer, &offset, 1, &group, NULL, &error));
    REFUSED(ktxn_commit_transaction_async(producer, NULL, &error), KTXN_E_CONFLICT);
    expect_event(producer, KTXN_EVENT_SEND_OFFSETS);
    DO(ktxn_send_offsets_to_transaction_async(producer, NULL, 0, &group, NULL, &error));
    MUST(expect_event(producer, KTXN_EVENT_SEND_OFFSETS).ordinal == i);
    DO(ktxn_flush_async(producer, NULL, &error));
    expect_event(producer, KTXN_EVENT_FLUSH);
    DO(i == 2 ? ktxn_abort_transaction_async(producer, NULL, &error)
              : ktxn_commit_transaction_async(producer, NULL, &error));
    ktxn_event event = expect_event(producer, i == 2 ? KTXN_EVENT_ABORT : KTXN_EVENT_COMMIT);
    MUST(event.ordinal == i);
    MUST(written + lost == ASYNC_RECORDS * i); /* callbacks come before the event that tells the end */
    MUST(!readable(ktxn_producer_client(producer), 0));
    enum ktxn_outcome outcome;
    DO(ktxn_transaction_outcome(producer, i, &outcome, &error));
    MUST(outcome == (i == 2 ? KTXN_OUTCOME_NOT_COMMITTED : KTXN_OUTCOME_COMMITTED));
  }
  end(producer);
}

static int chained;

static void call_back(const ktxn_delivery *delivery, void *opaque) {
  (void)delivery;
  ktxn_producer *producer = opaque;
  ktxn_event event;
  int32_t count;
  REFUSED(ktxn_flush(producer, 0, &error), KTXN_E_STATE);
  REFUSED(ktxn_commit_transaction(producer, 0, &error), KTXN_E_STATE);
  REFUSED(ktxn_close(producer, 0, &error), KTXN_E_STATE);
  REFUSED(ktxn_partitions_for(producer, "t", &count, 0, &error), KTXN_E_STATE);
  REFUSED(ktxn_client_close(ktxn_producer_client(producer), 0, &error), KTXN_E_STATE);
  MUST(ktxn_poll(ktxn_producer_client(producer), &event, 1, 0) == -1);
  ktxn_free(producer); /* says so in the log and does nothing */
  ktxn_record record = record_of("chained", 7);
  if (++chained < 10) {
    DO(ktxn_send(producer, &record, call_back, producer, &error));
  }
}

/* J12, I09: what a delivery callback may call, and what not. */
static void case_callback(void) {
  ktxn_producer *producer = PRODUCER({"linger.ms", "0"});
  ktxn_record record = record_of("first", 5);
  DO(ktxn_send(producer, &record, call_back, producer, &error));
  while (chained < 10) {
    DO(ktxn_flush(producer, WAIT_MS, &error));
  }
  end(producer);
}

/* M04: with max.block.ms=0 a full buffer is "would block", changes nothing, and an event tells when to go on. */
static void case_would_block(void) {
  ktxn_producer *producer = PRODUCER({"transactional.id", "live-block"}, {"max.block.ms", "0"},
                                     {"buffer.memory", "65536"}, {"batch.size", "4096"});
  static char value[1000];
  ktxn_record record = record_of(value, sizeof value);
  int waits = 0;
  DO(ktxn_init_transactions(producer, WAIT_MS, &error));
  DO(ktxn_begin_transaction(producer, &error));
  for (int sent = 0; sent < 2000;) {
    int code = ktxn_send(producer, &record, count_it, NULL, &error);
    if (code == 0) {
      sent++;
      continue;
    }
    REFUSED(code, KTXN_E_WOULD_BLOCK);
    MUST(error.error_class == KTXN_CLASS_RETRY);
    expect_event(producer, KTXN_EVENT_ROOM);
    waits++;
  }
  MUST(waits > 1);
  DO(ktxn_commit_transaction(producer, WAIT_MS, &error));
  MUST(written == 2000 && lost == 0);
  ktxn_event event;
  if (ktxn_poll(ktxn_producer_client(producer), &event, 1, 0) == 1) {
    MUST(event.type == KTXN_EVENT_ROOM); /* the last send has found room by itself */
  }
  MUST(!readable(ktxn_producer_client(producer), 0));
  end(producer);
}

/* What the thread that polls has told the one that waits, and how far that one has come. */
static atomic_int told_room, patient_sent;

enum { PATIENT_RECORDS = 1500, STEP_US = 50 };

static void wait_until_above(const atomic_int *count, int seen) {
  for (int waited_us = 0; *count <= seen && patient_sent < PATIENT_RECORDS; waited_us += STEP_US) {
    MUST(waited_us < WAIT_MS * 1000); /* else the wish for an event was forgotten */
    usleep(STEP_US);
  }
}

/* Sends again only when there was an event. */
static void *send_patiently(void *producer) {
  static char value[1000];
  ktxn_record record = record_of(value, sizeof value);
  ktxn_error mine;
  while (patient_sent < PATIENT_RECORDS) {
    int seen = told_room;
    int code = ktxn_send(producer, &record, count_it, NULL, &mine);
    MUST(code == 0 || code == KTXN_E_WOULD_BLOCK);
    if (code == 0) {
      patient_sent++;
    } else {
      wait_until_above(&told_room, seen);
    }
  }
  return NULL;
}

/* Takes what room there is the moment it comes, and lets the other one go on then. */
static void *send_greedily(void *producer) {
  static char value[1000];
  ktxn_record record = record_of(value, sizeof value);
  ktxn_error mine;
  while (patient_sent < PATIENT_RECORDS) {
    int seen = patient_sent;
    int code = ktxn_send(producer, &record, NULL, NULL, &mine);
    MUST(code == 0 || code == KTXN_E_WOULD_BLOCK);
    if (code == 0) {
      wait_until_above(&patient_sent, seen);
    }
  }
  return NULL;
}

/* M04: a thread that was told "would block" hears of room, though another one has found some meanwhile. */
static void case_greedy(void) {
  ktxn_producer *producer = PRODUCER({"transactional.id", "live-greedy"}, {"max.block.ms", "0"},
                                     {"buffer.memory", "65536"}, {"batch.size", "1024"});
  pthread_t threads[2];
  DO(ktxn_init_transactions(producer, WAIT_MS, &error));
  DO(ktxn_begin_transaction(producer, &error));
  MUST(pthread_create(&threads[0], NULL, send_patiently, producer) == 0);
  MUST(pthread_create(&threads[1], NULL, send_greedily, producer) == 0);
  while (written + lost < PATIENT_RECORDS) {
    ktxn_event event;
    if (ktxn_poll(ktxn_producer_client(producer), &event, 1, 10) == 1) {
      MUST(event.type == KTXN_EVENT_ROOM);
      told_room++;
    }
  }
  MUST(pthread_join(threads[0], NULL) == 0 && pthread_join(threads[1], NULL) == 0);
  DO(ktxn_commit_transaction(producer, WAIT_MS, &error));
  MUST(lost == 0);
  end(producer);
}

/* M04: no room within max.block.ms refuses the record and makes the transaction abortable. Produce is not answered. */
static void case_no_room(void) {
  ktxn_producer *producer = PRODUCER({"transactional.id", "live-room"}, {"max.block.ms", "200"},
                                     {"buffer.memory", "65536"}, {"batch.size", "4096"});
  static char value[1000];
  ktxn_record record = record_of(value, sizeof value);
  DO(ktxn_init_transactions(producer, WAIT_MS, &error));
  DO(ktxn_begin_transaction(producer, &error));
  int code = 0;
  for (int i = 0; i < 1000 && code == 0; i++) {
    code = ktxn_send(producer, &record, NULL, NULL, &error);
  }
  REFUSED(code, KTXN_E_BUFFER_FULL);
  MUST(error.error_class == KTXN_CLASS_RETRY);
  MUST(strstr(error.message, "buffer.memory=65536") && strstr(error.message, "must be aborted"));
  REFUSED(ktxn_send(producer, &record, NULL, NULL, &error), KTXN_E_BUFFER_FULL);
  MUST(error.error_class == KTXN_CLASS_ABORT);
  REFUSED(ktxn_commit_transaction(producer, WAIT_MS, &error), KTXN_E_BUFFER_FULL);
  MUST(error.error_class == KTXN_CLASS_ABORT && error.outcome == KTXN_OUTCOME_NOT_COMMITTED);
  ktxn_close(producer, 200, &error);
  ktxn_free(producer);
}

/* J13: what is queued when the producer is destroyed has its callback, once. */
static void case_destroy(void) {
  ktxn_producer *producer = PRODUCER({"linger.ms", "60000"}, {"delivery.timeout.ms", "120000"});
  int32_t count;
  ktxn_record record = record_of("v", 1);
  DO(ktxn_partitions_for(producer, "t", &count, WAIT_MS, &error));
  for (int i = 0; i < 100000; i++) {
    DO(ktxn_send(producer, &record, count_it, NULL, &error));
  }
  ktxn_free(producer);
  MUST(written + lost == 100000);
}

struct attempts {
  int bodies, rewinds, failures;
};

static int body(ktxn_producer *producer, void *opaque, ktxn_error *why) {
  struct attempts *attempts = opaque;
  ktxn_record record = record_of("run", 3);
  attempts->bodies++;
  int code = ktxn_send(producer, &record, NULL, NULL, why);
  if (code != 0 || attempts->bodies > attempts->failures) {
    return code;
  }
  *why = (ktxn_error){.code = KTXN_E_REBALANCE_IN_PROGRESS, .error_class = KTXN_CLASS_ABORT};
  return why->code;
}

static int hopeless(ktxn_producer *producer, void *opaque, ktxn_error *why) {
  (void)producer;
  (void)why;
  ++*(int *)opaque;
  return 77;
}

static void rewind_it(ktxn_producer *producer, void *opaque) {
  (void)producer;
  ((struct attempts *)opaque)->rewinds++;
}

static void case_run(void) {
  ktxn_producer *producer = PRODUCER({"transactional.id", "live-run"}, {"retry.backoff.ms", "5"});
  struct attempts attempts = {.failures = 2};
  DO(ktxn_init_transactions(producer, WAIT_MS, &error));
  DO(ktxn_run_transaction(producer, body, rewind_it, &attempts, WAIT_MS, &error));
  MUST(attempts.bodies == 3 && attempts.rewinds == 2);
  MUST(ktxn_transaction_ordinal(producer) == 3);
  int bodies = 0;
  REFUSED(ktxn_run_transaction(producer, hopeless, NULL, &bodies, WAIT_MS, &error), 77);
  MUST(bodies == 1 && error.code == 77 && error.outcome == KTXN_OUTCOME_NOT_COMMITTED);
  attempts = (struct attempts){.failures = 1000000};
  int code = ktxn_run_transaction(producer, body, rewind_it, &attempts, 300, &error);
  if (code == KTXN_E_TIMED_OUT) { /* the time was over inside the last abort */
    DO(ktxn_abort_transaction(producer, WAIT_MS, &error));
  } else {
    REFUSED(code, KTXN_E_REBALANCE_IN_PROGRESS);
    MUST(error.outcome == KTXN_OUTCOME_NOT_COMMITTED && attempts.rewinds == attempts.bodies);
  }
  attempts = (struct attempts){.failures = 0};
  DO(ktxn_run_transaction(producer, body, NULL, &attempts, WAIT_MS, &error)); /* and it goes on */
  end(producer);
}

/* The time is over before another attempt may begin: what became of the last one is told. */
static void case_run_out(void) {
  ktxn_producer *producer = PRODUCER({"transactional.id", "live-run-out"}, {"retry.backoff.ms", "60000"},
                                     {"retry.backoff.max.ms", "60000"});
  struct attempts attempts = {.failures = 1000000};
  DO(ktxn_init_transactions(producer, WAIT_MS, &error));
  REFUSED(ktxn_run_transaction(producer, body, rewind_it, &attempts, 1000, &error), KTXN_E_REBALANCE_IN_PROGRESS);
  MUST(error.outcome == KTXN_OUTCOME_NOT_COMMITTED && attempts.bodies == 1 && attempts.rewinds == 1);
  end(producer);
}

/* Produce is answered INVALID_PRODUCER_EPOCH, and who moved the epoch is told late: offsets wait for that, and go with the transaction
 * that they were given to. */
static void case_displaced(void) {
  ktxn_producer *producer = PRODUCER({"transactional.id", "live-displaced"}, {"linger.ms", "0"});
  ktxn_client *client = ktxn_producer_client(producer);
  ktxn_offset offset = {.topic = "t", .partition = 0, .offset = 5, .leader_epoch = -1};
  ktxn_group group = {.group_id = "g", .generation = -1};
  ktxn_record record = record_of("v", 1);
  ktxn_event event;
  DO(ktxn_init_transactions(producer, WAIT_MS, &error));
  DO(ktxn_begin_transaction(producer, &error));
  DO(ktxn_send(producer, &record, NULL, NULL, &error));
  DO(ktxn_flush(producer, WAIT_MS, &error));
  DO(ktxn_send_offsets_to_transaction_async(producer, &offset, 1, &group, NULL, &error));
  usleep(100000);
  DO(ktxn_abort_transaction(producer, WAIT_MS, &error));
  while (ktxn_poll(client, &event, 1, WAIT_MS) == 0 || event.type != KTXN_EVENT_SEND_OFFSETS) {
  }
  if (event.error.code != KTXN_E_TRANSACTION_ABORTED || event.error.error_class != KTXN_CLASS_ABORT || event.ordinal != 1) {
    fail("event", &event.error, __LINE__);
  }
  DO(ktxn_begin_transaction(producer, &error));
  DO(ktxn_commit_transaction(producer, WAIT_MS, &error));
  end(producer);
}

/* ---- Produce of partition 1 is not answered, of partition 0 it is */

static ktxn_record record_for(int32_t partition, const void *value, size_t size) {
  ktxn_record record = record_of(value, size);
  record.partition = partition;
  return record;
}

static void drop_producer(ktxn_producer *producer) {
  MUST(ktxn_close(producer, 0, &error) == 0 || error.code == KTXN_E_TIMED_OUT);
  ktxn_free(producer);
}

static void take_time(const ktxn_delivery *delivery, void *opaque) {
  (void)delivery;
  (void)opaque;
  usleep(1000);
}

struct stream {
  ktxn_producer *producer;
  atomic_bool stop;
};

static void *stream_on(void *ctx) {
  struct stream *stream = ctx;
  ktxn_record record = record_for(0, "v", 1);
  ktxn_error mine;
  while (!stream->stop) {
    int code = ktxn_send(stream->producer, &record, take_time, NULL, &mine);
    MUST(code == 0 || code == KTXN_E_BUFFER_FULL);
    usleep(500);
  }
  return NULL;
}

/* Callbacks that keep coming don't keep a flush beyond its time. */
static void case_slow(void) {
  struct stream stream = {.producer = PRODUCER({"delivery.timeout.ms", "8000"}, {"request.timeout.ms", "8000"}, {"linger.ms", "0"})};
  ktxn_record record = record_for(1, "v", 1);
  pthread_t thread;
  DO(ktxn_send(stream.producer, &record, NULL, NULL, &error));
  MUST(pthread_create(&thread, NULL, stream_on, &stream) == 0);
  usleep(100000);
  REFUSED(ktxn_flush(stream.producer, 1500, &error), KTXN_E_TIMED_OUT);
  stream.stop = true;
  pthread_join(thread, NULL);
  drop_producer(stream.producer);
}

/* How many records a producer takes until it says that there is no room. */
static int fill(ktxn_producer *producer) {
  static const char value[30000];
  ktxn_record record = record_for(1, value, sizeof value);
  int count = 0;
  int code;
  while ((code = ktxn_send(producer, &record, NULL, NULL, &error)) == 0) {
    count++;
  }
  MUST(code == KTXN_E_BUFFER_FULL);
  return count;
}

/* Less than the eighth of buffer.memory that wakes those who wait: a send finds it nevertheless before it gives up. */
static void case_little_room(void) {
  static const char value[30000];
  int most = 0;
  for (int first = 0; first < 2; first++) {
    ktxn_producer *producer = PRODUCER({"buffer.memory", "400000"}, {"max.block.ms", "1500"}, {"linger.ms", "0"});
    ktxn_record record = record_for(0, value, sizeof value);
    if (first) {
      DO(ktxn_send(producer, &record, NULL, NULL, &error)); /* it is answered while the other ones fill the rest */
    }
    int count = fill(producer);
    most = first ? most : count;
    MUST(count == most);
    drop_producer(producer);
  }
}

/* An offsets call that timed out: the same call resumes it, abort gives it up. TxnOffsetCommit is answered late. */
static void case_offsets(void) {
  ktxn_producer *producer = PRODUCER({"transactional.id", "live-offsets"});
  ktxn_offset offset = {.topic = "t", .partition = 0, .offset = 5, .leader_epoch = -1};
  ktxn_offset other = {.topic = "t", .partition = 0, .offset = 6, .leader_epoch = -1};
  ktxn_group group = {.group_id = "g", .generation = -1};
  DO(ktxn_init_transactions(producer, WAIT_MS, &error));
  DO(ktxn_begin_transaction(producer, &error));
  REFUSED(ktxn_send_offsets_to_transaction(producer, &offset, 1, &group, 50, &error), KTXN_E_TIMED_OUT);
  REFUSED(ktxn_send_offsets_to_transaction(producer, &other, 1, &group, 50, &error), KTXN_E_CONFLICT);
  REFUSED(ktxn_commit_transaction(producer, WAIT_MS, &error), KTXN_E_CONFLICT);
  DO(ktxn_send_offsets_to_transaction(producer, &offset, 1, &group, WAIT_MS, &error));
  DO(ktxn_commit_transaction(producer, WAIT_MS, &error));
  DO(ktxn_begin_transaction(producer, &error));
  REFUSED(ktxn_send_offsets_to_transaction(producer, &other, 1, &group, 50, &error), KTXN_E_TIMED_OUT);
  DO(ktxn_abort_transaction(producer, WAIT_MS, &error));
  DO(ktxn_begin_transaction(producer, &error));
  DO(ktxn_send_offsets_to_transaction_async(producer, &other, 1, &group, NULL, &error));
  DO(ktxn_abort_transaction(producer, WAIT_MS, &error));
  ktxn_event event;
  while (ktxn_poll(ktxn_producer_client(producer), &event, 1, WAIT_MS) == 0) {
  }
  MUST(event.type == KTXN_EVENT_SEND_OFFSETS && event.error.code != 0);
  DO(ktxn_begin_transaction(producer, &error));
  DO(ktxn_commit_transaction(producer, WAIT_MS, &error));
  end(producer);
}

struct worker {
  ktxn_producer *producer;
  atomic_int *stop;
  int accepted;
};

static void *send_on(void *ctx) {
  struct worker *worker = ctx;
  ktxn_record record = record_of("v", 1);
  ktxn_error why;
  while (!*worker->stop) {
    int code = ktxn_send(worker->producer, &record, count_it, NULL, &why);
    if (code == 0) {
      worker->accepted++;
      usleep(300); /* the cluster of the tests is a slow one */
    } else {
      MUST(code == KTXN_E_STATE || code == KTXN_E_CONFLICT); /* between transactions, or while one ends */
      usleep(100);
    }
  }
  return NULL;
}

#define WORKERS 64

/* I11: threads that send while another begins and commits: each record is refused or in a transaction, on two producers. */
static void case_threads(void) {
  static const char *const ids[] = {"live-a", "live-b"};
  ktxn_config *config = config_of(NULL, 0);
  ktxn_client *client = ktxn_client_new(config, &error);
  MUST(client);
  ktxn_producer *producers[2];
  for (int i = 0; i < 2; i++) {
    DO(ktxn_config_set(config, "transactional.id", ids[i], &error));
    producers[i] = ktxn_producer_new_on(client, config, &error);
    MUST(producers[i]);
    DO(ktxn_init_transactions(producers[i], WAIT_MS, &error));
  }
  ktxn_config_free(config);
  atomic_int stop = 0;
  pthread_t threads[WORKERS];
  struct worker workers[WORKERS];
  for (int i = 0; i < WORKERS; i++) {
    workers[i] = (struct worker){.producer = producers[i % 2], .stop = &stop};
    MUST(pthread_create(&threads[i], NULL, send_on, &workers[i]) == 0);
  }
  for (int i = 0; i < 30; i++) {
    DO(ktxn_begin_transaction(producers[i % 2], &error));
    usleep(2000);
    DO(ktxn_commit_transaction(producers[i % 2], WAIT_MS, &error));
  }
  stop = 1;
  int accepted = 0;
  for (int i = 0; i < WORKERS; i++) {
    MUST(pthread_join(threads[i], NULL) == 0);
    accepted += workers[i].accepted;
  }
  MUST(accepted > 0 && written == accepted && lost == 0);
  end(producers[0]);
  end(producers[1]);
  DO(ktxn_client_close(client, WAIT_MS, &error));
  printf("accepted=%d\n", accepted);
}

/* G24: a record failed and nobody looked. Produce is refused. */
static void case_ignored(void) {
  ktxn_producer *producer = PRODUCER({"transactional.id", "live-ignored"}, {"linger.ms", "0"});
  ktxn_record record = record_of("v", 1);
  DO(ktxn_init_transactions(producer, WAIT_MS, &error));
  DO(ktxn_begin_transaction(producer, &error));
  DO(ktxn_send(producer, &record, NULL, NULL, &error));
  REFUSED(ktxn_commit_transaction(producer, WAIT_MS, &error), KTXN_E_INVALID_RECORD);
  MUST(error.error_class == KTXN_CLASS_ABORT && error.outcome == KTXN_OUTCOME_NOT_COMMITTED);
  DO(ktxn_abort_transaction(producer, WAIT_MS, &error));
  end(producer);
}

/* Nobody waits for what became of the records, so that each batch is given back with its answer, the first of them before the
 * next topic's is looked at. */
static void case_topics(void) {
  ktxn_producer *producer = PRODUCER({"linger.ms", "20"});
  static const char *const topics[] = {"t", "u"};
  for (int round = 0; round < 20; round++) {
    for (int i = 0; i < 8; i++) {
      ktxn_record record = record_for(i / 2 % 3, "v", 1);
      record.topic = topics[i % 2];
      DO(ktxn_send(producer, &record, NULL, NULL, &error));
    }
    DO(ktxn_flush(producer, WAIT_MS, &error));
  }
  end(producer);
}

/* The same twice, and nobody took the first event: it does not hide that the transaction which is open has failed. */
static void case_failed_again(void) {
  ktxn_producer *producer = PRODUCER({"transactional.id", "live-failed"}, {"linger.ms", "0"});
  ktxn_record record = record_of("v", 1);
  ktxn_event event;
  DO(ktxn_init_transactions(producer, WAIT_MS, &error));
  for (int i = 0; i < 2; i++) {
    DO(ktxn_begin_transaction(producer, &error));
    DO(ktxn_send(producer, &record, NULL, NULL, &error));
    DO(ktxn_flush(producer, WAIT_MS, &error));
    if (i == 0) {
      DO(ktxn_abort_transaction(producer, WAIT_MS, &error));
    }
  }
  MUST(ktxn_poll(ktxn_producer_client(producer), &event, 1, WAIT_MS) == 1);
  MUST(event.type == KTXN_EVENT_ERROR && event.error.code == KTXN_E_INVALID_RECORD && event.ordinal == 2);
  DO(ktxn_abort_transaction(producer, WAIT_MS, &error));
  end(producer);
}

/* I09: sizes that no memory holds are refused before anything is read by them. */
static void case_huge(void) {
  ktxn_producer *producer = PRODUCER({"transactional.id", "live-huge"});
  ktxn_offset offset = {.topic = "t", .partition = 0, .offset = 5, .leader_epoch = -1};
  ktxn_group group = {.group_id = "g", .generation = -1};
  ktxn_header header = {.key = "k", .key_size = SIZE_MAX, .value = "v", .value_size = SIZE_MAX};
  ktxn_event event;
  DO(ktxn_init_transactions(producer, WAIT_MS, &error));
  DO(ktxn_begin_transaction(producer, &error));
  REFUSED(ktxn_send_offsets_to_transaction(producer, &offset, SIZE_MAX, &group, 0, &error), KTXN_E_INVALID_ARGUMENT);
  REFUSED(ktxn_send_offsets_to_transaction_async(producer, &offset, SIZE_MAX, &group, NULL, &error),
          KTXN_E_INVALID_ARGUMENT);
  ktxn_record record = record_of("v", 1);
  record.headers = &header;
  record.header_count = SIZE_MAX;
  REFUSED(ktxn_send(producer, &record, NULL, NULL, &error), KTXN_E_INVALID_ARGUMENT);
  MUST(ktxn_poll(ktxn_producer_client(producer), &event, SIZE_MAX, 0) == 0);
  for (int i = 0; i < 3; i++) { /* data that is too large makes the transaction abortable; the others above did not */
    record = record_of("v", i == 0 ? SIZE_MAX : 1);
    record.key = "k";
    record.key_size = i == 1 ? SIZE_MAX : 1;
    record.headers = &header;
    record.header_count = i == 2;
    REFUSED(ktxn_send(producer, &record, NULL, NULL, &error), KTXN_E_RECORD_TOO_LARGE);
    DO(ktxn_abort_transaction(producer, WAIT_MS, &error));
    DO(ktxn_begin_transaction(producer, &error));
  }
  DO(ktxn_commit_transaction(producer, WAIT_MS, &error));
  end(producer);
}

/* What this process holds now. */
struct holdings {
  long resident_kib, descriptors, threads;
};

static struct holdings holdings(void) {
  struct holdings now = {0, 0, 0};
  char line[256];
  FILE *status = fopen("/proc/self/status", "r");
  DIR *descriptors = opendir("/proc/self/fd");
  MUST(status && descriptors);
  while (fgets(line, sizeof line, status)) {
    sscanf(line, "VmRSS: %ld", &now.resident_kib);
    sscanf(line, "Threads: %ld", &now.threads);
  }
  while (readdir(descriptors)) {
    now.descriptors++;
  }
  closedir(descriptors);
  fclose(status);
  return now;
}

#define CYCLES 10000
#ifdef SANITIZED
#define GROWTH_KIB (1 << 20) /* a sanitizer keeps what was freed for a while */
#else
#define GROWTH_KIB 1024
#endif

/* I12: fail, abort, begin, ten thousand times; every hundredth time the record goes to the broker, which refuses it. */
static void case_cycles(void) {
  ktxn_producer *producer = PRODUCER({"transactional.id", "live-cycles"}, {"linger.ms", "0"}, {"max.request.size", "1000"});
  static char large[2000];
  ktxn_record refused = record_of("v", 1), unsendable = record_of(large, sizeof large);
  struct holdings before = {0, 0, 0};
  DO(ktxn_init_transactions(producer, WAIT_MS, &error));
  for (int i = 0; i < CYCLES; i++) {
    DO(ktxn_begin_transaction(producer, &error));
    if (i % 100 == 0) {
      DO(ktxn_send(producer, &refused, count_it, NULL, &error));
      REFUSED(ktxn_commit_transaction(producer, WAIT_MS, &error), KTXN_E_INVALID_RECORD);
    } else {
      REFUSED(ktxn_send(producer, &unsendable, count_it, NULL, &error), KTXN_E_RECORD_TOO_LARGE);
    }
    DO(ktxn_abort_transaction(producer, WAIT_MS, &error));
    if (i == CYCLES / 10) {
      before = holdings();
    }
  }
  struct holdings after = holdings();
  MUST(written == 0 && lost == CYCLES / 100);
  MUST(after.descriptors == before.descriptors && after.threads == before.threads);
  MUST(after.resident_kib <= before.resident_kib + GROWTH_KIB);
  printf("resident %ld KiB, then %ld KiB\n", before.resident_kib, after.resident_kib);
  end(producer);
}

/* J10: a close that runs out of time leaves no thread and no descriptor behind. Produce and EndTxn are not answered. */
static void case_gone(void) {
  ktxn_record record = record_of("v", 1);
  struct holdings before = holdings();
  for (int i = 0; i < 3; i++) {
    ktxn_producer *producer = PRODUCER({"transactional.id", "live-gone"}, {"linger.ms", "0"});
    DO(ktxn_init_transactions(producer, WAIT_MS, &error));
    DO(ktxn_begin_transaction(producer, &error));
    DO(ktxn_send(producer, &record, count_it, NULL, &error));
    MUST(holdings().threads > before.threads && holdings().descriptors > before.descriptors);
    REFUSED(ktxn_flush(producer, 200, &error), KTXN_E_TIMED_OUT);
    if (ktxn_close(producer, 100, &error) != 0) { /* 0: not a byte of the record had left */
      MUST(error.code == KTXN_E_TIMED_OUT && error.error_class == KTXN_CLASS_RECREATE);
      MUST(error.outcome == KTXN_OUTCOME_NOT_COMMITTED);
    }
    MUST(lost == i + 1);
    ktxn_free(producer);
    struct holdings after = holdings();
#ifdef SANITIZED
    before = i == 0 ? after : before; /* a sanitizer has a thread of its own from the first one on */
#endif
    MUST(after.threads == before.threads && after.descriptors == before.descriptors);
  }
}

static const struct {
  const char *name;
  void (*run)(void);
} cases[] = {
    {"async", case_async},       {"callback", case_callback}, {"would-block", case_would_block},
    {"no-room", case_no_room},   {"destroy", case_destroy},   {"run", case_run},
    {"offsets", case_offsets},   {"threads", case_threads},   {"ignored", case_ignored},
    {"huge", case_huge},         {"cycles", case_cycles},     {"gone", case_gone},
    {"greedy", case_greedy},     {"run-out", case_run_out},   {"slow", case_slow},
    {"little-room", case_little_room}, {"displaced", case_displaced}, {"failed-again", case_failed_again},
    {"topics", case_topics},
};

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: ktxn-live BOOTSTRAP CASE\n");
    return 2;
  }
  bootstrap = argv[1];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    if (strcmp(cases[i].name, argv[2]) == 0) {
      cases[i].run();
      return 0;
    }
  }
  fprintf(stderr, "ktxn-live: no case %s\n", argv[2]);
  return 2;
}
