/** How fast the broker model is by itself: transactions of one record, a new world, in virtual time. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sdk/devbroker/model.h"
#include "sdk/devbroker/model_control.h"
#include "sdk/devbroker/model_look.h"

#define TXNS 20000
#define WORLDS 2000

struct client {
  struct ktxn__model *model;
  int64_t now_us;
  int64_t id;
  int16_t epoch;
  int32_t sequence;
  bool v2;
};

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void fail(const char *what, int code) {
  fprintf(stderr, "%s: %d\n", what, code);
  exit(1);
}

static struct ktxn__model_answer *call(struct client *client, const struct ktxn__model_request *request) {
  ktxn__model_submit(client->model, 0, client->now_us, request, NULL);
  struct ktxn__model_answer *answer = ktxn__model_take(client->model);
  while (answer == NULL) {
    client->now_us = ktxn__model_deadline(client->model);
    ktxn__model_step(client->model, client->now_us);
    answer = ktxn__model_take(client->model);
  }
  return answer;
}

static void init(struct client *client) {
  struct ktxn__model_request request = {.api = KTXN__MODEL_INIT_PRODUCER_ID,
                                        .version = 4,
                                        .init_producer_id = {.transactional_id = KTXN__STR("id"),
                                                             .transaction_timeout_ms = 60000,
                                                             .producer_id = -1,
                                                             .producer_epoch = -1}};
  struct ktxn__model_answer *answer = call(client, &request);
  client->id = answer->identity.producer_id;
  client->epoch = answer->identity.producer_epoch;
  ktxn__model_release(client->model, answer);
}

static void add(struct client *client) {
  int32_t partition = 0;
  struct ktxn__model_topic_partitions topic = {.topic = {.name = KTXN__STR("topic")}, .partitions = &partition, .partition_count = 1};
  struct ktxn__model_request request = {.api = KTXN__MODEL_ADD_PARTITIONS_TO_TXN,
                                        .version = 3,
                                        .add_partitions = {.transactional_id = KTXN__STR("id"),
                                                           .producer_id = client->id,
                                                           .producer_epoch = client->epoch,
                                                           .topics = &topic,
                                                           .topic_count = 1}};
  for (int16_t code = 51; code == 51;) {
    struct ktxn__model_answer *answer = call(client, &request);
    code = answer->add_partitions.topics[0].partitions[0].code;
    ktxn__model_release(client->model, answer);
    client->now_us += code == 51 ? 300 : 0;
    if (code != 0 && code != 51) {
      fail("add", code);
    }
  }
}

static void produce(struct client *client) {
  static const uint8_t bytes[100];
  struct ktxn__model_produce_partition partition = {.batch = {.bytes = bytes,
                                                              .size = sizeof bytes,
                                                              .transactional = true,
                                                              .producer_id = client->id,
                                                              .producer_epoch = client->epoch,
                                                              .base_sequence = client->sequence++,
                                                              .record_count = 1}};
  struct ktxn__model_produce_topic topic = {.topic = {.name = KTXN__STR("topic")}, .partitions = &partition, .partition_count = 1};
  struct ktxn__model_request request = {.api = KTXN__MODEL_PRODUCE,
                                        .version = client->v2 ? 12 : 9,
                                        .produce = {.transactional_id = KTXN__STR("id"),
                                                    .acks = -1,
                                                    .timeout_ms = 30000,
                                                    .topics = &topic,
                                                    .topic_count = 1}};
  struct ktxn__model_answer *answer = call(client, &request);
  if (answer->produce.topics[0].partitions[0].code != 0) {
    fail("produce", answer->produce.topics[0].partitions[0].code);
  }
  ktxn__model_release(client->model, answer);
}

static void end(struct client *client) {
  struct ktxn__model_request request = {.api = KTXN__MODEL_END_TXN,
                                        .version = client->v2 ? 5 : 3,
                                        .end_txn = {.transactional_id = KTXN__STR("id"),
                                                    .producer_id = client->id,
                                                    .producer_epoch = client->epoch,
                                                    .committed = true}};
  struct ktxn__model_answer *answer = call(client, &request);
  if (answer->identity.code != 0) {
    fail("end", answer->identity.code);
  }
  if (client->v2) {
    client->id = answer->identity.producer_id;
    client->epoch = answer->identity.producer_epoch;
    client->sequence = 0;
  }
  ktxn__model_release(client->model, answer);
}

static struct ktxn__model_config config_of(bool v2) {
  struct ktxn__model_config config = ktxn__model_config_default();
  config.txn_partitions = 3;
  config.group_partitions = 3;
  config.transaction_version = v2 ? 2 : 0;
  config.delay_us[KTXN__MODEL_DELAY_APPEND] = 300;
  config.delay_us[KTXN__MODEL_DELAY_REPLICA] = 100;
  config.delay_us[KTXN__MODEL_DELAY_MARKER] = 500;
  config.delay_us[KTXN__MODEL_DELAY_VERIFY] = 200;
  return config;
}

static void transactions(bool v2) {
  struct ktxn__model_config config = config_of(v2);
  struct client client = {.model = ktxn__model_new(ktxn__mem_default(), &config, NULL), .v2 = v2};
  ktxn__model_create_topic(client.model, 0, KTXN__STR("topic"), 3);
  init(&client);
  double start = seconds();
  for (int i = 0; i < TXNS; i++) {
    if (!v2) {
      add(&client);
    }
    produce(&client);
    end(&client);
  }
  double took = seconds() - start;
  printf("%s: %.0f transactions/s of CPU time, %.2f us each, %zu bytes kept\n", v2 ? "V2" : "V1", TXNS / took, took / TXNS * 1e6,
         ktxn__model_memory_used(client.model) / TXNS);
  ktxn__model_free(client.model);
}

static void worlds(void) {
  struct ktxn__model_config config = config_of(true);
  config.nodes = 3;
  struct ktxn__model *model = ktxn__model_new(ktxn__mem_default(), &config, NULL);
  double start = seconds();
  for (int i = 0; i < WORLDS; i++) {
    ktxn__model_reset(model, &config, NULL);
    ktxn__model_create_topic(model, 0, KTXN__STR("topic"), 6);
  }
  printf("a new world of 3 nodes and 12 partitions: %.2f us\n", (seconds() - start) / WORLDS * 1e6);
  ktxn__model_free(model);
}

int main(void) {
  transactions(false);
  transactions(true);
  worlds();
  return 0;
}
