/** Metadata, DescribeCluster, FindCoordinator and ApiVersions: the cluster as a node sees it. */

#include "sdk/devbroker/model_state.h"

/* What all answers of one request share. */
struct picture {
  struct ktxn__model_ticket *ticket;
  int32_t *replicas;
  int32_t replica_count;
  int32_t *isr;
  int32_t isr_count;
};

static struct picture look(struct ktxn__model *model, struct ktxn__model_ticket *ticket) {
  int32_t nodes = model->config.nodes;
  struct ktxn__model_metadata_answer *out = &ticket->answer.metadata;
  struct picture picture = {.ticket = ticket};
  picture.replicas = ktxn__model_answer_array(model, ticket, nodes, sizeof(int32_t));
  picture.isr = ktxn__model_answer_array(model, ticket, nodes, sizeof(int32_t));
  out->brokers = ktxn__model_answer_array(model, ticket, nodes, sizeof *out->brokers);
  out->cluster_id = model->cluster_id;
  out->controller = -1;
  for (int32_t i = 0; i < nodes && !ticket->starved; i++) {
    picture.replicas[picture.replica_count++] = i;
    if (ktxn__model_node_sees_up(model, ticket->node, i)) {
      out->controller = out->controller < 0 ? i : out->controller;
      picture.isr[picture.isr_count++] = i;
      out->brokers[out->broker_count++].node = i;
    }
  }
  return picture;
}

static void show_partition(const struct ktxn__model *model, const struct picture *picture, const struct ktxn__model_partition *from,
                           struct ktxn__model_metadata_partition *to) {
  struct ktxn__model_seen_partition seen = ktxn__model_node_partition(model, picture->ticket->node, from);
  *to = (struct ktxn__model_metadata_partition){
      .code = seen.leader < 0 ? KTXN__MODEL_LEADER_NOT_AVAILABLE : KTXN__MODEL_NONE,
      .index = from->index,
      .leader = seen.leader,
      .leader_epoch = seen.leader_epoch,
      .replicas = picture->replicas,
      .replica_count = picture->replica_count,
      .isr = picture->isr,
      .isr_count = picture->isr_count,
  };
}

static void show_topic(struct ktxn__model *model, const struct picture *picture, const struct ktxn__model_topic *from,
                       struct ktxn__model_metadata_topic *to) {
  to->name = from->name->text;
  to->id = from->id;
  to->internal = from->internal;
  to->partition_count = ktxn__model_node_partitions(model, picture->ticket->node, from);
  to->partitions = ktxn__model_answer_array(model, picture->ticket, to->partition_count, sizeof *to->partitions);
  for (int32_t i = 0; i < to->partition_count && to->partitions != NULL; i++) {
    show_partition(model, picture, from->partitions[i], &to->partitions[i]);
  }
}

static void show_all(struct ktxn__model *model, const struct picture *picture, struct ktxn__model_metadata_answer *out) {
  int32_t names = model->topics.name_count;
  out->topics = ktxn__model_answer_array(model, picture->ticket, names, sizeof *out->topics);
  for (int32_t i = 0; i < names && !picture->ticket->starved; i++) {
    struct ktxn__model_topic *topic = ktxn__model_node_topic(model, picture->ticket->node, model->topics.names[i]);
    if (topic != NULL) {
      show_topic(model, picture, topic, &out->topics[out->topic_count++]);
    }
  }
}

/* Made now, seen by the next request: as a broker does that has to ask its controller. */
static int16_t make_topic(struct ktxn__model *model, int32_t node, struct ktxn__str name) {
  const struct ktxn__model_name *known = ktxn__model_name_find(model, name);
  struct ktxn__model_topic *made;
  bool there = known != NULL && known->topic != NULL;
  int16_t code = there || model->nodes[node].view != NULL
                     ? KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION
                     : ktxn__model_topic_create(model, name, model->config.default_partitions, false, &made);
  if (code != KTXN__MODEL_NONE) {
    return code;
  }
  return model->nodes[node].release < KTXN__MODEL_3_3 ? KTXN__MODEL_LEADER_NOT_AVAILABLE : KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION;
}

