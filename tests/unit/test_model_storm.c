/** Random lives of a cluster: whatever is asked of it in whatever order, it keeps its promises, and always the same way. */

#include "model_fixture.h"

#include "sdk/base/random.h"

#define SEEDS 150
#define STEPS 1500
#define NODES_MAX 4
#define TOPICS 2
#define PARTITIONS 3
#define IDS 3

struct storm {
  struct ktxn__model *model;
  struct ktxn__random random;
  struct ktxn__model_config config;
  int64_t now_us;
  uint64_t trace; /* a hash over everything that could be seen */
  struct identity known[IDS];
  int32_t sequence[IDS][TOPICS][PARTITIONS];
  int64_t acknowledged[TOPICS][PARTITIONS]; /* the highest offset that a client was told is there */
  bool calm; /* no more surprises: delays are short, nothing is lost */
  uint64_t answers;
  uint64_t appends;
  uint64_t markers;
};

static const char *const ids[IDS] = {"one", "two", "three"};
static const char *const topics[TOPICS] = {"red", "blue"};
static const char *const groups[2] = {"g", "h"};

static uint64_t below(struct storm *storm, uint64_t bound) {
  return ktxn__random_below(&storm->random, bound);
}

static void note(struct storm *storm, uint64_t value) {
  storm->trace = (storm->trace ^ value) * UINT64_C(0x100000001b3);
}

static int topic_index(struct ktxn__str name) {
  return ktxn__str_equal(name, ktxn__str(topics[0])) ? 0 : ktxn__str_equal(name, ktxn__str(topics[1])) ? 1 : -1;
}

/* ---- the hooks ---- */

static int64_t delay_us(void *ctx, enum ktxn__model_delay delay, int32_t node) {
  struct storm *storm = ctx;
  (void)node;
  if (storm->calm) {
    return 100;
  }
  static const uint64_t longest[KTXN__MODEL_DELAYS] = {20000, 20000, 400000, 20000, 3000000};
  return below(storm, 3) == 0 ? 0 : (int64_t)below(storm, longest[delay]);
}

static bool choose(void *ctx, enum ktxn__model_choice choice, int32_t node) {
  struct storm *storm = ctx;
  (void)node;
  return below(storm, choice == KTXN__MODEL_CHOICE_TWICE ? 8 : 2) == 0;
}

static void seen(void *ctx, const struct ktxn__model_seen *what) {
  struct storm *storm = ctx;
  note(storm, (uint64_t)what->sight * 31 + (uint64_t)what->offset);
  note(storm, (uint64_t)what->producer_id * 65536 + (uint64_t)(uint16_t)what->producer_epoch);
  storm->appends += what->sight == KTXN__MODEL_SAW_APPEND;
  storm->markers += what->sight == KTXN__MODEL_SAW_MARKER;
  int topic = topic_index(what->name);
  if (what->sight == KTXN__MODEL_SAW_TRUNCATION && topic >= 0 && what->partition < PARTITIONS) {
    assert_true(what->offset > storm->acknowledged[topic][what->partition]); /* what is acknowledged is never lost */
  }
}

/* ---- answers ---- */

static void learn(struct storm *storm, const struct ktxn__model_answer *answer) {
  note(storm, (uint64_t)answer->api * 1000 + (uint64_t)(uint16_t)answer->code);
  bool identity = answer->api == KTXN__MODEL_INIT_PRODUCER_ID || (answer->api == KTXN__MODEL_END_TXN && answer->version >= 5);
  if (identity && answer->identity.code == 0) {
    int32_t who = (int32_t)(uintptr_t)answer->opaque % IDS;
    storm->known[who] = (struct identity){.id = answer->identity.producer_id, .epoch = answer->identity.producer_epoch};
    memset(storm->sequence[who], 0, sizeof storm->sequence[who]);
  }
  if (answer->api == KTXN__MODEL_PRODUCE && !answer->silent) {
    const struct ktxn__model_produced_topic *topic = &answer->produce.topics[0];
    const struct ktxn__model_produced *out = &topic->partitions[0];
    int index = topic_index(topic->topic.name);
    note(storm, (uint64_t)(uint16_t)out->code * 7 + (uint64_t)out->base_offset);
    if (out->code == 0 && index >= 0 && out->base_offset > storm->acknowledged[index][out->index]) {
      storm->acknowledged[index][out->index] = out->base_offset;
    }
  }
}

