#include "sdk/wire/produce.h"

#include "sdk/wire/api.h"

#define VERSION_RECORD_ERRORS 8 /* KIP-467 */

/* The fewest bytes that an element can have, in whichever version has the fewest. */
#define TOPIC_MIN 3        /* name 1, array 1, tags 1 */
#define PARTITION_MIN 22   /* index 4, error 2, offset 8, time 8 */
#define RECORD_ERROR_MIN 6 /* index 4, message 1, tags 1 */
#define NODE_MIN 11        /* id 4, host 1, port 4, rack 1, tags 1 */

enum { TAG_CURRENT_LEADER = 0 };
enum { TAG_NODE_ENDPOINTS = 0 };

void ktxn__produce_request_head(struct ktxn__writer *writer, int16_t version,
                                const struct ktxn__produce_request *request) {
  writer->flexible = ktxn__api_flexible(KTXN__API_PRODUCE, version);
  ktxn__writer_string_nullable(writer, request->transactional_id);
  ktxn__writer_i16(writer, request->acks);
  ktxn__writer_i32(writer, request->timeout_ms);
  ktxn__writer_array(writer, request->topic_count);
}

void ktxn__produce_request_topic_head(struct ktxn__writer *writer, int16_t version,
                                      const struct ktxn__produce_request_topic *topic) {
  if (version >= KTXN__PRODUCE_VERSION_TOPIC_ID) {
    writer->failed |= ktxn__uuid_zero(&topic->id);
    ktxn__writer_uuid(writer, &topic->id);
  } else {
    ktxn__writer_string(writer, topic->name);
  }
  ktxn__writer_array(writer, topic->partition_count);
}

void ktxn__produce_request_partition_head(struct ktxn__writer *writer, int32_t index, int32_t records_size) {
  ktxn__writer_i32(writer, index);
  ktxn__writer_bytes_length(writer, records_size);
}

void ktxn__produce_request_partition_tail(struct ktxn__writer *writer) {
  ktxn__writer_tags(writer);
}

void ktxn__produce_request_topic_tail(struct ktxn__writer *writer) {
  ktxn__writer_tags(writer);
}

void ktxn__produce_request_tail(struct ktxn__writer *writer) {
  ktxn__writer_tags(writer);
}

static size_t length_size(bool flexible, int32_t length) {
  return flexible ? ktxn__writer_uvarint_size((uint32_t)length + 1) : 4;
}

static size_t string_size(bool flexible, struct ktxn__str str) {
  size_t size = str.len < 0 ? 0 : (size_t)str.len;
  return size + (flexible ? ktxn__writer_uvarint_size((uint32_t)size + 1) : 2);
}

size_t ktxn__produce_request_size(int16_t version, const struct ktxn__produce_request *request) {
  bool flexible = ktxn__api_flexible(KTXN__API_PRODUCE, version);
  return string_size(flexible, request->transactional_id) + 2 + 4 + length_size(flexible, request->topic_count) +
         (flexible ? 1 : 0);
}

size_t ktxn__produce_request_topic_size(int16_t version, const struct ktxn__produce_request_topic *topic) {
  bool flexible = ktxn__api_flexible(KTXN__API_PRODUCE, version);
  size_t name_size =
      version >= KTXN__PRODUCE_VERSION_TOPIC_ID ? sizeof topic->id.bytes : string_size(flexible, topic->name);
  return name_size + length_size(flexible, topic->partition_count) + (flexible ? 1 : 0);
}

size_t ktxn__produce_request_partition_size(int16_t version, int32_t records_size) {
  bool flexible = ktxn__api_flexible(KTXN__API_PRODUCE, version);
  return 4 + length_size(flexible, records_size) + (flexible ? 1 : 0);
}

static void decode_record_errors(struct ktxn__reader *reader, struct ktxn__arena *arena,
                                 struct ktxn__produce_partition *partition) {
  partition->record_errors = ktxn__reader_array_of(reader, arena, RECORD_ERROR_MIN, sizeof *partition->record_errors,
                                                   &partition->record_error_count);
  for (int32_t i = 0; i < partition->record_error_count && !reader->failed; i++) {
    partition->record_errors[i].batch_index = ktxn__reader_i32(reader);
    partition->record_errors[i].message = ktxn__reader_string_nullable(reader);
    ktxn__reader_tags(reader);
  }
}

