/* The header of a response. The first byte is the request's key, the second its version, the rest a frame. */
#include <stdlib.h>

#include "sdk/wire/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void split_frame(const uint8_t *data, size_t size) {
  size_t length = 0;
  if (size >= KTXN__HEADER_FRAME_PREFIX && ktxn__header_frame_length(data, 1000, &length) &&
      (length < 4 || length > 1000)) {
    abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) {
    return 0;
  }
  int32_t correlation_id = 0;
  int32_t peeked = 0;
  struct ktxn__reader reader;
  ktxn__reader_init(&reader, data + 2, size - 2);
  bool decoded = ktxn__header_response_decode(&reader, data[0], data[1], &correlation_id);
  bool long_enough = ktxn__header_correlation(data + 2, size - 2, &peeked);
  if (decoded == reader.failed || peeked != correlation_id || (decoded && !long_enough)) {
    abort();
  }
  split_frame(data + 2, size - 2);
  return 0;
}
