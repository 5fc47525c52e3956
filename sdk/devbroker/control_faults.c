#include <string.h>
#include <strings.h>

#include "ktxn/error.h"
#include "sdk/devbroker/api.h"
#include "sdk/devbroker/control_parts.h"

/* -- faults */

struct code {
  const char *name;
  int16_t code;
};

#define CODE_ROW(name, number, text) {#name, number},
static const struct code codes[] = {KTXN_CODE_MAP(CODE_ROW)};

static bool code_of(struct ktxn__control_line *line, const char *text, int16_t *out) {
  int64_t value;
  if (ktxn__control_number(text, -1, INT16_MAX, &value)) {
    *out = (int16_t)value;
    return value != 0 || ktxn__control_fail(line, "error=0 is no error");
  }
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    if (codes[i].code >= -1 && codes[i].code != 0 && strcasecmp(codes[i].name, text) == 0) {
      *out = codes[i].code;
      return true;
    }
  }
  return ktxn__control_fail(line, "error=%s: wanted the name or number of a Kafka error", text);
}

static bool api_of(struct ktxn__control_line *line, const char *text, int16_t *out) {
  *out = -1;
  return strcmp(text, "any") == 0 || ktxn__msg_api_named(text, out) != NULL ||
         ktxn__control_fail(line, "request '%s' isn't known: wanted a name such as EndTxn, or any", text);
}

/* "before": the request is not applied. "after": it is, and not answered. */
static bool drop(struct ktxn__control_line *line, const char *name, struct ktxn__model_fate *fate) {
  const char *when = ktxn__control_option(line, name);
  if (when == NULL) {
    return true;
  }
  fate->lost = strcmp(when, "before") == 0;
  fate->mute = strcmp(when, "after") == 0;
  return fate->lost || fate->mute || ktxn__control_fail(line, "%s=%s: wanted before or after", name, when);
}

static bool fault_fate(struct ktxn__control_line *line, struct ktxn__model_fate *fate) {
  const char *error = ktxn__control_option(line, "error");
  const char *closing = ktxn__control_option(line, "close");
  int64_t late_ms = 0;
  int64_t throttle_ms = 0;
  if ((error != NULL && !code_of(line, error, &fate->code)) || !drop(line, "drop", fate)) {
    return false;
  }
  fate->close = closing != NULL;
  if (closing != NULL && strcmp(closing, "answered") != 0 && !drop(line, "close", fate)) {
    return false;
  }
  const bool good = ktxn__control_option_number(line, "late", 1, 3600000, &late_ms) &&
                    ktxn__control_option_number(line, "throttle", 1, 3600000, &throttle_ms);
  fate->after_us = late_ms * 1000;
  fate->throttle_ms = (int32_t)throttle_ms;
  return good;
}

static bool is_nothing(const struct ktxn__model_fate *fate) {
  return fate->code == 0 && !fate->lost && !fate->mute && !fate->close && fate->after_us == 0 && fate->throttle_ms == 0;
}

/* The delay is the front's, all else the model's. */
static bool add_fault(struct ktxn__control_line *line, const struct ktxn__model_fault *fault, int64_t delay_ms) {
  const struct ktxn__front_delay delay = {
      .node = fault->node, .api = fault->api, .skip = fault->skip, .count = fault->count, .delay_us = delay_ms * 1000};
  if (delay_ms == 0 && is_nothing(&fault->fate)) {
    return ktxn__control_fail(line, "what shall happen? error=, delay=, late=, throttle=, drop= or close=");
  }
  return ktxn__control_done(line,
                            (delay_ms == 0 || ktxn__front_add_delay(line->control->front, &delay)) &&
                                (is_nothing(&fault->fate) || ktxn__model_add_fault(line->control->model, fault)),
                            "too many faults at one time");
}

bool ktxn__control_fault(struct ktxn__control_line *line) {
  struct ktxn__model_fault fault = {.node = -1, .api = -1};
  int64_t node = -1;
  int64_t skip = 0;
  int64_t count = 1;
  int64_t delay_ms = 0;
  if (!api_of(line, line->words[1], &fault.api) ||
      !ktxn__control_option_number(line, "node", 0, line->control->nodes - 1, &node) ||
      !ktxn__control_option_number(line, "skip", 0, INT32_MAX, &skip) ||
      !ktxn__control_option_number(line, "count", 1, INT32_MAX, &count) ||
      !ktxn__control_option_number(line, "delay", 1, 3600000, &delay_ms) || !fault_fate(line, &fault.fate)) {
    return false;
  }
  fault.node = (int32_t)node;
  fault.skip = (int32_t)skip;
  fault.count = (int32_t)count;
  return add_fault(line, &fault, delay_ms);
}

