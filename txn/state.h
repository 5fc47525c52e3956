#ifndef KTXN_TXN_STATE_H
#define KTXN_TXN_STATE_H

/* The block of the transaction manager, and what its files use of each other. See txn/README.md. */

#include "txn/error.h"
#include "txn/txn.h"

/* KIP-98: 32766 is the last epoch that a client may use; InitProducerId then gives a new producer id. */
#define KTXN__TXN_EPOCH_LAST INT16_C(32766)

/* A batch in the books: it has its sequence, and is on the wire or waits to be sent again. */
struct ktxn__txn_flight {
  uint32_t handle;
  uint32_t records;
  int32_t base_sequence;
  bool on_wire;
  bool ambiguous; /* some copy of it may be in the log; stays so until the batch is acknowledged */
  uint8_t overtaken; /* batches that were sent behind it and have left the books before it */
};

/* One more than may be in flight: of a batch that is split the second part waits in the books as well. */
#define KTXN__TXN_FLIGHTS_MAX (KTXN__TXN_IN_FLIGHT_MAX + 1)


enum ktxn__txn_registration { KTXN__TXN_REG_NONE, KTXN__TXN_REG_PENDING, KTXN__TXN_REG_ASKED, KTXN__TXN_REG_DONE };

struct ktxn__txn_partition {
  int64_t ordinal; /* of the transaction that `registration`, `tried` and `gone` speak of */
  int64_t producer_id; /* of the sequences below */
  int64_t unknown_us;  /* of `sweep`: for so long the coordinator has not known it; -1 = it has */
  int64_t unknown_at_us; /* and answered so last */
  int32_t next_sequence;
  int32_t node; /* where the copies on the wire are */
  int16_t producer_epoch;
  uint8_t registration;
  uint8_t count; /* of flights, in sequence order */
  bool tried;      /* V1: a registering request with it has left */
  bool gone;       /* it can't serve to repeat a registration */
  bool sweep;      /* V1: a batch was given up that may reach its log later */
  bool unresolved; /* idempotent: a given-up batch may or may not be in the log */
  int32_t unresolved_sequence; /* its first */
  bool proven;     /* the log has acknowledged a batch of this producer id */
  bool gap;        /* idempotent: the sequence has a hole; what is in the books starts anew under the next epoch */
  struct ktxn__txn_flight flights[KTXN__TXN_FLIGHTS_MAX];
};

struct ktxn__txn_group {
  int64_t ordinal;
  int32_t node;  /* the group coordinator */
  int32_t avoid; /* the next FindCoordinator for it asks another broker than this */
  uint8_t registration;
  bool tried;
  bool gone;
  bool sweep; /* V1: a copy of a TxnOffsetCommit has an unknown fate */
};

/* What is owed to the coordinator between two transactions (V1), in the order it is paid. */
enum ktxn__txn_debt {
  KTXN__TXN_DEBT_NONE,
  KTXN__TXN_DEBT_LOOK,       /* is the last end complete at the coordinator? */
  KTXN__TXN_DEBT_GHOST,      /* a late registration opened something: the last end again */
  KTXN__TXN_DEBT_BUMP,       /* InitProducerId(id, epoch) */
  KTXN__TXN_DEBT_SWEEP_ADD,  /* register the swept partitions at the new epoch */
  KTXN__TXN_DEBT_SWEEP_GROUP,
  KTXN__TXN_DEBT_SWEEP_END,  /* and abort: the markers carry the new epoch into the logs */
  KTXN__TXN_DEBT_ROTATE      /* a new producer id before the epoch runs out */
};

/* Finding out who moved the epoch. */
enum ktxn__txn_fence { KTXN__TXN_FENCE_NONE, KTXN__TXN_FENCE_LOOK, KTXN__TXN_FENCE_END };

/* What a request is for. */
enum ktxn__txn_purpose {
  KTXN__TXN_FOR_TRANSACTION,
  KTXN__TXN_FOR_REPEAT, /* a registration repeated before the end */
  KTXN__TXN_FOR_FENCE,
  KTXN__TXN_FOR_DEBT,
  KTXN__TXN_FOR_EVIDENCE,
  KTXN__TXN_FOR_PACE
};

struct ktxn__txn_slot {
  bool active;
  bool commit;
  bool v2; /* sent by Transactions V2, an end by version 5: what was sent decides what its answer proves */
  uint8_t api;
  uint8_t purpose;
  int16_t producer_epoch;
  int32_t node;
  int32_t group;
  uint32_t id;
  int64_t producer_id;
};

/* A coordinator said 47, 48, 49 or 90: whether that counts is seen by a look at that node. */
struct ktxn__txn_suspect {
  bool active;
  int16_t code;
  struct ktxn__txn_slot slot; /* the request that was answered so */
};

#define KTXN__TXN_REPORTS 4

struct ktxn__txn {
  struct ktxn__txn_config config;
  uint32_t partition_room;
  uint32_t group_room;

