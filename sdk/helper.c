#include "sdk/helper.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sdk/base/list.h"
#include "sdk/net/tcp.h"
#include "sdk/os/thread.h"

#define HOST_MAX 256
#define REFUSED_MAX 64

struct question {
  struct ktxn__list link;
  char host[HOST_MAX];
  uint16_t port;
  struct ktxn__helper_answer answer;
};

/*
 * Freed by whoever leaves last: ktxn__helper_stop() after a join, or the thread that was let go. Its memory is malloc's,
 * not the client's allocator's, because it may outlive the client.
 */
struct ktxn__helper {
  struct ktxn__mutex lock; /* covers all that follows */
  struct ktxn__cond asked;
  struct ktxn__list questions;
  struct ktxn__list answers;
  size_t count;                  /* in both lists and in the thread's hands */
  uint32_t refused[REFUSED_MAX]; /* tokens of questions that there was no room or no memory for */
  size_t refused_count;
  bool busy;    /* the thread is inside the lookup */
  bool stopped; /* no wake any more; the thread ends as soon as it can */
  ktxn__helper_lookup lookup;
  void (*wake)(void *ctx);
  void *ctx;
  struct ktxn__thread thread;
};

static void add_address(struct ktxn__helper_answer *answer, const struct addrinfo *info, uint16_t port) {
  struct ktxn__address *address = &answer->addresses[answer->count];
  memset(address, 0, sizeof *address);
  address->port = port;
  if (info->ai_family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, info->ai_addr, sizeof in);
    address->family = 4;
    memcpy(address->bytes, &in.sin_addr, 4);
    answer->count++;
  } else if (info->ai_family == AF_INET6) {
    struct sockaddr_in6 in;
    memcpy(&in, info->ai_addr, sizeof in);
    address->family = 6;
    memcpy(address->bytes, &in.sin6_addr, 16);
    address->scope = in.sin6_scope_id;
    answer->count++;
  }
}

static void ask_system(const char *host, uint16_t port, struct ktxn__helper_answer *answer) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  struct addrinfo *list = NULL;
  int code = getaddrinfo(host, NULL, &hints, &list);
  if (code != 0) {
    char text[KTXN__HELPER_WHY_MAX];
    const char *why = code == EAI_SYSTEM ? ktxn__tcp_why(-errno, text, sizeof text) : gai_strerror(code);
    snprintf(answer->why, sizeof answer->why, "%s", why);
    return;
  }
  for (struct addrinfo *info = list; info && answer->count < KTXN__HELPER_ADDRESSES_MAX; info = info->ai_next) {
    add_address(answer, info, port);
  }
  freeaddrinfo(list);
  if (answer->count == 0) {
    snprintf(answer->why, sizeof answer->why, "the name has no address");
  }
}

static void free_all(struct ktxn__helper *helper) {
  struct ktxn__list *link;
  while ((link = ktxn__list_pop(&helper->questions)) || (link = ktxn__list_pop(&helper->answers))) {
    free(KTXN__LIST_OF(link, struct question, link));
  }
  ktxn__cond_destroy(&helper->asked);
  ktxn__mutex_destroy(&helper->lock);
  free(helper);
}

/* The lock is held before and after, not meanwhile. */
static void look_up(struct ktxn__helper *helper, struct question *question) {
  helper->busy = true;
  ktxn__mutex_unlock(&helper->lock);
  helper->lookup(question->host, question->port, &question->answer);
  ktxn__mutex_lock(&helper->lock);
  helper->busy = false;
  ktxn__list_push_back(&helper->answers, &question->link);
}

static void *serve(void *ctx) {
  struct ktxn__helper *helper = ctx;
  bool let_go = false;
  ktxn__mutex_lock(&helper->lock);
  while (!helper->stopped) {
    struct ktxn__list *link = ktxn__list_pop(&helper->questions);
    if (!link) {
      ktxn__cond_wait(&helper->asked, &helper->lock);
      continue;
    }
    look_up(helper, KTXN__LIST_OF(link, struct question, link));
    if (helper->stopped) {
      let_go = true; /* stop() saw us busy and did not wait */
    } else {
      helper->wake(helper->ctx); /* under the lock, so that none comes after stop() */
    }
  }
  ktxn__mutex_unlock(&helper->lock);
  if (let_go) {
    free_all(helper);
  }
  return NULL;
}

