#!/usr/bin/env python3
"""What coordinators and partition leaders answer, row by row, to raw requests: what the transaction manager builds upon
(docs/TRANSACTIONS.md, "What brokers answer"). A release that answers otherwise shows here.
"""

import copy
import unittest

import wire
from answers import on_all
from rpc import V1, V2
from support import ON_2, ON_3, ON_3_UNVERIFIED, ON_4_V0, ON_4_V1, ON_4_V2, on_each


@on_all(ON_4_V2, ON_4_V1, ON_4_V0, ON_3, ON_2)
class Ended:
    """After an end."""

    def test_commit_completed__the_same_commit(self):
        session = self.session()
        session.ended()
        for _ in range(2):
            self.answers(session.commit(0), "0", "0 e+1")
        self.read(session, "first")

    def test_commit_completed__abort_at_the_old_epoch(self):
        session = self.session()
        session.ended()
        self.answers(session.abort(0), "48", "48")
        self.read(session, "first")

    def test_abort_completed__abort_again__commit(self):
        session = self.session()
        session.ended(commit=False)
        self.answers(session.abort(0), "0", "0 e+1")
        self.answers(session.commit(0), "48", "48")
        self.read(session)

    def test_commit_answered_but_markers_not_written__the_same_commit(self):
        """The markers are written within milliseconds, so that it takes a few transactions to come between."""
        for _ in range(200):
            session = self.session()
            session.begin(0, "first")
            session.must(session.commit(0))
            told = session.commit(0)
            if "51" in told:
                break
        self.answers(told, "51, then 0", "51, then 0 e+1")
        self.read(session, "first")

    def test_nothing_written__commit(self):
        session = self.session()
        self.answers(session.commit(0), "48", "48")
        self.shown(session, "Empty e")

    def test_nothing_written__abort(self):
        session = self.session()
        self.answers(session.abort(0), "48", "0 e+1")

    def test_any_completed__init_twice(self):
        session = self.session()
        for n in range(2):
            for _ in range(2):
                self.assertEqual(session.init(n), "0 e+%d" % (n + 1))

    def test_commit_completed__init_twice(self):
        session = self.session()
        base = session.ended()
        for _ in range(2):
            self.same(session.init(base), "0 e+%d" % (base + 1))
        self.read(session, "first")

    def test_commit_completed_and_next_open__the_old_commit_late(self):
        session = self.session()
        session.begin(session.ended(), "second")
        self.answers(session.commit(0), "0", "90")
        if self.requests == V2:
            session.must(session.abort(1))
        self.answers(session.abort(0), "48", "90")
        self.read(session, "first", *["second"] * (self.requests == V1))

    def test_abort_completed_and_next_open__the_old_abort_late(self):
        session = self.session()
        session.begin(session.ended(commit=False), "second")
        self.answers(session.abort(0), "0", "90")
        if self.requests == V2:
            session.must(session.commit(1))
        self.read(session, *["second"] * (self.requests == V2))

    def test_crash__commit_by_a_new_connection_without_init(self):
        session = self.session()
        session.begin(0, "first")
        self.client.close()
        self.answers(session.commit(0), "0", "0 e+1")
        self.read(session, "first")

    def test_offsets_100_200_and_the_100_late(self):
        session, group = self.session(), self.name("group")
        if self.requests == V1:
            session.must(session.add_offsets(0, group))
        for offset in (100, 100, 200, 100):
            self.assertEqual(session.offset(0, group, offset), "0")
        session.must(session.commit(0))
        self.assertEqual(self.client.committed(group, session.topic), {0: 100})


@on_all(ON_4_V2, ON_4_V1, ON_4_V0, ON_3, ON_2)
class Begun:
    """After InitProducerId."""

    def test_init__first_batch_with_sequence_5(self):
        session = self.session()
        if self.requests == V1:
            session.must(session.add(0))
        self.answers(session.write(0, "late", sequence=5), "0", "45")
        self.answers(session.write(0, "first", sequence=0), "45", "0")
        session.must(session.commit(0))
        self.read(session, "late" if self.requests == V1 else "first")

    def test_init__the_same_batch_twice(self):
        session = self.session()
        session.begin(0, "once")
        self.assertEqual(session.write(0, "once", sequence=0), "0")
        session.must(session.commit(0))
        self.read(session, "once")

    def test_init__end_with_another_id_or_epoch(self):
        session, other = self.session(), self.session()
        for requests in {V1, self.requests}:
            for commit in (True, False):
                self.assertEqual(session.end(0, commit, requests, producer=other.who(0)), "49")
                self.assertEqual(session.end(0, commit, requests, tid=self.name("unknown")), "49")
                self.assertEqual(session.end(1, commit, requests), "90")


@on_all(ON_4_V2, ON_4_V1, ON_4_V0, ON_3)
class Verified:
    """Partition leaders that ask the coordinator (KIP-890, part 1)."""

    def test_init__produce_without_registration(self):
        session = self.session()
        self.answers(session.write(0, "implicit"), "48", "0")
        self.answers(session.commit(0), "48", "0 e+1")
        self.read(session, *["implicit"] * (self.requests == V2))

    def test_commit_completed__a_late_batch(self):
        session = self.session()
        session.ended()
        self.answers(session.write(0, "late"), "48", "47")
        self.read(session, "first")


