#ifndef KTXN_BASE_CHECK_H
#define KTXN_BASE_CHECK_H

/*
 * Checks of our own promises, on in every build. A check that fails calls a hook instead of ending the process: the
 * owner of the broken object makes itself unusable there and says so. Test builds install ktxn__check_abort.
 */

#include <stdbool.h>

struct ktxn__check_hook {
  void (*failed)(void *ctx, const char *what, const char *file, int line);
  void *ctx;
};

/** Calls `hook`, or what ktxn__check_default() set when it is NULL or empty. Always returns false. */
bool ktxn__check_failed(const struct ktxn__check_hook *hook, const char *what, const char *file, int line);

/** The hook for checks without one of their own. At first: nothing happens, the check only answers false. */
void ktxn__check_default(struct ktxn__check_hook hook);

/** A hook for tests: prints what failed and aborts. */
void ktxn__check_abort(void *ctx, const char *what, const char *file, int line);

/** True when the condition holds; else calls the hook and is false. For `if (!KTXN__CHECK(...)) return ...;`. */
#define KTXN__CHECK(condition, hook) \
  ((condition) ? true : ktxn__check_failed((hook), #condition, __FILE__, __LINE__))

#endif
