#ifndef KTXN_SDK_ERROR_H
#define KTXN_SDK_ERROR_H

#include "ktxn/error.h"

/**
 * Fills `error` (NULL is allowed) with a code, a class and a message, which is cut at a UTF-8 character if it is too
 * long. Everything else in the struct is cleared: set broker_code, fatal and outcome afterwards. Returns `code`.
 */
int ktxn__error_set(ktxn_error *error, int code, enum ktxn_class error_class, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** "No error". NULL is allowed. */
void ktxn__error_clear(ktxn_error *error);

#endif
