#include <string.h>

#include "explore/world.h"
#include "mix.h"

/*
 * A fingerprint of a state: of all its memory, after what can't matter any more is set to zero. What lies between the fields
 * of a struct can't matter either; a compiler that can't clear it makes more states of one, and the count varies.
 */

#ifdef __has_builtin
#if __has_builtin(__builtin_clear_padding)
#define clear_padding(object) __builtin_clear_padding(object)
#endif
#endif
#ifndef clear_padding
#define clear_padding(object) ((void)(object))
#endif

static void forget_slot(struct ktxn__txn_slot *slot) {
  if (slot->active)
    slot->id = 0;
  else
    memset(slot, 0, sizeof *slot);
}

static void forget_suspect(struct ktxn__txn_suspect *suspect) {
  if (suspect->active)
    suspect->slot.id = 0;
  else
    memset(suspect, 0, sizeof *suspect);
}

static int64_t late_enough(const struct ktxn__txn *txn, int64_t at_us) {
  return txn->registered_us >= 0 && at_us - txn->registered_us >= timeout_us() ? 1 : 0;
}

/* Times as what they decide: has the timeout passed? */
static void forget_times(struct ktxn__txn *txn, int64_t now_us) {
  if (txn->heard_us >= 0) txn->heard_us = late_enough(txn, txn->heard_us);
  txn->retry_at_us = 0;
  txn->pace_us = 0;
  txn->attempts = 0;
  txn->random = 0;
  txn->ended_us = 0;
  txn->probes = 0;
  txn->need_us = 0;
  if (txn->busy_us >= 0) txn->busy_us = now_us - txn->busy_us >= PATIENCE_US ? 1 : 0;
  txn->paced_since_us = -1;
  if (txn->missing_us >= 0) txn->missing_us = now_us - txn->missing_us >= timeout_us() ? 1 : 0;
  txn->next_id = 0;
  if (txn->registered_us >= 0) txn->registered_us = late_enough(txn, now_us);
}

static void forget_partition(const struct ktxn__txn *txn, struct ktxn__txn_partition *partition) {
  for (uint8_t i = partition->count; i < KTXN__TXN_FLIGHTS_MAX; i++)
    memset(&partition->flights[i], 0, sizeof partition->flights[i]);
  partition->unknown_us = 0;
  partition->unknown_at_us = 0; /* what is gone here is so for good, and believed at once */
  if (partition->ordinal == txn->ordinal) return;
  partition->ordinal = -1;
  partition->registration = 0;
  partition->tried = false;
  partition->gone = false;
}

static void forget(struct ktxn__txn *txn, int64_t now_us) {
  forget_slot(&txn->slot);
  forget_suspect(&txn->suspect);
  forget_times(txn, now_us);
  memset(txn->reports, 0, sizeof txn->reports);
  for (uint32_t i = 0; i < PARTS; i++) forget_partition(txn, ktxn__txn_partition(txn, i));
  if (txn->slot.active && txn->slot.api == KTXN__TXN_API_ADD_PARTITIONS) return;
  txn->asked_count = 0;
  memset(ktxn__txn_asked(txn), 0, PARTS * sizeof(uint32_t));
}

/* Copies on their way are a set. */
static void sort_late(struct world *world) {
  for (int i = 1; i < LATE_MAX; i++)
    for (int j = i; j > 0 && memcmp(&world->late[j - 1], &world->late[j], sizeof world->late[0]) < 0; j--) {
      struct message swap = world->late[j];
      world->late[j] = world->late[j - 1];
      world->late[j - 1] = swap;
    }
}

static void clear_all_padding(struct ktxn__txn *txn, struct world *world) {
  clear_padding(txn);
  for (uint32_t i = 0; i < PARTS; i++) clear_padding(ktxn__txn_partition(txn, i));
  clear_padding(world);
}

uint64_t digest_of(const struct state *state) {
  uint64_t block[BLOCK_WORDS];
  struct world world = state->world;
  size_t size = ktxn__txn_size(PARTS, 0);
  memcpy(block, state->block, size);
  forget((struct ktxn__txn *)(void *)block, state->now_us);
  clear_all_padding((struct ktxn__txn *)(void *)block, &world);
  sort_late(&world);
  uint64_t hash = mix(mix(UINT64_C(88172645463325252), block, size), &world, sizeof world);
  return hash == 0 ? 1 : hash;
}
