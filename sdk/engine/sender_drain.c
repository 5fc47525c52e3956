#include <string.h>

#include "sdk/config.h"
#include "sdk/engine/sender_state.h"
#include "sdk/wire/api.h"
#include "sdk/wire/record_batch.h"

/*
 * Ready batches into Produce requests: one request for each leader, one batch for each partition in it, until nothing
 * more may go. A partition that can't go now stays ready and is skipped; others of the same node are not held up.
 */

/* What a batch costs in a request beyond its own bytes and its topic's name: indices, lengths, tags. */
#define ITEM_OVERHEAD 48

struct round {
  struct ktxn__sender *sender;
  int64_t now_us;
  struct ktxn__sender_target *targets;
  uint32_t count;
};

/* ---- targets ----------------------------------------------------------------------------------------------------------- */

/* Whatever keeps this broker from being sent to: what may be done about it, and when to look again. */
static void wait_for(struct ktxn__sender *sender, struct ktxn__broker *broker, int64_t now_us) {
  int64_t at_us = INT64_MAX;
  ktxn__broker_want(broker, now_us);
  if (ktxn__broker_muted_until(broker) > now_us) {
    at_us = ktxn__broker_muted_until(broker);
  } else if (ktxn__broker_backing_off(broker, now_us)) {
    at_us = ktxn__broker_backoff_until(broker);
  }
  if (at_us < sender->wait_us) {
    sender->wait_us = at_us;
  }
  if (ktxn__broker_failing(broker)) {
    ktxn__sender_note_retry(sender, "Produce", 0, ktxn__broker_why(broker));
  }
}

/* KIP-890: Transactions V2 needs its versions of every broker that is used. */
static void check_versions(struct ktxn__sender *sender, const struct ktxn__broker *broker) {
  if (sender->transactional && !sender->lacks_v2 &&
      ktxn__broker_version(broker, KTXN__API_PRODUCE, 12, INT16_MAX) < 0) {
    sender->lacks_v2 = true;
    ktxn__sender_tell_features(sender); /* before this very batch leaves */
  }
}

static struct ktxn__broker *usable(struct ktxn__sender *sender, int32_t node, int64_t now_us) {
  struct ktxn__broker *broker = ktxn__cluster_broker(sender->cluster, node, KTXN__CLUSTER_SLOT_RECORDS + sender->slot);
  if (broker == NULL) {
    ktxn__cluster_refresh(sender->cluster, now_us);
    return NULL;
  }
  if (!ktxn__broker_writable(broker, now_us)) {
    wait_for(sender, broker, now_us);
    return NULL;
  }
  check_versions(sender, broker);
  return broker;
}

static struct ktxn__sender_target *target_of(struct round *round, int32_t node) {
  for (uint32_t i = 0; i < round->count; i++) {
    if (round->targets[i].node == node) {
      return &round->targets[i];
    }
  }
  struct ktxn__sender_target *targets = ktxn__engine_targets(round->sender->engine, round->count + 1);
  if (targets == NULL) {
    return NULL;
  }
  round->targets = targets;
  targets[round->count] =
      (struct ktxn__sender_target){node, usable(round->sender, node, round->now_us), NULL};
  return &targets[round->count++];
}

/* ---- one queue --------------------------------------------------------------------------------------------------------- */

static const struct ktxn__topic_partition *leader_of(struct ktxn__sender *sender, const struct ktxn__queue *queue,
                                                     int64_t now_us) {
  struct ktxn__topic *entry =
      queue->topic_index < sender->topic_count ? sender->topics[queue->topic_index].entry : NULL;
  if (entry == NULL) {
    return NULL;
  }
  if ((uint32_t)queue->partition >= entry->partition_count || entry->partitions[queue->partition].leader < 0) {
    ktxn__cluster_ask_topic(sender->cluster, entry, now_us);
    return NULL;
  }
  return &entry->partitions[queue->partition];
}

static size_t room_in(const struct ktxn__sender *sender, const struct ktxn__sender_target *target,
                      const struct ktxn__queue *queue) {
  size_t max = (size_t)sender->settings->request_bytes_max;
  size_t overhead = strlen(queue->topic) + ITEM_OVERHEAD;
  if (target->request == NULL || target->request->item_count == 0) {
    return SIZE_MAX; /* a batch of its own is always sent, alone if need be */
  }
  return target->request->bytes + overhead < max ? max - target->request->bytes - overhead : 0;
}

/* Is a batch that was given back due? A leader that is newer than the one that refused it needs no backoff (KIP-951). */
static bool retry_due(const struct ktxn__batch *batch, const struct ktxn__topic_partition *leader, int64_t now_us) {
  return batch->retry_at_us <= now_us || (batch->leader_epoch >= 0 && leader->leader_epoch > batch->leader_epoch);
}

static bool may_go_again(const struct ktxn__sender *sender, const struct ktxn__batch *batch, int32_t node) {
  uint32_t part = batch->queue->part;
  return batch->sequenced ? ktxn__txn_may_resend(sender->txn, part, node, batch->handle)
                          : ktxn__txn_may_send(sender->txn, part, node);
}

