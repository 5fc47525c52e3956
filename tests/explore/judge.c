#include <stdarg.h>
#include <stdio.h>

#include "explore/world.h"

/* What must hold, whatever the order of events. Rules in words: docs/TRANSACTIONS.md, txn/README.md. */

enum breach judge_breach;
char judge_text[256];

void judge(enum breach breach, const char *format, ...) {
  if (judge_breach != BREACH_NONE) return;
  va_list args;
  va_start(args, format);
  vsnprintf(judge_text, sizeof judge_text, format, args);
  va_end(args);
  judge_breach = breach;
}

const char *judge_name(enum breach breach) {
  static const char *const names[] = {"nothing", "wrong outcome", "harm", "dead end", "needless end", "broken"};
  return names[breach];
}

/* Harm that a documented limit explains is no breach; a wrong outcome always is. */
static bool excused(const struct world *world) { return (world->limits & (LIMIT_LATE_INIT | LIMIT_GAP)) != 0; }

static void harm(const struct world *world, const char *text, int ordinal) {
  if (!excused(world)) judge(BREACH_HARM, "%s (transaction %d)", text, ordinal);
}

/* ---- what the client sends ---------------------------------------------------------------------------------------- */

static bool batches_left(const struct world *world) {
  bool left = (world->queued | world->waiting) != 0;
  for (int i = 0; i < PARTS; i++) left = left || (world->batches[i].used && world->batches[i].ordinal == world->ordinal);
  return left;
}

void judge_request(const struct state *state, const struct message *m) {
  const struct world *world = &state->world;
  bool ends = m->api == KTXN__TXN_API_END && m->purpose == KTXN__TXN_FOR_TRANSACTION;
  if (ends && batches_left(world)) judge(BREACH_WRONG, "EndTxn leaves before every batch has ended");
  if (m->pid == NO_PID && m->api != KTXN__TXN_API_INIT && m->api != KTXN__TXN_API_FIND_TXN)
    judge(BREACH_BROKEN, "a request without a producer id");
  bool registers = m->api == KTXN__TXN_API_ADD_PARTITIONS && m->purpose == KTXN__TXN_FOR_TRANSACTION;
  if (registers && m->epoch >= KTXN__TXN_EPOCH_LAST)
    judge(BREACH_HARM, "a transaction at epoch %d, which could be neither fenced nor timed out", m->epoch);
}

/* Without a hole, from 0 in each epoch, and an epoch never goes back. */
void judge_stamp(struct state *state, uint8_t part, const struct ktxn__txn_stamp *stamp) {
  struct world *world = &state->world;
  bool same_pid = world->used_pid[part] == stamp->producer_id + 1;
  bool same = same_pid && world->used_epoch[part] == stamp->producer_epoch;
  if (same_pid && stamp->producer_epoch < world->used_epoch[part]) judge(BREACH_BROKEN, "an epoch went back");
  if (!same && stamp->base_sequence != 0)
    judge(BREACH_BROKEN, "the first sequence of an epoch is %d", stamp->base_sequence);
  if (same && stamp->base_sequence > world->used_sequence[part] + 1) judge(BREACH_BROKEN, "a hole in the sequences");
  world->used_pid[part] = (uint8_t)(stamp->producer_id + 1);
  world->used_epoch[part] = stamp->producer_epoch;
  world->used_sequence[part] = (int16_t)stamp->base_sequence;
}

/* ---- what the application is told ---------------------------------------------------------------------------------- */

static void committed(const struct state *state) {
  const struct world *world = &state->world;
  uint8_t t = world->ordinal;
  if (world->decision[t] != COMMITTED) {
    judge(BREACH_WRONG, "transaction %d is reported as committed, and is not", t);
    return;
  }
  if (world->sent & ~world->acked) judge(BREACH_WRONG, "transaction %d is committed without one of its records", t);
  for (int part = 0; part < PARTS; part++) {
    if (!(world->sent & (1u << part)) || (world->gone & (1u << part))) continue;
    uint8_t held = world->logs[part].committed;
    for (int pid = 0; pid < PIDS; pid++) held |= world->logs[part].producers[pid].open;
    if (!(held & TAG(t))) judge(BREACH_WRONG, "transaction %d is committed and its record in partition %d is not there", t, part);
  }
}

static void not_committed(const struct world *world, uint8_t t) {
  if (world->decision[t] == COMMITTED) judge(BREACH_WRONG, "transaction %d is reported as not committed, and is", t);
  for (int part = 0; part < PARTS; part++)
    if (world->logs[part].committed & TAG(t))
      judge(BREACH_WRONG, "transaction %d is reported as not committed, and its record in partition %d is visible", t, part);
}

