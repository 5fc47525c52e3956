#include "sdk/base/backoff.h"

int64_t ktxn__backoff(int64_t initial, int64_t max, uint32_t attempts, uint64_t random) {
  if (max <= initial) {
    return max;
  }
  /* KIP-580: the exponent stops where the wait reaches the maximum; the jitter applies there, too. */
  int64_t wait = initial;
  for (uint32_t i = 0; i < attempts && wait < max && wait > 0; i++) {
    wait = wait > max / 2 ? max : wait * 2;
  }
  double jitter = 0.8 + 0.4 * ((double)(random >> 11) * 0x1p-53);
  double spread = (double)wait * jitter;
  return spread < (double)max ? (int64_t)spread : max;
}
