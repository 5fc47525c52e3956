#include <string.h>

#include "sdk/base/log.h"
#include "sdk/config.h"
#include "sdk/engine/sender_state.h"
#include "sdk/wire/add_offsets_to_txn.h"
#include "sdk/wire/api.h"
#include "sdk/wire/describe_transactions.h"
#include "sdk/wire/end_txn.h"
#include "sdk/wire/find_coordinator.h"
#include "sdk/wire/init_producer_id.h"

/* Requests of the transaction manager as calls, and their answers as results. */

/* Requests pulled within one run: each needs an answer from outside, unless it can't be sent at all. */
#define PULLS_MAX 16

/* What a coordinator gets at least, however short transaction.timeout.ms is: one at work needs some time for its log. */
#define PATIENCE_MIN_US INT64_C(1000000)

/* ---- bodies ------------------------------------------------------------------------------------------------------------ */

static struct ktxn__str transactional_id(const struct ktxn__sender *sender) {
  return ktxn__str(sender->settings->transactional_id);
}

static const char *group_name(const struct ktxn__sender *sender) {
  return sender->groups[sender->txn_call.request.group];
}

static bool encode_find(struct ktxn__sender *sender, int16_t version, struct ktxn__writer *writer) {
  bool group = sender->txn_call.request.api == KTXN__TXN_API_FIND_GROUP;
  struct ktxn__find_coordinator_request request = {
      .key = group ? ktxn__str(group_name(sender)) : transactional_id(sender),
      .key_type = group ? KTXN__FIND_COORDINATOR_GROUP : KTXN__FIND_COORDINATOR_TRANSACTION,
  };
  ktxn__find_coordinator_request_encode(writer, version, &request);
  return true;
}

static bool encode_init(struct ktxn__sender *sender, int16_t version, struct ktxn__writer *writer) {
  int64_t timeout_ms = sender->transactional ? sender->settings->transaction_timeout_ms : INT32_MAX;
  struct ktxn__init_producer_id_request request = {
      .transactional_id = transactional_id(sender),
      .transaction_timeout_ms = (int32_t)(timeout_ms > INT32_MAX ? INT32_MAX : timeout_ms),
      .producer_id = sender->txn_call.request.producer_id,
      .producer_epoch = sender->txn_call.request.producer_epoch,
  };
  ktxn__init_producer_id_request_encode(writer, version, &request);
  return true;
}

static bool encode_add_offsets(struct ktxn__sender *sender, int16_t version, struct ktxn__writer *writer) {
  struct ktxn__add_offsets_to_txn_request request = {
      .transactional_id = transactional_id(sender),
      .producer_id = sender->txn_call.request.producer_id,
      .producer_epoch = sender->txn_call.request.producer_epoch,
      .group_id = ktxn__str(group_name(sender)),
  };
  ktxn__add_offsets_to_txn_request_encode(writer, version, &request);
  return true;
}

static bool encode_end(struct ktxn__sender *sender, int16_t version, struct ktxn__writer *writer) {
  struct ktxn__end_txn_request request = {
      .transactional_id = transactional_id(sender),
      .producer_id = sender->txn_call.request.producer_id,
      .producer_epoch = sender->txn_call.request.producer_epoch,
      .committed = sender->txn_call.request.commit,
  };
  ktxn__end_txn_request_encode(writer, version, &request);
  return true;
}

static bool encode_describe(struct ktxn__sender *sender, int16_t version, struct ktxn__writer *writer) {
  struct ktxn__str id = transactional_id(sender);
  struct ktxn__describe_transactions_request request = {.transactional_ids = &id, .transactional_id_count = 1};
  ktxn__describe_transactions_request_encode(writer, version, &request);
  return true;
}

/* ---- answers: false = the answer does not fit the request -------------------------------------------------------------- */

static bool decode_find(struct ktxn__sender *sender, int16_t version, struct ktxn__reader *reader,
                        int64_t now_us, struct ktxn__txn_result *result) {
  struct ktxn__find_coordinator_response response;
  char host[KTXN__BROKER_HOST_MAX + 1];
  if (!ktxn__find_coordinator_response_decode(reader, ktxn__engine_arena(sender->engine), version, &response) ||
      response.coordinator_count != 1) {
    return false;
  }
  const struct ktxn__find_coordinator_coordinator *found = &response.coordinators[0];
  result->code = found->error_code;
  result->node = found->node_id;
  if (found->error_code != 0) {
    return true;
  }
  /* The node need not be in the metadata that we have. */
  ktxn__str_copy(found->host, host, sizeof host);
  struct ktxn__cluster_endpoint endpoint = {found->node_id, host, found->port};
  if (found->host.len > KTXN__BROKER_HOST_MAX ||
      !ktxn__cluster_learn_node(sender->cluster, &endpoint, now_us)) {
    result->code = KTXN_E_COORDINATOR_NOT_AVAILABLE;
  }
  return true;
}

