#!/usr/bin/env python3
"""A Kafka cluster of one or three nodes on 127.0.0.1, for tests.

In a test:            with Cluster("4.4.0", nodes=1) as cluster: ... cluster.bootstrap ...
On the command line:  cluster.py start --version 4.4.0 --nodes 1 --dir D     (until SIGINT or SIGTERM)
                      cluster.py stop --dir D

The jars are brought by ./fetch. A cluster that failed leaves its logs and its partitions' records (NAME-PARTITION.segment,
for DumpLogSegments) under build/kafka-logs and says where.
"""

import argparse
import glob
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import wire
from node import JAVA, Node, ZooKeeper

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
STORE = os.environ.get("KTXN_KAFKA_DIR", os.path.join(TOP, "build", "kafka"))
LOGS = os.environ.get("KTXN_KAFKA_LOGS", os.path.join(TOP, "build", "kafka-logs"))
START_SECONDS = 90


def fetch(version):
    """The folders of the broker's jars and of the tools' jars."""
    subprocess.run([os.path.join(HERE, "fetch"), version], check=True, stdout=subprocess.DEVNULL)
    broker = os.path.join(STORE, version)
    tools = broker + "-tools"
    return broker, tools if os.path.isdir(tools) else broker


def free_ports(count):
    """Ports below the range that outgoing connections take, so that a node that is down finds its port free again."""
    held = []
    try:
        while len(held) < count:
            holder = socket.socket()
            try:
                holder.bind(("127.0.0.1", random.randrange(20000, 32000)))
            except OSError:
                holder.close()
                continue
            held.append(holder)
        return [holder.getsockname()[1] for holder in held]
    finally:
        for holder in held:
            holder.close()


def settings(nodes):
    """Small, quick, and strict where a test would not notice otherwise."""
    copies = min(nodes, 3)
    durable = 2 if copies == 3 else 1
    # What a node asked of another one that died meanwhile is asked again after this; by itself after 30 s.
    patience = {"request.timeout.ms": 5000} if nodes > 1 else {}
    return {
        **patience,
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "auto.create.topics.enable": "false",
        "num.network.threads": 2,
        "num.io.threads": 4,
        "log.cleaner.dedupe.buffer.size": 4194304,
        "min.insync.replicas": durable,
        "default.replication.factor": copies,
        "offsets.topic.num.partitions": 4,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.num.partitions": 4,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": durable,
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": 500,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        "controlled.shutdown.retry.backoff.ms": 500,
    }


def kraft_settings(voters, controller_port):
    return {
        "process.roles": "broker,controller",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": voters,
        # A node that was killed is given up after this, and its partitions and coordinators move.
        "broker.session.timeout.ms": 4000,
        "broker.heartbeat.interval.ms": 500,
    }, ",CONTROLLER://127.0.0.1:%d" % controller_port


def zookeeper_settings(zookeeper):
    """Both start at the same time: the broker waits for the ZooKeeper."""
    return {
        "zookeeper.connect": zookeeper.address,
        "zookeeper.session.timeout.ms": 4000,
        "zookeeper.connection.timeout.ms": START_SECONDS * 1000,
    }, ""


