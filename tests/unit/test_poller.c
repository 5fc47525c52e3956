/* The poller against pipes and sockets of the system's own. */

#include "socket_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "sdk/base/mem.h"
#include "sdk/net/poller.h"
#include "sdk/os/clock.h"

#define WAIT_US (WAIT_MS * INT64_C(1000))

struct fixture {
  struct ktxn__mem mem;
  struct ktxn__poller *poller;
  int pipe[2]; /* read from 0, written to 1 */
};

static int setup(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  int error = 0;
  assert_non_null(fixture);
  ktxn__mem_init(&fixture->mem, 0);
  fixture->poller = ktxn__poller_new(&fixture->mem, &error);
  assert_non_null(fixture->poller);
  assert_int_equal(pipe(fixture->pipe), 0);
  *state = fixture;
  return 0;
}

static int teardown(void **state) {
  struct fixture *fixture = *state;
  ktxn__poller_free(fixture->poller);
  assert_int_equal(ktxn__mem_used(&fixture->mem), 0);
  close(fixture->pipe[0]);
  close(fixture->pipe[1]);
  free(fixture);
  return 0;
}

static int wait_now(struct fixture *fixture, struct ktxn__poller_event *events, size_t max) {
  return ktxn__poller_wait(fixture->poller, events, max, 0);
}

static void readiness_comes_with_the_key(void **state) {
  struct fixture *fixture = *state;
  struct ktxn__poller_event events[4];
  assert_int_equal(ktxn__poller_add(fixture->poller, fixture->pipe[0], 4000000000U, KTXN__POLLER_READ), 0);
  assert_int_equal(wait_now(fixture, events, 4), 0);
  assert_int_equal(write(fixture->pipe[1], "x", 1), 1);
  for (int i = 0; i < 2; i++) { /* as long as it is ready */
    assert_int_equal(ktxn__poller_wait(fixture->poller, events, 4, -1), 1);
    assert_int_equal(events[0].key, 4000000000U);
    assert_int_equal(events[0].ready, KTXN__POLLER_READ);
  }
}

static void interest_can_change(void **state) {
  struct fixture *fixture = *state;
  struct ktxn__poller_event events[4];
  assert_int_equal(ktxn__poller_add(fixture->poller, fixture->pipe[1], 1, 0), 0);
  assert_int_equal(wait_now(fixture, events, 4), 0);
  assert_int_equal(ktxn__poller_change(fixture->poller, fixture->pipe[1], 2, KTXN__POLLER_WRITE), 0);
  assert_int_equal(wait_now(fixture, events, 4), 1);
  assert_int_equal(events[0].key, 2);
  assert_int_equal(events[0].ready, KTXN__POLLER_WRITE);
  ktxn__poller_remove(fixture->poller, fixture->pipe[1]);
  assert_int_equal(wait_now(fixture, events, 4), 0);
}

static void what_breaks_is_told_unasked(void **state) {
  struct fixture *fixture = *state;
  struct ktxn__poller_event events[4];
  assert_int_equal(ktxn__poller_add(fixture->poller, fixture->pipe[1], 1, 0), 0);
  close(fixture->pipe[0]);
  fixture->pipe[0] = dup(fixture->pipe[1]);
  assert_int_equal(wait_now(fixture, events, 4), 1);
  assert_int_equal(events[0].ready, KTXN__POLLER_BROKEN);
}

static void a_refused_connection_is_told(void **state) {
  struct fixture *fixture = *state;
  struct ktxn__poller_event events[4];
  struct listener listener = listener_deaf();
  int fd = ktxn__tcp_connect(&listener.address, &(struct ktxn__tcp_options){0, 0});
  if (fd < 0) {
    assert_int_equal(fd, -ECONNREFUSED);
    close(listener.fd);
    return;
  }
  assert_int_equal(ktxn__poller_add(fixture->poller, fd, 1, KTXN__POLLER_WRITE), 0);
  assert_int_equal(ktxn__poller_wait(fixture->poller, events, 4, WAIT_US), 1);
  assert_int_not_equal(events[0].ready & KTXN__POLLER_BROKEN, 0);
  ktxn__poller_remove(fixture->poller, fd);
  ktxn__tcp_close(fd);
  close(listener.fd);
}

