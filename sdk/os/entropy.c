#include "sdk/os/entropy.h"

#include <sys/random.h>
#include <unistd.h>

#include "sdk/os/clock.h"

uint64_t ktxn__entropy_seed(void) {
  uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed) {
    return seed;
  }
  /* Early in the boot, or forbidden by a sandbox. Jitter and ids need to differ, not to be secret. */
  seed = (uint64_t)ktxn__clock_mono_us() * 1000003U;
  return seed ^ (uint64_t)ktxn__clock_wall_ms() << 20 ^ (uint64_t)getpid() << 48;
}
