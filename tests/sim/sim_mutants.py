"""The mutants of the simulator: bugs that clients of Kafka have had, made again, and the rules of tests/rules taken out."""

import re

import rules


class Mutant:
    """`changes` are pairs (text, what stands there instead) in one file; each text must occur exactly once."""

    def __init__(self, name, says, file, *changes):
        self.name, self.says, self.file, self.changes = name, says, file, changes

    def apply(self, source):
        for text, instead in self.changes:
            count = source.count(text)
            if count != 1:
                raise ValueError("%s: %r occurs %d times in %s, and must exactly once" % (self.name, text, count, self.file))
            source = source.replace(text, instead)
        return source


def cell(name, says, code, column, action):
    """Another action in the table of errors: the row of that code, the column counted from 0."""
    return Cell(name, says, code, column, action)


class Cell(Mutant):
    def __init__(self, name, says, code, column, action):
        super().__init__(name, says, "txn/error.c")
        self.code, self.column, self.action = code, column, action

    def apply(self, source):
        found = re.search(r"\{KTXN_E_%s, \{([^}]*)\}\}" % self.code, source)
        if not found:
            raise ValueError("%s: no row for %s in %s" % (self.name, self.code, self.file))
        cells = found[1].split(", ")
        if cells[self.column] == self.action:
            raise ValueError("%s: that is what the table says" % self.name)
        cells[self.column] = self.action
        return source[:found.start(1)] + ", ".join(cells) + source[found.end(1):]


INIT, ADD_PARTITIONS, ADD_OFFSETS, OFFSET_COMMIT, COMMIT, ABORT, PRODUCE = 2, 3, 4, 5, 6, 7, 9

