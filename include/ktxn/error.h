#ifndef KTXN_ERROR_H
#define KTXN_ERROR_H

/*
 * Codes, classes and the error struct. Freestanding: the transaction manager, which may use nothing else of the SDK,
 * includes this header too.
 */

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the application should do about an error. */
enum ktxn_class {
  KTXN_CLASS_NONE = 0,     /**< no error */
  KTXN_CLASS_RETRY = 1,    /**< call the same function again; nothing is lost */
  KTXN_CLASS_ABORT = 2,    /**< abort the transaction, rewind the source, go on with the same producer */
  KTXN_CLASS_RECREATE = 3, /**< close this producer and make a new one */
  KTXN_CLASS_CONFIG = 4,   /**< fix the configuration, the ACL or the data */
  KTXN_CLASS_USAGE = 5     /**< the caller's mistake; nothing was sent and nothing changed */
};

/** What is known about the fate of a transaction. */
enum ktxn_outcome {
  KTXN_OUTCOME_NONE = 0,          /**< the call says nothing about a transaction's fate, or it is still open */
  KTXN_OUTCOME_COMMITTED = 1,     /**< every record and offset of it is, or will be, visible */
  KTXN_OUTCOME_NOT_COMMITTED = 2, /**< none of it will ever be visible */
  KTXN_OUTCOME_IN_DOUBT = 3       /**< not known, and the producer can't find out any more */
};

/*
 * Every code, once: name, number, text. Numbers from -1 up are Kafka's own error codes; numbers below -100 are local
 * to this client and never come from a broker.
 */
