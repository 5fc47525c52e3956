#ifndef KTXN_WIRE_ADD_OFFSETS_TO_TXN_H
#define KTXN_WIRE_ADD_OFFSETS_TO_TXN_H

#include "sdk/base/arena.h"
#include "sdk/wire/cursor.h"

struct ktxn__add_offsets_to_txn_request {
  struct ktxn__str transactional_id;
  int64_t producer_id;
  int16_t producer_epoch;
  struct ktxn__str group_id;
};

struct ktxn__add_offsets_to_txn_response {
  int32_t throttle_time_ms;
  int16_t error_code;
};

void ktxn__add_offsets_to_txn_request_encode(struct ktxn__writer *writer, int16_t version,
                                             const struct ktxn__add_offsets_to_txn_request *request);

/** False: malformed. */
bool ktxn__add_offsets_to_txn_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                              struct ktxn__add_offsets_to_txn_response *response);

#endif
