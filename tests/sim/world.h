#ifndef KTXN_TESTS_SIM_WORLD_H
#define KTXN_TESTS_SIM_WORLD_H

/*
 * One simulated run: the production engine (accumulator, sender, transaction manager, codec) of several client
 * incarnations on virtual ports, a modelled cluster behind byte streams, an application for each incarnation, and an
 * oracle that sees what all of them were told and what is in the logs. One thread, virtual time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/log.h"
#include "sdk/base/mem.h"
#include "sdk/config.h"
#include "sdk/devbroker/front.h"
#include "sdk/devbroker/model_control.h"
#include "sdk/devbroker/model_look.h"
#include "sdk/engine/accumulator.h"
#include "sdk/engine/engine.h"
#include "sdk/engine/op.h"
#include "sdk/engine/ports.h"
#include "sdk/engine/sender.h"
#include "tests/sim/choice.h"
#include "tests/sim/wire.h"

enum {
  SIM_NODES = 5,
  SIM_PARTITIONS = 4,
  SIM_IDS = 2,      /* transactional ids */
  SIM_CLIENTS = 36, /* incarnations in a run, the last sixteen for the proofs that the cluster is well */
  SIM_PROOFS = 16,
  SIM_CONNS = 8192,  /* connections that were ever opened in a run: all nodes may be down for a minute, and ten processes try */
  SIM_TXNS = 1024,
  SIM_OFFSETS = 4096, /* that are sent to one group in a run */
  SIM_RECORDS_MAX = 16, /* of one transaction */
  SIM_PIDS = 64,
  SIM_LETTERS = 65536, /* that are remembered in a run */
  SIM_TOPICS = 2
};

#define SIM_HELD_MOST_US INT64_C(180000000) /* so late may bytes to a node be */

/* What kind of run this is; drawn from the seed and printed with a violation. */
struct sim_options {
  int32_t nodes;
  int32_t partitions;
  int32_t ids;
  int16_t level; /* transaction.version */
  enum ktxn__model_release release;
  bool verification;
  int32_t transactions; /* of each transactional id */
  int32_t records;      /* of a transaction, at most */
  uint32_t offsets;     /* chances in a million: */
  uint32_t again; /* the offsets of a transaction are sent once more, the same or others */
  uint32_t aborts;
  uint32_t flushes;
  uint32_t net_cut;       /* a connection breaks at a write or a delivery */
  uint32_t net_hold;      /* bytes to a node are late, by up to minutes */
  uint32_t net_pieces;
  uint32_t refuse;        /* a connection is refused */
  uint32_t net_short;     /* a write takes only some of the bytes, or none */
  uint32_t net_hang;      /* nothing comes of a connection, for longer than its setup may take */
  uint32_t no_name;       /* an address is not found, or late */
  uint32_t addresses;     /* a node comes back at another one; a name tells of some where nobody is */
  uint32_t net_deaf;      /* of a connection nothing arrives any more in one direction, and neither side is told */
  int64_t net_rate;       /* bytes a second, in each direction of a connection; 0 = any number */
  bool clocks;            /* each process has a clock of its own, and wall clocks jump */
  uint32_t jumps;         /* a monotonic clock is ahead all at once, as behind a sleep of its machine */
  uint32_t answer_code;   /* an error out of the request's table */
  uint32_t answer_lost;
  uint32_t answer_mute;
  uint32_t answer_late;
  uint32_t throttled;     /* an answer says so, and the node does not read on for as long */
  uint32_t cluster_fault; /* for each period */
  uint32_t process_fault;
  uint32_t zombies;       /* a killed process was only paused */
  uint32_t level_change;
  uint32_t usurped;       /* a coordinator is asked for something, and others are coordinators from then on */
  uint32_t asleep;        /* usurped: behind an end at the new coordinator its producer sleeps, and another takes its place */
  uint32_t held;          /* and an offset commit to that one is held up until another transaction is open */
  uint32_t refused;       /* an end is refused for good, as where a right to it was taken back */
  uint32_t fault_kinds; /* which kinds of cluster faults there are in this run: bits */
  bool marker_twice;
  uint32_t hostile;     /* bytes of a node are changed on their way; in hostile runs only */
  uint32_t no_memory;   /* an allocation of a client fails, or all of them for a while */
  uint32_t oversleep;   /* the application waits for longer than the broker does */
  uint32_t pauses;      /* it has nothing to do for a while, behind a record or a transaction */
  uint32_t restarts;    /* a process ends when an end was told */
  uint32_t meddle;      /* another instance starts while a transaction's end, or what follows it, is under way */
  int16_t first_epoch;  /* of each transactional id */
  bool gentle;          /* nothing happens that may end a producer or destroy evidence: see sim_needless_end() */
  int64_t fault_period_us;
  int64_t heal_us;        /* then nothing bad happens any more */
  int64_t delay_us;       /* of the network */
  int64_t append_us, marker_us, load_us;
  int64_t pause_us; /* at most so long */
  int64_t transaction_timeout_ms, request_timeout_ms, delivery_timeout_ms, linger_ms, backoff_ms;
  int64_t batch_bytes;
  bool pacing;
};

