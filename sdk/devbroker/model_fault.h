#ifndef KTXN_DEVBROKER_MODEL_FAULT_H
#define KTXN_DEVBROKER_MODEL_FAULT_H

/** The table of faults and throttles, and what an error looks like in each answer. */

#include "sdk/devbroker/model_control.h"
#include "sdk/devbroker/model_ticket.h"

struct ktxn__model_faults {
  struct ktxn__model_fault table[KTXN__MODEL_FAULTS];
  int32_t count;
  int32_t throttle_ms[KTXN__MODEL_NODES][KTXN__MODEL_APIS];
};

/** What the table has for this request; it is used up by that. */
struct ktxn__model_fate ktxn__model_fate_of(struct ktxn__model *model, int32_t node, const struct ktxn__model_request *request);

/** Answers with `code` wherever this answer has room for one, and finishes the ticket. */
void ktxn__model_refuse(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const struct ktxn__model_request *request,
                        int16_t code);

#endif
