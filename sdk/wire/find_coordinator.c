#include "sdk/wire/find_coordinator.h"

#include "sdk/wire/api.h"

#define VERSION_LIST 4 /* KIP-699 */

#define COORDINATOR_MIN 14 /* key 1, node 4, host 1, port 4, error 2, message 1, tags 1 */

void ktxn__find_coordinator_request_encode(struct ktxn__writer *writer, int16_t version,
                                           const struct ktxn__find_coordinator_request *request) {
  writer->flexible = ktxn__api_flexible(KTXN__API_FIND_COORDINATOR, version);
  if (version < VERSION_LIST) {
    ktxn__writer_string(writer, request->key);
  }
  if (version >= 1) {
    ktxn__writer_i8(writer, request->key_type);
  } else if (request->key_type != KTXN__FIND_COORDINATOR_GROUP) {
    ktxn__writer_fail(writer);
  }
  if (version >= VERSION_LIST) {
    ktxn__writer_array(writer, 1);
    ktxn__writer_string(writer, request->key);
  }
  ktxn__writer_tags(writer);
}

static void decode_one(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                       struct ktxn__find_coordinator_response *response) {
  struct ktxn__find_coordinator_coordinator *found = ktxn__arena_alloc(arena, sizeof *found);
  if (found == NULL) {
    reader->starved = true;
    ktxn__reader_fail(reader);
    return;
  }
  found->key = KTXN__STR_NULL;
  found->error_code = ktxn__reader_i16(reader);
  found->error_message = version >= 1 ? ktxn__reader_string_nullable(reader) : KTXN__STR_NULL;
  found->node_id = ktxn__reader_i32(reader);
  found->host = ktxn__reader_string(reader);
  found->port = ktxn__reader_i32(reader);
  response->coordinators = found;
  response->coordinator_count = 1;
}

static void decode_list(struct ktxn__reader *reader, struct ktxn__arena *arena,
                        struct ktxn__find_coordinator_response *response) {
  response->coordinators = ktxn__reader_array_of(reader, arena, COORDINATOR_MIN, sizeof *response->coordinators,
                                                 &response->coordinator_count);
  for (int32_t i = 0; i < response->coordinator_count && !reader->failed; i++) {
    struct ktxn__find_coordinator_coordinator *found = &response->coordinators[i];
    found->key = ktxn__reader_string(reader);
    found->node_id = ktxn__reader_i32(reader);
    found->host = ktxn__reader_string(reader);
    found->port = ktxn__reader_i32(reader);
    found->error_code = ktxn__reader_i16(reader);
    found->error_message = ktxn__reader_string_nullable(reader);
    ktxn__reader_tags(reader);
  }
}

bool ktxn__find_coordinator_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                            struct ktxn__find_coordinator_response *response) {
  *response = (struct ktxn__find_coordinator_response){0};
  reader->flexible = ktxn__api_flexible(KTXN__API_FIND_COORDINATOR, version);
  response->throttle_time_ms = version >= 1 ? ktxn__reader_i32(reader) : 0;
  if (version < VERSION_LIST) {
    decode_one(reader, arena, version, response);
  } else {
    decode_list(reader, arena, response);
  }
  ktxn__reader_tags(reader);
  return !reader->failed;
}
