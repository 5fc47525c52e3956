/* The broker's codec: every message in every version against what Kafka's classes make and print, then cut and hostile. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "golden/golden.h"
#include "sdk/base/random.h"
#include "sdk/devbroker/api.h"

#define ARENA_MAX (1 << 20)
#define ROOM ((size_t)64 * 1024)

struct fixture {
  struct ktxn__mem mem;
  struct ktxn__arena arena;
  struct ktxn__buffer out;
  uint8_t *guard; /* what follows this address may not be touched */
};

static int begin(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  ktxn__mem_init(&f->mem, 0);
  ktxn__arena_init(&f->arena, &f->mem, ARENA_MAX);
  ktxn__buffer_init(&f->out, &f->mem, ROOM);
  uint8_t *start = mmap(NULL, ROOM + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(start, MAP_FAILED);
  assert_int_equal(mprotect(start + ROOM, page, PROT_NONE), 0);
  f->guard = start + ROOM;
  *state = f;
  return 0;
}

static int end(void **state) {
  struct fixture *f = *state;
  ktxn__arena_free(&f->arena);
  ktxn__buffer_free(&f->out);
  assert_int_equal(ktxn__mem_used(&f->mem), 0);
  munmap(f->guard - ROOM, ROOM + (size_t)sysconf(_SC_PAGESIZE));
  free(f);
  return 0;
}

/* -- how Kafka's classes print themselves */

static void camel(FILE *out, const char *name) {
  for (; *name != '\0'; name++) {
    if (*name == '_') {
      name++;
      fputc(*name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name, out);
    } else {
      fputc(*name, out);
    }
  }
}

static void print_str(FILE *out, struct ktxn__str str) {
  if (ktxn__str_null(str)) {
    fputs("null", out);
  } else {
    fprintf(out, "'%.*s'", KTXN__STR_ARG(str));
  }
}

/* URL-safe base64 without padding. */
static void print_uuid(FILE *out, const struct ktxn__msg_uuid *uuid) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  uint8_t bytes[18] = {0};
  memcpy(bytes, uuid->bytes, sizeof uuid->bytes);
  for (unsigned bit = 0; bit < 128; bit += 6) {
    unsigned two = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
    fputc(digits[two >> (10 - bit % 8) & 0x3f], out);
  }
}

/* Records are told apart from bytes by their name: only Produce and Fetch have them. */
static void print_bytes(FILE *out, const struct ktxn__schema_field *row, struct ktxn__span span) {
  if (span.data == NULL) {
    fputs("null", out);
  } else if (strcmp(row->name, "records") == 0) {
    fprintf(out, "records(%zu)", span.size);
  } else {
    fputc('[', out);
    for (size_t i = 0; i < span.size; i++) {
      fprintf(out, "%s%d", i == 0 ? "" : ", ", ((const int8_t *)span.data)[i]);
    }
    fputc(']', out);
  }
}

static void print_struct(FILE *out, const struct ktxn__schema *schema, const void *message);

static void print_item(FILE *out, const struct ktxn__schema_field *row, const char *items, size_t i) {
  switch (row->kind) {
    case KTXN__SCHEMA_ARRAY_I32: fprintf(out, "%" PRId32, ((const int32_t *)(const void *)items)[i]); break;
    case KTXN__SCHEMA_ARRAY_I64: fprintf(out, "%" PRId64, ((const int64_t *)(const void *)items)[i]); break;
    case KTXN__SCHEMA_ARRAY_STRING: {
      struct ktxn__str str = ((const struct ktxn__str *)(const void *)items)[i];
      fprintf(out, "%.*s", KTXN__STR_ARG(str));
      break;
    }
    default: print_struct(out, row->of, items + i * row->of->size); break;
  }
}

static void print_array(FILE *out, const struct ktxn__schema_field *row, const char *message) {
  int32_t count = *(const int32_t *)(const void *)(message + row->count_at);
  const char *items;
  memcpy(&items, message + row->at, sizeof items);
  if (count < 0) {
    fputs("null", out);
    return;
  }
  fputc('[', out);
  for (int32_t i = 0; i < count; i++) {
    fputs(i == 0 ? "" : ", ", out);
    print_item(out, row, items, (size_t)i);
  }
  fputc(']', out);
}

static void print_field(FILE *out, const struct ktxn__schema_field *row, const char *message) {
  const void *member = message + row->at;
  switch (row->kind) {
    case KTXN__SCHEMA_BOOL: fputs(*(const bool *)member ? "true" : "false", out); break;
    case KTXN__SCHEMA_I8: fprintf(out, "%d", *(const int8_t *)member); break;
    case KTXN__SCHEMA_I16: fprintf(out, "%d", *(const int16_t *)member); break;
    case KTXN__SCHEMA_I32: fprintf(out, "%" PRId32, *(const int32_t *)member); break;
    case KTXN__SCHEMA_I64: fprintf(out, "%" PRId64, *(const int64_t *)member); break;
    case KTXN__SCHEMA_UUID: print_uuid(out, member); break;
    case KTXN__SCHEMA_STRING: print_str(out, *(const struct ktxn__str *)member); break;
    case KTXN__SCHEMA_BYTES: print_bytes(out, row, *(const struct ktxn__span *)member); break;
    case KTXN__SCHEMA_STRUCT: print_struct(out, row->of, member); break;
    default: print_array(out, row, message); break;
  }
}

