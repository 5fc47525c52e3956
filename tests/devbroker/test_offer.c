/* What the releases offer. tests/kafka/test_embedded.py holds the tables against running brokers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sdk/devbroker/api.h"
#include "sdk/devbroker/offer.h"

/* Every offered version can be read, but for the Produce versions below 3 that Kafka 4 says and doesn't take. */
static void test_what_is_offered_is_taken(void **state) {
  (void)state;
  for (int release = 0; release < KTXN__MODEL_RELEASES; release++) {
    struct ktxn__offer offers[KTXN__OFFER_MAX];
    const int32_t count = ktxn__offer_list((enum ktxn__model_release)release, offers);
    assert_true(count > 25 && count <= KTXN__OFFER_MAX);
    for (int32_t i = 0; i < count; i++) {
      assert_true(i == 0 || offers[i].key > offers[i - 1].key);
      for (int16_t version = offers[i].first; version <= offers[i].last; version++) {
        const bool unread = offers[i].key == KTXN__MSG_PRODUCE && version < 3;
        assert_int_equal(ktxn__offer_takes((enum ktxn__model_release)release, offers[i].key, version), !unread);
      }
      assert_false(ktxn__offer_takes((enum ktxn__model_release)release, offers[i].key, (int16_t)(offers[i].last + 1)));
    }
  }
}

static void test_releases_differ(void **state) {
  (void)state;
  assert_true(ktxn__offer_takes(KTXN__MODEL_4_0, KTXN__MSG_END_TXN, 5));
  assert_false(ktxn__offer_takes(KTXN__MODEL_3_9, KTXN__MSG_END_TXN, 5));
  assert_false(ktxn__offer_takes(KTXN__MODEL_2_8, KTXN__MSG_DESCRIBE_TRANSACTIONS, 0));
  assert_false(ktxn__offer_takes(KTXN__MODEL_2_5, KTXN__MSG_WRITE_TXN_MARKERS, 0));
  assert_false(ktxn__offer_takes(KTXN__MODEL_4_4, KTXN__MSG_INIT_PRODUCER_ID, 6));
  assert_false(ktxn__offer_takes(KTXN__MODEL_4_4, KTXN__MSG_FETCH, 3));
  assert_false(ktxn__offer_takes(KTXN__MODEL_4_4, 1000, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_offered_is_taken),
      cmocka_unit_test(test_releases_differ),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
