#include <string.h>

#include "sdk/base/backoff.h"
#include "sdk/base/log.h"
#include "sdk/config.h"
#include "sdk/engine/sender_sort.h"
#include "sdk/engine/sender_state.h"
#include "sdk/wire/api.h"
#include "sdk/wire/produce.h"

/* One Produce request: its bytes, and what its answer means for each batch in it. */

/* ---- the request object ------------------------------------------------------------------------------------------------ */

struct ktxn__sender_request *ktxn__sender_request_new(struct ktxn__sender *sender) {
  struct ktxn__sender_request **kept = ktxn__engine_requests(sender->engine);
  struct ktxn__sender_request *request = *kept;
  if (request != NULL) {
    *kept = request->next;
  } else {
    request = ktxn__calloc(ktxn__sender_mem(sender), 1, sizeof *request);
  }
  if (request != NULL) {
    request->next = NULL;
    request->sender = sender;
    request->item_count = 0;
    request->run_count = 0;
    request->bytes = 0;
    request->sorted = true;
  }
  return request;
}

void ktxn__sender_request_free(struct ktxn__sender *sender, struct ktxn__sender_request *request) {
  struct ktxn__sender_request **kept = ktxn__engine_requests(sender->engine);
  request->next = *kept;
  *kept = request;
}

/* Room for one more item. */
bool ktxn__sender_request_reserve(struct ktxn__sender *sender, struct ktxn__sender_request *request) {
  struct ktxn__mem *mem = ktxn__sender_mem(sender);
  if (request->item_count < request->room) {
    return true;
  }
  uint32_t room = request->room == 0 ? 16 : request->room * 2;
  void *items = ktxn__realloc(mem, request->items, room * sizeof *request->items);
  request->items = items == NULL ? request->items : items;
  void *order = items == NULL ? NULL : ktxn__realloc(mem, request->order, room * sizeof *request->order);
  request->order = order == NULL ? request->order : order;
  void *runs = order == NULL ? NULL : ktxn__realloc(mem, request->runs, room * sizeof *request->runs);
  request->runs = runs == NULL ? request->runs : runs;
  request->room = runs == NULL ? request->room : room;
  return runs != NULL;
}

void ktxn__sender_request_add(struct ktxn__sender *sender, struct ktxn__sender_request *request,
                              struct ktxn__batch *batch) {
  uint32_t i = request->item_count++;
  uint32_t before = i == 0 ? 0 : request->items[i - 1].batch->queue->topic_index;
  request->sorted = request->sorted && batch->queue->topic_index >= before;
  request->items[i] = (struct ktxn__sender_item){batch, false};
  request->order[i] = i;
  ktxn__accumulator_pin(sender->acc, batch);
}

static bool topic_before(const void *ctx, uint32_t a, uint32_t b) {
  const struct ktxn__sender_request *request = ctx;
  return request->items[a].batch->queue->topic_index < request->items[b].batch->queue->topic_index;
}

/* Items of one topic must be neighbours in a Produce request. */
static void group_by_topic(struct ktxn__sender_request *request) {
  if (!request->sorted) {
    ktxn__sender_sort(request->order, request->item_count, topic_before, request);
  }
  for (uint32_t i = 0; i < request->item_count; i++) {
    uint32_t index = request->items[request->order[i]].batch->queue->topic_index;
    struct ktxn__sender_run_of *run = request->run_count == 0 ? NULL : &request->runs[request->run_count - 1];
    if (run == NULL || run->index != index) {
      run = &request->runs[request->run_count++];
      run->index = index;
      run->first = i;
      run->count = 0;
    }
    run->count++;
  }
}

/* KIP-516: topic ids only if each topic has one. They are kept: the answer comes under the same ids. */
static bool take_ids(const struct ktxn__sender *sender, struct ktxn__sender_request *request) {
  static const uint8_t none[16] = {0};
  bool all = true;
  for (uint32_t i = 0; i < request->run_count; i++) {
    const struct ktxn__topic *entry = sender->topics[request->runs[i].index].entry;
    memcpy(request->runs[i].id, entry == NULL ? none : entry->id, sizeof none);
    all = all && memcmp(request->runs[i].id, none, sizeof none) != 0;
  }
  return all;
}

/* ---- bytes ------------------------------------------------------------------------------------------------------------- */

static struct ktxn__sender_request *request_of(struct ktxn__call *call) {
  return KTXN__LIST_OF(call, struct ktxn__sender_request, call);
}

