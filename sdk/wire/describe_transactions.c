#include "sdk/wire/describe_transactions.h"

#include "sdk/wire/api.h"

#define TRANSACTION_MIN 28 /* error 2, id 1, state 1, timeout 4, start 8, producer id 8, epoch 2, array 1, tags 1 */
#define TOPIC_MIN 3        /* name 1, array 1, tags 1 */

void ktxn__describe_transactions_request_encode(struct ktxn__writer *writer, int16_t version,
                                                const struct ktxn__describe_transactions_request *request) {
  writer->flexible = ktxn__api_flexible(KTXN__API_DESCRIBE_TRANSACTIONS, version);
  ktxn__writer_array(writer, request->transactional_id_count);
  for (int32_t i = 0; i < request->transactional_id_count && !writer->failed; i++) {
    ktxn__writer_string(writer, request->transactional_ids[i]);
  }
  ktxn__writer_tags(writer);
}

static void decode_topics(struct ktxn__reader *reader, struct ktxn__arena *arena,
                          struct ktxn__describe_transactions_transaction *transaction) {
  transaction->topics =
      ktxn__reader_array_of(reader, arena, TOPIC_MIN, sizeof *transaction->topics, &transaction->topic_count);
  for (int32_t i = 0; i < transaction->topic_count && !reader->failed; i++) {
    struct ktxn__describe_transactions_topic *topic = &transaction->topics[i];
    topic->name = ktxn__reader_string(reader);
    topic->partitions = ktxn__reader_i32_array(reader, arena, &topic->partition_count);
    ktxn__reader_tags(reader);
  }
}

static void decode_transaction(struct ktxn__reader *reader, struct ktxn__arena *arena,
                               struct ktxn__describe_transactions_transaction *transaction) {
  transaction->error_code = ktxn__reader_i16(reader);
  transaction->transactional_id = ktxn__reader_string(reader);
  transaction->state = ktxn__reader_string(reader);
  transaction->timeout_ms = ktxn__reader_i32(reader);
  transaction->start_time_ms = ktxn__reader_i64(reader);
  transaction->producer_id = ktxn__reader_i64(reader);
  transaction->producer_epoch = ktxn__reader_i16(reader);
  decode_topics(reader, arena, transaction);
  ktxn__reader_tags(reader);
}

bool ktxn__describe_transactions_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena,
                                                 int16_t version,
                                                 struct ktxn__describe_transactions_response *response) {
  *response = (struct ktxn__describe_transactions_response){0};
  reader->flexible = ktxn__api_flexible(KTXN__API_DESCRIBE_TRANSACTIONS, version);
  response->throttle_time_ms = ktxn__reader_i32(reader);
  response->transactions = ktxn__reader_array_of(reader, arena, TRANSACTION_MIN, sizeof *response->transactions,
                                                 &response->transaction_count);
  for (int32_t i = 0; i < response->transaction_count && !reader->failed; i++) {
    decode_transaction(reader, arena, &response->transactions[i]);
  }
  ktxn__reader_tags(reader);
  return !reader->failed;
}
