"""The rules that keep outcomes true, each with the text that obeys it and what the sources are without it.

A rule is taken out by replacing `text`, which must occur exactly once in `file`, by `without`. Then something must go
wrong, or the rule is idle talk:

* `shows = Explorer(...)`: a configuration of tests/explore finds a violation of one of the kinds named.
* `shows = Test(...)`: that broker, peer, unit or trace test fails.

The sections: 1, what an answer proves; 2, what became of a transaction; 3, who moved the epoch; 4, what must lie
between two transactions. docs/TRANSACTIONS.md and txn/README.md say the same in prose.
"""


class Explorer:
    """Configurations of the explorer (tests/explore) of which the first that is named must fail."""

    def __init__(self, config, finds, faults=None):
        self.config, self.finds, self.faults = config, finds, faults

    def __str__(self):
        return f"explorer {self.config}: {self.finds}"


class Test:
    def __init__(self, where, name):
        self.where, self.name = where, name

    def __str__(self):
        return f"{self.where}: {self.name}"


class Rule:
    def __init__(self, name, says, file, text, without, shows):
        self.name, self.says, self.file = name, says, file
        self.text, self.without, self.shows = text.strip("\n"), without.strip("\n"), shows


WRONG, HARM, DEAD, NEEDLESS, BROKEN = "wrong outcome", "harm", "dead end", "needless end", "broken"

