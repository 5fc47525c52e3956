#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/wire/writer.h"

struct sink {
  struct ktxn__buffer buffer;
  struct ktxn__writer writer;
};

static struct ktxn__writer *open_sink(struct sink *sink, bool flexible) {
  ktxn__buffer_init(&sink->buffer, ktxn__mem_default(), 100000);
  ktxn__writer_init(&sink->writer, &sink->buffer);
  sink->writer.flexible = flexible;
  return &sink->writer;
}

static void assert_wrote(struct sink *sink, const char *bytes, size_t size) {
  assert_false(sink->writer.failed);
  assert_int_equal(sink->buffer.size, size);
  assert_memory_equal(sink->buffer.data, bytes, size);
  ktxn__buffer_free(&sink->buffer);
}

#define WROTE(sink, literal) assert_wrote(&(sink), (literal), sizeof(literal) - 1)

static void assert_refused(struct sink *sink) {
  size_t size = sink->buffer.size;
  assert_true(sink->writer.failed);
  ktxn__writer_i8(&sink->writer, 1);
  ktxn__writer_string(&sink->writer, KTXN__STR("x"));
  ktxn__writer_tags(&sink->writer);
  assert_int_equal(sink->buffer.size, size);
  ktxn__buffer_free(&sink->buffer);
}

static void numbers_are_big_endian(void **state) {
  (void)state;
  struct sink sink;
  struct ktxn__writer *writer = open_sink(&sink, false);
  ktxn__writer_bool(writer, true);
  ktxn__writer_i8(writer, -2);
  ktxn__writer_i16(writer, -3);
  ktxn__writer_i32(writer, 0x01020304);
  ktxn__writer_i64(writer, INT64_MIN + 1);
  ktxn__writer_i32_at(writer, 4, -1);
  WROTE(sink, "\x01\xfe\xff\xfd\xff\xff\xff\xff\x80\0\0\0\0\0\0\x01");
}

static void uvarints_are_kafkas(void **state) {
  (void)state;
  static const uint32_t values[] = {0, 127, 128, 300, 16383, 16384, 2097151, 2097152, 268435455, 268435456, UINT32_MAX};
  struct sink sink;
  struct ktxn__writer *writer = open_sink(&sink, true);
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    size_t before = ktxn__writer_position(writer);
    ktxn__writer_uvarint(writer, values[i]);
    assert_int_equal(ktxn__writer_position(writer) - before, ktxn__writer_uvarint_size(values[i]));
  }
  assert_memory_equal(sink.buffer.data, "\0\x7f\x80\x01\xac\x02", 6);
  assert_memory_equal(sink.buffer.data + sink.buffer.size - 5, "\xff\xff\xff\xff\x0f", 5);
  ktxn__buffer_free(&sink.buffer);
}

static void lengths_have_two_forms(void **state) {
  (void)state;
  static const int32_t values[] = {1, -1};
  for (int flexible = 0; flexible <= 1; flexible++) {
    struct sink sink;
    struct ktxn__writer *writer = open_sink(&sink, flexible);
    ktxn__writer_string(writer, KTXN__STR("ab"));
    ktxn__writer_string_nullable(writer, KTXN__STR_NULL);
    ktxn__writer_string_plain(writer, KTXN__STR("c"));
    ktxn__writer_bytes_length(writer, 300);
    ktxn__writer_bytes_length(writer, -1);
    ktxn__writer_array(writer, 0);
    ktxn__writer_i32_array(writer, values, 2);
    ktxn__writer_tags(writer);
    if (flexible) {
      WROTE(sink, "\x03" "ab\0\0\x01" "c\xad\x02\0\x01\x03\0\0\0\x01\xff\xff\xff\xff\0");
    } else {
      WROTE(sink, "\0\x02" "ab\xff\xff\0\x01" "c\0\0\x01\x2c\xff\xff\xff\xff\0\0\0\0\0\0\0\x02\0\0\0\x01\xff\xff\xff\xff");
    }
  }
}

static void what_cannot_be_written_is_refused(void **state) {
  (void)state;
  static char text[40000];
  for (int flexible = 0; flexible <= 1; flexible++) {
    struct sink sink;
    ktxn__writer_string(open_sink(&sink, flexible), KTXN__STR_NULL);
    assert_refused(&sink);
    ktxn__writer_string(open_sink(&sink, flexible), (struct ktxn__str){text, 32768});
    assert_refused(&sink);
    ktxn__writer_array(open_sink(&sink, flexible), 1000001);
    assert_refused(&sink);
    ktxn__writer_bytes_length(open_sink(&sink, flexible), -2);
    assert_refused(&sink);
    ktxn__writer_i32_at(open_sink(&sink, flexible), 0, 1);
    assert_refused(&sink);
    ktxn__writer_string(open_sink(&sink, flexible), (struct ktxn__str){text, 32767});
    assert_false(sink.writer.failed);
    ktxn__buffer_free(&sink.buffer);
  }
}

static void the_end_of_the_buffer_sticks(void **state) {
  (void)state;
  struct sink sink;
  ktxn__buffer_init(&sink.buffer, ktxn__mem_default(), 5);
  ktxn__writer_init(&sink.writer, &sink.buffer);
  ktxn__writer_i32(&sink.writer, 1);
  assert_false(sink.writer.failed);
  ktxn__writer_i16(&sink.writer, 1);
  assert_refused(&sink);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_are_big_endian),
      cmocka_unit_test(uvarints_are_kafkas),
      cmocka_unit_test(lengths_have_two_forms),
      cmocka_unit_test(what_cannot_be_written_is_refused),
      cmocka_unit_test(the_end_of_the_buffer_sticks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
