/* Writes a batch of records that the input describes, and reads back the same ones. */
#include <stdlib.h>

#include "sdk/wire/record_batch.h"

#define RECORDS_MAX 16
#define HEADERS_MAX 4
#define BATCH_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct plan {
  ktxn_record record;
  ktxn_header headers[HEADERS_MAX];
  int64_t timestamp_delta;
};

static void require(bool condition) {
  if (!condition) {
    abort();
  }
}

/* A piece of the input, or NULL, and at times with a size that means nothing. */
static const void *choose(struct ktxn__reader *input, size_t *size) {
  size_t wanted = (uint8_t)ktxn__reader_i8(input);
  if (wanted == 255) {
    *size = 12345;
    return NULL;
  }
  size_t left = ktxn__reader_left(input);
  *size = wanted < left ? wanted : left;
  const uint8_t *data = ktxn__reader_take(input, *size);
  *size = data == NULL ? 0 : *size;
  return data;
}

static void make_plan(struct ktxn__reader *input, struct plan *plan) {
  plan->timestamp_delta = ktxn__reader_varlong(input);
  plan->record.key = choose(input, &plan->record.key_size);
  plan->record.value = choose(input, &plan->record.value_size);
  plan->record.headers = plan->headers;
  plan->record.header_count = (uint8_t)ktxn__reader_i8(input) % (HEADERS_MAX + 1);
  for (size_t i = 0; i < plan->record.header_count; i++) {
    plan->headers[i].key = choose(input, &plan->headers[i].key_size);
    plan->headers[i].value = choose(input, &plan->headers[i].value_size);
  }
}

static void same(struct ktxn__bytes got, const void *data, size_t size) {
  require(data == NULL ? got.len == -1 : (size_t)got.len == size && (size == 0 || memcmp(got.data, data, size) == 0));
}

static void compare(const struct plan *plan, struct ktxn__record_batch_record *got) {
  struct ktxn__record_batch_header header;
  same(got->key, plan->record.key, plan->record.key_size);
  same(got->value, plan->record.value, plan->record.value_size);
  require(got->timestamp_ms == plan->timestamp_delta);
  require((size_t)got->header_count == plan->record.header_count);
  for (size_t i = 0; i < plan->record.header_count; i++) {
    const ktxn_header *sent = &plan->headers[i];
    require(ktxn__record_batch_next_header(got, &header));
    same((struct ktxn__bytes){(const uint8_t *)header.key.data, header.key.len}, sent->key == NULL ? "" : sent->key,
         sent->key == NULL ? 0 : sent->key_size);
    same(header.value, sent->value, sent->value_size);
  }
  require(ktxn__reader_left(&got->headers) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t batch[BATCH_MAX];
  static struct plan plans[RECORDS_MAX];
  struct ktxn__reader reader;
  struct ktxn__record_batch read;
  struct ktxn__record_batch_record record;
  int32_t count = 0;
  ktxn__reader_init(&reader, data, size);
  size_t at = ktxn__record_batch_init(batch);
  for (; count < RECORDS_MAX && ktxn__reader_left(&reader) > 0; count++) {
    make_plan(&reader, &plans[count]);
    size_t written = ktxn__record_write(batch + at, plans[count].timestamp_delta, count, &plans[count].record);
    require(written <= ktxn__record_size_max(&plans[count].record));
    at += written;
  }
  ktxn__record_batch_close(batch, at, count, 0, 0, 0);
  ktxn__record_batch_stamp(batch, at, 1, 2, 3, true);
  ktxn__reader_init(&reader, batch, at);
  require(ktxn__record_batch_read(&reader, &read) && read.crc_right && read.count == count);
  for (int32_t i = 0; i < count; i++) {
    require(ktxn__record_batch_next(&read, &record) && record.offset_delta == i);
    compare(&plans[i], &record);
  }
  require(!ktxn__record_batch_next(&read, &record) && ktxn__reader_left(&read.records) == 0);
  return 0;
}
