#include "sdk/wire/metadata.h"

#include "sdk/wire/api.h"

#define VERSION_TOPIC_ID 10 /* KIP-516: ids in answers */
#define VERSION_BY_ID 12    /* KIP-516: ids in requests */

/* The fewest bytes that an element can have, in whichever version has the fewest. */
#define BROKER_MIN 10    /* node 4, host 2, port 4 */
#define TOPIC_MIN 8      /* error 2, name 2, array 4 */
#define PARTITION_MIN 18 /* error 2, index 4, leader 4, epoch 4, three arrays 1 each, tags 1; 18 in v0 */

static void encode_topic(struct ktxn__writer *writer, int16_t version,
                         const struct ktxn__metadata_request_topic *topic) {
  if (version >= VERSION_TOPIC_ID) {
    ktxn__writer_uuid(writer, &topic->id);
  }
  if (version >= VERSION_BY_ID) {
    ktxn__writer_string_nullable(writer, topic->name);
  } else {
    ktxn__writer_string(writer, topic->name);
  }
  ktxn__writer_tags(writer);
}

static void encode_topics(struct ktxn__writer *writer, int16_t version,
                          const struct ktxn__metadata_request *request) {
  int32_t count = request->topic_count;
  if (version == 0) {
    /* v0 has no null list: its empty list means all topics, and "none" can't be said. */
    writer->failed |= count == 0;
    count = count < 0 ? 0 : count;
  }
  ktxn__writer_array(writer, count);
  for (int32_t i = 0; i < count && !writer->failed; i++) {
    encode_topic(writer, version, &request->topics[i]);
  }
}

void ktxn__metadata_request_encode(struct ktxn__writer *writer, int16_t version,
                                   const struct ktxn__metadata_request *request) {
  writer->flexible = ktxn__api_flexible(KTXN__API_METADATA, version);
  encode_topics(writer, version, request);
  if (version >= 4) {
    ktxn__writer_bool(writer, request->allow_auto_topic_creation);
  }
  if (version >= 8 && version <= 10) {
    ktxn__writer_bool(writer, false); /* the operations allowed on the cluster: not of interest */
  }
  if (version >= 8) {
    ktxn__writer_bool(writer, false); /* the operations allowed on each topic: not of interest */
  }
  ktxn__writer_tags(writer);
}

static void decode_brokers(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                           struct ktxn__metadata_response *response) {
  response->brokers =
      ktxn__reader_array_of(reader, arena, BROKER_MIN, sizeof *response->brokers, &response->broker_count);
  for (int32_t i = 0; i < response->broker_count && !reader->failed; i++) {
    struct ktxn__metadata_broker *broker = &response->brokers[i];
    broker->node_id = ktxn__reader_i32(reader);
    broker->host = ktxn__reader_string(reader);
    broker->port = ktxn__reader_i32(reader);
    broker->rack = version >= 1 ? ktxn__reader_string_nullable(reader) : KTXN__STR_NULL;
    ktxn__reader_tags(reader);
  }
}

static void decode_partition(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                             struct ktxn__metadata_partition *partition) {
  partition->error_code = ktxn__reader_i16(reader);
  partition->index = ktxn__reader_i32(reader);
  partition->leader_id = ktxn__reader_i32(reader);
  partition->leader_epoch = version >= 7 ? ktxn__reader_i32(reader) : -1;
  partition->replicas = ktxn__reader_i32_array(reader, arena, &partition->replica_count);
  partition->isr = ktxn__reader_i32_array(reader, arena, &partition->isr_count);
  if (version >= 5) {
    partition->offline = ktxn__reader_i32_array(reader, arena, &partition->offline_count);
  }
  ktxn__reader_tags(reader);
}

static void decode_topic(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                         struct ktxn__metadata_topic *topic) {
  topic->error_code = ktxn__reader_i16(reader);
  topic->name = version >= 12 ? ktxn__reader_string_nullable(reader) : ktxn__reader_string(reader);
  if (version >= VERSION_TOPIC_ID) {
    topic->id = ktxn__reader_uuid(reader);
  }
  topic->internal = version >= 1 && ktxn__reader_bool(reader);
  topic->partitions =
      ktxn__reader_array_of(reader, arena, PARTITION_MIN, sizeof *topic->partitions, &topic->partition_count);
  for (int32_t i = 0; i < topic->partition_count && !reader->failed; i++) {
    decode_partition(reader, arena, version, &topic->partitions[i]);
  }
  topic->authorized_operations = version >= 8 ? ktxn__reader_i32(reader) : INT32_MIN;
  ktxn__reader_tags(reader);
}

bool ktxn__metadata_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                    struct ktxn__metadata_response *response) {
  *response = (struct ktxn__metadata_response){0};
  reader->flexible = ktxn__api_flexible(KTXN__API_METADATA, version);
  response->throttle_time_ms = version >= 3 ? ktxn__reader_i32(reader) : 0;
  decode_brokers(reader, arena, version, response);
  response->cluster_id = version >= 2 ? ktxn__reader_string_nullable(reader) : KTXN__STR_NULL;
  response->controller_id = version >= 1 ? ktxn__reader_i32(reader) : -1;
  response->topics = ktxn__reader_array_of(reader, arena, TOPIC_MIN, sizeof *response->topics, &response->topic_count);
  for (int32_t i = 0; i < response->topic_count && !reader->failed; i++) {
    decode_topic(reader, arena, version, &response->topics[i]);
  }
  if (version >= 8 && version <= 10) {
    ktxn__reader_i32(reader); /* the operations allowed on the cluster: not asked for */
  }
  response->error_code = version >= 13 ? ktxn__reader_i16(reader) : 0;
  ktxn__reader_tags(reader);
  return !reader->failed;
}
