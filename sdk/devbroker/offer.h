#ifndef KTXN_DEVBROKER_OFFER_H
#define KTXN_DEVBROKER_OFFER_H

/** Which requests a release of Kafka offers in which versions, as far as the embedded broker plays them. */

#include "sdk/devbroker/model_release.h"

struct ktxn__offer {
  int16_t key;
  int16_t first;
  int16_t last;
};

/** Requests that any release offers, at most. */
#define KTXN__OFFER_MAX 40

/** Fills `offers` in the order of their keys and returns how many there are. */
int32_t ktxn__offer_list(enum ktxn__model_release release, struct ktxn__offer offers[KTXN__OFFER_MAX]);

/** Whether the release takes this request, and we can read it. */
bool ktxn__offer_takes(enum ktxn__model_release release, int16_t key, int16_t version);

/** The level of metadata.version that a release of Kafka starts with; 0 = none yet (before 3.3). */
int16_t ktxn__offer_metadata_version(enum ktxn__model_release release);

/** The highest transaction.version that a release supports; 0 = it doesn't know the feature. */
int16_t ktxn__offer_transaction_version(enum ktxn__model_release release);

#endif
