"""transaction.version changes under a producer, and brokers of one cluster that differ (KIP-584, KIP-890)."""

import codes
from faults import call, error, wait_for_gate
from scene import ScenarioCase


def set_level(peer, level):
    peer.model.level, peer.features_epoch = level, peer.features_epoch + 1


class Levels(ScenarioCase):
    def change(self, scene, level):
        """All connections break as well, so that the client hears of it at the next."""
        with scene.peer.changed:
            set_level(scene.peer, level)
        scene.peer.disconnect()

    def protocol(self, scene):
        return scene.ok("state").fields["protocol"]

    def ends(self, scene):
        """(command, whether it was by version 5) of each EndTxn."""
        return [(r.name, r.version >= 5) for r in scene.peer.find("EndTxn")]


class LevelTest(Levels):
    def test_change_between_transactions(self):
        for old, new in ((2, 1), (1, 2), (2, 0), (0, 2)):
            with self.subTest(old=old, new=new), self.scene(1, release="4.4", level=old) as scene:
                scene.init()
                scene.transaction("a", "b")
                self.change(scene, new)
                # the level that was known at the begin counts, so that the first one may be refused
                for value in "cdef":
                    scene.begin()
                    scene.ok("sleep 20")
                    scene.send(value)
                    scene.commit()
                self.assertEqual(self.protocol(scene), "2" if new == 2 else "1")
                self.assertEqual(self.ends(scene)[-1][1], new == 2)

    def test_an_end_that_waits_for_its_connection_while_the_level_is_heard_of(self):
        """It was to be by version 5, and must not be when the connection itself tells of level 0."""
        for end in ("commit", "abort"):
            with self.subTest(end=end), self.scene(1, release="4.4", level=2) as scene:
                scene.init()
                scene.begin()
                scene.send("a")
                scene.ok("flush 15000")
                gate = scene.peer.gate()
                scene.peer.on("ApiVersions", wait_for_gate(gate), times=None)
                asked = scene.count("ApiVersions")
                self.change(scene, 0)
                pending = scene.drive.start("%s 15000" % end)
                scene.peer.wait_for("ApiVersions", asked + 1)
                scene.ok("sleep 100")
                gate.open()
                self.assertTrue(pending.wait().ok)
                scene.committed() if end == "commit" else scene.open.clear()
                self.assertEqual([by_v5 for _, by_v5 in self.ends(scene)], [False])

    def test_change_in_a_transaction_that_is_heard_of(self):
        """V2 to 0 ends by the older EndTxn, V2 to 1 by version 5 all the same; what began in V1 never ends by version 5."""
        for old, new, by_v5 in ((2, 1, True), (1, 2, False), (2, 0, False), (0, 2, False)):
            for end in ("commit", "abort"):
                with self.subTest(old=old, new=new, end=end), self.scene(1, release="4.4", level=old) as scene:
                    scene.init()
                    scene.transaction("a")
                    before = len(self.ends(scene))
                    scene.begin()
                    scene.send("b")
                    scene.ok("flush 15000")
                    if new == 1:
                        scene.peer.model.violation = lambda text: None  # level 1 takes EndTxn 5
                    asked = scene.count("ApiVersions")
                    self.change(scene, new)
                    scene.peer.wait_for("ApiVersions", asked + 1)
                    scene.ok("sleep 100")
                    getattr(scene, end)()
                    self.assertEqual(self.ends(scene)[before:], [("EndTxn(%s)" % end, by_v5)])

    def test_E03_an_end_is_refused(self):
        """35 to EndTxn 5: the same command by the older version, however long the coordinator says 51."""
        for end in ("commit", "abort"):
            with self.subTest(end=end), self.scene(2, retry_backoff_ms=5, retry_backoff_max_ms=10) as scene:
                scene.init()
                scene.transaction("a")
                scene.begin()
                scene.send("b")
                scene.ok("flush 15000")
                scene.peer.on("EndTxn", call(lambda peer, _: set_level(peer, 0)), error(35))
                scene.peer.on("EndTxn", error(51), times=5)
                getattr(scene, end)()
                self.assertEqual(self.ends(scene)[1:], [("EndTxn(%s)" % end, True)] + [("EndTxn(%s)" % end, False)] * 6)
                scene.transaction("c")
                self.assertEqual((self.protocol(scene), self.ends(scene)[-1][1]), ("1", False))

    def test_E03_offsets_are_refused(self):
        with self.scene(2) as scene:
            scene.init()
            scene.transaction("a")
            scene.begin()
            scene.send("b")
            scene.ok("flush 15000")
            scene.peer.on("TxnOffsetCommit", call(lambda peer, _: set_level(peer, 0)), error(35))
            answer = scene.fails("offsets g - - - 15000 t:0:1", "ABORT")
            self.assertEqual(answer.broker, 35)
            scene.abort()
            scene.begin()
            scene.send("c")
            scene.offsets("t:0:2")
            scene.commit()
            self.assertEqual([by_v5 for _, by_v5 in self.ends(scene)], [True, False, False, False])  # the third sweeps
            self.assertEqual(scene.peer.offsets("g"), {("t", 0): 2})


