#include "sdk/devbroker/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sdk/base/buffer.h"
#include "sdk/base/crc32c.h"

#define MAGIC "ktxn-devbroker 1\n"

enum { IDENTITY = 256, ENTRY_MAX = 128 * 1024 * 1024 };

/* The file: the magic, the wall clock, the identity; then entries of a head and bytes. */
struct start {
  char magic[sizeof MAGIC - 1];
  char pad[32 - (sizeof MAGIC - 1)];
  int64_t wall_ms;
  char identity[IDENTITY];
};

struct ktxn__journal {
  struct ktxn__mem *mem;
  int fd;
  int64_t size; /* of the good part */
  struct start start;
  struct ktxn__buffer bytes;
};

/* Of this machine's making and for this machine alone: its own byte order will do. */
struct head {
  uint32_t crc; /* of what follows, bytes included */
  uint32_t size;
  int32_t kind;
  int32_t node;
  int64_t now;
};

static bool refuse(char *why, size_t why_size, const char *what, const char *reason) {
  (void)snprintf(why, why_size, "%s: %s", what, reason);
  return false;
}

static uint32_t checksum(const struct head *head, struct ktxn__span bytes) {
  uint32_t crc = ktxn__crc32c(0, (const char *)head + sizeof head->crc, sizeof *head - sizeof head->crc);
  return ktxn__crc32c(crc, bytes.data, bytes.size);
}

static bool open_file(struct ktxn__journal *journal, const char *directory, char *why, size_t why_size) {
  char path[1024];
  if (mkdir(directory, 0777) != 0 && errno != EEXIST) {
    return refuse(why, why_size, directory, strerror(errno));
  }
  if (snprintf(path, sizeof path, "%s/journal", directory) >= (int)sizeof path) {
    return refuse(why, why_size, directory, "the name is too long");
  }
  journal->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (journal->fd < 0) {
    return refuse(why, why_size, path, strerror(errno));
  }
  return flock(journal->fd, LOCK_EX | LOCK_NB) == 0 || refuse(why, why_size, path, "in use by another broker");
}

static bool begin(struct ktxn__journal *journal, const char *identity, int64_t wall_ms, char *why, size_t why_size) {
  struct start *start = &journal->start;
  journal->size = sizeof *start;
  ssize_t got = pread(journal->fd, start, sizeof *start, 0);
  if (got == 0) {
    *start = (struct start){.magic = {0}, .wall_ms = wall_ms};
    memcpy(start->magic, MAGIC, sizeof start->magic);
    (void)snprintf(start->identity, sizeof start->identity, "%s", identity);
    return pwrite(journal->fd, start, sizeof *start, 0) == (ssize_t)sizeof *start ||
           refuse(why, why_size, "the journal", "can't be written");
  }
  if (got != (ssize_t)sizeof *start || memcmp(start->magic, MAGIC, sizeof start->magic) != 0) {
    return refuse(why, why_size, "the journal", "is not one of this program");
  }
  start->identity[IDENTITY - 1] = '\0';
  return strncmp(start->identity, identity, IDENTITY - 1) == 0 ||
         refuse(why, why_size, "the directory belongs to another kind of cluster", start->identity);
}

struct ktxn__journal *ktxn__journal_open(struct ktxn__mem *mem, const char *directory, const char *identity,
                                         int64_t wall_ms, char *why, size_t why_size) {
  struct ktxn__journal *journal = ktxn__calloc(mem, 1, sizeof *journal);
  if (journal == NULL) {
    (void)refuse(why, why_size, "the journal", "out of memory");
    return NULL;
  }
  journal->mem = mem;
  journal->fd = -1;
  ktxn__buffer_init(&journal->bytes, mem, ENTRY_MAX);
  if (!open_file(journal, directory, why, why_size) || !begin(journal, identity, wall_ms, why, why_size)) {
    ktxn__journal_close(journal);
    return NULL;
  }
  return journal;
}

void ktxn__journal_close(struct ktxn__journal *journal) {
  if (journal != NULL) {
    if (journal->fd >= 0) {
      (void)close(journal->fd);
    }
    ktxn__buffer_free(&journal->bytes);
    ktxn__free(journal->mem, journal);
  }
}

int64_t ktxn__journal_wall_ms(const struct ktxn__journal *journal) {
  return journal->start.wall_ms;
}

/* What is behind the last good entry was being written when the process ended. */
static int end_of_file(struct ktxn__journal *journal) {
  return ftruncate(journal->fd, journal->size) == 0 ? 0 : -1;
}

int ktxn__journal_next(struct ktxn__journal *journal, struct ktxn__journal_entry *entry) {
  struct head head;
  if (pread(journal->fd, &head, sizeof head, journal->size) != (ssize_t)sizeof head || head.size > ENTRY_MAX) {
    return end_of_file(journal);
  }
  ktxn__buffer_clear(&journal->bytes);
  uint8_t *bytes = ktxn__buffer_extend(&journal->bytes, head.size);
  if (bytes == NULL && head.size > 0) {
    return -1;
  }
  const struct ktxn__span span = {.data = bytes, .size = head.size};
  if (head.size > 0 &&
      pread(journal->fd, bytes, head.size, journal->size + (int64_t)sizeof head) != (ssize_t)head.size) {
    return end_of_file(journal);
  }
  if (checksum(&head, span) != head.crc) {
    return end_of_file(journal);
  }
  journal->size += (int64_t)sizeof head + head.size;
  *entry = (struct ktxn__journal_entry){
      .kind = (enum ktxn__journal_kind)head.kind, .node = head.node, .now = head.now, .bytes = span};
  return 1;
}

/* What a failed write leaves behind is written over by the next one, or cut off at the next start. */
bool ktxn__journal_append(struct ktxn__journal *journal, const struct ktxn__journal_entry *entry) {
  struct head head = {
      .size = (uint32_t)entry->bytes.size, .kind = (int32_t)entry->kind, .node = entry->node, .now = entry->now};
  head.crc = checksum(&head, entry->bytes);
  struct iovec vector[2] = {{.iov_base = &head, .iov_len = sizeof head},
                            {.iov_base = (void *)(uintptr_t)entry->bytes.data, .iov_len = entry->bytes.size}};
  const int64_t size = (int64_t)sizeof head + (int64_t)entry->bytes.size;
  if (entry->bytes.size > ENTRY_MAX || journal->size + size > KTXN__JOURNAL_MAX ||
      pwritev(journal->fd, vector, entry->bytes.size == 0 ? 1 : 2, journal->size) != size) {
    return false;
  }
  journal->size += size;
  return true;
}
