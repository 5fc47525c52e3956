#include "sdk/engine/cluster.h"

#include <stdio.h>
#include <string.h>

#include "sdk/base/log.h"
#include "sdk/base/mem.h"
#include "sdk/engine/cluster_state.h"

/* Nodes, connections and events. */

bool ktxn__cluster_grow(struct ktxn__cluster *cluster, void **array, size_t *room, size_t count, size_t size) {
  if (count < *room) return true;
  size_t wanted = *room == 0 ? 8 : *room * 2;
  void *grown = ktxn__realloc(cluster->ports->mem, *array, wanted * size);
  if (grown == NULL) return false;
  *array = grown;
  *room = wanted;
  return true;
}

/* ---- features ------------------------------------------------------------------------------------------------------ */

static void on_versions(void *ctx, struct ktxn__broker *broker, int64_t now_us) {
  struct ktxn__cluster *cluster = ctx;
  struct ktxn__broker_features features = ktxn__broker_features(broker);
  (void)now_us;
  /* KIP-584: the answer with the highest epoch is the newest; without an epoch it is no information. */
  bool newer = features.epoch > cluster->features_epoch;
  bool first = cluster->features_epoch < 0 && cluster->transaction_version < 0 && features.transaction_version >= 0;
  if (newer || first) {
    cluster->features_epoch = features.epoch;
    cluster->transaction_version = features.transaction_version;
  }
  cluster->version++;
}

static void on_down(void *ctx, struct ktxn__broker *broker, bool ready, int64_t now_us) {
  struct ktxn__cluster *cluster = ctx;
  (void)broker;
  /* What a broken connection served may live elsewhere now. */
  if (ready) ktxn__cluster_refresh(cluster, now_us);
  cluster->version++;
}

static void start_over(struct ktxn__cluster *cluster, int64_t now_us) {
  for (size_t i = 0; i < cluster->node_count; i++) cluster->nodes[i]->listed = cluster->nodes[i]->id < 0;
  for (size_t i = 0; i < cluster->broker_count; i++)
    if (ktxn__broker_node(cluster->brokers[i]) < 0) ktxn__broker_forgive(cluster->brokers[i]);
  ktxn__cluster_refresh(cluster, now_us);
}

static void on_rebootstrap(void *ctx, struct ktxn__broker *broker, int64_t now_us) {
  struct ktxn__cluster *cluster = ctx;
  ktxn__log(cluster->ports->log, KTXN__LOG_WARN, "%s belongs to another cluster or node: back to bootstrap.servers",
            ktxn__broker_name(broker));
  start_over(cluster, now_us);
}

/* ---- nodes --------------------------------------------------------------------------------------------------------- */

struct ktxn__node *ktxn__cluster_node(struct ktxn__cluster *cluster, int32_t id) {
  for (size_t i = 0; i < cluster->node_count; i++)
    if (cluster->nodes[i]->id == id) return cluster->nodes[i];
  return NULL;
}

static struct ktxn__node *new_node(struct ktxn__cluster *cluster, int32_t id) {
  if (cluster->node_count >= KTXN__CLUSTER_NODES_MAX) return NULL;
  if (!ktxn__cluster_grow(cluster, (void **)&cluster->nodes, &cluster->node_room, cluster->node_count,
                          sizeof *cluster->nodes))
    return NULL;
  struct ktxn__node *node = ktxn__calloc(cluster->ports->mem, 1, sizeof *node);
  if (node == NULL) return NULL;
  node->id = id;
  cluster->nodes[cluster->node_count++] = node;
  return node;
}

bool ktxn__cluster_set_node(struct ktxn__cluster *cluster, int32_t id, const char *host, size_t host_size, int32_t port,
                            int64_t now_us) {
  if (host_size == 0 || host_size > KTXN__BROKER_HOST_MAX || port <= 0 || port > UINT16_MAX) return false;
  struct ktxn__node *node = ktxn__cluster_node(cluster, id);
  if (node == NULL) node = new_node(cluster, id);
  if (node == NULL) return false;
  bool same = node->port == port && strlen(node->host) == host_size && memcmp(node->host, host, host_size) == 0;
  node->listed = true;
  if (same) return true;
  memcpy(node->host, host, host_size);
  node->host[host_size] = '\0';
  node->port = (uint16_t)port;
  cluster->version++;
  for (size_t i = 0; i < KTXN__CLUSTER_SLOTS_MAX; i++)
    if (node->slots[i] != NULL) ktxn__broker_move(node->slots[i], node->host, node->port, now_us);
  return true;
}

