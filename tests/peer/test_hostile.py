"""O: peers that do not speak Kafka, or speak it wrongly. Nothing of theirs may be believed."""

import struct
import unittest

from faults import error, patch, raw
from scene import ScenarioCase, protocols


class HostileTest(ScenarioCase):
    def recovers(self, protocol, api, action, times=1):
        with self.scene(protocol) as scene:
            rule = scene.peer.on(api, action, times=times)
            scene.init()
            scene.transaction("a")
            scene.transaction("b")
            self.assertEqual(rule.hits, times)

    @protocols(1, 2)
    def test_O01_frame_lengths(self, protocol):
        for length in (-1, 0, 3, 0x7FFFFFFF, 200 << 20):
            for api in ("ApiVersions", "EndTxn", "Produce"):
                with self.subTest(length=length, api=api):
                    self.recovers(protocol, api, raw(struct.pack(">i", length) + b"\0" * 8))

    @protocols(1, 2)
    def test_O08_wrong_correlation_id(self, protocol):
        for api in ("EndTxn", "Produce", "InitProducerId", "Metadata"):
            with self.subTest(api=api):
                self.recovers(protocol, api, raw(struct.pack(">iii", 8, 0x7FFFFFF0, 0)))

    @protocols(1, 2)
    def test_O02_garbage_in_the_body(self, protocol):
        def garbage(scene, request):
            return struct.pack(">ii", 40, request.correlation) + b"\xff" * 36
        for api in ("EndTxn", "Produce", "Metadata", "FindCoordinator(txn)"):
            with self.subTest(api=api), self.scene(protocol) as scene:
                rule = scene.peer.on(api, spoil(garbage))
                scene.init()
                scene.transaction("a")
                scene.transaction("b")
                self.assertEqual(rule.hits, 1)

    @protocols(1, 2)
    def test_O10_unknown_codes_are_no_success_and_not_retried_for_ever(self, protocol):
        for code in (9999, -32768):
            with self.subTest(code=code), self.scene(protocol) as scene:
                scene.init()
                scene.begin()
                scene.peer.on("EndTxn", error(code), times=None)
                scene.send("a")
                answer = scene.drive.cmd("commit 500")
                self.assertFalse(answer.ok)
                self.assertNotEqual(answer.outcome, "committed")
                scene.may_hang, scene.close_ms = True, 200
                self.assertLess(scene.count("EndTxn"), 100)

    @protocols(1, 2)
    def test_O12_strange_api_versions(self, protocol):
        def twice(answer):
            answer["api_keys"] += answer["api_keys"] + [{"api_key": 32000 + i, "min_version": 5, "max_version": 3}
                                                        for i in range(500)]
        self.recovers(protocol, "ApiVersions", patch(twice), times=2)

    @protocols(1, 2)
    def test_O17_endless_concurrent_transactions_end_at_the_deadline(self, protocol):
        with self.scene(protocol) as scene:
            scene.peer.on("InitProducerId", error(51), times=None)
            answer = scene.fails("init 600", "RETRY", "TIMED_OUT")
            self.within(answer, 600)
            self.assertLess(scene.count("InitProducerId"), 100)
            scene.peer.clear_faults()
            scene.init()

    def test_O20_an_http_server(self):
        with self.scene(2, start=False) as scene:
            scene.peer.on("ApiVersions", raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), times=None)
            scene.ok("new p")
            answer = scene.fails("init 500", "RETRY")
            self.within(answer, 500)
            self.assertIn("HTTP", answer.message)

    def test_O20_a_tls_port(self):
        with self.scene(2, start=False) as scene:
            scene.peer.on("ApiVersions", raw(b"\x15\x03\x03\x00\x02\x02\x46"), times=None)
            scene.ok("new p")
            answer = scene.fails("init 500", "RETRY")
            self.assertIn("TLS", answer.message)


def spoil(make):
    """The finished answer is replaced by make(peer, request)."""
    def act(plan):
        plan.names.append("spoil")
        plan.fate = "raw"
        plan.calls.append(lambda peer, request: setattr(plan, "raw", make(peer, request)))
    return act


if __name__ == "__main__":
    unittest.main()
