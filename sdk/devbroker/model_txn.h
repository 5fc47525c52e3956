#ifndef KTXN_DEVBROKER_MODEL_TXN_H
#define KTXN_DEVBROKER_MODEL_TXN_H

/*
 * The transaction coordinator: what it knows about one transactional id, and the record by which it changes that. Nothing
 * changes before its record is replicated; meanwhile the id is pending, and others are told to come again (51). What the
 * log has is in `durable`; the rest of a struct dies when the coordinator moves.
 */

#include "sdk/devbroker/model_look.h"
#include "sdk/devbroker/model_ticket.h"
#include "sdk/devbroker/model_topic.h"

#define KTXN__MODEL_EPOCH_LAST INT16_MAX /* never given to a client */

struct ktxn__model_txn_value {
  int64_t producer_id;
  int64_t previous_producer_id; /* -1 = none */
  int64_t next_producer_id;     /* chosen while the end at the last epoch is prepared */
  int16_t producer_epoch;       /* -1 = not initialized yet */
  int16_t last_epoch;           /* that a repeated request may still carry; in memory alone */
  int32_t timeout_ms;
  enum ktxn__model_txn_state state;
  bool v2; /* the last end moved the epoch (KIP-890) */
  int64_t start_ms;
  int64_t update_ms;
};

struct ktxn__model_record;

struct ktxn__model_txn {
  struct ktxn__str id;
  struct ktxn__model_txn *same_hash;
  int32_t part;
  struct ktxn__model_txn_value now;
  struct ktxn__model_txn_value durable;
  bool is_durable;
  bool pending;
  bool wedged; /* pending, and nothing will ever end that but a reload */
  bool failed_fence;
  struct ktxn__model_record *record; /* under way */
  uint64_t *places;                  /* registered, in the order in which they came */
  int32_t place_count;
  int32_t place_capacity;
  struct ktxn__model_map by_place;
  uint64_t marking; /* which round of markers counts */
  int32_t markers_left;
};

/** One partition of the internal topic, as the node has it in memory that acts as its leader. */
struct ktxn__model_txn_part {
  struct ktxn__model_map by_hash;
  struct ktxn__model_txn **list;
  int32_t count;
  int32_t capacity;
  int32_t index;
  struct ktxn__model_event load; /* set while it loads */
};

struct ktxn__model_txns {
  struct ktxn__model_topic *topic;
  struct ktxn__model_txn_part **parts;
  struct ktxn__model_event scan;
};

/** `code`: what the caller is told; 0 = it is in the log and in force. */
typedef void (*ktxn__model_recorded)(struct ktxn__model *model, struct ktxn__model_record *record, int16_t code);

struct ktxn__model_record {
  struct ktxn__model_event event;
  struct ktxn__model_txn *txn;
  struct ktxn__model_txn_value value;
  uint64_t *added;
  int32_t added_count;
  int32_t node;
  bool sent;    /* to the replicas, before its node was cut off if it is */
  bool blocked; /* its node is cut off */
  bool fence;
  ktxn__model_recorded done;
  struct ktxn__model_ticket *ticket; /* NULL: nobody is told, or not any more */
  void *work;                        /* of who asked */
  uint64_t tag;
};

/** Where a request about an id stands. */
struct ktxn__model_desk {
  int32_t node;
  struct ktxn__model_partition *partition;
  struct ktxn__model_txn_part *part;
  struct ktxn__model_txn *txn; /* NULL: the id isn't known */
};

bool ktxn__model_txns_start(struct ktxn__model *model);

/** 0, 14 or 16: is `node` the coordinator of `id`, as far as it knows? */
int16_t ktxn__model_txn_find(struct ktxn__model *model, int32_t node, struct ktxn__str id, struct ktxn__model_desk *desk);
/** An id that isn't known yet. False: no memory. */
bool ktxn__model_txn_make(struct ktxn__model *model, struct ktxn__model_desk *desk, struct ktxn__str id);
struct ktxn__model_txn *ktxn__model_txn_of(const struct ktxn__model_txn_part *part, struct ktxn__str id);
bool ktxn__model_txn_enlist(struct ktxn__model *model, struct ktxn__model_txn_part *part, struct ktxn__model_txn *txn);

