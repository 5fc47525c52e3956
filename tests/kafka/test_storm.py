#!/usr/bin/env python3
"""Requests and answers lost at random between a producer and its broker, the lost requests delivered at random later: each
transaction is what its producer said it was, and nothing of it is seen twice, or halfway, or in another one."""

import os
import random
import unittest

from proxy import Doors
from support import ON_2, ON_3, ON_3_UNVERIFIED, ON_4_V1, ON_4_V2, on_each

PARTITIONS, TRANSACTIONS = 2, 30
LOSABLE = ("AddPartitionsToTxn", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn", "Produce")
# A late copy of InitProducerId is what no client can be safe from; its answer may be lost.
MUTABLE = LOSABLE + ("InitProducerId", "DescribeTransactions")


class Losing:
    """What a Hold or a Mute of the proxy is for one kind, this is for all, by lot."""

    def __init__(self, proxy, lot, share):
        self.proxy, self.lot, self.share, self.kept, self.blackout = proxy, lot, share, [], False
        proxy.rules.append(self)

    def takes(self, request):
        black = self.blackout and request.name == "Produce"
        first = request.name == "InitProducerId" and request["producer_id"] < 0
        if first or not (black or (request.name in MUTABLE and self.lot.random() < self.share)):
            return False
        request.held = black or (request.name in LOSABLE and self.lot.random() < 0.5)
        if request.held:
            self.kept.append(request)
        return True

    def act(self, link, request):
        if request.held:
            link.cut()
            return
        link.forward(request, muted=True)
        self.proxy.wait(lambda: request.answer is not None or link.ended, "an answer to %r" % request)
        link.cut()

    def end(self):
        self.share, self.blackout = 0, False

    def deliver_some(self, share=0.4):
        """Each at most once, in any order; what the broker answers is its business."""
        self.lot.shuffle(self.kept)
        kept, self.kept = self.kept, []
        for request in kept:
            if self.lot.random() < share:
                request.deliver()
            else:
                self.kept.append(request)


class Story:
    """What was sent, and what became of it by the producer's own word."""

    def __init__(self):
        self.told = []  # (outcome, {partition: value}, offset or None)

    def resolve(self, seen):
        """What is in doubt is all there or not at all."""
        for outcome, sent, offset in self.told:
            found = {sent[partition] in seen[partition] for partition in sent}
            if outcome == "in_doubt" and len(found) > 1:
                raise AssertionError("half of a transaction: %s" % sent)
            yield outcome == "committed" or (outcome == "in_doubt" and True in found), sent, offset


@on_each(ON_2, ON_3, ON_3_UNVERIFIED, ON_4_V1, ON_4_V2)
class Storm(Doors):
    SEED = int(os.environ.get("KTXN_STORM_SEED", "1"))

    def test_lost_and_late(self):
        self.lot = random.Random("%d %s" % (self.SEED, self.kind))
        self.to, self.group, self.story = self.topic(PARTITIONS), self.name("group"), Story()
        self.settings = dict(linger_ms=0, delivery_timeout_ms=1000, request_timeout_ms=1000, retry_backoff_ms=10,
                             reconnect_backoff_ms=10)
        proxy, _ = self.behind_proxy(**self.settings)
        self.losing = Losing(proxy, self.lot, 0.12)
        for n in range(TRANSACTIONS):
            self.transaction(n)
        self.losing.end()
        self.losing.deliver_some(1)
        # What came late just now may still fence the producer behind its last end; nothing can come any more after that.
        self.assertIn("committed", (self.whole(TRANSACTIONS), self.whole(TRANSACTIONS + 1)))
        self.check()

    def whole(self, n):
        self.begin()
        sent, offset = self.write(n, 1, 1)
        self.story.told.append((self.end("commit"), sent, offset))
        return self.story.told[-1][0]

    def transaction(self, n):
        """One life: begin, send, perhaps offsets, an end; late requests come in between."""
        self.begin()
        self.losing.blackout = self.chance(0.12)
        self.perhaps_late()
        sent, offset = self.write(n, 0.7, 0.4)
        if self.chance(0.5):
            self.ours.cmd("flush 30000")
            self.perhaps_late()
        self.story.told.append((self.end("commit" if self.chance(0.7) else "abort"), sent, offset))
        self.perhaps_late()

    def chance(self, share):
        return self.lot.random() < share

    def perhaps_late(self):
        if self.chance(0.5):
            self.losing.deliver_some()

    def write(self, n, records, offsets):
        sent = {partition: str(n) for partition in range(PARTITIONS) if self.chance(records)}
        for partition, value in sent.items():
            self.ours.cmd("send %s %d - %s" % (self.to, partition, value))
        if not self.chance(offsets):
            return sent, None
        self.ours.cmd("offsets %s - - - 30000 %s:0:%d" % (self.group, self.to, n + 1))
        return sent, n + 1

    def begin(self):
        answer = self.ours.cmd("begin")
        if not answer.ok:
            self.again(answer)
            self.ours.do("begin")

    def end(self, how):
        answer = self.ours.cmd("%s 60000" % how, 90)
        if answer.ok:
            return "committed" if how == "commit" else "not_committed"
        if answer.fatal:
            self.again(answer)
            return answer.outcome
        self.assertEqual((answer.cls, answer.outcome), ("ABORT", "not_committed"), self.wire_story(answer))
        self.losing.blackout = False
        return self.end("abort")

    def again(self, answer):
        """Protocol 1: a late registration between a look and the bump behind it makes a producer fence itself. It may not
        happen otherwise, and what it says of the outcome is true then too."""
        self.assertEqual((self.v2, answer.code), (False, "FENCED"), self.wire_story(answer))
        self.ours = self.producer(self.tid, bootstrap_servers=self.proxy.bootstrap, **self.settings)

    def wire_story(self, answer):
        """The last requests: their fields, whether they were kept back, and what was answered."""
        fates = {None: "", True: " kept back", False: " answer lost"}
        lines = ["%r%s -> %s" % (r, fates[getattr(r, "held", None)], r.answer) for r in self.proxy.seen[-60:] if r.body]
        return "%s\n%s" % (answer, "\n".join(lines))

    def check(self):
        placed = self.placed(self.to)
        seen = [[value for index, value in placed if index == partition] for partition in range(PARTITIONS)]
        committed, offset = [[] for _ in seen], -1
        for there, sent, position in self.story.resolve(seen):
            for partition, value in sent.items() if there else ():
                committed[partition].append(value)
            offset = position if there and position else offset
        self.assertEqual(seen, committed)
        self.assertEqual(self.client.committed(self.group, self.to)[0], offset)


if __name__ == "__main__":
    unittest.main(verbosity=2)
