"""F: links that break, in ways that no single request tells of."""

import os
import unittest

from faults import answer_then_close, cut_reset, delay, drop, drop_unapplied, reset_before, wait_for_gate
from scene import ScenarioCase, protocols
from test_fate import apis


def descriptors(scene):
    """Open sockets of the program."""
    folder = "/proc/%d/fd" % scene.drive.pid
    kinds = []
    for name in os.listdir(folder):
        try:
            kinds.append(os.readlink(os.path.join(folder, name)))
        except OSError:
            pass  # it was closed meanwhile
    return len([kind for kind in kinds if kind.startswith("socket:")])


class LinkTest(ScenarioCase):
    def round(self, scene, name):
        """A commit and an abort with everything in them."""
        for i, end in enumerate((scene.commit, scene.abort)):
            scene.begin()
            scene.send("%s-%d" % (name, i), i)
            scene.ok("flush 15000")
            scene.offsets("t:0:%d" % (7 if i == 0 else 9))
            end()
        self.assertEqual(scene.peer.offsets("g"), {("t", 0): 7})

    def each_once(self, protocol, action, **config):
        """One life, in which each kind of request meets the fault once."""
        with self.scene(protocol, **config) as scene:
            rules = [(api, scene.peer.on(api, action)) for api in apis(protocol)]
            scene.peer.on("DescribeTransactions", action, times=2)  # asked only when there is something to find out
            scene.init()
            for name in ("a", "b"):
                self.round(scene, name)
            self.assertEqual([api for api, rule in rules if rule.hits != 1], [])

    @protocols(1, 2)
    def test_F04_an_answer_after_the_reconnect_is_nobodys(self, protocol):
        self.each_once(protocol, delay(150), request_timeout_ms=80)

    @protocols(1, 2)
    def test_F08_applied_and_the_peer_is_gone(self, protocol):
        self.each_once(protocol, drop(), request_timeout_ms=80)

    @protocols(1, 2)
    def test_F08_the_peer_is_gone_before_it_applied(self, protocol):
        self.each_once(protocol, drop_unapplied(), request_timeout_ms=80)

    @protocols(1, 2)
    def test_F09_one_broker_can_not_be_reached(self, protocol):
        """Its connections end with the setup timeout; nothing that goes to others waits for it."""
        with self.scene(protocol, start=False, **{"socket_connection_setup_timeout_ms": 250}) as scene:
            other = next(n for n in scene.peer.model.nodes if n not in (scene.peer.model.coordinator("x"),
                                                                        scene.peer.model.group_coordinator("g")))
            clear = [p.index for p in scene.peer.model.topics["t"].partitions if p.leader != other]
            scene.peer.unreachable(other)
            scene.ok("new p")
            scene.init()
            scene.begin()
            for index in clear:
                scene.send("clear%d" % index, index)
            scene.offsets("t:0:5")
            scene.commit()
            scene.begin()
            for index in range(3):
                scene.send("all%d" % index, index)
            pending = scene.drive.start("commit 15000")
            scene.ok("sleep 300")
            self.assertFalse(pending.done())
            scene.peer.accept(other)
            self.assertTrue(pending.wait().ok)
            scene.committed()

    @protocols(1, 2)
    def test_F10_resets_at_every_stage(self, protocol):
        with self.scene(protocol, start=False) as scene:
            for node in scene.peer.model.nodes:
                scene.peer.reset_connects(node, 2)
                scene.peer.on("ApiVersions", reset_before(), node=node)
                scene.peer.on("ApiVersions", cut_reset(9), node=node)
            scene.ok("new p")
            scene.init()
            self.round(scene, "first")
            before = descriptors(scene)
            for i in range(5):
                scene.peer.disconnect(reset=True)  # idle
                self.round(scene, "idle%d" % i)
                for api in ("Produce", "EndTxn(commit)", "TxnOffsetCommit"):
                    scene.peer.on(api, cut_reset(5 + i))
                self.round(scene, "answer%d" % i)
            self.assertLessEqual(descriptors(scene), before + 1)

    @protocols(1, 2)
    def test_F12_two_of_five_are_answered(self, protocol):
        with self.scene(protocol, nodes=1, topics={"t": 1}, batch_size=100) as scene:
            scene.init()
            scene.transaction("warm")
            gate = scene.peer.gate()
            scene.peer.on("Produce", wait_for_gate(gate))
            scene.peer.on("Produce", answer_then_close())
            scene.begin()
            for i in range(5):
                scene.send("%d-%s" % (i, "x" * 80))
            pending = scene.drive.start("commit 15000")
            scene.peer.wait_for("Produce", 1 + 5)
            gate.open()
            self.assertTrue(pending.wait().ok)
            scene.committed()
            first = [base for _, _, base, _ in scene.sequences(0)]
            self.assertEqual(first[6:], first[3:6], "the other three, in their order")
            self.assertEqual(scene.count("InitProducerId"), 1)

    @protocols(1, 2)
    def test_F13_idle_connections_are_closed(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            for i in range(4):
                self.round(scene, "r%d" % i)
                scene.peer.disconnect()
                scene.ok("sleep 30")
            self.assertNotIn("ERROR", scene.drive.errors())

    @protocols(1, 2)
    def test_F14_every_connection_dies_again_and_again(self, protocol):
        """Progress all the same, and connects no faster than the backoff lets them."""
        with self.scene(protocol, reconnect_backoff_ms=20, reconnect_backoff_max_ms=100) as scene:
            scene.init()
            scene.begin()
            began = len(scene.peer.connects)
            for i in range(30):
                scene.send("v%d" % i, i % 3)
                scene.ok("sleep 30")
                scene.peer.disconnect()
            scene.commit()
            times = [at for at, _ in scene.peer.connects[began:]]
            for node in scene.peer.model.nodes:
                count = len([1 for _, n in scene.peer.connects[began:] if n == node])
                # one for each cut at most, and what the backoff allows in the time that this took
                self.assertLessEqual(count, 31 + (times[-1] - times[0]) / 0.016)

    @protocols(1, 2)
    def test_F15_answers_take_longer_than_the_request_timeout(self, protocol):
        with self.scene(protocol, request_timeout_ms=150, retry_backoff_max_ms=20) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 15000")
            slow = scene.peer.on("TxnOffsetCommit", delay(300), times=None)
            line = "offsets g - - - %d t:0:5"
            self.within(scene.fails(line % 200, "RETRY", "TIMED_OUT"), 200)
            scene.fails("commit 100", "RETRY", "CONFLICT")
            scene.peer.wait_for("TxnOffsetCommit", 2)
            slow.left = 0
            scene.ok(line % 15000)
            scene.commit()
            self.assertEqual(scene.peer.offsets("g"), {("t", 0): 5})

    @protocols(1, 2)
    def test_F16_all_brokers_down_for_longer_than_the_delivery_timeout(self, protocol):
        with self.scene(protocol, request_timeout_ms=200, delivery_timeout_ms=500) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 15000")
            scene.peer.refuse()
            scene.send("b", 1)
            scene.fails("commit 15000", "ABORT", "DELIVERY_TIMED_OUT", outcome="not_committed")
            scene.fails("abort 100", "RETRY", "TIMED_OUT")
            scene.peer.accept()
            scene.abort()
            scene.transaction("next")

    @protocols(1, 2)
    def test_F17_requests_pass_and_answers_do_not(self, protocol):
        """Meanwhile the broker's timeout ends the transaction, unless the commit came first: what is told is the log's."""
        for expired in (False, True):
            with self.subTest(expired=expired), self.scene(protocol, request_timeout_ms=100,
                                                           transaction_timeout_ms=500) as scene:
                scene.init()
                scene.begin()
                scene.send("a")
                scene.ok("flush 15000")
                if expired:
                    scene.ok("sleep 260")  # half of the timeout: earlier it could only be a successor
                    with scene.peer.changed:
                        scene.peer.model.expire("x")
                rules = [scene.peer.on(api, drop(), times=None) for api in apis(protocol) if api != "ApiVersions"]
                scene.fails("commit 250", "RETRY", "TIMED_OUT")
                scene.peer.wait_for("EndTxn(commit)")
                for rule in rules:
                    rule.left = 0
                answer = scene.drive.cmd("commit 15000")
                if answer.ok:
                    self.assertFalse(expired)
                    scene.committed()
                else:
                    self.assertTrue(expired, str(answer))
                    if protocol == 1:
                        # what the coordinator holds now would look the same after a commit, a successor and its timeout
                        self.assertEqual((answer.fatal, answer.outcome), (True, "in_doubt"), str(answer))
                        continue
                    self.assertEqual((answer.code, answer.cls), ("ABORTED_BY_BROKER", "ABORT"), str(answer))
                    scene.abort()
                scene.transaction("next")


if __name__ == "__main__":
    unittest.main()
