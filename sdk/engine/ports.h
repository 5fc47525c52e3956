#ifndef KTXN_ENGINE_PORTS_H
#define KTXN_ENGINE_PORTS_H

/*
 * Everything that the engine wants from the world. Whoever makes an engine fills this in (the driver with sockets and
 * threads, a test or simulator with tables) and keeps it alive and unchanged as long as the engine lives.
 */

#include <stddef.h>
#include <stdint.h>

#include "sdk/base/address.h"
#include "sdk/base/span.h"

struct ktxn__log;
struct ktxn__mem;

/** A writev() call never gets more spans than this; a port needs no more room. */
#define KTXN__PORTS_SPANS_MAX 64

/** resolved() events never need to carry more addresses than this: the engine drops the rest. */
#define KTXN__PORTS_ADDRESSES_MAX 16

struct ktxn__ports {
  void *ctx; /* first argument of every function below */
  struct ktxn__mem *mem;
  struct ktxn__log *log;

  /* Milliseconds since 1970, as coarse as the system gives it cheaply. Any thread. */
  int64_t (*wall_ms)(void *ctx);
  /* 64 random bits (for jitter, not for secrets). I/O thread. */
  uint64_t (*random)(void *ctx);

  /*
   * Network; I/O thread only. None of these calls back into the engine: what happens is told later, through
   * ktxn__engine_connected() and its sisters. `conn` is chosen by the engine, is not 0, and is not used again while the
   * connection is open; from connect() = 0 until close() or the closed event it names a connection, then nothing.
   */

  /* Begins to connect. 0 = under way: a connected or a closed event follows. -errno = it failed at once: no event
   * follows, the conn is not open. `host` is for TLS and logs, valid during the call. */
  int (*connect)(void *ctx, uint32_t conn, const struct ktxn__address *address, const char *host);
  /* A text for what connect() returned ("Connection refused"), valid until the next call. May be NULL: no texts. */
  const char *(*error_text)(void *ctx, int error);
  /* At most KTXN__PORTS_SPANS_MAX spans, valid during the call. Returns how many bytes were taken. Fewer than given
   * means "would block": a writable event follows. -1 = broken, and nothing of these spans was taken: the engine calls
   * close(), no event follows. */
  int64_t (*writev)(void *ctx, uint32_t conn, const struct ktxn__span *spans, size_t count);
  /* No event of this conn follows. Also legal while connecting. */
  void (*close)(void *ctx, uint32_t conn);
  /* Looks `host` up (valid during the call); addresses carry `port`. Exactly one resolved event with `token` follows,
   * on failure too, later than this call; the engine ignores it when it has lost interest. */
  void (*resolve)(void *ctx, uint32_t token, const char *host, uint16_t port);

  /* A lock for what application threads share with the I/O thread; no-ops where there are no threads. lock_new()
   * returns NULL when memory is short. Not recursive. Any thread. */
  void *(*lock_new)(void *ctx);
  void (*lock)(void *lock);
  void (*unlock)(void *lock);
  void (*lock_free)(void *ctx, void *lock);

  /* Makes the I/O thread run the engine soon; cheap when that is coming anyway. Any thread. */
  void (*wake)(void *ctx);
  /* The application has something to collect for this producer (a callback, room, the end of an operation). `producer`
   * is what the producer was made with. Any thread. */
  void (*notify)(void *ctx, void *producer);
};

#endif
