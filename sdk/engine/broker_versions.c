/* ApiVersions: the first request of every connection (KIP-511), and again when somebody wants to know. */

#include <stdio.h>

#include "sdk/base/list.h"
#include "sdk/base/log.h"
#include "sdk/engine/broker_parts.h"
#include "sdk/engine/ports.h"
#include "sdk/wire/api.h"
#include "sdk/wire/api_versions.h"

#define UNSUPPORTED_VERSION 35
#define REBOOTSTRAP_REQUIRED 129
/* An answer that names a better version is followed that often per connection; a sane broker needs one. */
#define ROUNDS_MAX 3
#define ARENA_BYTES_MAX (4U << 20)
/* KIP-890: a broker of Transactions V2 has EndTxn 5. */
#define END_TXN_V2 5

static struct ktxn__broker *broker_of(struct ktxn__call *call) {
  return KTXN__LIST_OF(call, struct ktxn__broker, versions);
}

static int16_t ours(void) {
  return ktxn__api_find(KTXN__API_API_VERSIONS)->version_max;
}

/*
 * KIP-511 says that a broker answers a version it doesn't know, but some only close the connection. So after a few such
 * closes lower versions have a turn now and then; what the answer offers is asked for afterwards.
 */
static int16_t first_version(const struct ktxn__broker *broker) {
  static const int16_t turns[] = {3, 0, INT16_MAX};
  int16_t cap = broker->silences < 3 ? INT16_MAX : turns[broker->silences % 3];
  return cap < ours() ? cap : ours();
}

static bool encode(struct ktxn__call *call, int16_t version, struct ktxn__call_body *body) {
  const struct ktxn__broker *broker = broker_of(call);
  /* KIP-1242: both or neither; a bootstrap entry has no id yet. */
  bool check = broker->cluster_id != NULL && broker->node >= 0;
  const struct ktxn__api_versions_request request = {
      .software_name = ktxn__str(broker->settings->software_name),
      .software_version = ktxn__str(broker->settings->software_version),
      .cluster_id = check ? ktxn__str(broker->cluster_id) : KTXN__STR_NULL,
      .node_id = check ? broker->node : -1,
  };
  ktxn__api_versions_request_encode(ktxn__call_body_writer(body), version, &request);
  return true;
}

/* What the last answer offered. */
static int16_t common_of_ranges(const struct ktxn__broker *broker) {
  int16_t max = broker->ranges[KTXN__API_API_VERSIONS].max;
  return max < 0 ? 0 : max < ours() ? max : ours();
}

/* Straight into flight, past the queue: before READY nothing else may be asked. */
static void ask(struct ktxn__broker *broker, int16_t version, int64_t now_us) {
  broker->versions_busy = true;
  broker->versions.broker = broker;
  if (!ktxn__broker_begin(broker, &broker->versions, version, now_us)) {
    broker->versions_busy = false;
    ktxn__broker_drop(broker, "out of memory");
  }
}

void ktxn__broker_versions_begin(struct ktxn__broker *broker, int64_t now_us) {
  broker->state = KTXN__BROKER_VERSIONS;
  broker->versions_rounds = 0;
  ask(broker, first_version(broker), now_us);
}

void ktxn__broker_ask_versions(struct ktxn__broker *broker, int64_t now_us) {
  (void)now_us;
  if (broker->state == KTXN__BROKER_READY && !broker->versions_busy) {
    broker->versions_wanted = true;
    broker->due_us = 0;
  }
}

void ktxn__broker_versions_again(struct ktxn__broker *broker, int64_t now_us) {
  broker->versions_wanted = false;
  broker->versions_rounds = 0;
  ask(broker, common_of_ranges(broker), now_us);
}

static void store_ranges(struct ktxn__broker *broker, const struct ktxn__api_versions_response *response) {
  for (size_t i = 0; i < KTXN__BROKER_API_COUNT; i++) {
    broker->ranges[i] = (struct ktxn__broker_range){.min = 0, .max = -1};
  }
  for (int32_t i = 0; i < response->key_count; i++) {
    const struct ktxn__api_versions_key *key = &response->keys[i];
    bool sane = key->key >= 0 && key->key < KTXN__BROKER_API_COUNT && key->version_min >= 0 &&
                key->version_min <= key->version_max;
    if (sane && broker->ranges[key->key].max < 0) {
      broker->ranges[key->key] = (struct ktxn__broker_range){.min = key->version_min, .max = key->version_max};
    }
  }
}

