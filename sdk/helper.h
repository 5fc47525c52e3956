#ifndef KTXN_SDK_HELPER_H
#define KTXN_SDK_HELPER_H

/*
 * The helper thread: name resolution, which may block for as long as the system's resolver likes. The I/O thread asks
 * and collects; it never waits. Ending never waits either: a thread that is inside getaddrinfo() is let go, and what it
 * still needs belongs to it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/address.h"

struct ktxn__helper;

/** Questions that wait at most; one more is answered at once with a failure. */
#define KTXN__HELPER_QUEUE_MAX 1024

#define KTXN__HELPER_ADDRESSES_MAX 16
#define KTXN__HELPER_WHY_MAX 96

/** An answer. `count` 0 = failed, and `why` says why. */
struct ktxn__helper_answer {
  uint32_t token;
  size_t count;
  struct ktxn__address addresses[KTXN__HELPER_ADDRESSES_MAX];
  char why[KTXN__HELPER_WHY_MAX];
};

/** The resolver's shape: fills `answer` for `host`; getaddrinfo() in production, a table or a long sleep in tests. */
typedef void (*ktxn__helper_lookup)(const char *host, uint16_t port, struct ktxn__helper_answer *answer);

/**
 * Starts the thread. `wake` is called, from any thread, whenever an answer is there to be taken; never after
 * ktxn__helper_stop() has returned. `lookup` NULL = getaddrinfo(). NULL: no memory or no thread.
 */
struct ktxn__helper *ktxn__helper_new(void (*wake)(void *ctx), void *ctx, ktxn__helper_lookup lookup);

/** Asks. Exactly one answer with `token` follows. Numeric addresses are answered without the thread. */
void ktxn__helper_resolve(struct ktxn__helper *helper, uint32_t token, const char *host, uint16_t port);

/** Takes the next answer; false = none there. */
bool ktxn__helper_take(struct ktxn__helper *helper, struct ktxn__helper_answer *answer);

/** Ends it, at once. NULL is allowed. */
void ktxn__helper_stop(struct ktxn__helper *helper);

#endif