HISTORICAL = [
    # librdkafka
    Mutant("rdkafka-1.6.0-success", "a commit that failed is reported as a success", "sdk/engine/sender_ops.c",
           ("  if (report->error.code == 0) {\n    ktxn__sender_set_trouble(sender, \"\");\n    ktxn__sender_offsets_forget(sender);",
            "  if (report->error.code == 0 || report->op == KTXN__TXN_OP_COMMIT) {\n    ktxn__sender_set_trouble(sender, \"\");\n"
            "    ktxn__sender_offsets_forget(sender);"),
           ("    succeed(sender, op, report->outcome);\n    return;\n  }\n  ktxn_error error;",
            "    succeed(sender, op, report->op == KTXN__TXN_OP_COMMIT ? KTXN_OUTCOME_COMMITTED : report->outcome);\n    return;\n"
            "  }\n  ktxn_error error;")),
    Mutant("rdkafka-1.5.2-timed-out", "a record that timed out is left out of a transaction that is committed", "txn/sequence.c",
           ("    struct ktxn__txn_error error = ktxn__txn_cause(code, KTXN_CLASS_ABORT, 0, KTXN__TXN_API_PRODUCE);\n"
            "    error.partition = (int32_t)number;\n    ktxn__txn_abortable(txn, error);\n", "    (void)code;\n")),
    Mutant("rdkafka-1.5.2-end-hangs", "an EndTxn without an answer is not sent again", "txn/end.c",
           ("    case KTXN__TXN_SAME:\n    case KTXN__TXN_ELSEWHERE:\n      ktxn__txn_refind_after(txn, now_us, slot, result->fate);\n"
            "      return;\n    case KTXN__TXN_SUSPECT:",
            "    case KTXN__TXN_SAME:\n    case KTXN__TXN_ELSEWHERE:\n      txn->retry_at_us = INT64_MAX;\n      return;\n"
            "    case KTXN__TXN_SUSPECT:")),
    Mutant("rdkafka-3575-init-in-transaction", "after OUT_OF_ORDER_SEQUENCE_NUMBER the transaction goes on under new sequences",
           "txn/sequence.c",
           ("  if (txn->config.transactional)\n"
            "    return fail_transaction(txn, partition, flight, KTXN_E_OUT_OF_ORDER_SEQUENCE_NUMBER, false);\n"
            "  return start_anew(",
            "  if (txn->config.transactional) {\n    lost_from_transaction(txn, partition, flight);\n    return KTXN__TXN_DONE;\n  }\n"
            "  return start_anew(")),
    cell("rdkafka-3571-coordinator-moved", "the coordinator that has moved is not looked for again", "NOT_COORDINATOR", COMMIT, "AG"),
    Mutant("rdkafka-1.9.0-sequences-anew", "the sequences begin anew when a partition's leader is looked for again",
           "txn/sequence.c",
           ("  return refresh ? KTXN__TXN_REFRESH : KTXN__TXN_RETRY;",
            "  if (refresh) partition->next_sequence = 0;\n  return refresh ? KTXN__TXN_REFRESH : KTXN__TXN_RETRY;")),
    cell("rdkafka-1.9.0-fenced-again", "PRODUCER_FENCED to an end is retried for ever", "PRODUCER_FENCED", ABORT, "AG"),
    cell("rdkafka-1.9.0-group-moved", "a group coordinator that has moved is not looked for again", "NOT_COORDINATOR",
         OFFSET_COMMIT, "AG"),
    Mutant("rdkafka-4410-stuck-pending", "a partition that is to be registered while others are stays pending", "txn/request.c",
           ("    txn->pending--;\n", "    txn->pending = 0;\n    if (txn->asked_count == 2) break;\n")),
    Mutant("rdkafka-4438-persisted", "a batch that is possibly in the log counts as persisted", "txn/sequence.c",
           ("    default:\n      verdict = retriable(txn, partition, flight, true);\n      break;\n",
            "    default:\n      verdict = result->fate == KTXN__TXN_LOST ? acknowledged(txn, partition, flight)\n"
            "                                              : retriable(txn, partition, flight, true);\n      break;\n")),
    Mutant("rdkafka-4750-other-bytes", "a retry does not carry what was sent first", "sdk/engine/sender_drain.c",
           ("    ktxn__txn_resend(sender->txn, now_us, queue->part, node, batch->handle);\n",
            "    ktxn__txn_resend(sender->txn, now_us, queue->part, node, batch->handle);\n    batch->data[42] ^= 1;\n"
            "    ktxn__sender_stamp_batch(sender, batch);\n")),
    Mutant("rdkafka-1.6.0-three-times", "a coordinator's request is tried three times", "txn/wait.c",
           ("  if (wait_us < max_us) txn->attempts++;\n",
            "  if (++txn->attempts > 3) ktxn__txn_fatal_code(txn, KTXN_E_REQUEST_TIMED_OUT, KTXN__TXN_API_END);\n")),
    cell("rdkafka-2.0.0-no-coordinator", "no coordinator for now is the end", "COORDINATOR_NOT_AVAILABLE", 0, "FA"),
    Mutant("rdkafka-4849-abort-before-answer", "an abort does not wait for the registration that is under way", "txn/end.c",
           ("  if (txn->flights > 0 || txn->queued > 0 || txn->slot.active || txn->held) return;",
            "  if (txn->flights > 0 || txn->queued > 0 || txn->held) return;")),
    Mutant("rdkafka-4420-fatal-hangs", "what waits when the producer ends for good is never told", "txn/state.c",
           ("  txn->suspect.active = false;\n  ktxn__txn_report(txn, op, outcome, error);\n",
            "  txn->suspect.active = false;\n  (void)op;\n")),
    Mutant("rdkafka-offsets-end-skipped", "a transaction that has only offsets, registered in a second try, is not ended", "txn/result.c",
           ("      if (slot->purpose != KTXN__TXN_FOR_DEBT) txn->maybe = true;\n      return;\n", "      return;\n"),
           ("  ktxn__txn_group(txn, (uint32_t)slot->group)->registration = KTXN__TXN_REG_DONE;\n  registered(txn, now_us, node);\n",
            "  ktxn__txn_group(txn, (uint32_t)slot->group)->registration = KTXN__TXN_REG_DONE;\n  txn->acked_node = node;\n"
            "  txn->acked = true;\n  (void)now_us;\n")),
    # Java
    Mutant("java-17754-late-end", "the epoch is not raised behind an end of unknown fate", "txn/end.c",
           ("  if (txn->tainted) ktxn__txn_debt_start(txn);\n  ktxn__txn_settle(txn, slot->commit);",
            "  txn->tainted = false;\n  ktxn__txn_settle(txn, slot->commit);")),
    Mutant("java-14053-late-batch", "a batch that was given up is not fenced before the next transaction", "txn/sequence.c",
           ("  if (flight->ambiguous) ktxn__txn_mark_sweep(txn, partition);\n", "")),
    Mutant("java-14830-stale-failure", "the failure of a batch that has ended already fails what is open now", "txn/sequence.c",
           ("  if (flight == NULL) return KTXN__TXN_IGNORE;\n",
            "  if (flight == NULL) {\n    ktxn__txn_fatal_code(txn, KTXN_E_OUT_OF_ORDER_SEQUENCE_NUMBER, KTXN__TXN_API_PRODUCE);\n"
            "    return KTXN__TXN_IGNORE;\n  }\n")),
    cell("java-14417-init-timed-out", "a coordinator that is not available is the end of init", "COORDINATOR_NOT_AVAILABLE", INIT, "FA"),
    Mutant("java-5260-end-of-nothing", "a transaction of which nothing left is ended at the coordinator", "txn/end.c",
           ("  return txn->mode == 2 ? txn->registered_us < 0 : !txn->maybe;", "  return false;")),
    cell("java-5269-unknown-topic", "a topic that is unknown for a moment is the end", "UNKNOWN_TOPIC_OR_PARTITION", OFFSET_COMMIT, "FA"),
    # franz-go
    cell("franz-unknown-error-committed", "an unknown error to a commit is reported as committed", "UNKNOWN_SERVER_ERROR", COMMIT, "OK"),
    Mutant("franz-silent-join", "an end without an answer is taken for done, and the next transaction joins the last one",
           "txn/end.c",
           ("    case KTXN__TXN_SAME:\n    case KTXN__TXN_ELSEWHERE:\n      ktxn__txn_refind_after(txn, now_us, slot, result->fate);\n"
            "      return;\n    case KTXN__TXN_SUSPECT:",
            "    case KTXN__TXN_SAME:\n    case KTXN__TXN_ELSEWHERE:\n      ktxn__txn_settle(txn, slot->commit);\n"
            "      return;\n    case KTXN__TXN_SUSPECT:")),
    Mutant("franz-failed-add", "a commit succeeds although a partition was not registered", "txn/result.c",
           ("      partition->registration = KTXN__TXN_REG_NONE;\n      ktxn__txn_set_pending(txn, partition);\n",
            "      partition->registration = KTXN__TXN_REG_DONE;\n")),
    Mutant("franz-no-end", "V2: a transaction of which no write was acknowledged is not ended", "txn/end.c",
           ("  return txn->mode == 2 ? txn->registered_us < 0 : !txn->maybe;",
            "  return txn->mode == 2 ? !txn->acked : !txn->maybe;")),
    cell("franz-busy-init", "CONCURRENT_TRANSACTIONS to init is the end", "CONCURRENT_TRANSACTIONS", INIT, "FA"),
    Mutant("franz-v2-unasked", "Transactions V2 without the feature, and without an epoch of their own", "txn/txn.c",
           ("return txn->v2_usable && txn->level >= 2 ? 2 : 1;", "return txn->v2_usable ? 2 : 1;"),
           ("  if (mode == 2 && txn->epoch_used) {", "  if (mode == 2 && txn->epoch_used && txn->level == 0) {")),
    Mutant("franz-sequence-reused", "the sequences of records that were given up are used again", "txn/sequence.c",
           ("  txn->tainted = true;\n  if (flight->ambiguous) ktxn__txn_mark_sweep(txn, partition);\n",
            "  partition->next_sequence = flight->base_sequence;\n")),
    Mutant("franz-flush-not-woken", "a flush is not told that its records are done", "sdk/engine/sender_ops.c",
           ("ktxn__accumulator_flushed(sender->acc, sender->flush_first->mark)",
            "ktxn__accumulator_flushed(sender->acc, sender->flush_first->mark) && sender->end != NULL && sender->forced")),
    Mutant("franz-closed-twice", "a batch is given back twice", "sdk/engine/sender_produce.c",
           ("  item->settled = true;\n  if (code ==", "  item->settled = verdict != KTXN__TXN_FAILED;\n  if (code ==")),
]

