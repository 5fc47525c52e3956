#include "sdk/devbroker/program/ctl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024, USUAL_PORT = 9091 };

static FILE *connect_to(int port) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
    fprintf(stderr, "ktxn-devbroker ctl: no broker at control port %d: %s\n", port, strerror(errno));
    if (fd >= 0) {
      close(fd);
    }
    return NULL;
  }
  return fdopen(fd, "r+");
}

/* An empty line ends the reply. */
static bool read_reply(FILE *broker) {
  char line[LINE_MAX_BYTES];
  bool first = true;
  bool good = false;
  bool begins = true; /* what is read next is the beginning of a line, not the rest of a long one */
  while (fgets(line, sizeof line, broker) != NULL) {
    if (begins && strcmp(line, "\n") == 0) {
      return good;
    }
    good = first ? strncmp(line, "ok", 2) == 0 : good;
    first = false;
    begins = strchr(line, '\n') != NULL;
    fputs(line, stdout);
  }
  fprintf(stderr, "ktxn-devbroker ctl: the broker closed the connection\n");
  return false;
}

static bool exchange(FILE *broker, const char *line) {
  if (fprintf(broker, "%s\n", line) < 0 || fflush(broker) != 0) {
    fprintf(stderr, "ktxn-devbroker ctl: the broker can't be reached any more\n");
    return false;
  }
  return read_reply(broker);
}

static bool exchange_input(FILE *broker) {
  char line[LINE_MAX_BYTES];
  bool good = true;
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    good = (line[0] == '\0' || exchange(broker, line)) && good;
  }
  return good;
}

/* The words of the command line, with single spaces. */
static bool join(char *line, size_t size, int argc, char **argv) {
  size_t at = 0;
  line[0] = '\0';
  for (int i = 0; i < argc; i++) {
    int added = snprintf(line + at, size - at, "%s%s", i == 0 ? "" : " ", argv[i]);
    at += (size_t)added;
    if (at >= size) {
      fprintf(stderr, "ktxn-devbroker ctl: the line is too long\n");
      return false;
    }
  }
  return true;
}

int ctl(int argc, char **argv) {
  int first = 1;
  long port = USUAL_PORT;
  if (argc > 2 && strcmp(argv[1], "--port") == 0) {
    char *end;
    port = strtol(argv[2], &end, 10);
    if (*end != '\0' || port < 1 || port > 65535) {
      fprintf(stderr, "ktxn-devbroker ctl: --port %s: wanted a number from 1 to 65535\n", argv[2]);
      return 2;
    }
    first = 3;
  }
  char line[LINE_MAX_BYTES];
  if (!join(line, sizeof line, argc - first, argv + first)) {
    return 2;
  }
  FILE *broker = connect_to((int)port);
  if (broker == NULL) {
    return 1;
  }
  bool good = line[0] == '\0' ? exchange_input(broker) : exchange(broker, line);
  fclose(broker);
  return good ? 0 : 1;
}
