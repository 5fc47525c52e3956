#!/usr/bin/env python3
"""Copies of requests that come late: after the transaction that they belong to has ended and another one is open."""

import time
import unittest

import wire
from proxy import Doors
from support import ON_2, ON_3, ON_3_UNVERIFIED, ON_4_V1, ON_4_V2, on_each

# What a late copy is answered when the epoch has moved on: 47 by a log, 90 by a coordinator (47 before Kafka 2.8).
INVALID_PRODUCER_EPOCH, PRODUCER_FENCED = 47, 90


@on_each(ON_3, ON_4_V1, ON_4_V2)
class LateEnd(Doors):
    def end_comes_late(self, end):
        """A copy of the first transaction's end arrives when the second one is open; that one ends the other way."""
        topic = self.topic()
        proxy, program = self.behind_proxy()
        late = proxy.hold("EndTxn")
        program.begin("%s 0 - first" % topic)
        program.do("flush 30000")
        program.do("%s 30000" % end)
        program.begin("%s 0 - second" % topic)
        program.do("flush 30000")
        answer = late.deliver()
        self.assertIn(answer["error_code"], (INVALID_PRODUCER_EPOCH, PRODUCER_FENCED), answer)
        program.do("%s 30000" % {"commit": "abort", "abort": "commit"}[end])
        self.assertEqual(self.values(topic), ["first" if end == "commit" else "second"])

    def test_late_commit_leaves_the_next_transaction_alone(self):
        self.end_comes_late("commit")

    def test_late_abort_leaves_the_next_transaction_alone(self):
        self.end_comes_late("abort")


class LateBatches(Doors):
    def given_up(self, topic):
        """A transaction whose one batch stays at the door until it is given up."""
        proxy, program = self.behind_proxy(linger_ms=0, request_timeout_ms=1000, delivery_timeout_ms=1000)
        late = proxy.hold("Produce", count=None)
        program.begin("%s 0 - given-up" % topic)
        program.refused("commit 30000", "ABORT", "DELIVERY_TIMED_OUT")
        late.end()
        return late

    def wait_marked(self, topic):
        """A batch that comes before the abort's own marker would be aborted by it, sweep or not."""
        def marked():
            if self.client.end_offsets(topic)[0] < 1:
                raise wire.KafkaError(wire.CONCURRENT_TRANSACTIONS, "the marker of the abort is not written")
        wire.retry(marked, codes=(wire.CONCURRENT_TRANSACTIONS,))

    def assert_next_shows_itself_alone(self, topic, late):
        """Whatever the batch has met so far; by now the leader knows the new epoch."""
        self.ours.begin("%s 0 - second" % topic)
        self.ours.do("flush 30000")
        self.assertEqual(self.code_of(late.deliver()), INVALID_PRODUCER_EPOCH)
        self.ours.commit()
        self.assertEqual(self.values(topic), ["second"])

    @staticmethod
    def code_of(answer):
        return answer["topics"][0]["partitions"][0]["error_code"]


@on_each(ON_2, ON_3_UNVERIFIED, ON_3, ON_4_V2)
class LateBatch(LateBatches):
    def test_J02_given_up_batch_comes_after_the_abort(self):
        topic = self.topic()
        late = self.given_up(topic)
        self.ours.abort()
        self.wait_marked(topic)
        late.deliver()
        self.assert_next_shows_itself_alone(topic, late)


@on_each(ON_2, ON_3_UNVERIFIED, ON_3, ON_4_V1, ON_4_V2)
class LateCopy(LateBatches):
    def test_late_copy_of_an_acknowledged_batch(self):
        """It owes nothing: the log knows it again. But a leader that verifies, and finds no transaction that it could belong
        to, remembers its sequence as one that is still to come, and refuses the next batch: that transaction is aborted."""
        topic = self.topic()
        proxy, program = self.behind_proxy(linger_ms=0)
        late = proxy.hold("Produce")
        program.begin("%s 0 - first" % topic)
        program.commit()
        self.assert_settled(topic)
        late.deliver()
        program.begin("%s 0 - second" % topic)
        end = program.cmd("commit 30000")
        if not end.ok:
            self.assertEqual((end.cls, end.outcome), ("ABORT", "not_committed"), end)
            self.assertTrue(self.verifies and not self.v2, end)
            program.abort()
            program.begin("%s 0 - second" % topic)
            program.commit()
        self.assertEqual(self.values(topic), ["first", "second"])


