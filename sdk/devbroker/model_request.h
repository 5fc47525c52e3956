#ifndef KTXN_DEVBROKER_MODEL_REQUEST_H
#define KTXN_DEVBROKER_MODEL_REQUEST_H

/*
 * What clients ask of the model: plain structs, one for each request, that a codec fills. Everything that they point to
 * must stay only until ktxn__model_submit() returns; the model copies what it keeps. Fields are named as in Kafka's
 * message schemas. A field that the version on the wire doesn't carry has the schema's default.
 */

#include <stdbool.h>
#include <stdint.h>

#include "sdk/base/str.h"

/** Kafka's own numbers. */
enum ktxn__model_api {
  KTXN__MODEL_PRODUCE = 0,
  KTXN__MODEL_FETCH = 1,
  KTXN__MODEL_LIST_OFFSETS = 2,
  KTXN__MODEL_METADATA = 3,
  KTXN__MODEL_OFFSET_COMMIT = 8,
  KTXN__MODEL_OFFSET_FETCH = 9,
  KTXN__MODEL_FIND_COORDINATOR = 10,
  KTXN__MODEL_JOIN_GROUP = 11,
  KTXN__MODEL_HEARTBEAT = 12,
  KTXN__MODEL_LEAVE_GROUP = 13,
  KTXN__MODEL_SYNC_GROUP = 14,
  KTXN__MODEL_DESCRIBE_GROUPS = 15,
  KTXN__MODEL_LIST_GROUPS = 16,
  KTXN__MODEL_API_VERSIONS = 18,
  KTXN__MODEL_CREATE_TOPICS = 19,
  KTXN__MODEL_DELETE_TOPICS = 20,
  KTXN__MODEL_INIT_PRODUCER_ID = 22,
  KTXN__MODEL_OFFSET_FOR_LEADER_EPOCH = 23,
  KTXN__MODEL_ADD_PARTITIONS_TO_TXN = 24,
  KTXN__MODEL_ADD_OFFSETS_TO_TXN = 25,
  KTXN__MODEL_END_TXN = 26,
  KTXN__MODEL_WRITE_TXN_MARKERS = 27,
  KTXN__MODEL_TXN_OFFSET_COMMIT = 28,
  KTXN__MODEL_CREATE_PARTITIONS = 37,
  KTXN__MODEL_DELETE_GROUPS = 42,
  KTXN__MODEL_DESCRIBE_CLUSTER = 60,
  KTXN__MODEL_DESCRIBE_PRODUCERS = 61,
  KTXN__MODEL_DESCRIBE_TRANSACTIONS = 65,
  KTXN__MODEL_LIST_TRANSACTIONS = 66,
};
#define KTXN__MODEL_APIS 67 /* numbers above the largest */

struct ktxn__model_uuid {
  uint8_t bytes[16]; /* all zero = none */
};

/** A topic by name, or, when `by_id`, by id (then the name is null). */
struct ktxn__model_topic_ref {
  struct ktxn__str name;
  struct ktxn__model_uuid id;
  bool by_id;
};

/**
 * A record batch of format 2, of which the codec has read the header. `bytes` is the whole batch as it came, base offset
 * and length included. What is wrong with the bytes (checksum, magic, number of batches) stands in `code`, an error code of
 * Kafka; then only `code` counts.
 */
struct ktxn__model_batch {
  const uint8_t *bytes;
  uint32_t size;
  int16_t code;
  bool transactional;
  bool control;
  int16_t producer_epoch;
  int64_t producer_id; /* -1 = none */
  int32_t base_sequence;
  int32_t record_count;
  int64_t max_timestamp_ms;
};

struct ktxn__model_produce_partition {
  int32_t index;
  struct ktxn__model_batch batch;
};

struct ktxn__model_produce_topic {
  struct ktxn__model_topic_ref topic;
  const struct ktxn__model_produce_partition *partitions;
  int32_t partition_count;
};

struct ktxn__model_produce {
  struct ktxn__str transactional_id; /* null = none */
  int16_t acks;
  int32_t timeout_ms;
  const struct ktxn__model_produce_topic *topics;
  int32_t topic_count;
};

struct ktxn__model_fetch_partition {
  int32_t index;
  int32_t current_leader_epoch; /* -1 = not checked */
  int64_t fetch_offset;
  int32_t max_bytes;
};

struct ktxn__model_fetch_topic {
  struct ktxn__model_topic_ref topic;
  const struct ktxn__model_fetch_partition *partitions;
  int32_t partition_count;
};

