/* Sockets against the system's own, on 127.0.0.1. */

#include "socket_fixture.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/time.h>

static const struct ktxn__tcp_options defaults = {0, 0};

static int option(int fd, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
  return value;
}

static void sockets_are_as_promised(void **state) {
  (void)state;
  struct listener listener = listener_open();
  const struct ktxn__tcp_options options = {.send_buffer_bytes = 131072, .receive_buffer_bytes = 32768};
  int ours, theirs;
  connect_pair(&listener, &options, &ours, &theirs);
  assert_int_not_equal(fcntl(ours, F_GETFL) & O_NONBLOCK, 0);
  assert_int_not_equal(fcntl(ours, F_GETFD) & FD_CLOEXEC, 0);
  assert_int_equal(option(ours, IPPROTO_TCP, TCP_NODELAY), 1);
  assert_int_equal(option(ours, SOL_SOCKET, SO_KEEPALIVE), 1);
  /* the kernel doubles what it is given, for its own books; socket(7) */
  assert_int_equal(option(ours, SOL_SOCKET, SO_SNDBUF), 2 * 131072);
  assert_int_equal(option(ours, SOL_SOCKET, SO_RCVBUF), 2 * 32768);
  ktxn__tcp_close(ours);
  close(theirs);
  close(listener.fd);
}

static void spans_arrive_in_order_and_as_bytes(void **state) {
  (void)state;
  struct listener listener = listener_open();
  int ours, theirs;
  connect_pair(&listener, &defaults, &ours, &theirs);
  const struct ktxn__span spans[] = {{"one ", 4}, {"two ", 4}, {"three", 5}};
  assert_int_equal(ktxn__tcp_writev(ours, spans, 3), 13);
  char text[32] = "";
  assert_int_equal(recv(theirs, text, 13, MSG_WAITALL), 13);
  assert_string_equal(text, "one two three");
  ktxn__tcp_close(ours);
  close(theirs);
  close(listener.fd);
}

static void more_spans_than_fit_are_left_for_the_next_time(void **state) {
  (void)state;
  struct listener listener = listener_open();
  int ours, theirs;
  connect_pair(&listener, &defaults, &ours, &theirs);
  struct ktxn__span spans[KTXN__TCP_SPANS_MAX + 10];
  for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
    spans[i] = (struct ktxn__span){"x", 1};
  }
  assert_int_equal(ktxn__tcp_writev(ours, spans, sizeof spans / sizeof *spans), KTXN__TCP_SPANS_MAX);
  ktxn__tcp_close(ours);
  close(theirs);
  close(listener.fd);
}

static void a_peer_that_does_not_read_makes_writing_stop_not_wait(void **state) {
  (void)state;
  struct listener listener = listener_open();
  const struct ktxn__tcp_options small = {.send_buffer_bytes = 16384, .receive_buffer_bytes = 16384};
  int ours, theirs;
  connect_pair(&listener, &small, &ours, &theirs);
  static char block[65536];
  const struct ktxn__span span = {block, sizeof block};
  int64_t sent = 0, taken;
  while ((taken = ktxn__tcp_writev(ours, &span, 1)) > 0) {
    sent += taken;
    assert_true(sent < INT64_C(1) << 32);
  }
  assert_int_equal(taken, 0);
  /* what is read makes room again */
  for (int64_t got = 0; got < sent;) {
    ssize_t size = recv(theirs, block, sizeof block, 0);
    assert_true(size > 0);
    got += size;
  }
  wait_for(ours, POLLOUT);
  assert_true(ktxn__tcp_writev(ours, &span, 1) > 0);
  ktxn__tcp_close(ours);
  close(theirs);
  close(listener.fd);
}

static void reading_tells_nothing_yet_from_the_end(void **state) {
  (void)state;
  struct listener listener = listener_open();
  int ours, theirs;
  connect_pair(&listener, &defaults, &ours, &theirs);
  char text[16], why[64];
  assert_int_equal(ktxn__tcp_read(ours, text, sizeof text), 0);
  assert_int_equal(send(theirs, "hello", 5, 0), 5);
  wait_for(ours, POLLIN);
  assert_int_equal(ktxn__tcp_read(ours, text, 3), 3);
  assert_int_equal(ktxn__tcp_read(ours, text, sizeof text), 2);
  close(theirs);
  wait_for(ours, POLLIN);
  assert_int_equal(ktxn__tcp_read(ours, text, sizeof text), -EPIPE);
  assert_string_equal(ktxn__tcp_why(-EPIPE, why, sizeof why), "the peer closed the connection");
  ktxn__tcp_close(ours);
  close(listener.fd);
}