static bool proven(const struct state *state) {
  const struct world *world = &state->world;
  const struct ktxn__txn *txn = manager_of(state);
  if (world->looked_pid != txn->producer_id || world->looked_epoch != txn->producer_epoch + 1) return false;
  return world->looked == KTXN__TXN_LOOK_EMPTY || world->looked == KTXN__TXN_LOOK_PREPARE_COMMIT ||
         world->looked == KTXN__TXN_LOOK_COMPLETE_COMMIT;
}

static void in_doubt(const struct state *state) {
  const struct world *world = &state->world;
  uint8_t t = world->ordinal;
  bool swept = manager_of(state)->held && (world->limits & LIMIT_SUCCESSOR) != 0;
  if (!world->lost_commit[t] && !swept && world->limits == 0)
    judge(BREACH_NEEDLESS, "transaction %d is reported as in doubt without need", t);
  if (manager_of(state)->mode == 1 && world->lost_commit[t] && proven(state))
    judge(BREACH_NEEDLESS, "transaction %d is reported as in doubt, and the look proved that it is committed", t);
}

void judge_report(struct state *state, const struct ktxn__txn_report *report) {
  struct world *world = &state->world;
  static const char *const ops[] = {"none", "init", "offsets", "commit", "abort"};
  static const char *const outcomes[] = {"none", "committed", "not committed", "in doubt"};
  uint8_t t = world->ordinal;
  tell("      reports of transaction %d: %s %s (error %d%s)\n", t, ops[report->op], outcomes[report->outcome],
       report->error.code, report->fatal ? ", fatal" : "");
  if (report->op != KTXN__TXN_OP_COMMIT && report->op != KTXN__TXN_OP_ABORT) return;
  switch (report->outcome) {
    case KTXN_OUTCOME_COMMITTED:
      world->reported[t] = COMMITTED;
      committed(state);
      return;
    case KTXN_OUTCOME_NOT_COMMITTED:
      world->refused[t] = true;
      /* After a refused commit the abort has the last word. */
      if (report->op == KTXN__TXN_OP_ABORT || report->fatal) world->reported[t] = NOT_COMMITTED;
      not_committed(world, t);
      return;
    default:
      world->reported[t] = IN_DOUBT;
      in_doubt(state);
      return;
  }
}

/* ---- what happens at the brokers ----------------------------------------------------------------------------------- */

/* A transaction has been ended at the coordinator, by whoever. */
void judge_ended(struct state *state, uint8_t owners, bool commit) {
  struct world *world = &state->world;
  for (uint8_t t = 1; t <= TXNS_MAX; t++) {
    if (!(owners & TAG(t))) continue;
    if (commit && world->refused[t])
      judge(BREACH_WRONG, "transaction %d was reported as not committed, and is committed now", t);
    if (world->decision[t] == NO_OUTCOME) world->decision[t] = commit ? COMMITTED : NOT_COMMITTED;
  }
  if (owners & TAG_SUCCESSOR) world->decision[0] = commit ? COMMITTED : NOT_COMMITTED;
}

static void registered(struct state *state, const struct message *m, const struct reply *reply) {
  struct world *world = &state->world;
  uint8_t others = world->truth.owners & (uint8_t)~m->who;
  bool ours = m->who != TAG_SUCCESSOR;
  if (ours && others != 0) harm(world, "registers into a transaction that is not its own", m->ordinal);
  if (m->late && reply->appended && world->registered > m->ordinal)
    harm(world, "a late registration was taken after the next transaction had registered", m->ordinal);
  if (!m->late && (m->who == TAG(m->ordinal)) && m->ordinal > world->registered) world->registered = m->ordinal;
  if (ours && !m->late && reply->appended && (world->limits & LIMIT_EARLY_FENCE) && world->saw_fence)
    harm(world, "goes on although a successor's init had fenced it: the two would starve each other", m->ordinal);
}

/* Not a record of that transaction is anywhere. */
static bool unwritten(const struct world *world, uint8_t t) {
  bool written = false;
  for (int part = 0; part < PARTS; part++) {
    written = written || (world->batches[part].used && world->batches[part].ordinal == t);
    written = written || (world->logs[part].committed & TAG(t)) != 0;
    for (int pid = 0; pid < PIDS; pid++) written = written || (world->logs[part].producers[pid].open & TAG(t)) != 0;
  }
  for (int i = 0; i < LATE_MAX; i++)
    written = written || (world->late[i].used && world->late[i].api == KTXN__TXN_API_PRODUCE && world->late[i].ordinal == t);
  return !written;
}

