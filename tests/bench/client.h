#ifndef KTXN_TESTS_BENCH_CLIENT_H
#define KTXN_TESTS_BENCH_CLIENT_H

/* What a benchmark wants of a producer library: once with ktxn, once with librdkafka, the same program otherwise. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client_options {
  const char *bootstrap;
  const char *topic;
  const char *transactional_id; /* NULL = idempotent only */
};

/** Callbacks that told success and failure so far. */
extern uint64_t client_delivered;
extern uint64_t client_failed;

/** All of these end the program with a message when something goes wrong. */
const char *client_version(void);
void client_open(const struct client_options *options);
void client_send(const void *key, size_t key_size, const void *value, size_t value_size);
void client_flush(void);
void client_begin(void);
void client_commit(void);
/** What client_print_more() tells begins here. */
void client_mark(void);
/** More members of the run's JSON object, each after ", "; `transactions` were measured. */
void client_print_more(uint64_t transactions);
void client_close(void);

/** Prints to stderr and ends the program. */
void client_fail(const char *what, const char *why) __attribute__((noreturn));

#endif
