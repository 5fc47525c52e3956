"""What a healthy Kafka cluster does with a transactional producer's requests: logs, coordinators, groups. No I/O, no clock.

The rules are those of brokers: KIP-98 (transactions), KIP-360 (epoch bump), KIP-447 (offsets), KIP-890 (Transactions V2).
`violations` lists what no correct client does, such as a Produce to a partition that it has not registered.
"""

import uuid
import zlib
from collections import deque

import codes
import record_batch

EPOCH_LAST = 32766  # the last one a client may use; ending there gives a new producer id
DUPLICATE_WINDOW = 5


class _State:
    """What a partition remembers of one producer id."""

    def __init__(self, epoch):
        self.epoch, self.batches, self.open = epoch, deque(maxlen=DUPLICATE_WINDOW), False


class _Entry:
    """A batch or marker in a log. fate: None = transaction open, True = visible, False = aborted."""

    def __init__(self, offset, batch, fate):
        self.offset, self.batch, self.fate = offset, batch, fate


class Partition:
    def __init__(self, topic, index, leader):
        self.topic, self.index, self.leader, self.leader_epoch = topic, index, leader, 0
        self.entries, self.end, self.producers = [], 0, {}

    def append(self, batch, strict_first):
        """(code, base offset). strict_first: V2, an unknown producer id must begin at sequence 0."""
        if batch.producer_id < 0:
            return codes.OK, self._store(batch, True)
        state = self.producers.get(batch.producer_id)
        if state is None:
            if strict_first and batch.base_sequence != 0:
                return codes.OUT_OF_ORDER_SEQUENCE_NUMBER, -1
            state = self.producers[batch.producer_id] = _State(batch.epoch)
            return codes.OK, self._accept(state, batch)
        if batch.epoch < state.epoch:
            return codes.INVALID_PRODUCER_EPOCH, -1
        if batch.epoch > state.epoch:
            if batch.base_sequence != 0:
                return codes.OUT_OF_ORDER_SEQUENCE_NUMBER, -1
            state.epoch = batch.epoch
            state.batches.clear()
            return codes.OK, self._accept(state, batch)
        return self._next(state, batch)

    def _next(self, state, batch):
        mine = (batch.base_sequence, batch.last_sequence())
        for first, last, offset in state.batches:
            if (first, last) == mine:
                return codes.OK, offset
        expected = (state.batches[-1][1] + 1) & 0x7FFFFFFF if state.batches else 0
        if batch.base_sequence != expected:
            return codes.OUT_OF_ORDER_SEQUENCE_NUMBER, -1
        return codes.OK, self._accept(state, batch)

    def _accept(self, state, batch):
        offset = self._store(batch, None if batch.transactional else True)
        state.batches.append((batch.base_sequence, batch.last_sequence(), offset))
        state.open = state.open or batch.transactional
        return offset

    def _store(self, batch, fate):
        offset = self.end
        self.entries.append(_Entry(offset, batch, fate))
        self.end += len(batch.records)
        return offset

    def mark(self, producer_id, epoch, commit):
        """The control record that ends a producer's transaction here."""
        for entry in self.entries:
            batch = entry.batch
            if batch is not None and entry.fate is None and batch.producer_id == producer_id and batch.epoch <= epoch:
                entry.fate = commit
        state = self.producers.setdefault(producer_id, _State(epoch))
        if epoch > state.epoch:
            state.epoch = epoch
            state.batches.clear()
        state.open = False
        self.entries.append(_Entry(self.end, None, True))
        self.end += 1

    def stable(self):
        """Last stable offset."""
        return min((e.offset for e in self.entries if e.fate is None), default=self.end)

    def committed(self):
        """[(offset, record)] that a read_committed consumer gets."""
        return [(e.offset + i, record) for e in self.entries if e.batch is not None and e.fate and e.offset < self.stable()
                for i, record in enumerate(e.batch.records)]


class Topic:
    def __init__(self, name, partitions, nodes):
        self.name, self.id, self.error = name, uuid.uuid5(uuid.NAMESPACE_OID, name).bytes, codes.OK
        self.partitions = [Partition(name, i, nodes[i % len(nodes)]) for i in range(partitions)]
        self.max_message_bytes = 1048588


