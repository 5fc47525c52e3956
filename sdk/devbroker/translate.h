#ifndef KTXN_DEVBROKER_TRANSLATE_H
#define KTXN_DEVBROKER_TRANSLATE_H

/*
 * Between the codec's structs and the model's: each knows only its own. What a translation makes comes from an arena and
 * points into the message or the answer that it was made from.
 */

#include "sdk/base/arena.h"
#include "sdk/devbroker/api.h"
#include "sdk/devbroker/model_answer.h"

/** Where clients reach a node. */
struct ktxn__translate_address {
  struct ktxn__str host;
  int32_t port;
};

struct ktxn__translate {
  struct ktxn__arena *arena;
  const struct ktxn__translate_address *addresses; /* by node */
  int32_t address_count;
  int16_t version;
  const void *request; /* the codec's */
  struct ktxn__str client_id;
  struct ktxn__str client_host;
  bool starved; /* the arena gave nothing: the result is not to be used */
};

/** Whether the model is asked at all; the other requests are answered by the front alone. */
bool ktxn__translate_knows(int16_t key);

/** Fills `out`, but for its tag. */
void ktxn__translate_request(struct ktxn__translate *translate, int16_t key, struct ktxn__model_request *out);

/** Fills the codec's response, which has its defaults. */
void ktxn__translate_answer(struct ktxn__translate *translate, const struct ktxn__model_answer *answer, void *response);

#endif
