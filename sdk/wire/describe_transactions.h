#ifndef KTXN_WIRE_DESCRIBE_TRANSACTIONS_H
#define KTXN_WIRE_DESCRIBE_TRANSACTIONS_H

#include "sdk/base/arena.h"
#include "sdk/wire/cursor.h"

struct ktxn__describe_transactions_request {
  const struct ktxn__str *transactional_ids;
  int32_t transactional_id_count;
};

struct ktxn__describe_transactions_topic {
  struct ktxn__str name;
  int32_t *partitions;
  int32_t partition_count;
};

struct ktxn__describe_transactions_transaction {
  int16_t error_code;
  int16_t producer_epoch;
  int32_t timeout_ms;
  struct ktxn__str transactional_id;
  struct ktxn__str state; /* Empty, Ongoing, PrepareCommit, PrepareAbort, CompleteCommit, CompleteAbort, Dead, ... */
  int64_t start_time_ms;  /* -1 = none */
  int64_t producer_id;
  struct ktxn__describe_transactions_topic *topics;
  int32_t topic_count;
};

struct ktxn__describe_transactions_response {
  int32_t throttle_time_ms;
  struct ktxn__describe_transactions_transaction *transactions;
  int32_t transaction_count;
};

void ktxn__describe_transactions_request_encode(struct ktxn__writer *writer, int16_t version,
                                                const struct ktxn__describe_transactions_request *request);

/** False: malformed. */
bool ktxn__describe_transactions_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena,
                                                 int16_t version,
                                                 struct ktxn__describe_transactions_response *response);

#endif
