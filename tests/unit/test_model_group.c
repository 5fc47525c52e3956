/** Consumer groups: rounds of joining, sessions, static members, and who may commit offsets (KIP-345, KIP-394, KIP-447). */

#include "model_fixture.h"

struct joining {
  struct ktxn__model_request request;
  struct ktxn__model_protocol protocols[2];
};

/* Protocols are named by letters: "ab" = a and b. */
static struct ktxn__model_request *joining(struct joining *out, const char *member, const char *instance, const char *protocols) {
  memset(out, 0, sizeof *out);
  int32_t count = (int32_t)strlen(protocols);
  for (int32_t i = 0; i < count; i++) {
    out->protocols[i] = (struct ktxn__model_protocol){
        .name = {.data = protocols + i, .len = 1}, .metadata = (const uint8_t *)"subscription", .metadata_size = 12};
  }
  out->request = (struct ktxn__model_request){.api = KTXN__MODEL_JOIN_GROUP,
                                              .version = 5,
                                              .join_group = {.group_id = KTXN__STR(GROUP),
                                                             .session_timeout_ms = 10000,
                                                             .rebalance_timeout_ms = 30000,
                                                             .member_id = ktxn__str(member),
                                                             .instance_id = ktxn__str(instance),
                                                             .protocol_type = KTXN__STR("consumer"),
                                                             .protocols = out->protocols,
                                                             .protocol_count = count,
                                                             .client_id = KTXN__STR("client"),
                                                             .client_host = KTXN__STR("127.0.0.1")}};
  return &out->request;
}

struct joined {
  int16_t code;
  int32_t generation;
  int32_t members;
  bool leads;
  char id[128];
  char protocol[16];
};

static struct joined joined(struct world *world, struct ktxn__model_answer *answer) {
  const struct ktxn__model_joined *from = &answer->join_group;
  struct joined out = {.code = from->code, .generation = from->generation, .members = from->member_count};
  out.leads = ktxn__str_equal(from->leader, from->member_id);
  ktxn__str_copy(from->member_id, out.id, sizeof out.id);
  ktxn__str_copy(from->protocol_name, out.protocol, sizeof out.protocol);
  ktxn__model_release(world->model, answer);
  return out;
}

static struct joined join(struct world *world, const char *member, const char *instance, const char *protocols) {
  struct joining request;
  return joined(world, call(world, joining(&request, member, instance, protocols)));
}

/* With the id that it is told first. */
static struct joined join_new(struct world *world) {
  struct joined invited = join(world, "", NULL, "ab");
  assert_int_equal(invited.code, KTXN__MODEL_MEMBER_ID_REQUIRED);
  return join(world, invited.id, NULL, "ab");
}

struct syncing {
  struct ktxn__model_request request;
  struct ktxn__model_assignment assignments[2];
};

static struct ktxn__model_request *syncing(struct syncing *out, const char *member, int32_t generation, const char *other) {
  *out = (struct syncing){
      .assignments = {{.member_id = ktxn__str(member), .bytes = (const uint8_t *)"mine", .size = 4},
                      {.member_id = ktxn__str(other), .bytes = (const uint8_t *)"yours", .size = 5}},
  };
  out->request = (struct ktxn__model_request){.api = KTXN__MODEL_SYNC_GROUP,
                                              .version = 3,
                                              .sync_group = {.group_id = KTXN__STR(GROUP),
                                                             .generation = generation,
                                                             .member_id = ktxn__str(member),
                                                             .instance_id = KTXN__STR_NULL,
                                                             .protocol_type = KTXN__STR_NULL,
                                                             .protocol_name = KTXN__STR_NULL,
                                                             .assignments = out->assignments,
                                                             .assignment_count = other == NULL ? 1 : 2}};
  return &out->request;
}

static int16_t synced(struct world *world, struct ktxn__model_answer *answer, const char *expected) {
  int16_t code = answer->sync_group.code;
  assert_int_equal(answer->sync_group.assignment_size, strlen(expected));
  if (expected[0] != '\0') {
    assert_memory_equal(answer->sync_group.assignment, expected, strlen(expected));
  }
  ktxn__model_release(world->model, answer);
  return code;
}

