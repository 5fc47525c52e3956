#include "sdk/devbroker/translate_parts.h"

enum { BY_ID = 10, FETCH_BY_GROUPS = 8 };

/* -- OffsetCommit */

static const struct ktxn__model_offset_partition *commit_partitions(
    struct ktxn__translate *translate, const struct ktxn__msg_offset_commit_request_topic *topic) {
  struct ktxn__model_offset_partition *made = ktxn__translate_make(translate, topic->partitions_count, sizeof *made);
  for (int32_t i = 0; i < ktxn__translate_count(made, topic->partitions_count); i++) {
    const struct ktxn__msg_offset_commit_request_partition *from = &topic->partitions[i];
    made[i] = (struct ktxn__model_offset_partition){.index = from->partition_index,
                                                    .leader_epoch = from->committed_leader_epoch,
                                                    .offset = from->committed_offset,
                                                    .metadata = from->committed_metadata};
  }
  return made;
}

static void offset_commit(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_offset_commit_request *request = translate->request;
  struct ktxn__model_offset_topic *topics = ktxn__translate_make(translate, request->topics_count, sizeof *topics);
  const int32_t count = ktxn__translate_count(topics, request->topics_count);
  for (int32_t i = 0; i < count; i++) {
    const struct ktxn__msg_offset_commit_request_topic *from = &request->topics[i];
    topics[i].topic = ktxn__translate_topic(translate, BY_ID, from->name, from->topic_id);
    topics[i].partitions = commit_partitions(translate, from);
    topics[i].partition_count = ktxn__translate_count(topics[i].partitions, from->partitions_count);
  }
  out->offset_commit = (struct ktxn__model_offset_commit){.group_id = request->group_id,
                                                          .generation = request->generation_id_or_member_epoch,
                                                          .member_id = request->member_id,
                                                          .instance_id = request->group_instance_id,
                                                          .topics = topics,
                                                          .topic_count = count,
                                                          .transactional_id = KTXN__STR_NULL,
                                                          .producer_id = -1,
                                                          .producer_epoch = -1};
}

static void committed(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_offset_commit_response *response = message;
  response->throttle_time_ms = answer->throttle_ms;
  response->topics = ktxn__translate_make(translate, answer->offset_commit.topic_count, sizeof *response->topics);
  response->topics_count = ktxn__translate_count(response->topics, answer->offset_commit.topic_count);
  for (int32_t i = 0; i < response->topics_count; i++) {
    const struct ktxn__model_coded_topic *from = &answer->offset_commit.topics[i];
    struct ktxn__msg_offset_commit_response_topic *to = &response->topics[i];
    to->name = from->topic.name;
    to->topic_id = ktxn__translate_id_out(from->topic.id);
    to->partitions = ktxn__translate_make(translate, from->partition_count, sizeof *to->partitions);
    to->partitions_count = ktxn__translate_count(to->partitions, from->partition_count);
    for (int32_t j = 0; j < to->partitions_count; j++) {
      to->partitions[j].partition_index = from->partitions[j].index;
      to->partitions[j].error_code = from->partitions[j].code;
    }
  }
}

/* -- OffsetFetch: one group, or from version 8 on several (KIP-709) */

static void single_group(struct ktxn__translate *translate, struct ktxn__model_offset_fetch_group *out) {
  const struct ktxn__msg_offset_fetch_request *request = translate->request;
  struct ktxn__model_topic_partitions *topics = ktxn__translate_make(translate, request->topics_count, sizeof *topics);
  out->group_id = request->group_id;
  out->topics = topics;
  out->topic_count = request->topics_count < 0 ? -1 : ktxn__translate_count(topics, request->topics_count);
  for (int32_t i = 0; i < out->topic_count; i++) {
    topics[i].topic.name = request->topics[i].name;
    topics[i].partitions = request->topics[i].partition_indexes;
    topics[i].partition_count = request->topics[i].partition_indexes_count;
  }
}

static void one_of_groups(struct ktxn__translate *translate, const struct ktxn__msg_offset_fetch_request_group *from,
                          struct ktxn__model_offset_fetch_group *out) {
  struct ktxn__model_topic_partitions *topics = ktxn__translate_make(translate, from->topics_count, sizeof *topics);
  out->group_id = from->group_id;
  out->topics = topics;
  out->topic_count = from->topics_count < 0 ? -1 : ktxn__translate_count(topics, from->topics_count);
  for (int32_t i = 0; i < out->topic_count; i++) {
    topics[i].topic = ktxn__translate_topic(translate, BY_ID, from->topics[i].name, from->topics[i].topic_id);
    topics[i].partitions = from->topics[i].partition_indexes;
    topics[i].partition_count = from->topics[i].partition_indexes_count;
  }
}