static bool decode_init(struct ktxn__sender *sender, int16_t version, struct ktxn__reader *reader,
                        int64_t now_us, struct ktxn__txn_result *result) {
  (void)now_us;
  struct ktxn__init_producer_id_response response;
  if (!ktxn__init_producer_id_response_decode(reader, ktxn__engine_arena(sender->engine), version, &response)) {
    return false;
  }
  result->code = response.error_code;
  result->producer_id = response.producer_id;
  result->producer_epoch = response.producer_epoch;
  return response.error_code != 0 || (response.producer_id >= 0 && response.producer_epoch >= 0);
}

static bool decode_add_offsets(struct ktxn__sender *sender, int16_t version, struct ktxn__reader *reader,
                               int64_t now_us, struct ktxn__txn_result *result) {
  (void)now_us;
  struct ktxn__add_offsets_to_txn_response response;
  bool whole =
      ktxn__add_offsets_to_txn_response_decode(reader, ktxn__engine_arena(sender->engine), version, &response);
  result->code = whole ? response.error_code : 0;
  return whole;
}

static bool decode_end(struct ktxn__sender *sender, int16_t version, struct ktxn__reader *reader,
                       int64_t now_us, struct ktxn__txn_result *result) {
  (void)now_us;
  struct ktxn__end_txn_response response;
  if (!ktxn__end_txn_response_decode(reader, ktxn__engine_arena(sender->engine), version, &response)) {
    return false;
  }
  result->code = response.error_code;
  result->producer_id = response.producer_id;
  result->producer_epoch = response.producer_epoch;
  return true;
}

static enum ktxn__txn_look look_of(struct ktxn__str state) {
  static const struct {
    const char *name;
    enum ktxn__txn_look look;
  } looks[] = {
      {"Empty", KTXN__TXN_LOOK_EMPTY},
      {"Ongoing", KTXN__TXN_LOOK_ONGOING},
      {"PrepareCommit", KTXN__TXN_LOOK_PREPARE_COMMIT},
      {"PrepareAbort", KTXN__TXN_LOOK_PREPARE_ABORT},
      {"CompleteCommit", KTXN__TXN_LOOK_COMPLETE_COMMIT},
      {"CompleteAbort", KTXN__TXN_LOOK_COMPLETE_ABORT},
      {"Dead", KTXN__TXN_LOOK_DEAD},
      {"PrepareEpochFence", KTXN__TXN_LOOK_EPOCH_FENCE},
  };
  for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
    if (ktxn__str_equal(state, ktxn__str(looks[i].name))) {
      return looks[i].look;
    }
  }
  return KTXN__TXN_LOOK_UNKNOWN;
}

static bool decode_describe(struct ktxn__sender *sender, int16_t version, struct ktxn__reader *reader,
                            int64_t now_us, struct ktxn__txn_result *result) {
  (void)now_us;
  struct ktxn__describe_transactions_response response;
  if (!ktxn__describe_transactions_response_decode(reader, ktxn__engine_arena(sender->engine), version, &response) ||
      response.transaction_count != 1 ||
      !ktxn__str_equal(response.transactions[0].transactional_id, transactional_id(sender))) {
    return false;
  }
  result->code = response.transactions[0].error_code;
  result->producer_id = response.transactions[0].producer_id;
  result->producer_epoch = response.transactions[0].producer_epoch;
  result->look = look_of(response.transactions[0].state);
  return true;
}

/* ---- the table --------------------------------------------------------------------------------------------------------- */

struct kind {
  int16_t key;
  bool (*encode)(struct ktxn__sender *, int16_t version, struct ktxn__writer *);
  bool (*decode)(struct ktxn__sender *, int16_t version, struct ktxn__reader *, int64_t now_us,
                 struct ktxn__txn_result *);
};

