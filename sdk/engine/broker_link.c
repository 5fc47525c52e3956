/* The connection of a broker: resolving, connecting, and every way back to DOWN. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sdk/base/backoff.h"
#include "sdk/base/log.h"
#include "sdk/engine/broker_parts.h"
#include "sdk/engine/ports.h"

#define SAY_AGAIN_MS 10000

static int64_t from_now(int64_t now_us, int64_t ms) {
  return now_us + ms * 1000;
}

/* A conn or token that this broker has not used for the last 2^18 attempts. */
static uint32_t next_id(struct ktxn__broker *broker) {
  broker->generation++;
  return (broker->generation << KTXN__BROKER_NUMBER_BITS) | broker->number;
}

static uint64_t random_bits(const struct ktxn__broker *broker) {
  return broker->ports->random(broker->ports->ctx);
}

/* Back to DOWN: nothing of the connection is left, but the calls are untouched. */
static void reset(struct ktxn__broker *broker) {
  if (broker->conn != 0) {
    broker->ports->close(broker->ports->ctx, broker->conn);
  }
  broker->conn = 0;
  broker->token = 0;
  broker->state = KTXN__BROKER_DOWN;
  broker->wanted = false;
  broker->moved = false;
  broker->blocked = false;
  broker->versions_wanted = false;
  broker->doomed = false;
  broker->muted_until_us = 0;
  broker->due_us = 0;
  ktxn__broker_out_clear(&broker->out);
  ktxn__broker_in_clear(&broker->in);
}

__attribute__((format(printf, 2, 0))) static void note(struct ktxn__broker *broker, const char *format,
                                                       va_list arguments) {
  int used = snprintf(broker->why, sizeof broker->why, "%s: ", broker->name);
  (void)vsnprintf(broker->why + used, sizeof broker->why - (size_t)used, format, arguments);
}

__attribute__((format(printf, 2, 3))) static void note_line(struct ktxn__broker *broker, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  note(broker, format, arguments);
  va_end(arguments);
}

/* KIP-580. A connection that broke after it had worked waits as long as after the first failure. */
static void back_off(struct ktxn__broker *broker, bool worked, int64_t now_us) {
  const struct ktxn__broker_settings *settings = broker->settings;
  broker->failures += worked ? 0 : 1;
  uint32_t attempts = broker->failures == 0 ? 0 : broker->failures - 1;
  broker->backoff_until_us = from_now(now_us, ktxn__backoff(settings->reconnect_backoff_ms,
                                                            settings->reconnect_backoff_max_ms, attempts,
                                                            random_bits(broker)));
}

/* A broker that is away is tried several times a second; the log is told at once, and then now and again. */
static void say(struct ktxn__broker *broker, bool worked, int64_t now_us) {
  struct ktxn__broker_says *says = &broker->says[worked];
  char times[64] = "";
  if (now_us < says->next_us) {
    says->unsaid++;
    ktxn__log(broker->ports->log, KTXN__LOG_DEBUG, "broker %d: %s", broker->node, broker->why);
    return;
  }
  if (says->unsaid > 0) {
    snprintf(times, sizeof times, " (and %u times since this was said last)", says->unsaid);
  }
  ktxn__log(broker->ports->log, worked ? KTXN__LOG_INFO : KTXN__LOG_WARN, "broker %d: %s%s", broker->node, broker->why,
            times);
  *says = (struct ktxn__broker_says){.next_us = from_now(now_us, SAY_AGAIN_MS)};
}

/* To DOWN, with broker->why set. */
static void fail(struct ktxn__broker *broker, int64_t now_us) {
  bool worked = broker->state == KTXN__BROKER_READY;
  say(broker, worked, now_us);
  reset(broker);
  broker->failing = !worked;
  back_off(broker, worked, now_us);
  struct ktxn__broker_calls flight = broker->flight;
  struct ktxn__broker_calls waiting = broker->waiting;
  broker->flight = (struct ktxn__broker_calls){.count = 0};
  broker->waiting = (struct ktxn__broker_calls){.count = 0};
  if (broker->hooks.down != NULL) {
    broker->hooks.down(broker->hooks.ctx, broker, worked, now_us);
  }
  ktxn__broker_end_calls(broker, &flight, &waiting, now_us);
}

void ktxn__broker_link_fail(struct ktxn__broker *broker, int64_t now_us, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  note(broker, format, arguments);
  va_end(arguments);
  fail(broker, now_us);
}

void ktxn__broker_link_doom(struct ktxn__broker *broker, int64_t now_us) {
  if (broker->doomed) {
    ktxn__broker_link_fail(broker, now_us, "%s", broker->doom);
  }
}

void ktxn__broker_link_shut(struct ktxn__broker *broker, const char *why) {
  ktxn__log(broker->ports->log, KTXN__LOG_DEBUG, "broker %d: %s: connection closed: %s", broker->node, broker->name,
            why);
  reset(broker);
}

