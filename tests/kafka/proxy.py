"""A door in front of each node of a cluster: requests of one client pass through it, or are held back and come late.

    with Proxy(cluster.client) as proxy:
        ... a client with bootstrap.servers = proxy.bootstrap ...
        late = proxy.hold("EndTxn", lambda request: request.body["committed"])   # the first one; its connection is cut
        ... the client sends it again, and goes on ...
        late.deliver()                                                          # over a connection of its own

Nodes keep the addresses that they advertise: in the answers that carry addresses the ports are replaced by the proxy's, so
that a client which came in by the proxy stays behind it. What passed stands in `seen`, in the order in which it came.
"""

import os
import socket
import struct
import sys
import threading

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "peer"))

import kafka_codec as codec  # noqa: E402

HOST = b"127.0.0.1"
PRODUCE, METADATA, FIND_COORDINATOR, DESCRIBE_CLUSTER = 0, 3, 10, 60
# Requests that are told to the tests field by field, and their answers.
TOLD = frozenset(map(codec.API_KEY.get, ("Produce", "FindCoordinator", "InitProducerId", "AddPartitionsToTxn",
                                         "AddOffsetsToTxn", "EndTxn", "TxnOffsetCommit", "DescribeTransactions")))
# Their answers carry addresses; Produce names the new leader's since version 10.
WITH_ADDRESSES = frozenset((PRODUCE, METADATA, FIND_COORDINATOR, DESCRIBE_CLUSTER))
# A client that waits for one of these in vain is a test that failed.
WAIT_SECONDS = 30


def receive(source, size):
    data = b""
    while len(data) < size:
        part = source.recv(size - len(data))
        if not part:
            raise ConnectionError("closed")
        data += part
    return data


def receive_frame(source):
    """A message without its length."""
    return receive(source, struct.unpack(">i", receive(source, 4))[0])


def shut(*sockets):
    for one in sockets:
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Request:
    """A request of a client to a node; `answer` is there once the node has given it, `body` as far as it can be read. `came` and
    `answered` are numbers of one count: a request that came after another was answered has the greater one."""

    def __init__(self, door, frame):
        self.door, self.node, self.frame = door, door.node, frame
        self.key, self.version = struct.unpack(">hh", frame[:4])
        self.name, self.body, self.answer = codec.API_NAME.get(self.key, str(self.key)), {}, None
        self.came = self.answered = None
        if self.key in TOLD and codec.supports(self.key, self.version):
            reader = codec.decode_header(frame)[4]
            self.body = codec.decode_request_body(self.key, self.version, reader)

    def deliver(self):
        """Late, over a connection of its own; the node's answer."""
        with socket.create_connection(("127.0.0.1", self.door.target), WAIT_SECONDS) as late:
            late.sendall(struct.pack(">i", len(self.frame)) + self.frame)
            return self.decoded(receive_frame(late))

    def decoded(self, payload):
        return codec.decode_response(self.key, self.version, payload)[1] if self.body else payload

    def __getitem__(self, field):
        return self.body.get(field)

    def __repr__(self):
        shown = {name: value for name, value in self.body.items() if name in
                 ("transactional_id", "producer_id", "producer_epoch", "committed", "group_id", "transactional_ids")}
        return "%s %d at %d %s" % (self.name, self.version, self.node, shown)


class Rule:
    """What is done with the first `count` requests that match (None: with all of them, until `end`)."""

    def __init__(self, proxy, name, match, count):
        self.proxy, self.key, self.match, self.left = proxy, codec.API_KEY[name], match, count
        self.name, self.caught, self.opened = name, [], threading.Event()

    def takes(self, request):
        if request.key != self.key or self.left == 0 or (self.match and not self.match(request)):
            return False
        self.left = None if self.left is None else self.left - 1
        self.caught.append(request)
        return True

    def end(self):
        """From now on such requests pass."""
        with self.proxy.changed:
            self.left = 0
        self.opened.set()

    def wait(self, count=1):
        """Until so many have been caught; the last of them."""
        self.proxy.wait(lambda: len(self.caught) >= count, "%d x %s by %s" % (count, self.name, type(self).__name__))
        return self.caught[count - 1]


class Hold(Rule):
    """The request does not reach the node and its connection is cut: the client can't know whether it arrived."""

    def act(self, link, request):
        link.cut()

    def deliver(self, which=0):
        return self.caught[which].deliver()


class Mute(Rule):
    """The node gets the request and answers; the answer is kept from the client, whose connection is cut only by `end`."""

    def act(self, link, request):
        link.forward(request, muted=True)
        self.opened.wait(WAIT_SECONDS)
        link.cut()

    def wait(self, count=1):
        request = super().wait(count)
        self.proxy.wait(lambda: request.answer is not None, "an answer to %r" % request)
        return request


class Gate(Rule):
    """The request waits at the door until `end`, then it goes on as if nothing had been."""

    def act(self, link, request):
        self.opened.wait(WAIT_SECONDS)
        link.forward(request)


