"""J: records whose time runs out, close with something open."""

import unittest

from faults import close_after, close_before, drop, drop_unapplied, error, wait_for_gate
from scene import SLACK_MS, ScenarioCase, protocols

SHORT = {"request_timeout_ms": 300, "delivery_timeout_ms": 1000}


class ExpiryTest(ScenarioCase):
    @protocols(1, 2)
    def test_J01_expired_before_the_first_send(self, protocol):
        with self.scene(protocol, **SHORT) as scene:
            scene.init()
            scene.transaction("warm")
            scene.peer.refuse()
            scene.begin()
            scene.send("late")
            scene.fails("commit 5000", "ABORT", "DELIVERY_TIMED_OUT")
            self.assertEqual({d.code for d in scene.drive.collect() if d.label == "late"}, {"DELIVERY_TIMED_OUT"})
            scene.peer.accept()
            scene.abort()
            self.assertEqual(scene.count("EndTxn(commit)"), 1)
            scene.transaction("next")

    @protocols(1, 2)
    def test_J02_expired_on_its_way(self, protocol):
        with self.scene(protocol, **SHORT) as scene:
            scene.peer.move_coordinator("x", 2)  # not the leader, whose connection will be stuck
            scene.init()
            scene.peer.on("Produce", drop(), times=None)
            scene.begin()
            scene.send("late")
            scene.fails("commit 5000", "ABORT", "DELIVERY_TIMED_OUT")
            scene.peer.clear_faults()
            scene.abort()
            ends = scene.names("EndTxn", "InitProducerId", "AddPartitionsToTxn")
            if protocol == 1:
                # the abort, the bump, and the sweep that marks the new epoch at the partition: all before abort returned
                self.assertEqual(ends, ["InitProducerId", "AddPartitionsToTxn", "EndTxn(abort)", "InitProducerId",
                                        "AddPartitionsToTxn", "EndTxn(abort)"])
            else:
                self.assertEqual(ends[-1], "EndTxn(abort)")
            scene.transaction("next")

    @protocols(1, 2)
    def test_J03_many_batches_expire_and_make_one_error(self, protocol):
        with self.scene(protocol, topics={"t": 4}, batch_size=200, **SHORT) as scene:
            scene.init()
            scene.peer.on("Produce", drop_unapplied(), times=None)
            scene.begin()
            for i in range(40):
                scene.send("late%d-%s" % (i, "x" * 30), i % 4)
            answer = scene.fails("commit 5000", "ABORT", "DELIVERY_TIMED_OUT")
            again = scene.fails("commit 5000", "ABORT", "DELIVERY_TIMED_OUT")
            self.assertIn(answer.message, again.message)
            scene.peer.clear_faults()
            scene.abort()
            scene.drive.collect()
            self.assertEqual(len(scene.drive.delivered), 40)
            scene.transaction("next", "next1", "next2", "next3")

    @protocols(1, 2)
    def test_J09_close_aborts_an_open_transaction(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 3000")
            scene.ok("close 5000")
            self.assertEqual(scene.names("EndTxn"), ["EndTxn(abort)"])

    @protocols(1, 2)
    def test_J10_close_with_nobody_there(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 3000")
            scene.peer.refuse()
            answer = scene.fails("close 400", "RECREATE", "TIMED_OUT")
            self.assertLessEqual(answer.elapsed_ms, 400 * 1.1 + SLACK_MS)
            scene.may_hang = True

    @protocols(1, 2)
    def test_J10_close_with_a_request_on_its_way(self, protocol):
        """The end of a request that any broker could have served finds the other brokers closed already."""
        with self.scene(protocol) as scene:
            scene.peer.move_coordinator("x", 1)
            scene.init()
            scene.begin()
            for i in range(3):
                scene.send("v%d" % i, i)
            scene.ok("flush 15000")
            scene.peer.on("FindCoordinator(txn)", drop_unapplied())
            scene.peer.refuse(1, 2)
            scene.fails("close 200", "RECREATE", "TIMED_OUT")
            scene.may_hang = True

    @protocols(1, 2)
    def test_J05_commit_outlasts_the_transactions_timeout_with_the_coordinator_down(self, protocol):
        with self.scene(protocol, transaction_timeout_ms=400, request_timeout_ms=300, delivery_timeout_ms=5000) as scene:
            coordinator = 1 + scene.peer.model.partition("t", 0).leader % 3
            scene.peer.move_coordinator("x", coordinator)
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 15000")
            gate = scene.peer.gate()
            scene.peer.on("Produce", wait_for_gate(gate))
            scene.send("b")
            scene.peer.refuse(coordinator)
            scene.fails("commit 500", "RETRY", "TIMED_OUT", outcome="none")
            with scene.peer.changed:
                scene.peer.model.expire("x")  # its log is replayed before it serves again
            scene.peer.accept(coordinator)
            gate.open()
            scene.fails("commit 15000", "ABORT", "ABORTED_BY_BROKER", outcome="not_committed")
            scene.ok("abort 60000")
            scene.open = []
            scene.transaction("a", "b")

    @protocols(1, 2)
    def test_J08_flush_with_the_leader_down(self, protocol):
        with self.scene(protocol, request_timeout_ms=300, delivery_timeout_ms=900, max_block_ms=200) as scene:
            scene.init()
            leader = scene.peer.model.partition("t", 0).leader
            scene.peer.move_coordinator("x", 1 + leader % 3)
            scene.transaction("a", "b", "c")
            scene.begin()
            scene.peer.refuse(leader)
            scene.send("late")
            self.prompt(scene.fails("flush 0", "RETRY", "TIMED_OUT"), 300)
            self.within(scene.fails("flush 100", "RETRY", "TIMED_OUT"), 100)
            self.within(scene.fails("flush -1", "RETRY", "TIMED_OUT"), 200)  # max.block.ms
            scene.peer.accept(leader)
            scene.ok("flush 15000")
            scene.commit()
            scene.begin()
            scene.peer.refuse(leader)
            scene.send("lost")
            scene.ok("flush 15000")  # the record has its fate when it has expired
            self.assertEqual([d.code for d in scene.drive.collect() if d.label == "lost"], ["DELIVERY_TIMED_OUT"])
            scene.peer.accept(leader)
            scene.abort()

    @protocols(1, 2)
    def test_J12_close_twice_and_from_two_threads(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 3000")
            gate = scene.peer.gate()
            scene.peer.on("EndTxn", wait_for_gate(gate))
            both = [scene.drive.start("close 15000") for _ in range(2)]
            scene.peer.wait_for("EndTxn")
            self.assertFalse(any(pending.done() for pending in both))
            gate.open()
            for pending in both:
                self.assertTrue(pending.wait().ok)
            scene.ok("close 1000")
            self.assertEqual(scene.names("EndTxn"), ["EndTxn(abort)"])
            scene.fails("begin", "RECREATE", "CLOSED")

    @protocols(1, 2)
    def test_I08_one_callback_for_each_record_whatever_becomes_of_it(self, protocol):
        """The scene counts them when it ends."""
        config = dict(SHORT, batch_size=200, topics={"t": 3})
        with self.scene(protocol, **config) as scene:
            scene.init()
            for fate in (None, error(87), error(7), close_after(), close_before(), error(45), drop()):
                if fate:
                    scene.peer.on("Produce", fate)
                scene.begin()
                for i in range(9):
                    scene.try_send("%d-%d%s" % (scene.count("EndTxn"), i, "x" * 30), i % 3)
                if scene.drive.cmd("commit 15000").ok:
                    scene.committed()
                else:
                    scene.abort()
            scene.begin()
            for i in range(9):
                scene.send("aborted%d%s" % (i, "x" * 30), i % 3)
            scene.abort()
            scene.peer.on("Produce", drop_unapplied(), times=None)
            scene.begin()
            for i in range(9):
                scene.send("closed%d%s" % (i, "x" * 30), i % 3)
            scene.close_ms, scene.may_hang = 50, True

    @protocols(1, 2)
    def test_J15_commit_does_not_wait_for_linger(self, protocol):
        with self.scene(protocol, linger_ms=60000, delivery_timeout_ms=70000) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            self.prompt(scene.commit())


if __name__ == "__main__":
    unittest.main()
