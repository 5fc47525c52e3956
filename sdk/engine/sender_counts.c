#include "sdk/engine/sender_state.h"

/* What the sender counts. The numbers are this thread's; readers see the copy in the mirror. */

/* Only a transactional producer's InitProducerId that names an id is a bump (KIP-360). */
static bool is_bump(const struct ktxn__txn_request *request) {
  return request->api == KTXN__TXN_API_INIT && request->producer_id >= 0;
}

void ktxn__sender_count_request(struct ktxn__sender *sender, const struct ktxn__txn_request *request) {
  sender->counts.txn_requests++;
  sender->counts.probes += request->probe && request->api == KTXN__TXN_API_DESCRIBE ? 1 : 0;
  sender->counts.bumps += is_bump(request) ? 1 : 0;
}

/* InitProducerId answered 51 may have fenced first. */
static bool unknown_bump(const struct ktxn__txn_result *result) {
  bool answered = result->fate == KTXN__TXN_ANSWERED && result->code != 0;
  bool unclear = result->code == KTXN_E_CONCURRENT_TRANSACTIONS || !ktxn__txn_definite(result->code);
  return result->fate == KTXN__TXN_LOST || (answered && unclear);
}

static void count_bump(struct ktxn__sender *sender, const struct ktxn__txn_result *result) {
  bool fenced = result->fate == KTXN__TXN_ANSWERED &&
                (result->code == KTXN_E_INVALID_PRODUCER_EPOCH || result->code == KTXN_E_PRODUCER_FENCED);
  if (unknown_bump(result)) {
    sender->counts.bumps_unknown++;
    sender->bump_unknown = true;
  } else if (fenced && sender->bump_unknown) {
    sender->counts.bumps_fenced++;
  } else if (result->fate == KTXN__TXN_ANSWERED && result->code == 0) {
    sender->bump_unknown = false;
  }
}

/* `code`: the result's, or the first of its parts'. */
void ktxn__sender_count_result(struct ktxn__sender *sender, const struct ktxn__txn_result *result, int code) {
  const struct ktxn__txn_request *request = &sender->txn_call.request;
  bool registers = request->api == KTXN__TXN_API_ADD_PARTITIONS || request->api == KTXN__TXN_API_ADD_OFFSETS;
  bool answered = result->fate == KTXN__TXN_ANSWERED;
  sender->counts.txn_lost += result->fate == KTXN__TXN_LOST ? 1 : 0;
  sender->counts.txn_refused += answered && code != 0 ? 1 : 0;
  sender->counts.refusals += answered && registers && code == KTXN_E_CONCURRENT_TRANSACTIONS ? 1 : 0;
  if (is_bump(request)) {
    count_bump(sender, result);
  }
}

/* Each outcome that was told of a transaction, once. */
void ktxn__sender_count_outcome(struct ktxn__sender *sender, enum ktxn_outcome before, enum ktxn_outcome now) {
  if (now == before) {
    return;
  }
  sender->counts.committed += now == KTXN_OUTCOME_COMMITTED ? 1 : 0;
  sender->counts.not_committed += now == KTXN_OUTCOME_NOT_COMMITTED ? 1 : 0;
  sender->counts.in_doubt += now == KTXN_OUTCOME_IN_DOUBT ? 1 : 0;
}

void ktxn__sender_count_pacing(struct ktxn__sender *sender, int64_t now_us) {
  int64_t since_us = ktxn__txn_paced_since_us(sender->txn);
  if (since_us == sender->paced_since_us) {
    return;
  }
  if (sender->paced_since_us >= 0) {
    sender->counts.paced_us += (uint64_t)(now_us - sender->paced_since_us);
  }
  sender->counts.paced += since_us >= 0 ? 1 : 0;
  sender->paced_since_us = since_us;
}

/* Before a call is told its end, so that whoever has it finds it counted; and at the end of each run. */
void ktxn__sender_publish(struct ktxn__sender *sender) {
  ktxn__accumulator_counts(sender->acc, &sender->counts);
  sender->ports->lock(sender->mirror.lock);
  sender->mirror.counts = sender->counts;
  sender->ports->unlock(sender->mirror.lock);
}

void ktxn__sender_counts(struct ktxn__sender *sender, struct ktxn__counts *counts) {
  sender->ports->lock(sender->mirror.lock);
  *counts = sender->mirror.counts;
  sender->ports->unlock(sender->mirror.lock);
}
