#ifndef KTXN_TESTS_MODEL_FIXTURE_H
#define KTXN_TESTS_MODEL_FIXTURE_H

/** A cluster in virtual time, and requests to it as one-liners. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/check.h"
#include "sdk/devbroker/model.h"
#include "sdk/devbroker/model_code.h"
#include "sdk/devbroker/model_control.h"
#include "sdk/devbroker/model_look.h"

#define ID "id"
#define TOPIC "topic"
#define GROUP "group"
#define SECOND_US INT64_C(1000000)

struct world {
  struct ktxn__model *model;
  int64_t now_us;
  int32_t node; /* that requests go to */
  bool v2;      /* which versions they have */
};

struct identity {
  int16_t code;
  int64_t id;
  int16_t epoch;
};

static inline struct world world_with(struct ktxn__model_config config, bool v2) {
  ktxn__check_default((struct ktxn__check_hook){.failed = ktxn__check_abort});
  struct world world = {.model = ktxn__model_new(ktxn__mem_default(), &config, NULL), .v2 = v2};
  assert_non_null(world.model);
  assert_true(ktxn__model_create_topic(world.model, 0, KTXN__STR(TOPIC), 2));
  return world;
}

static inline struct ktxn__model_config small_config(void) {
  struct ktxn__model_config config = ktxn__model_config_default();
  config.txn_partitions = 3;
  config.group_partitions = 3;
  return config;
}

static inline struct world world_of(enum ktxn__model_release release, int16_t level) {
  struct ktxn__model_config config = small_config();
  config.release = release;
  config.transaction_version = level;
  return world_with(config, level >= 2);
}

/** One in which everything takes its time, as it does on a real broker. */
static inline struct ktxn__model_config slow_config(enum ktxn__model_release release, int16_t level, bool verification) {
  struct ktxn__model_config config = small_config();
  config.release = release;
  config.transaction_version = level;
  config.verification = verification;
  config.delay_us[KTXN__MODEL_DELAY_APPEND] = 300;
  config.delay_us[KTXN__MODEL_DELAY_REPLICA] = 100;
  config.delay_us[KTXN__MODEL_DELAY_MARKER] = 500;
  config.delay_us[KTXN__MODEL_DELAY_VERIFY] = 200;
  return config;
}

static inline void end_world(struct world *world) {
  assert_true(ktxn__model_check(world->model));
  ktxn__model_free(world->model);
}

static inline void pass(struct world *world, int64_t us) {
  world->now_us += us;
  ktxn__model_step(world->model, world->now_us);
}

/** Time passes until the answer is there; at most a virtual minute, else NULL. */
static inline struct ktxn__model_answer *await(struct world *world) {
  struct ktxn__model_answer *answer = ktxn__model_take(world->model);
  for (int i = 0; answer == NULL && i < 100000; i++) {
    int64_t next = ktxn__model_deadline(world->model);
    if (next == KTXN__MODEL_NEVER || next > world->now_us + 60 * SECOND_US) {
      return NULL;
    }
    world->now_us = next > world->now_us ? next : world->now_us;
    ktxn__model_step(world->model, world->now_us);
    answer = ktxn__model_take(world->model);
  }
  return answer;
}

static inline void submit(struct world *world, const struct ktxn__model_request *request) {
  assert_int_not_equal(ktxn__model_submit(world->model, world->node, world->now_us, request, NULL), 0);
}

static inline struct ktxn__model_answer *call(struct world *world, const struct ktxn__model_request *request) {
  submit(world, request);
  struct ktxn__model_answer *answer = await(world);
  assert_non_null(answer);
  assert_int_equal(answer->api, request->api);
  return answer;
}

static inline struct identity identity_of(struct world *world, struct ktxn__model_answer *answer) {
  struct identity identity = {answer->identity.code, answer->identity.producer_id, answer->identity.producer_epoch};
  ktxn__model_release(world->model, answer);
  return identity;
}

static inline struct ktxn__model_request init_request(int64_t id, int16_t epoch) {
  return (struct ktxn__model_request){.api = KTXN__MODEL_INIT_PRODUCER_ID,
                                      .version = 4,
                                      .init_producer_id = {.transactional_id = KTXN__STR(ID),
                                                           .transaction_timeout_ms = 30000,
                                                           .producer_id = id,
                                                           .producer_epoch = epoch}};
}

static inline struct identity init_as(struct world *world, int64_t id, int16_t epoch) {
  struct ktxn__model_request request = init_request(id, epoch);
  return identity_of(world, call(world, &request));
}

static inline struct identity init(struct world *world) {
  return init_as(world, -1, -1);
}

static inline struct ktxn__model_request end_request(int16_t version, int64_t id, int16_t epoch, bool commit) {
  return (struct ktxn__model_request){
      .api = KTXN__MODEL_END_TXN,
      .version = version,
      .end_txn = {.transactional_id = KTXN__STR(ID), .producer_id = id, .producer_epoch = epoch, .committed = commit}};
}

