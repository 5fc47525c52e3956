#include <stdio.h>
#include <string.h>

#include "sdk/devbroker/control_parts.h"

static bool ping(struct ktxn__control_line *line) {
  return ktxn__control_done(line, true, "");
}

static bool stop(struct ktxn__control_line *line) {
  line->control->stop = true;
  return ktxn__control_done(line, true, "");
}

static bool help(struct ktxn__control_line *line);

/* -- the table */

static const struct command {
  const char *words; /* that the line begins with */
  int arguments;
  const char *usage; /* of arguments and options */
  const char *text;
  bool changes; /* something that outlives a restart */
  bool (*run)(struct ktxn__control_line *line);
} commands[] = {
    {"topic create", 1, "NAME [partitions=N] [exists=ok]", "makes a topic", true, ktxn__control_topic_create},
    {"topic delete", 1, "NAME", "deletes it", true, ktxn__control_topic_delete},
    {"topic partitions", 2, "NAME N", "adds partitions until there are N", true, ktxn__control_topic_partitions},
    {"topic hide", 1, "NAME", "metadata doesn't have it for a while", true, ktxn__control_topic_hide},
    {"topic show", 1, "NAME", "metadata has it again", true, ktxn__control_topic_show},
    {"topic trim", 3, "NAME PARTITION OFFSET", "removes what is below the offset", true, ktxn__control_topic_trim},
    {"topic list", 0, "", "names and partitions", false, ktxn__control_topic_list},
    {"leader", 3, "TOPIC PARTITION NODE", "moves a leader; to -1: nobody leads", true, ktxn__control_leader},
    {"coordinator transaction", 2, "ID NODE", "moves the coordinator of a transactional id", true,
     ktxn__control_coordinator_transaction},
    {"coordinator group", 2, "ID NODE", "moves the coordinator of a group", true, ktxn__control_coordinator_group},
    {"node down", 1, "NODE [failover=yes|no]", "takes a node down, its port too", true, ktxn__control_node_down},
    {"node up", 1, "NODE", "starts it again", true, ktxn__control_node_up},
    {"node cut", 1, "NODE", "cuts it off from the others; clients still reach it", true, ktxn__control_node_cut},
    {"node heal", 1, "NODE", "ends that", true, ktxn__control_node_heal},
    {"node freeze", 1, "NODE", "its metadata stays as it is", true, ktxn__control_node_freeze},
    {"node thaw", 1, "NODE", "ends that", true, ktxn__control_node_thaw},
    {"node release", 2, "NODE RELEASE", "it plays another release of Kafka", true, ktxn__control_node_release},
    {"fault", 1,
     "REQUEST|any [node=N] [skip=N] [count=N] [error=CODE] [delay=MS] [late=MS] [throttle=MS] "
     "[drop=before|after] [close=before|after|answered]",
     "what happens to the next count requests, after skip of them: an error instead of its work; done later; answered "
     "later; not done and not answered (before), or done and not answered (after); the connection closed",
     true, ktxn__control_fault},
    {"faults clear", 0, "", "no faults any more", true, ktxn__control_faults_clear},
    {"throttle", 2, "REQUEST|any MS [node=N]", "every answer asks for a pause; 0 = no longer", true,
     ktxn__control_throttle},
    {"pace", 2, "STEP MICROSECONDS", "how long a step takes: append, replica, marker, verify, load", true,
     ktxn__control_pace},
    {"fail-appends", 1, "COUNT", "coordinators' next writes fail, which clients see as 15", true,
     ktxn__control_fail_appends},
    {"defect", 2, "KAFKA-NUMBER on|off", "a known defect of brokers", true, ktxn__control_defect},
    {"verification", 1, "on|off", "transaction.partition.verification.enable", true, ktxn__control_verification},
    {"transaction.version", 1, "LEVEL", "the finalized level, 0 to 2", true, ktxn__control_transaction_version},
    {"expire producers", 1, "MS", "logs forget producers that were idle for so long", true,
     ktxn__control_expire_producers},
    {"show transaction", 1, "ID", "its state", false, ktxn__control_show_transaction},
    {"show log", 2, "TOPIC PARTITION", "offsets and leader", false, ktxn__control_show_log},
    {"show offset", 3, "GROUP TOPIC PARTITION", "what a group has committed", false, ktxn__control_show_offset},
    {"ping", 0, "", "answers", false, ping},
    {"help", 0, "", "this list", false, help},
    {"stop", 0, "", "ends the broker", false, stop},
};

