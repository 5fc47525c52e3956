#include <stdio.h>
#include <string.h>

#include "tests/sim/places.h"
#include "tests/sim/world.h"

/*
 * The application of one incarnation: transactions one after another, each error answered as its class says. It remembers
 * what it did and what it was told; the oracle compares that with the logs.
 */

#define HOSTILE_PATIENCE_US INT64_C(60000000)

static bool chance(struct sim_client *client, uint32_t per_million) {
  return sim_chance(&client->world->choices, SIM_APP, per_million);
}

static struct sim_txn *txn_of(struct sim_client *client) { return &client->world->txns[client->txn]; }

/* ---- operations ------------------------------------------------------------------------------------------------------ */

static void op_done(struct ktxn__op *op) {
  struct sim_client *client = op->owner;
  client->op_done = true;
  client->woken = true;
}

static void flush_done(struct ktxn__op *op) {
  struct sim_client *client = op->owner;
  client->flush_pending = false;
  client->woken = true;
}

static void submit(struct sim_client *client, enum ktxn__op_type type) {
  client->op = (struct ktxn__op){.type = type, .done = op_done, .owner = client, .deadline_us = sim_client_now(client) + 30000000};
  if (type == KTXN__OP_OFFSETS) {
    client->op.offsets = &client->offset;
    client->op.offset_count = 1;
    client->op.group = &client->group;
  }
  client->op_pending = true;
  client->op_done = false;
  ktxn__sender_submit(client->sender, &client->op, sim_client_now(client));
  client->woken = true;
}

static bool op_ended(struct sim_client *client) {
  if (!client->op_pending || !client->op_done) {
    return false;
  }
  client->op_pending = false;
  return true;
}

/* ---- what it was told ------------------------------------------------------------------------------------------------ */

static void told(struct sim_client *client, enum ktxn_outcome outcome) {
  struct sim_txn *txn = txn_of(client);
  bool settled = txn->outcome == KTXN_OUTCOME_COMMITTED || txn->outcome == KTXN_OUTCOME_NOT_COMMITTED;
  if (outcome == KTXN_OUTCOME_NONE) {
    return;
  }
  /* Protocol 1: what was given up and not swept yet may still be shown by a successor that fences us before the sweep. */
  bool unswept = txn->outcome == KTXN_OUTCOME_NOT_COMMITTED && outcome == KTXN_OUTCOME_IN_DOUBT &&
                 client->step == SIM_STEP_ABORT &&
                 (client->world->options.level < 2 || client->world->options.level_change > 0);
  txn->told_not = txn->told_not || outcome == KTXN_OUTCOME_NOT_COMMITTED;
  client->world->stats->limits += unswept;
  if (settled && txn->outcome != outcome && !unswept) {
    sim_violate(client->world, "S5: transaction %d was told %d, then %d", client->txn, txn->outcome, outcome);
  }
  txn->outcome = outcome;
  txn->told_us = client->world->now_us;
  sim_tell(client->world, "client %d: transaction %d (ordinal %lld): outcome %d", (int)client->index, (int)client->txn,
           (long long)txn->ordinal, outcome);
}

/* Work does not come all at once: what a transaction registers, it registers over time, and an epoch may last for longer than the
 * broker's timeout. */
static void pause(struct sim_client *client) {
  struct sim_world *world = client->world;
  if (!world->healed && chance(client, world->options.pauses)) {
    sim_places_fault(SIM_FAULT_PAUSE);
    client->rest_us = world->now_us + sim_span(&world->choices, SIM_APP, 1000, world->options.pause_us);
  }
}

static void finish_txn(struct sim_client *client) {
  client->txn = -1;
  client->left--;
  if (!client->last) {
    client->world->ids_left[client->id]--;
  }
  client->step = client->left > 0 ? SIM_STEP_BEGIN : SIM_STEP_CLOSE;
  pause(client);
}

