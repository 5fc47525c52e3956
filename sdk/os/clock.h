#ifndef KTXN_OS_CLOCK_H
#define KTXN_OS_CLOCK_H

#include <stdint.h>

/** Microseconds of a clock that never goes back; its start means nothing. */
int64_t ktxn__clock_mono_us(void);

/** Milliseconds since 1970. */
int64_t ktxn__clock_wall_ms(void);

/** The same from the kernel's last tick: several milliseconds old at worst, and a few nanoseconds cheap. */
int64_t ktxn__clock_wall_coarse_ms(void);

#endif
