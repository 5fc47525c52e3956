#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/devbroker/control_parts.h"

static void put(struct ktxn__control_line *line, const char *text, size_t size) {
  bool fits = line->reply->size - line->reply_start + size <= KTXN__CONTROL_REPLY_MAX;
  line->cut = !fits || !ktxn__buffer_append(line->reply, text, size) || line->cut;
}

static void append(struct ktxn__control_line *line, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void append(struct ktxn__control_line *line, const char *format, va_list arguments) {
  char text[512];
  int size = vsnprintf(text, sizeof text, format, arguments);
  if (size > 0) {
    put(line, text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
  }
}

void ktxn__control_say(struct ktxn__control_line *line, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  append(line, format, arguments);
  va_end(arguments);
}

bool ktxn__control_fail(struct ktxn__control_line *line, const char *format, ...) {
  va_list arguments;
  put(line, "error ", 6);
  va_start(arguments, format);
  append(line, format, arguments);
  va_end(arguments);
  return false;
}

bool ktxn__control_done(struct ktxn__control_line *line, bool good, const char *why) {
  if (!good) {
    return ktxn__control_fail(line, "%s", why);
  }
  ktxn__control_say(line, "ok");
  return true;
}

bool ktxn__control_number(const char *text, int64_t least, int64_t most, int64_t *out) {
  char *end = NULL;
  long long value = strtoll(text, &end, 10);
  if (*text == '\0' || *end != '\0' || value < least || value > most) {
    return false;
  }
  *out = value;
  return true;
}

const char *ktxn__control_option(const struct ktxn__control_line *line, const char *name) {
  size_t size = strlen(name);
  for (int i = line->first_option; i < line->count; i++) {
    if (strncmp(line->words[i], name, size) == 0 && line->words[i][size] == '=') {
      return line->words[i] + size + 1;
    }
  }
  return NULL;
}

/* An option that is a number; `out` keeps its value when the option isn't there. */
bool ktxn__control_option_number(struct ktxn__control_line *line, const char *name, int64_t least, int64_t most,
                                 int64_t *out) {
  const char *text = ktxn__control_option(line, name);
  return text == NULL || ktxn__control_number(text, least, most, out) ||
         ktxn__control_fail(line, "%s=%s: wanted a number from %lld to %lld", name, text, (long long)least,
                            (long long)most);
}

bool ktxn__control_word_number(struct ktxn__control_line *line, int i, const char *what, int64_t least, int64_t most,
                               int64_t *out) {
  return ktxn__control_number(line->words[i], least, most, out) ||
         ktxn__control_fail(line, "%s '%s': wanted a number from %lld to %lld", what, line->words[i], (long long)least,
                            (long long)most);
}

bool ktxn__control_word_node(struct ktxn__control_line *line, int i, int64_t *out) {
  return ktxn__control_word_number(line, i, "node", 0, line->control->nodes - 1, out);
}

struct ktxn__str ktxn__control_name_of(const struct ktxn__control_line *line, int i) {
  return ktxn__str(line->words[i]);
}