static const struct kind kinds[KTXN__TXN_API_COUNT] = {
    [KTXN__TXN_API_FIND_TXN] = {KTXN__API_FIND_COORDINATOR, encode_find, decode_find},
    [KTXN__TXN_API_FIND_GROUP] = {KTXN__API_FIND_COORDINATOR, encode_find, decode_find},
    [KTXN__TXN_API_INIT] = {KTXN__API_INIT_PRODUCER_ID, encode_init, decode_init},
    [KTXN__TXN_API_ADD_PARTITIONS] = {KTXN__API_ADD_PARTITIONS_TO_TXN, ktxn__sender_encode_parts,
                                      ktxn__sender_decode_parts},
    [KTXN__TXN_API_ADD_OFFSETS] = {KTXN__API_ADD_OFFSETS_TO_TXN, encode_add_offsets, decode_add_offsets},
    [KTXN__TXN_API_OFFSET_COMMIT] = {KTXN__API_TXN_OFFSET_COMMIT, ktxn__sender_encode_offsets,
                                     ktxn__sender_decode_offsets},
    [KTXN__TXN_API_END] = {KTXN__API_END_TXN, encode_end, decode_end},
    [KTXN__TXN_API_DESCRIBE] = {KTXN__API_DESCRIBE_TRANSACTIONS, encode_describe, decode_describe},
};

static struct ktxn__sender *sender_of(struct ktxn__call *call) {
  struct ktxn__sender_txn_call *txn_call = KTXN__LIST_OF(call, struct ktxn__sender_txn_call, call);
  return KTXN__LIST_OF(txn_call, struct ktxn__sender, txn_call);
}

/* What became of the transaction has been told: nothing may change it any more, not what has waited for a connection either. */
static bool is_over(const struct ktxn__sender *sender) {
  return sender->forced || ktxn__txn_state(sender->txn) == KTXN__TXN_FATAL_ERROR;
}

/* A write of V2 that has waited for its connection, and the cluster was heard to be at level 0 meanwhile: it would wedge the
 * transactional id. It is asked for anew, as it may be then. */
static bool would_wedge(const struct ktxn__sender *sender, int16_t version) {
  enum ktxn__txn_api api = sender->txn_call.request.api;
  bool writes = api == KTXN__TXN_API_END || api == KTXN__TXN_API_OFFSET_COMMIT;
  return writes && version >= 5 && ktxn__cluster_transaction_version(sender->cluster) == 0;
}

static bool encode(struct ktxn__call *call, int16_t version, struct ktxn__call_body *body) {
  struct ktxn__sender *sender = sender_of(call);
  struct ktxn__writer *writer = ktxn__call_body_writer(body);
  return !is_over(sender) && !would_wedge(sender, version) && kinds[sender->txn_call.request.api].encode(sender, version, writer) && !writer->failed;
}

/* ---- results ----------------------------------------------------------------------------------------------------------- */

static int worst_code(const struct ktxn__txn_result *result) {
  for (uint32_t i = 0; result->code == 0 && i < result->code_count; i++) {
    if (result->codes[i] != 0) {
      return result->codes[i];
    }
  }
  return result->code;
}

static void note(struct ktxn__sender *sender, const struct ktxn__txn_result *result, const char *why) {
  enum ktxn__txn_api api = sender->txn_call.request.api;
  int code = result->fate == KTXN__TXN_ANSWERED ? worst_code(result) : 0;
  ktxn__log(sender->ports->log, KTXN__LOG_DEBUG, "%s to %s: %s %s", ktxn__txn_api_name(api), sender->who,
            result->fate != KTXN__TXN_ANSWERED ? "no answer" : ktxn_code_name(code),
            result->fate != KTXN__TXN_ANSWERED ? why : "");
  char trouble[KTXN__SENDER_TROUBLE_MAX] = "";
  if (code == 0 && sender->txn_call.request.node == KTXN__TXN_NODE_NONE) {
    ktxn__cluster_trouble(sender->cluster, trouble, sizeof trouble);
  }
  if (code == 0 && result->fate == KTXN__TXN_UNSENT && trouble[0] != '\0') {
    ktxn__sender_set_trouble(sender, trouble); /* any broker would have done, and there is none */
  } else if (code != 0 || result->fate != KTXN__TXN_ANSWERED) {
    ktxn__sender_note_retry(sender, ktxn__txn_api_name(api), code, why);
  } else {
    ktxn__sender_set_trouble(sender, "");
  }
}

static void feed(struct ktxn__sender *sender, const struct ktxn__txn_result *result, const char *why, int64_t now_us) {
  note(sender, result, why);
  ktxn__sender_count_result(sender, result, worst_code(result));
  if (sender->txn_call.request.api == KTXN__TXN_API_OFFSET_COMMIT) {
    ktxn__sender_offsets_result(sender, result);
  }
  sender->txn_call.active = false;
  sender->txn_call.held = false;
  sender->dirty = true;
  ktxn__txn_on_result(sender->txn, now_us, result);
  ktxn__sender_observe(sender, now_us);
}

