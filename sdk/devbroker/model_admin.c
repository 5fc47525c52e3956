/** CreateTopics, DeleteTopics and CreatePartitions. Every node passes them on to the controller, at once. */

#include "sdk/devbroker/model_state.h"

static struct ktxn__model_named_code *lay_out(struct ktxn__model *model, struct ktxn__model_ticket *ticket, int32_t count) {
  struct ktxn__model_named_code *out = ktxn__model_answer_array(model, ticket, count, sizeof *out);
  ticket->answer.named.names = out;
  ticket->answer.named.name_count = out == NULL ? 0 : count;
  return out;
}

static struct ktxn__model_topic *topic_of(const struct ktxn__model *model, struct ktxn__str name) {
  const struct ktxn__model_name *found = ktxn__model_name_find(model, name);
  return found == NULL ? NULL : found->topic;
}

static int16_t create(struct ktxn__model *model, const struct ktxn__model_create_topic *ask, bool only_check,
                      struct ktxn__model_named_code *out) {
  int32_t partitions = ask->assigned_count > 0 ? ask->assigned_count : ask->partition_count;
  partitions = partitions == -1 ? model->config.default_partitions : partitions;
  if (ask->assigned_count == 0 && ask->replication_factor != -1 &&
      (ask->replication_factor <= 0 || ask->replication_factor > model->config.nodes)) {
    return KTXN__MODEL_INVALID_REPLICATION_FACTOR;
  }
  out->partition_count = partitions;
  out->replication_factor = (int16_t)model->config.nodes;
  if (only_check) {
    bool there = topic_of(model, ask->name) != NULL;
    return there ? KTXN__MODEL_TOPIC_ALREADY_EXISTS : partitions > 0 ? KTXN__MODEL_NONE : KTXN__MODEL_INVALID_PARTITIONS;
  }
  struct ktxn__model_topic *made;
  int16_t code = ktxn__model_topic_create(model, ask->name, partitions, false, &made);
  if (code == KTXN__MODEL_NONE) {
    out->id = made->id;
    made->max_message_bytes = ask->max_message_bytes > 0 ? ask->max_message_bytes : made->max_message_bytes;
  }
  return code;
}

void ktxn__model_on_create_topics(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                  const struct ktxn__model_request *request) {
  const struct ktxn__model_create_topics *ask = &request->create_topics;
  struct ktxn__model_named_code *out = lay_out(model, ticket, ask->topic_count);
  bool cut = model->nodes[ticket->node].cut;
  for (int32_t i = 0; i < ticket->answer.named.name_count; i++) {
    out[i].name = ktxn__model_answer_str(model, ticket, ask->topics[i].name);
    out[i].partition_count = -1;
    out[i].replication_factor = -1;
    out[i].code = cut ? KTXN__MODEL_REQUEST_TIMED_OUT : create(model, &ask->topics[i], ask->validate_only, &out[i]);
  }
  ktxn__model_ticket_done(model, ticket);
}

static int16_t delete_one(struct ktxn__model *model, const struct ktxn__model_topic_ref *ref, struct ktxn__model_named_code *out) {
  struct ktxn__model_topic *topic = ref->by_id ? ktxn__model_topic_by_id(model, &ref->id) : topic_of(model, ref->name);
  if (topic == NULL) {
    return ref->by_id ? KTXN__MODEL_UNKNOWN_TOPIC_ID : KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION;
  }
  if (topic->internal) {
    return KTXN__MODEL_INVALID_TOPIC;
  }
  out->name = topic->name->text;
  out->id = topic->id;
  ktxn__model_topic_delete(model, topic);
  return KTXN__MODEL_NONE;
}

void ktxn__model_on_delete_topics(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                  const struct ktxn__model_request *request) {
  const struct ktxn__model_delete_topics *ask = &request->delete_topics;
  struct ktxn__model_named_code *out = lay_out(model, ticket, ask->topic_count);
  bool cut = model->nodes[ticket->node].cut;
  for (int32_t i = 0; i < ticket->answer.named.name_count; i++) {
    out[i].name = ktxn__model_answer_str(model, ticket, ask->topics[i].name);
    out[i].id = ask->topics[i].id;
    out[i].code = cut ? KTXN__MODEL_REQUEST_TIMED_OUT : delete_one(model, &ask->topics[i], &out[i]);
  }
  ktxn__model_ticket_done(model, ticket);
}

static int16_t extend(struct ktxn__model *model, const struct ktxn__model_create_partitions_topic *ask, bool only_check) {
  struct ktxn__model_topic *topic = topic_of(model, ask->name);
  if (topic == NULL || topic->internal) {
    return topic == NULL ? KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION : KTXN__MODEL_INVALID_TOPIC;
  }
  if (only_check) {
    return ask->partition_count > topic->partition_count ? KTXN__MODEL_NONE : KTXN__MODEL_INVALID_PARTITIONS;
  }
  return ktxn__model_topic_extend(model, topic, ask->partition_count);
}

void ktxn__model_on_create_partitions(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                      const struct ktxn__model_request *request) {
  const struct ktxn__model_create_partitions *ask = &request->create_partitions;
  struct ktxn__model_named_code *out = lay_out(model, ticket, ask->topic_count);
  bool cut = model->nodes[ticket->node].cut;
  for (int32_t i = 0; i < ticket->answer.named.name_count; i++) {
    out[i].name = ktxn__model_answer_str(model, ticket, ask->topics[i].name);
    out[i].code = cut ? KTXN__MODEL_REQUEST_TIMED_OUT : extend(model, &ask->topics[i], ask->validate_only);
  }
  ktxn__model_ticket_done(model, ticket);
}
