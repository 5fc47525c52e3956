#include "sdk/base/log.h"

#include <stdio.h>
#include <string.h>

void ktxn__log_write(const struct ktxn__log *log, enum ktxn__log_level level, const char *format, ...) {
  static const char cut[] = "...";
  char line[KTXN__LOG_LINE_MAX];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length < 0) {
    return;
  }
  if ((size_t)length >= sizeof line) {
    memcpy(line + sizeof line - sizeof cut, cut, sizeof cut);
  }
  log->write(log->ctx, level, line);
}

const char *ktxn__log_level_name(enum ktxn__log_level level) {
  static const char *const names[] = {"ERROR", "WARN", "INFO", "DEBUG"};
  return level >= KTXN__LOG_ERROR && level <= KTXN__LOG_DEBUG ? names[level] : "OFF";
}
