#include "sdk/wire/add_offsets_to_txn.h"

#include "sdk/wire/api.h"

void ktxn__add_offsets_to_txn_request_encode(struct ktxn__writer *writer, int16_t version,
                                             const struct ktxn__add_offsets_to_txn_request *request) {
  writer->flexible = ktxn__api_flexible(KTXN__API_ADD_OFFSETS_TO_TXN, version);
  ktxn__writer_string(writer, request->transactional_id);
  ktxn__writer_i64(writer, request->producer_id);
  ktxn__writer_i16(writer, request->producer_epoch);
  ktxn__writer_string(writer, request->group_id);
  ktxn__writer_tags(writer);
}

bool ktxn__add_offsets_to_txn_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                              struct ktxn__add_offsets_to_txn_response *response) {
  (void)arena;
  *response = (struct ktxn__add_offsets_to_txn_response){0};
  reader->flexible = ktxn__api_flexible(KTXN__API_ADD_OFFSETS_TO_TXN, version);
  response->throttle_time_ms = ktxn__reader_i32(reader);
  response->error_code = ktxn__reader_i16(reader);
  ktxn__reader_tags(reader);
  return !reader->failed;
}
