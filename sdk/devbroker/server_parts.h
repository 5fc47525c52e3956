#ifndef KTXN_DEVBROKER_SERVER_PARTS_H
#define KTXN_DEVBROKER_SERVER_PARTS_H

/** What the files server*.c share. All but the mailbox belongs to the server's thread once that runs. */

#include "sdk/base/address.h"
#include "sdk/devbroker/control.h"
#include "sdk/devbroker/front.h"
#include "sdk/devbroker/journal.h"
#include "sdk/devbroker/server.h"
#include "sdk/net/poller.h"
#include "sdk/os/thread.h"

enum ktxn__server_kind {
  KTXN__SERVER_FREE,
  KTXN__SERVER_WAKE,
  KTXN__SERVER_LISTENER,
  KTXN__SERVER_CONTROL_LISTENER,
  KTXN__SERVER_CLIENT,
  KTXN__SERVER_CONTROL
};

/* A descriptor. Its key is its place and how often the place was used, so that an event for a predecessor is told apart. */
struct ktxn__server_slot {
  enum ktxn__server_kind kind;
  int fd;
  uint32_t uses;
  int32_t node;
  uint32_t interest; /* that the poller knows */
  struct ktxn__front_link *link; /* of a client */
  struct ktxn__buffer in; /* of a control connection: an unfinished line */
  struct ktxn__buffer out;
};

#define KTXN__SERVER_SLOTS (KTXN__SERVER_CONNECTIONS_MAX + KTXN__MODEL_NODES + 2)

/* A line that another thread has for the server's; one at a time. */
struct ktxn__server_mailbox {
  struct ktxn__mutex mutex;
  struct ktxn__cond changed;
  const char *line; /* NULL = none */
  struct ktxn__buffer reply;
  bool taken; /* somebody uses it */
  bool done;
  bool good;
  bool over; /* the thread has ended or ends */
  bool ending; /* somebody wants it to */
};

/** How long listeners pause when there is no descriptor. */
#define KTXN__SERVER_PAUSE_US INT64_C(100000)

struct ktxn__server {
  struct ktxn__mem *mem;
  struct ktxn__server_config config;
  char host[64];
  char advertised[256];
  char *bootstrap;
  struct ktxn__address address; /* without the port */
  uint16_t ports[KTXN__MODEL_NODES];
  int32_t control_port;
  int64_t start_us; /* of the monotonic clock, when the model's time is 0 */
  int64_t now; /* of the model */
  struct ktxn__model *model;
  struct ktxn__front *front;
  struct ktxn__journal *journal; /* NULL = memory alone */
  struct ktxn__control control;
  struct ktxn__poller *poller;
  int wake_fd;
  struct ktxn__server_slot *slots;
  bool deaf; /* listeners pause until a descriptor is free, one of ours or of somebody else's in this process */
  int64_t listen_us; /* then they try again */
  uint8_t *scratch; /* what is read, before it goes where it belongs */
  struct ktxn__server_mailbox mailbox;
  struct ktxn__thread thread;
};

/* server_slots.c: descriptors */

bool ktxn__server_slots_init(struct ktxn__server *server);
void ktxn__server_slots_free(struct ktxn__server *server);

/** NULL: no place, or the poller refused; then the descriptor is closed. */
struct ktxn__server_slot *ktxn__server_slot_add(struct ktxn__server *server, enum ktxn__server_kind kind, int fd,
                                                int32_t node);
/** Listeners that paused try again, when it is time. */
void ktxn__server_listen_again(struct ktxn__server *server);
void ktxn__server_slot_close(struct ktxn__server *server, struct ktxn__server_slot *slot);

/** The slot of an event; NULL when it has gone meanwhile. */
struct ktxn__server_slot *ktxn__server_slot_of(struct ktxn__server *server, uint32_t key);
void ktxn__server_slot_want(struct ktxn__server *server, struct ktxn__server_slot *slot, uint32_t interest);

/** The node's listener is there exactly if the node is up; without it no connection of the node stays. Returns 0 or an error. */
int ktxn__server_follow_node(struct ktxn__server *server, int32_t node);
int ktxn__server_listen_control(struct ktxn__server *server);

/* server_io.c: what arrives and leaves */

void ktxn__server_event(struct ktxn__server *server, struct ktxn__server_slot *slot, uint32_t ready);

/** Sends what the front has for its links. */
void ktxn__server_flush(struct ktxn__server *server);

/** A line from anywhere: noted in the journal, then done. */
bool ktxn__server_do(struct ktxn__server *server, const char *line, struct ktxn__buffer *reply);

/** Brings `now` up to the clock. */
void ktxn__server_tick(struct ktxn__server *server);

#endif
