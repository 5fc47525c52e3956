#ifndef KTXN_ENGINE_ENGINE_H
#define KTXN_ENGINE_ENGINE_H

/*
 * The client without I/O: one cluster and any number of senders, driven by events and by time. Every function is for
 * the I/O thread. Events only take in what happened; call ktxn__engine_run() after a group of them.
 */

#include <stddef.h>
#include <stdint.h>

struct ktxn__address;
struct ktxn__cluster;
struct ktxn__engine;
struct ktxn__ports;
struct ktxn__settings;

/** `ports` and `settings` must live as long as the engine. NULL when memory is short. Connects to nothing yet. */
struct ktxn__engine *ktxn__engine_new(const struct ktxn__ports *ports, const struct ktxn__settings *settings);

/** Closes all connections, settles every call, lets every released sender go. Senders must have been released. */
void ktxn__engine_free(struct ktxn__engine *engine);

/**
 * Does everything that can be done now. Returns when it wants to run again though no event came and ports.wake was not
 * called: a time after now_us, or INT64_MAX.
 */
int64_t ktxn__engine_run(struct ktxn__engine *engine, int64_t now_us);

/* What became of the connections that ports.connect opened and the names that ports.resolve was asked for. */
void ktxn__engine_connected(struct ktxn__engine *engine, uint32_t conn, int64_t now_us);
void ktxn__engine_received(struct ktxn__engine *engine, uint32_t conn, const void *data, size_t size, int64_t now_us);
void ktxn__engine_writable(struct ktxn__engine *engine, uint32_t conn, int64_t now_us);
void ktxn__engine_closed(struct ktxn__engine *engine, uint32_t conn, const char *why, int64_t now_us);
void ktxn__engine_resolved(struct ktxn__engine *engine, uint32_t token, const struct ktxn__address *addresses,
                           size_t count, const char *why, int64_t now_us);

/** For the engine's own parts and for tests. */
struct ktxn__cluster *ktxn__engine_cluster(struct ktxn__engine *engine);
const struct ktxn__ports *ktxn__engine_ports(struct ktxn__engine *engine);

#endif
