#include <stdio.h>
#include <string.h>

#include "sdk/base/murmur2.h"
#include "sdk/engine/accumulator_state.h"
#include "sdk/error.h"
#include "sdk/wire/record_batch.h"

/*
 * The way of one record into its batch. It runs once for every record: no allocation, no system call, one lock; what
 * happens once for each batch or less often stands in functions of its own.
 */

/* One call of append: what is worked out before the lock is taken. */
struct order {
  const ktxn_record *record;
  size_t size_max; /* bytes that the record can take in a batch */
  uint32_t key_hash;
  int64_t timestamp_ms;
  ktxn_delivery_cb cb;
  void *opaque;
  ktxn_error *error;
  bool wake; /* the I/O thread has something new to look at */
};

/* ---- arguments ---------------------------------------------------------------------------------------------------- */

static bool headers_valid(const ktxn_record *record) {
  if (record->header_count == 0) {
    return true;
  }
  if (record->headers == NULL || record->header_count > INT32_MAX) {
    return false;
  }
  for (size_t i = 0; i < record->header_count; i++) {
    const ktxn_header *header = &record->headers[i];
    if ((header->key == NULL && header->key_size != 0) || (header->value == NULL && header->value_size != 0)) {
      return false;
    }
  }
  return true;
}

/* NULL, or what is wrong with the arguments. */
static const char *flaw(const ktxn_record *record) {
  if (record == NULL || record->topic == NULL) {
    return "record and record->topic must not be NULL";
  }
  if (record->partition < KTXN_PARTITION_ANY) {
    return "partition must be KTXN_PARTITION_ANY or from 0 up";
  }
  if (record->timestamp_ms < KTXN_TIMESTAMP_NOW) {
    return "timestamp_ms must be KTXN_TIMESTAMP_NOW or from 0 up";
  }
  if ((record->key == NULL && record->key_size != 0) || (record->value == NULL && record->value_size != 0)) {
    return "key or value is NULL, but its size is not 0";
  }
  return headers_valid(record) ? NULL : "headers, or the key or value of one, are NULL, but their size is not 0";
}

static enum ktxn__append refuse_argument(ktxn_error *error, const char *what) {
  ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE, "the record is not valid: %s", what);
  return KTXN__APPEND_REFUSED;
}

/* ---- refusals: under the lock -------------------------------------------------------------------------------------- */

/*
 * The data can't be taken. In a transaction the refusal makes it abortable within the same hold of the lock, so that no
 * commit can slip in between and lack the record without anybody noticing.
 */
static enum ktxn__append refuse_data(struct ktxn__accumulator *acc, struct order *order) {
  static const char suffix[] = "; the transaction must be aborted";
  ktxn_error *error = order->error;
  if (ktxn__gate_fail(&acc->gate, error)) {
    size_t used = strlen(error->message);
    (void)snprintf(error->message + used, sizeof error->message - used, "%s", suffix);
    order->wake = true;
  }
  return KTXN__APPEND_REFUSED;
}

static enum ktxn__append refuse_memory(struct ktxn__accumulator *acc, struct order *order) {
  ktxn__error_set(order->error, KTXN_E_OUT_OF_MEMORY, KTXN_CLASS_RETRY, "no memory for a record of topic %s",
                  order->record->topic);
  return refuse_data(acc, order);
}

/* What the sender is told is `need`; it is woken so that what is queued makes room. */
static enum ktxn__append no_room(struct ktxn__accumulator *acc, struct order *order) {
  if (acc->pool.out_of_memory) {
    return refuse_memory(acc, order);
  }
  size_t need = KTXN__RECORD_BATCH_HEAD + order->size_max;
  need = (need > acc->batch_limit ? need : acc->batch_limit) + sizeof(struct ktxn__batch);
  acc->room_wanted = need > acc->room_wanted ? need : acc->room_wanted;
  ktxn__accumulator_send_all(acc);
  order->wake = true;
  return KTXN__APPEND_NO_ROOM;
}

/* ---- size ----------------------------------------------------------------------------------------------------------- */

/* As Java estimates it (batch head and 21 bytes for what stands in front of the key), so that limits mean the same. */
static size_t estimate(const ktxn_record *record) {
  size_t size = KTXN__RECORD_BATCH_HEAD + 21 + ktxn__record_put_size(record->key, record->key_size) +
                ktxn__record_put_size(record->value, record->value_size) + ktxn__record_varint_size((uint64_t)record->header_count << 1);
  return record->header_count == 0 ? size : size + ktxn__record_headers_size(record->headers, record->header_count);
}

