"""A producer without transactional.id: no transaction, each record once."""

import unittest

from faults import close_after, delay, error, reset_before
from scene import ScenarioCase

ALONE = {"transactional_id": None}


class IdempotentTest(ScenarioCase):
    def flushed(self, scene, *values):
        for value in values:
            scene.send(value)
        scene.ok("flush 15000")
        scene.committed()

    def run_with(self, protocol, *faults, **options):
        with self.scene(protocol, **dict(ALONE, **options)) as scene:
            for api, action in faults:
                scene.peer.on(api, action)
            for i in range(6):
                self.flushed(scene, "v%d" % i)
            scene.drive.collect()
            self.assertEqual({d.code for d in scene.drive.delivered}, {"OK"})

    def test_produces_without_a_transaction(self):
        for protocol in (1, 2):
            with self.subTest(protocol=protocol):
                self.run_with(protocol)

    def test_faults_leave_one_copy(self):
        for fault in (close_after(), reset_before(), error(6), error(19), error(7), error(3)):
            with self.subTest(fault=fault):
                self.run_with(2, ("Produce", fault), ("InitProducerId", close_after()), ("Metadata", close_after()))

    def test_E08_the_ones_behind_a_failed_batch_follow_it(self):
        self.run_with(2, ("Produce", delay(100)), ("Produce", error(19)), batch_size=100, topics={"t": 1})

    def test_a_definite_failure_does_not_stop_the_producer(self):
        with self.scene(2, **ALONE) as scene:
            self.flushed(scene, "a")
            scene.peer.on("Produce", error(87))
            scene.send("bad")
            scene.ok("flush 15000")
            scene.open = []
            self.flushed(scene, "b")
            scene.drive.collect()
            self.assertEqual([d.code for d in scene.drive.delivered], ["OK", "INVALID_RECORD", "OK"])

    def test_a_batch_of_unknown_fate_is_given_up_and_the_next_is_not_dropped(self):
        """Its sequences may be in the log: reusing them would have the next record taken for a duplicate."""
        with self.scene(2, **dict(ALONE, request_timeout_ms=150, delivery_timeout_ms=300)) as scene:
            self.flushed(scene, "a")
            scene.peer.on("Produce", close_after())
            scene.peer.on("Produce", error(19), times=None)
            scene.send("unknown")
            scene.ok("flush 15000")
            scene.peer.clear_faults()
            scene.committed()  # it is in the log, though its callback had to say that its time ran out
            self.flushed(scene, "b")

    def test_transactional_calls_are_usage_errors(self):
        with self.scene(2, **ALONE) as scene:
            for line in ("init 1000", "begin", "commit 1000", "abort 1000", "offsets g - - - 1000 t:0:1"):
                scene.fails(line, "USAGE", "NOT_CONFIGURED")

    def test_close_sends_what_is_buffered(self):
        with self.scene(2, linger_ms=60000, delivery_timeout_ms=70000, **ALONE) as scene:
            scene.send("a")
            scene.ok("close 5000")
            scene.committed()


if __name__ == "__main__":
    unittest.main()
