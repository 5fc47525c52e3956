/* The nodes of a cluster, their brokers, and which of them to ask. */

#include <string.h>

#include "sdk/base/log.h"
#include "sdk/engine/cluster_parts.h"

#define NODES_FIRST 16
/* A candidate that has been connecting for longer than this is passed over for one that was not tried yet. */
#define SLOW_CONNECT_US 1000000
/* The same for one that has not answered for so long: it serves one request at a time. */
#define SLOW_ANSWER_US 1000000
/* When everything is closed: how often calls that were made by the ends of others are ended in turn. */
#define SHUT_ROUNDS_MAX 4

/* ---- the table --------------------------------------------------------------------------------------------------- */

/* Where the id is, or where it would be. */
static size_t position(const struct ktxn__cluster *cluster, int32_t id) {
  size_t low = 0;
  size_t high = cluster->node_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (cluster->nodes[middle]->id < id) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

struct ktxn__cluster_node *ktxn__cluster_nodes_find(const struct ktxn__cluster *cluster, int32_t id) {
  size_t at = position(cluster, id);
  return at < cluster->node_count && cluster->nodes[at]->id == id ? cluster->nodes[at] : NULL;
}

static bool reserve(struct ktxn__cluster *cluster) {
  if (cluster->node_count < cluster->node_capacity) {
    return true;
  }
  size_t capacity = cluster->node_capacity == 0 ? NODES_FIRST : cluster->node_capacity * 2;
  struct ktxn__cluster_node **nodes = ktxn__realloc(cluster->ports->mem, cluster->nodes, capacity * sizeof *nodes);
  if (nodes == NULL) {
    return false;
  }
  cluster->nodes = nodes;
  cluster->node_capacity = capacity;
  return true;
}

static char *copy_host(struct ktxn__cluster *cluster, struct ktxn__str host) {
  char *copy = ktxn__alloc(cluster->ports->mem, (size_t)host.len + 1);
  if (copy != NULL) {
    ktxn__str_copy(host, copy, (size_t)host.len + 1);
  }
  return copy;
}

static struct ktxn__cluster_node *add(struct ktxn__cluster *cluster, int32_t id, struct ktxn__str host, uint16_t port) {
  size_t seeds = cluster->settings->seed_count;
  if (cluster->node_count >= KTXN__CLUSTER_NODES_MAX + seeds || !reserve(cluster)) {
    return NULL;
  }
  struct ktxn__cluster_node *node = ktxn__calloc(cluster->ports->mem, 1, sizeof *node);
  char *copy = node == NULL ? NULL : copy_host(cluster, host);
  if (copy == NULL) {
    ktxn__free(cluster->ports->mem, node);
    return NULL;
  }
  node->id = id;
  node->host = copy;
  node->port = port;
  size_t at = position(cluster, id);
  memmove(&cluster->nodes[at + 1], &cluster->nodes[at], (cluster->node_count - at) * sizeof(cluster->nodes[0]));
  cluster->nodes[at] = node;
  cluster->node_count++;
  return node;
}

bool ktxn__cluster_nodes_init(struct ktxn__cluster *cluster) {
  const struct ktxn__cluster_settings *settings = cluster->settings;
  for (size_t i = 0; i < settings->seed_count; i++) {
    const struct ktxn__cluster_seed *seed = &settings->seeds[i];
    if (add(cluster, -1 - (int32_t)i, ktxn__str(seed->host), seed->port) == NULL) {
      return false;
    }
  }
  return true;
}

/* The end of a call may look at any broker, or send to one: no memory is freed before all calls have ended. */
static void shut_all(struct ktxn__cluster *cluster, int64_t now_us) {
  bool any = true;
  for (int round = 0; any && round < SHUT_ROUNDS_MAX; round++) {
    any = false;
    for (size_t i = 0; i < cluster->broker_count; i++) {
      any |= ktxn__broker_shut(cluster->brokers[i], now_us);
    }
  }
}

void ktxn__cluster_nodes_free(struct ktxn__cluster *cluster, int64_t now_us) {
  shut_all(cluster, now_us);
  for (size_t i = 0; i < cluster->broker_count; i++) {
    ktxn__broker_free(cluster->brokers[i], now_us);
  }
  ktxn__free(cluster->ports->mem, cluster->brokers);
  for (size_t i = 0; i < cluster->node_count; i++) {
    ktxn__free(cluster->ports->mem, cluster->nodes[i]->host);
    ktxn__free(cluster->ports->mem, cluster->nodes[i]);
  }
  ktxn__free(cluster->ports->mem, cluster->nodes);
}

/* ---- addresses --------------------------------------------------------------------------------------------------- */

static bool usable_endpoint(struct ktxn__str host, int32_t port) {
  return host.len > 0 && host.len <= KTXN__BROKER_HOST_MAX && memchr(host.data, '\0', (size_t)host.len) == NULL &&
         port > 0 && port <= UINT16_MAX;
}

static bool move_node(struct ktxn__cluster *cluster, struct ktxn__cluster_node *node, struct ktxn__str host,
                      uint16_t port, int64_t now_us) {
  if (port == node->port && ktxn__str_equal(host, ktxn__str(node->host))) {
    return true;
  }
  char *copy = copy_host(cluster, host);
  if (copy == NULL) {
    return false;
  }
  ktxn__log(cluster->ports->log, KTXN__LOG_INFO, "node %d is now at %s:%u", node->id, copy, (unsigned)port);
  ktxn__free(cluster->ports->mem, node->host);
  node->host = copy;
  node->port = port;
  cluster->version++;
  for (size_t i = 0; i < KTXN__CLUSTER_SLOTS_MAX; i++) {
    if (node->slots[i] != NULL) {
      ktxn__broker_move(node->slots[i], copy, port, now_us);
    }
  }
  return true;
}

struct ktxn__cluster_node *ktxn__cluster_nodes_learn(struct ktxn__cluster *cluster, int32_t id, struct ktxn__str host,
                                                     int32_t port, int64_t now_us) {
  if (id < 0 || !usable_endpoint(host, port)) {
    return NULL;
  }
  struct ktxn__cluster_node *node = ktxn__cluster_nodes_find(cluster, id);
  if (node == NULL) {
    cluster->version++;
    return add(cluster, id, host, (uint16_t)port);
  }
  return move_node(cluster, node, host, (uint16_t)port, now_us) ? node : NULL;
}

bool ktxn__cluster_learn_node(struct ktxn__cluster *cluster, const struct ktxn__cluster_endpoint *endpoint,
                              int64_t now_us) {
  return ktxn__cluster_nodes_learn(cluster, endpoint->node, ktxn__str(endpoint->host), endpoint->port, now_us) != NULL;
}

void ktxn__cluster_nodes_unlist(struct ktxn__cluster *cluster) {
  for (size_t i = 0; i < cluster->node_count; i++) {
    cluster->nodes[i]->listed = false;
  }
}

/* ---- brokers ----------------------------------------------------------------------------------------------------- */

static bool reserve_broker(struct ktxn__cluster *cluster) {
  if (cluster->broker_count < cluster->broker_capacity) {
    return true;
  }
  size_t capacity = cluster->broker_capacity == 0 ? NODES_FIRST : cluster->broker_capacity * 2;
  struct ktxn__broker **brokers = ktxn__realloc(cluster->ports->mem, cluster->brokers, capacity * sizeof *brokers);
  if (brokers == NULL) {
    return false;
  }
  cluster->brokers = brokers;
  cluster->broker_capacity = capacity;
  return true;
}

/* A new connection to a node that has asked to be left alone for a while. */
static void inherit_mute(const struct ktxn__cluster_node *node, struct ktxn__broker *broker) {
  for (size_t i = 0; i < KTXN__CLUSTER_SLOTS_MAX; i++) {
    if (node->slots[i] != NULL) {
      ktxn__broker_mute_until(broker, ktxn__broker_muted_until(node->slots[i]));
    }
  }
}

static struct ktxn__broker *broker_of(struct ktxn__cluster *cluster, struct ktxn__cluster_node *node, uint32_t slot) {
  if (node->slots[slot] != NULL) {
    return node->slots[slot];
  }
  if (cluster->broker_count >= KTXN__BROKER_NUMBER_MAX || !reserve_broker(cluster)) {
    return NULL;
  }
  const struct ktxn__broker_hooks hooks = ktxn__cluster_hooks(cluster);
  struct ktxn__broker *broker =
      ktxn__broker_new(cluster->ports, &cluster->settings->broker, &hooks,
                       (uint32_t)cluster->broker_count + 1, node->id, node->host, node->port);
  if (broker != NULL) {
    cluster->brokers[cluster->broker_count++] = broker;
    node->slots[slot] = broker;
    inherit_mute(node, broker);
    ktxn__cluster_adopt(cluster, broker);
  }
  return broker;
}

struct ktxn__broker *ktxn__cluster_broker(struct ktxn__cluster *cluster, int32_t node, uint32_t slot) {
  struct ktxn__cluster_node *known = ktxn__cluster_nodes_find(cluster, node);
  return known == NULL || slot >= KTXN__CLUSTER_SLOTS_MAX ? NULL : broker_of(cluster, known, slot);
}

void ktxn__cluster_nodes_mute(struct ktxn__cluster *cluster, int32_t id, int64_t until_us) {
  struct ktxn__cluster_node *node = ktxn__cluster_nodes_find(cluster, id);
  for (size_t slot = 0; node != NULL && slot < KTXN__CLUSTER_SLOTS_MAX; slot++) {
    if (node->slots[slot] != NULL) {
      ktxn__broker_mute_until(node->slots[slot], until_us);
    }
  }
}

bool ktxn__cluster_nodes_gone(const struct ktxn__cluster *cluster) {
  bool any = false;
  for (size_t i = 0; i < cluster->node_count; i++) {
    const struct ktxn__cluster_node *node = cluster->nodes[i];
    bool failing = false;
    for (size_t slot = 0; slot < KTXN__CLUSTER_SLOTS_MAX; slot++) {
      const struct ktxn__broker *broker = node->slots[slot];
      failing |= broker != NULL && ktxn__broker_failing(broker);
      if (node->listed && broker != NULL && ktxn__broker_ready(broker)) {
        return false;
      }
    }
    if (node->listed && !failing) {
      return false;
    }
    any |= node->listed;
  }
  return any;
}

/* ---- whom to ask ------------------------------------------------------------------------------------------------- */

/* Smaller is better; compared in this order. */
struct rank {
  int kind;
  int64_t load;
  uint64_t lot;
};

static bool better(const struct rank *a, const struct rank *b) {
  if (a->kind != b->kind) {
    return a->kind < b->kind;
  }
  return a->load != b->load ? a->load < b->load : a->lot < b->lot;
}

enum { READY, FRESH_ATTEMPT, UNTRIED, SLOW_ANSWER, SLOW_ATTEMPT, MUTED, UNUSABLE };

static int rank_of_ready(const struct ktxn__broker *broker, int64_t now_us) {
  if (now_us < ktxn__broker_muted_until(broker)) {
    return MUTED;
  }
  return ktxn__broker_awaited_us(broker, now_us) > SLOW_ANSWER_US ? SLOW_ANSWER : READY;
}

static struct rank rank_of(const struct ktxn__broker *broker, int64_t now_us) {
  if (broker == NULL) {
    return (struct rank){.kind = UNTRIED};
  }
  int64_t calls = (int64_t)(ktxn__broker_waiting(broker) + ktxn__broker_in_flight(broker));
  if (ktxn__broker_ready(broker)) {
    return (struct rank){.kind = rank_of_ready(broker, now_us), .load = calls};
  }
  if (ktxn__broker_state(broker) == KTXN__BROKER_DOWN) {
    bool off = ktxn__broker_backing_off(broker, now_us);
    return (struct rank){.kind = off ? UNUSABLE : UNTRIED, .load = ktxn__broker_tried_us(broker)};
  }
  bool slow = now_us - ktxn__broker_tried_us(broker) > SLOW_CONNECT_US;
  return (struct rank){.kind = slow ? SLOW_ATTEMPT : FRESH_ATTEMPT, .load = calls};
}

/* The listed nodes; before there are any, and after a rebootstrap, the bootstrap servers. */
static bool candidate(const struct ktxn__cluster_node *node, bool listed) {
  return listed ? node->listed : node->id < 0;
}

static bool any_listed(const struct ktxn__cluster *cluster) {
  for (size_t i = 0; i < cluster->node_count; i++) {
    if (cluster->nodes[i]->listed) {
      return true;
    }
  }
  return false;
}

static struct ktxn__cluster_node *choose(struct ktxn__cluster *cluster, int32_t avoid_node, int64_t now_us) {
  bool listed = any_listed(cluster);
  struct ktxn__cluster_node *best = NULL;
  struct rank best_rank = {.kind = UNUSABLE};
  for (size_t i = 0; i < cluster->node_count; i++) {
    struct ktxn__cluster_node *node = cluster->nodes[i];
    if (!candidate(node, listed) || node->id == avoid_node) {
      continue;
    }
    struct rank rank = rank_of(node->slots[0], now_us);
    rank.lot = cluster->ports->random(cluster->ports->ctx);
    if (rank.kind != UNUSABLE && (best == NULL || better(&rank, &best_rank))) {
      best = node;
      best_rank = rank;
    }
  }
  return best;
}

struct ktxn__broker *ktxn__cluster_least_loaded(struct ktxn__cluster *cluster, int32_t avoid_node, int64_t now_us) {
  struct ktxn__cluster_node *node = choose(cluster, avoid_node, now_us);
  if (node == NULL && avoid_node != KTXN__CLUSTER_NO_NODE) {
    node = choose(cluster, KTXN__CLUSTER_NO_NODE, now_us);
  }
  if (node == NULL) {
    cluster->anybody = true;
    return NULL;
  }
  return broker_of(cluster, node, 0);
}

int64_t ktxn__cluster_nodes_usable_at(const struct ktxn__cluster *cluster) {
  bool listed = any_listed(cluster);
  int64_t at_us = INT64_MAX;
  for (size_t i = 0; i < cluster->node_count; i++) {
    const struct ktxn__cluster_node *node = cluster->nodes[i];
    if (candidate(node, listed)) {
      at_us = ktxn__cluster_earlier(at_us,
                                    node->slots[0] == NULL ? 0 : ktxn__broker_backoff_until(node->slots[0]));
    }
  }
  return at_us;
}