static bool encode_run(const struct ktxn__sender_request *request, const struct ktxn__sender_run_of *run,
                       int16_t version, struct ktxn__call_body *body) {
  struct ktxn__writer *writer = ktxn__call_body_writer(body);
  struct ktxn__produce_request_topic topic;
  topic.name = ktxn__str(request->items[request->order[run->first]].batch->queue->topic);
  memcpy(topic.id.bytes, run->id, sizeof topic.id.bytes);
  topic.partition_count = (int32_t)run->count;
  ktxn__produce_request_topic_head(writer, version, &topic);
  for (uint32_t i = run->first; i < run->first + run->count; i++) {
    const struct ktxn__batch *batch = request->items[request->order[i]].batch;
    ktxn__produce_request_partition_head(writer, batch->queue->partition, (int32_t)batch->size);
    if (!ktxn__call_body_splice(body, batch->data, batch->size)) {
      return false;
    }
    ktxn__produce_request_partition_tail(writer);
  }
  ktxn__produce_request_topic_tail(writer);
  return !writer->failed;
}

static bool encode(struct ktxn__call *call, int16_t version, struct ktxn__call_body *body) {
  const struct ktxn__sender_request *request = request_of(call);
  const struct ktxn__settings *settings = request->sender->settings;
  struct ktxn__writer *writer = ktxn__call_body_writer(body);
  struct ktxn__produce_request head = {
      .transactional_id = ktxn__str(settings->transactional_id),
      .acks = -1, /* KIP-98: idempotence needs all replicas */
      .timeout_ms = (int32_t)(settings->request_timeout_ms > INT32_MAX ? INT32_MAX : settings->request_timeout_ms),
      .topic_count = (int32_t)request->run_count,
  };
  ktxn__produce_request_head(writer, version, &head);
  for (uint32_t i = 0; i < request->run_count; i++) {
    if (!encode_run(request, &request->runs[i], version, body)) {
      return false;
    }
  }
  ktxn__produce_request_tail(writer);
  return !writer->failed;
}

/* ---- what becomes of a batch ------------------------------------------------------------------------------------------- */

/* All that an answer says about one batch. */
struct answer {
  struct ktxn__txn_batch_result result;
  int64_t append_time_ms;
  const char *said; /* the broker's own words, or NULL */
  bool moved;       /* its new leader is known already: no backoff (KIP-951) */
};

static int64_t backoff_us(struct ktxn__sender *sender, uint32_t attempts) {
  const struct ktxn__settings *settings = sender->settings;
  return ktxn__backoff(settings->retry_backoff_ms * 1000, settings->retry_backoff_max_ms * 1000,
                       attempts == 0 ? 0 : attempts - 1, sender->ports->random(sender->ports->ctx));
}

static void fail(struct ktxn__sender *sender, struct ktxn__batch *batch, int code, const struct answer *answer) {
  ktxn_error error;
  int16_t broker_code = answer->result.fate == KTXN__TXN_ANSWERED ? answer->result.code : 0;
  ktxn__sender_explain_batch(sender, batch, code, broker_code, answer->said, &error);
  ktxn__log(sender->ports->log, KTXN__LOG_WARN, "a batch of %u records failed: %s", batch->count, error.message);
  ktxn__accumulator_fail_batch(sender->acc, batch, &error);
}

/* Back into the queue, or failed if `retries` are used up. */
static void again(struct ktxn__sender *sender, struct ktxn__batch *batch, bool reset, const struct answer *answer,
                  int64_t now_us) {
  int16_t code = answer->result.fate == KTXN__TXN_ANSWERED ? answer->result.code : (int16_t)KTXN_E_NETWORK_EXCEPTION;
  if ((int64_t)batch->attempts > sender->settings->retries) {
    if (!reset) {
      ktxn__txn_batch_give_up(sender->txn, now_us, batch->queue->part, batch->handle, code);
    }
    fail(sender, batch, code, answer);
    return;
  }
  int64_t at_us = answer->moved ? 0 : now_us + backoff_us(sender, batch->attempts);
  sender->counts.batches_again++;
  ktxn__accumulator_requeue(sender->acc, batch, at_us, reset);
}

static struct ktxn__topic *entry_of(const struct ktxn__sender *sender, const struct ktxn__batch *batch) {
  return sender->topics[batch->queue->topic_index].entry;
}

