"""G: ending a transaction."""

import unittest

from faults import call, close_after, close_before, delay, error, error_applied, wait_for_gate
from scene import ScenarioCase, protocols


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
                scene.commit() if end == "commit" else scene.abort()
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

    def end_code(self, protocol, end, code):
        """The answer of an end whose EndTxn is refused with this code."""
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 15000")
            if code == 49:
                # it counts only when a look shows another producer id
                scene.peer.on("EndTxn(%s)" % end, call(lambda peer, request: peer.model.age("x", 0)))
            else:
                scene.peer.on("EndTxn(%s)" % end, error(code), times=None)
            answer = scene.drive.cmd("%s 3000" % end)
            self.assertFalse(answer.ok)
            self.assertNotEqual(answer.outcome, "committed")
            if answer.cls == "ABORT":
                scene.peer.clear_faults()
                scene.abort()
                scene.transaction("next")
            else:
                scene.may_hang = True
            return answer

    @protocols(1, 2)
    def test_G01_codes_of_EndTxn_commit(self, protocol):
        for code, cls, fatal in ((53, "CONFIG", True), (49, "RECREATE", True), (120, "ABORT", False), (30, "ABORT", False),
                                 (42, "RECREATE", True)):
            with self.subTest(code=code):
                answer = self.end_code(protocol, "commit", code)
                self.assertEqual((answer.cls, answer.fatal, answer.outcome), (cls, fatal, "not_committed"), str(answer))

    @protocols(1, 2)
    def test_G01_codes_of_EndTxn_abort(self, protocol):
        for code in (53, 49, 120, 42):
            with self.subTest(code=code):
                answer = self.end_code(protocol, "abort", code)
                self.assertTrue(answer.fatal, str(answer))
                self.assertEqual(answer.outcome, "not_committed")

    @protocols(1, 2)
    def test_G31_aborted_without_a_record_on_the_wire(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 15000")
            scene.abort()
            scene.begin()
            scene.abort()
            scene.transaction("next")


if __name__ == "__main__":
    unittest.main()
