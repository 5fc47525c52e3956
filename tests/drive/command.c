#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/drive/drive.h"
#include "tests/drive/label.h"

#define OFFSETS_MAX 64
#define EVENTS_MAX 16
#define METRICS_MAX 100

/* The protocol's own errors use the API's words, so that a test reads one kind of answer. */
static void refuse(struct command *command, const char *why) {
  command->error = (ktxn_error){.code = KTXN_E_INVALID_ARGUMENT, .error_class = KTXN_CLASS_USAGE};
  snprintf(command->error.message, sizeof command->error.message, "ktxn-drive: %s", why);
}

static int number(struct command *command, int word) {
  char *end = NULL;
  errno = 0;
  long value = strtol(command->words[word], &end, 10);
  if (errno || *end || value < INT_MIN || value > INT_MAX) {
    refuse(command, "not a number");
    return 0;
  }
  return (int)value;
}

/* A word, or NULL when it is "-". */
static const char *optional(const char *word) {
  return strcmp(word, "-") == 0 ? NULL : word;
}

/* ---- handles */

static struct drive_handle *find(struct drive *drive, const char *name) {
  for (struct drive_handle *h = drive->handles; h < drive->handles + DRIVE_HANDLES; h++) {
    if (strcmp(h->name, name) == 0) {
      return h;
    }
  }
  return NULL;
}

static struct drive_handle *claim(struct command *command) {
  const char *name = command->words[strcmp(command->words[0], "new-on") == 0 ? 2 : 1];
  struct drive_handle *free_one = find(command->drive, "");
  if (!free_one || find(command->drive, name) || strlen(name) >= DRIVE_NAME_MAX) {
    refuse(command, "no room for that name");
    return NULL;
  }
  return free_one;
}

static void adopt(struct command *command, struct drive_handle *handle, const char *name) {
  snprintf(handle->name, sizeof handle->name, "%s", name);
  if (handle->producer) {
    command->drive->current = handle;
  }
}

static void do_new(struct command *command) {
  struct drive_handle *handle = claim(command);
  if (!handle) {
    return;
  }
  handle->producer = ktxn_producer_new(command->drive->config, &command->error);
  if (handle->producer) {
    adopt(command, handle, command->words[1]);
  }
}

static void do_client(struct command *command) {
  struct drive_handle *handle = claim(command);
  if (!handle) {
    return;
  }
  handle->client = ktxn_client_new(command->drive->config, &command->error);
  if (handle->client) {
    adopt(command, handle, command->words[1]);
  }
}

static void do_new_on(struct command *command) {
  struct drive_handle *handle = claim(command), *client = find(command->drive, command->words[1]);
  if (!handle || !client || !client->client) {
    if (handle) {
      refuse(command, "no such client");
    }
    return;
  }
  handle->producer = ktxn_producer_new_on(client->client, command->drive->config, &command->error);
  if (handle->producer) {
    adopt(command, handle, command->words[2]);
  }
}

static void do_use(struct command *command) {
  struct drive_handle *handle = find(command->drive, command->words[1]);
  if (!handle || !handle->producer) {
    refuse(command, "no such producer");
    return;
  }
  command->drive->current = handle;
}

static void do_free(struct command *command) {
  ktxn_free(command->target->producer);
  if (command->drive->current == command->target) {
    command->drive->current = NULL;
  }
  *command->target = (struct drive_handle){.producer = NULL};
}

static void do_client_close(struct command *command) {
  struct drive_handle *handle = find(command->drive, command->words[1]);
  if (!handle || !handle->client) {
    refuse(command, "no such client");
    return;
  }
  if (ktxn_client_close(handle->client, number(command, 2), &command->error) == 0) {
    *handle = (struct drive_handle){.producer = NULL};
  }
}

static void do_config(struct command *command) {
  ktxn_config_set(command->drive->config, command->words[1], command->rest, &command->error);
}

/* ---- transactions */

static void do_init(struct command *command) {
  ktxn_init_transactions(command->target->producer, number(command, 1), &command->error);
}

static void do_begin(struct command *command) {
  ktxn_begin_transaction(command->target->producer, &command->error);
}

static void do_commit(struct command *command) {
  ktxn_commit_transaction(command->target->producer, number(command, 1), &command->error);
}

static void do_abort(struct command *command) {
  ktxn_abort_transaction(command->target->producer, number(command, 1), &command->error);
}

static void do_flush(struct command *command) {
  ktxn_flush(command->target->producer, number(command, 1), &command->error);
}

