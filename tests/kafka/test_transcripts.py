#!/usr/bin/env python3
"""Transcripts: sequences of requests that were drawn once, and what Apache Kafka answered to each. The same requests again must get
the same answers, from Apache Kafka and from the embedded broker, whose model of Kafka is held to them so.

    KTXN_RECORD=1 tests/kafka/run --build build/release test_transcripts     draws and records them anew (tests/kafka/transcripts)

One transcript a kind of cluster and protocol, some dozens of sessions in each, a request a line: what was asked, at which epoch
counted from the session's first, and the answer in the words of session.py. After an end and an init the state that the coordinator shows
stands behind it.
"""

import os
import random
import re
import unittest

from answers import Answers
from rpc import V1, V2
from support import ON_3, ON_4_V1, ON_4_V2

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "transcripts")
SESSIONS, STEPS = 40, 24


def draw(choices, top):
    """The next request: mostly what a client would ask at its epoch, often enough what it should not."""
    n = max(0, top + choices.choice((0, 0, 0, 0, 0, 0, -1, -1, 1)))
    what = choices.choice(("add", "add", "write", "write", "write", "write", "end", "end", "init", "offsets", "offset"))
    if what == "write":
        return "write %d %s" % (n, choice_of_sequence(choices))
    if what == "end":
        return "end %d %s" % (n, choices.choice(("commit", "commit", "abort")))
    if what == "init":
        return "init %s" % choices.choice(("new", str(n), str(n)))
    if what == "offset":
        return "offset %d %d" % (n, choices.randrange(100))
    return "%s %d" % (what, n)


def choice_of_sequence(choices):
    return choices.choice(("next", "next", "next", "next", "next", "0", "1", "2", "7"))


def epoch_of(told, top):
    found = re.search(r"\be\+(\d+)", told)
    return int(found.group(1)) if found else top


class Player:
    """Carries lines out."""

    def __init__(self, session, group):
        self.session, self.group = session, group

    def ended(self, told):
        """Waits until nothing is under way any more, so that what follows does not depend on how fast that was."""
        if told.replace("51, then ", "").split()[0] != "0":
            return told.replace("51, then ", "")
        self.session.complete()
        return "%s, %s" % (told.replace("51, then ", ""), self.session.state())

    def play(self, line):
        what, first, *rest = line.split()
        session = self.session
        if what == "init":
            return self.ended(session.init(None if first == "new" else int(first)))
        n = int(first)
        if what == "end":
            return self.ended(session.end(n, rest[0] == "commit"))
        if what == "add":
            return session.add(n).replace("51, then ", "")
        if what == "write":
            told = session.write(n, "value", None if rest[0] == "next" else int(rest[0]))
            return told.replace("51, then ", "")
        if what == "offsets":
            return session.add_offsets(n, self.group).replace("51, then ", "")
        return session.offset(n, self.group, int(rest[0])).replace("51, then ", "")


class Transcript(Answers):
    def player(self):
        return Player(self.session(), self.name("group"))

    def path(self):
        return os.path.join(FOLDER, type(self).__name__.removeprefix("TranscriptOn") + ".txt")

    def record(self):
        choices = random.Random(20785)
        os.makedirs(FOLDER, exist_ok=True)
        with open(self.path(), "w") as out:
            out.write("# Recorded from Apache Kafka %s by test_transcripts.py.\n" % self.kind["version"])
            for number in range(SESSIONS):
                player, top = self.player(), 0
                out.write("\nsession %d\n" % number)
                for _ in range(STEPS):
                    line = draw(choices, top)
                    told = player.play(line)
                    top = epoch_of(told, top)
                    out.write("%s -> %s\n" % (line, told))

    def replay(self):
        differ, asked = [], 0
        with open(self.path()) as lines:
            for number, line in enumerate(lines, 1):
                if line.startswith("session "):
                    player = self.player()
                if " -> " not in line:
                    continue
                asked += 1
                ask, wanted = line.rstrip("\n").split(" -> ")
                told = player.play(ask)
                if told != wanted:
                    differ.append("line %d: %s -> %s, and not %s" % (number, ask, told, wanted))
        self.assertEqual(differ, [])
        self.assertGreater(asked, 500)

    def run_one(self):
        self.record() if os.environ.get("KTXN_RECORD") else self.replay()


def transcript_on(name, kind, requests):
    body = {"kind": dict(kind, nodes=1), "requests": requests, "__module__": __name__, "test_same_answers": Transcript.run_one}
    globals()["TranscriptOn" + name] = type("TranscriptOn" + name, (Transcript,), body)


transcript_on("Kafka440Level2", ON_4_V2, V2)
transcript_on("Kafka440Level2OldRequests", ON_4_V2, V1)
transcript_on("Kafka440Level1", ON_4_V1, V1)
transcript_on("Kafka392", ON_3, V1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
