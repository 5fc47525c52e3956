"""C: who has moved the epoch, and what becomes of the one that was left behind."""

import unittest

from faults import call, close_after, drop, error, patch, wait_for_gate
from scene import Drive, ScenarioCase, protocols


class FencingTest(ScenarioCase):
    def successor(self, scene):
        """A second process with the same transactional id commits one record of its own."""
        drive = Drive(scene.settings)
        self.addCleanup(drive.stop)
        for line in ("new p", "init 15000", "begin", "send t 2 - successor", "commit 15000"):
            answer = drive.cmd(line)
            self.assertTrue(answer.ok, "%s: %s" % (line, answer))
        scene.expected.setdefault(("t", 2), []).append("successor")
        return drive

    @protocols(1, 2)
    def test_C01_a_successor_takes_over(self, protocol):
        for more in (False, True):
            with self.subTest(more=more), self.scene(protocol) as scene:
                scene.init()
                scene.transaction("before")
                scene.begin()
                scene.send("lost")
                scene.ok("flush 15000")
                drive = self.successor(scene)
                if more:
                    scene.try_send("more", 1)
                answer = scene.fails("commit 15000", "RECREATE", "FENCED", fatal=True)
                self.assertNotEqual(answer.outcome, "committed")
                scene.fatal_everywhere(answer)
                for line in ("begin", "send t 2 - again", "commit 15000"):
                    self.assertTrue(drive.cmd(line).ok, line)
                scene.expected[("t", 2)].append("again")

    @protocols(1, 2)
    def test_C03_nothing_more_on_the_wire_after_the_fence(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("lost")
            scene.ok("flush 15000")
            self.successor(scene)
            first = scene.fails("commit 15000", "RECREATE", "FENCED", fatal=True)
            sent = len(scene.of_producer())
            again = scene.fails("abort 15000", "RECREATE", "FENCED", fatal=True)
            self.assertEqual(again.message, first.message)
            self.assertEqual(len(scene.of_producer()), sent)

    @protocols(1, 2)
    def test_C03_what_waits_for_a_connection_stays_here(self, protocol):
        with self.scene(protocol) as scene:
            here, there, coordinator = scene.peer.model.nodes
            scene.peer.move_coordinator("x", coordinator)
            scene.peer.move_leader("t", 0, here)
            scene.peer.move_leader("t", 1, there)
            scene.init()
            scene.begin()
            scene.send("before", 0)
            scene.ok("flush 15000")
            waits_for = coordinator if protocol == 1 else there
            gate, other = scene.peer.gate(), scene.peer.gate()

            def opening():
                return scene.peer.find("ApiVersions", when=lambda r: r.node == waits_for and not r.answered)

            scene.peer.on("ApiVersions", wait_for_gate(gate), node=waits_for)
            scene.peer.disconnect(waits_for)
            scene.peer.on("Produce", wait_for_gate(other), error(49), node=here)
            scene.send("lost", 0)
            scene.send("waits", 1)
            scene.peer.wait(lambda: opening() and scene.count("Produce") == 2, what="a record and a connection to wait")
            other.open()
            scene.fails("commit 15000", "RECREATE", "INVALID_PRODUCER_ID_MAPPING", fatal=True)
            scene.may_hang = True  # until the broker's timeout
            sent = len(scene.of_producer())
            gate.open()
            scene.peer.wait(lambda: not opening(), what="the connection")
            scene.ok("sleep 100")
            self.assertEqual(len(scene.of_producer()), sent)

    def timed_out(self, scene):
        scene.begin()
        scene.send("lost")
        scene.ok("flush 15000")
        scene.ok("sleep 600")  # more than half the timeout: earlier it could only be a successor
        with scene.peer.changed:
            scene.peer.model.expire("x")

    @protocols(1, 2)
    def test_C10_the_broker_times_the_transaction_out(self, protocol):
        with self.scene(protocol, transaction_timeout_ms=1000) as scene:
            scene.init()
            scene.transaction("before")
            self.timed_out(scene)
            answer = scene.fails("commit 15000", "ABORT", "ABORTED_BY_BROKER")
            self.assertNotEqual(answer.outcome, "committed")
            scene.abort()
            scene.transaction("after")

    @protocols(1, 2)
    def test_C10_the_next_produce_shows_it(self, protocol):
        with self.scene(protocol, transaction_timeout_ms=1000) as scene:
            scene.init()
            self.timed_out(scene)
            scene.send("lost too", 0)
            scene.ok("flush 15000")
            scene.fails("commit 15000", "ABORT", "ABORTED_BY_BROKER")
            scene.abort()
            scene.transaction("after")

    @protocols(1, 2)
    def test_offsets_while_it_is_found_out_who_moved_the_epoch(self, protocol):
        with self.scene(protocol, transaction_timeout_ms=1000) as scene:
            scene.init()
            self.timed_out(scene)
            gate = scene.peer.gate()
            for api in ("DescribeTransactions", "EndTxn"):
                scene.peer.on(api, wait_for_gate(gate))
            scene.send("lost too", 0)
            scene.ok("flush 15000")
            scene.fails("offsets g - - - 300 t:0:5", "RETRY", "TIMED_OUT")
            gate.open()
            scene.fails("offsets g - - - 15000 t:0:5", "ABORT", "ABORTED_BY_BROKER", outcome="not_committed")
            scene.abort()
            scene.transaction("after")

    @protocols(1, 2)
    def test_a_fence_before_the_timeout_can_have_passed_is_a_successor(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("lost")
            scene.ok("flush 15000")
            with scene.peer.changed:
                scene.peer.model.expire("x")
            scene.fails("commit 15000", "RECREATE", "FENCED", fatal=True)

    @protocols(2)
    def test_C15_each_transaction_has_its_epoch(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            for i in range(100):
                scene.transaction("v%d" % i)
            self.assertEqual([epoch for _, epoch, _, _ in scene.sequences(0)], list(range(100)))
            self.assertEqual({sequence for _, _, sequence, _ in scene.sequences(0)}, {0})

    @protocols(2)
    def test_the_last_epoch_ends_in_a_new_producer_id(self, protocol):
        with self.scene(protocol) as scene:
            scene.peer.model.age("x", 32765)
            scene.init()
            first = scene.ok("state").fields
            self.assertEqual(first["epoch"], "32766")
            scene.transaction("a")
            second = scene.ok("state").fields
            self.assertEqual((second["pid"] != first["pid"], second["epoch"]), (True, "0"))
            scene.transaction("b")
            self.assertEqual(scene.count("InitProducerId"), 1)

    @protocols(2)
    def test_L02_the_answer_with_the_new_producer_id_is_lost(self, protocol):
        for end in ("commit", "abort"):
            for fault in (close_after(), drop()):
                with self.subTest(end=end, fault=fault), self.scene(protocol, request_timeout_ms=80) as scene:
                    scene.peer.model.age("x", 32765)
                    scene.init()
                    scene.peer.on("EndTxn", fault, times=2)
                    scene.begin()
                    scene.send(end)
                    scene.ok("flush 15000")
                    getattr(scene, end)()
                    self.assertEqual(scene.ok("state").fields["epoch"], "0")
                    scene.transaction("b")
                    identities = [(pid, epoch, base) for pid, epoch, base, _ in scene.sequences(0)]
                    self.assertEqual([(epoch, base) for _, epoch, base in identities], [(32766, 0), (0, 0)])
                    self.assertNotEqual(identities[0][0], identities[1][0])
                    self.assertEqual(scene.count("InitProducerId"), 1)

    @protocols(1)
    def test_L02_the_last_epoch_is_not_used(self, protocol):
        """A V1 transaction at the last epoch could be neither fenced nor timed out: the producer id is changed before."""
        with self.scene(protocol) as scene:
            scene.peer.model.age("x", 32764)
            scene.init()
            scene.begin()
            scene.send("a")
            scene.peer.on("EndTxn", close_after())  # costs an epoch, the last one
            scene.commit()
            scene.transaction("b")
            identities = [(pid, epoch, base) for pid, epoch, base, _ in scene.sequences(0)]
            self.assertEqual([(epoch, base) for _, epoch, base in identities], [(32765, 0), (0, 0)])
            self.assertNotEqual(identities[0][0], identities[1][0])
            self.assertEqual([r.body["producer_epoch"] for r in scene.peer.find("InitProducerId")], [-1, 32765, 32766])

    def test_L02_without_transactions(self):
        with self.scene(2, transactional_id=None) as scene:
            scene.peer.on("InitProducerId", patch(lambda answer: answer.update(producer_epoch=32766)))
            scene.send("a")
            scene.ok("flush 15000")
            scene.peer.on("Produce", error(87))
            scene.send("refused")
            scene.open.pop()
            scene.drive.cmd("flush 15000")
            scene.send("b")
            scene.ok("flush 15000")
            scene.committed()
            identities = [(pid, epoch, base) for pid, epoch, base, _ in scene.sequences(0)]
            self.assertEqual([(epoch, base) for _, epoch, base in identities], [(32766, 0), (32766, 1), (0, 0)])
            self.assertEqual(len({pid for pid, _, _ in identities}), 2)

    @protocols(1, 2)
    def test_commit_answer_lost_and_a_successor_since(self, protocol):
        """What is told about the first commit must agree with the log: it was committed."""
        with self.scene(protocol, request_timeout_ms=300) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 15000")

            def take_over(peer, request):
                code = peer.model.end_txn(request.node, "x", request.body["producer_id"], request.body["producer_epoch"],
                                          True, request.version)[0]
                assert code == 0
                peer.model.init_producer_id(request.node, "x", 60000, -1, -1)

            scene.peer.on("EndTxn(commit)", call(take_over), close_after())
            answer = scene.drive.cmd("commit 15000")
            self.assertTrue(answer.ok or (answer.fatal and answer.outcome in ("committed", "in_doubt")), str(answer))
            scene.committed()


if __name__ == "__main__":
    unittest.main()
