#ifndef KTXN_CLIENT_H
#define KTXN_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "ktxn/config.h"
#include "ktxn/error.h"
#include "ktxn/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Threads, connections and metadata, shared by any number of producers. Every function is thread-safe. */
typedef struct ktxn_client ktxn_client;
typedef struct ktxn_producer ktxn_producer;

/** What an event tells. */
enum ktxn_event_type {
  KTXN_EVENT_NONE = 0,
  KTXN_EVENT_INIT = 1,         /**< ktxn_init_transactions_async() has ended */
  KTXN_EVENT_SEND_OFFSETS = 2, /**< ktxn_send_offsets_to_transaction_async() has ended */
  KTXN_EVENT_COMMIT = 3,       /**< ktxn_commit_transaction_async() has ended */
  KTXN_EVENT_ABORT = 4,        /**< ktxn_abort_transaction_async() has ended */
  KTXN_EVENT_FLUSH = 5,        /**< ktxn_flush_async() has ended */
  KTXN_EVENT_ROOM = 6,         /**< after ktxn_send() said "would block" to some thread: there may be room again; it also
                                    comes when a send has just found room by itself */
  KTXN_EVENT_ERROR = 7,        /**< the producer's transaction or the producer itself failed while nobody was calling */
  KTXN_EVENT_OUTCOME = 8       /**< after a blocking call that timed out: the transaction's outcome is known now. The call
                                    is still to be repeated, to collect its result; then the event does not come any more */
};

/** One event. `error.code` is 0 when what it tells succeeded; `error.outcome` is the transaction's, as far as it is known. */
typedef struct ktxn_event {
  enum ktxn_event_type type;
  ktxn_producer *producer; /**< which producer; valid until that producer is freed */
  int64_t ordinal;         /**< of the transaction concerned; 0 = none */
  void *opaque;            /**< what was given to the ..._async call */
  ktxn_error error;
} ktxn_event;

/**
 * Makes a client: starts its two threads, connects to nothing yet. The config is copied.
 * Returns NULL on failure. Errors: CONFIG (a setting that doesn't fit), RETRY (no memory, no thread).
 */
KTXN_API ktxn_client *ktxn_client_new(const ktxn_config *config, ktxn_error *error);

/**
 * Runs the delivery callbacks that are due (of every producer of the client), on this thread, and takes up to `max`
 * events. Waits up to `timeout_ms` (0 = not at all, -1 = max.block.ms) until there is something to do.
 * Returns the number of events written, from 0; -1 if called from a callback, or with arguments that can't be.
 */
KTXN_API int ktxn_poll(ktxn_client *client, ktxn_event *events, size_t max, int timeout_ms);

/**
 * A descriptor that is readable while ktxn_poll() has something to do: callbacks or events. For poll, select or epoll;
 * never read from it or close it. -1 for NULL.
 */
KTXN_API int ktxn_fd(ktxn_client *client);

/**
 * Ends the client. Its producers must have been freed (USAGE otherwise: nothing happens). Waits up to `timeout_ms`
 * (-1 = max.block.ms) for the threads. The handle is gone when it returns 0.
 */
KTXN_API int ktxn_client_close(ktxn_client *client, int timeout_ms, ktxn_error *error);

#ifdef __cplusplus
}
#endif

#endif
