#ifndef TESTS_DRIVE_ANSWER_H
#define TESTS_DRIVE_ANSWER_H

/* The text that answers one command: gathered, then written in one piece, each line with the command's tag before it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktxn/error.h"

#define ANSWER_TAG_MAX 32

struct answer {
  char tag[ANSWER_TAG_MAX]; /* "" or "&TAG " */
  char *text;
  size_t size, room;
};

void answer_init(struct answer *answer, const char *tag);

/* Adds one line; the newline is added here. */
void answer_line(struct answer *answer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The last line of a command: how the call ended. `fields` go into an "ok" line; they may be "". */
void answer_end(struct answer *answer, const ktxn_error *error, int64_t elapsed_ms, const char *fields);

/* Copies a name into `to` (of `size` bytes) as one word, and returns `to`. */
const char *answer_word(char *to, const char *from, size_t size);

/* Writes it to stdout, whole, and frees it. Any thread. */
void answer_write(struct answer *answer);

#endif
