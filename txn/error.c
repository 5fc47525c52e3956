#include "txn/error.h"

struct row {
  int16_t code;
  uint8_t actions[KTXN__TXN_COLUMN_COUNT];
};

/* Short names, so that a row is a line. */
enum {
  OK = KTXN__TXN_OK,
  AG = KTXN__TXN_AGAIN,
  EW = KTXN__TXN_ELSEWHERE,
  PA = KTXN__TXN_PACED,
  SA = KTXN__TXN_SAME,
  AB = KTXN__TXN_ABORTABLE,
  RS = KTXN__TXN_RESTART,
  RE = KTXN__TXN_RETURN,
  FA = KTXN__TXN_FATAL,
  SU = KTXN__TXN_SUSPECT,
  FE = KTXN__TXN_FENCE,
  FT = KTXN__TXN_FEATURES,
  SQ = KTXN__TXN_SEQUENCE,
  FO = KTXN__TXN_FORGOTTEN,
  TL = KTXN__TXN_TOO_LARGE,
  RF = KTXN__TXN_REFUSED
};

/*
 * Sources: KIP-98, KIP-360, KIP-447, KIP-588, KIP-890, KIP-1050 and what brokers 2.8 to 4.4 answer. Where a cell can't
 * be met with a healthy broker it holds what an unknown code gets in that column.
 */
