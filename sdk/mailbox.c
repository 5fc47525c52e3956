#include "sdk/mailbox.h"

#include <stddef.h>

bool ktxn__mailbox_init(struct ktxn__mailbox *mailbox) {
  mailbox->first = NULL;
  mailbox->last = NULL;
  return ktxn__mutex_init(&mailbox->lock);
}

void ktxn__mailbox_destroy(struct ktxn__mailbox *mailbox) {
  ktxn__mutex_destroy(&mailbox->lock);
}

void ktxn__mailbox_post(struct ktxn__mailbox *mailbox, struct ktxn__mail *mail) {
  mail->next = NULL;
  ktxn__mutex_lock(&mailbox->lock);
  if (mailbox->last) {
    mailbox->last->next = mail;
  } else {
    mailbox->first = mail;
  }
  mailbox->last = mail;
  ktxn__mutex_unlock(&mailbox->lock);
}

static struct ktxn__mail *take_all(struct ktxn__mailbox *mailbox) {
  ktxn__mutex_lock(&mailbox->lock);
  struct ktxn__mail *mail = mailbox->first;
  mailbox->first = NULL;
  mailbox->last = NULL;
  ktxn__mutex_unlock(&mailbox->lock);
  return mail;
}

bool ktxn__mailbox_run(struct ktxn__mailbox *mailbox, int64_t now_us) {
  struct ktxn__mail *mail = take_all(mailbox);
  bool any = mail != NULL;
  while (mail) {
    struct ktxn__mail *next = mail->next;
    mail->run(mail, now_us);
    mail = next;
  }
  return any;
}
