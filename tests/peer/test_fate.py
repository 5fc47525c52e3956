"""F: the fate of each request. One workload, and a fault at one request of it; byte by byte in tests/unit/test_fate.c."""

import unittest

from faults import answer_then_close, close_after, close_before, reset_after, reset_before
from scene import ScenarioCase, protocols

BOTH = ("ApiVersions", "Metadata", "FindCoordinator(txn)", "FindCoordinator(group)", "InitProducerId", "Produce",
        "TxnOffsetCommit", "EndTxn(commit)", "EndTxn(abort)")
V1_ONLY = ("AddPartitionsToTxn", "AddOffsetsToTxn")


def apis(protocol):
    return BOTH + (V1_ONLY if protocol == 1 else ())


class FateTest(ScenarioCase):
    def workload(self, scene, before=lambda step: None):
        """Two commits and an abort, with offsets; `before` runs ahead of each call."""
        steps = [("init", scene.init), ("begin", scene.begin)]
        steps += [("send", lambda i=i: scene.send("a%d" % i, i)) for i in range(3)]
        steps += [("offsets", lambda: scene.offsets("t:0:7,t:1:8")), ("commit", scene.commit), ("begin", scene.begin),
                  ("send", lambda: scene.send("b")), ("flush", lambda: scene.ok("flush 15000")),
                  ("offsets", lambda: scene.offsets("t:0:9")), ("abort", scene.abort), ("begin", scene.begin),
                  ("send", lambda: scene.send("c")), ("commit", scene.commit)]
        for name, step in steps:
            before(name)
            step()
        self.assertEqual(scene.peer.offsets("g"), {("t", 0): 7, ("t", 1): 8})

    def each(self, protocol, action, nth=1, times=1, **config):
        for api in apis(protocol):
            with self.subTest(api=api, fault=str(action)), self.scene(protocol, **config) as scene:
                rule = scene.peer.on(api, action, nth=nth, times=times)
                self.workload(scene)
                self.assertEqual(rule.hits, times)

    @protocols(1, 2)
    def test_F01_connections_die_before_anything_is_written(self, protocol):
        with self.scene(protocol) as scene:
            self.workload(scene, lambda step: scene.peer.disconnect())

    @protocols(1, 2)
    def test_F01_each_connection_dies_once_it_is_ready(self, protocol):
        with self.scene(protocol) as scene:
            for node in scene.peer.model.nodes:
                scene.peer.on("ApiVersions", answer_then_close(), node=node, times=2)
            self.workload(scene)

    @protocols(1, 2)
    def test_F01_each_answer_is_the_last_of_its_connection(self, protocol):
        with self.scene(protocol) as scene:
            for api in apis(protocol)[1:]:
                scene.peer.on(api, answer_then_close(), times=None)
            self.workload(scene)

    @protocols(1, 2)
    def test_F02_closed_with_the_request_unread(self, protocol):
        self.each(protocol, close_before())

    @protocols(1, 2)
    def test_F02_reset_with_the_request_unread(self, protocol):
        self.each(protocol, reset_before(), times=2)

    @protocols(1, 2)
    def test_F03_applied_and_closed(self, protocol):
        self.each(protocol, close_after())

    @protocols(1, 2)
    def test_F03_applied_and_reset_twice(self, protocol):
        self.each(protocol, reset_after(), times=2)


if __name__ == "__main__":
    unittest.main()
