#!/usr/bin/env python3
"""Brokers that restart, die, hang or hand over while a transaction is open."""

import time
import unittest

import wire
from support import ON_3, ON_4_V1, ON_4_V2, on_each


@on_each(ON_4_V2, ON_4_V1, ON_3)
class Restarts:
    """One node: it is leader, transaction coordinator and group coordinator at once."""

    def restart_mid_transaction(self, orderly):
        source, topic, group, program = self.topic(), self.topic(2), self.name("group"), self.producer()
        program.begin("%s 0 - zero" % topic)
        program.commit()
        program.begin("%s 0 - one" % topic, "%s 1 - one" % topic)
        program.do("flush 30000")
        self.cluster.restart(1, orderly)
        program.send("%s 0 - two" % topic, "%s 1 - two" % topic)
        program.do("offsets %s - - - 60000 %s:0:42" % (group, source))
        program.commit()
        program.begin("%s 0 - three" % topic)
        program.commit()
        self.assertEqual(self.values(topic), ["zero", "one", "two", "three", "one", "two"])
        self.assertEqual(self.client.committed(group, source), {0: 42})

    def test_orderly_restart_mid_transaction(self):
        self.restart_mid_transaction(orderly=True)

    def test_killed_and_restarted_mid_transaction(self):
        self.restart_mid_transaction(orderly=False)

    def test_B05_G03_broker_is_down_when_commit_is_called(self):
        """Commit runs out of time, says so, and when the broker is back the same call brings the outcome."""
        topic, program = self.topic(), self.producer()
        program.begin("%s 0 - one" % topic)
        program.do("flush 30000")
        self.cluster.kill(1)
        answer = program.refused("commit 500", "RETRY", "TIMED_OUT")
        self.assertLess(answer.elapsed_ms, 5000)
        program.refused("abort 500", "RETRY", "CONFLICT")
        self.cluster.restart(1)
        program.commit()
        self.assertEqual(self.values(topic), ["one"])

    def test_G03_broker_hangs_during_commit_and_abort(self):
        topic, program = self.topic(), self.producer()
        for end, n in (("commit", 0), ("abort", 1), ("commit", 2)):
            program.begin("%s 0 - %d" % (topic, n))
            program.do("flush 30000")
            self.cluster.pause(1)
            try:
                program.refused("%s 300" % end, "RETRY", "TIMED_OUT")
            finally:
                self.cluster.resume(1)
            program.do("%s 60000" % end)
        self.assertEqual(self.values(topic), ["0", "2"])

    def test_records_in_flight_when_the_broker_dies(self):
        """Whatever the broker had taken of them, each record is there once, in order."""
        topic, program = self.topic(3), self.producer()
        program.do("begin")
        for partition in range(3):
            program.do("sendn %s %d 3000 100 p%d" % (topic, partition, partition))
        self.cluster.restart(1, orderly=False)
        program.commit()
        self.assertEqual(self.placed(topic), [(p, "p%d-%d" % (p, i)) for p in range(3) for i in range(3000)])

    def test_idempotent_producer_over_a_restart(self):
        topic, program = self.topic(), self.program()
        program.do("new p")
        program.do("sendn %s 0 2000 100 a" % topic)
        self.cluster.restart(1, orderly=False)
        program.do("sendn %s 0 2000 100 b" % topic)
        program.do("flush 60000")
        self.assertEqual({d.code for d in program.collect()}, {"OK"})
        self.assertEqual(self.values(topic), ["%s-%d" % (run, i) for run in "ab" for i in range(2000)])


