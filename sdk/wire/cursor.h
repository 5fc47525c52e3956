#ifndef KTXN_WIRE_CURSOR_H
#define KTXN_WIRE_CURSOR_H

/** Both directions: struct ktxn__reader and struct ktxn__writer. */

#include "sdk/wire/reader.h"
#include "sdk/wire/writer.h"

#endif
