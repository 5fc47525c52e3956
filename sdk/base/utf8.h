#ifndef KTXN_SDK_BASE_UTF8_H
#define KTXN_SDK_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/** Whether the bytes are well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing beyond U+10FFFF. */
bool ktxn__utf8_valid(const void *bytes, size_t size);

#endif
