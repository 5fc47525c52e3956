/* Made by sdk/devbroker/regenerate from Kafka's message definitions; don't edit. */

#include "sdk/devbroker/messages/offsets.h"

#include "sdk/devbroker/messages/rows.h"

static const struct ktxn__schema_field msg_offset_commit_request_partition_rows[] = {
    KTXN__FIELD(msg_offset_commit_request_partition, partition_index, I32, 0, 10),
    KTXN__FIELD(msg_offset_commit_request_partition, committed_offset, I64, 0, 10),
    KTXN__FIELD(msg_offset_commit_request_partition, committed_leader_epoch, I32, 6, 10, .fallback = -1),
    KTXN__FIELD(msg_offset_commit_request_partition, committed_metadata, STRING, 0, 10, .null_since = KTXN__SINCE(0)),
};
KTXN__STRUCT(msg_offset_commit_request_partition, "OffsetCommitRequestPartition");

static const struct ktxn__schema_field msg_offset_commit_request_topic_rows[] = {
    KTXN__FIELD(msg_offset_commit_request_topic, name, STRING, 0, 9),
    KTXN__FIELD(msg_offset_commit_request_topic, topic_id, UUID, 10, 10),
    KTXN__ARRAY(msg_offset_commit_request_topic, partitions, ARRAY_STRUCT, 0, 10,
                .of = &msg_offset_commit_request_partition),
};
KTXN__STRUCT(msg_offset_commit_request_topic, "OffsetCommitRequestTopic");

static const struct ktxn__schema_field msg_offset_commit_request_rows[] = {
    KTXN__FIELD(msg_offset_commit_request, group_id, STRING, 0, 10),
    KTXN__FIELD(msg_offset_commit_request, generation_id_or_member_epoch, I32, 1, 10, .fallback = -1),
    KTXN__FIELD(msg_offset_commit_request, member_id, STRING, 1, 10),
    KTXN__FIELD(msg_offset_commit_request, group_instance_id, STRING, 7, 10, .null_since = KTXN__SINCE(7), .fallback = -1),
    KTXN__FIELD(msg_offset_commit_request, retention_time_ms, I64, 2, 4, .fallback = -1),
    KTXN__ARRAY(msg_offset_commit_request, topics, ARRAY_STRUCT, 0, 10, .of = &msg_offset_commit_request_topic),
};
KTXN__MESSAGE(msg_offset_commit_request, "OffsetCommitRequestData");

static const struct ktxn__schema_field msg_offset_commit_response_partition_rows[] = {
    KTXN__FIELD(msg_offset_commit_response_partition, partition_index, I32, 0, 10),
    KTXN__FIELD(msg_offset_commit_response_partition, error_code, I16, 0, 10),
};
KTXN__STRUCT(msg_offset_commit_response_partition, "OffsetCommitResponsePartition");

static const struct ktxn__schema_field msg_offset_commit_response_topic_rows[] = {
    KTXN__FIELD(msg_offset_commit_response_topic, name, STRING, 0, 9),
    KTXN__FIELD(msg_offset_commit_response_topic, topic_id, UUID, 10, 10),
    KTXN__ARRAY(msg_offset_commit_response_topic, partitions, ARRAY_STRUCT, 0, 10,
                .of = &msg_offset_commit_response_partition),
};
KTXN__STRUCT(msg_offset_commit_response_topic, "OffsetCommitResponseTopic");

static const struct ktxn__schema_field msg_offset_commit_response_rows[] = {
    KTXN__FIELD(msg_offset_commit_response, throttle_time_ms, I32, 3, 10),
    KTXN__ARRAY(msg_offset_commit_response, topics, ARRAY_STRUCT, 0, 10, .of = &msg_offset_commit_response_topic),
};
KTXN__MESSAGE(msg_offset_commit_response, "OffsetCommitResponseData");

static const struct ktxn__schema_field msg_offset_fetch_request_topic_rows[] = {
    KTXN__FIELD(msg_offset_fetch_request_topic, name, STRING, 0, 7),
    KTXN__ARRAY(msg_offset_fetch_request_topic, partition_indexes, ARRAY_I32, 0, 7),
};
KTXN__STRUCT(msg_offset_fetch_request_topic, "OffsetFetchRequestTopic");

static const struct ktxn__schema_field msg_offset_fetch_request_group_topic_rows[] = {
    KTXN__FIELD(msg_offset_fetch_request_group_topic, name, STRING, 8, 9),
    KTXN__FIELD(msg_offset_fetch_request_group_topic, topic_id, UUID, 10, 10),
    KTXN__ARRAY(msg_offset_fetch_request_group_topic, partition_indexes, ARRAY_I32, 8, 10),
};
KTXN__STRUCT(msg_offset_fetch_request_group_topic, "OffsetFetchRequestTopics");