bool ktxn__cluster_learn_node(struct ktxn__cluster *cluster, const struct ktxn__cluster_endpoint *endpoint,
                              int64_t now_us) {
  if (endpoint->node < 0 || endpoint->host == NULL) return false;
  return ktxn__cluster_set_node(cluster, endpoint->node, endpoint->host, strlen(endpoint->host), endpoint->port, now_us);
}

static struct ktxn__broker *open_slot(struct ktxn__cluster *cluster, struct ktxn__node *node, uint32_t slot) {
  if (cluster->broker_count >= KTXN__BROKER_NUMBER_MAX) return NULL;
  if (!ktxn__cluster_grow(cluster, (void **)&cluster->brokers, &cluster->broker_room, cluster->broker_count,
                          sizeof *cluster->brokers))
    return NULL;
  uint32_t number = (uint32_t)cluster->broker_count + 1;
  struct ktxn__broker *broker = ktxn__broker_new(cluster->ports, &cluster->settings->broker, &cluster->hooks, number,
                                                 node->id, node->host, node->port);
  if (broker == NULL) return NULL;
  if (cluster->settings->cluster_check && cluster->id != NULL) ktxn__broker_expect_cluster(broker, cluster->id);
  cluster->brokers[cluster->broker_count++] = broker;
  node->slots[slot] = broker;
  return broker;
}

struct ktxn__broker *ktxn__cluster_broker(struct ktxn__cluster *cluster, int32_t id, uint32_t slot) {
  struct ktxn__node *node = ktxn__cluster_node(cluster, id);
  if (node == NULL || slot >= KTXN__CLUSTER_SLOTS_MAX) return NULL;
  return node->slots[slot] != NULL ? node->slots[slot] : open_slot(cluster, node, slot);
}

/* Higher is better; 0 = not usable now. */
static int64_t preference(struct ktxn__broker *broker, int64_t now_us) {
  const int64_t ready = INT64_MAX / 2, connecting = INT64_MAX / 4;
  if (ktxn__broker_ready(broker))
    return ready - (int64_t)(ktxn__broker_waiting(broker) + ktxn__broker_in_flight(broker));
  if (ktxn__broker_state(broker) != KTXN__BROKER_DOWN) return connecting;
  if (ktxn__broker_backing_off(broker, now_us)) return 0;
  return connecting / 2 - ktxn__broker_tried_us(broker);
}

static struct ktxn__broker *best(struct ktxn__cluster *cluster, bool seeds, int32_t avoid_node, int64_t now_us) {
  struct ktxn__broker *chosen = NULL;
  int64_t most = 0;
  for (size_t i = 0; i < cluster->node_count; i++) {
    const struct ktxn__node *node = cluster->nodes[i];
    if (!node->listed || (node->id < 0) != seeds || node->id == avoid_node) continue;
    struct ktxn__broker *broker = ktxn__cluster_broker(cluster, node->id, 0);
    int64_t value = broker == NULL ? 0 : preference(broker, now_us);
    if (value <= most) continue;
    chosen = broker;
    most = value;
  }
  return chosen;
}

static bool alone(const struct ktxn__cluster *cluster, int32_t avoid_node) {
  for (size_t i = 0; i < cluster->node_count; i++)
    if (cluster->nodes[i]->listed && cluster->nodes[i]->id >= 0 && cluster->nodes[i]->id != avoid_node) return false;
  return true;
}

struct ktxn__broker *ktxn__cluster_least_loaded(struct ktxn__cluster *cluster, int32_t avoid_node, int64_t now_us) {
  struct ktxn__broker *broker = best(cluster, false, avoid_node, now_us);
  if (broker == NULL && avoid_node >= 0 && alone(cluster, avoid_node))
    broker = best(cluster, false, KTXN__CLUSTER_NO_NODE, now_us);
  /* KIP-899: when no known node can be used, the bootstrap list is tried again. */
  return broker != NULL ? broker : best(cluster, true, KTXN__CLUSTER_NO_NODE, now_us);
}

