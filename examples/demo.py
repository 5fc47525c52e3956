"""A local Apache Kafka, a copier that is killed while it works, and an independent reader that counts."""

import argparse
import collections
import os
import pathlib
import random
import subprocess
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests" / "kafka"))

import cluster as kafka  # noqa: E402
import readers  # noqa: E402

KEYS = 100
PARTITIONS = 6
INPUT, OUTPUT, GROUP, TRANSACTIONAL_ID = "payments", "bookings", "booking-service", "booking-service-1"


def say(text):
    print("demo: " + text, flush=True)


class Feeder(threading.Thread):
    """Writes numbered records to the input at a steady pace, through kcat."""

    def __init__(self, bootstrap, records, per_second):
        super().__init__(daemon=True)
        self.records, self.per_second = records, per_second
        self.written = 0
        self.error = None
        self.kcat = subprocess.Popen(["kcat", "-P", "-b", bootstrap, "-t", INPUT, "-K", ":", "-X", "enable.idempotence=true"],
                                     stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self):
        try:
            began = time.monotonic()
            while self.written < self.records:
                due = min(self.records, int((time.monotonic() - began) * self.per_second))
                self.kcat.stdin.writelines(f"account-{n % KEYS:03d}:payment {n}\n" for n in range(self.written, due))
                self.kcat.stdin.flush()
                self.written = due
                time.sleep(0.05)
            self.kcat.stdin.close()
            if self.kcat.wait(60):
                self.error = self.kcat.stderr.read()
        except OSError as error:
            self.error = str(error)


class Copier:
    """The service: build/release/examples/transfer."""

    def __init__(self, program, bootstrap, log):
        self.command = [program, bootstrap, INPUT, OUTPUT, GROUP, TRANSACTIONAL_ID, "--batch", "100",
                        "--idle-exit-ms", "3000", "--upper"]
        self.log = log
        self.process = None

    def start(self):
        # setpriv: it ends with this program, however that ends
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self.command], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)

    def kill(self):
        """SIGKILL. False if it had ended by itself before."""
        ended = self.process.poll() is not None
        self.process.kill()
        self.process.wait()
        return not ended


def copied(cluster):
    """What a reader sees of the output at this moment, roughly: commit markers count too."""
    return sum(cluster.client.end_offsets(OUTPUT).values())


def wait_for_growth(cluster, copier, seconds):
    """Until the copier writes, so that the next kill meets it at work."""
    before, end = copied(cluster), time.monotonic() + seconds
    while copied(cluster) <= before:
        if copier.process.poll() is not None or time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def kill_again_and_again(cluster, copier, feeder, kills):
    for number in range(1, kills + 1):
        copier.start()
        if not wait_for_growth(cluster, copier, 60):
            sys.exit(f"demo: the service didn't copy anything; see {copier.log.name}")
        time.sleep(random.uniform(0.2, 1.2))
        if not copier.kill():
            sys.exit(f"demo: the service ended by itself; see {copier.log.name}")
        say(f"{feeder.written:6d} payments written; service killed in the middle of its work ({number} of {kills}), "
            "started again")


def finish(copier, feeder, seconds):
    copier.start()
    feeder.join(seconds)
    if feeder.is_alive() or feeder.error:
        sys.exit(f"demo: writing the input failed: {feeder.error or 'no end'}")
    try:
        status = copier.process.wait(seconds)
    except subprocess.TimeoutExpired:
        copier.kill()
        sys.exit(f"demo: the service doesn't come to an end; see {copier.log.name}")
    if status:
        sys.exit(f"demo: the service failed ({status}); see {copier.log.name}")


def out_of_order(records):
    """Keys whose records, in the order in which a reader meets them, are not in the order in which they were written."""
    last, bad = {}, set()
    for record in records:
        number = int(record.value.split()[1])
        if number < last.get(record.key, -1):
            bad.add(record.key)
        last[record.key] = number
    return bad


def verdict(cluster, count):
    wanted = collections.Counter(f"PAYMENT {n}" for n in range(count))
    seen = readers.kcat_read(cluster, OUTPUT)
    everything = len(readers.kcat_read(cluster, OUTPUT, isolation="read_uncommitted"))
    found = collections.Counter(record.value for record in seen)
    missing = sum((wanted - found).values())
    surplus = sum((found - wanted).values())
    disordered = out_of_order(seen)
    print()
    say(f"input:  {count} payments")
    say(f"output: {len(seen)} bookings, as an independent reader (kcat, read_committed) sees them")
    say(f"        {missing} missing, {surplus} twice or foreign, {len(disordered)} of {KEYS} accounts out of order")
    say(f"        {everything - len(seen)} records of transactions that were cut off lie in the log; no reader is shown them")
    print()
    good = not (missing or surplus or disordered)
    say("EXACTLY ONCE: every payment was booked once, in order, although the service was killed." if good else
        "FAILED: the output is not the input.")
    return 0 if good else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transfer", type=pathlib.Path, required=True)
    parser.add_argument("--records", type=int, default=40000)
    parser.add_argument("--per-second", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=6)
    args = parser.parse_args()
    log_name = TOP / "build" / "logs" / "demo-transfer.log"
    say("starting a Kafka broker on 127.0.0.1 ...")
    with kafka.Cluster("4.4.0") as cluster, open(log_name, "w", encoding="utf-8") as log:
        cluster.client.create_topic(INPUT, PARTITIONS)
        cluster.client.create_topic(OUTPUT, PARTITIONS)
        say(f"a service reads '{INPUT}' and writes '{OUTPUT}', 100 records and their offsets in a transaction")
        feeder = Feeder(cluster.bootstrap, args.records, args.per_second)
        copier = Copier(os.path.abspath(args.transfer), cluster.bootstrap, log)
        try:
            feeder.start()
            kill_again_and_again(cluster, copier, feeder, args.kills)
            say("no more kills; the service works until the input is read ...")
            finish(copier, feeder, 120)
            return verdict(cluster, args.records)
        finally:
            feeder.kcat.kill()
            if copier.process and copier.process.poll() is None:
                copier.kill()


if __name__ == "__main__":
    sys.exit(main())
