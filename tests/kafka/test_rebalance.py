#!/usr/bin/env python3
"""Three copies of examples/transfer share a group; they are killed, ended, and frozen for longer than the group waits."""

import collections
import os
import random
import signal
import subprocess
import threading
import time
import unittest

import support
from readers import kcat_read
from support import ON_3, ON_4_V2, on_each

COPIERS = 3
INPUTS, OUTPUTS = 6, 3
KEYS = 60
RECORDS = 24000
FEED_SECONDS = 40
DOZE_SECONDS = 6  # the broker aborts the copier's transaction, and the copier keeps its partitions
FREEZE_SECONDS = 12  # the copier's session.timeout.ms is 10 s, so the group gives it up and hands its partitions on
DRAIN_SECONDS = 120
START_SECONDS = 30


class Copier:
    def __init__(self, log, *arguments):
        build = os.environ.get("KTXN_BUILD", os.path.join(support.TOP, "build"))
        self.command = [os.path.join(build, "examples", "transfer"), *arguments]
        self.log = log
        self.process = None

    def start(self):
        """Returns when it would end in order at SIGTERM."""
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        end = time.monotonic() + START_SECONDS
        while not self.catches_sigterm():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError("a copier has not started; exit code %s" % self.process.returncode)
            time.sleep(0.005)

    def catches_sigterm(self):
        with open("/proc/%d/status" % self.process.pid) as source:
            caught = [int(line.split()[1], 16) for line in source if line.startswith("SigCgt:")]
        return bool(caught and caught[0] & 1 << (signal.SIGTERM - 1))

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def end(self):
        self.process.terminate()
        return self.process.wait(60)


@on_each(ON_4_V2, ON_3)
class Rebalance:
    def setUp(self):
        self.seed = int(os.environ.get("KTXN_SEED", random.randrange(1 << 31)))
        self.random = random.Random(self.seed)
        self.source = self.topic(INPUTS, "input")
        self.target = self.topic(OUTPUTS, "output")
        self.group = self.name("group")
        self.log = open(os.path.join(self.cluster.folder, "rebalance-%d.log" % self.seed), "w+b")
        self.addCleanup(self.log.close)
        self.copiers = [Copier(self.log, self.cluster.bootstrap, self.source, self.target, self.group, self.name("tid"),
                               "--batch", "100", "--set", "transaction.timeout.ms=3000") for _ in range(COPIERS)]
        for copier in self.copiers:
            self.addCleanup(copier.kill)
            copier.start()

    def feed(self):
        """Records come all the while, so that every blow meets open transactions."""
        feeder = subprocess.Popen(["kcat", "-P", "-b", self.cluster.bootstrap, "-t", self.source, "-K", ":"],
                                  stdin=subprocess.PIPE, text=True)
        self.addCleanup(feeder.kill)

        def write():
            for start in range(0, RECORDS, RECORDS // (FEED_SECONDS * 10)):
                feeder.stdin.writelines("%d:%d\n" % (n % KEYS, n)
                                        for n in range(start, min(RECORDS, start + RECORDS // (FEED_SECONDS * 10))))
                feeder.stdin.flush()
                time.sleep(0.1)
            feeder.stdin.close()

        thread = threading.Thread(target=write, daemon=True)
        thread.start()
        return thread, feeder

    def doze(self, copier):
        self.freeze(copier, DOZE_SECONDS)

    def freeze(self, copier, seconds=FREEZE_SECONDS):
        copier.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        copier.process.send_signal(signal.SIGCONT)

    def kill(self, copier):
        copier.kill()
        copier.start()

    def end_and_return(self, copier):
        """Ended in order it comes back before the group has given it up; or, every other time, after that."""
        self.assertEqual(copier.end(), 0, "exit code of a copier that was told to end")
        time.sleep(self.random.choice((0, FREEZE_SECONDS)))
        copier.start()

    def wait_until_copied(self):
        end = time.monotonic() + DRAIN_SECONDS
        while True:
            copied = self.client.committed(self.group, self.source, INPUTS, 60)
            if sum(offset for offset in copied.values() if offset > 0) == RECORDS:
                return
            for copier in self.copiers:
                self.assertIsNone(copier.process.poll(), "a copier ended by itself")
            self.assertLess(time.monotonic(), end, "the group stands at %s" % copied)
            time.sleep(0.2)

    def test_H19_nothing_lost_doubled_or_out_of_order(self):
        try:
            thread, feeder = self.feed()
            for blow in (self.doze, self.freeze, self.kill, self.end_and_return, self.doze, self.kill):
                time.sleep(self.random.uniform(1, 2))
                blow(self.random.choice(self.copiers))
            thread.join()
            self.assertEqual(feeder.wait(60), 0)
            self.wait_until_copied()
            for copier in self.copiers:
                self.assertEqual(copier.end(), 0, "exit code of a copier that was told to end")
            self.check_copy()
        except AssertionError as error:
            self.log.seek(0)
            raise AssertionError("KTXN_SEED=%d: %s\n%s" % (self.seed, error, self.log.read()[-8000:].decode("utf-8", "replace")))

    def check_copy(self):
        copied = self.records(self.target)
        original = kcat_read(self.cluster, self.source)
        both = [collections.Counter((r.key, r.value) for r in records) for records in (original, copied)]
        lost, extra = both[0] - both[1], both[1] - both[0]
        self.assertEqual((len(original), sum(lost.values()), sum(extra.values())), (RECORDS, 0, 0),
                         "lost %s, extra %s" % (list(lost)[:5], list(extra)[:5]))
        last = {}
        for record in copied:
            self.assertLess(last.get(record.key, -1), int(record.value), "order of key %s" % record.key)
            last[record.key] = int(record.value)


if __name__ == "__main__":
    unittest.main(verbosity=2)