static void take_all(struct storm *storm) {
  for (struct ktxn__model_answer *answer = ktxn__model_take(storm->model); answer != NULL;
       answer = ktxn__model_take(storm->model)) {
    learn(storm, answer);
    storm->answers++;
    ktxn__model_release(storm->model, answer);
  }
}

/* ---- requests ---- */

static int32_t right_node(const struct storm *storm, const struct ktxn__model_request *request, int32_t who) {
  struct ktxn__model_log_ends ends = {.leader = -1};
  switch (request->api) {
    case KTXN__MODEL_PRODUCE:
      ktxn__model_log_ends(storm->model, request->produce.topics[0].topic.name, request->produce.topics[0].partitions[0].index, &ends);
      return ends.leader;
    case KTXN__MODEL_TXN_OFFSET_COMMIT:
    case KTXN__MODEL_OFFSET_COMMIT:
      return ktxn__model_group_leader(storm->model, ktxn__model_group_partition(storm->model, request->offset_commit.group_id));
    default:
      return ktxn__model_txn_leader(storm->model, ktxn__model_txn_partition(storm->model, ktxn__str(ids[who])));
  }
}

static void send(struct storm *storm, struct ktxn__model_request *request, int32_t who) {
  int32_t right = right_node(storm, request, who);
  int32_t node = right < 0 || below(storm, 5) == 0 ? (int32_t)below(storm, (uint64_t)storm->config.nodes) : right;
  uint64_t ticket = ktxn__model_submit(storm->model, node, storm->now_us, request, (void *)(uintptr_t)who);
  note(storm, ticket);
  if (ticket != 0 && below(storm, 10) == 0) {
    ktxn__model_forget(storm->model, ticket);
  }
}

static struct identity someone(struct storm *storm, int32_t who) {
  struct identity me = storm->known[who];
  if (below(storm, 30) == 0) {
    me.epoch = (int16_t)(me.epoch - (int16_t)below(storm, 2)); /* never one that nobody was given */
  }
  return me;
}

static bool v2(struct storm *storm) {
  return storm->config.transaction_version == 2 && below(storm, 8) != 0;
}

static void ask_init(struct storm *storm, int32_t who) {
  if (storm->known[who].epoch > 0 && below(storm, 4) != 0) {
    return; /* too many inits leave no transactions */
  }
  struct identity me = below(storm, 2) == 0 ? (struct identity){.id = -1, .epoch = -1} : someone(storm, who);
  struct ktxn__model_request request = init_request(me.id, me.id < 0 ? -1 : me.epoch < 0 ? 0 : me.epoch);
  request.init_producer_id.transactional_id = ktxn__str(ids[who]);
  request.init_producer_id.transaction_timeout_ms = 1 + (int32_t)below(storm, 20000);
  send(storm, &request, who);
}

static void ask_end(struct storm *storm, int32_t who) {
  struct identity me = someone(storm, who);
  int16_t version = v2(storm) ? 5 : 3;
  struct ktxn__model_request request = end_request(version, me.id, me.epoch, below(storm, 2) == 0);
  request.end_txn.transactional_id = ktxn__str(ids[who]);
  send(storm, &request, who);
}

static void ask_add(struct storm *storm, int32_t who) {
  struct adding adding_;
  struct identity me = someone(storm, who);
  const char *topic = topics[below(storm, TOPICS)];
  struct ktxn__model_request *request = adding(&adding_, me, topic, (int32_t)below(storm, PARTITIONS + 1));
  request->add_partitions.transactional_id = ktxn__str(ids[who]);
  send(storm, request, who);
}

static void ask_produce(struct storm *storm, int32_t who) {
  struct world world = {.v2 = v2(storm)};
  struct producing producing_;
  int32_t topic = (int32_t)below(storm, TOPICS);
  int32_t partition = (int32_t)below(storm, PARTITIONS);
  int32_t *sequence = &storm->sequence[who][topic][partition];
  int32_t count = 1 + (int32_t)below(storm, 3);
  int32_t first = below(storm, 20) == 0 ? (int32_t)below(storm, 5) : *sequence;
  struct ktxn__model_request *request = producing(&producing_, &world, someone(storm, who), partition, first, count);
  producing_.topic.topic.name = ktxn__str(topics[topic]);
  request->produce.transactional_id = ktxn__str(ids[who]);
  request->produce.timeout_ms = (int32_t)below(storm, 3000);
  request->produce.acks = -1;
  *sequence = first + count;
  send(storm, request, who);
}

