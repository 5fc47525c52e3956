#ifndef KTXN_WIRE_INIT_PRODUCER_ID_H
#define KTXN_WIRE_INIT_PRODUCER_ID_H

#include "sdk/base/arena.h"
#include "sdk/wire/cursor.h"

struct ktxn__init_producer_id_request {
  struct ktxn__str transactional_id; /* null = idempotence only */
  int32_t transaction_timeout_ms;
  /* v3+, KIP-360. Both -1 = a first one; both set = a bump. One alone is answered with 42. */
  int64_t producer_id;
  int16_t producer_epoch;
};

struct ktxn__init_producer_id_response {
  int32_t throttle_time_ms;
  int16_t error_code;
  int16_t producer_epoch;
  int64_t producer_id;
};

/** Fails for a bump below v3: such a broker would take it for a first one. */
void ktxn__init_producer_id_request_encode(struct ktxn__writer *writer, int16_t version,
                                           const struct ktxn__init_producer_id_request *request);

/** False: malformed. */
bool ktxn__init_producer_id_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                            struct ktxn__init_producer_id_response *response);

#endif