/* The request did not get as far as a broker. */
static void feed_unsent(struct ktxn__sender *sender, const char *why, int64_t now_us) {
  const struct ktxn__txn_request *request = &sender->txn_call.request;
  struct ktxn__txn_result result = {
      .id = request->id, .fate = KTXN__TXN_UNSENT, .version = -1, .node = request->node, .producer_id = -1};
  feed(sender, &result, why, now_us);
}

/* KIP-890: Transactions V2 needs its versions of every broker that is used. */
static void check_v2(struct ktxn__sender *sender, const struct ktxn__broker *broker) {
  static const struct {
    int16_t key, min;
  } needed[] = {{KTXN__API_PRODUCE, 12}, {KTXN__API_END_TXN, 5}, {KTXN__API_TXN_OFFSET_COMMIT, 5}};
  for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
    if (ktxn__broker_ready(broker) && ktxn__broker_version(broker, needed[i].key, needed[i].min, INT16_MAX) < 0) {
      sender->lacks_v2 = true;
    }
  }
}

/* A transaction that can be begun and not ended helps nobody: better no init at all. The request that the broker has no
 * usable version of; API_COUNT = it has them all. */
static enum ktxn__txn_api missing_api(const struct ktxn__sender *sender, const struct ktxn__broker *broker) {
  static const struct {
    enum ktxn__txn_api api;
    int16_t key, max;
    bool v1_only;
  } needed[] = {{KTXN__TXN_API_END, KTXN__API_END_TXN, INT16_MAX, false},
                {KTXN__TXN_API_ADD_PARTITIONS, KTXN__API_ADD_PARTITIONS_TO_TXN, 3, true},
                {KTXN__TXN_API_ADD_OFFSETS, KTXN__API_ADD_OFFSETS_TO_TXN, INT16_MAX, true}};
  bool v2 = !sender->lacks_v2 && ktxn__cluster_transaction_version(sender->cluster) >= 2;
  for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
    bool wanted = !needed[i].v1_only || !v2;
    if (wanted && ktxn__broker_version(broker, needed[i].key, 0, needed[i].max) < 0) {
      return needed[i].api;
    }
  }
  return KTXN__TXN_API_COUNT;
}

static void check_broker(struct ktxn__sender *sender, const struct ktxn__broker *broker, int64_t now_us,
                         struct ktxn__txn_result *result) {
  enum ktxn__txn_api api = sender->txn_call.request.api;
  if (result->fate == KTXN__TXN_UNSUPPORTED) {
    sender->missing = api;
  }
  if (sender->transactional) {
    check_v2(sender, broker);
  }
  if (!sender->transactional || result->fate != KTXN__TXN_ANSWERED) {
    return;
  }
  enum ktxn__txn_api missing = api == KTXN__TXN_API_INIT ? missing_api(sender, broker) : KTXN__TXN_API_COUNT;
  if (missing != KTXN__TXN_API_COUNT) {
    result->fate = KTXN__TXN_UNSUPPORTED;
    sender->missing = missing;
  }
  if (worst_code(result) == KTXN_E_UNSUPPORTED_VERSION) {
    ktxn__cluster_ask_versions(sender->cluster, now_us); /* the cluster's features have changed */
  }
}

static void done(struct ktxn__call *call, enum ktxn__call_fate fate, struct ktxn__reader *body, int64_t now_us) {
  static const enum ktxn__txn_fate fates[] = {
      [KTXN__CALL_ANSWERED] = KTXN__TXN_ANSWERED,
      [KTXN__CALL_UNSENT] = KTXN__TXN_UNSENT,
      [KTXN__CALL_LOST] = KTXN__TXN_LOST,
      [KTXN__CALL_UNSUPPORTED] = KTXN__TXN_UNSUPPORTED,
  };
  static const char misfit[] = "its answer does not fit the request";
  struct ktxn__sender *sender = sender_of(call);
  const struct ktxn__txn_request *request = &sender->txn_call.request;
  struct ktxn__txn_result result = {
      .id = request->id,
      .fate = fates[fate],
      .version = call->version,
      .node = request->node == KTXN__TXN_NODE_NONE ? ktxn__broker_node(call->broker) : request->node,
      .producer_id = -1,
      .producer_epoch = -1,
  };
  sender->calls_out--;
  if (sender->forced) {
    /* All has ended already; the cluster may be going down around this call. */
    sender->txn_call.active = false;
    sender->dirty = true;
    return;
  }
  const char *why = ktxn__broker_why(call->broker);
  ktxn__sender_set_who(sender, call->broker);
  if (fate == KTXN__CALL_ANSWERED && !kinds[request->api].decode(sender, call->version, body, now_us, &result)) {
    result = (struct ktxn__txn_result){.id = request->id,
                                       .fate = KTXN__TXN_LOST,
                                       .version = call->version,
                                       .node = request->node,
                                       .producer_id = -1,
                                       .producer_epoch = -1};
    ktxn__call_malformed(call);
    why = misfit;
  }
  check_broker(sender, call->broker, now_us, &result);
  feed(sender, &result, why, now_us);
}

