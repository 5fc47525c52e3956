"""Kafka's primitive types and its record batch, as far as the raw client needs them."""

import struct
import time


class Writer:
    """Kafka's primitive types; flexible versions have compact lengths, and a tag buffer after each struct."""

    def __init__(self, flexible):
        self.flexible = flexible
        self.parts = []

    def put(self, fmt, *values):
        self.parts.append(struct.pack(">" + fmt, *values))
        return self

    def raw(self, data):
        self.parts.append(data)
        return self

    def uvarint(self, value):
        out = bytearray()
        while value > 0x7F:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        out.append(value)
        self.parts.append(bytes(out))
        return self

    def string(self, text):
        data = None if text is None else text.encode()
        if self.flexible:
            self.uvarint(0 if data is None else len(data) + 1)
        else:
            self.put("h", -1 if data is None else len(data))
        self.parts.append(data or b"")
        return self

    def bytes(self, data):
        if self.flexible:
            self.uvarint(len(data) + 1)
        else:
            self.put("i", len(data))
        self.parts.append(data)
        return self

    def array(self, items, write):
        if self.flexible:
            self.uvarint(0 if items is None else len(items) + 1)
        else:
            self.put("i", -1 if items is None else len(items))
        for item in items or ():
            write(item)
        return self

    def tags(self):
        if self.flexible:
            self.uvarint(0)
        return self

    def done(self):
        return b"".join(self.parts)


class Reader:
    """The same types, read."""

    def __init__(self, data, flexible):
        self.data = data
        self.at = 0
        self.flexible = flexible

    def take(self, size):
        part = self.data[self.at:self.at + size]
        if len(part) != size:
            raise ValueError("answer too short: %d bytes wanted at %d of %d" % (size, self.at, len(self.data)))
        self.at += size
        return part

    def get(self, fmt):
        values = struct.unpack(">" + fmt, self.take(struct.calcsize(">" + fmt)))
        return values[0] if len(values) == 1 else values

    def uvarint(self):
        value = shift = 0
        while True:
            byte = self.get("B")
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def string(self):
        size = self.uvarint() - 1 if self.flexible else self.get("h")
        return None if size < 0 else self.take(size).decode()

    def array(self, read):
        count = self.uvarint() - 1 if self.flexible else self.get("i")
        return [read() for _ in range(count)]

    def ints(self):
        return self.array(lambda: self.get("i"))

    def tags(self):
        found = {}
        if self.flexible:
            for _ in range(self.uvarint()):
                tag = self.uvarint()
                found[tag] = self.take(self.uvarint())
        return found


def _crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


CRC_TABLE = _crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def zigzag(writer, value):
    return writer.uvarint((value << 1) ^ (value >> 63))


def record_batch(values, producer, sequence, transactional):
    """Record batch v2, uncompressed, without keys."""
    records = []
    for delta, value in enumerate(values):
        record = Writer(True).put("b", 0)
        for number in (0, delta, -1, len(value)):
            zigzag(record, number)
        zigzag(record.raw(value), 0)
        body = record.done()
        records.append(zigzag(Writer(True), len(body)).raw(body).done())
    now = int(time.time() * 1000)
    tail = struct.pack(">hiqqqhii", 0x10 if transactional else 0, len(values) - 1, now, now, producer[0], producer[1],
                       sequence, len(values)) + b"".join(records)
    return struct.pack(">qiibI", 0, len(tail) + 9, -1, 2, crc32c(tail)) + tail
