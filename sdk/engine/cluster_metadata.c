/* Asking for metadata: partly for new topics, fully by age and when something is wrong. */

#include "sdk/base/backoff.h"
#include "sdk/base/log.h"
#include "sdk/engine/cluster_parts.h"
#include "sdk/wire/api.h"
#include "sdk/wire/metadata.h"

#define REBOOTSTRAP_REQUIRED 129
#define ARENA_BYTES_MAX ((size_t)256 << 20)
/* How long a request waits for one broker's connection before another broker is asked. */
#define WAIT_US 2000000

static struct ktxn__cluster *cluster_of(struct ktxn__call *call) {
  return KTXN__LIST_OF(call, struct ktxn__cluster, call);
}

static struct ktxn__cluster_topic *first_topic(struct ktxn__cluster *cluster) {
  struct ktxn__list *link = ktxn__list_first(&cluster->topics.all);
  return link == NULL ? NULL : KTXN__LIST_OF(link, struct ktxn__cluster_topic, link);
}

static struct ktxn__cluster_topic *next_topic(struct ktxn__cluster *cluster, struct ktxn__cluster_topic *topic) {
  struct ktxn__list *link = ktxn__list_next(&cluster->topics.all, &topic->link);
  return link == NULL ? NULL : KTXN__LIST_OF(link, struct ktxn__cluster_topic, link);
}

/* ---- the request ------------------------------------------------------------------------------------------------- */

/* New ones may have come up since the call was sent: they go along. */
static bool asked_now(struct ktxn__cluster *cluster, const struct ktxn__cluster_topic *topic) {
  bool due = topic->ask_at_us <= cluster->asked_us || (topic->ask_at_us != INT64_MAX && topic->topic.answers == 0);
  return due || (cluster->asking_full && ktxn__cluster_topics_in_use(cluster, topic, cluster->asked_us));
}

static int32_t mark(struct ktxn__cluster *cluster) {
  int32_t count = 0;
  for (struct ktxn__cluster_topic *topic = first_topic(cluster); topic != NULL; topic = next_topic(cluster, topic)) {
    topic->asked = asked_now(cluster, topic);
    count += topic->asked ? 1 : 0;
  }
  return count;
}

static bool encode(struct ktxn__call *call, int16_t version, struct ktxn__call_body *body) {
  struct ktxn__cluster *cluster = cluster_of(call);
  int32_t count = mark(cluster);
  ktxn__arena_reset(&cluster->arena);
  struct ktxn__metadata_request_topic *topics =
      ktxn__arena_array(&cluster->arena, (size_t)count, sizeof *topics);
  if (topics == NULL) {
    return false;
  }
  int32_t n = 0;
  for (struct ktxn__cluster_topic *topic = first_topic(cluster); topic != NULL; topic = next_topic(cluster, topic)) {
    if (topic->asked) {
      topics[n++].name = ktxn__str(topic->topic.name);
    }
  }
  const struct ktxn__metadata_request request = {
      .topics = topics, .topic_count = count, .allow_auto_topic_creation = true};
  ktxn__metadata_request_encode(ktxn__call_body_writer(body), version, &request);
  ktxn__arena_free(&cluster->arena);
  return true;
}

/* ---- the answer -------------------------------------------------------------------------------------------------- */

static void apply_brokers(struct ktxn__cluster *cluster, const struct ktxn__metadata_response *response,
                          int64_t now_us) {
  ktxn__cluster_nodes_unlist(cluster);
  for (int32_t i = 0; i < response->broker_count; i++) {
    const struct ktxn__metadata_broker *broker = &response->brokers[i];
    struct ktxn__cluster_node *node =
        ktxn__cluster_nodes_learn(cluster, broker->node_id, broker->host, broker->port, now_us);
    if (node == NULL) {
      ktxn__log(cluster->ports->log, KTXN__LOG_WARN, "metadata: node %d at %.*s:%d can't be used", broker->node_id,
                KTXN__STR_ARG(broker->host), broker->port);
      continue;
    }
    node->listed = true;
  }
}