@on_each(ON_2, ON_3_UNVERIFIED)
class LateBatchUnverified(LateBatches):
    """The leader takes the late batch, and only the sweep's markers abort it."""

    def comes_when(self, name):
        topic = self.topic()
        late = self.given_up(topic)
        gate = self.proxy.gate(name)
        abort = self.ours.start("abort 30000")
        gate.wait()
        self.wait_marked(topic)
        self.assertEqual(self.code_of(late.deliver()), 0)
        gate.end()
        self.assertTrue(abort.wait().ok)
        self.assert_next_shows_itself_alone(topic, late)

    def test_J02_given_up_batch_comes_before_the_bump(self):
        self.comes_when("InitProducerId")

    def test_J02_given_up_batch_comes_between_bump_and_sweep(self):
        self.comes_when("AddPartitionsToTxn")


class LateOffsetCommits(Doors):
    def committed_with_a_lost_copy(self, group, topic):
        """A transaction with offsets, of whose TxnOffsetCommit one copy stays at the door. It has been committed."""
        proxy, program = self.behind_proxy()
        late = proxy.hold("TxnOffsetCommit")
        program.begin("%s 0 - first" % topic)
        program.do("offsets %s - - - 30000 %s:0:5" % (group, topic))
        return late

    def assert_stable(self, group, topic, offset):
        """Readers of the group are not held up (88), and see this offset."""
        self.assertEqual(self.client.committed(group, topic), {0: offset})

    @staticmethod
    def code_of(answer):
        return answer["topics"][0]["partitions"][0]["error_code"]


@on_each(ON_2, ON_3_UNVERIFIED, ON_3, ON_4_V2)
class LateOffsets(LateOffsetCommits):
    def test_late_offsets_come_in_the_next_transaction(self):
        topic, group = self.topic(), self.name("group")
        late = self.committed_with_a_lost_copy(group, topic)
        self.ours.commit()
        self.ours.begin("%s 0 - second" % topic)
        self.ours.do("flush 30000")
        self.assertIn(self.code_of(late.deliver()), (INVALID_PRODUCER_EPOCH, PRODUCER_FENCED))
        self.assert_stable(group, topic, 5)
        self.ours.do("offsets %s - - - 30000 %s:0:6" % (group, topic))
        self.ours.commit()
        self.assert_stable(group, topic, 6)


@on_each(ON_2, ON_3_UNVERIFIED)
class LateOffsetsUnverified(LateOffsetCommits):
    """The group coordinator takes them, and readers of the group would be held up until a marker comes."""

    def test_late_offsets_come_between_bump_and_sweep(self):
        topic, group = self.topic(), self.name("group")
        late = self.committed_with_a_lost_copy(group, topic)
        gate = self.proxy.gate("AddOffsetsToTxn")
        self.ours.commit()
        gate.wait()
        self.assertEqual(self.code_of(late.deliver()), 0)
        gate.end()
        self.assert_stable(group, topic, 5)

    def test_late_offsets_come_between_bump_and_sweep_after_an_abort(self):
        topic, group = self.topic(), self.name("group")
        late = self.committed_with_a_lost_copy(group, topic)
        gate = self.proxy.gate("AddOffsetsToTxn")
        abort = self.ours.start("abort 30000")
        gate.wait()
        self.assertEqual(self.code_of(late.deliver()), 0)
        gate.end()
        self.assertTrue(abort.wait().ok)
        self.assert_stable(group, topic, -1)


