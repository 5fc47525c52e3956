"""What became of a transaction, as the public calls tell it: committed, not committed, in doubt. Each way that an EndTxn can
end, with and without another copy of unknown fate, once for each protocol; what is told must agree with the log."""

import unittest

from faults import call, close_after, close_before, drop, drop_unapplied, error, wait_for_gate
from scene import CALL_MS, ScenarioCase, protocols

LOST = close_before()   # this copy never arrived
TAKEN = close_after()   # it was applied, and the answer is lost


def init(peer, request):
    """Another instance's InitProducerId: the first aborts what is open, the next moves the epoch."""
    peer.model.init_producer_id(request.node, "x", 60000, -1, -1)


def expire(peer, _):
    """The broker's transaction timeout."""
    peer.model.expire("x")


def other_id(peer, _):
    """The coordinator knows the transactional id under another producer id."""
    peer.model.age("x", 0)


def forgotten(peer, _):
    """The transactional id has expired."""
    del peer.model.txns["x"]


def at_next_epoch(state):
    """A successor's InitProducerId after the end, and what it has come to since."""
    def act(peer, request):
        init(peer, request)
        peer.model.txns["x"].state = state
    return call(act)


def comes_to(state):
    """And what it has come to later."""
    return call(lambda peer, _: setattr(peer.model.txns["x"], "state", state))


TWICE = (call(init), call(init))  # an open transaction is aborted by the first, and the epoch is beyond the abort's then
SUCCESSOR = ("RECREATE", "FENCED", True)
MAPPING = ("RECREATE", "INVALID_PRODUCER_ID_MAPPING", True)


