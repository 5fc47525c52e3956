#include <stdarg.h>
#include <stdio.h>

#include "explore/world.h"

bool telling;

void tell(const char *format, ...) {
  if (!telling) return;
  va_list args;
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
}

static const char *parts_text(uint8_t parts) {
  static const char *const names[] = {"", " {0}", " {1}", " {0,1}"};
  return names[parts & 3];
}

void tell_message(const char *what, const struct message *m) {
  if (!telling) return;
  static const char *const purposes[] = {"", " (repeated before the end)", " (who moved the epoch?)", " (debt)",
                                         " (evidence)", " (pace)"};
  tell("%s%s", what, ktxn__txn_api_name((enum ktxn__txn_api)m->api));
  if (m->api == KTXN__TXN_API_END) tell(" %d (%s)", m->v2 ? 5 : 4, m->commit ? "commit" : "abort");
  if (m->api == KTXN__TXN_API_PRODUCE || m->api == KTXN__TXN_API_ADD_PARTITIONS) tell("%s", parts_text(m->parts));
  if (m->api == KTXN__TXN_API_PRODUCE) tell(" sequence %d", m->sequence);
  if (m->pid != NO_PID && m->api != KTXN__TXN_API_FIND_TXN) tell(" pid %d epoch %d", m->pid, m->epoch);
  if (m->api != KTXN__TXN_API_FIND_TXN && m->api != KTXN__TXN_API_PRODUCE) tell(" -> node %d", m->node);
  tell(" of transaction %d%s\n", m->ordinal, m->api == KTXN__TXN_API_PRODUCE ? "" : purposes[m->purpose]);
}
