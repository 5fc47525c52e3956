/*
 * A transactional producer of librdkafka as a line protocol, for tests/late/run. One command a line on stdin, one answer a
 * line on stdout: "ok", or "error" with what librdkafka asks for (fatal, abort, retry, none) and its text.
 *
 *   late_rdkafka BOOTSTRAP TRANSACTIONAL-ID DELIVERY-TIMEOUT-MS
 *   init | begin | send TOPIC VALUE (to partition 0) | flush | commit | abort; each waits for its end
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALL_MS 60000
#define LINE_MAX_SIZE 1024

static rd_kafka_t *producer;

static void set(rd_kafka_conf_t *config, const char *key, const char *value) {
  char why[512];
  if (rd_kafka_conf_set(config, key, value, why, sizeof why) != RD_KAFKA_CONF_OK) {
    fprintf(stderr, "late_rdkafka: %s: %s\n", key, why);
    exit(2);
  }
}

static void open_producer(const char *bootstrap, const char *transactional_id, const char *delivery_ms) {
  char why[512];
  rd_kafka_conf_t *config = rd_kafka_conf_new();
  set(config, "bootstrap.servers", bootstrap);
  set(config, "transactional.id", transactional_id);
  set(config, "delivery.timeout.ms", delivery_ms);
  set(config, "linger.ms", "0");
  set(config, "log_level", "0");
  producer = rd_kafka_new(RD_KAFKA_PRODUCER, config, why, sizeof why);
  if (producer == NULL) {
    fprintf(stderr, "late_rdkafka: %s\n", why);
    exit(2);
  }
}

static void tell(rd_kafka_error_t *error) {
  if (error == NULL) {
    printf("ok\n");
    return;
  }
  const char *asks = rd_kafka_error_is_fatal(error)             ? "fatal"
                     : rd_kafka_error_txn_requires_abort(error) ? "abort"
                     : rd_kafka_error_is_retriable(error)       ? "retry"
                                                                : "none";
  printf("error %s %s\n", asks, rd_kafka_error_string(error));
  rd_kafka_error_destroy(error);
}

static void tell_code(rd_kafka_resp_err_t code) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    printf("ok\n");
  } else {
    printf("error none %s\n", rd_kafka_err2str(code));
  }
}

static void send_value(char *words) {
  const char *topic = strtok(words, " ");
  char *value = strtok(NULL, " ");
  if (topic == NULL || value == NULL) {
    printf("error none send TOPIC VALUE\n");
    return;
  }
  rd_kafka_topic_t *handle = rd_kafka_topic_new(producer, topic, NULL);
  if (handle == NULL) {
    tell_code(rd_kafka_last_error());
    return;
  }
  int failed = rd_kafka_produce(handle, 0, RD_KAFKA_MSG_F_COPY, value, strlen(value), NULL, 0, NULL);
  tell_code(failed ? rd_kafka_last_error() : RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_topic_destroy(handle);
}

static void run(char *line) {
  if (strcmp(line, "init") == 0) {
    tell(rd_kafka_init_transactions(producer, CALL_MS));
  } else if (strcmp(line, "begin") == 0) {
    tell(rd_kafka_begin_transaction(producer));
  } else if (strncmp(line, "send ", 5) == 0) {
    send_value(line + 5);
  } else if (strcmp(line, "flush") == 0) {
    tell_code(rd_kafka_flush(producer, CALL_MS));
  } else if (strcmp(line, "commit") == 0) {
    tell(rd_kafka_commit_transaction(producer, CALL_MS));
  } else if (strcmp(line, "abort") == 0) {
    tell(rd_kafka_abort_transaction(producer, CALL_MS));
  } else {
    printf("error none no such command\n");
  }
  fflush(stdout);
}

int main(int argc, char **argv) {
  char line[LINE_MAX_SIZE];
  if (argc == 2 && strcmp(argv[1], "--version") == 0) {
    printf("librdkafka %s\n", rd_kafka_version_str());
    return 0;
  }
  if (argc != 4) {
    fprintf(stderr, "usage: late_rdkafka BOOTSTRAP TRANSACTIONAL-ID DELIVERY-TIMEOUT-MS\n");
    return 2;
  }
  open_producer(argv[1], argv[2], argv[3]);
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    run(line);
  }
  return 0; /* as the end of a process: whatever was open is the broker's to end */
}