  uint8_t state;
  uint8_t op; /* init, commit or abort that has not been reported yet */
  struct ktxn__txn_error error;

  int64_t producer_id;
  int64_t former_id; /* the one before it; -1 = none */
  int16_t producer_epoch;
  uint8_t mode; /* of the transaction: 1, 2; 0 before the first */
  bool v2_usable;
  int32_t level; /* of transaction.version; -1 = not known */

  /* the epoch */
  bool epoch_used; /* an earlier transaction or a sweep has registered at it */
  bool tainted;    /* a copy of some request at it has an unknown fate */
  bool bump_ambiguous;
  bool last_commit; /* the command of the last end */
  int32_t anchor;   /* who acknowledged the InitProducerId or the last end at it */

  int32_t coordinator;
  int32_t avoid; /* the next FindCoordinator asks another broker than this */

  /* the transaction */
  int64_t ordinal;
  int64_t registered_us; /* when its first registering request left; -1 = none has */
  int64_t heard_us;      /* since when a newer epoch is known of; -1 = none is */
  bool acked;            /* the coordinator holds something of it */
  bool maybe;            /* it may hold something of it */
  bool commit_sent;
  bool commit_ambiguous;
  bool abort_ambiguous;
  bool committed; /* COMMITTING: it is proven, though the identity to go on with is not known yet */
  bool no_v5;     /* the broker refused version 5, or an older end has left */
  bool ended; /* the broker has ended it already: abort completes here */
  bool held;  /* the abort is reported only when the sweep is done */
  bool swept; /* the sweep has registered something at the new epoch */
  bool probe_ambiguous;
  bool anchored; /* the anchor has acknowledged a registration of it */
  int32_t acked_node;
  int32_t offsets_group; /* of the operation under way; -1 = none */

  uint8_t debt;
  uint8_t fence;
  uint8_t nothing_open; /* looks that showed our epoch and not what was acknowledged */

  /* pacing (pace.c); with ends that are not paced all but ended_us and paced_since_us stay as they are */
  bool settling; /* V2: the last end may not be complete at the coordinator */
  uint8_t probes;
  int64_t ended_us;
  int64_t paced_since_us; /* since when records or offsets wait for the last end; -1 = they don't */
  int64_t need_us;        /* what ends were seen to need to be complete */

  struct ktxn__txn_suspect suspect;
  int64_t missing_us; /* since then no node that was asked has known the id; -1 = no */
  int64_t busy_us; /* since then the answer has been 51 or "being completed"; -1 = it is not */
  struct ktxn__txn_slot slot;
  uint32_t next_id;
  uint32_t asked_count; /* partitions of the registering request */

  int64_t retry_at_us;
  int64_t pace_us;
  uint32_t attempts;
  uint64_t random;

  uint32_t queued;
  uint32_t pending; /* partitions to be registered */
  uint32_t flights; /* over all partitions */
  uint32_t on_wire;
  uint32_t sweep_partitions;
  uint32_t sweep_groups;

  uint32_t report_count;
  struct ktxn__txn_report reports[KTXN__TXN_REPORTS];
};

/* The arrays behind the struct, in the same block. */
struct ktxn__txn_partition *ktxn__txn_partition(struct ktxn__txn *txn, uint32_t partition);
const struct ktxn__txn_partition *ktxn__txn_partition_at(const struct ktxn__txn *txn, uint32_t partition);
struct ktxn__txn_group *ktxn__txn_group(struct ktxn__txn *txn, uint32_t group);
const struct ktxn__txn_group *ktxn__txn_group_at(const struct ktxn__txn *txn, uint32_t group);
uint32_t *ktxn__txn_asked(struct ktxn__txn *txn);

/* state.c: the only writers of `state` and `error` */
bool ktxn__txn_ensure(struct ktxn__txn *txn, bool holds, const char *what);
bool ktxn__txn_in_transaction(const struct ktxn__txn *txn);
struct ktxn__txn_error ktxn__txn_cause(int code, enum ktxn_class error_class, int16_t broker_code, uint8_t api);
void ktxn__txn_enter(struct ktxn__txn *txn, enum ktxn__txn_state state);
void ktxn__txn_abortable(struct ktxn__txn *txn, struct ktxn__txn_error error);
void ktxn__txn_fatal(struct ktxn__txn *txn, struct ktxn__txn_error error);
void ktxn__txn_fatal_code(struct ktxn__txn *txn, int16_t code, uint8_t api);
void ktxn__txn_fenced(struct ktxn__txn *txn, int16_t broker_code, uint8_t api);
void ktxn__txn_uninitialize(struct ktxn__txn *txn, struct ktxn__txn_error error);
void ktxn__txn_report(struct ktxn__txn *txn, uint8_t op, enum ktxn_outcome outcome, struct ktxn__txn_error error);
void ktxn__txn_report_offsets(struct ktxn__txn *txn, struct ktxn__txn_error error);

