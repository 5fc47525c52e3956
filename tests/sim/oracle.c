#include <string.h>

#include "tests/mix.h"
#include "tests/sim/world.h"

/*
 * The judge: what the applications were told, against what is in the logs. Each record says which transaction it belongs to,
 * so the logs alone tell what a read_committed reader sees.
 */

/* ---- records in a batch ---------------------------------------------------------------------------------------------- */

struct walk {
  const uint8_t *at, *end;
};

static int64_t varint(struct walk *walk) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && walk->at < walk->end; shift += 7) {
    uint8_t byte = *walk->at++;
    value |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) {
      break;
    }
  }
  return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

/* The value of the next record; false at the end. */
static bool next_value(struct walk *walk, struct sim_value *value) {
  if (walk->at >= walk->end) {
    return false;
  }
  int64_t size = varint(walk);
  const uint8_t *end = walk->at + size;
  walk->at++; /* attributes */
  varint(walk);
  varint(walk);
  int64_t key = varint(walk);
  walk->at += key > 0 ? key : 0;
  int64_t bytes = varint(walk);
  memset(value, 0, sizeof *value);
  if (bytes == (int64_t)sizeof *value && walk->at + bytes <= walk->end) {
    memcpy(value, walk->at, sizeof *value);
  }
  walk->at = end;
  return true;
}

static struct walk records_of(const struct ktxn__model_entry *entry) {
  return (struct walk){entry->bytes + 61, entry->bytes + entry->size};
}

static struct sim_txn *txn_of(struct sim_world *world, const struct sim_value *value) {
  if (value->magic != SIM_MAGIC || value->txn >= (uint32_t)world->txn_count) {
    return NULL;
  }
  struct sim_txn *txn = &world->txns[value->txn];
  return txn->client == (int32_t)value->client && txn->ordinal == value->ordinal ? txn : NULL;
}

/* ---- as it happens --------------------------------------------------------------------------------------------------- */

static int32_t rank_of(const struct sim_world *world, int64_t producer_id) {
  int32_t rank = 0;
  while (rank < world->pid_count && world->pids[rank] != producer_id) {
    rank++;
  }
  return rank;
}

/* S7: nothing of a transaction is taken once something of a later one of the same incarnation was. */
static void check_taken(struct sim_world *world, const char *what, uint32_t client, int64_t ordinal) {
  int64_t *newest = &world->newest[client];
  if (ordinal < *newest) {
    sim_violate(world, "S7: %s of ordinal %lld of client %u was taken after something of ordinal %lld", what, (long long)ordinal, client,
                (long long)*newest);
  }
  *newest = ordinal > *newest ? ordinal : *newest;
}

static void on_append(struct sim_world *world, const struct ktxn__model_seen *seen) {
  const struct ktxn__model_entry *entry = ktxn__model_log_entry(world->model, seen->name, seen->partition, seen->offset);
  struct sim_value value;
  if (entry == NULL || entry->bytes == NULL || seen->duplicate) {
    return;
  }
  sim_wire_taken(world, seen, entry->bytes, entry->size);
  struct walk walk = records_of(entry);
  struct sim_txn *txn = next_value(&walk, &value) ? txn_of(world, &value) : NULL;
  if (txn == NULL) {
    sim_violate(world, "model: a record that nobody has sent");
    return;
  }
  int32_t rank = rank_of(world, seen->producer_id);
  if (txn->ending && rank < world->pid_count && world->aborted_us[rank] >= txn->began_us) {
    txn->late |= 1u << seen->partition;
  }
  check_taken(world, "a batch", value.client, value.ordinal);
}

/* S6: when an incarnation's init has returned, nothing of an earlier one becomes committed any more. */
static void check_successor(struct sim_world *world, const struct sim_txn *txn) {
  int64_t seniority = world->clients[txn->client].seniority;
  if (txn->unswept && txn->late != 0) {
    return;
  }
  for (int32_t i = 0; i < world->client_count; i++) {
    const struct sim_client *client = &world->clients[i];
    if (client->id == txn->id && client->ready_us >= 0 && client->ready_us < world->now_us && client->seniority > seniority) {
      sim_violate(world, "S6: transaction of client %d became committed after the init of client %d", (int)txn->client, (int)i);
    }
  }
}

static void on_pending(struct sim_world *world, const struct ktxn__model_seen *seen) {
  if (seen->tag != 0) {
    check_taken(world, "an offset", (uint32_t)(seen->tag >> 32) - 1, (int64_t)(seen->tag & UINT32_MAX));
  }
}

