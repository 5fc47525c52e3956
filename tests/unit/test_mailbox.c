#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sdk/mailbox.h"

#define SENDERS 4
#define MAILS 2000

struct letter {
  struct ktxn__mail mail; /* first, so that a mail is its letter */
  int sender;
  int number;
};

static struct letter letters[SENDERS][MAILS];
static int last_seen[SENDERS];
static int received;

static void receive(struct ktxn__mail *mail, int64_t now_us) {
  struct letter *letter = (struct letter *)(void *)mail;
  assert_int_equal(now_us, 7);
  assert_int_equal(letter->number, last_seen[letter->sender] + 1);
  last_seen[letter->sender] = letter->number;
  received++;
}

struct post {
  struct ktxn__mailbox *mailbox;
  int sender;
};

static void *post_all(void *ctx) {
  struct post *post = ctx;
  for (int i = 0; i < MAILS; i++) {
    letters[post->sender][i] = (struct letter){.mail.run = receive, .sender = post->sender, .number = i + 1};
    ktxn__mailbox_post(post->mailbox, &letters[post->sender][i].mail);
  }
  return NULL;
}

/* Whatever is posted from several threads runs once, and each thread's mail in the order in which it posted it. */
static void every_mail_runs_once_in_order(void **state) {
  (void)state;
  struct ktxn__mailbox mailbox;
  assert_true(ktxn__mailbox_init(&mailbox));
  assert_false(ktxn__mailbox_run(&mailbox, 7));
  struct ktxn__thread threads[SENDERS];
  struct post posts[SENDERS];
  for (int i = 0; i < SENDERS; i++) {
    posts[i] = (struct post){&mailbox, i};
    assert_true(ktxn__thread_start(&threads[i], "post", post_all, &posts[i]));
  }
  while (received < SENDERS * MAILS) {
    ktxn__mailbox_run(&mailbox, 7);
  }
  for (int i = 0; i < SENDERS; i++) {
    ktxn__thread_join(&threads[i]);
  }
  assert_false(ktxn__mailbox_run(&mailbox, 7));
  ktxn__mailbox_destroy(&mailbox);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_mail_runs_once_in_order)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
