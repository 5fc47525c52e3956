#include "sdk/devbroker/model_marker.h"

#include "sdk/devbroker/model_pending.h"
#include "sdk/devbroker/model_state.h"

static void tell(struct ktxn__model *model, const struct ktxn__model_partition *partition, const struct ktxn__model_entry *entry) {
  struct ktxn__model_seen seen = {.sight = KTXN__MODEL_SAW_MARKER,
                                  .node = partition->leader,
                                  .tag = entry->tag,
                                  .name = partition->topic->name->text,
                                  .partition = partition->index,
                                  .offset = entry->base_offset,
                                  .last_offset = entry->last_offset,
                                  .producer_id = entry->producer_id,
                                  .producer_epoch = entry->producer_epoch,
                                  .base_sequence = -1,
                                  .transactional = true,
                                  .committed = entry->committed};
  ktxn__model_tell(model, &seen);
}

int16_t ktxn__model_marker_write(struct ktxn__model *model, struct ktxn__model_partition *partition,
                                 const struct ktxn__model_entry *marker, bool strict, uint64_t tag) {
  struct ktxn__model_producer *producer = ktxn__model_log_producer(&partition->log, marker->producer_id);
  int16_t code =
      ktxn__model_producer_admit_marker(producer, marker->producer_epoch, marker->coordinator_epoch, strict);
  if (code != KTXN__MODEL_NONE) {
    return code;
  }
  struct ktxn__model_entry like = *marker;
  like.leader_epoch = partition->leader_epoch;
  like.max_timestamp_ms = ktxn__model_wall_ms(model);
  like.tag = tag;
  struct ktxn__model_entry *entry = ktxn__model_log_append_marker(&model->memory, &partition->log, &like);
  if (entry == NULL) {
    return KTXN__MODEL_KAFKA_STORAGE_ERROR;
  }
  tell(model, partition, entry);
  if (partition->topic == model->groups.topic) {
    ktxn__model_offsets_end(model, partition->index, marker->producer_id, marker->committed);
  }
  if (partition->log.forgets) {
    ktxn__model_put(&model->memory, entry, sizeof *entry);
  }
  return KTXN__MODEL_NONE;
}

static void way_free(struct ktxn__model *model, struct ktxn__model_marker_way *way) {
  ktxn__model_event_clear(&model->events, &way->event);
  ktxn__model_put(&model->memory, way, sizeof *way);
}

static void written(struct ktxn__model *model, struct ktxn__model_marker_way *way) {
  struct ktxn__model_txn *txn = way->txn;
  int32_t node = way->node;
  bool counts = !way->copy && txn->marking == way->marking;
  way_free(model, way);
  if (counts && --txn->markers_left == 0) {
    ktxn__model_txn_complete(model, txn, node);
  }
}

static void arrive(struct ktxn__model *model, struct ktxn__model_event *event);

static void again(struct ktxn__model *model, struct ktxn__model_marker_way *way) {
  if (way->copy || way->txn->marking != way->marking) {
    way_free(model, way);
  } else {
    ktxn__model_later(model, &way->event, KTXN__MODEL_MARKER_RETRY_US, arrive);
  }
}

static void woken(struct ktxn__model *model, struct ktxn__model_waiter *waiter, int16_t code) {
  struct ktxn__model_marker_way *way = KTXN__LIST_OF(waiter, struct ktxn__model_marker_way, waiter);
  if (code == KTXN__MODEL_NONE) {
    written(model, way);
  } else {
    again(model, way);
  }
}

static int16_t write(struct ktxn__model *model, struct ktxn__model_partition *partition, const struct ktxn__model_marker_way *way) {
  struct ktxn__model_entry marker = {.size = KTXN__MODEL_MARKER_SIZE,
                                     .producer_id = way->producer_id,
                                     .base_sequence = -1,
                                     .coordinator_epoch = way->coordinator_epoch,
                                     .producer_epoch = way->producer_epoch,
                                     .transactional = true,
                                     .marker = true,
                                     .committed = way->committed};
  bool strict = way->v2 && ktxn__model_node_traits(model, partition->leader)->strict_markers;
  return ktxn__model_marker_write(model, partition, &marker, strict, 0);
}

