#ifndef KTXN_WIRE_FIND_COORDINATOR_H
#define KTXN_WIRE_FIND_COORDINATOR_H

#include "sdk/base/arena.h"
#include "sdk/wire/cursor.h"

enum ktxn__find_coordinator_type { KTXN__FIND_COORDINATOR_GROUP = 0, KTXN__FIND_COORDINATOR_TRANSACTION = 1 };

struct ktxn__find_coordinator_request {
  struct ktxn__str key; /* a group or a transactional id; v4+ carries it as a list of one */
  int8_t key_type;      /* v1+ */
};

struct ktxn__find_coordinator_coordinator {
  struct ktxn__str key; /* v4+, else null: older answers don't repeat it */
  int32_t node_id;
  int32_t port;
  struct ktxn__str host;
  struct ktxn__str error_message; /* v1+, may be null */
  int16_t error_code;
};

struct ktxn__find_coordinator_response {
  int32_t throttle_time_ms; /* v1+ */
  struct ktxn__find_coordinator_coordinator *coordinators; /* exactly one below v4 */
  int32_t coordinator_count;
};

/** Fails for a transactional id in v0, which knows groups only. */
void ktxn__find_coordinator_request_encode(struct ktxn__writer *writer, int16_t version,
                                           const struct ktxn__find_coordinator_request *request);

/** False: malformed. */
bool ktxn__find_coordinator_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                            struct ktxn__find_coordinator_response *response);

#endif
