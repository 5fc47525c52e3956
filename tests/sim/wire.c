#include "tests/sim/wire.h"

#include <string.h>

#include "sdk/devbroker/translate.h"
#include "tests/mix.h"
#include "tests/sim/world.h"

enum { FRAME_HEAD = 4, BATCH_HEAD = 61 };

struct letter {
  struct ktxn__msg_header header;
  struct ktxn__model_request request;
  uint32_t conn;
};

void sim_wire_start(struct sim_wire *wire) {
  memset(wire, 0, sizeof *wire);
  wire->producer_id = -1;
  wire->fatal_us = -1;
  wire->bumped_id = -1;
  wire->v5_id = -1;
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

static bool read_body(struct sim_world *world, struct ktxn__span body, struct letter *letter) {
  const struct ktxn__msg_api *api = ktxn__msg_api(letter->header.key);
  void *message = api == NULL ? NULL : ktxn__schema_array(api->request, &world->wire_arena, 1);
  size_t used = 0;
  if (message == NULL || ktxn__schema_decode(api->request, ktxn__msg_api_form(api, letter->header.version), body, &world->wire_arena,
                                             message, &used) != KTXN__SCHEMA_OK) {
    return false;
  }
  struct ktxn__translate translate = {
      .arena = &world->wire_arena, .version = letter->header.version, .request = message, .client_id = letter->header.client_id};
  ktxn__translate_request(&translate, letter->header.key, &letter->request);
  return used == body.size && !translate.starved;
}

static bool is_judged(int16_t api) {
  return api == KTXN__MODEL_PRODUCE || api == KTXN__MODEL_INIT_PRODUCER_ID || api == KTXN__MODEL_ADD_PARTITIONS_TO_TXN ||
         api == KTXN__MODEL_ADD_OFFSETS_TO_TXN || api == KTXN__MODEL_END_TXN || api == KTXN__MODEL_TXN_OFFSET_COMMIT ||
         api == KTXN__MODEL_DESCRIBE_TRANSACTIONS;
}

/* ---- requests without an answer -------------------------------------------------------------------------------------- */

static void note_call(struct sim_world *world, struct sim_wire *wire, const struct letter *letter, int64_t producer_id,
                      int16_t producer_epoch, uint32_t partitions) {
  for (int i = 0; i < SIM_WIRE_CALLS; i++) {
    if (!wire->calls[i].used) {
      wire->calls[i] = (struct sim_wire_call){true,
                                              letter->conn,
                                              world->conns[letter->conn].node,
                                              letter->header.correlation,
                                              letter->header.key,
                                              letter->header.version,
                                              producer_id,
                                              producer_epoch,
                                              partitions};
      return;
    }
  }
  sim_violate(world, "S8: more than %d requests wait for an answer", SIM_WIRE_CALLS);
}

static void note_lost(struct sim_wire *wire, const struct sim_wire_call *call) {
  if (call->api == KTXN__MODEL_TXN_OFFSET_COMMIT) {
    wire->offset_lost = wire->offset_owed = true;
    wire->offset_epoch = call->producer_epoch;
  }
}

void sim_wire_closed(struct sim_client *client, uint32_t conn) {
  for (int i = 0; i < SIM_WIRE_CALLS; i++) {
    if (client->wire.calls[i].used && client->wire.calls[i].conn == conn) {
      note_lost(&client->wire, &client->wire.calls[i]);
      client->wire.calls[i].used = false;
    }
  }
}

/* ---- batches --------------------------------------------------------------------------------------------------------- */

static struct sim_wire_batch *batch_of(struct sim_wire *wire, int64_t producer_id, int16_t producer_epoch, int32_t partition,
                                       int32_t base_sequence) {
  uint32_t count = wire->batch_count < SIM_WIRE_BATCHES ? wire->batch_count : SIM_WIRE_BATCHES;
  for (uint32_t i = 0; i < count; i++) {
    struct sim_wire_batch *batch = &wire->batches[i];
    if (batch->producer_id == producer_id && batch->producer_epoch == producer_epoch && batch->partition == partition &&
        batch->base_sequence == base_sequence) {
      return batch;
    }
  }
  return NULL;
}

static struct sim_wire_log *log_of(struct sim_wire *wire, const struct ktxn__model_batch *batch, int32_t partition) {
  uint32_t count = wire->log_count < SIM_WIRE_LOGS ? wire->log_count : SIM_WIRE_LOGS;
  for (uint32_t i = 0; i < count; i++) {
    struct sim_wire_log *log = &wire->logs[i];
    if (log->producer_id == batch->producer_id && log->producer_epoch == batch->producer_epoch && log->partition == partition) {
      return log;
    }
  }
  struct sim_wire_log *log = &wire->logs[wire->log_count++ % SIM_WIRE_LOGS];
  *log = (struct sim_wire_log){batch->producer_id, batch->producer_epoch, partition, 0};
  return log;
}

static uint64_t hash_of(const uint8_t *bytes, size_t size) {
  /* The base offset is the log's to write, and the leader epoch behind the length. */
  return size < BATCH_HEAD ? 0 : mix(size, bytes + 16, size - 16);
}

static void check_new(struct sim_world *world, struct sim_client *client, const struct ktxn__model_batch *batch, int32_t partition) {
  struct sim_wire *wire = &client->wire;
  struct sim_wire_log *log = log_of(wire, batch, partition);
  /* Where memory is short the batch before it may not have left yet: the log refuses this one until it has. */
  bool starved = world->options.no_memory > 0 || world->sweep.alloc > 0;
  if (batch->base_sequence < log->next && !starved) {
    sim_violate(world, "S8: client %d uses sequence %d of partition %d again, in a batch of its own", (int)client->index,
                (int)batch->base_sequence, (int)partition);
  }
  if (batch->base_sequence > log->next && !starved) {
    sim_violate(world, "S8: client %d leaves a gap in partition %d: sequence %d, and %d is next", (int)client->index, (int)partition,
                (int)batch->base_sequence, (int)log->next);
  }
  if (batch->producer_id == wire->producer_id && batch->producer_epoch < wire->producer_epoch) {
    sim_violate(world, "S8: client %d goes back from epoch %d to %d", (int)client->index, wire->producer_epoch, batch->producer_epoch);
  }
  int32_t end = batch->base_sequence + batch->record_count;
  log->next = starved && log->next > end ? log->next : end;
  wire->producer_id = batch->producer_id;
  wire->producer_epoch = batch->producer_epoch;
}

/* Now and then at once, as behind a move; but no hot loop. */
static void check_again(struct sim_world *world, const struct sim_client *client, struct sim_wire_batch *known) {
  bool soon = world->now_us - known->sent_us < world->options.backoff_ms * 500;
  known->soon = soon ? known->soon + 1 : known->soon > 0 ? known->soon - 1 : 0;
  known->sent_us = world->now_us;
  if (known->soon > SIM_WIRE_BURST) {
    sim_violate(world, "liveness: client %d sends a batch to partition %d again and again", (int)client->index, (int)known->partition);
  }
}

/* Other bytes under the same sequence, as a batch that is split needs them: only if no log has the first ones. */
static void check_same(struct sim_world *world, struct sim_client *client, struct sim_wire_batch *known,
                       const struct ktxn__model_batch *batch) {
  uint64_t hash = hash_of(batch->bytes, batch->size);
  if (known->hash != hash && known->taken) {
    sim_violate(world, "S8: client %d sends other bytes under sequence %d of partition %d, which is in the log", (int)client->index,
                (int)known->base_sequence, (int)known->partition);
  }
  if (known->hash != hash) { /* what came behind the first ones has not been taken either */
    log_of(&client->wire, batch, known->partition)->next = batch->base_sequence + batch->record_count;
  }
  known->hash = hash;
  known->count = batch->record_count;
  check_again(world, client, known);
}

static void check_batch(struct sim_world *world, struct sim_client *client, const struct ktxn__model_batch *batch, int32_t partition) {
  struct sim_wire *wire = &client->wire;
  uint64_t hash = hash_of(batch->bytes, batch->size);
  struct sim_wire_batch *known = batch_of(wire, batch->producer_id, batch->producer_epoch, partition, batch->base_sequence);
  if (batch->producer_id < 0 || batch->producer_epoch < 0 || batch->base_sequence < 0) {
    sim_violate(world, "S8: client %d sends a batch without an identity", (int)client->index);
  }
  if (known != NULL) {
    check_same(world, client, known, batch);
    return;
  }
  check_new(world, client, batch, partition);
  wire->batches[wire->batch_count++ % SIM_WIRE_BATCHES] = (struct sim_wire_batch){
      batch->producer_id, batch->producer_epoch, partition, batch->base_sequence, batch->record_count, hash, false, world->now_us, 0};
}

void sim_wire_taken(struct sim_world *world, const struct ktxn__model_seen *seen, const uint8_t *bytes, size_t size) {
  for (int32_t i = 0; i < world->client_count; i++) {
    struct sim_wire_batch *batch =
        batch_of(&world->clients[i].wire, seen->producer_id, seen->producer_epoch, seen->partition, seen->base_sequence);
    if (batch == NULL) {
      continue;
    }
    batch->taken = true;
    if (hash_of(bytes, size) != batch->hash) {
      sim_violate(world, "S8: a log takes bytes under sequence %d of partition %d that client %d has sent others for since",
                  (int)seen->base_sequence, (int)seen->partition, (int)i);
    }
  }
}

/* ---- each request ---------------------------------------------------------------------------------------------------- */

/* Under that identity: the window of a log begins anew with the epoch. */
static uint32_t in_flight(const struct sim_wire *wire, uint32_t partition, const struct ktxn__model_batch *batch) {
  uint32_t count = 0;
  for (int i = 0; i < SIM_WIRE_CALLS; i++) {
    const struct sim_wire_call *call = &wire->calls[i];
    bool same = call->producer_id == batch->producer_id && call->producer_epoch == batch->producer_epoch;
    count += call->used && same && call->api == KTXN__MODEL_PRODUCE && (call->partitions & 1u << partition) != 0;
  }
  return count;
}

/* What waited while a connection was full, from before that moment: it leaves late, as what the network holds up arrives late. */
static bool held_since(const struct sim_world *world, const struct letter *letter, int64_t at_us) {
  const struct sim_conn *conn = &world->conns[letter->conn];
  return conn->full && conn->full_us <= at_us;
}

/* The first write behind an end is the next transaction's. */
static void note_write(struct sim_wire *wire, int16_t producer_epoch, bool v2) {
  if (wire->ended || wire->wrote_epoch != producer_epoch) {
    wire->ended = wire->wrote_v1 = wire->wrote_v2 = false;
  }
  wire->over = false;
  wire->wrote_epoch = producer_epoch;
  wire->wrote_v1 = wire->wrote_v1 || !v2;
  wire->wrote_v2 = wire->wrote_v2 || v2;
}

static void check_identity(struct sim_world *world, const struct sim_client *client, int16_t api, int64_t producer_id,
                           int16_t producer_epoch) {
  if (producer_id < 0 || producer_epoch < 0) {
    sim_violate(world, "S8: client %d sends request %d of nobody", (int)client->index, api);
  }
}

static void check_partition(struct sim_world *world, struct sim_client *client, const struct letter *letter,
                            const struct ktxn__model_produce_partition *part) {
  struct sim_wire *wire = &client->wire;
  int32_t partition = part->index;
  bool asks = letter->header.version < 12; /* from 12 on the leader registers it (KIP-890) */
  bool ours = part->batch.producer_id == wire->registered_id && part->batch.producer_epoch == wire->registered_epoch;
  if (wire->ended && held_since(world, letter, wire->ended_us)) {
    return;
  }
  if (asks && (!ours || (wire->registered & 1u << partition) == 0)) {
    sim_violate(world, "S8: client %d writes to partition %d, and no registration of it was acknowledged", (int)client->index,
                (int)partition);
  }
  note_write(wire, part->batch.producer_epoch, !asks);
  if (in_flight(wire, (uint32_t)partition, &part->batch) >= SIM_WIRE_WINDOW) {
    sim_violate(world, "S8: client %d has more than %d batches in flight to partition %d", (int)client->index, SIM_WIRE_WINDOW,
                (int)partition);
  }
}

static void on_produce(struct sim_world *world, struct sim_client *client, const struct letter *letter) {
  const struct ktxn__model_produce *produce = &letter->request.produce;
  uint32_t partitions = 0;
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;
  for (int32_t i = 0; i < produce->topic_count; i++) {
    for (int32_t j = 0; j < produce->topics[i].partition_count; j++) {
      const struct ktxn__model_produce_partition *part = &produce->topics[i].partitions[j];
      check_partition(world, client, letter, part);
      check_batch(world, client, &part->batch, part->index);
      partitions |= 1u << part->index;
      producer_id = part->batch.producer_id;
      producer_epoch = part->batch.producer_epoch;
    }
  }
  note_call(world, &client->wire, letter, producer_id, producer_epoch, partitions);
}

static void note_asked(struct sim_wire *wire, int64_t producer_id, int16_t producer_epoch) {
  wire->look.fresh = false;
  wire->over = false;
  wire->asked_behind_v5 = wire->v5_id == producer_id && wire->v5_epoch == producer_epoch;
}

static void on_add_partitions(struct sim_world *world, struct sim_client *client, const struct letter *letter) {
  const struct ktxn__model_add_partitions *add = &letter->request.add_partitions;
  uint32_t partitions = 0;
  for (int32_t i = 0; i < add->topic_count; i++) {
    for (int32_t j = 0; j < add->topics[i].partition_count; j++) {
      partitions |= 1u << add->topics[i].partitions[j];
    }
  }
  check_identity(world, client, letter->header.key, add->producer_id, add->producer_epoch);
  note_asked(&client->wire, add->producer_id, add->producer_epoch);
  note_call(world, &client->wire, letter, add->producer_id, add->producer_epoch, partitions);
}

static void on_add_offsets(struct sim_world *world, struct sim_client *client, const struct letter *letter) {
  const struct ktxn__model_add_offsets *add = &letter->request.add_offsets;
  check_identity(world, client, letter->header.key, add->producer_id, add->producer_epoch);
  note_asked(&client->wire, add->producer_id, add->producer_epoch);
  note_call(world, &client->wire, letter, add->producer_id, add->producer_epoch, 0);
}

static void on_offsets(struct sim_world *world, struct sim_client *client, const struct letter *letter) {
  if (letter->header.version < 5 && !client->wire.group) {
    sim_violate(world, "S8: client %d sends offsets, and no registration of their group was acknowledged", (int)client->index);
  }
  const struct ktxn__model_offset_commit *commit = &letter->request.offset_commit;
  check_identity(world, client, letter->header.key, commit->producer_id, commit->producer_epoch);
  note_write(&client->wire, commit->producer_epoch, letter->header.version >= 5);
  note_call(world, &client->wire, letter, commit->producer_id, commit->producer_epoch, 0);
}

/* A commit: all of its batches have their answers. (An abort may be sent while one that was given up is still under way.) */
static void check_commit(struct sim_world *world, const struct sim_client *client, const struct ktxn__model_end_txn *end) {
  for (int i = 0; i < SIM_WIRE_CALLS; i++) {
    const struct sim_wire_call *call = &client->wire.calls[i];
    if (call->used && call->api == KTXN__MODEL_PRODUCE && call->producer_id == end->producer_id &&
        call->producer_epoch == end->producer_epoch) {
      sim_violate(world, "S8: client %d commits while a batch waits for its answer", (int)client->index);
    }
  }
}

/* KIP-890: while the cluster stays at its level, EndTxn 5 ends what was written with V2, and nothing else. */
static void check_version(struct sim_world *world, const struct sim_client *client, int16_t version, int16_t producer_epoch) {
  const struct sim_wire *wire = &client->wire;
  bool judged = wire->wrote_epoch == producer_epoch && world->options.level_change == 0;
  if (judged && ((version >= 5 && wire->wrote_v1) || (version < 5 && wire->wrote_v2))) {
    sim_violate(world, "S8: client %d ends with version %d what it has written with protocol %d", (int)client->index, version,
                wire->wrote_v1 ? 1 : 2);
  }
}

/* txn/README.md: up to version 4 a node that is cut off may answer 0 for the transaction before. It must have acknowledged a
 * registration of this one; what is ended once more behind a look, as a late registration has opened it again, has been told already. */
static void check_acked(struct sim_world *world, struct sim_client *client, const struct letter *letter) {
  const struct ktxn__model_end_txn *end = &letter->request.end_txn;
  struct sim_wire *wire = &client->wire;
  int32_t node = world->conns[letter->conn].node;
  bool ours = wire->registered_id == end->producer_id && wire->registered_epoch == end->producer_epoch;
  bool acked = ours && (wire->acked_nodes & 1u << node) != 0;
  bool seen = wire->look.fresh && wire->look.producer_id == end->producer_id && wire->look.producer_epoch == end->producer_epoch &&
              (wire->look.ongoing || (wire->look.ended && wire->look.node == node));
  wire->over = wire->over || seen;
  if (letter->header.version < 5 && !acked && !wire->over) {
    sim_violate(world, "S8: client %d commits at node %d, which has acknowledged no registration of it", (int)client->index, (int)node);
  }
}

static void on_end(struct sim_world *world, struct sim_client *client, const struct letter *letter) {
  const struct ktxn__model_end_txn *end = &letter->request.end_txn;
  check_identity(world, client, letter->header.key, end->producer_id, end->producer_epoch);
  check_version(world, client, letter->header.version, end->producer_epoch);
  if (end->committed) {
    check_commit(world, client, end);
    check_acked(world, client, letter);
  }
  client->wire.ended = true;
  client->wire.ended_us = world->now_us;
  if (letter->header.version >= 5) {
    client->wire.v5_id = end->producer_id;
    client->wire.v5_epoch = end->producer_epoch;
  }
  client->wire.look.fresh = false;
  client->wire.registered = 0;
  client->wire.group = false;
  note_call(world, &client->wire, letter, end->producer_id, end->producer_epoch, 0);
}

/* docs/TRANSACTIONS.md: a new epoch is asked for when a look at that node has shown that nothing is open and that nobody else has the
 * id; or again, of the same node, or when the look shows what the first copy would have made. Before Kafka 3.0 there is no look, and
 * at the last epochs nothing is open but a sweep. */
static bool may_bump(const struct sim_world *world, const struct sim_wire *wire, int32_t node,
                     const struct ktxn__model_init_producer_id *init) {
  bool looks = world->options.release != KTXN__MODEL_2_5 && world->options.release != KTXN__MODEL_2_8;
  const struct sim_wire_look *look = &wire->look;
  bool again = wire->bumped_id == init->producer_id && wire->bumped_epoch == init->producer_epoch;
  if (!looks || init->producer_epoch >= INT16_MAX - 1 || (again && !look->fresh && node == wire->bumped_node)) {
    return true;
  }
  bool same = look->producer_id == init->producer_id;
  bool ours = look->ended && same && look->producer_epoch == init->producer_epoch;
  bool own_bump = again && look->empty && same && look->producer_epoch == init->producer_epoch + 1;
  return look->fresh && look->node == node && (ours || own_bump);
}

static void on_init(struct sim_world *world, struct sim_client *client, const struct letter *letter) {
  const struct ktxn__model_init_producer_id *init = &letter->request.init_producer_id;
  struct sim_wire *wire = &client->wire;
  int32_t node = world->conns[letter->conn].node;
  if (init->producer_id >= 0 && !may_bump(world, wire, node, init)) {
    sim_violate(world, "S8: client %d asks for an epoch behind %d, and has not seen that its id is its own and at rest",
                (int)client->index, init->producer_epoch);
  }
  wire->bumped_id = init->producer_id;
  wire->bumped_epoch = init->producer_epoch;
  wire->bumped_node = node;
  wire->look.fresh = false;
  note_call(world, wire, letter, init->producer_id, init->producer_epoch, 0);
}

/* From the first request that may register something the broker counts. */
static void note_first(struct sim_world *world, const struct sim_client *client, int16_t api) {
  bool registers = api == KTXN__MODEL_PRODUCE || api == KTXN__MODEL_ADD_PARTITIONS_TO_TXN || api == KTXN__MODEL_ADD_OFFSETS_TO_TXN ||
                   api == KTXN__MODEL_TXN_OFFSET_COMMIT;
  struct sim_txn *txn = client->txn < 0 ? NULL : &world->txns[client->txn];
  if (registers && txn != NULL && txn->asked_us < 0) {
    txn->asked_us = world->now_us;
    txn->asked_jumped_us = client->jumped_us;
  }
}

static void on_letter(struct sim_world *world, struct sim_client *client, const struct letter *letter) {
  int64_t fatal_us = client->wire.fatal_us;
  if (fatal_us >= 0 && world->now_us > fatal_us && !held_since(world, letter, fatal_us)) {
    sim_violate(world, "S8: client %d has ended and sends request %d", (int)client->index, letter->header.key);
  }
  note_first(world, client, letter->header.key);
  switch (letter->header.key) {
    case KTXN__MODEL_PRODUCE:
      on_produce(world, client, letter);
      return;
    case KTXN__MODEL_ADD_PARTITIONS_TO_TXN:
      on_add_partitions(world, client, letter);
      return;
    case KTXN__MODEL_ADD_OFFSETS_TO_TXN:
      on_add_offsets(world, client, letter);
      return;
    case KTXN__MODEL_TXN_OFFSET_COMMIT:
      on_offsets(world, client, letter);
      return;
    case KTXN__MODEL_END_TXN:
      on_end(world, client, letter);
      return;
    case KTXN__MODEL_INIT_PRODUCER_ID:
      on_init(world, client, letter);
      return;
    case KTXN__MODEL_DESCRIBE_TRANSACTIONS:
      note_call(world, &client->wire, letter, -1, -1, 0);
      return;
    default:
      return;
  }
}

/* No hot loops: while neither an end nor an identity is got, an API is asked about once in each backoff, which has some jitter, or
 * behind an end once in 20 ms (KAFKA-5477); and some times at once: for each partition, where 51 should pass soon, after a move. */
static void check_rate(struct sim_world *world, struct sim_client *client, int16_t api) {
  int64_t half_us = world->options.backoff_ms * 500;
  int64_t each_us = api == KTXN__MODEL_PRODUCE ? 0 : half_us < 20000 ? half_us : 20000;
  if (api < 0 || api >= SIM_WIRE_APIS || each_us == 0) {
    return;
  }
  struct sim_wire_rate *rate = &client->wire.rates[api];
  int64_t over_us = rate->over_us - (world->now_us - rate->at_us);
  rate->over_us = (over_us > 0 ? over_us : 0) + each_us;
  rate->at_us = world->now_us;
  if (rate->over_us > SIM_WIRE_BURST * each_us) {
    sim_violate(world, "liveness: client %d asks request %d again and again", (int)client->index, api);
  }
}

/* One whole request. */
static void judge(struct sim_world *world, struct sim_client *client, uint32_t conn, struct ktxn__span frame) {
  struct letter letter = {.conn = conn};
  size_t used = 0;
  if (!ktxn__msg_header_decode(frame, &letter.header, &used)) {
    sim_violate(world, "S8: client %d sends what is no request", (int)client->index);
    return;
  }
  struct sim_conn *link = &world->conns[conn];
  link->expected = link->asked ? link->expected : letter.header.correlation;
  link->asked = true;
  check_rate(world, client, letter.header.key);
  if (!is_judged(letter.header.key)) {
    return;
  }
  if (letter.header.key != KTXN__MODEL_INIT_PRODUCER_ID) { /* a late copy fences, see docs/TRANSACTIONS.md, what no client can promise */
    sim_letter_note(world, client, conn, letter.header.correlation);
  }
  if (read_body(world, (struct ktxn__span){(const uint8_t *)frame.data + used, frame.size - used}, &letter)) {
    on_letter(world, client, &letter);
  } else {
    sim_violate(world, "S8: client %d sends request %d version %d, which no broker can read", (int)client->index, letter.header.key,
                letter.header.version);
  }
  ktxn__arena_reset(&world->wire_arena);
}

static size_t frame_size(const uint8_t *at) {
  return FRAME_HEAD + ((size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3]);
}

/* Of `size` bytes that are offered, `taken` leave. A request is judged when it is offered first: from then on it counts as having left,
 * and will, if the connection lasts. */
void sim_wire_sent(struct sim_world *world, struct sim_client *client, uint32_t index, const uint8_t *bytes, size_t size, size_t taken) {
  struct sim_conn *conn = &world->conns[index];
  size_t at = conn->judged;
  while (world->options.hostile == 0 && at + FRAME_HEAD <= size && at + frame_size(bytes + at) <= size) {
    size_t whole = frame_size(bytes + at);
    judge(world, client, index, (struct ktxn__span){bytes + at + FRAME_HEAD, whole - FRAME_HEAD});
    at += whole;
  }
  if (at < taken && world->options.hostile == 0) {
    sim_violate(world, "S8: client %d offers a request in parts", (int)client->index);
  }
  conn->judged = at > taken ? at - taken : 0;
}