static int16_t sync_as(struct world *world, const char *member, int32_t generation, const char *other, const char *expected) {
  struct syncing request;
  return synced(world, call(world, syncing(&request, member, generation, other)), expected);
}

static int16_t heartbeat(struct world *world, const char *member, int32_t generation) {
  struct ktxn__model_request request = {.api = KTXN__MODEL_HEARTBEAT,
                                        .version = 3,
                                        .heartbeat = {.group_id = KTXN__STR(GROUP),
                                                      .generation = generation,
                                                      .member_id = ktxn__str(member),
                                                      .instance_id = KTXN__STR_NULL}};
  struct ktxn__model_answer *answer = call(world, &request);
  int16_t code = answer->code;
  ktxn__model_release(world->model, answer);
  return code;
}

static int16_t leave(struct world *world, const char *member) {
  struct ktxn__model_leave_member who = {.member_id = ktxn__str(member), .instance_id = KTXN__STR_NULL};
  struct ktxn__model_request request = {.api = KTXN__MODEL_LEAVE_GROUP,
                                        .version = 3,
                                        .leave_group = {.group_id = KTXN__STR(GROUP), .members = &who, .member_count = 1}};
  struct ktxn__model_answer *answer = call(world, &request);
  int16_t code = answer->leave_group.code != 0 ? answer->leave_group.code : answer->leave_group.members[0].code;
  ktxn__model_release(world->model, answer);
  return code;
}

static struct ktxn__model_described_group group_look(struct world *world, char *state, size_t size) {
  struct ktxn__str name = KTXN__STR(GROUP);
  struct ktxn__model_request request = {.api = KTXN__MODEL_DESCRIBE_GROUPS, .version = 5, .names = {.names = &name, .name_count = 1}};
  struct ktxn__model_answer *answer = call(world, &request);
  struct ktxn__model_described_group out = answer->describe_groups.groups[0];
  ktxn__str_copy(out.state, state, size);
  ktxn__model_release(world->model, answer);
  return out;
}

static void expect_group(struct world *world, const char *state, int32_t members) {
  char text[32];
  struct ktxn__model_described_group group = group_look(world, text, sizeof text);
  assert_int_equal(group.code, 0);
  assert_string_equal(text, state);
  assert_int_equal(group.member_count, members);
}

static struct world one_node(void) {
  return world_of(KTXN__MODEL_4_4, 2);
}

static void one_member_leads_and_assigns_to_itself(void **state) {
  (void)state;
  struct world world = one_node();
  struct joined me = join_new(&world);
  assert_int_equal(me.code, 0);
  assert_true(me.leads);
  assert_int_equal(me.members, 1);
  assert_int_equal(me.generation, 1);
  assert_string_equal(me.protocol, "a");
  expect_group(&world, "CompletingRebalance", 1);
  assert_int_equal(sync_as(&world, me.id, 1, NULL, "mine"), 0);
  expect_group(&world, "Stable", 1);
  assert_int_equal(heartbeat(&world, me.id, 1), 0);
  assert_int_equal(heartbeat(&world, me.id, 2), KTXN__MODEL_ILLEGAL_GENERATION);
  assert_int_equal(heartbeat(&world, "stranger", 1), KTXN__MODEL_UNKNOWN_MEMBER_ID);
  assert_int_equal(leave(&world, me.id), 0);
  expect_group(&world, "Empty", 0);
  assert_int_equal(heartbeat(&world, me.id, 1), KTXN__MODEL_UNKNOWN_MEMBER_ID);
  end_world(&world);
}

