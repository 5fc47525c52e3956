#include "sdk/devbroker/front_parts.h"
#include "sdk/devbroker/offer.h"

/* Requests and responses of a link, as bytes. */

static bool refuse(const struct ktxn__front_link *link, const char *why) {
  const struct ktxn__front_request *request = &link->request;
  ktxn__log(link->front->config.log, KTXN__LOG_WARN, "node %d: %s (request %d version %d of %.*s); the connection ends",
            link->node, why, request->header.key, request->header.version, KTXN__STR_ARG(request->header.client_id));
  return false;
}

/* An ApiVersions of a version that the node doesn't know is no mistake: it is answered in version 0 (KIP-511). */
static bool is_version_question(const struct ktxn__front_request *request, enum ktxn__model_release release) {
  return request->header.key == KTXN__MSG_API_VERSIONS &&
         !ktxn__offer_takes(release, KTXN__MSG_API_VERSIONS, request->header.version);
}

static bool read_body(struct ktxn__front_link *link, struct ktxn__span body) {
  struct ktxn__front_request *request = &link->request;
  const struct ktxn__schema *schema = request->api->request;
  request->message = ktxn__schema_array(schema, &link->arena, 1);
  if (request->message == NULL) {
    return refuse(link, "no memory");
  }
  size_t used = 0;
  const enum ktxn__schema_result result = ktxn__schema_decode(
      schema, ktxn__msg_api_form(request->api, request->header.version), body, &link->arena, request->message, &used);
  if (result != KTXN__SCHEMA_OK) {
    return refuse(link, result == KTXN__SCHEMA_STARVED ? "no memory" : "malformed");
  }
  return used == body.size || refuse(link, "bytes behind the end");
}

bool ktxn__front_read(struct ktxn__front_link *link, struct ktxn__span frame) {
  struct ktxn__front_request *request = &link->request;
  const enum ktxn__model_release release = ktxn__model_node_release_of(link->front->config.model, link->node);
  size_t used = 0;
  *request = (struct ktxn__front_request){.header = {.key = -1, .version = -1}};
  if (!ktxn__msg_header_decode(frame, &request->header, &used)) {
    return refuse(link, "a torn header");
  }
  if (is_version_question(request, release)) {
    return true;
  }
  request->api = ktxn__msg_api(request->header.key);
  if (request->api == NULL || !ktxn__offer_takes(release, request->header.key, request->header.version)) {
    return refuse(link, "not offered");
  }
  return read_body(link, (struct ktxn__span){.data = (const uint8_t *)frame.data + used, .size = frame.size - used});
}

/* The length stands in front and is known behind. */
bool ktxn__front_write(struct ktxn__front_link *link, int16_t version, const void *response) {
  const struct ktxn__msg_api *api = ktxn__msg_api(link->request.header.key);
  struct ktxn__buffer *out = &link->out;
  const size_t start = out->size;
  if (api == NULL || ktxn__buffer_extend(out, 4) == NULL || !ktxn__msg_header_encode(&link->request.header, out) ||
      !ktxn__schema_encode(api->response, ktxn__msg_api_form(api, version), response, out)) {
    out->size = start;
    return false;
  }
  const size_t size = out->size - start - 4;
  for (size_t i = 0; i < 4; i++) {
    out->data[start + i] = (uint8_t)(size >> (24 - 8 * i));
  }
  return true;
}
