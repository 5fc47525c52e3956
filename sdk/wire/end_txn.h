#ifndef KTXN_WIRE_END_TXN_H
#define KTXN_WIRE_END_TXN_H

#include "sdk/base/arena.h"
#include "sdk/wire/cursor.h"

struct ktxn__end_txn_request {
  struct ktxn__str transactional_id;
  int64_t producer_id;
  int16_t producer_epoch;
  bool committed;
};

struct ktxn__end_txn_response {
  int32_t throttle_time_ms;
  int16_t error_code;
  /* v5+, KIP-890: the identity of the next transaction; else -1. */
  int16_t producer_epoch;
  int64_t producer_id;
};

void ktxn__end_txn_request_encode(struct ktxn__writer *writer, int16_t version,
                                  const struct ktxn__end_txn_request *request);

/** False: malformed. */
bool ktxn__end_txn_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                   struct ktxn__end_txn_response *response);

#endif