static void decode_partition_tags(struct ktxn__reader *reader, int16_t version,
                                  struct ktxn__produce_partition *partition) {
  struct ktxn__reader_tags tags;
  ktxn__reader_tags_begin(reader, &tags);
  while (ktxn__reader_tags_next(reader, &tags)) {
    if (version >= 10 && tags.tag == TAG_CURRENT_LEADER) {
      partition->leader_id = ktxn__reader_i32(&tags.field);
      partition->leader_epoch = ktxn__reader_i32(&tags.field);
    }
  }
}

static void decode_partition(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                             struct ktxn__produce_partition *partition) {
  partition->leader_id = -1;
  partition->leader_epoch = -1;
  partition->error_message = KTXN__STR_NULL;
  partition->index = ktxn__reader_i32(reader);
  partition->error_code = ktxn__reader_i16(reader);
  partition->base_offset = ktxn__reader_i64(reader);
  partition->log_append_time_ms = ktxn__reader_i64(reader);
  partition->log_start_offset = version >= 5 ? ktxn__reader_i64(reader) : -1;
  if (version >= VERSION_RECORD_ERRORS) {
    decode_record_errors(reader, arena, partition);
    partition->error_message = ktxn__reader_string_nullable(reader);
  }
  decode_partition_tags(reader, version, partition);
}

static void decode_topic(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                         struct ktxn__produce_topic *topic) {
  topic->name = version < KTXN__PRODUCE_VERSION_TOPIC_ID ? ktxn__reader_string(reader) : KTXN__STR_NULL;
  if (version >= KTXN__PRODUCE_VERSION_TOPIC_ID) {
    topic->id = ktxn__reader_uuid(reader);
  }
  topic->partitions =
      ktxn__reader_array_of(reader, arena, PARTITION_MIN, sizeof *topic->partitions, &topic->partition_count);
  for (int32_t i = 0; i < topic->partition_count && !reader->failed; i++) {
    decode_partition(reader, arena, version, &topic->partitions[i]);
  }
  ktxn__reader_tags(reader);
}

static void decode_nodes(struct ktxn__reader *reader, struct ktxn__arena *arena,
                         struct ktxn__produce_response *response) {
  response->nodes = ktxn__reader_array_of(reader, arena, NODE_MIN, sizeof *response->nodes, &response->node_count);
  for (int32_t i = 0; i < response->node_count && !reader->failed; i++) {
    response->nodes[i].node_id = ktxn__reader_i32(reader);
    response->nodes[i].host = ktxn__reader_string(reader);
    response->nodes[i].port = ktxn__reader_i32(reader);
    response->nodes[i].rack = ktxn__reader_string_nullable(reader);
    ktxn__reader_tags(reader);
  }
}

static void decode_response_tags(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                 struct ktxn__produce_response *response) {
  struct ktxn__reader_tags tags;
  ktxn__reader_tags_begin(reader, &tags);
  while (ktxn__reader_tags_next(reader, &tags)) {
    if (version >= 10 && tags.tag == TAG_NODE_ENDPOINTS) {
      decode_nodes(&tags.field, arena, response);
    }
  }
}

bool ktxn__produce_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                   struct ktxn__produce_response *response) {
  *response = (struct ktxn__produce_response){0};
  reader->flexible = ktxn__api_flexible(KTXN__API_PRODUCE, version);
  response->topics = ktxn__reader_array_of(reader, arena, TOPIC_MIN, sizeof *response->topics, &response->topic_count);
  for (int32_t i = 0; i < response->topic_count && !reader->failed; i++) {
    decode_topic(reader, arena, version, &response->topics[i]);
  }
  response->throttle_time_ms = ktxn__reader_i32(reader);
  decode_response_tags(reader, arena, version, response);
  return !reader->failed;
}
