#include "sdk/engine/accumulator_state.h"
#include "sdk/error.h"

/* The gate's and the topics' side that the sender sets, and what the application asks about topics. */

void ktxn__accumulator_set_gate(struct ktxn__accumulator *acc, enum ktxn__gate gate, const ktxn_error *error) {
  ktxn__accumulator_lock(acc);
  ktxn__gate_set(&acc->gate, gate, error);
  ktxn__accumulator_unlock(acc);
  /* whoever waits in a send for room or for a topic must look at the gate again */
  acc->ports->notify(acc->ports->ctx, acc->producer);
}

const char *ktxn__accumulator_topic_name(struct ktxn__accumulator *acc, uint32_t topic) {
  ktxn__accumulator_lock(acc);
  const char *name = acc->topics.entries[topic]->name;
  ktxn__accumulator_unlock(acc);
  return name;
}

enum ktxn__topic_interest ktxn__accumulator_topic_interest(struct ktxn__accumulator *acc, uint32_t topic) {
  ktxn__accumulator_lock(acc);
  struct ktxn__topics_entry *entry = acc->topics.entries[topic];
  enum ktxn__topic_interest interest = entry->refresh ? KTXN__TOPIC_REFRESH
                                       : entry->used  ? KTXN__TOPIC_USED
                                                      : KTXN__TOPIC_IDLE;
  entry->refresh = false;
  entry->used = false;
  ktxn__accumulator_unlock(acc);
  return interest;
}

/* There is news of the topic: unlocks, and tells whoever waits for one. */
static void unlock_told(struct ktxn__accumulator *acc) {
  bool wanted = acc->topic_wanted;
  acc->topic_wanted = false;
  ktxn__accumulator_unlock(acc);
  if (wanted) {
    acc->ports->notify(acc->ports->ctx, acc->producer);
  }
}

bool ktxn__accumulator_set_topic(struct ktxn__accumulator *acc, uint32_t topic, uint32_t partition_count,
                                 const int32_t *leaders) {
  ktxn__accumulator_lock(acc);
  struct ktxn__topics_entry *entry = acc->topics.entries[topic];
  if (!ktxn__topics_set(&acc->topics, entry, partition_count, leaders)) {
    /* No memory, and no news: whoever waits would only ask again at once. */
    ktxn__accumulator_unlock(acc);
    return false;
  }
  entry->range_confirmed = entry->range_asked;
  entry->range_asked = false;
  entry->refused = false;
  ktxn__topics_set_cause(&acc->topics, entry, NULL);
  unlock_told(acc);
  return true;
}

void ktxn__accumulator_set_topic_error(struct ktxn__accumulator *acc, uint32_t topic, const ktxn_error *error,
                                       bool refuse) {
  ktxn__accumulator_lock(acc);
  struct ktxn__topics_entry *entry = acc->topics.entries[topic];
  ktxn__topics_set_cause(&acc->topics, entry, error);
  entry->refused = refuse;
  unlock_told(acc);
}

bool ktxn__accumulator_topic_cause(struct ktxn__accumulator *acc, const char *topic, ktxn_error *error) {
  ktxn__accumulator_lock(acc);
  const struct ktxn__topics_entry *entry = ktxn__topics_find(&acc->topics, topic);
  bool known = entry != NULL && entry->cause != NULL;
  if (known) {
    *error = *entry->cause;
  }
  ktxn__accumulator_unlock(acc);
  return known;
}

/* ---- looking up: under the lock -------------------------------------------------------------------------------------- */

enum ktxn__append ktxn__accumulator_ask_topic(struct ktxn__accumulator *acc, struct ktxn__topics_entry *entry) {
  entry->refresh = true;
  acc->topic_wanted = true;
  return KTXN__APPEND_NO_TOPIC;
}

static enum ktxn__append refuse(ktxn_error *error, int code, enum ktxn_class error_class, const char *what,
                                const char *topic) {
  ktxn__error_set(error, code, error_class, "%s: \"%.60s\"", what, topic);
  return KTXN__APPEND_REFUSED;
}

static enum ktxn__append new_topic(struct ktxn__accumulator *acc, const char *name, ktxn_error *error) {
  if (!ktxn__topics_name_valid(name)) {
    return refuse(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE,
                  "a topic's name has 1 to 249 letters, digits, '.', '_' and '-', which is not so here", name);
  }
  if (acc->topics.count >= KTXN__ACCUMULATOR_TOPICS_MAX) {
    return refuse(error, KTXN_E_OUT_OF_MEMORY, KTXN_CLASS_CONFIG,
                  "this producer remembers as many topics as it can: use another one for further topics", name);
  }
  struct ktxn__topics_entry *entry = ktxn__topics_add(&acc->topics, name);
  return entry == NULL ? refuse(error, KTXN_E_OUT_OF_MEMORY, KTXN_CLASS_RETRY, "no memory for a topic", name)
                       : ktxn__accumulator_ask_topic(acc, entry);
}

/* The sender is asked to look again all the same: the cause may be gone by the next call. */
static enum ktxn__append refused_topic(struct ktxn__accumulator *acc, struct ktxn__topics_entry *entry,
                                       ktxn_error *error) {
  *error = *entry->cause;
  (void)ktxn__accumulator_ask_topic(acc, entry);
  return KTXN__APPEND_REFUSED;
}

enum ktxn__append ktxn__accumulator_find_topic(struct ktxn__accumulator *acc, const char *name,
                                               struct ktxn__topics_entry **found, ktxn_error *error) {
  struct ktxn__topics_entry *entry = ktxn__topics_find(&acc->topics, name);
  if (entry == NULL) {
    return new_topic(acc, name, error);
  }
  *found = entry;
  entry->used = true;
  if (entry->refused && entry->cause != NULL) {
    return refused_topic(acc, entry, error);
  }
  return entry->partition_count == 0 ? ktxn__accumulator_ask_topic(acc, entry) : KTXN__APPEND_DONE;
}

/* A topic that nobody has written to yet is entered like one that somebody writes to. */
static enum ktxn__append look_up_count(struct ktxn__accumulator *acc, const char *topic, int32_t *count,
                                       ktxn_error *error) {
  struct ktxn__topics_entry *entry = NULL;
  enum ktxn__append result = ktxn__accumulator_find_topic(acc, topic, &entry, error);
  if (result == KTXN__APPEND_DONE) {
    *count = (int32_t)entry->partition_count;
  }
  return result;
}

enum ktxn__append ktxn__accumulator_partitions_for(struct ktxn__accumulator *acc, const char *topic, int32_t *count,
                                                   ktxn_error *error) {
  enum ktxn__append result = KTXN__APPEND_REFUSED;
  ktxn__accumulator_lock(acc);
  if (acc->gate.gate == KTXN__GATE_CLOSED || acc->gate.gate == KTXN__GATE_FATAL) {
    (void)ktxn__gate_refuse(&acc->gate, error);
  } else {
    result = look_up_count(acc, topic, count, error);
  }
  ktxn__accumulator_unlock_wake(acc, result != KTXN__APPEND_DONE);
  return result;
}
