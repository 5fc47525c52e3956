#ifndef KTXN_TXN_ERROR_H
#define KTXN_TXN_ERROR_H

/*
 * What a broker's error code means for each request, in both protocols: one table. A code that is not in it means what its
 * last row says. docs/TRANSACTIONS.md prints it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "txn/txn.h"

enum ktxn__txn_action {
  KTXN__TXN_OK,
  KTXN__TXN_AGAIN,        /* the same request to the same node, after a wait */
  KTXN__TXN_ELSEWHERE,    /* find the coordinator (or the leader) again, then the same request */
  KTXN__TXN_PACED,        /* the previous transaction is being completed: again soon */
  KTXN__TXN_SAME,         /* it may have taken effect: the same command until a definite answer */
  KTXN__TXN_ABORTABLE,    /* the transaction must be aborted */
  KTXN__TXN_RESTART,      /* the same, and the epoch must be bumped (V1) */
  KTXN__TXN_RETURN,       /* back to UNINITIALIZED: init may be called again */
  KTXN__TXN_FATAL,
  KTXN__TXN_SUSPECT,      /* the epoch or id isn't ours there: counts only with evidence */
  KTXN__TXN_FENCE,        /* a log saw a newer epoch: find out who moved it */
  KTXN__TXN_FEATURES,     /* V2: the version was refused, the cluster's features have changed */
  KTXN__TXN_SEQUENCE,     /* 45: depends on what is in flight before it */
  KTXN__TXN_FORGOTTEN,    /* 59: the log has dropped the producer's state */
  KTXN__TXN_TOO_LARGE,    /* 10: the batch is split if it can be, else refused */
  KTXN__TXN_REFUSED       /* the batch fails; an idempotent producer goes on under the next epoch */
};

/** Columns of the table: requests, with the two ends apart and Produce with and without a transaction. */
enum ktxn__txn_column {
  KTXN__TXN_COLUMN_FIND_TXN,
  KTXN__TXN_COLUMN_FIND_GROUP,
  KTXN__TXN_COLUMN_INIT,
  KTXN__TXN_COLUMN_ADD_PARTITIONS,
  KTXN__TXN_COLUMN_ADD_OFFSETS,
  KTXN__TXN_COLUMN_OFFSET_COMMIT,
  KTXN__TXN_COLUMN_COMMIT,
  KTXN__TXN_COLUMN_ABORT,
  KTXN__TXN_COLUMN_DESCRIBE,
  KTXN__TXN_COLUMN_PRODUCE,
  KTXN__TXN_COLUMN_PRODUCE_IDEMPOTENT,
  KTXN__TXN_COLUMN_COUNT
};

/** `v2`: the request was sent by Transactions V2; for an end, by version 5. */
enum ktxn__txn_action ktxn__txn_action(enum ktxn__txn_column column, bool v2, int code);

/** What the application is told when the action ends a call or the transaction; NONE: it is handled inside. */
enum ktxn_class ktxn__txn_class(enum ktxn__txn_action action, int code);

/**
 * V1: must the epoch be bumped before the next transaction, because of this answer to a coordinator's request? Of
 * Produce: when a batch is given up or fails.
 */
bool ktxn__txn_taints(enum ktxn__txn_column column, int code);

/** The column of a request (commit: which end it is). */
enum ktxn__txn_column ktxn__txn_column(enum ktxn__txn_api api, bool commit);

/** May a batch that was answered so be in the log all the same (acks=all, leadership lost while waiting, ...)? */
bool ktxn__txn_possibly_written(int code);

#endif
