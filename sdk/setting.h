#ifndef KTXN_SDK_SETTING_H
#define KTXN_SDK_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktxn/config.h"
#include "sdk/config.h"

/* The table of settings, and what can be said of one setting by itself. */

enum ktxn__setting_kind {
  KTXN__SETTING_NUMBER, /* an integer; about.range begins with "min..max" */
  KTXN__SETTING_DOUBLE, /* a fraction; only keys of capabilities that are missing have it */
  KTXN__SETTING_BOOL,   /* about.range lists what is allowed, as for a choice */
  KTXN__SETTING_CHOICE, /* about.range begins with the allowed values, separated by ", " */
  KTXN__SETTING_TEXT,
  KTXN__SETTING_SECRET /* a text that is never shown */
};

#define KTXN__SETTING_NO_FIELD SIZE_MAX

struct ktxn__setting {
  ktxn_setting about;
  enum ktxn__setting_kind kind;
  size_t field;                        /* offset into struct ktxn__settings, or KTXN__SETTING_NO_FIELD */
  const char *(*problem)(const char *); /* a further check of the text, or NULL; returns what is wrong or NULL */
};

extern const struct ktxn__setting ktxn__setting_table[];
extern const size_t ktxn__setting_count;

/** A name that other clients have for something of this table (`key`), or that is answered with a hint (`hint`). */
struct ktxn__setting_name {
  const char *name;
  const char *key;  /* the same meaning and unit under this key, or NULL */
  const char *hint; /* what to do instead; only without `key` */
};

extern const struct ktxn__setting_name ktxn__setting_names[];
extern const size_t ktxn__setting_name_count;

/** The setting of that key or alias; NULL with the error filled (CONFIG) if there is none. */
const struct ktxn__setting *ktxn__setting_find(const char *key, ktxn_error *error);

/** The same by the exact key, which must exist. */
size_t ktxn__setting_index(const char *key);

/** Whether the setting can have this value in this version. Errors: CONFIG. */
int ktxn__setting_accepts(const struct ktxn__setting *setting, const char *value, ktxn_error *error);

/**
 * Writes an accepted value to its field of `out`; text is copied (NULL for an empty one). False when memory is short.
 * A setting without a field writes nothing.
 */
bool ktxn__setting_store(const struct ktxn__setting *setting, const char *value, struct ktxn__settings *out);

/** Bytes that ktxn__setting_quote() may write. */
#define KTXN__SETTING_QUOTE_MAX 52

/** Writes `text` for a message: cut if it is long, without control characters. Returns `out`. */
const char *ktxn__setting_quote(char out[KTXN__SETTING_QUOTE_MAX], const char *text);

#endif