static void do_close(struct command *command) {
  ktxn_close(command->target->producer, number(command, 1), &command->error);
}

/* ---- asynchronous twins; their ends are reported by `deliveries` */

static void do_init_async(struct command *command) {
  ktxn_init_transactions_async(command->target->producer, NULL, &command->error);
}

static void do_commit_async(struct command *command) {
  ktxn_commit_transaction_async(command->target->producer, NULL, &command->error);
}

static void do_abort_async(struct command *command) {
  ktxn_abort_transaction_async(command->target->producer, NULL, &command->error);
}

static void do_flush_async(struct command *command) {
  ktxn_flush_async(command->target->producer, NULL, &command->error);
}

/* ---- records */

static int send_one(struct command *command, const char *key, const char *value, size_t size, size_t label_size) {
  void *label = label_new(value, label_size);
  if (!label) {
    refuse(command, "out of memory");
    return -1;
  }
  ktxn_record record = KTXN_RECORD_INIT;
  record.topic = command->words[1];
  if (optional(command->words[2])) {
    record.partition = number(command, 2);
  }
  record.key = key;
  record.key_size = key ? strlen(key) : 0;
  record.value = value;
  record.value_size = size;
  return ktxn_send(command->target->producer, &record, label_delivered, label, &command->error);
}

static void do_send(struct command *command) {
  size_t size = strlen(command->rest);
  send_one(command, optional(command->words[3]), command->rest, size, size);
}

static void do_sendn(struct command *command) {
  int count = number(command, 3), size = number(command, 4), accepted = 0;
  size_t room = (size_t)(size > 0 ? size : 0) + DRIVE_NAME_MAX;
  char *value = malloc(room);
  if (!value) {
    refuse(command, "out of memory");
    return;
  }
  memset(value, '.', room);
  for (; accepted < count; accepted++) {
    int text = snprintf(value, room, "%.40s-%d", command->words[5], accepted);
    value[text] = '.';
    if (send_one(command, NULL, value, (size_t)(size > text ? size : text), (size_t)text) != 0) {
      break;
    }
  }
  free(value);
  snprintf(command->fields, sizeof command->fields, "accepted=%d", accepted);
  answer_line(&command->answer, "accepted %d", accepted);
}

/* TOPIC:PARTITION:OFFSET, cut in place. */
static bool parse_offset(char *text, ktxn_offset *offset) {
  char *partition = strchr(text, ':');
  char *position = partition ? strchr(partition + 1, ':') : NULL;
  if (!position) {
    return false;
  }
  *partition = *position = '\0';
  *offset = (ktxn_offset){.topic = text, .leader_epoch = -1};
  offset->partition = (int32_t)strtol(partition + 1, NULL, 10);
  offset->offset = strtoll(position + 1, NULL, 10);
  return true;
}

static void do_offsets(struct command *command) {
  ktxn_offset offsets[OFFSETS_MAX];
  size_t count = 0;
  char *save = NULL;
  char *list = command->words[6];
  if (strcmp(list, "none") == 0) {
    list = NULL;
  }
  for (char *one = list ? strtok_r(list, ",", &save) : NULL; one; one = strtok_r(NULL, ",", &save)) {
    if (count == OFFSETS_MAX || !parse_offset(one, &offsets[count++])) {
      refuse(command, "bad list of offsets");
      return;
    }
  }
  ktxn_group group = {.group_id = command->words[1], .generation = -1};
  if (optional(command->words[2])) {
    group.generation = number(command, 2);
  }
  group.member_id = optional(command->words[3]);
  group.group_instance_id = optional(command->words[4]);
  ktxn_send_offsets_to_transaction(command->target->producer, offsets, count, &group, number(command, 5),
                                   &command->error);
}

static const char *event_name(enum ktxn_event_type type) {
  static const char *const names[] = {"none", "init", "send_offsets", "commit", "abort", "flush", "room", "error", "outcome"};
  return (size_t)type < sizeof names / sizeof *names ? names[type] : "unknown";
}

static void do_deliveries(struct command *command) {
  ktxn_event events[EVENTS_MAX];
  ktxn_client *client = ktxn_producer_client(command->target->producer);
  int taken = ktxn_poll(client, events, EVENTS_MAX, 0);
  for (int i = 0; i < taken; i++) {
    char word[32];
    answer_line(&command->answer, "event %s %" PRId64 " %s(%d) %s", event_name(events[i].type), events[i].ordinal,
                ktxn_code_name(events[i].error.code), events[i].error.code,
                answer_word(word, ktxn_outcome_name(events[i].error.outcome), sizeof word));
  }
  snprintf(command->fields, sizeof command->fields, "count=%u", label_report(&command->answer));
}