/* ---- life ------------------------------------------------------------------------------------------------------------ */

static bool add_seeds(struct ktxn__cluster *cluster) {
  const struct ktxn__cluster_settings *settings = cluster->settings;
  for (size_t i = 0; i < settings->seed_count; i++) {
    const struct ktxn__cluster_seed *seed = &settings->seeds[i];
    if (!ktxn__cluster_set_node(cluster, -1 - (int32_t)i, seed->host, strlen(seed->host), seed->port, 0)) return false;
  }
  return true;
}

struct ktxn__cluster *ktxn__cluster_new(const struct ktxn__ports *ports,
                                        const struct ktxn__cluster_settings *settings) {
  struct ktxn__cluster *cluster = ktxn__calloc(ports->mem, 1, sizeof *cluster);
  if (cluster == NULL) return NULL;
  cluster->ports = ports;
  cluster->settings = settings;
  cluster->hooks = (struct ktxn__broker_hooks){cluster, on_versions, on_down, on_rebootstrap};
  cluster->features_epoch = -1;
  cluster->transaction_version = -1;
  cluster->success_us = -1;
  ktxn__arena_init(&cluster->arena, ports->mem, KTXN__CLUSTER_ARENA_BYTES);
  if (add_seeds(cluster)) return cluster;
  ktxn__cluster_free(cluster, 0);
  return NULL;
}

void ktxn__cluster_free(struct ktxn__cluster *cluster, int64_t now_us) {
  if (cluster == NULL) return;
  struct ktxn__mem *mem = cluster->ports->mem;
  for (size_t i = 0; i < cluster->broker_count; i++) ktxn__broker_drop(cluster->brokers[i], "closing", now_us);
  for (size_t i = 0; i < cluster->broker_count; i++) ktxn__broker_free(cluster->brokers[i], now_us);
  for (size_t i = 0; i < cluster->node_count; i++) ktxn__free(mem, cluster->nodes[i]);
  for (size_t i = 0; i < cluster->topic_count; i++) {
    ktxn__free(mem, cluster->topics[i]->partitions);
    ktxn__free(mem, cluster->topics[i]);
  }
  ktxn__arena_free(&cluster->arena);
  ktxn__free(mem, cluster->brokers);
  ktxn__free(mem, cluster->nodes);
  ktxn__free(mem, cluster->topics);
  ktxn__free(mem, cluster->names);
  ktxn__free(mem, cluster->id);
  ktxn__free(mem, cluster);
}

int64_t ktxn__cluster_run(struct ktxn__cluster *cluster, int64_t now_us) {
  int64_t next_us = ktxn__cluster_metadata_run(cluster, now_us);
  for (size_t i = 0; i < cluster->broker_count; i++) {
    int64_t at_us = ktxn__broker_run(cluster->brokers[i], now_us);
    if (at_us < next_us) next_us = at_us;
  }
  /* A connection that broke in this run may have left something to be asked. */
  int64_t again_us = ktxn__cluster_metadata_run(cluster, now_us);
  if (again_us < next_us) next_us = again_us;
  /* While nobody can be used, whoever asked for any broker wants to ask again soon. */
  int64_t soon_us = now_us + cluster->settings->broker.reconnect_backoff_ms * 1000;
  bool nobody = cluster->broker_count > 0 && next_us > soon_us &&
                ktxn__cluster_least_loaded(cluster, KTXN__CLUSTER_NO_NODE, now_us) == NULL;
  return nobody ? soon_us : next_us;
}

/* ---- asked ----------------------------------------------------------------------------------------------------------- */

uint64_t ktxn__cluster_version(const struct ktxn__cluster *cluster) { return cluster->version; }
const char *ktxn__cluster_id(const struct ktxn__cluster *cluster) { return cluster->id; }
bool ktxn__cluster_replaced(const struct ktxn__cluster *cluster) { return cluster->replaced; }
int64_t ktxn__cluster_features_epoch(const struct ktxn__cluster *cluster) { return cluster->features_epoch; }

