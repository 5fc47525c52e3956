#include "sdk/engine/call.h"

#include <stdio.h>

#include "sdk/engine/broker_parts.h"
#include "sdk/wire/api.h"

void ktxn__call_throttle(struct ktxn__call *call, int32_t throttle_ms, int64_t now_us) {
  if (ktxn__api_throttles(call->api, call->version)) {
    ktxn__broker_mute(call->broker, throttle_ms, now_us);
  }
}

void ktxn__call_malformed(struct ktxn__call *call) {
  char why[128];
  (void)snprintf(why, sizeof why, "its answer to %s v%d is malformed", ktxn__api_name(call->api), call->version);
  ktxn__broker_drop(call->broker, why);
}

const char *ktxn__call_fate_name(enum ktxn__call_fate fate) {
  static const char *const names[] = {[KTXN__CALL_ANSWERED] = "answered",
                                      [KTXN__CALL_UNSENT] = "unsent",
                                      [KTXN__CALL_LOST] = "lost",
                                      [KTXN__CALL_UNSUPPORTED] = "unsupported"};
  return (size_t)fate < sizeof names / sizeof *names ? names[fate] : "unknown";
}
