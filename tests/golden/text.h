#ifndef KTXN_TESTS_GOLDEN_TEXT_H
#define KTXN_TESTS_GOLDEN_TEXT_H

/* Prints structs as Kafka's message classes do: Name(field=1, text='x', list=[Name(...), Name(...)]). */

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "sdk/base/str.h"
#include "sdk/wire/uuid.h"

struct text {
  FILE *out;
  char *data;
  size_t size;
  bool comma; /* the next thing needs one in front */
};

static inline void text_init(struct text *text) {
  text->comma = false;
  text->out = open_memstream(&text->data, &text->size);
  if (text->out == NULL) {
    abort();
  }
}

/* The text; freed with text_free(). */
static inline const char *text_finish(struct text *text) {
  fclose(text->out);
  return text->data;
}

static inline void text_free(struct text *text) {
  free(text->data);
}

static inline void text_separate(struct text *text) {
  if (text->comma) {
    fputs(", ", text->out);
  }
  text->comma = false;
}

static inline void text_open(struct text *text, const char *name) {
  text_separate(text);
  fprintf(text->out, "%s(", name);
}

static inline void text_close(struct text *text) {
  fputc(')', text->out);
  text->comma = true;
}

static inline void text_field(struct text *text, const char *name) {
  text_separate(text);
  fprintf(text->out, "%s=", name);
}

static inline void text_list(struct text *text, const char *name) {
  text_field(text, name);
  fputc('[', text->out);
}

static inline void text_list_end(struct text *text) {
  fputc(']', text->out);
  text->comma = true;
}

static inline void text_number(struct text *text, const char *name, int64_t value) {
  text_field(text, name);
  fprintf(text->out, "%" PRId64, value);
  text->comma = true;
}

static inline void text_bool(struct text *text, const char *name, bool value) {
  text_field(text, name);
  fputs(value ? "true" : "false", text->out);
  text->comma = true;
}

static inline void text_str(struct text *text, const char *name, struct ktxn__str value) {
  text_field(text, name);
  if (ktxn__str_null(value)) {
    fputs("null", text->out);
  } else {
    fputc('\'', text->out);
    fwrite(value.data, 1, (size_t)value.len, text->out);
    fputc('\'', text->out);
  }
  text->comma = true;
}

static inline void text_numbers(struct text *text, const char *name, const int32_t *values, int32_t count) {
  text_list(text, name);
  for (int32_t i = 0; i < count; i++) {
    fprintf(text->out, "%s%" PRId32, i == 0 ? "" : ", ", values[i]);
  }
  text_list_end(text);
}

/* URL-safe base64 without padding: 16 bytes are 22 characters. */
static inline void text_uuid(struct text *text, const char *name, const struct ktxn__uuid *uuid) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  uint8_t bytes[18] = {0};
  memcpy(bytes, uuid->bytes, sizeof uuid->bytes);
  text_field(text, name);
  for (unsigned bit = 0; bit < 128; bit += 6) {
    unsigned two = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
    fputc(digits[two >> (10 - bit % 8) & 0x3f], text->out);
  }
  text->comma = true;
}

#endif
