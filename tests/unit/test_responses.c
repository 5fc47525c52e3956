/* Every response decoder: against what Kafka's classes make and print, and against input that is cut or hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "golden/decoders.h"
#include "golden/golden.h"

#define ARENA_MAX (1 << 20)
/* An element takes at most 16 times its bytes; that and the first chunk, twice because chunks grow by doubling. */
#define ALLOCATION_MAX(size) (2 * (16 * (size) + 4096))

struct fixture {
  const struct decoder *decoder;
  struct ktxn__mem mem;
  struct ktxn__arena arena;
  uint8_t *guard; /* what follows this address may not be touched */
};

static const size_t room = 64 * 1024;

static uint8_t *map_guarded(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  uint8_t *start = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(start, MAP_FAILED);
  assert_int_equal(mprotect(start + room, page, PROT_NONE), 0);
  return start + room;
}

static void begin(struct fixture *fixture) {
  ktxn__mem_init(&fixture->mem, 0);
  ktxn__arena_init(&fixture->arena, &fixture->mem, ARENA_MAX);
  fixture->guard = map_guarded();
}

static void end(struct fixture *fixture) {
  ktxn__arena_free(&fixture->arena);
  assert_int_equal(ktxn__mem_used(&fixture->mem), 0);
  munmap(fixture->guard - room, room + (size_t)sysconf(_SC_PAGESIZE));
}

/* Decodes the last `size` bytes before the guard page. `left` gets how many bytes stayed. */
static bool decode(struct fixture *fixture, int16_t version, size_t size, struct text *text, size_t *left) {
  struct ktxn__reader reader;
  ktxn__reader_init(&reader, fixture->guard - size, size);
  ktxn__arena_reset(&fixture->arena);
  bool decoded = fixture->decoder->decode(&reader, &fixture->arena, version, text);
  assert_true(decoded || reader.failed);
  *left = ktxn__reader_left(&reader);
  return decoded;
}

static bool decodes(struct fixture *fixture, int16_t version, size_t size) {
  size_t left = 0;
  struct text text;
  text_init(&text);
  bool decoded = decode(fixture, version, size, &text, &left);
  text_finish(&text);
  text_free(&text);
  return decoded;
}

typedef void (*check_fn)(struct fixture *fixture, const struct golden_case *golden);

struct visit {
  struct fixture fixture;
  check_fn check;
};

static void visit(const struct golden_case *golden, void *ctx) {
  struct visit *visit = ctx;
  assert_true(golden->size < room);
  memcpy(visit->fixture.guard - golden->size, golden->bytes, golden->size);
  visit->check(&visit->fixture, golden);
}

static void each_response(check_fn check) {
  for (size_t i = 0; i < DECODER_COUNT; i++) {
    struct visit ctx = {.fixture.decoder = &decoders[i], .check = check};
    begin(&ctx.fixture);
    assert_true(golden_each(decoders[i].name, "response", visit, &ctx) > 0);
    end(&ctx.fixture);
  }
}

static void check_same(struct fixture *fixture, const struct golden_case *golden) {
  size_t left = 1;
  struct text text;
  text_init(&text);
  bool decoded = decode(fixture, golden->version, golden->size, &text, &left);
  const char *got = text_finish(&text);
  if (!decoded || left != 0 || strcmp(got, golden->text) != 0) {
    fail_msg("%s v%d %s: %s, %zu bytes left\n got  %s\n want %s", fixture->decoder->name, golden->version,
             golden->name, decoded ? "decoded" : "refused", left, got, golden->text);
  }
  text_free(&text);
}

static void responses_are_read_as_kafka_reads_them(void **state) {
  (void)state;
  each_response(check_same);
}

static void note_version(const struct golden_case *golden, void *ctx) {
  uint32_t *versions = ctx;
  *versions |= 1U << golden->version;
}

static void every_version_that_we_speak_has_golden_responses(void **state) {
  (void)state;
  for (size_t i = 0; i < DECODER_COUNT; i++) {
    const struct ktxn__api *api = ktxn__api_find(decoders[i].key);
    uint32_t versions = 0;
    golden_each(decoders[i].name, "response", note_version, &versions);
    assert_int_equal(versions, (2U << api->version_max) - (1U << api->version_min));
  }
}

static void check_cuts(struct fixture *fixture, const struct golden_case *golden) {
  for (size_t size = 0; size < golden->size; size++) {
    memcpy(fixture->guard - size, golden->bytes, size);
    if (decodes(fixture, golden->version, size)) {
      fail_msg("%s v%d %s: taken with %zu of %zu bytes", fixture->decoder->name, golden->version, golden->name, size,
               golden->size);
    }
  }
}

static void O06_a_response_cut_at_any_byte_is_refused(void **state) {
  (void)state;
  each_response(check_cuts);
}

static void check_trailing(struct fixture *fixture, const struct golden_case *golden) {
  size_t size = golden->size + 3;
  memcpy(fixture->guard - size, golden->bytes, golden->size);
  memset(fixture->guard - 3, 0x5a, 3);
  struct text text;
  text_init(&text);
  size_t left = 0;
  assert_true(decode(fixture, golden->version, size, &text, &left));
  assert_int_equal(left, 3);
  assert_string_equal(text_finish(&text), golden->text);
  text_free(&text);
}

static void bytes_behind_a_response_are_left_and_counted(void **state) {
  (void)state;
  each_response(check_trailing);
}

