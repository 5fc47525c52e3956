#!/usr/bin/env python3
"""ktxn-devbroker, the program: its command line, its control lines, its directory; kcat, ktxn-drive and examples/transfer on it.

    test_program.py --build DIR [TEST...]
"""

import argparse
import os
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests", "kafka"), os.path.join(TOP, "tests", "drive")]

import drive  # noqa: E402
import embedded  # noqa: E402
import wire  # noqa: E402

SECONDS = 60


class Case(unittest.TestCase):
    def broker(self, *options, **more):
        broker = embedded.Broker("--control-port", "0", "--quiet", *options, **more)
        self.addCleanup(broker.stop)
        return broker

    def directory(self):
        directory = tempfile.TemporaryDirectory(prefix="ktxn-devbroker-")
        self.addCleanup(directory.cleanup)
        return directory.name

    def kcat(self, broker, *options, stdin=None):
        done = subprocess.run(["kcat", "-b", broker.bootstrap, *options], input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def read(self, broker, topic, isolation="read_committed"):
        return self.kcat(broker, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-X", "isolation.level=" + isolation,
                         "-X", "fetch.wait.max.ms=20").split()

    def producer(self, broker, transactional_id, **settings):
        """A ktxn-drive that is ready for its first transaction."""
        program = drive.Drive({"bootstrap.servers": broker.bootstrap})
        self.addCleanup(program.stop)
        program.config({"transactional.id": transactional_id, **{k.replace("_", "."): v for k, v in settings.items()}})
        for line in ("new p", "init 30000"):
            self.do(program, line)
        return program

    def do(self, program, *lines):
        for line in lines:
            answer = program.cmd(line, SECONDS)
            self.assertTrue(answer.ok, "%s: %s\n%s" % (line, answer, program.errors()[-2000:]))


class CommandLine(Case):
    def run_program(self, *options):
        return subprocess.run([os.path.join(embedded.BUILD, "ktxn-devbroker"), *options], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS)

    def test_wrong_options_are_refused_with_their_name(self):
        for options, part in [
                (["--port", "99999"], "--port 99999"), (["--port", "x"], "--port x"), (["--nodes", "0"], "--nodes 0"),
                (["--nodes", "17"], "--nodes 17"), (["--release", "1.0"], "release 1.0 isn't known"),
                (["--release", "3.9", "--transaction-version", "2"], "no transaction.version 2"),
                (["--host", "localhost"], "not a numeric address"), (["--data", "/dev/null/x"], "/dev/null/x"),
                (["--topic", ":3"], "no name"), (["--topic", "a:0"], "wanted a number"),
                (["--do", "node up 0", "--port", "0"], "node up 0: error"), (["surplus"], "surplus"),
                (["--unknown"], "--unknown")]:
            with self.subTest(options=options):
                done = self.run_program(*options)
                self.assertIn(done.returncode, (1, 2))
                self.assertIn(part, done.stdout)

    def test_port_in_use(self):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            port = holder.getsockname()[1]
            done = self.run_program("--port", str(port), "--control-port", "0")
        self.assertEqual(done.returncode, 1)
        self.assertIn("port %d: Address already in use" % port, done.stdout)

    def test_help(self):
        done = self.run_program("--help")
        self.assertEqual(done.returncode, 0)
        for word in ("--port", "--nodes", "--data", "--release", "--transaction-version", "ctl"):
            self.assertIn(word, done.stdout)

    def test_ends_by_signal_and_by_line(self):
        self.assertEqual(self.broker().stop(), 0)
        broker = self.broker()
        self.assertEqual(broker.ask("stop"), (True, ""))
        self.assertEqual(broker.process.wait(SECONDS), 0)

    def test_control_lines(self):
        broker = self.broker("--nodes", "2", "--topic", "a:3", "--topic", "b", "--do", "leader a 2 1")
        self.assertEqual(broker.do("topic list"), "a:3 b:1")
        self.assertIn("leader=1", broker.do("show log a 2"))
        self.assertIn("transaction.version LEVEL", broker.do("help"))
        good, text = broker.ask("leader a 7 1")
        self.assertFalse(good)
        self.assertIn("no such partition", text)

    def test_the_page_lists_every_line(self):
        with open(os.path.join(TOP, "docs", "DEVBROKER.md"), encoding="utf-8") as page:
            self.assertIn("```\n%s\n```" % self.broker().do("help"), page.read())

    def test_control_lines_from_standard_input(self):
        broker = self.broker()
        done = subprocess.run([broker.program, "ctl", "--port", str(broker.control)], input="topic create a\n\ntopic list\n",
                              stdout=subprocess.PIPE, text=True, timeout=SECONDS)
        self.assertEqual((done.returncode, done.stdout.split("\n")), (0, ["ok", "ok a:1", ""]))

    def test_long_replies_are_whole_or_errors(self):
        broker = self.broker()
        lengths = [249, 249, 249, 249, 10]  # the reply has as many bytes as ctl reads at once
        names = [chr(97 + i) * length for i, length in enumerate(lengths)]
        names += ["%0249d" % i for i in range(400)]
        self.control(broker, ["topic create " + name for name in names[:5]])
        self.assertEqual(broker.do("topic list").split(), [name + ":1" for name in names[:5]])
        done = subprocess.run([broker.program, "ctl", "--port", str(broker.control)], input="topic list\nping\n",
                              stdout=subprocess.PIPE, text=True, timeout=SECONDS)
        self.assertEqual((done.returncode, done.stdout[-4:]), (0, "\nok\n"))
        self.control(broker, ["topic create " + name for name in names[5:]])
        self.assertEqual(broker.do("topic list").split(), [name + ":1" for name in names])
        replies = self.control(broker, ["topic list"] * 3)  # one after the other, none in another's way
        self.assertEqual([len(reply.split()) for reply in replies], [len(names) + 1] * 3)
        self.control(broker, ["topic create %0249d" % i for i in range(400, 4400)])
        good, text = broker.ask("topic list")
        self.assertEqual((good, text), (False, "the reply is too long"))
        self.assertEqual(broker.do("ping"), "")

    def control(self, broker, lines):
        """All lines at once, without a wait for replies; the replies."""
        with socket.create_connection(("127.0.0.1", broker.control), SECONDS) as connection:
            connection.settimeout(SECONDS)
            replies = []
            for start in range(0, len(lines), 100):
                some = lines[start:start + 100]
                connection.sendall("".join(line + "\n" for line in some).encode())
                data = b""
                while data.count(b"\n\n") < len(some):
                    more = connection.recv(65536)
                    self.assertTrue(more)
                    data += more
                replies += data.decode().split("\n\n")[:-1]
        return replies

    def test_no_broker_no_answer(self):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            done = self.run_program("ctl", "--port", str(holder.getsockname()[1]), "ping")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no broker at control port", done.stdout)

    def test_odd_bytes_at_both_ports(self):
        broker = self.broker("--topic", "a")
        port = int(broker.bootstrap.rsplit(":", 1)[1])
        noise = random.Random(1)
        for target in (port, broker.control):
            for size in (1, 3, 100, 70000):
                with socket.create_connection(("127.0.0.1", target)) as connection:
                    connection.settimeout(SECONDS)
                    try:
                        connection.sendall(noise.randbytes(size))
                    except OSError:
                        pass
        self.assertEqual(broker.do("topic list"), "a:1")


    def test_what_clients_are_told(self):
        broker = self.broker("--advertised-host", "localhost", "--nodes", "2")
        self.assertTrue(broker.bootstrap.startswith("localhost:"))
        with wire.Client(broker.bootstrap) as client:
            client.metadata([])
            self.assertEqual(sorted(client.addresses.values()), sorted(broker.bootstrap.split(",")))

    def test_ipv6(self):
        if not os.path.exists("/proc/net/if_inet6"):
            self.skipTest("no IPv6 here")
        broker = self.broker("--host", "::1", "--topic", "a")
        self.assertTrue(broker.bootstrap.startswith("[::1]:"))
        self.assertIn('topic "a"', self.kcat(broker, "-L"))
        self.assertEqual(broker.do("topic list"), "a:1")

    def test_no_descriptor_left(self):
        """Who comes too late waits until somebody goes; the others are served all the time."""
        broker = self.broker("--topic", "a")
        host, port = broker.bootstrap.rsplit(":", 1)
        first = wire.Client(broker.bootstrap)
        self.addCleanup(first.close)
        first.metadata(["a"])
        resource.prlimit(broker.process.pid, resource.RLIMIT_NOFILE, (24, 24))
        crowd = [socket.create_connection((host, int(port)), SECONDS) for _ in range(40)]
        self.assertEqual(len(first.metadata(["a"])), 1)
        late = wire.Client(broker.bootstrap)
        self.addCleanup(late.close)
        late.connect(broker.bootstrap).socket.settimeout(SECONDS)
        for connection in crowd:
            connection.close()
        self.assertEqual(len(late.metadata(["a"])), 1)


class Nodes(Case):
    def test_a_node_goes_and_comes_back_on_its_port(self):
        broker = self.broker("--nodes", "2", "--topic", "a:2")
        address = broker.bootstrap.split(",")[1]
        host, port = address.rsplit(":", 1)
        connection = socket.create_connection((host, int(port)))
        self.addCleanup(connection.close)
        broker.do("node down 1")
        connection.settimeout(SECONDS)
        self.assertEqual(connection.recv(1), b"")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((host, int(port)))
        self.kcat(broker, "-P", "-t", "a", "-p", "1", stdin="x\n")
        broker.do("node up 1")
        with wire.Client(address) as client:
            self.assertEqual(sum(client.end_offsets("a").values()), 1)


    def test_a_port_that_was_taken_meanwhile(self):
        broker = self.broker("--nodes", "2", "--topic", "a:2")
        address = broker.bootstrap.split(",")[1]
        port = int(address.rsplit(":", 1)[1])
        broker.do("node down 1")
        with socket.socket() as holder:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind(("127.0.0.1", port))
            holder.listen()
            good, text = broker.ask("node up 1")
            self.assertFalse(good, text)
            self.assertIn("can't listen on its port: Address already in use", text)
        broker.do("node down 1")
        broker.do("node up 1")
        with wire.Client(address) as client:
            self.assertEqual(len(client.metadata(["a"])), 1)


class Directory(Case):
    def start(self, directory, *options):
        return self.broker("--data", directory, *options)

    def test_everything_is_there_after_a_kill(self):
        directory = self.directory()
        broker = self.start(directory, "--topic", "t:2")
        first = self.producer(broker, "first")
        self.do(first, "begin", "send t 0 - one", "send t 1 - two", "commit 30000", "begin", "send t 0 - open", "flush 30000")
        self.kcat(broker, "-P", "-t", "made-on-demand", stdin="a\nb\n")
        broker.kill()
        broker = self.start(directory)
        self.assertEqual(broker.do("topic list"), "t:2 made-on-demand:1")
        self.assertEqual(sorted(self.read(broker, "t")), ["one", "two"])
        self.assertEqual(self.read(broker, "made-on-demand"), ["a", "b"])
        self.assertIn("state=Ongoing", broker.do("show transaction first"))
        second = self.producer(broker, "first")
        self.do(second, "begin", "send t 0 - three", "commit 30000")
        broker.kill()
        broker = self.start(directory)
        self.assertEqual(sorted(self.read(broker, "t")), ["one", "three", "two"])
        self.assertIn("open", self.read(broker, "t", "read_uncommitted"))

    def test_the_same_command_line_again(self):
        directory = self.directory()
        for _ in range(2):
            broker = self.start(directory, "--topic", "t:3")
            self.assertEqual(broker.do("topic list"), "t:3")
            broker.stop()

    def test_a_torn_end_is_cut_off(self):
        directory = self.directory()
        broker = self.start(directory, "--topic", "t")
        self.kcat(broker, "-P", "-t", "t", stdin="kept\n")
        end = broker.do("show log t 0")
        self.kcat(broker, "-P", "-t", "t", stdin="cut\n")
        broker.kill()
        journal = os.path.join(directory, "journal")
        whole = os.path.getsize(journal)
        for cut in (1, 30, 100):
            with open(journal, "r+b") as file:
                file.truncate(whole - cut)
        broker = self.start(directory)
        self.assertEqual(broker.do("show log t 0"), end)
        self.kcat(broker, "-P", "-t", "t", stdin="new\n")
        broker.kill()
        self.assertEqual(self.read(self.start(directory), "t"), ["kept", "new"])

    def test_what_a_fault_has_counted_stays_counted(self):
        """Also requests that change nothing else: what hits the next one does not hit another one after a restart."""
        directory = self.directory()
        broker = self.start(directory, "--topic", "t")
        self.assertEqual(broker.do("fault ListOffsets count=1 error=UNKNOWN_SERVER_ERROR"), "")
        ask = ["kcat", "-b", broker.bootstrap, "-Q", "-t", "t:0:-1"]
        self.assertNotEqual(subprocess.run(ask, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS).returncode, 0)
        broker.kill()
        broker = self.start(directory)
        ask[2] = broker.bootstrap
        subprocess.run(ask, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS, check=True)

    def test_a_directory_has_one_owner_and_one_kind(self):
        directory = self.directory()
        broker = self.start(directory)
        for options, part in [([], "in use by another broker"), (["--nodes", "3"], "another kind of cluster"),
                              (["--kafka-timers"], "another kind of cluster"), (["--memory", "64"], "another kind of cluster")]:
            if options:
                broker.stop()
            done = subprocess.run([broker.program, "--port", "0", "--data", directory, *options], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=SECONDS)
            self.assertEqual(done.returncode, 1)
            self.assertIn(part, done.stdout)


class Clients(Case):
    def test_kcat(self):
        broker = self.broker("--topic", "t:3", "--nodes", "3")
        for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
            self.kcat(broker, "-P", "-t", "t", "-K:", "-z", codec, stdin="".join("%d:%s\n" % (i, codec) for i in range(20)))
        self.assertEqual(len(self.read(broker, "t")), 100)
        self.assertIn('topic "t" with 3 partitions', self.kcat(broker, "-L", "-t", "t"))
        group = self.kcat(broker, "-G", "readers", "-X", "auto.offset.reset=earliest", "-c", "100", "-q", "t")
        self.assertEqual(len(group.split()), 100)

    def test_our_producer_at_every_release(self):
        for release in ("2.5", "2.8", "3.3", "3.6", "3.9", "4.0", "4.2", "4.4"):
            with self.subTest(release=release):
                broker = self.broker("--release", release, "--topic", "t:2", "--nodes", "2")
                program = self.producer(broker, "tid")
                for n in range(6):
                    self.do(program, "begin", "send t 0 - a%d" % n, "send t 1 - b%d" % n, "flush 30000",
                            "abort 30000" if n % 3 == 1 else "commit 30000")
                self.assertEqual(sorted(self.read(broker, "t")), ["a0", "a2", "a3", "a5", "b0", "b2", "b3", "b5"])
                program.stop()
                broker.stop()

    def test_our_producer_through_lost_answers(self):
        """Whatever is lost on the way, commit says the truth; V2, and V1 on the same cluster."""
        lost = ["EndTxn drop=after", "EndTxn close=after", "EndTxn close=before", "Produce close=after", "Produce drop=before",
                "EndTxn error=COORDINATOR_NOT_AVAILABLE", "EndTxn delay=100", "Produce error=NOT_LEADER_OR_FOLLOWER count=3",
                "any close=answered count=2"]
        for level in (2, 1):
            broker = self.broker("--topic", "t", "--nodes", "2", "--transaction-version", level)
            program = self.producer(broker, "tid", request_timeout_ms="500")
            for n, fault in enumerate(lost):
                with self.subTest(level=level, fault=fault):
                    broker.do("fault " + fault)
                    self.do(program, "begin", "send t 0 - %d" % n, "commit 30000")
                    broker.do("faults clear")
            self.assertEqual(self.read(broker, "t"), [str(n) for n in range(len(lost))])
            program.stop()

    def test_transfer_is_killed(self):
        """Consume, transform, produce, killed again and again: every record once and in order."""
        broker = self.broker("--topic", "in", "--topic", "out:2", "--nodes", "2")
        self.fill(broker)
        with wire.Client(broker.bootstrap) as ends:
            for kill in range(4):
                with self.transfer(broker) as copier:
                    self.await_progress(ends, copier, 600 * (kill + 1))
                    copier.kill()
        self.finish_transfer(broker)

    def test_broker_is_killed_under_transfer(self):
        """The same for the broker, which has a directory: what it has answered is there when it comes back."""
        directory = self.directory()
        broker = self.broker("--data", directory, "--topic", "in", "--topic", "out:2")
        port = broker.bootstrap.rsplit(":", 1)[1]
        self.fill(broker)
        with self.transfer(broker) as copier:
            self.addCleanup(copier.kill)
            for kill in range(3):
                with wire.Client(broker.bootstrap) as ends:
                    self.await_progress(ends, copier, 600 * (kill + 1))
                broker.kill()
                broker = self.broker("--data", directory, "--port", port)
        self.finish_transfer(broker)

    def transfer(self, broker):
        command = [os.path.join(embedded.BUILD, "examples", "transfer"), broker.bootstrap, "in", "out", "copiers", "copier",
                   "--batch", "50", "--idle-exit-ms", "1000"]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def fill(self, broker):
        self.kcat(broker, "-P", "-t", "in", "-K:", stdin="".join("k%d:%d\n" % (n % 7, n) for n in range(3000)))

    def finish_transfer(self, broker):
        """Lets it come to the end of the input, and counts."""
        with self.transfer(broker) as copier:
            self.assertEqual(copier.wait(SECONDS), 0)
        rows = [line.split(":") for line in self.kcat(
            broker, "-C", "-t", "out", "-o", "beginning", "-e", "-q", "-f", "%k:%s\n", "-X",
            "isolation.level=read_committed").split()]
        self.assertEqual(sorted(int(value) for _, value in rows), list(range(3000)))
        for key in range(7):
            found = [int(value) for name, value in rows if name == "k%d" % key]
            self.assertEqual(found, sorted(found))

    def await_progress(self, ends, copier, records):
        limit = time.monotonic() + SECONDS
        while sum(ends.end_offsets("out").values()) < records:
            self.assertIsNone(copier.poll(), "transfer ended by itself")
            self.assertLess(time.monotonic(), limit)
            time.sleep(0.005)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    known, rest = parser.parse_known_args()
    embedded.BUILD = os.path.abspath(known.build)
    os.environ["KTXN_DRIVE"] = os.path.join(embedded.BUILD, "tests", "drive", "ktxn-drive")
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
