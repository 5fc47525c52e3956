"""E: what a leader may answer to a Produce."""

import hashlib
import unittest

from codes import NAMES
from faults import call, close_after, error, error_applied, error_per_partition, wait_for_gate
from scene import ScenarioCase, protocols

RETRIABLE = (2, 3, 5, 6, 7, 9, 13, 14, 15, 16, 19, 20, 56, 74, 75)
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
            gate = scene.peer.gate()
            scene.peer.on("Produce", wait_for_gate(gate), error(19))
            scene.begin()
            for i in range(5):
                scene.send("%d-%s" % (i, "x" * 80))
            scene.peer.wait_for("Produce", 1 + 5)
            gate.open()
            scene.commit()
            self.assertEqual([r.codes for r in scene.peer.find("Produce")[1:6]], [[19]] + [[45]] * 4)
            bases = [base for _, _, base, _ in scene.sequences(0)[1:]]
            self.assertEqual(bases[5:], bases[:5], "again, in order")
            self.assertEqual(scene.count("InitProducerId"), 1)

    @protocols(1, 2)
    def test_E09_a_disconnect_with_up_to_five_unacknowledged(self, protocol):
        for count in range(1, 6):
            with self.subTest(count=count), self.scene(protocol, nodes=1, topics={"t": 1}, batch_size=100) as scene:
                scene.init()
                scene.transaction("warm")
                scene.peer.on("Produce", wait_for_gate(scene.peer.gate()))
                scene.peer.on("Produce", error(19), when=lambda r: r.conn != first)
                first = scene.peer.find("Produce")[0].conn
                scene.begin()
                for i in range(count):
                    scene.send("%d-%s" % (i, "x" * 80))
                scene.peer.wait_for("Produce", 1 + count)
                scene.peer.disconnect()
                # the first is asked for alone: the others have been refused as out of order, or would be
                scene.commit()
                self.assertEqual(scene.count("InitProducerId"), 1)
                scene.transaction("next")

    @protocols(1, 2)
    def test_E10_in_the_log_and_too_few_replicas(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            for i, again in enumerate((None, 46)):
                scene.begin()
                scene.peer.on("Produce", error_applied(20))
                if again:
                    scene.peer.on("Produce", error(again))
                scene.send("v%d" % i)
                scene.commit()
            scene.drive.collect()
            self.assertEqual([(d.code, d.offset) for d in scene.drive.delivered], [("OK", 0), ("OK", -1)])

    @protocols(1, 2)
    def test_E12_the_first_of_several_fails_for_good(self, protocol):
        with self.scene(protocol, nodes=1, topics={"t": 1}, batch_size=100) as scene:
            scene.init()
            scene.transaction("warm")
            gate = scene.peer.gate()
            scene.peer.on("Produce", wait_for_gate(gate), error(87))
            scene.begin()
            for i in range(5):
                scene.send("%d-%s" % (i, "x" * 80))
            scene.peer.wait_for("Produce", 1 + 5)
            gate.open()
            scene.fails("commit 15000", "ABORT", "INVALID_RECORD")
            scene.abort()
            scene.drive.collect()
            self.assertEqual([d.code == "OK" for d in scene.drive.delivered], [True] + [False] * 5)
            scene.transaction("next")

    @protocols(1, 2)
    def test_E21_copies_are_identical(self, protocol):
        """Byte by byte, timestamps included, however long the retries take and whatever ended the copy before."""
        with self.scene(protocol, linger_ms=60000, delivery_timeout_ms=70000) as scene:
            scene.init()
            scene.begin()
            for i in range(60):
                scene.send("%d-%s" % (i, "x" * 150))
            for fault in (error(19), close_after(), error(6), error_applied(7)):
                scene.peer.on("Produce", fault)
            scene.commit()
            digests = [hashlib.sha256(part["records"]).hexdigest() for r in scene.peer.find("Produce")
                       for topic in r.body["topics"] for part in topic["partitions"]]
            self.assertEqual((len(digests), len(set(digests))), (5, 1))

    @protocols(1, 2)
    def test_E23_transaction_abortable(self, protocol):
        """120 to each request: ABORT, but to an abort, which would go on for ever."""
        calls = {"FindCoordinator(group)": "offsets", "Produce": "commit", "TxnOffsetCommit": "offsets",
                 "EndTxn(commit)": "commit", "EndTxn(abort)": "abort"}
        if protocol == 1:
            calls.update({"AddPartitionsToTxn": "commit", "AddOffsetsToTxn": "offsets"})
        for api, name in calls.items():
            with self.subTest(api=api), self.scene(protocol) as scene:
                scene.init()
                scene.transaction("warm")
                scene.peer.on(api, error(120))
                scene.begin()
                scene.send("a")
                if api.startswith("EndTxn"):
                    scene.ok("flush 15000")
                line = "offsets g - - - 15000 t:0:5" if name == "offsets" else name + " 15000"
                if name == "abort":
                    scene.fails(line, "RECREATE", "TRANSACTION_ABORTABLE", fatal=True)
                    scene.may_hang = True
                    continue
                answer = scene.fails(line, "ABORT", "TRANSACTION_ABORTABLE")
                self.assertNotEqual(answer.outcome, "committed")
                scene.abort()
                scene.transaction("next")

    @protocols(1, 2)
    def test_a_topic_vanishes_and_comes_back(self, protocol):
        """As brokers that restart may claim for a moment. Sequences go on: from 0 again they would be taken for copies."""
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            for i in range(3):
                scene.send("a%d" % i)
                scene.ok("flush 15000")
            topic = scene.peer.model.topics["t"]
            topic.error = 3
            scene.peer.on("Produce", error(3))
            pending = scene.drive.start("send t 0 - b")
            gone = lambda: any(3 in r.codes for r in scene.peer.find("Metadata"))
            scene.peer.wait(gone, what="metadata without the topic")
            scene.ok("sleep 60")
            topic.error = 0
            self.assertTrue(pending.wait().ok)
            scene.labels["b"] += 1
            scene.open.append(("t", 0, "b"))
            scene.send("c")
            scene.commit()
            self.assertEqual(sorted({(epoch, base) for _, epoch, base, _ in scene.sequences(0)}), [(0, i) for i in range(5)])

    @protocols(1, 2)
    def test_L06_large_offsets_of_logs_and_of_groups(self, protocol):
        with self.scene(protocol) as scene:
            scene.peer.model.partition("t", 0).end = 2 ** 41 + 3
            scene.init()
            scene.begin()
            scene.send("a")
            scene.send("b")
            scene.offsets("t:0:%d,t:1:%d" % (2 ** 41, 2 ** 62))
            scene.commit()
            scene.drive.collect()
            self.assertEqual([d.offset for d in scene.drive.delivered], [2 ** 41 + 3, 2 ** 41 + 4])
            self.assertEqual(scene.peer.offsets("g"), {("t", 0): 2 ** 41, ("t", 1): 2 ** 62})

    @protocols(1, 2)
    def test_L07_batches_of_one_byte_and_of_many(self, protocol):
        for size, most in ((1, 1), (1048576, 800)):
            with self.subTest(size=size), self.scene(protocol, topics={"t": 1}, batch_size=size, linger_ms=60000,
                                                     delivery_timeout_ms=70000) as scene:
                scene.init()
                scene.begin()
                for i in range(most if most > 1 else 12):
                    scene.send("v%d" % i)
                scene.commit()
                self.assertEqual(max(n for _, _, _, n in scene.sequences(0)), most)

    @protocols(1, 2)
    def test_L09_lengths_of_the_transactional_id(self, protocol):
        for size in (1, 249, 32767):
            name = "i" * (size - 2) + "\u00e9" if size > 1 else "i"
            with self.subTest(size=size), self.scene(protocol, transactional_id=name, client_id="short") as scene:
                scene.init()
                scene.transaction("a")
                self.assertEqual([r.body["transactional_id"] for r in scene.peer.find("InitProducerId")], [name])

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
