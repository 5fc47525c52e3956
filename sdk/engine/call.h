#ifndef KTXN_ENGINE_CALL_H
#define KTXN_ENGINE_CALL_H

/*
 * One request on its way to a broker and back.
 *
 * Lifetime: a call is memory of whoever makes it, normally embedded in a larger struct. Fill the inputs, hand it to
 * ktxn__broker_send(); from then on it belongs to the broker and must not move, change or be freed until done() is
 * called. done() runs exactly once, as the broker's last touch of the call: it may free the call, or fill it anew and
 * send it again, to any broker.
 *
 * Order: the calls of one broker are encoded and written in the order in which they were sent, and end in that order,
 * except that one whose deadline passes while it waits ends before its elders. When a connection breaks, first those
 * that were written end, in order, then those that waited, in order.
 *
 * Re-entrancy: encode(), written() and done() run inside the events and ktxn__cluster_run(), never inside
 * ktxn__broker_send(). done() and written() may call anything of broker.h and cluster.h, except what frees a cluster,
 * feeds an event or runs the cluster. encode() may only write its body.
 *
 * Bounds: a request is at most KTXN__CALL_BYTES_MAX long and has at most KTXN__CALL_SPLICES_MAX spliced pieces.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ktxn__broker;
struct ktxn__call_body; /* the request that encode() is writing */
struct ktxn__reader;
struct ktxn__writer;

#define KTXN__CALL_BYTES_MAX (UINT32_C(100) << 20) /* a broker's own default limit, socket.request.max.bytes */
#define KTXN__CALL_SPLICES_MAX 65536

/** What is known about a request once no answer can come any more. It is never guessed. */
enum ktxn__call_fate {
  KTXN__CALL_ANSWERED,   /* a whole answer to this request is here */
  KTXN__CALL_UNSENT,     /* not one byte of it was handed to the connection: the broker never saw it */
  KTXN__CALL_LOST,       /* some of it was, and no answer came: the broker may have acted, may still act, or not */
  KTXN__CALL_UNSUPPORTED /* the broker has no version of the API between version_min and version_max; nothing was sent */
};

struct ktxn__call {
  /* Inputs. */
  int16_t api;                      /* Kafka's api key */
  int16_t version_min, version_max; /* the highest of them that the connection's broker has is taken */
  /* Until when it may wait for a connection and for its turn: then it ends UNSENT. Absolute, INT64_MAX = none. */
  int64_t deadline_us;
  /* How long its answer may take from the moment when it is encoded; if that passes, the connection is dropped. 0, or more
   * than the settings' request timeout, = as long as that. */
  int64_t answer_us;

  /*
   * Writes the body of the request; the headers are the broker's. Called when the request is about to be written, at
   * most once per ktxn__broker_send(). False = out of memory, or nothing left to ask: the call ends UNSENT.
   */
  bool (*encode)(struct ktxn__call *call, int16_t version, struct ktxn__call_body *body);
  /* May be NULL. The last byte is with the kernel: what was spliced may be changed from here on. If the connection
   * breaks before, done() comes without it. */
  void (*written)(struct ktxn__call *call);
  /* `body` is NULL unless ANSWERED; then it reads the answer's body and is valid during the call only. Bytes that are
   * left in it are ignored. `version` and `broker` below say who answered, and how. */
  void (*done)(struct ktxn__call *call, enum ktxn__call_fate fate, struct ktxn__reader *body, int64_t now_us);

  /* Set by the broker; for the owner to read in done(). */
  int16_t version;             /* the one that was encoded; -1 = none was */
  struct ktxn__broker *broker; /* it was handed to */

  /* The broker's own. */
  struct ktxn__call *next;
  int64_t answer_by_us; /* moved when the broker is muted */
  int32_t correlation_id;
  bool begun; /* bytes of it are with the kernel */
};

/** Where encode() writes. The writer's bytes and the splices form the body in the order in which they are made. */
struct ktxn__writer *ktxn__call_body_writer(struct ktxn__call_body *body);

/**
 * Puts foreign bytes into the body without copying them. They must stay as they are until written() or done().
 * False when memory is short or a bound of this file is reached; encode() must return false then.
 */
bool ktxn__call_body_splice(struct ktxn__call_body *body, const void *data, size_t size);

/**
 * To be called in done() by the owner of a Produce call that was answered, with the answer's throttle_time_ms: mutes the
 * connection for that long if this version asks it of the client (KIP-219). For every other API the broker reads the
 * field itself.
 */
void ktxn__call_throttle(struct ktxn__call *call, int32_t throttle_ms, int64_t now_us);

/**
 * To be called in done() when the answer can't be decoded: the connection is dropped after this event. What the broker
 * did is then as unknown as after KTXN__CALL_LOST.
 */
void ktxn__call_malformed(struct ktxn__call *call);

/** "answered", "unsent"...: for logs. */
const char *ktxn__call_fate_name(enum ktxn__call_fate fate);

#endif
