"""A small raw Kafka client for the tests: one blocking request at a time, fixed versions that 2.8 to 4.4 all speak.

It shares no code with the library under test, and a call costs a millisecond where the JVM tools cost a second.
"""

import functools
import socket
import struct
import time
from collections import namedtuple

import rpc
from codec import Reader, Writer, record_batch

Partition = namedtuple("Partition", "index leader replicas isr")
OpenTransaction = namedtuple("OpenTransaction", "partition producer_id epoch start_offset")
Transaction = namedtuple("Transaction", "state timeout_ms producer_id epoch partitions")

GROUP, TRANSACTION = 0, 1
READ_UNCOMMITTED, READ_COMMITTED = 0, 1

NOT_LEADER, CONCURRENT_TRANSACTIONS, UNSTABLE_OFFSET_COMMIT = 6, 51, 88
# Leaders and coordinators move, and are slow to appear after a start: 3, 5, 6 topics and leaders; 7 a timeout; 13 network;
# 14, 15, 16 coordinators; 38 too few replicas have registered yet.
PASSING = frozenset((3, 5, 6, 7, 13, 14, 15, 16, 38))


class KafkaError(Exception):
    """An error code in an answer."""

    def __init__(self, code, what):
        super().__init__("%s: error %d" % (what, code))
        self.code = code


def check(code, what):
    if code != 0:
        raise KafkaError(code, what)


def retry(call, seconds=30, codes=PASSING):
    """Repeats call while it fails in a passing way; the last failure is raised when the time is over."""
    end = time.monotonic() + seconds
    while True:
        try:
            return call()
        except (KafkaError, OSError) as error:
            if isinstance(error, KafkaError) and error.code not in codes:
                raise
            if time.monotonic() > end:
                raise
        time.sleep(0.05)


