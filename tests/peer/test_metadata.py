"""K: leaders, partitions and nodes that change while a transaction is open."""

import unittest

from faults import error, patch, wait_for_gate
from scene import ScenarioCase, protocols


def without_a_hint(answer):
    """Brokers before KIP-951 don't name the new leader."""
    for topic in answer["topics"]:
        for partition in topic["partitions"]:
            partition.pop("current_leader", None)


class LeaderTest(ScenarioCase):
    def next_leader(self, scene, partition=0):
        return 1 + scene.peer.model.partition("t", partition).leader % 3

    @protocols(1, 2)
    def test_K01_the_leader_moves(self, protocol):
        for hint in (True, False):
            with self.subTest(hint=hint), self.scene(protocol) as scene:
                if not hint:
                    scene.peer.on("Produce", patch(without_a_hint), times=None)
                scene.init()
                scene.begin()
                scene.send("a")
                scene.ok("flush 15000")
                scene.peer.move_leader("t", 0, self.next_leader(scene))
                for value in "bcd":
                    scene.send(value)
                scene.commit()
                refused = [r for r in scene.peer.find("Produce") if r.codes == [6]]
                self.assertTrue(refused)
                epochs = {(pid, epoch) for pid, epoch, _, _ in scene.sequences(0)}
                self.assertEqual(len(epochs), 1, "no bump for a leader that moved")

    @protocols(1, 2)
    def test_K02_no_leader_for_a_while(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            leader = scene.peer.model.partition("t", 0).leader
            scene.transaction("a")
            scene.peer.move_leader("t", 0, -1)
            scene.begin()
            scene.send("b")
            scene.ok("sleep 150")
            scene.peer.move_leader("t", 0, leader)
            scene.commit()

    @protocols(1, 2)
    def test_K02_no_leader_for_longer_than_the_record_may_wait(self, protocol):
        with self.scene(protocol, request_timeout_ms=300, delivery_timeout_ms=600) as scene:
            scene.init()
            leader = scene.peer.model.partition("t", 0).leader
            scene.transaction("a")
            scene.peer.move_leader("t", 0, -1)
            scene.begin()
            scene.send("b")
            scene.fails("commit 15000", "ABORT", "DELIVERY_TIMED_OUT")
            scene.peer.move_leader("t", 0, leader)
            scene.abort()
            scene.transaction("c")

    @protocols(1)
    def test_K13_the_leader_moves_while_the_partition_is_registered(self, protocol):
        with self.scene(protocol) as scene:
            scene.init()
            gate = scene.peer.gate()
            scene.peer.on("AddPartitionsToTxn", wait_for_gate(gate))
            scene.begin()
            scene.send("a")
            scene.send("b")
            scene.peer.wait_for("AddPartitionsToTxn")
            leader = self.next_leader(scene)
            scene.peer.move_leader("t", 0, leader)
            gate.open()
            scene.commit()
            taken = [r.node for r in scene.peer.find("Produce") if r.codes == [0]]
            self.assertEqual(set(taken), {leader})


class TopicsTest(ScenarioCase):
    @protocols(1, 2)
    def test_K06_the_topic_gets_more_partitions(self, protocol):
        with self.scene(protocol, metadata_max_age_ms=100) as scene:
            scene.init()
            scene.transaction("a", "b", "c")
            scene.begin()
            for partition in range(3):
                scene.send("old%d" % partition, partition)
            with scene.peer.changed:
                topic = scene.peer.model.topics["t"]
                old = topic.partitions
                scene.peer.model.create_topic("t", 6)
                scene.peer.model.topics["t"].partitions[:3] = old
                scene.peer.model.topics["t"].id = topic.id
            for partition in range(6):
                scene.send("new%d" % partition, partition)
            scene.commit()
            self.assertEqual(scene.ok("partitions t 3000").fields["partitions"], "6")
            if protocol == 1:
                ended = scene.peer.find("EndTxn")[0].sequence
                registered = [p for r in scene.peer.find("AddPartitionsToTxn") if r.sequence > ended for p in r.partitions]
                self.assertEqual(sorted(registered), [("t", i) for i in range(6)], "each once")

    @protocols(1, 2)
    def test_K11_a_topic_that_is_being_made(self, protocol):
        with self.scene(protocol) as scene:
            scene.peer.model.auto_create = True
            scene.peer.on("Metadata", patch(unmade), times=3)
            scene.init()
            scene.begin()
            scene.send("a", 0, "made")
            scene.commit()
            self.assertGreaterEqual(len([r for r in scene.peer.find("Metadata") if 5 in r.codes]), 2)

    @protocols(1, 2)
    def test_K12_a_topic_that_is_not_authorized(self, protocol):
        with self.scene(protocol, topics={"t": 1, "closed": 1}, max_block_ms=1500) as scene:
            scene.peer.model.topics["closed"].error = 29
            scene.init()
            scene.begin()
            scene.send("a")
            answer = scene.fails("send closed - - v", "CONFIG", "TOPIC_AUTHORIZATION_FAILED")
            self.assertIn("closed", answer.message)
            scene.fails("commit 3000", "ABORT", "TOPIC_AUTHORIZATION_FAILED", outcome="not_committed")
            scene.abort()
            scene.transaction("next")

    @protocols(1, 2)
    def test_K12_authorization_is_lost_while_records_wait(self, protocol):
        """They were taken when the topic could be written; its leader and then metadata say that it can't be any more."""
        with self.scene(protocol, topics={"t": 1, "closed": 1}) as scene:
            scene.init()
            scene.begin()
            scene.send("a", 0, "closed")
            scene.ok("flush 15000")
            scene.peer.model.topics["closed"].error = 29
            scene.peer.on("Produce", error(29), times=None, when=lambda r: ("closed", 0) in r.partitions)
            scene.send("b", 0, "closed")
            scene.fails("commit 15000", "ABORT", "TOPIC_AUTHORIZATION_FAILED", outcome="not_committed")
            self.assertEqual({d.label: d.code for d in scene.drive.collect()}["b"], "TOPIC_AUTHORIZATION_FAILED")
            scene.abort()
            scene.transaction("next")


def unmade(answer):
    """The topic exists, and has no leader yet."""
    for topic in answer["topics"]:
        if topic["name"] == "made":
            topic["error_code"], topic["partitions"] = 5, []


class AddressesTest(ScenarioCase):
    def work(self, scene, name):
        scene.transaction(*("%s%d" % (name, i) for i in range(3)))

    @protocols(1, 2)
    def test_K08_a_node_comes_back_at_another_address(self, protocol):
        with self.scene(protocol, metadata_max_age_ms=200) as scene:
            scene.init()
            self.work(scene, "a")
            for node in scene.peer.model.nodes:
                scene.peer.move_address(node)
                self.work(scene, "b%d" % node)
            used = {r.node for r in scene.peer.find("Produce")}
            self.assertEqual(used, set(scene.peer.model.nodes))

    @protocols(1, 2)
    def test_K08_the_whole_list_of_brokers_is_replaced(self, protocol):
        with self.scene(protocol, nodes=6, metadata_max_age_ms=100) as scene:
            first, second = (1, 2, 3), (4, 5, 6)
            self.place(scene, first)
            scene.init()
            self.work(scene, "a")
            self.place(scene, second)
            scene.peer.refuse(*first)
            scene.ok("sleep 200")  # a registration that is lost in a closing connection may cost a transaction of V1 (anchor)
            self.work(scene, "b")
            late = [r for r in scene.peer.find("Produce") if r.sequence > scene.peer.find("EndTxn")[0].sequence]
            self.assertEqual({r.node for r in late}, set(second))

    def place(self, scene, nodes):
        """Everything is on these nodes, and only they are listed."""
        with scene.peer.changed:
            scene.peer.list_only(*nodes)
            for partition in scene.peer.model.topics["t"].partitions:
                scene.peer.move_leader("t", partition.index, nodes[partition.index % len(nodes)])
        scene.peer.move_coordinator("x", nodes[0])

    @protocols(1, 2)
    def test_K08_another_node_at_the_same_address(self, protocol):
        """Two nodes change places: who answers at an address is not the node that it was, and says so."""
        with self.scene(protocol, nodes=3, metadata_max_age_ms=200) as scene:
            scene.init()
            self.work(scene, "a")
            scene.peer.swap_addresses(1, 2)
            self.work(scene, "b")
            self.work(scene, "c")


if __name__ == "__main__":
    unittest.main()
