#ifndef KTXN_TESTS_CLUSTER_FIXTURE_H
#define KTXN_TESTS_CLUSTER_FIXTURE_H

/*
 * A cluster against ports without a network, and a model of the brokers behind them that answers by itself: every name is
 * resolved, every host that is up connects, ApiVersions and Metadata are answered from the model.
 */

#include "net_fixture.h"

#include "sdk/engine/cluster.h"

#define MODEL_NODES 8
#define MODEL_TOPICS 8
#define MODEL_PARTITIONS 8

struct model_node {
  int32_t id;
  const char *host; /* of its listener, as metadata tells it */
  int32_t port;
  bool unlisted;
};

struct model_partition {
  int16_t error_code;
  int32_t index, leader, epoch;
};

struct model_topic {
  const char *name;
  int16_t error_code;
  uint8_t id; /* the last byte; 0 = no id */
  bool left_out;
  size_t partition_count;
  struct model_partition partitions[MODEL_PARTITIONS];
};

struct model {
  const char *cluster_id;
  int16_t error_code; /* v13 */
  bool malformed;
  bool silent; /* doesn't answer Metadata */
  int32_t throttle_ms;
  const char *down[MODEL_NODES]; /* hosts that refuse */
  struct model_node nodes[MODEL_NODES];
  size_t node_count;
  struct model_topic topics[MODEL_TOPICS];
  size_t topic_count;
  struct net_versions versions;

  int metadata_requests;
  char asked[MODEL_TOPICS + 1][64]; /* the topics of the last one */
  size_t asked_count;
  bool auto_creation;
  char asked_host[64];
};

struct bench {
  struct net *net;
  struct model model;
  struct ktxn__cluster_seed seeds[3];
  struct ktxn__cluster_settings settings;
  struct ktxn__cluster *cluster;
  size_t lookups_done, conns_done;
  struct net_request held; /* the Metadata request that was not answered because of `silent` */
  struct net_conn *held_conn;
  int64_t now_us;
};

/* ---- the model --------------------------------------------------------------------------------------------------- */

static inline bool model_down(const struct model *model, const char *host) {
  for (size_t i = 0; i < MODEL_NODES; i++) {
    if (model->down[i] != NULL && strcmp(model->down[i], host) == 0) {
      return true;
    }
  }
  return false;
}

static inline void model_write_id(struct ktxn__writer *writer, uint8_t last) {
  struct ktxn__uuid id = {{0}};
  id.bytes[15] = last;
  ktxn__writer_uuid(writer, &id);
}

static inline void model_write_topic(struct ktxn__writer *writer, const struct model_topic *topic) {
  ktxn__writer_i16(writer, topic->error_code);
  ktxn__writer_string(writer, ktxn__str(topic->name));
  model_write_id(writer, topic->id);
  ktxn__writer_bool(writer, false);
  ktxn__writer_array(writer, (int32_t)topic->partition_count);
  for (size_t i = 0; i < topic->partition_count; i++) {
    const struct model_partition *partition = &topic->partitions[i];
    ktxn__writer_i16(writer, partition->error_code);
    ktxn__writer_i32(writer, partition->index);
    ktxn__writer_i32(writer, partition->leader);
    ktxn__writer_i32(writer, partition->epoch);
    ktxn__writer_i32_array(writer, NULL, 0);
    ktxn__writer_i32_array(writer, NULL, 0);
    ktxn__writer_i32_array(writer, NULL, 0);
    ktxn__writer_tags(writer);
  }
  ktxn__writer_i32(writer, INT32_MIN);
  ktxn__writer_tags(writer);
}

static inline bool model_asked(const struct model *model, const char *name) {
  for (size_t i = 0; i < model->asked_count; i++) {
    if (strcmp(model->asked[i], name) == 0) {
      return true;
    }
  }
  return false;
}

static inline void model_read_request(struct model *model, const struct net_request *request) {
  struct ktxn__reader reader;
  ktxn__reader_init(&reader, request->body, request->size);
  reader.flexible = true;
  int32_t count = ktxn__reader_array(&reader, 1);
  assert_in_range(count, 0, MODEL_TOPICS);
  model->asked_count = (size_t)count;
  for (int32_t i = 0; i < count; i++) {
    (void)ktxn__reader_uuid(&reader);
    ktxn__str_copy(ktxn__reader_string(&reader), model->asked[i], sizeof model->asked[i]);
    ktxn__reader_tags(&reader);
  }
  model->auto_creation = ktxn__reader_bool(&reader);
  assert_false(reader.failed);
}

