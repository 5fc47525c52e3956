#!/usr/bin/env python3
"""Records and transactions on a healthy cluster, each outcome as an independent reader sees it."""

import subprocess
import unittest

from readers import console_read, describe_producers
from support import ON_3, ON_4_V0, ON_4_V1, ON_4_V2, on_each


@on_each(ON_4_V2, ON_4_V1, ON_4_V0, ON_3)
class Basics:
    """Runs at every level of transaction.version."""

    def test_protocol_follows_the_finalized_level(self):
        topic, program = self.topic(), self.producer()
        program.begin("%s 0 - one" % topic)
        program.do("flush 30000")
        self.assertEqual(program.do("state").fields["protocol"], "2" if self.v2 else "1")
        program.commit()
        self.assertEqual(self.values(topic), ["one"])

    def test_commit_shows_every_record_once_in_order(self):
        topic, program = self.topic(3), self.producer()
        program.do("begin")
        for partition in range(3):
            program.do("sendn %s %d 200 100 p%d" % (topic, partition, partition))
        program.commit()
        delivered = program.collect()
        self.assertEqual({d.code for d in delivered}, {"OK"})
        found = [(r.partition, r.offset, r.value.rstrip(".")) for r in self.records(topic)]
        self.assertEqual(found, [(p, i, "p%d-%d" % (p, i)) for p in range(3) for i in range(200)])
        self.assertEqual(sorted((d.partition, d.offset, d.label) for d in delivered), found)
        self.assertEqual(describe_producers(self.cluster, topic, 0)[0]["CurrentTransactionStartOffset"], "None")

    def test_abort_hides_every_record(self):
        topic, program = self.topic(2), self.producer()
        program.begin("%s 0 - hidden-0" % topic, "%s 1 - hidden-1" % topic)
        program.do("flush 30000")
        program.abort()
        self.assertEqual(self.values(topic), [])
        program.begin("%s 0 - shown-0" % topic, "%s 1 - shown-1" % topic)
        program.commit()
        self.assertEqual(self.values(topic), ["shown-0", "shown-1"])
        self.assertEqual(console_read(self.cluster, topic, 2, partitions=2), ["shown-0", "shown-1"])

    def test_C15_commits_and_aborts_alternate(self):
        """30 transactions of two records, every third one aborted; with protocol 2 each end raises the epoch by one."""
        topic, program = self.topic(2), self.producer()
        epochs = []
        for n in range(30):
            program.begin("%s 0 - %d" % (topic, n), "%s 1 - %d" % (topic, n))
            program.do("flush 30000")
            epochs.append(int(program.do("state").fields["epoch"]))
            (program.abort if n % 3 == 2 else program.commit)()
        self.assertEqual(epochs, list(range(epochs[0], epochs[0] + 30)) if self.v2 else [epochs[0]] * 30)
        kept = [str(n) for n in range(30) if n % 3 != 2]
        self.assertEqual(self.values(topic), kept + kept)

    def test_G06_empty_transaction(self):
        topic, tid = self.topic(), self.name("tid")
        program = self.producer(tid)
        for end in (program.commit, program.abort, program.commit):
            program.do("begin")
            end()
        self.assertEqual(self.client.describe_transaction(tid).state, "Empty")
        program.begin("%s 0 - one" % topic)
        program.commit()
        for end in (program.abort, program.commit):
            program.do("begin")
            end()
        program.begin("%s 0 - two" % topic)
        program.commit()
        self.assertEqual(self.values(topic), ["one", "two"])

    def test_idempotent_producer_without_transactions(self):
        topic, program = self.topic(3), self.program()
        program.do("new p")
        for partition in range(3):
            program.do("sendn %s %d 500 50 p%d" % (topic, partition, partition))
        program.do("flush 30000")
        self.assertEqual({d.code for d in program.collect()}, {"OK"})
        self.assertEqual(self.placed(topic), [(p, "p%d-%d" % (p, i)) for p in range(3) for i in range(500)])
        self.assertEqual(program.do("close 30000").code, "OK")

    def test_two_producers_on_one_client(self):
        topic, program = self.topic(), self.program()
        program.do("client c")
        for name in ("a", "b"):
            program.config({"transactional.id": self.name("tid")})
            program.do("new-on c " + name)
            program.do("init 60000")
        self.both_open(program, topic, "1")
        pending = [program.start("commit 60000")]
        program.do("use a")
        pending.append(program.start("commit 60000"))
        for answer in (p.wait(90) for p in pending):
            self.assertTrue(answer.ok, answer)
        self.both_open(program, topic, "2")
        program.abort()
        program.do("use a")
        program.commit()
        self.assertEqual(sorted(self.values(topic)), ["a1", "a2", "b1"])

    def both_open(self, program, topic, mark):
        for name in ("a", "b"):
            program.do("use " + name)
            program.begin("%s 0 - %s%s" % (topic, name, mark))
            program.do("flush 30000")


