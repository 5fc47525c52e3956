#ifndef KTXN_WIRE_ADD_PARTITIONS_TO_TXN_H
#define KTXN_WIRE_ADD_PARTITIONS_TO_TXN_H

/** v0 to v3 only: the newer ones are between brokers and ask for the right ClusterAction (KIP-890). */

#include "sdk/base/arena.h"
#include "sdk/wire/cursor.h"

struct ktxn__add_partitions_to_txn_request_topic {
  struct ktxn__str name;
  const int32_t *partitions;
  int32_t partition_count;
};

struct ktxn__add_partitions_to_txn_request {
  struct ktxn__str transactional_id;
  int64_t producer_id;
  int16_t producer_epoch;
  const struct ktxn__add_partitions_to_txn_request_topic *topics;
  int32_t topic_count;
};

struct ktxn__add_partitions_to_txn_partition {
  int32_t index;
  int16_t error_code;
};

struct ktxn__add_partitions_to_txn_topic {
  struct ktxn__str name;
  struct ktxn__add_partitions_to_txn_partition *partitions;
  int32_t partition_count;
};

struct ktxn__add_partitions_to_txn_response {
  int32_t throttle_time_ms;
  struct ktxn__add_partitions_to_txn_topic *topics;
  int32_t topic_count;
};

void ktxn__add_partitions_to_txn_request_encode(struct ktxn__writer *writer, int16_t version,
                                                const struct ktxn__add_partitions_to_txn_request *request);

/** False: malformed. */
bool ktxn__add_partitions_to_txn_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena,
                                                 int16_t version,
                                                 struct ktxn__add_partitions_to_txn_response *response);

#endif
