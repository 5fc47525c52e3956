#include <stdint.h>
#include <string.h>

#include "ktxn/producer.h"
#include "sdk/base/utf8.h"
#include "sdk/error.h"

/*
 * What rd_kafka_consumer_group_metadata_write() gives, the same in librdkafka 1.6 and every later version:
 * "CGMDv2:", the generation (INT32 in the machine's byte order), group id, member id, a byte that is 0 when a group
 * instance id follows, and that id. Each string ends with a NUL.
 */
static const char magic[] = "CGMDv2:";
static const char magic_old[] = "CGMDv1:"; /* before 1.6: the group id alone, which fences nothing */
#define MAGIC_SIZE (sizeof magic - 1)

/* Kafka protocol: STRING and COMPACT_STRING fields hold at most 32767 bytes. */
#define ID_MAX_BYTES INT16_MAX

struct bytes {
  const char *at;
  const char *end;
};

static int refuse(ktxn_error *error, const char *what) {
  ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE, "ktxn_group_from_librdkafka: %s", what);
  return KTXN_E_INVALID_ARGUMENT;
}

static const char *take_string(struct bytes *in) {
  const char *start = in->at;
  const char *nul = memchr(start, '\0', (size_t)(in->end - start));
  if (!nul || nul - start > ID_MAX_BYTES || !ktxn__utf8_valid(start, (size_t)(nul - start))) {
    return NULL;
  }
  in->at = nul + 1;
  return start;
}

static int parse_strings(struct bytes *in, ktxn_group *group, ktxn_error *error) {
  group->group_id = take_string(in);
  group->member_id = group->group_id ? take_string(in) : NULL;
  if (!group->member_id || in->at == in->end) {
    return refuse(error, "the bytes are cut off or hold something else than ids");
  }
  char absent = *in->at++;
  if (absent != 0 && absent != 1) {
    return refuse(error, "the bytes are damaged: the mark of the group instance id is neither 0 nor 1");
  }
  group->group_instance_id = absent ? NULL : take_string(in);
  if ((!absent && !group->group_instance_id) || in->at != in->end) {
    return refuse(error, "the bytes are cut off, or more of them than there should be");
  }
  return KTXN_E_OK;
}

/* librdkafka gives these when its consumer's session has timed out: the generation stays, the member id is emptied. A
 * broker takes offsets of generation -1 without a member unchecked (KIP-447), so they must not be mended into that. */
static int lost_place(ktxn_error *error) {
  return ktxn__error_set(error, KTXN_E_UNKNOWN_MEMBER_ID, KTXN_CLASS_ABORT,
                         "the consumer has lost its place in the group (a generation without a member id): abort the "
                         "transaction and rewind; the consumer joins again by itself");
}

/* What the broker would refuse, or take without fencing, is refused here already (KIP-447). */
static int check_sense(const ktxn_group *group, ktxn_error *error) {
  if (group->group_id[0] == '\0') {
    return refuse(error, "the group id is empty; take the metadata of a consumer with group.id");
  }
  if (group->generation < -1) {
    return refuse(error, "the generation is negative");
  }
  if (group->generation > 0 && group->member_id[0] == '\0') {
    return lost_place(error);
  }
  return KTXN_E_OK;
}

static int check_frame(const void *bytes, size_t size, size_t storage_size, ktxn_error *error) {
  if (size >= MAGIC_SIZE && memcmp(bytes, magic_old, MAGIC_SIZE) == 0) {
    return refuse(error, "the bytes are of a librdkafka before 1.6, without member and generation; take a newer one");
  }
  if (size < MAGIC_SIZE + sizeof(int32_t) || memcmp(bytes, magic, MAGIC_SIZE) != 0) {
    return refuse(error, "these are not the bytes of rd_kafka_consumer_group_metadata_write()");
  }
  if (storage_size < size) {
    return ktxn__error_set(error, KTXN_E_INVALID_ARGUMENT, KTXN_CLASS_USAGE,
                           "ktxn_group_from_librdkafka: the storage has %zu bytes, %zu are needed", storage_size, size);
  }
  return KTXN_E_OK;
}

int ktxn_group_from_librdkafka(const void *bytes, size_t size, void *storage, size_t storage_size, ktxn_group *group,
                               ktxn_error *error) {
  ktxn__error_clear(error);
  if (!bytes || !storage || !group) {
    return refuse(error, "bytes, storage and group may not be NULL");
  }
  int code = check_frame(bytes, size, storage_size, error);
  if (code) {
    return code;
  }
  memmove(storage, bytes, size);
  ktxn_group parsed = {0};
  struct bytes in = {(const char *)storage + MAGIC_SIZE + sizeof(int32_t), (const char *)storage + size};
  memcpy(&parsed.generation, (const char *)storage + MAGIC_SIZE, sizeof(int32_t));
  code = parse_strings(&in, &parsed, error);
  if (!code) {
    code = check_sense(&parsed, error);
  }
  if (!code) {
    *group = parsed;
  }
  return code;
}
