#ifndef KTXN_WIRE_API_H
#define KTXN_WIRE_API_H

/** The requests that we speak: keys, names and versions. */

#include <stdbool.h>
#include <stdint.h>

enum ktxn__api_key {
  KTXN__API_PRODUCE = 0,
  KTXN__API_METADATA = 3,
  KTXN__API_FIND_COORDINATOR = 10,
  KTXN__API_API_VERSIONS = 18,
  KTXN__API_INIT_PRODUCER_ID = 22,
  KTXN__API_ADD_PARTITIONS_TO_TXN = 24,
  KTXN__API_ADD_OFFSETS_TO_TXN = 25,
  KTXN__API_END_TXN = 26,
  KTXN__API_TXN_OFFSET_COMMIT = 28,
  KTXN__API_DESCRIBE_TRANSACTIONS = 65
};

struct ktxn__api {
  int16_t key;
  int16_t version_min;      /* the oldest that we speak */
  int16_t version_max;      /* the newest that we speak */
  int16_t version_flexible; /* the first with compact forms and tagged fields (KIP-482) */
  int16_t version_throttle; /* the first whose throttle time the client itself must keep (KIP-219) */
  const char *name;
};

/** NULL for a key that we don't speak. */
const struct ktxn__api *ktxn__api_find(int16_t key);

/** "Produce" and so on; "unknown request" for a key that we don't speak. */
const char *ktxn__api_name(int16_t key);

bool ktxn__api_flexible(int16_t key, int16_t version);

/** Whether the client must stay silent for throttle_time_ms after an answer of this version (KIP-219). */
bool ktxn__api_throttles(int16_t key, int16_t version);

/** The highest version that both sides speak and that isn't above `cap` (INT16_MAX = no cap); -1 = none. */
int16_t ktxn__api_choose(int16_t key, int16_t broker_min, int16_t broker_max, int16_t cap);

#endif
