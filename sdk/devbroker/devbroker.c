#include "ktxn/devbroker.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sdk/devbroker/control.h"
#include "sdk/devbroker/offer.h"
#include "sdk/devbroker/server.h"
#include "sdk/os/clock.h"

#define MEMORY_MAX ((size_t)1024 * 1024 * 1024)
#define CLUSTER_ID "a3R4bi1kZXZicm9rZXI" /* "ktxn-devbroker", as Kafka writes ids */

struct ktxn_devbroker {
  struct ktxn__mem *mem;
  struct ktxn__log log;
  ktxn_devbroker_options options;
  struct ktxn__server *server;
};

static void explain(ktxn_devbroker_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void explain(ktxn_devbroker_error *error, const char *format, ...) {
  if (error != NULL) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
  }
}

static void write_log(void *ctx, enum ktxn__log_level level, const char *line) {
  struct ktxn_devbroker *broker = ctx;
  (void)level;
  broker->options.log(broker->options.log_ctx, line);
}

/* -- options */

struct range {
  const char *name;
  int value;
  int least;
  int most;
};

static bool options_are_good(const ktxn_devbroker_options *options, ktxn_devbroker_error *error) {
  const struct range ranges[] = {
      {"nodes", options->nodes, 1, KTXN__MODEL_NODES},
      {"port", options->port, 0, 65535 - (options->nodes > 0 ? options->nodes - 1 : 0)},
      {"control_port", options->control_port, -1, 65535},
      {"transaction_version", options->transaction_version, -1, 2},
      {"default_partitions", options->default_partitions, 1, 10000},
  };
  for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
    if (ranges[i].value < ranges[i].least || ranges[i].value > ranges[i].most) {
      explain(error, "%s is %d: wanted %d to %d", ranges[i].name, ranges[i].value, ranges[i].least, ranges[i].most);
      return false;
    }
  }
  return true;
}

static bool set_release(struct ktxn__model_config *config, const ktxn_devbroker_options *options,
                        ktxn_devbroker_error *error) {
  if (options->release != NULL) {
    config->release = ktxn__model_release_named(options->release);
  }
  if (config->release == KTXN__MODEL_RELEASES) {
    explain(error, "release %s isn't known: 2.5, 2.8, 3.3, 3.6, 3.9, 4.0, 4.2 or 4.4", options->release);
    return false;
  }
  const int16_t most = ktxn__offer_transaction_version(config->release);
  if (options->transaction_version > most) {
    explain(error, "release %s has no transaction.version %d", ktxn__model_traits(config->release)->name,
            options->transaction_version);
    return false;
  }
  config->transaction_version = options->transaction_version < 0 ? most : (int16_t)options->transaction_version;
  config->verification = ktxn__model_traits(config->release)->verifies;
  return true;
}

static void set_timers(struct ktxn__model_config *config) {
  config->scan_us = 100 * 1000;
  config->rebalance_delay_us = 0;
}

static bool set_model(struct ktxn__model_config *config, const ktxn_devbroker_options *options,
                      ktxn_devbroker_error *error) {
  *config = ktxn__model_config_default();
  config->nodes = options->nodes;
  config->cluster_id = CLUSTER_ID;
  config->default_partitions = options->default_partitions;
  config->auto_create_topics = options->auto_create_topics;
  config->memory_max = options->memory_max == 0 ? MEMORY_MAX : options->memory_max;
  config->wall_ms = ktxn__clock_wall_ms();
  if (options->fast_timers) {
    set_timers(config);
  }
  return set_release(config, options, error);
}

/* -- life */

ktxn_devbroker *ktxn_devbroker_start(const ktxn_devbroker_options *options, ktxn_devbroker_error *error) {
  static const ktxn_devbroker_options usual = KTXN_DEVBROKER_OPTIONS_INIT;
  const ktxn_devbroker_options *chosen = options == NULL ? &usual : options;
  struct ktxn__server_config config = {.mem = ktxn__mem_default(),
                                       .host = chosen->host == NULL ? "127.0.0.1" : chosen->host,
                                       .advertised_host = chosen->advertised_host,
                                       .port = chosen->port,
                                       .control_port = chosen->control_port,
                                       .directory = chosen->directory};
  if (!options_are_good(chosen, error) || !set_model(&config.model, chosen, error)) {
    return NULL;
  }
  struct ktxn_devbroker *broker = ktxn__calloc(config.mem, 1, sizeof *broker);
  if (broker == NULL) {
    explain(error, "out of memory");
    return NULL;
  }
  broker->mem = config.mem;
  broker->options = *chosen;
  broker->log =
      (struct ktxn__log){.level = KTXN__LOG_INFO, .write = chosen->log == NULL ? NULL : write_log, .ctx = broker};
  config.log = &broker->log;
  char why[sizeof error->message] = "";
  broker->server = ktxn__server_start(&config, why, sizeof why);
  if (broker->server == NULL) {
    explain(error, "%s", why);
    ktxn__free(broker->mem, broker);
    return NULL;
  }
  return broker;
}

