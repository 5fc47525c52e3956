"""Two brokers and a controller of its own: a broker that is cut off from the controller goes on answering from memory."""

import os
import signal

import wire
from cluster import Cluster, free_ports, settings
from node import Node

CONTROLLER = 100


class Split(Cluster):
    """A broker becomes stale like this: it is stopped while its partitions and coordinators move to the other one, then the
    controller is stopped, then the broker goes on. It hears of nothing, and is asked for nothing by the other one."""

    def __init__(self, version):
        super().__init__(version, nodes=2, label="controller apart")
        self.controller = None

    def _make_nodes(self):
        *ports, quorum = free_ports(self.count + 1)
        shared = dict(settings(self.count), **{
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": "%d@127.0.0.1:%d" % (CONTROLLER, quorum),
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
        }, **self.overrides)
        for n, port in enumerate(ports, 1):
            self.nodes[n] = self._make_node(n, "broker", "PLAINTEXT://127.0.0.1:%d" % port, shared)
        self.controller = self._make_node(CONTROLLER, "controller", "CONTROLLER://127.0.0.1:%d" % quorum, shared)
        self.controller.format([])
        self.bootstrap = ",".join(node.address for node in self.nodes.values())

    def _make_node(self, number, role, address, shared):
        folder = os.path.join(self.folder, "node-%d" % number)
        config = dict(shared, **{"process.roles": role, "node.id": number, "log.dirs": os.path.join(folder, "data"),
                                 "listeners": address, "advertised.listeners": address})
        if role == "controller":
            del config["inter.broker.listener.name"]
        return Node(number, folder, self.jars, config)

    def processes(self):
        return [self.controller] * bool(self.controller) + super().processes()

    # -- what a test does

    def other(self, number):
        return 3 - number

    def move_coordinator(self, transactional_id):
        """Stops the coordinator; back when the other broker is it. The numbers of both: the one that was, the one that is."""
        was = self.client.coordinator(transactional_id)
        now = self.other(was)
        self.pause(was)
        with wire.Client(self.nodes[now].address) as client:
            def moved():
                if client.coordinator(transactional_id) != now:
                    raise wire.KafkaError(wire.NOT_LEADER, "the coordinator is still node %d" % was)
                client.describe_transaction(transactional_id)
            wire.retry(moved, 60)
        return was, now

    def wake_without_controller(self, stale):
        self.controller.signal(signal.SIGSTOP)
        self.resume(stale)

    def heal(self):
        """Back when both are followers of each other again, so that the next partition can move."""
        self.controller.signal(signal.SIGCONT)
        for number in self.nodes:
            self.resume(number)
        self.wait_ready()
        wire.retry(self._must_be_in_sync, 60)

    def _must_be_in_sync(self):
        for topic, partitions in self.client.metadata(None).items():
            for partition in partitions:
                if partition.leader < 0 or len(partition.isr) < len(partition.replicas):
                    raise wire.KafkaError(wire.NOT_LEADER, "%s/%d is not in sync" % (topic, partition.index))
