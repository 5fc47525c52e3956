#include "explore/world.h"

/*
 * The transaction coordinator, as Kafka's TransactionCoordinator and TransactionMetadata answer (KIP-98, KIP-360,
 * KIP-588, KIP-890). An append is atomic here: the 51 while one is in progress is what Prepare answers anyway.
 */

static bool complete(const struct coordinator *c) {
  return c->state == KTXN__TXN_LOOK_EMPTY || c->state == KTXN__TXN_LOOK_COMPLETE_COMMIT ||
         c->state == KTXN__TXN_LOOK_COMPLETE_ABORT;
}

bool coordinator_preparing(const struct coordinator *c) {
  return c->state == KTXN__TXN_LOOK_PREPARE_COMMIT || c->state == KTXN__TXN_LOOK_PREPARE_ABORT;
}

void coordinator_complete(struct coordinator *c) {
  c->state = c->state == KTXN__TXN_LOOK_PREPARE_COMMIT ? KTXN__TXN_LOOK_COMPLETE_COMMIT : KTXN__TXN_LOOK_COMPLETE_ABORT;
  c->parts = 0;
  c->owners = 0;
  c->old = false;
}

static void prepare(struct coordinator *c, bool commit, struct reply *reply) {
  reply->appended = true;
  reply->ended = c->owners;
  reply->committed = commit;
  c->state = commit ? KTXN__TXN_LOOK_PREPARE_COMMIT : KTXN__TXN_LOOK_PREPARE_ABORT;
  c->unmarked = c->parts;
  if (c->unmarked == 0) coordinator_complete(c);
}

/* The next epoch, so that what is under way at this one is refused; it is given to nobody. */
static void fence(struct coordinator *c, struct reply *reply) {
  if (c->epoch < INT16_MAX) c->epoch++;
  c->last_epoch = -1;
  reply->fenced = true;
  prepare(c, false, reply);
}

void coordinator_time_out(struct coordinator *c, struct reply *reply) { fence(c, reply); }

static void identity(const struct coordinator *c, struct reply *reply) {
  reply->pid = c->pid;
  reply->epoch = c->epoch;
}

static int16_t give_epoch(struct coordinator *c, const struct message *m, struct reply *reply) {
  bool first = m->pid == NO_PID;
  if (c->epoch >= KTXN__TXN_EPOCH_LAST && (first || m->epoch == c->epoch)) {
    c->pid++;
    c->last_epoch = first ? -1 : c->epoch;
    c->epoch = 0;
  } else if (first || m->epoch == c->epoch) {
    c->last_epoch = first ? -1 : c->epoch;
    c->epoch++;
  } else if (m->epoch != c->last_epoch) {
    return KTXN_E_PRODUCER_FENCED;
  }
  c->state = KTXN__TXN_LOOK_EMPTY;
  c->parts = 0;
  reply->appended = true;
  identity(c, reply);
  return 0;
}

static int16_t on_init(struct coordinator *c, const struct message *m, struct reply *reply) {
  if (c->blocked) return KTXN_E_CONCURRENT_TRANSACTIONS;
  if (!c->known) { /* a new entry, which needs an append */
    reply->appended = true;
    return 0;
  }
  /* The id before this one is known as long as its last epoch is. */
  bool rotated = m->pid + 1 == c->pid && m->epoch >= KTXN__TXN_EPOCH_LAST;
  if (m->pid != NO_PID && m->pid != c->pid && !rotated) return KTXN_E_PRODUCER_FENCED;
  if (complete(c)) return give_epoch(c, m, reply);
  if (c->state == KTXN__TXN_LOOK_ONGOING) fence(c, reply);
  return KTXN_E_CONCURRENT_TRANSACTIONS;
}

static int16_t on_add(struct coordinator *c, const struct message *m, uint8_t gone, struct reply *reply) {
  if (m->parts & gone) {
    for (int i = 0; i < PARTS; i++)
      reply->codes[i] = m->parts & gone & (1u << i) ? KTXN_E_UNKNOWN_TOPIC_OR_PARTITION : KTXN_E_OPERATION_NOT_ATTEMPTED;
    return KTXN_E_UNKNOWN_TOPIC_OR_PARTITION;
  }
  if (!c->known || m->pid != c->pid) return KTXN_E_INVALID_PRODUCER_ID_MAPPING;
  if (m->epoch != c->epoch) return KTXN_E_PRODUCER_FENCED;
  if (c->blocked || coordinator_preparing(c)) return KTXN_E_CONCURRENT_TRANSACTIONS;
  bool ongoing = c->state == KTXN__TXN_LOOK_ONGOING;
  /* What an open transaction already holds is acknowledged without an append. */
  reply->appended = !ongoing || (m->parts & ~c->parts) != 0;
  c->owners = (uint8_t)((ongoing ? c->owners : 0) | m->who);
  c->parts = (uint8_t)((ongoing ? c->parts : 0) | m->parts);
  c->old = ongoing && c->old;
  c->state = KTXN__TXN_LOOK_ONGOING;
  return 0;
}

