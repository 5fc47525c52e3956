/** What the model promises about itself: a test of the tester. */

#include "sdk/base/check.h"
#include "sdk/devbroker/model_state.h"

static bool watermarks(const struct ktxn__model_log *log) {
  return KTXN__CHECK(log->high_watermark <= log->end, NULL) && KTXN__CHECK(log->last_stable <= log->high_watermark, NULL) &&
         KTXN__CHECK(log->start <= log->high_watermark, NULL) && KTXN__CHECK(!log->regressed, NULL);
}

/* Open transactions are listed by their first offset, and hold readers back. */
static bool open_transactions(const struct ktxn__model_log *log) {
  int64_t last = -1;
  int32_t listed = 0;
  for (struct ktxn__list *link = ktxn__list_first(&log->open); link != NULL; link = ktxn__list_next(&log->open, link)) {
    const struct ktxn__model_producer *producer = KTXN__LIST_OF(link, struct ktxn__model_producer, open);
    if (!KTXN__CHECK(producer->txn_first > last, NULL) || !KTXN__CHECK(log->last_stable <= producer->txn_first, NULL)) {
      return false;
    }
    last = producer->txn_first;
    listed++;
  }
  for (int32_t i = 0; i < log->producer_count; i++) {
    listed -= log->producers[i]->txn_first >= 0;
  }
  return KTXN__CHECK(listed == 0, NULL);
}

static bool entries(const struct ktxn__model_log *log) {
  int64_t next = log->entry_count == 0 ? 0 : log->entries[0]->base_offset;
  for (int32_t i = 0; i < log->entry_count; i++) {
    if (!KTXN__CHECK(log->entries[i]->base_offset == next, NULL)) {
      return false;
    }
    next = log->entries[i]->last_offset + 1;
  }
  return log->forgets || KTXN__CHECK(next == log->end, NULL);
}

static bool logs(const struct ktxn__model *model) {
  for (int32_t i = 0; i < model->topics.count; i++) {
    const struct ktxn__model_topic *topic = model->topics.list[i];
    for (int32_t j = 0; j < topic->partition_count; j++) {
      const struct ktxn__model_log *log = &topic->partitions[j]->log;
      if (!watermarks(log) || !open_transactions(log) || !entries(log)) {
        return false;
      }
    }
  }
  return true;
}

static bool transaction(const struct ktxn__model_txn *txn) {
  enum ktxn__model_txn_state state = txn->now.state;
  bool over = state == KTXN__MODEL_EMPTY || state == KTXN__MODEL_COMPLETE_COMMIT || state == KTXN__MODEL_COMPLETE_ABORT;
  return KTXN__CHECK(!over || txn->place_count == 0, NULL) && KTXN__CHECK(txn->pending || txn->record == NULL, NULL) &&
         KTXN__CHECK(txn->record != NULL || !txn->pending || txn->wedged, NULL) &&
         KTXN__CHECK(txn->now.producer_epoch >= -1 && txn->now.producer_id >= 0, NULL);
}

static bool transactions(const struct ktxn__model *model) {
  for (int32_t i = 0; i < model->config.txn_partitions; i++) {
    const struct ktxn__model_txn_part *part = model->txns.parts[i];
    for (int32_t j = 0; j < part->count; j++) {
      if (!transaction(part->list[j])) {
        return false;
      }
    }
  }
  return true;
}

static bool group_offsets(const struct ktxn__model *model) {
  for (int32_t i = 0; i < model->config.group_partitions; i++) {
    const struct ktxn__model_group_part *part = &model->groups.parts[i];
    int64_t pending = 0;
    for (int32_t j = 0; j < part->count; j++) {
      for (int32_t k = 0; k < part->list[j]->offset_count; k++) {
        pending += part->list[j]->offsets[k]->pending_count;
      }
    }
    bool open = !ktxn__list_empty(&model->groups.topic->partitions[i]->log.open);
    if (!KTXN__CHECK(pending == 0 || open, NULL)) {
      return false;
    }
  }
  return true;
}

bool ktxn__model_check(const struct ktxn__model *model) {
  return logs(model) && transactions(model) && group_offsets(model);
}
