"""E: what a leader may answer to a Produce."""

import unittest

from codes import NAMES
from faults import call, close_after, delay, error, error_applied, error_per_partition
from scene import ScenarioCase, protocols

RETRIABLE = (2, 3, 5, 6, 7, 9, 13, 19, 20, 56, 74, 75)
RETRIABLE_V13 = (100, 103)
WRITTEN = (3, 6, 7, 13, 20, 56)  # may be answered although the batch is in the log
RECORD = (10, 17, 18, 29, 32, 76, 87)


class ProduceTest(ScenarioCase):
    @protocols(1, 2)
    def test_E01_retriable_codes(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("warm", "warm1", "warm2")
            for code in RETRIABLE + (RETRIABLE_V13 if protocol == 2 else ()):
                self.retried(scene, code, error(code), "r%d" % code)
            for code in WRITTEN:
                self.retried(scene, code, error_applied(code), "w%d" % code)

    def retried(self, scene, code, action, value):
        before = len(scene.sequences(1))
        scene.peer.on("Produce", action, when=lambda r: ("t", 1) in r.partitions)
        scene.transaction(value + "-0", value + "-1", value + "-2")
        copies = scene.sequences(1)[before:]
        self.assertEqual(len(copies), 2, "code %d" % code)
        self.assertEqual(copies[0], copies[1], "code %d: same epoch, sequence and records" % code)

    @protocols(1, 2)
    def test_E02_record_level_codes(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("warm")
            for code in RECORD:
                scene.peer.on("Produce", error(code))
                scene.begin()
                scene.send("bad%d" % code)
                scene.ok("flush 15000")
                found = scene.drive.collect()
                self.assertEqual([d.code for d in found if d.label.startswith("bad")], [NAMES[code]])
                scene.fails("commit 15000", "ABORT", NAMES[code])
                scene.abort()
                scene.transaction("good%d" % code)
            self.assertEqual(scene.names("EndTxn"), ["EndTxn(commit)"] + ["EndTxn(abort)", "EndTxn(commit)"] * len(RECORD))

    @protocols(1, 2)
    def test_E03_fatal_codes(self, protocol):
        for code in (31, 53) + ((35,) if protocol == 1 else ()):
            with self.subTest(code=code), self.scene(protocol) as scene:
                scene.init()
                scene.begin()
                scene.peer.on("Produce", error(code))
                scene.send("a")
                answer = scene.drive.cmd("commit 15000")
                self.assertEqual((answer.code, answer.fatal), (NAMES[code], True), str(answer))
                self.assertIn(answer.cls, ("CONFIG", "RECREATE"))
                self.prompt(answer)
                scene.fatal_everywhere(answer)
                scene.may_hang = True  # on V1 the partition is registered, and the producer is gone

    @protocols(2)
    def test_E03_features_changed(self, protocol):
        """The cluster was taken back to transaction.version 0 while a V2 transaction was open."""
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("a")

            def downgrade(peer, _):
                peer.model.level, peer.features_epoch = 0, peer.features_epoch + 1

            scene.peer.on("Produce", call(downgrade), error(35))
            scene.begin()
            scene.send("b")
            answer = scene.fails("commit 15000", "ABORT")
            self.assertEqual(answer.broker, 35)
            scene.abort()
            scene.transaction("c")
            self.assertLessEqual(scene.peer.find("EndTxn")[-1].version, 4)
            self.assertLessEqual(scene.peer.find("Produce")[-1].version, 11)

    @protocols(1, 2)
    def test_E04_three_fates_in_one_answer(self, protocol):
        # registered first, then held back by linger until the commit: so they leave in one request
        with self.scene(protocol, nodes=1, linger_ms=60000, delivery_timeout_ms=70000) as scene:
            scene.init()
            scene.begin()
            for i in range(3):
                scene.send("warm%d" % i, i)
            scene.ok("flush 15000")
            rule = scene.peer.on("Produce", error_per_partition({("t", 1): 19, ("t", 2): 87}),
                                 when=lambda r: len(r.partitions) == 3)
            for i in range(3):
                scene.send("p%d" % i, i)
            answer = scene.fails("commit 15000", "ABORT", "INVALID_RECORD")
            self.assertEqual((rule.hits, answer.outcome), (1, "not_committed"))
            scene.drive.collect()
            fates = {d.label: d.code for d in scene.drive.delivered}
            self.assertEqual((fates["p0"], fates["p2"]), ("OK", "INVALID_RECORD"))
            scene.abort()
            self.assertEqual(scene.count("EndTxn(commit)"), 0)
            scene.transaction("next")

    @protocols(1, 2)
    def test_E05_duplicate_sequence_is_success_at_an_unknown_offset(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.peer.on("Produce", close_after())
            scene.peer.on("Produce", error(46))
            scene.send("a")
            scene.commit()
            scene.drive.collect()
            self.assertEqual([(d.code, d.offset) for d in scene.drive.delivered], [("OK", -1)])

    @protocols(1, 2)
    def test_E06_duplicate_within_the_window_has_its_offset(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("zero")
            scene.begin()
            scene.peer.on("Produce", close_after())
            scene.send("a")
            scene.commit()
            scene.drive.collect()
            self.assertEqual([(d.label, d.offset) for d in scene.drive.delivered], [("zero", 0), ("a", 2)])

    @protocols(1, 2)
    def test_E08_four_follow_the_one_that_failed(self, protocol):
        with self.scene(protocol, nodes=1, topics={"t": 1}, batch_size=100) as scene:
            scene.init()
            scene.transaction("warm")
            scene.peer.on("Produce", delay(100), error(19))
            scene.begin()
            for i in range(5):
                scene.send("%d-%s" % (i, "x" * 80))
            scene.commit()
            self.assertEqual(scene.count("InitProducerId"), 1)

    @protocols(1, 2)
    def test_E24_invalid_txn_state_is_abortable(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("warm")
            scene.begin()
            scene.peer.on("Produce", error(48))
            scene.send("a")
            scene.fails("commit 15000", "ABORT")
            scene.abort()
            scene.transaction("next")

    @protocols(1, 2)
    def test_E27_a_real_gap_is_abortable(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("warm")
            scene.begin()
            scene.peer.on("Produce", error(45))
            scene.send("a")
            scene.fails("commit 15000", "ABORT", "OUT_OF_ORDER_SEQUENCE_NUMBER")
            scene.abort()
            scene.transaction("next")
            self.assertEqual(scene.sequences(0)[-1][2], 0, "sequences begin again with the new epoch")


if __name__ == "__main__":
    unittest.main()
