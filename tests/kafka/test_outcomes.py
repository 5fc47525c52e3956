#!/usr/bin/env python3
"""What became of a transaction, as the public calls tell it, on brokers; and two producers of one transactional id."""

import threading
import unittest

from proxy import Proxy
from support import ON_3, ON_4_V1, ON_4_V2, on_each

# As long as a call may take on a busy machine; far longer than any wait of a healthy cluster.
CALL_MS = 60000


@on_each(ON_3, ON_4_V1, ON_4_V2)
class Outcomes:
    def behind_proxy(self):
        self.tid = self.name("tid")
        proxy = Proxy(self.client)
        self.addCleanup(proxy.close)
        program = self.producer(self.tid, bootstrap_servers=proxy.bootstrap, retry_backoff_ms=20, request_timeout_ms=1000,
                                linger_ms=0, delivery_timeout_ms=20000)
        return proxy, program

    def one_record(self, program, value):
        topic = self.topic()
        program.begin("%s 0 - %s" % (topic, value))
        program.do("flush 30000")
        return topic

    def told(self, program, wanted):
        self.assertEqual(program.do("outcome 1").fields["outcome"], wanted)

    def in_doubt(self, program):
        answer = program.refused("commit %d" % CALL_MS, "RECREATE", "FENCED")
        self.assertEqual((answer.outcome, answer.fatal), ("in_doubt", True), answer)
        self.told(program, "in_doubt")

    def test_G08_commit_taken_and_its_answers_lost(self):
        proxy, program = self.behind_proxy()
        topic = self.one_record(program, "a")
        proxy.mute("EndTxn", count=2)
        self.assertEqual(program.commit().outcome, "committed")
        self.told(program, "committed")
        self.assertEqual(self.values(topic), ["a"])

    def test_G09_commit_lost(self):
        proxy, program = self.behind_proxy()
        topic = self.one_record(program, "a")
        proxy.hold("EndTxn", count=2)
        self.assertEqual(program.commit().outcome, "committed")
        self.told(program, "committed")
        self.assertEqual(self.values(topic), ["a"])

    def test_G13_commit_lost_and_a_successor_since(self):
        """Nothing can tell it from a commit that was taken: in doubt, and a reader sees that it was not."""
        proxy, program = self.behind_proxy()
        topic = self.one_record(program, "a")
        held = proxy.hold("EndTxn", count=None)
        pending = program.start("commit 2000")
        held.wait()
        self.client.init_producer_id(self.tid)
        held.end()
        answer = pending.wait()
        if answer.code == "TIMED_OUT":
            self.in_doubt(program)
        else:
            self.assertEqual((answer.code, answer.outcome), ("FENCED", "in_doubt"), answer)
        self.told(program, "in_doubt")
        self.assertEqual(self.values(topic), [])

    def test_G13_commit_taken_and_a_successor_since(self):
        """With one end per epoch a look shows that it was committed; Transactions V2 can't tell."""
        proxy, program = self.behind_proxy()
        topic = self.one_record(program, "a")
        ended = proxy.mute("EndTxn")
        gate = proxy.gate("FindCoordinator")  # between the lost answer and the next copy
        pending = program.start("commit %d" % CALL_MS)
        ended.wait()
        self.client.init_producer_id(self.tid)
        gate.end()
        answer = pending.wait(90)
        self.assertEqual(answer.outcome, "in_doubt" if self.v2 else "committed", answer)
        self.told(program, answer.outcome)
        program.refused("begin", "RECREATE", "FENCED")
        self.assertEqual(self.values(topic), ["a"])

    def test_fenced_before_the_commit(self):
        program = self.behind_proxy()[1]
        topic = self.one_record(program, "a")
        self.client.init_producer_id(self.tid)
        self.assertEqual(program.refused("commit %d" % CALL_MS, "RECREATE", "FENCED").outcome, "not_committed")
        self.told(program, "not_committed")
        self.assertEqual(self.values(topic), [])


@on_each(ON_4_V2)
class LateCopies:
    """Each end moves the epoch, so that a copy of the last one can do nothing, and nothing need be done about it."""

    def behind_proxy(self):
        self.tid = self.name("tid")
        proxy = Proxy(self.client)
        self.addCleanup(proxy.close)
        return proxy, self.producer(self.tid, bootstrap_servers=proxy.bootstrap, retry_backoff_ms=20, linger_ms=0)

    def test_G12_lost_copy_of_an_end_arrives_in_the_next_transaction(self):
        for first, second in (("commit", "commit"), ("commit", "abort"), ("abort", "commit"), ("abort", "abort")):
            with self.subTest(first=first, second=second):
                topic = self.topic()
                proxy, program = self.behind_proxy()
                late = proxy.hold("EndTxn")
                program.begin("%s 0 - one" % topic)
                program.do("flush 30000")
                program.do("%s 30000" % first)
                program.begin("%s 0 - two" % topic)
                program.do("flush 30000")
                self.assertIn(late.deliver()["error_code"], (47, 90))
                program.do("%s 30000" % second)
                self.assertEqual(self.values(topic), ["one"] * (first == "commit") + ["two"] * (second == "commit"))
                self.assertEqual(len(proxy.requests("InitProducerId")), 1)


class Worker:
    """One of two instances with the same id: transactions without a pause, until it is fenced."""

    def __init__(self, program, topic, name):
        self.program, self.topic, self.name = program, topic, name
        self.committed, self.aborted, self.problem = [], 0, None
        self.working = threading.Event()

    def start(self):
        self.thread = threading.Thread(target=self.guarded)
        self.thread.start()

    def guarded(self):
        try:
            self.work()
        except AssertionError as problem:
            self.problem = problem
        self.working.set()

    def work(self):
        while True:
            value = "%s-%d" % (self.name, len(self.committed) + self.aborted)
            for line in ("begin", "send %s 0 - %s" % (self.topic, value), "flush 30000", "sleep 50",
                         "commit %d" % CALL_MS):
                answer = self.program.cmd(line, 90)
                if not answer.ok:
                    break
            if answer.ok:
                self.committed.append(value)
                self.working.set()
            elif answer.cls == "ABORT":
                self.aborted += 1
                if not self.program.cmd("abort %d" % CALL_MS, 90).ok:
                    return
            else:
                if answer.code != "FENCED" or answer.outcome == "committed":
                    raise AssertionError("%s: %s" % (line, answer))
                return


@on_each(ON_3, ON_4_V1, ON_4_V2)
class Instances:
    ROUNDS = 6

    def test_two_instances_of_one_id_never_starve_each_other(self):
        """One works without a pause, the other calls init and takes its place; then the other way round."""
        topic, tid, kept = self.topic(), self.name("tid"), []
        before = None
        for n in range(self.ROUNDS):
            program = self.program(transactional_id=tid)
            program.do("new p")
            # one call, which needs one abort of the other's transaction and not one for each of them
            program.do("init %d" % CALL_MS)
            worker = Worker(program, topic, "i%d" % n)
            if before:
                before.thread.join(120)
                self.assertFalse(before.thread.is_alive(), "the older instance has not noticed")
                self.assertIsNone(before.problem)
                kept += before.committed
            worker.start()
            self.assertTrue(worker.working.wait(90), "the newer instance can't work")
            before = worker
        self.producer(tid)
        before.thread.join(120)
        kept += before.committed
        self.assertIsNone(before.problem)
        found = self.values(topic)
        self.assertEqual(len(set(found)), len(found))
        self.assertEqual(set(kept) - set(found), set(), "what was reported as committed is there")


if __name__ == "__main__":
    unittest.main(verbosity=2)
