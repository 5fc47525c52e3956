/* The public calls when memory, descriptors or threads run out: a clean error or success, nothing leaked, and an end. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "ktxn/ktxn.h"
#include "sdk/base/mem.h"

static ktxn_config *make_config(const char *transactional_id) {
  ktxn_config *config = ktxn_config_new();
  assert_non_null(config);
  assert_int_equal(ktxn_config_set(config, "bootstrap.servers", "127.0.0.1:1", NULL), 0);
  assert_int_equal(ktxn_config_set(config, "max.block.ms", "2", NULL), 0);
  if (transactional_id) {
    assert_int_equal(ktxn_config_set(config, "transactional.id", transactional_id, NULL), 0);
  }
  ktxn_config_set_log(config, KTXN_LOG_ERROR, NULL, NULL);
  return config;
}

static size_t blocks(void) {
  return atomic_load(&ktxn__mem_default()->used_blocks);
}

static void use(ktxn_producer *producer) {
  ktxn_record record = KTXN_RECORD_INIT;
  ktxn_event event;
  int32_t count;
  record.topic = "t";
  ktxn_init_transactions(producer, 2, NULL);
  ktxn_begin_transaction(producer, NULL);
  ktxn_send(producer, &record, NULL, NULL, NULL);
  ktxn_partitions_for(producer, "u", &count, 1, NULL);
  ktxn_flush(producer, 1, NULL);
  ktxn_flush_async(producer, NULL, NULL);
  ktxn_poll(ktxn_producer_client(producer), &event, 1, 0);
}

/* P04: whichever allocation fails, on whichever thread. */
static void P04_any_one_allocation_may_fail(void **state) {
  (void)state;
  struct ktxn__mem *mem = ktxn__mem_default();
  for (uint32_t kind = 0; kind < 2; kind++) {
    ktxn_config *config = make_config(kind == 0 ? NULL : "x");
    size_t before = blocks();
    for (uint32_t k = 1; k <= 120; k++) {
      ktxn_error error = {0};
      ktxn__mem_fail(mem, k, false);
      ktxn_producer *producer = ktxn_producer_new(config, &error);
      if (producer) {
        use(producer);
      } else {
        assert_int_equal(error.error_class, KTXN_CLASS_RETRY);
        assert_true(error.message[0] != '\0');
      }
      ktxn_free(producer);
      ktxn__mem_fail(mem, 0, false);
      assert_int_equal(blocks(), before);
    }
    ktxn_config_free(config);
  }
}

/* P05: ending needs no memory at all. */
static void P05_close_needs_no_memory(void **state) {
  (void)state;
  struct ktxn__mem *mem = ktxn__mem_default();
  ktxn_config *config = make_config("x");
  size_t before = blocks();
  for (int i = 0; i < 20; i++) {
    ktxn_producer *producer = ktxn_producer_new(config, NULL);
    assert_non_null(producer);
    if (i % 2) {
      use(producer);
    }
    ktxn__mem_fail(mem, 1, true);
    ktxn_close(producer, i % 3, NULL);
    ktxn_free(producer);
    ktxn__mem_fail(mem, 0, false);
    assert_int_equal(blocks(), before);
  }
  ktxn_config_free(config);
}

static int descriptors(void) {
  DIR *directory = opendir("/proc/self/fd");
  assert_non_null(directory);
  int count = 0;
  while (readdir(directory)) {
    count++;
  }
  closedir(directory);
  return count - 3; /* "." and "..", and the directory's own */
}

/* The limit is one of numbers, not of how many are open: leaves no number free below the highest. */
static void fill_holes(void) {
  while (dup(STDIN_FILENO) + 1 < descriptors()) {
  }
}

static void limit_descriptors(rlim_t soft) {
  struct rlimit now;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
  now.rlim_cur = soft;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
}

/* P06: no descriptor for the poller, the wake-up, the application's eventfd, then for a socket. */
static void P06_descriptors_run_out(void **state) {
  (void)state;
  struct rlimit usual;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
  ktxn_config *config = make_config("x");
  size_t blocks_before = blocks();
  fill_holes();
  int before = descriptors();
  int refused = 0;
  for (int more = 0; more < 6; more++) {
    ktxn_error error = {0};
    limit_descriptors((rlim_t)(before + more));
    ktxn_producer *producer = ktxn_producer_new(config, &error);
    if (producer) {
      use(producer);
    } else {
      refused++;
      assert_int_equal(error.error_class, KTXN_CLASS_RETRY);
      assert_int_equal(error.code, KTXN_E_SYSTEM);
    }
    ktxn_free(producer);
    limit_descriptors(usual.rlim_cur);
    assert_int_equal(descriptors(), before);
    assert_int_equal(blocks(), blocks_before);
  }
  assert_int_equal(refused, 3);
  ktxn_config_free(config);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(P04_any_one_allocation_may_fail),
      cmocka_unit_test(P05_close_needs_no_memory),
      cmocka_unit_test(P06_descriptors_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
