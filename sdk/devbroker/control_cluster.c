#include <string.h>

#include "sdk/devbroker/control_parts.h"

/* -- topics */

bool ktxn__control_topic_create(struct ktxn__control_line *line) {
  int64_t partitions = 1;
  const char *exists = ktxn__control_option(line, "exists");
  if (exists != NULL && strcmp(exists, "ok") == 0 &&
      ktxn__model_partitions(line->control->model, ktxn__control_name_of(line, 2)) > 0) {
    return ktxn__control_done(line, true, "");
  }
  return ktxn__control_option_number(line, "partitions", 1, 10000, &partitions) &&
         ktxn__control_done(line,
                            ktxn__model_create_topic(line->control->model, line->now, ktxn__control_name_of(line, 2),
                                                     (int32_t)partitions),
                            "the topic exists, its name can't be one, or memory is short");
}

bool ktxn__control_topic_delete(struct ktxn__control_line *line) {
  return ktxn__control_done(
      line, ktxn__model_delete_topic(line->control->model, line->now, ktxn__control_name_of(line, 2)), "no such topic");
}

bool ktxn__control_topic_partitions(struct ktxn__control_line *line) {
  int64_t partitions = 0;
  return ktxn__control_word_number(line, 3, "partitions", 1, 10000, &partitions) &&
         ktxn__control_done(line,
                            ktxn__model_add_partitions(line->control->model, line->now, ktxn__control_name_of(line, 2),
                                                       (int32_t)partitions),
                            "no such topic, or it has as many already");
}

bool ktxn__control_topic_hide(struct ktxn__control_line *line) {
  return ktxn__control_done(line, ktxn__model_hide_topic(line->control->model, ktxn__control_name_of(line, 2), true),
                            "no such topic");
}

bool ktxn__control_topic_show(struct ktxn__control_line *line) {
  return ktxn__control_done(line, ktxn__model_hide_topic(line->control->model, ktxn__control_name_of(line, 2), false),
                            "no such topic");
}

bool ktxn__control_topic_trim(struct ktxn__control_line *line) {
  int64_t partition = 0;
  int64_t offset = 0;
  return ktxn__control_word_number(line, 3, "partition", 0, INT32_MAX, &partition) &&
         ktxn__control_word_number(line, 4, "offset", 0, INT64_MAX, &offset) &&
         ktxn__control_done(
             line, ktxn__model_trim(line->control->model, ktxn__control_name_of(line, 2), (int32_t)partition, offset),
             "no such partition");
}

bool ktxn__control_topic_list(struct ktxn__control_line *line) {
  const struct ktxn__model *model = line->control->model;
  ktxn__control_say(line, "ok");
  for (int32_t i = 0; i < ktxn__model_topics(model); i++) {
    const struct ktxn__str name = ktxn__model_topic_name(model, i);
    ktxn__control_say(line, " %.*s:%d", KTXN__STR_ARG(name), ktxn__model_partitions(model, name));
  }
  return true;
}

/* -- leaders and coordinators */

bool ktxn__control_leader(struct ktxn__control_line *line) {
  int64_t partition = 0;
  int64_t node = 0;
  return ktxn__control_word_number(line, 2, "partition", 0, INT32_MAX, &partition) &&
         ktxn__control_word_number(line, 3, "node", -1, line->control->nodes - 1, &node) &&
         ktxn__control_done(line,
                            ktxn__model_move_leader(line->control->model, line->now, ktxn__control_name_of(line, 1),
                                                    (int32_t)partition, (int32_t)node),
                            "no such partition, or the node is down");
}

bool ktxn__control_coordinator_transaction(struct ktxn__control_line *line) {
  struct ktxn__model *model = line->control->model;
  int64_t node = 0;
  return ktxn__control_word_node(line, 3, &node) &&
         ktxn__control_done(
             line,
             ktxn__model_move_txn(model, line->now, ktxn__model_txn_partition(model, ktxn__control_name_of(line, 2)),
                                  (int32_t)node),
             "the node is down");
}

bool ktxn__control_coordinator_group(struct ktxn__control_line *line) {
  struct ktxn__model *model = line->control->model;
  int64_t node = 0;
  return ktxn__control_word_node(line, 3, &node) &&
         ktxn__control_done(
             line,
             ktxn__model_move_group(model, line->now,
                                    ktxn__model_group_partition(model, ktxn__control_name_of(line, 2)), (int32_t)node),
             "the node is down");
}

/* -- nodes */

static int node_changed(struct ktxn__control_line *line, int64_t node) {
  return line->control->node_changed == NULL ? 0 : line->control->node_changed(line->control->ctx, (int32_t)node);
}