static void ask_offsets(struct storm *storm, int32_t who) {
  struct world world = {.v2 = v2(storm)};
  struct committing committing_;
  struct identity me = someone(storm, who);
  struct ktxn__model_request *request = committing(&committing_, &world, me, (int64_t)below(storm, 100));
  committing_.topic.topic.name = ktxn__str(topics[below(storm, TOPICS)]);
  request->offset_commit.group_id = ktxn__str(groups[below(storm, 2)]);
  request->offset_commit.transactional_id = ktxn__str(ids[who]);
  if (below(storm, 5) == 0) {
    request->api = KTXN__MODEL_OFFSET_COMMIT;
  } else if (!world.v2 && below(storm, 2) == 0) {
    struct ktxn__model_request add = {.api = KTXN__MODEL_ADD_OFFSETS_TO_TXN,
                                      .version = 3,
                                      .add_offsets = {.transactional_id = ktxn__str(ids[who]),
                                                      .producer_id = storm->known[who].id,
                                                      .producer_epoch = storm->known[who].epoch,
                                                      .group_id = request->offset_commit.group_id}};
    send(storm, &add, who);
  }
  send(storm, request, who);
}

static void ask_to_read(struct storm *storm, int32_t who) {
  struct ktxn__model_fetch_partition partition = {.current_leader_epoch = -1, .max_bytes = 200};
  partition.index = (int32_t)below(storm, PARTITIONS);
  partition.fetch_offset = (int64_t)below(storm, 20);
  struct ktxn__model_fetch_topic topic = {
      .topic = {.name = ktxn__str(topics[below(storm, TOPICS)])}, .partitions = &partition, .partition_count = 1};
  struct ktxn__model_request request = {
      .api = KTXN__MODEL_FETCH, .version = 12, .fetch = {.max_bytes = 100, .topics = &topic, .topic_count = 1}};
  request.fetch.max_wait_ms = (int32_t)below(storm, 1000);
  request.fetch.min_bytes = 1 + (int32_t)below(storm, 50);
  request.fetch.read_committed = below(storm, 2) == 0;
  send(storm, &request, who);
}

static void ask_group(struct storm *storm, int32_t who) {
  static const struct ktxn__model_protocol protocols[] = {{.name = {.data = "a", .len = 1}}, {.name = {.data = "b", .len = 1}}};
  struct ktxn__model_request request = {.api = KTXN__MODEL_JOIN_GROUP,
                                        .join_group = {.member_id = KTXN__STR(""),
                                                       .instance_id = KTXN__STR_NULL,
                                                       .protocol_type = KTXN__STR("consumer"),
                                                       .protocol_count = 1,
                                                       .client_id = ktxn__str(ids[who]),
                                                       .client_host = KTXN__STR("")}};
  struct ktxn__model_join_group *ask = &request.join_group;
  request.version = (int16_t)(3 + below(storm, 3));
  ask->group_id = ktxn__str(groups[below(storm, 2)]);
  ask->session_timeout_ms = 1 + (int32_t)below(storm, 3000);
  ask->rebalance_timeout_ms = (int32_t)below(storm, 3000);
  ask->protocols = protocols + below(storm, 2);
  if (below(storm, 2) == 0) {
    ask->instance_id = ktxn__str(ids[who]);
  }
  send(storm, &request, who);
}

static void ask_about(struct storm *storm, int32_t who) {
  struct ktxn__str name = ktxn__str(ids[who]);
  struct ktxn__model_request request = {.api = KTXN__MODEL_DESCRIBE_TRANSACTIONS, .names = {.names = &name, .name_count = 1}};
  send(storm, &request, who);
  request = (struct ktxn__model_request){
      .api = KTXN__MODEL_METADATA, .version = 12, .metadata = {.topic_count = -1, .allow_auto_topic_creation = true}};
  send(storm, &request, who);
}

/* ---- fate ---- */