static int16_t end_v1(struct coordinator *c, const struct message *m, struct reply *reply) {
  if (m->epoch != c->epoch) return KTXN_E_PRODUCER_FENCED;
  if (c->blocked) return KTXN_E_CONCURRENT_TRANSACTIONS;
  switch (c->state) {
    case KTXN__TXN_LOOK_ONGOING:
      prepare(c, m->commit, reply);
      return 0;
    case KTXN__TXN_LOOK_COMPLETE_COMMIT:
      return m->commit ? 0 : KTXN_E_INVALID_TXN_STATE;
    case KTXN__TXN_LOOK_COMPLETE_ABORT:
      return m->commit ? KTXN_E_INVALID_TXN_STATE : 0;
    case KTXN__TXN_LOOK_PREPARE_COMMIT:
      return m->commit ? KTXN_E_CONCURRENT_TRANSACTIONS : KTXN_E_INVALID_TXN_STATE;
    case KTXN__TXN_LOOK_PREPARE_ABORT:
      return m->commit ? KTXN_E_INVALID_TXN_STATE : KTXN_E_CONCURRENT_TRANSACTIONS;
    default:
      return KTXN_E_INVALID_TXN_STATE;
  }
}

/* KIP-890: the epoch moves with each end, and with it what a repetition looks like. */
static int16_t end_v2(struct coordinator *c, const struct message *m, struct reply *reply) {
  bool same = m->epoch == c->epoch;
  bool again = !c->blocked && c->epoch == m->epoch + 1;
  bool valid = coordinator_preparing(c) ? again : complete(c) && c->state != KTXN__TXN_LOOK_EMPTY ? again || same : same;
  if (!valid) return KTXN_E_PRODUCER_FENCED;
  if (c->blocked) return KTXN_E_CONCURRENT_TRANSACTIONS;
  bool committed = c->state == KTXN__TXN_LOOK_COMPLETE_COMMIT || c->state == KTXN__TXN_LOOK_PREPARE_COMMIT;
  if (again && committed != m->commit) return KTXN_E_INVALID_TXN_STATE;
  if (again) return coordinator_preparing(c) ? KTXN_E_CONCURRENT_TRANSACTIONS : 0;
  if (c->state != KTXN__TXN_LOOK_ONGOING && m->commit) return KTXN_E_INVALID_TXN_STATE;
  c->last_epoch = c->epoch++;
  prepare(c, m->commit, reply);
  return 0;
}

static int16_t on_end(struct coordinator *c, const struct message *m, struct reply *reply) {
  if (!c->known || m->pid != c->pid) return KTXN_E_INVALID_PRODUCER_ID_MAPPING;
  int16_t code = m->v2 ? end_v2(c, m, reply) : end_v1(c, m, reply);
  identity(c, reply);
  return code;
}

static int16_t on_describe(const struct coordinator *c, struct reply *reply) {
  if (!c->known) return KTXN_E_TRANSACTIONAL_ID_NOT_FOUND;
  reply->look = c->state;
  identity(c, reply);
  return 0;
}

void coordinator_handle(struct coordinator *c, const struct message *m, uint8_t gone, struct reply *reply) {
  *reply = (struct reply){0};
  switch (m->api) {
    case KTXN__TXN_API_INIT:
      reply->code = on_init(c, m, reply);
      return;
    case KTXN__TXN_API_ADD_PARTITIONS:
      reply->code = on_add(c, m, gone, reply);
      for (int i = 0; i < PARTS; i++)
        if (reply->codes[i] == 0) reply->codes[i] = reply->code;
      return;
    case KTXN__TXN_API_END:
      reply->code = on_end(c, m, reply);
      return;
    default:
      reply->code = on_describe(c, reply);
      return;
  }
}
