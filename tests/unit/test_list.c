#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/list.h"

struct item {
  int number;
  struct ktxn__list link;
};

static struct item items[5];

static void setup_list(struct ktxn__list *head) {
  ktxn__list_init(head);
  for (int i = 0; i < 5; i++) {
    items[i].number = i;
    ktxn__list_init(&items[i].link);
  }
}

/* The numbers in the list as decimal digits behind a 1; walks both ways. */
static int digits(const struct ktxn__list *head) {
  int forward = 1;
  const struct ktxn__list *last = NULL;
  for (struct ktxn__list *link = ktxn__list_first(head); link != NULL; link = ktxn__list_next(head, link)) {
    forward = forward * 10 + KTXN__LIST_OF(link, struct item, link)->number;
    assert_ptr_equal(link->next->prev, link);
    last = link;
  }
  assert_ptr_equal(ktxn__list_last(head), last);
  return forward;
}

static void elements_keep_their_order(void **state) {
  (void)state;
  struct ktxn__list head;
  setup_list(&head);
  assert_true(ktxn__list_empty(&head));
  assert_null(ktxn__list_pop(&head));
  ktxn__list_push_back(&head, &items[1].link);
  ktxn__list_push_back(&head, &items[2].link);
  ktxn__list_push_front(&head, &items[0].link);
  ktxn__list_insert_before(&items[2].link, &items[4].link);
  assert_int_equal(digits(&head), 10142);
  assert_ptr_equal(ktxn__list_pop(&head), &items[0].link);
  assert_int_equal(digits(&head), 1142);
  assert_true(ktxn__list_empty(&items[0].link));
}

static void removing_twice_does_no_harm(void **state) {
  (void)state;
  struct ktxn__list head;
  setup_list(&head);
  for (int i = 0; i < 3; i++) {
    ktxn__list_push_back(&head, &items[i].link);
  }
  ktxn__list_remove(&items[1].link);
  ktxn__list_remove(&items[1].link);
  assert_int_equal(digits(&head), 102);
  ktxn__list_remove(&items[0].link);
  ktxn__list_remove(&items[2].link);
  assert_true(ktxn__list_empty(&head));
}

static void lists_are_joined(void **state) {
  (void)state;
  struct ktxn__list head;
  struct ktxn__list other;
  setup_list(&head);
  ktxn__list_init(&other);
  ktxn__list_splice_back(&head, &other);
  assert_int_equal(digits(&head), 1);
  ktxn__list_push_back(&other, &items[3].link);
  ktxn__list_push_back(&other, &items[4].link);
  ktxn__list_splice_back(&head, &other);
  assert_true(ktxn__list_empty(&other));
  assert_int_equal(digits(&head), 134);
  ktxn__list_push_back(&other, &items[2].link);
  ktxn__list_splice_back(&head, &other);
  assert_int_equal(digits(&head), 1342);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(elements_keep_their_order),
      cmocka_unit_test(removing_twice_does_no_harm),
      cmocka_unit_test(lists_are_joined),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
