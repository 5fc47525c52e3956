#!/usr/bin/env python3
"""The embedded broker beside the real one: Kafka's own tools on ktxn-devbroker, and what it says to offer."""

import subprocess
import unittest

import wire
from embedded import Broker, Embedded
from support import ON_2, ON_3, ON_4_V1, ON_4_V2, on_each

TOOLS = "org.apache.kafka.tools."


class Tools(unittest.TestCase):
    """One broker for all; each test has names of its own."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Embedded("4.4.0", nodes=2).start()

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()

    def tool(self, name, *options, stdin=None):
        return self.cluster.tool(TOOLS + name, "--bootstrap-server", self.cluster.bootstrap, *options, stdin=stdin)

    def test_topics(self):
        self.assertIn("Created topic made.", self.tool("TopicCommand", "--create", "--topic", "made", "--partitions", "3"))
        self.assertIn("made", self.tool("TopicCommand", "--list").split())
        self.tool("TopicCommand", "--alter", "--topic", "made", "--partitions", "5")
        described = self.tool("TopicCommand", "--describe", "--topic", "made")
        self.assertIn("PartitionCount: 5", described)
        self.assertEqual(described.count("Leader: "), 5)
        self.tool("TopicCommand", "--delete", "--topic", "made")
        self.assertNotIn("made", self.tool("TopicCommand", "--list").split())

    def test_console_producer_and_consumer(self):
        topic = self.cluster.client.create_topic("console", 2)
        lines = ["line-%d" % n for n in range(50)]
        self.tool("ConsoleProducer", "--topic", topic, stdin="\n".join(lines) + "\n")
        read = self.tool("consumer.ConsoleConsumer", "--topic", topic, "--from-beginning", "--max-messages", "50",
                         "--timeout-ms", "20000", "--group", "console-readers")
        self.assertEqual(sorted(read.split()), sorted(lines))

    def test_transactions(self):
        """Java's producer in transactions, then what the tools say about an open one."""
        topic = self.cluster.client.create_topic("perf", 2)
        self.cluster.tool(TOOLS + "ProducerPerformance", "--topic", topic, "--num-records", "2000", "--record-size", "20",
                          "--throughput", "-1", "--transactional-id", "perf-id", "--transaction-duration-ms", "50",
                          "--producer-props", "bootstrap.servers=" + self.cluster.bootstrap)
        client = self.cluster.client
        records = sum(client.end_offsets(topic, wire.READ_COMMITTED).values())
        self.assertGreater(records, 2000, "2000 records and the markers of their transactions")
        producer = client.init_producer_id("open-id")
        client.add_partitions("open-id", producer, topic, [0])
        client.produce(topic, 0, [b"x"], producer, "open-id")
        listed = self.tool("TransactionsCommand", "list")
        self.assertRegex(listed, r"open-id\s+\d+\s+%d\s+Ongoing" % producer.producer_id)
        self.assertRegex(listed, r"perf-id\s+\d+\s+\d+\s+CompleteCommit")
        described = self.tool("TransactionsCommand", "describe", "--transactional-id", "open-id")
        self.assertIn("Ongoing", described)
        self.assertIn("perf-0", described)
        shown = self.tool("TransactionsCommand", "describe-producers", "--topic", topic, "--partition", "0")
        self.assertRegex(shown, r"(?m)^%d\s" % producer.producer_id)
        client.end_txn("open-id", producer, False)

    def test_consumer_groups(self):
        topic = self.cluster.client.create_topic("grouped", 2)
        subprocess.run(["kcat", "-P", "-b", self.cluster.bootstrap, "-t", topic, "-p", "1"], input="a\nb\n", text=True, check=True)
        subprocess.run(["kcat", "-b", self.cluster.bootstrap, "-q", "-G", "kcat-group", "-X", "auto.offset.reset=earliest",
                        "-c", "2", topic], check=True, stdout=subprocess.DEVNULL, timeout=60)
        self.assertIn("kcat-group", self.tool("consumer.group.ConsumerGroupCommand", "--list").split())
        described = self.tool("consumer.group.ConsumerGroupCommand", "--describe", "--group", "kcat-group")
        self.assertRegex(described, r"kcat-group\s+grouped\s+1\s+2\s+2\s+0")

    def test_features(self):
        self.assertRegex(self.tool("FeatureCommand", "describe"), r"transaction.version.*FinalizedVersionLevel: 2")
        self.tool("FeatureCommand", "downgrade", "--feature", "transaction.version=1")
        try:
            self.assertEqual(self.cluster.client.finalized_features()["transaction.version"], 1)
        finally:
            self.tool("FeatureCommand", "upgrade", "--feature", "transaction.version=2")

    def test_broker_api_versions(self):
        """A tool that asks every node for everything, and reads all of it."""
        shown = self.tool("BrokerApiVersionsCommand")
        for line in ("Produce(0): 0 to 13", "EndTxn(26): 0 to 5", "TxnOffsetCommit(28): 0 to 6"):
            self.assertIn(line, shown)


def offers(address):
    """key -> (first, last) as a broker says."""
    host, port = address.rsplit(":", 1)
    connection = wire.Connection(host, int(port))
    try:
        body = wire.Writer(True).string("tests").string("1").tags().done()
        answer = connection.call(18, 3, body, True, tagged_header=False)
        wire.check(answer.get("h"), "ApiVersions")
        rows = answer.array(lambda: (answer.get("hhh"), answer.tags())[0])
    finally:
        connection.close()
    return {key: (first, last) for key, first, last in rows}


@on_each(ON_4_V2, ON_4_V1, ON_3, ON_2)
class Offers:
    def test_same_requests_in_the_same_versions(self):
        """Of the requests that the embedded broker has; before Kafka 4 it leaves out versions that nobody asks for any more."""
        release = self.kind["version"].rpartition(".")[0]
        with Broker("--release", release, "--control-port", "-1") as broker:
            ours, theirs = offers(broker.bootstrap), offers(self.cluster.bootstrap.split(",")[0])
        self.assertEqual({key: last for key, (_, last) in ours.items()}, {key: theirs[key][1] for key in ours})
        for key, (first, _) in ours.items():
            if release >= "4":
                self.assertEqual(first, theirs[key][0], "first version of %d" % key)
            else:
                self.assertGreaterEqual(first, theirs[key][0], "first version of %d" % key)