/* wait.c */
void ktxn__txn_wait_none(struct ktxn__txn *txn);
void ktxn__txn_wait_backoff(struct ktxn__txn *txn, int64_t now_us);
void ktxn__txn_wait_paced(struct ktxn__txn *txn, int64_t now_us, int64_t first_us, int64_t max_us);
void ktxn__txn_refind(struct ktxn__txn *txn, int64_t now_us, int32_t avoid);
void ktxn__txn_refind_after(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                            enum ktxn__txn_fate fate);
void ktxn__txn_note_busy(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                         const struct ktxn__txn_result *result);

/* pace.c */
void ktxn__txn_pace_ended(struct ktxn__txn *txn, int64_t now_us, int16_t version);
void ktxn__txn_pace_begin(struct ktxn__txn *txn, int64_t now_us);
void ktxn__txn_pace_stop(struct ktxn__txn *txn);
void ktxn__txn_pace_complete(struct ktxn__txn *txn, int64_t now_us, bool waited);
void ktxn__txn_pace_refused(struct ktxn__txn *txn, int64_t now_us);
void ktxn__txn_pace_repeat(struct ktxn__txn *txn, int64_t now_us);
void ktxn__txn_pace_looked(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                           const struct ktxn__txn_result *result);
void ktxn__txn_pace_advance(struct ktxn__txn *txn, int64_t now_us);
int64_t ktxn__txn_pace_deadline_us(const struct ktxn__txn *txn);

/* sequence.c */
void ktxn__txn_touch(struct ktxn__txn *txn, struct ktxn__txn_partition *partition);
void ktxn__txn_touch_group(struct ktxn__txn *txn, struct ktxn__txn_group *group);
void ktxn__txn_mark_sweep(struct ktxn__txn *txn, struct ktxn__txn_partition *partition);
void ktxn__txn_mark_sweep_group(struct ktxn__txn *txn, struct ktxn__txn_group *group);
void ktxn__txn_clear_sweep(struct ktxn__txn *txn);
void ktxn__txn_set_pending(struct ktxn__txn *txn, struct ktxn__txn_partition *partition);
/* Are partitions and groups registered by requests of our own, or by leaders and group coordinators (KIP-890)? A V2 transaction
 * in a cluster that went to level 0 meanwhile has both: a write of V2 would wedge the transactional id. */
bool ktxn__txn_registers(const struct ktxn__txn *txn);
void ktxn__txn_registering(struct ktxn__txn *txn, int64_t now_us);

/* request.c */
bool ktxn__txn_repeatable(const struct ktxn__txn *txn);
bool ktxn__txn_ends_by_v5(const struct ktxn__txn *txn);

/* end.c: the end of a transaction, and who moved the epoch */
/** The coordinator is another node than the one that holds the open transaction: ABORTABLE. */
void ktxn__txn_moved(struct ktxn__txn *txn);
void ktxn__txn_adopt(struct ktxn__txn *txn, int64_t producer_id, int16_t producer_epoch, int32_t node);
void ktxn__txn_settle(struct ktxn__txn *txn, bool committed);
void ktxn__txn_on_end(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                      const struct ktxn__txn_result *result, enum ktxn__txn_action action);
void ktxn__txn_advance(struct ktxn__txn *txn, int64_t now_us);

/* fence.c */
void ktxn__txn_fence_heard(struct ktxn__txn *txn, int64_t now_us);
void ktxn__txn_fence_enter(struct ktxn__txn *txn, int64_t now_us, int16_t broker_code, uint8_t api);
void ktxn__txn_fence_looked(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                            const struct ktxn__txn_result *result);
void ktxn__txn_fence_ended(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                           const struct ktxn__txn_result *result, enum ktxn__txn_action action);

/* evidence.c */
void ktxn__txn_suspect(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot, int16_t code);
bool ktxn__txn_behind(const struct ktxn__txn *txn, const struct ktxn__txn_result *look);
bool ktxn__txn_lost(struct ktxn__txn *txn, int64_t now_us, int32_t node, const struct ktxn__txn_result *look);
void ktxn__txn_suspect_looked(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                              const struct ktxn__txn_result *result);

/* debt.c */
void ktxn__txn_debt_start(struct ktxn__txn *txn);
void ktxn__txn_debt_follow(struct ktxn__txn *txn);
void ktxn__txn_debt_astray(struct ktxn__txn *txn, int64_t now_us, int32_t node);
void ktxn__txn_debt_swept(struct ktxn__txn *txn, int32_t node);
void ktxn__txn_debt_looked(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                           const struct ktxn__txn_result *result);
void ktxn__txn_debt_bumped(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_slot *slot,
                           const struct ktxn__txn_result *result, enum ktxn__txn_action action);
void ktxn__txn_debt_registered(struct ktxn__txn *txn, const struct ktxn__txn_slot *slot);
void ktxn__txn_debt_unknown(struct ktxn__txn *txn, int64_t now_us, const struct ktxn__txn_result *result);

#endif