/* The offset says whose it is. */
static void on_offset(struct sim_world *world, const struct ktxn__model_seen *seen) {
  int32_t id = seen->name.data[seen->name.len - 1] - '0';
  if (seen->offset < 1 || seen->offset > world->next_offset[id]) {
    sim_violate(world, "model: an offset that nobody has sent");
    return;
  }
  struct sim_txn *txn = &world->txns[world->offset_txn[id][seen->offset]];
  txn->offset_seen = seen->offset;
  if (!world->loose[id]) {
    check_successor(world, txn);
  }
}

static void on_marker(struct sim_world *world, const struct ktxn__model_seen *seen) {
  struct ktxn__model_log_ends ends;
  if (!seen->committed || !ktxn__model_log_ends(world->model, seen->name, seen->partition, &ends)) {
    return;
  }
  /* The newest batch of that producer is the one that is decided. */
  for (int64_t offset = seen->offset - 1; offset >= ends.start;) {
    const struct ktxn__model_entry *entry = ktxn__model_log_entry(world->model, seen->name, seen->partition, offset);
    struct sim_value value;
    if (entry == NULL) {
      return;
    }
    offset = entry->base_offset - 1;
    if (entry->producer_id != seen->producer_id) {
      continue;
    }
    struct walk walk = {NULL, NULL};
    struct sim_txn *txn = NULL;
    if (!entry->marker) {
      walk = records_of(entry);
      txn = next_value(&walk, &value) ? txn_of(world, &value) : NULL;
    }
    if (txn != NULL) {
      check_successor(world, txn);
    }
    return;
  }
}

int64_t sim_seniority(const struct sim_world *world, int64_t producer_id, int16_t producer_epoch) {
  return (int64_t)rank_of(world, producer_id) << 16 | producer_epoch;
}

/* ---- which transaction a request belongs to ---------------------------------------------------------------------------- */

void sim_letter_note(struct sim_world *world, const struct sim_client *client, uint32_t conn, int32_t correlation) {
  if (client->ordinal < 0) {
    return;
  }
  if (world->letter_count == SIM_LETTERS) {
    sim_violate(world, "liveness: more than %d requests in a run", SIM_LETTERS);
    return;
  }
  struct sim_letter *letter = &world->letters[world->letter_count++];
  uint64_t tag = (uint64_t)(client->index + 1) << 32 | (uint64_t)client->ordinal;
  *letter = (struct sim_letter){world->conns[conn].letters, correlation, tag};
  world->conns[conn].letters = world->letter_count;
}

uint64_t sim_letter_tag(const void *opaque, int32_t correlation) {
  const struct sim_conn *conn = opaque;
  for (uint32_t at = conn->letters; at > 0; at = conn->world->letters[at - 1].next) {
    if (conn->world->letters[at - 1].correlation == correlation) {
      return conn->world->letters[at - 1].tag;
    }
  }
  return 0;
}

/* S7: no registration and no end of a transaction changes anything once something of a later one of the same incarnation was written.
 * (What is registered before that may be a sweep, which belongs to the one before.) */
static void check_record(struct sim_world *world, const struct ktxn__model_seen *seen) {
  bool ends = seen->state == KTXN__MODEL_PREPARE_COMMIT || seen->state == KTXN__MODEL_PREPARE_ABORT;
  if (seen->tag == 0 || (seen->state != KTXN__MODEL_ONGOING && !ends)) {
    return;
  }
  int64_t ordinal = (int64_t)(seen->tag & UINT32_MAX);
  int64_t newest = world->newest[(seen->tag >> 32) - 1];
  if (ordinal < newest) {
    sim_violate(world, "S7: %s of ordinal %lld of client %d took effect after something of ordinal %lld was written",
                ends ? "an end" : "a registration", (long long)ordinal, (int)(seen->tag >> 32) - 1, (long long)newest);
  }
}

static void on_record(struct sim_world *world, const struct ktxn__model_seen *seen) {
  int32_t rank = rank_of(world, seen->producer_id);
  if (rank == world->pid_count && world->pid_count < SIM_PIDS) {
    world->pids[world->pid_count++] = seen->producer_id;
  }
  if (rank < SIM_PIDS && seen->state == KTXN__MODEL_PREPARE_ABORT) {
    world->aborted_us[rank] = world->now_us;
  }
}

