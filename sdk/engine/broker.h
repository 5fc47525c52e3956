#ifndef KTXN_ENGINE_BROKER_H
#define KTXN_ENGINE_BROKER_H

/*
 * One connection to one node, and the calls that wait for it or for its answers.
 *
 *   DOWN -> RESOLVING -> CONNECTING -> VERSIONS -> READY
 *     ^________|_____________|____________|__________|      whatever goes wrong, or idle for too long
 *
 * A broker connects when a call waits for it, not before; after a failure it waits for the reconnect backoff first
 * (KIP-580: exponential, with jitter). Each attempt resolves the name anew and tries the addresses in turn, within the
 * setup timeout, which grows with failures as well. When an attempt has failed, or a connection breaks, all calls end:
 * LOST if any byte of them was handed over, else UNSENT. Trying again is the owner's decision.
 *
 * Lifetime: brokers belong to their cluster and live as long as it does; a pointer never dangles.
 *
 * Bounds: at most `in_flight_max` requests between write and answer, KTXN__BROKER_QUEUE_MAX waiting calls (the next one
 * ends UNSENT), answers of KTXN__BROKER_FRAME_MAX bytes, of which no more is allocated than has arrived, times two.
 *
 * The functions are for the I/O thread. Which of them run calls' done(): only the events and ktxn__broker_run().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/address.h"

struct ktxn__broker;
struct ktxn__call;
struct ktxn__ports;

#define KTXN__BROKER_QUEUE_MAX 65536
#define KTXN__BROKER_FRAME_MAX (UINT32_C(100) << 20)
#define KTXN__BROKER_HOST_MAX 255
#define KTXN__BROKER_WHY_MAX 384
/** Bytes waiting for the kernel above which a broker is not writable; a request is never split because of it. */
#define KTXN__BROKER_BACKLOG_BYTES (UINT32_C(1) << 20)

/** Connection settings, the same for all brokers. Whoever makes a cluster fills them in and keeps them alive. */
struct ktxn__broker_settings {
  const char *client_id;
  const char *software_name; /* KIP-511: [a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])? */
  const char *software_version;
  int64_t in_flight_max; /* per connection, at least 1 */
  int64_t request_timeout_ms; /* from encoding to answer */
  int64_t reconnect_backoff_ms, reconnect_backoff_max_ms;
  int64_t setup_timeout_ms, setup_timeout_max_ms;
  int64_t idle_max_ms; /* -1 = never closed for being idle */
};

enum ktxn__broker_state {
  KTXN__BROKER_DOWN,
  KTXN__BROKER_RESOLVING,
  KTXN__BROKER_CONNECTING,
  KTXN__BROKER_VERSIONS, /* connected, ApiVersions is being asked */
  KTXN__BROKER_READY
};

/** Queues a call (call.h says what follows) and connects if needed; the bytes leave in the next ktxn__cluster_run(). */
void ktxn__broker_send(struct ktxn__broker *broker, struct ktxn__call *call, int64_t now_us);

/** The node's id; negative for an entry of bootstrap.servers. */
int32_t ktxn__broker_node(const struct ktxn__broker *broker);
/** "host:port" or "[v6]:port"; valid until the node's address changes, so not beyond the current event or run. */
const char *ktxn__broker_name(const struct ktxn__broker *broker);

enum ktxn__broker_state ktxn__broker_state(const struct ktxn__broker *broker);

/** Connected, and versions known? */
bool ktxn__broker_ready(const struct ktxn__broker *broker);

/**
 * Ready, not muted by a throttle, with room in flight and less than KTXN__BROKER_BACKLOG_BYTES unwritten: what is sent
 * now leaves now. A sender drains batches only then, so that they wait (and grow) in the accumulator, not here.
 */
bool ktxn__broker_writable(const struct ktxn__broker *broker, int64_t now_us);

/** Connects if it is down and not backing off, so that it may become writable. Cheap to repeat; not kept: if the attempt
 * fails, call it again. */
void ktxn__broker_want(struct ktxn__broker *broker, int64_t now_us);

/** Down, and not to be tried before its backoff is over? */
bool ktxn__broker_backing_off(const struct ktxn__broker *broker, int64_t now_us);

/** When the backoff ends (began, if it is in the past); 0 = there is none. */
int64_t ktxn__broker_backoff_until(const struct ktxn__broker *broker);

/** Has the last attempt failed? (A connection that broke after it was READY says nothing yet.) */
bool ktxn__broker_failing(const struct ktxn__broker *broker);

/** Until when the broker asked not to be sent to (KIP-219), at most KTXN__BROKER_MUTE_MAX_MS after its answer; a time in
 * the past = not muted. Requests that are in flight get that much more time. */
#define KTXN__BROKER_MUTE_MAX_MS 600000
int64_t ktxn__broker_muted_until(const struct ktxn__broker *broker);

/** Another connection to the same node was told so. */
void ktxn__broker_mute_until(struct ktxn__broker *broker, int64_t until_us);

/** The version that a call with these bounds would get; -1 = unsupported, or not ready. */
int16_t ktxn__broker_version(const struct ktxn__broker *broker, int16_t api, int16_t min, int16_t max);

