#!/usr/bin/env python3
"""What coordinators answer after their own timeout, and after a reload of their log: rows of the same kind as test_answers.py."""

import unittest

from answers import on_all
from rpc import V1, V2
from support import ON_2, ON_3, ON_4_V0, ON_4_V1, ON_4_V2


def prepared(case, timeout_ms):
    """A session with an open transaction. Where the machine was so slow that the time ran out meanwhile, another one."""
    for _ in range(9):
        session = case.session(timeout_ms)
        try:
            session.begin(0, "lost")
            return session
        except AssertionError as error:
            last = error
    raise last


@on_all(ON_4_V2, ON_4_V1, ON_4_V0, ON_3, ON_2)
class TimedOut:
    """The transactions of all rows time out together: one wait for the class."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = [name for name in dir(cls) if name.startswith("test_")]
        cls.sessions = {name: prepared(cls, 2000) for name in names}
        for session in cls.sessions.values():
            session.until(lambda: not cls.looks or session.state() == "CompleteAbort e+1")
            session.complete()

    def setUp(self):
        self.of = self.sessions[self._testMethodName]

    def goes_on(self, n):
        """The next transaction, by the requests that the row is about."""
        self.of.begin(n, "next")
        self.of.must(self.of.commit(n))
        self.read(self.of, "next")

    def test_timeout__produce(self):
        self.same(self.of.write(0, "late"), "47")
        self.read(self.of)

    def test_timeout__commit(self):
        self.answers(self.of.commit(0), "90", "48")
        self.read(self.of)

    def test_C10_timeout__abort(self):
        for _ in range(2):
            self.answers(self.of.abort(0), "90", "0 e+1")
        if self.requests == V2:
            self.goes_on(1)

    def test_timeout__commit_then_abort(self):
        self.answers(self.of.commit(0), "90", "48")
        self.answers(self.of.abort(0), "90", "0 e+1")

    def test_timeout__add_partitions(self):
        self.same(self.of.add(0), "90")

    def test_timeout__init_at_e(self):
        self.answers(self.of.init(0), "90", "0 e+1", old="0 e+1")

    def test_timeout__init_at_1(self):
        self.same(self.of.init(1), "0 e+2")

    def test_C10_timeout__old_abort_at_1(self):
        """EndTxn of V1 at the epoch that the timeout left behind."""
        self.same(self.of.abort(1, requests=V1), "0")
        self.goes_on(1)

    def test_C10_timeout_and_successor(self):
        self.same(self.of.init(), "0 e+2")
        for requests in {V1, self.requests}:
            for commit in (True, False):
                self.same(self.of.end(0, commit, requests), "90")
            self.same(self.of.abort(1, requests=V1), "90")
        self.same(self.of.init(0), "90")
        self.goes_on(2)


@on_all(ON_4_V2, ON_4_V1, ON_3)
class Reloaded:
    """One restart for all rows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.committed, cls.aborted, cls.bumped = cls.session(), cls.session(), cls.session()
        cls.timed_out = prepared(cls, 1000)
        cls.committed.ended()
        cls.aborted.ended(commit=False)
        cls.bumped.must(cls.bumped.init(0))
        cls.timed_out.until(lambda: cls.timed_out.state() == "CompleteAbort e+1")
        cls.cluster.restart(1)

    def test_reload__the_same_end(self):
        self.answers(self.committed.commit(0), "0", "0 e+1")
        self.answers(self.aborted.abort(0), "0", "0 e+1")
        self.answers(self.committed.abort(0), "48", "48")
        self.read(self.committed, "first")
        self.read(self.aborted)

    def test_reload__the_same_init(self):
        """Nobody has fenced it."""
        self.same(self.bumped.init(0), "90")
        self.shown(self.bumped, "Empty e+1")

    def test_reload_after_timeout__init_then_abort(self):
        self.answers(self.timed_out.init(0), "90", "90")
        self.answers(self.timed_out.abort(0), "90", "0 e+1")
        self.read(self.timed_out)


@on_all(ON_4_V2, ON_3)
class Rotated:
    """A producer id whose epochs are used up. 32766 is the last that a client may have."""

    def last(self):
        """A session whose e is 32766."""
        session = self.session()
        self.client.age(session.tid, 32765)
        self.same(session.init(), "0 e+32766")
        session.start = session.who(32766)
        return session

    def test_last_epoch__end_and_init(self):
        session = self.last()
        session.begin(0, "first")
        for _ in range(2):
            self.answers(session.commit(0), "0", "0 another id, epoch 0")
        self.same(session.init(0), "0 another id, epoch 0")
        self.read(session, "first")


if __name__ == "__main__":
    unittest.main(verbosity=2)
