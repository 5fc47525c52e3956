#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore/world.h"

/*
 * All orders of events, depth first; a state that was seen is not entered again. From every state the ordinary events
 * alone must lead to the end: a state from which they don't is a dead end. The first breach is made short: with the
 * fewest faults, and of those the fewest events.
 */

enum { DEPTH_MAX = 2000, ORDINARY_MAX = 400 };

/* ---- the set of states ---------------------------------------------------------------------------------------------- */

struct seen {
  uint64_t digest;
  uint16_t depth;
  bool ends; /* the ordinary events lead to the end from here */
};

static struct seen *table;
static uint64_t room;
static uint64_t used;

static struct seen *slot_of(uint64_t digest) {
  uint64_t at = digest & (room - 1);
  while (table[at].digest != 0 && table[at].digest != digest) at = (at + 1) & (room - 1);
  return &table[at];
}

static void allocate(uint64_t size) {
  room = size;
  used = 0;
  table = calloc(room, sizeof *table);
  if (table == NULL) {
    fprintf(stderr, "explore: out of memory for %llu states\n", (unsigned long long)room);
    exit(2);
  }
}

static void grow(void) {
  struct seen *old = table;
  uint64_t size = room;
  if (used * 10 < room * 6) return;
  allocate(room * 2);
  for (uint64_t i = 0; i < size; i++) {
    if (old[i].digest == 0) continue;
    *slot_of(old[i].digest) = old[i];
    used++;
  }
  free(old);
}

static struct seen *enter(uint64_t digest) {
  grow();
  struct seen *slot = slot_of(digest);
  if (slot->digest != 0) return slot;
  slot->digest = digest;
  slot->depth = UINT16_MAX;
  used++;
  return slot;
}

/* ---- one search ------------------------------------------------------------------------------------------------------ */

struct frame {
  struct state state;
  struct event events[EVENTS_MAX];
  int count;
  int next;
};

static struct frame *frames;
static uint64_t states;
static uint64_t transitions;
static int deepest;
static bool cut; /* a state was left that has events, because it lies too deep */

static struct {
  enum breach breach;
  char text[sizeof judge_text];
  struct event events[DEPTH_MAX];
  int count;
  uint8_t faults;
} found;

static void keep(int depth, enum breach breach, const char *text, uint8_t faults) {
  found.breach = breach;
  found.count = depth;
  found.faults = faults;
  snprintf(found.text, sizeof found.text, "%s", text);
  for (int i = 0; i < depth; i++) found.events[i] = frames[i].events[frames[i].next - 1];
}

/* Do the ordinary events alone lead to the end? What is learned on the way is kept. */
static bool ends(const struct state *from) {
  static uint64_t path[ORDINARY_MAX];
  struct state state = *from;
  struct event events[EVENTS_MAX];
  state.world.faults = 0;
  int length = 0;
  while (length < ORDINARY_MAX) {
    uint64_t digest = digest_of(&state);
    struct seen *slot = enter(digest);
    if (slot->ends || events_over(&state)) break;
    path[length++] = digest;
    if (events_list(&state, events) == 0) return false;
    events_apply(&state, events[0]);
    if (judge_breach != BREACH_NONE) break; /* the search finds that by itself */
  }
  if (length == ORDINARY_MAX) return false;
  for (int i = 0; i < length; i++) slot_of(path[i])->ends = true;
  return true;
}

static bool push(int depth, const struct state *state) {
  struct frame *frame = &frames[depth];
  frame->state = *state;
  frame->count = events_list(state, frame->events);
  frame->next = 0;
  states++;
  if (depth > deepest) deepest = depth;
  return ends(state);
}

/* Depth first up to `limit` events. True: a breach was found (and kept). */
static bool search(uint8_t faults, int limit, uint64_t most) {
  int depth = 0;
  struct state first;
  allocate(1u << 16);
  states = transitions = 0;
  deepest = 0;
  cut = false;
  events_start(&first, faults);
  enter(digest_of(&first))->depth = 0;
  push(0, &first);
  while (depth >= 0 && states < most) {
    struct frame *frame = &frames[depth];
    if (frame->next == frame->count || depth >= limit) {
      cut = cut || frame->next < frame->count;
      depth--;
      continue;
    }
    struct state *next = &frames[depth + 1].state;
    *next = frame->state;
    events_apply(next, frame->events[frame->next++]);
    transitions++;
    if (judge_breach != BREACH_NONE) {
      keep(depth + 1, judge_breach, judge_text, faults);
      return true;
    }
    struct seen *slot = enter(digest_of(next));
    if (slot->depth <= depth + 1) continue;
    slot->depth = limit == DEPTH_MAX - 2 ? 0 : (uint16_t)(depth + 1);
    struct state copy = *next;
    if (!push(++depth, &copy)) {
      keep(depth, BREACH_DEAD, "from here the ordinary events do not lead to the end", faults);
      return true;
    }
  }
  return false;
}

static void shorten(uint8_t faults, uint64_t most) {
  while (found.count > 1) {
    free(table);
    if (!search(faults, found.count - 1, most)) return;
  }
}

/* ---- the story -------------------------------------------------------------------------------------------------------- */

static void tell_dead_end(struct state *state) {
  struct event events[EVENTS_MAX];
  state->world.faults = 0;
  printf("  ... and goes on like this:\n");
  for (int i = 0; i < 8 && events_list(state, events) > 0 && !events_over(state); i++) {
    printf("   %2d. ", i + 1);
    events_apply(state, events[0]);
  }
}

static void tell_story(void) {
  struct state state;
  printf("%s: %s, in %d events with %d faults:\n", judge_name(found.breach), found.text, found.count, found.faults);
  events_start(&state, found.faults);
  telling = true;
  for (int i = 0; i < found.count; i++) {
    printf("  %3d. ", i + 1);
    events_apply(&state, found.events[i]);
  }
  if (found.breach == BREACH_DEAD) tell_dead_end(&state);
  telling = false;
}

bool search_run(const struct search_limits *limits) {
  frames = malloc(DEPTH_MAX * sizeof *frames);
  if (frames == NULL) exit(2);
  for (uint8_t faults = 0; faults <= limits->faults; faults++) {
    bool breach = search(faults, DEPTH_MAX - 2, limits->states);
    printf("%s: %d faults: %llu states, %llu events, at most %d deep%s\n", scope.name, faults, (unsigned long long)states,
           (unsigned long long)transitions, deepest,
           breach                     ? ": a breach"
           : states >= limits->states ? ": stopped, not complete"
           : cut                      ? ": cut at the depth limit, not complete"
                                      : "");
    fflush(stdout);
    if (breach) {
      if (!limits->brief) shorten(faults, limits->states < 3000000 ? limits->states : 3000000);
      tell_story();
      return false;
    }
    free(table);
  }
  free(frames);
  return true;
}