def refusals(protocol):
    """Codes to a commit that say that this copy changed nothing, alone and behind a copy that was lost."""
    for code, name, cls in ((30, "GROUP_AUTHORIZATION_FAILED", "ABORT"), (59, "UNKNOWN_PRODUCER_ID", "ABORT"),
                            (120, "TRANSACTION_ABORTABLE", "ABORT"), (42, "INVALID_REQUEST", "RECREATE"),
                            (53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", "CONFIG")):
        yield "%d" % code, [[error(code)]], (cls, name, cls != "ABORT"), "not_committed"
        yield "lost, %d" % code, [[LOST], [error(code)]], ("RECREATE" if cls == "ABORT" else cls, name, True), "in_doubt"
        yield "applied, %d" % code, [[TAKEN], [error(code)]], ("RECREATE" if cls == "ABORT" else cls, name, True), "in_doubt"


# name, what each EndTxn(commit) meets in turn, (class, code, fatal) or None for success, outcome
COMMITS = {
    1: [
        ("0", [], None, "committed"),
        ("lost", [[LOST], [LOST]], None, "committed"),
        ("applied", [[TAKEN], [TAKEN]], None, "committed"),
        ("48", [[error(48)]], ("RECREATE", "INVALID_TXN_STATE", True), "not_committed"),
        ("lost, 48", [[LOST], [error(48)]], ("RECREATE", "INVALID_TXN_STATE", True), "in_doubt"),
        ("successor", [TWICE], SUCCESSOR, "not_committed"),
        ("lost, successor", [[LOST], TWICE], SUCCESSOR, "in_doubt"),
        ("lost, timeout", [[LOST], [call(expire)]], SUCCESSOR, "in_doubt"),
        ("lost, abort under way", [[LOST], [call(lambda peer, _: setattr(peer.model, "hold_markers", True)),
                                            call(expire)]], SUCCESSOR, "in_doubt"),
        ("applied, successor Empty", [[TAKEN], [at_next_epoch("Empty")]], None, "committed"),
        # it may as well be a fence on its way: what it comes to tells
        ("applied, successor Ongoing, then CompleteCommit", [[TAKEN], [at_next_epoch("Ongoing")], [comes_to("CompleteCommit")]],
         None, "committed"),
        ("applied, successor Ongoing, then CompleteAbort", [[TAKEN], [at_next_epoch("Ongoing")], [comes_to("CompleteAbort")]],
         SUCCESSOR, "in_doubt"),
        ("applied, successor PrepareCommit", [[TAKEN], [at_next_epoch("PrepareCommit")]], None, "committed"),
        ("applied, successor CompleteCommit", [[TAKEN], [at_next_epoch("CompleteCommit")]], None, "committed"),
        ("applied, successor CompleteAbort", [[TAKEN], [at_next_epoch("CompleteAbort")]], SUCCESSOR, "in_doubt"),
        ("applied, two successors", [[TAKEN], TWICE], SUCCESSOR, "in_doubt"),
        ("other id", [[call(other_id)]], MAPPING, "not_committed"),
        ("applied, other id", [[TAKEN], [call(other_id)]], MAPPING, "in_doubt"),
        ("forgotten", [[call(forgotten)]], MAPPING, "not_committed"),
        ("applied, forgotten", [[TAKEN], [call(forgotten)]], MAPPING, "in_doubt"),
        ("35", [[error(35)]], ("CONFIG", "UNSUPPORTED_VERSION", True), "in_doubt"),
    ],
    2: [
        ("0", [], None, "committed"),
        ("lost", [[LOST], [LOST]], None, "committed"),
        ("applied", [[TAKEN], [TAKEN]], None, "committed"),
        ("48 of a node that is behind", [[error(48)]], None, "committed"),
        ("90 of a node that is behind", [[error(90)]], None, "committed"),
        ("applied, 48", [[TAKEN], [error(48)]], None, "committed"),
        ("applied, 90", [[TAKEN], [error(90)]], None, "committed"),
        ("applied, 48, 120 on the way to the identity", [[TAKEN], [error(48)], [error(120)]], None, "committed"),
        ("successor", [TWICE], SUCCESSOR, "not_committed"),
        ("lost, successor", [[LOST], TWICE], SUCCESSOR, "in_doubt"),
        ("applied, successor", [[TAKEN], [call(init)]], SUCCESSOR, "in_doubt"),
        # EndTxn(abort) is answered 0: nobody committed it, but it came too early for a timeout
        ("lost, early abort", [[LOST], [call(expire)]], SUCCESSOR, "not_committed"),
        ("other id", [[call(other_id)]], MAPPING, "not_committed"),
        ("applied, other id", [[TAKEN], [call(other_id)]], MAPPING, "in_doubt"),
        ("forgotten", [[call(forgotten)]], MAPPING, "not_committed"),
        ("applied, forgotten", [[TAKEN], [call(forgotten)]], MAPPING, "in_doubt"),
    ],
}
ABORTS = {
    1: [
        ("0", [], None),
        ("lost", [[LOST], [LOST]], None),
        ("applied", [[TAKEN], [TAKEN]], None),
        ("59", [[error(59)]], None),
        ("48", [[error(48)]], ("RECREATE", "INVALID_TXN_STATE", True)),
        ("successor", [TWICE], SUCCESSOR),
        ("lost, successor", [[LOST], TWICE], SUCCESSOR),
        ("other id", [[call(other_id)]], MAPPING),
    ],
    2: [
        ("0", [], None),
        ("lost", [[LOST], [LOST]], None),
        ("applied", [[TAKEN], [TAKEN]], None),
        ("timeout", [[call(expire)]], None),  # looks like an ordinary abort, and is one
        ("successor", [TWICE], SUCCESSOR),
        ("lost, successor", [[LOST], TWICE], SUCCESSOR),
        ("other id", [[call(other_id)]], MAPPING),
    ],
}


class OutcomesTest(ScenarioCase):
    def enter(self, scene, end, steps):
        """A transaction of one record that was written; its end is to meet `steps`."""
        scene.init()
        scene.transaction("before")
        for actions in steps:
            scene.peer.on("EndTxn(%s)" % end, *actions)
        scene.begin()
        scene.send("a", 1)
        scene.settle()
        scene.may_hang = True

    def leave(self, scene, wanted, outcome):
        """What was told stays told, and is what a reader sees."""
        self.assertEqual(scene.ok("outcome 2").fields["outcome"], outcome)
        self.assertEqual(scene.ok("outcome 1").fields["outcome"], "committed")
        scene.peer.clear_faults()
        with scene.peer.changed:
            scene.peer.model.release_markers()
        visible = scene.seen().get(("t", 1)) == ["a"]
        scene.unsure = True
        if outcome != "in_doubt":
            self.assertEqual(visible, outcome == "committed")
        if wanted is None or not wanted[2]:
            return
        scene.drive.cmd("close 3000")
        self.assertEqual(scene.ok("outcome 2").fields["outcome"], outcome)

    def told(self, answer, wanted, outcome):
        found = None if answer.ok else (answer.cls, answer.code, answer.fatal)
        self.assertEqual((found, answer.outcome), (wanted, outcome), str(answer))

    def committed(self, protocol, rows):
        for name, steps, wanted, outcome in rows:
            with self.subTest(name), self.scene(protocol) as scene:
                self.enter(scene, "commit", steps)
                answer = scene.drive.cmd("commit %d" % CALL_MS)
                self.told(answer, wanted, outcome)
                if wanted and wanted[2]:
                    scene.fatal_everywhere(answer)
                elif wanted:
                    scene.peer.clear_faults()
                    self.told(scene.drive.cmd("abort %d" % CALL_MS), None, "not_committed")
                self.leave(scene, wanted, outcome)

    def test_commits_v1(self):
        self.committed(1, COMMITS[1])

    def test_commits_v2(self):
        self.committed(2, COMMITS[2])

    def test_refused_commits_v1(self):
        self.committed(1, refusals(1))

    def test_refused_commits_v2(self):
        self.committed(2, refusals(2))

    @protocols(1, 2)
    def test_commit_of_an_id_that_no_node_knows_any_more(self, protocol):
        """105 counts at the node that held the id; from others when the transaction's timeout has passed with nothing else."""
        with self.scene(protocol, transaction_timeout_ms=500) as scene:
            def forgotten_elsewhere(peer, _):
                peer.move_coordinator("x")
                peer.model.txns.pop("x", None)

            self.enter(scene, "commit", [[TAKEN], [call(forgotten_elsewhere)]])
            scene.fails("commit 100", "RETRY", "TIMED_OUT", outcome="none")
            self.told(scene.drive.cmd("commit %d" % CALL_MS), MAPPING, "in_doubt")
            self.leave(scene, MAPPING, "in_doubt")

    # ---- what has to be proven first

    @protocols(1)
    def test_no_registration_can_be_repeated_at_the_new_coordinator(self, protocol):
        """Its answer to EndTxn could speak of the transaction before."""
        for lost, outcome in ((False, "not_committed"), (True, "in_doubt")):
            with self.subTest(lost=lost), self.scene(protocol) as scene:
                self.enter(scene, "commit", [[TAKEN]] * lost)
                if lost:
                    scene.peer.on("EndTxn", call(lambda peer, _: peer.move_coordinator("x")))
                else:
                    scene.peer.refuse(scene.peer.model.coordinator("x"))
                    scene.peer.move_coordinator("x")
                    scene.ok("sleep 30")  # no byte of the commit goes to the old one
                scene.peer.on("AddPartitionsToTxn", error(3), times=None)
                answer = scene.drive.cmd("commit %d" % CALL_MS)
                self.assertEqual((answer.fatal, answer.outcome), (True, outcome), str(answer))
                self.leave(scene, ("RECREATE", answer.code, True), outcome)

    @protocols(2)
    def test_nothing_of_it_was_taken_and_nothing_can_be_registered(self, protocol):
        """An EndTxn could be answered for a successor: none is sent."""
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("before")
            scene.peer.on("Produce", error(87))
            scene.begin()
            scene.send("a", 1)
            scene.settle()
            scene.peer.on("AddPartitionsToTxn", error(29), times=None)
            answer = scene.drive.cmd("abort %d" % CALL_MS)
            self.assertEqual(answer.outcome, "not_committed", str(answer))
            self.assertEqual(scene.names("EndTxn"), ["EndTxn(commit)"])
            scene.may_hang = True
            self.leave(scene, None if answer.ok else ("RECREATE", answer.code, True), "not_committed")

    # ---- what is owed behind an end

    @protocols(1)
    def test_the_bump_behind_a_commit_fails(self, protocol):
        """The commit stays committed; the next call says what has happened."""
        for begun in (False, True):
            with self.subTest(begun=begun), self.scene(protocol) as scene:
                self.enter(scene, "commit", [[TAKEN]])
                gate = scene.peer.gate()
                scene.peer.on("InitProducerId", wait_for_gate(gate), call(init))
                self.told(scene.commit(), None, "committed")
                scene.expected = {}
                if begun:
                    scene.begin()
                    scene.send("b")
                    scene.drive.cmd("flush 30")  # so that the I/O thread has seen both
                gate.open()
                self.assertEqual(scene.events(), [("error", 3 if begun else 2, "FENCED", "not_committed" if begun else "none")])
                scene.fails("commit 3000" if begun else "begin", "RECREATE", "FENCED", fatal=True)
                if begun:
                    self.assertEqual(scene.ok("outcome 3").fields["outcome"], "not_committed")
                self.leave(scene, SUCCESSOR, "committed")

    @protocols(1)
    def test_fenced_between_the_abort_and_its_sweep(self, protocol):
        """Whoever has taken over may open the batch that was given up, and commit it."""
        with self.scene(protocol, request_timeout_ms=300, delivery_timeout_ms=600) as scene:
            self.enter(scene, "abort", [])
            scene.peer.on("Produce", drop(), times=None)
            scene.peer.on("InitProducerId", call(init))
            scene.send("b", 1)
            scene.settle()
            self.told(scene.drive.cmd("abort %d" % CALL_MS), SUCCESSOR, "in_doubt")
            self.leave(scene, SUCCESSOR, "in_doubt")

    @protocols(1, 2)
    def test_event_of_a_broker_that_aborted_between_calls(self, protocol):
        with self.scene(protocol, transaction_timeout_ms=600) as scene:
            self.enter(scene, "commit", [])
            scene.ok("sleep 400")
            with scene.peer.changed:
                scene.peer.model.expire("x")
            scene.send("b", 1)  # is told that the epoch has moved
            self.assertEqual(scene.events(), [("error", 2, "ABORTED_BY_BROKER", "not_committed")])
            self.told(scene.drive.cmd("commit 3000"), ("ABORT", "ABORTED_BY_BROKER", False), "not_committed")
            self.told(scene.drive.cmd("abort 3000"), None, "not_committed")
            scene.transaction("next")
            self.leave(scene, None, "not_committed")

    def aborted(self, protocol):
        for name, steps, wanted in ABORTS[protocol]:
            with self.subTest(name), self.scene(protocol) as scene:
                self.enter(scene, "abort", steps)
                self.told(scene.drive.cmd("abort %d" % CALL_MS), wanted, "not_committed")
                self.leave(scene, wanted, "not_committed")

    def test_aborts_v1(self):
        self.aborted(1)

    def test_aborts_v2(self):
        self.aborted(2)

    def wait_until(self, scene, condition):
        for _ in range(1000):
            if condition():
                return
            scene.ok("sleep 10")
        self.fail("not within ten seconds")

    # ---- a close whose time is up

    def forced(self, scene, outcome):
        answer = scene.fails("close 200", "RECREATE", "TIMED_OUT", outcome=outcome)
        self.assertEqual(scene.ok("outcome 2").fields["outcome"], outcome)
        sent = scene.count("EndTxn")
        scene.peer.clear_faults()
        scene.peer.accept()
        scene.ok("sleep 150")
        self.assertEqual(scene.count("EndTxn"), sent, "nothing leaves any more")
        scene.unsure = scene.may_hang = True
        return answer

    @protocols(1, 2)
    def test_J10_forced_close_with_the_commit_on_its_way(self, protocol):
        with self.scene(protocol) as scene:
            self.enter(scene, "commit", [(drop(),)])
            scene.fails("commit 50", "RETRY", "TIMED_OUT")
            self.forced(scene, "in_doubt")

    @protocols(1, 2)
    def test_J10_forced_close_with_no_byte_of_the_commit_sent(self, protocol):
        with self.scene(protocol) as scene:
            self.enter(scene, "commit", [])
            open_before = scene.peer.connections()
            scene.peer.refuse()
            # What is written into a connection before its end is heard of has left, and nobody knows what became of it.
            self.wait_until(scene, lambda: scene.drive.errors().count("closed by the peer") >= open_before)
            scene.fails("commit 50", "RETRY", "TIMED_OUT")
            self.forced(scene, "not_committed")

    @protocols(1, 2)
    def test_J10_forced_close_with_a_record_on_its_way(self, protocol):
        with self.scene(protocol) as scene:
            self.enter(scene, "commit", [])
            scene.peer.on("Produce", drop())
            scene.send("b", 1)
            scene.fails("commit 50", "RETRY", "TIMED_OUT")
            self.forced(scene, "not_committed")

    @protocols(1)
    def test_J10_forced_close_with_the_abort_ended_and_the_sweep_owed(self, protocol):
        """The batch that was given up may be opened again by whoever comes next (before 3.6, or with verification off)."""
        with self.scene(protocol, request_timeout_ms=300, delivery_timeout_ms=600) as scene:
            scene.peer.move_coordinator("x", 1)  # the leader of partition 1 is another node, whose connection is stuck
            self.enter(scene, "abort", [])
            scene.peer.on("Produce", drop(), times=None)
            scene.peer.on("InitProducerId", drop_unapplied(), times=None)
            scene.send("b", 1)
            scene.settle()
            scene.fails("abort 300", "RETRY", "TIMED_OUT")
            self.assertEqual(scene.names("EndTxn"), ["EndTxn(commit)", "EndTxn(abort)"])
            self.forced(scene, "in_doubt")

    # ---- events

    def left(self, scene, end, *actions):
        """The call that ends the second transaction times out, and its request is held back until the gate is opened."""
        gate = scene.peer.gate()
        self.enter(scene, end, [(wait_for_gate(gate),) + actions])
        scene.fails("%s 50" % end, "RETRY", "TIMED_OUT", outcome="none")
        self.assertEqual(scene.ok("outcome 2").fields["outcome"], "none")
        self.assertEqual(scene.events(wait=False), [])
        return gate

    @protocols(1, 2)
    def test_G04_event_of_an_outcome_that_came_after_the_call(self, protocol):
        for end, outcome in (("commit", "committed"), ("abort", "not_committed")):
            with self.subTest(end=end), self.scene(protocol) as scene:
                gate = self.left(scene, end)
                gate.open()
                self.assertEqual(scene.events(), [("outcome", 2, "OK", outcome)])
                self.assertEqual(scene.ok("outcome 2").fields["outcome"], outcome)
                scene.fails("begin", "RETRY", "CONFLICT")  # the call's result is still there
                self.told(scene.drive.cmd("%s 3000" % end), None, outcome)
                self.assertEqual(scene.events(wait=False), [])
                self.leave(scene, None, outcome)

    @protocols(1, 2)
    def test_G04_no_event_once_the_call_has_told(self, protocol):
        with self.scene(protocol) as scene:
            gate = self.left(scene, "commit")
            gate.open()
            scene.commit()
            self.assertEqual(scene.events(wait=False), [])
            # and of one that was there already: it is withdrawn with the result
            gate = scene.peer.gate()
            scene.peer.on("EndTxn", wait_for_gate(gate))
            scene.begin()
            scene.send("b")
            scene.settle()
            scene.fails("commit 50", "RETRY", "TIMED_OUT")
            gate.open()
            scene.peer.wait(lambda: scene.peer.find("EndTxn")[-1].answered)
            scene.ok("sleep 50")
            scene.commit()
            self.assertEqual(scene.events(wait=False), [])

    @protocols(1, 2)
    def test_event_of_a_commit_that_failed_after_the_call(self, protocol):
        for steps, wanted in ((TWICE, SUCCESSOR), ((error(120),), ("ABORT", "TRANSACTION_ABORTABLE", False))):
            with self.subTest(code=wanted[1]), self.scene(protocol) as scene:
                gate = self.left(scene, "commit", *steps)
                gate.open()
                self.assertEqual(scene.events(), [("outcome", 2, wanted[1], "not_committed")])
                answer = scene.drive.cmd("commit 3000")
                self.told(answer, wanted, "not_committed")
                if wanted[2]:
                    scene.fatal_everywhere(answer)
                self.leave(scene, wanted, "not_committed")

    @protocols(1, 2)
    def test_close_waits_for_a_commit_whose_call_timed_out(self, protocol):
        with self.scene(protocol) as scene:
            gate = self.left(scene, "commit")
            closing = scene.drive.start("close 15000")
            gate.open()
            self.assertTrue(closing.wait().ok)
            self.assertEqual(scene.events(), [("outcome", 2, "OK", "committed")])
            self.told(scene.drive.cmd("commit 1000"), None, "committed")
            scene.fails("commit 1000", "RECREATE", "CLOSED")
            self.leave(scene, None, "committed")

    @protocols(1, 2)
    def test_close_by_force_over_a_commit_whose_call_timed_out(self, protocol):
        with self.scene(protocol) as scene:
            self.left(scene, "commit")
            scene.fails("close 100", "RECREATE", "TIMED_OUT", outcome="in_doubt")
            self.assertEqual(scene.events(), [("outcome", 2, "CLOSED", "in_doubt")])
            scene.fails("commit 1000", "RECREATE", "CLOSED", outcome="in_doubt")
            self.leave(scene, ("RECREATE", "CLOSED", True), "in_doubt")

    @protocols(1, 2)
    def test_event_of_the_asynchronous_end(self, protocol):
        with self.scene(protocol) as scene:
            self.enter(scene, "commit", [TWICE])
            scene.ok("commit-async")
            self.assertEqual(scene.events(), [("commit", 2, "FENCED", "not_committed")])
            self.leave(scene, SUCCESSOR, "not_committed")

    @protocols(1, 2)
    def test_event_of_a_producer_that_failed_between_calls(self, protocol):
        with self.scene(protocol) as scene:
            self.enter(scene, "commit", [])
            scene.peer.on("Produce", error(31))
            scene.send("b")
            self.assertEqual(scene.events(), [("error", 2, "CLUSTER_AUTHORIZATION_FAILED", "not_committed")])
            self.leave(scene, ("CONFIG", "CLUSTER_AUTHORIZATION_FAILED", True), "not_committed")


if __name__ == "__main__":
    unittest.main()
