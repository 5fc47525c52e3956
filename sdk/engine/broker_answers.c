/* What arrives on the connection of a broker: frames, each of which must be the answer to the oldest request. */

#include <stdio.h>
#include <string.h>

#include "sdk/engine/broker_parts.h"
#include "sdk/wire/api.h"
#include "sdk/wire/header.h"

struct answer {
  struct ktxn__broker *broker;
  int64_t now_us;
};

/* KIP-219: the field comes first in every answer that is spoken here but these two, whose owners read it. */
static void read_throttle(struct ktxn__call *call, const struct ktxn__reader *body, int64_t now_us) {
  if (call->api == KTXN__API_PRODUCE || call->api == KTXN__API_API_VERSIONS) {
    return;
  }
  struct ktxn__reader reader = *body;
  ktxn__call_throttle(call, ktxn__reader_i32(&reader), now_us);
}

/* Kafka protocol: the answers of a connection come in the order of its requests. Anything else is an answer to somebody
 * else, or no Kafka broker, and nothing that follows on this connection can be trusted. */
static bool expected(struct ktxn__broker *broker, const uint8_t *frame, size_t size) {
  const struct ktxn__call *call = broker->flight.first;
  int32_t id = 0;
  char why[96];
  bool known = ktxn__header_correlation(frame, size, &id);
  if (call == NULL || (broker->out.first != NULL && broker->out.first->call == call)) {
    (void)snprintf(why, sizeof why, "it answered a request that was not sent (correlation id %d)", id);
  } else if (!known || id != call->correlation_id) {
    (void)snprintf(why, sizeof why, "it answered with correlation id %d instead of %d", id, call->correlation_id);
  } else {
    return true;
  }
  ktxn__broker_drop(broker, why);
  return false;
}

static bool on_frame(void *ctx, const uint8_t *frame, size_t size) {
  const struct answer *answer = ctx;
  struct ktxn__broker *broker = answer->broker;
  if (!expected(broker, frame, size)) {
    return false;
  }
  struct ktxn__call *call = ktxn__broker_calls_pop(&broker->flight);
  struct ktxn__reader body;
  int32_t id = 0;
  ktxn__reader_init(&body, frame, size);
  if (!ktxn__header_response_decode(&body, call->api, call->version, &id)) {
    ktxn__call_malformed(call);
    call->done(call, KTXN__CALL_LOST, NULL, answer->now_us);
    return false;
  }
  read_throttle(call, &body, answer->now_us);
  call->done(call, KTXN__CALL_ANSWERED, &body, answer->now_us);
  return !broker->doomed;
}

/* What a listener of another kind says first, read as a frame's length. */
static const char *foreign(const uint8_t *length) {
  static const struct {
    const char *bytes;
    size_t size;
    const char *text;
  } greetings[] = {
      {"HTTP", 4, "it speaks HTTP, not Kafka: check the port"},
      {"\x15\x03", 2, "it speaks TLS: this is an SSL listener (security.protocol)"},
      {"SSH-", 4, "it speaks SSH, not Kafka: check the port"},
      {"220", 3, "it speaks SMTP or FTP, not Kafka: check the port"},
  };
  for (size_t i = 0; i < sizeof greetings / sizeof *greetings; i++) {
    if (memcmp(length, greetings[i].bytes, greetings[i].size) == 0) {
      return greetings[i].text;
    }
  }
  return NULL;
}

static void on_bad_length(struct ktxn__broker *broker, int64_t now_us) {
  const uint8_t *at = ktxn__broker_in_length(&broker->in);
  const char *text = foreign(at);
  uint32_t length = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
  if (text != NULL) {
    ktxn__broker_link_fail(broker, now_us, "%s", text);
  } else {
    ktxn__broker_link_fail(broker, now_us, "it sent a frame of %d bytes (4 to %u are possible); is it a Kafka broker?",
                           (int32_t)length, KTXN__BROKER_FRAME_MAX);
  }
}

void ktxn__broker_on_received(struct ktxn__broker *broker, uint32_t conn, const void *data, size_t size,
                              int64_t now_us) {
  if (conn == 0 || conn != broker->conn || broker->state < KTXN__BROKER_VERSIONS) {
    return;
  }
  broker->active_us = now_us;
  broker->due_us = 0;
  struct answer answer = {.broker = broker, .now_us = now_us};
  const struct ktxn__broker_in_sink sink = {.ctx = &answer, .frame = on_frame};
  switch (ktxn__broker_in_take(&broker->in, data, size, &sink)) {
    case KTXN__BROKER_IN_BAD_LENGTH:
      on_bad_length(broker, now_us);
      break;
    case KTXN__BROKER_IN_NO_MEMORY:
      ktxn__broker_link_fail(broker, now_us, "out of memory for an answer");
      break;
    default:
      ktxn__broker_link_doom(broker, now_us);
      break;
  }
}
