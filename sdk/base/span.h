#ifndef KTXN_BASE_SPAN_H
#define KTXN_BASE_SPAN_H

#include <stddef.h>

/** Bytes that somebody else owns; the function that takes a span says until when they must stay. */
struct ktxn__span {
  const void *data;
  size_t size;
};

#endif