static inline struct net_answer model_metadata(const struct model *model, const struct net_request *request) {
  struct net_answer answer;
  net_answer_begin(&answer, request);
  struct ktxn__writer *writer = &answer.writer;
  ktxn__writer_i32(writer, model->throttle_ms);
  int32_t listed = 0, told = 0;
  for (size_t i = 0; i < model->node_count; i++) {
    listed += model->nodes[i].unlisted ? 0 : 1;
  }
  ktxn__writer_array(writer, listed);
  for (size_t i = 0; i < model->node_count; i++) {
    const struct model_node *node = &model->nodes[i];
    if (node->unlisted) {
      continue;
    }
    ktxn__writer_i32(writer, node->id);
    ktxn__writer_string(writer, ktxn__str(node->host));
    ktxn__writer_i32(writer, node->port);
    ktxn__writer_string_nullable(writer, KTXN__STR_NULL);
    ktxn__writer_tags(writer);
  }
  ktxn__writer_string_nullable(writer, ktxn__str(model->cluster_id));
  ktxn__writer_i32(writer, 1);
  for (size_t i = 0; i < model->topic_count; i++) {
    told += model_asked(model, model->topics[i].name) && !model->topics[i].left_out ? 1 : 0;
  }
  ktxn__writer_array(writer, told);
  for (size_t i = 0; i < model->topic_count; i++) {
    if (model_asked(model, model->topics[i].name) && !model->topics[i].left_out) {
      model_write_topic(writer, &model->topics[i]);
    }
  }
  if (request->version >= 13) {
    ktxn__writer_i16(writer, model->error_code);
  }
  ktxn__writer_tags(writer);
  net_answer_end(&answer);
  return answer;
}

static inline struct model_topic *model_topic(struct model *model, const char *name, size_t partition_count) {
  assert_true(model->topic_count < MODEL_TOPICS);
  struct model_topic *topic = &model->topics[model->topic_count++];
  *topic = (struct model_topic){.name = name, .id = (uint8_t)model->topic_count, .partition_count = partition_count};
  for (size_t i = 0; i < partition_count; i++) {
    topic->partitions[i] =
        (struct model_partition){.index = (int32_t)i, .leader = 1 + (int32_t)(i % 3), .epoch = 10};
  }
  return topic;
}

/* ---- the bench --------------------------------------------------------------------------------------------------- */

static inline int setup(void **state) {
  struct bench *bench = calloc(1, sizeof *bench);
  assert_non_null(bench);
  bench->net = net_new();
  bench->now_us = 1000000;
  bench->model.cluster_id = "cluster-one";
  bench->model.versions = net_versions_v2();
  bench->model.versions.versions_max = 5;
  bench->model.node_count = 3;
  bench->model.nodes[0] = (struct model_node){.id = 1, .host = "n1", .port = 9092};
  bench->model.nodes[1] = (struct model_node){.id = 2, .host = "n2", .port = 9092};
  bench->model.nodes[2] = (struct model_node){.id = 3, .host = "n3", .port = 9092};
  bench->seeds[0] = (struct ktxn__cluster_seed){"s1", 9092};
  bench->seeds[1] = (struct ktxn__cluster_seed){"s2", 9092};
  bench->settings = (struct ktxn__cluster_settings){.broker = {.client_id = "tester",
                                                               .software_name = "ktxn",
                                                               .software_version = "1",
                                                               .in_flight_max = 5,
                                                               .request_timeout_ms = 30000,
                                                               .reconnect_backoff_ms = 50,
                                                               .reconnect_backoff_max_ms = 1000,
                                                               .setup_timeout_ms = 10000,
                                                               .setup_timeout_max_ms = 30000,
                                                               .idle_max_ms = 540000},
                                                    .seeds = bench->seeds,
                                                    .seed_count = 2,
                                                    .retry_backoff_ms = 100,
                                                    .retry_backoff_max_ms = 1000,
                                                    .metadata_age_max_ms = 300000,
                                                    .metadata_idle_max_ms = 300000,
                                                    .rebootstrap_trigger_ms = 300000,
                                                    .cluster_check = true};
  bench->cluster = ktxn__cluster_new(&bench->net->ports, &bench->settings);
  assert_non_null(bench->cluster);
  *state = bench;
  return 0;
}

static inline int teardown(void **state) {
  struct bench *bench = *state;
  ktxn__cluster_free(bench->cluster, bench->now_us);
  net_free(bench->net);
  free(bench);
  return 0;
}