#define KTXN_CODE_MAP(X)                                                                                               \
  X(OK, 0, "no error")                                                                                                 \
  X(UNKNOWN_SERVER_ERROR, -1, "the broker met an unexpected error")                                                    \
  X(OFFSET_OUT_OF_RANGE, 1, "the offset is out of range")                                                              \
  X(CORRUPT_MESSAGE, 2, "the broker found the record batch corrupted")                                                 \
  X(UNKNOWN_TOPIC_OR_PARTITION, 3, "the topic or partition does not exist")                                            \
  X(INVALID_FETCH_SIZE, 4, "invalid fetch size")                                                                       \
  X(LEADER_NOT_AVAILABLE, 5, "the partition has no leader")                                                            \
  X(NOT_LEADER_OR_FOLLOWER, 6, "the broker is not the partition's leader")                                             \
  X(REQUEST_TIMED_OUT, 7, "the broker timed the request out")                                                          \
  X(BROKER_NOT_AVAILABLE, 8, "the broker is not available")                                                            \
  X(REPLICA_NOT_AVAILABLE, 9, "the replica is not available")                                                          \
  X(MESSAGE_TOO_LARGE, 10, "the record batch is larger than the broker accepts")                                       \
  X(OFFSET_METADATA_TOO_LARGE, 12, "the metadata of an offset is too large")                                           \
  X(NETWORK_EXCEPTION, 13, "the connection failed before the answer came")                                             \
  X(COORDINATOR_LOAD_IN_PROGRESS, 14, "the coordinator is loading its state")                                          \
  X(COORDINATOR_NOT_AVAILABLE, 15, "the coordinator is not available")                                                 \
  X(NOT_COORDINATOR, 16, "the broker is not the coordinator")                                                          \
  X(INVALID_TOPIC_EXCEPTION, 17, "the topic name is not valid, or producing to this topic is not allowed")             \
  X(RECORD_LIST_TOO_LARGE, 18, "the record batch is larger than the topic's segment size")                             \
  X(NOT_ENOUGH_REPLICAS, 19, "fewer replicas are in sync than the topic demands")                                      \
  X(NOT_ENOUGH_REPLICAS_AFTER_APPEND, 20, "written, but to fewer replicas than the topic demands")                     \
  X(INVALID_REQUIRED_ACKS, 21, "the broker does not accept the acks setting")                                          \
  X(ILLEGAL_GENERATION, 22, "the consumer group has moved to another generation")                                      \
  X(INCONSISTENT_GROUP_PROTOCOL, 23, "the group's protocol differs")                                                   \
  X(INVALID_GROUP_ID, 24, "the group id is not valid")                                                                 \
  X(UNKNOWN_MEMBER_ID, 25, "the consumer is no longer a member of its group")                                          \
  X(INVALID_SESSION_TIMEOUT, 26, "invalid session timeout")                                                            \
  X(REBALANCE_IN_PROGRESS, 27, "the consumer group is rebalancing")                                                    \
  X(INVALID_COMMIT_OFFSET_SIZE, 28, "the offset commit is too large")                                                  \
  X(TOPIC_AUTHORIZATION_FAILED, 29, "not authorized for the topic (ACL: WRITE on the topic)")                          \
  X(GROUP_AUTHORIZATION_FAILED, 30, "not authorized for the consumer group (ACL: READ on the group)")                  \
  X(CLUSTER_AUTHORIZATION_FAILED, 31, "not authorized for the cluster (ACL: IDEMPOTENT_WRITE)")                        \
  X(INVALID_TIMESTAMP, 32, "the record's timestamp is out of the range that the topic accepts")                        \
  X(UNSUPPORTED_SASL_MECHANISM, 33, "the broker does not offer the SASL mechanism")                                    \
  X(ILLEGAL_SASL_STATE, 34, "the request is not valid in the present SASL state")                                      \
  X(UNSUPPORTED_VERSION, 35, "the broker does not support this version of the request")                                \
  X(TOPIC_ALREADY_EXISTS, 36, "the topic exists already")                                                              \
  X(INVALID_PARTITIONS, 37, "invalid partition count")                                                                 \
  X(INVALID_REPLICATION_FACTOR, 38, "invalid replication factor")                                                      \
  X(INVALID_REPLICA_ASSIGNMENT, 39, "invalid replica assignment")                                                      \
  X(INVALID_CONFIG, 40, "invalid configuration")                                                                       \
  X(NOT_CONTROLLER, 41, "the broker is not the controller")                                                            \
  X(INVALID_REQUEST, 42, "the broker found the request malformed")                                                     \
  X(UNSUPPORTED_FOR_MESSAGE_FORMAT, 43, "the topic's message format does not support this")                            \
  X(POLICY_VIOLATION, 44, "a policy of the cluster forbids this")                                                      \
  X(OUT_OF_ORDER_SEQUENCE_NUMBER, 45, "the broker received an out of order sequence number")                           \
  X(DUPLICATE_SEQUENCE_NUMBER, 46, "the broker has this batch already")                                                \
  X(INVALID_PRODUCER_EPOCH, 47, "the producer's epoch is no longer current")                                           \
  X(INVALID_TXN_STATE, 48, "the request does not fit the transaction's state at the broker")                           \
  X(INVALID_PRODUCER_ID_MAPPING, 49, "the producer id no longer belongs to this transactional.id")                     \
  X(INVALID_TRANSACTION_TIMEOUT, 50,                                                                                   \
    "transaction.timeout.ms is larger than the broker's transaction.max.timeout.ms allows")                            \
  X(CONCURRENT_TRANSACTIONS, 51, "the previous transaction is still being completed")                                  \
  X(TRANSACTION_COORDINATOR_FENCED, 52, "the transaction coordinator was fenced")                                      \
  X(TRANSACTIONAL_ID_AUTHORIZATION_FAILED, 53, "not authorized for the transactional.id (ACL: WRITE)")                 \
  X(SECURITY_DISABLED, 54, "security is disabled")                                                                     \
  X(OPERATION_NOT_ATTEMPTED, 55, "not attempted because another part of the request failed")                           \
  X(KAFKA_STORAGE_ERROR, 56, "the broker's disk failed")                                                               \
  X(LOG_DIR_NOT_FOUND, 57, "log directory not found")                                                                  \
  X(SASL_AUTHENTICATION_FAILED, 58, "SASL authentication failed")                                                      \
  X(UNKNOWN_PRODUCER_ID, 59, "the broker does not know the producer id any more")                                      \
  X(GROUP_ID_NOT_FOUND, 69, "the consumer group does not exist")                                                       \
  X(LISTENER_NOT_FOUND, 72, "the leader has no such listener")                                                         \
  X(FENCED_LEADER_EPOCH, 74, "the leader epoch is older than the broker's")                                            \
  X(UNKNOWN_LEADER_EPOCH, 75, "the leader epoch is newer than the broker's")                                           \
  X(UNSUPPORTED_COMPRESSION_TYPE, 76, "the broker does not support the compression type")                              \
  X(STALE_BROKER_EPOCH, 77, "stale broker epoch")                                                                      \
  X(OFFSET_NOT_AVAILABLE, 78, "the offset is not available yet")                                                       \
  X(MEMBER_ID_REQUIRED, 79, "the group needs a member id")                                                             \
  X(PREFERRED_LEADER_NOT_AVAILABLE, 80, "the preferred leader is not available")                                       \
  X(FENCED_INSTANCE_ID, 82, "another consumer uses the same group.instance.id")                                        \
  X(INVALID_RECORD, 87, "the broker's validation refused a record")                                                    \
  X(UNSTABLE_OFFSET_COMMIT, 88, "a transaction with an offset for this partition is still open")                       \
  X(THROTTLING_QUOTA_EXCEEDED, 89, "a quota was exceeded")                                                             \
  X(PRODUCER_FENCED, 90, "a newer producer with the same transactional.id has taken over")                             \
  X(UNKNOWN_TOPIC_ID, 100, "the topic id is unknown: the topic was deleted or created anew")                           \
  X(INCONSISTENT_TOPIC_ID, 103, "the topic id does not match")                                                         \
  X(TRANSACTIONAL_ID_NOT_FOUND, 105, "the coordinator does not know the transactional.id")                             \
  X(STALE_MEMBER_EPOCH, 113, "the consumer group has moved to another member epoch")                                   \
  X(TRANSACTION_ABORTABLE, 120, "the broker asks for the transaction to be aborted")                                   \
  X(REBOOTSTRAP_REQUIRED, 129, "the address belongs to another cluster or node")                                       \
  X(TIMED_OUT, -101, "the call's time ran out; call it again to resume")                                               \
  X(WOULD_BLOCK, -102, "no room at the moment; wait for the room event or poll, then call again")                      \
  X(BUSY, -103, "the same call is in progress on another thread")                                                      \
  X(CONFLICT, -104, "another transactional call is in progress; repeat that one until it ends")                        \
  X(STATE, -105, "the call is not allowed in the producer's present state")                                            \
  X(INVALID_ARGUMENT, -106, "an argument is not valid")                                                                \
  X(NOT_CONFIGURED, -107, "a setting that this call needs is not configured")                                          \
  X(INVALID_SETTING, -108, "a setting is not valid")                                                                   \
  X(UNKNOWN_SETTING, -109, "there is no such setting")                                                                 \
  X(NOT_AVAILABLE, -110, "this version of the library does not have this capability")                                  \
  X(OUT_OF_MEMORY, -111, "the process is out of memory, or the library's limit is reached")                            \
  X(BUFFER_FULL, -112, "buffer.memory is used up and no room came within max.block.ms")                                \
  X(RECORD_TOO_LARGE, -113, "the record is larger than a local limit allows")                                          \
  X(DELIVERY_TIMED_OUT, -114, "the record was not acknowledged within delivery.timeout.ms")                            \
  X(METADATA_TIMED_OUT, -115, "the topic's metadata did not come within max.block.ms")                                 \
  X(TRANSACTION_ABORTED, -116, "the record belongs to a transaction that is being aborted")                            \
  X(ABORTED_BY_BROKER, -117, "the broker aborted the transaction when transaction.timeout.ms had passed")              \
  X(FENCED, -118, "another producer with the same transactional.id has taken over")                                    \
  X(IN_DOUBT, -119, "the outcome of the transaction is not known")                                                     \
  X(CLOSED, -120, "the producer or client is closed")                                                                  \
  X(SYSTEM, -121, "a system call failed")                                                                              \
  X(UNREACHABLE, -122, "no broker can be reached")                                                                     \
  X(PROTOCOL, -123, "the peer sent something that is not the Kafka protocol")                                          \
  X(INTERNAL, -124, "a check inside the library failed; the producer is stopped so that nothing wrong is sent")        \
  X(PURGED, -125, "the record was dropped before it was sent")                                                         \
  X(NO_RESOURCE_FOR_THREAD, -126, "a thread could not be started")