bool ktxn__model_txn_has(const struct ktxn__model_txn *txn, uint64_t place);
/** Its end is decided, and markers are still to be written. */
bool ktxn__model_txn_ending(const struct ktxn__model_txn *txn);
/** A record is on its way, or its end is decided and not complete: Kafka calls both a transition in progress. */
bool ktxn__model_txn_changes(const struct ktxn__model_txn *txn);

/** What a record says and who is told. */
struct ktxn__model_write {
  const struct ktxn__model_txn_value *value;
  const uint64_t *places; /* registered by it */
  int32_t place_count;
  ktxn__model_recorded done; /* hears 0, 15 or 16, never before the call returns */
  struct ktxn__model_ticket *ticket;
};

/** Begins to write a record: the id is pending until it ends. NULL: no memory, nothing is pending. */
struct ktxn__model_record *ktxn__model_txn_write(struct ktxn__model *model, const struct ktxn__model_desk *desk,
                                                 const struct ktxn__model_write *write);
/** Its node is cut off, or can write again. */
void ktxn__model_record_block(struct ktxn__model *model, struct ktxn__model_record *record);
void ktxn__model_record_unblock(struct ktxn__model *model, struct ktxn__model_record *record);
/** What it says is in force for `txn`: the record's own, or the copy that another coordinator has. */
void ktxn__model_record_apply(struct ktxn__model *model, const struct ktxn__model_record *record, struct ktxn__model_txn *txn);
/** It took effect, or never will; `done` is told `code`. */
void ktxn__model_record_settle(struct ktxn__model *model, struct ktxn__model_record *record, bool kept, int16_t code);

/** A request of V2 in a cluster at level 0: its record can't be written, and nothing takes the pending state back. */
int16_t ktxn__model_txn_wedge(struct ktxn__model_txn *txn);

/** The broker aborts an open transaction and raises its epoch: a timeout, or another instance's InitProducerId. */
int16_t ktxn__model_txn_fence(struct ktxn__model *model, const struct ktxn__model_desk *desk, struct ktxn__model_ticket *ticket);

/** After a Prepare record: markers go out to all that is registered; when all are written the transaction is complete. */
void ktxn__model_txn_mark(struct ktxn__model *model, struct ktxn__model_txn *txn, int32_t node);
void ktxn__model_txn_complete(struct ktxn__model *model, struct ktxn__model_txn *txn, int32_t node);

/** The periodic search for transactions that have run for too long is under way. */
void ktxn__model_txn_watch(struct ktxn__model *model);

/** The coordinator's partition changes hands. `from` may be cut off: then it keeps what it has in memory. */
void ktxn__model_txn_moved(struct ktxn__model *model, int32_t part, int32_t from, int32_t to);
/** A node is cut off: what it is writing goes no further. */
void ktxn__model_txn_cut(struct ktxn__model *model, int32_t node);
/** A node that was cut off gives up what has moved, and goes on with what hasn't. */
void ktxn__model_txn_healed(struct ktxn__model *model, int32_t node);

/** A leader's or a group coordinator's question: are these places in the transaction, or add them (KIP-890). */
struct ktxn__model_question;
typedef void (*ktxn__model_asked)(struct ktxn__model *model, struct ktxn__model_question *question);

struct ktxn__model_question {
  struct ktxn__model_event event;
  int32_t from; /* the node that asks */
  struct ktxn__str id;
  int64_t producer_id;
  int16_t producer_epoch;
  bool verify; /* only look */
  uint64_t *places;
  int16_t *codes; /* one for each place: the answer */
  int32_t count;
  struct ktxn__model_record *record; /* under way for it */
  ktxn__model_asked answered;
  uint64_t tag;
};

/** All but event, codes and record are set. `answered` is called later, or never, when the question is dropped before. */
void ktxn__model_ask(struct ktxn__model *model, struct ktxn__model_question *question);
void ktxn__model_drop_question(struct ktxn__model *model, struct ktxn__model_question *question);

#endif
