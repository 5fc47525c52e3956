#ifndef KTXN_ENGINE_BROKER_PARTS_H
#define KTXN_ENGINE_BROKER_PARTS_H

/*
 * The inside of a broker, for broker*.c alone:
 *   broker.c           the calls: queue, flight, times; the public functions
 *   broker_answers.c   what arrives
 *   broker_link.c      the connection: DOWN to VERSIONS and back
 *   broker_versions.c  ApiVersions: VERSIONS to READY
 *
 * True between events and runs:
 *   DOWN, RESOLVING      no connection; flight, out and in are empty
 *   CONNECTING           a connection on its way; flight, out and in are empty
 *   VERSIONS             flight holds the ApiVersions call alone
 *   READY                flight holds every call that is encoded and not answered, in the order of their correlation ids;
 *                        those whose bodies are still in `out` are the last ones of it
 */

#include "sdk/base/arena.h"
#include "sdk/engine/broker.h"
#include "sdk/engine/broker_in.h"
#include "sdk/engine/broker_out.h"
#include "sdk/engine/call.h"
#include "sdk/engine/ports.h"

#define KTXN__BROKER_NAME_MAX (KTXN__BROKER_HOST_MAX + 16)
#define KTXN__BROKER_API_COUNT 96 /* api keys from 0; what a broker lists beyond is not spoken here */

struct ktxn__broker_calls {
  struct ktxn__call *first, *last;
  size_t count;
};

struct ktxn__broker_range {
  int16_t min, max; /* max -1 = the broker doesn't have the API */
};

struct ktxn__broker {
  const struct ktxn__ports *ports;
  const struct ktxn__broker_settings *settings;
  struct ktxn__broker_hooks hooks;
  uint32_t number;
  int32_t node;
  const char *cluster_id; /* expected; NULL = none */
  char host[KTXN__BROKER_HOST_MAX + 1];
  uint16_t port;
  char name[KTXN__BROKER_NAME_MAX];

  enum ktxn__broker_state state;
  uint32_t generation; /* of conns and tokens */
  uint32_t conn;       /* 0 = none */
  uint32_t token;      /* of the resolution under way, 0 = none */
  struct ktxn__address addresses[KTXN__PORTS_ADDRESSES_MAX];
  size_t address_count, address_next;
  bool wanted;  /* somebody wants a connection though no call waits */
  bool moved;   /* the address has changed: this connection takes no further request */
  bool failing; /* the last attempt didn't become READY */
  bool blocked; /* the kernel took less than it was given: a writable event will come */
  bool doomed;  /* to be dropped, for the reason in `doom` */
  char doom[KTXN__BROKER_WHY_MAX];
  char why[KTXN__BROKER_WHY_MAX];
  uint32_t failures;   /* attempts in a row that didn't become READY */
  struct ktxn__broker_says {
    int64_t next_us;  /* not before this is it said again */
    uint32_t unsaid;  /* how often it has happened since */
  } says[2]; /* to the log: an attempt failed; a connection that worked broke */
  uint32_t silences;   /* attempts in a row that the peer closed instead of answering ApiVersions */
  int64_t backoff_until_us;
  int64_t setup_by_us;   /* RESOLVING, CONNECTING: the whole attempt */
  int64_t address_by_us; /* CONNECTING: this address */
  int64_t tried_us;
  int64_t active_us; /* the last byte in or request out */
  int64_t muted_until_us;
  int64_t due_us; /* when run() wants to be called */

  struct ktxn__broker_calls waiting;
  struct ktxn__broker_calls refused; /* beyond the queue's bound: end in the next run */
  int64_t waiting_by_us; /* no waiting call's deadline is earlier */
  struct ktxn__broker_calls flight;
  int32_t correlation_next;
  struct ktxn__broker_out out;
  struct ktxn__broker_in in;
  struct ktxn__arena arena; /* for decoding ApiVersions */

  struct ktxn__call versions; /* ApiVersions; in flight while versions_busy, never in `waiting` */
  bool versions_busy;
  bool versions_wanted; /* to be asked again, on the open connection */
  uint32_t versions_rounds;
  struct ktxn__broker_range ranges[KTXN__BROKER_API_COUNT];
  struct ktxn__broker_features features;
};

/* broker.c */
void ktxn__broker_calls_push(struct ktxn__broker_calls *calls, struct ktxn__call *call);
struct ktxn__call *ktxn__broker_calls_pop(struct ktxn__broker_calls *calls);
/** Encodes a call with this version and puts it in flight. False: it was not; the caller must end it. */
bool ktxn__broker_begin(struct ktxn__broker *broker, struct ktxn__call *call, int16_t version, int64_t now_us);
/** Ends all calls, which were detached from the broker: `flight` by what was begun of it, `waiting` UNSENT. */
void ktxn__broker_end_calls(struct ktxn__broker *broker, struct ktxn__broker_calls *flight,
                            struct ktxn__broker_calls *waiting, int64_t now_us);
void ktxn__broker_mute(struct ktxn__broker *broker, int32_t throttle_ms, int64_t now_us);

/* broker_link.c */
/** Begins an attempt; it is DOWN. */
void ktxn__broker_link_open(struct ktxn__broker *broker, int64_t now_us);
/** The next address, or the end of the attempt. */
void ktxn__broker_link_next(struct ktxn__broker *broker, int64_t now_us);
/** Something went wrong: to DOWN, with a reason; all calls end. */
void ktxn__broker_link_fail(struct ktxn__broker *broker, int64_t now_us, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** To DOWN without anything being wrong; nothing is in flight. */
void ktxn__broker_link_shut(struct ktxn__broker *broker, const char *why);
/** What ktxn__broker_drop() asked for. */
void ktxn__broker_link_doom(struct ktxn__broker *broker, int64_t now_us);
/** The time limits of RESOLVING and CONNECTING. */
void ktxn__broker_link_times(struct ktxn__broker *broker, int64_t now_us);

/* broker_versions.c */
/** The connection is there: asks for the versions. */
void ktxn__broker_versions_begin(struct ktxn__broker *broker, int64_t now_us);
/** Asks again, for versions_wanted; nothing keeps the broker from being sent to. */
void ktxn__broker_versions_again(struct ktxn__broker *broker, int64_t now_us);
void ktxn__broker_versions_init(struct ktxn__broker *broker);

#endif