static enum ktxn__append too_large(struct ktxn__accumulator *acc, struct order *order, size_t size, size_t limit,
                                   const char *setting) {
  ktxn__error_set(order->error, KTXN_E_RECORD_TOO_LARGE, KTXN_CLASS_CONFIG,
                  "the record for topic %s takes %s%zu bytes, more than %s=%zu allows: raise it or make the record smaller",
                  order->record->topic, order->size_max == SIZE_MAX ? "at least " : "", size, setting, limit);
  return refuse_data(acc, order);
}

static enum ktxn__append check_size(struct ktxn__accumulator *acc, struct order *order) {
  const struct ktxn__accumulator_config *config = &acc->config;
  if (order->size_max < acc->batch_limit && KTXN__RECORD_BATCH_HEAD + order->size_max <= acc->batch_limit) {
    return KTXN__APPEND_DONE;
  }
  size_t size = order->size_max == SIZE_MAX ? (size_t)INT32_MAX + 1 : estimate(order->record);
  if (size > config->max_request_size) {
    return too_large(acc, order, size, config->max_request_size, "max.request.size");
  }
  if (KTXN__RECORD_BATCH_HEAD + order->size_max > ktxn__pool_largest(&acc->pool)) {
    return too_large(acc, order, size, config->buffer_memory, "buffer.memory");
  }
  return KTXN__APPEND_DONE;
}

/* ---- topic and partition --------------------------------------------------------------------------------------------- */

/* DONE: the topic has partitions. */
static enum ktxn__append find_topic(struct ktxn__accumulator *acc, struct order *order,
                                    struct ktxn__topics_entry **found) {
  enum ktxn__append result = ktxn__accumulator_find_topic(acc, order->record->topic, found, order->error);
  order->wake = order->wake || result != KTXN__APPEND_DONE;
  bool data = result == KTXN__APPEND_REFUSED && order->error->error_class != KTXN_CLASS_USAGE;
  return data ? refuse_data(acc, order) : result;
}

/* The count may have grown since the metadata was read: it is read again once before the record is refused. */
static enum ktxn__append out_of_range(struct ktxn__accumulator *acc, struct order *order,
                                      struct ktxn__topics_entry *entry) {
  if (!entry->range_confirmed) {
    entry->range_asked = true;
    order->wake = true;
    return ktxn__accumulator_ask_topic(acc, entry);
  }
  entry->range_confirmed = false;
  ktxn__error_set(order->error, KTXN_E_UNKNOWN_TOPIC_OR_PARTITION, KTXN_CLASS_CONFIG,
                  "topic %s has no partition %d: it has %u, numbered from 0", entry->name, order->record->partition,
                  entry->partition_count);
  return refuse_data(acc, order);
}

static uint32_t queue_length(const void *topic, uint32_t index) {
  const struct ktxn__topics_entry *entry = topic;
  return entry->queues[index] == NULL ? UINT32_MAX : entry->queues[index]->length;
}

static void switch_sticky(struct ktxn__accumulator *acc, struct ktxn__topics_entry *entry) {
  struct ktxn__partitioner_load load = {.partition_count = entry->partition_count,
                                        .leaders = entry->leaders,
                                        .length = queue_length,
                                        .topic = entry,
                                        .adaptive = acc->config.adaptive};
  entry->sticky.current = (int32_t)ktxn__partitioner_draw(&load, &acc->random);
  entry->sticky.produced = 0;
}

/* KIP-794: stay for about batch.size bytes, and don't leave a batch half full; but not for twice as many. */
static uint32_t sticky_partition(struct ktxn__accumulator *acc, const struct order *order,
                                 struct ktxn__topics_entry *entry) {
  struct ktxn__partitioner *sticky = &entry->sticky;
  uint64_t produced = sticky->produced + order->size_max;
  if (sticky->current < 0 || produced >= 2 * (uint64_t)acc->batch_limit) {
    switch_sticky(acc, entry);
  } else if (produced + KTXN__RECORD_BATCH_HEAD >= acc->batch_limit) {
    const struct ktxn__queue *queue = entry->queues[sticky->current];
    const struct ktxn__batch *open = queue == NULL ? NULL : queue->open;
    if (open == NULL || open->size + order->size_max > open->capacity) {
      switch_sticky(acc, entry);
    }
  }
  sticky->produced += order->size_max;
  return (uint32_t)sticky->current;
}

static enum ktxn__append new_queue(struct ktxn__accumulator *acc, struct order *order,
                                   struct ktxn__topics_entry *entry, uint32_t partition, struct ktxn__queue **made) {
  if (acc->topics.part_count >= KTXN__ACCUMULATOR_PARTITIONS_MAX) {
    ktxn__error_set(order->error, KTXN_E_OUT_OF_MEMORY, KTXN_CLASS_CONFIG,
                    "this producer has written to %u partitions, as many as it can: use another one for topic %s",
                    acc->topics.part_count, entry->name);
    return refuse_data(acc, order);
  }
  *made = ktxn__topics_queue(&acc->topics, entry, partition);
  return *made == NULL ? refuse_memory(acc, order) : KTXN__APPEND_DONE;
}

