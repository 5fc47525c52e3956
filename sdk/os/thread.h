#ifndef KTXN_OS_THREAD_H
#define KTXN_OS_THREAD_H

/** Threads, mutexes and condition variables; waits end at a time of ktxn__clock_mono_us(). */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct ktxn__mutex {
  pthread_mutex_t mutex;
};

struct ktxn__cond {
  pthread_cond_t cond;
};

struct ktxn__thread {
  pthread_t thread;
  bool started;
};

/** The inits return false when the system is out of resources; then nothing needs to be destroyed. */
bool ktxn__mutex_init(struct ktxn__mutex *mutex);
void ktxn__mutex_destroy(struct ktxn__mutex *mutex);
void ktxn__mutex_lock(struct ktxn__mutex *mutex);
void ktxn__mutex_unlock(struct ktxn__mutex *mutex);

bool ktxn__cond_init(struct ktxn__cond *cond);
void ktxn__cond_destroy(struct ktxn__cond *cond);
void ktxn__cond_signal(struct ktxn__cond *cond);
void ktxn__cond_broadcast(struct ktxn__cond *cond);

/** The mutex is held. Wakes for no reason, too: ask the condition again. */
void ktxn__cond_wait(struct ktxn__cond *cond, struct ktxn__mutex *mutex);

/** The same until an absolute time of the monotonic clock; INT64_MAX = none. False: the time has come. */
bool ktxn__cond_wait_until(struct ktxn__cond *cond, struct ktxn__mutex *mutex, int64_t deadline_us);

/**
 * Starts a thread with all signals blocked (they are the application's) and a name of at most 15 bytes, cut to fit.
 * False: the system gave none.
 */
bool ktxn__thread_start(struct ktxn__thread *thread, const char *name, void *(*run)(void *ctx), void *ctx);

/** The calling thread's timed waits end at their time, not up to 50 us later as the kernel would have it. */
void ktxn__thread_exact_timers(void);

/** Waits for its end. Does nothing for one that isn't started or was joined. */
void ktxn__thread_join(struct ktxn__thread *thread);

/** Whether the calling thread is this one. */
bool ktxn__thread_is_me(const struct ktxn__thread *thread);

#endif
