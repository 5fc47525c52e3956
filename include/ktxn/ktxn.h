#ifndef KTXN_KTXN_H
#define KTXN_KTXN_H

/* All of the public API. */
#include "ktxn/client.h"
#include "ktxn/config.h"
#include "ktxn/error.h"
#include "ktxn/metrics.h"
#include "ktxn/producer.h"
#include "ktxn/record.h"
#include "ktxn/version.h"

#endif
