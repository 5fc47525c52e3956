#include <stdio.h>

#include "tests/sim/world.h"

/* Of cluster_fault(): leaders and coordinators move, nodes go down or freeze, partitions have no leader. */
enum { GENTLE_KINDS = 0xaf };

/* A class of faults is off in half of the runs, and rare or frequent in the others, so that none drowns another. */
static uint32_t swarm(struct sim_choices *choices, int64_t most) {
  if (sim_choose(choices, SIM_OPTIONS, 2) == 0) {
    return 0;
  }
  return (uint32_t)sim_span(choices, SIM_OPTIONS, most / 60, most);
}

static void draw_cluster(struct sim_choices *choices, struct sim_options *options) {
  static const struct {
    enum ktxn__model_release release;
    int16_t level;
  } kinds[] = {{KTXN__MODEL_4_4, 2}, {KTXN__MODEL_3_9, 0}, {KTXN__MODEL_4_4, 1}, {KTXN__MODEL_2_8, 0},
               {KTXN__MODEL_4_0, 2}, {KTXN__MODEL_4_4, 2}, {KTXN__MODEL_3_6, 0}, {KTXN__MODEL_2_5, 0}};
  uint32_t kind = sim_choose(choices, SIM_OPTIONS, sizeof kinds / sizeof kinds[0]);
  options->release = kinds[kind].release;
  options->level = kinds[kind].level;
  /* At level 2 leaders register, and ask in any case. */
  bool off = sim_choose(choices, SIM_OPTIONS, 3) == 1 && options->level < 2;
  options->verification = ktxn__model_traits(options->release)->verifies && !off;
  options->nodes = 1 + (int32_t)sim_choose(choices, SIM_OPTIONS, SIM_NODES);
  options->partitions = 1 + (int32_t)sim_choose(choices, SIM_OPTIONS, SIM_PARTITIONS);
  options->ids = 1 + (int32_t)(sim_choose(choices, SIM_OPTIONS, 4) == 3);
  options->delay_us = sim_span(choices, SIM_OPTIONS, 50, 20000);
  options->append_us = sim_span(choices, SIM_OPTIONS, 20, 20000);
  options->marker_us = sim_span(choices, SIM_OPTIONS, 20, 200000);
  options->load_us = sim_span(choices, SIM_OPTIONS, 1000, 2000000);
  options->marker_twice = sim_choose(choices, SIM_OPTIONS, 2) == 1;
}

static void draw_client(struct sim_choices *choices, struct sim_options *options) {
  options->transactions = 3 + (int32_t)sim_choose(choices, SIM_OPTIONS, 18);
  options->records = 1 + (int32_t)sim_choose(choices, SIM_OPTIONS, SIM_RECORDS_MAX);
  options->offsets = swarm(choices, 900000);
  options->aborts = swarm(choices, 500000);
  options->flushes = swarm(choices, 500000);
  options->transaction_timeout_ms = sim_span(choices, SIM_OPTIONS, 2000, 60000);
  options->request_timeout_ms = sim_span(choices, SIM_OPTIONS, 500, 30000);
  options->delivery_timeout_ms = options->request_timeout_ms + sim_span(choices, SIM_OPTIONS, 100, 120000);
  options->linger_ms = sim_choose(choices, SIM_OPTIONS, 2) * 5;
  options->batch_bytes = sim_choose(choices, SIM_OPTIONS, 4) == 3 ? 100 : 256; /* of one record, or of some */
  options->backoff_ms = sim_span(choices, SIM_OPTIONS, 5, 200);
  options->pacing = sim_choose(choices, SIM_OPTIONS, 4) != 3;
}

/* No second instance, no timeout of the broker's, no late copies, no node with an old memory, no other level: what is left, any
 * producer survives, and learns every outcome (docs/TRANSACTIONS.md, the errors that are fatal). */
static void make_gentle(struct sim_options *options) {
  options->gentle = true;
  options->process_fault = 0;
  options->zombies = 0;
  options->level_change = 0;
  options->net_hold = 0;
  options->oversleep = 0;
  options->restarts = 0;
  options->meddle = 0;
  options->refused = 0;
  options->no_memory = 0;
  options->fault_kinds &= GENTLE_KINDS;
  options->cluster_fault = options->fault_kinds == 0 ? 0 : options->cluster_fault;
  if (ktxn__model_traits(options->release)->defects & KTXN__MODEL_K20310) {
    options->first_epoch = 0; /* a coordinator that reloads forgets the producer id that it has given last */
  }
  options->transaction_timeout_ms = 400000; /* longer than all that happens until the cluster is well, and a delivery */
}

