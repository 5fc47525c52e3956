#include "sdk/wire/api.h"

#include <stddef.h>

/* Caps: AddPartitionsToTxn 4+ is between brokers (KIP-890); InitProducerId 6 (KIP-939) is unstable in every release. */
static const struct ktxn__api apis[] = {
    /* key, oldest, newest, first flexible, first throttled by the client, name */
    {KTXN__API_PRODUCE, 3, 13, 9, 6, "Produce"},
    {KTXN__API_METADATA, 0, 13, 9, 6, "Metadata"},
    {KTXN__API_FIND_COORDINATOR, 0, 6, 3, 2, "FindCoordinator"},
    {KTXN__API_API_VERSIONS, 0, 5, 3, 2, "ApiVersions"},
    {KTXN__API_INIT_PRODUCER_ID, 0, 5, 2, 1, "InitProducerId"},
    {KTXN__API_ADD_PARTITIONS_TO_TXN, 0, 3, 3, 1, "AddPartitionsToTxn"},
    {KTXN__API_ADD_OFFSETS_TO_TXN, 0, 4, 3, 1, "AddOffsetsToTxn"},
    {KTXN__API_END_TXN, 0, 5, 3, 1, "EndTxn"},
    {KTXN__API_TXN_OFFSET_COMMIT, 0, 6, 3, 1, "TxnOffsetCommit"},
    {KTXN__API_DESCRIBE_TRANSACTIONS, 0, 0, 0, 0, "DescribeTransactions"},
};

const struct ktxn__api *ktxn__api_find(int16_t key) {
  for (size_t i = 0; i < sizeof apis / sizeof apis[0]; i++) {
    if (apis[i].key == key) {
      return &apis[i];
    }
  }
  return NULL;
}

const char *ktxn__api_name(int16_t key) {
  const struct ktxn__api *api = ktxn__api_find(key);
  return api == NULL ? "unknown request" : api->name;
}

bool ktxn__api_flexible(int16_t key, int16_t version) {
  const struct ktxn__api *api = ktxn__api_find(key);
  return api != NULL && version >= api->version_flexible;
}

bool ktxn__api_throttles(int16_t key, int16_t version) {
  const struct ktxn__api *api = ktxn__api_find(key);
  return api != NULL && version >= api->version_throttle;
}

static int16_t lower(int16_t a, int16_t b) {
  return a < b ? a : b;
}

int16_t ktxn__api_choose(int16_t key, int16_t broker_min, int16_t broker_max, int16_t cap) {
  const struct ktxn__api *api = ktxn__api_find(key);
  if (api == NULL) {
    return -1;
  }
  int16_t version = lower(lower(api->version_max, broker_max), cap);
  return version < api->version_min || version < broker_min ? -1 : version;
}
