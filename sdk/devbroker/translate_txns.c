#include "sdk/devbroker/translate_parts.h"

enum { BY_ID_TXN_OFFSET_COMMIT = 6, ADD_PARTITIONS_BY_BROKERS = 4, INVALID_REQUEST = 42 };

static void init_producer_id(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_init_producer_id_request *request = translate->request;
  out->init_producer_id =
      (struct ktxn__model_init_producer_id){.transactional_id = request->transactional_id,
                                            .transaction_timeout_ms = request->transaction_timeout_ms,
                                            .producer_id = request->producer_id,
                                            .producer_epoch = request->producer_epoch,
                                            .keep_prepared_txn = request->keep_prepared_txn,
                                            .enable_2pc = request->enable2_pc};
}

static void inited(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_init_producer_id_response *response = message;
  (void)translate;
  response->throttle_time_ms = answer->throttle_ms;
  response->error_code = answer->identity.code;
  response->producer_id = answer->identity.producer_id;
  response->producer_epoch = answer->identity.producer_epoch;
}

/* -- AddPartitionsToTxn. From version 4 on brokers ask each other; of those requests one for a single transaction is taken. */

static bool by_broker(const struct ktxn__translate *translate) {
  return translate->version >= ADD_PARTITIONS_BY_BROKERS;
}

static const struct ktxn__msg_add_partitions_to_txn_request_transaction *single(
    const struct ktxn__translate *translate) {
  const struct ktxn__msg_add_partitions_to_txn_request *request = translate->request;
  return by_broker(translate) && request->transactions_count == 1 && !request->transactions[0].verify_only
             ? &request->transactions[0]
             : NULL;
}

static void registered_topics(struct ktxn__translate *translate, struct ktxn__model_add_partitions *out,
                              const struct ktxn__msg_add_partitions_to_txn_request_topic *from, int32_t count) {
  struct ktxn__model_topic_partitions *topics = ktxn__translate_make(translate, count, sizeof *topics);
  out->topics = topics;
  out->topic_count = ktxn__translate_count(topics, count);
  for (int32_t i = 0; i < out->topic_count; i++) {
    topics[i].topic.name = from[i].name;
    topics[i].partitions = from[i].partitions;
    topics[i].partition_count = from[i].partitions_count;
  }
}

static void add_partitions(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_add_partitions_to_txn_request *request = translate->request;
  const struct ktxn__msg_add_partitions_to_txn_request_transaction *txn = single(translate);
  if (txn != NULL) {
    out->add_partitions = (struct ktxn__model_add_partitions){.transactional_id = txn->transactional_id,
                                                              .producer_id = txn->producer_id,
                                                              .producer_epoch = txn->producer_epoch};
    registered_topics(translate, &out->add_partitions, txn->topics, txn->topics_count);
    return;
  }
  out->add_partitions = (struct ktxn__model_add_partitions){.transactional_id = request->v3_and_below_transactional_id,
                                                            .producer_id = request->v3_and_below_producer_id,
                                                            .producer_epoch = request->v3_and_below_producer_epoch};
  registered_topics(translate, &out->add_partitions, request->v3_and_below_topics, request->v3_and_below_topics_count);
}

static struct ktxn__msg_add_partitions_to_txn_response_topic_result *added_topics(
    struct ktxn__translate *translate, const struct ktxn__model_coded_topics *from, int32_t *count) {
  struct ktxn__msg_add_partitions_to_txn_response_topic_result *made =
      ktxn__translate_make(translate, from->topic_count, sizeof *made);
  *count = ktxn__translate_count(made, from->topic_count);
  for (int32_t i = 0; i < *count; i++) {
    const struct ktxn__model_coded_topic *topic = &from->topics[i];
    made[i].name = topic->topic.name;
    made[i].results_by_partition =
        ktxn__translate_make(translate, topic->partition_count, sizeof *made[i].results_by_partition);
    made[i].results_by_partition_count = ktxn__translate_count(made[i].results_by_partition, topic->partition_count);
    for (int32_t j = 0; j < made[i].results_by_partition_count; j++) {
      made[i].results_by_partition[j].partition_index = topic->partitions[j].index;
      made[i].results_by_partition[j].partition_error_code = topic->partitions[j].code;
    }
  }
  return made;
}

