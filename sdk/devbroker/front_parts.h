#ifndef KTXN_DEVBROKER_FRONT_PARTS_H
#define KTXN_DEVBROKER_FRONT_PARTS_H

/** What the files front*.c share. */

#include "sdk/base/list.h"
#include "sdk/devbroker/front.h"
#include "sdk/devbroker/model_control.h"

struct ktxn__front {
  struct ktxn__front_config config;
  struct ktxn__translate_address addresses[KTXN__MODEL_NODES];
  struct ktxn__list links;
  struct ktxn__list changed;
  int64_t now; /* of the last call */
  struct ktxn__front_delay delays[KTXN__FRONT_DELAYS];
  int32_t delay_count;
};

/** A request that was read: what the codec made of it. */
struct ktxn__front_request {
  const struct ktxn__msg_api *api;
  struct ktxn__msg_header header;
  void *message;
};

struct ktxn__front_link {
  struct ktxn__front *front;
  struct ktxn__list link; /* in the front's links */
  struct ktxn__list changed; /* in the front's changed links, or in none */
  void *opaque;
  int32_t node;
  char client_host[64];
  struct ktxn__buffer in; /* from in_start on */
  size_t in_start;
  struct ktxn__buffer frame; /* that is worked on */
  struct ktxn__buffer out; /* from out_start on */
  size_t out_start;
  struct ktxn__arena arena; /* of the request that is worked on */
  struct ktxn__front_request request;
  bool waiting; /* the request was read and is not handed over yet */
  bool counted; /* and a fault or a delay may have counted it: then it changes something, whatever it asks */
  int64_t held_until; /* it is delayed */
  uint64_t ticket; /* of the request that the model has; 0 = none */
  int64_t muted_until; /* throttled (KIP-219) */
  bool broken;
};

/** Checks and decodes a frame (without its length). False, and the reason is logged: the connection ends. */
bool ktxn__front_read(struct ktxn__front_link *link, struct ktxn__span frame);

/** Puts a response behind the output. False: memory is short, or the client doesn't read. */
bool ktxn__front_write(struct ktxn__front_link *link, int16_t version, const void *response);

/** Answers what the model doesn't know; true when it was such a request. front_local.c. */
bool ktxn__front_local(struct ktxn__front_link *link);

/** ApiVersions: what is wrong with the request, 0 = nothing; and the response. front_versions.c. */
int16_t ktxn__front_versions_code(const struct ktxn__front_link *link);
bool ktxn__front_versions_write(struct ktxn__front_link *link, int16_t code, const struct ktxn__model_answer *answer);

#endif
