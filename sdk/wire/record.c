#include "sdk/wire/record.h"

#include "sdk/wire/reader.h"

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

size_t ktxn__record_renumber(uint8_t *to, const uint8_t *record, size_t size, int32_t offset_delta) {
  struct ktxn__reader reader;
  uint8_t *start = to;
  ktxn__reader_init(&reader, record, size);
  ktxn__reader_varint(&reader); /* length */
  const uint8_t *front = reader.at;
  ktxn__reader_i8(&reader); /* attributes */
  ktxn__reader_varlong(&reader); /* timestamp delta */
  size_t front_size = (size_t)(reader.at - front);
  ktxn__reader_varint(&reader);
  size_t rest_size = ktxn__reader_left(&reader);
  uint64_t delta = ktxn__record_zigzag(offset_delta);
  size_t body_size = front_size + ktxn__record_varint_size(delta) + rest_size;
  to = ktxn__record_put_varint(to, (uint64_t)body_size << 1);
  memcpy(to, front, front_size);
  to = ktxn__record_put_varint(to + front_size, delta);
  memcpy(to, reader.at, rest_size);
  return (size_t)(to - start) + rest_size;
}