int16_t ktxn__cluster_transaction_version(const struct ktxn__cluster *cluster) { return cluster->transaction_version; }

void ktxn__cluster_ask_versions(struct ktxn__cluster *cluster, int64_t now_us) {
  for (size_t i = 0; i < cluster->broker_count; i++)
    if (ktxn__broker_ready(cluster->brokers[i])) ktxn__broker_ask_versions(cluster->brokers[i], now_us);
}

static bool any_ready(const struct ktxn__cluster *cluster) {
  for (size_t i = 0; i < cluster->broker_count; i++)
    if (ktxn__broker_ready(cluster->brokers[i])) return true;
  return false;
}

static size_t add_text(char *text, size_t size, size_t used, const char *more) {
  if (used + 1 >= size) return used;
  int wrote = snprintf(text + used, size - used, "%s", more);
  size_t length = wrote < 0 ? 0 : (size_t)wrote;
  return used + length < size ? used + length : size - 1;
}

static size_t name_seeds(const struct ktxn__cluster *cluster, char *text, size_t size) {
  size_t used = add_text(text, size, 0, "no broker of bootstrap.servers=");
  for (size_t i = 0; i < cluster->settings->seed_count; i++) {
    char seed[KTXN__BROKER_HOST_MAX + 16];
    const struct ktxn__cluster_seed *entry = &cluster->settings->seeds[i];
    snprintf(seed, sizeof seed, "%s%s:%u", i == 0 ? "" : ",", entry->host, (unsigned)entry->port);
    used = add_text(text, size, used, seed);
  }
  return add_text(text, size, used, " could be reached");
}

void ktxn__cluster_trouble(const struct ktxn__cluster *cluster, char *text, size_t size) {
  size_t used = 0;
  bool first = true;
  text[0] = '\0';
  bool unreachable = !any_ready(cluster);
  for (size_t i = 0; i < cluster->broker_count; i++) {
    const struct ktxn__broker *broker = cluster->brokers[i];
    if (!ktxn__broker_failing(broker) || ktxn__broker_why(broker)[0] == '\0') continue;
    if (first && unreachable) used = name_seeds(cluster, text, size);
    if (!first || unreachable) used = add_text(text, size, used, first ? ": " : "; ");
    used = add_text(text, size, used, ktxn__broker_why(broker));
    first = false;
  }
}

/* ---- events ------------------------------------------------------------------------------------------------------------ */

static struct ktxn__broker *by_number(const struct ktxn__cluster *cluster, uint32_t conn) {
  uint32_t number = conn & KTXN__BROKER_NUMBER_MAX;
  return number == 0 || number > cluster->broker_count ? NULL : cluster->brokers[number - 1];
}

void ktxn__cluster_on_connected(struct ktxn__cluster *cluster, uint32_t conn, int64_t now_us) {
  struct ktxn__broker *broker = by_number(cluster, conn);
  if (broker != NULL) ktxn__broker_on_connected(broker, conn, now_us);
}

void ktxn__cluster_on_received(struct ktxn__cluster *cluster, uint32_t conn, const void *data, size_t size,
                               int64_t now_us) {
  struct ktxn__broker *broker = by_number(cluster, conn);
  if (broker != NULL) ktxn__broker_on_received(broker, conn, data, size, now_us);
}

void ktxn__cluster_on_writable(struct ktxn__cluster *cluster, uint32_t conn, int64_t now_us) {
  struct ktxn__broker *broker = by_number(cluster, conn);
  if (broker != NULL) ktxn__broker_on_writable(broker, conn, now_us);
}

void ktxn__cluster_on_closed(struct ktxn__cluster *cluster, uint32_t conn, const char *why, int64_t now_us) {
  struct ktxn__broker *broker = by_number(cluster, conn);
  if (broker != NULL) ktxn__broker_on_closed(broker, conn, why, now_us);
}

void ktxn__cluster_on_resolved(struct ktxn__cluster *cluster, uint32_t token, const struct ktxn__address *addresses,
                               size_t count, const char *why, int64_t now_us) {
  struct ktxn__broker *broker = by_number(cluster, token);
  if (broker != NULL) ktxn__broker_on_resolved(broker, token, addresses, count, why, now_us);
}