static struct ktxn__helper *make(void (*wake)(void *ctx), void *ctx, ktxn__helper_lookup lookup) {
  struct ktxn__helper *helper = calloc(1, sizeof *helper);
  if (!helper) {
    return NULL;
  }
  if (!ktxn__mutex_init(&helper->lock)) {
    free(helper);
    return NULL;
  }
  if (!ktxn__cond_init(&helper->asked)) {
    ktxn__mutex_destroy(&helper->lock);
    free(helper);
    return NULL;
  }
  ktxn__list_init(&helper->questions);
  ktxn__list_init(&helper->answers);
  helper->lookup = lookup ? lookup : ask_system;
  helper->wake = wake;
  helper->ctx = ctx;
  return helper;
}

struct ktxn__helper *ktxn__helper_new(void (*wake)(void *ctx), void *ctx, ktxn__helper_lookup lookup) {
  struct ktxn__helper *helper = make(wake, ctx, lookup);
  if (helper && !ktxn__thread_start(&helper->thread, "ktxn-helper", serve, helper)) {
    free_all(helper);
    return NULL;
  }
  return helper;
}

static struct question *make_question(const struct ktxn__helper *helper, const char *host) {
  if (helper->count >= KTXN__HELPER_QUEUE_MAX || strlen(host) >= HOST_MAX) {
    return NULL;
  }
  return calloc(1, sizeof(struct question));
}

/* The lock is held. False: it was answered, or refused, on the spot. */
static bool enqueue(struct ktxn__helper *helper, uint32_t token, const char *host, uint16_t port) {
  struct question *question = make_question(helper, host);
  if (!question) {
    if (helper->refused_count < REFUSED_MAX) { /* beyond that the engine's connection setup timeout ends the wait */
      helper->refused[helper->refused_count++] = token;
    }
    return false;
  }
  helper->count++;
  question->answer.token = token;
  question->port = port;
  memcpy(question->host, host, strlen(host) + 1);
  bool numeric = ktxn__tcp_parse(host, port, &question->answer.addresses[0]) == 0;
  question->answer.count = numeric ? 1 : 0;
  ktxn__list_push_back(numeric ? &helper->answers : &helper->questions, &question->link);
  return !numeric;
}

void ktxn__helper_resolve(struct ktxn__helper *helper, uint32_t token, const char *host, uint16_t port) {
  ktxn__mutex_lock(&helper->lock);
  if (enqueue(helper, token, host, port)) {
    ktxn__cond_signal(&helper->asked);
  } else {
    helper->wake(helper->ctx);
  }
  ktxn__mutex_unlock(&helper->lock);
}

static bool take_refused(struct ktxn__helper *helper, struct ktxn__helper_answer *answer) {
  if (helper->refused_count == 0) {
    return false;
  }
  memset(answer, 0, sizeof *answer);
  answer->token = helper->refused[--helper->refused_count];
  snprintf(answer->why, sizeof answer->why, "too many names to resolve, or no memory for it");
  return true;
}

bool ktxn__helper_take(struct ktxn__helper *helper, struct ktxn__helper_answer *answer) {
  ktxn__mutex_lock(&helper->lock);
  struct ktxn__list *link = ktxn__list_pop(&helper->answers);
  bool taken = link != NULL;
  if (link) {
    struct question *question = KTXN__LIST_OF(link, struct question, link);
    *answer = question->answer;
    free(question);
    helper->count--;
  } else {
    taken = take_refused(helper, answer);
  }
  ktxn__mutex_unlock(&helper->lock);
  return taken;
}

void ktxn__helper_stop(struct ktxn__helper *helper) {
  if (!helper) {
    return;
  }
  ktxn__mutex_lock(&helper->lock);
  struct ktxn__thread thread = helper->thread;
  bool busy = helper->busy;
  helper->stopped = true;
  ktxn__cond_signal(&helper->asked);
  ktxn__mutex_unlock(&helper->lock);
  if (busy) {
    pthread_detach(thread.thread); /* from here on the helper is the thread's */
    return;
  }
  ktxn__thread_join(&thread);
  free_all(helper);
}
