"""What the test modules share: one cluster for each module and kind, fresh topics, and the checks of a quiet cluster."""

import atexit
import itertools
import os
import signal
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "drive")]
os.environ.setdefault("KTXN_DRIVE", os.path.join(TOP, "build", "tests", "drive", "ktxn-drive"))

import drive  # noqa: E402
from cluster import Cluster  # noqa: E402
from embedded import Embedded  # noqa: E402
import readers  # noqa: E402
import rpc  # noqa: E402
from session import Session  # noqa: E402
import wire  # noqa: E402

# A healthy cluster needs milliseconds for these; the limit only bounds a failing test on a busy machine.
SETTLE_SECONDS = 20


class Pool:
    """One running cluster, kept for all tests of its kind: the runner puts tests of one kind together."""

    def __init__(self):
        self.cluster = None
        self.kind = None
        atexit.register(self.end)

    def of(self, kind):
        if kind != self.kind:
            self.end()
            self.cluster = (Embedded if os.environ.get("KTXN_EMBEDDED") else Cluster)(**kind)
            self.cluster.start()
            self.kind = kind
        return self.cluster

    def end(self):
        if self.cluster:
            self.cluster.stop()
        self.cluster = self.kind = None


POOL = Pool()


class Program(drive.Drive):
    """ktxn-drive with one producer in use. `do` demands success; `cmd` takes what comes."""

    def do(self, line, timeout_s=90):
        answer = self.cmd(line, timeout_s)
        if not answer.ok:
            raise AssertionError("%s: %s\n%s" % (line, answer, self.errors()[-3000:]))
        return answer

    def refused(self, line, cls, code=None, timeout_s=90):
        """Demands an error of that class (and code, one of several)."""
        answer = self.cmd(line, timeout_s)
        codes = (code,) if isinstance(code, str) else code
        if answer.ok or answer.cls != cls or (codes and answer.code not in codes):
            raise AssertionError("%s: wanted %s %s, got %s\n%s" % (line, cls, code or "", answer, self.errors()[-3000:]))
        return answer

    def begin(self, *sends):
        self.do("begin")
        self.send(*sends)

    def send(self, *sends):
        for send in sends:
            self.do("send " + send)

    def commit(self, timeout_ms=60000):
        return self.do("commit %d" % timeout_ms)

    def abort(self, timeout_ms=60000):
        return self.do("abort %d" % timeout_ms)

    def stopped(self):
        self._process.send_signal(signal.SIGSTOP)

    def resumed(self):
        self._process.send_signal(signal.SIGCONT)


class KafkaCase(unittest.TestCase):
    """Base of the tests on a cluster; a subclass is made for each kind of cluster by `on_each`."""

    kind = dict(version="4.4.0")
    names = itertools.count()
    # The versions of raw requests: rpc.V1 or rpc.V2.
    requests = rpc.V1

    @classmethod
    def setUpClass(cls):
        cls.cluster = POOL.of(cls.kind)
        cls.client = cls.cluster.client
        # Whether coordinators answer DescribeTransactions (KIP-664).
        cls.looks = cls.kind["version"] >= "3"
        # Whether partition leaders ask the coordinator before they take a batch (KIP-890, part 1).
        cls.verifies = cls.looks and cls.kind.get("label") != "Unverified"
        cls.v2 = cls.kind["version"] >= "4" and cls.kind.get("transaction_version", 2) == 2

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

    @classmethod
    def name(cls, what):
        """A name that no other test of this cluster has."""
        return "%s-%s-%d" % (what, os.getpid(), next(cls.names))

    @classmethod
    def topic(cls, partitions=1, what="topic", **configs):
        if configs and isinstance(cls.cluster, Embedded):
            raise unittest.SkipTest("the embedded broker has no settings of topics")
        return cls.client.create_topic(cls.name(what), partitions, min(3, cls.cluster.count), **configs)

    def program(self, **settings):
        """A started ktxn-drive without a producer; settings are written with _ for . ."""
        program = Program({"bootstrap.servers": self.cluster.bootstrap})
        self.addCleanup(program.stop)
        program.config({name.replace("_", "."): value for name, value in settings.items()})
        return program

    def producer(self, transactional_id=None, **settings):
        """A ktxn-drive with a producer that is ready for its first transaction."""
        program = self.program(transactional_id=transactional_id or self.name("tid"), **settings)
        program.do("new p")
        program.do("init 60000")
        return program

    @classmethod
    def session(cls, timeout_ms=60000, requests=None):
        """Raw requests for a transactional id and a topic of its own."""
        return Session(cls.client, cls.name("tid"), cls.topic(), requests or cls.requests, timeout_ms, cls.looks)

    def records(self, topic):
        """What a read_committed reader sees, in partition and offset order, once no transaction is open any more: a commit
        is decided when the coordinator has answered, and visible when the markers have been written."""
        self.assert_settled(topic)
        return readers.kcat_read(self.cluster, topic)

    def values(self, topic):
        return [record.value.rstrip(".") for record in self.records(topic)]

    def placed(self, topic):
        """The same with the partitions; without the dots that `sendn` fills up with."""
        return [(record.partition, record.value.rstrip(".")) for record in self.records(topic)]

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
# One whose level the tests change.
ON_4_SWITCHED = dict(version="4.4.0", label="Switched")
ON_3 = dict(version="3.9.2")
# Partition leaders that don't ask the coordinator whether a batch is in a transaction (KIP-890 part 1): all before 3.6, and
# later ones by a setting.
ON_3_UNVERIFIED = dict(version="3.9.2", overrides={"transaction.partition.verification.enable": "false"}, label="Unverified")
ON_2 = dict(version="2.8.2")


def kind_name(kind):
    name = "Kafka" + kind["version"].replace(".", "")
    if kind.get("transaction_version") is not None:
        name += "Level%d" % kind["transaction_version"]
    name += kind.get("label", "")
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