static void no_more_events_than_asked_for(void **state) {
  struct fixture *fixture = *state;
  struct ktxn__poller_event events[8] = {{0, 0}};
  int fds[4];
  for (uint32_t i = 0; i < 4; i++) {
    fds[i] = dup(fixture->pipe[1]);
    assert_int_equal(ktxn__poller_add(fixture->poller, fds[i], i, KTXN__POLLER_WRITE), 0);
  }
  assert_int_equal(wait_now(fixture, events, 3), 3);
  assert_int_equal(events[3].ready, 0);
  assert_int_equal(wait_now(fixture, events, 8), 4);
  for (uint32_t i = 0; i < 4; i++) {
    ktxn__poller_remove(fixture->poller, fds[i]);
    close(fds[i]);
  }
}

static void a_timeout_is_kept_and_never_cut_short(void **state) {
  struct fixture *fixture = *state;
  struct ktxn__poller_event events[4];
  static const int64_t timeouts_us[] = {1, 300, 1500, 20000};
  for (size_t i = 0; i < sizeof timeouts_us / sizeof *timeouts_us; i++) {
    int64_t begin_us = ktxn__clock_mono_us();
    assert_int_equal(ktxn__poller_wait(fixture->poller, events, 4, timeouts_us[i]), 0);
    assert_true(ktxn__clock_mono_us() - begin_us >= timeouts_us[i]);
  }
}

static void on_alarm(int number) {
  (void)number;
}

static void a_signal_ends_the_wait_with_nothing(void **state) {
  struct fixture *fixture = *state;
  struct ktxn__poller_event events[4];
  const struct sigaction action = {.sa_handler = on_alarm};
  /* again and again, so that one that comes too early does no harm */
  const struct itimerval often = {{0, 5000}, {0, 5000}}, never = {{0, 0}, {0, 0}};
  assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
  assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
  assert_int_equal(ktxn__poller_wait(fixture->poller, events, 4, -1), 0);
  assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
}

static void errors_are_numbers(void **state) {
  struct fixture *fixture = *state;
  assert_int_equal(ktxn__poller_add(fixture->poller, -1, 1, KTXN__POLLER_READ), -EBADF);
  assert_int_equal(ktxn__poller_change(fixture->poller, fixture->pipe[0], 1, KTXN__POLLER_READ), -ENOENT);
  assert_int_equal(ktxn__poller_add(fixture->poller, fixture->pipe[0], 1, KTXN__POLLER_READ), 0);
  assert_int_equal(ktxn__poller_add(fixture->poller, fixture->pipe[0], 1, KTXN__POLLER_READ), -EEXIST);
  ktxn__poller_free(NULL);
}

static void nothing_left_to_make_one_of(void **state) {
  struct fixture *fixture = *state;
  int error = 0;
  ktxn__mem_fail(&fixture->mem, 1, false);
  assert_null(ktxn__poller_new(&fixture->mem, &error));
  assert_int_equal(error, -ENOMEM);
  struct rlimit before, none;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  none = before;
  none.rlim_cur = 0;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  struct ktxn__poller *poller = ktxn__poller_new(&fixture->mem, &error);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  assert_null(poller);
  assert_int_equal(error, -EMFILE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(readiness_comes_with_the_key),
      TEST(interest_can_change),
      TEST(what_breaks_is_told_unasked),
      TEST(a_refused_connection_is_told),
      TEST(no_more_events_than_asked_for),
      TEST(a_timeout_is_kept_and_never_cut_short),
      TEST(a_signal_ends_the_wait_with_nothing),
      TEST(errors_are_numbers),
      TEST(nothing_left_to_make_one_of),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
