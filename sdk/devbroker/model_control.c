#include "sdk/devbroker/model_control.h"

#include "sdk/devbroker/model_state.h"

static struct ktxn__model_topic *topic_of(const struct ktxn__model *model, struct ktxn__str name) {
  const struct ktxn__model_name *found = ktxn__model_name_find(model, name);
  return found == NULL ? NULL : found->topic;
}

/* Everything that is due comes first: a command acts on the world as it is now. */
static void begin(struct ktxn__model *model, int64_t now) {
  ktxn__model_step(model, now);
}

static bool end(struct ktxn__model *model, bool done) {
  ktxn__model_step(model, model->now_us);
  return done;
}

bool ktxn__model_create_topic(struct ktxn__model *model, int64_t now, struct ktxn__str name, int32_t partitions) {
  struct ktxn__model_topic *made;
  begin(model, now);
  return ktxn__model_topic_create(model, name, partitions, false, &made) == KTXN__MODEL_NONE;
}

bool ktxn__model_delete_topic(struct ktxn__model *model, int64_t now, struct ktxn__str name) {
  begin(model, now);
  struct ktxn__model_topic *topic = topic_of(model, name);
  if (topic == NULL || topic->internal) {
    return false;
  }
  ktxn__model_topic_delete(model, topic);
  return end(model, true);
}

bool ktxn__model_add_partitions(struct ktxn__model *model, int64_t now, struct ktxn__str name, int32_t partitions) {
  begin(model, now);
  struct ktxn__model_topic *topic = topic_of(model, name);
  return topic != NULL && !topic->internal && ktxn__model_topic_extend(model, topic, partitions) == KTXN__MODEL_NONE;
}

bool ktxn__model_hide_topic(struct ktxn__model *model, struct ktxn__str name, bool hidden) {
  struct ktxn__model_topic *topic = topic_of(model, name);
  if (topic == NULL || topic->internal) {
    return false;
  }
  topic->name->hidden = hidden;
  return true;
}

/* ---- who leads what ---- */

static bool may_lead(const struct ktxn__model *model, int32_t node) {
  return node == -1 || (ktxn__model_node_is(&model->config, node) && model->nodes[node].up && !model->nodes[node].cut);
}

/* A coordinator is the leader of a partition of its topic: what it has in memory changes hands with it. */
static void move(struct ktxn__model *model, struct ktxn__model_partition *partition, int32_t to) {
  int32_t from = partition->leader;
  if (from == to) {
    return;
  }
  ktxn__model_replica_move(model, partition, to);
  if (partition->topic == model->txns.topic) {
    ktxn__model_txn_moved(model, partition->index, from, to);
  } else if (partition->topic == model->groups.topic) {
    ktxn__model_group_moved(model, partition->index, from, to);
  }
}

static bool move_one(struct ktxn__model *model, int64_t now, struct ktxn__model_topic *topic, int32_t index, int32_t node) {
  begin(model, now);
  struct ktxn__model_partition *partition = ktxn__model_topic_partition(topic, index);
  if (partition == NULL || !may_lead(model, node)) {
    return false;
  }
  move(model, partition, node);
  return end(model, true);
}

bool ktxn__model_move_leader(struct ktxn__model *model, int64_t now, struct ktxn__str topic, int32_t partition, int32_t node) {
  return move_one(model, now, topic_of(model, topic), partition, node);
}

bool ktxn__model_move_txn(struct ktxn__model *model, int64_t now, int32_t partition, int32_t node) {
  return move_one(model, now, model->txns.topic, partition, node);
}

bool ktxn__model_move_group(struct ktxn__model *model, int64_t now, int32_t partition, int32_t node) {
  return move_one(model, now, model->groups.topic, partition, node);
}

