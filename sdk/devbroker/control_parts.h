#ifndef KTXN_DEVBROKER_CONTROL_PARTS_H
#define KTXN_DEVBROKER_CONTROL_PARTS_H

/** What the files control*.c share. */

#include "sdk/devbroker/control.h"
#include "sdk/devbroker/model_control.h"
#include "sdk/devbroker/model_look.h"

/* One line at work: a command of one or two words, its arguments, and options "name=value" behind them. */
struct ktxn__control_line {
  struct ktxn__control *control;
  int64_t now;
  struct ktxn__buffer *reply;
  size_t reply_start;
  bool cut; /* the reply didn't fit */
  char text[KTXN__CONTROL_LINE_MAX];
  char *words[KTXN__CONTROL_WORDS_MAX];
  int count;
  int first_option;
};

/** Adds to the reply. */
void ktxn__control_say(struct ktxn__control_line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** "error" and a text; always false. */
bool ktxn__control_fail(struct ktxn__control_line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** "ok", or "error" and why. */
bool ktxn__control_done(struct ktxn__control_line *line, bool good, const char *why);

bool ktxn__control_number(const char *text, int64_t least, int64_t most, int64_t *out);

/** The value of an option; NULL when it isn't there. */
const char *ktxn__control_option(const struct ktxn__control_line *line, const char *name);

/** The same as a number; `out` keeps its value when the option isn't there. False: it is no such number, which is said. */
bool ktxn__control_option_number(struct ktxn__control_line *line, const char *name, int64_t least, int64_t most,
                                 int64_t *out);

/** The i-th word as a number, or as a node. False: it isn't one, which is said. */
bool ktxn__control_word_number(struct ktxn__control_line *line, int i, const char *what, int64_t least, int64_t most,
                               int64_t *out);
bool ktxn__control_word_node(struct ktxn__control_line *line, int i, int64_t *out);

struct ktxn__str ktxn__control_name_of(const struct ktxn__control_line *line, int i);

/* The commands. */
bool ktxn__control_topic_create(struct ktxn__control_line *line);
bool ktxn__control_topic_delete(struct ktxn__control_line *line);
bool ktxn__control_topic_partitions(struct ktxn__control_line *line);
bool ktxn__control_topic_hide(struct ktxn__control_line *line);
bool ktxn__control_topic_show(struct ktxn__control_line *line);
bool ktxn__control_topic_trim(struct ktxn__control_line *line);
bool ktxn__control_topic_list(struct ktxn__control_line *line);
bool ktxn__control_leader(struct ktxn__control_line *line);
bool ktxn__control_coordinator_transaction(struct ktxn__control_line *line);
bool ktxn__control_coordinator_group(struct ktxn__control_line *line);
bool ktxn__control_node_down(struct ktxn__control_line *line);
bool ktxn__control_node_up(struct ktxn__control_line *line);
bool ktxn__control_node_cut(struct ktxn__control_line *line);
bool ktxn__control_node_heal(struct ktxn__control_line *line);
bool ktxn__control_node_freeze(struct ktxn__control_line *line);
bool ktxn__control_node_thaw(struct ktxn__control_line *line);
bool ktxn__control_node_release(struct ktxn__control_line *line);
bool ktxn__control_fault(struct ktxn__control_line *line);
bool ktxn__control_faults_clear(struct ktxn__control_line *line);
bool ktxn__control_throttle(struct ktxn__control_line *line);
bool ktxn__control_pace(struct ktxn__control_line *line);
bool ktxn__control_fail_appends(struct ktxn__control_line *line);
bool ktxn__control_defect(struct ktxn__control_line *line);
bool ktxn__control_verification(struct ktxn__control_line *line);
bool ktxn__control_transaction_version(struct ktxn__control_line *line);
bool ktxn__control_expire_producers(struct ktxn__control_line *line);
bool ktxn__control_show_transaction(struct ktxn__control_line *line);
bool ktxn__control_show_log(struct ktxn__control_line *line);
bool ktxn__control_show_offset(struct ktxn__control_line *line);

#endif
