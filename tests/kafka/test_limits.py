#!/usr/bin/env python3
"""Numbers at their ends: epochs that are used up, batches that are too large, a gigabyte in one transaction."""

import re
import struct
import subprocess
import unittest

import wire
from rpc import Writer
from support import ON_3, ON_4_V1, ON_4_V2, on_each

EPOCH_LAST = 32766
WINDOW = 256  # requests on their way at a time
MIB = 1 << 20


@on_each(ON_4_V2, ON_4_V1, ON_3)
class Epochs:
    def used_up(self, tid, epoch):
        """Inits of the id, on one connection to its coordinator, until it is at that epoch."""
        producer = self.client.init_producer_id(tid)
        address = self.client.addresses[self.client.coordinator(tid)]
        connection = wire.Connection(*address.split(":"))
        self.addCleanup(connection.close)
        body = Writer(True).string(tid).put("iqh", 60000, -1, -1).tags().done()
        message = struct.pack(">hhi", 22, 4, 1) + struct.pack(">h", 5) + b"tests" + b"\0" + body
        frame = struct.pack(">i", len(message)) + message
        left, under_way = epoch - producer.epoch, 0
        while left or under_way:
            more = min(left, WINDOW - under_way)
            connection.socket.sendall(frame * more)
            left, under_way = left - more, under_way + more
            answer = connection.receive(struct.unpack(">i", connection.receive(4))[0])
            under_way -= 1
            code, producer_id, last = struct.unpack(">hqh", answer[9:21])
            self.assertEqual((code, producer_id), (0, producer.producer_id))
        self.assertEqual(last, epoch)
        return producer.producer_id

    def test_L02_a_new_producer_id_when_the_epochs_are_used_up(self):
        topic, tid = self.topic(2), self.name("tid")
        old = self.used_up(tid, EPOCH_LAST - 3)
        program = self.producer(tid)
        kept, ids = [], []
        for n in range(6):
            # V1 moves the epoch only when it has to: here by a successor of the same id, which is a new start of ours
            if n and not self.v2:
                program.do("close 30000")
                program = self.producer(tid)
            program.begin("%s 0 - v%d" % (topic, n), "%s 1 - v%d" % (topic, n))
            program.do("flush 30000")
            state = program.do("state").fields
            ids.append((int(state["pid"]), int(state["epoch"])))
            if n % 3 == 1:
                program.abort()
            else:
                program.commit()
                kept.append("v%d" % n)
        self.assertEqual(ids[0], (old, EPOCH_LAST - 2))
        self.assertNotEqual(ids[-1][0], old)
        for (pid, epoch), (later_pid, later_epoch) in zip(ids, ids[1:]):
            self.assertTrue(later_pid != pid or later_epoch > epoch, ids)
            self.assertLessEqual(later_epoch, EPOCH_LAST)
        self.assertEqual(self.values(topic), kept + kept)


@on_each(ON_4_V1, ON_3)
class Wrap:
    def test_L01_brokers_wrap_as_the_client_does(self):
        """Inside a batch, at a boundary, in copies: as txn/sequence.c counts. The first sequence may be any one with V1."""
        top = 2 ** 31 - 1
        for batches in ([(top - 2, 5), (2, 3), (5, 1)], [(top - 1, 2), (0, 2), (2, 1)], [(top, 1), (0, 1), (1, 4)]):
            topic, tid = self.topic(), self.name("tid")
            producer = self.client.init_producer_id(tid)
            self.client.add_partitions(tid, producer, topic, [0])
            offset = 0
            for sequence, count in batches:
                values = [b"%d-%d" % (sequence, i) for i in range(count)]
                for _ in range(2):  # the second is known as a copy
                    self.assertEqual(self.client.produce(topic, 0, values, producer, tid, sequence), offset)
                offset += count
            with self.assertRaises(wire.KafkaError):
                self.client.produce(topic, 0, [b"gap"], producer, tid, batches[-1][0] + batches[-1][1] + 1)
            self.client.end_txn(tid, producer, True)
            self.assertEqual(len(self.values(topic)), offset)


