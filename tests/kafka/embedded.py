"""ktxn-devbroker in the place of Apache Kafka: the same tests, the same questions, without a JVM.

Embedded has the face of cluster.Cluster as far as the tests use it. Its nodes are threads of one process that come and go by
control lines; only a cluster of one node can be paused, by stopping the process.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import unittest

import wire
from cluster import Cluster, fetch

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("KTXN_BUILD", os.path.join(os.path.dirname(os.path.dirname(HERE)), "build"))
CONTROL_SECONDS = 10


class Broker:
    """A ktxn-devbroker process; options as on its command line. Ready when the constructor returns."""

    def __init__(self, *options, log=None):
        program = os.environ.get("KTXN_DEVBROKER", os.path.join(BUILD, "ktxn-devbroker"))
        # setpriv: it ends with the test, however that ends
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", program, "--port", "0", *map(str, options)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            self.process.wait()
            raise RuntimeError("%s ended with %d" % (program, self.process.returncode))
        self.facts = dict(part.split("=", 1) for part in line.split()[1:])
        self.bootstrap = self.facts["bootstrap.servers"]
        self.control = int(self.facts.get("control", 0))
        self.program = program

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def ask(self, line):
        """What a control line is answered: whether it is "ok", and the text behind that."""
        done = subprocess.run([self.program, "ctl", "--port", str(self.control), line], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=CONTROL_SECONDS)
        word, *rest = done.stdout.strip().split(None, 1)
        return done.returncode == 0 and word == "ok", "".join(rest)

    def do(self, line):
        good, text = self.ask(line)
        if not good:
            raise RuntimeError("%s: %s" % (line, text))
        return text

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Orderly; the exit status."""
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            return self.process.wait(20)
        finally:
            self.kill()
            self.process.stdout.close()


class Node:
    def __init__(self, cluster, number, address):
        self.cluster, self.id, self.address = cluster, number, address
        self.up = True
        self.process = cluster.broker.process

    def running(self):
        return self.up


class Embedded(Cluster):
    def _start(self):
        self.folder = tempfile.mkdtemp(prefix="ktxn-devbroker-")
        self.log = open(os.path.join(self.folder, "broker.log"), "w+b")
        self.broker = Broker(*self.options(), log=self.log)
        self.bootstrap = self.broker.bootstrap
        # Tests name nodes from 1; the embedded ones count from 0. For one node of several both names are good.
        addresses = self.bootstrap.split(",")
        for number, address in enumerate(addresses):
            self.nodes[number] = Node(self, number, address)
        self.client = wire.Client(self.bootstrap)
        self.wait_ready()

    def options(self):
        yield from ("--nodes", self.count, "--release", self.version.rpartition(".")[0], "--no-auto-create")
        if self.transaction_version is not None:
            yield from ("--transaction-version", self.transaction_version)
        yield from ("--do", "pace marker 1000")  # as on a real broker an end is answered before it is complete
        for name, value in self.overrides.items():
            if name == "transaction.partition.verification.enable":
                yield from ("--do", "verification %s" % ("on" if value == "true" else "off"))
            else:
                raise unittest.SkipTest("the embedded broker has no setting " + name)

    def _number(self, number):
        return number % self.count

    def wait_ready(self):
        self._must_be_ready()

    def kill(self, number):
        self._down(number)

    def terminate(self, number):
        self._down(number)

    def _down(self, number):
        number = self._number(number)
        if self.nodes[number].up:
            self.broker.do("node down %d failover=%s" % (number, "yes" if self.count > 1 else "no"))
            self.nodes[number].up = False

    def restart(self, number, orderly=True):
        self._down(number)
        number = self._number(number)
        self.broker.do("node up %d" % number)
        self.nodes[number].up = True

    def pause(self, number):
        self._signal(signal.SIGSTOP)

    def resume(self, number):
        if self.count == 1:
            self._signal(signal.SIGCONT)

    def _signal(self, what):
        if self.count > 1:
            raise unittest.SkipTest("one of several embedded nodes can't be paused")
        self.broker.process.send_signal(what)
        if what == signal.SIGSTOP:
            os.waitpid(self.broker.process.pid, os.WUNTRACED)  # it may still answer until it has stopped

    def tool(self, *command, **options):
        self.jars, self.tools = fetch("4.4.0")
        return super().tool(*command, **options)

    def set_transaction_version(self, level):
        self.broker.do("transaction.version %d" % level)

    def stop(self):
        if self.client:
            self.client.close()
            self.client = None
        broker = getattr(self, "broker", None)
        if broker:
            broker.stop()
            self.broker = None
        if self.folder:
            self.log.seek(0)
            if self.failed:
                print("log of the embedded broker:\n%s" % self.log.read()[-3000:].decode("utf-8", "replace"), flush=True)
            self.log.close()
            shutil.rmtree(self.folder)
            self.folder = None
        self.nodes = {}
