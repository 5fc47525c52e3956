"""What the test modules share: one cluster for each module and kind, fresh topics, and the checks of a quiet cluster."""

import itertools
import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from cluster import Cluster  # noqa: E402
import readers  # noqa: E402
import wire  # noqa: E402

# A healthy cluster needs milliseconds for these; the limit only bounds a failing test on a busy machine.
SETTLE_SECONDS = 20


class KafkaCase(unittest.TestCase):
    """Base of the tests on a cluster; a subclass is made for each kind of cluster by `on_each`."""

    kind = dict(version="4.4.0")
    names = itertools.count()

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(**cls.kind)
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()
        cls.client = cls.cluster.client

    def run(self, result=None):
        """A failed test makes the cluster keep its logs."""
        before = self._bad(result)
        done = super().run(result)
        if self._bad(result) != before:
            self.cluster.failed = True
        return done

    @staticmethod
    def _bad(result):
        return 0 if result is None else len(result.failures) + len(result.errors)

    def name(self, what):
        """A name that no other test of this cluster has."""
        return "%s-%s-%d" % (what, os.getpid(), next(self.names))

    def topic(self, partitions=1, what="topic", **configs):
        return self.client.create_topic(self.name(what), partitions, min(3, self.cluster.count), **configs)

    def values(self, topic):
        """What a read_committed reader sees, in partition and offset order."""
        return [record.value for record in readers.kcat_read(self.cluster, topic)]

    def assert_settled(self, *topics, seconds=SETTLE_SECONDS):
        """No transaction is left open: on each partition the last stable offset is the end, no producer has one."""
        end = time.monotonic() + seconds
        while True:
            unsettled = [found for found in map(self.unsettled, topics) if found]
            if not unsettled:
                return
            if time.monotonic() > end:
                self.fail("still open after %d s: %s" % (seconds, "; ".join(unsettled)))
            time.sleep(0.02)

    def unsettled(self, topic):
        """What is open in the topic, in words; None when nothing is."""
        stable = self.client.end_offsets(topic, wire.READ_COMMITTED)
        ends = self.client.end_offsets(topic)
        held = self.client.open_transactions(topic)
        if stable == ends and not held:
            return None
        return "%s: last stable offsets %s, ends %s, open %s" % (topic, stable, ends, held)


ON_4_V2 = dict(version="4.4.0")
ON_4_V1 = dict(version="4.4.0", transaction_version=1)
ON_4_V0 = dict(version="4.4.0", transaction_version=0)
ON_3 = dict(version="3.9.2")


def kind_name(kind):
    name = "Kafka" + kind["version"].replace(".", "")
    if kind.get("transaction_version") is not None:
        name += "Level%d" % kind["transaction_version"]
    return name + ("Nodes%d" % kind["nodes"] if kind.get("nodes", 1) > 1 else "")


def on_each(*kinds, nodes=1):
    """Class decorator: makes one test case of each kind of cluster from a class that is not a TestCase itself."""
    def make(mixin):
        module = sys.modules[mixin.__module__]
        for kind in kinds:
            kind = dict(kind, nodes=nodes)
            name = "%sOn%s" % (mixin.__name__, kind_name(kind))
            setattr(module, name, type(name, (mixin, KafkaCase), {"kind": kind, "__module__": mixin.__module__}))
        return mixin
    return make
