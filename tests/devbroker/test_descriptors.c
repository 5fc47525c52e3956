/* A process that runs out of descriptors for a while, which are not the broker's: who waited is served then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ktxn/devbroker.h"

#define PATIENCE_MS 20000

static void connect_to(int fd, const char *bootstrap) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(strrchr(bootstrap, ':') + 1))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
}

static struct rlimit limit_to(rlim_t files) {
  struct rlimit before;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  const struct rlimit less = {.rlim_cur = files, .rlim_max = before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
  return before;
}

static void who_waited_is_served_when_there_are_descriptors_again(void **state) {
  (void)state;
  static const uint8_t api_versions[] = {0, 0, 0, 11, 0, 18, 0, 0, 0, 0, 0, 7, 0, 1, 't'};
  ktxn_devbroker_error error;
  ktxn_devbroker *broker = ktxn_devbroker_start(NULL, &error);
  assert_non_null(broker);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct rlimit before = limit_to((rlim_t)fd + 1);
  connect_to(fd, ktxn_devbroker_bootstrap(broker));
  assert_int_equal(write(fd, api_versions, sizeof api_versions), sizeof api_versions);
  struct pollfd answer = {.fd = fd, .events = POLLIN};
  assert_int_equal(poll(&answer, 1, 300), 0); /* nobody has taken the connection */
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  assert_int_equal(poll(&answer, 1, PATIENCE_MS), 1);
  uint8_t head[8];
  assert_int_equal(read(fd, head, sizeof head), sizeof head);
  assert_int_equal(head[7], 7);
  close(fd);
  ktxn_devbroker_stop(broker);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(who_waited_is_served_when_there_are_descriptors_again)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
