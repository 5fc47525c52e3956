#!/usr/bin/env python3
"""transaction.version changes while a producer works: what the broker answers to raw requests, and what becomes of ours."""

import copy
import unittest

from answers import Answers
from rpc import V1, V2
from session import Session
from support import ON_4_SWITCHED


class Levels(Answers):
    kind = dict(ON_4_SWITCHED, nodes=1)
    requests = V2

    def setUp(self):
        self.level(2)

    def level(self, level):
        self.cluster.set_transaction_version(level)


class RawOnLevels(Levels):
    """At level 0 the coordinator can't write what V2 requests ask for: it answers 35, and from then on 51 to everything of that
    id, until it loads it again. Level 1 takes both kinds of requests."""

    def open_at_0(self):
        """A transaction that began at level 2, in a cluster at level 0."""
        session = self.session()
        session.begin(0, "first")
        self.level(0)
        return session

    def assert_wedged(self, session, n=0):
        for requests in (V1, V2):
            for commit in (True, False):
                self.assertEqual(session.end(n, commit, requests, once=True), "51")
        self.assertEqual(session.add(n, once=True), "51")
        self.assertEqual(session.init(once=True), "51")

    def test_open_at_level_2_then_0__old_commit(self):
        session = self.open_at_0()
        self.same(session.commit(0, requests=V1), "0")
        session.complete()
        self.shown(session, "CompleteCommit e")
        self.read(session, "first")

    def test_open_at_level_2_then_0__old_abort(self):
        session = self.open_at_0()
        self.same(session.abort(0, requests=V1), "0")
        session.complete()
        self.shown(session, "CompleteAbort e")
        self.read(session)

    def test_open_at_level_2_then_0__new_end__reload(self):
        wedged = [self.session() for _ in range(3)]
        for session in wedged:
            session.begin(0, "first")
        self.level(0)
        for session in wedged:
            self.assertEqual(session.commit(0), "35")
            self.assert_wedged(session)
            self.shown(session, "Ongoing e")
        self.cluster.restart(1)
        committed, aborted, left = wedged
        self.same(committed.commit(0, requests=V1), "0")
        self.same(aborted.abort(0, requests=V1), "0")
        self.same(left.init(), "0 e+2")
        self.read(committed, "first")
        self.read(aborted)
        self.read(left)

    def test_open_at_level_2_then_0__new_produce(self):
        """To a partition that is registered, where the coordinator has nothing to write, and to another."""
        session = self.open_at_0()
        self.same(session.write(0, "second"), "0")
        elsewhere = copy.copy(session)
        elsewhere.topic, elsewhere.sequences = self.topic(), {}
        self.same(elsewhere.write(0, "lost", once=True), "35")
        self.assert_wedged(session)

    def test_open_at_level_2_then_0__new_offsets(self):
        session = self.open_at_0()
        self.same(session.offset(0, self.name("group"), 5), "35")
        self.assert_wedged(session)

    def test_completed_at_level_2_then_0__new_produce(self):
        session = self.session()
        session.ended()
        self.level(0)
        self.same(session.write(1, "lost", once=True), "35")
        self.assert_wedged(session, 1)
        self.shown(session, "CompleteCommit e+1")
        self.read(session, "first")

    def test_completed_at_level_2_then_0__old_requests(self):
        session = self.session()
        session.ended()
        self.level(0)
        session.requests = V1
        session.begin(1, "second")
        self.same(session.commit(1), "0")
        self.read(session, "first", "second")

    def test_level_0__new_produce(self):
        self.level(0)
        session = self.session()
        self.same(session.write(0, "lost", once=True), "35")
        self.assert_wedged(session)
        self.shown(session, "Empty e")
        self.read(session)

    def test_level_0__new_end(self):
        self.level(0)
        session = self.session(requests=V1)
        session.begin(0, "first")
        self.assertEqual(session.commit(0, requests=V2), "35")
        self.assert_wedged(session)

    def test_level_1__new_requests(self):
        self.level(1)
        session = self.session()
        session.begin(0, "first")
        self.same(session.commit(0), "0 e+1")
        session.must(session.add(1))
        session.begin(1, "second")
        self.same(session.commit(1), "0 e+2")
        self.read(session, "first", "second")

    def test_open_at_level_2_then_1__new_commit(self):
        session = self.session()
        session.begin(0, "first")
        self.level(1)
        self.same(session.commit(0), "0 e+1")
        self.read(session, "first")