static void added_partitions(struct ktxn__translate *translate, const struct ktxn__model_answer *answer,
                             void *message) {
  struct ktxn__msg_add_partitions_to_txn_response *response = message;
  response->throttle_time_ms = answer->throttle_ms;
  if (!by_broker(translate)) {
    response->results_by_topic_v3_and_below =
        added_topics(translate, &answer->add_partitions, &response->results_by_topic_v3_and_below_count);
    return;
  }
  const struct ktxn__msg_add_partitions_to_txn_request_transaction *txn = single(translate);
  response->error_code = txn == NULL ? INVALID_REQUEST : answer->code;
  response->results_by_transaction =
      txn == NULL ? NULL : ktxn__translate_make(translate, 1, sizeof *response->results_by_transaction);
  if (response->results_by_transaction != NULL) {
    response->results_by_transaction_count = 1;
    response->results_by_transaction->transactional_id = txn->transactional_id;
    response->results_by_transaction->topic_results =
        added_topics(translate, &answer->add_partitions, &response->results_by_transaction->topic_results_count);
  }
}

static void add_offsets(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_add_offsets_to_txn_request *request = translate->request;
  out->add_offsets = (struct ktxn__model_add_offsets){.transactional_id = request->transactional_id,
                                                      .producer_id = request->producer_id,
                                                      .producer_epoch = request->producer_epoch,
                                                      .group_id = request->group_id};
}

static void added_offsets(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_add_offsets_to_txn_response *response = message;
  (void)translate;
  response->throttle_time_ms = answer->throttle_ms;
  response->error_code = answer->code;
}

static void end_txn(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_end_txn_request *request = translate->request;
  out->end_txn = (struct ktxn__model_end_txn){.transactional_id = request->transactional_id,
                                              .producer_id = request->producer_id,
                                              .producer_epoch = request->producer_epoch,
                                              .committed = request->committed};
}

static void ended(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_end_txn_response *response = message;
  (void)translate;
  response->throttle_time_ms = answer->throttle_ms;
  response->error_code = answer->identity.code;
  response->producer_id = answer->identity.producer_id;
  response->producer_epoch = answer->identity.producer_epoch;
}

/* -- TxnOffsetCommit */

static const struct ktxn__model_offset_partition *offset_partitions(
    struct ktxn__translate *translate, const struct ktxn__msg_txn_offset_commit_request_topic *topic) {
  struct ktxn__model_offset_partition *made = ktxn__translate_make(translate, topic->partitions_count, sizeof *made);
  for (int32_t i = 0; i < ktxn__translate_count(made, topic->partitions_count); i++) {
    const struct ktxn__msg_txn_offset_commit_request_partition *from = &topic->partitions[i];
    made[i] = (struct ktxn__model_offset_partition){.index = from->partition_index,
                                                    .leader_epoch = from->committed_leader_epoch,
                                                    .offset = from->committed_offset,
                                                    .metadata = from->committed_metadata};
  }
  return made;
}

static void txn_offset_commit(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_txn_offset_commit_request *request = translate->request;
  struct ktxn__model_offset_topic *topics = ktxn__translate_make(translate, request->topics_count, sizeof *topics);
  const int32_t count = ktxn__translate_count(topics, request->topics_count);
  for (int32_t i = 0; i < count; i++) {
    const struct ktxn__msg_txn_offset_commit_request_topic *from = &request->topics[i];
    topics[i].topic = ktxn__translate_topic(translate, BY_ID_TXN_OFFSET_COMMIT, from->name, from->topic_id);
    topics[i].partitions = offset_partitions(translate, from);
    topics[i].partition_count = ktxn__translate_count(topics[i].partitions, from->partitions_count);
  }
  out->offset_commit = (struct ktxn__model_offset_commit){.group_id = request->group_id,
                                                          .generation = request->generation_id_or_member_epoch,
                                                          .member_id = request->member_id,
                                                          .instance_id = request->group_instance_id,
                                                          .topics = topics,
                                                          .topic_count = count,
                                                          .transactional_id = request->transactional_id,
                                                          .producer_id = request->producer_id,
                                                          .producer_epoch = request->producer_epoch};
}

