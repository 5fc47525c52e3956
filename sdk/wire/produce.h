#ifndef KTXN_WIRE_PRODUCE_H
#define KTXN_WIRE_PRODUCE_H

/*
 * The request is written in pieces, so that record batches, which are large, are spliced in between without a copy:
 *
 *   head; for each topic: topic head; for each partition: partition head, the records, partition tail; topic tail; tail
 */

#include "sdk/base/arena.h"
#include "sdk/wire/cursor.h"

#define KTXN__PRODUCE_VERSION_TOPIC_ID 13 /* KIP-516: the first with topic ids instead of names */

struct ktxn__produce_request {
  struct ktxn__str transactional_id; /* null = not transactional */
  int16_t acks;                      /* -1, 0 or 1; 0 gets no response at all */
  int32_t timeout_ms;
  int32_t topic_count;
};

struct ktxn__produce_request_topic {
  struct ktxn__str name; /* v3 to v12 */
  struct ktxn__uuid id;  /* v13+ */
  int32_t partition_count;
};

/** Sets writer->flexible for the pieces that follow. */
void ktxn__produce_request_head(struct ktxn__writer *writer, int16_t version,
                                const struct ktxn__produce_request *request);
/** Fails for a topic without an id in v13+, and without a name below. */
void ktxn__produce_request_topic_head(struct ktxn__writer *writer, int16_t version,
                                      const struct ktxn__produce_request_topic *topic);
/** `records_size` bytes of records follow: one record batch. */
void ktxn__produce_request_partition_head(struct ktxn__writer *writer, int32_t index, int32_t records_size);
void ktxn__produce_request_partition_tail(struct ktxn__writer *writer);
void ktxn__produce_request_topic_tail(struct ktxn__writer *writer);
void ktxn__produce_request_tail(struct ktxn__writer *writer);

/*
 * What the pieces take, exactly, for a sender that fills a request up to max.request.size. Head and tail together; topic
 * head and tail; partition head and tail without the records.
 */
size_t ktxn__produce_request_size(int16_t version, const struct ktxn__produce_request *request);
size_t ktxn__produce_request_topic_size(int16_t version, const struct ktxn__produce_request_topic *topic);
size_t ktxn__produce_request_partition_size(int16_t version, int32_t records_size);

struct ktxn__produce_record_error {
  int32_t batch_index; /* of the record in its batch */
  struct ktxn__str message;
};

struct ktxn__produce_partition {
  int32_t index;
  int16_t error_code;
  int64_t base_offset;        /* -1 = unknown */
  int64_t log_append_time_ms; /* -1 = the topic keeps the records' own times */
  int64_t log_start_offset;   /* v5+, else -1 */
  struct ktxn__produce_record_error *record_errors; /* v8+, KIP-467 */
  int32_t record_error_count;
  struct ktxn__str error_message; /* v8+, may be null */
  int32_t leader_id;    /* v10+, KIP-951: the new leader, with error 6; -1 = not told */
  int32_t leader_epoch; /* v10+; -1 = not told */
};

struct ktxn__produce_topic {
  struct ktxn__str name; /* v3 to v12, else null */
  struct ktxn__uuid id;  /* v13+, else zero */
  struct ktxn__produce_partition *partitions;
  int32_t partition_count;
};

struct ktxn__produce_node {
  int32_t node_id;
  int32_t port;
  struct ktxn__str host;
  struct ktxn__str rack; /* may be null */
};

struct ktxn__produce_response {
  struct ktxn__produce_topic *topics;
  int32_t topic_count;
  int32_t throttle_time_ms;
  struct ktxn__produce_node *nodes; /* v10+, KIP-951: where the new leaders are */
  int32_t node_count;
};

/** False: malformed. */
bool ktxn__produce_response_decode(struct ktxn__reader *reader, struct ktxn__arena *arena, int16_t version,
                                   struct ktxn__produce_response *response);

#endif
