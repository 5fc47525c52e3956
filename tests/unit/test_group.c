#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ktxn/producer.h"

/* generation, in the machine's byte order, follows the magic */
static size_t frame(char *out, const char *magic, int32_t generation, const void *rest, size_t rest_size) {
  memcpy(out, magic, 7);
  memcpy(out + 7, &generation, sizeof generation);
  memcpy(out + 11, rest, rest_size);
  return 11 + rest_size;
}

static int parse(const char *bytes, size_t size, char *storage, size_t storage_size, ktxn_group *group) {
  /* the exact size on the heap, so that a sanitizer sees a byte too many */
  char *exact = malloc(size + 1);
  assert_non_null(exact);
  memcpy(exact, bytes, size);
  exact = realloc(exact, size ? size : 1);
  ktxn_error error;
  int code = ktxn_group_from_librdkafka(exact, size, storage, storage_size, group, &error);
  assert_int_equal(code, error.code);
  if (code) {
    assert_int_equal(error.error_class, KTXN_CLASS_USAGE);
    assert_true(strlen(error.message) > 0);
  }
  free(exact);
  return code;
}

static void a_dynamic_member_is_read(void **state) {
  (void)state;
  char bytes[64], storage[64];
  ktxn_group group;
  size_t size = frame(bytes, "CGMDv2:", 7, "grp\0member-1\0\1", 14);
  assert_int_equal(parse(bytes, size, storage, sizeof storage, &group), 0);
  assert_string_equal(group.group_id, "grp");
  assert_string_equal(group.member_id, "member-1");
  assert_int_equal(group.generation, 7);
  assert_null(group.group_instance_id);
}

static void a_static_member_is_read(void **state) {
  (void)state;
  char bytes[64], storage[64];
  ktxn_group group;
  size_t size = frame(bytes, "CGMDv2:", 1, "g\0m\0\0inst\0", 10);
  assert_int_equal(parse(bytes, size, storage, size, &group), 0);
  assert_string_equal(group.group_instance_id, "inst");
  assert_string_equal(group.member_id, "m");
}

static void every_cut_is_refused(void **state) {
  (void)state;
  char bytes[64], storage[64];
  ktxn_group group;
  size_t size = frame(bytes, "CGMDv2:", 1, "g\0m\0\0inst\0", 10);
  for (size_t cut = 0; cut < size; cut++) {
    memset(&group, 0, sizeof group);
    assert_int_equal(parse(bytes, cut, storage, sizeof storage, &group), KTXN_E_INVALID_ARGUMENT);
    assert_null(group.group_id);
  }
  bytes[size] = 'x';
  assert_int_equal(parse(bytes, size + 1, storage, sizeof storage, &group), KTXN_E_INVALID_ARGUMENT);
}

static void hostile_bytes_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *magic;
    int32_t generation;
    const char *rest;
    size_t size;
  } cases[] = {
      {"CGMDv1:", 0, "g\0", 2},            /* before 1.6: no member, no generation */
      {"CGMDv3:", 1, "g\0m\0\1", 5},       /* not known */
      {"CGMDv2:", 1, "\0m\0\1", 4},        /* no group */
      {"CGMDv2:", -2, "g\0m\0\1", 5},      /* no generation is below -1 */
      {"CGMDv2:", 1, "g\0m\0\2", 5},       /* neither present nor absent */
      {"CGMDv2:", 1, "g\xFF\0m\0\1", 6},   /* not UTF-8 */
      {"CGMDv2:", 1, "g\0m\xC3\0\1", 6},   /* not UTF-8 */
      {"CGMDv2:", 1, "g\0m\0\1i\0", 7},    /* absent, and yet there */
  };
  char bytes[64], storage[64];
  ktxn_group group;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    size_t size = frame(bytes, cases[i].magic, cases[i].generation, cases[i].rest, cases[i].size);
    assert_int_equal(parse(bytes, size, storage, sizeof storage, &group), KTXN_E_INVALID_ARGUMENT);
  }
}

/* What librdkafka gives after its session has timed out is no mistake of the caller's: the group moved on. */
static void a_generation_without_a_member_asks_for_an_abort(void **state) {
  (void)state;
  char bytes[64], storage[64];
  ktxn_group group;
  ktxn_error error;
  size_t size = frame(bytes, "CGMDv2:", 3, "g\0\0\1", 4);
  assert_int_equal(ktxn_group_from_librdkafka(bytes, size, storage, sizeof storage, &group, &error), KTXN_E_UNKNOWN_MEMBER_ID);
  assert_int_equal(error.error_class, KTXN_CLASS_ABORT);
}

