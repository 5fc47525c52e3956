/** Fetch, with the long poll, isolation (KIP-98) and leader epochs (KIP-320). */

#include "sdk/devbroker/model_state.h"

struct fetch;

struct part {
  struct ktxn__model_waiter waiter;
  struct fetch *fetch;
  struct ktxn__model_partition *partition;
  struct ktxn__model_fetched *out;
  int64_t offset;
  int32_t max_bytes;
  int32_t first; /* index of the first entry */
};

struct fetch {
  struct ktxn__model_event timeout;
  struct ktxn__model_ticket *ticket;
  bool read_committed;
  int32_t min_bytes;
  int32_t max_bytes;
  struct part *parts;
  int32_t count;
  int32_t room;
  bool failed; /* a partition has an error: no waiting */
};

static void fetch_free(struct ktxn__model *model, struct fetch *fetch) {
  ktxn__model_event_clear(&model->events, &fetch->timeout);
  for (int32_t i = 0; i < fetch->count; i++) {
    ktxn__list_remove(&fetch->parts[i].waiter.link);
  }
  ktxn__model_put(&model->memory, fetch->parts, (size_t)fetch->room * sizeof *fetch->parts);
  ktxn__model_put(&model->memory, fetch, sizeof *fetch);
}

static void abandon(struct ktxn__model *model, struct ktxn__model_ticket *ticket) {
  fetch_free(model, ticket->work);
}

/* ---- what there is to read ---- */

static struct ktxn__model_seen_partition ends_of(const struct ktxn__model *model, const struct part *part) {
  return ktxn__model_node_acting(model, part->fetch->ticket->node, part->partition);
}

/* How many entries the reader gets, and in `*bytes` how large they are: at least one if `must`, however large it is. */
static int32_t measure(const struct ktxn__model *model, const struct part *part, int64_t room, bool must, int64_t *bytes) {
  struct ktxn__model_seen_partition ends = ends_of(model, part);
  int64_t limit = part->fetch->read_committed ? ends.last_stable : ends.high_watermark;
  const struct ktxn__model_log *log = &part->partition->log;
  int64_t max = part->max_bytes < room ? part->max_bytes : room;
  int32_t count = 0;
  *bytes = 0;
  for (int32_t i = part->first; i < log->entry_count && log->entries[i]->last_offset < limit; i++) {
    if (*bytes + log->entries[i]->size > max && !(must && count == 0)) {
      break;
    }
    *bytes += log->entries[i]->size;
    count++;
  }
  return count;
}

static int64_t available(const struct ktxn__model *model, const struct fetch *fetch) {
  int64_t total = 0;
  for (int32_t i = 0; i < fetch->count && total < fetch->min_bytes; i++) {
    int64_t bytes = 0;
    if (fetch->parts[i].out->code == KTXN__MODEL_NONE) {
      measure(model, &fetch->parts[i], fetch->max_bytes, true, &bytes);
    }
    total += bytes;
  }
  return total;
}

/* The transactions that a reader must leave out of what it gets. */
static void add_aborted(struct ktxn__model *model, const struct part *part, int64_t upper) {
  const struct ktxn__model_log *log = &part->partition->log;
  int32_t from = ktxn__model_log_find_aborted(log, part->offset);
  int32_t count = 0;
  int32_t to = from;
  for (bool more = true; more && to < log->aborted_count; to++) {
    count += log->aborted[to].first_offset < upper;
    more = log->aborted[to].last_stable < upper;
  }
  part->out->aborted = ktxn__model_answer_array(model, part->fetch->ticket, count, sizeof *part->out->aborted);
  for (int32_t i = from; i < to && part->out->aborted != NULL; i++) {
    if (log->aborted[i].first_offset < upper) {
      part->out->aborted[part->out->aborted_count++] = (struct ktxn__model_aborted){
          .producer_id = log->aborted[i].producer_id, .first_offset = log->aborted[i].first_offset};
    }
  }
}

