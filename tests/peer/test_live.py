"""Uses of the API that need C: events and the descriptor, callbacks that call, threads, ktxn_run_transaction()."""

import contextlib
import os
import subprocess
import unittest

from faults import drop_unapplied, error, hold
from peer import Peer

TIMEOUT_S = 60


@unittest.skipUnless(os.environ.get("KTXN_LIVE"), "KTXN_LIVE does not name ktxn-live")
class LiveTest(unittest.TestCase):
    def live(self, case, release, faults=(), nodes=1):
        """Runs the case; returns its output and, for a read_committed reader, the number of visible records."""
        with contextlib.closing(Peer(nodes=nodes, release=release, topics={"t": 3, "u": 3})) as peer:
            for fault in faults:
                peer.on(*fault, times=None)
            if nodes > 1:
                self.half_answered(peer)
            done = subprocess.run([os.environ["KTXN_LIVE"], peer.bootstrap(), case], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S)
            self.assertEqual(done.returncode, 0, "%s\n%s" % (done.stdout, done.stderr[-4000:]))
            self.assertNotIn("WARNING: ThreadSanitizer", done.stderr)
            self.assertEqual(peer.violations, [])
            return done.stdout, sum(map(len, peer.read_committed("t").values()))

    def half_answered(self, peer):
        """The records of partition 1 get no answer; those of partition 0, at another node, do."""
        here, there = peer.model.nodes
        peer.move_leader("t", 0, here)
        peer.move_leader("t", 1, there)
        peer.on("Produce", hold(400), node=here)
        peer.on("Produce", drop_unapplied(), node=there, times=None)

    def both(self, case, faults=(), visible=None, nodes=1):
        for release in ("3.9", "4.4"):
            with self.subTest(release=release):
                _, count = self.live(case, release, faults, nodes)
                if visible is not None:
                    self.assertEqual(count, visible)

    def test_events_tell_the_ends_after_the_callbacks(self):
        self.both("async", visible=10000)

    def test_J12_callbacks_may_send_and_nothing_else(self):
        self.both("callback", visible=10)

    def test_M04_would_block_and_the_event_that_ends_it(self):
        self.both("would-block", visible=2000)

    def test_M04_another_thread_finds_the_room(self):
        self.both("greedy")

    def test_M04_no_room_makes_the_transaction_abortable(self):
        self.both("no-room", [("Produce", drop_unapplied())], visible=0)

    def test_J13_destroyed_with_records_queued(self):
        self.both("destroy")

    def test_run_transaction(self):
        self.both("run", visible=2)

    def test_an_abort_while_it_is_found_out_who_moved_the_epoch_gives_up_offsets(self):
        self.both("displaced", [("Produce", error(47)), ("DescribeTransactions", hold(1500)), ("EndTxn", hold(300))], visible=0)

    def test_callbacks_do_not_keep_a_flush_beyond_its_time(self):
        self.both("slow", nodes=2)

    def test_M04_little_room_is_found_at_last(self):
        self.both("little-room", nodes=2)

    def test_no_attempt_begins_when_the_time_is_over(self):
        self.both("run-out", visible=0)

    def test_H15_offsets_that_time_out_are_resumed_or_given_up(self):
        self.both("offsets", [("TxnOffsetCommit", hold(300))])

    def test_G24_a_record_failed_and_nobody_looked(self):
        self.both("ignored", [("Produce", error(87))], visible=0)

    def test_G24_an_event_that_nobody_took_hides_no_later_failure(self):
        self.both("failed-again", [("Produce", error(87))], visible=0)

    def test_topics_of_one_answer(self):
        self.both("topics", visible=80)

    def test_I09_sizes_that_no_memory_holds(self):
        self.both("huge", visible=0)

    def test_J10_a_close_out_of_time_leaves_nothing_behind(self):
        self.both("gone", [("Produce", drop_unapplied()), ("EndTxn", drop_unapplied())], visible=0)

    def test_I12_ten_thousand_cycles_of_fail_and_abort(self):
        self.both("cycles", [("Produce", error(87))], visible=0)

    def test_I11_threads_send_while_others_begin_and_commit(self):
        for release in ("3.9", "4.4"):
            with self.subTest(release=release):
                output, count = self.live("threads", release)
                self.assertEqual(output.strip(), "accepted=%d" % count)


if __name__ == "__main__":
    unittest.main()
