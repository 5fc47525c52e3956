#ifndef KTXN_DEVBROKER_PROGRAM_OPTIONS_H
#define KTXN_DEVBROKER_PROGRAM_OPTIONS_H

#include <stdbool.h>

#include "ktxn/devbroker.h"

#define OPTIONS_LINES_MAX 256

struct options {
  ktxn_devbroker_options broker;
  char *lines[OPTIONS_LINES_MAX]; /* control lines to begin with */
  int line_count;
  bool quiet;
};

/** Reads the command line. Returns -1 to go on, else the program's status: the help or an error has been printed. */
int options_read(struct options *options, int argc, char **argv);
void options_free(struct options *options);

#endif
