#include "engine_fixture.h"

#include "sdk/wire/record_batch.h"

/*
 * The fate of each request, byte by byte: a connection that ends after any number of bytes of a request, or of its answer.
 * Two commits and an abort with offsets; after every fault all calls succeed, and the log has each record once, in order.
 */

struct written {
  int16_t epoch;
  int32_t sequence;
  char value;
  bool open;
};

/* One partition of the broker's log; a copy of a batch is known by its epoch and sequence. */
static struct log {
  struct written batches[64];
  size_t count;
  char visible[16]; /* values of committed batches */
} logs[2];

static void append(struct world *world, int32_t partition, const struct ktxn__bytes *bytes) {
  struct log *log = &logs[partition];
  struct ktxn__reader reader;
  struct ktxn__record_batch batch;
  struct ktxn__record_batch_record record;
  (void)world;
  ktxn__reader_init(&reader, bytes->data, (size_t)bytes->len);
  assert_true(ktxn__record_batch_read(&reader, &batch) && batch.crc_right && batch.count == 1);
  assert_true(ktxn__record_batch_next(&batch, &record));
  for (size_t i = 0; i < log->count; i++) {
    if (log->batches[i].epoch == batch.producer_epoch && log->batches[i].sequence == batch.base_sequence) {
      assert_int_equal(log->batches[i].value, record.value.data[0]);
      return;
    }
  }
  assert_true(log->count < sizeof log->batches / sizeof *log->batches);
  log->batches[log->count++] = (struct written){batch.producer_epoch, batch.base_sequence, (char)record.value.data[0], true};
}

/* What the last EndTxn made of what is open; a repeated one finds nothing. */
static void settle_logs(const struct world *world) {
  for (size_t p = 0; p < 2; p++) {
    for (size_t i = 0; i < logs[p].count; i++) {
      struct written *batch = &logs[p].batches[i];
      if (batch->open && world->committed) {
        logs[p].visible[strlen(logs[p].visible)] = batch->value;
      }
      batch->open = false;
    }
  }
}

static void begin(struct world *world) {
  ktxn_error error;
  assert_int_equal(ktxn__accumulator_begin(world->acc, &error), 0);
}

static void send_offsets(struct world *world) {
  bool done = false;
  ktxn_offset offset = {"in", 0, 5, -1, NULL};
  ktxn_group group = {"g", -1, NULL, NULL};
  struct ktxn__op op = {
      .type = KTXN__OP_OFFSETS, .offsets = &offset, .offset_count = 1, .group = &group, .done = world_done, .owner = &done};
  ktxn__sender_submit(world->sender, &op, world->now_us);
  assert_true(world_run(world, &done, 600000000));
  assert_int_equal(op.error.code, 0);
}

static void end(struct world *world, bool commit) {
  assert_int_equal(world_end(world, commit).code, 0);
  settle_logs(world);
}

static void workload(struct world *world) {
  assert_int_equal(world_do(world, KTXN__OP_INIT).code, 0);
  begin(world);
  assert_int_equal(world_send(world, "t", 0, "a"), KTXN__APPEND_DONE);
  assert_int_equal(world_send(world, "t", 1, "b"), KTXN__APPEND_DONE);
  send_offsets(world);
  end(world, true);
  begin(world);
  assert_int_equal(world_send(world, "t", 0, "c"), KTXN__APPEND_DONE);
  world_run(world, NULL, 50000); /* so that there is something to abort */
  end(world, false);
  begin(world);
  assert_int_equal(world_send(world, "t", 0, "d"), KTXN__APPEND_DONE);
  end(world, true);
  assert_string_equal(logs[0].visible, "ad");
  assert_string_equal(logs[1].visible, "b");
  assert_int_equal(world->failures, 0);
}

static struct world *open_world(void) {
  static struct world world;
  static char id[] = "tx";
  world_init(&world, id);
  world.produced = append;
  memset(logs, 0, sizeof logs);
  assert_true(world_open(&world));
  return &world;
}

/* The bytes of the frame that the fault met. */
static size_t run_with(struct world_fault fault) {
  struct world *world = open_world();
  world->fault = fault;
  workload(world);
  size_t size = world->fault.size;
  assert_true(world->connects > 2 || fault.at >= size); /* the one to the address, the one to the node */
  world_close_all(world);
  return size;
}

static const struct {
  int16_t api;
  unsigned nth;
  size_t size_min; /* of a request: so that the test is seen to have met it */
} requests[] = {
    {KTXN__API_API_VERSIONS, 1, 14},       {KTXN__API_METADATA, 1, 20},         {KTXN__API_FIND_COORDINATOR, 1, 20},
    {KTXN__API_FIND_COORDINATOR, 2, 20}, /* of the group */
    {KTXN__API_INIT_PRODUCER_ID, 1, 30},   {KTXN__API_ADD_PARTITIONS_TO_TXN, 1, 40},
    {KTXN__API_PRODUCE, 1, 100},           {KTXN__API_ADD_OFFSETS_TO_TXN, 1, 30}, {KTXN__API_TXN_OFFSET_COMMIT, 1, 50},
    {KTXN__API_END_TXN, 1, 30}, /* commit */ {KTXN__API_END_TXN, 2, 30}, /* abort */
};

static void cut_everywhere(bool answer) {
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
    struct world_fault fault = {.api = requests[i].api, .nth = requests[i].nth, .answer = answer};
    size_t size = 1;
    for (fault.at = 0; fault.at < size; fault.at++) {
      size = run_with(fault);
      assert_true(size > (answer ? 10 : requests[i].size_min));
    }
  }
}

static void test_F01_F02_request_cut_after_every_byte(void **state) {
  (void)state;
  cut_everywhere(false);
}

static void test_F03_F07_answer_cut_after_every_byte(void **state) {
  (void)state;
  cut_everywhere(true);
}

static void test_F11_one_byte_at_a_time(void **state) {
  (void)state;
  struct world *world = open_world();
  world->dribble = true;
  workload(world);
  world_close_all(world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_F01_F02_request_cut_after_every_byte),
      cmocka_unit_test(test_F03_F07_answer_cut_after_every_byte),
      cmocka_unit_test(test_F11_one_byte_at_a_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
