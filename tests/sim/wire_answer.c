#include <string.h>

#include "sdk/devbroker/api.h"
#include "sdk/devbroker/messages/txns.h"
#include "sdk/devbroker/schema.h"
#include "tests/sim/world.h"

/* What an incarnation has been answered, read with the broker's codec: it decides what may be sent from then on. */

static const void *read_answer(struct sim_world *world, const struct sim_wire_call *call, struct ktxn__span body) {
  const struct ktxn__msg_api *api = ktxn__msg_api(call->api);
  struct ktxn__schema_form form = ktxn__msg_api_form(api, call->version);
  size_t head = form.flexible ? 1 : 0; /* no tagged fields in the header */
  void *message = ktxn__schema_array(api->response, &world->wire_arena, 1);
  size_t used = 0;
  if (message == NULL || body.size < head) {
    return NULL;
  }
  struct ktxn__span rest = {(const uint8_t *)body.data + head, body.size - head};
  return ktxn__schema_decode(api->response, form, rest, &world->wire_arena, message, &used) == KTXN__SCHEMA_OK ? message : NULL;
}

static void acknowledge(struct sim_wire *wire, const struct sim_wire_call *call, uint32_t partitions, bool group) {
  bool same = wire->registered_id == call->producer_id && wire->registered_epoch == call->producer_epoch;
  wire->registered = (same ? wire->registered : 0) | partitions;
  wire->group = (same && wire->group) || group;
  wire->acked_nodes = (same ? wire->acked_nodes : 0) | (partitions != 0 || group ? 1u << call->node : 0);
  wire->registered_id = call->producer_id;
  wire->registered_epoch = call->producer_epoch;
}

static void on_partitions(struct sim_wire *wire, const struct sim_wire_call *call, const void *message) {
  const struct ktxn__msg_add_partitions_to_txn_response *answer = message;
  uint32_t partitions = 0;
  for (int32_t i = 0; i < answer->results_by_topic_v3_and_below_count; i++) {
    const struct ktxn__msg_add_partitions_to_txn_response_topic_result *topic = &answer->results_by_topic_v3_and_below[i];
    for (int32_t j = 0; j < topic->results_by_partition_count; j++) {
      bool done = topic->results_by_partition[j].partition_error_code == 0;
      partitions |= done ? 1u << topic->results_by_partition[j].partition_index : 0;
    }
  }
  acknowledge(wire, call, partitions, false);
}

static void on_group(struct sim_wire *wire, const struct sim_wire_call *call, const void *message) {
  const struct ktxn__msg_add_offsets_to_txn_response *answer = message;
  if (answer->error_code == 0) {
    acknowledge(wire, call, 0, true);
    wire->joined_node = call->node;
    wire->joined_epoch = call->producer_epoch;
  }
}

static void got_on(struct sim_wire *wire) { memset(wire->rates, 0, sizeof wire->rates); }

static void on_init(struct sim_wire *wire, const struct sim_wire_call *call, const void *message) {
  const struct ktxn__msg_init_producer_id_response *answer = message;
  (void)call;
  if (answer->error_code == 0) {
    got_on(wire);
  }
}

static void on_end(struct sim_wire *wire, const struct sim_wire_call *call, const void *message) {
  const struct ktxn__msg_end_txn_response *answer = message;
  if (answer->error_code == 0) {
    got_on(wire);
    wire->acked_nodes = 0;
    wire->over = true;
  }
  if (answer->error_code == 0 && call->producer_epoch > wire->offset_epoch) {
    bool joined = wire->joined_node == call->node && wire->joined_epoch == call->producer_epoch;
    wire->offset_lost = false;
    wire->offset_owed = wire->offset_owed && !joined;
  }
}

static void on_look(struct sim_wire *wire, const struct sim_wire_call *call, const void *message) {
  const struct ktxn__msg_describe_transactions_response *answer = message;
  wire->look.node = call->node;
  wire->look.fresh = answer->transaction_states_count == 1 && answer->transaction_states[0].error_code == 0;
  if (wire->look.fresh) {
    const struct ktxn__msg_describe_transactions_response_transaction_state *state = &answer->transaction_states[0];
    wire->look.empty = ktxn__str_equal(state->transaction_state, KTXN__STR("Empty"));
    wire->look.ended = wire->look.empty || ktxn__str_equal(state->transaction_state, KTXN__STR("CompleteCommit")) ||
                       ktxn__str_equal(state->transaction_state, KTXN__STR("CompleteAbort"));
    wire->look.ongoing = ktxn__str_equal(state->transaction_state, KTXN__STR("Ongoing"));
    wire->look.producer_id = state->producer_id;
    wire->look.producer_epoch = state->producer_epoch;
  }
}

static void book(struct sim_world *world, struct sim_wire *wire, const struct sim_wire_call *call, struct ktxn__span body) {
  static const struct {
    int16_t api;
    void (*book)(struct sim_wire *, const struct sim_wire_call *, const void *);
  } books[] = {{KTXN__MODEL_ADD_PARTITIONS_TO_TXN, on_partitions},
               {KTXN__MODEL_ADD_OFFSETS_TO_TXN, on_group},
               {KTXN__MODEL_END_TXN, on_end},
               {KTXN__MODEL_INIT_PRODUCER_ID, on_init},
               {KTXN__MODEL_DESCRIBE_TRANSACTIONS, on_look}};
  for (size_t i = 0; i < sizeof books / sizeof books[0]; i++) {
    const void *message = books[i].api == call->api ? read_answer(world, call, body) : NULL;
    if (message != NULL) {
      books[i].book(wire, call, message);
    }
  }
  ktxn__arena_reset(&world->wire_arena);
}

void sim_wire_answered(struct sim_world *world, struct sim_client *client, uint32_t conn, int32_t correlation, struct ktxn__span body) {
  for (int i = 0; i < SIM_WIRE_CALLS; i++) {
    struct sim_wire_call *call = &client->wire.calls[i];
    if (call->used && call->conn == conn && call->correlation == correlation) {
      book(world, &client->wire, call, body);
      call->used = false;
    }
  }
}
