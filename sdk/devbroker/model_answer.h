#ifndef KTXN_DEVBROKER_MODEL_ANSWER_H
#define KTXN_DEVBROKER_MODEL_ANSWER_H

/*
 * What the model answers: one struct for each request. Topics and partitions come in the order of the request. All memory
 * that an answer points to is its own, or the cluster's for as long as the answer is not released.
 */

#include "sdk/devbroker/model_request.h"

/** A batch in a log. A marker has no bytes: the codec writes them from the fields. */
struct ktxn__model_entry {
  int64_t base_offset;
  int64_t last_offset;
  int32_t leader_epoch;
  uint32_t size;        /* bytes that a reader gets */
  const uint8_t *bytes; /* as they came; base offset and leader epoch are those of this struct. NULL for a marker */
  int64_t max_timestamp_ms;
  int64_t producer_id;
  int32_t base_sequence;
  int32_t coordinator_epoch; /* of a marker */
  int16_t producer_epoch;
  bool transactional;
  bool marker;
  bool committed; /* of a marker */
  uint64_t tag;
};
#define KTXN__MODEL_MARKER_SIZE 78 /* bytes of a batch with one marker */

struct ktxn__model_produced {
  int32_t index;
  int16_t code;
  int64_t base_offset;
  int64_t log_start_offset;
  int32_t leader_id; /* the hint of KIP-951, with code 6 alone; -1 = none */
  int32_t leader_epoch;
};

struct ktxn__model_produced_topic {
  struct ktxn__model_topic_ref topic;
  struct ktxn__model_produced *partitions;
  int32_t partition_count;
};

struct ktxn__model_aborted {
  int64_t producer_id;
  int64_t first_offset;
};

struct ktxn__model_fetched {
  int32_t index;
  int16_t code;
  int64_t high_watermark;
  int64_t last_stable_offset;
  int64_t log_start_offset;
  int32_t leader_id; /* with codes 6 and 74; -1 = none */
  int32_t leader_epoch;
  struct ktxn__model_aborted *aborted;
  int32_t aborted_count; /* -1 = null: the reader reads uncommitted */
  const struct ktxn__model_entry **entries;
  int32_t entry_count;
};

struct ktxn__model_fetched_topic {
  struct ktxn__model_topic_ref topic;
  struct ktxn__model_fetched *partitions;
  int32_t partition_count;
};

struct ktxn__model_listed_offset {
  int32_t index;
  int16_t code;
  int32_t leader_epoch;
  int64_t timestamp_ms;
  int64_t offset;
};

struct ktxn__model_listed_topic {
  struct ktxn__str name;
  struct ktxn__model_listed_offset *partitions;
  int32_t partition_count;
};

struct ktxn__model_broker {
  int32_t node;
  bool fenced;
};

struct ktxn__model_metadata_partition {
  int16_t code;
  int32_t index;
  int32_t leader; /* -1 = none */
  int32_t leader_epoch;
  const int32_t *replicas;
  int32_t replica_count;
  const int32_t *isr;
  int32_t isr_count;
};

struct ktxn__model_metadata_topic {
  int16_t code;
  struct ktxn__str name; /* null: an unknown id */
  struct ktxn__model_uuid id;
  bool internal;
  struct ktxn__model_metadata_partition *partitions;
  int32_t partition_count;
};

/** Metadata and DescribeCluster. The codec knows the nodes' addresses. */
struct ktxn__model_metadata_answer {
  struct ktxn__model_broker *brokers;
  int32_t broker_count;
  struct ktxn__str cluster_id;
  int32_t controller;
  struct ktxn__model_metadata_topic *topics;
  int32_t topic_count;
};

struct ktxn__model_partition_code {
  int32_t index;
  int16_t code;
};

/** Codes for partitions: OffsetCommit, TxnOffsetCommit, AddPartitionsToTxn. */
struct ktxn__model_coded_topic {
  struct ktxn__model_topic_ref topic;
  struct ktxn__model_partition_code *partitions;
  int32_t partition_count;
};

struct ktxn__model_coded_topics {
  struct ktxn__model_coded_topic *topics;
  int32_t topic_count;
};

struct ktxn__model_fetched_offset {
  int32_t index;
  int16_t code;
  int32_t leader_epoch;
  int64_t offset;
  struct ktxn__str metadata;
};

struct ktxn__model_fetched_offset_topic {
  struct ktxn__model_topic_ref topic;
  struct ktxn__model_fetched_offset *partitions;
  int32_t partition_count;
};

struct ktxn__model_fetched_group {
  struct ktxn__str group_id;
  int16_t code;
  struct ktxn__model_fetched_offset_topic *topics;
  int32_t topic_count;
};

struct ktxn__model_coordinator {
  struct ktxn__str key;
  int16_t code;
  int32_t node; /* -1 with a code */
};

struct ktxn__model_member {
  struct ktxn__str member_id;
  struct ktxn__str instance_id;
  struct ktxn__str client_id;
  struct ktxn__str client_host;
  const uint8_t *metadata;
  int32_t metadata_size;
  const uint8_t *assignment;
  int32_t assignment_size;
};

struct ktxn__model_joined {
  int16_t code;
  int32_t generation;
  struct ktxn__str protocol_type;
  struct ktxn__str protocol_name; /* null = none */
  struct ktxn__str leader;
  struct ktxn__str member_id;
  bool skip_assignment;
  struct ktxn__model_member *members; /* for the leader alone */
  int32_t member_count;
};

