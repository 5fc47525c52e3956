#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

/*
 * A hostile cluster: what its nodes say is changed on the way, so that it may be any bytes. What the logs hold then proves
 * nothing about the client, and nothing is judged but that it survives: no crash, every call returns, no memory is left, and
 * once the bytes are right again a new producer works.
 */

enum { INSERTED_MOST = 32 };

static uint32_t pick(struct sim_world *world, size_t n) { return sim_choose(&world->choices, SIM_NET, (uint32_t)n); }

static size_t flip(struct sim_world *world, uint8_t *bytes, size_t size) {
  size_t at = pick(world, size);
  bytes[at] ^= (uint8_t)(1u << pick(world, 8));
  return size;
}

static size_t overwrite(struct sim_world *world, uint8_t *bytes, size_t size) {
  size_t at = pick(world, size);
  for (size_t i = at; i < size && i < at + 8; i++) {
    bytes[i] = (uint8_t)pick(world, 256);
  }
  return size;
}

/* Counts, lengths and codes of the largest kind: what a careless reader multiplies or allocates. */
static size_t extreme(struct sim_world *world, uint8_t *bytes, size_t size) {
  static const uint8_t values[] = {0x7f, 0xff, 0x80, 0x00};
  size_t at = pick(world, size);
  uint8_t value = values[pick(world, sizeof values)];
  for (size_t i = at; i < size && i < at + 4; i++) {
    bytes[i] = i == at ? value : value == 0x80 ? 0x00 : (uint8_t)(value | 0x80);
  }
  return size;
}

static size_t cut(struct sim_world *world, uint8_t *bytes, size_t size) {
  (void)bytes;
  return pick(world, size);
}

static size_t insert(struct sim_world *world, uint8_t *bytes, size_t size) {
  size_t count = 1 + pick(world, INSERTED_MOST);
  size_t at = pick(world, size);
  memmove(bytes + at + count, bytes + at, size - at);
  for (size_t i = 0; i < count; i++) {
    bytes[at + i] = (uint8_t)pick(world, 256);
  }
  return size + count;
}

static size_t replace(struct sim_world *world, uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    bytes[i] = (uint8_t)pick(world, 256);
  }
  return size;
}

/* The frame is as it should be, and what stands in it is not. */
static size_t replace_body(struct sim_world *world, uint8_t *bytes, size_t size) {
  return size <= 8 ? size : 8 + replace(world, bytes + 8, size - 8);
}

uint8_t *sim_hostile(struct sim_world *world, const uint8_t *bytes, size_t *size) {
  static size_t (*const ways[])(struct sim_world *, uint8_t *, size_t) = {flip,   overwrite, extreme,     cut,
                                                                          insert, replace,   replace_body};
  uint8_t *copy = malloc(*size + INSERTED_MOST);
  if (copy == NULL) {
    abort();
  }
  memcpy(copy, bytes, *size);
  if (*size > 0) {
    *size = ways[pick(world, sizeof ways / sizeof ways[0])](world, copy, *size);
  }
  world->stats->spoilt++;
  return copy;
}