class Cluster:
    """nodes are numbered from 1. transaction_version None means what the release itself would choose. overrides are settings
    of the brokers, and label says in a word what they are for."""

    def __init__(self, version="4.4.0", nodes=1, transaction_version=None, overrides=None, folder=None, label=None):
        self.version = version
        self.transaction_version = transaction_version
        self.count = nodes
        self.overrides = overrides or {}
        self.label = label
        self.failed = False
        self.owned = folder is None
        self.folder = folder
        self.nodes = {}
        self.zookeeper = None
        self.client = None

    def __str__(self):
        level = "" if self.transaction_version is None else " at transaction.version %d" % self.transaction_version
        level += " (%s)" % self.label if self.label else ""
        return "Kafka %s%s, %d node%s" % (self.version, level, self.count, "s" if self.count > 1 else "")

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        self.failed = self.failed or kind is not None
        self.stop()

    # -- life

    def start(self):
        try:
            self._start()
        except BaseException:
            self.failed = True
            self.stop()
            raise
        return self

    def _start(self):
        self.jars, self.tools = fetch(self.version)
        if self.owned:
            self.folder = tempfile.mkdtemp(prefix="ktxn-kafka-")
        self._make_nodes()
        if not self.zookeeper:
            features = [] if self.transaction_version is None else ["transaction.version=%d" % self.transaction_version]
            for node in self.nodes.values():
                node.format(features)
        for process in self.processes():
            process.start()
        self.client = wire.Client(self.bootstrap)
        self.wait_ready()

    def _make_nodes(self):
        ports = free_ports(2 * self.count)
        if self.version < "3":
            self.zookeeper = ZooKeeper(os.path.join(self.folder, "zookeeper"), self.jars, ports[1])
        voters = ",".join("%d@127.0.0.1:%d" % (n, ports[2 * n - 1]) for n in range(1, self.count + 1))
        for n in range(1, self.count + 1):
            folder = os.path.join(self.folder, "node-%d" % n)
            mode, listener = zookeeper_settings(self.zookeeper) if self.zookeeper else kraft_settings(voters, ports[2 * n - 1])
            config = {**settings(self.count), **mode, **self.overrides}
            config.update({
                "broker.id" if self.zookeeper else "node.id": n,
                "log.dirs": os.path.join(folder, "data"),
                "listeners": "PLAINTEXT://127.0.0.1:%d%s" % (ports[2 * n - 2], listener),
                "advertised.listeners": "PLAINTEXT://127.0.0.1:%d" % ports[2 * n - 2],
            })
            self.nodes[n] = Node(n, folder, self.jars, config)
        self.bootstrap = ",".join(node.address for node in self.nodes.values())

    def processes(self):
        return [self.zookeeper] * bool(self.zookeeper) + list(self.nodes.values())

    def wait_ready(self):
        """Ready means: all running nodes are known, topics can be made, both kinds of coordinator answer."""
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self._must_be_ready()
                return
            except (wire.KafkaError, OSError) as error:
                for process in self.processes():
                    if process.broken():
                        raise RuntimeError("%s of %s ended:\n%s" % (process, self, process.last_words())) from error
                if time.monotonic() > end:
                    raise RuntimeError("%s is not ready after %d s: %s" % (self, START_SECONDS, error)) from error
            time.sleep(0.1)

    def _must_be_ready(self):
        running = {node.id for node in self.nodes.values() if node.running()}
        for number in running:
            with wire.Client(self.nodes[number].address) as client:
                client.metadata([])
                missing = running - set(client.addresses)
                if missing:
                    raise wire.KafkaError(5, "node %d does not know %s yet" % (number, sorted(missing)))
        self.client.create_topic("ready", 1, len(running), validate_only=True)
        self.client.coordinator("ready", wire.GROUP)
        self.client.coordinator("ready", wire.TRANSACTION)

    def stop(self):
        if self.client:
            self.client.close()
        for process in self.processes():
            if process.process:
                process.signal(signal.SIGCONT)
                # The data is thrown away: an orderly end would only cost time, and three nodes wait for each other.
                process.kill()
        if self.failed:
            self.keep_logs()
        if self.owned and self.folder:
            shutil.rmtree(self.folder)
        self.nodes = {}
        self.zookeeper = None

    def keep_logs(self):
        kept = os.path.join(LOGS, "%s-%s" % (time.strftime("%H%M%S"), os.path.basename(self.folder)))
        for process in self.processes():
            target = os.path.join(kept, os.path.basename(process.folder))
            os.makedirs(target)
            for name in (process.log, process.properties):
                if os.path.exists(name):
                    shutil.copy(name, target)
            for path in glob.glob(os.path.join(process.folder, "data", "*", "*.log")):
                if os.path.getsize(path):
                    shutil.copy(path, os.path.join(target, os.path.basename(os.path.dirname(path)) + ".segment"))
        print("logs of %s kept in %s" % (self, kept), file=sys.stderr, flush=True)

    # -- what a test does to its nodes

    def kill(self, number):
        self.nodes[number].kill()

    def terminate(self, number):
        self.nodes[number].stop()

    def restart(self, number, orderly=True):
        node = self.nodes[number]
        if node.running():
            (node.stop if orderly else node.kill)()
        if self.zookeeper:
            self.zookeeper.wait_forgotten(number)
        node.start()
        self.wait_ready()

    def pause(self, number):
        """Returns when no thread of the node runs any more: the signal alone takes effect a little later."""
        self.nodes[number].signal(signal.SIGSTOP)
        end = time.monotonic() + START_SECONDS
        while not self.nodes[number].stands_still():
            if time.monotonic() > end:
                raise RuntimeError("node %d does not stop" % number)
            time.sleep(0.001)

    def resume(self, number):
        self.nodes[number].signal(signal.SIGCONT)

    # -- what a test asks

    def wait_in_sync(self, topic):
        """Every running node agrees on the topic's leaders, and all replicas are in sync. A node that has slept goes on as the
        leader that it was until it hears of its successor, and serves readers what it knew then."""
        def must_agree():
            views = [self.client.metadata([topic], node.address)[topic] for node in self.nodes.values() if node.running()]
            behind = [p for view in views for p in view if sorted(p.isr) != sorted(p.replicas)]
            if behind or len({tuple(p.leader for p in view) for view in views}) > 1:
                raise wire.KafkaError(wire.NOT_LEADER, "%s is not in sync: %s" % (topic, views))

        wire.retry(must_agree, START_SECONDS)

    def wait_alone(self, topic, partition, leader):
        """That leader has heard that all its followers are gone: if it needs one it takes nothing more, no marker either."""
        def must_be_alone():
            isr = self.client.metadata([topic], self.nodes[leader].address)[topic][partition].isr
            if list(isr) != [leader]:
                raise wire.KafkaError(wire.NOT_LEADER, "%s/%d is in sync at %s" % (topic, partition, isr))

        wire.retry(must_be_alone, START_SECONDS)

    def tool(self, *command, stdin=None, timeout=60):
        """Runs a class of Kafka's own tools and returns what it prints."""
        done = subprocess.run(["java", "-Xmx256m", *JAVA[1:], "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                               "-Dlog4j.configuration=file:/dev/null", "-cp", self.tools + "/*", *command],
                              input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)
        if done.returncode:
            raise RuntimeError("%s: exit %d\n%s%s" % (command[0], done.returncode, done.stdout, done.stderr))
        return done.stdout

    def set_transaction_version(self, level):
        """Takes the running cluster to another transaction.version, and waits until every node has heard of it."""
        if self.client.finalized_features().get("transaction.version", 0) != level:
            self.client.set_feature("transaction.version", level)

        def all_know():
            for node in self.nodes.values():
                if node.running() and self.client.finalized_features(node.address).get("transaction.version", 0) != level:
                    raise wire.KafkaError(wire.NOT_LEADER, "node %d is behind" % node.id)

        wire.retry(all_know)


def run_start(options):
    if os.path.exists(options.dir) and os.listdir(options.dir):
        sys.exit("cluster.py: %s is not empty; choose a new folder or stop the cluster that runs there" % options.dir)
    os.makedirs(options.dir, exist_ok=True)
    stops = (signal.SIGINT, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    with open(os.path.join(options.dir, "pid"), "w") as out:
        out.write("%d\n" % os.getpid())
    overrides = dict(item.split("=", 1) for item in options.set)
    with Cluster(options.version, options.nodes, options.transaction_version, overrides, os.path.abspath(options.dir)) as cluster:
        print(cluster.bootstrap, flush=True)
        signal.sigwait(stops)
    shutil.rmtree(options.dir)


def alive(pid):
    """True while pid runs something that belongs to a cluster of ours (and not another process with a used-up number)."""
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as source:
            command = source.read()
        with open("/proc/%d/stat" % pid) as source:
            state = source.read().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z" and any(word in command for word in (b"cluster.py", b"kafka.Kafka", b"QuorumPeerMain"))


def run_stop(options):
    try:
        with open(os.path.join(options.dir, "pid")) as source:
            pid = int(source.read())
    except OSError:
        sys.exit("cluster.py: no cluster in %s" % options.dir)
    if alive(pid):
        os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + 60
    while alive(pid):
        if time.monotonic() > end:
            sys.exit("cluster.py: process %d has not ended after 60 s" % pid)
        time.sleep(0.1)
    if os.path.exists(options.dir):
        shutil.rmtree(options.dir)


def main():
    parser = argparse.ArgumentParser(description="Starts and stops a Kafka cluster on 127.0.0.1.")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("start", help="prints the bootstrap addresses, then runs until SIGINT or SIGTERM")
    start.add_argument("--version", default="4.4.0")
    start.add_argument("--nodes", type=int, choices=(1, 3), default=1)
    start.add_argument("--transaction-version", type=int, choices=(0, 1, 2))
    start.add_argument("--dir", required=True)
    start.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a broker setting")
    stop = commands.add_parser("stop", help="ends the cluster that was started with this folder")
    stop.add_argument("--dir", required=True)
    options = parser.parse_args()
    (run_start if options.command == "start" else run_stop)(options)


if __name__ == "__main__":
    main()
