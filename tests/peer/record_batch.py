"""Record batch v2 (magic 2): reading with every check a broker makes, and writing for the peer's own tests."""

import struct
import zlib

from kafka_codec import Reader, WireError, varint

CORRUPT_MESSAGE = 2
UNSUPPORTED_COMPRESSION_TYPE = 76
INVALID_RECORD = 87

_HEAD = ">qiibIhiqqqhii"
HEAD_SIZE = struct.calcsize(_HEAD)
TRANSACTIONAL, CONTROL, CODEC = 0x10, 0x20, 0x07


def _crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return tuple(table)


_TABLE = _crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


class BatchError(Exception):
    """What a broker would answer instead of appending."""

    def __init__(self, code, why):
        super().__init__("%s (code %d)" % (why, code))
        self.code, self.why = code, why


class Record:
    __slots__ = ("key", "value", "headers", "timestamp_ms")

    def __init__(self, key, value, headers, timestamp_ms):
        self.key, self.value, self.headers, self.timestamp_ms = key, value, headers, timestamp_ms


class Batch:
    __slots__ = ("producer_id", "epoch", "base_sequence", "transactional", "records", "size")

    def last_sequence(self):
        """Sequences wrap from 2^31-1 to 0."""
        return (self.base_sequence + len(self.records) - 1) & 0x7FFFFFFF


def _bytes(reader):
    size = reader.varint()
    return None if size == -1 else bytes(reader.take(size))


def _record(reader, index, base_timestamp_ms):
    length = reader.varint()
    body = Reader(reader.take(length))
    if body.fixed(">b") != 0:
        raise BatchError(INVALID_RECORD, "record attributes are not 0")
    timestamp_ms = base_timestamp_ms + body.varint()
    if body.varint() != index:
        raise BatchError(INVALID_RECORD, "offset delta of record %d" % index)
    key, value = _bytes(body), _bytes(body)
    headers = []
    for _ in range(body.varint()):
        name = _bytes(body)
        if name is None:
            raise BatchError(INVALID_RECORD, "null header key")
        headers.append((name, _bytes(body)))
    if not body.done():
        raise BatchError(INVALID_RECORD, "bytes left in record %d" % index)
    return Record(key, value, headers, timestamp_ms)


def _payload(data, codec):
    if codec == 0:
        return data
    if codec == 1:
        return zlib.decompress(data, 31)
    raise BatchError(UNSUPPORTED_COMPRESSION_TYPE, "codec %d" % codec)


def decode(data):
    """The one batch in `data`; BatchError with the broker's code otherwise."""
    if data is None or len(data) < HEAD_SIZE:
        raise BatchError(INVALID_RECORD, "no batch")
    (_, length, _, magic, crc, attributes, last_delta, base_ms, max_ms, producer_id, epoch, sequence,
     count) = struct.unpack_from(_HEAD, data)
    if magic != 2:
        raise BatchError(INVALID_RECORD, "magic %d" % magic)
    if length + 12 != len(data):
        raise BatchError(INVALID_RECORD, "%d bytes for one batch of %d" % (len(data), length + 12))
    if crc32c(memoryview(data)[21:]) != crc:
        raise BatchError(CORRUPT_MESSAGE, "CRC")
    if attributes & CONTROL or attributes & ~0x3F:
        raise BatchError(INVALID_RECORD, "attributes 0x%x" % attributes)
    if count < 1 or last_delta != count - 1:
        raise BatchError(INVALID_RECORD, "%d records, last delta %d" % (count, last_delta))
    if producer_id >= 0 and (sequence < 0 or epoch < 0):
        raise BatchError(INVALID_RECORD, "producer id without sequence")
    return _decoded(data, count, attributes, base_ms, max_ms, producer_id, epoch, sequence)


def _decoded(data, count, attributes, base_ms, max_ms, producer_id, epoch, sequence):
    batch = Batch()
    batch.producer_id, batch.epoch, batch.base_sequence = producer_id, epoch, sequence
    batch.transactional, batch.size = bool(attributes & TRANSACTIONAL), len(data)
    reader = Reader(bytes(_payload(data[HEAD_SIZE:], attributes & CODEC)))
    try:
        batch.records = [_record(reader, i, base_ms) for i in range(count)]
    except WireError as error:
        raise BatchError(INVALID_RECORD, str(error)) from error
    if not reader.done():
        raise BatchError(INVALID_RECORD, "bytes after the last record")
    if max(r.timestamp_ms for r in batch.records) != max_ms:
        raise BatchError(INVALID_RECORD, "max timestamp")
    return batch


def _field(data):
    return varint(-1) if data is None else varint(len(data)) + data


def encode(records, producer_id=-1, epoch=-1, base_sequence=-1, transactional=False, timestamp_ms=1700000000000):
    """A batch of (key, value) or (key, value, headers, timestamp delta) tuples."""
    out, deltas = [], []
    for index, record in enumerate(records):
        key, value, headers, delta = tuple(record) + ((), 0)[len(record) - 2:]
        deltas.append(delta)
        body = b"\0" + varint(delta) + varint(index) + _field(key) + _field(value) + varint(len(headers))
        body += b"".join(_field(name) + _field(data) for name, data in headers)
        out.append(varint(len(body)) + body)
    tail = struct.pack(">hiqqqhii", TRANSACTIONAL if transactional else 0, len(records) - 1, timestamp_ms,
                       timestamp_ms + max(deltas), producer_id, epoch, base_sequence, len(records)) + b"".join(out)
    return struct.pack(">qiibI", 0, len(tail) + 9, -1, 2, crc32c(tail)) + tail
