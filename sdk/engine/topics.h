#ifndef KTXN_ENGINE_TOPICS_H
#define KTXN_ENGINE_TOPICS_H

/*
 * The topics that one producer has written to, by name and by index, with what is needed to choose a partition and to
 * find its queue. Entries, names and queues keep their addresses for the table's life. No lock: the accumulator calls
 * it under its own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktxn/error.h"
#include "sdk/engine/batch.h"
#include "sdk/engine/partitioner.h"

struct ktxn__mem;

#define KTXN__TOPICS_NAME_MAX 249 /* Kafka's own limit, in bytes */

struct ktxn__topics_entry {
  char *name;
  uint32_t index;
  uint32_t hash;
  uint32_t partition_count;    /* 0 = not known yet */
  int32_t *leaders;            /* of every partition; -1 = none */
  struct ktxn__queue **queues; /* of every partition; NULL = had no record yet */
  uint32_t queue_room;         /* entries of both arrays; never shrinks, so that a topic made smaller loses nothing */
  struct ktxn__partitioner sticky;
  bool used;            /* written to since the sender last asked */
  bool refresh;         /* metadata is wanted soon */
  bool range_asked;     /* a record named a partition beyond the count: fresh metadata is to tell */
  bool range_confirmed; /* it has told, and the record may be refused */
  bool refused;         /* `cause` refuses records */
  ktxn_error *cause;    /* NULL = none */
};

struct ktxn__topics {
  struct ktxn__mem *mem;
  struct ktxn__topics_entry **entries; /* by index */
  uint32_t count;
  uint32_t room;
  uint32_t *slots; /* open addressing: index + 1, 0 = free; a power of two, at least twice the room */
  uint32_t slot_count;
  struct ktxn__topics_entry *last; /* the one found last: most producers write to few topics */

  struct ktxn__queue **parts; /* every queue by its dense number */
  uint32_t part_count;
  uint32_t part_room;
};

void ktxn__topics_init(struct ktxn__topics *topics, struct ktxn__mem *mem);
void ktxn__topics_clear(struct ktxn__topics *topics);

/** NULL = never seen. */
struct ktxn__topics_entry *ktxn__topics_find(struct ktxn__topics *topics, const char *name);

/** A new one; the name is copied. NULL: out of memory. */
struct ktxn__topics_entry *ktxn__topics_add(struct ktxn__topics *topics, const char *name);

/** Sets the number of partitions and their leaders. False: out of memory, nothing changed. */
bool ktxn__topics_set(struct ktxn__topics *topics, struct ktxn__topics_entry *entry, uint32_t partition_count,
                      const int32_t *leaders);

/** Keeps a copy of why there is no metadata; NULL forgets it. Without memory for the copy it is forgotten, too. */
void ktxn__topics_set_cause(struct ktxn__topics *topics, struct ktxn__topics_entry *entry, const ktxn_error *cause);

/** The queue of a partition, made if need be. `partition` is below entry->partition_count. NULL: out of memory. */
struct ktxn__queue *ktxn__topics_queue(struct ktxn__topics *topics, struct ktxn__topics_entry *entry,
                                       uint32_t partition);

/** May this be the name of a topic? */
bool ktxn__topics_name_valid(const char *name);

#endif
