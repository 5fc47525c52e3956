"""D: registering partitions."""

import unittest

from faults import close_after, delay, drop, error, error_applied, error_per_partition, wait_for_gate
from scene import ScenarioCase, protocols


def registered_before(case, scene):
    """No Produce of a partition came before its AddPartitionsToTxn was answered with 0, in each transaction."""
    ends = [r.sequence for r in scene.peer.find("EndTxn")]
    for produce in scene.peer.find("Produce"):
        since = max((e for e in ends if e < produce.sequence), default=0)
        for place in produce.partitions:
            acked = [r.answered for r in scene.peer.find("AddPartitionsToTxn") if r.sequence > since and r.answered
                     and place in r.partitions and set(r.codes) == {0}]
            case.assertTrue(acked and min(acked) < produce.sequence, "%s before its registration" % produce)


class RegisteringTest(ScenarioCase):
    @protocols(1)
    def test_D01_no_produce_before_its_partition_is_registered(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.on("AddPartitionsToTxn", delay(60), times=None)
            scene.begin()
            for i in range(9):
                scene.send("a%d" % i, i % 3)
            scene.commit()
            scene.transaction("b", "c")
            registered_before(self, scene)

    @protocols(2)
    def test_D01_transactions_v2_registers_by_producing(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("a", "b", "c")
            self.assertEqual(scene.count("AddPartitionsToTxn"), 0)
            self.assertTrue(all(r.version >= 12 for r in scene.peer.find("Produce")))

    @protocols(1)
    def test_D02_partitions_that_come_while_one_registers(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            gate = scene.peer.gate()
            scene.peer.on("AddPartitionsToTxn", wait_for_gate(gate))
            scene.begin()
            scene.send("a", 0)
            scene.peer.wait_for("AddPartitionsToTxn")
            scene.send("b", 1)
            scene.send("c", 2)
            gate.open()
            scene.commit()
            adds = scene.peer.find("AddPartitionsToTxn")
            self.assertEqual({p for r in adds for p in r.partitions}, {("t", 0), ("t", 1), ("t", 2)})
            for before, after in zip(adds, adds[1:]):
                self.assertGreater(after.sequence, before.answered)
            registered_before(self, scene)

    @protocols(1)
    def test_D03_one_unauthorized_partition(self, protocol):
        with self.scene(protocol, topics={"t": 2, "closed": 1}) as scene:
            scene.init()
            scene.peer.on("AddPartitionsToTxn", error_per_partition({("closed", 0): 29}), times=None,
                          when=lambda r: ("closed", 0) in r.partitions)
            scene.ok("partitions closed 5000")  # its metadata could be stuck behind the gate
            gate = scene.peer.gate()
            scene.peer.on("AddPartitionsToTxn", wait_for_gate(gate))
            scene.begin()
            scene.send("first", 0)
            scene.peer.wait_for("AddPartitionsToTxn")
            scene.send("x", 0, "closed")
            scene.send("y", 1)
            gate.open()
            answer = scene.fails("commit 15000", "ABORT", "TOPIC_AUTHORIZATION_FAILED")
            self.assertIn("closed", answer.message)
            self.assertEqual({p for r in scene.peer.find("Produce") for p in r.partitions} - {("t", 0)}, set())
            scene.abort()
            scene.transaction("next")

    @protocols(1)
    def test_D03_nothing_is_produced(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.on("AddPartitionsToTxn", error_per_partition({("t", 1): 29}), when=lambda r: len(r.partitions) > 1)
            scene.peer.on("AddPartitionsToTxn", error_per_partition({("t", 1): 29}), times=None,
                          when=lambda r: ("t", 1) in r.partitions)
            scene.begin()
            scene.send("a", 1)
            answer = scene.fails("commit 15000", "ABORT", "TOPIC_AUTHORIZATION_FAILED")
            self.assertIn("t", answer.message)
            self.assertEqual(scene.count("Produce"), 0)
            scene.abort()
            self.assertEqual(scene.count("EndTxn"), 0)
            scene.transaction("next")

    @protocols(1)
    def test_D03_three_in_one_request(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("before")
            gate = scene.peer.gate()
            scene.peer.on("EndTxn", close_after())
            scene.peer.on("InitProducerId", wait_for_gate(gate))
            scene.commit()
            # what is sent while the epoch is bumped registers together
            scene.peer.on("AddPartitionsToTxn", error_per_partition({("t", 1): 29}))
            produced = scene.count("Produce")
            scene.begin()
            for i in range(3):
                scene.send("lost%d" % i, i)
            scene.peer.wait_for("InitProducerId", 2)
            gate.open()
            answer = scene.fails("commit 15000", "ABORT", "TOPIC_AUTHORIZATION_FAILED")
            self.assertRegex(answer.message, r"\bt(-1)?\b")
            self.assertEqual(scene.peer.find("AddPartitionsToTxn")[-1].codes, [55, 29, 55])
            self.assertEqual(scene.count("Produce"), produced)
            ends = scene.count("EndTxn")
            scene.abort()
            self.assertEqual(scene.count("EndTxn"), ends, "nothing was registered")
            scene.transaction("a", "b", "c")

    @protocols(1)
    def test_D11_offsets_alone_were_refused(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.on("AddOffsetsToTxn", error(30))
            scene.begin()
            scene.fails("offsets g - - - 15000 t:0:5", "ABORT", "GROUP_AUTHORIZATION_FAILED")
            scene.abort()
            self.assertEqual(scene.count("EndTxn"), 0)
            scene.transaction("next")

    @protocols(1)
    def test_D11_an_unknown_fate_is_ended_on_the_wire(self, protocol):
        for code in (-1, 7, 14, 15, 16):
            with self.subTest(code=code), self.scene(protocol) as scene:
                scene.init()
                gate = scene.peer.gate()
                rule = scene.peer.on("AddPartitionsToTxn", error_applied(code))
                scene.peer.on("AddPartitionsToTxn", wait_for_gate(gate))
                scene.begin()
                scene.send("lost")
                scene.peer.wait(lambda: rule.hits == 1, what="the registration")
                pending = scene.drive.start("abort 15000")
                gate.open()
                self.assertTrue(pending.wait().ok)
                scene.open = []
                self.assertEqual(scene.names("EndTxn"), ["EndTxn(abort)"])
                scene.transaction("next")

    @protocols(1)
    def test_D05_unknown_topic_is_retried(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.on("AddPartitionsToTxn", error(3), times=3)
            scene.transaction("a")
            self.assertEqual(scene.count("AddPartitionsToTxn"), 4)

    @protocols(1)
    def test_D06_first_registration_waits_shortly_for_the_previous_transaction(self, protocol):
        with self.scene(protocol, retry_backoff_ms=1200, retry_backoff_max_ms=1200) as scene:
            scene.init()
            scene.transaction("a")
            scene.peer.on("AddPartitionsToTxn", error(51), times=3)
            scene.peer.on("AddPartitionsToTxn", error(51), times=1, when=lambda r: r.partitions == [("t", 1)])
            before = scene.count("AddPartitionsToTxn")
            scene.begin()
            scene.send("b")
            scene.ok("flush 15000")
            scene.send("c", 1)
            scene.commit()
            adds = scene.peer.find("AddPartitionsToTxn")[before:]
            self.assertEqual([r.codes for r in adds], [[51], [51], [51], [0], [51], [0]])
            gaps = [after.at - earlier.at for earlier, after in zip(adds, adds[1:])]
            self.assertLess(max(gaps[:3]), 0.9)
            self.assertGreater(gaps[4], 0.9)

    @protocols(1)
    def test_D07_invalid_txn_state_is_fatal(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.on("AddPartitionsToTxn", error(48))
            scene.begin()
            scene.send("a")
            answer = scene.fails("commit 15000", "RECREATE", "INVALID_TXN_STATE", fatal=True)
            self.prompt(answer)
            scene.fatal_everywhere(answer)

    @protocols(1)
    def test_D08_unknown_producer_id_aborts_then_bumps(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 15000")
            scene.peer.on("AddPartitionsToTxn", error(59))
            scene.send("b", 1)
            scene.fails("commit 15000", "ABORT", "UNKNOWN_PRODUCER_ID")
            scene.abort()
            scene.transaction("next")
            self.assertEqual(scene.names("EndTxn", "InitProducerId"),
                             ["InitProducerId", "EndTxn(abort)", "InitProducerId", "EndTxn(commit)"])
            bump = scene.peer.find("InitProducerId")[1]
            self.assertEqual(bump.body["producer_epoch"], 0)
            self.assertEqual(scene.sequences(0)[-1][1:3], (1, 0))

    @protocols(1)
    def test_D09_registration_applied_and_its_answer_lost(self, protocol):
        for fault in (close_after(), drop()):
            for end in ("commit", "abort"):
                with self.subTest(fault=fault, end=end), self.scene(protocol, request_timeout_ms=500) as scene:
                    scene.init()
                    scene.peer.on("AddPartitionsToTxn", fault)
                    scene.begin()
                    scene.send("a")
                    scene.peer.wait_for("AddPartitionsToTxn")
                    scene.commit() if end == "commit" else scene.abort()
                    scene.transaction("next")
                    self.assertEqual(scene.names("EndTxn"), ["EndTxn(%s)" % end, "EndTxn(commit)"])
                    self.bumped_between(scene)

    def bumped_between(self, scene):
        """A lost answer taints the epoch: it is bumped after the end and before the next registration."""
        end = scene.peer.find("EndTxn")[0].sequence
        bump = scene.peer.find("InitProducerId")[1].sequence
        add = scene.peer.find("AddPartitionsToTxn")[-1].sequence
        self.assertTrue(end < bump < add)

    @protocols(1)
    def test_D11_nothing_was_registered(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.on("AddPartitionsToTxn", error(29))
            scene.begin()
            scene.send("a")
            scene.fails("commit 15000", "ABORT", "TOPIC_AUTHORIZATION_FAILED")
            scene.abort()
            self.assertEqual(scene.count("EndTxn"), 0)
            scene.transaction("next")

    @protocols(2)
    def test_D13_produce_meets_the_previous_transaction(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("a")
            scene.peer.on("Produce", error(51), times=3)
            scene.transaction("b")
            copies = scene.sequences(0)[1:]
            self.assertEqual(len(copies), 4)
            self.assertEqual(len(set(copies)), 1, "same sequence, same epoch")


if __name__ == "__main__":
    unittest.main()
