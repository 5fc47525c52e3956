"""B, K, M, Q: coordinators and leaders that move, throttling, releases."""

import unittest

from faults import call, close_after, drop_unapplied, error, move_coordinator, throttle, wait_for_gate
from scene import ScenarioCase, protocols


class CoordinatorTest(ScenarioCase):
    @protocols(1, 2)
    def test_B01_coordinator_not_available_ten_times(self, protocol):
        with self.scene(protocol) as scene:
            scene.peer.on("FindCoordinator(txn)", error(15), times=10)
            scene.init()
            asked = [r.at for r in scene.peer.find("FindCoordinator(txn)")]
            self.assertEqual(len(asked), 11)
            # doubled each time up to the largest, and up to a fifth less or more
            for i, (earlier, later) in enumerate(zip(asked, asked[1:])):
                self.assertGreater((later - earlier) * 1000, 0.8 * min(10 * 2 ** i, 50) - 2)

    @protocols(1, 2)
    def test_B02_coordinator_moves_after_init(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.move_coordinator("x")
            scene.transaction("a")
            scene.transaction("b")

    @protocols(1, 2)
    def test_B02_a_coordinator_that_is_silent_is_left_before_the_transaction_times_out(self, protocol):
        with self.scene(protocol, request_timeout_ms=30000, delivery_timeout_ms=60000, transaction_timeout_ms=4000) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 15000")
            scene.peer.on("EndTxn", drop_unapplied())
            scene.commit()  # within CALL_MS, which is below request.timeout.ms
            self.assertEqual(len(scene.peer.find("EndTxn")), 2)
            self.assertIn("what transaction.timeout.ms leaves", scene.drive.errors())

    @protocols(1, 2)
    def test_B03_coordinator_moves_at_the_end(self, protocol):
        with self.scene(protocol, nodes=5) as scene:
            scene.init()
            for i in range(6):
                scene.begin()
                scene.send("v%d" % i, i % 3)
                if i % 2:
                    scene.ok("flush 15000")
                    scene.peer.move_coordinator("x")
                else:
                    scene.peer.on("EndTxn", move_coordinator())
                scene.abort() if i == 3 else scene.commit()

    @protocols(1, 2)
    def test_B03_coordinator_moves_anywhere_in_twenty_transactions(self, protocol):
        with self.scene(protocol, nodes=5) as scene:
            scene.init()
            for i in range(20):
                scene.begin()
                if i % 4 == 0:
                    scene.peer.move_coordinator("x")
                scene.send("v%d" % i, i % 3)
                if i % 4 == 1:
                    scene.peer.move_coordinator("x")
                scene.ok("flush 15000")
                if i % 4 == 2:
                    scene.peer.move_coordinator("x")
                if i % 4 == 3:
                    scene.peer.on("EndTxn", move_coordinator())
                answer = scene.drive.cmd("%s 15000" % ("abort" if i % 5 == 4 else "commit"))
                if answer.ok and i % 5 != 4:
                    scene.committed()
                elif not answer.ok:
                    # with V1 a registration counts only where the epoch's history is known
                    self.assertEqual((protocol, answer.cls, answer.outcome), (1, "ABORT", "not_committed"), str(answer))
                    scene.abort()

    @protocols(1, 2)
    def test_B07_the_coordinator_is_loading(self, protocol):
        apis = ("InitProducerId", "AddPartitionsToTxn", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn")
        with self.scene(protocol, retry_backoff_ms=5, retry_backoff_max_ms=20) as scene:
            rules = {api: scene.peer.on(api, error(14), times=20) for api in apis}
            scene.init()
            scene.begin()
            scene.send("a")
            scene.offsets("t:0:5")
            scene.commit()
            for api in apis[:1] + (apis[1:3] if protocol == 1 else ()) + apis[3:]:
                self.assertEqual((api, rules[api].hits, len({r.node for r in scene.peer.find(api)})), (api, 20, 1))
            self.assertEqual(scene.names("FindCoordinator"), ["FindCoordinator(txn)", "FindCoordinator(group)"])

    @protocols(1, 2)
    def test_B13_the_group_coordinator_is_down(self, protocol):
        for moves in (False, True):
            with self.subTest(moves=moves), self.scene(protocol) as scene:
                scene.peer.move_coordinator("x", 1)
                scene.peer.move_group_coordinator("g", 2)
                scene.init()
                scene.transaction("a")
                scene.begin()
                scene.send("b")
                scene.ok("flush 15000")
                scene.peer.refuse(2)
                pending = scene.drive.start("offsets g - - - 15000 t:0:5")
                scene.peer.wait_for("FindCoordinator(group)", 3)
                self.assertFalse(pending.done())
                if moves:
                    scene.peer.move_group_coordinator("g", 3)
                else:
                    scene.peer.accept(2)
                self.assertTrue(pending.wait().ok)
                scene.commit()
                self.assertEqual(scene.peer.offsets("g"), {("t", 0): 5})

    def test_B17_fifty_producers_lose_a_coordinator(self):
        with self.scene(2, start=False) as scene:
            scene.ok("client c")
            ids = ["id-%d" % i for i in range(50)]
            with scene.peer.changed:
                for i, txn_id in enumerate(ids):
                    scene.peer.model.txn_node[txn_id] = 1 if i % 2 else 2
            for txn_id in ids:
                scene.drive.config({"transactional.id": txn_id})
                scene.ok("new-on c " + txn_id)
                scene.ok("init 15000")
                scene.begin()
                scene.send(txn_id, 2)
                scene.ok("flush 15000")
                scene.committed()
            before = scene.count("FindCoordinator"), len(scene.peer.connects)
            scene.peer.refuse(1)
            pending = []
            for txn_id in ids:
                scene.ok("use " + txn_id)
                pending.append(scene.drive.start("commit 15000"))
            scene.ok("sleep 300")
            for txn_id in ids:
                with scene.peer.changed:
                    if scene.peer.model.txn_node[txn_id] == 1:
                        scene.peer.model.txn_node[txn_id] = 3
            self.assertEqual([str(p) for p in pending if not p.wait().ok], [])
            lookups = scene.peer.find("FindCoordinator")[before[0]:]
            self.assertLess(len(lookups), 25 * 60, "as often as the backoff lets them")
            # all begin at once; jitter has to spread what follows
            late = sorted(round(r.at * 1000) for r in lookups)[25:]
            self.assertGreater(len(set(late)), len(late) // 20)
            self.assertLess(len(scene.peer.connects) - before[1], 60)
            for txn_id in ids:
                scene.ok("use " + txn_id)
                scene.drive.collect()
                scene.ok("close 3000")
                scene.ok("free")
            scene.ok("client-close c 3000")
            scene.check = lambda: self.assertEqual(scene.peer.violations, [])
            self.assertEqual(sorted(scene.seen()[("t", 2)]), sorted(ids))

    @protocols(1)
    def test_B04_offsets_only_and_the_coordinator_moved(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.move_coordinator("x")
            scene.begin()
            self.prompt(scene.offsets("t:0:5"))
            scene.commit()

    @protocols(1)
    def test_the_coordinator_moves_within_a_later_transaction(self, protocol):
        """V1, not the first transaction of its epoch, something still to register: it can only be aborted."""
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("a")
            scene.begin()
            scene.send("b", 0)
            scene.ok("flush 15000")
            scene.peer.move_coordinator("x")
            scene.send("c", 1)
            scene.fails("commit 15000", "ABORT")
            scene.abort()
            scene.transaction("d", "e")

    @protocols(1, 2)
    def test_B12_each_request_goes_to_its_coordinator(self, protocol):
        with self.scene(protocol) as scene:
            scene.peer.move_coordinator("x", 2)
            scene.peer.move_group_coordinator("g", 1)
            scene.init()
            scene.begin()
            scene.offsets("t:0:5")
            scene.commit()
            self.assertEqual({r.node for r in scene.peer.find("TxnOffsetCommit")}, {1})
            self.assertEqual({r.node for api in ("AddOffsetsToTxn", "EndTxn") for r in scene.peer.find(api)}, {2})

    @protocols(1, 2)
    def test_B14_coordinator_fails_over_with_the_commit_prepared(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()

            def prepare(peer, _):
                peer.model.hold_markers = True

            scene.begin()
            scene.send("a")
            scene.ok("flush 15000")
            scene.peer.on("EndTxn", call(prepare), close_after())
            scene.peer.on("EndTxn", move_coordinator())
            pending = scene.drive.start("commit 15000")
            busy = lambda: len([r for r in scene.peer.find() if r.codes == [51]]) >= 3
            scene.peer.wait(busy, what="three times CONCURRENT_TRANSACTIONS from the new coordinator")
            with scene.peer.changed:
                scene.peer.model.release_markers()
            self.assertTrue(pending.wait().ok)
            scene.committed()
            scene.transaction("b")

    @protocols(1, 2)
    def test_G22_markers_are_late(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            scene.peer.model.hold_markers = True
            self.prompt(scene.commit())
            scene.begin()
            scene.send("b")
            scene.ok("sleep 100")
            self.assertEqual(scene.seen(), {})
            with scene.peer.changed:
                scene.peer.model.release_markers()
            scene.commit()


class NodesTest(ScenarioCase):
    @protocols(1, 2)
    def test_a_broker_restarts(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("a", "b", "c")
            for node in scene.peer.model.nodes:
                scene.begin()
                scene.send("d%d" % node, 0)
                scene.peer.refuse(node)
                scene.send("e%d" % node, 1)
                scene.ok("sleep 60")
                scene.peer.accept(node)
                scene.commit()

    @protocols(1, 2)
    def test_F09_one_broker_takes_connections_and_says_nothing(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            other = next(n for n in scene.peer.model.nodes if n != scene.peer.model.coordinator("x"))
            clear = [p.index for p in scene.peer.model.topics["t"].partitions if p.leader != other]
            scene.peer.disconnect(other)
            scene.peer.black_hole(other)
            scene.begin()
            for index in clear:
                scene.send("v%d" % index, index)
            scene.commit()


class ConnectionsTest(ScenarioCase):
    @protocols(1, 2)
    def test_a_batch_without_an_answer_holds_up_nothing_else(self, protocol):
        """A broker serves one request of a connection at a time: what is asked of coordinators has connections of its own."""
        with self.scene(protocol, nodes=1) as scene:
            scene.init()
            scene.transaction("warm")
            gate = scene.peer.gate()
            scene.peer.on("Produce", wait_for_gate(gate))
            scene.begin()
            scene.send("a")
            scene.peer.wait_for("Produce", 2)
            self.prompt(scene.offsets("t:0:5"), 2000)  # request.timeout.ms is 3000
            self.prompt(scene.ok("partitions t 3000"), 2000)
            gate.open()
            scene.commit()

    @protocols(1, 2)
    def test_a_coordinator_without_an_answer_holds_up_nothing_else(self, protocol):
        with self.scene(protocol) as scene:
            gate = scene.peer.gate()
            scene.peer.on("InitProducerId", wait_for_gate(gate))
            scene.ok("init-async")
            scene.peer.wait_for("InitProducerId")
            scene.ok("sleep 1100")  # until it counts as slow
            self.prompt(scene.ok("partitions t 3000"), 2000)
            gate.open()
            self.assertEqual(scene.events(), [("init", 0, "OK", "none")])


class ThrottleTest(ScenarioCase):
    @protocols(1, 2)
    def test_M01_a_throttled_connection_is_left_alone(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.on("EndTxn", throttle(400))
            scene.transaction("a")
            scene.transaction("b")
            first, second = scene.peer.find("EndTxn")
            later = [r for r in scene.peer.find() if r.conn == first.conn and r.sequence > first.answered]
            self.assertTrue(later)
            self.assertGreater(min(r.at for r in later) - first.at, 0.38)
            self.assertGreater(second.sequence, first.sequence)

    @protocols(1, 2)
    def test_M01_each_request_may_be_throttled(self, protocol):
        """The broker is left alone for so long, on each of its connections: each step here waits for the one before."""
        v1 = ("AddPartitionsToTxn", "AddOffsetsToTxn") if protocol == 1 else ()
        steps = ("InitProducerId", "Produce", "TxnOffsetCommit", "EndTxn") + v1
        for api in steps:
            with self.subTest(api=api), self.scene(protocol, nodes=1) as scene:
                scene.peer.on(api, throttle(300))
                scene.init()
                for name in ("a", "b"):
                    scene.begin()
                    scene.send(name)
                    scene.ok("flush 15000")
                    scene.offsets("t:0:5")
                    scene.commit()
                first = next(r for r in scene.peer.find(api) if r.faults)
                later = [r.at for r in scene.peer.find() if r.api in steps and r.sequence > first.answered]
                self.assertGreater(min(later) - first.at, 0.28)

    @protocols(1, 2)
    def test_M01_the_other_brokers_are_not_left_alone(self, protocol):
        with self.scene(protocol) as scene:
            scene.peer.move_coordinator("x", 1 + scene.peer.model.partition("t", 0).leader % 3)
            scene.init()
            scene.peer.on("Produce", throttle(4000))
            scene.begin()
            scene.send("a")
            scene.ok("flush 15000")
            scene.ok("commit 3000")
            scene.committed()

    @protocols(1, 2)
    def test_M01_a_call_keeps_its_deadline(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("warm")
            scene.peer.on("EndTxn", throttle(600))
            scene.transaction("a")
            scene.begin()
            scene.send("b", 1)
            if protocol == 2:
                scene.ok("flush 15000")
            self.within(scene.fails("commit 100", "RETRY", "TIMED_OUT"), 100)
            scene.commit()


class ReleaseTest(ScenarioCase):
    def test_Q01_releases(self):
        for release in ("2.5", "2.8", "3.0", "3.9", "4.0", "4.2", "4.4"):
            with self.subTest(release=release), self.scene(1, release=release) as scene:
                scene.init()
                scene.transaction("a", "b")
                scene.begin()
                scene.send("c")
                scene.offsets("t:0:5")
                scene.abort()
                scene.begin()
                scene.offsets("t:0:6")
                scene.commit()
                self.assertEqual(scene.peer.offsets("g"), {("t", 0): 6})
                self.assertEqual(scene.ok("state").fields["protocol"], "2" if release.startswith("4") else "1")

    def test_Q01_levels_of_a_4_4_cluster(self):
        for level in (0, 1, 2):
            with self.subTest(level=level), self.scene(1, release="4.4", level=level) as scene:
                scene.init()
                scene.transaction("a")
                self.assertEqual(scene.ok("state").fields["protocol"], "2" if level == 2 else "1")
                ends = {r.version for r in scene.peer.find("EndTxn")}
                self.assertEqual(ends, {5} if level == 2 else {4})

    def test_Q01_one_old_broker_keeps_the_cluster_at_v1(self):
        """The finalized level says 2, but a broker that is used lacks the versions."""
        from codes import versions
        with self.scene(1, release="4.4") as scene:
            for node in scene.peer.model.nodes:
                scene.peer.versions[node] = versions("3.9")
            scene.init()
            scene.transaction("a")
            self.assertEqual(scene.ok("state").fields["protocol"], "1")

    def test_Q05_api_versions_is_negotiated_down(self):
        for release, versions in (("2.5", [3]), ("3.9", [4]), ("4.4", [5])):
            with self.subTest(release=release), self.scene(1, release=release) as scene:
                scene.init()
                answered = {r.version for r in scene.peer.find("ApiVersions") if r.codes == [0]}
                self.assertEqual(answered, set(versions))

    def test_upgrade_between_transactions(self):
        """V1 to V2 while the producer lives: an extra bump parts the last V1 transaction from the first V2 one."""
        with self.scene(1, release="4.4", level=1) as scene:
            scene.init()
            scene.transaction("a")
            with scene.peer.changed:
                scene.peer.model.level, scene.peer.features_epoch = 2, 2
            scene.peer.disconnect()
            for i in range(4):
                scene.transaction("b%d" % i)
                scene.peer.disconnect()
            self.assertEqual(scene.ok("state").fields["protocol"], "2")
            self.assertEqual(scene.count("InitProducerId"), 2)


class SilenceTest(ScenarioCase):
    @protocols(1, 2)
    def test_F16_all_brokers_down_in_the_middle(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 15000")
            scene.peer.refuse()
            scene.send("b", 1)
            pending = scene.drive.start("commit 15000")
            scene.ok("sleep 300")
            scene.peer.accept()
            self.assertTrue(pending.wait().ok)
            scene.committed()


if __name__ == "__main__":
    unittest.main()