#define KTXN_CODE_ENUM(name, number, text) KTXN_E_##name = (number),
/** Error codes; the list is KTXN_CODE_MAP. Code that a broker sent and that isn't listed is kept as its number. */
enum ktxn_code { KTXN_CODE_MAP(KTXN_CODE_ENUM) };
#undef KTXN_CODE_ENUM

/** Bytes of ktxn_error.message, the terminating NUL included. */
#define KTXN_ERROR_MESSAGE_MAX 256

/**
 * What went wrong, on the caller's stack. Every function that can fail takes a pointer to one, which may be NULL, and
 * returns the same number as `code`. The struct owns nothing and may be copied.
 */
typedef struct ktxn_error {
  int code;                     /**< enum ktxn_code, or a broker's code that has no name here; 0 = no error */
  enum ktxn_class error_class;  /**< what to do about it */
  int broker_code;              /**< the broker's code that caused it; 0 if no broker was involved */
  bool fatal;                   /**< the producer is unusable; every later call returns this same error */
  enum ktxn_outcome outcome;    /**< fate of the transaction that the call was about */
  char message[KTXN_ERROR_MESSAGE_MAX]; /**< for people: what happened, with the setting or host, and what to do */
} ktxn_error;

#ifdef __cplusplus
}
#endif

#endif