static void apply_topics(struct ktxn__cluster *cluster, const struct ktxn__metadata_response *response,
                         int64_t now_us) {
  cluster->ask_at_us = INT64_MAX;
  for (int32_t i = 0; i < response->topic_count; i++) {
    struct ktxn__cluster_topic *topic = ktxn__cluster_topics_find(cluster, response->topics[i].name);
    if (topic != NULL && !topic->told) {
      topic->told = true;
      ktxn__cluster_topics_apply(cluster, topic, &response->topics[i], now_us);
    }
  }
  for (struct ktxn__cluster_topic *topic = first_topic(cluster); topic != NULL; topic = next_topic(cluster, topic)) {
    if (topic->asked && !topic->told) {
      ktxn__cluster_topics_apply(cluster, topic, NULL, now_us);
    }
    topic->asked = false;
    topic->told = false;
    cluster->ask_at_us = ktxn__cluster_earlier(cluster->ask_at_us, topic->ask_at_us);
  }
}

static void apply(struct ktxn__cluster *cluster, const struct ktxn__metadata_response *response, int64_t now_us) {
  ktxn__cluster_identify(cluster, response->cluster_id);
  apply_brokers(cluster, response, now_us);
  apply_topics(cluster, response, now_us);
  cluster->known = true;
  cluster->attempts = 0;
  cluster->not_before_us = 0;
  cluster->trying_us = INT64_MAX;
  /* a refresh that was asked for meanwhile stays */
  cluster->full_at_us =
      ktxn__cluster_earlier(cluster->full_at_us, now_us + cluster->settings->metadata_age_max_ms * 1000);
}

static void wait(struct ktxn__cluster *cluster, int64_t now_us) {
  const struct ktxn__cluster_settings *settings = cluster->settings;
  int64_t wait_ms = ktxn__backoff(settings->retry_backoff_ms, settings->retry_backoff_max_ms, cluster->attempts,
                                  cluster->ports->random(cluster->ports->ctx));
  cluster->attempts++;
  cluster->not_before_us = now_us + wait_ms * 1000;
}

static void back_off(struct ktxn__cluster *cluster, int64_t now_us) {
  wait(cluster, now_us);
  for (struct ktxn__cluster_topic *topic = first_topic(cluster); topic != NULL; topic = next_topic(cluster, topic)) {
    topic->asked = false;
    cluster->ask_at_us = ktxn__cluster_earlier(cluster->ask_at_us, topic->ask_at_us);
  }
  if (cluster->asking_full) {
    cluster->full_at_us = ktxn__cluster_earlier(cluster->full_at_us, now_us);
  }
}

/* An answer that says nothing about the cluster: a broker that is only just starting, say. */
static bool useless(const struct ktxn__metadata_response *response) {
  return response->error_code != 0 || response->broker_count == 0;
}

static void answered(struct ktxn__cluster *cluster, struct ktxn__reader *body, int64_t now_us) {
  struct ktxn__metadata_response response;
  ktxn__arena_reset(&cluster->arena);
  if (!ktxn__metadata_response_decode(body, &cluster->arena, cluster->call.version, &response)) {
    ktxn__call_malformed(&cluster->call);
    back_off(cluster, now_us);
  } else if (useless(&response)) {
    ktxn__log(cluster->ports->log, KTXN__LOG_WARN, "metadata from %s: error %d, %d brokers",
              ktxn__broker_name(cluster->call.broker), response.error_code, response.broker_count);
    back_off(cluster, now_us);
    cluster->rebootstrap |= response.error_code == REBOOTSTRAP_REQUIRED;
  } else {
    apply(cluster, &response, now_us);
  }
  ktxn__arena_free(&cluster->arena);
}

static void done(struct ktxn__call *call, enum ktxn__call_fate fate, struct ktxn__reader *body, int64_t now_us) {
  struct ktxn__cluster *cluster = cluster_of(call);
  cluster->asking = false;
  if (fate == KTXN__CALL_ANSWERED) {
    answered(cluster, body, now_us);
    return;
  }
  ktxn__log(cluster->ports->log, KTXN__LOG_DEBUG, "metadata from %s: %s", ktxn__broker_name(call->broker),
            ktxn__call_fate_name(fate));
  back_off(cluster, now_us);
}

/* ---- when -------------------------------------------------------------------------------------------------------- */