class Link:
    """One connection of a client and the one to the node that stands behind it."""

    def __init__(self, door, client):
        self.door, self.proxy, self.client = door, door.proxy, client
        self.ended, self.asked, self.lock = False, [], threading.Lock()
        self.server = socket.create_connection(("127.0.0.1", door.target), WAIT_SECONDS)
        self.server.settimeout(None)
        for one in (client, self.server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self):
        back = threading.Thread(target=self.guarded, args=(self.answers,), daemon=True)
        back.start()
        self.guarded(self.requests)
        back.join()
        self.client.close()
        self.server.close()

    def guarded(self, work):
        try:
            work()
        except OSError:
            pass
        finally:
            self.cut()

    def cut(self):
        self.ended = True
        shut(self.client, self.server)

    def requests(self):
        while not self.ended:
            request = Request(self.door, receive_frame(self.client))
            rule = self.proxy.arrived(request)
            if rule:
                rule.act(self, request)
            else:
                self.forward(request)

    def forward(self, request, muted=False):
        with self.lock:
            if not (request.key == PRODUCE and request["acks"] == 0):
                self.asked.append((request, muted))
            self.server.sendall(struct.pack(">i", len(request.frame)) + request.frame)

    def answers(self):
        while not self.ended:
            payload = receive_frame(self.server)
            with self.lock:
                request, muted = self.asked.pop(0)
            if request.key in WITH_ADDRESSES:
                payload = self.proxy.readdressed(payload)
            self.proxy.was_answered(request, request.decoded(payload))
            if not muted:
                self.client.sendall(struct.pack(">i", len(payload)) + payload)


class Door:
    """The listening socket that stands for one node."""

    def __init__(self, proxy, node, target):
        self.proxy, self.node, self.target = proxy, node, target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.links, self.barred, self.lock = [], False, threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        link = self.let_in(client)
        if link:
            link.run()
            self.links.remove(link)
        else:
            client.close()

    def let_in(self, client):
        with self.lock:
            if self.barred:
                return None
            try:
                self.links.append(Link(self, client))
            except OSError:
                return None
            return self.links[-1]

    def cut(self):
        with self.lock:
            for link in list(self.links):
                link.cut()

    def bar(self):
        """Nobody comes in any more, and who is in is thrown out."""
        self.barred = True
        self.cut()

    def unbar(self):
        self.barred = False

    def close(self):
        shut(self.listener)
        self.listener.close()
        self.cut()


class Proxy:
    def __init__(self, client):
        """`client`: a wire.Client of the cluster."""
        self.changed = threading.Condition()
        self.seen, self.rules, self.doors, self.counted = [], [], {}, 0
        client.metadata([])
        for node, address in client.addresses.items():
            self.doors[node] = Door(self, node, int(address.rsplit(":", 1)[1]))
        self.bootstrap = ",".join("127.0.0.1:%d" % door.port for door in self.doors.values())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for rule in self.rules:
            rule.end()
        for door in self.doors.values():
            door.close()

    # -- what a test asks for

    def hold(self, name, match=None, count=1):
        return self._add(Hold(self, name, match, count))

    def mute(self, name, match=None, count=1):
        return self._add(Mute(self, name, match, count))

    def gate(self, name, match=None, count=1):
        return self._add(Gate(self, name, match, count))

    def _add(self, rule):
        with self.changed:
            self.rules.append(rule)
        return rule

    def wait_answered(self, node, *names):
        """Until that node has answered a request of one of these kinds; the first."""
        def found():
            return [r for r in self.seen if r.node == node and r.name in names and r.answer is not None]
        self.wait(found, "an answer of node %d to %s" % (node, " or ".join(names)))
        return found()[0]

    def wait(self, holds, what, seconds=WAIT_SECONDS):
        with self.changed:
            if not self.changed.wait_for(holds, seconds):
                raise AssertionError("waited %g s in vain for %s; seen: %s" % (seconds, what, self.seen[-30:]))

    def requests(self, *names):
        """What has come by so far, of these kinds, in the order in which it came."""
        with self.changed:
            return [request for request in self.seen if request.name in names]

    # -- what the connections tell

    def arrived(self, request):
        with self.changed:
            self.seen.append(request)
            request.came = self.count()
            rule = next((rule for rule in self.rules if rule.takes(request)), None)
            self.changed.notify_all()
        return rule

    def was_answered(self, request, answer):
        with self.changed:
            request.answer, request.answered = answer, self.count()
            self.changed.notify_all()

    def count(self):
        self.counted += 1
        return self.counted

    def readdressed(self, payload):
        for door in self.doors.values():
            payload = payload.replace(HOST + struct.pack(">i", door.target), HOST + struct.pack(">i", door.port))
        return payload


class Doors:
    """For a KafkaCase: a producer behind a proxy. The tests and their readers go to the cluster itself."""

    def behind_proxy(self, **settings):
        self.tid = self.name("tid")
        self.proxy = Proxy(self.client)
        self.addCleanup(self.proxy.close)
        settings = dict(dict(bootstrap_servers=self.proxy.bootstrap, retry_backoff_ms=20), **settings)
        self.ours = self.producer(self.tid, **settings)
        return self.proxy, self.ours

    def epoch(self):
        return int(self.ours.do("state").fields["epoch"])

    def told(self):
        """What the producer has sent so far: name, epoch and, of an end, the command."""
        ours = [r for r in self.proxy.seen if r.body and r.name not in ("FindCoordinator", "Produce")]
        return [(r.name, r["producer_epoch"]) + ((r["committed"],) if r.name == "EndTxn" else ()) for r in ours]
