"""Tests of what brokers answer to raw requests: with V1 requests on clusters at transaction.version 0 and 1 and on older releases,
with V2 requests at level 2, and with V1 requests at level 2. `answers` holds an answer against what each of the three should
say."""

import sys

from rpc import V1, V2
from support import ON_4_V2, KafkaCase, kind_name


class Answers(KafkaCase):
    def answers(self, told, v1, v2, old=None):
        """old: V1 requests on a cluster at level 2, as v1 unless given. 51s before an answer count where they are expected."""
        self.same(told, v1 if not self.v2 else v2 if self.requests == V2 else (v1 if old is None else old))

    def same(self, told, wanted):
        if "51, then" not in wanted:
            told = told.replace("51, then ", "")
        self.assertEqual(told, wanted)

    def shown(self, session, state):
        """What the coordinator shows, where it can be asked."""
        if self.looks:
            self.assertEqual(session.state(), state)

    def read(self, session, *values):
        """A row's end: nothing is open, and this is what read_committed readers see."""
        self.assertEqual(self.values(session.topic), list(values))


def on_all(*kinds):
    """Class decorator: the rows of a class on each kind, and on level 2 with the requests of both protocols."""
    def make(mixin):
        for kind in kinds:
            for requests in (V2, V1) if kind is ON_4_V2 else (V1,):
                name = "%sOn%s%s" % (mixin.__name__, kind_name(kind), "OldRequests" if kind is ON_4_V2 and requests == V1 else "")
                body = {"kind": dict(kind, nodes=1), "requests": requests, "__module__": mixin.__module__}
                setattr(sys.modules[mixin.__module__], name, type(name, (mixin, Answers), body))
        return mixin
    return make