static const struct row rows[] = {
    /* code: FindCoordinator txn, group; InitProducerId; AddPartitions, AddOffsets, TxnOffsetCommit; commit, abort;
       DescribeTransactions; Produce in a transaction, idempotent only */
    {KTXN_E_OK, {OK, OK, OK, OK, OK, OK, OK, OK, OK, OK, OK}},
    {KTXN_E_UNKNOWN_SERVER_ERROR, {FA, FA, FA, AB, FA, AB, SA, SA, AG, AB, RF}},
    {KTXN_E_CORRUPT_MESSAGE, {FA, FA, FA, AB, FA, AB, SA, SA, AG, AG, AG}},
    {KTXN_E_UNKNOWN_TOPIC_OR_PARTITION, {FA, FA, FA, AG, AG, AG, SA, SA, AG, EW, EW}},
    {KTXN_E_LEADER_NOT_AVAILABLE, {AG, AG, EW, AG, AG, AG, SA, SA, AG, EW, EW}},
    {KTXN_E_NOT_LEADER_OR_FOLLOWER, {AG, AG, EW, AG, AG, EW, SA, SA, AG, EW, EW}},
    {KTXN_E_REQUEST_TIMED_OUT, {AG, AG, EW, AG, AG, EW, SA, SA, AG, AG, AG}},
    {KTXN_E_REPLICA_NOT_AVAILABLE, {AG, AG, EW, AG, AG, AG, SA, SA, AG, EW, EW}},
    {KTXN_E_MESSAGE_TOO_LARGE, {FA, FA, FA, AB, FA, AB, SA, SA, AG, TL, TL}},
    {KTXN_E_OFFSET_METADATA_TOO_LARGE, {FA, FA, FA, AB, FA, AB, SA, SA, AG, AB, RF}},
    {KTXN_E_NETWORK_EXCEPTION, {AG, AG, EW, AG, AG, EW, SA, SA, AG, EW, EW}},
    {KTXN_E_COORDINATOR_LOAD_IN_PROGRESS, {AG, AG, AG, AG, AG, AG, AG, AG, AG, AG, AG}},
    {KTXN_E_COORDINATOR_NOT_AVAILABLE, {AG, AG, EW, EW, EW, EW, EW, EW, EW, AG, AG}},
    {KTXN_E_NOT_COORDINATOR, {AG, AG, EW, EW, EW, EW, EW, EW, EW, AG, AG}},
    {KTXN_E_NOT_ENOUGH_REPLICAS, {AG, AG, AG, AG, AG, AG, SA, SA, AG, AG, AG}},
    {KTXN_E_NOT_ENOUGH_REPLICAS_AFTER_APPEND, {AG, AG, AG, AG, AG, AG, SA, SA, AG, AG, AG}},
    {KTXN_E_ILLEGAL_GENERATION, {FA, FA, FA, AB, FA, AB, FA, FA, AG, AB, RF}},
    {KTXN_E_INVALID_GROUP_ID, {FA, AB, FA, AB, AB, AB, FA, FA, AG, AB, RF}},
    {KTXN_E_UNKNOWN_MEMBER_ID, {FA, FA, FA, AB, FA, AB, FA, FA, AG, AB, RF}},
    {KTXN_E_TOPIC_AUTHORIZATION_FAILED, {FA, FA, FA, AB, FA, AB, FA, FA, AG, AB, RF}},
    {KTXN_E_GROUP_AUTHORIZATION_FAILED, {FA, AB, FA, AB, AB, AB, AB, FA, AG, AB, RF}},
    {KTXN_E_CLUSTER_AUTHORIZATION_FAILED, {FA, FA, RE, FA, FA, FA, FA, FA, AG, FA, FA}},
    {KTXN_E_UNSUPPORTED_VERSION, {FA, FA, FA, FA, FA, FA, FA, FA, AG, FA, FA}},
    {KTXN_E_INVALID_REQUEST, {FA, FA, FA, AB, FA, AB, FA, FA, AG, AB, RF}},
    {KTXN_E_UNSUPPORTED_FOR_MESSAGE_FORMAT, {FA, FA, FA, AB, FA, FA, FA, FA, AG, AB, RF}},
    {KTXN_E_OUT_OF_ORDER_SEQUENCE_NUMBER, {FA, FA, FA, AB, FA, AB, SA, SA, AG, SQ, SQ}},
    {KTXN_E_DUPLICATE_SEQUENCE_NUMBER, {FA, FA, FA, AB, FA, AB, SA, SA, AG, OK, OK}},
    {KTXN_E_INVALID_PRODUCER_EPOCH, {FA, FA, FA, SU, SU, FE, SU, SU, AG, FE, RF}},
    {KTXN_E_INVALID_TXN_STATE, {FA, FA, FA, FA, FA, AB, FA, FA, AG, AB, RF}},
    {KTXN_E_INVALID_PRODUCER_ID_MAPPING, {FA, FA, FA, SU, SU, FA, SU, SU, AG, FA, FA}},
    {KTXN_E_INVALID_TRANSACTION_TIMEOUT, {FA, FA, FA, FA, FA, FA, FA, FA, AG, AB, RF}},
    {KTXN_E_CONCURRENT_TRANSACTIONS, {AG, AG, PA, PA, PA, AG, PA, PA, AG, AG, AG}},
    {KTXN_E_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, {FA, FA, RE, FA, FA, FA, FA, FA, AG, FA, FA}},
    {KTXN_E_OPERATION_NOT_ATTEMPTED, {FA, FA, FA, AB, FA, AB, FA, FA, AG, AB, RF}},
    {KTXN_E_KAFKA_STORAGE_ERROR, {AG, AG, EW, AG, AG, AG, SA, SA, AG, EW, EW}},
    {KTXN_E_UNKNOWN_PRODUCER_ID, {FA, FA, FA, RS, RS, AB, RS, RS, AG, FO, FO}},
    {KTXN_E_GROUP_ID_NOT_FOUND, {FA, FA, FA, AB, FA, AB, FA, FA, AG, AB, RF}},
    {KTXN_E_FENCED_LEADER_EPOCH, {AG, AG, EW, AG, AG, AG, SA, SA, AG, EW, EW}},
    {KTXN_E_UNKNOWN_LEADER_EPOCH, {AG, AG, AG, AG, AG, AG, SA, SA, AG, AG, AG}},
    {KTXN_E_FENCED_INSTANCE_ID, {FA, FA, FA, AB, FA, AB, FA, FA, AG, AB, RF}},
    {KTXN_E_PRODUCER_FENCED, {FA, FA, FA, SU, SU, FE, SU, SU, AG, FE, FA}},
    {KTXN_E_UNKNOWN_TOPIC_ID, {FA, FA, FA, AG, AG, AG, SA, SA, AG, EW, EW}},
    {KTXN_E_INCONSISTENT_TOPIC_ID, {FA, FA, FA, AG, AG, AG, SA, SA, AG, EW, EW}},
    {KTXN_E_TRANSACTIONAL_ID_NOT_FOUND, {FA, FA, FA, AB, FA, AB, SA, SA, OK, AB, RF}},
    {KTXN_E_STALE_MEMBER_EPOCH, {FA, FA, FA, AB, FA, AB, FA, FA, AG, AB, RF}},
    {KTXN_E_TRANSACTION_ABORTABLE, {AB, AB, RE, AB, AB, AB, AB, FA, AG, AB, RF}},
};

/* Cells in which Transactions V2 differs (KIP-890). */
static const struct {
  uint8_t column;
  int16_t code;
  uint8_t action;
} v2_cells[] = {
    {KTXN__TXN_COLUMN_OFFSET_COMMIT, KTXN_E_UNSUPPORTED_VERSION, FT},
    {KTXN__TXN_COLUMN_COMMIT, KTXN_E_UNSUPPORTED_VERSION, FT},
    {KTXN__TXN_COLUMN_COMMIT, KTXN_E_INVALID_TXN_STATE, SU},
    {KTXN__TXN_COLUMN_ABORT, KTXN_E_UNSUPPORTED_VERSION, FT},
    {KTXN__TXN_COLUMN_PRODUCE, KTXN_E_UNSUPPORTED_VERSION, FT},
};