/*
 * Normally the first one. But one that has lost its sequence waits until the later ones that have theirs are settled: no
 * batch of a new epoch goes out while the old one has some on the partition (KIP-360). They are sent, refused as out of
 * order, and lose their sequences, too.
 */
static struct ktxn__batch *take_retry(struct ktxn__sender *sender, struct ktxn__queue *queue, int32_t node,
                                      size_t room) {
  struct ktxn__batch *batch = ktxn__batch_first_retry(queue);
  while (batch != NULL && !may_go_again(sender, batch, node)) {
    batch = batch->sequenced ? NULL : ktxn__batch_next_retry(batch);
  }
  if (batch == NULL || batch->size > room) {
    return NULL;
  }
  ktxn__accumulator_take_retry(sender->acc, batch);
  return batch;
}

void ktxn__sender_stamp_batch(const struct ktxn__sender *sender, struct ktxn__batch *batch) {
  batch->sequenced = true;
  ktxn__record_batch_stamp(batch->data, batch->size, batch->producer_id, batch->producer_epoch, batch->base_sequence,
                           sender->transactional);
}

/* False: the manager's books are broken, and nothing may be sent any more. */
static bool stamp(struct ktxn__sender *sender, struct ktxn__batch *batch, int32_t node, int64_t now_us) {
  struct ktxn__txn_stamp stamp;
  ktxn__txn_assign(sender->txn, now_us, batch->queue->part, node, batch->handle, batch->count, &stamp);
  if (stamp.producer_id < 0) {
    ktxn_error error;
    ktxn__sender_explain_batch(sender, batch, KTXN_E_INTERNAL, 0, NULL, &error);
    ktxn__accumulator_fail_batch(sender->acc, batch, &error);
    return false;
  }
  batch->producer_id = stamp.producer_id;
  batch->producer_epoch = stamp.producer_epoch;
  batch->base_sequence = stamp.base_sequence;
  ktxn__sender_stamp_batch(sender, batch);
  return true;
}

static struct ktxn__batch *take(struct ktxn__sender *sender, struct ktxn__queue *queue, int32_t node, size_t room,
                                const struct ktxn__topic_partition *leader, int64_t now_us) {
  struct ktxn__batch *batch = ktxn__batch_first_retry(queue);
  if (batch != NULL && !retry_due(batch, leader, now_us)) {
    return NULL;
  }
  if (batch != NULL) {
    batch = take_retry(sender, queue, node, room);
  } else if (ktxn__txn_may_send(sender->txn, queue->part, node)) {
    batch = ktxn__accumulator_take_new(sender->acc, queue, room);
  }
  if (batch == NULL) {
    return NULL;
  }
  if (batch->sequenced) {
    ktxn__txn_resend(sender->txn, now_us, queue->part, node, batch->handle);
  } else if (!stamp(sender, batch, node, now_us)) {
    return NULL;
  }
  batch->leader_epoch = leader->leader_epoch;
  batch->attempts++;
  return batch;
}

static void offer(struct round *round, struct ktxn__queue *queue) {
  struct ktxn__sender *sender = round->sender;
  const struct ktxn__topic_partition *leader = leader_of(sender, queue, round->now_us);
  if (leader == NULL || !ktxn__sender_grow(sender, queue->part + 1, 0)) {
    return;
  }
  struct ktxn__sender_target *target = target_of(round, leader->leader);
  if (target == NULL || target->broker == NULL) {
    return;
  }
  if (target->request == NULL) {
    target->request = ktxn__sender_request_new(sender);
  }
  if (target->request == NULL || !ktxn__sender_request_reserve(sender, target->request)) {
    return;
  }
  struct ktxn__batch *batch =
      take(sender, queue, leader->leader, room_in(sender, target, queue), leader, round->now_us);
  if (batch != NULL) {
    ktxn__sender_request_add(sender, target->request, batch);
    target->request->bytes += batch->size + strlen(queue->topic) + ITEM_OVERHEAD;
  }
}

/* ---- rounds ------------------------------------------------------------------------------------------------------------ */

static bool drain_round(struct ktxn__sender *sender, int64_t now_us) {
  struct round round = {sender, now_us, NULL, 0};
  bool sent = false;
  struct ktxn__queue *queue = ktxn__accumulator_next_ready(sender->acc, NULL);
  while (queue != NULL) {
    struct ktxn__queue *next = ktxn__accumulator_next_ready(sender->acc, queue);
    offer(&round, queue);
    queue = next;
  }
  for (uint32_t i = 0; i < round.count; i++) {
    struct ktxn__sender_target *target = &round.targets[i];
    if (target->request == NULL) {
      continue;
    }
    if (target->request->item_count == 0) {
      ktxn__sender_request_free(sender, target->request);
    } else {
      ktxn__sender_request_send(sender, target->request, target->broker, now_us);
      sent = true;
    }
  }
  return sent;
}

void ktxn__sender_drain(struct ktxn__sender *sender, int64_t now_us) {
  /* Each round puts one more batch of a partition on the wire; the in-flight limits end it. */
  while (ktxn__txn_state(sender->txn) != KTXN__TXN_FATAL_ERROR && drain_round(sender, now_us)) {
  }
}
