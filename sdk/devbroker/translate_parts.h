#ifndef KTXN_DEVBROKER_TRANSLATE_PARTS_H
#define KTXN_DEVBROKER_TRANSLATE_PARTS_H

/** What the files translate_*.c share. */

#include <string.h>

#include "sdk/devbroker/translate.h"

struct ktxn__translate_row {
  void (*request)(struct ktxn__translate *translate, struct ktxn__model_request *out);
  void (*answer)(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *response);
};

/** One table for each file, indexed by key; rows that another file has are empty. */
extern const struct ktxn__translate_row ktxn__translate_records[KTXN__MSG_KEY_MAX + 1];
extern const struct ktxn__translate_row ktxn__translate_txns[KTXN__MSG_KEY_MAX + 1];
extern const struct ktxn__translate_row ktxn__translate_groups[KTXN__MSG_KEY_MAX + 1];
extern const struct ktxn__translate_row ktxn__translate_offsets[KTXN__MSG_KEY_MAX + 1];
extern const struct ktxn__translate_row ktxn__translate_cluster[KTXN__MSG_KEY_MAX + 1];

/** Zeroed room for `count` things; NULL when there are none, or when memory is short, which is noted. */
static inline void *ktxn__translate_make(struct ktxn__translate *translate, int32_t count, size_t size) {
  void *made = count <= 0 ? NULL : ktxn__arena_array(translate->arena, (size_t)count, size);
  translate->starved = translate->starved || (count > 0 && made == NULL);
  return made;
}

/** How many of `count` there are behind a pointer that may be missing. */
static inline int32_t ktxn__translate_count(const void *items, int32_t count) {
  return items == NULL || count < 0 ? 0 : count;
}

/** A copy of numbers that are not ours to hand on. */
static inline int32_t *ktxn__translate_numbers(struct ktxn__translate *translate, const int32_t *numbers, int32_t count) {
  int32_t *copy = ktxn__translate_make(translate, count, sizeof *copy);
  if (copy != NULL) {
    memcpy(copy, numbers, (size_t)count * sizeof *copy);
  }
  return copy;
}

static inline struct ktxn__model_uuid ktxn__translate_id_in(struct ktxn__msg_uuid id) {
  struct ktxn__model_uuid out;
  memcpy(out.bytes, id.bytes, sizeof out.bytes);
  return out;
}

static inline struct ktxn__msg_uuid ktxn__translate_id_out(struct ktxn__model_uuid id) {
  struct ktxn__msg_uuid out;
  memcpy(out.bytes, id.bytes, sizeof out.bytes);
  return out;
}

/** A topic by name, or, from version `by_id_since` on, by id. */
static inline struct ktxn__model_topic_ref ktxn__translate_topic(const struct ktxn__translate *translate, int16_t by_id_since,
                                                                 struct ktxn__str name, struct ktxn__msg_uuid id) {
  const bool by_id = translate->version >= by_id_since;
  return (struct ktxn__model_topic_ref){
      .name = by_id ? KTXN__STR_NULL : name, .id = ktxn__translate_id_in(id), .by_id = by_id};
}

static inline struct ktxn__span ktxn__translate_bytes(const uint8_t *data, int32_t size) {
  return (struct ktxn__span){.data = data == NULL ? (const uint8_t *)"" : data, .size = size > 0 ? (size_t)size : 0};
}

static inline struct ktxn__translate_address ktxn__translate_node(const struct ktxn__translate *translate, int32_t node) {
  static const struct ktxn__translate_address nowhere = {.host = {.data = "", .len = 0}, .port = -1};
  return node >= 0 && node < translate->address_count ? translate->addresses[node] : nowhere;
}

#endif