static void print_struct(FILE *out, const struct ktxn__schema *schema, const void *message) {
  fprintf(out, "%s(", schema->name);
  for (uint16_t i = 0; i < schema->count; i++) {
    fputs(i == 0 ? "" : ", ", out);
    camel(out, schema->fields[i].name);
    fputc('=', out);
    print_field(out, &schema->fields[i], message);
  }
  fputc(')', out);
}

/* -- the cases */

struct message {
  const struct ktxn__msg_api *api;
  const struct ktxn__schema *schema;
  struct ktxn__schema_form form;
  char *data; /* decoded */
  size_t used;
};

static struct message message_of(const struct golden_case *golden) {
  struct message message = {.api = ktxn__msg_api((int16_t)atoi(golden->name))};
  assert_non_null(message.api);
  assert_true(ktxn__msg_api_has(message.api, golden->version));
  message.schema = strcmp(golden->direction, "request") == 0 ? message.api->request : message.api->response;
  message.form = ktxn__msg_api_form(message.api, golden->version);
  message.data = malloc(message.schema->size);
  /* what a decoder doesn't set shows up as nonsense */
  memset(message.data, 0x5a, message.schema->size);
  return message;
}

static enum ktxn__schema_result decode(struct fixture *f, struct message *message, const uint8_t *bytes, size_t size) {
  memcpy(f->guard - size, bytes, size);
  ktxn__arena_reset(&f->arena);
  const struct ktxn__span span = {.data = f->guard - size, .size = size};
  return ktxn__schema_decode(message->schema, message->form, span, &f->arena, message->data, &message->used);
}

static void check_golden(const struct golden_case *golden, void *ctx) {
  struct fixture *f = ctx;
  struct message message = message_of(golden);
  assert_int_equal(decode(f, &message, golden->bytes, golden->size), KTXN__SCHEMA_OK);
  assert_int_equal(message.used, golden->size);
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  print_struct(out, message.schema, message.data);
  fclose(out);
  assert_string_equal(text, golden->text);
  free(text);
  ktxn__buffer_clear(&f->out);
  assert_true(ktxn__schema_encode(message.schema, message.form, message.data, &f->out));
  assert_int_equal(f->out.size, golden->size);
  assert_memory_equal(f->out.data, golden->bytes, golden->size);
  free(message.data);
}

static void test_all_messages_as_kafka_has_them(void **state) {
  assert_int_equal(golden_each("messages", "request", check_golden, *state), 2 * 197);
  assert_int_equal(golden_each("messages", "response", check_golden, *state), 2 * 197);
}

/* Any prefix of a message is malformed, and nothing behind it is touched. */
static void check_cut(const struct golden_case *golden, void *ctx) {
  struct message message = message_of(golden);
  for (size_t size = 0; size < golden->size; size++) {
    assert_int_equal(decode(ctx, &message, golden->bytes, size), KTXN__SCHEMA_MALFORMED);
  }
  free(message.data);
}

static void test_cut_messages(void **state) {
  assert_true(golden_each("messages", "request", check_cut, *state) > 0);
  assert_true(golden_each("messages", "response", check_cut, *state) > 0);
}

/* Random bytes within: whatever comes out, no sanitizer complains, and it can be written again. */
static void check_hostile(const struct golden_case *golden, void *ctx) {
  struct fixture *f = ctx;
  struct ktxn__random random;
  struct message message = message_of(golden);
  ktxn__random_seed(&random, golden->size);
  for (int round = 0; round < 200 && golden->size > 0; round++) {
    uint8_t *bytes = malloc(golden->size);
    memcpy(bytes, golden->bytes, golden->size);
    for (uint64_t i = 1 + ktxn__random_below(&random, 3); i > 0; i--) {
      bytes[ktxn__random_below(&random, golden->size)] = (uint8_t)ktxn__random_next(&random);
    }
    if (decode(f, &message, bytes, golden->size) == KTXN__SCHEMA_OK) {
      ktxn__buffer_clear(&f->out);
      assert_true(ktxn__schema_encode(message.schema, message.form, message.data, &f->out));
    }
    free(bytes);
  }
  free(message.data);
}

static void test_hostile_messages(void **state) {
  assert_true(golden_each("messages", "request", check_hostile, *state) > 0);
  assert_true(golden_each("messages", "response", check_hostile, *state) > 0);
}

/* Metadata 1: an array that claims more elements than there are bytes allocates nothing. */
static void test_array_without_bytes(void **state) {
  static const uint8_t many[] = {0x00, 0x0f, 0x42, 0x40, 0, 0};
  struct fixture *f = *state;
  struct ktxn__msg_metadata_request request;
  size_t used;
  const struct ktxn__span span = {.data = many, .size = sizeof many};
  assert_int_equal(ktxn__schema_decode(&ktxn__msg_metadata_request, (struct ktxn__schema_form){.version = 1}, span, &f->arena,
                                       &request, &used), KTXN__SCHEMA_MALFORMED);
  assert_int_equal(ktxn__mem_used(&f->mem), 0);
}

