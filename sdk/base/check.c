#include "sdk/base/check.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static struct ktxn__check_hook default_hook;

void ktxn__check_default(struct ktxn__check_hook hook) {
  default_hook = hook;
}

bool ktxn__check_failed(const struct ktxn__check_hook *hook, const char *what, const char *file, int line) {
  if (hook == NULL || hook->failed == NULL) {
    hook = &default_hook;
  }
  if (hook->failed != NULL) {
    hook->failed(hook->ctx, what, file, line);
  }
  return false;
}

void ktxn__check_abort(void *ctx, const char *what, const char *file, int line) {
  (void)ctx;
  fprintf(stderr, "%s:%d: check failed: %s\n", file, line, what);
  abort();
}
