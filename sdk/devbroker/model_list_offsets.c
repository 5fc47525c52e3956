/** ListOffsets, OffsetForLeaderEpoch (KIP-320) and DescribeProducers (KIP-664): what a leader tells about its logs. */

#include "sdk/devbroker/model_state.h"

#define LATEST (-1)
#define EARLIEST (-2)
#define MAX_TIMESTAMP (-3)

static int16_t find(struct ktxn__model *model, const struct ktxn__model_ticket *ticket, const struct ktxn__model_topic_ref *ref,
                    int32_t index, int32_t leader_epoch, struct ktxn__model_partition **partition) {
  struct ktxn__model_topic *topic;
  int16_t code = ktxn__model_node_resolve(model, ticket->node, ref, &topic);
  *partition = ktxn__model_topic_partition(topic, index);
  if (code != KTXN__MODEL_NONE || *partition == NULL) {
    return KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION;
  }
  if (!ktxn__model_node_leads(model, ticket->node, *partition)) {
    return KTXN__MODEL_NOT_LEADER_OR_FOLLOWER;
  }
  int32_t current = ktxn__model_node_acting(model, ticket->node, *partition).leader_epoch;
  if (leader_epoch >= 0 && leader_epoch != current) {
    return leader_epoch < current ? KTXN__MODEL_FENCED_LEADER_EPOCH : KTXN__MODEL_UNKNOWN_LEADER_EPOCH;
  }
  return KTXN__MODEL_NONE;
}

static const struct ktxn__model_entry *youngest(const struct ktxn__model_log *log) {
  const struct ktxn__model_entry *found = NULL;
  for (int32_t i = ktxn__model_log_find(log, log->start); i < log->entry_count; i++) {
    const struct ktxn__model_entry *entry = log->entries[i];
    if (!entry->marker && (found == NULL || entry->max_timestamp_ms > found->max_timestamp_ms)) {
      found = entry;
    }
  }
  return found;
}

static const struct ktxn__model_entry *first_since(const struct ktxn__model_log *log, int64_t timestamp_ms) {
  for (int32_t i = ktxn__model_log_find(log, log->start); i < log->entry_count; i++) {
    if (!log->entries[i]->marker && log->entries[i]->max_timestamp_ms >= timestamp_ms) {
      return log->entries[i];
    }
  }
  return NULL;
}

static void list_one(const struct ktxn__model_partition *partition, struct ktxn__model_seen_partition seen, bool read_committed,
                     int64_t timestamp_ms, struct ktxn__model_listed_offset *out) {
  const struct ktxn__model_log *log = &partition->log;
  out->leader_epoch = seen.leader_epoch;
  if (timestamp_ms == LATEST) {
    out->offset = read_committed ? seen.last_stable : seen.high_watermark;
  } else if (timestamp_ms == EARLIEST) {
    out->offset = log->start;
  } else {
    const struct ktxn__model_entry *entry = timestamp_ms == MAX_TIMESTAMP ? youngest(log) : first_since(log, timestamp_ms);
    out->offset = entry == NULL ? -1 : entry->base_offset;
    out->timestamp_ms = entry == NULL ? -1 : entry->max_timestamp_ms;
    out->leader_epoch = entry == NULL ? -1 : entry->leader_epoch;
  }
}

void ktxn__model_on_list_offsets(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                 const struct ktxn__model_request *request) {
  const struct ktxn__model_list_offsets *ask = &request->list_offsets;
  struct ktxn__model_listed_topic *out = ktxn__model_answer_array(model, ticket, ask->topic_count, sizeof *out);
  ticket->answer.list_offsets.topics = out;
  ticket->answer.list_offsets.topic_count = ask->topic_count;
  for (int32_t i = 0; i < ask->topic_count && !ticket->starved; i++) {
    const struct ktxn__model_list_offsets_topic *from = &ask->topics[i];
    out[i].name = ktxn__model_answer_str(model, ticket, from->name);
    out[i].partitions = ktxn__model_answer_array(model, ticket, from->partition_count, sizeof *out[i].partitions);
    out[i].partition_count = from->partition_count;
    for (int32_t j = 0; j < from->partition_count && !ticket->starved; j++) {
      struct ktxn__model_listed_offset *to = &out[i].partitions[j];
      struct ktxn__model_partition *partition;
      *to = (struct ktxn__model_listed_offset){
          .index = from->partitions[j].index, .leader_epoch = -1, .timestamp_ms = -1, .offset = -1};
      to->code = find(model, ticket, &(struct ktxn__model_topic_ref){.name = from->name}, to->index,
                      from->partitions[j].current_leader_epoch, &partition);
      if (to->code == KTXN__MODEL_NONE) {
        list_one(partition, ktxn__model_node_acting(model, ticket->node, partition), ask->read_committed,
                 from->partitions[j].timestamp_ms, to);
      }
    }
  }
  ktxn__model_ticket_done(model, ticket);
}

