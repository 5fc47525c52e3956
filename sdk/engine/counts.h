#ifndef KTXN_ENGINE_COUNTS_H
#define KTXN_ENGINE_COUNTS_H

/* What a producer counts: X(field, name, unit, text). docs/METRICS.md is printed from it. */

#include <stdint.h>

#define KTXN__COUNTS(X)                                                                                                \
  X(records_delivered, "record-delivered-total", "records", "Acknowledged by the broker.")                             \
  X(records_failed, "record-error-total", "records", "Taken by send, and failed later.")                               \
  X(bytes_delivered, "record-byte-total", "bytes", "Of the acknowledged batches, as they were sent.")                  \
  X(batches_delivered, "batch-delivered-total", "batches", "Acknowledged by the broker.")                              \
  X(batches_again, "batch-retry-total", "batches", "Put back, to be sent again.")                                      \
  X(produce_requests, "produce-request-total", "requests", "Produce requests, each with a batch or more.")             \
  X(txn_requests, "coordinator-request-total", "requests",                                                             \
    "Requests to transaction and group coordinators, for them, and for producer ids; probes of pacing included.")      \
  X(txn_lost, "coordinator-lost-total", "requests", "Of these, those whose answer never came.")                        \
  X(txn_refused, "coordinator-error-total", "requests", "Of these, those answered with an error, passing ones too.")   \
  X(begun, "txn-begun-total", "transactions", "Begun.")                                                                \
  X(committed, "txn-committed-total", "transactions", "Ended as committed.")                                           \
  X(not_committed, "txn-not-committed-total", "transactions",                                                          \
    "Ended as not committed: aborted, refused, or the producer failed.")                                               \
  X(in_doubt, "txn-in-doubt-total", "transactions",                                                                    \
    "Ended in doubt; one that is resolved later is counted again under its outcome.")                                  \
  X(aborted_by_broker, "txn-aborted-by-broker-total", "transactions",                                                  \
    "Aborted by the broker because they took longer than transaction.timeout.ms.")                                     \
  X(paced, "pacing-txn-total", "transactions", "Whose first records waited until the previous one was complete.")      \
  X(paced_us, "pacing-wait-us-total", "us", "Which that took.")                                                        \
  X(probes, "pacing-probe-total", "requests", "V2: questions whether the previous transaction is complete.")           \
  X(refusals, "pacing-retry-total", "requests", "V1: registrations answered \"concurrent transactions\".")             \
  X(bumps, "epoch-bump-total", "requests",                                                                             \
    "V1: InitProducerId to raise the epoch. A successor that begins in the moment before one is fenced by it.")        \
  X(bumps_unknown, "epoch-bump-unknown-total", "requests",                                                             \
    "Of these, those of unknown fate: a late copy would fence whoever has a transaction open then.")                   \
  X(bumps_fenced, "epoch-bump-fenced-total", "requests",                                                               \
    "Of these, those refused after one of unknown fate: a successor, or a coordinator that reloaded; FATAL.")          \
  X(sweeps_cut, "sweep-cut-total", "transactions",                                                                     \
    "Aborts fenced before their sweep was acknowledged: in doubt; on brokers that don't verify, a late batch of one "  \
    "could become visible with a successor's commit.")

struct ktxn__counts {
#define KTXN__COUNTS_FIELD(field, name, unit, text) uint64_t field;
  KTXN__COUNTS(KTXN__COUNTS_FIELD)
#undef KTXN__COUNTS_FIELD
};

#endif
