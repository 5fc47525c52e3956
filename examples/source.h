#ifndef EXAMPLES_SOURCE_H
#define EXAMPLES_SOURCE_H

/*
 * Where a copier reads: a librdkafka consumer of one topic, whose offsets are committed by somebody else (by the
 * producer's transaction), and which can go back to what is committed. One thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ktxn/ktxn.h>
#include <librdkafka/rdkafka.h>

struct source;

struct source_options {
  const char *bootstrap, *topic, *group;
  const char *instance; /* group.instance.id */
  /* Called before partitions are given back: end the transaction that has read from them. */
  void (*revoke)(void *opaque);
  void *opaque;
};

/** NULL after a message on stderr. */
struct source *source_new(const struct source_options *options);

/** Leaves the group (calls `revoke` if there are partitions) and frees. NULL is allowed. */
void source_free(struct source *source);

/** The next record, to be destroyed by the caller; NULL if none came in time. Serves rebalances. */
rd_kafka_message_t *source_poll(struct source *source, int timeout_ms);

/** Notes that a record was read since the last commit. Every record that source_poll() gave has to be noted. */
bool source_note(struct source *source, const rd_kafka_message_t *message);

/** Everything noted so far is committed. */
void source_committed(struct source *source);

/** Takes the consumer back to the committed offsets. False after a message on stderr: poll, then call again. */
bool source_rewind(struct source *source);

/** The next offset of each partition that was read from since the last commit; the array is the source's. */
const ktxn_offset *source_offsets(struct source *source, size_t *count);

/** The consumer's place in its group, in memory of the source's. Class ABORT if it has lost it. */
int source_group(struct source *source, ktxn_group *group, ktxn_error *error);

/** Every assigned partition was read to its end, and nothing has come for `idle_ms`. */
bool source_is_over(const struct source *source, int64_t idle_ms);

/** The consumer can't go on; it has said why on stderr. */
bool source_has_failed(const struct source *source);

int64_t now_ms(void);

#endif
