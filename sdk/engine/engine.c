#include "sdk/engine/engine.h"

#include "sdk/base/mem.h"
#include "sdk/config.h"
#include "sdk/engine/sender_state.h"
#include "ktxn/version.h"

/* One response's arrays; far above what 100 MiB of a sane answer need. */
#define ARENA_MAX ((size_t)64 << 20)
/* Rounds of one run: senders and cluster feed each other. What is left goes on a moment later. */
#define ROUNDS_MAX 8

struct ktxn__engine {
  const struct ktxn__ports *ports;
  const struct ktxn__settings *settings;
  struct ktxn__cluster_settings cluster_settings;
  struct ktxn__cluster_seed *seeds;
  struct ktxn__cluster *cluster;
  struct ktxn__list senders;
  struct ktxn__arena arena;
  struct ktxn__sender_request *requests; /* free ones */
  struct ktxn__sender_target *targets;
  uint32_t target_room;
  uint32_t next_slot;
  int64_t now_us; /* of the last run */
};

/* ---- settings -------------------------------------------------------------------------------------------------------- */

static bool fill_seeds(struct ktxn__engine *engine) {
  const struct ktxn__bootstrap *bootstrap = &engine->settings->bootstrap;
  engine->seeds = ktxn__calloc(engine->ports->mem, bootstrap->count, sizeof *engine->seeds);
  if (engine->seeds == NULL) {
    return false;
  }
  for (size_t i = 0; i < bootstrap->count; i++) {
    engine->seeds[i].host = bootstrap->servers[i].host;
    engine->seeds[i].port = bootstrap->servers[i].port;
  }
  return true;
}

static void fill_cluster_settings(struct ktxn__engine *engine) {
  const struct ktxn__settings *from = engine->settings;
  engine->cluster_settings = (struct ktxn__cluster_settings){
      .broker =
          {
              .client_id = from->client_id,
              .software_name = "ktxn",
              .software_version = KTXN_VERSION,
              .in_flight_max = from->in_flight_max,
              .request_timeout_ms = from->request_timeout_ms,
              .reconnect_backoff_ms = from->reconnect_backoff_ms,
              .reconnect_backoff_max_ms = from->reconnect_backoff_max_ms,
              .setup_timeout_ms = from->connection_setup_timeout_ms,
              .setup_timeout_max_ms = from->connection_setup_timeout_max_ms,
              .idle_max_ms = from->connections_idle_max_ms,
          },
      .seeds = engine->seeds,
      .seed_count = from->bootstrap.count,
      .retry_backoff_ms = from->retry_backoff_ms,
      .retry_backoff_max_ms = from->retry_backoff_max_ms,
      .metadata_age_max_ms = from->metadata_age_max_ms,
      .metadata_idle_max_ms = from->metadata_idle_max_ms,
      .rebootstrap_trigger_ms = 300000, /* KIP-1102: the default of metadata.recovery.rebootstrap.trigger.ms */
      .cluster_check = true,            /* KIP-1242: the default of metadata.cluster.check.enable */
  };
}

/* ---- life ------------------------------------------------------------------------------------------------------------ */

static void free_parts(struct ktxn__engine *engine) {
  struct ktxn__mem *mem = engine->ports->mem;
  while (engine->requests != NULL) {
    struct ktxn__sender_request *request = engine->requests;
    engine->requests = request->next;
    ktxn__free(mem, request->items);
    ktxn__free(mem, request->order);
    ktxn__free(mem, request->runs);
    ktxn__free(mem, request);
  }
  ktxn__arena_free(&engine->arena);
  ktxn__free(mem, engine->targets);
  ktxn__free(mem, engine->seeds);
  ktxn__free(mem, engine);
}

struct ktxn__engine *ktxn__engine_new(const struct ktxn__ports *ports, const struct ktxn__settings *settings) {
  struct ktxn__engine *engine = ktxn__calloc(ports->mem, 1, sizeof *engine);
  if (engine == NULL) {
    return NULL;
  }
  engine->ports = ports;
  engine->settings = settings;
  ktxn__list_init(&engine->senders);
  ktxn__arena_init(&engine->arena, ports->mem, ARENA_MAX);
  if (fill_seeds(engine)) {
    fill_cluster_settings(engine);
    engine->cluster = ktxn__cluster_new(ports, &engine->cluster_settings);
  }
  if (engine->cluster == NULL) {
    free_parts(engine);
    return NULL;
  }
  return engine;
}

static void let_senders_go(struct ktxn__engine *engine) {
  struct ktxn__list *link = ktxn__list_first(&engine->senders);
  while (link != NULL) {
    struct ktxn__list *next = ktxn__list_next(&engine->senders, link);
    ktxn__sender_let_go(KTXN__LIST_OF(link, struct ktxn__sender, link));
    link = next;
  }
}

