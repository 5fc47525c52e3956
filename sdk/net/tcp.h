#ifndef KTXN_NET_TCP_H
#define KTXN_NET_TCP_H

/*
 * Non-blocking TCP sockets (close-on-exec, TCP_NODELAY, SO_KEEPALIVE). A socket is a plain descriptor, owned by whoever
 * made it until ktxn__tcp_close(). No function blocks, raises SIGPIPE, or fails because of a signal. Errors are negative
 * errno values.
 */

#include <stddef.h>
#include <stdint.h>

#include "sdk/base/address.h"
#include "sdk/base/span.h"

/** How many spans one ktxn__tcp_writev() takes at most. */
#define KTXN__TCP_SPANS_MAX 64

struct ktxn__tcp_options {
  int send_buffer_bytes; /* 0 or less = the system's default, which tunes itself */
  int receive_buffer_bytes;
};

/**
 * Begins to connect. Returns a descriptor, even if the connection is there already: it becomes writable when there is an
 * outcome, which ktxn__tcp_connected() tells. Returns a negative errno when it failed at once.
 */
int ktxn__tcp_connect(const struct ktxn__address *address, const struct ktxn__tcp_options *options);

/** 0 = connected, -EINPROGRESS = not yet, else why it failed. */
int ktxn__tcp_connected(int fd);

/** A listening socket; port 0 = the kernel chooses one, which ktxn__tcp_port() tells. Returns a descriptor or an error. */
int ktxn__tcp_listen(const struct ktxn__address *address);

/** The next connection of a listening socket. `host` becomes the peer's numeric address. Returns a descriptor; -EAGAIN =
 * none is waiting. */
int ktxn__tcp_accept(int fd, const struct ktxn__tcp_options *options, char *host, size_t size);

/** The local port of a socket; 0 when it has none. */
uint16_t ktxn__tcp_port(int fd);

/** Returns the bytes that the kernel took; fewer than given (0 perhaps) = wait until it is writable. Negative = broken.
 * At most KTXN__TCP_SPANS_MAX spans, at least one byte in all. */
int64_t ktxn__tcp_writev(int fd, const struct ktxn__span *spans, size_t count);

/** Returns the bytes read; 0 = nothing there now; -EPIPE = the peer has closed its side; else broken. */
int64_t ktxn__tcp_read(int fd, void *data, size_t size);

/** Ends both directions: who waits for the descriptor finds it closed by its peer. It is still to be closed. */
void ktxn__tcp_shut(int fd);

/** Negative is allowed and does nothing. */
void ktxn__tcp_close(int fd);

/** A text for an error of this file ("Connection refused"); `text` is used if needed. */
const char *ktxn__tcp_why(int error, char *text, size_t size);

/** Fills `address` from a numeric IPv4 or IPv6 address; 0, or -EINVAL when it is not one (a name, say). */
int ktxn__tcp_parse(const char *host, uint16_t port, struct ktxn__address *address);

#endif