static enum ktxn__append find_queue(struct ktxn__accumulator *acc, struct order *order,
                                    struct ktxn__topics_entry *entry, struct ktxn__queue **found) {
  const ktxn_record *record = order->record;
  uint32_t partition;
  if (record->partition >= 0) {
    partition = (uint32_t)record->partition;
    if (partition >= entry->partition_count) {
      return out_of_range(acc, order, entry);
    }
  } else if (record->key != NULL && !acc->config.ignore_keys) {
    partition = ktxn__partitioner_key(order->key_hash, entry->partition_count);
  } else {
    partition = sticky_partition(acc, order, entry);
  }
  *found = entry->queues[partition];
  return *found == NULL ? new_queue(acc, order, entry, partition, found) : KTXN__APPEND_DONE;
}

/* ---- batch ------------------------------------------------------------------------------------------------------------ */

/* The I/O thread has to look at the queue, unless it has it in its list already. */
static bool wake_queue(struct ktxn__accumulator *acc, struct ktxn__queue *queue) {
  if (!ktxn__list_empty(&queue->ready_link) || !ktxn__list_empty(&queue->woken_link)) {
    return false;
  }
  ktxn__list_push_back(&acc->woken, &queue->woken_link);
  return true;
}

void ktxn__accumulator_seal(struct ktxn__queue *queue) {
  struct ktxn__batch *batch = queue->open;
  batch->step = KTXN__BATCH_SEALED;
  ktxn__list_push_back(&queue->sealed, &batch->link);
  queue->open = NULL;
  queue->due = false;
  ktxn__list_remove(&queue->linger_link);
}

static void seal_and_wake(struct ktxn__accumulator *acc, struct order *order, struct ktxn__queue *queue) {
  ktxn__accumulator_seal(queue);
  order->wake = wake_queue(acc, queue) || order->wake;
}

/* The first record of this transaction for the partition: the transaction manager has to know. */
static void join(struct ktxn__accumulator *acc, struct ktxn__queue *queue, int64_t ordinal) {
  if (queue->joined_ordinal != ordinal) {
    queue->joined_ordinal = ordinal;
    ktxn__list_remove(&queue->joined_link);
    ktxn__list_push_back(&acc->joined, &queue->joined_link);
  }
}

/* The lower half of a number; those where it is 0 are left out, so that no handle is. */
uint32_t ktxn__accumulator_new_handle(struct ktxn__accumulator *acc) {
  acc->last_number += (uint32_t)(acc->last_number + 1) == 0 ? 2 : 1;
  return (uint32_t)acc->last_number;
}

static void start_linger(struct ktxn__accumulator *acc, struct order *order, struct ktxn__queue *queue) {
  if (acc->config.linger_us == 0) {
    queue->due = true;
    order->wake = wake_queue(acc, queue) || order->wake;
    return;
  }
  /* Behind others that linger the I/O thread looks in time anyway. */
  order->wake = ktxn__list_empty(&acc->lingering) || order->wake;
  ktxn__list_push_back(&acc->lingering, &queue->linger_link);
}

static void enter_batch(struct ktxn__accumulator *acc, struct order *order, struct ktxn__queue *queue,
                        struct ktxn__batch *batch) {
  batch->handle = ktxn__accumulator_new_handle(acc);
  batch->number = acc->last_number;
  batch->queue = queue;
  batch->ordinal = acc->gate.ordinal;
  batch->size = ktxn__record_batch_init(batch->data);
  batch->base_timestamp_ms = order->timestamp_ms;
  batch->max_timestamp_ms = order->timestamp_ms;
  batch->leader_epoch = -1;
  batch->base_sequence = -1;
  batch->producer_id = -1;
  batch->producer_epoch = -1;
  batch->base_offset = -1;
  batch->append_timestamp_ms = -1;
  batch->created_wall_ms = acc->ports->wall_ms(acc->ports->ctx);
  batch->queued = true;
  acc->queued++;
  queue->length++;
  queue->open = batch;
  ktxn__list_push_back(&acc->live, &batch->live);
  acc->unseen = acc->unseen == NULL ? batch : acc->unseen;
  join(acc, queue, batch->ordinal);
  start_linger(acc, order, queue);
}

