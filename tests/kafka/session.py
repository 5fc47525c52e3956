"""One transactional id and raw requests for it, for tests that say what a broker answers.

Answers are words: the code, "51, then " before it if the request was repeated for CONCURRENT_TRANSACTIONS, and the identity that
came with it, counted from the epoch e with which the session began: "0", "51, then 90", "0 e+1", "0 another id, epoch 0".
"""

import time

import rpc
import wire
from codec import record_batch
from rpc import V1, V2

# Leaders and coordinators that have only just been named.
MOVING = (3, 5, 6, 14, 15, 16)
WAIT_SECONDS = 30


class Session:
    """looks: whether the coordinator can be asked for the state (DescribeTransactions)."""

    def __init__(self, client, transactional_id, topic, requests=V1, timeout_ms=60000, looks=True):
        self.client, self.tid, self.topic, self.requests = client, transactional_id, topic, requests
        self.timeout_ms, self.looks = timeout_ms, looks
        self.start = client.init_producer_id(transactional_id, timeout_ms)
        self.sequences = {}

    def who(self, n):
        return rpc.Producer(self.start.producer_id, self.start.epoch + n)

    def name(self, producer):
        if producer.producer_id != self.start.producer_id:
            return "another id, epoch %d" % producer.epoch
        return "e" + ("%+d" % (producer.epoch - self.start.epoch) if producer.epoch != self.start.epoch else "")

    def words(self, answer):
        return str(answer.code) + (" " + self.name(answer.producer) if answer.code == 0 and answer.producer else "")

    def asked(self, call, *arguments, once=False, **options):
        """Repeats what meets a coordinator that is loading, and, unless once is set, a transaction that is being ended."""
        end, busy = time.monotonic() + WAIT_SECONDS, ""
        while True:
            answer = call(*arguments, **options)
            if answer.code == wire.CONCURRENT_TRANSACTIONS and not once:
                busy = "51, then "
            elif answer.code not in MOVING:
                return busy + self.words(answer)
            if time.monotonic() > end:
                return busy + str(answer.code)
            time.sleep(0.01)

    def coordinator(self, *request):
        return self.client.to_coordinator(self.tid, *request)

    # -- requests; n is the epoch, counted from e

    def init(self, n=None, once=False):
        """Of a producer that knows its identity, or (None) of a new one."""
        producer = (-1, -1) if n is None else self.who(n)
        return self.asked(rpc.init_producer_id, self.coordinator, self.tid, self.timeout_ms, producer, once=once)

    def add(self, n, topic=None, once=False):
        return self.asked(rpc.add_partitions, self.coordinator, self.tid, self.who(n), topic or self.topic, [0], once=once)

    def add_offsets(self, n, group):
        return self.asked(rpc.add_offsets, self.coordinator, self.tid, self.who(n), group)

    def offset(self, n, group, offset):
        def send(*request):
            return self.client.node(self.client.coordinator(group, wire.GROUP), *request)
        return self.asked(rpc.commit_offset, send, self.tid, self.who(n), group, self.topic, offset,
                          version=rpc.OFFSET_COMMIT[self.requests])

    def write(self, n, value, sequence=None, requests=None, once=False):
        """Without a sequence: the next one of that epoch."""
        sequence = self.sequences.get(n, 0) if sequence is None else sequence
        batch = record_batch([value.encode()], self.who(n), sequence, True)
        told = self.asked(rpc.produce, self.client.leaders(self.topic, 0), self.tid, self.topic, 0, batch,
                          version=rpc.PRODUCE[requests or self.requests], once=once)
        if told.endswith("0"):
            self.sequences[n] = sequence + 1
        return told

    def end(self, n, commit, requests=None, once=False, tid=None, producer=None):
        return self.asked(rpc.end_txn, self.coordinator, tid or self.tid, producer or self.who(n), commit,
                          version=rpc.END_TXN[requests or self.requests], once=once)

    def commit(self, n, **options):
        return self.end(n, True, **options)

    def abort(self, n, **options):
        return self.end(n, False, **options)

    # -- what rows start with

    @staticmethod
    def must(told, wanted="0"):
        last = told.split(", then ")[-1].split()[0]
        if last != wanted:
            raise AssertionError("wanted %s, got %s" % (wanted, told))

    def begin(self, n, value):
        """A transaction with one record."""
        if self.requests == V1:
            self.must(self.add(n))
        self.must(self.write(n, value))

    def ended(self, commit=True, value="first"):
        """A transaction at e that has ended; returns the epoch of the next."""
        self.begin(0, value)
        self.must(self.end(0, commit))
        self.complete()
        return 1 if self.requests == V2 else 0

    def state(self):
        """What the coordinator shows, such as "CompleteAbort e+1"."""
        shown = self.client.describe_transaction(self.tid)
        return "%s %s" % (shown.state, self.name(rpc.Producer(shown.producer_id, shown.epoch)))

    def complete(self):
        """Waits until the transaction has ended, markers and all, as far as the release can tell."""
        if self.looks:
            self.until(lambda: self.state().split()[0] in ("Empty", "CompleteCommit", "CompleteAbort"))
        self.until(lambda: not self.client.open_transactions(self.topic))

    @staticmethod
    def until(done):
        end = time.monotonic() + WAIT_SECONDS
        while not done():
            if time.monotonic() > end:
                raise AssertionError("still not so after %d s" % WAIT_SECONDS)
            time.sleep(0.01)
