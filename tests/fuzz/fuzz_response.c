/* One response decoder. The first byte is the version, the rest the body. */
#include <stdlib.h>
#include <string.h>

#include "golden/decoders.h"

#define ARENA_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct decoder *find(void) {
  for (size_t i = 0; i < DECODER_COUNT; i++) {
    if (strcmp(decoders[i].name, KTXN_FUZZ_MESSAGE) == 0) {
      return &decoders[i];
    }
  }
  abort();
}

/* What is decoded must have been in the frame, and memory must stay in proportion to it. */
static void decode(const struct decoder *decoder, int16_t version, const uint8_t *data, size_t size) {
  struct ktxn__mem mem;
  struct ktxn__arena arena;
  struct ktxn__reader reader;
  struct text text;
  ktxn__mem_init(&mem, 0);
  ktxn__arena_init(&arena, &mem, ARENA_MAX);
  ktxn__reader_init(&reader, data, size);
  text_init(&text);
  bool decoded = decoder->decode(&reader, &arena, version, &text);
  text_finish(&text);
  text_free(&text);
  if (decoded == reader.failed || reader.at < data || reader.at > data + size || arena.total > 32 * size + 8192) {
    abort();
  }
  ktxn__arena_free(&arena);
  if (ktxn__mem_used(&mem) != 0) {
    abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct decoder *decoder = find();
  const struct ktxn__api *api = ktxn__api_find(decoder->key);
  if (size > 0 && data[0] >= api->version_min && data[0] <= api->version_max) {
    decode(decoder, data[0], data + 1, size - 1);
  }
  return 0;
}
