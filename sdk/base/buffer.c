#include "sdk/base/buffer.h"

#include <string.h>

#define FIRST_CAPACITY 256

void ktxn__buffer_init(struct ktxn__buffer *buffer, struct ktxn__mem *mem, size_t max) {
  *buffer = (struct ktxn__buffer){.mem = mem, .max = max};
}

void ktxn__buffer_free(struct ktxn__buffer *buffer) {
  ktxn__free(buffer->mem, buffer->data);
  buffer->data = NULL;
  buffer->size = 0;
  buffer->capacity = 0;
}

static size_t next_capacity(const struct ktxn__buffer *buffer, size_t needed) {
  size_t capacity = buffer->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : buffer->capacity;
  while (capacity < needed) {
    capacity = capacity > buffer->max / 2 ? buffer->max : capacity * 2;
  }
  return capacity < buffer->max ? capacity : buffer->max;
}

bool ktxn__buffer_reserve(struct ktxn__buffer *buffer, size_t more) {
  if (more <= buffer->capacity - buffer->size) {
    return true;
  }
  if (more > buffer->max - buffer->size) {
    return false;
  }
  size_t capacity = next_capacity(buffer, buffer->size + more);
  uint8_t *data = ktxn__realloc(buffer->mem, buffer->data, capacity);
  if (data == NULL) {
    return false;
  }
  buffer->data = data;
  buffer->capacity = capacity;
  return true;
}

uint8_t *ktxn__buffer_extend(struct ktxn__buffer *buffer, size_t more) {
  if (!ktxn__buffer_reserve(buffer, more)) {
    return NULL;
  }
  uint8_t *at = buffer->data + buffer->size;
  buffer->size += more;
  return at;
}

bool ktxn__buffer_append(struct ktxn__buffer *buffer, const void *data, size_t size) {
  if (size == 0) {
    return true;
  }
  uint8_t *at = ktxn__buffer_extend(buffer, size);
  if (at == NULL) {
    return false;
  }
  memcpy(at, data, size);
  return true;
}

void ktxn__buffer_drop(struct ktxn__buffer *buffer, size_t count) {
  if (count >= buffer->size) {
    buffer->size = 0;
    return;
  }
  memmove(buffer->data, buffer->data + count, buffer->size - count);
  buffer->size -= count;
}
