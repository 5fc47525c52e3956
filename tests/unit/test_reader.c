#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/wire/reader.h"

#define READ(...) open_reader((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static struct ktxn__reader open_reader(const uint8_t *bytes, size_t size) {
  struct ktxn__reader reader;
  ktxn__reader_init(&reader, bytes, size);
  return reader;
}

/* Failed: nothing moves, everything reads as 0 or null. */
static void assert_stuck(struct ktxn__reader *reader) {
  struct ktxn__arena arena;
  int32_t count = 7;
  const uint8_t *at = reader->at;
  ktxn__arena_init(&arena, ktxn__mem_default(), 100);
  assert_true(reader->failed);
  assert_int_equal(ktxn__reader_i8(reader), 0);
  assert_int_equal(ktxn__reader_i16(reader), 0);
  assert_int_equal(ktxn__reader_i32(reader), 0);
  assert_int_equal(ktxn__reader_i64(reader), 0);
  assert_false(ktxn__reader_bool(reader));
  assert_int_equal(ktxn__reader_uvarint(reader), 0);
  assert_int_equal(ktxn__reader_varlong(reader), 0);
  assert_true(ktxn__str_null(ktxn__reader_string(reader)));
  assert_int_equal(ktxn__reader_bytes(reader).len, -1);
  assert_int_equal(ktxn__reader_array(reader, 1), 0);
  assert_int_equal(ktxn__reader_array_nullable(reader, 1), -1);
  assert_null(ktxn__reader_take(reader, 0));
  assert_null(ktxn__reader_i32_array(reader, &arena, &count));
  assert_int_equal(count, 0);
  ktxn__reader_tags(reader);
  assert_ptr_equal(reader->at, at);
  assert_int_equal(ktxn__mem_used(ktxn__mem_default()), 0);
}

static void numbers_are_big_endian(void **state) {
  (void)state;
  struct ktxn__reader reader = READ(1, 0, 2, 0x80, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xfd, 0x80, 0, 0, 0, 0, 0, 0, 1);
  assert_true(ktxn__reader_bool(&reader));
  assert_false(ktxn__reader_bool(&reader));
  assert_true(ktxn__reader_bool(&reader));
  assert_int_equal(ktxn__reader_i8(&reader), -128);
  assert_int_equal(ktxn__reader_i16(&reader), -2);
  assert_int_equal(ktxn__reader_i32(&reader), -3);
  assert_true(ktxn__reader_i64(&reader) == INT64_MIN + 1);
  assert_int_equal(ktxn__reader_left(&reader), 0);
  assert_false(reader.failed);
  ktxn__reader_i8(&reader);
  assert_stuck(&reader);
}

