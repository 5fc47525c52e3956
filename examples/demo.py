"""The embedded broker, a service that is killed while it works, and an independent reader that counts."""

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

import embedded  # noqa: E402
import readers  # noqa: E402
import wire  # noqa: E402

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
                        "--idle-exit-ms", "2000", "--upper"]
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


def booked(client):
    """How far the group's committed offsets are: so many records are copied for good. Answered while the service runs; what
    a killed one has left open makes the broker hold the answer back."""
    offsets = client.committed(GROUP, INPUT, PARTITIONS)
    return sum(offset for offset in offsets.values() if offset > 0)


def wait_for_commit(client, copier, seconds):
    """Until the copier has committed something, so that the next kill meets it at work."""
    before, end = booked(client), time.monotonic() + seconds
    while booked(client) <= before:
        if copier.process.poll() is not None or time.monotonic() > end:
            sys.exit(f"demo: the service didn't copy anything; see {copier.log.name}")
        time.sleep(0.02)


def kill_again_and_again(client, copier, feeder, kills):
    for number in range(1, kills + 1):
        copier.start()
        wait_for_commit(client, copier, 60)
        time.sleep(random.uniform(0.2, 1.0))
        done = booked(client)
        time.sleep(random.uniform(0, 0.05))
        if not copier.kill():
            sys.exit(f"demo: the service ended by itself; see {copier.log.name}")
        say(f"{feeder.written:6d} payments written, {done:6d} booked: "
            f"service killed in the middle of its work ({number} of {kills})")


def finish(client, copier, feeder, seconds):
    """Lets the service come to the end of the input, with a line every other second."""
    copier.start()
    end = time.monotonic() + seconds
    while copier.process.poll() is None:
        if time.monotonic() > end:
            sys.exit(f"demo: the service doesn't come to an end; see {copier.log.name}")
        say(f"{feeder.written:6d} payments written, {booked(client):6d} booked")
        time.sleep(2)
    if feeder.is_alive() or feeder.error:
        sys.exit(f"demo: writing the input failed: {feeder.error or 'the service ended before it'}")
    if copier.process.returncode:
        sys.exit(f"demo: the service failed ({copier.process.returncode}); see {copier.log.name}")


def out_of_order(records):
    """Keys whose records, in the order in which a reader meets them, are not in the order in which they were written."""
    last, bad = {}, set()
    for record in records:
        number = int(record.value.split()[1])
        if number < last.get(record.key, -1):
            bad.add(record.key)
        last[record.key] = number
    return bad


def show_transaction(broker):
    """The coordinator's word on the service's last transaction."""
    facts = dict(part.split("=") for part in broker.do("show transaction " + TRANSACTIONAL_ID).split())
    meaning = {"CompleteCommit": "committed, and all of it is visible", "CompleteAbort": "aborted, and none of it is visible",
               "Empty": "none since the service's last start"}
    say(f"last transaction of '{TRANSACTIONAL_ID}': {facts['state']}: {meaning.get(facts['state'], 'still under way')}")
    return facts["state"] in meaning


def verdict(broker, count):
    wanted = collections.Counter(f"PAYMENT {n}" for n in range(count))
    seen = readers.kcat_read(broker, OUTPUT)
    everything = len(readers.kcat_read(broker, OUTPUT, isolation="read_uncommitted"))
    found = collections.Counter(record.value for record in seen)
    missing = sum((wanted - found).values())
    surplus = sum((found - wanted).values())
    disordered = out_of_order(seen)
    print()
    say(f"input:  {count} payments")
    say(f"output: {len(seen)} bookings, as an independent reader (kcat, read_committed) sees them")
    say(f"        {missing} missing, {surplus} twice or foreign, {len(disordered)} of {KEYS} accounts out of order")
    say(f"        {everything - len(seen)} records of transactions that were cut off lie in the log; no reader is shown them")
    settled = show_transaction(broker)
    print()
    good = settled and not (missing or surplus or disordered)
    say("EXACTLY ONCE: every payment was booked once, in order, although the service was killed." if good else
        "FAILED: the output is not the input.")
    return 0 if good else 1


def run(args, broker, log):
    say(f"a Kafka broker in one process, ktxn-devbroker, listens on {broker.bootstrap}")
    say(f"a service reads '{INPUT}' and writes '{OUTPUT}', 100 records and their offsets in a transaction")
    feeder = Feeder(broker.bootstrap, args.records, args.per_second)
    copier = Copier(os.path.abspath(args.build / "examples" / "transfer"), broker.bootstrap, log)
    with wire.Client(broker.bootstrap) as client:
        try:
            feeder.start()
            kill_again_and_again(client, copier, feeder, args.kills)
            say("no more kills; the service works until the input is read ...")
            finish(client, copier, feeder, 120)
            return verdict(broker, args.records)
        finally:
            feeder.kcat.kill()
            if copier.process and copier.process.poll() is None:
                copier.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--records", type=int, default=20000)
    parser.add_argument("--per-second", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=6)
    args = parser.parse_args()
    embedded.BUILD = os.path.abspath(args.build)
    topics = [option for name in (INPUT, OUTPUT) for option in ("--topic", f"{name}:{PARTITIONS}")]
    log_name = TOP / "build" / "logs" / "demo-transfer.log"
    with open(log_name, "w", encoding="utf-8") as log, embedded.Broker("--control-port", "0", *topics, log=log) as broker:
        return run(args, broker, log)


if __name__ == "__main__":
    sys.exit(main())
