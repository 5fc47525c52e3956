"""The processes of a cluster: Kafka's nodes, and the ZooKeeper that brokers before 3.3 need."""

import os
import signal
import socket
import subprocess
import time

CLUSTER_ID = "a3RQTmtYVHhuVGVzdHMwMQ"
# A node lives a minute or two: quick start and a small footprint matter more than top speed.
JAVA = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]
STOP_SECONDS = 20
FORGET_SECONDS = 60


class Process:
    """A Java process with a folder of its own: its properties, its log, its data."""

    main = None

    def __init__(self, folder, jars, config):
        self.folder = folder
        self.jars = jars
        self.log = os.path.join(folder, "server.log")
        self.properties = os.path.join(folder, "server.properties")
        self.process = None
        os.makedirs(folder)
        with open(self.properties, "w") as out:
            out.writelines("%s=%s\n" % item for item in config.items())
        with open(os.path.join(folder, "log4j.properties"), "w") as out:
            out.write("log4j.rootLogger=INFO, out\nlog4j.appender.out=org.apache.log4j.ConsoleAppender\n"
                      "log4j.appender.out.layout=org.apache.log4j.PatternLayout\n"
                      "log4j.appender.out.layout.ConversionPattern=[%d] %p %m (%c)%n\n")

    def java(self, *command):
        """2.x and 3.x log by log4j, 4.x by slf4j-simple; each ignores the other's settings."""
        logging = ["-Dlog4j.configuration=file:" + os.path.join(self.folder, "log4j.properties"),
                   "-Dorg.slf4j.simpleLogger.showDateTime=true",
                   "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss,SSS"]
        return ["java", *JAVA, *logging, "-cp", self.jars + "/*", *command]

    def start(self):
        """setpriv sees to it that no process outlives the test that started it, however that ends."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self.java(self.main, self.properties)],
                                            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        with open(os.path.join(self.folder, "pid"), "w") as out:
            out.write("%d\n" % self.process.pid)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def broken(self):
        """True if it ended by itself."""
        return self.process is not None and self.process.poll() not in (None, -signal.SIGKILL, -signal.SIGTERM, 143)

    def signal(self, number):
        if self.running():
            self.process.send_signal(number)

    def stands_still(self):
        """Every thread is stopped, or the process has ended."""
        if not self.running():
            return True
        folder = "/proc/%d/task" % self.process.pid
        return all(self.thread_state(os.path.join(folder, thread)) in "tTZX" for thread in os.listdir(folder))

    @staticmethod
    def thread_state(folder):
        try:
            with open(os.path.join(folder, "stat")) as source:
                return source.read().rsplit(")", 1)[1].split()[0]
        except OSError:
            return "X"  # it has ended meanwhile

    def stop(self):
        """SIGCONT first: a paused node must hear of it."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def last_words(self):
        with open(self.log, errors="replace") as log:
            return "".join(log.readlines()[-25:])


class Node(Process):
    """One broker, and but for brokers with ZooKeeper one controller."""

    main = "kafka.Kafka"

    def __init__(self, node_id, folder, jars, config):
        super().__init__(folder, jars, config)
        self.id = node_id
        self.address = config["advertised.listeners"].split("//")[1]

    def __str__(self):
        return "node %d" % self.id

    def format(self, features):
        options = [option for feature in features for option in ("--feature", feature)]
        done = subprocess.run(self.java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", self.properties, *options),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise RuntimeError("%s cannot be formatted:\n%s" % (self, done.stdout[-3000:]))


class ZooKeeper(Process):
    """One ZooKeeper, as Kafka 2.8 brings it. Ticks are short, so that a killed broker is given up as soon as with KRaft."""

    main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"

    def __init__(self, folder, jars, port):
        super().__init__(folder, jars, {
            "dataDir": os.path.join(folder, "data"),
            "clientPort": port,
            "clientPortAddress": "127.0.0.1",
            "admin.enableServer": "false",
            "tickTime": 500,
            "4lw.commands.whitelist": "dump",
        })
        self.port = port
        self.address = "127.0.0.1:%d" % port

    def __str__(self):
        return "ZooKeeper"

    def knows(self, node_id):
        """Whether the node is registered: in a session that lasts."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as asked:
            asked.sendall(b"dump")
            with asked.makefile() as answer:
                return "/brokers/ids/%d" % node_id in map(str.strip, answer)

    def wait_forgotten(self, node_id):
        """A node that was killed can't register again before its old session has ended."""
        end = time.monotonic() + FORGET_SECONDS
        while self.knows(node_id):
            if time.monotonic() > end:
                raise RuntimeError("node %d is still registered after %d s" % (node_id, FORGET_SECONDS))
            time.sleep(0.1)