static void ids_longer_than_the_protocol_allows_are_refused(void **state) {
  (void)state;
  enum { LONGEST = 32767 };
  char *bytes = malloc(LONGEST + 64), *storage = malloc(LONGEST + 64);
  char *rest = malloc(LONGEST + 32);
  assert_true(bytes && storage && rest);
  memset(rest, 'g', LONGEST + 1);
  memcpy(rest + LONGEST, "\0m\0\1", 4);
  ktxn_group group;
  size_t size = frame(bytes, "CGMDv2:", 1, rest, LONGEST + 4);
  assert_int_equal(parse(bytes, size, storage, LONGEST + 64, &group), 0);
  rest[LONGEST] = 'g';
  memcpy(rest + LONGEST + 1, "\0m\0\1", 4);
  size = frame(bytes, "CGMDv2:", 1, rest, LONGEST + 5);
  assert_int_equal(parse(bytes, size, storage, LONGEST + 64, &group), KTXN_E_INVALID_ARGUMENT);
  free(rest);
  free(bytes);
  free(storage);
}

static void storage_must_hold_the_bytes(void **state) {
  (void)state;
  char bytes[64], storage[64];
  ktxn_group group;
  size_t size = frame(bytes, "CGMDv2:", 1, "g\0m\0\1", 5);
  assert_int_equal(parse(bytes, size, storage, size - 1, &group), KTXN_E_INVALID_ARGUMENT);
  assert_int_equal(ktxn_group_from_librdkafka(NULL, 0, storage, 64, &group, NULL), KTXN_E_INVALID_ARGUMENT);
  assert_int_equal(ktxn_group_from_librdkafka(bytes, size, NULL, 64, &group, NULL), KTXN_E_INVALID_ARGUMENT);
  assert_int_equal(ktxn_group_from_librdkafka(bytes, size, storage, 64, NULL, NULL), KTXN_E_INVALID_ARGUMENT);
}

#ifdef KTXN_HAVE_RDKAFKA
#include <librdkafka/rdkafka.h>

static void round_trip(const char *group_id, int32_t generation, const char *member_id, const char *instance_id) {
  rd_kafka_consumer_group_metadata_t *metadata =
      rd_kafka_consumer_group_metadata_new_with_genid(group_id, generation, member_id, instance_id);
  assert_non_null(metadata);
  void *bytes = NULL;
  size_t size = 0;
  assert_null(rd_kafka_consumer_group_metadata_write(metadata, &bytes, &size));
  char storage[256];
  ktxn_group group;
  ktxn_error error;
  if (ktxn_group_from_librdkafka(bytes, size, storage, sizeof storage, &group, &error)) {
    fail_msg("%s", error.message);
  }
  assert_string_equal(group.group_id, group_id);
  assert_string_equal(group.member_id, member_id);
  assert_int_equal(group.generation, generation);
  assert_int_equal(group.group_instance_id != NULL, instance_id != NULL);
  if (instance_id) {
    assert_string_equal(group.group_instance_id, instance_id);
  }
  rd_kafka_consumer_group_metadata_destroy(metadata);
  rd_kafka_mem_free(NULL, bytes);
}

static void what_librdkafka_writes_is_read(void **state) {
  (void)state;
  round_trip("grp", -1, "", NULL);
  round_trip("grp", 0, "rdkafka-7a1e", NULL);
  round_trip("grp", INT32_MAX, "rdkafka-7a1e", "host-1");
  round_trip("grp", 5, "m", "");
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_dynamic_member_is_read),
      cmocka_unit_test(a_static_member_is_read),
      cmocka_unit_test(a_generation_without_a_member_asks_for_an_abort),
      cmocka_unit_test(every_cut_is_refused),
      cmocka_unit_test(hostile_bytes_are_refused),
      cmocka_unit_test(ids_longer_than_the_protocol_allows_are_refused),
      cmocka_unit_test(storage_must_hold_the_bytes),
#ifdef KTXN_HAVE_RDKAFKA
      cmocka_unit_test(what_librdkafka_writes_is_read),
#endif
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
