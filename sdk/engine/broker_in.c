#include "sdk/engine/broker_in.h"

#include "sdk/engine/broker.h"
#include "sdk/wire/header.h"

#define PREFIX KTXN__HEADER_FRAME_PREFIX
/* A buffer that one large answer needed is not kept for the small ones that follow. */
#define KEPT_BYTES 65536

void ktxn__broker_in_init(struct ktxn__broker_in *in, struct ktxn__mem *mem) {
  ktxn__buffer_init(&in->buffer, mem, PREFIX + (size_t)KTXN__BROKER_FRAME_MAX);
}

void ktxn__broker_in_clear(struct ktxn__broker_in *in) {
  ktxn__buffer_free(&in->buffer);
}

const uint8_t *ktxn__broker_in_length(const struct ktxn__broker_in *in) {
  return in->buffer.data;
}

struct rest {
  const uint8_t *data;
  size_t size;
};

/* Moves bytes to the buffer until it holds `wanted` of them or there are no more. */
static bool collect(struct ktxn__broker_in *in, struct rest *rest, size_t wanted) {
  size_t more = wanted > in->buffer.size ? wanted - in->buffer.size : 0;
  more = more < rest->size ? more : rest->size;
  if (!ktxn__buffer_append(&in->buffer, rest->data, more)) {
    return false;
  }
  rest->data += more;
  rest->size -= more;
  return true;
}

/* One step on a frame of which the buffer has the beginning. */
static enum ktxn__broker_in_result go_on(struct ktxn__broker_in *in, struct rest *rest,
                                         const struct ktxn__broker_in_sink *sink) {
  size_t length = 0;
  if (!collect(in, rest, PREFIX)) {
    return KTXN__BROKER_IN_NO_MEMORY;
  }
  if (in->buffer.size < PREFIX) {
    return KTXN__BROKER_IN_OK;
  }
  if (!ktxn__header_frame_length(in->buffer.data, KTXN__BROKER_FRAME_MAX, &length)) {
    return KTXN__BROKER_IN_BAD_LENGTH;
  }
  if (!collect(in, rest, PREFIX + length)) {
    return KTXN__BROKER_IN_NO_MEMORY;
  }
  if (in->buffer.size < PREFIX + length) {
    return KTXN__BROKER_IN_OK;
  }
  bool more = sink->frame(sink->ctx, in->buffer.data + PREFIX, length);
  ktxn__buffer_clear(&in->buffer);
  if (in->buffer.capacity > KEPT_BYTES) {
    ktxn__buffer_free(&in->buffer);
  }
  return more ? KTXN__BROKER_IN_OK : KTXN__BROKER_IN_STOPPED;
}

/* Does `rest` begin with a whole frame? */
static bool whole(const struct rest *rest, size_t *length) {
  return rest->size >= PREFIX && ktxn__header_frame_length(rest->data, KTXN__BROKER_FRAME_MAX, length) &&
         rest->size - PREFIX >= *length;
}

enum ktxn__broker_in_result ktxn__broker_in_take(struct ktxn__broker_in *in, const void *data, size_t size,
                                                 const struct ktxn__broker_in_sink *sink) {
  struct rest rest = {.data = data, .size = size};
  enum ktxn__broker_in_result result = KTXN__BROKER_IN_OK;
  while (rest.size > 0 && result == KTXN__BROKER_IN_OK) {
    size_t length = 0;
    if (in->buffer.size > 0 || !whole(&rest, &length)) {
      result = go_on(in, &rest, sink);
      continue;
    }
    const uint8_t *frame = rest.data + PREFIX;
    rest.data += PREFIX + length;
    rest.size -= PREFIX + length;
    result = sink->frame(sink->ctx, frame, length) ? KTXN__BROKER_IN_OK : KTXN__BROKER_IN_STOPPED;
  }
  return result;
}
