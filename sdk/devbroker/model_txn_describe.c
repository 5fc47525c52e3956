/** DescribeTransactions, ListTransactions (KIP-664), and what the log has. */

#include "sdk/devbroker/model_state.h"

static const char *const names[] = {
    [KTXN__MODEL_EMPTY] = "Empty",
    [KTXN__MODEL_ONGOING] = "Ongoing",
    [KTXN__MODEL_PREPARE_COMMIT] = "PrepareCommit",
    [KTXN__MODEL_PREPARE_ABORT] = "PrepareAbort",
    [KTXN__MODEL_COMPLETE_COMMIT] = "CompleteCommit",
    [KTXN__MODEL_COMPLETE_ABORT] = "CompleteAbort",
    [KTXN__MODEL_DEAD] = "Dead",
    [KTXN__MODEL_PREPARE_EPOCH_FENCE] = "PrepareEpochFence",
};
#define STATES (int32_t)(sizeof names / sizeof names[0])

const char *ktxn__model_txn_state_name(enum ktxn__model_txn_state state) {
  return names[state];
}

static struct ktxn__model_topic_partitions *group_of(struct ktxn__model_described_transaction *out, struct ktxn__str name) {
  for (int32_t i = 0; i < out->topic_count; i++) {
    if (ktxn__str_equal(out->topics[i].topic.name, name)) {
      return &out->topics[i];
    }
  }
  out->topics[out->topic_count].topic.name = name;
  return &out->topics[out->topic_count++];
}

/* Each topic gets room for all of them, cut from one array; places of one topic mostly follow each other. */
static void describe_places(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_txn *txn,
                            struct ktxn__model_described_transaction *out) {
  int32_t count = txn->place_count;
  out->topics = ktxn__model_answer_array(model, ticket, count, sizeof *out->topics);
  struct ktxn__model_topic_partitions *last = NULL;
  for (int32_t i = 0; i < count && !ticket->starved; i++) {
    struct ktxn__str name = ktxn__model_place_name(model, txn->places[i])->text;
    if (last == NULL || !ktxn__str_equal(last->topic.name, name)) {
      last = group_of(out, name);
    }
    last->partition_count++;
  }
  int32_t *next = ktxn__model_answer_array(model, ticket, count, sizeof *next);
  for (int32_t i = 0; i < out->topic_count && !ticket->starved; i++) {
    out->topics[i].partitions = next;
    next += out->topics[i].partition_count;
    out->topics[i].partition_count = 0;
  }
  for (int32_t i = 0; i < count && !ticket->starved; i++) {
    struct ktxn__model_topic_partitions *group = group_of(out, ktxn__model_place_name(model, txn->places[i])->text);
    int32_t *at = ticket->starved ? NULL : (int32_t *)(uintptr_t)group->partitions;
    at[group->partition_count++] = ktxn__model_place_partition(txn->places[i]);
  }
}

static void describe(struct ktxn__model *model, struct ktxn__model_ticket *ticket, struct ktxn__str id,
                     struct ktxn__model_described_transaction *out) {
  struct ktxn__model_desk desk;
  out->transactional_id = ktxn__model_answer_str(model, ticket, id);
  out->state = KTXN__STR("");
  out->producer_id = -1;
  out->producer_epoch = -1;
  out->start_ms = -1;
  out->code = id.len <= 0 ? KTXN__MODEL_INVALID_REQUEST : ktxn__model_txn_find(model, ticket->node, id, &desk);
  if (out->code == KTXN__MODEL_NONE && desk.txn == NULL) {
    out->code = KTXN__MODEL_TRANSACTIONAL_ID_NOT_FOUND;
  }
  if (out->code != KTXN__MODEL_NONE) {
    return;
  }
  const struct ktxn__model_txn_value *now = &desk.txn->now;
  out->state = ktxn__str(names[now->state]);
  out->timeout_ms = now->timeout_ms;
  out->start_ms = now->start_ms;
  out->producer_id = now->producer_id;
  out->producer_epoch = now->producer_epoch;
  describe_places(model, ticket, desk.txn, out);
}

void ktxn__model_on_describe_transactions(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                          const struct ktxn__model_request *request) {
  int32_t count = request->names.name_count;
  struct ktxn__model_described_transaction *out = ktxn__model_answer_array(model, ticket, count, sizeof *out);
  ticket->answer.describe_transactions.transactions = out;
  ticket->answer.describe_transactions.transaction_count = count;
  for (int32_t i = 0; i < count && !ticket->starved; i++) {
    describe(model, ticket, request->names.names[i], &out[i]);
  }
  ktxn__model_ticket_done(model, ticket);
}