/* A copy that came later than completion could end the next transaction: brokers don't let one live so long. */
static bool too_late(const struct ktxn__model_marker_way *way) {
  enum ktxn__model_txn_state state = way->txn->now.state;
  return way->copy && (way->txn->marking != way->marking ||
                       (state != KTXN__MODEL_PREPARE_COMMIT && state != KTXN__MODEL_PREPARE_ABORT));
}

/*
 * A topic that is gone needs no marker. A leader that knows a newer epoch has seen this end already (KIP-1228); but what it
 * has seen may still be lost, so that its answer, too, waits for replication.
 */
static void arrive(struct ktxn__model *model, struct ktxn__model_event *event) {
  struct ktxn__model_marker_way *way = KTXN__LIST_OF(event, struct ktxn__model_marker_way, event);
  struct ktxn__model_partition *partition = ktxn__model_place_find(model, way->place);
  if (partition == NULL || too_late(way)) {
    written(model, way);
    return;
  }
  int32_t leader = partition->leader;
  bool reached = leader >= 0 && model->nodes[leader].up &&
                 (leader == way->node || (!model->nodes[leader].cut && !model->nodes[way->node].cut));
  if (!reached || (partition->topic == model->groups.topic && ktxn__model_groups_loading(model, partition->index))) {
    again(model, way);
    return;
  }
  if (write(model, partition, way) == KTXN__MODEL_KAFKA_STORAGE_ERROR) {
    again(model, way);
    return;
  }
  way->waiter = (struct ktxn__model_waiter){
      .need = partition->log.end, .node = leader, .follows = leader != way->node, .woken = woken};
  if (partition->log.high_watermark >= partition->log.end) {
    written(model, way);
    return;
  }
  ktxn__list_init(&way->waiter.link);
  ktxn__model_replica_wait(partition, &way->waiter);
  ktxn__model_replica_appended(model, partition);
}

static bool send(struct ktxn__model *model, struct ktxn__model_txn *txn, uint64_t place, int32_t node, bool copy) {
  struct ktxn__model_marker_way *way = ktxn__model_get(&model->memory, sizeof *way);
  if (way == NULL) {
    return false;
  }
  *way = (struct ktxn__model_marker_way){
      .txn = txn,
      .marking = txn->marking,
      .copy = copy,
      .place = place,
      .node = node,
      .producer_id = txn->now.producer_id,
      .producer_epoch = txn->now.producer_epoch,
      .coordinator_epoch = model->txns.topic->partitions[txn->part]->leader_epoch,
      .committed = txn->now.state == KTXN__MODEL_PREPARE_COMMIT,
      .v2 = txn->now.v2,
  };
  ktxn__list_init(&way->waiter.link);
  if (!ktxn__model_later(model, &way->event, ktxn__model_delay(model, KTXN__MODEL_DELAY_MARKER, node), arrive)) {
    ktxn__model_put(&model->memory, way, sizeof *way);
    return false;
  }
  return true;
}

void ktxn__model_txn_mark(struct ktxn__model *model, struct ktxn__model_txn *txn, int32_t node) {
  txn->marking++;
  txn->markers_left = txn->place_count;
  if (txn->place_count == 0) {
    ktxn__model_txn_complete(model, txn, node);
    return;
  }
  for (int32_t i = 0; i < txn->place_count; i++) {
    send(model, txn, txn->places[i], node, false);
    if (ktxn__model_choose(model, KTXN__MODEL_CHOICE_TWICE, node)) {
      send(model, txn, txn->places[i], node, true);
    }
  }
}

static void completed(struct ktxn__model *model, struct ktxn__model_record *record, int16_t code);