void ktxn__broker_link_open(struct ktxn__broker *broker, int64_t now_us) {
  const struct ktxn__broker_settings *settings = broker->settings;
  int64_t setup_ms = ktxn__backoff(settings->setup_timeout_ms, settings->setup_timeout_max_ms, broker->failures,
                                   random_bits(broker));
  broker->state = KTXN__BROKER_RESOLVING;
  broker->setup_by_us = from_now(now_us, setup_ms);
  broker->tried_us = now_us;
  broker->token = next_id(broker);
  /* Names are looked up for every connection: an address may have changed since (client.dns.lookup=use_all_dns_ips). */
  broker->ports->resolve(broker->ports->ctx, broker->token, broker->host, broker->port);
}

static void note_refusal(struct ktxn__broker *broker, int error) {
  const struct ktxn__ports *ports = broker->ports;
  if (ports->error_text == NULL) {
    note_line(broker, "connecting failed with error %d", -error);
  } else {
    note_line(broker, "%s", ports->error_text(ports->ctx, error));
  }
}

/* Begins to connect to the next address; false if that failed at once. */
static bool connect_one(struct ktxn__broker *broker, int64_t now_us) {
  size_t left = broker->address_count - broker->address_next;
  const struct ktxn__address *address = &broker->addresses[broker->address_next++];
  uint32_t conn = next_id(broker);
  int error = broker->ports->connect(broker->ports->ctx, conn, address, broker->host);
  if (error != 0) {
    note_refusal(broker, error);
    return false;
  }
  broker->conn = conn;
  broker->state = KTXN__BROKER_CONNECTING;
  /* Each address gets its share of what is left, so that a silent one leaves time for the others. */
  broker->address_by_us = now_us + (broker->setup_by_us - now_us) / (int64_t)left;
  return true;
}

void ktxn__broker_link_next(struct ktxn__broker *broker, int64_t now_us) {
  if (broker->conn != 0) {
    broker->ports->close(broker->ports->ctx, broker->conn);
    broker->conn = 0;
  }
  while (broker->address_next < broker->address_count && now_us < broker->setup_by_us) {
    if (connect_one(broker, now_us)) {
      return;
    }
  }
  fail(broker, now_us);
}

void ktxn__broker_link_times(struct ktxn__broker *broker, int64_t now_us) {
  if (broker->state == KTXN__BROKER_RESOLVING && now_us >= broker->setup_by_us) {
    ktxn__broker_link_fail(broker, now_us, "the name was not resolved in %lld ms (socket.connection.setup.timeout.ms)",
                           (long long)((broker->setup_by_us - broker->tried_us) / 1000));
  } else if (broker->state == KTXN__BROKER_CONNECTING && now_us >= broker->address_by_us) {
    note_line(broker, "no connection within %lld ms (socket.connection.setup.timeout.ms)",
              (long long)((now_us - broker->tried_us) / 1000));
    ktxn__broker_link_next(broker, now_us);
  }
}

void ktxn__broker_on_resolved(struct ktxn__broker *broker, uint32_t token, const struct ktxn__address *addresses,
                              size_t count, const char *why, int64_t now_us) {
  if (broker->state != KTXN__BROKER_RESOLVING || token != broker->token) {
    return;
  }
  broker->token = 0;
  broker->due_us = 0;
  if (count == 0) {
    ktxn__broker_link_fail(broker, now_us, "the name can't be resolved: %s", why == NULL ? "no address" : why);
    return;
  }
  broker->address_count = count < KTXN__PORTS_ADDRESSES_MAX ? count : KTXN__PORTS_ADDRESSES_MAX;
  memcpy(broker->addresses, addresses, broker->address_count * sizeof *addresses);
  broker->address_next = 0;
  ktxn__broker_link_next(broker, now_us);
}

void ktxn__broker_on_connected(struct ktxn__broker *broker, uint32_t conn, int64_t now_us) {
  if (broker->state == KTXN__BROKER_CONNECTING && conn == broker->conn) {
    broker->active_us = now_us;
    broker->due_us = 0;
    ktxn__broker_versions_begin(broker, now_us);
  }
}

void ktxn__broker_on_closed(struct ktxn__broker *broker, uint32_t conn, const char *why, int64_t now_us) {
  if (conn == 0 || conn != broker->conn) {
    return;
  }
  const char *text = why == NULL ? "the connection was closed" : why;
  broker->conn = 0;
  if (broker->state == KTXN__BROKER_CONNECTING) {
    note_line(broker, "%s", text);
    broker->due_us = 0;
    ktxn__broker_link_next(broker, now_us);
  } else if (broker->state == KTXN__BROKER_VERSIONS) {
    broker->silences++;
    ktxn__broker_link_fail(broker, now_us,
                           "%s before ApiVersions was answered; is it a plaintext Kafka listener (security.protocol)?",
                           text);
  } else {
    ktxn__broker_link_fail(broker, now_us, "%s", text);
  }
}