bool ktxn__control_node_down(struct ktxn__control_line *line) {
  const char *failover = ktxn__control_option(line, "failover");
  int64_t node = 0;
  if (failover != NULL && strcmp(failover, "yes") != 0 && strcmp(failover, "no") != 0) {
    return ktxn__control_fail(line, "failover=%s: wanted yes or no", failover);
  }
  if (!ktxn__control_word_node(line, 2, &node) ||
      !ktxn__control_done(line,
                          ktxn__model_node_down(line->control->model, line->now, (int32_t)node,
                                                failover == NULL || strcmp(failover, "yes") == 0),
                          "the node is down already")) {
    return false;
  }
  (void)node_changed(line, node); /* closing can't fail */
  return true;
}

bool ktxn__control_node_up(struct ktxn__control_line *line) {
  int64_t node = 0;
  if (!ktxn__control_word_node(line, 2, &node)) {
    return false;
  }
  if (!ktxn__model_node_up(line->control->model, line->now, (int32_t)node)) {
    return ktxn__control_fail(line, "the node is up already");
  }
  /* The cluster has it, as a replay of this line will: without its port no client gets there until it is down and up again. */
  int error = node_changed(line, node);
  if (error != 0) {
    return ktxn__control_fail(line, "the node is up, but can't listen on its port: %s; take it down and up again",
                              strerror(-error));
  }
  ktxn__control_say(line, "ok");
  return true;
}

bool ktxn__control_node_cut(struct ktxn__control_line *line) {
  int64_t node = 0;
  return ktxn__control_word_node(line, 2, &node) &&
         ktxn__control_done(line, ktxn__model_node_cut(line->control->model, line->now, (int32_t)node, true),
                            "the node is down");
}

bool ktxn__control_node_heal(struct ktxn__control_line *line) {
  int64_t node = 0;
  return ktxn__control_word_node(line, 2, &node) &&
         ktxn__control_done(line, ktxn__model_node_cut(line->control->model, line->now, (int32_t)node, false),
                            "the node is down");
}

bool ktxn__control_node_freeze(struct ktxn__control_line *line) {
  int64_t node = 0;
  return ktxn__control_word_node(line, 2, &node) &&
         ktxn__control_done(line, ktxn__model_node_freeze(line->control->model, (int32_t)node, true),
                            "the node is down, or memory is short");
}

bool ktxn__control_node_thaw(struct ktxn__control_line *line) {
  int64_t node = 0;
  return ktxn__control_word_node(line, 2, &node) &&
         ktxn__control_done(line, ktxn__model_node_freeze(line->control->model, (int32_t)node, false),
                            "the node is down");
}

bool ktxn__control_node_release(struct ktxn__control_line *line) {
  const enum ktxn__model_release release = ktxn__model_release_named(line->words[3]);
  int64_t node = 0;
  if (release == KTXN__MODEL_RELEASES) {
    return ktxn__control_fail(line, "release '%s' isn't known", line->words[3]);
  }
  return ktxn__control_word_node(line, 2, &node) &&
         ktxn__control_done(line, ktxn__model_node_release(line->control->model, (int32_t)node, release),
                            "the node can't play it");
}

/* -- looks */

bool ktxn__control_show_transaction(struct ktxn__control_line *line) {
  struct ktxn__model_txn_look look;
  if (!ktxn__model_txn_look(line->control->model, ktxn__control_name_of(line, 2), &look)) {
    return ktxn__control_fail(line, "no such transactional id");
  }
  ktxn__control_say(line, "ok state=%s producer_id=%lld producer_epoch=%d partitions=%d coordinator=%d",
                    ktxn__model_txn_state_name(look.state), (long long)look.producer_id, look.producer_epoch,
                    look.partitions, look.coordinator);
  return true;
}

bool ktxn__control_show_log(struct ktxn__control_line *line) {
  struct ktxn__model_log_ends ends;
  int64_t partition = 0;
  if (!ktxn__control_word_number(line, 3, "partition", 0, INT32_MAX, &partition)) {
    return false;
  }
  if (!ktxn__model_log_ends(line->control->model, ktxn__control_name_of(line, 2), (int32_t)partition, &ends)) {
    return ktxn__control_fail(line, "no such partition");
  }
  ktxn__control_say(line, "ok start=%lld end=%lld high_watermark=%lld last_stable=%lld leader=%d leader_epoch=%d",
                    (long long)ends.start, (long long)ends.end, (long long)ends.high_watermark,
                    (long long)ends.last_stable, ends.leader, ends.leader_epoch);
  return true;
}

bool ktxn__control_show_offset(struct ktxn__control_line *line) {
  struct ktxn__model_offset_look look;
  int64_t partition = 0;
  if (!ktxn__control_word_number(line, 4, "partition", 0, INT32_MAX, &partition)) {
    return false;
  }
  if (!ktxn__model_offset_look(line->control->model, ktxn__control_name_of(line, 2), ktxn__control_name_of(line, 3),
                               (int32_t)partition, &look)) {
    return ktxn__control_fail(line, "no such group");
  }
  ktxn__control_say(line, "ok offset=%lld pending=%s", (long long)look.offset, look.pending ? "yes" : "no");
  return true;
}