/* Protocol 1, records that are given up, late copies of everything and timeouts of the broker's; and processes that end or are taken over
 * from between an end and what is owed behind it. */
static void make_debt(struct sim_choices *choices, struct sim_options *options) {
  static const enum ktxn__model_release releases[] = {KTXN__MODEL_3_9, KTXN__MODEL_2_8, KTXN__MODEL_3_6, KTXN__MODEL_2_5};
  options->release = releases[sim_choose(choices, SIM_OPTIONS, 4)];
  options->level = 0;
  options->level_change = 0;
  options->verification = false;
  options->transaction_timeout_ms = sim_span(choices, SIM_OPTIONS, 2000, 10000);
  options->request_timeout_ms = sim_span(choices, SIM_OPTIONS, 500, 2000);
  options->delivery_timeout_ms = options->request_timeout_ms + 100;
  options->answer_lost = 60000;
  options->answer_mute = 60000;
  options->net_hold = 60000;
  options->net_cut = 20000;
  options->oversleep = swarm(choices, 300000);
  options->restarts = swarm(choices, 300000);
  options->meddle = swarm(choices, 100000);
  options->process_fault = 0;
}

/* Successors that speak another protocol than those that they take over from, and batches that are given up: what an EndTxn 5 of the
 * old one may then meet is rare in other runs. */
static void make_mixed(struct sim_options *options) {
  options->release = KTXN__MODEL_4_4;
  options->level = 2;
  options->verification = true;
  options->level_change = 300000;
  options->process_fault = 300000;
  options->zombies = 900000;
  options->answer_mute = 30000;
  options->answer_lost = 60000;
  options->delivery_timeout_ms = options->request_timeout_ms + 100;
}

/* Coordinators change hands in the middle of everything, and the client comes back to nodes that are cut off, which go on answering out
 * of what they remember. Connections break, so that it has to ask who is coordinator again and again. */
static void make_usurped(struct sim_choices *choices, struct sim_options *options) {
  static const struct {
    enum ktxn__model_release release;
    int16_t level;
    uint32_t level_change, refused;
    uint32_t lost;    /* answers; 0 = and no other request of unknown fate but those under way when something changes hands */
    int64_t least_ms; /* transaction.timeout.ms: a node that is cut off is busy for as long as that */
  } kinds[] = {{KTXN__MODEL_3_9, 0, 0, 0, 0, 5000},
               {KTXN__MODEL_2_8, 0, 0, 0, 60000, 1000}, /* no looks: the longest stories */
               {KTXN__MODEL_2_8, 0, 0, 0, 60000, 1000},
               {KTXN__MODEL_2_8, 0, 0, 0, 0, 1000},
               {KTXN__MODEL_4_4, 2, 500000, 0, 0, 5000},
               {KTXN__MODEL_4_4, 2, 500000, 0, 20000, 5000},
               {KTXN__MODEL_4_4, 1, 0, 100000, 20000, 5000},
               {KTXN__MODEL_4_4, 2, 0, 100000, 20000, 5000}};
  uint32_t kind = sim_choose(choices, SIM_OPTIONS, sizeof kinds / sizeof kinds[0]);
  options->release = kinds[kind].release;
  options->level = kinds[kind].level;
  options->level_change = kinds[kind].level_change;
  options->refused = kinds[kind].refused;
  options->verification = kinds[kind].release == KTXN__MODEL_4_4;
  options->nodes = 2 + (int32_t)(sim_choose(choices, SIM_OPTIONS, 3) == 2);
  options->partitions = 2 + (int32_t)sim_choose(choices, SIM_OPTIONS, SIM_PARTITIONS - 1);
  options->transaction_timeout_ms = sim_span(choices, SIM_OPTIONS, kinds[kind].least_ms, 10 * kinds[kind].least_ms);
  options->request_timeout_ms = sim_span(choices, SIM_OPTIONS, 500, 2000);
  options->delivery_timeout_ms = options->request_timeout_ms + sim_span(choices, SIM_OPTIONS, 100, 20000);
  options->usurped = (uint32_t)sim_span(choices, SIM_OPTIONS, 50000, 500000);
  options->heal_us = sim_span(choices, SIM_OPTIONS, 5000000, 120000000);
  options->process_fault = 0;
  options->cluster_fault = 0;
  options->meddle = 0;
  options->answer_lost = options->answer_mute = kinds[kind].lost;
  if (kinds[kind].lost == 0) {
    options->net_hold = options->net_cut = options->answer_lost = options->answer_mute = options->answer_late = 0;
  }
}

