#!/usr/bin/env python3
"""The test part tests itself: clusters start, serve and end; readers and checks see what they are there to see."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import wire
from cluster import HERE, Cluster, alive
from readers import console_read, describe_producers, kcat_read, kcat_write
from support import ON_2, ON_3, ON_3_UNVERIFIED, ON_4_V2, on_each


@on_each(ON_4_V2, ON_3, ON_2)
class Checks:
    def test_level_is_the_releases_own(self):
        level = 2 if self.kind["version"] >= "4" else 0
        self.assertEqual(self.client.finalized_features().get("transaction.version", 0), level)

    def test_kcat_writes_and_reads(self):
        topic = self.topic(2)
        kcat_write(self.cluster, topic, ["k1:one", "k2:two"], partition=0)
        kcat_write(self.cluster, topic, ["k3:three"], partition=1)
        self.assertEqual(kcat_read(self.cluster, topic), [(0, 0, "k1", "one"), (0, 1, "k2", "two"), (1, 0, "k3", "three")])
        self.assert_settled(topic)

    def test_empty_topic_reads_as_empty(self):
        self.assertEqual(kcat_read(self.cluster, self.topic(3)), [])

    def open_transaction(self, topic):
        tid = self.name("tid")
        producer = self.client.init_producer_id(tid)
        self.client.add_partitions(tid, producer, topic, [0, 1])
        self.client.produce(topic, 0, [b"a", b"b"], producer, tid)
        return tid, producer

    def test_open_transaction_is_seen(self):
        """The checks that other tests trust must fail when a transaction is open."""
        topic = self.topic(2)
        tid, producer = self.open_transaction(topic)
        if self.looks:
            self.assertEqual(self.client.describe_transaction(tid).state, "Ongoing")
        self.assertEqual(self.client.open_transactions(topic), [(0, producer.producer_id, producer.epoch, 0)])
        with self.assertRaisesRegex(AssertionError, "still open"):
            self.assert_settled(topic, seconds=0)
        self.assertEqual(kcat_read(self.cluster, topic), [])
        self.assertEqual(len(kcat_read(self.cluster, topic, "read_uncommitted")), 2)
        self.assertEqual(describe_producers(self.cluster, topic, 0)[0]["CurrentTransactionStartOffset"], "0")
        self.client.end_txn(tid, producer, True)
        self.assert_settled(topic)
        self.assertEqual(self.values(topic), ["a", "b"])
        self.assertEqual(describe_producers(self.cluster, topic, 0)[0]["CurrentTransactionStartOffset"], "None")

    def test_aborted_records_are_not_read(self):
        topic = self.topic(2)
        tid, producer = self.open_transaction(topic)
        self.client.end_txn(tid, producer, False)
        self.assert_settled(topic)
        self.assertEqual(self.values(topic), [])
        kcat_write(self.cluster, topic, ["k:after"])
        self.assertEqual(self.values(topic), ["after"])
        self.assertEqual(console_read(self.cluster, topic, 1), ["after"])
        with self.assertRaisesRegex(AssertionError, "wanted"):
            console_read(self.cluster, topic, 0)

    def test_group_without_offsets(self):
        self.assertEqual(self.client.committed(self.name("group"), self.topic(2), 2), {0: -1, 1: -1})

    def test_paused_and_resumed(self):
        host, port = self.cluster.bootstrap.split(":")
        connection = wire.Connection(host, int(port), timeout=0.5)
        self.addCleanup(connection.close)
        self.cluster.pause(1)
        with self.assertRaises(OSError):
            connection.call(3, 7, b"\0\0\0\0\0", False)
        self.cluster.resume(1)
        self.cluster.wait_ready()

    def test_restart_keeps_the_records(self):
        topic = self.topic()
        for orderly in (True, False):
            kcat_write(self.cluster, topic, ["k:orderly=%s" % orderly])
            self.cluster.restart(1, orderly)
        self.assertEqual(self.values(topic), ["orderly=True", "orderly=False"])


@on_each(ON_3, ON_3_UNVERIFIED, ON_2)
class Verification:
    def test_settings_of_a_kind_reach_its_brokers(self):
        """A batch that no AddPartitionsToTxn was sent for is refused where the leaders verify, and only there."""
        topic, tid = self.topic(), self.name("tid")
        producer = self.client.init_producer_id(tid)
        if self.verifies:
            with self.assertRaises(wire.KafkaError) as caught:
                self.client.produce(topic, 0, [b"a"], producer, tid)
            self.assertEqual(caught.exception.code, 48)
            return
        self.client.produce(topic, 0, [b"a"], producer, tid)
        self.assertEqual(len(self.client.open_transactions(topic)), 1)
        self.client.add_partitions(tid, producer, topic, [0])
        self.client.end_txn(tid, producer, False)
        self.assert_settled(topic)


class Versions(unittest.TestCase):
    def test_level_changes_at_run_time(self):
        with Cluster("4.4.0", transaction_version=1) as cluster:
            self.assertEqual(cluster.client.finalized_features().get("transaction.version", 0), 1)
            for level in (0, 2):
                cluster.set_transaction_version(level)
                self.assertEqual(cluster.client.finalized_features().get("transaction.version", 0), level)


class ThreeNodes(unittest.TestCase):
    def test_a_killed_node_is_done_without(self):
        with Cluster("4.4.0", nodes=3) as cluster:
            topic = cluster.client.create_topic("three", 3, 3)
            self.assertEqual({p.leader for p in cluster.client.metadata([topic])[topic]}, {1, 2, 3})
            moved = cluster.client.coordinator("some-id")
            cluster.kill(moved)
            cluster.wait_ready()
            wire.retry(lambda: self.must_move(cluster, moved))
            cluster.restart(moved)
            self.assertEqual(len(cluster.client.end_offsets(topic)), 3)

    def must_move(self, cluster, node):
        if cluster.client.coordinator("some-id") == node:
            raise wire.KafkaError(wire.NOT_LEADER, "the coordinator has not moved")


class Ends(unittest.TestCase):
    def assert_gone(self, pids, folder):
        self.assertEqual([pid for pid in pids if alive(pid)], [])
        self.assertFalse(os.path.exists(folder), folder)

    def test_stop_leaves_nothing(self):
        with Cluster("4.4.0") as cluster:
            folder = cluster.folder
            pids = [node.process.pid for node in cluster.nodes.values()]
            self.assertTrue(all(map(alive, pids)))
        self.assert_gone(pids, folder)

    def test_failure_keeps_the_logs(self):
        with tempfile.TemporaryDirectory() as logs:
            script = ("import cluster\ncluster.LOGS = %r\nwith cluster.Cluster('4.4.0', overrides={'num.io.threads': 'x'}): pass\n"
                      % logs)
            done = subprocess.run([sys.executable, "-c", script], cwd=HERE, stderr=subprocess.PIPE, text=True, timeout=120)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("num.io.threads", done.stderr)
            self.assertIn("properties", done.stderr + " ".join(os.listdir(os.path.join(logs, os.listdir(logs)[0], "node-1"))))

    def start(self, folder):
        program = subprocess.Popen([sys.executable, os.path.join(HERE, "cluster.py"), "start", "--dir", folder],
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.kill)
        self.assertRegex(program.stdout.readline(), r"^127\.0\.0\.1:\d+$")
        with open(os.path.join(folder, "node-1", "pid")) as source:
            return program, int(source.read())

    def test_command_line(self):
        with tempfile.TemporaryDirectory() as parent:
            folder = os.path.join(parent, "cluster")
            program, node = self.start(folder)
            self.assertTrue(alive(node))
            subprocess.run([sys.executable, os.path.join(HERE, "cluster.py"), "stop", "--dir", folder], check=True, timeout=60)
            self.assertEqual(program.wait(10), 0)
            self.assert_gone([node, program.pid], folder)

    def test_a_killed_program_takes_its_brokers_along(self):
        with tempfile.TemporaryDirectory() as parent:
            program, node = self.start(os.path.join(parent, "cluster"))
            program.send_signal(signal.SIGKILL)
            program.wait(10)
            end = time.monotonic() + 10
            while alive(node) and time.monotonic() < end:
                time.sleep(0.05)
            self.assertFalse(alive(node))


if __name__ == "__main__":
    unittest.main(verbosity=2)
