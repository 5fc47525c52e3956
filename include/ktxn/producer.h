#ifndef KTXN_PRODUCER_H
#define KTXN_PRODUCER_H

#include <stddef.h>
#include <stdint.h>

#include "ktxn/client.h"
#include "ktxn/config.h"
#include "ktxn/error.h"
#include "ktxn/record.h"
#include "ktxn/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Every function here may be called from any thread unless it says otherwise. A `timeout_ms` of -1 means max.block.ms.
 * A call that times out (RETRY, KTXN_E_TIMED_OUT) goes on in the background: the same call resumes it; until its result
 * has been collected any other transactional call is refused with RETRY, KTXN_E_CONFLICT, and the same one from a
 * second thread with RETRY, KTXN_E_BUSY. One exception: abort gives up offsets whose call timed out or is asynchronous.
 * After a fatal error every call returns that first error. A call that may block is refused with USAGE inside a delivery
 * callback; ktxn_send() never waits there, as with max.block.ms=0.
 */

/** A next offset to read, to be committed with the transaction. Strings are copied by the call. */
typedef struct ktxn_offset {
  const char *topic;
  int32_t partition;
  int64_t offset;       /**< the next record to read, so last read + 1 */
  int32_t leader_epoch; /**< of the last record read; -1 = not known */
  const char *metadata; /**< up to the broker's offset.metadata.max.bytes; NULL = none */
} ktxn_offset;

/**
 * A consumer's place in its group, taken from the consumer at the moment the offsets are taken. A group without
 * members: generation -1, member_id "" or NULL, group_instance_id NULL.
 */
typedef struct ktxn_group {
  const char *group_id;
  int32_t generation;            /**< generation id, or member epoch with the newer group protocol */
  const char *member_id;
  const char *group_instance_id; /**< NULL = not a static member */
} ktxn_group;

/**
 * Makes a producer with a private client. The config is copied; nothing connects before it is needed.
 * Without `transactional.id` it is an idempotent producer: send, flush and close work, transactional calls are USAGE.
 * NULL on failure. Errors: CONFIG (names the setting), RETRY (no memory, no thread).
 */
KTXN_API ktxn_producer *ktxn_producer_new(const ktxn_config *config, ktxn_error *error);

/** The same on a shared client; bootstrap and connection settings are the client's. Errors: as above. */
KTXN_API ktxn_producer *ktxn_producer_new_on(ktxn_client *client, const ktxn_config *config, ktxn_error *error);

/** The producer's client, also a private one: for ktxn_poll() and ktxn_fd(). Lives as long as the producer. */
KTXN_API ktxn_client *ktxn_producer_client(ktxn_producer *producer);

/**
 * Obtains the producer id and epoch; fences older producers of the same transactional.id and waits until what they had
 * open has been aborted. Call it once, before the first transaction. Blocks up to `timeout_ms`.
 * Errors: RETRY (timed out: call again), CONFIG (authorization 31 or 53: fix the ACL, call again; 50: fatal),
 * RECREATE (fatal), USAGE (no transactional.id, called already). Source: KIP-98, KIP-360.
 */
KTXN_API int ktxn_init_transactions(ktxn_producer *producer, int timeout_ms, ktxn_error *error);

/**
 * Opens a transaction. Local: no request, never blocks.
 * Errors: USAGE (not initialised, one is open), RETRY (an earlier call is still in progress), RECREATE (fatal).
 */
KTXN_API int ktxn_begin_transaction(ktxn_producer *producer, ktxn_error *error);

/** The ordinal of the last ktxn_begin_transaction(), from 1, never used again by this producer; 0 = none yet. */
KTXN_API int64_t ktxn_transaction_ordinal(const ktxn_producer *producer);