/* What is drawn last leaves what was drawn before as it was, and so the cases. */
static void draw_more(struct sim_choices *choices, struct sim_options *options) {
  options->pauses = swarm(choices, 300000);
  options->addresses = swarm(choices, 200000);
  options->net_deaf = swarm(choices, 10000);
  options->net_rate = sim_choose(choices, SIM_OPTIONS, 4) == 3 ? sim_span(choices, SIM_OPTIONS, 10000, 10000000) : 0;
  options->jumps = swarm(choices, 2000);
  options->throttled = swarm(choices, 50000);
  options->pause_us = sim_span(choices, SIM_OPTIONS, 1000, options->usurped > 0 ? options->transaction_timeout_ms * 250 : 300000);
  if (sim_choose(choices, SIM_OPTIONS, 8) > 0 && options->usurped > 0) {
    options->pauses = 300000;
  }
  if (options->gentle || (options->usurped > 0 && options->answer_lost == 0)) { /* no late copies, no producer that ends */
    options->net_deaf = options->jumps = 0;
  }
  if (sim_choose(choices, SIM_OPTIONS, 2) == 1 && options->usurped > 0 && options->level_change > 0) {
    options->asleep = 300000;
    options->aborts = 700000;
    options->transaction_timeout_ms = 5000 + options->transaction_timeout_ms % 1000;
    options->heal_us = 120000000;
  }
  /* An abort by the broker at the last epoch, while the level is lower, and back at level 2: rare, unless it begins there. */
  if (sim_choose(choices, SIM_OPTIONS, 4) == 3 && options->level_change > 0) {
    options->first_epoch = (int16_t)(32766 - sim_choose(choices, SIM_OPTIONS, 3));
  }
  if (sim_choose(choices, SIM_OPTIONS, 4) == 3 && options->level_change > 0) {
    options->verification = false;
  }
  if (sim_choose(choices, SIM_OPTIONS, 2) == 1 && options->usurped > 0 && options->level_change == 0 && options->level == 0) {
    options->asleep = 300000;
    options->offsets = options->aborts = 700000;
    options->net_hold = 2 * options->answer_lost;
    options->net_cut = options->answer_lost / 3;
    options->transaction_timeout_ms = 5000 + options->transaction_timeout_ms % 1000;
    options->heal_us = 120000000;
  }
  if (sim_choose(choices, SIM_OPTIONS, 2) == 1 && options->asleep > 0 && options->level_change == 0) {
    options->held = 700000;
  }
}

void sim_options_draw(struct sim_choices *choices, struct sim_options *options) {
  *options = (struct sim_options){0};
  draw_cluster(choices, options);
  draw_client(choices, options);
  options->net_cut = swarm(choices, 60000);
  options->net_hold = swarm(choices, 60000);
  options->net_pieces = swarm(choices, 300000);
  options->refuse = swarm(choices, 300000);
  options->answer_code = swarm(choices, 100000);
  options->answer_lost = swarm(choices, 60000);
  options->answer_mute = swarm(choices, 60000);
  options->answer_late = swarm(choices, 100000);
  options->cluster_fault = swarm(choices, 900000);
  uint32_t kinds = sim_choose(choices, SIM_OPTIONS, 256);
  options->fault_kinds = kinds == 0 ? 255 : kinds;
  options->process_fault = swarm(choices, 400000);
  options->zombies = swarm(choices, 900000);
  options->level_change = options->level > 0 && options->verification ? swarm(choices, 300000) : 0;
  options->oversleep = 10000;
  options->no_memory = sim_choose(choices, SIM_OPTIONS, 8) == 7 ? swarm(choices, 50000) : 0;
  options->fault_period_us = sim_span(choices, SIM_OPTIONS, 3000, 1000000);
  options->heal_us = sim_span(choices, SIM_OPTIONS, 1000000, 120000000);
  options->again = swarm(choices, 500000);
  options->restarts = swarm(choices, 100000);
  options->meddle = swarm(choices, 30000);
  uint32_t last_epochs = sim_choose(choices, SIM_OPTIONS, 8);
  options->first_epoch = last_epochs == 7 ? (int16_t)(32760 + sim_choose(choices, SIM_OPTIONS, 7)) : 0;
  uint32_t kind = sim_choose(choices, SIM_OPTIONS, 16);
  options->refused = sim_choose(choices, SIM_OPTIONS, 8) == 7 ? swarm(choices, 300000) : 0;
  options->net_short = swarm(choices, 300000);
  options->net_hang = swarm(choices, 100000);
  options->no_name = swarm(choices, 100000);
  options->clocks = sim_choose(choices, SIM_OPTIONS, 2) == 1;
  if (kind >= 12) {
    make_gentle(options);
  } else if (kind == 11) {
    make_mixed(options);
  } else if (kind >= 9) {
    make_debt(choices, options);
  } else if (kind >= 5) {
    make_usurped(choices, options);
  }
  draw_more(choices, options);
}