static void txn_offsets_committed(struct ktxn__translate *translate, const struct ktxn__model_answer *answer,
                                  void *message) {
  struct ktxn__msg_txn_offset_commit_response *response = message;
  response->throttle_time_ms = answer->throttle_ms;
  response->topics = ktxn__translate_make(translate, answer->offset_commit.topic_count, sizeof *response->topics);
  response->topics_count = ktxn__translate_count(response->topics, answer->offset_commit.topic_count);
  for (int32_t i = 0; i < response->topics_count; i++) {
    const struct ktxn__model_coded_topic *from = &answer->offset_commit.topics[i];
    struct ktxn__msg_txn_offset_commit_response_topic *to = &response->topics[i];
    to->name = from->topic.name;
    to->topic_id = ktxn__translate_id_out(from->topic.id);
    to->partitions = ktxn__translate_make(translate, from->partition_count, sizeof *to->partitions);
    to->partitions_count = ktxn__translate_count(to->partitions, from->partition_count);
    for (int32_t j = 0; j < to->partitions_count; j++) {
      to->partitions[j].partition_index = from->partitions[j].index;
      to->partitions[j].error_code = from->partitions[j].code;
    }
  }
}

/* -- WriteTxnMarkers */

static void marker(struct ktxn__translate *translate, const struct ktxn__msg_write_txn_markers_request_marker *from,
                   struct ktxn__model_marker *to) {
  struct ktxn__model_topic_partitions *topics = ktxn__translate_make(translate, from->topics_count, sizeof *topics);
  *to = (struct ktxn__model_marker){.producer_id = from->producer_id,
                                    .producer_epoch = from->producer_epoch,
                                    .committed = from->transaction_result,
                                    .coordinator_epoch = from->coordinator_epoch,
                                    .transaction_version = from->transaction_version,
                                    .topics = topics,
                                    .topic_count = ktxn__translate_count(topics, from->topics_count)};
  for (int32_t i = 0; i < to->topic_count; i++) {
    topics[i].topic.name = from->topics[i].name;
    topics[i].partitions = from->topics[i].partition_indexes;
    topics[i].partition_count = from->topics[i].partition_indexes_count;
  }
}

static void write_markers(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_write_txn_markers_request *request = translate->request;
  struct ktxn__model_marker *markers = ktxn__translate_make(translate, request->markers_count, sizeof *markers);
  out->write_markers.markers = markers;
  out->write_markers.marker_count = ktxn__translate_count(markers, request->markers_count);
  for (int32_t i = 0; i < out->write_markers.marker_count; i++) {
    marker(translate, &request->markers[i], &markers[i]);
  }
}

static void marked_topic(struct ktxn__translate *translate, const struct ktxn__model_coded_topic *from,
                         struct ktxn__msg_write_txn_markers_response_topic *to) {
  to->name = from->topic.name;
  to->partitions = ktxn__translate_make(translate, from->partition_count, sizeof *to->partitions);
  to->partitions_count = ktxn__translate_count(to->partitions, from->partition_count);
  for (int32_t i = 0; i < to->partitions_count; i++) {
    to->partitions[i].partition_index = from->partitions[i].index;
    to->partitions[i].error_code = from->partitions[i].code;
  }
}

static void markers_written(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *message) {
  struct ktxn__msg_write_txn_markers_response *response = message;
  response->markers = ktxn__translate_make(translate, answer->write_markers.marker_count, sizeof *response->markers);
  response->markers_count = ktxn__translate_count(response->markers, answer->write_markers.marker_count);
  for (int32_t i = 0; i < response->markers_count; i++) {
    const struct ktxn__model_marked *from = &answer->write_markers.markers[i];
    struct ktxn__msg_write_txn_markers_response_marker *to = &response->markers[i];
    to->producer_id = from->producer_id;
    to->topics = ktxn__translate_make(translate, from->topic_count, sizeof *to->topics);
    to->topics_count = ktxn__translate_count(to->topics, from->topic_count);
    for (int32_t j = 0; j < to->topics_count; j++) {
      marked_topic(translate, &from->topics[j], &to->topics[j]);
    }
  }
}

/* -- DescribeTransactions, ListTransactions */

static void describe_transactions(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_describe_transactions_request *request = translate->request;
  out->names =
      (struct ktxn__model_names){.names = request->transactional_ids, .name_count = request->transactional_ids_count};
}

