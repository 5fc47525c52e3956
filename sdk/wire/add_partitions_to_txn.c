#include "sdk/wire/add_partitions_to_txn.h"

#include "sdk/wire/api.h"

/* The fewest bytes that an element can have, in whichever version has the fewest. */
#define TOPIC_MIN 3     /* name 1, array 1, tags 1 */
#define PARTITION_MIN 6 /* index 4, error 2 */

void ktxn__add_partitions_to_txn_request_encode(struct ktxn__writer *writer, int16_t version,
                                                const struct ktxn__add_partitions_to_txn_request *request) {
  writer->flexible = ktxn__api_flexible(KTXN__API_ADD_PARTITIONS_TO_TXN, version);
  ktxn__writer_string(writer, request->transactional_id);
  ktxn__writer_i64(writer, request->producer_id);
  ktxn__writer_i16(writer, request->producer_epoch);
  ktxn__writer_array(writer, request->topic_count);
  for (int32_t i = 0; i < request->topic_count && !writer->failed; i++) {
    ktxn__writer_string(writer, request->topics[i].name);
    ktxn__writer_i32_array(writer, request->topics[i].partitions, request->topics[i].partition_count);
    ktxn__writer_tags(writer);
  }
  ktxn__writer_tags(writer);
}

static void decode_topic(struct ktxn__reader *reader, struct ktxn__arena *arena,
                         struct ktxn__add_partitions_to_txn_topic *topic) {
  topic->name = ktxn__reader_string(reader);
  topic->partitions =
      ktxn__reader_array_of(reader, arena, PARTITION_MIN, sizeof *topic->partitions, &topic->partition_count);
  for (int32_t i = 0; i < topic->partition_count && !reader->failed; i++) {
    topic->partitions[i].index = ktxn__reader_i32(reader);
    topic->partitions[i].error_code = ktxn__reader_i16(reader);
    ktxn__reader_tags(reader);
  }
  ktxn__reader_tags(reader);
}

bool ktxn__add_partitions_to_txn_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena,
                                                 int16_t version,
                                                 struct ktxn__add_partitions_to_txn_response *response) {
  *response = (struct ktxn__add_partitions_to_txn_response){0};
  reader->flexible = ktxn__api_flexible(KTXN__API_ADD_PARTITIONS_TO_TXN, version);
  response->throttle_time_ms = ktxn__reader_i32(reader);
  response->topics = ktxn__reader_array_of(reader, arena, TOPIC_MIN, sizeof *response->topics, &response->topic_count);
  for (int32_t i = 0; i < response->topic_count && !reader->failed; i++) {
    decode_topic(reader, arena, &response->topics[i]);
  }
  ktxn__reader_tags(reader);
  return !reader->failed;
}
