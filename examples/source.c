#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CALL_MS 10000

/* One partition of the topic, by its number. */
struct partition {
  bool assigned;
  bool at_end;
  bool touched;         /* records of it were read since the last commit */
  int64_t first;        /* offset of the first of them */
  int64_t next;         /* offset behind the last of them */
  int32_t leader_epoch; /* of the last of them; -1 = not known */
};

struct source {
  struct source_options options;
  rd_kafka_t *consumer;
  struct partition *partitions;
  ktxn_offset *offsets;   /* as many as partitions */
  size_t partition_count;
  void *group_bytes;      /* the strings of the ktxn_group given last */
  int64_t busy_ms;        /* when something came last */
  bool assigned;          /* partitions were assigned, perhaps none, and not revoked since */
  bool failed;
};

int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void fail(struct source *source, const char *why) {
  fprintf(stderr, "source: %s\n", why);
  source->failed = true;
}

/* ---- partitions ---- */

static bool grow(struct source *source, size_t wanted) {
  struct partition *partitions = realloc(source->partitions, wanted * sizeof *partitions);
  if (partitions) {
    source->partitions = partitions;
  }
  ktxn_offset *offsets = realloc(source->offsets, wanted * sizeof *offsets);
  if (offsets) {
    source->offsets = offsets;
  }
  if (!partitions || !offsets) {
    fail(source, "no memory");
    return false;
  }
  memset(partitions + source->partition_count, 0, (wanted - source->partition_count) * sizeof *partitions);
  source->partition_count = wanted;
  return true;
}

static struct partition *partition_at(struct source *source, int32_t number) {
  size_t index = (size_t)number;
  return index < source->partition_count || grow(source, index + 1) ? &source->partitions[index] : NULL;
}

static void mark(struct source *source, const rd_kafka_topic_partition_list_t *list, bool assigned) {
  for (int i = 0; i < list->cnt; i++) {
    struct partition *partition = partition_at(source, list->elems[i].partition);
    if (partition) {
      *partition = (struct partition){.assigned = assigned};
    }
  }
}

static void assign(rd_kafka_t *consumer, const rd_kafka_topic_partition_list_t *list) {
  if (strcmp(rd_kafka_rebalance_protocol(consumer), "COOPERATIVE") == 0) {
    rd_kafka_error_destroy(rd_kafka_incremental_assign(consumer, list));
  } else {
    rd_kafka_assign(consumer, list);
  }
}

static void unassign(rd_kafka_t *consumer, const rd_kafka_topic_partition_list_t *list) {
  if (strcmp(rd_kafka_rebalance_protocol(consumer), "COOPERATIVE") == 0) {
    rd_kafka_error_destroy(rd_kafka_incremental_unassign(consumer, list));
  } else {
    rd_kafka_assign(consumer, NULL);
  }
}

/* Served by rd_kafka_consumer_poll() and rd_kafka_consumer_close(), on the caller's thread. */
static void on_rebalance(rd_kafka_t *consumer, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t *list,
                         void *opaque) {
  struct source *source = opaque;
  if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    mark(source, list, true);
    source->assigned = true;
    source->busy_ms = now_ms();
    assign(consumer, list);
    return;
  }
  /* First end what has read from them, then let the next owner begin. */
  source->options.revoke(source->options.opaque);
  mark(source, list, false);
  source->assigned = false;
  unassign(consumer, list);
}

static int32_t leader_epoch(const rd_kafka_message_t *message) {
#if RD_KAFKA_VERSION >= 0x020100ff
  return rd_kafka_message_leader_epoch(message);
#else
  (void)message;
  return -1;
#endif
}

bool source_note(struct source *source, const rd_kafka_message_t *message) {
  struct partition *partition = partition_at(source, message->partition);
  if (!partition) {
    return false;
  }
  if (!partition->touched) {
    partition->first = message->offset;
  }
  partition->touched = true;
  partition->at_end = false;
  partition->next = message->offset + 1;
  partition->leader_epoch = leader_epoch(message);
  source->busy_ms = now_ms();
  return true;
}