struct ktxn__model_fetch {
  int32_t max_wait_ms;
  int32_t min_bytes;
  int32_t max_bytes;
  bool read_committed;
  const struct ktxn__model_fetch_topic *topics;
  int32_t topic_count;
};

struct ktxn__model_list_offsets_partition {
  int32_t index;
  int32_t current_leader_epoch;
  int64_t timestamp_ms; /* -1 latest, -2 earliest, -3 of the largest timestamp, else the first batch that is as young */
};

struct ktxn__model_list_offsets_topic {
  struct ktxn__str name;
  const struct ktxn__model_list_offsets_partition *partitions;
  int32_t partition_count;
};

struct ktxn__model_list_offsets {
  bool read_committed;
  const struct ktxn__model_list_offsets_topic *topics;
  int32_t topic_count;
};

struct ktxn__model_epoch_partition {
  int32_t index;
  int32_t current_leader_epoch;
  int32_t leader_epoch;
};

struct ktxn__model_epoch_topic {
  struct ktxn__str name;
  const struct ktxn__model_epoch_partition *partitions;
  int32_t partition_count;
};

/** OffsetForLeaderEpoch: where an epoch ended. */
struct ktxn__model_offset_for_leader_epoch {
  const struct ktxn__model_epoch_topic *topics;
  int32_t topic_count;
};

struct ktxn__model_metadata {
  const struct ktxn__model_topic_ref *topics;
  int32_t topic_count; /* -1 = all topics */
  bool allow_auto_topic_creation;
};

/** Topics with partition numbers, as many requests carry them. */
struct ktxn__model_topic_partitions {
  struct ktxn__model_topic_ref topic;
  const int32_t *partitions;
  int32_t partition_count;
};

struct ktxn__model_offset_partition {
  int32_t index;
  int32_t leader_epoch;
  int64_t offset;
  struct ktxn__str metadata;
};

struct ktxn__model_offset_topic {
  struct ktxn__model_topic_ref topic;
  const struct ktxn__model_offset_partition *partitions;
  int32_t partition_count;
};

/** OffsetCommit and TxnOffsetCommit; the last three fields belong to the latter alone. */
struct ktxn__model_offset_commit {
  struct ktxn__str group_id;
  int32_t generation; /* -1 = none */
  struct ktxn__str member_id;
  struct ktxn__str instance_id; /* null = none */
  const struct ktxn__model_offset_topic *topics;
  int32_t topic_count;
  struct ktxn__str transactional_id;
  int64_t producer_id;
  int16_t producer_epoch;
};

struct ktxn__model_offset_fetch_group {
  struct ktxn__str group_id;
  const struct ktxn__model_topic_partitions *topics;
  int32_t topic_count; /* -1 = all that the group has */
};

struct ktxn__model_offset_fetch {
  bool require_stable;
  const struct ktxn__model_offset_fetch_group *groups;
  int32_t group_count;
};

enum ktxn__model_key_type {
  KTXN__MODEL_KEY_GROUP = 0,
  KTXN__MODEL_KEY_TRANSACTION = 1,
};

struct ktxn__model_find_coordinator {
  int8_t key_type;
  const struct ktxn__str *keys; /* one below version 4 */
  int32_t key_count;
};

struct ktxn__model_protocol {
  struct ktxn__str name;
  const uint8_t *metadata;
  int32_t metadata_size;
};

struct ktxn__model_join_group {
  struct ktxn__str group_id;
  int32_t session_timeout_ms;
  int32_t rebalance_timeout_ms; /* -1 = as the session's */
  struct ktxn__str member_id;   /* "" = new */
  struct ktxn__str instance_id;
  struct ktxn__str protocol_type;
  const struct ktxn__model_protocol *protocols;
  int32_t protocol_count;
  struct ktxn__str client_id;
  struct ktxn__str client_host;
};

struct ktxn__model_assignment {
  struct ktxn__str member_id;
  const uint8_t *bytes;
  int32_t size;
};

struct ktxn__model_sync_group {
  struct ktxn__str group_id;
  int32_t generation;
  struct ktxn__str member_id;
  struct ktxn__str instance_id;
  struct ktxn__str protocol_type; /* null = not checked */
  struct ktxn__str protocol_name; /* null = not checked */
  const struct ktxn__model_assignment *assignments;
  int32_t assignment_count;
};

struct ktxn__model_heartbeat {
  struct ktxn__str group_id;
  int32_t generation;
  struct ktxn__str member_id;
  struct ktxn__str instance_id;
};

struct ktxn__model_leave_member {
  struct ktxn__str member_id;
  struct ktxn__str instance_id;
};

struct ktxn__model_leave_group {
  struct ktxn__str group_id;
  const struct ktxn__model_leave_member *members; /* one below version 3 */
  int32_t member_count;
};