/* The second member's join waits until the first has come back; then both get their part. */
static void a_second_member_makes_a_round(void **state) {
  (void)state;
  struct world world = one_node();
  struct joined one = join_new(&world);
  assert_int_equal(sync_as(&world, one.id, 1, NULL, "mine"), 0);
  struct joined two = join(&world, "", NULL, "ba");
  struct joining second, first;
  submit(&world, joining(&second, two.id, NULL, "ba"));
  assert_null(ktxn__model_take(world.model));
  assert_int_equal(heartbeat(&world, one.id, 1), KTXN__MODEL_REBALANCE_IN_PROGRESS);
  submit(&world, joining(&first, one.id, NULL, "ab"));
  struct joined a = joined(&world, await(&world));
  struct joined b = joined(&world, await(&world));
  assert_int_equal(a.code, 0);
  assert_int_equal(b.code, 0);
  assert_true(a.leads);
  assert_false(b.leads);
  assert_int_equal(a.members, 2);
  assert_int_equal(b.members, 0);
  assert_int_equal(a.generation, 2);
  assert_string_equal(a.protocol, "a");

  struct syncing request;
  submit(&world, syncing(&request, two.id, 2, NULL));
  assert_null(ktxn__model_take(world.model));
  struct syncing leader;
  submit(&world, syncing(&leader, one.id, 2, two.id));
  int mine = 0;
  for (int i = 0; i < 2; i++) {
    struct ktxn__model_answer *answer = await(&world);
    assert_int_equal(answer->sync_group.code, 0);
    mine += answer->sync_group.assignment_size == 4;
    ktxn__model_release(world.model, answer);
  }
  assert_int_equal(mine, 1);
  expect_group(&world, "Stable", 2);
  assert_int_equal(heartbeat(&world, one.id, 1), KTXN__MODEL_ILLEGAL_GENERATION);
  assert_int_equal(heartbeat(&world, one.id, 2), 0);
  assert_int_equal(leave(&world, one.id), 0);
  assert_int_equal(heartbeat(&world, two.id, 2), KTXN__MODEL_REBALANCE_IN_PROGRESS);
  struct joined alone = join(&world, two.id, NULL, "ba");
  assert_true(alone.leads);
  assert_int_equal(alone.members, 1);
  assert_string_equal(alone.protocol, "b");
  end_world(&world);
}

static void who_shares_no_protocol_stays_out(void **state) {
  (void)state;
  struct world world = one_node();
  struct joined one = join_new(&world);
  assert_int_equal(one.code, 0);
  assert_int_equal(join(&world, "", NULL, "c").code, KTXN__MODEL_INCONSISTENT_GROUP_PROTOCOL);
  assert_int_equal(join(&world, "stranger", NULL, "a").code, KTXN__MODEL_UNKNOWN_MEMBER_ID);
  end_world(&world);
}

static void a_silent_member_is_put_out(void **state) {
  (void)state;
  struct world world = one_node();
  struct joined me = join_new(&world);
  assert_int_equal(sync_as(&world, me.id, 1, NULL, "mine"), 0);
  pass(&world, 9 * SECOND_US);
  assert_int_equal(heartbeat(&world, me.id, 1), 0);
  pass(&world, 9 * SECOND_US);
  expect_group(&world, "Stable", 1);
  pass(&world, 2 * SECOND_US);
  expect_group(&world, "Empty", 0);
  end_world(&world);
}

/* Who doesn't come to the round before its end is put out, and the others go on. */
static void a_round_ends_without_those_who_are_late(void **state) {
  (void)state;
  struct world world = one_node();
  struct joined one = join_new(&world);
  assert_int_equal(sync_as(&world, one.id, 1, NULL, "mine"), 0);
  struct joined two = join(&world, "", NULL, "ab");
  struct joining request;
  submit(&world, joining(&request, two.id, NULL, "ab"));
  struct joined got = joined(&world, await(&world));
  assert_int_equal(got.code, 0);
  assert_true(got.leads);
  assert_int_equal(got.members, 1);
  assert_int_equal(world.now_us, 10 * SECOND_US); /* the session of the first */
  end_world(&world);
}

