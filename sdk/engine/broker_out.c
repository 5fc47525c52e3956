#include "sdk/engine/broker_out.h"

#include "sdk/base/mem.h"
#include "sdk/engine/ports.h"
#include "sdk/wire/header.h"

#define SPANS_FIRST 8
#define SPANS_MAX ((size_t)2 * KTXN__CALL_SPLICES_MAX + 1)

void ktxn__broker_out_init(struct ktxn__broker_out *out, struct ktxn__mem *mem) {
  *out = (struct ktxn__broker_out){.mem = mem};
}

static void free_body(struct ktxn__broker_out *out, struct ktxn__call_body *body) {
  ktxn__buffer_free(&body->buffer);
  ktxn__free(out->mem, body->spans);
  ktxn__free(out->mem, body);
}

static bool worth_keeping(const struct ktxn__broker_out *out, const struct ktxn__call_body *body) {
  return out->spares < KTXN__BROKER_OUT_SPARES &&
         body->buffer.capacity + body->span_capacity * sizeof *body->spans <= KTXN__BROKER_OUT_SPARE_BYTES;
}

void ktxn__broker_out_abandon(struct ktxn__broker_out *out, struct ktxn__call_body *body) {
  if (!worth_keeping(out, body)) {
    free_body(out, body);
    return;
  }
  body->next = out->spare;
  out->spare = body;
  out->spares++;
}

void ktxn__broker_out_clear(struct ktxn__broker_out *out) {
  while (out->first != NULL) {
    struct ktxn__call_body *body = out->first;
    out->first = body->next;
    ktxn__broker_out_abandon(out, body);
  }
  out->last = NULL;
  out->bytes = 0;
}

void ktxn__broker_out_free(struct ktxn__broker_out *out) {
  ktxn__broker_out_clear(out);
  while (out->spare != NULL) {
    struct ktxn__call_body *body = out->spare;
    out->spare = body->next;
    free_body(out, body);
  }
  out->spares = 0;
}

static struct ktxn__call_body *take_body(struct ktxn__broker_out *out) {
  struct ktxn__call_body *body = out->spare;
  if (body != NULL) {
    out->spare = body->next;
    out->spares--;
    return body;
  }
  body = ktxn__calloc(out->mem, 1, sizeof *body);
  if (body != NULL) {
    ktxn__buffer_init(&body->buffer, out->mem, KTXN__CALL_BYTES_MAX);
  }
  return body;
}

struct ktxn__call_body *ktxn__broker_out_begin(struct ktxn__broker_out *out, struct ktxn__call *call) {
  struct ktxn__call_body *body = take_body(out);
  if (body == NULL) {
    return NULL;
  }
  body->next = NULL;
  body->call = call;
  ktxn__buffer_clear(&body->buffer);
  ktxn__writer_init(&body->writer, &body->buffer);
  body->span_count = 0;
  body->covered = 0;
  body->spliced = 0;
  body->span_at = 0;
  body->span_done = 0;
  (void)ktxn__header_frame_begin(&body->writer);
  return body;
}

struct ktxn__writer *ktxn__call_body_writer(struct ktxn__call_body *body) {
  return &body->writer;
}

static bool add_span(struct ktxn__call_body *body, const void *data, size_t size) {
  if (body->span_count == body->span_capacity) {
    size_t capacity = body->span_capacity == 0 ? SPANS_FIRST : body->span_capacity * 2;
    capacity = capacity < SPANS_MAX ? capacity : SPANS_MAX;
    struct ktxn__span *spans = NULL;
    if (capacity > body->span_count) {
      spans = ktxn__realloc(body->buffer.mem, body->spans, capacity * sizeof *spans);
    }
    if (spans == NULL) {
      return false;
    }
    body->spans = spans;
    body->span_capacity = capacity;
  }
  body->spans[body->span_count++] = (struct ktxn__span){.data = data, .size = size};
  return true;
}