class Connection:
    """One socket, one request at a time."""

    def __init__(self, host, port, timeout=10):
        self.socket = socket.create_connection((host, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.correlation = 0

    def close(self):
        self.socket.close()

    def receive(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise ConnectionError("the broker closed the connection")
            data += part
        return data

    def send(self, key, version, body, flexible):
        self.correlation += 1
        head = struct.pack(">hhi", key, version, self.correlation) + struct.pack(">h", 5) + b"tests"
        message = head + (b"\0" if flexible else b"") + body
        self.socket.sendall(struct.pack(">i", len(message)) + message)
        return self.correlation

    def answer(self, correlation, flexible, tagged_header=None):
        reader = Reader(self.receive(struct.unpack(">i", self.receive(4))[0]), flexible)
        if reader.get("i") != correlation:
            raise ConnectionError("an answer to another request")
        if flexible if tagged_header is None else tagged_header:
            reader.tags()
        return reader

    def call(self, key, version, body, flexible, tagged_header=None):
        return self.answer(self.send(key, version, body, flexible), flexible, tagged_header)


class Client:
    """What the tests ask a cluster. Calls go to the node that can answer; passing errors are for `retry`."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap.split(",")
        self.addresses = {}
        self.connections = {}

    def close(self):
        for connection in self.connections.values():
            connection.close()
        self.connections.clear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # -- routing

    def connect(self, address):
        if address not in self.connections:
            host, port = address.rsplit(":", 1)
            self.connections[address] = Connection(host, int(port))
        return self.connections[address]

    def at(self, address, *request, **options):
        try:
            return self.connect(address).call(*request, **options)
        except OSError:
            broken = self.connections.pop(address, None)
            if broken:
                broken.close()
            raise

    def anywhere(self, *request):
        for address in self.bootstrap[:-1]:
            try:
                return self.at(address, *request)
            except OSError:
                pass
        return self.at(self.bootstrap[-1], *request)

    def node(self, node_id, *request):
        if node_id not in self.addresses:
            self.metadata([])
        if node_id not in self.addresses:
            raise KafkaError(5, "node %d is not in the metadata" % node_id)
        return self.at(self.addresses[node_id], *request)

    # -- cluster and topics

    def finalized_features(self, address=None):
        """Feature name -> finalized level (a feature at level 0 is absent)."""
        body = Writer(True).string("tests").string("1").tags().done()
        answer = self.at(address or self.bootstrap[0], 18, 3, body, True, tagged_header=False)
        check(answer.get("h"), "ApiVersions")
        answer.array(lambda: (answer.get("hhh"), answer.tags()))
        answer.get("i")
        features = Reader(answer.tags().get(2, b"\1"), True)
        return {name: high for name, high, _ in
                features.array(lambda: (features.string(), features.get("hh")[0], features.tags()))}

    def metadata(self, topics, address=None):
        """Topic -> partitions, as the node at that address sees it. None asks for all topics. Remembers the nodes' addresses."""
        body = Writer(False)
        body.array(topics, body.string).put("?", False)
        request = (3, 7, body.done(), False)
        answer = self.at(address, *request) if address else self.anywhere(*request)
        answer.get("i")
        nodes = answer.array(lambda: (answer.get("i"), answer.string(), answer.get("i"), answer.string()))
        self.addresses = {node: "%s:%d" % (host, port) for node, host, port, _ in nodes}
        answer.string()
        answer.get("i")
        return dict(answer.array(lambda: self._topic(answer)))

    @staticmethod
    def _topic(answer):
        code, name = answer.get("h"), answer.string()
        answer.get("?")

        def partition():
            error, index, leader, _ = answer.get("hiii")
            replicas, isr, _ = answer.ints(), answer.ints(), answer.ints()
            check(error, "partition %s/%d" % (name, index))
            return Partition(index, leader, replicas, isr)

        partitions = answer.array(partition)
        check(code, "topic %s" % name)
        return name, sorted(partitions)

    def create_topic(self, name, partitions=1, replicas=1, validate_only=False, **configs):
        """Configuration names are written with _ for . ; waits until each partition has a leader."""
        body = Writer(False)

        def config(item):
            body.string(item[0].replace("_", ".")).string(str(item[1]))

        body.put("i", 1).string(name).put("ih", partitions, replicas).put("i", 0)
        body.array(sorted(configs.items()), config).put("i?", 10000, validate_only)

        def create():
            answer = self.anywhere(19, 4, body.done(), False)
            answer.get("i")
            for _, code, text in answer.array(lambda: (answer.string(), answer.get("h"), answer.string())):
                check(code, "create topic %s (%s)" % (name, text))

        # 41: the controller has moved; forwarding brokers find the new one.
        retry(create, codes=PASSING | {41})
        if not validate_only:
            retry(lambda: self._all_led(name, partitions))
        return name

    def _all_led(self, name, partitions):
        led = [p for p in self.metadata([name])[name] if p.leader >= 0]
        if len(led) != partitions:
            raise KafkaError(5, "topic %s has %d of %d leaders" % (name, len(led), partitions))

    def set_topic(self, topic, **configs):
        """Changes settings of a topic; names are written with _ for . ."""
        body = Writer(True)

        def config(item):
            body.string(item[0].replace("_", ".")).put("b", 0).string(str(item[1])).tags()

        body.array([topic], lambda name: body.put("b", 2).string(name).array(sorted(configs.items()), config).tags())
        body.put("?", False).tags()

        def alter():
            answer = self.anywhere(44, 1, body.done(), True)
            answer.get("i")
            for code, text, *_ in answer.array(lambda: (answer.get("h"), answer.string(), answer.get("b"), answer.string(),
                                                        answer.tags())):
                check(code, "settings of %s (%s)" % (topic, text))

        retry(alter, codes=PASSING | {41})

    def set_feature(self, name, level):
        """Finalizes another level of a feature, up or down; the nodes hear of it a moment later."""
        body = Writer(True).put("i", 10000)

        def update(how):
            body.string(name).put("hb", level, how).tags()

        UPGRADE, DOWNGRADE = 1, 2
        body.array([UPGRADE if level > self.finalized_features().get(name, 0) else DOWNGRADE], update).put("?", False).tags()

        def ask():
            answer = self.anywhere(57, 1, body.done(), True)
            _, code = answer.get("ih")
            check(code, "UpdateFeatures %s %d (%s)" % (name, level, answer.string()))

        retry(ask, codes=PASSING | {41})

    def by_leader(self, topic):
        leaders = {}
        for partition in self.metadata([topic])[topic]:
            leaders.setdefault(partition.leader, []).append(partition.index)
        return leaders.items()

    # -- offsets

    def end_offsets(self, topic, isolation=READ_UNCOMMITTED):
        """Partition -> end offset: the high watermark, or with READ_COMMITTED the last stable offset."""
        def ask():
            found = {}
            for leader, partitions in self.by_leader(topic):
                found.update(self._list_offsets(leader, topic, partitions, isolation))
            return found
        return retry(ask)

    def _list_offsets(self, leader, topic, partitions, isolation):
        body = Writer(False).put("ib", -1, isolation).put("i", 1).string(topic)
        body.array(partitions, lambda index: body.put("iq", index, -1))
        answer = self.node(leader, 2, 2, body.done(), False)
        answer.get("i")
        found = {}

        def partition():
            index, code, _, offset = answer.get("ihqq")
            check(code, "ListOffsets %s/%d" % (topic, index))
            found[index] = offset

        answer.array(lambda: (answer.string(), answer.array(partition)))
        return found

    def committed(self, group, topic, partitions=1, seconds=30):
        """Partition -> committed offset (-1: none). Refused while a transaction holds offsets (require_stable)."""
        body = Writer(True).string(group)
        body.array([topic], lambda name: body.string(name).array(range(partitions), lambda i: body.put("i", i)).tags())
        body.put("?", True).tags()

        def ask():
            answer = self.node(self.coordinator(group, GROUP), 9, 7, body.done(), True)
            answer.get("i")
            found = {}

            def partition():
                index, offset, _ = answer.get("iqi")
                answer.string()
                code = answer.get("h")
                answer.tags()
                check(code, "OffsetFetch %s %s/%d" % (group, topic, index))
                found[index] = offset

            answer.array(lambda: (answer.string(), answer.array(partition), answer.tags()))
            check(answer.get("h"), "OffsetFetch %s" % group)
            return found

        return retry(ask, seconds, PASSING | {UNSTABLE_OFFSET_COMMIT})

    # -- transactions

    def coordinator(self, key, kind=TRANSACTION):
        body = Writer(False).string(key).put("b", kind).done()

        def ask():
            answer = self.anywhere(10, 1, body, False)
            answer.get("i")
            code = answer.get("h")
            answer.string()
            check(code, "FindCoordinator %s" % key)
            return answer.get("i")

        return retry(ask)

    def to_coordinator(self, transactional_id, *request):
        return self.node(self.coordinator(transactional_id), *request)

    def coordinators(self, transactional_id):
        """For `rpc`: sends to the coordinator of the id."""
        return functools.partial(self.to_coordinator, transactional_id)

    def leaders(self, topic, partition):
        """For `rpc`: sends to the partition's leader."""
        def send(*request):
            return self.node(self.metadata([topic])[topic][partition].leader, *request)
        return send

    @staticmethod
    def checked(what, ask, *arguments, **options):
        """Asks until the answer is not one of a passing trouble, nor of a transaction that is being ended."""
        def once():
            answer = ask(*arguments, **options)
            check(answer.code, what)
            return answer
        return retry(once, codes=PASSING | {CONCURRENT_TRANSACTIONS})

    def init_producer_id(self, transactional_id, timeout_ms=60000, producer_id=-1, epoch=-1):
        """A second producer's init, or a bump. Waits for the coordinator while it ends an older transaction."""
        return self.checked("InitProducerId %s" % transactional_id, rpc.init_producer_id, self.coordinators(transactional_id),
                            transactional_id, timeout_ms, (producer_id, epoch)).producer

    def age(self, transactional_id, epoch):
        """New inits until the id has that epoch, many on their way at once: seconds for thirty thousand."""
        now = self.init_producer_id(transactional_id).epoch
        self.metadata([])
        connection = self.connect(self.addresses[self.coordinator(transactional_id)])
        while now < epoch:
            sent = [connection.send(*rpc.init_request(transactional_id)) for _ in range(min(200, epoch - now))]
            for correlation in sent:
                check(connection.answer(correlation, True).get("ih")[1], "InitProducerId %s" % transactional_id)
            now += len(sent)

    def add_partitions(self, transactional_id, producer, topic, partitions):
        self.checked("AddPartitionsToTxn %s" % topic, rpc.add_partitions, self.coordinators(transactional_id),
                     transactional_id, producer, topic, partitions)

    def end_txn(self, transactional_id, producer, commit, version=3):
        """EndTxn; version 5 is for clusters at transaction.version 2 and returns the identity to go on with."""
        return self.checked("EndTxn %s" % transactional_id, rpc.end_txn, self.coordinators(transactional_id),
                            transactional_id, producer, commit, version=version).producer

    def describe_transaction(self, transactional_id):
        body = Writer(True)
        body.array([transactional_id], body.string).tags()

        def one(answer):
            code = answer.get("h")
            answer.string()
            state = answer.string()
            timeout_ms, _, pid, epoch = answer.get("iqqh")
            topics = answer.array(lambda: (answer.string(), answer.ints(), answer.tags()))
            answer.tags()
            check(code, "DescribeTransactions %s" % transactional_id)
            return Transaction(state, timeout_ms, pid, epoch, [(name, i) for name, parts, _ in topics for i in parts])

        def ask():
            answer = self.to_coordinator(transactional_id, 65, 0, body.done(), True)
            answer.get("i")
            return answer.array(lambda: one(answer))[0]

        return retry(ask)

    def open_transactions(self, topic):
        """The transactions that the partition leaders hold open, as DescribeProducers tells."""
        def ask():
            found = []
            for leader, partitions in self.by_leader(topic):
                found += self._describe_producers(leader, topic, partitions)
            return found
        return retry(ask)

    def _describe_producers(self, leader, topic, partitions):
        body = Writer(True)
        body.array([topic], lambda name: body.string(name).array(partitions, lambda i: body.put("i", i)).tags()).tags()
        answer = self.node(leader, 61, 0, body.done(), True)
        answer.get("i")
        found = []

        def producer(index):
            pid, epoch, _, _, _, start = answer.get("qiiqiq")
            answer.tags()
            if start >= 0:
                found.append(OpenTransaction(index, pid, epoch, start))

        def partition():
            index, code = answer.get("ih")
            answer.string()
            answer.array(lambda: producer(index))
            answer.tags()
            check(code, "DescribeProducers %s/%d" % (topic, index))

        answer.array(lambda: (answer.string(), answer.array(partition), answer.tags()))
        return found

    # -- producing

    def produce(self, topic, partition, values, producer=(-1, -1), transactional_id=None, sequence=0):
        """One batch by Produce 9 (in a transaction: after add_partitions). Returns the first offset."""
        batch = record_batch(values, producer, sequence if producer[0] >= 0 else -1, transactional_id is not None)
        return self.checked("Produce %s/%d" % (topic, partition), rpc.produce, self.leaders(topic, partition),
                            transactional_id, topic, partition, batch).offset