EVIDENCE = [
    Rule("1.1-look",
         "47, 49 and 90 (48 to a V2 commit) count only when a look at the node that said so shows a higher epoch or "
         "another producer id",
         "txn/evidence.c",
         "  if (!may_change(txn, &suspect.slot, result) && look_proves(txn, now_us, &suspect, result)) {",
         "  if (may_change(txn, &suspect.slot, result) || look_proves(txn, now_us, &suspect, result) || true) {",
         Explorer("v1", NEEDLESS)),
    Rule("1.1-elsewhere",
         "a node that is behind is not asked again: the coordinator is looked for through another broker",
         "txn/evidence.c",
         "  ktxn__txn_refind(txn, now_us, suspect.slot.node);",
         "  ktxn__txn_refind(txn, now_us, KTXN__TXN_NODE_NONE);",
         Explorer("v1", DEAD)),
    Rule("1.2-busy",
         "51 for long may come from a node that can't append any more: the coordinator is looked for through another broker",
         "txn/result.c",
         "  ktxn__txn_note_busy(txn, now_us, &slot, result);\n",
         "",
         Test("trace", "trace_stale")),
    Rule("1.2-avoid-once",
         "another broker is asked once: if it does not know, a node that may be cut off is better than none",
         "txn/result.c",
         "  else\n    txn->avoid = KTXN__TXN_NODE_NONE;\n}",
         "}",
         Test("trace", "trace_stale")),
    Rule("1.1-unknown-id",
         "105 to a look counts at the anchor alone: another node may never have heard of the id",
         "txn/evidence.c",
         "  return node == txn->anchor || now_us - txn->missing_us >= txn->config.transaction_timeout_us;",
         "  return node == txn->anchor || node != txn->anchor;",
         Explorer("v1", NEEDLESS)),
    Rule("1.1-own-abort",
         "V2: a look that shows Prepare or Complete at the next epoch proves nothing against EndTxn(abort), it may be "
         "its own",
         "txn/evidence.c",
         "  if (may_be_own_abort(slot, look)) return false;",
         "  if (may_be_own_abort(slot, look) && look->code != 0) return false;",
         Explorer("v2", NEEDLESS, faults=3)),
    Rule("1.1-forgotten",
         "a coordinator that has forgotten the producer id that an end gave (KAFKA-20310) is not waited for for ever",
         "txn/evidence.c",
         "  return look->code == KTXN_E_TRANSACTIONAL_ID_NOT_FOUND || (look->code == 0 && forgotten(txn, look));",
         "  return look->code == KTXN_E_TRANSACTIONAL_ID_NOT_FOUND;",
         Test("trace", "trace_evidence")),
    Rule("1.3-anchor",
         "V1: registrations count only from the epoch's anchor",
         "txn/end.c",
         "  if (txn->coordinator == KTXN__TXN_NODE_NONE || txn->coordinator == txn->anchor) return;",
         "  if (txn->coordinator == KTXN__TXN_NODE_NONE || txn->coordinator != KTXN__TXN_NODE_NONE) return;",
         Test("trace", "trace_v1_debt")),
    Rule("1.3-first",
         "V1: so do those of the first: a fence that another node could not write has raised the epoch that it remembers",
         "txn/end.c",
         "  if (!ktxn__txn_registers(txn) || txn->debt",
         "  if (!ktxn__txn_registers(txn) || !txn->epoch_used || txn->debt",
         Explorer("v1-unverified", HARM)),
    Rule("1.3-v2",
         "and those of a V2 transaction that registers by requests of V1, at level 0",
         "txn/end.c",
         "  if (!ktxn__txn_registers(txn) || txn->debt",
         "  if (txn->mode != 1 || txn->debt",
         Test("trace", "trace_features")),
    Rule("1.3-bump-there",
         "V1: the coordinator is another node than the anchor and nothing was acknowledged yet: look and bump there first",
         "txn/end.c",
         """
  if (txn->mode == 1 && !txn->acked)
    ktxn__txn_debt_start(txn);""",
         """
  if (txn->mode == 1 && !txn->acked)
    return;""",
         Test("trace", "trace_v1_debt")),
    Rule("1.3-abortable",
         "V1: the coordinator becomes another node after something was acknowledged, and more is to be: ABORTABLE",
         "txn/end.c",
         """
  else
    ktxn__txn_moved(txn);""",
         """
  else
    return;""",
         Test("trace", "trace_v1_debt")),
    Rule("1.4-repeat",
         "V1: before EndTxn goes to a node that has acknowledged no registration of this transaction, one is repeated "
         "there",
         "txn/request.c",
         "  return !ktxn__txn_ends_by_v5(txn) && (!txn->acked || txn->acked_node != txn->coordinator);",
         "  return !ktxn__txn_ends_by_v5(txn) && txn->level == INT32_MAX;",
         Explorer("v1", NEEDLESS)),
    Rule("1.4-node",
         "V1: a registration acknowledged by another node is not enough",
         "txn/request.c",
         "  return !ktxn__txn_ends_by_v5(txn) && (!txn->acked || txn->acked_node != txn->coordinator);",
         "  return !ktxn__txn_ends_by_v5(txn) && !txn->acked;",
         Explorer("v1", NEEDLESS)),
    Rule("1.4-offsets",
         "V2 offsets that were taken prove nothing about our coordinator to an older end: their group's may have asked another",
         "txn/result.c",
         "    if (result->codes[i] == 0 && !ktxn__txn_registers(txn)) txn->acked = txn->maybe = true;",
         "    if (result->codes[i] == 0 && !ktxn__txn_registers(txn)) registered(txn, now_us, txn->coordinator);",
         Test("trace", "trace_features")),
    Rule("1.5-registered",
         "V2: before EndTxn 5, if something left and nothing was acknowledged, a registration at our epoch: EndTxn 5 "
         "may be answered 0 for a successor that speaks V1",
         "txn/request.c",
         "  return ktxn__txn_ends_by_v5(txn) && txn->registered_us >= 0 && (!txn->acked || acked_elsewhere(txn));",
         "  return ktxn__txn_ends_by_v5(txn) && txn->registered_us == INT64_MAX && (!txn->acked || acked_elsewhere(txn));",
         Explorer("v2-mixed", WRONG)),
    Rule("1.5-node",
         "V2: a registration that was asked for before the end counts for the node that acknowledged it alone, "
         "but for the anchor's",
         "txn/request.c",
         "  return txn->acked_node != KTXN__TXN_NODE_NONE && txn->acked_node != txn->coordinator && txn->acked_node != txn->anchor;",
         "  return txn->acked_node != KTXN__TXN_NODE_NONE && txn->acked_node == INT32_MAX;",
         Explorer("v2-mixed", WRONG, faults=3)),
    Rule("1.4-none-left",
         "V1: nothing is left whose registration could be repeated: the producer ends, it does not wait for ever",
         "txn/result.c",
         "    if (!ktxn__txn_repeatable(txn)) unproven(txn, slot, code);",
         "    ktxn__txn_wait_backoff(txn, now_us);",
         Test("trace", "trace_evidence")),
    Rule("1.5-nothing-left",
         "V2: nothing of the transaction has left: nothing is sent to end it",
         "txn/end.c",
         "return txn->mode == 2 ? txn->registered_us < 0 : !txn->maybe;",
         "return txn->mode == 2 ? txn->registered_us == INT64_MAX : !txn->maybe;",
         Test("trace", "trace_v2_basic")),
]

