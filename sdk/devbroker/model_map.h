#ifndef KTXN_DEVBROKER_MODEL_MAP_H
#define KTXN_DEVBROKER_MODEL_MAP_H

/*
 * Open addressing from a 64-bit key to a pointer. Never iterated: order would depend on keys, which is why whoever owns the
 * values lists them elsewhere.
 */

#include "sdk/devbroker/model_memory.h"

struct ktxn__model_slot {
  uint64_t key;
  void *value; /* NULL = free */
};

struct ktxn__model_map {
  struct ktxn__model_slot *slots;
  uint32_t capacity; /* a power of two, or 0 */
  uint32_t count;
};

/** NULL when there is none. */
void *ktxn__model_map_get(const struct ktxn__model_map *map, uint64_t key);

/** The key must not be there yet, the value not be NULL. False: no memory. */
bool ktxn__model_map_add(struct ktxn__model_memory *memory, struct ktxn__model_map *map, uint64_t key, void *value);
void ktxn__model_map_remove(struct ktxn__model_map *map, uint64_t key);
/** Empties it; its memory stays. */
void ktxn__model_map_clear(struct ktxn__model_map *map);

/** For maps of names: values with the same hash are chained by their owner and compared. */
uint64_t ktxn__model_hash(struct ktxn__str str);

#endif
