#ifndef KTXN_DEVBROKER_JOURNAL_H
#define KTXN_DEVBROKER_JOURNAL_H

/*
 * How a cluster in a directory survives its process: a file of everything that happened to the model, in order and with its
 * time: requests that may change something, control lines, steps. The model has no other inputs, so that playing the file
 * again gives the same cluster. An entry is written before it happens and carries a checksum; a torn end is cut off. It is
 * not flushed to the disk: it survives the end of the process, not that of the machine.
 */

#include "sdk/base/log.h"
#include "sdk/base/mem.h"
#include "sdk/base/span.h"

/** Bytes after which nothing more is written and the broker refuses to go on: it is for tests and demos. */
#define KTXN__JOURNAL_MAX ((int64_t)4 * 1024 * 1024 * 1024)

struct ktxn__journal;

enum ktxn__journal_kind { KTXN__JOURNAL_REQUEST = 1, KTXN__JOURNAL_LINE = 2, KTXN__JOURNAL_STEP = 3 };

struct ktxn__journal_entry {
  enum ktxn__journal_kind kind;
  int32_t node; /* of a request */
  int64_t now;
  struct ktxn__span bytes;
};

/**
 * Opens or makes the file in `directory`, which is made, too, and locks it. `identity` is what the cluster was made with; a
 * file of another is refused. NULL: `why` says so.
 */
struct ktxn__journal *ktxn__journal_open(struct ktxn__mem *mem, const char *directory, const char *identity,
                                         int64_t wall_ms, char *why, size_t why_size);
void ktxn__journal_close(struct ktxn__journal *journal);

/** The wall clock when the model's time was 0. */
int64_t ktxn__journal_wall_ms(const struct ktxn__journal *journal);

/** The next entry that was there at the start; 0 = there is none. -1: memory is short, or the file can't be read. */
int ktxn__journal_next(struct ktxn__journal *journal, struct ktxn__journal_entry *entry);

/** Writes one behind the last. False: it couldn't; then the file is as before. */
bool ktxn__journal_append(struct ktxn__journal *journal, const struct ktxn__journal_entry *entry);

#endif
