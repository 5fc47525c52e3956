#ifndef KTXN_DEVBROKER_CONTROL_H
#define KTXN_DEVBROKER_CONTROL_H

/*
 * What the operator of the cluster, or fate, does to it, as lines of text: the one language of the library's calls, of
 * `ktxn-devbroker ctl` and of the control port. `help` lists it.
 */

#include "sdk/base/buffer.h"
#include "sdk/devbroker/front.h"

struct ktxn__control {
  struct ktxn__model *model;
  struct ktxn__front *front;
  /** A node went down or came up: its sockets follow. Returns 0 or an error. May be NULL. */
  int (*node_changed)(void *ctx, int32_t node);
  void *ctx;
  int32_t nodes;
  bool stop; /* somebody said so */
};

/** Bytes of a reply. What is longer is answered with an error. */
#define KTXN__CONTROL_REPLY_MAX (1024 * 1024)

/** Bytes of a line, and words in it. */
#define KTXN__CONTROL_LINE_MAX 1024
#define KTXN__CONTROL_WORDS_MAX 16

/**
 * Carries out one line. The reply, without a newline at its end, begins with "ok" or with "error"; it goes behind what is in
 * `reply`, and is whole, or an error. Returns whether it is "ok".
 */
bool ktxn__control_run(struct ktxn__control *control, int64_t now, const char *line, struct ktxn__buffer *reply);

/** Whether the line would change something that has to survive a restart. */
bool ktxn__control_changes(const char *line);

#endif
