#ifndef KTXN_SDK_BOOTSTRAP_H
#define KTXN_SDK_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KTXN__BOOTSTRAP_SERVERS_MAX 256
#define KTXN__BOOTSTRAP_HOST_MAX 255 /* a DNS name's limit (RFC 1035), without the NUL */

/** One address of bootstrap.servers; `host` is a name, an IPv4 address or an IPv6 address without brackets. */
struct ktxn__bootstrap_server {
  char *host;
  uint16_t port;
};

/** The list, in the order in which it was given. */
struct ktxn__bootstrap {
  struct ktxn__bootstrap_server *servers;
  size_t count;
};

/**
 * Looks at the text alone: "host:port", "[v6]:port", separated by commas; blanks around them are ignored. Returns NULL if
 * it is well-formed and names at least one server, else a static text that says what is wrong.
 */
const char *ktxn__bootstrap_problem(const char *text);

/** Parses a text that ktxn__bootstrap_problem() found well-formed. False when memory is short; nothing to free then. */
bool ktxn__bootstrap_parse(const char *text, struct ktxn__bootstrap *out);

void ktxn__bootstrap_free(struct ktxn__bootstrap *bootstrap);

#endif
