#ifndef KTXN_ENGINE_PARTITIONER_H
#define KTXN_ENGINE_PARTITIONER_H

/*
 * Which partition a record goes to, as Java's built-in partitioner decides it (KIP-480, KIP-794): an explicit number,
 * else murmur2 of the key over all partitions, else the topic's sticky partition.
 *
 * A sticky partition is kept until about batch.size bytes went to it. The next one is drawn at random among those that
 * have a leader (all, if none has), weighted by how short their queues are if adaptive partitioning is on. In topics
 * with hundreds of partitions it is the one with the shortest queue of a few drawn ones.
 *
 * Pure: no lock, no clock; the accumulator calls it under its lock. One struct for each topic.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ktxn__random;

/** What the draw looks at. Lengths are asked through a function because queues are made on first use. */
struct ktxn__partitioner_load {
  uint32_t partition_count;
  const int32_t *leaders; /* per partition, -1 = none; NULL = none known */
  /* batches waiting for partition `index`; UINT32_MAX = it never had one */
  uint32_t (*length)(const void *topic, uint32_t index);
  const void *topic;
  bool adaptive; /* partitioner.adaptive.partitioning.enable */
};

struct ktxn__partitioner {
  int32_t current;   /* -1 = none chosen yet */
  uint64_t produced; /* bytes that went to the current one */
};

/** The partition of a key's hash (base/murmur2.h): the sign bit is dropped. `partition_count` must not be 0. */
uint32_t ktxn__partitioner_key(uint32_t hash, uint32_t partition_count);

/** Draws a partition. partition_count must not be 0. Cost: a few passes over the partitions, in large topics constant. */
uint32_t ktxn__partitioner_draw(const struct ktxn__partitioner_load *load, struct ktxn__random *random);

#endif
