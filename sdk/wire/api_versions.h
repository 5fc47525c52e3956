#ifndef KTXN_WIRE_API_VERSIONS_H
#define KTXN_WIRE_API_VERSIONS_H

#include "sdk/base/arena.h"
#include "sdk/wire/cursor.h"

struct ktxn__api_versions_request {
  /* v3+. Letters, digits, '-' and '.', no such sign at either end, not empty; else the broker answers 42 (KIP-511). */
  struct ktxn__str software_name;
  struct ktxn__str software_version;
  /* v5+, KIP-1242. Both or neither: null and -1 = neither. */
  struct ktxn__str cluster_id;
  int32_t node_id;
};

struct ktxn__api_versions_key {
  int16_t key;
  int16_t version_min;
  int16_t version_max;
};

struct ktxn__api_versions_feature {
  struct ktxn__str name;
  int16_t version_min;
  int16_t version_max;
};

struct ktxn__api_versions_response {
  int16_t error_code;
  int32_t throttle_time_ms; /* v1+ */
  struct ktxn__api_versions_key *keys;
  int32_t key_count;
  struct ktxn__api_versions_feature *supported; /* v3+ */
  int32_t supported_count;
  struct ktxn__api_versions_feature *finalized; /* v3+; version_max is the level in force (KIP-584) */
  int32_t finalized_count;
  int64_t finalized_epoch; /* -1 = the broker doesn't know: `finalized` then says nothing, not "level 0" */
  bool zk_migration_ready; /* v3+ */
};

void ktxn__api_versions_request_encode(struct ktxn__writer *writer, int16_t version,
                                       const struct ktxn__api_versions_request *request);

/**
 * False: malformed. A broker that doesn't know the version answers error 35 in the form of v0, and lists the versions of
 * ApiVersions alone (KIP-511); that is decoded here, too.
 */
bool ktxn__api_versions_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                        struct ktxn__api_versions_response *response);

/** The entry for a key; NULL = the broker doesn't have it. */
const struct ktxn__api_versions_key *ktxn__api_versions_find(const struct ktxn__api_versions_response *response,
                                                             int16_t key);

/** The level of a finalized feature; 0 = the broker knows and it isn't finalized; -1 = the broker doesn't know. */
int16_t ktxn__api_versions_level(const struct ktxn__api_versions_response *response, const char *feature);

#endif