static void an_empty_group_gathers_first(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.rebalance_delay_us = 3 * SECOND_US;
  struct world world = world_with(config, true);
  struct joining requests[2];
  char ids[2][128];
  for (int i = 0; i < 2; i++) {
    snprintf(ids[i], sizeof ids[i], "%s", join(&world, "", NULL, "a").id);
    submit(&world, joining(&requests[i], ids[i], NULL, "a"));
  }
  assert_null(ktxn__model_take(world.model));
  struct joined first = joined(&world, await(&world));
  struct joined second = joined(&world, await(&world));
  assert_int_equal(world.now_us, 3 * SECOND_US);
  assert_int_equal(first.members + second.members, 2);
  assert_int_equal(first.generation, 1);
  end_world(&world);
}

/* KIP-345: the same instance comes back with a new id; the old id is fenced; no round for the others. */
static void a_static_member_comes_back(void **state) {
  (void)state;
  struct world world = one_node();
  struct joined one = join(&world, "", "instance", "a");
  assert_int_equal(one.code, 0);
  struct syncing request;
  syncing(&request, one.id, 1, NULL)->sync_group.instance_id = KTXN__STR("instance");
  assert_int_equal(synced(&world, call(&world, &request.request), "mine"), 0);
  struct joined again = join(&world, "", "instance", "a");
  assert_int_equal(again.code, 0);
  assert_string_not_equal(again.id, one.id);
  assert_int_equal(again.generation, 1);
  expect_group(&world, "Stable", 1);
  assert_int_equal(synced(&world, call(&world, &request.request), ""), KTXN__MODEL_FENCED_INSTANCE_ID);
  syncing(&request, again.id, 1, NULL)->sync_group.instance_id = KTXN__STR("instance");
  assert_int_equal(synced(&world, call(&world, &request.request), "mine"), 0);
  end_world(&world);
}

/* ---- who may commit offsets in a transaction ---- */

static int16_t commit_as(struct world *world, struct identity me, int32_t generation, const char *member, const char *instance) {
  struct committing request;
  committing(&request, world, me, 10);
  request.request.offset_commit.generation = generation;
  request.request.offset_commit.member_id = ktxn__str(member);
  request.request.offset_commit.instance_id = ktxn__str(instance);
  struct ktxn__model_answer *answer = call(world, &request.request);
  int16_t code = answer->offset_commit.topics[0].partitions[0].code;
  ktxn__model_release(world->model, answer);
  return code;
}

static void generations_fence_offsets(void **state) {
  (void)state;
  struct world world = one_node();
  struct identity me = init(&world);
  assert_int_equal(commit_as(&world, me, 3, "m", NULL), KTXN__MODEL_ILLEGAL_GENERATION); /* no such group */
  assert_int_equal(commit_as(&world, me, -1, "", NULL), 0);
  struct joined one = join_new(&world);
  assert_int_equal(commit_as(&world, me, -1, "", NULL), 0); /* nothing said, nothing checked */
  assert_int_equal(commit_as(&world, me, 1, one.id, NULL), 0); /* in the middle of a round */
  assert_int_equal(sync_as(&world, one.id, 1, NULL, "mine"), 0);
  assert_int_equal(commit_as(&world, me, 1, one.id, NULL), 0);
  assert_int_equal(commit_as(&world, me, 0, one.id, NULL), KTXN__MODEL_ILLEGAL_GENERATION);
  assert_int_equal(commit_as(&world, me, 1, "stranger", NULL), KTXN__MODEL_UNKNOWN_MEMBER_ID);
  assert_int_equal(commit_as(&world, me, 1, one.id, "instance"), KTXN__MODEL_UNKNOWN_MEMBER_ID);
  end_world(&world);
}

static void a_static_member_fences_the_one_before(void **state) {
  (void)state;
  struct world world = one_node();
  struct identity me = init(&world);
  struct joined one = join(&world, "", "instance", "a");
  assert_int_equal(commit_as(&world, me, 1, one.id, "instance"), 0);
  join(&world, "", "instance", "a");
  assert_int_equal(commit_as(&world, me, 1, one.id, "instance"), KTXN__MODEL_FENCED_INSTANCE_ID);
  end_world(&world);
}

