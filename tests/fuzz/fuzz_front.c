/* The embedded broker's front: what one connection sends, and what becomes of the cluster. The input is frames without their
 * lengths: two bytes of size (little-endian), then as many bytes, again and again. */
#include <stdlib.h>

#include "sdk/devbroker/control.h"
#include "sdk/devbroker/front.h"
#include "sdk/devbroker/model_control.h"
#include "sdk/devbroker/model_look.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct cluster {
  struct ktxn__mem mem;
  struct ktxn__model *model;
  struct ktxn__front *front;
  int64_t now;
};

static void start(struct cluster *c) {
  struct ktxn__model_config config = ktxn__model_config_default();
  ktxn__mem_init(&c->mem, (size_t)64 * 1024 * 1024);
  config.nodes = 2;
  config.cluster_id = "fuzz";
  config.memory_max = (size_t)16 * 1024 * 1024;
  c->model = ktxn__model_new(&c->mem, &config, NULL);
  const struct ktxn__front_config front = {.mem = &c->mem, .model = c->model, .cluster_id = KTXN__STR("fuzz"), .nodes = 2};
  c->front = ktxn__front_new(&front);
  c->now = 0;
  if (c->front == NULL || !ktxn__model_create_topic(c->model, 0, KTXN__STR("s1"), 2)) {
    abort();
  }
}

static void step(struct cluster *c) {
  for (int i = 0; i < 50 && ktxn__front_deadline(c->front) < c->now + 5000000; i++) {
    const int64_t deadline = ktxn__front_deadline(c->front);
    c->now = deadline > c->now ? deadline : c->now;
    ktxn__front_run(c->front, c->now);
  }
}

static void send_frame(struct cluster *c, struct ktxn__front_link *link, const uint8_t *data, size_t size) {
  const uint8_t head[4] = {0, 0, (uint8_t)(size >> 8), (uint8_t)size};
  ktxn__front_feed(link, c->now, (struct ktxn__span){.data = head, .size = sizeof head});
  ktxn__front_feed(link, c->now, (struct ktxn__span){.data = data, .size = size});
  ktxn__front_run(c->front, c->now);
  ktxn__front_sent(link, c->now, ktxn__front_output(link).size);
  step(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct cluster c;
  start(&c);
  struct ktxn__front_link *link = ktxn__front_open(c.front, 0, "127.0.0.1", NULL);
  while (size > 2 && link != NULL) {
    size_t frame = (size_t)data[0] | (size_t)data[1] << 8;
    frame = frame < size - 2 ? frame : size - 2;
    send_frame(&c, link, data + 2, frame);
    data += 2 + frame;
    size -= 2 + frame;
    if (ktxn__front_broken(link)) {
      ktxn__front_close(link);
      link = ktxn__front_open(c.front, 1, "127.0.0.1", NULL);
    }
  }
  if (!ktxn__model_check(c.model)) {
    abort();
  }
  ktxn__front_free(c.front);
  ktxn__model_free(c.model);
  if (ktxn__mem_used(&c.mem) != 0) {
    abort();
  }
  return 0;
}
