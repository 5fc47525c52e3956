#include "sdk/sockets.h"

#include <errno.h>

#include "sdk/base/mem.h"
#include "sdk/net/poller.h"

#define ROOM_MIN 16

void ktxn__sockets_init(struct ktxn__sockets *sockets, struct ktxn__mem *mem, struct ktxn__poller *poller,
                        const struct ktxn__tcp_options *options) {
  *sockets = (struct ktxn__sockets){.mem = mem, .poller = poller, .options = *options};
}

void ktxn__sockets_free(struct ktxn__sockets *sockets) {
  for (uint32_t i = 0; i < sockets->room; i++) {
    if (sockets->places[i].conn != 0) {
      ktxn__poller_remove(sockets->poller, sockets->places[i].fd);
      ktxn__tcp_close(sockets->places[i].fd);
    }
  }
  ktxn__free(sockets->mem, sockets->places);
  sockets->places = NULL;
  sockets->room = 0;
  sockets->count = 0;
}

/* The place of a conn, or the free one where it belongs. Some place is always free. */
static uint32_t place_of(const struct ktxn__sockets *sockets, uint32_t conn) {
  uint32_t i = conn * 2654435761u & (sockets->room - 1);
  while (sockets->places[i].conn != 0 && sockets->places[i].conn != conn) {
    i = (i + 1) & (sockets->room - 1);
  }
  return i;
}

static bool grow(struct ktxn__sockets *sockets) {
  if (sockets->room != 0 && sockets->count < sockets->room / 2) {
    return true;
  }
  struct ktxn__sockets larger = *sockets;
  larger.room = sockets->room ? sockets->room * 2 : ROOM_MIN;
  larger.places = ktxn__calloc(sockets->mem, larger.room, sizeof *larger.places);
  if (!larger.places) {
    return false;
  }
  for (uint32_t i = 0; i < sockets->room; i++) {
    if (sockets->places[i].conn != 0) {
      larger.places[place_of(&larger, sockets->places[i].conn)] = sockets->places[i];
    }
  }
  ktxn__free(sockets->mem, sockets->places);
  *sockets = larger;
  return true;
}

struct ktxn__socket *ktxn__sockets_find(struct ktxn__sockets *sockets, uint32_t conn) {
  if (sockets->room == 0 || conn == 0) {
    return NULL;
  }
  struct ktxn__socket *socket = &sockets->places[place_of(sockets, conn)];
  return socket->conn == conn ? socket : NULL;
}

int ktxn__sockets_connect(struct ktxn__sockets *sockets, uint32_t conn, const struct ktxn__address *address) {
  if (!grow(sockets)) {
    return -ENOMEM;
  }
  int fd = ktxn__tcp_connect(address, &sockets->options);
  if (fd < 0) {
    return fd;
  }
  int error = ktxn__poller_add(sockets->poller, fd, conn, KTXN__POLLER_WRITE);
  if (error < 0) {
    ktxn__tcp_close(fd);
    return error;
  }
  sockets->places[place_of(sockets, conn)] =
      (struct ktxn__socket){.conn = conn, .fd = fd, .interest = KTXN__POLLER_WRITE, .connecting = true};
  sockets->count++;
  return 0;
}

bool ktxn__sockets_watch(struct ktxn__sockets *sockets, struct ktxn__socket *socket, uint32_t interest) {
  if (socket->interest == interest) {
    return true;
  }
  socket->interest = interest;
  return ktxn__poller_change(sockets->poller, socket->fd, socket->conn, interest) == 0;
}

static size_t size_of(const struct ktxn__span *spans, size_t count) {
  size_t size = 0;
  for (size_t i = 0; i < count; i++) {
    size += spans[i].size;
  }
  return size;
}

int64_t ktxn__sockets_writev(struct ktxn__sockets *sockets, uint32_t conn, const struct ktxn__span *spans,
                             size_t count) {
  struct ktxn__socket *socket = ktxn__sockets_find(sockets, conn);
  if (!socket) {
    return -1;
  }
  int64_t taken = ktxn__tcp_writev(socket->fd, spans, count);
  if (taken < 0) {
    return -1;
  }
  if ((size_t)taken < size_of(spans, count) &&
      !ktxn__sockets_watch(sockets, socket, KTXN__POLLER_READ | KTXN__POLLER_WRITE)) {
    ktxn__tcp_shut(socket->fd); /* what was taken has left, and must not be told as unsent: the connection ends as by the peer */
  }
  return taken;
}

/* Moves later members of the probe run up, so that no run is broken by the hole. */
static void vacate(struct ktxn__sockets *sockets, uint32_t hole) {
  uint32_t mask = sockets->room - 1;
  sockets->places[hole].conn = 0;
  for (uint32_t i = (hole + 1) & mask; sockets->places[i].conn != 0; i = (i + 1) & mask) {
    struct ktxn__socket moved = sockets->places[i];
    sockets->places[i].conn = 0;
    sockets->places[place_of(sockets, moved.conn)] = moved;
  }
}

void ktxn__sockets_close(struct ktxn__sockets *sockets, uint32_t conn) {
  struct ktxn__socket *socket = ktxn__sockets_find(sockets, conn);
  if (!socket) {
    return;
  }
  ktxn__poller_remove(sockets->poller, socket->fd);
  ktxn__tcp_close(socket->fd);
  vacate(sockets, (uint32_t)(socket - sockets->places));
  sockets->count--;
}