/* A span for what was written since the last one. The buffer may still move: it gets its address when sealed. */
static bool cover(struct ktxn__call_body *body) {
  size_t size = body->buffer.size - body->covered;
  body->covered = body->buffer.size;
  return size == 0 || add_span(body, NULL, size);
}

bool ktxn__call_body_splice(struct ktxn__call_body *body, const void *data, size_t size) {
  if (size == 0) {
    return true;
  }
  bool fits = size <= KTXN__CALL_BYTES_MAX && body->buffer.size + body->spliced <= KTXN__CALL_BYTES_MAX - size;
  if (!fits || !cover(body) || !add_span(body, data, size)) {
    ktxn__writer_fail(&body->writer);
    return false;
  }
  body->spliced += size;
  return true;
}

static bool seal(struct ktxn__call_body *body) {
  if (body->buffer.size > KTXN__CALL_BYTES_MAX - body->spliced) {
    return false;
  }
  ktxn__header_frame_end(&body->writer, 0, body->spliced);
  if (body->writer.failed || !cover(body)) {
    return false;
  }
  const uint8_t *at = body->buffer.data;
  for (size_t i = 0; i < body->span_count; i++) {
    if (body->spans[i].data == NULL) {
      body->spans[i].data = at;
      at += body->spans[i].size;
    }
  }
  return true;
}

bool ktxn__broker_out_commit(struct ktxn__broker_out *out, struct ktxn__call_body *body) {
  if (!seal(body)) {
    ktxn__broker_out_abandon(out, body);
    return false;
  }
  if (out->last == NULL) {
    out->first = body;
  } else {
    out->last->next = body;
  }
  out->last = body;
  out->bytes += body->buffer.size + body->spliced;
  return true;
}

/* The next spans to write, of as many bodies as fit. Returns how many; *total is their bytes. */
static size_t gather(const struct ktxn__broker_out *out, struct ktxn__span *spans, size_t *total) {
  size_t n = 0;
  *total = 0;
  for (const struct ktxn__call_body *body = out->first; body != NULL; body = body->next) {
    size_t done = body->span_done;
    for (size_t i = body->span_at; i < body->span_count; i++) {
      if (n == KTXN__PORTS_SPANS_MAX) {
        return n;
      }
      spans[n].data = (const uint8_t *)body->spans[i].data + done;
      spans[n].size = body->spans[i].size - done;
      *total += spans[n].size;
      n++;
      done = 0;
    }
  }
  return n;
}

/* Moves a body's progress forward by at most `taken` bytes and returns how many of them it had. */
static size_t advance_body(struct ktxn__call_body *body, size_t taken) {
  size_t used = 0;
  body->call->begun = true;
  while (body->span_at < body->span_count) {
    size_t rest = body->spans[body->span_at].size - body->span_done;
    if (taken - used < rest) {
      body->span_done += taken - used;
      return taken;
    }
    used += rest;
    body->span_at++;
    body->span_done = 0;
  }
  return used;
}

static void advance(struct ktxn__broker_out *out, size_t taken) {
  out->bytes -= taken;
  while (taken > 0) {
    struct ktxn__call_body *body = out->first;
    taken -= advance_body(body, taken);
    if (body->span_at < body->span_count) {
      return;
    }
    struct ktxn__call *call = body->call;
    out->first = body->next;
    out->last = out->first == NULL ? NULL : out->last;
    ktxn__broker_out_abandon(out, body);
    if (call->written != NULL) {
      call->written(call);
    }
  }
}

bool ktxn__broker_out_flush(struct ktxn__broker_out *out, const struct ktxn__ports *ports, uint32_t conn) {
  while (out->first != NULL) {
    struct ktxn__span spans[KTXN__PORTS_SPANS_MAX];
    size_t total;
    size_t n = gather(out, spans, &total);
    int64_t taken = ports->writev(ports->ctx, conn, spans, n);
    if (taken < 0) {
      return false;
    }
    advance(out, (size_t)taken < total ? (size_t)taken : total);
    if ((size_t)taken < total) {
      return true;
    }
  }
  return true;
}
