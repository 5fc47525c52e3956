#include "sdk/devbroker/program/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "ktxn-devbroker: a Kafka cluster in one process, for tests and demos\n"
    "\n"
    "  ktxn-devbroker [OPTION...]        runs until SIGINT, SIGTERM or the control line `stop`\n"
    "  ktxn-devbroker ctl [--port N] [LINE]   does something to a running one; `ctl help` lists what\n"
    "\n"
    "  --port N                  of node 0, further nodes take the next ones (9092); 0 = any free ones\n"
    "  --nodes N                 1 to 16 (1)\n"
    "  --host ADDRESS            numeric address to listen on (127.0.0.1); there is no authentication of any kind\n"
    "  --advertised-host NAME    what clients are told to connect to (as --host)\n"
    "  --data DIR                a directory that the cluster lives in across restarts (memory alone)\n"
    "  --release R               of Kafka: 2.5, 2.8, 3.3, 3.6, 3.9, 4.0, 4.2 or 4.4 (4.4)\n"
    "  --transaction-version L   finalized level, 0 to 2 (what the release starts with)\n"
    "  --topic NAME[:N]          a topic to begin with, with N partitions (1), unless it is there; may be repeated\n"
    "  --partitions N            of topics that are made on demand (1)\n"
    "  --no-auto-create          topics aren't made on demand\n"
    "  --control-port N          for `ctl` (one below --port); 0 = any free one, -1 = none\n"
    "  --do LINE                 a control line to begin with; may be repeated\n"
    "  --kafka-timers            wait as long as Kafka does for members of groups and timed-out transactions\n"
    "  --memory MIB              bytes for the cluster's data (1024)\n"
    "  --quiet                   say nothing but the line `ready`\n"
    "  --help\n"
    "\n"
    "It prints one line when clients can connect: ready bootstrap.servers=... control=... data=...\n";

enum {
  PORT = 1,
  NODES,
  HOST,
  ADVERTISED_HOST,
  DATA,
  RELEASE,
  LEVEL,
  TOPIC,
  PARTITIONS,
  NO_AUTO_CREATE,
  CONTROL_PORT,
  DO,
  KAFKA_TIMERS,
  MEMORY,
  QUIET,
  HELP
};

static const struct option known[] = {
    {"port", required_argument, NULL, PORT},
    {"nodes", required_argument, NULL, NODES},
    {"host", required_argument, NULL, HOST},
    {"advertised-host", required_argument, NULL, ADVERTISED_HOST},
    {"data", required_argument, NULL, DATA},
    {"release", required_argument, NULL, RELEASE},
    {"transaction-version", required_argument, NULL, LEVEL},
    {"topic", required_argument, NULL, TOPIC},
    {"partitions", required_argument, NULL, PARTITIONS},
    {"no-auto-create", no_argument, NULL, NO_AUTO_CREATE},
    {"control-port", required_argument, NULL, CONTROL_PORT},
    {"do", required_argument, NULL, DO},
    {"kafka-timers", no_argument, NULL, KAFKA_TIMERS},
    {"memory", required_argument, NULL, MEMORY},
    {"quiet", no_argument, NULL, QUIET},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

static bool number(const char *name, const char *text, int least, int most, int *out) {
  char *end;
  long value = strtol(text, &end, 10);
  if (*text == '\0' || *end != '\0' || value < least || value > most) {
    fprintf(stderr, "ktxn-devbroker: --%s %s: wanted a number from %d to %d\n", name, text, least, most);
    return false;
  }
  *out = (int)value;
  return true;
}

static bool add_line(struct options *options, const char *line) {
  char *copy = options->line_count < OPTIONS_LINES_MAX ? strdup(line) : NULL;
  if (copy == NULL) {
    fprintf(stderr, "ktxn-devbroker: too many --topic and --do\n");
    return false;
  }
  options->lines[options->line_count++] = copy;
  return true;
}

/* NAME or NAME:PARTITIONS */
static bool add_topic(struct options *options, const char *text) {
  char line[512];
  const char *colon = strrchr(text, ':');
  int partitions = 1;
  if (colon != NULL && !number("topic NAME:PARTITIONS", colon + 1, 1, 10000, &partitions)) {
    return false;
  }
  int size = colon == NULL ? (int)strlen(text) : (int)(colon - text);
  if (size == 0 || size > 249 || strcspn(text, " \t") < (size_t)size) {
    fprintf(stderr, "ktxn-devbroker: --topic %s: that is no name\n", text);
    return false;
  }
  (void)snprintf(line, sizeof line, "topic create %.*s partitions=%d exists=ok", size, text, partitions);
  return add_line(options, line);
}

static bool set_memory(struct options *options, const char *text) {
  int mib;
  if (!number("memory", text, 1, 1024 * 1024, &mib)) {
    return false;
  }
  options->broker.memory_max = (size_t)mib * 1024 * 1024;
  return true;
}

static bool set(struct options *options, int option, const char *text) {
  ktxn_devbroker_options *broker = &options->broker;
  switch (option) {
    case PORT: return number("port", text, 0, 65535, &broker->port);
    case NODES: return number("nodes", text, 1, 16, &broker->nodes);
    case HOST: broker->host = text; return true;
    case ADVERTISED_HOST: broker->advertised_host = text; return true;
    case DATA: broker->directory = text; return true;
    case RELEASE: broker->release = text; return true;
    case LEVEL: return number("transaction-version", text, 0, 2, &broker->transaction_version);
    case TOPIC: return add_topic(options, text);
    case PARTITIONS: return number("partitions", text, 1, 10000, &broker->default_partitions);
    case NO_AUTO_CREATE: broker->auto_create_topics = false; return true;
    case CONTROL_PORT: return number("control-port", text, -1, 65535, &broker->control_port);
    case DO: return add_line(options, text);
    case KAFKA_TIMERS: broker->fast_timers = false; return true;
    case MEMORY: return set_memory(options, text);
    case QUIET: options->quiet = true; return true;
    default: return false;
  }
}

int options_read(struct options *options, int argc, char **argv) {
  enum { NOT_SAID = -2 };
  const ktxn_devbroker_options usual = KTXN_DEVBROKER_OPTIONS_INIT;
  *options = (struct options){.broker = usual};
  options->broker.port = 9092;
  options->broker.control_port = NOT_SAID;
  int option;
  while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    if (option == HELP) {
      fputs(help, stdout);
      return 0;
    }
    if (!set(options, option, optarg)) {
      fprintf(stderr, "try: ktxn-devbroker --help\n");
      return 2;
    }
  }
  if (optind < argc) {
    fprintf(stderr, "ktxn-devbroker: '%s' isn't understood; try: ktxn-devbroker --help\n", argv[optind]);
    return 2;
  }
  if (options->broker.control_port == NOT_SAID) {
    options->broker.control_port = options->broker.port > 1 ? options->broker.port - 1 : 0;
  }
  return -1;
}

void options_free(struct options *options) {
  for (int i = 0; i < options->line_count; i++) {
    free(options->lines[i]);
  }
}