static bool help(struct ktxn__control_line *line) {
  ktxn__control_say(line, "ok");
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    ktxn__control_say(line, "\n%s%s%s: %s", commands[i].words, *commands[i].usage == '\0' ? "" : " ", commands[i].usage,
                      commands[i].text);
  }
  return true;
}

static bool split(struct ktxn__control_line *line, const char *text) {
  if (strlen(text) >= sizeof line->text) {
    return ktxn__control_fail(line, "the line is too long");
  }
  strcpy(line->text, text);
  char *rest = NULL;
  for (char *word = strtok_r(line->text, " \t\r\n", &rest); word != NULL; word = strtok_r(NULL, " \t\r\n", &rest)) {
    if (line->count >= KTXN__CONTROL_WORDS_MAX) {
      return ktxn__control_fail(line, "too many words");
    }
    line->words[line->count++] = word;
  }
  return line->count > 0 || ktxn__control_fail(line, "an empty line; try help");
}

/* How many words of the line are the command's; 0 = it is another. */
static int matches(const struct ktxn__control_line *line, const struct command *command) {
  const char *rest = command->words;
  for (int i = 0; i < line->count; i++) {
    size_t size = strcspn(rest, " ");
    if (strlen(line->words[i]) != size || strncmp(line->words[i], rest, size) != 0) {
      return 0;
    }
    rest += size;
    if (*rest == '\0') {
      return i + 1;
    }
    rest++;
  }
  return 0;
}

/* The usage says what a command knows: any other option is refused before anything runs. */
static bool options_are_known(struct ktxn__control_line *line, const struct command *command) {
  for (int i = line->first_option; i < line->count; i++) {
    const int size = (int)strcspn(line->words[i], "=");
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "[%.*s=", size, line->words[i]);
    if (line->words[i][size] == '\0' || strstr(command->usage, wanted) == NULL) {
      return ktxn__control_fail(line, "'%s' isn't understood; usage: %s %s", line->words[i], command->words,
                                command->usage);
    }
  }
  return true;
}

static bool run(struct ktxn__control_line *line, const struct command *command, int words) {
  line->first_option = words + command->arguments;
  if (line->count < line->first_option) {
    return ktxn__control_fail(line, "usage: %s %s", command->words, command->usage);
  }
  return options_are_known(line, command) && command->run(line);
}

static const struct command *find(const struct ktxn__control_line *line, int *words) {
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    *words = matches(line, &commands[i]);
    if (*words > 0) {
      return &commands[i];
    }
  }
  return NULL;
}

static bool carry_out(struct ktxn__control_line *line, const char *text) {
  int words;
  if (!split(line, text)) {
    return false;
  }
  const struct command *command = find(line, &words);
  return command == NULL ? ktxn__control_fail(line, "'%s' isn't known; try help", text) : run(line, command, words);
}

bool ktxn__control_run(struct ktxn__control *control, int64_t now, const char *text, struct ktxn__buffer *reply) {
  struct ktxn__control_line line = {.control = control, .now = now, .reply = reply, .reply_start = reply->size};
  bool good = carry_out(&line, text);
  if (!line.cut) {
    return good;
  }
  reply->size = line.reply_start;
  return ktxn__control_fail(&line, "the reply is too long");
}

bool ktxn__control_changes(const char *text) {
  struct ktxn__buffer nowhere;
  ktxn__buffer_init(&nowhere, ktxn__mem_default(), 0);
  struct ktxn__control_line line = {.reply = &nowhere};
  int words;
  const struct command *command = split(&line, text) ? find(&line, &words) : NULL;
  return command != NULL && command->changes;
}
