#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sdk/devbroker/server_parts.h"
#include "sdk/net/tcp.h"
#include "sdk/os/clock.h"

enum { SCRATCH = 256 * 1024, READS_PER_EVENT = 4 };

void ktxn__server_tick(struct ktxn__server *server) {
  const int64_t now = ktxn__clock_mono_us() - server->start_us;
  server->now = now > server->now ? now : server->now;
}

/* -- accepting */

static void accept_all(struct ktxn__server *server, struct ktxn__server_slot *listener) {
  static const struct ktxn__tcp_options options = {0, 0};
  const int32_t node = listener->node;
  const bool control = listener->kind == KTXN__SERVER_CONTROL_LISTENER;
  char host[64];
  int fd;
  while ((fd = ktxn__tcp_accept(listener->fd, &options, host, sizeof host)) >= 0) {
    struct ktxn__server_slot *slot =
        ktxn__server_slot_add(server, control ? KTXN__SERVER_CONTROL : KTXN__SERVER_CLIENT, fd, node);
    if (slot != NULL && !control) {
      slot->link = ktxn__front_open(server->front, node, host, slot);
      if (slot->link == NULL) {
        ktxn__server_slot_close(server, slot);
      }
    }
  }
  if (fd != -EAGAIN && fd != -EWOULDBLOCK) {
    /* no descriptor is left: whoever waits stays in the queue until there is one */
    ktxn__log(server->config.log, KTXN__LOG_WARN, "a connection can't be taken: %s", strerror(-fd));
    ktxn__server_slot_want(server, listener, 0);
    server->deaf = true;
    server->listen_us = server->now + KTXN__SERVER_PAUSE_US;
  }
}

/* -- clients */

/* Sends what there is; asks to be told when more can be sent, and reads on only while the front wants more. */
static void send_output(struct ktxn__server *server, struct ktxn__server_slot *slot) {
  struct ktxn__span output = ktxn__front_output(slot->link);
  while (output.size > 0) {
    int64_t sent = ktxn__tcp_writev(slot->fd, &output, 1);
    if (sent < 0) {
      ktxn__server_slot_close(server, slot);
      return;
    }
    if (sent == 0) {
      break;
    }
    ktxn__front_sent(slot->link, server->now, (size_t)sent);
    output = ktxn__front_output(slot->link);
  }
  if (output.size == 0 && ktxn__front_broken(slot->link)) {
    ktxn__server_slot_close(server, slot);
    return;
  }
  ktxn__server_slot_want(server, slot,
                         (output.size > 0 ? (uint32_t)KTXN__POLLER_WRITE : 0U) |
                             (ktxn__front_wants(slot->link) ? (uint32_t)KTXN__POLLER_READ : 0U));
}

void ktxn__server_flush(struct ktxn__server *server) {
  struct ktxn__front_link *link;
  while ((link = ktxn__front_changed(server->front)) != NULL) {
    send_output(server, ktxn__front_opaque(link));
  }
}

static void read_client(struct ktxn__server *server, struct ktxn__server_slot *slot) {
  for (int i = 0; i < READS_PER_EVENT && ktxn__front_wants(slot->link); i++) {
    int64_t got = ktxn__tcp_read(slot->fd, server->scratch, SCRATCH);
    if (got < 0) {
      ktxn__server_slot_close(server, slot);
      return;
    }
    if (got == 0) {
      break;
    }
    ktxn__front_feed(slot->link, server->now, (struct ktxn__span){.data = server->scratch, .size = (size_t)got});
  }
  send_output(server, slot);
}

/* -- control lines */

bool ktxn__server_do(struct ktxn__server *server, const char *line, struct ktxn__buffer *reply) {
  const struct ktxn__journal_entry entry = {
      .kind = KTXN__JOURNAL_LINE, .now = server->now, .bytes = {.data = line, .size = strlen(line) + 1}};
  if (server->journal != NULL && ktxn__control_changes(line) && !ktxn__journal_append(server->journal, &entry)) {
    (void)ktxn__buffer_append(reply, "error the journal can't be written", 34);
    return false;
  }
  return ktxn__control_run(&server->control, server->now, line, reply);
}

/* A reply may have several lines; an empty one ends it. */
static bool do_line(struct ktxn__server *server, struct ktxn__server_slot *slot) {
  char *end = slot->in.size == 0 ? NULL : memchr(slot->in.data, '\n', slot->in.size);
  if (end == NULL) {
    return false;
  }
  *end = '\0';
  (void)ktxn__server_do(server, (const char *)slot->in.data, &slot->out);
  (void)ktxn__buffer_append(&slot->out, "\n\n", 2);
  ktxn__buffer_drop(&slot->in, (size_t)(end - (char *)slot->in.data) + 1);
  return true;
}

static bool send_reply(struct ktxn__server *server, struct ktxn__server_slot *slot) {
  const struct ktxn__span output = {.data = slot->out.data, .size = slot->out.size};
  int64_t sent = output.size == 0 ? 0 : ktxn__tcp_writev(slot->fd, &output, 1);
  if (sent < 0) {
    ktxn__server_slot_close(server, slot);
    return false;
  }
  ktxn__buffer_drop(&slot->out, (size_t)sent);
  return true;
}

/* A line is done once the reply to the one before has left: each has all the room there is. */
static void do_lines(struct ktxn__server *server, struct ktxn__server_slot *slot) {
  do {
    if (!send_reply(server, slot)) {
      return;
    }
  } while (slot->out.size == 0 && do_line(server, slot));
  ktxn__server_slot_want(server, slot, slot->out.size > 0 ? (uint32_t)KTXN__POLLER_WRITE : (uint32_t)KTXN__POLLER_READ);
}

static void read_control(struct ktxn__server *server, struct ktxn__server_slot *slot) {
  int64_t got = ktxn__tcp_read(slot->fd, server->scratch, SCRATCH);
  const bool endless = got > 0 && !ktxn__buffer_append(&slot->in, server->scratch, (size_t)got);
  if (got < 0 || endless) {
    ktxn__server_slot_close(server, slot);
    return;
  }
  do_lines(server, slot);
}

/* -- other threads' lines */

static void read_mailbox(struct ktxn__server *server, int fd) {
  struct ktxn__server_mailbox *mailbox = &server->mailbox;
  uint64_t count;
  (void)!read(fd, &count, sizeof count);
  ktxn__mutex_lock(&mailbox->mutex);
  if (mailbox->line != NULL) {
    mailbox->good = ktxn__server_do(server, mailbox->line, &mailbox->reply);
    mailbox->line = NULL;
    mailbox->done = true;
    ktxn__cond_broadcast(&mailbox->changed);
  }
  server->control.stop = server->control.stop || mailbox->ending;
  ktxn__mutex_unlock(&mailbox->mutex);
}

void ktxn__server_event(struct ktxn__server *server, struct ktxn__server_slot *slot, uint32_t ready) {
  const bool writable = (ready & KTXN__POLLER_WRITE) != 0;
  switch (slot->kind) {
    case KTXN__SERVER_WAKE: read_mailbox(server, slot->fd); break;
    case KTXN__SERVER_LISTENER:
    case KTXN__SERVER_CONTROL_LISTENER: accept_all(server, slot); break;
    case KTXN__SERVER_CONTROL: (writable ? do_lines : read_control)(server, slot); break;
    case KTXN__SERVER_CLIENT:
      if ((ready & (KTXN__POLLER_READ | KTXN__POLLER_BROKEN)) != 0) {
        read_client(server, slot);
      } else {
        send_output(server, slot);
      }
      break;
    default: break;
  }
}