static void on_fatal(struct sim_client *client, const ktxn_error *error) {
  sim_tell(client->world, "client %d: fatal %d %s", (int)client->index, error->code, error->message);
  client->world->stats->fatal++;
  sim_needless_end(client->world, client->index, error);
  if (client->txn >= 0) {
    told(client, error->outcome);
    if (txn_of(client)->outcome == KTXN_OUTCOME_IN_DOUBT) {
      sim_client_note_unswept(client->world, client);
    }
  }
  client->step = SIM_STEP_CLOSE;
}

/* What an error means is its class's to say. */
static void on_error(struct sim_client *client, const ktxn_error *error) {
  sim_tell(client->world, "client %d: error %d class %d: %s", (int)client->index, error->code, error->error_class, error->message);
  if (error->fatal || error->error_class == KTXN_CLASS_RECREATE) {
    on_fatal(client, error);
  } else if (error->error_class == KTXN_CLASS_ABORT && client->txn >= 0) {
    if (error->code == KTXN_E_ABORTED_BY_BROKER) {
      sim_timed_out(client->world, client);
    }
    client->step = SIM_STEP_ABORT;
  } else if (error->error_class == KTXN_CLASS_USAGE) {
    sim_violate(client->world, "contract: client %d got USAGE: %s", (int)client->index, error->message);
  } else if (error->error_class == KTXN_CLASS_CONFIG && client->txn >= 0) {
    client->step = SIM_STEP_ABORT;
  } else {
    client->rest_us = client->world->now_us + 20000;
  }
}

/* ---- steps: true = something was done, look again -------------------------------------------------------------------- */

static bool step_init(struct sim_client *client) {
  if (!client->op_pending) {
    submit(client, KTXN__OP_INIT);
    return true;
  }
  if (!op_ended(client)) {
    return false;
  }
  if (client->op.error.code != 0) {
    on_error(client, &client->op.error);
    return client->step != SIM_STEP_INIT;
  }
  ktxn_identity identity;
  ktxn__sender_identity(client->sender, &identity);
  client->seniority = sim_seniority(client->world, identity.producer_id, identity.producer_epoch);
  client->ready_us = client->world->now_us;
  client->step = client->left > 0 ? SIM_STEP_BEGIN : SIM_STEP_CLOSE;
  return true;
}

static bool step_begin(struct sim_client *client) {
  struct sim_world *world = client->world;
  ktxn_error error = {0};
  if (world->txn_count == SIM_TXNS) {
    client->step = SIM_STEP_CLOSE;
    return true;
  }
  if (ktxn__accumulator_begin(client->acc, &error) != 0) {
    on_error(client, &error);
    return client->step != SIM_STEP_BEGIN;
  }
  client->txn = world->txn_count++;
  struct sim_txn *txn = txn_of(client);
  memset(txn, 0, sizeof *txn);
  ktxn__accumulator_gate(client->acc, &txn->ordinal, NULL);
  client->ordinal = txn->ordinal;
  txn->client = client->index;
  txn->id = client->id;
  txn->began_us = client->world->now_us;
  txn->began_jumped_us = client->jumped_us;
  txn->asked_us = -1;
  txn->offset = -1;
  txn->offset_seen = -1;
  client->to_send = (int32_t)sim_choose(&world->choices, SIM_APP, (uint32_t)world->options.records + 1);
  client->to_send = client->last && client->to_send == 0 ? 1 : client->to_send;
  client->want_offsets = chance(client, world->options.offsets);
  client->want_abort = !client->last && chance(client, world->options.aborts);
  client->want_flush = chance(client, world->options.flushes);
  client->step = SIM_STEP_SEND;
  client->blocked = false;
  client->wait_us = 0;
  return true;
}

static void on_delivery(const ktxn_delivery *delivery, void *opaque) {
  uint8_t *count = opaque;
  (void)delivery;
  if (*count < 255) {
    (*count)++;
  }
}

/* One callback for each record: counted in a byte of its own. */
static uint8_t callback_counts[SIM_TXNS][SIM_RECORDS_MAX];

