#include "sdk/engine/topics.h"

#include <string.h>

#include "sdk/base/mem.h"

#define FIRST_ROOM 8u

void ktxn__topics_init(struct ktxn__topics *topics, struct ktxn__mem *mem) {
  *topics = (struct ktxn__topics){.mem = mem};
}

static void free_entry(struct ktxn__mem *mem, struct ktxn__topics_entry *entry) {
  ktxn__free(mem, entry->name);
  ktxn__free(mem, entry->leaders);
  ktxn__free(mem, entry->queues);
  ktxn__free(mem, entry->cause);
  ktxn__free(mem, entry);
}

void ktxn__topics_clear(struct ktxn__topics *topics) {
  for (uint32_t i = 0; i < topics->part_count; i++) {
    ktxn__free(topics->mem, topics->parts[i]);
  }
  for (uint32_t i = 0; i < topics->count; i++) {
    free_entry(topics->mem, topics->entries[i]);
  }
  ktxn__free(topics->mem, topics->parts);
  ktxn__free(topics->mem, topics->entries);
  ktxn__free(topics->mem, topics->slots);
  ktxn__topics_init(topics, topics->mem);
}

/* FNV-1a: names are short and looked up only when the topic changes from one record to the next. */
static uint32_t hash_name(const char *name) {
  uint32_t hash = 2166136261U;
  for (; *name != '\0'; name++) {
    hash = (hash ^ (uint8_t)*name) * 16777619U;
  }
  return hash;
}

static struct ktxn__topics_entry *look_up(const struct ktxn__topics *topics, const char *name) {
  uint32_t hash = hash_name(name);
  uint32_t mask = topics->slot_count - 1;
  for (uint32_t slot = hash & mask; topics->slot_count != 0 && topics->slots[slot] != 0; slot = (slot + 1) & mask) {
    struct ktxn__topics_entry *entry = topics->entries[topics->slots[slot] - 1];
    if (entry->hash == hash && strcmp(entry->name, name) == 0) {
      return entry;
    }
  }
  return NULL;
}

struct ktxn__topics_entry *ktxn__topics_find(struct ktxn__topics *topics, const char *name) {
  struct ktxn__topics_entry *entry = topics->last;
  if (entry != NULL && strcmp(entry->name, name) == 0) {
    return entry;
  }
  entry = look_up(topics, name);
  if (entry != NULL) {
    topics->last = entry;
  }
  return entry;
}

static void enter(struct ktxn__topics *topics, const struct ktxn__topics_entry *entry) {
  uint32_t mask = topics->slot_count - 1;
  uint32_t slot = entry->hash & mask;
  while (topics->slots[slot] != 0) {
    slot = (slot + 1) & mask;
  }
  topics->slots[slot] = entry->index + 1;
}

static bool grow(struct ktxn__topics *topics) {
  uint32_t room = topics->room == 0 ? FIRST_ROOM : topics->room * 2;
  struct ktxn__topics_entry **entries = ktxn__realloc(topics->mem, topics->entries, room * sizeof *entries);
  if (entries == NULL) {
    return false;
  }
  topics->entries = entries;
  uint32_t *slots = ktxn__calloc(topics->mem, room * 2, sizeof *slots);
  if (slots == NULL) {
    return false;
  }
  ktxn__free(topics->mem, topics->slots);
  topics->slots = slots;
  topics->slot_count = room * 2;
  topics->room = room;
  for (uint32_t i = 0; i < topics->count; i++) {
    enter(topics, topics->entries[i]);
  }
  return true;
}

struct ktxn__topics_entry *ktxn__topics_add(struct ktxn__topics *topics, const char *name) {
  if (topics->count == topics->room && !grow(topics)) {
    return NULL;
  }
  struct ktxn__topics_entry *entry = ktxn__calloc(topics->mem, 1, sizeof *entry);
  char *copy = ktxn__strdup(topics->mem, name);
  if (entry == NULL || copy == NULL) {
    ktxn__free(topics->mem, entry);
    ktxn__free(topics->mem, copy);
    return NULL;
  }
  entry->name = copy;
  entry->hash = hash_name(name);
  entry->index = topics->count;
  entry->sticky.current = -1;
  topics->entries[topics->count++] = entry;
  enter(topics, entry);
  return entry;
}

