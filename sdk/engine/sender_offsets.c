#include <string.h>

#include "sdk/config.h"
#include "sdk/engine/sender_sort.h"
#include "sdk/engine/sender_state.h"
#include "sdk/error.h"
#include "sdk/wire/txn_offset_commit.h"

/*
 * TxnOffsetCommit (KIP-447): which offsets of the operation are still to be taken by the group coordinator, and which a
 * lost copy may still write. Only what has not succeeded is sent again.
 */

/* KIP-447: the first version with the consumer's place in its group; below it a zombie would not be stopped. */
#define VERSION_GROUP 3
/* KIP-1319: the first with topic ids instead of names. */
#define VERSION_TOPIC_ID 6

/* ---- the books of one operation ------------------------------------------------------------------------------------------ */

/* Of a partition that is named twice the group keeps what comes last, so those stay in the order in which they were given. */
static bool offset_before(const void *ctx, uint32_t a, uint32_t b) {
  const ktxn_offset *offsets = ctx;
  int order = strcmp(offsets[a].topic, offsets[b].topic);
  if (order != 0 || offsets[a].partition != offsets[b].partition) {
    return order != 0 ? order < 0 : offsets[a].partition < offsets[b].partition;
  }
  return a < b;
}

/*
 * A late copy within the transaction is accepted, and the last to arrive wins: after a copy of unknown fate another
 * offset for the same partition could be undone by it.
 */
static bool contradicts(const struct ktxn__sender *sender, const ktxn_offset *offset) {
  const struct ktxn__sender_offsets *offsets = &sender->offsets;
  for (uint32_t i = 0; i < offsets->doubt_count; i++) {
    const struct ktxn__sender_doubt *doubt = &offsets->doubts[i];
    if (doubt->group == offsets->group && doubt->partition == offset->partition && doubt->offset != offset->offset &&
        strcmp(doubt->topic, offset->topic) == 0) {
      return true;
    }
  }
  return offsets->doubts_lost;
}

static bool allowed(struct ktxn__sender *sender, const struct ktxn__op *op, ktxn_error *error) {
  for (size_t i = 0; i < op->offset_count; i++) {
    if (contradicts(sender, &op->offsets[i])) {
      ktxn__error_set(error, KTXN_E_NETWORK_EXCEPTION, KTXN_CLASS_ABORT,
                      "group %.60s, %.60s-%d: an earlier offset of this transaction got no answer and may arrive after "
                      "this one; abort the transaction, then run it again",
                      op->group->group_id, op->offsets[i].topic, op->offsets[i].partition);
      return false;
    }
  }
  return true;
}

bool ktxn__sender_offsets_begin(struct ktxn__sender *sender, struct ktxn__op *op, ktxn_error *error) {
  struct ktxn__sender_offsets *offsets = &sender->offsets;
  uint32_t count = (uint32_t)op->offset_count;
  if (!allowed(sender, op, error)) {
    return false;
  }
  size_t each = 2 * sizeof *offsets->order + sizeof *offsets->codes + sizeof *offsets->settled;
  offsets->order = ktxn__calloc(ktxn__sender_mem(sender), count, each);
  if (offsets->order == NULL) {
    return false;
  }
  offsets->asked = offsets->order + count;
  offsets->codes = (int16_t *)(void *)(offsets->asked + count);
  offsets->settled = (bool *)(void *)(offsets->codes + count);
  offsets->asked_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    offsets->order[i] = i;
  }
  ktxn__sender_sort(offsets->order, count, offset_before, op->offsets);
  return true;
}

void ktxn__sender_offsets_end(struct ktxn__sender *sender) {
  struct ktxn__sender_offsets *offsets = &sender->offsets;
  ktxn__free(ktxn__sender_mem(sender), offsets->order);
  offsets->order = NULL;
  offsets->asked = NULL;
  offsets->codes = NULL;
  offsets->settled = NULL;
  offsets->asked_count = 0;
  offsets->fed = false;
}

/* ---- the request ----------------------------------------------------------------------------------------------------------- */

static bool has_membership(const ktxn_group *group) {
  return group->generation >= 0 || (group->member_id != NULL && group->member_id[0] != '\0') ||
         group->group_instance_id != NULL;
}

static bool topic_id(const struct ktxn__sender *sender, const char *name, struct ktxn__uuid *id) {
  const struct ktxn__topic *entry = ktxn__sender_find_topic(sender, name);
  memset(id, 0, sizeof *id);
  if (entry != NULL) {
    memcpy(id->bytes, entry->id, sizeof id->bytes);
  }
  return !ktxn__uuid_zero(id);
}

static bool all_ids_known(const struct ktxn__sender *sender) {
  const struct ktxn__op *op = sender->offsets.op;
  struct ktxn__uuid id;
  for (size_t i = 0; i < op->offset_count; i++) {
    if (!topic_id(sender, op->offsets[i].topic, &id)) {
      return false;
    }
  }
  return true;
}