void sim_oracle_seen(struct sim_world *world, const struct ktxn__model_seen *seen) {
  const int64_t words[] = {seen->sight, seen->offset, seen->producer_id, seen->producer_epoch, seen->base_sequence, world->now_us};
  world->hash = mix(world->hash, words, sizeof words);
  if (seen->sight == KTXN__MODEL_SAW_APPEND && seen->producer_id >= 0 && !seen->duplicate) {
    on_append(world, seen);
  } else if (seen->sight == KTXN__MODEL_SAW_MARKER) {
    on_marker(world, seen);
  } else if (seen->sight == KTXN__MODEL_SAW_RECORD) {
    on_record(world, seen);
    check_record(world, seen);
  } else if (seen->sight == KTXN__MODEL_SAW_OFFSET && world->options.hostile == 0) {
    (seen->committed ? on_offset : on_pending)(world, seen);
  }
  if (world->trace) {
    static const char *const names[] = {"batch", "marker", "record", "offset", "truncation"};
    sim_tell(world, "log: %s %.*s-%d at %lld, pid %lld epoch %d seq %d state %d committed %d dup %d", names[seen->sight],
             (int)seen->name.len, seen->name.data, (int)seen->partition, (long long)seen->offset, (long long)seen->producer_id,
             seen->producer_epoch, (int)seen->base_sequence, seen->state, seen->committed, seen->duplicate);
  }
}

/* Protocol 1: InitProducerId repeated after its coordinator has loaded its log anew is answered "fenced" (docs/TRANSACTIONS.md, what
 * no client can promise). */
static bool may_be_reloaded(const struct sim_world *world, const ktxn_error *error) {
  return !world->sweep.on && error->code == KTXN_E_FENCED && strstr(error->message, "to InitProducerId") != NULL;
}

/* Protocol 2: nothing was acknowledged but a registration, by a node that is not the one which gave the epoch; the answer to the end is
 * lost, and the next node may show what that end has made of it, or what a successor has. The outcome is told; the same page. */
static bool may_be_own_end(const struct sim_world *world, int32_t client, const ktxn_error *error) {
  return !world->sweep.on && error->code == KTXN_E_FENCED && strstr(error->message, "to Add") != NULL &&
         world->clients[client].wire.asked_behind_v5;
}

void sim_needless_end(struct sim_world *world, int32_t client, const ktxn_error *error) {
  bool pair = world->sweep.strikes[1].at > 0;
  bool judged = world->sweep.on ? !pair && world->sweep.alloc == 0 : world->options.gentle;
  if (judged && !may_be_reloaded(world, error) && !may_be_own_end(world, client, error)) {
    sim_violate(world, "S5: client %d has ended without need: %d %s", (int)client, error->code, error->message);
  }
}

/* Earlier, it is a successor on its way that has moved the epoch, and a producer that goes on starves it (S6). */
void sim_timed_out(struct sim_world *world, const struct sim_client *client) {
  int64_t timeout_us = world->options.transaction_timeout_ms * 1000;
  int64_t least_us = timeout_us / 2 > timeout_us - 1000000 ? timeout_us / 2 : timeout_us - 1000000;
  const struct sim_txn *txn = &world->txns[client->txn];
  /* With protocol 2 a write that was offered to a connection and never left counts for the client as well. */
  bool from_begin = world->options.level >= 2 || world->options.level_change > 0;
  int64_t since_us = from_begin ? txn->began_us : txn->asked_us < 0 ? world->now_us : txn->asked_us;
  int64_t jumped_us = client->jumped_us - (from_begin ? txn->began_jumped_us : txn->asked_jumped_us);
  int64_t passed_us = world->now_us - since_us + jumped_us;
  if (passed_us < least_us - least_us / 500) { /* its clock may go fast */
    sim_violate(world, "S6: client %d goes on after %lld ms, and its timeout was %lld", (int)client->index,
                (long long)passed_us / 1000, (long long)timeout_us / 1000);
  }
}

/* ---- at the end ------------------------------------------------------------------------------------------------------ */

enum { PIDS = 64 };

/* Transactions that are open in a log while it is read. */
struct open {
  int64_t producer_id;
  int64_t first; /* offset of its first batch */
};

struct reader {
  struct open open[PIDS];
  int count;
  int64_t last_order[SIM_CLIENTS]; /* the highest ordinal and index that was visible, S4 */
};

