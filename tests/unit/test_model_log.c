/** Partition logs: sequences, the window of five, transactions, watermarks, and what readers get. */

#include "model_fixture.h"

#include "sdk/devbroker/model_log.h"

static struct ktxn__model_batch batch_of(int16_t epoch, int32_t sequence, int32_t count) {
  return (struct ktxn__model_batch){
      .producer_id = 1, .producer_epoch = epoch, .base_sequence = sequence, .record_count = count, .max_timestamp_ms = 1};
}

static struct ktxn__model_producer empty_producer(void) {
  return (struct ktxn__model_producer){.id = 1, .epoch = -1, .coordinator_epoch = -1, .txn_first = -1};
}

static const struct ktxn__model_admission plain = {.client = true};

static void note(struct ktxn__model_producer *producer, struct ktxn__model_batch batch, int64_t offset) {
  struct ktxn__model_entry entry = {.base_offset = offset,
                                    .last_offset = offset + batch.record_count - 1,
                                    .producer_id = 1,
                                    .producer_epoch = batch.producer_epoch,
                                    .base_sequence = batch.base_sequence};
  ktxn__model_producer_note(producer, &entry);
}

static int admit(const struct ktxn__model_producer *producer, int16_t epoch, int32_t sequence, int32_t count) {
  struct ktxn__model_batch batch = batch_of(epoch, sequence, count);
  return ktxn__model_producer_admit(producer, &batch, &plain);
}

static void sequences_wrap(void **state) {
  (void)state;
  assert_int_equal(ktxn__model_sequence_last(0, 1), 0);
  assert_int_equal(ktxn__model_sequence_last(INT32_MAX, 1), INT32_MAX);
  assert_int_equal(ktxn__model_sequence_last(INT32_MAX, 2), 0);
  assert_int_equal(ktxn__model_sequence_last(INT32_MAX - 7, 11), 2);
  struct ktxn__model_producer producer = empty_producer();
  note(&producer, batch_of(0, INT32_MAX - 1, 2), 0);
  assert_int_equal(admit(&producer, 0, 0, 1), 0);
  assert_int_equal(admit(&producer, 0, 1, 1), KTXN__MODEL_OUT_OF_ORDER_SEQUENCE_NUMBER);
  note(&producer, batch_of(0, INT32_MAX - 1, 4), 2); /* straddles the wrap */
  assert_int_equal(admit(&producer, 0, 2, 1), 0);
}

