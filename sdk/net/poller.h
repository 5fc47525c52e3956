#ifndef KTXN_NET_POLLER_H
#define KTXN_NET_POLLER_H

/*
 * Waits for descriptors (epoll, level-triggered). It owns no descriptor but its own; remove one before closing it. One
 * thread uses a poller. Errors are negative errno values.
 */

#include <stddef.h>
#include <stdint.h>

struct ktxn__mem;
struct ktxn__poller;

enum {
  KTXN__POLLER_READ = 1,
  KTXN__POLLER_WRITE = 2,
  KTXN__POLLER_BROKEN = 4 /* an error or hang-up: reported without being asked for; reading or writing tells which */
};

struct ktxn__poller_event {
  uint32_t key;   /* given with the descriptor */
  uint32_t ready; /* KTXN__POLLER_* */
};

/** How many events one ktxn__poller_wait() returns at most. */
#define KTXN__POLLER_EVENTS_MAX 256

/** NULL on failure, with *error set (no memory: -ENOMEM; no descriptor: -EMFILE). */
struct ktxn__poller *ktxn__poller_new(struct ktxn__mem *mem, int *error);
/** NULL is allowed. */
void ktxn__poller_free(struct ktxn__poller *poller);

/** `interest` is KTXN__POLLER_READ, _WRITE, both, or 0 (only BROKEN is told then). */
int ktxn__poller_add(struct ktxn__poller *poller, int fd, uint32_t key, uint32_t interest);
int ktxn__poller_change(struct ktxn__poller *poller, int fd, uint32_t key, uint32_t interest);
void ktxn__poller_remove(struct ktxn__poller *poller, int fd);

/**
 * Waits until something is ready or `timeout_us` is over (rounded up to what the kernel can; negative = no limit).
 * Returns how many of `events` were filled, 0 also after a signal. Handling one event may remove the descriptor of a
 * later one: keys that are not used again soon tell those apart.
 */
int ktxn__poller_wait(struct ktxn__poller *poller, struct ktxn__poller_event *events, size_t max, int64_t timeout_us);

#endif