/**
 * Hands over one record; copies it. May wait up to max.block.ms for the topic's metadata or for room in buffer.memory
 * (never with max.block.ms=0: then RETRY, KTXN_E_WOULD_BLOCK, and nothing has changed). `cb` may be NULL.
 *
 * Returns 0: the callback will run exactly once. Anything else: the record was refused and no callback will run.
 * Errors: CONFIG (record too large, topic unknown or not authorized) and RETRY (no room, no metadata within
 * max.block.ms): in a transaction these make it abortable, so that a commit can't lack the record silently.
 * ABORT (the transaction has failed already: abort it), RECREATE (fatal), USAGE (no transaction open, bad argument).
 */
KTXN_API int ktxn_send(ktxn_producer *producer, const ktxn_record *record, ktxn_delivery_cb cb, void *opaque,
                       ktxn_error *error);

/**
 * Adds consumer offsets to the open transaction: they take effect if it commits. An empty list is a success; of a partition
 * that is named twice the last counts.
 * Blocks up to `timeout_ms`, until the group coordinator has them.
 * Errors: RETRY (timed out: call again with the same arguments), ABORT (the group moved on, or the offsets were
 * refused: abort and rewind), RECREATE, USAGE. Source: KIP-447.
 */
KTXN_API int ktxn_send_offsets_to_transaction(ktxn_producer *producer, const ktxn_offset *offsets, size_t count,
                                              const ktxn_group *group, int timeout_ms, ktxn_error *error);

/**
 * Sends what is buffered, waits for every acknowledgement, commits. Delivery callbacks of the transaction run on this
 * thread before it returns. 0 = committed. Otherwise error->outcome says what is known:
 * RETRY (timed out: call commit again, nothing else), ABORT (not committed: abort, rewind, go on), RECREATE (fatal;
 * read the outcome), USAGE (no transaction open).
 */
KTXN_API int ktxn_commit_transaction(ktxn_producer *producer, int timeout_ms, ktxn_error *error);

/**
 * Aborts: records not yet sent fail with KTXN_E_TRANSACTION_ABORTED, what was sent is never visible. Callbacks run
 * before it returns. Afterwards the producer is ready for the next transaction.
 * Errors: RETRY (timed out: call abort again), RECREATE (fatal), USAGE (no transaction).
 */
KTXN_API int ktxn_abort_transaction(ktxn_producer *producer, int timeout_ms, ktxn_error *error);

/**
 * What is known of the transaction with that ordinal: NONE while it is open or its end is under way; the last 64 are
 * remembered, also after a fatal error and after ktxn_close(). It never changes once it is known. Never blocks.
 * Errors: USAGE (never begun, or forgotten).
 */
KTXN_API int ktxn_transaction_outcome(ktxn_producer *producer, int64_t ordinal, enum ktxn_outcome *outcome,
                                      ktxn_error *error);

/**
 * Waits until every record handed over before the call has its fate; their callbacks run on this thread.
 * Says nothing about success: that is the callbacks' and commit's. Errors: RETRY (timed out).
 */
KTXN_API int ktxn_flush(ktxn_producer *producer, int timeout_ms, ktxn_error *error);

/**
 * Ends the producer: sends what is buffered if no transaction is open, aborts an open one, within `timeout_ms`; what is
 * left then fails with KTXN_E_CLOSED. Callbacks run on this thread. Later calls get KTXN_E_CLOSED. May be called again,
 * and from several threads: the first one ends it, the others wait for that.
 * Errors: RETRY is never returned: past the deadline it ends by force and says so with class RECREATE, KTXN_E_TIMED_OUT;
 * its outcome is the open transaction's: nothing of it is sent any more, and what wasn't committed the broker aborts. The same
 * code without an outcome: the thread that closes was not finished in that time.
 */
KTXN_API int ktxn_close(ktxn_producer *producer, int timeout_ms, ktxn_error *error);

/**
 * Frees a producer (closes it with timeout 0 first if that was not done). No other call with it may be in progress, but
 * for ktxn_poll() on a shared client. Does nothing inside a delivery callback. NULL is allowed.
 */