class ProducersOnLevels(Levels):
    """Ours, while the level changes under it."""

    CHANGES = ((2, 1), (1, 2), (2, 0), (0, 2))
    QUICK = dict(metadata_max_age_ms=200)

    def started(self, level, **settings):
        self.level(level)
        tid = self.name("tid")
        program = self.producer(tid, **settings)
        program.tid = tid
        return self.topic(2), program

    def settled(self, program):
        """A transaction of V2 that is being completed while the level goes to 0 wedges the id as well."""
        Session.until(lambda: not self.client.describe_transaction(program.tid).state.startswith("Prepare"))

    def changed(self, program, level):
        """Taken to the level, and the producer has asked since (it does after metadata.max.age.ms, or at a new connection)."""
        self.settled(program)
        mark = "transaction.version %d now" % level
        before = program.errors().count(mark)
        self.level(level)
        Session.until(lambda: program.errors().count(mark) > before)

    def assert_protocol(self, program, level):
        """Of the last transaction that the engine has begun, which may be a moment behind the call that begins one."""
        Session.until(lambda: program.do("state").fields["protocol"] == ("2" if level == 2 else "1"))

    def test_change_between_transactions(self):
        for old, new in self.CHANGES:
            with self.subTest(old=old, new=new):
                topic, program = self.started(old, **self.QUICK)
                for n in range(2):
                    program.begin("%s 0 - old-%d" % (topic, n))
                    program.commit()
                self.assert_protocol(program, old)
                self.changed(program, new)
                for n in range(3):
                    program.begin("%s 0 - new-%d" % (topic, n))
                    self.assert_protocol(program, new)
                    program.commit()
                self.assertEqual(self.values(topic), ["old-0", "old-1", "new-0", "new-1", "new-2"])

    def test_change_in_a_transaction(self):
        """It ends as it began, but for level 0 where the older EndTxn does; and more can be written to it."""
        for old, new in self.CHANGES:
            for end in ("commit", "abort"):
                with self.subTest(old=old, new=new, end=end):
                    group = self.name("group")
                    topic, program = self.started(old, **self.QUICK)
                    program.begin("%s 0 - first" % topic)
                    program.do("flush 30000")
                    self.changed(program, new)
                    self.assert_protocol(program, old)
                    program.send("%s 0 - more" % topic, "%s 1 - elsewhere" % topic)
                    program.do("offsets %s - - - 30000 %s:0:7" % (group, topic))
                    program.do("%s 60000" % end)
                    program.begin("%s 0 - second" % topic)
                    self.assert_protocol(program, new)
                    program.commit()
                    committed = end == "commit"
                    self.assertEqual(self.values(topic), ["first", "more"] * committed + ["second"] + ["elsewhere"] * committed)
                    self.assertEqual(self.client.committed(group, topic), {0: 7 if committed else -1})

    def unnoticed(self, end_first):
        """A producer with an open transaction, empty if end_first, that doesn't know of level 0."""
        topic, program = self.started(2)
        program.begin("%s 0 - first" % topic)
        program.do("flush 30000")
        if end_first:
            program.commit()
            self.settled(program)
            program.begin()
        self.level(0)
        return topic, program

    def assert_goes_on(self, topic, program, end, *values):
        """The id is wedged until the coordinator loads it again; the same call waits for that."""
        program.refused("%s 1000" % end, "RETRY", "TIMED_OUT")
        self.cluster.restart(1)
        program.do("%s 60000" % end)
        program.begin("%s 0 - second" % topic)
        self.assert_protocol(program, 0)
        program.commit()
        self.assertEqual(self.values(topic), [*values, "second"])

    def test_E03_change_that_a_produce_tells(self):
        """Nobody has asked since the level went to 0, and Produce 12 is the first to hear of it."""
        for end_first in (True, False):
            with self.subTest(end_first=end_first):
                topic, program = self.unnoticed(end_first)
                program.send("%s 1 - refused" % topic)
                answer = program.refused("commit 60000", "ABORT")
                self.assertEqual((answer.broker, answer.outcome), (35, "not_committed"))
                self.assert_goes_on(topic, program, "abort", *["first"] * end_first)

    def test_change_that_an_end_tells(self):
        """The same, and EndTxn 5 is the first."""
        for end in ("commit", "abort"):
            with self.subTest(end=end):
                topic, program = self.unnoticed(end_first=False)
                self.assert_goes_on(topic, program, end, *["first"] * (end == "commit"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
