#ifndef KTXN_OS_ENTROPY_H
#define KTXN_OS_ENTROPY_H

#include <stdint.h>

/** 64 random bits of the kernel's, to seed a generator. Never blocks for long and never fails: see the code. */
uint64_t ktxn__entropy_seed(void);

#endif
