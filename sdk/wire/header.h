#ifndef KTXN_WIRE_HEADER_H
#define KTXN_WIRE_HEADER_H

/** Frames, and the headers of requests and responses. A frame is a length of four bytes and as many bytes behind it. */

#include "sdk/wire/cursor.h"

#define KTXN__HEADER_FRAME_PREFIX 4 /* bytes of the length itself */

/**
 * Reads the four bytes of a frame's length. False when it is below 4 (a correlation id must fit) or above `max`: then
 * the connection is of no use any more, and nothing has been allocated.
 */
bool ktxn__header_frame_length(const uint8_t prefix[KTXN__HEADER_FRAME_PREFIX], size_t max, size_t *length);

/** Leaves room for the length and returns where; ktxn__header_frame_end() fills it in. */
size_t ktxn__header_frame_begin(struct ktxn__writer *writer);

/** `spliced` = bytes that belong to the frame and are not in the buffer. Fails above INT32_MAX. */
void ktxn__header_frame_end(struct ktxn__writer *writer, size_t begin, size_t spliced);

/** Header v1 or v2, as the version asks. The client id may be null. */
void ktxn__header_request_encode(struct ktxn__writer *writer, int16_t key, int16_t version, int32_t correlation_id,
                                 struct ktxn__str client_id);

/** The correlation id of a response frame (without its length) of any version. False: too short. */
bool ktxn__header_correlation(const void *frame, size_t size, int32_t *correlation_id);

/** Header v0 or v1 of the answer to a request of this key and version. False: malformed. */
bool ktxn__header_response_decode(struct ktxn__reader *reader, int16_t key, int16_t version, int32_t *correlation_id);

#endif