/* DescribeCluster 0: a tag that isn't known is skipped, one that comes twice or goes back is malformed (KIP-482). */
static void test_tags(void **state) {
  static const struct {
    uint8_t bytes[8];
    size_t size;
    enum ktxn__schema_result result;
  } rows[] = {
      {{1, 1, 7, 2, 9, 9}, 6, KTXN__SCHEMA_OK},
      {{1, 2, 7, 0, 8, 0}, 6, KTXN__SCHEMA_OK},
      {{1, 2, 7, 0, 7, 0}, 6, KTXN__SCHEMA_MALFORMED},
      {{1, 2, 8, 0, 7, 0}, 6, KTXN__SCHEMA_MALFORMED},
      {{1, 1, 7, 3, 9, 9}, 6, KTXN__SCHEMA_MALFORMED},
      {{1, 0x80, 0x80, 0x80, 0x80, 0x10}, 6, KTXN__SCHEMA_MALFORMED},
  };
  struct fixture *f = *state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct ktxn__msg_describe_cluster_request request;
    size_t used;
    const struct ktxn__span span = {.data = rows[i].bytes, .size = rows[i].size};
    const struct ktxn__schema_form form = {.version = 0, .flexible = true};
    assert_int_equal(ktxn__schema_decode(&ktxn__msg_describe_cluster_request, form, span, &f->arena, &request, &used),
                     rows[i].result);
  }
}

static void test_memory_runs_out(void **state) {
  struct fixture *f = *state;
  static const uint8_t topics[] = {0, 0, 0, 1, 0, 1, 'a'};
  struct ktxn__msg_metadata_request request;
  size_t used;
  const struct ktxn__span span = {.data = topics, .size = sizeof topics};
  const struct ktxn__schema_form form = {.version = 1};
  ktxn__mem_fail(&f->mem, 1, true);
  assert_int_equal(ktxn__schema_decode(&ktxn__msg_metadata_request, form, span, &f->arena, &request, &used),
                   KTXN__SCHEMA_STARVED);
  assert_int_equal(request.topics_count, 0);
  ktxn__mem_fail(&f->mem, 0, false);
  assert_int_equal(ktxn__schema_decode(&ktxn__msg_metadata_request, form, span, &f->arena, &request, &used), KTXN__SCHEMA_OK);
  ktxn__mem_fail(&f->mem, 1, true);
  assert_false(ktxn__schema_encode(&ktxn__msg_metadata_request, form, &request, &f->out));
  ktxn__mem_fail(&f->mem, 0, false);
}

/* Headers: the old one, the flexible one whose client id keeps its plain length, and torn ones. */
static void test_headers(void **state) {
  static const uint8_t plain[] = {0, 3, 0, 8, 0, 0, 1, 2, 0, 1, 'c', 99};
  static const uint8_t flexible[] = {0, 3, 0, 9, 0, 0, 1, 2, 0xff, 0xff, 1, 5, 1, 77, 99};
  struct fixture *f = *state;
  struct ktxn__msg_header header;
  size_t used;
  assert_true(ktxn__msg_header_decode((struct ktxn__span){plain, sizeof plain}, &header, &used));
  assert_int_equal(used, 11);
  assert_int_equal(header.correlation, 0x102);
  assert_true(ktxn__str_equal(header.client_id, KTXN__STR("c")));
  assert_true(ktxn__msg_header_encode(&header, &f->out));
  assert_int_equal(f->out.size, 4);
  assert_true(ktxn__msg_header_decode((struct ktxn__span){flexible, sizeof flexible}, &header, &used));
  assert_int_equal(used, 14);
  assert_true(ktxn__str_null(header.client_id));
  ktxn__buffer_clear(&f->out);
  assert_true(ktxn__msg_header_encode(&header, &f->out));
  assert_int_equal(f->out.size, 5);
  assert_false(ktxn__msg_header_decode((struct ktxn__span){flexible, 13}, &header, &used));
  assert_false(ktxn__msg_header_decode((struct ktxn__span){plain, 9}, &header, &used));
  header = (struct ktxn__msg_header){.key = KTXN__MSG_API_VERSIONS, .version = 3};
  ktxn__buffer_clear(&f->out);
  assert_true(ktxn__msg_header_encode(&header, &f->out));
  assert_int_equal(f->out.size, 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_all_messages_as_kafka_has_them, begin, end),
      cmocka_unit_test_setup_teardown(test_cut_messages, begin, end),
      cmocka_unit_test_setup_teardown(test_hostile_messages, begin, end),
      cmocka_unit_test_setup_teardown(test_array_without_bytes, begin, end),
      cmocka_unit_test_setup_teardown(test_tags, begin, end),
      cmocka_unit_test_setup_teardown(test_memory_runs_out, begin, end),
      cmocka_unit_test_setup_teardown(test_headers, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
