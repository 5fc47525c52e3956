#include "sdk/engine/partitioner.h"

#include "sdk/base/random.h"

uint32_t ktxn__partitioner_key(uint32_t hash, uint32_t partition_count) {
  return (hash & 0x7fffffffU) % partition_count;
}

/* What both passes of a draw agree on. */
struct weighing {
  const struct ktxn__partitioner_load *load;
  bool any_leader;
  uint32_t longest; /* the longest queue among the candidates */
  bool by_length;   /* lengths differ, so that they count */
};

static bool candidate(const struct weighing *weighing, uint32_t index) {
  return !weighing->any_leader || weighing->load->leaders[index] >= 0;
}

static bool has_leader(const struct ktxn__partitioner_load *load) {
  for (uint32_t i = 0; load->leaders != NULL && i < load->partition_count; i++) {
    if (load->leaders[i] >= 0) {
      return true;
    }
  }
  return false;
}

/* KIP-794: lengths count only when every partition of the topic has had a queue and they are not all equal. */
static void measure(struct weighing *weighing) {
  const struct ktxn__partitioner_load *load = weighing->load;
  uint32_t shortest = UINT32_MAX;
  for (uint32_t i = 0; i < load->partition_count; i++) {
    uint32_t length = load->length(load->topic, i);
    if (length == UINT32_MAX) {
      return;
    }
    if (candidate(weighing, i)) {
      weighing->longest = length > weighing->longest ? length : weighing->longest;
      shortest = length < shortest ? length : shortest;
    }
  }
  weighing->by_length = shortest != weighing->longest;
}

static uint64_t weight(const struct weighing *weighing, uint32_t index) {
  if (!candidate(weighing, index)) {
    return 0;
  }
  if (!weighing->by_length) {
    return 1;
  }
  /* the shortest queue gets the most, the longest still a chance */
  return (uint64_t)weighing->longest + 1 - weighing->load->length(weighing->load->topic, index);
}

/* One pass over a large topic for each batch would cost more than the batch: the best of a few drawn ones. */
#define LARGE_TOPIC 256u
#define SAMPLES 4

static uint32_t sampled_length(const struct ktxn__partitioner_load *load, uint32_t index) {
  uint32_t length = load->adaptive ? load->length(load->topic, index) : 0;
  return length == UINT32_MAX ? 0 : length;
}

/* UINT32_MAX: none of those drawn has a leader. */
static uint32_t draw_sample(const struct ktxn__partitioner_load *load, struct ktxn__random *random) {
  uint32_t best = UINT32_MAX;
  for (int i = 0; i < SAMPLES; i++) {
    uint32_t index = (uint32_t)ktxn__random_below(random, load->partition_count);
    if (load->leaders == NULL || load->leaders[index] < 0) {
      continue;
    }
    if (best == UINT32_MAX || sampled_length(load, index) < sampled_length(load, best)) {
      best = index;
    }
  }
  return best;
}

uint32_t ktxn__partitioner_draw(const struct ktxn__partitioner_load *load, struct ktxn__random *random) {
  uint32_t sample = load->partition_count > LARGE_TOPIC ? draw_sample(load, random) : UINT32_MAX;
  if (sample != UINT32_MAX) {
    return sample;
  }
  struct weighing weighing = {.load = load, .any_leader = has_leader(load)};
  if (load->adaptive) {
    measure(&weighing);
  }
  uint64_t total = 0;
  for (uint32_t i = 0; i < load->partition_count; i++) {
    total += weight(&weighing, i);
  }
  uint64_t point = ktxn__random_below(random, total);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < load->partition_count; i++) {
    sum += weight(&weighing, i);
    if (sum > point) {
      return i;
    }
  }
  return load->partition_count - 1;
}