static int64_t fill(struct ktxn__model *model, const struct part *part, int64_t room, bool must) {
  int64_t bytes;
  const struct ktxn__model_log *log = &part->partition->log;
  int32_t count = measure(model, part, room, must, &bytes);
  struct ktxn__model_fetched *out = part->out;
  out->entries = ktxn__model_answer_array(model, part->fetch->ticket, count, sizeof *out->entries);
  out->aborted_count = part->fetch->read_committed ? 0 : -1;
  if (count == 0 || out->entries == NULL) {
    return 0;
  }
  for (int32_t i = 0; i < count; i++) {
    out->entries[i] = log->entries[part->first + i];
  }
  out->entry_count = count;
  if (part->fetch->read_committed) {
    add_aborted(model, part, out->entries[count - 1]->last_offset + 1);
  }
  return bytes;
}

static void finish(struct ktxn__model *model, struct fetch *fetch) {
  struct ktxn__model_ticket *ticket = fetch->ticket;
  int64_t room = fetch->max_bytes;
  bool must = true;
  for (int32_t i = 0; i < fetch->count && !ticket->starved; i++) {
    struct part *part = &fetch->parts[i];
    if (part->out->code != KTXN__MODEL_NONE) {
      continue;
    }
    struct ktxn__model_seen_partition ends = ends_of(model, part);
    part->out->high_watermark = ends.high_watermark;
    part->out->last_stable_offset = ends.last_stable;
    part->out->log_start_offset = part->partition->log.start;
    int64_t bytes = fill(model, part, room, must);
    must = must && bytes == 0;
    room -= bytes < room ? bytes : room;
  }
  fetch_free(model, fetch);
  ktxn__model_ticket_done(model, ticket);
}

/* ---- the long poll ---- */

static void timed_out(struct ktxn__model *model, struct ktxn__model_event *event) {
  finish(model, KTXN__LIST_OF(event, struct fetch, timeout));
}

static void refuse(const struct ktxn__model *model, struct part *part, int16_t code) {
  part->out->code = code;
  part->fetch->failed = true;
  if (code == KTXN__MODEL_NOT_LEADER_OR_FOLLOWER || code == KTXN__MODEL_FENCED_LEADER_EPOCH) {
    struct ktxn__model_seen_partition seen = ktxn__model_node_partition(model, part->fetch->ticket->node, part->partition);
    part->out->leader_id = seen.leader;
    part->out->leader_epoch = seen.leader_epoch;
  }
}

static void woken(struct ktxn__model *model, struct ktxn__model_waiter *waiter, int16_t code) {
  struct part *part = KTXN__LIST_OF(waiter, struct part, waiter);
  if (code != KTXN__MODEL_NONE) {
    refuse(model, part, code);
  }
  if (part->fetch->failed || available(model, part->fetch) >= part->fetch->min_bytes) {
    finish(model, part->fetch);
  } else {
    ktxn__model_replica_wait(part->partition, waiter);
  }
}

static void poll(struct ktxn__model *model, struct fetch *fetch, int32_t max_wait_ms) {
  if (fetch->failed || fetch->count == 0 || max_wait_ms <= 0 || available(model, fetch) >= fetch->min_bytes) {
    finish(model, fetch);
    return;
  }
  for (int32_t i = 0; i < fetch->count; i++) {
    struct part *part = &fetch->parts[i];
    part->waiter.need = -1;
    part->waiter.node = fetch->ticket->node;
    part->waiter.woken = woken;
    ktxn__model_replica_wait(part->partition, &part->waiter);
  }
  ktxn__model_later(model, &fetch->timeout, (int64_t)max_wait_ms * 1000, timed_out);
}

/* ---- the request ---- */

