"""The scripted peer itself: codec against known bytes, the model's rules by raw requests, faults, and librdkafka as a
client that knows nothing of it."""

import shutil
import socket
import struct
import subprocess
import unittest

import codes
import faults
import kafka_codec as wire
import record_batch
from peer import Peer

VECTOR = bytes.fromhex(
    "000000000000000000000049ffffffff02513722cf0010000000010000018bcfe568000000018bcfe568050000000000000fa00007000000"
    "2a0000000214000000046b300476300018000a02010476310202680278")


class RawClient:
    """One connection that sends single requests and reads single answers."""

    def __init__(self, peer, node, timeout_s=5):
        self.sock = socket.create_connection(("127.0.0.1", peer.port(node)), timeout_s)
        self.correlation = 0

    def send(self, api, version, **body):
        self.correlation += 1
        self.sock.sendall(wire.encode_request(wire.API_KEY[api], version, self.correlation, body))

    def payload(self):
        """The next frame's payload; b"" when the connection was closed."""
        head = self._exactly(4)
        return self._exactly(struct.unpack(">i", head)[0]) if head else b""

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.sock.recv(size - len(data))
            if not more:
                return b""
            data += more
        return data

    def ask(self, api, version, **body):
        self.send(api, version, **body)
        correlation, answer = wire.decode_response(wire.API_KEY[api], version, self.payload())
        assert correlation == self.correlation
        return answer

    def close(self):
        self.sock.close()


class CodecTest(unittest.TestCase):
    def test_crc_check_value(self):
        self.assertEqual(record_batch.crc32c(b"123456789"), 0xE3069283)

    def test_batch_vector_both_ways(self):
        made = record_batch.encode([(b"k0", b"v0"), (None, b"v1", [(b"h", b"x")], 5)], 4000, 7, 42, True)
        self.assertEqual(made, VECTOR)
        batch = record_batch.decode(VECTOR)
        self.assertEqual((batch.producer_id, batch.epoch, batch.base_sequence, batch.transactional), (4000, 7, 42, True))
        self.assertEqual(batch.records[1].headers, [(b"h", b"x")])

    def test_batch_with_any_byte_changed_is_refused(self):
        for index in range(8, len(VECTOR)):
            if 12 <= index < 16:
                continue  # the leader epoch is outside the checksum and the broker's to write
            bad = bytearray(VECTOR)
            bad[index] ^= 1
            with self.assertRaises(record_batch.BatchError, msg="byte %d" % index):
                record_batch.decode(bytes(bad))

    def test_varint_vectors(self):
        for value, text in ((0, "00"), (-1, "01"), (1, "02"), (63, "7e"), (-64, "7f"), (64, "8001"), (300, "d804"),
                            (2147483647, "feffffff0f"), (-2147483648, "ffffffff0f")):
            self.assertEqual(wire.varint(value).hex(), text)
            self.assertEqual(wire.Reader(bytes.fromhex(text)).varint(), value)
        for value, text in ((127, "7f"), (128, "8001"), (300, "ac02")):
            self.assertEqual(wire.uvarint(value).hex(), text)

    def test_end_txn_5_bytes(self):
        body = {"transactional_id": "t", "producer_id": 1, "producer_epoch": 2, "committed": True}
        self.assertEqual(wire.encode_request(26, 5, 7, body, "c").hex(),
                         "0000001a" "001a" "0005" "00000007" "000163" "00" "0274" "0000000000000001" "0002" "01" "00")

    def test_every_version_of_every_message_reads_back(self):
        sample = {"str": "x", "bytes": b"\1\2", "uuid": bytes(range(16)), "bool": True}

        def filled(fields, version):
            out = {}
            for field in fields:
                if field.at(version):
                    one = filled(field.fields, version) if field.kind == "struct" else sample.get(field.kind, 7)
                    out[field.name] = [one, one] if field.array else one
            return out

        def known(got, sent):
            if isinstance(sent, dict):
                return all(known(got[name], value) for name, value in sent.items())
            if isinstance(sent, list):
                return len(got) == len(sent) and all(map(known, got, sent))
            return got == sent

        for key, row in wire.TABLES.items():
            for version in range(row[1], row[2] + 1):
                request, response = (filled(fields, version) for fields in wire._PARSED[key])
                frame = wire.encode_request(key, version, 9, request)
                *_, reader = wire.decode_header(frame[4:])
                self.assertTrue(known(wire.decode_request_body(key, version, reader), request), (row[0], version))
                frame = wire.encode_response(key, version, 9, response)
                self.assertTrue(known(wire.decode_response(key, version, frame[4:])[1], response), (row[0], version))


