#include "sdk/engine/broker.h"

#include <stdio.h>
#include <string.h>

#include "sdk/base/log.h"
#include "sdk/base/mem.h"
#include "sdk/engine/broker_parts.h"
#include "sdk/engine/ports.h"
#include "sdk/wire/api.h"
#include "sdk/wire/header.h"

/* ---- lists of calls ---------------------------------------------------------------------------------------------- */

void ktxn__broker_calls_push(struct ktxn__broker_calls *calls, struct ktxn__call *call) {
  call->next = NULL;
  if (calls->last == NULL) {
    calls->first = call;
  } else {
    calls->last->next = call;
  }
  calls->last = call;
  calls->count++;
}

struct ktxn__call *ktxn__broker_calls_pop(struct ktxn__broker_calls *calls) {
  struct ktxn__call *call = calls->first;
  if (call != NULL) {
    calls->first = call->next;
    calls->last = calls->first == NULL ? NULL : calls->last;
    calls->count--;
    call->next = NULL;
  }
  return call;
}

static struct ktxn__broker_calls detach(struct ktxn__broker_calls *calls) {
  struct ktxn__broker_calls all = *calls;
  *calls = (struct ktxn__broker_calls){.count = 0};
  return all;
}

static void end_unsent(struct ktxn__broker_calls *calls, int64_t now_us) {
  struct ktxn__call *call;
  while ((call = ktxn__broker_calls_pop(calls)) != NULL) {
    call->done(call, KTXN__CALL_UNSENT, NULL, now_us);
  }
}

