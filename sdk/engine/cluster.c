#include "sdk/engine/cluster.h"

#include <stdio.h>
#include <string.h>

#include "sdk/base/log.h"
#include "sdk/engine/cluster_parts.h"

/* ---- what brokers tell ------------------------------------------------------------------------------------------- */

static void adopt_features(struct ktxn__cluster *cluster, struct ktxn__broker_features told) {
  int16_t before = cluster->features.transaction_version;
  cluster->features = told;
  if (before >= 0 && before != told.transaction_version) {
    ktxn__log(cluster->ports->log, KTXN__LOG_INFO, "the cluster is at transaction.version %d now; it was at %d",
              told.transaction_version, before);
  }
}

/* KIP-584: brokers learn of a change one after the other; the highest epoch is the newest truth. */
static void on_versions(void *ctx, struct ktxn__broker *broker, int64_t now_us) {
  struct ktxn__cluster *cluster = ctx;
  struct ktxn__broker_features told = ktxn__broker_features(broker);
  bool newer = told.epoch > cluster->features.epoch;
  bool first = cluster->features.transaction_version < 0;
  if (told.transaction_version >= 0 && (newer || first)) {
    adopt_features(cluster, told);
  }
  cluster->version++;
  if (!cluster->known && !cluster->asking) {
    ktxn__cluster_refresh(cluster, now_us);
  }
}

static void on_down(void *ctx, struct ktxn__broker *broker, bool ready, int64_t now_us) {
  (void)ready;
  struct ktxn__cluster *cluster = ctx;
  cluster->version++;
  /* Its partitions and coordinators may have moved. */
  if (ktxn__broker_node(broker) >= 0) {
    ktxn__cluster_refresh(cluster, now_us);
  }
}

static void on_rebootstrap(void *ctx, struct ktxn__broker *broker, int64_t now_us) {
  (void)broker;
  struct ktxn__cluster *cluster = ctx;
  cluster->rebootstrap = true;
  ktxn__cluster_refresh(cluster, now_us);
}

static void on_muted(void *ctx, struct ktxn__broker *broker, int64_t until_us) {
  ktxn__cluster_nodes_mute(ctx, ktxn__broker_node(broker), until_us);
}

static const struct ktxn__broker_hooks hooks = {
    .versions = on_versions, .down = on_down, .muted = on_muted, .rebootstrap = on_rebootstrap};

struct ktxn__broker_hooks ktxn__cluster_hooks(struct ktxn__cluster *cluster) {
  struct ktxn__broker_hooks mine = hooks;
  mine.ctx = cluster;
  return mine;
}

/* KIP-1242. In a cluster that has replaced ours every node would refuse the old id for ever. */
static const char *expected_id(const struct ktxn__cluster *cluster) {
  return cluster->settings->cluster_check && !cluster->replaced ? cluster->id : NULL;
}

void ktxn__cluster_adopt(struct ktxn__cluster *cluster, struct ktxn__broker *broker) {
  ktxn__broker_expect_cluster(broker, expected_id(cluster));
}

void ktxn__cluster_identify(struct ktxn__cluster *cluster, struct ktxn__str id) {
  if (id.len <= 0 || cluster->replaced) {
    return;
  }
  if (cluster->id == NULL) {
    cluster->id = ktxn__alloc(cluster->ports->mem, (size_t)id.len + 1);
    if (cluster->id == NULL) {
      return; /* the next answer tells it again */
    }
    ktxn__str_copy(id, cluster->id, (size_t)id.len + 1);
    ktxn__log(cluster->ports->log, KTXN__LOG_DEBUG, "cluster %s", cluster->id);
  } else if (!ktxn__str_equal(id, ktxn__str(cluster->id))) {
    cluster->replaced = true;
    ktxn__log(cluster->ports->log, KTXN__LOG_ERROR, "bootstrap.servers now lead to cluster %.*s instead of %s",
              KTXN__STR_ARG(id), cluster->id);
  } else {
    return;
  }
  for (size_t i = 0; i < cluster->broker_count; i++) {
    ktxn__cluster_adopt(cluster, cluster->brokers[i]);
  }
}

