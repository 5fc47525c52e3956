#include "sdk/base/utf8.h"

#include <stdint.h>

/* RFC 3629 section 4, one row per kind of character: the lead byte's range, the second byte's range, its length. */
struct shape {
  uint8_t lead_min, lead_max;
  uint8_t second_min, second_max;
  uint8_t length;
};

static const struct shape shapes[] = {
    {0x00, 0x7F, 0x00, 0x00, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
    {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
};

static const struct shape *shape_of(uint8_t lead) {
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    if (lead >= shapes[i].lead_min && lead <= shapes[i].lead_max) {
      return &shapes[i];
    }
  }
  return NULL;
}

/* The length of the character at `text`, of which `left` bytes (1 or more) may be read; 0 = not one. */
static size_t character_length(const uint8_t *text, size_t left) {
  const struct shape *shape = shape_of(text[0]);
  if (!shape || shape->length > left) {
    return 0;
  }
  if (shape->length > 1 && (text[1] < shape->second_min || text[1] > shape->second_max)) {
    return 0;
  }
  for (size_t i = 2; i < shape->length; i++) {
    if ((text[i] & 0xC0u) != 0x80u) {
      return 0;
    }
  }
  return shape->length;
}

bool ktxn__utf8_valid(const void *bytes, size_t size) {
  const uint8_t *text = bytes;
  size_t at = 0;
  while (at < size) {
    size_t length = character_length(text + at, size - at);
    if (length == 0) {
      return false;
    }
    at += length;
  }
  return true;
}