/* The end of what is owed has met a registration of the transaction that is open now: one that had no answer, so that nothing could be
 * written yet. It is registered again at another epoch, as if it had not been. A copy of that end is as good, while it is still owed. */
static uint8_t withdrawn(const struct state *state, const struct message *m) {
  const struct world *world = &state->world;
  uint8_t t = world->ordinal;
  bool owed = manager_of(state)->debt != KTXN__TXN_DEBT_NONE && m->epoch == manager_of(state)->producer_epoch;
  bool may = m->purpose == KTXN__TXN_FOR_DEBT && (!m->late || owed) && t > 0 && world->reported[t] == NO_OUTCOME;
  return (uint8_t)(may && !manager_of(state)->acked && unwritten(world, t) ? TAG(t) : 0);
}

static void ended(struct state *state, const struct message *m, const struct reply *reply) {
  struct world *world = &state->world;
  uint8_t others = reply->ended & (uint8_t)~(m->who | withdrawn(state, m));
  if (others != 0 && reply->committed)
    judge(BREACH_WRONG, "EndTxn(commit) of transaction %d commits another transaction", m->ordinal);
  else if (others != 0)
    harm(world, "EndTxn(abort) aborts another transaction", m->ordinal);
}

static void initialized(struct state *state, const struct message *m, const struct reply *reply) {
  struct world *world = &state->world;
  if (m->pid == NO_PID || !(reply->appended || reply->fenced)) return;
  if (m->late) {
    world->limits |= LIMIT_LATE_INIT;
  } else if (world->look_age == LOOK_OLD || scope.no_look) {
    world->limits |= LIMIT_GAP;
  }
  if (reply->ended & TAG_SUCCESSOR) harm(world, "InitProducerId aborts and fences a live successor", m->ordinal);
}

/* A request of the client has changed what the coordinator holds, or would have. */
void judge_applied(struct state *state, const struct message *m, const struct reply *reply, bool late) {
  (void)late;
  switch (m->api) {
    case KTXN__TXN_API_ADD_PARTITIONS:
      if (reply->code == 0) registered(state, m, reply);
      break;
    case KTXN__TXN_API_END:
      ended(state, m, reply);
      break;
    case KTXN__TXN_API_INIT:
      initialized(state, m, reply);
      break;
    default:
      return;
  }
  uint8_t owners = m->api == KTXN__TXN_API_END ? reply->ended & (uint8_t)~withdrawn(state, m) : reply->ended;
  if (owners != 0) judge_ended(state, owners, reply->committed);
}

/* An answer tells the client of a newer epoch before the broker's timeout can have passed. */
void judge_fence_seen(struct state *state) {
  int64_t registered_us = manager_of(state)->registered_us;
  if (registered_us < 0 || state->now_us - registered_us < timeout_us()) state->world.saw_fence = true;
}

/* The client gets this answer. */
void judge_answer(struct state *state, const struct message *m, const struct reply *reply) {
  struct world *world = &state->world;
  if (m->api == KTXN__TXN_API_DESCRIBE && reply->code == 0) {
    world->looked = reply->look;
    world->looked_pid = reply->pid;
    world->looked_epoch = reply->epoch;
    world->look_age = LOOK_FRESH;
    /* A memory that still holds ours open: nobody has moved it, as far as can be known. */
    if (reply->epoch == m->epoch && reply->look == KTXN__TXN_LOOK_ONGOING) world->saw_fence = false;
    if (reply->epoch > m->epoch) judge_fence_seen(state);
  }
  /* The probe and the sweep's end are as good as a look; the transaction's own end tells nothing of late copies. */
  bool probe = m->purpose == KTXN__TXN_FOR_FENCE || m->purpose == KTXN__TXN_FOR_DEBT;
  if (m->api == KTXN__TXN_API_END && reply->code == 0) world->look_age = probe ? LOOK_FRESH : LOOK_NONE;
  if (m->api == KTXN__TXN_API_INIT && reply->code != 0 && world->look_age == LOOK_OLD) world->limits |= LIMIT_GAP;
  if (m->api == KTXN__TXN_API_INIT && reply->code == 0) world->lost_bump = false;
}

/* Fenced between the abort and its sweep: the abort has not returned, or was told to be in doubt. */
static bool doubtful(const struct world *world, int t) {
  bool told = world->reported[t] == COMMITTED || world->reported[t] == NOT_COMMITTED;
  return !told && (world->limits & LIMIT_SUCCESSOR) != 0;
}

