#include <string.h>

#include "sdk/devbroker/front_parts.h"
#include "sdk/devbroker/offer.h"

enum {
  UNSUPPORTED_VERSION = 35,
  INVALID_REQUEST = 42,
  REBOOTSTRAP_REQUIRED = 129,
  NAMES_SINCE = 3, /* KIP-511 */
  ZERO_LEVELS_SINCE = 4, /* KAFKA-17011: a feature that supports level 0 would confuse older clients */
  IDENTITY_SINCE = 5 /* KIP-1242 */
};

static bool letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* [a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])? */
static bool is_name(struct ktxn__str str) {
  for (int32_t i = 0; i < str.len; i++) {
    const char c = str.data[i];
    const bool inside = i > 0 && i < str.len - 1;
    if (!letter_or_digit(c) && !(inside && (c == '-' || c == '.'))) {
      return false;
    }
  }
  return str.len > 0;
}

/* Cluster and node: both or neither; and when they are given, ours. */
static int16_t identity_code(const struct ktxn__front_link *link,
                             const struct ktxn__msg_api_versions_request *request) {
  const bool cluster = !ktxn__str_null(request->cluster_id);
  if (cluster != (request->node_id >= 0)) {
    return INVALID_REQUEST;
  }
  const bool ours =
      ktxn__str_equal(request->cluster_id, link->front->config.cluster_id) && request->node_id == link->node;
  return !cluster || ours ? 0 : REBOOTSTRAP_REQUIRED;
}

int16_t ktxn__front_versions_code(const struct ktxn__front_link *link) {
  const struct ktxn__msg_api_versions_request *request = link->request.message;
  const int16_t version = link->request.header.version;
  if (request == NULL) {
    return UNSUPPORTED_VERSION;
  }
  if (version >= NAMES_SINCE &&
      (!is_name(request->client_software_name) || !is_name(request->client_software_version))) {
    return INVALID_REQUEST;
  }
  return version >= IDENTITY_SINCE ? identity_code(link, request) : 0;
}

struct offers {
  struct ktxn__offer list[KTXN__OFFER_MAX];
  struct ktxn__msg_api_versions_response_api_key keys[KTXN__OFFER_MAX];
};

/* All of them, or ApiVersions alone. */
static void set_keys(struct offers *offers, enum ktxn__model_release release, bool one,
                     struct ktxn__msg_api_versions_response *response) {
  const int32_t count = ktxn__offer_list(release, offers->list);
  response->api_keys = offers->keys;
  response->api_keys_count = 0;
  for (int32_t i = 0; i < count; i++) {
    const struct ktxn__offer *offer = &offers->list[i];
    if (!one || offer->key == KTXN__MSG_API_VERSIONS) {
      offers->keys[response->api_keys_count++] = (struct ktxn__msg_api_versions_response_api_key){
          .api_key = offer->key, .min_version = offer->first, .max_version = offer->last};
    }
  }
}

struct features {
  struct ktxn__msg_api_versions_response_supported_feature supported[2];
  struct ktxn__msg_api_versions_response_finalized_feature finalized[2];
};

static void finalize(struct features *features, struct ktxn__msg_api_versions_response *response, struct ktxn__str name,
                     int16_t level) {
  features->finalized[response->finalized_features_count++] =
      (struct ktxn__msg_api_versions_response_finalized_feature){
          .name = name, .max_version_level = level, .min_version_level = level};
}

/* A level of 0 is told by absence. */
static void set_features(const struct ktxn__front_link *link, enum ktxn__model_release release,
                         struct features *features, const struct ktxn__model_features *known,
                         struct ktxn__msg_api_versions_response *response) {
  const int16_t metadata = ktxn__offer_metadata_version(release);
  const int16_t transaction = ktxn__offer_transaction_version(release);
  response->supported_features = features->supported;
  response->finalized_features = features->finalized;
  response->finalized_features_epoch = known->epoch;
  if (metadata > 0) {
    features->supported[response->supported_features_count++] =
        (struct ktxn__msg_api_versions_response_supported_feature){
            .name = KTXN__STR("metadata.version"), .min_version = 1, .max_version = metadata};
  }
  if (transaction > 0 && link->request.header.version >= ZERO_LEVELS_SINCE) {
    features->supported[response->supported_features_count++] =
        (struct ktxn__msg_api_versions_response_supported_feature){
            .name = KTXN__STR("transaction.version"), .min_version = 0, .max_version = transaction};
  }
  if (known->epoch >= 0 && metadata > 0) {
    finalize(features, response, KTXN__STR("metadata.version"), metadata);
  }
  if (known->epoch >= 0 && transaction > 0 && known->transaction_version > 0) {
    finalize(features, response, KTXN__STR("transaction.version"), known->transaction_version);
  }
}

bool ktxn__front_versions_write(struct ktxn__front_link *link, int16_t code, const struct ktxn__model_answer *answer) {
  const enum ktxn__model_release release = ktxn__model_node_release_of(link->front->config.model, link->node);
  struct ktxn__msg_api_versions_response response;
  struct offers offers;
  struct features features;
  ktxn__schema_init(&ktxn__msg_api_versions_response, &response);
  response.error_code = code;
  if (code == 0 || code == UNSUPPORTED_VERSION) {
    set_keys(&offers, release, code != 0, &response);
  }
  if (answer != NULL && code == 0) {
    response.throttle_time_ms = answer->throttle_ms;
    set_features(link, release, &features, &answer->features, &response);
  }
  return ktxn__front_write(link, code == UNSUPPORTED_VERSION ? 0 : link->request.header.version, &response);
}
