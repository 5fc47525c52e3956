#ifndef KTXN_WIRE_TXN_OFFSET_COMMIT_H
#define KTXN_WIRE_TXN_OFFSET_COMMIT_H

#include "sdk/base/arena.h"
#include "sdk/wire/cursor.h"

struct ktxn__txn_offset_commit_request_partition {
  int32_t index;
  int32_t leader_epoch; /* v2+; -1 = unknown */
  int64_t offset;
  struct ktxn__str metadata; /* may be null */
};

struct ktxn__txn_offset_commit_request_topic {
  struct ktxn__str name; /* v0 to v5 */
  struct ktxn__uuid id;  /* v6+, KIP-1319 */
  const struct ktxn__txn_offset_commit_request_partition *partitions;
  int32_t partition_count;
};

struct ktxn__txn_offset_commit_request {
  struct ktxn__str transactional_id;
  struct ktxn__str group_id;
  int64_t producer_id;
  int16_t producer_epoch;
  /* v3+, KIP-447. Without a group's membership: -1, empty, null. */
  int32_t generation_id;
  struct ktxn__str member_id; /* null is written as empty */
  struct ktxn__str group_instance_id;
  const struct ktxn__txn_offset_commit_request_topic *topics;
  int32_t topic_count;
};

struct ktxn__txn_offset_commit_partition {
  int32_t index;
  int16_t error_code;
};

struct ktxn__txn_offset_commit_topic {
  struct ktxn__str name; /* v0 to v5, else null */
  struct ktxn__uuid id;  /* v6+, else zero */
  struct ktxn__txn_offset_commit_partition *partitions;
  int32_t partition_count;
};

struct ktxn__txn_offset_commit_response {
  int32_t throttle_time_ms;
  struct ktxn__txn_offset_commit_topic *topics;
  int32_t topic_count;
};

/** Fails for group membership below v3, which would be lost, and for a topic without an id in v6+. */
void ktxn__txn_offset_commit_request_encode(struct ktxn__writer *writer, int16_t version,
                                            const struct ktxn__txn_offset_commit_request *request);

/** False: malformed. */
bool ktxn__txn_offset_commit_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                             struct ktxn__txn_offset_commit_response *response);

#endif