void ktxn__sender_offsets_versions(struct ktxn__sender *sender, int16_t *min, int16_t *max) {
  const struct ktxn__op *op = sender->offsets.op;
  if (op == NULL) {
    return;
  }
  if (has_membership(op->group) && *min < VERSION_GROUP) {
    *min = VERSION_GROUP;
  }
  if (*max >= VERSION_TOPIC_ID && !all_ids_known(sender)) {
    *max = VERSION_TOPIC_ID - 1;
  }
}

struct request_arrays {
  struct ktxn__txn_offset_commit_request_topic *topics;
  struct ktxn__txn_offset_commit_request_partition *partitions;
  int32_t topic_count;
};

static void add_offset(struct ktxn__sender *sender, struct request_arrays *arrays, uint32_t index) {
  struct ktxn__sender_offsets *offsets = &sender->offsets;
  const ktxn_offset *offset = &offsets->op->offsets[index];
  uint32_t at = offsets->asked_count++;
  offsets->asked[at] = index;
  arrays->partitions[at] = (struct ktxn__txn_offset_commit_request_partition){
      .index = offset->partition,
      .leader_epoch = offset->leader_epoch,
      .offset = offset->offset,
      .metadata = ktxn__str(offset->metadata),
  };
  if (at == 0 || strcmp(offset->topic, offsets->op->offsets[offsets->asked[at - 1]].topic) != 0) {
    struct ktxn__txn_offset_commit_request_topic *topic = &arrays->topics[arrays->topic_count++];
    topic->name = ktxn__str(offset->topic);
    topic_id(sender, offset->topic, &topic->id);
    topic->partitions = &arrays->partitions[at];
    topic->partition_count = 0;
  }
  arrays->topics[arrays->topic_count - 1].partition_count++;
}

bool ktxn__sender_encode_offsets(struct ktxn__sender *sender, int16_t version, struct ktxn__writer *writer) {
  struct ktxn__sender_offsets *offsets = &sender->offsets;
  struct ktxn__arena *arena = ktxn__engine_arena(sender->engine);
  struct request_arrays arrays = {NULL, NULL, 0};
  if (offsets->op == NULL) {
    return false; /* given up by an abort meanwhile */
  }
  uint32_t count = (uint32_t)offsets->op->offset_count;
  const ktxn_group *group = offsets->op->group;
  arrays.topics = ktxn__arena_array(arena, count, sizeof *arrays.topics);
  arrays.partitions = ktxn__arena_array(arena, count, sizeof *arrays.partitions);
  if (arrays.topics == NULL || arrays.partitions == NULL) {
    return false;
  }
  offsets->asked_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (!offsets->settled[offsets->order[i]]) {
      add_offset(sender, &arrays, offsets->order[i]);
    }
  }
  struct ktxn__txn_offset_commit_request request = {
      .transactional_id = ktxn__str(sender->settings->transactional_id),
      .group_id = ktxn__str(group->group_id),
      .producer_id = sender->txn_call.request.producer_id,
      .producer_epoch = sender->txn_call.request.producer_epoch,
      .generation_id = group->generation,
      .member_id = ktxn__str(group->member_id),
      .group_instance_id = ktxn__str(group->group_instance_id),
      .topics = arrays.topics,
      .topic_count = arrays.topic_count,
  };
  ktxn__txn_offset_commit_request_encode(writer, version, &request);
  return true;
}

/* ---- the answer ------------------------------------------------------------------------------------------------------------ */

static bool names(const struct ktxn__sender *sender, const struct ktxn__txn_offset_commit_topic *topic, int16_t version,
                  const char *name) {
  struct ktxn__uuid id;
  if (version < VERSION_TOPIC_ID) {
    return ktxn__str_equal(topic->name, ktxn__str(name));
  }
  return topic_id(sender, name, &id) && ktxn__uuid_equal(&id, &topic->id);
}

/* The code for one offset of the request; false: the answer has none. */
static bool find_code(const struct ktxn__sender *sender, const struct ktxn__txn_offset_commit_response *response,
                      int16_t version, const ktxn_offset *offset, int16_t *code) {
  for (int32_t i = 0; i < response->topic_count; i++) {
    const struct ktxn__txn_offset_commit_topic *topic = &response->topics[i];
    if (!names(sender, topic, version, offset->topic)) {
      continue;
    }
    for (int32_t j = 0; j < topic->partition_count; j++) {
      if (topic->partitions[j].index == offset->partition) {
        *code = topic->partitions[j].error_code;
        return true;
      }
    }
  }
  return false;
}