/* Codes that this version does not know. */
static const struct row unknown = {0, {FA, FA, FA, AB, FA, AB, SA, SA, AG, AB, RF}};

static const int16_t definite[] = {3,  12, 22, 24, 25, 29, 30, 42, 47, 48,  49,
                                   51, 53, 55, 59, 69, 82, 90, 100, 113, 120};

/* On 3, 6 and 56 the leader may have appended before it lost the partition or the disk while waiting for replicas. */
static const int16_t possibly_written[] = {-1, 3, 6, 7, 13, 20, 56};

static bool has(const int16_t *codes, size_t count, int code) {
  for (size_t i = 0; i < count; i++)
    if (codes[i] == code) return true;
  return false;
}

enum ktxn__txn_action ktxn__txn_action(enum ktxn__txn_column column, bool v2, int code) {
  for (size_t i = 0; v2 && i < sizeof v2_cells / sizeof v2_cells[0]; i++)
    if (v2_cells[i].column == column && v2_cells[i].code == code) return (enum ktxn__txn_action)v2_cells[i].action;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i].code == code) return (enum ktxn__txn_action)rows[i].actions[column];
  return (enum ktxn__txn_action)unknown.actions[column];
}

enum ktxn__txn_column ktxn__txn_column(enum ktxn__txn_api api, bool commit) {
  static const uint8_t columns[KTXN__TXN_API_COUNT] = {
      [KTXN__TXN_API_FIND_TXN] = KTXN__TXN_COLUMN_FIND_TXN,
      [KTXN__TXN_API_FIND_GROUP] = KTXN__TXN_COLUMN_FIND_GROUP,
      [KTXN__TXN_API_INIT] = KTXN__TXN_COLUMN_INIT,
      [KTXN__TXN_API_ADD_PARTITIONS] = KTXN__TXN_COLUMN_ADD_PARTITIONS,
      [KTXN__TXN_API_ADD_OFFSETS] = KTXN__TXN_COLUMN_ADD_OFFSETS,
      [KTXN__TXN_API_OFFSET_COMMIT] = KTXN__TXN_COLUMN_OFFSET_COMMIT,
      [KTXN__TXN_API_END] = KTXN__TXN_COLUMN_ABORT,
      [KTXN__TXN_API_DESCRIBE] = KTXN__TXN_COLUMN_DESCRIBE,
      [KTXN__TXN_API_PRODUCE] = KTXN__TXN_COLUMN_PRODUCE,
  };
  if (api == KTXN__TXN_API_END && commit) return KTXN__TXN_COLUMN_COMMIT;
  return (enum ktxn__txn_column)columns[api];
}

bool ktxn__txn_definite(int code) { return has(definite, sizeof definite / sizeof definite[0], code); }

bool ktxn__txn_possibly_written(int code) {
  return has(possibly_written, sizeof possibly_written / sizeof possibly_written[0], code);
}

bool ktxn__txn_taints(enum ktxn__txn_column column, int code) {
  if (code == KTXN_E_OK) return false;
  switch (column) {
    case KTXN__TXN_COLUMN_ADD_PARTITIONS:
    case KTXN__TXN_COLUMN_ADD_OFFSETS:
    case KTXN__TXN_COLUMN_OFFSET_COMMIT:
    case KTXN__TXN_COLUMN_COMMIT:
    case KTXN__TXN_COLUMN_ABORT:
      return !ktxn__txn_definite(code) || ktxn__txn_action(column, false, code) == KTXN__TXN_RESTART;
    default:
      return column == KTXN__TXN_COLUMN_PRODUCE;
  }
}

/* CONFIG for what an operator can mend, else RECREATE. */
static enum ktxn_class fatal_class(int code) {
  switch (code) {
    case KTXN_E_CLUSTER_AUTHORIZATION_FAILED:
    case KTXN_E_INVALID_TRANSACTION_TIMEOUT:
    case KTXN_E_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case KTXN_E_UNSUPPORTED_VERSION:
      return KTXN_CLASS_CONFIG;
    default:
      return KTXN_CLASS_RECREATE;
  }
}

enum ktxn_class ktxn__txn_class(enum ktxn__txn_action action, int code) {
  switch (action) {
    case KTXN__TXN_ABORTABLE:
    case KTXN__TXN_RESTART:
    case KTXN__TXN_REFUSED:
    case KTXN__TXN_FENCE:
      return KTXN_CLASS_ABORT;
    case KTXN__TXN_RETURN:
      return code == KTXN_E_TRANSACTION_ABORTABLE ? KTXN_CLASS_RETRY : KTXN_CLASS_CONFIG;
    case KTXN__TXN_FATAL:
      return fatal_class(code);
    default:
      return KTXN_CLASS_NONE;
  }
}