class RawCase(unittest.TestCase):
    def start(self, **options):
        self.peer = Peer(**options)
        self.addCleanup(self.peer.close)
        return self.peer

    def client(self, node):
        client = RawClient(self.peer, node)
        self.addCleanup(client.close)
        return client

    def coordinator(self, txn_id="x"):
        return self.client(self.peer.model.coordinator(txn_id))

    def leader(self, topic="t", index=0):
        return self.client(self.peer.model.partition(topic, index).leader)

    def produce(self, client, version, batch, txn_id="x", topic="t", index=0):
        name = {"topic_id": self.peer.model.topics[topic].id} if version >= 13 else {"name": topic}
        part = {"index": index, "records": batch}
        answer = client.ask("Produce", version, transactional_id=txn_id, acks=-1, timeout_ms=1000,
                            topics=[dict(name, partitions=[part])])
        got = answer["topics"][0]["partitions"][0]
        return got["error_code"], got["base_offset"]

    def batch(self, pid, epoch, sequence, *values):
        return record_batch.encode([(None, v) for v in values], pid, epoch, sequence, True)

    def init(self, client, pid=-1, epoch=-1):
        got = client.ask("InitProducerId", 4, transactional_id="x", transaction_timeout_ms=60000, producer_id=pid,
                         producer_epoch=epoch)
        return got["error_code"], got["producer_id"], got["producer_epoch"]

    def end(self, client, version, pid, epoch, commit):
        got = client.ask("EndTxn", version, transactional_id="x", producer_id=pid, producer_epoch=epoch,
                         committed=commit)
        return got["error_code"], got["producer_id"], got["producer_epoch"]

    def add(self, client, pid, epoch, partitions=(0,), version=3):
        got = client.ask("AddPartitionsToTxn", version, transactional_id="x", producer_id=pid, producer_epoch=epoch,
                         topics=[{"name": "t", "partitions": list(partitions)}])
        return [p["error_code"] for p in got["topics"][0]["partitions"]]