static bool grow_partitions(struct ktxn__topics *topics, struct ktxn__topics_entry *entry, uint32_t room) {
  int32_t *leaders = ktxn__realloc(topics->mem, entry->leaders, room * sizeof *leaders);
  if (leaders == NULL) {
    return false;
  }
  entry->leaders = leaders;
  struct ktxn__queue **queues = ktxn__realloc(topics->mem, entry->queues, room * sizeof(struct ktxn__queue *));
  if (queues == NULL) {
    return false;
  }
  entry->queues = queues;
  for (uint32_t i = entry->queue_room; i < room; i++) {
    leaders[i] = -1;
    queues[i] = NULL;
  }
  entry->queue_room = room;
  return true;
}

bool ktxn__topics_set(struct ktxn__topics *topics, struct ktxn__topics_entry *entry, uint32_t partition_count,
                      const int32_t *leaders) {
  if (partition_count > entry->queue_room && !grow_partitions(topics, entry, partition_count)) {
    return false;
  }
  memcpy(entry->leaders, leaders, partition_count * sizeof *leaders);
  entry->partition_count = partition_count;
  if (entry->sticky.current >= (int32_t)partition_count) {
    entry->sticky.current = -1;
  }
  return true;
}

void ktxn__topics_set_cause(struct ktxn__topics *topics, struct ktxn__topics_entry *entry, const ktxn_error *cause) {
  if (cause == NULL) {
    ktxn__free(topics->mem, entry->cause);
    entry->cause = NULL;
    return;
  }
  if (entry->cause == NULL) {
    entry->cause = ktxn__alloc(topics->mem, sizeof *entry->cause);
  }
  if (entry->cause != NULL) {
    *entry->cause = *cause;
  }
}

static bool grow_parts(struct ktxn__topics *topics) {
  uint32_t room = topics->part_room == 0 ? FIRST_ROOM : topics->part_room * 2;
  struct ktxn__queue **parts = ktxn__realloc(topics->mem, topics->parts, room * sizeof(struct ktxn__queue *));
  if (parts == NULL) {
    return false;
  }
  topics->parts = parts;
  topics->part_room = room;
  return true;
}

static struct ktxn__queue *make_queue(struct ktxn__topics *topics, const struct ktxn__topics_entry *entry,
                                      uint32_t partition) {
  if (topics->part_count == topics->part_room && !grow_parts(topics)) {
    return NULL;
  }
  struct ktxn__queue *queue = ktxn__calloc(topics->mem, 1, sizeof *queue);
  if (queue == NULL) {
    return NULL;
  }
  queue->topic = entry->name;
  queue->topic_index = entry->index;
  queue->partition = (int32_t)partition;
  queue->part = topics->part_count;
  queue->joined_ordinal = -1;
  ktxn__list_init(&queue->retries);
  ktxn__list_init(&queue->sealed);
  ktxn__list_init(&queue->ready_link);
  ktxn__list_init(&queue->linger_link);
  ktxn__list_init(&queue->woken_link);
  ktxn__list_init(&queue->joined_link);
  topics->parts[topics->part_count++] = queue;
  return queue;
}

struct ktxn__queue *ktxn__topics_queue(struct ktxn__topics *topics, struct ktxn__topics_entry *entry,
                                       uint32_t partition) {
  struct ktxn__queue *queue = entry->queues[partition];
  if (queue == NULL) {
    queue = make_queue(topics, entry, partition);
    entry->queues[partition] = queue;
  }
  return queue;
}

/* Kafka's rule: letters, digits, '.', '_' and '-', 1 to 249 of them, and not "." or "..". */
bool ktxn__topics_name_valid(const char *name) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  size_t size = strnlen(name, KTXN__TOPICS_NAME_MAX + 1);
  return size > 0 && size <= KTXN__TOPICS_NAME_MAX && strspn(name, allowed) == size && strcmp(name, ".") != 0 &&
         strcmp(name, "..") != 0;
}
