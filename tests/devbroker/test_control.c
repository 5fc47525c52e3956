/* Control lines: what is understood, and that what isn't says why and changes nothing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/devbroker/control.h"
#include "sdk/devbroker/model_control.h"
#include "sdk/devbroker/model_look.h"

struct fixture {
  struct ktxn__mem mem;
  struct ktxn__control control;
  struct ktxn__buffer reply;
  int32_t changed; /* node that was named last */
  int refuse;      /* what that is answered */
};

static int note(void *ctx, int32_t node) {
  struct fixture *f = ctx;
  f->changed = node;
  return f->refuse;
}

static int begin(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  ktxn__mem_init(&f->mem, 0);
  ktxn__buffer_init(&f->reply, &f->mem, 64 * 1024);
  struct ktxn__model_config config = ktxn__model_config_default();
  config.nodes = 3;
  f->control = (struct ktxn__control){
      .model = ktxn__model_new(&f->mem, &config, NULL), .node_changed = note, .ctx = f, .nodes = 3};
  const struct ktxn__front_config front = {.mem = &f->mem, .model = f->control.model, .nodes = 3};
  f->control.front = ktxn__front_new(&front);
  f->changed = -1;
  *state = f;
  return 0;
}

static int end(void **state) {
  struct fixture *f = *state;
  ktxn__front_free(f->control.front);
  ktxn__model_free(f->control.model);
  ktxn__buffer_free(&f->reply);
  assert_int_equal(ktxn__mem_used(&f->mem), 0);
  free(f);
  return 0;
}

/* The reply; what it returns and how the reply begins agree. */
static const char *say(struct fixture *f, const char *line) {
  ktxn__buffer_clear(&f->reply);
  const bool good = ktxn__control_run(&f->control, 0, line, &f->reply);
  assert_true(ktxn__buffer_append(&f->reply, "", 1));
  const char *reply = (const char *)f->reply.data;
  assert_int_equal(strncmp(reply, "ok", 2) == 0, good);
  assert_int_equal(strncmp(reply, "error ", 6) == 0, !good);
  return reply;
}

static void test_topics_and_leaders(void **state) {
  struct fixture *f = *state;
  assert_string_equal(say(f, "topic create a partitions=2"), "ok");
  assert_string_equal(say(f, "topic create b"), "ok");
  assert_string_equal(say(f, "topic list"), "ok a:2 b:1");
  assert_string_equal(say(f, "topic partitions a 4"), "ok");
  assert_string_equal(say(f, "topic delete b"), "ok");
  assert_string_equal(say(f, "topic list"), "ok a:4");
  assert_string_equal(say(f, "leader a 3 2"), "ok");
  assert_non_null(strstr(say(f, "show log a 3"), "leader=2"));
  assert_non_null(strstr(say(f, "leader a 9 2"), "error"));
}

static void test_nodes(void **state) {
  struct fixture *f = *state;
  assert_string_equal(say(f, "node down 1"), "ok");
  assert_int_equal(f->changed, 1);
  assert_false(ktxn__model_node_is_up(f->control.model, 1));
  f->changed = -1;
  assert_non_null(strstr(say(f, "node down 1"), "error"));
  assert_int_equal(f->changed, -1);
  assert_string_equal(say(f, "node up 1"), "ok");
  assert_true(ktxn__model_node_is_up(f->control.model, 1));
}

static void test_a_node_that_cant_listen(void **state) {
  struct fixture *f = *state;
  assert_string_equal(say(f, "node down 1"), "ok");
  f->refuse = -EADDRINUSE;
  assert_non_null(strstr(say(f, "node up 1"), strerror(EADDRINUSE)));
  f->refuse = 0;
  assert_string_equal(say(f, "node down 1"), "ok");
  assert_string_equal(say(f, "node up 1"), "ok");
}

/* A reply is whole, or it is an error; and nothing of it goes in front of the error. */
static void test_a_long_reply(void **state) {
  struct fixture *f = *state;
  char line[KTXN__CONTROL_LINE_MAX];
  for (int i = 0; i < 300; i++) {
    (void)snprintf(line, sizeof line, "topic create %0249d", i);
    assert_string_equal(say(f, line), "ok");
  }
  assert_string_equal(say(f, "topic list"), "error the reply is too long");
}

static void test_pace(void **state) {
  struct fixture *f = *state;
  assert_string_equal(say(f, "pace append 700"), "ok");
  struct ktxn__model_request request = {
      .api = KTXN__MODEL_INIT_PRODUCER_ID,
      .version = 4,
      .init_producer_id = {
          .transactional_id = KTXN__STR("id"), .transaction_timeout_ms = 1000, .producer_id = -1, .producer_epoch = -1}};
  int32_t node = ktxn__model_txn_leader(f->control.model, ktxn__model_txn_partition(f->control.model, KTXN__STR("id")));
  assert_int_not_equal(ktxn__model_submit(f->control.model, node, 0, &request, NULL), 0);
  assert_int_equal(ktxn__model_deadline(f->control.model), 700);
}

