#ifndef KTXN_TESTS_GOLDEN_GOLDEN_H
#define KTXN_TESTS_GOLDEN_GOLDEN_H

/* Reads the golden files: one case a line, "direction version name hex [text]". Tests run in the repository's root. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct golden_case {
  const char *direction;
  int16_t version;
  const char *name;
  uint8_t *bytes;
  size_t size;
  const char *text; /* "" when there is none */
};

typedef void (*golden_visit)(const struct golden_case *golden, void *ctx);

static inline unsigned golden_digit(char c) {
  return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

/* In place: the bytes take half the room of the digits. */
static inline size_t golden_unhex(char *hex) {
  size_t size = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
  for (size_t i = 0; i < size; i++) {
    hex[i] = (char)(golden_digit(hex[2 * i]) << 4 | golden_digit(hex[2 * i + 1]));
  }
  return size;
}

static inline void golden_line(char *line, const char *direction, golden_visit visit, void *ctx) {
  char *rest = NULL;
  struct golden_case golden = {.direction = strtok_r(line, " \n", &rest)};
  if (golden.direction == NULL || strcmp(golden.direction, direction) != 0) {
    return;
  }
  golden.version = (int16_t)atoi(strtok_r(NULL, " ", &rest));
  golden.name = strtok_r(NULL, " ", &rest);
  char *hex = strtok_r(NULL, " \n", &rest);
  golden.text = strtok_r(NULL, "\n", &rest);
  golden.text = golden.text == NULL ? "" : golden.text;
  golden.size = golden_unhex(hex);
  golden.bytes = (uint8_t *)hex;
  visit(&golden, ctx);
}

/* Calls `visit` for every case of one direction. Returns how many there were: 0 also when the file isn't there. */
static inline int golden_each(const char *name, const char *direction, golden_visit visit, void *ctx) {
  char path[256];
  snprintf(path, sizeof path, "tests/golden/%s.txt", name);
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    return 0;
  }
  char *line = NULL;
  size_t capacity = 0;
  int count = 0;
  while (getline(&line, &capacity, file) > 0) {
    count += strncmp(line, direction, strlen(direction)) == 0;
    golden_line(line, direction, visit, ctx);
  }
  free(line);
  fclose(file);
  return count;
}

#endif