class ThreeNodes:
    """The transaction coordinator moves to another node."""

    def led_elsewhere(self, topic, node):
        """The partitions whose leader stays when that node goes."""
        return [p.index for p in self.client.metadata([topic])[topic] if p.leader != node]

    def setUp(self):
        self.gone = None
        self.addCleanup(self.bring_back)

    def bring_back(self, topic=None):
        self.gone = None
        for number, node in self.cluster.nodes.items():
            self.cluster.resume(number)
            if not node.running():
                self.cluster.restart(number)
        if topic:
            self.cluster.wait_in_sync(topic)

    def take_away(self, tid, how):
        self.gone = self.client.coordinator(tid)
        how(self.gone)

    def moved(self, tid):
        def ask():
            if self.client.coordinator(tid) == self.gone:
                raise wire.KafkaError(wire.NOT_LEADER, "the coordinator of %s has not moved" % tid)
        wire.retry(ask, 60)


@on_each(ON_4_V2, ON_3, nodes=3)
class Moves(ThreeNodes):
    """While a transaction is open."""

    def ended(self, program):
        """With protocol 1 a registration is safe only at the node that gave the epoch: the transaction may have to be aborted, never
        may it be wrong, and the same producer goes on. Otherwise it goes on at the new coordinator."""
        answer = program.cmd("commit 60000", 90)
        if not answer.ok:
            self.assertFalse(self.v2, answer)
            self.assertEqual((answer.cls, answer.outcome), ("ABORT", "not_committed"), answer)
            program.abort()
        return answer.ok

    def move_in_first_transaction(self, how, **settings):
        topic, tid = self.topic(3), self.name("tid")
        program = self.producer(tid, **settings)
        program.begin(*("%s %d - a" % (topic, p) for p in range(2)))
        program.do("flush 30000")
        self.take_away(tid, how)
        self.moved(tid)
        for p in range(3):
            program.cmd("send %s %d - b" % (topic, p))
        went_on = self.ended(program)
        self.assertEqual(went_on, self.v2)  # partition 2 is still to be registered
        program.begin(*("%s %d - c" % (topic, p) for p in range(3)))
        program.commit()
        self.bring_back(topic)
        first = [(0, "a"), (0, "b"), (1, "a"), (1, "b"), (2, "b")] if went_on else []
        self.assertEqual(self.placed(topic), sorted(first + [(p, "c") for p in range(3)]))

    def move_before_first_transaction(self, how, **settings):
        """Nothing is at stake yet: whatever the protocol, the transaction goes on at the new coordinator."""
        topic, tid = self.topic(3), self.name("tid")
        program = self.producer(tid, **settings)
        self.take_away(tid, how)
        self.moved(tid)
        program.begin(*("%s %d - a" % (topic, p) for p in range(3)))
        program.commit()
        self.bring_back(topic)
        self.assertEqual(self.placed(topic), [(p, "a") for p in range(3)])

    def test_B02_coordinator_is_stopped_before_the_first_transaction(self):
        self.move_before_first_transaction(self.cluster.terminate)

    def test_B02_coordinator_is_killed_before_the_first_transaction(self):
        self.move_before_first_transaction(self.cluster.kill)

    def test_B02_coordinator_is_stopped_in_the_first_transaction(self):
        self.move_in_first_transaction(self.cluster.terminate)

    def test_B02_coordinator_is_killed_in_the_first_transaction(self):
        self.move_in_first_transaction(self.cluster.kill)

    def test_B02_coordinator_hangs_in_the_first_transaction(self):
        self.move_in_first_transaction(self.cluster.pause, request_timeout_ms=3000)

    def test_B02_coordinator_is_stopped_in_a_later_transaction(self):
        topic, tid = self.topic(3), self.name("tid")
        program = self.producer(tid)
        program.begin("%s 0 - a" % topic)
        program.commit()
        program.begin("%s 0 - b" % topic)
        program.do("flush 30000")
        self.take_away(tid, self.cluster.terminate)
        self.moved(tid)
        program.cmd("send %s 1 - b" % topic)
        went_on = self.ended(program)
        program.begin("%s 2 - c" % topic)
        program.commit()
        self.bring_back(topic)
        self.assertEqual(self.values(topic), ["a", "b", "b", "c"] if went_on else ["a", "c"])

    def test_B05_coordinator_is_away_for_five_seconds(self):
        """A thousand records to leaders that stay, while the coordinator is killed in the middle and comes back."""
        topic, tid = self.topic(3), self.name("tid")
        program = self.producer(tid)
        led = self.led_elsewhere(topic, self.client.coordinator(tid))
        program.do("begin")
        for partition in led:
            program.do("sendn %s %d 500 100 a%d" % (topic, partition, partition))
        program.do("flush 30000")
        self.take_away(tid, self.cluster.kill)
        for partition in led:
            program.do("sendn %s %d 500 100 b%d" % (topic, partition, partition))
        pending = program.start("commit 60000")
        time.sleep(5)
        self.bring_back()
        self.assertTrue(pending.wait(90).ok)
        self.assertEqual(self.placed(topic), [(p, "%s%d-%d" % (run, p, i)) for p in led for run in "ab" for i in range(500)])

    def test_B15_coordinator_dies_before_the_commit_is_replicated(self):
        """Only the node that dies has it: the next coordinator knows an open transaction, and the same commit ends it."""
        topic, tid = self.topic(3), self.name("tid")
        program = self.producer(tid)
        program.begin(*("%s %d - one" % (topic, p) for p in range(3)))
        program.do("flush 30000")
        coordinator = self.client.coordinator(tid)
        others = [n for n in self.cluster.nodes if n != coordinator]
        for node in others:
            self.cluster.pause(node)
        try:
            pending = program.start("commit 90000")
            time.sleep(1)
            self.assertFalse(pending.done())
            self.gone = coordinator
            self.cluster.kill(coordinator)
        finally:
            for node in others:
                self.cluster.resume(node)
        answer = pending.wait(120)
        self.assertTrue(answer.ok, answer)
        program.begin(*("%s %d - two" % (topic, p) for p in range(3)))
        program.commit()
        self.bring_back()
        self.assertEqual(self.values(topic), ["one", "two"] * 3)

    def test_B13_group_coordinator_is_stopped(self):
        source, group, tid = self.topic(), self.name("group"), self.name("tid")
        program = self.producer(tid)
        program.do("begin")
        program.do("offsets %s - - - 60000 %s:0:5" % (group, source))
        self.gone = self.client.coordinator(group, wire.GROUP)
        self.cluster.terminate(self.gone)
        program.do("offsets %s - - - 60000 %s:0:6" % (group, source))
        program.commit()
        self.assertEqual(self.client.committed(group, source), {0: 6})
        self.bring_back()

    def three_roles(self):
        """A new id and a partition of two copies that both lie elsewhere than at the id's coordinator:
        (topic, index, id, coordinator, leader, follower)."""
        tid = self.name("tid")
        coordinator = self.client.coordinator(tid)
        topic = self.client.create_topic(self.name("topic"), 3, 2, min_insync_replicas=2)
        part = next(p for p in self.client.metadata([topic])[topic] if coordinator not in p.replicas)
        follower = next(n for n in part.replicas if n != part.leader)
        return topic, part.index, tid, coordinator, part.leader, follower

    def test_B14_coordinator_dies_with_the_commit_prepared(self):
        """The commit is decided, but its marker can't be written: the leader lacks a follower. Then the coordinator dies."""
        topic, index, tid, coordinator, leader, follower = self.three_roles()
        program = self.producer(tid)
        program.begin("%s %d - one" % (topic, index))
        program.do("flush 30000")
        self.cluster.terminate(follower)
        self.cluster.wait_alone(topic, index, leader)
        program.commit()
        self.assertEqual(self.client.describe_transaction(tid).state, "PrepareCommit")
        self.gone = coordinator
        self.cluster.kill(coordinator)
        self.cluster.restart(follower)
        self.moved(tid)
        program.begin("%s %d - two" % (topic, index))
        program.commit()
        self.bring_back()
        self.assertEqual(self.values(topic), ["one", "two"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
