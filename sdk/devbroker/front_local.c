#include <strings.h>

#include "sdk/devbroker/front_parts.h"
#include "sdk/devbroker/model_look.h"
#include "sdk/devbroker/offer.h"

/* Requests of tools that need nothing of the model but its control: answered here, at once. */

enum {
  OFFSET_OUT_OF_RANGE = 1,
  UNKNOWN_TOPIC_OR_PARTITION = 3,
  INVALID_UPDATE_VERSION = 95,
  HIGH_WATERMARK = -1,
  SINGLE_CODE_SINCE = 2 /* UpdateFeatures: no results, one code for all */
};

static void *make(struct ktxn__front_link *link, int32_t count, size_t size) {
  return ktxn__arena_array(&link->arena, count > 0 ? (size_t)count : 0, size);
}

/* No setting can be read here, and none is needed to describe a topic: every resource exists and has none. */
static bool describe_configs(struct ktxn__front_link *link, void *message) {
  const struct ktxn__msg_describe_configs_request *request = link->request.message;
  struct ktxn__msg_describe_configs_response *response = message;
  response->results = make(link, request->resources_count, sizeof *response->results);
  if (response->results == NULL) {
    return false;
  }
  response->results_count = request->resources_count < 0 ? 0 : request->resources_count;
  for (int32_t i = 0; i < response->results_count; i++) {
    response->results[i] =
        (struct ktxn__msg_describe_configs_response_result){.error_message = KTXN__STR_NULL,
                                                            .resource_type = request->resources[i].resource_type,
                                                            .resource_name = request->resources[i].resource_name};
  }
  return true;
}

static void delete_records_of(struct ktxn__model *model, struct ktxn__str topic, int64_t offset,
                              struct ktxn__msg_delete_records_response_partition *out) {
  struct ktxn__model_log_ends ends;
  out->low_watermark = -1;
  if (!ktxn__model_log_ends(model, topic, out->partition_index, &ends)) {
    out->error_code = UNKNOWN_TOPIC_OR_PARTITION;
    return;
  }
  const int64_t until = offset == HIGH_WATERMARK ? ends.high_watermark : offset;
  if (until < 0 || until > ends.high_watermark || !ktxn__model_trim(model, topic, out->partition_index, until)) {
    out->error_code = OFFSET_OUT_OF_RANGE;
    return;
  }
  out->low_watermark = until;
}

static bool delete_records(struct ktxn__front_link *link, void *message) {
  const struct ktxn__msg_delete_records_request *request = link->request.message;
  struct ktxn__msg_delete_records_response *response = message;
  response->topics = make(link, request->topics_count, sizeof *response->topics);
  for (int32_t i = 0; response->topics != NULL && i < request->topics_count; i++) {
    const struct ktxn__msg_delete_records_request_topic *from = &request->topics[i];
    struct ktxn__msg_delete_records_response_topic *to = &response->topics[response->topics_count++];
    to->name = from->name;
    to->partitions = make(link, from->partitions_count, sizeof *to->partitions);
    for (int32_t j = 0; to->partitions != NULL && j < from->partitions_count; j++) {
      to->partitions_count++;
      to->partitions[j].partition_index = from->partitions[j].partition_index;
      delete_records_of(link->front->config.model, from->name, from->partitions[j].offset, &to->partitions[j]);
    }
  }
  return response->topics != NULL;
}

/* The only feature that can be changed is transaction.version. */
static int16_t update_feature(struct ktxn__front_link *link,
                              const struct ktxn__msg_update_features_request_feature_update *update,
                              bool validate_only) {
  struct ktxn__model *model = link->front->config.model;
  const enum ktxn__model_release release = ktxn__model_node_release_of(model, link->node);
  if (!ktxn__str_equal(update->feature, KTXN__STR("transaction.version")) || update->max_version_level < 0 ||
      update->max_version_level > ktxn__offer_transaction_version(release)) {
    return INVALID_UPDATE_VERSION;
  }
  return validate_only || ktxn__model_set_transaction_version(model, update->max_version_level)
             ? 0
             : INVALID_UPDATE_VERSION;
}

static bool update_features(struct ktxn__front_link *link, void *message) {
  const struct ktxn__msg_update_features_request *request = link->request.message;
  struct ktxn__msg_update_features_response *response = message;
  response->results = make(link, request->feature_updates_count, sizeof *response->results);
  for (int32_t i = 0; response->results != NULL && i < request->feature_updates_count; i++) {
    const int16_t code = update_feature(link, &request->feature_updates[i], request->validate_only);
    response->results[response->results_count++] = (struct ktxn__msg_update_features_response_result){
        .feature = request->feature_updates[i].feature, .error_code = code, .error_message = KTXN__STR_NULL};
    if (code != 0 && link->request.header.version >= SINGLE_CODE_SINCE) {
      response->error_code = code;
    }
  }
  return response->results != NULL;
}

static const struct row {
  int16_t key;
  bool (*answer)(struct ktxn__front_link *link, void *response);
} rows[] = {
    {KTXN__MSG_DESCRIBE_CONFIGS, describe_configs},
    {KTXN__MSG_DELETE_RECORDS, delete_records},
    {KTXN__MSG_UPDATE_FEATURES, update_features},
};

bool ktxn__front_local(struct ktxn__front_link *link) {
  void *response = ktxn__schema_array(link->request.api->response, &link->arena, 1);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0] && response != NULL; i++) {
    if (rows[i].key == link->request.header.key) {
      return rows[i].answer(link, response) && ktxn__front_write(link, link->request.header.version, response);
    }
  }
  return false;
}
