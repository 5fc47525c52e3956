#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "sdk/base/mem.h"
#include "sdk/engine/op.h"

static const ktxn_offset offsets[] = {
    {"orders", 0, 100, 3, "position a"},
    {"orders", 1, 200, -1, NULL},
};
static const ktxn_group group = {"g", 7, "member", NULL};

static void copies_outlive_their_originals(void **state) {
  (void)state;
  struct ktxn__mem mem;
  ktxn__mem_init(&mem, 0);
  char topic[] = "orders";
  char name[] = "g";
  ktxn_offset offset = {topic, 0, 5, -1, NULL};
  ktxn_group owner = {name, -1, NULL, "instance"};
  struct ktxn__op *op = ktxn__op_new(&mem, KTXN__OP_OFFSETS);
  assert_non_null(op);
  assert_true(ktxn__op_set_offsets(&mem, op, &offset, 1, &owner));
  memset(topic, 'x', sizeof topic - 1);
  memset(name, 'x', sizeof name - 1);
  assert_int_equal(op->offset_count, 1);
  assert_string_equal(op->offsets[0].topic, "orders");
  assert_null(op->offsets[0].metadata);
  assert_string_equal(op->group->group_id, "g");
  assert_null(op->group->member_id);
  assert_string_equal(op->group->group_instance_id, "instance");
  ktxn__op_free(&mem, op);
  assert_int_equal(ktxn__mem_used(&mem), 0);
}

static void a_second_copy_replaces_the_first(void **state) {
  (void)state;
  struct ktxn__mem mem;
  ktxn__mem_init(&mem, 0);
  struct ktxn__op *op = ktxn__op_new(&mem, KTXN__OP_OFFSETS);
  assert_true(ktxn__op_set_offsets(&mem, op, offsets, 2, &group));
  assert_true(ktxn__op_set_offsets(&mem, op, offsets, 1, &group));
  assert_int_equal(op->offset_count, 1);
  ktxn__op_free(&mem, op);
  assert_int_equal(ktxn__mem_used(&mem), 0);
}

static void same_offsets_means_every_field(void **state) {
  (void)state;
  struct ktxn__mem mem;
  ktxn__mem_init(&mem, 0);
  struct ktxn__op *op = ktxn__op_new(&mem, KTXN__OP_OFFSETS);
  assert_false(ktxn__op_same_offsets(op, offsets, 2, &group)); /* it has none yet */
  assert_true(ktxn__op_set_offsets(&mem, op, offsets, 2, &group));
  assert_true(ktxn__op_same_offsets(op, offsets, 2, &group));
  assert_false(ktxn__op_same_offsets(op, offsets, 1, &group));
  for (int field = 0; field < 8; field++) {
    ktxn_offset changed[2] = {offsets[0], offsets[1]};
    ktxn_group other = group;
    switch (field) {
      case 0: changed[0].topic = "other"; break;
      case 1: changed[0].partition = 9; break;
      case 2: changed[1].offset = 201; break;
      case 3: changed[1].leader_epoch = 4; break;
      case 4: changed[1].metadata = ""; break;
      case 5: other.group_id = "h"; break;
      case 6: other.generation = 8; break;
      default: other.group_instance_id = "i"; break;
    }
    assert_false(ktxn__op_same_offsets(op, changed, 2, &other));
  }
  ktxn__op_free(&mem, op);
}

static void short_memory_changes_nothing(void **state) {
  (void)state;
  struct ktxn__mem mem;
  ktxn__mem_init(&mem, 0);
  ktxn__mem_fail(&mem, 1, false);
  assert_null(ktxn__op_new(&mem, KTXN__OP_FLUSH));
  ktxn__mem_fail(&mem, 0, false);
  struct ktxn__op *op = ktxn__op_new(&mem, KTXN__OP_OFFSETS);
  assert_true(ktxn__op_set_offsets(&mem, op, offsets, 1, &group));
  ktxn__mem_fail(&mem, 1, false);
  assert_false(ktxn__op_set_offsets(&mem, op, offsets, 2, &group));
  ktxn__mem_fail(&mem, 0, false);
  assert_int_equal(op->offset_count, 1);
  assert_string_equal(op->offsets[0].topic, "orders");
  ktxn__op_free(&mem, op);
  ktxn__op_free(&mem, NULL);
  assert_int_equal(ktxn__mem_used(&mem), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(copies_outlive_their_originals),
      cmocka_unit_test(a_second_copy_replaces_the_first),
      cmocka_unit_test(same_offsets_means_every_field),
      cmocka_unit_test(short_memory_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
