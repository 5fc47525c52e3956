"""A scene: the scripted peer, the library in its own process, and the books on what must come out of it.

    class RegisteringTest(ScenarioCase):
        @protocols(1, 2)
        def test_D05_unknown_topic_is_retried(self, protocol):
            with self.scene(protocol) as scene:
                scene.init()
                scene.peer.on("AddPartitionsToTxn", error(3), times=3)
                scene.begin()
                scene.send("a")
                scene.commit()

When a scene ends without an error it checks what every row of the scenarios demands: each record's callback ran exactly
once, an independent read_committed reader sees each record of the committed transactions exactly once and in order and
nothing of the aborted ones, no transaction hangs, and no request broke the protocol.
"""

import os
import sys
import unittest
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "drive"))

from drive import Drive  # noqa: E402
from peer import Peer  # noqa: E402

RELEASES = {1: "3.9", 2: "4.4"}
# small times, so that a retry costs little; every wait of a test is bounded by them
CONFIG = {
    "transactional.id": "x", "retry.backoff.ms": 10, "retry.backoff.max.ms": 50, "reconnect.backoff.ms": 10,
    "reconnect.backoff.max.ms": 50, "request.timeout.ms": 3000, "delivery.timeout.ms": 8000, "max.block.ms": 4000,
    "linger.ms": 0,
}
CALL_MS = 15000
SLACK_MS = 1000  # what a busy machine may add to a deadline; far below any other time that a call could wait for
LABEL_MAX = 39  # ktxn-drive cuts what it reports of a value


def protocols(*which):
    """Makes one test of the method for each transaction protocol: test_..._v1, test_..._v2."""
    def mark(method):
        method.protocols = which
        return method
    return mark


