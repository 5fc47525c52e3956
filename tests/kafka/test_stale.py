#!/usr/bin/env python3
"""A coordinator that was cut off, and answers out of its memory: the outcome that is told is the log's."""

import unittest

import rpc
import wire
from proxy import Doors
from session import Session
from split import Split
from support import ON_3, ON_4_V2, POOL, on_each

COORDINATORS = ("AddPartitionsToTxn", "EndTxn")


class Stale(Doors):
    """The last commit is decided by the coordinator, and its answer is lost; then the producer finds the stale one alone."""

    @classmethod
    def setUpClass(cls):
        POOL.end()
        cls.cluster = Split(cls.kind["version"])
        cls.cluster.start()
        cls.addClassCleanup(cls.cluster.stop)
        cls.client = cls.cluster.client

    def set_up(self):
        self.to = self.topic()
        self.behind_proxy(request_timeout_ms=1000, retry_backoff_max_ms=100, reconnect_backoff_max_ms=100)
        self.addCleanup(self.cluster.heal)

    def topic(self):
        return self.client.create_topic(self.name("topic"), 1, 2)

    def transaction(self, value):
        self.ours.begin("%s 0 - %s" % (self.to, value))
        self.ours.do("flush 60000")

    def shows(self, *states):
        state = self.client.describe_transaction(self.tid).state
        if state not in states:
            raise wire.KafkaError(wire.CONCURRENT_TRANSACTIONS, "the transaction is in state %s" % state)

    def move(self, *states):
        """From now on the other broker is the coordinator."""
        states = states or ("Empty", "CompleteCommit")
        wire.retry(lambda: self.shows(*states), codes=(wire.CONCURRENT_TRANSACTIONS,))
        was, now = self.cluster.move_coordinator(self.tid)
        self.proxy.doors[was].bar()
        return was, now

    def lost_commit(self, was, now):
        """Ends when the stale node has answered, or is at a loss for an answer; `commit` goes on."""
        proxy = self.proxy
        lost = proxy.mute("EndTxn")
        commit = self.ours.start("commit 60000")
        request = lost.wait()
        self.assertEqual((request.node, request.answer["error_code"]), (now, 0))
        proxy.doors[now].bar()
        self.cluster.wake_without_controller(was)
        with wire.Client(self.cluster.nodes[was].address) as client:
            self.assertEqual(client.coordinator(self.tid), was, "the node is not stale")
        proxy.doors[was].unbar()
        asked = len(proxy.seen)
        lost.end()
        proxy.wait(lambda: any(r.node == was and r.name in COORDINATORS for r in proxy.seen[asked:]),
                   "a question to the stale node")
        return commit

    def assert_committed(self, commit, now, *values):
        self.proxy.doors[now].unbar()
        answer = commit.wait(90)
        self.assertTrue(answer.ok, "%s\n%s" % (answer, self.ours.errors()[-3000:]))
        self.cluster.heal()
        self.transaction("last")
        self.ours.commit()
        self.assertEqual(self.values(self.to), [*values, "last"])


@on_each(dict(ON_3, label="Split"))
class StaleV1(Stale):
    def test_a_fence_that_it_cannot_write_raises_the_epoch_that_it_remembers(self):
        """Then it takes a registration at that epoch for done, of what it still holds open, and writes nothing: that epoch may have
        been given to the same producer elsewhere. So a registration counts only where the bump was acknowledged (txn/README.md)."""
        def fence(stale, session, add):
            try:
                self.assertNotEqual(rpc.init_producer_id(stale, session.tid, 10000, session.who(0)).code, 0)
            except OSError:
                pass  # no answer while it tries to write, which it does for transaction.timeout.ms
            session.until(lambda: add(1) != wire.CONCURRENT_TRANSACTIONS)
        self.fenced_in_memory(10000, fence)

    def test_its_own_timeout_raises_the_epoch_that_it_remembers(self):
        """So does the abort that it can't write when the transaction has lasted too long: nobody has to ask for it."""
        self.fenced_in_memory(4000, lambda stale, session, add: session.until(lambda: add(1) == 0))

    def fenced_in_memory(self, timeout_ms, fence):
        self.addCleanup(self.cluster.heal)
        session = Session(self.client, self.name("tid"), self.topic(), timeout_ms=timeout_ms)
        session.must(session.init(), "0")
        session.start = session.who(1)
        session.begin(0, "one")
        was, now = self.cluster.move_coordinator(session.tid)
        with wire.Client(self.cluster.nodes[now].address) as session.client:  # of the other it would wait for answers
            session.must(session.commit(0))
            session.until(lambda: session.state() == "CompleteCommit e")
        self.cluster.wake_without_controller(was)
        with wire.Client(self.cluster.nodes[was].address) as client:
            def stale(*request):
                return client.at(self.cluster.nodes[was].address, *request)

            def add(n):
                return rpc.add_partitions(stale, session.tid, session.who(n), session.topic, [0]).code

            self.assertEqual(client.describe_transaction(session.tid).state, "Ongoing", "the node is not stale")
            self.assertEqual((add(0), add(1)), (0, 90))
            fence(stale, session, add)
            shown = client.describe_transaction(session.tid)
            self.assertEqual((shown.state, shown.epoch), ("Ongoing", session.who(1).epoch))
            self.assertEqual((add(0), add(1)), (90, 0))

    def test_stale_node_remembers_an_empty_epoch(self):
        """The transaction has the epoch of a bump behind the move, so that node is behind, and what it says is no evidence."""
        self.set_up()
        was, now = self.move()
        self.transaction("one")
        commit = self.lost_commit(was, now)
        self.assert_committed(commit, now, "one")

    def test_stale_node_is_busy_with_what_it_cannot_append(self):
        """It holds the transaction open, and says that it is busy (51) until its timeout; the other one is looked for before that."""
        self.set_up()
        self.transaction("one")
        was, now = self.move("Ongoing")
        commit = self.lost_commit(was, now)
        self.proxy.wait(lambda: any(self.said_busy(r) for r in self.proxy.seen if r.node == was), "51")
        self.assert_committed(commit, now, "one")

    @staticmethod
    def said_busy(request):
        return request.name == "EndTxn" and request.answer is not None and \
            request.answer["error_code"] == wire.CONCURRENT_TRANSACTIONS

    def test_stale_node_remembers_an_older_epoch(self):
        """It answers that ours is not its epoch, which is no evidence."""
        self.set_up()
        self.transaction("one")
        self.ours.commit()
        was, now = self.move()
        self.transaction("two")
        commit = self.lost_commit(was, now)
        self.assert_committed(commit, now, "one", "two")


@on_each(dict(ON_4_V2, label="Split"))
class StaleV2(Stale):
    def test_stale_node_remembers_the_last_commit(self):
        """It answers 48, as after a commit that never was."""
        self.set_up()
        self.transaction("one")
        self.ours.commit()
        was, now = self.move()
        self.transaction("two")
        commit = self.lost_commit(was, now)
        self.assert_committed(commit, now, "one", "two")

    def test_stale_node_remembers_an_older_epoch(self):
        self.set_up()
        was, now = self.move()
        for value in ("one", "two"):
            self.transaction(value)
            if value == "one":
                self.ours.commit()
        commit = self.lost_commit(was, now)
        self.assert_committed(commit, now, "one", "two")


if __name__ == "__main__":
    unittest.main(verbosity=2)
