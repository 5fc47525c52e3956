#include "sdk/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ktxn/producer.h"

struct code_row {
  int number;
  const char *name;
  const char *text;
};

#define CODE_ROW(name, number, text) {number, #name, text},
static const struct code_row codes[] = {KTXN_CODE_MAP(CODE_ROW)};
#undef CODE_ROW

static const struct code_row *find_code(int number) {
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    if (codes[i].number == number) {
      return &codes[i];
    }
  }
  return NULL;
}

const char *ktxn_code_name(int code) {
  const struct code_row *row = find_code(code);
  return row ? row->name : "UNKNOWN";
}

const char *ktxn_code_text(int code) {
  const struct code_row *row = find_code(code);
  return row ? row->text : "a code that this version of the library has no text for";
}

const char *ktxn_class_name(enum ktxn_class error_class) {
  static const char *const names[] = {
      [KTXN_CLASS_NONE] = "NONE",         [KTXN_CLASS_RETRY] = "RETRY",   [KTXN_CLASS_ABORT] = "ABORT",
      [KTXN_CLASS_RECREATE] = "RECREATE", [KTXN_CLASS_CONFIG] = "CONFIG", [KTXN_CLASS_USAGE] = "USAGE",
  };
  size_t i = (size_t)error_class;
  return i < sizeof names / sizeof names[0] ? names[i] : "UNKNOWN";
}

const char *ktxn_outcome_name(enum ktxn_outcome outcome) {
  static const char *const names[] = {
      [KTXN_OUTCOME_NONE] = "none",
      [KTXN_OUTCOME_COMMITTED] = "committed",
      [KTXN_OUTCOME_NOT_COMMITTED] = "not committed",
      [KTXN_OUTCOME_IN_DOUBT] = "in doubt",
  };
  size_t i = (size_t)outcome;
  return i < sizeof names / sizeof names[0] ? names[i] : "unknown";
}

/* vsnprintf cuts at a byte; a message may hold a topic's or a setting's UTF-8, so drop the character it cut in two. */
static void drop_cut_character(char *text, size_t length) {
  size_t start = length;
  while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xC0u) == 0x80u) {
    start--;
  }
  if (start == 0) {
    return;
  }
  unsigned char lead = (unsigned char)text[start - 1];
  size_t wanted = lead >= 0xF0u ? 3 : lead >= 0xE0u ? 2 : lead >= 0xC0u ? 1 : 0;
  if (length - start < wanted) {
    text[start - 1] = '\0';
  }
}

int ktxn__error_set(ktxn_error *error, int code, enum ktxn_class error_class, const char *format, ...) {
  if (!error) {
    return code;
  }
  /* An argument may point into the message that is being replaced. */
  char message[KTXN_ERROR_MESSAGE_MAX];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  if (length < 0) {
    message[0] = '\0';
  } else if ((size_t)length >= sizeof message) {
    drop_cut_character(message, sizeof message - 1);
  }
  memset(error, 0, sizeof *error);
  error->code = code;
  error->error_class = error_class;
  memcpy(error->message, message, sizeof message);
  return code;
}

void ktxn__error_clear(ktxn_error *error) {
  if (error) {
    memset(error, 0, sizeof *error);
  }
}
