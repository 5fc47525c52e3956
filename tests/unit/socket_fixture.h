#ifndef KTXN_TESTS_SOCKET_FIXTURE_H
#define KTXN_TESTS_SOCKET_FIXTURE_H

/* A listener of the system's own on 127.0.0.1, with a port that the system chose. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sdk/net/tcp.h"

#define WAIT_MS 10000 /* what comes at once comes within this; nothing waits for it to pass */

struct listener {
  int fd;
  struct ktxn__address address;
};

/* Holds the port, and refuses connections. */
static inline struct listener listener_deaf(void) {
  struct listener listener = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof name;
  assert_true(listener.fd >= 0);
  assert_int_equal(bind(listener.fd, (struct sockaddr *)&name, size), 0);
  assert_int_equal(getsockname(listener.fd, (struct sockaddr *)&name, &size), 0);
  assert_int_equal(ktxn__tcp_parse("127.0.0.1", ntohs(name.sin_port), &listener.address), 0);
  return listener;
}

static inline struct listener listener_open(void) {
  struct listener listener = listener_deaf();
  assert_int_equal(listen(listener.fd, 16), 0);
  return listener;
}

static inline void wait_for(int fd, short what) {
  struct pollfd poller = {.fd = fd, .events = what};
  assert_int_equal(poll(&poller, 1, WAIT_MS), 1);
}

/* Both ends of a connection. */
static inline void connect_pair(const struct listener *listener, const struct ktxn__tcp_options *options, int *ours,
                                int *theirs) {
  *ours = ktxn__tcp_connect(&listener->address, options);
  assert_true(*ours >= 0);
  *theirs = accept(listener->fd, NULL, NULL);
  assert_true(*theirs >= 0);
  wait_for(*ours, POLLOUT);
  assert_int_equal(ktxn__tcp_connected(*ours), 0);
}

#endif
