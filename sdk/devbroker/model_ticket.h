#ifndef KTXN_DEVBROKER_MODEL_TICKET_H
#define KTXN_DEVBROKER_MODEL_TICKET_H

/** A request under way, and its answer with all the memory that it points to. */

#include "sdk/base/list.h"
#include "sdk/devbroker/model.h"
#include "sdk/devbroker/model_event.h"
#include "sdk/devbroker/model_map.h"

struct ktxn__model_block;
struct ktxn__model_ticket;

/** Its node has died: what the request waits for is taken apart. The ticket is freed by the caller. */
typedef void (*ktxn__model_abandon)(struct ktxn__model *model, struct ktxn__model_ticket *ticket);

struct ktxn__model_ticket {
  struct ktxn__model_answer answer;
  int32_t node;
  uint64_t tag;
  bool forgotten; /* nobody takes the answer */
  bool starved;   /* there was no memory for the answer */
  bool ready;
  struct ktxn__model_fate fate;
  struct ktxn__list link; /* in the list of those under way, then of those that are ready */
  struct ktxn__model_block *blocks;
  struct ktxn__model_event event; /* answers that come later by a fault */
  ktxn__model_abandon abandon;    /* while the request waits */
  void *work;                     /* what it waits with */
};

struct ktxn__model_tickets {
  struct ktxn__model_map by_id;
  struct ktxn__list under_way;
  struct ktxn__list ready;
  uint64_t next_id;
};

/** NULL: no memory. */
struct ktxn__model_ticket *ktxn__model_ticket_new(struct ktxn__model *model, int32_t node,
                                                  const struct ktxn__model_request *request, void *opaque);

/** The answer is complete. Nothing may be done with the ticket afterwards. */
void ktxn__model_ticket_done(struct ktxn__model *model, struct ktxn__model_ticket *ticket);
void ktxn__model_ticket_free(struct ktxn__model *model, struct ktxn__model_ticket *ticket);

/** Zeroed memory that goes with the answer. NULL for nothing, and without memory: then the ticket is starved. */
void *ktxn__model_answer_array(struct ktxn__model *model, struct ktxn__model_ticket *ticket, int32_t count, size_t size);
/** A copy that goes with the answer. */
struct ktxn__str ktxn__model_answer_str(struct ktxn__model *model, struct ktxn__model_ticket *ticket, struct ktxn__str str);
const uint8_t *ktxn__model_answer_bytes(struct ktxn__model *model, struct ktxn__model_ticket *ticket, const uint8_t *bytes,
                                        int32_t size);
struct ktxn__model_topic_ref ktxn__model_answer_ref(struct ktxn__model *model, struct ktxn__model_ticket *ticket,
                                                    struct ktxn__model_topic_ref ref);

#endif
