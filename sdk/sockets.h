#ifndef KTXN_SDK_SOCKETS_H
#define KTXN_SDK_SOCKETS_H

/*
 * The sockets of one driver, by the connection numbers that the engine gives them, together with what the poller is told
 * about each. One thread uses it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/address.h"
#include "sdk/base/span.h"
#include "sdk/net/tcp.h"

struct ktxn__mem;
struct ktxn__poller;

struct ktxn__socket {
  uint32_t conn; /* 0 = this place is free */
  int fd;
  uint32_t interest;
  bool connecting;
};

struct ktxn__sockets {
  struct ktxn__mem *mem;
  struct ktxn__poller *poller;
  struct ktxn__tcp_options options;
  struct ktxn__socket *places; /* open addressing, linear probing; a power of two */
  uint32_t room;
  uint32_t count;
};

/** Allocates nothing yet. */
void ktxn__sockets_init(struct ktxn__sockets *sockets, struct ktxn__mem *mem, struct ktxn__poller *poller,
                        const struct ktxn__tcp_options *options);

/** Closes what is open. */
void ktxn__sockets_free(struct ktxn__sockets *sockets);

/** As the port of that name: 0, or a negative errno. */
int ktxn__sockets_connect(struct ktxn__sockets *sockets, uint32_t conn, const struct ktxn__address *address);
int64_t ktxn__sockets_writev(struct ktxn__sockets *sockets, uint32_t conn, const struct ktxn__span *spans, size_t count);
void ktxn__sockets_close(struct ktxn__sockets *sockets, uint32_t conn);

/** NULL if there is none; valid until the next connect or close. */
struct ktxn__socket *ktxn__sockets_find(struct ktxn__sockets *sockets, uint32_t conn);

/** What the poller watches a socket for. False: the system refused; the socket is useless then. */
bool ktxn__sockets_watch(struct ktxn__sockets *sockets, struct ktxn__socket *socket, uint32_t interest);

#endif
