/* Reads whatever claims to be record batches. */
#include <stdlib.h>

#include "sdk/wire/record_batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink;

static void touch(struct ktxn__bytes bytes) {
  if (bytes.len > 0) {
    sink = (uint8_t)(bytes.data[0] ^ bytes.data[bytes.len - 1]);
  }
}

static void read_records(struct ktxn__record_batch *batch) {
  struct ktxn__record_batch_record record;
  struct ktxn__record_batch_header header;
  int32_t count = 0;
  for (; ktxn__record_batch_next(batch, &record); count++) {
    touch(record.key);
    touch(record.value);
    for (int32_t i = 0; i < record.header_count && ktxn__record_batch_next_header(&record, &header); i++) {
      touch((struct ktxn__bytes){.data = (const uint8_t *)header.key.data, .len = header.key.len});
      touch(header.value);
    }
  }
  if (!batch->records.failed && count != batch->count) {
    abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct ktxn__reader reader;
  struct ktxn__record_batch batch;
  ktxn__reader_init(&reader, data, size);
  while (ktxn__reader_left(&reader) > 0 && ktxn__record_batch_read(&reader, &batch)) {
    read_records(&batch);
  }
  return 0;
}
