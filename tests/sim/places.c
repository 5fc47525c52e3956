#include "tests/sim/places.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktxn/producer.h"
#include "txn/state.h"

/* The linker puts these in front of the manager's functions of the same name (--wrap). */
void __real_ktxn__txn_on_result(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_result *result);
void __wrap_ktxn__txn_on_result(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_result *result);
enum ktxn__txn_verdict __real_ktxn__txn_batch_result(struct ktxn__txn *txn, int64_t now_us, uint32_t partition, uint32_t handle,
                                                     const struct ktxn__txn_batch_result *result, int *code);
enum ktxn__txn_verdict __wrap_ktxn__txn_batch_result(struct ktxn__txn *txn, int64_t now_us, uint32_t partition, uint32_t handle,
                                                     const struct ktxn__txn_batch_result *result, int *code);

enum { PLACES = 4096 };
enum kind { KIND_FREE, KIND_ANSWER, KIND_STEP, KIND_BATCH, KIND_FAULT };

struct place {
  uint64_t key; /* kind in the highest byte; 0 = free */
  uint64_t count;
};

static struct place places[PLACES];
static unsigned used;

static uint64_t key_of(enum kind kind, uint8_t a, uint8_t b, uint8_t c, int16_t code) {
  return (uint64_t)kind << 56 | (uint64_t)a << 48 | (uint64_t)b << 40 | (uint64_t)c << 32 | (uint16_t)code;
}

static void reached(uint64_t key) {
  uint32_t at = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 52);
  while (places[at].key != 0 && places[at].key != key) {
    at = (at + 1) % PLACES;
  }
  if (places[at].key == 0) {
    if (used == PLACES - 1) {
      return;
    }
    used++;
    places[at].key = key;
  }
  places[at].count++;
}

/* ---- what is noted ----------------------------------------------------------------------------------------------------- */

/* A moment of the manager in a byte: its state, and what is owed or asked. */
static uint8_t moment(const struct ktxn__txn *txn) {
  uint8_t more = txn->fence != KTXN__TXN_FENCE_NONE ? (uint8_t)(9 + txn->fence) : txn->suspect.active ? 12 : txn->debt;
  return (uint8_t)(txn->state << 4 | more);
}

enum { FATE_CODES = 20000 }; /* fates without a code, out of the range of codes */

static int16_t code_of(const struct ktxn__txn_result *result) {
  if (result->fate != KTXN__TXN_ANSWERED) {
    return (int16_t)(FATE_CODES + result->fate);
  }
  for (uint32_t i = 0; result->code == 0 && i < result->code_count; i++) {
    if (result->codes[i] != 0) {
      return result->codes[i];
    }
  }
  return result->code;
}

void __wrap_ktxn__txn_on_result(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_result *result) {
  const struct ktxn__txn_slot slot = txn->slot;
  uint8_t before = moment(txn);
  int16_t code = code_of(result);
  __real_ktxn__txn_on_result(txn, now_us, result);
  if (slot.active) {
    reached(key_of(KIND_ANSWER, (uint8_t)(slot.api << 1 | slot.commit), slot.purpose, slot.v2, code));
    reached(key_of(KIND_STEP, before, moment(txn), txn->mode, 0));
  }
}

enum ktxn__txn_verdict __wrap_ktxn__txn_batch_result(struct ktxn__txn *txn, int64_t now_us, uint32_t partition, uint32_t handle,
                                                     const struct ktxn__txn_batch_result *result, int *code) {
  int16_t answer = result->fate == KTXN__TXN_ANSWERED ? result->code : (int16_t)(FATE_CODES + result->fate);
  enum ktxn__txn_verdict verdict = __real_ktxn__txn_batch_result(txn, now_us, partition, handle, result, code);
  reached(key_of(KIND_BATCH, (uint8_t)verdict, txn->mode, 0, answer));
  return verdict;
}

void sim_places_fault(enum sim_fault fault) { reached(key_of(KIND_FAULT, (uint8_t)fault, 0, 0, 0)); }

/* ---- names ------------------------------------------------------------------------------------------------------------- */

