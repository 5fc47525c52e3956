#include "sdk/wire/init_producer_id.h"

#include "sdk/wire/api.h"

void ktxn__init_producer_id_request_encode(struct ktxn__writer *writer, int16_t version,
                                           const struct ktxn__init_producer_id_request *request) {
  writer->flexible = ktxn__api_flexible(KTXN__API_INIT_PRODUCER_ID, version);
  ktxn__writer_string_nullable(writer, request->transactional_id);
  ktxn__writer_i32(writer, request->transaction_timeout_ms);
  if (version >= 3) {
    ktxn__writer_i64(writer, request->producer_id);
    ktxn__writer_i16(writer, request->producer_epoch);
  } else if (request->producer_id != -1) {
    ktxn__writer_fail(writer);
  }
  ktxn__writer_tags(writer);
}

bool ktxn__init_producer_id_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                            struct ktxn__init_producer_id_response *response) {
  (void)arena;
  *response = (struct ktxn__init_producer_id_response){0};
  reader->flexible = ktxn__api_flexible(KTXN__API_INIT_PRODUCER_ID, version);
  response->throttle_time_ms = ktxn__reader_i32(reader);
  response->error_code = ktxn__reader_i16(reader);
  response->producer_id = ktxn__reader_i64(reader);
  response->producer_epoch = ktxn__reader_i16(reader);
  ktxn__reader_tags(reader);
  return !reader->failed;
}