static void described_transaction(struct ktxn__translate *translate,
                                  const struct ktxn__model_described_transaction *from,
                                  struct ktxn__msg_describe_transactions_response_transaction_state *to) {
  *to = (struct ktxn__msg_describe_transactions_response_transaction_state){.error_code = from->code,
                                                                            .transactional_id = from->transactional_id,
                                                                            .transaction_state = from->state,
                                                                            .transaction_timeout_ms = from->timeout_ms,
                                                                            .transaction_start_time_ms = from->start_ms,
                                                                            .producer_id = from->producer_id,
                                                                            .producer_epoch = from->producer_epoch};
  to->topics = ktxn__translate_make(translate, from->topic_count, sizeof *to->topics);
  to->topics_count = ktxn__translate_count(to->topics, from->topic_count);
  for (int32_t i = 0; i < to->topics_count; i++) {
    to->topics[i].topic = from->topics[i].topic.name;
    to->topics[i].partitions =
        ktxn__translate_numbers(translate, from->topics[i].partitions, from->topics[i].partition_count);
    to->topics[i].partitions_count = ktxn__translate_count(to->topics[i].partitions, from->topics[i].partition_count);
  }
}

static void described_transactions(struct ktxn__translate *translate, const struct ktxn__model_answer *answer,
                                   void *message) {
  struct ktxn__msg_describe_transactions_response *response = message;
  const int32_t count = answer->describe_transactions.transaction_count;
  response->throttle_time_ms = answer->throttle_ms;
  response->transaction_states = ktxn__translate_make(translate, count, sizeof *response->transaction_states);
  response->transaction_states_count = ktxn__translate_count(response->transaction_states, count);
  for (int32_t i = 0; i < response->transaction_states_count; i++) {
    described_transaction(translate, &answer->describe_transactions.transactions[i], &response->transaction_states[i]);
  }
}

static void list_transactions(struct ktxn__translate *translate, struct ktxn__model_request *out) {
  const struct ktxn__msg_list_transactions_request *request = translate->request;
  out->list_transactions =
      (struct ktxn__model_list_transactions){.state_filters = request->state_filters,
                                             .state_filter_count = request->state_filters_count,
                                             .producer_id_filters = request->producer_id_filters,
                                             .producer_id_filter_count = request->producer_id_filters_count,
                                             .duration_filter_ms = request->duration_filter};
}

static void listed_transactions(struct ktxn__translate *translate, const struct ktxn__model_answer *answer,
                                void *message) {
  struct ktxn__msg_list_transactions_response *response = message;
  const int32_t count = answer->list_transactions.transaction_count;
  response->throttle_time_ms = answer->throttle_ms;
  response->error_code = answer->code;
  response->unknown_state_filters = answer->list_transactions.unknown_filters;
  response->unknown_state_filters_count = answer->list_transactions.unknown_filter_count;
  response->transaction_states = ktxn__translate_make(translate, count, sizeof *response->transaction_states);
  response->transaction_states_count = ktxn__translate_count(response->transaction_states, count);
  for (int32_t i = 0; i < response->transaction_states_count; i++) {
    const struct ktxn__model_listed_transaction *from = &answer->list_transactions.transactions[i];
    response->transaction_states[i] = (struct ktxn__msg_list_transactions_response_transaction_state){
        .transactional_id = from->transactional_id, .producer_id = from->producer_id, .transaction_state = from->state};
  }
}

const struct ktxn__translate_row ktxn__translate_txns[KTXN__MSG_KEY_MAX + 1] = {
    [KTXN__MSG_INIT_PRODUCER_ID] = {init_producer_id, inited},
    [KTXN__MSG_ADD_PARTITIONS_TO_TXN] = {add_partitions, added_partitions},
    [KTXN__MSG_ADD_OFFSETS_TO_TXN] = {add_offsets, added_offsets},
    [KTXN__MSG_END_TXN] = {end_txn, ended},
    [KTXN__MSG_TXN_OFFSET_COMMIT] = {txn_offset_commit, txn_offsets_committed},
    [KTXN__MSG_WRITE_TXN_MARKERS] = {write_markers, markers_written},
    [KTXN__MSG_DESCRIBE_TRANSACTIONS] = {describe_transactions, described_transactions},
    [KTXN__MSG_LIST_TRANSACTIONS] = {list_transactions, listed_transactions},
};
