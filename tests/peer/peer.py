"""A fake Kafka cluster on loopback that a test scripts: brokers on free ports, one model behind them, faults on top.

    peer = Peer(nodes=3, release="4.4", topics={"orders": 4})
    peer.on("EndTxn(commit)", close_after(), times=2)
    ... drive a client at peer.bootstrap() ...
    peer.requests, peer.read_committed("orders"), peer.violations
    peer.close()

One thread serves everything. Like a broker it handles one request of a connection at a time, in order. Public methods may
be called from any thread; actions run on the peer's own.
"""

import heapq
import itertools
import selectors
import socket
import struct
import threading
import time

import codes
import kafka_codec as wire
import record_batch
from faults import Plan, Rule
from handlers import Handlers, codes_in, partitions_of
from model import Group, Model

FRAME_MAX = 64 << 20
_TXN_APIS = ("InitProducerId", "AddPartitionsToTxn", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn")


class Request:
    """One request as it came, and what became of it. `sequence` and `answered` are drawn from one counter, so that they
    order what was received and what was answered."""

    def __init__(self, node, conn, frame, sequence, at):
        self.node, self.conn, self.sequence, self.at, self.size = node, conn.id, sequence, at, len(frame)
        self.key, self.version, self.correlation, self.client_id, reader = wire.decode_header(frame)
        self.api = wire.API_NAME.get(self.key, "Api%d" % self.key)
        self.body, self.answer, self.answered, self.faults, self.partitions = None, None, None, [], []
        self.applied, self._reader = False, reader

    def decode(self, model):
        self.body = wire.decode_request_body(self.key, self.version, self._reader)
        self._reader = None
        self.partitions = partitions_of(model, self)

    @property
    def name(self):
        """The API, with the command where one API has two."""
        if self.body is None:
            return self.api
        if self.api == "EndTxn":
            return "EndTxn(commit)" if self.body["committed"] else "EndTxn(abort)"
        if self.api == "FindCoordinator":
            return "FindCoordinator(txn)" if self.body["key_type"] == 1 else "FindCoordinator(group)"
        return self.api

    @property
    def codes(self):
        """Error codes of the answer, in its order."""
        return codes_in(self.answer)

    def batches(self):
        """{(topic, partition): Batch} of a Produce."""
        parts = [p for t in self.body["topics"] for p in t["partitions"]]
        return {place: record_batch.decode(part["records"]) for place, part in zip(self.partitions, parts)}

    def __str__(self):
        text = "%4d %7.1f ms node %d conn %d %s v%d" % (self.sequence, self.at * 1000, self.node, self.conn, self.name,
                                                       self.version)
        if self.body and "producer_epoch" in self.body:
            text += " pid %s epoch %s" % (self.body["producer_id"], self.body["producer_epoch"])
        if self.partitions:
            text += " " + ",".join("%s-%d" % p for p in self.partitions)
        if self.faults:
            text += " [%s]" % ", ".join(self.faults)
        return text + (" -> %s" % self.codes if self.answered else " -> no answer")


class _Conn:
    def __init__(self, sock, node, number):
        self.sock, self.node, self.id = sock, node, number
        self.inbox, self.outbox, self.waiting, self.current, self.closing = bytearray(), bytearray(), [], None, False
        self.reset = False


class _Node:
    """A broker's port. The number stays the same when it is closed and opened again, and is nobody else's meanwhile."""

    def __init__(self):
        self.port, self.kept = 0, None
        self.listener = self._bound()
        self.port = self.listener.getsockname()[1]
        self.listener.listen(64)
        self.silent, self.listed, self.resets, self.fillers = False, True, 0, []


    def _bound(self):
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", self.port))
        bound.setblocking(False)
        return bound

    def shut(self):
        """Connections are refused: a socket that is bound and does not listen."""
        self.listener.close()
        self.listener, self.kept = None, self._bound()

    def open(self):
        if self.fillers:  # their connections wait in the queue of the socket that swallowed them
            for sock in [*self.fillers, self.kept]:
                sock.close()
            self.fillers, self.kept = [], self._bound()
        self.kept.listen(64)
        self.listener, self.kept = self.kept, None


class Gate:
    """Holds requests back until the test says so."""

    def __init__(self, peer):
        self._peer, self._held, self._opened = peer, [], False

    def open(self):
        with self._peer.changed:
            self._opened = True
            held, self._held = self._held, []
            for function in held:
                function()

    def pass_through(self, function):
        """Runs it now if the gate is open, else when it is opened."""
        if self._opened:
            function()
        else:
            self._held.append(function)


class Peer:
    def __init__(self, nodes=3, release="4.4", level=None, topics=None, features_epoch=None):
        self.release = release
        self.model = Model(range(1, nodes + 1), codes.default_level(release) if level is None else level)
        self.knows_v2 = release.startswith("4")
        self.features_epoch = (1 if release >= "2.8" else -1) if features_epoch is None else features_epoch
        self.versions = {n: codes.versions(release) for n in self.model.nodes}
        self.requests, self.connects = [], []
        self.handlers = Handlers(self.model, self)
        self._rules, self._conns, self._timers = [], {}, []
        self._numbers, self._sequences, self._ties = itertools.count(1), itertools.count(1), itertools.count()
        self.changed = threading.Condition(threading.RLock())
        self._selector, self._stopped, self._began = selectors.DefaultSelector(), False, time.monotonic()
        self._wake, self._woken = socket.socketpair()
        self._nodes = {n: _Node() for n in self.model.nodes}
        for name, count in (topics or {"t": 3}).items():
            self.model.create_topic(name, count)
        self._start()

    def _start(self):
        self._woken.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        for number, node in self._nodes.items():
            self._selector.register(node.listener, selectors.EVENT_READ, number)
        self._thread = threading.Thread(target=self._serve, name="peer", daemon=True)
        self._thread.start()

    # ---- what tests call

    def port(self, node):
        return self._nodes[node].port

    def bootstrap(self):
        return ",".join("127.0.0.1:%d" % n.port for n in self._nodes.values())

    def listed_nodes(self):
        return [number for number, node in self._nodes.items() if node.listed]

    @property
    def violations(self):
        return self.model.violations

    def on(self, api, *actions, nth=1, times=1, when=None, node=None, version=None):
        """Requests of `api` ("EndTxn", "EndTxn(commit)") meet `actions`. times=None: always. Returns the Rule."""
        rule = Rule(api, actions, nth, times, when, node, version)
        with self.changed:
            self._rules.append(rule)
        return rule

    def gate(self):
        return Gate(self)

    def clear_faults(self):
        with self.changed:
            self._rules.clear()

    def find(self, api=None, when=None):
        """Requests received so far, of one API or command."""
        with self.changed:
            return [r for r in self.requests if (api is None or api in (r.api, r.name)) and (when is None or when(r))]

    def wait(self, condition, timeout_s=10, what="the condition"):
        """Until condition() holds; AssertionError when it takes too long."""
        with self.changed:
            if not self.changed.wait_for(condition, timeout_s):
                raise AssertionError("%s did not come about in %g s\n%s" % (what, timeout_s, self.trace()))

    def wait_for(self, api, count=1, timeout_s=10):
        """Until that many requests of the API were received."""
        self.wait(lambda: len(self.find(api)) >= count, timeout_s, "%d x %s" % (count, api))

    def trace(self):
        with self.changed:
            return "\n".join(str(r) for r in self.requests)

    def read_committed(self, topic):
        with self.changed:
            return self.model.read_committed(topic)

    def offsets(self, group):
        """{(topic, partition): offset} that the group has committed."""
        with self.changed:
            found = self.model.groups.get(group)
            return dict(found.offsets) if found else {}

    def open_transactions(self):
        with self.changed:
            return self.model.open_transactions()

    def create_group(self, name, generation, members):
        """members: {member id: group instance id or None}."""
        with self.changed:
            group = self.model.groups.setdefault(name, Group())
            group.generation, group.members = generation, dict(members)

    def move_coordinator(self, txn_id, node=None):
        self._move(self.model.txn_node, txn_id, self.model.coordinator(txn_id), node)

    def move_group_coordinator(self, group, node=None):
        self._move(self.model.group_node, group, self.model.group_coordinator(group), node)

    def _move(self, table, key, now, node):
        nodes = self.model.nodes
        with self.changed:
            table[key] = node if node is not None else nodes[(nodes.index(now) + 1) % len(nodes)]

    def move_leader(self, topic, index, node):
        with self.changed:
            partition = self.model.partition(topic, index)
            partition.leader, partition.leader_epoch = node, partition.leader_epoch + 1

    def refuse(self, *nodes):
        """Closes the ports of these brokers (all when none is named) and every connection to them."""
        with self.changed:
            for number in nodes or self.model.nodes:
                node = self._nodes[number]
                if node.listener is not None:
                    self._selector.unregister(node.listener)
                    node.shut()
                self.disconnect(number)

    def accept(self, *nodes):
        """Opens the same ports again."""
        with self.changed:
            for number in nodes or self.model.nodes:
                node = self._nodes[number]
                if node.listener is None:
                    node.open()
                    self._selector.register(node.listener, selectors.EVENT_READ, number)
        self._wake.send(b"w")

    def list_only(self, *nodes):
        """Metadata names these brokers alone."""
        with self.changed:
            for number, node in self._nodes.items():
                node.listed = number in nodes

    def _place(self, number, listener):
        """The broker listens there from now on; what was connected to it is cut."""
        node = self._nodes[number]
        node.listener, node.port = listener, listener.getsockname()[1]
        self._selector.register(listener, selectors.EVENT_READ, number)
        self.disconnect(number)

    def move_address(self, number):
        """The broker is at another port, and nobody at the old one."""
        with self.changed:
            self.refuse(number)
            self._place(number, _Node().listener)
        self._wake.send(b"w")

    def swap_addresses(self, one, other):
        """Each is where the other was."""
        with self.changed:
            listeners = [self._nodes[number].listener for number in (one, other)]
            for listener in listeners:
                self._selector.unregister(listener)
            self._place(one, listeners[1])
            self._place(other, listeners[0])
        self._wake.send(b"w")

    def black_hole(self, *nodes, silent=True):
        """Connections are taken, nothing is read or answered; silent=False ends it, with the connections."""
        with self.changed:
            for number in nodes or self.model.nodes:
                self._nodes[number].silent = silent
                if not silent:
                    self.disconnect(number)

    def unreachable(self, node):
        """What is sent to the broker's address vanishes: a full queue, so that SYNs are dropped. accept() ends it."""
        self.refuse(node)
        found = self._nodes[node]
        found.kept.listen(0)
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", found.port))
            found.fillers.append(filler)

    def reset_connects(self, node, times):
        """The next connections to the broker are reset as soon as they are there."""
        with self.changed:
            self._nodes[node].resets = times

    def disconnect(self, node=None, reset=False):
        """Closes the connections to one broker, or to all."""
        with self.changed:
            for conn in [c for c in self._conns.values() if node in (None, c.node)]:
                self._close(conn, reset)

    def connections(self, node=None):
        with self.changed:
            return len([c for c in self._conns.values() if node in (None, c.node)])

    def close(self):
        with self.changed:
            self._stopped = True
        self._wake.send(b"w")
        self._thread.join(10)
        for sock in [self._wake, self._woken] + [s for n in self._nodes.values() for s in (n.listener, n.kept) if s] + [
                f for n in self._nodes.values() for f in n.fillers]:
            sock.close()
        self._selector.close()

    # ---- the loop

    def _now(self):
        return time.monotonic() - self._began

    def _after(self, ms, function):
        heapq.heappush(self._timers, (self._now() + ms / 1000, next(self._ties), function))

    def _serve(self):
        while True:
            with self.changed:
                if self._stopped:
                    for conn in list(self._conns.values()):
                        self._close(conn)
                    return
                while self._timers and self._timers[0][0] <= self._now():
                    heapq.heappop(self._timers)[2]()
                timeout = max(0, self._timers[0][0] - self._now()) if self._timers else 60
            events = self._selector.select(timeout)
            with self.changed:
                for key, mask in events:
                    self._event(key, mask)
                self.changed.notify_all()

    def _event(self, key, mask):
        if key.fileobj is self._woken:
            self._woken.recv(4096)
        elif isinstance(key.data, _Conn):
            if mask & selectors.EVENT_WRITE:
                self._flush(key.data)
            if mask & selectors.EVENT_READ:
                self._readable(key.data)
        else:
            self._accept(key.data)

    def _accept(self, number):
        listener = self._nodes[number].listener
        try:
            sock = listener.accept()[0] if listener else None
        except OSError:
            sock = None
        if sock is None:
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        conn = _Conn(sock, number, next(self._numbers))
        self._conns[conn.id] = conn
        self.connects.append((self._now(), number))
        if self._nodes[number].resets > 0:
            self._nodes[number].resets -= 1
            self._close(conn, reset=True)
            return
        if not self._nodes[number].silent:
            self._selector.register(sock, selectors.EVENT_READ, conn)

    def _readable(self, conn):
        if conn.id not in self._conns or self._nodes[conn.node].silent:
            self._ignore(conn)
            return
        try:
            data = conn.sock.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(conn)
            return
        conn.inbox += data
        self._frames(conn)

    def _ignore(self, conn):
        """A silent broker's connections are left alone, so that the loop doesn't spin on them."""
        try:
            self._selector.unregister(conn.sock)
        except (KeyError, ValueError):
            pass

    def _frames(self, conn):
        while len(conn.inbox) >= 4:
            size = struct.unpack_from(">i", conn.inbox)[0]
            if not 0 < size <= FRAME_MAX:
                self.model.violation("frame of %d bytes" % size)
                self._close(conn)
                return
            if len(conn.inbox) < 4 + size:
                return
            frame = bytes(conn.inbox[4:4 + size])
            del conn.inbox[:4 + size]
            self._received(conn, frame)
            if conn.id not in self._conns:
                return

    def _received(self, conn, frame):
        try:
            request = Request(conn.node, conn, frame, next(self._sequences), self._now())
            if wire.supports(request.key, request.version):
                request.decode(self.model)
            elif request.key != 18:
                raise wire.WireError("%s version %d" % (request.api, request.version))
        except (wire.WireError, UnicodeDecodeError, struct.error) as error:
            self.model.violation("node %d could not read a request: %s" % (conn.node, error))
            self._close(conn)
            return
        self.requests.append(request)
        self._check_version(request)
        self._check_order(conn, request)
        conn.waiting.append(request)
        self._next(conn)

    def _check_version(self, request):
        low, high = self.versions[request.node].get(request.key, (0, -1))
        if request.key != 18 and not low <= request.version <= high:
            self.model.violation("%s %d sent to node %d, which offers %d to %d" % (
                request.api, request.version, request.node, low, high))

    def _check_order(self, conn, request):
        """KIP-98: one transactional request at a time, at most five batches of a partition on their way."""
        mine = [request] + conn.waiting + ([conn.current] if conn.current else [])
        if request.api in _TXN_APIS:
            txn_id = request.body["transactional_id"]
            busy = [r for r in mine if r.api in _TXN_APIS and r.body["transactional_id"] == txn_id and txn_id]
            if len(busy) > 1:
                self.model.violation("two transactional requests at once: %s and %s" % (busy[0], busy[1]))
        for place in request.partitions if request.api == "Produce" else ():
            if sum(r.api == "Produce" and place in r.partitions for r in mine) > 5:
                self.model.violation("more than five batches of %s-%d on their way" % place)

    # ---- one request

    def _next(self, conn):
        if conn.current is None and conn.waiting and not self._nodes[conn.node].silent:
            conn.current = conn.waiting.pop(0)
            self._begin(conn, conn.current)

    def _begin(self, conn, request):
        plan = Plan()
        rule = next((r for r in self._rules if r.take(request)), None)
        for act in rule.actions if rule else ():
            act(plan)
        request.faults = plan.names
        if plan.gate:
            plan.gate.pass_through(lambda: self._apply(conn, request, plan))
        elif plan.hold_ms:
            self._after(plan.hold_ms, lambda: self._apply(conn, request, plan))
        else:
            self._apply(conn, request, plan)

    def _apply(self, conn, request, plan):
        for function in plan.calls:
            function(self, request)
        if plan.apply:
            request.applied = None not in plan.forced
            request.answer = self._respond(request, plan)
        if plan.late_ms:
            self._after(plan.late_ms, lambda: self._finish(conn, request, plan))
        else:
            self._finish(conn, request, plan)

    def _respond(self, request, plan):
        if request.key == 18 and request.version > self.versions[request.node][18][1]:
            low, high = self.versions[request.node][18]
            # KIP-511: an unknown version is answered in version 0, with the entry of this API alone
            request.applied = False
            return {"error_code": codes.UNSUPPORTED_VERSION,
                    "api_keys": [{"api_key": 18, "min_version": low, "max_version": high}]}
        answer = self.handlers.answer(request, plan.forced)
        if plan.disguise is not None:
            answer = self.handlers.refusal(request, plan.disguise)
        if plan.throttle_ms is not None:
            answer["throttle_time_ms"] = plan.throttle_ms
        for function in plan.patches:
            function(answer)
        return answer

    def _finish(self, conn, request, plan):
        if conn.id not in self._conns or plan.fate == "drop":
            self.changed.notify_all()
            return
        if plan.fate in ("close", "reset"):
            self._close(conn, reset=plan.fate == "reset")
            return
        data = plan.raw if plan.fate == "raw" else self._encoded(request)
        if plan.fate == "cut":
            data = data[:plan.cut]
        else:
            request.answered = next(self._sequences)
        conn.outbox += data
        conn.current, conn.closing = None, plan.fate == "cut" or plan.close_after
        conn.reset = plan.reset
        self._flush(conn)
        self._next(conn)

    def _encoded(self, request):
        version = request.version
        if request.key == 18 and request.answer["error_code"] == codes.UNSUPPORTED_VERSION:
            version = 0
        return wire.encode_response(request.key, version, request.correlation, request.answer)

    def _flush(self, conn):
        try:
            while conn.outbox:
                del conn.outbox[:conn.sock.send(conn.outbox)]
        except BlockingIOError:
            pass
        except OSError:
            self._close(conn)
            return
        if not conn.outbox and conn.closing:
            self._close(conn, conn.reset)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if conn.outbox else 0)
        try:
            self._selector.modify(conn.sock, wanted, conn)
        except KeyError:
            pass

    def _close(self, conn, reset=False):
        if self._conns.pop(conn.id, None) is None:
            return
        self._ignore(conn)
        if reset:
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        conn.sock.close()
        self.changed.notify_all()