/* As Kafka's: Java's hash of the name, without its sign. */
static int32_t java_partition(struct ktxn__str name, int32_t partitions) {
  uint32_t hash = 0;
  for (int32_t i = 0; i < name.len; i++) {
    hash = hash * 31 + (uint8_t)name.data[i];
  }
  return (int32_t)((hash & 0x7fffffff) % (uint32_t)partitions);
}

int32_t ktxn__model_txn_partition(const struct ktxn__model *model, struct ktxn__str transactional_id) {
  return java_partition(transactional_id, model->config.txn_partitions);
}

int32_t ktxn__model_group_partition(const struct ktxn__model *model, struct ktxn__str group_id) {
  return java_partition(group_id, model->config.group_partitions);
}

/* ---- nodes ---- */

static int32_t successor(const struct ktxn__model *model, int32_t node) {
  for (int32_t i = 1; i < model->config.nodes; i++) {
    int32_t next = (node + i) % model->config.nodes;
    if (model->nodes[next].up && !model->nodes[next].cut) {
      return next;
    }
  }
  return -1;
}

static void move_all(struct ktxn__model *model, int32_t from, int32_t to) {
  for (int32_t i = 0; i < model->topics.count; i++) {
    struct ktxn__model_topic *topic = model->topics.list[i];
    for (int32_t j = 0; j < topic->partition_count && !topic->deleted; j++) {
      if (topic->partitions[j]->leader == from) {
        move(model, topic->partitions[j], to);
      }
    }
  }
}

/* Answers that are ready die, and so does what waits; a coordinator's record on its way ends when its partition moves. */
static void drop_tickets(struct ktxn__model *model, struct ktxn__list *list, int32_t node) {
  struct ktxn__list *link = ktxn__list_first(list);
  while (link != NULL) {
    struct ktxn__model_ticket *ticket = KTXN__LIST_OF(link, struct ktxn__model_ticket, link);
    link = ktxn__list_next(list, link);
    if (ticket->node != node) {
      continue;
    }
    ticket->forgotten = true;
    bool over = ticket->ready || ticket->abandon != NULL || ktxn__model_event_is_set(&ticket->event);
    if (ticket->abandon != NULL) {
      ticket->abandon(model, ticket);
    }
    if (over) {
      ktxn__model_ticket_free(model, ticket);
    }
  }
}

bool ktxn__model_node_down(struct ktxn__model *model, int64_t now, int32_t node, bool failover) {
  begin(model, now);
  if (!ktxn__model_node_is(&model->config, node) || !model->nodes[node].up) {
    return false;
  }
  struct ktxn__model_node *dead = &model->nodes[node];
  drop_tickets(model, &model->tickets.under_way, node);
  drop_tickets(model, &model->tickets.ready, node);
  ktxn__model_txn_healed(model, node);
  ktxn__model_offsets_forget(model, node);
  dead->up = false;
  dead->cut = false;
  dead->frozen = false;
  ktxn__model_view_free(model, dead->view);
  dead->view = NULL;
  ktxn__model_topics_forget(model);
  move_all(model, node, failover ? successor(model, node) : -1);
  return end(model, true);
}

bool ktxn__model_node_up(struct ktxn__model *model, int64_t now, int32_t node) {
  begin(model, now);
  if (!ktxn__model_node_is(&model->config, node) || model->nodes[node].up) {
    return false;
  }
  model->nodes[node].up = true;
  move_all(model, -1, node);
  return end(model, true);
}

bool ktxn__model_node_is_up(const struct ktxn__model *model, int32_t node) {
  return ktxn__model_node_is(&model->config, node) && model->nodes[node].up;
}

static bool take_view(struct ktxn__model *model, struct ktxn__model_node *node) {
  if (node->view == NULL) {
    node->view = ktxn__model_view_take(model);
  }
  return node->view != NULL;
}

static void drop_view(struct ktxn__model *model, struct ktxn__model_node *node) {
  if (!node->cut && !node->frozen) {
    ktxn__model_view_free(model, node->view);
    node->view = NULL;
    ktxn__model_topics_forget(model);
  }
}

