#ifndef KTXN_SDK_ENGINE_PARTITIONER_H
#define KTXN_SDK_ENGINE_PARTITIONER_H

/*
 * Which partition a record goes to, as Java's built-in partitioner decides it (KIP-480, KIP-794): an explicit number,
 * else murmur2 of the key over all partitions, else the topic's sticky partition.
 *
 * A sticky partition is kept until about batch.size bytes went to it. The next one is drawn at random among those that
 * have a leader (all, if none has), weighted by how short their queues are if adaptive partitioning is on.
 *
 * Pure: no lock, no clock; the accumulator calls it under its lock. One struct for each topic.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What the draw looks at. `length[i]` is asked through a function because queues are made on first use. */
struct ktxn__partitioner_load {
  uint32_t partition_count;
  const int32_t *leaders; /* per partition, -1 = none; NULL = none known */
  /* batches waiting for partition `index`; UINT32_MAX = it never had one */
  uint32_t (*length)(const void *topic, uint32_t index);
  const void *topic;
  bool adaptive; /* partitioner.adaptive.partitioning.enable */
};

struct ktxn__partitioner {
  int32_t current;  /* -1 = none chosen yet */
  uint64_t produced; /* bytes that went to the current one */
};

/** murmur2 as Java's clients compute it: seed 0x9747b28c, little-endian words. */
uint32_t ktxn__partitioner_murmur2(const void *key, size_t size);

/** The partition of a key: (murmur2 & 0x7fffffff) % count. `count` must not be 0. */
uint32_t ktxn__partitioner_key(uint32_t hash, uint32_t partition_count);

/** A small generator (splitmix64); `state` is any seed. */
uint64_t ktxn__partitioner_random(uint64_t *state);

/** Draws a partition. partition_count must not be 0. Cost: one pass over the partitions. */
uint32_t ktxn__partitioner_draw(const struct ktxn__partitioner_load *load, uint64_t *random_state);

#endif