OUTCOMES = [
    Rule("2-v2-commit-48",
         "V2: commit answered 48 proves nothing yet: look, then EndTxn(abort)",
         "txn/error.c",
         "    {KTXN__TXN_COLUMN_COMMIT, KTXN_E_INVALID_TXN_STATE, SU},",
         "",
         Explorer("v2", NEEDLESS)),
    Rule("2-v2-commit-90",
         "V2: commit answered 90 proves nothing about the outcome: EndTxn(abort) decides",
         "txn/evidence.c",
         "  if (commit && code != KTXN_E_INVALID_PRODUCER_ID_MAPPING) {",
         "  if (commit && code == KTXN_E_INVALID_TXN_STATE) {",
         Explorer("v2", NEEDLESS, faults=3)),
    Rule("2-v2-abort-48",
         "V2: the abort that asks is answered 48: it is committed; the commit again, for the identity",
         "txn/fence.c",
         "  if (!slot->v2 || !txn->commit_sent) {",
         "  if (slot->v2 || !txn->commit_sent) {",
         Explorer("v2", NEEDLESS, faults=3)),
    Rule("2-proven-stays",
         "V2: what is proven committed is committed, whatever happens on the way to its identity",
         "txn/state.c",
         "  if (txn->committed) ktxn__txn_settle(txn, true);",
         "",
         Test("trace", "trace_evidence")),
    Rule("2-proven-refused",
         "V2: what is proven committed is never called not committed, though the commit is refused on the way to its "
         "identity",
         "txn/state.c",
         "  if (txn->committed) {\n    end_committed",
         "  if (txn->committed && error.code == 0) {\n    end_committed",
         Test("trace", "trace_corners")),
    Rule("2-adopt",
         "V2: an end answered 0 gives the identity to go on with",
         "txn/end.c",
         """
    ktxn__txn_adopt(txn, result->producer_id, result->producer_epoch, result->node);
    ktxn__txn_clear_sweep(txn);
  } else {
    ended_v1""",
         """
    ktxn__txn_clear_sweep(txn);
  } else {
    ended_v1""",
         Explorer("v2", NEEDLESS)),
    Rule("2-same-again",
         "a commit of unknown fate is repeated until the answer is definite",
         "txn/end.c",
         """
    case KTXN__TXN_ELSEWHERE:
      ktxn__txn_refind_after(txn, now_us, slot, result->fate);""",
         """
    case KTXN__TXN_ELSEWHERE:
      ktxn__txn_fenced(txn, KTXN_E_PRODUCER_FENCED, KTXN__TXN_API_END);""",
         Explorer("v1", NEEDLESS)),
    Rule("2-in-doubt",
         "fenced with a copy of the commit of unknown fate: in doubt, not \"not committed\"",
         "txn/state.c",
         "  bool doubt = txn->commit_ambiguous || (left",
         "  bool doubt = (left",
         Explorer("v1", WRONG)),
    Rule("2-v1-proof",
         "V1: 90 to a commit of which a copy is of unknown fate, and a look shows Empty, PrepareCommit or CompleteCommit at "
         "the next epoch: committed",
         "txn/evidence.c",
         "  if (txn->commit_ambiguous && !mapping && proves_commit(txn, look)) txn->committed = true;",
         "  if (txn->commit_ambiguous && mapping && proves_commit(txn, look)) txn->committed = true;",
         Explorer("v1", NEEDLESS)),
    Rule("2-v1-proof-states",
         "V1: CompleteAbort or PrepareAbort at the next epoch prove nothing",
         "txn/evidence.c",
         "         (look->look == KTXN__TXN_LOOK_EMPTY || look->look == KTXN__TXN_LOOK_PREPARE_COMMIT ||",
         "         (look->look == KTXN__TXN_LOOK_COMPLETE_ABORT || look->look == KTXN__TXN_LOOK_PREPARE_ABORT ||\n"
         "          look->look == KTXN__TXN_LOOK_EMPTY || look->look == KTXN__TXN_LOOK_PREPARE_COMMIT ||",
         Explorer("v1", WRONG)),
    Rule("2-v1-proof-ongoing",
         "V1: Ongoing at the next epoch may be a fence on its way: it is asked for again, elsewhere",
         "txn/evidence.c",
         "  if (!may_change(txn, &suspect.slot, result) && look_proves(txn, now_us, &suspect, result)) {",
         "  if (may_change(txn, &suspect.slot, result)) txn->committed = true;\n"
         "  if (look_proves(txn, now_us, &suspect, result)) {",
         Test("trace", "trace_evidence")),
    Rule("2-v1-proof-epoch",
         "V1: an epoch beyond the next proves nothing",
         "txn/evidence.c",
         "         look->producer_epoch == txn->producer_epoch + 1;\n}\n\n/* V1, some copy",
         "         look->producer_epoch > txn->producer_epoch;\n}\n\n/* V1, some copy",
         Explorer("v1", WRONG)),
    Rule("2-refused",
         "a commit refused with 30, 59 or 120 did not happen only if no other copy of it may have",
         "txn/end.c",
         """
  if (txn->commit_ambiguous) {
    error.error_class""",
         """
  if (txn->commit_ambiguous && code == 0) {
    error.error_class""",
         Explorer("v1", BROKEN)),
    Rule("2-one-command",
         "the command is not changed between copies, but for the V2 abort that asks",
         "txn/request.c",
         "FOR_TRANSACTION, txn->state == KTXN__TXN_COMMITTING, ktxn__txn_ends_by_v5(txn));",
         "FOR_TRANSACTION, txn->state == KTXN__TXN_COMMITTING && !txn->commit_ambiguous,\n                  ktxn__txn_ends_by_v5(txn));",
         Explorer("v1", NEEDLESS)),
    Rule("2-batches-ended",
         "EndTxn leaves after every batch of the transaction has ended",
         "txn/request.c",
         "  if (txn->flights > 0 || txn->queued > 0) return STEP_WAIT;",
         "  if (txn->flights > 0 && txn->queued > 0) return STEP_WAIT;",
         Explorer("v1", WRONG)),
]

