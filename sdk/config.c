#include "sdk/config.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/error.h"
#include "sdk/setting.h"

struct ktxn_config {
  enum ktxn_log_level log_level;
  ktxn_log_cb log_cb;
  void *log_opaque;
  char *values[]; /* one for each row of the table; NULL = not set */
};

static void log_to_stderr(enum ktxn_log_level level, const char *text, void *opaque) {
  static const char *const names[] = {"error", "warning", "info", "debug"};
  (void)opaque;
  fprintf(stderr, "ktxn %s: %s\n", level <= KTXN_LOG_DEBUG ? names[level] : "?", text);
}

ktxn_config *ktxn_config_new(void) {
  ktxn_config *config = calloc(1, sizeof *config + ktxn__setting_count * sizeof config->values[0]);
  if (config) {
    ktxn_config_set_log(config, KTXN_LOG_WARN, log_to_stderr, NULL);
  }
  return config;
}

void ktxn_config_free(ktxn_config *config) {
  if (!config) {
    return;
  }
  for (size_t i = 0; i < ktxn__setting_count; i++) {
    free(config->values[i]);
  }
  free(config);
}

ktxn_config *ktxn_config_copy(const ktxn_config *config) {
  ktxn_config *copy = config ? ktxn_config_new() : NULL;
  if (!copy) {
    return NULL;
  }
  ktxn_config_set_log(copy, config->log_level, config->log_cb, config->log_opaque);
  for (size_t i = 0; i < ktxn__setting_count; i++) {
    if (config->values[i] && !(copy->values[i] = strdup(config->values[i]))) {
      ktxn_config_free(copy);
      return NULL;
    }
  }
  return copy;
}

void ktxn_config_set_log(ktxn_config *config, enum ktxn_log_level level, ktxn_log_cb cb, void *opaque) {
  if (config) {
    config->log_level = level;
    config->log_cb = cb;
    config->log_opaque = opaque;
  }
}

static int no_memory(ktxn_error *error) {
  return ktxn__error_set(error, KTXN_E_OUT_OF_MEMORY, KTXN_CLASS_RETRY, "no memory for the configuration");
}

static int bad_argument(ktxn_error *error, const char *what) {
  return ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE, "%s", what);
}

/* As Java does: blanks around a value don't count. */
static char *copy_trimmed(const char *value) {
  static const char blanks[] = " \t\r\n";
  value += strspn(value, blanks);
  size_t length = strlen(value);
  while (length > 0 && strchr(blanks, value[length - 1])) {
    length--;
  }
  return strndup(value, length);
}

int ktxn_config_set(ktxn_config *config, const char *key, const char *value, ktxn_error *error) {
  ktxn__error_clear(error);
  if (!config || !key || !value) {
    return bad_argument(error, "ktxn_config_set: config, key and value may not be NULL");
  }
  ktxn_error found;
  const struct ktxn__setting *setting = ktxn__setting_find(key, &found);
  if (!setting) {
    if (error) {
      *error = found;
    }
    return found.code;
  }
  char *copy = copy_trimmed(value);
  if (!copy) {
    return no_memory(error);
  }
  int code = ktxn__setting_accepts(setting, copy, error);
  if (code) {
    free(copy);
    return code;
  }
  char **slot = &config->values[setting - ktxn__setting_table];
  free(*slot);
  *slot = copy;
  return KTXN_E_OK;
}

static const char *value_at(const ktxn_config *config, size_t index) {
  const char *set = config->values[index];
  return set ? set : ktxn__setting_table[index].about.default_value;
}

int ktxn_config_get(const ktxn_config *config, const char *key, char *value, size_t size, ktxn_error *error) {
  ktxn__error_clear(error);
  if (!config || !key || !value) {
    return bad_argument(error, "ktxn_config_get: config, key and value may not be NULL");
  }
  ktxn_error found;
  const struct ktxn__setting *setting = ktxn__setting_find(key, &found);
  if (!setting) {
    if (error) {
      *error = found;
    }
    return found.code;
  }
  const char *text = value_at(config, (size_t)(setting - ktxn__setting_table));
  if (setting->kind == KTXN__SETTING_SECRET && text[0]) {
    text = "[hidden]";
  }
  size_t needed = strlen(text) + 1;
  if (needed > size) {
    return ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE,
                           "ktxn_config_get: %s needs a buffer of %zu bytes, got %zu", setting->about.key, needed, size);
  }
  memcpy(value, text, needed);
  return KTXN_E_OK;
}

const ktxn_setting *ktxn_setting_at(size_t index) {
  return index < ktxn__setting_count ? &ktxn__setting_table[index].about : NULL;
}

/* ---- what only several settings together can show ---- */

static bool is_set(const ktxn_config *config, const char *key) { return config->values[ktxn__setting_index(key)]; }

static int check_delivery_timeout(const ktxn_config *config, struct ktxn__settings *out, ktxn_error *error) {
  int64_t needed_ms = out->linger_ms + out->request_timeout_ms;
  if (out->delivery_timeout_ms >= needed_ms) {
    return KTXN_E_OK;
  }
  if (is_set(config, "delivery.timeout.ms")) {
    return ktxn__error_set(error, KTXN_E_INVALID_SETTING, KTXN_CLASS_CONFIG,
                           "delivery.timeout.ms=%" PRId64 " is not allowed; at least linger.ms + request.timeout.ms, "
                           "which is %" PRId64 " + %" PRId64 " = %" PRId64,
                           out->delivery_timeout_ms, out->linger_ms, out->request_timeout_ms, needed_ms);
  }
  out->delivery_timeout_ms = needed_ms;
  return KTXN_E_OK;
}