@on_each(ON_2, ON_3)
class Order(Doors):
    """Protocol 1: after a request of unknown fate the next transaction registers only when look, bump and sweep are done."""

    def order_after(self, name, *sweep):
        """The first transaction loses a copy of that request; the next one begins while the first of what is owed waits."""
        topic, group = self.topic(), self.name("group")
        proxy, program = self.behind_proxy()
        epoch = self.epoch()
        proxy.hold(name)
        owed = proxy.gate("DescribeTransactions" if self.looks else "InitProducerId")
        program.begin("%s 0 - first" % topic)
        program.do("offsets %s - - - 30000 %s:0:5" % (group, topic))
        program.commit()
        owed.wait()
        program.begin("%s 0 - second" % topic)
        program.refused("flush 200", "RETRY", "TIMED_OUT")
        owed.end()
        program.commit()
        look = [("DescribeTransactions", None)] if self.looks else []
        self.assertEqual(self.after_the_end_at(epoch), look + [
            ("InitProducerId", epoch), *((request[0], epoch + 1, *request[1:]) for request in sweep),
            ("AddPartitionsToTxn", epoch + 1), ("EndTxn", epoch + 1, True)])
        first = [r for r in proxy.requests("AddPartitionsToTxn") if r["producer_epoch"] > epoch][0]
        last = [r for r in proxy.seen if r.came < first.came and r.name in ("InitProducerId", "EndTxn")][-1]
        self.assertGreater(first.came, last.answered)
        self.assertEqual(self.values(topic), ["first", "second"])

    def after_the_end_at(self, epoch):
        """Each request once, however often it was repeated."""
        told = self.told()
        end = len(told) - told[::-1].index(("EndTxn", epoch, True))
        return [request for n, request in enumerate(told[end:], end) if request != told[n - 1]]

    def test_after_a_lost_registration(self):
        self.order_after("AddPartitionsToTxn")

    def test_after_a_lost_registration_of_a_group(self):
        self.order_after("AddOffsetsToTxn")

    def test_after_lost_offsets(self):
        self.order_after("TxnOffsetCommit", ("AddOffsetsToTxn",), ("EndTxn", False))

    def test_after_a_lost_end(self):
        self.order_after("EndTxn")


@on_each(ON_2, ON_3, ON_4_V1, ON_4_V2)
class Zombie(Doors):
    """A producer that comes back when its successor has a transaction open: the successor commits."""

    def comes_back(self, *lines):
        """Asleep for longer than its transaction timeout, it might believe that the broker ended its transaction."""
        topic, tid = self.topic(), self.name("tid")
        zombie = self.producer(tid, transaction_timeout_ms=1000)
        zombie.begin("%s 0 - zombie" % topic)
        zombie.do("flush 30000")
        zombie.stopped()
        self.addCleanup(zombie.resumed)
        time.sleep(1.5)
        successor = self.producer(tid)
        successor.begin("%s 0 - one" % topic)
        successor.do("flush 30000")
        zombie.resumed()
        for line in lines:
            zombie.cmd(line.replace("TOPIC", topic))
        answer = zombie.cmd("begin")
        successor.send("%s 0 - two" % topic)
        successor.commit()
        self.assertEqual((answer.code, answer.cls, answer.fatal), ("FENCED", "RECREATE", True), answer)
        self.assertEqual(self.values(topic), ["one", "two"])

    def test_C05_zombie_commits(self):
        self.comes_back("commit 30000")

    def test_C05_zombie_sends_and_aborts(self):
        self.comes_back("send TOPIC 0 - more", "flush 30000", "abort 30000")


@on_each(ON_3, ON_4_V1)
class ZombieInDebt(Doors):
    def test_zombie_owes_a_bump(self):
        """Between two transactions, with a lost copy of its end: it would bump its epoch, and a coordinator that has a
        transaction open looks at the producer id alone."""
        topic = self.topic()
        proxy, zombie = self.behind_proxy()
        proxy.hold("EndTxn")
        look = proxy.gate("DescribeTransactions")
        zombie.begin("%s 0 - zombie" % topic)
        zombie.commit()
        look.wait()
        successor = self.producer(self.tid)
        successor.begin("%s 0 - one" % topic)
        successor.do("flush 30000")
        zombie.do("begin")
        look.end()
        zombie.cmd("send %s 0 - more" % topic)
        answer = zombie.refused("commit 30000", "RECREATE", "FENCED")
        self.assertEqual((answer.fatal, answer.outcome), (True, "not_committed"))
        successor.send("%s 0 - two" % topic)
        successor.commit()
        self.assertEqual(self.values(topic), ["zombie", "one", "two"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
