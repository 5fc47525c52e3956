#!/usr/bin/env python3
"""The long run: examples/transfer copies 100,000 records while it is killed again and again, and its broker restarts."""

import collections
import os
import random
import signal
import subprocess
import time
import unittest

import support
from readers import kcat_read, kcat_write
from support import ON_3, ON_4_V2, on_each

RECORDS = 100000
INPUTS, OUTPUTS = 2, 3
KEYS = 40
KILLS = 10
COPY_SECONDS = 240


class Copier:
    """The program under test, started again under the same names after each kill."""

    def __init__(self, *arguments):
        build = os.environ.get("KTXN_BUILD", os.path.join(support.TOP, "build"))
        self.command = [os.path.join(build, "examples", "transfer"), *arguments]
        self.process = None
        self.runs = 0

    def start(self, log):
        self.runs += 1
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self):
        self.process.kill()
        self.process.wait()


@on_each(ON_4_V2, ON_3)
class Transfer:
    def setUp(self):
        self.seed = int(os.environ.get("KTXN_SEED", random.randrange(1 << 31)))
        self.random = random.Random(self.seed)
        self.source = self.topic(INPUTS, "input")
        self.target = self.topic(OUTPUTS, "output")
        self.group = self.name("group")
        for partition in range(INPUTS):
            lines = ("%d-%d:%d/%d" % (partition, i % KEYS, partition, i) for i in range(RECORDS // INPUTS))
            kcat_write(self.cluster, self.source, lines, partition)
        self.log = open(os.path.join(self.cluster.folder, "transfer-%d.log" % self.seed), "w+b")
        self.addCleanup(self.log.close)

    def test_nothing_lost_doubled_or_out_of_order(self):
        self.tid = self.name("tid")
        copier = Copier(self.cluster.bootstrap, self.source, self.target, self.group, self.tid,
                        "--batch", "750", "--idle-exit-ms", "3000")
        try:
            self.copy_under_fire(copier)
        except AssertionError as error:
            self.log.seek(0)
            raise AssertionError("KTXN_SEED=%d: %s\n%s" % (self.seed, error, self.log.read()[-5000:].decode("utf-8", "replace")))
        finally:
            copier.kill()
        self.check_copy()

    def copy_under_fire(self, copier):
        """Events at chosen lengths of the output's log. That is at least what has been committed, so that at the last of
        them there is still work to do."""
        blows = [self.kill_copier] * KILLS + [self.restart_broker] * 2
        self.random.shuffle(blows)
        marks = sorted(self.random.sample(range(2000, RECORDS * 9 // 10), len(blows)))
        self.end = time.monotonic() + COPY_SECONDS
        self.restarts = self.gave_up = 0
        copier.start(self.log)
        for mark, blow in zip(marks, blows):
            self.wait_for_output(copier, mark)
            blow(copier)
        while not self.has_ended(copier):
            self.assertLess(time.monotonic(), self.end, "not done; the output has %d records" % self.written())
            time.sleep(0.05)
        self.assertEqual((copier.runs, self.restarts), (KILLS + 1 + self.gave_up, 2))

    def written(self):
        return sum(self.client.end_offsets(self.target).values())

    def has_ended(self, copier):
        """True when the copier says that all is done. It may give up when its broker was away for longer than the consumer's
        session (librdkafka's static members can't always come back), as a service that is then started again would."""
        code = copier.process.poll()
        if code:
            self.gave_up += 1
            self.assertLessEqual(self.gave_up, self.restarts, "transfer ended with %d, %d written" % (code, self.written()))
            copier.start(self.log)
        return code == 0

    def wait_for_output(self, copier, mark):
        while self.written() < mark:
            self.assertFalse(self.has_ended(copier), "transfer ended in order before all was copied")
            self.assertLess(time.monotonic(), self.end, "the output stands at %d, not at %d" % (self.written(), mark))
            time.sleep(0.002)

    def kill_copier(self, copier):
        time.sleep(self.random.random() * 0.02)
        copier.kill()
        copier.start(self.log)

    def restart_broker(self, copier):
        """By SIGKILL, while no transaction is ending. When the only node of a cluster goes, in order or not, Kafka drops the markers of
        the transactions that are ending: it is coordinator again before it is any partition's leader ("likely deleted already and
        hence can be skipped" in its log). They hang for ever, whoever wrote them."""
        self.restarts += 1
        copier.process.send_signal(signal.SIGSTOP)
        try:
            self.wait_for_end_of_end()
            self.cluster.kill(1)
        finally:
            copier.process.send_signal(signal.SIGCONT)
        self.cluster.restart(1)

    def wait_for_end_of_end(self):
        """Twice, as what the copier has sent last may still be on its way."""
        rest = 0
        while rest < 2:
            self.assertLess(time.monotonic(), self.end, "a transaction does not end")
            rest = 0 if self.client.describe_transaction(self.tid).state.startswith("Prepare") else rest + 1
            time.sleep(0.1)

    def check_copy(self):
        copied = self.records(self.target)
        original = kcat_read(self.cluster, self.source)
        both = [collections.Counter((r.key, r.value) for r in records) for records in (original, copied)]
        lost, extra = both[0] - both[1], both[1] - both[0]
        self.assertEqual((len(original), sum(lost.values()), sum(extra.values())), (RECORDS, 0, 0),
                         "lost %s, extra %s (KTXN_SEED=%d)" % (list(lost)[:5], list(extra)[:5], self.seed))
        last = {}
        for record in copied:
            origin, number = map(int, record.value.split("/"))
            way = (origin, record.partition)
            self.assertLess(last.get(way, -1), number, "order from input %d to output %d" % way)
            last[way] = number
        placed = collections.defaultdict(set)
        for record in copied:
            placed[record.key].add(record.partition)
        self.assertEqual({len(partitions) for partitions in placed.values()}, {1}, "each key stays in one partition")
        self.assertEqual(self.client.committed(self.group, self.source, INPUTS),
                         {p: RECORDS // INPUTS for p in range(INPUTS)})


if __name__ == "__main__":
    unittest.main(verbosity=2)