static enum ktxn__append append(struct sim_client *client, int32_t partition, ktxn_error *error) {
  struct sim_txn *txn = txn_of(client);
  struct sim_value value = {SIM_MAGIC, (uint32_t)client->index, (uint32_t)txn->ordinal, (uint32_t)txn->accepted[partition],
                            (uint32_t)partition, (uint32_t)client->txn};
  ktxn_record record = KTXN_RECORD_INIT;
  record.topic = "topic";
  record.partition = partition;
  record.value = &value;
  record.value_size = sizeof value;
  uint8_t *count = &callback_counts[client->txn][txn_of(client)->sent];
  *count = 0;
  return ktxn__accumulator_append(client->acc, &record, on_delivery, count, error);
}

static void after_send(struct sim_client *client) {
  client->step = client->want_offsets ? SIM_STEP_OFFSETS : client->want_flush ? SIM_STEP_FLUSH : SIM_STEP_THINK;
  client->think_us = client->world->now_us + sim_span(&client->world->choices, SIM_APP, 0, 20000);
  /* Now and then for longer than the broker waits. */
  if (!client->world->healed && chance(client, client->world->options.oversleep)) {
    client->think_us += client->world->options.transaction_timeout_ms * 1500;
  }
}

static bool step_send(struct sim_client *client) {
  ktxn_error error = {0};
  if (client->to_send == 0) {
    after_send(client);
    return true;
  }
  if (client->blocked && client->world->now_us < client->wait_us) {
    return false;
  }
  int32_t partition = (int32_t)sim_choose(&client->world->choices, SIM_APP, (uint32_t)client->world->options.partitions);
  switch (append(client, partition, &error)) {
    case KTXN__APPEND_DONE:
      txn_of(client)->accepted[partition]++;
      txn_of(client)->sent++;
      client->to_send--;
      client->wait_us = 0;
      pause(client);
      return true;
    case KTXN__APPEND_REFUSED:
      on_error(client, &error);
      return client->step != SIM_STEP_SEND;
    default:
      client->blocked = true;
      break;
  }
  /* No metadata or no room: as a call with max.block.ms it gives up after a while, which fails the transaction. */
  int64_t now_us = client->world->now_us;
  if (client->wait_us == 0 || client->wait_us < now_us - 60000000) {
    client->wait_us = now_us + 60000000;
  } else if (client->wait_us <= now_us) {
    error = (ktxn_error){.code = KTXN_E_METADATA_TIMED_OUT, .error_class = KTXN_CLASS_CONFIG};
    ktxn__accumulator_fail(client->acc, &error);
    client->step = SIM_STEP_ABORT;
    return true;
  }
  return false;
}

/* No two transactions send the same. */
static int64_t next_offset(struct sim_client *client) {
  struct sim_world *world = client->world;
  int64_t offset = ++world->next_offset[client->id];
  if (offset >= SIM_OFFSETS) {
    sim_violate(world, "resources: more than %d offsets in a run", SIM_OFFSETS);
    return SIM_OFFSETS - 1;
  }
  world->offset_txn[client->id][offset] = client->txn;
  return offset;
}

static bool step_offsets(struct sim_client *client) {
  struct sim_world *world = client->world;
  struct sim_txn *txn = txn_of(client);
  if (!client->op_pending) {
    bool other = txn->offset < 0 || sim_choose(&world->choices, SIM_APP, 2) == 1;
    txn->offset = other ? next_offset(client) : txn->offset;
    txn->offset_done = false;
    client->offset = (ktxn_offset){.topic = "topic", .partition = 0, .offset = txn->offset, .leader_epoch = -1};
    client->group = (ktxn_group){.group_id = client->tid, .generation = -1};
    submit(client, KTXN__OP_OFFSETS);
    return true;
  }
  if (!op_ended(client)) {
    return false;
  }
  if (client->op.error.code != 0) {
    on_error(client, &client->op.error);
    return client->step != SIM_STEP_OFFSETS;
  }
  txn->offset_done = true;
  if (chance(client, world->options.again)) {
    return true;
  }
  client->step = client->want_flush ? SIM_STEP_FLUSH : SIM_STEP_THINK;
  return true;
}