/** DescribeGroups, DeleteGroups, DescribeTransactions. */
struct ktxn__model_names {
  const struct ktxn__str *names;
  int32_t name_count;
};

struct ktxn__model_list_groups {
  const struct ktxn__str *states; /* none = all */
  int32_t state_count;
};

struct ktxn__model_create_topic {
  struct ktxn__str name;
  int32_t partition_count;    /* -1 = the default */
  int16_t replication_factor; /* -1 = the default */
  int32_t max_message_bytes;  /* max.message.bytes; 0 = the cluster's */
  int32_t assigned_count;     /* partitions in an assignment by hand; 0 = none. The model places leaders itself. */
};

struct ktxn__model_create_topics {
  const struct ktxn__model_create_topic *topics;
  int32_t topic_count;
  bool validate_only;
};

struct ktxn__model_delete_topics {
  const struct ktxn__model_topic_ref *topics;
  int32_t topic_count;
};

struct ktxn__model_create_partitions_topic {
  struct ktxn__str name;
  int32_t partition_count; /* in all */
};

struct ktxn__model_create_partitions {
  const struct ktxn__model_create_partitions_topic *topics;
  int32_t topic_count;
  bool validate_only;
};

struct ktxn__model_init_producer_id {
  struct ktxn__str transactional_id; /* null = idempotent only */
  int32_t transaction_timeout_ms;
  int64_t producer_id;    /* -1 = none */
  int16_t producer_epoch; /* -1 = none */
  bool keep_prepared_txn;
  bool enable_2pc;
};

struct ktxn__model_add_partitions {
  struct ktxn__str transactional_id;
  int64_t producer_id;
  int16_t producer_epoch;
  const struct ktxn__model_topic_partitions *topics;
  int32_t topic_count;
};

struct ktxn__model_add_offsets {
  struct ktxn__str transactional_id;
  int64_t producer_id;
  int16_t producer_epoch;
  struct ktxn__str group_id;
};

struct ktxn__model_end_txn {
  struct ktxn__str transactional_id;
  int64_t producer_id;
  int16_t producer_epoch;
  bool committed;
};

struct ktxn__model_marker {
  int64_t producer_id;
  int16_t producer_epoch;
  bool committed;
  int32_t coordinator_epoch;
  int8_t transaction_version;
  const struct ktxn__model_topic_partitions *topics;
  int32_t topic_count;
};

struct ktxn__model_write_markers {
  const struct ktxn__model_marker *markers;
  int32_t marker_count;
};

struct ktxn__model_list_transactions {
  const struct ktxn__str *state_filters;
  int32_t state_filter_count;
  const int64_t *producer_id_filters;
  int32_t producer_id_filter_count;
  int64_t duration_filter_ms; /* -1 = none */
};

struct ktxn__model_describe_producers {
  const struct ktxn__model_topic_partitions *topics;
  int32_t topic_count;
};

struct ktxn__model_request {
  int16_t api; /* enum ktxn__model_api: picks the member of the union */
  int16_t version;
  uint64_t tag; /* the caller's, handed to the observer with whatever this request changes; 0 = none */
  union {
    struct ktxn__model_produce produce;
    struct ktxn__model_fetch fetch;
    struct ktxn__model_list_offsets list_offsets;
    struct ktxn__model_offset_for_leader_epoch offset_for_leader_epoch;
    struct ktxn__model_metadata metadata;
    struct ktxn__model_offset_commit offset_commit; /* TxnOffsetCommit too */
    struct ktxn__model_offset_fetch offset_fetch;
    struct ktxn__model_find_coordinator find_coordinator;
    struct ktxn__model_join_group join_group;
    struct ktxn__model_sync_group sync_group;
    struct ktxn__model_heartbeat heartbeat;
    struct ktxn__model_leave_group leave_group;
    struct ktxn__model_names names; /* DescribeGroups, DeleteGroups, DescribeTransactions */
    struct ktxn__model_list_groups list_groups;
    struct ktxn__model_create_topics create_topics;
    struct ktxn__model_delete_topics delete_topics;
    struct ktxn__model_create_partitions create_partitions;
    struct ktxn__model_init_producer_id init_producer_id;
    struct ktxn__model_add_partitions add_partitions;
    struct ktxn__model_add_offsets add_offsets;
    struct ktxn__model_end_txn end_txn;
    struct ktxn__model_write_markers write_markers;
    struct ktxn__model_list_transactions list_transactions;
    struct ktxn__model_describe_producers describe_producers;
  }; /* ApiVersions and DescribeCluster ask nothing */
};

#endif
