/*
 * Transactions without a blocking call: one thread, one poll() loop, in which ktxn_fd() is one descriptor among others.
 * Commits COUNT transactions of ten records each.
 *
 *   async BOOTSTRAP TOPIC TRANSACTIONAL_ID [COUNT]
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include <ktxn/ktxn.h>

#define RECORDS 10

struct loop {
  ktxn_producer *producer;
  const char *topic;
  long wanted;
  long committed;
  int sent; /* records of the open transaction */
  bool aborting;
  bool done;
  bool failed;
};

static void give_up(struct loop *loop, const char *what, const ktxn_error *error) {
  fprintf(stderr, "async: %s: %s: %s\n", what, ktxn_class_name(error->error_class), error->message);
  loop->done = loop->failed = true;
}

/* What an operation's failure means: only its class decides. */
static void on_failure(struct loop *loop, const char *what, const ktxn_error *error) {
  ktxn_error second;
  if (error->error_class == KTXN_CLASS_ABORT) {
    if (loop->aborting) {
      return; /* an error event told it already */
    }
    loop->aborting = true;
    if (ktxn_abort_transaction_async(loop->producer, NULL, &second)) {
      give_up(loop, "abort", &second);
    }
    return;
  }
  give_up(loop, what, error); /* asynchronous operations resume by themselves, so RETRY doesn't come here */
}

/* Sends until the transaction is full, then asks for the commit. Comes back by KTXN_EVENT_ROOM if there is no room. */
static void fill(struct loop *loop) {
  ktxn_error error;
  char value[32];
  ktxn_record record = KTXN_RECORD_INIT;
  record.topic = loop->topic;
  record.value = value;
  for (; loop->sent < RECORDS; loop->sent++) {
    record.value_size = (size_t)snprintf(value, sizeof value, "%ld-%d", loop->committed, loop->sent);
    if (ktxn_send(loop->producer, &record, NULL, NULL, &error)) {
      if (error.error_class != KTXN_CLASS_RETRY) {
        on_failure(loop, "send", &error);
      }
      return;
    }
  }
  if (ktxn_commit_transaction_async(loop->producer, NULL, &error)) {
    on_failure(loop, "commit", &error);
  }
}

static void begin(struct loop *loop) {
  ktxn_error error;
  if (loop->committed == loop->wanted) {
    loop->done = true;
    return;
  }
  loop->sent = 0;
  if (ktxn_begin_transaction(loop->producer, &error)) {
    give_up(loop, "begin", &error);
    return;
  }
  fill(loop);
}

static void on_event(struct loop *loop, const ktxn_event *event) {
  if (event->type == KTXN_EVENT_ABORT) {
    loop->aborting = false;
  }
  if (event->error.code) {
    on_failure(loop, "event", &event->error);
    return;
  }
  switch (event->type) {
    case KTXN_EVENT_COMMIT:
      loop->committed++;
      begin(loop);
      break;
    case KTXN_EVENT_INIT:
    case KTXN_EVENT_ABORT:
      begin(loop);
      break;
    case KTXN_EVENT_ROOM:
      fill(loop);
      break;
    default:
      break;
  }
}

static void run(struct loop *loop) {
  ktxn_client *client = ktxn_producer_client(loop->producer);
  struct pollfd descriptors[] = {{.fd = ktxn_fd(client), .events = POLLIN}}; /* and the application's own */
  ktxn_event events[16];
  while (!loop->done) {
    if (poll(descriptors, 1, 60000) <= 0) {
      fprintf(stderr, "async: nothing has happened for a minute\n");
      loop->done = loop->failed = true;
      return;
    }
    int count = ktxn_poll(client, events, sizeof events / sizeof events[0], 0);
    for (int i = 0; i < count && !loop->done; i++) {
      on_event(loop, &events[i]);
    }
  }
}

static ktxn_producer *make_producer(char **argv, ktxn_error *error) {
  ktxn_config *config = ktxn_config_new();
  ktxn_producer *producer = NULL;
  if (config && !ktxn_config_set(config, "bootstrap.servers", argv[1], error) &&
      !ktxn_config_set(config, "transactional.id", argv[3], error) &&
      !ktxn_config_set(config, "max.block.ms", "0", error)) { /* send never waits */
    producer = ktxn_producer_new(config, error);
  }
  ktxn_config_free(config);
  return producer;
}

int main(int argc, char **argv) {
  ktxn_error error = {0};
  struct loop loop = {.wanted = argc == 5 ? atol(argv[4]) : 100};
  if (argc < 4 || argc > 5 || loop.wanted < 1) {
    fprintf(stderr, "usage: async BOOTSTRAP TOPIC TRANSACTIONAL_ID [COUNT]\n");
    return 2;
  }
  loop.topic = argv[2];
  loop.producer = make_producer(argv, &error);
  if (!loop.producer || ktxn_init_transactions_async(loop.producer, NULL, &error)) {
    give_up(&loop, "start", &error);
  } else {
    run(&loop);
  }
  printf("%ld transactions committed\n", loop.committed);
  ktxn_free(loop.producer);
  return loop.failed ? 1 : 0;
}
