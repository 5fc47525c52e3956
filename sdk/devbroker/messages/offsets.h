#ifndef KTXN_DEVBROKER_MESSAGES_OFFSETS_H
#define KTXN_DEVBROKER_MESSAGES_OFFSETS_H

/* Made by sdk/devbroker/regenerate from Kafka's message definitions; don't edit. */

#include "sdk/devbroker/schema.h"

struct ktxn__msg_offset_commit_request_partition {
  int32_t partition_index;
  int64_t committed_offset;
  int32_t committed_leader_epoch;
  struct ktxn__str committed_metadata;
};

struct ktxn__msg_offset_commit_request_topic {
  struct ktxn__str name;
  struct ktxn__msg_uuid topic_id;
  struct ktxn__msg_offset_commit_request_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_offset_commit_request {
  struct ktxn__str group_id;
  int32_t generation_id_or_member_epoch;
  struct ktxn__str member_id;
  struct ktxn__str group_instance_id;
  int64_t retention_time_ms;
  struct ktxn__msg_offset_commit_request_topic *topics;
  int32_t topics_count;
};

extern const struct ktxn__schema ktxn__msg_offset_commit_request;

struct ktxn__msg_offset_commit_response_partition {
  int32_t partition_index;
  int16_t error_code;
};

struct ktxn__msg_offset_commit_response_topic {
  struct ktxn__str name;
  struct ktxn__msg_uuid topic_id;
  struct ktxn__msg_offset_commit_response_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_offset_commit_response {
  int32_t throttle_time_ms;
  struct ktxn__msg_offset_commit_response_topic *topics;
  int32_t topics_count;
};

extern const struct ktxn__schema ktxn__msg_offset_commit_response;

struct ktxn__msg_offset_fetch_request_topic {
  struct ktxn__str name;
  int32_t *partition_indexes;
  int32_t partition_indexes_count;
};

struct ktxn__msg_offset_fetch_request_group_topic {
  struct ktxn__str name;
  struct ktxn__msg_uuid topic_id;
  int32_t *partition_indexes;
  int32_t partition_indexes_count;
};

struct ktxn__msg_offset_fetch_request_group {
  struct ktxn__str group_id;
  struct ktxn__str member_id;
  int32_t member_epoch;
  struct ktxn__msg_offset_fetch_request_group_topic *topics;
  int32_t topics_count;
};

struct ktxn__msg_offset_fetch_request {
  struct ktxn__str group_id;
  struct ktxn__msg_offset_fetch_request_topic *topics;
  int32_t topics_count;
  struct ktxn__msg_offset_fetch_request_group *groups;
  int32_t groups_count;
  bool require_stable;
};

extern const struct ktxn__schema ktxn__msg_offset_fetch_request;

struct ktxn__msg_offset_fetch_response_partition {
  int32_t partition_index;
  int64_t committed_offset;
  int32_t committed_leader_epoch;
  struct ktxn__str metadata;
  int16_t error_code;
};

struct ktxn__msg_offset_fetch_response_topic {
  struct ktxn__str name;
  struct ktxn__msg_offset_fetch_response_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_offset_fetch_response_group_topic_partition {
  int32_t partition_index;
  int64_t committed_offset;
  int32_t committed_leader_epoch;
  struct ktxn__str metadata;
  int16_t error_code;
};

struct ktxn__msg_offset_fetch_response_group_topic {
  struct ktxn__str name;
  struct ktxn__msg_uuid topic_id;
  struct ktxn__msg_offset_fetch_response_group_topic_partition *partitions;
  int32_t partitions_count;
};

struct ktxn__msg_offset_fetch_response_group {
  struct ktxn__str group_id;
  struct ktxn__msg_offset_fetch_response_group_topic *topics;
  int32_t topics_count;
  int16_t error_code;
};

struct ktxn__msg_offset_fetch_response {
  int32_t throttle_time_ms;
  struct ktxn__msg_offset_fetch_response_topic *topics;
  int32_t topics_count;
  int16_t error_code;
  struct ktxn__msg_offset_fetch_response_group *groups;
  int32_t groups_count;
};

extern const struct ktxn__schema ktxn__msg_offset_fetch_response;

#endif
