#ifndef KTXN_DEVBROKER_MODEL_EVENT_H
#define KTXN_DEVBROKER_MODEL_EVENT_H

/** What happens later: a heap by time; what is due at the same time happens in the order in which it was set. */

#include "sdk/devbroker/model_memory.h"

struct ktxn__model;
struct ktxn__model_event;

typedef void (*ktxn__model_fire)(struct ktxn__model *model, struct ktxn__model_event *event);

/** Embedded in what it is about. All zero = not set. */
struct ktxn__model_event {
  int64_t due_us;
  uint64_t order;
  uint32_t place; /* from 1; 0 = not in the heap */
  ktxn__model_fire fire;
};

struct ktxn__model_events {
  struct ktxn__model_event **heap;
  int32_t count;
  int32_t capacity;
  uint64_t order;
};

/** Sets it, or sets it anew. False: no memory; it is not set then. */
bool ktxn__model_event_set(struct ktxn__model_memory *memory, struct ktxn__model_events *events, struct ktxn__model_event *event,
                           int64_t due_us, ktxn__model_fire fire);
void ktxn__model_event_clear(struct ktxn__model_events *events, struct ktxn__model_event *event);

static inline bool ktxn__model_event_is_set(const struct ktxn__model_event *event) {
  return event->place != 0;
}

/** Takes off the first one if it is due; NULL when none is. */
struct ktxn__model_event *ktxn__model_event_due(struct ktxn__model_events *events, int64_t now_us);

#endif
