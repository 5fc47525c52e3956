#include "sdk/wire/record.h"

size_t ktxn__record_headers_size_max(const ktxn_header *headers, size_t count) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) {
    size_t key_size = headers[i].key_size;
    size_t value_size = ktxn__record_field_size(headers[i].value, headers[i].value_size);
    if ((key_size | value_size) > INT32_MAX) {
      return SIZE_MAX;
    }
    total += KTXN__RECORD_HEADER_OVERHEAD_MAX + key_size + value_size;
    if (total > INT32_MAX) {
      return SIZE_MAX;
    }
  }
  return total;
}

/* A header's key is never null in Kafka: no pointer means the empty key. */
static const char *header_key(const ktxn_header *header) {
  return header->key == NULL ? "" : header->key;
}

static size_t header_key_size(const ktxn_header *header) {
  return header->key == NULL ? 0 : header->key_size;
}

size_t ktxn__record_headers_size(const ktxn_header *headers, size_t count) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) {
    total += ktxn__record_put_size(header_key(&headers[i]), header_key_size(&headers[i])) +
             ktxn__record_put_size(headers[i].value, headers[i].value_size);
  }
  return total;
}

uint8_t *ktxn__record_put_headers(uint8_t *at, const ktxn_header *headers, size_t count) {
  for (size_t i = 0; i < count; i++) {
    at = ktxn__record_put(at, header_key(&headers[i]), header_key_size(&headers[i]));
    at = ktxn__record_put(at, headers[i].value, headers[i].value_size);
  }
  return at;
}