static int32_t state_of(struct ktxn__str name) {
  for (int32_t i = 0; i < STATES; i++) {
    if (ktxn__str_equal(name, ktxn__str(names[i]))) {
      return i;
    }
  }
  return -1;
}

static bool matches(const struct ktxn__model *model, const struct ktxn__model_txn *txn,
                    const struct ktxn__model_list_transactions *ask, uint32_t states) {
  const struct ktxn__model_txn_value *now = &txn->now;
  bool wanted = ask->state_filter_count == 0 || (states >> now->state & 1) != 0;
  bool of_producer = ask->producer_id_filter_count == 0;
  for (int32_t i = 0; i < ask->producer_id_filter_count; i++) {
    of_producer = of_producer || ask->producer_id_filters[i] == now->producer_id;
  }
  bool lasts = ask->duration_filter_ms < 0 ||
               (now->start_ms >= 0 && ktxn__model_wall_ms(model) - now->start_ms >= ask->duration_filter_ms);
  return wanted && of_producer && lasts && now->producer_epoch >= 0;
}

static uint32_t filter(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                       const struct ktxn__model_list_transactions *ask) {
  uint32_t states = 0;
  struct ktxn__str *unknown = ktxn__model_answer_array(model, ticket, ask->state_filter_count, sizeof *unknown);
  int32_t count = 0;
  for (int32_t i = 0; i < ask->state_filter_count && !ticket->starved; i++) {
    int32_t state = state_of(ask->state_filters[i]);
    if (state >= 0) {
      states |= UINT32_C(1) << state;
    } else {
      unknown[count++] = ktxn__model_answer_str(model, ticket, ask->state_filters[i]);
    }
  }
  ticket->answer.list_transactions.unknown_filters = unknown;
  ticket->answer.list_transactions.unknown_filter_count = count;
  return states;
}

static struct ktxn__model_txn_part *led_part(struct ktxn__model *model, int32_t node, int32_t index) {
  struct ktxn__model_txn_part **stale = model->nodes[node].stale_txn;
  if (!ktxn__model_node_leads(model, node, model->txns.topic->partitions[index])) {
    return NULL;
  }
  return stale != NULL && stale[index] != NULL ? stale[index] : model->txns.parts[index];
}

void ktxn__model_on_list_transactions(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                      const struct ktxn__model_request *request) {
  uint32_t states = filter(model, ticket, &request->list_transactions);
  int32_t total = 0;
  for (int32_t i = 0; i < model->config.txn_partitions; i++) {
    struct ktxn__model_txn_part *part = led_part(model, ticket->node, i);
    total += part == NULL ? 0 : part->count;
  }
  struct ktxn__model_listed_transaction *out = ktxn__model_answer_array(model, ticket, total, sizeof *out);
  int32_t count = 0;
  for (int32_t i = 0; i < model->config.txn_partitions && !ticket->starved; i++) {
    struct ktxn__model_txn_part *part = led_part(model, ticket->node, i);
    for (int32_t j = 0; part != NULL && j < part->count; j++) {
      const struct ktxn__model_txn *txn = part->list[j];
      if (matches(model, txn, &request->list_transactions, states)) {
        out[count++] = (struct ktxn__model_listed_transaction){.transactional_id = txn->id,
                                                               .producer_id = txn->now.producer_id,
                                                               .state = ktxn__str(names[txn->now.state])};
      }
    }
  }
  ticket->answer.list_transactions.transactions = out;
  ticket->answer.list_transactions.transaction_count = count;
  ktxn__model_ticket_done(model, ticket);
}

bool ktxn__model_txn_look(const struct ktxn__model *model, struct ktxn__str id, struct ktxn__model_txn_look *look) {
  int32_t index = ktxn__model_txn_partition(model, id);
  const struct ktxn__model_txn *txn = ktxn__model_txn_of(model->txns.parts[index], id);
  if (txn == NULL || !txn->is_durable) {
    return false;
  }
  *look = (struct ktxn__model_txn_look){.state = txn->durable.state,
                                        .producer_id = txn->durable.producer_id,
                                        .producer_epoch = txn->durable.producer_epoch,
                                        .partitions = txn->place_count,
                                        .coordinator = model->txns.topic->partitions[index]->leader};
  return true;
}
