"""A: start-up and init."""

import unittest

from faults import close_after, error, hold, move_coordinator, reset_after
from scene import ScenarioCase, protocols


class StartTest(ScenarioCase):
    @protocols(1, 2)
    def test_A01_finds_the_coordinator_then_initialises_there(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            self.assertEqual(scene.names("FindCoordinator", "InitProducerId"), ["FindCoordinator(txn)", "InitProducerId"])
            init = scene.peer.find("InitProducerId")[0]
            self.assertEqual(init.node, scene.peer.model.coordinator("x"))
            self.assertEqual((init.body["producer_id"], init.body["producer_epoch"]), (-1, -1))
            state = scene.ok("state").fields
            self.assertEqual((state["pid"], state["epoch"]), (str(init.answer["producer_id"]), "0"))
            scene.fails("init 1000", "USAGE")
            self.assertEqual(scene.count("InitProducerId"), 1)
            scene.transaction("a")
            self.assertEqual(scene.ok("state").fields["protocol"], str(protocol))

    def test_A02_init_without_a_transactional_id(self):
        with self.scene(2, **{"transactional_id": None}) as scene:
            self.prompt(scene.fails("init 5000", "USAGE", "NOT_CONFIGURED"))
            self.assertEqual(scene.count("InitProducerId"), 0)

    def test_A03_no_broker_listens(self):
        with self.scene(2, start=False, max_block_ms=500) as scene:
            scene.peer.refuse()
            scene.ok("new p")
            for timeout_ms, deadline_ms in ((300, 300), (900, 900), (-1, 500)):
                answer = scene.fails("init %d" % timeout_ms, "RETRY", "TIMED_OUT")
                self.within(answer, deadline_ms)
                self.assertIn("127.0.0.1:", answer.message)
            scene.peer.accept()
            scene.init()
            scene.transaction("a")

    def test_A03_an_empty_list_is_refused_at_creation(self):
        with self.scene(2, start=False, bootstrap_servers=None) as scene:
            answer = scene.fails("new p", "CONFIG")
            self.assertIn("bootstrap.servers", answer.message)

    @protocols(1, 2)
    def test_A04_a_slow_coordinator_and_an_impatient_caller(self, protocol):
        with self.scene(protocol) as scene:
            scene.peer.on("InitProducerId", hold(400))
            for _ in range(5000):
                answer = scene.drive.cmd("init 1")
                if answer.ok:
                    break
                self.assertEqual((answer.cls, answer.code), ("RETRY", "TIMED_OUT"), str(answer))
                between = scene.drive.cmd("begin")
                self.assertEqual((between.cls, between.code), ("RETRY", "CONFLICT"), str(between))
            self.assertTrue(answer.ok, str(answer))
            self.assertEqual(scene.count("InitProducerId"), 1)
            scene.transaction("a")

    @protocols(1, 2)
    def test_A05_transaction_timeout_above_the_brokers_limit(self, protocol):
        with self.scene(protocol, transaction_timeout_ms=2000000) as scene:
            answer = scene.fails("init 5000", "CONFIG", "INVALID_TRANSACTION_TIMEOUT", fatal=True)
            self.assertIn("transaction.timeout.ms", answer.message)
            self.prompt(answer)
            scene.fatal_everywhere(answer)

    @protocols(1, 2)
    def test_A06_coordinator_errors_are_retried(self, protocol):
        for code, lookups in ((15, 2), (16, 2), (14, 1)):
            with self.subTest(code=code), self.scene(protocol) as scene:
                scene.peer.on("InitProducerId", error(code))
                scene.init()
                self.assertEqual(scene.count("FindCoordinator"), lookups)
                self.assertEqual(scene.count("InitProducerId"), 2)

    @protocols(1, 2)
    def test_A07_a_predecessors_transaction_is_waited_for(self, protocol):
        with self.scene(protocol) as scene:
            scene.peer.on("InitProducerId", error(51), times=20)
            scene.init()
            self.assertEqual(scene.count("InitProducerId"), 21)
            scene.transaction("a")

    @protocols(1, 2)
    def test_A07_a_crashed_predecessor(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("lost")
            scene.ok("flush 5000")
            scene.restart()
            scene.init()
            scene.transaction("kept")

    @protocols(1, 2)
    def test_A09_authorization_of_init_can_be_repaired(self, protocol):
        for code, name in ((53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"), (31, "CLUSTER_AUTHORIZATION_FAILED")):
            with self.subTest(code=code), self.scene(protocol) as scene:
                scene.peer.on("InitProducerId", error(code))
                self.prompt(scene.fails("init 15000", "CONFIG", name))
                self.assertEqual(scene.count("InitProducerId"), 1)
                scene.init()
                scene.transaction("a")

    @protocols(1, 2)
    def test_A10_errors_of_find_coordinator(self, protocol):
        for code in (53, 9999):
            with self.subTest(code=code), self.scene(protocol) as scene:
                scene.peer.on("FindCoordinator(txn)", error(code), times=None)
                answer = scene.fails("init 15000", "CONFIG" if code == 53 else "RECREATE", fatal=True)
                self.assertEqual(answer.broker, code)
                self.prompt(answer)
                scene.fatal_everywhere(answer)

    @protocols(1, 2)
    def test_A06_the_three_in_turn(self, protocol):
        with self.scene(protocol) as scene:
            for code in (15, 16, 14):
                scene.peer.on("InitProducerId", error(code))
            scene.init()
            self.assertEqual(scene.names("FindCoordinator", "InitProducerId"),
                             ["FindCoordinator(txn)", "InitProducerId"] * 3 + ["InitProducerId"])
            scene.transaction("a")

    def lacks(self, protocol, key, name):
        with self.scene(protocol) as scene:
            for offered in scene.peer.versions.values():
                del offered[key]
            answer = scene.drive.cmd("init 15000")
            self.assertEqual((answer.ok, answer.fatal, answer.code), (False, True, "UNSUPPORTED_VERSION"), str(answer))
            self.assertIn(name, answer.message)
            self.prompt(answer)
            scene.fatal_everywhere(answer)

    @protocols(1, 2)
    def test_A11_broker_without_InitProducerId(self, protocol):
        self.lacks(protocol, 22, "InitProducerId")

    @protocols(1)
    def test_A11_broker_without_AddPartitionsToTxn(self, protocol):
        self.lacks(protocol, 24, "AddPartitionsToTxn")

    @protocols(1, 2)
    def test_A11_broker_without_EndTxn(self, protocol):
        self.lacks(protocol, 26, "EndTxn")

    @protocols(1, 2)
    def test_A12_first_init_applied_and_its_answer_lost(self, protocol):
        with self.scene(protocol) as scene:
            scene.peer.on("InitProducerId", close_after())
            scene.init()
            scene.transaction("a")
            self.assertEqual({epoch for _, epoch, _, _ in scene.sequences(0)}, {1})

    @protocols(1)
    def test_A12_bump_applied_and_its_answer_lost(self, protocol):
        """The same arguments again on a new connection: the coordinator knows them, and gives the same epoch."""
        for fault, moves in ((close_after(), False), (reset_after(), False), (close_after(), True)):
            with self.subTest(fault=fault, moves=moves), self.scene(protocol) as scene:
                scene.init()
                scene.begin()
                scene.send("a")
                scene.peer.on("EndTxn", close_after())
                scene.peer.on("InitProducerId", *([move_coordinator(), error(16)] if moves else [fault]))
                scene.commit()
                scene.transaction("b")
                asked = [(r.body["producer_id"] >= 0, r.body["producer_epoch"]) for r in scene.peer.find("InitProducerId")]
                self.assertEqual(asked, [(False, -1), (True, 0), (True, 0)])
                self.assertEqual([epoch for _, epoch, _, _ in scene.sequences(0)], [0, 1])

    @protocols(1, 2)
    def test_A20_a_predecessor_with_partitions_and_offsets(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("zero")
            scene.begin()
            for i in range(3):
                scene.send("lost%d" % i, i)
            scene.offsets("t:0:9")
            scene.ok("flush 15000")
            scene.restart()
            scene.peer.model.hold_markers = True
            pending = scene.drive.start("init 15000")
            busy = lambda: len([r for r in scene.peer.find("InitProducerId") if r.codes == [51]]) >= 3
            scene.peer.wait(busy, what="the wait for the markers")
            self.assertFalse(pending.done())
            with scene.peer.changed:
                scene.peer.model.release_markers()
            self.assertTrue(pending.wait().ok)
            self.assertEqual(scene.peer.offsets("g"), {})
            self.assertEqual(scene.peer.open_transactions(), [])
            scene.transaction("kept")

    @protocols(1, 2)
    def test_the_coordinator_moves_during_init(self, protocol):
        with self.scene(protocol) as scene:
            scene.peer.on("InitProducerId", move_coordinator())
            scene.init()
            scene.transaction("a")


if __name__ == "__main__":
    unittest.main()
