#include "sdk/os/thread.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>

#define NAME_SIZE 16 /* the kernel's limit, the zero byte counted */

bool ktxn__mutex_init(struct ktxn__mutex *mutex) {
  return pthread_mutex_init(&mutex->mutex, NULL) == 0;
}

void ktxn__mutex_destroy(struct ktxn__mutex *mutex) {
  pthread_mutex_destroy(&mutex->mutex);
}

void ktxn__mutex_lock(struct ktxn__mutex *mutex) {
  pthread_mutex_lock(&mutex->mutex);
}

void ktxn__mutex_unlock(struct ktxn__mutex *mutex) {
  pthread_mutex_unlock(&mutex->mutex);
}

bool ktxn__cond_init(struct ktxn__cond *cond) {
  pthread_condattr_t attributes;
  if (pthread_condattr_init(&attributes) != 0) {
    return false;
  }
  bool made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
              pthread_cond_init(&cond->cond, &attributes) == 0;
  pthread_condattr_destroy(&attributes);
  return made;
}

void ktxn__cond_destroy(struct ktxn__cond *cond) {
  pthread_cond_destroy(&cond->cond);
}

void ktxn__cond_signal(struct ktxn__cond *cond) {
  pthread_cond_signal(&cond->cond);
}

void ktxn__cond_broadcast(struct ktxn__cond *cond) {
  pthread_cond_broadcast(&cond->cond);
}

void ktxn__cond_wait(struct ktxn__cond *cond, struct ktxn__mutex *mutex) {
  pthread_cond_wait(&cond->cond, &mutex->mutex);
}

bool ktxn__cond_wait_until(struct ktxn__cond *cond, struct ktxn__mutex *mutex, int64_t deadline_us) {
  if (deadline_us == INT64_MAX) {
    ktxn__cond_wait(cond, mutex);
    return true;
  }
  int64_t at_us = deadline_us < 0 ? 0 : deadline_us;
  struct timespec at = {.tv_sec = (time_t)(at_us / 1000000), .tv_nsec = (long)(at_us % 1000000) * 1000};
  return pthread_cond_timedwait(&cond->cond, &mutex->mutex, &at) == 0;
}

bool ktxn__thread_start(struct ktxn__thread *thread, const char *name, void *(*run)(void *ctx), void *ctx) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); /* the new thread inherits the mask */
  thread->started = pthread_create(&thread->thread, NULL, run, ctx) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (thread->started) {
    char cut[NAME_SIZE];
    snprintf(cut, sizeof cut, "%s", name);
    pthread_setname_np(thread->thread, cut);
  }
  return thread->started;
}

void ktxn__thread_exact_timers(void) {
  (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* nanoseconds; 0 would mean the default */
}

void ktxn__thread_join(struct ktxn__thread *thread) {
  if (thread->started) {
    pthread_join(thread->thread, NULL);
    thread->started = false;
  }
}

bool ktxn__thread_is_me(const struct ktxn__thread *thread) {
  return thread->started && pthread_equal(thread->thread, pthread_self()) != 0;
}
