#ifndef KTXN_ENGINE_SENDER_STATE_H
#define KTXN_ENGINE_SENDER_STATE_H

/*
 * The sender's state, and what its files use of each other. All of it belongs to the I/O thread, but for `mirror`.
 *
 *   sender.c           life, the order of a run, deadlines
 *   sender_gate.c      what the application did to the gate, and what the transaction manager says back to it
 *   sender_ops.c       operations: begin, report, end; flush and close
 *   sender_topics.c    metadata for the accumulator
 *   sender_drain.c     ready batches into Produce requests
 *   sender_produce.c   one Produce request: bytes and answer
 *   sender_txn.c       requests of the transaction manager <-> calls
 *   sender_parts.c     AddPartitionsToTxn, whose answer has codes per partition
 *   sender_offsets.c   TxnOffsetCommit
 *   sender_text.c      errors as sentences
 *   sender_counts.c    metrics
 */

#include "sdk/base/arena.h"
#include "sdk/base/list.h"
#include "sdk/base/mem.h"
#include "sdk/engine/accumulator.h"
#include "sdk/engine/call.h"
#include "sdk/engine/cluster.h"
#include "sdk/engine/counts.h"
#include "sdk/engine/engine.h"
#include "sdk/engine/op.h"
#include "sdk/engine/ports.h"
#include "sdk/engine/sender.h"
#include "txn/txn.h"

struct ktxn__sender_request;

#define KTXN__SENDER_WHO_MAX 160
#define KTXN__SENDER_TROUBLE_MAX 224

/* A topic by the accumulator's index. The accumulator never forgets one, nor do the numbers of its partitions. */
struct ktxn__sender_topic {
  struct ktxn__topic *entry; /* held; NULL = the cluster had no memory for it */
  uint32_t answers;          /* as it was when it was last published to the accumulator */
  uint32_t version;
  uint8_t id[16];            /* the last that was known, all zero = none */
  bool troubled;             /* the accumulator was told why there is no metadata yet */
  int64_t joined;            /* the last transaction that wrote to it */
  uint32_t part;             /* some partition of it in that one */
};

/* The one request of the transaction manager that is under way. */
struct ktxn__sender_txn_call {
  struct ktxn__call call;
  struct ktxn__txn_request request;
  bool active; /* pulled, and its result not fed yet */
  bool held;   /* pulled, but there was no broker to ask yet */
  int64_t held_until_us;
};

/* Offsets that some copy of a TxnOffsetCommit may still write, in this transaction. */
struct ktxn__sender_doubt {
  uint32_t group;
  int32_t partition;
  int64_t offset;
  char *topic;
};

/* Bound: beyond it every further offsets operation of the transaction is refused. */
#define KTXN__SENDER_DOUBTS_MAX 8192u

/* The offsets operation under way. */
struct ktxn__sender_offsets {
  struct ktxn__op *op;
  bool fed;            /* ktxn__txn_send_offsets() has taken it */
  uint32_t group;      /* number of its group */
  uint32_t *order;     /* indices of op->offsets by topic and partition; one block with the next three */
  uint32_t *asked;     /* those in the request that is under way, in its order */
  int16_t *codes;      /* their answers */
  bool *settled;       /* by index: taken by the broker */
  uint32_t asked_count;
  struct ktxn__sender_doubt *doubts;
  uint32_t doubt_count;
  uint32_t doubt_room;
  bool doubts_lost; /* some could not be kept */
};

/* What other threads may ask; under `lock`. */
struct ktxn__sender_mirror {
  void *lock;
  ktxn_identity identity;
  struct {
    int64_t ordinal;
    enum ktxn_outcome outcome;
  } outcomes[KTXN__SENDER_OUTCOMES];
  int64_t last_ordinal; /* the newest in `outcomes` */
  struct ktxn__counts counts;
  char trouble[KTXN__SENDER_TROUBLE_MAX];
};

struct ktxn__sender {
  struct ktxn__list link; /* the engine's */
  struct ktxn__engine *engine;
  const struct ktxn__ports *ports;
  const struct ktxn__settings *settings;
  struct ktxn__accumulator *acc;
  struct ktxn__cluster *cluster;
  struct ktxn__sender_hooks hooks;
  uint32_t slot;      /* which connections of each node */
  bool transactional;
  bool attached;
  bool released;
  bool forced;        /* everything was failed: nothing is sent any more */
  bool dirty;         /* something was fed since the last run */
  uint32_t calls_out; /* calls whose done() is still to come */

  struct ktxn__txn *txn;
  struct ktxn__sender_txn_call txn_call;

  /* the gate, as the transaction manager knows it */
  int64_t ordinal;
  uint8_t seen_state; /* enum ktxn__txn_state, as it was last told */
  int seen_code;
  int64_t start_at_us;     /* idempotent: not before this is a producer id asked for again */
  uint32_t start_attempts;
  ktxn_error abort_error; /* of the transaction: the first */
  ktxn_error fatal_error;