struct ktxn__model_synced {
  int16_t code;
  struct ktxn__str protocol_type;
  struct ktxn__str protocol_name;
  const uint8_t *assignment;
  int32_t assignment_size;
};

struct ktxn__model_left_member {
  struct ktxn__str member_id;
  struct ktxn__str instance_id;
  int16_t code;
};

struct ktxn__model_left {
  int16_t code;
  struct ktxn__model_left_member *members;
  int32_t member_count;
};

struct ktxn__model_described_group {
  int16_t code;
  struct ktxn__str group_id;
  struct ktxn__str state;
  struct ktxn__str protocol_type;
  struct ktxn__str protocol;
  struct ktxn__model_member *members;
  int32_t member_count;
};

struct ktxn__model_listed_group {
  struct ktxn__str group_id;
  struct ktxn__str protocol_type;
  struct ktxn__str state;
};

/** For each name: CreateTopics, DeleteTopics, CreatePartitions, DeleteGroups. */
struct ktxn__model_named_code {
  int16_t code;
  struct ktxn__str name;
  struct ktxn__model_uuid id;
  int32_t partition_count;
  int16_t replication_factor;
};

/** InitProducerId, and EndTxn from version 5. */
struct ktxn__model_identity {
  int16_t code;
  int64_t producer_id;
  int16_t producer_epoch;
};

struct ktxn__model_marked {
  int64_t producer_id;
  struct ktxn__model_coded_topic *topics;
  int32_t topic_count;
};

struct ktxn__model_described_transaction {
  int16_t code;
  struct ktxn__str transactional_id;
  struct ktxn__str state;
  int32_t timeout_ms;
  int64_t start_ms; /* -1 = not started */
  int64_t producer_id;
  int16_t producer_epoch;
  struct ktxn__model_topic_partitions *topics;
  int32_t topic_count;
};

struct ktxn__model_listed_transaction {
  struct ktxn__str transactional_id;
  int64_t producer_id;
  struct ktxn__str state;
};

struct ktxn__model_active_producer {
  int64_t producer_id;
  int16_t producer_epoch;
  int32_t last_sequence;
  int64_t last_timestamp_ms;
  int32_t coordinator_epoch;
  int64_t txn_start_offset;
};

struct ktxn__model_described_partition {
  int32_t index;
  int16_t code;
  struct ktxn__model_active_producer *producers;
  int32_t producer_count;
};

struct ktxn__model_described_topic {
  struct ktxn__str name;
  struct ktxn__model_described_partition *partitions;
  int32_t partition_count;
};

/** What a codec needs to write ApiVersions; which requests exist in which versions is in its own tables. */
struct ktxn__model_features {
  int64_t epoch;               /* of the finalized features; -1 = this node doesn't know them */
  int16_t transaction_version; /* finalized; 0 = no entry */
};

struct ktxn__model_answer {
  int16_t api;
  int16_t version;
  void *opaque;        /* as it was submitted */
  uint64_t ticket;
  int32_t throttle_ms; /* say so, and don't read from this connection for as long (KIP-219) */
  bool silent;         /* nothing is sent: acks=0, or a fault has dropped it */
  bool close;          /* the connection is closed, after what is to be sent */
  int16_t code;        /* of the whole answer where it has one: Fetch, AddOffsets, Heartbeat, ListGroups, ListTransactions... */
  union {
    struct {
      struct ktxn__model_produced_topic *topics;
      int32_t topic_count;
    } produce;
    struct {
      struct ktxn__model_fetched_topic *topics;
      int32_t topic_count;
    } fetch;
    struct {
      struct ktxn__model_listed_topic *topics;
      int32_t topic_count;
    } list_offsets; /* OffsetForLeaderEpoch too: `offset` is the end offset */
    struct ktxn__model_metadata_answer metadata; /* DescribeCluster too */
    struct ktxn__model_coded_topics offset_commit; /* TxnOffsetCommit too */
    struct ktxn__model_coded_topics add_partitions;
    struct {
      struct ktxn__model_fetched_group *groups;
      int32_t group_count;
    } offset_fetch;
    struct {
      struct ktxn__model_coordinator *coordinators;
      int32_t coordinator_count;
    } find_coordinator;
    struct ktxn__model_joined join_group;
    struct ktxn__model_synced sync_group;
    struct ktxn__model_left leave_group;
    struct {
      struct ktxn__model_described_group *groups;
      int32_t group_count;
    } describe_groups;
    struct {
      struct ktxn__model_listed_group *groups;
      int32_t group_count;
    } list_groups;
    struct {
      struct ktxn__model_named_code *names;
      int32_t name_count;
    } named; /* CreateTopics, DeleteTopics, CreatePartitions, DeleteGroups */
    struct ktxn__model_identity identity; /* InitProducerId, EndTxn: its code is this one */
    struct {
      struct ktxn__model_marked *markers;
      int32_t marker_count;
    } write_markers;
    struct {
      struct ktxn__model_described_transaction *transactions;
      int32_t transaction_count;
    } describe_transactions;
    struct {
      struct ktxn__model_listed_transaction *transactions;
      int32_t transaction_count;
      struct ktxn__str *unknown_filters;
      int32_t unknown_filter_count;
    } list_transactions;
    struct {
      struct ktxn__model_described_topic *topics;
      int32_t topic_count;
    } describe_producers;
    struct ktxn__model_features features; /* ApiVersions */
  };
};

#endif