static void the_next_sequence_or_none(void **state) {
  (void)state;
  struct ktxn__model_producer producer = empty_producer();
  note(&producer, batch_of(3, 0, 5), 0);
  assert_int_equal(admit(&producer, 3, 5, 1), 0);
  assert_int_equal(admit(&producer, 3, 6, 1), KTXN__MODEL_OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert_int_equal(admit(&producer, 3, 4, 1), KTXN__MODEL_OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert_int_equal(admit(&producer, 2, 0, 1), KTXN__MODEL_INVALID_PRODUCER_EPOCH);
  assert_int_equal(admit(&producer, 4, 0, 1), 0);
  assert_int_equal(admit(&producer, 4, 1, 1), KTXN__MODEL_OUT_OF_ORDER_SEQUENCE_NUMBER);
}

static void an_unknown_producer_may_begin_anywhere_but_not_under_v2(void **state) {
  (void)state;
  struct ktxn__model_batch batch = batch_of(0, 9, 1);
  assert_int_equal(ktxn__model_producer_admit(NULL, &batch, &plain), 0);
  struct ktxn__model_admission strict = {.client = true, .must_start = true};
  assert_int_equal(ktxn__model_producer_admit(NULL, &batch, &strict), KTXN__MODEL_OUT_OF_ORDER_SEQUENCE_NUMBER);
  batch.base_sequence = 0;
  assert_int_equal(ktxn__model_producer_admit(NULL, &batch, &strict), 0);
}

static void five_batches_are_remembered(void **state) {
  (void)state;
  struct ktxn__model_producer producer = empty_producer();
  for (int32_t i = 0; i < 6; i++) {
    note(&producer, batch_of(0, i, 1), 10 + i);
  }
  struct ktxn__model_batch batch = batch_of(0, 0, 1);
  assert_null(ktxn__model_producer_duplicate(&producer, &batch)); /* too old: out of order, not a duplicate */
  assert_int_equal(admit(&producer, 0, 0, 1), KTXN__MODEL_OUT_OF_ORDER_SEQUENCE_NUMBER);
  for (int32_t i = 1; i < 6; i++) {
    batch.base_sequence = i;
    const struct ktxn__model_window *known = ktxn__model_producer_duplicate(&producer, &batch);
    assert_non_null(known);
    assert_int_equal(known->base_offset, 10 + i);
  }
  batch.record_count = 2; /* the same first sequence, another last one */
  assert_null(ktxn__model_producer_duplicate(&producer, &batch));
  batch = batch_of(1, 5, 1);
  assert_null(ktxn__model_producer_duplicate(&producer, &batch));
}

static void a_batch_of_an_older_epoch_is_no_duplicate(void **state) {
  (void)state;
  struct ktxn__model_producer producer = empty_producer();
  note(&producer, batch_of(1, 0, 1), 0);
  struct ktxn__model_batch batch = batch_of(0, 0, 1);
  assert_null(ktxn__model_producer_duplicate(&producer, &batch));
  assert_int_equal(admit(&producer, 0, 0, 1), KTXN__MODEL_INVALID_PRODUCER_EPOCH);
}

static void a_plain_batch_in_an_open_transaction(void **state) {
  (void)state;
  struct ktxn__model_producer producer = empty_producer();
  note(&producer, batch_of(0, 0, 1), 0);
  assert_int_equal(admit(&producer, 0, 1, 1), 0);
  producer.txn_first = 0;
  assert_int_equal(admit(&producer, 0, 1, 1), KTXN__MODEL_INVALID_TXN_STATE);
}

static void markers_need_a_fitting_epoch(void **state) {
  (void)state;
  struct ktxn__model_producer producer = empty_producer();
  note(&producer, batch_of(4, 0, 1), 0);
  assert_int_equal(ktxn__model_producer_admit_marker(&producer, 3, 0, false), KTXN__MODEL_INVALID_PRODUCER_EPOCH);
  assert_int_equal(ktxn__model_producer_admit_marker(&producer, 4, 0, false), 0);
  assert_int_equal(ktxn__model_producer_admit_marker(&producer, 4, 0, true), KTXN__MODEL_INVALID_PRODUCER_EPOCH);
  assert_int_equal(ktxn__model_producer_admit_marker(&producer, 5, 0, true), 0);
  struct ktxn__model_entry marker = {.marker = true, .producer_epoch = 4, .coordinator_epoch = 7, .base_sequence = -1};
  ktxn__model_producer_note(&producer, &marker);
  assert_int_equal(ktxn__model_producer_admit_marker(&producer, 4, 6, false), KTXN__MODEL_TRANSACTION_COORDINATOR_FENCED);
}

/* ---- in a cluster ---- */

static int16_t plain_produce(struct world *world, int64_t id, int32_t sequence, int64_t *offset) {
  struct producing request;
  producing(&request, world, (struct identity){.id = id, .epoch = (int16_t)(id < 0 ? -1 : 0)}, 0, sequence, 1);
  request.partition.batch.transactional = false;
  request.request.produce.transactional_id = KTXN__STR_NULL;
  return produced(world, call(world, &request.request), offset);
}

static void a_repeated_batch_has_its_first_offset(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  int64_t offset = -1;
  assert_int_equal(plain_produce(&world, 7, 0, &offset), 0);
  assert_int_equal(plain_produce(&world, -1, -1, &offset), 0);
  assert_int_equal(offset, 1);
  assert_int_equal(plain_produce(&world, 7, 1, &offset), 0);
  assert_int_equal(plain_produce(&world, 7, 0, &offset), 0);
  assert_int_equal(offset, 0);
  assert_int_equal(plain_produce(&world, 7, 3, &offset), KTXN__MODEL_OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert_int_equal(offset, -1);
  end_world(&world);
}

static struct ktxn__model_log_ends ends_of(struct world *world) {
  struct ktxn__model_log_ends ends;
  assert_true(ktxn__model_log_ends(world->model, KTXN__STR(TOPIC), 0, &ends));
  return ends;
}

static void an_open_transaction_holds_readers_back(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  int64_t offset;
  assert_int_equal(plain_produce(&world, -1, -1, &offset), 0);
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  assert_int_equal(plain_produce(&world, -1, -1, &offset), 0);
  assert_int_equal(ends_of(&world).last_stable, 1);
  assert_int_equal(ends_of(&world).high_watermark, 3);
  assert_true(visible(&world, 0));
  assert_false(visible(&world, 2));
  end_txn(&world, me, false);
  assert_int_equal(ends_of(&world).last_stable, 4);
  assert_false(visible(&world, 1));
  assert_true(visible(&world, 2));
  end_world(&world);
}

/* The marker is written, but not replicated: it may still be lost, so the transaction isn't over for readers. */
static void a_marker_counts_when_it_is_replicated(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.delay_us[KTXN__MODEL_DELAY_REPLICA] = 1000;
  struct world world = world_with(config, true);
  struct identity me = init(&world);
  open_txn(&world, me, 0);
  assert_int_equal(end_txn(&world, me, true).code, 0);
  assert_int_equal(ends_of(&world).end, 2);
  assert_int_equal(ends_of(&world).last_stable, 0);
  pass(&world, 1000);
  assert_int_equal(ends_of(&world).last_stable, 2);
  end_world(&world);
}

static void an_acknowledgement_waits_for_replicas(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.delay_us[KTXN__MODEL_DELAY_REPLICA] = 1000;
  struct world world = world_with(config, true);
  struct producing request;
  producing(&request, &world, (struct identity){.id = -1, .epoch = -1}, 0, -1, 1);
  request.partition.batch.transactional = false;
  submit(&world, &request.request);
  assert_null(ktxn__model_take(world.model));
  request.request.produce.acks = 1;
  assert_int_equal(produced(&world, call(&world, &request.request), NULL), 0);
  assert_int_equal(world.now_us, 0);
  request.request.produce.acks = 0;
  struct ktxn__model_answer *answer = call(&world, &request.request);
  assert_true(answer->silent);
  assert_false(answer->close);
  ktxn__model_release(world.model, answer);
  assert_int_equal(produced(&world, await(&world), NULL), 0);
  assert_int_equal(world.now_us, 1000);
  end_world(&world);
}

static struct ktxn__model_request fetch_request(struct ktxn__model_fetch_topic *topic, struct ktxn__model_fetch_partition *partition) {
  *topic = (struct ktxn__model_fetch_topic){.topic = {.name = KTXN__STR(TOPIC)}, .partitions = partition, .partition_count = 1};
  return (struct ktxn__model_request){
      .api = KTXN__MODEL_FETCH,
      .version = 12,
      .fetch = {.max_wait_ms = 500, .min_bytes = 1, .max_bytes = 1000, .topics = topic, .topic_count = 1}};
}

static void a_fetch_waits_for_something_to_read(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  struct ktxn__model_fetch_partition partition = {.current_leader_epoch = -1, .max_bytes = 1000};
  struct ktxn__model_fetch_topic topic;
  struct ktxn__model_request fetch = fetch_request(&topic, &partition);
  struct ktxn__model_answer *answer = call(&world, &fetch);
  assert_int_equal(world.now_us, 500000);
  assert_int_equal(answer->fetch.topics[0].partitions[0].entry_count, 0);
  ktxn__model_release(world.model, answer);

  submit(&world, &fetch);
  assert_null(ktxn__model_take(world.model));
  struct producing request;
  producing(&request, &world, (struct identity){.id = -1, .epoch = -1}, 0, -1, 3);
  request.partition.batch.transactional = false;
  submit(&world, &request.request);
  answer = await(&world); /* the fetch, or the produce: both are ready */
  struct ktxn__model_answer *other = await(&world);
  assert_int_equal(world.now_us, 500000);
  struct ktxn__model_answer *fetched = answer->api == KTXN__MODEL_FETCH ? answer : other;
  const struct ktxn__model_fetched *out = &fetched->fetch.topics[0].partitions[0];
  assert_int_equal(out->entry_count, 1);
  assert_int_equal(out->entries[0]->last_offset, 2);
  assert_int_equal(out->entries[0]->size, 21);
  assert_memory_equal(out->entries[0]->bytes, "a record batch, or so", 21);
  assert_int_equal(out->aborted_count, -1);
  ktxn__model_release(world.model, answer);
  ktxn__model_release(world.model, other);
  end_world(&world);
}

static int16_t fetch_code(struct world *world, int64_t offset, int32_t leader_epoch) {
  struct ktxn__model_fetch_partition partition = {.current_leader_epoch = leader_epoch, .fetch_offset = offset, .max_bytes = 1000};
  struct ktxn__model_fetch_topic topic;
  struct ktxn__model_request fetch = fetch_request(&topic, &partition);
  fetch.fetch.max_wait_ms = 0;
  struct ktxn__model_answer *answer = call(world, &fetch);
  int16_t code = answer->fetch.topics[0].partitions[0].code;
  ktxn__model_release(world->model, answer);
  return code;
}

static void a_fetch_out_of_place_is_refused(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  int64_t offset;
  for (int i = 0; i < 3; i++) {
    assert_int_equal(plain_produce(&world, -1, -1, &offset), 0);
  }
  assert_int_equal(fetch_code(&world, 3, -1), 0);
  assert_int_equal(fetch_code(&world, 4, -1), KTXN__MODEL_OFFSET_OUT_OF_RANGE);
  assert_true(ktxn__model_trim(world.model, KTXN__STR(TOPIC), 0, 2));
  assert_int_equal(fetch_code(&world, 1, -1), KTXN__MODEL_OFFSET_OUT_OF_RANGE);
  assert_int_equal(fetch_code(&world, 2, 0), 0);
  assert_int_equal(fetch_code(&world, 2, 1), KTXN__MODEL_UNKNOWN_LEADER_EPOCH);
  assert_true(ktxn__model_move_leader(world.model, world.now_us, KTXN__STR(TOPIC), 0, -1));
  assert_true(ktxn__model_move_leader(world.model, world.now_us, KTXN__STR(TOPIC), 0, 0));
  assert_int_equal(fetch_code(&world, 2, 0), KTXN__MODEL_FENCED_LEADER_EPOCH);
  end_world(&world);
}

static void one_batch_is_given_however_large(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  int64_t offset;
  for (int i = 0; i < 3; i++) {
    assert_int_equal(plain_produce(&world, -1, -1, &offset), 0);
  }
  struct ktxn__model_fetch_partition partition = {.current_leader_epoch = -1, .max_bytes = 1};
  struct ktxn__model_fetch_topic topic;
  struct ktxn__model_request fetch = fetch_request(&topic, &partition);
  struct ktxn__model_answer *answer = call(&world, &fetch);
  assert_int_equal(answer->fetch.topics[0].partitions[0].entry_count, 1);
  ktxn__model_release(world.model, answer);
  partition.max_bytes = 42;
  answer = call(&world, &fetch);
  assert_int_equal(answer->fetch.topics[0].partitions[0].entry_count, 2);
  ktxn__model_release(world.model, answer);
  end_world(&world);
}

/* Two producers, whose transactions overlap: a reader from the middle hears of those that concern what it gets. */
static void aborted_transactions_are_listed_where_they_matter(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  struct identity me = init(&world);
  int64_t offset;
  open_txn(&world, me, 0); /* 0 */
  assert_int_equal(plain_produce(&world, -1, -1, &offset), 0); /* 1 */
  me = end_txn(&world, me, false); /* 2 */
  open_txn(&world, me, 0); /* 3 */
  me = end_txn(&world, me, true); /* 4 */
  open_txn(&world, me, 0); /* 5 */
  me = end_txn(&world, me, false); /* 6 */
  struct ktxn__model_fetch_partition partition = {.current_leader_epoch = -1, .fetch_offset = 3, .max_bytes = 1000};
  struct ktxn__model_fetch_topic topic;
  struct ktxn__model_request fetch = fetch_request(&topic, &partition);
  fetch.fetch.read_committed = true;
  struct ktxn__model_answer *answer = call(&world, &fetch);
  const struct ktxn__model_fetched *out = &answer->fetch.topics[0].partitions[0];
  assert_int_equal(out->aborted_count, 1);
  assert_int_equal(out->aborted[0].first_offset, 5);
  assert_int_equal(out->entry_count, 4);
  assert_int_equal(out->last_stable_offset, 7);
  ktxn__model_release(world.model, answer);
  assert_true(visible(&world, 3));
  assert_false(visible(&world, 0));
  assert_false(visible(&world, 5));
  assert_true(visible(&world, 1));
  end_world(&world);
}

static void batches_are_judged_before_they_are_written(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  struct identity me = init(&world);
  struct producing request;
  producing(&request, &world, me, 0, 0, 1);
  request.partition.batch.code = KTXN__MODEL_INVALID_RECORD;
  assert_int_equal(produced(&world, call(&world, &request.request), NULL), KTXN__MODEL_INVALID_RECORD);
  producing(&request, &world, me, 0, 0, 1);
  request.request.produce.transactional_id = KTXN__STR_NULL;
  assert_int_equal(produced(&world, call(&world, &request.request), NULL), KTXN__MODEL_TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  producing(&request, &world, me, 0, 0, 1);
  request.partition.batch.size = 2000000;
  assert_int_equal(produced(&world, call(&world, &request.request), NULL), KTXN__MODEL_MESSAGE_TOO_LARGE);
  producing(&request, &world, me, 9, 0, 1);
  assert_int_equal(produced(&world, call(&world, &request.request), NULL), KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION);
  producing(&request, &world, me, 0, 0, 1);
  request.request.produce.acks = 2;
  assert_int_equal(produced(&world, call(&world, &request.request), NULL), KTXN__MODEL_INVALID_REQUIRED_ACKS);
  assert_int_equal(ends_of(&world).end, 0);
  end_world(&world);
}

/* Verification (KIP-890): 120 for those who know it; nothing for who asks while the transaction is open. */
static void verification_has_words_for_each_version(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 1);
  struct identity me = init(&world);
  struct producing request;
  producing(&request, &world, me, 0, 0, 1);
  request.request.version = 11;
  assert_int_equal(produced(&world, call(&world, &request.request), NULL), KTXN__MODEL_TRANSACTION_ABORTABLE);
  request.request.version = 10;
  assert_int_equal(produced(&world, call(&world, &request.request), NULL), KTXN__MODEL_INVALID_TXN_STATE);
  ktxn__model_set_verification(world.model, false);
  assert_int_equal(produced(&world, call(&world, &request.request), NULL), 0);
  end_world(&world);
}

/* The coordinator can't be asked: the client is told something that it retries without a search for metadata. */
static void a_question_without_a_coordinator(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  struct identity me = init(&world);
  int32_t part = ktxn__model_txn_partition(world.model, KTXN__STR(ID));
  assert_true(ktxn__model_move_txn(world.model, world.now_us, part, -1));
  assert_int_equal(produce(&world, me, 0), KTXN__MODEL_NOT_ENOUGH_REPLICAS);
  end_world(&world);
}

/* A marker that comes between a question and its answer makes the answer worthless: no hanging transaction (KIP-890). */
static void an_answer_that_a_marker_has_overtaken(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.transaction_version = 1;
  config.delay_us[KTXN__MODEL_DELAY_VERIFY] = 1000;
  struct world world = world_with(config, false);
  struct identity me = init(&world);
  assert_int_equal(add_partition(&world, me, 0), 0);
  struct producing request;
  submit(&world, producing(&request, &world, me, 0, 0, 1));
  assert_int_equal(end_txn(&world, me, false).code, 0);
  assert_int_equal(add_partition(&world, me, 0), 0); /* the next one has the partition, too */
  assert_int_equal(produced(&world, await(&world), NULL), KTXN__MODEL_INVALID_TXN_STATE);
  end_world(&world);
}

static void producers_that_are_forgotten(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  int64_t offset;
  assert_int_equal(plain_produce(&world, 7, 0, &offset), 0);
  assert_int_equal(plain_produce(&world, 7, 5, &offset), KTXN__MODEL_OUT_OF_ORDER_SEQUENCE_NUMBER);
  ktxn__model_expire_producers(world.model, world.now_us, 86400000);
  assert_int_equal(plain_produce(&world, 7, 5, &offset), 0);
  end_world(&world);
}

static void an_open_transaction_is_not_forgotten(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  struct identity me = init(&world);
  assert_int_equal(produce(&world, me, 0), 0);
  ktxn__model_expire_producers(world.model, world.now_us, 86400000);
  assert_int_equal(produce(&world, me, 1), 0);
  assert_int_equal(ends_of(&world).last_stable, 0);
  assert_int_equal(end_txn(&world, me, true).code, 0);
  assert_int_equal(ends_of(&world).last_stable, 3);
  end_world(&world);
}

/* A producer is forgotten once it was idle for longer; the batches here are of time 1. */
static void as_long_is_not_longer(void **state) {
  (void)state;
  struct ktxn__model_memory memory;
  ktxn__model_memory_init(&memory, ktxn__mem_default(), 1 << 20);
  struct ktxn__model_log log;
  ktxn__model_log_init(&log, false);
  struct ktxn__model_batch batch = batch_of(0, 0, 1);
  assert_non_null(ktxn__model_log_append(&memory, &log, &batch, 0, 0));
  ktxn__model_log_expire(&memory, &log, 1);
  assert_non_null(ktxn__model_log_producer(&log, 1));
  ktxn__model_log_expire(&memory, &log, 2);
  assert_null(ktxn__model_log_producer(&log, 1));
  ktxn__model_memory_free(&memory);
}

/* Readers of read_committed are held back until the marker itself is replicated. */
static void ends_are_known_up_to_their_markers(void **state) {
  (void)state;
  struct ktxn__model_memory memory;
  ktxn__model_memory_init(&memory, ktxn__mem_default(), 1 << 20);
  struct ktxn__model_log log;
  ktxn__model_log_init(&log, false);
  struct ktxn__model_batch batch = batch_of(0, 0, 1);
  batch.transactional = true;
  assert_non_null(ktxn__model_log_append(&memory, &log, &batch, 0, 0));
  struct ktxn__model_entry marker = {.producer_id = 1, .base_sequence = -1, .transactional = true, .marker = true};
  assert_non_null(ktxn__model_log_append_marker(&memory, &log, &marker));
  assert_true(ktxn__model_log_replicated(&log, 1));
  assert_int_equal(log.last_stable, 0);
  assert_true(ktxn__model_log_replicated(&log, 2));
  assert_int_equal(log.last_stable, 2);
  assert_int_equal(log.aborted_count, 1);
  assert_int_equal(log.aborted[0].last_stable, 2);
  assert_int_equal(ktxn__model_log_find_aborted(&log, 1), 0); /* the marker's own offset is still within it */
  assert_int_equal(ktxn__model_log_find_aborted(&log, 2), 1);
  ktxn__model_memory_free(&memory);
}

/* Producers come and go: what is forgotten gives its memory back. */
static void expired_producers_give_their_memory_back(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  size_t used = 0;
  int64_t offset;
  for (int64_t round = 0; round < 3; round++) {
    for (int64_t id = 0; id < 20; id++) {
      assert_int_equal(plain_produce(&world, 100 * round + id, 0, &offset), 0);
    }
    size_t before = ktxn__model_memory_used(world.model);
    ktxn__model_expire_producers(world.model, world.now_us, 86400000);
    used = ktxn__model_memory_used(world.model);
    assert_true(before - used >= 20 * sizeof(struct ktxn__model_producer));
  }
  end_world(&world);
}

/* The producers of a deleted topic are forgotten, but not while a node that is cut off still believes in it. */
static void deleted_topics_give_their_producers_back(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  const size_t producers = 20 * sizeof(struct ktxn__model_producer);
  int64_t offset;
  for (int cut = 0; cut < 2; cut++) {
    assert_true(ktxn__model_create_topic(world.model, world.now_us, KTXN__STR(TOPIC), 2) || cut == 0);
    for (int64_t id = 0; id < 20; id++) {
      assert_int_equal(plain_produce(&world, id, 0, &offset), 0);
    }
    if (cut == 1) {
      assert_true(ktxn__model_node_cut(world.model, world.now_us, 0, true));
    }
    size_t before = ktxn__model_memory_used(world.model);
    assert_true(ktxn__model_delete_topic(world.model, world.now_us, KTXN__STR(TOPIC)));
    if (cut == 1) {
      assert_int_equal(ktxn__model_memory_used(world.model), before);
      assert_true(ktxn__model_node_cut(world.model, world.now_us, 0, false));
    }
    assert_true(ktxn__model_memory_used(world.model) <= before - producers);
  }
  end_world(&world);
}

/* A batch whose question is under way when its topic goes is refused: a topic that is gone learns of no producer. */
static void a_batch_that_comes_to_a_deleted_topic(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.delay_us[KTXN__MODEL_DELAY_VERIFY] = 1000;
  struct world world = world_with(config, true);
  struct identity me = init(&world);
  struct producing request;
  submit(&world, producing(&request, &world, me, 0, 0, 1));
  assert_true(ktxn__model_delete_topic(world.model, world.now_us, KTXN__STR(TOPIC)));
  assert_int_equal(produced(&world, await(&world), NULL), KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION);
  end_world(&world);
}

static struct ktxn__model_listed_offset list_offset(struct world *world, int64_t timestamp_ms, bool read_committed) {
  struct ktxn__model_list_offsets_partition partition = {.current_leader_epoch = -1, .timestamp_ms = timestamp_ms};
  struct ktxn__model_list_offsets_topic topic = {.name = KTXN__STR(TOPIC), .partitions = &partition, .partition_count = 1};
  struct ktxn__model_request request = {
      .api = KTXN__MODEL_LIST_OFFSETS,
      .version = 7,
      .list_offsets = {.read_committed = read_committed, .topics = &topic, .topic_count = 1}};
  struct ktxn__model_answer *answer = call(world, &request);
  struct ktxn__model_listed_offset out = answer->list_offsets.topics[0].partitions[0];
  ktxn__model_release(world->model, answer);
  return out;
}

static void offsets_are_listed_by_place_and_time(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  struct producing request;
  producing(&request, &world, (struct identity){.id = -1, .epoch = -1}, 0, -1, 2);
  request.partition.batch.transactional = false;
  for (int i = 0; i < 3; i++) {
    request.partition.batch.max_timestamp_ms = 100 * (i + 1);
    assert_int_equal(produced(&world, call(&world, &request.request), NULL), 0);
  }
  open_txn(&world, init(&world), 0);
  assert_int_equal(list_offset(&world, -1, false).offset, 7);
  assert_int_equal(list_offset(&world, -1, true).offset, 6);
  assert_int_equal(list_offset(&world, -2, true).offset, 0);
  assert_int_equal(list_offset(&world, 150, true).offset, 2);
  assert_int_equal(list_offset(&world, 150, true).timestamp_ms, 200);
  assert_int_equal(list_offset(&world, 1000, true).offset, -1);
  assert_int_equal(list_offset(&world, -3, false).offset, 4);
  end_world(&world);
}

static void leader_epochs_tell_where_they_ended(void **state) {
  (void)state;
  struct world world = world_of(KTXN__MODEL_4_4, 2);
  int64_t offset;
  assert_int_equal(plain_produce(&world, -1, -1, &offset), 0);
  assert_true(ktxn__model_move_leader(world.model, world.now_us, KTXN__STR(TOPIC), 0, -1));
  assert_true(ktxn__model_move_leader(world.model, world.now_us, KTXN__STR(TOPIC), 0, 0));
  assert_int_equal(plain_produce(&world, -1, -1, &offset), 0);
  const int64_t expected[][3] = {{0, 0, 1}, {1, 0, 1}, {2, 2, 2}, {3, -1, -1}};
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    struct ktxn__model_epoch_partition partition = {.current_leader_epoch = -1, .leader_epoch = (int32_t)expected[i][0]};
    struct ktxn__model_epoch_topic topic = {.name = KTXN__STR(TOPIC), .partitions = &partition, .partition_count = 1};
    struct ktxn__model_request request = {.api = KTXN__MODEL_OFFSET_FOR_LEADER_EPOCH,
                                          .version = 3,
                                          .offset_for_leader_epoch = {.topics = &topic, .topic_count = 1}};
    struct ktxn__model_answer *answer = call(&world, &request);
    assert_int_equal(answer->list_offsets.topics[0].partitions[0].leader_epoch, expected[i][1]);
    assert_int_equal(answer->list_offsets.topics[0].partitions[0].offset, expected[i][2]);
    ktxn__model_release(world.model, answer);
  }
  end_world(&world);
}

/* Two batches wait for the same answer: the one that is not the first of them may not be written first. */
static void the_lowest_sequence_goes_first(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.release = KTXN__MODEL_3_9;
  config.delay_us[KTXN__MODEL_DELAY_VERIFY] = 1000;
  struct world world = world_with(config, false);
  struct identity me = init(&world);
  assert_int_equal(add_partition(&world, me, 0), 0);
  struct producing second, first;
  submit(&world, producing(&second, &world, me, 0, 1, 1));
  submit(&world, producing(&first, &world, me, 0, 0, 1));
  assert_int_equal(produced(&world, await(&world), NULL), KTXN__MODEL_OUT_OF_ORDER_SEQUENCE_NUMBER);
  assert_int_equal(produced(&world, await(&world), NULL), 0);
  assert_int_equal(produced(&world, call(&world, &second.request), NULL), 0);
  end_world(&world);
}

/* The leader changes while the coordinator is asked: the answer was for the one before. */
static void an_answer_for_another_leader(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.release = KTXN__MODEL_3_9;
  config.delay_us[KTXN__MODEL_DELAY_VERIFY] = 1000;
  struct world world = world_with(config, false);
  struct identity me = init(&world);
  assert_int_equal(add_partition(&world, me, 0), 0);
  struct producing request;
  submit(&world, producing(&request, &world, me, 0, 0, 1));
  assert_true(ktxn__model_move_leader(world.model, world.now_us, KTXN__STR(TOPIC), 0, -1));
  assert_true(ktxn__model_move_leader(world.model, world.now_us, KTXN__STR(TOPIC), 0, 0));
  assert_int_equal(produced(&world, await(&world), NULL), KTXN__MODEL_INVALID_TXN_STATE);
  end_world(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sequences_wrap),
      cmocka_unit_test(the_next_sequence_or_none),
      cmocka_unit_test(an_unknown_producer_may_begin_anywhere_but_not_under_v2),
      cmocka_unit_test(five_batches_are_remembered),
      cmocka_unit_test(markers_need_a_fitting_epoch),
      cmocka_unit_test(a_repeated_batch_has_its_first_offset),
      cmocka_unit_test(an_open_transaction_holds_readers_back),
      cmocka_unit_test(a_marker_counts_when_it_is_replicated),
      cmocka_unit_test(an_acknowledgement_waits_for_replicas),
      cmocka_unit_test(a_fetch_waits_for_something_to_read),
      cmocka_unit_test(a_fetch_out_of_place_is_refused),
      cmocka_unit_test(one_batch_is_given_however_large),
      cmocka_unit_test(aborted_transactions_are_listed_where_they_matter),
      cmocka_unit_test(batches_are_judged_before_they_are_written),
      cmocka_unit_test(verification_has_words_for_each_version),
      cmocka_unit_test(a_question_without_a_coordinator),
      cmocka_unit_test(an_answer_that_a_marker_has_overtaken),
      cmocka_unit_test(producers_that_are_forgotten),
      cmocka_unit_test(a_batch_of_an_older_epoch_is_no_duplicate),
      cmocka_unit_test(a_plain_batch_in_an_open_transaction),
      cmocka_unit_test(an_open_transaction_is_not_forgotten),
      cmocka_unit_test(as_long_is_not_longer),
      cmocka_unit_test(ends_are_known_up_to_their_markers),
      cmocka_unit_test(expired_producers_give_their_memory_back),
      cmocka_unit_test(deleted_topics_give_their_producers_back),
      cmocka_unit_test(a_batch_that_comes_to_a_deleted_topic),
      cmocka_unit_test(offsets_are_listed_by_place_and_time),
      cmocka_unit_test(leader_epochs_tell_where_they_ended),
      cmocka_unit_test(the_lowest_sequence_goes_first),
      cmocka_unit_test(an_answer_for_another_leader),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