void ktxn__cluster_metadata_init(struct ktxn__cluster *cluster) {
  const struct ktxn__api *api = ktxn__api_find(KTXN__API_METADATA);
  ktxn__arena_init(&cluster->arena, cluster->ports->mem, ARENA_BYTES_MAX);
  cluster->call.api = KTXN__API_METADATA;
  /* v4 is the first that says whether to create topics, and the first that a 4.x client of Kafka's own would ask. */
  cluster->call.version_min = 4;
  cluster->call.version_max = api->version_max;
  cluster->call.encode = encode;
  cluster->call.done = done;
  cluster->full_at_us = INT64_MAX;
  cluster->full_us = INT64_MIN / 2;
  cluster->ask_at_us = INT64_MAX;
  cluster->trying_us = INT64_MAX;
}

static int64_t wanted_at(const struct ktxn__cluster *cluster) {
  int64_t at_us = ktxn__cluster_earlier(cluster->full_at_us, cluster->ask_at_us);
  return at_us > cluster->not_before_us ? at_us : cluster->not_before_us;
}

int64_t ktxn__cluster_metadata_due(const struct ktxn__cluster *cluster) {
  if (cluster->asking || (cluster->full_at_us == INT64_MAX && cluster->ask_at_us == INT64_MAX)) {
    return INT64_MAX;
  }
  int64_t at_us = wanted_at(cluster);
  int64_t usable_at_us = ktxn__cluster_nodes_usable_at(cluster);
  return at_us > usable_at_us ? at_us : usable_at_us;
}

/* KIP-584: brokers don't tell of changed features. As often as metadata is asked for anyway, however fresh that is. */
static void ask_versions_now_and_then(struct ktxn__cluster *cluster, int64_t now_us) {
  bool old = now_us - cluster->versions_us >= cluster->settings->metadata_age_max_ms * 1000;
  if (cluster->known && old) {
    ktxn__cluster_ask_versions(cluster, now_us);
  }
  if (!cluster->known || old) {
    cluster->versions_us = now_us;
  }
}

static void ask(struct ktxn__cluster *cluster, struct ktxn__broker *broker, int64_t now_us) {
  cluster->asking = true;
  cluster->asked_us = now_us;
  cluster->asking_full = cluster->full_at_us <= now_us;
  if (cluster->asking_full) {
    cluster->full_us = now_us;
    cluster->full_at_us = INT64_MAX;
    ask_versions_now_and_then(cluster, now_us);
  }
  cluster->ask_at_us = INT64_MAX;
  cluster->call.deadline_us = now_us + WAIT_US;
  ktxn__broker_send(broker, &cluster->call, now_us);
}

static void rebootstrap_if_needed(struct ktxn__cluster *cluster, bool wanted, int64_t now_us) {
  bool late = cluster->trying_us != INT64_MAX &&
              now_us - cluster->trying_us >= cluster->settings->rebootstrap_trigger_ms * 1000;
  if (cluster->rebootstrap || (wanted && late)) {
    const char *why = late ? "no metadata for too long (KIP-1102)" : "a broker asked for it";
    ktxn__cluster_rebootstrap(cluster, why, true, now_us);
  } else if (wanted && ktxn__cluster_nodes_gone(cluster)) {
    /* KIP-899. There is nothing to close: a connection that is open leads to a bootstrap server. */
    ktxn__cluster_rebootstrap(cluster, "no known broker can be reached", false, now_us);
  }
}

void ktxn__cluster_metadata_run(struct ktxn__cluster *cluster, int64_t now_us) {
  bool wanted = !cluster->asking && wanted_at(cluster) <= now_us &&
                (cluster->full_at_us != INT64_MAX || cluster->ask_at_us != INT64_MAX);
  if (wanted && cluster->trying_us == INT64_MAX) {
    cluster->trying_us = now_us;
  }
  rebootstrap_if_needed(cluster, wanted, now_us);
  if (!wanted) {
    return;
  }
  struct ktxn__broker *broker = ktxn__cluster_least_loaded(cluster, KTXN__CLUSTER_NO_NODE, now_us);
  if (broker != NULL) {
    ask(cluster, broker, now_us);
  } else if (ktxn__cluster_nodes_usable_at(cluster) <= now_us) {
    wait(cluster, now_us); /* there is a node, and no memory for its connection */
  }
}

void ktxn__cluster_refresh(struct ktxn__cluster *cluster, int64_t now_us) {
  int64_t soonest_us = cluster->full_us + cluster->settings->retry_backoff_ms * 1000;
  int64_t at_us = soonest_us > now_us ? soonest_us : now_us;
  cluster->full_at_us = ktxn__cluster_earlier(cluster->full_at_us, at_us);
}
