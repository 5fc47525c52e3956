#!/usr/bin/env python3
"""Copies of requests that come late: after the transaction that they belong to has ended and another one is open."""

import unittest

from proxy import Proxy
from support import ON_3, ON_4_V1, ON_4_V2, on_each


class Doors:
    """A producer behind a proxy; the tests and their readers go to the cluster itself."""

    def behind_proxy(self, tid=None, **settings):
        proxy = Proxy(self.client)
        self.addCleanup(proxy.close)
        settings = dict(dict(bootstrap_servers=proxy.bootstrap, retry_backoff_ms=20), **settings)
        return proxy, self.producer(tid, **settings)

    @staticmethod
    def commit_of(request):
        return request["committed"]


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
        self.assertIn(answer["error_code"], (47, 90), answer)
        program.do("%s 30000" % {"commit": "abort", "abort": "commit"}[end])
        self.assertEqual(self.values(topic), ["first" if end == "commit" else "second"])

    def test_late_commit_leaves_the_next_transaction_alone(self):
        self.end_comes_late("commit")

    def test_late_abort_leaves_the_next_transaction_alone(self):
        self.end_comes_late("abort")


if __name__ == "__main__":
    unittest.main(verbosity=2)
