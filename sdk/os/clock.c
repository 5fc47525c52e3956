#include "sdk/os/clock.h"

#include <time.h>

static struct timespec now(clockid_t clock) {
  struct timespec at = {0};
  clock_gettime(clock, &at); /* these clocks exist on every Linux: it can't fail */
  return at;
}

static int64_t milliseconds(struct timespec at) {
  return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

int64_t ktxn__clock_mono_us(void) {
  struct timespec at = now(CLOCK_MONOTONIC);
  return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

int64_t ktxn__clock_wall_ms(void) {
  return milliseconds(now(CLOCK_REALTIME));
}

int64_t ktxn__clock_wall_coarse_ms(void) {
  return milliseconds(now(CLOCK_REALTIME_COARSE));
}