@on_each(ON_4_V2, ON_3)
class Sizes:
    def warm(self, topic, program, partitions):
        """A leader that has just got its partition may say that it does not know it; a batch that was told so is not split."""
        for partition in range(partitions):
            program.do("sendn %s %d 1 10 p%d" % (topic, partition, partition))
        program.do("flush 30000")

    def test_E13_a_batch_that_is_too_large_is_split(self):
        topic, program = self.topic(2, max_message_bytes=3000), self.producer(linger_ms=200, batch_size=65536)
        program.do("begin")
        self.warm(topic, program, 2)
        for partition in range(2):
            program.do("sendn %s %d 400 150 p%d" % (topic, partition, partition))
        program.commit()
        delivered = program.collect()
        found = [(r.partition, r.offset, r.value.rstrip(".")) for r in self.records(topic)]
        self.assertEqual([f for f in found if f[1] > 0],
                         [(p, i + 1, "p%d-%d" % (p, i)) for p in range(2) for i in range(400)])
        self.assertEqual(sorted((d.partition, d.offset, d.label) for d in delivered), found)

    def test_E13_without_transactions(self):
        topic, program = self.topic(max_message_bytes=2000), self.program(linger_ms=200, batch_size=32768)
        program.do("new p")
        self.warm(topic, program, 1)
        for run in "ab":
            program.do("sendn %s 0 300 150 %s" % (topic, run))
            program.do("flush 60000")
        self.assertEqual({d.code for d in program.collect()}, {"OK"})
        self.assertEqual(self.values(topic)[1:], ["%s-%d" % (run, i) for run in "ab" for i in range(300)])

    def test_E14_one_record_of_many_is_too_large(self):
        topic, program = self.topic(max_message_bytes=2000), self.producer(linger_ms=200, batch_size=65536)
        program.do("begin")
        self.warm(topic, program, 1)
        program.do("sendn %s 0 50 150 small" % topic)
        program.do("sendn %s 0 1 5000 large" % topic)
        program.do("sendn %s 0 50 150 behind" % topic)
        program.refused("commit 60000", "ABORT", "MESSAGE_TOO_LARGE")
        codes = [d.code for d in program.collect() if d.label.startswith("large")]
        self.assertEqual(codes, ["MESSAGE_TOO_LARGE"])
        program.abort()
        program.begin("%s 0 - next" % topic)
        program.commit()
        self.assertEqual(self.values(topic), ["next"])


@on_each(ON_4_V2)
class Gigabyte:
    RECORDS, CHUNK, SIZE = 1000000, 10000, 1000
    BUFFER = 64 * MIB
    REST = 24 * MIB  # program, library and what the test program keeps of a chunk's callbacks
    LABEL = 64  # bytes that the test program keeps of each record

    def resident(self, program):
        with open("/proc/%d/status" % program.pid) as source:
            return int(re.search(r"VmRSS:\s+(\d+) kB", source.read()).group(1)) * 1024

    def test_L08_a_gigabyte_in_one_transaction(self):
        topic = self.topic(1)
        program = self.producer(buffer_memory=self.BUFFER, linger_ms=5, transaction_timeout_ms=600000, max_block_ms=120000)
        program.do("begin")
        most = 0
        for chunk in range(self.RECORDS // self.CHUNK):
            program.do("sendn %s 0 %d %d c%d" % (topic, self.CHUNK, self.SIZE, chunk), timeout_s=180)
            most = max(most, self.resident(program) - self.LABEL * self.CHUNK * (chunk + 1))
            for delivery in program.cmd("deliveries").deliveries():
                self.assertEqual(delivery.code, "OK")
        program.commit(300000)
        self.assertLess(most, self.BUFFER + self.REST)
        self.assert_settled(topic)
        self.assertEqual(self.read(topic), self.RECORDS)

    def read(self, topic):
        """How many records there are, each in its place; the topic is read line by line."""
        reader = subprocess.Popen(["kcat", "-C", "-b", self.cluster.bootstrap, "-t", topic, "-o", "beginning", "-e", "-q",
                                   "-X", "isolation.level=read_committed", "-f", "%o %S %s\n"], stdout=subprocess.PIPE)
        self.addCleanup(reader.kill)
        count = 0
        for count, line in enumerate(reader.stdout, 1):
            offset, size, value = line.split(b" ", 2)
            wanted = b"c%d-%d." % ((count - 1) // self.CHUNK, (count - 1) % self.CHUNK)
            if (int(offset), int(size)) != (count - 1, self.SIZE) or not value.startswith(wanted):
                self.fail("record %d is %s" % (count - 1, line[:80]))
        self.assertEqual(reader.wait(60), 0)
        return count


if __name__ == "__main__":
    unittest.main(verbosity=2)