static void store_features(struct ktxn__broker *broker, const struct ktxn__api_versions_response *response) {
  broker->features.epoch = response->finalized_epoch;
  broker->features.transaction_version = ktxn__api_versions_level(response, "transaction.version");
  if (response->finalized_epoch < 0) {
    /* KIP-584: an epoch of -1 is no information, unless the broker is too old for anything but level 0. */
    bool old = broker->ranges[KTXN__API_END_TXN].max < END_TXN_V2;
    broker->features.transaction_version = old ? 0 : -1;
  }
}

static void accept(struct ktxn__broker *broker, const struct ktxn__api_versions_response *response, int64_t now_us) {
  store_ranges(broker, response);
  store_features(broker, response);
  if (broker->state == KTXN__BROKER_VERSIONS) {
    ktxn__log(broker->ports->log, KTXN__LOG_DEBUG, "broker %d: %s: connected, ApiVersions v%d", broker->node,
              broker->name, broker->versions.version);
    broker->state = KTXN__BROKER_READY;
    broker->failing = false;
    broker->why[0] = '\0';
    broker->failures = 0;
    broker->silences = 0;
  }
  if (broker->hooks.versions != NULL) {
    broker->hooks.versions(broker->hooks.ctx, broker, now_us);
  }
}

/* The highest version of ApiVersions that both sides have, by this answer; 0 if it doesn't say. */
static int16_t common_version(const struct ktxn__api_versions_response *response) {
  const struct ktxn__api_versions_key *key = ktxn__api_versions_find(response, KTXN__API_API_VERSIONS);
  int16_t max = key == NULL || key->version_max < 0 ? 0 : key->version_max;
  return max < ours() ? max : ours();
}

static void refuse(struct ktxn__broker *broker, const struct ktxn__api_versions_response *response, int64_t now_us) {
  if (response->error_code == REBOOTSTRAP_REQUIRED) {
    if (broker->hooks.rebootstrap != NULL) {
      broker->hooks.rebootstrap(broker->hooks.ctx, broker, now_us);
    }
    ktxn__broker_drop(broker, "it belongs to another cluster or is another node than it was (REBOOTSTRAP_REQUIRED)");
    return;
  }
  char why[64];
  (void)snprintf(why, sizeof why, "it refused ApiVersions v%d with error %d", broker->versions.version,
                 response->error_code);
  ktxn__broker_drop(broker, why);
}

static void judge(struct ktxn__broker *broker, const struct ktxn__api_versions_response *response, int64_t now_us) {
  int16_t sent = broker->versions.version;
  int16_t common = common_version(response);
  bool again = broker->versions_rounds < ROUNDS_MAX;
  broker->versions_rounds++;
  /* An answer with error 35 lists ApiVersions alone; it must not be taken for all that the broker has. */
  if (response->error_code == UNSUPPORTED_VERSION && sent > 0 && again) {
    ask(broker, common < sent ? common : (int16_t)(sent - 1), now_us);
  } else if (response->error_code != 0) {
    refuse(broker, response, now_us);
  } else if (sent < common && again) {
    ask(broker, common, now_us);
  } else {
    accept(broker, response, now_us);
  }
}

/* KIP-511: a refusal has the form of v0, whatever was asked. */
static bool decode(struct ktxn__broker *broker, const struct ktxn__reader *body,
                   struct ktxn__api_versions_response *response) {
  struct ktxn__reader reader = *body;
  ktxn__arena_reset(&broker->arena);
  bool whole = ktxn__api_versions_response_decode(&reader, &broker->arena, broker->versions.version, response);
  if (whole && response->error_code != UNSUPPORTED_VERSION) {
    return true;
  }
  reader = *body;
  ktxn__arena_reset(&broker->arena);
  return ktxn__api_versions_response_decode(&reader, &broker->arena, 0, response);
}

static void done(struct ktxn__call *call, enum ktxn__call_fate fate, struct ktxn__reader *body, int64_t now_us) {
  struct ktxn__broker *broker = broker_of(call);
  broker->versions_busy = false;
  if (fate != KTXN__CALL_ANSWERED) {
    return;
  }
  struct ktxn__api_versions_response response;
  if (!decode(broker, body, &response)) {
    ktxn__call_malformed(call);
  } else {
    ktxn__call_throttle(call, response.throttle_time_ms, now_us);
    judge(broker, &response, now_us);
  }
  ktxn__arena_free(&broker->arena);
}

void ktxn__broker_versions_init(struct ktxn__broker *broker) {
  ktxn__arena_init(&broker->arena, broker->ports->mem, ARENA_BYTES_MAX);
  broker->versions.api = KTXN__API_API_VERSIONS;
  broker->versions.encode = encode;
  broker->versions.done = done;
  broker->features = (struct ktxn__broker_features){.epoch = -1, .transaction_version = -1};
}