void judge_append(struct state *state, const struct message *m) {
  struct world *world = &state->world;
  const struct partition_log *log = &world->logs[m->part];
  if ((log->committed | log->producers[m->pid].open) & m->who)
    judge(BREACH_WRONG, "the record of transaction %d in partition %d is there twice", m->ordinal, m->part);
  if (!m->late) return;
  if (world->registered > m->ordinal)
    harm(world, "a late batch was taken after the next transaction had registered", m->ordinal);
  if (world->successor >= SUCCESSOR_WRITES && !doubtful(world, m->ordinal))
    harm(world, "a late batch was taken after a successor had taken over", m->ordinal);
}

void judge_marked(struct state *state, uint8_t part, uint8_t tags, bool commit) {
  struct world *world = &state->world;
  for (uint8_t t = 1; t <= TXNS_MAX; t++) {
    if (!(tags & TAG(t)) || doubtful(world, t)) continue;
    if (commit && world->reported[t] == NOT_COMMITTED)
      judge(BREACH_WRONG, "the record of transaction %d, reported as not committed, is visible in partition %d", t, part);
    if (commit && world->decision[t] != COMMITTED)
      judge(BREACH_WRONG, "the record of transaction %d becomes visible with another transaction", t);
    if (!commit && world->decision[t] == COMMITTED)
      judge(BREACH_WRONG, "the record of transaction %d, which is committed, is aborted in partition %d", t, part);
  }
  if ((tags & TAG_SUCCESSOR) && commit != (world->decision[0] == COMMITTED))
    harm(world, "the successor's record is ended otherwise than by the successor", 0);
}

/* ---- every state --------------------------------------------------------------------------------------------------- */

/* FATAL needs a reason that is among the documented limits. */
static void fatal(const struct state *state) {
  const struct world *world = &state->world;
  uint8_t t = world->ordinal;
  if (scope.no_look) return; /* what can't be looked at counts at once */
  uint8_t reasons = world->limits & (LIMIT_SUCCESSOR | LIMIT_LATE_INIT | LIMIT_GAP | LIMIT_RELOAD | LIMIT_REFUSED);
  /* Nobody can tell the broker's timeout from a successor if the registration or, on V1, the end is of unknown fate; or what has
   * acknowledged it is another node than the anchor, which may only remember it, and can't be asked any more. */
  bool v1 = manager_of(state)->mode == 1;
  bool elsewhere = !manager_of(state)->anchored && manager_of(state)->acked_node != manager_of(state)->coordinator;
  bool timed_out = (world->limits & LIMIT_TIMEOUT) &&
                   (!manager_of(state)->acked || (v1 && (world->lost_end[t] || elsewhere)));
  /* And nobody our own end from a successor's, if only a node that is not the anchor has acknowledged anything, when asked again. */
  bool unknown_end = manager_of(state)->mode == 2 && world->lost_end[t] && manager_of(state)->acked_node != KTXN__TXN_NODE_NONE &&
                     manager_of(state)->acked_node != manager_of(state)->anchor;
  bool gone = (world->limits & LIMIT_GONE) && manager_of(state)->error.broker_code == KTXN_E_UNKNOWN_TOPIC_OR_PARTITION;
  if (reasons == 0 && !timed_out && !unknown_end && !gone)
    judge(BREACH_NEEDLESS, "FATAL in transaction %d with error %d, broker's code %d to %s, without need", t,
          manager_of(state)->error.code, manager_of(state)->error.broker_code,
          ktxn__txn_api_name(manager_of(state)->error.api));
}

/* A record of ours without a marker to come blocks every reader. */
static void left_open(const struct state *state) {
  const struct world *world = &state->world;
  const struct ktxn__txn *txn = manager_of(state);
  bool open = world->truth.state == KTXN__TXN_LOOK_ONGOING || coordinator_preparing(&world->truth);
  if (ktxn__txn_owes(txn) || txn->state == KTXN__TXN_FATAL_ERROR || world->limits != 0) return;
  for (int part = 0; part < PARTS; part++) {
    uint8_t tags = 0;
    for (int pid = 0; pid < PIDS; pid++) tags |= world->logs[part].producers[pid].open;
    for (int t = 1; t <= TXNS_MAX; t++)
      if ((tags & TAG(t)) && world->reported[t] != NO_OUTCOME && !(open && world->truth.parts & (1u << part)))
        judge(BREACH_HARM, "a record of transaction %d is left open in partition %d", t, part);
  }
}

void judge_state(const struct state *state) {
  const char *broken = ktxn__txn_check(manager_of(state));
  if (broken != NULL) judge(BREACH_BROKEN, "%s", broken);
  left_open(state);
  if (ktxn__txn_state(manager_of(state)) == KTXN__TXN_FATAL_ERROR && !state->world.fatal) fatal(state);
}
