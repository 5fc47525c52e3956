"""I: which call is legal in which state; the rest is refused at once, with nothing on the wire and nothing changed."""

import unittest

from faults import error, wait_for_gate
from scene import CALL_MS, ScenarioCase, protocols

CALLS = {
    "init": "init 3000", "begin": "begin", "send": "send t 0 - v", "offsets": "offsets g - - - 3000 t:0:1",
    "nothing": "offsets g - - - 3000 none", "commit": "commit 3000", "abort": "abort 3000", "flush": "flush 3000",
    "init async": "init-async", "commit async": "commit-async", "abort async": "abort-async", "flush async": "flush-async",
    "partitions": "partitions t 300", "ordinal": "ordinal", "identity": "state", "poll": "deliveries",
    "outcome of none": "outcome 0",
}
# asked in any state
QUESTIONS = {"flush": "ok", "partitions": "ok", "ordinal": "ok", "identity": "ok", "poll": "ok", "outcome of none": "USAGE"}
TRANSACTIONAL = ("init", "begin", "offsets", "nothing", "commit", "abort", "init async", "commit async", "abort async")


def row(others, **exceptions):
    """What each call gives in a state: "ok", or the class of its error and perhaps its code."""
    found = dict.fromkeys(TRANSACTIONAL + ("send",), others)
    found.update(QUESTIONS, **{"flush async": "ok"})
    found.update({name.replace("_", " "): wanted for name, wanted in exceptions.items()})
    assert set(found) == set(CALLS)
    return found


FATAL = "CONFIG CLUSTER_AUTHORIZATION_FAILED"
CONFLICT, BUSY = "RETRY CONFLICT", "RETRY BUSY"
METADATA = ("ok", "RETRY METADATA_TIMED_OUT")  # the broker that was asked may be the one that does not answer
GIVES_UP = ("offsets under way", "abort")  # waits for the request's fate, but not for its success
TABLE = {
    "without an id": dict(dict.fromkeys(TRANSACTIONAL, "USAGE NOT_CONFIGURED"), send="ok", **dict(QUESTIONS, **{
        "flush async": "ok", "outcome of none": "USAGE NOT_CONFIGURED"})),
    "uninitialized": row("USAGE STATE", init="ok", init_async="ok"),
    "initializing": row(CONFLICT, init="RETRY TIMED_OUT", send="USAGE STATE", init_async="ok", partitions=METADATA),
    "initializing, event owed": row(CONFLICT, init=BUSY, init_async=BUSY, send="USAGE STATE", partitions=METADATA),
    "ready": row("USAGE STATE", begin="ok"),
    "in transaction": row("ok", init="USAGE STATE", begin="USAGE STATE", init_async="USAGE STATE"),
    "offsets under way": row(CONFLICT, offsets="RETRY TIMED_OUT", send="ok", abort="RETRY TIMED_OUT", abort_async="ok"),
    "abortable": row("ABORT INVALID_RECORD", init="USAGE STATE", init_async="USAGE STATE", begin="USAGE STATE", abort="ok",
                     abort_async="ok"),
    "committing": row(CONFLICT, commit="RETRY TIMED_OUT", commit_async="ok"),
    "committing, event owed": row(CONFLICT, commit=BUSY, commit_async=BUSY),
    "aborting": row(CONFLICT, abort="RETRY TIMED_OUT", abort_async="ok"),
    "fatal": row(FATAL, flush=FATAL, flush_async=FATAL, partitions=FATAL),
    "closed": row("RECREATE CLOSED", flush="RECREATE CLOSED", flush_async="RECREATE CLOSED", partitions="RECREATE CLOSED"),
}