static void see(struct sim_world *world, struct reader *reader, int32_t partition, const struct sim_value *value) {
  struct sim_txn *txn = txn_of(world, value);
  if (txn == NULL) {
    sim_violate(world, "model: a visible record that nobody has sent");
    return;
  }
  int64_t order = (int64_t)value->ordinal << 16 | value->index;
  if ((int32_t)value->partition != partition || order <= reader->last_order[value->client]) {
    sim_violate(world, "S4: transaction %u (client %u, ordinal %u): record %u of partition %d out of order or twice", value->txn,
                value->client, value->ordinal, value->index, (int)partition);
  }
  reader->last_order[value->client] = order;
  txn->visible[partition]++;
}

static void see_batch(struct sim_world *world, struct reader *reader, int32_t partition, const struct ktxn__model_entry *entry) {
  struct walk walk = records_of(entry);
  struct sim_value value;
  while (next_value(&walk, &value)) {
    see(world, reader, partition, &value);
  }
}

/* Everything of that producer from `first` up to the marker becomes visible. */
static void see_transaction(struct sim_world *world, struct reader *reader, int32_t partition, int64_t first, int64_t end,
                            int64_t producer_id) {
  for (int64_t offset = first; offset < end;) {
    const struct ktxn__model_entry *entry = ktxn__model_log_entry(world->model, sim_topic(0), partition, offset);
    if (!entry->marker && entry->producer_id == producer_id) {
      see_batch(world, reader, partition, entry);
    }
    offset = entry->last_offset + 1;
  }
}

static struct open *open_of(struct reader *reader, int64_t producer_id) {
  for (int i = 0; i < reader->count; i++) {
    if (reader->open[i].producer_id == producer_id) {
      return &reader->open[i];
    }
  }
  return NULL;
}

static void read_entry(struct sim_world *world, struct reader *reader, int32_t partition, const struct ktxn__model_entry *entry) {
  struct open *open = open_of(reader, entry->producer_id);
  if (!entry->marker && open == NULL && reader->count < PIDS) {
    reader->open[reader->count++] = (struct open){entry->producer_id, entry->base_offset};
  } else if (entry->marker && open != NULL) {
    int64_t first = open->first;
    *open = reader->open[--reader->count];
    if (entry->committed) {
      see_transaction(world, reader, partition, first, entry->base_offset, entry->producer_id);
    }
  }
}

/* The late batch of such a transaction stays open until something else of that id comes to its partition. */
static bool any_unswept(const struct sim_world *world, int32_t partition) {
  for (int32_t i = 0; i < world->txn_count; i++) {
    if (world->txns[i].unswept && (world->txns[i].late & 1u << partition) != 0) {
      return true;
    }
  }
  return false;
}

static void read_log(struct sim_world *world, int32_t partition) {
  struct ktxn__model_log_ends ends;
  struct reader reader;
  memset(&reader, 0, sizeof reader);
  for (int i = 0; i < SIM_CLIENTS; i++) {
    reader.last_order[i] = -1;
  }
  if (!ktxn__model_log_ends(world->model, sim_topic(0), partition, &ends)) {
    sim_violate(world, "model: a topic is gone");
    return;
  }
  if (ends.last_stable != ends.end && any_unswept(world, partition)) {
    world->stats->limits++;
  } else if (ends.last_stable != ends.end) {
    sim_violate(world, "liveness: partition %d hangs: last stable offset %lld, end %lld", (int)partition,
                (long long)ends.last_stable, (long long)ends.end);
  }
  for (int64_t offset = ends.start; offset < ends.end;) {
    const struct ktxn__model_entry *entry = ktxn__model_log_entry(world->model, sim_topic(0), partition, offset);
    if (entry == NULL) {
      break;
    }
    read_entry(world, &reader, partition, entry);
    offset = entry->last_offset + 1;
  }
}

/* All of it or nothing, and as it was told. */
static void judge_visible(struct sim_world *world, int32_t index, int32_t sent, int32_t visible) {
  const struct sim_txn *txn = &world->txns[index];
  if (visible != 0 && visible != sent) {
    sim_violate(world, "S1: transaction %d of client %d: %d of %d records are visible", (int)index, (int)txn->client, (int)visible,
                (int)sent);
  }
  if (txn->outcome == KTXN_OUTCOME_COMMITTED && visible != sent) {
    sim_violate(world, "S2: transaction %d of client %d was told committed, and %d of %d records are visible", (int)index,
                (int)txn->client, (int)visible, (int)sent);
  }
  if (txn->told_not && visible > 0) {
    sim_violate(world, "S3: transaction %d of client %d was told not committed, and is visible", (int)index, (int)txn->client);
  }
  if (!txn->commit_asked && visible > 0) {
    sim_violate(world, "S3: transaction %d is visible, and nobody has committed it", (int)index);
  }
}