  /* operations under way; one each */
  struct ktxn__op *init;
  struct ktxn__op *end; /* commit or abort */
  bool end_fed;
  bool own_abort; /* closing: the abort is the sender's own */
  struct ktxn__op *close;
  struct ktxn__op *flush_first, *flush_last;
  struct ktxn__sender_offsets offsets;

  char **groups; /* their names, by number */
  uint32_t group_count;

  struct ktxn__sender_topic *topics;
  uint32_t topic_count;
  uint32_t topic_room;
  int32_t *leaders; /* scratch for one topic */
  uint32_t leader_room;

  bool lacks_v2;   /* a broker that is used speaks too old versions for Transactions V2 */
  int64_t features_epoch; /* of the cluster's features when that was found */
  enum ktxn__txn_api missing; /* of which a broker had no usable version; API_COUNT = none so far */
  int64_t wait_us; /* during a drain: when something that is blocked may go on by itself */

  struct ktxn__counts counts;
  int64_t paced_since_us; /* as the manager last said it */
  bool bump_unknown;      /* a copy of a bump has an unknown fate, and none has succeeded since */

  char who[KTXN__SENDER_WHO_MAX]; /* who gave the last answer: for messages */
  struct ktxn__sender_mirror mirror;
};

/* ---- sender.c ---------------------------------------------------------------------------------------------------- */

struct ktxn__mem *ktxn__sender_mem(const struct ktxn__sender *sender);
int64_t ktxn__sender_run(struct ktxn__sender *sender, int64_t now_us);
/* Released and nothing of it on the wire: frees it and tells its owner. */
bool ktxn__sender_let_go(struct ktxn__sender *sender);
void ktxn__sender_destroy(struct ktxn__sender *sender);
bool ktxn__sender_grow(struct ktxn__sender *sender, uint32_t partitions, uint32_t groups);
/* After anything was fed to the transaction manager: takes its reports, tells the gate. */
void ktxn__sender_observe(struct ktxn__sender *sender, int64_t now_us);
/* Fails everything that has no fate yet with `error` (a close whose time is up, a release). */
void ktxn__sender_force(struct ktxn__sender *sender, int64_t now_us, const ktxn_error *error);

/* ---- sender_gate.c ----------------------------------------------------------------------------------------------- */

void ktxn__sender_take_in(struct ktxn__sender *sender, int64_t now_us);
/* Hands the cluster's level, and whether its brokers have the versions, to the manager. */
void ktxn__sender_tell_features(struct ktxn__sender *sender);
void ktxn__sender_tell_gate(struct ktxn__sender *sender);
void ktxn__sender_expire(struct ktxn__sender *sender, int64_t now_us);
void ktxn__sender_start_if_needed(struct ktxn__sender *sender, int64_t now_us);
void ktxn__sender_set_outcome(struct ktxn__sender *sender, int64_t ordinal, enum ktxn_outcome outcome);
void ktxn__sender_set_trouble(struct ktxn__sender *sender, const char *text);
void ktxn__sender_mirror_identity(struct ktxn__sender *sender);

/* ---- sender_ops.c ------------------------------------------------------------------------------------------------ */

/* Feeds what waits to the transaction manager. */
void ktxn__sender_begin_ops(struct ktxn__sender *sender, int64_t now_us);
void ktxn__sender_take_report(struct ktxn__sender *sender, int64_t now_us, const struct ktxn__txn_report *report);
/* Flushes that are done, a close that is done or out of time. */
void ktxn__sender_end_ops(struct ktxn__sender *sender, int64_t now_us);
void ktxn__sender_fail_ops(struct ktxn__sender *sender, const ktxn_error *error);
void ktxn__sender_finish_op(struct ktxn__sender *sender, struct ktxn__op *op, const ktxn_error *error);
bool ktxn__sender_has_op(const struct ktxn__sender *sender);

/* ---- sender_topics.c --------------------------------------------------------------------------------------------- */

void ktxn__sender_sync_topics(struct ktxn__sender *sender, uint32_t topic_count, int64_t now_us);
void ktxn__sender_drop_topics(struct ktxn__sender *sender, int64_t now_us);
struct ktxn__topic *ktxn__sender_find_topic(const struct ktxn__sender *sender, const char *name);

/* ---- sender_drain.c ---------------------------------------------------------------------------------------------- */

void ktxn__sender_drain(struct ktxn__sender *sender, int64_t now_us);
/* Writes identity and sequence, which it has, into its bytes. */
void ktxn__sender_stamp_batch(const struct ktxn__sender *sender, struct ktxn__batch *batch);

/* ---- sender_produce.c -------------------------------------------------------------------------------------------- */

struct ktxn__sender_item {
  struct ktxn__batch *batch; /* pinned */
  bool settled;
};

/* The items of one topic. */
struct ktxn__sender_run_of {
  uint32_t index;        /* of the topic */
  uint8_t id[16];        /* as it was sent: the answer comes under it */
  uint32_t first, count; /* in `order` */
};

