"""Requests against the model: what each API answers, and what it answers when a script says "this code"."""

import re

import codes

_SOFTWARE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?\Z")


def partitions_of(model, request):
    """[(topic, partition)] that a request speaks of, in its order; ids are resolved to names."""
    body = request.body
    if request.api not in ("Produce", "AddPartitionsToTxn", "TxnOffsetCommit"):
        return []
    out = []
    for topic in body["topics"]:
        name = topic_name(model, topic)
        out += [(name, p if isinstance(p, int) else p["index"]) for p in topic["partitions"]]
    return out


def topic_name(model, topic):
    if topic.get("name"):
        return topic["name"]
    found = model.topic_by_id(topic.get("topic_id"))
    return found.name if found else None


class Handlers:
    """One method for each API: (request, forced) -> response body. `forced` maps (topic, partition), or None for the
    whole request, to a code that is answered in place of the model's; what is forced is not applied."""

    def __init__(self, model, peer):
        self.model, self.peer = model, peer

    def answer(self, request, forced):
        return getattr(self, "_" + request.api)(request, forced)

    def refusal(self, request, code):
        """The answer that says `code` wherever the API can say one; nothing is applied."""
        return getattr(self, "_" + request.api)(request, {None: code})

    # -- cluster

    def _ApiVersions(self, request, forced):
        offered = self.peer.versions[request.node]
        code = forced.get(None, codes.OK)
        if code == codes.OK and request.version >= 3:
            names = (request.body["client_software_name"], request.body["client_software_version"])
            if not all(_SOFTWARE.match(n) for n in names):
                self.model.violation("client software name %r" % (names,))
                code = codes.INVALID_REQUEST
        if code == codes.OK and request.version >= 5:
            code = self._check_cluster(request)
        if code == codes.REBOOTSTRAP_REQUIRED:
            return {"error_code": code}
        keys = [{"api_key": k, "min_version": low, "max_version": high} for k, (low, high) in sorted(offered.items())]
        out = {"error_code": code, "api_keys": keys}
        if request.version >= 3 and code == codes.OK:
            out.update(self._features())
        return out

    def _check_cluster(self, request):
        """KIP-1242: both the cluster and the node, or neither."""
        cluster, node = request.body["cluster_id"], request.body["node_id"]
        if (cluster is None) != (node < 0):
            self.model.violation("ApiVersions with only one of cluster and node id")
            return codes.INVALID_REQUEST
        mismatch = cluster is not None and (cluster, node) != (self.model.cluster_id, request.node)
        return codes.REBOOTSTRAP_REQUIRED if mismatch else codes.OK

    def _features(self):
        if self.peer.features_epoch < 0:
            return {}
        out = {"finalized_features_epoch": self.peer.features_epoch}
        if self.peer.knows_v2:
            out["supported_features"] = [{"name": "transaction.version", "min_version": 0, "max_version": 2}]
        if self.model.level > 0:
            out["finalized_features"] = [{"name": "transaction.version", "max_version_level": self.model.level,
                                          "min_version_level": self.model.level}]
        return out

    def _Metadata(self, request, forced):
        body, code = request.body, forced.get(None, codes.OK)
        wanted = body["topics"]
        if wanted is None or (request.version == 0 and not wanted):
            names = list(self.model.topics)
        else:
            names = [t["name"] if t["name"] is not None else topic_name(self.model, t) for t in wanted]
        brokers = [{"node_id": n, "host": "127.0.0.1", "port": self.peer.port(n), "rack": None}
                   for n in self.peer.listed_nodes()]
        return {"brokers": brokers, "cluster_id": self.model.cluster_id, "controller_id": self.model.nodes[0],
                "topics": [self._topic(name, code) for name in names],
                "error_code": code if not names else codes.OK}

    def _topic(self, name, code):
        topic = self.model.topics.get(name)
        if topic is None and self.model.auto_create and name:
            topic = self.model.create_topic(name, 1)
        code = code or (topic.error if topic else codes.UNKNOWN_TOPIC_OR_PARTITION)
        if topic is None or code != codes.OK:
            return {"error_code": code, "name": name or "", "partitions": []}
        partitions = [{"error_code": codes.OK if p.leader >= 0 else codes.LEADER_NOT_AVAILABLE, "index": p.index,
                       "leader_id": p.leader, "leader_epoch": p.leader_epoch, "replicas": list(self.model.nodes),
                       "isr": list(self.model.nodes), "offline": []} for p in topic.partitions]
        return {"error_code": codes.OK, "name": name, "topic_id": topic.id, "partitions": partitions}

    def _FindCoordinator(self, request, forced):
        body = request.body
        find = self.model.coordinator if body["key_type"] == 1 else self.model.group_coordinator
        keys = body["keys"] if request.version >= 4 else [body["key"]]
        found = [self._coordinator(key, find(key), forced.get(None, codes.OK)) for key in keys]
        if request.version >= 4:
            return {"coordinators": found}
        return {name: value for name, value in found[0].items() if name != "key"}

    def _coordinator(self, key, node, code):
        if code != codes.OK:
            return {"key": key, "node_id": -1, "host": "", "port": -1, "error_code": code, "error_message": None}
        return {"key": key, "node_id": node, "host": "127.0.0.1", "port": self.peer.port(node), "error_code": code,
                "error_message": None}

    # -- transaction coordinator

    def _InitProducerId(self, request, forced):
        body, code = request.body, forced.get(None)
        pid = epoch = -1
        if code is None:
            code, pid, epoch = self.model.init_producer_id(request.node, body["transactional_id"],
                                                           body["transaction_timeout_ms"], body["producer_id"],
                                                           body["producer_epoch"])
        return {"error_code": _fenced(code, request.version, 4), "producer_id": pid, "producer_epoch": epoch}

    def _AddPartitionsToTxn(self, request, forced):
        body, wanted = request.body, request.partitions
        if None in forced:
            result = dict.fromkeys(wanted, forced[None])
        elif any(p in forced for p in wanted):
            # a refused partition spoils the request: nothing is added
            result = {p: forced.get(p, codes.OPERATION_NOT_ATTEMPTED) for p in wanted}
        else:
            result = self.model.add_partitions(request.node, body["transactional_id"], body["producer_id"],
                                               body["producer_epoch"], wanted)
        return {"topics": [{"name": t["name"],
                            "partitions": [{"index": p, "error_code": _fenced(result[t["name"], p], request.version, 2)}
                                           for p in t["partitions"]]} for t in body["topics"]]}

    def _AddOffsetsToTxn(self, request, forced):
        body, code = request.body, forced.get(None)
        if code is None:
            code = self.model.add_offsets(request.node, body["transactional_id"], body["producer_id"],
                                          body["producer_epoch"], body["group_id"])
        return {"error_code": _fenced(code, request.version, 2)}

    def _EndTxn(self, request, forced):
        body, code = request.body, forced.get(None)
        pid = epoch = -1
        if code is None:
            code, pid, epoch = self.model.end_txn(request.node, body["transactional_id"], body["producer_id"],
                                                  body["producer_epoch"], body["committed"], request.version)
        return {"error_code": _fenced(code, request.version, 2), "producer_id": pid, "producer_epoch": epoch}

    def _DescribeTransactions(self, request, forced):
        return {"transactions": [self._described(request.node, i, forced.get(None))
                                 for i in request.body["transactional_ids"]]}

    def _described(self, node, txn_id, forced):
        code, txn = (forced, None) if forced is not None else self.model.describe(node, txn_id)
        if txn is None:
            return {"error_code": code, "transactional_id": txn_id, "state": "", "timeout_ms": 0, "start_time_ms": 0,
                    "producer_id": -1, "producer_epoch": -1, "topics": []}
        names = sorted({topic for topic, _ in txn.partitions})
        return {"error_code": code, "transactional_id": txn_id, "state": txn.state, "timeout_ms": txn.timeout_ms,
                "start_time_ms": 0, "producer_id": txn.producer_id, "producer_epoch": txn.epoch,
                "topics": [{"name": n, "partitions": sorted(p for t, p in txn.partitions if t == n)} for n in names]}

    # -- logs and groups

    def _Produce(self, request, forced):
        if request.body["acks"] != -1:
            self.model.violation("acks=%d" % request.body["acks"])
        return {"topics": [{"name": t["name"], "topic_id": t["topic_id"],
                            "partitions": [self._produced(request, topic_name(self.model, t), p, forced)
                                           for p in t["partitions"]]} for t in request.body["topics"]]}

    def _produced(self, request, topic, part, forced):
        code, offset = forced.get((topic, part["index"]), forced.get(None)), -1
        if code is None and topic is None:
            code = codes.UNKNOWN_TOPIC_ID
        if code is None:
            code, offset = self.model.produce(request.node, request.body["transactional_id"], request.version, topic,
                                              part["index"], part["records"])
        out = {"index": part["index"], "error_code": code, "base_offset": offset, "log_start_offset": 0,
               "record_errors": [], "error_message": None}
        place = self.model.partition(topic, part["index"])
        if code == codes.NOT_LEADER_OR_FOLLOWER and place is not None and place.leader not in (-1, request.node):
            # KIP-951: the old leader names the new one
            out["current_leader"] = {"leader_id": place.leader, "leader_epoch": place.leader_epoch}
        return out

    def _TxnOffsetCommit(self, request, forced):
        body, code = request.body, forced.get(None)
        if code is None:
            code = self.model.txn_offset_commit(request.node, body, request.version)
        return {"topics": [{"name": t["name"], "topic_id": t["topic_id"],
                            "partitions": [self._stored(body, topic_name(self.model, t), p, code, forced)
                                           for p in t["partitions"]]} for t in body["topics"]]}

    def _stored(self, body, topic, part, code, forced):
        code = forced.get((topic, part["index"]), code)
        if code == codes.OK and topic is None:
            code = codes.UNKNOWN_TOPIC_ID
        elif code == codes.OK and self.model.partition(topic, part["index"]) is None:
            code = codes.UNKNOWN_TOPIC_OR_PARTITION
        if code == codes.OK:
            self.model.store_offset(body["group_id"], body["producer_id"], topic, part["index"], part["offset"])
        return {"index": part["index"], "error_code": code}


def _fenced(code, version, first):
    """KIP-588: requests below `first` are told INVALID_PRODUCER_EPOCH instead."""
    return codes.INVALID_PRODUCER_EPOCH if code == codes.PRODUCER_FENCED and version < first else code


def codes_in(value):
    """Every error code in an answer, in its order."""
    if isinstance(value, list):
        return [c for element in value for c in codes_in(element)]
    if not isinstance(value, dict):
        return []
    out = [value["error_code"]] if "error_code" in value else []
    return out + [c for element in value.values() for c in codes_in(element)]
