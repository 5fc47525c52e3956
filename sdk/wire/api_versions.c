#include "sdk/wire/api_versions.h"

#include "sdk/wire/api.h"

#define KEY_MIN 6     /* three numbers of 2 */
#define FEATURE_MIN 6 /* name 1, levels 2 and 2, tags 1 */

#define UNSUPPORTED_VERSION 35

enum { TAG_SUPPORTED = 0, TAG_FINALIZED_EPOCH = 1, TAG_FINALIZED = 2, TAG_ZK_MIGRATION_READY = 3 };

void ktxn__api_versions_request_encode(struct ktxn__writer *writer, int16_t version,
                                       const struct ktxn__api_versions_request *request) {
  writer->flexible = ktxn__api_flexible(KTXN__API_API_VERSIONS, version);
  if (version >= 3) {
    ktxn__writer_string(writer, request->software_name);
    ktxn__writer_string(writer, request->software_version);
  }
  if (version >= 5) {
    ktxn__writer_string_nullable(writer, request->cluster_id);
    ktxn__writer_i32(writer, request->node_id);
  }
  ktxn__writer_tags(writer);
}

static void decode_keys(struct ktxn__reader *reader, struct ktxn__arena *arena,
                        struct ktxn__api_versions_response *response) {
  response->keys = ktxn__reader_array_of(reader, arena, KEY_MIN, sizeof *response->keys, &response->key_count);
  for (int32_t i = 0; i < response->key_count && !reader->failed; i++) {
    response->keys[i].key = ktxn__reader_i16(reader);
    response->keys[i].version_min = ktxn__reader_i16(reader);
    response->keys[i].version_max = ktxn__reader_i16(reader);
    ktxn__reader_tags(reader);
  }
}

/* The two lists differ in the order of their numbers: supported features name the lower version first. */
static struct ktxn__api_versions_feature *decode_features(struct ktxn__reader *reader, struct ktxn__arena *arena,
                                                          bool finalized, int32_t *count) {
  struct ktxn__api_versions_feature *features =
      ktxn__reader_array_of(reader, arena, FEATURE_MIN, sizeof *features, count);
  for (int32_t i = 0; i < *count && !reader->failed; i++) {
    features[i].name = ktxn__reader_string(reader);
    int16_t first = ktxn__reader_i16(reader);
    int16_t second = ktxn__reader_i16(reader);
    features[i].version_min = finalized ? second : first;
    features[i].version_max = finalized ? first : second;
    ktxn__reader_tags(reader);
  }
  return features;
}

static void decode_tags(struct ktxn__reader *reader, struct ktxn__arena *arena,
                        struct ktxn__api_versions_response *response) {
  struct ktxn__reader_tags tags;
  ktxn__reader_tags_begin(reader, &tags);
  while (ktxn__reader_tags_next(reader, &tags)) {
    if (tags.tag == TAG_SUPPORTED) {
      response->supported = decode_features(&tags.field, arena, false, &response->supported_count);
    } else if (tags.tag == TAG_FINALIZED_EPOCH) {
      response->finalized_epoch = ktxn__reader_i64(&tags.field);
    } else if (tags.tag == TAG_FINALIZED) {
      response->finalized = decode_features(&tags.field, arena, true, &response->finalized_count);
    } else if (tags.tag == TAG_ZK_MIGRATION_READY) {
      response->zk_migration_ready = ktxn__reader_bool(&tags.field);
    }
  }
}

static bool decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                   struct ktxn__api_versions_response *response) {
  *response = (struct ktxn__api_versions_response){.finalized_epoch = -1};
  reader->flexible = ktxn__api_flexible(KTXN__API_API_VERSIONS, version);
  response->error_code = ktxn__reader_i16(reader);
  decode_keys(reader, arena, response);
  response->throttle_time_ms = version >= 1 ? ktxn__reader_i32(reader) : 0;
  decode_tags(reader, arena, response);
  return !reader->failed;
}

bool ktxn__api_versions_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                        struct ktxn__api_versions_response *response) {
  struct ktxn__reader start = *reader;
  if (decode(reader, arena, version, response)) {
    return true;
  }
  /* KIP-511: a broker that doesn't know the version says so in the form of v0. */
  struct ktxn__reader again = start;
  if (version > 0 && decode(&again, arena, 0, response) && response->error_code == UNSUPPORTED_VERSION) {
    *reader = again;
    return true;
  }
  return false;
}

const struct ktxn__api_versions_key *ktxn__api_versions_find(const struct ktxn__api_versions_response *response,
                                                             int16_t key) {
  for (int32_t i = 0; i < response->key_count; i++) {
    if (response->keys[i].key == key) {
      return &response->keys[i];
    }
  }
  return NULL;
}

int16_t ktxn__api_versions_level(const struct ktxn__api_versions_response *response, const char *feature) {
  struct ktxn__str name = ktxn__str(feature);
  for (int32_t i = 0; i < response->finalized_count; i++) {
    if (ktxn__str_equal(response->finalized[i].name, name)) {
      return response->finalized[i].version_max;
    }
  }
  /* KIP-584: epoch -1 is "not known here yet". With an epoch, a feature that isn't listed is at level 0. */
  return response->finalized_epoch < 0 ? -1 : 0;
}
