#include "ktxn/version.h"

const char *ktxn_version(void) { return KTXN_VERSION; }