/* ---- questions */

static void do_state(struct command *command) {
  ktxn_identity identity;
  ktxn_producer_identity(command->target->producer, &identity);
  snprintf(command->fields, sizeof command->fields, "pid=%" PRId64 " epoch=%d protocol=%d", identity.producer_id,
           identity.producer_epoch, identity.protocol);
}

static void do_ordinal(struct command *command) {
  snprintf(command->fields, sizeof command->fields, "ordinal=%" PRId64,
           ktxn_transaction_ordinal(command->target->producer));
}

static void do_outcome(struct command *command) {
  enum ktxn_outcome outcome = KTXN_OUTCOME_NONE;
  ktxn_transaction_outcome(command->target->producer, number(command, 1), &outcome, &command->error);
  char word[32];
  snprintf(command->fields, sizeof command->fields, "outcome=%s",
           answer_word(word, ktxn_outcome_name(outcome), sizeof word));
}

static void do_metrics(struct command *command) {
  ktxn_metric metrics[METRICS_MAX];
  size_t count = ktxn_metrics(command->target->producer, metrics, METRICS_MAX);
  for (size_t i = 0; i < count && i < METRICS_MAX; i++) {
    answer_line(&command->answer, "metric %s %" PRIu64, metrics[i].name, metrics[i].value);
  }
}

static void do_partitions(struct command *command) {
  int32_t count = 0;
  ktxn_partitions_for(command->target->producer, command->words[1], &count, number(command, 2), &command->error);
  snprintf(command->fields, sizeof command->fields, "partitions=%" PRId32, count);
}

static void do_sleep(struct command *command) {
  int ms = number(command, 1);
  struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
  nanosleep(&wait, NULL);
}

/* ---- the table */

struct row {
  const char *name;
  int words;     /* besides the name */
  bool rest;     /* the rest of the line is one more argument */
  bool producer; /* speaks of the current producer */
  void (*run)(struct command *command);
};

static const struct row rows[] = {
  {"config", 1, true, false, do_config},
  {"new", 1, false, false, do_new},
  {"client", 1, false, false, do_client},
  {"new-on", 2, false, false, do_new_on},
  {"use", 1, false, false, do_use},
  {"client-close", 2, false, false, do_client_close},
  {"sleep", 1, false, false, do_sleep},
  {"init", 1, false, true, do_init},
  {"begin", 0, false, true, do_begin},
  {"commit", 1, false, true, do_commit},
  {"abort", 1, false, true, do_abort},
  {"flush", 1, false, true, do_flush},
  {"close", 1, false, true, do_close},
  {"free", 0, false, true, do_free},
  {"init-async", 0, false, true, do_init_async},
  {"commit-async", 0, false, true, do_commit_async},
  {"abort-async", 0, false, true, do_abort_async},
  {"flush-async", 0, false, true, do_flush_async},
  {"send", 3, true, true, do_send},
  {"sendn", 5, false, true, do_sendn},
  {"offsets", 6, false, true, do_offsets},
  {"deliveries", 0, false, true, do_deliveries},
  {"state", 0, false, true, do_state},
  {"ordinal", 0, false, true, do_ordinal},
  {"outcome", 1, false, true, do_outcome},
  {"metrics", 0, false, true, do_metrics},
  {"partitions", 2, false, true, do_partitions},
};

static const struct row *row_of(const char *name) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (strcmp(rows[i].name, name) == 0) {
      return &rows[i];
    }
  }
  return NULL;
}

/* The next word of *line, ended with NUL; NULL when there is none. Exactly one space parts words. */
static char *cut_word(char **line) {
  if (!*line || !**line) {
    return NULL;
  }
  char *word = *line, *space = strchr(word, ' ');
  *line = space ? space + 1 : NULL;
  if (space) {
    *space = '\0';
  }
  return word;
}

void command_run(struct command *command, char *line) {
  command->words[0] = cut_word(&line);
  const struct row *row = command->words[0] ? row_of(command->words[0]) : NULL;
  if (!row) {
    refuse(command, "no such command");
    return;
  }
  for (int i = 1; i <= row->words; i++) {
    command->words[i] = cut_word(&line);
    if (!command->words[i]) {
      refuse(command, "too few arguments");
      return;
    }
  }
  static char nothing[1];
  command->rest = row->rest && line ? line : nothing;
  if (row->producer && !command->target) {
    refuse(command, "no producer: use `new`");
    return;
  }
  row->run(command);
}