/* Whatever stands anywhere: no byte outside is read, and what is allocated is bounded by the size of the frame. */
static void overwrite(struct fixture *fixture, const struct golden_case *golden, size_t at, uint32_t value,
                      size_t width) {
  uint8_t *start = fixture->guard - golden->size;
  memcpy(start, golden->bytes, golden->size);
  for (size_t i = 0; i < width; i++) {
    start[at + i] = (uint8_t)(value >> (8 * (width - 1 - i)));
  }
  decodes(fixture, golden->version, golden->size);
  if (fixture->arena.total > ALLOCATION_MAX(golden->size)) {
    fail_msg("%s v%d %s: %zu bytes allocated for %zu, %zu overwritten at %zu", fixture->decoder->name,
             golden->version, golden->name, fixture->arena.total, golden->size, width, at);
  }
}

/* In the middle of the filling of an unknown tagged field, which nothing reads. */
static bool inside_zeroes(const struct golden_case *golden, size_t at) {
  static const uint8_t zeroes[16];
  return at >= 8 && at + 8 <= golden->size && memcmp(golden->bytes + at - 8, zeroes, sizeof zeroes) == 0;
}

static void check_hostile(struct fixture *fixture, const struct golden_case *golden) {
  static const uint32_t values[] = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xfffe, 0x7fffffff, 0x80000000, 0xfffffffe,
                                    0xffffffff, 0xffffff0f, 0x000f4240, 0x000f4241};
  if (golden->size > 600) {
    return; /* the same structures, only more of them */
  }
  for (size_t at = 0; at < golden->size; at++) {
    if (inside_zeroes(golden, at)) {
      continue;
    }
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
      for (size_t width = 1; width <= 4 && at + width <= golden->size; width *= 2) {
        overwrite(fixture, golden, at, values[i], width);
      }
    }
  }
}

static void O02_O04_O05_hostile_numbers_anywhere_stay_within_bounds(void **state) {
  (void)state;
  each_response(check_hostile);
}

static void check_out_of_memory(struct fixture *fixture, const struct golden_case *golden) {
  ktxn__arena_free(&fixture->arena);
  for (uint32_t k = 1; k < 100; k++) {
    ktxn__mem_fail(&fixture->mem, k, false);
    bool decoded = decodes(fixture, golden->version, golden->size);
    bool reached = atomic_load(&fixture->mem.fail_after) < 0;
    ktxn__mem_fail(&fixture->mem, 0, false);
    ktxn__arena_free(&fixture->arena);
    assert_true(decoded != reached);
    if (!reached) {
      return;
    }
  }
  fail_msg("%s takes too many allocations", fixture->decoder->name);
}

static void a_failing_allocation_refuses_the_response(void **state) {
  (void)state;
  each_response(check_out_of_memory);
}

static void Q05_a_version_that_the_broker_lacks_is_answered_in_the_form_of_v0(void **state) {
  (void)state;
  static const uint8_t answer[] = {0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 5};
  struct fixture fixture = {.decoder = &decoders[0]};
  begin(&fixture);
  for (int16_t version = 0; version <= 5; version++) {
    struct ktxn__reader reader;
    struct ktxn__api_versions_response response;
    ktxn__reader_init(&reader, answer, sizeof answer);
    assert_true(ktxn__api_versions_response_decode(&reader, &fixture.arena, version, &response));
    assert_false(reader.failed);
    assert_int_equal(response.error_code, 35);
    assert_int_equal(response.key_count, 1);
    assert_int_equal(ktxn__api_versions_find(&response, KTXN__API_API_VERSIONS)->version_max, 5);
    assert_null(ktxn__api_versions_find(&response, KTXN__API_PRODUCE));
    assert_int_equal(ktxn__api_versions_level(&response, "transaction.version"), -1);
  }
  end(&fixture);
}

static void check_level(struct fixture *fixture, const struct golden_case *golden) {
  struct ktxn__reader reader;
  struct ktxn__api_versions_response response;
  ktxn__reader_init(&reader, golden->bytes, golden->size);
  assert_true(ktxn__api_versions_response_decode(&reader, &fixture->arena, golden->version, &response));
  bool knows = strcmp(golden->name, "features") == 0 || strcmp(golden->name, "tagged") == 0;
  assert_int_equal(ktxn__api_versions_level(&response, "transaction.version"), knows ? 2 : -1);
  assert_int_equal(ktxn__api_versions_level(&response, "share.version"), knows ? 0 : -1);
}

static void a_level_is_unknown_without_an_epoch(void **state) {
  (void)state;
  struct visit ctx = {.fixture.decoder = &decoders[0], .check = check_level};
  begin(&ctx.fixture);
  assert_true(golden_each("api_versions", "response", visit, &ctx) > 0);
  end(&ctx.fixture);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(responses_are_read_as_kafka_reads_them),
      cmocka_unit_test(every_version_that_we_speak_has_golden_responses),
      cmocka_unit_test(O06_a_response_cut_at_any_byte_is_refused),
      cmocka_unit_test(bytes_behind_a_response_are_left_and_counted),
      cmocka_unit_test(O02_O04_O05_hostile_numbers_anywhere_stay_within_bounds),
      cmocka_unit_test(a_failing_allocation_refuses_the_response),
      cmocka_unit_test(Q05_a_version_that_the_broker_lacks_is_answered_in_the_form_of_v0),
      cmocka_unit_test(a_level_is_unknown_without_an_epoch),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