KTXN_API void ktxn_free(ktxn_producer *producer);

/*
 * Asynchronous twins: they start the operation and return at once; an event of the matching type, with `opaque`, tells
 * its end (ktxn_poll()). Errors at once: as the blocking call's USAGE, conflict and fatal errors; no event comes then.
 */
KTXN_API int ktxn_init_transactions_async(ktxn_producer *producer, void *opaque, ktxn_error *error);
KTXN_API int ktxn_send_offsets_to_transaction_async(ktxn_producer *producer, const ktxn_offset *offsets, size_t count,
                                                    const ktxn_group *group, void *opaque, ktxn_error *error);
KTXN_API int ktxn_commit_transaction_async(ktxn_producer *producer, void *opaque, ktxn_error *error);
KTXN_API int ktxn_abort_transaction_async(ktxn_producer *producer, void *opaque, ktxn_error *error);
KTXN_API int ktxn_flush_async(ktxn_producer *producer, void *opaque, ktxn_error *error);

/**
 * The number of partitions of a topic, waiting up to `timeout_ms` for its metadata. Errors: RETRY (timed out),
 * CONFIG (unknown topic, not authorized).
 */
KTXN_API int ktxn_partitions_for(ktxn_producer *producer, const char *topic, int32_t *count, int timeout_ms,
                                 ktxn_error *error);

/** The body of a transaction: sends, and sends offsets. 0 = commit; anything else = abort and return that code. */
typedef int (*ktxn_transaction_body)(ktxn_producer *producer, void *opaque, ktxn_error *error);

/**
 * Begins, runs `body`, commits. A body or a commit that fails with class ABORT, and a body that fails with RETRY, is
 * aborted and the body runs again after retry.backoff.ms, growing; all within `timeout_ms`. `rewind`, if not NULL, is
 * called after each abort, to put the source back to where the transaction began.
 * 0 = committed. Errors: what the body returned, after an abort (outcome: not committed; also when time ran out then);
 * RETRY, KTXN_E_TIMED_OUT without an outcome: the commit or the abort goes on in the background, and
 * ktxn_commit_transaction() or ktxn_abort_transaction(), as the message says, learns its end; RECREATE.
 */
KTXN_API int ktxn_run_transaction(ktxn_producer *producer, ktxn_transaction_body body,
                                  void (*rewind)(ktxn_producer *producer, void *opaque), void *opaque, int timeout_ms,
                                  ktxn_error *error);

/** A moment's view, for logs and tests. */
typedef struct ktxn_identity {
  int64_t producer_id;    /**< -1 before init */
  int16_t producer_epoch; /**< -1 before init */
  int protocol;           /**< 1 or 2: the transaction protocol in use; 0 = not known yet or not transactional */
} ktxn_identity;

KTXN_API void ktxn_producer_identity(const ktxn_producer *producer, ktxn_identity *identity);

/**
 * Makes a group of the bytes that librdkafka's rd_kafka_consumer_group_metadata_write() gives, so that a librdkafka
 * consumer feeds this producer. The strings of `group` point into `storage` (of `storage_size` bytes, at least the
 * input's size). Errors: USAGE (not such bytes, storage too small), ABORT (the consumer has lost its place in the group:
 * abort and rewind).
 */
KTXN_API int ktxn_group_from_librdkafka(const void *bytes, size_t size, void *storage, size_t storage_size,
                                        ktxn_group *group, ktxn_error *error);

/** Text of a code ("KTXN_E_..." name and sentence); static. A number without a name gives "UNKNOWN". */
KTXN_API const char *ktxn_code_name(int code);
KTXN_API const char *ktxn_code_text(int code);
KTXN_API const char *ktxn_class_name(enum ktxn_class error_class);
KTXN_API const char *ktxn_outcome_name(enum ktxn_outcome outcome);

#ifdef __cplusplus
}
#endif

#endif
