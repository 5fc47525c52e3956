#ifndef KTXN_ENGINE_OP_H
#define KTXN_ENGINE_OP_H

/*
 * An operation: something that an application thread asks of the I/O thread and that ends later. It is made and freed
 * by whoever asked; from ktxn__sender_submit() until done() has been called it is the sender's, and nobody else reads
 * or writes it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ktxn/producer.h"

struct ktxn__mem;

enum ktxn__op_type {
  KTXN__OP_INIT,    /* ktxn_init_transactions() */
  KTXN__OP_COMMIT,  /* the gate has been closed (committing) before it is submitted */
  KTXN__OP_ABORT,   /* the gate has been closed (aborting) before it is submitted */
  KTXN__OP_OFFSETS, /* inputs: offsets, offset_count, group */
  KTXN__OP_FLUSH,   /* ends when every batch that existed at submit has its fate */
  KTXN__OP_CLOSE    /* the accumulator has been closed before it is submitted; input: deadline_us */
};

struct ktxn__op {
  struct ktxn__op *next; /* the sender's list, or the owner's while the sender doesn't have it */
  enum ktxn__op_type type;

  /* inputs; what they point to stays unchanged until done() */
  const ktxn_offset *offsets;
  size_t offset_count;
  const ktxn_group *group;
  int64_t deadline_us; /* CLOSE: absolute; INT64_MAX = none. The others end when their answer is known */

  /* results, valid in done() */
  ktxn_error error; /* code 0 = success */
  int64_t ordinal;  /* of the transaction it was about, 0 = none */

  /* Called once, on the I/O thread, as the sender's last touch of it. It must not call into the sender or engine. */
  void (*done)(struct ktxn__op *op);
  void *owner;

  void *copy;    /* storage of ktxn__op_set_offsets(), NULL = none */
  uint64_t mark; /* FLUSH: the sender's own */
};

/** An operation without inputs, done() and owner still to be set; from `mem`. NULL when memory is short. */
struct ktxn__op *ktxn__op_new(struct ktxn__mem *mem, enum ktxn__op_type type);

/** Copies the offsets and the group into the operation. False when memory is short; the operation is unchanged then. */
bool ktxn__op_set_offsets(struct ktxn__mem *mem, struct ktxn__op *op, const ktxn_offset *offsets, size_t count,
                          const ktxn_group *group);

/** Does the operation carry exactly these offsets and this group? (A call that resumes repeats its arguments.) */
bool ktxn__op_same_offsets(const struct ktxn__op *op, const ktxn_offset *offsets, size_t count,
                           const ktxn_group *group);

/** NULL is allowed. */
void ktxn__op_free(struct ktxn__mem *mem, struct ktxn__op *op);

#endif