class Scene:
    def __init__(self, case, protocol, nodes=3, topics=None, release=None, level=None, start=True, **config):
        self.case, self.protocol = case, protocol
        self.peer = Peer(nodes=nodes, release=release or RELEASES[protocol], topics=topics, level=level)
        settings = dict(CONFIG, **{"bootstrap.servers": self.peer.bootstrap()})
        settings.update({key.replace("_", "."): value for key, value in config.items()})
        self.settings = {key: value for key, value in settings.items() if value is not None}
        self.drive = Drive(self.settings)
        self.open, self.expected, self.labels = [], {}, Counter()
        self.may_hang, self.unsure, self.close_ms = False, False, 3000
        if start:
            self.ok("new p")

    # ---- leaving

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                self.check()
                self.drive.stop()
        except AssertionError:
            kind = AssertionError
            raise
        finally:
            if kind is not None:
                self.drive.kill()
                sys.stderr.write("\n%s\n%s\n%s" % (self.case.id(), self.peer.trace(), self.drive.errors()))
                sys.stderr.write("violations: %s\n" % self.peer.violations)
                try:
                    self.drive.stop()
                except AssertionError:
                    pass  # the first failure counts
            self.peer.close()
        return False

    def check(self):
        self.drive.collect()
        self.drive.cmd("close %d" % self.close_ms)
        self.drive.collect()
        case = self.case
        case.assertEqual(Counter(d.label for d in self.drive.delivered), self.labels, "callbacks, each once")
        case.assertEqual(self.peer.violations, [])
        if not self.unsure:
            case.assertEqual(self.seen(), {place: values for place, values in self.expected.items() if values})
        if not self.may_hang:
            case.assertEqual(self.peer.open_transactions(), [])

    def seen(self):
        """{(topic, partition): [value, ...]} for a read_committed reader."""
        return {(topic, index): [v.decode() for v in values] for topic in self.peer.model.topics
                for index, values in self.peer.read_committed(topic).items() if values}

    def restart(self):
        """The process is killed and another one takes its place; what it did not hear of any more is not asked for."""
        self.drive.collect()
        self.drive.kill()
        self.drive.stop()
        self.labels, self.open = Counter(), []
        self.drive = Drive(self.settings)
        self.ok("new p")

    # ---- calls that must succeed

    def ok(self, line):
        answer = self.drive.cmd(line)
        self.case.assertTrue(answer.ok, "%s: %s" % (line, answer))
        return answer

    def init(self):
        return self.ok("init %d" % CALL_MS)

    def begin(self):
        self.open = []
        return self.ok("begin")

    def send(self, value, partition=0, topic="t"):
        answer = self.try_send(value, partition, topic)
        self.case.assertTrue(answer.ok, str(answer))
        return answer

    def commit(self):
        answer = self.ok("commit %d" % CALL_MS)
        self.committed()
        return answer

    def abort(self):
        answer = self.ok("abort %d" % CALL_MS)
        self.open = []
        return answer

    def offsets(self, offsets, group="g", generation="-", member="-", instance="-"):
        return self.ok("offsets %s %s %s %s %d %s" % (group, generation, member, instance, CALL_MS, offsets))

    def transaction(self, *values, topic="t"):
        """A whole one: the i-th value goes to partition i."""
        self.begin()
        for partition, value in enumerate(values):
            self.send(value, partition, topic)
        return self.commit()

    def events(self, wait=True):
        """What ktxn_poll() has to tell now, or once it has something: [(kind, ordinal, code, outcome)]."""
        for _ in range(500 if wait else 1):
            self.drive.collect()
            found, self.drive.events = self.drive.events, []
            if found or not wait:
                return found
            self.ok("sleep 10")
        raise AssertionError("no event")

    # ---- calls that may fail

    def settle(self):
        """Until every record has its fate, good or bad."""
        self.drive.cmd("flush %d" % CALL_MS)

    def try_send(self, value, partition=0, topic="t"):
        answer = self.drive.cmd("send %s %s - %s" % (topic, "-" if partition is None else partition, value))
        if answer.ok:
            self.labels[value.replace(" ", "_")[:LABEL_MAX]] += 1
            self.open.append((topic, partition, value))
        return answer

    def committed(self):
        """The books on a commit that was reported as such."""
        for topic, partition, value in self.open:
            self.expected.setdefault((topic, partition), []).append(value)
        self.open = []

    def fails(self, line, cls, code=None, fatal=False, outcome=None):
        """The call must fail in exactly this way."""
        answer = self.drive.cmd(line)
        case = self.case
        case.assertFalse(answer.ok, "%s succeeded" % line)
        case.assertEqual((answer.cls, answer.fatal), (cls, fatal), "%s: %s" % (line, answer))
        if code is not None:
            case.assertIn(answer.code, (code,) if isinstance(code, str) else code, "%s: %s" % (line, answer))
        if outcome is not None:
            case.assertEqual(answer.outcome, outcome, "%s: %s" % (line, answer))
        return answer

    def fatal_everywhere(self, first):
        """After a fatal error every call returns that first error."""
        for line in ("begin", "send t 0 - late", "commit 100", "abort 100", "offsets g - - - 100 t:0:1", "init 100"):
            answer = self.drive.cmd(line)
            self.case.assertEqual((answer.code, answer.cls, answer.fatal), (first.code, first.cls, True),
                                  "%s: %s" % (line, answer))

    # ---- the wire

    def names(self, *apis):
        """Names of the requests of these APIs, in order."""
        return [r.name for r in self.peer.find() if r.name in apis or r.api in apis]

    def of_producer(self):
        """The requests so far without what a client asks about the cluster, which it may do at any time."""
        return self.peer.find(when=lambda r: r.api not in ("ApiVersions", "Metadata"))

    def count(self, api):
        return len(self.peer.find(api))

    def sequences(self, partition, topic="t"):
        """[(producer id, epoch, first sequence, number of records)] of each copy of a batch that was sent."""
        out = []
        for request in self.peer.find("Produce"):
            batch = request.batches().get((topic, partition))
            if batch:
                out.append((batch.producer_id, batch.epoch, batch.base_sequence, len(batch.records)))
        return out


class ScenarioCase(unittest.TestCase):
    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        for name, method in list(vars(cls).items()):
            for protocol in getattr(method, "protocols", ()):
                setattr(cls, "%s_v%d" % (name, protocol), _bound(method, protocol))
            if hasattr(method, "protocols"):
                delattr(cls, name)

    @classmethod
    def setUpClass(cls):
        if not os.environ.get("KTXN_DRIVE"):
            raise unittest.SkipTest("KTXN_DRIVE does not name ktxn-drive")

    def scene(self, protocol, **options):
        return Scene(self, protocol, **options)

    def prompt(self, answer, limit_ms=3500):
        """An error that waits for nothing; the limit only tells it from waiting for a timeout."""
        self.assertLess(answer.elapsed_ms, limit_ms, str(answer))

    def within(self, answer, deadline_ms):
        """A call's deadline, kept to ten percent."""
        self.assertGreaterEqual(answer.elapsed_ms, deadline_ms * 0.9 - 2, str(answer))
        self.assertLessEqual(answer.elapsed_ms, deadline_ms * 1.1 + SLACK_MS, str(answer))


def _bound(method, protocol):
    def test(self):
        method(self, protocol)
    test.__doc__ = None
    return test
