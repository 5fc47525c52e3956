#ifndef KTXN_SDK_DRIVER_H
#define KTXN_SDK_DRIVER_H

/*
 * The I/O thread of one client, with the engine on it and the real world plugged into the engine's ports: sockets, clocks,
 * random numbers, mutexes, the resolver on the helper thread.
 */

#include <stdint.h>

#include "ktxn/error.h"
#include "sdk/helper.h"
#include "sdk/mailbox.h"

struct ktxn__driver;
struct ktxn__engine;
struct ktxn__log;
struct ktxn__mem;
struct ktxn__ports;
struct ktxn__settings;

/** What the driver tells its owner. */
struct ktxn__driver_hooks {
  /* A producer has something to collect. Any thread; no lock of the engine's is held. */
  void (*notify)(void *owner, void *producer);
  void *owner;
  ktxn__helper_lookup lookup; /* NULL = the system's resolver */
};

/** Starts both threads. Everything handed in must outlive the driver. NULL with `error` set: RETRY. */
struct ktxn__driver *ktxn__driver_new(struct ktxn__mem *mem, struct ktxn__log *log,
                                      const struct ktxn__settings *settings, const struct ktxn__driver_hooks *hooks,
                                      ktxn_error *error);

/** Mail for the I/O thread, which is woken. Any thread; none after ktxn__driver_free() was called. */
void ktxn__driver_post(struct ktxn__driver *driver, struct ktxn__mail *mail);

/** For making a producer's parts; the engine itself belongs to the I/O thread. */
struct ktxn__engine *ktxn__driver_engine(struct ktxn__driver *driver);
const struct ktxn__ports *ktxn__driver_ports(const struct ktxn__driver *driver);

/**
 * Runs the mail that is there, closes every connection, ends both threads and frees. Waits for no peer and no resolver.
 * Every sender must have been released, by mail that may still be there. NULL is allowed.
 */
void ktxn__driver_free(struct ktxn__driver *driver);

#endif
