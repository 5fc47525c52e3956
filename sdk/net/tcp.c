#include "sdk/net/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

union sockaddr_any {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

/* Returns the size that the system wants to hear, 0 for a family that we don't know. */
static socklen_t fill(union sockaddr_any *out, const struct ktxn__address *address) {
  memset(out, 0, sizeof *out);
  if (address->family == 4) {
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons(address->port);
    memcpy(&out->v4.sin_addr, address->bytes, sizeof out->v4.sin_addr);
    return sizeof out->v4;
  }
  if (address->family == 6) {
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons(address->port);
    out->v6.sin6_scope_id = address->scope;
    memcpy(&out->v6.sin6_addr, address->bytes, sizeof out->v6.sin6_addr);
    return sizeof out->v6;
  }
  return 0;
}

/* A socket without one of these still works, so a refusal is no error. */
static void set_options(int fd, const struct ktxn__tcp_options *options) {
  const int on = 1;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  if (options->send_buffer_bytes > 0) {
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &options->send_buffer_bytes, sizeof(int));
  }
  if (options->receive_buffer_bytes > 0) {
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &options->receive_buffer_bytes, sizeof(int));
  }
}

int ktxn__tcp_connect(const struct ktxn__address *address, const struct ktxn__tcp_options *options) {
  union sockaddr_any to;
  socklen_t size = fill(&to, address);
  if (size == 0) {
    return -EAFNOSUPPORT;
  }
  int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return -errno;
  }
  set_options(fd, options);
  /* After EINTR the attempt goes on by itself, as after EINPROGRESS (POSIX connect()). */
  if (connect(fd, &to.any, size) == 0 || errno == EINPROGRESS || errno == EINTR) {
    return fd;
  }
  int error = errno;
  close(fd);
  return -error;
}

int ktxn__tcp_connected(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
    return -errno;
  }
  if (error != 0) {
    return -error;
  }
  union sockaddr_any peer;
  size = sizeof peer;
  if (getpeername(fd, &peer.any, &size) == 0) {
    return 0;
  }
  return errno == ENOTCONN ? -EINPROGRESS : -errno;
}

/* A port whose last connections the kernel still remembers may be taken again at once. */
int ktxn__tcp_listen(const struct ktxn__address *address) {
  enum { BACKLOG = 128 };
  const int on = 1;
  union sockaddr_any at;
  socklen_t size = fill(&at, address);
  if (size == 0) {
    return -EAFNOSUPPORT;
  }
  int fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return -errno;
  }
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 || bind(fd, &at.any, size) != 0 ||
      listen(fd, BACKLOG) != 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

static void print_host(const union sockaddr_any *peer, char *host, size_t size) {
  const void *bytes = peer->any.sa_family == AF_INET ? (const void *)&peer->v4.sin_addr : (const void *)&peer->v6.sin6_addr;
  if (inet_ntop(peer->any.sa_family, bytes, host, (socklen_t)size) == NULL) {
    (void)snprintf(host, size, "?");
  }
}

int ktxn__tcp_accept(int fd, const struct ktxn__tcp_options *options, char *host, size_t size) {
  union sockaddr_any peer;
  for (;;) {
    socklen_t peer_size = sizeof peer;
    int made = accept4(fd, &peer.any, &peer_size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (made >= 0) {
      set_options(made, options);
      print_host(&peer, host, size);
      return made;
    }
    /* one that was given up while it waited is not the last one */
    if (errno != EINTR && errno != ECONNABORTED) {
      return -errno;
    }
  }
}

uint16_t ktxn__tcp_port(int fd) {
  union sockaddr_any at;
  socklen_t size = sizeof at;
  if (getsockname(fd, &at.any, &size) != 0) {
    return 0;
  }
  return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

int64_t ktxn__tcp_writev(int fd, const struct ktxn__span *spans, size_t count) {
  struct iovec vector[KTXN__TCP_SPANS_MAX];
  size_t n = count < KTXN__TCP_SPANS_MAX ? count : KTXN__TCP_SPANS_MAX;
  for (size_t i = 0; i < n; i++) {
    /* iovec is shared with reading and so has no const; sending doesn't write */
    vector[i].iov_base = (void *)(uintptr_t)spans[i].data;
    vector[i].iov_len = spans[i].size;
  }
  const struct msghdr message = {.msg_iov = vector, .msg_iovlen = n};
  for (;;) {
    ssize_t taken = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken >= 0) {
      return taken;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return 0;
    }
    if (errno != EINTR) {
      return -errno;
    }
  }
}

int64_t ktxn__tcp_read(int fd, void *data, size_t size) {
  for (;;) {
    ssize_t got = recv(fd, data, size, MSG_DONTWAIT);
    if (got > 0) {
      return got;
    }
    if (got == 0) {
      return -EPIPE;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return 0;
    }
    if (errno != EINTR) {
      return -errno;
    }
  }
}

void ktxn__tcp_shut(int fd) {
  (void)shutdown(fd, SHUT_RDWR);
}

void ktxn__tcp_close(int fd) {
  if (fd >= 0) {
    /* After EINTR Linux has closed it all the same: a second close() could hit somebody else's descriptor. */
    (void)close(fd);
  }
}

const char *ktxn__tcp_why(int error, char *text, size_t size) {
  if (error == -EPIPE) {
    return "the peer closed the connection";
  }
  const char *known = strerrordesc_np(-error);
  if (known != NULL) {
    return known;
  }
  (void)snprintf(text, size, "error %d", -error);
  return text;
}

int ktxn__tcp_parse(const char *host, uint16_t port, struct ktxn__address *address) {
  *address = (struct ktxn__address){.port = port};
  if (inet_pton(AF_INET, host, address->bytes) == 1) {
    address->family = 4;
    return 0;
  }
  if (inet_pton(AF_INET6, host, address->bytes) == 1) {
    address->family = 6;
    return 0;
  }
  return -EINVAL;
}