static void offset_fetch(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_offset_fetch_request *request = translate->request;
  const bool several = translate->version >= FETCH_BY_GROUPS;
  const int32_t wanted = several ? request->groups_count : 1;
  struct ktxn__model_offset_fetch_group *groups = ktxn__translate_make(translate, wanted, sizeof *groups);
  out->offset_fetch = (struct ktxn__model_offset_fetch){.require_stable = request->require_stable,
                                                        .groups = groups,
                                                        .group_count = ktxn__translate_count(groups, wanted)};
  for (int32_t i = 0; i < out->offset_fetch.group_count; i++) {
    if (several) {
      one_of_groups(translate, &request->groups[i], &groups[i]);
    } else {
      single_group(translate, &groups[i]);
    }
  }
}

static void fetched_topic(struct ktxn__translate *translate, const struct ktxn__model_fetched_offset_topic *from,
                          struct ktxn__msg_offset_fetch_response_topic *to) {
  to->name = from->topic.name;
  to->partitions = ktxn__translate_make(translate, from->partition_count, sizeof *to->partitions);
  to->partitions_count = ktxn__translate_count(to->partitions, from->partition_count);
  for (int32_t i = 0; i < to->partitions_count; i++) {
    const struct ktxn__model_fetched_offset *p = &from->partitions[i];
    to->partitions[i] = (struct ktxn__msg_offset_fetch_response_partition){.partition_index = p->index,
                                                                           .committed_offset = p->offset,
                                                                           .committed_leader_epoch = p->leader_epoch,
                                                                           .metadata = p->metadata,
                                                                           .error_code = p->code};
  }
}

static void fetched_group_topic(struct ktxn__translate *translate, const struct ktxn__model_fetched_offset_topic *from,
                                struct ktxn__msg_offset_fetch_response_group_topic *to) {
  to->name = from->topic.name;
  to->topic_id = ktxn__translate_id_out(from->topic.id);
  to->partitions = ktxn__translate_make(translate, from->partition_count, sizeof *to->partitions);
  to->partitions_count = ktxn__translate_count(to->partitions, from->partition_count);
  for (int32_t i = 0; i < to->partitions_count; i++) {
    const struct ktxn__model_fetched_offset *p = &from->partitions[i];
    to->partitions[i] =
        (struct ktxn__msg_offset_fetch_response_group_topic_partition){.partition_index = p->index,
                                                                       .committed_offset = p->offset,
                                                                       .committed_leader_epoch = p->leader_epoch,
                                                                       .metadata = p->metadata,
                                                                       .error_code = p->code};
  }
}

static void fetched_single(struct ktxn__translate *translate, const struct ktxn__model_fetched_group *from,
                           struct ktxn__msg_offset_fetch_response *response) {
  response->error_code = from->code;
  response->topics = ktxn__translate_make(translate, from->topic_count, sizeof *response->topics);
  response->topics_count = ktxn__translate_count(response->topics, from->topic_count);
  for (int32_t i = 0; i < response->topics_count; i++) {
    fetched_topic(translate, &from->topics[i], &response->topics[i]);
  }
}

static void fetched_groups(struct ktxn__translate *translate, const struct ktxn__model_answer *answer,
                           struct ktxn__msg_offset_fetch_response *response) {
  response->groups = ktxn__translate_make(translate, answer->offset_fetch.group_count, sizeof *response->groups);
  response->groups_count = ktxn__translate_count(response->groups, answer->offset_fetch.group_count);
  for (int32_t i = 0; i < response->groups_count; i++) {
    const struct ktxn__model_fetched_group *from = &answer->offset_fetch.groups[i];
    struct ktxn__msg_offset_fetch_response_group *to = &response->groups[i];
    to->group_id = from->group_id;
    to->error_code = from->code;
    to->topics = ktxn__translate_make(translate, from->topic_count, sizeof *to->topics);
    to->topics_count = ktxn__translate_count(to->topics, from->topic_count);
    for (int32_t j = 0; j < to->topics_count; j++) {
      fetched_group_topic(translate, &from->topics[j], &to->topics[j]);
    }
  }
}

static void fetched(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_offset_fetch_response *response = message;
  response->throttle_time_ms = answer->throttle_ms;
  if (translate->version >= FETCH_BY_GROUPS) {
    fetched_groups(translate, answer, response);
  } else if (answer->offset_fetch.group_count > 0) {
    fetched_single(translate, &answer->offset_fetch.groups[0], response);
  }
}

const struct ktxn__translate_row ktxn__translate_offsets[KTXN__MSG_KEY_MAX + 1] = {
    [KTXN__MSG_OFFSET_COMMIT] = {offset_commit, committed},
    [KTXN__MSG_OFFSET_FETCH] = {offset_fetch, fetched},
};