# What S8 is there for (tests/sim/wire.c).
WIRE = [
    Mutant("wire-unregistered", "a batch leaves while the registration of its partition is under way", "txn/sequence.c",
           ("partition->registration == KTXN__TXN_REG_DONE;\n}", "partition->registration >= KTXN__TXN_REG_ASKED;\n}")),
    Mutant("wire-early-commit", "a commit leaves while batches wait for their answers", "txn/request.c",
           ("  if (txn->flights > 0 || txn->queued > 0) return STEP_WAIT;\n  if (txn->coordinator", "  if (txn->coordinator")),
    Mutant("wire-gap", "a sequence is left out", "txn/sequence.c",
           ("sequence_after(partition->next_sequence, records);\n  partition->node",
            "sequence_after(partition->next_sequence, records + (records > 3));\n  partition->node")),
    Mutant("wire-sequence-again", "the last sequence of a batch is the next one's first", "txn/sequence.c",
           ("sequence_after(partition->next_sequence, records);\n  partition->node",
            "sequence_after(partition->next_sequence, records - (records > 3));\n  partition->node")),
    Mutant("wire-older-end", "what was written with V2 is ended by an older EndTxn", "txn/request.c",
           ("return txn->mode == 2 && txn->level != 0 && !txn->no_v5; }", "return txn->mode == 2 && txn->level > 2 && !txn->no_v5; }")),
    Mutant("wire-hot-loop", "a bump that is answered 51 again and again is asked for each millisecond", "txn/debt.c",
           ("  txn->pace_us = pace_us;\n", "  (void)pace_us;\n")),
    Mutant("wire-after-the-end", "requests leave when the producer has ended", "txn/request.c",
           ("txn->state == KTXN__TXN_FATAL_ERROR || txn->state == KTXN__TXN_UNINITIALIZED", "txn->state == KTXN__TXN_UNINITIALIZED"),
           ("  if (txn->state != KTXN__TXN_COMMITTING && txn->state != KTXN__TXN_ABORTING) return STEP_PASS;\n",
            "  if (txn->state != KTXN__TXN_COMMITTING && txn->state != KTXN__TXN_ABORTING && txn->state != KTXN__TXN_FATAL_ERROR)\n"
            "    return STEP_PASS;\n")),
    Mutant("wire-half-write", "what a full connection took in part counts as having left in whole", "sdk/engine/broker_out.c",
           ("    advance(out, (size_t)taken < total ? (size_t)taken : total);\n", "    advance(out, taken > 0 ? total : 0);\n")),
]

