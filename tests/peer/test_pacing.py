"""Pacing when the coordinator is in trouble: nothing but time may depend on what a probe is answered."""

import unittest

from faults import call, close_after, drop_unapplied, error
from scene import ScenarioCase, protocols


class PacingTest(ScenarioCase):
    def meets(self, *actions, **config):
        """A probe of the second transaction meets these; its record goes to another node. The requests from there on."""
        with self.scene(2, **config) as scene:
            scene.peer.move_coordinator("x", 1)
            scene.init()
            scene.transaction("a", "b")
            rule = scene.peer.on("DescribeTransactions", *actions)
            for i in range(20):  # on a machine that stands still for a second nothing is asked
                seen = len(scene.peer.find())
                scene.begin()
                scene.send("c%d" % i, 1)
                scene.commit()
                if rule.hits:
                    break
            self.assertEqual(rule.hits, 1)
            return [r.name for r in scene.peer.find()[seen:]]

    @protocols(2)
    def test_a_silent_coordinator_is_not_asked_for_the_end(self, protocol):
        """It would cost another request.timeout.ms; another broker may know a coordinator that answers."""
        names = self.meets(drop_unapplied(), request_timeout_ms=500)
        self.assertLess(names.index("FindCoordinator(txn)"), names.index("EndTxn(commit)"), names)

    @protocols(2)
    def test_a_probe_whose_connection_closes(self, protocol):
        self.assertIn("EndTxn(commit)", self.meets(close_after()))

    @protocols(2)
    def test_the_coordinator_moves_before_a_probe(self, protocol):
        names = self.meets(call(lambda peer, request: peer.move_coordinator("x", 2)))
        self.assertEqual(names.count("EndTxn(commit)"), 1, names)

    @protocols(2)
    def test_whatever_else_a_probe_is_answered(self, protocol):
        for code in (-1, 14, 15, 51, 53, 90, 105, 9999):
            with self.subTest(code=code):
                names = self.meets(error(code))
                self.assertEqual(names.count("EndTxn(commit)"), 1, names)


if __name__ == "__main__":
    unittest.main()
