#ifndef KTXN_ENGINE_BROKER_OUT_H
#define KTXN_ENGINE_BROKER_OUT_H

/*
 * The requests that are encoded and not yet wholly with the kernel. Each is a list of spans: its own bytes and the
 * spliced ones, which stay where they are. Writing takes the spans of as many requests as fit into one writev().
 *
 * The calls are not owned here. Bodies are kept for reuse, KTXN__BROKER_OUT_SPARES of them, each with at most
 * KTXN__BROKER_OUT_SPARE_BYTES of buffer.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/base/buffer.h"
#include "sdk/base/span.h"
#include "sdk/engine/call.h"
#include "sdk/wire/writer.h"

struct ktxn__mem;
struct ktxn__ports;

#define KTXN__BROKER_OUT_SPARES 4
#define KTXN__BROKER_OUT_SPARE_BYTES 16384

struct ktxn__call_body {
  struct ktxn__call_body *next;
  struct ktxn__call *call;
  struct ktxn__buffer buffer; /* frame length, header, and what encode() wrote */
  struct ktxn__writer writer;
  struct ktxn__span *spans; /* data is NULL for bytes of the buffer until the body is sealed */
  size_t span_count, span_capacity;
  size_t covered;            /* bytes of the buffer that have a span */
  size_t spliced;            /* bytes that are not in the buffer */
  size_t span_at, span_done; /* progress: spans before span_at are written, and span_done bytes of that one */
};

struct ktxn__broker_out {
  struct ktxn__mem *mem;
  struct ktxn__call_body *first, *last;
  struct ktxn__call_body *spare;
  size_t spares;
  size_t bytes; /* not yet with the kernel */
};

void ktxn__broker_out_init(struct ktxn__broker_out *out, struct ktxn__mem *mem);

/** Forgets everything that is not written; calls nobody. */
void ktxn__broker_out_clear(struct ktxn__broker_out *out);
/** The same, and frees the spares. */
void ktxn__broker_out_free(struct ktxn__broker_out *out);

/** An empty body for this call, in no list. NULL when memory is short. */
struct ktxn__call_body *ktxn__broker_out_begin(struct ktxn__broker_out *out, struct ktxn__call *call);
/** Seals the body and queues it. False when it doesn't fit or memory is short: it is gone then. */
bool ktxn__broker_out_commit(struct ktxn__broker_out *out, struct ktxn__call_body *body);
void ktxn__broker_out_abandon(struct ktxn__broker_out *out, struct ktxn__call_body *body);

/**
 * Writes until everything is written or the connection would block; sets call->begun and runs written(). False = the
 * connection is broken.
 */
bool ktxn__broker_out_flush(struct ktxn__broker_out *out, const struct ktxn__ports *ports, uint32_t conn);

#endif
