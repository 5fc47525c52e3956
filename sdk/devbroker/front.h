#ifndef KTXN_DEVBROKER_FRONT_H
#define KTXN_DEVBROKER_FRONT_H

/*
 * The model behind byte streams, without any socket: bytes of a connection in, bytes out. A *link* is one connection to one
 * node. As in Kafka a node handles one request of a link at a time, in order; what has come behind it waits. Everything is
 * bounded: a frame, what waits in a link, what a client doesn't read, the memory of one request.
 *
 * Time is an argument and never goes back. Not thread-safe.
 */

#include "sdk/base/log.h"
#include "sdk/devbroker/model.h"
#include "sdk/devbroker/translate.h"

/* socket.request.max.bytes of Kafka, and what one request or answer may take while it is worked on. */
#define KTXN__FRONT_FRAME_MAX (100 * 1024 * 1024)
#define KTXN__FRONT_WORK_MAX (256 * 1024 * 1024)

struct ktxn__front;
struct ktxn__front_link;

/** Told of every request that may change the cluster, before it is submitted; false: it is not, and the link breaks. */
typedef bool (*ktxn__front_record)(void *ctx, int64_t now, int32_t node, struct ktxn__span frame);

/** What the model's observer is told of a request: `opaque` is its link's. */
typedef uint64_t (*ktxn__front_tag)(const void *opaque, int32_t correlation);

struct ktxn__front_config {
  struct ktxn__mem *mem;
  struct ktxn__model *model; /* stays the caller's */
  struct ktxn__str cluster_id;
  int32_t nodes;
  const struct ktxn__log *log; /* may be NULL */
  ktxn__front_record record; /* may be NULL */
  void *record_ctx;
  ktxn__front_tag tag; /* may be NULL: no request has a tag */
};

/** NULL: out of memory. What `config` points to must outlive the front. */
struct ktxn__front *ktxn__front_new(const struct ktxn__front_config *config);
/** Closes all links. */
void ktxn__front_free(struct ktxn__front *front);

/** Where clients are told to reach a node. The host is kept by reference. */
void ktxn__front_set_address(struct ktxn__front *front, int32_t node, struct ktxn__str host, int32_t port);

/** A new connection; NULL when memory is short. `opaque` is the caller's. */
struct ktxn__front_link *ktxn__front_open(struct ktxn__front *front, int32_t node, const char *client_host,
                                          void *opaque);
/** Requests under way go on; nobody waits for their answers. */
void ktxn__front_close(struct ktxn__front_link *link);

void *ktxn__front_opaque(const struct ktxn__front_link *link);
int32_t ktxn__front_node(const struct ktxn__front_link *link);

/** Bytes have come. All are taken, whether link_wants() or not, up to one frame behind what is being worked on. */
void ktxn__front_feed(struct ktxn__front_link *link, int64_t now, struct ktxn__span bytes);

/** False: the link has enough to do; reading on can wait. */
bool ktxn__front_wants(const struct ktxn__front_link *link);

/** What is to be sent, and that `size` bytes of it have been. */
struct ktxn__span ktxn__front_output(const struct ktxn__front_link *link);
void ktxn__front_sent(struct ktxn__front_link *link, int64_t now, size_t size);

/** The connection has to be closed once its output is sent. */
bool ktxn__front_broken(const struct ktxn__front_link *link);

/** The next `count` requests that match, after `skip` of them, are handled so much later; -1 = any node, any request. What is
 * behind them in their link waits, as it does in a broker. */
struct ktxn__front_delay {
  int32_t node;
  int16_t api;
  int32_t skip;
  int32_t count;
  int64_t delay_us;
};
#define KTXN__FRONT_DELAYS 64 /* at most at one time */

/** False: there are as many already. */
bool ktxn__front_add_delay(struct ktxn__front *front, const struct ktxn__front_delay *delay);
void ktxn__front_clear_delays(struct ktxn__front *front);

/** Everything that was due until now: the model steps, answers become output. After each, ask every link for its output. */
void ktxn__front_run(struct ktxn__front *front, int64_t now);
int64_t ktxn__front_deadline(const struct ktxn__front *front);

/** The next link whose output or state has changed since it was last named here; NULL when there is none. */
struct ktxn__front_link *ktxn__front_changed(struct ktxn__front *front);

/** Replays a request that a `record` function has kept: its answer is dropped. False: it can't be read. */
bool ktxn__front_replay(struct ktxn__front *front, int64_t now, int32_t node, struct ktxn__span frame);

#endif