/* A first wait and its maximum. Where only the first is set, the maximum follows it. */
static const struct {
  const char *first_key, *max_key;
  size_t first, max;
} waits[] = {
    {"retry.backoff.ms", "retry.backoff.max.ms", offsetof(struct ktxn__settings, retry_backoff_ms),
     offsetof(struct ktxn__settings, retry_backoff_max_ms)},
    {"reconnect.backoff.ms", "reconnect.backoff.max.ms", offsetof(struct ktxn__settings, reconnect_backoff_ms),
     offsetof(struct ktxn__settings, reconnect_backoff_max_ms)},
    {"socket.connection.setup.timeout.ms", "socket.connection.setup.timeout.max.ms",
     offsetof(struct ktxn__settings, connection_setup_timeout_ms),
     offsetof(struct ktxn__settings, connection_setup_timeout_max_ms)},
};

static int check_wait(const ktxn_config *config, struct ktxn__settings *out, size_t i, ktxn_error *error) {
  int64_t *first_ms = (int64_t *)(void *)((char *)out + waits[i].first);
  int64_t *max_ms = (int64_t *)(void *)((char *)out + waits[i].max);
  if (*first_ms <= *max_ms) {
    return KTXN_E_OK;
  }
  bool first_set = is_set(config, waits[i].first_key);
  bool max_set = is_set(config, waits[i].max_key);
  if (first_set && max_set) {
    return ktxn__error_set(error, KTXN_E_INVALID_SETTING, KTXN_CLASS_CONFIG,
                           "%s=%" PRId64 " is not allowed; at most %s, which is %" PRId64, waits[i].first_key, *first_ms,
                           waits[i].max_key, *max_ms);
  }
  if (first_set) {
    *max_ms = *first_ms;
  } else {
    *first_ms = *max_ms;
  }
  return KTXN_E_OK;
}

static int check_waits(const ktxn_config *config, struct ktxn__settings *out, ktxn_error *error) {
  for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
    int code = check_wait(config, out, i, error);
    if (code) {
      return code;
    }
  }
  return KTXN_E_OK;
}

static int check_memory(const ktxn_config *config, struct ktxn__settings *out, ktxn_error *error) {
  (void)config;
  if (out->buffer_bytes >= out->batch_bytes) {
    return KTXN_E_OK;
  }
  return ktxn__error_set(error, KTXN_E_INVALID_SETTING, KTXN_CLASS_CONFIG,
                         "buffer.memory=%" PRId64 " is not allowed; at least batch.size, which is %" PRId64,
                         out->buffer_bytes, out->batch_bytes);
}

/* Java's names for clients without one. The id travels in the header of every request, so a long one isn't repeated. */
#define CLIENT_ID_DERIVED_MAX 255

static int name_client(const ktxn_config *config, struct ktxn__settings *out, ktxn_error *error) {
  static atomic_uint_fast64_t made;
  char name[CLIENT_ID_DERIVED_MAX + 1];
  (void)config;
  if (out->client_id) {
    return KTXN_E_OK;
  }
  int length = CLIENT_ID_DERIVED_MAX + 1;
  if (out->transactional_id) {
    length = snprintf(name, sizeof name, "producer-%s", out->transactional_id);
  }
  if (length < 0 || length > CLIENT_ID_DERIVED_MAX) {
    snprintf(name, sizeof name, "producer-%" PRIuFAST64, atomic_fetch_add(&made, 1) + 1);
  }
  out->client_id = strdup(name);
  return out->client_id ? KTXN_E_OK : no_memory(error);
}

static int store_all(const ktxn_config *config, struct ktxn__settings *out, ktxn_error *error) {
  for (size_t i = 0; i < ktxn__setting_count; i++) {
    if (!ktxn__setting_store(&ktxn__setting_table[i], value_at(config, i), out)) {
      return no_memory(error);
    }
  }
  const char *servers = value_at(config, ktxn__setting_index("bootstrap.servers"));
  return ktxn__bootstrap_parse(servers, &out->bootstrap) ? KTXN_E_OK : no_memory(error);
}

static int (*const steps[])(const ktxn_config *config, struct ktxn__settings *out, ktxn_error *error) = {
    store_all, check_delivery_timeout, check_waits, check_memory, name_client,
};

int ktxn__config_check_shared(const ktxn_config *config, struct ktxn__settings *out, ktxn_error *error) {
  memset(out, 0, sizeof *out);
  ktxn__error_clear(error);
  if (!config) {
    return bad_argument(error, "the config may not be NULL");
  }
  out->log_level = config->log_level;
  out->log_cb = config->log_cb;
  out->log_opaque = config->log_opaque;
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    int code = steps[i](config, out, error);
    if (code) {
      ktxn__settings_free(out);
      return code;
    }
  }
  return KTXN_E_OK;
}

int ktxn__config_check(const ktxn_config *config, struct ktxn__settings *out, ktxn_error *error) {
  int code = ktxn__config_check_shared(config, out, error);
  if (code || out->bootstrap.count > 0) {
    return code;
  }
  ktxn__settings_free(out);
  return ktxn__error_set(error, KTXN_E_NOT_CONFIGURED, KTXN_CLASS_CONFIG,
                         "bootstrap.servers is not set; give at least one broker as host:port");
}

void ktxn__settings_free(struct ktxn__settings *settings) {
  ktxn__bootstrap_free(&settings->bootstrap);
  free(settings->client_id);
  free(settings->transactional_id);
  memset(settings, 0, sizeof *settings);
}
