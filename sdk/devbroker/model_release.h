#ifndef KTXN_DEVBROKER_MODEL_RELEASE_H
#define KTXN_DEVBROKER_MODEL_RELEASE_H

/*
 * Releases of Kafka that a node can play: what its coordinators and logs do differently. Which requests it offers in which
 * versions is the codec's.
 */

#include <stdbool.h>
#include <stdint.h>

enum ktxn__model_release {
  KTXN__MODEL_2_5,
  KTXN__MODEL_2_8,
  KTXN__MODEL_3_3,
  KTXN__MODEL_3_6,
  KTXN__MODEL_3_9,
  KTXN__MODEL_4_0,
  KTXN__MODEL_4_2,
  KTXN__MODEL_4_4,
  KTXN__MODEL_RELEASES,
};

/** What differs. The defects that a release really had are on in its row. */
struct ktxn__model_traits {
  const char *name;             /* "4.4" */
  bool verifies;                /* asks the coordinator before a transaction's first batch (KIP-890 part 1) */
  bool features;                /* has transaction.version */
  bool change_first;            /* a registration looks at a change under way before it looks at the identity (KAFKA-18660) */
  bool keeps_epoch_on_timeout;  /* V2: a timeout bumps once and remembers the epoch before (KAFKA-19367) */
  bool strict_markers;          /* V2: a marker must raise the epoch (KIP-1228) */
  bool verifies_offsets;        /* asks before a transaction's offsets, too */
  bool ongoing_by_epoch;        /* an open transaction counts as the batch's own only if it has its epoch */
  uint32_t defects;             /* of enum ktxn__model_defect */
};

/** Known defects of brokers, which can be switched on for a node of any release. */
enum ktxn__model_defect {
  KTXN__MODEL_K20785 = 1 << 0, /* V2: EndTxn(commit) after the broker's timeout is answered 48 instead of 90 */
  KTXN__MODEL_K20310 = 1 << 1, /* a reload forgets the producer id before and the next one (KAFKA-20310, 20357) */
  KTXN__MODEL_K18660 = 1 << 2, /* V2: the identity is looked at before the change under way: a new one is fenced */
  KTXN__MODEL_K20090 = 1 << 3, /* V2: an abort by the broker at 32766 yields 32767, where nothing can be ended any more */
  KTXN__MODEL_K18654 = 1 << 4, /* V2: a batch that comes before completion gets 51 at once, not after the retry loop */
};

const struct ktxn__model_traits *ktxn__model_traits(enum ktxn__model_release release);

/** By its name, "3.9"; KTXN__MODEL_RELEASES when there is none such. */
enum ktxn__model_release ktxn__model_release_named(const char *name);

#endif
