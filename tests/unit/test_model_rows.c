/** What Apache Kafka 2.8, 3.9 and 4.4 answered to raw requests, row by row, against the model. */

#include "model_fixture.h"

/* V1: 3.9, and 4.4 at level 1, which agree. V2: 4.4 at level 2. */
#define EACH_V1(world, code)                                                      \
  do {                                                                            \
    struct world worlds_[] = {world_of(KTXN__MODEL_3_9, 0), world_of(KTXN__MODEL_4_4, 1), world_of(KTXN__MODEL_4_4, 0)}; \
    for (size_t i_ = 0; i_ < sizeof worlds_ / sizeof worlds_[0]; i_++) {          \
      struct world *world = &worlds_[i_];                                         \
      code;                                                                       \
      end_world(world);                                                           \
    }                                                                             \
  } while (0)

static struct world v2_world(void) {
  return world_of(KTXN__MODEL_4_4, 2);
}

static void smoke(void **state) {
  (void)state;
  struct world w = v2_world();
  struct identity me = init(&w);
  assert_int_equal(me.code, 0);
  assert_int_equal(me.epoch, 0);
  open_txn(&w, me, 0);
  struct identity next = end_txn(&w, me, true);
  assert_int_equal(next.code, 0);
  assert_int_equal(next.epoch, 1);
  assert_true(visible(&w, 0));
  end_world(&w);
  EACH_V1(world, {
    struct identity old = init(world);
    open_txn(world, old, 0);
    assert_false(visible(world, 0));
    assert_int_equal(end_txn(world, old, true).code, 0);
    assert_true(visible(world, 0));
  });
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(smoke),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
