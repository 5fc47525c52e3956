#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ktxn/config.h"
#include "sdk/config.h"
#include "sdk/setting.h"

static int new_config(void **state) {
  *state = ktxn_config_new();
  return *state ? 0 : -1;
}

static int free_config(void **state) {
  ktxn_config_free(*state);
  return 0;
}

static void set(ktxn_config *config, const char *key, const char *value) {
  ktxn_error error;
  int code = ktxn_config_set(config, key, value, &error);
  if (code) {
    fail_msg("%s=%s: %s", key, value, error.message);
  }
  assert_int_equal(error.code, 0);
}

/* The value is refused with that code, the message names the key and holds `words`, and nothing has changed. */
static void refused(ktxn_config *config, const char *key, const char *value, int code, const char *words) {
  char before[128] = "", after[128] = "";
  ktxn_error error;
  ktxn_config_get(config, key, before, sizeof before, NULL);
  assert_int_equal(ktxn_config_set(config, key, value, &error), code);
  assert_int_equal(error.code, code);
  assert_int_equal(error.error_class, KTXN_CLASS_CONFIG);
  if (!strstr(error.message, key) || !strstr(error.message, words)) {
    fail_msg("%s=%s: the message lacks the key or \"%s\": %s", key, value, words, error.message);
  }
  ktxn_config_get(config, key, after, sizeof after, NULL);
  assert_string_equal(before, after);
}

static struct ktxn__settings checked(ktxn_config *config) {
  struct ktxn__settings settings;
  ktxn_error error;
  if (ktxn__config_check(config, &settings, &error)) {
    fail_msg("%s", error.message);
  }
  return settings;
}

static void check_fails(ktxn_config *config, int code, const char *words) {
  struct ktxn__settings settings;
  ktxn_error error;
  assert_int_equal(ktxn__config_check(config, &settings, &error), code);
  assert_int_equal(error.error_class, KTXN_CLASS_CONFIG);
  if (!strstr(error.message, words)) {
    fail_msg("the message lacks \"%s\": %s", words, error.message);
  }
}

static void defaults_are_javas(void **state) {
  set(*state, "bootstrap.servers", "localhost:9092");
  struct ktxn__settings settings = checked(*state);
  assert_int_equal(settings.bootstrap.count, 1);
  assert_null(settings.transactional_id);
  assert_int_equal(settings.transaction_timeout_ms, 60000);
  assert_int_equal(settings.in_flight_max, 5);
  assert_int_equal(settings.retries, INT32_MAX);
  assert_int_equal(settings.delivery_timeout_ms, 120000);
  assert_int_equal(settings.request_timeout_ms, 30000);
  assert_int_equal(settings.linger_ms, 5);
  assert_int_equal(settings.max_block_ms, 60000);
  assert_int_equal(settings.batch_bytes, 16384);
  assert_int_equal(settings.buffer_bytes, 33554432);
  assert_int_equal(settings.request_bytes_max, 1048576);
  assert_int_equal(settings.retry_backoff_ms, 100);
  assert_int_equal(settings.retry_backoff_max_ms, 1000);
  assert_int_equal(settings.reconnect_backoff_ms, 50);
  assert_int_equal(settings.reconnect_backoff_max_ms, 1000);
  assert_int_equal(settings.connection_setup_timeout_ms, 10000);
  assert_int_equal(settings.connection_setup_timeout_max_ms, 30000);
  assert_int_equal(settings.connections_idle_max_ms, 540000);
  assert_int_equal(settings.connections_per_broker, 1);
  assert_int_equal(settings.send_buffer_bytes, 131072);
  assert_int_equal(settings.receive_buffer_bytes, 32768);
  assert_int_equal(settings.metadata_age_max_ms, 300000);
  assert_int_equal(settings.metadata_idle_max_ms, 300000);
  assert_false(settings.partitioner_ignore_keys);
  assert_true(settings.partitioner_adaptive);
  assert_int_equal(settings.partitioner_availability_timeout_ms, 0);
  assert_true(settings.transaction_pacing);
  assert_int_equal(settings.log_level, KTXN_LOG_WARN);
  assert_non_null(settings.log_cb);
  ktxn__settings_free(&settings);
}