@on_all(ON_3_UNVERIFIED, ON_2)
class Unverified:
    """Partition leaders that take any batch of an epoch that is not too old."""

    def test_commit_completed__a_late_batch(self):
        session = self.session()
        session.ended()
        self.same(session.write(0, "late"), "0")
        self.assertEqual([found.epoch for found in self.client.open_transactions(session.topic)], [session.who(0).epoch])
        session.begin(0, "second")
        session.must(session.commit(0))
        self.read(session, "first", "late", "second")

    def bumped(self):
        """An aborted transaction, and the next epoch."""
        session = self.session()
        session.ended(commit=False)
        self.same(session.init(0), "0 e+1")
        return session

    def test_abort_and_bump__a_late_batch_and_the_next_commit(self):
        """The bump reaches the coordinator alone: the aborted batch is read."""
        session = self.bumped()
        self.same(session.write(0, "late"), "0")
        session.begin(1, "next")
        session.must(session.commit(1))
        self.read(session, "late", "next")

    def test_abort_and_bump__a_late_offset(self):
        session, group = self.bumped(), self.name("group")
        self.same(session.offset(0, group, 100), "0")
        with self.assertRaises(wire.KafkaError) as caught:
            self.client.committed(group, session.topic, seconds=0)
        self.assertEqual(caught.exception.code, wire.UNSTABLE_OFFSET_COMMIT)
        session.must(session.add_offsets(1, group))
        session.must(session.abort(1))
        self.assertEqual(self.client.committed(group, session.topic), {0: -1})

    def test_abort_and_bump_and_sweep__late_batches_and_offsets(self):
        session, group = self.bumped(), self.name("group")
        self.same(session.write(0, "before the sweep"), "0")
        self.same(session.offset(0, group, 100), "0")
        session.must(session.add(1))
        session.must(session.add_offsets(1, group))
        session.must(session.abort(1))
        session.complete()
        self.same(session.write(0, "late"), "47")
        self.same(session.offset(0, group, 200), "47")
        session.begin(1, "next")
        session.must(session.commit(1))
        self.read(session, "next")
        self.assertEqual(self.client.committed(group, session.topic), {0: -1})


@on_all(ON_4_V2, ON_4_V1, ON_4_V0, ON_3, ON_2)
class Succeeded:
    """A successor, or a late InitProducerId of our own. The numbers are epochs, counted from the old one's e."""

    def test_open__a_successors_init__the_old_one(self):
        session = self.session()
        session.begin(0, "old")
        self.assertEqual(session.init(), "51, then 0 e+2")
        self.assertEqual(session.write(0, "late"), "47")
        for commit in (True, False):
            self.assertEqual(session.end(0, commit), "90")
        self.assertEqual(session.init(0), "90")
        self.shown(session, "Empty e+2")
        self.read(session)

    def successor_open_at_2(self):
        session = self.session()
        session.begin(0, "old")
        self.assertEqual(session.init(), "51, then 0 e+2")
        session.begin(2, "successor")
        return session

    def test_successor_open_at_2__the_old_ones_init_at_1(self):
        session = self.successor_open_at_2()
        self.assertEqual(session.init(1), "51, then 90")
        self.fenced(session, 2)
        self.read(session)

    def fenced(self, session, n):
        """Whoever had a transaction open at n was aborted, and can't go on."""
        self.shown(session, "CompleteAbort e+%d" % (n + 1))
        self.assertEqual(session.write(n, "late"), "47")
        self.answers(session.commit(n), "90", "48")
        self.answers(session.abort(n), "90", "0 e+%d" % (n + 1))

    def test_successor_open_at_2__the_old_ones_abort_at_1(self):
        session = self.successor_open_at_2()
        for requests in {V1, self.requests}:
            self.assertEqual(session.abort(1, requests=requests), "90")
        session.must(session.commit(2))
        self.read(session, "successor")

    def test_successor_open_after_a_completed_end__the_old_ones_init(self):
        session = self.session()
        base = session.ended()
        self.same(session.init(), "0 e+%d" % (base + 1))
        session.begin(base + 1, "successor")
        self.assertEqual(session.init(base), "51, then 90")
        self.fenced(session, base + 1)
        self.read(session, "first")

    def test_next_open_after_a_bump__the_bumps_init_late(self):
        session = self.session()
        base = session.ended()
        self.same(session.init(base), "0 e+%d" % (base + 1))
        session.begin(base + 1, "second")
        self.assertEqual(session.init(base, once=True), "51")
        session.complete()
        self.fenced(session, base + 1)
        self.read(session, "first")

    def test_own_transaction_open__init(self):
        session = self.session()
        session.begin(0, "first")
        self.answers(session.init(0), "51, then 90", "51, then 0 e+1", old="51, then 0 e+1")
        self.answers(session.commit(0), "90", "90")
        if self.v2:
            session.begin(1, "second")
            session.must(session.commit(1))
        self.read(session, *["second"] * self.v2)


