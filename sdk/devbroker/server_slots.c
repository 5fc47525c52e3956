#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sdk/devbroker/model_control.h"
#include "sdk/devbroker/server_parts.h"
#include "sdk/net/tcp.h"

enum { PLACE_BITS = 12, CONTROL_BYTES_MAX = 64 * 1024, REPLY_END_MAX = 8 };
_Static_assert(KTXN__SERVER_SLOTS <= 1 << PLACE_BITS, "a place fits into a key");

bool ktxn__server_slots_init(struct ktxn__server *server) {
  server->slots = ktxn__calloc(server->mem, KTXN__SERVER_SLOTS, sizeof *server->slots);
  return server->slots != NULL;
}

void ktxn__server_slots_free(struct ktxn__server *server) {
  for (size_t i = 0; server->slots != NULL && i < KTXN__SERVER_SLOTS; i++) {
    ktxn__server_slot_close(server, &server->slots[i]);
  }
  ktxn__free(server->mem, server->slots);
  server->slots = NULL;
}

static uint32_t key_of(const struct ktxn__server *server, const struct ktxn__server_slot *slot) {
  return slot->uses << PLACE_BITS | (uint32_t)(slot - server->slots);
}

struct ktxn__server_slot *ktxn__server_slot_of(struct ktxn__server *server, uint32_t key) {
  struct ktxn__server_slot *slot = &server->slots[key & ((1U << PLACE_BITS) - 1)];
  return slot->kind == KTXN__SERVER_FREE || key_of(server, slot) != key ? NULL : slot;
}

static struct ktxn__server_slot *free_slot(struct ktxn__server *server) {
  for (size_t i = 0; i < KTXN__SERVER_SLOTS; i++) {
    if (server->slots[i].kind == KTXN__SERVER_FREE) {
      return &server->slots[i];
    }
  }
  return NULL;
}

struct ktxn__server_slot *ktxn__server_slot_add(struct ktxn__server *server, enum ktxn__server_kind kind, int fd,
                                                int32_t node) {
  struct ktxn__server_slot *slot = free_slot(server);
  if (slot == NULL) {
    ktxn__log(server->config.log, KTXN__LOG_WARN, "too many connections: one is closed");
    ktxn__tcp_close(fd);
    return NULL;
  }
  *slot = (struct ktxn__server_slot){
      .kind = kind, .fd = fd, .uses = slot->uses + 1, .node = node, .interest = KTXN__POLLER_READ};
  ktxn__buffer_init(&slot->in, server->mem, CONTROL_BYTES_MAX);
  ktxn__buffer_init(&slot->out, server->mem, KTXN__CONTROL_REPLY_MAX + REPLY_END_MAX);
  if (ktxn__poller_add(server->poller, fd, key_of(server, slot), slot->interest) != 0) {
    ktxn__tcp_close(fd);
    slot->kind = KTXN__SERVER_FREE;
    return NULL;
  }
  return slot;
}

/* A descriptor has become free: listen again. */
static void hear_again(struct ktxn__server *server) {
  server->deaf = false;
  for (size_t i = 0; i < KTXN__SERVER_SLOTS; i++) {
    const enum ktxn__server_kind kind = server->slots[i].kind;
    if (kind == KTXN__SERVER_LISTENER || kind == KTXN__SERVER_CONTROL_LISTENER) {
      ktxn__server_slot_want(server, &server->slots[i], KTXN__POLLER_READ);
    }
  }
}

void ktxn__server_listen_again(struct ktxn__server *server) {
  if (server->deaf && server->now >= server->listen_us) {
    hear_again(server);
  }
}

void ktxn__server_slot_close(struct ktxn__server *server, struct ktxn__server_slot *slot) {
  if (slot->kind == KTXN__SERVER_FREE) {
    return;
  }
  slot->kind = KTXN__SERVER_FREE;
  ktxn__poller_remove(server->poller, slot->fd);
  ktxn__tcp_close(slot->fd);
  ktxn__buffer_free(&slot->in);
  ktxn__buffer_free(&slot->out);
  if (slot->link != NULL) {
    ktxn__front_close(slot->link);
    slot->link = NULL;
  }
  if (server->deaf) {
    hear_again(server);
  }
}

void ktxn__server_slot_want(struct ktxn__server *server, struct ktxn__server_slot *slot, uint32_t interest) {
  if (slot->interest != interest &&
      ktxn__poller_change(server->poller, slot->fd, key_of(server, slot), interest) == 0) {
    slot->interest = interest;
  }
}

static struct ktxn__server_slot *listener_of(struct ktxn__server *server, int32_t node) {
  for (size_t i = 0; i < KTXN__SERVER_SLOTS; i++) {
    if (server->slots[i].kind == KTXN__SERVER_LISTENER && server->slots[i].node == node) {
      return &server->slots[i];
    }
  }
  return NULL;
}

static int listen_on(struct ktxn__server *server, struct ktxn__address address, enum ktxn__server_kind kind,
                     int32_t node, uint16_t *got) {
  int fd = ktxn__tcp_listen(&address);
  if (fd < 0) {
    return fd;
  }
  *got = ktxn__tcp_port(fd);
  return ktxn__server_slot_add(server, kind, fd, node) == NULL ? -ENOMEM : 0;
}

static void close_connections(struct ktxn__server *server, int32_t node) {
  for (size_t i = 0; i < KTXN__SERVER_SLOTS; i++) {
    struct ktxn__server_slot *slot = &server->slots[i];
    if ((slot->kind == KTXN__SERVER_CLIENT || slot->kind == KTXN__SERVER_LISTENER) && slot->node == node) {
      ktxn__server_slot_close(server, slot);
    }
  }
}

int ktxn__server_follow_node(struct ktxn__server *server, int32_t node) {
  if (!ktxn__model_node_is_up(server->model, node)) {
    close_connections(server, node);
    return 0;
  }
  if (listener_of(server, node) != NULL) {
    return 0;
  }
  struct ktxn__address address = server->address;
  address.port = server->ports[node];
  int error = listen_on(server, address, KTXN__SERVER_LISTENER, node, &server->ports[node]);
  if (error == 0) {
    ktxn__front_set_address(server->front, node, ktxn__str(server->advertised), server->ports[node]);
  }
  return error;
}

/* Whoever may speak to it may do anything to the cluster: it is for this machine alone. */
int ktxn__server_listen_control(struct ktxn__server *server) {
  struct ktxn__address address;
  uint16_t got = 0;
  if (server->config.control_port < 0) {
    return 0;
  }
  (void)ktxn__tcp_parse("127.0.0.1", (uint16_t)server->config.control_port, &address);
  int error = listen_on(server, address, KTXN__SERVER_CONTROL_LISTENER, -1, &got);
  server->control_port = error == 0 ? got : 0;
  return error;
}