/* Everything that isn't understood, with a part of what is said about it. */
static void test_what_is_refused(void **state) {
  static const struct {
    const char *line;
    const char *part;
  } rows[] = {
      {"", "empty"},
      {"   ", "empty"},
      {"topics", "isn't known"},
      {"topic", "isn't known"},
      {"topic create", "usage: topic create NAME"},
      {"topic create a b", "isn't understood"},
      {"topic create a partitions=0", "wanted a number from 1"},
      {"topic create a partitions=x", "wanted a number"},
      {"topic create a replicas=3", "isn't understood"},
      {"node down 3", "wanted a number from 0 to 2"},
      {"node down 1 failover=maybe", "wanted yes or no"},
      {"node release 1 3.7", "isn't known"},
      {"pace thinking 5", "wanted append, replica"},
      {"pace marker -1", "wanted a number from 0"},
      {"fault EndTxn", "what shall happen"},
      {"fault Endtransaction error=15", "isn't known"},
      {"fault EndTxn error=NO_SUCH_ERROR", "wanted the name or number"},
      {"fault EndTxn error=0", "is no error"},
      {"fault EndTxn drop=never", "wanted before or after"},
      {"fault EndTxn close=never", "wanted before or after"},
      {"fault EndTxn node=3 error=15", "wanted a number"},
      {"fault EndTxn count=0 error=15", "wanted a number"},
      {"defect KAFKA-1 on", "isn't known"},
      {"defect KAFKA-20785 maybe", "wanted on or off"},
      {"transaction.version 3", "wanted a number from 0 to 2"},
      {"show transaction nobody", "no such"},
      {"show log nothing 0", "no such"},
      {"a b c d e f g h i j k l m n o p q r", "too many words"},
  };
  struct fixture *f = *state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const char *reply = say(f, rows[i].line);
    if (strstr(reply, rows[i].part) == NULL) {
      fail_msg("'%s': '%s' isn't in '%s'", rows[i].line, rows[i].part, reply);
    }
  }
  assert_string_equal(say(f, "topic list"), "ok");
}

static void test_a_long_line(void **state) {
  struct fixture *f = *state;
  char line[KTXN__CONTROL_LINE_MAX + 10];
  memset(line, 'x', sizeof line);
  line[sizeof line - 1] = '\0';
  assert_non_null(strstr(say(f, line), "too long"));
}

static void test_faults_have_a_limit(void **state) {
  struct fixture *f = *state;
  for (int i = 0; i < KTXN__MODEL_FAULTS; i++) {
    assert_string_equal(say(f, "fault EndTxn error=NOT_COORDINATOR delay=5"), "ok");
  }
  assert_non_null(strstr(say(f, "fault any error=14"), "too many"));
  assert_string_equal(say(f, "faults clear"), "ok");
  assert_string_equal(say(f, "fault any error=coordinator_load_in_progress"), "ok");
}

/* Every line of the help can be tried: it is known, whatever is wrong with its arguments. */
static void test_help_lists_what_is_known(void **state) {
  struct fixture *f = *state;
  char *help = strdup(say(f, "help"));
  int lines = 0;
  char *rest = NULL;
  for (char *line = strtok_r(help, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    if (strcmp(line, "ok") == 0 || strncmp(line, "stop", 4) == 0) {
      continue;
    }
    *strchr(line, ':') = '\0';
    char *usage = strpbrk(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ[");
    if (usage != NULL) {
      *usage = '\0';
    }
    assert_null(strstr(say(f, line), "isn't known"));
    lines++;
  }
  assert_true(lines >= 30);
  free(help);
}

static void test_what_outlives_a_restart(void **state) {
  (void)state;
  assert_true(ktxn__control_changes("topic create a"));
  assert_true(ktxn__control_changes("fault EndTxn error=15"));
  assert_false(ktxn__control_changes("topic list"));
  assert_false(ktxn__control_changes("show log a 0"));
  assert_false(ktxn__control_changes("stop"));
  assert_false(ktxn__control_changes(""));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_topics_and_leaders, begin, end),
      cmocka_unit_test_setup_teardown(test_nodes, begin, end),
      cmocka_unit_test_setup_teardown(test_a_node_that_cant_listen, begin, end),
      cmocka_unit_test_setup_teardown(test_a_long_reply, begin, end),
      cmocka_unit_test_setup_teardown(test_pace, begin, end),
      cmocka_unit_test_setup_teardown(test_what_is_refused, begin, end),
      cmocka_unit_test_setup_teardown(test_a_long_line, begin, end),
      cmocka_unit_test_setup_teardown(test_faults_have_a_limit, begin, end),
      cmocka_unit_test_setup_teardown(test_help_lists_what_is_known, begin, end),
      cmocka_unit_test(test_what_outlives_a_restart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
