#include <string.h>

#include "sdk/config.h"
#include "sdk/engine/sender_state.h"
#include "sdk/error.h"

/* What the cluster knows about the topics that the accumulator holds records for. */

#define NO_MEMORY_US INT64_C(10000)

static bool make_room(struct ktxn__sender *sender, uint32_t count) {
  if (count <= sender->topic_room) {
    return true;
  }
  uint32_t room = sender->topic_room == 0 ? 4 : sender->topic_room * 2;
  room = room < count ? count : room;
  struct ktxn__sender_topic *topics =
      ktxn__realloc(ktxn__sender_mem(sender), sender->topics, room * sizeof *topics);
  if (topics == NULL) {
    return false;
  }
  memset(topics + sender->topic_room, 0, (room - sender->topic_room) * sizeof *topics);
  sender->topics = topics;
  sender->topic_room = room;
  return true;
}

/* ---- publishing ------------------------------------------------------------------------------------------------------ */

static bool gather_leaders(struct ktxn__sender *sender, const struct ktxn__topic *entry) {
  if (entry->partition_count > sender->leader_room) {
    int32_t *leaders =
        ktxn__realloc(ktxn__sender_mem(sender), sender->leaders, entry->partition_count * sizeof *leaders);
    if (leaders == NULL) {
      return false;
    }
    sender->leaders = leaders;
    sender->leader_room = entry->partition_count;
  }
  for (uint32_t i = 0; i < entry->partition_count; i++) {
    sender->leaders[i] = entry->partitions[i].leader;
  }
  return true;
}

/* Errors that asking again does not cure. */
static bool refused(int16_t code) {
  return code == KTXN_E_TOPIC_AUTHORIZATION_FAILED || code == KTXN_E_INVALID_TOPIC_EXCEPTION;
}

static void publish_error(struct ktxn__sender *sender, uint32_t index, const struct ktxn__topic *entry) {
  ktxn_error error;
  bool refuse = refused(entry->error_code);
  bool missing = entry->error_code == KTXN_E_UNKNOWN_TOPIC_OR_PARTITION;
  bool lasting = refuse || missing;
  ktxn__error_set(&error, lasting ? entry->error_code : KTXN_E_METADATA_TIMED_OUT,
                  lasting ? KTXN_CLASS_CONFIG : KTXN_CLASS_RETRY, "topic %.100s: %s (%s)%s", entry->name,
                  ktxn_code_text(entry->error_code), ktxn_code_name(entry->error_code),
                  missing ? "; create it, or check its name" : "");
  error.broker_code = entry->error_code;
  ktxn__accumulator_set_topic_error(sender->acc, index, &error, refuse);
}

/* Memory is short: the next run is not left to chance, somebody may wait for the topic. */
static void again_soon(struct ktxn__sender *sender, int64_t now_us) {
  int64_t at_us = now_us + NO_MEMORY_US;
  sender->wait_us = at_us < sender->wait_us ? at_us : sender->wait_us;
}

/* True when all is told: else again at the next run. */
static bool publish(struct ktxn__sender *sender, uint32_t index) {
  struct ktxn__sender_topic *topic = &sender->topics[index];
  const struct ktxn__topic *entry = topic->entry;
  /* A topic that was there and is now missing or without a leader is most likely a broker that is starting up. */
  if (entry->partition_count > 0 && !refused(entry->error_code)) {
    return gather_leaders(sender, entry) &&
           ktxn__accumulator_set_topic(sender->acc, index, entry->partition_count, sender->leaders);
  }
  if (entry->error_code != 0) {
    publish_error(sender, index, entry);
  }
  return true;
}

/* A topic that was deleted and made anew is another topic: what the transaction wrote to the old one is gone. */
static void check_identity(struct ktxn__sender *sender, uint32_t index, int64_t now_us) {
  static const uint8_t none[16] = {0};
  struct ktxn__sender_topic *topic = &sender->topics[index];
  const uint8_t *id = topic->entry->id;
  if (memcmp(id, none, sizeof none) == 0 || memcmp(id, topic->id, sizeof topic->id) == 0) {
    return;
  }
  bool anew = memcmp(topic->id, none, sizeof none) != 0;
  memcpy(topic->id, id, sizeof topic->id);
  if (anew && topic->joined == sender->ordinal && ktxn__txn_state(sender->txn) == KTXN__TXN_IN_TRANSACTION) {
    ktxn__txn_fail(sender->txn, now_us, KTXN_E_UNKNOWN_TOPIC_ID, (int32_t)topic->part);
  }
}