static void show_asked(struct ktxn__model *model, const struct picture *picture, const struct ktxn__model_topic_ref *ref,
                       bool may_make, struct ktxn__model_metadata_topic *to) {
  struct ktxn__model_topic *topic;
  to->code = ktxn__model_node_resolve(model, picture->ticket->node, ref, &topic);
  if (topic != NULL) {
    show_topic(model, picture, topic, to);
    return;
  }
  to->name = ref->by_id ? KTXN__STR_NULL : ktxn__model_answer_str(model, picture->ticket, ref->name);
  to->id = ref->id;
  if (!ref->by_id && may_make && model->config.auto_create_topics) {
    to->code = make_topic(model, picture->ticket->node, ref->name);
  }
}

void ktxn__model_on_metadata(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_request *request) {
  const struct ktxn__model_metadata *ask = &request->metadata;
  struct ktxn__model_metadata_answer *out = &ticket->answer.metadata;
  struct picture picture = look(model, ticket);
  if (ask->topic_count < 0) {
    show_all(model, &picture, out);
  } else {
    out->topics = ktxn__model_answer_array(model, ticket, ask->topic_count, sizeof *out->topics);
    out->topic_count = ask->topic_count;
  }
  for (int32_t i = 0; i < ask->topic_count && !ticket->starved; i++) {
    show_asked(model, &picture, &ask->topics[i], ask->allow_auto_topic_creation, &out->topics[i]);
  }
  ktxn__model_ticket_done(model, ticket);
}

void ktxn__model_show_cluster(struct ktxn__model *model, struct ktxn__model_ticket *ticket) {
  look(model, ticket);
}

void ktxn__model_on_describe_cluster(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                     const struct ktxn__model_request *request) {
  (void)request;
  look(model, ticket);
  ktxn__model_ticket_done(model, ticket);
}

/* ---- FindCoordinator ---- */

static void find_one(struct ktxn__model *model, struct ktxn__model_ticket *ticket, int8_t type, struct ktxn__str key,
                     struct ktxn__model_coordinator *out) {
  *out = (struct ktxn__model_coordinator){.key = ktxn__model_answer_str(model, ticket, key), .node = -1};
  if (type != KTXN__MODEL_KEY_GROUP && type != KTXN__MODEL_KEY_TRANSACTION) {
    out->code = KTXN__MODEL_INVALID_REQUEST;
    return;
  }
  const struct ktxn__model_partition *partition =
      type == KTXN__MODEL_KEY_GROUP ? model->groups.topic->partitions[ktxn__model_group_partition(model, key)]
                                    : model->txns.topic->partitions[ktxn__model_txn_partition(model, key)];
  int32_t leader = ktxn__model_node_partition(model, ticket->node, partition).leader;
  bool there = leader >= 0 && ktxn__model_node_sees_up(model, ticket->node, leader);
  out->node = there ? leader : -1;
  out->code = there ? KTXN__MODEL_NONE : KTXN__MODEL_COORDINATOR_NOT_AVAILABLE;
}

void ktxn__model_on_find_coordinator(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                     const struct ktxn__model_request *request) {
  const struct ktxn__model_find_coordinator *ask = &request->find_coordinator;
  struct ktxn__model_coordinator *out = ktxn__model_answer_array(model, ticket, ask->key_count, sizeof *out);
  ticket->answer.find_coordinator.coordinators = out;
  ticket->answer.find_coordinator.coordinator_count = ask->key_count;
  for (int32_t i = 0; i < ask->key_count && !ticket->starved; i++) {
    find_one(model, ticket, ask->key_type, ask->keys[i], &out[i]);
  }
  ktxn__model_ticket_done(model, ticket);
}

void ktxn__model_on_api_versions(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                 const struct ktxn__model_request *request) {
  (void)request;
  const struct ktxn__model_view *view = model->nodes[ticket->node].view;
  bool features = ktxn__model_node_traits(model, ticket->node)->features;
  ticket->answer.features = view != NULL ? view->features
                                         : (struct ktxn__model_features){.epoch = model->feature_epoch,
                                                                         .transaction_version = model->config.transaction_version};
  if (!features) {
    ticket->answer.features.transaction_version = 0;
  }
  ktxn__model_ticket_done(model, ticket);
}
