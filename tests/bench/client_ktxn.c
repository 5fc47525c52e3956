#include "tests/bench/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktxn/ktxn.h"
#include "tests/bench/phases.h"

/* Callbacks are served once in so many records, as a program that has other work to do would. */
#define SERVE_EVERY 1000

uint64_t client_delivered;
uint64_t client_failed;

static ktxn_producer *producer;
static ktxn_client *client;
static const char *topic;
static uint32_t unserved;

const char *client_version(void) {
  return "ktxn " KTXN_VERSION;
}

static void check(int code, const char *what, const ktxn_error *error) {
  if (code != 0) {
    client_fail(what, error->message);
  }
}

static void on_delivery(const ktxn_delivery *delivery, void *opaque) {
  (void)opaque;
  if (delivery->error->code == 0) {
    client_delivered++;
  } else {
    client_failed++;
  }
}

static void set_more(ktxn_config *config) {
  const char *more = getenv("KTXN_BENCH_SET");
  const char *equals = more == NULL ? NULL : strchr(more, '=');
  char key[128];
  ktxn_error error;
  if (equals != NULL) {
    (void)snprintf(key, sizeof key, "%.*s", (int)(equals - more), more);
    check(ktxn_config_set(config, key, equals + 1, &error), "KTXN_BENCH_SET", &error);
  }
}

void client_open(const struct client_options *options) {
  ktxn_error error;
  ktxn_config *config = ktxn_config_new();
  topic = options->topic;
  check(ktxn_config_set(config, "bootstrap.servers", options->bootstrap, &error), "bootstrap.servers", &error);
  check(ktxn_config_set(config, "linger.ms", "5", &error), "linger.ms", &error);
  if (options->transactional_id != NULL) {
    check(ktxn_config_set(config, "transactional.id", options->transactional_id, &error), "transactional.id", &error);
  }
  set_more(config);
  phases_open(config);
  producer = ktxn_producer_new(config, &error);
  if (producer == NULL) {
    client_fail("producer", error.message);
  }
  ktxn_config_free(config);
  client = ktxn_producer_client(producer);
  if (options->transactional_id != NULL) {
    check(ktxn_init_transactions(producer, 30000, &error), "init_transactions", &error);
  }
}

void client_send(const void *key, size_t key_size, const void *value, size_t value_size) {
  ktxn_error error;
  ktxn_record record = KTXN_RECORD_INIT;
  record.topic = topic;
  record.key = key;
  record.key_size = key_size;
  record.value = value;
  record.value_size = value_size;
  check(ktxn_send(producer, &record, on_delivery, NULL, &error), "send", &error);
  if (++unserved == SERVE_EVERY) {
    unserved = 0;
    (void)ktxn_poll(client, NULL, 0, 0);
  }
}

void client_flush(void) {
  ktxn_error error;
  check(ktxn_flush(producer, 60000, &error), "flush", &error);
}

void client_begin(void) {
  ktxn_error error;
  phases_begin();
  check(ktxn_begin_transaction(producer, &error), "begin", &error);
}

void client_commit(void) {
  ktxn_error error;
  check(ktxn_commit_transaction(producer, 60000, &error), "commit", &error);
  phases_end();
}

static const char *const shown[][2] = {{"pacing-probe-total", "probes"},
                                       {"pacing-retry-total", "retries"},
                                       {"pacing-wait-us-total", "paced_us"},
                                       {"coordinator-request-total", "requests"}};
static uint64_t marked[sizeof shown / sizeof shown[0]];

void client_mark(void) {
  for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
    marked[i] = ktxn_metric_value(producer, shown[i][0]);
  }
  phases_mark();
}

/* For each transaction. */
void client_print_more(uint64_t transactions) {
  for (size_t i = 0; transactions > 0 && i < sizeof shown / sizeof shown[0]; i++) {
    uint64_t value = ktxn_metric_value(producer, shown[i][0]) - marked[i];
    (void)printf(", \"%s\": %.2f", shown[i][1], (double)value / (double)transactions);
  }
  phases_print();
}

void client_close(void) {
  ktxn_error error;
  check(ktxn_close(producer, 10000, &error), "close", &error);
  ktxn_free(producer);
}
