#include "tests/unit/accumulator_fixture.h"

#include "sdk/base/murmur2.h"
#include "sdk/base/random.h"
#include "sdk/engine/partitioner.h"

/* What Java's client gives for the same keys and 12 partitions; its hashes are known vectors. */
static void test_keys_go_where_java_sends_them(void **state) {
  (void)state;
  static const struct {
    const char *key;
    int32_t hash;
  } vectors[] = {{"21", -973932308},
                 {"foobar", -790332482},
                 {"a-little-bit-long-string", -985981536},
                 {"a-little-bit-longer-string", -1486304829},
                 {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
                 {"abc", 479470107},
                 {"", 275646681}};
  for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
    uint32_t hash = ktxn__murmur2(vectors[i].key, strlen(vectors[i].key));
    assert_int_equal((int32_t)hash, vectors[i].hash);
    assert_int_equal(ktxn__partitioner_key(hash, 12), (vectors[i].hash & 0x7fffffff) % 12);
  }
}

struct lengths {
  uint32_t of[512];
};

static uint32_t length(const void *topic, uint32_t index) {
  return ((const struct lengths *)topic)->of[index];
}

static void count_draws(const struct ktxn__partitioner_load *load, uint32_t draws, uint32_t *counts) {
  struct ktxn__random random;
  ktxn__random_seed(&random, 42);
  memset(counts, 0, load->partition_count * sizeof *counts);
  for (uint32_t i = 0; i < draws; i++) {
    uint32_t drawn = ktxn__partitioner_draw(load, &random);
    assert_true(drawn < load->partition_count);
    counts[drawn]++;
  }
}

/* KIP-794's example: queues of 0, 3 and 1 batches give weights 4, 1 and 3. */
static void test_short_queues_are_preferred(void **state) {
  (void)state;
  static const int32_t leaders[] = {0, 1, 2};
  struct lengths lengths = {{0, 3, 1}};
  struct ktxn__partitioner_load load = {3, leaders, length, &lengths, true};
  uint32_t counts[3];
  count_draws(&load, 80000, counts);
  assert_in_range(counts[0], 39000, 41000);
  assert_in_range(counts[1], 9000, 11000);
  assert_in_range(counts[2], 29000, 31000);
}

static void test_uniform_without_adaptive_or_without_all_queues(void **state) {
  (void)state;
  static const int32_t leaders[] = {0, 1, 2};
  struct lengths lengths = {{0, 3, 1}};
  struct ktxn__partitioner_load load = {3, leaders, length, &lengths, false};
  uint32_t counts[3];
  count_draws(&load, 30000, counts);
  for (int i = 0; i < 3; i++) {
    assert_in_range(counts[i], 9000, 11000);
  }
  load.adaptive = true;
  lengths.of[2] = UINT32_MAX; /* never had a batch */
  count_draws(&load, 30000, counts);
  for (int i = 0; i < 3; i++) {
    assert_in_range(counts[i], 9000, 11000);
  }
}

static void test_partitions_without_leader_are_avoided(void **state) {
  (void)state;
  int32_t leaders[] = {0, -1, 2};
  struct lengths lengths = {{5, 0, 5}};
  struct ktxn__partitioner_load load = {3, leaders, length, &lengths, true};
  uint32_t counts[3];
  count_draws(&load, 10000, counts);
  assert_int_equal(counts[1], 0);
  assert_in_range(counts[0], 4500, 5500);
  leaders[0] = leaders[2] = -1; /* nobody has one: all of them */
  lengths.of[1] = 5;
  count_draws(&load, 30000, counts);
  for (int i = 0; i < 3; i++) {
    assert_in_range(counts[i], 9000, 11000);
  }
}

static void test_large_topics_are_sampled(void **state) {
  (void)state;
  static int32_t leaders[512];
  static struct lengths lengths;
  static uint32_t counts[512];
  for (uint32_t i = 0; i < 512; i++) {
    leaders[i] = i % 2 == 0 ? 1 : -1;
    lengths.of[i] = i < 256 ? 0 : 9;
  }
  struct ktxn__partitioner_load load = {512, leaders, length, &lengths, true};
  count_draws(&load, 51200, counts);
  uint32_t short_ones = 0;
  for (uint32_t i = 0; i < 512; i++) {
    if (i % 2 == 1) {
      assert_true(counts[i] < 51200 / 512); /* only when none of those drawn has a leader */
    }
    short_ones += i < 256 ? counts[i] : 0;
  }
  assert_true(short_ones > 51200 * 6 / 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_keys_go_where_java_sends_them),
      cmocka_unit_test(test_short_queues_are_preferred),
      cmocka_unit_test(test_uniform_without_adaptive_or_without_all_queues),
      cmocka_unit_test(test_partitions_without_leader_are_avoided),
      cmocka_unit_test(test_large_topics_are_sampled),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