static int16_t check_part(const struct ktxn__model *model, const struct part *part, int32_t leader_epoch) {
  int32_t node = part->fetch->ticket->node;
  if (part->partition == NULL || part->out->index >= ktxn__model_node_partitions(model, node, part->partition->topic)) {
    return KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION;
  }
  struct ktxn__model_seen_partition ends = ends_of(model, part);
  if (leader_epoch >= 0 && leader_epoch != ends.leader_epoch) {
    return leader_epoch < ends.leader_epoch ? KTXN__MODEL_FENCED_LEADER_EPOCH : KTXN__MODEL_UNKNOWN_LEADER_EPOCH;
  }
  if (!ktxn__model_node_leads(model, node, part->partition)) {
    return KTXN__MODEL_NOT_LEADER_OR_FOLLOWER;
  }
  bool inside = part->offset >= part->partition->log.start && part->offset <= part->partition->log.end;
  return inside ? KTXN__MODEL_NONE : KTXN__MODEL_OFFSET_OUT_OF_RANGE;
}

static void take_topic(struct ktxn__model *model, struct fetch *fetch, const struct ktxn__model_fetch_topic *from,
                       struct ktxn__model_fetched_topic *to) {
  struct ktxn__model_topic *topic;
  int16_t code = ktxn__model_node_resolve(model, fetch->ticket->node, &from->topic, &topic);
  to->topic = ktxn__model_answer_ref(model, fetch->ticket, from->topic);
  to->partitions = ktxn__model_answer_array(model, fetch->ticket, from->partition_count, sizeof *to->partitions);
  to->partition_count = from->partition_count;
  for (int32_t i = 0; i < from->partition_count && !fetch->ticket->starved; i++) {
    struct part *part = &fetch->parts[fetch->count++];
    ktxn__list_init(&part->waiter.link);
    part->fetch = fetch;
    part->out = &to->partitions[i];
    part->offset = from->partitions[i].fetch_offset;
    part->max_bytes = from->partitions[i].max_bytes;
    part->partition = ktxn__model_topic_partition(topic, from->partitions[i].index);
    *part->out = (struct ktxn__model_fetched){.index = from->partitions[i].index,
                                              .high_watermark = -1,
                                              .last_stable_offset = -1,
                                              .log_start_offset = -1,
                                              .leader_id = -1,
                                              .leader_epoch = -1,
                                              .aborted_count = -1};
    int16_t found = code != KTXN__MODEL_NONE ? code : check_part(model, part, from->partitions[i].current_leader_epoch);
    if (found != KTXN__MODEL_NONE) {
      refuse(model, part, found);
    } else {
      part->first = ktxn__model_log_find(&part->partition->log, part->offset);
    }
  }
}

static struct fetch *new_fetch(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_fetch *ask) {
  struct fetch *fetch = ktxn__model_get(&model->memory, sizeof *fetch);
  if (fetch == NULL) {
    return NULL;
  }
  fetch->ticket = ticket;
  fetch->read_committed = ask->read_committed;
  fetch->min_bytes = ask->min_bytes;
  fetch->max_bytes = ask->max_bytes;
  for (int32_t i = 0; i < ask->topic_count; i++) {
    fetch->room += ask->topics[i].partition_count;
  }
  fetch->parts = ktxn__model_get(&model->memory, (size_t)fetch->room * sizeof *fetch->parts);
  if (fetch->parts == NULL) {
    ktxn__model_put(&model->memory, fetch, sizeof *fetch);
    return NULL;
  }
  ticket->work = fetch;
  ticket->abandon = abandon;
  return fetch;
}

void ktxn__model_on_fetch(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_request *request) {
  const struct ktxn__model_fetch *ask = &request->fetch;
  struct ktxn__model_fetched_topic *topics = ktxn__model_answer_array(model, ticket, ask->topic_count, sizeof *topics);
  struct fetch *fetch = ticket->starved ? NULL : new_fetch(model, ticket, ask);
  ticket->answer.fetch.topics = topics;
  ticket->answer.fetch.topic_count = ask->topic_count;
  for (int32_t i = 0; i < ask->topic_count && fetch != NULL && !ticket->starved; i++) {
    take_topic(model, fetch, &ask->topics[i], &topics[i]);
  }
  if (fetch != NULL && !ticket->starved) {
    poll(model, fetch, ask->max_wait_ms);
    return;
  }
  if (fetch != NULL) {
    fetch_free(model, fetch);
  }
  ticket->starved = true;
  ktxn__model_ticket_done(model, ticket);
}
