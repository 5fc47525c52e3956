#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/helper.h"
#include "sdk/os/clock.h"
#include "sdk/os/thread.h"

/* A gate that a lookup waits at, and what the helper's owner was told. */
static struct {
  struct ktxn__mutex lock;
  struct ktxn__cond changed;
  int inside;  /* lookups that have begun */
  bool open;   /* they may go on */
  int left;    /* lookups that have ended */
  int woken;
} world;

static void on_wake(void *ctx) {
  assert_ptr_equal(ctx, &world);
  ktxn__mutex_lock(&world.lock);
  world.woken++;
  ktxn__cond_broadcast(&world.changed);
  ktxn__mutex_unlock(&world.lock);
}

static void await(int *number, int at_least) {
  ktxn__mutex_lock(&world.lock);
  while (*number < at_least) {
    ktxn__cond_wait(&world.changed, &world.lock);
  }
  ktxn__mutex_unlock(&world.lock);
}

static void stuck_lookup(const char *host, uint16_t port, struct ktxn__helper_answer *answer) {
  (void)host;
  (void)port;
  ktxn__mutex_lock(&world.lock);
  world.inside++;
  ktxn__cond_broadcast(&world.changed);
  while (!world.open) {
    ktxn__cond_wait(&world.changed, &world.lock);
  }
  snprintf(answer->why, sizeof answer->why, "late");
  world.left++;
  ktxn__cond_broadcast(&world.changed);
  ktxn__mutex_unlock(&world.lock);
}

static int setup(void **state) {
  (void)state;
  memset(&world, 0, sizeof world);
  return ktxn__mutex_init(&world.lock) && ktxn__cond_init(&world.changed) ? 0 : -1;
}

static struct ktxn__helper_answer take(struct ktxn__helper *helper) {
  struct ktxn__helper_answer answer;
  for (int seen = 1; !ktxn__helper_take(helper, &answer); seen++) {
    await(&world.woken, seen);
  }
  return answer;
}

static void numeric_addresses_need_no_resolver(void **state) {
  (void)state;
  struct ktxn__helper *helper = ktxn__helper_new(on_wake, &world, stuck_lookup);
  ktxn__helper_resolve(helper, 5, "127.0.0.1", 9092);
  struct ktxn__helper_answer answer = take(helper);
  assert_int_equal(answer.token, 5);
  assert_int_equal(answer.count, 1);
  assert_int_equal(answer.addresses[0].family, 4);
  assert_int_equal(answer.addresses[0].port, 9092);
  assert_memory_equal(answer.addresses[0].bytes, "\x7f\0\0\1", 4);
  ktxn__helper_resolve(helper, 6, "::1", 1);
  assert_int_equal(take(helper).addresses[0].family, 6);
  ktxn__helper_stop(helper);
  assert_int_equal(world.inside, 0);
}

/* P02: a name may have several addresses; each of them carries the port. */
static void the_system_resolves_localhost(void **state) {
  (void)state;
  struct ktxn__helper *helper = ktxn__helper_new(on_wake, &world, NULL);
  ktxn__helper_resolve(helper, 1, "localhost", 77);
  struct ktxn__helper_answer answer = take(helper);
  assert_true(answer.count >= 1);
  for (size_t i = 0; i < answer.count; i++) {
    assert_int_equal(answer.addresses[i].port, 77);
  }
  ktxn__helper_stop(helper);
}

static void a_name_that_does_not_fit_is_answered_with_a_failure(void **state) {
  (void)state;
  struct ktxn__helper *helper = ktxn__helper_new(on_wake, &world, stuck_lookup);
  char name[300];
  memset(name, 'x', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  ktxn__helper_resolve(helper, 9, name, 1);
  struct ktxn__helper_answer answer = take(helper);
  assert_int_equal(answer.token, 9);
  assert_int_equal(answer.count, 0);
  assert_true(answer.why[0] != '\0');
  ktxn__helper_stop(helper);
}

/* P01: a resolver that doesn't answer holds up neither the others that ask nor the end. */
static void stop_does_not_wait_for_a_stuck_resolver(void **state) {
  (void)state;
  struct ktxn__helper *helper = ktxn__helper_new(on_wake, &world, stuck_lookup);
  ktxn__helper_resolve(helper, 1, "stuck.example", 1);
  await(&world.inside, 1);
  ktxn__helper_resolve(helper, 2, "behind.example", 1);
  ktxn__helper_resolve(helper, 3, "127.0.0.1", 1);
  assert_int_equal(take(helper).token, 3);
  int woken = world.woken;
  ktxn__helper_stop(helper); /* returns although the lookup doesn't */
  assert_int_equal(world.left, 0);
  ktxn__mutex_lock(&world.lock);
  world.open = true;
  ktxn__cond_broadcast(&world.changed);
  ktxn__mutex_unlock(&world.lock);
  await(&world.left, 1);
  assert_int_equal(world.woken, woken); /* the owner may be gone by then */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(numeric_addresses_need_no_resolver, setup),
      cmocka_unit_test_setup(the_system_resolves_localhost, setup),
      cmocka_unit_test_setup(a_name_that_does_not_fit_is_answered_with_a_failure, setup),
      cmocka_unit_test_setup(stop_does_not_wait_for_a_stuck_resolver, setup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
