#include "sdk/devbroker/model_event.h"

static bool before(const struct ktxn__model_event *a, const struct ktxn__model_event *b) {
  return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void put_at(struct ktxn__model_events *events, int32_t i, struct ktxn__model_event *event) {
  events->heap[i] = event;
  event->place = (uint32_t)i + 1;
}

static void sift_up(struct ktxn__model_events *events, int32_t i) {
  struct ktxn__model_event *event = events->heap[i];
  while (i > 0 && before(event, events->heap[(i - 1) / 2])) {
    put_at(events, i, events->heap[(i - 1) / 2]);
    i = (i - 1) / 2;
  }
  put_at(events, i, event);
}

static void sift_down(struct ktxn__model_events *events, int32_t i) {
  struct ktxn__model_event *event = events->heap[i];
  for (int32_t child = 2 * i + 1; child < events->count; child = 2 * i + 1) {
    if (child + 1 < events->count && before(events->heap[child + 1], events->heap[child])) {
      child++;
    }
    if (!before(events->heap[child], event)) {
      break;
    }
    put_at(events, i, events->heap[child]);
    i = child;
  }
  put_at(events, i, event);
}

bool ktxn__model_event_set(struct ktxn__model_memory *memory, struct ktxn__model_events *events, struct ktxn__model_event *event,
                           int64_t due_us, ktxn__model_fire fire) {
  ktxn__model_event_clear(events, event);
  if (!ktxn__model_grow(memory, &events->heap, &events->capacity, events->count + 1, sizeof(struct ktxn__model_event *))) {
    return false;
  }
  event->due_us = due_us;
  event->order = events->order++;
  event->fire = fire;
  put_at(events, events->count++, event);
  sift_up(events, events->count - 1);
  return true;
}

void ktxn__model_event_clear(struct ktxn__model_events *events, struct ktxn__model_event *event) {
  if (event->place == 0) {
    return;
  }
  int32_t i = (int32_t)event->place - 1;
  event->place = 0;
  struct ktxn__model_event *last = events->heap[--events->count];
  if (last != event) {
    put_at(events, i, last);
    sift_down(events, i);
    sift_up(events, (int32_t)last->place - 1);
  }
}

struct ktxn__model_event *ktxn__model_event_due(struct ktxn__model_events *events, int64_t now_us) {
  if (events->count == 0 || events->heap[0]->due_us > now_us) {
    return NULL;
  }
  struct ktxn__model_event *event = events->heap[0];
  ktxn__model_event_clear(events, event);
  return event;
}