void ktxn_devbroker_stop(ktxn_devbroker *broker) {
  if (broker != NULL) {
    ktxn__server_end(broker->server);
    ktxn__free(broker->mem, broker);
  }
}

void ktxn_devbroker_wait(ktxn_devbroker *broker) {
  ktxn__server_wait(broker->server);
}

const char *ktxn_devbroker_bootstrap(const ktxn_devbroker *broker) {
  return ktxn__server_bootstrap(broker->server);
}

int ktxn_devbroker_control_port(const ktxn_devbroker *broker) {
  return ktxn__server_control_port(broker->server);
}

/* -- commands */

int ktxn_devbroker_command(ktxn_devbroker *broker, const char *line, char *reply, size_t size) {
  char ignored[8];
  const bool wanted = reply != NULL && size > 0;
  return ktxn__server_command(broker->server, line, wanted ? reply : ignored, wanted ? size : sizeof ignored) ? 0 : -1;
}

static int command(ktxn_devbroker *broker, ktxn_devbroker_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What can't be one word would be read as several. */
static bool is_word(const char *text) {
  return text != NULL && *text != '\0' && strpbrk(text, " \t\r\n") == NULL;
}

static int command(ktxn_devbroker *broker, ktxn_devbroker_error *error, const char *format, ...) {
  char line[KTXN__CONTROL_LINE_MAX + 1];
  char reply[sizeof error->message];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (ktxn_devbroker_command(broker, line, reply, sizeof reply) == 0) {
    return 0;
  }
  const char *why = strncmp(reply, "error ", 6) == 0 ? reply + 6 : reply;
  explain(error, "%s", why);
  return -1;
}

static int no_word(ktxn_devbroker_error *error, const char *what) {
  explain(error, "%s must not be empty or hold white space", what);
  return -1;
}

int ktxn_devbroker_create_topic(ktxn_devbroker *broker, const char *topic, int partitions,
                                ktxn_devbroker_error *error) {
  return is_word(topic) ? command(broker, error, "topic create %s partitions=%d", topic, partitions)
                        : no_word(error, "a topic's name");
}

int ktxn_devbroker_add_fault(ktxn_devbroker *broker, const ktxn_devbroker_fault *fault, ktxn_devbroker_error *error) {
  static const char *const fates[] = {
      "", " drop=before", " drop=after", " close=before", " close=after", " close=answered"};
  char options[160] = "";
  size_t at = 0;
  const struct {
    const char *name;
    int value;
    int absent;
  } numbers[] = {{"node", fault->node, -1},
                 {"error", fault->error, 0},
                 {"delay", fault->delay_ms, 0},
                 {"late", fault->late_ms, 0}};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    if (numbers[i].value != numbers[i].absent) {
      at += (size_t)snprintf(options + at, sizeof options - at, " %s=%d", numbers[i].name, numbers[i].value);
    }
  }
  if (fault->fate < KTXN_DEVBROKER_ANSWERED || fault->fate > KTXN_DEVBROKER_CLOSE_ANSWERED) {
    explain(error, "fate %d isn't known", (int)fault->fate);
    return -1;
  }
  if (fault->request != NULL && !is_word(fault->request)) {
    return no_word(error, "a request's name");
  }
  return command(broker, error, "fault %s skip=%d count=%d%s%s", fault->request == NULL ? "any" : fault->request,
                 fault->skip, fault->count, options, fates[fault->fate]);
}

int ktxn_devbroker_clear_faults(ktxn_devbroker *broker, ktxn_devbroker_error *error) {
  return command(broker, error, "faults clear");
}

int ktxn_devbroker_move_leader(ktxn_devbroker *broker, const char *topic, int partition, int node,
                               ktxn_devbroker_error *error) {
  return is_word(topic) ? command(broker, error, "leader %s %d %d", topic, partition, node)
                        : no_word(error, "a topic's name");
}

int ktxn_devbroker_move_transaction(ktxn_devbroker *broker, const char *transactional_id, int node,
                                    ktxn_devbroker_error *error) {
  return is_word(transactional_id) ? command(broker, error, "coordinator transaction %s %d", transactional_id, node)
                                   : no_word(error, "a transactional id");
}

int ktxn_devbroker_move_group(ktxn_devbroker *broker, const char *group_id, int node, ktxn_devbroker_error *error) {
  return is_word(group_id) ? command(broker, error, "coordinator group %s %d", group_id, node)
                           : no_word(error, "a group's id");
}

int ktxn_devbroker_node_down(ktxn_devbroker *broker, int node, ktxn_devbroker_error *error) {
  return command(broker, error, "node down %d", node);
}

int ktxn_devbroker_node_up(ktxn_devbroker *broker, int node, ktxn_devbroker_error *error) {
  return command(broker, error, "node up %d", node);
}

int ktxn_devbroker_set_transaction_version(ktxn_devbroker *broker, int level, ktxn_devbroker_error *error) {
  return command(broker, error, "transaction.version %d", level);
}