class ModelTest(RawCase):
    def test_api_versions_of_an_unknown_version_is_answered_in_version_0(self):
        self.start(release="3.9")
        client = self.client(1)
        client.send("ApiVersions", 5, client_software_name="a", client_software_version="1")
        _, answer = wire.decode_response(18, 0, client.payload())
        self.assertEqual(answer["error_code"], codes.UNSUPPORTED_VERSION)
        self.assertEqual(answer["api_keys"], [{"api_key": 18, "min_version": 0, "max_version": 4}])

    def test_features_tell_the_protocol(self):
        for release, level in (("3.9", None), ("4.4", 2)):
            self.start(release=release)
            got = self.client(1).ask("ApiVersions", 4, client_software_name="a", client_software_version="1")
            levels = {f["name"]: f["max_version_level"] for f in got["finalized_features"] or []}
            self.assertEqual(levels.get("transaction.version"), level)

    def test_v2_commit_bumps_and_is_recognised_again(self):
        self.start()
        coordinator, leader = self.coordinator(), self.leader()
        code, pid, epoch = self.init(coordinator)
        self.assertEqual((code, epoch), (0, 0))
        self.assertEqual(self.produce(leader, 13, self.batch(pid, 0, 0, b"a", b"b")), (0, 0))
        self.assertEqual(self.peer.read_committed("t")[0], [])
        self.assertEqual(self.end(coordinator, 5, pid, 0, True), (0, pid, 1))
        self.assertEqual(self.end(coordinator, 5, pid, 0, True), (0, pid, 1))
        self.assertEqual(self.end(coordinator, 5, pid, 0, False)[0], codes.INVALID_TXN_STATE)
        self.assertEqual(self.peer.read_committed("t")[0], [b"a", b"b"])
        self.assertEqual(self.produce(leader, 12, self.batch(pid, 0, 2, b"late"))[0], codes.INVALID_PRODUCER_EPOCH)
        self.assertEqual(self.peer.open_transactions(), [])

    def test_v2_empty_ends(self):
        self.start()
        coordinator = self.coordinator()
        _, pid, _ = self.init(coordinator)
        self.assertEqual(self.end(coordinator, 5, pid, 0, True)[0], codes.INVALID_TXN_STATE)
        self.assertEqual(self.end(coordinator, 5, pid, 0, False), (0, pid, 1))

    def test_v1_needs_registration_and_keeps_the_epoch(self):
        self.start(release="3.9")
        coordinator, leader = self.coordinator(), self.leader()
        _, pid, _ = self.init(coordinator)
        self.assertEqual(self.produce(leader, 9, self.batch(pid, 0, 0, b"a"))[0], codes.INVALID_TXN_STATE)
        self.assertEqual(len(self.peer.violations), 1)
        self.assertEqual(self.add(coordinator, pid, 0), [0])
        self.assertEqual(self.produce(leader, 9, self.batch(pid, 0, 0, b"a")), (0, 0))
        self.assertEqual(self.produce(leader, 9, self.batch(pid, 0, 0, b"a")), (0, 0))
        self.assertEqual(self.produce(leader, 9, self.batch(pid, 0, 2, b"a"))[0], codes.OUT_OF_ORDER_SEQUENCE_NUMBER)
        self.assertEqual(self.end(coordinator, 3, pid, 0, False)[0], 0)
        self.assertEqual(self.end(coordinator, 3, pid, 0, True)[0], codes.INVALID_TXN_STATE)
        self.assertEqual(self.peer.read_committed("t")[0], [])
        # the late commit of an ended transaction takes the next one: what the client's bump is for
        self.assertEqual(self.add(coordinator, pid, 0), [0])
        self.assertEqual(self.end(coordinator, 3, pid, 0, False)[0], 0)

    def test_v1_timeout_then_probe(self):
        self.start(release="3.9")
        coordinator = self.coordinator()
        _, pid, _ = self.init(coordinator)
        self.add(coordinator, pid, 0)
        with self.peer.changed:
            self.peer.model.expire("x")
        self.assertEqual(self.end(coordinator, 3, pid, 0, True)[0], codes.PRODUCER_FENCED)
        self.assertEqual(self.init(coordinator, pid, 0)[0], codes.PRODUCER_FENCED)
        self.assertEqual(self.end(coordinator, 3, pid, 1, False)[0], 0)

    def test_init_fences_an_open_transaction(self):
        for release, own in (("3.9", codes.PRODUCER_FENCED), ("4.4", codes.OK)):
            self.start(release=release)
            coordinator = self.coordinator()
            _, pid, _ = self.init(coordinator)
            if release == "3.9":
                self.add(coordinator, pid, 0)
            else:
                self.produce(self.leader(), 12, self.batch(pid, 0, 0, b"a"))
            self.assertEqual(self.init(coordinator, pid, 0)[0], codes.CONCURRENT_TRANSACTIONS)
            self.assertEqual(self.init(coordinator, pid, 0)[0], own)
            self.assertEqual(self.init(coordinator), (0, pid, 2))

    def test_init_with_identity_is_repeatable(self):
        self.start(release="3.9")
        coordinator = self.coordinator()
        _, pid, _ = self.init(coordinator)
        self.assertEqual(self.init(coordinator, pid, 0), (0, pid, 1))
        self.assertEqual(self.init(coordinator, pid, 0), (0, pid, 1))
        self.assertEqual(self.init(coordinator), (0, pid, 2))
        self.assertEqual(self.init(coordinator, pid, 1)[0], codes.PRODUCER_FENCED)

    def test_epoch_exhaustion_gives_a_new_producer_id(self):
        self.start()
        coordinator = self.coordinator()
        _, pid, _ = self.init(coordinator)
        with self.peer.changed:
            self.peer.model.txns["x"].epoch = 32766
        code, new, epoch = self.end(coordinator, 5, pid, 32766, False)
        self.assertEqual((code, epoch), (0, 0))
        self.assertNotEqual(new, pid)
        self.assertEqual(self.end(coordinator, 5, pid, 32766, False), (0, new, 0))

    def test_offsets_follow_the_transaction(self):
        self.start(topics={"t": 1})
        self.peer.create_group("g", 3, {"m": None})
        coordinator = self.coordinator()
        group = self.client(self.peer.model.group_coordinator("g"))
        _, pid, _ = self.init(coordinator)

        def store(generation, member="m", epoch=0):
            got = group.ask("TxnOffsetCommit", 6, transactional_id="x", group_id="g", producer_id=pid,
                            producer_epoch=epoch, generation=generation, member_id=member,
                            topics=[{"topic_id": self.peer.model.topics["t"].id,
                                     "partitions": [{"index": 0, "offset": 41, "metadata": None}]}])
            return got["topics"][0]["partitions"][0]["error_code"]

        self.assertEqual(store(2), codes.ILLEGAL_GENERATION)
        self.assertEqual(store(3, "other"), codes.UNKNOWN_MEMBER_ID)
        self.assertEqual(store(3), 0)
        self.assertEqual(self.peer.offsets("g"), {})
        self.assertEqual(self.end(coordinator, 5, pid, 0, True)[0], 0)
        self.assertEqual(self.peer.offsets("g"), {("t", 0): 41})
        self.assertEqual(store(3), codes.INVALID_PRODUCER_EPOCH)

    def test_all_or_nothing_registration(self):
        self.start(release="3.9", topics={"t": 2})
        coordinator = self.coordinator()
        _, pid, _ = self.init(coordinator)
        self.assertEqual(self.add(coordinator, pid, 0, (0, 9)), [codes.OPERATION_NOT_ATTEMPTED,
                                                                 codes.UNKNOWN_TOPIC_OR_PARTITION])
        self.assertEqual(self.peer.model.txns["x"].state, "Empty")

    def test_held_markers_answer_concurrent_transactions(self):
        self.start()
        coordinator, leader = self.coordinator(), self.leader()
        _, pid, _ = self.init(coordinator)
        self.produce(leader, 12, self.batch(pid, 0, 0, b"a"))
        self.peer.model.hold_markers = True
        self.assertEqual(self.end(coordinator, 5, pid, 0, True), (0, pid, 1))
        self.assertEqual(self.end(coordinator, 5, pid, 0, True)[0], codes.CONCURRENT_TRANSACTIONS)
        self.assertEqual(self.produce(leader, 12, self.batch(pid, 1, 0, b"b"))[0], codes.CONCURRENT_TRANSACTIONS)
        got = coordinator.ask("DescribeTransactions", 0, transactional_ids=["x"])["transactions"][0]
        self.assertEqual((got["state"], got["producer_epoch"]), ("PrepareCommit", 1))
        self.peer.model.release_markers()
        self.assertEqual(self.produce(leader, 12, self.batch(pid, 1, 0, b"b"))[0], 0)
        self.assertEqual(self.peer.read_committed("t")[0], [b"a"])


