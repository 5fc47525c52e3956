#include "explore/world.h"

/* The leader of a partition: producer state, verification or implicit registration (KIP-890), markers. */

/* A leader asks the coordinator before the first batch of a transaction; never a stale one here. */
static int16_t verify(struct state *state, const struct message *m) {
  struct coordinator *truth = &state->world.truth;
  if (m->v2) {
    struct message add = *m;
    struct reply reply;
    add.api = KTXN__TXN_API_ADD_PARTITIONS;
    coordinator_handle(truth, &add, 0, &reply);
    if (reply.code == 0) judge_applied(state, &add, &reply, false);
    return reply.code == KTXN_E_PRODUCER_FENCED ? (int16_t)KTXN_E_INVALID_PRODUCER_EPOCH : reply.code;
  }
  if (scope.unverified) return 0;
  if (m->pid != truth->pid) return KTXN_E_INVALID_PRODUCER_ID_MAPPING;
  if (m->epoch != truth->epoch) return KTXN_E_INVALID_PRODUCER_EPOCH;
  if (coordinator_preparing(truth)) return KTXN_E_CONCURRENT_TRANSACTIONS;
  bool in = truth->state == KTXN__TXN_LOOK_ONGOING && (truth->parts & m->parts);
  return in ? 0 : (int16_t)KTXN_E_INVALID_TXN_STATE;
}

static bool in_sequence(const struct producer_entry *entry, const struct message *m) {
  if (!entry->known) return !m->v2 || m->sequence == 0; /* V1: any sequence is taken as the first */
  if (m->epoch > entry->epoch) return m->sequence == 0;
  return m->sequence == entry->last_sequence + 1;
}

int16_t partition_produce(struct state *state, const struct message *m) {
  struct partition_log *log = &state->world.logs[m->part];
  struct producer_entry *entry = &log->producers[m->pid];
  if (state->world.gone & m->parts) return KTXN_E_UNKNOWN_TOPIC_OR_PARTITION;
  if (entry->known && m->epoch < entry->epoch) return KTXN_E_INVALID_PRODUCER_EPOCH;
  bool ongoing = entry->open != 0 && entry->epoch == m->epoch;
  int16_t code = ongoing ? 0 : verify(state, m);
  if (code != 0) return code;
  if (entry->known && entry->epoch == m->epoch && m->sequence <= entry->last_sequence) return 0; /* a duplicate */
  if (!in_sequence(entry, m)) return KTXN_E_OUT_OF_ORDER_SEQUENCE_NUMBER;
  judge_append(state, m);
  entry->known = true;
  entry->epoch = m->epoch;
  entry->last_sequence = m->sequence;
  entry->open |= m->who;
  return 0;
}

void partition_marker(struct state *state, uint8_t part) {
  struct coordinator *truth = &state->world.truth;
  struct partition_log *log = &state->world.logs[part];
  struct producer_entry *entry = &log->producers[truth->pid];
  bool commit = truth->state == KTXN__TXN_LOOK_PREPARE_COMMIT;
  truth->unmarked &= (uint8_t)~(1u << part);
  if (!entry->known || entry->epoch <= truth->epoch) {
    judge_marked(state, part, entry->open, commit);
    if (commit)
      log->committed |= entry->open;
    else
      log->aborted |= entry->open;
    if (!entry->known || entry->epoch < truth->epoch) entry->last_sequence = -1;
    entry->known = true;
    entry->epoch = truth->epoch;
    entry->open = 0;
  }
  if (truth->unmarked == 0) coordinator_complete(truth);
}