/* Its offsets have its verdict. */
static void judge_offset(struct sim_world *world, int32_t index, int32_t sent, int32_t visible) {
  const struct sim_txn *txn = &world->txns[index];
  bool shown = txn->offset_seen >= 0;
  bool settled = txn->offset_done && (txn->outcome == KTXN_OUTCOME_COMMITTED || visible > 0);
  if (shown && (txn->told_not || !txn->commit_asked)) {
    sim_violate(world, "S3: offset %lld of transaction %d is committed, and that is not", (long long)txn->offset_seen, (int)index);
  }
  if (shown && sent > 0 && visible == 0) {
    sim_violate(world, "S1: offset %lld of transaction %d is committed, and its records are not visible", (long long)txn->offset_seen,
                (int)index);
  }
  if (settled && txn->offset_seen != txn->offset) {
    sim_violate(world, "S1: transaction %d is committed, and of its offset %lld the group has got %lld", (int)index,
                (long long)txn->offset, (long long)txn->offset_seen);
  }
}

static void judge(struct sim_world *world, int32_t index) {
  const struct sim_txn *txn = &world->txns[index];
  int32_t sent = 0, visible = 0;
  for (int32_t i = 0; i < world->options.partitions; i++) {
    sent += txn->accepted[i];
    visible += txn->visible[i];
    if (txn->visible[i] > txn->accepted[i]) {
      sim_violate(world, "S2: transaction %d: more visible than sent in partition %d", (int)index, (int)i);
    }
  }
  if (txn->unswept && txn->late != 0) {
    world->stats->limits += visible > 0;
  } else {
    judge_visible(world, index, sent, visible);
    if (!world->loose[txn->id]) {
      judge_offset(world, index, sent, visible);
    }
  }
  world->stats->committed += txn->outcome == KTXN_OUTCOME_COMMITTED;
  world->stats->aborted += txn->outcome == KTXN_OUTCOME_NOT_COMMITTED;
  world->stats->in_doubt += txn->outcome == KTXN_OUTCOME_IN_DOUBT;
  world->stats->unknown += txn->outcome == KTXN_OUTCOME_NONE;
}

/* Offsets have the verdict of their transaction: the group stands at the offset of the last visible one (S1). Transactions
 * without records say nothing about which they are, so they may have moved it further. */
static void judge_offsets(struct sim_world *world, int32_t id) {
  struct ktxn__model_offset_look look;
  char group[16] = {'i', 'd', '-', (char)('0' + id), '\0'};
  int64_t least = -1, most = -1;
  for (int32_t i = 0; i < world->txn_count; i++) {
    const struct sim_txn *txn = &world->txns[i];
    if (txn->id != id || txn->offset < 0) {
      continue;
    }
    bool surely = txn->outcome == KTXN_OUTCOME_COMMITTED && txn->offset_done;
    bool never = txn->outcome == KTXN_OUTCOME_NOT_COMMITTED || !txn->commit_asked;
    least = surely && txn->offset > least ? txn->offset : least;
    most = !never && txn->offset > most ? txn->offset : most;
  }
  if (!ktxn__model_offset_look(world->model, ktxn__str(group), sim_topic(0), 0, &look)) {
    look = (struct ktxn__model_offset_look){-1, false};
  }
  if (look.pending && world->loose[id]) {
    world->stats->limits++;
  } else if (look.pending) {
    sim_violate(world, "liveness: an offset of %s is still pending", group);
  }
  if (look.offset < least || look.offset > most) {
    sim_violate(world, "S1: group %s stands at %lld, between %lld and %lld it should", group, (long long)look.offset,
                (long long)least, (long long)most);
  }
}

void sim_oracle_judge(struct sim_world *world) {
  if (world->options.hostile > 0) {
    return;
  }
  for (int32_t i = 0; i < world->options.partitions; i++) {
    read_log(world, i);
  }
  for (int32_t i = 0; i < world->txn_count; i++) {
    judge(world, i);
  }
  for (int32_t id = 0; id < world->options.ids; id++) {
    judge_offsets(world, id);
  }
  if (!ktxn__model_check(world->model)) {
    sim_violate(world, "S12: the model broke a promise of its own");
  }
}