/* ---- sending ----------------------------------------------------------------------------------------------------------- */

static struct ktxn__broker *destination(struct ktxn__sender *sender, int64_t now_us) {
  const struct ktxn__txn_request *request = &sender->txn_call.request;
  if (request->node != KTXN__TXN_NODE_NONE) {
    return ktxn__cluster_broker(sender->cluster, request->node, sender->slot);
  }
  int32_t avoid = request->avoid_node == KTXN__TXN_NODE_NONE ? KTXN__CLUSTER_NO_NODE : request->avoid_node;
  return ktxn__cluster_least_loaded(sender->cluster, avoid, now_us);
}

static int64_t at_most(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* A coordinator that is cut off holds a request that it would have to write down for as long as the transaction may last;
 * before that the search must go on elsewhere. So half of it, for the connection and once more for the answer. */
static int64_t patience_us(const struct ktxn__sender *sender) {
  int64_t request_us = sender->settings->request_timeout_ms * 1000;
  int64_t half_us = sender->settings->transaction_timeout_ms * 500;
  bool coordinator = sender->transactional && sender->txn_call.request.node != KTXN__TXN_NODE_NONE;
  return coordinator ? at_most(half_us > PATIENCE_MIN_US ? half_us : PATIENCE_MIN_US, request_us) : request_us;
}

static void send(struct ktxn__sender *sender, struct ktxn__broker *broker, int64_t now_us) {
  const struct ktxn__txn_request *request = &sender->txn_call.request;
  int16_t min = request->version_min;
  int16_t max = request->version_max;
  if (request->api == KTXN__TXN_API_OFFSET_COMMIT) {
    ktxn__sender_offsets_versions(sender, &min, &max);
  }
  sender->txn_call.held = false;
  sender->txn_call.call = (struct ktxn__call){
      .api = kinds[request->api].key,
      .version_min = min,
      .version_max = max,
      .deadline_us = now_us + patience_us(sender),
      .answer_us = patience_us(sender),
      .encode = encode,
      .done = done,
  };
  sender->calls_out++;
  ktxn__broker_send(broker, &sender->txn_call.call, now_us);
}

/* Sends what was pulled, or holds it for a while if any broker will do and there is none. */
static void launch(struct ktxn__sender *sender, int64_t now_us) {
  const struct ktxn__txn_request *request = &sender->txn_call.request;
  struct ktxn__broker *broker = destination(sender, now_us);
  if (broker != NULL) {
    send(sender, broker, now_us);
    return;
  }
  char trouble[KTXN__SENDER_TROUBLE_MAX];
  ktxn__cluster_trouble(sender->cluster, trouble, sizeof trouble);
  if (request->node != KTXN__TXN_NODE_NONE) {
    feed_unsent(sender, "the node is not known", now_us);
  } else if (sender->txn_call.held && now_us >= sender->txn_call.held_until_us) {
    feed_unsent(sender, trouble, now_us);
  } else {
    if (!sender->txn_call.held) {
      sender->txn_call.held_until_us = now_us + sender->settings->request_timeout_ms * 1000;
    }
    sender->txn_call.held = true;
    if (trouble[0] != '\0') {
      ktxn__sender_set_trouble(sender, trouble);
    }
  }
}

void ktxn__sender_pull(struct ktxn__sender *sender, int64_t now_us) {
  struct ktxn__txn_request *request = &sender->txn_call.request;
  if (sender->txn_call.held) {
    launch(sender, now_us);
  }
  for (int i = 0; i < PULLS_MAX; i++) {
    ktxn__txn_set_queued(sender->txn, ktxn__accumulator_queued(sender->acc));
    if (!ktxn__txn_next_request(sender->txn, now_us, request)) {
      break;
    }
    sender->txn_call.active = true;
    ktxn__sender_count_request(sender, request);
    launch(sender, now_us);
  }
  /* A pull can end something by itself, such as a transaction without anything in it. */
  ktxn__sender_observe(sender, now_us);
}
