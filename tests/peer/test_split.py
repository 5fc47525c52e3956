"""E13, E14, L01, L07: batches that the broker finds too large."""

import unittest

from faults import close_after, error, reset_before, wait_for_gate
from scene import ScenarioCase, protocols

# records of about a hundred bytes gather until the flush, in batches far above what the topic takes
LARGE = {"linger_ms": 60000, "delivery_timeout_ms": 70000, "batch_size": 20000, "topics": {"t": 1}}


def text(*parts):
    return ("%s-" * len(parts) % parts).ljust(100, ".")[:100]


class SplitTest(ScenarioCase):
    def large(self, protocol, limit, **options):
        scene = self.scene(protocol, **dict(LARGE, **options))
        scene.peer.model.topics["t"].max_message_bytes = limit
        return scene

    def begun(self, scene):
        scene.init()
        scene.begin()

    def sends(self, scene, name, count):
        for i in range(count):
            scene.send(text(name, i))

    def in_sequence(self, scene):
        """What was taken, batch by batch: consecutive from 0 within each epoch."""
        following, taken = {}, set()
        for request in scene.peer.find("Produce"):
            batch = request.batches()[("t", 0)]
            copy = (batch.epoch, batch.base_sequence, len(batch.records))
            if not request.applied or request.codes != [0] or copy in taken:
                continue
            taken.add(copy)
            self.assertEqual(batch.base_sequence, following.get(batch.epoch, 0), str(request))
            following[batch.epoch] = batch.base_sequence + len(batch.records)
        return following

    @protocols(1, 2)
    def test_E13_a_batch_is_split_until_it_fits(self, protocol):
        for limit, count in ((11000, 180), (1000, 180), (400, 40), (250, 7)):
            with self.subTest(limit=limit), self.large(protocol, limit) as scene:
                self.begun(scene)
                self.sends(scene, "a", count)
                scene.commit()
                self.in_sequence(scene)
                scene.drive.collect()
                self.assertEqual([(d.offset, d.code) for d in scene.drive.delivered], [(i, "OK") for i in range(count)])
                self.assertEqual(scene.count("InitProducerId"), 1)
                scene.transaction(text("next"))

    @protocols(1, 2)
    def test_E13_several_large_batches_in_flight(self, protocol):
        """All are refused at once; each is split when its turn has come, in order and without an abort."""
        with self.large(protocol, 1500, batch_size=4000) as scene:
            self.begun(scene)
            self.sends(scene, "warm", 1)
            scene.ok("flush 15000")
            gate = scene.peer.gate()
            scene.peer.on("Produce", wait_for_gate(gate))
            self.sends(scene, "a", 200)
            pending = scene.drive.start("commit 15000")
            scene.peer.wait_for("Produce", 2)
            gate.open()
            self.assertTrue(pending.wait().ok)
            scene.committed()
            self.in_sequence(scene)
            self.assertEqual(scene.count("InitProducerId"), 1)

    @protocols(1, 2)
    def test_E13_parts_whose_answers_are_lost(self, protocol):
        with self.large(protocol, 1000) as scene:
            self.begun(scene)
            small = lambda r: r.batches()[("t", 0)].size <= 1000
            scene.peer.on("Produce", close_after(), when=small, nth=2, times=2)
            scene.peer.on("Produce", reset_before(), when=small, nth=3, times=2)
            scene.peer.on("Produce", error(19), when=small, nth=3, times=2)
            self.sends(scene, "a", 60)
            scene.commit()
            self.in_sequence(scene)

    def test_E13_without_transactions(self):
        with self.large(2, 1000, transactional_id=None) as scene:
            for i in range(3):
                self.sends(scene, "a%d" % i, 60)
                scene.ok("flush 15000")
                scene.committed()
            self.assertEqual(len(self.in_sequence(scene)), 1, "no epoch was used up")

    def test_E13_without_transactions_one_record_does_not_fit(self):
        """It fails; what stands before and behind it is written, once and in order."""
        with self.large(2, 1000, transactional_id=None) as scene:
            for name, count in (("front", 30), ("back", 30)):
                self.sends(scene, name, count)
                if name == "front":
                    scene.send("giant".ljust(1500, "."))
                    scene.open.pop()
            scene.drive.cmd("flush 15000")
            scene.committed()
            scene.drive.collect()
            failed = [d for d in scene.drive.delivered if d.code != "OK"]
            self.assertEqual([(d.label[:5], d.code) for d in failed], [("giant", "MESSAGE_TOO_LARGE")])
            self.in_sequence(scene)

    @protocols(1, 2)
    def test_E14_a_single_record_is_not_split(self, protocol):
        with self.large(protocol, 300) as scene:
            self.begun(scene)
            self.sends(scene, "a", 10)
            scene.send("giant".ljust(800, "."))
            self.sends(scene, "b", 10)
            answer = scene.fails("commit 15000", "ABORT", "MESSAGE_TOO_LARGE", outcome="not_committed")
            self.prompt(answer)
            self.assertLess(scene.count("Produce"), 40, "no endless split")
            scene.abort()
            scene.peer.model.topics["t"].max_message_bytes = 5000
            scene.transaction(text("next"))

    @protocols(1, 2)
    def test_E14_refused_whatever_its_size(self, protocol):
        with self.large(protocol, 5000) as scene:
            self.begun(scene)
            rule = scene.peer.on("Produce", error(10), times=None)
            self.sends(scene, "a", 32)
            self.prompt(scene.fails("commit 15000", "ABORT", "MESSAGE_TOO_LARGE"))
            self.assertEqual(rule.hits, 6, "32, 16, 8, 4, 2, 1")
            scene.peer.clear_faults()
            scene.abort()
            scene.transaction(text("next"))

    @protocols(1, 2)
    def test_E13_not_when_a_copy_may_be_in_the_log(self, protocol):
        """The first copy was taken and its answer lost; then the topic's limit fell. Parts would be there twice."""
        with self.large(protocol, 5000) as scene:
            self.begun(scene)
            scene.peer.on("Produce", close_after())
            scene.peer.on("Produce", error(10))
            self.sends(scene, "a", 20)
            scene.fails("commit 15000", "ABORT", "MESSAGE_TOO_LARGE", outcome="not_committed")
            scene.abort()
            scene.transaction(text("next"))
            scene.drive.collect()


if __name__ == "__main__":
    unittest.main()