class FaultTest(RawCase):
    def asked(self, *actions, applied=True, **options):
        """The payload that AddOffsetsToTxn gets under these actions; b"" = closed."""
        self.start(release="3.9")
        coordinator = self.coordinator()
        _, pid, _ = self.init(coordinator)
        self.peer.on("AddOffsetsToTxn", *actions, **options)
        coordinator.send("AddOffsetsToTxn", 3, transactional_id="x", producer_id=pid, producer_epoch=0, group_id="g")
        try:
            got = coordinator.payload()
        except ConnectionResetError:
            got = b""
        self.assertEqual(self.peer.model.txns["x"].groups == {"g"}, applied)
        return got

    def code(self, payload):
        return wire.decode_response(25, 3, payload)[1]["error_code"]

    def test_error_is_not_applied(self):
        self.assertEqual(self.code(self.asked(faults.error(51), applied=False)), 51)

    def test_error_applied(self):
        self.assertEqual(self.code(self.asked(faults.error_applied(7))), 7)

    def test_close_before_and_after(self):
        self.assertEqual(self.asked(faults.close_before(), applied=False), b"")
        self.assertEqual(self.asked(faults.close_after()), b"")
        self.assertEqual(self.asked(faults.reset_after()), b"")

    def test_cut(self):
        self.start(release="3.9")
        coordinator = self.coordinator()
        self.peer.on("InitProducerId", faults.cut(7))
        coordinator.send("InitProducerId", 4, transactional_id="x", transaction_timeout_ms=60000)
        data = b""
        while True:
            more = coordinator.sock.recv(100)
            if not more:
                break
            data += more
        self.assertEqual(len(data), 7)

    def test_hold_delay_and_throttle(self):
        self.assertEqual(self.code(self.asked(faults.hold(20), faults.delay(20))), 0)
        got = wire.decode_response(25, 3, self.asked(faults.throttle(5)))[1]
        self.assertEqual(got["throttle_time_ms"], 5)

    def test_move_coordinator(self):
        self.assertEqual(self.code(self.asked(faults.move_coordinator(), applied=False)), codes.NOT_COORDINATOR)

    def test_nth_and_times(self):
        self.start(release="3.9")
        coordinator = self.coordinator()
        rule = self.peer.on("InitProducerId", faults.error(14), nth=2, times=2)
        self.assertEqual([self.init(coordinator)[0] for _ in range(4)], [0, 14, 14, 0])
        self.assertEqual(rule.hits, 2)

    def test_refuse_and_accept(self):
        self.start()
        self.peer.refuse(2)
        with self.assertRaises(ConnectionRefusedError):
            RawClient(self.peer, 2)
        self.peer.accept(2)
        self.client(2).ask("ApiVersions", 0)

    def test_black_hole_takes_connections_and_stays_silent(self):
        self.start()
        self.peer.black_hole(1)
        client = RawClient(self.peer, 1, timeout_s=0.2)
        self.addCleanup(client.close)
        client.send("ApiVersions", 0)
        with self.assertRaises(TimeoutError):
            client.payload()
        self.peer.black_hole(1, silent=False)
        self.client(1).ask("ApiVersions", 0)

    def test_violations_are_seen(self):
        self.start(release="3.9")
        client = self.client(1)
        client.send("EndTxn", 5, transactional_id="x", producer_id=1, producer_epoch=0, committed=True)
        client.payload()
        self.assertIn("EndTxn 5 sent to node 1, which offers 0 to 4", self.peer.violations)


