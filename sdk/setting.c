#include "sdk/setting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sdk/error.h"

#define NAME_MAX_LENGTH 64 /* longer than every key; what is longer still is nobody's misspelling */

const char *ktxn__setting_quote(char out[KTXN__SETTING_QUOTE_MAX], const char *text) {
  size_t room = KTXN__SETTING_QUOTE_MAX - 4;
  size_t length = strnlen(text, room + 1);
  bool cut = length > room;
  if (cut) {
    length = room;
    while (length > 0 && ((unsigned char)text[length] & 0xC0u) == 0x80u) {
      length--;
    }
  }
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    out[i] = c < 0x20 || c == 0x7F ? '?' : text[i];
  }
  memcpy(out + length, cut ? "..." : "", cut ? 4 : 1);
  return out;
}

/* ---- look-up by name ---- */

static const struct ktxn__setting *find_key(const char *key) {
  for (size_t i = 0; i < ktxn__setting_count; i++) {
    if (strcmp(ktxn__setting_table[i].about.key, key) == 0) {
      return &ktxn__setting_table[i];
    }
  }
  return NULL;
}

static const struct ktxn__setting_name *find_name(const char *name) {
  for (size_t i = 0; i < ktxn__setting_name_count; i++) {
    if (strcmp(ktxn__setting_names[i].name, name) == 0) {
      return &ktxn__setting_names[i];
    }
  }
  return NULL;
}

static size_t min3(size_t a, size_t b, size_t c) {
  size_t least = a < b ? a : b;
  return least < c ? least : c;
}

/* Levenshtein's distance; both lengths are at most NAME_MAX_LENGTH. */
static size_t edit_distance(const char *a, const char *b) {
  size_t row[NAME_MAX_LENGTH + 1];
  size_t length = strlen(b);
  for (size_t j = 0; j <= length; j++) {
    row[j] = j;
  }
  for (size_t i = 1; a[i - 1]; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= length; j++) {
      size_t above = row[j];
      row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
      diagonal = above;
    }
  }
  return row[length];
}

static void nearer(const char *candidate, const char *name, const char **best, size_t *distance_best) {
  size_t distance = edit_distance(name, candidate);
  if (distance < *distance_best) {
    *distance_best = distance;
    *best = candidate;
  }
}

/* The known key or alias that differs least from `name`; NULL if none resembles it. */
static const char *nearest(const char *name) {
  size_t length = strnlen(name, NAME_MAX_LENGTH + 1);
  if (length == 0 || length > NAME_MAX_LENGTH) {
    return NULL;
  }
  const char *best = NULL;
  size_t distance_best = length / 2 + 1;
  for (size_t i = 0; i < ktxn__setting_count; i++) {
    nearer(ktxn__setting_table[i].about.key, name, &best, &distance_best);
  }
  for (size_t i = 0; i < ktxn__setting_name_count; i++) {
    if (ktxn__setting_names[i].key) {
      nearer(ktxn__setting_names[i].name, name, &best, &distance_best);
    }
  }
  return best;
}

static void refuse_unknown(const char *key, ktxn_error *error) {
  char quoted[KTXN__SETTING_QUOTE_MAX];
  ktxn__setting_quote(quoted, key);
  const char *near = nearest(key);
  if (near) {
    ktxn__error_set(error, KTXN_E_UNKNOWN_SETTING, KTXN_CLASS_CONFIG,
                    "there is no setting \"%s\"; did you mean \"%s\"?", quoted, near);
  } else {
    ktxn__error_set(error, KTXN_E_UNKNOWN_SETTING, KTXN_CLASS_CONFIG,
                    "there is no setting \"%s\"; docs/CONFIGURATION.md and ktxn_setting_at() list them", quoted);
  }
}

const struct ktxn__setting *ktxn__setting_find(const char *key, ktxn_error *error) {
  const struct ktxn__setting *setting = find_key(key);
  if (setting) {
    return setting;
  }
  const struct ktxn__setting_name *name = find_name(key);
  if (!name) {
    refuse_unknown(key, error);
    return NULL;
  }
  if (!name->key) {
    ktxn__error_set(error, KTXN_E_NOT_AVAILABLE, KTXN_CLASS_CONFIG, "%s is not a setting here: %s", key, name->hint);
    return NULL;
  }
  return find_key(name->key);
}

size_t ktxn__setting_index(const char *key) { return (size_t)(find_key(key) - ktxn__setting_table); }

/* ---- values ---- */

static bool parse_number(const char *text, const char **end, int64_t *value) {
  /* strtoll would also take blanks and a plus sign */
  if (*text != '-' && (*text < '0' || *text > '9')) {
    return false;
  }
  char *stop = NULL;
  errno = 0;
  long long parsed = strtoll(text, &stop, 10);
  *end = stop;
  *value = parsed;
  return errno == 0 && stop != text;
}

