#include "sdk/wire/txn_offset_commit.h"

#include "sdk/wire/api.h"

#define VERSION_GROUP 3    /* KIP-447 */
#define VERSION_TOPIC_ID 6 /* KIP-1319 */

/* The fewest bytes that an element can have, in whichever version has the fewest. */
#define TOPIC_MIN 3     /* name 1, array 1, tags 1 */
#define PARTITION_MIN 6 /* index 4, error 2 */

static bool has_membership(const struct ktxn__txn_offset_commit_request *request) {
  return request->generation_id != -1 || request->member_id.len > 0 || !ktxn__str_null(request->group_instance_id);
}

static void encode_group(struct ktxn__writer *writer, int16_t version,
                         const struct ktxn__txn_offset_commit_request *request) {
  if (version < VERSION_GROUP) {
    /* KIP-447: without its membership, the commit of a consumer that was thrown out would be taken. */
    writer->failed |= has_membership(request);
    return;
  }
  ktxn__writer_i32(writer, request->generation_id);
  ktxn__writer_string(writer, ktxn__str_null(request->member_id) ? KTXN__STR("") : request->member_id);
  ktxn__writer_string_nullable(writer, request->group_instance_id);
}

static void encode_partition(struct ktxn__writer *writer, int16_t version,
                             const struct ktxn__txn_offset_commit_request_partition *partition) {
  ktxn__writer_i32(writer, partition->index);
  ktxn__writer_i64(writer, partition->offset);
  if (version >= 2) {
    ktxn__writer_i32(writer, partition->leader_epoch);
  }
  ktxn__writer_string_nullable(writer, partition->metadata);
  ktxn__writer_tags(writer);
}

static void encode_topic(struct ktxn__writer *writer, int16_t version,
                         const struct ktxn__txn_offset_commit_request_topic *topic) {
  if (version >= VERSION_TOPIC_ID) {
    writer->failed |= ktxn__uuid_zero(&topic->id);
    ktxn__writer_uuid(writer, &topic->id);
  } else {
    ktxn__writer_string(writer, topic->name);
  }
  ktxn__writer_array(writer, topic->partition_count);
  for (int32_t i = 0; i < topic->partition_count && !writer->failed; i++) {
    encode_partition(writer, version, &topic->partitions[i]);
  }
  ktxn__writer_tags(writer);
}

void ktxn__txn_offset_commit_request_encode(struct ktxn__writer *writer, int16_t version,
                                            const struct ktxn__txn_offset_commit_request *request) {
  writer->flexible = ktxn__api_flexible(KTXN__API_TXN_OFFSET_COMMIT, version);
  ktxn__writer_string(writer, request->transactional_id);
  ktxn__writer_string(writer, request->group_id);
  ktxn__writer_i64(writer, request->producer_id);
  ktxn__writer_i16(writer, request->producer_epoch);
  encode_group(writer, version, request);
  ktxn__writer_array(writer, request->topic_count);
  for (int32_t i = 0; i < request->topic_count && !writer->failed; i++) {
    encode_topic(writer, version, &request->topics[i]);
  }
  ktxn__writer_tags(writer);
}

static void decode_topic(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                         struct ktxn__txn_offset_commit_topic *topic) {
  topic->name = version < VERSION_TOPIC_ID ? ktxn__reader_string(reader) : KTXN__STR_NULL;
  if (version >= VERSION_TOPIC_ID) {
    topic->id = ktxn__reader_uuid(reader);
  }
  topic->partitions =
      ktxn__reader_array_of(reader, arena, PARTITION_MIN, sizeof *topic->partitions, &topic->partition_count);
  for (int32_t i = 0; i < topic->partition_count && !reader->failed; i++) {
    topic->partitions[i].index = ktxn__reader_i32(reader);
    topic->partitions[i].error_code = ktxn__reader_i16(reader);
    ktxn__reader_tags(reader);
  }
  ktxn__reader_tags(reader);
}

bool ktxn__txn_offset_commit_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                             struct ktxn__txn_offset_commit_response *response) {
  *response = (struct ktxn__txn_offset_commit_response){0};
  reader->flexible = ktxn__api_flexible(KTXN__API_TXN_OFFSET_COMMIT, version);
  response->throttle_time_ms = ktxn__reader_i32(reader);
  response->topics = ktxn__reader_array_of(reader, arena, TOPIC_MIN, sizeof *response->topics, &response->topic_count);
  for (int32_t i = 0; i < response->topic_count && !reader->failed; i++) {
    decode_topic(reader, arena, version, &response->topics[i]);
  }
  ktxn__reader_tags(reader);
  return !reader->failed;
}