/* ---- why there is nothing yet ---------------------------------------------------------------------------------------- */

static void tell_trouble(struct ktxn__sender *sender, uint32_t index, const char *trouble) {
  struct ktxn__sender_topic *topic = &sender->topics[index];
  ktxn_error error;
  if (trouble[0] == '\0' || (topic->troubled && strcmp(trouble, sender->mirror.trouble) == 0)) {
    return;
  }
  ktxn__error_set(&error, KTXN_E_METADATA_TIMED_OUT, KTXN_CLASS_RETRY, "no metadata of topic %.60s: %s",
                  ktxn__accumulator_topic_name(sender->acc, index), trouble);
  ktxn__accumulator_set_topic_error(sender->acc, index, &error, false);
  topic->troubled = true;
}

/* ---- the round ------------------------------------------------------------------------------------------------------- */

/* What the application wants, to the cluster. False: the topic can't be asked for now. */
static bool ask(struct ktxn__sender *sender, uint32_t index, int64_t now_us) {
  struct ktxn__sender_topic *topic = &sender->topics[index];
  enum ktxn__topic_interest interest = ktxn__accumulator_topic_interest(sender->acc, index);
  if (topic->entry == NULL) {
    topic->entry = ktxn__cluster_want_topic(sender->cluster, ktxn__accumulator_topic_name(sender->acc, index), now_us);
    return topic->entry != NULL;
  }
  if (interest != KTXN__TOPIC_IDLE) {
    ktxn__cluster_touch_topic(sender->cluster, topic->entry, now_us);
  }
  if (interest == KTXN__TOPIC_REFRESH) {
    ktxn__cluster_ask_topic(sender->cluster, topic->entry, now_us);
  }
  return true;
}

/* What the cluster has learnt, to the accumulator; also if nothing changed, because somebody may wait for it. */
static void answer(struct ktxn__sender *sender, uint32_t index, int64_t now_us) {
  struct ktxn__sender_topic *topic = &sender->topics[index];
  if (topic->answers == topic->entry->answers && topic->version == topic->entry->version) {
    return;
  }
  if (publish(sender, index)) {
    topic->answers = topic->entry->answers;
    topic->version = topic->entry->version;
    topic->troubled = false;
    check_identity(sender, index, now_us);
  } else {
    again_soon(sender, now_us);
  }
}

void ktxn__sender_sync_topics(struct ktxn__sender *sender, uint32_t topic_count, int64_t now_us) {
  char trouble[KTXN__SENDER_TROUBLE_MAX] = "";
  sender->topic_count = make_room(sender, topic_count) ? topic_count : sender->topic_room;
  if (sender->topic_count < topic_count) {
    again_soon(sender, now_us);
  }
  for (uint32_t i = 0; i < sender->topic_count; i++) {
    if (!ask(sender, i, now_us)) {
      again_soon(sender, now_us);
      continue;
    }
    if (sender->topics[i].entry->answers > 0) {
      answer(sender, i, now_us);
      continue;
    }
    if (trouble[0] == '\0') {
      ktxn__cluster_trouble(sender->cluster, trouble, sizeof trouble);
    }
    tell_trouble(sender, i, trouble);
  }
  if (trouble[0] != '\0') {
    ktxn__sender_set_trouble(sender, trouble);
  }
}

void ktxn__sender_drop_topics(struct ktxn__sender *sender, int64_t now_us) {
  for (uint32_t i = 0; i < sender->topic_count; i++) {
    if (sender->topics[i].entry != NULL) {
      ktxn__cluster_drop_topic(sender->cluster, sender->topics[i].entry, now_us);
      sender->topics[i].entry = NULL;
    }
  }
}

struct ktxn__topic *ktxn__sender_find_topic(const struct ktxn__sender *sender, const char *name) {
  for (uint32_t i = 0; i < sender->topic_count; i++) {
    if (sender->topics[i].entry != NULL && strcmp(sender->topics[i].entry->name, name) == 0) {
      return sender->topics[i].entry;
    }
  }
  return NULL;
}