static void note(struct ktxn__sender *sender, const struct ktxn__batch *batch, const struct answer *answer,
                 const char *why) {
  int code = answer->result.fate == KTXN__TXN_ANSWERED ? answer->result.code : 0;
  const struct ktxn__queue *queue = batch->queue;
  ktxn__log(sender->ports->log, KTXN__LOG_DEBUG, "%s-%d: to be sent again: %s %s", queue->topic, queue->partition,
            code == 0 ? "no answer" : ktxn_code_name(code), why);
  ktxn__sender_note_retry(sender, queue->topic, code, why);
}

/* Both parts follow each other in the sequence, in the range of the whole, so that nothing behind them changes. */
static void split(struct ktxn__sender *sender, struct ktxn__batch *batch, const struct answer *answer, int64_t now_us) {
  uint32_t count = batch->count;
  struct ktxn__batch *rest = ktxn__accumulator_split(sender->acc, batch);
  if (rest == NULL) {
    ktxn__txn_batch_give_up(sender->txn, now_us, batch->queue->part, batch->handle, KTXN_E_MESSAGE_TOO_LARGE);
    fail(sender, batch, KTXN_E_MESSAGE_TOO_LARGE, answer);
    return;
  }
  ktxn__txn_split(sender->txn, now_us, batch->queue->part, batch->handle, batch->count, rest->handle,
                  &rest->base_sequence);
  ktxn__sender_stamp_batch(sender, batch);
  ktxn__sender_stamp_batch(sender, rest);
  sender->counts.batches_again += 2;
  ktxn__accumulator_requeue(sender->acc, batch, 0, false);
  ktxn__accumulator_requeue(sender->acc, rest, 0, false);
  ktxn__log(sender->ports->log, KTXN__LOG_INFO,
            "%s-%d: a batch of %u records is too large for the broker, %u of them go first; a lower batch.size avoids that",
            batch->queue->topic, batch->queue->partition, count, batch->count);
}

static void settle(struct ktxn__sender *sender, struct ktxn__sender_item *item, const struct answer *answer,
                   const char *why, int64_t now_us) {
  struct ktxn__batch *batch = item->batch;
  struct ktxn__topic *entry = entry_of(sender, batch);
  int code = 0;
  enum ktxn__txn_verdict verdict =
      ktxn__txn_batch_result(sender->txn, now_us, batch->queue->part, batch->handle, &answer->result, &code);
  item->settled = true;
  if (code == KTXN_E_UNSUPPORTED_VERSION) {
    ktxn__cluster_ask_versions(sender->cluster, now_us); /* KIP-890: the cluster's features have changed */
  }
  switch (batch->step == KTXN__BATCH_DONE ? KTXN__TXN_IGNORE : verdict) {
    case KTXN__TXN_DONE:
      ktxn__accumulator_complete(sender->acc, batch, answer->result.base_offset, answer->append_time_ms);
      break;
    case KTXN__TXN_REFRESH:
      if (entry != NULL && !answer->moved) {
        ktxn__cluster_ask_topic(sender->cluster, entry, now_us);
      }
      note(sender, batch, answer, why);
      again(sender, batch, false, answer, now_us);
      break;
    case KTXN__TXN_RETRY:
      note(sender, batch, answer, why);
      again(sender, batch, false, answer, now_us);
      break;
    case KTXN__TXN_RESET:
      note(sender, batch, answer, why);
      again(sender, batch, true, answer, now_us);
      break;
    case KTXN__TXN_SPLIT:
      split(sender, batch, answer, now_us);
      break;
    case KTXN__TXN_FAILED:
      fail(sender, batch, code, answer);
      break;
    case KTXN__TXN_IGNORE:
      /* It was given up, and so has its fate; if not, the books are broken and it must not hang. */
      if (batch->step != KTXN__BATCH_DONE) {
        fail(sender, batch, KTXN_E_INTERNAL, answer);
      }
      break;
  }
  ktxn__accumulator_unpin(sender->acc, batch);
}

/* ---- the answer -------------------------------------------------------------------------------------------------------- */

/* By the topic's index: batches that have been settled already are gone. */
static struct ktxn__sender_run_of *find_run(const struct ktxn__sender *sender, const struct ktxn__sender_request *request,
                                            const struct ktxn__produce_topic *topic, bool by_id) {
  for (uint32_t i = 0; i < request->run_count; i++) {
    struct ktxn__sender_run_of *run = &request->runs[i];
    const char *name = by_id ? "" : ktxn__accumulator_topic_name(sender->acc, run->index);
    if (by_id ? memcmp(run->id, topic->id.bytes, sizeof run->id) == 0 : ktxn__str_equal(topic->name, ktxn__str(name))) {
      return run;
    }
  }
  return NULL;
}

