#include "sdk/net/poller.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "sdk/base/mem.h"

struct ktxn__poller {
  struct ktxn__mem *mem;
  int fd;
  bool coarse; /* the kernel has no epoll_pwait2(): timeouts are milliseconds */
  struct epoll_event ready[KTXN__POLLER_EVENTS_MAX];
};

struct ktxn__poller *ktxn__poller_new(struct ktxn__mem *mem, int *error) {
  struct ktxn__poller *poller = ktxn__calloc(mem, 1, sizeof *poller);
  if (poller == NULL) {
    *error = -ENOMEM;
    return NULL;
  }
  poller->mem = mem;
  poller->fd = epoll_create1(EPOLL_CLOEXEC);
  if (poller->fd < 0) {
    *error = -errno;
    ktxn__free(mem, poller);
    return NULL;
  }
  return poller;
}

void ktxn__poller_free(struct ktxn__poller *poller) {
  if (poller != NULL) {
    (void)close(poller->fd);
    ktxn__free(poller->mem, poller);
  }
}

static int control(struct ktxn__poller *poller, int what, int fd, uint32_t key, uint32_t interest) {
  struct epoll_event event = {.data.u32 = key};
  event.events = ((interest & KTXN__POLLER_READ) != 0 ? (uint32_t)EPOLLIN : 0U) |
                 ((interest & KTXN__POLLER_WRITE) != 0 ? (uint32_t)EPOLLOUT : 0U);
  return epoll_ctl(poller->fd, what, fd, &event) == 0 ? 0 : -errno;
}

int ktxn__poller_add(struct ktxn__poller *poller, int fd, uint32_t key, uint32_t interest) {
  return control(poller, EPOLL_CTL_ADD, fd, key, interest);
}

int ktxn__poller_change(struct ktxn__poller *poller, int fd, uint32_t key, uint32_t interest) {
  return control(poller, EPOLL_CTL_MOD, fd, key, interest);
}

void ktxn__poller_remove(struct ktxn__poller *poller, int fd) {
  (void)control(poller, EPOLL_CTL_DEL, fd, 0, 0);
}

static int wait_coarse(struct ktxn__poller *poller, int max, int64_t timeout_us) {
  int timeout_ms = -1;
  if (timeout_us >= 0) {
    int64_t rounded = timeout_us / 1000 + (timeout_us % 1000 != 0 ? 1 : 0);
    timeout_ms = rounded < INT_MAX ? (int)rounded : INT_MAX;
  }
  return epoll_wait(poller->fd, poller->ready, max, timeout_ms);
}

static int wait_fine(struct ktxn__poller *poller, int max, int64_t timeout_us) {
  struct timespec timeout = {.tv_sec = timeout_us / 1000000, .tv_nsec = (long)(timeout_us % 1000000) * 1000};
  int n = epoll_pwait2(poller->fd, poller->ready, max, timeout_us < 0 ? NULL : &timeout, NULL);
  /* Older kernels don't have it; some sandboxes forbid it. */
  if (n < 0 && (errno == ENOSYS || errno == EPERM)) {
    poller->coarse = true;
    return wait_coarse(poller, max, timeout_us);
  }
  return n;
}

static uint32_t readiness(uint32_t events) {
  uint32_t ready = 0;
  ready |= (events & EPOLLIN) != 0 ? (uint32_t)KTXN__POLLER_READ : 0U;
  ready |= (events & EPOLLOUT) != 0 ? (uint32_t)KTXN__POLLER_WRITE : 0U;
  ready |= (events & (EPOLLERR | EPOLLHUP)) != 0 ? (uint32_t)KTXN__POLLER_BROKEN : 0U;
  return ready;
}

int ktxn__poller_wait(struct ktxn__poller *poller, struct ktxn__poller_event *events, size_t max, int64_t timeout_us) {
  int room = max < KTXN__POLLER_EVENTS_MAX ? (int)max : KTXN__POLLER_EVENTS_MAX;
  int n = poller->coarse ? wait_coarse(poller, room, timeout_us) : wait_fine(poller, room, timeout_us);
  if (n < 0) {
    return errno == EINTR ? 0 : -errno;
  }
  for (int i = 0; i < n; i++) {
    events[i] = (struct ktxn__poller_event){.key = poller->ready[i].data.u32, .ready = readiness(poller->ready[i].events)};
  }
  return n;
}