/* The operation was given up meanwhile, and its offsets are gone; what the copy did still counts. */
static bool all_codes(const struct ktxn__txn_offset_commit_response *response, struct ktxn__arena *arena,
                      struct ktxn__txn_result *result) {
  uint32_t count = 0;
  for (int32_t i = 0; i < response->topic_count; i++) {
    count += (uint32_t)response->topics[i].partition_count;
  }
  int16_t *codes = ktxn__arena_array(arena, count, sizeof *codes);
  if (codes == NULL) {
    return false;
  }
  result->codes = codes;
  for (int32_t i = 0; i < response->topic_count; i++) {
    for (int32_t j = 0; j < response->topics[i].partition_count; j++) {
      codes[result->code_count++] = response->topics[i].partitions[j].error_code;
    }
  }
  return true;
}

bool ktxn__sender_decode_offsets(struct ktxn__sender *sender, int16_t version, struct ktxn__reader *reader,
                                 int64_t now_us, struct ktxn__txn_result *result) {
  struct ktxn__txn_offset_commit_response response;
  struct ktxn__sender_offsets *offsets = &sender->offsets;
  struct ktxn__arena *arena = ktxn__engine_arena(sender->engine);
  if (!ktxn__txn_offset_commit_response_decode(reader, arena, version, &response)) {
    return false;
  }
  if (offsets->op == NULL) {
    return all_codes(&response, arena, result);
  }
  for (uint32_t i = 0; i < offsets->asked_count; i++) {
    if (!find_code(sender, &response, version, &offsets->op->offsets[offsets->asked[i]], &offsets->codes[i])) {
      return false;
    }
    if (offsets->codes[i] == KTXN_E_UNKNOWN_TOPIC_ID) {
      ktxn__cluster_refresh(sender->cluster, now_us); /* the next copy takes the id that is known then */
    }
  }
  result->codes = offsets->codes;
  result->code_count = offsets->asked_count;
  return true;
}

/* ---- what a copy leaves behind --------------------------------------------------------------------------------------------- */

static bool make_doubt_room(struct ktxn__sender *sender) {
  struct ktxn__sender_offsets *offsets = &sender->offsets;
  if (offsets->doubt_count < offsets->doubt_room) {
    return true;
  }
  uint32_t room = offsets->doubt_room == 0 ? 8 : offsets->doubt_room * 2;
  if (room > KTXN__SENDER_DOUBTS_MAX) {
    return false;
  }
  void *doubts = ktxn__realloc(ktxn__sender_mem(sender), offsets->doubts, room * sizeof *offsets->doubts);
  if (doubts == NULL) {
    return false;
  }
  offsets->doubts = doubts;
  offsets->doubt_room = room;
  return true;
}

static bool known_doubt(const struct ktxn__sender_offsets *offsets, const ktxn_offset *offset) {
  for (uint32_t i = 0; i < offsets->doubt_count; i++) {
    const struct ktxn__sender_doubt *doubt = &offsets->doubts[i];
    if (doubt->group == offsets->group && doubt->partition == offset->partition && doubt->offset == offset->offset &&
        strcmp(doubt->topic, offset->topic) == 0) {
      return true;
    }
  }
  return false;
}

static void remember_doubt(struct ktxn__sender *sender, const ktxn_offset *offset) {
  struct ktxn__sender_offsets *offsets = &sender->offsets;
  if (known_doubt(offsets, offset)) {
    return;
  }
  char *topic = make_doubt_room(sender) ? ktxn__strdup(ktxn__sender_mem(sender), offset->topic) : NULL;
  if (topic == NULL) {
    offsets->doubts_lost = true;
    return;
  }
  offsets->doubts[offsets->doubt_count++] =
      (struct ktxn__sender_doubt){offsets->group, offset->partition, offset->offset, topic};
}

void ktxn__sender_offsets_result(struct ktxn__sender *sender, const struct ktxn__txn_result *result) {
  struct ktxn__sender_offsets *offsets = &sender->offsets;
  if (offsets->op == NULL || result->fate == KTXN__TXN_UNSENT || result->fate == KTXN__TXN_UNSUPPORTED) {
    return;
  }
  for (uint32_t i = 0; i < offsets->asked_count; i++) {
    uint32_t index = offsets->asked[i];
    int16_t code = result->fate == KTXN__TXN_ANSWERED ? offsets->codes[i] : 0;
    if (result->fate == KTXN__TXN_LOST || (code != 0 && !ktxn__txn_definite(code))) {
      remember_doubt(sender, &offsets->op->offsets[index]);
    } else if (code == 0) {
      offsets->settled[index] = true;
    }
  }
}

/* The transaction is over, and its doubts with it. */
void ktxn__sender_offsets_forget(struct ktxn__sender *sender) {
  struct ktxn__sender_offsets *offsets = &sender->offsets;
  for (uint32_t i = 0; i < offsets->doubt_count; i++) {
    ktxn__free(ktxn__sender_mem(sender), offsets->doubts[i].topic);
  }
  offsets->doubt_count = 0;
  offsets->doubts_lost = false;
}
