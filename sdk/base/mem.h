#ifndef KTXN_BASE_MEM_H
#define KTXN_BASE_MEM_H

/*
 * The allocator that is handed to everything that needs memory: a table of functions, a limit, a count of what is in
 * use, and failure on demand, so that a test can make any one allocation fail. All functions are safe from any thread.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KTXN__MEM_ALIGN 16

struct ktxn__mem {
  void *(*alloc)(void *ctx, size_t size);
  void *(*realloc)(void *ctx, void *block, size_t size);
  void (*free)(void *ctx, void *block);
  void *ctx;
  size_t limit_bytes; /* 0 = none */

  atomic_size_t used_bytes; /* what callers asked for and have not freed */
  atomic_size_t used_blocks;

  /* For tests: how many more allocations succeed; negative = all of them. */
  atomic_llong fail_after;
  atomic_bool fail_on; /* and after the failing one: fail all that follow, instead of only that one */
};

/** The process's own allocator: malloc, no limit. Shared by everybody who doesn't bring one. */
struct ktxn__mem *ktxn__mem_default(void);

/** An allocator over malloc with a limit (0 = none). `mem` must not be copied afterwards. */
void ktxn__mem_init(struct ktxn__mem *mem, size_t limit_bytes);

/** The k-th allocation from now fails (k from 1), and with `and_on` every one after it. k = 0: no failures any more. */
void ktxn__mem_fail(struct ktxn__mem *mem, uint32_t k, bool and_on);

size_t ktxn__mem_used(struct ktxn__mem *mem);

/**
 * NULL when memory is short, the limit is reached or a failure was asked for. Blocks are aligned to KTXN__MEM_ALIGN. A
 * size of 0 gives a block, too. ktxn__calloc() zeroes and is safe against overflow. ktxn__realloc() leaves the old block
 * as it is when it returns NULL. Free with the same `mem`; NULL is allowed.
 */
void *ktxn__alloc(struct ktxn__mem *mem, size_t size);
void *ktxn__calloc(struct ktxn__mem *mem, size_t count, size_t size);
void *ktxn__realloc(struct ktxn__mem *mem, void *block, size_t size);
void ktxn__free(struct ktxn__mem *mem, void *block);

/** A copy of a C string. NULL when memory is short or `text` is NULL. */
char *ktxn__strdup(struct ktxn__mem *mem, const char *text);

#endif
