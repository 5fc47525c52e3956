#include "tests/sim/case.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "ktxn-sim case\n"

/* ---- writing --------------------------------------------------------------------------------------------------------- */

static size_t mild(const struct sim_list *list, size_t at) {
  size_t count = 0;
  while (at + count < list->count && list->values[at + count] == 0) {
    count++;
  }
  return count;
}

/* Choices behind a list's end are mild anyway. */
static size_t shown(const struct sim_list *list) {
  size_t count = list->count;
  while (count > 0 && list->values[count - 1] == 0) {
    count--;
  }
  return count;
}

static void write_list(FILE *out, int stream, const struct sim_list *list) {
  size_t count = shown(list);
  fprintf(out, "list %d", stream);
  for (size_t at = 0; at < count;) {
    size_t zeros = mild(list, at);
    if (zeros > 1) {
      fprintf(out, " 0x%zu", zeros);
      at += zeros;
    } else {
      fprintf(out, " %" PRIu32, list->values[at++]);
    }
  }
  fputc('\n', out);
}

bool sim_case_write(const char *path, const struct sim_choices *choices, const char *violation, bool hostile) {
  FILE *out = fopen(path, "w");
  if (out == NULL) {
    return false;
  }
  fprintf(out, MAGIC "# %s\nseed %" PRIu64 " hostile %d\n", violation, choices->seed, hostile);
  for (int stream = 0; stream < SIM_STREAMS; stream++) {
    write_list(out, stream, &choices->lists[stream]);
  }
  bool well = ferror(out) == 0;
  return fclose(out) == 0 && well;
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

static bool append(struct sim_list *list, uint32_t value, size_t times) {
  enum { MOST = 1 << 24 };
  if (times > MOST || list->count + times > MOST) {
    return false;
  }
  if (list->count + times > list->room) {
    size_t room = (list->count + times) * 2;
    uint32_t *values = realloc(list->values, room * sizeof *values);
    if (values == NULL) {
      return false;
    }
    list->values = values;
    list->room = room;
  }
  for (size_t i = 0; i < times; i++) {
    list->values[list->count++] = value;
  }
  return true;
}

/* One word, "12" or "0x5"; false at the end or at what is no such word. */
static bool read_word(char **at, struct sim_list *list) {
  char *end;
  unsigned long value = strtoul(*at, &end, 10);
  unsigned long times = 1;
  if (end == *at) {
    return false;
  }
  if (value == 0 && *end == 'x') {
    *at = end + 1;
    times = strtoul(*at, &end, 10);
  }
  bool well = end != *at && append(list, (uint32_t)value, times);
  *at = end;
  return well;
}

static bool read_list(char *line, struct sim_choices *choices) {
  int stream = -1, used = 0;
  if (sscanf(line, "list %d%n", &stream, &used) != 1 || stream < 0 || stream >= SIM_STREAMS) {
    return false;
  }
  char *at = line + used;
  while (read_word(&at, &choices->lists[stream])) {
  }
  return strspn(at, " \n") == strlen(at);
}

/* `lines` counts what must be there, so that half a file is no mild case that is always well. */
static bool read_line(char *line, struct sim_choices *choices, bool *hostile, int *lines) {
  int spoilt = 0;
  if (line[0] == '#') {
    return true;
  }
  (*lines)++;
  if (sscanf(line, "seed %" SCNu64 " hostile %d", &choices->seed, &spoilt) == 2) {
    *hostile = spoilt != 0;
    return true;
  }
  return read_list(line, choices);
}

static bool read_all(FILE *in, struct sim_choices *choices, bool *hostile) {
  char *line = NULL;
  size_t room = 0;
  int lines = 0;
  bool well = getline(&line, &room, in) > 0 && strcmp(line, MAGIC) == 0;
  while (well && getline(&line, &room, in) > 0) {
    well = read_line(line, choices, hostile, &lines);
  }
  free(line);
  return well && feof(in) && lines == 1 + SIM_STREAMS;
}

bool sim_case_read(const char *path, struct sim_choices *choices, bool *hostile) {
  FILE *in = fopen(path, "r");
  sim_choices_free(choices);
  if (in == NULL) {
    perror(path);
    return false;
  }
  bool well = read_all(in, choices, hostile);
  fclose(in);
  if (!well) {
    fprintf(stderr, "%s: not a case of ktxn-sim\n", path);
    sim_choices_free(choices);
  }
  return well;
}
