#include <string.h>

#include "sdk/base/backoff.h"
#include "sdk/base/log.h"
#include "sdk/base/mem.h"
#include "sdk/engine/cluster_state.h"
#include "sdk/wire/api.h"

/* Metadata requests: when, for what, and what their answers change. */

static struct ktxn__cluster *cluster_of(struct ktxn__call *call) {
  return (struct ktxn__cluster *)(void *)((char *)call - offsetof(struct ktxn__cluster, call));
}

void ktxn__cluster_metadata_soon(struct ktxn__cluster *cluster, int64_t now_us) {
  /* After a failure, or an answer that left something open, the backoff stands. */
  if (cluster->attempts == 0) cluster->next_us = now_us;
}

void ktxn__cluster_refresh(struct ktxn__cluster *cluster, int64_t now_us) {
  cluster->all = true;
  ktxn__cluster_metadata_soon(cluster, now_us);
}

static void back_off(struct ktxn__cluster *cluster, int64_t now_us) {
  const struct ktxn__cluster_settings *settings = cluster->settings;
  int64_t wait_ms = ktxn__backoff(settings->retry_backoff_ms, settings->retry_backoff_max_ms, cluster->attempts,
                                  cluster->ports->random(cluster->ports->ctx));
  if (cluster->attempts < UINT32_MAX) cluster->attempts++;
  cluster->next_us = now_us + wait_ms * 1000;
}

/* ---- the request --------------------------------------------------------------------------------------------------- */

static bool pick_topics(struct ktxn__cluster *cluster, struct ktxn__metadata_request *request) {
  while (cluster->names_room < cluster->topic_count)
    if (!ktxn__cluster_grow(cluster, (void **)&cluster->names, &cluster->names_room, cluster->names_room,
                            sizeof *cluster->names))
      return false;
  int32_t count = 0;
  for (size_t i = 0; i < cluster->topic_count; i++) {
    struct ktxn__entry *entry = cluster->topics[i];
    if (!entry->asked) continue;
    cluster->names[count] = (struct ktxn__metadata_request_topic){.name = ktxn__str(entry->name)};
    count++;
  }
  request->topics = cluster->names;
  request->topic_count = count;
  request->allow_auto_topic_creation = true;
  return true;
}

static bool encode(struct ktxn__call *call, int16_t version, struct ktxn__call_body *body) {
  struct ktxn__metadata_request request;
  if (!pick_topics(cluster_of(call), &request)) return false;
  ktxn__metadata_request_encode(ktxn__call_body_writer(body), version, &request);
  return true;
}

/* ---- the answer ------------------------------------------------------------------------------------------------------ */

static void take_nodes(struct ktxn__cluster *cluster, const struct ktxn__metadata_response *response, int64_t now_us) {
  if (response->broker_count <= 0) return; /* a broker that has just started knows nobody */
  for (size_t i = 0; i < cluster->node_count; i++)
    if (cluster->nodes[i]->id >= 0) cluster->nodes[i]->listed = false;
  for (int32_t i = 0; i < response->broker_count; i++) {
    const struct ktxn__metadata_broker *broker = &response->brokers[i];
    if (broker->node_id < 0 || broker->host.len <= 0) continue;
    ktxn__cluster_set_node(cluster, broker->node_id, broker->host.data, (size_t)broker->host.len, broker->port, now_us);
  }
}

static void take_id(struct ktxn__cluster *cluster, struct ktxn__str id) {
  if (id.len <= 0) return;
  if (cluster->id != NULL) {
    bool same = strlen(cluster->id) == (size_t)id.len && memcmp(cluster->id, id.data, (size_t)id.len) == 0;
    cluster->replaced = cluster->replaced || !same;
    return;
  }
  cluster->id = ktxn__alloc(cluster->ports->mem, (size_t)id.len + 1);
  if (cluster->id == NULL) return;
  memcpy(cluster->id, id.data, (size_t)id.len);
  cluster->id[id.len] = '\0';
}

static struct ktxn__entry *asked(const struct ktxn__cluster *cluster, struct ktxn__str name) {
  for (size_t i = 0; name.len > 0 && i < cluster->topic_count; i++) {
    struct ktxn__entry *entry = cluster->topics[i];
    if (strlen(entry->name) == (size_t)name.len && memcmp(entry->name, name.data, (size_t)name.len) == 0) return entry;
  }
  return NULL;
}