class CallsTest(ScenarioCase):
    def enter(self, scene, state):
        """Brings the producer there. What is to be released afterwards, or None."""
        if state in ("without an id", "uninitialized"):
            return None
        if state.startswith("initializing"):
            return self.held(scene, "InitProducerId", "init", state.endswith("owed"))
        if state == "closed":
            scene.ok("close 3000")
            return None
        scene.init()
        if state == "ready":
            return None
        scene.begin()
        if state == "in transaction":
            return None
        if state == "offsets under way":
            return self.held(scene, "TxnOffsetCommit", "offsets g - - -", tail=" t:0:1")
        scene.send("a")
        scene.settle()
        if state.startswith("committing") or state == "aborting":
            return self.held(scene, "EndTxn", "abort" if state == "aborting" else "commit", state.endswith("owed"))
        scene.peer.on("Produce", error(87 if state == "abortable" else 31))
        scene.send("bad")
        scene.settle()
        return None

    def held(self, scene, api, call, event=False, tail=""):
        """The call is under way: it timed out, or an event is to tell its end."""
        gate = scene.peer.gate()
        scene.peer.on(api, wait_for_gate(gate))
        if event:
            scene.ok(call + "-async")
        else:
            scene.fails("%s 50%s" % (call, tail), "RETRY", "TIMED_OUT")
        scene.peer.wait_for(api)
        return gate

    def check(self, scene, state, call, wanted):
        before, sent = scene.ok("state").fields, len(scene.of_producer())
        line, waits = CALLS[call], wanted == "RETRY TIMED_OUT"
        scene.drive.collect()
        answer = scene.drive.cmd(line.replace("3000", "30") if waits else line)
        found = "ok" if answer.ok else "%s %s" % (answer.cls, answer.code)
        text = "%s: %s: %s" % (state, call, answer)
        self.assertTrue(found in wanted or answer.cls == wanted, text)
        if answer.ok:
            scene.labels["v"] += call == "send"
            return
        self.assertEqual(answer.fatal, state == "fatal" and answer.cls != "USAGE", text)
        self.assertEqual(len(scene.of_producer()), sent, "%s: %s wrote something" % (state, call))
        self.assertEqual(scene.ok("state").fields["epoch"], before["epoch"])
        if not waits:
            self.prompt(answer, 1000)

    def in_state(self, protocol, state, calls):
        config = {"transactional_id": None} if state == "without an id" else {}
        with self.subTest(state=state, calls=calls), self.scene(protocol, **config) as scene:
            gate = self.enter(scene, state)
            for call in calls:
                self.check(scene, state, call, TABLE[state][call])
            if gate:
                gate.open()
            scene.may_hang = scene.unsure = True

    @protocols(1, 2)
    def test_I01_every_state_and_every_call(self, protocol):
        """Calls that change nothing share a producer; each of the others gets its own."""
        for state, wanted in TABLE.items():
            moves = [call for call in TRANSACTIONAL + ("send",) if wanted[call] == "ok" or (state, call) == GIVES_UP]
            self.in_state(protocol, state, [call for call in CALLS if call not in moves])
            for call in moves:
                self.in_state(protocol, state, [call])

    def blocked(self, scene, call):
        """The call waits for its answer on a thread of its own. The call, and the gate that lets it go on."""
        if call != "init":
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 3000")
        api = {"init": "InitProducerId", "offsets": "TxnOffsetCommit"}.get(call, "EndTxn")
        gate = scene.peer.gate()
        scene.peer.on(api, wait_for_gate(gate))
        pending = scene.drive.start(CALLS[call].replace("3000", "%d" % CALL_MS))
        scene.peer.wait_for(api)
        return pending, gate

    @protocols(1, 2)
    def test_I02_one_call_blocked_and_the_others_from_another_thread(self, protocol):
        for blocked in ("init", "offsets", "commit", "abort"):
            with self.subTest(blocked=blocked), self.scene(protocol) as scene:
                pending, gate = self.blocked(scene, blocked)
                for call in TRANSACTIONAL:
                    same = call.startswith(blocked)
                    answer = scene.drive.cmd(CALLS[call])
                    # an empty list of offsets is another list than the one that is under way
                    self.assertEqual((answer.cls, answer.code), ("RETRY", "BUSY" if same or (blocked, call) == (
                        "offsets", "nothing") else "CONFLICT"), "%s: %s" % (call, answer))
                    self.prompt(answer, 1000)  # far from the 3000 that it may wait
                gate.open()
                self.assertTrue(pending.wait().ok)
                if blocked == "commit":
                    scene.committed()
                elif blocked == "offsets":
                    scene.commit()

    @protocols(1, 2)
    def test_I03_send_outside_a_transaction(self, protocol):
        with self.scene(protocol) as scene:
            scene.fails("send t 0 - early", "USAGE")
            scene.init()
            scene.fails("send t 0 - outside", "USAGE")
            scene.transaction("a")
            scene.fails("send t 0 - after", "USAGE")

    @protocols(1, 2)
    def test_I03_send_during_commit_and_abort(self, protocol):
        for end in ("commit", "abort"):
            with self.subTest(end=end), self.scene(protocol) as scene:
                scene.init()
                scene.begin()
                scene.send("a")
                scene.ok("flush 3000")
                gate = scene.peer.gate()
                scene.peer.on("EndTxn", wait_for_gate(gate))
                pending = scene.drive.start("%s %d" % (end, CALL_MS))
                scene.peer.wait_for("EndTxn")
                answer = scene.drive.cmd("send t 0 - during")
                self.assertFalse(answer.ok)
                self.assertIn((answer.cls, answer.code), (("RETRY", "CONFLICT"), ("USAGE", "STATE")), str(answer))
                gate.open()
                self.assertTrue(pending.wait().ok)
                if end == "commit":
                    scene.committed()
                scene.transaction("next")

    @protocols(1, 2)
    def test_I04_send_in_a_failed_transaction_says_why(self, protocol):
        for code, cls, name in ((87, "ABORT", "INVALID_RECORD"), (31, "CONFIG", "CLUSTER_AUTHORIZATION_FAILED")):
            with self.subTest(code=code), self.scene(protocol) as scene:
                scene.init()
                scene.begin()
                scene.peer.on("Produce", error(code))
                scene.send("bad")
                scene.settle()
                produced = scene.count("Produce")
                scene.fails("send t 0 - more", cls, name, fatal=cls == "CONFIG")
                scene.fails("send t 1 - more", cls, name, fatal=cls == "CONFIG")
                self.assertEqual(scene.count("Produce"), produced)
                scene.may_hang = cls == "CONFIG"
                if cls == "ABORT":
                    scene.abort()

    @protocols(1, 2)
    def test_I05_calls_in_the_wrong_order(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.fails("abort 1000", "USAGE")
            scene.fails("offsets g - - - 1000 t:0:1", "USAGE")
            scene.begin()
            scene.fails("begin", "USAGE")
            scene.fails("init 1000", "USAGE")
            scene.send("a")
            scene.commit()

    @protocols(1, 2)
    def test_the_outcome_of_each_ordinal(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.fails("outcome 1", "USAGE")
            scene.transaction("a")
            scene.begin()
            scene.send("b")
            scene.abort()
            scene.begin()
            self.assertEqual(scene.ok("ordinal").fields["ordinal"], "3")
            found = [scene.ok("outcome %d" % i).fields["outcome"] for i in (1, 2, 3)]
            self.assertEqual(found, ["committed", "not_committed", "none"])
            scene.abort()
            for _ in range(62):
                scene.begin()
                scene.abort()
            scene.fails("outcome 1", "USAGE")  # 64 are remembered
            self.assertEqual(scene.ok("outcome 2").fields["outcome"], "not_committed")
            scene.fails("outcome 66", "USAGE")


if __name__ == "__main__":
    unittest.main()