static bool step_flush(struct sim_client *client) {
  if (!client->flush_pending) {
    client->flush = (struct ktxn__op){.type = KTXN__OP_FLUSH, .done = flush_done, .owner = client};
    client->flush_pending = true;
    ktxn__sender_submit(client->sender, &client->flush, sim_client_now(client));
    client->woken = true;
  }
  client->step = SIM_STEP_THINK;
  return true;
}

static bool step_think(struct sim_client *client) {
  if (client->world->now_us < client->think_us) {
    return false;
  }
  client->step = client->want_abort ? SIM_STEP_ABORT : SIM_STEP_END;
  return true;
}

static bool end_op(struct sim_client *client, bool commit) {
  ktxn_error error = {0};
  if (ktxn__accumulator_end(client->acc, commit, &error) != 0) {
    on_error(client, &error);
    return client->step != (commit ? SIM_STEP_END : SIM_STEP_ABORT);
  }
  txn_of(client)->ending = txn_of(client)->ending || !commit;
  submit(client, commit ? KTXN__OP_COMMIT : KTXN__OP_ABORT);
  return true;
}

static void serve_callbacks(struct sim_client *client) {
  struct ktxn__delivery *delivery = ktxn__accumulator_delivery(client->acc);
  while (ktxn__delivery_pending(delivery)) {
    ktxn__delivery_serve(delivery, 64);
  }
}

static void check_counts(struct sim_world *world, int32_t index) {
  for (int32_t i = 0; i < world->txns[index].sent; i++) {
    if (callback_counts[index][i] != 1) {
      sim_violate(world, "S10: record %d of transaction %d: %d callbacks", (int)i, (int)index, callback_counts[index][i]);
    }
  }
}

/* Each callback has run by the time that the end of a transaction is told (S10). */
static void check_callbacks(struct sim_client *client) {
  serve_callbacks(client);
  check_counts(client->world, client->txn);
}

/* And those of all others when the close has returned. */
static void check_all_callbacks(struct sim_client *client) {
  serve_callbacks(client);
  for (int32_t i = 0; i < client->world->txn_count; i++) {
    if (client->world->txns[i].client == client->index) {
      check_counts(client->world, i);
    }
  }
}

static bool step_end(struct sim_client *client, bool commit) {
  if (!client->op_pending) {
    struct sim_txn *txn = txn_of(client);
    txn->commit_asked = txn->commit_asked || commit;
    return end_op(client, commit);
  }
  if (!op_ended(client)) {
    return false;
  }
  const ktxn_error *error = &client->op.error;
  told(client, error->outcome);
  if (error->code != 0) {
    on_error(client, error);
    return client->step != (commit ? SIM_STEP_END : SIM_STEP_ABORT);
  }
  if (error->outcome != (commit ? KTXN_OUTCOME_COMMITTED : KTXN_OUTCOME_NOT_COMMITTED)) {
    sim_violate(client->world, "contract: transaction %d ended well with outcome %d", (int)client->txn, error->outcome);
  }
  check_callbacks(client);
  client->world->stats->transactions++;
  if (client->last) {
    client->world->proved[client->id] = true;
  }
  finish_txn(client);
  if (!client->last && !client->world->healed && chance(client, client->world->options.restarts)) {
    sim_tell(client->world, "client %d ends here", (int)client->index);
    client->step = SIM_STEP_OVER;
  }
  return true;
}

static bool step_close(struct sim_client *client) {
  if (!client->op_pending) {
    ktxn__accumulator_close(client->acc);
    submit(client, KTXN__OP_CLOSE);
    return true;
  }
  if (!op_ended(client)) {
    return false;
  }
  check_all_callbacks(client);
  if (client->op.error.code != 0 && client->world->sweep.on) {
    sim_needless_end(client->world, client->index, &client->op.error);
  }
  if (client->flush_pending) {
    sim_violate(client->world, "S10: a flush of client %d has never ended", (int)client->index);
  }
  client->step = SIM_STEP_OVER;
  return true;
}