static void a_reset_is_an_error(void **state) {
  (void)state;
  struct listener listener = listener_open();
  int ours, theirs;
  connect_pair(&listener, &defaults, &ours, &theirs);
  const struct linger abrupt = {.l_onoff = 1, .l_linger = 0};
  assert_int_equal(setsockopt(theirs, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt), 0);
  close(theirs);
  wait_for(ours, POLLIN);
  char text[16];
  assert_int_equal(ktxn__tcp_read(ours, text, sizeof text), -ECONNRESET);
  ktxn__tcp_close(ours);
  close(listener.fd);
}

static void writing_to_a_dead_peer_raises_no_signal(void **state) {
  (void)state;
  struct listener listener = listener_open();
  int ours, theirs;
  assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
  connect_pair(&listener, &defaults, &ours, &theirs);
  const struct linger abrupt = {.l_onoff = 1, .l_linger = 0};
  assert_int_equal(setsockopt(theirs, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt), 0);
  close(theirs);
  wait_for(ours, POLLHUP);
  const struct ktxn__span span = {"x", 1};
  assert_true(ktxn__tcp_writev(ours, &span, 1) < 0); /* the error of the reset */
  assert_int_equal(ktxn__tcp_writev(ours, &span, 1), -EPIPE);
  ktxn__tcp_close(ours);
  close(listener.fd);
}

static void a_refused_connection_says_so(void **state) {
  (void)state;
  struct listener listener = listener_deaf();
  int fd = ktxn__tcp_connect(&listener.address, &defaults);
  int error = fd;
  if (fd >= 0) {
    wait_for(fd, POLLOUT);
    error = ktxn__tcp_connected(fd);
    ktxn__tcp_close(fd);
  }
  char why[64];
  assert_int_equal(error, -ECONNREFUSED);
  assert_string_equal(ktxn__tcp_why(error, why, sizeof why), "Connection refused");
  close(listener.fd);
}

/* With a full backlog nobody answers: still connecting is not an error. */
static void connecting_takes_its_time(void **state) {
  (void)state;
  struct listener listener = listener_open();
  assert_int_equal(listen(listener.fd, 0), 0);
  int fds[64];
  size_t count = 0;
  int outcome = 0;
  while (count < 64 && outcome != -EINPROGRESS) {
    int fd = ktxn__tcp_connect(&listener.address, &defaults);
    assert_true(fd >= 0);
    fds[count++] = fd;
    outcome = ktxn__tcp_connected(fd);
    assert_true(outcome == 0 || outcome == -EINPROGRESS);
  }
  assert_int_equal(outcome, -EINPROGRESS);
  for (size_t i = 0; i < count; i++) {
    ktxn__tcp_close(fds[i]);
  }
  close(listener.fd);
}

static void addresses_are_parsed(void **state) {
  (void)state;
  struct ktxn__address address;
  assert_int_equal(ktxn__tcp_parse("127.0.0.1", 9092, &address), 0);
  assert_int_equal(address.family, 4);
  assert_int_equal(address.port, 9092);
  assert_memory_equal(address.bytes, "\x7f\0\0\1", 4);
  assert_int_equal(ktxn__tcp_parse("::1", 1, &address), 0);
  assert_int_equal(address.family, 6);
  assert_int_equal(address.bytes[15], 1);
  assert_int_equal(ktxn__tcp_parse("localhost", 1, &address), -EINVAL);
  assert_int_equal(ktxn__tcp_parse("", 1, &address), -EINVAL);
  assert_int_equal(ktxn__tcp_parse("127.0.0.256", 1, &address), -EINVAL);
}

static void unknown_families_and_numbers(void **state) {
  (void)state;
  struct ktxn__address address = {.family = 5, .port = 1};
  char why[64];
  assert_int_equal(ktxn__tcp_connect(&address, &defaults), -EAFNOSUPPORT);
  assert_string_equal(ktxn__tcp_why(-99999, why, sizeof why), "error 99999");
  ktxn__tcp_close(-1);
}

static void ipv6_works_where_there_is_any(void **state) {
  (void)state;
  int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  socklen_t size = sizeof name;
  if (fd < 0 || bind(fd, (struct sockaddr *)&name, size) != 0) {
    if (fd >= 0) {
      close(fd);
    }
    skip();
  }
  assert_int_equal(listen(fd, 1), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &size), 0);
  struct ktxn__address address;
  assert_int_equal(ktxn__tcp_parse("::1", ntohs(name.sin6_port), &address), 0);
  int ours = ktxn__tcp_connect(&address, &defaults);
  assert_true(ours >= 0);
  wait_for(ours, POLLOUT);
  assert_int_equal(ktxn__tcp_connected(ours), 0);
  ktxn__tcp_close(ours);
  close(fd);
}

