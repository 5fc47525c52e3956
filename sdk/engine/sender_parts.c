#include "sdk/config.h"
#include "sdk/engine/sender_sort.h"
#include "sdk/engine/sender_state.h"
#include "sdk/wire/add_partitions_to_txn.h"

/* AddPartitionsToTxn: the partitions of the request, by topic and partition, and the answer's codes in the order in
 * which the transaction manager asked. */

static const struct ktxn__queue *queue_at(const struct ktxn__sender *sender, uint32_t index) {
  return ktxn__accumulator_queue(sender->acc, ktxn__txn_request_partition(sender->txn, index));
}

static bool before(const void *ctx, uint32_t a, uint32_t b) {
  const struct ktxn__queue *left = queue_at(ctx, a);
  const struct ktxn__queue *right = queue_at(ctx, b);
  return left->topic_index != right->topic_index ? left->topic_index < right->topic_index
                                                 : left->partition < right->partition;
}

/* Places in the request, sorted; the same for the request and its answer. NULL: no memory. */
static uint32_t *sorted_places(struct ktxn__sender *sender, struct ktxn__arena *arena, uint32_t count) {
  uint32_t *places = ktxn__arena_array(arena, count, sizeof *places);
  for (uint32_t i = 0; places != NULL && i < count; i++) {
    places[i] = i;
  }
  if (places != NULL) {
    ktxn__sender_sort(places, count, before, sender);
  }
  return places;
}

bool ktxn__sender_encode_parts(struct ktxn__sender *sender, int16_t version, struct ktxn__writer *writer) {
  const struct ktxn__txn_request *asked = &sender->txn_call.request;
  struct ktxn__arena *arena = ktxn__engine_arena(sender->engine);
  uint32_t count = asked->partition_count;
  uint32_t *places = sorted_places(sender, arena, count);
  int32_t *partitions = ktxn__arena_array(arena, count, sizeof *partitions);
  struct ktxn__add_partitions_to_txn_request_topic *topics = ktxn__arena_array(arena, count, sizeof *topics);
  int32_t topic_count = 0;
  if (places == NULL || partitions == NULL || topics == NULL) {
    return false;
  }
  for (uint32_t i = 0; i < count; i++) {
    const struct ktxn__queue *queue = queue_at(sender, places[i]);
    partitions[i] = queue->partition;
    if (i == 0 || queue->topic_index != queue_at(sender, places[i - 1])->topic_index) {
      topics[topic_count].name = ktxn__str(queue->topic);
      topics[topic_count++].partitions = &partitions[i];
    }
    topics[topic_count - 1].partition_count++;
  }
  struct ktxn__add_partitions_to_txn_request request = {
      .transactional_id = ktxn__str(sender->settings->transactional_id),
      .producer_id = asked->producer_id,
      .producer_epoch = asked->producer_epoch,
      .topics = topics,
      .topic_count = topic_count,
  };
  ktxn__add_partitions_to_txn_request_encode(writer, version, &request);
  return true;
}

/* The first of the places that belongs to the topic; `count` = none. Topics are few, their partitions may be many. */
static uint32_t first_of(const struct ktxn__sender *sender, const uint32_t *places, uint32_t count,
                         struct ktxn__str topic) {
  uint32_t i = 0;
  while (i < count) {
    const struct ktxn__queue *queue = queue_at(sender, places[i]);
    if (ktxn__str_equal(topic, ktxn__str(queue->topic))) {
      return i;
    }
    uint32_t index = queue->topic_index;
    while (i < count && queue_at(sender, places[i])->topic_index == index) {
      i++;
    }
  }
  return count;
}

/* By bisection among the partitions of one topic; `end` = none. */
static uint32_t find_place(const struct ktxn__sender *sender, const uint32_t *places, uint32_t first, uint32_t end,
                           int32_t partition) {
  uint32_t low = first;
  uint32_t high = end;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (queue_at(sender, places[middle])->partition < partition) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < end && queue_at(sender, places[low])->partition == partition ? low : end;
}

static uint32_t take_topic(const struct ktxn__sender *sender, const uint32_t *places, uint32_t count,
                           const struct ktxn__add_partitions_to_txn_topic *topic, int16_t *codes, bool *answered) {
  uint32_t taken = 0;
  uint32_t first = first_of(sender, places, count, topic->name);
  uint32_t end = first;
  while (end < count && queue_at(sender, places[end])->topic_index == queue_at(sender, places[first])->topic_index) {
    end++;
  }
  for (int32_t i = 0; i < topic->partition_count; i++) {
    uint32_t at = find_place(sender, places, first, end, topic->partitions[i].index);
    if (at < end && !answered[places[at]]) {
      answered[places[at]] = true;
      codes[places[at]] = topic->partitions[i].error_code;
      taken++;
    }
  }
  return taken;
}

bool ktxn__sender_decode_parts(struct ktxn__sender *sender, int16_t version, struct ktxn__reader *reader,
                               int64_t now_us, struct ktxn__txn_result *result) {
  (void)now_us;
  struct ktxn__add_partitions_to_txn_response response;
  struct ktxn__arena *arena = ktxn__engine_arena(sender->engine);
  uint32_t count = sender->txn_call.request.partition_count;
  uint32_t *places = sorted_places(sender, arena, count);
  int16_t *codes = ktxn__arena_array(arena, count, sizeof *codes);
  bool *answered = ktxn__arena_array(arena, count, sizeof *answered);
  if (places == NULL || codes == NULL || answered == NULL ||
      !ktxn__add_partitions_to_txn_response_decode(reader, arena, version, &response)) {
    return false;
  }
  uint32_t taken = 0;
  for (int32_t i = 0; i < response.topic_count; i++) {
    taken += take_topic(sender, places, count, &response.topics[i], codes, answered);
  }
  result->codes = codes;
  result->code_count = count;
  return taken == count;
}