static void take_topics(struct ktxn__cluster *cluster, const struct ktxn__metadata_response *response, int64_t now_us) {
  for (int32_t i = 0; i < response->topic_count; i++) {
    struct ktxn__entry *entry = asked(cluster, response->topics[i].name);
    if (entry == NULL) continue;
    entry->asked = false;
    ktxn__cluster_take_topic(cluster, entry, &response->topics[i], now_us);
  }
}

static void settle(struct ktxn__cluster *cluster, bool answered, int64_t now_us) {
  bool open = !answered;
  for (size_t i = 0; i < cluster->topic_count; i++) {
    struct ktxn__entry *entry = cluster->topics[i];
    entry->ask = entry->ask || entry->asked; /* the answer has left it out */
    entry->asked = false;
    open = open || entry->ask;
  }
  if (!answered && cluster->asked_all) cluster->all = true;
  if (open) {
    back_off(cluster, now_us);
  } else {
    cluster->attempts = 0;
    cluster->next_us = now_us;
  }
}

static bool take(struct ktxn__cluster *cluster, struct ktxn__call *call, struct ktxn__reader *body, int64_t now_us) {
  struct ktxn__metadata_response response;
  ktxn__arena_reset(&cluster->arena);
  if (!ktxn__metadata_response_decode(body, &cluster->arena, call->version, &response)) {
    ktxn__broker_drop(call->broker, "its Metadata answer is malformed", now_us);
    return false;
  }
  if (response.error_code != 0) return false;
  take_nodes(cluster, &response, now_us);
  take_id(cluster, response.cluster_id);
  take_topics(cluster, &response, now_us);
  cluster->success_us = now_us;
  cluster->version++;
  return true;
}

static void done(struct ktxn__call *call, enum ktxn__call_fate fate, struct ktxn__reader *body, int64_t now_us) {
  struct ktxn__cluster *cluster = cluster_of(call);
  cluster->calling = false;
  bool answered = fate == KTXN__CALL_ANSWERED && take(cluster, call, body, now_us);
  settle(cluster, answered, now_us);
}

/* ---- when ------------------------------------------------------------------------------------------------------------ */

static bool due(struct ktxn__cluster *cluster, int64_t now_us) {
  if (cluster->all) return true;
  for (size_t i = 0; i < cluster->topic_count; i++)
    if (cluster->topics[i]->ask) return true;
  int64_t age_us = cluster->settings->metadata_age_max_ms * 1000;
  if (cluster->topic_count == 0 || cluster->success_us < 0 || now_us - cluster->success_us < age_us) return false;
  cluster->all = true;
  return true;
}

static void choose_topics(struct ktxn__cluster *cluster, int64_t now_us) {
  for (size_t i = 0; i < cluster->topic_count; i++) {
    struct ktxn__entry *entry = cluster->topics[i];
    entry->asked = entry->ask || (cluster->all && ktxn__cluster_topic_in_use(cluster, entry, now_us));
    entry->ask = false;
  }
  cluster->asked_all = cluster->all;
  cluster->all = false;
}

static void send(struct ktxn__cluster *cluster, struct ktxn__broker *broker, int64_t now_us) {
  choose_topics(cluster, now_us);
  cluster->calling = true;
  cluster->call = (struct ktxn__call){.api = KTXN__API_METADATA,
                                      .version_min = 1, /* below it an empty list means every topic */
                                      .version_max = INT16_MAX,
                                      .deadline_us = now_us + cluster->settings->broker.request_timeout_ms * 1000,
                                      .encode = encode,
                                      .done = done};
  ktxn__broker_send(broker, &cluster->call, now_us);
}

int64_t ktxn__cluster_metadata_run(struct ktxn__cluster *cluster, int64_t now_us) {
  if (cluster->calling) return INT64_MAX;
  if (!due(cluster, now_us)) {
    bool idle = cluster->topic_count == 0 || cluster->success_us < 0;
    return idle ? INT64_MAX : cluster->success_us + cluster->settings->metadata_age_max_ms * 1000;
  }
  if (now_us < cluster->next_us) return cluster->next_us;
  struct ktxn__broker *broker = ktxn__cluster_least_loaded(cluster, KTXN__CLUSTER_NO_NODE, now_us);
  if (broker != NULL) {
    send(cluster, broker, now_us);
    return INT64_MAX;
  }
  /* Every broker is backing off: the first of them that may be tried again is soon enough. */
  return now_us + cluster->settings->broker.reconnect_backoff_ms * 1000;
}
