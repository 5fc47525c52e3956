#include "sdk/sockets.h"
#include "sdk/base/mem.h"
#include "sdk/net/poller.h"
#include "tests/unit/socket_fixture.h"

/* Our sockets over a listener of this machine. */

enum { LOT = 8 << 20 };

/* A part has left when the wish to hear of more room can't be noted: that part is told, and the connection ends. */
static void what_was_taken_is_told_though_the_poller_fails(void **state) {
  (void)state;
  struct ktxn__mem mem;
  int error = 0;
  ktxn__mem_init(&mem, 0);
  struct ktxn__poller *poller = ktxn__poller_new(&mem, &error);
  struct ktxn__sockets sockets;
  struct ktxn__tcp_options options = {0};
  struct listener listener = listener_open();
  ktxn__sockets_init(&sockets, &mem, poller, &options);
  assert_int_equal(ktxn__sockets_connect(&sockets, 1, &listener.address), 0);
  int theirs = accept(listener.fd, NULL, NULL);
  struct ktxn__socket *socket = ktxn__sockets_find(&sockets, 1);
  wait_for(socket->fd, POLLOUT);
  assert_true(ktxn__sockets_watch(&sockets, socket, KTXN__POLLER_READ));
  char *lot = calloc(1, LOT);
  struct ktxn__span span = {lot, LOT};
  ktxn__poller_remove(poller, socket->fd);
  int64_t taken = ktxn__sockets_writev(&sockets, 1, &span, 1);
  assert_true(taken > 0 && taken < LOT);
  int64_t came = 0;
  for (ssize_t got; (got = read(theirs, lot, LOT)) > 0;) {
    came += got;
  }
  assert_int_equal(came, taken);
  free(lot);
  ktxn__sockets_free(&sockets);
  ktxn__poller_free(poller);
  close(theirs);
  close(listener.fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_taken_is_told_though_the_poller_fails)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