class MixedTest(Levels):
    """Level 2 is finalized, and a broker lacks its versions."""

    def mixed(self, old, **places):
        scene = self.scene(2)
        scene.peer.versions[old] = codes.versions("3.9")
        for move, (key, node) in places.items():
            getattr(scene.peer, move)(*key, node)
        return scene

    def test_Q01_an_old_coordinator(self):
        with self.mixed(3, move_coordinator=(("x",), 3)) as scene:
            scene.init()
            scene.transaction("a", "b")
            self.assertEqual((self.protocol(scene), self.ends(scene)), ("1", [("EndTxn(commit)", False)]))

    def renewed(self, scene, node):
        """The old broker comes back with the new release."""
        with scene.peer.changed:
            scene.peer.versions[node] = codes.versions("4.4")
            scene.peer.features_epoch += 1
        scene.peer.disconnect()
        for n in range(3):
            scene.transaction("f%d" % n, "g%d" % n)
            scene.peer.disconnect()
        self.assertEqual(self.protocol(scene), "2")

    def may_cost_one(self, scene, *lines):
        """Where something has left by V2 before the old broker is met, the transaction is aborted; the producer goes on."""
        scene.begin()
        for line in lines:
            answer = scene.drive.cmd(line)
            if not answer.ok:
                self.assertEqual((answer.cls, answer.code), ("ABORT", "UNSUPPORTED_VERSION"))
                self.assertIn(answer.outcome, ("none", "not_committed"))
        scene.drive.cmd("abort 15000")

    def test_Q01_an_old_leader(self):
        with self.mixed(3, move_coordinator=(("x",), 1), move_leader=(("t", 1), 3)) as scene:
            scene.peer.move_leader("t", 0, 1)
            scene.init()
            scene.transaction("a")
            scene.labels.update(("b", "c"))
            self.may_cost_one(scene, "send t 0 - b", "send t 1 - c", "flush 15000")
            scene.transaction("d", "e")
            self.assertEqual(self.protocol(scene), "1")
            self.renewed(scene, 3)

    def test_Q01_an_old_leader_is_the_first(self):
        with self.mixed(3, move_coordinator=(("x",), 1), move_leader=(("t", 0), 3)) as scene:
            scene.init()
            scene.transaction("a")
            self.assertEqual((self.protocol(scene), self.ends(scene)), ("1", [("EndTxn(commit)", False)]))
            self.renewed(scene, 3)

    def test_Q01_an_old_group_coordinator(self):
        with self.mixed(3, move_coordinator=(("x",), 1), move_group_coordinator=(("g",), 3)) as scene:
            for partition in range(3):
                scene.peer.move_leader("t", partition, 1)
            scene.init()
            scene.transaction("a")
            scene.labels.update(("b",))
            self.may_cost_one(scene, "send t 0 - b", "flush 15000", "offsets g - - - 15000 t:0:1")
            scene.begin()
            scene.send("c")
            scene.offsets("t:0:2")
            scene.commit()
            self.assertEqual(self.protocol(scene), "1")
            self.assertEqual(scene.peer.offsets("g"), {("t", 0): 2})
            self.renewed(scene, 3)