/* Chosen faults instead of random ones: each hits the at-th request that reaches a node. */
struct sim_strike {
  uint32_t at; /* from 1; 0 = none */
  uint32_t kind; /* below SIM_STRIKES */
};

enum { SIM_STRIKES = 18 };

struct sim_sweep {
  bool on;
  bool v2;
  bool aborts; /* every other transaction is aborted */
  struct sim_strike strikes[2];
  uint32_t alloc;     /* this allocation of the first client fails, counted from 1; 0 = none */
  bool alloc_on;      /* and those that follow, for a second */
};

enum sim_event_type {
  SIM_EVENT_CONNECT, /* a: conn */
  SIM_EVENT_WRITABLE, /* a: conn */
  SIM_EVENT_TO_NODE, /* a: conn, bytes */
  SIM_EVENT_TO_CLIENT,
  SIM_EVENT_CLIENT_CLOSED, /* the client's close reaches the node */
  SIM_EVENT_NODE_CLOSED,   /* the node's close reaches the client */
  SIM_EVENT_RESOLVED,      /* a: client, port and addresses, b: token */
  SIM_EVENT_CLIENT,        /* a: client; its engine or its application is due */
  SIM_EVENT_FRONT,
  SIM_EVENT_FAULT,
  SIM_EVENT_STRIKE, /* what a chosen fault does around a request: a enum sim_around, b node */
  SIM_EVENT_REPAIR /* what a fault has done ends: a kind, b argument */
};

enum sim_around {
  SIM_AROUND_LEADERS,
  SIM_AROUND_COORDINATORS,
  SIM_AROUND_DOWN,
  SIM_AROUND_KILL,
  SIM_AROUND_MEDDLE,
  SIM_AROUND_USURP,
  SIM_AROUND_SHUT,
  SIM_AROUND_SLEEP,
  SIM_AROUND_BACK,
  SIM_AROUND_LOST,
  SIM_AROUND_RELEASE
};

struct sim_event {
  int64_t at_us;
  uint64_t order; /* events of one moment keep their order */
  uint64_t born;  /* its order when it was scheduled first */
  enum sim_event_type type;
  uint32_t a, b;
  uint8_t *bytes;
  size_t size;
};

/* A request of which the transaction is remembered, for S7. */
struct sim_letter {
  uint32_t next; /* of the same connection, from 1 */
  int32_t correlation;
  uint64_t tag;
};

struct sim_conn {
  uint32_t id; /* the engine's; 0 = closed on the client's side */
  int32_t client;
  int32_t node;
  struct ktxn__front_link *link; /* NULL = closed on the node's side, or not open yet */
  bool connecting;
  bool nobody; /* there is nobody at that address */
  bool deaf_node, deaf_client; /* what is sent there is lost from now on */
  uint8_t head[8]; /* of the answer that is coming: its length and its correlation id */
  uint32_t head_size;
  uint32_t body_left;
  uint8_t body[SIM_WIRE_BODY]; /* its first bytes */
  uint32_t body_size;
  bool blocked;     /* a write was not taken in whole; a writable event follows */
  uint32_t waiting; /* events of its stream that wait for a paused process */
  int64_t wakes_us; /* until then */
  uint64_t came;    /* what of its stream came last: when it was born */
  bool full;        /* and until all of it has left: */
  int64_t full_us;  /* since when */
  bool asked;       /* a request was offered: */
  int32_t expected; /* the correlation id of the next answer; another one is not taken */
  size_t judged;    /* bytes that were offered and did not leave yet */
  uint32_t letters; /* of the newest of its requests that is remembered, from 1; 0 = none */
  struct sim_world *world;
  int64_t to_node_us; /* when the last byte arrives there */
  int64_t to_client_us;
};