@on_each(ON_4_V2, ON_4_V1, ON_3)
class Records:
    def test_many_records_over_twelve_partitions(self):
        topic, program = self.topic(12), self.producer()
        program.do("begin")
        for partition in range(12):
            program.do("sendn %s %d 2500 100 p%d" % (topic, partition, partition))
        program.commit()
        self.assertEqual(self.placed(topic), [(p, "p%d-%d" % (p, i)) for p in range(12) for i in range(2500)])

    def test_G30_one_record_transactions_back_to_back(self):
        topic, program = self.topic(3), self.producer()
        for n in range(1000):
            program.begin("%s %d - %d" % (topic, n % 3, n))
            program.commit()
        self.assertEqual(self.placed(topic), [(p, str(n)) for p in range(3) for n in range(1000) if n % 3 == p])
        count = program.do("metrics").metrics()
        self.assertEqual(count["txn-committed-total"], 1000)
        self.assertLessEqual(count["pacing-probe-total"] + count["pacing-retry-total"], 30 * 1000)
        if program.do("state").fields["protocol"] == "2":
            self.assertGreater(count["pacing-probe-total"], 0)
        else:
            self.assertEqual(count["pacing-probe-total"], 0)

    def test_keys_go_where_other_clients_put_them(self):
        """The partition of a key must be the one of Java's default partitioner, which kcat can imitate."""
        ours, theirs, program = self.topic(7), self.topic(7), self.producer()
        keys = ["k%d" % i for i in range(60)] + ["a", "ab", "abc", "abcd", "user-\u00e9"]
        program.begin(*("%s - %s v" % (ours, key) for key in keys))
        program.commit()
        self.kcat_keys(theirs, keys)
        self.assertEqual(self.partitions(ours), self.partitions(theirs))

    def kcat_keys(self, topic, keys):
        subprocess.run(["kcat", "-P", "-b", self.cluster.bootstrap, "-t", topic, "-K", ":", "-X", "partitioner=murmur2_random"],
                       input="".join("%s:v\n" % key for key in keys), text=True, check=True, timeout=60)

    def partitions(self, topic):
        return {r.key: r.partition for r in self.records(topic)}

    def test_E02_G24_record_that_the_broker_refuses(self):
        topic, program = self.topic(2, max_message_bytes=1000), self.producer()
        program.begin("%s 0 - fits" % topic)
        program.do("sendn %s 1 1 5000 big" % topic)
        program.cmd("flush 30000")
        codes = {d.label: d.code for d in program.collect()}
        self.assertEqual(codes["big-0"], "MESSAGE_TOO_LARGE")
        self.assertEqual(program.refused("commit 30000", "ABORT", "MESSAGE_TOO_LARGE").outcome, "not_committed")
        program.abort()
        program.begin("%s 1 - next" % topic)
        program.commit()
        self.assertEqual(self.values(topic), ["next"])

    def test_K06_the_topic_gets_more_partitions(self):
        topic, program = self.topic(3), self.producer(metadata_max_age_ms=200)
        program.begin(*("%s %d - old" % (topic, n) for n in range(3)))
        self.cluster.tool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", self.cluster.bootstrap, "--alter",
                          "--topic", topic, "--partitions", "6")
        program.send(*("%s %d - new" % (topic, n) for n in range(6)))
        program.commit()
        self.assertEqual(self.placed(topic), [(n, word) for n in range(6) for word in (["old"] if n < 3 else []) + ["new"]])

    def test_topic_that_does_not_exist(self):
        topic, program = self.topic(), self.producer(max_block_ms=1500)
        program.begin("%s 0 - first" % topic)
        answer = program.cmd("send no-such-topic 0 - lost")
        self.assertIn(answer.cls, ("CONFIG", "RETRY"), answer)
        self.assertIn("no-such-topic", answer.message)
        self.assertLess(answer.elapsed_ms, 10000)
        program.refused("commit 30000", "ABORT")
        program.abort()
        program.begin("%s 0 - second" % topic)
        program.commit()
        self.assertEqual(self.values(topic), ["second"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
