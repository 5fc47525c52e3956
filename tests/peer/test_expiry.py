"""J: records whose time runs out, close with something open."""

import unittest

from faults import drop, drop_unapplied
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
    def test_J15_commit_does_not_wait_for_linger(self, protocol):
        with self.scene(protocol, linger_ms=60000, delivery_timeout_ms=70000) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            self.prompt(scene.commit())


if __name__ == "__main__":
    unittest.main()