/* Where the asked epoch, or the last one before it, ended: leader epochs in a log never fall. */
static void end_of_epoch(const struct ktxn__model_partition *partition, int32_t epoch, struct ktxn__model_listed_offset *out) {
  const struct ktxn__model_log *log = &partition->log;
  if (epoch < 0 || epoch > partition->leader_epoch) {
    return;
  }
  int32_t low = 0;
  int32_t high = log->entry_count;
  while (low < high) {
    int32_t middle = low + (high - low) / 2;
    if (log->entries[middle]->leader_epoch <= epoch) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  out->offset = low < log->entry_count ? log->entries[low]->base_offset : log->end;
  out->leader_epoch = low > 0 ? log->entries[low - 1]->leader_epoch : epoch;
}

void ktxn__model_on_leader_epoch(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                 const struct ktxn__model_request *request) {
  const struct ktxn__model_offset_for_leader_epoch *ask = &request->offset_for_leader_epoch;
  struct ktxn__model_listed_topic *out = ktxn__model_answer_array(model, ticket, ask->topic_count, sizeof *out);
  ticket->answer.list_offsets.topics = out;
  ticket->answer.list_offsets.topic_count = ask->topic_count;
  for (int32_t i = 0; i < ask->topic_count && !ticket->starved; i++) {
    const struct ktxn__model_epoch_topic *from = &ask->topics[i];
    out[i].name = ktxn__model_answer_str(model, ticket, from->name);
    out[i].partitions = ktxn__model_answer_array(model, ticket, from->partition_count, sizeof *out[i].partitions);
    out[i].partition_count = from->partition_count;
    for (int32_t j = 0; j < from->partition_count && !ticket->starved; j++) {
      struct ktxn__model_listed_offset *to = &out[i].partitions[j];
      struct ktxn__model_partition *partition;
      *to = (struct ktxn__model_listed_offset){
          .index = from->partitions[j].index, .leader_epoch = -1, .timestamp_ms = -1, .offset = -1};
      to->code = find(model, ticket, &(struct ktxn__model_topic_ref){.name = from->name}, to->index,
                      from->partitions[j].current_leader_epoch, &partition);
      if (to->code == KTXN__MODEL_NONE) {
        end_of_epoch(partition, from->partitions[j].leader_epoch, to);
      }
    }
  }
  ktxn__model_ticket_done(model, ticket);
}

/* ---- DescribeProducers ---- */

static int32_t last_sequence(const struct ktxn__model_producer *producer) {
  int last = (producer->window_next + KTXN__MODEL_WINDOW - 1) % KTXN__MODEL_WINDOW;
  return producer->window_count == 0 ? -1 : producer->window[last].last_sequence;
}

static void describe_log(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_log *log,
                         struct ktxn__model_described_partition *out) {
  out->producers = ktxn__model_answer_array(model, ticket, log->producer_count, sizeof *out->producers);
  for (int32_t i = 0; i < log->producer_count && !ticket->starved; i++) {
    const struct ktxn__model_producer *producer = log->producers[i];
    if (producer->epoch < 0) {
      continue; /* only asked about so far */
    }
    out->producers[out->producer_count++] =
        (struct ktxn__model_active_producer){.producer_id = producer->id,
                                             .producer_epoch = producer->epoch,
                                             .last_sequence = last_sequence(producer),
                                             .last_timestamp_ms = producer->last_ms,
                                             .coordinator_epoch = producer->coordinator_epoch,
                                             .txn_start_offset = producer->txn_first};
  }
}

void ktxn__model_on_describe_producers(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                       const struct ktxn__model_request *request) {
  const struct ktxn__model_describe_producers *ask = &request->describe_producers;
  struct ktxn__model_described_topic *out = ktxn__model_answer_array(model, ticket, ask->topic_count, sizeof *out);
  ticket->answer.describe_producers.topics = out;
  ticket->answer.describe_producers.topic_count = ask->topic_count;
  for (int32_t i = 0; i < ask->topic_count && !ticket->starved; i++) {
    const struct ktxn__model_topic_partitions *from = &ask->topics[i];
    out[i].name = ktxn__model_answer_str(model, ticket, from->topic.name);
    out[i].partitions = ktxn__model_answer_array(model, ticket, from->partition_count, sizeof *out[i].partitions);
    out[i].partition_count = from->partition_count;
    for (int32_t j = 0; j < from->partition_count && !ticket->starved; j++) {
      struct ktxn__model_described_partition *to = &out[i].partitions[j];
      struct ktxn__model_partition *partition;
      to->index = from->partitions[j];
      to->code = find(model, ticket, &from->topic, to->index, -1, &partition);
      if (to->code == KTXN__MODEL_NONE) {
        describe_log(model, ticket, &partition->log, to);
      }
    }
  }
  ktxn__model_ticket_done(model, ticket);
}
