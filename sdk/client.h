#ifndef KTXN_SDK_CLIENT_H
#define KTXN_SDK_CLIENT_H

/*
 * The application's side of a client: its producers, the events that wait to be taken, and the descriptor that says that
 * there is something to do. One lock, the client's, covers all of it and what its producers keep there (producer.h); the
 * records' own path doesn't touch it. Order of locks: this one, then those behind ports->lock. It is never held while a
 * callback of the application runs, nor while the I/O thread is waited for.
 */

#include <stdbool.h>
#include <stdint.h>

#include "ktxn/client.h"
#include "sdk/base/list.h"
#include "sdk/base/log.h"
#include "sdk/config.h"
#include "sdk/helper.h"
#include "sdk/os/thread.h"

struct ktxn__driver;
struct ktxn__job;
struct ktxn__mem;

/**
 * An event that waits to be taken. It is embedded in what it tells about, each of which has at most one: so the number of
 * waiting events is bounded by the calls under way, and no event can be lost for lack of memory.
 */
struct ktxn__notice {
  struct ktxn__list link; /* in no list = not waiting */
  ktxn_event event;
  struct ktxn__job *job; /* NULL = no job's */
};

struct ktxn_client {
  struct ktxn__mem *mem;
  struct ktxn__settings settings;
  struct ktxn__log log;
  struct ktxn__mutex log_lock; /* the application gets one line at a time */
  struct ktxn__driver *driver;
  int fd; /* an eventfd, readable while `armed` */

  struct ktxn__mutex lock; /* covers all that follows */
  struct ktxn__list producers;
  struct ktxn__list ready; /* producers with callbacks to run */
  struct ktxn__list notices;
  bool armed;
};

/** ktxn_client_new() with another resolver (NULL = the system's). */
ktxn_client *ktxn__client_new(const ktxn_config *config, ktxn__helper_lookup lookup, ktxn_error *error);

/** Ends the threads and frees. No producer is left. */
void ktxn__client_free(ktxn_client *client);

/* ---- the client's lock is held ------------------------------------------------------------------------------------- */

/** Has the event taken by the next ktxn_poll(). Nothing happens if it waits already. */
void ktxn__client_tell(ktxn_client *client, struct ktxn__notice *notice);

/** Makes the descriptor readable exactly while there is something to take or to run. After each change. */
void ktxn__client_settle(ktxn_client *client);

#endif