static void trouble(struct storm *storm) {
  int32_t nodes = storm->config.nodes;
  int32_t node = (int32_t)below(storm, (uint64_t)nodes);
  int32_t other = (int32_t)below(storm, (uint64_t)nodes + 1) - 1;
  struct ktxn__model_fault fault = {.node = -1, .api = -1, .count = 1};
  fault.fate.code = (int16_t)below(storm, 20);
  fault.fate.after_us = (int64_t)below(storm, 10000);
  switch (below(storm, 12)) {
    case 0:
      ktxn__model_node_down(storm->model, storm->now_us, node, below(storm, 4) != 0);
      break;
    case 1:
    case 2:
      ktxn__model_node_up(storm->model, storm->now_us, node);
      break;
    case 3:
      ktxn__model_node_cut(storm->model, storm->now_us, node, true);
      break;
    case 4:
    case 5:
      ktxn__model_node_cut(storm->model, storm->now_us, node, false);
      break;
    case 6:
      ktxn__model_node_freeze(storm->model, node, below(storm, 2) == 0);
      break;
    case 7:
      ktxn__model_move_txn(storm->model, storm->now_us, (int32_t)below(storm, 2), other);
      break;
    case 8:
      ktxn__model_move_group(storm->model, storm->now_us, (int32_t)below(storm, 2), other);
      break;
    case 9:
      ktxn__model_fail_appends(storm->model, (int32_t)below(storm, 3));
      break;
    case 10:
      ktxn__model_add_fault(storm->model, &fault);
      break;
    default:
      node = (int32_t)below(storm, TOPICS);
      ktxn__model_move_leader(storm->model, storm->now_us, ktxn__str(topics[node]), (int32_t)below(storm, PARTITIONS), other);
  }
}

static void (*const questions[])(struct storm *, int32_t) = {
    ask_init,    ask_end,     ask_end,     ask_end,     ask_add,     ask_add,     ask_add,     ask_produce, ask_produce,
    ask_produce, ask_produce, ask_produce, ask_produce, ask_offsets, ask_to_read, ask_to_read, ask_group,   ask_about};

static void step(struct storm *storm) {
  if (below(storm, 60) == 0) {
    trouble(storm);
  } else {
    uint64_t question = below(storm, sizeof questions / sizeof questions[0]);
    questions[question](storm, (int32_t)below(storm, IDS));
  }
  if (below(storm, 3) == 0) {
    storm->now_us += (int64_t)below(storm, below(storm, 20) == 0 ? 5000000 : 30000);
    ktxn__model_step(storm->model, storm->now_us);
  }
  take_all(storm);
}

/* ---- a life ---- */

static void set_up(struct storm *storm, uint64_t seed) {
  static const enum ktxn__model_release releases[] = {KTXN__MODEL_2_8, KTXN__MODEL_3_9, KTXN__MODEL_4_0, KTXN__MODEL_4_2, KTXN__MODEL_4_4};
  memset(storm, 0, sizeof *storm);
  ktxn__random_seed(&storm->random, seed);
  memset(storm->acknowledged, 0xff, sizeof storm->acknowledged);
  storm->config = small_config();
  storm->config.nodes = 1 + (int32_t)below(storm, NODES_MAX);
  storm->config.release = releases[below(storm, 5)];
  storm->config.transaction_version = (int16_t)(storm->config.release >= KTXN__MODEL_4_0 ? below(storm, 3) : 0);
  storm->config.txn_partitions = 2;
  storm->config.group_partitions = 2;
  storm->config.scan_us = 2 * SECOND_US;
  for (int i = 0; i < IDS; i++) {
    storm->known[i] = (struct identity){.id = 1000 + i, .epoch = 0};
  }
}

static bool make_topics(struct storm *storm) {
  bool made = true;
  for (int i = 0; i < TOPICS; i++) {
    made = ktxn__model_create_topic(storm->model, 0, ktxn__str(topics[i]), PARTITIONS) && made;
  }
  return made;
}

/* Everything is well again: nodes, leaders, coordinators. */
static void heal(struct storm *storm) {
  storm->calm = true;
  ktxn__model_clear_faults(storm->model);
  ktxn__model_fail_appends(storm->model, 0);
  for (int32_t i = 0; i < storm->config.nodes; i++) {
    ktxn__model_node_up(storm->model, storm->now_us, i);
    ktxn__model_node_cut(storm->model, storm->now_us, i, false);
    ktxn__model_node_freeze(storm->model, i, false);
  }
  for (int32_t i = 0; i < 2; i++) {
    ktxn__model_move_txn(storm->model, storm->now_us, i, 0);
    ktxn__model_move_group(storm->model, storm->now_us, i, 0);
  }
  for (int i = 0; i < TOPICS * PARTITIONS; i++) {
    ktxn__model_move_leader(storm->model, storm->now_us, ktxn__str(topics[i / PARTITIONS]), i % PARTITIONS, 0);
  }
  storm->now_us += 3600 * SECOND_US;
  ktxn__model_step(storm->model, storm->now_us);
  take_all(storm);
}

