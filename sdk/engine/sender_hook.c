#include "txn/txn.h"

#ifdef KTXN_TEST_ABORT
#include <stdlib.h>
#endif

/* The manager makes itself FATAL with KTXN_E_INTERNAL right after this; only test builds end the process. */
void ktxn__txn_hook(const char *what) {
  (void)what;
#ifdef KTXN_TEST_ABORT
  abort();
#endif
}