static const struct ktxn__schema_field msg_offset_fetch_request_group_rows[] = {
    KTXN__FIELD(msg_offset_fetch_request_group, group_id, STRING, 8, 10),
    KTXN__FIELD(msg_offset_fetch_request_group, member_id, STRING, 9, 10, .null_since = KTXN__SINCE(9), .fallback = -1),
    KTXN__FIELD(msg_offset_fetch_request_group, member_epoch, I32, 9, 10, .fallback = -1),
    KTXN__ARRAY(msg_offset_fetch_request_group, topics, ARRAY_STRUCT, 8, 10, .null_since = KTXN__SINCE(8),
                .of = &msg_offset_fetch_request_group_topic),
};
KTXN__STRUCT(msg_offset_fetch_request_group, "OffsetFetchRequestGroup");

static const struct ktxn__schema_field msg_offset_fetch_request_rows[] = {
    KTXN__FIELD(msg_offset_fetch_request, group_id, STRING, 0, 7),
    KTXN__ARRAY(msg_offset_fetch_request, topics, ARRAY_STRUCT, 0, 7, .null_since = KTXN__SINCE(2),
                .of = &msg_offset_fetch_request_topic),
    KTXN__ARRAY(msg_offset_fetch_request, groups, ARRAY_STRUCT, 8, 10, .of = &msg_offset_fetch_request_group),
    KTXN__FIELD(msg_offset_fetch_request, require_stable, BOOL, 7, 10),
};
KTXN__MESSAGE(msg_offset_fetch_request, "OffsetFetchRequestData");

static const struct ktxn__schema_field msg_offset_fetch_response_partition_rows[] = {
    KTXN__FIELD(msg_offset_fetch_response_partition, partition_index, I32, 0, 7),
    KTXN__FIELD(msg_offset_fetch_response_partition, committed_offset, I64, 0, 7),
    KTXN__FIELD(msg_offset_fetch_response_partition, committed_leader_epoch, I32, 5, 7, .fallback = -1),
    KTXN__FIELD(msg_offset_fetch_response_partition, metadata, STRING, 0, 7, .null_since = KTXN__SINCE(0)),
    KTXN__FIELD(msg_offset_fetch_response_partition, error_code, I16, 0, 7),
};
KTXN__STRUCT(msg_offset_fetch_response_partition, "OffsetFetchResponsePartition");

static const struct ktxn__schema_field msg_offset_fetch_response_topic_rows[] = {
    KTXN__FIELD(msg_offset_fetch_response_topic, name, STRING, 0, 7),
    KTXN__ARRAY(msg_offset_fetch_response_topic, partitions, ARRAY_STRUCT, 0, 7,
                .of = &msg_offset_fetch_response_partition),
};
KTXN__STRUCT(msg_offset_fetch_response_topic, "OffsetFetchResponseTopic");

static const struct ktxn__schema_field msg_offset_fetch_response_group_topic_partition_rows[] = {
    KTXN__FIELD(msg_offset_fetch_response_group_topic_partition, partition_index, I32, 8, 10),
    KTXN__FIELD(msg_offset_fetch_response_group_topic_partition, committed_offset, I64, 8, 10),
    KTXN__FIELD(msg_offset_fetch_response_group_topic_partition, committed_leader_epoch, I32, 8, 10, .fallback = -1),
    KTXN__FIELD(msg_offset_fetch_response_group_topic_partition, metadata, STRING, 8, 10, .null_since = KTXN__SINCE(8)),
    KTXN__FIELD(msg_offset_fetch_response_group_topic_partition, error_code, I16, 8, 10),
};
KTXN__STRUCT(msg_offset_fetch_response_group_topic_partition, "OffsetFetchResponsePartitions");

static const struct ktxn__schema_field msg_offset_fetch_response_group_topic_rows[] = {
    KTXN__FIELD(msg_offset_fetch_response_group_topic, name, STRING, 8, 9),
    KTXN__FIELD(msg_offset_fetch_response_group_topic, topic_id, UUID, 10, 10),
    KTXN__ARRAY(msg_offset_fetch_response_group_topic, partitions, ARRAY_STRUCT, 8, 10,
                .of = &msg_offset_fetch_response_group_topic_partition),
};
KTXN__STRUCT(msg_offset_fetch_response_group_topic, "OffsetFetchResponseTopics");

static const struct ktxn__schema_field msg_offset_fetch_response_group_rows[] = {
    KTXN__FIELD(msg_offset_fetch_response_group, group_id, STRING, 8, 10),
    KTXN__ARRAY(msg_offset_fetch_response_group, topics, ARRAY_STRUCT, 8, 10, .of = &msg_offset_fetch_response_group_topic),
    KTXN__FIELD(msg_offset_fetch_response_group, error_code, I16, 8, 10),
};
KTXN__STRUCT(msg_offset_fetch_response_group, "OffsetFetchResponseGroup");

static const struct ktxn__schema_field msg_offset_fetch_response_rows[] = {
    KTXN__FIELD(msg_offset_fetch_response, throttle_time_ms, I32, 3, 10),
    KTXN__ARRAY(msg_offset_fetch_response, topics, ARRAY_STRUCT, 0, 7, .of = &msg_offset_fetch_response_topic),
    KTXN__FIELD(msg_offset_fetch_response, error_code, I16, 2, 7),
    KTXN__ARRAY(msg_offset_fetch_response, groups, ARRAY_STRUCT, 8, 10, .of = &msg_offset_fetch_response_group),
};
KTXN__MESSAGE(msg_offset_fetch_response, "OffsetFetchResponseData");