static inline struct identity end_as(struct world *world, int16_t version, int64_t id, int16_t epoch, bool commit) {
  struct ktxn__model_request request = end_request(version, id, epoch, commit);
  return identity_of(world, call(world, &request));
}

static inline struct identity end_txn(struct world *world, struct identity me, bool commit) {
  return end_as(world, world->v2 ? 5 : 3, me.id, me.epoch, commit);
}

struct adding {
  struct ktxn__model_request request;
  struct ktxn__model_topic_partitions topic;
  int32_t partition;
};

static inline struct ktxn__model_request *adding(struct adding *adding, struct identity me, const char *topic, int32_t partition) {
  *adding = (struct adding){.topic = {.topic = {.name = ktxn__str(topic)}, .partition_count = 1}, .partition = partition};
  adding->topic.partitions = &adding->partition;
  adding->request = (struct ktxn__model_request){.api = KTXN__MODEL_ADD_PARTITIONS_TO_TXN,
                                                 .version = 3,
                                                 .add_partitions = {.transactional_id = KTXN__STR(ID),
                                                                    .producer_id = me.id,
                                                                    .producer_epoch = me.epoch,
                                                                    .topics = &adding->topic,
                                                                    .topic_count = 1}};
  return &adding->request;
}

static inline int16_t add_partition(struct world *world, struct identity me, int32_t partition) {
  struct adding request;
  struct ktxn__model_answer *answer = call(world, adding(&request, me, TOPIC, partition));
  int16_t code = answer->add_partitions.topics[0].partitions[0].code;
  ktxn__model_release(world->model, answer);
  return code;
}

static inline int16_t add_offsets(struct world *world, struct identity me) {
  struct ktxn__model_request request = {.api = KTXN__MODEL_ADD_OFFSETS_TO_TXN,
                                        .version = 3,
                                        .add_offsets = {.transactional_id = KTXN__STR(ID),
                                                        .producer_id = me.id,
                                                        .producer_epoch = me.epoch,
                                                        .group_id = KTXN__STR(GROUP)}};
  struct ktxn__model_answer *answer = call(world, &request);
  int16_t code = answer->code;
  ktxn__model_release(world->model, answer);
  return code;
}

struct producing {
  struct ktxn__model_request request;
  struct ktxn__model_produce_topic topic;
  struct ktxn__model_produce_partition partition;
};

static inline struct ktxn__model_request *producing(struct producing *out, struct world *world, struct identity me,
                                                    int32_t partition, int32_t sequence, int32_t count) {
  *out = (struct producing){
      .topic = {.topic = {.name = KTXN__STR(TOPIC)}, .partition_count = 1},
      .partition = {.index = partition,
                    .batch = {.bytes = (const uint8_t *)"a record batch, or so",
                              .size = 21,
                              .transactional = true,
                              .producer_id = me.id,
                              .producer_epoch = me.epoch,
                              .base_sequence = sequence,
                              .record_count = count,
                              .max_timestamp_ms = 1}},
  };
  out->topic.partitions = &out->partition;
  out->request = (struct ktxn__model_request){
      .api = KTXN__MODEL_PRODUCE,
      .version = world->v2 ? 12 : 9,
      .produce = {.transactional_id = KTXN__STR(ID), .acks = -1, .timeout_ms = 30000, .topics = &out->topic, .topic_count = 1}};
  return &out->request;
}

static inline int16_t produced(struct world *world, struct ktxn__model_answer *answer, int64_t *offset) {
  int16_t code = answer->produce.topics[0].partitions[0].code;
  if (offset != NULL) {
    *offset = answer->produce.topics[0].partitions[0].base_offset;
  }
  ktxn__model_release(world->model, answer);
  return code;
}

static inline int16_t produce_at(struct world *world, struct identity me, int32_t partition, int32_t sequence, int64_t *offset) {
  struct producing request;
  return produced(world, call(world, producing(&request, world, me, partition, sequence, 1)), offset);
}

static inline int16_t produce(struct world *world, struct identity me, int32_t sequence) {
  return produce_at(world, me, 0, sequence, NULL);
}

/** A transaction with one record in partition 0, open. */
static inline void open_txn(struct world *world, struct identity me, int32_t sequence) {
  if (!world->v2) {
    assert_int_equal(add_partition(world, me, 0), 0);
  }
  assert_int_equal(produce(world, me, sequence), 0);
}

struct described {
  int16_t code;
  char state[24];
  int64_t id;
  int16_t epoch;
};