bool ktxn__control_faults_clear(struct ktxn__control_line *line) {
  ktxn__model_clear_faults(line->control->model);
  ktxn__front_clear_delays(line->control->front);
  return ktxn__control_done(line, true, "");
}

bool ktxn__control_throttle(struct ktxn__control_line *line) {
  int16_t api;
  int64_t node = -1;
  int64_t throttle_ms = 0;
  return api_of(line, line->words[1], &api) &&
         ktxn__control_word_number(line, 2, "milliseconds", 0, 3600000, &throttle_ms) &&
         ktxn__control_option_number(line, "node", 0, line->control->nodes - 1, &node) &&
         ktxn__control_done(line,
                            ktxn__model_set_throttle(line->control->model, (int32_t)node, api, (int32_t)throttle_ms),
                            "too many throttles at one time");
}

bool ktxn__control_pace(struct ktxn__control_line *line) {
  static const char *const steps[KTXN__MODEL_DELAYS] = {
      [KTXN__MODEL_DELAY_APPEND] = "append", [KTXN__MODEL_DELAY_REPLICA] = "replica", [KTXN__MODEL_DELAY_MARKER] = "marker",
      [KTXN__MODEL_DELAY_VERIFY] = "verify", [KTXN__MODEL_DELAY_LOAD] = "load"};
  int64_t delay_us = 0;
  if (!ktxn__control_word_number(line, 2, "microseconds", 0, 60000000, &delay_us)) {
    return false;
  }
  for (int i = 0; i < KTXN__MODEL_DELAYS; i++) {
    if (strcmp(steps[i], line->words[1]) == 0) {
      return ktxn__control_done(
          line, ktxn__model_set_delay(line->control->model, (enum ktxn__model_delay)i, delay_us), "no such delay");
    }
  }
  return ktxn__control_fail(line, "'%s': wanted append, replica, marker, verify or load", line->words[1]);
}

bool ktxn__control_fail_appends(struct ktxn__control_line *line) {
  int64_t count = 0;
  if (!ktxn__control_word_number(line, 1, "count", 0, INT32_MAX, &count)) {
    return false;
  }
  ktxn__model_fail_appends(line->control->model, (int32_t)count);
  return ktxn__control_done(line, true, "");
}

bool ktxn__control_defect(struct ktxn__control_line *line) {
  static const struct {
    const char *name;
    uint32_t bit;
  } known[] = {{"KAFKA-20785", KTXN__MODEL_K20785},
               {"KAFKA-20310", KTXN__MODEL_K20310},
               {"KAFKA-18660", KTXN__MODEL_K18660},
               {"KAFKA-20090", KTXN__MODEL_K20090},
               {"KAFKA-18654", KTXN__MODEL_K18654}};
  const bool on = strcmp(line->words[2], "on") == 0;
  if (!on && strcmp(line->words[2], "off") != 0) {
    return ktxn__control_fail(line, "'%s': wanted on or off", line->words[2]);
  }
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (strcasecmp(known[i].name, line->words[1]) == 0) {
      ktxn__model_set_defects(line->control->model, known[i].bit, on ? known[i].bit : 0);
      return ktxn__control_done(line, true, "");
    }
  }
  return ktxn__control_fail(line, "defect '%s' isn't known", line->words[1]);
}

bool ktxn__control_verification(struct ktxn__control_line *line) {
  const bool on = strcmp(line->words[1], "on") == 0;
  if (!on && strcmp(line->words[1], "off") != 0) {
    return ktxn__control_fail(line, "'%s': wanted on or off", line->words[1]);
  }
  ktxn__model_set_verification(line->control->model, on);
  return ktxn__control_done(line, true, "");
}

bool ktxn__control_transaction_version(struct ktxn__control_line *line) {
  int64_t level = 0;
  return ktxn__control_word_number(line, 1, "level", 0, 2, &level) &&
         ktxn__control_done(line, ktxn__model_set_transaction_version(line->control->model, (int16_t)level),
                            "the release has no such level");
}

bool ktxn__control_expire_producers(struct ktxn__control_line *line) {
  int64_t idle_ms = 0;
  if (!ktxn__control_word_number(line, 2, "milliseconds", 0, INT64_MAX / 1000, &idle_ms)) {
    return false;
  }
  ktxn__model_expire_producers(line->control->model, line->now, idle_ms);
  return ktxn__control_done(line, true, "");
}