static void name_code(int16_t code, char *text, size_t size) {
  static const char *const fates[] = {"answered", "unsent", "lost", "unsupported"};
  if (code >= FATE_CODES) {
    snprintf(text, size, "%s", fates[code - FATE_CODES]);
  } else {
    snprintf(text, size, "%s", ktxn_code_name(code));
  }
}

static void name_moment(uint8_t byte, char *text, size_t size) {
  static const char *const more[] = {"",         " look",     " ghost", " bump",  " sweep partitions",  " sweep groups", " sweep end",
                                     " rotate",  " ?",        " ?",     " moved: look", " moved: ask", " suspect"};
  snprintf(text, size, "%s%s", ktxn__txn_state_name((enum ktxn__txn_state)(byte >> 4)), more[byte & 15]);
}

static void name_place(uint64_t key, char *text, size_t size) {
  static const char *const purposes[] = {"transaction", "repeat", "fence", "debt", "evidence", "pace"};
  static const char *const verdicts[] = {"done", "again", "refresh", "reset", "split", "failed", "ignored"};
  static const char *const faults[] = {"a write is taken in part", "a connection hangs", "no such name", "a wall clock is set",
                                       "an address where nobody is", "a node has another address", "a direction of a connection is cut",
                                       "a line is slow", "a monotonic clock jumps", "the application pauses", "a throttle",
                                       "a long sleep", "an offset commit held up"};
  uint8_t a = (uint8_t)(key >> 48), b = (uint8_t)(key >> 40), c = (uint8_t)(key >> 32);
  char first[48], second[48];
  switch ((enum kind)(key >> 56)) {
    case KIND_ANSWER:
      name_code((int16_t)key, first, sizeof first);
      snprintf(text, size, "answer V%d %s%s for %s: %s", c ? 2 : 1, ktxn__txn_api_name((enum ktxn__txn_api)(a >> 1)),
               a & 1 ? " (commit)" : "", purposes[b], first);
      return;
    case KIND_STEP:
      name_moment(a, first, sizeof first);
      name_moment(b, second, sizeof second);
      snprintf(text, size, "step V%d %s -> %s", c, first, second);
      return;
    case KIND_FAULT:
      snprintf(text, size, "fault %s", faults[a]);
      return;
    default:
      name_code((int16_t)key, first, sizeof first);
      snprintf(text, size, "batch V%d %s: %s", b, first, verdicts[a]);
      return;
  }
}

struct named {
  char name[128];
  uint64_t count;
};

static int by_name(const void *a, const void *b) { return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name); }

/* All places by name; to be freed. */
static struct named *sorted(unsigned *count) {
  struct named *all = calloc(PLACES, sizeof *all);
  if (all == NULL) {
    abort();
  }
  *count = 0;
  for (int i = 0; i < PLACES; i++) {
    if (places[i].key != 0) {
      name_place(places[i].key, all[*count].name, sizeof all->name);
      all[(*count)++].count = places[i].count;
    }
  }
  qsort(all, *count, sizeof *all, by_name);
  return all;
}

void sim_places_print(void) {
  unsigned count;
  struct named *all = sorted(&count);
  for (unsigned i = 0; i < count; i++) {
    printf("%10llu  %s\n", (unsigned long long)all[i].count, all[i].name);
  }
  printf("%u places\n", count);
  free(all);
}

bool sim_places_check(const char *path) {
  unsigned count, wanted = 0, missing = 0;
  char line[128];
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    printf("%s can't be read\n", path);
    return false;
  }
  struct named *all = sorted(&count);
  while (fgets(line, sizeof line, file) != NULL) {
    struct named key;
    line[strcspn(line, "\n")] = '\0';
    if (line[0] == '#' || line[0] == '\0') {
      continue;
    }
    wanted++;
    snprintf(key.name, sizeof key.name, "%s", line);
    if (bsearch(&key, all, count, sizeof *all, by_name) == NULL) {
      missing++;
      printf("not reached: %s\n", line);
    }
  }
  fclose(file);
  free(all);
  printf("%u of %u places that must be reached were\n", wanted - missing, wanted);
  return missing == 0;
}
