#ifndef TESTS_DRIVE_DRIVE_H
#define TESTS_DRIVE_DRIVE_H

/* What the commands share: the config under construction and the producers and clients by name. */

#include "ktxn/ktxn.h"
#include "tests/drive/answer.h"

#define DRIVE_NAME_MAX 64
#define DRIVE_HANDLES 64
#define DRIVE_WORDS 8

/* A producer or a shared client; empty name = unused. */
struct drive_handle {
  char name[DRIVE_NAME_MAX];
  ktxn_producer *producer;
  ktxn_client *client;
};

struct drive {
  ktxn_config *config;
  struct drive_handle handles[DRIVE_HANDLES];
  struct drive_handle *current; /* the producer that commands speak of; NULL = none */
};

/* One command line, cut into words. `rest` is what follows the words that the command has. */
struct command {
  struct drive *drive;
  struct drive_handle *target; /* drive->current when the line was read */
  char *words[DRIVE_WORDS];    /* [0] is the command */
  char *rest;
  struct answer answer;
  ktxn_error error;
  char fields[256]; /* of the "= ok" line */
};

/* Cuts `line` (changed in place), runs it and leaves error and fields filled. */
void command_run(struct command *command, char *line);

/* Closes and frees everything that is still there. */
void drive_free(struct drive *drive);

#endif