@unittest.skipUnless(shutil.which("kcat"), "kcat is not installed")
class LibrdkafkaTest(unittest.TestCase):
    """A client of other people's making produces into the peer: idempotent and transactional."""

    def produce(self, peer, *settings):
        command = ["kcat", "-P", "-b", peer.bootstrap(), "-t", "t", "-p", "0"]
        for setting in settings:
            command += ["-X", setting]
        done = subprocess.run(command, input=b"one\ntwo\n", capture_output=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())

    def test_produces(self):
        for release in ("3.9", "4.4"):
            for settings in (("enable.idempotence=true",), ("transactional.id=x",)):
                with self.subTest(release=release, settings=settings):
                    peer = Peer(release=release, level=0 if release == "3.9" else 2)
                    self.addCleanup(peer.close)
                    self.produce(peer, *settings)
                    self.assertEqual(peer.read_committed("t")[0], [b"one", b"two"], peer.trace())
                    self.assertEqual(peer.violations, [], peer.trace())
                    self.assertEqual(peer.open_transactions(), [])

    def test_survives_faults(self):
        for api, fault in (("EndTxn", faults.close_after()), ("EndTxn", faults.error(51)), ("Produce", faults.error(6)),
                           ("AddPartitionsToTxn", faults.error(51)), ("Produce", faults.reset_after())):
            with self.subTest(api=api):
                peer = Peer(release="3.9")
                self.addCleanup(peer.close)
                rule = peer.on(api, fault)
                self.produce(peer, "transactional.id=x", "retry.backoff.ms=20", "reconnect.backoff.ms=20")
                self.assertEqual(rule.hits, 1)
                self.assertEqual(peer.read_committed("t")[0], [b"one", b"two"], peer.trace())
                self.assertEqual(peer.violations, [], peer.trace())


if __name__ == "__main__":
    unittest.main()