MOVED = [
    Rule("3-look-first",
         "Ongoing at our own epoch: nobody moved it, and the application's abort is an ordinary one",
         "txn/fence.c",
         "  else if (ours)\n    nobody(txn, broker_code);",
         "  else if (ours && broker_code == 0)\n    nobody(txn, broker_code);",
         Test("trace", "trace_offsets")),
    Rule("3-elsewhere",
         "a node that shows a lower epoch is behind: another is looked for",
         "txn/fence.c",
         "  if (behind)\n    ktxn__txn_refind(txn, now_us, slot->node);",
         "  if (behind && !behind)\n    ktxn__txn_refind(txn, now_us, slot->node);",
         Test("trace", "trace_explored")),
    Rule("3-registered",
         "condition 1: the probe is sent only for a transaction that was registered",
         "txn/fence.c",
         "  return txn->mode == 1 && was_registered(txn, look) && !txn->abort_ambiguous && timeout_passed(txn);",
         "  return txn->mode == 1 && !txn->abort_ambiguous && timeout_passed(txn);",
         Explorer("v1", HARM)),
    Rule("3-registered-by-anchor",
         "V1: and the anchor said so: another node may remember a predecessor's transaction at our epoch",
         "txn/fence.c",
         "  return txn->acked && txn->acked_node == look->node &&",
         "  if (txn->acked) return true;\n  return txn->acked && txn->acked_node == look->node &&",
         Test("trace", "trace_stale")),
    Rule("3-no-ambiguous-end",
         "condition 2: V1, no copy of an EndTxn of the transaction is of unknown fate",
         "txn/fence.c",
         "  return txn->mode == 1 && was_registered(txn, look) && !txn->abort_ambiguous && timeout_passed(txn);",
         "  return txn->mode == 1 && was_registered(txn, look) && timeout_passed(txn);",
         Explorer("v1-elapsed", HARM)),
    Rule("3-timeout-passed",
         "condition 3: about the whole timeout has passed since the first registration left, or two producers that "
         "both go on starve each other",
         "txn/fence.c",
         "  return txn->heard_us - txn->registered_us >= least_us;",
         "  return txn->heard_us - txn->registered_us >= least_us - INT64_MAX / 2;",
         Explorer("v1", HARM)),
    Rule("3-timeout-passed-v2",
         "condition 3 on V2: without it the outcome is told, and the producer ends",
         "txn/fence.c",
         "  if (!in_time) {",
         "  if (!in_time && txn->mode == 1) {",
         Explorer("v2", HARM)),
    Rule("3-never-init",
         "InitProducerId is never used to find out who moved the epoch: it would abort and fence a live successor",
         "txn/fence.c",
         """
  txn->fence = KTXN__TXN_FENCE_END;
  ktxn__txn_wait_none(txn);
}

void ktxn__txn_fence_looked""",
         """
  if (txn->mode == 1) {
    found(txn, ktxn__txn_cause(KTXN_E_ABORTED_BY_BROKER, KTXN_CLASS_ABORT, broker_code, KTXN__TXN_API_END));
    txn->ended = true;
    txn->producer_epoch++;
    txn->debt = KTXN__TXN_DEBT_BUMP;
    return;
  }
  txn->fence = KTXN__TXN_FENCE_END;
  ktxn__txn_wait_none(txn);
}

void ktxn__txn_fence_looked""",
         Explorer("v1", HARM)),
    Rule("3-probe-taint",
         "V1: a copy of the probe of unknown fate taints the epoch that the probe won: a late one would end half of the "
         "next transaction",
         "txn/fence.c",
         "    txn->tainted = tainted;",
         "    txn->tainted = tainted && false;",
         Explorer("v1", HARM)),
]

