#ifndef KTXN_CONFIG_H
#define KTXN_CONFIG_H

#include <stddef.h>

#include "ktxn/error.h"
#include "ktxn/version.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Settings under Java's names. Not thread-safe: one thread at a time. */
typedef struct ktxn_config ktxn_config;

/** Log levels, most serious first. */
enum ktxn_log_level { KTXN_LOG_ERROR = 0, KTXN_LOG_WARN = 1, KTXN_LOG_INFO = 2, KTXN_LOG_DEBUG = 3 };

/**
 * Receives the library's log lines (no newline at the end; the text is valid during the call). Called from any of the
 * library's threads and from the caller's, one call at a time per client. Must not call into the library.
 */
typedef void (*ktxn_log_cb)(enum ktxn_log_level level, const char *text, void *opaque);

/** A new set of defaults; NULL when memory is short. Free it with ktxn_config_free(), also after a producer was made of it. */
KTXN_API ktxn_config *ktxn_config_new(void);

/** A copy that can be changed on its own; NULL when memory is short. */
KTXN_API ktxn_config *ktxn_config_copy(const ktxn_config *config);

/** NULL is allowed. Producers and clients keep copies, so it may be freed as soon as they are made. */
KTXN_API void ktxn_config_free(ktxn_config *config);

/**
 * Sets one key. Key and value are copied.
 *
 * Errors: CONFIG, KTXN_E_UNKNOWN_SETTING (the message names the nearest known key), KTXN_E_INVALID_SETTING (names key,
 * value and what is allowed), KTXN_E_NOT_AVAILABLE (the key is Kafka's, but this version can't do what it asks for).
 * Nothing is changed then.
 */
KTXN_API int ktxn_config_set(ktxn_config *config, const char *key, const char *value, ktxn_error *error);

/**
 * Writes the present value, NUL-terminated, to `value` (of `size` bytes); a secret reads as "[hidden]".
 * Errors: CONFIG (unknown key), USAGE (buffer too small).
 */
KTXN_API int ktxn_config_get(const ktxn_config *config, const char *key, char *value, size_t size, ktxn_error *error);

/** Where log lines of `level` and more serious ones go; default: warnings to stderr. cb NULL = nowhere. */
KTXN_API void ktxn_config_set_log(ktxn_config *config, enum ktxn_log_level level, ktxn_log_cb cb, void *opaque);

/** One row of the configuration reference. All strings are static. */
typedef struct ktxn_setting {
  const char *key;
  const char *type;          /**< "int", "long", "double", "bool", "string", "list", "enum", "password" */
  const char *default_value; /**< as text; "" = none */
  const char *range;         /**< what is allowed, for people */
  const char *text;          /**< what it does */
  const char *missing;       /**< what this version lacks, so that only the default is accepted; "" = nothing */
} ktxn_setting;

/** The i-th setting, from 0; NULL past the end. docs/CONFIGURATION.md is printed from this. */
KTXN_API const ktxn_setting *ktxn_setting_at(size_t index);

#ifdef __cplusplus
}
#endif

#endif
