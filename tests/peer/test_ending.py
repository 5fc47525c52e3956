"""G: ending a transaction."""

import unittest

from faults import call, close_after, close_before, delay, drop_unapplied, error, error_applied, wait_for_gate
from scene import CALL_MS, ScenarioCase, protocols


class EndingTest(ScenarioCase):
    @protocols(1, 2)
    def test_G02_ten_retriable_errors(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            for end in ("commit", "abort"):
                for code in (14, 15, 16, 51, 51, 14, 15, 16, 7, 51):
                    scene.peer.on("EndTxn", error(code))
                before = scene.count("EndTxn")
                scene.begin()
                scene.send(end)
                scene.ok("flush 15000")
                scene.ok("%s -1" % end)
                scene.committed() if end == "commit" else scene.open.clear()
                self.assertEqual(scene.count("EndTxn") - before, 11)

    @protocols(1, 2)
    def test_G03_a_call_that_times_out_is_resumed(self, protocol):
        for end, opposite in (("commit", "abort"), ("abort", "commit")):
            with self.subTest(end=end), self.scene(protocol) as scene:
                scene.init()
                scene.begin()
                scene.send("a")
                scene.ok("flush 15000")
                gate = scene.peer.gate()
                scene.peer.on("EndTxn", wait_for_gate(gate))
                self.within(scene.fails("%s 100" % end, "RETRY", "TIMED_OUT"), 100)
                scene.fails("%s 1000" % opposite, "RETRY", "CONFLICT")
                scene.fails("begin", "RETRY", "CONFLICT")
                gate.open()
                scene.commit() if end == "commit" else scene.abort()
                self.assertEqual(scene.names("EndTxn"), ["EndTxn(%s)" % end])
                scene.transaction("next")

    def answered_late(self, protocol, *actions):
        """The call is over, and the transaction's timeout, before EndTxn is answered. The scene, and the gate."""
        scene = self.scene(protocol, transaction_timeout_ms=400)
        scene.init()
        scene.begin()
        scene.send("a")
        scene.ok("flush 15000")
        gate = scene.peer.gate()
        scene.peer.on("EndTxn", wait_for_gate(gate), *actions)
        self.within(scene.fails("commit 100", "RETRY", "TIMED_OUT"), 100)
        scene.ok("sleep 400")
        return scene, gate

    @protocols(1, 2)
    def test_G04_answered_after_the_call_and_the_timeout(self, protocol):
        scene, gate = self.answered_late(protocol)
        with scene:
            gate.open()
            scene.commit()
            scene.fails("commit 1000", "USAGE")  # it was reported once
            scene.transaction("next")

    @protocols(1, 2)
    def test_G04_arrived_after_the_broker_had_timed_it_out(self, protocol):
        scene, gate = self.answered_late(protocol, call(lambda peer, _: peer.model.expire("x")))
        with scene:
            gate.open()
            scene.fails("commit 15000", "ABORT", "ABORTED_BY_BROKER", outcome="not_committed")
            scene.abort()
            scene.transaction("next")

    @protocols(1, 2)
    def test_G06_an_empty_transaction(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            for _ in range(2):
                scene.begin()
                self.assertEqual(scene.commit().outcome, "committed")
                scene.begin()
                self.assertEqual(scene.abort().outcome, "not_committed")
            self.assertEqual(scene.count("EndTxn"), 0)
            scene.transaction("next")

    @protocols(1, 2)
    def test_G07_offsets_only(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.offsets("t:0:5")
            scene.abort()
            self.assertEqual(scene.peer.offsets("g"), {})
            scene.begin()
            scene.offsets("t:0:6,t:2:7")
            self.assertEqual(scene.peer.offsets("g"), {})
            scene.commit()
            self.assertEqual(scene.peer.offsets("g"), {("t", 0): 6, ("t", 2): 7})
            self.assertEqual(scene.names("EndTxn"), ["EndTxn(abort)", "EndTxn(commit)"])

    def ended(self, protocol, action, times=1):
        for end in ("commit", "abort"):
            with self.subTest(end=end), self.scene(protocol) as scene:
                scene.init()
                scene.peer.on("EndTxn", action, times=times)
                scene.begin()
                scene.send("a")
                scene.ok("flush 15000")
                scene.commit() if end == "commit" else scene.abort()
                self.assertEqual(scene.names("EndTxn"), ["EndTxn(%s)" % end] * (times + 1))
                scene.transaction("next", "next1")

    @protocols(1, 2)
    def test_G08_applied_and_the_answer_lost(self, protocol):
        self.ended(protocol, close_after())

    @protocols(1, 2)
    def test_G08_applied_and_two_answers_lost(self, protocol):
        self.ended(protocol, close_after(), 2)

    @protocols(1, 2)
    def test_G09_the_request_lost(self, protocol):
        self.ended(protocol, close_before())

    @protocols(2)
    def test_G08_the_bumped_identity_is_adopted(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.on("EndTxn", close_after())
            scene.transaction("a")
            scene.transaction("b")
            self.assertEqual([epoch for _, epoch, _, _ in scene.sequences(0)], [0, 1])
            self.assertEqual(scene.count("InitProducerId"), 1)

    @protocols(1)
    def test_G08_transactions_v1_bumps_after_an_end_of_unknown_fate(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.on("EndTxn", close_after())
            scene.transaction("a")
            scene.transaction("b")
            self.assertEqual([epoch for _, epoch, _, _ in scene.sequences(0)], [0, 1])
            order = scene.names("EndTxn", "InitProducerId", "AddPartitionsToTxn")
            self.assertEqual(order[-3:], ["InitProducerId", "AddPartitionsToTxn", "EndTxn(commit)"])

    @protocols(1, 2)
    def test_G13_unknown_server_error_is_not_a_guess(self, protocol):
        self.ended(protocol, error(-1))
        self.ended(protocol, error_applied(-1))

    @protocols(1, 2)
    def test_G23_end_leaves_after_every_acknowledgement(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.on("Produce", delay(200), times=None)
            scene.begin()
            for i in range(6):
                scene.send("a%d" % i, i % 3)
            scene.commit()
            end = scene.peer.find("EndTxn")[0]
            for produce in scene.peer.find("Produce"):
                self.assertLess(produce.answered, end.sequence)

    @protocols(1, 2)
    def test_G24_commit_after_a_failed_record_is_refused(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("good")
            scene.ok("flush 15000")
            scene.peer.on("Produce", error(87))
            scene.send("bad", 1)
            scene.fails("commit 15000", "ABORT", "INVALID_RECORD")
            scene.fails("commit 15000", "ABORT", "INVALID_RECORD")
            scene.abort()
            self.assertEqual(scene.names("EndTxn"), ["EndTxn(abort)"])
            scene.transaction("next")

    @protocols(1, 2)
    def test_G27_abort_times_out_and_is_repeated(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 15000")
            gate = scene.peer.gate()
            scene.peer.on("EndTxn", wait_for_gate(gate))
            scene.fails("abort 50", "RETRY", "TIMED_OUT")
            scene.fails("commit 50", "RETRY", "CONFLICT")
            gate.open()
            scene.abort()
            scene.transaction("next")

    @protocols(1, 2)
    def test_G27_abort_meets_retriable_errors_and_a_commit_in_the_background(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 15000")
            for code in (14, 15, 16, 51, 7):
                scene.peer.on("EndTxn", error(code))
            scene.abort()
            self.assertEqual(scene.names("EndTxn"), ["EndTxn(abort)"] * 6)
            gate = scene.peer.gate()
            scene.peer.on("EndTxn", wait_for_gate(gate))
            scene.begin()
            scene.send("b")
            scene.fails("commit 50", "RETRY", "TIMED_OUT")
            scene.fails("abort 1000", "RETRY", "CONFLICT")
            gate.open()
            scene.commit()

    @protocols(1, 2)
    def test_G29_a_record_fails_while_aborting(self, protocol):
        for fate in (error(87), error(7), close_before(), close_after()):
            with self.subTest(fate=fate), self.scene(protocol) as scene:
                scene.init()
                gate = scene.peer.gate()
                scene.peer.on("Produce", wait_for_gate(gate), fate)
                scene.begin()
                scene.send("a")
                scene.peer.wait_for("Produce")
                pending = scene.drive.start("abort 15000")
                scene.ok("sleep 30")
                self.assertEqual(scene.count("EndTxn"), 0, "the end waits for what is on its way")
                gate.open()
                answer = pending.wait()
                self.assertTrue(answer.ok, str(answer))
                self.assertEqual(answer.outcome, "not_committed")
                scene.open = []
                scene.transaction("next")

    @protocols(1, 2)
    def test_G28_ending_twice(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("a")
            scene.fails("commit 1000", "USAGE")
            scene.fails("abort 1000", "USAGE")
            scene.begin()
            scene.send("b")
            scene.abort()
            scene.fails("abort 1000", "USAGE")
            scene.fails("commit 1000", "USAGE")
            scene.transaction("c")

    def ended_by(self, protocol, end, flush, *actions, times=1):
        """A transaction with a record and offsets whose end meets that. The scene and the call's answer."""
        scene = self.scene(protocol)
        scene.init()
        scene.begin()
        scene.send("a")
        scene.offsets("t:0:5")
        if flush:
            scene.ok("flush 15000")
        scene.peer.on("EndTxn(%s)" % end, *actions, times=times)
        return scene, scene.drive.cmd("%s 15000" % end)

    def each_end(self):
        return [(end, flush) for end in ("commit", "abort") for flush in (False, True)]

    @protocols(1, 2)
    def test_G01_codes_that_are_retried(self, protocol):
        for end, flush in self.each_end():
            with self.subTest(end=end, flush=flush), self.scene(protocol) as scene:
                scene.init()
                for code in (14, 15, 16, 51):
                    scene.begin()
                    scene.send("%d" % code)
                    scene.offsets("t:0:%d" % code)
                    if flush:
                        scene.ok("flush 15000")
                    scene.peer.on("EndTxn", error(code))
                    scene.commit() if end == "commit" else scene.abort()
                    self.assertEqual(scene.peer.offsets("g"), {("t", 0): code} if end == "commit" else {})

    @protocols(1, 2)
    def test_G01_codes_that_are_fatal(self, protocol):
        def taken_over(peer, request):
            for _ in range(2):
                peer.model.init_producer_id(request.node, "x", 60000, -1, -1)

        steps = {53: (error(53), "CONFIG"), 42: (error(42), "RECREATE"), 90: (call(taken_over), "RECREATE"),
                 49: (call(lambda peer, _: peer.model.age("x", 0)), "RECREATE"),
                 30: (error(30), "RECREATE"), 120: (error(120), "RECREATE")}
        for end, flush in self.each_end():
            for code, (action, cls) in steps.items():
                if end == "commit" and code in (30, 120):
                    continue  # abortable there
                with self.subTest(end=end, flush=flush, code=code):
                    scene, answer = self.ended_by(protocol, end, flush, action)
                    with scene:
                        self.assertEqual((answer.ok, answer.cls, answer.fatal, answer.outcome),
                                         (False, cls, True, "not_committed"), str(answer))
                        scene.fatal_everywhere(answer)
                        scene.may_hang = True
                        self.assertEqual(scene.seen(), {})

    @protocols(1, 2)
    def test_G01_codes_that_can_be_aborted(self, protocol):
        for flush in (False, True):
            for code in (30, 59, 120):
                with self.subTest(flush=flush, code=code):
                    scene, answer = self.ended_by(protocol, "commit", flush, error(code))
                    with scene:
                        self.assertEqual((answer.cls, answer.fatal, answer.outcome, answer.broker),
                                         ("ABORT", False, "not_committed", code), str(answer))
                        scene.abort()
                        scene.transaction("next")
                        bumps = 1 if protocol == 1 and code == 59 else 0
                        self.assertEqual(scene.count("InitProducerId"), 1 + bumps)

    @protocols(1, 2)
    def test_G01_an_abort_of_a_producer_that_was_forgotten(self, protocol):
        for flush in (False, True):
            with self.subTest(flush=flush):
                scene, answer = self.ended_by(protocol, "abort", flush, error(59))
                with scene:
                    self.assertEqual((answer.ok, answer.outcome), (True, "not_committed"), str(answer))
                    scene.open = []
                    scene.transaction("next")
                    self.assertEqual(scene.count("InitProducerId"), 2)

    @protocols(1, 2)
    def test_G01_codes_of_a_coordinator_that_is_behind(self, protocol):
        """47, 49 and 90 are not believed before a look at that node; an unknown code says nothing."""
        for end, flush in self.each_end():
            with self.subTest(end=end, flush=flush), self.scene(protocol) as scene:
                scene.init()
                for code in (47, 49, 90, 9999, -1):
                    scene.begin()
                    scene.send("%d" % code)
                    if flush:
                        scene.ok("flush 15000")
                    scene.peer.on("EndTxn", error(code))
                    scene.commit() if end == "commit" else scene.abort()

    @protocols(1, 2)
    def test_G01_an_unknown_code_for_ever_is_never_an_outcome(self, protocol):
        for end, flush in self.each_end():
            for truth in (error(9999), error_applied(9999)):
                with self.subTest(end=end, flush=flush, truth=truth), self.scene(protocol) as scene:
                    scene.init()
                    scene.peer.on("EndTxn", truth, times=None)
                    scene.begin()
                    scene.send("a")
                    scene.offsets("t:0:5")
                    if flush:
                        scene.ok("flush 15000")
                    for _ in range(2):
                        scene.fails("%s 60" % end, "RETRY", "TIMED_OUT", outcome="none")
                    self.assertEqual(scene.ok("outcome 1").fields["outcome"], "none")
                    scene.peer.clear_faults()
                    scene.commit() if end == "commit" else scene.abort()

    @protocols(2)
    def test_G31_an_abort_with_nothing_in_it(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("before")
            epoch = int(scene.ok("state").fields["epoch"])
            scene.begin()
            scene.abort()  # nothing has left the client: nothing is sent, and the epoch stays
            self.assertEqual((scene.names("EndTxn"), scene.ok("state").fields["epoch"]), (["EndTxn(commit)"], str(epoch)))
            for fate in (error(87), error(120), close_before()):
                # a record has left the client, and nothing of it is there: the end goes out, and its epoch is the next one
                ends = scene.count("EndTxn")
                scene.peer.on("Produce", fate, times=None)
                scene.begin()
                scene.send("lost")
                scene.peer.wait(lambda: scene.peer.find("Produce")[-1].faults)
                pending = scene.drive.start("abort 15000")
                scene.ok("sleep 30")
                scene.peer.clear_faults()
                self.assertTrue(pending.wait().ok)
                scene.open, epoch = [], epoch + 1
                self.assertEqual((scene.count("EndTxn"), scene.ok("state").fields["epoch"]), (ends + 1, str(epoch)))
                scene.transaction("next")
                epoch += 1
                self.assertEqual(scene.sequences(0)[-1][1], epoch - 1)

    @protocols(1, 2)
    def test_G30_back_to_back_while_markers_are_late(self, protocol):
        """Retries of CONCURRENT_TRANSACTIONS and questions for completion: one at a time, at most 30 a transaction."""
        count = 100
        with self.scene(protocol, retry_backoff_ms=20) as scene:
            scene.init()

            def late(peer, _):
                peer.model.hold_markers = True
                peer._after(4, peer.model.release_markers)

            scene.peer.on("EndTxn", call(late), times=None)
            for i in range(count):
                scene.transaction("%d" % i)
            scene.peer.wait(lambda: not scene.peer.open_transactions(), what="the last markers")
            asked = [r for r in scene.peer.find() if r.name == "DescribeTransactions" or r.codes == [51] or
                     (r.name == "AddPartitionsToTxn" and 51 in r.codes)]
            self.assertGreater(len(asked), count / 2, "the pauses were met")
            self.assertLessEqual(len(asked), 30 * count)
            for first, second in zip(asked, asked[1:]):
                self.assertLess(first.answered, second.sequence, "one at a time")
                self.assertGreaterEqual(second.at - first.at, 0.0001)


class CloseTest(ScenarioCase):
    def unanswered(self, scene):
        """A record that is on its way, and a call that waits for it in vain."""
        scene.init()
        scene.begin()
        scene.peer.on("Produce", drop_unapplied(), times=None)
        scene.send("lost")
        scene.peer.wait_for("Produce")
        scene.unsure = scene.may_hang = True

    @protocols(1, 2)
    def test_J10_a_flush_that_meets_a_close_is_over_with_it(self, protocol):
        with self.scene(protocol) as scene:
            self.unanswered(scene)
            scene.fails("flush 50", "RETRY", "TIMED_OUT")
            pending = scene.drive.start("flush %d" % CALL_MS)
            scene.ok("sleep 50")
            scene.drive.cmd("close 0")
            answer = pending.wait()
            self.assertEqual((answer.cls, answer.code), ("RECREATE", "CLOSED"), str(answer))

    @protocols(1, 2)
    def test_J10_who_waits_for_another_thread_to_close_is_told_when_that_takes_too_long(self, protocol):
        with self.scene(protocol) as scene:
            self.unanswered(scene)
            pending = scene.drive.start("close 1500")
            scene.ok("sleep 50")
            scene.fails("close 50", "RECREATE", "TIMED_OUT")
            self.assertEqual(pending.wait().code, "TIMED_OUT")
            scene.ok("close 50")


if __name__ == "__main__":
    unittest.main()
