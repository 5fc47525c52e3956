#ifndef KTXN_DEVBROKER_API_H
#define KTXN_DEVBROKER_API_H

/** Which requests the codec knows, and how they are framed: headers of requests and responses. */

#include "sdk/devbroker/messages/messages.h"

struct ktxn__msg_api {
  const char *name; /* as Kafka calls it; NULL = not known */
  const struct ktxn__schema *request;
  const struct ktxn__schema *response;
  int16_t first; /* versions that the codec knows, whatever a release offers */
  int16_t last;
  int16_t flexible; /* from this version on; 127 = never */
};

/* A row of the table in messages/messages.c. */
#define KTXN__MSG_API(key, prefix, text, from, to, flexible_from)                                                         \
  [KTXN__MSG_##key] = {.name = text, .request = &ktxn__msg_##prefix##_request, .response = &ktxn__msg_##prefix##_response, \
                       .first = from, .last = to, .flexible = flexible_from}

/** By key; rows without a name are gaps. */
extern const struct ktxn__msg_api ktxn__msg_apis[KTXN__MSG_KEY_MAX + 1];

/** NULL for a key that isn't known. */
static inline const struct ktxn__msg_api *ktxn__msg_api(int16_t key) {
  return key < 0 || key > KTXN__MSG_KEY_MAX || ktxn__msg_apis[key].name == NULL ? NULL : &ktxn__msg_apis[key];
}

/** The one of that name, without regard to case; NULL when there is none. */
const struct ktxn__msg_api *ktxn__msg_api_named(const char *name, int16_t *key);

static inline bool ktxn__msg_api_has(const struct ktxn__msg_api *api, int16_t version) {
  return version >= api->first && version <= api->last;
}

static inline struct ktxn__schema_form ktxn__msg_api_form(const struct ktxn__msg_api *api, int16_t version) {
  return (struct ktxn__schema_form){.version = (uint8_t)version, .flexible = version >= api->flexible};
}

/** The fixed part of every request header. `client_id` points into the request. */
struct ktxn__msg_header {
  int16_t key;
  int16_t version;
  int32_t correlation;
  struct ktxn__str client_id;
};

/** Takes a header off the front of a request; *used is its size. False: it is none, or of a flexible version and torn. A
 * key or version that isn't known is no mistake here; nothing behind the client id is read then. */
bool ktxn__msg_header_decode(struct ktxn__span request, struct ktxn__msg_header *header, size_t *used);

/** Writes the header of the response (without the length of the frame). ApiVersions has the old one in all versions
 * (KIP-511). False: `out` has no room. */
bool ktxn__msg_header_encode(const struct ktxn__msg_header *header, struct ktxn__buffer *out);

#endif
