#ifndef KTXN_TESTS_EXPLORE_WORLD_H
#define KTXN_TESTS_EXPLORE_WORLD_H

/*
 * A small abstract world around one transaction manager: two nodes that may coordinate the transactional id, two
 * partitions, a network that delays and loses, an application, and another producer with the same id. A state is plain
 * memory, copied with memcpy; nothing in it but what matters for the future, so that equal states are found equal.
 */

#include <stdbool.h>
#include <stdint.h>

#include "txn/state.h"

enum { PARTS = 2, LATE_MAX = 4, TXNS_MAX = 3, PIDS = 3, BLOCK_WORDS = 224 };

/* Whose a registration or a record is: a bit. Transactions of ours from 1 on. */
#define TAG(ordinal) ((uint8_t)(1u << (ordinal)))
#define TAG_SWEEP TAG(6)
#define TAG_SUCCESSOR TAG(7)
#define NO_PID UINT8_C(255)

/* What a node knows of the transactional id: of the coordinator, the log; of one that is cut off, a memory. */
struct coordinator {
  bool known;
  bool blocked; /* cut off: an append hangs, everything else is answered 51 */
  bool old;     /* the transaction's timeout has passed */
  uint8_t state; /* enum ktxn__txn_look */
  uint8_t pid;
  uint8_t parts;    /* registered */
  uint8_t unmarked; /* Prepare: where the marker has not been written */
  uint8_t owners;   /* tags of who registered, unknown to the broker */
  int16_t epoch;
  int16_t last_epoch; /* KIP-360: before the last bump; forgotten with a reload */
};

struct producer_entry {
  bool known;
  uint8_t open; /* tags of records without a marker */
  int16_t epoch;
  int16_t last_sequence; /* -1 = none of this epoch */
};

struct partition_log {
  struct producer_entry producers[PIDS];
  uint8_t committed; /* tags */
  uint8_t aborted;
};

struct message {
  bool used;
  bool commit;
  bool v2; /* EndTxn 5; Produce 12 */
  uint8_t api;
  uint8_t purpose;
  uint8_t node;
  uint8_t part; /* Produce */
  uint8_t parts;
  uint8_t pid;
  uint8_t who;
  uint8_t ordinal; /* of the transaction it serves */
  bool late;       /* the client has given it up */
  int16_t epoch;
  int16_t sequence;
};

struct reply {
  bool appended;  /* giving this answer took an append */
  bool fenced;    /* InitProducerId ended an open transaction */
  uint8_t ended;  /* owners of a transaction that this request ended */
  bool committed; /* how */
  uint8_t look;
  uint8_t pid;
  int16_t epoch;
  int16_t code;
  int16_t codes[PARTS];
};

enum { NO_OUTCOME, COMMITTED, NOT_COMMITTED, IN_DOUBT };

/* What of the documented limits has come about: some things are then excused (docs/TRANSACTIONS.md). */
enum limit {
  LIMIT_SUCCESSOR = 1,    /* a successor has taken over: ours must end */
  LIMIT_LATE_INIT = 2,    /* a late copy of our own InitProducerId took effect */
  LIMIT_GAP = 4,          /* something happened between the look and the bump */
  LIMIT_RELOAD = 8,       /* the coordinator reloaded between two copies of a bump */
  LIMIT_TIMEOUT = 16,     /* the broker's timeout has ended a transaction */
  LIMIT_REFUSED = 128,    /* a commit was refused after a copy of unknown fate */
  LIMIT_GONE = 64,        /* a partition that was written to is gone */
  LIMIT_EARLY_FENCE = 32  /* a successor's init fenced us before the timeout can have passed */
};

/* A look since the last end, and whether something has happened since that a bump can't know. */
enum look_age { LOOK_NONE, LOOK_FRESH, LOOK_OLD };

enum successor { SUCCESSOR_NONE, SUCCESSOR_INIT, SUCCESSOR_WRITES, SUCCESSOR_ENDS, SUCCESSOR_DONE };

struct world {
  struct coordinator truth;
  struct coordinator memory; /* of the node that was the coordinator, if it still answers */
  uint8_t home;              /* the coordinator: node 1 or 2 */
  bool stale;                /* the other node answers out of its memory */
  bool tired;                /* it has said 51: it will soon notice */
  struct partition_log logs[PARTS];
  uint8_t gone; /* partitions that were deleted */

  struct message request;        /* of the manager, on its way */
  struct message batches[PARTS]; /* on their way */
  struct message late[LATE_MAX]; /* copies that the client has given up waiting for */

  uint8_t ordinal; /* of the last begin */
  uint8_t sent;    /* partitions written to in this transaction */
  uint8_t queued;
  uint8_t waiting; /* to be sent again */
  uint8_t acked;

