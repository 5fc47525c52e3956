#include "tests/drive/answer.h"

#include <ctype.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktxn/ktxn.h"

static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

void answer_init(struct answer *answer, const char *tag) {
  *answer = (struct answer){.text = NULL};
  snprintf(answer->tag, sizeof answer->tag, "%s", tag);
}

static void append(struct answer *answer, const char *text, size_t size) {
  if (answer->size + size > answer->room) {
    size_t room = (answer->size + size) * 2;
    char *grown = realloc(answer->text, room);
    if (!grown) {
      fprintf(stderr, "ktxn-drive: out of memory\n");
      exit(3);
    }
    answer->text = grown;
    answer->room = room;
  }
  if (size > 0) {
    memcpy(answer->text + answer->size, text, size);
  }
  answer->size += size;
}

void answer_line(struct answer *answer, const char *format, ...) {
  char line[1024];
  va_list args;
  va_start(args, format);
  int size = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (size < 0) {
    return;
  }
  append(answer, answer->tag, strlen(answer->tag));
  append(answer, line, (size_t)size < sizeof line ? (size_t)size : sizeof line - 1);
  append(answer, "\n", 1);
}

/* The message stands between double quotes on one line. */
static void quotable(char *to, const char *from, size_t size) {
  size_t i = 0;
  for (; from[i] && i + 1 < size; i++) {
    unsigned char c = (unsigned char)from[i];
    to[i] = c == '"' ? '\'' : iscntrl(c) ? ' ' : (char)c;
  }
  to[i] = '\0';
}

const char *answer_word(char *to, const char *from, size_t size) {
  snprintf(to, size, "%s", from);
  for (char *c = to; *c; c++) {
    if (*c == ' ') {
      *c = '_';
    }
  }
  return to;
}

void answer_end(struct answer *answer, const ktxn_error *error, int64_t elapsed_ms, const char *fields) {
  char message[KTXN_ERROR_MESSAGE_MAX], outcome[32];
  answer_word(outcome, ktxn_outcome_name(error->outcome), sizeof outcome);
  if (error->code == 0) {
    bool told = error->outcome != KTXN_OUTCOME_NONE;
    answer_line(answer, "= ok elapsed_ms=%" PRId64 "%s%s%s%s", elapsed_ms, told ? " outcome=" : "", told ? outcome : "",
                *fields ? " " : "", fields);
    return;
  }
  quotable(message, error->message, sizeof message);
  answer_line(answer, "= error code=%s(%d) class=%s broker=%d fatal=%d outcome=%s elapsed_ms=%" PRId64 " message=\"%s\"",
              ktxn_code_name(error->code), error->code, ktxn_class_name(error->error_class), error->broker_code,
              error->fatal ? 1 : 0, outcome, elapsed_ms, message);
}

void answer_write(struct answer *answer) {
  pthread_mutex_lock(&output);
  fwrite(answer->text, 1, answer->size, stdout);
  fflush(stdout);
  pthread_mutex_unlock(&output);
  free(answer->text);
  answer->text = NULL;
}
