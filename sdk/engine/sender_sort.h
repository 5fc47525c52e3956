#ifndef KTXN_ENGINE_SENDER_SORT_H
#define KTXN_ENGINE_SENDER_SORT_H

#include <stdbool.h>
#include <stdint.h>

/** Should `a` come before `b`? A strict order. */
typedef bool (*ktxn__sender_before)(const void *ctx, uint32_t a, uint32_t b);

/** Sorts numbers in place, without memory of its own, in O(n log n) at worst. Not stable. */
void ktxn__sender_sort(uint32_t *values, uint32_t count, ktxn__sender_before before, const void *ctx);

#endif
