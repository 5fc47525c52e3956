#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ktxn/producer.h"
#include "sdk/base/utf8.h"
#include "sdk/error.h"

static void codes_have_names_and_texts(void **state) {
  (void)state;
  assert_string_equal(ktxn_code_name(KTXN_E_OK), "OK");
  assert_string_equal(ktxn_code_name(90), "PRODUCER_FENCED");
  assert_string_equal(ktxn_code_name(KTXN_E_TIMED_OUT), "TIMED_OUT");
  assert_non_null(strstr(ktxn_code_text(90), "taken over"));
  assert_string_equal(ktxn_code_name(31999), "UNKNOWN");
  assert_string_equal(ktxn_code_name(INT_MIN), "UNKNOWN");
  assert_true(strlen(ktxn_code_text(31999)) > 0);
}

/* Kafka's numbers and the local ones never meet, and no number stands twice. */
static void numbers_are_unique_and_in_their_ranges(void **state) {
  (void)state;
#define NUMBER(name, number, text) number,
  static const int numbers[] = {KTXN_CODE_MAP(NUMBER)};
#undef NUMBER
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    assert_true(numbers[i] >= -1 || numbers[i] < -100);
    for (size_t j = 0; j < i; j++) {
      assert_int_not_equal(numbers[i], numbers[j]);
    }
  }
}

static void classes_and_outcomes_have_names(void **state) {
  (void)state;
  assert_string_equal(ktxn_class_name(KTXN_CLASS_ABORT), "ABORT");
  assert_string_equal(ktxn_class_name(KTXN_CLASS_USAGE), "USAGE");
  assert_string_equal(ktxn_class_name((enum ktxn_class)77), "UNKNOWN");
  assert_string_equal(ktxn_outcome_name(KTXN_OUTCOME_IN_DOUBT), "in doubt");
  assert_string_equal(ktxn_outcome_name(KTXN_OUTCOME_NOT_COMMITTED), "not committed");
  assert_string_equal(ktxn_outcome_name((enum ktxn_outcome)77), "unknown");
}

static void set_fills_and_clears_the_rest(void **state) {
  (void)state;
  ktxn_error error;
  memset(&error, 0xA5, sizeof error);
  assert_int_equal(ktxn__error_set(&error, KTXN_E_STATE, KTXN_CLASS_USAGE, "no transaction is open: %d", 7),
                   KTXN_E_STATE);
  assert_int_equal(error.code, KTXN_E_STATE);
  assert_int_equal(error.error_class, KTXN_CLASS_USAGE);
  assert_int_equal(error.broker_code, 0);
  assert_false(error.fatal);
  assert_int_equal(error.outcome, KTXN_OUTCOME_NONE);
  assert_string_equal(error.message, "no transaction is open: 7");
  ktxn__error_clear(&error);
  assert_int_equal(error.code, 0);
  assert_string_equal(error.message, "");
}

static void null_is_allowed(void **state) {
  (void)state;
  assert_int_equal(ktxn__error_set(NULL, KTXN_E_CLOSED, KTXN_CLASS_RECREATE, "closed"), KTXN_E_CLOSED);
  ktxn__error_clear(NULL);
}

static void a_message_may_be_built_from_the_one_that_it_replaces(void **state) {
  (void)state;
  ktxn_error error;
  ktxn__error_set(&error, 1, KTXN_CLASS_ABORT, "cause");
  ktxn__error_set(&error, 2, KTXN_CLASS_ABORT, "abort: %s", error.message);
  assert_string_equal(error.message, "abort: cause");
}

static void a_long_message_is_cut_between_characters(void **state) {
  (void)state;
  static const char *const characters[] = {"x", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
  for (size_t c = 0; c < sizeof characters / sizeof characters[0]; c++) {
    for (size_t lead = 0; lead < 4; lead++) {
      char text[1200] = "";
      memset(text, 'a', lead);
      for (size_t at = lead; at + 4 < sizeof text; at += strlen(characters[c])) {
        memcpy(text + at, characters[c], strlen(characters[c]) + 1);
      }
      ktxn_error error;
      ktxn__error_set(&error, 1, KTXN_CLASS_ABORT, "%s", text);
      size_t length = strlen(error.message);
      assert_in_range(length, KTXN_ERROR_MESSAGE_MAX - 4, KTXN_ERROR_MESSAGE_MAX - 1);
      assert_true(ktxn__utf8_valid(error.message, length));
      assert_memory_equal(error.message, text, length);
    }
  }
}

static void utf8_is_told_from_other_bytes(void **state) {
  (void)state;
  static const char *const good[] = {"", "plain", "\xC2\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"};
  static const char *const bad[] = {
      "\x80", "\xC1\xBF", "\xC3", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
      "\xF5\x80\x80\x80", "a\xFF", "\xE2\x82x"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    assert_true(ktxn__utf8_valid(good[i], strlen(good[i])));
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_false(ktxn__utf8_valid(bad[i], strlen(bad[i])));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes_have_names_and_texts),
      cmocka_unit_test(numbers_are_unique_and_in_their_ranges),
      cmocka_unit_test(classes_and_outcomes_have_names),
      cmocka_unit_test(set_fills_and_clears_the_rest),
      cmocka_unit_test(null_is_allowed),
      cmocka_unit_test(a_message_may_be_built_from_the_one_that_it_replaces),
      cmocka_unit_test(a_long_message_is_cut_between_characters),
      cmocka_unit_test(utf8_is_told_from_other_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