/* Brokers answer mostly in the order of the request: the search begins at `*next`. */
static struct ktxn__sender_item *find_item(struct ktxn__sender_request *request, const struct ktxn__sender_run_of *run,
                                           int32_t partition, uint32_t *next) {
  for (uint32_t i = 0; i < run->count; i++) {
    uint32_t at = (*next + i) % run->count;
    struct ktxn__sender_item *item = &request->items[request->order[run->first + at]];
    if (!item->settled && item->batch->queue->partition == partition) {
      *next = at + 1;
      return item;
    }
  }
  return NULL;
}

/* KIP-951: the answer may say who leads the partition now, and where that node is. */
static bool take_hint(struct ktxn__sender *sender, const struct ktxn__batch *batch,
                      const struct ktxn__produce_partition *partition, const struct ktxn__produce_response *response,
                      int64_t now_us) {
  struct ktxn__topic *entry = entry_of(sender, batch);
  struct ktxn__cluster_endpoint endpoint;
  char host[KTXN__BROKER_HOST_MAX + 1];
  bool given = false;
  if (entry == NULL || partition->leader_id < 0 || partition->leader_epoch < 0) {
    return false;
  }
  for (int32_t i = 0; i < response->node_count && !given; i++) {
    given = response->nodes[i].node_id == partition->leader_id && response->nodes[i].host.len <= KTXN__BROKER_HOST_MAX;
    if (given) {
      ktxn__str_copy(response->nodes[i].host, host, sizeof host);
      endpoint = (struct ktxn__cluster_endpoint){partition->leader_id, host, response->nodes[i].port};
    }
  }
  return ktxn__cluster_hint_leader(sender->cluster, entry, (uint32_t)partition->index, partition->leader_id,
                                   partition->leader_epoch, given ? &endpoint : NULL, now_us);
}

/* Is a newer leader known than the one that this attempt went to? */
static bool has_moved(const struct ktxn__sender *sender, const struct ktxn__batch *batch) {
  const struct ktxn__topic *entry = entry_of(sender, batch);
  uint32_t partition = (uint32_t)batch->queue->partition;
  return entry != NULL && partition < entry->partition_count && batch->leader_epoch >= 0 &&
         entry->partitions[partition].leader_epoch > batch->leader_epoch;
}

static void said_of(const struct ktxn__produce_partition *partition, char *out, size_t size) {
  struct ktxn__str said = partition->error_message;
  if (partition->record_error_count > 0 && partition->record_errors[0].message.len > 0) {
    said = partition->record_errors[0].message; /* KIP-467: says more than the batch's own */
  }
  ktxn__str_copy(said, out, size);
}

static void take_partition(struct ktxn__sender *sender, struct ktxn__sender_item *item,
                           const struct ktxn__produce_partition *partition,
                           const struct ktxn__produce_response *response, int64_t now_us) {
  char said[128];
  said_of(partition, said, sizeof said);
  struct answer answer = {
      .result = {KTXN__TXN_ANSWERED, partition->error_code, partition->base_offset, partition->log_start_offset},
      .append_time_ms = partition->log_append_time_ms,
      .said = said[0] == '\0' ? NULL : said,
  };
  if (partition->error_code != 0) {
    answer.moved = take_hint(sender, item->batch, partition, response, now_us) || has_moved(sender, item->batch);
  }
  settle(sender, item, &answer, said, now_us);
}

/* False: it names something that was not asked. */
static bool take_answer(struct ktxn__sender *sender, struct ktxn__sender_request *request,
                        const struct ktxn__produce_response *response, int64_t now_us) {
  bool fits = true;
  bool by_id = request->call.version >= KTXN__PRODUCE_VERSION_TOPIC_ID;
  for (int32_t i = 0; i < response->topic_count; i++) {
    const struct ktxn__produce_topic *topic = &response->topics[i];
    const struct ktxn__sender_run_of *run = find_run(sender, request, topic, by_id);
    uint32_t next = 0;
    fits = fits && run != NULL;
    for (int32_t j = 0; run != NULL && j < topic->partition_count; j++) {
      struct ktxn__sender_item *item = find_item(request, run, topic->partitions[j].index, &next);
      if (item != NULL) {
        take_partition(sender, item, &topic->partitions[j], response, now_us);
      }
      fits = fits && item != NULL;
    }
  }
  return fits;
}