static int64_t patience_end(const struct sim_client *client) {
  const struct sim_world *world = client->world;
  bool closing = client->step == SIM_STEP_CLOSE && client->op_pending; /* that has a deadline of its own */
  bool patient = world->options.hostile == 0 || !world->healed || client->last || client->forced || closing;
  return patient ? INT64_MAX : world->healed_us + HOSTILE_PATIENCE_US;
}

static void force_done(struct ktxn__op *op) {
  struct sim_client *client = op->owner;
  client->forced_done = true;
  client->woken = true;
}

/* A hostile cluster may have made it believe anything, such as an epoch that is still to come, and then it waits for nodes that
 * know of it. Its application gives up: a close with a deadline ends whatever is under way. */
static void close_misled(struct sim_client *client) {
  if (client->step != SIM_STEP_OVER && client->world->now_us >= patience_end(client)) {
    client->forced = true;
    ktxn__accumulator_close(client->acc);
    client->force = (struct ktxn__op){
        .type = KTXN__OP_CLOSE, .done = force_done, .owner = client, .deadline_us = sim_client_now(client) + 5000000};
    ktxn__sender_submit(client->sender, &client->force, sim_client_now(client));
    client->woken = true;
  }
  if (!client->forced_done) {
    return;
  }
  if ((client->op_pending && !client->op_done) || client->flush_pending) {
    sim_violate(client->world, "liveness: a call of client %d has not ended with its close", (int)client->index);
  }
  client->step = SIM_STEP_OVER;
}

static bool step(struct sim_client *client) {
  if (client->forced || client->world->now_us < client->rest_us) {
    return false;
  }
  switch (client->step) {
    case SIM_STEP_INIT:
      return step_init(client);
    case SIM_STEP_BEGIN:
      return step_begin(client);
    case SIM_STEP_SEND:
      return step_send(client);
    case SIM_STEP_OFFSETS:
      return step_offsets(client);
    case SIM_STEP_FLUSH:
      return step_flush(client);
    case SIM_STEP_THINK:
      return step_think(client);
    case SIM_STEP_END:
      return step_end(client, true);
    case SIM_STEP_ABORT:
      return step_end(client, false);
    case SIM_STEP_CLOSE:
      return step_close(client);
    default:
      return false;
  }
}

/* Its work is not done: another incarnation goes on. */
static void succeed(struct sim_world *world, int32_t id, bool last) {
  if (world->owner[id] >= 0 && world->clients[world->owner[id]].alive) {
    return;
  }
  if (last || world->ids_left[id] > 0) {
    sim_client_start(world, id, last);
  }
}

void sim_app_step(struct sim_client *client) {
  struct sim_world *world = client->world;
  serve_callbacks(client);
  close_misled(client);
  while (step(client)) {
  }
  if (client->step == SIM_STEP_OVER) {
    int32_t id = client->id;
    bool again = client->last && !world->proved[id];
    sim_client_kill(world, client->index);
    succeed(world, id, again);
  }
}

void sim_app_start(struct sim_client *client, bool last) {
  client->step = SIM_STEP_INIT;
  client->last = last;
  client->left = last ? 1 : client->world->ids_left[client->id];
}

int64_t sim_app_deadline(const struct sim_client *client) {
  int64_t patience_us = patience_end(client);
  if (client->step == SIM_STEP_THINK) {
    return client->think_us < patience_us ? client->think_us : patience_us;
  }
  int64_t at_us = client->wait_us > client->rest_us ? client->wait_us : client->rest_us;
  at_us = at_us > client->world->now_us ? at_us : INT64_MAX;
  return at_us < patience_us ? at_us : patience_us;
}
