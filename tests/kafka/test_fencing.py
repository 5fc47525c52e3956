#!/usr/bin/env python3
"""Producers that meet: successors, zombies, crashes, the broker's own timeout; and the order of calls."""

import time
import unittest

from support import ON_3, ON_4_V0, ON_4_V1, ON_4_V2, on_each


@on_each(ON_4_V2, ON_4_V1, ON_4_V0, ON_3)
class Fencing:
    def assert_fenced(self, program, line):
        answer = program.refused(line, "RECREATE", "FENCED")
        self.assertTrue(answer.fatal, answer)
        return answer

    def test_C01_C03_second_producer_fences_the_first(self):
        topic, tid = self.topic(), self.name("tid")
        first = self.producer(tid)
        first.begin("%s 0 - old" % topic)
        first.do("flush 30000")
        second = self.producer(tid)
        second.begin("%s 0 - new" % topic)
        second.do("flush 30000")
        answer = self.assert_fenced(first, "commit 30000")
        self.assertEqual(answer.outcome, "not_committed")
        for line in ("abort 30000", "begin", "commit 30000", "send %s 0 - more" % topic):
            self.assertEqual(self.assert_fenced(first, line).message, answer.message)
        second.commit()
        self.assertEqual(self.values(topic), ["new"])

    def test_C01_first_sends_more(self):
        topic, tid = self.topic(2), self.name("tid")
        first = self.producer(tid)
        first.begin("%s 0 - old" % topic)
        first.do("flush 30000")
        second = self.producer(tid)
        first.cmd("send %s 0 - more" % topic)
        first.cmd("send %s 1 - more" % topic)
        self.assert_fenced(first, "commit 30000")
        second.begin("%s 0 - new" % topic)
        second.commit()
        self.assertEqual(self.values(topic), ["new"])

    def test_A07_killed_with_an_open_transaction(self):
        topic, tid = self.topic(), self.name("tid")
        for n in range(3):
            program = self.producer(tid)
            program.begin("%s 0 - committed-%d" % (topic, n))
            program.commit()
            program.begin("%s 0 - open-%d" % (topic, n))
            program.do("flush 30000")
            program.kill()
        self.producer(tid)
        self.assertEqual(self.values(topic), ["committed-0", "committed-1", "committed-2"])

    def test_A20_killed_with_records_and_offsets_open(self):
        source, topic, tid, group = self.topic(), self.topic(3), self.name("tid"), self.name("group")
        program = self.producer(tid)
        program.begin(*("%s %d - lost" % (topic, p) for p in range(3)))
        program.do("offsets %s - - - 30000 %s:0:7" % (group, source))
        program.do("flush 30000")
        program.kill()
        successor = self.producer(tid)
        self.assertEqual(self.client.committed(group, source), {0: -1})
        successor.begin(*("%s %d - kept" % (topic, p) for p in range(3)))
        successor.commit()
        self.assertEqual(self.values(topic), ["kept"] * 3)

    def test_restart_after_an_orderly_close(self):
        """Closing with an open transaction aborts it at once: nothing is left for the successor or the timeout."""
        topic, tid = self.topic(), self.name("tid")
        for n in range(2):
            program = self.producer(tid)
            program.begin("%s 0 - committed-%d" % (topic, n))
            program.commit()
            program.begin("%s 0 - open-%d" % (topic, n))
            program.do("flush 30000")
            program.do("close 30000")
            self.assert_settled(topic)
        self.assertEqual(self.values(topic), ["committed-0", "committed-1"])

    def test_C05_zombie_wakes_up(self):
        topic, tid = self.topic(), self.name("tid")
        zombie = self.producer(tid, transaction_timeout_ms=1000)
        zombie.begin("%s 0 - zombie" % topic)
        zombie.do("flush 30000")
        zombie.stopped()
        self.addCleanup(zombie.resumed)
        time.sleep(2)
        successor = self.producer(tid)
        successor.begin("%s 0 - successor" % topic)
        successor.commit()
        zombie.resumed()
        zombie.cmd("send %s 0 - late" % topic)
        zombie.cmd("flush 30000")
        self.assert_fenced(zombie, "commit 30000")
        successor.begin("%s 0 - goes on" % topic)
        successor.commit()
        self.assertEqual(self.values(topic), ["successor", "goes on"])

    def test_C10_broker_times_the_transaction_out(self):
        topic, tid = self.topic(), self.name("tid")
        program = self.producer(tid, transaction_timeout_ms=1000)
        for n in range(2):
            program.begin("%s 0 - lost-%d" % (topic, n))
            program.do("flush 30000")
            self.wait_for_state(tid, "CompleteAbort")
            answer = program.refused("commit 30000", "ABORT", "ABORTED_BY_BROKER")
            self.assertEqual((answer.outcome, answer.fatal), ("not_committed", False))
            program.abort()
            program.begin("%s 0 - kept-%d" % (topic, n))
            program.commit()
        self.assertEqual(self.values(topic), ["kept-0", "kept-1"])

    def wait_for_state(self, tid, state):
        end = time.monotonic() + 30
        while self.client.describe_transaction(tid).state != state:
            self.assertLess(time.monotonic(), end, "the transaction of %s is not %s" % (tid, state))
            time.sleep(0.05)


@on_each(ON_4_V2, ON_3)
class Rotation:
    def test_L02_epochs_are_used_up(self):
        """32766 is the last. V1: the producer asks for another id before its first transaction; V2: an end brings it."""
        topic, tid = self.topic(), self.name("tid")
        self.client.age(tid, 32764 if self.v2 else 32765)
        program = self.producer(tid)
        before = program.do("state").fields
        self.assertEqual(int(before["epoch"]), 32765 if self.v2 else 32766)
        values = ["value-%d" % n for n in range(5)]
        for value in values:
            program.begin("%s 0 - %s" % (topic, value))
            program.commit()
        after = program.do("state").fields
        self.assertNotEqual(after["pid"], before["pid"])
        self.assertEqual(int(after["epoch"]), 3 if self.v2 else 0)
        self.assertEqual(self.values(topic), values)


@on_each(ON_4_V2, ON_3)
class Calls:
    def test_A01_G28_I03_I05_calls_out_of_order(self):
        topic, program = self.topic(), self.producer()
        for line in ("init 1000", "commit 1000", "abort 1000", "send %s 0 - stray" % topic, "offsets g - - - 1000 %s:0:1" % topic):
            program.refused(line, "USAGE")
        program.begin("%s 0 - one" % topic)
        for line in ("begin", "init 1000"):
            program.refused(line, "USAGE")
        program.commit()
        for line in ("commit 1000", "abort 1000"):
            program.refused(line, "USAGE")
        self.assertEqual(self.values(topic), ["one"])

    def test_A02_without_a_transactional_id(self):
        program = self.program()
        program.do("new p")
        for line in ("init 1000", "begin"):
            program.refused(line, "USAGE", "NOT_CONFIGURED")

    def test_A05_timeout_above_the_brokers_limit(self):
        program = self.program(transactional_id=self.name("tid"), transaction_timeout_ms=2000000000)
        program.do("new p")
        answer = program.refused("init 30000", "CONFIG", "INVALID_TRANSACTION_TIMEOUT")
        self.assertTrue(answer.fatal)
        self.assertIn("transaction.timeout.ms", answer.message)
        program.refused("begin", "CONFIG", "INVALID_TRANSACTION_TIMEOUT")


if __name__ == "__main__":
    unittest.main(verbosity=2)