static inline void feed_answer(struct bench *bench, struct net_conn *conn, struct net_answer *answer) {
  ktxn__cluster_on_received(bench->cluster, conn->id, answer->buffer.data, answer->buffer.size, bench->now_us);
  ktxn__buffer_free(&answer->buffer);
}

static inline void answer_metadata(struct bench *bench, struct net_conn *conn, const struct net_request *request) {
  struct net_answer answer = model_metadata(&bench->model, request);
  if (bench->model.malformed) {
    answer.buffer.size -= 9;
    uint32_t length = (uint32_t)answer.buffer.size - 4;
    for (int i = 0; i < 4; i++) answer.buffer.data[i] = (uint8_t)(length >> (24 - 8 * i));
  }
  feed_answer(bench, conn, &answer);
}

static inline void serve(struct bench *bench, struct net_conn *conn, const struct net_request *request) {
  if (request->api == KTXN__API_API_VERSIONS) {
    struct net_answer answer = net_answer_versions(request, &bench->model.versions, request->version);
    feed_answer(bench, conn, &answer);
  } else if (request->api == KTXN__API_METADATA) {
    bench->model.metadata_requests++;
    (void)snprintf(bench->model.asked_host, sizeof bench->model.asked_host, "%.60s", conn->host);
    model_read_request(&bench->model, request);
    if (bench->model.silent) {
      bench->held = *request;
      bench->held_conn = conn;
    } else {
      answer_metadata(bench, conn, request);
    }
  } else {
    fail_msg("the model has no answer to api %d", request->api);
  }
}

/* What the network does by itself; true if it did anything. */
static inline bool react(struct bench *bench) {
  struct net *net = bench->net;
  bool any = false;
  for (; bench->lookups_done < net->lookup_count; bench->lookups_done++, any = true) {
    struct net_lookup *lookup = &net->lookups[bench->lookups_done];
    struct ktxn__address address = net_address(1, lookup->port);
    ktxn__cluster_on_resolved(bench->cluster, lookup->token, &address, 1, NULL, bench->now_us);
  }
  for (; bench->conns_done < net->conn_count; bench->conns_done++, any = true) {
    struct net_conn *conn = &net->conns[bench->conns_done];
    if (model_down(&bench->model, conn->host)) {
      conn->open = false;
      ktxn__cluster_on_closed(bench->cluster, conn->id, "Connection refused", bench->now_us);
    } else {
      ktxn__cluster_on_connected(bench->cluster, conn->id, bench->now_us);
    }
  }
  for (size_t i = 0; i < net->conn_count; i++) {
    struct net_request request;
    for (; net->conns[i].open && net_take(&net->conns[i], &request); any = true) {
      serve(bench, &net->conns[i], &request);
    }
  }
  return any;
}

/* Runs until nothing happens at this time any more; returns when the cluster wants to run again. */
static inline int64_t settle(struct bench *bench) {
  int64_t due_us = 0;
  for (int i = 0; i < 100; i++) {
    due_us = ktxn__cluster_run(bench->cluster, bench->now_us);
    assert_true(due_us > bench->now_us);
    if (!react(bench) && due_us > bench->now_us + 1) {
      return due_us;
    }
    bench->now_us++;
  }
  fail_msg("it never comes to rest");
  return due_us;
}

/* Lets time pass, waking up whenever the cluster wants to. */
static inline void later(struct bench *bench, int64_t ms) {
  int64_t end_us = bench->now_us + ms * MS;
  for (int i = 0; bench->now_us < end_us; i++) {
    int64_t due_us = settle(bench);
    assert_true(i < 100000);
    bench->now_us = due_us < end_us ? due_us : end_us;
  }
  (void)settle(bench);
}

static inline void break_connections(struct bench *bench, const char *host) {
  for (size_t i = 0; i < bench->net->conn_count; i++) {
    struct net_conn *conn = &bench->net->conns[i];
    if (conn->open && strcmp(conn->host, host) == 0) {
      conn->open = false;
      ktxn__cluster_on_closed(bench->cluster, conn->id, "reset", bench->now_us);
    }
  }
}

static inline bool looked_up_since(const struct bench *bench, size_t since, const char *host) {
  for (size_t i = since; i < bench->net->lookup_count; i++) {
    if (strcmp(bench->net->lookups[i].host, host) == 0) {
      return true;
    }
  }
  return false;
}

static inline void expect_trouble(struct bench *bench, const char *words) {
  char text[512];
  ktxn__cluster_trouble(bench->cluster, text, sizeof text);
  if (words[0] == '\0' ? text[0] != '\0' : strstr(text, words) == NULL) {
    fail_msg("\"%s\" lacks \"%s\"", text, words);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