enum sim_step {
  SIM_STEP_INIT,
  SIM_STEP_BEGIN,
  SIM_STEP_SEND,
  SIM_STEP_OFFSETS,
  SIM_STEP_FLUSH,
  SIM_STEP_THINK, /* waits for a while before the end */
  SIM_STEP_END,
  SIM_STEP_ABORT,
  SIM_STEP_CLOSE,
  SIM_STEP_OVER
};

/* A request that the network holds up on purpose, see held.c. */
struct sim_held {
  uint8_t *bytes; /* NULL = none is */
  size_t size;
  uint32_t conn;
};

/* What the application was told about a transaction, and what it did. */
struct sim_txn {
  int32_t client;
  int64_t ordinal;
  int32_t id; /* which transactional id */
  int32_t accepted[SIM_PARTITIONS];
  int32_t sent; /* records accepted in all */
  int64_t offset;     /* sent to the group; -1 = none */
  bool offset_done;   /* the call for it succeeded */
  bool commit_asked;
  bool ending;  /* its abort was asked for */
  uint32_t late; /* a bit for each partition that has taken a batch of it behind the broker's decision to abort it */
  bool unswept; /* its producer ended before its abort returned, where a late batch may then be the successor's */
  enum ktxn_outcome outcome; /* NONE = never told */
  bool told_not; /* it was told as not committed, whatever was told behind that */
  int64_t began_us, told_us;
  int64_t asked_us; /* when a request of it has left first; -1 = none has */
  int64_t began_jumped_us, asked_jumped_us; /* see sim_client */
  /* what the logs hold */
  int32_t visible[SIM_PARTITIONS];
  int64_t offset_seen; /* the last of its offsets that was committed; -1 = none */
};

struct sim_client {
  struct sim_world *world;
  struct ktxn__ports ports;
  struct ktxn__mem mem;
  struct ktxn__log log;
  struct ktxn__settings settings;
  struct ktxn__bootstrap_server servers[SIM_NODES];
  char tid[16];
  struct ktxn__engine *engine;
  struct ktxn__accumulator *acc;
  struct ktxn__sender *sender;
  bool alive;
  bool paused;
  bool dying; /* its memory is being taken back: it can close connections, and nothing else */
  bool gone;
  bool woken;   /* the engine has something to do */
  bool blocked; /* send waits for news: room or metadata */
  int64_t deadline_us; /* of the event that is in the heap */
  int64_t skew_us, drift_ppm; /* of its clock */
  int64_t jumped_us;          /* part of the skew: in jumps */
  int64_t wall_ms; /* how far its wall clock is off */
  int32_t index;
  int32_t id;
  int64_t ready_us; /* when its init returned; -1 = not yet */
  int64_t seniority; /* of the producer id and epoch that it got then: who has the higher one came later */
  /* the application */
  enum sim_step step;
  struct ktxn__op op;
  bool op_pending;
  bool op_done;
  struct ktxn__op flush;
  struct ktxn__op force; /* a close by force, see close_misled() */
  bool forced, forced_done;
  bool flush_pending;
  int32_t left;   /* transactions to do */
  int32_t txn;    /* the open one, -1 = none */
  int64_t ordinal; /* of that, or of the last one; -1 = none yet */
  int32_t to_send;
  bool want_offsets, want_abort, want_flush;
  int64_t think_us;
  int64_t wait_us; /* for room or metadata, until then */
  int64_t rest_us; /* after an error that says "call again": not before */
  struct sim_wire wire;
  ktxn_offset offset;
  ktxn_group group;
  bool last; /* the transaction that proves that the cluster is well */
};

struct sim_stats {
  uint64_t runs, transactions, committed, aborted, in_doubt, unknown, fatal, killed, events, requests, faults, late, limits, spoilt;
  uint64_t exhausted; /* processes that were not started: a run has room for so many */
  uint64_t starved;
  uint64_t allocations; /* of clients that were to fail, see sim_sweep_alloc() */
};

