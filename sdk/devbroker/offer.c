#include "sdk/devbroker/offer.h"

#include "sdk/devbroker/api.h"

#define NO (-1) /* not in that release */

/* The last version by release; the first one was raised by Kafka 4 (KIP-896), which is `first_4`. */
struct row {
  int8_t last[KTXN__MODEL_RELEASES];
  int8_t first_4;
  uint8_t key;
};

/* 2.5, 2.8, 3.3, 3.6, 3.9, 4.0, 4.2, 4.4. Kafka 4 says 0 for Produce and means 3 (KAFKA-18659). */
static const struct row rows[] = {
    {{8, 9, 9, 9, 11, 12, 13, 13}, 0, KTXN__MSG_PRODUCE},
    {{11, 12, 13, 15, 17, 17, 18, 18}, 4, KTXN__MSG_FETCH},
    {{5, 6, 7, 8, 9, 10, 11, 11}, 1, KTXN__MSG_LIST_OFFSETS},
    {{9, 11, 12, 12, 12, 13, 13, 13}, 0, KTXN__MSG_METADATA},
    {{8, 8, 8, 8, 9, 9, 10, 10}, 2, KTXN__MSG_OFFSET_COMMIT},
    {{7, 7, 8, 8, 9, 9, 10, 10}, 1, KTXN__MSG_OFFSET_FETCH},
    {{3, 3, 4, 4, 6, 6, 6, 6}, 0, KTXN__MSG_FIND_COORDINATOR},
    {{7, 7, 9, 9, 9, 9, 9, 9}, 0, KTXN__MSG_JOIN_GROUP},
    {{4, 4, 4, 4, 4, 4, 4, 4}, 0, KTXN__MSG_HEARTBEAT},
    {{4, 4, 5, 5, 5, 5, 5, 5}, 0, KTXN__MSG_LEAVE_GROUP},
    {{5, 5, 5, 5, 5, 5, 5, 5}, 0, KTXN__MSG_SYNC_GROUP},
    {{5, 5, 5, 5, 5, 6, 6, 6}, 0, KTXN__MSG_DESCRIBE_GROUPS},
    {{3, 4, 4, 4, 5, 5, 5, 5}, 0, KTXN__MSG_LIST_GROUPS},
    {{3, 3, 3, 3, 4, 4, 4, 5}, 0, KTXN__MSG_API_VERSIONS},
    {{5, 7, 7, 7, 7, 7, 7, 7}, 2, KTXN__MSG_CREATE_TOPICS},
    {{4, 6, 6, 6, 6, 6, 6, 6}, 1, KTXN__MSG_DELETE_TOPICS},
    {{1, 2, 2, 2, 2, 2, 2, 2}, 0, KTXN__MSG_DELETE_RECORDS},
    {{3, 4, 4, 4, 5, 5, 5, 5}, 0, KTXN__MSG_INIT_PRODUCER_ID},
    {{3, 4, 4, 4, 4, 4, 4, 4}, 2, KTXN__MSG_OFFSET_FOR_LEADER_EPOCH},
    {{1, 3, 3, 4, 5, 5, 5, 5}, 0, KTXN__MSG_ADD_PARTITIONS_TO_TXN},
    {{1, 3, 3, 3, 4, 4, 4, 4}, 0, KTXN__MSG_ADD_OFFSETS_TO_TXN},
    {{1, 3, 3, 3, 4, 5, 5, 5}, 0, KTXN__MSG_END_TXN},
    {{NO, 1, 1, 1, 1, 1, 2, 2}, 1, KTXN__MSG_WRITE_TXN_MARKERS},
    {{3, 3, 3, 3, 4, 5, 5, 6}, 0, KTXN__MSG_TXN_OFFSET_COMMIT},
    {{2, 4, 4, 4, 4, 4, 4, 4}, 1, KTXN__MSG_DESCRIBE_CONFIGS},
    {{2, 3, 3, 3, 3, 3, 3, 3}, 0, KTXN__MSG_CREATE_PARTITIONS},
    {{2, 2, 2, 2, 2, 2, 2, 3}, 0, KTXN__MSG_DELETE_GROUPS},
    {{NO, 0, 1, 1, 1, 2, 2, 2}, 0, KTXN__MSG_UPDATE_FEATURES},
    {{NO, 0, 0, 0, 1, 2, 2, 2}, 0, KTXN__MSG_DESCRIBE_CLUSTER},
    {{NO, 0, 0, 0, 0, 0, 0, 0}, 0, KTXN__MSG_DESCRIBE_PRODUCERS},
    {{NO, NO, 0, 0, 0, 0, 0, 0}, 0, KTXN__MSG_DESCRIBE_TRANSACTIONS},
    {{NO, NO, 0, 0, 1, 1, 2, 2}, 0, KTXN__MSG_LIST_TRANSACTIONS},
};
_Static_assert(sizeof rows / sizeof rows[0] <= KTXN__OFFER_MAX, "room for every row");

/* Kafka 3 offers versions from 0; what the codec can't read any more isn't offered. */
static struct ktxn__offer offer_of(enum ktxn__model_release release, const struct row *row) {
  const int16_t known = row->key == KTXN__MSG_PRODUCE ? 0 : ktxn__msg_apis[row->key].first;
  const int16_t first = release >= KTXN__MODEL_4_0 ? row->first_4 : 0;
  return (struct ktxn__offer){.key = row->key, .first = first > known ? first : known, .last = row->last[release]};
}

int32_t ktxn__offer_list(enum ktxn__model_release release, struct ktxn__offer offers[KTXN__OFFER_MAX]) {
  int32_t count = 0;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (rows[i].last[release] != NO) {
      offers[count++] = offer_of(release, &rows[i]);
    }
  }
  return count;
}

bool ktxn__offer_takes(enum ktxn__model_release release, int16_t key, int16_t version) {
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (rows[i].key == key && rows[i].last[release] != NO) {
      const struct ktxn__offer offer = offer_of(release, &rows[i]);
      return version >= offer.first && version <= offer.last && ktxn__msg_api_has(&ktxn__msg_apis[key], version);
    }
  }
  return false;
}

int16_t ktxn__offer_metadata_version(enum ktxn__model_release release) {
  static const int8_t levels[KTXN__MODEL_RELEASES] = {0, 0, 7, 14, 21, 25, 29, 33};
  return levels[release];
}

int16_t ktxn__offer_transaction_version(enum ktxn__model_release release) {
  return ktxn__model_traits(release)->features ? 2 : 0;
}
