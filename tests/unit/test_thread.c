#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>

#include "sdk/os/clock.h"
#include "sdk/os/thread.h"

struct shared {
  struct ktxn__mutex mutex;
  struct ktxn__cond cond;
  struct ktxn__thread thread;
  int turn;
  int count;
  char name[32];
  bool signals_blocked;
  bool is_me;
};

static void open_shared(struct shared *shared) {
  *shared = (struct shared){0};
  assert_true(ktxn__mutex_init(&shared->mutex));
  assert_true(ktxn__cond_init(&shared->cond));
}

static void close_shared(struct shared *shared) {
  ktxn__cond_destroy(&shared->cond);
  ktxn__mutex_destroy(&shared->mutex);
}

static void take_turns(struct shared *shared, int me) {
  for (int i = 0; i < 1000; i++) {
    ktxn__mutex_lock(&shared->mutex);
    while (shared->turn != me) {
      ktxn__cond_wait(&shared->cond, &shared->mutex);
    }
    shared->count++;
    shared->turn = !me;
    ktxn__cond_signal(&shared->cond);
    ktxn__mutex_unlock(&shared->mutex);
  }
}

static void *other_side(void *ctx) {
  take_turns(ctx, 1);
  return NULL;
}

static void two_threads_take_turns(void **state) {
  (void)state;
  struct shared shared;
  open_shared(&shared);
  assert_true(ktxn__thread_start(&shared.thread, "turns", other_side, &shared));
  take_turns(&shared, 0);
  ktxn__thread_join(&shared.thread);
  ktxn__thread_join(&shared.thread);
  assert_int_equal(shared.count, 2000);
  close_shared(&shared);
}

static void *look_around(void *ctx) {
  struct shared *shared = ctx;
  ktxn__mutex_lock(&shared->mutex); /* until the starter has stored and named the thread */
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  shared->signals_blocked = sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGTERM) == 1;
  pthread_getname_np(pthread_self(), shared->name, sizeof shared->name);
  shared->is_me = ktxn__thread_is_me(&shared->thread);
  ktxn__mutex_unlock(&shared->mutex);
  return NULL;
}

static void a_thread_has_a_name_and_no_signals(void **state) {
  (void)state;
  struct shared shared;
  sigset_t before;
  sigset_t after;
  open_shared(&shared);
  pthread_sigmask(SIG_SETMASK, NULL, &before);
  ktxn__mutex_lock(&shared.mutex);
  assert_true(ktxn__thread_start(&shared.thread, "a-name-that-is-too-long", look_around, &shared));
  ktxn__mutex_unlock(&shared.mutex);
  assert_false(ktxn__thread_is_me(&shared.thread));
  ktxn__thread_join(&shared.thread);
  pthread_sigmask(SIG_SETMASK, NULL, &after);
  assert_int_equal(sigismember(&after, SIGINT), sigismember(&before, SIGINT));
  assert_true(shared.signals_blocked);
  assert_true(shared.is_me);
  assert_string_equal(shared.name, "a-name-that-is-");
  close_shared(&shared);
}

static void *measure_slack(void *ctx) {
  int *slack_ns = ctx;
  slack_ns[0] = prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL);
  ktxn__thread_exact_timers();
  slack_ns[1] = prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL);
  return NULL;
}

static void exact_timers_are_those_of_the_thread_that_wants_them(void **state) {
  (void)state;
  struct ktxn__thread thread;
  int mine = prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL);
  int slack_ns[2];
  assert_true(ktxn__thread_start(&thread, "exact", measure_slack, slack_ns));
  ktxn__thread_join(&thread);
  assert_int_equal(slack_ns[0], mine);
  assert_int_equal(slack_ns[1], 1);
  assert_int_equal(prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL), mine);
}

static void a_wait_ends_at_its_deadline(void **state) {
  (void)state;
  struct shared shared;
  open_shared(&shared);
  ktxn__mutex_lock(&shared.mutex);
  int64_t deadline_us = ktxn__clock_mono_us() + 5000;
  while (ktxn__cond_wait_until(&shared.cond, &shared.mutex, deadline_us)) {
  }
  assert_true(ktxn__clock_mono_us() >= deadline_us);
  assert_false(ktxn__cond_wait_until(&shared.cond, &shared.mutex, -1));
  ktxn__mutex_unlock(&shared.mutex);
  close_shared(&shared);
}

static void *wake_up(void *ctx) {
  struct shared *shared = ctx;
  ktxn__mutex_lock(&shared->mutex);
  shared->turn = 1;
  ktxn__cond_broadcast(&shared->cond);
  ktxn__mutex_unlock(&shared->mutex);
  return NULL;
}

static void a_wait_without_a_deadline_ends_by_a_signal(void **state) {
  (void)state;
  struct shared shared;
  open_shared(&shared);
  ktxn__mutex_lock(&shared.mutex);
  assert_true(ktxn__thread_start(&shared.thread, "wake", wake_up, &shared));
  while (shared.turn == 0) {
    assert_true(ktxn__cond_wait_until(&shared.cond, &shared.mutex, INT64_MAX));
  }
  ktxn__mutex_unlock(&shared.mutex);
  ktxn__thread_join(&shared.thread);
  close_shared(&shared);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_threads_take_turns),
      cmocka_unit_test(a_thread_has_a_name_and_no_signals),
      cmocka_unit_test(exact_timers_are_those_of_the_thread_that_wants_them),
      cmocka_unit_test(a_wait_ends_at_its_deadline),
      cmocka_unit_test(a_wait_without_a_deadline_ends_by_a_signal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