  uint8_t registered;                /* highest ordinal that has registered something */
  uint8_t decision[TXNS_MAX + 1];    /* at the coordinator */
  uint8_t reported[TXNS_MAX + 1];
  bool refused[TXNS_MAX + 1]; /* commit was refused; the abort has not returned yet */
  bool lost_commit[TXNS_MAX + 1];    /* a copy of EndTxn(commit) is of unknown fate */
  bool lost_end[TXNS_MAX + 1];
  bool lost_bump;
  uint8_t looked; /* what the last look showed */
  uint8_t looked_pid;
  int16_t looked_epoch;
  uint8_t look_age;  /* enum look_age */
  bool saw_fence;    /* an answer told the client of that, and early */
  bool fatal;        /* has been judged */
  uint8_t limits;

  uint8_t successor;
  uint8_t successor_pid;
  int16_t successor_epoch;
  uint8_t used_pid[PARTS]; /* the last stamp of each partition */
  int16_t used_epoch[PARTS];
  int16_t used_sequence[PARTS];
  uint8_t faults; /* left */
};

struct state {
  uint64_t block[BLOCK_WORDS];
  struct world world;
  /* not part of what makes two states equal */
  int64_t now_us;
  uint32_t request_id;
};

/* What is explored. */
struct scope {
  const char *name;
  const char *about;
  bool v2;           /* our protocol, and the cluster's level */
  bool unverified;   /* V1: leaders do not verify with the coordinator */
  bool no_look;      /* before Kafka 3.0 */
  bool elapsed;      /* the transaction's timeout has always passed: the broker's is a fault like any other */
  bool v1_successor; /* the successor speaks V1 on a V2 cluster */
  bool paced;        /* V2: the first write asks whether the last end is complete */
  int16_t epoch;     /* to start with */
  uint8_t txns;
};

extern struct scope scope;

static inline int64_t timeout_us(void) { return scope.elapsed ? 0 : INT64_C(60000000); }
#define PATIENCE_US INT64_C(1000000) /* with a coordinator that is busy */

static inline struct ktxn__txn *manager(struct state *state) { return (struct ktxn__txn *)(void *)state->block; }
static inline const struct ktxn__txn *manager_of(const struct state *state) {
  return (const struct ktxn__txn *)(const void *)state->block;
}

/* coordinator.c: what a node answers to one request, by what it knows; changes what it knows */
void coordinator_handle(struct coordinator *coordinator, const struct message *message, uint8_t gone,
                        struct reply *reply);
void coordinator_time_out(struct coordinator *coordinator, struct reply *reply);
void coordinator_complete(struct coordinator *coordinator);
bool coordinator_preparing(const struct coordinator *coordinator);

/* partition.c: what a leader answers to one batch */
int16_t partition_produce(struct state *state, const struct message *message);
void partition_marker(struct state *state, uint8_t part);

/* client.c: the engine's part around the manager */
void client_start(struct state *state);
void client_run(struct state *state);
void client_answer(struct state *state, enum ktxn__txn_fate fate, const struct reply *reply, int32_t node);
void client_batch(struct state *state, uint8_t part, enum ktxn__txn_fate fate, int16_t code);
void client_send(struct state *state, uint8_t part);
void client_end(struct state *state, bool commit);
bool client_quiet(const struct state *state);

/* judge.c: what must hold; the first breach is kept */
enum breach { BREACH_NONE, BREACH_WRONG, BREACH_HARM, BREACH_DEAD, BREACH_NEEDLESS, BREACH_BROKEN };
extern enum breach judge_breach;
extern char judge_text[256];
void judge(enum breach breach, const char *format, ...) __attribute__((format(printf, 2, 3)));
void judge_request(const struct state *state, const struct message *message);
void judge_stamp(struct state *state, uint8_t part, const struct ktxn__txn_stamp *stamp);
void judge_report(struct state *state, const struct ktxn__txn_report *report);
void judge_applied(struct state *state, const struct message *message, const struct reply *reply, bool late);
void judge_ended(struct state *state, uint8_t owners, bool committed);
void judge_fence_seen(struct state *state);
void judge_answer(struct state *state, const struct message *message, const struct reply *reply);
void judge_append(struct state *state, const struct message *message);
void judge_marked(struct state *state, uint8_t part, uint8_t tags, bool committed);
void judge_state(const struct state *state);
const char *judge_name(enum breach breach);

/* events.c: what may happen next, the ordinary first; and what it does */
enum { EVENTS_MAX = 48 };
struct event {
  uint8_t kind;
  uint8_t arg;
};
int events_list(const struct state *state, struct event *events);
void events_apply(struct state *state, struct event event);
bool events_over(const struct state *state);
void events_start(struct state *state, uint8_t faults);
int events_faults(struct event event);

/* text.c: the story of a trace */
extern bool telling;
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
void tell_message(const char *what, const struct message *message);

/* digest.c */
uint64_t digest_of(const struct state *state);

/* search.c */
struct search_limits {
  uint8_t faults;
  uint64_t states; /* at most */
  bool brief;      /* the first breach as it is, not the shortest */
};
bool search_run(const struct search_limits *limits);

#endif
