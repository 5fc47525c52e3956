#ifndef KTXN_BASE_LOG_H
#define KTXN_BASE_LOG_H

/** Log lines to a callback. A line is at most KTXN__LOG_LINE_MAX - 1 bytes; what is longer is cut and ends in "...". */

#include <stddef.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define KTXN__LOG_LINE_MAX 1024

enum ktxn__log_level { KTXN__LOG_OFF = -1, KTXN__LOG_ERROR = 0, KTXN__LOG_WARN, KTXN__LOG_INFO, KTXN__LOG_DEBUG };

/** Set up before other threads see it and not changed afterwards; `write` must be safe from any thread. */
struct ktxn__log {
  enum ktxn__log_level level; /* the most talkative level that is written */
  void (*write)(void *ctx, enum ktxn__log_level level, const char *line);
  void *ctx;
};

/** `log` may be NULL: off. */
static inline bool ktxn__log_on(const struct ktxn__log *log, enum ktxn__log_level level) {
  return log != NULL && log->write != NULL && level <= log->level;
}

void ktxn__log_write(const struct ktxn__log *log, enum ktxn__log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Formats nothing, and evaluates no argument after the level, when the level is off. */
#define ktxn__log(log, level, ...) \
  (ktxn__log_on((log), (level)) ? ktxn__log_write((log), (level), __VA_ARGS__) : (void)0)

/** "ERROR", "WARN", "INFO", "DEBUG". */
const char *ktxn__log_level_name(enum ktxn__log_level level);

#endif