static void a_move_sends_those_away_who_wait(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.nodes = 2;
  config.delay_us[KTXN__MODEL_DELAY_LOAD] = 1000;
  struct world world = world_with(config, true);
  int32_t part = ktxn__model_group_partition(world.model, KTXN__STR(GROUP));
  ktxn__model_move_group(world.model, 0, part, 0);
  pass(&world, SECOND_US);
  struct joined one = join_new(&world);
  assert_int_equal(sync_as(&world, one.id, 1, NULL, "mine"), 0);
  struct joined two = join(&world, "", NULL, "ab");
  struct joining request;
  submit(&world, joining(&request, two.id, NULL, "ab"));
  assert_true(ktxn__model_move_group(world.model, world.now_us, part, 1));
  assert_int_equal(joined(&world, await(&world)).code, KTXN__MODEL_NOT_COORDINATOR);
  world.node = 1;
  assert_int_equal(heartbeat(&world, one.id, 1), KTXN__MODEL_COORDINATOR_LOAD_IN_PROGRESS);
  pass(&world, 1000);
  assert_int_equal(heartbeat(&world, one.id, 1), KTXN__MODEL_REBALANCE_IN_PROGRESS);
  end_world(&world);
}

static void groups_are_listed_and_deleted(void **state) {
  (void)state;
  struct world world = one_node();
  struct joined one = join_new(&world);
  struct ktxn__model_request list = {.api = KTXN__MODEL_LIST_GROUPS, .version = 4};
  struct ktxn__model_answer *answer = call(&world, &list);
  assert_int_equal(answer->list_groups.group_count, 1);
  assert_true(ktxn__str_equal(answer->list_groups.groups[0].group_id, KTXN__STR(GROUP)));
  ktxn__model_release(world.model, answer);
  struct ktxn__str name = KTXN__STR(GROUP);
  struct ktxn__model_request delete = {.api = KTXN__MODEL_DELETE_GROUPS, .version = 2, .names = {.names = &name, .name_count = 1}};
  const int16_t expected[] = {KTXN__MODEL_NON_EMPTY_GROUP, 0, KTXN__MODEL_GROUP_ID_NOT_FOUND};
  for (int i = 0; i < 3; i++) {
    answer = call(&world, &delete);
    assert_int_equal(answer->named.names[0].code, expected[i]);
    ktxn__model_release(world.model, answer);
    if (i == 0) {
      assert_int_equal(leave(&world, one.id), 0);
    }
  }
  end_world(&world);
}

/* It is there, but it doesn't come: the round goes on without it when its time is over. */
static void who_does_not_join_again_is_left_behind(void **state) {
  (void)state;
  struct world world = one_node();
  struct joined one = join_new(&world);
  assert_int_equal(sync_as(&world, one.id, 1, NULL, "mine"), 0);
  struct joined two = join(&world, "", NULL, "ab");
  struct joining request;
  submit(&world, joining(&request, two.id, NULL, "ab"));
  for (int i = 0; i < 5; i++) {
    pass(&world, 5 * SECOND_US);
    assert_int_equal(heartbeat(&world, one.id, 1), KTXN__MODEL_REBALANCE_IN_PROGRESS);
  }
  struct joined got = joined(&world, await(&world));
  assert_int_equal(world.now_us, 30 * SECOND_US);
  assert_int_equal(got.members, 1);
  assert_int_equal(heartbeat(&world, one.id, 2), KTXN__MODEL_UNKNOWN_MEMBER_ID);
  end_world(&world);
}

/* A follower that asks again learns what is; one that has something new to say makes a round. */
static void joining_again(void **state) {
  (void)state;
  struct world world = one_node();
  struct joined one = join_new(&world);
  assert_int_equal(sync_as(&world, one.id, 1, NULL, "mine"), 0);
  struct joined two = join(&world, "", NULL, "ab");
  struct joining requests[2];
  submit(&world, joining(&requests[0], two.id, NULL, "ab"));
  submit(&world, joining(&requests[1], one.id, NULL, "ab"));
  for (int i = 0; i < 2; i++) {
    assert_int_equal(joined(&world, await(&world)).generation, 2);
  }
  struct syncing sync;
  submit(&world, syncing(&sync, one.id, 2, two.id));
  assert_int_equal(synced(&world, await(&world), "mine"), 0);
  assert_int_equal(join(&world, two.id, NULL, "ab").generation, 2);
  expect_group(&world, "Stable", 2);
  submit(&world, joining(&requests[0], two.id, NULL, "ba"));
  assert_null(ktxn__model_take(world.model));
  expect_group(&world, "PreparingRebalance", 2);
  end_world(&world);
}

