#ifndef KTXN_RECORD_H
#define KTXN_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "ktxn/error.h"
#include "ktxn/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Choose the partition by key (murmur2, as Java does) or, without a key, by the sticky partitioner. */
#define KTXN_PARTITION_ANY (-1)
/** Take the time of the call. Timestamps from 0 up are sent as they are. */
#define KTXN_TIMESTAMP_NOW (-1)

/** One header. The key is UTF-8 with an explicit length; value NULL = null. */
typedef struct ktxn_header {
  const char *key;
  size_t key_size;
  const void *value;
  size_t value_size;
} ktxn_header;

/**
 * One record, all of it the caller's; ktxn_send() copies what it needs before it returns. Start from KTXN_RECORD_INIT
 * so that fields added later have their defaults.
 */
typedef struct ktxn_record {
  const char *topic;    /**< NUL-terminated, 1 to 249 bytes */
  int32_t partition;    /**< or KTXN_PARTITION_ANY */
  int64_t timestamp_ms; /**< milliseconds since 1970, or KTXN_TIMESTAMP_NOW */
  const void *key;      /**< NULL = no key */
  size_t key_size;      /**< bytes */
  const void *value;    /**< NULL = null value (a tombstone) */
  size_t value_size;    /**< bytes */
  const ktxn_header *headers;
  size_t header_count;
} ktxn_record;

#define KTXN_RECORD_INIT { NULL, KTXN_PARTITION_ANY, KTXN_TIMESTAMP_NOW, NULL, 0, NULL, 0, NULL, 0 }

/** What became of a record. Valid during the callback only. */
typedef struct ktxn_delivery {
  const char *topic;
  int32_t partition;
  int64_t offset;       /**< -1 = not known (failed, or the broker recognised a duplicate too old to tell) */
  int64_t timestamp_ms; /**< of the record, or the broker's append time where the topic says so; -1 = not known */
  const ktxn_error *error; /**< error->code 0 = written (a transaction's records are visible only once it commits) */
} ktxn_delivery;

/**
 * Called exactly once for each record that ktxn_send() accepted, in send order per partition, on the thread that calls
 * ktxn_poll(), or a blocking commit, abort, flush or close. It may call ktxn_send(), which never waits there (RETRY,
 * KTXN_E_WOULD_BLOCK); a blocking call from inside it is refused with USAGE.
 */
typedef void (*ktxn_delivery_cb)(const ktxn_delivery *delivery, void *opaque);

#ifdef __cplusplus
}
#endif

#endif
