"""Independent read_committed readers: kcat (librdkafka) and Kafka's own console consumer."""

import json
import subprocess
from collections import namedtuple

LAST_LINE = "(the last line)"

Record = namedtuple("Record", "partition offset key value")


def kcat_read(cluster, topic, isolation="read_committed", timeout=60):
    """Every record from the beginning to the end (of what the isolation shows), in partition and offset order."""
    done = subprocess.run(["kcat", "-C", "-b", cluster.bootstrap, "-t", topic, "-o", "beginning", "-e", "-q", "-J",
                           "-X", "isolation.level=" + isolation, "-X", "fetch.wait.max.ms=20", "-X", "check.crcs=true"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)
    if done.returncode:
        raise RuntimeError("kcat: exit %d: %s" % (done.returncode, done.stderr))
    rows = map(json.loads, done.stdout.splitlines())
    return sorted(Record(row["partition"], row["offset"], row["key"], row["payload"]) for row in rows)


def kcat_write(cluster, topic, lines, partition=0):
    """Plain producing without a transaction; a line is the value, or key:value."""
    subprocess.run(["kcat", "-P", "-b", cluster.bootstrap, "-t", topic, "-p", str(partition), "-K", ":"],
                   input="\n".join(lines) + "\n", stderr=subprocess.PIPE, text=True, timeout=60, check=True)


def console_read(cluster, topic, count, partitions=1):
    """The values that Kafka's own read_committed consumer shows, where count are expected, sorted. It cannot tell the end of a
    topic, so a last line is written to each partition, and it is asked for as many as there should be with them: with a
    record too many it does not come to the last line, with one too few it waits, and gives up after 20 s."""
    for partition in range(partitions):
        kcat_write(cluster, topic, [":" + LAST_LINE], partition)
    shown = cluster.tool("org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", cluster.bootstrap, "--topic", topic,
                         "--from-beginning", "--isolation-level", "read_committed",
                         "--max-messages", str(count + partitions), "--timeout-ms", "20000").splitlines()
    if shown.count(LAST_LINE) != partitions:
        raise AssertionError("%d records and the ends of %d partitions wanted, shown: %s" % (count, partitions, shown))
    return sorted(line for line in shown if line != LAST_LINE)


def describe_producers(cluster, topic, partition):
    """Kafka's own view of a partition's producers: one row for each, column name -> text."""
    shown = cluster.tool("org.apache.kafka.tools.TransactionsCommand", "--bootstrap-server", cluster.bootstrap,
                         "describe-producers", "--topic", topic, "--partition", str(partition))
    heading, *rows = [[cell.strip() for cell in line.split("\t")] for line in shown.splitlines() if line.strip()]
    return [dict(zip(heading, row)) for row in rows]