void source_committed(struct source *source) {
  for (size_t i = 0; i < source->partition_count; i++) {
    source->partitions[i].touched = false;
  }
}

const ktxn_offset *source_offsets(struct source *source, size_t *count) {
  *count = 0;
  for (size_t i = 0; i < source->partition_count; i++) {
    const struct partition *partition = &source->partitions[i];
    if (partition->touched) {
      source->offsets[(*count)++] = (ktxn_offset){.topic = source->options.topic,
                                                  .partition = (int32_t)i,
                                                  .offset = partition->next,
                                                  .leader_epoch = partition->leader_epoch};
    }
  }
  return source->offsets;
}

/* ---- going back ---- */

static rd_kafka_topic_partition_list_t *touched_partitions(const struct source *source) {
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)source->partition_count);
  for (size_t i = 0; i < source->partition_count; i++) {
    if (source->partitions[i].assigned && source->partitions[i].touched) {
      rd_kafka_topic_partition_list_add(list, source->options.topic, (int32_t)i);
    }
  }
  return list;
}

static rd_kafka_resp_err_t first_error(const rd_kafka_topic_partition_list_t *list) {
  for (int i = 0; i < list->cnt; i++) {
    if (list->elems[i].err) {
      return list->elems[i].err;
    }
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* isolation.level=read_committed makes librdkafka ask for stable offsets (KIP-447): never those of an open transaction. */
static rd_kafka_resp_err_t look_up_committed(struct source *source, rd_kafka_topic_partition_list_t *list) {
  rd_kafka_resp_err_t code = rd_kafka_committed(source->consumer, list, CALL_MS);
  if (!code) {
    code = first_error(list);
  }
  for (int i = 0; i < list->cnt; i++) {
    rd_kafka_topic_partition_t *entry = &list->elems[i];
    if (entry->offset < 0) {
      /* nothing was ever committed, so reading began at the first offset that was read */
      entry->offset = source->partitions[entry->partition].first;
    }
  }
  return code;
}

static rd_kafka_resp_err_t seek(struct source *source, rd_kafka_topic_partition_list_t *list) {
  rd_kafka_error_t *error = rd_kafka_seek_partitions(source->consumer, list, CALL_MS);
  rd_kafka_resp_err_t code = error ? rd_kafka_error_code(error) : first_error(list);
  rd_kafka_error_destroy(error);
  return code;
}

static void forget_touched(struct source *source) {
  for (size_t i = 0; i < source->partition_count; i++) {
    struct partition *partition = &source->partitions[i];
    if (partition->touched) {
      partition->touched = partition->at_end = false;
    }
  }
  source->busy_ms = now_ms();
}

bool source_rewind(struct source *source) {
  rd_kafka_topic_partition_list_t *list = touched_partitions(source);
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  if (list->cnt > 0) {
    code = look_up_committed(source, list);
    if (!code) {
      code = seek(source, list);
    }
  }
  rd_kafka_topic_partition_list_destroy(list);
  if (code) {
    fprintf(stderr, "source: going back to the committed offsets: %s; trying again\n", rd_kafka_err2str(code));
    return false;
  }
  forget_touched(source);
  return true;
}

/* ---- the group ---- */

/* A consumer that has lost its place has no member id; a broker takes offsets without one unchecked. */
static int check_member(const ktxn_group *group, ktxn_error *error) {
  if (group->generation >= 0 && group->member_id && group->member_id[0]) {
    return 0;
  }
  *error = (ktxn_error){.code = KTXN_E_UNKNOWN_MEMBER_ID, .error_class = KTXN_CLASS_ABORT};
  snprintf(error->message, sizeof error->message, "the consumer has lost its place in the group");
  return error->code;
}

int source_group(struct source *source, ktxn_group *group, ktxn_error *error) {
  void *bytes = NULL;
  size_t size = 0;
  rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(source->consumer);
  rd_kafka_error_destroy(rd_kafka_consumer_group_metadata_write(metadata, &bytes, &size));
  rd_kafka_consumer_group_metadata_destroy(metadata);
  free(source->group_bytes);
  source->group_bytes = malloc(size + 1);
  *group = (ktxn_group){.generation = -1};
  int code = 0;
  if (source->group_bytes) {
    code = ktxn_group_from_librdkafka(bytes, size, source->group_bytes, size + 1, group, error);
  }
  rd_kafka_mem_free(NULL, bytes);
  return code ? code : check_member(group, error);
}

/* ---- the consumer ---- */

static void on_error(struct source *source, const rd_kafka_message_t *message) {
  switch (message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF: {
      struct partition *partition = partition_at(source, message->partition);
      if (partition) {
        partition->at_end = true;
      }
      break;
    }
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      fail(source, rd_kafka_message_errstr(message));
      break;
    default: /* librdkafka goes on by itself */
      fprintf(stderr, "source: %s\n", rd_kafka_message_errstr(message));
      break;
  }
}

rd_kafka_message_t *source_poll(struct source *source, int timeout_ms) {
  rd_kafka_message_t *message = rd_kafka_consumer_poll(source->consumer, timeout_ms);
  if (message && message->err) {
    on_error(source, message);
    rd_kafka_message_destroy(message);
    return NULL;
  }
  return message;
}

bool source_is_over(const struct source *source, int64_t idle_ms) {
  if (!source->assigned || now_ms() - source->busy_ms < idle_ms) {
    return false;
  }
  for (size_t i = 0; i < source->partition_count; i++) {
    if (source->partitions[i].assigned && !source->partitions[i].at_end) {
      return false;
    }
  }
  return true;
}

bool source_has_failed(const struct source *source) { return source->failed; }

static bool set(rd_kafka_conf_t *conf, const char *key, const char *value) {
  char text[256];
  if (rd_kafka_conf_set(conf, key, value, text, sizeof text) == RD_KAFKA_CONF_OK) {
    return true;
  }
  fprintf(stderr, "source: %s\n", text);
  return false;
}

/*
 * The offsets are the transaction's: nothing else may commit them. As a static member (KIP-345) a copier that was killed
 * takes its own place again when it is restarted, instead of waiting until the group has given up its predecessor.
 */
static bool configure(rd_kafka_conf_t *conf, const struct source_options *options) {
  return set(conf, "bootstrap.servers", options->bootstrap) && set(conf, "group.id", options->group) &&
         set(conf, "group.instance.id", options->instance) && set(conf, "enable.auto.commit", "false") &&
         set(conf, "enable.auto.offset.store", "false") && set(conf, "isolation.level", "read_committed") &&
         set(conf, "auto.offset.reset", "earliest") && set(conf, "enable.partition.eof", "true") &&
         set(conf, "session.timeout.ms", "10000") && set(conf, "fetch.wait.max.ms", "50");
}

static bool subscribe(struct source *source) {
  rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, source->options.topic, RD_KAFKA_PARTITION_UA);
  rd_kafka_poll_set_consumer(source->consumer);
  rd_kafka_resp_err_t code = rd_kafka_subscribe(source->consumer, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  if (code) {
    fail(source, rd_kafka_err2str(code));
  }
  return !code;
}

static bool open_consumer(struct source *source) {
  char text[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  if (!configure(conf, &source->options)) {
    rd_kafka_conf_destroy(conf);
    return false;
  }
  rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
  rd_kafka_conf_set_opaque(conf, source);
  source->consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
  if (!source->consumer) {
    rd_kafka_conf_destroy(conf);
    fail(source, text);
    return false;
  }
  return subscribe(source);
}

struct source *source_new(const struct source_options *options) {
  struct source *source = calloc(1, sizeof *source);
  if (!source) {
    return NULL;
  }
  source->options = *options;
  if (!open_consumer(source)) {
    source_free(source);
    return NULL;
  }
  return source;
}

void source_free(struct source *source) {
  if (!source) {
    return;
  }
  if (source->consumer) {
    rd_kafka_consumer_close(source->consumer);
    rd_kafka_destroy(source->consumer);
  }
  free(source->group_bytes);
  free(source->partitions);
  free(source->offsets);
  free(source);
}