static void complete(struct ktxn__model *model, struct ktxn__model_txn *txn, int32_t node) {
  struct ktxn__model_txn_value value = txn->now;
  value.state = value.state == KTXN__MODEL_PREPARE_COMMIT ? KTXN__MODEL_COMPLETE_COMMIT : KTXN__MODEL_COMPLETE_ABORT;
  value.previous_producer_id = value.producer_id;
  if (value.next_producer_id >= 0) {
    value.producer_id = value.next_producer_id;
    value.producer_epoch = 0;
    value.next_producer_id = -1;
  }
  struct ktxn__model_desk desk = {.node = node, .txn = txn};
  struct ktxn__model_write write = {.value = &value, .done = completed};
  ktxn__model_txn_write(model, &desk, &write);
}

/* The record of completion is tried again until it is in the log, or the coordinator is another one. */
static void completed(struct ktxn__model *model, struct ktxn__model_record *record, int16_t code) {
  if (code == KTXN__MODEL_COORDINATOR_NOT_AVAILABLE) {
    complete(model, record->txn, record->node);
  }
}

void ktxn__model_txn_complete(struct ktxn__model *model, struct ktxn__model_txn *txn, int32_t node) {
  complete(model, txn, node);
}

/* ---- WriteTxnMarkers: by hand, to end a transaction that hangs (KIP-664) ---- */

static int16_t write_by_hand(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_marker *ask,
                             const struct ktxn__model_topic_ref *ref, int32_t index) {
  struct ktxn__model_topic *topic;
  ktxn__model_node_resolve(model, ticket->node, ref, &topic);
  struct ktxn__model_partition *partition = ktxn__model_topic_partition(topic, index);
  if (partition == NULL) {
    return KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION;
  }
  if (partition->leader != ticket->node || model->nodes[ticket->node].cut) {
    return KTXN__MODEL_NOT_LEADER_OR_FOLLOWER;
  }
  struct ktxn__model_entry marker = {.size = KTXN__MODEL_MARKER_SIZE,
                                     .producer_id = ask->producer_id,
                                     .base_sequence = -1,
                                     .coordinator_epoch = ask->coordinator_epoch,
                                     .producer_epoch = ask->producer_epoch,
                                     .transactional = true,
                                     .marker = true,
                                     .committed = ask->committed};
  bool strict = ask->transaction_version >= 2 && ktxn__model_node_traits(model, ticket->node)->strict_markers;
  int16_t code = ktxn__model_marker_write(model, partition, &marker, strict, ticket->tag);
  if (code == KTXN__MODEL_NONE) {
    ktxn__model_replica_appended(model, partition);
  }
  return code;
}

static void write_topic(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_marker *ask,
                        const struct ktxn__model_topic_partitions *from, struct ktxn__model_coded_topic *to) {
  to->topic = ktxn__model_answer_ref(model, ticket, from->topic);
  to->partitions = ktxn__model_answer_array(model, ticket, from->partition_count, sizeof *to->partitions);
  to->partition_count = from->partition_count;
  for (int32_t i = 0; i < from->partition_count && !ticket->starved; i++) {
    to->partitions[i].index = from->partitions[i];
    to->partitions[i].code = write_by_hand(model, ticket, ask, &from->topic, from->partitions[i]);
  }
}

void ktxn__model_on_write_markers(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                  const struct ktxn__model_request *request) {
  const struct ktxn__model_write_markers *ask = &request->write_markers;
  struct ktxn__model_marked *out =
      ktxn__model_answer_array(model, ticket, ask->marker_count, sizeof *out);
  ticket->answer.write_markers.markers = out;
  ticket->answer.write_markers.marker_count = ask->marker_count;
  for (int32_t i = 0; i < ask->marker_count && !ticket->starved; i++) {
    const struct ktxn__model_marker *marker = &ask->markers[i];
    out[i].producer_id = marker->producer_id;
    out[i].topics = ktxn__model_answer_array(model, ticket, marker->topic_count, sizeof *out[i].topics);
    out[i].topic_count = marker->topic_count;
    for (int32_t j = 0; j < marker->topic_count && !ticket->starved; j++) {
      write_topic(model, ticket, marker, &marker->topics[j], &out[i].topics[j]);
    }
  }
  ktxn__model_ticket_done(model, ticket);
}
