#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "sdk/wire/api.h"
#include "sdk/wire/header.h"

/* The name of a case is "key:what". Versions that only brokers or nobody uses have no row in our table. */
static const char *split(const struct golden_case *golden, int16_t *key) {
  *key = (int16_t)atoi(golden->name);
  const struct ktxn__api *api = ktxn__api_find(*key);
  assert_non_null(api);
  return golden->version > api->version_max ? NULL : strchr(golden->name, ':') + 1;
}

static void check_request(const struct golden_case *golden, void *ctx) {
  (void)ctx;
  int16_t key = 0;
  const char *client = split(golden, &key);
  if (client == NULL) {
    return;
  }
  struct ktxn__buffer buffer;
  struct ktxn__writer writer;
  ktxn__buffer_init(&buffer, ktxn__mem_default(), 100);
  ktxn__writer_init(&writer, &buffer);
  struct ktxn__str id = strcmp(client, "null") == 0 ? KTXN__STR_NULL : ktxn__str(client);
  ktxn__header_request_encode(&writer, key, golden->version, 0x01020304, id);
  assert_false(writer.failed);
  assert_int_equal(buffer.size, golden->size);
  assert_memory_equal(buffer.data, golden->bytes, golden->size);
  ktxn__buffer_free(&buffer);
}

static void check_response(const struct golden_case *golden, void *ctx) {
  (void)ctx;
  int16_t key = 0;
  if (split(golden, &key) == NULL) {
    return;
  }
  for (size_t size = 0; size <= golden->size; size++) {
    struct ktxn__reader reader;
    int32_t correlation_id = 0;
    ktxn__reader_init(&reader, golden->bytes, size);
    bool decoded = ktxn__header_response_decode(&reader, key, golden->version, &correlation_id);
    assert_int_equal(decoded, size == golden->size);
    assert_int_equal(correlation_id, size < 4 ? 0 : -5);
    assert_int_equal(ktxn__header_correlation(golden->bytes, size, &correlation_id), size >= 4);
    assert_int_equal(correlation_id, size < 4 ? 0 : -5);
  }
}

static void request_headers_are_kafkas(void **state) {
  (void)state;
  assert_true(golden_each("header", "request", check_request, NULL) > 100);
}

static void O06_response_headers_are_kafkas_and_refused_when_cut(void **state) {
  (void)state;
  assert_true(golden_each("header", "response", check_response, NULL) > 50);
}

static void O01_frame_lengths_out_of_bounds_are_refused(void **state) {
  (void)state;
  static const struct {
    uint8_t prefix[4];
    bool good;
  } cases[] = {
      {{0xff, 0xff, 0xff, 0xff}, false}, {{0x80, 0, 0, 0}, false}, {{0, 0, 0, 0}, false},
      {{0, 0, 0, 3}, false},             {{0, 0, 0, 4}, true},     {{0, 0, 0x03, 0xe8}, true},
      {{0, 0, 0x03, 0xe9}, false},       {{0x7f, 0xff, 0xff, 0xff}, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    size_t length = 0;
    assert_int_equal(ktxn__header_frame_length(cases[i].prefix, 1000, &length), cases[i].good);
    assert_true(length <= 1000);
  }
  size_t length = 0;
  assert_false(ktxn__header_frame_length((const uint8_t[]){0x80, 0, 0, 0}, SIZE_MAX, &length));
}

static void a_frame_counts_what_is_spliced_in(void **state) {
  (void)state;
  struct ktxn__buffer buffer;
  struct ktxn__writer writer;
  ktxn__buffer_init(&buffer, ktxn__mem_default(), 100);
  assert_true(ktxn__buffer_append(&buffer, "before", 6));
  ktxn__writer_init(&writer, &buffer);
  size_t begin = ktxn__header_frame_begin(&writer);
  ktxn__writer_i16(&writer, 7);
  ktxn__header_frame_end(&writer, begin, 1000);
  assert_false(writer.failed);
  assert_int_equal(buffer.size, 12);
  assert_memory_equal(buffer.data, "before\0\0\x03\xea\0\x07", 12);
  ktxn__header_frame_end(&writer, begin, INT32_MAX);
  assert_true(writer.failed);
  ktxn__buffer_free(&buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(request_headers_are_kafkas),
      cmocka_unit_test(O06_response_headers_are_kafkas_and_refused_when_cut),
      cmocka_unit_test(O01_frame_lengths_out_of_bounds_are_refused),
      cmocka_unit_test(a_frame_counts_what_is_spliced_in),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
