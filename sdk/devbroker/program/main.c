/* ktxn-devbroker: the embedded broker as a program. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sdk/devbroker/program/ctl.h"
#include "sdk/devbroker/program/options.h"

static void print_log(void *ctx, const char *line) {
  (void)ctx;
  fprintf(stderr, "ktxn-devbroker: %s\n", line);
}

/* A control line may end the broker: the main thread, which waits for signals, hears of it by one. */
static void *wait_for_end(void *ctx) {
  ktxn_devbroker_wait(ctx);
  kill(getpid(), SIGTERM);
  return NULL;
}

static void block(sigset_t *ends) {
  sigemptyset(ends);
  sigaddset(ends, SIGINT);
  sigaddset(ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, ends, NULL);
}

/* Lines of the command line: topics, then whatever --do says. */
static bool prepare(ktxn_devbroker *broker, const struct options *options) {
  char reply[1024];
  for (int i = 0; i < options->line_count; i++) {
    if (ktxn_devbroker_command(broker, options->lines[i], reply, sizeof reply) != 0) {
      fprintf(stderr, "ktxn-devbroker: %s: %s\n", options->lines[i], reply);
      return false;
    }
  }
  return true;
}

static void announce(const ktxn_devbroker *broker, const struct options *options) {
  printf("ready bootstrap.servers=%s", ktxn_devbroker_bootstrap(broker));
  if (ktxn_devbroker_control_port(broker) != 0) {
    printf(" control=%d", ktxn_devbroker_control_port(broker));
  }
  printf(" data=%s\n", options->broker.directory == NULL ? "memory" : options->broker.directory);
  fflush(stdout);
}

static int serve(struct options *options) {
  ktxn_devbroker_error error;
  sigset_t ends;
  pthread_t waiter;
  int signal_number;
  block(&ends);
  options->broker.log = options->quiet ? NULL : print_log;
  ktxn_devbroker *broker = ktxn_devbroker_start(&options->broker, &error);
  if (broker == NULL) {
    fprintf(stderr, "ktxn-devbroker: %s\n", error.message);
    return 1;
  }
  if (!prepare(broker, options) || pthread_create(&waiter, NULL, wait_for_end, broker) != 0) {
    ktxn_devbroker_stop(broker);
    return 1;
  }
  announce(broker, options);
  sigwait(&ends, &signal_number);
  char reply[16];
  (void)ktxn_devbroker_command(broker, "stop", reply, sizeof reply);
  pthread_join(waiter, NULL);
  ktxn_devbroker_stop(broker);
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "ctl") == 0) {
    return ctl(argc - 1, argv + 1);
  }
  struct options options;
  int status = options_read(&options, argc, argv);
  if (status < 0) {
    status = serve(&options);
  }
  options_free(&options);
  return status;
}
