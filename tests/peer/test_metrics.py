"""Metrics: each of them counted by a story in which it must go up, and by none in which it must not."""

import unittest

from faults import call, close_after, drop, drop_unapplied, error
from scene import Drive, ScenarioCase, protocols


class MetricsTest(ScenarioCase):
    def metrics(self, scene):
        return scene.ok("metrics").metrics()

    def expect(self, scene, **values):
        """Those numbers; what is not named must be 0, or what any life has."""
        got = self.metrics(scene)
        ordinary = {"record-delivered-total", "record-byte-total", "batch-delivered-total", "produce-request-total",
                    "coordinator-request-total", "txn-begun-total", "txn-committed-total"}
        want = {name.replace("_", "-"): value for name, value in values.items()}
        self.assertLessEqual(set(want), set(got))
        for name, value in got.items():
            if name in want or name not in ordinary:
                self.assertEqual(value, want.get(name, 0), "%s of %s" % (name, got))
        return got

    @protocols(1, 2)
    def test_records_requests_and_outcomes(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.transaction("a", "b", "c")
            scene.begin()
            scene.send("d")
            scene.settle()
            scene.abort()
            scene.begin()
            scene.abort()
            got = self.expect(scene, record_delivered_total=4, batch_delivered_total=4, txn_begun_total=3,
                              txn_committed_total=1, txn_not_committed_total=2,
                              produce_request_total=scene.count("Produce"),
                              pacing_probe_total=scene.count("DescribeTransactions"),
                              pacing_txn_total=1 if scene.count("DescribeTransactions") else 0,
                              pacing_wait_us_total=self.metrics(scene)["pacing-wait-us-total"])
            asked = ("FindCoordinator", "InitProducerId", "AddPartitionsToTxn", "EndTxn", "DescribeTransactions")
            self.assertEqual(got["coordinator-request-total"], sum(scene.count(api) for api in asked))
            sizes = sum(len(part["records"]) for request in scene.peer.find("Produce")
                        for topic in request.body["topics"] for part in topic["partitions"])
            self.assertEqual(got["record-byte-total"], sizes)

    @protocols(1, 2)
    def test_a_record_that_fails(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.on("Produce", error(10))
            scene.begin()
            scene.send("a")
            scene.settle()
            scene.fails("commit 15000", "ABORT")
            scene.abort()
            scene.transaction("b")  # behind what the failed one owes
            got = self.metrics(scene)
            names = ("record-delivered-total", "record-error-total", "txn-begun-total", "txn-committed-total",
                     "txn-not-committed-total", "epoch-bump-total")
            self.assertEqual([got[name] for name in names], [1, 1, 2, 1, 1, 1 if protocol == 1 else 0])

    @protocols(1, 2)
    def test_batches_sent_again(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.on("Produce", error(19), times=2)
            scene.transaction("a")
            self.expect(scene, batch_retry_total=2, produce_request_total=3, record_delivered_total=1)

    @protocols(1, 2)
    def test_answers_that_are_errors_or_never_come(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.on("EndTxn(commit)", error(51))
            scene.transaction("a")
            self.expect(scene, coordinator_error_total=1)
            scene.peer.on("EndTxn(commit)", close_after())
            scene.begin()
            scene.send("b")
            scene.commit()
            got = self.metrics(scene)
            self.assertEqual((got["coordinator-lost-total"], got["coordinator-error-total"]), (1, 1))
            scene.transaction("c")
            self.assertEqual(self.metrics(scene)["epoch-bump-total"], 1 if protocol == 1 else 0)

    def paced_transaction(self, scene, question):
        """Markers are held back until the third question, or until a write comes all the same. How often was asked?"""
        scene.begin()
        scene.send("held")
        scene.settle()
        scene.peer.model.hold_markers = True
        scene.commit()
        asked = scene.count(question)
        rules = [scene.peer.on(question, call(lambda peer, request: peer.model.release_markers()), nth=3),
                 scene.peer.on("Produce", call(lambda peer, request: peer.model.release_markers()))]
        scene.begin()
        scene.send("paced")
        scene.commit()
        for rule in rules:
            rule.left = 0
        return scene.count(question) - asked

    @protocols(1)
    def test_G30_pacing_is_counted_where_registrations_are_repeated(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            self.assertEqual(self.paced_transaction(scene, "AddPartitionsToTxn"), 3)
            got = self.metrics(scene)
            self.assertEqual((got["pacing-probe-total"], got["pacing-txn-total"], got["pacing-retry-total"]), (0, 1, 2))
            self.assertGreaterEqual(got["pacing-wait-us-total"], 150)  # its second step

    @protocols(2)
    def test_G30_pacing_is_counted_where_the_coordinator_is_asked(self, protocol):
        """On a machine that stands still for a while nothing is asked, or not as often: then once more."""
        with self.scene(protocol) as scene:
            scene.init()
            for _ in range(50):
                before = self.metrics(scene)
                asked = self.paced_transaction(scene, "DescribeTransactions")
                got = self.metrics(scene)
                self.assertEqual((got["pacing-probe-total"], got["pacing-retry-total"]),
                                 (scene.count("DescribeTransactions"), 0))
                if asked == 3:
                    break
            self.assertEqual(asked, 3)
            self.assertGreaterEqual(got["pacing-txn-total"] - before["pacing-txn-total"], 1)
            self.assertGreaterEqual(got["pacing-wait-us-total"] - before["pacing-wait-us-total"], 250)  # two steps

    @protocols(2)
    def test_without_pacing_nothing_is_asked(self, protocol):
        with self.scene(protocol, transaction_pacing_enable="false") as scene:
            scene.init()
            for i in range(5):
                scene.transaction("a%d" % i)
            self.assertEqual(scene.count("DescribeTransactions"), 0)
            self.expect(scene, txn_committed_total=5, produce_request_total=5)

    @protocols(2)
    def test_a_coordinator_that_does_not_answer_a_probe_delays_a_write_no_more_than_that(self, protocol):
        with self.scene(protocol, request_timeout_ms=15000, delivery_timeout_ms=60000) as scene:
            scene.peer.move_coordinator("x", 1)
            scene.init()
            scene.transaction("a")
            gate = scene.peer.gate()
            scene.peer.on("DescribeTransactions", lambda plan: setattr(plan, "gate", gate))
            scene.begin()
            scene.send("b", 1)  # its leader is another node
            scene.ok("flush 10000")  # the write is acknowledged while the question has no answer yet
            gate.open()
            scene.commit()
            asked = scene.count("DescribeTransactions")  # 0 on a machine that stands still for a second
            self.expect(scene, pacing_probe_total=asked, pacing_txn_total=asked,
                        pacing_wait_us_total=self.metrics(scene)["pacing-wait-us-total"])

    @protocols(1, 2)
    def test_aborted_by_the_broker(self, protocol):
        with self.scene(protocol, transaction_timeout_ms=1000) as scene:
            scene.init()
            scene.begin()
            scene.send("lost")
            scene.settle()
            scene.ok("sleep 600")
            with scene.peer.changed:
                scene.peer.model.expire("x")
            scene.fails("commit 15000", "ABORT", "ABORTED_BY_BROKER")
            scene.abort()
            got = self.metrics(scene)
            self.assertEqual((got["txn-aborted-by-broker-total"], got["txn-not-committed-total"]), (1, 1))

    @protocols(1)
    def test_a_bump_of_unknown_fate_and_one_refused_after_it(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.on("EndTxn(commit)", close_after())
            scene.peer.on("InitProducerId", drop_unapplied(), close_after())
            scene.transaction("a")
            scene.transaction("b")
            self.expect(scene, epoch_bump_total=2, epoch_bump_unknown_total=1, coordinator_lost_total=2)
            scene.peer.on("EndTxn(commit)", close_after())
            scene.peer.on("InitProducerId", close_after())
            scene.peer.on("InitProducerId", error(90))
            scene.begin()
            scene.send("c")
            scene.commit()
            scene.drive.cmd("begin")
            scene.try_send("d")
            scene.fails("commit 15000", "RECREATE", fatal=True)
            got = self.metrics(scene)
            self.assertEqual((got["epoch-bump-unknown-total"], got["epoch-bump-fenced-total"]), (2, 1))

    @protocols(1)
    def test_a_bump_refused_when_none_of_unknown_fate_is_left(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.peer.on("EndTxn(commit)", close_after())
            scene.peer.on("InitProducerId", drop_unapplied())
            scene.transaction("a")
            scene.transaction("b")
            scene.peer.on("EndTxn(commit)", close_after())
            scene.peer.on("InitProducerId", error(90))
            scene.begin()
            scene.send("c")
            scene.commit()
            scene.drive.cmd("begin")
            scene.try_send("d")
            scene.fails("commit 15000", "RECREATE", fatal=True)
            got = self.metrics(scene)
            self.assertEqual((got["epoch-bump-unknown-total"], got["epoch-bump-fenced-total"]), (1, 0))

    @protocols(1)
    def test_a_sweep_cut_short(self, protocol):
        """Fenced between the abort and its sweep: the abort is in doubt."""
        with self.scene(protocol, request_timeout_ms=300, delivery_timeout_ms=600) as scene:
            scene.init()
            scene.transaction("a")
            scene.begin()
            scene.peer.on("Produce", drop(), times=None)
            scene.send("b")
            scene.settle()
            scene.peer.on("InitProducerId", error(90))
            scene.fails("abort 15000", "RECREATE", fatal=True, outcome="in_doubt")
            got = self.metrics(scene)
            self.assertEqual((got["sweep-cut-total"], got["txn-in-doubt-total"]), (1, 1))
            scene.unsure = True

    def test_counts_of_one_producer_are_its_own(self):
        with self.scene(2) as scene:
            scene.init()
            scene.transaction("a")
            other = Drive(dict(scene.settings, **{"transactional.id": "y"}))
            self.addCleanup(other.stop)
            for line in ("new q", "init 15000"):
                self.assertTrue(other.cmd(line).ok, line)
            self.assertEqual(other.cmd("metrics").metrics()["txn-committed-total"], 0)


if __name__ == "__main__":
    unittest.main()
