/*
 * An idempotent producer without transactions: each line of standard input becomes a record, written once and in order
 * whatever happens to requests on the way.
 *
 *   produce BOOTSTRAP TOPIC < lines
 */
#include <stdio.h>
#include <stdlib.h>

#include <ktxn/ktxn.h>

struct tally {
  long written;
  long failed;
};

/* Runs inside ktxn_poll() and ktxn_flush(), on this program's only thread. */
static void delivered(const ktxn_delivery *delivery, void *opaque) {
  struct tally *tally = opaque;
  if (delivery->error->code) {
    fprintf(stderr, "a record was not written: %s\n", delivery->error->message);
    tally->failed++;
  } else {
    tally->written++;
  }
}

static int send_line(ktxn_producer *producer, const char *topic, const char *line, size_t size, struct tally *tally,
                     ktxn_error *error) {
  ktxn_record record = KTXN_RECORD_INIT;
  record.topic = topic;
  record.value = line;
  record.value_size = size;
  int code;
  do {
    code = ktxn_send(producer, &record, delivered, tally, error);
    ktxn_poll(ktxn_producer_client(producer), NULL, 0, 0);
  } while (code && error->error_class == KTXN_CLASS_RETRY); /* no room for as long as max.block.ms: go on trying */
  return code;
}

static int send_input(ktxn_producer *producer, const char *topic, struct tally *tally, ktxn_error *error) {
  char *line = NULL;
  size_t room = 0;
  ssize_t size;
  int code = 0;
  while (!code && (size = getline(&line, &room, stdin)) > 0) {
    size_t length = (size_t)size - (line[size - 1] == '\n');
    code = send_line(producer, topic, line, length, tally, error);
  }
  free(line);
  return code;
}

static ktxn_producer *make_producer(const char *bootstrap, ktxn_error *error) {
  ktxn_config *config = ktxn_config_new();
  ktxn_producer *producer = NULL;
  if (config && !ktxn_config_set(config, "bootstrap.servers", bootstrap, error)) {
    producer = ktxn_producer_new(config, error);
  }
  ktxn_config_free(config);
  return producer;
}

int main(int argc, char **argv) {
  ktxn_error error = {0};
  struct tally tally = {0};
  if (argc != 3) {
    fprintf(stderr, "usage: produce BOOTSTRAP TOPIC < lines\n");
    return 2;
  }
  ktxn_producer *producer = make_producer(argv[1], &error);
  if (!producer) {
    fprintf(stderr, "produce: %s\n", error.message);
    return 1;
  }
  int code = send_input(producer, argv[2], &tally, &error);
  while (!code && (code = ktxn_flush(producer, 10000, &error)) && error.error_class == KTXN_CLASS_RETRY) {
    fprintf(stderr, "produce: still waiting for the broker: %s\n", error.message);
    code = 0;
  }
  if (code) {
    fprintf(stderr, "produce: %s\n", error.message);
  }
  ktxn_close(producer, 5000, NULL);
  ktxn_free(producer);
  printf("%ld written, %ld failed\n", tally.written, tally.failed);
  return code || tally.failed ? 1 : 0;
}