/* Whatever has no answer of its own yet. */
static bool settle_rest(struct ktxn__sender *sender, struct ktxn__sender_request *request, enum ktxn__txn_fate fate,
                        const char *why, int64_t now_us) {
  struct answer answer = {.result = {fate, 0, -1, -1}, .append_time_ms = -1};
  bool any = false;
  for (uint32_t i = 0; i < request->item_count; i++) {
    struct ktxn__sender_item *item = &request->items[i];
    if (!item->settled) {
      answer.moved = has_moved(sender, item->batch);
      settle(sender, item, &answer, why, now_us);
      any = true;
    }
  }
  return any;
}

static void take_response(struct ktxn__sender *sender, struct ktxn__sender_request *request,
                          struct ktxn__reader *body, int64_t now_us) {
  struct ktxn__produce_response response;
  struct ktxn__arena *arena = ktxn__engine_arena(sender->engine);
  bool fits = ktxn__produce_response_decode(body, arena, request->call.version, &response);
  if (fits) {
    ktxn__call_throttle(&request->call, response.throttle_time_ms, now_us);
    fits = take_answer(sender, request, &response, now_us);
  }
  /* A broker that leaves a batch out, or answers something else, can't be trusted to have done the rest. */
  bool left = settle_rest(sender, request, KTXN__TXN_LOST, "its Produce answer does not fit the request", now_us);
  if (!fits || left) {
    ktxn__call_malformed(&request->call);
  }
}

static void unpin_all(struct ktxn__sender *sender, struct ktxn__sender_request *request) {
  for (uint32_t i = 0; i < request->item_count; i++) {
    ktxn__accumulator_unpin(sender->acc, request->items[i].batch);
  }
}

static void done(struct ktxn__call *call, enum ktxn__call_fate fate, struct ktxn__reader *body, int64_t now_us) {
  static const enum ktxn__txn_fate fates[] = {
      [KTXN__CALL_ANSWERED] = KTXN__TXN_ANSWERED,
      [KTXN__CALL_UNSENT] = KTXN__TXN_UNSENT,
      [KTXN__CALL_LOST] = KTXN__TXN_LOST,
      [KTXN__CALL_UNSUPPORTED] = KTXN__TXN_UNSUPPORTED,
  };
  struct ktxn__sender_request *request = request_of(call);
  struct ktxn__sender *sender = request->sender;
  sender->dirty = true;
  sender->calls_out--;
  if (sender->forced) {
    unpin_all(sender, request); /* all has ended already; the cluster may be going down around this call */
    ktxn__sender_request_free(sender, request);
    return;
  }
  ktxn__sender_set_who(sender, call->broker);
  ktxn__log(sender->ports->log, KTXN__LOG_DEBUG, "Produce to %s: %s, %u batches", sender->who,
            fate == KTXN__CALL_ANSWERED ? "answered" : "no answer", request->item_count);
  if (fate == KTXN__CALL_ANSWERED) {
    take_response(sender, request, body, now_us);
  } else {
    settle_rest(sender, request, fates[fate], ktxn__broker_why(call->broker), now_us);
  }
  ktxn__sender_request_free(sender, request);
  ktxn__sender_observe(sender, now_us);
}

void ktxn__sender_request_send(struct ktxn__sender *sender, struct ktxn__sender_request *request,
                               struct ktxn__broker *broker, int64_t now_us) {
  group_by_topic(request);
  int16_t max = ktxn__txn_produce_version_max(sender->txn);
  if (max >= KTXN__PRODUCE_VERSION_TOPIC_ID && !take_ids(sender, request)) {
    max = KTXN__PRODUCE_VERSION_TOPIC_ID - 1;
  }
  request->call = (struct ktxn__call){
      .api = KTXN__API_PRODUCE,
      .version_min = ktxn__txn_produce_version_min(sender->txn),
      .version_max = max,
      .deadline_us = now_us + sender->settings->request_timeout_ms * 1000,
      .encode = encode,
      .done = done,
  };
  sender->calls_out++;
  sender->counts.produce_requests++;
  ktxn__broker_send(broker, &request->call, now_us);
}