static void E22_acks_idempotence_and_in_flight_that_lose_order_are_refused(void **state) {
  refused(*state, "acks", "0", KTXN_E_INVALID_SETTING, "acks=0 is not allowed; allowed: all, -1");
  refused(*state, "acks", "1", KTXN_E_INVALID_SETTING, "acks=1");
  refused(*state, "enable.idempotence", "false", KTXN_E_INVALID_SETTING, "allowed: true");
  refused(*state, "max.in.flight.requests.per.connection", "6", KTXN_E_INVALID_SETTING, "1..5");
  refused(*state, "max.in.flight.requests.per.connection", "0", KTXN_E_INVALID_SETTING, "1..5");
  refused(*state, "retries", "0", KTXN_E_INVALID_SETTING, "retries=0");
  set(*state, "acks", "-1");
  set(*state, "acks", "all");
  set(*state, "enable.idempotence", "true");
  set(*state, "max.in.flight.requests.per.connection", "1");
}

static void numbers_must_be_whole_and_in_range(void **state) {
  static const char *const bad[] = {"", "x", "5x", "1.5", "+5", "0x10", "-1", "9223372036854775808", "1e3", "5 5"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    refused(*state, "linger.ms", bad[i], KTXN_E_INVALID_SETTING, "is not allowed; allowed: 0..9223372036854775807");
  }
  refused(*state, "request.timeout.ms", "2147483648", KTXN_E_INVALID_SETTING, "2147483647");
  refused(*state, "metadata.max.idle.ms", "4999", KTXN_E_INVALID_SETTING, "5000");
  set(*state, "linger.ms", " 12 ");
  char value[16];
  assert_int_equal(ktxn_config_get(*state, "linger.ms", value, sizeof value, NULL), 0);
  assert_string_equal(value, "12");
}

static void a_time_without_end_can_still_be_added_to_a_clock(void **state) {
  set(*state, "bootstrap.servers", "localhost:9092");
  set(*state, "max.block.ms", "9223372036854775807");
  struct ktxn__settings settings = checked(*state);
  assert_int_equal(settings.max_block_ms, KTXN__SETTING_MS_MAX);
  assert_true(settings.max_block_ms < INT64_MAX / 2 / 1000);
  ktxn__settings_free(&settings);
}

static void unknown_keys_are_refused_with_the_nearest(void **state) {
  refused(*state, "linger.mss", "1", KTXN_E_UNKNOWN_SETTING, "did you mean \"linger.ms\"?");
  refused(*state, "bootstrap.server", "a:1", KTXN_E_UNKNOWN_SETTING, "\"bootstrap.servers\"");
  refused(*state, "transactionalid", "a", KTXN_E_UNKNOWN_SETTING, "\"transactional.id\"");
  refused(*state, "metadata.broker.lst", "a", KTXN_E_UNKNOWN_SETTING, "\"metadata.broker.list\"");
  refused(*state, "zzzzqqqq", "a", KTXN_E_UNKNOWN_SETTING, "ktxn_setting_at()");
  refused(*state, "", "a", KTXN_E_UNKNOWN_SETTING, "ktxn_setting_at()");
  char long_key[500];
  memset(long_key, 'k', sizeof long_key - 1);
  long_key[sizeof long_key - 1] = '\0';
  ktxn_error error;
  assert_int_equal(ktxn_config_set(*state, long_key, "1", &error), KTXN_E_UNKNOWN_SETTING);
  assert_non_null(strstr(error.message, "kkk...\""));
  assert_int_equal(ktxn_config_set(*state, "a\nb", "1", &error), KTXN_E_UNKNOWN_SETTING);
  assert_null(strchr(error.message, '\n'));
}