void sim_options_canonical(const struct sim_sweep *sweep, struct sim_options *options) {
  *options = (struct sim_options){
      .release = sweep->v2 ? KTXN__MODEL_4_4 : KTXN__MODEL_3_9,
      .level = sweep->v2 ? 2 : 0,
      .verification = sweep->v2,
      .nodes = 3,
      .partitions = 3,
      .ids = 1,
      .transactions = 5,
      .records = 5,
      .offsets = 500000,
      .aborts = sweep->aborts ? 500000 : 0,
      .flushes = 500000,
      .delay_us = 400,
      .append_us = 200,
      .marker_us = 400,
      .load_us = 20000,
      .transaction_timeout_ms = 6000,
      .request_timeout_ms = 1000,
      .delivery_timeout_ms = 5000,
      .backoff_ms = 20,
      .batch_bytes = 256,
      .fault_period_us = 1000000,
      .heal_us = 20000000,
      .pacing = true,
      .oversleep = 10000,
  };
}

void sim_options_print(const struct sim_options *o) {
  printf("release %s, level %d, verification %d, nodes %d, partitions %d, ids %d; transactions %d of up to %d records\n",
         ktxn__model_traits(o->release)->name, o->level, o->verification, (int)o->nodes, (int)o->partitions, (int)o->ids,
         (int)o->transactions, (int)o->records);
  printf("in a million: offsets %u, again %u, aborts %u, flushes %u; net: cut %u, hold %u, pieces %u, refuse %u, short %u, hang %u, "
         "deaf %u; no name %u, addresses %u; answers: code %u, lost %u, mute %u, late %u, throttled %u; cluster %u (kinds %02x), "
         "process %u, zombies %u, restarts %u, meddle %u, usurped %u, asleep %u, held %u, refused %u, level %u, oversleep %u, "
         "no memory %u, pauses %u, jumps %u, hostile %u%s\n",
         o->offsets, o->again, o->aborts, o->flushes, o->net_cut, o->net_hold, o->net_pieces, o->refuse, o->net_short, o->net_hang,
         o->net_deaf, o->no_name, o->addresses, o->answer_code, o->answer_lost, o->answer_mute, o->answer_late, o->throttled,
         o->cluster_fault, o->fault_kinds, o->process_fault, o->zombies, o->restarts, o->meddle, o->usurped, o->asleep, o->held,
         o->refused, o->level_change, o->oversleep, o->no_memory, o->pauses, o->jumps, o->hostile, o->gentle ? "; gentle" : "");
  printf("us: delay %lld, append %lld, marker %lld, load %lld, faults each %lld until %lld, pauses up to %lld; ms: "
         "transaction.timeout %lld, request %lld, delivery %lld, linger %lld, backoff %lld; batches of %lld bytes, %lld bytes a "
         "second; pacing %d; epochs from %d%s\n",
         (long long)o->delay_us, (long long)o->append_us, (long long)o->marker_us, (long long)o->load_us,
         (long long)o->fault_period_us, (long long)o->heal_us, (long long)o->pause_us, (long long)o->transaction_timeout_ms,
         (long long)o->request_timeout_ms, (long long)o->delivery_timeout_ms, (long long)o->linger_ms, (long long)o->backoff_ms,
         (long long)o->batch_bytes, (long long)o->net_rate, o->pacing, o->first_epoch, o->clocks ? "; clocks differ" : "");
}