/* KIP-345: with something new to say, a static member makes a round, too. */
static void a_static_member_that_has_changed(void **state) {
  (void)state;
  struct world world = one_node();
  struct joined one = join(&world, "", "instance", "ab");
  struct syncing request;
  syncing(&request, one.id, 1, NULL)->sync_group.instance_id = KTXN__STR("instance");
  assert_int_equal(synced(&world, call(&world, &request.request), "mine"), 0);
  struct joined again = join(&world, "", "instance", "ba");
  assert_int_equal(again.generation, 2);
  assert_string_equal(again.protocol, "b");
  end_world(&world);
}

/* KIP-814: the leader comes back. It gets its members to look at, and nothing to do; in older versions it is no leader. */
static void a_static_leader_comes_back(void **state) {
  (void)state;
  struct world world = one_node();
  struct joined one = join(&world, "", "instance", "a");
  struct syncing sync;
  syncing(&sync, one.id, 1, NULL)->sync_group.instance_id = KTXN__STR("instance");
  assert_int_equal(synced(&world, call(&world, &sync.request), "mine"), 0);
  struct joining request;
  joining(&request, "", "instance", "a");
  request.request.version = 9;
  struct ktxn__model_answer *answer = call(&world, &request.request);
  assert_true(answer->join_group.skip_assignment);
  assert_int_equal(answer->join_group.member_count, 1);
  ktxn__model_release(world.model, answer);
  request.request.version = 5;
  struct joined follower = joined(&world, call(&world, &request.request));
  assert_false(follower.leads);
  assert_int_equal(follower.members, 0);
  end_world(&world);
}

/* A coordinator that is cut off answers heartbeats out of its memory; they keep nobody in the group. */
static void heartbeats_to_a_stale_coordinator(void **state) {
  (void)state;
  struct ktxn__model_config config = small_config();
  config.nodes = 2;
  struct world world = world_with(config, true);
  int32_t part = ktxn__model_group_partition(world.model, KTXN__STR(GROUP));
  ktxn__model_move_group(world.model, 0, part, 0);
  struct joined one = join_new(&world);
  assert_int_equal(sync_as(&world, one.id, 1, NULL, "mine"), 0);
  assert_true(ktxn__model_node_cut(world.model, world.now_us, 0, true));
  assert_true(ktxn__model_move_group(world.model, world.now_us, part, 1));
  for (int i = 0; i < 3; i++) {
    assert_int_equal(heartbeat(&world, one.id, 1), 0);
    pass(&world, 3 * SECOND_US);
  }
  pass(&world, 2 * SECOND_US);
  world.node = 1;
  expect_group(&world, "Empty", 0);
  end_world(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_member_leads_and_assigns_to_itself),
      cmocka_unit_test(a_second_member_makes_a_round),
      cmocka_unit_test(who_shares_no_protocol_stays_out),
      cmocka_unit_test(a_silent_member_is_put_out),
      cmocka_unit_test(a_round_ends_without_those_who_are_late),
      cmocka_unit_test(an_empty_group_gathers_first),
      cmocka_unit_test(a_static_member_comes_back),
      cmocka_unit_test(generations_fence_offsets),
      cmocka_unit_test(a_static_member_fences_the_one_before),
      cmocka_unit_test(a_move_sends_those_away_who_wait),
      cmocka_unit_test(groups_are_listed_and_deleted),
      cmocka_unit_test(who_does_not_join_again_is_left_behind),
      cmocka_unit_test(joining_again),
      cmocka_unit_test(a_static_member_that_has_changed),
      cmocka_unit_test(a_static_leader_comes_back),
      cmocka_unit_test(heartbeats_to_a_stale_coordinator),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