static inline struct described describe(struct world *world) {
  struct ktxn__str name = KTXN__STR(ID);
  struct ktxn__model_request request = {.api = KTXN__MODEL_DESCRIBE_TRANSACTIONS, .names = {.names = &name, .name_count = 1}};
  struct ktxn__model_answer *answer = call(world, &request);
  const struct ktxn__model_described_transaction *row = &answer->describe_transactions.transactions[0];
  struct described described = {.code = row->code, .id = row->producer_id, .epoch = row->producer_epoch};
  ktxn__str_copy(row->state, described.state, sizeof described.state);
  ktxn__model_release(world->model, answer);
  return described;
}

struct committing {
  struct ktxn__model_request request;
  struct ktxn__model_offset_topic topic;
  struct ktxn__model_offset_partition partition;
};

static inline struct ktxn__model_request *committing(struct committing *out, struct world *world, struct identity me, int64_t offset) {
  *out = (struct committing){
      .topic = {.topic = {.name = KTXN__STR(TOPIC)}, .partition_count = 1},
      .partition = {.index = 0, .leader_epoch = -1, .offset = offset, .metadata = KTXN__STR("m")},
  };
  out->topic.partitions = &out->partition;
  out->request = (struct ktxn__model_request){.api = KTXN__MODEL_TXN_OFFSET_COMMIT,
                                              .version = world->v2 ? 5 : 3,
                                              .offset_commit = {.group_id = KTXN__STR(GROUP),
                                                                .generation = -1,
                                                                .member_id = KTXN__STR(""),
                                                                .instance_id = KTXN__STR_NULL,
                                                                .topics = &out->topic,
                                                                .topic_count = 1,
                                                                .transactional_id = KTXN__STR(ID),
                                                                .producer_id = me.id,
                                                                .producer_epoch = me.epoch}};
  return &out->request;
}

static inline int16_t commit_offset(struct world *world, struct identity me, int64_t offset) {
  struct committing request;
  struct ktxn__model_answer *answer = call(world, committing(&request, world, me, offset));
  int16_t code = answer->offset_commit.topics[0].partitions[0].code;
  ktxn__model_release(world->model, answer);
  return code;
}

/** The group's offset; `*code` is the partition's. */
static inline int64_t fetch_offset_if(struct world *world, bool stable, int16_t *code) {
  int32_t partition = 0;
  struct ktxn__model_topic_partitions topic = {.topic = {.name = KTXN__STR(TOPIC)}, .partitions = &partition, .partition_count = 1};
  struct ktxn__model_offset_fetch_group group = {.group_id = KTXN__STR(GROUP), .topics = &topic, .topic_count = 1};
  struct ktxn__model_request request = {.api = KTXN__MODEL_OFFSET_FETCH,
                                        .version = 8,
                                        .offset_fetch = {.require_stable = stable, .groups = &group, .group_count = 1}};
  struct ktxn__model_answer *answer = call(world, &request);
  assert_int_equal(answer->offset_fetch.groups[0].code, 0);
  *code = answer->offset_fetch.groups[0].topics[0].partitions[0].code;
  int64_t offset = answer->offset_fetch.groups[0].topics[0].partitions[0].offset;
  ktxn__model_release(world->model, answer);
  return offset;
}

/** With require_stable. */
static inline int64_t fetch_offset(struct world *world, int16_t *code) {
  return fetch_offset_if(world, true, code);
}

/** Is the batch at `offset` of partition 0 part of what a read_committed reader gets? */
static inline bool visible(struct world *world, int64_t offset) {
  struct ktxn__model_fetch_partition partition = {.current_leader_epoch = -1, .max_bytes = 1 << 20};
  struct ktxn__model_fetch_topic topic = {.topic = {.name = KTXN__STR(TOPIC)}, .partitions = &partition, .partition_count = 1};
  struct ktxn__model_request request = {
      .api = KTXN__MODEL_FETCH,
      .version = 12,
      .fetch = {.min_bytes = 1, .max_bytes = 1 << 20, .read_committed = true, .topics = &topic, .topic_count = 1}};
  struct ktxn__model_answer *answer = call(world, &request);
  const struct ktxn__model_fetched *out = &answer->fetch.topics[0].partitions[0];
  assert_int_equal(out->code, 0);
  bool found = false;
  int32_t aborted = 0;
  int64_t aborting[16];
  int32_t aborting_count = 0;
  for (int32_t i = 0; i < out->entry_count; i++) { /* as consumers do it */
    const struct ktxn__model_entry *entry = out->entries[i];
    while (aborted < out->aborted_count && out->aborted[aborted].first_offset <= entry->last_offset) {
      aborting[aborting_count++] = out->aborted[aborted++].producer_id;
    }
    bool skipped = false;
    for (int32_t j = 0; j < aborting_count; j++) {
      bool his = aborting[j] == entry->producer_id;
      skipped = skipped || his;
      if (his && entry->marker && !entry->committed) {
        aborting[j] = -1;
      }
    }
    found = found || (!entry->marker && !skipped && entry->base_offset <= offset && offset <= entry->last_offset);
  }
  ktxn__model_release(world->model, answer);
  return found;
}

#endif