/* NULL: no room. */
static struct ktxn__batch *open_batch(struct ktxn__accumulator *acc, struct order *order, struct ktxn__queue *queue) {
  size_t size = KTXN__RECORD_BATCH_HEAD + order->size_max;
  struct ktxn__batch *batch = ktxn__pool_take(&acc->pool, size);
  if (batch == NULL) {
    return NULL;
  }
  if (order->cb != NULL && batch->note_room == 0 && !ktxn__pool_grow_notes(&acc->pool, batch)) {
    ktxn__pool_give_data(&acc->pool, batch);
    ktxn__pool_give_batch(&acc->pool, batch);
    return NULL;
  }
  enter_batch(acc, order, queue, batch);
  return batch;
}

static struct ktxn__batch *find_batch(struct ktxn__accumulator *acc, struct order *order, struct ktxn__queue *queue) {
  struct ktxn__batch *batch = queue->open;
  if (batch != NULL) {
    if (batch->size + order->size_max <= batch->capacity && batch->ordinal == acc->gate.ordinal) {
      return batch;
    }
    seal_and_wake(acc, order, queue);
  }
  return open_batch(acc, order, queue);
}

/* False: no room for more notes. Records without a callback in front of the first one with get empty notes. */
static bool add_note(struct ktxn__accumulator *acc, const struct order *order, struct ktxn__batch *batch) {
  if (order->cb == NULL && batch->note_count == 0) {
    return true;
  }
  while (batch->note_room <= batch->count) {
    if (!ktxn__pool_grow_notes(&acc->pool, batch)) {
      return false;
    }
  }
  if (batch->note_count < batch->count) {
    memset(batch->notes, 0, batch->count * sizeof *batch->notes);
  }
  batch->notes[batch->count] =
      (struct ktxn__batch_note){.cb = order->cb, .opaque = order->opaque, .timestamp_ms = order->timestamp_ms};
  batch->note_count = batch->count + 1;
  return true;
}

static void write_record(struct ktxn__accumulator *acc, struct order *order, struct ktxn__queue *queue,
                         struct ktxn__batch *batch) {
  batch->size += ktxn__record_write(batch->data + batch->size, order->timestamp_ms - batch->base_timestamp_ms,
                                    (int32_t)batch->count, order->record);
  batch->count++;
  if (order->timestamp_ms > batch->max_timestamp_ms) {
    batch->max_timestamp_ms = order->timestamp_ms;
  }
  if (batch->capacity - batch->size < KTXN__RECORD_OVERHEAD_MAX) {
    seal_and_wake(acc, order, queue); /* nothing else can fit */
  }
}

static enum ktxn__append take(struct ktxn__accumulator *acc, struct order *order) {
  if (acc->gate.gate != KTXN__GATE_OPEN) {
    (void)ktxn__gate_refuse(&acc->gate, order->error);
    return KTXN__APPEND_REFUSED;
  }
  struct ktxn__topics_entry *entry = NULL;
  struct ktxn__queue *queue = NULL;
  enum ktxn__append result = check_size(acc, order);
  if (result == KTXN__APPEND_DONE) {
    result = find_topic(acc, order, &entry);
  }
  if (result == KTXN__APPEND_DONE) {
    result = find_queue(acc, order, entry, &queue);
  }
  if (result != KTXN__APPEND_DONE) {
    return result;
  }
  struct ktxn__batch *batch = find_batch(acc, order, queue);
  if (batch == NULL || !add_note(acc, order, batch)) {
    return no_room(acc, order);
  }
  write_record(acc, order, queue, batch);
  return KTXN__APPEND_DONE;
}

static void prepare(const struct ktxn__accumulator *acc, struct order *order) {
  const ktxn_record *record = order->record;
  order->size_max = ktxn__record_size_max(record);
  /* What no record can hold is refused later, without a byte of it read. */
  if (record->partition < 0 && record->key != NULL && order->size_max != SIZE_MAX) {
    order->key_hash = ktxn__murmur2(record->key, record->key_size);
  }
  order->timestamp_ms =
      record->timestamp_ms >= 0 ? record->timestamp_ms : acc->ports->wall_ms(acc->ports->ctx);
}

enum ktxn__append ktxn__accumulator_append(struct ktxn__accumulator *acc, const ktxn_record *record,
                                           ktxn_delivery_cb cb, void *opaque, ktxn_error *error) {
  const char *wrong = flaw(record);
  if (wrong != NULL) {
    return refuse_argument(error, wrong);
  }
  struct order order = {.record = record, .cb = cb, .opaque = opaque, .error = error};
  prepare(acc, &order);
  ktxn__accumulator_lock(acc);
  enum ktxn__append result = take(acc, &order);
  ktxn__accumulator_unlock_wake(acc, order.wake);
  return result;
}
