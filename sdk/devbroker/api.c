#include "sdk/devbroker/api.h"

#include <strings.h>

const struct ktxn__msg_api *ktxn__msg_api_named(const char *name, int16_t *key) {
  for (int16_t i = 0; i <= KTXN__MSG_KEY_MAX; i++) {
    if (ktxn__msg_apis[i].name != NULL && strcasecmp(ktxn__msg_apis[i].name, name) == 0) {
      *key = i;
      return &ktxn__msg_apis[i];
    }
  }
  return NULL;
}

static uint32_t big_endian(const uint8_t *at, size_t size) {
  uint32_t value = 0;
  for (size_t i = 0; i < size; i++) {
    value = value << 8 | at[i];
  }
  return value;
}

static bool flexible(const struct ktxn__msg_header *header) {
  const struct ktxn__msg_api *api = ktxn__msg_api(header->key);
  return api != NULL && ktxn__msg_api_has(api, header->version) && header->version >= api->flexible;
}

/* The tagged fields of a header: a struct without fields. */
static bool skip_tags(struct ktxn__span request, size_t *used) {
  static const struct ktxn__schema nothing = {.name = "header"};
  const struct ktxn__span rest = {.data = (const uint8_t *)request.data + *used, .size = request.size - *used};
  size_t size = 0;
  const struct ktxn__schema_form form = {.flexible = true};
  if (ktxn__schema_decode(&nothing, form, rest, NULL, NULL, &size) != KTXN__SCHEMA_OK) {
    return false;
  }
  *used += size;
  return true;
}

/* The client id keeps its plain length in the flexible header, too (KIP-482). */
bool ktxn__msg_header_decode(struct ktxn__span request, struct ktxn__msg_header *header, size_t *used) {
  enum { FIXED = 10 };
  const uint8_t *at = request.data;
  if (request.size < FIXED) {
    return false;
  }
  header->key = (int16_t)big_endian(at, 2);
  header->version = (int16_t)big_endian(at + 2, 2);
  header->correlation = (int32_t)big_endian(at + 4, 4);
  const int16_t length = (int16_t)big_endian(at + 8, 2);
  if (length < -1 || (length > 0 && (size_t)length > request.size - FIXED)) {
    return false;
  }
  header->client_id = length < 0 ? KTXN__STR_NULL : (struct ktxn__str){.data = (const char *)at + FIXED, .len = length};
  *used = FIXED + (length < 0 ? 0 : (size_t)length);
  return !flexible(header) || skip_tags(request, used);
}

bool ktxn__msg_header_encode(const struct ktxn__msg_header *header, struct ktxn__buffer *out) {
  const bool tags = flexible(header) && header->key != KTXN__MSG_API_VERSIONS;
  uint8_t *at = ktxn__buffer_extend(out, tags ? 5 : 4);
  if (at == NULL) {
    return false;
  }
  for (size_t i = 0; i < 4; i++) {
    at[i] = (uint8_t)((uint32_t)header->correlation >> (24 - 8 * i));
  }
  if (tags) {
    at[4] = 0;
  }
  return true;
}
