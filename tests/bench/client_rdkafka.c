#include "tests/bench/client.h"

#include <errno.h>
#include <stdio.h>

#include <librdkafka/rdkafka.h>

#define SERVE_EVERY 1000

uint64_t client_delivered;
uint64_t client_failed;

static rd_kafka_t *producer;
static rd_kafka_topic_t *topic;
static uint32_t unserved;

const char *client_version(void) {
  static char text[64];
  (void)snprintf(text, sizeof text, "librdkafka %s", rd_kafka_version_str());
  return text;
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
  (void)rk;
  (void)opaque;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    client_delivered++;
  } else {
    client_failed++;
  }
}

static void set(rd_kafka_conf_t *config, const char *key, const char *value) {
  char why[512];
  if (rd_kafka_conf_set(config, key, value, why, sizeof why) != RD_KAFKA_CONF_OK) {
    client_fail(key, why);
  }
}

static void check(rd_kafka_error_t *error, const char *what) {
  if (error != NULL) {
    client_fail(what, rd_kafka_error_string(error));
  }
}

void client_open(const struct client_options *options) {
  char why[512];
  rd_kafka_conf_t *config = rd_kafka_conf_new();
  set(config, "bootstrap.servers", options->bootstrap);
  set(config, "enable.idempotence", "true");
  set(config, "linger.ms", "5");
  if (options->transactional_id != NULL) {
    set(config, "transactional.id", options->transactional_id);
  }
  rd_kafka_conf_set_dr_msg_cb(config, on_delivery);
  producer = rd_kafka_new(RD_KAFKA_PRODUCER, config, why, sizeof why);
  if (producer == NULL) {
    client_fail("producer", why);
  }
  if (options->transactional_id != NULL) {
    check(rd_kafka_init_transactions(producer, 30000), "init_transactions");
  }
  topic = rd_kafka_topic_new(producer, options->topic, NULL);
}

void client_send(const void *key, size_t key_size, const void *value, size_t value_size) {
  /* the library takes a pointer to bytes that it only copies, but not a pointer to const */
  union {
    const void *in;
    void *out;
  } payload = {.in = value};
  while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, payload.out, value_size, key, key_size,
                          NULL) != 0) {
    if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      client_fail("produce", rd_kafka_err2str(rd_kafka_last_error()));
    }
    (void)rd_kafka_poll(producer, 10);
  }
  if (++unserved == SERVE_EVERY) {
    unserved = 0;
    (void)rd_kafka_poll(producer, 0);
  }
}

void client_flush(void) {
  if (rd_kafka_flush(producer, 60000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    client_fail("flush", "timed out");
  }
}

void client_begin(void) {
  check(rd_kafka_begin_transaction(producer), "begin");
}

void client_commit(void) {
  check(rd_kafka_commit_transaction(producer, 60000), "commit");
}

void client_mark(void) {
}

void client_print_more(uint64_t transactions) {
  (void)transactions;
}

void client_close(void) {
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
}
