#!/usr/bin/env python3
"""What a coordinator answers while an end is decided and its markers are not written yet."""

import unittest

import rpc
from session import Session
from support import ON_3, ON_4_V1, ON_4_V2, on_each


class Marking:
    """The leader of a partition in the transaction lacks its only follower, and takes no marker until that is back."""

    def begun(self):
        """A session whose transaction is open, and the follower that its only partition needs."""
        topic = self.client.create_topic(self.name("topic"), 1, 2, min_insync_replicas=2)
        part = self.client.metadata([topic])[topic][0]
        tid = self.name("tid")
        while self.client.coordinator(tid) in part.replicas:
            tid = self.name("tid")
        session = Session(self.client, tid, topic, self.requests)
        session.must(session.init(), "0")
        session.start = session.who(1)
        session.begin(0, "one")
        return session, part.leader, next(n for n in part.replicas if n != part.leader)

    def without_follower(self, topic, leader, follower):
        self.addCleanup(self.cluster.restart, follower)
        self.cluster.terminate(follower)
        self.cluster.wait_alone(topic, 0, leader)

    def told(self, session, n):
        """Everything that may be asked under one epoch: the ends, a registration, InitProducerId."""
        return [session.commit(n, once=True), session.abort(n, once=True), session.add(n, once=True), session.init(n, once=True)]

    def test_everything_has_to_wait(self):
        """51 also to the other command: nobody is told of the decision before it is complete."""
        session, leader, follower = self.begun()
        self.without_follower(session.topic, leader, follower)
        self.assertEqual(session.commit(0, once=True), "0 e+1" if self.v2 else "0")
        told = {n: self.told(session, n) for n in (-1, 0, 1, 2)}
        self.assertEqual(session.state(), "PrepareCommit e" + ("+1" if self.v2 else ""))
        self.assertEqual(told, self.answers)
        stranger = rpc.Producer(session.start.producer_id + 1000000, 0)
        self.assertEqual(session.end(0, True, producer=stranger, once=True), "51" if self.v2 else "49")
        self.assertEqual(session.init(once=True), "51")


@on_each(ON_4_V2, nodes=3)
class MarkingV2(Marking):
    requests = rpc.V2
    answers = {n: ["51"] * 4 for n in (-1, 0, 1, 2)}


@on_each(ON_4_V1, nodes=3)
class MarkingV1(Marking):
    answers = {n: ["51" if n == 0 else "90"] * 2 + ["51"] * 2 for n in (-1, 0, 1, 2)}


@on_each(ON_3, nodes=3)
class MarkingOld(Marking):
    answers = {n: ["51" if n == 0 else "90"] * 3 + ["51"] for n in (-1, 0, 1, 2)}


if __name__ == "__main__":
    unittest.main(verbosity=2)
