"""I: which call is legal in which state; the rest is refused at once, with nothing on the wire and nothing changed."""

import unittest

from faults import error, wait_for_gate
from scene import CALL_MS, ScenarioCase, protocols

CALLS = {
    "init": "init 3000", "begin": "begin", "send": "send t 0 - v", "offsets": "offsets g - - - 3000 t:0:1",
    "commit": "commit 3000", "abort": "abort 3000", "flush": "flush 3000",
}
# state: what each call must give there; "ok", or the class of its error
TABLE = {
    "uninitialized": {"begin": "USAGE", "send": "USAGE", "offsets": "USAGE", "commit": "USAGE", "abort": "USAGE",
                      "flush": "ok", "init": "ok"},
    "ready": {"init": "USAGE", "send": "USAGE", "offsets": "USAGE", "commit": "USAGE", "abort": "USAGE", "flush": "ok",
              "begin": "ok"},
    "in transaction": {"init": "USAGE", "begin": "USAGE", "send": "ok", "offsets": "ok", "flush": "ok", "commit": "ok"},
    "abortable": {"init": ("ABORT", "USAGE"), "begin": ("ABORT", "USAGE"), "send": "ABORT", "offsets": "ABORT",
                  "commit": "ABORT", "flush": "ok", "abort": "ok"},
    "fatal": {"init": "CONFIG", "begin": "CONFIG", "send": "CONFIG", "offsets": "CONFIG", "commit": "CONFIG",
              "abort": "CONFIG"},
    "closed": {"init": ("USAGE", "RECREATE"), "begin": ("USAGE", "RECREATE"), "send": ("USAGE", "RECREATE"),
               "offsets": ("USAGE", "RECREATE"), "commit": ("USAGE", "RECREATE"), "abort": ("USAGE", "RECREATE")},
}


class CallsTest(ScenarioCase):
    def enter(self, scene, state):
        if state == "uninitialized":
            return
        if state == "closed":
            scene.ok("close 3000")
            return
        scene.init()
        if state == "ready":
            return
        scene.begin()
        if state == "in transaction":
            return
        scene.peer.on("Produce", error(87 if state == "abortable" else 31))
        scene.send("bad")
        scene.settle()

    @protocols(1, 2)
    def test_I01_every_state_and_every_call(self, protocol):
        for state, row in TABLE.items():
            with self.subTest(state=state), self.scene(protocol) as scene:
                self.enter(scene, state)
                for call, wanted in row.items():
                    before = scene.ok("state").fields
                    sent = len(scene.peer.find())
                    answer = scene.drive.cmd(CALLS[call])
                    if wanted == "ok":
                        self.assertTrue(answer.ok, "%s: %s: %s" % (state, call, answer))
                        self.note(scene, call, state)
                        continue
                    self.assertIn(answer.cls, (wanted,) if isinstance(wanted, str) else wanted,
                                  "%s: %s: %s" % (state, call, answer))
                    self.prompt(answer)
                    self.assertEqual(len(scene.peer.find()), sent, "%s: %s wrote something" % (state, call))
                    self.assertEqual(self.same(scene.ok("state").fields), self.same(before))
                scene.may_hang = state == "fatal"
                if state == "fatal":
                    self.assertTrue(answer.fatal)

    def same(self, fields):
        return fields["pid"], fields["epoch"]

    def note(self, scene, call, state):
        if call == "send":
            scene.labels["v"] += 1
            scene.open.append(("t", 0, "v"))
        if call == "commit" and state == "in transaction":
            scene.committed()

    @protocols(1, 2)
    def test_I02_one_call_blocked_and_the_others_from_another_thread(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            scene.begin()
            scene.send("a")
            scene.ok("flush 3000")
            gate = scene.peer.gate()
            scene.peer.on("EndTxn", wait_for_gate(gate))
            pending = scene.drive.start("commit %d" % CALL_MS)
            scene.peer.wait_for("EndTxn")
            for call in ("commit", "abort", "offsets", "begin", "init"):
                answer = scene.drive.cmd(CALLS[call])
                self.assertEqual((answer.cls, answer.code), ("RETRY", "BUSY" if call == "commit" else "CONFLICT"),
                                 "%s: %s" % (call, answer))
            gate.open()
            self.assertTrue(pending.wait().ok)
            scene.committed()

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


if __name__ == "__main__":
    unittest.main()
