#ifndef KTXN_WIRE_METADATA_H
#define KTXN_WIRE_METADATA_H

#include "sdk/base/arena.h"
#include "sdk/wire/cursor.h"

struct ktxn__metadata_request_topic {
  struct ktxn__str name; /* null = by id, v12+ */
  struct ktxn__uuid id;  /* v10+; must be zero where there is a name */
};

struct ktxn__metadata_request {
  const struct ktxn__metadata_request_topic *topics;
  int32_t topic_count; /* -1 = all topics; 0 = none, v1+ (in v0 an empty list means all) */
  bool allow_auto_topic_creation; /* v4+ */
};

struct ktxn__metadata_broker {
  int32_t node_id;
  int32_t port;
  struct ktxn__str host;
  struct ktxn__str rack; /* v1+, may be null */
};

struct ktxn__metadata_partition {
  int16_t error_code;
  int32_t index;
  int32_t leader_id;    /* -1 = none */
  int32_t leader_epoch; /* v7+, else -1 */
  int32_t replica_count;
  int32_t isr_count;
  int32_t offline_count; /* v5+ */
  int32_t *replicas;
  int32_t *isr;
  int32_t *offline;
};

struct ktxn__metadata_topic {
  int16_t error_code;
  bool internal;         /* v1+ */
  struct ktxn__str name; /* null only in v12+, for an id that the broker doesn't know */
  struct ktxn__uuid id;  /* v10+, else zero */
  struct ktxn__metadata_partition *partitions;
  int32_t partition_count;
  int32_t authorized_operations; /* v8+; INT32_MIN = not asked for */
};

struct ktxn__metadata_response {
  int32_t throttle_time_ms; /* v3+ */
  int16_t error_code;       /* v13+ */
  struct ktxn__str cluster_id; /* v2+, may be null */
  int32_t controller_id;       /* v1+, else -1 */
  struct ktxn__metadata_broker *brokers;
  int32_t broker_count;
  struct ktxn__metadata_topic *topics;
  int32_t topic_count;
};

/** Fails for a topic by id below v12 and for "none" in v0. */
void ktxn__metadata_request_encode(struct ktxn__writer *writer, int16_t version,
                                   const struct ktxn__metadata_request *request);

/** False: malformed. Strings point into the frame, arrays are in the arena. */
bool ktxn__metadata_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                    struct ktxn__metadata_response *response);

#endif
