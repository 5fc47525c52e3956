#ifndef KTXN_DEVBROKER_SERVER_H
#define KTXN_DEVBROKER_SERVER_H

/*
 * The front behind TCP: one thread, one poller, a listener for each node that is up, and one for control lines. Any thread
 * may start, command and end it.
 */

#include "sdk/base/log.h"
#include "sdk/base/mem.h"
#include "sdk/devbroker/model.h"

/** Connections at one time, control connections included; what comes beyond is closed at once. */
#define KTXN__SERVER_CONNECTIONS_MAX 2000

struct ktxn__server;

struct ktxn__server_config {
  struct ktxn__mem *mem;
  struct ktxn__model_config model;
  const char *host;            /* numeric address that it listens on */
  const char *advertised_host; /* what it tells clients; NULL = the same */
  int32_t port; /* of node 0, the others follow; 0 = any that are free */
  int32_t control_port; /* -1 = none, 0 = any that is free */
  const char *directory; /* NULL = memory alone */
  const struct ktxn__log *log;
};

/** Returns when clients can connect. NULL: `why` says so. */
struct ktxn__server *ktxn__server_start(const struct ktxn__server_config *config, char *why, size_t why_size);

/** Closes everything and waits for the thread. NULL is allowed. */
void ktxn__server_end(struct ktxn__server *server);

/** Returns when somebody has said `stop`, or a failure has ended the thread. */
void ktxn__server_wait(struct ktxn__server *server);

/** Carries out a control line on the server's thread (see control.h). The reply is cut to `size`. False: it is an error. */
bool ktxn__server_command(struct ktxn__server *server, const char *line, char *reply, size_t size);

/** Addresses of all nodes, as clients are configured with them. */
const char *ktxn__server_bootstrap(const struct ktxn__server *server);

/** 0 = there is none. */
int32_t ktxn__server_control_port(const struct ktxn__server *server);

#endif