struct sim_world {
  struct sim_choices choices;
  struct sim_options options;
  struct sim_sweep sweep;
  uint32_t requests; /* that have reached a node in this run */
  int64_t now_us;
  bool healed;
  int64_t healed_us;
  uint64_t order;
  struct sim_event *heap;
  size_t heap_count, heap_room;

  struct ktxn__mem mem;
  struct ktxn__arena wire_arena; /* of the request that is judged */
  struct ktxn__model *model;
  struct ktxn__front *front;
  int64_t front_us; /* of the event in the heap */
  bool node_up[SIM_NODES], node_cut[SIM_NODES];
  int64_t shut_until_us[SIM_NODES]; /* connections to it are refused */
  uint32_t home[SIM_NODES]; /* which of its addresses it has, see address.c */
  int64_t asleep_until_us; /* a client sleeps, and the cluster stays as it is */
  int32_t back_from;       /* from this node a client that has slept is sent back to the one before; -1 = none */
  bool back_to;            /* and it comes there */
  int32_t usurper; /* the newest coordinator whose predecessor is cut off; -1 = none */
  int64_t hide_from_us; /* the topic may be hidden again */

  struct sim_held held;
  struct sim_conn conns[SIM_CONNS];
  uint32_t conn_count;
  struct sim_client *clients; /* SIM_CLIENTS */
  int32_t client_count;
  int32_t owner[SIM_IDS]; /* the youngest incarnation of each id */
  int32_t ids_left[SIM_IDS];
  int64_t next_offset[SIM_IDS];
  int32_t offset_txn[SIM_IDS][SIM_OFFSETS]; /* which transaction has sent it */
  bool proved[SIM_IDS];
  bool loose[SIM_IDS]; /* a late offset commit of a producer that has ended may lie in the group of that id */

  struct sim_txn *txns; /* SIM_TXNS */
  int32_t txn_count;
  int64_t pids[SIM_PIDS]; /* producer ids in the order in which coordinators have recorded them first */
  int32_t pid_count;
  int64_t aborted_us[SIM_PIDS]; /* when an abort of each was recorded last; -1 = never */
  struct sim_letter letters[SIM_LETTERS];
  uint32_t letter_count;
  int64_t newest[SIM_CLIENTS]; /* the highest ordinal of each incarnation of which a batch is in a log */

  struct sim_stats *stats;
  bool hostile; /* see hostile.c */
  bool trace; /* tell the story */
  bool violated;
  char violation[256];
  uint64_t hash; /* of everything that happened */
};

/* world.c */
struct sim_world *sim_world_new(struct sim_stats *stats);
void sim_world_free(struct sim_world *world);
/** One run from `world->choices`. False: a violation, told in world->violation. */
bool sim_world_run(struct sim_world *world);
void sim_schedule(struct sim_world *world, int64_t at_us, enum sim_event_type type, uint32_t a, uint32_t b);
void sim_schedule_bytes(struct sim_world *world, int64_t at_us, enum sim_event_type type, uint32_t a, const uint8_t *bytes,
                        size_t size);
