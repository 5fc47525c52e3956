#include "sdk/wire/header.h"

#include "sdk/wire/api.h"
#include "sdk/wire/endian.h"

bool ktxn__header_frame_length(const uint8_t prefix[KTXN__HEADER_FRAME_PREFIX], size_t max, size_t *length) {
  uint32_t value = ktxn__endian_get32(prefix);
  if (value < 4 || value > INT32_MAX || value > max) {
    return false;
  }
  *length = value;
  return true;
}

size_t ktxn__header_frame_begin(struct ktxn__writer *writer) {
  size_t begin = ktxn__writer_position(writer);
  ktxn__writer_i32(writer, 0);
  return begin;
}

void ktxn__header_frame_end(struct ktxn__writer *writer, size_t begin, size_t spliced) {
  size_t length = ktxn__writer_position(writer) - begin - KTXN__HEADER_FRAME_PREFIX;
  if (writer->failed || length > INT32_MAX || spliced > INT32_MAX - length) {
    ktxn__writer_fail(writer);
    return;
  }
  ktxn__writer_i32_at(writer, begin, (int32_t)(length + spliced));
}

void ktxn__header_request_encode(struct ktxn__writer *writer, int16_t key, int16_t version, int32_t correlation_id,
                                 struct ktxn__str client_id) {
  ktxn__writer_i16(writer, key);
  ktxn__writer_i16(writer, version);
  ktxn__writer_i32(writer, correlation_id);
  /* Kafka protocol: the client id keeps its old form in header v2, so that a broker can read it at any version. */
  ktxn__writer_string_plain(writer, client_id);
  writer->flexible = ktxn__api_flexible(key, version);
  ktxn__writer_tags(writer);
}

bool ktxn__header_correlation(const void *frame, size_t size, int32_t *correlation_id) {
  struct ktxn__reader reader;
  ktxn__reader_init(&reader, frame, size);
  *correlation_id = ktxn__reader_i32(&reader);
  return !reader.failed;
}

bool ktxn__header_response_decode(struct ktxn__reader *reader, int16_t key, int16_t version, int32_t *correlation_id) {
  *correlation_id = ktxn__reader_i32(reader);
  /* KIP-511: ApiVersions answers with header v0 always, for the client doesn't know yet what the broker speaks. */
  reader->flexible = key != KTXN__API_API_VERSIONS && ktxn__api_flexible(key, version);
  ktxn__reader_tags(reader);
  return !reader->failed;
}
