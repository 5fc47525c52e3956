#ifndef KTXN_SDK_CONFIG_H
#define KTXN_SDK_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktxn/config.h"
#include "sdk/bootstrap.h"

/**
 * Every setting that this version acts on, parsed and checked against the others. Times are milliseconds, at most
 * KTXN__SETTING_MS_MAX, so that they can be multiplied by 1000 and added to a clock without overflow.
 */
struct ktxn__settings {
  struct ktxn__bootstrap bootstrap; /* at least one address; for a producer on a shared client perhaps none */
  char *client_id;                  /* never empty */
  char *transactional_id;           /* NULL = idempotent only */

  int64_t transaction_timeout_ms;
  bool transaction_pacing;

  int64_t in_flight_max; /* per connection, and per partition: 1 to 5 */
  int64_t retries;       /* at least 1 */
  int64_t delivery_timeout_ms;
  int64_t request_timeout_ms;
  int64_t linger_ms;
  int64_t max_block_ms;
  int64_t batch_bytes;  /* 0 = a record per batch */
  int64_t buffer_bytes; /* at least batch_bytes */
  int64_t request_bytes_max;

  int64_t retry_backoff_ms;
  int64_t retry_backoff_max_ms; /* never below retry_backoff_ms; so for the next two pairs */
  int64_t reconnect_backoff_ms;
  int64_t reconnect_backoff_max_ms;
  int64_t connection_setup_timeout_ms;
  int64_t connection_setup_timeout_max_ms;
  int64_t connections_idle_max_ms; /* -1 = never closed for being idle */
  int64_t connections_per_broker;  /* 1 to 8 */
  int64_t send_buffer_bytes;       /* of the socket; 0 or less = the system's default */
  int64_t receive_buffer_bytes;

  int64_t metadata_age_max_ms;
  int64_t metadata_idle_max_ms;

  bool partitioner_ignore_keys;
  bool partitioner_adaptive;
  int64_t partitioner_availability_timeout_ms; /* 0 = off */

  enum ktxn_log_level log_level;
  ktxn_log_cb log_cb; /* NULL = nowhere */
  void *log_opaque;
};

#define KTXN__SETTING_MS_MAX (INT64_C(1) << 50)

/**
 * Parses all of `config` into `out` and checks what only settings together can show. Run when a client or a producer is
 * made. On failure `out` holds nothing to free. Errors: CONFIG; the message names the setting, its value and what is
 * allowed; RETRY (no memory).
 */
int ktxn__config_check(const ktxn_config *config, struct ktxn__settings *out, ktxn_error *error);

/** The same for a producer on a client that exists: bootstrap.servers is the client's and may be missing here. */
int ktxn__config_check_shared(const ktxn_config *config, struct ktxn__settings *out, ktxn_error *error);

/** Frees what ktxn__config_check() allocated. */
void ktxn__settings_free(struct ktxn__settings *settings);

#endif