# Rules of tests/rules whose absence the simulator does not show, or has not within some minutes. tests/rules has what does.
ELSEWHERE = {
    "a needless end: judged here only where no node is cut off and nobody else has the id": [
        "1.1-look", "1.1-unknown-id", "1.1-own-abort", "2-v2-commit-48", "2-v2-commit-90", "2-v2-abort-48",
        "2-v1-proof", "4.3-behind", "4.4-sweep-astray",
    ],
    "a dead end behind a node that is cut off: here each comes back": [
        "1.1-elsewhere", "1.1-forgotten", "1.2-busy", "1.2-avoid-once", "3-elsewhere", "4.4-gone",
    ],
    "a dead end until the coordinator loads its log again: here it does": [
        "4.7-version", "4.7-level-0", "4.7-level-0-writes", "4.7-nothing-sent",
    ],
    "a needless end or a check of the manager's own, and no wrong outcome": [
        "3-look-first", "4.3-bump-51", "4.4-probe-clears", "4.5-v2-clears",
    ],
    "answers that no coordinator gives in that order: a trace does": [
        "2-proven-stays", "2-proven-refused",
    ],
    "the sender stands behind it, which sends nothing for a producer that has ended; traces and test_C03 show both": [
        "wire-after-the-end",
    ],
    "another rule stands behind it: 1.3-anchor asks for the node as well": [
        "4.3-taint-anchor",
    ],
    "another rule stands behind it: after a commit only offsets are swept, and a late copy says what was committed": [
        "4.4-sweep-aborts",
    ],
}

NOT_HERE = {name: reason for reason, names in ELSEWHERE.items() for name in names}

RULES = [Mutant(rule.name, rule.says, rule.file, (rule.text, rule.without)) for rule in rules.RULES]

ALL = HISTORICAL + WIRE + RULES
MUTANTS = [mutant for mutant in ALL if mutant.name not in NOT_HERE]
