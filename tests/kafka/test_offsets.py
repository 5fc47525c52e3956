#!/usr/bin/env python3
"""Consumer offsets as part of the transaction."""

import unittest

import wire
from support import ON_3, ON_4_V1, ON_4_V2, on_each


@on_each(ON_4_V2, ON_4_V1, ON_3)
class Offsets:
    def offsets(self, group, *positions, generation="-", member="-"):
        return "offsets %s %s %s - 30000 %s" % (group, generation, member, ",".join("%s:%d:%d" % p for p in positions))

    def test_G07_H18_offsets_only(self):
        """The group does not exist before."""
        source, group, program = self.topic(2), self.name("group"), self.producer()
        program.do("begin")
        program.do(self.offsets(group, (source, 0, 7), (source, 1, 1 << 41)))
        program.commit()
        self.assertEqual(self.client.committed(group, source, 2), {0: 7, 1: 1 << 41})
        program.do("begin")
        program.do(self.offsets(group, (source, 0, 9)))
        program.abort()
        self.assertEqual(self.client.committed(group, source, 2), {0: 7, 1: 1 << 41})
        program.do("begin")
        program.do(self.offsets(group, (source, 0, 11)))
        program.commit()
        self.assertEqual(self.client.committed(group, source, 2), {0: 11, 1: 1 << 41})
        self.assert_settled("__consumer_offsets")

    def test_H13_records_and_offsets_both_or_neither(self):
        source, target, group, program = self.topic(), self.topic(2), self.name("group"), self.producer()
        for n, end in enumerate((program.abort, program.commit, program.abort, program.commit)):
            program.begin("%s 0 - %d" % (target, n), "%s 1 - %d" % (target, n))
            program.do(self.offsets(group, (source, 0, 100 + n)))
            end()
            self.assertEqual(self.client.committed(group, source), {0: [-1, 101, 101, 103][n]})
        self.assert_settled("__consumer_offsets")
        self.assertEqual(self.values(target), ["1", "3", "1", "3"])

    def test_H14_offsets_are_unstable_until_the_end(self):
        source, group, program = self.topic(), self.name("group"), self.producer()
        program.do("begin")
        program.do(self.offsets(group, (source, 0, 5)))
        with self.assertRaises(wire.KafkaError) as caught:
            self.client.committed(group, source, seconds=0)
        self.assertEqual(caught.exception.code, wire.UNSTABLE_OFFSET_COMMIT)
        program.commit()
        self.assertEqual(self.client.committed(group, source), {0: 5})

    def test_H21_the_last_of_two_calls_wins(self):
        source, group, program = self.topic(), self.name("group"), self.producer()
        program.do("begin")
        program.do(self.offsets(group, (source, 0, 30)))
        program.do(self.offsets(group, (source, 0, 20)))
        program.commit()
        self.assertEqual(self.client.committed(group, source), {0: 20})

    def test_H04_empty_list(self):
        tid = self.name("tid")
        program = self.producer(tid)
        program.do("begin")
        for _ in range(2):
            program.do("offsets %s - - - 30000 none" % self.name("group"))
        program.commit()
        self.assertEqual(self.client.describe_transaction(tid).state, "Empty")

    def test_two_groups_in_one_transaction(self):
        source, groups, program = self.topic(), [self.name("group") for _ in range(3)], self.producer()
        program.do("begin")
        for n, group in enumerate(groups):
            program.do(self.offsets(group, (source, 0, n)))
        program.commit()
        self.assertEqual([self.client.committed(group, source)[0] for group in groups], [0, 1, 2])

    def test_H05_the_group_has_moved_on(self):
        """A generation that the group never had: refused, offsets unchanged; after the abort all is well again."""
        source, target, group, program = self.topic(), self.topic(), self.name("group"), self.producer()
        program.do("begin")
        program.do(self.offsets(group, (source, 0, 4)))
        program.commit()
        program.begin("%s 0 - lost" % target)
        program.refused(self.offsets(group, (source, 0, 8), generation=3, member="nobody"), "ABORT",
                        ("ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"))
        program.refused("commit 30000", "ABORT")
        program.abort()
        self.assertEqual(self.client.committed(group, source), {0: 4})
        program.begin("%s 0 - kept" % target)
        program.do(self.offsets(group, (source, 0, 9)))
        program.commit()
        self.assertEqual(self.client.committed(group, source), {0: 9})
        self.assertEqual(self.values(target), ["kept"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
