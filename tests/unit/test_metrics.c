#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "ktxn/ktxn.h"

enum { ROOM = 100 };

static void test_names_are_distinct_and_told(void **state) {
  (void)state;
  ktxn_metric metrics[ROOM];
  size_t count = ktxn_metrics(NULL, metrics, ROOM);
  assert_in_range(count, 1, ROOM);
  for (size_t i = 0; i < count; i++) {
    assert_true(metrics[i].name[0] != '\0' && metrics[i].unit[0] != '\0' && metrics[i].text[0] != '\0');
    assert_int_equal(metrics[i].value, 0);
    for (size_t k = 0; k < i; k++) {
      assert_string_not_equal(metrics[i].name, metrics[k].name);
    }
  }
}

static void test_no_more_is_written_than_there_is_room_for(void **state) {
  (void)state;
  ktxn_metric metrics[3] = {{"mine", "", "", 7}, {"mine", "", "", 7}, {"mine", "", "", 7}};
  size_t count = ktxn_metrics(NULL, NULL, 0);
  assert_true(count > 3);
  assert_int_equal(ktxn_metrics(NULL, metrics, 2), count);
  assert_string_not_equal(metrics[1].name, "mine");
  assert_string_equal(metrics[2].name, "mine");
  assert_int_equal(metrics[2].value, 7);
}

static ktxn_producer *make(void) {
  ktxn_error error;
  ktxn_config *config = ktxn_config_new();
  assert_int_equal(ktxn_config_set(config, "bootstrap.servers", "127.0.0.1:1", &error), 0);
  assert_int_equal(ktxn_config_set(config, "transactional.id", "metrics", &error), 0);
  ktxn_producer *producer = ktxn_producer_new(config, &error);
  ktxn_config_free(config);
  assert_non_null(producer);
  return producer;
}

static void test_a_new_producer_has_counted_nothing(void **state) {
  (void)state;
  ktxn_metric metrics[ROOM];
  ktxn_producer *producer = make();
  size_t count = ktxn_metrics(producer, metrics, ROOM);
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(metrics[i].value, 0);
    assert_int_equal(ktxn_metric_value(producer, metrics[i].name), 0);
  }
  ktxn_free(producer);
}

static void test_they_can_be_read_after_close(void **state) {
  (void)state;
  ktxn_error error;
  ktxn_metric metrics[ROOM];
  ktxn_producer *producer = make();
  assert_int_equal(ktxn_close(producer, 10000, &error), 0);
  assert_in_range(ktxn_metrics(producer, metrics, ROOM), 1, ROOM);
  assert_int_equal(ktxn_metric_value(producer, "txn-begun-total"), 0);
  ktxn_free(producer);
}

static void test_a_name_that_does_not_exist_is_zero(void **state) {
  (void)state;
  ktxn_producer *producer = make();
  assert_int_equal(ktxn_metric_value(producer, "txn-comitted-total"), 0);
  assert_int_equal(ktxn_metric_value(producer, NULL), 0);
  assert_int_equal(ktxn_metric_value(NULL, "txn-committed-total"), 0);
  ktxn_free(producer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_are_distinct_and_told),
      cmocka_unit_test(test_no_more_is_written_than_there_is_room_for),
      cmocka_unit_test(test_a_new_producer_has_counted_nothing),
      cmocka_unit_test(test_they_can_be_read_after_close),
      cmocka_unit_test(test_a_name_that_does_not_exist_is_zero),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