static void heal(struct ktxn__model *model, int32_t node) {
  model->nodes[node].cut = false;
  drop_view(model, &model->nodes[node]);
  ktxn__model_txn_healed(model, node);
  ktxn__model_offsets_forget(model, node);
  for (int32_t i = 0; i < model->topics.count; i++) {
    struct ktxn__model_topic *topic = model->topics.list[i];
    for (int32_t j = 0; j < topic->partition_count; j++) {
      ktxn__model_replica_healed(model, topic->partitions[j], node);
    }
  }
}

bool ktxn__model_node_cut(struct ktxn__model *model, int64_t now, int32_t node, bool cut) {
  begin(model, now);
  if (!ktxn__model_node_is(&model->config, node) || !model->nodes[node].up ||
      (cut && !take_view(model, &model->nodes[node]))) {
    return false;
  }
  if (cut) {
    model->nodes[node].cut = true;
    ktxn__model_txn_cut(model, node);
  } else if (model->nodes[node].cut) {
    heal(model, node);
  }
  return end(model, true);
}

bool ktxn__model_node_freeze(struct ktxn__model *model, int32_t node, bool frozen) {
  if (!ktxn__model_node_is(&model->config, node) || !model->nodes[node].up ||
      (frozen && !take_view(model, &model->nodes[node]))) {
    return false;
  }
  model->nodes[node].frozen = frozen;
  drop_view(model, &model->nodes[node]);
  return true;
}

bool ktxn__model_node_release(struct ktxn__model *model, int32_t node, enum ktxn__model_release release) {
  if (!ktxn__model_node_is(&model->config, node) || (int)release < 0 || release >= KTXN__MODEL_RELEASES) {
    return false;
  }
  model->nodes[node].release = release;
  return true;
}

enum ktxn__model_release ktxn__model_node_release_of(const struct ktxn__model *model, int32_t node) {
  return model->nodes[node].release;
}

/* ---- switches ---- */

void ktxn__model_set_defects(struct ktxn__model *model, uint32_t mask, uint32_t defects) {
  model->defects_mask |= mask;
  model->defects = (model->defects & ~mask) | (defects & mask);
}

bool ktxn__model_set_transaction_version(struct ktxn__model *model, int16_t level) {
  if (level < 0 || level > 2) {
    return false;
  }
  model->config.transaction_version = level;
  model->feature_epoch++;
  return true;
}

bool ktxn__model_set_delay(struct ktxn__model *model, enum ktxn__model_delay delay, int64_t delay_us) {
  if ((int)delay < 0 || delay >= KTXN__MODEL_DELAYS || delay_us < 0) {
    return false;
  }
  model->config.delay_us[delay] = delay_us;
  return true;
}

void ktxn__model_set_verification(struct ktxn__model *model, bool on) {
  model->config.verification = on;
}

void ktxn__model_fail_appends(struct ktxn__model *model, int32_t count) {
  model->failing_appends = count < 0 ? 0 : count;
}

void ktxn__model_limit(struct ktxn__model *model, size_t bytes) {
  model->memory.used_max = bytes;
}

void ktxn__model_expire_producers(struct ktxn__model *model, int64_t now, int64_t idle_ms) {
  begin(model, now);
  for (int32_t i = 0; i < model->topics.count; i++) {
    struct ktxn__model_topic *topic = model->topics.list[i];
    for (int32_t j = 0; j < topic->partition_count; j++) {
      ktxn__model_log_expire(&model->memory, &topic->partitions[j]->log, ktxn__model_wall_ms(model) - idle_ms);
    }
  }
}

bool ktxn__model_trim(struct ktxn__model *model, struct ktxn__str name, int32_t partition, int64_t offset) {
  struct ktxn__model_partition *found = ktxn__model_topic_partition(topic_of(model, name), partition);
  if (found == NULL || offset < 0) {
    return false;
  }
  ktxn__model_log_trim(&found->log, offset);
  return true;
}
