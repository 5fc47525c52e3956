"""Every code that a broker may give to each transactional request: which class it has for the caller, and that the producer
goes on after those that can be aborted. Retriable codes share a scene; each other code has its own."""

import unittest

from codes import NAMES
from faults import error
from scene import CALL_MS, ScenarioCase, protocols

OFFSETS = "offsets g - - - %d t:0:5" % CALL_MS
COMMIT = "commit %d" % CALL_MS
UNHEARD_OF = 9999


class CodesTest(ScenarioCase):
    def retried(self, protocol, api, codes, step):
        """Each code once: the call succeeds and the request goes out again."""
        with self.scene(protocol) as scene:
            scene.init()
            for code in codes:
                scene.peer.on(api, error(code))
                before = scene.count(api)
                step(scene, "r%d" % code)
                self.assertGreaterEqual(scene.count(api) - before, 2, "%s %d" % (api, code))

    def aborted(self, protocol, api, codes, line):
        """Each code fails the transaction; after the abort the same producer goes on."""
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("warm")
            for code in codes:
                rule = scene.peer.on(api, error(code))
                scene.begin()
                scene.send("a%d" % code)
                answer = scene.fails(line, "ABORT")
                self.assertEqual((rule.hits, answer.broker), (1, code), str(answer))
                if code in NAMES:
                    self.assertEqual(answer.code, NAMES[code])
                self.prompt(answer)
                scene.fails(COMMIT, "ABORT", answer.code)
                scene.abort()
                scene.transaction("after%d" % code)

    def fatal(self, protocol, api, codes, line):
        for code in codes:
            with self.subTest(api=api, code=code), self.scene(protocol) as scene:
                scene.init()
                rule = scene.peer.on(api, error(code), times=None)
                scene.begin()
                scene.send("a")
                answer = scene.drive.cmd(line)
                self.assertEqual((answer.ok, answer.fatal, answer.broker), (False, True, code), str(answer))
                self.assertIn(answer.cls, ("CONFIG", "RECREATE"))
                self.assertNotEqual(answer.outcome, "committed")
                self.prompt(answer)
                self.assertEqual(rule.hits, 1, "no retry loop")
                scene.fatal_everywhere(answer)
                scene.may_hang = True

    def with_record(self, scene, value):
        scene.transaction(value)

    def with_offsets(self, scene, value):
        scene.begin()
        scene.offsets("t:0:5")
        scene.commit()

    @protocols(1)
    def test_AddPartitionsToTxn_retried(self, protocol):
        self.retried(protocol, "AddPartitionsToTxn", (3, 5, 6, 7, 14, 15, 16, 51), self.with_record)

    @protocols(1)
    def test_AddPartitionsToTxn_aborted(self, protocol):
        self.aborted(protocol, "AddPartitionsToTxn", (17, 29, 42, 55, 59, 120, -1, UNHEARD_OF), COMMIT)

    @protocols(1)
    def test_AddPartitionsToTxn_fatal(self, protocol):
        self.fatal(protocol, "AddPartitionsToTxn", (48, 53), COMMIT)

    @protocols(1)
    def test_AddOffsetsToTxn_retried(self, protocol):
        self.retried(protocol, "AddOffsetsToTxn", (3, 7, 14, 15, 16, 51), self.with_offsets)

    @protocols(1)
    def test_AddOffsetsToTxn_aborted(self, protocol):
        self.aborted(protocol, "AddOffsetsToTxn", (30, 59, 120), OFFSETS)

    @protocols(1)
    def test_AddOffsetsToTxn_fatal(self, protocol):
        self.fatal(protocol, "AddOffsetsToTxn", (48, 53, UNHEARD_OF), OFFSETS)

    @protocols(1, 2)
    def test_TxnOffsetCommit_retried(self, protocol):
        codes = (3, 7, 14, 15, 16, 51) + ((100,) if protocol == 2 else ())
        self.retried(protocol, "TxnOffsetCommit", codes, self.with_offsets)

    @protocols(1, 2)
    def test_TxnOffsetCommit_aborted(self, protocol):
        codes = (12, 22, 24, 25, 27, 28, 29, 30, 48, 82, 120) + ((69, 113) if protocol == 2 else ())
        self.aborted(protocol, "TxnOffsetCommit", codes, OFFSETS)

    @protocols(1, 2)
    def test_TxnOffsetCommit_fatal(self, protocol):
        self.fatal(protocol, "TxnOffsetCommit", (43, 53), OFFSETS)

    @protocols(1, 2)
    def test_Produce_aborted(self, protocol):
        self.aborted(protocol, "Produce", (-1, 21, 43, 45, 48, 59, 120, UNHEARD_OF), COMMIT)

    @protocols(1, 2)
    def test_FindCoordinator_of_the_group_retried(self, protocol):
        def moved(scene, value):
            scene.begin()
            scene.peer.move_group_coordinator("g")
            scene.offsets("t:0:5")
            scene.commit()
        self.retried(protocol, "FindCoordinator(group)", (7, 14, 15, 16), moved)

    @protocols(1, 2)
    def test_FindCoordinator_of_the_group_aborted(self, protocol):
        for code in (30, 120):
            with self.subTest(code=code):
                self.aborted(protocol, "FindCoordinator(group)", (code,), OFFSETS)

    @protocols(1, 2)
    def test_FindCoordinator_of_the_transaction_retried(self, protocol):
        with self.scene(protocol) as scene:
            for code in (7, 14, 15, 16):
                scene.peer.on("FindCoordinator(txn)", error(code))
            scene.init()
            self.assertEqual(scene.count("FindCoordinator(txn)"), 5)

    @protocols(1, 2)
    def test_InitProducerId_fatal(self, protocol):
        for code in (35, 42, 49, 59, 90, UNHEARD_OF):
            with self.subTest(code=code), self.scene(protocol) as scene:
                rule = scene.peer.on("InitProducerId", error(code), times=None)
                answer = scene.drive.cmd("init %d" % CALL_MS)
                self.assertEqual((answer.ok, answer.fatal, answer.broker), (False, True, code), str(answer))
                self.prompt(answer)
                self.assertEqual(rule.hits, 1)
                scene.fatal_everywhere(answer)

    @protocols(1, 2)
    def test_a_stale_fence_is_looked_into(self, protocol):
        """47, 49 and 90 count only when the transaction's state at the node shows that somebody moved it."""
        with self.scene(protocol) as scene:
            scene.init()
            for api in ("EndTxn",) + (("AddPartitionsToTxn",) if protocol == 1 else ()):
                for code in (90, 49):
                    scene.peer.on(api, error(code))
                    scene.transaction("%s%d" % (api, code))


if __name__ == "__main__":
    unittest.main()
