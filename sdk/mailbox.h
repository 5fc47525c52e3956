#ifndef KTXN_SDK_MAILBOX_H
#define KTXN_SDK_MAILBOX_H

/*
 * The one door from application threads to the I/O thread: what is posted runs there, in the order of posting. A mail is
 * embedded in what it is about, so that posting needs no memory and can't fail.
 */

#include <stdbool.h>
#include <stdint.h>

#include "sdk/os/thread.h"

struct ktxn__mail {
  struct ktxn__mail *next;
  /* On the I/O thread; the mailbox is done with the mail before the call, which may free it. */
  void (*run)(struct ktxn__mail *mail, int64_t now_us);
};

struct ktxn__mailbox {
  struct ktxn__mutex lock;
  struct ktxn__mail *first;
  struct ktxn__mail *last;
};

/** False when the system is out of resources; nothing to destroy then. */
bool ktxn__mailbox_init(struct ktxn__mailbox *mailbox);

/** It must be empty. */
void ktxn__mailbox_destroy(struct ktxn__mailbox *mailbox);

/** Any thread. A mail may be posted again once it has begun to run. Wake the I/O thread afterwards. */
void ktxn__mailbox_post(struct ktxn__mailbox *mailbox, struct ktxn__mail *mail);

/** I/O thread: runs everything that was there when it was called. False: there was nothing. */
bool ktxn__mailbox_run(struct ktxn__mailbox *mailbox, int64_t now_us);

#endif
