#include "sdk/devbroker/model_map.h"

#include <string.h>

/* The finalizer of splitmix64: keys that follow each other land far apart. */
static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static struct ktxn__model_slot *find(const struct ktxn__model_map *map, uint64_t key) {
  uint32_t mask = map->capacity - 1;
  uint32_t i = (uint32_t)mix(key) & mask;
  while (map->slots[i].value != NULL && map->slots[i].key != key) {
    i = (i + 1) & mask;
  }
  return &map->slots[i];
}

void *ktxn__model_map_get(const struct ktxn__model_map *map, uint64_t key) {
  return map->capacity == 0 ? NULL : find(map, key)->value;
}

static bool enlarge(struct ktxn__model_memory *memory, struct ktxn__model_map *map) {
  struct ktxn__model_map larger = {.capacity = map->capacity == 0 ? 8 : map->capacity * 2, .count = map->count};
  larger.slots = ktxn__model_get(memory, larger.capacity * sizeof *larger.slots);
  if (larger.slots == NULL) {
    return false;
  }
  for (uint32_t i = 0; i < map->capacity; i++) {
    if (map->slots[i].value != NULL) {
      *find(&larger, map->slots[i].key) = map->slots[i];
    }
  }
  ktxn__model_put(memory, map->slots, map->capacity * sizeof *map->slots);
  *map = larger;
  return true;
}

bool ktxn__model_map_add(struct ktxn__model_memory *memory, struct ktxn__model_map *map, uint64_t key, void *value) {
  if ((map->count + 1) * 4 > map->capacity * 3 && !enlarge(memory, map)) {
    return false;
  }
  *find(map, key) = (struct ktxn__model_slot){.key = key, .value = value};
  map->count++;
  return true;
}

void ktxn__model_map_remove(struct ktxn__model_map *map, uint64_t key) {
  struct ktxn__model_slot *hole = map->capacity == 0 ? NULL : find(map, key);
  if (hole == NULL || hole->value == NULL) {
    return;
  }
  map->count--;
  uint32_t mask = map->capacity - 1;
  uint32_t i = (uint32_t)(hole - map->slots);
  hole->value = NULL;
  for (uint32_t j = (i + 1) & mask; map->slots[j].value != NULL; j = (j + 1) & mask) {
    struct ktxn__model_slot moved = map->slots[j];
    map->slots[j].value = NULL;
    *find(map, moved.key) = moved;
  }
}

void ktxn__model_map_clear(struct ktxn__model_map *map) {
  if (map->count > 0) {
    memset(map->slots, 0, map->capacity * sizeof *map->slots);
    map->count = 0;
  }
}

/* FNV-1a. */
uint64_t ktxn__model_hash(struct ktxn__str str) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (int32_t i = 0; i < str.len; i++) {
    hash = (hash ^ (uint8_t)str.data[i]) * UINT64_C(0x100000001b3);
  }
  return hash;
}
