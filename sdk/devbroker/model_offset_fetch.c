/** OffsetFetch, with require_stable (KIP-447). */

#include "sdk/devbroker/model_state.h"

struct reader {
  struct ktxn__model_ticket *ticket;
  const struct ktxn__model_group *group; /* NULL: not known */
  struct ktxn__str group_id;
  bool stable;
};

static void fetch_one(struct ktxn__model *model, const struct reader *reader, const struct ktxn__model_topic_ref *ref, uint64_t place,
                      struct ktxn__model_fetched_offset *out) {
  const struct ktxn__model_offset *known =
      ktxn__model_offsets_seen(model, reader->ticket->node, reader->group, reader->group_id, place);
  out->offset = -1;
  out->leader_epoch = -1;
  out->metadata = KTXN__STR("");
  out->code = KTXN__MODEL_NONE;
  if (known == NULL) {
    return;
  }
  if (reader->stable && known->pending_count > 0) {
    out->code = KTXN__MODEL_UNSTABLE_OFFSET_COMMIT;
    return;
  }
  const struct ktxn__model_topic *now = ref->by_id ? ktxn__model_topic_by_id(model, &ref->id) : NULL;
  if (known->offset < 0 || (now != NULL && now->number != known->topic_number)) {
    return; /* committed for a topic that was there before this one */
  }
  out->offset = known->offset;
  out->leader_epoch = known->leader_epoch;
  out->metadata = ktxn__model_answer_str(model, reader->ticket, known->metadata);
}

static void fetch_topic(struct ktxn__model *model, const struct reader *reader, const struct ktxn__model_topic_partitions *from,
                        struct ktxn__model_fetched_offset_topic *to) {
  const struct ktxn__model_topic *by_id = from->topic.by_id ? ktxn__model_topic_by_id(model, &from->topic.id) : NULL;
  const struct ktxn__model_name *name = from->topic.by_id ? (by_id == NULL ? NULL : by_id->name)
                                                          : ktxn__model_name_find(model, from->topic.name);
  to->topic = ktxn__model_answer_ref(model, reader->ticket, from->topic);
  to->partitions = ktxn__model_answer_array(model, reader->ticket, from->partition_count, sizeof *to->partitions);
  to->partition_count = from->partition_count;
  for (int32_t i = 0; i < from->partition_count && !reader->ticket->starved; i++) {
    struct ktxn__model_fetched_offset *out = &to->partitions[i];
    *out = (struct ktxn__model_fetched_offset){.offset = -1, .leader_epoch = -1, .metadata = KTXN__STR("")};
    out->index = from->partitions[i];
    if (name != NULL) {
      fetch_one(model, reader, &from->topic, ktxn__model_place(name, out->index), out);
    } else if (from->topic.by_id) {
      out->code = KTXN__MODEL_UNKNOWN_TOPIC_ID;
    }
  }
}

static struct ktxn__model_fetched_offset_topic *group_topic(struct ktxn__model_fetched_group *out, const struct ktxn__model_name *name) {
  for (int32_t i = out->topic_count - 1; i >= 0; i--) {
    if (out->topics[i].topic.name.data == name->text.data) {
      return &out->topics[i];
    }
  }
  struct ktxn__model_fetched_offset_topic *topic = &out->topics[out->topic_count++];
  topic->topic.name = name->text;
  if (name->topic != NULL) {
    topic->topic.id = name->topic->id;
  }
  return topic;
}

static bool shown(const struct ktxn__model_offset *offset) {
  return offset->offset >= 0 || offset->pending_count > 0;
}

/* All that the group has: counted by topic first, so that each gets an array of its own. */
static void fetch_all(struct ktxn__model *model, const struct reader *reader, struct ktxn__model_fetched_group *out) {
  struct ktxn__model_ticket *ticket = reader->ticket;
  int32_t count = reader->group == NULL ? 0 : reader->group->offset_count;
  out->topics = ktxn__model_answer_array(model, ticket, count, sizeof *out->topics);
  for (int32_t i = 0; i < count && !ticket->starved; i++) {
    if (shown(reader->group->offsets[i])) {
      group_topic(out, ktxn__model_place_name(model, reader->group->offsets[i]->place))->partition_count++;
    }
  }
  for (int32_t i = 0; i < out->topic_count && !ticket->starved; i++) {
    out->topics[i].partitions =
        ktxn__model_answer_array(model, ticket, out->topics[i].partition_count, sizeof *out->topics->partitions);
    out->topics[i].partition_count = 0;
  }
  for (int32_t i = 0; i < count && !ticket->starved; i++) {
    uint64_t place = reader->group->offsets[i]->place;
    if (shown(reader->group->offsets[i])) {
      struct ktxn__model_fetched_offset_topic *topic = group_topic(out, ktxn__model_place_name(model, place));
      struct ktxn__model_fetched_offset *to = &topic->partitions[topic->partition_count++];
      to->index = ktxn__model_place_partition(place);
      fetch_one(model, reader, &topic->topic, place, to);
    }
  }
}

static void fetch_group(struct ktxn__model *model, struct ktxn__model_ticket *ticket, bool stable,
                        const struct ktxn__model_offset_fetch_group *ask, struct ktxn__model_fetched_group *out) {
  struct ktxn__model_group *group;
  out->group_id = ktxn__model_answer_str(model, ticket, ask->group_id);
  out->code = ktxn__model_group_find(model, ticket->node, ask->group_id, &group);
  if (out->code != KTXN__MODEL_NONE) {
    return;
  }
  struct reader reader = {.ticket = ticket, .group = group, .group_id = ask->group_id, .stable = stable};
  if (ask->topic_count < 0) {
    fetch_all(model, &reader, out);
    return;
  }
  out->topics = ktxn__model_answer_array(model, ticket, ask->topic_count, sizeof *out->topics);
  out->topic_count = ask->topic_count;
  for (int32_t i = 0; i < ask->topic_count && !ticket->starved; i++) {
    fetch_topic(model, &reader, &ask->topics[i], &out->topics[i]);
  }
}

void ktxn__model_on_offset_fetch(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                 const struct ktxn__model_request *request) {
  const struct ktxn__model_offset_fetch *ask = &request->offset_fetch;
  struct ktxn__model_fetched_group *out = ktxn__model_answer_array(model, ticket, ask->group_count, sizeof *out);
  ticket->answer.offset_fetch.groups = out;
  ticket->answer.offset_fetch.group_count = ask->group_count;
  for (int32_t i = 0; i < ask->group_count && !ticket->starved; i++) {
    fetch_group(model, ticket, ask->require_stable, &ask->groups[i], &out[i]);
  }
  ktxn__model_ticket_done(model, ticket);
}
