#include "sdk/devbroker/model_replica.h"

#include "sdk/devbroker/model_state.h"

void ktxn__model_replica_wait(struct ktxn__model_partition *partition, struct ktxn__model_waiter *waiter) {
  ktxn__list_push_back(&partition->log.waiters, &waiter->link);
}

/* Which waiters hear of it, and what. */
struct news {
  int16_t code;
  int32_t only_node;   /* -1 = all */
  int32_t except_node; /* -1 = none */
};

static bool concerns(const struct ktxn__model_partition *partition, const struct ktxn__model_waiter *waiter, const struct news *news) {
  if (news->code == KTXN__MODEL_NONE) {
    return waiter->need <= partition->log.high_watermark;
  }
  return (waiter->node != news->except_node || waiter->follows) && (news->only_node < 0 || waiter->node == news->only_node);
}

/* Who is woken may take others of the list out, itself again among them: each is popped before it is called. */
static void wake(struct ktxn__model *model, struct ktxn__model_partition *partition, struct news news) {
  struct ktxn__list waking;
  ktxn__list_init(&waking);
  ktxn__list_splice_back(&waking, &partition->log.waiters);
  for (struct ktxn__list *link = ktxn__list_pop(&waking); link != NULL; link = ktxn__list_pop(&waking)) {
    struct ktxn__model_waiter *waiter = KTXN__LIST_OF(link, struct ktxn__model_waiter, link);
    if (concerns(partition, waiter, &news)) {
      waiter->woken(model, waiter, news.code);
    } else {
      ktxn__list_push_back(&partition->log.waiters, link);
    }
  }
}

static bool stalled(const struct ktxn__model *model, const struct ktxn__model_partition *partition) {
  return partition->leader < 0 || model->nodes[partition->leader].cut || !model->nodes[partition->leader].up;
}

static void arm(struct ktxn__model *model, struct ktxn__model_partition *partition);

static void reach(struct ktxn__model *model, struct ktxn__model_partition *partition, int64_t offset) {
  if (ktxn__model_log_replicated(&partition->log, offset)) {
    wake(model, partition, (struct news){.code = KTXN__MODEL_NONE});
  }
}

static void replicated(struct ktxn__model *model, struct ktxn__model_event *event) {
  struct ktxn__model_log *log = KTXN__LIST_OF(event, struct ktxn__model_log, replication);
  struct ktxn__model_partition *partition = KTXN__LIST_OF(log, struct ktxn__model_partition, log);
  if (!stalled(model, partition)) {
    reach(model, partition, log->replicating);
    arm(model, partition);
  }
}

static void arm(struct ktxn__model *model, struct ktxn__model_partition *partition) {
  struct ktxn__model_log *log = &partition->log;
  if (log->end == log->high_watermark || ktxn__model_event_is_set(&log->replication)) {
    return;
  }
  int64_t delay = ktxn__model_delay(model, KTXN__MODEL_DELAY_REPLICA, partition->leader);
  log->replicating = log->end;
  if (delay <= 0) {
    reach(model, partition, log->end);
  } else {
    ktxn__model_later(model, &log->replication, delay, replicated);
  }
}

void ktxn__model_replica_appended(struct ktxn__model *model, struct ktxn__model_partition *partition) {
  if (!stalled(model, partition)) {
    arm(model, partition);
  }
}

/* What the others append from here on, up to whatever offset, acknowledges nothing that node has appended. */
static void orphan(struct ktxn__model_partition *partition, int32_t node) {
  struct ktxn__list *waiters = &partition->log.waiters;
  for (struct ktxn__list *link = ktxn__list_first(waiters); link != NULL; link = ktxn__list_next(waiters, link)) {
    struct ktxn__model_waiter *waiter = KTXN__LIST_OF(link, struct ktxn__model_waiter, link);
    if (waiter->node == node && waiter->need >= 0) {
      waiter->need = KTXN__MODEL_NEVER;
    }
  }
}

/* A node that is cut off doesn't learn that it isn't the leader any more: who waits there goes on waiting. */
void ktxn__model_replica_lost(struct ktxn__model *model, struct ktxn__model_partition *partition, int16_t code) {
  bool deaf = partition->leader >= 0 && model->nodes[partition->leader].cut;
  if (deaf) {
    orphan(partition, partition->leader);
  }
  wake(model, partition, (struct news){.code = code, .only_node = -1, .except_node = deaf ? partition->leader : -1});
}

static void tell_truncation(struct ktxn__model *model, const struct ktxn__model_partition *partition) {
  struct ktxn__model_seen seen = {.sight = KTXN__MODEL_SAW_TRUNCATION,
                                  .node = partition->leader,
                                  .name = partition->topic->name->text,
                                  .partition = partition->index,
                                  .offset = partition->log.high_watermark,
                                  .last_offset = partition->log.end - 1};
  ktxn__model_tell(model, &seen);
}

void ktxn__model_replica_move(struct ktxn__model *model, struct ktxn__model_partition *partition, int32_t leader) {
  struct ktxn__model_log *log = &partition->log;
  ktxn__model_event_clear(&model->events, &log->replication);
  ktxn__model_replica_lost(model, partition, KTXN__MODEL_NOT_LEADER_OR_FOLLOWER);
  if (log->end > log->high_watermark && !log->forgets) {
    if (ktxn__model_choose(model, KTXN__MODEL_CHOICE_KEEP_BATCH, partition->leader)) {
      ktxn__model_log_replicated(log, log->end);
    } else {
      tell_truncation(model, partition);
      ktxn__model_log_truncate(&model->memory, log);
    }
  }
  for (int32_t i = 0; i < log->producer_count; i++) {
    log->producers[i]->guard = 0; /* questions under way were the old leader's */
  }
  partition->leader = leader;
  partition->leader_epoch++;
  ktxn__model_replica_appended(model, partition);
}

void ktxn__model_replica_healed(struct ktxn__model *model, struct ktxn__model_partition *partition, int32_t node) {
  bool deleted = partition->topic->deleted;
  if (partition->leader == node && !deleted) {
    ktxn__model_replica_appended(model, partition);
    return;
  }
  int16_t code = deleted ? KTXN__MODEL_UNKNOWN_TOPIC_OR_PARTITION : KTXN__MODEL_NOT_LEADER_OR_FOLLOWER;
  wake(model, partition, (struct news){.code = code, .only_node = node, .except_node = -1});
}