@on_all(ON_4_V2, ON_4_V1, ON_4_V0, ON_3, ON_2)
class Late:
    """Late copies of our own requests, and what a bump keeps out."""

    def test_two_inits_without_an_identity(self):
        """Not idempotent: a late copy of the first InitProducerId fences its own producer."""
        session = self.session()
        self.same(session.init(), "0 e+1")
        self.same(session.init(), "0 e+2")
        for commit in (True, False):
            self.same(session.end(1, commit, requests=V1), "90")
        self.same(session.add(1), "90")

    def test_commit_completed__a_late_registration(self):
        """By V1 requests it opens a ghost that the same end ends; by V2 the epoch has moved."""
        session, group = self.session(), self.name("group")
        session.ended()
        for late in (session.add, lambda n: session.add_offsets(n, group)):
            self.answers(late(0), "0", "90")
            self.shown(session, "Ongoing e" if self.requests == V1 else "CompleteCommit e+1")
            self.answers(session.commit(0), "0", "0 e+1")
            session.complete()
        self.read(session, "first")

    def test_bump__requests_of_the_old_epoch(self):
        session, group = self.session(), self.name("group")
        base = session.ended()
        self.same(session.init(base), "0 e+%d" % (base + 1))
        for request in (session.commit, session.abort, session.add, lambda n: session.add_offsets(n, group)):
            self.same(request(base), "90")
        self.shown(session, "Empty e+%d" % (base + 1))
        self.read(session, "first")

    def test_open__late_copies_of_acknowledged_batches(self):
        """The last five are known; an older one is out of order. None is written again."""
        session = self.session()
        if self.requests == V1:
            session.must(session.add(0))
        for n in range(7):
            session.must(session.write(0, str(n)))
        self.same(session.write(0, "2", sequence=2), "0")
        self.same(session.write(0, "1", sequence=1), "45")
        session.must(session.commit(0))
        self.read(session, *map(str, range(7)))


@on_all(ON_4_V2, ON_4_V1, ON_4_V0, ON_3)
class LateOffsets:
    """TxnOffsetCommit that comes late, where group coordinators ask the transaction coordinator."""

    def test_abort_completed__late_offsets(self):
        session, group = self.session(), self.name("group")
        session.ended(commit=False)
        self.answers(session.offset(0, group, 100), "48", "47")
        self.assertEqual(self.client.committed(group, session.topic), {0: -1})

    def test_abort_and_bump__late_offsets(self):
        session, group = self.session(), self.name("group")
        base = session.ended(commit=False)
        self.same(session.init(base), "0 e+%d" % (base + 1))
        self.same(session.offset(base, group, 100), "47")
        self.assertEqual(self.client.committed(group, session.topic), {0: -1})


@on_each(ON_4_V2)
class EndsOfV2:
    """EndTxn 5 at the current epoch and at the one before, by the coordinator's state (KIP-890)."""

    def in_state(self, state):
        session = self.session(requests=V2)
        session.must(session.init(0))
        if state == "Ongoing":
            session.begin(1, "open")
        elif state != "Empty":
            session.requests = V1
            session.begin(1, "ended")
            session.must(session.end(1, state == "CompleteCommit"))
            session.complete()
        self.assertEqual(session.state(), state + " e+1")
        return session

    def test_ends_by_state(self):
        rows = {"Empty": ("90", "0 e+2", "90", "48"),
                "Ongoing": ("90", "0 e+2", "90", "0 e+2"),
                "CompleteCommit": ("48", "0 e+2", "0 e+1", "48"),
                "CompleteAbort": ("0 e+1", "0 e+2", "48", "48")}
        ends = ((False, 0), (False, 1), (True, 0), (True, 1))
        for state, wanted in rows.items():
            for (commit, n), answer in zip(ends, wanted):
                with self.subTest(state=state, commit=commit, epoch=n):
                    told = self.in_state(state).end(n, commit, requests=V2)
                    self.assertEqual(told.replace("51, then ", ""), answer)


@on_each(ON_4_V2)
class Unregistered:
    """Level 2, nothing registered at e, a successor that spoke V1 requests: EndTxn 5 of the old one is taken for a copy of the
    successor's end. So something is registered before an end."""

    def passed_by(self, commit):
        old = self.session(requests=V2)
        self.assertEqual(old.init(0), "0 e+1")
        successor = copy.copy(old)
        successor.requests, successor.sequences = V1, {}
        successor.begin(1, "successor")
        successor.must(successor.end(1, commit))
        successor.complete()
        self.assertEqual(old.write(0, "old"), "47")
        self.assertEqual(old.add(0), "90")
        return old

    def test_successor_aborted__the_old_ones_abort(self):
        old = self.passed_by(commit=False)
        self.assertEqual(old.abort(0), "0 e+1")
        self.assertEqual(self.values(old.topic), [])

    def test_successor_committed__the_old_ones_commit_and_next_batch(self):
        old = self.passed_by(commit=True)
        self.assertEqual(old.abort(0), "48")
        self.assertEqual(old.commit(0), "0 e+1")
        self.assertEqual(old.write(1, "dropped", sequence=0), "0")
        self.assertEqual(self.values(old.topic), ["successor"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