BETWEEN = [
    Rule("4.1-debt-first",
         "no registration of the next transaction leaves before what is owed is paid",
         "txn/request.c",
         "static const step_fn steps[] = {step_init,  step_evidence, step_fence,   step_debt,\n"
         "                                step_register, step_pace,     step_offsets, step_end};",
         "static const step_fn steps[] = {step_init,  step_evidence, step_fence,   step_register,\n"
         "                                step_debt, step_pace,     step_offsets, step_end};",
         Explorer("v1", WRONG)),
    Rule("4.3-taint-registration",
         "V1: a registration of unknown fate taints the epoch",
         "txn/error.c",
         "    case KTXN__TXN_COLUMN_ADD_PARTITIONS:\n    case KTXN__TXN_COLUMN_ADD_OFFSETS:\n    case KTXN__TXN_COLUMN_OFFSET_COMMIT:",
         "    case KTXN__TXN_COLUMN_OFFSET_COMMIT:",
         Explorer("v1", HARM)),
    Rule("4.3-taint-write",
         "a V2 write of unknown fate is a registration of unknown fate: it taints the epoch, should an older end leave it as it is",
         "txn/sequence.c",
         "  if (txn->mode == 2 && (unsure || result->fate == KTXN__TXN_LOST)) txn->tainted = true;",
         "  if (txn->mode == 1 && (unsure || result->fate == KTXN__TXN_LOST) && txn->mode == 2) txn->tainted = true;",
         Test("trace", "trace_features")),
    Rule("4.3-taint-end",
         "V1: an EndTxn of unknown fate taints the epoch",
         "txn/error.c",
         "    case KTXN__TXN_COLUMN_COMMIT:\n    case KTXN__TXN_COLUMN_ABORT:\n      return !ktxn__txn_definite",
         "      return !ktxn__txn_definite",
         Explorer("v1", WRONG)),
    Rule("4.3-taint-given-up",
         "V1: a batch that was given up taints the epoch",
         "txn/sequence.c",
         "  /* A hole in the sequence: on V1 the next transaction needs another epoch. */\n  txn->tainted = true;",
         "  /* A hole in the sequence: on V1 the next transaction needs another epoch. */",
         Explorer("v1", BROKEN)),
    Rule("4.3-taint-anchor",
         "V1: a change of the anchor taints the epoch",
         "txn/end.c",
         "  if (txn->anchor != node) txn->tainted = true;",
         "  (void)node;",
         Test("trace", "trace_v1_debt")),
    Rule("4.3-look",
         "V1: a look before the bump: never InitProducerId while something of ours is open, it would fence itself",
         "txn/debt.c",
         "  txn->debt = KTXN__TXN_DEBT_LOOK;\n  ktxn__txn_wait_none(txn);\n}",
         "  txn->debt = KTXN__TXN_DEBT_BUMP;\n  ktxn__txn_wait_none(txn);\n}",
         Explorer("v1", NEEDLESS)),
    Rule("4.3-ghost",
         "V1: Ongoing at our epoch: a late registration opened a ghost; the last end closes it before the bump",
         "txn/debt.c",
         "      txn->debt = KTXN__TXN_DEBT_GHOST;\n      ktxn__txn_wait_none(txn);",
         "      bump(txn);",
         Explorer("v1", NEEDLESS)),
    Rule("4.3-prepare",
         "V1: Prepare at our epoch: wait",
         "txn/debt.c",
         "      ktxn__txn_wait_paced(txn, now_us, 1000, txn->config.retry_backoff_us);\n      return;\n  }\n}\n\n"
         "/* The answer of our bump",
         "      (void)now_us;\n      bump(txn);\n      return;\n  }\n}\n\n/* The answer of our bump",
         Test("trace", "trace_v1_debt")),
    Rule("4.3-behind",
         "V1: a node that shows a lower epoch is behind: no bump there, another is looked for",
         "txn/debt.c",
         "  } else if (ktxn__txn_behind(txn, result)) {\n    ktxn__txn_refind(txn, now_us, slot->node); /* it is behind */",
         "  } else if (ktxn__txn_behind(txn, result)) {\n    ktxn__txn_fenced(txn, 0, slot->api);",
         Explorer("v1", NEEDLESS)),
    Rule("4.3-fenced",
         "V1: a look that shows a higher epoch or another producer id: fenced, nothing is sent",
         "txn/debt.c",
         "    ktxn__txn_fenced(txn, 0, KTXN__TXN_API_DESCRIBE);",
         "    bump(txn);",
         Explorer("v1", HARM)),
    Rule("4.3-own-bump",
         "V1: after a bump of unknown fate, Empty at the next epoch may be our own: the bump again",
         "txn/debt.c",
         "  if (!txn->bump_ambiguous || look->look != KTXN__TXN_LOOK_EMPTY) return false;",
         "  if (!txn->bump_ambiguous || look->look != KTXN__TXN_LOOK_DEAD) return false;",
         Explorer("v1", NEEDLESS)),
    Rule("4.3-bump-51",
         "V1: the bump answered 51: the look again",
         "txn/debt.c",
         "      txn->debt = KTXN__TXN_DEBT_LOOK;\n      ktxn__txn_wait_paced(",
         "      ktxn__txn_wait_paced(",
         Test("trace", "trace_v1_debt")),
    Rule("4.3-bump-elsewhere",
         "V1: the bump goes to another node only after a look there",
         "txn/debt.c",
         "      txn->debt = KTXN__TXN_DEBT_LOOK;\n      ktxn__txn_refind_after(",
         "      ktxn__txn_refind_after(",
         Test("trace", "trace_explored")),
    Rule("4.4-sweep",
         "V1: where a batch was given up, its partition is registered and aborted at the new epoch",
         "txn/sequence.c",
         "  if (flight->ambiguous) ktxn__txn_mark_sweep(txn, partition);",
         "  if (flight->ambiguous && txn->level == INT32_MAX) ktxn__txn_mark_sweep(txn, partition);",
         Explorer("v1-unverified", HARM)),
    Rule("4.4-sweep-groups",
         "V1: a group whose offset commit is of unknown fate is swept as well",
         "txn/result.c",
         "      ktxn__txn_mark_sweep_group(txn, ktxn__txn_group(txn, (uint32_t)slot->group));\n",
         "",
         Test("trace", "trace_offsets")),
    Rule("4.4-held",
         "V1: with something to sweep, abort returns only when the sweep is acknowledged",
         "txn/end.c",
         "  if (!committed && sweep && txn->maybe) {",
         "  if (!committed && sweep && !txn->maybe) {",
         Explorer("v1-unverified", HARM)),
    Rule("4.4-held-doubt",
         "V1: fenced between EndTxn(abort) and the sweep: in doubt",
         "txn/state.c",
         " || unswept(txn, left);",
         " || (unswept(txn, left) && !txn->held);",
         Explorer("v1-unverified", HARM)),
    Rule("4.4-gone",
         "V1: a swept partition that stays gone (3) is left out of the sweep, and the rest sent again",
         "txn/result.c",
         "  } else if (partitions && code == KTXN_E_UNKNOWN_TOPIC_OR_PARTITION) {",
         "  } else if (partitions && code == KTXN_E_UNKNOWN_TOPIC_OR_PARTITION && txn->level == INT32_MAX) {",
         Explorer("v1-unverified", DEAD)),
    Rule("4.4-unknown",
         "V1: a swept partition that the coordinator does not know (3) is not yet taken for gone: its metadata may lag",
         "txn/debt.c",
         "  return known || partition->unknown_us < txn->config.gone_after_us;",
         "  return known || partition->unknown_us < 0;",
         Test("trace", "trace_v1_debt")),
    Rule("4.4-unknown-answers",
         "V1: nor when time alone has passed, which a clock that jumps makes and a process that was stopped: answers count",
         "txn/debt.c",
         "  int64_t most_us = txn->config.gone_after_us / 10;",
         "  int64_t most_us = INT64_MAX;",
         Test("trace", "trace_v1_debt")),
    Rule("4.4-sweep-taint",
         "V1: a request of the sweep of unknown fate taints the new epoch: bump again",
         "txn/debt.c",
         "  if (txn->tainted)\n    txn->debt = KTXN__TXN_DEBT_LOOK;",
         "  if (txn->tainted && txn->held && !txn->held)\n    txn->debt = KTXN__TXN_DEBT_LOOK;",
         Explorer("v1", HARM)),
    Rule("4.4-sweep-aborts",
         "V1: what a copy of the sweep opens is aborted, though the transaction before it was committed",
         "txn/debt.c",
         "  txn->last_commit = false;\n  txn->swept = false;\n  sweep_next(txn);",
         "  txn->swept = false;\n  sweep_next(txn);",
         Test("trace", "trace_offsets")),
    Rule("4.4-sweep-astray",
         "V1: the sweep's end is answered 48 by a node that does not know of the sweep: look elsewhere, and sweep again",
         "txn/result.c",
         "  else if (result->code == KTXN_E_INVALID_TXN_STATE)\n    ktxn__txn_debt_astray(",
         "  else if (result->code == KTXN_E_INVALID_TXN_STATE && slot->node < 0)\n    ktxn__txn_debt_astray(",
         Test("trace", "trace_explored")),
    Rule("4.4-probe-clears",
         "V1: after a probe answered 0 nothing is owed: the timeout's own markers carried the next epoch",
         "txn/fence.c",
         "  ktxn__txn_clear_sweep(txn);\n  txn->commit_ambiguous",
         "  txn->commit_ambiguous",
         Explorer("v1", BROKEN)),
    Rule("4.5-v2-clears",
         "V2 needs no sweep: its markers carry the next epoch to every log that was registered",
         "txn/end.c",
         "    ktxn__txn_clear_sweep(txn);\n  } else {\n    ended_v1",
         "  } else {\n    ended_v1",
         Explorer("v2", BROKEN)),
    Rule("4.6-different-offset",
         "after a TxnOffsetCommit of unknown fate a different offset for the same partition is refused in that "
         "transaction: the last arrival wins",
         "sdk/engine/sender_offsets.c",
         "    if (result->fate == KTXN__TXN_LOST || (code != 0 && !ktxn__txn_definite(code))) {",
         "    if (result->fate == KTXN__TXN_LOST && code != 0 && !ktxn__txn_definite(code)) {",
         Test("peer", "test_offsets")),
    Rule("4.7-version",
         "EndTxn 5 only for what began in V2",
         "txn/request.c",
         "return txn->mode == 2 && txn->level != 0 && !txn->no_v5; }",
         "return (txn->mode == 2 || txn->level >= 2) && txn->level != 0 && !txn->no_v5; }",
         Test("trace", "trace_features")),
    Rule("4.7-level-0",
         "EndTxn 5 never once the cluster is known to be at level 0: it would wedge the id",
         "txn/request.c",
         "return txn->mode == 2 && txn->level != 0 && !txn->no_v5; }",
         "return txn->mode == 2 && !txn->no_v5; }",
         Test("trace", "trace_features")),
    Rule("4.7-level-0-writes",
         "at level 0 what a V2 transaction has not registered yet is registered by requests of V1: a write of V2 would "
         "wedge the id",
         "txn/sequence.c",
         "{ return txn->mode == 1 || txn->level == 0; }",
         "{ return txn->mode == 1; }",
         Test("trace", "trace_features")),
    Rule("4.7-nothing-sent",
         "a V2 transaction of which nothing has left becomes one of V1 if the cluster has gone back",
         "txn/txn.c",
         "  if (txn->registered_us < 0 && next_mode(txn) == 1) choose_mode(txn);\n",
         "",
         Test("trace", "trace_features")),
    Rule("4.7-to-v2",
         "a V2 transaction never begins at an epoch that an older end has left as it was",
         "txn/txn.c",
         "  if (mode == 2 && txn->epoch_used) {",
         "  if (txn->mode == 1 && mode == 2 && txn->epoch_used && txn->level == 0) {",
         Test("trace", "trace_features")),
    Rule("4.8-rotate",
         "V1: nothing but a sweep is registered at 32766: a new producer id first",
         "txn/debt.c",
         "  if (txn->producer_epoch >= KTXN__TXN_EPOCH_LAST)\n    txn->debt = KTXN__TXN_DEBT_ROTATE;",
         "  if (txn->producer_epoch > KTXN__TXN_EPOCH_LAST)\n    txn->debt = KTXN__TXN_DEBT_ROTATE;",
         Explorer("v1-last-epochs", HARM)),
    Rule("4.8-rotate-begin",
         "V1: the same when init, a probe or a change of the level left us there",
         "txn/txn.c",
         "  if (txn->producer_epoch >= KTXN__TXN_EPOCH_LAST + (mode == 2) && txn->debt",
         "  if (txn->producer_epoch > KTXN__TXN_EPOCH_LAST && txn->debt",
         Test("trace", "trace_evidence")),
    Rule("4.8-rotate-begin-v2",
         "V2: the same when an end has left us behind the last epoch: no marker could have a higher one",
         "txn/txn.c",
         "  if (txn->producer_epoch >= KTXN__TXN_EPOCH_LAST + (mode == 2) && txn->debt",
         "  if (mode == 1 && txn->producer_epoch >= KTXN__TXN_EPOCH_LAST && txn->debt",
         Test("trace", "trace_features")),
    Rule("4.4-sweep-anchor",
         "V1: a sweep is registered by the anchor alone: another coordinator may acknowledge what it only remembers",
         "txn/debt.c",
         "  if (txn->slot.active || txn->coordinator == KTXN__TXN_NODE_NONE || txn->coordinator == txn->anchor) return;\n"
         "  txn->debt = KTXN__TXN_DEBT_GHOST;",
         "  if (txn->coordinator != INT32_MAX) return;\n  txn->debt = KTXN__TXN_DEBT_GHOST;",
         Test("trace", "trace_stale")),
    Rule("4.8-sweep-first",
         "V1: at 32766 first the sweep, then the new producer id: a sweep can't reach an old one",
         "txn/debt.c",
         "  txn->swept = false;\n  sweep_next(txn);",
         "  txn->swept = false;\n  if (txn->producer_epoch >= KTXN__TXN_EPOCH_LAST) ktxn__txn_clear_sweep(txn);\n  sweep_next(txn);",
         Explorer("v1-last-epochs", HARM)),
    Rule("4-registered-before-sent",
         "V1: no byte of a batch leaves before its registration is acknowledged",
         "txn/sequence.c",
         "  return partition->ordinal == txn->ordinal && partition->registration == KTXN__TXN_REG_DONE;",
         "  return partition->registration <= KTXN__TXN_REG_DONE;",
         Explorer("v1-unverified", HARM)),
]

RULES = EVIDENCE + OUTCOMES + MOVED + BETWEEN


def find(name):
    for rule in RULES:
        if rule.name == name:
            return rule
    raise KeyError(name)


def without(rule, source):
    """The text of the rule's file, `source`, with the rule taken out."""
    count = source.count(rule.text)
    if count != 1:
        raise ValueError(f"{rule.name}: its text occurs {count} times in {rule.file}, and must exactly once")
    return source.replace(rule.text, rule.without)