class Txn:
    """A transactional id at its coordinator."""

    def __init__(self, producer_id, timeout_ms):
        self.producer_id, self.epoch, self.timeout_ms = producer_id, -1, timeout_ms
        self.last_epoch, self.last_producer_id = -1, -1
        self.state, self.partitions, self.groups = "Empty", set(), set()

    def clear(self):
        self.partitions, self.groups = set(), set()


class Group:
    """A consumer group. Without members every generation below 0 is accepted."""

    def __init__(self):
        self.generation, self.members, self.offsets, self.pending, self.epochs = -1, {}, {}, {}, {}


class Model:
    def __init__(self, nodes, level):
        self.nodes, self.level = list(nodes), level
        self.cluster_id = "ktxn-peer-cluster-0001"
        self.topics, self.txns, self.groups = {}, {}, {}
        self.txn_node, self.group_node = {}, {}
        self.auto_create, self.hold_markers, self.max_timeout_ms = False, False, 900000
        self.violations = []
        self._next_producer_id = 4000
        self._held = []

    # -- where things are

    def create_topic(self, name, partitions):
        self.topics[name] = Topic(name, partitions, self.nodes)
        return self.topics[name]

    def partition(self, topic, index):
        found = self.topics.get(topic)
        if found is None or not 0 <= index < len(found.partitions):
            return None
        return found.partitions[index]

    def topic_by_id(self, topic_id):
        return next((t for t in self.topics.values() if t.id == topic_id), None)

    def _node_of(self, table, key, shift):
        return table.setdefault(key, self.nodes[(zlib.crc32(key.encode()) + shift) % len(self.nodes)])

    def coordinator(self, txn_id):
        return self._node_of(self.txn_node, txn_id, 0)

    def group_coordinator(self, group):
        """Another node than most transaction coordinators', so that a mix-up shows."""
        return self._node_of(self.group_node, group, 1)

    def violation(self, text):
        self.violations.append(text)

    def new_producer_id(self):
        self._next_producer_id += 1
        return self._next_producer_id

    # -- transaction coordinator

    def init_producer_id(self, node, txn_id, timeout_ms, producer_id, epoch):
        """(code, producer id, epoch)."""
        if txn_id is None:
            return codes.OK, self.new_producer_id(), 0
        if txn_id == "" or (producer_id == -1) != (epoch == -1):
            return codes.INVALID_REQUEST, -1, -1
        if self.coordinator(txn_id) != node:
            return codes.NOT_COORDINATOR, -1, -1
        if not 0 < timeout_ms <= self.max_timeout_ms:
            return codes.INVALID_TRANSACTION_TIMEOUT, -1, -1
        txn = self.txns.get(txn_id)
        if txn is None:
            txn = self.txns[txn_id] = Txn(self.new_producer_id(), timeout_ms)
        return self._init(txn_id, txn, timeout_ms, producer_id, epoch)

    def age(self, txn_id, epoch):
        """Makes the id one that has been in use up to `epoch`."""
        txn = self.txns[txn_id] = Txn(self.new_producer_id(), 60000)
        txn.epoch = epoch

    def _init(self, txn_id, txn, timeout_ms, producer_id, epoch):
        rotated = producer_id == txn.last_producer_id and epoch == EPOCH_LAST and txn.epoch == 0
        if producer_id not in (-1, txn.producer_id) and not rotated:
            return codes.PRODUCER_FENCED, -1, -1
        if txn.state.startswith("Prepare"):
            return codes.CONCURRENT_TRANSACTIONS, -1, -1
        if txn.state == "Ongoing":
            # an open transaction is fenced and aborted whoever asks, by producer id alone
            self._fence(txn_id, txn)
            return codes.CONCURRENT_TRANSACTIONS, -1, -1
        if epoch != -1 and not rotated and epoch != txn.epoch:
            if txn.last_epoch == -1 or epoch != txn.last_epoch:
                return codes.PRODUCER_FENCED, -1, -1
        elif not rotated:
            self._bump(txn, epoch)
        txn.state, txn.timeout_ms = "Empty", timeout_ms
        txn.clear()
        return codes.OK, txn.producer_id, txn.epoch

    def _bump(self, txn, expected):
        """KIP-360: the previous epoch is kept only for a caller that named it, so that its repetition is recognised."""
        if txn.epoch >= EPOCH_LAST:
            self._rotate(txn)
            return
        txn.last_epoch = txn.epoch if expected != -1 else -1
        txn.epoch += 1

    def _rotate(self, txn):
        txn.last_producer_id, txn.last_epoch = txn.producer_id, -1
        txn.producer_id, txn.epoch = self.new_producer_id(), 0

    def _fence(self, txn_id, txn):
        before = txn.epoch
        txn.epoch += 1
        txn.last_epoch = before if self.level >= 2 else -1
        self._prepare(txn_id, txn, txn.producer_id, txn.epoch, False)

    def expire(self, txn_id):
        """The broker's transaction timeout."""
        txn = self.txns[txn_id]
        if txn.state == "Ongoing":
            self._fence(txn_id, txn)

    def _prepare(self, txn_id, txn, producer_id, marker_epoch, commit):
        txn.state = "PrepareCommit" if commit else "PrepareAbort"
        work = (txn_id, producer_id, marker_epoch, commit, sorted(txn.partitions), sorted(txn.groups))
        if self.hold_markers:
            self._held.append(work)
        else:
            self._complete(*work)

    def _complete(self, txn_id, producer_id, epoch, commit, partitions, groups):
        for topic, index in partitions:
            self.partition(topic, index).mark(producer_id, epoch, commit)
        for name in groups:
            group = self.groups.setdefault(name, Group())
            offsets = group.pending.pop(producer_id, {})
            group.epochs[producer_id] = max(epoch, group.epochs.get(producer_id, -1))
            if commit:
                group.offsets.update(offsets)
        txn = self.txns[txn_id]
        txn.state = "CompleteCommit" if commit else "CompleteAbort"
        txn.clear()

    def release_markers(self):
        self.hold_markers = False
        held, self._held = self._held, []
        for work in held:
            self._complete(*work)

    def _checked(self, node, txn_id, producer_id, epoch):
        """(code, transaction) of a request that must carry the current identity."""
        if self.coordinator(txn_id) != node:
            return codes.NOT_COORDINATOR, None
        txn = self.txns.get(txn_id)
        if txn is None or txn.producer_id != producer_id:
            return codes.INVALID_PRODUCER_ID_MAPPING, None
        if txn.epoch != epoch:
            return codes.PRODUCER_FENCED, None
        if txn.state.startswith("Prepare"):
            return codes.CONCURRENT_TRANSACTIONS, None
        return codes.OK, txn

    def add_partitions(self, node, txn_id, producer_id, epoch, partitions):
        """{(topic, partition): code}; all or nothing."""
        unknown = {p for p in partitions if self.partition(*p) is None}
        if unknown:
            return {p: codes.UNKNOWN_TOPIC_OR_PARTITION if p in unknown else codes.OPERATION_NOT_ATTEMPTED
                    for p in partitions}
        code, txn = self._checked(node, txn_id, producer_id, epoch)
        if code == codes.OK:
            self._ongoing(txn).partitions.update(partitions)
        return {p: code for p in partitions}

    def _ongoing(self, txn):
        if txn.state != "Ongoing":
            txn.clear()
            txn.state = "Ongoing"
        return txn

    def add_offsets(self, node, txn_id, producer_id, epoch, group):
        code, txn = self._checked(node, txn_id, producer_id, epoch)
        if code == codes.OK:
            self._ongoing(txn).groups.add(group)
        return code

    def end_txn(self, node, txn_id, producer_id, epoch, commit, version):
        """(code, producer id, epoch) by EndTxn up to 4 or from 5."""
        if self.coordinator(txn_id) != node:
            return codes.NOT_COORDINATOR, -1, -1
        txn = self.txns.get(txn_id)
        if txn is None:
            return codes.INVALID_PRODUCER_ID_MAPPING, -1, -1
        if version >= 5:
            if self.level < 2:
                self.violation("EndTxn %d at transaction.version %d" % (version, self.level))
            return self._end_v2(txn_id, txn, producer_id, epoch, commit)
        return self._end_v1(txn_id, txn, producer_id, epoch, commit), -1, -1

    def _end_v1(self, txn_id, txn, producer_id, epoch, commit):
        if txn.producer_id != producer_id:
            return codes.INVALID_PRODUCER_ID_MAPPING
        if txn.epoch != epoch:
            return codes.PRODUCER_FENCED
        if txn.state == "Ongoing":
            self._prepare(txn_id, txn, producer_id, epoch, commit)
            return codes.OK
        if txn.state == ("PrepareCommit" if commit else "PrepareAbort"):
            return codes.CONCURRENT_TRANSACTIONS
        return codes.OK if txn.state == ("CompleteCommit" if commit else "CompleteAbort") else codes.INVALID_TXN_STATE

    def _end_v2(self, txn_id, txn, producer_id, epoch, commit):
        rotated = producer_id == txn.last_producer_id and epoch == EPOCH_LAST and txn.epoch == 0
        if producer_id != txn.producer_id and not rotated:
            return codes.INVALID_PRODUCER_ID_MAPPING, -1, -1
        retry = rotated or txn.epoch == epoch + 1
        if not retry and txn.epoch != epoch:
            return codes.PRODUCER_FENCED, -1, -1
        same = txn.state.endswith("Commit") == commit
        if retry:
            if txn.state in ("Empty", "Ongoing"):
                return codes.PRODUCER_FENCED, -1, -1
            if not same:
                return codes.INVALID_TXN_STATE, -1, -1
            if txn.state.startswith("Prepare"):
                return codes.CONCURRENT_TRANSACTIONS, -1, -1
            return codes.OK, txn.producer_id, txn.epoch
        if txn.state.startswith("Prepare"):
            return codes.PRODUCER_FENCED, -1, -1
        if commit and txn.state != "Ongoing":
            return codes.INVALID_TXN_STATE, -1, -1
        return self._end_and_bump(txn_id, txn, commit)

    def _end_and_bump(self, txn_id, txn, commit):
        ended = txn.producer_id
        marker_epoch = txn.epoch + 1
        if txn.epoch >= EPOCH_LAST:
            self._rotate(txn)
        else:
            txn.last_epoch = txn.epoch
            txn.epoch += 1
        self._prepare(txn_id, txn, ended, marker_epoch, commit)
        return codes.OK, txn.producer_id, txn.epoch

    def describe(self, node, txn_id):
        """(code, transaction or None)."""
        if self.coordinator(txn_id) != node:
            return codes.NOT_COORDINATOR, None
        txn = self.txns.get(txn_id)
        return (codes.OK, txn) if txn else (codes.TRANSACTIONAL_ID_NOT_FOUND, None)

    # -- partition leaders

    def produce(self, node, txn_id, version, topic, index, data):
        """(code, base offset) of one partition."""
        partition = self.partition(topic, index)
        if partition is None:
            return codes.UNKNOWN_TOPIC_OR_PARTITION, -1
        if partition.leader != node:
            return codes.NOT_LEADER_OR_FOLLOWER, -1
        try:
            batch = record_batch.decode(data)
        except record_batch.BatchError as error:
            self.violation("Produce %s-%d: %s" % (topic, index, error))
            return error.code, -1
        if batch.size > self.topics[topic].max_message_bytes:
            return codes.MESSAGE_TOO_LARGE, -1
        if not batch.transactional:
            return partition.append(batch, False)
        if txn_id is None:
            return codes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, -1
        code = self._verify(txn_id, version, partition, batch)
        return partition.append(batch, version >= 12) if code == codes.OK else (code, -1)

    def _verify(self, txn_id, version, partition, batch):
        """The leader asks the coordinator, unless the producer has something open here already."""
        state = partition.producers.get(batch.producer_id)
        if state is not None and state.open and state.epoch == batch.epoch:
            return codes.OK
        txn, place = self.txns.get(txn_id), (partition.topic, partition.index)
        if version >= 12:
            if self.level < 2:
                self.violation("transactional Produce %d at transaction.version %d" % (version, self.level))
            return self._register(txn_id, batch.producer_id, batch.epoch, lambda t: t.partitions.add(place))
        if txn is None or txn.producer_id != batch.producer_id:
            return codes.INVALID_PRODUCER_ID_MAPPING
        if txn.epoch != batch.epoch:
            return codes.INVALID_PRODUCER_EPOCH
        if txn.state != "Ongoing" or place not in txn.partitions:
            self.violation("Produce %d to %s-%d, which is not in the transaction" % (version, *place))
            return codes.TRANSACTION_ABORTABLE if version >= 11 else codes.INVALID_TXN_STATE
        return codes.OK

    def _register(self, txn_id, producer_id, epoch, add):
        """KIP-890: registration on behalf of the producer; 90 is told to it as 47."""
        code, txn = self._checked(self.coordinator(txn_id), txn_id, producer_id, epoch)
        if code == codes.OK:
            add(self._ongoing(txn))
        return codes.INVALID_PRODUCER_EPOCH if code == codes.PRODUCER_FENCED else code

    # -- group coordinator

    def txn_offset_commit(self, node, body, version):
        """One code for every partition of the request, or OK when each was stored."""
        name = body["group_id"]
        if self.group_coordinator(name) != node:
            return codes.NOT_COORDINATOR
        code = self._check_member(self.groups.get(name), body)
        if code != codes.OK:
            return codes.GROUP_ID_NOT_FOUND if code == codes.GROUP_ID_NOT_FOUND and version >= 6 else \
                codes.ILLEGAL_GENERATION if code == codes.GROUP_ID_NOT_FOUND else code
        return self._check_group_txn(body, version)

    def _check_member(self, group, body):
        generation, member, instance = body["generation"], body["member_id"], body["group_instance_id"]
        if group is None:
            return codes.GROUP_ID_NOT_FOUND if generation >= 0 else codes.OK
        if (generation < 0 and member == "" and instance is None) or (generation < 0 and not group.members):
            return codes.OK
        if member not in group.members:
            return codes.UNKNOWN_MEMBER_ID
        if instance is not None and group.members[member] != instance:
            return codes.FENCED_INSTANCE_ID
        return codes.OK if generation == group.generation else codes.ILLEGAL_GENERATION

    def _check_group_txn(self, body, version):
        name, producer_id, epoch = body["group_id"], body["producer_id"], body["producer_epoch"]
        txn_id = body["transactional_id"]
        group = self.groups.setdefault(name, Group())
        if epoch < group.epochs.get(producer_id, -1):
            return codes.INVALID_PRODUCER_EPOCH
        if version >= 5:
            if self.level < 2:
                self.violation("TxnOffsetCommit %d at transaction.version %d" % (version, self.level))
            return self._register(txn_id, producer_id, epoch, lambda t: t.groups.add(name))
        txn = self.txns.get(txn_id)
        if txn is None or txn.producer_id != producer_id:
            return codes.INVALID_PRODUCER_ID_MAPPING
        if txn.epoch != epoch:
            return codes.INVALID_PRODUCER_EPOCH
        if txn.state != "Ongoing" or name not in txn.groups:
            self.violation("TxnOffsetCommit %d for group %s, which is not in the transaction" % (version, name))
            return codes.INVALID_TXN_STATE
        return codes.OK

    def store_offset(self, name, producer_id, topic, index, offset):
        self.groups[name].pending.setdefault(producer_id, {})[(topic, index)] = offset

    # -- what an independent reader sees

    def read_committed(self, topic):
        """Values by partition: {partition: [value, ...]}."""
        return {p.index: [record.value for _, record in p.committed()] for p in self.topics[topic].partitions}

    def open_transactions(self):
        """Everything that keeps a reader waiting."""
        held = ["%s is %s" % (name, txn.state) for name, txn in self.txns.items()
                if txn.state not in ("Empty", "CompleteCommit", "CompleteAbort")]
        held += ["%s-%d is stable up to %d of %d" % (t.name, p.index, p.stable(), p.end)
                 for t in self.topics.values() for p in t.partitions if p.stable() != p.end]
        held += ["group %s has offsets of an open transaction" % name for name, g in self.groups.items() if g.pending]
        return held