/** Calls handed over and not ended: waiting, and between write and answer. */
size_t ktxn__broker_waiting(const struct ktxn__broker *broker);
size_t ktxn__broker_in_flight(const struct ktxn__broker *broker);

/** How long the oldest of those has waited for its answer; 0 = there is none. */
int64_t ktxn__broker_awaited_us(const struct ktxn__broker *broker, int64_t now_us);

/** Why the last attempt or connection ended: "kafka1:9092: Connection refused". "" = nothing has gone wrong since it was
 * READY last. In done() of a call that ended with the connection it is the reason. Valid until the next event or run. */
const char *ktxn__broker_why(const struct ktxn__broker *broker);

/** Asks ApiVersions again on the open connection (a rolling upgrade may have changed the features). No-op unless ready. */
void ktxn__broker_ask_versions(struct ktxn__broker *broker, int64_t now_us);

/* ---- for the cluster and for tests ------------------------------------------------------------------------------- */

#define KTXN__BROKER_NUMBER_BITS 14
#define KTXN__BROKER_NUMBER_MAX ((1 << KTXN__BROKER_NUMBER_BITS) - 1)

/** What a cluster wants to be told; every function may be NULL. None may feed events, run or free the broker. */
struct ktxn__broker_hooks {
  void *ctx;
  /* Has become READY, or has been asked for its versions again. */
  void (*versions)(void *ctx, struct ktxn__broker *broker, int64_t now_us);
  /* Has left for DOWN; `ready` = it was READY. Not called for an idle close. */
  void (*down)(void *ctx, struct ktxn__broker *broker, bool ready, int64_t now_us);
  /* Asked not to be sent to before `until_us`: that holds for all connections to it. */
  void (*muted)(void *ctx, struct ktxn__broker *broker, int64_t until_us);
  /* Answered ApiVersions with REBOOTSTRAP_REQUIRED: it belongs to another cluster, or is another node (KIP-1242). */
  void (*rebootstrap)(void *ctx, struct ktxn__broker *broker, int64_t now_us);
};

/**
 * `number` (1 to KTXN__BROKER_NUMBER_MAX) is unique among brokers with the same ports: it is the low bits of every conn
 * and token that this broker uses. `host` is copied. NULL when memory is short or `host` is longer than
 * KTXN__BROKER_HOST_MAX.
 */
struct ktxn__broker *ktxn__broker_new(const struct ktxn__ports *ports, const struct ktxn__broker_settings *settings,
                                      const struct ktxn__broker_hooks *hooks, uint32_t number, int32_t node,
                                      const char *host, uint16_t port);

/** Closes the connection and ends all calls; true if there were any. */
bool ktxn__broker_shut(struct ktxn__broker *broker, int64_t now_us);

/** Closes the connection and ends all calls first. NULL is allowed. */
void ktxn__broker_free(struct ktxn__broker *broker, int64_t now_us);

/**
 * The node lives elsewhere now. If that differs, an open connection takes no further request, and is closed when its
 * answers are here; waiting calls stay and go to the new address. A host that is too long is ignored.
 */
void ktxn__broker_move(struct ktxn__broker *broker, const char *host, uint16_t port, int64_t now_us);

/** Who the node must be, sent with ApiVersions v5 by connections made from now on (KIP-1242). NULL = don't check. The
 * text is the caller's and must outlive the broker or the next call of this. */
void ktxn__broker_expect_cluster(struct ktxn__broker *broker, const char *cluster_id);

/** Drops the connection, if there is one, at the end of the current event or else in the next run: written calls end
 * LOST, waiting ones UNSENT. `why` goes into messages. */
void ktxn__broker_drop(struct ktxn__broker *broker, const char *why);

/** Forgets the backoff: the next attempt may begin at once. */
void ktxn__broker_forgive(struct ktxn__broker *broker);

/** Writes, connects, times out. Returns when it wants to run again: a time after now_us, or INT64_MAX. */
int64_t ktxn__broker_run(struct ktxn__broker *broker, int64_t now_us);

/** The same answer again; a time that is not after the last run's = something has come up since. */
int64_t ktxn__broker_due(const struct ktxn__broker *broker);

/* Events; those of a conn or token that is not the current one are ignored. `why` may be NULL. */
void ktxn__broker_on_connected(struct ktxn__broker *broker, uint32_t conn, int64_t now_us);
void ktxn__broker_on_received(struct ktxn__broker *broker, uint32_t conn, const void *data, size_t size,
                              int64_t now_us);
void ktxn__broker_on_writable(struct ktxn__broker *broker, uint32_t conn, int64_t now_us);
void ktxn__broker_on_closed(struct ktxn__broker *broker, uint32_t conn, const char *why, int64_t now_us);
void ktxn__broker_on_resolved(struct ktxn__broker *broker, uint32_t token, const struct ktxn__address *addresses,
                              size_t count, const char *why, int64_t now_us);

/** Finalized features as the broker told them last: epoch -1 = it does not know. */
struct ktxn__broker_features {
  int64_t epoch;
  int16_t transaction_version; /* 0 if the feature is absent; -1 unknown */
};
struct ktxn__broker_features ktxn__broker_features(const struct ktxn__broker *broker);

/** When it was last connected to, or tried; 0 = never. */
int64_t ktxn__broker_tried_us(const struct ktxn__broker *broker);

#endif