/* One Produce request; kept by the engine for reuse. */
struct ktxn__sender_request {
  struct ktxn__call call;
  struct ktxn__sender_request *next;
  struct ktxn__sender *sender;
  struct ktxn__sender_item *items;
  uint32_t *order;                  /* numbers of items, topic by topic */
  struct ktxn__sender_run_of *runs; /* all three have as much room */
  uint32_t item_count, run_count, room;
  size_t bytes;
  bool sorted; /* items came topic by topic */
};

struct ktxn__sender_request *ktxn__sender_request_new(struct ktxn__sender *sender);
void ktxn__sender_request_free(struct ktxn__sender *sender, struct ktxn__sender_request *request);
bool ktxn__sender_request_reserve(struct ktxn__sender *sender, struct ktxn__sender_request *request);
void ktxn__sender_request_add(struct ktxn__sender *sender, struct ktxn__sender_request *request,
                              struct ktxn__batch *batch);
void ktxn__sender_request_send(struct ktxn__sender *sender, struct ktxn__sender_request *request,
                               struct ktxn__broker *broker, int64_t now_us);

/* ---- sender_txn.c ------------------------------------------------------------------------------------------------ */

/* Pulls requests and sends them, as far as they go. */
void ktxn__sender_pull(struct ktxn__sender *sender, int64_t now_us);

/* ---- sender_parts.c, sender_offsets.c ---------------------------------------------------------------------------- */

bool ktxn__sender_encode_parts(struct ktxn__sender *sender, int16_t version, struct ktxn__writer *writer);
/* False: the answer does not fit the request. `result->codes` points into the engine's arena. */
bool ktxn__sender_decode_parts(struct ktxn__sender *sender, int16_t version, struct ktxn__reader *reader,
                               int64_t now_us, struct ktxn__txn_result *result);

/* Makes room for the operation's books; false: it was refused, `error` is set. */
bool ktxn__sender_offsets_begin(struct ktxn__sender *sender, struct ktxn__op *op, ktxn_error *error);
void ktxn__sender_offsets_end(struct ktxn__sender *sender);
void ktxn__sender_offsets_versions(struct ktxn__sender *sender, int16_t *min, int16_t *max);
bool ktxn__sender_encode_offsets(struct ktxn__sender *sender, int16_t version, struct ktxn__writer *writer);
bool ktxn__sender_decode_offsets(struct ktxn__sender *sender, int16_t version, struct ktxn__reader *reader,
                                 int64_t now_us, struct ktxn__txn_result *result);
/* The fate of a copy, before it is fed. */
void ktxn__sender_offsets_result(struct ktxn__sender *sender, const struct ktxn__txn_result *result);
void ktxn__sender_offsets_forget(struct ktxn__sender *sender);

/* ---- sender_text.c ----------------------------------------------------------------------------------------------- */

/* The sentence for an error of the transaction manager. */
void ktxn__sender_explain(struct ktxn__sender *sender, const struct ktxn__txn_error *cause, ktxn_error *error);
/* For the callbacks of a batch: `said` is the broker's own text or NULL. */
void ktxn__sender_explain_batch(struct ktxn__sender *sender, const struct ktxn__batch *batch, int code,
                                int16_t broker_code, const char *said, ktxn_error *error);
void ktxn__sender_explain_expiry(struct ktxn__sender *sender, const struct ktxn__batch *batch, ktxn_error *error);
/* "broker 2 at host:9092" */
void ktxn__sender_set_who(struct ktxn__sender *sender, const struct ktxn__broker *broker);
/* Something is being tried again because of this. */
void ktxn__sender_note_retry(struct ktxn__sender *sender, const char *what, int code, const char *why);
enum ktxn_class ktxn__sender_class(const struct ktxn__sender *sender, int code);

/* ---- sender_counts.c --------------------------------------------------------------------------------------------- */

void ktxn__sender_count_request(struct ktxn__sender *sender, const struct ktxn__txn_request *request);
void ktxn__sender_count_result(struct ktxn__sender *sender, const struct ktxn__txn_result *result, int code);
void ktxn__sender_count_outcome(struct ktxn__sender *sender, enum ktxn_outcome before, enum ktxn_outcome now);
void ktxn__sender_count_pacing(struct ktxn__sender *sender, int64_t now_us);
void ktxn__sender_publish(struct ktxn__sender *sender);

/* ---- what engine.c keeps for all senders --------------------------------------------------------------------------- */

/* For one encode or decode at a time; reset by whoever uses it next. */
struct ktxn__arena *ktxn__engine_arena(struct ktxn__engine *engine);
struct ktxn__sender_request **ktxn__engine_requests(struct ktxn__engine *engine); /* the free ones */
uint32_t ktxn__engine_next_slot(struct ktxn__engine *engine);
void ktxn__engine_add(struct ktxn__engine *engine, struct ktxn__sender *sender);

/* The request that a drain is filling for one node. */
struct ktxn__sender_target {
  int32_t node;
  struct ktxn__broker *broker; /* NULL: can't be sent to now */
  struct ktxn__sender_request *request;
};
/* Room for `count` targets, kept from call to call; NULL: no memory. */
struct ktxn__sender_target *ktxn__engine_targets(struct ktxn__engine *engine, uint32_t count);

#endif