static void no_descriptors_left_is_an_error(void **state) {
  (void)state;
  struct listener listener = listener_open();
  struct rlimit before, none;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  none = before;
  none.rlim_cur = 0;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  int fd = ktxn__tcp_connect(&listener.address, &defaults);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  assert_int_equal(fd, -EMFILE);
  close(listener.fd);
}

static atomic_int alarms;

static void on_alarm(int number) {
  (void)number;
  alarms++;
}

struct drain {
  int fd;
  int64_t total;
};

static void *drain_slowly(void *argument) {
  struct drain *drain = argument;
  char block[1000];
  ssize_t size;
  while ((size = recv(drain->fd, block, sizeof block, 0)) > 0 || (size < 0 && errno == EINTR)) {
    drain->total += size > 0 ? size : 0;
  }
  return NULL;
}

/* A timer interrupts every 200 us, without SA_RESTART, while 4 MB go through. */
static void signals_disturb_nothing(void **state) {
  (void)state;
  struct listener listener = listener_open();
  struct drain drain = {0};
  int ours;
  connect_pair(&listener, &(struct ktxn__tcp_options){16384, 16384}, &ours, &drain.fd);
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, drain_slowly, &drain), 0);
  const struct sigaction action = {.sa_handler = on_alarm};
  const struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
  assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
  assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
  static char block[5000];
  const struct ktxn__span span = {block, sizeof block};
  int64_t sent = 0;
  char text[8];
  while (sent < 4000000) {
    int64_t taken = ktxn__tcp_writev(ours, &span, 1);
    assert_true(taken >= 0);
    sent += taken;
    assert_int_equal(ktxn__tcp_read(ours, text, sizeof text), 0);
    if (taken == 0) {
      struct pollfd poller = {.fd = ours, .events = POLLOUT};
      (void)poll(&poller, 1, WAIT_MS);
    }
  }
  assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
  ktxn__tcp_close(ours);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_true(drain.total == sent);
  assert_true(alarms > 0);
  close(drain.fd);
  close(listener.fd);
}

static int listen_on(const char *host, uint16_t port) {
  struct ktxn__address address;
  assert_int_equal(ktxn__tcp_parse(host, port, &address), 0);
  return ktxn__tcp_listen(&address);
}

static int connect_to(uint16_t port) {
  struct ktxn__address address;
  assert_int_equal(ktxn__tcp_parse("127.0.0.1", port, &address), 0);
  int fd = ktxn__tcp_connect(&address, &defaults);
  assert_true(fd >= 0);
  return fd;
}

static void listening_and_accepting(void **state) {
  (void)state;
  char host[64] = "";
  int listener = listen_on("127.0.0.1", 0);
  assert_true(listener >= 0);
  const uint16_t port = ktxn__tcp_port(listener);
  assert_int_not_equal(port, 0);
  assert_int_equal(ktxn__tcp_accept(listener, &defaults, host, sizeof host), -EAGAIN);
  assert_int_equal(listen_on("127.0.0.1", port), -EADDRINUSE);
  int client = connect_to(port);
  int server = ktxn__tcp_accept(listener, &defaults, host, sizeof host);
  assert_true(server >= 0);
  assert_string_equal(host, "127.0.0.1");
  assert_int_not_equal(fcntl(server, F_GETFL) & O_NONBLOCK, 0);
  assert_int_not_equal(fcntl(server, F_GETFD) & FD_CLOEXEC, 0);
  assert_int_equal(option(server, IPPROTO_TCP, TCP_NODELAY), 1);
  ktxn__tcp_close(server);
  ktxn__tcp_close(listener);
  /* the port is free at once, although the connection that was closed here is remembered */
  listener = listen_on("127.0.0.1", port);
  assert_true(listener >= 0);
  ktxn__tcp_close(listener);
  ktxn__tcp_close(client);
  assert_int_equal(ktxn__tcp_port(client), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sockets_are_as_promised),
      cmocka_unit_test(spans_arrive_in_order_and_as_bytes),
      cmocka_unit_test(more_spans_than_fit_are_left_for_the_next_time),
      cmocka_unit_test(a_peer_that_does_not_read_makes_writing_stop_not_wait),
      cmocka_unit_test(reading_tells_nothing_yet_from_the_end),
      cmocka_unit_test(a_reset_is_an_error),
      cmocka_unit_test(writing_to_a_dead_peer_raises_no_signal),
      cmocka_unit_test(a_refused_connection_says_so),
      cmocka_unit_test(connecting_takes_its_time),
      cmocka_unit_test(addresses_are_parsed),
      cmocka_unit_test(unknown_families_and_numbers),
      cmocka_unit_test(ipv6_works_where_there_is_any),
      cmocka_unit_test(no_descriptors_left_is_an_error),
      cmocka_unit_test(signals_disturb_nothing),
      cmocka_unit_test(listening_and_accepting),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