static void what_is_not_built_is_refused_by_name(void **state) {
  static const char *const cases[][3] = {
      {"compression.type", "zstd", "no compression"},
      {"security.protocol", "SASL_SSL", "no TLS and no SASL"},
      {"ssl.ca.location", "/etc/ssl/ca.pem", "no TLS"},
      {"sasl.mechanism", "PLAIN", "no SASL"},
      {"sasl.oauthbearer.clock.skew.seconds", "31", "no SASL"},
      {"sasl.login.refresh.window.factor", "0.7", "no SASL"},
      {"enable.metrics.push", "true", "no metrics push"},
      {"checkpoint.path", "/tmp/x", "no local checkpoint"},
      {"interceptor.classes", "a.B", "no Java classes"},
      {"client.rack", "a", "no rack awareness"},
      {"transaction.two.phase.commit.enable", "true", "no two-phase commit"},
      {"key.serializer", "a.B", "keys are bytes"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    refused(*state, cases[i][0], cases[i][1], KTXN_E_NOT_AVAILABLE, cases[i][2]);
  }
  refused(*state, "compression.type", "zip", KTXN_E_INVALID_SETTING, "none, gzip, snappy, lz4, zstd");
  set(*state, "compression.type", "none");
  set(*state, "security.protocol", "plaintext");
  set(*state, "enable.metrics.push", "false");
  set(*state, "sasl.mechanism", "GSSAPI");
  set(*state, "client.rack", "");
}

/* Each row of the table: its default is in its own range, and a missing capability accepts it. */
static void every_default_is_accepted(void **state) {
  for (size_t i = 0; ktxn_setting_at(i); i++) {
    const ktxn_setting *setting = ktxn_setting_at(i);
    bool needs_value = strcmp(setting->key, "bootstrap.servers") == 0 || strcmp(setting->key, "transactional.id") == 0;
    if (!needs_value) {
      set(*state, setting->key, setting->default_value);
    }
    assert_true(strlen(setting->text) > 0 && strlen(setting->range) > 0 && strlen(setting->type) > 0);
    assert_non_null(setting->missing);
    assert_null(strchr(setting->text, '|'));
  }
  assert_null(ktxn_setting_at(SIZE_MAX));
}

static void keys_and_names_stand_once(void **state) {
  (void)state;
  for (size_t i = 0; i < ktxn__setting_count; i++) {
    for (size_t j = 0; j < i; j++) {
      assert_string_not_equal(ktxn__setting_table[i].about.key, ktxn__setting_table[j].about.key);
    }
  }
  for (size_t i = 0; i < ktxn__setting_name_count; i++) {
    const struct ktxn__setting_name *name = &ktxn__setting_names[i];
    assert_true((name->key == NULL) != (name->hint == NULL));
    if (name->key) {
      assert_in_range(ktxn__setting_index(name->key), 0, ktxn__setting_count - 1);
    }
    for (size_t j = 0; j < ktxn__setting_count; j++) {
      assert_string_not_equal(name->name, ktxn__setting_table[j].about.key);
    }
  }
}

static void librdkafkas_names_are_accepted(void **state) {
  set(*state, "metadata.broker.list", "a:1,b:2");
  set(*state, "queue.buffering.max.ms", "7");
  set(*state, "message.timeout.ms", "40000");
  set(*state, "message.max.bytes", "2000000");
  set(*state, "max.in.flight", "3");
  struct ktxn__settings settings = checked(*state);
  assert_int_equal(settings.bootstrap.count, 2);
  assert_int_equal(settings.linger_ms, 7);
  assert_int_equal(settings.delivery_timeout_ms, 40000);
  assert_int_equal(settings.request_bytes_max, 2000000);
  assert_int_equal(settings.in_flight_max, 3);
  ktxn__settings_free(&settings);
  char value[16];
  assert_int_equal(ktxn_config_get(*state, "message.timeout.ms", value, sizeof value, NULL), 0);
  assert_string_equal(value, "40000");
  refused(*state, "batch.num.messages", "10", KTXN_E_NOT_AVAILABLE, "batch.size");
  refused(*state, "group.id", "g", KTXN_E_NOT_AVAILABLE, "consumer");
  refused(*state, "debug", "all", KTXN_E_NOT_AVAILABLE, "ktxn_config_set_log()");
}

static void secrets_are_never_shown(void **state) {
  ktxn_error error;
  assert_int_equal(ktxn_config_set(*state, "ssl.key.password", "hunter2", &error), KTXN_E_NOT_AVAILABLE);
  assert_null(strstr(error.message, "hunter2"));
  assert_int_equal(ktxn_config_set(*state, "sasl.password", "hunter2", &error), KTXN_E_NOT_AVAILABLE);
  assert_null(strstr(error.message, "hunter2"));
  assert_int_equal(ktxn_config_set(*state, "sasl.pasword", "hunter2", &error), KTXN_E_UNKNOWN_SETTING);
  assert_null(strstr(error.message, "hunter2"));
}

static void delivery_timeout_covers_linger_and_request(void **state) {
  set(*state, "bootstrap.servers", "a:1");
  set(*state, "request.timeout.ms", "200000");
  struct ktxn__settings settings = checked(*state);
  assert_int_equal(settings.delivery_timeout_ms, 200005);
  ktxn__settings_free(&settings);
  set(*state, "delivery.timeout.ms", "200004");
  check_fails(*state, KTXN_E_INVALID_SETTING, "delivery.timeout.ms=200004 is not allowed");
  check_fails(*state, KTXN_E_INVALID_SETTING, "5 + 200000 = 200005");
  set(*state, "delivery.timeout.ms", "200005");
  settings = checked(*state);
  ktxn__settings_free(&settings);
}

static void a_maximum_follows_its_first_wait(void **state) {
  set(*state, "bootstrap.servers", "a:1");
  set(*state, "retry.backoff.ms", "5000");
  set(*state, "reconnect.backoff.max.ms", "20");
  struct ktxn__settings settings = checked(*state);
  assert_int_equal(settings.retry_backoff_max_ms, 5000);
  assert_int_equal(settings.reconnect_backoff_ms, 20);
  ktxn__settings_free(&settings);
  set(*state, "retry.backoff.max.ms", "4999");
  check_fails(*state, KTXN_E_INVALID_SETTING, "retry.backoff.ms=5000 is not allowed; at most retry.backoff.max.ms");
}

static void memory_holds_at_least_a_batch(void **state) {
  set(*state, "bootstrap.servers", "a:1");
  set(*state, "buffer.memory", "1000");
  check_fails(*state, KTXN_E_INVALID_SETTING, "buffer.memory=1000 is not allowed; at least batch.size");
  set(*state, "batch.size", "1000");
  struct ktxn__settings settings = checked(*state);
  ktxn__settings_free(&settings);
}

static void bootstrap_servers_are_parsed(void **state) {
  set(*state, "bootstrap.servers", " kafka-1.example.org:9092 ,[::1]:19092,, PLAINTEXT://10.0.0.3:65535,[fe80::1%eth0]:1 ");
  struct ktxn__settings settings = checked(*state);
  static const struct {
    const char *host;
    int port;
  } expected[] = {{"kafka-1.example.org", 9092}, {"::1", 19092}, {"10.0.0.3", 65535}, {"fe80::1%eth0", 1}};
  assert_int_equal(settings.bootstrap.count, 4);
  for (size_t i = 0; i < 4; i++) {
    assert_string_equal(settings.bootstrap.servers[i].host, expected[i].host);
    assert_int_equal(settings.bootstrap.servers[i].port, expected[i].port);
  }
  ktxn__settings_free(&settings);
}

static void bad_bootstrap_servers_say_why(void **state) {
  static const char *const cases[][2] = {
      {"", "empty"},
      {" , ,", "empty"},
      {"localhost", "no port"},
      {"localhost:", "not a number from 1 to 65535"},
      {"localhost:0", "not a number from 1 to 65535"},
      {"localhost:65536", "not a number from 1 to 65535"},
      {"localhost:+1", "not a number from 1 to 65535"},
      {"localhost:123456", "not a number from 1 to 65535"},
      {":9092", "no host"},
      {"[]:9092", "no host"},
      {"::1:9092", "brackets"},
      {"[::1:9092", "no ]"},
      {"[::1]9092", "no port"},
      {"[::1]", "no port"},
      {"a:1 b:2", "character"},
      {"a:1;b:2", "character"},
      {"SASL_SSL://a:1", "only PLAINTEXT://"},
      {"a/b:1", "character"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    refused(*state, "bootstrap.servers", cases[i][0], KTXN_E_INVALID_SETTING, cases[i][1]);
  }
  char list[4096] = "";
  for (size_t i = 0; i < KTXN__BOOTSTRAP_SERVERS_MAX + 1; i++) {
    strcat(list, "h:1,");
  }
  refused(*state, "bootstrap.servers", list, KTXN_E_INVALID_SETTING, "more than 256");
  memset(list, 'h', 300);
  strcpy(list + 256, ":1");
  refused(*state, "bootstrap.servers", list, KTXN_E_INVALID_SETTING, "longer than 255");
}

static void servers_are_needed_but_by_a_producer_on_a_client(void **state) {
  check_fails(*state, KTXN_E_NOT_CONFIGURED, "bootstrap.servers is not set");
  struct ktxn__settings settings;
  assert_int_equal(ktxn__config_check_shared(*state, &settings, NULL), 0);
  assert_int_equal(settings.bootstrap.count, 0);
  ktxn__settings_free(&settings);
  assert_int_equal(ktxn__config_check(NULL, &settings, NULL), KTXN_E_INVALID_ARGUMENT);
}

static void L09_the_transactional_id_is_text_of_bounded_length(void **state) {
  char *id = malloc(INT16_MAX + 2);
  assert_non_null(id);
  memset(id, 't', INT16_MAX + 1);
  id[INT16_MAX + 1] = '\0';
  refused(*state, "transactional.id", "", KTXN_E_INVALID_SETTING, "empty");
  refused(*state, "transactional.id", id, KTXN_E_INVALID_SETTING, "longer than 32767");
  refused(*state, "transactional.id", "a\xC3", KTXN_E_INVALID_SETTING, "UTF-8");
  id[INT16_MAX] = '\0';
  set(*state, "transactional.id", id);
  set(*state, "bootstrap.servers", "a:1");
  struct ktxn__settings settings = checked(*state);
  assert_string_equal(settings.transactional_id, id);
  assert_true(strlen(settings.client_id) < 64);
  ktxn__settings_free(&settings);
  free(id);
}

static void clients_without_a_name_get_javas(void **state) {
  set(*state, "bootstrap.servers", "a:1");
  struct ktxn__settings first = checked(*state), second = checked(*state);
  assert_memory_equal(first.client_id, "producer-", 9);
  assert_string_not_equal(first.client_id, second.client_id);
  ktxn__settings_free(&first);
  ktxn__settings_free(&second);
  set(*state, "transactional.id", "orders");
  first = checked(*state);
  assert_string_equal(first.client_id, "producer-orders");
  ktxn__settings_free(&first);
  set(*state, "client.id", "mine");
  first = checked(*state);
  assert_string_equal(first.client_id, "mine");
  ktxn__settings_free(&first);
}

static void a_copy_is_on_its_own(void **state) {
  set(*state, "linger.ms", "1");
  ktxn_config *copy = ktxn_config_copy(*state);
  assert_non_null(copy);
  set(*state, "linger.ms", "2");
  char value[16];
  assert_int_equal(ktxn_config_get(copy, "linger.ms", value, sizeof value, NULL), 0);
  assert_string_equal(value, "1");
  assert_int_equal(ktxn_config_get(copy, "retries", value, sizeof value, NULL), 0);
  assert_string_equal(value, "2147483647");
  ktxn_config_free(copy);
  assert_null(ktxn_config_copy(NULL));
}

static void I09_null_and_short_buffers_are_usage_errors(void **state) {
  ktxn_error error;
  char value[4];
  ktxn_config_free(NULL);
  ktxn_config_set_log(NULL, KTXN_LOG_INFO, NULL, NULL);
  assert_int_equal(ktxn_config_set(NULL, "a", "b", &error), KTXN_E_INVALID_ARGUMENT);
  assert_int_equal(error.error_class, KTXN_CLASS_USAGE);
  assert_int_equal(ktxn_config_set(*state, NULL, "b", NULL), KTXN_E_INVALID_ARGUMENT);
  assert_int_equal(ktxn_config_set(*state, "linger.ms", NULL, NULL), KTXN_E_INVALID_ARGUMENT);
  assert_int_equal(ktxn_config_get(*state, "linger.ms", NULL, 0, NULL), KTXN_E_INVALID_ARGUMENT);
  assert_int_equal(ktxn_config_get(*state, "nope", value, sizeof value, &error), KTXN_E_UNKNOWN_SETTING);
  assert_int_equal(ktxn_config_get(*state, "delivery.timeout.ms", value, sizeof value, &error), KTXN_E_INVALID_ARGUMENT);
  assert_non_null(strstr(error.message, "7 bytes, got 4"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, new_config, free_config)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(defaults_are_javas),
      TEST(E22_acks_idempotence_and_in_flight_that_lose_order_are_refused),
      TEST(numbers_must_be_whole_and_in_range),
      TEST(a_time_without_end_can_still_be_added_to_a_clock),
      TEST(unknown_keys_are_refused_with_the_nearest),
      TEST(what_is_not_built_is_refused_by_name),
      TEST(every_default_is_accepted),
      TEST(keys_and_names_stand_once),
      TEST(librdkafkas_names_are_accepted),
      TEST(secrets_are_never_shown),
      TEST(delivery_timeout_covers_linger_and_request),
      TEST(a_maximum_follows_its_first_wait),
      TEST(memory_holds_at_least_a_batch),
      TEST(bootstrap_servers_are_parsed),
      TEST(bad_bootstrap_servers_say_why),
      TEST(servers_are_needed_but_by_a_producer_on_a_client),
      TEST(L09_the_transactional_id_is_text_of_bounded_length),
      TEST(clients_without_a_name_get_javas),
      TEST(a_copy_is_on_its_own),
      TEST(I09_null_and_short_buffers_are_usage_errors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
