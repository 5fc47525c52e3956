#include "sdk/devbroker/model_producer.h"

int32_t ktxn__model_sequence_last(int32_t first, int32_t count) {
  int32_t more = count - 1;
  return first > INT32_MAX - more ? more - (INT32_MAX - first) - 1 : first + more;
}

const struct ktxn__model_window *ktxn__model_producer_duplicate(const struct ktxn__model_producer *producer,
                                                                const struct ktxn__model_batch *batch) {
  if (batch->producer_epoch != producer->epoch) {
    return NULL;
  }
  int32_t last = ktxn__model_sequence_last(batch->base_sequence, batch->record_count);
  for (int i = 0; i < producer->window_count; i++) {
    const struct ktxn__model_window *known = &producer->window[i];
    if (known->first_sequence == batch->base_sequence && known->last_sequence == last) {
      return known;
    }
  }
  return NULL;
}

static int32_t last_sequence(const struct ktxn__model_producer *producer) {
  int last = (producer->window_next + KTXN__MODEL_WINDOW - 1) % KTXN__MODEL_WINDOW;
  return producer->window_count == 0 ? -1 : producer->window[last].last_sequence;
}

static bool follows(int32_t last, int32_t next) {
  return next == 0 ? last == -1 || last == INT32_MAX : next - 1 == last;
}

/* A producer that the log knows nothing of may begin anywhere (its records may have been deleted), but not under V2. */
static bool in_sequence(const struct ktxn__model_producer *producer, const struct ktxn__model_batch *batch,
                        const struct ktxn__model_admission *how) {
  if (producer != NULL && producer->guard != 0 && batch->base_sequence > producer->lowest_sequence) {
    return false;
  }
  if (producer == NULL || producer->epoch < 0) {
    return !how->must_start || batch->base_sequence == 0;
  }
  if (producer->epoch != batch->producer_epoch) {
    return batch->base_sequence == 0;
  }
  return follows(last_sequence(producer), batch->base_sequence);
}

bool ktxn__model_producer_ongoing(const struct ktxn__model_producer *producer, int16_t epoch, bool by_epoch) {
  return producer != NULL && producer->txn_first >= 0 && (!by_epoch || producer->epoch == epoch);
}

int16_t ktxn__model_producer_admit(const struct ktxn__model_producer *producer, const struct ktxn__model_batch *batch,
                                   const struct ktxn__model_admission *how) {
  bool open = producer != NULL && producer->txn_first >= 0;
  bool ongoing = ktxn__model_producer_ongoing(producer, batch->producer_epoch, how->by_epoch);
  if (batch->transactional && !ongoing && how->verifies &&
      (producer == NULL || how->guard == 0 || producer->guard != how->guard)) {
    return KTXN__MODEL_INVALID_TXN_STATE;
  }
  if (producer != NULL && batch->producer_epoch < producer->epoch) {
    return KTXN__MODEL_INVALID_PRODUCER_EPOCH;
  }
  if (how->client && !in_sequence(producer, batch, how)) {
    return KTXN__MODEL_OUT_OF_ORDER_SEQUENCE_NUMBER;
  }
  return open && !batch->transactional ? KTXN__MODEL_INVALID_TXN_STATE : KTXN__MODEL_NONE;
}

static void renew(struct ktxn__model_producer *producer, int16_t epoch) {
  if (producer->epoch != epoch) {
    producer->epoch = epoch;
    producer->window_count = 0;
    producer->window_next = 0;
  }
}

void ktxn__model_producer_note(struct ktxn__model_producer *producer, const struct ktxn__model_entry *entry) {
  renew(producer, entry->producer_epoch);
  producer->last_ms = entry->max_timestamp_ms;
  producer->guard = 0;
  if (entry->marker) {
    producer->coordinator_epoch = entry->coordinator_epoch;
    producer->txn_first = -1;
    return;
  }
  if (entry->base_sequence >= 0) {
    int32_t count = (int32_t)(entry->last_offset - entry->base_offset) + 1;
    producer->window[producer->window_next] = (struct ktxn__model_window){
        .first_sequence = entry->base_sequence,
        .last_sequence = ktxn__model_sequence_last(entry->base_sequence, count),
        .base_offset = entry->base_offset,
        .last_offset = entry->last_offset,
    };
    producer->window_next = (uint8_t)((producer->window_next + 1) % KTXN__MODEL_WINDOW);
    producer->window_count = (uint8_t)(producer->window_count + (producer->window_count < KTXN__MODEL_WINDOW));
  }
  if (entry->transactional && producer->txn_first < 0) {
    producer->txn_first = entry->base_offset;
  }
}

int16_t ktxn__model_producer_admit_marker(const struct ktxn__model_producer *producer, int16_t epoch, int32_t coordinator_epoch,
                                          bool strict) {
  if (producer == NULL) {
    return KTXN__MODEL_NONE;
  }
  if (epoch < producer->epoch || (strict && epoch == producer->epoch)) {
    return KTXN__MODEL_INVALID_PRODUCER_EPOCH;
  }
  return coordinator_epoch < producer->coordinator_epoch ? KTXN__MODEL_TRANSACTION_COORDINATOR_FENCED : KTXN__MODEL_NONE;
}