/* Where each batch is verified no transaction hangs: in the end all of each log can be read. */
static void expect_decided(struct storm *storm) {
  bool verified = ktxn__model_traits(storm->config.release)->verifies_offsets;
  for (int i = 0; i < TOPICS * PARTITIONS && verified; i++) {
    struct ktxn__model_log_ends ends;
    assert_true(ktxn__model_log_ends(storm->model, ktxn__str(topics[i / PARTITIONS]), i % PARTITIONS, &ends));
    assert_int_equal(ends.high_watermark, ends.end);
    assert_int_equal(ends.last_stable, ends.end);
  }
  for (int i = 0; i < IDS; i++) {
    struct ktxn__model_txn_look look;
    if (ktxn__model_txn_look(storm->model, ktxn__str(ids[i]), &look)) {
      assert_true(look.state == KTXN__MODEL_EMPTY || look.state == KTXN__MODEL_COMPLETE_COMMIT ||
                  look.state == KTXN__MODEL_COMPLETE_ABORT);
    }
  }
}

static struct storm live(uint64_t seed) {
  struct storm storm;
  set_up(&storm, seed);
  struct ktxn__model_hooks hooks = {.ctx = &storm, .delay_us = delay_us, .choose = choose, .seen = seen};
  storm.model = ktxn__model_new(ktxn__mem_default(), &storm.config, &hooks);
  assert_non_null(storm.model);
  assert_true(make_topics(&storm));
  for (int i = 0; i < STEPS; i++) {
    step(&storm);
    assert_true(i % 16 != 0 || ktxn__model_check(storm.model));
  }
  heal(&storm);
  assert_true(ktxn__model_check(storm.model));
  expect_decided(&storm);
  ktxn__model_free(storm.model);
  return storm;
}

static void promises_are_kept(void **state) {
  (void)state;
  ktxn__check_default((struct ktxn__check_hook){.failed = ktxn__check_abort});
  uint64_t answers = 0, appends = 0, markers = 0, trace = 0; /* all four are the same whoever compiled this */
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    struct storm storm = live(seed);
    answers += storm.answers;
    appends += storm.appends;
    markers += storm.markers;
    trace ^= storm.trace;
  }
  print_message("%d lives: %llu answers, %llu appends, %llu markers, trace %016llx\n", SEEDS, (unsigned long long)answers,
                (unsigned long long)appends, (unsigned long long)markers, (unsigned long long)trace);
  assert_true(appends > SEEDS * 20); /* the storm has not gone blind */
  assert_true(markers > SEEDS * 10);
}

static void the_same_seed_lives_the_same_life(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    struct storm once = live(seed);
    void *elsewhere = ktxn__alloc(ktxn__mem_default(), 100000);
    struct storm again = live(seed);
    ktxn__free(ktxn__mem_default(), elsewhere);
    assert_int_equal(once.trace, again.trace);
    assert_int_equal(once.answers, again.answers);
  }
}

/* Memory ends somewhere: requests fail or connections close, nothing breaks. */
static void memory_may_end_anywhere(void **state) {
  (void)state;
  ktxn__check_default((struct ktxn__check_hook){.failed = NULL});
  for (uint64_t seed = 1; seed <= 60; seed++) {
    struct storm storm;
    set_up(&storm, seed);
    storm.calm = true;
    struct ktxn__mem mem;
    ktxn__mem_init(&mem, 0);
    struct ktxn__model_hooks hooks = {.ctx = &storm, .delay_us = delay_us};
    storm.model = ktxn__model_new(&mem, &storm.config, &hooks);
    assert_non_null(storm.model);
    assert_true(make_topics(&storm));
    ktxn__model_limit(storm.model, ktxn__model_memory_used(storm.model) + seed * 1000);
    for (int i = 0; i < 400; i++) {
      step(&storm);
    }
    ktxn__model_free(storm.model);
    assert_int_equal(ktxn__mem_used(&mem), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(promises_are_kept),
      cmocka_unit_test(the_same_seed_lives_the_same_life),
      cmocka_unit_test(memory_may_end_anywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