static bool number_allowed(const char *range, const char *value) {
  int64_t min = 0, max = 0, number = 0;
  const char *end = NULL;
  if (!parse_number(value, &end, &number) || *end != '\0') {
    return false;
  }
  return parse_number(range, &end, &min) && parse_number(end + 2, &end, &max) && number >= min && number <= max;
}

static bool double_allowed(const char *range, const char *value) {
  (void)range;
  char *end = NULL;
  double number = strtod(value, &end);
  return end != value && *end == '\0' && number >= 0;
}

static bool choice_allowed(const char *range, const char *value) {
  size_t length = strlen(value);
  while (*range) {
    size_t word = strcspn(range, ", ");
    if (word == length && strncasecmp(range, value, word) == 0) {
      return true;
    }
    if (range[word] != ',') {
      return false; /* what follows the list is a remark */
    }
    range += word + 2;
  }
  return false;
}

static bool any_text(const char *range, const char *value) {
  (void)range;
  (void)value;
  return true;
}

static bool (*const allowed[])(const char *range, const char *value) = {
    [KTXN__SETTING_NUMBER] = number_allowed, [KTXN__SETTING_DOUBLE] = double_allowed,
    [KTXN__SETTING_BOOL] = choice_allowed,   [KTXN__SETTING_CHOICE] = choice_allowed,
    [KTXN__SETTING_TEXT] = any_text,         [KTXN__SETTING_SECRET] = any_text,
};

static int refuse_missing(const struct ktxn__setting *setting, const char *shown, ktxn_error *error) {
  const ktxn_setting *about = &setting->about;
  if (about->default_value[0]) {
    return ktxn__error_set(error, KTXN_E_NOT_AVAILABLE, KTXN_CLASS_CONFIG,
                           "%s=%s: this version has no %s; leave it out or at \"%s\"", about->key, shown,
                           about->missing, about->default_value);
  }
  return ktxn__error_set(error, KTXN_E_NOT_AVAILABLE, KTXN_CLASS_CONFIG, "%s=%s: this version has no %s; leave it out",
                         about->key, shown, about->missing);
}

int ktxn__setting_accepts(const struct ktxn__setting *setting, const char *value, ktxn_error *error) {
  const ktxn_setting *about = &setting->about;
  char quoted[KTXN__SETTING_QUOTE_MAX];
  const char *shown = setting->kind == KTXN__SETTING_SECRET ? "[hidden]" : ktxn__setting_quote(quoted, value);
  if (about->missing[0] && strcasecmp(value, about->default_value) == 0) {
    return KTXN_E_OK;
  }
  if (!allowed[setting->kind](about->range, value)) {
    return ktxn__error_set(error, KTXN_E_INVALID_SETTING, KTXN_CLASS_CONFIG, "%s=%s is not allowed; allowed: %s",
                           about->key, shown, about->range);
  }
  if (about->missing[0]) {
    return refuse_missing(setting, shown, error);
  }
  const char *problem = setting->problem ? setting->problem(value) : NULL;
  if (problem) {
    return ktxn__error_set(error, KTXN_E_INVALID_SETTING, KTXN_CLASS_CONFIG, "%s=%s: %s", about->key, shown, problem);
  }
  return KTXN_E_OK;
}

static void store_number(const char *key, const char *value, void *field) {
  static const char unit[] = ".ms";
  size_t length = strlen(key);
  int64_t number = 0;
  const char *end = NULL;
  parse_number(value, &end, &number);
  if (number > KTXN__SETTING_MS_MAX && length >= sizeof unit && strcmp(key + length - 3, unit) == 0) {
    number = KTXN__SETTING_MS_MAX; /* Java's "for ever" is Long.MAX_VALUE */
  }
  memcpy(field, &number, sizeof number);
}

static bool store_text(const char *value, void *field) {
  char *copy = value[0] ? strdup(value) : NULL;
  memcpy(field, &copy, sizeof copy);
  return copy || !value[0];
}

bool ktxn__setting_store(const struct ktxn__setting *setting, const char *value, struct ktxn__settings *out) {
  if (setting->field == KTXN__SETTING_NO_FIELD) {
    return true;
  }
  void *field = (char *)out + setting->field;
  if (setting->kind == KTXN__SETTING_NUMBER) {
    store_number(setting->about.key, value, field);
    return true;
  }
  if (setting->kind == KTXN__SETTING_BOOL) {
    *(bool *)field = strcasecmp(value, "true") == 0;
    return true;
  }
  return store_text(value, field);
}
