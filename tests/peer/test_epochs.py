"""C: epochs that others move, and what a first fatal error leaves possible."""

import unittest

from faults import call, close_after, error, error_per_partition, wait_for_gate
from scene import CALL_MS, ScenarioCase, protocols

COMMIT, ABORT = "commit %d" % CALL_MS, "abort %d" % CALL_MS
OFFSETS = "offsets g - - - %d t:0:5" % CALL_MS


def take_over(peer, _):
    """A successor's init, from the first request to the last, on whatever is open."""
    node = peer.model.coordinator("x")
    peer.model.init_producer_id(node, "x", 60000, -1, -1)
    peer.model.init_producer_id(node, "x", 60000, -1, -1)


class EpochTest(ScenarioCase):
    def fenced(self, protocol, api, code, *lines):
        """`lines` lead to the request, which is answered by `code` because of a successor: the last one must say so."""
        with self.subTest(api=api, code=code), self.scene(protocol) as scene:
            scene.init()
            scene.transaction("before")
            rule = scene.peer.on(api, call(take_over), error(code), when=lambda r: r.body.get("producer_id", 0) >= 0)
            scene.begin()
            for line in lines[:-1]:
                scene.ok(line) if not line.startswith("send") else scene.send("lost")
            before = len(scene.peer.find())
            answer = scene.fails(lines[-1], "RECREATE", "FENCED", fatal=True)
            self.assertNotEqual(answer.outcome, "committed")
            self.prompt(answer)
            self.assertEqual(rule.hits, 1)
            self.assertLess(len(scene.peer.find()) - before, 12, "no loop")
            scene.fatal_everywhere(answer)

    @protocols(1)
    def test_C02_AddPartitionsToTxn(self, protocol):
        for code in (47, 90):
            self.fenced(protocol, "AddPartitionsToTxn", code, "send", COMMIT)

    @protocols(1)
    def test_C02_AddOffsetsToTxn(self, protocol):
        for code in (47, 90):
            self.fenced(protocol, "AddOffsetsToTxn", code, OFFSETS)

    @protocols(1, 2)
    def test_C02_TxnOffsetCommit(self, protocol):
        """The call itself says ABORT, and what is found out behind it is fatal."""
        for code in (47, 90):
            with self.subTest(code=code), self.scene(protocol) as scene:
                scene.init()
                scene.peer.on("TxnOffsetCommit", call(take_over), error(code))
                scene.begin()
                answer = scene.drive.cmd(OFFSETS)
                self.assertFalse(answer.ok)
                self.assertIn(answer.cls, ("ABORT", "RECREATE"), str(answer))
                last = scene.fails(ABORT, "RECREATE", "FENCED", fatal=True)
                self.prompt(last)
                scene.fatal_everywhere(last)

    @protocols(1, 2)
    def test_C02_EndTxn_commit(self, protocol):
        for code in (47, 90):
            self.fenced(protocol, "EndTxn(commit)", code, "send", "flush 15000", COMMIT)

    @protocols(1, 2)
    def test_C02_EndTxn_abort(self, protocol):
        for code in (47, 90):
            self.fenced(protocol, "EndTxn(abort)", code, "send", "flush 15000", ABORT)

    @protocols(1, 2)
    def test_C02_Produce(self, protocol):
        for code in (47, 90):
            self.fenced(protocol, "Produce", code, "send", COMMIT)

    @protocols(1)
    def test_C02_init_that_bumps(self, protocol):
        """Owed after an end of unknown fate: the finished commit stands, the next call says it."""
        for code in (47, 90):
            with self.subTest(code=code), self.scene(protocol) as scene:
                scene.init()
                scene.begin()
                scene.send("kept")
                scene.peer.on("EndTxn", close_after())
                rule = scene.peer.on("InitProducerId", error(code), times=None, when=lambda r: r.body["producer_id"] >= 0)
                scene.commit()
                scene.peer.wait(lambda: rule.hits > 0, what="the bump")
                scene.drive.cmd("begin")
                scene.try_send("lost")
                answer = scene.fails(COMMIT, "RECREATE", "FENCED", fatal=True)
                self.prompt(answer)
                self.assertEqual(rule.hits, 1)
                scene.fatal_everywhere(answer)

    @protocols(1, 2)
    def test_C04_the_first_fatal_error_stays(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("before")
            scene.begin()
            for i in range(3):
                scene.peer.on("Produce", error(53 if i == 0 else 31))
            scene.send("a", 0)
            scene.drive.cmd("flush 15000")
            for api in ("AddPartitionsToTxn", "EndTxn", "InitProducerId", "FindCoordinator", "TxnOffsetCommit"):
                scene.peer.on(api, error(31), times=None)
            first = scene.fails(COMMIT, "CONFIG", "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", fatal=True)
            sent = len(scene.of_producer())
            scene.fatal_everywhere(first)
            scene.drive.cmd("flush 1000")
            scene.fatal_everywhere(first)
            self.assertEqual(len(scene.of_producer()), sent, "nothing more on the wire")
            scene.may_hang = True

    def forgotten(self, scene):
        """C06: the log has forgotten the producer."""
        scene.init()
        scene.transaction("before", "before")
        scene.begin()
        scene.peer.on("Produce", error(59))
        scene.send("lost")
        scene.fails(COMMIT, "ABORT", "UNKNOWN_PRODUCER_ID", outcome="not_committed")

    @protocols(1, 2)
    def test_C06_unknown_producer_id(self, protocol):
        with self.scene(protocol) as scene:
            self.forgotten(scene)
            scene.abort()
            scene.transaction("next", "next")
            expected = ["InitProducerId", "EndTxn(commit)", "EndTxn(abort)"] + ["InitProducerId"] * (protocol == 1)
            self.assertEqual(scene.names("EndTxn", "InitProducerId"), expected + ["EndTxn(commit)"])
            for partition in (0, 1):
                self.assertEqual(scene.sequences(partition)[-1][2], 0)

    @protocols(1)
    def test_C07_the_bump_takes_long(self, protocol):
        for at_once in (True, False):
            with self.subTest(at_once=at_once), self.scene(protocol) as scene:
                gate = scene.peer.gate()
                scene.peer.on("InitProducerId", wait_for_gate(gate), when=lambda r: r.body["producer_id"] >= 0)
                self.forgotten(scene)
                registered = scene.count("AddPartitionsToTxn")
                self.prompt(scene.abort())
                scene.begin()
                scene.send("next")
                scene.fails("commit 150", "RETRY", "TIMED_OUT")
                if at_once:
                    scene.fails("commit 50", "RETRY", "TIMED_OUT")
                    self.assertEqual(scene.count("AddPartitionsToTxn"), registered, "nothing before the bump")
                gate.open()
                if not at_once:
                    scene.peer.wait_for("EndTxn(commit)", 2)
                scene.commit()
                self.assertEqual(scene.sequences(0)[-1][1:3], (1, 0))

    @protocols(1, 2)
    def test_C13_a_gap_at_the_head(self, protocol):
        """Two of three moved away from, then 45 to the first with nothing unacknowledged before it."""
        with self.scene(protocol, nodes=1, topics={"t": 1}, batch_size=100) as scene:
            scene.init()
            scene.transaction("warm")
            gate = scene.peer.gate()
            scene.peer.on("Produce", wait_for_gate(gate), error(6))
            for code in (6, 45, 45):
                scene.peer.on("Produce", error(code))
            scene.begin()
            for i in range(3):
                scene.send("%d-%s" % (i, "x" * 80))
            scene.peer.wait_for("Produce", 1 + 3)
            gate.open()
            scene.drive.cmd("flush 15000")
            inits = scene.count("InitProducerId")
            scene.fails("send t 0 - late", "ABORT", "OUT_OF_ORDER_SEQUENCE_NUMBER")
            scene.fails(COMMIT, "ABORT", "OUT_OF_ORDER_SEQUENCE_NUMBER")
            self.assertEqual(scene.count("InitProducerId"), inits, "no bump before the abort")
            scene.abort()
            scene.transaction("next")

    @protocols(2)
    def test_C16_answer_lost_and_the_same_again_with_the_old_epoch(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            for end in ("commit", "abort"):
                scene.peer.on("EndTxn(%s)" % end, close_after())
                scene.begin()
                scene.send(end)
                scene.ok("flush 15000")
                getattr(scene, end)()
                first, second = scene.peer.find("EndTxn(%s)" % end)
                self.assertEqual(first.body["producer_epoch"], second.body["producer_epoch"])
                self.assertEqual(scene.ok("state").fields["epoch"], str(first.body["producer_epoch"] + 1))
            self.assertEqual(scene.count("InitProducerId"), 1)


class HealthyTest(ScenarioCase):
    def test_C19_a_healthy_partition_while_the_epoch_moves(self):
        """Without transactions: one record is refused, which costs an epoch, while the other partition retries."""
        with self.scene(2, nodes=1, topics={"t": 2}, batch_size=100, transactional_id=None) as scene:
            for i in range(2):
                scene.send("warm%d" % i, i)
            scene.ok("flush 15000")
            values = lambda r: [b.records[0].value for b in r.batches().values()]
            scene.peer.on("Produce", error_per_partition({("t", 0): 87, ("t", 1): 19}), when=lambda r: b"refused" in values(r))
            scene.peer.on("Produce", error_per_partition({("t", 1): 19}), times=3, when=lambda r: ("t", 1) in r.partitions)
            scene.send("refused", 0)
            scene.open.pop()
            for i in range(10):
                scene.send("%d-%s" % (i, "x" * 80), 1)
                if i == 5:
                    scene.drive.cmd("sleep 20")
                scene.send("%d-%s" % (i, "y" * 80), 0)
            scene.drive.cmd("flush 15000")
            scene.committed()
            for partition in (0, 1):
                epochs = [epoch for _, epoch, _, _ in scene.sequences(partition)]
                self.assertEqual(epochs, sorted(epochs), "never back")
            scene.drive.collect()
            self.assertEqual([d.label for d in scene.drive.delivered if d.code != "OK"], ["refused"])


if __name__ == "__main__":
    unittest.main()
