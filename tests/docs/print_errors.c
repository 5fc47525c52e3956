/* Prints the error table of docs/TRANSACTIONS.md from the one that the transaction manager uses. */
#include <stdio.h>
#include <string.h>

#include "ktxn/error.h"
#include "ktxn/producer.h"
#include "txn/error.h"

static const struct {
  enum ktxn__txn_column column;
  const char *name;
} columns[] = {
    {KTXN__TXN_COLUMN_FIND_TXN, "FindCoordinator (transaction)"},
    {KTXN__TXN_COLUMN_FIND_GROUP, "FindCoordinator (group)"},
    {KTXN__TXN_COLUMN_INIT, "InitProducerId"},
    {KTXN__TXN_COLUMN_ADD_PARTITIONS, "AddPartitionsToTxn"},
    {KTXN__TXN_COLUMN_ADD_OFFSETS, "AddOffsetsToTxn"},
    {KTXN__TXN_COLUMN_OFFSET_COMMIT, "TxnOffsetCommit"},
    {KTXN__TXN_COLUMN_COMMIT, "EndTxn (commit)"},
    {KTXN__TXN_COLUMN_ABORT, "EndTxn (abort)"},
    {KTXN__TXN_COLUMN_DESCRIBE, "DescribeTransactions"},
    {KTXN__TXN_COLUMN_PRODUCE, "Produce in a transaction"},
    {KTXN__TXN_COLUMN_PRODUCE_IDEMPOTENT, "Produce without a transaction"},
};

static const char *const steps[] = {
    [KTXN__TXN_OK] = "done",
    [KTXN__TXN_AGAIN] = "the same again, after a backoff",
    [KTXN__TXN_ELSEWHERE] = "find the coordinator or leader again, then the same",
    [KTXN__TXN_PACED] = "the same again soon: the previous transaction is being completed",
    [KTXN__TXN_SAME] = "the same command, until an answer decides",
    [KTXN__TXN_ABORTABLE] = "the transaction must be aborted",
    [KTXN__TXN_RESTART] = "the transaction must be aborted; the next one needs a new epoch",
    [KTXN__TXN_RETURN] = "init fails and may be called again",
    [KTXN__TXN_FATAL] = "the producer ends",
    [KTXN__TXN_SUSPECT] = "counts only if a look at that node shows a newer epoch or another id; then who moved it is found out",
    [KTXN__TXN_FENCE] = "who moved the epoch is found out: the broker's timeout (ABORT) or a successor (RECREATE)",
    [KTXN__TXN_FEATURES] = "the cluster's features have changed: the transaction is ended by the older EndTxn",
    [KTXN__TXN_SEQUENCE] = "behind a batch that is to be retried: again; else the batch fails",
    [KTXN__TXN_FORGOTTEN] = "the log has forgotten the producer: the batch fails; again if the answer does not say since when",
    [KTXN__TXN_TOO_LARGE] = "split, if it holds several records and no copy of it is of unknown fate; else the batch fails",
    [KTXN__TXN_REFUSED] = "the record's callback gets the error; the producer goes on under the next epoch",
};

static const struct {
  int code;
  const char *name;
} codes[] = {
#define ROW(name, number, text) {number, #name},
    KTXN_CODE_MAP(ROW)
#undef ROW
};
enum { CODES = sizeof codes / sizeof codes[0], UNKNOWN = 9999 };

/* A broker's code, not one of the library's own. */
static bool is_brokers(int code) { return code > -100; }

struct cell {
  enum ktxn__txn_action action;
  enum ktxn_class error_class;
  const char *bump;
};

static const char *bump_of(enum ktxn__txn_column column, int code) {
  bool produce = column == KTXN__TXN_COLUMN_PRODUCE;
  if (!ktxn__txn_taints(column, code) || (produce && code == KTXN_E_DUPLICATE_SEQUENCE_NUMBER)) return "";
  return produce ? "if the batch fails" : "yes";
}

static struct cell cell_of(enum ktxn__txn_column column, bool v2, int code) {
  enum ktxn__txn_action action = ktxn__txn_action(column, v2, code);
  return (struct cell){action, ktxn__txn_class(action, code), v2 ? "" : bump_of(column, code)};
}

static bool same(struct cell a, struct cell b) {
  return a.action == b.action && a.error_class == b.error_class && strcmp(a.bump, b.bump) == 0;
}

static bool protocols_agree(enum ktxn__txn_column column, int code) {
  return ktxn__txn_action(column, false, code) == ktxn__txn_action(column, true, code);
}

static void print_cell(struct cell cell) {
  printf(" | %s | %s | %s |\n", steps[cell.action], cell.error_class ? ktxn_class_name(cell.error_class) : "", cell.bump);
}

/* One line for all codes that mean the same in both protocols. */
static void print_group(enum ktxn__txn_column column, size_t first, bool *done) {
  struct cell cell = cell_of(column, false, codes[first].code);
  printf("| ");
  for (size_t i = first; i < CODES; i++) {
    if (!is_brokers(codes[i].code) || done[i] || !protocols_agree(column, codes[i].code)) continue;
    if (!same(cell, cell_of(column, false, codes[i].code))) continue;
    printf("%s%d %s", i == first ? "" : ", ", codes[i].code, codes[i].name);
    done[i] = true;
  }
  print_cell(cell);
}

static void print_both(enum ktxn__txn_column column, size_t i) {
  printf("| V1: %d %s", codes[i].code, codes[i].name);
  print_cell(cell_of(column, false, codes[i].code));
  printf("| V2: %d %s", codes[i].code, codes[i].name);
  print_cell(cell_of(column, true, codes[i].code));
}

static void print_column(enum ktxn__txn_column column) {
  struct cell rest = cell_of(column, false, UNKNOWN);
  bool done[CODES] = {false};
  for (size_t i = 0; i < CODES; i++) {
    if (!is_brokers(codes[i].code) || done[i]) continue;
    if (!protocols_agree(column, codes[i].code))
      print_both(column, i);
    else if (!same(rest, cell_of(column, false, codes[i].code)))
      print_group(column, i, done);
  }
  printf("| any other");
  print_cell(rest);
}

int main(void) {
  for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
    printf("\n### %s\n\n| answer | next step | class | new epoch (V1) |\n| --- | --- | --- | --- |\n", columns[i].name);
    print_column(columns[i].column);
  }
  return 0;
}