void ktxn__broker_end_calls(struct ktxn__broker *broker, struct ktxn__broker_calls *flight,
                            struct ktxn__broker_calls *waiting, int64_t now_us) {
  (void)broker;
  struct ktxn__call *call;
  while ((call = ktxn__broker_calls_pop(flight)) != NULL) {
    call->done(call, call->begun ? KTXN__CALL_LOST : KTXN__CALL_UNSENT, NULL, now_us);
  }
  end_unsent(waiting, now_us);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static bool set_address(struct ktxn__broker *broker, const char *host, uint16_t port) {
  size_t size = strlen(host);
  if (size > KTXN__BROKER_HOST_MAX) {
    return false;
  }
  memcpy(broker->host, host, size + 1);
  broker->port = port;
  bool v6 = strchr(host, ':') != NULL;
  (void)snprintf(broker->name, sizeof broker->name, "%s%s%s:%u", v6 ? "[" : "", broker->host, v6 ? "]" : "",
                 (unsigned)port);
  return true;
}

struct ktxn__broker *ktxn__broker_new(const struct ktxn__ports *ports, const struct ktxn__broker_settings *settings,
                                      const struct ktxn__broker_hooks *hooks, uint32_t number, int32_t node,
                                      const char *host, uint16_t port) {
  struct ktxn__broker *broker = ktxn__calloc(ports->mem, 1, sizeof *broker);
  if (broker == NULL) {
    return NULL;
  }
  if (!set_address(broker, host, port)) {
    ktxn__free(ports->mem, broker);
    return NULL;
  }
  broker->ports = ports;
  broker->settings = settings;
  if (hooks != NULL) {
    broker->hooks = *hooks;
  }
  broker->number = number;
  broker->node = node;
  broker->due_us = INT64_MAX;
  broker->waiting_by_us = INT64_MAX;
  ktxn__broker_out_init(&broker->out, ports->mem);
  ktxn__broker_in_init(&broker->in, ports->mem);
  ktxn__broker_versions_init(broker);
  return broker;
}

bool ktxn__broker_shut(struct ktxn__broker *broker, int64_t now_us) {
  bool any = broker->flight.count + broker->waiting.count + broker->refused.count > 0;
  struct ktxn__broker_calls flight = detach(&broker->flight);
  struct ktxn__broker_calls waiting = detach(&broker->waiting);
  struct ktxn__broker_calls refused = detach(&broker->refused);
  if (broker->state != KTXN__BROKER_DOWN) {
    ktxn__broker_link_shut(broker, "the client is closed");
  }
  ktxn__broker_end_calls(broker, &flight, &waiting, now_us);
  end_unsent(&refused, now_us);
  return any;
}

void ktxn__broker_free(struct ktxn__broker *broker, int64_t now_us) {
  if (broker == NULL) {
    return;
  }
  ktxn__broker_shut(broker, now_us);
  ktxn__broker_out_free(&broker->out);
  ktxn__broker_in_clear(&broker->in);
  ktxn__arena_free(&broker->arena);
  ktxn__free(broker->ports->mem, broker);
}

void ktxn__broker_move(struct ktxn__broker *broker, const char *host, uint16_t port, int64_t now_us) {
  (void)now_us;
  if ((port == broker->port && strcmp(host, broker->host) == 0) || !set_address(broker, host, port)) {
    return;
  }
  broker->moved = broker->state != KTXN__BROKER_DOWN;
  ktxn__broker_forgive(broker);
}

void ktxn__broker_expect_cluster(struct ktxn__broker *broker, const char *cluster_id) {
  broker->cluster_id = cluster_id;
}

void ktxn__broker_drop(struct ktxn__broker *broker, const char *why) {
  if (broker->state == KTXN__BROKER_DOWN || broker->doomed) {
    return;
  }
  broker->doomed = true;
  broker->due_us = 0;
  (void)snprintf(broker->doom, sizeof broker->doom, "%s", why);
}

void ktxn__broker_forgive(struct ktxn__broker *broker) {
  broker->backoff_until_us = 0;
  broker->failures = 0;
  broker->failing = false;
  broker->due_us = 0;
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

void ktxn__broker_send(struct ktxn__broker *broker, struct ktxn__call *call, int64_t now_us) {
  (void)now_us;
  call->broker = broker;
  call->version = -1;
  call->begun = false;
  broker->due_us = 0;
  if (broker->waiting.count >= KTXN__BROKER_QUEUE_MAX) {
    ktxn__broker_calls_push(&broker->refused, call);
    return;
  }
  ktxn__broker_calls_push(&broker->waiting, call);
  if (call->deadline_us < broker->waiting_by_us) {
    broker->waiting_by_us = call->deadline_us;
  }
}

void ktxn__broker_want(struct ktxn__broker *broker, int64_t now_us) {
  if (broker->state == KTXN__BROKER_DOWN && !broker->wanted && now_us >= broker->backoff_until_us) {
    broker->wanted = true;
    broker->due_us = 0;
  }
}

/* The time for an answer, bounded by request.timeout.ms. */
static int64_t answer_us(const struct ktxn__broker *broker, const struct ktxn__call *call) {
  int64_t most_us = broker->settings->request_timeout_ms * 1000;
  return call->answer_us > 0 && call->answer_us < most_us ? call->answer_us : most_us;
}

bool ktxn__broker_begin(struct ktxn__broker *broker, struct ktxn__call *call, int16_t version, int64_t now_us) {
  struct ktxn__call_body *body = ktxn__broker_out_begin(&broker->out, call);
  if (body == NULL) {
    return false;
  }
  call->begun = false;
  call->correlation_id = broker->correlation_next;
  ktxn__header_request_encode(&body->writer, call->api, version, call->correlation_id,
                              ktxn__str(broker->settings->client_id));
  if (!call->encode(call, version, body)) {
    ktxn__broker_out_abandon(&broker->out, body);
    return false;
  }
  if (!ktxn__broker_out_commit(&broker->out, body)) {
    return false;
  }
  call->version = version;
  call->answer_by_us = now_us + answer_us(broker, call);
  broker->correlation_next = (broker->correlation_next + 1) & INT32_MAX;
  broker->active_us = now_us;
  broker->due_us = 0;
  ktxn__broker_calls_push(&broker->flight, call);
  return true;
}

/* The oldest waiting call: into flight, or ended. */
static void begin_next(struct ktxn__broker *broker, int64_t now_us) {
  struct ktxn__call *call = ktxn__broker_calls_pop(&broker->waiting);
  int16_t version = ktxn__broker_version(broker, call->api, call->version_min, call->version_max);
  if (version < 0) {
    call->done(call, KTXN__CALL_UNSUPPORTED, NULL, now_us);
  } else if (!ktxn__broker_begin(broker, call, version, now_us)) {
    call->done(call, KTXN__CALL_UNSENT, NULL, now_us);
  }
}

static bool may_begin(const struct ktxn__broker *broker, int64_t now_us) {
  return broker->state == KTXN__BROKER_READY && !broker->moved && !broker->doomed &&
         broker->flight.count < (size_t)broker->settings->in_flight_max &&
         broker->out.bytes < KTXN__BROKER_BACKLOG_BYTES && now_us >= broker->muted_until_us;
}

/* Begins and writes what can be; false = the connection broke. Calls that come up meanwhile have to wait: no owner that
 * asks again at once can hold the thread. */
static bool write_out(struct ktxn__broker *broker, int64_t now_us) {
  size_t budget = broker->waiting.count;
  if (broker->versions_wanted && may_begin(broker, now_us)) {
    ktxn__broker_versions_again(broker, now_us);
  }
  for (;;) {
    for (; budget > 0 && broker->waiting.count > 0 && may_begin(broker, now_us); budget--) {
      begin_next(broker, now_us);
    }
    if (!broker->blocked && !ktxn__broker_out_flush(&broker->out, broker->ports, broker->conn)) {
      broker->silences += broker->state == KTXN__BROKER_VERSIONS ? 1 : 0;
      ktxn__broker_link_fail(broker, now_us, "the connection broke while a request was being written");
      return false;
    }
    broker->blocked = broker->out.bytes > 0;
    if (budget == 0 || broker->waiting.count == 0 || !may_begin(broker, now_us)) {
      return true;
    }
  }
}

void ktxn__broker_mute_until(struct ktxn__broker *broker, int64_t until_us) {
  broker->muted_until_us = until_us > broker->muted_until_us ? until_us : broker->muted_until_us;
}

void ktxn__broker_mute(struct ktxn__broker *broker, int32_t throttle_ms, int64_t now_us) {
  if (throttle_ms <= 0) {
    return;
  }
  int64_t mute_us = (throttle_ms < KTXN__BROKER_MUTE_MAX_MS ? throttle_ms : KTXN__BROKER_MUTE_MAX_MS) * INT64_C(1000);
  ktxn__broker_mute_until(broker, now_us + mute_us);
  if (broker->hooks.muted != NULL) {
    broker->hooks.muted(broker->hooks.ctx, broker, now_us + mute_us);
  }
  /* KIP-219: the broker doesn't read the connection meanwhile, so what is in flight is answered later. */
  for (struct ktxn__call *call = broker->flight.first; call != NULL; call = call->next) {
    call->answer_by_us += mute_us;
  }
  ktxn__log(broker->ports->log, KTXN__LOG_DEBUG, "broker %d: %s: throttled for %lld ms", broker->node, broker->name,
            (long long)(mute_us / 1000));
}

void ktxn__broker_on_writable(struct ktxn__broker *broker, uint32_t conn, int64_t now_us) {
  if (conn != 0 && conn == broker->conn && broker->state >= KTXN__BROKER_VERSIONS) {
    broker->due_us = 0;
    broker->blocked = false;
    (void)write_out(broker, now_us);
  }
}

/* ---- time -------------------------------------------------------------------------------------------------------- */

static void expire_waiting(struct ktxn__broker *broker, int64_t now_us) {
  if (now_us < broker->waiting_by_us) {
    return;
  }
  struct ktxn__broker_calls all = detach(&broker->waiting);
  struct ktxn__broker_calls expired = {.count = 0};
  struct ktxn__call *call;
  broker->waiting_by_us = INT64_MAX;
  while ((call = ktxn__broker_calls_pop(&all)) != NULL) {
    bool late = now_us >= call->deadline_us;
    ktxn__broker_calls_push(late ? &expired : &broker->waiting, call);
    if (!late && call->deadline_us < broker->waiting_by_us) {
      broker->waiting_by_us = call->deadline_us;
    }
  }
  end_unsent(&expired, now_us);
}

static bool idle_too_long(const struct ktxn__broker *broker, int64_t now_us) {
  return broker->settings->idle_max_ms >= 0 && broker->flight.count == 0 && broker->waiting.count == 0 &&
         now_us >= broker->active_us + broker->settings->idle_max_ms * 1000;
}

/* What is to be answered first. Answers come in the order of the calls, but not all calls have the same patience. */
static const struct ktxn__call *most_urgent(const struct ktxn__broker *broker) {
  const struct ktxn__call *urgent = broker->flight.first;
  for (const struct ktxn__call *call = urgent; call != NULL; call = call->next) {
    urgent = call->answer_by_us < urgent->answer_by_us ? call : urgent;
  }
  return urgent;
}

static void fail_unanswered(struct ktxn__broker *broker, const struct ktxn__call *call, int64_t now_us) {
  int64_t waited_us = answer_us(broker, call);
  bool whole = waited_us == broker->settings->request_timeout_ms * 1000;
  ktxn__broker_link_fail(broker, now_us, "no answer to %s within %lld ms (%s)", ktxn__api_name(call->api),
                         (long long)(waited_us / 1000), whole ? "request.timeout.ms" : "what transaction.timeout.ms leaves");
}

/* An open connection: what is late, what can be written, whether it may go. */
static void run_open(struct ktxn__broker *broker, int64_t now_us) {
  const struct ktxn__call *urgent = most_urgent(broker);
  if (urgent != NULL && now_us >= urgent->answer_by_us) {
    fail_unanswered(broker, urgent, now_us);
    return;
  }
  if (!write_out(broker, now_us) || broker->state != KTXN__BROKER_READY) {
    return;
  }
  if (broker->moved && broker->flight.count == 0) {
    ktxn__broker_link_shut(broker, "the node has another address now");
  } else if (idle_too_long(broker, now_us)) {
    ktxn__broker_link_shut(broker, "idle (connections.max.idle.ms)");
  }
}

/* An attempt that goes to an address that is not the node's any more. */
static void leave_old_address(struct ktxn__broker *broker) {
  if (broker->moved && broker->state != KTXN__BROKER_READY) {
    (void)detach(&broker->flight); /* its own ApiVersions at most */
    broker->versions_busy = false;
    ktxn__broker_link_shut(broker, "the node has another address now");
  }
}

static void step(struct ktxn__broker *broker, int64_t now_us) {
  switch (broker->state) {
    case KTXN__BROKER_DOWN:
      if ((broker->waiting.count > 0 || broker->wanted) && now_us >= broker->backoff_until_us) {
        ktxn__broker_link_open(broker, now_us);
      }
      break;
    case KTXN__BROKER_RESOLVING:
    case KTXN__BROKER_CONNECTING:
      ktxn__broker_link_times(broker, now_us);
      break;
    case KTXN__BROKER_VERSIONS:
    case KTXN__BROKER_READY:
      run_open(broker, now_us);
      break;
  }
}

static int64_t earlier(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static int64_t next_open(const struct ktxn__broker *broker, int64_t now_us) {
  const struct ktxn__call *urgent = most_urgent(broker);
  int64_t due_us = urgent == NULL ? INT64_MAX : urgent->answer_by_us;
  if (broker->muted_until_us > now_us) {
    due_us = earlier(due_us, broker->muted_until_us);
  }
  if (broker->flight.count == 0 && broker->waiting.count == 0 && broker->settings->idle_max_ms >= 0) {
    due_us = earlier(due_us, broker->active_us + broker->settings->idle_max_ms * 1000);
  }
  return due_us;
}

static int64_t next_due(const struct ktxn__broker *broker, int64_t now_us) {
  switch (broker->state) {
    case KTXN__BROKER_DOWN:
      return broker->waiting.count > 0 || broker->wanted ? broker->backoff_until_us : INT64_MAX;
    case KTXN__BROKER_RESOLVING:
      return broker->setup_by_us;
    case KTXN__BROKER_CONNECTING:
      return broker->address_by_us;
    case KTXN__BROKER_VERSIONS:
    case KTXN__BROKER_READY:
      break;
  }
  return next_open(broker, now_us);
}

int64_t ktxn__broker_run(struct ktxn__broker *broker, int64_t now_us) {
  if (now_us < broker->due_us) {
    return broker->due_us;
  }
  broker->due_us = INT64_MAX;
  struct ktxn__broker_calls refused = detach(&broker->refused);
  end_unsent(&refused, now_us);
  ktxn__broker_link_doom(broker, now_us);
  expire_waiting(broker, now_us);
  leave_old_address(broker);
  step(broker, now_us);
  int64_t due_us = earlier(broker->due_us, next_due(broker, now_us));
  due_us = earlier(due_us, broker->waiting.count > 0 ? broker->waiting_by_us : INT64_MAX);
  broker->due_us = due_us > now_us ? due_us : now_us + 1;
  return broker->due_us;
}

int64_t ktxn__broker_due(const struct ktxn__broker *broker) {
  return broker->due_us;
}

/* ---- questions --------------------------------------------------------------------------------------------------- */

int16_t ktxn__broker_version(const struct ktxn__broker *broker, int16_t api, int16_t min, int16_t max) {
  if (broker->state != KTXN__BROKER_READY || api < 0 || api >= KTXN__BROKER_API_COUNT) {
    return -1;
  }
  const struct ktxn__broker_range *range = &broker->ranges[api];
  const struct ktxn__api *ours = ktxn__api_find(api);
  int16_t high = max < range->max ? max : range->max;
  high = ours != NULL && ours->version_max < high ? ours->version_max : high;
  int16_t low = min > range->min ? min : range->min;
  return high >= low ? high : -1;
}

bool ktxn__broker_writable(const struct ktxn__broker *broker, int64_t now_us) {
  return may_begin(broker, now_us) &&
         broker->flight.count + broker->waiting.count < (size_t)broker->settings->in_flight_max;
}

bool ktxn__broker_backing_off(const struct ktxn__broker *broker, int64_t now_us) {
  return broker->state == KTXN__BROKER_DOWN && now_us < broker->backoff_until_us;
}

int64_t ktxn__broker_backoff_until(const struct ktxn__broker *broker) {
  return broker->backoff_until_us;
}

int32_t ktxn__broker_node(const struct ktxn__broker *broker) {
  return broker->node;
}

const char *ktxn__broker_name(const struct ktxn__broker *broker) {
  return broker->name;
}

enum ktxn__broker_state ktxn__broker_state(const struct ktxn__broker *broker) {
  return broker->state;
}

bool ktxn__broker_ready(const struct ktxn__broker *broker) {
  return broker->state == KTXN__BROKER_READY;
}

bool ktxn__broker_failing(const struct ktxn__broker *broker) {
  return broker->failing;
}

int64_t ktxn__broker_muted_until(const struct ktxn__broker *broker) {
  return broker->muted_until_us;
}

size_t ktxn__broker_waiting(const struct ktxn__broker *broker) {
  return broker->waiting.count;
}

size_t ktxn__broker_in_flight(const struct ktxn__broker *broker) {
  return broker->flight.count;
}

int64_t ktxn__broker_awaited_us(const struct ktxn__broker *broker, int64_t now_us) {
  const struct ktxn__call *oldest = broker->flight.first;
  return oldest == NULL ? 0 : now_us - (oldest->answer_by_us - answer_us(broker, oldest));
}

const char *ktxn__broker_why(const struct ktxn__broker *broker) {
  return broker->why;
}

struct ktxn__broker_features ktxn__broker_features(const struct ktxn__broker *broker) {
  return broker->features;
}

int64_t ktxn__broker_tried_us(const struct ktxn__broker *broker) {
  return broker->tried_us;
}