static void a_number_that_is_cut_moves_nothing(void **state) {
  (void)state;
  struct ktxn__reader reader = READ(1, 2, 3);
  assert_int_equal(ktxn__reader_i32(&reader), 0);
  assert_stuck(&reader);
  reader = READ(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  struct ktxn__uuid uuid = ktxn__reader_uuid(&reader);
  assert_true(ktxn__uuid_zero(&uuid));
  assert_stuck(&reader);
}

static void varints_are_kafkas(void **state) {
  (void)state;
  struct ktxn__reader reader = READ(0x7f, 0x80, 0x01, 0xac, 0x02, 0xff, 0xff, 0xff, 0xff, 0x0f);
  assert_int_equal(ktxn__reader_uvarint(&reader), 127);
  assert_int_equal(ktxn__reader_uvarint(&reader), 128);
  assert_int_equal(ktxn__reader_uvarint(&reader), 300);
  assert_int_equal(ktxn__reader_uvarint(&reader), UINT32_MAX);
  reader = READ(0, 1, 2, 0x7e, 0x7f, 0x80, 0x01, 0xd8, 0x04, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0xff, 0xff, 0xff, 0xff, 0x0f);
  static const int32_t expected[] = {0, -1, 1, 63, -64, 64, 300, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    assert_int_equal(ktxn__reader_varint(&reader), expected[i]);
  }
  reader = READ(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                0xff, 0xff, 0x01);
  assert_true(ktxn__reader_varlong(&reader) == INT64_MIN);
  assert_true(ktxn__reader_varlong(&reader) == INT64_MAX);
  assert_int_equal(ktxn__reader_left(&reader), 0);
  assert_false(reader.failed);
}

static void O04_varints_that_are_too_long_are_refused(void **state) {
  (void)state;
  struct ktxn__reader reader = READ(0xff, 0xff, 0xff, 0xff, 0x10); /* 33 bits */
  ktxn__reader_uvarint(&reader);
  assert_stuck(&reader);
  reader = READ(0x80, 0x80, 0x80, 0x80, 0x80, 0); /* six bytes for a zero */
  ktxn__reader_uvarint(&reader);
  assert_stuck(&reader);
  reader = READ(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01);
  ktxn__reader_varlong(&reader);
  assert_stuck(&reader);
  reader = READ(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02); /* 65 bits */
  ktxn__reader_varlong(&reader);
  assert_stuck(&reader);
  reader = READ(0x80); /* cut */
  ktxn__reader_uvarint(&reader);
  assert_stuck(&reader);
}

static void strings_point_into_the_bytes(void **state) {
  (void)state;
  static const uint8_t bytes[] = {0, 2, 'a', 'b', 0, 0, 0xff, 0xff};
  struct ktxn__reader reader = open_reader(bytes, sizeof bytes);
  struct ktxn__str str = ktxn__reader_string(&reader);
  assert_ptr_equal(str.data, bytes + 2);
  assert_int_equal(str.len, 2);
  assert_int_equal(ktxn__reader_string(&reader).len, 0);
  assert_true(ktxn__str_null(ktxn__reader_string_nullable(&reader)));
  assert_false(reader.failed);
  reader = READ(3, 'a', 'b', 1, 0);
  reader.flexible = true;
  assert_true(ktxn__str_equal(ktxn__reader_string(&reader), KTXN__STR("ab")));
  assert_int_equal(ktxn__reader_string(&reader).len, 0);
  assert_true(ktxn__str_null(ktxn__reader_string_nullable(&reader)));
  assert_int_equal(ktxn__reader_left(&reader), 0);
  assert_false(reader.failed);
}

static void O04_strings_of_impossible_length_are_refused(void **state) {
  (void)state;
  struct ktxn__reader cases[] = {
      READ(0xff, 0xfe), READ(0x80, 0), READ(0, 3, 'a', 'b'), READ(0x7f, 0xff), READ(0),
      READ(3, 'a'),     READ(0x80),    READ(0xff, 0xff, 0xff, 0xff, 0x0f), READ(0x81, 0x80, 0x80, 0x80, 0x08),
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    cases[i].flexible = i >= 5;
    assert_true(ktxn__str_null(ktxn__reader_string_nullable(&cases[i])));
    assert_stuck(&cases[i]);
  }
}

static void null_is_refused_where_it_may_not_be(void **state) {
  (void)state;
  struct ktxn__reader reader = READ(0xff, 0xff);
  ktxn__reader_string(&reader);
  assert_stuck(&reader);
  reader = READ(0);
  reader.flexible = true;
  ktxn__reader_bytes(&reader);
  assert_stuck(&reader);
  reader = READ(0xff, 0xff, 0xff, 0xff);
  ktxn__reader_array(&reader, 1);
  assert_stuck(&reader);
}

static void bytes_have_a_length_of_32_bits(void **state) {
  (void)state;
  struct ktxn__reader reader = READ(0, 0, 0, 1, 'x', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe);
  assert_int_equal(ktxn__reader_bytes(&reader).len, 1);
  assert_int_equal(ktxn__reader_bytes_nullable(&reader).len, -1);
  assert_false(reader.failed);
  ktxn__reader_bytes_nullable(&reader);
  assert_stuck(&reader);
}

static void O02_arrays_that_cannot_be_there_are_refused_before_allocating(void **state) {
  (void)state;
  struct ktxn__reader cases[] = {
      READ(0xff, 0xff, 0xff, 0xfe), READ(0x7f, 0xff, 0xff, 0xff), READ(0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7),
      READ(0x80, 0, 0, 0),          READ(0, 0, 0),                READ(3, 1, 2, 3, 4, 5, 6, 7),
      READ(0xff, 0xff, 0xff, 0xff, 0x0f),
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct ktxn__mem mem;
    struct ktxn__arena arena;
    int32_t count = 7;
    ktxn__mem_init(&mem, 0);
    ktxn__arena_init(&arena, &mem, 1 << 20);
    cases[i].flexible = i >= 5;
    assert_null(ktxn__reader_array_of(&cases[i], &arena, 4, 100, &count));
    assert_int_equal(count, 0);
    assert_int_equal(ktxn__mem_used(&mem), 0);
    assert_false(cases[i].starved);
    assert_stuck(&cases[i]);
  }
}

static void O02_more_than_a_million_elements_are_refused(void **state) {
  (void)state;
  static uint8_t bytes[1000005] = {0, 0x0f, 0x42, 0x40}; /* 1,000,000 */
  struct ktxn__reader reader = open_reader(bytes, sizeof bytes);
  assert_int_equal(ktxn__reader_array(&reader, 1), KTXN__READER_ARRAY_MAX);
  bytes[3]++;
  reader = open_reader(bytes, sizeof bytes);
  ktxn__reader_array(&reader, 1);
  assert_stuck(&reader);
}

static void arrays_are_read(void **state) {
  (void)state;
  struct ktxn__arena arena;
  int32_t count = 0;
  ktxn__arena_init(&arena, ktxn__mem_default(), 1 << 20);
  struct ktxn__reader reader = READ(0, 0, 0, 2, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff);
  int32_t *values = ktxn__reader_i32_array(&reader, &arena, &count);
  assert_int_equal(count, 2);
  assert_int_equal(values[0], 1);
  assert_int_equal(values[1], -1);
  assert_non_null(ktxn__reader_i32_array(&reader, &arena, &count));
  assert_int_equal(count, 0);
  assert_int_equal(ktxn__reader_array_nullable(&reader, 4), -1);
  assert_false(reader.failed);
  ktxn__arena_free(&arena);
}

static void a_starved_arena_is_told_apart(void **state) {
  (void)state;
  struct ktxn__arena arena;
  int32_t count = 0;
  ktxn__arena_init(&arena, ktxn__mem_default(), 64);
  struct ktxn__reader reader = READ(0, 0, 0, 2, 1, 1);
  assert_null(ktxn__reader_array_of(&reader, &arena, 1, 100, &count));
  assert_true(reader.starved);
  assert_stuck(&reader);
}

/* Reads the tags; tag 5 is known and an i16. */
static int16_t read_tags(struct ktxn__reader *reader) {
  struct ktxn__reader_tags tags;
  int16_t value = 0;
  reader->flexible = true;
  ktxn__reader_tags_begin(reader, &tags);
  while (ktxn__reader_tags_next(reader, &tags)) {
    if (tags.tag == 5) {
      assert_true(tags.field.flexible);
      value = ktxn__reader_i16(&tags.field);
    }
  }
  return value;
}

static void tagged_fields_are_found_and_skipped(void **state) {
  (void)state;
  struct ktxn__reader reader = READ(0, 9);
  read_tags(&reader);
  assert_int_equal(ktxn__reader_i8(&reader), 9);
  reader = READ(3, 0, 1, 0xaa, 5, 2, 0x01, 0x02, 6, 0, 9);
  assert_int_equal(read_tags(&reader), 0x0102);
  assert_int_equal(ktxn__reader_i8(&reader), 9);
  reader = READ(1, 5, 4, 0x01, 0x02, 0x03, 0x04, 9); /* longer than we know it: the rest is skipped */
  assert_int_equal(read_tags(&reader), 0x0102);
  assert_int_equal(ktxn__reader_i8(&reader), 9);
  reader = READ(7);
  ktxn__reader_tags(&reader); /* a version that isn't flexible has none */
  assert_int_equal(ktxn__reader_i8(&reader), 7);
  assert_false(reader.failed);
}

static void O05_hostile_tagged_fields_are_refused(void **state) {
  (void)state;
  struct ktxn__reader cases[] = {
      READ(0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0), /* 2^32 - 1 of them */
      READ(1, 0, 2, 1),                         /* size > rest */
      READ(1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f), /* size > everything */
      READ(2, 5, 2, 0, 1, 5, 2, 0, 2),          /* twice */
      READ(2, 6, 0, 5, 2, 0, 1),                /* descending */
      READ(1, 5, 1, 0),                         /* a known field that is too short */
      READ(2, 5, 1, 0, 6, 0),                   /* the same, not the last */
      READ(2, 5, 2, 0, 1),                      /* fewer than announced */
      READ(0x80),
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    read_tags(&cases[i]);
    assert_stuck(&cases[i]);
  }
}

static size_t put_uvarint(uint8_t *bytes, size_t at, uint32_t value) {
  for (; value >= 0x80; value >>= 7) {
    bytes[at++] = (uint8_t)(value | 0x80);
  }
  bytes[at++] = (uint8_t)value;
  return at;
}

static void O05_more_than_ten_thousand_tagged_fields_are_refused(void **state) {
  (void)state;
  static uint8_t bytes[50000];
  for (uint32_t count = KTXN__READER_TAGS_MAX; count <= KTXN__READER_TAGS_MAX + 1; count++) {
    size_t size = put_uvarint(bytes, 0, count);
    for (uint32_t tag = 0; tag < count; tag++) {
      size = put_uvarint(bytes, size, tag + 100);
      bytes[size++] = 0;
    }
    struct ktxn__reader reader = open_reader(bytes, size);
    read_tags(&reader);
    assert_int_equal(reader.failed, count > KTXN__READER_TAGS_MAX);
  }
}

static void an_empty_input_has_nothing(void **state) {
  (void)state;
  struct ktxn__reader reader;
  ktxn__reader_init(&reader, NULL, 0);
  assert_int_equal(ktxn__reader_left(&reader), 0);
  ktxn__reader_i8(&reader);
  assert_stuck(&reader);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_are_big_endian),
      cmocka_unit_test(a_number_that_is_cut_moves_nothing),
      cmocka_unit_test(varints_are_kafkas),
      cmocka_unit_test(O04_varints_that_are_too_long_are_refused),
      cmocka_unit_test(strings_point_into_the_bytes),
      cmocka_unit_test(O04_strings_of_impossible_length_are_refused),
      cmocka_unit_test(null_is_refused_where_it_may_not_be),
      cmocka_unit_test(bytes_have_a_length_of_32_bits),
      cmocka_unit_test(O02_arrays_that_cannot_be_there_are_refused_before_allocating),
      cmocka_unit_test(O02_more_than_a_million_elements_are_refused),
      cmocka_unit_test(arrays_are_read),
      cmocka_unit_test(a_starved_arena_is_told_apart),
      cmocka_unit_test(tagged_fields_are_found_and_skipped),
      cmocka_unit_test(O05_hostile_tagged_fields_are_refused),
      cmocka_unit_test(O05_more_than_ten_thousand_tagged_fields_are_refused),
      cmocka_unit_test(an_empty_input_has_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
