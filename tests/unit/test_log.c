#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/log.h"

struct sink {
  int count;
  enum ktxn__log_level level;
  char line[KTXN__LOG_LINE_MAX + 100];
};

static void keep(void *ctx, enum ktxn__log_level level, const char *line) {
  struct sink *sink = ctx;
  sink->count++;
  sink->level = level;
  assert_true(strlen(line) < KTXN__LOG_LINE_MAX);
  memcpy(sink->line, line, strlen(line) + 1);
}

static int evaluated;

static int count_evaluation(void) {
  return ++evaluated;
}

static void lines_above_the_level_cost_nothing(void **state) {
  (void)state;
  struct sink sink = {0};
  const struct ktxn__log log = {KTXN__LOG_WARN, keep, &sink};
  ktxn__log(&log, KTXN__LOG_INFO, "%d", count_evaluation());
  assert_int_equal(evaluated, 0);
  assert_int_equal(sink.count, 0);
  ktxn__log(&log, KTXN__LOG_WARN, "%d %s", count_evaluation(), "two");
  assert_int_equal(evaluated, 1);
  assert_int_equal(sink.count, 1);
  assert_int_equal(sink.level, KTXN__LOG_WARN);
  assert_string_equal(sink.line, "1 two");
}

static void no_log_is_off(void **state) {
  (void)state;
  const struct ktxn__log silent = {.level = KTXN__LOG_DEBUG};
  const struct ktxn__log off = {.level = KTXN__LOG_OFF, .write = keep};
  const struct ktxn__log *none = NULL;
  ktxn__log(none, KTXN__LOG_ERROR, "x");
  ktxn__log(&silent, KTXN__LOG_ERROR, "x");
  ktxn__log(&off, KTXN__LOG_ERROR, "x");
}

static void a_long_line_is_cut(void **state) {
  (void)state;
  static char text[3000];
  struct sink sink = {0};
  const struct ktxn__log log = {KTXN__LOG_DEBUG, keep, &sink};
  memset(text, 'a', sizeof text - 1);
  ktxn__log(&log, KTXN__LOG_DEBUG, "%s", text);
  assert_int_equal(strlen(sink.line), KTXN__LOG_LINE_MAX - 1);
  assert_string_equal(sink.line + KTXN__LOG_LINE_MAX - 5, "a...");
  ktxn__log(&log, KTXN__LOG_DEBUG, "%.*s", KTXN__LOG_LINE_MAX - 1, text);
  assert_string_equal(sink.line + KTXN__LOG_LINE_MAX - 5, "aaaa");
}

static void levels_have_names(void **state) {
  (void)state;
  assert_string_equal(ktxn__log_level_name(KTXN__LOG_ERROR), "ERROR");
  assert_string_equal(ktxn__log_level_name(KTXN__LOG_DEBUG), "DEBUG");
  assert_string_equal(ktxn__log_level_name(KTXN__LOG_OFF), "OFF");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_above_the_level_cost_nothing),
      cmocka_unit_test(no_log_is_off),
      cmocka_unit_test(a_long_line_is_cut),
      cmocka_unit_test(levels_have_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