void ktxn__cluster_rebootstrap(struct ktxn__cluster *cluster, const char *why, bool close, int64_t now_us) {
  ktxn__log(cluster->ports->log, KTXN__LOG_WARN, "starting from bootstrap.servers again: %s", why);
  ktxn__cluster_nodes_unlist(cluster);
  for (size_t i = 0; close && i < cluster->broker_count; i++) {
    ktxn__broker_drop(cluster->brokers[i], "starting from bootstrap.servers again");
  }
  /* Epochs of one cluster say nothing in another. */
  cluster->features.epoch = -1;
  cluster->rebootstrap = false;
  cluster->trying_us = now_us;
  cluster->version++;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

struct ktxn__cluster *ktxn__cluster_new(const struct ktxn__ports *ports,
                                        const struct ktxn__cluster_settings *settings) {
  struct ktxn__cluster *cluster = ktxn__calloc(ports->mem, 1, sizeof *cluster);
  if (cluster == NULL) {
    return NULL;
  }
  cluster->ports = ports;
  cluster->settings = settings;
  cluster->features = (struct ktxn__broker_features){.epoch = -1, .transaction_version = -1};
  ktxn__cluster_topics_init(cluster);
  ktxn__cluster_metadata_init(cluster);
  if (!ktxn__cluster_nodes_init(cluster)) {
    ktxn__cluster_free(cluster, 0);
    return NULL;
  }
  return cluster;
}

void ktxn__cluster_free(struct ktxn__cluster *cluster, int64_t now_us) {
  if (cluster == NULL) {
    return;
  }
  ktxn__cluster_nodes_free(cluster, now_us);
  ktxn__cluster_topics_free(cluster);
  ktxn__arena_free(&cluster->arena);
  ktxn__free(cluster->ports->mem, cluster->id);
  ktxn__free(cluster->ports->mem, cluster);
}

int64_t ktxn__cluster_run(struct ktxn__cluster *cluster, int64_t now_us) {
  ktxn__cluster_metadata_run(cluster, now_us);
  for (size_t i = 0; i < cluster->broker_count; i++) {
    (void)ktxn__broker_run(cluster->brokers[i], now_us);
  }
  /* What ended may have asked for more, from brokers that had their turn already. */
  int64_t due_us = ktxn__cluster_metadata_due(cluster);
  for (size_t i = 0; i < cluster->broker_count; i++) {
    due_us = ktxn__cluster_earlier(due_us, ktxn__broker_due(cluster->brokers[i]));
  }
  if (cluster->anybody) {
    int64_t usable_at_us = ktxn__cluster_nodes_usable_at(cluster);
    cluster->anybody = usable_at_us > now_us;
    due_us = ktxn__cluster_earlier(due_us, usable_at_us);
  }
  return due_us > now_us ? due_us : now_us + 1;
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static struct ktxn__broker *broker_of(const struct ktxn__cluster *cluster, uint32_t id) {
  uint32_t number = id & KTXN__BROKER_NUMBER_MAX;
  return number == 0 || number > cluster->broker_count ? NULL : cluster->brokers[number - 1];
}

void ktxn__cluster_on_connected(struct ktxn__cluster *cluster, uint32_t conn, int64_t now_us) {
  struct ktxn__broker *broker = broker_of(cluster, conn);
  if (broker != NULL) {
    ktxn__broker_on_connected(broker, conn, now_us);
  }
}

void ktxn__cluster_on_received(struct ktxn__cluster *cluster, uint32_t conn, const void *data, size_t size,
                               int64_t now_us) {
  struct ktxn__broker *broker = broker_of(cluster, conn);
  if (broker != NULL) {
    ktxn__broker_on_received(broker, conn, data, size, now_us);
  }
}

void ktxn__cluster_on_writable(struct ktxn__cluster *cluster, uint32_t conn, int64_t now_us) {
  struct ktxn__broker *broker = broker_of(cluster, conn);
  if (broker != NULL) {
    ktxn__broker_on_writable(broker, conn, now_us);
  }
}

void ktxn__cluster_on_closed(struct ktxn__cluster *cluster, uint32_t conn, const char *why, int64_t now_us) {
  struct ktxn__broker *broker = broker_of(cluster, conn);
  if (broker != NULL) {
    ktxn__broker_on_closed(broker, conn, why, now_us);
  }
}

void ktxn__cluster_on_resolved(struct ktxn__cluster *cluster, uint32_t token, const struct ktxn__address *addresses,
                               size_t count, const char *why, int64_t now_us) {
  struct ktxn__broker *broker = broker_of(cluster, token);
  if (broker != NULL) {
    ktxn__broker_on_resolved(broker, token, addresses, count, why, now_us);
  }
}

/* ---- questions --------------------------------------------------------------------------------------------------- */

uint64_t ktxn__cluster_version(const struct ktxn__cluster *cluster) {
  return cluster->version;
}

const char *ktxn__cluster_id(const struct ktxn__cluster *cluster) {
  return cluster->id;
}

bool ktxn__cluster_replaced(const struct ktxn__cluster *cluster) {
  return cluster->replaced;
}

int16_t ktxn__cluster_transaction_version(const struct ktxn__cluster *cluster) {
  return cluster->features.transaction_version;
}

int64_t ktxn__cluster_features_epoch(const struct ktxn__cluster *cluster) {
  return cluster->features.epoch;
}

void ktxn__cluster_ask_versions(struct ktxn__cluster *cluster, int64_t now_us) {
  for (size_t i = 0; i < cluster->broker_count; i++) {
    ktxn__broker_ask_versions(cluster->brokers[i], now_us);
  }
}

/* The failing broker that was tried last; *reached = some broker works. */
static const struct ktxn__broker *worst(const struct ktxn__cluster *cluster, bool *reached) {
  const struct ktxn__broker *last = NULL;
  *reached = false;
  for (size_t i = 0; i < cluster->broker_count; i++) {
    const struct ktxn__broker *broker = cluster->brokers[i];
    *reached |= ktxn__broker_ready(broker);
    bool ailing = !ktxn__broker_ready(broker) && ktxn__broker_why(broker)[0] != '\0';
    if (ailing && (last == NULL || ktxn__broker_tried_us(broker) > ktxn__broker_tried_us(last))) {
      last = broker;
    }
  }
  return last;
}

static size_t append(char *text, size_t size, size_t used, const char *more) {
  size_t room = size - used;
  int length = snprintf(text + used, room, "%s", more);
  return length < 0 || (size_t)length >= room ? size - 1 : used + (size_t)length;
}

void ktxn__cluster_trouble(const struct ktxn__cluster *cluster, char *text, size_t size) {
  bool reached;
  const struct ktxn__broker *broker = worst(cluster, &reached);
  size_t used = 0;
  text[0] = '\0';
  if (broker == NULL) {
    return;
  }
  if (!reached) {
    used = append(text, size, used, "no broker of bootstrap.servers=");
    for (size_t i = 0; i < cluster->settings->seed_count; i++) {
      char entry[KTXN__BROKER_HOST_MAX + 16];
      const struct ktxn__cluster_seed *seed = &cluster->settings->seeds[i];
      (void)snprintf(entry, sizeof entry, "%s%s:%u", i == 0 ? "" : ",", seed->host, (unsigned)seed->port);
      used = append(text, size, used, entry);
    }
    used = append(text, size, used, " could be reached: ");
  }
  (void)append(text, size, used, ktxn__broker_why(broker));
}