/** The same event later. */
void sim_schedule_again(struct sim_world *world, int64_t at_us, const struct sim_event *event);
void sim_violate(struct sim_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_tell(struct sim_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* options.c */
void sim_options_draw(struct sim_choices *choices, struct sim_options *options);
/** The canonical workload: three nodes, three partitions, offsets, nothing bad but what is chosen. */
void sim_options_canonical(const struct sim_sweep *sweep, struct sim_options *options);
void sim_options_print(const struct sim_options *options);

/* net.c */
void sim_net_ports(struct sim_client *client);
void sim_net_connect(struct sim_world *world, uint32_t conn);
void sim_net_to_node(struct sim_world *world, uint32_t conn, const uint8_t *bytes, size_t size);
void sim_net_to_client(struct sim_world *world, const struct sim_event *event);
void sim_net_client_closed(struct sim_world *world, uint32_t conn);
void sim_net_node_closed(struct sim_world *world, const struct sim_event *event);
void sim_net_writable(struct sim_world *world, uint32_t conn);
/** Connections that client has not closed. */
uint32_t sim_net_left_open(const struct sim_world *world, int32_t client);
void sim_net_drop_node(struct sim_world *world, int32_t node);
/** Lets the cluster work until now, and sends what it says on its way. */
void sim_net_pump(struct sim_world *world);

/* address.c */
/** The port. */
void sim_address_resolve(void *ctx, uint32_t token, const char *host, uint16_t port);
/** The answer to it: `a` of the event. */
void sim_address_resolved(struct sim_world *world, uint32_t a, uint32_t token);
/** That node comes back, maybe at another address. */
void sim_address_move(struct sim_world *world, int32_t node);
int32_t sim_address_node(const struct ktxn__address *address);
/** Whether the node is where that address points to. */
bool sim_address_right(const struct sim_world *world, const struct ktxn__address *address);

/* client.c */
int32_t sim_client_start(struct sim_world *world, int32_t id, bool last);
void sim_client_run(struct sim_world *world, int32_t index);
void sim_client_kill(struct sim_world *world, int32_t index);
void sim_client_soon(struct sim_client *client);
/** What its clock shows; nothing else is told to its engine. */
int64_t sim_client_now(const struct sim_client *client);
/** It ends while its abort is under way. */
void sim_client_note_unswept(struct sim_world *world, const struct sim_client *client);

/* app.c */
void sim_app_start(struct sim_client *client, bool last);
void sim_app_step(struct sim_client *client);
int64_t sim_app_deadline(const struct sim_client *client);

/* cluster.c */
bool sim_cluster_start(struct sim_world *world);
/** What may happen in each period. Whether something has. */
bool sim_cluster_fault(struct sim_world *world);
void sim_cluster_repair(struct sim_world *world, uint32_t kind, uint32_t argument);
void sim_cluster_heal(struct sim_world *world);
/** The at-th allocation of that client from now fails, and with `on` those that follow for a while. */
void sim_cluster_starve(struct sim_world *world, int32_t client, uint32_t at, bool on);
void sim_cluster_around(struct sim_world *world, uint32_t around, int32_t node);
struct ktxn__str sim_topic(int32_t topic);
/** The i-th error that a node may answer to that request for a while; 0 = it has none. */
int16_t sim_error(int16_t api, uint32_t i);

/* held.c */
/** These bytes, which have come over that connection, do not arrive now. */
bool sim_held_take(struct sim_world *world, uint32_t conn, const uint8_t *bytes, size_t size);
/** Its node has not heard of what has become of that connection. */
bool sim_held_keeps(const struct sim_world *world, uint32_t conn);
/** A node works on that request. */
void sim_held_note(struct sim_world *world, int32_t node, const struct ktxn__model_request *request);
void sim_held_release(struct sim_world *world);
void sim_held_drop(struct sim_world *world);

/* hostile.c */
/** Other bytes instead of these; the caller frees them. */
uint8_t *sim_hostile(struct sim_world *world, const uint8_t *bytes, size_t *size);

/* strike.c */
void sim_strike(struct sim_world *world, int32_t node, int16_t api, struct ktxn__model_fate *fate);
const char *sim_strike_name(uint32_t kind);

/* sweep.c */
/** The canonical transactions with each fault, or each pair of them, at each request. False: a violation, told. */
bool sim_sweep_run(struct sim_world *world, bool pairs);
/** The same transactions with each allocation failing, alone or with what follows. */
bool sim_sweep_alloc(struct sim_world *world);

/* oracle.c */
/** A producer has ended, or an outcome was told as in doubt: a violation where nothing that happens calls for it. */
void sim_needless_end(struct sim_world *world, int32_t client, const ktxn_error *error);
/** That client was told that the broker has ended its transaction, and that it may go on. */
void sim_timed_out(struct sim_world *world, const struct sim_client *client);
void sim_oracle_seen(struct sim_world *world, const struct ktxn__model_seen *seen);
/** Remembers which transaction a request belongs to, and says it when a node works on it. */
void sim_letter_note(struct sim_world *world, const struct sim_client *client, uint32_t conn, int32_t correlation);
uint64_t sim_letter_tag(const void *conn, int32_t correlation);
void sim_oracle_judge(struct sim_world *world);
/** Grows with each identity that an id is given. Producer ids themselves don't: each coordinator has a block of them. */
int64_t sim_seniority(const struct sim_world *world, int64_t producer_id, int16_t producer_epoch);

/** What stands in each record's value. */
struct sim_value {
  uint32_t magic;
  uint32_t client;
  uint32_t ordinal;
  uint32_t index; /* within its transaction and partition */
  uint32_t partition;
  uint32_t txn;
};
#define SIM_MAGIC 0x6b74786eu

#endif