void ktxn__engine_free(struct ktxn__engine *engine) {
  if (engine == NULL) {
    return;
  }
  ktxn__cluster_free(engine->cluster, engine->now_us);
  let_senders_go(engine);
  free_parts(engine);
}

/* ---- the run --------------------------------------------------------------------------------------------------------- */

static int64_t run_senders(struct ktxn__engine *engine, int64_t now_us) {
  int64_t at_us = INT64_MAX;
  struct ktxn__list *link = ktxn__list_first(&engine->senders);
  while (link != NULL) {
    struct ktxn__list *next = ktxn__list_next(&engine->senders, link);
    struct ktxn__sender *sender = KTXN__LIST_OF(link, struct ktxn__sender, link);
    if (!ktxn__sender_let_go(sender)) {
      int64_t sender_us = ktxn__sender_run(sender, now_us);
      at_us = sender_us < at_us ? sender_us : at_us;
    }
    link = next;
  }
  return at_us;
}

static bool any_dirty(const struct ktxn__engine *engine) {
  struct ktxn__list *link = ktxn__list_first(&engine->senders);
  while (link != NULL) {
    if (KTXN__LIST_OF(link, struct ktxn__sender, link)->dirty) {
      return true;
    }
    link = ktxn__list_next(&engine->senders, link);
  }
  return false;
}

int64_t ktxn__engine_run(struct ktxn__engine *engine, int64_t now_us) {
  engine->now_us = now_us;
  for (int round = 0; round < ROUNDS_MAX; round++) {
    uint64_t version = ktxn__cluster_version(engine->cluster);
    int64_t senders_us = run_senders(engine, now_us);
    int64_t cluster_us = ktxn__cluster_run(engine->cluster, now_us);
    if (!any_dirty(engine) && ktxn__cluster_version(engine->cluster) == version) {
      return senders_us < cluster_us ? senders_us : cluster_us;
    }
  }
  return now_us + 1000;
}

/* ---- events ---------------------------------------------------------------------------------------------------------- */

void ktxn__engine_connected(struct ktxn__engine *engine, uint32_t conn, int64_t now_us) {
  ktxn__cluster_on_connected(engine->cluster, conn, now_us);
}

void ktxn__engine_received(struct ktxn__engine *engine, uint32_t conn, const void *data, size_t size, int64_t now_us) {
  ktxn__cluster_on_received(engine->cluster, conn, data, size, now_us);
}

void ktxn__engine_writable(struct ktxn__engine *engine, uint32_t conn, int64_t now_us) {
  ktxn__cluster_on_writable(engine->cluster, conn, now_us);
}

void ktxn__engine_closed(struct ktxn__engine *engine, uint32_t conn, const char *why, int64_t now_us) {
  ktxn__cluster_on_closed(engine->cluster, conn, why, now_us);
}

void ktxn__engine_resolved(struct ktxn__engine *engine, uint32_t token, const struct ktxn__address *addresses,
                           size_t count, const char *why, int64_t now_us) {
  ktxn__cluster_on_resolved(engine->cluster, token, addresses, count, why, now_us);
}

/* ---- for the senders --------------------------------------------------------------------------------------------------- */

struct ktxn__cluster *ktxn__engine_cluster(struct ktxn__engine *engine) {
  return engine->cluster;
}

const struct ktxn__ports *ktxn__engine_ports(struct ktxn__engine *engine) {
  return engine->ports;
}

struct ktxn__arena *ktxn__engine_arena(struct ktxn__engine *engine) {
  ktxn__arena_reset(&engine->arena);
  return &engine->arena;
}

struct ktxn__sender_request **ktxn__engine_requests(struct ktxn__engine *engine) {
  return &engine->requests;
}

uint32_t ktxn__engine_next_slot(struct ktxn__engine *engine) {
  return engine->next_slot++ % (uint32_t)engine->settings->connections_per_broker;
}

void ktxn__engine_add(struct ktxn__engine *engine, struct ktxn__sender *sender) {
  ktxn__list_push_back(&engine->senders, &sender->link);
}

struct ktxn__sender_target *ktxn__engine_targets(struct ktxn__engine *engine, uint32_t count) {
  if (count > engine->target_room) {
    uint32_t room = engine->target_room == 0 ? 8 : engine->target_room;
    while (room < count) {
      room *= 2;
    }
    struct ktxn__sender_target *targets =
        ktxn__realloc(engine->ports->mem, engine->targets, room * sizeof *targets);
    if (targets == NULL) {
      return NULL;
    }
    engine->targets = targets;
    engine->target_room = room;
  }
  return engine->targets;
}
